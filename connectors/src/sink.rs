//! Rows and deltas written to a file or pipe.

use std::fs::File;
use std::io::{self, Write};

use arrow_array::ArrayRef;
use deltaq_operators::Field;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::error::{Error, Result};
use crate::options::{Format, SinkOptions};
use crate::text::{Cells, write_json_text};

/// A file being written.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, Int32Array};
/// use deltaq_connectors::{Sink, SinkOptions};
/// use deltaq_operators::{Field, SqlType};
///
/// let schema = [Field { name: "n".into(), ty: SqlType::Int, nullable: true }];
/// let path = std::env::temp_dir().join("deltaq-sink-example.csv");
/// let mut sink = Sink::create(&SinkOptions::new(path.to_string_lossy()), &schema)?;
/// let n: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
/// sink.write(&[n], 2, None, 0)?;
/// assert_eq!(sink.finish()?, 2);
/// assert_eq!(std::fs::read_to_string(&path).unwrap(), "n\n1\n\n");
/// # Ok::<(), deltaq_connectors::Error>(())
/// ```
pub struct Sink {
    path: String,
    schema: Vec<Field>,
    options: SinkOptions,
    writer: Writer,
    rows: u64,
}

enum Writer {
    Lines(Lines),
    #[cfg(feature = "parquet")]
    Parquet(Box<crate::parquet::ParquetWriter>),
}

impl Sink {
    /// Creates the file, or empties it; writes the header.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(options: &SinkOptions, schema: &[Field]) -> Result<Sink> {
        let out: Box<dyn Write + Send> = if options.path == "-" {
            Box::new(io::stdout())
        } else {
            let file = File::create(&options.path);
            Box::new(file.map_err(|error| Error::io(format!("cannot write {}", options.path), error))?)
        };
        Sink::to_writer(out, options, schema)
    }

    /// Writes to `out`; of `options.path` only the ending counts.
    ///
    /// # Errors
    /// `out` takes no header.
    pub fn to_writer(out: Box<dyn Write + Send>, options: &SinkOptions, schema: &[Field]) -> Result<Sink> {
        let path = if options.path == "-" { "standard output" } else { &options.path };
        let writer = match options.format.or_else(|| Format::of_path(&options.path)).unwrap_or(Format::Csv) {
            #[cfg(feature = "parquet")]
            Format::Parquet => Writer::Parquet(Box::new(crate::parquet::ParquetWriter::new(out, options, schema)?)),
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => {
                return Err(Error::options(format!("{path}: this build writes no Parquet (feature `parquet`)")));
            }
            format => Writer::Lines(Lines::new(out, format, options, schema)),
        };
        Ok(Sink { path: path.to_string(), schema: schema.to_vec(), options: options.clone(), writer, rows: 0 })
    }

    /// Writes `rows` rows in `columns`; `weights`: one a row, None: all one. They may stay in memory until [`Sink::flush`].
    ///
    /// # Errors
    /// The file cannot be written, or a row has a negative weight and weights are not written.
    ///
    /// # Panics
    /// If columns or weights are not as many as the schema and the rows say.
    pub fn write(&mut self, columns: &[ArrayRef], rows: usize, weights: Option<&[i64]>, epoch: u64) -> Result<()> {
        assert_eq!(columns.len(), self.schema.len(), "{} columns for a schema of {}", columns.len(), self.schema.len());
        if let Some(weights) = weights {
            assert_eq!(weights.len(), rows, "{} weights for {rows} rows", weights.len());
            if !self.options.weights && weights.iter().any(|&weight| weight < 0) {
                return Err(Error::options(format!(
                    "{}: a retraction cannot be written without its weight",
                    self.path
                )));
            }
        }
        let repeated = !self.options.weights;
        let copies = |row: usize| if repeated { weights.map_or(1, |weights| weights[row]) } else { 1 };
        self.rows += (0..rows).map(copies).sum::<i64>() as u64;
        match &mut self.writer {
            Writer::Lines(lines) => {
                let cells: Vec<Cells> = columns.iter().zip(&self.schema).map(|(c, f)| Cells::new(c, f.ty)).collect();
                for row in 0..rows {
                    let weight = weights.map_or(1, |weights| weights[row]);
                    let written = lines.write(&cells, row, weight, epoch, copies(row));
                    written.map_err(|error| Error::io(format!("cannot write {}", self.path), error))?;
                }
            }
            #[cfg(feature = "parquet")]
            Writer::Parquet(writer) => writer.write(columns, rows, weights, epoch)?,
        }
        Ok(())
    }

    /// Hands everything written so far to the operating system. (Parquet is written in large pieces only: nothing happens.)
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        match &mut self.writer {
            Writer::Lines(lines) => {
                lines.flush().map_err(|error| Error::io(format!("cannot write {}", self.path), error))
            }
            #[cfg(feature = "parquet")]
            Writer::Parquet(_) => Ok(()),
        }
    }

    /// Rows written so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Ends the file: how many rows it has. A sink that is dropped instead leaves a file that may be cut short.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> Result<u64> {
        match self.writer {
            Writer::Lines(lines) => {
                lines.finish().map_err(|error| Error::io(format!("cannot write {}", self.path), error))?;
            }
            #[cfg(feature = "parquet")]
            Writer::Parquet(writer) => writer.finish()?,
        }
        Ok(self.rows)
    }
}

/// CSV or JSON lines.
struct Lines {
    out: Output,
    spelling: Spelling,
    epochs: bool,
    weights: bool,
    buffer: Vec<u8>,
}

enum Output {
    Plain(Box<dyn Write + Send>),
    Gzip(GzEncoder<Box<dyn Write + Send>>),
}

enum Spelling {
    Csv(Csv),
    /// The keys with their quotes and colons.
    Jsonl(Vec<Vec<u8>>),
}

struct Csv {
    delimiter: u8,
    quote: u8,
    null: Vec<u8>,
}

const BUFFER_BYTES: usize = 256 * 1024;

impl Lines {
    fn new(out: Box<dyn Write + Send>, format: Format, options: &SinkOptions, schema: &[Field]) -> Lines {
        let path = options.path.to_ascii_lowercase();
        let gzip = options.gzip.unwrap_or(path.ends_with(".gz"));
        let tabs = path.strip_suffix(".gz").unwrap_or(&path).ends_with(".tsv");
        let names = column_names(options, schema);
        let mut buffer = Vec::new();
        let spelling = if format == Format::Jsonl {
            Spelling::Jsonl(names.iter().map(|name| key(name)).collect())
        } else {
            let csv = Csv {
                delimiter: options.delimiter.unwrap_or(if tabs { b'\t' } else { b',' }),
                quote: options.quote,
                null: options.null.clone().into_bytes(),
            };
            if options.header {
                for name in &names {
                    csv.write_value(&mut buffer, |buffer| buffer.extend_from_slice(name.as_bytes()));
                }
                end_line(&mut buffer, 0);
            }
            Spelling::Csv(csv)
        };
        let out = if gzip { Output::Gzip(GzEncoder::new(out, Compression::default())) } else { Output::Plain(out) };
        Lines { out, spelling, epochs: options.epochs, weights: options.weights, buffer }
    }

    fn write(&mut self, cells: &[Cells], row: usize, weight: i64, epoch: u64, copies: i64) -> io::Result<()> {
        let start = self.buffer.len();
        let leading = [(self.epochs, epoch as i64), (self.weights, weight)];
        let leading = leading.into_iter().filter_map(|(asked, number)| asked.then_some(number));
        let buffer = &mut self.buffer;
        match &self.spelling {
            Spelling::Csv(csv) => {
                for number in leading {
                    buffer.extend_from_slice(number.to_string().as_bytes());
                    buffer.push(csv.delimiter);
                }
                for cell in cells {
                    if cell.is_null(row) {
                        buffer.extend_from_slice(&csv.null);
                        buffer.push(csv.delimiter);
                    } else {
                        csv.write_value(buffer, |buffer| cell.write(row, buffer));
                    }
                }
                end_line(buffer, start);
            }
            Spelling::Jsonl(keys) => {
                buffer.push(b'{');
                let mut keys = keys.iter();
                for number in leading {
                    buffer.extend_from_slice(keys.next().unwrap_or_else(|| panic!("a key for each column")));
                    buffer.extend_from_slice(number.to_string().as_bytes());
                    buffer.push(b',');
                }
                for (cell, key) in cells.iter().zip(keys) {
                    buffer.extend_from_slice(key);
                    cell.write_json(row, buffer);
                    buffer.push(b',');
                }
                if buffer.last() == Some(&b',') {
                    buffer.pop();
                }
                buffer.extend_from_slice(b"}\n");
            }
        }
        let end = buffer.len();
        if copies <= 0 {
            buffer.truncate(start);
        }
        for _ in 1..copies {
            self.buffer.extend_from_within(start..end);
            if self.buffer.len() - end >= BUFFER_BYTES {
                self.out.writer().write_all(&self.buffer[end..])?;
                self.buffer.truncate(end);
            }
        }
        if self.buffer.len() >= BUFFER_BYTES { self.pass_on() } else { Ok(()) }
    }

    fn pass_on(&mut self) -> io::Result<()> {
        self.out.writer().write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on()?;
        self.out.writer().flush()
    }

    fn finish(mut self) -> io::Result<()> {
        self.pass_on()?;
        match self.out {
            Output::Plain(mut out) => out.flush(),
            Output::Gzip(out) => out.finish()?.flush(),
        }
    }
}

impl Output {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Output::Plain(out) => out,
            Output::Gzip(out) => out,
        }
    }
}

impl Csv {
    /// Appends what `write` does, in quotes where it would be misread, and a delimiter.
    fn write_value(&self, buffer: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        let start = buffer.len();
        write(buffer);
        let value = &buffer[start..];
        let special = |&b: &u8| b == self.delimiter || b == self.quote || b == b'\n' || b == b'\r';
        if value.is_empty() || value == self.null || value.iter().any(special) {
            let value = buffer.split_off(start);
            buffer.push(self.quote);
            for byte in value {
                if byte == self.quote {
                    buffer.push(byte);
                }
                buffer.push(byte);
            }
            buffer.push(self.quote);
        }
        buffer.push(self.delimiter);
    }
}

/// Puts a line end in the place of the delimiter after the last value.
fn end_line(buffer: &mut Vec<u8>, start: usize) {
    if buffer.len() > start {
        buffer.pop();
    }
    buffer.push(b'\n');
}

/// The columns' names, epoch and weight before them where they are asked for (under another name where that is taken).
pub(crate) fn column_names(options: &SinkOptions, schema: &[Field]) -> Vec<String> {
    let free = |name: &str| {
        let taken = |name: &str| schema.iter().any(|field| field.name == name);
        let mut name = name.to_string();
        while taken(&name) {
            name.insert(0, '_');
        }
        name
    };
    let leading = [(options.epochs, "epoch"), (options.weights, "weight")];
    let leading = leading.into_iter().filter(|(asked, _)| *asked).map(|(_, name)| free(name));
    leading.chain(schema.iter().map(|field| field.name.clone())).collect()
}

fn key(name: &str) -> Vec<u8> {
    let mut key = Vec::new();
    write_json_text(name, &mut key);
    key.push(b':');
    key
}
