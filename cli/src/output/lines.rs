//! Rows as CSV and JSON lines: what COPY writes, without a file (`docs/formats/csv.md`, `docs/formats/jsonl.md`).

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, StringArray};
use deltaq_connectors::{Format, Sink, SinkOptions};
use deltaq_operators::types::{Field, TEXT};

use super::Sheet;

/// What stands before each row of a change.
#[derive(Clone, Copy)]
pub struct Lead<'a> {
    /// The epoch.
    pub epoch: u64,
    /// The view, where there may be several.
    pub view: Option<&'a str>,
}

/// Writes `sheet`, with a line of names first if `header` and the format has one.
pub fn write(out: &mut dyn Write, format: Format, sheet: Sheet, header: bool, lead: Option<Lead>) -> io::Result<()> {
    let mut options = SinkOptions::new("-");
    options.format = Some(format);
    options.header = header;
    options.weights = sheet.weights.is_some();
    options.epochs = lead.is_some();
    let view = lead.and_then(|lead| lead.view);
    let view_field = view.map(|_| Field { name: "view".into(), ty: TEXT, nullable: false });
    let fields: Vec<Field> = view_field.into_iter().chain(sheet.fields.iter().cloned()).collect();
    let lines = Lines::default();
    let mut sink = Sink::to_writer(Box::new(lines.clone()), &options, &fields).map_err(io::Error::other)?;
    for batch in sheet.batches {
        let view = view.map(|view| Arc::new(StringArray::from_iter_values(vec![view; batch.num_rows()])) as ArrayRef);
        let columns: Vec<ArrayRef> = view.into_iter().chain(batch.columns().iter().cloned()).collect();
        let epoch = lead.map_or(0, |lead| lead.epoch);
        sink.write(&columns, batch.num_rows(), sheet.weights, epoch).map_err(io::Error::other)?;
        sink.flush().map_err(io::Error::other)?;
        out.write_all(&lines.take())?;
    }
    sink.finish().map_err(io::Error::other)?;
    out.write_all(&lines.take())
}

/// Lines on their way from the sink.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
