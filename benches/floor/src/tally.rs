//! Bids, distinct bidders and distinct auctions, each in all and by range of price.

use deltaq_nexmark::RowText;

/// The twelve numbers of q15 and q16, in the order of their columns.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally([i64; 12]);

/// The range of a price: below 10,000, below 1,000,000, the rest.
pub fn rank(price: i64) -> usize {
    usize::from(price >= 10_000) + usize::from(price >= 1_000_000)
}

impl Tally {
    /// Adds a bid. What its bidder and its auction have been seen with before stands in a bit a range and one for any.
    pub fn add(&mut self, price: i64, bidder: &mut u8, auction: &mut u8) {
        let rank = rank(price);
        self.0[0] += 1;
        self.0[1 + rank] += 1;
        self.distinct(4, rank, bidder);
        self.distinct(8, rank, auction);
    }

    fn distinct(&mut self, at: usize, rank: usize, seen: &mut u8) {
        let bits = 1 | 2 << rank;
        if *seen & bits != bits {
            self.0[at] += i64::from(*seen & 1 == 0);
            self.0[at + 1 + rank] += 1;
            *seen |= bits;
        }
    }

    /// How many bids there are.
    pub fn bids(&self) -> i64 {
        self.0[0]
    }

    /// Writes the twelve fields.
    pub fn write(&self, text: &mut RowText) {
        for number in self.0 {
            text.integer(number.into());
        }
    }
}
