//! SQL text → bound statement → logical plan → circuit. No threads, no I/O, and nothing is run.
//!
//! Read [`plan`] first: what a query means. [`catalog`] is what names refer to, [`statement`] what a SQL text asks for,
//! `bind` turns sqlparser's tree into these, with a [`diagnostic`] for every mistake. [`rewrite`] improves plans;
//! [`circuit`] turns them into circuit nodes.

mod bind;
pub mod catalog;
pub mod circuit;
mod constant;
pub mod diagnostic;
mod dialect;
pub mod explain;
pub mod facts;
mod intervals;
pub mod parse;
pub mod plan;
pub mod rewrite;
mod source;
pub mod statement;

pub use catalog::{Catalog, Relation, RelationKind};
pub use circuit::{Circuit, Lowered, Spread};
pub use diagnostic::{Diagnostic, Diagnostics};
pub use parse::{compile, compile_part, is_complete, split};
pub use plan::Plan;
pub use statement::{Query, Statement};
