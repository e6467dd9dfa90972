//! Files and pipes that are read ahead, each by a thread of its own, for the tables that take their rows from them.
//!
//! ```text
//!   file ─▶ thread: read, decode ─▶ ┐
//!   pipe ─▶ thread: read, decode ─▶ ┴─▶ bounded channel ─▶ Sources::next ─▶ table
//! ```

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use deltaq_connectors::{Chunk, Source, SourceOptions};
use deltaq_operators::{Field, Schema};
use indexmap::IndexMap;

use crate::error::{Error, Result};
use crate::load::Loaded;

/// Chunks that wait to be taken, of all sources together.
const CHUNKS_AHEAD: usize = 4;

/// The sources that have not ended.
pub(crate) struct Sources {
    open: Vec<Open>,
    next: u64,
    sender: SyncSender<(u64, Message)>,
    receiver: Receiver<(u64, Message)>,
}

struct Open {
    id: u64,
    table: String,
    bytes_total: Option<u64>,
}

enum Message {
    Rows { chunk: Chunk, rejected: u64 },
    End { bytes_read: u64, rejected: u64 },
    Failed(deltaq_connectors::Error),
}

/// What [`Sources::next`] took.
pub(crate) struct Taken {
    /// Rows for the table; None at the end of its source.
    pub(crate) chunk: Option<Chunk>,
    /// What to say of it.
    pub(crate) loaded: Loaded,
}

impl Sources {
    pub(crate) fn new() -> Sources {
        let (sender, receiver) = sync_channel(CHUNKS_AHEAD);
        Sources { open: Vec::new(), next: 0, sender, receiver }
    }

    /// Tables whose sources have not ended.
    pub(crate) fn tables(&self) -> Vec<String> {
        self.open.iter().map(|open| open.table.clone()).collect()
    }

    /// Begins to read `source` for `table`.
    pub(crate) fn connect(&mut self, table: &str, source: Source) -> Result<()> {
        let id = self.next;
        self.next += 1;
        let bytes_total = source.bytes_total();
        let sender = self.sender.clone();
        thread::Builder::new().name(format!("source-{id}")).spawn(move || read(id, source, &sender)).map_err(|e| {
            Error::new("58000", format!("no thread can be started to read for {table}: {e}")).caused_by(e)
        })?;
        self.open.push(Open { id, table: table.to_string(), bytes_total });
        Ok(())
    }

    /// Stops reading for `table`, which is dropped.
    pub(crate) fn disconnect(&mut self, table: &str) {
        self.open.retain(|open| open.table != table);
    }

    /// The next rows of any source, or its end; waits for them up to `wait` (None: as long as it takes).
    pub(crate) fn next(&mut self, wait: Option<Duration>) -> Result<Option<Taken>> {
        while !self.open.is_empty() {
            let (id, message) = match wait {
                // This end holds a sender too, so the channel never closes.
                None => self.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(wait) => self.receiver.recv_timeout(wait),
            }
            .map_or((u64::MAX, None), |(id, message)| (id, Some(message)));
            let Some(message) = message else { return Ok(None) };
            // A source that was disconnected may have sent something before its thread saw it.
            let Some(at) = self.open.iter().position(|open| open.id == id) else { continue };
            let open = &self.open[at];
            let (table, bytes_total) = (open.table.clone(), open.bytes_total);
            return match message {
                Message::Rows { chunk, rejected } => {
                    let (rows, bytes_read) = (chunk.rows as u64, chunk.bytes_read);
                    let loaded = Loaded { table, rows, bytes_read, bytes_total, rejected, ended: false };
                    Ok(Some(Taken { chunk: Some(chunk), loaded }))
                }
                Message::End { bytes_read, rejected } => {
                    self.open.remove(at);
                    let loaded = Loaded { table, rows: 0, bytes_read, bytes_total, rejected, ended: true };
                    Ok(Some(Taken { chunk: None, loaded }))
                }
                Message::Failed(error) => {
                    self.open.remove(at);
                    Err(error.into())
                }
            };
        }
        Ok(None)
    }
}

/// What a source's thread does: hands on chunks until the end, or until nobody takes them.
fn read(id: u64, mut source: Source, sender: &SyncSender<(u64, Message)>) {
    loop {
        let (message, last) = match source.next() {
            Some(Ok(chunk)) => (Message::Rows { chunk, rejected: source.rejected_rows() }, false),
            Some(Err(error)) => (Message::Failed(error), true),
            None => (Message::End { bytes_read: source.bytes_read(), rejected: source.rejected_rows() }, true),
        };
        if sender.send((id, message)).is_err() || last {
            return;
        }
    }
}

/// Opens the file that the options of a table or of COPY name; a schema is inferred where none is given.
pub(crate) fn open(
    options: &IndexMap<String, String>,
    schema: Option<&[Field]>,
    directories: &[PathBuf],
) -> Result<(Source, Schema)> {
    let mut options = SourceOptions::from_map(options)?;
    options.path = find(&options.path, directories);
    let source = Source::open(&options, schema)?;
    let schema = source.schema().to_vec();
    Ok((source, schema))
}

/// Where the file `path` is: there, or else in the first of `directories` that has it.
pub(crate) fn find(path: &str, directories: &[PathBuf]) -> String {
    if path == "-" || Path::new(path).exists() {
        return path.to_string();
    }
    let beside = directories.iter().map(|directory| directory.join(path)).find(|file| file.exists());
    beside.and_then(|file| file.to_str().map(str::to_string)).unwrap_or_else(|| path.to_string())
}

impl From<deltaq_connectors::Error> for Error {
    fn from(error: deltaq_connectors::Error) -> Error {
        Error::new(error.code(), error.to_string()).caused_by(error)
    }
}
