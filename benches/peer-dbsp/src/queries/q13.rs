//! q13, bounded side input.
//!
//! Published: rows carry the wall clock and are compared by it, as the SQL it comes from asks; the side table is read from a file. Here
//! the side table is loaded before the stream begins, and the query is the join that our SQL asks for.

use dbsp::utils::{Tup2, Tup4};
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::output::Output;
use crate::row;
use crate::tables::Text;

row! {
    /// A bid with a value.
    pub struct Row {
        auction: i64,
        bidder: i64,
        price: i64,
        date_time: i64,
        value: Text,
    }
}

pub fn q13(tables: &mut Tables) -> Rows<Row> {
    let bids =
        tables.bids().map_index(|bid| (bid.auction % 10_000, Tup4(bid.auction, bid.bidder, bid.price, bid.date_time)));
    let side_input = tables.side_input().map_index(|Tup2(key, value)| (*key, value.clone()));
    bids.join(&side_input, |_, Tup4(auction, bidder, price, date_time), value| Row {
        auction: *auction,
        bidder: *bidder,
        price: *price,
        date_time: *date_time,
        value: value.clone(),
    })
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        text.integer(self.auction.into()).integer(self.bidder.into()).integer(self.price.into());
        text.timestamp(self.date_time).string(&self.value);
    }
}
