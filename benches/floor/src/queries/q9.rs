//! q9: the winning bid of each auction, with all columns of the auction.
//!
//! An auction keeps its columns and its best bid; the text of that bid is written over when a better one comes. Of a step, the
//! first better bid retracts what was shown, the end of the step inserts what is best then. Bids on auctions not known yet wait.

use std::cmp::Reverse;

use deltaq_nexmark::RowText;

use crate::columns::{Auctions, Bids, Column, Step, Text};
use crate::hash::Map;
use crate::program::Program;

#[derive(Default)]
struct Best {
    /// 0 before the first bid: prices are positive.
    price: i64,
    date_time: i64,
    bidder: i64,
    extra: String,
    /// The number of the step of the last change.
    changed: u64,
}

#[derive(Default)]
struct Out {
    auctions: Auctions,
    bidder: Vec<i64>,
    price: Vec<i64>,
    date_time: Vec<i64>,
    extra: Text,
    weight: Vec<i64>,
}

#[derive(Default)]
pub struct Q9 {
    auctions: Auctions,
    best: Vec<Best>,
    auction_of: Map<i64, u32>,
    waiting: Map<i64, Vec<u32>>,
    waiting_bids: Bids,
    changed: Vec<u32>,
    number: u64,
    out: Out,
}

impl Q9 {
    fn bid(&mut self, auction: u32, bids: &Bids, row: usize) {
        let (best, at) = (&mut self.best[auction as usize], auction as usize);
        let (price, date_time, bidder) = (bids.price[row], bids.date_time[row], bids.bidder[row]);
        if price < best.price || date_time < self.auctions.date_time[at] || date_time > self.auctions.expires[at] {
            return;
        }
        let better = |extra: &str| {
            (price, Reverse(date_time), Reverse(bidder), Reverse(extra))
                > (best.price, Reverse(best.date_time), Reverse(best.bidder), Reverse(best.extra.as_str()))
        };
        if !better(bids.extra.get(row)) {
            return;
        }
        if best.changed != self.number {
            if best.price > 0 {
                emit(&mut self.out, &self.auctions, at, best, -1);
            }
            best.changed = self.number;
            self.changed.push(auction);
        }
        (best.price, best.date_time, best.bidder) = (price, date_time, bidder);
        best.extra.clear();
        best.extra.push_str(bids.extra.get(row));
    }
}

fn emit(out: &mut Out, auctions: &Auctions, auction: usize, best: &Best, weight: i64) {
    out.auctions.push_from(auctions, auction);
    out.bidder.push(best.bidder);
    out.price.push(best.price);
    out.date_time.push(best.date_time);
    out.extra.push(&best.extra);
    out.weight.push(weight);
}

impl Program for Q9 {
    fn step(&mut self, step: &Step) -> usize {
        self.number += 1;
        self.changed.clear();
        self.out.auctions.clear();
        for column in [&mut self.out.bidder, &mut self.out.price, &mut self.out.date_time, &mut self.out.weight] {
            column.clear();
        }
        self.out.extra.clear();
        for row in step.auctions.clone() {
            let id = step.events.auctions.id[row];
            let auction = self.best.len() as u32;
            self.auctions.push_from(&step.events.auctions, row);
            self.best.push(Best::default());
            self.auction_of.insert(id, auction);
            if let Some(rows) = self.waiting.remove(&id) {
                let waiting = std::mem::take(&mut self.waiting_bids);
                rows.into_iter().for_each(|row| self.bid(auction, &waiting, row as usize));
                self.waiting_bids = waiting;
            }
        }
        if self.waiting.is_empty() {
            self.waiting_bids.clear();
        }
        for row in step.bids.clone() {
            let id = step.events.bids.auction[row];
            match self.auction_of.get(&id) {
                Some(auction) => self.bid(*auction, &step.events.bids, row),
                None => {
                    self.waiting.entry(id).or_default().push(self.waiting_bids.auction.len() as u32);
                    self.waiting_bids.push_from(&step.events.bids, row);
                }
            }
        }
        for auction in &self.changed {
            let at = *auction as usize;
            emit(&mut self.out, &self.auctions, at, &self.best[at], 1);
        }
        self.out.weight.len()
    }

    fn row(&self, row: usize, text: &mut RowText) -> i64 {
        let Out { auctions, bidder, price, date_time, extra, weight } = &self.out;
        text.integer(auctions.id[row].into()).string(auctions.item_name.get(row)).string(auctions.description.get(row));
        text.integer(auctions.initial_bid[row].into()).integer(auctions.reserve[row].into());
        text.timestamp(auctions.date_time[row]).timestamp(auctions.expires[row]);
        text.integer(auctions.seller[row].into())
            .integer(auctions.category[row].into())
            .string(auctions.extra.get(row));
        text.integer(auctions.id[row].into()).integer(bidder[row].into()).integer(price[row].into());
        text.timestamp(date_time[row]).string(extra.get(row));
        weight[row]
    }
}
