//! Z-set batches in columns, the circuit graph, traces, and the runtime on timely dataflow.
//!
//! Read [`batch`] first: what flows. Then [`operator`]: what a node means and how it runs. [`graph`] is the
//! circuit as a plain value; [`executor`] runs one worker's copy of it, epoch by epoch; [`runtime`] runs many
//! executors on timely. [`trace`] is the state operators keep, [`zset`] the algebra of the paper as an
//! executable definition for tests.
//!
//! This crate knows no SQL. Only [`runtime`] names timely.

pub mod arrays;
pub mod batch;
pub mod codec;
pub mod definition;
mod error;
pub mod executor;
pub mod graph;
pub mod keys;
pub mod operator;
pub mod picked;
pub mod runtime;
pub mod selection;
pub mod trace;
pub mod zset;

pub use batch::{Batch, Epoch, Weight, Weights};
pub use error::Error;
pub use graph::{Graph, Kind, Node, NodeId, Span};
pub use operator::{Class, Context, Operator, Output, Partition, Query, RowError, Size};
pub use runtime::{Runtime, RuntimeConfig};
