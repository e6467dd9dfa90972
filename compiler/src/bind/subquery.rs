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
use deltaq_operators::aggregate::{self, Call};
use deltaq_operators::functions;
use deltaq_operators::types::Schema;
use deltaq_operators::{Expr, Field, Scalar, SqlType};
use sqlparser::ast::{self, BinaryOperator, UnaryOperator};

use super::coerce::{arg, cast};
use super::expr::{bare, operands};
use super::group::{Stage, Values, reads_subquery};
use super::place::{Place, inward, is_correlated, mentions};
use super::query::{Purpose, Rows};
use super::scope::Clause;
use super::select::{Correlation, column};
use super::{Binder, Bound, all};
use crate::facts::Facts;
use crate::plan::{Equality, JoinKind, Plan, SortKey};

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
    left: Vec<Expr>,
    right: Vec<Expr>,
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
        let ty = rows.schema[0].ty;
        let left = left.clone();
        let value = self.pend(Pending::Scalar { rows, span }, ty, true);
        let value = cast(value, left.ty());
        Ok(Expr::Call { function: functions::get("eq"), args: vec![left, value], ty: SqlType::Boolean })
    }

    fn membership(&mut self, x: &ast::Expr, query: &ast::Query) -> Bound<(Matching, Rows)> {
        let lefts: Vec<&ast::Expr> = match bare(x) {
            ast::Expr::Tuple(parts) => parts.iter().collect(),
            _ => vec![x],
        };
        let left = all(lefts.iter().map(|l| self.expr(l)));
        let rows = self.subquery(query, Purpose::Set);
        let (left, rows) = (left?, rows?);
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
        let ast::Expr::Subquery(query) = bare(right) else {
            let span = self.span(e);
            return self.unsupported("ANY and ALL of anything but a subquery are", span, "write x IN (…)");
        };
        let op = match (op, all) {
            (BinaryOperator::Eq, false) => return self.in_subquery(x, query),
            (BinaryOperator::NotEq, true) => {
                let found = self.in_subquery(x, query)?;
                return self.negate_if(true, found, e);
            }
            (BinaryOperator::Lt, _) => "lt",
            (BinaryOperator::LtEq, _) => "le",
            (BinaryOperator::Gt, _) => "gt",
            (BinaryOperator::GtEq, _) => "ge",
            _ => {
                let span = self.span(e);
                return self.unsupported("this operator before ANY or ALL is", span, "=, <> ALL, <, <=, > and >= are");
            }
        };
        let span = self.span(&**query);
        let (left, rows) = (self.expr(x), self.subquery(query, Purpose::Set));
        let (left, rows) = (left?, rows?);
        self.one_column(&rows, span)?;
        let test = self.apply(op, vec![(left, x), (column(&rows.schema, 0), x)], e)?;
        let Expr::Call { args, .. } = test else { panic!("a comparison is a call") };
        let left = args.into_iter().next().unwrap_or_else(|| panic!("a comparison of two"));
        if rows.single {
            let ty = rows.schema[0].ty;
            let value = self.pend(Pending::Scalar { rows, span }, ty, true);
            let value = cast(value, left.ty());
            return Ok(Expr::Call { function: functions::get(op), args: vec![left, value], ty: SqlType::Boolean });
        }
        Ok(self.pend(Pending::Quantified { left, op, all, rows, span }, SqlType::Boolean, true))
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

    /// Puts `conjuncts` on top of `plan`. Where `correlate`, the conditions on the query around are handed back: as equalities, and the rest.
    pub fn filter(
        &mut self,
        plan: &mut Plan,
        stage: &Stage,
        conjuncts: Vec<Conjunct>,
        correlate: bool,
    ) -> Bound<(Vec<Correlation>, Vec<Expr>)> {
        let (mut first, mut last, mut joins) = (Vec::new(), Vec::new(), Vec::new());
        let (mut equalities, mut residual) = (Vec::new(), Vec::new());
        for conjunct in conjuncts {
            match conjunct {
                Conjunct::Plain(condition, span) if is_correlated(&condition) => {
                    if !correlate || reads_subquery(&condition) {
                        let help = "compare columns of the query around with = in WHERE";
                        return self.unsupported("this condition on the query around is", span, help);
                    }
                    match correlation(&condition) {
                        Some(correlation) => equalities.push(correlation),
                        None => residual.push(condition),
                    }
                }
                Conjunct::Plain(condition, _) if reads_subquery(&condition) => last.push(condition),
                Conjunct::Plain(condition, _) => first.push(self.place(stage, &Values::default(), &condition)?),
                join => joins.push(join),
            }
        }
        add_filter(plan, first);
        for join in joins {
            match join {
                Conjunct::Exists { rows, negated } => {
                    self.semi(plan, stage, &Matching { left: Vec::new(), right: Vec::new() }, rows, negated)?;
                }
                Conjunct::In { matching, rows, negated: false } => self.semi(plan, stage, &matching, rows, false)?,
                Conjunct::In { matching, rows, negated: true } => self.not_in(plan, stage, matching, rows)?,
                Conjunct::Plain(..) => panic!("plain conditions were taken out"),
            }
        }
        if !last.is_empty() {
            let width = plan.schema();
            let values = self.join_read(plan, stage, &last, Vec::new())?;
            let conditions = all(last.iter().map(|c| self.place(stage, &values, c)))?;
            add_filter(plan, conditions);
            // What the subqueries appended is not read again.
            let exprs = (0..width.len()).map(|i| column(&width, i)).collect();
            let input = Box::new(std::mem::replace(plan, Plan::Values { rows: Vec::new(), schema: Vec::new() }));
            *plan = Plan::Project { input, exprs, schema: width };
        }
        Ok((equalities, residual))
    }

    /// Keeps the rows of `plan` that have a partner among `rows`, or, `negated`, have none.
    fn semi(&mut self, plan: &mut Plan, stage: &Stage, matching: &Matching, rows: Rows, negated: bool) -> Bound<()> {
        let residual = rows.residual.clone();
        let keys: Vec<_> = rows.keys.iter().map(|k| (k.outer.clone(), k.column, k.nulls)).collect();
        let left_read: Vec<Expr> = matching.left.iter().chain(keys.iter().map(|k| &k.0)).cloned().collect();
        let width_before = plan.schema();
        let values = self.join_read(plan, stage, &left_read, Vec::new())?;
        let width = plan.schema().len();
        let right = rows.into_plan();
        let right_schema = right.schema();
        let mut on = Vec::new();
        for (l, r) in matching.left.iter().zip(&matching.right) {
            on.push(Equality { left: self.place(stage, &values, l)?, right: r.clone(), nulls: false });
        }
        for (outer, index, nulls) in keys {
            on.push(Equality { left: self.place(stage, &values, &outer)?, right: column(&right_schema, index), nulls });
        }
        let residual = all(residual.iter().map(|r| self.across(stage, r, width)))?;
        let kind = if negated { JoinKind::Anti } else { JoinKind::Semi };
        self.join_with(plan, right, kind, on, conjunction(residual))?;
        if width > width_before.len() {
            let exprs = (0..width_before.len()).map(|i| column(&width_before, i)).collect();
            let input = Box::new(std::mem::replace(plan, Plan::Values { rows: Vec::new(), schema: Vec::new() }));
            *plan = Plan::Project { input, exprs, schema: width_before };
        }
        Ok(())
    }

    /// A condition over the subquery's columns and the query around, over the two side by side.
    pub fn across(&mut self, stage: &Stage, condition: &Expr, width: usize) -> Bound<Expr> {
        let mut failed = None;
        let result = condition.map_columns(&mut |index, ty, nullable| match Place::of(index) {
            Place::Outer(index) => match self.place(stage, &Values::default(), &Expr::Column { index, ty, nullable }) {
                Ok(expr) => expr,
                Err(reported) => {
                    failed = Some(reported);
                    Expr::Column { index, ty, nullable }
                }
            },
            _ => Expr::Column { index: width + index, ty, nullable },
        });
        failed.map_or(Ok(result), Err)
    }

    /// `left NOT IN rows`: true if nothing matches and no NULL leaves it open.
    ///
    /// No row equals; none of the rows is NULL; and if left is NULL there are no rows.
    fn not_in(&mut self, plan: &mut Plan, stage: &Stage, matching: Matching, rows: Rows) -> Bound<()> {
        let none = || Matching { left: Vec::new(), right: Vec::new() };
        if let ([left], [right]) = (&matching.left[..], &matching.right[..]) {
            let (left, right) = (left.clone(), right.clone());
            if right.nullable() {
                let mut nulls = rows.clone();
                nulls.filter(call("is_null", vec![right.clone()], SqlType::Boolean));
                self.semi(plan, stage, &none(), nulls, true)?;
            }
            if left.nullable() {
                let absent = Matching {
                    left: vec![call("is_null", vec![left.clone()], SqlType::Boolean)],
                    right: vec![Expr::literal(Scalar::Boolean(true), SqlType::Boolean)],
                };
                self.semi(plan, stage, &absent, rows.clone(), true)?;
            }
            return self.semi(plan, stage, &matching, rows, true);
        }
        if matching.left.iter().chain(&matching.right).all(|e| !e.nullable()) {
            return self.semi(plan, stage, &matching, rows, true);
        }
        // A row that may equal keeps the condition from being true.
        let mut rows = rows;
        for (l, r) in matching.left.iter().zip(&matching.right) {
            let equal = call("eq", vec![super::place::outward(l), r.clone()], SqlType::Boolean);
            rows.residual.push(call("is_not_false", vec![equal], SqlType::Boolean));
        }
        self.semi(plan, stage, &none(), rows, true)
    }

    /// Joins the subqueries that `read` mentions to `plan`.
    pub fn join_read(&mut self, plan: &mut Plan, stage: &Stage, read: &[Expr], numbers: Vec<usize>) -> Bound<Values> {
        let mut values = Values { numbers, ..Values::default() };
        for expr in read {
            self.join_mentioned(plan, stage, expr, &mut values)?;
        }
        Ok(values)
    }

    fn join_mentioned(&mut self, plan: &mut Plan, stage: &Stage, expr: &Expr, values: &mut Values) -> Bound<()> {
        let mut mentioned = Vec::new();
        expr.columns(&mut |index| {
            if let Place::Subquery(i) = Place::of(index) {
                mentioned.push(i);
            }
        });
        for index in mentioned {
            if values.subqueries.contains_key(&index) {
                continue;
            }
            let Some(pending) = self.level().subqueries[index].take() else {
                return self.unsupported(
                    "a subquery that is read in two places is",
                    None,
                    "select it in a derived table first",
                );
            };
            let value = self.join_value(plan, stage, pending, values)?;
            values.subqueries.insert(index, value);
        }
        Ok(())
    }

    fn join_value(&mut self, plan: &mut Plan, stage: &Stage, pending: Pending, values: &mut Values) -> Bound<Expr> {
        let (rows, span) = match &pending {
            Pending::Scalar { rows, span }
            | Pending::Exists { rows, span }
            | Pending::In { rows, span, .. }
            | Pending::Quantified { rows, span, .. } => (rows, *span),
        };
        if !rows.residual.is_empty() {
            let help = "compare columns of the query around with = only, or join the tables";
            return self.unsupported("a subquery correlated by other than equality is, in this place,", span, help);
        }
        let mut outer: Vec<Expr> = rows.keys.iter().map(|k| k.outer.clone()).collect();
        match &pending {
            Pending::In { matching, .. } => outer.extend(matching.left.iter().cloned()),
            Pending::Quantified { left, .. } => outer.push(left.clone()),
            _ => {}
        }
        for expr in &outer {
            self.join_mentioned(plan, stage, expr, values)?;
        }
        let placed = all(outer.iter().map(|e| self.place(stage, values, e)))?;
        match pending {
            Pending::Scalar { rows, span } => self.join_scalar(plan, stage, rows, &placed, values, span),
            Pending::Exists { rows, .. } => {
                let groups = Groups::of(rows, Vec::new());
                let first = self.join_groups(plan, groups, &placed)?;
                let count = first.counts(0, plan);
                Ok(call("gt", vec![count, Expr::literal(Scalar::BigInt(0), SqlType::BigInt)], SqlType::Boolean))
            }
            Pending::In { matching, rows, .. } => self.join_in(plan, matching, rows, &placed),
            Pending::Quantified { op, all, rows, .. } => self.join_quantified(plan, op, all, rows, &placed),
        }
    }

    fn join_scalar(
        &mut self,
        plan: &mut Plan,
        stage: &Stage,
        mut rows: Rows,
        outer: &[Expr],
        values: &Values,
        span: Option<Span>,
    ) -> Bound<Expr> {
        let width = plan.schema().len();
        let keys: Vec<(usize, bool)> = rows.keys.iter().map(|k| (k.column, k.nulls)).collect();
        let deferred = rows.deferred.take();
        let (single, value_ty) = (rows.single, rows.schema[0].ty);
        let right = rows.into_plan();
        let schema = right.schema();
        let on: Vec<Equality> = outer
            .iter()
            .zip(&keys)
            .map(|(o, (index, nulls))| Equality { left: o.clone(), right: column(&schema, *index), nulls: *nulls })
            .collect();
        let kind = if single && on.is_empty() { JoinKind::Inner } else { JoinKind::Left };
        if let Some(deferred) = deferred {
            let value = deferred.values.into_iter().next().unwrap_or_else(|| panic!("one column was asked for"));
            self.join_with(plan, right, kind, on, None)?;
            let value = value.map_columns(&mut |index, ty, nullable| match Place::of(index) {
                Place::Outer(index) => Expr::Column { index: Place::Outer(index).index(), ty, nullable },
                _ => {
                    let read = Expr::Column { index: width + index, ty, nullable: true };
                    if deferred.counts.contains(&index) { zero_if_null(read) } else { read }
                }
            });
            let mut failed = None;
            let value = value.map_columns(&mut |index, ty, nullable| match Place::of(index) {
                Place::Outer(index) => match self.place(stage, values, &Expr::Column { index, ty, nullable }) {
                    Ok(expr) => expr,
                    Err(reported) => {
                        failed = Some(reported);
                        Expr::Column { index, ty, nullable }
                    }
                },
                _ => Expr::Column { index, ty, nullable },
            });
            return failed.map_or(Ok(value), Err);
        }
        let columns: Vec<usize> = keys.iter().map(|k| k.0).collect();
        if single || Facts::of(&right, self.catalog).is_unique(&columns) {
            self.join_with(plan, right, kind, on, None)?;
            return Ok(Expr::Column { index: width, ty: value_ty, nullable: true });
        }
        self.join_guarded(plan, right, &schema, &keys, outer, span)
    }

    /// A scalar subquery of which nobody knows that it has one row at most: more are an error of the row that reads it.
    fn join_guarded(
        &mut self,
        plan: &mut Plan,
        right: Plan,
        schema: &Schema,
        keys: &[(usize, bool)],
        outer: &[Expr],
        span: Option<Span>,
    ) -> Bound<Expr> {
        let value = column(schema, 0);
        let function = match value.ty() {
            SqlType::Boolean => aggregate::Function::BoolAnd,
            _ => aggregate::Function::Min,
        };
        let (Ok(ty), Some(guard)) = (function.result(Some(value.ty())), functions::lookup("only_row")) else {
            let help = "aggregate it (MIN, MAX), add LIMIT 1, or compare with a primary key";
            return self.unsupported("a scalar subquery that may have several rows is", span, help);
        };
        let width = plan.schema().len();
        let calls = vec![
            Call { function, arg: Some(value.clone()), distinct: false, filter: None, ty },
            Call {
                function: aggregate::Function::Count,
                arg: None,
                distinct: false,
                filter: None,
                ty: SqlType::BigInt,
            },
        ];
        let (grouped, on) = group_right(right, schema, keys, calls, outer);
        self.join_with(plan, grouped, JoinKind::Left, on, None)?;
        let at = width + keys.len();
        let args = vec![
            Expr::Column { index: at, ty, nullable: true },
            Expr::Column { index: at + 1, ty: SqlType::BigInt, nullable: true },
        ];
        let call = Expr::Call { function: guard, args, ty };
        Ok(if ty == value.ty() { call } else { cast(call, value.ty()) })
    }

    /// Joins groups of a subquery to `plan`; a group that is missing reads as NULL.
    fn join_groups(&mut self, plan: &mut Plan, groups: Groups, outer: &[Expr]) -> Bound<Joined> {
        let width = plan.schema().len();
        let kind = if groups.keys.is_empty() { JoinKind::Inner } else { JoinKind::Left };
        let first = width + groups.keys.len();
        let schema = groups.plan.schema();
        let (grouped, on) = group_right(groups.plan, &schema, &groups.keys, groups.calls, outer);
        self.join_with(plan, grouped, kind, on, None)?;
        Ok(Joined { first })
    }

    /// TRUE if there is a match; else NULL if a NULL leaves it open; else FALSE.
    fn join_in(&mut self, plan: &mut Plan, matching: Matching, rows: Rows, placed: &[Expr]) -> Bound<Expr> {
        let (outer, left) = placed.split_at(rows.keys.len());
        let certain = matching.left.iter().chain(&matching.right).all(|e| !e.nullable());
        if !certain && left.len() > 1 {
            let help = "compare the columns one by one with EXISTS";
            return self.unsupported("a row IN a subquery with NULLs is, in this place,", None, help);
        }
        // The matching rows: grouped by the correlation and the values.
        let mut matches = Groups::of(rows.clone(), Vec::new());
        let schema = matches.plan.schema();
        let mut exprs: Vec<Expr> = (0..schema.len()).map(|i| column(&schema, i)).collect();
        let mut wide = schema.clone();
        for (i, right) in matching.right.iter().enumerate() {
            matches.keys.push((exprs.len(), false));
            wide.push(Field { name: format!("in{i}"), ty: right.ty(), nullable: right.nullable() });
            exprs.push(right.clone());
        }
        matches.plan = Plan::Project { input: Box::new(matches.plan), exprs, schema: wide };
        let mut on: Vec<Expr> = outer.to_vec();
        on.extend(left.iter().cloned());
        let joined = self.join_groups(plan, matches, &on)?;
        let found = call("is_not_null", vec![joined.column(0, SqlType::BigInt)], SqlType::Boolean);
        if certain {
            return Ok(found);
        }
        // How many rows there are, and how many of them are not NULL.
        let of = Call {
            function: aggregate::Function::Count,
            arg: Some(matching.right[0].clone()),
            distinct: false,
            filter: None,
            ty: SqlType::BigInt,
        };
        let all = self.join_groups(plan, Groups::of(rows, vec![of]), outer)?;
        let (rows, values) = (all.counts(0, plan), all.counts(1, plan));
        let zero = Expr::literal(Scalar::BigInt(0), SqlType::BigInt);
        let empty = call("eq", vec![rows.clone(), zero], SqlType::Boolean);
        let null_left = call("is_null", vec![left[0].clone()], SqlType::Boolean);
        let null_right = call("gt", vec![rows, values], SqlType::Boolean);
        let open = call("or", vec![null_left, null_right], SqlType::Boolean);
        let (yes, no, unknown) = truths();
        Ok(call("case", vec![found, yes, empty, no.clone(), open, unknown, no], SqlType::Boolean))
    }

    /// The extreme value decides: `x < ALL` is `x < MIN`, `x < ANY` is `x < MAX`.
    fn join_quantified(
        &mut self,
        plan: &mut Plan,
        op: &'static str,
        all: bool,
        rows: Rows,
        placed: &[Expr],
    ) -> Bound<Expr> {
        let (outer, left) = placed.split_at(rows.keys.len());
        let schema = rows.schema.clone();
        let value = column(&schema, 0);
        let function = if op.starts_with('l') == all { aggregate::Function::Min } else { aggregate::Function::Max };
        let ty = match function.result(Some(value.ty())) {
            Ok(ty) => ty,
            Err(message) => return self.report("42883", message, None),
        };
        let count = Call {
            function: aggregate::Function::Count,
            arg: Some(value.clone()),
            distinct: false,
            filter: None,
            ty: SqlType::BigInt,
        };
        let extreme = Call { function, arg: Some(value), distinct: false, filter: None, ty };
        let joined = self.join_groups(plan, Groups::of(rows, vec![count, extreme]), outer)?;
        let (rows, values) = (joined.counts(0, plan), joined.counts(1, plan));
        let extreme = cast(joined.column(2, ty), left[0].ty());
        let test = call(op, vec![left[0].clone(), extreme], SqlType::Boolean);
        let zero = Expr::literal(Scalar::BigInt(0), SqlType::BigInt);
        let empty = call("eq", vec![rows.clone(), zero], SqlType::Boolean);
        let open = call("gt", vec![rows, values], SqlType::Boolean);
        let (yes, no, unknown) = truths();
        let decided = if all { call("not", vec![test.clone()], SqlType::Boolean) } else { test.clone() };
        let (if_empty, if_decided) = if all { (yes, no) } else { (no, yes) };
        Ok(call("case", vec![empty, if_empty, decided, if_decided, open, unknown, test], SqlType::Boolean))
    }

    /// `plan := plan kind-join right`.
    pub fn join_with(
        &mut self,
        plan: &mut Plan,
        right: Plan,
        kind: JoinKind,
        on: Vec<Equality>,
        residual: Option<Expr>,
    ) -> Bound<()> {
        self.count_join(None)?;
        let left = Box::new(std::mem::replace(plan, Plan::Values { rows: Vec::new(), schema: Vec::new() }));
        *plan = Plan::Join { left, right: Box::new(right), kind, on, residual };
        Ok(())
    }

    /// Numbers the rows for each ROW_NUMBER() that the query has; the columns of the numbers.
    pub fn number_rows(
        &mut self,
        plan: &mut Plan,
        stage: &mut Stage,
        read: &[Expr],
        correlations: &mut [Correlation],
    ) -> Bound<Vec<usize>> {
        let numbers = std::mem::take(&mut self.level().numbers);
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let mut pending = Vec::new();
        for subquery in self.level().subqueries.iter().flatten() {
            match subquery {
                Pending::Scalar { rows, .. } | Pending::Exists { rows, .. } => {
                    pending.extend(rows.keys.iter().map(|k| k.outer.clone()))
                }
                Pending::In { rows, matching, .. } => {
                    pending.extend(rows.keys.iter().map(|k| k.outer.clone()).chain(matching.left.iter().cloned()));
                }
                Pending::Quantified { rows, left, .. } => {
                    pending.extend(rows.keys.iter().map(|k| k.outer.clone()).chain([left.clone()]));
                }
            }
        }
        let windows =
            numbers.iter().flat_map(|(partition, order)| partition.iter().chain(order.iter().map(|o| &o.expr)));
        let windows: Vec<Expr> = windows.cloned().collect();
        let values = self.join_read(plan, stage, &windows, Vec::new())?;
        if stage.is_input() {
            // Ties are broken by all columns: leave out those that nobody reads, so that they cost nothing.
            let schema = plan.schema();
            let mut columns: Vec<usize> = Vec::new();
            for expr in read.iter().chain(&windows).chain(&pending).chain(correlations.iter().map(|c| &c.inner)) {
                expr.columns(&mut |index| {
                    if let Place::Input(i) = Place::of(index) {
                        columns.push(i);
                    }
                });
            }
            for value in values.subqueries.values() {
                value.columns(&mut |index| columns.push(index));
            }
            columns.sort_unstable();
            columns.dedup();
            let input = Box::new(std::mem::replace(plan, Plan::Values { rows: Vec::new(), schema: Vec::new() }));
            let exprs = columns.iter().map(|c| column(&schema, *c)).collect();
            let kept = columns.iter().map(|c| schema[*c].clone()).collect();
            *plan = Plan::Project { input, exprs, schema: kept };
            stage.keep(&columns);
            for c in correlations.iter_mut() {
                c.inner = self.place(stage, &Values::default(), &c.inner)?;
            }
        }
        let mut at = Vec::new();
        for (i, (partition, order)) in numbers.iter().enumerate() {
            let mut partition = all(partition.iter().map(|p| self.place(stage, &values, p)))?;
            partition.extend(correlations.iter().map(|c| c.inner.clone()));
            let order =
                all(order.iter().map(|o| Ok(SortKey { expr: self.place(stage, &values, &o.expr)?, ..o.clone() })))?;
            self.grow(1, None)?;
            at.push(plan.schema().len());
            let number = Some(Field {
                name: format!("row_number{}", if i > 0 { i.to_string() } else { String::new() }),
                ty: SqlType::BigInt,
                nullable: false,
            });
            let input = Box::new(std::mem::replace(plan, Plan::Values { rows: Vec::new(), schema: Vec::new() }));
            *plan = Plan::TopK { input, partition, order, offset: 0, limit: None, number };
        }
        Ok(at)
    }
}

/// A subquery to be grouped by its correlation: a count of rows, then `calls`.
struct Groups {
    plan: Plan,
    keys: Vec<(usize, bool)>,
    calls: Vec<Call>,
}

impl Groups {
    fn of(rows: Rows, calls: Vec<Call>) -> Groups {
        let count = Call {
            function: aggregate::Function::Count,
            arg: None,
            distinct: false,
            filter: None,
            ty: SqlType::BigInt,
        };
        Groups {
            keys: rows.keys.iter().map(|k| (k.column, k.nulls)).collect(),
            plan: rows.into_plan(),
            calls: std::iter::once(count).chain(calls).collect(),
        }
    }
}

/// Where the calls of joined groups lie.
struct Joined {
    first: usize,
}

impl Joined {
    fn column(&self, call: usize, ty: SqlType) -> Expr {
        Expr::Column { index: self.first + call, ty, nullable: true }
    }

    /// A count; 0 for a group that is missing.
    fn counts(&self, call: usize, plan: &Plan) -> Expr {
        let read = column(&plan.schema(), self.first + call);
        if read.nullable() { zero_if_null(read) } else { read }
    }
}

/// A count, 0 for a group that is missing.
pub(super) fn zero_if_null(read: Expr) -> Expr {
    call("coalesce", vec![read, Expr::literal(Scalar::BigInt(0), SqlType::BigInt)], SqlType::BigInt)
}

fn group_right(
    right: Plan,
    schema: &Schema,
    keys: &[(usize, bool)],
    calls: Vec<Call>,
    outer: &[Expr],
) -> (Plan, Vec<Equality>) {
    let mut grouped: Schema = keys.iter().map(|(k, _)| schema[*k].clone()).collect();
    for call in &calls {
        let never = call.function == aggregate::Function::Count;
        grouped.push(Field { name: call.function.name().into(), ty: call.ty, nullable: !never });
    }
    let on = outer
        .iter()
        .zip(keys)
        .enumerate()
        .map(|(i, (o, (_, nulls)))| Equality { left: o.clone(), right: column(&grouped, i), nulls: *nulls })
        .collect();
    let keys = keys.iter().map(|(k, _)| column(schema, *k)).collect();
    (Plan::Aggregate { input: Box::new(right), keys, calls, schema: grouped }, on)
}

fn columns(count: usize) -> String {
    if count == 1 { "one column".into() } else { format!("{count} columns") }
}

fn truths() -> (Expr, Expr, Expr) {
    let of = |value| Expr::literal(value, SqlType::Boolean);
    (of(Scalar::Boolean(true)), of(Scalar::Boolean(false)), of(Scalar::Null))
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

/// Puts a filter on `plan`, if there are conditions.
pub(super) fn add_filter(plan: &mut Plan, conditions: Vec<Expr>) {
    if let Some(predicate) = conjunction(conditions) {
        let input = Box::new(std::mem::replace(plan, Plan::Values { rows: Vec::new(), schema: Vec::new() }));
        *plan = Plan::Filter { input, predicate };
    }
}

/// `inner = outer`, if the condition is that.
fn correlation(condition: &Expr) -> Option<Correlation> {
    let Expr::Call { function, args, .. } = condition else { return None };
    let nulls = match function.name {
        "eq" => false,
        "not_distinct_from" => true,
        _ => return None,
    };
    let [a, b] = args.as_slice() else { return None };
    let outer_only = |e: &Expr| is_correlated(e) && !mentions(e, |p| !matches!(p, Place::Outer(_)));
    let inner_only = |e: &Expr| !is_correlated(e);
    let (inner, outer) = match () {
        _ if inner_only(a) && outer_only(b) => (a, b),
        _ if outer_only(a) && inner_only(b) => (b, a),
        _ => return None,
    };
    Some(Correlation { inner: inner.clone(), outer: inward(outer), nulls })
}
