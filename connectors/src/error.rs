//! What can go wrong with a file: the environment, its options, or a row of it.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use deltaq_operators::value::EvalError;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a file could not be read or written. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Error {
    kind: Arc<Kind>,
}

#[derive(Debug)]
enum Kind {
    Io { action: String, source: io::Error },
    Options { message: String },
    Format { path: String, message: String, source: Option<Box<dyn StdError + Send + Sync>> },
    Row(Rejection),
}

impl Error {
    pub(crate) fn io(action: impl Into<String>, source: io::Error) -> Error {
        Error { kind: Arc::new(Kind::Io { action: action.into(), source }) }
    }

    pub(crate) fn options(message: impl Into<String>) -> Error {
        Error { kind: Arc::new(Kind::Options { message: message.into() }) }
    }

    pub(crate) fn format(path: &str, message: impl Into<String>) -> Error {
        Error { kind: Arc::new(Kind::Format { path: path.to_string(), message: message.into(), source: None }) }
    }

    #[cfg(feature = "parquet")]
    pub(crate) fn caused(path: &str, message: &str, source: impl StdError + Send + Sync + 'static) -> Error {
        let kind =
            Kind::Format { path: path.to_string(), message: message.to_string(), source: Some(Box::new(source)) };
        Error { kind: Arc::new(kind) }
    }

    /// The same error of a row, with what may have led to it.
    pub(crate) fn because(self, cause: &str) -> Error {
        match &*self.kind {
            Kind::Row(rejection) => {
                let reason = format!("{} ({cause})", rejection.reason);
                Error::row(Rejection { reason, ..rejection.clone() })
            }
            _ => self,
        }
    }

    pub(crate) fn row(rejection: Rejection) -> Error {
        Error { kind: Arc::new(Kind::Row(rejection)) }
    }

    /// SQLSTATE: `58030` for the environment (`58P01` no such file, `55006` in use), `22023` for options, `22P04` for a file that is not of its format, and of a
    /// bad row what PostgreSQL assigns: `22P02` not a number, `22003` out of range, `23502` NULL in a NOT NULL column …
    pub fn code(&self) -> &'static str {
        match &*self.kind {
            Kind::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => "58P01",
            Kind::Io { source, .. } if source.kind() == io::ErrorKind::ResourceBusy => "55006",
            Kind::Io { .. } => "58030",
            Kind::Options { .. } => "22023",
            Kind::Format { .. } => "22P04",
            Kind::Row(rejection) => rejection.code,
        }
    }

    /// Whether the file or pipe itself failed.
    pub fn is_io(&self) -> bool {
        matches!(&*self.kind, Kind::Io { .. })
    }

    /// Whether there is no such file.
    pub fn is_not_found(&self) -> bool {
        matches!(&*self.kind, Kind::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// Whether nobody reads what is written any more.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(&*self.kind, Kind::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Whether an option is unknown or does not fit.
    pub fn is_options(&self) -> bool {
        matches!(&*self.kind, Kind::Options { .. })
    }

    /// Whether a row is to blame; see [`Error::rejection`].
    pub fn is_row(&self) -> bool {
        matches!(&*self.kind, Kind::Row(_))
    }

    /// The row that failed.
    pub fn rejection(&self) -> Option<&Rejection> {
        match &*self.kind {
            Kind::Row(rejection) => Some(rejection),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &*self.kind {
            Kind::Io { action, source } => write!(f, "{action}: {source}"),
            Kind::Options { message } => f.write_str(message),
            Kind::Format { path, message, source: None } => write!(f, "{path}: {message}"),
            Kind::Format { path, message, source: Some(source) } => write!(f, "{path}: {message}: {source}"),
            Kind::Row(rejection) => rejection.fmt(f),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &*self.kind {
            Kind::Io { source, .. } => Some(source),
            Kind::Format { source: Some(source), .. } => Some(source.as_ref()),
            _ => None,
        }
    }
}

/// A row, or a value of it, that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The file as it was named.
    pub path: String,
    /// The line the row begins at, from 1; of a Parquet file the row.
    pub line: u64,
    /// The column, where one value is to blame.
    pub column: Option<String>,
    /// SQLSTATE.
    pub code: &'static str,
    /// What is wrong, with the offending text.
    pub reason: String,
    /// The row as it stands in the file, cut after 2,000 bytes.
    pub record: String,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}: ", self.path, self.line)?;
        if let Some(column) = &self.column {
            write!(f, "column {column}: ")?;
        }
        f.write_str(&self.reason)
    }
}

/// What is wrong with one value.
pub(crate) type Reason = EvalError;

pub(crate) fn reason(code: &'static str, message: impl Into<String>) -> Reason {
    Reason { code, message: message.into() }
}
