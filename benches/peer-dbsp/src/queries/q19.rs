//! q19, top prices.
//!
//! Published: a fold over all bids of an auction into a vector, without ranks in older versions. Here the engine's operator for just this
//! SQL, `topk_row_number_custom_order`.

use std::cmp::{Ordering, Reverse};

use dbsp::CmpFunc;
use dbsp::utils::Tup2;
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::output::Output;
use crate::tables::Bid;

type Row = Tup2<Bid, i64>;

struct HighestFirst;

impl CmpFunc<Bid> for HighestFirst {
    fn cmp(left: &Bid, right: &Bid) -> Ordering {
        order(left).cmp(&order(right))
    }
}

/// Which of two bids on one auction comes first: the lesser.
fn order(bid: &Bid) -> impl Ord {
    (Reverse(bid.price), bid.bidder, (&bid.channel, &bid.url, bid.date_time, &bid.extra))
}

pub fn q19(tables: &mut Tables) -> Rows<Row> {
    let by_auction = tables.bids().map_index(|bid| (bid.auction, bid.clone()));
    by_auction
        .topk_row_number_custom_order::<HighestFirst, _, _>(10, |rank, bid| Tup2(bid.clone(), rank))
        .map(|(_, row)| row.clone())
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        self.0.write(text);
        text.integer(self.1.into());
    }
}
