//! MODE: the value that stands most often, of several the first in order.

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use deltaq_circuit::Weight;
use deltaq_circuit::arrays::View;

use super::Function;
use super::accumulator::{Accumulator, Rows};
use super::order::{Order, read_counted, write_counted};
use super::tally::{Change, Tally};
use crate::list::List;
use crate::types::SqlType;
use crate::value::Errors;

/// The values of a group with how often each stands, and the same again with the most frequent first.
struct Frequencies<K> {
    values: Tally<K>,
    ranks: List<(Weight, K)>,
}

impl<K> Default for Frequencies<K> {
    fn default() -> Frequencies<K> {
        Frequencies { values: Tally::default(), ranks: List::default() }
    }
}

impl<K: Ord + Clone> Frequencies<K> {
    fn add(&mut self, key: K, weight: Weight, descending: bool) -> Change {
        let stood = self.values.0.search(|(held, _)| held.cmp(&key)).map_or(0, |at| self.values.0.get_mut(at).1);
        let rank = |weight: Weight, key: &K, (held_weight, held): &(Weight, K)| {
            let by_key = if descending { key.cmp(held) } else { held.cmp(key) };
            weight.cmp(held_weight).then(by_key)
        };
        if stood != 0 {
            self.ranks.remove(|held| rank(stood, &key, held));
        }
        let stands = stood + weight;
        if stands != 0
            && let Err(place) = self.ranks.search(|held| rank(stands, &key, held))
        {
            self.ranks.insert_at(place, (stands, key.clone()));
        }
        self.values.add(key, weight)
    }
}

/// Of all groups.
pub(super) struct Mode<O: Order> {
    groups: Vec<Frequencies<O::Key>>,
    data_type: DataType,
    descending: bool,
    /// Bytes that keys take beside the lists.
    heap: usize,
}

impl<O: Order> Mode<O> {
    /// Of values in this order.
    pub(super) fn new(arg: SqlType, descending: bool) -> Mode<O> {
        Mode { groups: Vec::new(), data_type: arg.arrow(), descending, heap: 0 }
    }

    fn add(&mut self, group: usize, key: O::Key, weight: Weight) {
        let bytes = 2 * O::heap_bytes(&key);
        match self.groups[group].add(key, weight, self.descending) {
            Change::None => {}
            Change::In => self.heap += bytes,
            Change::Out => self.heap -= bytes,
        }
    }
}

impl<O: Order> Accumulator for Mode<O> {
    fn resize(&mut self, groups: usize) {
        self.groups.resize_with(groups, Frequencies::default);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        let view = View::of(arg);
        rows.each(&view, |group, row, weight| self.add(group, O::key(&view, row), weight));
    }

    fn results(&self, _: Function, groups: &[u32]) -> (ArrayRef, Errors) {
        let first = |group: &u32| {
            let (weight, key) = self.groups[*group as usize].ranks.iter().next()?;
            (*weight > 0).then_some(key)
        };
        let keys: Vec<Option<&O::Key>> = groups.iter().map(first).collect();
        (O::array(&self.data_type, &keys), Errors::none())
    }

    fn clear(&mut self, group: usize) {
        let gone = std::mem::take(&mut self.groups[group]);
        self.heap -= gone.values.0.iter().map(|(key, _)| 2 * O::heap_bytes(key)).sum::<usize>();
    }

    fn bytes(&self) -> usize {
        let lists: usize = self.groups.iter().map(|of| of.values.0.bytes() + of.ranks.bytes()).sum();
        self.groups.capacity() * size_of::<Frequencies<O::Key>>() + lists + self.heap
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        let list = &self.groups[group].values.0;
        write_counted::<O>(list.len(), list.iter(), bytes);
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        read_counted::<O>(bytes, |key, weight| self.add(group, key, weight))
    }
}
