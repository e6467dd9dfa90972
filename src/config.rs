//! How an engine is laid out.

use std::path::PathBuf;

/// How an engine is laid out.
///
/// ```
/// use deltaq::{Engine, EngineConfig};
/// let db = Engine::open(EngineConfig { workers: 2, ..EngineConfig::default() })?;
/// # Ok::<(), deltaq::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// Worker threads, each with its share of the keys; 1 at least. Results do not depend on it.
    pub workers: usize,
    /// Epochs that may be under way before `commit` waits for the workers; 1 at least. Bounds memory.
    pub epochs_in_flight: usize,
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
            directories: Vec::new(),
            standard_input: true,
            standard_output: true,
        }
    }
}
