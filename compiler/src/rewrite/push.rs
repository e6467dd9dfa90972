//! Filters go down to where there are fewest columns and most rows, and become join conditions on the way.
//!
//! ```text
//! σ(a.k = b.k ∧ a.x > 1)(a × b)   →   σ(x > 1)(a) ⋈ b   on a.k = b.k
//! ```

use deltaq_operators::{Expr, Scalar};

use super::fold::fold;
use super::{conjuncts, filtered, map_inputs, may_fail, substitute};
use crate::bind::{conjunction, equality};
use crate::plan::{JoinKind, Plan};

pub(super) fn run(plan: Plan) -> Plan {
    match plan {
        Plan::Filter { input, predicate } => push(*input, conjuncts(predicate)),
        Plan::Join { left, right, kind, on, residual } => push_join(*left, *right, kind, on, residual, Vec::new()),
        other => map_inputs(other, &mut run),
    }
}

/// `plan` filtered by `conditions`, each as far down as it can be.
fn push(plan: Plan, conditions: Vec<Expr>) -> Plan {
    if conditions.is_empty() {
        return run(plan);
    }
    // What may fail meets the rows that it met before, and no others.
    let (stay, go): (Vec<Expr>, Vec<Expr>) = conditions.into_iter().partition(may_fail);
    filtered(push_safe(plan, go), stay)
}

fn push_safe(plan: Plan, conditions: Vec<Expr>) -> Plan {
    if conditions.is_empty() {
        return run(plan);
    }
    match plan {
        Plan::Filter { input, predicate } => {
            let (fails, mut all): (Vec<Expr>, Vec<Expr>) = conjuncts(predicate).into_iter().partition(may_fail);
            // What may fail must not meet rows that it would not have met: it stays above what stood beside it.
            all.extend(conditions);
            filtered(push_safe(*input, all), fails)
        }
        Plan::Project { input, exprs, schema } => {
            let (go, stay): (Vec<Expr>, Vec<Expr>) =
                conditions.into_iter().partition(|c| !may_fail(&substitute(c, &exprs)));
            let below = go.iter().map(|c| fold(substitute(c, &exprs))).collect();
            filtered(Plan::Project { input: Box::new(push(*input, below)), exprs, schema }, stay)
        }
        Plan::Join { left, right, kind, on, residual } => push_join(*left, *right, kind, on, residual, conditions),
        Plan::Aggregate { input, keys, calls, schema } => {
            let on_keys = |c: &Expr| {
                let mut all = !keys.is_empty();
                c.columns(&mut |index| all &= index < keys.len());
                all
            };
            let (go, stay): (Vec<Expr>, Vec<Expr>) =
                conditions.into_iter().partition(|c| on_keys(c) && !may_fail(&replace_keys(c, &keys)));
            let below = go.iter().map(|c| replace_keys(c, &keys)).collect();
            filtered(Plan::Aggregate { input: Box::new(push(*input, below)), keys, calls, schema }, stay)
        }
        Plan::Distinct { input } => Plan::Distinct { input: Box::new(push_safe(*input, conditions)) },
        Plan::Union { inputs } => {
            Plan::Union { inputs: inputs.into_iter().map(|p| push_safe(p, conditions.clone())).collect() }
        }
        Plan::Set { left, right, kind } => Plan::Set {
            left: Box::new(push_safe(*left, conditions.clone())),
            right: Box::new(push_safe(*right, conditions)),
            kind,
        },
        Plan::FlatMap { input, function, args, column } => {
            let width = input.schema().len();
            let (go, stay): (Vec<Expr>, Vec<Expr>) = conditions.into_iter().partition(|c| below(c, width));
            filtered(Plan::FlatMap { input: Box::new(push_safe(*input, go)), function, args, column }, stay)
        }
        Plan::TopK { input, partition, order, offset, mut limit, number } => {
            let width = input.schema().len();
            let of_group = |c: &Expr| {
                let mut all = true;
                c.columns(&mut |index| {
                    all &= index < width
                        && partition.iter().any(|p| matches!(p, Expr::Column { index: i, .. } if *i == index));
                });
                all
            };
            let (go, rest): (Vec<Expr>, Vec<Expr>) = conditions.into_iter().partition(of_group);
            let mut stay = Vec::new();
            for condition in rest {
                match most(&condition, width).filter(|_| number.is_some() && offset == 0) {
                    Some(n) => limit = Some(limit.map_or(n, |l| l.min(n))),
                    None => {
                        // `= n`: rows beyond n need not be numbered.
                        if let Some(n) = exactly(&condition, width).filter(|_| number.is_some() && offset == 0) {
                            limit = Some(limit.map_or(n, |l| l.min(n)));
                            if n <= 1 {
                                continue;
                            }
                        }
                        stay.push(condition);
                    }
                }
            }
            let input = Box::new(push_safe(*input, go));
            filtered(Plan::TopK { input, partition, order, offset, limit, number }, stay)
        }
        leaf @ (Plan::Scan { .. } | Plan::Values { .. }) => filtered(leaf, conditions),
    }
}

fn push_join(
    left: Plan,
    right: Plan,
    mut kind: JoinKind,
    mut on: Vec<crate::plan::Equality>,
    residual: Option<Expr>,
    conditions: Vec<Expr>,
) -> Plan {
    let width = left.schema().len();
    if kind == JoinKind::Left && conditions.iter().any(|c| rejects_null(c, width)) {
        kind = JoinKind::Inner;
    }
    let (mut lefts, mut rights, mut both, mut stay) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let unshift =
        |e: &Expr| e.map_columns(&mut |index, ty, nullable| Expr::Column { index: index - width, ty, nullable });
    for condition in conditions {
        let reads_left = reads(&condition, |i| i < width);
        let reads_right = reads(&condition, |i| i >= width);
        match kind {
            JoinKind::Semi | JoinKind::Anti => lefts.push(condition),
            JoinKind::Inner | JoinKind::Left if !reads_right => lefts.push(condition),
            JoinKind::Inner | JoinKind::Right if !reads_left => rights.push(unshift(&condition)),
            JoinKind::Inner => match equality(&condition, width) {
                Some(equality) => on.push(equality),
                None => both.push(condition),
            },
            _ => stay.push(condition),
        }
    }
    // What the join itself asks of one side alone: rows that fail it have no partner.
    let drops_left = matches!(kind, JoinKind::Inner | JoinKind::Right | JoinKind::Semi);
    let drops_right = matches!(kind, JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti);
    for condition in residual.into_iter().flat_map(conjuncts) {
        let reads_left = reads(&condition, |i| i < width);
        let reads_right = reads(&condition, |i| i >= width);
        match may_fail(&condition) {
            false if drops_left && !reads_right => lefts.push(condition),
            false if drops_right && !reads_left => rights.push(unshift(&condition)),
            _ => both.push(condition),
        }
    }
    let residual = conjunction(both);
    let (left, right) = (Box::new(push(left, lefts)), Box::new(push(right, rights)));
    filtered(Plan::Join { left, right, kind, on, residual }, stay)
}

fn reads(expr: &Expr, which: impl Fn(usize) -> bool) -> bool {
    let mut found = false;
    expr.columns(&mut |index| found |= which(index));
    found
}

fn below(expr: &Expr, width: usize) -> bool {
    !reads(expr, |index| index >= width)
}

fn replace_keys(condition: &Expr, keys: &[Expr]) -> Expr {
    substitute(condition, keys)
}

/// Whether `condition` cannot be true where the columns from `width` on are NULL.
fn rejects_null(condition: &Expr, width: usize) -> bool {
    let Expr::Call { function, args, .. } = condition else { return false };
    let strict =
        matches!(function.name, "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "like" | "ilike" | "between" | "is_not_null");
    let column = |e: &Expr| match e {
        Expr::Column { index, .. } => *index >= width,
        Expr::Call { function, args, .. } if function.name == "cast" => {
            matches!(args[0], Expr::Column { index, .. } if index >= width)
        }
        _ => false,
    };
    match function.name {
        "in" => column(&args[0]),
        _ => strict && args.iter().any(column),
    }
}

/// `n` where `condition` says that column `number` is at most n.
fn most(condition: &Expr, number: usize) -> Option<u64> {
    let Expr::Call { function, args, .. } = condition else { return None };
    let (n, flipped) = against(args, number)?;
    match (function.name, flipped) {
        ("le", false) | ("ge", true) => Some(n.max(0) as u64),
        ("lt", false) | ("gt", true) => Some(n.saturating_sub(1).max(0) as u64),
        _ => None,
    }
}

/// `n` where `condition` says that column `number` is n.
fn exactly(condition: &Expr, number: usize) -> Option<u64> {
    let Expr::Call { function, args, .. } = condition else { return None };
    let (n, _) = against(args, number)?;
    (function.name == "eq").then_some(n.max(0) as u64)
}

/// The number that the column is compared with, and whether it stands to the left.
fn against(args: &[Expr], column: usize) -> Option<(i64, bool)> {
    let number = |e: &Expr| match e {
        Expr::Literal { value: Scalar::BigInt(n), .. } => Some(*n),
        Expr::Literal { value: Scalar::Int(n), .. } => Some(i64::from(*n)),
        _ => None,
    };
    let is_column = |e: &Expr| matches!(e, Expr::Column { index, .. } if *index == column);
    match args {
        [a, b] if is_column(a) => Some((number(b)?, false)),
        [a, b] if is_column(b) => Some((number(a)?, true)),
        _ => None,
    }
}
