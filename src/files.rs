//! Files, as far as the engine knows them: something that yields rows, and something that takes them.
//!
//! Their formats are `deltaq_connectors`' (feature `files`); without it, statements that name a file are errors.

use std::path::{Path, PathBuf};

use arrow_array::ArrayRef;
use arrow_buffer::ScalarBuffer;
use deltaq_circuit::{Batch, Weight};
use deltaq_operators::{Field, Schema};
use indexmap::IndexMap;

use crate::config::EngineConfig;
use crate::error::{Error, Result};

/// Rows that come in pieces.
pub(crate) trait Reader: Send {
    /// The columns of all pieces.
    fn schema(&self) -> Schema;
    /// The next piece; None at the end. After an error there is nothing more.
    fn next(&mut self) -> Option<Result<Piece>>;
    /// Bytes taken so far.
    fn bytes_read(&self) -> u64;
    /// Bytes in all, where known.
    fn bytes_total(&self) -> Option<u64>;
    /// Rows left out so far.
    fn rejected(&self) -> u64;
    /// Why rows were left out since this was last asked: file, line, column and reason.
    fn rejections(&mut self) -> Vec<String>;
}

/// Some rows.
pub(crate) struct Piece {
    pub(crate) columns: Vec<ArrayRef>,
    pub(crate) rows: usize,
    /// None: all are one.
    pub(crate) weights: Option<ScalarBuffer<Weight>>,
    /// Where they stand.
    pub(crate) place: Place,
}

/// The file, as messages name it, and the line that each row of a piece begins at, where that is known.
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: Box<dyn Fn(usize) -> Option<u64> + Send>,
}

impl Place {
    /// `error` about rows of the piece, with where it happened.
    pub(crate) fn name(&self, error: Error) -> Error {
        match error.row().and_then(&self.line) {
            Some(line) => error.within(&format!("{}:{line}", self.file)),
            None => error.within(&self.file),
        }
    }
}

/// Where rows go.
pub(crate) trait Writer {
    /// Takes rows, each as often as its weight says.
    fn write(&mut self, rows: &Batch) -> Result<()>;
    /// Ends the file: how many rows it has.
    fn finish(self: Box<Self>) -> Result<u64>;
}

/// Opens what `options` (`path`, `format` …) say; a file that is not there is looked for where `config` says. Without `schema` it is
/// inferred.
pub(crate) fn open_reader(
    options: &IndexMap<String, String>,
    schema: Option<&[Field]>,
    config: &EngineConfig,
) -> Result<Box<dyn Reader>> {
    let mut options = options.clone();
    if let Some(path) = options.get_mut("path") {
        *path = find(path, &config.directories);
    }
    if let Some(rows) = config.batch_rows {
        options.entry("batch_rows".into()).or_insert_with(|| rows.to_string());
    }
    let help = "name a file, or a named pipe (mkfifo); deltaq run and deltaq -c leave standard input to SQL";
    not_taken(&options, config.standard_input, "standard input", help)?;
    formats::open_reader(&options, schema)
}

/// Refuses `-` where that stream is not SQL's.
fn not_taken(options: &IndexMap<String, String>, free: bool, stream: &str, help: &str) -> Result<()> {
    if free || options.get("path").is_none_or(|path| path != "-") {
        return Ok(());
    }
    Err(Error::new("55006", format!("path = '-': {stream} is taken by what runs these statements")).help(help))
}

/// Where the file `path` is: there, or else in the first of `directories` that has it.
fn find(path: &str, directories: &[PathBuf]) -> String {
    if path == "-" || Path::new(path).exists() {
        return path.to_string();
    }
    let beside = directories.iter().map(|directory| directory.join(path)).find(|file| file.exists());
    beside.and_then(|file| file.to_str().map(str::to_string)).unwrap_or_else(|| path.to_string())
}

/// Creates what `options` (`path`, `format` …) say, for rows of `schema`.
pub(crate) fn open_writer(
    options: &IndexMap<String, String>,
    schema: &[Field],
    config: &EngineConfig,
) -> Result<Box<dyn Writer>> {
    not_taken(options, config.standard_output, "standard output", "name a file, or SELECT the rows")?;
    formats::open_writer(options, schema)
}

#[cfg(not(feature = "files"))]
mod formats {
    use super::*;

    fn left_out<T>() -> Result<T> {
        let error = Error::new("0A000", "this build of deltaq reads and writes no files");
        Err(error.help("build it with the feature `files`"))
    }

    pub(super) fn open_reader(_: &IndexMap<String, String>, _: Option<&[Field]>) -> Result<Box<dyn Reader>> {
        left_out()
    }

    pub(super) fn open_writer(_: &IndexMap<String, String>, _: &[Field]) -> Result<Box<dyn Writer>> {
        left_out()
    }
}

#[cfg(feature = "files")]
mod formats {
    use deltaq_circuit::Weights;
    use deltaq_connectors::{Sink, SinkOptions, Source, SourceOptions};

    use super::*;

    impl From<deltaq_connectors::Error> for Error {
        fn from(error: deltaq_connectors::Error) -> Error {
            Error::new(error.code(), error.to_string()).caused_by(error)
        }
    }

    pub(super) fn open_reader(options: &IndexMap<String, String>, schema: Option<&[Field]>) -> Result<Box<dyn Reader>> {
        let options = SourceOptions::from_map(options)?;
        Ok(Box::new(Source::open(&options, schema)?))
    }

    pub(super) fn open_writer(options: &IndexMap<String, String>, schema: &[Field]) -> Result<Box<dyn Writer>> {
        let options = SinkOptions::from_map(options)?;
        Ok(Box::new(Sink::create(&options, schema)?))
    }

    impl Reader for Source {
        fn schema(&self) -> Schema {
            Source::schema(self).to_vec()
        }

        fn next(&mut self) -> Option<Result<Piece>> {
            let chunk = match Iterator::next(self)? {
                Ok(chunk) => chunk,
                Err(error) => return Some(Err(error.into())),
            };
            let lines = chunk.lines;
            let place = Place { file: self.name().to_string(), line: Box::new(move |row| lines.of(row)) };
            Some(Ok(Piece { columns: chunk.columns, rows: chunk.rows, weights: chunk.weights, place }))
        }

        fn bytes_read(&self) -> u64 {
            Source::bytes_read(self)
        }

        fn bytes_total(&self) -> Option<u64> {
            Source::bytes_total(self)
        }

        fn rejected(&self) -> u64 {
            self.rejected_rows()
        }

        fn rejections(&mut self) -> Vec<String> {
            self.take_rejections().iter().map(ToString::to_string).collect()
        }
    }

    impl Writer for Sink {
        fn write(&mut self, rows: &Batch) -> Result<()> {
            if rows.is_empty() {
                return Ok(());
            }
            let weights = match rows.weights() {
                Weights::Ones => None,
                Weights::Each(each) => Some(&each[..]),
            };
            Ok(Sink::write(self, rows.columns(), rows.len(), weights, 0)?)
        }

        fn finish(self: Box<Self>) -> Result<u64> {
            Ok(Sink::finish(*self)?)
        }
    }
}
