//! What a SQL text asks for, bound to the catalog.

use deltaq_circuit::Span;
use deltaq_operators::types::{Field, Schema};
use deltaq_operators::{Expr, Scalar};
use indexmap::IndexMap;

use crate::plan::{Plan, SortKey};

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `CREATE TABLE`
    CreateTable(CreateTable),
    /// `CREATE [OR REPLACE] VIEW`
    CreateView {
        /// Its name.
        name: String,
        /// What it shows; `order` and `limit` are part of the plan.
        query: Query,
        /// Replace a view of this name.
        or_replace: bool,
        /// Leave a view of this name as it is.
        if_not_exists: bool,
        /// The defining SELECT as written, its stars spelled out.
        sql: String,
    },
    /// `DROP TABLE` or `DROP VIEW`
    Drop {
        /// A view, else a table.
        view: bool,
        /// Their names.
        names: Vec<String>,
        /// Missing ones are no error.
        if_exists: bool,
        /// Drop the views that depend on them too; else that is an error.
        cascade: bool,
    },
    /// `ALTER TABLE … ADD COLUMN … DEFAULT`
    AddColumn {
        /// The table.
        table: String,
        /// The column.
        column: Column,
        /// A column of this name is no error.
        if_not_exists: bool,
    },
    /// `INSERT`
    Insert {
        /// The table.
        table: String,
        /// The rows: all columns of the table in order, cast to their types.
        query: Query,
        /// What to do about a row whose primary key is there.
        conflict: Conflict,
    },
    /// `UPDATE`
    Update {
        /// The table.
        table: String,
        /// One expression a column of the table, over its columns.
        exprs: Vec<Expr>,
        /// Which rows; None: all.
        predicate: Option<Expr>,
        /// Where the statement has subqueries: the rows to change, instead of `predicate`. The table's columns, then what else
        /// `exprs` read.
        rows: Option<Plan>,
    },
    /// `DELETE`
    Delete {
        /// The table.
        table: String,
        /// Which rows; None: all.
        predicate: Option<Expr>,
        /// Where the statement has subqueries: the rows to delete, instead of `predicate`.
        rows: Option<Plan>,
    },
    /// `SELECT`, `VALUES`, `TABLE`
    Query(Query),
    /// `COPY relation-or-query TO/FROM 'file'`
    Copy(Copy),
    /// `EXPLAIN`
    Explain {
        /// Of a SELECT or CREATE VIEW.
        statement: Box<Statement>,
        /// As text or Graphviz.
        format: ExplainFormat,
    },
    /// `EXPLAIN VIEW name`, or `EXPLAIN name`: of a view that runs.
    ExplainView {
        /// Its name.
        name: String,
        /// As text or Graphviz.
        format: ExplainFormat,
    },
    /// `SHOW TABLES`, `SHOW VIEWS`
    Show {
        /// Views alone.
        views: bool,
    },
    /// `BEGIN`
    Begin,
    /// `COMMIT`
    Commit,
    /// `ROLLBACK`
    Rollback,
}

/// A new table.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    /// Its name.
    pub name: String,
    /// Its columns; empty where they are inferred from a file.
    pub columns: Vec<Column>,
    /// Indexes of the primary key's columns.
    pub primary_key: Vec<usize>,
    /// A table of this name is no error.
    pub if_not_exists: bool,
    /// Where its rows come from: `WITH (…)` as written, keys in lower case. `FROM 'x.csv'` gives `connector = file`, `path = x.csv`.
    /// `append_only` is among them.
    pub options: IndexMap<String, String>,
}

/// A column of a new table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name, type, nullability.
    pub field: Field,
    /// What stands where INSERT names no value.
    pub default: Scalar,
}

/// What INSERT does about a row whose primary key is there.
#[derive(Clone, Debug, PartialEq)]
pub enum Conflict {
    /// Fail.
    Error,
    /// Keep the row that is there.
    Nothing,
    /// Set columns, where the condition holds if there is one: one expression a column of the table, over the row there followed by the
    /// new row (`excluded`).
    Update(Vec<Expr>, Option<Expr>),
}

/// A query with what happens to its rows at the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The rows.
    pub plan: Plan,
    /// Names and types as the user sees them; the plan may yield further columns, for `order` alone.
    pub schema: Schema,
    /// How rows are sorted when shown (over the plan's columns).
    pub order: Vec<SortKey>,
    /// Rows skipped.
    pub offset: u64,
    /// Rows at most.
    pub limit: Option<u64>,
    /// `EMIT CHANGES` or `EMIT FINAL`, where written.
    pub emit: Option<Emit>,
}

/// How a query's rows leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emit {
    /// As deltas, as they come.
    Changes,
    /// Once, when the input has ended.
    Final,
}

/// `COPY`
#[derive(Clone, Debug, PartialEq)]
pub struct Copy {
    /// What is written (TO), or the table that is read into (FROM).
    pub relation: CopyRelation,
    /// Out of the database.
    pub to: bool,
    /// The file.
    pub path: String,
    /// Options as written, keys in lower case: `format`, `header`, `delimiter` …
    pub options: IndexMap<String, String>,
    /// Where the statement names the file.
    pub span: Option<Span>,
}

/// What COPY copies.
#[derive(Clone, Debug, PartialEq)]
pub enum CopyRelation {
    /// A table or view.
    Name(String),
    /// The rows of a query.
    Query(Query),
}

/// What EXPLAIN prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ExplainFormat {
    /// For people.
    #[default]
    Text,
    /// For Graphviz.
    Dot,
}
