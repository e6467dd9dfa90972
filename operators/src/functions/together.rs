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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Array, ArrayRef, StringArray};
    use proptest::prelude::*;

    use crate::eval::{Program, Programs};
    use crate::expr::Expr;
    use crate::functions::get;
    use crate::scalar::Scalar;
    use crate::types::{SqlType, TEXT};

    fn part(number: i32) -> Expr {
        let separator = Expr::literal(Scalar::Text("/".into()), TEXT);
        let args = vec![Expr::column(0, TEXT), separator, Expr::literal(Scalar::Int(number), SqlType::Int)];
        Expr::Call { function: get("split_index"), args, ty: TEXT }
    }

    proptest! {
        #[test]
        fn calls_together_are_calls_alone(
            rows in prop::collection::vec(prop::option::of("[ab/é]{0,90}"), 1..40),
            skip in 0..3usize,
        ) {
            let texts: ArrayRef = Arc::new(StringArray::from(rows.clone()));
            let skip = skip.min(rows.len());
            let texts = texts.slice(skip, rows.len() - skip);
            let numbers = [3, 0, -1, 1, 40];
            let calls: Vec<Expr> = numbers.into_iter().map(part).collect();
            let (programs, columns) = (Programs::new(&calls), [Arc::clone(&texts)]);
            let frame = programs.frame(&columns, texts.len());
            for (root, (number, call)) in numbers.into_iter().zip(&calls).enumerate() {
                let expected: StringArray = (rows.iter().skip(skip))
                    .map(|row| row.as_ref().and_then(|text| text.split('/').nth(usize::try_from(number).ok()?)))
                    .collect();
                let alone = Program::new(call).eval(&columns, texts.len()).array;
                prop_assert_eq!(&frame.root(root).array.to_data(), &expected.to_data());
                prop_assert_eq!(&alone.to_data(), &expected.to_data());
            }
        }
    }
}
