//! Rows and changes on their way out.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{Field as ArrowField, Schema};
use clap::ValueEnum;
use deltaq_connectors::Format;
use deltaq_operators::types::{Field, TEXT};

mod grid;
mod lines;
mod stream;

pub use grid::Limits;
pub use stream::ChangeStream;

/// How rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Columns ruled with lines.
    Box,
    /// Columns ruled with ASCII characters.
    Table,
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    #[value(name = "jsonlines", alias = "jsonl")]
    Jsonlines,
}

/// Rows of a query, or a change of a view where there are weights.
#[derive(Clone, Copy)]
pub struct Sheet<'a> {
    /// Its columns.
    pub fields: &'a [Field],
    /// Its rows.
    pub batches: &'a [RecordBatch],
    /// One weight a row of the only batch.
    pub weights: Option<&'a [i64]>,
}

impl Sheet<'_> {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    fn weight(&self, row: usize) -> Option<i64> {
        self.weights.map(|weights| weights[row])
    }
}

/// Writes `sheet` in `mode`; `limits` hold where people look.
pub fn write(out: &mut dyn Write, mode: Mode, sheet: Sheet, limits: Limits) -> io::Result<()> {
    match mode {
        Mode::Box => grid::write(out, &grid::LINES, sheet, limits),
        Mode::Table => grid::write(out, &grid::ASCII, sheet, limits),
        Mode::Csv => lines::write(out, Format::Csv, sheet, true, None),
        Mode::Jsonlines => lines::write(out, Format::Jsonl, sheet, true, None),
    }
}

/// `n` with commas between thousands.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `n` bytes, for people.
pub fn bytes(n: u64) -> String {
    let mut size = n as f64;
    for unit in ["B", "KB", "MB", "GB"] {
        if size < 1000.0 {
            return if unit == "B" { format!("{n} B") } else { format!("{size:.1} {unit}") };
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}

/// Writes rows of text.
pub fn write_text(
    out: &mut dyn Write,
    mode: Mode,
    names: &[&str],
    rows: &[Vec<String>],
    limits: Limits,
) -> io::Result<()> {
    let fields: Vec<Field> =
        names.iter().map(|name| Field { name: name.to_string(), ty: TEXT, nullable: false }).collect();
    let schema: Vec<_> = names.iter().map(|name| ArrowField::new(*name, TEXT.arrow(), true)).collect();
    let column = |at: usize| Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row[at]))) as ArrayRef;
    let batch = RecordBatch::try_new(Arc::new(Schema::new(schema)), (0..names.len()).map(column).collect())
        .unwrap_or_else(|e| panic!("as many texts in each column: {e}"));
    let sheet = Sheet { fields: &fields, batches: &[batch], weights: None };
    match mode {
        Mode::Box => grid::write(out, &grid::PLAIN, sheet, limits),
        mode => write(out, mode, sheet, limits),
    }
}

/// `n` of something, the word as it must be.
pub fn counted(n: u64, word: &str) -> String {
    format!("{} {word}{}", thousands(n), if n == 1 { "" } else { "s" })
}

/// A time, for people.
pub fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

/// A weight with its sign.
pub fn signed(weight: i64) -> String {
    format!("{weight:+}")
}

#[cfg(test)]
pub mod tests {
    use arrow_array::{Decimal128Array, Int32Array};
    use deltaq_operators::SqlType;

    use super::*;

    /// Three rows with all that is awkward to print.
    pub fn sample() -> (Vec<Field>, RecordBatch) {
        let field = |name: &str, ty| Field { name: name.into(), ty, nullable: true };
        let fields = vec![field("id", SqlType::Int), field("the \"name\"", TEXT), field("s", SqlType::Decimal(10, 2))];
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(vec![1, 22, -3])),
            Arc::new(StringArray::from(vec![Some("plain"), None, Some("a,\"b\"\nü日")])),
            Arc::new(Decimal128Array::from(vec![Some(150), Some(-1), None]).with_data_type(fields[2].ty.arrow())),
        ];
        let schema = fields.iter().map(|f| ArrowField::new(&f.name, f.ty.arrow(), true)).collect::<Vec<_>>();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(schema)), columns).expect("columns of one length");
        (fields, batch)
    }

    fn check(mode: Mode, weights: Option<&[i64]>, expected: &str) {
        let (fields, batch) = sample();
        let mut out = Vec::new();
        let sheet = Sheet { fields: &fields, batches: &[batch], weights };
        write(&mut out, mode, sheet, Limits::NONE).expect("a Vec takes all");
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn csv() {
        check(Mode::Csv, None, "id,\"the \"\"name\"\"\",s\n1,plain,1.50\n22,,-0.01\n-3,\"a,\"\"b\"\"\nü日\",\n");
    }

    #[test]
    fn jsonlines() {
        check(
            Mode::Jsonlines,
            Some(&[1, -1, 2]),
            "{\"weight\":1,\"id\":1,\"the \\\"name\\\"\":\"plain\",\"s\":\"1.50\"}\n\
             {\"weight\":-1,\"id\":22,\"the \\\"name\\\"\":null,\"s\":\"-0.01\"}\n\
             {\"weight\":2,\"id\":-3,\"the \\\"name\\\"\":\"a,\\\"b\\\"\\nü日\",\"s\":null}\n",
        );
    }

    #[test]
    fn table() {
        check(
            Mode::Table,
            Some(&[1, -1, 2]),
            "\
+--------+----+------------+-------+
| weight | id | the \"name\" |     s |
+--------+----+------------+-------+
|     +1 |  1 | plain      |  1.50 |
|     -1 | 22 | NULL       | -0.01 |
|     +2 | -3 | a,\"b\"\\nü日 |  NULL |
+--------+----+------------+-------+
",
        );
    }

    #[test]
    fn boxes() {
        check(
            Mode::Box,
            None,
            "\
┌─────┬────────────┬───────────────┐
│  id │ the \"name\" │             s │
│ INT │ TEXT       │ DECIMAL(10,2) │
├─────┼────────────┼───────────────┤
│   1 │ plain      │          1.50 │
│  22 │ NULL       │         -0.01 │
│  -3 │ a,\"b\"\\nü日 │          NULL │
└─────┴────────────┴───────────────┘
",
        );
    }

    #[test]
    fn numbers_in_groups() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}
