//! SUM and AVG over INTERVAL.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::IntervalMonthDayNanoType;
use arrow_array::{ArrayRef, IntervalMonthDayNanoArray};
use arrow_buffer::IntervalMonthDayNano;
use deltaq_circuit::arrays::View;

use super::Function;
use super::accumulator::{Accumulator, Rows};
use super::sum::nulls;
use super::take;
use crate::functions::temporal::divided;
use crate::value::Errors;

/// SUM over INTERVAL: months, days and nanoseconds apart.
#[derive(Default)]
pub(super) struct IntervalSum {
    sums: Vec<[i128; 3]>,
    counts: Vec<i64>,
}

impl IntervalSum {
    /// `f` of each group's sum and count; an error where it yields none.
    fn each(
        &self,
        groups: &[u32],
        f: impl Fn(IntervalMonthDayNano, i64) -> Option<IntervalMonthDayNano>,
    ) -> (ArrayRef, Errors) {
        let mut errors = Errors::none();
        let each = groups.iter().enumerate().map(|(row, g)| {
            let ([months, days, nanos], count) = (self.sums[*g as usize], self.counts[*g as usize]);
            let sum = match (i32::try_from(months), i32::try_from(days), i64::try_from(nanos)) {
                (Ok(months), Ok(days), Ok(nanos)) => Some(IntervalMonthDayNano::new(months, days, nanos)),
                _ => None,
            };
            sum.and_then(|sum| if count == 0 { Some(sum) } else { f(sum, count) }).unwrap_or_else(|| {
                errors.set(row, "22008", "interval out of range");
                IntervalMonthDayNano::ZERO
            })
        });
        let values: Vec<IntervalMonthDayNano> = each.collect();
        (Arc::new(IntervalMonthDayNanoArray::new(values.into(), nulls(&self.counts, groups))), errors)
    }
}

impl Accumulator for IntervalSum {
    fn resize(&mut self, groups: usize) {
        self.sums.resize(groups, [0; 3]);
        self.counts.resize(groups, 0);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        let intervals = arg.as_primitive::<IntervalMonthDayNanoType>().values();
        rows.each(&View::of(arg), |group, row, weight| {
            let IntervalMonthDayNano { months, days, nanoseconds } = intervals[row];
            for (sum, part) in self.sums[group].iter_mut().zip([months.into(), days.into(), i128::from(nanoseconds)]) {
                *sum += part * i128::from(weight);
            }
            self.counts[group] += weight;
        });
    }

    fn results(&self, _: Function, groups: &[u32]) -> (ArrayRef, Errors) {
        self.each(groups, |sum, _| Some(sum))
    }

    fn clear(&mut self, group: usize) {
        self.sums[group] = [0; 3];
        self.counts[group] = 0;
    }

    fn bytes(&self) -> usize {
        self.sums.capacity() * 48 + self.counts.capacity() * 8
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        self.sums[group].iter().for_each(|s| bytes.extend_from_slice(&s.to_le_bytes()));
        bytes.extend_from_slice(&self.counts[group].to_le_bytes());
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        for sum in &mut self.sums[group] {
            *sum = i128::from_le_bytes(take(bytes)?);
        }
        self.counts[group] = i64::from_le_bytes(take(bytes)?);
        Some(())
    }
}

/// AVG over INTERVAL: the sum, divided by the count.
#[derive(Default)]
pub(super) struct IntervalAverage(IntervalSum);

impl Accumulator for IntervalAverage {
    fn resize(&mut self, groups: usize) {
        self.0.resize(groups);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        self.0.update(rows, arg);
    }

    fn results(&self, _: Function, groups: &[u32]) -> (ArrayRef, Errors) {
        self.0.each(groups, |sum, count| divided(sum, count as f64))
    }

    fn clear(&mut self, group: usize) {
        self.0.clear(group);
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        self.0.write(group, bytes);
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        self.0.read(group, bytes)
    }
}
