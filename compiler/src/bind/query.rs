//! Queries: WITH, set operations, VALUES, ORDER BY and LIMIT.

use deltaq_operators::types::Schema;
use deltaq_operators::{Expr, Field, Scalar, SqlType};
use sqlparser::ast::{self, LimitClause, OrderByKind, SetExpr};

use super::call::sort_key;
use super::coerce::is_untyped;
use super::place::Place;
use super::scope::{Clause, Level, Scope};
use super::select::column;
use super::unnest::zero_if_null;
use super::{Binder, Bound, DEPTH_MAX, Reported, With, all, fold, height};
use crate::constant;
use crate::plan::{Plan, SortKey};
use crate::statement::Query;

/// What is asked of a query's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// All of them.
    Rows,
    /// One value.
    Scalar,
    /// Which there are; duplicates make no difference.
    Set,
    /// Whether there is one.
    Exists,
}

/// The rows of a query.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// The visible columns, then what `order`, `keys` and `residual` read.
    pub plan: Plan,
    /// The visible columns.
    pub schema: Schema,
    pub order: Vec<SortKey>,
    pub offset: u64,
    pub limit: Option<u64>,
    /// What of it equals what of the query around.
    pub keys: Vec<Key>,
    /// What else must be true of its columns and the query around.
    pub residual: Vec<Expr>,
    /// Whether it has exactly one row, always.
    pub single: bool,
    /// Its values, where they are computed after the join with the query around.
    pub deferred: Option<Deferred>,
}

/// An equality with the query around.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub column: usize,
    /// Over the query around.
    pub outer: Expr,
    pub nulls: bool,
}

/// The SELECT list of an aggregate that is joined before it is computed.
#[derive(Clone, Debug)]
pub(super) struct Deferred {
    pub values: Vec<Expr>,
    /// The plan's columns that are counts: 0 for a group that is missing.
    pub counts: Vec<usize>,
}

impl Deferred {
    /// The values, where the aggregate's columns begin at `first`. A group that is missing reads as NULL, its counts as 0.
    pub fn over(self, first: usize) -> Vec<Expr> {
        let read = |e: &Expr| {
            e.map_columns(&mut |index, ty, nullable| match Place::of(index) {
                Place::Outer(index) => Expr::Column { index, ty, nullable },
                _ => {
                    let read = Expr::Column { index: first + index, ty, nullable: true };
                    if self.counts.contains(&index) { zero_if_null(read) } else { read }
                }
            })
        };
        self.values.iter().map(read).collect()
    }
}

impl Rows {
    /// Rows that depend on no query around.
    pub fn of(plan: Plan, schema: Schema) -> Rows {
        Rows {
            plan,
            schema,
            order: Vec::new(),
            offset: 0,
            limit: None,
            keys: Vec::new(),
            residual: Vec::new(),
            single: false,
            deferred: None,
        }
    }

    /// The plan, with all its columns; OFFSET and LIMIT are part of it.
    pub fn into_plan(self) -> Plan {
        if self.offset == 0 && self.limit.is_none() {
            return self.plan;
        }
        let schema = self.plan.schema();
        let partition = self.keys.iter().map(|k| column(&schema, k.column)).collect();
        Plan::TopK {
            input: Box::new(self.plan),
            partition,
            order: self.order,
            offset: self.offset,
            limit: self.limit,
            number: None,
        }
    }

    /// Keeps the rows for which `predicate` is true.
    pub fn filter(&mut self, predicate: Expr) {
        let plan = std::mem::replace(&mut self.plan, Plan::Values { rows: Vec::new(), schema: Vec::new() });
        let whole = Rows { plan, order: std::mem::take(&mut self.order), ..self.clone() };
        self.plan = Plan::Filter { input: Box::new(whole.into_plan()), predicate };
        (self.offset, self.limit) = (0, None);
    }

    /// The plan of the visible columns alone.
    pub fn visible(self) -> (Plan, Schema) {
        let schema = self.schema.clone();
        let plan = self.into_plan();
        let wide = plan.schema();
        if wide.len() == schema.len() {
            return (plan, schema);
        }
        let exprs = (0..schema.len()).map(|i| column(&wide, i)).collect();
        (Plan::Project { input: Box::new(plan), exprs, schema: schema.clone() }, schema)
    }
}

impl Binder<'_> {
    /// A query of its own: of a statement, a view, a derived table.
    pub fn free_query(&mut self, query: &ast::Query) -> Bound<Rows> {
        let (_, rows) = self.within(Level::closed(), |b| b.query(query, Purpose::Rows));
        let rows = rows?;
        assert!(rows.keys.is_empty() && rows.residual.is_empty(), "a query of its own depends on none");
        if height(&rows.plan) > DEPTH_MAX {
            let span = self.span(query);
            return self.too_complex(span);
        }
        Ok(rows)
    }

    /// A query whose rows are shown or kept: its order and limit stand beside the plan.
    pub fn shown(&mut self, query: &ast::Query) -> Bound<Query> {
        let rows = self.free_query(query)?;
        let mut schema = rows.schema;
        for (field, known) in schema.iter_mut().zip(rows.plan.schema()) {
            field.nullable = known.nullable;
        }
        Ok(Query { plan: rows.plan, schema, order: rows.order, offset: rows.offset, limit: rows.limit, emit: None })
    }

    /// Binds a query.
    pub fn query(&mut self, query: &ast::Query, purpose: Purpose) -> Bound<Rows> {
        self.deeper(|b| b.span(query), |b| b.query_here(query, purpose))
    }

    fn query_here(&mut self, query: &ast::Query, purpose: Purpose) -> Bound<Rows> {
        let withs = self.withs.len();
        let with = self.with(query.with.as_ref());
        let rows = self.body_and_limit(query, purpose);
        self.withs.truncate(withs);
        with?;
        rows
    }

    /// Puts the WITH queries in sight.
    fn with(&mut self, with: Option<&ast::With>) -> Bound<()> {
        let Some(with) = with else { return Ok(()) };
        if with.recursive {
            let span = self.source.span_at(with.with_token.0.span);
            // That they are not there is no further mistake.
            self.withs.extend(with.cte_tables.iter().map(|cte| With { name: fold(&cte.alias.name), query: None }));
            return self.unsupported("WITH RECURSIVE is", span, "unroll it: a view for each step");
        }
        let mut result = Ok(());
        for cte in &with.cte_tables {
            let name = fold(&cte.alias.name);
            let query = self.free_query(&cte.query).and_then(|rows| {
                let (plan, schema) = rows.visible();
                self.rename(plan, schema, &cte.alias)
            });
            if query.is_err() {
                result = Err(Reported);
            }
            self.withs.push(With { name, query: query.ok() });
        }
        result
    }

    /// `plan` with the columns that an alias names.
    pub fn rename(&mut self, plan: Plan, mut schema: Schema, alias: &ast::TableAlias) -> Bound<(Plan, Schema)> {
        if alias.columns.len() > schema.len() {
            let span = alias.columns.last().and_then(|c| self.source.span_at(c.name.span));
            let message = format!("{} names for {} columns", alias.columns.len(), schema.len());
            return self.report("42P10", message, span);
        }
        for (field, column) in schema.iter_mut().zip(&alias.columns) {
            field.name = fold(&column.name);
        }
        Ok((plan, schema))
    }

    fn body_and_limit(&mut self, query: &ast::Query, purpose: Purpose) -> Bound<Rows> {
        if !query.locks.is_empty() || query.for_clause.is_some() || !query.pipe_operators.is_empty() {
            let span = self.span(query);
            return self.unsupported("this clause is", span, "");
        }
        let order_by: &[ast::OrderByExpr] = match &query.order_by {
            None => &[],
            Some(ast::OrderBy { kind: OrderByKind::Expressions(exprs), .. }) => exprs,
            Some(_) => {
                let span = self.span(query);
                return self.unsupported("ORDER BY ALL is", span, "name the columns");
            }
        };
        let limits = self.limits(query);
        let rows = match &*query.body {
            SetExpr::Select(select) => self.select(select, order_by, purpose),
            body => self.set_expr(body, purpose).and_then(|rows| self.order_output(rows, order_by)),
        };
        let (mut rows, (offset, limit)) = (rows?, limits?);
        if offset > 0 || limit.is_some() {
            if (purpose == Purpose::Exists || rows.single) && offset == 0 && limit != Some(0) {
                return Ok(rows);
            }
            if !rows.residual.is_empty() || rows.deferred.is_some() {
                let span = self.span(query);
                return self.unsupported(
                    "LIMIT in a subquery correlated this way is",
                    span,
                    "compare columns of the query around with = only",
                );
            }
            if rows.offset > 0 || rows.limit.is_some() {
                let order = rows.order.clone();
                rows = Rows { plan: rows.clone().into_plan(), order, offset: 0, limit: None, ..rows };
            }
            rows.single &= offset == 0 && limit != Some(0);
            (rows.offset, rows.limit) = (offset, limit);
        }
        Ok(rows)
    }

    fn limits(&mut self, query: &ast::Query) -> Bound<(u64, Option<u64>)> {
        let (limit, offset) = match &query.limit_clause {
            None => (None, None),
            Some(LimitClause::LimitOffset { limit, offset, limit_by }) if limit_by.is_empty() => {
                (limit.as_ref(), offset.as_ref().map(|o| &o.value))
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => (Some(limit), Some(offset)),
            Some(_) => {
                let span = self.span(query);
                return self.unsupported(
                    "LIMIT BY is",
                    span,
                    "filter by ROW_NUMBER() OVER (PARTITION BY … ORDER BY …)",
                );
            }
        };
        let (mut limit, offset) = (limit.map(|e| self.count(e, "LIMIT")), offset.map(|e| self.count(e, "OFFSET")));
        if let Some(fetch) = &query.fetch {
            if fetch.percent || fetch.with_ties {
                let span = self.span(query);
                return self.unsupported("FETCH with PERCENT or TIES is", span, "FETCH FIRST n ROWS ONLY");
            }
            limit = Some(match &fetch.quantity {
                Some(e) => self.count(e, "FETCH"),
                None => Ok(Some(1)),
            });
        }
        let (limit, offset) = (limit.transpose(), offset.transpose());
        Ok((offset?.flatten().unwrap_or(0), limit?.flatten()))
    }

    /// The number in LIMIT or OFFSET; NULL is none.
    fn count(&mut self, e: &ast::Expr, clause: &str) -> Bound<Option<u64>> {
        let (_, bound) =
            self.within(Level { closed: true, ..Level::new(Scope::default(), Clause::Constant) }, |b| b.expr(e));
        let span = self.span(e);
        let bound = bound?;
        if !(bound.ty().is_numeric() || is_untyped(&bound)) {
            let message = format!("argument of {clause} must be type bigint, not type {}", bound.ty());
            return self.report("42804", message, span);
        }
        let bound = self.coerce(bound, SqlType::BigInt, span)?;
        match constant::is_constant(&bound).then(|| constant::evaluate(&bound)) {
            Some(Ok(Scalar::BigInt(n))) if n >= 0 => Ok(Some(n as u64)),
            Some(Ok(Scalar::Null)) => Ok(None),
            Some(Err(error)) => self.report(error.code, error.message, span),
            Some(Ok(_)) => self.report("2201W", format!("{clause} must not be negative"), span),
            None => self.report("42601", format!("{clause} must be a number"), span),
        }
    }

    /// Orders the rows of a set operation or VALUES by its output columns.
    fn order_output(&mut self, mut rows: Rows, order_by: &[ast::OrderByExpr]) -> Bound<Rows> {
        if order_by.is_empty() {
            return Ok(rows);
        }
        if rows.offset > 0 || rows.limit.is_some() {
            rows = Rows { plan: rows.clone().into_plan(), offset: 0, limit: None, ..rows };
        }
        let schema = rows.schema.clone();
        let level = Level { closed: true, ..Level::new(Scope::of("", &schema, 0, &[]), Clause::On) };
        let (_, order) = self.within(level, |b| {
            all(order_by.iter().map(|o| {
                let expr = match b.ordinal(&o.expr, schema.len(), "ORDER BY")? {
                    Some(index) => column(&schema, index),
                    None => b.expr(&o.expr)?,
                };
                Ok(sort_key(expr, o))
            }))
        });
        rows.order = order?;
        Ok(rows)
    }
}

/// The first column whose name stands before it already. Names must differ where rows are stored under them.
pub(super) fn repeated_name(schema: &[Field]) -> Option<usize> {
    (0..schema.len()).find(|&i| schema[..i].iter().any(|f| f.name == schema[i].name))
}
