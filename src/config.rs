//! How an engine is laid out.

use std::path::PathBuf;

/// How an engine is laid out.
///
/// ```
/// use deltaq::{Engine, EngineConfig};
/// let config = EngineConfig { workers: 2, memory: Some(1_000_000), ..EngineConfig::default() };
/// let mut db = Engine::open(config)?;
/// db.execute("CREATE TABLE t(name TEXT)")?;
/// let error = db.execute("INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 2000) AS n").unwrap_err();
/// assert_eq!(error.code(), "53200");
/// # Ok::<(), deltaq::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// Worker threads, each with its share of the keys; 1 at least. Results do not depend on it.
    pub workers: usize,
    /// Epochs that may be under way before `commit` waits for the workers; 1 at least. Bounds memory.
    pub epochs_in_flight: usize,
    /// Bytes that tables and views may hold; None: what the machine has. A change that brings rows in and would go beyond it is an
    /// error (`53200`) and changes nothing, and so is a view that does not fit; retracting and reading always work.
    ///
    /// What is counted is what [`Engine::state`](crate::Engine::state) lists. Not counted: what a query takes while it runs, changes
    /// that subscribers have not polled, and batches on their way.
    pub memory: Option<u64>,
    /// Rows that a bulk load is cut into. Of a file so many are read and let in at a time (each time an epoch for `CREATE TABLE …
    /// FROM`, part of one for `COPY`), unless the statement says `batch_rows` itself; of rows that are in memory already, by `append`
    /// or `INSERT … SELECT`, the workers are given so many at a time, all still one epoch. None: 10,000 of a file, 65,536 in memory.
    pub batch_rows: Option<usize>,
    /// Where files that SQL names are looked for if they are not there as named, one directory after the other.
    pub directories: Vec<PathBuf>,
    /// Whether SQL may read standard input (`path = '-'`).
    pub standard_input: bool,
    /// Whether SQL may write standard output (`COPY … TO '-'`).
    pub standard_output: bool,
}

impl Default for EngineConfig {
    fn default() -> EngineConfig {
        EngineConfig {
            workers: 1,
            epochs_in_flight: 8,
            memory: None,
            batch_rows: None,
            directories: Vec::new(),
            standard_input: true,
            standard_output: true,
        }
    }
}
