//! q3: who sells in three states in category 10: auctions ⋈ persons on the seller.
//!
//! Either side may come first: persons are kept with their columns, auctions whose seller is not known yet wait by seller.

use deltaq_nexmark::RowText;

use crate::columns::{Column, Step, Text};
use crate::hash::Map;
use crate::program::Program;

const CATEGORY: i64 = 10;

#[derive(Default)]
struct Sellers {
    name: Text,
    city: Text,
    state: Text,
}

#[derive(Default)]
pub struct Q3 {
    sellers: Sellers,
    seller_of: Map<i64, u32>,
    waiting: Map<i64, Vec<i64>>,
    out: Sellers,
    out_auction: Vec<i64>,
}

impl Q3 {
    fn emit(&mut self, seller: u32, auction: i64) {
        self.out.name.push_from(&self.sellers.name, seller as usize);
        self.out.city.push_from(&self.sellers.city, seller as usize);
        self.out.state.push_from(&self.sellers.state, seller as usize);
        self.out_auction.push(auction);
    }
}

impl Program for Q3 {
    fn step(&mut self, step: &Step) -> usize {
        self.out.name.clear();
        self.out.city.clear();
        self.out.state.clear();
        self.out_auction.clear();
        let persons = &step.events.persons;
        for row in step.persons.clone() {
            // The generator writes states in lower case.
            if !matches!(persons.state.get(row), "or" | "id" | "ca") {
                continue;
            }
            let seller = self.seller_of.len() as u32;
            self.seller_of.insert(persons.id[row], seller);
            self.sellers.name.push_from(&persons.name, row);
            self.sellers.city.push_from(&persons.city, row);
            self.sellers.state.push_from(&persons.state, row);
            for auction in self.waiting.remove(&persons.id[row]).into_iter().flatten() {
                self.emit(seller, auction);
            }
        }
        let auctions = &step.events.auctions;
        for row in step.auctions.clone() {
            if auctions.category[row] != CATEGORY {
                continue;
            }
            match self.seller_of.get(&auctions.seller[row]) {
                Some(seller) => self.emit(*seller, auctions.id[row]),
                None => self.waiting.entry(auctions.seller[row]).or_default().push(auctions.id[row]),
            }
        }
        self.out_auction.len()
    }

    fn row(&self, row: usize, text: &mut RowText) -> i64 {
        text.string(self.out.name.get(row)).string(self.out.city.get(row)).string(self.out.state.get(row));
        text.integer(self.out_auction[row].into());
        1
    }
}
