//! Finds slots by the hash of what they hold.
//!
//! Open addressing in one array: an entry stands at or behind the place that the high bits of its hash name, with no gap between.
//!
//! ```text
//!   place    0      1      2      3      4      5      6      7
//!          ┌──────┬──────┬──────┬──────┬──────┬──────┬──────┬──────┐
//!          │ h=0… │ h=1… │ h=1… │      │ h=4… │ h=4… │      │ h=7… │     hash and slot, 8 bytes
//!          └──────┴──────┴──────┴──────┴──────┴──────┴──────┴──────┘
//! ```
//!
//! A lookup that misses the cache does so once. Entries are nearly in the order of their hashes, so that growing reads and writes
//! memory from one end to the other.

use super::NONE;

/// Finds slots by the hash of what they hold. Holds half the hash, so it grows without looking at the slots.
#[derive(Debug, Default)]
pub struct Index {
    entries: Vec<Entry>,
    len: usize,
    /// How far a hash is shifted to give its place.
    shift: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    slot: u32,
}

const EMPTY: Entry = Entry { hash: 0, slot: NONE };

/// Places that a processor's own cache holds, about.
const CACHED_PLACES: usize = 1 << 15;

/// An index has at least so many places.
const PLACES_MIN: usize = 8;

/// An index entry that is there: the slot, and how to point it elsewhere or remove it.
pub struct Found<'a> {
    index: &'a mut Index,
    place: usize,
}

impl Found<'_> {
    /// The slot.
    pub fn slot(&self) -> u32 {
        self.index.entries[self.place].slot
    }

    /// Points the entry at another slot of the same key.
    pub fn set(&mut self, slot: u32) {
        self.index.entries[self.place].slot = slot;
    }

    /// Removes the entry.
    pub fn remove(self) {
        self.index.remove(self.place);
    }
}

impl Index {
    /// Entries.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Makes room for `more` entries.
    pub fn reserve(&mut self, more: usize) {
        let needed = self.len + more;
        if needed * 4 > self.entries.len() * 3 {
            self.rebuild(needed);
        }
    }

    /// Moves the entries into an array that is at most three quarters full with `entries` of them.
    #[cold]
    fn rebuild(&mut self, entries: usize) {
        let places = (entries * 4).div_ceil(3).next_power_of_two().max(PLACES_MIN);
        assert!(places <= 1 << 32, "an index of more than 2^32 places");
        self.shift = 32 - places.trailing_zeros();
        let former = std::mem::replace(&mut self.entries, vec![EMPTY; places]);
        for entry in former.into_iter().filter(|e| e.slot != NONE) {
            let mut place = self.place(entry.hash);
            while self.entries[place].slot != NONE {
                place = self.after(place);
            }
            self.entries[place] = entry;
        }
    }

    #[inline]
    fn place(&self, hash: u32) -> usize {
        (u64::from(hash) >> self.shift) as usize
    }

    #[inline]
    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.entries.len() - 1)
    }

    /// Where the entry of this hash is for which `same` holds; else the empty place at which it would stand.
    #[inline]
    fn probe(&self, hash: u32, mut same: impl FnMut(u32) -> bool) -> Result<usize, usize> {
        let mut place = self.place(hash);
        loop {
            let entry = self.entries[place];
            if entry.slot == NONE {
                return Err(place);
            }
            if entry.hash == hash && same(entry.slot) {
                return Ok(place);
            }
            place = self.after(place);
        }
    }

    /// The slot of this hash for which `same` holds.
    #[inline]
    pub fn find(&self, hash: u64, same: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.entries.is_empty() {
            return None;
        }
        self.probe(hash as u32, same).ok().map(|place| self.entries[place].slot)
    }

    /// For each hash the slot of an entry of that hash, or `u32::MAX`: most likely the one looked for, if it is there.
    pub fn candidates(&self, hashes: impl Iterator<Item = u64> + Clone) -> Vec<u32> {
        if self.entries.is_empty() {
            return hashes.map(|_| NONE).collect();
        }
        self.touch(hashes.clone());
        let candidate = |hash| match self.probe(hash as u32, |_| true) {
            Ok(place) => self.entries[place].slot,
            Err(_) => NONE,
        };
        hashes.map(candidate).collect()
    }

    /// Looks at where these hashes stand, so that it is in the cache: without a branch that waits for it, many misses are under way at a time.
    pub fn touch(&self, hashes: impl Iterator<Item = u64>) {
        if self.entries.len() > CACHED_PLACES {
            let touched = hashes.fold(0, |all, hash| all ^ self.entries[self.place(hash as u32)].slot);
            std::hint::black_box(touched);
        }
    }

    /// The entry of this hash for which `same` holds.
    #[inline]
    pub fn find_entry(&mut self, hash: u64, same: impl FnMut(u32) -> bool) -> Option<Found<'_>> {
        if self.entries.is_empty() {
            return None;
        }
        self.probe(hash as u32, same).ok().map(|place| Found { index: self, place })
    }

    /// The slot of this hash for which `same` holds; where there is none, `slot` is entered and None returned.
    #[inline]
    pub fn find_or_insert(&mut self, hash: u64, slot: u32, same: impl FnMut(u32) -> bool) -> Option<u32> {
        self.reserve(1);
        match self.probe(hash as u32, same) {
            Ok(place) => Some(self.entries[place].slot),
            Err(place) => {
                self.enter(place, hash as u32, slot);
                None
            }
        }
    }

    /// Points the entry of this hash for which `same` holds at `slot` and returns where it pointed; enters it where there is none.
    #[inline]
    pub fn replace(&mut self, hash: u64, slot: u32, same: impl FnMut(u32) -> bool) -> Option<u32> {
        self.reserve(1);
        match self.probe(hash as u32, same) {
            Ok(place) => Some(std::mem::replace(&mut self.entries[place].slot, slot)),
            Err(place) => {
                self.enter(place, hash as u32, slot);
                None
            }
        }
    }

    /// Enters a slot without looking for an equal one.
    pub fn insert_unique(&mut self, hash: u64, slot: u32) {
        self.reserve(1);
        let (Ok(place) | Err(place)) = self.probe(hash as u32, |_| false);
        self.enter(place, hash as u32, slot);
    }

    #[inline]
    fn enter(&mut self, place: usize, hash: u32, slot: u32) {
        debug_assert!(slot != NONE, "the slot that says there is none");
        self.entries[place] = Entry { hash, slot };
        self.len += 1;
    }

    /// Empties a place, and closes the gap: later entries that may stand there, or further to the front, move up.
    fn remove(&mut self, mut gap: usize) {
        let mask = self.entries.len() - 1;
        let mut place = gap;
        loop {
            place = self.after(place);
            let entry = self.entries[place];
            if entry.slot == NONE {
                break;
            }
            let behind = place.wrapping_sub(self.place(entry.hash)) & mask;
            if behind >= place.wrapping_sub(gap) & mask {
                self.entries[gap] = entry;
                gap = place;
            }
        }
        self.entries[gap] = EMPTY;
        self.len -= 1;
    }

    /// Gives back memory that a smaller index does not need.
    pub fn shrink(&mut self) {
        if self.entries.len() > 8 * self.len.max(PLACES_MIN) {
            self.rebuild(2 * self.len);
        }
    }

    /// Bytes allocated.
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Few hashes, at both ends of the array, so that runs are long and wrap around.
    fn hash(key: u32) -> u64 {
        u64::from([0, 1, u32::MAX, u32::MAX - 1, 1 << 31][key as usize % 5] ^ (key / 10) << 20)
    }

    proptest! {
        /// Against a plain list of entries: any sequence of entering, moving, removing and shrinking.
        #[test]
        fn an_index_is_a_map(commands in prop::collection::vec((0u32..60, 0u32..6), 1..400)) {
            let mut index = Index::default();
            // Slot s holds key s % 60: the slot tells the key.
            let mut known = std::collections::HashMap::<u32, u32>::new();
            for (at, (key, command)) in commands.into_iter().enumerate() {
                let same = |slot: u32| slot % 60 == key;
                let slot = key + 60 * at as u32;
                match command {
                    0 | 1 => {
                        prop_assert_eq!(index.replace(hash(key), slot, same), known.insert(key, slot));
                    }
                    2 => {
                        prop_assert_eq!(index.find_or_insert(hash(key), slot, same), known.get(&key).copied());
                        known.entry(key).or_insert(slot);
                    }
                    3 => {
                        let found = index.find_entry(hash(key), same);
                        prop_assert_eq!(found.as_ref().map(Found::slot), known.remove(&key));
                        if let Some(found) = found {
                            found.remove();
                        }
                    }
                    4 => {
                        if let Some(mut found) = index.find_entry(hash(key), same) {
                            found.set(slot);
                            known.insert(key, slot);
                        }
                    }
                    _ => index.shrink(),
                }
                prop_assert_eq!(index.len(), known.len());
                for key in 0..60 {
                    prop_assert_eq!(index.find(hash(key), |slot| slot % 60 == key), known.get(&key).copied());
                }
            }
        }
    }

    #[test]
    fn memory_follows_entries() {
        let mut index = Index::default();
        (0..100_000u64).for_each(|i| index.insert_unique(crate::keys::hash_fixed(i.into()), i as u32));
        let full = index.bytes();
        for i in 0..99_000u64 {
            let found = index.find_entry(crate::keys::hash_fixed(i.into()), |slot| slot == i as u32);
            found.unwrap_or_else(|| panic!("entry {i}")).remove();
            index.shrink();
        }
        assert_eq!(index.len(), 1_000);
        assert!(index.bytes() * 20 < full, "{} of {full} bytes for a hundredth of the entries", index.bytes());
        assert!(
            (99_000..100_000u64).all(|i| index.find(crate::keys::hash_fixed(i.into()), |s| s == i as u32).is_some())
        );
    }
}
