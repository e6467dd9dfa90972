//! Values with how often each stands, for their extremes: what MIN and MAX remember of a group.
//!
//! ```text
//!   few:   copies, in no order; the places of the least and the greatest
//!   many:  +v ─→ recent: copies as they come, the same places      settled when they are many, or a value is retracted:
//!          −v ─→ sorted: every value once, with its weight         sorted among themselves, then merged into `sorted`
//! ```
//!
//! Putting a value in its place among others costs a search that nobody can foresee, and a move; most values are never looked at again.

use std::mem;

use deltaq_circuit::Weight;

use crate::list::List;

/// Up to so many copies are few; up to half as many are few again.
const FEW_MAX: usize = 32;

/// With so many values in order, what is added waits.
const SORTED_MIN: usize = 16;

/// At least and at most so many wait; in between, twice as many as there are in order.
const RECENT_MIN: usize = 256;
const RECENT_MAX: usize = 4096;

/// Of a vector that was emptied, so many places are kept.
const KEPT_PLACES: usize = 64;

/// Values with how often each stands.
pub(super) enum Multiset<K> {
    Few(Copies<K>),
    Many(Box<Many<K>>),
}

/// Values in no order, one for each time it stands.
pub(super) struct Copies<K> {
    keys: Vec<K>,
    /// Places of the least and the greatest.
    least: u32,
    most: u32,
}

pub(super) struct Many<K> {
    sorted: List<(K, Weight)>,
    /// Insertions. None while a value is owed.
    recent: Copies<K>,
    /// Values of `sorted` that stand less than zero times: retracted before they came.
    owed: usize,
}

impl<K> Default for Multiset<K> {
    fn default() -> Multiset<K> {
        Multiset::Few(Copies::default())
    }
}

impl<K> Default for Copies<K> {
    fn default() -> Copies<K> {
        Copies { keys: Vec::new(), least: 0, most: 0 }
    }
}

impl<K: Ord> Copies<K> {
    #[inline]
    fn push(&mut self, key: K) {
        let place = self.keys.len();
        if place == self.keys.capacity() {
            // Most groups of a large table hold few: room is made as it is needed.
            self.keys.reserve_exact(place.max(2));
        }
        if place > 0 {
            if key < self.keys[self.least as usize] {
                self.least = place as u32;
            }
            if key > self.keys[self.most as usize] {
                self.most = place as u32;
            }
        }
        self.keys.push(key);
    }

    /// Where a copy of `key` is, if there is one. Cost: O(n).
    fn place(&self, key: &K) -> Option<usize> {
        self.keys.iter().position(|held| held == key)
    }

    /// Takes the copy at a place away. Cost: O(n).
    fn remove(&mut self, place: usize) {
        self.keys.swap_remove(place);
        if self.keys.capacity() > 4 && self.keys.len() <= self.keys.capacity() / 4 {
            self.keys.shrink_to(self.keys.len() * 2);
        }
        let extreme = |of: fn(&K, &K) -> bool, keys: &[K]| {
            (1..keys.len()).fold(0, |best, at| if of(&keys[at], &keys[best]) { at } else { best }) as u32
        };
        self.least = extreme(|a, b| a < b, &self.keys);
        self.most = extreme(|a, b| a > b, &self.keys);
    }

    /// All of them, in order, each once.
    fn take_sorted(&mut self, size: impl Fn(&K) -> usize) -> (Vec<(K, Weight)>, isize) {
        (self.least, self.most) = (0, 0);
        let mut entries: Vec<(K, Weight)> = self.keys.drain(..).map(|key| (key, 1)).collect();
        let grows = merge_equal(&mut entries, size);
        (entries, grows)
    }

    fn min(&self) -> Option<&K> {
        self.keys.get(self.least as usize)
    }

    fn max(&self) -> Option<&K> {
        self.keys.get(self.most as usize)
    }

    fn bytes(&self) -> usize {
        self.keys.capacity() * size_of::<K>()
    }
}

impl<K: Ord + Clone> Multiset<K> {
    /// Adds `weight` copies. `size`: the bytes that a key takes elsewhere; returns by how many what is kept there grows.
    ///
    /// Cost: amortised O(log n) comparisons; an insertion mostly two.
    #[inline]
    pub(super) fn add(&mut self, key: K, weight: Weight, size: impl Fn(&K) -> usize) -> isize {
        match self {
            Multiset::Few(few) if weight == 1 && few.keys.len() < FEW_MAX => {
                let grows = size(&key) as isize;
                few.push(key);
                grows
            }
            Multiset::Few(few)
                if weight == -1
                    && let Some(place) = few.place(&key) =>
            {
                few.remove(place);
                -(size(&key) as isize)
            }
            Multiset::Few(few) => {
                let (entries, grows) = few.take_sorted(&size);
                let mut many = Many { sorted: List::of_sorted(entries), recent: Copies::default(), owed: 0 };
                let grows = grows + many.add(key, weight, &size);
                *self = Multiset::Many(Box::new(many));
                grows + self.slim(&size)
            }
            Multiset::Many(many) if weight > 0 && many.owed == 0 => many.add(key, weight, size),
            Multiset::Many(many) => many.add(key, weight, &size) + self.slim(&size),
        }
    }

    /// Few again, if they are; returns by how many bytes keys grow.
    fn slim(&mut self, size: impl Fn(&K) -> usize) -> isize {
        let Multiset::Many(many) = self else { return 0 };
        if many.sorted.len() > FEW_MAX / 2 || many.owed > 0 || !many.recent.keys.is_empty() {
            return 0;
        }
        let copies = many.sorted.iter().fold(0, |sum: Weight, (_, weight)| sum.saturating_add(*weight));
        if copies > FEW_MAX as Weight / 2 {
            return 0;
        }
        let (mut few, mut grows) = (Copies::default(), 0);
        for (key, weight) in mem::take(&mut many.sorted).into_entries() {
            grows += (weight as isize - 1) * size(&key) as isize;
            (1..weight).for_each(|_| few.push(key.clone()));
            few.push(key);
        }
        *self = Multiset::Few(few);
        grows
    }

    /// The least value that stands.
    pub(super) fn min(&self) -> Option<&K> {
        match self {
            Multiset::Few(few) => few.min(),
            Multiset::Many(many) => many.standing().next().into_iter().chain(many.recent.min()).min(),
        }
    }

    /// The greatest value that stands.
    pub(super) fn max(&self) -> Option<&K> {
        match self {
            Multiset::Few(few) => few.max(),
            Multiset::Many(many) => many.standing().next_back().into_iter().chain(many.recent.max()).max(),
        }
    }

    /// All values in order, each once, with how often it stands.
    pub(super) fn entries(&self) -> Vec<(K, Weight)> {
        let (sorted, copies) = match self {
            Multiset::Few(few) => (None, few),
            Multiset::Many(many) => (Some(&many.sorted), &many.recent),
        };
        let copies = copies.keys.iter().map(|key| (key.clone(), 1));
        let mut entries: Vec<(K, Weight)> = sorted.into_iter().flat_map(List::iter).cloned().chain(copies).collect();
        merge_equal(&mut entries, |_| 0);
        entries
    }

    /// Bytes allocated, but for those of keys.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Multiset::Few(few) => few.bytes(),
            Multiset::Many(many) => size_of::<Many<K>>() + many.sorted.bytes() + many.recent.bytes(),
        }
    }

    /// Bytes of keys.
    pub(super) fn key_bytes(&self, size: impl Fn(&K) -> usize) -> usize {
        match self {
            Multiset::Few(few) => few.keys.iter().map(size).sum(),
            Multiset::Many(many) => {
                let sorted: usize = many.sorted.iter().map(|(key, _)| size(key)).sum();
                sorted + many.recent.keys.iter().map(size).sum::<usize>()
            }
        }
    }
}

impl<K: Ord + Clone> Many<K> {
    fn add(&mut self, key: K, weight: Weight, size: impl Fn(&K) -> usize) -> isize {
        if weight == 1 && self.owed == 0 && self.sorted.len() >= SORTED_MIN {
            let grows = size(&key) as isize;
            self.recent.push(key);
            let max = (2 * self.sorted.len()).clamp(RECENT_MIN, RECENT_MAX);
            return if self.recent.keys.len() < max { grows } else { grows + self.settle(size) };
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
                }
                (was, is, if is == 0 { -bytes } else { 0 })
            }
            Err(_) if weight == 0 => (0, 0, 0),
            Err(place) => {
                self.sorted.insert_at(place, (key, weight));
                (0, weight, bytes)
            }
        };
        self.owed = self.owed + usize::from(is < 0) - usize::from(was < 0);
        grows
    }

    /// Puts recent values in order; returns by how many bytes keys grow.
    fn settle(&mut self, size: impl Fn(&K) -> usize) -> isize {
        if self.recent.keys.is_empty() {
            return 0;
        }
        let (entries, mut grows) = self.recent.take_sorted(&size);
        if entries.len() * 8 < self.sorted.len() {
            for (key, weight) in entries {
                grows -= size(&key) as isize;
                grows += self.put(key, weight, &size);
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
        if self.recent.keys.capacity() > KEPT_PLACES {
            self.recent.keys = Vec::new();
        }
        grows
    }

    /// The values in order that stand.
    fn standing(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.sorted.iter().filter(|(_, weight)| *weight > 0).map(|(key, _)| key)
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
            prop_assert!(matches!(&set, Multiset::Few(few) if few.keys.is_empty()));
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
