//! Keys of fixed width: values side by side in one or two words of 128 bits.

use std::fmt::Debug;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_schema::DataType;

use super::{MULTIPLE, SEED, fold};
use crate::arrays::{self, Values, View, normal_f32, normal_f64};

/// A key of one or more words.
pub trait FixedKey: Copy + Default + Eq + Debug + Send + Sync + 'static {
    /// How many words.
    const WORDS: usize;

    /// Word `word`.
    fn word(&self, word: usize) -> u128;

    /// Word `word`, to be changed.
    fn word_mut(&mut self, word: usize) -> &mut u128;

    /// Its hash.
    fn hash(&self) -> u64;
}

impl FixedKey for u128 {
    const WORDS: usize = 1;

    #[inline]
    fn word(&self, _word: usize) -> u128 {
        *self
    }

    #[inline]
    fn word_mut(&mut self, _word: usize) -> &mut u128 {
        self
    }

    #[inline]
    fn hash(&self) -> u64 {
        hash_fixed(*self)
    }
}

impl FixedKey for [u128; 2] {
    const WORDS: usize = 2;

    #[inline]
    fn word(&self, word: usize) -> u128 {
        self[word]
    }

    #[inline]
    fn word_mut(&mut self, word: usize) -> &mut u128 {
        &mut self[word]
    }

    #[inline]
    fn hash(&self) -> u64 {
        hash_fixed(self[1] ^ u128::from(hash_fixed(self[0])))
    }
}

/// The hash of a key of one word.
#[inline]
pub fn hash_fixed(key: u128) -> u64 {
    fold(fold(key as u64 ^ SEED, MULTIPLE) ^ (key >> 64) as u64, SEED)
}

/// Where a column's values lie in a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    word: usize,
    shift: usize,
    /// Of a value.
    bytes: usize,
}

impl Place {
    fn mask(self) -> u128 {
        let ones = if self.bytes == 16 { u128::MAX } else { (1 << (8 * self.bytes)) - 1 };
        ones << self.shift
    }
}

/// The bit of the last word that says that column `index` is NULL.
fn null_bit(index: usize) -> u128 {
    1 << (120 + index)
}

/// Where columns of `types` lie in keys `K`, if they fit: each in the first word that has room, the last byte being for NULLs.
pub(crate) fn places<K: FixedKey>(types: &[DataType]) -> Option<Vec<Place>> {
    if types.len() > 8 {
        return None;
    }
    let mut room = vec![16; K::WORDS];
    room[K::WORDS - 1] = 15;
    let mut used = vec![0; K::WORDS];
    types
        .iter()
        .map(|data_type| {
            let bytes = arrays::width(data_type)?;
            let word = (0..K::WORDS).find(|word| room[*word] - used[*word] >= bytes)?;
            used[word] += bytes;
            Some(Place { word, shift: 8 * (used[word] - bytes), bytes })
        })
        .collect()
}

/// Encodes the rows of `columns`, `len` of them.
pub(crate) fn encode<K: FixedKey>(columns: &[ArrayRef], places: &[Place], len: usize) -> Vec<K> {
    let mut keys = vec![K::default(); len];
    for (index, (column, place)) in columns.iter().zip(places).enumerate() {
        let view = View::of(column);
        let Place { word, shift, .. } = *place;
        macro_rules! put {
            ($values:expr) => {
                keys.iter_mut()
                    .zip($values)
                    .for_each(|(key, value): (&mut K, u128)| *key.word_mut(word) |= value << shift)
            };
        }
        match view.values {
            Values::Bit(v) => put!(v.iter().map(u128::from)),
            Values::W2(v) => put!(v.iter().map(|&v| u128::from(v))),
            Values::W4(v) if view.float => put!(v.iter().map(|&v| u128::from(normal_f32(v)))),
            Values::W4(v) => put!(v.iter().map(|&v| u128::from(v))),
            Values::W8(v) if view.float => put!(v.iter().map(|&v| u128::from(normal_f64(v)))),
            Values::W8(v) => put!(v.iter().map(|&v| u128::from(v))),
            Values::W16(v) => put!(v.iter().map(|&v| u128::from_le_bytes(v))),
            Values::Var(_, _) => panic!("{} in a fixed key", column.data_type()),
        }
        if let Some(nulls) = view.nulls {
            for row in (0..len).filter(|&row| nulls.is_null(row)) {
                *keys[row].word_mut(word) &= !place.mask();
                *keys[row].word_mut(K::WORDS - 1) |= null_bit(index);
            }
        }
    }
    keys
}

/// The columns that `keys` were encoded from (floats normalised).
pub(crate) fn decode<K: FixedKey>(types: &[DataType], places: &[Place], keys: &[K]) -> Vec<ArrayRef> {
    let decode = |(index, (data_type, place)): (usize, (&DataType, &Place))| {
        let is_null = |key: &K| key.word(K::WORDS - 1) & null_bit(index) != 0;
        let nulls = keys.iter().any(is_null);
        let nulls = nulls.then(|| NullBuffer::new(BooleanBuffer::collect_bool(keys.len(), |i| !is_null(&keys[i]))));
        let Place { word, shift, bytes } = *place;
        macro_rules! values {
            ($value:ty) => {
                Buffer::from_vec(keys.iter().map(|key| (key.word(word) >> shift) as $value).collect::<Vec<$value>>())
            };
        }
        let values = match bytes {
            1 => {
                let bits = BooleanBuffer::collect_bool(keys.len(), |i| (keys[i].word(word) >> shift) & 1 == 1);
                return Arc::new(BooleanArray::new(bits, nulls)) as ArrayRef;
            }
            2 => values!(u16),
            4 => values!(u32),
            8 => values!(u64),
            _ => values!(i128),
        };
        arrays::fixed(data_type, values, nulls)
    };
    types.iter().zip(places).enumerate().map(decode).collect()
}
