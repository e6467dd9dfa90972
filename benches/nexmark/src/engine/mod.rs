//! The queries on deltaq: events as columns, pushed into an engine, the view's changes consumed.

mod columns;
mod command;
mod contents;
mod open;
mod run;

pub use columns::{Columns, Part};
pub use command::Command;
pub use contents::{Contents, checksum, fields};
pub use open::{Tables, open, push};
pub use run::{Deletes, Failure, Run, Settings, Timed, run, state_bytes};
