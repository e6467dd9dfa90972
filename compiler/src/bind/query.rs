//! Queries: WITH, set operations, VALUES, ORDER BY and LIMIT.

use deltaq_circuit::Span;
use deltaq_operators::types::Schema;
use deltaq_operators::{Expr, Field, Scalar, SqlType};
use sqlparser::ast::{self, LimitClause, OrderByKind, SetExpr, SetOperator, SetQuantifier};

use super::call::sort_key;
use super::coerce::is_untyped;
use super::place::Place;
use super::scope::{Clause, Level, Scope};
use super::select::{column, settled};
use super::subquery::zero_if_null;
use super::{Binder, Bound, DEPTH_MAX, Reported, With, all, fold, height};
use crate::constant;
use crate::facts::Facts;
use crate::plan::{Plan, SetKind, SortKey};
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
    fn of(plan: Plan, schema: Schema) -> Rows {
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
            if purpose == Purpose::Exists && offset == 0 && limit != Some(0) {
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
        let bound = self.coerce(bound?, SqlType::BigInt, span)?;
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

    fn set_expr(&mut self, body: &SetExpr, purpose: Purpose) -> Bound<Rows> {
        match body {
            SetExpr::Select(select) => self.deeper(|b| b.span(&**select), |b| b.select(select, &[], purpose)),
            SetExpr::Query(query) => self.query(query, purpose),
            SetExpr::SetOperation { op, set_quantifier, left, right } => {
                self.deeper(|b| b.span(body), |b| b.set_operation(*op, *set_quantifier, left, right, body))
            }
            SetExpr::Values(values) => self.values(values, None),
            SetExpr::Table(table) => {
                let name = table.table_name.as_deref().unwrap_or_default().to_lowercase();
                let relation = self.relation(&name, None)?;
                self.grow(1, None)?;
                let schema = relation.schema.clone();
                Ok(Rows::of(Plan::Scan { relation: name, schema: relation.schema, span: None }, schema))
            }
            other => {
                let span = self.span(other);
                self.unsupported("a change inside a query is", span, "make it a statement of its own")
            }
        }
    }

    fn set_operation(
        &mut self,
        op: SetOperator,
        quantifier: SetQuantifier,
        left: &SetExpr,
        right: &SetExpr,
        whole: &SetExpr,
    ) -> Bound<Rows> {
        let keep_all = match quantifier {
            SetQuantifier::All => true,
            SetQuantifier::None | SetQuantifier::Distinct => false,
            _ => {
                let span = self.span(whole);
                return self.unsupported("BY NAME is", span, "name the columns in order");
            }
        };
        // A chain of the same operation is one, however long.
        let mut parts = vec![right];
        let mut rest = left;
        while let SetExpr::SetOperation { op: SetOperator::Union, set_quantifier, left, right } = rest
            && op == SetOperator::Union
            && *set_quantifier == quantifier
        {
            parts.push(right);
            rest = left;
        }
        parts.push(rest);
        parts.reverse();
        let bound = all(parts.iter().map(|p| {
            let rows = self.set_expr(p, Purpose::Rows)?;
            if !rows.keys.is_empty() || !rows.residual.is_empty() {
                let span = self.span(*p);
                return self.unsupported(
                    "UNION, EXCEPT or INTERSECT of subqueries that depend on the query around is",
                    span,
                    "write a subquery each",
                );
            }
            Ok((rows.visible(), *p))
        }))?;
        let (inputs, schema) = self.unify(bound, op)?;
        self.grow(inputs.len(), None)?;
        let plan = match op {
            SetOperator::Union if keep_all => Plan::Union { inputs },
            SetOperator::Union => self.distinct(Plan::Union { inputs }),
            SetOperator::Except | SetOperator::Minus | SetOperator::Intersect => {
                let kind = if op == SetOperator::Intersect { SetKind::Intersect } else { SetKind::Except };
                let mut inputs = inputs.into_iter().map(|p| if keep_all { p } else { self.distinct(p) });
                let (Some(left), Some(right)) = (inputs.next(), inputs.next()) else { panic!("two inputs") };
                // Inputs of distinct rows yield distinct rows.
                Plan::Set { left: Box::new(left), right: Box::new(right), kind }
            }
        };
        Ok(Rows::of(plan, schema))
    }

    /// Brings the columns of all inputs to common types.
    fn unify(&mut self, inputs: Vec<((Plan, Schema), &SetExpr)>, op: SetOperator) -> Bound<(Vec<Plan>, Schema)> {
        let mut schema = inputs[0].0.1.clone();
        let mut types: Vec<SqlType> = vec![SqlType::Null; schema.len()];
        let untyped = |plan: &Plan, i: usize| matches!(plan, Plan::Project { exprs, .. } if is_untyped(&exprs[i]));
        for ((plan, columns), from) in &inputs {
            if columns.len() != types.len() {
                let span = self.span(*from);
                let message = format!("{op} of {} and {} columns", types.len(), columns.len());
                return self.report("42601", message, span);
            }
            for (i, column) in columns.iter().enumerate() {
                if untyped(plan, i) {
                    continue;
                }
                match types[i].common(column.ty) {
                    Some(common) => types[i] = common,
                    None => {
                        let span = self.span(*from);
                        let message =
                            format!("{op} cannot match {} and {} (column \"{}\")", types[i], column.ty, schema[i].name);
                        let help = format!("CAST one of them to {}", types[i]);
                        return self.report_help("42804", message, span, help);
                    }
                }
            }
        }
        for ((_, columns), _) in &inputs {
            for (field, column) in schema.iter_mut().zip(columns) {
                field.nullable |= column.nullable;
            }
        }
        for (field, ty) in schema.iter_mut().zip(&types) {
            field.ty = settled(*ty);
        }
        let plans = all(inputs.into_iter().map(|((plan, columns), from)| {
            if columns.iter().zip(&schema).all(|(c, f)| c.ty == f.ty) {
                return Ok(plan);
            }
            if let Plan::Project { input, exprs, schema: mut own } = plan {
                let span = self.span(from);
                let exprs = all(exprs.into_iter().zip(&schema).map(|(e, f)| self.coerce(e, f.ty, span)))?;
                for (field, to) in own.iter_mut().zip(&schema) {
                    field.ty = to.ty;
                }
                return Ok(Plan::Project { input, exprs, schema: own });
            }
            let exprs = (0..columns.len()).map(|i| super::coerce::cast(column(&columns, i), schema[i].ty)).collect();
            let cast = columns.iter().zip(&schema).map(|(c, f)| Field { ty: f.ty, ..c.clone() }).collect();
            Ok(Plan::Project { input: Box::new(plan), exprs, schema: cast })
        }))?;
        Ok((plans, schema))
    }

    /// Each row once; nothing to do where no row can repeat.
    pub fn distinct(&self, plan: Plan) -> Plan {
        let columns: Vec<usize> = (0..plan.schema().len()).collect();
        if Facts::of(&plan, self.catalog).is_unique(&columns) { plan } else { Plan::Distinct { input: Box::new(plan) } }
    }

    /// `VALUES (…), (…)`; `into`: the columns the rows are stored in, by name and type, with what DEFAULT stands for.
    pub fn values(&mut self, values: &ast::Values, into: Option<&[(Field, Scalar)]>) -> Bound<Rows> {
        let width = values.rows.first().map_or(0, |r| r.content.len());
        let (_, rows) = self.within(Level::new(Scope::default(), Clause::Where), |b| {
            all(values.rows.iter().map(|row| {
                let row = &row.content;
                if row.len() != width {
                    let span = row.first().and_then(|e| b.span(e));
                    let message = format!("VALUES of rows of {width} and of {} columns", row.len());
                    return b.report("42601", message, span);
                }
                all(row.iter().enumerate().map(|(i, e)| b.cell(e, into.and_then(|columns| columns.get(i)))))
            }))
        });
        let mut rows = rows?;
        let mut types = vec![SqlType::Null; width];
        if into.is_none() {
            for (row, from) in rows.iter().zip(&values.rows) {
                for (i, cell) in row.iter().enumerate() {
                    if is_untyped(cell) {
                        continue;
                    }
                    match types[i].common(cell.ty()) {
                        Some(common) => types[i] = common,
                        None => {
                            let span = self.span(&from.content[i]);
                            return self.report(
                                "42804",
                                format!("VALUES cannot match {} and {}", types[i], cell.ty()),
                                span,
                            );
                        }
                    }
                }
            }
            for (row, from) in rows.iter_mut().zip(&values.rows) {
                for (i, cell) in row.iter_mut().enumerate() {
                    let span = self.span(&from.content[i]);
                    *cell = self.coerce(cell.clone(), settled(types[i]), span)?;
                }
            }
        } else if let Some(first) = rows.first() {
            types = first.iter().map(Expr::ty).collect();
        }
        let schema: Schema = (0..width)
            .map(|i| Field {
                name: format!("column{}", i + 1),
                ty: settled(types[i]),
                nullable: rows.iter().any(|r| r[i].nullable()),
            })
            .collect();
        let plan = self.constant_rows(rows, &schema)?;
        Ok(Rows::of(plan, schema))
    }

    fn cell(&mut self, e: &ast::Expr, into: Option<&(Field, Scalar)>) -> Bound<Expr> {
        if let ast::Expr::Identifier(name) = e
            && name.quote_style.is_none()
            && name.value.eq_ignore_ascii_case("default")
        {
            let Some((field, default)) = into else {
                let span = self.span(e);
                return self.report("42601", "DEFAULT stands only in INSERT", span);
            };
            return Ok(Expr::literal(default.clone(), field.ty));
        }
        let bound = self.expr(e)?;
        let span = self.span(e);
        if self.level().subqueries.iter().any(Option::is_some) {
            self.level().subqueries.clear();
            return self.unsupported("a subquery in VALUES is", span, "INSERT INTO … SELECT");
        }
        match into {
            Some((field, _)) => self.assign(bound, field.ty, &field.name, span),
            None => Ok(bound),
        }
    }

    /// Rows of constants; where one fails, it does so when it runs.
    fn constant_rows(&mut self, rows: Vec<Vec<Expr>>, schema: &Schema) -> Bound<Plan> {
        let constants: Option<Vec<Vec<Scalar>>> =
            rows.iter().map(|row| row.iter().map(|e| constant::evaluate(e).ok()).collect()).collect();
        self.grow(1, None)?;
        if let Some(rows) = constants {
            return Ok(Plan::Values { rows, schema: schema.clone() });
        }
        self.grow(rows.len(), None)?;
        let one = || Box::new(Plan::Values { rows: vec![Vec::new()], schema: Vec::new() });
        let inputs =
            rows.into_iter().map(|exprs| Plan::Project { input: one(), exprs, schema: schema.clone() }).collect();
        Ok(Plan::Union { inputs })
    }

    /// Names must differ where rows are stored under them.
    pub fn distinct_names(&mut self, schema: &Schema, span: Option<Span>) -> Bound<()> {
        for (i, field) in schema.iter().enumerate() {
            if schema[..i].iter().any(|f| f.name == field.name) {
                let message = format!("two columns are named \"{}\"", field.name);
                return self.report_help("42701", message, span, "name them with AS");
            }
        }
        Ok(())
    }
}
