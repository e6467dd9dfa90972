//! What an aggregate call remembers of each group.

use arrow_array::ArrayRef;
use deltaq_circuit::arrays::View;
use deltaq_circuit::{Batch, Weight, Weights};

use super::bits::BitCounts;
use super::extremum::{Extrema, Extremum};
use super::intervals::{IntervalAverage, IntervalSum};
use super::joined::Joined;
use super::mode::Mode;
use super::moments::{FloatMoments, Moments, is_of_moments};
use super::operator::Column;
use super::order::{ByBytes, ByInterval, ByUuid, ByWideWord, ByWord, Order};
use super::pairs::Pairs;
use super::quantile::Quantile;
use super::sum::{BoolCounts, ExactSums, FloatAverage, FloatSums};
use super::{Function, Rest, Shape, sum};
use crate::types::SqlType;
use crate::value::Errors;

/// Rows to take in: row `rows[i]` of the argument belongs to group `groups[i]`.
pub(super) struct Rows<'a> {
    pub(super) rows: &'a [u32],
    pub(super) groups: &'a [u32],
    pub(super) weights: &'a Weights,
    /// What they are rows of, for calls that read more than one column.
    pub(super) batch: &'a Batch,
}

impl Rows<'_> {
    /// Calls `add(group, row, weight)` for each row whose argument is not NULL.
    #[inline]
    pub(super) fn each(&self, arg: &View, mut add: impl FnMut(usize, usize, Weight)) {
        let pairs = self.rows.iter().map(|r| *r as usize).zip(self.groups.iter().map(|g| *g as usize));
        match (self.weights, arg.nulls) {
            (Weights::Ones, None) => pairs.for_each(|(row, group)| add(group, row, 1)),
            (Weights::Ones, Some(nulls)) => {
                pairs.filter(|(row, _)| nulls.is_valid(*row)).for_each(|(row, group)| add(group, row, 1));
            }
            (Weights::Each(each), None) => pairs.for_each(|(row, group)| add(group, row, each[row])),
            (Weights::Each(each), Some(nulls)) => {
                pairs.filter(|(row, _)| nulls.is_valid(*row)).for_each(|(row, group)| add(group, row, each[row]));
            }
        }
    }
}

/// The state of one aggregate call, or of calls that share it, for all groups, in columns indexed by group number.
pub(super) trait Accumulator: Send {
    /// Makes room for groups `0 .. groups`, new ones empty.
    fn resize(&mut self, groups: usize);

    /// Takes in rows.
    fn update(&mut self, rows: &Rows, arg: &ArrayRef);

    /// What `function` is of `groups`, and which have no result because it is out of range. Most accumulators serve one function.
    fn results(&self, function: Function, groups: &[u32]) -> (ArrayRef, Errors);

    /// The same of a call that is read with more than its function.
    fn results_of(&self, function: Function, _: &Rest<(usize, SqlType)>, groups: &[u32]) -> (ArrayRef, Errors) {
        self.results(function, groups)
    }

    /// Empties a group.
    fn clear(&mut self, group: usize);

    /// Bytes allocated.
    fn bytes(&self) -> usize;

    /// Appends the state of a group.
    fn write(&self, group: usize, bytes: &mut Vec<u8>);

    /// Takes the state of a group off the front of `bytes`; None if they are too short.
    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()>;

    /// The state of each group.
    fn save(&self, groups: &[u32]) -> Vec<Vec<u8>> {
        let save = |group: &u32| {
            let mut bytes = Vec::new();
            self.write(*group as usize, &mut bytes);
            bytes
        };
        groups.iter().map(save).collect()
    }
}

/// What `column` remembers, whether or not of distinct values (None: COUNT(*), which needs nothing).
pub(super) fn accumulator(column: &Column, insert_only: bool) -> Option<Box<dyn Accumulator>> {
    let arg = column.arg?.1;
    let ty = column.ty;
    Some(match (column.function, arg) {
        (Function::Count, _) => Box::new(sum::Counts::default()),
        (Function::Sum, SqlType::Real | SqlType::Double) => Box::new(FloatSums::new(ty)),
        (Function::Sum, SqlType::Interval) => Box::new(IntervalSum::default()),
        (Function::Avg, SqlType::Real | SqlType::Double) => Box::new(FloatAverage::new()),
        (Function::Avg, SqlType::Interval) => Box::new(IntervalAverage::default()),
        (Function::Sum | Function::Avg, _) => Box::new(ExactSums::new(arg)),
        (Function::BoolAnd | Function::BoolOr, _) => Box::new(BoolCounts::new(column.function)),
        (Function::BitAnd | Function::BitOr | Function::BitXor, _) => Box::new(BitCounts::new(column.function, ty)),
        (Function::AnyValue, SqlType::Boolean) => Box::new(BoolCounts::new(Function::BoolAnd)),
        (Function::Min | Function::Max | Function::AnyValue, _) => ordered(arg, Extremal(column.function, insert_only)),
        (Function::Mode, _) => ordered(arg, Modal(column.rest.descends())),
        (Function::PercentileDisc | Function::PercentileCont, _) => ordered(arg, Central),
        (Function::StringAgg, _) => Box::new(Joined::new(column)),
        (function, _) if is_of_moments(function) => match arg.is_float() {
            true => Box::new(FloatMoments::default()),
            false => Box::new(Moments::new(arg, ty)),
        },
        (function, _) if function.shape() == Shape::Pair => Box::new(Pairs::new(column.rest.args[0].0)),
        (function, _) => panic!("nothing computes {}({arg})", function.name()),
    })
}

/// What is made of values that are ordered, whatever their type.
trait OfOrdered {
    fn make<O: Order>(self, arg: SqlType) -> Box<dyn Accumulator>;
}

fn ordered(arg: SqlType, make: impl OfOrdered) -> Box<dyn Accumulator> {
    match arg {
        SqlType::Text { .. } | SqlType::Bytea | SqlType::Null => make.make::<ByBytes>(arg),
        SqlType::Interval => make.make::<ByInterval>(arg),
        SqlType::Decimal(..) => make.make::<ByWideWord>(arg),
        SqlType::Uuid => make.make::<ByUuid>(arg),
        _ => make.make::<ByWord>(arg),
    }
}

struct Extremal(Function, bool);

impl OfOrdered for Extremal {
    fn make<O: Order>(self, arg: SqlType) -> Box<dyn Accumulator> {
        let Extremal(function, insert_only) = self;
        if insert_only { Box::new(Extremum::<O>::new(arg, function)) } else { Box::new(Extrema::<O>::new(arg)) }
    }
}

struct Modal(bool);

impl OfOrdered for Modal {
    fn make<O: Order>(self, arg: SqlType) -> Box<dyn Accumulator> {
        Box::new(Mode::<O>::new(arg, self.0))
    }
}

struct Central;

impl OfOrdered for Central {
    fn make<O: Order>(self, arg: SqlType) -> Box<dyn Accumulator> {
        Box::new(Quantile::<O>::new(arg))
    }
}

/// Whether what is remembered for one call serves the other.
pub(super) fn serves(a: &Column, b: &Column, insert_only: bool) -> bool {
    if a.arg != b.arg || a.filter != b.filter {
        return false;
    }
    let boolean = matches!(a.arg, Some((_, SqlType::Boolean)));
    let extrema = |column: &Column| {
        matches!(column.function, Function::Min | Function::Max | Function::AnyValue) && !insert_only && !boolean
    };
    let exact = a.arg.is_some_and(|(_, ty)| ty.is_integer() || matches!(ty, SqlType::Decimal(..)));
    let totals = |column: &Column| exact && matches!(column.function, Function::Sum | Function::Avg);
    let sums = |column: &Column| is_of_moments(column.function) || column.function.shape() == Shape::Pair;
    let same_sums = a.function.shape() == b.function.shape() && a.rest == b.rest && a.distinct == b.distinct;
    let percentiles = |column: &Column| column.function.shape() == Shape::WithinAt;
    (extrema(a) && extrema(b))
        || (percentiles(a) && percentiles(b) && a.distinct == b.distinct)
        || (totals(a) && (totals(b) || b.function == Function::Count) && a.distinct == b.distinct)
        || (sums(a) && sums(b) && same_sums)
}
