//! q2: the bids on every 123rd auction.

use deltaq_nexmark::RowText;

use crate::columns::Step;
use crate::program::Program;

#[derive(Default)]
pub struct Q2 {
    auction: Vec<i64>,
    price: Vec<i64>,
}

impl Program for Q2 {
    fn step(&mut self, step: &Step) -> usize {
        let bids = &step.events.bids;
        self.auction.clear();
        self.price.clear();
        for (auction, price) in bids.auction[step.bids.clone()].iter().zip(&bids.price[step.bids.clone()]) {
            if auction % 123 == 0 {
                self.auction.push(*auction);
                self.price.push(*price);
            }
        }
        self.auction.len()
    }

    fn row(&self, row: usize, text: &mut RowText) -> i64 {
        text.integer(self.auction[row].into()).integer(self.price[row].into());
        1
    }
}
