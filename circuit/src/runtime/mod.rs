//! Many workers run one circuit, each its share of the keys.
//!
//! ```text
//!   caller's thread            worker 0            worker 1
//!   ┌─────────────┐ commands ┌──────────┐        ┌──────────┐
//!   │   Runtime   │─────────▶│ Executor │        │ Executor │     the same commands in the same
//!   │             │─────────────────────────────▶│          │     order to every worker
//!   │             │          │    ▲ │ messages   │   ▲ │    │
//!   │             │          │    │ └────────────┼───┘ │    │     one timely dataflow of one
//!   │             │          │    └──────────────┼─────┘    │     operator a worker, its output
//!   │             │ replies  └────┬─────┘        └────┬─────┘     exchanged back into its input
//!   │             │◀──────────────┴───────────────────┘
//!   └─────────────┘
//! ```
//!
//! A circuit without an exchange is one stratum: then an epoch costs one function call and nothing is said between
//! workers. Otherwise stratum s + 1 of an epoch runs when timely's frontier has passed the messages of stratum s; meanwhile
//! other epochs go on.
//!
//! Both sides wait alike: a short spin, then the thread parks. Nothing spins while there is nothing to do.

mod coordinator;
mod dataflow;
mod entrance;
mod parcel;
mod worker;

pub use coordinator::{Runtime, Saved};

use std::time::Duration;

/// How a runtime is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeConfig {
    /// Threads, each with its copy of the circuit. At least 1.
    pub workers: usize,
    /// Epochs that may be under way before [`Runtime::submit`] blocks; bounds memory, as timely has no back-pressure. At least 1.
    pub epochs_in_flight: usize,
    /// Whether workers exchange bytes, as between processes, instead of shared batches. For tests.
    pub serialize: bool,
}

impl Default for RuntimeConfig {
    fn default() -> RuntimeConfig {
        RuntimeConfig { workers: 1, epochs_in_flight: 8, serialize: false }
    }
}

impl RuntimeConfig {
    /// How a thread of `threads` that may be at work at a time waits for another.
    fn spin(&self, threads: usize) -> worker::Spin {
        worker::Spin::new(PATIENCE, is_crowded(threads))
    }

    /// How the caller waits until there is room for one more epoch.
    fn spin_for_room(&self) -> worker::Spin {
        let crowded = is_crowded(self.workers + 1);
        worker::Spin::new(if crowded { PATIENCE_FOR_ROOM } else { PATIENCE }, crowded)
    }
}

/// How long a thread looks for work before it parks. Longer than it takes to wake a parked thread (5 to 60 µs, measured):
/// else two threads that hand work to and fro would find each other parked for ever.
const PATIENCE: Duration = Duration::from_micros(100);

/// The same where all epochs that may be are under way and threads outnumber cores: nobody waits for one of them by itself, and who looks for
/// room keeps a core from those that make it.
const PATIENCE_FOR_ROOM: Duration = Duration::from_micros(20);

fn is_crowded(threads: usize) -> bool {
    threads > std::thread::available_parallelism().map_or(1, usize::from)
}
