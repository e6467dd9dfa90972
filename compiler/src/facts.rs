//! What is known of a plan's rows without looking at them.

use crate::catalog::{Catalog, RelationKind};
use crate::constant::is_constant;
use crate::plan::{JoinKind, Plan};
use crate::rewrite::group::told;
use deltaq_operators::Expr;

/// What holds of the rows of a plan, whatever its tables hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Nothing is ever retracted.
    pub insert_only: bool,
    /// Sets of columns, sorted, of which no two rows have the same values. The empty set: there is one row at most.
    pub keys: Vec<Vec<usize>>,
    /// The columns that are never NULL.
    pub not_null: Vec<usize>,
}

/// How many keys are followed for one plan.
const KEYS_MAX: usize = 8;

impl Facts {
    /// What is known of `plan`.
    ///
    /// Cost: one walk over the plan and over those of the views it reads.
    pub fn of(plan: &Plan, catalog: &dyn Catalog) -> Facts {
        let below: Vec<Facts> = plan.inputs().into_iter().map(|p| Facts::of(p, catalog)).collect();
        Facts::step(plan, &below, catalog)
    }

    /// What is known of `plan` if this is known of its inputs.
    pub fn step(plan: &Plan, below: &[Facts], catalog: &dyn Catalog) -> Facts {
        let mut facts = Facts {
            insert_only: insert_only(plan, below, catalog),
            keys: keys(plan, below, catalog),
            not_null: Vec::new(),
        };
        facts.not_null = plan.schema().iter().enumerate().filter(|(_, f)| !f.nullable).map(|(i, _)| i).collect();
        facts.keys.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        facts.keys.dedup();
        let all = facts.keys.clone();
        // A key that holds another says nothing more.
        facts.keys.retain(|k| !all.iter().any(|other| other.len() < k.len() && other.iter().all(|c| k.contains(c))));
        facts.keys.truncate(KEYS_MAX);
        facts
    }

    /// Whether no two rows agree in all of `columns`.
    pub fn is_unique(&self, columns: &[usize]) -> bool {
        self.keys.iter().any(|key| key.iter().all(|c| columns.contains(c)))
    }
}

fn insert_only(plan: &Plan, below: &[Facts], catalog: &dyn Catalog) -> bool {
    let all = below.iter().all(|f| f.insert_only);
    match plan {
        Plan::Scan { relation, .. } => match catalog.relation(relation).map(|r| r.kind) {
            Some(RelationKind::Table { append_only, .. }) => append_only,
            Some(RelationKind::View(view)) => Facts::of(&view, catalog).insert_only,
            None => false,
        },
        Plan::Values { .. } => true,
        Plan::Project { .. }
        | Plan::Filter { .. }
        | Plan::Union { .. }
        | Plan::FlatMap { .. }
        | Plan::Distinct { .. } => all,
        Plan::Join { kind, .. } => all && matches!(kind, JoinKind::Inner | JoinKind::Semi),
        // More rows of the right can only add to what both have.
        Plan::Set { kind, .. } => all && *kind == crate::plan::SetKind::Intersect,
        // A further row changes its group.
        Plan::Aggregate { calls, keys, .. } => all && calls.is_empty() && !keys.is_empty(),
        Plan::TopK { .. } => false,
    }
}

fn keys(plan: &Plan, below: &[Facts], catalog: &dyn Catalog) -> Vec<Vec<usize>> {
    let passed = || below[0].keys.clone();
    match plan {
        Plan::Scan { relation, .. } => match catalog.relation(relation).map(|r| r.kind) {
            Some(RelationKind::Table { primary_key, .. }) if !primary_key.is_empty() => vec![sorted(primary_key)],
            Some(RelationKind::View(view)) => Facts::of(&view, catalog).keys,
            _ => Vec::new(),
        },
        Plan::Values { rows, .. } if rows.len() <= 1 => vec![Vec::new()],
        Plan::Values { .. } => Vec::new(),
        Plan::Filter { predicate, .. } => {
            // A column that equals a constant tells no rows apart.
            let mut fixed = Vec::new();
            fixed_columns(predicate, &mut fixed);
            below[0].keys.iter().map(|key| key.iter().copied().filter(|c| !fixed.contains(c)).collect()).collect()
        }
        Plan::Project { input, exprs, .. } => {
            let told: Vec<Option<usize>> = exprs.iter().map(|expr| told(expr, input)).collect();
            let at = |column: &usize| told.iter().position(|c| *c == Some(*column));
            below[0].keys.iter().filter_map(|key| key.iter().map(at).collect::<Option<Vec<_>>>()).map(sorted).collect()
        }
        Plan::Distinct { input } => {
            let mut keys = passed();
            keys.push((0..input.schema().len()).collect());
            keys
        }
        Plan::Aggregate { keys, .. } => vec![(0..keys.len()).collect()],
        Plan::Union { inputs } if inputs.len() == 1 => passed(),
        Plan::Union { .. } => Vec::new(),
        // Never more copies of a row than the left has.
        Plan::Set { .. } => passed(),
        Plan::FlatMap { .. } => Vec::new(),
        Plan::TopK { input, partition, offset, limit, number, .. } => {
            let mut keys = passed();
            let columns: Option<Vec<usize>> = partition
                .iter()
                .map(|p| match p {
                    Expr::Column { index, .. } => Some(*index),
                    _ => None,
                })
                .collect();
            if let Some(columns) = columns {
                if *limit == Some(1) || *limit == Some(0) {
                    keys.push(sorted(columns.clone()));
                }
                if number.is_some() {
                    keys.push(sorted(columns.into_iter().chain([input.schema().len()]).collect()));
                }
            }
            let _ = offset;
            keys
        }
        Plan::Join { left, kind, on, .. } => {
            let width = left.schema().len();
            if matches!(kind, JoinKind::Semi | JoinKind::Anti) {
                return passed();
            }
            let side = |of: fn(&crate::plan::Equality) -> &Expr| -> Vec<usize> {
                on.iter()
                    .filter_map(|e| match of(e) {
                        Expr::Column { index, .. } => Some(*index),
                        _ => None,
                    })
                    .collect()
            };
            // A side whose key the equalities fix adds no duplicates of the other.
            let left_once = below[0].is_unique(&side(|e| &e.left));
            let right_once = below[1].is_unique(&side(|e| &e.right));
            let shifted = |key: &Vec<usize>| key.iter().map(|c| c + width).collect::<Vec<_>>();
            let mut keys = Vec::new();
            if right_once && !matches!(kind, JoinKind::Right | JoinKind::Full) {
                keys.extend(below[0].keys.iter().cloned());
            }
            if left_once && !matches!(kind, JoinKind::Left | JoinKind::Full) {
                keys.extend(below[1].keys.iter().map(shifted));
            }
            for l in &below[0].keys {
                for r in &below[1].keys {
                    keys.push(sorted(l.iter().copied().chain(shifted(r)).collect()));
                }
            }
            // NULLs of rows without partner could stand where a key would have to differ.
            if *kind == JoinKind::Full {
                keys.clear();
            }
            keys
        }
    }
}

/// The columns that are equal to constants where `predicate` is true.
fn fixed_columns(predicate: &Expr, into: &mut Vec<usize>) {
    let Expr::Call { function, args, .. } = predicate else { return };
    match (function.name, args.as_slice()) {
        ("and", args) => args.iter().for_each(|a| fixed_columns(a, into)),
        ("eq", [Expr::Column { index, .. }, other] | [other, Expr::Column { index, .. }]) if is_constant(other) => {
            into.push(*index);
        }
        _ => {}
    }
}

fn sorted(mut columns: Vec<usize>) -> Vec<usize> {
    columns.sort_unstable();
    columns.dedup();
    columns
}
