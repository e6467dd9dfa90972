//! What the engine tells of its tables and views.

use deltaq_operators::Schema;

use crate::rows::Rows;

/// A table or view.
#[derive(Clone, Debug, PartialEq)]
pub struct RelationInfo {
    /// Its name.
    pub name: String,
    /// Which it is.
    pub kind: RelationKind,
    /// Its columns.
    pub schema: Schema,
    /// Indexes of the primary key's columns; empty for a view, and for a table without.
    pub primary_key: Vec<usize>,
    /// Each column's default as text; None where it is NULL, and of a view's columns.
    pub defaults: Vec<Option<String>>,
    /// Whether rows of a table are never retracted.
    pub append_only: bool,
    /// The SELECT that defines a view, as written, with the columns in the place of `*`: run again, it has the same columns.
    pub sql: Option<String>,
    /// The tables and views that a view reads.
    pub reads: Vec<String>,
}

/// Table or view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelationKind {
    /// A table.
    Table,
    /// A view.
    View,
}

/// Bad data that keeps rows out of a view. Retracting the row retracts its error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorRow {
    /// SQLSTATE, as PostgreSQL assigns it: `22012` is division by zero.
    pub code: String,
    /// What happened, with the offending value.
    pub message: String,
    /// The operator that met it.
    pub operator: String,
    /// How many rows failed so.
    pub weight: i64,
}

/// What one operator remembers, all workers together. An operator that several views share is listed once, under the oldest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateRow {
    /// The view it works for, or the table whose rows these are.
    pub view: String,
    /// The operator.
    pub operator: String,
    /// Rows, groups or entries.
    pub rows: u64,
    /// Bytes allocated for them.
    pub bytes: u64,
}

/// A view compared with its definition, recomputed from the tables.
#[derive(Clone, Debug)]
pub struct Check {
    /// Rows by definition.
    pub rows: u64,
    /// Rows that the view should hold and does not.
    pub missing: Rows,
    /// Rows that the view holds and should not.
    pub extra: Rows,
    /// Errors of rows by definition.
    pub errors: u64,
    /// Errors that the view should have and has not.
    pub missing_errors: Vec<ErrorRow>,
    /// Errors that the view has and should not.
    pub extra_errors: Vec<ErrorRow>,
}

impl Check {
    /// Whether the view shows what its definition says.
    pub fn is_ok(&self) -> bool {
        self.missing.is_empty()
            && self.extra.is_empty()
            && self.missing_errors.is_empty()
            && self.extra_errors.is_empty()
    }
}
