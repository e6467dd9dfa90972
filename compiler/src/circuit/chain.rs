//! Chains of filters and projections, composed into one node.

use deltaq_circuit::NodeId;
use deltaq_operators::{Expr, Scalar, SqlType};

use super::exprs::{call, columns, moved};
use super::lowering::Lowering;
use crate::plan::{JoinKind, Plan};
use crate::rewrite::group::told;
use crate::rewrite::{COMPOSED_MAX, calls};

/// A filter and expressions over a plan: a chain of Filter and Project nodes, composed.
struct Chain<'p> {
    base: &'p Plan,
    filter: Option<Expr>,
    exprs: Vec<Expr>,
}

impl Lowering<'_> {
    /// The node for a chain of filters and projections.
    pub(super) fn chain(&mut self, plan: &Plan) -> NodeId {
        let Chain { base, filter, exprs } = compose(plan);
        let width = base.schema().len();
        if let Plan::Join { kind: JoinKind::Inner, .. } = base {
            // Only the columns that are read are made.
            let mut used = Vec::new();
            exprs.iter().chain(&filter).for_each(|e| e.columns(&mut |c| used.push(c)));
            used.sort_unstable();
            used.dedup();
            let node = self.join(base, &used);
            let read = |e: &Expr| moved(e, |index| used.partition_point(|u| *u < index));
            return self.map(node, used.len(), filter.as_ref().map(read), exprs.iter().map(read).collect());
        }
        let node = self.plan(base);
        let told: Vec<Option<usize>> = exprs.iter().map(|expr| told(expr, base)).collect();
        self.map_telling(node, width, filter, exprs, &told)
    }
}

/// Composes the Filters and Projects at the top of `plan` into one filter and one list of expressions over what is below.
fn compose(plan: &Plan) -> Chain<'_> {
    match plan {
        Plan::Filter { input, predicate } => {
            let Chain { base, filter, exprs } = compose(input);
            let predicate = predicate.map_columns(&mut |index, _, _| exprs[index].clone());
            if calls(&predicate) > COMPOSED_MAX {
                return alone(plan);
            }
            // The inner filter first: the outer predicate is not looked at where the inner one fails.
            let filter = match filter {
                None => predicate,
                Some(inner) => {
                    let no = Expr::literal(Scalar::Boolean(false), SqlType::Boolean);
                    call("case", vec![inner, predicate, no])
                }
            };
            Chain { base, filter: Some(filter), exprs }
        }
        Plan::Project { input, exprs: outer, .. } => {
            let Chain { base, filter, exprs } = compose(input);
            let exprs: Vec<Expr> =
                outer.iter().map(|e| e.map_columns(&mut |index, _, _| exprs[index].clone())).collect();
            if exprs.iter().map(calls).sum::<usize>() > COMPOSED_MAX {
                return alone(plan);
            }
            Chain { base, filter, exprs }
        }
        base => Chain { base, filter: None, exprs: columns(&base.schema()) },
    }
}

/// The topmost Filter or Project over the rest as it is.
fn alone(plan: &Plan) -> Chain<'_> {
    match plan {
        Plan::Filter { input, predicate } => {
            Chain { base: input, filter: Some(predicate.clone()), exprs: columns(&input.schema()) }
        }
        Plan::Project { input, exprs, .. } => Chain { base: input, filter: None, exprs: exprs.clone() },
        base => Chain { base, filter: None, exprs: columns(&base.schema()) },
    }
}
