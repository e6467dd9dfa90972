//! Variances and standard deviations, from exact sums of values and of their squares: a retraction is an addition, and the result
//! is rounded once.
//!
//! ```text
//! VAR_POP = (n·Σx² − (Σx)²) / n²        VAR_SAMP = (n·Σx² − (Σx)²) / n(n − 1)
//! ```

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, i256};
use deltaq_circuit::arrays::{self, Values, View};
use num_bigint::{BigInt, Sign};

use super::accumulator::{Accumulator, Rows};
use super::dyadic::Dyadic;
use super::{FloatSum, Function, take};
use crate::types::SqlType;
use crate::value::Errors;

/// Whether a function reads these sums.
pub(super) fn is_of_moments(function: Function) -> bool {
    use Function::{StddevPop, StddevSamp, VarPop, VarSamp};
    matches!(function, VarPop | VarSamp | StddevPop | StddevSamp)
}

/// The least number that a decimal does not hold.
const LIMIT: i128 = 10i128.pow(38);

fn is_root(function: Function) -> bool {
    matches!(function, Function::StddevPop | Function::StddevSamp)
}

/// How few values have no result.
fn too_few(function: Function) -> i64 {
    i64::from(matches!(function, Function::VarSamp | Function::StddevSamp))
}

fn defined(function: Function, counts: &[i64], groups: &[u32]) -> Option<NullBuffer> {
    let is = |at: usize| counts[groups[at] as usize] > too_few(function);
    let valid = BooleanBuffer::collect_bool(groups.len(), is);
    (valid.count_set_bits() < groups.len()).then(|| NullBuffer::new(valid))
}

fn out_of_range(errors: &mut Errors, row: usize, function: Function, ty: SqlType) {
    errors.set(row, "22003", format!("{} out of range for {ty}", function.name()));
}

/// Of integers and decimals: sums in units of the argument's scale.
pub(super) struct Moments {
    sums: Vec<i256>,
    squares: Vec<i256>,
    /// Where the argument may have more than 19 digits: the sums of the squares' upper 128 bits, `squares` having the lower ones.
    upper: Option<Vec<i256>>,
    counts: Vec<i64>,
    ty: SqlType,
    /// Digits behind the point: of the argument, of the result.
    scales: (u32, u32),
}

impl Moments {
    pub(super) fn new(arg: SqlType, ty: SqlType) -> Moments {
        let scale = |ty: SqlType| ty.as_decimal().map_or(0, |(_, scale)| u32::from(scale));
        let upper = matches!(arg, SqlType::Decimal(precision, _) if precision > 19).then(Vec::new);
        let counts = Vec::new();
        Moments { sums: Vec::new(), squares: Vec::new(), upper, counts, ty, scales: (scale(arg), scale(ty)) }
    }

    fn result(&self, function: Function, group: usize) -> Option<i128> {
        let count = self.counts[group];
        if count <= too_few(function) {
            return Some(0);
        }
        let divisor = i128::from(count) * i128::from(count - too_few(function));
        let (of, to) = self.scales;
        if !is_root(function)
            && let Some(spread) = self.small_spread(group)
            && let Some(scaled) = to.checked_sub(2 * of).and_then(|by| spread.checked_mul(10i128.pow(by)))
        {
            let (quotient, rest) = (scaled / divisor, scaled % divisor);
            return Some(quotient + i128::from(rest >= divisor - rest)).filter(|digits| *digits < LIMIT);
        }
        let spread = self.spread(group);
        let power = |by: u32| BigInt::from(10).pow(by);
        let (a, b) = match (is_root(function), to.checked_sub(2 * of)) {
            (true, _) => (spread * power(2 * (to - of)), divisor.into()),
            (false, Some(by)) => (spread * power(by), divisor.into()),
            (false, None) => (spread, BigInt::from(divisor) * power(2 * of - to)),
        };
        let digits = if is_root(function) { rounded_root(&a, &b) } else { (&a * 2 + &b) / (b * 2) };
        i128::try_from(digits).ok().filter(|digits| *digits < LIMIT)
    }

    /// n·Σx² − (Σx)², if 128 bits are enough.
    fn small_spread(&self, group: usize) -> Option<i128> {
        if self.upper.is_some() {
            return None;
        }
        let (sum, squares) = (self.sums[group].to_i128()?, self.squares[group].to_i128()?);
        squares.checked_mul(self.counts[group].into())?.checked_sub(sum.checked_mul(sum)?)
    }

    fn spread(&self, group: usize) -> BigInt {
        let sum = big(self.sums[group]);
        let upper = self.upper.as_ref().map_or(BigInt::ZERO, |upper| big(upper[group]) << 128);
        (upper + big(self.squares[group])) * self.counts[group] - &sum * &sum
    }
}

fn big(value: i256) -> BigInt {
    BigInt::from_signed_bytes_le(&value.to_le_bytes())
}

/// √(a / b), rounded half up to an integer.
fn rounded_root(a: &BigInt, b: &BigInt) -> BigInt {
    if a.sign() == Sign::NoSign {
        return BigInt::ZERO;
    }
    let (quotient, rest) = (a / b, a % b);
    let root = quotient.sqrt();
    // (root + ½)² = root² + root + ¼
    let middle = &root * &root + &root;
    let up = quotient > middle || (quotient == middle && rest * 4 >= *b);
    root + i32::from(up)
}

impl Accumulator for Moments {
    fn resize(&mut self, groups: usize) {
        self.sums.resize(groups, i256::ZERO);
        self.squares.resize(groups, i256::ZERO);
        self.counts.resize(groups, 0);
        if let Some(upper) = &mut self.upper {
            upper.resize(groups, i256::ZERO);
        }
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        let view = View::of(arg);
        let Moments { sums, squares, upper, counts, .. } = self;
        let times = |value: i256, weight: i64| match weight {
            1 => value,
            _ => value.wrapping_mul(i256::from_i128(weight.into())),
        };
        let mut add = |group: usize, value: i128, weight: i64| {
            sums[group] = sums[group].wrapping_add(times(i256::from_i128(value), weight));
            counts[group] += weight;
            match upper {
                None => {
                    squares[group] = squares[group].wrapping_add(times(i256::from_i128(value * value), weight));
                }
                Some(upper) => {
                    let square = i256::from_i128(value).wrapping_mul(i256::from_i128(value));
                    let (low, high) = square.to_parts();
                    squares[group] = squares[group].wrapping_add(times(i256::from_parts(low, 0), weight));
                    upper[group] = upper[group].wrapping_add(times(i256::from_i128(high), weight));
                }
            }
        };
        match view.values {
            Values::W2(v) => rows.each(&view, |group, row, weight| add(group, i128::from(v[row] as i16), weight)),
            Values::W4(v) => rows.each(&view, |group, row, weight| add(group, i128::from(v[row] as i32), weight)),
            Values::W8(v) => rows.each(&view, |group, row, weight| add(group, i128::from(v[row] as i64), weight)),
            Values::W16(v) => rows.each(&view, |group, row, weight| add(group, i128::from_le_bytes(v[row]), weight)),
            Values::Bit(_) | Values::Var(..) => panic!("a variance of {}", arg.data_type()),
        }
    }

    fn results(&self, function: Function, groups: &[u32]) -> (ArrayRef, Errors) {
        let mut errors = Errors::none();
        let each = groups.iter().enumerate().map(|(row, group)| {
            self.result(function, *group as usize).unwrap_or_else(|| {
                out_of_range(&mut errors, row, function, self.ty);
                0
            })
        });
        let digits: Vec<i128> = each.collect();
        let nulls = defined(function, &self.counts, groups);
        (arrays::fixed(&self.ty.arrow(), Buffer::from_vec(digits), nulls), errors)
    }

    fn clear(&mut self, group: usize) {
        self.counts[group] = 0;
        for sums in [&mut self.sums, &mut self.squares].into_iter().chain(&mut self.upper) {
            sums[group] = i256::ZERO;
        }
    }

    fn bytes(&self) -> usize {
        let wide = self.sums.capacity() + self.squares.capacity() + self.upper.as_ref().map_or(0, Vec::capacity);
        wide * 32 + self.counts.capacity() * 8
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        for sums in [&self.sums, &self.squares].into_iter().chain(&self.upper) {
            bytes.extend_from_slice(&sums[group].to_le_bytes());
        }
        bytes.extend_from_slice(&self.counts[group].to_le_bytes());
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        for sums in [&mut self.sums, &mut self.squares].into_iter().chain(&mut self.upper) {
            sums[group] = i256::from_le_bytes(take(bytes)?);
        }
        self.counts[group] = i64::from_le_bytes(take(bytes)?);
        Some(())
    }
}

/// Of floats.
#[derive(Default)]
pub(super) struct FloatMoments {
    sums: Vec<FloatSum>,
    /// Of the finite values.
    squares: Vec<FloatSum>,
    counts: Vec<i64>,
    extra: usize,
}

impl FloatMoments {
    fn result(&self, function: Function, group: usize) -> Option<f64> {
        let count = self.counts[group];
        if count <= too_few(function) {
            return Some(0.0);
        }
        let (Some(sum), Some(squares)) = (self.sums[group].exact(), self.squares[group].exact()) else {
            return Some(f64::NAN);
        };
        let [n, m] = [count, count - too_few(function)].map(Dyadic::integer);
        let variance = n.times(&squares).minus(&sum.times(&sum)).over(&n.times(&m))?;
        Some(if is_root(function) { variance.sqrt() } else { variance })
    }

    fn extra_of(&self, group: usize) -> usize {
        self.sums[group].extra_bytes() + self.squares[group].extra_bytes()
    }
}

impl Accumulator for FloatMoments {
    fn resize(&mut self, groups: usize) {
        self.sums.resize_with(groups, FloatSum::default);
        self.squares.resize_with(groups, FloatSum::default);
        self.counts.resize(groups, 0);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        let view = View::of(arg);
        let mut add = |group: usize, value: f64, weight: i64| {
            self.extra -= self.extra_of(group);
            self.sums[group].add(value, weight);
            if value.is_finite() {
                self.squares[group].add_product(value, value, weight);
            }
            self.extra += self.extra_of(group);
            self.counts[group] += weight;
        };
        match view.values {
            Values::W4(v) => rows.each(&view, |group, row, weight| add(group, f32::from_bits(v[row]).into(), weight)),
            Values::W8(v) => rows.each(&view, |group, row, weight| add(group, f64::from_bits(v[row]), weight)),
            _ => panic!("a float variance of {}", arg.data_type()),
        }
    }

    fn results(&self, function: Function, groups: &[u32]) -> (ArrayRef, Errors) {
        let mut errors = Errors::none();
        let each = groups.iter().enumerate().map(|(row, group)| {
            self.result(function, *group as usize).unwrap_or_else(|| {
                out_of_range(&mut errors, row, function, SqlType::Double);
                0.0
            })
        });
        let values: Vec<f64> = each.collect();
        (Arc::new(Float64Array::new(values.into(), defined(function, &self.counts, groups))), errors)
    }

    fn clear(&mut self, group: usize) {
        self.extra -= self.extra_of(group);
        self.sums[group] = FloatSum::default();
        self.squares[group] = FloatSum::default();
        self.counts[group] = 0;
    }

    fn bytes(&self) -> usize {
        let sums = self.sums.capacity() + self.squares.capacity();
        sums * size_of::<FloatSum>() + self.counts.capacity() * 8 + self.extra
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        self.sums[group].write(bytes);
        self.squares[group].write(bytes);
        bytes.extend_from_slice(&self.counts[group].to_le_bytes());
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        self.sums[group] = FloatSum::read(bytes)?;
        self.squares[group] = FloatSum::read(bytes)?;
        self.extra += self.extra_of(group);
        self.counts[group] = i64::from_le_bytes(take(bytes)?);
        Some(())
    }
}
