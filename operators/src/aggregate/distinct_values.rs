//! DISTINCT inside an aggregate: each value of a group counts once, as long as it stands at all.

use std::collections::HashMap;

use arrow_array::ArrayRef;
use arrow_buffer::Buffer;
use arrow_schema::DataType;
use deltaq_circuit::Weights;
use deltaq_circuit::arrays::{self, Values, View};
use deltaq_circuit::keys::{KeyLayout, Keys};
use deltaq_circuit::trace::Groups;

use super::accumulator::{Accumulator, Rows};
use super::take;
use crate::types::SqlType;
use crate::value::Errors;

/// Counts (group, value) pairs; the inner accumulator sees +1 when a pair appears and −1 when it is gone.
pub(super) struct DistinctValues {
    pairs: Groups,
    weights: Vec<i64>,
    inner: Box<dyn Accumulator>,
    data_type: DataType,
}

impl DistinctValues {
    pub(super) fn new(arg: SqlType, inner: Box<dyn Accumulator>) -> DistinctValues {
        let data_type = arg.arrow();
        let pairs = Groups::new(KeyLayout::new(&[DataType::Int32, data_type.clone()]));
        DistinctValues { pairs, weights: Vec::new(), inner, data_type }
    }

    fn encode(&self, groups: &[u32], values: &ArrayRef) -> Keys {
        let ids = Buffer::from_vec(groups.to_vec());
        let ids = arrays::fixed(&DataType::Int32, ids, None);
        self.pairs.layout().encode(&[ids, values.clone()], groups.len())
    }
}

impl Accumulator for DistinctValues {
    fn resize(&mut self, groups: usize) {
        self.inner.resize(groups);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        let (mut at, mut groups, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        rows.each(&View::of(arg), |group, row, weight| {
            at.push(row as u32);
            groups.push(group as u32);
            weights.push(weight);
        });
        if at.is_empty() {
            return;
        }
        let values = arrays::take(arg, &at.clone().into());
        let pairs = self.pairs.assign(&self.encode(&groups, &values));
        self.weights.resize(self.pairs.capacity(), 0);
        // What each pair was before this batch, looked at once a pair: the first row that touches it decides.
        let mut before: HashMap<u32, (usize, bool)> = HashMap::new();
        for (row, (&pair, &weight)) in pairs.iter().zip(&weights).enumerate() {
            before.entry(pair).or_insert((row, self.weights[pair as usize] > 0));
            self.weights[pair as usize] += weight;
        }
        let (mut turned, mut turned_groups) = (Vec::new(), Vec::new());
        let mut changes = vec![0i64; arg.len()];
        let mut gone = Vec::new();
        for (pair, (row, was)) in before {
            let now = self.weights[pair as usize];
            if was != (now > 0) {
                turned.push(at[row]);
                turned_groups.push(groups[row]);
                changes[at[row] as usize] = if was { -1 } else { 1 };
            }
            if now == 0 {
                gone.push(pair);
            }
        }
        let changes = Weights::Each(changes.into());
        self.inner.update(&Rows { rows: &turned, groups: &turned_groups, weights: &changes }, arg);
        gone.into_iter().for_each(|pair| self.pairs.release(pair));
        if self.pairs.shrink() {
            self.weights = Vec::new();
        }
    }

    fn results(&self, groups: &[u32]) -> (ArrayRef, Errors) {
        self.inner.results(groups)
    }

    fn clear(&mut self, group: usize) {
        self.inner.clear(group);
    }

    fn bytes(&self) -> usize {
        self.pairs.bytes() + self.weights.capacity() * 8 + self.inner.bytes()
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        self.inner.write(group, bytes);
    }

    fn save(&self, groups: &[u32]) -> Vec<Vec<u8>> {
        let live = self.pairs.live();
        let columns = self.pairs.gather(&live);
        let values = KeyLayout::of_bytes(std::slice::from_ref(&self.data_type)).encode(&columns[1..], live.len());
        let Keys::Bytes(values) = values else { panic!("a layout of bytes gives bytes") };
        let View { values: Values::W4(of), .. } = View::of(&columns[0]) else { panic!("group numbers are 32 bits") };
        let mut rows: HashMap<u32, Vec<usize>> = HashMap::new();
        of.iter().enumerate().for_each(|(row, group)| rows.entry(*group).or_default().push(row));
        let save = |(group, mut bytes): (&u32, Vec<u8>)| {
            let rows = rows.get(group).map_or(&[][..], Vec::as_slice);
            bytes.extend_from_slice(&(rows.len() as u64).to_le_bytes());
            for &row in rows {
                let value = values.get(row);
                bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
                bytes.extend_from_slice(value);
                bytes.extend_from_slice(&self.weights[live[row] as usize].to_le_bytes());
            }
            bytes
        };
        groups.iter().zip(self.inner.save(groups)).map(save).collect()
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        self.inner.read(group, bytes)?;
        let layout = KeyLayout::of_bytes(std::slice::from_ref(&self.data_type));
        for _ in 0..u64::from_le_bytes(take(bytes)?) {
            let length = u32::from_le_bytes(take(bytes)?) as usize;
            let (value, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            let value = layout.decode_bytes(&[value]);
            let pair = self.pairs.assign(&self.encode(&[group as u32], &value[0]))[0];
            self.weights.resize(self.pairs.capacity(), 0);
            self.weights[pair as usize] = i64::from_le_bytes(take(bytes)?);
        }
        Some(())
    }
}
