//! Rows made beforehand: the same on every run.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray};

/// A stream of numbers that a seed determines (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// One of `0 .. bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// `0 .. count` in random order.
    pub fn permutation(&mut self, count: usize) -> Vec<i64> {
        let mut all: Vec<i64> = (0..count as i64).collect();
        for at in (1..count).rev() {
            all.swap(at, self.below(at + 1));
        }
        all
    }
}

/// Rows of two BIGINTs.
pub type Row = (i64, i64);

/// Some rows with weights, as columns.
pub struct Change {
    /// The columns.
    pub columns: Vec<ArrayRef>,
    /// One weight a row.
    pub weights: Vec<i64>,
}

/// The columns of rows of two BIGINTs.
pub fn columns(rows: &[Row]) -> Vec<ArrayRef> {
    vec![ints(rows.iter().map(|r| r.0)), ints(rows.iter().map(|r| r.1))]
}

/// A BIGINT column.
pub fn ints(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

/// A DOUBLE column.
pub fn floats(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}

/// A TEXT column.
pub fn texts(values: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// `count` rows with keys in `0 .. keys` and values in `0 .. 1,000,000`.
pub fn random_rows(count: usize, keys: usize, seed: u64) -> Vec<Row> {
    let mut random = Random::new(seed);
    (0..count).map(|_| (random.below(keys) as i64, random.below(1_000_000) as i64)).collect()
}

/// Two tables of `count` rows whose keys are `0 .. count`, in two random orders.
pub fn sides(count: usize) -> [Vec<Row>; 2] {
    let mut random = Random::new(4);
    [0, 1].map(|_| {
        let keys = random.permutation(count);
        keys.into_iter().map(|key| (key, random.below(1_000_000) as i64)).collect()
    })
}

/// A table's rows as they are now, and a stream of changes to them: half retract a row that is there, half insert.
pub struct Live {
    rows: Vec<Row>,
    keys: usize,
    random: Random,
    retracts: bool,
}

impl Live {
    /// Over `rows`; inserted ones have keys in `0 .. keys`.
    pub fn new(rows: Vec<Row>, keys: usize, seed: u64) -> Live {
        Live { rows, keys, random: Random::new(seed), retracts: true }
    }

    /// The rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// A step of `count` changes; where that is odd, the odd one retracts every other time.
    pub fn step(&mut self, count: usize) -> Change {
        let odd = count % 2;
        let retracted = count / 2 + if self.retracts { odd } else { 0 };
        if odd == 1 {
            self.retracts = !self.retracts;
        }
        let mut changed: Vec<Row> = (0..retracted)
            .map(|_| {
                let at = self.random.below(self.rows.len());
                self.rows.swap_remove(at)
            })
            .collect();
        for _ in retracted..count {
            let row = (self.random.below(self.keys) as i64, self.random.below(1_000_000) as i64);
            changed.push(row);
            self.rows.push(row);
        }
        let weights = (0..count).map(|at| if at < retracted { -1 } else { 1 }).collect();
        Change { columns: columns(&changed), weights }
    }
}
