//! FROM: tables, views, derived tables, table functions, and their joins.

use deltaq_circuit::Span;
use deltaq_operators::functions;
use deltaq_operators::{Expr, Scalar};
use sqlparser::ast::{self, BinaryOperator, JoinConstraint, JoinOperator, TableFactor};

use super::expr::operands;
use super::place::{Place, mentions};
use super::query::{Purpose, Rows};
use super::scope::{Clause, Column, Level, Scope, Table, shift};
use super::semijoin::add_filter;
use super::subquery::conjunction;
use super::{Binder, Bound, TABLES_MAX, all, fold};
use crate::catalog::RelationKind;
use crate::plan::{Equality, JoinKind, Plan};

/// A part of FROM.
pub(super) type Source = (Plan, Scope);

/// A condition of a join.
#[derive(Default)]
struct On {
    equalities: Vec<Equality>,
    /// Over the left's columns, then the right's.
    residual: Vec<Expr>,
}

impl Binder<'_> {
    /// The plan of FROM and the columns in sight. Without FROM there is one row of no columns.
    pub fn from(&mut self, items: &[ast::TableWithJoins]) -> Bound<Source> {
        let mut whole: Option<Source> = None;
        let mut failed = None;
        for item in items {
            match self.joins(item, whole.as_ref()) {
                Ok(Lateral::Applied(source)) => whole = Some(source),
                Ok(Lateral::Correlated(rows, scope)) => {
                    let left = whole.unwrap_or_else(one_row);
                    whole = Some(self.join_lateral(left, rows, scope, JoinKind::Inner, Vec::new())?);
                }
                Ok(Lateral::Beside(source)) => {
                    whole = match whole {
                        None => Some(source),
                        Some(left) => {
                            let span = self.source.span_at(ast::Spanned::span(&item.relation));
                            Some(self.join(left, source, JoinKind::Inner, On::default(), span)?)
                        }
                    };
                }
                Err(reported) => failed = Some(reported),
            }
        }
        if let Some(reported) = failed {
            return Err(reported);
        }
        Ok(whole.unwrap_or_else(one_row))
    }

    fn joins(&mut self, item: &ast::TableWithJoins, before: Option<&Source>) -> Bound<Lateral> {
        let first = self.factor(&item.relation, before);
        if item.joins.is_empty() {
            return first;
        }
        // Mistakes of all tables are told before any condition is looked at.
        let mut whole = match first {
            Ok(Lateral::Beside(source)) => Ok(source),
            Ok(_) => {
                let span = self.span(&item.relation);
                self.unsupported("a join after what reads the tables before it is", span, "put it last, after a comma")
            }
            Err(reported) => Err(reported),
        };
        for join in &item.joins {
            let right = self.factor(&join.relation, whole.as_ref().ok());
            whole = match (whole, right) {
                (Ok(left), Ok(right)) => self.join_operator(left, right, &join.join_operator, &join.relation),
                (Err(reported), _) | (_, Err(reported)) => Err(reported),
            };
        }
        whole.map(Lateral::Beside)
    }

    fn join_operator(
        &mut self,
        left: Source,
        right: Lateral,
        operator: &JoinOperator,
        factor: &TableFactor,
    ) -> Bound<Source> {
        let span = self.span(factor);
        let (kind, constraint) = match operator {
            JoinOperator::Join(c) | JoinOperator::Inner(c) | JoinOperator::StraightJoin(c) => (JoinKind::Inner, c),
            JoinOperator::CrossJoin(c) => (JoinKind::Inner, c),
            JoinOperator::Left(c) | JoinOperator::LeftOuter(c) => (JoinKind::Left, c),
            JoinOperator::Right(c) | JoinOperator::RightOuter(c) => (JoinKind::Right, c),
            JoinOperator::FullOuter(c) => (JoinKind::Full, c),
            JoinOperator::Semi(c) | JoinOperator::LeftSemi(c) => (JoinKind::Semi, c),
            JoinOperator::Anti(c) | JoinOperator::LeftAnti(c) => (JoinKind::Anti, c),
            _ => return self.unsupported("this kind of join is", span, "INNER, LEFT, RIGHT, FULL and CROSS are"),
        };
        let right = match right {
            Lateral::Beside(right) => right,
            Lateral::Correlated(rows, of) => {
                let scope = left.1.clone().join(of.clone(), left.0.schema().len());
                let conditions = match constraint {
                    JoinConstraint::None => Vec::new(),
                    JoinConstraint::On(condition) => self.conditions(scope, condition).1?,
                    _ => return self.unsupported("USING with LATERAL is", span, "write ON"),
                };
                if !matches!(kind, JoinKind::Inner | JoinKind::Left) {
                    return self.unsupported("this kind of join with LATERAL is", span, "INNER, LEFT and CROSS are");
                }
                return self.join_lateral(left, rows, of, kind, conditions);
            }
            Lateral::Applied((plan, scope)) => {
                // The function's column stands beside the left's already; the condition is a filter.
                let JoinConstraint::On(condition) = constraint else {
                    return match constraint {
                        JoinConstraint::None if kind == JoinKind::Inner => Ok((plan, scope)),
                        _ => self.unsupported("this join with a table function is", span, "CROSS JOIN"),
                    };
                };
                if kind != JoinKind::Inner {
                    return self.unsupported(
                        "an outer join with a table function of the left's columns is",
                        span,
                        "CROSS JOIN",
                    );
                }
                let (_, conditions) = self.conditions(scope.clone(), condition);
                let mut plan = plan;
                add_filter(&mut plan, conditions?);
                return Ok((plan, scope));
            }
        };
        let width = left.0.schema().len();
        match constraint {
            JoinConstraint::None => self.join(left, right, kind, On::default(), span),
            JoinConstraint::On(condition) => {
                let scope = left.1.clone().join(right.1.clone(), width);
                let (_, conditions) = self.conditions(scope, condition);
                let on = split(conditions?, width);
                self.join(left, right, kind, on, span)
            }
            JoinConstraint::Using(names) => {
                let names = all(names.iter().map(|n| {
                    let span = self.span(n);
                    match n.0.as_slice() {
                        [ast::ObjectNamePart::Identifier(name)] => Ok((fold(name), span)),
                        _ => self.report("42601", "USING takes bare names", span),
                    }
                }))?;
                self.join_using(left, right, kind, names, span)
            }
            JoinConstraint::Natural => {
                let of = |scope: &Scope| -> Vec<String> {
                    scope.columns.iter().filter(|c| c.bare).map(|c| c.name.clone()).collect()
                };
                let rights = of(&right.1);
                let names = of(&left.1).into_iter().filter(|n| rights.contains(n)).map(|n| (n, span)).collect();
                self.join_using(left, right, kind, names, span)
            }
        }
    }

    /// The conditions of ON, over both sides; what is always true is left out.
    fn conditions(&mut self, scope: Scope, condition: &ast::Expr) -> (Level, Bound<Vec<Expr>>) {
        self.within(Level::new(scope, Clause::On), |b| {
            all(operands(condition, &BinaryOperator::And).into_iter().map(|e| {
                let bound = b.condition(e)?;
                if mentions(&bound, |p| !matches!(p, Place::Input(_))) {
                    let span = b.span(e);
                    let help = "move this condition to WHERE";
                    return b.unsupported("a column of the query around in ON is", span, help);
                }
                Ok(bound)
            }))
            .map(|conditions| conditions.into_iter().filter(|c| !is_true(c)).collect())
        })
    }

    fn join_using(
        &mut self,
        left: Source,
        right: Source,
        kind: JoinKind,
        names: Vec<(String, Option<Span>)>,
        span: Option<Span>,
    ) -> Bound<Source> {
        let width = left.0.schema().len();
        let mut on = On::default();
        let mut merged = Vec::new();
        for (name, at) in &names {
            let a = self.using_column(&left.1, name, "left", *at);
            let b = self.using_column(&right.1, name, "right", *at);
            let (a, b) = (a?, b?);
            let Some(common) = a.ty().common(b.ty()) else {
                let message = format!("USING ({name}) cannot match {} and {}", a.ty(), b.ty());
                return self.report("42804", message, *at);
            };
            let (l, r) = (self.coerce(a.clone(), common, *at)?, self.coerce(b.clone(), common, *at)?);
            on.equalities.push(Equality::of(l.clone(), r.clone(), false));
            let r = shift(&r, width);
            merged.push(match kind {
                JoinKind::Right => r,
                JoinKind::Full => {
                    let args = vec![super::scope::nullable(&l), super::scope::nullable(&r)];
                    Expr::Call { function: functions::get("coalesce"), args, ty: common }
                }
                _ => l,
            });
        }
        let (plan, mut scope) = self.join(left, right, kind, on, span)?;
        for column in &mut scope.columns {
            if names.iter().any(|(n, _)| *n == column.name) {
                column.bare = false;
            }
        }
        let merged =
            names.into_iter().zip(merged).map(|((name, _), expr)| Column { table: None, name, expr, bare: true });
        scope.columns.splice(0..0, merged);
        Ok((plan, scope))
    }

    fn using_column(&mut self, scope: &Scope, name: &str, side: &str, span: Option<Span>) -> Bound<Expr> {
        let mut found = scope.columns.iter().filter(|c| c.bare && c.name == name);
        match (found.next(), found.next()) {
            (Some(column), None) => Ok(column.expr.clone()),
            (None, _) => self.report("42703", format!("the {side} side of the join has no column \"{name}\""), span),
            _ => self.report("42702", format!("\"{name}\" is ambiguous on the {side} side of the join"), span),
        }
    }

    fn join(&mut self, left: Source, right: Source, kind: JoinKind, on: On, span: Option<Span>) -> Bound<Source> {
        self.count_join(span)?;
        if left.1.tables.len() + right.1.tables.len() > TABLES_MAX {
            return self.too_complex(span);
        }
        let width = left.0.schema().len();
        let (columns, tables) = (left.1.columns.len(), left.1.tables.len());
        let mut scope = match kind {
            JoinKind::Semi | JoinKind::Anti => left.1,
            _ => left.1.join(right.1, width),
        };
        let total = scope.columns.len();
        if matches!(kind, JoinKind::Left | JoinKind::Full) {
            scope.nullable(columns, total);
        }
        if matches!(kind, JoinKind::Right | JoinKind::Full) {
            scope.nullable(0, columns);
        }
        for (i, table) in scope.tables.iter().enumerate().skip(tables) {
            if !table.name.is_empty() && scope.tables[..i].iter().any(|t| t.name == table.name) {
                let message = format!("\"{}\" stands in FROM twice", table.name);
                return self.report_help("42712", message, span, "give one of them an alias: AS …");
            }
        }
        let residual = conjunction(on.residual);
        let plan = Plan::Join { left: Box::new(left.0), right: Box::new(right.0), kind, on: on.equalities, residual };
        Ok((plan, scope))
    }

    /// One table of FROM. `before` is what stands to its left, which table functions see.
    fn factor(&mut self, factor: &TableFactor, before: Option<&Source>) -> Bound<Lateral> {
        let span = self.span(factor);
        self.deeper(|_| span, |b| b.factor_here(factor, before, span))
    }

    fn factor_here(&mut self, factor: &TableFactor, before: Option<&Source>, span: Option<Span>) -> Bound<Lateral> {
        match factor {
            TableFactor::Table { name, alias, args, version, sample, with_ordinality, .. } => {
                if version.is_some() || sample.is_some() {
                    return self.unsupported("this clause of a table is", span, "");
                }
                match args {
                    Some(args) => self.table_function(name, &args.args, *with_ordinality, alias.as_ref(), before, span),
                    None => self.named(name, alias.as_ref()).map(Lateral::Beside),
                }
            }
            TableFactor::Function { name, args, with_ordinality, alias, .. } => {
                self.table_function(name, args, *with_ordinality, alias.as_ref(), before, span)
            }
            TableFactor::Derived { lateral, subquery, alias, .. } => {
                let rows = match before.filter(|_| *lateral) {
                    Some((_, scope)) => {
                        let level = Level::new(scope.clone(), Clause::Select);
                        self.within(level, |b| b.query(subquery, Purpose::Rows)).1?
                    }
                    None => self.free_query(subquery)?,
                };
                if !rows.keys.is_empty() || !rows.residual.is_empty() {
                    let mut schema = rows.schema.clone();
                    if let Some(alias) = alias {
                        schema = self.rename(one_row().0, schema, alias)?.1;
                    }
                    let name = alias.as_ref().map(|a| fold(&a.name)).unwrap_or_default();
                    return Ok(Lateral::Correlated(rows, Scope::of(&name, &schema, 0, &[])));
                }
                let (mut plan, mut schema) = rows.visible();
                if let Some(alias) = alias {
                    (plan, schema) = self.rename(plan, schema, alias)?;
                }
                let name = alias.as_ref().map(|a| fold(&a.name)).unwrap_or_default();
                Ok(Lateral::Beside((plan, Scope::of(&name, &schema, 0, &[]))))
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                let nested = match self.joins(table_with_joins, None)? {
                    Lateral::Beside(source) | Lateral::Applied(source) => source,
                    Lateral::Correlated(..) => panic!("LATERAL of nothing before it"),
                };
                let Some(alias) = alias else { return Ok(Lateral::Beside(nested)) };
                let (plan, scope) = nested;
                let columns = scope.columns.into_iter().filter(|c| c.bare);
                let table = Table { name: fold(&alias.name), key: Vec::new() };
                let mut columns: Vec<Column> = columns.map(|c| Column { table: Some(0), ..c }).collect();
                for (column, name) in columns.iter_mut().zip(&alias.columns) {
                    column.name = fold(&name.name);
                }
                Ok(Lateral::Beside((plan, Scope { columns, tables: vec![table] })))
            }
            TableFactor::UNNEST { .. } => self.unsupported("UNNEST is", span, "arrays are not supported"),
            _ => self.unsupported("this form of table is", span, ""),
        }
    }

    /// A WITH query, table or view.
    fn named(&mut self, name: &ast::ObjectName, alias: Option<&ast::TableAlias>) -> Bound<Source> {
        let span = self.span(name);
        let relation = self.relation_name(name)?;
        let shown = alias.map_or_else(|| relation.clone(), |a| fold(&a.name));
        let (mut plan, mut schema, key) =
            if let Some(with) = self.withs.iter().rev().find(|w| w.name == relation && name.0.len() == 1) {
                let Some((plan, schema)) = with.query.clone() else { return Err(super::Reported) };
                self.grow(size(&plan), span)?;
                (plan, schema, Vec::new())
            } else {
                let found = self.relation(&relation, span)?;
                self.grow(1, span)?;
                let key = match found.kind {
                    RelationKind::Table { primary_key, .. } => primary_key,
                    RelationKind::View(_) => Vec::new(),
                };
                let schema = found.schema.clone();
                (Plan::Scan { relation, schema: found.schema, span }, schema, key)
            };
        if let Some(alias) = alias {
            (plan, schema) = self.rename(plan, schema, alias)?;
        }
        Ok((plan, Scope::of(&shown, &schema, 0, &key)))
    }
}

fn is_true(condition: &Expr) -> bool {
    matches!(condition, Expr::Literal { value: Scalar::Boolean(true), .. })
}

/// A table of FROM.
pub(super) enum Lateral {
    /// To be joined to what stands to its left.
    Beside(Source),
    /// It reads what stands to its left, and includes it.
    Applied(Source),
    /// A subquery that reads what stands to its left, and the columns it puts in sight.
    Correlated(Rows, Scope),
}

/// No FROM.
pub(super) fn one_row() -> Source {
    (Plan::Values { rows: vec![Vec::new()], schema: Vec::new() }, Scope::default())
}

/// Conditions over both sides into equalities between them, and the rest.
fn split(conditions: Vec<Expr>, width: usize) -> On {
    let mut on = On::default();
    for condition in conditions {
        match equality(&condition, width) {
            Some(equality) => on.equalities.push(equality),
            None => on.residual.push(condition),
        }
    }
    on
}

/// The equality between the left and right of a join that `condition` is, if so.
pub(crate) fn equality(condition: &Expr, width: usize) -> Option<Equality> {
    let Expr::Call { function, args, .. } = condition else { return None };
    let nulls = match function.name {
        "eq" => false,
        "not_distinct_from" => true,
        _ => return None,
    };
    let [a, b] = args.as_slice() else { return None };
    let (of_a, of_b) = (side(a, width)?, side(b, width)?);
    let unshift =
        |e: &Expr| e.map_columns(&mut |index, ty, nullable| Expr::Column { index: index - width, ty, nullable });
    match (of_a, of_b) {
        (false, true) => Some(Equality::of(a.clone(), unshift(b), nulls)),
        (true, false) => Some(Equality::of(b.clone(), unshift(a), nulls)),
        _ => None,
    }
}

/// Whether `expr` reads the right side alone, or the left alone; None: both or none.
pub(crate) fn side(expr: &Expr, width: usize) -> Option<bool> {
    let (mut left, mut right) = (false, false);
    expr.columns(&mut |index| if index < width { left = true } else { right = true });
    (left != right).then_some(right)
}

/// How many operators a plan has.
pub(crate) fn size(plan: &Plan) -> usize {
    1 + plan.inputs().into_iter().map(size).sum::<usize>()
}
