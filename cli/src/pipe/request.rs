//! What comes in: one request a line.

use std::fmt;

use deltaq::Error;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::cells;

/// What can be asked.
const REQUESTS: &str =
    r#"{"execute": "SQL"}, {"step": {"t": [{"weight": 1, "row": […]}]}}, {"watch": ["v"]} or {"unwatch": ["v"]}"#;

/// A request.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Request<'a> {
    /// SQL statements.
    Execute(String),
    /// Weighted rows.
    #[serde(borrow)]
    Step(Step<'a>),
    /// Views whose changes are to be reported.
    Watch(Vec<String>),
    /// Views whose changes are to be reported no longer.
    Unwatch(Vec<String>),
}

/// Rows by table, in the order of the line; a table may stand there twice.
pub struct Step<'a> {
    /// Them.
    pub tables: Vec<(String, Vec<WeightedRow<'a>>)>,
}

/// A row and how it changes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "{\"weight\": …, \"row\": […]}")]
pub struct WeightedRow<'a> {
    /// +n inserts n copies, −n retracts n.
    pub weight: i64,
    /// Its values in the order of the table's columns.
    #[serde(borrow)]
    pub row: Vec<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Step<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Step<'a>, D::Error> {
        struct Tables;
        impl<'de> Visitor<'de> for Tables {
            type Value = Step<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object of tables, each with a list of {\"weight\": …, \"row\": […]}")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Step<'de>, M::Error> {
                let mut tables = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    tables.push(entry);
                }
                Ok(Step { tables })
            }
        }
        deserializer.deserialize_map(Tables)
    }
}

impl Request<'_> {
    /// Reads a line.
    pub fn parse(line: &[u8]) -> Result<Request<'_>, Wrong> {
        let line = line.trim_ascii_end();
        let text = std::str::from_utf8(line).map_err(|e| {
            let before = String::from_utf8_lossy(&line[..e.valid_up_to()]).chars().count();
            Wrong { position: Some(before + 1), ..Wrong::new("22021", "the line is not UTF-8") }
        })?;
        serde_json::from_str(text).map_err(|e| {
            let message = e.to_string();
            let message = message.rsplit_once(" at line").map_or(message.as_str(), |(message, _)| message);
            // In the words of JSON, not of the structures that requests become here.
            let message = match message.strip_prefix("unknown variant ") {
                Some(rest) => format!("unknown request {rest}"),
                None => message.replacen("missing field ", "missing key ", 1),
            };
            let (code, message) = match serde_json::from_str::<IgnoredAny>(text) {
                Err(_) => ("22032", message.as_str()),
                Ok(_) if e.is_data() => ("08P01", message.as_str()),
                Ok(_) => ("08P01", "a request is an object with exactly one key"),
            };
            let help = (code == "08P01").then(|| REQUESTS.to_string());
            // serde_json counts bytes.
            let column = e.column().clamp(1, text.len().max(1)) - 1;
            Wrong { position: Some(character(text, column)), help, ..Wrong::new(code, message) }
        })
    }
}

/// What is wrong with a request.
#[derive(Debug)]
pub struct Wrong {
    code: String,
    message: String,
    position: Option<usize>,
    help: Option<String>,
    further: Vec<Wrong>,
}

impl Wrong {
    /// One sentence.
    pub fn new(code: &str, message: impl Into<String>) -> Wrong {
        Wrong { code: code.to_string(), message: message.into(), position: None, help: None, further: Vec::new() }
    }

    /// What the engine says of `sql`.
    pub fn in_sql(error: &Error, sql: &str) -> Wrong {
        let mut all = error.diagnostics().iter().map(|diagnostic| Wrong {
            position: diagnostic.span.filter(|_| !sql.is_empty()).map(|span| character(sql, span.start)),
            help: diagnostic.help.clone(),
            ..Wrong::new(diagnostic.code, diagnostic.message.clone())
        });
        let mut first = all.next().unwrap_or_else(|| Wrong::new(error.code(), error.to_string()));
        first.further = all.collect();
        first
    }

    /// A query of `sql` says EMIT CHANGES, at this byte: replies end, and changes go on.
    pub fn emission(sql: &str, at: usize) -> Wrong {
        let help = r#"CREATE VIEW v AS SELECT …, then the request {"watch": ["v"]}"#;
        Wrong {
            position: Some(character(sql, at)),
            help: Some(help.to_string()),
            ..Wrong::new("0A000", r#"EMIT CHANGES watches nothing here; the request {"watch": ["v"]} watches a view"#)
        }
    }

    /// Writes it as a JSON object.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"code\":");
        cells::append(out, &self.code);
        out.extend_from_slice(b",\"message\":");
        cells::append(out, &self.message);
        out.extend_from_slice(b",\"position\":");
        cells::append(out, &self.position);
        if let Some(help) = &self.help {
            out.extend_from_slice(b",\"help\":");
            cells::append(out, help);
        }
        if !self.further.is_empty() {
            out.extend_from_slice(b",\"further\":[");
            for (index, wrong) in self.further.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                wrong.write(out);
            }
            out.push(b']');
        }
        out.push(b'}');
    }
}

/// The number of the character at this byte, from 1.
fn character(text: &str, byte: usize) -> usize {
    let at = (0..=byte.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[..at].chars().count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, code: &str, position: usize) {
        let wrong = Request::parse(line.as_bytes()).err().unwrap_or_else(|| panic!("{line} is a request"));
        assert_eq!((wrong.code.as_str(), wrong.position), (code, Some(position)), "{line}: {}", wrong.message);
    }

    #[test]
    fn what_is_no_request() {
        check("{\"execute\": }", "22032", 13);
        check("{\"execute\": \"ü\" x}", "22032", 16);
        check("{\"do\": 1}", "08P01", 5);
        let wrong = Request::parse(b"{\"do\": 1}").err().expect("no request");
        assert!(wrong.message.starts_with("unknown request `do`, expected one of `execute`"), "{}", wrong.message);
        check("{\"execute\": 1}", "08P01", 13);
        check("{\"step\": [1]}", "08P01", 9);
        check("{\"step\": {\"t\": [{\"row\": [1]}]}}", "08P01", 28);
        check("{\"execute\": \"\"", "22032", 14);
        check("[]", "08P01", 1);
        check("{}", "08P01", 2);
        check("{\"execute\": \"\", \"watch\": []}", "08P01", 14);
        let wrong = Request::parse(b"{\"execute\": \"\xff\"}").err().expect("no UTF-8");
        assert_eq!((wrong.code.as_str(), wrong.position), ("22021", Some(14)));
    }

    #[test]
    fn steps() {
        let line = br#"{"step": {"t": [{"weight": -1, "row": [1, "a", null, 1.50]}], "u": [], "t": []}}"#;
        let Ok(Request::Step(step)) = Request::parse(line) else { panic!("a step") };
        let names: Vec<&str> = step.tables.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["t", "u", "t"]);
        let row = &step.tables[0].1[0];
        assert_eq!(row.weight, -1);
        assert_eq!(row.row.iter().map(|v| v.get()).collect::<Vec<_>>(), ["1", "\"a\"", "null", "1.50"]);
    }
}
