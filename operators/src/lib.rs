//! Expressions, SQL functions, and the relational operators with their state.
//!
//! Read [`types`] and [`expr`] first: what an expression is. [`functions`] is the registry of all of them, one place a
//! function. [`value`] is what they compute on. [`aggregate`], [`map`], [`join`] … are the relational operators.

pub mod aggregate;
pub mod combine;
pub mod counted;
pub mod eval;
pub mod expr;
pub mod flat_map;
pub mod functions;
pub mod join;
mod list;
pub mod map;
pub mod scalar;
pub mod topk;
pub mod types;
pub mod value;

pub(crate) use deltaq_circuit::arrays;

pub use expr::Expr;
pub use scalar::Scalar;
pub use types::{Field, Schema, SqlType};
