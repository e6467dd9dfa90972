//! Values in order, with how often each stands: what MIN and MAX remember of a group.
//!
//! ```text
//!   +v ─→ recent: as they come, the least and the greatest noted      settled when they are many, or a value is retracted:
//!   −v ─→ sorted: every value once                                    sorted among themselves, then merged into `sorted`
//! ```
//!
//! Putting a value in its place among hundreds costs a search and a move; most values are never looked at again.

use std::mem;

use deltaq_circuit::Weight;

use crate::list::List;

/// From so many values on, what is added waits.
const SORTED_MIN: usize = 16;

/// At least and at most so many wait; in between, twice as many as there are in order.
const RECENT_MIN: usize = 256;
const RECENT_MAX: usize = 4096;

/// Of a vector that was emptied, so many places are kept.
const KEPT_PLACES: usize = 64;

/// Values in order, with how often each stands.
pub(super) struct Multiset<K> {
    sorted: List<(K, Weight)>,
    recent: Option<Box<Recent<K>>>,
}

struct Recent<K> {
    /// Insertions, in no order. None while a value is owed.
    entries: Vec<(K, Weight)>,
    /// Places of the least and the greatest.
    least: usize,
    most: usize,
    /// Values of `sorted` that stand less than zero times: retracted before they came.
    owed: usize,
}

impl<K> Default for Multiset<K> {
    fn default() -> Multiset<K> {
        Multiset { sorted: List::default(), recent: None }
    }
}

impl<K> Default for Recent<K> {
    fn default() -> Recent<K> {
        Recent { entries: Vec::new(), least: 0, most: 0, owed: 0 }
    }
}

impl<K: Ord> Recent<K> {
    fn push(&mut self, key: K, weight: Weight) {
        let place = self.entries.len();
        self.entries.push((key, weight));
        let key = &self.entries[place].0;
        if place == 0 || *key < self.entries[self.least].0 {
            self.least = place;
        }
        if place == 0 || *key > self.entries[self.most].0 {
            self.most = place;
        }
    }
}

impl<K: Ord + Clone> Multiset<K> {
    /// Adds `weight` copies. `size`: the bytes that a key takes elsewhere; returns by how many what is kept there grows.
    ///
    /// Cost: amortised O(log n) comparisons; an insertion among many values mostly two.
    #[inline]
    pub(super) fn add(&mut self, key: K, weight: Weight, size: impl Fn(&K) -> usize) -> isize {
        if weight > 0 && self.sorted.len() >= SORTED_MIN {
            let recent = self.recent.get_or_insert_default();
            if recent.owed == 0 {
                let grows = size(&key) as isize;
                recent.push(key, weight);
                let max = (2 * self.sorted.len()).clamp(RECENT_MIN, RECENT_MAX);
                return if recent.entries.len() < max { grows } else { grows + self.settle(size) };
            }
        }
        self.settle(&size) + self.put(key, weight, &size)
    }

    /// Adds to the values in order.
    fn put(&mut self, key: K, weight: Weight, size: impl Fn(&K) -> usize) -> isize {
        let bytes = size(&key) as isize;
        let (was, is, grows) = match self.sorted.search(|(held, _)| held.cmp(&key)) {
            Ok(place) => {
                let stands = &mut self.sorted.get_mut(place).1;
                let was = *stands;
                *stands += weight;
                let is = *stands;
                if is == 0 {
                    self.sorted.remove_at(place);
                    self.slim();
                }
                (was, is, if is == 0 { -bytes } else { 0 })
            }
            Err(_) if weight == 0 => (0, 0, 0),
            Err(place) => {
                self.sorted.insert_at(place, (key, weight));
                (0, weight, bytes)
            }
        };
        match (was < 0, is < 0) {
            (false, true) => self.recent.get_or_insert_default().owed += 1,
            (true, false) => {
                if let Some(recent) = &mut self.recent {
                    recent.owed -= 1;
                }
                self.slim();
            }
            _ => {}
        }
        grows
    }

    /// Puts recent values in order; returns by how many bytes keys grow.
    fn settle(&mut self, size: impl Fn(&K) -> usize) -> isize {
        let Some(recent) = self.recent.as_mut().filter(|recent| !recent.entries.is_empty()) else { return 0 };
        let mut entries = mem::take(&mut recent.entries);
        let mut grows = merge_equal(&mut entries, &size);
        if entries.len() * 8 < self.sorted.len() {
            for (key, weight) in entries.drain(..) {
                grows -= size(&key) as isize;
                grows += self.put(key, weight, &size);
            }
            if let Some(recent) = self.recent.as_mut().filter(|_| entries.capacity() <= KEPT_PLACES) {
                recent.entries = entries;
            }
        } else {
            let sorted = mem::take(&mut self.sorted);
            let mut both = Vec::with_capacity(sorted.len() + entries.len());
            let mut others = entries.into_iter().peekable();
            for (key, mut weight) in sorted.into_entries() {
                while let Some(before) = others.next_if(|(other, _)| *other < key) {
                    both.push(before);
                }
                if let Some((same, more)) = others.next_if(|(other, _)| *other == key) {
                    weight += more;
                    grows -= size(&same) as isize;
                }
                both.push((key, weight));
            }
            both.extend(others);
            self.sorted = List::of_sorted(both);
        }
        self.slim();
        grows
    }

    /// Lets go of what only larger sets need.
    fn slim(&mut self) {
        let idle = |recent: &Recent<K>| recent.owed == 0 && recent.entries.is_empty();
        if self.sorted.len() < SORTED_MIN && self.recent.as_deref().is_some_and(idle) {
            self.recent = None;
        }
    }

    fn recent(&self) -> Option<&Recent<K>> {
        self.recent.as_deref().filter(|recent| !recent.entries.is_empty())
    }

    /// The least value that stands.
    pub(super) fn min(&self) -> Option<&K> {
        let sorted = self.sorted.iter().find(|(_, weight)| *weight > 0).map(|(key, _)| key);
        let recent = self.recent().map(|recent| &recent.entries[recent.least].0);
        sorted.into_iter().chain(recent).min()
    }

    /// The greatest value that stands.
    pub(super) fn max(&self) -> Option<&K> {
        let sorted = self.sorted.iter().rev().find(|(_, weight)| *weight > 0).map(|(key, _)| key);
        let recent = self.recent().map(|recent| &recent.entries[recent.most].0);
        sorted.into_iter().chain(recent).max()
    }

    /// All values in order, each once, with how often it stands.
    pub(super) fn entries(&self) -> Vec<(K, Weight)> {
        let recent = self.recent().map_or(&[][..], |recent| &recent.entries);
        let mut entries: Vec<(K, Weight)> = self.sorted.iter().chain(recent).cloned().collect();
        merge_equal(&mut entries, |_| 0);
        entries
    }

    /// Bytes allocated, but for those of keys.
    pub(super) fn bytes(&self) -> usize {
        let recent = self.recent.as_ref();
        let recent = recent.map_or(0, |r| size_of::<Recent<K>>() + r.entries.capacity() * size_of::<(K, Weight)>());
        self.sorted.bytes() + recent
    }

    /// Bytes of keys.
    pub(super) fn key_bytes(&self, size: impl Fn(&K) -> usize) -> usize {
        let recent = self.recent().map_or(&[][..], |recent| &recent.entries);
        self.sorted.iter().chain(recent).map(|(key, _)| size(key)).sum()
    }
}

/// Sorts entries and adds up those of equal keys; returns by how many bytes keys grow.
fn merge_equal<K: Ord>(entries: &mut Vec<(K, Weight)>, size: impl Fn(&K) -> usize) -> isize {
    entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let mut grows = 0;
    entries.dedup_by(|(later, more), (first, weight)| {
        let same = later == first;
        if same {
            *weight += *more;
            grows -= size(later) as isize;
        }
        same
    });
    grows
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn size(key: &u64) -> usize {
        (*key % 7) as usize
    }

    proptest! {
        #[test]
        fn a_multiset_counts(
            // Phases of insertions alone, and of changes of both kinds.
            phases in prop::collection::vec((1..2000u64, prop::collection::vec((0..u64::MAX, -1..4i64), 0..700), any::<bool>()), 1..8),
        ) {
            let mut set = Multiset::default();
            let mut known: BTreeMap<u64, Weight> = BTreeMap::new();
            let mut bytes = 0;
            for (keys, changes, inserts) in phases {
                for (number, (key, weight)) in changes.into_iter().enumerate() {
                    let (key, weight) = (key % keys, if inserts { weight.abs() } else { weight });
                    bytes += set.add(key, weight, size);
                    let stands = known.entry(key).or_default();
                    *stands += weight;
                    if *stands == 0 {
                        known.remove(&key);
                    }
                    if number % 5 == 0 {
                        let standing = || known.iter().filter(|(_, weight)| **weight > 0).map(|(key, _)| key);
                        prop_assert_eq!(set.min(), standing().min());
                        prop_assert_eq!(set.max(), standing().max());
                    }
                }
                prop_assert_eq!(set.entries(), known.clone().into_iter().collect::<Vec<_>>());
                prop_assert_eq!(set.key_bytes(size) as isize, bytes);
            }
            for (key, weight) in known {
                bytes += set.add(key, -weight, size);
            }
            prop_assert_eq!((set.min(), set.entries().len(), bytes), (None, 0, 0));
            prop_assert!(set.recent.is_none());
        }
    }

    #[test]
    fn few_values_stay_few() {
        let mut set = Multiset::default();
        for value in 0..100_000u64 {
            set.add(value % 100, 1, |_| 0);
        }
        assert!(set.bytes() < 20 << 10, "{}", set.bytes());
        assert_eq!((set.min(), set.max(), set.entries().len()), (Some(&0), Some(&99), 100));
    }
}
