//! Changes of views as they come.

use std::io::{self, Write};

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;
use deltaq::Change;
use deltaq_connectors::{Cells, Format};
use deltaq_operators::types::Field;

use super::lines::{self, Lead};
use super::{Limits, Mode, Sheet};

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
        if matches!(mode, Mode::Box | Mode::Table) {
            match view {
                Some(view) => writeln!(out, "{view}, epoch {epoch}:")?,
                None => writeln!(out, "epoch {epoch}:")?,
            }
            let (rows, weights) = sorted(fields, change);
            let sheet = Sheet { fields, batches: &[rows], weights: Some(&weights) };
            return super::write(out, mode, sheet, limits);
        }
        let sheet = Sheet { fields, batches: std::slice::from_ref(&change.rows), weights: Some(&change.weights) };
        match mode {
            Mode::Csv => {
                let stream = view.unwrap_or_default();
                let header = self.headed.as_deref() != Some(stream);
                self.headed = Some(stream.to_string());
                lines::write(out, Format::Csv, sheet, header, Some(Lead { epoch, view }))
            }
            _ => lines::write(out, Format::Jsonl, sheet, false, Some(Lead { epoch, view })),
        }
    }
}

/// Changes of more rows than these are shown as they come.
const SORTED_MAX: usize = 10_000;

/// The rows of a change in an order that puts what a row was beside what it is.
fn sorted(fields: &[Field], change: &Change) -> (RecordBatch, Vec<i64>) {
    let mut order: Vec<u32> = (0..change.len() as u32).collect();
    if change.len() <= SORTED_MAX {
        let mut keys: Vec<Vec<Key>> = Vec::new();
        let cells: Vec<Cells> =
            change.rows.columns().iter().zip(fields).map(|(column, field)| Cells::new(column, field.ty)).collect();
        for row in 0..change.len() {
            keys.push(cells.iter().zip(fields).map(|(cell, field)| Key::of(cell, field, row)).collect());
        }
        order.sort_by(|a, b| {
            let (a, b) = (*a as usize, *b as usize);
            keys[a].partial_cmp(&keys[b]).unwrap_or(std::cmp::Ordering::Equal)
        });
    }
    let weights = order.iter().map(|row| change.weights[*row as usize]).collect();
    let rows = take_record_batch(&change.rows, &UInt32Array::from(order));
    (rows.unwrap_or_else(|e| panic!("rows of the change itself: {e}")), weights)
}

/// What a cell is sorted by; NULL comes last.
#[derive(PartialEq, PartialOrd)]
enum Key {
    Number(f64),
    Text(String),
    Null,
}

impl Key {
    fn of(cell: &Cells, field: &Field, row: usize) -> Key {
        if cell.is_null(row) {
            return Key::Null;
        }
        let mut bytes = Vec::new();
        cell.write(row, &mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match text.parse() {
            Ok(number) if field.ty.is_numeric() => Key::Number(number),
            _ => Key::Text(text),
        }
    }
}
