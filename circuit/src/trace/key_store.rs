//! Encoded keys by slot.

use arrow_array::ArrayRef;

use super::NONE;
use super::arena::Arena;
use super::column::put;
use super::index::Index;
use crate::keys::{self, FixedKey, KeyLayout, Keys, Width};

/// The keys of slots. Slots are written in any order and used again when freed.
#[derive(Debug)]
pub enum KeyStore {
    /// Fixed width.
    Fixed(Vec<u128>),
    /// Fixed width, in two words.
    Wide(Vec<[u128; 2]>),
    /// Any width.
    Bytes(ByteStore),
}

/// Keys of any width in one arena.
#[derive(Debug, Default)]
pub struct ByteStore(Arena);

impl KeyStore {
    /// An empty store of such keys.
    pub fn new(layout: &KeyLayout) -> KeyStore {
        match layout.width() {
            Width::Fixed(_) => KeyStore::Fixed(Vec::new()),
            Width::Wide(_) => KeyStore::Wide(Vec::new()),
            Width::Bytes => KeyStore::Bytes(ByteStore::default()),
        }
    }

    /// How many slots there are, free ones included.
    pub fn len(&self) -> usize {
        match self {
            KeyStore::Fixed(keys) => keys.len(),
            KeyStore::Wide(keys) => keys.len(),
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
            KeyStore::Wide(keys) => keys.resize(len, [0; 2]),
            KeyStore::Bytes(keys) => keys.0.resize(len),
        }
    }

    /// Writes these keys of `keys` into `slots`: first into slots that are there, then into those that follow the last, in their order.
    pub(super) fn write(&mut self, slots: &[u32], keys: &Keys, numbers: impl ExactSizeIterator<Item = usize>) {
        match (self, keys) {
            (KeyStore::Fixed(to), Keys::Fixed(from)) => put(to, slots, numbers.map(|number| from[number])),
            (KeyStore::Wide(to), Keys::Wide(from)) => put(to, slots, numbers.map(|number| from[number])),
            (KeyStore::Bytes(to), Keys::Bytes(from)) => {
                to.0.reach(slots);
                slots.iter().zip(numbers).for_each(|(slot, number)| to.0.set(*slot as usize, from.get(number)));
            }
            _ => panic!("keys of another layout than the store's"),
        }
    }

    /// Writes key `row` of `keys` into `slot`.
    #[inline]
    pub fn set(&mut self, slot: usize, keys: &Keys, row: usize) {
        match (self, keys) {
            (KeyStore::Fixed(to), Keys::Fixed(from)) => to[slot] = from[row],
            (KeyStore::Wide(to), Keys::Wide(from)) => to[slot] = from[row],
            (KeyStore::Bytes(to), Keys::Bytes(from)) => to.0.set(slot, from.get(row)),
            _ => panic!("keys of another layout than the store's"),
        }
    }

    /// Whether `slot` holds key `row` of `keys`.
    #[inline]
    pub fn equals(&self, slot: usize, keys: &Keys, row: usize) -> bool {
        match (self, keys) {
            (KeyStore::Fixed(a), Keys::Fixed(b)) => a[slot] == b[row],
            (KeyStore::Wide(a), Keys::Wide(b)) => a[slot] == b[row],
            (KeyStore::Bytes(a), Keys::Bytes(b)) => a.0.get(slot) == b.get(row),
            _ => panic!("keys of another layout than the store's"),
        }
    }

    /// The hash of the key in `slot`, as [`Keys::hashes`] gives it.
    #[inline]
    pub fn hash(&self, slot: usize) -> u64 {
        match self {
            KeyStore::Fixed(keys) => keys[slot].hash(),
            KeyStore::Wide(keys) => keys[slot].hash(),
            KeyStore::Bytes(keys) => keys::hash_bytes(keys.0.get(slot)),
        }
    }

    /// For each of `rows` the slot in `index` that holds its key of `keys`, or `u32::MAX`. All entries are looked up before any key is
    /// compared: where the state is larger than the cache, the misses overlap.
    pub fn find_all(
        &self,
        index: &Index,
        keys: &Keys,
        hashes: &[u64],
        rows: impl Iterator<Item = usize> + Clone,
    ) -> Vec<u32> {
        let mut slots = index.candidates(rows.clone().map(|row| hashes[row]));
        fn compare(
            slots: &mut [u32],
            rows: impl Iterator<Item = usize>,
            index: &Index,
            hashes: &[u64],
            equal: impl Fn(usize, usize) -> bool,
        ) {
            for (slot, row) in slots.iter_mut().zip(rows) {
                if *slot != NONE && !equal(*slot as usize, row) {
                    *slot = index.find(hashes[row], |slot| equal(slot as usize, row)).unwrap_or(NONE);
                }
            }
        }
        match (self, keys) {
            (KeyStore::Wide(a), Keys::Wide(b)) => compare(&mut slots, rows, index, hashes, |s, r| a[s] == b[r]),
            (KeyStore::Fixed(a), Keys::Fixed(b)) => compare(&mut slots, rows, index, hashes, |s, r| a[s] == b[r]),
            (KeyStore::Bytes(a), Keys::Bytes(b)) => {
                compare(&mut slots, rows, index, hashes, |s, r| a.0.get(s) == b.get(r))
            }
            _ => panic!("keys of another layout than the store's"),
        }
        slots
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
            KeyStore::Wide(keys) => layout.decode_fixed(&slots.iter().map(|&s| keys[s as usize]).collect::<Vec<_>>()),
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
            KeyStore::Wide(keys) => keys.capacity() * 32,
            KeyStore::Bytes(keys) => keys.0.bytes(),
        }
    }
}
