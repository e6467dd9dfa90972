//! q1, currency conversion.
//!
//! Published: whole events, the price × 89 / 100 in whole numbers. Here × 0.908 exactly, in thousandths, and the columns of the SQL.

use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::output::Output;
use crate::row;
use crate::tables::Text;

row! {
    /// A bid with its price in thousandths.
    pub struct Row {
        auction: i64,
        bidder: i64,
        price: i64,
        date_time: i64,
        extra: Text,
    }
}

pub fn q1(tables: &mut Tables) -> Rows<Row> {
    tables.bids().map(|bid| Row {
        auction: bid.auction,
        bidder: bid.bidder,
        price: bid.price * 908,
        date_time: bid.date_time,
        extra: bid.extra.clone(),
    })
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        text.integer(self.auction.into()).integer(self.bidder.into()).decimal(self.price.into(), 3);
        text.timestamp(self.date_time).string(&self.extra);
    }
}
