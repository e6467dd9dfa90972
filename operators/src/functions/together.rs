//! Calls that are computed together because they look for the same in the same values.

use crate::expr::Expr;
use crate::functions::{Function, pieces};
use crate::value::Value;

/// From the values of the first argument, which the calls have in common, to the results of all calls.
pub type Pass = Box<dyn Fn(&Value) -> Vec<Value> + Send + Sync>;

/// Whether calls of `function` may gain by being computed together.
pub fn gains(function: &Function) -> bool {
    function.name == "split_index"
}

/// One pass for several calls of `function`, given their arguments; all but the first are constants, and the first is the same.
pub fn pass(function: &Function, calls: &[Vec<Expr>]) -> Option<Pass> {
    match function.name {
        "split_index" => pieces::split_together(calls),
        _ => None,
    }
}
