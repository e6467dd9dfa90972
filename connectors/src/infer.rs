//! Which types the values of a file fit.

use std::collections::BTreeSet;

use deltaq_operators::types::TEXT;
use deltaq_operators::{Field, Schema, SqlType};

use crate::parse;

/// Texts that mean NULL where they keep a column from being a number, a date …
pub(crate) const NULL_TEXTS: [&str; 7] = ["NA", "N/A", "NULL", "null", "\\N", "nan", "NaN"];

/// What the values seen so far fit. Kinds join: integers and floats to floats, days and timestamps to timestamps,
/// anything else to text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guess {
    kind: Option<Kind>,
    /// The NULL texts seen, the empty one aside.
    nulls: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Int,
    BigInt,
    Huge,
    Double,
    Boolean,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Text,
}

impl Guess {
    /// A NULL, spelled so.
    pub(crate) fn null(&mut self, text: &str) {
        if !text.is_empty() && !self.nulls.contains(text) {
            self.nulls.insert(text.to_string());
        }
    }

    /// A value that is nothing but text.
    pub(crate) fn other(&mut self) {
        self.kind = Some(Kind::Text);
    }

    /// A truth value.
    pub(crate) fn boolean(&mut self) {
        self.join(Kind::Boolean);
    }

    /// A value in text.
    pub(crate) fn text(&mut self, text: &str) {
        if self.kind != Some(Kind::Text) {
            self.join(kind(text));
        }
    }

    /// A value that is text, though it may spell a date or a time.
    pub(crate) fn quoted(&mut self, text: &str) {
        if self.kind != Some(Kind::Text) {
            match kind(text) {
                Kind::Int | Kind::BigInt | Kind::Huge | Kind::Double | Kind::Boolean => self.other(),
                kind => self.join(kind),
            }
        }
    }

    fn join(&mut self, kind: Kind) {
        use Kind::*;
        let joined = match (self.kind, kind) {
            (None, kind) => kind,
            (Some(a), b) if a == b => a,
            (Some(a), b) => match (a, b) {
                (Int, BigInt) | (BigInt, Int) => BigInt,
                (Int | BigInt, Huge) | (Huge, Int | BigInt) => Huge,
                (Int | BigInt | Huge, Double) | (Double, Int | BigInt | Huge) => Double,
                (Date, Timestamp) | (Timestamp, Date) => Timestamp,
                (Date | Timestamp, TimestampTz) | (TimestampTz, Date | Timestamp) => TimestampTz,
                _ => Text,
            },
        };
        self.kind = Some(joined);
    }

    /// Whether there was no value but the empty one.
    pub(crate) fn is_blank(&self) -> bool {
        self.kind.is_none() && self.nulls.is_empty()
    }

    /// The type that fits them all; TEXT where there were none.
    pub(crate) fn ty(&self) -> SqlType {
        match self.kind {
            Some(Kind::Int) => SqlType::Int,
            Some(Kind::BigInt) => SqlType::BigInt,
            Some(Kind::Huge) => SqlType::Decimal(38, 0),
            Some(Kind::Double) => SqlType::Double,
            Some(Kind::Boolean) => SqlType::Boolean,
            Some(Kind::Date) => SqlType::Date,
            Some(Kind::Time) => SqlType::Time,
            Some(Kind::Timestamp) => SqlType::Timestamp,
            Some(Kind::TimestampTz) => SqlType::TimestampTz,
            Some(Kind::Text) | None => TEXT,
        }
    }
}

fn kind(text: &str) -> Kind {
    let bytes = text.as_bytes();
    let unsigned = bytes.strip_prefix(b"-").unwrap_or(bytes);
    match unsigned {
        [] => return Kind::Text,
        // An identifier rather than a number: 007, +49…
        [b'0', b'0'..=b'9', ..] | [b'+', ..] => {}
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] if bytes.len() <= 400 => {
            if unsigned.iter().all(u8::is_ascii_digit) {
                return match parse::integer(bytes) {
                    // Room for later rows: a type is not changed by them.
                    Some(value) if value.unsigned_abs() < 1 << 30 => Kind::Int,
                    Some(_) => Kind::BigInt,
                    None if unsigned.len() <= 38 => Kind::Huge,
                    None => Kind::Double,
                };
            }
            if text.parse::<f64>().is_ok_and(f64::is_finite) {
                return Kind::Double;
            }
        }
        _ => {}
    }
    if parse::date(bytes).is_some() {
        return Kind::Date;
    }
    if parse::timestamp(bytes).is_some() {
        return Kind::Timestamp;
    }
    if parse::timestamp_tz(bytes).is_some() {
        return Kind::TimestampTz;
    }
    if parse::time(bytes).is_some() {
        return Kind::Time;
    }
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return Kind::Boolean;
    }
    if ["inf", "-inf", "Infinity", "-Infinity"].contains(&text) { Kind::Double } else { Kind::Text }
}

/// NULL texts that must be read as such for some column to have its type.
pub(crate) fn null_texts(guesses: &[Guess]) -> Vec<String> {
    let typed = guesses.iter().filter(|guess| !matches!(guess.kind, Some(Kind::Text) | None));
    typed.flat_map(|guess| guess.nulls.iter().cloned()).collect::<BTreeSet<String>>().into_iter().collect()
}

/// Columns of these guesses, named after `names` where those are not empty: `column1`, `column2` … else.
pub(crate) fn schema(names: &[String], guesses: &[Guess]) -> Schema {
    let mut schema: Schema = Vec::with_capacity(guesses.len());
    for (index, (name, guess)) in names.iter().zip(guesses).enumerate() {
        let stem = match column_name(name) {
            name if name.is_empty() => format!("column{}", index + 1),
            name => name,
        };
        let mut name = stem.clone();
        let mut copy = 2;
        while schema.iter().any(|field| field.name == name) {
            name = format!("{stem}_{copy}");
            copy += 1;
        }
        schema.push(Field { name, ty: guess.ty(), nullable: true });
    }
    schema
}

/// A name that SQL need not quote: lower case, `_` for what is neither letter nor digit.
pub(crate) fn column_name(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || c == '_' { c } else { '_' };
    let name: String = name.trim().to_lowercase().chars().map(plain).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins() {
        let ty = |texts: &[&str]| {
            let mut guess = Guess::default();
            texts.iter().for_each(|text| guess.text(text));
            guess.ty()
        };
        assert_eq!(ty(&["1", "-2"]), SqlType::Int);
        assert_eq!(ty(&["1", "3000000000"]), SqlType::BigInt);
        assert_eq!(ty(&["1", "99999999999999999999"]), SqlType::Decimal(38, 0));
        assert_eq!(ty(&["1", "2.5", "1e9"]), SqlType::Double);
        assert_eq!(ty(&["2013-01-01", "2013-01-01 05:00:00"]), SqlType::Timestamp);
        assert_eq!(ty(&["2013-01-01T05:00:00Z", "2013-01-01"]), SqlType::TimestampTz);
        assert_eq!(ty(&["05:00", "06:30:10"]), SqlType::Time);
        assert_eq!(ty(&["true", "FALSE"]), SqlType::Boolean);
        for texts in [&["1", "x"][..], &["007"], &["2013-13-01"], &["true", "1"], &["1.2.3"], &["-"], &[]] {
            assert_eq!(ty(texts), TEXT, "{texts:?}");
        }
    }

    #[test]
    fn names() {
        let guesses = vec![Guess::default(); 4];
        let names: Vec<String> = ["Dep Time", "dep_time", "", "2nd"].iter().map(|n| n.to_string()).collect();
        let schema = schema(&names, &guesses);
        let names: Vec<&str> = schema.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["dep_time", "dep_time_2", "column3", "_2nd"]);
    }
}
