//! What column names refer to.

use std::collections::HashMap;

use deltaq_circuit::Span;
use deltaq_operators::aggregate::Call;
use deltaq_operators::types::Schema;
use deltaq_operators::{Expr, Field};
use sqlparser::ast;

use super::place::outward;
use super::subquery::Pending;
use super::{Binder, Bound, closest, fold};
use crate::plan::{Plan, SortKey};

/// The columns that FROM puts in sight.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub columns: Vec<Column>,
    pub tables: Vec<Table>,
}

/// A column in sight.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Which of the scope's tables it is of; None: both, merged by USING.
    pub table: Option<usize>,
    pub name: String,
    /// Over the FROM plan's columns.
    pub expr: Expr,
    /// Whether its bare name means it, and `*` shows it: not so where USING has merged it into another.
    pub bare: bool,
}

/// A table, view or derived table in FROM.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Its alias, else its name.
    pub name: String,
    /// The FROM plan's columns of its primary key.
    pub key: Vec<usize>,
}

impl Scope {
    /// One table of the columns `schema`, which lie at `first ..` of the plan.
    pub fn of(name: &str, schema: &Schema, first: usize, key: &[usize]) -> Scope {
        let column = |(i, f): (usize, &Field)| Column {
            table: Some(0),
            name: f.name.clone(),
            expr: Expr::Column { index: first + i, ty: f.ty, nullable: f.nullable },
            bare: true,
        };
        Scope {
            columns: schema.iter().enumerate().map(column).collect(),
            tables: vec![Table { name: name.into(), key: key.iter().map(|k| first + k).collect() }],
        }
    }

    /// Both scopes, the second over columns that begin at `first`.
    pub fn join(mut self, other: Scope, first: usize) -> Scope {
        let tables = self.tables.len();
        self.columns.extend(other.columns.into_iter().map(|c| Column {
            table: c.table.map(|t| t + tables),
            expr: shift(&c.expr, first),
            ..c
        }));
        self.tables
            .extend(other.tables.into_iter().map(|t| Table { key: t.key.iter().map(|k| k + first).collect(), ..t }));
        self
    }

    /// All columns from `from` on may be NULL: the other side of an outer join.
    pub fn nullable(&mut self, from: usize, to: usize) {
        for column in &mut self.columns[from..to] {
            column.expr = nullable(&column.expr);
        }
    }
}

/// `expr` over columns that begin at `by`.
pub(super) fn shift(expr: &Expr, by: usize) -> Expr {
    expr.map_columns(&mut |index, ty, nullable| Expr::Column { index: index + by, ty, nullable })
}

/// `expr` with all its columns nullable.
pub(super) fn nullable(expr: &Expr) -> Expr {
    expr.map_columns(&mut |index, ty, _| Expr::Column { index, ty, nullable: true })
}

/// Where in a query an expression stands: what it may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    Select,
    From,
    On,
    Where,
    GroupBy,
    Having,
    OrderBy,
    /// The argument of an aggregate.
    Aggregate,
    /// Of no query: DEFAULT, LIMIT.
    Constant,
    /// UPDATE, DELETE.
    Change,
    /// ON CONFLICT.
    Conflict,
}

impl Clause {
    pub fn name(self) -> &'static str {
        match self {
            Clause::Select => "SELECT",
            Clause::From => "FROM",
            Clause::On => "ON",
            Clause::Where => "WHERE",
            Clause::GroupBy => "GROUP BY",
            Clause::Having => "HAVING",
            Clause::OrderBy => "ORDER BY",
            Clause::Aggregate => "an aggregate",
            Clause::Constant => "a constant",
            Clause::Change => "UPDATE and DELETE",
            Clause::Conflict => "ON CONFLICT",
        }
    }

    pub fn allows_aggregates(self) -> bool {
        matches!(self, Clause::Select | Clause::Having | Clause::OrderBy)
    }
}

/// A query whose expressions are being bound.
#[derive(Debug)]
pub(super) struct Level {
    pub scope: Scope,
    /// Its FROM.
    pub plan: Option<Plan>,
    pub clause: Clause,
    /// A derived table or WITH query: it does not see the queries around it.
    pub closed: bool,
    /// The aggregate calls found so far.
    pub aggregates: Vec<Call>,
    /// The row numbers found so far: partition, order.
    pub numbers: Vec<(Vec<Expr>, Vec<SortKey>)>,
    /// The arguments of each GROUPING found so far.
    pub groupings: Vec<Vec<Expr>>,
    /// The subqueries found so far, until they are joined.
    pub subqueries: Vec<Option<Pending>>,
    /// Where each input column is first named.
    pub spans: HashMap<usize, Span>,
    /// `WINDOW name AS (…)`.
    pub windows: Vec<(String, ast::WindowSpec)>,
    /// What SELECT names with AS.
    pub names: Vec<String>,
}

impl Level {
    pub fn new(scope: Scope, clause: Clause) -> Level {
        Level {
            scope,
            plan: None,
            clause,
            closed: false,
            aggregates: Vec::new(),
            numbers: Vec::new(),
            groupings: Vec::new(),
            subqueries: Vec::new(),
            spans: HashMap::new(),
            windows: Vec::new(),
            names: Vec::new(),
        }
    }

    /// What a query around may not be seen through.
    pub fn closed() -> Level {
        Level { closed: true, ..Level::new(Scope::default(), Clause::From) }
    }
}

/// What a name was found to be.
enum Found {
    None,
    One(Expr),
    Several,
    /// The table is not in FROM.
    NoTable,
}

fn find(scope: &Scope, table: Option<&str>, name: &str) -> Found {
    let mut hits = scope.columns.iter().filter(|c| {
        c.name == name
            && match table {
                None => c.bare,
                Some(table) => c.table.is_some_and(|t| scope.tables[t].name == table),
            }
    });
    match (hits.next(), hits.next()) {
        (Some(column), None) => Found::One(column.expr.clone()),
        (Some(_), Some(_)) => Found::Several,
        (None, _) => match table {
            Some(table) if !scope.tables.iter().any(|t| t.name == table) => Found::NoTable,
            _ => Found::None,
        },
    }
}

impl Binder<'_> {
    /// Runs `inner` inside the query `level`, and hands the level back.
    pub fn within<T>(&mut self, level: Level, inner: impl FnOnce(&mut Self) -> Bound<T>) -> (Level, Bound<T>) {
        self.levels.push(level);
        let result = inner(self);
        let level = self.levels.pop().unwrap_or_else(|| panic!("a level was taken away by someone else"));
        (level, result)
    }

    /// The query whose expressions are being bound.
    pub fn level(&mut self) -> &mut Level {
        self.levels.last_mut().unwrap_or_else(|| panic!("an expression outside all queries"))
    }

    /// Runs `inner` in another clause of the same query.
    pub fn in_clause<T>(&mut self, clause: Clause, inner: impl FnOnce(&mut Self) -> Bound<T>) -> Bound<T> {
        let before = std::mem::replace(&mut self.level().clause, clause);
        let result = inner(self);
        self.level().clause = before;
        result
    }

    /// The column that `parts` name.
    pub fn column(&mut self, parts: &[ast::Ident], span: Option<Span>) -> Bound<Expr> {
        let (table, name) = match parts {
            [name] => (None, fold(name)),
            [.., table, name] => (Some(fold(table)), fold(name)),
            [] => panic!("a name of no parts"),
        };
        let table = table.as_deref();
        let mut known_table = false;
        let mut closed = false;
        for (up, level) in self.levels.iter().rev().enumerate() {
            match find(&level.scope, table, &name) {
                Found::One(expr) if up == 0 => {
                    if let (Expr::Column { index, .. }, Some(span)) = (&expr, span) {
                        self.level().spans.entry(*index).or_insert(span);
                    }
                    return Ok(expr);
                }
                Found::One(expr) if up == 1 && !closed => return Ok(outward(&expr)),
                Found::One(_) if closed => {
                    return self.report_help(
                        "0A000",
                        format!("\"{name}\" is a column of the query around, which a subquery in FROM does not see"),
                        span,
                        "join the tables side by side instead",
                    );
                }
                Found::One(_) => {
                    return self.report_help(
                        "0A000",
                        format!("\"{name}\" is a column of a query further out than the one directly around"),
                        span,
                        "join that table in the query between",
                    );
                }
                Found::Several => {
                    let tables: Vec<String> = level
                        .scope
                        .columns
                        .iter()
                        .filter(|c| c.name == name && c.bare)
                        .filter_map(|c| c.table.map(|t| format!("{}.{name}", level.scope.tables[t].name)))
                        .collect();
                    return self.report_help(
                        "42702",
                        format!("\"{name}\" is ambiguous"),
                        span,
                        format!("write {}", tables.join(" or ")),
                    );
                }
                Found::None if table.is_some() => {
                    known_table = true;
                    break;
                }
                Found::None | Found::NoTable => {}
            }
            closed |= level.closed;
        }
        self.no_column(table, &name, known_table, span)
    }

    fn no_column(&mut self, table: Option<&str>, name: &str, known_table: bool, span: Option<Span>) -> Bound<Expr> {
        let scopes = || self.levels.iter().rev().map(|l| &l.scope);
        match table {
            Some(table) if !known_table => {
                let near = closest(table, scopes().flat_map(|s| s.tables.iter().map(|t| t.name.as_str())));
                let help = match near {
                    Some(near) => Some(format!("did you mean \"{near}\"?")),
                    None => self.catalog.relation(table).map(|_| format!("add {table} to FROM, or use its alias")),
                };
                let message = format!("there is no \"{table}\" in FROM");
                match help {
                    Some(help) => self.report_help("42P01", message, span, help),
                    None => self.report("42P01", message, span),
                }
            }
            _ => {
                let of = |s: &Scope, c: &Column| table.is_none_or(|t| c.table.is_some_and(|i| s.tables[i].name == t));
                let names: Vec<&str> =
                    scopes().flat_map(|s| s.columns.iter().filter(|c| of(s, c)).map(|c| c.name.as_str())).collect();
                let message = match table {
                    Some(table) => format!("\"{table}\" has no column \"{name}\""),
                    None => format!("there is no column \"{name}\""),
                };
                let named = |l: &&Level| table.is_none() && l.names.iter().any(|n| n == name);
                let is_quoted = table.is_none() && span.is_some_and(|s| self.source.text(s).starts_with('"'));
                let help = match (self.levels.last().filter(named).map(|l| l.clause), closest(name, names.into_iter()))
                {
                    (Some(Clause::OrderBy), _) => {
                        Some("ORDER BY sees a name that SELECT gives by itself, not inside an expression".to_string())
                    }
                    (Some(clause), _) => Some(format!(
                        "{} does not see the names that SELECT gives: repeat the expression, or use a derived table",
                        clause.name()
                    )),
                    (None, Some(near)) => Some(format!("did you mean \"{near}\"?")),
                    (None, None) => is_quoted.then(|| "text stands in single quotes: '…'".to_string()),
                };
                match help {
                    Some(help) => self.report_help("42703", message, span, help),
                    None => self.report("42703", message, span),
                }
            }
        }
    }
}
