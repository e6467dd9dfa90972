//! Rows in ruled columns, cut to what fits where people look.

use std::io::{self, Write};

use deltaq_connectors::Cells;
use deltaq_operators::SqlType;
use unicode_width::UnicodeWidthStr;

use super::{Sheet, signed, thousands};

/// What fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rows at most; the first and last ones are shown.
    pub rows: Option<usize>,
    /// Characters a line.
    pub width: Option<usize>,
    /// Whether colours show.
    pub color: bool,
}

impl Limits {
    /// All rows at any width, without colours.
    pub const NONE: Limits = Limits { rows: None, width: None, color: false };
}

/// The characters of the rules.
pub struct Rules {
    top: [&'static str; 3],
    middle: [&'static str; 3],
    bottom: [&'static str; 3],
    horizontal: &'static str,
    vertical: &'static str,
    dots: &'static str,
    types: bool,
}

/// Box-drawing characters, with a line of types.
pub const LINES: Rules = Rules {
    top: ["┌", "┬", "┐"],
    middle: ["├", "┼", "┤"],
    bottom: ["└", "┴", "┘"],
    horizontal: "─",
    vertical: "│",
    dots: "·",
    types: true,
};

/// The same without types.
pub const PLAIN: Rules = Rules { types: false, ..LINES };

/// ASCII.
pub const ASCII: Rules = Rules {
    top: ["+", "+", "+"],
    middle: ["+", "+", "+"],
    bottom: ["+", "+", "+"],
    horizontal: "-",
    vertical: "|",
    dots: ".",
    types: false,
};

/// No column is made narrower than this to fit the line.
const WIDTH_MIN: usize = 8;

/// How a cell looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Plain,
    Bold,
    Dim,
    Green,
    Red,
}

struct Column {
    name: String,
    ty: String,
    right: bool,
    cells: Vec<(String, Look)>,
    width: usize,
}

/// Writes `sheet`.
pub fn write(out: &mut dyn Write, rules: &Rules, sheet: Sheet, limits: Limits) -> io::Result<()> {
    let total = sheet.len();
    let head = limits.rows.filter(|max| total > *max).map(|max| max - max / 2);
    let tail = limits.rows.map_or(0, |max| max / 2);
    let shown = |row: usize| head.is_none_or(|head| row < head || row >= total - tail);
    let mut columns = columns_of(sheet, shown, rules.types);
    let all = columns.len();
    let elided = limits.width.and_then(|width| fit(&mut columns, width));
    let border = |out: &mut dyn Write, [left, cross, right]: [&str; 3]| {
        let spans: Vec<String> = columns.iter().map(|c| rules.horizontal.repeat(c.width + 2)).collect();
        writeln!(out, "{left}{}{right}", spans.join(cross))
    };
    let line = |out: &mut dyn Write, cell: &dyn Fn(&Column) -> (String, Look, bool)| {
        write!(out, "{}", rules.vertical)?;
        for column in &columns {
            let (text, look, right) = cell(column);
            let text = cut(&text, column.width);
            let pad = " ".repeat(column.width - text.width());
            let text = paint(&text, look, limits.color);
            let (before, after) = if right { (pad.as_str(), "") } else { ("", pad.as_str()) };
            write!(out, " {before}{text}{after} {}", rules.vertical)?;
        }
        writeln!(out)
    };
    border(out, rules.top)?;
    line(out, &|c| (c.name.clone(), Look::Bold, c.right))?;
    if rules.types {
        line(out, &|c| (c.ty.clone(), Look::Dim, c.right))?;
    }
    border(out, rules.middle)?;
    let rows = columns.first().map_or(0, |c| c.cells.len());
    for row in 0..rows {
        if head == Some(row) {
            line(out, &|c| (rules.dots.into(), Look::Dim, c.right))?;
        }
        line(out, &|c| (c.cells[row].0.clone(), c.cells[row].1, c.right))?;
    }
    if head == Some(rows) {
        line(out, &|c| (rules.dots.into(), Look::Dim, c.right))?;
    }
    border(out, rules.bottom)?;
    let mut notes = Vec::new();
    if let Some(head) = head {
        notes.push(format!("{} rows, {} shown", thousands(total as u64), head + tail));
    } else if total == 0 {
        notes.push("0 rows".into());
    }
    if let Some(left) = elided {
        notes.push(format!("{all} columns, {left} shown"));
    }
    if !notes.is_empty() {
        writeln!(out, "{}", paint(&format!("({})", notes.join("; ")), Look::Dim, limits.color))?;
    }
    Ok(())
}

fn columns_of(sheet: Sheet, shown: impl Fn(usize) -> bool, types: bool) -> Vec<Column> {
    let mut columns: Vec<Column> = sheet
        .fields
        .iter()
        .map(|field| Column {
            name: printable(&field.name),
            ty: field.ty.to_string(),
            right: field.ty.is_numeric() || matches!(field.ty, SqlType::Interval),
            cells: Vec::new(),
            width: 0,
        })
        .collect();
    let mut weights = Column { name: "weight".into(), ty: String::new(), right: true, cells: Vec::new(), width: 0 };
    let mut number = 0;
    for batch in sheet.batches {
        let cells: Vec<Cells> =
            batch.columns().iter().zip(sheet.fields).map(|(column, field)| Cells::new(column, field.ty)).collect();
        let mut bytes = Vec::new();
        for row in 0..batch.num_rows() {
            number += 1;
            if !shown(number - 1) {
                continue;
            }
            let weight = sheet.weight(row);
            if let Some(weight) = weight {
                weights.cells.push((signed(weight), if weight > 0 { Look::Green } else { Look::Red }));
            }
            for (column, cell) in columns.iter_mut().zip(&cells) {
                bytes.clear();
                column.cells.push(if cell.is_null(row) {
                    ("NULL".into(), Look::Dim)
                } else {
                    cell.write(row, &mut bytes);
                    (printable(&String::from_utf8_lossy(&bytes)), Look::Plain)
                });
            }
        }
    }
    if sheet.weights.is_some() {
        columns.insert(0, weights);
    }
    for column in &mut columns {
        let cells = column.cells.iter().map(|(text, _)| text.width()).max().unwrap_or(0);
        let ty = if types { column.ty.width() } else { 0 };
        column.width = cells.max(column.name.width()).max(ty).max(1);
    }
    columns
}

/// Narrows `columns` to lines of `width`; if that is not enough, takes columns out of the middle and says how many are left.
fn fit(columns: &mut Vec<Column>, width: usize) -> Option<usize> {
    let needed = |columns: &[Column], cap: usize| columns.iter().map(|c| c.width.min(cap) + 3).sum::<usize>() + 1;
    let widest = columns.iter().map(|c| c.width).max().unwrap_or(0);
    let cap = (WIDTH_MIN..widest).rev().find(|cap| needed(columns, *cap) <= width);
    if needed(columns, usize::MAX) <= width {
        return None;
    }
    let cap = cap.unwrap_or(WIDTH_MIN);
    columns.iter_mut().for_each(|c| c.width = c.width.min(cap));
    if needed(columns, cap) <= width {
        return None;
    }
    let gap_width = 4;
    let mut middle = columns.len();
    while columns.len() > 2 && needed(columns, cap) + gap_width > width {
        middle = columns.len() / 2;
        columns.remove(middle);
    }
    let left = columns.len();
    let cells = columns[0].cells.iter().map(|_| ("…".to_string(), Look::Dim)).collect();
    columns.insert(middle.min(left), Column { name: "…".into(), ty: String::new(), right: false, cells, width: 1 });
    Some(left)
}

/// `text` in at most `width` characters of a terminal.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_string();
    }
    let mut short = String::new();
    for c in text.chars() {
        if short.width() + c.to_string().width() + 1 > width {
            break;
        }
        short.push(c);
    }
    short + "…"
}

/// Control characters as they are escaped in `E'…'`, so that a row stays on its line.
fn printable(text: &str) -> String {
    if !text.contains(|c: char| c.is_control()) {
        return text.to_string();
    }
    text.chars().fold(String::new(), |mut all, c| {
        match c {
            '\n' => all.push_str("\\n"),
            '\r' => all.push_str("\\r"),
            '\t' => all.push_str("\\t"),
            c if c.is_control() => all.push_str(&format!("\\x{:02x}", c as u32)),
            c => all.push(c),
        }
        all
    })
}

fn paint(text: &str, look: Look, color: bool) -> String {
    let code = match look {
        _ if !color => return text.to_string(),
        Look::Plain => return text.to_string(),
        Look::Bold => "1",
        Look::Dim => "2",
        Look::Green => "32",
        Look::Red => "31",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    fn check(limits: Limits, expected: &str) {
        let (fields, batch) = sample();
        let mut out = Vec::new();
        write(&mut out, &ASCII, Sheet { fields: &fields, batches: &[batch], weights: None }, limits).expect("a Vec");
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn few_rows() {
        check(
            Limits { rows: Some(2), ..Limits::NONE },
            "\
+----+------------+------+
| id | the \"name\" |    s |
+----+------------+------+
|  1 | plain      | 1.50 |
|  . | .          |    . |
| -3 | a,\"b\"\\nü日 | NULL |
+----+------------+------+
(3 rows, 2 shown)
",
        );
    }

    #[test]
    fn narrow_lines() {
        check(
            Limits { width: Some(25), ..Limits::NONE },
            "\
+----+----------+-------+
| id | the \"na… |     s |
+----+----------+-------+
|  1 | plain    |  1.50 |
| 22 | NULL     | -0.01 |
| -3 | a,\"b\"\\n… |  NULL |
+----+----------+-------+
",
        );
        check(
            Limits { width: Some(20), ..Limits::NONE },
            "\
+----+---+-------+
| id | … |     s |
+----+---+-------+
|  1 | … |  1.50 |
| 22 | … | -0.01 |
| -3 | … |  NULL |
+----+---+-------+
(3 columns, 2 shown)
",
        );
    }
}
