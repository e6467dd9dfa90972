//! Subqueries become joins.
//!
//! A condition of its own in WHERE or HAVING becomes a semi or anti join, which keeps the rows of the query around that have a partner
//! in the subquery, or have none. Elsewhere a subquery is a value: it is joined to the left of the query around, and appends the
//! column to read. Either join is on the equalities that correlate the two.
//!
//! ```text
//! WHERE EXISTS (SELECT … FROM t WHERE t.k = o.k)       o ⋉ t   on o.k = t.k
//! SELECT (SELECT SUM(x) FROM t WHERE t.k = o.k)        o ⟕ (t grouped by k: sum(x))   on o.k = t.k
//! ```

use deltaq_circuit::Span;
use deltaq_operators::functions;
use deltaq_operators::{Expr, Scalar, SqlType};
use sqlparser::ast::{self, BinaryOperator, UnaryOperator};

use super::coerce::{arg, cast};
use super::compare::comparison;
use super::expr::{bare, operands};
use super::group::reads_subquery;
use super::place::{Place, is_correlated};
use super::query::{Purpose, Rows};
use super::scope::Clause;
use super::select::column;
use super::{Binder, Bound, all};

/// A subquery that is bound and not yet joined.
#[derive(Debug)]
pub(super) enum Pending {
    /// Its one value.
    Scalar { rows: Rows, span: Option<Span> },
    /// Whether it has a row.
    Exists { rows: Rows, span: Option<Span> },
    /// Whether `left` is among its rows.
    In { matching: Matching, rows: Rows, span: Option<Span> },
    /// How `left` compares with any or all of its rows.
    Quantified { left: Expr, op: &'static str, all: bool, rows: Rows, span: Option<Span> },
}

/// What of the query around must equal what of the subquery's columns.
#[derive(Debug)]
pub(super) struct Matching {
    pub left: Vec<Expr>,
    pub right: Vec<Expr>,
}

/// One of the conditions that AND joins.
pub(super) enum Conjunct {
    Plain(Expr, Option<Span>),
    Exists { rows: Rows, negated: bool },
    In { matching: Matching, rows: Rows, negated: bool },
}

impl Binder<'_> {
    fn subquery(&mut self, query: &ast::Query, purpose: Purpose) -> Bound<Rows> {
        let span = self.span(query);
        match self.level().clause {
            Clause::On => {
                return self.unsupported("a subquery in ON is", span, "move it to WHERE, or join a derived table");
            }
            Clause::Constant | Clause::Conflict | Clause::From => {
                let what = format!("a subquery in {} is", self.level().clause.name());
                return self.unsupported(&what, span, "compute it in a statement of its own");
            }
            _ => {}
        }
        self.query(query, purpose)
    }

    fn pend(&mut self, pending: Pending, ty: SqlType, nullable: bool) -> Expr {
        let subqueries = &mut self.level().subqueries;
        subqueries.push(Some(pending));
        Expr::Column { index: Place::Subquery(subqueries.len() - 1).index(), ty, nullable }
    }

    /// `EXISTS (…)` as a value.
    pub fn exists(&mut self, query: &ast::Query) -> Bound<Expr> {
        let span = self.span(query);
        let rows = self.subquery(query, Purpose::Exists)?;
        if rows.single {
            return Ok(Expr::literal(Scalar::Boolean(true), SqlType::Boolean));
        }
        if rows.deferred.is_some() {
            // TRUE where HAVING is true, else NULL.
            let value = self.pend(Pending::Scalar { rows, span }, SqlType::Boolean, true);
            return Ok(call("is_true", vec![value], SqlType::Boolean));
        }
        Ok(self.pend(Pending::Exists { rows, span }, SqlType::Boolean, false))
    }

    /// `(SELECT …)` as a value.
    pub fn scalar_subquery(&mut self, query: &ast::Query) -> Bound<Expr> {
        let span = self.span(query);
        let rows = self.subquery(query, Purpose::Scalar)?;
        self.one_column(&rows, span)?;
        let ty = rows.schema[0].ty;
        Ok(self.pend(Pending::Scalar { rows, span }, ty, true))
    }

    fn one_column(&mut self, rows: &Rows, span: Option<Span>) -> Bound<()> {
        match rows.schema.len() {
            1 => Ok(()),
            n => self.report("42601", format!("this subquery must yield {}, not {n}", columns(1)), span),
        }
    }

    /// `x IN (SELECT …)` as a value.
    pub fn in_subquery(&mut self, x: &ast::Expr, query: &ast::Query) -> Bound<Expr> {
        let span = self.span(query);
        let (matching, rows) = self.membership(x, query)?;
        if rows.single {
            return self.equals_value(matching, rows, span);
        }
        Ok(self.pend(Pending::In { matching, rows, span }, SqlType::Boolean, true))
    }

    /// `x IN (SELECT MAX(y) …)`: the one row is there always.
    fn equals_value(&mut self, matching: Matching, rows: Rows, span: Option<Span>) -> Bound<Expr> {
        let [left] = &matching.left[..] else {
            return self.unsupported("a row IN an aggregate is", span, "compare the columns one by one");
        };
        let (ty, to) = (rows.schema[0].ty, matching.right[0].ty());
        let left = left.clone();
        let value = self.pend(Pending::Scalar { rows, span }, ty, true);
        Ok(Expr::Call { function: functions::get("eq"), args: vec![left, cast(value, to)], ty: SqlType::Boolean })
    }

    /// Refuses a correlated aggregate that HAVING may take away: what is left of it is computed after the join.
    fn no_having(&mut self, rows: &Rows, query: &ast::Query) -> Bound<()> {
        if rows.deferred.is_some() && !rows.single {
            let span = self.span(query);
            return self.unsupported(
                "HAVING in this subquery is",
                span,
                "compare with the aggregate in EXISTS, or add GROUP BY",
            );
        }
        Ok(())
    }

    fn membership(&mut self, x: &ast::Expr, query: &ast::Query) -> Bound<(Matching, Rows)> {
        let lefts: Vec<&ast::Expr> = match bare(x) {
            ast::Expr::Tuple(parts) => parts.iter().collect(),
            _ => super::rows::parts(x).unwrap_or_else(|| vec![x]),
        };
        let left = all(lefts.iter().map(|l| self.expr(l)));
        let rows = self.subquery(query, Purpose::Set);
        let (left, rows) = (left?, rows?);
        self.no_having(&rows, query)?;
        if left.len() != rows.schema.len() {
            let span = self.span(query);
            let message = format!("this subquery must yield {}, not {}", columns(left.len()), rows.schema.len());
            return self.report("42601", message, span);
        }
        let tests =
            all(left.into_iter().zip(&lefts).enumerate().map(|(i, (value, from))| {
                self.apply("eq", vec![(value, from), (column(&rows.schema, i), from)], from)
            }))?;
        let mut matching = Matching { left: Vec::new(), right: Vec::new() };
        for test in tests {
            let Expr::Call { args, .. } = test else { panic!("an equality is a call") };
            let [l, r] = <[Expr; 2]>::try_from(args).unwrap_or_else(|args| panic!("an equality of {}", args.len()));
            matching.left.push(l);
            matching.right.push(r);
        }
        Ok((matching, rows))
    }

    /// `x < ANY (SELECT …)`, `x >= ALL (SELECT …)`; `x = ANY (ARRAY[…])`.
    pub fn quantified(
        &mut self,
        x: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
        all: bool,
        e: &ast::Expr,
    ) -> Bound<Expr> {
        if let ast::Expr::Array(list) = bare(right) {
            return self.quantified_list(x, op, &list.elem, all, e);
        }
        let ast::Expr::Subquery(query) = bare(right) else {
            let span = self.span(e);
            return self.unsupported("ANY and ALL of anything but a subquery are", span, "write x IN (…)");
        };
        match (op, all) {
            (BinaryOperator::Eq, false) => return self.in_subquery(x, query),
            (BinaryOperator::NotEq, true) => {
                let found = self.in_subquery(x, query)?;
                return self.negate_if(true, found, e);
            }
            _ => {}
        }
        let Some(op) = comparison(op).filter(|op| !matches!(*op, "eq" | "ne")) else {
            let span = self.span(e);
            return self.unsupported("this operator before ANY or ALL is", span, "=, <> ALL, <, <=, > and >= are");
        };
        let span = self.span(&**query);
        let (left, rows) = (self.expr(x), self.subquery(query, Purpose::Set));
        let (left, rows) = (left?, rows?);
        self.one_column(&rows, span)?;
        self.no_having(&rows, query)?;
        let test = self.apply(op, vec![(left, x), (column(&rows.schema, 0), x)], e)?;
        let Expr::Call { args, .. } = test else { panic!("a comparison is a call") };
        let [left, right] = <[Expr; 2]>::try_from(args).unwrap_or_else(|args| panic!("a comparison of {}", args.len()));
        if rows.single {
            let ty = rows.schema[0].ty;
            let value = self.pend(Pending::Scalar { rows, span }, ty, true);
            let args = vec![left, cast(value, right.ty())];
            return Ok(Expr::Call { function: functions::get(op), args, ty: SqlType::Boolean });
        }
        Ok(self.pend(Pending::Quantified { left, op, all, rows, span }, SqlType::Boolean, true))
    }

    /// `x = ANY (ARRAY[a, b])`: a comparison with each.
    fn quantified_list(
        &mut self,
        x: &ast::Expr,
        op: &BinaryOperator,
        list: &[ast::Expr],
        every: bool,
        e: &ast::Expr,
    ) -> Bound<Expr> {
        match (op, every) {
            _ if list.is_empty() => return Ok(Expr::literal(Scalar::Boolean(every), SqlType::Boolean)),
            (BinaryOperator::Eq, false) => return self.in_list(x, list, false, e),
            (BinaryOperator::NotEq, true) => return self.in_list(x, list, true, e),
            _ => {}
        }
        let Some(name) = comparison(op) else {
            let span = self.span(e);
            return self.unsupported("this operator before ANY or ALL is", span, "=, <>, <, <=, > and >= are");
        };
        self.with_each(name, x, list, if every { "and" } else { "or" }, e)
    }

    /// The conditions that AND joins in `e`.
    pub fn conjuncts(&mut self, e: Option<&ast::Expr>) -> Bound<Vec<Conjunct>> {
        let Some(e) = e else { return Ok(Vec::new()) };
        all(operands(e, &BinaryOperator::And).into_iter().map(|x| self.conjunct(x)))
    }

    fn conjunct(&mut self, x: &ast::Expr) -> Bound<Conjunct> {
        let mut inner = bare(x);
        let mut negated = false;
        while let ast::Expr::UnaryOp { op: UnaryOperator::Not, expr } = inner {
            inner = bare(expr);
            negated = !negated;
        }
        match inner {
            ast::Expr::Exists { subquery, negated: not } => {
                let rows = self.subquery(subquery, Purpose::Exists)?;
                if rows.single {
                    let value = Scalar::Boolean(negated == *not);
                    return Ok(Conjunct::Plain(Expr::literal(value, SqlType::Boolean), None));
                }
                if rows.deferred.is_some() {
                    let span = self.span(&**subquery);
                    let value = self.pend(Pending::Scalar { rows, span }, SqlType::Boolean, true);
                    let test = if negated == *not { "is_true" } else { "is_not_true" };
                    return Ok(Conjunct::Plain(call(test, vec![value], SqlType::Boolean), span));
                }
                Ok(Conjunct::Exists { rows, negated: negated != *not })
            }
            ast::Expr::InSubquery { expr, subquery, negated: not } => {
                self.in_conjunct(expr, subquery, negated != *not, x)
            }
            ast::Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => match bare(right) {
                ast::Expr::Subquery(query) => self.in_conjunct(left, query, negated, x),
                _ => self.plain(x),
            },
            ast::Expr::AllOp { left, compare_op: BinaryOperator::NotEq, right } => match bare(right) {
                ast::Expr::Subquery(query) => self.in_conjunct(left, query, !negated, x),
                _ => self.plain(x),
            },
            _ => self.plain(x),
        }
    }

    fn plain(&mut self, x: &ast::Expr) -> Bound<Conjunct> {
        let condition = self.condition(x)?;
        let span = if is_correlated(&condition) || reads_subquery(&condition) { self.span(x) } else { None };
        Ok(Conjunct::Plain(condition, span))
    }

    fn in_conjunct(&mut self, left: &ast::Expr, query: &ast::Query, negated: bool, x: &ast::Expr) -> Bound<Conjunct> {
        let (matching, rows) = self.membership(left, query)?;
        if rows.single {
            let span = self.span(x);
            let equal = self.equals_value(matching, rows, span)?;
            let condition = self.negate_if(negated, equal, x)?;
            return Ok(Conjunct::Plain(condition, span));
        }
        Ok(Conjunct::In { matching, rows, negated })
    }
}

fn columns(count: usize) -> String {
    if count == 1 { "one column".into() } else { format!("{count} columns") }
}

/// A call whose arguments are of the right types.
pub(crate) fn call(name: &str, args: Vec<Expr>, ty: SqlType) -> Expr {
    debug_assert!(
        (functions::get(name).resolve)(&args.iter().map(arg).collect::<Vec<_>>()).is_ok(),
        "{name} of {args:?}"
    );
    Expr::Call { function: functions::get(name), args, ty }
}

/// All of `conditions`.
pub(crate) fn conjunction(mut conditions: Vec<Expr>) -> Option<Expr> {
    match conditions.len() {
        0 => None,
        1 => conditions.pop(),
        _ => Some(call("and", conditions, SqlType::Boolean)),
    }
}
