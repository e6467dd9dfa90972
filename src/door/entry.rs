//! What may come in: each change is checked against the rows there before it is accepted.

use std::sync::Arc;

use arrow_array::{ArrayRef, UInt32Array};
use deltaq_circuit::arrays::View;
use deltaq_circuit::picked::Picked;
use deltaq_circuit::trace::Matches;
use deltaq_circuit::{Batch, Weight, Weights};

use super::repeats::{first_of_each, last_of_each, repeated};
use super::{InPlace, Table};
use crate::error::{Error, Result};
use crate::statements::pick;

/// How many copies of a row one change may bring or take: so many, and sums of them, are far from what a [`Weight`] holds.
const COPIES_MAX: u64 = i32::MAX as u64;

impl Table {
    /// Adds rows. Columns are of the table's types; see [`Table::conform`].
    pub(crate) fn insert(&mut self, rows: Batch) -> Result<u64> {
        if rows.is_empty() {
            return Ok(0);
        }
        if !self.primary_key.is_empty() {
            let key = self.key_columns(&rows);
            let hashed = self.trace.hash_keys(&key, rows.len());
            if let Some(again) = repeated(&hashed) {
                return Err(self.duplicate(&key, again, "stands twice among the new rows").of_row(again));
            }
            self.ready();
            let there = self.trace.find_hashed(&hashed);
            if let Some(&row) = there.rows.first() {
                return Err(self.duplicate(&key, row as usize, "is there already").of_row(row as usize));
            }
        }
        Ok(self.accept(rows))
    }

    /// Adds rows, those of a primary key that is there in place of the row there. Of rows with one key the last stands.
    pub(crate) fn upsert(&mut self, rows: Batch) -> Result<u64> {
        if self.primary_key.is_empty() {
            return Err(Error::new("42P10", format!("table \"{}\" has no primary key to upsert by", self.name)));
        }
        if rows.is_empty() {
            return Ok(0);
        }
        let given = rows.len() as u64;
        let hashed = self.trace.hash_keys(&self.key_columns(&rows), rows.len());
        let (rows, hashed) = match last_of_each(&hashed) {
            Some(last) => {
                let rows = rows.take(&UInt32Array::from(last));
                let hashed = self.trace.hash_keys(&self.key_columns(&rows), rows.len());
                (rows, hashed)
            }
            None => (rows, hashed),
        };
        self.ready();
        let there = self.trace.find_hashed(&hashed);
        if there.slots.is_empty() {
            self.accept(rows);
        } else {
            let delta = self.replacement(&there, &rows);
            // Keys stand once on either side: only an old row and the new one of its key could cancel.
            let any_stays = self.any_stays(&delta, &there.rows);
            let delta = if any_stays { delta.consolidate() } else { delta.assume_consolidated() };
            self.may_retract(&delta)?;
            let in_place = InPlace { rows, at: there.rows, slots: there.slots };
            self.accept_in_place(delta, Some(in_place));
        }
        Ok(given)
    }

    /// The rows there that were found for keys of `rows`, retracted; then `rows`.
    fn replacement(&self, there: &Matches, rows: &Batch) -> Batch {
        let old = there.slots.len();
        let columns = rows.columns().iter().enumerate().map(|(at, column)| {
            let mut both = Picked::new(column.data_type(), old + rows.len());
            if self.primary_key.contains(&at) {
                both.push(column, &there.rows);
            } else {
                self.trace.pick(at, &there.slots, &mut both);
            }
            both.push_all(column);
            both.finish()
        });
        let mut weights = vec![-1; old];
        weights.resize(old + rows.len(), 1);
        Batch::weighted(columns.collect(), weights)
    }

    /// Whether a row of `delta`, which retracts as many as `at` names and then inserts, is inserted as it was retracted: `at` says which insertion
    /// has the key of each retraction.
    fn any_stays(&self, delta: &Batch, at: &[u32]) -> bool {
        let others = (0..self.schema().len()).filter(|c| !self.primary_key.contains(c));
        let others: Vec<View> = others.map(|c| View::of(delta.column(c))).collect();
        let equal = |(old, new): (usize, usize)| {
            others.iter().all(|column| match (column.is_null(old), column.is_null(new)) {
                (false, false) => column.equals(old, column, new),
                (old, new) => old && new,
            })
        };
        at.iter().map(|new| at.len() + *new as usize).enumerate().any(equal)
    }

    /// Deletes the rows of these primary keys.
    pub(crate) fn delete_keys(&mut self, key: &[ArrayRef], len: usize) -> Result<u64> {
        if len == 0 {
            return Ok(0);
        }
        let hashed = self.trace.hash_keys(key, len);
        if let Some(again) = repeated(&hashed) {
            return Err(self.absent_key(key, again));
        }
        self.ready();
        let there = self.trace.find_hashed(&hashed);
        if there.rows.len() < len {
            let missing = (0..len).find(|row| there.rows.binary_search(&(*row as u32)).is_err()).unwrap_or(0);
            return Err(self.absent_key(key, missing));
        }
        let delta = self.rows_at(&there.slots).negate();
        self.may_retract(&delta)?;
        Ok(self.accept(delta))
    }

    /// The rows there that have these primary keys, with the probing row of each.
    pub(crate) fn find(&mut self, key: &[ArrayRef], len: usize) -> (Vec<u32>, Batch) {
        self.ready();
        let there = self.trace.find(key, len);
        let rows = self.rows_at(&there.slots);
        (there.rows, rows)
    }

    /// Adds the rows whose primary key is not there, of rows with one key the first. Returns how many.
    pub(crate) fn insert_absent(&mut self, rows: Batch) -> Result<u64> {
        if self.primary_key.is_empty() {
            return self.insert(rows);
        }
        let key = self.key_columns(&rows);
        let hashed = self.trace.hash_keys(&key, rows.len());
        let mut absent = first_of_each(&hashed);
        self.ready();
        let there = self.trace.find_hashed(&hashed);
        absent.retain(|row| there.rows.binary_search(row).is_err());
        Ok(self.accept(pick(&rows, absent)))
    }

    /// Rows whose primary key is not there; those whose key is; and, in their order, the rows there.
    ///
    /// # Errors
    /// `21000` where two rows have one key.
    pub(crate) fn split_conflicts(&mut self, rows: Batch) -> Result<(Batch, Batch, Batch)> {
        if self.primary_key.is_empty() {
            return Ok((rows, Batch::none(), Batch::none()));
        }
        let key = self.key_columns(&rows);
        if let Some(again) = repeated(&self.trace.hash_keys(&key, rows.len())) {
            let message = format!("primary key {} stands twice among the new rows", self.show_key(&key, again));
            return Err(Error::new("21000", format!("{message}: a row cannot be updated a second time")));
        }
        let (probes, there) = self.find(&key, rows.len());
        let fresh = (0..rows.len() as u32).filter(|row| probes.binary_search(row).is_err()).collect();
        Ok((pick(&rows, fresh), pick(&rows, probes), there))
    }

    /// Puts `new` rows in the place of `old` ones, which are there.
    pub(crate) fn replace(&mut self, old: Batch, new: Batch) -> Result<()> {
        let delta = Batch::concat(&[old.negate(), new]).consolidate();
        self.may_retract(&delta)?;
        self.keys_stay_unique(&delta)?;
        self.accept(delta);
        Ok(())
    }

    /// Adds weighted rows. Returns how many copies come and go, equal rows added up.
    pub(crate) fn push(&mut self, delta: Batch) -> Result<u64> {
        if let Weights::Each(each) = delta.weights()
            && let Some(weight) = each.iter().find(|weight| weight.unsigned_abs() > COPIES_MAX)
        {
            let message = format!("weight {weight} is out of range");
            return Err(Error::new("22003", message).help(format!("up to {COPIES_MAX} copies can come or go at once")));
        }
        let delta = delta.consolidate();
        if delta.is_empty() {
            return Ok(0);
        }
        if matches!(delta.weights(), Weights::Ones) {
            return self.insert(delta);
        }
        self.may_retract(&delta)?;
        if let Some(rows) = signed(&delta, -1) {
            self.ready();
            let held = self.trace.multiplicities(&rows);
            if let Some(row) = (0..rows.len()).find(|&r| held[r] + rows.weight(r) < 0) {
                return Err(self.absent_row(&rows, row, held[row]));
            }
        }
        self.keys_stay_unique(&delta)?;
        Ok(self.accept(delta))
    }

    /// Checks that no primary key is there twice once `delta`, consolidated, is applied. The rows that it retracts are there.
    fn keys_stay_unique(&mut self, delta: &Batch) -> Result<()> {
        if self.primary_key.is_empty() {
            return Ok(());
        }
        let Some(rows) = signed(delta, 1) else { return Ok(()) };
        let key = self.key_columns(&rows);
        let many = (0..rows.len()).find(|&r| rows.weight(r) > 1);
        let hashed = self.trace.hash_keys(&key, rows.len());
        let twice = || repeated(&hashed);
        if let Some(row) = many.or_else(twice) {
            return Err(self.duplicate(&key, row, "stands twice among the new rows"));
        }
        self.ready();
        let there = self.trace.find_hashed(&hashed);
        if there.rows.is_empty() {
            return Ok(());
        }
        // Keys that are there already must go in the same delta: there − retracted must leave nothing.
        let at = UInt32Array::from(there.rows.clone());
        let taken = key.iter().map(|c| deltaq_circuit::arrays::take(c, &at)).collect();
        let taken = Batch::with_len(taken, Weights::Ones, at.len());
        let left = match signed(delta, -1) {
            None => taken,
            Some(rows) => {
                let gone = Batch::with_len(self.key_columns(&rows), Weights::Ones, rows.len()).negate();
                Batch::concat(&[taken, gone]).consolidate()
            }
        };
        match (0..left.len()).find(|&r| left.weight(r) > 0) {
            Some(row) => Err(self.duplicate(left.columns(), row, "is there already")),
            None => Ok(()),
        }
    }

    fn may_retract(&self, delta: &Batch) -> Result<()> {
        if self.append_only
            && !matches!(delta.weights(), Weights::Ones)
            && (0..delta.len()).any(|r| delta.weight(r) < 0)
        {
            let message = format!("table \"{}\" is append-only: no row can be deleted or updated", self.name);
            return Err(Error::new("55000", message));
        }
        Ok(())
    }

    /// Makes lookups see everything.
    fn ready(&mut self) {
        self.settle();
        self.trace.prepare();
        self.searched = true;
    }

    fn rows_at(&self, slots: &[u32]) -> Batch {
        if slots.is_empty() {
            return Batch::none();
        }
        let all: Vec<usize> = (0..self.schema().len()).collect();
        Batch::with_len(self.trace.gather(&all, slots), Weights::Ones, slots.len())
    }

    fn key_columns(&self, rows: &Batch) -> Vec<ArrayRef> {
        self.primary_key.iter().map(|&k| Arc::clone(rows.column(k))).collect()
    }
}

/// The rows of `delta` whose weights are of this sign, if there are any.
fn signed(delta: &Batch, sign: Weight) -> Option<Batch> {
    let rows: Vec<u32> = (0..delta.len() as u32).filter(|&r| delta.weight(r as usize).signum() == sign).collect();
    (!rows.is_empty()).then(|| pick(delta, rows))
}
