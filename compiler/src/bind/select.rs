//! SELECT: first all its expressions are bound, so that all mistakes are found; then its plan is put together.
//!
//! ```text
//! FROM → WHERE → aggregate → HAVING → row numbers → SELECT list → DISTINCT
//! ```
//! Subqueries are joined in just before the operator that reads their value.

use deltaq_operators::types::Schema;
use deltaq_operators::{Expr, Field, Scalar, SqlType};
use sqlparser::ast::{self, GroupByExpr};

use super::call::sort_key;
use super::group::{Stage, group_keys_of_tables};
use super::grouping::Grouping;
use super::items::{Chosen, Item};
use super::place::{Place, is_correlated, mentions};
use super::query::{Deferred, Key, Purpose, Rows};
use super::scope::{Clause, Level};
use super::subquery::Conjunct;
use super::{Binder, Bound, all, fold};
use crate::plan::{Plan, SortKey};

impl Binder<'_> {
    /// Binds a SELECT, ordered by `order_by`.
    pub fn select(&mut self, select: &ast::Select, order_by: &[ast::OrderByExpr], purpose: Purpose) -> Bound<Rows> {
        self.refuse_clauses(select)?;
        let (plan, scope) = self.from(&select.from)?;
        let mut level = Level::new(scope, Clause::Select);
        level.plan = Some(plan.clone());
        for ast::NamedWindowDefinition(name, window) in &select.named_window {
            if let ast::NamedWindowExpr::WindowSpec(spec) = window {
                level.windows.push((fold(name), spec.clone()));
            }
        }
        level.names = select.projection.iter().filter_map(alias).collect();
        self.within(level, |b| b.select_within(select, order_by, plan, purpose)).1
    }

    fn refuse_clauses(&mut self, select: &ast::Select) -> Bound<()> {
        let refused = [
            (select.top.is_some(), "TOP is", "use LIMIT"),
            (select.into.is_some(), "SELECT INTO is", "CREATE VIEW, or INSERT INTO … SELECT"),
            (!select.lateral_views.is_empty(), "LATERAL VIEW is", ""),
            (
                select.qualify.is_some(),
                "QUALIFY is",
                "filter a derived table: SELECT … FROM (SELECT …, ROW_NUMBER() OVER (…) AS n FROM …) WHERE n <= 3",
            ),
            (select.exclude.is_some(), "EXCLUDE is", "name the columns"),
            (
                !select.cluster_by.is_empty() || !select.distribute_by.is_empty() || !select.sort_by.is_empty(),
                "this clause is",
                "",
            ),
            (!select.connect_by.is_empty(), "CONNECT BY is", ""),
            (select.prewhere.is_some(), "PREWHERE is", "use WHERE"),
        ];
        let span = self.source.span_at(select.select_token.0.span);
        for (there, what, help) in refused {
            if there {
                return self.unsupported(what, span, help);
            }
        }
        Ok(())
    }

    fn select_within(
        &mut self,
        select: &ast::Select,
        order_by: &[ast::OrderByExpr],
        plan: Plan,
        purpose: Purpose,
    ) -> Bound<Rows> {
        let filters = self.in_clause(Clause::Where, |b| b.conjuncts(select.selection.as_ref()));
        let items = self.items(&select.projection);
        let named = items.as_deref().unwrap_or_default();
        let keys = self.in_clause(Clause::GroupBy, |b| b.group_by(&select.group_by, named));
        let having = self.in_clause(Clause::Having, |b| b.conjuncts(select.having.as_ref()));
        let order = self.in_clause(Clause::OrderBy, |b| {
            all(order_by.iter().map(|o| Ok((b.chosen(&o.expr, items.as_deref().ok(), "ORDER BY")?, o))))
        });
        let distinct_on = match &select.distinct {
            Some(ast::Distinct::On(exprs)) => self
                .in_clause(Clause::OrderBy, |b| {
                    all(exprs.iter().map(|e| b.chosen(e, items.as_deref().ok(), "DISTINCT ON")))
                })
                .map(Some),
            _ => Ok(None),
        };
        let (filters, items, keys, having, order, distinct_on) =
            (filters?, items?, keys?, having?, order?, distinct_on?);
        let distinct = matches!(select.distinct, Some(ast::Distinct::Distinct));
        let bound = Select { filters, items, keys, having, order, distinct, distinct_on };
        self.assemble(bound, plan, select, purpose)
    }
}

/// The name that AS gives.
fn alias(item: &ast::SelectItem) -> Option<String> {
    match item {
        ast::SelectItem::ExprWithAlias { alias, .. } => Some(fold(alias)),
        _ => None,
    }
}

/// A SELECT whose expressions are bound.
struct Select<'s> {
    filters: Vec<Conjunct>,
    items: Vec<Item>,
    keys: Grouping,
    having: Vec<Conjunct>,
    order: Vec<(Chosen, &'s ast::OrderByExpr)>,
    distinct: bool,
    distinct_on: Option<Vec<Chosen>>,
}

/// An equality between this query and the one around.
pub(super) struct Correlation {
    pub inner: Expr,
    /// Seen from the query around.
    pub outer: Expr,
    pub nulls: bool,
}

impl Binder<'_> {
    fn assemble(&mut self, select: Select, plan: Plan, text: &ast::Select, purpose: Purpose) -> Bound<Rows> {
        let Select { filters, items, keys: Grouping { mut keys, sets }, having, order, distinct, distinct_on } = select;
        let mut plan = plan;
        let (mut correlations, mut residual) = self.filter(&mut plan, &Stage::input(), filters, true)?;
        let mut stage = Stage::input();
        let calls = |level: &Level| !level.aggregates.is_empty() || !level.groupings.is_empty();
        let aggregated = !keys.is_empty() || sets.is_some() || !having.is_empty() || calls(self.level());
        let grouped = !matches!(&text.group_by, GroupByExpr::Expressions(e, _) if e.is_empty());
        let mut counts = Vec::new();
        if aggregated || grouped {
            if !residual.is_empty() {
                let span = self.source.span_at(text.select_token.0.span);
                correlations = self.join_domain(&mut plan, correlations, std::mem::take(&mut residual), span)?;
            }
            let read: Vec<&Expr> = items
                .iter()
                .map(|i| &i.expr)
                .chain(order.iter().filter_map(|(c, _)| if let Chosen::Expr(e) = c { Some(e) } else { None }))
                .collect();
            if sets.is_none() {
                group_keys_of_tables(&mut keys, &read, &self.level().scope);
            } else if !correlations.is_empty() {
                let span = self.source.span_at(text.select_token.0.span);
                return self.unsupported("GROUPING SETS in a subquery that is correlated are", span, "");
            }
            (plan, counts) = self.aggregate_plan(plan, &keys, sets.as_deref(), &correlations)?;
            for (i, c) in correlations.iter_mut().enumerate() {
                c.inner = Expr::Column { index: keys.len() + i, ty: c.inner.ty(), nullable: c.inner.nullable() };
            }
            let first_call = keys.len() + correlations.len();
            let calls = self.level().aggregates.len();
            stage = Stage::grouped(keys, first_call, first_call + calls, sets.is_some());
        }
        let implicit = aggregated && !grouped;
        let single = implicit && having.is_empty();
        if implicit && !correlations.is_empty() && (purpose != Purpose::Exists || !having.is_empty()) {
            let there = Item { expr: Expr::literal(Scalar::Boolean(true), SqlType::Boolean), name: "exists".into() };
            let items = if purpose == Purpose::Exists { vec![there] } else { items };
            return self.deferred(items, having, plan, stage, correlations, counts);
        }
        let (more, having_residual) = self.filter(&mut plan, &stage, having, false)?;
        assert!(more.is_empty() && having_residual.is_empty(), "HAVING hands no correlation on");

        let mut read: Vec<Expr> = items.iter().map(|i| i.expr.clone()).collect();
        let hidden_at = read.len();
        let mut choose = |chosen: Chosen| match chosen {
            Chosen::Item(index) => index,
            Chosen::Expr(expr) => match read.iter().position(|r| *r == expr) {
                Some(index) => index,
                None => {
                    read.push(expr);
                    read.len() - 1
                }
            },
        };
        let order: Vec<(usize, &ast::OrderByExpr)> = order.into_iter().map(|(c, o)| (choose(c), o)).collect();
        let distinct_on: Option<Vec<usize>> = distinct_on.map(|on| on.into_iter().map(&mut choose).collect());
        if let Some(on) = &distinct_on {
            let covers = |at: usize| on.iter().all(|index| order[..at].iter().any(|(by, _)| by == index));
            if let Some((_, (_, by))) =
                order.iter().enumerate().find(|(at, (index, _))| !on.contains(index) && !covers(*at))
            {
                let span = self.span(&by.expr);
                let help = "order by what DISTINCT ON names first";
                return self.report_help("42P10", "DISTINCT ON and ORDER BY begin differently", span, help);
            }
        }
        if distinct && let Some((_, by)) = order.iter().find(|(index, _)| *index >= hidden_at) {
            let span = self.span(&by.expr);
            let help = "select it, too";
            return self.report_help("42P10", "SELECT DISTINCT can be ordered by selected columns alone", span, help);
        }
        if purpose == Purpose::Exists {
            // What the subquery selects makes no difference.
            read.clear();
        }
        // Subqueries and row numbers that the SELECT list reads.
        let also: Vec<Expr> = read.iter().chain(&residual).cloned().collect();
        let numbers = self.number_rows(&mut plan, &mut stage, &also, &mut correlations)?;
        let values = self.join_read(&mut plan, &stage, &read, numbers)?;
        let mut exprs = all(read.iter().map(|e| self.place(&stage, &values, e)))?;
        if exprs.iter().any(is_correlated) {
            let span = self.source.span_at(text.select_token.0.span);
            let help = "compare it with = in WHERE, or join the tables";
            return self.unsupported("selecting a column of the query around is", span, help);
        }
        let mut schema: Schema = exprs
            .iter()
            .enumerate()
            .map(|(i, e)| Field {
                name: items.get(i).map_or_else(|| format!("order{i}"), |i| i.name.clone()),
                ty: settled(e.ty()),
                nullable: e.nullable(),
            })
            .collect();
        let visible = if purpose == Purpose::Exists { 0 } else { hidden_at };
        let keys = self.add_keys(&stage, &mut exprs, &mut schema, correlations);
        // What is left of the correlation reads columns of FROM: carry them.
        let residual = all(residual.iter().map(|r| self.place(&stage, &values, r)))?;
        let residual: Vec<Expr> = residual
            .iter()
            .map(|r| {
                r.map_columns(&mut |index, ty, nullable| match Place::of(index) {
                    Place::Outer(_) => Expr::Column { index, ty, nullable },
                    _ => {
                        let column = Expr::Column { index, ty, nullable };
                        let at = exprs[visible..].iter().position(|e| *e == column).map(|i| visible + i);
                        let index = at.unwrap_or_else(|| {
                            exprs.push(column);
                            let name = self.name_of_column(&Expr::Column { index, ty, nullable }, index);
                            schema.push(Field { name, ty, nullable });
                            exprs.len() - 1
                        });
                        Expr::Column { index, ty, nullable }
                    }
                })
            })
            .collect();
        if !residual.is_empty()
            && (distinct || distinct_on.is_some())
            && !matches!(purpose, Purpose::Exists | Purpose::Set)
        {
            let span = self.source.span_at(text.select_token.0.span);
            return self.unsupported("DISTINCT of a subquery correlated by other than equality is", span, "");
        }
        let sort: Vec<SortKey> = if purpose == Purpose::Exists {
            Vec::new()
        } else {
            order.iter().map(|(i, by)| sort_key(column(&schema, *i), by)).collect()
        };
        self.grow(1, None)?;
        plan = Plan::Project { input: Box::new(plan), exprs, schema: schema.clone() };
        if let Some(on) = distinct_on.filter(|_| purpose != Purpose::Exists) {
            let partition =
                on.iter().copied().chain(keys.iter().map(|k| k.column)).map(|i| column(&schema, i)).collect();
            plan = Plan::TopK {
                input: Box::new(plan),
                partition,
                order: sort.clone(),
                offset: 0,
                limit: Some(1),
                number: None,
            };
        } else if distinct && matches!(purpose, Purpose::Rows | Purpose::Scalar) {
            plan = self.distinct(plan);
        }
        schema.truncate(visible);
        Ok(Rows { plan, schema, order: sort, offset: 0, limit: None, keys, residual, single, deferred: None })
    }

    /// A correlated subquery that aggregates without GROUP BY: it has a value even for a group without rows, so its SELECT list is
    /// computed after the join with the query around.
    fn deferred(
        &mut self,
        items: Vec<Item>,
        having: Vec<Conjunct>,
        mut plan: Plan,
        stage: Stage,
        correlations: Vec<Correlation>,
        counts: Vec<usize>,
    ) -> Bound<Rows> {
        let single = having.is_empty();
        let values =
            self.join_read(&mut plan, &stage, &items.iter().map(|i| i.expr.clone()).collect::<Vec<_>>(), Vec::new())?;
        let mut exprs = all(items.iter().map(|i| self.place(&stage, &values, &i.expr)))?;
        for condition in having {
            let Conjunct::Plain(condition, span) = condition else {
                return self.unsupported("a subquery in HAVING of a correlated subquery is", None, "");
            };
            let condition = self.place(&stage, &values, &condition)?;
            if mentions(&condition, |p| matches!(p, Place::Subquery(_))) {
                return self.unsupported("a subquery in HAVING of a correlated subquery is", span, "");
            }
            for expr in &mut exprs {
                let null = Expr::literal(Scalar::Null, expr.ty());
                *expr = Expr::Call {
                    function: deltaq_operators::functions::get("case"),
                    ty: expr.ty(),
                    args: vec![condition.clone(), expr.clone(), null],
                };
            }
        }
        let schema = items
            .iter()
            .zip(&exprs)
            .map(|(i, e)| Field { name: i.name.clone(), ty: settled(e.ty()), nullable: true })
            .collect();
        let keys = correlations
            .into_iter()
            .map(|c| match c.inner {
                Expr::Column { index, .. } => Key { column: index, outer: c.outer, nulls: c.nulls },
                other => panic!("{other} is no column of the aggregate"),
            })
            .collect();
        let deferred = Some(Deferred { values: exprs, counts });
        Ok(Rows {
            plan,
            schema,
            order: Vec::new(),
            offset: 0,
            limit: None,
            keys,
            residual: Vec::new(),
            single,
            deferred,
        })
    }

    /// Appends the inner sides of `correlations` to a projection.
    fn add_keys(
        &mut self,
        stage: &Stage,
        exprs: &mut Vec<Expr>,
        schema: &mut Schema,
        correlations: Vec<Correlation>,
    ) -> Vec<Key> {
        let key = |c: Correlation| {
            let at = exprs.iter().position(|e| *e == c.inner).unwrap_or_else(|| {
                let name = if stage.is_input() {
                    self.name_of_column(&c.inner, exprs.len())
                } else {
                    format!("key{}", exprs.len())
                };
                schema.push(Field { name, ty: c.inner.ty(), nullable: c.inner.nullable() });
                exprs.push(c.inner);
                exprs.len() - 1
            });
            Key { column: at, outer: c.outer, nulls: c.nulls }
        };
        correlations.into_iter().map(key).collect()
    }
}

/// Column `index` of a plan with this schema.
pub(super) fn column(schema: &Schema, index: usize) -> Expr {
    Expr::Column { index, ty: schema[index].ty, nullable: schema[index].nullable }
}

/// The type of a column: a bare NULL is TEXT.
pub(super) fn settled(ty: SqlType) -> SqlType {
    if ty == SqlType::Null { deltaq_operators::types::TEXT } else { ty }
}
