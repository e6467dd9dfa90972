//! The door: what checks rows before they enter the circuit, and keeps them.
//!
//! A table's rows lie in a [`Trace`], keyed by its primary key, or by whole rows where there is none. A statement's changes are
//! checked against it and accepted as one delta; then they are on their way:
//!
//! ```text
//!   accepted:  d0   d1   d2   d3        deltas of the open transaction
//!                   │         └ submitted: those before have been given to the circuit
//!                   └ settled: those before are in the trace
//! ```
//!
//! A delta goes into the trace no sooner than somebody looks, so that at a commit the workers begin first. Committed, the list is
//! emptied; rolled back, the inverse of what was settled goes into the trace, and of what was submitted into the circuit.

use deltaq_circuit::operator::Size;
use deltaq_circuit::trace::Trace;
use deltaq_circuit::{Batch, NodeId, Weights};
use deltaq_operators::types::arrow_types;
use deltaq_operators::{Scalar, Schema};

use crate::rows::Columns;
use crate::statements::pick;

mod conform;
mod entry;
mod refusal;
mod repeats;
#[cfg(test)]
mod tests;

/// A table.
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Columns,
    pub(crate) primary_key: Vec<usize>,
    pub(crate) append_only: bool,
    pub(crate) defaults: Vec<Scalar>,
    /// Its nodes in the circuit, each with how many of its columns it yields: one, and one more for each time columns were added.
    pub(crate) sources: Vec<(NodeId, usize)>,
    trace: Trace,
    /// The trace was searched: its rows are indexed, no longer just set aside.
    searched: bool,
    accepted: Vec<Accepted>,
    settled: usize,
    submitted: usize,
    /// Those before are within the limit on memory, if there is one.
    admitted: usize,
}

/// A delta that was checked.
struct Accepted {
    delta: Batch,
    /// What it does to rows that are there, if that is to give them other values.
    in_place: Option<InPlace>,
}

/// Rows that take the place of others of their primary keys. Found when all that was accepted before was in the trace.
struct InPlace {
    rows: Batch,
    /// Which of the rows have a predecessor, in order.
    at: Vec<u32>,
    /// The slots of these.
    slots: Vec<u32>,
}

impl Table {
    /// A table of no rows.
    pub(crate) fn new(
        name: String,
        schema: Schema,
        primary_key: Vec<usize>,
        append_only: bool,
        defaults: Vec<Scalar>,
        source: NodeId,
    ) -> Table {
        let types = arrow_types(&schema);
        let key = if primary_key.is_empty() { (0..types.len()).collect() } else { primary_key.clone() };
        Table {
            name,
            sources: vec![(source, schema.len())],
            columns: Columns::new(schema),
            primary_key,
            append_only,
            defaults,
            trace: Trace::lazy(types, key, true),
            searched: false,
            accepted: Vec::new(),
            settled: 0,
            submitted: 0,
            admitted: 0,
        }
    }

    /// Its columns.
    pub(crate) fn schema(&self) -> &Schema {
        &self.columns.schema
    }

    /// All its rows, those of an open transaction among them. Not consolidated. O(rows).
    pub(crate) fn contents(&mut self) -> Batch {
        self.settle();
        self.trace.contents()
    }

    /// Rows and bytes kept.
    pub(crate) fn size(&mut self) -> Size {
        self.settle();
        self.trace.size()
    }

    /// Bytes kept, the rows among them that were accepted just now. Those of a table that was never searched are reckoned: to be
    /// undone, they must not be in the trace, which would index all it holds to find them.
    pub(crate) fn bytes(&mut self) -> u64 {
        if self.searched {
            self.settle();
        }
        self.settled_bytes() + self.accepted[self.settled..].iter().map(Accepted::gain).sum::<u64>()
    }

    /// The same, without what has not gone into the trace.
    pub(crate) fn settled_bytes(&self) -> u64 {
        self.trace.size().bytes as u64
    }

    /// The same table with one column more, its default in the rows that are there; the column's deltas go to `source`.
    pub(crate) fn widened(&mut self, field: deltaq_operators::Field, default: Scalar, source: NodeId) -> Table {
        let rows = self.contents();
        let column = default.to_array(field.ty);
        let (mut schema, mut defaults) = (self.schema().clone(), self.defaults.clone());
        schema.push(field);
        defaults.push(default);
        let key = self.primary_key.clone();
        let mut table = Table::new(self.name.clone(), schema, key, self.append_only, defaults, source);
        table.sources = self.sources.iter().copied().chain(table.sources).collect();
        if !rows.is_empty() {
            let mut columns = rows.columns().to_vec();
            columns.push(deltaq_circuit::arrays::repeat(&column, rows.len()));
            table.trace.update(&rows.with_columns(columns, true));
        }
        table
    }

    // ---- the way of a delta ----

    /// Notes a checked delta. Returns how many rows it moves.
    fn accept(&mut self, delta: Batch) -> u64 {
        self.accept_in_place(delta, None)
    }

    /// The same, of a delta that gives other values to rows that are there.
    fn accept_in_place(&mut self, delta: Batch, in_place: Option<InPlace>) -> u64 {
        let moved = match delta.weights() {
            Weights::Ones => delta.len() as u64,
            Weights::Each(weights) => weights.iter().map(|w| w.unsigned_abs()).sum(),
        };
        if !delta.is_empty() {
            self.accepted.push(Accepted { delta, in_place });
        }
        moved
    }

    /// What was accepted since the last call, for the circuit: nothing if it cancels out.
    pub(crate) fn submit(&mut self) -> Batch {
        let delta = match &self.accepted[self.submitted..] {
            [] => Batch::none(),
            [one] => one.delta.clone(),
            many => {
                let sum = Batch::concat(&many.iter().map(|accepted| accepted.delta.clone()).collect::<Vec<_>>());
                if matches!(sum.weights(), Weights::Ones) { sum } else { sum.consolidate() }
            }
        };
        self.submitted = self.accepted.len();
        delta
    }

    /// How many rows were accepted since [`Table::submit`] was called.
    pub(crate) fn unsubmitted_rows(&self) -> usize {
        self.accepted[self.submitted..].iter().map(|accepted| accepted.delta.len()).sum()
    }

    /// Bytes of the rows that were accepted since [`Table::submit`] was called.
    pub(crate) fn unsubmitted_bytes(&self) -> u64 {
        self.accepted[self.submitted..].iter().map(Accepted::gain).sum()
    }

    /// Bytes of the rows that were accepted since [`Table::admit`] was called, those aside that it retracts.
    pub(crate) fn unadmitted_bytes(&self) -> u64 {
        self.accepted[self.admitted..].iter().map(Accepted::gain).sum()
    }

    /// What was accepted is within the limit on memory.
    pub(crate) fn admit(&mut self) {
        self.admitted = self.accepted.len();
    }

    /// How many deltas are within the limit, for [`Table::undo`].
    pub(crate) fn admitted(&self) -> usize {
        self.admitted
    }

    /// Hands `rows` to each of its nodes, which gets the columns that it yields.
    pub(crate) fn feed(&self, rows: Batch, inputs: &mut Vec<(NodeId, Batch)>) {
        if rows.is_empty() {
            return;
        }
        for &(node, width) in &self.sources[1..] {
            inputs.push((node, self.narrow(&rows, width)));
        }
        let (node, width) = self.sources[0];
        let narrow = if self.sources.len() == 1 { rows } else { self.narrow(&rows, width) };
        inputs.push((node, narrow));
    }

    fn narrow(&self, rows: &Batch, width: usize) -> Batch {
        if width == self.schema().len() { rows.clone() } else { rows.project(&(0..width).collect::<Vec<_>>()) }
    }

    /// The node that yields its rows with all their columns.
    pub(crate) fn source(&self) -> NodeId {
        self.sources.last().unwrap_or_else(|| panic!("a table has a source")).0
    }

    /// Puts into the trace what was accepted.
    pub(crate) fn settle(&mut self) {
        for Accepted { delta, in_place } in &self.accepted[self.settled..] {
            self.searched |= !matches!(delta.weights(), Weights::Ones);
            match in_place {
                Some(InPlace { rows, at, slots }) => {
                    self.trace.overwrite(slots, rows, at);
                    if at.len() < rows.len() {
                        let fresh = (0..rows.len() as u32).filter(|row| at.binary_search(row).is_err());
                        self.trace.update(&pick(rows, fresh.collect()));
                    }
                }
                None => self.trace.update(delta),
            }
        }
        self.settled = self.accepted.len();
    }

    /// The changes stand.
    pub(crate) fn commit(&mut self) {
        self.settle();
        self.accepted.clear();
        self.settled = 0;
        self.submitted = 0;
        self.admitted = 0;
    }

    /// How far the open transaction has come, for [`Table::undo`].
    pub(crate) fn mark(&self) -> usize {
        self.accepted.len()
    }

    /// Undoes what was accepted since `mark` was taken. Returns the inverse of what was submitted of it, for the circuit.
    pub(crate) fn undo(&mut self, mark: usize) -> Batch {
        for accepted in self.accepted[..self.settled].iter().skip(mark).rev() {
            self.trace.update(&accepted.delta.negate());
        }
        let submitted = self.accepted[..self.submitted].iter().skip(mark).map(|accepted| accepted.delta.negate());
        let submitted: Vec<Batch> = submitted.collect();
        self.accepted.truncate(mark);
        self.settled = self.settled.min(mark);
        self.submitted = self.submitted.min(mark);
        self.admitted = self.admitted.min(mark);
        Batch::concat(&submitted).consolidate()
    }
}

impl Accepted {
    /// Bytes of the rows that the delta inserts.
    fn gain(&self) -> u64 {
        let delta = &self.delta;
        match delta.weights() {
            Weights::Ones => delta.bytes() as u64,
            Weights::Each(weights) => {
                let inserted = weights.iter().filter(|&&weight| weight > 0).count();
                (delta.bytes() * inserted / delta.len().max(1)) as u64
            }
        }
    }
}
