//! The engine as its user sees it.

use std::time::Duration;

use deltaq_compiler::statement::ExplainFormat;

use crate::config::EngineConfig;
use crate::error::{Error, Result};
use crate::load::Loaded;
use crate::relation::{Check, ErrorRow, RelationInfo, StateRow};
use crate::rows::{Change, Rows};
use crate::subscription::Subscription;
use crate::transaction::Transaction;

/// Tables, and views that are kept up to date.
///
/// Changes are gathered into epochs: a transaction is one, and so is a single call outside a transaction. All views show the same
/// epoch. Outside a transaction `commit` may return before the workers are done with an epoch; whatever reads waits for them.
pub struct Engine {
    config: EngineConfig,
}

/// What a statement did.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The rows of a SELECT.
    Rows(Rows),
    /// Rows of a table were changed.
    Changed {
        /// `INSERT`, `UPDATE`, `DELETE` or `COPY`.
        tag: &'static str,
        /// How many rows.
        rows: u64,
    },
    /// Something else was done.
    Done {
        /// `CREATE TABLE`, `BEGIN` …
        tag: &'static str,
    },
    /// What EXPLAIN prints.
    Text(String),
}

fn not_built<T>() -> Result<T> {
    Err(Error::new("0A000", "not built yet"))
}

impl Engine {
    /// An engine with one worker, whose tables live in memory.
    ///
    /// # Errors
    /// `58000` if the thread of the worker cannot be started.
    ///
    /// ```
    /// let mut db = deltaq::Engine::open_in_memory()?;
    /// assert_eq!(db.query("SELECT 1 + 1")?.cell(0, 0).as_deref(), Some("2"));
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn open_in_memory() -> Result<Engine> {
        Engine::open(EngineConfig::default())
    }

    /// An engine laid out as `config` says.
    ///
    /// # Errors
    /// `22023` if the configuration makes no sense, `58000` if the threads of the workers cannot be started.
    ///
    /// ```
    /// use deltaq::{Engine, EngineConfig};
    /// assert!(Engine::open(EngineConfig { workers: 0, ..EngineConfig::default() }).is_err());
    /// ```
    pub fn open(config: EngineConfig) -> Result<Engine> {
        Ok(Engine { config })
    }

    /// Runs SQL statements, one after the other; one outcome each. The first that fails ends the call; those before it stand.
    ///
    /// # Errors
    /// Whatever SQL can do wrong: see [`Error`]. Spans refer to `sql`.
    ///
    /// ```
    /// # use deltaq::{Engine, Outcome};
    /// # let mut db = Engine::open_in_memory()?;
    /// let outcomes = db.execute("CREATE TABLE t(v INT); INSERT INTO t VALUES (1), (2)")?;
    /// assert!(matches!(outcomes[1], Outcome::Changed { tag: "INSERT", rows: 2 }));
    /// assert_eq!(db.execute("SELECT nothing FROM t").unwrap_err().code(), "42703");
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn execute(&mut self, _sql: &str) -> Result<Vec<Outcome>> {
        not_built()
    }

    /// Runs one SELECT.
    ///
    /// # Errors
    /// As [`Engine::execute`]; `42601` if it is anything else than one SELECT. A row that cannot be computed fails the query.
    ///
    /// ```
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// db.execute("CREATE TABLE t(v INT); INSERT INTO t VALUES (3), (4)")?;
    /// assert_eq!(db.query("SELECT v FROM t ORDER BY v DESC")?.to_rows::<(i32,)>()?, [(4,), (3,)]);
    /// assert_eq!(db.query("SELECT 1 / (v - 3) FROM t").unwrap_err().code(), "22012");
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn query(&mut self, _sql: &str) -> Result<Rows> {
        not_built()
    }

    /// Subscribes to a view or table: its content now, then its changes. Deltas are only computed up to views; those that nobody
    /// subscribes to are not handed on.
    ///
    /// # Errors
    /// `42P01` if there is no such relation, `25001` inside a transaction.
    ///
    /// ```
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// db.execute("CREATE TABLE t(v INT); CREATE VIEW n AS SELECT COUNT(*) AS n FROM t")?;
    /// let sub = db.subscribe("n")?;
    /// assert_eq!(sub.poll()?[0].rows::<(i64,)>()?, [((0,), 1)]);
    /// assert_eq!(db.subscribe("m").err().map(|e| e.code().to_string()).as_deref(), Some("42P01"));
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn subscribe(&mut self, _view: &str) -> Result<Subscription> {
        not_built()
    }

    /// Calls `f` with the content of a view now, unless it is empty, and then with its change in every epoch that changes it, before
    /// the call that commits the epoch returns.
    ///
    /// # Errors
    /// As [`Engine::subscribe`].
    ///
    /// ```
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// use std::sync::{Arc, atomic::{AtomicUsize, Ordering}};
    /// db.execute("CREATE TABLE t(v INT); CREATE VIEW w AS SELECT v FROM t WHERE v > 10")?;
    /// let seen = Arc::new(AtomicUsize::new(0));
    /// let count = seen.clone();
    /// db.on_change("w", move |change| { count.fetch_add(change.len(), Ordering::Relaxed); })?;
    /// db.execute("INSERT INTO t VALUES (1), (11), (12)")?;
    /// assert_eq!(seen.load(Ordering::Relaxed), 2);
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn on_change(&mut self, _view: &str, _f: impl FnMut(&Change) + Send + 'static) -> Result<()> {
        not_built()
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// `25001` if one is open already (by SQL's BEGIN).
    ///
    /// ```
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// db.execute("CREATE TABLE t(v INT)")?;
    /// let mut tx = db.begin()?;
    /// tx.append_rows("t", &[(1,), (2,)])?;
    /// assert_eq!(tx.commit()?.epoch, 1);
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn begin(&mut self) -> Result<Transaction<'_>> {
        Ok(Transaction::new(self))
    }

    /// All tables and views, in the order they were created.
    ///
    /// ```
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// db.execute("CREATE TABLE t(id INT PRIMARY KEY)")?;
    /// assert_eq!(db.tables()[0].primary_key, [0]);
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn tables(&self) -> Vec<RelationInfo> {
        Vec::new()
    }

    /// The bad data that keeps rows out of a view now.
    ///
    /// # Errors
    /// `42P01` if there is no such view.
    ///
    /// ```
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// db.execute("CREATE TABLE t(v INT); CREATE VIEW inverse AS SELECT 12 / v AS i FROM t; INSERT INTO t VALUES (3), (0)")?;
    /// assert_eq!(db.query("SELECT * FROM inverse")?.len(), 1);
    /// assert_eq!(db.errors("inverse")?[0].code, "22012");
    /// db.execute("DELETE FROM t WHERE v = 0")?;
    /// assert!(db.errors("inverse")?.is_empty());
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn errors(&mut self, _view: &str) -> Result<Vec<ErrorRow>> {
        not_built()
    }

    /// What tables and views' operators remember.
    ///
    /// # Errors
    /// `XX000` if a worker has stopped.
    ///
    /// ```
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// db.execute("CREATE TABLE t(k INT); CREATE VIEW v AS SELECT k, COUNT(*) FROM t GROUP BY k; INSERT INTO t VALUES (1), (1), (2)")?;
    /// let groups: u64 = db.state()?.iter().filter(|s| s.view == "v").map(|s| s.rows).sum();
    /// assert_eq!(groups, 2);
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn state(&mut self) -> Result<Vec<StateRow>> {
        not_built()
    }

    /// Recomputes a view from the tables, by its definition alone, and compares. Costs as much as the tables are large.
    ///
    /// # Errors
    /// `42P01` if there is no such view.
    ///
    /// ```
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// db.execute("CREATE TABLE t(v INT); CREATE VIEW d AS SELECT DISTINCT v FROM t; INSERT INTO t VALUES (1), (1)")?;
    /// let check = db.check("d")?;
    /// assert!(check.is_ok());
    /// assert_eq!(check.rows, 1);
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn check(&mut self, _view: &str) -> Result<Check> {
        not_built()
    }

    /// Explains a view that runs, or what a SELECT or CREATE VIEW would run: plan, circuit, partitioning, derived facts, state.
    ///
    /// # Errors
    /// As [`Engine::execute`].
    ///
    /// ```
    /// # use deltaq::{Engine, ExplainFormat};
    /// # let mut db = Engine::open_in_memory()?;
    /// db.execute("CREATE TABLE t(v INT); CREATE VIEW d AS SELECT DISTINCT v FROM t")?;
    /// assert!(db.explain("d", ExplainFormat::Text)?.contains("distinct"));
    /// assert!(db.explain("SELECT v FROM t", ExplainFormat::Dot)?.starts_with("digraph"));
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn explain(&mut self, _sql_or_view: &str, _format: ExplainFormat) -> Result<String> {
        not_built()
    }

    /// Lets the next rows in that a file or pipe has for its table (`CREATE TABLE … WITH (connector = 'file', …)`), as one epoch.
    /// Waits for them up to `wait` (None: as long as it takes); None if none came, or no source is left. Statements that read or
    /// change rows do this by themselves until all sources have ended.
    ///
    /// # Errors
    /// A row that cannot be read, or not enter its table, ends its source: the rows before it stand.
    pub fn load(&mut self, _wait: Option<Duration>) -> Result<Option<Loaded>> {
        not_built()
    }

    /// Tables whose sources have not ended.
    pub fn loading(&self) -> Vec<String> {
        Vec::new()
    }

    /// Sets [`EngineConfig::directories`] from now on.
    pub fn look_in(&mut self, directories: Vec<std::path::PathBuf>) {
        self.config.directories = directories;
    }

    /// The last epoch that was committed; 0 at first.
    ///
    /// ```
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// db.execute("CREATE TABLE t(v INT)")?;
    /// assert_eq!(db.epoch(), 0);
    /// db.execute("INSERT INTO t VALUES (1)")?;
    /// assert_eq!(db.epoch(), 1);
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn epoch(&self) -> u64 {
        0
    }

    /// How it is laid out.
    pub fn config(&self) -> &EngineConfig {
        &self.config
    }
}
