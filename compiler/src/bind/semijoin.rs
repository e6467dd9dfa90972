//! Conditions on a plan: filters, and the semi and anti joins that EXISTS and IN become.

use deltaq_operators::{Expr, Scalar, SqlType};

use super::group::{Stage, Values, reads_subquery};
use super::place::{Place, inward, is_correlated, mentions, outward};
use super::query::Rows;
use super::select::{Correlation, column};
use super::subquery::{Conjunct, Matching, call, conjunction};
use super::{Binder, Bound, all};
use crate::plan::{Equality, JoinKind, Plan};

impl Binder<'_> {
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
            on.push(Equality::of(self.place(stage, &values, l)?, r.clone(), false));
        }
        for (outer, index, nulls) in keys {
            on.push(Equality::of(self.place(stage, &values, &outer)?, column(&right_schema, index), nulls));
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
            let equal = call("eq", vec![outward(l), r.clone()], SqlType::Boolean);
            rows.residual.push(call("is_not_false", vec![equal], SqlType::Boolean));
        }
        self.semi(plan, stage, &none(), rows, true)
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
