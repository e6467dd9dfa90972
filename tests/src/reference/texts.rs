//! Text: functions of it, values to it and back.

use deltaq_operators::{Scalar, SqlType};
use num_bigint::BigInt;

use super::expression::Typed;
use super::function::{Exact, power, store};
use super::{Failure, temporal};

const NOT_A_VALUE: Failure = "22P02";

/// A text function's value, None if `name` is none.
pub fn call(name: &str, args: &[Typed], _ty: SqlType) -> Option<Result<Scalar, Failure>> {
    let text_arg = |index: usize| text(&args[index]);
    let chars = |text: &str| text.chars().collect::<Vec<char>>();
    let whole = |chars: &[char]| Ok(Scalar::Text(chars.iter().collect()));
    let number = |index: usize| super::function::float(&args[index]) as i64;
    Some(match name {
        "concat_op" | "concat" | "||" => Ok(Scalar::Text((0..args.len()).map(text_arg).collect())),
        "lower" => Ok(Scalar::Text(text_arg(0).to_lowercase())),
        "upper" => Ok(Scalar::Text(text_arg(0).to_uppercase())),
        "length" | "char_length" => Ok(Scalar::Int(text_arg(0).chars().count() as i32)),
        "like" | "not_like" => {
            let matched = like(&chars(&text_arg(0)), &chars(&text_arg(1)));
            Ok(Scalar::Boolean(matched == (name == "like")))
        }
        "left" | "right" => {
            let text = chars(&text_arg(0));
            let n = number(1);
            let count = if n >= 0 { n.min(text.len() as i64) } else { (text.len() as i64 + n).max(0) } as usize;
            whole(if name == "left" { &text[..count] } else { &text[text.len() - count..] })
        }
        "substring" | "substr" => {
            // Characters from .. from + count, as far as they exist.
            let text = chars(&text_arg(0));
            let from = number(1);
            let to = if args.len() > 2 {
                if number(2) < 0 {
                    return Some(Err("22011"));
                }
                from + number(2)
            } else {
                i64::MAX
            };
            let kept: Vec<char> = text
                .into_iter()
                .enumerate()
                .filter(|(i, _)| (from..to).contains(&(*i as i64 + 1)))
                .map(|(_, c)| c)
                .collect();
            whole(&kept)
        }
        "replace" => {
            let (text, from) = (text_arg(0), text_arg(1));
            Ok(Scalar::Text(if from.is_empty() { text } else { text.replace(&from, &text_arg(2)) }))
        }
        "trim" | "btrim" => Ok(Scalar::Text(text_arg(0).trim_matches(' ').to_string())),
        _ => return None,
    })
}

/// LIKE with `\` as the escape: `%` any characters, `_` one.
fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|skip| like(&text[skip..], rest)),
        ['_', rest @ ..] => !text.is_empty() && like(&text[1..], rest),
        ['\\', c, rest @ ..] | [c, rest @ ..] => text.first() == Some(c) && like(&text[1..], rest),
    }
}

/// The text of a value that is not NULL.
pub fn text(value: &Typed) -> String {
    match &value.0 {
        Scalar::Text(v) => v.clone(),
        Scalar::Boolean(v) => v.to_string(),
        Scalar::Date(v) => temporal::date_text(*v),
        Scalar::Timestamp(v) if value.1 == SqlType::Timestamp => temporal::timestamp_text(*v),
        Scalar::Double(v) => float_text(*v),
        _ => match super::function::exact(value) {
            Some(number) => exact_text(&number),
            None => panic!("the reference does not write {value:?} as text"),
        },
    }
}

/// The fewest digits that tell a float, as PostgreSQL writes them. There is one zero.
fn float_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.into();
    }
    let value = value + 0.0;
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or_else(|| panic!("{scientific} has an exponent"));
    match exponent.parse::<i32>() {
        Ok(-4..15) => value.to_string(),
        Ok(exponent) => format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()),
        Err(error) => panic!("{scientific}: {error}"),
    }
}

/// A number with as many digits after the point as its scale says.
pub fn exact_text(value: &Exact) -> String {
    let scale = value.scale as usize;
    let digits = format!("{:0>width$}", value.digits.magnitude().to_string(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if value.digits < BigInt::from(0) { "-" } else { "" };
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// A text cut to what the type holds.
pub fn fit(text: String, ty: SqlType) -> String {
    match ty {
        SqlType::Text { max, padded } => {
            let cut: String = text.chars().take(max.map_or(usize::MAX, |m| m as usize)).collect();
            if padded { cut.trim_end_matches(' ').to_string() } else { cut }
        }
        _ => text,
    }
}

/// A text read as a value of `ty`.
pub fn parse(value: &Scalar, ty: SqlType) -> Result<Scalar, Failure> {
    let Scalar::Text(text) = value else { panic!("{value:?} is no text") };
    let text = text.trim();
    match ty {
        SqlType::SmallInt | SqlType::Int | SqlType::BigInt => {
            let number =
                exact_of_text(text).filter(|n| n.scale == 0 && !text.contains(['.', 'e', 'E'])).ok_or(NOT_A_VALUE)?;
            store(&number, ty)
        }
        SqlType::Decimal(..) => store(&exact_of_text(text).ok_or(NOT_A_VALUE)?, ty),
        SqlType::Double | SqlType::Real => {
            let number: f64 = text.parse().map_err(|_| NOT_A_VALUE)?;
            Ok(if ty == SqlType::Double { Scalar::Double(number) } else { Scalar::Real(number as f32) })
        }
        SqlType::Boolean => {
            let text = text.to_lowercase();
            let is = |words: &[&str]| words.contains(&text.as_str());
            if is(&["t", "tr", "tru", "true", "y", "ye", "yes", "on", "1"]) {
                Ok(Scalar::Boolean(true))
            } else if is(&["f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0"]) {
                Ok(Scalar::Boolean(false))
            } else {
                Err(NOT_A_VALUE)
            }
        }
        other => panic!("the reference does not read text as {other}"),
    }
}

/// Reads `[+-]digits[.digits][e[+-]digits]`.
pub fn exact_of_text(text: &str) -> Option<Exact> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(&digits);
    if unsigned.is_empty() || !unsigned.chars().all(|c| c.is_ascii_digit()) || fraction.starts_with(['+', '-']) {
        return None;
    }
    let digits: BigInt = digits.parse().ok()?;
    let scale = fraction.len() as i32 - exponent;
    Some(match u32::try_from(scale) {
        Ok(scale) => Exact { digits, scale },
        Err(_) => Exact { digits: digits * power(scale.unsigned_abs()), scale: 0 },
    })
}
