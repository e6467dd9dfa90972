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
use deltaq_circuit::arrays;
use deltaq_circuit::operator::Input;
use deltaq_circuit::picked::Picked;
use deltaq_circuit::trace::{HashedKeys, Matches, Trace};
use deltaq_circuit::{Batch, Class, Context, Operator, Output, Partition, Query, RowError, Weight, Weights};

use crate::SqlType;
use crate::eval::Program;
use crate::expr::Expr;

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

/// Pairs that were found: rows of a delta, which is the left side or the right, with rows of the other side.
struct Found<'a> {
    delta: &'a Batch,
    delta_is_left: bool,
    other: Other<'a>,
    matches: Matches,
    /// Where the matches of the delta, and of another delta, lie in the columns of those.
    places: [OnceCell<Vec<u32>>; 2],
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

    /// The keys of a delta, hashed; None where the other side has nothing that they could match.
    fn keys(&self, is_left: bool, delta: &Batch, other: Input) -> Option<HashedKeys> {
        let side = if is_left { &self.left } else { &self.right };
        let vain = delta.is_empty() || other.delta.is_empty() && other.trace.is_none_or(Trace::is_empty);
        (!vain).then(|| HashedKeys::new(&delta.layout(&side.key), &side.key_columns(delta), delta.len(), self.nulls))
    }

    /// The pairs of a delta with what is held.
    fn probe<'a>(delta_is_left: bool, delta: &'a Batch, keys: &HashedKeys, trace: &'a Trace) -> Option<Found<'a>> {
        let matches = (!trace.is_empty()).then(|| trace.find_hashed(keys))?;
        Some(Found::new(delta, delta_is_left, Other::Trace(trace), matches))
    }

    /// The pairs of two deltas: the smaller one is indexed, the larger one looked up.
    fn between<'a>(left: (&'a Batch, &HashedKeys), right: (&'a Batch, &HashedKeys)) -> Found<'a> {
        let delta_is_left = left.0.len() >= right.0.len();
        let (delta, other) = if delta_is_left { (left, right) } else { (right, left) };
        let matches = Matches::between(delta.1, other.1);
        Found::new(delta.0, delta_is_left, Other::Batch(other.0), matches)
    }

    /// All pairs that the deltas of both sides make, with what is held and with each other.
    fn pairs<'a>(&self, left: Input<'a>, right: Input<'a>) -> impl Iterator<Item = Found<'a>> {
        let left_keys = self.keys(true, left.delta, right);
        let right_keys = self.keys(false, right.delta, left);
        let (ours, theirs) = (left_keys.as_ref(), right_keys.as_ref());
        let with_right = ours.zip(right.trace).and_then(|(keys, held)| Join::probe(true, left.delta, keys, held));
        let with_left = theirs.zip(left.trace).and_then(|(keys, held)| Join::probe(false, right.delta, keys, held));
        let of_both = ours.zip(theirs).map(|(ours, theirs)| Join::between((left.delta, ours), (right.delta, theirs)));
        [with_right, with_left, of_both].into_iter().flatten()
    }

    /// The rows that pairs make. The rest of a pair is copied only if the residual condition, which is looked at first, is true.
    fn rows<'a>(&self, found: impl IntoIterator<Item = Found<'a>>) -> Output {
        let mut errors = Vec::new();
        let mut found: Vec<Found> = found.into_iter().collect();
        if let Some(residual) = &self.residual {
            found.iter_mut().for_each(|found| self.hold(found, residual, &mut errors));
        }
        found.retain(|found| !found.matches.rows.is_empty());
        let len = found.iter().map(|found| found.matches.rows.len()).sum();
        if len == 0 {
            return Output { rows: Batch::none(), errors };
        }
        let columns = self.output.iter().map(|(column, ty)| match &found[..] {
            [one] => self.column(one, *column),
            several => {
                let mut picked = Picked::new(&ty.arrow(), len);
                several.iter().for_each(|found| self.pick(found, *column, &mut picked));
                picked.finish()
            }
        });
        let columns = columns.collect();
        let weights: Vec<Weight> = found.iter().flat_map(Found::weights).collect();
        let weights = if weights.iter().all(|w| *w == 1) { Weights::Ones } else { Weights::Each(weights.into()) };
        Output { rows: Batch::with_len(columns, weights, len), errors }
    }

    /// Leaves the pairs for which the residual condition is true. An error stands for a pair for which it fails.
    fn hold(&self, found: &mut Found, residual: &Residual, errors: &mut Vec<RowError>) {
        let len = found.matches.rows.len();
        if len == 0 {
            return;
        }
        let columns: Vec<ArrayRef> = residual.columns.iter().map(|c| self.column(found, *c)).collect();
        let (mask, failed) = residual.program.eval(&columns, len).into_column(len);
        let mask = mask.as_boolean();
        for (pair, error) in failed.iter() {
            let weight = found.weight(pair);
            errors.push(RowError { code: error.code, message: error.message.clone(), weight });
        }
        let holds = |pair: &usize| mask.is_valid(*pair) && mask.value(*pair) && failed.get(*pair).is_none();
        let kept: Vec<usize> = (0..len).filter(holds).collect();
        if kept.len() < len {
            let Matches { rows, slots } = &found.matches;
            let rows = kept.iter().map(|pair| rows[*pair]).collect();
            found.matches = Matches { rows, slots: kept.iter().map(|pair| slots[*pair]).collect() };
            found.places = Default::default();
        }
    }

    /// Whether `column` of left ++ right is one of the delta's, and where it stands on its side.
    fn place(&self, found: &Found, column: usize) -> (bool, usize) {
        let split = self.left.types.len();
        let of_left = column < split;
        (of_left == found.delta_is_left, if of_left { column } else { column - split })
    }

    /// One column of the pairs.
    fn column(&self, found: &Found, column: usize) -> ArrayRef {
        let Matches { rows, slots } = &found.matches;
        match self.place(found, column) {
            (true, at) => {
                let (columns, places) = found.of_delta();
                let whole = found.delta.selection().is_none() && rows.len() == found.delta.len();
                if whole && rows.iter().enumerate().all(|(i, row)| i == *row as usize) {
                    columns[at].clone()
                } else {
                    arrays::take(&columns[at], &places.to_vec().into())
                }
            }
            (false, at) => match found.other {
                Other::Trace(trace) => {
                    trace.gather(&[at], slots).pop().unwrap_or_else(|| panic!("a column was asked for"))
                }
                Other::Batch(batch) => {
                    let (columns, places) = found.of_other(batch);
                    arrays::take(&columns[at], &places.to_vec().into())
                }
            },
        }
    }

    /// Adds one column of the pairs to `into`.
    fn pick(&self, found: &Found, column: usize, into: &mut Picked) {
        let mut push = |(columns, places): (&[ArrayRef], &[u32]), at: usize| into.push(&columns[at], places);
        match (self.place(found, column), &found.other) {
            ((true, at), _) => push(found.of_delta(), at),
            ((false, at), Other::Batch(batch)) => push(found.of_other(batch), at),
            ((false, at), Other::Trace(trace)) => trace.pick(at, &found.matches.slots, into),
        }
    }
}

impl<'a> Found<'a> {
    fn new(delta: &'a Batch, delta_is_left: bool, other: Other<'a>, matches: Matches) -> Found<'a> {
        Found { delta, delta_is_left, other, matches, places: Default::default() }
    }

    /// The delta's columns, and which of their rows the pairs have.
    fn of_delta(&self) -> (&[ArrayRef], &[u32]) {
        lying(self.delta, &self.matches.rows, &self.places[0])
    }

    /// The columns of the other delta, and which of their rows the pairs have.
    fn of_other<'b>(&'b self, other: &'b Batch) -> (&'b [ArrayRef], &'b [u32]) {
        lying(other, &self.matches.slots, &self.places[1])
    }

    fn weight(&self, pair: usize) -> Weight {
        let other = match self.other {
            Other::Trace(trace) => trace.weight(self.matches.slots[pair]),
            Other::Batch(batch) => batch.weight(self.matches.slots[pair] as usize),
        };
        self.delta.weight(self.matches.rows[pair] as usize) * other
    }

    fn weights(&self) -> impl Iterator<Item = Weight> {
        (0..self.matches.rows.len()).map(|pair| self.weight(pair))
    }
}

/// As [`Batch::lying`], found out once.
fn lying<'a>(batch: &'a Batch, rows: &'a [u32], places: &'a OnceCell<Vec<u32>>) -> (&'a [ArrayRef], &'a [u32]) {
    match batch.selection() {
        None => (batch.columns(), rows),
        Some(selection) => (selection.base(), places.get_or_init(|| selection.places(rows))),
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
        let input = |at: usize| Input { delta: &inputs[at], trace: None };
        self.rows(self.pairs(input(0), input(1)))
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
        self.0.rows(self.0.pairs(inputs[0], inputs[1]))
    }
}
