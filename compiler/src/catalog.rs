//! What names in SQL refer to.

use deltaq_operators::Scalar;
use deltaq_operators::types::Schema;

use crate::plan::Plan;

/// The tables and views that a statement may name. Names are compared as stored: the binder has folded unquoted ones to lower case.
pub trait Catalog {
    /// The relation of this name.
    fn relation(&self, name: &str) -> Option<Relation>;

    /// All names, for "did you mean" and completion.
    fn names(&self) -> Vec<String>;
}

/// A table or view.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    /// Its columns.
    pub schema: Schema,
    /// Which it is.
    pub kind: RelationKind,
}

/// Table or view, with what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub enum RelationKind {
    /// A table.
    Table {
        /// The primary key's columns; empty: none, rows may repeat.
        primary_key: Vec<usize>,
        /// Nothing is ever retracted from it.
        append_only: bool,
        /// What stands where INSERT names no value: one a column.
        defaults: Vec<Scalar>,
    },
    /// A view, with its plan.
    View(Box<Plan>),
}
