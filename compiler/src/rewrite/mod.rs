//! Plans into better plans of the same meaning: a list of passes, each a function.
//!
//! A pass may leave out work, and with it errors that the work would have met; it never adds an error that was not there. So what may
//! fail (`may_fail`) is not moved to where it meets more rows.

use deltaq_operators::Expr;

use crate::catalog::Catalog;
use crate::plan::{Equality, Plan, SortKey};

mod fold;
pub(crate) mod group;
mod late;
mod merge;
mod order;
mod prune;
mod push;
mod simplify;

pub(crate) use fold::fold as fold_expr;

/// A rewrite of plans that leaves their meaning as it is.
pub struct Pass {
    /// Its name, for EXPLAIN.
    pub name: &'static str,
    /// What it does. The catalog says what is known of the rows of tables and views.
    pub run: fn(Plan, &dyn Catalog) -> Plan,
}

/// All passes, in the order they run.
pub const PASSES: &[Pass] = &[
    Pass { name: "fold constants", run: |plan, _| fold::run(plan) },
    Pass { name: "group by keys, write texts later", run: |plan, _| group::run(plan) },
    Pass { name: "push filters down", run: |plan, _| push::run(plan) },
    Pass { name: "order joins", run: |plan, _| order::run(plan) },
    Pass { name: "simplify", run: |plan, _| simplify::run(plan) },
    Pass { name: "prune columns", run: |plan, _| prune::run(plan) },
    Pass { name: "fetch late what a partition determines", run: late::run },
    Pass { name: "merge neighbours", run: |plan, _| merge::run(plan) },
    Pass { name: "simplify again", run: |plan, _| simplify::run(plan) },
];

/// Stack that the passes take, at most, for plans as deep as the binder lets them be, in bytes.
const STACK_BYTES: usize = 4 << 20;

/// Puts `plan` through all passes. `catalog` has the relations that it reads: what is known of them by their keys may be relied on.
pub fn optimize(plan: Plan, catalog: &dyn Catalog) -> Plan {
    let run = || PASSES.iter().fold(plan, |plan, pass| (pass.run)(plan, catalog));
    stacker::maybe_grow(STACK_BYTES, STACK_BYTES, run)
}

/// `plan` with each of its inputs put through `map`.
fn map_inputs(plan: Plan, map: &mut impl FnMut(Plan) -> Plan) -> Plan {
    let mut apply = |input: Box<Plan>| Box::new(map(*input));
    match plan {
        Plan::Scan { .. } | Plan::Values { .. } => plan,
        Plan::Project { input, exprs, schema } => Plan::Project { input: apply(input), exprs, schema },
        Plan::Filter { input, predicate } => Plan::Filter { input: apply(input), predicate },
        Plan::Join { left, right, kind, on, residual } => {
            Plan::Join { left: apply(left), right: apply(right), kind, on, residual }
        }
        Plan::Aggregate { input, keys, calls, schema } => Plan::Aggregate { input: apply(input), keys, calls, schema },
        Plan::Distinct { input } => Plan::Distinct { input: apply(input) },
        Plan::Union { inputs } => Plan::Union { inputs: inputs.into_iter().map(map).collect() },
        Plan::Set { left, right, kind } => Plan::Set { left: apply(left), right: apply(right), kind },
        Plan::TopK { input, partition, order, offset, limit, number } => {
            Plan::TopK { input: apply(input), partition, order, offset, limit, number }
        }
        Plan::FlatMap { input, function, args, column } => {
            Plan::FlatMap { input: apply(input), function, args, column }
        }
    }
}

/// `plan` with each of its own expressions put through `map`.
fn map_exprs(plan: Plan, map: &mut impl FnMut(Expr) -> Expr) -> Plan {
    match plan {
        Plan::Project { input, exprs, schema } => {
            Plan::Project { input, exprs: exprs.into_iter().map(map).collect(), schema }
        }
        Plan::Filter { input, predicate } => Plan::Filter { input, predicate: map(predicate) },
        Plan::Join { left, right, kind, on, residual } => {
            let on =
                on.into_iter().map(|e| Equality { left: map(e.left), right: map(e.right), nulls: e.nulls }).collect();
            Plan::Join { left, right, kind, on, residual: residual.map(map) }
        }
        Plan::Aggregate { input, keys, calls, schema } => {
            let keys = keys.into_iter().map(&mut *map).collect();
            let calls = calls.into_iter().map(|call| call.map(&mut *map)).collect();
            Plan::Aggregate { input, keys, calls, schema }
        }
        Plan::TopK { input, partition, order, offset, limit, number } => {
            let partition = partition.into_iter().map(&mut *map).collect();
            let order = order.into_iter().map(|k| SortKey { expr: map(k.expr), ..k }).collect();
            Plan::TopK { input, partition, order, offset, limit, number }
        }
        Plan::FlatMap { input, function, args, column } => {
            Plan::FlatMap { input, function, args: args.into_iter().map(map).collect(), column }
        }
        Plan::Scan { .. } | Plan::Values { .. } | Plan::Distinct { .. } | Plan::Union { .. } | Plan::Set { .. } => plan,
    }
}

/// `expr` with each column replaced by the expression of that index.
fn substitute(expr: &Expr, by: &[Expr]) -> Expr {
    expr.map_columns(&mut |index, _, _| by[index].clone())
}

/// Calls in composed expressions at most: composing repeats what a lower projection computes once.
pub(crate) const COMPOSED_MAX: usize = 400;

/// How many calls `expr` has.
pub(crate) fn calls(expr: &Expr) -> usize {
    match expr {
        Expr::Call { args, .. } => 1 + args.iter().map(calls).sum::<usize>(),
        _ => 1,
    }
}

/// The conditions that AND joins.
fn conjuncts(predicate: Expr) -> Vec<Expr> {
    match predicate {
        Expr::Call { function, args, .. } if function.name == "and" => args.into_iter().flat_map(conjuncts).collect(),
        other => vec![other],
    }
}

/// `plan`, filtered by all of `conditions`.
fn filtered(plan: Plan, conditions: Vec<Expr>) -> Plan {
    match crate::bind::conjunction(conditions) {
        Some(predicate) => Plan::Filter { input: Box::new(plan), predicate },
        None => plan,
    }
}

/// Functions that never fail where their arguments do not.
const SAFE: &[&str] = &[
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "distinct_from",
    "not_distinct_from",
    "and",
    "or",
    "not",
    "is_null",
    "is_not_null",
    "is_true",
    "is_false",
    "is_not_true",
    "is_not_false",
    "is_unknown",
    "is_not_unknown",
    "between",
    "in",
    "case",
    "coalesce",
    "nullif",
    "lower",
    "upper",
    "length",
    "extract",
    "date_trunc",
    "concat_op",
    "starts_with",
    "position",
    "btrim",
    "ltrim",
    "rtrim",
];

/// Whether `expr` may fail for some row.
fn may_fail(expr: &Expr) -> bool {
    match expr {
        Expr::Column { .. } | Expr::Literal { .. } => false,
        Expr::Call { function, args, ty } => {
            let safe = SAFE.contains(&function.name)
                || (function.name == "cast" && widens(args[0].ty(), *ty))
                || (matches!(function.name, "like" | "ilike") && matches!(args[1], Expr::Literal { .. }));
            !safe || args.iter().any(may_fail)
        }
    }
}

/// Whether a cast succeeds for every value.
fn widens(from: deltaq_operators::SqlType, to: deltaq_operators::SqlType) -> bool {
    use deltaq_operators::SqlType::*;
    match (from, to) {
        (_, Text { max: None, .. }) => true,
        (SmallInt, Int | BigInt | Real | Double) | (Int, BigInt | Real | Double) | (BigInt | Real, Double | Real) => {
            true
        }
        (SmallInt | Int | BigInt | Decimal(..), Decimal(p, s)) => {
            from.as_decimal().is_some_and(|(q, r)| s >= r && p - s >= q - r)
        }
        (Date, Timestamp) => false,
        _ => from == to,
    }
}
