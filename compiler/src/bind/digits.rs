//! What a type says beyond what is stored: the digits of `TIMESTAMP(3)`, the fields of `INTERVAL DAY TO HOUR`. A cast rounds and cuts to it.

use deltaq_operators::types::TEXT;
use deltaq_operators::{Expr, Scalar, SqlType};
use sqlparser::ast::{self, DataType, DateTimeField, IntervalFields};

use super::{Binder, Bound};
use crate::constant::evaluate;

/// How exact a time is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Digits {
    /// Places behind the point of the seconds.
    places: Option<u64>,
    /// The smallest field of an interval.
    last: Option<&'static str>,
}

impl Digits {
    /// `TIMESTAMP(3)`, `INTERVAL DAY TO HOUR`.
    pub fn of_type(ty: &DataType) -> Digits {
        match ty {
            DataType::Time(places, _) | DataType::Timestamp(places, _) | DataType::Datetime(places) => {
                Digits { places: *places, last: None }
            }
            DataType::Interval { fields, precision } => {
                Digits { places: *precision, last: fields.as_ref().map(last_of) }
            }
            _ => Digits::default(),
        }
    }

    /// `INTERVAL '1 2' DAY TO HOUR`, `INTERVAL '1.5' SECOND(0)`.
    pub fn of_literal(interval: &ast::Interval) -> Digits {
        let seconds = interval.leading_field == Some(DateTimeField::Second);
        let places = interval.fractional_seconds_precision.or(interval.leading_precision.filter(|_| seconds));
        Digits { places, last: interval.last_field.as_ref().or(interval.leading_field.as_ref()).and_then(field) }
    }

    /// The text of an interval in which a number at the end has a unit: `1 2` is `1 2 hour` where hours are the smallest field.
    pub fn complete(self, text: &str) -> String {
        let amount = text.trim();
        let number = amount.rsplit(' ').next().unwrap_or_default();
        match self.last {
            Some(unit) if number.parse::<f64>().is_ok() => format!("{amount} {unit}"),
            _ => text.to_string(),
        }
    }
}

impl Binder<'_> {
    /// `value` with no more than these digits and fields; of a literal another literal.
    pub fn limited(&mut self, value: Expr, digits: Digits, e: &ast::Expr) -> Bound<Expr> {
        let literal = matches!(value, Expr::Literal { .. });
        let limited = self.cut(value, digits, e)?;
        if !literal {
            return Ok(limited);
        }
        // One that cannot be computed fails where it is used.
        Ok(match evaluate(&limited) {
            Ok(value) => Expr::literal(value, limited.ty()),
            Err(_) => limited,
        })
    }

    fn cut(&mut self, value: Expr, digits: Digits, e: &ast::Expr) -> Bound<Expr> {
        let value = match digits.last {
            Some(unit) if unit != "second" => {
                let unit = Expr::literal(Scalar::Text(unit.into()), TEXT);
                self.apply("date_trunc", vec![(unit, e), (value, e)], e)?
            }
            _ => value,
        };
        match digits.places {
            Some(places) if places < 6 => {
                let places = Expr::literal(Scalar::Int(places as i32), SqlType::Int);
                self.apply("round_time", vec![(value, e), (places, e)], e)
            }
            _ => Ok(value),
        }
    }
}

/// None of weeks and what else PostgreSQL does not know as a field: they are no more than a unit.
fn field(field: &DateTimeField) -> Option<&'static str> {
    Some(match field {
        DateTimeField::Year | DateTimeField::Years => "year",
        DateTimeField::Month | DateTimeField::Months => "month",
        DateTimeField::Day | DateTimeField::Days => "day",
        DateTimeField::Hour | DateTimeField::Hours => "hour",
        DateTimeField::Minute | DateTimeField::Minutes => "minute",
        DateTimeField::Second | DateTimeField::Seconds => "second",
        _ => return None,
    })
}

fn last_of(fields: &IntervalFields) -> &'static str {
    match fields {
        IntervalFields::Year => "year",
        IntervalFields::Month | IntervalFields::YearToMonth => "month",
        IntervalFields::Day => "day",
        IntervalFields::Hour | IntervalFields::DayToHour => "hour",
        IntervalFields::Minute | IntervalFields::DayToMinute | IntervalFields::HourToMinute => "minute",
        IntervalFields::Second
        | IntervalFields::DayToSecond
        | IntervalFields::HourToSecond
        | IntervalFields::MinuteToSecond => "second",
    }
}
