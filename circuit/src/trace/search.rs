//! Looking rows up: by key, and by the whole row.

use arrow_array::ArrayRef;

use super::index::Index;
use super::{CHAIN_MAX, HashedKeys, NONE, Trace};
use crate::arrays::{Values, View, normal_f32, normal_f64, var};
use crate::batch::{Batch, Weight};
use crate::keys::{self, Keys};
use crate::picked::Picked;

/// Pairs of a probing row and a slot whose key is equal.
#[derive(Clone, Debug, Default)]
pub struct Matches {
    /// Rows of the probing batch.
    pub rows: Vec<u32>,
    /// Slots of the trace, or rows of another batch.
    pub slots: Vec<u32>,
}

impl Matches {
    /// Rows of two batches whose keys are equal: `rows` of the first, `slots` of the second, which is better the smaller one.
    /// Cost: a lookup a row, and the matches.
    pub fn between(probing: &HashedKeys, held: &HashedKeys) -> Matches {
        let mut index = Index::default();
        index.reserve(held.count());
        // The newest row of each key, by the number under which the key is entered; of each row the next older one of its key.
        let mut heads = vec![NONE; held.count()];
        let mut next = vec![NONE; held.len()];
        for row in (0..held.len()).filter(|row| !held.matches_none(*row)) {
            let number = held.number(row) as u32;
            let same = |other: u32| held.keys.same(other as usize, number as usize);
            let entered = index.find_or_insert(held.hashes[number as usize], number, same).unwrap_or(number);
            next[row] = std::mem::replace(&mut heads[entered as usize], row as u32);
        }
        let head = |number: usize| {
            let same = |other: u32| held.keys.equals(other as usize, &probing.keys, number);
            index.find(probing.hashes[number], same).map_or(NONE, |entered| heads[entered as usize])
        };
        let found: Vec<u32> = (0..probing.count()).map(head).collect();
        let mut matches = Matches::default();
        for row in (0..probing.len()).filter(|row| !probing.matches_none(*row)) {
            let mut slot = found[probing.number(row)];
            while slot != NONE {
                matches.rows.push(row as u32);
                matches.slots.push(slot);
                slot = next[slot as usize];
            }
        }
        matches
    }
}

impl Trace {
    /// Slots whose key equals that of rows of a probing batch, whose key columns are `key`: none for rows with NULL in
    /// the key, unless the trace holds such rows. Cost: a hash a row, and the matches.
    ///
    /// # Panics
    /// If a lazy trace has set rows aside: call [`Trace::prepare`] first.
    pub fn find(&self, key: &[ArrayRef], len: usize) -> Matches {
        self.find_hashed(&self.hash_keys(key, len))
    }

    /// The keys of `len` rows whose key columns are `key`, hashed as this trace looks them up.
    pub fn hash_keys(&self, key: &[ArrayRef], len: usize) -> HashedKeys {
        HashedKeys::new(&self.layout, key, len, self.nulls)
    }

    /// The keys that rows of this trace have, hashed; each once where they repeat and the trace is to look them up itself. Cost: a hash a row.
    pub fn hash(&self, rows: &Batch) -> HashedKeys {
        let key: Vec<ArrayRef> = self.key.iter().map(|&k| rows.column(k).clone()).collect();
        let hashed = self.hash_keys(&key, rows.len());
        if self.lazy { hashed } else { hashed.distinct() }
    }

    /// Whether rows with NULL in the key are held.
    pub fn holds_nulls(&self) -> bool {
        self.nulls
    }

    /// As [`Trace::find`], of keys that are hashed already.
    ///
    /// # Panics
    /// As [`Trace::find`].
    pub fn find_hashed(&self, probing: &HashedKeys) -> Matches {
        assert!(self.pending.is_empty(), "a lookup in a trace that is not prepared");
        let mut matches = Matches::default();
        if self.index.is_empty() {
            return matches;
        }
        let len = probing.len();
        matches.rows.reserve(len);
        matches.slots.reserve(len);
        let heads = self.keys.find_all(&self.index, &probing.keys, &probing.hashes, 0..probing.count());
        let rows = (0..len).filter(|row| !probing.matches_none(*row));
        if self.has_each_key_once() {
            for row in rows {
                let slot = heads[probing.number(row)];
                if slot != NONE {
                    matches.rows.push(row as u32);
                    matches.slots.push(slot);
                }
            }
            return matches;
        }
        if self.outgrows_cache() {
            std::hint::black_box(
                heads.iter().filter(|s| **s != NONE).fold(0, |all, s| all ^ self.links[*s as usize].next),
            );
        }
        for row in rows {
            let mut slot = heads[probing.number(row)];
            while slot != NONE {
                matches.rows.push(row as u32);
                matches.slots.push(slot);
                slot = self.links[slot as usize].next;
            }
        }
        matches
    }

    /// Whether no key has a second row.
    pub fn has_each_key_once(&self) -> bool {
        self.links.len() - self.free.len() == self.index.len()
    }

    /// Whether every row stands once.
    pub fn has_single_rows(&self) -> bool {
        self.others == 0
    }

    /// Columns `columns` of the rows at `slots`.
    pub fn gather(&self, columns: &[usize], slots: &[u32]) -> Vec<ArrayRef> {
        let mut keys = None;
        columns
            .iter()
            .map(|c| match self.rest.iter().position(|r| r == c) {
                Some(at) => self.columns[at].gather(slots),
                None => {
                    let keys = keys.get_or_insert_with(|| self.keys.gather(&self.layout, slots));
                    let at = self.key.iter().position(|k| k == c);
                    keys[at.unwrap_or_else(|| panic!("no column {c} in the trace"))].clone()
                }
            })
            .collect()
    }

    /// Adds column `column` of the rows at `slots` to `into`.
    pub fn pick(&self, column: usize, slots: &[u32], into: &mut Picked) {
        match self.rest.iter().position(|r| *r == column) {
            Some(at) => self.columns[at].pick(slots, into),
            None => {
                let all: Vec<u32> = (0..slots.len() as u32).collect();
                self.gather(&[column], slots).iter().for_each(|key| into.push(key, &all));
            }
        }
    }

    /// The weights of the rows at `slots`.
    pub fn weights(&self, slots: &[u32]) -> Vec<Weight> {
        slots.iter().map(|&s| self.links[s as usize].weight).collect()
    }

    /// The weight of the row at `slot`.
    #[inline]
    pub fn weight(&self, slot: u32) -> Weight {
        self.links[slot as usize].weight
    }

    /// How often each row of `batch` (all columns) is held, its own weight aside. Cost: a lookup a row.
    ///
    /// # Panics
    /// If a lazy trace has set rows aside: call [`Trace::prepare`] first.
    pub fn multiplicities(&mut self, batch: &Batch) -> Vec<Weight> {
        assert!(self.pending.is_empty(), "a lookup in a trace that is not prepared");
        if batch.is_empty() {
            return Vec::new();
        }
        let key: Vec<ArrayRef> = self.key.iter().map(|&k| batch.column(k).clone()).collect();
        let keys = self.layout.encode(&key, batch.len());
        let hashes = keys.hashes();
        let rest: Vec<View> = self.rest.iter().map(|&c| View::of(batch.column(c))).collect();
        let heads = self.keys.find_all(&self.index, &keys, &hashes, 0..batch.len());
        if self.outgrows_cache() {
            self.touch_slots(&heads);
        }
        let weights = heads.iter().enumerate();
        weights.map(|(row, head)| self.multiplicity(*head, &keys, hashes[row], &rest, row)).collect()
    }

    /// How often row `row` is held; `head` is the newest slot of its key.
    fn multiplicity(&mut self, head: u32, keys: &Keys, hash: u64, rest: &[View], row: usize) -> Weight {
        let mut slot = head;
        let (mut sum, mut seen) = (0, 0);
        while slot != NONE {
            if self.row_equals(slot, rest, row) {
                sum += self.links[slot as usize].weight;
            }
            slot = self.links[slot as usize].next;
            seen += 1;
            if seen == CHAIN_MAX && slot != NONE {
                if self.rows.is_none() {
                    self.rows = Some(self.index_rows());
                }
                let Some(rows) = &self.rows else { return sum };
                // Equal rows may stand in several slots: all of this hash are visited, none is chosen.
                let mut all = 0;
                rows.find(row_hash(hash, rest, row), |s| {
                    if self.keys.equals(s as usize, keys, row) && self.row_equals(s, rest, row) {
                        all += self.links[s as usize].weight;
                    }
                    false
                });
                return all;
            }
        }
        sum
    }
}

/// The hash of a whole row, from its key's hash and its other columns.
pub(super) fn row_hash(hash: u64, rest: &[View], row: usize) -> u64 {
    let mut all = hash;
    for view in rest {
        let word = if view.is_null(row) {
            u128::MAX
        } else {
            match view.values {
                Values::Bit(v) => u128::from(v.value(row)),
                Values::W2(v) => u128::from(v[row]),
                Values::W4(v) if view.float => u128::from(normal_f32(v[row])),
                Values::W4(v) => u128::from(v[row]),
                Values::W8(v) if view.float => u128::from(normal_f64(v[row])),
                Values::W8(v) => u128::from(v[row]),
                Values::W16(v) => u128::from_le_bytes(v[row]),
                Values::Var(offsets, data) => u128::from(keys::hash_bytes(var(offsets, data, row))),
            }
        };
        all = keys::hash_fixed(word ^ u128::from(all));
    }
    all
}
