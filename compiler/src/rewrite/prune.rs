//! Columns that nobody reads are not carried.

use deltaq_operators::Expr;

use super::map_exprs;
use crate::plan::{Equality, JoinKind, Plan};

pub(super) fn run(plan: Plan) -> Plan {
    let all = vec![true; plan.schema().len()];
    exact(plan, &all)
}

/// Marks the columns that `expr` reads.
pub(super) fn mark(expr: &Expr, read: &mut [bool]) {
    expr.columns(&mut |index| read[index] = true);
}

/// Where each column lies once those not in `kept` are gone.
fn places(kept: &[bool]) -> Vec<usize> {
    kept.iter()
        .scan(0, |next, kept| {
            let at = *next;
            *next += usize::from(*kept);
            Some(at)
        })
        .collect()
}

fn moved(expr: &Expr, places: &[usize]) -> Expr {
    expr.map_columns(&mut |index, ty, nullable| Expr::Column { index: places[index], ty, nullable })
}

/// The columns of `plan`, which has those in `has`, that are in `wanted`.
fn narrow(plan: Plan, has: &[bool], wanted: &[bool]) -> Plan {
    if has == wanted {
        return plan;
    }
    let schema = plan.schema();
    let at = places(has);
    let columns: Vec<usize> = (0..has.len()).filter(|i| wanted[*i]).map(|i| at[i]).collect();
    let exprs =
        columns.iter().map(|c| Expr::Column { index: *c, ty: schema[*c].ty, nullable: schema[*c].nullable }).collect();
    let schema = columns.iter().map(|c| schema[*c].clone()).collect();
    Plan::Project { input: Box::new(plan), exprs, schema }
}

fn keep<T>(items: Vec<T>, kept: &[bool]) -> Vec<T> {
    items.into_iter().zip(kept).filter(|(_, kept)| **kept).map(|(item, _)| item).collect()
}

/// `plan` with the columns in `wanted` alone.
pub(super) fn exact(plan: Plan, wanted: &[bool]) -> Plan {
    let (plan, has) = prune(plan, wanted);
    narrow(plan, &has, wanted)
}

/// `plan` with the columns in `wanted` at least, and which it has. Columns are left out where that costs nothing, and before operators
/// that keep what they get.
fn prune(plan: Plan, wanted: &[bool]) -> (Plan, Vec<bool>) {
    match plan {
        Plan::Scan { .. } => (plan, vec![true; wanted.len()]),
        Plan::Values { rows, schema } => {
            let rows = rows.into_iter().map(|row| keep(row, wanted)).collect();
            (Plan::Values { rows, schema: keep(schema, wanted) }, wanted.to_vec())
        }
        Plan::Project { input, exprs, schema } => {
            let exprs = keep(exprs, wanted);
            let mut read = vec![false; input.schema().len()];
            exprs.iter().for_each(|e| mark(e, &mut read));
            let (input, has) = prune(*input, &read);
            let at = places(&has);
            let exprs = exprs.iter().map(|e| moved(e, &at)).collect();
            (Plan::Project { input: Box::new(input), exprs, schema: keep(schema, wanted) }, wanted.to_vec())
        }
        Plan::Filter { input, predicate } => {
            let mut read = wanted.to_vec();
            mark(&predicate, &mut read);
            let (input, has) = prune(*input, &read);
            let predicate = moved(&predicate, &places(&has));
            (Plan::Filter { input: Box::new(input), predicate }, has)
        }
        Plan::Join { left, right, kind, on, residual } => {
            let (l, r) = (left.schema().len(), right.schema().len());
            let mut read = wanted.to_vec();
            read.resize(l + r, false);
            for equality in &on {
                mark(&equality.left, &mut read[..l]);
                mark(&equality.right, &mut read[l..]);
            }
            residual.iter().for_each(|e| mark(e, &mut read));
            let (of_left, of_right) = read.split_at(l);
            let (at_left, at_right, at) = (places(of_left), places(of_right), places(&read));
            let on = on
                .into_iter()
                .map(|e| Equality { left: moved(&e.left, &at_left), right: moved(&e.right, &at_right), nulls: e.nulls })
                .collect();
            let residual = residual.map(|e| moved(&e, &at));
            let (left, right) = (Box::new(exact(*left, of_left)), Box::new(exact(*right, of_right)));
            let has = if matches!(kind, JoinKind::Semi | JoinKind::Anti) { of_left.to_vec() } else { read };
            (Plan::Join { left, right, kind, on, residual }, has)
        }
        Plan::Aggregate { input, keys, calls, schema } => {
            // The keys make the groups, read or not.
            let mut has = wanted.to_vec();
            has[..keys.len()].fill(true);
            let calls = keep(calls, &has[keys.len()..]);
            let schema = keep(schema, &has);
            let mut read = vec![false; input.schema().len()];
            keys.iter().for_each(|e| mark(e, &mut read));
            calls.iter().flat_map(|c| c.exprs()).for_each(|e| mark(e, &mut read));
            let (input, below) = prune(*input, &read);
            let at = places(&below);
            let plan = Plan::Aggregate { input: Box::new(input), keys, calls, schema };
            (map_exprs(plan, &mut |e| moved(&e, &at)), has)
        }
        // These compare whole rows, or break ties by them.
        Plan::Distinct { input } => {
            let all = vec![true; wanted.len()];
            (Plan::Distinct { input: Box::new(exact(*input, &all)) }, all)
        }
        Plan::Set { left, right, kind } => {
            let all = vec![true; wanted.len()];
            let (left, right) = (Box::new(exact(*left, &all)), Box::new(exact(*right, &all)));
            (Plan::Set { left, right, kind }, all)
        }
        Plan::TopK { input, partition, order, offset, limit, number } => {
            let width = input.schema().len();
            let numbered = number.is_some() && wanted.last() == Some(&true);
            if !numbered && offset == 0 && limit.is_none() {
                let (plan, mut has) = prune(*input, &wanted[..width]);
                has.resize(wanted.len(), false);
                return (plan, has);
            }
            let mut has = vec![true; width];
            let input = Box::new(exact(*input, &has));
            has.resize(wanted.len(), numbered);
            (Plan::TopK { input, partition, order, offset, limit, number: number.filter(|_| numbered) }, has)
        }
        Plan::Union { inputs } => {
            (Plan::Union { inputs: inputs.into_iter().map(|p| exact(p, wanted)).collect() }, wanted.to_vec())
        }
        Plan::FlatMap { input, function, args, column } => {
            let width = input.schema().len();
            let mut read = wanted[..width].to_vec();
            args.iter().for_each(|e| mark(e, &mut read));
            let (input, mut has) = prune(*input, &read);
            let at = places(&has);
            let args = args.iter().map(|e| moved(e, &at)).collect();
            // What it appends is there, read or not.
            has.push(true);
            (Plan::FlatMap { input: Box::new(input), function, args, column }, has)
        }
    }
}
