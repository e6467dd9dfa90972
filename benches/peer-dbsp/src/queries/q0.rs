//! q0, pass through.
//!
//! Published: the input stream is the output. Here the columns of the SQL are taken from the table, as its result asks.

use dbsp::utils::Tup5;
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::output::Output;
use crate::tables::Text;

type Row = Tup5<i64, i64, i64, i64, Text>;

pub fn q0(tables: &mut Tables) -> Rows<Row> {
    tables.bids().map(|bid| Tup5(bid.auction, bid.bidder, bid.price, bid.date_time, bid.extra.clone()))
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        let Tup5(auction, bidder, price, date_time, extra) = self;
        text.integer((*auction).into()).integer((*bidder).into()).integer((*price).into());
        text.timestamp(*date_time).string(extra);
    }
}
