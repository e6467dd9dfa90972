//! q15: by day, how many bids, bidders and auctions, in all and by range of price.

use deltaq_nexmark::RowText;

use crate::columns::{DAY_US, Step};
use crate::days::day_text;
use crate::hash::Map;
use crate::program::Program;
use crate::tally::Tally;

#[derive(Default)]
struct Day {
    text: String,
    tally: Tally,
    shown: Tally,
}

#[derive(Default)]
pub struct Q15 {
    days: Vec<Day>,
    day_of: Map<i64, u32>,
    bidders: Map<(u32, i64), u8>,
    auctions: Map<(u32, i64), u8>,
    out: Vec<(String, Tally, i64)>,
}

impl Program for Q15 {
    fn step(&mut self, step: &Step) -> usize {
        let bids = &step.events.bids;
        let mut last = (i64::MIN, 0);
        for row in step.bids.clone() {
            let day = bids.date_time[row].div_euclid(DAY_US);
            if last.0 != day {
                let number = *self.day_of.entry(day).or_insert_with(|| {
                    self.days.push(Day { text: day_text(day), ..Day::default() });
                    self.days.len() as u32 - 1
                });
                last = (day, number);
            }
            let number = last.1;
            let bidder = self.bidders.entry((number, bids.bidder[row])).or_default();
            let auction = self.auctions.entry((number, bids.auction[row])).or_default();
            self.days[number as usize].tally.add(bids.price[row], bidder, auction);
        }
        self.out.clear();
        for day in self.days.iter_mut().filter(|day| day.tally != day.shown) {
            if day.shown.bids() > 0 {
                self.out.push((day.text.clone(), day.shown, -1));
            }
            self.out.push((day.text.clone(), day.tally, 1));
            day.shown = day.tally;
        }
        self.out.len()
    }

    fn row(&self, row: usize, text: &mut RowText) -> i64 {
        let (day, tally, weight) = &self.out[row];
        tally.write(text.string(day));
        *weight
    }
}
