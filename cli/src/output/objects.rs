//! One JSON object a line: the row by column name, or for a change `{"weight":1,"row":{…}}`.

use std::io::{self, Write};

use super::Sheet;
use crate::cells;

/// Writes `sheet`; `lead` goes first into each change's object, such as `"epoch":3,`.
pub fn write(out: &mut dyn Write, sheet: Sheet, lead: Option<&str>) -> io::Result<()> {
    let mut line = Vec::new();
    for batch in sheet.batches {
        for row in 0..batch.num_rows() {
            line.clear();
            let weight = sheet.weight(row);
            if let Some(weight) = weight {
                line.push(b'{');
                line.extend_from_slice(lead.unwrap_or_default().as_bytes());
                write!(line, "\"weight\":{weight},\"row\":")?;
            }
            line.push(b'{');
            for (index, (field, column)) in sheet.fields.iter().zip(batch.columns()).enumerate() {
                if index > 0 {
                    line.push(b',');
                }
                cells::append(&mut line, &field.name);
                line.push(b':');
                cells::write_json(&mut line, column, field.ty, row);
            }
            line.extend_from_slice(if weight.is_some() { b"}}\n" } else { b"}\n" });
            out.write_all(&line)?;
        }
    }
    Ok(())
}
