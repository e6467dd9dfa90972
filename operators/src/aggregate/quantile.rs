//! PERCENTILE_CONT and PERCENTILE_DISC: the values of a group in order, found by how many stand before them.
//!
//! Values lie in sorted runs of up to 128, and beside each run stands how many it counts: finding one adds up the runs' counts (8,000
//! of them for a million different values), then looks into one run.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, Float64Array};
use arrow_schema::DataType;
use deltaq_circuit::Weight;
use deltaq_circuit::arrays::View;

use super::accumulator::{Accumulator, Rows};
use super::order::{Order, read_counted, write_counted};
use super::{Function, Rest};
use crate::types::SqlType;
use crate::value::Errors;

const RUN_MAX: usize = 128;

/// Values in order, with how often each stands.
struct Counted<K> {
    /// None is empty.
    runs: Vec<Vec<(K, Weight)>>,
    /// How many values each run counts.
    totals: Vec<Weight>,
}

impl<K> Default for Counted<K> {
    fn default() -> Counted<K> {
        Counted { runs: Vec::new(), totals: Vec::new() }
    }
}

impl<K: Ord> Counted<K> {
    /// Adds `weight` copies; how many different values there are more.
    fn add(&mut self, key: K, weight: Weight) -> i64 {
        let before = |run: &Vec<(K, Weight)>| run.last().is_some_and(|(last, _)| *last < key);
        let run = self.runs.partition_point(before).min(self.runs.len().saturating_sub(1));
        if self.runs.is_empty() {
            self.runs.push(Vec::new());
            self.totals.push(0);
        }
        self.totals[run] += weight;
        let entries = &mut self.runs[run];
        let found = entries.binary_search_by(|(held, _)| held.cmp(&key));
        let more = match found {
            Ok(at) => {
                entries[at].1 += weight;
                let is_gone = entries[at].1 == 0;
                if is_gone {
                    entries.remove(at);
                }
                -i64::from(is_gone)
            }
            Err(at) => {
                entries.insert(at, (key, weight));
                1
            }
        };
        if entries.is_empty() {
            self.runs.remove(run);
            self.totals.remove(run);
        } else if entries.len() > RUN_MAX {
            let back = entries.split_off(RUN_MAX / 2);
            let total: Weight = back.iter().map(|(_, weight)| weight).sum();
            self.totals[run] -= total;
            self.runs.insert(run + 1, back);
            self.totals.insert(run + 1, total);
        } else if entries.capacity() > 8 && entries.len() <= entries.capacity() / 4 {
            entries.shrink_to(entries.len() * 2);
        }
        more
    }

    fn len(&self) -> Weight {
        self.totals.iter().sum()
    }

    /// The value before which `before` stand.
    fn nth(&self, mut before: Weight) -> Option<&K> {
        for (run, total) in self.runs.iter().zip(&self.totals) {
            if before >= *total {
                before -= total;
                continue;
            }
            for (key, weight) in run {
                if before < *weight {
                    return Some(key);
                }
                before -= weight;
            }
        }
        None
    }

    fn iter(&self) -> impl Iterator<Item = &(K, Weight)> {
        self.runs.iter().flatten()
    }

    fn bytes(&self) -> usize {
        let runs: usize = self.runs.iter().map(|run| run.capacity() * size_of::<(K, Weight)>()).sum();
        self.runs.capacity() * size_of::<Vec<(K, Weight)>>() + self.totals.capacity() * 8 + runs
    }
}

/// The values of all groups; every percentile of them is read here.
pub(super) struct Quantile<O: Order> {
    groups: Vec<Counted<O::Key>>,
    data_type: DataType,
    /// Bytes that keys take beside the lists.
    heap: usize,
}

impl<O: Order> Quantile<O> {
    pub(super) fn new(arg: SqlType) -> Quantile<O> {
        Quantile { groups: Vec::new(), data_type: arg.arrow(), heap: 0 }
    }

    fn add(&mut self, group: usize, key: O::Key, weight: Weight) {
        let bytes = O::heap_bytes(&key);
        match self.groups[group].add(key, weight) {
            0 => {}
            1 => self.heap += bytes,
            _ => self.heap -= bytes,
        }
    }
}

/// The value of `values` before which the share `fraction` of them stands.
fn discrete<K: Ord>(values: &Counted<K>, fraction: f64, descends: bool) -> Option<&K> {
    let len = values.len();
    let at = ((fraction * len as f64).ceil() as Weight - 1).clamp(0, (len - 1).max(0));
    values.nth(if descends { len - 1 - at } else { at })
}

/// The values between which `fraction` lies, and how far it is from the first to the second.
fn between<K: Ord>(values: &Counted<K>, fraction: f64, descends: bool) -> Option<(&K, &K, f64)> {
    let last = (values.len() - 1).max(0);
    let place = fraction * last as f64;
    let nth = |at: f64| values.nth(if descends { last - at as Weight } else { at as Weight });
    Some((nth(place.floor())?, nth(place.ceil())?, place - place.floor()))
}

impl<O: Order> Accumulator for Quantile<O> {
    fn resize(&mut self, groups: usize) {
        self.groups.resize_with(groups, Counted::default);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        let view = View::of(arg);
        rows.each(&view, |group, row, weight| self.add(group, O::key(&view, row), weight));
    }

    fn results(&self, function: Function, _: &[u32]) -> (ArrayRef, Errors) {
        panic!("{} is read at a fraction", function.name())
    }

    fn results_of(&self, function: Function, rest: &Rest<(usize, SqlType)>, groups: &[u32]) -> (ArrayRef, Errors) {
        let fraction = rest.fraction.filter(|fraction| !fraction.is_nan());
        let sets = groups.iter().map(|group| fraction.map(|fraction| (&self.groups[*group as usize], fraction)));
        if function == Function::PercentileDisc {
            let keys: Vec<Option<&O::Key>> =
                sets.map(|set| set.and_then(|(values, at)| discrete(values, at, rest.descends()))).collect();
            return (O::array(&self.data_type, &keys), Errors::none());
        }
        let places: Vec<_> =
            sets.map(|set| set.and_then(|(values, at)| between(values, at, rest.descends()))).collect();
        let lows: Vec<Option<&O::Key>> = places.iter().map(|place| place.map(|(low, ..)| low)).collect();
        let highs: Vec<Option<&O::Key>> = places.iter().map(|place| place.map(|(_, high, _)| high)).collect();
        let (lows, highs) = (O::array(&self.data_type, &lows), O::array(&self.data_type, &highs));
        let (lows, highs) = (lows.as_primitive::<Float64Type>(), highs.as_primitive::<Float64Type>());
        let shares = places.iter().map(|place| place.map(|(_, _, share)| share));
        let value = |(at, share): (usize, Option<f64>)| {
            let (low, high) = (lows.value(at), highs.value(at));
            share.map(|share| if share == 0.0 { low } else { low + share * (high - low) })
        };
        let values: Float64Array = shares.enumerate().map(value).collect();
        (Arc::new(values), Errors::none())
    }

    fn clear(&mut self, group: usize) {
        let gone = std::mem::take(&mut self.groups[group]);
        self.heap -= gone.iter().map(|(key, _)| O::heap_bytes(key)).sum::<usize>();
    }

    fn bytes(&self) -> usize {
        let sets: usize = self.groups.iter().map(Counted::bytes).sum();
        self.groups.capacity() * size_of::<Counted<O::Key>>() + sets + self.heap
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        let values = &self.groups[group];
        write_counted::<O>(values.iter().count(), values.iter(), bytes);
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        read_counted::<O>(bytes, |key, weight| self.add(group, key, weight))
    }
}
