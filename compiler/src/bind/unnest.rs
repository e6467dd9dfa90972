//! Subqueries as values: each is joined to the plan that reads it, and appends the columns its value is made of.

use deltaq_circuit::Span;
use deltaq_operators::aggregate::{self, Call};
use deltaq_operators::functions;
use deltaq_operators::types::Schema;
use deltaq_operators::{Expr, Field, Scalar, SqlType};

use super::coerce::cast;
use super::from::size;
use super::group::{Stage, Values};
use super::place::Place;
use super::query::{Key, Rows};
use super::select::{Correlation, column};
use super::subquery::{Matching, Pending, call, conjunction};
use super::{Binder, Bound, all};
use crate::facts::Facts;
use crate::plan::{Equality, JoinKind, Plan};

impl Binder<'_> {
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

    fn join_value(&mut self, plan: &mut Plan, stage: &Stage, mut pending: Pending, values: &mut Values) -> Bound<Expr> {
        let (Pending::Scalar { rows, span }
        | Pending::Exists { rows, span }
        | Pending::In { rows, span, .. }
        | Pending::Quantified { rows, span, .. }) = &mut pending;
        if !rows.residual.is_empty() {
            let residual = std::mem::take(&mut rows.residual);
            let inner = std::mem::replace(&mut rows.plan, Plan::Values { rows: Vec::new(), schema: Vec::new() });
            let schema = inner.schema();
            let keys: Vec<_> =
                rows.keys.iter().map(|k| (column(&schema, k.column), k.outer.clone(), k.nulls)).collect();
            let width = schema.len();
            let (joined, outer) = self.with_domain(inner, plan.clone(), &keys, &residual, stage, *span)?;
            rows.plan = joined;
            let key = |(i, outer): (usize, Expr)| Key { column: width + i, outer, nulls: true };
            rows.keys = outer.into_iter().enumerate().map(key).collect();
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

    /// A subquery that aggregates, and is correlated by more than equalities: it is joined with the values it is asked for in the query
    /// around, and grouped by them.
    pub fn join_domain(
        &mut self,
        plan: &mut Plan,
        correlations: Vec<Correlation>,
        residual: Vec<Expr>,
        span: Option<Span>,
    ) -> Bound<Vec<Correlation>> {
        let around = self.levels.len().checked_sub(2).and_then(|i| self.levels[i].plan.clone());
        let Some(around) = around else {
            let help = "compare columns of the query around with = only, or join the tables and aggregate then";
            return self.unsupported(
                "an aggregate of a subquery correlated by other than equality is, here,",
                span,
                help,
            );
        };
        let inner = std::mem::replace(plan, Plan::Values { rows: Vec::new(), schema: Vec::new() });
        let width = inner.schema().len();
        let keys: Vec<_> = correlations.into_iter().map(|c| (c.inner, c.outer, c.nulls)).collect();
        let (joined, outer) = self.with_domain(inner, around, &keys, &residual, &Stage::input(), span)?;
        *plan = joined;
        let correlation = |(i, outer): (usize, Expr)| {
            let inner = Expr::Column { index: width + i, ty: outer.ty(), nullable: outer.nullable() };
            Correlation { inner, outer, nulls: true }
        };
        Ok(outer.into_iter().enumerate().map(correlation).collect())
    }

    /// `inner` joined with the distinct values that its conditions read of the query `around`, and what those values are there.
    ///
    /// ```text
    /// (SELECT COUNT(*) FROM t WHERE t.x < o.y)     t ⋈ distinct(y of o)   on t.x < y,   grouped by y
    /// ```
    fn with_domain(
        &mut self,
        inner: Plan,
        around: Plan,
        keys: &[(Expr, Expr, bool)],
        residual: &[Expr],
        stage: &Stage,
        span: Option<Span>,
    ) -> Bound<(Plan, Vec<Expr>)> {
        self.grow(size(&around), span)?;
        let mut outer: Vec<Expr> = Vec::new();
        let mut at = |expr: Expr| {
            outer.iter().position(|o| *o == expr).unwrap_or_else(|| {
                outer.push(expr);
                outer.len() - 1
            })
        };
        let width = inner.schema().len();
        let on: Vec<(Expr, usize, bool)> =
            keys.iter().map(|(l, o, nulls)| (l.clone(), at(o.clone()), *nulls)).collect();
        let across = |r: &Expr| {
            r.map_columns(&mut |index, ty, nullable| match Place::of(index) {
                Place::Outer(i) => {
                    Expr::Column { index: width + at(Expr::Column { index: i, ty, nullable }), ty, nullable }
                }
                _ => Expr::Column { index, ty, nullable },
            })
        };
        let residual: Vec<Expr> = residual.iter().map(across).collect();
        let exprs = all(outer.iter().map(|o| self.place(stage, &Values::default(), o)))?;
        let field = |(i, e): (usize, &Expr)| Field { name: format!("around{i}"), ty: e.ty(), nullable: e.nullable() };
        let schema: Schema = exprs.iter().enumerate().map(field).collect();
        let domain = Plan::Project { input: Box::new(around), exprs, schema: schema.clone() };
        let domain = self.distinct(domain);
        let on = on.into_iter().map(|(l, i, nulls)| Equality::of(l, column(&schema, i), nulls)).collect();
        let mut joined = inner;
        self.join_with(&mut joined, domain, JoinKind::Inner, on, conjunction(residual))?;
        Ok((joined, outer))
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
            .map(|(o, (index, nulls))| Equality::of(o.clone(), column(&schema, *index), *nulls))
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
            Call::new(function, Some(value.clone()), ty),
            Call::new(aggregate::Function::Count, None, SqlType::BigInt),
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
        let of = Call::new(aggregate::Function::Count, Some(matching.right[0].clone()), SqlType::BigInt);
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
        let count = Call::new(aggregate::Function::Count, Some(value.clone()), SqlType::BigInt);
        let extreme = Call::new(function, Some(value), ty);
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
}

/// A subquery to be grouped by its correlation: a count of rows, then `calls`.
struct Groups {
    plan: Plan,
    keys: Vec<(usize, bool)>,
    calls: Vec<Call>,
}

impl Groups {
    fn of(rows: Rows, calls: Vec<Call>) -> Groups {
        let count = Call::new(aggregate::Function::Count, None, SqlType::BigInt);
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
        let never = call.function.counts();
        grouped.push(Field { name: call.function.name().into(), ty: call.ty, nullable: !never });
    }
    let on = outer
        .iter()
        .zip(keys)
        .enumerate()
        .map(|(i, (o, (_, nulls)))| Equality::of(o.clone(), column(&grouped, i), *nulls))
        .collect();
    let keys = keys.iter().map(|(k, _)| column(schema, *k)).collect();
    (Plan::Aggregate { input: Box::new(right), keys, calls, schema: grouped }, on)
}

fn truths() -> (Expr, Expr, Expr) {
    let of = |value| Expr::literal(value, SqlType::Boolean);
    (of(Scalar::Boolean(true)), of(Scalar::Boolean(false)), of(Scalar::Null))
}
