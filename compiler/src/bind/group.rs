//! From places to columns: what the expressions of a query read once its FROM, its groups, row numbers and subqueries are in a plan.

use std::collections::HashMap;

use deltaq_operators::types::Schema;
use deltaq_operators::{Expr, Field};

use super::place::{Place, mentions};
use super::scope::Scope;
use super::select::{Correlation, settled};
use super::{Binder, Bound, all};
use crate::plan::Plan;

/// How far a query's plan has come.
pub(super) struct Stage {
    /// The grouping expressions, once it is grouped: column `i` is key `i`.
    keys: Option<Vec<Expr>>,
    /// The column of the first aggregate call.
    first_call: usize,
    /// The column of the first GROUPING.
    first_grouping: usize,
    /// There are grouping sets: a key may be NULL where it makes no groups.
    sets: bool,
    /// Where the columns of FROM lie, if some have been left out.
    kept: Option<HashMap<usize, usize>>,
}

/// Columns of a plan that expressions name by place.
#[derive(Default)]
pub(super) struct Values {
    /// What each subquery's value is.
    pub subqueries: HashMap<usize, Expr>,
    /// The column of each row number.
    pub numbers: Vec<usize>,
}

impl Stage {
    /// As FROM left it.
    pub fn input() -> Stage {
        Stage { keys: None, first_call: 0, first_grouping: 0, sets: false, kept: None }
    }

    /// Grouped by `keys`.
    pub fn grouped(keys: Vec<Expr>, first_call: usize, first_grouping: usize, sets: bool) -> Stage {
        Stage { keys: Some(keys), first_call, first_grouping, sets, kept: None }
    }

    /// Whether it is as FROM left it.
    pub fn is_input(&self) -> bool {
        self.keys.is_none()
    }

    /// Of FROM's columns only these are there.
    pub fn keep(&mut self, columns: &[usize]) {
        self.kept = Some(columns.iter().enumerate().map(|(to, from)| (*from, to)).collect());
    }
}

impl Binder<'_> {
    /// `expr` over the columns of the plan. Columns of the query around stay places.
    pub fn place(&mut self, stage: &Stage, values: &Values, expr: &Expr) -> Bound<Expr> {
        if let Some(keys) = &stage.keys
            && let Some(index) = keys.iter().position(|k| k == expr)
        {
            return Ok(Expr::Column { index, ty: settled(expr.ty()), nullable: expr.nullable() || stage.sets });
        }
        match expr {
            Expr::Literal { .. } => Ok(expr.clone()),
            Expr::Call { function, args, ty } => {
                let args = all(args.iter().map(|a| self.place(stage, values, a)))?;
                Ok(Expr::Call { function, args, ty: *ty })
            }
            Expr::Column { index, ty, nullable } => {
                let at = |index| Ok(Expr::Column { index, ty: *ty, nullable: *nullable });
                match Place::of(*index) {
                    Place::Outer(_) => Ok(expr.clone()),
                    Place::Aggregate(i) => at(stage.first_call + i),
                    Place::Grouping(i) => at(stage.first_grouping + i),
                    Place::Number(i) => at(values.numbers[i]),
                    Place::Subquery(i) => Ok(values.subqueries[&i].clone()),
                    Place::Input(i) => match &stage.keys {
                        None => at(stage.kept.as_ref().map_or(i, |kept| kept[&i])),
                        Some(keys) => {
                            let none = keys.is_empty();
                            self.not_grouped(i, none)
                        }
                    },
                }
            }
        }
    }

    fn not_grouped(&mut self, index: usize, global: bool) -> Bound<Expr> {
        let level = self.level();
        let span = level.spans.get(&index).copied();
        let name = level.scope.columns.iter().find(|c| matches!(c.expr, Expr::Column { index: i, .. } if i == index));
        let name = name.map_or_else(|| "a column".to_string(), |c| c.name.clone());
        let help = if global {
            format!("add GROUP BY {name}, or aggregate it: MIN({name})")
        } else {
            format!("add {name} to GROUP BY, or aggregate it: MIN({name})")
        };
        self.report_help("42803", format!("\"{name}\" is neither grouped nor aggregated"), span, help)
    }

    /// The plan grouped by `keys` and by the inner sides of `correlations`, and which of its columns are counts.
    pub fn aggregate_plan(
        &mut self,
        mut plan: Plan,
        keys: &[Expr],
        sets: Option<&[Vec<usize>]>,
        correlations: &[Correlation],
    ) -> Bound<(Plan, Vec<usize>)> {
        let calls = self.level().aggregates.clone();
        let stage = Stage::input();
        let read: Vec<Expr> = keys.iter().chain(calls.iter().flat_map(|c| c.exprs())).cloned().collect();
        let values = self.join_read(&mut plan, &stage, &read, Vec::new())?;
        let mut schema: Schema = Vec::new();
        let mut placed = Vec::new();
        for key in keys.iter().chain(correlations.iter().map(|c| &c.inner)) {
            let key = self.place(&stage, &values, key)?;
            let name = self.name_of_column(&key, schema.len());
            schema.push(Field { name, ty: settled(key.ty()), nullable: key.nullable() });
            placed.push(key);
        }
        let mut counts = Vec::new();
        let calls = all(calls.into_iter().map(|call| {
            let call = call.try_map(|e| self.place(&stage, &values, &e))?;
            let counted = call.function.counts();
            if counted {
                counts.push(schema.len());
            }
            // Groups that are there have a row; a sum of values that are never NULL is none, either.
            let grouped = sets.map_or(!placed.is_empty(), |sets| sets.iter().all(|set| !set.is_empty()));
            let never = counted
                || (grouped
                    && call.filter.is_none()
                    && call.arg.as_ref().is_some_and(|a| !a.nullable())
                    && !call.function.may_be_undefined());
            schema.push(Field { name: call.function.name().into(), ty: call.ty, nullable: !never });
            Ok(call)
        }))?;
        let groupings = self.level().groupings.clone();
        if sets.is_some() || !groupings.is_empty() {
            let place = |arg: &Expr| keys.iter().position(|key| key == arg);
            let groupings: Option<Vec<Vec<usize>>> =
                groupings.iter().map(|args| args.iter().map(place).collect()).collect();
            let Some(groupings) = groupings else {
                return self.report("42803", "the arguments of GROUPING must be keys of GROUP BY", None);
            };
            let whole = [(0..placed.len()).collect::<Vec<usize>>()];
            let plan = self.aggregate_sets(&plan, &placed, &calls, schema, sets.unwrap_or(&whole), &groupings)?;
            return Ok((plan, counts));
        }
        self.grow(1, None)?;
        Ok((Plan::Aggregate { input: Box::new(plan), keys: placed, calls, schema }, counts))
    }

    /// The name of a column of FROM.
    pub fn name_of_column(&mut self, expr: &Expr, at: usize) -> String {
        let columns = &self.level().scope.columns;
        columns.iter().find(|c| c.expr == *expr).map_or_else(|| format!("key{at}"), |c| c.name.clone())
    }
}

/// Grouping by the primary key of a table lets its other columns be read: they join the grouping keys.
pub(super) fn group_keys_of_tables(keys: &mut Vec<Expr>, read: &[&Expr], scope: &Scope) {
    let mut extra = Vec::new();
    for expr in read {
        collect_ungrouped(expr, keys, &mut extra);
    }
    let grouped =
        |keys: &[Expr], index: usize| keys.iter().any(|k| matches!(k, Expr::Column { index: i, .. } if *i == index));
    for column in extra {
        let Some(of) = scope.columns.iter().find(|c| c.expr == column).and_then(|c| c.table) else { continue };
        let key = &scope.tables[of].key;
        if !key.is_empty() && key.iter().all(|k| grouped(keys, *k)) && !keys.contains(&column) {
            keys.push(column);
        }
    }
}

fn collect_ungrouped(expr: &Expr, keys: &[Expr], into: &mut Vec<Expr>) {
    if keys.contains(expr) {
        return;
    }
    match expr {
        Expr::Column { index, .. } if matches!(Place::of(*index), Place::Input(_)) => into.push(expr.clone()),
        Expr::Call { args, .. } => args.iter().for_each(|a| collect_ungrouped(a, keys, into)),
        _ => {}
    }
}

/// Whether `expr` reads a subquery.
pub(super) fn reads_subquery(expr: &Expr) -> bool {
    mentions(expr, |p| matches!(p, Place::Subquery(_)))
}
