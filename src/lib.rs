//! An incremental SQL engine: views kept up to date at a cost that follows what changed.
//!
//! ```
//! use deltaq::Engine;
//!
//! let mut db = Engine::open_in_memory()?;
//! db.execute(
//!     "CREATE TABLE orders(id INT PRIMARY KEY, cust INT, amt DECIMAL(10,2));
//!      CREATE VIEW top AS SELECT cust, SUM(amt) AS s FROM orders GROUP BY cust",
//! )?;
//! let sub = db.subscribe("top")?;
//!
//! db.execute("INSERT INTO orders VALUES (1, 7, 10.00), (2, 7, 5.50), (3, 8, 1.00)")?;
//! db.execute("DELETE FROM orders WHERE id = 1")?;
//!
//! for change in sub.poll()? {
//!     for (row, weight) in change.rows::<(i32, String)>()? {
//!         println!("{:+} {row:?} at epoch {}", weight, change.epoch);
//!     }
//! }
//! # Ok::<(), deltaq::Error>(())
//! ```
//!
//! Read [`Engine`] first, then [`Transaction`] (rows in), [`Subscription`] and [`Change`] (changes out). [`Error`] says what can go wrong.
//!
//! Inside: the door checks and keeps rows at the door; statements become plans and circuit nodes in `deltaq_compiler`; the
//! circuit runs on the workers of `deltaq_circuit::runtime`.

mod catalog;
mod config;
mod door;
mod engine;
mod epochs;
mod error;
mod explain;
mod files;
mod foreign;
mod incoming;
mod interior;
mod load;
mod lookup;
mod memory;
mod order;
mod query;
mod relation;
mod rows;
mod statements;
mod subscription;
mod transaction;
mod undo;
mod views;
mod watchers;

pub use arrow_array;
pub use arrow_schema;
pub use deltaq_compiler::statement::ExplainFormat;
pub use deltaq_compiler::{Diagnostic, is_complete};
pub use deltaq_operators::{Field, Scalar, Schema, SqlType};

pub use config::EngineConfig;
pub use engine::{Engine, Outcome};
pub use error::{Error, Result};
pub use load::{Loaded, Rejected};
pub use relation::{Check, ErrorRow, RelationInfo, RelationKind, StateRow};
pub use rows::{Change, Rows};
pub use subscription::Subscription;
pub use transaction::{Commit, Transaction};
