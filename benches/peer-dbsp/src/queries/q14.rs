//! q14, calculation.
//!
//! Published: the price through `rust_decimal`, the part of the day as a number. Here the price is an integer of thousandths, which is
//! faster, and the part of the day is text, as the SQL has it; its three texts are constants that need no memory.

use arcstr::literal;
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::output::Output;
use crate::row;
use crate::tables::{DAY_US, Text};

row! {
    /// A bid with computed columns.
    pub struct Row {
        auction: i64,
        bidder: i64,
        price: i64,
        bid_time_type: Text,
        date_time: i64,
        extra: Text,
        c_counts: i64,
    }
}

pub fn q14(tables: &mut Tables) -> Rows<Row> {
    tables.bids().flat_map(|bid| {
        let price = bid.price * 908;
        (price > 1_000_000_000 && price < 50_000_000_000).then(|| Row {
            auction: bid.auction,
            bidder: bid.bidder,
            price,
            bid_time_type: Text(match bid.date_time.rem_euclid(DAY_US) / (DAY_US / 24) {
                8..=18 => literal!("dayTime"),
                ..=6 | 20.. => literal!("nightTime"),
                _ => literal!("otherTime"),
            }),
            date_time: bid.date_time,
            extra: bid.extra.clone(),
            c_counts: bid.extra.bytes().filter(|byte| *byte == b'c').count() as i64,
        })
    })
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        text.integer(self.auction.into()).integer(self.bidder.into()).decimal(self.price.into(), 3);
        text.string(&self.bid_time_type).timestamp(self.date_time).string(&self.extra).integer(self.c_counts.into());
    }
}
