//! What tries to break the engine: a reference evaluator, generated queries and changes, other databases as oracles.
//!
//! Read [`mod@reference`] first: what a plan means. [`oracle`] asks
//! PostgreSQL. The laws themselves stand in `tests/`.

pub mod flight;
pub mod generate;
pub mod inline;
pub mod oracle;
pub mod reference;
pub mod rows;
pub mod script;
pub mod snapshot;
pub mod stream;
pub mod tables;
pub mod watch;
