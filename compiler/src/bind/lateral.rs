//! What stands in FROM and reads the tables before it: table functions, LATERAL.

use deltaq_circuit::Span;
use deltaq_operators::{Expr, Field, SqlType};
use sqlparser::ast::{self, FunctionArg, FunctionArgExpr};

use super::coerce::is_untyped;
use super::from::{Lateral, Source, one_row};
use super::group::Stage;
use super::place::{Place, mentions};
use super::query::{Key, Rows};
use super::scope::{Clause, Level, Scope};
use super::select::column;
use super::semijoin::add_filter;
use super::subquery::conjunction;
use super::{Binder, Bound, all, fold};
use crate::plan::{Equality, JoinKind, Plan};

impl Binder<'_> {
    /// `generate_series(from, to[, step])`, of constants or of the columns to its left.
    pub fn table_function(
        &mut self,
        name: &ast::ObjectName,
        args: &[FunctionArg],
        ordinality: bool,
        alias: Option<&ast::TableAlias>,
        before: Option<&Source>,
        span: Option<Span>,
    ) -> Bound<Lateral> {
        let at = self.span(name);
        let function = self.relation_name(name)?;
        if function != "generate_series" {
            let message = format!("there is no table function \"{function}\"");
            let help = match function.starts_with("read_") {
                true => "CREATE TABLE name FROM 'file' reads a file",
                false => "generate_series(from, to, step) is one",
            };
            return self.report_help("42883", message, at, help);
        }
        if ordinality {
            return self.unsupported("WITH ORDINALITY is", span, "the values of generate_series are numbers already");
        }
        let scope = before.map(|b| b.1.clone()).unwrap_or_default();
        let (_, bound) = self.within(Level::new(scope, Clause::From), |b| {
            all(args.iter().map(|a| match a {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => {
                    let bound = b.expr(e)?;
                    if mentions(&bound, |p| !matches!(p, Place::Input(_))) {
                        let span = b.span(e);
                        return b.unsupported("a column of the query around in FROM is", span, "");
                    }
                    Ok((bound, b.span(e)))
                }
                _ => b.report("42601", "generate_series takes values in order", span),
            }))
        });
        let bound = bound?;
        if !(2..=3).contains(&bound.len()) {
            return self.report("42883", "generate_series takes two or three arguments", span);
        }
        let args = all(bound.into_iter().map(|(e, span)| {
            if e.ty().is_integer() || is_untyped(&e) {
                return self.coerce(e, SqlType::BigInt, span);
            }
            self.unsupported(
                &format!("generate_series of {} is", e.ty()),
                span,
                "make a series of integers, and compute from them",
            )
        }))?;
        let column_name = match alias {
            Some(alias) => fold(alias.columns.first().map_or(&alias.name, |c| &c.name)),
            None => function.clone(),
        };
        let table = alias.map_or_else(|| function.clone(), |a| fold(&a.name));
        let column = Field { name: column_name, ty: SqlType::BigInt, nullable: false };
        let lateral = args.iter().any(|a| mentions(a, |_| true));
        let (input, scope) = if lateral { before.cloned().unwrap_or_else(one_row) } else { one_row() };
        let width = input.schema().len();
        self.grow(1, span)?;
        let scope = scope.join(Scope::of(&table, &vec![column.clone()], 0, &[]), width);
        let plan = Plan::FlatMap { input: Box::new(input), function, args, column };
        Ok(if lateral { Lateral::Applied((plan, scope)) } else { Lateral::Beside((plan, scope)) })
    }

    /// `left` and, for each of its rows, those of a subquery that reads it.
    pub fn join_lateral(
        &mut self,
        left: Source,
        mut rows: Rows,
        mut scope: Scope,
        kind: JoinKind,
        conditions: Vec<Expr>,
    ) -> Bound<Source> {
        let (mut plan, of_left) = left;
        let width = plan.schema().len();
        let columns = of_left.columns.len();
        let stage = Stage::input();
        let mut residual = all(rows.residual.iter().map(|r| self.across(&stage, r, width)))?;
        let keys = rows.keys.clone();
        let (deferred, single) = (rows.deferred.take(), rows.single);
        let right = rows.into_plan();
        let schema = right.schema();
        let equality = |k: &Key| Equality::of(k.outer.clone(), column(&schema, k.column), k.nulls);
        let on = keys.iter().map(equality).collect();
        if let Some(deferred) = deferred {
            if !single {
                return self.unsupported("HAVING in this LATERAL subquery is", None, "add GROUP BY, or filter outside");
            }
            // An aggregate has a row even where there is nothing to aggregate.
            if kind == JoinKind::Left && !conditions.is_empty() {
                return self.unsupported(
                    "LEFT JOIN LATERAL of an aggregate on a condition is",
                    None,
                    "CROSS JOIN LATERAL",
                );
            }
            for (column, value) in scope.columns.iter_mut().zip(deferred.over(width)) {
                column.expr = value;
            }
            self.join_with(&mut plan, right, JoinKind::Left, on, None)?;
            add_filter(&mut plan, conditions);
            return Ok((plan, of_left.join(scope, 0)));
        }
        residual.extend(conditions);
        self.join_with(&mut plan, right, kind, on, conjunction(residual))?;
        let mut scope = of_left.join(scope, width);
        if kind == JoinKind::Left {
            let total = scope.columns.len();
            scope.nullable(columns, total);
        }
        Ok((plan, scope))
    }
}
