//! Changes of views as they come.

use std::io::{self, Write};

use deltaq::Change;
use deltaq_connectors::Format;
use deltaq_operators::types::Field;

use super::lines::{self, Lead};
use super::{Limits, Mode, Sheet, grid};

/// Writes the changes of one view, or of several.
#[derive(Default)]
pub struct ChangeStream {
    /// The view whose changes the last lines of CSV were.
    headed: Option<String>,
}

impl ChangeStream {
    /// Writes what `view` (no name: the query that runs) changed by.
    pub fn write(
        &mut self,
        out: &mut dyn Write,
        mode: Mode,
        limits: Limits,
        view: Option<&str>,
        fields: &[Field],
        change: &Change,
    ) -> io::Result<()> {
        if change.is_empty() {
            return Ok(());
        }
        let epoch = change.epoch;
        let sheet = Sheet { fields, batches: std::slice::from_ref(&change.rows), weights: Some(&change.weights) };
        match mode {
            Mode::Box | Mode::Table => {
                match view {
                    Some(view) => writeln!(out, "{view}, epoch {epoch}:")?,
                    None => writeln!(out, "epoch {epoch}:")?,
                }
                let rules = if mode == Mode::Box { &grid::LINES } else { &grid::ASCII };
                grid::write(out, rules, sheet, limits)
            }
            Mode::Csv => {
                let stream = view.unwrap_or_default();
                let header = self.headed.as_deref() != Some(stream);
                self.headed = Some(stream.to_string());
                lines::write(out, Format::Csv, sheet, header, Some(Lead { epoch, view }))
            }
            Mode::Jsonlines => lines::write(out, Format::Jsonl, sheet, false, Some(Lead { epoch, view })),
        }
    }
}
