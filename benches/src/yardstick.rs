//! What the machine allows: the same work as plain loops over a hash table, no engine.

use std::hash::Hasher;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::data::Row;

#[inline]
fn hash(key: i64) -> u64 {
    let product = u128::from(key as u64 ^ 0x9E37_79B9_7F4A_7C15) * 0xD6E8_FEB8_6659_FD93;
    (product as u64) ^ (product >> 64) as u64
}

/// Counts by key.
#[derive(Default)]
pub struct Counts(HashTable<(i64, i64)>);

impl Counts {
    /// Adds `weight` to the count of `key`; returns the count before.
    #[inline]
    pub fn add(&mut self, key: i64, weight: i64) -> i64 {
        match self.0.entry(hash(key), |e| e.0 == key, |e| hash(e.0)) {
            Entry::Occupied(mut entry) => {
                let count = &mut entry.get_mut().1;
                *count += weight;
                *count - weight
            }
            Entry::Vacant(entry) => {
                entry.insert((key, weight));
                0
            }
        }
    }

    /// The counts other than 0, by key.
    pub fn sorted(&self) -> Vec<(i64, i64)> {
        let mut all: Vec<(i64, i64)> = self.0.iter().copied().filter(|e| e.1 != 0).collect();
        all.sort_unstable();
        all
    }
}

/// How often each key stands, by key.
pub fn counts(rows: &[Row]) -> Vec<(i64, i64)> {
    let mut counts = Counts::default();
    rows.iter().for_each(|row| {
        counts.add(row.0, 1);
    });
    counts.sorted()
}

/// Rows by key.
pub struct Rows {
    table: HashTable<u32>,
    rows: Vec<Row>,
    next: Vec<u32>,
}

impl Rows {
    /// Indexes `rows`.
    pub fn new(rows: &[Row]) -> Rows {
        let mut table = HashTable::with_capacity(rows.len());
        let mut next = vec![u32::MAX; rows.len()];
        for (at, row) in rows.iter().enumerate() {
            let same = |e: &u32| rows[*e as usize].0 == row.0;
            match table.entry(hash(row.0), same, |e| hash(rows[*e as usize].0)) {
                Entry::Occupied(mut entry) => next[at] = std::mem::replace(entry.get_mut(), at as u32),
                Entry::Vacant(entry) => {
                    entry.insert(at as u32);
                }
            }
        }
        Rows { table, rows: rows.to_vec(), next }
    }

    /// Calls `each` with every row of `key`.
    #[inline]
    pub fn each(&self, key: i64, mut each: impl FnMut(&Row)) {
        let mut at = self.table.find(hash(key), |e| self.rows[*e as usize].0 == key).copied().unwrap_or(u32::MAX);
        while at != u32::MAX {
            each(&self.rows[at as usize]);
            at = self.next[at as usize];
        }
    }
}

/// The join of two sets of rows by key: how many pairs, and the sum of all their values.
pub fn join(left: &[Row], right: &[Row]) -> (usize, i64) {
    let right = Rows::new(right);
    let (mut pairs, mut sum) = (0, 0i64);
    for (key, value) in left {
        right.each(*key, |other| {
            pairs += 1;
            sum = sum.wrapping_add(value ^ other.1);
        });
    }
    (pairs, sum)
}

/// Counts by text.
#[derive(Default)]
pub struct TextCounts<'a>(HashTable<(&'a str, i64)>);

impl<'a> TextCounts<'a> {
    /// Counts `text` once more.
    #[inline]
    pub fn add(&mut self, text: &'a str) {
        let hash = |text: &str| deltaq_circuit::keys::hash_bytes(text.as_bytes());
        match self.0.entry(hash(text), |e| e.0 == text, |e| hash(e.0)) {
            Entry::Occupied(mut entry) => entry.get_mut().1 += 1,
            Entry::Vacant(entry) => {
                entry.insert((text, 1));
            }
        }
    }

    /// The counts.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, i64)> {
        self.0.iter().copied()
    }
}

/// The hash of numbers, for hash maps.
#[derive(Default)]
pub struct Fold(u64);

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = deltaq_circuit::keys::hash_bytes(bytes) ^ self.0.rotate_left(5);
    }

    fn write_i64(&mut self, number: i64) {
        self.0 = hash(number ^ self.0.rotate_left(5) as i64);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_i64(number as i64);
    }
}
