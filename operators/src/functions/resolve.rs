//! What functions say of the types of their arguments.

use crate::expr::Expr;
use crate::functions::numbers::name;
use crate::functions::{Arg, Signature};
use crate::scalar::Scalar;
use crate::types::{SqlType, TEXT};

/// A bare NULL or a quoted literal: of whatever type the context wants.
pub fn is_unknown(arg: &Arg) -> bool {
    arg.ty == SqlType::Null || (arg.ty == TEXT && arg.literal.is_some())
}

/// Takes and yields.
pub fn signature(params: impl Into<Vec<SqlType>>, result: SqlType) -> Result<Signature, String> {
    Ok(Signature { params: params.into(), result })
}

/// Refuses another number of arguments.
pub fn count(args: &[Arg], least: usize, most: usize) -> Result<(), String> {
    if (least..=most).contains(&args.len()) {
        return Ok(());
    }
    let expected = match (least, most) {
        (a, b) if a == b => format!("{a}"),
        (a, usize::MAX) => format!("at least {a}"),
        (a, b) => format!("{a} to {b}"),
    };
    Err(format!("takes {expected} argument{}, got {}", if expected == "1" { "" } else { "s" }, args.len()))
}

/// Type names of the arguments, as messages list them.
pub fn names(args: &[Arg]) -> String {
    args.iter().map(|a| if is_unknown(a) { "unknown" } else { name(a.ty) }).collect::<Vec<_>>().join(", ")
}

/// The type all arguments have in common (CASE, COALESCE, IN): unknown ones take that of the others.
pub fn common(args: &[Arg], what: &str) -> Result<SqlType, String> {
    let mut known = args.iter().filter(|a| !is_unknown(a)).map(|a| a.ty);
    let Some(first) = known.next() else { return Ok(TEXT) };
    let known = known.try_fold(first, |a, b| {
        a.common(b).ok_or_else(|| format!("{what} types {} and {} cannot be matched", name(a), name(b)))
    })?;
    Ok(args.iter().filter(|a| is_unknown(a)).fold(known, |ty, a| quoted(a, ty)))
}

/// The type of an unknown argument among values of type `ty`: a quoted literal is a text of any length, a decimal of as many digits
/// as it has.
pub fn quoted(arg: &Arg, ty: SqlType) -> SqlType {
    match (ty, arg.literal) {
        (SqlType::Text { padded, .. }, Some(Scalar::Text(_))) => SqlType::Text { max: None, padded },
        (SqlType::Decimal(..), Some(Scalar::Text(text))) => {
            written(text).and_then(|(precision, scale)| ty.common(SqlType::Decimal(precision, scale))).unwrap_or(ty)
        }
        _ => ty,
    }
}

/// Precision and scale of a number as it is written. None if it is none that a decimal holds.
fn written(text: &str) -> Option<(u8, u8)> {
    let text = text.trim_ascii().trim_start_matches(['+', '-']);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().ok()?.into()),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let scale = (fraction.len() as i64 - exponent).max(0);
    let precision = (whole.len() as i64 + exponent).max(0) + scale;
    (1..=38).contains(&precision).then_some((precision as u8, scale as u8))
}

/// What `arg` is cast to where `ty` is wanted: texts of any length are one type.
pub fn as_is(arg: &Arg, ty: SqlType) -> SqlType {
    match (arg.ty, ty) {
        (SqlType::Text { .. }, SqlType::Text { padded: false, .. }) if arg.literal.is_none() => arg.ty,
        _ => ty,
    }
}

/// Arguments of exactly these types; unknown ones are cast, texts of any length are TEXT, numbers widen.
pub fn exactly(args: &[Arg], params: &[SqlType], result: SqlType) -> Result<Signature, String> {
    count(args, params.len(), params.len())?;
    let mut cast = Vec::with_capacity(params.len());
    for (arg, &param) in args.iter().zip(params) {
        cast.push(widen(arg, param).ok_or_else(|| format!("takes {}, got {}", params_text(params), names(args)))?);
    }
    signature(cast, result)
}

fn params_text(params: &[SqlType]) -> String {
    params.iter().map(|p| name(*p)).collect::<Vec<_>>().join(", ")
}

/// What `arg` is cast to as a parameter of type `param`; None if it cannot stand there.
pub fn widen(arg: &Arg, param: SqlType) -> Option<SqlType> {
    if is_unknown(arg) {
        return Some(param);
    }
    match (arg.ty, param) {
        (SqlType::Decimal(..), SqlType::Decimal(..)) => Some(arg.ty),
        (SqlType::Text { .. }, SqlType::Text { .. }) => Some(as_is(arg, param)),
        (a, b) if a == b => Some(param),
        (a, b) if a.is_numeric() && b.is_numeric() => {
            let result = if let SqlType::Decimal(..) = b {
                a.as_decimal().map(|(p, s)| SqlType::Decimal(p, s))
            } else {
                Some(b)
            };
            let rank = |t| match t {
                SqlType::SmallInt => 0,
                SqlType::Int => 1,
                SqlType::BigInt => 2,
                SqlType::Decimal(..) => 3,
                SqlType::Real => 4,
                _ => 5,
            };
            result.filter(|_| rank(a) < rank(b))
        }
        (SqlType::Date, SqlType::Timestamp | SqlType::TimestampTz) => Some(param),
        (SqlType::Timestamp, SqlType::TimestampTz) => Some(param),
        _ => None,
    }
}

/// NULL if an argument may be.
pub fn any_nullable(args: &[Expr]) -> bool {
    args.iter().any(Expr::nullable)
}

/// NULL only if all arguments may be.
pub fn all_nullable(args: &[Expr]) -> bool {
    args.iter().all(Expr::nullable)
}

/// May be NULL whatever the arguments.
pub fn always_nullable(_: &[Expr]) -> bool {
    true
}

/// Never NULL.
pub fn never_nullable(_: &[Expr]) -> bool {
    false
}
