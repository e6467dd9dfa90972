//! CSV into columns.

use std::time::Duration;

use arrow_array::ArrayRef;
use deltaq_operators::Schema;
use deltaq_operators::types::TEXT;

use crate::error::{Error, Result, reason};
use crate::infer::{self, Guess};
use crate::input::{Fill, Input};
use crate::options::SourceOptions;
use crate::rows::Rows;
use crate::source::Decode;

mod records;

pub(crate) use records::Dialect;
use records::{Place, Scan, line_end, scan};

/// How long a schema is waited for once the first row of a pipe is there.
pub(crate) const SAMPLE_PATIENCE: Duration = Duration::from_millis(50);

/// Decodes CSV.
pub(crate) struct CsvDecoder {
    input: Input,
    dialect: Dialect,
    nulls: Vec<Vec<u8>>,
    /// Where each column of the schema stands in a record; None: it is not there. Empty: not looked at yet.
    places_of: Vec<Option<usize>>,
    /// Values of a record.
    width: usize,
    header: Option<bool>,
    /// The line that was looked at for names and taken for the first row, as none of the columns was named there.
    nameless: Option<u64>,
    places: Vec<Place>,
    scratch: Vec<u8>,
    line: u64,
}

impl CsvDecoder {
    /// Decodes the columns of `options`' dialect; which column stands where is found out when the first row is read.
    pub(crate) fn new(input: Input, options: &SourceOptions) -> CsvDecoder {
        let nulls = options.nulls.clone().unwrap_or_else(|| vec![String::new()]);
        CsvDecoder {
            input,
            dialect: Dialect::new(options.delimiter.unwrap_or_else(|| options.delimiter_by_name()), options.quote),
            nulls: nulls.into_iter().map(String::into_bytes).collect(),
            places_of: Vec::new(),
            width: 0,
            header: options.header,
            nameless: None,
            places: Vec::new(),
            scratch: Vec::new(),
            line: 1,
        }
    }

    /// Finds out where the columns stand: by the names in the first line, or in order. False where there is no row.
    fn place(&mut self, rows: &Rows) -> Result<bool> {
        let names: Vec<&str> = (0..rows.width()).map(|column| rows.field(column).name.as_str()).collect();
        let in_order = (0..names.len()).map(Some).collect();
        if self.header == Some(false) {
            self.places_of = in_order;
            self.width = names.len();
            let any = self.input.skip_byte_order_mark()?;
            find_line_end(&mut self.input, &mut self.dialect)?;
            return Ok(any);
        }
        let Some(first) = first_record(&mut self.input, &mut self.dialect, &mut self.line)? else { return Ok(false) };
        let found = positions(&first.values, &names);
        let matches = found.iter().flatten().count();
        if self.header.is_none() && (matches == 0 || 2 * matches < names.len()) {
            self.nameless = Some(self.line);
            self.places_of = in_order;
            self.width = names.len();
            return Ok(true);
        }
        self.width = first.values.len();
        if matches == 0 && self.width == names.len() {
            // Other names for the same columns.
            self.places_of = in_order;
        } else {
            let missing: Vec<&str> = (0..names.len())
                .filter(|&column| found[column].is_none() && (matches == 0 || !rows.field(column).nullable))
                .map(|column| names[column])
                .collect();
            if !missing.is_empty() {
                let hint = other_delimiter(&self.input.rest()[..first.bytes], self.dialect, names.len());
                let message = format!(
                    "the header has no column {}; it names {}{hint}",
                    missing.join(", "),
                    first.values.join(", ")
                );
                return Err(Error::format(self.input.name(), message));
            }
            self.places_of = found;
        }
        self.input.consume(first.bytes);
        self.line += first.lines;
        Ok(true)
    }

    /// Adds the record in `self.places` to `rows`.
    fn record(&mut self, bytes: usize, rows: &mut Rows) -> Result<()> {
        let record = &self.input.rest()[..bytes];
        let places = match self.places.as_slice() {
            // A line may end in a delimiter.
            [places @ .., last]
                if places.len() == self.width && last.text(record, self.dialect, &mut self.scratch).is_empty() =>
            {
                places
            }
            places => places,
        };
        if places.len() != self.width {
            let hint = other_delimiter(record, self.dialect, self.width);
            let message = format!("{}, expected {}{hint}", counted(places.len(), "value"), self.width);
            rows.lose(reason("22P04", message));
            return rows.end_row(self.line, record);
        }
        if self.dialect.line_end == b'\r' && places.iter().any(|place| place.has_bare(b'\n', record)) {
            let message =
                "a line feed stands outside quotes, and lines end in a carriage return, as the first one does";
            rows.lose(reason("22P04", message));
            return rows.end_row(self.line, record);
        }
        for (column, place) in self.places_of.iter().enumerate() {
            let value = match place {
                None => None,
                Some(place) => {
                    let place = &places[*place];
                    let text = place.text(record, self.dialect, &mut self.scratch);
                    if text.is_empty() {
                        // Nothing at all is NULL unless the column cannot be; "" is a text.
                        let field = rows.field(column);
                        let is_text = field.ty.is_text();
                        let null =
                            !is_text || (!place.quoted && field.nullable && self.nulls.iter().any(Vec::is_empty));
                        (!null).then_some(text)
                    } else if !place.quoted && self.nulls.iter().any(|null| null == text) {
                        None
                    } else {
                        Some(text)
                    }
                }
            };
            if !rows.set(column, value) {
                break;
            }
        }
        rows.end_row(self.line, record)
    }
}

impl Decode for CsvDecoder {
    fn decode(&mut self, rows: &mut Rows) -> Result<Option<Vec<ArrayRef>>> {
        if self.places_of.is_empty() && !self.place(rows)? {
            return Ok(None);
        }
        while !rows.is_full() {
            match scan(self.input.rest(), self.input.is_ended(), self.dialect, &mut self.places) {
                Scan::Record { bytes, lines } => {
                    let blank = bytes <= 2 && matches!(self.input.rest()[..bytes], [b'\n'] | [b'\r', b'\n'] | [b'\r']);
                    let outcome = if blank && self.width > 1 { Ok(()) } else { self.record(bytes, rows) };
                    let outcome = outcome.map_err(|error| match self.nameless {
                        Some(line) if line == self.line => {
                            error.because("header = true if this line names the columns")
                        }
                        _ => error,
                    });
                    self.input.consume(bytes);
                    self.line += lines;
                    outcome?;
                }
                Scan::Broken { bytes, lines, reason: message } => {
                    rows.lose(reason("22P04", message));
                    let outcome = rows.end_row(self.line, &self.input.rest()[..bytes]);
                    self.input.consume(bytes);
                    self.line += lines;
                    outcome?;
                }
                Scan::Incomplete => {
                    let patience = (rows.len() > 0).then_some(Duration::ZERO);
                    match self.input.fill(patience)? {
                        Fill::More => {}
                        Fill::Later => break,
                        Fill::End if self.input.rest().is_empty() => break,
                        Fill::End => {}
                    }
                }
            }
        }
        Ok((rows.len() > 0).then(|| rows.finish()))
    }

    fn bytes_read(&self) -> u64 {
        self.input.bytes_read()
    }

    fn bytes_total(&self) -> Option<u64> {
        self.input.bytes_total()
    }
}

struct First {
    values: Vec<String>,
    bytes: usize,
    lines: u64,
}

/// Waits for the first line, and finds out what it ends in.
fn find_line_end(input: &mut Input, dialect: &mut Dialect) -> Result<()> {
    loop {
        if let Some(found) = line_end(input.rest(), input.is_ended(), *dialect) {
            dialect.line_end = found;
            return Ok(());
        }
        input.fill(None)?;
    }
}

/// The first record, which is not consumed; blank lines before it, and a byte order mark, are. What lines end in is found out.
fn first_record(input: &mut Input, dialect: &mut Dialect, line: &mut u64) -> Result<Option<First>> {
    input.skip_byte_order_mark()?;
    find_line_end(input, dialect)?;
    let dialect = *dialect;
    let mut places = Vec::new();
    loop {
        match scan(input.rest(), input.is_ended(), dialect, &mut places) {
            Scan::Record { bytes, lines } => {
                let record = &input.rest()[..bytes];
                if matches!(record, [b'\n'] | [b'\r', b'\n'] | [b'\r']) {
                    input.consume(bytes);
                    *line += lines;
                    continue;
                }
                let mut scratch = Vec::new();
                let mut text = |p: &Place| match std::str::from_utf8(p.text(record, dialect, &mut scratch)) {
                    Ok(text) => Ok(text.trim().to_string()),
                    Err(_) => Err(Error::format(input.name(), format!("line {line}: not valid UTF-8"))),
                };
                let values = places.iter().map(&mut text).collect::<Result<_>>()?;
                return Ok(Some(First { values, bytes, lines }));
            }
            Scan::Broken { reason, .. } => return Err(Error::format(input.name(), format!("line {line}: {reason}"))),
            Scan::Incomplete if input.is_ended() => return Ok(None),
            Scan::Incomplete => {
                input.fill(None)?;
            }
        }
    }
}

/// What to do where the delimiter does not stand in `record`, and another one separates `width` values of it; else nothing.
fn other_delimiter(record: &[u8], dialect: Dialect, width: usize) -> String {
    let mut places = Vec::new();
    let mut fits = |delimiter, width| {
        let scanned = scan(record, true, Dialect { delimiter, ..dialect }, &mut places);
        // The line may end in a delimiter.
        let ends = places.last().is_some_and(|last| last.text(record, dialect, &mut Vec::new()).is_empty());
        matches!(scanned, Scan::Record { .. }) && (places.len() == width || (ends && places.len() == width + 1))
    };
    let other = if width > 1 && fits(dialect.delimiter, 1) {
        [b',', b'\t', b';', b'|'].into_iter().find(|delimiter| fits(*delimiter, width))
    } else {
        None
    };
    other
        .map_or_else(String::new, |delimiter| format!("; delimiter = '{}' separates so many", delimiter.escape_ascii()))
}

/// Where names stand in a header: as written, else in any case, else as inferred columns would be named.
fn positions(header: &[String], names: &[&str]) -> Vec<Option<usize>> {
    let inferred = infer::schema(header, &vec![Guess::default(); header.len()]);
    let position = |name: &&str| {
        (header.iter().position(|h| h == name))
            .or_else(|| header.iter().position(|h| h.eq_ignore_ascii_case(name)))
            .or_else(|| inferred.iter().position(|field| field.name == *name))
    };
    names.iter().map(position).collect()
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A schema that fits the first rows, with the options they are read by: delimiter, header, NULL texts.
pub(crate) fn infer(input: &mut Input, options: &mut SourceOptions) -> Result<Schema> {
    if options.delimiter.is_none() {
        options.delimiter = Some(sniff_delimiter(input, options)?);
    }
    let mut dialect = Dialect::new(options.delimiter.unwrap_or(b','), options.quote);
    let mut line = 1;
    let Some(first) = first_record(input, &mut dialect, &mut line)? else {
        return Err(Error::format(input.name(), "nothing to infer columns from: the file is empty"));
    };
    let declared = options.nulls.clone();
    let is_null = |text: &str| match &declared {
        Some(nulls) => text.is_empty() || nulls.iter().any(|null| null == text),
        None => text.is_empty() || infer::NULL_TEXTS.contains(&text),
    };
    let mut guesses = vec![Guess::default(); first.values.len()];
    let mut rows = 0;
    let mut from = first.bytes;
    let (mut places, mut scratch) = (Vec::new(), Vec::new());
    while rows < options.sample_rows {
        match scan(&input.rest()[from..], input.is_ended(), dialect, &mut places) {
            Scan::Record { bytes, .. } => {
                let record = &input.rest()[from..from + bytes];
                from += bytes;
                for (guess, place) in guesses.iter_mut().zip(&places) {
                    match std::str::from_utf8(place.text(record, dialect, &mut scratch)) {
                        Ok(text) if !place.quoted && is_null(text) => guess.null(text),
                        Ok("") => {}
                        Ok(text) => guess.text(text),
                        Err(_) => guess.other(),
                    }
                }
                rows += 1;
            }
            Scan::Broken { bytes, .. } => from += bytes,
            Scan::Incomplete => match input.fill(Some(SAMPLE_PATIENCE))? {
                Fill::More => {}
                Fill::Later => break,
                Fill::End if from >= input.rest().len() => break,
                Fill::End => {}
            },
        }
    }
    let header = match options.header {
        Some(header) => header,
        None => names_columns(&first.values, &guesses).map_err(|message| Error::format(input.name(), message))?,
    };
    if !header {
        for (guess, value) in guesses.iter_mut().zip(&first.values) {
            if is_null(value) { guess.null(value) } else { guess.text(value) }
        }
        // A delimiter at the end of every line begins no column.
        if guesses.len() > 1 && guesses.last().is_some_and(Guess::is_blank) {
            guesses.pop();
        }
    }
    options.header = Some(header);
    if options.nulls.is_none() {
        let mut nulls = vec![String::new()];
        nulls.extend(infer::null_texts(&guesses));
        options.nulls = Some(nulls);
    }
    let names: Vec<String> = if header { first.values } else { vec![String::new(); guesses.len()] };
    Ok(infer::schema(&names, &guesses))
}

/// Whether the first line names the columns: all its values are texts, each another one. `guesses` are of the lines below.
///
/// # Errors
/// A name is repeated, and the line is no row either: not all columns below are text.
fn names_columns(first: &[String], guesses: &[Guess]) -> Result<bool, String> {
    let names = match first {
        // The line may end in a delimiter.
        [names @ .., last] if last.is_empty() && !names.is_empty() => names,
        names => names,
    };
    let is_text = |value: &String| {
        let mut alone = Guess::default();
        alone.text(value);
        !value.is_empty() && alone.ty() == TEXT
    };
    if !names.iter().all(is_text) {
        return Ok(false);
    }
    let before = |later: usize| (0..later).find(|column| names[*column].eq_ignore_ascii_case(&names[later]));
    match (0..names.len()).find_map(|later| before(later).map(|column| (column, later))) {
        None => Ok(true),
        Some(_) if guesses.iter().all(|guess| guess.ty() == TEXT) => Ok(false),
        Some((column, later)) => Err(format!(
            "the first line names columns {} and {} \"{}\": declare the columns, or say header = true (the later one is \
             then {}) or header = false (the line is a row)",
            column + 1,
            later + 1,
            names[later],
            infer::schema(first, guesses)[later].name,
        )),
    }
}

/// The delimiter that the first line holds most of.
fn sniff_delimiter(input: &mut Input, options: &SourceOptions) -> Result<u8> {
    let by_name = options.delimiter_by_name();
    let mut line = 1;
    let mut best = (0, by_name);
    for delimiter in [by_name, b',', b'\t', b';', b'|'] {
        if let Some(first) = first_record(input, &mut Dialect::new(delimiter, options.quote), &mut line)?
            && first.values.len() > best.0
        {
            best = (first.values.len(), delimiter);
        }
    }
    Ok(best.1)
}
