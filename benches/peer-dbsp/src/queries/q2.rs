//! q2, selection. Published: the same, from a stream of all events.

use dbsp::utils::Tup2;
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::output::Output;

type Row = Tup2<i64, i64>;

pub fn q2(tables: &mut Tables) -> Rows<Row> {
    tables.bids().flat_map(|bid| (bid.auction % 123 == 0).then_some(Tup2(bid.auction, bid.price)))
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        text.integer(self.0.into()).integer(self.1.into());
    }
}
