//! Rows under construction, and what becomes of those that cannot be read.

use arrow_array::ArrayRef;
use deltaq_operators::Field;

use crate::column::Column;
use crate::error::{Error, Reason, Rejection, Result};
use crate::lines::Lines;
use crate::options::OnError;

/// Rejections kept with their details; more are only counted.
pub(crate) const REJECTIONS_KEPT: usize = 1000;

const RECORD_BYTES_KEPT: usize = 2000;

/// Columns that fill up row by row.
pub(crate) struct Rows {
    columns: Vec<Column>,
    path: String,
    on_error: OnError,
    len: usize,
    max: usize,
    /// What is wrong with the row being filled: its values that became NULL, and last what makes it unreadable.
    wrong: Vec<(Option<usize>, Reason)>,
    lost: bool,
    /// Rejections with their details, so far and in all.
    kept: usize,
    pub(crate) rejections: Vec<Rejection>,
    pub(crate) rejected: u64,
    /// Where the rows stand, those of the columns that were handed on last among them until somebody takes this.
    pub(crate) lines: Lines,
}

impl Rows {
    /// No rows yet, and `max` at most.
    pub(crate) fn new(path: &str, schema: &[Field], on_error: OnError, max: usize) -> Rows {
        Rows {
            columns: schema.iter().map(|field| Column::new(field, max.min(64))).collect(),
            path: path.to_string(),
            on_error,
            len: 0,
            max,
            wrong: Vec::new(),
            lost: false,
            kept: 0,
            rejections: Vec::new(),
            rejected: 0,
            lines: Lines::default(),
        }
    }

    /// The file as messages name it.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Rows so far.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether no further row fits.
    pub(crate) fn is_full(&self) -> bool {
        self.len >= self.max
    }

    /// What column `index` is.
    pub(crate) fn field(&self, index: usize) -> &Field {
        self.columns[index].field()
    }

    /// How many columns there are.
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Whether the row being filled has a value in this column.
    pub(crate) fn has(&self, column: usize) -> bool {
        self.columns[column].len() > self.len
    }

    /// Sets a column of the row being filled; a value set before is replaced. Says whether the row still stands.
    #[inline]
    pub(crate) fn set(&mut self, column: usize, value: Option<&[u8]>) -> bool {
        let target = &mut self.columns[column];
        target.truncate(self.len);
        let outcome = match value {
            Some(text) => target.push(text),
            None => target.push_null(),
        };
        match outcome {
            Ok(()) => true,
            Err(reason) => self.set_wrong(column, reason),
        }
    }

    /// Notes that the value of a column cannot be read. Says whether the row still stands.
    #[cold]
    pub(crate) fn set_wrong(&mut self, column: usize, reason: Reason) -> bool {
        self.columns[column].truncate(self.len);
        self.wrong.push((Some(column), reason));
        let stands = self.on_error == OnError::Null && self.columns[column].push_null().is_ok();
        self.lost |= !stands;
        stands
    }

    /// Whether the row being filled is to be rejected.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost
    }

    /// Notes that the row as a whole cannot be read.
    #[cold]
    pub(crate) fn lose(&mut self, reason: Reason) {
        self.wrong.push((None, reason));
        self.lost = true;
    }

    /// Ends the row: it counts, or is rejected.
    ///
    /// # Errors
    /// It is rejected and that ends the reading.
    #[inline]
    pub(crate) fn end_row(&mut self, line: u64, record: &[u8]) -> Result<()> {
        if self.wrong.is_empty() {
            self.lines.note(self.len, line);
            self.len += 1;
            return Ok(());
        }
        self.reject(line, record)
    }

    #[cold]
    fn reject(&mut self, line: u64, record: &[u8]) -> Result<()> {
        if self.lost {
            self.columns.iter_mut().for_each(|column| column.truncate(self.len));
        } else {
            self.lines.note(self.len, line);
            self.len += 1;
        }
        self.rejected += 1;
        self.lost = false;
        for (column, reason) in std::mem::take(&mut self.wrong) {
            let rejection = Rejection {
                path: self.path.clone(),
                line,
                column: column.map(|index| self.columns[index].field().name.clone()),
                code: reason.code,
                reason: reason.message,
                record: String::from_utf8_lossy(&record[..record.len().min(RECORD_BYTES_KEPT)]).trim_end().to_string(),
            };
            if self.on_error == OnError::Fail {
                return Err(Error::row(rejection));
            }
            if self.kept < REJECTIONS_KEPT {
                self.kept += 1;
                self.rejections.push(rejection);
            }
        }
        Ok(())
    }

    /// The columns filled so far; none are left.
    pub(crate) fn finish(&mut self) -> Vec<ArrayRef> {
        self.len = 0;
        self.columns.iter_mut().map(Column::finish).collect()
    }
}
