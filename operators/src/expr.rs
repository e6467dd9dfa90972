//! Scalar expressions, bound and typed: a column, a constant, or a call of a registered function.
//!
//! Everything else is a call: operators (`+`, `AND`), `CASE` (`case(cond, value, …, otherwise)`), `CAST` (`cast(x)` with the
//! call's type as the target), `IN` lists. So there is one evaluator and one place a function.

use std::fmt;

use crate::functions::Function;
use crate::scalar::Scalar;
use crate::types::SqlType;

/// A bound expression. Arguments are of the types the function takes: the binder has inserted the casts.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Column `index` of the input.
    Column {
        /// From 0.
        index: usize,
        /// Its type.
        ty: SqlType,
        /// Whether it may be NULL.
        nullable: bool,
    },
    /// A constant.
    Literal {
        /// Its value.
        value: Scalar,
        /// Its type.
        ty: SqlType,
    },
    /// A function of expressions.
    Call {
        /// Which.
        function: &'static Function,
        /// Of what.
        args: Vec<Expr>,
        /// The type it yields.
        ty: SqlType,
    },
}

impl Expr {
    /// Column `index`, which may be NULL.
    pub fn column(index: usize, ty: SqlType) -> Expr {
        Expr::Column { index, ty, nullable: true }
    }

    /// A constant.
    pub fn literal(value: Scalar, ty: SqlType) -> Expr {
        Expr::Literal { value, ty }
    }

    /// Its type.
    pub fn ty(&self) -> SqlType {
        match self {
            Expr::Column { ty, .. } | Expr::Literal { ty, .. } | Expr::Call { ty, .. } => *ty,
        }
    }

    /// Whether it may be NULL. Errs towards yes.
    pub fn nullable(&self) -> bool {
        match self {
            Expr::Column { nullable, .. } => *nullable,
            Expr::Literal { value, .. } => *value == Scalar::Null,
            Expr::Call { function, args, .. } => (function.nullable)(args),
        }
    }

    /// Calls `visit` with each column index, repeated as it occurs.
    pub fn columns(&self, visit: &mut impl FnMut(usize)) {
        match self {
            Expr::Column { index, .. } => visit(*index),
            Expr::Literal { .. } => {}
            Expr::Call { args, .. } => args.iter().for_each(|a| a.columns(visit)),
        }
    }

    /// The same expression with each column put through `map`.
    pub fn map_columns(&self, map: &mut impl FnMut(usize, SqlType, bool) -> Expr) -> Expr {
        match self {
            Expr::Column { index, ty, nullable } => map(*index, *ty, *nullable),
            Expr::Literal { .. } => self.clone(),
            Expr::Call { function, args, ty } => {
                Expr::Call { function, args: args.iter().map(|a| a.map_columns(map)).collect(), ty: *ty }
            }
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Expr::Column { index, .. } => write!(f, "${index}"),
            Expr::Literal { value, ty } => value.write_sql(*ty, f),
            Expr::Call { function, args, ty } => function.write_sql(args, *ty, f),
        }
    }
}
