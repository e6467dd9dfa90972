//! The linear aggregates: counts, sums and averages. They take weights as they come; a retraction is an addition.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, i256};
use deltaq_circuit::arrays::{self, Values, View};

use super::accumulator::{Accumulator, Rows};
use super::{FloatSum, Function, take};
use crate::types::SqlType;
use crate::value::Errors;

/// NULL for the groups in which no value was counted.
pub(super) fn nulls(counts: &[i64], groups: &[u32]) -> Option<NullBuffer> {
    let empty = groups.iter().any(|g| counts[*g as usize] == 0);
    empty.then(|| NullBuffer::new(BooleanBuffer::collect_bool(groups.len(), |i| counts[groups[i] as usize] != 0)))
}

/// COUNT(x): values that are not NULL.
#[derive(Default)]
pub(super) struct Counts(Vec<i64>);

impl Accumulator for Counts {
    fn resize(&mut self, groups: usize) {
        self.0.resize(groups, 0);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        rows.each(&View::of(arg), |group, _, weight| self.0[group] += weight);
    }

    fn results(&self, _: Function, groups: &[u32]) -> (ArrayRef, Errors) {
        let counts: Vec<i64> = groups.iter().map(|g| self.0[*g as usize]).collect();
        (Arc::new(Int64Array::from(counts)), Errors::none())
    }

    fn clear(&mut self, group: usize) {
        self.0[group] = 0;
    }

    fn bytes(&self) -> usize {
        self.0.capacity() * 8
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0[group].to_le_bytes());
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        self.0[group] = i64::from_le_bytes(take(bytes)?);
        Some(())
    }
}

/// Exact sums of integers and decimals, as integers in units of the argument's scale.
///
/// 128 bits hold any sum of 2^63 values of up to 20 digits. Wider decimals keep 256 bits.
struct Totals {
    sums: Vec<i128>,
    /// The sums again, in full, where the argument may have more than 20 digits.
    wide: Option<Vec<i256>>,
    counts: Vec<i64>,
}

impl Totals {
    fn new(arg: SqlType) -> Totals {
        let wide = matches!(arg, SqlType::Decimal(precision, _) if precision > 19).then(Vec::new);
        Totals { sums: Vec::new(), wide, counts: Vec::new() }
    }

    fn resize(&mut self, groups: usize) {
        self.counts.resize(groups, 0);
        match &mut self.wide {
            Some(wide) => wide.resize(groups, i256::ZERO),
            None => self.sums.resize(groups, 0),
        }
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        let view = View::of(arg);
        let (sums, counts) = (&mut self.sums, &mut self.counts);
        if let (Some(wide), Values::W16(values)) = (&mut self.wide, view.values) {
            return rows.each(&view, |group, row, weight| {
                let value = i256::from_i128(i128::from_le_bytes(values[row]));
                wide[group] = wide[group].wrapping_add(value.wrapping_mul(i256::from_i128(i128::from(weight))));
                counts[group] += weight;
            });
        }
        macro_rules! add {
            ($values:expr, $widen:expr) => {
                rows.each(&view, |group, row, weight| {
                    sums[group] += $widen($values[row]) * i128::from(weight);
                    counts[group] += weight;
                })
            };
        }
        match view.values {
            Values::W2(values) => add!(values, |v: u16| i128::from(v as i16)),
            Values::W4(values) => add!(values, |v: u32| i128::from(v as i32)),
            Values::W8(values) => add!(values, |v: u64| i128::from(v as i64)),
            Values::W16(values) => add!(values, i128::from_le_bytes),
            Values::Bit(_) | Values::Var(..) => panic!("a sum of {}", arg.data_type()),
        }
    }

    fn get(&self, group: usize) -> i256 {
        match &self.wide {
            Some(wide) => wide[group],
            None => i256::from_i128(self.sums[group]),
        }
    }

    fn clear(&mut self, group: usize) {
        self.counts[group] = 0;
        match &mut self.wide {
            Some(wide) => wide[group] = i256::ZERO,
            None => self.sums[group] = 0,
        }
    }

    fn bytes(&self) -> usize {
        self.sums.capacity() * 16 + self.wide.as_ref().map_or(0, |w| w.capacity() * 32) + self.counts.capacity() * 8
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.get(group).to_le_bytes());
        bytes.extend_from_slice(&self.counts[group].to_le_bytes());
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        let sum = i256::from_le_bytes(take(bytes)?);
        match &mut self.wide {
            Some(wide) => wide[group] = sum,
            None => self.sums[group] = sum.to_i128()?,
        }
        self.counts[group] = i64::from_le_bytes(take(bytes)?);
        Some(())
    }
}

/// The largest number of `precision` digits.
fn largest(precision: u8) -> i128 {
    10i128.pow(u32::from(precision)) - 1
}

fn out_of_range(errors: &mut Errors, row: usize, what: &str, ty: SqlType) {
    errors.set(row, "22003", format!("{what} out of range for {ty}"));
}

/// SUM, AVG and COUNT over integers and decimals, from the same totals.
pub(super) struct ExactSums {
    totals: Totals,
    sum: SqlType,
    average: SqlType,
    /// 10 to the number of digits by which an average's scale exceeds the argument's.
    factor: i256,
}

impl ExactSums {
    pub(super) fn new(arg: SqlType) -> ExactSums {
        let ty = |function: Function| {
            let ty = function.result(Some(arg));
            ty.unwrap_or_else(|error| panic!("a call that was bound: {error}"))
        };
        let (sum, average) = (ty(Function::Sum), ty(Function::Avg));
        let scale = |ty: SqlType| ty.as_decimal().map_or(0, |(_, scale)| scale);
        let digits = u32::from(scale(average) - scale(arg));
        ExactSums { totals: Totals::new(arg), sum, average, factor: i256::from_i128(10i128.pow(digits)) }
    }

    fn sums(&self, groups: &[u32], nulls: Option<NullBuffer>, errors: &mut Errors) -> ArrayRef {
        if let SqlType::BigInt = self.sum {
            let each = groups.iter().enumerate().map(|(row, g)| {
                i64::try_from(self.totals.sums[*g as usize]).unwrap_or_else(|_| {
                    out_of_range(errors, row, "sum", self.sum);
                    0
                })
            });
            let sums: Vec<i64> = each.collect();
            return Arc::new(Int64Array::new(sums.into(), nulls));
        }
        let limit = largest(38);
        let mut fit = |row: usize, sum: Option<i128>| match sum {
            Some(sum) if (-limit..=limit).contains(&sum) => sum,
            _ => {
                out_of_range(errors, row, "sum", self.sum);
                0
            }
        };
        let sums: Vec<i128> = match &self.totals.wide {
            None => groups.iter().enumerate().map(|(row, g)| fit(row, Some(self.totals.sums[*g as usize]))).collect(),
            Some(wide) => groups.iter().enumerate().map(|(row, g)| fit(row, wide[*g as usize].to_i128())).collect(),
        };
        arrays::fixed(&self.sum.arrow(), Buffer::from_vec(sums), nulls)
    }

    /// The exact sum divided once, rounded half away from zero.
    fn averages(&self, groups: &[u32], nulls: Option<NullBuffer>, errors: &mut Errors) -> ArrayRef {
        let each = groups.iter().enumerate().map(|(row, g)| {
            if self.totals.counts[*g as usize] == 0 {
                return 0;
            }
            self.quotient(*g as usize).unwrap_or_else(|| {
                out_of_range(errors, row, "average", self.average);
                0
            })
        });
        let averages: Vec<i128> = each.collect();
        arrays::fixed(&self.average.arrow(), Buffer::from_vec(averages), nulls)
    }

    fn quotient(&self, group: usize) -> Option<i128> {
        let count = i128::from(self.totals.counts[group]);
        // The usual case by 128 bits: the sum is small enough to be scaled there.
        if let (None, Some(factor)) = (&self.totals.wide, self.factor.to_i128())
            && let Some(scaled) = self.totals.sums[group].checked_mul(factor)
        {
            return Some(divide(scaled, count));
        }
        let scaled = self.totals.get(group).checked_mul(self.factor)?;
        let divisor = i256::from_i128(count);
        let (quotient, rest) = (scaled.checked_div(divisor)?, scaled.checked_rem(divisor)?.to_i128()?);
        let away = if rest.unsigned_abs() * 2 >= count.unsigned_abs() { rest.signum() } else { 0 };
        quotient.to_i128()?.checked_add(away).filter(|q| q.unsigned_abs() <= largest(38) as u128)
    }
}

/// `a / b` rounded half away from zero; b > 0.
fn divide(a: i128, b: i128) -> i128 {
    let (quotient, rest) = (a / b, a % b);
    if rest.unsigned_abs() * 2 >= b.unsigned_abs() { quotient + rest.signum() } else { quotient }
}

impl Accumulator for ExactSums {
    fn resize(&mut self, groups: usize) {
        self.totals.resize(groups);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        self.totals.update(rows, arg);
    }

    fn results(&self, function: Function, groups: &[u32]) -> (ArrayRef, Errors) {
        let mut errors = Errors::none();
        let column = match function {
            Function::Count => {
                let counts: Vec<i64> = groups.iter().map(|g| self.totals.counts[*g as usize]).collect();
                Arc::new(Int64Array::from(counts))
            }
            Function::Avg => self.averages(groups, nulls(&self.totals.counts, groups), &mut errors),
            _ => self.sums(groups, nulls(&self.totals.counts, groups), &mut errors),
        };
        (column, errors)
    }

    fn clear(&mut self, group: usize) {
        self.totals.clear(group);
    }

    fn bytes(&self) -> usize {
        self.totals.bytes()
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        self.totals.write(group, bytes);
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        self.totals.read(group, bytes)
    }
}

/// SUM over REAL and DOUBLE, exact until read.
pub(super) struct FloatSums {
    sums: Vec<FloatSum>,
    counts: Vec<i64>,
    ty: SqlType,
    extra: usize,
}

impl FloatSums {
    pub(super) fn new(ty: SqlType) -> FloatSums {
        FloatSums { sums: Vec::new(), counts: Vec::new(), ty, extra: 0 }
    }

    fn value(&self, group: usize) -> Option<f64> {
        if self.counts[group] == 0 { Some(0.0) } else { self.sums[group].value() }
    }
}

impl Accumulator for FloatSums {
    fn resize(&mut self, groups: usize) {
        self.sums.resize_with(groups, FloatSum::default);
        self.counts.resize(groups, 0);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        let view = View::of(arg);
        let (sums, counts, extra) = (&mut self.sums, &mut self.counts, &mut self.extra);
        let mut add = |group: usize, value: f64, weight: i64| {
            *extra -= sums[group].extra_bytes();
            sums[group].add(value, weight);
            *extra += sums[group].extra_bytes();
            counts[group] += weight;
        };
        match view.values {
            Values::W4(values) => {
                rows.each(&view, |group, row, weight| add(group, f64::from(f32::from_bits(values[row])), weight));
            }
            Values::W8(values) => {
                rows.each(&view, |group, row, weight| add(group, f64::from_bits(values[row]), weight))
            }
            _ => panic!("a float sum of {}", arg.data_type()),
        }
    }

    fn results(&self, _: Function, groups: &[u32]) -> (ArrayRef, Errors) {
        let mut errors = Errors::none();
        let nulls = nulls(&self.counts, groups);
        let mut value = |row: usize, group: u32| {
            self.value(group as usize).unwrap_or_else(|| {
                out_of_range(&mut errors, row, "sum", self.ty);
                0.0
            })
        };
        if let SqlType::Real = self.ty {
            let sums: Vec<f32> = groups.iter().enumerate().map(|(row, g)| value(row, *g) as f32).collect();
            for (row, sum) in sums.iter().enumerate() {
                if sum.is_infinite() && self.value(groups[row] as usize).is_some_and(f64::is_finite) {
                    out_of_range(&mut errors, row, "sum", self.ty);
                }
            }
            return (Arc::new(Float32Array::new(sums.into(), nulls)), errors);
        }
        let sums: Vec<f64> = groups.iter().enumerate().map(|(row, g)| value(row, *g)).collect();
        (Arc::new(Float64Array::new(sums.into(), nulls)), errors)
    }

    fn clear(&mut self, group: usize) {
        self.extra -= self.sums[group].extra_bytes();
        self.sums[group] = FloatSum::default();
        self.counts[group] = 0;
    }

    fn bytes(&self) -> usize {
        self.sums.capacity() * size_of::<FloatSum>() + self.counts.capacity() * 8 + self.extra
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        self.sums[group].write(bytes);
        bytes.extend_from_slice(&self.counts[group].to_le_bytes());
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        self.sums[group] = FloatSum::read(bytes)?;
        self.extra += self.sums[group].extra_bytes();
        self.counts[group] = i64::from_le_bytes(take(bytes)?);
        Some(())
    }
}

/// AVG over REAL and DOUBLE: the exact sum, rounded, divided by the count.
pub(super) struct FloatAverage(FloatSums);

impl FloatAverage {
    pub(super) fn new() -> FloatAverage {
        FloatAverage(FloatSums::new(SqlType::Double))
    }
}

impl Accumulator for FloatAverage {
    fn resize(&mut self, groups: usize) {
        self.0.resize(groups);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        self.0.update(rows, arg);
    }

    fn results(&self, _: Function, groups: &[u32]) -> (ArrayRef, Errors) {
        let mut errors = Errors::none();
        let each = groups.iter().enumerate().map(|(row, g)| match self.0.value(*g as usize) {
            Some(sum) => sum / self.0.counts[*g as usize] as f64,
            None => {
                out_of_range(&mut errors, row, "average", SqlType::Double);
                0.0
            }
        });
        let averages: Vec<f64> = each.collect();
        (Arc::new(Float64Array::new(averages.into(), nulls(&self.0.counts, groups))), errors)
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

/// BOOL_AND and BOOL_OR, by counting both values.
pub(super) struct BoolCounts {
    trues: Vec<i64>,
    falses: Vec<i64>,
    and: bool,
}

impl BoolCounts {
    pub(super) fn new(function: Function) -> BoolCounts {
        BoolCounts { trues: Vec::new(), falses: Vec::new(), and: function == Function::BoolAnd }
    }
}

impl Accumulator for BoolCounts {
    fn resize(&mut self, groups: usize) {
        self.trues.resize(groups, 0);
        self.falses.resize(groups, 0);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        let view = View::of(arg);
        let Values::Bit(bits) = view.values else { return };
        rows.each(&view, |group, row, weight| {
            let counts = if bits.value(row) { &mut self.trues } else { &mut self.falses };
            counts[group] += weight;
        });
    }

    fn results(&self, _: Function, groups: &[u32]) -> (ArrayRef, Errors) {
        let at = |counts: &[i64], i: usize| counts[groups[i] as usize] > 0;
        let bits =
            BooleanBuffer::collect_bool(
                groups.len(),
                |i| {
                    if self.and { !at(&self.falses, i) } else { at(&self.trues, i) }
                },
            );
        let valid = BooleanBuffer::collect_bool(groups.len(), |i| at(&self.trues, i) || at(&self.falses, i));
        let nulls = (valid.count_set_bits() < groups.len()).then(|| NullBuffer::new(valid));
        (Arc::new(BooleanArray::new(bits, nulls)), Errors::none())
    }

    fn clear(&mut self, group: usize) {
        self.trues[group] = 0;
        self.falses[group] = 0;
    }

    fn bytes(&self) -> usize {
        (self.trues.capacity() + self.falses.capacity()) * 8
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.trues[group].to_le_bytes());
        bytes.extend_from_slice(&self.falses[group].to_le_bytes());
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        self.trues[group] = i64::from_le_bytes(take(bytes)?);
        self.falses[group] = i64::from_le_bytes(take(bytes)?);
        Some(())
    }
}
