//! Rows of some columns encoded as keys: equal keys for rows that SQL groups together, and a hash.
//!
//! Keys up to 15 bytes wide lie in a `u128` (values from the low end, one NULL bit a column at the top), up to 31 bytes in two; wider
//! ones and text lie as bytes in one buffer. NULL equals NULL, NaN equals NaN, −0.0 equals 0.0.
//!
//! ```text
//!   fixed    [nulls:8 | … col 2 | col 1 | col 0]                               one u128 a row
//!   wide     [col 1 | col 0] [nulls:8 | … col 3 | col 2]                       two; no value lies across both
//!   bytes    nulls ⧺ fixed values ⧺ (length:4 ⧺ bytes) for text …     offsets into one buffer
//! ```

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_schema::DataType;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::arrays::{self, Values, View, normal_f32, normal_f64};
use crate::batch::{Batch, Weights};

mod apart;
mod fixed;
use fixed::Place;
pub use fixed::{FixedKey, hash_fixed};

/// How rows of some columns become keys.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyLayout {
    types: Vec<DataType>,
    width: Width,
}

/// What keys of a layout are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Width {
    Fixed(Vec<Place>),
    Wide(Vec<Place>),
    Bytes,
}

/// Encoded keys, one a row.
#[derive(Clone, Debug)]
pub enum Keys {
    /// Up to 15 bytes a row and at most 8 columns.
    Fixed(Vec<u128>),
    /// Up to 31 bytes a row and at most 8 columns.
    Wide(Vec<[u128; 2]>),
    /// Any width.
    Bytes(ByteKeys),
}

/// Keys of any width in one buffer.
#[derive(Clone, Debug)]
pub struct ByteKeys {
    offsets: Vec<u32>,
    data: Vec<u8>,
}

impl ByteKeys {
    /// The key of row `row`.
    #[inline]
    pub fn get(&self, row: usize) -> &[u8] {
        &self.data[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    /// How many keys.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Keys {
    /// How many keys.
    pub fn len(&self) -> usize {
        match self {
            Keys::Fixed(keys) => keys.len(),
            Keys::Wide(keys) => keys.len(),
            Keys::Bytes(keys) => keys.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The keys at `rows`.
    pub fn take(&self, rows: &[u32]) -> Keys {
        let at = || rows.iter().map(|row| *row as usize);
        match self {
            Keys::Fixed(keys) => Keys::Fixed(at().map(|row| keys[row]).collect()),
            Keys::Wide(keys) => Keys::Wide(at().map(|row| keys[row]).collect()),
            Keys::Bytes(keys) => {
                let mut taken = ByteKeys { offsets: Vec::with_capacity(rows.len() + 1), data: Vec::new() };
                taken.offsets.push(0);
                for row in at() {
                    taken.data.extend_from_slice(keys.get(row));
                    taken.offsets.push(taken.data.len() as u32);
                }
                Keys::Bytes(taken)
            }
        }
    }

    /// Whether the keys of two rows are equal.
    #[inline]
    pub fn same(&self, a: usize, b: usize) -> bool {
        self.equals(a, self, b)
    }

    /// Whether the key of row `row` equals that of row `at` of other keys.
    ///
    /// # Panics
    /// If those are of another layout.
    #[inline]
    pub fn equals(&self, row: usize, other: &Keys, at: usize) -> bool {
        match (self, other) {
            (Keys::Fixed(a), Keys::Fixed(b)) => a[row] == b[at],
            (Keys::Wide(a), Keys::Wide(b)) => a[row] == b[at],
            (Keys::Bytes(a), Keys::Bytes(b)) => a.get(row) == b.get(at),
            _ => panic!("keys of two layouts compared"),
        }
    }

    /// A hash of each key. The same on every worker, process and run.
    pub fn hashes(&self) -> Vec<u64> {
        match self {
            Keys::Fixed(keys) => keys.iter().map(|k| k.hash()).collect(),
            Keys::Wide(keys) => keys.iter().map(|k| k.hash()).collect(),
            Keys::Bytes(keys) => (0..keys.len()).map(|i| hash_bytes(keys.get(i))).collect(),
        }
    }
}

const SEED: u64 = 0x9E37_79B9_7F4A_7C15;
const MULTIPLE: u64 = 0xD6E8_FEB8_6659_FD93;

#[inline]
pub(crate) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The hash of a byte key.
#[inline]
pub fn hash_bytes(mut key: &[u8]) -> u64 {
    let mut hash = SEED ^ key.len() as u64;
    while let Some((word, rest)) = key.split_first_chunk::<8>() {
        hash = fold(hash ^ u64::from_le_bytes(*word), MULTIPLE);
        key = rest;
    }
    if !key.is_empty() {
        let mut word = [0; 8];
        word[..key.len()].copy_from_slice(key);
        hash = fold(hash ^ u64::from_le_bytes(word), MULTIPLE);
    }
    fold(hash, SEED)
}

impl KeyLayout {
    /// The layout for columns of `types`.
    pub fn new(types: &[DataType]) -> KeyLayout {
        let width = match (fixed::places::<u128>(types), fixed::places::<[u128; 2]>(types)) {
            (Some(places), _) => Width::Fixed(places),
            (None, Some(places)) => Width::Wide(places),
            (None, None) => Width::Bytes,
        };
        KeyLayout { types: types.to_vec(), width }
    }

    /// The layout of [`Keys::Bytes`] for columns of `types`, however narrow: for keys that are written down.
    pub fn of_bytes(types: &[DataType]) -> KeyLayout {
        KeyLayout { types: types.to_vec(), width: Width::Bytes }
    }

    pub(crate) fn width(&self) -> &Width {
        &self.width
    }

    /// The column types.
    pub fn types(&self) -> &[DataType] {
        &self.types
    }

    /// Encodes the rows of `columns`, `len` of them. Cost: one pass a column.
    pub fn encode(&self, columns: &[ArrayRef], len: usize) -> Keys {
        assert_eq!(
            columns.len(),
            self.types.len(),
            "{} key columns for a layout of {}",
            columns.len(),
            self.types.len()
        );
        match &self.width {
            Width::Fixed(places) => Keys::Fixed(fixed::encode(columns, places, len)),
            Width::Wide(places) => Keys::Wide(fixed::encode(columns, places, len)),
            Width::Bytes => Keys::Bytes(encode_bytes(columns, len)),
        }
    }

    /// The hashes of the keys that the rows of `columns` have, `len` of them: for those who need nothing else of the keys.
    pub fn hashes(&self, columns: &[ArrayRef], len: usize) -> Vec<u64> {
        if let [column] = columns
            && let View { values: Values::W8(values), nulls: None, float: false } = View::of(column)
        {
            // Such a value is its key.
            return values.iter().map(|value| hash_fixed(u128::from(*value))).collect();
        }
        self.encode(columns, len).hashes()
    }

    /// The columns that `keys` were encoded from (floats normalised).
    ///
    /// # Panics
    /// If keys of this layout are of another kind.
    pub fn decode_fixed<K: FixedKey>(&self, keys: &[K]) -> Vec<ArrayRef> {
        match &self.width {
            Width::Fixed(places) | Width::Wide(places) => fixed::decode(&self.types, places, keys),
            Width::Bytes => panic!("keys of fixed width for a layout of bytes"),
        }
    }

    /// The columns that byte `keys` were encoded from (floats normalised).
    pub fn decode_bytes<'a>(&self, keys: &[&'a [u8]]) -> Vec<ArrayRef> {
        let header = self.types.len().div_ceil(8);
        let mut rest: Vec<&'a [u8]> = keys.iter().map(|k| &k[header..]).collect();
        let decode = |(index, data_type): (usize, &DataType)| {
            let valid = |i: usize| keys[i][index / 8] & (1 << (index % 8)) == 0;
            let nulls = (0..keys.len()).any(|i| !valid(i));
            let nulls = nulls.then(|| NullBuffer::new(BooleanBuffer::collect_bool(keys.len(), valid)));
            match arrays::width(data_type) {
                Some(1) => {
                    let bits = BooleanBuffer::collect_bool(keys.len(), |i| rest[i][0] == 1);
                    rest.iter_mut().for_each(|r| *r = &r[1..]);
                    Arc::new(arrow_array::BooleanArray::new(bits, nulls)) as ArrayRef
                }
                Some(2) => arrays::fixed(data_type, Buffer::from_vec(chunks(&mut rest, u16::from_le_bytes)), nulls),
                Some(4) => arrays::fixed(data_type, Buffer::from_vec(chunks(&mut rest, u32::from_le_bytes)), nulls),
                Some(8) => arrays::fixed(data_type, Buffer::from_vec(chunks(&mut rest, u64::from_le_bytes)), nulls),
                Some(_) => arrays::fixed(data_type, Buffer::from_vec(chunks(&mut rest, i128::from_le_bytes)), nulls),
                None => {
                    let mut offsets = Vec::with_capacity(keys.len() + 1);
                    let mut data = Vec::new();
                    offsets.push(0);
                    for r in &mut rest {
                        let (length, tail) = r.split_first_chunk::<4>().unwrap_or_else(|| panic!("a key cut short"));
                        let (text, tail) = tail.split_at(u32::from_le_bytes(*length) as usize);
                        data.extend_from_slice(text);
                        offsets.push(data.len() as i32);
                        *r = tail;
                    }
                    arrays::variable(data_type, offsets, data, nulls)
                }
            }
        };
        self.types.iter().enumerate().map(decode).collect()
    }
}

fn chunks<const N: usize, T>(rest: &mut [&[u8]], parse: fn([u8; N]) -> T) -> Vec<T> {
    rest.iter_mut()
        .map(|r| {
            let (head, tail) = r.split_first_chunk::<N>().unwrap_or_else(|| panic!("a key cut short"));
            *r = tail;
            parse(*head)
        })
        .collect()
}

fn encode_bytes(columns: &[ArrayRef], len: usize) -> ByteKeys {
    let views: Vec<View> = columns.iter().map(View::of).collect();
    let header = columns.len().div_ceil(8);
    let fixed: usize = columns.iter().map(|c| arrays::width(c.data_type()).unwrap_or(4)).sum();
    // Lengths first, so that each key's bytes can be written in place, a column at a time.
    let mut ends = vec![(header + fixed) as u32; len];
    for view in &views {
        if let Values::Var(offsets, _) = view.values {
            for (row, end) in ends.iter_mut().enumerate() {
                if !view.is_null(row) {
                    *end += (offsets[row + 1] - offsets[row]) as u32;
                }
            }
        }
    }
    let mut offsets = Vec::with_capacity(len + 1);
    let mut total = 0u32;
    offsets.push(0);
    for end in &mut ends {
        let length = *end;
        *end = total; // from here on: where the row's next byte goes
        total = total.checked_add(length).unwrap_or_else(|| panic!("keys of one batch exceed 4 GiB"));
        offsets.push(total);
    }
    let mut data = vec![0u8; total as usize];
    let mut at = ends;
    at.iter_mut().for_each(|a| *a += header as u32);
    for (index, view) in views.iter().enumerate() {
        macro_rules! put {
            ($width:expr, $bytes:expr) => {
                for row in 0..len {
                    let to = at[row] as usize;
                    at[row] += $width;
                    if view.is_null(row) {
                        data[offsets[row] as usize + index / 8] |= 1 << (index % 8);
                    } else {
                        data[to..to + $width].copy_from_slice(&$bytes(row));
                    }
                }
            };
        }
        match view.values {
            Values::Bit(v) => put!(1, |row| [u8::from(v.value(row))]),
            Values::W2(v) => put!(2, |row: usize| v[row].to_le_bytes()),
            Values::W4(v) if view.float => put!(4, |row: usize| normal_f32(v[row]).to_le_bytes()),
            Values::W4(v) => put!(4, |row: usize| v[row].to_le_bytes()),
            Values::W8(v) if view.float => put!(8, |row: usize| normal_f64(v[row]).to_le_bytes()),
            Values::W8(v) => put!(8, |row: usize| v[row].to_le_bytes()),
            Values::W16(v) => put!(16, |row: usize| v[row]),
            Values::Var(from, bytes) => {
                for row in 0..len {
                    let to = at[row] as usize;
                    if view.is_null(row) {
                        data[offsets[row] as usize + index / 8] |= 1 << (index % 8);
                        at[row] += 4;
                    } else {
                        let text = arrays::var(from, bytes, row);
                        data[to..to + 4].copy_from_slice(&(text.len() as u32).to_le_bytes());
                        data[to + 4..to + 4 + text.len()].copy_from_slice(text);
                        at[row] += 4 + text.len() as u32;
                    }
                }
            }
        }
    }
    ByteKeys { offsets, data }
}

/// Which of `parts` each key belongs to: the high bits of its hash, scaled. Tables use the low bits.
#[inline]
pub fn part(hash: u64, parts: usize) -> usize {
    ((u128::from(hash) * parts as u128) >> 64) as usize
}

/// Sums the weights of equal rows; see [`Batch::consolidate`].
pub(crate) fn consolidate(batch: &Batch) -> Batch {
    if batch.is_empty() {
        return Batch::none();
    }
    if batch.columns().is_empty() {
        let total = batch.total_weight();
        if total == 0 {
            return Batch::none();
        }
        return Batch::with_len(Vec::new(), Weights::Each(vec![total].into()), 1);
    }
    let all: Vec<usize> = (0..batch.columns().len()).collect();
    let layout = batch.layout(&all);
    let suspects = if *layout.width() == Width::Bytes { apart::suspects(batch) } else { None };
    let (rows, weights) = match suspects {
        Some(suspects) if suspects.len() * 2 < batch.len() => among(batch, &layout, &suspects),
        _ => classes(batch, &layout),
    };
    let ones = weights.iter().all(|&w| w == 1);
    if rows.len() == batch.len() {
        return if ones { batch.with_weights(Weights::Ones) } else { batch.clone() };
    }
    if rows.is_empty() {
        return Batch::none();
    }
    let weights = if ones { Weights::Ones } else { Weights::Each(weights.into()) };
    batch.with_weights(Weights::Ones).take(&UInt32Array::from(rows)).with_weights(weights)
}

/// The first row of each class of equal rows, with the class's weight where that is not 0.
fn classes(batch: &Batch, layout: &KeyLayout) -> (Vec<u32>, Vec<i64>) {
    let keys = layout.encode(batch.columns(), batch.len());
    let hashes = keys.hashes();
    match &keys {
        Keys::Fixed(keys) => group(batch, &hashes, |a, b| keys[a] == keys[b]),
        Keys::Wide(keys) => group(batch, &hashes, |a, b| keys[a] == keys[b]),
        Keys::Bytes(keys) => group(batch, &hashes, |a, b| keys.get(a) == keys.get(b)),
    }
}

/// As [`classes`], where only rows among `suspects` may be equal.
fn among(batch: &Batch, layout: &KeyLayout, suspects: &[u32]) -> (Vec<u32>, Vec<i64>) {
    let mut weights: Vec<i64> = (0..batch.len()).map(|row| batch.weight(row)).collect();
    if !suspects.is_empty() {
        let (firsts, sums) = classes(&batch.take(&UInt32Array::from(suspects.to_vec())), layout);
        suspects.iter().for_each(|row| weights[*row as usize] = 0);
        firsts.iter().zip(sums).for_each(|(first, sum)| weights[suspects[*first as usize] as usize] = sum);
    }
    let rows: Vec<u32> = (0..batch.len() as u32).filter(|row| weights[*row as usize] != 0).collect();
    weights.retain(|weight| *weight != 0);
    (rows, weights)
}

fn group(batch: &Batch, hashes: &[u64], same: impl Fn(usize, usize) -> bool) -> (Vec<u32>, Vec<i64>) {
    let mut table: HashTable<u32> = HashTable::with_capacity(batch.len());
    let mut rows: Vec<u32> = Vec::with_capacity(batch.len());
    let mut weights: Vec<i64> = Vec::with_capacity(batch.len());
    for (row, &hash) in hashes.iter().enumerate() {
        match table.entry(hash, |&g| same(rows[g as usize] as usize, row), |&g| hashes[rows[g as usize] as usize]) {
            Entry::Occupied(entry) => weights[*entry.get() as usize] += batch.weight(row),
            Entry::Vacant(entry) => {
                entry.insert(rows.len() as u32);
                rows.push(row as u32);
                weights.push(batch.weight(row));
            }
        }
    }
    if weights.contains(&0) {
        let mut keep = weights.iter().map(|&w| w != 0);
        rows.retain(|_| keep.next() == Some(true));
        weights.retain(|&w| w != 0);
    }
    (rows, weights)
}

/// Rows in which a column of `columns` is NULL, if any.
pub fn any_null(columns: &[ArrayRef]) -> Option<NullBuffer> {
    columns.iter().fold(None, |all, c| NullBuffer::union(all.as_ref(), c.nulls().filter(|n| n.null_count() > 0)))
}
