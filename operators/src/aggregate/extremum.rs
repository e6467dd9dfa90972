//! MIN and MAX: an ordered multiset a group, or the extremum alone where nothing is ever retracted.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use arrow_array::ArrayRef;
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_schema::DataType;
use deltaq_circuit::arrays::{self, Values, View, normal_f32, normal_f64, var};

use super::accumulator::{Accumulator, Rows};
use super::take;
use crate::types::SqlType;
use crate::value::Errors;

/// How values of some types are ordered and stored.
pub(super) trait Order: Send + 'static {
    type Key: Ord + Clone + Send;

    fn key(view: &View, row: usize) -> Self::Key;

    /// A column of `keys`, NULL where there is none.
    fn array(data_type: &DataType, keys: &[Option<&Self::Key>]) -> ArrayRef;

    fn heap_bytes(_key: &Self::Key) -> usize {
        0
    }

    fn write(key: &Self::Key, bytes: &mut Vec<u8>);

    fn read(bytes: &mut &[u8]) -> Option<Self::Key>;
}

fn validity<K>(keys: &[Option<&K>]) -> Option<NullBuffer> {
    let any = keys.iter().any(Option::is_none);
    any.then(|| NullBuffer::new(BooleanBuffer::collect_bool(keys.len(), |i| keys[i].is_some())))
}

/// Numbers, dates and times, as words whose order is that of the values: the sign bit flipped, floats mapped so that
/// negative ones come in reverse and NaN last.
pub(super) struct ByWord;

impl Order for ByWord {
    type Key = u128;

    #[inline]
    fn key(view: &View, row: usize) -> u128 {
        match view.values {
            Values::W2(v) => u128::from(v[row] ^ 1 << 15),
            Values::W4(v) if view.float => {
                let bits = normal_f32(v[row]);
                u128::from(if bits >> 31 == 1 { !bits } else { bits | 1 << 31 })
            }
            Values::W4(v) => u128::from(v[row] ^ 1 << 31),
            Values::W8(v) if view.float => {
                let bits = normal_f64(v[row]);
                u128::from(if bits >> 63 == 1 { !bits } else { bits | 1 << 63 })
            }
            Values::W8(v) => u128::from(v[row] ^ 1 << 63),
            Values::W16(v) => u128::from_le_bytes(v[row]) ^ 1 << 127,
            Values::Bit(v) => u128::from(v.value(row)),
            Values::Var(..) => panic!("text as a word"),
        }
    }

    fn array(data_type: &DataType, keys: &[Option<&u128>]) -> ArrayRef {
        let words = keys.iter().map(|k| k.copied().unwrap_or(0));
        let nulls = validity(keys);
        let buffer = match (data_type, arrays::width(data_type)) {
            (_, Some(2)) => Buffer::from_vec(words.map(|w| w as u16 ^ 1 << 15).collect::<Vec<_>>()),
            (DataType::Float32, _) => {
                let unmap = |w: u32| if w >> 31 == 1 { w & !(1 << 31) } else { !w };
                Buffer::from_vec(words.map(|w| unmap(w as u32)).collect::<Vec<_>>())
            }
            (_, Some(4)) => Buffer::from_vec(words.map(|w| w as u32 ^ 1 << 31).collect::<Vec<_>>()),
            (DataType::Float64, _) => {
                let unmap = |w: u64| if w >> 63 == 1 { w & !(1 << 63) } else { !w };
                Buffer::from_vec(words.map(|w| unmap(w as u64)).collect::<Vec<_>>())
            }
            (_, Some(8)) => Buffer::from_vec(words.map(|w| w as u64 ^ 1 << 63).collect::<Vec<_>>()),
            _ => Buffer::from_vec(words.map(|w| (w ^ 1 << 127) as i128).collect::<Vec<_>>()),
        };
        arrays::fixed(data_type, buffer, nulls)
    }

    fn write(key: &u128, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&key.to_le_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<u128> {
        take(bytes).map(u128::from_le_bytes)
    }
}

/// Text and bytes, by their bytes (the C collation).
pub(super) struct ByBytes;

impl Order for ByBytes {
    type Key = Box<[u8]>;

    fn key(view: &View, row: usize) -> Box<[u8]> {
        match view.values {
            Values::Var(offsets, data) => var(offsets, data, row).into(),
            _ => panic!("a fixed value as bytes"),
        }
    }

    fn array(data_type: &DataType, keys: &[Option<&Box<[u8]>>]) -> ArrayRef {
        let mut offsets = vec![0];
        let mut data = Vec::new();
        for key in keys {
            data.extend_from_slice(key.map_or(&[][..], |k| k));
            offsets.push(data.len() as i32);
        }
        arrays::variable(data_type, offsets, data, validity(keys))
    }

    fn heap_bytes(key: &Box<[u8]>) -> usize {
        key.len()
    }

    fn write(key: &Box<[u8]>, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&(key.len() as u32).to_le_bytes());
        bytes.extend_from_slice(key);
    }

    fn read(bytes: &mut &[u8]) -> Option<Box<[u8]>> {
        let length = u32::from_le_bytes(take(bytes)?) as usize;
        let (head, tail) = bytes.split_at_checked(length)?;
        *bytes = tail;
        Some(head.into())
    }
}

/// Intervals by their length, a month taken as 30 days (as PostgreSQL compares them); equal lengths by their parts.
pub(super) struct ByInterval;

impl Order for ByInterval {
    type Key = (i128, [u8; 16]);

    fn key(view: &View, row: usize) -> (i128, [u8; 16]) {
        let Values::W16(values) = view.values else { panic!("not an interval") };
        let raw = i128::from_le_bytes(values[row]);
        let (months, days, nanos) = (raw as i32, (raw >> 32) as i32, (raw >> 64) as i64);
        let length = (i128::from(months) * 30 + i128::from(days)) * 86_400_000_000_000 + i128::from(nanos);
        (length, values[row])
    }

    fn array(data_type: &DataType, keys: &[Option<&(i128, [u8; 16])>]) -> ArrayRef {
        let values: Vec<i128> = keys.iter().map(|k| k.map_or(0, |k| i128::from_le_bytes(k.1))).collect();
        arrays::fixed(data_type, Buffer::from_vec(values), validity(keys))
    }

    fn write(key: &(i128, [u8; 16]), bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&key.0.to_le_bytes());
        bytes.extend_from_slice(&key.1);
    }

    fn read(bytes: &mut &[u8]) -> Option<(i128, [u8; 16])> {
        Some((i128::from_le_bytes(take(bytes)?), take(bytes)?))
    }
}

/// Values with how often each stands. Most groups hold few.
#[derive(Clone)]
enum Multiset<K> {
    /// In order.
    Few(Vec<(K, i64)>),
    Many(BTreeMap<K, i64>),
}

/// Entries from which a tree is faster than a sorted list; a tree of less than half as many becomes a list again.
const FEW_MAX: usize = 32;

impl<K: Ord + Clone> Multiset<K> {
    fn add(&mut self, key: K, weight: i64) {
        match self {
            Multiset::Few(list) => match list.binary_search_by(|(k, _)| k.cmp(&key)) {
                Ok(at) => {
                    list[at].1 += weight;
                    if list[at].1 == 0 {
                        list.remove(at);
                    }
                }
                Err(at) => {
                    list.insert(at, (key, weight));
                    if list.len() > FEW_MAX {
                        *self = Multiset::Many(std::mem::take(list).into_iter().collect());
                    }
                }
            },
            Multiset::Many(tree) => {
                let sum = tree.entry(key.clone()).or_insert(0);
                *sum += weight;
                if *sum == 0 {
                    tree.remove(&key);
                    if tree.len() < FEW_MAX / 2 {
                        *self = Multiset::Few(std::mem::take(tree).into_iter().collect());
                    }
                }
            }
        }
    }

    /// The smallest or largest value that stands.
    fn extremum(&self, max: bool) -> Option<&K> {
        fn first<'a, K: 'a>(mut entries: impl Iterator<Item = (&'a K, i64)>) -> Option<&'a K> {
            entries.find(|(_, weight)| *weight > 0).map(|(key, _)| key)
        }
        match (self, max) {
            (Multiset::Few(list), false) => first(list.iter().map(|(k, w)| (k, *w))),
            (Multiset::Few(list), true) => first(list.iter().rev().map(|(k, w)| (k, *w))),
            (Multiset::Many(tree), false) => first(tree.iter().map(|(k, w)| (k, *w))),
            (Multiset::Many(tree), true) => first(tree.iter().rev().map(|(k, w)| (k, *w))),
        }
    }

    fn entries(&self) -> Box<dyn Iterator<Item = (&K, i64)> + '_> {
        match self {
            Multiset::Few(list) => Box::new(list.iter().map(|(k, w)| (k, *w))),
            Multiset::Many(tree) => Box::new(tree.iter().map(|(k, w)| (k, *w))),
        }
    }

    fn len(&self) -> usize {
        match self {
            Multiset::Few(list) => list.len(),
            Multiset::Many(tree) => tree.len(),
        }
    }

    fn capacity(&self) -> usize {
        match self {
            Multiset::Few(list) => list.capacity(),
            Multiset::Many(tree) => tree.len(),
        }
    }
}

/// MIN or MAX.
pub(super) struct Extremum<O: Order> {
    values: Vec<Multiset<O::Key>>,
    data_type: DataType,
    max: bool,
    insert_only: bool,
    heap: usize,
    order: PhantomData<O>,
}

impl<O: Order> Extremum<O> {
    pub(super) fn new(arg: SqlType, max: bool, insert_only: bool) -> Extremum<O> {
        Extremum { values: Vec::new(), data_type: arg.arrow(), max, insert_only, heap: 0, order: PhantomData }
    }

    fn size_of(set: &Multiset<O::Key>) -> usize {
        set.capacity() * size_of::<(O::Key, i64)>() + set.entries().map(|(k, _)| O::heap_bytes(k)).sum::<usize>()
    }
}

impl<O: Order> Accumulator for Extremum<O> {
    fn resize(&mut self, groups: usize) {
        self.values.resize_with(groups, || Multiset::Few(Vec::new()));
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        let view = View::of(arg);
        let (values, max, insert_only, heap) = (&mut self.values, self.max, self.insert_only, &mut self.heap);
        rows.each(&view, |group, row, weight| {
            let key = O::key(&view, row);
            let set = &mut values[group];
            if insert_only {
                debug_assert!(weight >= 0, "a retraction from an insert-only input");
                let beaten = set.extremum(max).is_none_or(|k| if max { key > *k } else { key < *k });
                if beaten {
                    *set = Multiset::Few(vec![(key, 1)]);
                }
                return;
            }
            let bytes = O::heap_bytes(&key);
            let (entries, before) = (set.len(), set.capacity());
            set.add(key, weight);
            *heap =
                (*heap + set.capacity() * size_of::<(O::Key, i64)>()).wrapping_sub(before * size_of::<(O::Key, i64)>());
            match set.len().cmp(&entries) {
                std::cmp::Ordering::Greater => *heap += bytes,
                std::cmp::Ordering::Less => *heap = heap.wrapping_sub(bytes),
                std::cmp::Ordering::Equal => {}
            }
        });
    }

    fn results(&self, groups: &[u32]) -> (ArrayRef, Errors) {
        let keys: Vec<Option<&O::Key>> = groups.iter().map(|g| self.values[*g as usize].extremum(self.max)).collect();
        (O::array(&self.data_type, &keys), Errors::none())
    }

    fn clear(&mut self, group: usize) {
        self.heap = self.heap.saturating_sub(Self::size_of(&self.values[group]));
        self.values[group] = Multiset::Few(Vec::new());
    }

    fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<Multiset<O::Key>>() + self.heap
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        let set = &self.values[group];
        bytes.extend_from_slice(&(set.len() as u64).to_le_bytes());
        for (key, weight) in set.entries() {
            O::write(key, bytes);
            bytes.extend_from_slice(&weight.to_le_bytes());
        }
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        for _ in 0..u64::from_le_bytes(take(bytes)?) {
            let key = O::read(bytes)?;
            self.values[group].add(key, i64::from_le_bytes(take(bytes)?));
        }
        self.heap += Self::size_of(&self.values[group]);
        Some(())
    }
}
