//! q17, auction statistics.
//!
//! Published: a count of each range, `aggregate(Min)`, `aggregate(Max)` and a sum, put together by outer joins. Here one
//! `chain_aggregate` keeps all of them: rows only come.

use dbsp::utils::Tup2;
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::days::Remembered;
use crate::output::Output;
use crate::row;
use crate::tables::{DAY_US, Text};

row! {
    /// What is known of an auction's day: bids, by range, and their prices.
    pub struct Prices {
        bids: i64,
        ranges: [i64; 3],
        least: i64,
        most: i64,
        sum: i64,
    }
}

impl Prices {
    fn add(mut self, price: i64, weight: i64) -> Prices {
        self.bids += weight;
        self.ranges[usize::from(price >= 10_000) + usize::from(price >= 1_000_000)] += weight;
        self.least = self.least.min(price);
        self.most = self.most.max(price);
        self.sum += price * weight;
        self
    }
}

row! {
    /// A result.
    pub struct Row {
        auction: i64,
        day: Text,
        prices: Prices,
        average: i64,
    }
}

pub fn q17(tables: &mut Tables) -> Rows<Row> {
    let by_day = tables.bids().map_index(|bid| (Tup2(bid.auction, bid.date_time.div_euclid(DAY_US)), bid.price));
    let prices = by_day.chain_aggregate(
        |price, weight| Prices { least: *price, most: *price, ..Prices::default() }.add(*price, weight),
        |prices, price, weight| prices.add(*price, weight),
    );
    let days = Remembered::day();
    prices.map(move |(Tup2(auction, day), prices)| Row {
        auction: *auction,
        day: days.text(*day),
        average: prices.sum / prices.bids,
        prices: prices.clone(),
    })
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        let Prices { bids, ranges, least, most, sum } = &self.prices;
        text.integer(self.auction.into()).string(&self.day);
        for number in [*bids].iter().chain(ranges).chain([least, most, &self.average, sum]) {
            text.integer((*number).into());
        }
    }
}
