//! DISTINCT inside aggregates: each value of a group counts once, as long as it stands at all.

use std::collections::HashMap;

use arrow_array::ArrayRef;
use arrow_buffer::{BooleanBuffer, Buffer};
use arrow_schema::DataType;
use deltaq_circuit::arrays::{self, Values, View};
use deltaq_circuit::keys::{KeyLayout, Keys};
use deltaq_circuit::trace::Groups;
use deltaq_circuit::{Batch, Weights};

use super::accumulator::{Accumulator, Rows};
use super::take;
use crate::types::SqlType;

/// The (group, value) pairs of one argument, and for each call over it how often each pair stands: `COUNT(DISTINCT x)` and
/// `COUNT(DISTINCT x) FILTER (WHERE f)` look a value up once between them.
pub(super) struct DistinctValues {
    arg: usize,
    calls: Vec<Call>,
    pairs: Groups,
    /// By pair: one count a call.
    counts: Vec<i64>,
    data_type: DataType,
}

/// A call over distinct values: which accumulator, and the boolean column that says what rows count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) accumulator: usize,
    pub(super) filter: Option<usize>,
}

/// The rows by which values appear or vanish for one call.
#[derive(Default)]
struct Turned {
    rows: Vec<u32>,
    groups: Vec<u32>,
}

impl Turned {
    fn push(&mut self, row: u32, group: u32) {
        self.rows.push(row);
        self.groups.push(group);
    }

    fn hand_on(&self, weights: &Weights, batch: &Batch, arg: usize, to: &mut dyn Accumulator) {
        if !self.rows.is_empty() {
            to.update(&Rows { rows: &self.rows, groups: &self.groups, weights, batch }, batch.column(arg));
        }
    }
}

impl DistinctValues {
    /// Of column `arg`. No calls yet.
    pub(super) fn new(arg: usize, ty: SqlType) -> DistinctValues {
        let data_type = ty.arrow();
        let pairs = Groups::new(KeyLayout::new(&[DataType::Int32, data_type.clone()]));
        DistinctValues { arg, calls: Vec::new(), pairs, counts: Vec::new(), data_type }
    }

    /// Whether a call over this column may be added: there are at most as many as bits in a word.
    pub(super) fn takes(&self, arg: usize) -> bool {
        self.arg == arg && self.calls.len() < u64::BITS as usize
    }

    /// Adds a call, before any row is taken in.
    pub(super) fn call(&mut self, call: Call) {
        self.calls.push(call);
    }

    fn encode(&self, groups: &[u32], values: &ArrayRef) -> Keys {
        let ids = Buffer::from_vec(groups.to_vec());
        let ids = arrays::fixed(&DataType::Int32, ids, None);
        self.pairs.layout().encode(&[ids, values.clone()], groups.len())
    }

    /// Takes in a delta, whose rows are of `groups`. `passes`: the rows that a filter column lets through. Accumulators see +1 when a
    /// value appears and −1 when it is gone.
    pub(super) fn update(
        &mut self,
        delta: &Batch,
        groups: &[u32],
        passes: impl Fn(usize) -> BooleanBuffer,
        accumulators: &mut [Box<dyn Accumulator>],
    ) {
        let arg = delta.column(self.arg);
        let of_rows = self.calls_of_rows(delta.len(), passes);
        let nulls = View::of(arg).nulls;
        let takes_part =
            |row: &u32| of_rows[*row as usize] != 0 && nulls.is_none_or(|nulls| nulls.is_valid(*row as usize));
        let rows: Vec<u32> = (0..delta.len() as u32).filter(takes_part).collect();
        if rows.is_empty() {
            return;
        }
        let whole = rows.len() == delta.len();
        let of: Vec<u32> = if whole { groups.to_vec() } else { rows.iter().map(|r| groups[*r as usize]).collect() };
        let values = if whole { arg.clone() } else { arrays::take(arg, &rows.clone().into()) };
        let pairs = self.pairs.assign(&self.encode(&of, &values));
        let width = self.calls.len();
        self.counts.resize(self.pairs.capacity() * width, 0);
        let mut appears: Vec<Turned> = self.calls.iter().map(|_| Turned::default()).collect();
        let mut vanishes: Vec<Turned> = self.calls.iter().map(|_| Turned::default()).collect();
        let mut any_gone = false;
        for ((&row, &group), &pair) in rows.iter().zip(&of).zip(&pairs) {
            let weight = delta.weight(row as usize);
            let counts = &mut self.counts[pair as usize * width..][..width];
            let mut calls = of_rows[row as usize];
            while calls != 0 {
                let call = calls.trailing_zeros() as usize;
                calls &= calls - 1;
                let was = counts[call];
                let is = was + weight;
                counts[call] = is;
                // A pair may turn more than once: what calls remember of a group is a sum, in which that cancels.
                match (was > 0, is > 0) {
                    (false, true) => appears[call].push(row, group),
                    (true, false) => vanishes[call].push(row, group),
                    _ => {}
                }
                any_gone |= is == 0;
            }
        }
        let gone_weights = match vanishes.iter().any(|turned| !turned.rows.is_empty()) {
            true => Weights::Each(vec![-1; delta.len()].into()),
            false => Weights::Ones,
        };
        for (call, (appears, vanishes)) in self.calls.iter().zip(appears.iter().zip(&vanishes)) {
            let accumulator = &mut accumulators[call.accumulator];
            appears.hand_on(&Weights::Ones, delta, self.arg, accumulator.as_mut());
            vanishes.hand_on(&gone_weights, delta, self.arg, accumulator.as_mut());
        }
        if any_gone {
            self.release(&pairs);
        }
    }

    /// The calls that each row counts for, one bit a call.
    fn calls_of_rows(&self, rows: usize, passes: impl Fn(usize) -> BooleanBuffer) -> Vec<u64> {
        let always = self.calls.iter().enumerate().filter(|(_, call)| call.filter.is_none());
        let mut of_rows = vec![always.fold(0, |calls, (at, _)| calls | 1 << at); rows];
        for (at, call) in self.calls.iter().enumerate() {
            if let Some(filter) = call.filter {
                let bits = passes(filter);
                of_rows.iter_mut().zip(&bits).for_each(|(calls, passes)| *calls |= u64::from(passes) << at);
            }
        }
        of_rows
    }

    /// Lets those of `pairs` go that stand for no call.
    fn release(&mut self, pairs: &[u32]) {
        let width = self.calls.len();
        let counts_nothing = |pair: u32| self.counts[pair as usize * width..][..width].iter().all(|count| *count == 0);
        let mut gone: Vec<u32> = pairs.iter().copied().filter(|pair| counts_nothing(*pair)).collect();
        gone.sort_unstable();
        gone.dedup();
        if self.pairs.release(&gone) {
            self.counts = Vec::new();
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.pairs.bytes() + self.counts.capacity() * 8
    }

    /// The state of each group: how many values; of each its length, its bytes as a key, and its counts.
    pub(super) fn save(&self, groups: &[u32]) -> Vec<Vec<u8>> {
        let live = self.pairs.live();
        let columns = self.pairs.gather(&live);
        let values = KeyLayout::of_bytes(std::slice::from_ref(&self.data_type)).encode(&columns[1..], live.len());
        let Keys::Bytes(values) = values else { panic!("a layout of bytes gives bytes") };
        let View { values: Values::W4(of), .. } = View::of(&columns[0]) else { panic!("group numbers are 32 bits") };
        let mut rows: HashMap<u32, Vec<usize>> = HashMap::new();
        of.iter().enumerate().for_each(|(row, group)| rows.entry(*group).or_default().push(row));
        let width = self.calls.len();
        let save = |group: &u32| {
            let rows = rows.get(group).map_or(&[][..], Vec::as_slice);
            let mut bytes = (rows.len() as u64).to_le_bytes().to_vec();
            for &row in rows {
                let value = values.get(row);
                bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
                bytes.extend_from_slice(value);
                let counts = &self.counts[live[row] as usize * width..][..width];
                counts.iter().for_each(|count| bytes.extend_from_slice(&count.to_le_bytes()));
            }
            bytes
        };
        groups.iter().map(save).collect()
    }

    /// Takes the state of a group off the front of `bytes`; None if they are too short.
    pub(super) fn read(&mut self, group: u32, bytes: &mut &[u8]) -> Option<()> {
        let layout = KeyLayout::of_bytes(std::slice::from_ref(&self.data_type));
        let width = self.calls.len();
        for _ in 0..u64::from_le_bytes(take(bytes)?) {
            let length = u32::from_le_bytes(take(bytes)?) as usize;
            let (value, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            let value = layout.decode_bytes(&[value]);
            let pair = self.pairs.assign(&self.encode(&[group], &value[0]))[0];
            self.counts.resize(self.pairs.capacity() * width, 0);
            for count in &mut self.counts[pair as usize * width..][..width] {
                *count = i64::from_le_bytes(take(bytes)?);
            }
        }
        Some(())
    }
}
