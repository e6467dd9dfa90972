//! Bytes of a file or pipe, in order, in a buffer that grows to hold one whole record.
//!
//! ```text
//!   file ──────────────────────────────────────────▶ buffer      read where they are needed
//!   pipe, gzip ──▶ thread: read, inflate ──▶ blocks ──▶ buffer   so that rows at hand need not wait for rows to come
//! ```

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use flate2::read::MultiGzDecoder;

use crate::error::{Error, Result};

const BLOCK_BYTES: usize = 256 * 1024;
const BLOCKS_AHEAD: usize = 8;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether standard input has a reader. It has one in the life of a process: what that one took from it, no other can read.
static STANDARD_INPUT_TAKEN: AtomicBool = AtomicBool::new(false);

/// What [`Input::fill`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    /// Bytes were added.
    More,
    /// None are there yet; only of a pipe, and only where the caller would not wait.
    Later,
    /// There are no more.
    End,
}

/// A file or pipe being read.
pub(crate) struct Input {
    name: String,
    bytes: Vec<u8>,
    at: usize,
    reader: Reader,
    ended: bool,
    read: Arc<AtomicU64>,
    total: Option<u64>,
}

enum Reader {
    Direct(Box<dyn Read + Send>),
    Thread { blocks: Receiver<io::Result<Vec<u8>>>, prompt: bool },
}

/// Counts what passes.
struct Counted<R> {
    reader: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.reader.read(buffer)?;
        self.count.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

impl Input {
    /// Opens a path; `-` is standard input, once.
    pub(crate) fn open(path: &str, gzip: Option<bool>) -> Result<Input> {
        if path == "-" {
            if STANDARD_INPUT_TAKEN.swap(true, Ordering::Relaxed) {
                let taken = io::Error::new(io::ErrorKind::ResourceBusy, "another table reads it, or has read it");
                return Err(Error::io("cannot read standard input", taken));
            }
            return Input::new("standard input", Box::new(io::stdin()), gzip, None, true);
        }
        let open = || -> io::Result<(File, std::fs::Metadata)> {
            let file = File::open(path)?;
            let meta = file.metadata()?;
            if meta.is_dir() {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory"));
            }
            Ok((file, meta))
        };
        let (file, meta) = open().map_err(|error| Error::io(format!("cannot read {path}"), error))?;
        let total = meta.is_file().then_some(meta.len());
        Input::new(path, Box::new(file), gzip, total, !meta.is_file())
    }

    /// Bytes of `reader`; those of a `prompt` one are handed on as they come.
    pub(crate) fn new(
        name: &str,
        reader: Box<dyn Read + Send>,
        gzip: Option<bool>,
        total: Option<u64>,
        prompt: bool,
    ) -> Result<Input> {
        let read = Arc::new(AtomicU64::new(0));
        let mut reader: Box<dyn Read + Send> = Box::new(Counted { reader, count: Arc::clone(&read) });
        let mut bytes = Vec::new();
        let mut gzip = gzip;
        if gzip.is_none() && !prompt {
            reader
                .by_ref()
                .take(2)
                .read_to_end(&mut bytes)
                .map_err(|error| Error::io(format!("cannot read {name}"), error))?;
            gzip = Some(is_gzip(&bytes));
        }
        let reader = if prompt || gzip == Some(true) {
            let head = std::mem::take(&mut bytes);
            Reader::Thread { blocks: spawn(reader, head, gzip), prompt }
        } else {
            Reader::Direct(reader)
        };
        Ok(Input { name: name.to_string(), bytes, at: 0, reader, ended: false, read, total })
    }

    /// The file as it was named.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes taken from the file so far (compressed ones where it is compressed).
    pub(crate) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Bytes of the file, where known.
    pub(crate) fn bytes_total(&self) -> Option<u64> {
        self.total
    }

    /// Bytes at hand.
    #[inline]
    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    /// Passes over bytes at hand.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.at += bytes;
        assert!(self.at <= self.bytes.len(), "{} bytes consumed past the end", self.at - self.bytes.len());
    }

    /// Waits for the first bytes and passes over a byte order mark. False where there are none.
    pub(crate) fn skip_byte_order_mark(&mut self) -> Result<bool> {
        while self.rest().len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(self.rest()) {
            if self.fill(None)? == Fill::End {
                break;
            }
        }
        if self.rest().starts_with(BYTE_ORDER_MARK) {
            self.consume(BYTE_ORDER_MARK.len());
        }
        Ok(!self.rest().is_empty() || !self.is_ended())
    }

    /// Whether all bytes there will ever be are at hand.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended
    }

    /// Adds bytes to those at hand. For those of a pipe it waits `patience` at most; None: as long as it takes.
    pub(crate) fn fill(&mut self, patience: Option<Duration>) -> Result<Fill> {
        if self.ended {
            return Ok(Fill::End);
        }
        if self.at > 0 {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        let failed = |name: &str, error| Error::io(format!("cannot read {name}"), error);
        match &mut self.reader {
            Reader::Direct(reader) => {
                let before = self.bytes.len();
                // Twice as much where a record did not fit, so that a long one is scanned few times.
                let block = BLOCK_BYTES.max(before);
                self.bytes.resize(before + block, 0);
                let outcome = loop {
                    match reader.read(&mut self.bytes[before..]) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        other => break other,
                    }
                };
                let bytes = outcome.map_err(|error| failed(&self.name, error));
                self.bytes.truncate(before + *bytes.as_ref().unwrap_or(&0));
                self.ended = bytes? == 0;
            }
            Reader::Thread { blocks, prompt } => {
                let block = match patience {
                    Some(patience) if *prompt => match blocks.recv_timeout(patience) {
                        Ok(block) => Some(block),
                        Err(RecvTimeoutError::Timeout) => return Ok(Fill::Later),
                        Err(RecvTimeoutError::Disconnected) => None,
                    },
                    _ => blocks.recv().ok(),
                };
                match block {
                    Some(block) => self.bytes.extend_from_slice(&block.map_err(|error| failed(&self.name, error))?),
                    None => self.ended = true,
                }
            }
        }
        Ok(if self.ended { Fill::End } else { Fill::More })
    }
}

fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b])
}

/// Reads, and inflates where compressed, on a thread of its own, which ends with the input or when nobody listens any more.
fn spawn(mut reader: Box<dyn Read + Send>, mut head: Vec<u8>, gzip: Option<bool>) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = sync_channel(BLOCKS_AHEAD);
    std::thread::spawn(move || {
        let mut run = || -> io::Result<()> {
            let gzip = match gzip {
                Some(gzip) => gzip,
                None => {
                    while head.len() < 2 {
                        let mut byte = [0];
                        match reader.read(&mut byte) {
                            Ok(0) => break,
                            Ok(_) => head.push(byte[0]),
                            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                            Err(error) => return Err(error),
                        }
                        if !is_gzip(&[head[0], 0x8b]) {
                            break;
                        }
                    }
                    is_gzip(&head)
                }
            };
            let whole = io::Cursor::new(std::mem::take(&mut head)).chain(&mut reader);
            let mut plain: Box<dyn Read + '_> =
                if gzip { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };
            let mut buffer = vec![0; BLOCK_BYTES];
            loop {
                match plain.read(&mut buffer) {
                    Ok(0) => return Ok(()),
                    Ok(bytes) if sender.send(Ok(buffer[..bytes].to_vec())).is_err() => return Ok(()),
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        };
        if let Err(error) = run() {
            // Nobody listens: nobody to tell.
            let _ = sender.send(Err(error));
        }
    });
    receiver
}
