//! What q15 and q16 share: bids, distinct bidders and distinct auctions, each in all and by range of price, and the last minute.
//!
//! Published, either query has eight `distinct`s, twelve counts and as many outer joins. Here a bidder of a group, or an auction, has a
//! mask of the ranges it is there with, kept by one aggregate. Bids and masks together are one stream of a few small values a group, each
//! with its weight, and one more linear aggregate counts them all. Also the last minute is such a value: there is one at a time.
//!
//! ```text
//!        ┌─ (group, range of the price) ─────────────────┐
//! bids ──┼─ (bidder, group) → range ─── mask ── by group ┼─ + ── counts by group
//!        └─ (auction, group) → range ── mask ── by group ┘
//! ```

use dbsp::DBData;
use dbsp::algebra::{AddAssignByRef, MulByRef};
use dbsp::utils::{Tup2, Tup3, Tup4};
use deltaq_nexmark::RowText;

use crate::order::Indexed;
use crate::row;

row! {
    /// What is counted.
    pub struct Counted {
        /// Bids, bidders, auctions, or minutes.
        what: u8,
        /// Of which ranges, a bit each; the minute.
        value: u16,
    }
}

/// In all, and by range of price.
pub type Counts = Tup4<i64, i64, i64, i64>;

/// Bids, bidders, auctions, and the minute.
pub type Tally = Tup4<Counts, Counts, Counts, i64>;

/// Whose mask it is.
#[derive(Clone, Copy)]
pub enum Id {
    Bidder = 1,
    Auction = 2,
}

const MINUTE: u8 = 3;

/// The range of a price: below 10,000, below 1,000,000, the rest.
pub fn range(price: i64) -> u8 {
    u8::from(price >= 10_000) + u8::from(price >= 1_000_000)
}

impl Counted {
    /// A bid of this price.
    pub fn bid(price: i64) -> Counted {
        Counted { what: 0, value: 1 << range(price) }
    }

    /// The last minute.
    pub fn minute(minute: u16) -> Counted {
        Counted { what: MINUTE, value: minute }
    }

    fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        let bit = |range: u16| i64::from(self.value >> range & 1);
        match self.what {
            MINUTE => tally.3 = self.value.into(),
            what => {
                let counts = match what {
                    0 => &mut tally.0,
                    1 => &mut tally.1,
                    _ => &mut tally.2,
                };
                *counts = Tup4(1, bit(0), bit(1), bit(2));
            }
        }
        tally
    }
}

/// By group, what there is to count of ids, from the ranges that each is there with.
pub fn masks<G: DBData>(id: Id, ranges: &Indexed<Tup2<i64, G>, u8>, append_only: bool) -> Indexed<G, Counted> {
    let masks = if append_only {
        ranges.chain_aggregate(|range, _| 1 << range, |mask: u8, range, _| mask | 1 << range)
    } else {
        ranges.aggregate_linear_postprocess(
            |range| Tup3(i64::from(*range == 0), i64::from(*range == 1), i64::from(*range == 2)),
            |Tup3(low, middle, high)| u8::from(low > 0) | u8::from(middle > 0) << 1 | u8::from(high > 0) << 2,
        )
    };
    masks.map_index(move |(Tup2(_, group), mask)| (group.clone(), Counted { what: id as u8, value: (*mask).into() }))
}

/// The counts of each group.
pub fn tallies<G: DBData>(counted: &Indexed<G, Counted>, append_only: bool) -> Indexed<G, Tally> {
    if append_only {
        // Without the sum of all that was counted, which the linear aggregate keeps beside its output.
        let add = |mut tally: Tally, counted: &Counted, weight: i64| {
            tally.add_assign_by_ref(&counted.tally().mul_by_ref(&weight));
            tally
        };
        counted.chain_aggregate(move |counted, weight| add(Tally::default(), counted, weight), add)
    } else {
        counted.aggregate_linear(Counted::tally)
    }
}

/// Writes the twelve counts.
pub fn write(Tup4(bids, bidders, auctions, _): &Tally, text: &mut RowText) {
    for Tup4(all, low, middle, high) in [bids, bidders, auctions] {
        text.integer((*all).into()).integer((*low).into()).integer((*middle).into()).integer((*high).into());
    }
}
