//! MIN and MAX: an ordered multiset a group for all calls over the same values, or a call's extremum alone where nothing is
//! ever retracted.

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use deltaq_circuit::Weight;
use deltaq_circuit::arrays::View;

use super::accumulator::{Accumulator, Rows};
use super::order::Order;
use super::{Function, take};
use crate::list::List;
use crate::types::SqlType;
use crate::value::Errors;

/// Values in order, with how often each stands.
pub(super) struct Multiset<K>(pub(super) List<(K, Weight)>);

impl<K> Default for Multiset<K> {
    fn default() -> Multiset<K> {
        Multiset(List::default())
    }
}

impl<K: Ord> Multiset<K> {
    /// Adds `weight` copies; whether that puts a value in, or takes one out.
    #[inline]
    pub(super) fn add(&mut self, key: K, weight: Weight) -> Change {
        match self.0.search(|(held, _)| held.cmp(&key)) {
            Ok(place) => {
                let stands = &mut self.0.get_mut(place).1;
                *stands += weight;
                if *stands != 0 {
                    return Change::None;
                }
                self.0.remove_at(place);
                Change::Out
            }
            Err(place) => {
                self.0.insert_at(place, (key, weight));
                Change::In
            }
        }
    }

    fn min(&self) -> Option<&K> {
        self.0.iter().find(|(_, weight)| *weight > 0).map(|(key, _)| key)
    }

    fn max(&self) -> Option<&K> {
        self.0.iter().rev().find(|(_, weight)| *weight > 0).map(|(key, _)| key)
    }
}

/// What adding copies of a value does to a multiset.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Change {
    None,
    In,
    Out,
}

/// MIN and MAX of values that may be retracted.
pub(super) struct Extrema<O: Order> {
    values: Vec<Multiset<O::Key>>,
    data_type: DataType,
    /// Bytes that keys take beside the lists.
    heap: usize,
}

impl<O: Order> Extrema<O> {
    pub(super) fn new(arg: SqlType) -> Extrema<O> {
        Extrema { values: Vec::new(), data_type: arg.arrow(), heap: 0 }
    }
}

impl<O: Order> Accumulator for Extrema<O> {
    fn resize(&mut self, groups: usize) {
        self.values.resize_with(groups, Multiset::default);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        let view = View::of(arg);
        rows.each(&view, |group, row, weight| {
            let key = O::key(&view, row);
            let bytes = O::heap_bytes(&key);
            match self.values[group].add(key, weight) {
                Change::None => {}
                Change::In => self.heap += bytes,
                Change::Out => self.heap -= bytes,
            }
        });
    }

    fn results(&self, function: Function, groups: &[u32]) -> (ArrayRef, Errors) {
        let sets = groups.iter().map(|group| &self.values[*group as usize]);
        let keys: Vec<Option<&O::Key>> = if function == Function::Max {
            sets.map(Multiset::max).collect()
        } else {
            sets.map(Multiset::min).collect()
        };
        (O::array(&self.data_type, &keys), Errors::none())
    }

    fn clear(&mut self, group: usize) {
        let gone = std::mem::take(&mut self.values[group].0);
        self.heap -= gone.iter().map(|(key, _)| O::heap_bytes(key)).sum::<usize>();
    }

    fn bytes(&self) -> usize {
        let lists: usize = self.values.iter().map(|set| set.0.bytes()).sum();
        self.values.capacity() * size_of::<Multiset<O::Key>>() + lists + self.heap
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        let list = &self.values[group].0;
        bytes.extend_from_slice(&(list.len() as u64).to_le_bytes());
        for (key, weight) in list.iter() {
            O::write(key, bytes);
            bytes.extend_from_slice(&weight.to_le_bytes());
        }
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        for _ in 0..u64::from_le_bytes(take(bytes)?) {
            let key = O::read(bytes)?;
            let size = O::heap_bytes(&key);
            if self.values[group].add(key, Weight::from_le_bytes(take(bytes)?)) == Change::In {
                self.heap += size;
            }
        }
        Some(())
    }
}

/// MIN or MAX of values that are never retracted.
pub(super) struct Extremum<O: Order> {
    values: Vec<Option<O::Key>>,
    data_type: DataType,
    max: bool,
    /// Bytes that keys take beside `values`.
    heap: usize,
}

impl<O: Order> Extremum<O> {
    pub(super) fn new(arg: SqlType, function: Function) -> Extremum<O> {
        Extremum { values: Vec::new(), data_type: arg.arrow(), max: function == Function::Max, heap: 0 }
    }

    fn put(&mut self, group: usize, key: Option<O::Key>) {
        self.heap += key.as_ref().map_or(0, O::heap_bytes);
        let before = std::mem::replace(&mut self.values[group], key);
        self.heap -= before.as_ref().map_or(0, O::heap_bytes);
    }
}

impl<O: Order> Accumulator for Extremum<O> {
    fn resize(&mut self, groups: usize) {
        self.values.resize_with(groups, || None);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        let view = View::of(arg);
        rows.each(&view, |group, row, weight| {
            debug_assert!(weight >= 0, "a retraction from an insert-only input");
            let key = O::key(&view, row);
            if self.values[group].as_ref().is_none_or(|held| if self.max { key > *held } else { key < *held }) {
                self.put(group, Some(key));
            }
        });
    }

    fn results(&self, _: Function, groups: &[u32]) -> (ArrayRef, Errors) {
        let keys: Vec<Option<&O::Key>> = groups.iter().map(|group| self.values[*group as usize].as_ref()).collect();
        (O::array(&self.data_type, &keys), Errors::none())
    }

    fn clear(&mut self, group: usize) {
        self.put(group, None);
    }

    fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<Option<O::Key>>() + self.heap
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        let key = self.values[group].as_ref();
        bytes.push(u8::from(key.is_some()));
        if let Some(key) = key {
            O::write(key, bytes);
        }
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        let [there] = take(bytes)?;
        let key = if there == 0 { None } else { Some(O::read(bytes)?) };
        self.put(group, key);
        Some(())
    }
}
