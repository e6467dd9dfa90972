//! q18, last bid.
//!
//! Published: `aggregate` with a fold over all bids of a bidder on an auction, of bids at one time the first in their order, a pair whose
//! only bid has time 0 gets none. Here `chain_aggregate` keeps the last bid alone: rows only come.

use std::cmp::Reverse;

use dbsp::utils::Tup2;
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::output::Output;
use crate::tables::Bid;

pub fn q18(tables: &mut Tables) -> Rows<Bid> {
    let by_pair = tables.bids().map_index(|bid| (Tup2(bid.bidder, bid.auction), bid.clone()));
    let later = |last: Bid, bid: &Bid, _| if order(bid) > order(&last) { bid.clone() } else { last };
    by_pair.chain_aggregate(|bid, _| bid.clone(), later).map(|(_, bid)| bid.clone())
}

/// Which of two bids of one pair stands: the greater.
fn order(bid: &Bid) -> impl Ord {
    (bid.date_time, Reverse((bid.price, &bid.channel, &bid.url, &bid.extra)))
}

impl Output for Bid {
    fn write(&self, text: &mut RowText) {
        text.integer(self.auction.into()).integer(self.bidder.into()).integer(self.price.into());
        text.string(&self.channel).string(&self.url).timestamp(self.date_time).string(&self.extra);
    }
}
