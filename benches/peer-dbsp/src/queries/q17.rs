//! q17, auction statistics.
//!
//! Published: a count of each range, `aggregate(Min)`, `aggregate(Max)` and a sum, put together by outer joins. Here minimum and maximum
//! join the bids as values of their own, of which there is one at a time, and one linear aggregate adds everything up. Of rows that only
//! come, one `chain_aggregate` keeps it all.
//!
//! ```text
//!        ┌─ (auction, day) → price ────────┐
//! bids ──┼─ (auction, day) → least price ──┼─ + ── one linear aggregate ── output
//!        └─ (auction, day) → highest price ┘
//! ```

use dbsp::operator::{Max, Min};
use dbsp::utils::{Tup2, Tup3, Tup4};
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::days::Remembered;
use crate::order::Indexed;
use crate::output::Output;
use crate::row;
use crate::tables::{DAY_US, Text};
use crate::tally::range;

/// Bids in all and by range; the least price, the highest, their sum.
type Prices = Tup2<Tup4<i64, i64, i64, i64>, Tup3<i64, i64, i64>>;

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
    let prices = if tables.append_only { kept(&by_day) } else { added_up(&by_day) };
    let days = Remembered::day();
    prices.map(move |(Tup2(auction, day), prices)| Row {
        auction: *auction,
        day: days.text(*day),
        average: prices.1.2 / prices.0.0,
        prices: prices.clone(),
    })
}

type Key = Tup2<i64, i64>;

fn counts(price: i64) -> Tup4<i64, i64, i64, i64> {
    let range = range(price);
    Tup4(1, i64::from(range == 0), i64::from(range == 1), i64::from(range == 2))
}

fn added_up(by_day: &Indexed<Key, i64>) -> Indexed<Key, Prices> {
    const BID: u8 = 0;
    const LEAST: u8 = 1;
    const HIGHEST: u8 = 2;
    let bids = by_day.map_index(|(key, price)| (key.clone(), Tup2(BID, *price)));
    let least = by_day.aggregate(Min).map_index(|(key, price)| (key.clone(), Tup2(LEAST, *price)));
    let highest = by_day.aggregate(Max).map_index(|(key, price)| (key.clone(), Tup2(HIGHEST, *price)));
    bids.sum([&least, &highest]).aggregate_linear(|Tup2(what, price)| match *what {
        BID => Tup2(counts(*price), Tup3(0, 0, *price)),
        LEAST => Tup2(Tup4::default(), Tup3(*price, 0, 0)),
        _ => Tup2(Tup4::default(), Tup3(0, *price, 0)),
    })
}

fn kept(by_day: &Indexed<Key, i64>) -> Indexed<Key, Prices> {
    let add = |Tup2(bids, Tup3(least, highest, sum)): Prices, price: &i64, weight: i64| {
        let Tup4(all, low, middle, high) = counts(*price);
        let bids = Tup4(bids.0 + all * weight, bids.1 + low * weight, bids.2 + middle * weight, bids.3 + high * weight);
        Tup2(bids, Tup3(least.min(*price), highest.max(*price), sum + price * weight))
    };
    by_day.chain_aggregate(move |price, weight| add(Tup2(Tup4::default(), Tup3(*price, *price, 0)), price, weight), add)
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        let Tup2(Tup4(all, low, middle, high), Tup3(least, highest, sum)) = &self.prices;
        text.integer(self.auction.into()).string(&self.day);
        for number in [all, low, middle, high, least, highest, &self.average, sum] {
            text.integer((*number).into());
        }
    }
}
