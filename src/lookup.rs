//! Which rows of a table an UPDATE or DELETE means, without looking at all of them where the primary key says which.

use arrow_array::{Array, ArrayRef};
use deltaq_circuit::Batch;
use deltaq_operators::eval::Program;
use deltaq_operators::functions::Syntax;
use deltaq_operators::{Expr, Scalar, SqlType};

use crate::door::Table;
use crate::error::Result;
use crate::statements::filter;

/// The rows of `table` for which `predicate` is true (None: all). Not consolidated.
///
/// Cost: a lookup where the predicate fixes the whole primary key (`id = 7 AND …`), else a pass over the table.
pub(crate) fn matching(table: &mut Table, predicate: Option<&Expr>) -> Result<Batch> {
    let Some(predicate) = predicate else { return Ok(table.contents()) };
    let candidates = match fixed_key(table, predicate) {
        Some(Fixed::Key(key)) => table.find(&key, 1).1,
        Some(Fixed::Never) => return Ok(Batch::none()),
        None => table.contents(),
    };
    filter(&candidates, predicate)
}

/// What a predicate says of a primary key.
enum Fixed {
    /// It is this: one row, a column a key column.
    Key(Vec<ArrayRef>),
    /// No row can have it.
    Never,
}

fn fixed_key(table: &Table, predicate: &Expr) -> Option<Fixed> {
    if table.primary_key.is_empty() {
        return None;
    }
    let mut terms = Vec::new();
    conjuncts(predicate, &mut terms);
    let mut key = Vec::new();
    for &column in &table.primary_key {
        let ty = table.schema()[column].ty;
        let value = terms.iter().find_map(|term| equated(term, column))?;
        match narrowed(&value, ty) {
            Some(Scalar::Null) | None => return Some(Fixed::Never),
            Some(value) => key.push(value.to_array(ty)),
        }
    }
    Some(Fixed::Key(key))
}

fn conjuncts<'a>(expr: &'a Expr, into: &mut Vec<&'a Expr>) {
    match expr {
        Expr::Call { function, args, .. } if function.syntax == Syntax::Infix("AND") => {
            args.iter().for_each(|arg| conjuncts(arg, into));
        }
        other => into.push(other),
    }
}

/// The constant that `term` equates with `column`, with no error in it.
fn equated(term: &Expr, column: usize) -> Option<(Scalar, SqlType)> {
    let Expr::Call { function, args, .. } = term else { return None };
    let (Syntax::Infix("="), [a, b]) = (function.syntax, args.as_slice()) else { return None };
    let (constant, _) = [(b, a), (a, b)].into_iter().find(|(_, side)| is_column(side, column))?;
    let mut reads = false;
    constant.columns(&mut |_| reads = true);
    if reads {
        return None;
    }
    let value = Program::new(constant).eval(&[], 1);
    if !value.errors.is_empty() || value.array.len() != 1 {
        return None;
    }
    Some((Scalar::from_array(&value.array, constant.ty(), 0), constant.ty()))
}

/// Whether `expr` is the column, or the column as a wider integer.
fn is_column(expr: &Expr, column: usize) -> bool {
    match expr {
        Expr::Column { index, .. } => *index == column,
        Expr::Call { function, args, ty } if function.name == "cast" => {
            matches!(&args[0], Expr::Column { index, ty: from, .. } if *index == column && from.is_integer() && ty.is_integer())
        }
        _ => false,
    }
}

/// The value as one of type `ty`; None if no value of that type equals it.
fn narrowed((value, from): &(Scalar, SqlType), ty: SqlType) -> Option<Scalar> {
    let integer = match value {
        Scalar::Null => return Some(Scalar::Null),
        Scalar::SmallInt(v) => i64::from(*v),
        Scalar::Int(v) => i64::from(*v),
        Scalar::BigInt(v) => *v,
        other => {
            debug_assert_eq!(from.arrow(), ty.arrow(), "the binder casts both sides of = to one type");
            return Some(other.clone());
        }
    };
    match ty {
        SqlType::SmallInt => i16::try_from(integer).ok().map(Scalar::SmallInt),
        SqlType::Int => i32::try_from(integer).ok().map(Scalar::Int),
        _ => Some(Scalar::BigInt(integer)),
    }
}
