//! q18: the last bid of each bidder on each auction; of bids at one time the one whose columns come first.
//!
//! A pair keeps its last bid as a row of columns. A later bid is appended and the row before is dead; when more rows are dead than
//! alive, the living are moved together.

use std::cmp::Reverse;

use deltaq_nexmark::RowText;

use crate::columns::{Bids, Column, Step};
use crate::hash::Map;
use crate::program::Program;

struct Last {
    row: u32,
    /// The number of the step of the last change.
    changed: u64,
}

#[derive(Default)]
pub struct Q18 {
    bids: Bids,
    last_of: Map<(i64, i64), u32>,
    last: Vec<Last>,
    changed: Vec<u32>,
    number: u64,
    out: Bids,
    weight: Vec<i64>,
}

/// What decides which of two bids of one pair stands: the greater.
fn order(bids: &Bids, row: usize) -> impl Ord {
    (
        bids.date_time[row],
        Reverse(bids.price[row]),
        Reverse((bids.channel.get(row), bids.url.get(row), bids.extra.get(row))),
    )
}

impl Q18 {
    fn compact(&mut self) {
        let from = std::mem::take(&mut self.bids);
        for last in &mut self.last {
            let row = last.row as usize;
            last.row = self.bids.auction.len() as u32;
            self.bids.push_from(&from, row);
        }
    }
}

impl Program for Q18 {
    fn step(&mut self, step: &Step) -> usize {
        self.number += 1;
        self.changed.clear();
        self.out.clear();
        self.weight.clear();
        if self.bids.auction.len() > 2 * self.last.len() + 100_000 {
            self.compact();
        }
        let bids = &step.events.bids;
        for row in step.bids.clone() {
            let kept = self.bids.auction.len() as u32;
            let mut new = false;
            let pair = *self.last_of.entry((bids.bidder[row], bids.auction[row])).or_insert_with(|| {
                new = true;
                self.last.push(Last { row: kept, changed: 0 });
                self.last.len() as u32 - 1
            });
            let last = &mut self.last[pair as usize];
            let before = last.row as usize;
            if !new {
                if bids.date_time[row] < self.bids.date_time[before] || order(bids, row) <= order(&self.bids, before) {
                    continue;
                }
                if last.changed != self.number {
                    self.out.push_from(&self.bids, before);
                    self.weight.push(-1);
                }
            }
            if last.changed != self.number {
                last.changed = self.number;
                self.changed.push(pair);
            }
            last.row = kept;
            self.bids.push_from(bids, row);
        }
        for pair in &self.changed {
            self.out.push_from(&self.bids, self.last[*pair as usize].row as usize);
            self.weight.push(1);
        }
        self.weight.len()
    }

    fn row(&self, row: usize, text: &mut RowText) -> i64 {
        self.out.write(row, text);
        self.weight[row]
    }
}
