//! q13: bids with a value from a small table, by the remainder of the auction. The remainder is the place in a vector.

use deltaq_nexmark::RowText;

use crate::columns::{Column, Step, Text};
use crate::program::Program;

pub struct Q13 {
    /// The side table's values, by key.
    values: Vec<Option<String>>,
    auction: Vec<i64>,
    bidder: Vec<i64>,
    price: Vec<i64>,
    date_time: Vec<i64>,
    value: Text,
}

impl Q13 {
    /// With the side table loaded.
    pub fn new() -> Q13 {
        let mut values = vec![None; KEYS as usize];
        for (key, value) in side_input() {
            values[key as usize] = Some(value);
        }
        let none = Vec::new;
        Q13 { values, auction: none(), bidder: none(), price: none(), date_time: none(), value: Text::default() }
    }
}

impl Program for Q13 {
    fn step(&mut self, step: &Step) -> usize {
        for column in [&mut self.auction, &mut self.bidder, &mut self.price, &mut self.date_time] {
            column.clear();
        }
        self.value.clear();
        let bids = &step.events.bids;
        for row in step.bids.clone() {
            if let Some(value) = &self.values[(bids.auction[row] % KEYS) as usize] {
                self.auction.push(bids.auction[row]);
                self.bidder.push(bids.bidder[row]);
                self.price.push(bids.price[row]);
                self.date_time.push(bids.date_time[row]);
                self.value.push(value);
            }
        }
        self.auction.len()
    }

    fn row(&self, row: usize, text: &mut RowText) -> i64 {
        text.integer(self.auction[row].into()).integer(self.bidder[row].into()).integer(self.price[row].into());
        text.timestamp(self.date_time[row]).string(self.value.get(row));
        1
    }
}

const KEYS: i64 = 10_000;

/// The side table: every key has its own digits as its value.
fn side_input() -> impl Iterator<Item = (i64, String)> {
    (0..KEYS).map(|key| (key, key.to_string()))
}
