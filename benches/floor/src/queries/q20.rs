//! q20: bids on auctions of category 10, with the auction's columns.
//!
//! Auctions of the category are kept; of the others only that they are there. Bids on auctions not known yet wait.

use deltaq_nexmark::RowText;

use crate::columns::{Auctions, Bids, Column, Step};
use crate::hash::Map;
use crate::program::Program;

const CATEGORY: i64 = 10;

#[derive(Default)]
pub struct Q20 {
    auctions: Auctions,
    /// By id; `None` for an auction of another category.
    auction_of: Map<i64, Option<u32>>,
    waiting: Map<i64, Vec<u32>>,
    waiting_bids: Bids,
    out: Bids,
    out_auctions: Auctions,
}

impl Program for Q20 {
    fn step(&mut self, step: &Step) -> usize {
        self.out.clear();
        self.out_auctions.clear();
        let from = &step.events.auctions;
        for row in step.auctions.clone() {
            let wanted = (from.category[row] == CATEGORY).then_some(self.auctions.id.len() as u32);
            self.auction_of.insert(from.id[row], wanted);
            if wanted.is_some() {
                self.auctions.push_from(from, row);
            }
            let waiting = self.waiting.remove(&from.id[row]);
            if wanted.is_some() {
                for bid in waiting.into_iter().flatten() {
                    self.out.push_from(&self.waiting_bids, bid as usize);
                    self.out_auctions.push_from(from, row);
                }
            }
        }
        if self.waiting.is_empty() {
            self.waiting_bids.clear();
        }
        let bids = &step.events.bids;
        for row in step.bids.clone() {
            match self.auction_of.get(&bids.auction[row]) {
                Some(Some(auction)) => {
                    self.out.push_from(bids, row);
                    self.out_auctions.push_from(&self.auctions, *auction as usize);
                }
                Some(None) => {}
                None => {
                    let waiting = self.waiting.entry(bids.auction[row]).or_default();
                    waiting.push(self.waiting_bids.auction.len() as u32);
                    self.waiting_bids.push_from(bids, row);
                }
            }
        }
        self.out.auction.len()
    }

    fn row(&self, row: usize, text: &mut RowText) -> i64 {
        let auctions = &self.out_auctions;
        self.out.write(row, text);
        text.string(auctions.item_name.get(row)).string(auctions.description.get(row));
        text.integer(auctions.initial_bid[row].into()).integer(auctions.reserve[row].into());
        text.timestamp(auctions.date_time[row]).timestamp(auctions.expires[row]);
        text.integer(auctions.seller[row].into())
            .integer(auctions.category[row].into())
            .string(auctions.extra.get(row));
        1
    }
}
