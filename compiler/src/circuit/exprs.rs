//! Expressions that nodes are made with.

use deltaq_operators::types::Schema;
use deltaq_operators::{Expr, Field, Scalar, SqlType, functions};

/// All columns of a schema.
pub(super) fn columns(schema: &Schema) -> Vec<Expr> {
    schema.iter().enumerate().map(|(index, f)| Expr::Column { index, ty: f.ty, nullable: f.nullable }).collect()
}

/// NULL for each column.
pub(super) fn nulls(schema: &Schema) -> Vec<Expr> {
    schema.iter().map(|f| Expr::literal(Scalar::Null, f.ty)).collect()
}

/// Columns for these values, named by number.
pub(super) fn keys_schema(exprs: &[Expr]) -> Schema {
    exprs
        .iter()
        .enumerate()
        .map(|(i, e)| Field { name: format!("key{i}"), ty: e.ty(), nullable: e.nullable() })
        .collect()
}

/// A call that is true or false.
pub(super) fn call(name: &str, args: Vec<Expr>) -> Expr {
    Expr::Call { function: functions::get(name), args, ty: SqlType::Boolean }
}

/// `CASE WHEN condition THEN value END`: `value` only where `condition` is true.
pub(super) fn guarded(condition: &Expr, value: &Expr) -> Expr {
    let ty = value.ty();
    let args = vec![condition.clone(), value.clone(), Expr::literal(Scalar::Null, ty)];
    Expr::Call { function: functions::get("case"), args, ty }
}

/// `expr` with column `place(c)` in the place of column `c`.
pub(super) fn moved(expr: &Expr, place: impl Fn(usize) -> usize) -> Expr {
    expr.map_columns(&mut |index, ty, nullable| Expr::Column { index: place(index), ty, nullable })
}
