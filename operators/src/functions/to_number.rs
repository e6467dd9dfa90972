//! `to_number(text, pattern)`: the way back from `to_char`.

use arrow_array::types::*;

use crate::functions::Function;
use crate::functions::kernel::{column, constant_text, nulls, strict, texts};
use crate::functions::numbers::read_decimal;
use crate::functions::resolve::{count, exactly};
use crate::functions::strings::entry;
use crate::scalar::Scalar;
use crate::types::{SqlType, TEXT};

/// The function.
pub const FUNCTIONS: &[Function] = &[entry(
    "to_number",
    &[],
    "to_number(text, pattern) → decimal",
    "The number in a text, read by a pattern: 9 and 0 stand for a digit, `.` or D for the point, `,` or G for a separator, S, MI, PL, SG and PR for a sign, L for a currency. It has as many places behind the point as a constant pattern. No number: error 22P02.",
    &[
        ("to_number('12,454.8-', '99G999D9S')", "-12454.8"),
        ("to_number('$1,234', 'L9,999')", "1234"),
        ("to_number('', '99')", "error 22P02"),
    ],
    |args| {
        count(args, 2, 2)?;
        let scale = match args[1].literal {
            Some(Scalar::Text(pattern)) => places(pattern).min(30),
            _ => 10,
        };
        exactly(args, &[TEXT, TEXT], SqlType::Decimal(38, scale as u8))
    },
    |args, ty| {
        let (constant, out) = (constant_text(&args[1]).map(items), ty.arrow());
        let SqlType::Decimal(precision, scale) = ty else { panic!("to_number yields {ty}") };
        strict(ty, move |args, rows, errors| {
            let (text, pattern, nulls) = (texts(&args[0]), texts(&args[1]), nulls(args));
            let mut values = Vec::with_capacity(rows);
            for row in 0..rows {
                if nulls.as_ref().is_some_and(|n| n.is_null(row)) {
                    values.push(0);
                    continue;
                }
                let number = match &constant {
                    Some(items) => digits(text.get(row), items),
                    None => digits(text.get(row), &items(pattern.get(row))),
                };
                values.push(read_decimal(&number, precision, scale).unwrap_or_else(|error| {
                    errors.set(row, error.code, error.message);
                    0
                }));
            }
            column::<Decimal128Type>(values, nulls, &out)
        })
    },
)];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Item {
    Digit,
    Point,
    Separator,
    Sign,
    Brackets,
    Currency,
    Ordinal,
    Literal,
}

fn items(pattern: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let two = rest.get(..2).map(str::to_ascii_uppercase).unwrap_or_default();
        let (item, len) = match (two.as_str(), c.to_ascii_uppercase()) {
            ("FM", _) => (None, 2),
            ("MI" | "PL" | "SG", _) => (Some(Item::Sign), 2),
            ("PR", _) => (Some(Item::Brackets), 2),
            ("TH", _) => (Some(Item::Ordinal), 2),
            (_, 'S') => (Some(Item::Sign), 1),
            (_, '9' | '0') => (Some(Item::Digit), 1),
            (_, '.' | 'D') => (Some(Item::Point), 1),
            (_, ',' | 'G') => (Some(Item::Separator), 1),
            (_, 'L') => (Some(Item::Currency), 1),
            (_, '"') => {
                let end = rest[1..].find('"').map_or(rest.len(), |end| end + 2);
                let inside = rest[1..end.max(2) - 1].chars().count();
                items.extend(std::iter::repeat_n(Item::Literal, inside));
                (None, end)
            }
            _ => (Some(Item::Literal), c.len_utf8()),
        };
        items.extend(item);
        rest = &rest[len..];
    }
    items
}

/// Places behind the point.
fn places(pattern: &str) -> usize {
    let items = items(pattern);
    let point = items.iter().position(|item| *item == Item::Point).unwrap_or(items.len());
    items[point..].iter().filter(|item| **item == Item::Digit).count()
}

/// What is written in `text` where the pattern has digits, as a number.
fn digits(text: &str, items: &[Item]) -> String {
    let mut rest = text.trim_start().chars().peekable();
    let (mut number, mut minus) = (String::new(), false);
    let signs = items.iter().any(|item| matches!(item, Item::Sign | Item::Brackets));
    for item in items {
        // A sign may stand before the first digit, whatever the pattern says.
        if !signs || *item == Item::Digit {
            while number.is_empty() && rest.peek().is_some_and(|c| matches!(c, '-' | '+' | '<' | ' ')) {
                minus |= matches!(rest.next(), Some('-' | '<'));
            }
        }
        match item {
            Item::Digit => {
                if rest.peek().is_some_and(char::is_ascii_digit) {
                    number.extend(rest.next());
                }
            }
            Item::Point => {
                if rest.peek() == Some(&'.') {
                    number.extend(rest.next());
                }
            }
            Item::Separator => {
                if rest.peek() == Some(&',') {
                    rest.next();
                }
            }
            Item::Sign | Item::Brackets => {
                while rest.peek().is_some_and(|c| matches!(c, '-' | '+' | '<' | '>' | ' ')) {
                    minus |= matches!(rest.next(), Some('-' | '<'));
                }
            }
            Item::Currency => {
                if rest.peek().is_some_and(|c| !c.is_ascii_digit() && !"+-.,".contains(*c)) {
                    rest.next();
                }
            }
            Item::Ordinal => {
                for _ in 0..2 {
                    if rest.peek().is_some_and(char::is_ascii_alphabetic) {
                        rest.next();
                    }
                }
            }
            Item::Literal => {
                rest.next();
            }
        }
    }
    if minus { format!("-{number}") } else { number }
}
