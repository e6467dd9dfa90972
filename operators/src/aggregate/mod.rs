//! Grouped and global aggregates.

mod accumulator;
mod bits;
mod call;
mod distinct_values;
mod dyadic;
mod extremum;
mod float_sum;
mod intervals;
mod joined;
mod mode;
mod moments;
mod multiset;
mod operator;
mod order;
mod pairs;
mod quantile;
mod sort_key;
mod sum;
mod tally;

pub use call::{By, Call, Rest};
pub use float_sum::FloatSum;
pub use operator::{Aggregate, Column};

use crate::types::{SqlType, TEXT};

/// An aggregate function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// `COUNT(*)` without argument, `COUNT(x)` of values that are not NULL
    Count,
    /// `SUM(x)`
    Sum,
    /// `AVG(x)`
    Avg,
    /// `MIN(x)`
    Min,
    /// `MAX(x)`
    Max,
    /// `BOOL_AND(x)`, `EVERY(x)`
    BoolAnd,
    /// `BOOL_OR(x)`
    BoolOr,
    /// `BIT_AND(x)`
    BitAnd,
    /// `BIT_OR(x)`
    BitOr,
    /// `BIT_XOR(x)`
    BitXor,
    /// `VAR_POP(x)`
    VarPop,
    /// `VAR_SAMP(x)`, `VARIANCE(x)`
    VarSamp,
    /// `STDDEV_POP(x)`
    StddevPop,
    /// `STDDEV_SAMP(x)`, `STDDEV(x)`
    StddevSamp,
    /// `ANY_VALUE(x)`
    AnyValue,
    /// `STRING_AGG(x, separator ORDER BY …)`
    StringAgg,
    /// `MODE() WITHIN GROUP (ORDER BY x)`
    Mode,
    /// `PERCENTILE_CONT(fraction) WITHIN GROUP (ORDER BY x)`
    PercentileCont,
    /// `PERCENTILE_DISC(fraction) WITHIN GROUP (ORDER BY x)`
    PercentileDisc,
    /// `COVAR_POP(y, x)`
    CovarPop,
    /// `COVAR_SAMP(y, x)`
    CovarSamp,
    /// `CORR(y, x)`
    Corr,
    /// `REGR_COUNT(y, x)`
    RegrCount,
    /// `REGR_AVGX(y, x)`
    RegrAvgX,
    /// `REGR_AVGY(y, x)`
    RegrAvgY,
    /// `REGR_SXX(y, x)`
    RegrSxx,
    /// `REGR_SYY(y, x)`
    RegrSyy,
    /// `REGR_SXY(y, x)`
    RegrSxy,
    /// `REGR_SLOPE(y, x)`
    RegrSlope,
    /// `REGR_INTERCEPT(y, x)`
    RegrIntercept,
    /// `REGR_R2(y, x)`
    RegrR2,
}

/// What a call of an aggregate function looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `f(x)`
    One,
    /// `f(y, x)`: of two numbers, both not NULL.
    Pair,
    /// `f(x, separator [ORDER BY …])`
    Joined,
    /// `f() WITHIN GROUP (ORDER BY x)`
    Within,
    /// `f(fraction) WITHIN GROUP (ORDER BY x)`
    WithinAt,
}

impl Function {
    /// The function of this name (any case).
    pub fn lookup(name: &str) -> Option<Function> {
        let name = name.to_ascii_lowercase();
        let name = match name.as_str() {
            "every" => "bool_and",
            "variance" => "var_samp",
            "stddev" => "stddev_samp",
            other => other,
        };
        Function::ALL.iter().copied().find(|f| f.name() == name)
    }

    /// Every one, the most used first.
    pub const ALL: &[Function] = &[
        Function::Count,
        Function::Sum,
        Function::Avg,
        Function::Min,
        Function::Max,
        Function::BoolAnd,
        Function::BoolOr,
        Function::BitAnd,
        Function::BitOr,
        Function::BitXor,
        Function::VarPop,
        Function::VarSamp,
        Function::StddevPop,
        Function::StddevSamp,
        Function::AnyValue,
        Function::StringAgg,
        Function::Mode,
        Function::PercentileCont,
        Function::PercentileDisc,
        Function::CovarPop,
        Function::CovarSamp,
        Function::Corr,
        Function::RegrCount,
        Function::RegrAvgX,
        Function::RegrAvgY,
        Function::RegrSxx,
        Function::RegrSyy,
        Function::RegrSxy,
        Function::RegrSlope,
        Function::RegrIntercept,
        Function::RegrR2,
    ];

    /// What its calls look like.
    pub fn shape(self) -> Shape {
        use Function::*;
        match self {
            StringAgg => Shape::Joined,
            Mode => Shape::Within,
            PercentileCont | PercentileDisc => Shape::WithinAt,
            CovarPop | CovarSamp | Corr | RegrCount | RegrAvgX | RegrAvgY | RegrSxx | RegrSyy | RegrSxy | RegrSlope
            | RegrIntercept | RegrR2 => Shape::Pair,
            _ => Shape::One,
        }
    }

    /// Whether it is never NULL, whatever the rows.
    pub fn counts(self) -> bool {
        matches!(self, Function::Count | Function::RegrCount)
    }

    /// Whether it may be NULL of a group of values that are not: the variance of a sample of one value is.
    pub fn may_be_undefined(self) -> bool {
        use Function::*;
        matches!(self, VarSamp | StddevSamp | PercentileCont | PercentileDisc) || self.shape() == Shape::Pair
    }

    /// Whether a value that stands several times counts as if it stood once.
    pub fn is_idempotent(self) -> bool {
        use Function::{AnyValue, BitAnd, BitOr, BoolAnd, BoolOr, Max, Min};
        matches!(self, Min | Max | AnyValue | BoolAnd | BoolOr | BitAnd | BitOr)
    }

    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Function::Count => "count",
            Function::Sum => "sum",
            Function::Avg => "avg",
            Function::Min => "min",
            Function::Max => "max",
            Function::BoolAnd => "bool_and",
            Function::BoolOr => "bool_or",
            Function::BitAnd => "bit_and",
            Function::BitOr => "bit_or",
            Function::BitXor => "bit_xor",
            Function::VarPop => "var_pop",
            Function::VarSamp => "var_samp",
            Function::StddevPop => "stddev_pop",
            Function::StddevSamp => "stddev_samp",
            Function::AnyValue => "any_value",
            Function::StringAgg => "string_agg",
            Function::Mode => "mode",
            Function::PercentileCont => "percentile_cont",
            Function::PercentileDisc => "percentile_disc",
            Function::CovarPop => "covar_pop",
            Function::CovarSamp => "covar_samp",
            Function::Corr => "corr",
            Function::RegrCount => "regr_count",
            Function::RegrAvgX => "regr_avgx",
            Function::RegrAvgY => "regr_avgy",
            Function::RegrSxx => "regr_sxx",
            Function::RegrSyy => "regr_syy",
            Function::RegrSxy => "regr_sxy",
            Function::RegrSlope => "regr_slope",
            Function::RegrIntercept => "regr_intercept",
            Function::RegrR2 => "regr_r2",
        }
    }

    /// The type of its result for an argument of type `arg`, as in PostgreSQL; sums and averages of integers and decimals are
    /// exact decimals. The argument is taken as it is, without a cast.
    ///
    /// # Errors
    /// In words for the user, where it takes no such argument.
    pub fn result(self, arg: Option<SqlType>) -> Result<SqlType, String> {
        let name = self.name();
        let Some(arg) = arg else {
            return match (self, self.shape()) {
                (Function::Count, _) => Ok(SqlType::BigInt),
                (_, Shape::One) => Err(format!("{name} takes one argument")),
                (_, Shape::Pair | Shape::Joined) => Err(format!("{name} takes two arguments")),
                (_, Shape::Within) => Err(format!("{name} is written {name}() WITHIN GROUP (ORDER BY …)")),
                (_, Shape::WithinAt) => Err(format!("{name} is written {name}(0.5) WITHIN GROUP (ORDER BY …)")),
            };
        };
        use Function::*;
        match (self, arg) {
            (Function::Count, _) => Ok(SqlType::BigInt),
            (RegrCount, _) if arg == SqlType::Double => Ok(SqlType::BigInt),
            (_, SqlType::Double) if self.shape() == Shape::Pair => Ok(SqlType::Double),
            (VarPop | VarSamp | StddevPop | StddevSamp, _) if arg.is_numeric() => Avg.result(Some(arg)),
            (PercentileCont, SqlType::Double) => Ok(SqlType::Double),
            (StringAgg, SqlType::Text { .. } | SqlType::Null) => Ok(TEXT),
            (StringAgg, SqlType::Bytea) => Ok(SqlType::Bytea),
            (AnyValue | Mode | PercentileDisc, SqlType::Null) => Ok(TEXT),
            (AnyValue, _) => Ok(arg),
            (Mode | PercentileDisc, SqlType::Interval | SqlType::Boolean | SqlType::Bytea) => {
                Err(format!("{name}({arg}) is not supported"))
            }
            (Mode | PercentileDisc, _) => Ok(arg),
            (Function::Sum, SqlType::SmallInt | SqlType::Int) => Ok(SqlType::BigInt),
            (Function::Sum, SqlType::BigInt) => Ok(SqlType::Decimal(38, 0)),
            (Function::Sum, SqlType::Decimal(_, scale)) => Ok(SqlType::Decimal(38, scale)),
            (Function::Sum, SqlType::Real | SqlType::Double | SqlType::Interval) => Ok(arg),
            (Function::Avg, SqlType::SmallInt | SqlType::Int | SqlType::BigInt) => Ok(SqlType::Decimal(38, 16)),
            (Function::Avg, SqlType::Decimal(_, scale)) => Ok(SqlType::Decimal(38, scale.max(16))),
            (Function::Avg, SqlType::Real | SqlType::Double) => Ok(SqlType::Double),
            (Function::Avg, SqlType::Interval) => Ok(arg),
            (Function::Min | Function::Max, SqlType::Null) => Ok(TEXT),
            (Function::Min | Function::Max, SqlType::Boolean | SqlType::Bytea | SqlType::Uuid) => {
                Err(format!("{name}({arg}) does not exist"))
            }
            (Function::Min | Function::Max, _) => Ok(arg),
            (Function::BoolAnd | Function::BoolOr, SqlType::Boolean | SqlType::Null) => Ok(SqlType::Boolean),
            (Function::BitAnd | Function::BitOr | Function::BitXor, _) if arg.is_integer() => Ok(arg),
            (Function::BitAnd | Function::BitOr | Function::BitXor, SqlType::Null) => Ok(SqlType::Int),
            (_, SqlType::Null) => self.result(Some(SqlType::Double)),
            _ => Err(format!("{name}({arg}) does not exist")),
        }
    }
}

/// Takes `N` bytes off the front.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = bytes.split_first_chunk::<N>()?;
    *bytes = tail;
    Some(*head)
}
