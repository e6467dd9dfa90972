//! Neighbours of one kind become one: projections of projections, filters of filters.

use deltaq_operators::Expr;

use super::fold::fold;
use super::{conjuncts, filtered, map_inputs, may_fail, substitute};
use crate::plan::Plan;

pub(super) fn run(plan: Plan) -> Plan {
    merge(map_inputs(plan, &mut run))
}

fn merge(plan: Plan) -> Plan {
    match plan {
        Plan::Project { input, exprs, schema } => match *input {
            Plan::Project { input: below, exprs: inner, schema: _ } if computes_once(&exprs, &inner) => {
                let exprs = exprs.iter().map(|e| fold(substitute(e, &inner))).collect();
                merge(Plan::Project { input: below, exprs, schema })
            }
            other => Plan::Project { input: Box::new(other), exprs, schema },
        },
        Plan::Filter { input, predicate } => match *input {
            // The upper one may fail only where the lower one is true: such stay apart.
            Plan::Filter { input: below, predicate: lower } if !may_fail(&predicate) => {
                let mut all = conjuncts(lower);
                all.extend(conjuncts(predicate));
                filtered(*below, all)
            }
            other => Plan::Filter { input: Box::new(other), predicate },
        },
        other => other,
    }
}

/// Whether no work of `inner` is done twice where `exprs` read it.
fn computes_once(exprs: &[Expr], inner: &[Expr]) -> bool {
    let mut times = vec![0; inner.len()];
    exprs.iter().for_each(|e| e.columns(&mut |index| times[index] += 1));
    inner.iter().zip(times).all(|(e, times)| times <= 1 || !matches!(e, Expr::Call { .. }))
}
