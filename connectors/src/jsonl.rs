//! JSON lines into columns: an object of columns, or an array of values in order, on each line.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use arrow_array::ArrayRef;
use deltaq_operators::functions::numbers;
use deltaq_operators::{Field, Schema, SqlType};
use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::csv::SAMPLE_PATIENCE;
use crate::error::{Error, Reason, Result, reason};
use crate::infer::{self, Guess};
use crate::input::{Fill, Input};
use crate::options::SourceOptions;
use crate::parse;
use crate::rows::Rows;
use crate::source::Decode;

/// Longest line.
const LINE_BYTES_MAX: usize = 64 << 20;

/// Decodes JSON lines.
pub(crate) struct JsonlDecoder {
    input: Input,
    keys: Keys,
    line: u64,
}

/// Which key is which column.
struct Keys {
    names: Vec<String>,
    reject_unknown: bool,
}

impl Keys {
    /// The column of a key; `likely` is looked at first, as keys mostly come in the same order.
    #[inline]
    fn column(&self, key: &str, likely: usize) -> Option<usize> {
        if self.names.get(likely).is_some_and(|name| name == key) {
            return Some(likely);
        }
        (self.names.iter().position(|name| name == key))
            .or_else(|| self.names.iter().position(|name| name.eq_ignore_ascii_case(key)))
            .or_else(|| self.names.iter().position(|name| *name == infer::column_name(key)))
    }
}

impl JsonlDecoder {
    pub(crate) fn new(input: Input, options: &SourceOptions, schema: &[Field]) -> JsonlDecoder {
        let names = schema.iter().map(|field| field.name.clone()).collect();
        JsonlDecoder { input, keys: Keys { names, reject_unknown: options.reject_unknown_keys }, line: 1 }
    }
}

impl Decode for JsonlDecoder {
    fn decode(&mut self, rows: &mut Rows) -> Result<Option<Vec<ArrayRef>>> {
        if self.line == 1 {
            self.input.skip_byte_order_mark()?;
        }
        while !rows.is_full() {
            let Some(bytes) = line_bytes(self.input.rest(), self.input.is_ended()) else {
                if self.input.rest().len() > LINE_BYTES_MAX {
                    return Err(Error::format(self.input.name(), format!("line {} is longer than 64 MiB", self.line)));
                }
                match self.input.fill((rows.len() > 0).then_some(Duration::ZERO))? {
                    Fill::More => continue,
                    Fill::Later => break,
                    Fill::End if self.input.rest().is_empty() => break,
                    Fill::End => continue,
                }
            };
            let line = self.input.rest()[..bytes].trim_ascii();
            let outcome = if line.is_empty() { Ok(()) } else { object(line, &self.keys, self.line, rows) };
            self.input.consume(bytes);
            self.line += 1;
            outcome?;
        }
        Ok((rows.len() > 0).then(|| rows.finish()))
    }

    fn bytes_read(&self) -> u64 {
        self.input.bytes_read()
    }

    fn bytes_total(&self) -> Option<u64> {
        self.input.bytes_total()
    }
}

fn line_bytes(rest: &[u8], ended: bool) -> Option<usize> {
    match memchr::memchr(b'\n', rest) {
        Some(end) => Some(end + 1),
        None => (ended && !rest.is_empty()).then_some(rest.len()),
    }
}

/// Adds the row on a line.
fn object(text: &[u8], keys: &Keys, line: u64, rows: &mut Rows) -> Result<()> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let outcome = deserializer.deserialize_any(RowVisitor { keys, rows }).and_then(|()| deserializer.end());
    match outcome {
        Ok(()) => {
            for column in 0..rows.width() {
                if !rows.is_lost() && !rows.has(column) && !rows.set(column, None) {
                    break;
                }
            }
        }
        Err(error) => rows.lose(reason("22P02", syntax_message(&error))),
    }
    rows.end_row(line, text)
}

/// What serde_json says, without its line, which is always 1.
fn syntax_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((what, _)) => format!("not valid JSON at byte {}: {what}", error.column()),
        None => format!("not valid JSON: {text}"),
    }
}

struct RowVisitor<'a> {
    keys: &'a Keys,
    rows: &'a mut Rows,
}

impl<'de> Visitor<'de> for RowVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object of columns or an array of values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut likely = 0;
        while let Some(Key(key)) = map.next_key::<Key>()? {
            let value: &RawValue = map.next_value()?;
            match self.keys.column(&key, likely) {
                Some(column) => {
                    likely = column + 1;
                    set(self.rows, column, value.get());
                }
                None if self.keys.reject_unknown => {
                    self.rows.lose(reason("42703", format!("no column for key \"{key}\"")));
                }
                None => {}
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let width = self.rows.width();
        let mut count = 0;
        while let Some(value) = values.next_element::<&RawValue>()? {
            if count < width {
                set(self.rows, count, value.get());
            }
            count += 1;
        }
        if count != width {
            self.rows.lose(reason("22P04", format!("{count} values, expected {width}")));
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Sets a column from the JSON text of its value.
fn set(rows: &mut Rows, column: usize, json: &str) {
    let ty = rows.field(column).ty;
    let unfit =
        |what: &str| reason("22P02", format!("expected {ty}, found {what}: {}", crate::column::shown(json.as_bytes())));
    let outcome: Result<(), Reason> = match json.as_bytes() {
        b"null" => {
            rows.set(column, None);
            Ok(())
        }
        [b'"', inner @ .., b'"'] if memchr::memchr(b'\\', inner).is_none() => {
            rows.set(column, Some(inner));
            Ok(())
        }
        [b'"', ..] => match serde_json::from_str::<String>(json) {
            Ok(text) => {
                rows.set(column, Some(text.as_bytes()));
                Ok(())
            }
            Err(error) => Err(reason("22P02", syntax_message(&error))),
        },
        _ if ty.is_text() => {
            rows.set(column, Some(json.as_bytes()));
            Ok(())
        }
        [b'{', ..] => Err(unfit("an object")),
        [b'[', ..] => Err(unfit("an array")),
        b"true" | b"false" if ty != SqlType::Boolean => Err(unfit("a truth value")),
        number if ty.is_integer() && parse::integer(number).is_none() => match whole(number) {
            Some(digits) => {
                rows.set(column, Some(digits.as_bytes()));
                Ok(())
            }
            None => {
                rows.set(column, Some(number));
                Ok(())
            }
        },
        b"true" | b"false" => {
            rows.set(column, Some(json.as_bytes()));
            Ok(())
        }
        number if ty.is_numeric() => {
            rows.set(column, Some(number));
            Ok(())
        }
        _ => Err(unfit("a number")),
    };
    if let Err(reason) = outcome {
        rows.set_wrong(column, reason);
    }
}

/// The digits of a JSON number that is whole though it is written with a fraction or exponent: 1.0, 1e3.
#[cold]
fn whole(number: &[u8]) -> Option<String> {
    let value = numbers::read_decimal(std::str::from_utf8(number).ok()?, 38, 18).ok()?;
    (value % 10i128.pow(18) == 0).then(|| (value / 10i128.pow(18)).to_string())
}

/// A schema that fits the first lines: a column for each key, in the order in which they first appear.
pub(crate) fn infer(input: &mut Input, options: &SourceOptions) -> Result<Schema> {
    let mut guesses: IndexMap<String, Guess> = IndexMap::new();
    let (mut from, mut rows) = (0, 0);
    input.skip_byte_order_mark()?;
    while rows < options.sample_rows {
        let Some(bytes) = line_bytes(&input.rest()[from..], input.is_ended()) else {
            let patience = (rows > 0).then_some(SAMPLE_PATIENCE);
            match input.fill(patience)? {
                Fill::More => continue,
                Fill::Later => break,
                Fill::End if from >= input.rest().len() => break,
                Fill::End => continue,
            }
        };
        let line = &input.rest()[from..from + bytes];
        from += bytes;
        rows += 1;
        if rows == 1 && line.trim_ascii() == b"[" {
            return Err(Error::format(input.name(), ARRAY));
        }
        // A line that is no row is reported when it is read.
        if let Ok(object) = serde_json::from_slice::<IndexMap<Cow<str>, &RawValue>>(line) {
            for (key, value) in &object {
                let guess = match guesses.get_mut(key.as_ref()) {
                    Some(guess) => guess,
                    None => guesses.entry(key.to_string()).or_default(),
                };
                look(guess, value.get());
            }
        } else if let Ok(values) = serde_json::from_slice::<Vec<&RawValue>>(line) {
            if !values.is_empty() && values.iter().all(|value| value.get().starts_with('{')) {
                return Err(Error::format(input.name(), ARRAY));
            }
            for (index, value) in values.iter().enumerate() {
                look(guesses.entry(format!("column{}", index + 1)).or_default(), value.get());
            }
        }
    }
    if guesses.is_empty() {
        return Err(Error::format(input.name(), "nothing to infer columns from: no line holds a JSON object"));
    }
    let (names, guesses): (Vec<String>, Vec<Guess>) = guesses.into_iter().unzip();
    Ok(infer::schema(&names, &guesses))
}

const ARRAY: &str = "it is one JSON array; JSON lines have one object a line (jq -c '.[]' makes them)";

fn look(guess: &mut Guess, json: &str) {
    match json.as_bytes() {
        b"null" => guess.null(""),
        b"true" | b"false" => guess.boolean(),
        [b'"', ..] => match serde_json::from_str::<Cow<str>>(json) {
            Ok(text) => guess.quoted(&text),
            Err(_) => guess.other(),
        },
        [b'{' | b'[', ..] => guess.other(),
        _ => guess.text(json),
    }
}
