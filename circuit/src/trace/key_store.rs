//! Encoded keys by slot, and the hash index that finds them.

use arrow_array::ArrayRef;
use hashbrown::HashTable;
use hashbrown::hash_table::{Entry, OccupiedEntry};

use super::column::Arena;
use crate::keys::{self, KeyLayout, Keys};

/// The keys of slots. Slots are written in any order and used again when freed.
#[derive(Debug)]
pub enum KeyStore {
    /// Fixed width.
    Fixed(Vec<u128>),
    /// Any width.
    Bytes(ByteStore),
}

/// Keys of any width in one arena.
#[derive(Debug, Default)]
pub struct ByteStore(Arena);

impl KeyStore {
    /// An empty store of such keys.
    pub fn new(layout: &KeyLayout) -> KeyStore {
        if layout.is_fixed() { KeyStore::Fixed(Vec::new()) } else { KeyStore::Bytes(ByteStore::default()) }
    }

    /// How many slots there are, free ones included.
    pub fn len(&self) -> usize {
        match self {
            KeyStore::Fixed(keys) => keys.len(),
            KeyStore::Bytes(keys) => keys.0.len(),
        }
    }

    /// Whether there is no slot.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Makes room for slots `0 .. len`.
    pub fn resize(&mut self, len: usize) {
        match self {
            KeyStore::Fixed(keys) => keys.resize(len, 0),
            KeyStore::Bytes(keys) => keys.0.resize(len),
        }
    }

    /// Writes key `row` of `keys` into `slot`.
    #[inline]
    pub fn set(&mut self, slot: usize, keys: &Keys, row: usize) {
        match (self, keys) {
            (KeyStore::Fixed(to), Keys::Fixed(from)) => to[slot] = from[row],
            (KeyStore::Bytes(to), Keys::Bytes(from)) => to.0.set(slot, from.get(row)),
            _ => panic!("keys of another layout than the store's"),
        }
    }

    /// Whether `slot` holds key `row` of `keys`.
    #[inline]
    pub fn equals(&self, slot: usize, keys: &Keys, row: usize) -> bool {
        match (self, keys) {
            (KeyStore::Fixed(a), Keys::Fixed(b)) => a[slot] == b[row],
            (KeyStore::Bytes(a), Keys::Bytes(b)) => a.0.get(slot) == b.get(row),
            _ => panic!("keys of another layout than the store's"),
        }
    }

    /// The hash of the key in `slot`, as [`Keys::hashes`] gives it.
    #[inline]
    pub fn hash(&self, slot: usize) -> u64 {
        match self {
            KeyStore::Fixed(keys) => keys::hash_fixed(keys[slot]),
            KeyStore::Bytes(keys) => keys::hash_bytes(keys.0.get(slot)),
        }
    }

    /// Notes that a slot is free.
    pub fn free(&mut self, slot: usize) {
        if let KeyStore::Bytes(keys) = self {
            keys.0.free(slot);
        }
    }

    /// Gives back the bytes of freed slots where they outweigh the live ones.
    pub fn reclaim(&mut self) {
        if let KeyStore::Bytes(keys) = self {
            keys.0.reclaim();
        }
    }

    /// The key columns at `slots`.
    pub fn gather(&self, layout: &KeyLayout, slots: &[u32]) -> Vec<ArrayRef> {
        match self {
            KeyStore::Fixed(keys) => layout.decode_fixed(&slots.iter().map(|&s| keys[s as usize]).collect::<Vec<_>>()),
            KeyStore::Bytes(keys) => {
                layout.decode_bytes(&slots.iter().map(|&s| keys.0.get(s as usize)).collect::<Vec<_>>())
            }
        }
    }

    /// Bytes allocated.
    pub fn bytes(&self) -> usize {
        match self {
            KeyStore::Fixed(keys) => keys.capacity() * 16,
            KeyStore::Bytes(keys) => keys.0.bytes(),
        }
    }
}

/// Finds slots by the hash of what they hold. Holds half the hash, so it grows without looking at the slots.
#[derive(Debug, Default)]
pub struct Index {
    table: HashTable<(u32, u32)>,
}

#[inline]
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// An index entry that is there: the slot, and how to point it elsewhere or remove it.
pub struct Found<'a>(OccupiedEntry<'a, (u32, u32)>);

impl Found<'_> {
    /// The slot.
    pub fn slot(&self) -> u32 {
        self.0.get().1
    }

    /// Points the entry at another slot of the same key.
    pub fn set(&mut self, slot: u32) {
        self.0.get_mut().1 = slot;
    }

    /// Removes the entry.
    pub fn remove(self) {
        self.0.remove();
    }
}

impl Index {
    /// Entries.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Makes room for `more` entries.
    pub fn reserve(&mut self, more: usize) {
        self.table.reserve(more, |(hash, _)| spread(*hash));
    }

    /// The slot of this hash for which `same` holds.
    #[inline]
    pub fn find(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        let half = hash as u32;
        self.table.find(spread(half), |&(h, slot)| h == half && same(slot)).map(|&(_, slot)| slot)
    }

    /// The entry of this hash for which `same` holds.
    #[inline]
    pub fn find_entry(&mut self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<Found<'_>> {
        let half = hash as u32;
        self.table.find_entry(spread(half), |&(h, slot)| h == half && same(slot)).ok().map(Found)
    }

    /// The slot of this hash for which `same` holds; where there is none, `slot` is entered and None returned.
    #[inline]
    pub fn find_or_insert(&mut self, hash: u64, slot: u32, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        let half = hash as u32;
        match self.table.entry(spread(half), |&(h, s)| h == half && same(s), |(h, _)| spread(*h)) {
            Entry::Occupied(entry) => Some(entry.get().1),
            Entry::Vacant(entry) => {
                entry.insert((half, slot));
                None
            }
        }
    }

    /// Points the entry of this hash for which `same` holds at `slot` and returns where it pointed; enters it where there is none.
    #[inline]
    pub fn replace(&mut self, hash: u64, slot: u32, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        let half = hash as u32;
        match self.table.entry(spread(half), |&(h, s)| h == half && same(s), |(h, _)| spread(*h)) {
            Entry::Occupied(mut entry) => Some(std::mem::replace(&mut entry.get_mut().1, slot)),
            Entry::Vacant(entry) => {
                entry.insert((half, slot));
                None
            }
        }
    }

    /// Enters a slot without looking for an equal one.
    pub fn insert_unique(&mut self, hash: u64, slot: u32) {
        let half = hash as u32;
        self.table.insert_unique(spread(half), (half, slot), |(h, _)| spread(*h));
    }

    /// Gives back memory that a smaller index does not need.
    pub fn shrink(&mut self) {
        if self.table.capacity() > 4 * self.table.len().max(8) {
            self.table.shrink_to(2 * self.table.len(), |(hash, _)| spread(*hash));
        }
    }

    /// Bytes allocated.
    pub fn bytes(&self) -> usize {
        self.table.allocation_size()
    }
}
