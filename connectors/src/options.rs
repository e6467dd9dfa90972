//! What `CREATE TABLE … WITH (…)`, `COPY … (…)` and the command line may say of a file.

use std::path::Path;
use std::str::FromStr;

use indexmap::IndexMap;

use crate::error::{Error, Result};

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Values separated by commas (or another delimiter), quoted where needed, RFC 4180.
    Csv,
    /// One JSON object, or array of values, a line.
    Jsonl,
    /// Apache Parquet; with feature `parquet`.
    Parquet,
}

impl Format {
    /// The format that a file's name speaks of, `.gz` aside.
    pub fn of_path(path: &str) -> Option<Format> {
        let name = path.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        match Path::new(name).extension()?.to_str()? {
            "csv" | "tsv" | "tbl" | "txt" => Some(Format::Csv),
            "jsonl" | "ndjson" | "jsonlines" | "json" => Some(Format::Jsonl),
            "parquet" | "pq" => Some(Format::Parquet),
            _ => None,
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Format> {
        match text.to_ascii_lowercase().as_str() {
            "csv" | "tsv" => Ok(Format::Csv),
            "jsonl" | "json" | "ndjson" | "jsonlines" => Ok(Format::Jsonl),
            "parquet" => Ok(Format::Parquet),
            _ => Err(Error::options(format!("unknown format '{text}': expected csv, jsonl or parquet"))),
        }
    }
}

/// What happens to a row that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Reading ends with an error that names line, column and text.
    #[default]
    Fail,
    /// The row is left out, counted and kept for [`crate::Source::rejections`].
    Skip,
    /// A value that cannot be read becomes NULL and is reported; a row that has no such column to blame is left out.
    Null,
}

/// Where rows come from and how they are spelled.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SourceOptions {
    /// The file; `-` is standard input.
    pub path: String,
    /// `format`: its format; None: by its name, else by its first byte.
    pub format: Option<Format>,
    /// `compression`: whether it is gzip-compressed; None: by its first two bytes.
    pub gzip: Option<bool>,
    /// `header`: whether the first line of a CSV file names the columns; None: looked at.
    pub header: Option<bool>,
    /// `delimiter`: what separates values; None: `,`, tab for `.tsv`, `|` for `.tbl`, or what an inferred file looks like.
    pub delimiter: Option<u8>,
    /// `quote`: what surrounds values that hold a delimiter.
    pub quote: u8,
    /// `null`: the unquoted texts of CSV that are NULL. Outside text columns an empty value is NULL as well.
    pub nulls: Option<Vec<String>>,
    /// `on_error`: `fail`, `skip` or `null`.
    pub on_error: OnError,
    /// `unknown_keys`: whether a key of a JSON object that is no column is an error.
    pub reject_unknown_keys: bool,
    /// `weight`: the name of a column of the file that holds each row's weight.
    pub weight: Option<String>,
    /// `batch_rows`: rows of a chunk at most.
    pub batch_rows: usize,
    /// `sample_rows`: rows looked at to infer a schema.
    pub sample_rows: usize,
}

const SOURCE_KEYS: &str = "path, format, compression, header, delimiter, quote, null, on_error, unknown_keys, weight, \
                           batch_rows, sample_rows";

impl SourceOptions {
    /// A file with everything else as it comes.
    pub fn new(path: impl Into<String>) -> SourceOptions {
        SourceOptions {
            path: path.into(),
            format: None,
            gzip: None,
            header: None,
            delimiter: None,
            quote: b'"',
            nulls: None,
            on_error: OnError::Fail,
            reject_unknown_keys: false,
            weight: None,
            batch_rows: 10_000,
            sample_rows: 20_000,
        }
    }

    /// Reads the options of a SQL statement; keys in lower case. `connector` and `append_only` are the table's and are passed over.
    ///
    /// # Errors
    /// An unknown option, one whose value does not fit, or no path. [`Error::is_options`] holds.
    pub fn from_map(map: &IndexMap<String, String>) -> Result<SourceOptions> {
        let path = map.get("path").ok_or_else(|| Error::options("option path is missing"))?;
        let mut options = SourceOptions::new(path);
        for (key, value) in map {
            match key.as_str() {
                "path" | "connector" | "append_only" => {}
                "format" => {
                    options.format = Some(value.parse()?);
                    if value.eq_ignore_ascii_case("tsv") && options.delimiter.is_none() {
                        options.delimiter = Some(b'\t');
                    }
                }
                "compression" => options.gzip = compression(value)?,
                "header" => options.header = Some(truth(key, value)?),
                "delimiter" | "delim" | "sep" => options.delimiter = Some(one_byte(key, value)?),
                "quote" => options.quote = one_byte(key, value)?,
                "null" | "nullstr" => options.nulls = Some(vec![value.clone()]),
                "on_error" => {
                    options.on_error = match value.to_ascii_lowercase().as_str() {
                        "fail" | "stop" => OnError::Fail,
                        "skip" | "ignore" => OnError::Skip,
                        "null" => OnError::Null,
                        _ => return Err(unfit(key, value, "fail, skip or null")),
                    }
                }
                "unknown_keys" => {
                    options.reject_unknown_keys = match value.to_ascii_lowercase().as_str() {
                        "ignore" => false,
                        "error" | "fail" => true,
                        _ => return Err(unfit(key, value, "ignore or error")),
                    }
                }
                "weight" => options.weight = Some(value.clone()),
                "batch_rows" => options.batch_rows = count(key, value)?,
                "sample_rows" => options.sample_rows = count(key, value)?,
                _ => return Err(Error::options(format!("unknown option {key}: a file takes {SOURCE_KEYS}"))),
            }
        }
        Ok(options)
    }

    /// What separates values where nothing was said and nothing is inferred.
    pub(crate) fn delimiter_by_name(&self) -> u8 {
        let name = self.path.to_ascii_lowercase();
        match name.strip_suffix(".gz").unwrap_or(&name) {
            name if name.ends_with(".tsv") => b'\t',
            name if name.ends_with(".tbl") => b'|',
            _ => b',',
        }
    }
}

/// Where rows go and how they are spelled.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SinkOptions {
    /// The file; `-` is standard output.
    pub path: String,
    /// `format`: None: by the file's name, else CSV.
    pub format: Option<Format>,
    /// `compression`: whether it is gzip-compressed; None: if the name ends in `.gz`.
    pub gzip: Option<bool>,
    /// `header`: whether the first line of a CSV file names the columns.
    pub header: bool,
    /// `delimiter`: what separates values; None: `,`, or tab for `.tsv`.
    pub delimiter: Option<u8>,
    /// `quote`: what surrounds values that hold a delimiter.
    pub quote: u8,
    /// `null`: how NULL is spelled in CSV.
    pub null: String,
    /// Whether rows begin with a column `epoch`.
    pub epochs: bool,
    /// Whether rows begin with a column `weight` (after `epoch`). Without it a row stands as often as its weight says.
    pub weights: bool,
}

impl SinkOptions {
    /// A file with everything else as it comes.
    pub fn new(path: impl Into<String>) -> SinkOptions {
        SinkOptions {
            path: path.into(),
            format: None,
            gzip: None,
            header: true,
            delimiter: None,
            quote: b'"',
            null: String::new(),
            epochs: false,
            weights: false,
        }
    }

    /// Reads the options of a SQL statement; keys in lower case. `connector` is passed over.
    ///
    /// # Errors
    /// An unknown option, one whose value does not fit, or no path. [`Error::is_options`] holds.
    pub fn from_map(map: &IndexMap<String, String>) -> Result<SinkOptions> {
        let path = map.get("path").ok_or_else(|| Error::options("option path is missing"))?;
        let mut options = SinkOptions::new(path);
        for (key, value) in map {
            match key.as_str() {
                "path" | "connector" => {}
                "format" => {
                    options.format = Some(value.parse()?);
                    if value.eq_ignore_ascii_case("tsv") && options.delimiter.is_none() {
                        options.delimiter = Some(b'\t');
                    }
                }
                "compression" => options.gzip = compression(value)?,
                "header" => options.header = truth(key, value)?,
                "delimiter" | "delim" | "sep" => options.delimiter = Some(one_byte(key, value)?),
                "quote" => options.quote = one_byte(key, value)?,
                "null" | "nullstr" => options.null = value.clone(),
                "epochs" | "epoch" => options.epochs = truth(key, value)?,
                "weights" | "weight" => options.weights = truth(key, value)?,
                _ => {
                    return Err(Error::options(format!(
                        "unknown option {key}: a file takes path, format, compression, header, delimiter, quote, null, epochs, weights"
                    )));
                }
            }
        }
        Ok(options)
    }
}

fn unfit(key: &str, value: &str, expected: &str) -> Error {
    Error::options(format!("option {key} = '{value}': expected {expected}"))
}

fn truth(key: &str, value: &str) -> Result<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "1" => Ok(true),
        "false" | "off" | "no" | "0" => Ok(false),
        // `HEADER` alone.
        "" => Ok(true),
        _ => Err(unfit(key, value, "true or false")),
    }
}

fn count(key: &str, value: &str) -> Result<usize> {
    value.parse().ok().filter(|&n| n > 0).ok_or_else(|| unfit(key, value, "a number of rows"))
}

fn compression(value: &str) -> Result<Option<bool>> {
    match value.to_ascii_lowercase().as_str() {
        "auto" => Ok(None),
        "gzip" | "gz" => Ok(Some(true)),
        "none" => Ok(Some(false)),
        _ => Err(unfit("compression", value, "auto, gzip or none")),
    }
}

fn one_byte(key: &str, value: &str) -> Result<u8> {
    match value.as_bytes() {
        b"\\t" | b"tab" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(*byte),
        _ => Err(unfit(key, value, "one ASCII character")),
    }
}
