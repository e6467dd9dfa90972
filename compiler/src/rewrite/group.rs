//! Groups form by a value that is cheap to compute and to compare; what is a text of it is written once a changed group.
//!
//! ```text
//! γ write(x); max(write(y))(a)   →   π write(x), write(y) (γ key(x); max(key(y))(a))       key(v) = key(w)  ⇔  write(v) = write(w)
//! ```
//!
//! What may fail in `x` or `y` stays below. No `write` fails.

use deltaq_operators::aggregate::{Call, Function};
use deltaq_operators::functions::{self, formatted};
use deltaq_operators::types::TEXT;
use deltaq_operators::{Expr, Scalar, Schema, SqlType};

use super::map_inputs;
use crate::plan::Plan;

pub(super) fn run(plan: Plan) -> Plan {
    match map_inputs(plan, &mut run) {
        Plan::Aggregate { input, keys, calls, schema } => by_keys(input, keys, calls, schema),
        other => other,
    }
}

fn by_keys(input: Box<Plan>, mut keys: Vec<Expr>, mut calls: Vec<Call>, schema: Schema) -> Plan {
    let mut texts: Vec<Option<Text>> = keys.iter().map(Text::of).collect();
    for (key, text) in keys.iter_mut().zip(&texts) {
        if let Some(text) = text {
            *key = text.key.clone();
        }
    }
    for call in &mut calls {
        let text = call.arg.as_ref().and_then(Text::of).filter(|text| match call.function {
            Function::Count => true,
            Function::Min | Function::Max => text.ordered,
            _ => false,
        });
        if let Some(text) = &text {
            call.arg = Some(text.key.clone());
        }
        texts.push(text.filter(|_| call.function != Function::Count));
        if let Some(Some(text)) = texts.last() {
            call.ty = text.key.ty();
        }
    }
    if texts.iter().all(Option::is_none) {
        return Plan::Aggregate { input, keys, calls, schema };
    }
    let (mut below, mut exprs) = (schema.clone(), Vec::new());
    for (index, (field, text)) in below.iter_mut().zip(texts).enumerate() {
        field.ty = text.as_ref().map_or(field.ty, |text| text.key.ty());
        let column = Expr::Column { index, ty: field.ty, nullable: field.nullable };
        exprs.push(match text {
            Some(text) => text.write(column),
            None => column,
        });
    }
    let aggregate = Plan::Aggregate { input, keys, calls, schema: below };
    Plan::Project { input: Box::new(aggregate), exprs, schema }
}

/// An expression that writes a value as text: texts are equal just where the values are.
struct Text {
    key: Expr,
    /// Texts are also ordered as the values are.
    ordered: bool,
    written: Expr,
}

impl Text {
    fn of(expr: &Expr) -> Option<Text> {
        let Expr::Call { function, args, ty } = expr else { return None };
        match (function.name, args.as_slice()) {
            ("cast", [value]) if *ty == TEXT && is_told_by_text(value.ty()) => {
                Some(Text { key: value.clone(), ordered: false, written: expr.clone() })
            }
            ("date_format" | "to_char", [time, Expr::Literal { value: Scalar::Text(pattern), .. }])
                if matches!(time.ty(), SqlType::Timestamp | SqlType::TimestampTz) =>
            {
                let java = function.name == "date_format";
                let cut = formatted::cut(pattern, java)?;
                let key = functions::get(if java { "date_format_key" } else { "to_char_key" });
                let key = functions::call(key, args.clone()).ok()?;
                Some(Text { key, ordered: cut.is_ordered(), written: expr.clone() })
            }
            _ => None,
        }
    }

    /// The text of a key.
    fn write(self, key: Expr) -> Expr {
        let Expr::Call { function, mut args, ty } = self.written else { panic!("what writes is a call") };
        args[0] = functions::cast::to(key, args[0].ty());
        Expr::Call { function, args, ty }
    }
}

/// The column of `input` that `expr` is, or writes so that each value has a text of its own.
pub(crate) fn told(expr: &Expr, input: &Plan) -> Option<usize> {
    if let Expr::Column { index, .. } = expr {
        return Some(*index);
    }
    if let Plan::Filter { input, .. } = input {
        return told(expr, input);
    }
    let Expr::Call { function, args, .. } = expr else { return None };
    let index = match (Text::of(expr)?.key, &args[0]) {
        // A number or date as text.
        (Expr::Column { index, .. }, _) => return Some(index),
        (_, Expr::Column { index, .. }) => *index,
        (_, Expr::Call { function, args, .. }) if function.name == "cast" => match args[..] {
            [Expr::Column { index, ty: SqlType::Date, .. }] => index,
            _ => return None,
        },
        _ => return None,
    };
    // A time that was cut to just what is written. As it was, it would not do: years BC are written as those AD are.
    let Plan::Aggregate { keys, .. } = input else { return None };
    let Expr::Call { function: key, args: cut, .. } = keys.get(index)? else { return None };
    let same = key.name.strip_suffix("_key") == Some(function.name) && cut[1..] == args[1..];
    same.then_some(index)
}

/// Whether each value of a type has its own text.
fn is_told_by_text(ty: SqlType) -> bool {
    use SqlType::{BigInt, Boolean, Date, Int, SmallInt, Uuid};
    matches!(ty, Boolean | SmallInt | Int | BigInt | Date | Uuid)
}
