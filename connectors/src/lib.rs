//! Files in and out: CSV, JSON lines, Parquet.
//!
//! Read [`source`] first: rows of a file as Arrow columns of a given or inferred schema. [`sink`] writes rows and
//! deltas. [`options`] is what `CREATE TABLE … WITH (…)` and `COPY` may say of a file.
//!
//! ```text
//!   path ─▶ input ─▶ csv / jsonl ─▶ column ─▶ Chunk          bytes ─▶ records ─▶ typed builders
//!                └─▶ infer ─▶ schema                          only where none is declared
//! ```
//!
//! This crate knows neither SQL nor the circuit: it yields columns, and whoever calls it makes them a batch.

mod column;
mod csv;
mod error;
mod infer;
mod input;
mod jsonl;
pub mod lines;
pub mod options;
#[cfg(feature = "parquet")]
mod parquet;
mod parse;
mod rows;
pub mod sink;
pub mod source;
pub mod text;

pub use error::{Error, Rejection, Result};
pub use lines::Lines;
pub use options::{Format, OnError, SinkOptions, SourceOptions};
pub use sink::Sink;
pub use source::{Chunk, Source};
pub use text::Cells;
