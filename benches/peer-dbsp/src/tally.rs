//! What q15 and q16 share: bids, distinct bidders and distinct auctions, each in all and by range of price.
//!
//! Published, either query has eight `distinct`s, twelve counts and as many outer joins. Here a bidder of a group, or an auction, has a
//! mask of the ranges it was seen with, kept by one `chain_aggregate`, for rows only come. Bids and masks together are one stream of a
//! few small values a group, each with its weight, and one more `chain_aggregate` counts them all.
//!
//! ```text
//!        ┌─ (group, range of the price) ────────────────┐
//! bids ──┼─ (bidder, group) → range ── mask ── by group ┼─ + ── counts by group
//!        └─ (auction, group) → range ─ mask ── by group ┘
//! ```

use dbsp::utils::Tup2;
use dbsp::{DBData, OrdIndexedZSet, RootCircuit, Stream, ZWeight};
use deltaq_nexmark::RowText;

use crate::row;

/// A stream of changes to values by key.
pub type Indexed<K, V> = Stream<RootCircuit, OrdIndexedZSet<K, V>>;

row! {
    /// What is counted: bids, bidders or auctions; of which ranges, a bit each; and the last minute of a bid.
    pub struct Counted {
        pub what: u8,
        pub ranges: u8,
        pub minute: u16,
    }
}

/// [`Counted::what`] of bids.
pub const BIDS: u8 = 0;
/// [`Counted::what`] of bidders.
pub const BIDDERS: u8 = 1;
/// [`Counted::what`] of auctions.
pub const AUCTIONS: u8 = 2;

/// The bit of a price's range: below 10,000, below 1,000,000, the rest.
pub fn range(price: i64) -> u8 {
    1 << (u8::from(price >= 10_000) + u8::from(price >= 1_000_000))
}

/// By group, what there is to count: of each id the ranges that it was seen with.
pub fn masks<G: DBData>(what: u8, seen: &Indexed<Tup2<i64, G>, u8>) -> Indexed<G, Counted> {
    let masks = seen.chain_aggregate(|range, _| *range, |mask, range, _| mask | range);
    masks.map_index(move |(Tup2(_, group), ranges)| (group.clone(), Counted { what, ranges: *ranges, minute: 0 }))
}

row! {
    /// The last minute, and the twelve counts in the order of their columns.
    pub struct Tally {
        pub minute: u16,
        counts: [i64; 12],
    }
}

impl Tally {
    /// Adds to the counts.
    pub fn add(mut self, counted: &Counted, weight: ZWeight) -> Tally {
        let counts = &mut self.counts[usize::from(counted.what) * 4..][..4];
        counts[0] += weight;
        for range in 0..3 {
            counts[1 + range] += if counted.ranges >> range & 1 == 1 { weight } else { 0 };
        }
        self.minute = self.minute.max(counted.minute);
        self
    }

    /// Writes the twelve fields.
    pub fn write(&self, text: &mut RowText) {
        self.counts.iter().for_each(|count| _ = text.integer((*count).into()));
    }
}

/// The counts of each group.
pub fn tallies<G: DBData>(
    bids: &Indexed<G, Counted>,
    bidders: &Indexed<G, Counted>,
    auctions: &Indexed<G, Counted>,
) -> Indexed<G, Tally> {
    let all = bids.sum([bidders, auctions]);
    all.chain_aggregate(
        |counted, weight| Tally::default().add(counted, weight),
        |tally, counted, weight| tally.add(counted, weight),
    )
}
