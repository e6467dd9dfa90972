//! Aggregation in two phases, where the rows of a step have few groups, or all the same: one worker would do all the work.
//!
//! ```text
//!                ┌─ by x ── aggregate by k: count(distinct x), …  ┐                                   each worker over the rows
//!   rows ────────┤                                                ├─ plus ─ exchange by k ─ aggregate by k: sum, …      it has
//!                └─ by y ── aggregate by k: count(distinct y), …  ┘
//! ```
//!
//! Equal values of a distinct argument meet on one worker, so that what the workers count adds up. For calls that are not distinct it is enough
//! that equal rows meet, so that a retraction finds its row. Of each group a worker sends a row, and only if that changes.

use deltaq_circuit::{NodeId, Partition};
use deltaq_operators::aggregate::{Aggregate, Column, Function, Rest};
use deltaq_operators::functions::cast;
use deltaq_operators::{Expr, Scalar, SqlType};

use super::lowering::Lowering;
use super::{Known, Placement, placed};

/// What is computed over the rows of `node`: calls by keys, which are its first columns.
pub(super) struct Phased<'e> {
    pub(super) node: NodeId,
    /// How many columns `node` yields.
    pub(super) width: usize,
    pub(super) keys: &'e [Expr],
    pub(super) columns: &'e [Column],
    /// Where the rows of a group must meet.
    pub(super) partition: &'e Partition,
}

/// Calls that one aggregate of the first phase makes, by their numbers.
struct Branch {
    /// The argument that is distinct.
    distinct: Option<usize>,
    calls: Vec<usize>,
}

impl Lowering<'_> {
    /// The aggregate in two phases, where that is possible and of use.
    pub(super) fn phased(&mut self, whole: &Phased) -> Option<NodeId> {
        let merged: Option<Vec<(Function, SqlType)>> = whole.columns.iter().map(merge).collect();
        // Of rows that have nothing but keys, equal ones are merged before they are sent.
        let merged = merged.filter(|_| whole.width > whole.keys.len())?;
        if self.circuit.meet(whole.node, whole.partition) || !whole.keys.iter().all(is_shared) {
            return None;
        }
        let parts: Vec<NodeId> = branches(whole.columns).iter().map(|branch| self.part(whole, branch)).collect();
        let parts = self.plus(parts);
        let keys = whole.keys.len();
        let columns = merged.iter().zip(whole.columns).enumerate().map(|(at, ((function, ty), column))| Column {
            function: *function,
            arg: Some((keys + at, column.ty)),
            rest: Rest::default(),
            distinct: false,
            filter: None,
            ty: *ty,
        });
        let key_types = whole.keys.iter().map(|key| key.ty().arrow()).collect();
        let query = Aggregate::new((0..keys).collect(), key_types, columns.collect(), false);
        let known = Known { placement: placed(whole.partition), insert_only: false, key: None };
        let node = self.query(query, vec![(parts, whole.partition.clone())], known);
        let keys = whole.keys.iter().enumerate().map(column);
        let results = merged.iter().zip(whole.columns).enumerate().map(|(at, ((_, ty), column))| {
            cast::to(
                Expr::Column { index: whole.keys.len() + at, ty: *ty, nullable: !column.function.counts() },
                column.ty,
            )
        });
        let exprs: Vec<Expr> = keys.chain(results).collect();
        Some(self.map(node, exprs.len(), None, exprs))
    }

    /// What each worker computes of some calls: a row a group, NULL in the place of the other calls.
    fn part(&mut self, whole: &Phased, branch: &Branch) -> NodeId {
        let columns = branch.calls.iter().map(|call| whole.columns[*call].clone()).collect();
        let key_types = whole.keys.iter().map(|key| key.ty().arrow()).collect();
        let insert_only = self.circuit.insert_only(whole.node);
        let keys = (0..whole.keys.len()).collect();
        let query = Aggregate::new(keys, key_types, columns, insert_only).of_each_worker();
        let meeting = branch.distinct.map_or_else(|| (0..whole.width).collect(), |argument| vec![argument]);
        let known = Known { placement: Placement::Anywhere, insert_only: false, key: None };
        let node = self.query(query, vec![(whole.node, Partition::Key(meeting))], known);
        let keys = whole.keys.iter().enumerate().map(column);
        let results = whole.columns.iter().enumerate().map(|(call, column)| {
            match branch.calls.iter().position(|own| *own == call) {
                Some(at) => Expr::Column { index: whole.keys.len() + at, ty: column.ty, nullable: true },
                None => Expr::literal(Scalar::Null, column.ty),
            }
        });
        let exprs = keys.chain(results).collect();
        self.map(node, whole.keys.len() + branch.calls.len(), None, exprs)
    }
}

fn column((index, key): (usize, &Expr)) -> Expr {
    Expr::Column { index, ty: key.ty(), nullable: key.nullable() }
}

/// The calls by distinct argument; what is not distinct goes with the first of these.
fn branches(columns: &[Column]) -> Vec<Branch> {
    let mut branches: Vec<Branch> = Vec::new();
    for (call, column) in columns.iter().enumerate() {
        let distinct = column.arg.filter(|_| column.distinct && !column.function.is_idempotent()).map(|(arg, _)| arg);
        let fits =
            |branch: &&mut Branch| distinct.is_none() || branch.distinct.is_none() || branch.distinct == distinct;
        match branches.iter_mut().find(fits) {
            Some(branch) => {
                branch.distinct = branch.distinct.or(distinct);
                branch.calls.push(call);
            }
            None => branches.push(Branch { distinct, calls: vec![call] }),
        }
    }
    branches
}

/// What makes the result of a call from the results over parts of the rows, and its type; None where nothing does exactly.
fn merge(column: &Column) -> Option<(Function, SqlType)> {
    match column.function {
        Function::Count => Some((Function::Sum, Function::Sum.result(Some(column.ty)).ok()?)),
        function if function.is_idempotent() => Some((function, column.ty)),
        _ => None,
    }
}

/// Whether the rows of a step have few values of `key`: parts of a time, and what has two values.
fn is_shared(key: &Expr) -> bool {
    const CUTS: [&str; 5] = ["date_format_key", "to_char_key", "date_trunc", "extract", "date_part"];
    match key {
        Expr::Call { function, .. } if CUTS.contains(&function.name) => true,
        Expr::Call { function, args, ty: SqlType::Date } if function.name == "cast" => {
            matches!(args[0].ty(), SqlType::Timestamp | SqlType::TimestampTz)
        }
        _ => key.ty() == SqlType::Boolean,
    }
}
