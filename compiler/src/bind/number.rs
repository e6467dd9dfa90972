//! `ROW_NUMBER() OVER (…)`: the rows of each partition in order, numbered.

use deltaq_operators::{Expr, Field, SqlType};

use super::group::{Stage, Values};
use super::place::Place;
use super::select::{Correlation, column};
use super::subquery::Pending;
use super::{Binder, Bound, all};
use crate::plan::{Plan, SortKey};

impl Binder<'_> {
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
