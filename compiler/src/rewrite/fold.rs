//! Constants are computed once, here, by the evaluator that would compute them for each row. What fails is left to fail.

use deltaq_operators::functions;
use deltaq_operators::{Expr, Scalar, SqlType};

use super::{map_exprs, map_inputs};
use crate::constant;
use crate::plan::Plan;

pub(super) fn run(plan: Plan) -> Plan {
    map_exprs(map_inputs(plan, &mut run), &mut fold)
}

/// `expr` with its constant parts computed.
pub(crate) fn fold(expr: Expr) -> Expr {
    let Expr::Call { function, args, ty } = expr else { return expr };
    let args: Vec<Expr> = args.into_iter().map(fold).collect();
    let constant = args.iter().all(|a| matches!(a, Expr::Literal { .. }));
    let call = Expr::Call { function, args, ty };
    if constant {
        return match constant::evaluate(&call) {
            Ok(value) => Expr::literal(value, ty),
            Err(_) => call,
        };
    }
    shorten(call)
}

fn literal(expr: &Expr) -> Option<&Scalar> {
    match expr {
        Expr::Literal { value, .. } => Some(value),
        _ => None,
    }
}

const TRUE: Scalar = Scalar::Boolean(true);
const FALSE: Scalar = Scalar::Boolean(false);

/// Leaves out arguments that decide nothing, and what comes after one that decides everything.
fn shorten(expr: Expr) -> Expr {
    let Expr::Call { function, mut args, ty } = expr else { return expr };
    match function.name {
        "and" | "or" => {
            let (neutral, decisive) = if function.name == "and" { (TRUE, FALSE) } else { (FALSE, TRUE) };
            if args.iter().any(|a| literal(a) == Some(&decisive)) {
                return Expr::literal(decisive, SqlType::Boolean);
            }
            let same = |a: &Expr| matches!(a, Expr::Call { function: f, .. } if f.name == function.name);
            if args.iter().any(same) {
                args = args
                    .into_iter()
                    .flat_map(|a| match a {
                        Expr::Call { function: f, args, .. } if f.name == function.name => args,
                        other => vec![other],
                    })
                    .collect();
            }
            args.retain(|a| literal(a) != Some(&neutral));
            match args.len() {
                0 => Expr::literal(neutral, SqlType::Boolean),
                1 => args.remove(0),
                _ => Expr::Call { function, args, ty },
            }
        }
        "not" => match &args[0] {
            Expr::Call { function: inner, args: below, .. } => {
                let opposite = match inner.name {
                    "not" => return below[0].clone(),
                    "eq" => "ne",
                    "ne" => "eq",
                    "lt" => "ge",
                    "le" => "gt",
                    "gt" => "le",
                    "ge" => "lt",
                    "is_null" => "is_not_null",
                    "is_not_null" => "is_null",
                    "is_true" => "is_not_true",
                    "is_not_true" => "is_true",
                    "is_false" => "is_not_false",
                    "is_not_false" => "is_false",
                    "distinct_from" => "not_distinct_from",
                    "not_distinct_from" => "distinct_from",
                    _ => return Expr::Call { function, args, ty },
                };
                Expr::Call { function: functions::get(opposite), args: below.clone(), ty }
            }
            _ => Expr::Call { function, args, ty },
        },
        "is_null" | "is_not_null" => match &args[0] {
            Expr::Column { nullable: false, .. } => Expr::literal(Scalar::Boolean(function.name == "is_not_null"), ty),
            _ => Expr::Call { function, args, ty },
        },
        "coalesce" => {
            args.retain(|a| literal(a) != Some(&Scalar::Null));
            if let Some(last) = args.iter().position(|a| !a.nullable()) {
                args.truncate(last + 1);
            }
            match args.len() {
                0 => Expr::literal(Scalar::Null, ty),
                1 if args[0].ty() == ty => args.remove(0),
                _ => Expr::Call { function, args, ty },
            }
        }
        "case" => {
            let mut kept = Vec::with_capacity(args.len());
            let mut rest = args.into_iter();
            let mut otherwise = None;
            while let Some(condition) = rest.next() {
                let Some(value) = rest.next() else {
                    otherwise = Some(condition);
                    break;
                };
                match literal(&condition) {
                    Some(Scalar::Boolean(true)) => {
                        otherwise = Some(value);
                        break;
                    }
                    Some(_) => {}
                    None => kept.extend([condition, value]),
                }
            }
            match (kept.is_empty(), otherwise) {
                (true, None) => Expr::literal(Scalar::Null, ty),
                (true, Some(value)) if value.ty() == ty || matches!(value, Expr::Literal { .. }) => value,
                (_, otherwise) => {
                    kept.extend(otherwise);
                    // A CASE has a condition.
                    if kept.len() == 1 {
                        kept.splice(0..0, [Expr::literal(FALSE, SqlType::Boolean), Expr::literal(Scalar::Null, ty)]);
                    }
                    Expr::Call { function, args: kept, ty }
                }
            }
        }
        _ => Expr::Call { function, args, ty },
    }
}
