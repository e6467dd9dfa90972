//! A transaction: changes that take effect together, or not at all.

use arrow_array::RecordBatch;
use deltaq_circuit::{Batch, Weights};
use serde::Serialize;

use crate::door::Table;
use crate::engine::{Engine, Outcome};
use crate::error::{Error, Result};
use crate::incoming::{self, Doomed};
use crate::rows::Rows;

/// An open transaction. Its changes are seen by its own queries at once, by subscriptions when it is committed, as one epoch.
/// Dropped, it is rolled back.
///
/// A call that fails changes nothing; the transaction stays open, and what it did before stands.
/// Rolling back costs what the changes cost, whatever the size of tables and views.
///
/// ```
/// # let mut db = deltaq::Engine::open_in_memory()?;
/// db.execute("CREATE TABLE t(id INT PRIMARY KEY, v INT); CREATE VIEW total AS SELECT SUM(v) AS s FROM t")?;
/// let mut tx = db.begin()?;
/// tx.append_rows("t", &[(1, 10), (2, 20)])?;
/// assert_eq!(tx.query("SELECT s FROM total")?.cell(0, 0).as_deref(), Some("30"));
/// tx.rollback()?;
/// assert_eq!(db.query("SELECT s FROM total")?.cell(0, 0), None);
/// # Ok::<(), deltaq::Error>(())
/// ```
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction<'a> {
    engine: &'a mut Engine,
    open: bool,
}

/// What a commit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The epoch that the changes make up; that before, if there were none.
    pub epoch: u64,
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(engine: &'a mut Engine) -> Transaction<'a> {
        Transaction { engine, open: true }
    }

    /// Inserts rows. Columns are matched by name where all names match, else by position, and cast to the table's types.
    /// Columns that are not named get their default. Returns how many rows.
    ///
    /// # Errors
    /// `23505` a primary key is there already, or twice in `rows`; `23502` NULL in a NOT NULL column; `22001` text too long;
    /// `42804` columns that do not fit; `53200` no memory left for them ([`EngineConfig::memory`](crate::EngineConfig::memory)).
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use deltaq::arrow_array::{ArrayRef, Int32Array, RecordBatch};
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// # db.execute("CREATE TABLE t(id INT PRIMARY KEY, v INT)")?;
    /// # let ids: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
    /// # let values: ArrayRef = Arc::new(Int32Array::from(vec![10, 20]));
    /// let rows = RecordBatch::try_from_iter([("id", ids), ("v", values)]).unwrap();
    /// let mut tx = db.begin()?;
    /// tx.append("t", rows.clone())?;
    /// assert!(tx.append("t", rows).unwrap_err().is_duplicate_key());
    /// tx.commit()?;
    /// assert_eq!(db.query("SELECT v FROM t ORDER BY id")?.to_rows::<(i32,)>()?, [(10,), (20,)]);
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn append(&mut self, table: &str, rows: RecordBatch) -> Result<u64> {
        self.change(table, |table| {
            let columns = incoming::columns(table, &rows)?;
            table.insert(incoming::ones(columns, &rows))
        })
    }

    /// Inserts rows given as Rust values: structs with fields named like the columns, or tuples of all columns in order.
    ///
    /// # Errors
    /// As [`Transaction::append`]; `42703` a field that no column is named like.
    ///
    /// ```
    /// #[derive(serde::Serialize)]
    /// struct Person {
    ///     name: &'static str,
    ///     age: i32,
    /// }
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// db.execute("CREATE TABLE people(name TEXT, age INT)")?;
    /// let mut tx = db.begin()?;
    /// tx.append_rows("people", &[Person { name: "Ada", age: 36 }])?;
    /// tx.append_rows("people", &[("Bob", 20), ("Cy", 30)])?;
    /// assert_eq!(tx.append_rows("people", &["Dan"]).unwrap_err().code(), "22000");
    /// tx.commit()?;
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn append_rows<T: Serialize>(&mut self, table: &str, rows: &[T]) -> Result<u64> {
        self.change(table, |table| {
            let rows = incoming::serialized(table, rows)?;
            let columns = incoming::columns(table, &rows)?;
            table.insert(incoming::ones(columns, &rows))
        })
    }

    /// Inserts rows, each in place of the one with its primary key, if there is one. Of rows with one key the last stands.
    ///
    /// # Errors
    /// As [`Transaction::append`], less the duplicate key; `42P10` where the table has no primary key.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use deltaq::arrow_array::{ArrayRef, Int32Array, RecordBatch};
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// # db.execute("CREATE TABLE t(id INT PRIMARY KEY, v INT)")?;
    /// # let ids: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
    /// # let values: ArrayRef = Arc::new(Int32Array::from(vec![10, 20]));
    /// # db.execute("INSERT INTO t VALUES (1, 5)")?;
    /// let mut tx = db.begin()?;
    /// tx.upsert("t", RecordBatch::try_from_iter([("id", ids), ("v", values)]).unwrap())?;
    /// tx.commit()?;
    /// assert_eq!(db.query("SELECT v FROM t ORDER BY id")?.to_rows::<(i32,)>()?, [(10,), (20,)]);
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn upsert(&mut self, table: &str, rows: RecordBatch) -> Result<u64> {
        self.change(table, |table| {
            let columns = incoming::columns(table, &rows)?;
            table.upsert(incoming::ones(columns, &rows))
        })
    }

    /// Deletes rows: given by primary key alone, or as whole rows.
    ///
    /// # Errors
    /// `P0002` a row is not there.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use deltaq::arrow_array::{ArrayRef, Int32Array, RecordBatch};
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// # db.execute("CREATE TABLE t(id INT PRIMARY KEY, v INT)")?;
    /// # let ids: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
    /// # let values: ArrayRef = Arc::new(Int32Array::from(vec![10, 20]));
    /// db.execute("INSERT INTO t VALUES (1, 10), (2, 20)")?;
    /// let mut tx = db.begin()?;
    /// tx.delete("t", RecordBatch::try_from_iter([("id", ids.clone())]).unwrap())?;
    /// let error = tx.delete("t", RecordBatch::try_from_iter([("id", ids)]).unwrap()).unwrap_err();
    /// assert!(error.is_absent_row());
    /// tx.commit()?;
    /// assert!(db.query("SELECT * FROM t")?.is_empty());
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn delete(&mut self, table: &str, rows: RecordBatch) -> Result<u64> {
        self.change(table, |table| match incoming::doomed(table, &rows)? {
            Doomed::Rows(columns) => table.push(incoming::ones(columns, &rows).negate()),
            Doomed::Keys(keys) => table.delete_keys(&keys, rows.num_rows()),
        })
    }

    /// Adds weighted rows: +n inserts n copies, −n retracts n. Equal rows are added up first.
    ///
    /// # Errors
    /// `P0002` more copies are retracted than there are; `23505` a primary key would be there twice; `22003` a weight is beyond
    /// ±2,147,483,647; others as [`Transaction::append`].
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use deltaq::arrow_array::{ArrayRef, Int32Array, RecordBatch};
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// # db.execute("CREATE TABLE t(id INT PRIMARY KEY, v INT)")?;
    /// # let ids: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
    /// # let values: ArrayRef = Arc::new(Int32Array::from(vec![10, 20]));
    /// db.execute("INSERT INTO t VALUES (1, 10)")?;
    /// let mut tx = db.begin()?;
    /// tx.push("t", RecordBatch::try_from_iter([("id", ids), ("v", values)]).unwrap(), &[-1, 1])?;
    /// tx.commit()?;
    /// assert_eq!(db.query("SELECT * FROM t")?.to_rows::<(i32, i32)>()?, [(2, 20)]);
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn push(&mut self, table: &str, rows: RecordBatch, weights: &[i64]) -> Result<u64> {
        if weights.len() != rows.num_rows() {
            let message = format!("{} weights for {} rows", weights.len(), rows.num_rows());
            return Err(Error::new("22023", message));
        }
        self.change(table, |table| {
            let columns = incoming::columns(table, &rows)?;
            let weights = match weights.iter().all(|&w| w == 1) {
                true => Weights::Ones,
                false => Weights::Each(weights.to_vec().into()),
            };
            table.push(Batch::with_len(columns, weights, rows.num_rows()))
        })
    }

    /// Runs SQL statements inside the transaction; the first that fails ends the call.
    ///
    /// # Errors
    /// As [`Engine::execute`].
    ///
    /// ```
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// # db.execute("CREATE TABLE t(id INT PRIMARY KEY, v INT)")?;
    /// let mut tx = db.begin()?;
    /// tx.execute("INSERT INTO t VALUES (1, 10); UPDATE t SET v = v + 1")?;
    /// tx.execute("CREATE VIEW doubled AS SELECT 2 * v AS v FROM t; DROP VIEW doubled")?;
    /// assert_eq!(tx.execute("BEGIN").unwrap_err().code(), "25001");
    /// tx.commit()?;
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn execute(&mut self, sql: &str) -> Result<Vec<Outcome>> {
        self.engine.with(|interior| interior.execute(sql))
    }

    /// Runs a SELECT, which sees the transaction's own changes.
    ///
    /// # Errors
    /// As [`Engine::query`].
    ///
    /// ```
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// # db.execute("CREATE TABLE t(v INT)")?;
    /// let mut tx = db.begin()?;
    /// tx.execute("INSERT INTO t VALUES (1)")?;
    /// assert_eq!(tx.query("SELECT v FROM t")?.len(), 1);
    /// tx.rollback()?;
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn query(&mut self, sql: &str) -> Result<Rows> {
        self.engine.with(|interior| interior.query(sql))
    }

    /// Makes the changes take effect, as one epoch.
    ///
    /// # Errors
    /// `XX000` if a worker has stopped.
    ///
    /// ```
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// # db.execute("CREATE TABLE t(v INT)")?;
    /// let mut tx = db.begin()?;
    /// tx.execute("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)")?;
    /// assert_eq!(tx.commit()?.epoch, 1);
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn commit(mut self) -> Result<Commit> {
        self.open = false;
        let epoch = self.engine.with(|interior| interior.commit())?;
        self.engine.call_back()?;
        Ok(Commit { epoch })
    }

    /// Undoes everything the transaction did.
    ///
    /// # Errors
    /// `XX000` if a worker has stopped.
    ///
    /// ```
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// # db.execute("CREATE TABLE t(v INT)")?;
    /// let mut tx = db.begin()?;
    /// tx.execute("INSERT INTO t VALUES (1)")?;
    /// tx.rollback()?;
    /// assert!(db.query("SELECT v FROM t")?.is_empty());
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn rollback(mut self) -> Result<()> {
        self.open = false;
        self.engine.with(|interior| interior.rollback())
    }

    fn change(&mut self, table: &str, change: impl FnOnce(&mut Table) -> Result<u64>) -> Result<u64> {
        self.engine.with(|interior| {
            let index = interior.catalog.table_index(table)?;
            let rows = change(interior.catalog.table_at(index))?;
            interior.touch(index)?;
            Ok(rows)
        })
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open {
            // An engine that has failed says so to whoever calls it next.
            let _ = self.engine.with(|interior| interior.rollback());
        }
    }
}
