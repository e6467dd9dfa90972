//! What tries to break the engine: a reference evaluator, generated queries and changes, other databases as oracles.

pub mod oracle;
