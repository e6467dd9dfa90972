//! Covariance, correlation and regression of two variables, from exact sums of both, their squares and their products; a result is
//! rounded once. As in PostgreSQL the dependent variable `y` is the first argument, and rows in which either is NULL do not count.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array};
use deltaq_circuit::arrays::View;

use super::accumulator::{Accumulator, Rows};
use super::dyadic::Dyadic;
use super::{FloatSum, Function, take};
use crate::value::Errors;

/// The sums of a group. Those of squares and products are of finite values only.
#[derive(Clone, Default)]
struct Sums {
    count: i64,
    y: FloatSum,
    x: FloatSum,
    yy: FloatSum,
    xx: FloatSum,
    xy: FloatSum,
}

/// A result that may be out of range.
type Outcome = Result<Option<f64>, OutOfRange>;

struct OutOfRange;

impl Sums {
    fn each(&self) -> [&FloatSum; 5] {
        [&self.y, &self.x, &self.yy, &self.xx, &self.xy]
    }

    fn extra_bytes(&self) -> usize {
        self.each().iter().map(|sum| sum.extra_bytes()).sum()
    }

    fn add(&mut self, y: f64, x: f64, weight: i64) {
        self.count += weight;
        self.y.add(y, weight);
        self.x.add(x, weight);
        for (sum, a, b) in [(&mut self.yy, y, y), (&mut self.xx, x, x), (&mut self.xy, x, y)] {
            if a.is_finite() && b.is_finite() {
                sum.add_product(a, b, weight);
            }
        }
    }

    /// n·Σab − Σa·Σb: n times the sum of (a − ā)(b − b̄). None where a value is not finite.
    fn spread(&self, products: &FloatSum, a: &FloatSum, b: &FloatSum) -> Option<Dyadic> {
        let (a, b) = (a.exact()?, b.exact()?);
        Some(Dyadic::integer(self.count).times(&products.exact()?).minus(&a.times(&b)))
    }

    fn result(&self, function: Function) -> Outcome {
        use Function::*;
        let n = Dyadic::integer(self.count);
        if self.count < 1 || (function == CovarSamp && self.count < 2) {
            return Ok(None);
        }
        let ratio = |a: &Option<Dyadic>, b: &Dyadic| match a {
            Some(a) => a.over(b).map(Some).ok_or(OutOfRange),
            None => Ok(Some(f64::NAN)),
        };
        let average = |sum: &FloatSum| match sum.exact() {
            Some(sum) => sum.over(&n).map(Some).ok_or(OutOfRange),
            None => Ok(sum.value()),
        };
        let sxx = || self.spread(&self.xx, &self.x, &self.x);
        let syy = || self.spread(&self.yy, &self.y, &self.y);
        let sxy = || self.spread(&self.xy, &self.x, &self.y);
        let is_zero = |spread: &Option<Dyadic>| spread.as_ref().is_some_and(Dyadic::is_zero);
        match function {
            CovarPop => ratio(&sxy(), &n.times(&n)),
            CovarSamp => ratio(&sxy(), &n.times(&Dyadic::integer(self.count - 1))),
            RegrAvgX => average(&self.x),
            RegrAvgY => average(&self.y),
            RegrSxx => ratio(&sxx(), &n),
            RegrSyy => ratio(&syy(), &n),
            RegrSxy => ratio(&sxy(), &n),
            Corr | RegrR2 => {
                let (sxx, syy, sxy) = (sxx(), syy(), sxy());
                if is_zero(&sxx) || (is_zero(&syy) && function == Corr) {
                    return Ok(None);
                }
                if is_zero(&syy) {
                    return Ok(Some(1.0));
                }
                let (Some(sxx), Some(syy), Some(sxy)) = (sxx, syy, sxy) else { return Ok(Some(f64::NAN)) };
                let r2 = sxy.times(&sxy).over(&sxx.times(&syy)).ok_or(OutOfRange)?;
                Ok(Some(match (function, sxy.is_negative()) {
                    (RegrR2, _) => r2,
                    (_, true) => -r2.sqrt(),
                    (_, false) => r2.sqrt(),
                }))
            }
            RegrSlope | RegrIntercept => {
                let (sxx, sxy) = (sxx(), sxy());
                if is_zero(&sxx) {
                    return Ok(None);
                }
                let (Some(sxx), Some(sxy)) = (sxx, sxy) else { return Ok(Some(f64::NAN)) };
                if function == RegrSlope {
                    return ratio(&Some(sxy), &sxx);
                }
                let (Some(y), Some(x)) = (self.y.exact(), self.x.exact()) else { return Ok(Some(f64::NAN)) };
                ratio(&Some(y.times(&sxx).minus(&x.times(&sxy))), &n.times(&sxx))
            }
            other => panic!("{} is not of two variables", other.name()),
        }
    }
}

/// All functions of the same two variables.
pub(super) struct Pairs {
    sums: Vec<Sums>,
    /// The column of `x`; that of `y` is the argument.
    x: usize,
    extra: usize,
}

impl Pairs {
    pub(super) fn new(x: usize) -> Pairs {
        Pairs { sums: Vec::new(), x, extra: 0 }
    }
}

impl Accumulator for Pairs {
    fn resize(&mut self, groups: usize) {
        self.sums.resize_with(groups, Sums::default);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        let (y, x) = (arg.as_primitive::<Float64Type>(), rows.batch.column(self.x).as_primitive::<Float64Type>());
        rows.each(&View::of(arg), |group, row, weight| {
            if x.is_valid(row) {
                self.extra -= self.sums[group].extra_bytes();
                self.sums[group].add(y.value(row), x.value(row), weight);
                self.extra += self.sums[group].extra_bytes();
            }
        });
    }

    fn results(&self, function: Function, groups: &[u32]) -> (ArrayRef, Errors) {
        let mut errors = Errors::none();
        if function == Function::RegrCount {
            let counts: Vec<i64> = groups.iter().map(|g| self.sums[*g as usize].count).collect();
            return (Arc::new(Int64Array::from(counts)), errors);
        }
        let each = groups.iter().enumerate().map(|(row, group)| {
            self.sums[*group as usize].result(function).unwrap_or_else(|OutOfRange| {
                errors.set(row, "22003", format!("{} out of range for DOUBLE", function.name()));
                None
            })
        });
        let values: Float64Array = each.collect();
        (Arc::new(values), errors)
    }

    fn clear(&mut self, group: usize) {
        self.extra -= self.sums[group].extra_bytes();
        self.sums[group] = Sums::default();
    }

    fn bytes(&self) -> usize {
        self.sums.capacity() * size_of::<Sums>() + self.extra
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        let sums = &self.sums[group];
        bytes.extend_from_slice(&sums.count.to_le_bytes());
        sums.each().into_iter().for_each(|sum| sum.write(bytes));
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        let count = i64::from_le_bytes(take(bytes)?);
        let mut sum = || FloatSum::read(bytes);
        self.sums[group] = Sums { count, y: sum()?, x: sum()?, yy: sum()?, xx: sum()?, xy: sum()? };
        self.extra += self.sums[group].extra_bytes();
        Some(())
    }
}
