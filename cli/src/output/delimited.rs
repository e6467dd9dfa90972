//! Comma-separated values, quoted as RFC 4180 says; NULL is an empty field, an empty text is `""`.

use std::io::{self, Write};

use super::Sheet;

/// Writes `sheet`, with a line of names first if `header`; `lead` is a column before all others, of one value.
pub fn write(out: &mut dyn Write, sheet: Sheet, header: bool, lead: Option<(&str, &str)>) -> io::Result<()> {
    if header {
        let lead = lead.map(|(name, _)| name.to_string());
        let weight = sheet.weights.map(|_| "weight".to_string());
        let names = sheet.fields.iter().map(|f| quoted(&f.name));
        let line: Vec<String> = lead.into_iter().chain(weight).chain(names).collect();
        writeln!(out, "{}", line.join(","))?;
    }
    let mut line = String::new();
    for (index, batch) in sheet.batches.iter().enumerate() {
        for row in 0..batch.num_rows() {
            line.clear();
            if let Some((_, value)) = lead {
                line.push_str(value);
                line.push(',');
            }
            if let Some(weight) = sheet.weight(row) {
                line.push_str(&weight.to_string());
                line.push(',');
            }
            for column in 0..sheet.fields.len() {
                if column > 0 {
                    line.push(',');
                }
                if let Some(text) = sheet.text(index, row, column) {
                    line.push_str(&quoted(&text));
                }
            }
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    if text.is_empty() || text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_string()
}
