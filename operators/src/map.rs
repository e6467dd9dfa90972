//! Filter and projection, fused: the stateless part of a plan between two stateful operators.

use std::fmt;

use arrow_array::cast::AsArray;
use arrow_array::{Array, BooleanArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use deltaq_circuit::{Batch, Class, Output, Partition, Query, RowError};

use crate::eval::{Frame, Programs};
use crate::expr::Expr;
use crate::value::Errors;

/// Rows for which a predicate is true, each turned into a row of expressions. Linear; keeps no state.
///
/// A row for which the predicate or an expression fails is left out; its error takes its place.
pub struct Map {
    filter: Option<Expr>,
    exprs: Vec<Expr>,
    /// `exprs`, and behind them the filter.
    programs: Programs,
    /// How many input columns `exprs` read.
    used: usize,
    /// The input columns that are passed on as they are, in order, and how many there are in all.
    passed: Vec<usize>,
    columns: usize,
    /// Whether all columns of the input are passed on, or told by others, so that rows that differed still differ.
    keeps_all: bool,
}

impl Map {
    /// `exprs` of the rows for which `filter` is true; both over an input of `columns` columns.
    pub fn new(filter: Option<Expr>, exprs: Vec<Expr>, columns: usize) -> Map {
        let mut used = Vec::new();
        exprs.iter().for_each(|e| e.columns(&mut |c| used.push(c)));
        used.sort_unstable();
        used.dedup();
        let programs = Programs::new(exprs.iter().chain(&filter));
        let mut passed: Vec<usize> = (0..exprs.len()).filter_map(|root| programs.as_column(root)).collect();
        passed.sort_unstable();
        passed.dedup();
        let keeps_all = passed.len() == columns;
        Map { filter, exprs, programs, used: used.len(), passed, columns, keeps_all }
    }

    /// The same, knowing that these columns of the input can be told from the output, though they are not passed on as they are: rows that
    /// differ in them differ in the output.
    pub fn telling(mut self, told: impl IntoIterator<Item = usize>) -> Map {
        let mut kept: Vec<usize> = self.passed.iter().copied().chain(told).collect();
        kept.sort_unstable();
        kept.dedup();
        self.keeps_all = kept.len() == self.columns;
        self
    }

    /// The predicate.
    pub fn filter(&self) -> Option<&Expr> {
        self.filter.as_ref()
    }

    /// The output columns.
    pub fn exprs(&self) -> &[Expr] {
        &self.exprs
    }

    /// The output for `kept`, the rows of `frame`.
    fn project(&self, kept: &Batch, frame: &Frame, mut errors: Vec<RowError>) -> Output {
        let mut failed = Errors::none();
        let columns = (0..self.exprs.len()).map(|root| {
            let (column, errors) = frame.root(root).into_column(kept.len());
            failed.merge(&errors);
            column
        });
        let columns = columns.collect();
        let rows = kept.with_columns(columns, self.keeps_all);
        if failed.is_empty() {
            return Output { rows, errors };
        }
        report(kept, &failed, &mut errors);
        let all = BooleanArray::new(BooleanBuffer::new_set(rows.len()), None);
        Output { rows: rows.filter(&without(&all, &failed)), errors }
    }
}

impl Query for Map {
    fn name(&self) -> &'static str {
        match (&self.filter, self.passed.len() == self.columns && self.exprs.len() == self.used) {
            (Some(_), true) => "filter",
            (Some(_), false) => "filter-project",
            (None, _) => "project",
        }
    }

    fn describe(&self) -> String {
        let list = |exprs: &[Expr]| exprs.iter().map(Expr::to_string).collect::<Vec<_>>().join(", ");
        match (&self.filter, self.name()) {
            (Some(filter), "filter") => filter.to_string(),
            (Some(filter), _) => format!("{filter} → {}", list(&self.exprs)),
            (None, _) => list(&self.exprs),
        }
    }

    fn types(&self) -> Vec<DataType> {
        self.exprs.iter().map(|e| e.ty().arrow()).collect()
    }

    fn class(&self) -> Class {
        Class::Linear
    }

    fn partition(&self, _input: usize) -> Partition {
        Partition::Any
    }

    fn row_cost(&self) -> Option<u32> {
        Some(self.programs.cost())
    }

    fn apply(&self, inputs: &[Batch]) -> Output {
        let input = &inputs[0];
        if input.is_empty() {
            return Output::none();
        }
        let frame = self.programs.frame(input.columns(), input.len());
        let mut errors = Vec::new();
        if self.filter.is_none() {
            return self.project(input, &frame, errors);
        }
        let (mask, failed) = frame.root(self.exprs.len()).into_column(input.len());
        let mask = without(mask.as_boolean(), &failed);
        report(input, &failed, &mut errors);
        let kept = input.with_columns(Vec::new(), true).filter(&mask);
        if kept.is_empty() {
            return Output { rows: Batch::none(), errors };
        }
        if kept.len() == input.len() {
            return self.project(input, &frame, errors);
        }
        let bits = match mask.nulls() {
            Some(nulls) => mask.values() & nulls.inner(),
            None => mask.values().clone(),
        };
        self.project(&kept, &frame.kept(&bits, kept.len()), errors)
    }
}

/// `mask`, false where a row failed.
fn without(mask: &BooleanArray, failed: &Errors) -> BooleanArray {
    if failed.is_empty() {
        return mask.clone();
    }
    let bits = BooleanBuffer::collect_bool(mask.len(), |row| {
        mask.is_valid(row) && mask.value(row) && failed.get(row).is_none()
    });
    BooleanArray::new(bits, None)
}

/// Adds the errors of `failed` rows, each with its row's weight.
fn report(batch: &Batch, failed: &Errors, errors: &mut Vec<RowError>) {
    errors.extend(failed.iter().map(|(row, error)| RowError {
        code: error.code,
        message: error.message.clone(),
        weight: batch.weight(row),
    }));
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Map").field("filter", &self.filter).field("exprs", &self.exprs).finish()
    }
}
