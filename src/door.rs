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

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Decimal128Type;
use arrow_array::{Array, ArrayRef, StringArray, UInt32Array};
use deltaq_circuit::arrays::View;
use deltaq_circuit::keys::{KeyLayout, Keys};
use deltaq_circuit::operator::Size;
use deltaq_circuit::trace::Trace;
use deltaq_circuit::{Batch, NodeId, Weight, Weights};
use deltaq_operators::functions::text;
use deltaq_operators::types::arrow_types;
use deltaq_operators::{Scalar, Schema, SqlType};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::error::{Error, Result};
use crate::rows::Columns;
use crate::statements::pick;

/// A table.
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Columns,
    pub(crate) primary_key: Vec<usize>,
    pub(crate) append_only: bool,
    pub(crate) defaults: Vec<Scalar>,
    /// Its nodes in the circuit, each with how many of its columns it yields: one, and one more for each time columns were added.
    pub(crate) sources: Vec<(NodeId, usize)>,
    layout: KeyLayout,
    trace: Trace,
    accepted: Vec<Batch>,
    settled: usize,
    submitted: usize,
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
        let layout = KeyLayout::new(&primary_key.iter().map(|&k| types[k].clone()).collect::<Vec<_>>());
        Table {
            name,
            sources: vec![(source, schema.len())],
            columns: Columns::new(schema),
            primary_key,
            append_only,
            defaults,
            layout,
            trace: Trace::lazy(types, key, true),
            accepted: Vec::new(),
            settled: 0,
            submitted: 0,
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

    /// Adds a column, with its default in the rows that are there; its deltas go to `source` from now on.
    pub(crate) fn add_column(&mut self, field: deltaq_operators::Field, default: Scalar, source: NodeId) {
        let rows = self.contents();
        let column = default.to_array(field.ty);
        let mut schema = self.schema().clone();
        let mut defaults = std::mem::take(&mut self.defaults);
        schema.push(field);
        defaults.push(default);
        let mut sources = std::mem::take(&mut self.sources);
        let mut table = Table::new(
            std::mem::take(&mut self.name),
            schema,
            std::mem::take(&mut self.primary_key),
            self.append_only,
            defaults,
            source,
        );
        sources.append(&mut table.sources);
        table.sources = sources;
        if !rows.is_empty() {
            let mut columns = rows.columns().to_vec();
            columns.push(deltaq_circuit::arrays::repeat(&column, rows.len()));
            table.trace.update(&rows.with_columns(columns, true));
        }
        *self = table;
    }

    // ---- the way of a delta ----

    /// Notes a checked delta. Returns how many rows it moves.
    fn accept(&mut self, delta: Batch) -> u64 {
        let moved = match delta.weights() {
            Weights::Ones => delta.len() as u64,
            Weights::Each(weights) => weights.iter().map(|w| w.unsigned_abs()).sum(),
        };
        if !delta.is_empty() {
            self.accepted.push(delta);
        }
        moved
    }

    /// What was accepted since the last call, for the circuit: nothing if it cancels out.
    pub(crate) fn submit(&mut self) -> Batch {
        let fresh = &self.accepted[self.submitted..];
        let delta = match fresh {
            [] => Batch::none(),
            [one] => one.clone(),
            many if many.iter().all(|b| matches!(b.weights(), Weights::Ones)) => Batch::concat(many),
            many => Batch::concat(many).consolidate(),
        };
        self.submitted = self.accepted.len();
        delta
    }

    /// How many rows were accepted since [`Table::submit`] was called.
    pub(crate) fn unsubmitted_rows(&self) -> usize {
        self.accepted[self.submitted..].iter().map(Batch::len).sum()
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
        for delta in &self.accepted[self.settled..] {
            self.trace.update(delta);
        }
        self.settled = self.accepted.len();
    }

    /// The changes stand.
    pub(crate) fn commit(&mut self) {
        self.settle();
        self.accepted.clear();
        self.settled = 0;
        self.submitted = 0;
    }

    /// How far the open transaction has come, for [`Table::undo`].
    pub(crate) fn mark(&self) -> usize {
        self.accepted.len()
    }

    /// Undoes what was accepted since `mark` was taken. Returns the inverse of what was submitted of it, for the circuit.
    pub(crate) fn undo(&mut self, mark: usize) -> Batch {
        for delta in self.accepted[..self.settled].iter().skip(mark).rev() {
            self.trace.update(&delta.negate());
        }
        let submitted: Vec<Batch> = self.accepted[..self.submitted].iter().skip(mark).map(Batch::negate).collect();
        self.accepted.truncate(mark);
        self.settled = self.settled.min(mark);
        self.submitted = self.submitted.min(mark);
        Batch::concat(&submitted).consolidate()
    }

    // ---- what may come in ----

    /// Adds rows. Columns are of the table's types; see [`Table::conform`].
    pub(crate) fn insert(&mut self, rows: Batch) -> Result<u64> {
        if rows.is_empty() {
            return Ok(0);
        }
        if !self.primary_key.is_empty() {
            let key = self.key_columns(&rows);
            if rows.len() > 1
                && let Some((_, again)) = repeated(&self.layout.encode(&key, rows.len()))
            {
                return Err(self.duplicate(&key, again, "stands twice among the new rows"));
            }
            self.ready();
            let there = self.trace.find(&key, rows.len());
            if let Some(&row) = there.rows.first() {
                return Err(self.duplicate(&key, row as usize, "is there already"));
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
        let keys = self.layout.encode(&self.key_columns(&rows), rows.len());
        let rows = match last_of_each(&keys) {
            Some(last) => rows.take(&UInt32Array::from(last)),
            None => rows,
        };
        self.ready();
        let there = self.trace.find(&self.key_columns(&rows), rows.len());
        if there.slots.is_empty() {
            self.accept(rows);
        } else {
            let old = self.rows_at(&there.slots);
            let any_stays = self.any_stays(&old, &rows, &there.rows);
            let delta = Batch::concat(&[old.negate(), rows]);
            // Keys stand once on either side: only an old row and the new one of its key could cancel.
            let delta = if any_stays { delta.consolidate() } else { delta.assume_consolidated() };
            self.may_retract(&delta)?;
            self.accept(delta);
        }
        Ok(given)
    }

    /// Whether one of the rows `old` equals the row of `new`, named by `at`, that is to take its place. They have equal keys.
    fn any_stays(&self, old: &Batch, new: &Batch, at: &[u32]) -> bool {
        let others = (0..self.schema().len()).filter(|c| !self.primary_key.contains(c));
        let others: Vec<(View, View)> = others.map(|c| (View::of(old.column(c)), View::of(new.column(c)))).collect();
        let equal = |(row, at): (usize, usize)| {
            others.iter().all(|(old, new)| match (old.is_null(row), new.is_null(at)) {
                (false, false) => old.equals(row, new, at),
                (old, new) => old && new,
            })
        };
        at.iter().map(|at| *at as usize).enumerate().any(equal)
    }

    /// Deletes the rows of these primary keys.
    pub(crate) fn delete_keys(&mut self, key: &[ArrayRef], len: usize) -> Result<u64> {
        if len == 0 {
            return Ok(0);
        }
        if let Some((_, again)) = repeated(&self.layout.encode(key, len)) {
            return Err(self.absent_key(key, again));
        }
        self.ready();
        let there = self.trace.find(key, len);
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
        let mut absent = first_of_each(&self.layout.encode(&key, rows.len()));
        self.ready();
        let there = self.trace.find(&key, rows.len());
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
        if let Some((_, again)) = repeated(&self.layout.encode(&key, rows.len())) {
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
        let twice = || repeated(&self.layout.encode(&key, rows.len())).map(|(_, again)| again);
        if let Some(row) = many.or_else(twice) {
            return Err(self.duplicate(&key, row, "stands twice among the new rows"));
        }
        self.ready();
        let there = self.trace.find(&key, rows.len());
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

    // ---- checks of columns ----

    /// Checks what the table says of its columns, and strips the blanks that do not count in `CHAR(n)`.
    pub(crate) fn conform(&self, columns: &mut [ArrayRef]) -> Result<()> {
        for (index, (field, column)) in self.schema().iter().zip(columns).enumerate() {
            let never_null = !field.nullable || self.primary_key.contains(&index);
            if never_null && column.null_count() > 0 {
                let message =
                    format!("NULL in column \"{}\" of table \"{}\", which is NOT NULL", field.name, self.name);
                return Err(Error::new("23502", message));
            }
            match field.ty {
                SqlType::Text { max: Some(max), padded } => {
                    if padded {
                        strip(column);
                    }
                    let texts = column.as_string::<i32>();
                    if let Some(text) = texts.iter().flatten().find(|t| is_longer(t, max)) {
                        let shown: String = text.chars().take(40).collect();
                        let message =
                            format!("value too long for column \"{}\" of type {}: '{shown}…'", field.name, field.ty);
                        return Err(Error::new("22001", message));
                    }
                }
                SqlType::Decimal(precision, _) if precision < 38 => {
                    if let Err(error) = column.as_primitive::<Decimal128Type>().validate_decimal_precision(precision) {
                        let message = format!("value out of range for column \"{}\" of type {}", field.name, field.ty);
                        return Err(Error::new("22003", message).caused_by(error));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    // ---- errors ----

    fn duplicate(&self, key: &[ArrayRef], row: usize, what: &str) -> Error {
        let message = format!("duplicate primary key in table \"{}\": {} {what}", self.name, self.show_key(key, row));
        Error::new("23505", message)
    }

    fn absent_key(&self, key: &[ArrayRef], row: usize) -> Error {
        let message = format!("no row with primary key {} in table \"{}\"", self.show_key(key, row), self.name);
        Error::new("P0002", message)
    }

    fn absent_row(&self, rows: &Batch, row: usize, held: Weight) -> Error {
        let all: Vec<usize> = (0..self.schema().len()).collect();
        let shown = self.show(&all, rows.columns(), row);
        let wanted = -rows.weight(row);
        let held = match (held, wanted) {
            (0, _) => "is not there".to_string(),
            (held, wanted) => format!("is there {held} times, not {wanted}"),
        };
        Error::new("P0002", format!("a row to be retracted from table \"{}\" {held}: {shown}", self.name))
    }

    fn show_key(&self, key: &[ArrayRef], row: usize) -> String {
        self.show(&self.primary_key, key, row)
    }

    /// `(id, name) = (1, 'a')`
    fn show(&self, indexes: &[usize], columns: &[ArrayRef], row: usize) -> String {
        let names: Vec<&str> = indexes.iter().map(|&i| self.schema()[i].name.as_str()).collect();
        let value = |(&i, column): (&usize, &ArrayRef)| {
            let ty = self.schema()[i].ty;
            match Scalar::from_array(column, ty, row) {
                Scalar::Null => "NULL".to_string(),
                Scalar::Text(text) => format!("'{text}'"),
                value => text::to_text(&value, ty),
            }
        };
        let values: Vec<String> = indexes.iter().zip(columns).map(value).collect();
        format!("({}) = ({})", names.join(", "), values.join(", "))
    }
}

/// The rows of `delta` whose weights are of this sign, if there are any.
fn signed(delta: &Batch, sign: Weight) -> Option<Batch> {
    let rows: Vec<u32> = (0..delta.len() as u32).filter(|&r| delta.weight(r as usize).signum() == sign).collect();
    (!rows.is_empty()).then(|| pick(delta, rows))
}

fn is_longer(text: &str, max: u32) -> bool {
    text.len() > max as usize && text.chars().count() > max as usize
}

fn strip(column: &mut ArrayRef) {
    let texts = column.as_string::<i32>();
    if texts.iter().flatten().any(|t| t.ends_with(' ')) {
        let stripped: StringArray = texts.iter().map(|t| t.map(|t| t.trim_end_matches(' '))).collect();
        *column = Arc::new(stripped);
    }
}

/// The first two rows with one key.
fn repeated(keys: &Keys) -> Option<(usize, usize)> {
    if keys.len() < 2 {
        return None;
    }
    let hashes = keys.hashes();
    let mut table: HashTable<u32> = HashTable::with_capacity(keys.len());
    for (row, &hash) in hashes.iter().enumerate() {
        match table.entry(hash, |&r| keys.same(r as usize, row), |&r| hashes[r as usize]) {
            Entry::Occupied(entry) => return Some((*entry.get() as usize, row)),
            Entry::Vacant(entry) => entry.insert(row as u32),
        };
    }
    None
}

/// The first row of each key, in order.
fn first_of_each(keys: &Keys) -> Vec<u32> {
    let hashes = keys.hashes();
    let mut table: HashTable<u32> = HashTable::with_capacity(keys.len());
    let mut first = Vec::with_capacity(keys.len());
    for (row, &hash) in hashes.iter().enumerate() {
        if let Entry::Vacant(entry) = table.entry(hash, |&r| keys.same(r as usize, row), |&r| hashes[r as usize]) {
            entry.insert(row as u32);
            first.push(row as u32);
        }
    }
    first
}

/// The last row of each key, in order; None where each key stands once.
fn last_of_each(keys: &Keys) -> Option<Vec<u32>> {
    repeated(keys)?;
    let hashes = keys.hashes();
    let mut table: HashTable<u32> = HashTable::with_capacity(keys.len());
    for (row, &hash) in hashes.iter().enumerate() {
        match table.entry(hash, |&r| keys.same(r as usize, row), |&r| hashes[r as usize]) {
            Entry::Occupied(mut entry) => *entry.get_mut() = row as u32,
            Entry::Vacant(entry) => {
                entry.insert(row as u32);
            }
        };
    }
    let mut last: Vec<u32> = table.into_iter().collect();
    last.sort_unstable();
    Some(last)
}

#[cfg(test)]
mod tests {
    use arrow_array::Int32Array;
    use deltaq_operators::Field;
    use deltaq_operators::types::TEXT;

    use super::*;

    fn table(primary_key: &[usize]) -> Table {
        let schema = vec![
            Field { name: "id".into(), ty: SqlType::Int, nullable: true },
            Field { name: "v".into(), ty: TEXT, nullable: true },
        ];
        Table::new("t".into(), schema, primary_key.to_vec(), false, vec![Scalar::Null; 2], NodeId(0))
    }

    fn rows(rows: &[(i32, &str)]) -> Batch {
        let ids = Int32Array::from(rows.iter().map(|r| r.0).collect::<Vec<_>>());
        let texts = StringArray::from(rows.iter().map(|r| r.1).collect::<Vec<_>>());
        Batch::ones(vec![Arc::new(ids), Arc::new(texts)])
    }

    fn weighted(rows: &[(i32, &str, Weight)]) -> Batch {
        let plain: Vec<(i32, &str)> = rows.iter().map(|r| (r.0, r.1)).collect();
        let weights: Vec<Weight> = rows.iter().map(|r| r.2).collect();
        self::rows(&plain).with_weights(Weights::Each(weights.into()))
    }

    /// What the table holds: `(id, text, weight)`, sorted.
    fn held(table: &mut Table) -> Vec<(i32, String, Weight)> {
        listed(&table.contents().consolidate())
    }

    fn listed(batch: &Batch) -> Vec<(i32, String, Weight)> {
        let row = |r: usize| {
            let id = batch.column(0).as_primitive::<arrow_array::types::Int32Type>().value(r);
            (id, batch.column(1).as_string::<i32>().value(r).to_string(), batch.weight(r))
        };
        let mut all: Vec<_> = (0..batch.len()).map(row).collect();
        all.sort();
        all
    }

    fn ids(values: &[i32]) -> Vec<ArrayRef> {
        vec![Arc::new(Int32Array::from(values.to_vec()))]
    }

    fn owned(rows: &[(i32, &str, Weight)]) -> Vec<(i32, String, Weight)> {
        rows.iter().map(|r| (r.0, r.1.to_string(), r.2)).collect()
    }

    #[test]
    fn a_key_enters_once() {
        let mut t = table(&[0]);
        t.insert(rows(&[(1, "a"), (2, "b")])).unwrap();
        assert_eq!(t.insert(rows(&[(3, "c"), (2, "x")])).unwrap_err().code(), "23505");
        assert_eq!(t.insert(rows(&[(4, "c"), (4, "d")])).unwrap_err().code(), "23505");
        let error = t.push(weighted(&[(2, "x", 1), (1, "a", -1)])).unwrap_err();
        assert_eq!(error.to_string(), "duplicate primary key in table \"t\": (id) = (2) is there already");
        assert_eq!(t.push(weighted(&[(9, "x", 2)])).unwrap_err().code(), "23505");
        assert_eq!(held(&mut t), owned(&[(1, "a", 1), (2, "b", 1)]));
    }

    #[test]
    fn a_key_may_change_hands_within_a_delta() {
        let mut t = table(&[0]);
        t.insert(rows(&[(1, "a"), (2, "b")])).unwrap();
        t.push(weighted(&[(1, "a", -1), (2, "b", -1), (1, "b", 1), (2, "a", 1)])).unwrap();
        assert_eq!(held(&mut t), owned(&[(1, "b", 1), (2, "a", 1)]));
        // Row (1, b) stays as it is, so its key is not free.
        assert_eq!(t.replace(rows(&[(1, "b"), (2, "a")]), rows(&[(1, "b"), (1, "a")])).unwrap_err().code(), "23505");
    }

    #[test]
    fn upserts_replace_and_equal_rows_change_nothing() {
        let mut t = table(&[0]);
        t.upsert(rows(&[(1, "a"), (1, "b"), (2, "c")])).unwrap();
        t.commit();
        assert_eq!(held(&mut t), owned(&[(1, "b", 1), (2, "c", 1)]));
        t.upsert(rows(&[(1, "b"), (2, "d"), (3, "e")])).unwrap();
        assert_eq!(listed(&t.submit()), owned(&[(2, "c", -1), (2, "d", 1), (3, "e", 1)]));
        t.commit();
        t.upsert(rows(&[(1, "b")])).unwrap();
        assert!(t.submit().is_empty());
    }

    #[test]
    fn what_is_not_there_cannot_go() {
        let mut t = table(&[0]);
        t.insert(rows(&[(1, "a"), (2, "b")])).unwrap();
        assert_eq!(
            t.delete_keys(&ids(&[1, 3]), 2).unwrap_err().to_string(),
            "no row with primary key (id) = (3) in table \"t\""
        );
        assert_eq!(t.delete_keys(&ids(&[1, 1]), 2).unwrap_err().code(), "P0002");
        assert_eq!(t.push(weighted(&[(1, "b", -1)])).unwrap_err().code(), "P0002");
        assert_eq!(held(&mut t).len(), 2);
        assert_eq!(t.delete_keys(&ids(&[1]), 1).unwrap(), 1);
        assert_eq!(held(&mut t), owned(&[(2, "b", 1)]));
    }

    #[test]
    fn a_bag_counts_copies() {
        let mut t = table(&[]);
        t.insert(rows(&[(1, "a"), (1, "a"), (2, "b")])).unwrap();
        t.push(weighted(&[(1, "a", -2), (1, "a", 1)])).unwrap();
        assert_eq!(held(&mut t), owned(&[(1, "a", 1), (2, "b", 1)]));
        let error = t.push(weighted(&[(1, "a", -2)])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a row to be retracted from table \"t\" is there 1 times, not 2: (id, v) = (1, 'a')"
        );
        assert!(t.push(weighted(&[(1, "a", -1), (1, "a", 1)])).is_ok());
    }

    #[test]
    fn undo_brings_back_what_was_there() {
        let mut t = table(&[0]);
        t.insert(rows(&[(1, "a"), (2, "b")])).unwrap();
        t.commit();
        let before = held(&mut t);
        t.upsert(rows(&[(1, "x")])).unwrap();
        let submitted = t.submit();
        t.delete_keys(&ids(&[2]), 1).unwrap();
        t.insert(rows(&[(3, "c")])).unwrap();
        let mark = t.mark();
        t.insert(rows(&[(4, "d")])).unwrap();
        assert!(t.undo(mark).is_empty());
        assert_eq!(held(&mut t).len(), 2);
        let inverse = t.undo(0);
        assert!(Batch::concat(&[submitted, inverse]).consolidate().is_empty());
        assert_eq!(held(&mut t), before);
        assert!(t.submit().is_empty());
    }

    #[test]
    fn large_appends_are_kept_as_they_are_until_looked_into() {
        let mut t = table(&[]);
        let many: Vec<(i32, &str)> = (0..2_000).map(|i| (i, "v")).collect();
        t.insert(rows(&many)).unwrap();
        t.insert(rows(&many)).unwrap();
        t.commit();
        assert_eq!(t.size().rows, 4_000);
        t.push(weighted(&[(7, "v", -2), (8, "v", -1)])).unwrap();
        t.commit();
        assert_eq!(held(&mut t).iter().map(|r| r.2).sum::<Weight>(), 3_997);
    }

    #[test]
    fn columns_are_checked() {
        let mut t = table(&[0]);
        let nulls: ArrayRef = Arc::new(Int32Array::from(vec![None, Some(1)]));
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        assert_eq!(t.conform(&mut [nulls, texts]).unwrap_err().code(), "23502");
        let schema = vec![
            Field { name: "v".into(), ty: SqlType::Text { max: Some(2), padded: false }, nullable: true },
            Field { name: "c".into(), ty: SqlType::Text { max: Some(2), padded: true }, nullable: true },
        ];
        t = Table::new("t".into(), schema, vec![], false, vec![Scalar::Null; 2], NodeId(0));
        let texts = |v: &[&str]| Arc::new(StringArray::from(v.to_vec())) as ArrayRef;
        let mut fits = [texts(&["üö", "a"]), texts(&["a   ", "bc"])];
        t.conform(&mut fits).unwrap();
        assert_eq!(&fits[1], &texts(&["a", "bc"]));
        assert_eq!(t.conform(&mut [texts(&["abc"]), texts(&["a"])]).unwrap_err().code(), "22001");
    }
}
