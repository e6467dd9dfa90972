//! BIT_AND, BIT_OR and BIT_XOR: how many values of a group have each bit, so that a retraction is an addition.

use arrow_array::ArrayRef;
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_schema::DataType;
use deltaq_circuit::arrays::{self, Values, View};

use super::accumulator::{Accumulator, Rows};
use super::{Function, take};
use crate::types::SqlType;
use crate::value::Errors;

/// Values a group, and a count for each of their bits.
pub(super) struct BitCounts {
    function: Function,
    data_type: DataType,
    /// Bits of a value.
    width: usize,
    values: Vec<i64>,
    /// `width` counts a group, of the lowest bit first.
    ones: Vec<i64>,
}

impl BitCounts {
    pub(super) fn new(function: Function, arg: SqlType) -> BitCounts {
        let data_type = arg.arrow();
        let bytes = arrays::width(&data_type).unwrap_or_else(|| panic!("{arg} has no fixed width"));
        BitCounts { function, data_type, width: 8 * bytes, values: Vec::new(), ones: Vec::new() }
    }

    fn ones(&self, group: usize) -> &[i64] {
        &self.ones[group * self.width..][..self.width]
    }

    fn value(&self, group: usize) -> u64 {
        let all = self.values[group];
        let stands = |ones: i64| match self.function {
            Function::BitAnd => ones == all,
            Function::BitOr => ones > 0,
            _ => ones & 1 == 1,
        };
        let bits = self.ones(group).iter().enumerate();
        bits.fold(0, |value, (bit, &ones)| value | u64::from(stands(ones)) << bit)
    }
}

impl Accumulator for BitCounts {
    fn resize(&mut self, groups: usize) {
        self.values.resize(groups, 0);
        self.ones.resize(groups * self.width, 0);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        let view = View::of(arg);
        let (width, values, ones) = (self.width, &mut self.values, &mut self.ones);
        let mut add = |group: usize, mut bits: u64, weight: i64| {
            values[group] += weight;
            while bits != 0 {
                ones[group * width + bits.trailing_zeros() as usize] += weight;
                bits &= bits - 1;
            }
        };
        match view.values {
            Values::W2(v) => rows.each(&view, |group, row, weight| add(group, v[row].into(), weight)),
            Values::W4(v) => rows.each(&view, |group, row, weight| add(group, v[row].into(), weight)),
            Values::W8(v) => rows.each(&view, |group, row, weight| add(group, v[row], weight)),
            _ => panic!("the bits of {}", arg.data_type()),
        }
    }

    fn results(&self, _: Function, groups: &[u32]) -> (ArrayRef, Errors) {
        let each = groups.iter().map(|g| self.value(*g as usize));
        let values = match self.width {
            16 => Buffer::from_vec(each.map(|v| v as u16).collect::<Vec<_>>()),
            32 => Buffer::from_vec(each.map(|v| v as u32).collect::<Vec<_>>()),
            _ => Buffer::from_vec(each.collect::<Vec<_>>()),
        };
        let valid = BooleanBuffer::collect_bool(groups.len(), |i| self.values[groups[i] as usize] != 0);
        let nulls = (valid.count_set_bits() < groups.len()).then(|| NullBuffer::new(valid));
        (arrays::fixed(&self.data_type, values, nulls), Errors::none())
    }

    fn clear(&mut self, group: usize) {
        self.values[group] = 0;
        self.ones[group * self.width..][..self.width].fill(0);
    }

    fn bytes(&self) -> usize {
        (self.values.capacity() + self.ones.capacity()) * 8
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.values[group].to_le_bytes());
        self.ones(group).iter().for_each(|ones| bytes.extend_from_slice(&ones.to_le_bytes()));
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        self.values[group] = i64::from_le_bytes(take(bytes)?);
        for ones in &mut self.ones[group * self.width..][..self.width] {
            *ones = i64::from_le_bytes(take(bytes)?);
        }
        Some(())
    }
}
