//! What an aggregate call remembers of each group.

use arrow_array::ArrayRef;
use deltaq_circuit::arrays::View;
use deltaq_circuit::{Weight, Weights};

use super::bits::BitCounts;
use super::extremum::{Extrema, Extremum};
use super::intervals::{IntervalAverage, IntervalSum};
use super::operator::Column;
use super::order::{ByBytes, ByInterval, ByWideWord, ByWord, Order};
use super::sum::{Average, BoolCounts, FloatAverage, FloatSums, Sum};
use super::{Function, sum};
use crate::types::SqlType;
use crate::value::Errors;

/// Rows to take in: row `rows[i]` of the argument belongs to group `groups[i]`.
pub(super) struct Rows<'a> {
    pub(super) rows: &'a [u32],
    pub(super) groups: &'a [u32],
    pub(super) weights: &'a Weights,
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
        (Function::Sum, _) => Box::new(Sum::new(arg, ty)),
        (Function::Avg, SqlType::Real | SqlType::Double) => Box::new(FloatAverage::new()),
        (Function::Avg, SqlType::Interval) => Box::new(IntervalAverage::default()),
        (Function::Avg, _) => Box::new(Average::new(arg, ty)),
        (Function::BoolAnd | Function::BoolOr, _) => Box::new(BoolCounts::new(column.function)),
        (Function::BitAnd | Function::BitOr | Function::BitXor, _) => Box::new(BitCounts::new(column.function, ty)),
        (Function::Min | Function::Max, SqlType::Text { .. } | SqlType::Bytea | SqlType::Null) => {
            extremum::<ByBytes>(column.function, arg, insert_only)
        }
        (Function::Min | Function::Max, SqlType::Interval) => extremum::<ByInterval>(column.function, arg, insert_only),
        (Function::Min | Function::Max, SqlType::Decimal(..)) => {
            extremum::<ByWideWord>(column.function, arg, insert_only)
        }
        (Function::Min | Function::Max, _) => extremum::<ByWord>(column.function, arg, insert_only),
    })
}

fn extremum<O: Order>(function: Function, arg: SqlType, insert_only: bool) -> Box<dyn Accumulator> {
    if insert_only { Box::new(Extremum::<O>::new(arg, function)) } else { Box::new(Extrema::<O>::new(arg)) }
}

/// Whether what is remembered for one call serves the other.
pub(super) fn serves(a: &Column, b: &Column, insert_only: bool) -> bool {
    let extrema = |column: &Column| matches!(column.function, Function::Min | Function::Max);
    !insert_only && extrema(a) && extrema(b) && a.arg == b.arg && a.filter == b.filter
}
