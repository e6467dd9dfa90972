//! Intervals are kept as they are written and compared by length: `1 day` and `24 hours` are equal, and remain two rows.
//!
//! Operators match rows by the values of their key columns. So where rows meet by an interval they are made to meet by its length,
//! and one of the intervals, the least as MIN has it, stands for all that are equal:
//!
//! ```text
//!   GROUP BY i            aggregate by length(i), with MIN(i)  ─ project MIN(i) to where i stood
//!   DISTINCT              GROUP BY all columns
//!   a JOIN b ON a.i = b.i         … ON length(a.i) = length(b.i)
//!   a EXCEPT ALL b        (a EXCEPT ALL b, of lengths) ⋈ (a GROUP BY lengths, with MIN(i))
//! ```

use std::borrow::Cow;

use deltaq_operators::aggregate::{Call, Function};
use deltaq_operators::types::Schema;
use deltaq_operators::{Expr, Field, SqlType, functions};

use crate::plan::{Equality, JoinKind, Plan};

/// The type of a length.
const LENGTH: SqlType = SqlType::Decimal(38, 0);

/// `plan` with lengths in the place of the intervals that rows meet by.
pub(crate) fn by_length(plan: &Plan) -> Cow<'_, Plan> {
    if meets_by_interval(plan) { Cow::Owned(rewrite(plan.clone())) } else { Cow::Borrowed(plan) }
}

fn is_interval(expr: &Expr) -> bool {
    expr.ty() == SqlType::Interval
}

fn holds_interval(schema: &Schema) -> bool {
    schema.iter().any(|f| f.ty == SqlType::Interval)
}

fn counts_intervals(call: &Call) -> bool {
    call.distinct && call.arg.as_ref().is_some_and(is_interval)
}

fn meets_by_interval(plan: &Plan) -> bool {
    let here = match plan {
        Plan::Aggregate { keys, calls, .. } => keys.iter().any(is_interval) || calls.iter().any(counts_intervals),
        Plan::Distinct { input } => holds_interval(&input.schema()),
        Plan::Set { left, .. } => holds_interval(&left.schema()),
        Plan::Join { on, .. } => on.iter().any(|e| is_interval(&e.left)),
        Plan::TopK { partition, .. } => partition.iter().any(is_interval),
        Plan::Scan { .. }
        | Plan::Values { .. }
        | Plan::Project { .. }
        | Plan::Filter { .. }
        | Plan::Union { .. }
        | Plan::FlatMap { .. } => false,
    };
    here || plan.inputs().into_iter().any(meets_by_interval)
}

fn rewrite(plan: Plan) -> Plan {
    match plan.map_inputs(&mut rewrite) {
        Plan::Aggregate { input, keys, calls, schema } => aggregate(input, keys, calls, schema),
        Plan::Distinct { input } => {
            let schema = input.schema();
            if !holds_interval(&schema) {
                return Plan::Distinct { input };
            }
            aggregate(input, columns(&schema), Vec::new(), schema)
        }
        Plan::Join { left, right, kind, on, residual } => {
            let on = on.into_iter().map(|e| Equality { left: length(e.left), right: length(e.right), ..e }).collect();
            Plan::Join { left, right, kind, on, residual }
        }
        Plan::TopK { input, partition, order, offset, limit, number } => {
            let partition = partition.into_iter().map(length).collect();
            Plan::TopK { input, partition, order, offset, limit, number }
        }
        Plan::Set { left, right, kind } => {
            let schema = left.schema();
            if !holds_interval(&schema) {
                return Plan::Set { left, right, kind };
            }
            let lengths = |input: Box<Plan>| {
                let exprs = columns(&input.schema()).into_iter().map(length).collect();
                Box::new(Plan::Project { input, exprs, schema: measured(&schema) })
            };
            let shown = representatives(left.clone(), columns(&schema), Vec::new(), &schema);
            let set = Plan::Set { left: lengths(left), right: lengths(right), kind };
            let on = columns(&measured(&schema));
            let on = on.into_iter().map(|c| Equality { left: c.clone(), right: c, nulls: true }).collect();
            let joined =
                Plan::Join { left: Box::new(set), right: Box::new(shown), kind: JoinKind::Inner, on, residual: None };
            shown_of(joined, &schema, &schema, schema.len())
        }
        other => other,
    }
}

/// Groups by lengths where `keys` are intervals, with the least interval of each group in its place.
fn aggregate(input: Box<Plan>, keys: Vec<Expr>, calls: Vec<Call>, schema: Schema) -> Plan {
    let calls = calls.into_iter().map(|call| match call.function {
        Function::Count if counts_intervals(&call) => Call { arg: call.arg.map(length), ..call },
        // Of equal intervals one is added, whichever: here the one whose parts are as large as can be.
        Function::Sum | Function::Avg if counts_intervals(&call) => Call { arg: call.arg.map(justified), ..call },
        _ => call,
    });
    let calls = calls.collect();
    if !keys.iter().any(is_interval) {
        return Plan::Aggregate { input, keys, calls, schema };
    }
    let key_schema = schema[..keys.len()].to_vec();
    let grouped = representatives(input, keys, calls, &schema);
    shown_of(grouped, &schema, &key_schema, 0)
}

/// The aggregate of `schema` by lengths, followed by the least interval of each key that is one.
fn representatives(input: Box<Plan>, keys: Vec<Expr>, mut calls: Vec<Call>, schema: &Schema) -> Plan {
    let mut fields = measured(&schema[..keys.len()].to_vec());
    fields.extend_from_slice(&schema[keys.len()..]);
    for (key, field) in keys.iter().zip(schema).filter(|(key, _)| is_interval(key)) {
        let arg = Some(key.clone());
        calls.push(Call::new(Function::Min, arg, SqlType::Interval));
        fields.push(field.clone());
    }
    Plan::Aggregate { input, keys: keys.into_iter().map(length).collect(), calls, schema: fields }
}

/// The first columns of `plan`, which are those of `schema`; for the intervals among `keys`, the columns at the end, which are
/// their representatives. Those begin `further` columns behind where an aggregate of `schema` has them.
fn shown_of(plan: Plan, schema: &Schema, keys: &Schema, further: usize) -> Plan {
    let mut next = schema.len() + further;
    let column = |(index, field): (usize, &Field)| {
        let is_shown = index < keys.len() && field.ty == SqlType::Interval;
        let index = if is_shown { next } else { index };
        next += usize::from(is_shown);
        Expr::Column { index, ty: field.ty, nullable: field.nullable }
    };
    let exprs = schema.iter().enumerate().map(column).collect();
    Plan::Project { input: Box::new(plan), exprs, schema: schema.clone() }
}

fn columns(schema: &Schema) -> Vec<Expr> {
    schema.iter().enumerate().map(|(index, f)| Expr::Column { index, ty: f.ty, nullable: f.nullable }).collect()
}

/// The fields of lengths in the place of intervals.
fn measured(schema: &Schema) -> Schema {
    let length = |f: &Field| Field { ty: if f.ty == SqlType::Interval { LENGTH } else { f.ty }, ..f.clone() };
    schema.iter().map(length).collect()
}

fn length(expr: Expr) -> Expr {
    if !is_interval(&expr) {
        return expr;
    }
    Expr::Call { function: functions::get("interval_length"), args: vec![expr], ty: LENGTH }
}

fn justified(expr: Expr) -> Expr {
    Expr::Call { function: functions::get("justify_interval"), args: vec![expr], ty: SqlType::Interval }
}
