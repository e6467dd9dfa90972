//! GROUPING SETS, ROLLUP and CUBE: one aggregate for each set of keys, side by side.
//!
//! ```text
//!   GROUP BY ROLLUP (a, b)      γ a, b   ─ π a, b, calls ─────┐
//!                               γ a      ─ π a, NULL, calls ──┼─ ∪
//!                               γ        ─ π NULL, NULL, calls┘
//! ```

use deltaq_operators::aggregate::Call;
use deltaq_operators::types::Schema;
use deltaq_operators::{Expr, Field, Scalar, SqlType};
use sqlparser::ast;

use super::expr::bare;
use super::items::Item;
use super::place::Place;
use super::select::column;
use super::{Binder, Bound};
use crate::plan::Plan;

/// How many sets there may be, as in PostgreSQL.
const SETS_MAX: usize = 4096;

/// What GROUP BY says.
pub(super) struct Grouping {
    /// Every key.
    pub keys: Vec<Expr>,
    /// Which of them make groups together; None: all of them, once.
    pub sets: Option<Vec<Vec<usize>>>,
}

impl Binder<'_> {
    /// The keys and sets that these elements of GROUP BY make.
    pub(super) fn grouping(&mut self, exprs: &[ast::Expr], items: &[Item]) -> Bound<Grouping> {
        let mut grouping = Grouping { keys: Vec::new(), sets: None };
        // Each element has sets of its own; a set of all is one of each.
        let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
        for e in exprs {
            let more = match bare(e) {
                ast::Expr::GroupingSets(sets) => {
                    let mut each = Vec::new();
                    for set in sets {
                        each.push(self.group_keys(set, items, &mut grouping.keys)?);
                    }
                    each
                }
                ast::Expr::Rollup(parts) => {
                    let mut each = vec![Vec::new()];
                    for part in parts {
                        let mut set: Vec<usize> = each[each.len() - 1].clone();
                        set.extend(self.group_keys(part, items, &mut grouping.keys)?);
                        each.push(set);
                    }
                    each
                }
                ast::Expr::Cube(parts) => {
                    let mut each = vec![Vec::new()];
                    for part in parts {
                        let keys = self.group_keys(part, items, &mut grouping.keys)?;
                        if each.len() > SETS_MAX / 2 {
                            return self.too_many_sets(e);
                        }
                        let with = |set: &Vec<usize>| set.iter().chain(&keys).copied().collect::<Vec<usize>>();
                        each.extend(each.iter().map(with).collect::<Vec<_>>());
                    }
                    each
                }
                ast::Expr::Tuple(parts) => vec![self.group_keys(parts, items, &mut grouping.keys)?],
                _ => vec![self.group_keys(std::slice::from_ref(e), items, &mut grouping.keys)?],
            };
            if sets.len() * more.len() > SETS_MAX {
                return self.too_many_sets(e);
            }
            let both = |a: &Vec<usize>, b: &Vec<usize>| a.iter().chain(b).copied().collect::<Vec<usize>>();
            sets = sets.iter().flat_map(|a| more.iter().map(move |b| both(a, b))).collect();
        }
        if exprs
            .iter()
            .any(|e| matches!(bare(e), ast::Expr::GroupingSets(_) | ast::Expr::Rollup(_) | ast::Expr::Cube(_)))
        {
            grouping.sets = Some(sets);
        }
        Ok(grouping)
    }

    fn too_many_sets<T>(&mut self, e: &ast::Expr) -> Bound<T> {
        let span = self.span(e);
        self.report("54011", format!("there are more than {SETS_MAX} grouping sets"), span)
    }

    /// The places of these keys among all; new ones are added.
    fn group_keys(&mut self, exprs: &[ast::Expr], items: &[Item], keys: &mut Vec<Expr>) -> Bound<Vec<usize>> {
        let mut set = Vec::new();
        for e in exprs {
            if let ast::Expr::Tuple(parts) = bare(e) {
                set.extend(self.group_keys(parts, items, keys)?);
                continue;
            }
            let key = self.group_key(e, items)?;
            set.push(keys.iter().position(|k| *k == key).unwrap_or_else(|| {
                keys.push(key);
                keys.len() - 1
            }));
        }
        Ok(set)
    }

    /// `GROUPING(a, b)`: a bit for each argument, set where it makes no groups.
    pub(super) fn grouping_call(&mut self, args: &[&ast::Expr], e: &ast::Expr) -> Bound<Expr> {
        let span = self.span(e);
        if !self.level().clause.allows_aggregates() {
            return self.report("42803", "GROUPING cannot stand here", span);
        }
        if !(1..32).contains(&args.len()) {
            return self.report("54023", "GROUPING takes 1 to 31 arguments", span);
        }
        let mut bound = Vec::new();
        for arg in args {
            bound.push(self.expr(arg)?);
        }
        let groupings = &mut self.level().groupings;
        let index = groupings.iter().position(|g| *g == bound).unwrap_or_else(|| {
            groupings.push(bound);
            groupings.len() - 1
        });
        Ok(Expr::Column { index: Place::Grouping(index).index(), ty: SqlType::Int, nullable: false })
    }

    /// The aggregates of all sets, and behind their columns the numbers of `groupings`. `schema`: of the keys, then the calls.
    pub(super) fn aggregate_sets(
        &mut self,
        input: &Plan,
        keys: &[Expr],
        calls: &[Call],
        mut schema: Schema,
        sets: &[Vec<usize>],
        groupings: &[Vec<usize>],
    ) -> Bound<Plan> {
        self.grow(sets.len() * (nodes(input) + 2), None)?;
        let calls_schema = schema[keys.len()..].to_vec();
        for (at, field) in schema.iter_mut().take(keys.len()).enumerate() {
            field.nullable |= sets.iter().any(|set| !set.contains(&at));
        }
        for at in 0..groupings.len() {
            schema.push(Field { name: format!("grouping{at}"), ty: SqlType::Int, nullable: false });
        }
        let mut inputs = Vec::new();
        for set in sets {
            let mut set = set.clone();
            set.sort_unstable();
            set.dedup();
            let mut below: Schema =
                set.iter().map(|k| Field { nullable: keys[*k].nullable(), ..schema[*k].clone() }).collect();
            below.extend_from_slice(&calls_schema);
            let mut exprs = Vec::new();
            for (at, field) in schema[..keys.len()].iter().enumerate() {
                exprs.push(match set.iter().position(|k| *k == at) {
                    Some(place) => column(&below, place),
                    None => Expr::literal(Scalar::Null, field.ty),
                });
            }
            exprs.extend((set.len()..below.len()).map(|at| column(&below, at)));
            for grouping in groupings {
                let bits = grouping.iter().fold(0, |bits, key| bits << 1 | i32::from(!set.contains(key)));
                exprs.push(Expr::literal(Scalar::Int(bits), SqlType::Int));
            }
            let aggregate = Plan::Aggregate {
                input: Box::new(input.clone()),
                keys: set.iter().map(|k| keys[*k].clone()).collect(),
                calls: calls.to_vec(),
                schema: below,
            };
            inputs.push(Plan::Project { input: Box::new(aggregate), exprs, schema: schema.clone() });
        }
        Ok(match <[Plan; 1]>::try_from(inputs) {
            Ok([plan]) => plan,
            Err(inputs) => Plan::Union { inputs },
        })
    }
}

/// The nodes of a plan.
fn nodes(plan: &Plan) -> usize {
    1 + plan.inputs().into_iter().map(nodes).sum::<usize>()
}
