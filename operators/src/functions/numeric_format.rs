//! `to_char(number, pattern)`: digits 9 and 0, `.` or D, `,` or G, S, MI, SG, PR, L, RN, EEEE and FM, as PostgreSQL writes them.

use std::sync::Arc;

use arrow_array::types::*;

use crate::expr::Expr;
use crate::functions::Kernel;
use crate::functions::decimal::rescale;
use crate::functions::kernel::{constant_text, nulls, strict, texts};
use crate::functions::numbers::{digits, read_decimal, write_decimal};
use crate::functions::text;
use crate::types::SqlType;
use crate::value::Value;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Item {
    Nine,
    Zero,
    Point,
    Comma,
    Literal(char),
    /// `MI`: a minus or a blank; `SG`: a minus or a plus.
    Minus,
    Either,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sign {
    /// In front of the first digit: a blank or a minus.
    Plain,
    /// `S` first: in front of the number, + or −.
    Front,
    /// `S` last: behind.
    Back,
    /// Where `MI` or `SG` stands.
    Placed,
    /// `PR`: in angle brackets.
    Brackets,
}

struct Format {
    items: Vec<Item>,
    sign: Sign,
    fill: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Plain,
    /// `EEEE`: with an exponent.
    Scientific,
    /// `RN`, or `rn`.
    Roman {
        lower: bool,
    },
}

impl Format {
    fn new(pattern: &str) -> Format {
        let mut format = Format { items: Vec::new(), sign: Sign::Plain, fill: true, kind: Kind::Plain };
        let mut rest = pattern;
        while let Some(c) = rest.chars().next() {
            let two = rest.get(..2).map(str::to_ascii_uppercase).unwrap_or_default();
            let mut len = c.len_utf8();
            match (two.as_str(), c.to_ascii_uppercase()) {
                ("FM", _) => (format.fill, len) = (false, 2),
                ("MI" | "SG", _) => {
                    format.items.push(if two == "MI" { Item::Minus } else { Item::Either });
                    (format.sign, len) = (Sign::Placed, 2);
                }
                ("RN", _) => (format.kind, len) = (Kind::Roman { lower: c == 'r' }, 2),
                ("EE", _) if rest.get(..4).is_some_and(|four| four.eq_ignore_ascii_case("eeee")) => {
                    (format.kind, len) = (Kind::Scientific, 4);
                }
                // The currency of the C locale is a blank.
                (_, 'L') => format.items.push(Item::Literal(' ')),
                ("PR", _) => (format.sign, len) = (Sign::Brackets, 2),
                (_, 'S') => format.sign = if format.items.is_empty() { Sign::Front } else { Sign::Back },
                (_, '9') => format.items.push(Item::Nine),
                (_, '0') => format.items.push(Item::Zero),
                (_, '.' | 'D') => format.items.push(Item::Point),
                (_, ',' | 'G') => format.items.push(Item::Comma),
                (_, '"') => {
                    let quoted = &rest[1..];
                    let end = quoted.find('"').unwrap_or(quoted.len());
                    format.items.extend(quoted[..end].chars().map(Item::Literal));
                    len = (end + 2).min(rest.len());
                }
                _ => format.items.push(Item::Literal(c)),
            }
            rest = &rest[len..];
        }
        format
    }

    /// Places behind the point.
    fn scale(&self) -> usize {
        let point = self.items.iter().position(|i| *i == Item::Point).unwrap_or(self.items.len());
        self.items[point..].iter().filter(|i| matches!(i, Item::Nine | Item::Zero)).count()
    }

    /// Appends the number of these digits, `scale()` of them behind the point; None: it has too many.
    fn write(&self, out: &mut Vec<u8>, value: Option<i128>, minus: bool) {
        let scale = self.scale();
        let point = self.items.iter().position(|i| *i == Item::Point).unwrap_or(self.items.len());
        let places = |items: &[Item]| items.iter().filter(|i| matches!(i, Item::Nine | Item::Zero)).count();
        let whole_places = places(&self.items[..point]);
        let mut written = Vec::new();
        write_decimal(&mut written, value.unwrap_or(0).abs(), scale as u8);
        let (whole, fraction) = match written.iter().position(|c| *c == b'.') {
            Some(p) => (&written[..p], &written[p + 1..]),
            None => (&written[..], &[][..]),
        };
        let whole = if whole == b"0" && (scale > 0 || whole_places == 0) { &[][..] } else { whole };
        let overflow = value.is_none() || whole.len() > whole_places;
        // From the first 0 of the pattern on, zeros are written; before it, blanks.
        let first_zero =
            self.items[..point].iter().position(|i| *i == Item::Zero).map_or(0, |z| places(&self.items[z..point]));
        let shown = whole.len().max(first_zero);
        let mut body: Vec<u8> = Vec::new();
        let (mut left, mut begun, mut sign_at) = (whole_places, false, None);
        let mut behind = fraction.iter();
        let last_needed = if self.fill { scale } else { self.last_needed(fraction) };
        let mut behind_count = 0;
        for (index, item) in self.items.iter().enumerate() {
            match item {
                Item::Nine | Item::Zero if index < point => {
                    let digit = if overflow {
                        b'#'
                    } else if left <= whole.len() {
                        whole[whole.len() - left]
                    } else {
                        b'0'
                    };
                    if overflow || left <= shown {
                        if !begun {
                            (begun, sign_at) = (true, Some(body.len()));
                        }
                        body.push(digit);
                    } else if self.fill {
                        body.push(b' ');
                    }
                    left -= 1;
                }
                Item::Nine | Item::Zero => {
                    let digit = behind.next().copied().unwrap_or(b'0');
                    behind_count += 1;
                    if behind_count <= last_needed {
                        body.push(if overflow { b'#' } else { digit });
                    }
                }
                Item::Point => {
                    if !begun {
                        (begun, sign_at) = (true, Some(body.len()));
                    }
                    body.push(b'.');
                }
                Item::Comma if begun => body.push(b','),
                Item::Comma if self.fill => body.push(b' '),
                Item::Comma => {}
                Item::Minus if minus => body.push(b'-'),
                Item::Minus if self.fill => body.push(b' '),
                Item::Minus => {}
                Item::Either => body.push(if minus { b'-' } else { b'+' }),
                Item::Literal(c) => body.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        let sign_at = sign_at.unwrap_or(body.len());
        let (front, back) = body.split_at(sign_at);
        let blank: &[u8] = if self.fill { b" " } else { b"" };
        let (before, after): (&[u8], &[u8]) = match self.sign {
            _ if point == self.items.len() && whole_places == 0 => (b"", b""),
            Sign::Plain => (if minus { b"-" } else { blank }, b""),
            Sign::Front => (if minus { b"-" } else { b"+" }, b""),
            Sign::Back => (b"", if minus { b"-" } else { b"+" }),
            Sign::Placed => (b"", b""),
            Sign::Brackets => (if minus { b"<" } else { blank }, if minus { b">" } else { blank }),
        };
        for part in [front, before, back, after] {
            out.extend_from_slice(part);
        }
    }

    /// `1.23e+04`, with a blank in front where there is no minus.
    fn write_scientific(&self, out: &mut Vec<u8>, value: &Value, from: SqlType, row: usize) {
        use crate::functions::kernel::{at, side};
        let places = self.scale();
        let written = match from {
            SqlType::Double | SqlType::Real => format!("{:.places$e}", at(side::<Float64Type>(value), row)),
            _ => {
                let scale = if let SqlType::Decimal(_, scale) = from { scale } else { 0 };
                scientific(digits_of(value, from, row, scale).unwrap_or(0), scale, places)
            }
        };
        let Some((mantissa, exponent)) = written.split_once('e') else {
            out.extend_from_slice(written.as_bytes());
            return;
        };
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        let blank = if mantissa.starts_with('-') || !self.fill { "" } else { " " };
        out.extend_from_slice(format!("{blank}{mantissa}e{sign}{:02}", exponent.abs()).as_bytes());
    }

    /// 1 to 3999, to the right of 15 places; others as so many #.
    fn write_roman(&self, out: &mut Vec<u8>, value: Option<i128>, lower: bool) {
        const PARTS: [(i128, &str); 13] = [
            (1000, "M"),
            (900, "CM"),
            (500, "D"),
            (400, "CD"),
            (100, "C"),
            (90, "XC"),
            (50, "L"),
            (40, "XL"),
            (10, "X"),
            (9, "IX"),
            (5, "V"),
            (4, "IV"),
            (1, "I"),
        ];
        let mut left = value.filter(|v| (1..4000).contains(v)).unwrap_or(0);
        let mut numeral = if left == 0 { "#".repeat(15) } else { String::new() };
        for (part, name) in PARTS {
            while left >= part {
                numeral.push_str(name);
                left -= part;
            }
        }
        if lower {
            numeral.make_ascii_lowercase();
        }
        let filled = if self.fill { format!("{numeral:>15}") } else { numeral };
        out.extend_from_slice(filled.as_bytes());
    }

    /// How many places behind the point are written without fill: up to the last 0 of the pattern or the last digit.
    fn last_needed(&self, fraction: &[u8]) -> usize {
        let point = self.items.iter().position(|i| *i == Item::Point).unwrap_or(self.items.len());
        let digits: Vec<&Item> = self.items[point..].iter().filter(|i| matches!(i, Item::Nine | Item::Zero)).collect();
        let zero = digits.iter().rposition(|i| **i == Item::Zero).map_or(0, |p| p + 1);
        let digit = fraction.iter().rposition(|d| *d != b'0').map_or(0, |p| p + 1);
        zero.max(digit)
    }
}

/// A decimal with an exponent and so many places behind the point, rounded half away from zero.
fn scientific(value: i128, scale: u8, places: usize) -> String {
    let minus = if value < 0 { "-" } else { "" };
    let mut shown = value.unsigned_abs().to_string();
    let mut exponent = if value == 0 { 0 } else { shown.len() as i32 - 1 - i32::from(scale) };
    if shown.len() > places + 1 {
        let up = shown.as_bytes()[places + 1] >= b'5';
        shown.truncate(places + 1);
        let rounded = shown.parse::<u128>().unwrap_or(0) + u128::from(up);
        shown = rounded.to_string();
        if shown.len() > places + 1 {
            shown.truncate(places + 1);
            exponent += 1;
        }
    }
    shown.extend(std::iter::repeat_n('0', (places + 1).saturating_sub(shown.len())));
    let point = if places > 0 { "." } else { "" };
    format!("{minus}{}{point}{}e{exponent}", &shown[..1], &shown[1..])
}

/// The kernel of `to_char` of a number.
pub fn to_char(args: &[Expr], ty: SqlType) -> Kernel {
    let from = args[0].ty();
    let constant = constant_text(&args[1]).map(Format::new);
    strict(ty, move |args, rows, errors| {
        let patterns = texts(&args[1]);
        Arc::new(text::build_checked(rows, nulls(args), errors, |out, row| {
            let own;
            let format = match &constant {
                Some(format) => format,
                None => {
                    own = Format::new(patterns.get(row));
                    &own
                }
            };
            match format.kind {
                Kind::Scientific => return format.write_scientific(out, &args[0], from, row),
                Kind::Roman { lower } => return format.write_roman(out, digits_of(&args[0], from, row, 0), lower),
                Kind::Plain => {}
            }
            let scale = format.scale().min(30) as u8;
            let value = digits_of(&args[0], from, row, scale);
            let minus = value.map_or_else(|| is_minus(&args[0], from, row), |v| v < 0);
            format.write(out, value.filter(|v| digits(*v) <= 38), minus);
        }))
    })
}

/// A number of one row with `scale` places behind the point; None if it has too many digits.
fn digits_of(value: &Value, from: SqlType, row: usize, scale: u8) -> Option<i128> {
    use crate::functions::kernel::{at, side};
    match from {
        SqlType::Int => rescale(at(side::<Int32Type>(value), row) as i128, 0, scale),
        SqlType::BigInt => rescale(at(side::<Int64Type>(value), row) as i128, 0, scale),
        SqlType::Decimal(_, s) => rescale(at(side::<Decimal128Type>(value), row), s, scale),
        _ => read_decimal(&format!("{:.14e}", at(side::<Float64Type>(value), row)), 38, scale).ok(),
    }
}

fn is_minus(value: &Value, from: SqlType, row: usize) -> bool {
    use crate::functions::kernel::{at, side};
    from == SqlType::Double && at(side::<Float64Type>(value), row) < 0.0
}
