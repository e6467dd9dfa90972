//! Literals: numbers, quotations, intervals.

use deltaq_circuit::Span;
use deltaq_operators::types::TEXT;
use deltaq_operators::{Expr, Scalar, SqlType};
use sqlparser::ast::{self, DateTimeField, Value};

use super::digits::Digits;
use super::{Binder, Bound};

impl Binder<'_> {
    /// A literal. A quotation is TEXT until its context says otherwise.
    pub fn literal(&mut self, value: &Value, span: Option<Span>) -> Bound<Expr> {
        let text = |s: &str| Ok(Expr::literal(Scalar::Text(s.to_string()), TEXT));
        match value {
            Value::Number(digits, _) => self.number(digits, span),
            Value::SingleQuotedString(s)
            | Value::EscapedStringLiteral(s)
            | Value::UnicodeStringLiteral(s)
            | Value::NationalStringLiteral(s) => text(s),
            Value::DollarQuotedString(s) => text(&s.value),
            Value::Boolean(b) => Ok(Expr::literal(Scalar::Boolean(*b), SqlType::Boolean)),
            Value::Null => Ok(Expr::literal(Scalar::Null, SqlType::Null)),
            Value::HexStringLiteral(hex) if span.is_some_and(|s| self.source.text(s).starts_with(['0'])) => {
                match i64::from_str_radix(&hex.replace('_', ""), 16) {
                    Ok(value) => self.number(&value.to_string(), span),
                    Err(_) => self.report("22003", format!("0x{hex} is out of range"), span),
                }
            }
            Value::HexStringLiteral(hex) => {
                let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
                if digits.len() != hex.len() || !digits.len().is_multiple_of(2) {
                    return self.report("22P02", "a hexadecimal literal has two digits a byte", span);
                }
                let bytes = digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect();
                Ok(Expr::literal(Scalar::Bytea(bytes), SqlType::Bytea))
            }
            Value::Placeholder(name) => {
                self.unsupported(&format!("the parameter {name} is"), span, "put the value into the text")
            }
            _ => self.unsupported("this literal is", span, ""),
        }
    }

    /// INT, BIGINT or DECIMAL, whichever holds it; DOUBLE beyond.
    pub fn number(&mut self, digits: &str, span: Option<Span>) -> Bound<Expr> {
        let digits = digits.replace('_', "");
        if let Ok(v) = digits.parse::<i32>() {
            return Ok(Expr::literal(Scalar::Int(v), SqlType::Int));
        }
        if let Ok(v) = digits.parse::<i64>() {
            return Ok(Expr::literal(Scalar::BigInt(v), SqlType::BigInt));
        }
        if let Some((value, precision, scale)) = decimal(&digits) {
            return Ok(Expr::literal(Scalar::Decimal(value), SqlType::Decimal(precision, scale)));
        }
        match digits.parse::<f64>() {
            Ok(v) if v.is_finite() && v != 0.0 => Ok(Expr::literal(Scalar::Double(v), SqlType::Double)),
            Ok(_) => self.report("22003", format!("{digits} is out of range"), span),
            Err(_) => self.report("22P02", format!("\"{digits}\" is not a number"), span),
        }
    }

    /// `text` as a value of type `ty`.
    pub fn typed_literal(&mut self, value: &str, ty: SqlType, span: Option<Span>) -> Bound<Expr> {
        self.explicit_cast(Expr::literal(Scalar::Text(value.into()), TEXT), ty, span)
    }

    /// `INTERVAL '1 day'`, `INTERVAL '5' SECOND`, `INTERVAL 5 DAY`, `INTERVAL '1-2' YEAR TO MONTH`.
    pub fn interval(&mut self, interval: &ast::Interval, span: Option<Span>) -> Bound<Expr> {
        let value = match &*interval.value {
            ast::Expr::Value(v) => v.value.clone(),
            ast::Expr::UnaryOp { op: ast::UnaryOperator::Minus, expr } => match &**expr {
                ast::Expr::Value(ast::ValueWithSpan { value: Value::Number(n, long), .. }) => {
                    Value::Number(format!("-{n}"), *long)
                }
                _ => Value::Null,
            },
            _ => Value::Null,
        };
        let value = match value {
            Value::Number(n, _) => n,
            Value::SingleQuotedString(s) | Value::EscapedStringLiteral(s) => s,
            _ => {
                let help = "multiply: n * INTERVAL '1 day'";
                return self.unsupported("an INTERVAL of anything but a literal is", span, help);
            }
        };
        let text = match (&interval.leading_field, &interval.last_field) {
            (Some(DateTimeField::Minute), Some(DateTimeField::Second)) if value.matches(':').count() == 1 => {
                match value.trim().strip_prefix('-') {
                    Some(positive) => format!("-00:{positive}"),
                    None => format!("00:{}", value.trim()),
                }
            }
            (Some(unit), None) if value.trim().parse::<f64>().is_ok() => {
                format!("{} {}", value.trim(), unit.to_string().to_lowercase())
            }
            _ => Digits::of_literal(interval).complete(&value),
        };
        self.typed_literal(&text, SqlType::Interval, span)
    }
}

/// `12.50`, `1e-3` as digits, precision and scale; None where a DECIMAL does not hold it.
fn decimal(text: &str) -> Option<(i128, u8, u8)> {
    let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = format!("{whole}{fraction}");
    if digits.is_empty() || digits.len() > 60 || exponent.abs() > 60 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut scale = fraction.len() as i32 - exponent;
    while scale < 0 {
        digits.push('0');
        scale += 1;
    }
    let digits = digits.trim_start_matches('0');
    let precision = digits.len().max(scale as usize).max(1);
    if precision > 38 {
        return None;
    }
    let value: i128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    Some((if negative { -value } else { value }, precision as u8, scale as u8))
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimals_take_the_digits_as_written() {
        assert_eq!(decimal("12.50"), Some((1250, 4, 2)));
        assert_eq!(decimal("-0.001"), Some((-1, 3, 3)));
        assert_eq!(decimal("1e5"), Some((100_000, 6, 0)));
        assert_eq!(decimal("1.5e-3"), Some((15, 4, 4)));
        assert_eq!(decimal(".5"), Some((5, 1, 1)));
        assert_eq!(decimal("1e40"), None);
    }
}
