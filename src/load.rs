//! Tables that take their rows from files and pipes.
//!
//! `CREATE TABLE … WITH (connector = 'file', …)` opens the source and makes the table; a thread of its own reads and decodes it
//! ahead, a few pieces at most. The rows enter, one epoch a piece, when [`Engine::load`](crate::Engine::load) is called, or
//! at once before the next statement that reads or changes rows. So views made right after their tables see the rows
//! come in epoch by epoch, and a pipe that never ends is read for as long as the caller likes.
//!
//! ```text
//!   x.csv ─▶ thread ─┐
//!                    ├─ a queue of a few pieces ─▶ load ─▶ door
//!   y.csv ─▶ thread ─┘
//! ```

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use arrow_array::ArrayRef;
use deltaq_circuit::{Batch, Weights};
use deltaq_compiler::statement::{Column, Copy, CopyRelation, CreateTable};
use deltaq_operators::{Field, Scalar};

use crate::engine::Outcome;
use crate::error::{Error, Result};
use crate::files::{self, Piece, Reader};
use crate::interior::Interior;

/// Pieces read ahead, of all sources together.
const AHEAD: usize = 4;

/// Rows that entered a table from its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The table.
    pub table: String,
    /// How many rows; 0 where the source has ended.
    pub rows: u64,
    /// Bytes of the source read so far, compressed ones where it is compressed.
    pub bytes_read: u64,
    /// Bytes of the source; None for a pipe.
    pub bytes_total: Option<u64>,
    /// Rows left out so far because they could not be read (`on_error = 'skip'`).
    pub rejected: u64,
    /// Why rows were left out since the last call, each with file, line and column; of the first thousand of a source.
    pub rejections: Vec<String>,
    /// Whether the source has ended: nothing more comes from it.
    pub ended: bool,
}

/// Rows of a file that did not enter a table as they are, because they could not be read (`on_error = 'skip'` or `'null'`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The table.
    pub table: String,
    /// How many rows.
    pub rows: u64,
    /// Why, each with file, line and column; of the first thousand.
    pub reasons: Vec<String>,
}

/// Reasons kept of a table until somebody asks.
const REASONS_MAX: usize = 1000;

/// Sources being read.
pub(crate) struct Loads {
    /// Tables whose sources have not ended, by the number of the load.
    open: Vec<(u64, String)>,
    next: u64,
    sender: SyncSender<Arrived>,
    queue: Queue,
    /// What was rejected while statements ran.
    rejected: Vec<Rejected>,
}

/// What the sources have yielded. To wait at it, nothing else need be locked.
pub(crate) type Queue = Arc<Mutex<Receiver<Arrived>>>;

/// A piece of a source, with how far it has been read; no piece at its end.
pub(crate) struct Arrived {
    load: u64,
    piece: Result<Option<Piece>>,
    bytes_read: u64,
    bytes_total: Option<u64>,
    rejected: u64,
    rejections: Vec<String>,
}

impl Default for Loads {
    fn default() -> Loads {
        let (sender, receiver) = sync_channel(AHEAD);
        Loads { open: Vec::new(), next: 0, sender, queue: Arc::new(Mutex::new(receiver)), rejected: Vec::new() }
    }
}

impl Loads {
    /// Reads `reader` for `table` on a thread of its own.
    fn start(&mut self, table: String, mut reader: Box<dyn Reader>) -> Result<()> {
        let load = self.next;
        self.next += 1;
        let sender = self.sender.clone();
        let read = move || {
            loop {
                let piece = reader.next().transpose();
                let last = !matches!(piece, Ok(Some(_)));
                let (bytes_read, bytes_total) = (reader.bytes_read(), reader.bytes_total());
                let (rejected, rejections) = (reader.rejected(), reader.rejections());
                let arrived = Arrived { load, piece, bytes_read, bytes_total, rejected, rejections };
                // Nobody takes it any more: the engine is gone.
                if sender.send(arrived).is_err() || last {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name(format!("load {table}")).spawn(read);
        thread.map_err(|e| Error::new("58000", "the thread that reads a file cannot be started").caused_by(e))?;
        self.open.push((load, table));
        Ok(())
    }

    /// Where to wait for the next piece; None if no source is left.
    pub(crate) fn queue(&self) -> Option<Queue> {
        (!self.open.is_empty()).then(|| Arc::clone(&self.queue))
    }

    /// Gives up what comes for a table that is gone.
    pub(crate) fn forget(&mut self, table: &str) {
        self.open.retain(|(_, name)| name != table);
    }

    /// Notes rows that did not enter `table`.
    fn reject(&mut self, table: &str, rows: u64, reasons: Vec<String>) {
        if rows == 0 && reasons.is_empty() {
            return;
        }
        if !self.rejected.iter().any(|r| r.table == table) {
            self.rejected.push(Rejected { table: table.to_string(), rows: 0, reasons: Vec::new() });
        }
        for rejected in self.rejected.iter_mut().filter(|r| r.table == table) {
            let room = REASONS_MAX.saturating_sub(rejected.reasons.len());
            rejected.rows += rows;
            rejected.reasons.extend(reasons.iter().take(room).cloned());
        }
    }

    /// What was noted since the last call.
    pub(crate) fn take_rejected(&mut self) -> Vec<Rejected> {
        std::mem::take(&mut self.rejected)
    }

    /// Tables whose sources have not ended.
    pub(crate) fn tables(&self) -> Vec<String> {
        self.open.iter().map(|(_, table)| table.clone()).collect()
    }
}

/// Waits for a piece, up to `wait`.
pub(crate) fn next(queue: &Queue, wait: Option<Duration>) -> Option<Arrived> {
    let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    match wait {
        None => queue.recv().ok(),
        Some(wait) => queue.recv_timeout(wait).ok(),
    }
}

impl Interior {
    /// `CREATE TABLE … WITH (connector = 'file', …)`: makes the table, and begins to read.
    pub(crate) fn create_table_from(&mut self, create: CreateTable, append_only: bool) -> Result<()> {
        match create.options.get("connector").map(String::as_str) {
            Some("file" | "stdin") => {}
            other => {
                let message = format!("there is no connector '{}'", other.unwrap_or_default());
                return Err(Error::new("22023", message).help("connector = 'file'"));
            }
        }
        let declared: Vec<Field> = create
            .columns
            .iter()
            .enumerate()
            .map(|(index, c)| Field {
                nullable: c.field.nullable && !create.primary_key.contains(&index),
                ..c.field.clone()
            })
            .collect();
        let schema = (!declared.is_empty()).then_some(&declared[..]);
        let reader = files::open_reader(&create.options, schema, &self.config)?;
        let columns = match create.columns.is_empty() {
            false => create.columns,
            true => reader.schema().into_iter().map(|field| Column { field, default: Scalar::Null }).collect(),
        };
        self.create_table(create.name.clone(), columns, create.primary_key, append_only)?;
        self.loads.start(create.name, reader)
    }

    /// Lets what has arrived for a table in, as one epoch. None if the table is gone.
    pub(crate) fn load(&mut self, arrived: Arrived) -> Result<Option<Loaded>> {
        let Some(at) = self.loads.open.iter().position(|(load, _)| *load == arrived.load) else { return Ok(None) };
        let table = self.loads.open[at].1.clone();
        let mut loaded = Loaded {
            rows: 0,
            bytes_read: arrived.bytes_read,
            bytes_total: arrived.bytes_total,
            rejected: arrived.rejected,
            rejections: arrived.rejections,
            ended: false,
            table,
        };
        let entered = match arrived.piece {
            Ok(Some(piece)) => self.within(|this| {
                let index = this.catalog.table_index(&loaded.table)?;
                this.enter(index, piece)
            }),
            Ok(None) => {
                loaded.ended = true;
                self.loads.open.remove(at);
                return Ok(Some(loaded));
            }
            Err(error) => Err(error),
        };
        match entered {
            Ok(rows) => {
                loaded.rows = rows;
                Ok(Some(loaded))
            }
            Err(error) => {
                self.loads.open.retain(|(load, _)| *load != arrived.load);
                Err(error)
            }
        }
    }

    /// Lets in all that is left of all sources.
    pub(crate) fn load_all(&mut self) -> Result<()> {
        while let Some(queue) = self.loads.queue() {
            let Some(arrived) = next(&queue, None) else { return Ok(()) };
            if let Some(loaded) = self.load(arrived)? {
                // Rows are counted from the beginning of the source, and said once, at its end.
                let rows = if loaded.ended { loaded.rejected } else { 0 };
                self.loads.reject(&loaded.table, rows, loaded.rejections);
            }
        }
        Ok(())
    }

    fn enter(&mut self, index: usize, piece: Piece) -> Result<u64> {
        let table = self.catalog.table_at(index);
        let mut columns: Vec<ArrayRef> = piece.columns;
        let place = &piece.place;
        table.conform(&mut columns).map_err(|error| error.within(&place.file))?;
        let rows = match piece.weights {
            None => {
                let rows = Batch::with_len(columns, Weights::Ones, piece.rows);
                table.insert(rows).map_err(|error| place.name(error))?
            }
            // They are consolidated before they are looked at, so that none has its line any more.
            Some(weights) => {
                let rows = Batch::with_len(columns, Weights::Each(weights), piece.rows);
                table.push(rows).map_err(|error| error.within(&place.file))?
            }
        };
        self.touch(index)?;
        Ok(rows)
    }

    /// `COPY`
    pub(crate) fn copy(&mut self, copy: Copy) -> Result<Outcome> {
        let mut options = copy.options;
        options.insert("path".into(), copy.path);
        let at = |error: Error| match copy.span {
            Some(span) => error.at(span),
            None => error,
        };
        let rows = match (copy.to, &copy.relation) {
            (true, relation) => self.copy_to(relation, &options).map_err(at)?,
            (false, CopyRelation::Name(table)) => self.within(|this| this.copy_from(table, &options)).map_err(at)?,
            (false, CopyRelation::Query(_)) => {
                return Err(Error::new("42601", "COPY … FROM reads into a table, not into a query"));
            }
        };
        Ok(Outcome::Changed { tag: "COPY", rows })
    }

    fn copy_to(&mut self, relation: &CopyRelation, options: &indexmap::IndexMap<String, String>) -> Result<u64> {
        match relation {
            CopyRelation::Name(name) => {
                let (_, columns) = self.catalog.node(name)?;
                let rows = self.contents(name)?.consolidate();
                let mut writer = files::open_writer(options, &columns.schema, &self.config)?;
                writer.write(&rows)?;
                writer.finish()
            }
            CopyRelation::Query(query) => {
                let rows = self.evaluate(&query.plan)?;
                let rows = crate::order::present(&rows, query)?;
                let mut writer = files::open_writer(options, &query.schema, &self.config)?;
                writer.write(&rows)?;
                writer.finish()
            }
        }
    }

    /// Reads a whole file into a table: all of it or, where a row fails, nothing.
    fn copy_from(&mut self, table: &str, options: &indexmap::IndexMap<String, String>) -> Result<u64> {
        let index = self.catalog.table_index(table)?;
        let schema = self.catalog.table_at(index).schema().clone();
        let mut reader = files::open_reader(options, Some(&schema), &self.config)?;
        let mark = self.catalog.table_at(index).mark();
        let mut rows = 0;
        while let Some(piece) = reader.next() {
            match piece.and_then(|piece| self.enter(index, piece)) {
                Ok(entered) => rows += entered,
                Err(error) => {
                    self.undo(index, mark)?;
                    return Err(error);
                }
            }
        }
        self.loads.reject(table, reader.rejected(), reader.rejections());
        Ok(rows)
    }
}
