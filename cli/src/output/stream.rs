//! Changes of views as they come.

use std::io::{self, Write};

use arrow_array::RecordBatch;
use deltaq_operators::types::Field;

use super::{Limits, Mode, Sheet, delimited, grid, objects};
use crate::cells;

/// Writes the changes of one view, or of several.
pub struct ChangeStream {
    mode: Mode,
    limits: Limits,
    /// The view whose changes the last lines of CSV were.
    headed: Option<String>,
}

impl ChangeStream {
    /// Nothing is written yet.
    pub fn new(mode: Mode, limits: Limits) -> ChangeStream {
        ChangeStream { mode, limits, headed: None }
    }

    /// Writes what `view` (no name: the query that runs) changed by in `epoch`.
    pub fn write(
        &mut self,
        out: &mut dyn Write,
        view: Option<&str>,
        epoch: u64,
        fields: &[Field],
        rows: &RecordBatch,
        weights: &[i64],
    ) -> io::Result<()> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let sheet = Sheet { fields, batches: std::slice::from_ref(rows), weights: Some(weights) };
        match self.mode {
            Mode::Box | Mode::Table => {
                match view {
                    Some(view) => writeln!(out, "{view}, epoch {epoch}:")?,
                    None => writeln!(out, "epoch {epoch}:")?,
                }
                let rules = if self.mode == Mode::Box { &grid::LINES } else { &grid::ASCII };
                grid::write(out, rules, sheet, self.limits)
            }
            Mode::Csv => {
                let stream = view.unwrap_or_default();
                let header = self.headed.as_deref() != Some(stream);
                self.headed = Some(stream.to_string());
                delimited::write(out, sheet, header, Some(("epoch", &epoch.to_string())))
            }
            Mode::Jsonlines => {
                let mut lead = Vec::new();
                if let Some(view) = view {
                    lead.extend_from_slice(b"\"view\":");
                    cells::append(&mut lead, view);
                    lead.push(b',');
                }
                write!(lead, "\"epoch\":{epoch},")?;
                objects::write(out, sheet, Some(&String::from_utf8_lossy(&lead)))
            }
        }
    }
}
