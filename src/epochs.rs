//! Transactions, from inside: how the changes of statements become epochs, or are undone.

use deltaq_circuit::{Batch, NodeId, Weights};

use crate::error::{Error, Result};
use crate::interior::Interior;
use crate::undo::{Extent, Undo};

/// Rows that workers are given at a time where the engine's configuration does not say.
const BATCH_ROWS: usize = 1 << 16;

/// The transaction that is open.
pub(crate) struct Open {
    /// Who has begun it.
    by: Begun,
    /// Whether somebody outside may see a change once it is committed: the runtime has been given deltas, or a view was replaced.
    pub(crate) seen: bool,
    /// What it has done to the catalog, oldest first.
    pub(crate) undo: Vec<Undo>,
}

/// How a transaction was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// By SQL's BEGIN: ended by COMMIT or ROLLBACK.
    Sql,
    /// By `Engine::begin`: ended by its guard.
    Guard,
    /// For one statement.
    Statement,
}

impl Interior {
    pub(crate) fn begun(&self) -> Option<Begun> {
        self.open.as_ref().map(|o| o.by)
    }

    /// Begins a transaction. Sources are read to their ends first, so that no rows of theirs are lost by a rollback.
    pub(crate) fn begin(&mut self, by: Begun) -> Result<()> {
        if self.open.is_some() {
            return Err(Error::new("25001", "a transaction is open already").help("commit it or roll it back first"));
        }
        if by != Begun::Statement {
            self.load_all()?;
        }
        self.open = Some(Open { by, seen: false, undo: Vec::new() });
        Ok(())
    }

    /// Runs `statement` in the open transaction, or, where none is open, in one of its own. What it has done to the catalog is
    /// undone if it fails.
    pub(crate) fn within<T>(&mut self, statement: impl FnOnce(&mut Interior) -> Result<T>) -> Result<T> {
        if let Some(open) = &self.open {
            let mark = open.undo.len();
            return match statement(self) {
                Err(error) => {
                    self.revert(Extent::Statement(mark))?;
                    Err(error)
                }
                done => done,
            };
        }
        self.begin(Begun::Statement)?;
        match statement(self) {
            Ok(value) => {
                self.commit()?;
                Ok(value)
            }
            Err(error) => {
                self.rollback()?;
                Err(error)
            }
        }
    }

    /// Notes that the table at `index` was changed by a statement.
    ///
    /// # Errors
    /// `53200` where that does not fit into memory: the statement's changes of the table are undone.
    pub(crate) fn touch(&mut self, index: usize) -> Result<()> {
        if !self.changed.contains(&index) {
            self.changed.push(index);
        }
        if self.gauge.is_some() {
            self.admit(index)?;
        }
        if self.catalog.table_at(index).unsubmitted_rows() >= self.batch_rows() && self.held_back().is_none() {
            self.flush()?;
        }
        Ok(())
    }

    fn batch_rows(&self) -> usize {
        self.config.batch_rows.unwrap_or(BATCH_ROWS)
    }

    /// Undoes what the open transaction has done to a table since `mark`.
    pub(crate) fn undo(&mut self, index: usize, mark: usize) -> Result<()> {
        let table = self.catalog.table_at(index);
        let inverse = table.undo(mark);
        let mut inputs = Vec::new();
        table.feed(inverse, &mut inputs);
        if inputs.is_empty() { Ok(()) } else { self.submit(inputs, Vec::new(), self.epoch() + 1) }
    }

    /// A table whose changes cannot be handed over early: views rely on it that nothing is ever retracted, not even by a rollback.
    pub(crate) fn held_back(&mut self) -> Option<&str> {
        let index = self.changed.iter().copied().find(|&index| {
            let table = self.catalog.table_at(index);
            table.append_only && table.unsubmitted_rows() > 0
        })?;
        Some(&self.catalog.table_at(index).name)
    }

    /// Hands to the workers what the open transaction has done so far.
    ///
    /// # Errors
    /// `25000` where an append-only table is among what it has changed.
    pub(crate) fn flush(&mut self) -> Result<()> {
        if let Some(table) = self.held_back() {
            let message =
                format!("views do not follow a transaction that has changed the append-only table \"{table}\"");
            return Err(Error::new("25000", message).help("commit first; SELECT computes them from the tables"));
        }
        if self.hand_over(self.epoch() + 1)?
            && let Some(open) = &mut self.open
        {
            open.seen = true;
        }
        Ok(())
    }

    /// Hands to the workers what they have not been given yet, and says whether there was anything. Rows that are only inserted go
    /// in batches, each an epoch of the runtime's, so that a large delta is worked in as it is handed over.
    fn hand_over(&mut self, tag: u64) -> Result<bool> {
        let most = self.batch_rows();
        let mut inputs: Vec<(NodeId, Batch)> = Vec::with_capacity(self.changed.len());
        let mut any = false;
        for at in 0..self.changed.len() {
            let table = self.catalog.table_at(self.changed[at]);
            let mut delta = table.submit();
            while delta.len() > most && matches!(delta.weights(), Weights::Ones) {
                let mut first = Vec::new();
                let table = self.catalog.table_at(self.changed[at]);
                table.feed(delta.slice(0, most), &mut first);
                delta = delta.slice(most, delta.len() - most);
                self.submit(first, Vec::new(), tag)?;
                any = true;
            }
            self.catalog.table_at(self.changed[at]).feed(delta, &mut inputs);
        }
        if inputs.is_empty() {
            return Ok(any);
        }
        self.submit(inputs, Vec::new(), tag)?;
        Ok(true)
    }

    /// Ends the open transaction; its changes stand. Returns the epoch that they make up.
    pub(crate) fn commit(&mut self) -> Result<u64> {
        let Some(open) = self.open.take() else {
            return Err(Error::new("25P01", "no transaction is open"));
        };
        let next = self.epoch() + 1;
        if self.hand_over(next)? || open.seen {
            self.bump();
        }
        for index in self.changed.drain(..) {
            self.catalog.table_at(index).commit();
        }
        if !open.undo.is_empty() {
            self.stand(open.undo)?;
        }
        Ok(self.epoch())
    }

    /// Ends the open transaction; its changes are undone.
    pub(crate) fn rollback(&mut self) -> Result<()> {
        let Some(seen) = self.open.as_ref().map(|open| open.seen) else {
            return Err(Error::new("25P01", "no transaction is open"));
        };
        for index in std::mem::take(&mut self.changed) {
            self.undo(index, 0)?;
        }
        self.revert(Extent::Transaction)?;
        self.changed.clear();
        self.open = None;
        if seen && self.watchers.nodes().next().is_some() {
            self.wait()?;
            self.watchers.add_up(self.epoch());
        }
        Ok(())
    }
}
