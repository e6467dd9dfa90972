//! The keys of some rows with their hashes: made once, looked up wherever rows of such keys are held.
//!
//! Where few keys stand in many rows, each of them is hashed out once, and what is looked up is looked up once a key:
//!
//! ```text
//!   rows    a  b  a  a  c  b          keys    a  b  c          number of each row's key    0  1  0  0  2  1
//! ```

use arrow_array::ArrayRef;
use arrow_buffer::NullBuffer;

use super::index::Index;
use crate::keys::{self, KeyLayout, Keys};

/// The keys of some rows with their hashes.
#[derive(Debug)]
pub struct HashedKeys {
    pub(super) keys: Keys,
    pub(super) hashes: Vec<u64>,
    /// By row: the number of its key. None: the row's own number.
    numbers: Option<Vec<u32>>,
    len: usize,
    /// Rows with NULL in the key, where those match none.
    left_out: Option<NullBuffer>,
}

/// So many rows are worth looking whether keys repeat, and the first so many of them tell. Debug builds look at few, so that tests do.
const REPEATING_MIN: usize = if cfg!(debug_assertions) { 4 } else { 1024 };
const SAMPLE: usize = if cfg!(debug_assertions) { 4 } else { 256 };

impl HashedKeys {
    /// The keys of `len` rows whose key columns are `key`. Rows with NULL in the key match none unless `nulls`. Cost: a hash a row.
    pub fn new(layout: &KeyLayout, key: &[ArrayRef], len: usize, nulls: bool) -> HashedKeys {
        let keys = layout.encode(key, len);
        let hashes = keys.hashes();
        let left_out = if nulls { None } else { keys::any_null(key) };
        HashedKeys { keys, hashes, numbers: None, len, left_out }
    }

    /// The same with each key once, if they repeat. Cost: a look at a small table a row, which pays where keys are looked up several times.
    pub fn distinct(self) -> HashedKeys {
        match distinct(&self.keys, &self.hashes) {
            None => self,
            Some((firsts, numbers)) => {
                let hashes = firsts.iter().map(|row| self.hashes[*row as usize]).collect();
                HashedKeys { keys: self.keys.take(&firsts), hashes, numbers: Some(numbers), ..self }
            }
        }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether several rows are known to share a key.
    pub fn repeat(&self) -> bool {
        self.numbers.is_some()
    }

    /// How many keys: as many as rows, unless they [repeat](HashedKeys::repeat).
    pub fn count(&self) -> usize {
        self.hashes.len()
    }

    /// The number of a row's key.
    #[inline]
    pub fn number(&self, row: usize) -> usize {
        match &self.numbers {
            Some(numbers) => numbers[row] as usize,
            None => row,
        }
    }

    /// The hash of a row's key.
    #[inline]
    pub fn hash(&self, row: usize) -> u64 {
        self.hashes[self.number(row)]
    }

    /// Whether two rows have the same key.
    #[inline]
    pub fn same(&self, a: usize, b: usize) -> bool {
        self.keys.same(self.number(a), self.number(b))
    }

    /// Whether a row has NULL in its key and matches none.
    #[inline]
    pub(super) fn matches_none(&self, row: usize) -> bool {
        self.left_out.as_ref().is_some_and(|n| n.is_null(row))
    }
}

/// The first row of each key, and the number of each row's key, where a key stands in two rows or more on average.
fn distinct(keys: &Keys, hashes: &[u64]) -> Option<(Vec<u32>, Vec<u32>)> {
    if keys.len() < REPEATING_MIN {
        return None;
    }
    match keys {
        Keys::Fixed(keys) => numbered(hashes, |a, b| keys[a] == keys[b]),
        Keys::Wide(keys) => numbered(hashes, |a, b| keys[a] == keys[b]),
        Keys::Bytes(keys) => numbered(hashes, |a, b| keys.get(a) == keys.get(b)),
    }
}

fn numbered(hashes: &[u64], same: impl Fn(usize, usize) -> bool) -> Option<(Vec<u32>, Vec<u32>)> {
    let mut index = Index::default();
    let mut firsts: Vec<u32> = Vec::new();
    let mut numbers = Vec::with_capacity(hashes.len());
    for block in hashes.chunks(SAMPLE) {
        index.reserve(SAMPLE);
        for &hash in block {
            let (row, number) = (numbers.len(), firsts.len() as u32);
            let found = index.find_or_insert(hash, number, |number| same(firsts[number as usize] as usize, row));
            if found.is_none() {
                firsts.push(row as u32);
            }
            numbers.push(found.unwrap_or(number));
        }
        if firsts.len() * 2 > numbers.len() {
            return None;
        }
    }
    Some((firsts, numbers))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::Int64Array;
    use arrow_schema::DataType;

    use super::*;

    #[test]
    fn repeating_keys_are_kept_once() {
        let hashed = |key: &dyn Fn(i64) -> i64| {
            let column: ArrayRef = Arc::new(Int64Array::from_iter_values((0..5_000).map(key)));
            HashedKeys::new(&KeyLayout::new(&[DataType::Int64]), &[column], 5_000, false).distinct()
        };
        let few = hashed(&|row| row / 7 % 50);
        assert_eq!((few.len(), few.count(), few.repeat()), (5_000, 50, true));
        assert!((0..5_000).all(|row| few.number(row) == few.number(row % 350)));
        let most = hashed(&|row| row / 2 * 2 + row % 2);
        assert_eq!((most.count(), most.repeat()), (5_000, false));
        assert_eq!(hashed(&|row| if row < 300 { 0 } else { row }).count(), 5_000);
    }
}
