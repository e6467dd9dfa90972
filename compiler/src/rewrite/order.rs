//! Joins in an order in which each table meets one it is connected to, so that no two tables are multiplied without need.
//!
//! ```text
//! (a × b) ⋈ c   on a.x = c.x and b.y = c.y     →     (a ⋈ c   on a.x = c.x) ⋈ b   on c.y = b.y
//! ```
//!
//! The order as written is kept as far as that allows.

use deltaq_operators::{Expr, SqlType};

use super::{conjuncts, map_inputs};
use crate::bind::{call, conjunction, equality};
use crate::plan::{JoinKind, Plan};

pub(super) fn run(plan: Plan) -> Plan {
    let plan = map_inputs(plan, &mut run);
    if !multiplies(&plan) || !is_inner(&plan) {
        return plan;
    }
    let schema = plan.schema();
    let mut tables = Vec::new();
    let mut conditions = Vec::new();
    flatten(plan, 0, &mut tables, &mut conditions);
    reorder(tables, conditions, &schema)
}

fn is_inner(plan: &Plan) -> bool {
    matches!(plan, Plan::Join { kind: JoinKind::Inner, .. })
}

/// Whether two tables of a tree of inner joins meet without an equality below one that has some.
fn multiplies(plan: &Plan) -> bool {
    match plan {
        Plan::Join { left, right, kind: JoinKind::Inner, on, .. } => {
            let crossed = |p: &Plan| matches!(p, Plan::Join { kind: JoinKind::Inner, on, .. } if on.is_empty());
            (!on.is_empty() && (crossed(left) || crossed(right))) || multiplies(left) || multiplies(right)
        }
        _ => false,
    }
}

/// A table of the tree, and where its columns lie in the tree's.
struct Leaf {
    plan: Plan,
    first: usize,
    width: usize,
}

/// A condition over the columns of the tree.
enum Condition {
    Equality { left: Expr, right: Expr, nulls: bool },
    Other(Expr),
}

fn flatten(plan: Plan, first: usize, leaves: &mut Vec<Leaf>, conditions: &mut Vec<Condition>) -> usize {
    let shift = |e: &Expr, by: usize| {
        e.map_columns(&mut |index, ty, nullable| Expr::Column { index: index + by, ty, nullable })
    };
    match plan {
        Plan::Join { left, right, kind: JoinKind::Inner, on, residual } => {
            let middle = first + flatten(*left, first, leaves, conditions);
            let end = middle + flatten(*right, middle, leaves, conditions);
            for e in on {
                let (left, right) = (shift(&e.left, first), shift(&e.right, middle));
                conditions.push(Condition::Equality { left, right, nulls: e.nulls });
            }
            let residual = residual.into_iter().flat_map(conjuncts);
            conditions.extend(residual.map(|r| Condition::Other(shift(&r, first))));
            end - first
        }
        plan => {
            let width = plan.schema().len();
            leaves.push(Leaf { plan, first, width });
            width
        }
    }
}

fn reorder(mut leaves: Vec<Leaf>, conditions: Vec<Condition>, schema: &[deltaq_operators::Field]) -> Plan {
    // Where each column of the tree lies in the plan made so far; None: not yet in it.
    let mut place: Vec<Option<usize>> = vec![None; schema.len()];
    let first = leaves.remove(0);
    (0..first.width).for_each(|i| place[first.first + i] = Some(i));
    let mut width = first.width;
    let mut plan = first.plan;
    let mut open = conditions;
    while !leaves.is_empty() {
        let next = leaves.iter().position(|leaf| open.iter().any(|c| connects(c, &place, leaf))).unwrap_or(0);
        let leaf = leaves.remove(next);
        (0..leaf.width).for_each(|i| place[leaf.first + i] = Some(width + i));
        let (now, later): (Vec<Condition>, Vec<Condition>) = open.into_iter().partition(|c| is_ready(c, &place));
        open = later;
        let (mut on, mut residual) = (Vec::new(), Vec::new());
        for condition in now {
            match condition {
                Condition::Equality { left, right, nulls } => {
                    let name = if nulls { "not_distinct_from" } else { "eq" };
                    let test = call(name, vec![moved(&left, &place), moved(&right, &place)], SqlType::Boolean);
                    match equality(&test, width) {
                        Some(equality) => on.push(equality),
                        None => residual.push(test),
                    }
                }
                Condition::Other(expr) => residual.push(moved(&expr, &place)),
            }
        }
        width += leaf.width;
        plan = Plan::Join {
            left: Box::new(plan),
            right: Box::new(leaf.plan),
            kind: JoinKind::Inner,
            on,
            residual: conjunction(residual),
        };
    }
    assert!(open.is_empty(), "all tables are there, so all conditions can be asked");
    let exprs = (0..schema.len())
        .map(|i| Expr::Column {
            index: place[i].unwrap_or_else(|| panic!("column {i} of {} is in no table", schema.len())),
            ty: schema[i].ty,
            nullable: schema[i].nullable,
        })
        .collect();
    Plan::Project { input: Box::new(plan), exprs, schema: schema.to_vec() }
}

/// Whether `condition` is an equality between what is placed and `leaf`.
fn connects(condition: &Condition, place: &[Option<usize>], leaf: &Leaf) -> bool {
    let Condition::Equality { left, right, .. } = condition else { return false };
    let all = |e: &Expr, which: &dyn Fn(usize) -> bool| {
        let (mut all, mut any) = (true, false);
        e.columns(&mut |index| {
            all &= which(index);
            any = true;
        });
        all && any
    };
    let placed = |index: usize| place[index].is_some();
    let of_leaf = |index: usize| (leaf.first..leaf.first + leaf.width).contains(&index);
    (all(left, &placed) && all(right, &of_leaf)) || (all(right, &placed) && all(left, &of_leaf))
}

fn is_ready(condition: &Condition, place: &[Option<usize>]) -> bool {
    let ready = |e: &Expr| {
        let mut all = true;
        e.columns(&mut |index| all &= place[index].is_some());
        all
    };
    match condition {
        Condition::Equality { left, right, .. } => ready(left) && ready(right),
        Condition::Other(expr) => ready(expr),
    }
}

fn moved(expr: &Expr, place: &[Option<usize>]) -> Expr {
    expr.map_columns(&mut |index, ty, nullable| Expr::Column { index: place[index].unwrap_or(index), ty, nullable })
}
