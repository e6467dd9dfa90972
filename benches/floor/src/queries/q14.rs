//! q14: bids within a range of prices, with a few computed columns.

use deltaq_nexmark::RowText;

use crate::columns::{Column, DAY_US, Step, Text};
use crate::program::Program;

#[derive(Default)]
pub struct Q14 {
    auction: Vec<i64>,
    bidder: Vec<i64>,
    /// In thousandths.
    price: Vec<i64>,
    bid_time_type: Text,
    date_time: Vec<i64>,
    extra: Text,
    c_counts: Vec<i64>,
}

impl Program for Q14 {
    fn step(&mut self, step: &Step) -> usize {
        for column in [&mut self.auction, &mut self.bidder, &mut self.price, &mut self.date_time, &mut self.c_counts] {
            column.clear();
        }
        self.bid_time_type.clear();
        self.extra.clear();
        let bids = &step.events.bids;
        for row in step.bids.clone() {
            let price = bids.price[row] * 908;
            if price <= 1_000_000_000 || price >= 50_000_000_000 {
                continue;
            }
            self.auction.push(bids.auction[row]);
            self.bidder.push(bids.bidder[row]);
            self.price.push(price);
            self.bid_time_type.push(match bids.date_time[row].rem_euclid(DAY_US) / (DAY_US / 24) {
                8..=18 => "dayTime",
                ..=6 | 20.. => "nightTime",
                _ => "otherTime",
            });
            self.date_time.push(bids.date_time[row]);
            self.extra.push_from(&bids.extra, row);
            self.c_counts.push(bids.extra.get(row).bytes().filter(|byte| *byte == b'c').count() as i64);
        }
        self.auction.len()
    }

    fn row(&self, row: usize, text: &mut RowText) -> i64 {
        text.integer(self.auction[row].into()).integer(self.bidder[row].into()).decimal(self.price[row].into(), 3);
        text.string(self.bid_time_type.get(row)).timestamp(self.date_time[row]).string(self.extra.get(row));
        text.integer(self.c_counts[row].into());
        1
    }
}
