//! The engine as its user sees it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use deltaq_compiler::statement::ExplainFormat;

use crate::config::EngineConfig;
use crate::epochs::Begun;
use crate::error::{Error, Result};
use crate::interior::Interior;
use crate::load::{self, Loaded, Rejected};
use crate::query::contained;
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
    interior: Arc<Mutex<Interior>>,
    callbacks: Vec<Callback>,
}

/// Whom to tell of a view's changes.
struct Callback {
    subscription: Subscription,
    tell: Box<dyn FnMut(&Change) + Send>,
}

/// Stack that expressions and plans take that are as deep as the compiler lets them be, at most, in bytes: they are evaluated, written
/// and dropped by recursion, on a caller's thread whose stack may be small.
const STACK_BYTES: usize = 1 << 20;

/// Does `work` on the interior. A panic in it, our own bug, becomes an error, and all later calls are errors too.
pub(crate) fn locked<T>(interior: &Mutex<Interior>, work: impl FnOnce(&mut Interior) -> Result<T>) -> Result<T> {
    let failed = || Error::new("XX000", "the engine has failed: a call before this one ended in an internal error");
    let outcome = contained(|| {
        let mut interior = interior.lock().map_err(|_| failed())?;
        work(&mut interior)
    });
    outcome?
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
        let interior = Arc::new(Mutex::new(Interior::start(config.clone())?));
        Ok(Engine { config, interior, callbacks: Vec::new() })
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
    pub fn execute(&mut self, sql: &str) -> Result<Vec<Outcome>> {
        let outcomes = self.with(|interior| interior.execute(sql));
        // Statements before one that failed stand, and so do their changes.
        self.call_back()?;
        outcomes
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
    pub fn query(&mut self, sql: &str) -> Result<Rows> {
        self.with(|interior| interior.query(sql))
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
    pub fn subscribe(&mut self, view: &str) -> Result<Subscription> {
        let (id, columns) = self.with(|interior| interior.subscribe(view))?;
        Ok(Subscription::new(Arc::clone(&self.interior), id, columns))
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
    pub fn on_change(&mut self, view: &str, f: impl FnMut(&Change) + Send + 'static) -> Result<()> {
        let subscription = self.subscribe(view)?;
        self.callbacks.push(Callback { subscription, tell: Box::new(f) });
        self.call_back()
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
        self.with(|interior| interior.begin(Begun::Guard))?;
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
        self.read(|interior| interior.catalog.infos())
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
    pub fn errors(&mut self, view: &str) -> Result<Vec<ErrorRow>> {
        self.with(|interior| interior.error_rows(view))
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
        self.with(|interior| interior.state_rows())
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
    pub fn check(&mut self, view: &str) -> Result<Check> {
        self.with(|interior| interior.check(view))
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
    pub fn explain(&mut self, sql_or_view: &str, format: ExplainFormat) -> Result<String> {
        self.with(|interior| interior.explain(sql_or_view, format))
    }

    /// Lets the next rows in that a file or pipe has for its table (`CREATE TABLE … WITH (connector = 'file', …)`), as one epoch.
    /// Waits for them up to `wait` (None: as long as it takes); None if none came, or no source is left. Statements that read or
    /// change rows do this by themselves until all sources have ended.
    ///
    /// # Errors
    /// A row that cannot be read, or not enter its table, ends its source: the rows before it stand.
    ///
    /// ```
    /// # use deltaq::Engine;
    /// # let mut db = Engine::open_in_memory()?;
    /// # let path = std::env::temp_dir().join(format!("deltaq-load-{}.csv", std::process::id()));
    /// # std::fs::write(&path, "id,name\n1,Ada\n2,Bob\n").unwrap();
    /// # let path = path.display();
    /// # if cfg!(feature = "files") {
    /// db.execute(&format!("CREATE TABLE people FROM '{path}'; CREATE VIEW n AS SELECT COUNT(*) AS n FROM people"))?;
    /// let mut rows = 0;
    /// while let Some(loaded) = db.load(None)? {
    ///     rows += loaded.rows;
    /// }
    /// assert_eq!(rows, 2);
    /// # }
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    pub fn load(&mut self, wait: Option<Duration>) -> Result<Option<Loaded>> {
        let mut loaded = None;
        while let (None, Some(queue)) = (&loaded, self.read(|interior| interior.loads.queue())) {
            // Subscriptions may be polled meanwhile.
            let Some(arrived) = load::next(&queue, wait) else { return Ok(None) };
            loaded = self.with(|interior| interior.load(arrived))?;
        }
        self.call_back()?;
        Ok(loaded)
    }

    /// Rows of files that were left out, or taken with NULL for a value, because they could not be read (`on_error = 'skip'` or `'null'`):
    /// by COPY, and by statements that let sources in. Each is told once; what [`Engine::load`] lets in, it tells of itself.
    ///
    /// ```
    /// # use deltaq::Engine;
    /// # let mut db = Engine::open_in_memory()?;
    /// # let path = std::env::temp_dir().join(format!("deltaq-rejections-{}.csv", std::process::id()));
    /// # std::fs::write(&path, "id\n1\ntwo\n").unwrap();
    /// # let path = path.display();
    /// # if cfg!(feature = "files") {
    /// db.execute(&format!("CREATE TABLE t(id INT); COPY t FROM '{path}' WITH (on_error = 'skip')"))?;
    /// let rejected = db.rejections()?;
    /// assert_eq!((rejected[0].table.as_str(), rejected[0].rows), ("t", 1));
    /// assert!(rejected[0].reasons[0].contains(":3: column id"));
    /// assert!(db.rejections()?.is_empty());
    /// # }
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    ///
    /// # Errors
    /// `XX000` if the engine has failed.
    pub fn rejections(&mut self) -> Result<Vec<Rejected>> {
        self.with(|interior| Ok(interior.loads.take_rejected()))
    }

    /// Tables whose sources have not ended.
    pub fn loading(&self) -> Vec<String> {
        self.read(|interior| interior.loads.tables())
    }

    /// Sets [`EngineConfig::directories`] from now on.
    pub fn look_in(&mut self, directories: Vec<std::path::PathBuf>) {
        self.config.directories = directories.clone();
        // An engine that has failed says so to whoever calls it next.
        let _ = self.with(|interior| {
            interior.config.directories = directories;
            Ok(())
        });
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
        self.read(|interior| interior.epoch())
    }

    /// How it is laid out.
    pub fn config(&self) -> &EngineConfig {
        &self.config
    }

    pub(crate) fn with<T>(&mut self, work: impl FnOnce(&mut Interior) -> Result<T>) -> Result<T> {
        stacker::maybe_grow(STACK_BYTES, STACK_BYTES, || locked(&self.interior, work))
    }

    /// Looks at what stands, even in an engine that has failed.
    fn read<T>(&self, look: impl FnOnce(&Interior) -> T) -> T {
        look(&self.interior.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Tells those who asked for it of the changes since the last time. Nothing is locked while they are told.
    pub(crate) fn call_back(&mut self) -> Result<()> {
        let mut failed = None;
        self.callbacks.retain_mut(|callback| match callback.subscription.poll() {
            Ok(changes) => {
                changes.iter().for_each(|change| (callback.tell)(change));
                true
            }
            // The view was dropped.
            Err(error) if error.is_unknown_relation() => false,
            Err(error) => {
                failed = Some(error);
                true
            }
        });
        failed.map_or(Ok(()), Err)
    }
}
