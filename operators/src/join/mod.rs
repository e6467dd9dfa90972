//! The inner equi-join of two arrangements, with a residual condition.
//!
//! ```text
//!   ΔL ──┬────────────→ ⋈ ←── R            Δ(L ⋈ R) = ΔL ⋈ R + L ⋈ ΔR + ΔL ⋈ ΔR
//!        ↓              │
//!   L ── arrange ─→ ⋈ ←─┼──── ΔR           L and R as they were before the step: arrangements change at its end,
//!                   └─ + ┘                 so any number of joins share them, a self-join too
//! ```
//!
//! Source: \[DBSP\], the incremental form of bilinear operators.

use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use deltaq_circuit::operator::Input;
use deltaq_circuit::trace::{HashedKeys, Trace};
use deltaq_circuit::{Batch, Class, Context, Operator, Output, Partition, Query, RowError};

use crate::SqlType;
use crate::eval::Program;
use crate::expr::Expr;

mod found;
use found::Found;

/// One side of a join: its column types and key, as its arrangement has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// The column types.
    pub types: Vec<DataType>,
    /// The key columns; the other side's key has as many, of the same types.
    pub key: Vec<usize>,
}

/// Pairs of rows with equal keys for which the residual condition is true. NULL in a key matches NULL only if both
/// arrangements keep such rows.
///
/// Keeps no state of its own: it reads the arrangements. Cost of a step: a lookup a changed row, and the pairs it finds.
#[derive(Clone)]
pub struct Join {
    left: Side,
    right: Side,
    nulls: bool,
    /// The columns of left ++ right that go on, with their types.
    output: Vec<(usize, SqlType)>,
    residual: Option<Residual>,
}

/// The condition that pairs are held to beside equal keys.
#[derive(Clone)]
struct Residual {
    /// Over left ++ right.
    condition: Expr,
    /// Columns of left ++ right that it reads.
    columns: Vec<usize>,
    /// The condition over those.
    program: Arc<Program>,
}

impl Join {
    /// Joins two arrangements; yields columns `output` of left ++ right of the pairs for which `residual` (over left ++ right) is true.
    pub fn new(left: Side, right: Side, nulls: bool, residual: Option<Expr>, output: Vec<(usize, SqlType)>) -> Join {
        let residual = residual.map(|condition| {
            let mut columns = Vec::new();
            condition.columns(&mut |c| columns.push(c));
            columns.sort_unstable();
            columns.dedup();
            let place = |column: usize| columns.partition_point(|c| *c < column);
            let moved =
                condition.map_columns(&mut |index, ty, nullable| Expr::Column { index: place(index), ty, nullable });
            Residual { program: Arc::new(Program::new(&moved)), condition, columns }
        });
        Join { left, right, nulls, output, residual }
    }

    /// The keys of a delta, hashed; None where the other side has nothing that they could match. `fresh`: where they are kept if the delta's
    /// arrangement does not.
    fn keys<'a>(
        &self,
        side: &Side,
        input: Input<'a>,
        other: Input,
        fresh: &'a OnceCell<HashedKeys>,
    ) -> Option<&'a HashedKeys> {
        let vain = input.delta.is_empty() || other.delta.is_empty() && other.trace.is_none_or(Trace::is_empty);
        if vain {
            return None;
        }
        let alike = |trace: &Trace| trace.key() == side.key && trace.holds_nulls() == self.nulls;
        let make = || {
            HashedKeys::new(
                &input.delta.layout(&side.key),
                &side.key_columns(input.delta),
                input.delta.len(),
                self.nulls,
            )
        };
        let arranged = if input.trace.is_some_and(alike) { input.hashed() } else { None };
        Some(arranged.unwrap_or_else(|| fresh.get_or_init(make)))
    }

    /// The rows of all pairs that the deltas of both sides make, with what is held and with each other.
    fn joined<'a>(&self, left: Input<'a>, right: Input<'a>) -> Output {
        let fresh = [OnceCell::new(), OnceCell::new()];
        let ours = self.keys(&self.left, left, right, &fresh[0]);
        let theirs = self.keys(&self.right, right, left, &fresh[1]);
        let held = |trace: Option<&'a Trace>| trace.filter(|trace| !trace.is_empty());
        let with_right = ours.zip(held(right.trace)).map(|(keys, held)| Found::held(true, left.delta, keys, held));
        let with_left = theirs.zip(held(left.trace)).map(|(keys, held)| Found::held(false, right.delta, keys, held));
        let of_both = ours.zip(theirs).map(|(ours, theirs)| Found::between((left.delta, ours), (right.delta, theirs)));
        self.rows([with_right, with_left, of_both].into_iter().flatten().collect())
    }

    /// The rows that pairs make. The rest of a pair is copied only if the residual condition, which is looked at first, is true.
    fn rows(&self, mut found: Vec<Found>) -> Output {
        let mut errors = Vec::new();
        if let Some(residual) = &self.residual {
            found.iter_mut().for_each(|found| self.hold(found, residual, &mut errors));
        }
        found.retain(|found| found.len() > 0);
        let rows =
            if found.is_empty() { Batch::none() } else { found::rows(&found, self.left.types.len(), &self.output) };
        Output { rows, errors }
    }

    /// Leaves the pairs for which the residual condition is true. An error stands for a pair for which it fails.
    fn hold(&self, found: &mut Found, residual: &Residual, errors: &mut Vec<RowError>) {
        let len = found.len();
        if len == 0 {
            return;
        }
        let split = self.left.types.len();
        let column = |column: usize| {
            if column < split { found.column(true, column) } else { found.column(false, column - split) }
        };
        let columns: Vec<ArrayRef> = residual.columns.iter().map(|c| column(*c)).collect();
        let (mask, failed) = residual.program.eval(&columns, len).into_column(len);
        let mask = mask.as_boolean();
        for (pair, error) in failed.iter() {
            let weight = found.weight(pair);
            errors.push(RowError { code: error.code, message: error.message.clone(), weight });
        }
        let passing = match mask.nulls() {
            Some(nulls) => mask.values() & nulls.inner(),
            None => mask.values().clone(),
        };
        let held = |pair: &u32| failed.is_empty() || failed.get(*pair as usize).is_none();
        let kept: Vec<u32> = passing.set_indices_u32().filter(held).collect();
        if kept.len() < len {
            found.keep(&kept);
        }
    }
}

impl Side {
    fn key_columns(&self, rows: &Batch) -> Vec<ArrayRef> {
        self.key.iter().map(|&k| rows.column(k).clone()).collect()
    }
}

impl Query for Join {
    fn name(&self) -> &'static str {
        "join"
    }

    fn describe(&self) -> String {
        let keys: Vec<String> =
            self.left.key.iter().zip(&self.right.key).map(|(l, r)| format!("l{l} = r{r}")).collect();
        let residual = self.residual.as_ref().map(|r| format!(" and {}", r.condition)).unwrap_or_default();
        let on = if keys.is_empty() { "all pairs".to_string() } else { keys.join(" and ") };
        format!("{on}{residual}{}", if self.nulls { " [nulls match]" } else { "" })
    }

    fn types(&self) -> Vec<DataType> {
        self.output.iter().map(|(_, ty)| ty.arrow()).collect()
    }

    fn class(&self) -> Class {
        Class::Bilinear
    }

    fn partition(&self, input: usize) -> Partition {
        let side = if input == 0 { &self.left } else { &self.right };
        if side.key.is_empty() { Partition::One } else { Partition::Key(side.key.clone()) }
    }

    fn apply(&self, inputs: &[Batch]) -> Output {
        self.joined(Input::of(&inputs[0]), Input::of(&inputs[1]))
    }

    fn operator(&self) -> Option<Box<dyn Operator>> {
        Some(Box::new(Joined(self.clone())))
    }
}

impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Join { left, right, nulls, output, residual } = self;
        let condition = residual.as_ref().map(|r| &r.condition);
        f.debug_tuple("Join").field(left).field(right).field(nulls).field(output).field(&condition).finish()
    }
}

/// The join at work.
struct Joined(Join);

impl Operator for Joined {
    fn step(&mut self, _context: &Context, inputs: &[Input]) -> Output {
        self.0.joined(inputs[0], inputs[1])
    }
}
