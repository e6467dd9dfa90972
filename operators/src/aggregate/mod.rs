//! Grouped and global aggregates.

mod accumulator;
mod bits;
mod distinct_values;
mod extremum;
mod float_sum;
mod intervals;
mod operator;
mod order;
mod sum;

use std::fmt;

pub use float_sum::FloatSum;
pub use operator::{Aggregate, Column};

use crate::expr::Expr;
use crate::types::SqlType;

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
}

/// One aggregate call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Which function.
    pub function: Function,
    /// Of what; none for `COUNT(*)`.
    pub arg: Option<Expr>,
    /// Each value once.
    pub distinct: bool,
    /// Only rows for which this is true.
    pub filter: Option<Expr>,
    /// The type of the result, as [`Function::result`] gives it.
    pub ty: SqlType,
}

impl Function {
    /// The function of this name (any case).
    pub fn lookup(name: &str) -> Option<Function> {
        let name = name.to_ascii_lowercase();
        let name = if name == "every" { "bool_and" } else { &name };
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
    ];

    /// Whether a value that stands several times counts as if it stood once.
    pub fn is_idempotent(self) -> bool {
        use Function::{BitAnd, BitOr, BoolAnd, BoolOr, Max, Min};
        matches!(self, Min | Max | BoolAnd | BoolOr | BitAnd | BitOr)
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
            return if self == Function::Count {
                Ok(SqlType::BigInt)
            } else {
                Err(format!("{name} takes one argument"))
            };
        };
        match (self, arg) {
            (Function::Count, _) => Ok(SqlType::BigInt),
            (Function::Sum, SqlType::SmallInt | SqlType::Int) => Ok(SqlType::BigInt),
            (Function::Sum, SqlType::BigInt) => Ok(SqlType::Decimal(38, 0)),
            (Function::Sum, SqlType::Decimal(_, scale)) => Ok(SqlType::Decimal(38, scale)),
            (Function::Sum, SqlType::Real | SqlType::Double | SqlType::Interval) => Ok(arg),
            (Function::Avg, SqlType::SmallInt | SqlType::Int | SqlType::BigInt) => Ok(SqlType::Decimal(38, 16)),
            (Function::Avg, SqlType::Decimal(_, scale)) => Ok(SqlType::Decimal(38, scale.max(16))),
            (Function::Avg, SqlType::Real | SqlType::Double) => Ok(SqlType::Double),
            (Function::Avg, SqlType::Interval) => Ok(arg),
            (Function::Min | Function::Max, SqlType::Null) => Ok(crate::types::TEXT),
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

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}({}", self.function.name(), if self.distinct { "DISTINCT " } else { "" })?;
        match &self.arg {
            Some(arg) => write!(f, "{arg})")?,
            None => f.write_str("*)")?,
        }
        if let Some(filter) = &self.filter {
            write!(f, " FILTER (WHERE {filter})")?;
        }
        Ok(())
    }
}

/// Takes `N` bytes off the front.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = bytes.split_first_chunk::<N>()?;
    *bytes = tail;
    Some(*head)
}
