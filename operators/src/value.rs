//! What expressions evaluate to: a column of values, with errors by row.
//!
//! An error is a value: it stands in its row until something decides whether the row's result depends on it.
//! `AND` with a false side, a `CASE` branch not taken and `COALESCE` past its first value drop it; every other
//! function passes it on. So an error never depends on how rows were batched, nor on the order of evaluation.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef};

use crate::arrays;

/// Why a row has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// SQLSTATE as PostgreSQL assigns it: `22012` division by zero, `22003` out of range, `22P02` not a number …
    pub code: &'static str,
    /// What happened, with the offending value.
    pub message: String,
}

/// Errors by row; where there is one, the row's value is arbitrary.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Errors(Option<BTreeMap<u32, EvalError>>);

impl Errors {
    /// No row failed.
    pub fn none() -> Errors {
        Errors(None)
    }

    /// Whether no row failed.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Notes that `row` failed; the first error of a row stands.
    pub fn set(&mut self, row: usize, code: &'static str, message: impl Into<String>) {
        let errors = self.0.get_or_insert_default();
        errors.entry(row as u32).or_insert_with(|| EvalError { code, message: message.into() });
    }

    /// The error of `row`.
    pub fn get(&self, row: usize) -> Option<&EvalError> {
        self.0.as_ref().and_then(|errors| errors.get(&(row as u32)))
    }

    /// Failed rows in order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &EvalError)> {
        self.0.iter().flat_map(|errors| errors.iter().map(|(row, error)| (*row as usize, error)))
    }

    /// Adds errors of the same rows; the earlier error of a row stands.
    pub fn merge(&mut self, other: &Errors) {
        for (row, error) in other.iter() {
            let errors = self.0.get_or_insert_default();
            errors.entry(row as u32).or_insert_with(|| error.clone());
        }
    }

    /// Keeps the errors of rows for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        if let Some(errors) = &mut self.0 {
            errors.retain(|row, _| keep(*row as usize));
            if errors.is_empty() {
                self.0 = None;
            }
        }
    }
}

/// A column, or one value for all rows, with errors by row (a constant's error is that of row 0, and of every row).
#[derive(Clone, Debug)]
pub struct Value {
    /// The values; one only if `constant`.
    pub array: ArrayRef,
    /// Whether `array` holds the one value of all rows.
    pub constant: bool,
    /// Rows that have no value.
    pub errors: Errors,
}

impl Value {
    /// A column.
    pub fn column(array: ArrayRef) -> Value {
        Value { array, constant: false, errors: Errors::none() }
    }

    /// One value for all rows.
    pub fn constant(array: ArrayRef) -> Value {
        assert_eq!(array.len(), 1, "a constant of {} values", array.len());
        Value { array, constant: true, errors: Errors::none() }
    }

    /// As a full column of `rows` values.
    pub fn into_column(self, rows: usize) -> (ArrayRef, Errors) {
        if !self.constant {
            return (self.array, self.errors);
        }
        let mut errors = Errors::none();
        if let Some(error) = self.errors.get(0) {
            (0..rows).for_each(|row| errors.set(row, error.code, error.message.clone()));
        }
        (if rows == 1 { Arc::clone(&self.array) } else { arrays::repeat(&self.array, rows) }, errors)
    }

    /// Where row `row` lies in `array`.
    #[inline]
    pub fn at(&self, row: usize) -> usize {
        if self.constant { 0 } else { row }
    }
}
