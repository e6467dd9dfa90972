//! q19: the ten highest bids on each auction, with their rank; of equal prices first whose columns come first.
//!
//! An auction keeps its ten bids in order, as rows of columns. Of a step, the first change notes what was shown, the end of the step
//! compares rank by rank. Rows pushed out are dead; when more rows are dead than alive, the living are moved together.

use std::cmp::Reverse;

use deltaq_nexmark::RowText;

use crate::columns::{Bids, Column, Step};
use crate::hash::Map;
use crate::program::Program;

const TOP: usize = 10;

#[derive(Clone, Copy, Default)]
struct Top {
    rows: [u32; TOP],
    prices: [i64; TOP],
    len: usize,
    /// The number of the step of the last change.
    changed: u64,
}

#[derive(Default)]
pub struct Q19 {
    bids: Bids,
    tops: Vec<Top>,
    top_of: Map<i64, u32>,
    /// The auctions that changed, as they were before.
    changed: Vec<(u32, Top)>,
    number: u64,
    out: Bids,
    rank: Vec<i64>,
    weight: Vec<i64>,
}

/// What decides which of two bids of one auction comes first: the lesser.
fn order(bids: &Bids, row: usize) -> impl Ord {
    (
        Reverse(bids.price[row]),
        bids.bidder[row],
        (bids.channel.get(row), bids.url.get(row), bids.date_time[row], bids.extra.get(row)),
    )
}

impl Q19 {
    fn emit(&mut self, row: u32, rank: usize, weight: i64) {
        self.out.push_from(&self.bids, row as usize);
        self.rank.push(rank as i64 + 1);
        self.weight.push(weight);
    }

    fn compact(&mut self) {
        let from = std::mem::take(&mut self.bids);
        for top in &mut self.tops {
            for row in &mut top.rows[..top.len] {
                let kept = self.bids.auction.len() as u32;
                self.bids.push_from(&from, *row as usize);
                *row = kept;
            }
        }
    }
}

impl Program for Q19 {
    fn step(&mut self, step: &Step) -> usize {
        self.number += 1;
        self.out.clear();
        self.rank.clear();
        self.weight.clear();
        if self.bids.auction.len() > 2 * TOP * self.tops.len() + 100_000 {
            self.compact();
        }
        let bids = &step.events.bids;
        for row in step.bids.clone() {
            let number = *self.top_of.entry(bids.auction[row]).or_insert_with(|| {
                self.tops.push(Top::default());
                self.tops.len() as u32 - 1
            });
            let (top, price) = (&mut self.tops[number as usize], bids.price[row]);
            if top.len == TOP && price < top.prices[TOP - 1] {
                continue;
            }
            let mut place = top.prices[..top.len].iter().take_while(|kept| **kept > price).count();
            while place < top.len && order(&self.bids, top.rows[place] as usize) <= order(bids, row) {
                place += 1;
            }
            if place == TOP {
                continue;
            }
            if top.changed != self.number {
                self.changed.push((number, *top));
                top.changed = self.number;
            }
            top.len = (top.len + 1).min(TOP);
            top.rows.copy_within(place..top.len - 1, place + 1);
            top.prices.copy_within(place..top.len - 1, place + 1);
            (top.rows[place], top.prices[place]) = (self.bids.auction.len() as u32, price);
            self.bids.push_from(bids, row);
        }
        let mut changed = std::mem::take(&mut self.changed);
        for (number, before) in changed.drain(..) {
            let now = self.tops[number as usize];
            for rank in 0..now.len {
                let shown = (rank < before.len).then(|| before.rows[rank]);
                if shown == Some(now.rows[rank]) {
                    continue;
                }
                if let Some(shown) = shown {
                    self.emit(shown, rank, -1);
                }
                self.emit(now.rows[rank], rank, 1);
            }
        }
        self.changed = changed;
        self.weight.len()
    }

    fn row(&self, row: usize, text: &mut RowText) -> i64 {
        self.out.write(row, text);
        text.integer(self.rank[row].into());
        self.weight[row]
    }
}
