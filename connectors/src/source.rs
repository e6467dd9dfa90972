//! A file or pipe as a sequence of chunks of rows.

use std::io::Read;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_buffer::ScalarBuffer;
use deltaq_operators::{Field, Schema, SqlType};

use crate::csv::{self, CsvDecoder};
use crate::error::{Error, Rejection, Result};
use crate::input::{Fill, Input};
use crate::jsonl::{self, JsonlDecoder};
use crate::lines::Lines;
use crate::options::{Format, SourceOptions};
use crate::rows::Rows;

/// Rows of a source, in columns of its schema.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// The columns, of the types [`SqlType::arrow`] gives.
    pub columns: Vec<ArrayRef>,
    /// Rows; at least one.
    pub rows: usize,
    /// The rows' weights, where the file has them; None: all are one.
    pub weights: Option<ScalarBuffer<i64>>,
    /// Where the rows stand in the file.
    pub lines: Lines,
    /// Bytes of the file taken so far, compressed ones where it is compressed.
    pub bytes_read: u64,
}

/// A file or pipe being read: an iterator of chunks.
///
/// A chunk holds [`SourceOptions::batch_rows`] rows but at the end; of a pipe it holds the rows that are there, so that
/// none waits for the next. With [`crate::OnError::Fail`] the rows before a bad one are yielded first, then its error,
/// then nothing more.
///
/// ```
/// use deltaq_connectors::{Source, SourceOptions};
///
/// let text: &[u8] = b"id,name\n1,Ada\n2,\n";
/// let source = Source::from_reader(text, &SourceOptions::new("people.csv"), None)?;
/// assert_eq!(source.schema()[0].ty.to_string(), "INT");
/// let rows: usize = source.map(|chunk| Ok(chunk?.rows)).sum::<Result<_, deltaq_connectors::Error>>()?;
/// assert_eq!(rows, 2);
/// # Ok::<(), deltaq_connectors::Error>(())
/// ```
pub struct Source {
    schema: Schema,
    options: SourceOptions,
    decoder: Box<dyn Decode>,
    rows: Rows,
    failed: Option<Error>,
    ended: bool,
}

/// Bytes to rows.
pub(crate) trait Decode: Send {
    /// Fills `rows` and hands its columns on; None at the end. On an error the rows before it are left in `rows`.
    fn decode(&mut self, rows: &mut Rows) -> Result<Option<Vec<ArrayRef>>>;

    /// Bytes of the file taken so far.
    fn bytes_read(&self) -> u64;

    /// Bytes of the file, where known.
    fn bytes_total(&self) -> Option<u64>;
}

impl Source {
    /// Opens a file. Without a schema it is inferred from the first [`SourceOptions::sample_rows`] rows.
    ///
    /// # Errors
    /// The file cannot be read, is not of its format, or nothing can be inferred from it.
    pub fn open(options: &SourceOptions, schema: Option<&[Field]>) -> Result<Source> {
        let mut options = options.clone();
        if options.format.is_none() {
            options.format = Format::of_path(&options.path);
        }
        if options.format == Some(Format::Parquet) {
            return Source::open_parquet(options, schema);
        }
        let input = Input::open(&options.path, options.gzip)?;
        Source::start(input, options, schema)
    }

    /// Reads CSV or JSON lines from `reader` as a pipe, whatever `options.path` says.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn from_reader(
        reader: impl Read + Send + 'static,
        options: &SourceOptions,
        schema: Option<&[Field]>,
    ) -> Result<Source> {
        let mut options = options.clone();
        if options.format.is_none() {
            options.format = Format::of_path(&options.path);
        }
        let input = Input::new(&options.path, Box::new(reader), options.gzip, None, true)?;
        Source::start(input, options, schema)
    }

    fn start(mut input: Input, mut options: SourceOptions, schema: Option<&[Field]>) -> Result<Source> {
        let format = match options.format {
            Some(format) => format,
            None => {
                let format = sniff_format(&mut input)?;
                options.format = Some(format);
                format
            }
        };
        let schema = match (schema, format) {
            (Some(schema), _) => schema.to_vec(),
            (None, Format::Jsonl) => without_weight(jsonl::infer(&mut input, &options)?, &options)?,
            (None, _) => without_weight(csv::infer(&mut input, &mut options)?, &options)?,
        };
        let read = with_weight(&schema, &options);
        let rows = Rows::new(input.name(), &read, options.on_error, options.batch_rows);
        let decoder: Box<dyn Decode> = match format {
            Format::Csv => Box::new(CsvDecoder::new(input, &options)),
            Format::Jsonl => Box::new(JsonlDecoder::new(input, &options, &read)),
            Format::Parquet => {
                return Err(Error::format(input.name(), "Parquet is read from files only, not from a pipe"));
            }
        };
        Ok(Source { schema, options, decoder, rows, failed: None, ended: false })
    }

    #[cfg(feature = "parquet")]
    fn open_parquet(options: SourceOptions, schema: Option<&[Field]>) -> Result<Source> {
        let file = crate::parquet::open(&options.path)?;
        let schema = match schema {
            Some(schema) => schema.to_vec(),
            None => without_weight(crate::parquet::infer(&file, &options.path)?, &options)?,
        };
        let read = with_weight(&schema, &options);
        let rows = Rows::new(&options.path, &read, options.on_error, options.batch_rows);
        let decoder = Box::new(crate::parquet::ParquetDecoder::new(file, &options, &read)?);
        Ok(Source { schema, options, decoder, rows, failed: None, ended: false })
    }

    #[cfg(not(feature = "parquet"))]
    fn open_parquet(options: SourceOptions, _: Option<&[Field]>) -> Result<Source> {
        Err(Error::options(format!("{}: this build reads no Parquet (feature `parquet`)", options.path)))
    }

    /// The columns of every chunk.
    pub fn schema(&self) -> &[Field] {
        &self.schema
    }

    /// The options as they turned out: with the format found, and what an inferred CSV file looks like.
    pub fn options(&self) -> &SourceOptions {
        &self.options
    }

    /// The file as messages name it.
    pub fn name(&self) -> &str {
        self.rows.path()
    }

    /// Bytes of the file taken so far, compressed ones where it is compressed.
    pub fn bytes_read(&self) -> u64 {
        self.decoder.bytes_read()
    }

    /// Bytes of the file; None of a pipe.
    pub fn bytes_total(&self) -> Option<u64> {
        self.decoder.bytes_total()
    }

    /// What could not be read so far: the first 1,000 in order. Empty with [`crate::OnError::Fail`], and of those that
    /// were taken.
    pub fn rejections(&self) -> &[Rejection] {
        &self.rows.rejections
    }

    /// Takes those of [`Source::rejections`] that were not taken yet. They count towards the 1,000 that are kept all the same.
    pub fn take_rejections(&mut self) -> Vec<Rejection> {
        std::mem::take(&mut self.rows.rejections)
    }

    /// Rows that could not be read so far as they are.
    pub fn rejected_rows(&self) -> u64 {
        self.rows.rejected
    }

    fn chunk(&mut self, mut columns: Vec<ArrayRef>) -> Chunk {
        let weights = self.options.weight.is_some().then(|| {
            let weights = columns.pop().unwrap_or_else(|| panic!("a weight column was asked for"));
            weights.as_primitive::<Int64Type>().values().clone()
        });
        let rows = match (columns.first(), &weights) {
            (Some(column), _) => column.len(),
            (None, weights) => weights.as_ref().map_or(0, |w| w.len()),
        };
        let lines = std::mem::take(&mut self.rows.lines);
        Chunk { columns, rows, weights, lines, bytes_read: self.bytes_read() }
    }
}

impl Iterator for Source {
    type Item = Result<Chunk>;

    fn next(&mut self) -> Option<Result<Chunk>> {
        if let Some(error) = self.failed.take() {
            return Some(Err(error));
        }
        if self.ended {
            return None;
        }
        match self.decoder.decode(&mut self.rows) {
            Ok(Some(columns)) => Some(Ok(self.chunk(columns))),
            Ok(None) => {
                self.ended = true;
                None
            }
            Err(error) => {
                self.ended = true;
                if self.rows.len() == 0 {
                    return Some(Err(error));
                }
                self.failed = Some(error);
                let columns = self.rows.finish();
                Some(Ok(self.chunk(columns)))
            }
        }
    }
}

/// The schema without the column that holds the weights.
fn without_weight(mut schema: Schema, options: &SourceOptions) -> Result<Schema> {
    if let Some(weight) = &options.weight {
        let before = schema.len();
        schema.retain(|field| field.name != *weight);
        if schema.len() == before {
            return Err(Error::format(&options.path, format!("there is no column {weight} to take weights from")));
        }
    }
    Ok(schema)
}

/// The schema with the column that holds the weights at the end.
fn with_weight(schema: &[Field], options: &SourceOptions) -> Schema {
    let weight = options.weight.as_ref().map(|name| Field { name: name.clone(), ty: SqlType::BigInt, nullable: false });
    schema.iter().cloned().chain(weight).collect()
}

/// JSON lines begin with a brace or bracket.
fn sniff_format(input: &mut Input) -> Result<Format> {
    input.skip_byte_order_mark()?;
    loop {
        let rest = input.rest();
        match rest.trim_ascii_start().first() {
            Some(b'{' | b'[') => return Ok(Format::Jsonl),
            Some(_) => return Ok(Format::Csv),
            None if input.is_ended() => return Ok(Format::Csv),
            None => {}
        }
        if input.fill(None)? == Fill::End {
            return Ok(Format::Csv);
        }
    }
}
