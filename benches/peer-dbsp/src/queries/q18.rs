//! q18, last bid.
//!
//! Published: `aggregate` with a fold over all bids of a bidder on an auction; of bids at one time the first in their order. Here the last
//! is the greatest in an order of its own, which `aggregate(Max)` finds without reading the others; of rows that only come,
//! `chain_aggregate` keeps it alone.

use dbsp::utils::{Tup2, Tup5};
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::order::{Descending, greatest};
use crate::output::Output;
use crate::row;

row! {
    /// A bid: bidder and auction; time, price, channel, address and extra text. Of one pair the greater stands, so that the price, which
    /// shall be low, is negative.
    pub struct Row {
        pair: Tup2<i64, i64>,
        last: Tup5<i64, i64, Descending, Descending, Descending>,
    }
}

pub fn q18(tables: &mut Tables) -> Rows<Row> {
    let by_pair = tables.bids().map_index(|bid| {
        let [channel, url, extra] = [&bid.channel, &bid.url, &bid.extra].map(Descending::from);
        (Tup2(bid.bidder, bid.auction), Tup5(bid.date_time, -bid.price, channel, url, extra))
    });
    greatest(&by_pair, tables.append_only).map(|(pair, last)| Row { pair: pair.clone(), last: last.clone() })
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        let Row { pair: Tup2(bidder, auction), last: Tup5(date_time, price, channel, url, extra) } = self;
        text.integer((*auction).into()).integer((*bidder).into()).integer((-*price).into());
        text.string(&channel.text).string(&url.text).timestamp(*date_time).string(&extra.text);
    }
}
