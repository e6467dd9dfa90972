//! q1: all bids, the price in another currency: × 0.908, as thousandths.

use deltaq_nexmark::RowText;

use crate::columns::{Column, Step, Text};
use crate::program::Program;

#[derive(Default)]
pub struct Q1 {
    auction: Vec<i64>,
    bidder: Vec<i64>,
    price: Vec<i64>,
    date_time: Vec<i64>,
    extra: Text,
}

impl Program for Q1 {
    fn step(&mut self, step: &Step) -> usize {
        let bids = &step.events.bids;
        for (to, from) in [
            (&mut self.auction, &bids.auction),
            (&mut self.bidder, &bids.bidder),
            (&mut self.date_time, &bids.date_time),
        ] {
            to.clear();
            to.extend_from_slice(&from[step.bids.clone()]);
        }
        self.price.clear();
        self.price.extend(bids.price[step.bids.clone()].iter().map(|price| price * 908));
        self.extra.clear();
        self.extra.extend_from(&bids.extra, step.bids.clone());
        step.bids.len()
    }

    fn row(&self, row: usize, text: &mut RowText) -> i64 {
        text.integer(self.auction[row].into()).integer(self.bidder[row].into()).decimal(self.price[row].into(), 3);
        text.timestamp(self.date_time[row]).string(self.extra.get(row));
        1
    }
}
