//! What a node of the circuit means ([`Query`]) and how it runs ([`Operator`]).

use std::cell::OnceCell;
use std::fmt::Debug;

use arrow_schema::DataType;

use crate::batch::{Batch, Epoch, Weight};
use crate::trace::{HashedKeys, Trace};

/// A function on whole collections: what a node means, whatever runs it.
///
/// `Debug` output must determine the function: nodes of equal text over the same inputs are shared.
pub trait Query: Debug + Send + Sync + 'static {
    /// One word: `filter`, `join`, `aggregate` …
    fn name(&self) -> &'static str;

    /// The rest of the EXPLAIN line: keys, expressions, calls.
    fn describe(&self) -> String;

    /// The types of the columns it yields.
    fn types(&self) -> Vec<DataType>;

    /// How it behaves under addition (\[DBSP\] §3).
    fn class(&self) -> Class;

    /// How its input `input` must be spread over workers.
    fn partition(&self, input: usize) -> Partition;

    /// The collection it yields for whole collections `inputs`: the definition, and the oracle of the tests.
    fn apply(&self, inputs: &[Batch]) -> Output;

    /// What it costs a row, roughly in nanoseconds, where it is linear in one input and that is known: what is cheap is rather
    /// computed on every worker than its rows sent from one to another.
    fn row_cost(&self) -> Option<u32> {
        None
    }

    /// Its incremental form. None: the executor lifts a linear query as it is, and runs any other by definition, D ∘ ↑Q ∘ I.
    fn operator(&self) -> Option<Box<dyn Operator>> {
        None
    }
}

/// How a query behaves under addition of Z-sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Q(a + b) = Q(a) + Q(b): its own incremental form, no state.
    Linear,
    /// Linear in each of two inputs.
    Bilinear,
    /// Neither: needs state to become incremental.
    General,
}

/// Where rows of an input must meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Partition {
    /// Anywhere.
    Any,
    /// Rows with equal values in these columns on one worker.
    Key(Vec<usize>),
    /// All on one worker.
    One,
}

/// What one run of a query yields.
#[derive(Clone, Debug)]
pub struct Output {
    /// The rows.
    pub rows: Batch,
    /// Errors that stand in for rows that could not be computed.
    pub errors: Vec<RowError>,
}

impl Output {
    /// Nothing.
    pub fn none() -> Output {
        Batch::none().into()
    }
}

impl From<Batch> for Output {
    fn from(rows: Batch) -> Output {
        Output { rows, errors: Vec::new() }
    }
}

/// Bad data that took a row out of a view. Errors form a Z-set: retracting the row retracts its error.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowError {
    /// SQLSTATE, as PostgreSQL assigns it: `22012` is division by zero.
    pub code: &'static str,
    /// What happened, with the offending value.
    pub message: String,
    /// How many rows failed so; negative retracts.
    pub weight: Weight,
}

/// One input of an operator in one epoch.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// What changed.
    pub delta: &'a Batch,
    /// The arrangement this input is, where it is one: its content before this epoch's delta.
    pub trace: Option<&'a Trace>,
    /// Where the delta's keys are kept once somebody has asked for them: all readers share them, and the arrangement that takes the delta in.
    pub hashed: Option<&'a OnceCell<HashedKeys>>,
}

impl<'a> Input<'a> {
    /// A delta that is not kept.
    pub fn of(delta: &'a Batch) -> Input<'a> {
        Input { delta, trace: None, hashed: None }
    }

    /// The delta's keys as the arrangement has them.
    pub fn hashed(&self) -> Option<&'a HashedKeys> {
        let (trace, hashed) = (self.trace?, self.hashed?);
        Some(hashed.get_or_init(|| trace.hash(self.delta)))
    }
}

/// When and where an operator runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The step.
    pub epoch: Epoch,
    /// This worker's index, from 0.
    pub worker: usize,
    /// How many workers there are.
    pub workers: usize,
    /// Whether this is the node's first step; it runs then even if its inputs are empty.
    pub starting: bool,
}

/// A node at work on one worker: a causal function of its input deltas.
///
/// The law of every operator: after any steps, the sum of its outputs equals [`Query::apply`] of the sums of its inputs.
pub trait Operator: Send {
    /// Takes the deltas of one epoch, returns the delta of the output. Cost must follow the deltas, not the state.
    fn step(&mut self, context: &Context, inputs: &[Input]) -> Output;

    /// After each step, when what it yielded is on its way: lets go of what the step has left without use. Until then the state may hold
    /// more than the law asks for, never less.
    fn settle(&mut self) {}

    /// The whole output as of now, from state alone; None where the state does not hold it
    /// (then it is computed by definition from the contents of the inputs).
    fn contents(&self) -> Option<Batch> {
        None
    }

    /// Rows and bytes of state.
    fn size(&self) -> Size {
        Size::default()
    }

    /// All state as batches, for [`Operator::load`] of a fresh operator to take back.
    fn save(&self) -> Vec<Batch> {
        Vec::new()
    }

    /// Restores what [`Operator::save`] gave, into a fresh operator.
    fn load(&mut self, _state: Vec<Batch>) {}
}

/// How much state there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Rows, groups or entries that are live.
    pub rows: usize,
    /// Bytes allocated for them, indexes included.
    pub bytes: usize,
}

impl std::ops::Add for Size {
    type Output = Size;
    fn add(self, other: Size) -> Size {
        Size { rows: self.rows + other.rows, bytes: self.bytes + other.bytes }
    }
}

impl std::iter::Sum for Size {
    fn sum<I: Iterator<Item = Size>>(sizes: I) -> Size {
        sizes.fold(Size::default(), |a, b| a + b)
    }
}
