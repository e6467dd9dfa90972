//! What functions cost a row, roughly: comparisons and arithmetic 1, what writes text ten times that, patterns more.

use super::Needs;
use crate::expr::Expr;
use crate::functions::{Function, matching};

/// From this cost on an expression is worth a look at which rows need it.
pub(super) const DEAR: u32 = 8;

/// What it costs to pick a row for an expression to see, and to put the result back in its place.
pub(super) const PICK: usize = 12;

/// What it costs to take a value over from a frame further out.
pub(super) const TAKE: u32 = 5;

/// What a call of `function` costs a row, its arguments aside.
pub(super) fn of(function: &Function, args: &[Expr]) -> u32 {
    let is_pattern = function.name.starts_with("reg") || function.name == "similar_to";
    match function.family {
        "text" if is_pattern && matching::is_direct(function, args) => 8,
        "text" if is_pattern => 60,
        "text" if matches!(function.name, "lower" | "upper") => 4,
        "text" => 8,
        "datetime" if matches!(function.name, "date_format" | "to_char" | "to_timestamp" | "to_date") => 20,
        _ => 1,
    }
}

/// Which rows `function` needs its arguments for.
pub(super) fn needs(function: &Function) -> Needs {
    match function.name {
        "and" => Needs::Undecided(false),
        "or" => Needs::Undecided(true),
        "case" => Needs::Branches,
        "coalesce" => Needs::Nulls,
        _ => Needs::All,
    }
}
