//! Operators that do nothing are taken out, and those that can have no row.

use deltaq_operators::{Expr, Scalar};

use super::map_inputs;
use crate::plan::{JoinKind, Plan, SetKind};

pub(super) fn run(plan: Plan) -> Plan {
    simplify(map_inputs(plan, &mut run))
}

fn none(plan: &Plan) -> Plan {
    Plan::Values { rows: Vec::new(), schema: plan.schema() }
}

fn is_none(plan: &Plan) -> bool {
    matches!(plan, Plan::Values { rows, .. } if rows.is_empty())
}

fn simplify(plan: Plan) -> Plan {
    match plan {
        Plan::Filter { input, predicate } => match &predicate {
            Expr::Literal { value: Scalar::Boolean(true), .. } => *input,
            Expr::Literal { .. } => none(&input),
            _ if is_none(&input) => *input,
            _ => Plan::Filter { input, predicate },
        },
        Plan::Project { input, exprs, schema } => {
            let plan = Plan::Project { input, exprs, schema };
            let Plan::Project { input, exprs, schema } = &plan else { return plan };
            if is_none(input) {
                return none(&plan);
            }
            let below = input.schema();
            let same = exprs.len() == below.len()
                && exprs.iter().enumerate().all(|(i, e)| matches!(e, Expr::Column { index, .. } if *index == i))
                && below.iter().zip(schema).all(|(a, b)| a.name == b.name && a.ty == b.ty);
            match plan {
                Plan::Project { input, .. } if same => *input,
                plan => plan,
            }
        }
        Plan::Join { left, right, kind, on, residual } => {
            let never = matches!(&residual, Some(Expr::Literal { value, .. }) if *value != Scalar::Boolean(true));
            let residual = residual.filter(|r| !matches!(r, Expr::Literal { value: Scalar::Boolean(true), .. }));
            let empty = match kind {
                JoinKind::Inner => is_none(&left) || is_none(&right) || never,
                JoinKind::Semi => is_none(&left) || is_none(&right) || never,
                JoinKind::Left | JoinKind::Anti => is_none(&left),
                JoinKind::Right => is_none(&right),
                JoinKind::Full => false,
            };
            if kind == JoinKind::Anti && (is_none(&right) || never) {
                return *left;
            }
            let plan = Plan::Join { left, right, kind, on, residual };
            if empty { none(&plan) } else { plan }
        }
        Plan::Aggregate { input, keys, calls, schema } => {
            let empty = !keys.is_empty() && is_none(&input);
            let plan = Plan::Aggregate { input, keys, calls, schema };
            if empty { none(&plan) } else { plan }
        }
        Plan::Distinct { input } => match *input {
            Plan::Distinct { .. } => *input,
            Plan::Aggregate { ref keys, .. } if !keys.is_empty() => *input,
            _ if is_none(&input) => *input,
            _ => Plan::Distinct { input },
        },
        Plan::Union { inputs } => {
            let schema = inputs[0].schema();
            let mut kept: Vec<Plan> = Vec::with_capacity(inputs.len());
            for input in inputs {
                match input {
                    Plan::Union { inputs } => kept.extend(inputs),
                    other if is_none(&other) => {}
                    other => kept.push(other),
                }
            }
            match kept.len() {
                0 => Plan::Values { rows: Vec::new(), schema },
                1 => kept.remove(0),
                _ => Plan::Union { inputs: kept },
            }
        }
        Plan::Set { left, right, kind } => match kind {
            _ if is_none(&left) => *left,
            SetKind::Except if is_none(&right) => *left,
            SetKind::Intersect if is_none(&right) => none(&left),
            _ => Plan::Set { left, right, kind },
        },
        Plan::TopK { input, partition, mut order, offset, limit, number } => {
            // Within a group its key orders nothing.
            order.retain(|key| !partition.contains(&key.expr));
            if number.is_none() && offset == 0 && limit.is_none() {
                return *input;
            }
            let empty = limit == Some(0) || is_none(&input);
            let plan = Plan::TopK { input, partition, order, offset, limit, number };
            if empty { none(&plan) } else { plan }
        }
        Plan::FlatMap { .. } if plan.inputs().iter().all(|p| is_none(p)) => none(&plan),
        other => other,
    }
}
