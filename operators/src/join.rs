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

use std::fmt;

use arrow_array::{ArrayRef, UInt32Array};
use arrow_schema::DataType;
use deltaq_circuit::arrays;
use deltaq_circuit::operator::Input;
use deltaq_circuit::trace::{Matches, Trace};
use deltaq_circuit::{Batch, Class, Context, Operator, Output, Partition, Query, Weight, Weights};

use crate::expr::Expr;
use crate::map::Map;

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
    /// Columns of left ++ right that pairs are made of.
    pair: Vec<usize>,
    /// What is made of pairs: the residual condition and the columns that go on.
    post: std::sync::Arc<Map>,
    /// Whether `post` changes nothing.
    plain: bool,
}

impl Join {
    /// Joins two arrangements; yields columns `output` of left ++ right of the pairs for which `residual` (over left ++ right) is true.
    pub fn new(
        left: Side,
        right: Side,
        nulls: bool,
        residual: Option<Expr>,
        output: Vec<(usize, crate::SqlType)>,
    ) -> Join {
        let mut pair: Vec<usize> = output.iter().map(|(column, _)| *column).collect();
        if let Some(residual) = &residual {
            residual.columns(&mut |c| pair.push(c));
        }
        pair.sort_unstable();
        pair.dedup();
        let place = |column: usize| pair.partition_point(|p| *p < column);
        let moved = residual
            .map(|r| r.map_columns(&mut |index, ty, nullable| Expr::Column { index: place(index), ty, nullable }));
        let exprs: Vec<Expr> = output.iter().map(|(column, ty)| Expr::column(place(*column), *ty)).collect();
        let plain = moved.is_none() && pair.iter().eq(output.iter().map(|(c, _)| c));
        let post = std::sync::Arc::new(Map::new(moved, exprs, pair.len()));
        Join { left, right, nulls, pair, post, plain }
    }

    /// The pairs that `matches` names: rows of `delta`, which is the left side or the right, with rows of the other.
    fn pairs(&self, delta: &Batch, matches: &Matches, other: &Other, delta_is_left: bool) -> Batch {
        if matches.rows.is_empty() {
            return Batch::none();
        }
        let split = self.left.types.len();
        let mine = |column: &usize| (*column < split) == delta_is_left;
        let (own_from, other_from) = if delta_is_left { (0, split) } else { (split, 0) };
        let others: Vec<usize> = self.pair.iter().filter(|c| !mine(c)).map(|c| c - other_from).collect();
        let mut others = other.gather(&others, &matches.slots).into_iter();
        let once = matches.rows.len() == delta.len() && matches.rows.iter().enumerate().all(|(i, r)| i == *r as usize);
        let rows = UInt32Array::from(matches.rows.clone());
        let columns: Vec<ArrayRef> = self
            .pair
            .iter()
            .map(|column| {
                if !mine(column) {
                    return others.next().unwrap_or_else(|| panic!("a column for each of the other side's"));
                }
                let own = delta.column(column - own_from);
                if once { own.clone() } else { arrays::take(own, &rows) }
            })
            .collect();
        let pairs = matches.rows.iter().zip(&matches.slots);
        let weights: Vec<Weight> = pairs.map(|(row, slot)| delta.weight(*row as usize) * other.weight(*slot)).collect();
        let weights = if weights.iter().all(|w| *w == 1) { Weights::Ones } else { Weights::Each(weights.into()) };
        Batch::with_len(columns, weights, matches.rows.len())
    }

    fn probe(&self, delta: &Batch, trace: &Trace, delta_is_left: bool) -> Batch {
        if delta.is_empty() || trace.is_empty() {
            return Batch::none();
        }
        let side = if delta_is_left { &self.left } else { &self.right };
        let matches = trace.find(&side.key_columns(delta), delta.len());
        self.pairs(delta, &matches, &Other::Trace(trace), delta_is_left)
    }

    /// The join of two batches: the smaller one is indexed, the larger one looked up.
    fn batches(&self, left: &Batch, right: &Batch) -> Batch {
        if left.is_empty() || right.is_empty() {
            return Batch::none();
        }
        let (left_key, right_key) = (self.left.key_columns(left), self.right.key_columns(right));
        let layout = left.layout(&self.left.key);
        if left.len() < right.len() {
            let matches = Matches::between(&layout, &right_key, right.len(), &left_key, left.len(), self.nulls);
            self.pairs(right, &matches, &Other::Batch(left), false)
        } else {
            let matches = Matches::between(&layout, &left_key, left.len(), &right_key, right.len(), self.nulls);
            self.pairs(left, &matches, &Other::Batch(right), true)
        }
    }

    fn finish(&self, pairs: &[Batch]) -> Output {
        let pairs = Batch::concat(pairs);
        if self.plain || pairs.is_empty() { pairs.into() } else { self.post.apply(&[pairs]) }
    }
}

impl Side {
    fn key_columns(&self, rows: &Batch) -> Vec<ArrayRef> {
        self.key.iter().map(|&k| rows.column(k).clone()).collect()
    }
}

/// What a delta meets.
enum Other<'a> {
    Trace(&'a Trace),
    Batch(&'a Batch),
}

impl Other<'_> {
    fn gather(&self, columns: &[usize], rows: &[u32]) -> Vec<ArrayRef> {
        match self {
            Other::Trace(trace) => trace.gather(columns, rows),
            Other::Batch(batch) => {
                let rows = UInt32Array::from(rows.to_vec());
                columns.iter().map(|&c| arrays::take(batch.column(c), &rows)).collect()
            }
        }
    }

    fn weight(&self, row: u32) -> Weight {
        match self {
            Other::Trace(trace) => trace.weight(row),
            Other::Batch(batch) => batch.weight(row as usize),
        }
    }
}

impl Query for Join {
    fn name(&self) -> &'static str {
        "join"
    }

    fn describe(&self) -> String {
        let keys: Vec<String> =
            self.left.key.iter().zip(&self.right.key).map(|(l, r)| format!("l{l} = r{r}")).collect();
        let residual = self.post.filter().map(|f| format!(" and {f}")).unwrap_or_default();
        let on = if keys.is_empty() { "all pairs".to_string() } else { keys.join(" and ") };
        format!("{on}{residual}{}", if self.nulls { " [nulls match]" } else { "" })
    }

    fn types(&self) -> Vec<DataType> {
        self.post.types()
    }

    fn class(&self) -> Class {
        Class::Bilinear
    }

    fn partition(&self, input: usize) -> Partition {
        let side = if input == 0 { &self.left } else { &self.right };
        if side.key.is_empty() { Partition::One } else { Partition::Key(side.key.clone()) }
    }

    fn apply(&self, inputs: &[Batch]) -> Output {
        self.finish(&[self.batches(&inputs[0], &inputs[1])])
    }

    fn operator(&self) -> Option<Box<dyn Operator>> {
        Some(Box::new(Joined(self.clone())))
    }
}

impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Join { left, right, nulls, pair, post, plain: _ } = self;
        f.debug_tuple("Join").field(left).field(right).field(nulls).field(pair).field(post).finish()
    }
}

/// The join at work.
struct Joined(Join);

impl Operator for Joined {
    fn step(&mut self, _context: &Context, inputs: &[Input]) -> Output {
        let (left, right) = (inputs[0], inputs[1]);
        let join = &self.0;
        let mut pairs = [Batch::none(), Batch::none(), Batch::none()];
        if let Some(trace) = right.trace {
            pairs[0] = join.probe(left.delta, trace, true);
        }
        if let Some(trace) = left.trace {
            pairs[1] = join.probe(right.delta, trace, false);
        }
        pairs[2] = join.batches(left.delta, right.delta);
        join.finish(&pairs)
    }
}
