//! MIN and MAX: an ordered multiset a group for all calls over the same values, or a call's extremum alone where nothing is
//! ever retracted.

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use deltaq_circuit::arrays::View;

use super::accumulator::{Accumulator, Rows};
use super::multiset::Multiset;
use super::order::{Order, read_counted, write_counted};
use super::{Function, take};
use crate::types::SqlType;
use crate::value::Errors;

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
            let grows = self.values[group].add(key, weight, O::heap_bytes);
            self.heap = self.heap.wrapping_add_signed(grows);
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
        let gone = std::mem::take(&mut self.values[group]);
        self.heap -= gone.key_bytes(O::heap_bytes);
    }

    fn bytes(&self) -> usize {
        let lists: usize = self.values.iter().map(Multiset::bytes).sum();
        self.values.capacity() * size_of::<Multiset<O::Key>>() + lists + self.heap
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        let entries = self.values[group].entries();
        write_counted::<O>(entries.len(), entries.iter(), bytes);
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        read_counted::<O>(bytes, |key, weight| {
            let grows = self.values[group].add(key, weight, O::heap_bytes);
            self.heap = self.heap.wrapping_add_signed(grows);
        })
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
