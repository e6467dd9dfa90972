//! Generated cases: tables, views and changes, weighted towards what is hard, that shrink.
//!
//! A case is a function of its seed. [`cases`] is the proptest strategy; [`check`] runs a law over many seeds and says
//! how to see a failure again.

mod case;
mod change;
mod dice;
mod kind;
mod maker;
mod query;
mod ranked;
mod shrink;
mod strategy;

pub use case::{Case, Step};
pub use change::{Change, Live, Table, Weighted};
pub use dice::Dice;
pub use kind::{KINDS, Kind};
pub use maker::{Maker, Relation, Taste};
pub use query::{Body, Expr, Select, Source, Top};
pub use shrink::smaller;
pub use strategy::{cases, check, check_made};
