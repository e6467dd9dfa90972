//! The evaluator: expressions made ready once, then run a batch at a time.

use std::sync::Arc;

use arrow_array::ArrayRef;

use crate::expr::Expr;
use crate::functions::Kernel;
use crate::scalar::Scalar;
use crate::value::Value;

/// An expression ready to run. Constants are evaluated, patterns compiled, tables of IN lists built.
pub struct Program(Step);

enum Step {
    Column(usize),
    Constant(Value),
    Call(Kernel, Vec<Step>),
}

impl Program {
    /// Prepares `expr`.
    pub fn new(expr: &Expr) -> Program {
        Program(prepare(expr))
    }

    /// The values of the expression for the `rows` rows of `columns`.
    ///
    /// Cost: one kernel a call; a column or constant costs nothing.
    pub fn eval(&self, columns: &[ArrayRef], rows: usize) -> Value {
        run(&self.0, columns, rows)
    }

    /// The column this program merely passes on, if so.
    pub fn as_column(&self) -> Option<usize> {
        match self.0 {
            Step::Column(index) => Some(index),
            _ => None,
        }
    }
}

fn prepare(expr: &Expr) -> Step {
    match expr {
        Expr::Column { index, .. } => Step::Column(*index),
        Expr::Literal { value, ty } => Step::Constant(Value::constant(value.to_array(*ty))),
        Expr::Call { function, args, ty } => {
            let steps: Vec<Step> = args.iter().map(prepare).collect();
            let folded: Vec<Expr> = steps.iter().zip(args).map(|(step, arg)| fold(step, arg)).collect();
            let kernel = (function.prepare)(&folded, *ty);
            if steps.iter().all(|s| matches!(s, Step::Constant(_))) {
                Step::Constant(constant(run(&Step::Call(kernel, steps), &[], 1)))
            } else {
                Step::Call(kernel, steps)
            }
        }
    }
}

/// An argument as kernels get to see it: what is constant is a literal, unless it failed.
fn fold(step: &Step, arg: &Expr) -> Expr {
    match step {
        Step::Constant(value) if value.errors.is_empty() => {
            Expr::Literal { value: Scalar::from_array(&value.array, arg.ty(), 0), ty: arg.ty() }
        }
        _ => arg.clone(),
    }
}

/// A result over one row, as the result over all rows.
fn constant(value: Value) -> Value {
    Value { constant: true, ..value }
}

fn run(step: &Step, columns: &[ArrayRef], rows: usize) -> Value {
    match step {
        Step::Column(index) => Value::column(Arc::clone(&columns[*index])),
        Step::Constant(value) => value.clone(),
        Step::Call(kernel, steps) => {
            let value = match steps.as_slice() {
                [a] => kernel(&[run(a, columns, rows)], rows),
                [a, b] => kernel(&[run(a, columns, rows), run(b, columns, rows)], rows),
                _ => kernel(&steps.iter().map(|s| run(s, columns, rows)).collect::<Vec<Value>>(), rows),
            };
            debug_assert!(
                value.array.len() == if value.constant { 1 } else { rows },
                "a kernel yields one value a row"
            );
            value
        }
    }
}
