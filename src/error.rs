//! What can go wrong, as one opaque type.

use std::fmt;

use deltaq_circuit::Span;
use deltaq_compiler::{Diagnostic, Diagnostics};

/// The result of a call of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed. A call that fails changes nothing.
///
/// [`Error::code`] is stable: PostgreSQL's SQLSTATE where it has one.
///
/// | code | meaning |
/// |---|---|
/// | `22…` | a value is wrong: `22012` division by zero, `22003` out of range, `22001` text too long |
/// | `23502`, `23505` | NULL in a NOT NULL column, a primary key that is there already |
/// | `25000`, `25001`, `25P01` | a transaction is where it must not be, or is missing |
/// | `2BP01` | a view depends on what would be dropped |
/// | `42601`, `42P01`, `42703`, `42883` | a mistake in SQL: syntax, unknown relation, column, function |
/// | `P0002` | a row to be retracted is not there |
/// | `53200` | tables and views would hold more than they may |
/// | `58030` | reading or writing a file failed |
/// | `XX000` | the engine has failed: a worker stopped |
///
/// ```
/// let mut db = deltaq::Engine::open_in_memory()?;
/// let error = db.execute("SELECT 1 +").unwrap_err();
/// assert_eq!(error.code(), "42601");
/// assert!(error.is_syntax());
/// # Ok::<(), deltaq::Error>(())
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    /// At least one.
    diagnostics: Vec<Diagnostic>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// Which of the rows that were to enter is at fault, if one is.
    row: Option<usize>,
}

impl Error {
    /// An error of one sentence.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Error {
        Diagnostic { code, message: message.into(), span: None, help: None }.into()
    }

    /// The same, with what to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Error {
        self.0.diagnostics[0].help = Some(help.into());
        self
    }

    /// The same, about this part of the SQL text, unless it is known to be about a smaller one.
    pub(crate) fn at(mut self, span: Span) -> Error {
        self.0.diagnostics[0].span.get_or_insert(span);
        self
    }

    /// The same, about this one of the rows that were to enter.
    pub(crate) fn of_row(mut self, row: usize) -> Error {
        self.0.row = Some(row);
        self
    }

    /// Which of the rows that were to enter is at fault, if one is.
    pub(crate) fn row(&self) -> Option<usize> {
        self.0.row
    }

    /// The same, with the place where it happened.
    pub(crate) fn within(mut self, place: &str) -> Error {
        let message = &mut self.0.diagnostics[0].message;
        *message = format!("{place}: {message}");
        self
    }

    /// The same, caused by `source`.
    pub(crate) fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Error {
        self.0.source = Some(Box::new(source));
        self
    }

    /// The stable code: PostgreSQL's SQLSTATE where it has one.
    pub fn code(&self) -> &str {
        self.0.diagnostics[0].code
    }

    /// Every mistake found, the first of them first; at least one. Spans refer to the SQL text of the call.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0.diagnostics
    }

    /// Where in the SQL text of the call the first mistake stands, as a byte offset, if anywhere.
    pub fn position(&self) -> Option<usize> {
        self.0.diagnostics[0].span.map(|s| s.start)
    }

    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<&str> {
        self.0.diagnostics[0].help.as_deref()
    }

    /// The SQL cannot be read (class 42601).
    pub fn is_syntax(&self) -> bool {
        self.code() == "42601"
    }

    /// The SQL is at fault: syntax, an unknown or ambiguous name, types that do not fit (class 42), or what is not supported.
    pub fn is_sql(&self) -> bool {
        self.code().starts_with("42") || self.is_unsupported()
    }

    /// What is asked for is not supported.
    pub fn is_unsupported(&self) -> bool {
        self.code() == "0A000"
    }

    /// A table or view of this name does not exist.
    pub fn is_unknown_relation(&self) -> bool {
        self.code() == "42P01"
    }

    /// A row with this primary key is there already.
    pub fn is_duplicate_key(&self) -> bool {
        self.code() == "23505"
    }

    /// A row that was to be retracted is not there.
    pub fn is_absent_row(&self) -> bool {
        self.code() == "P0002"
    }

    /// A row breaks a rule of its table: a duplicate key, NULL where there must be none (class 23).
    pub fn is_constraint(&self) -> bool {
        self.code().starts_with("23")
    }

    /// A value is wrong or out of range: division by zero, overflow, a failed cast, text too long (class 22).
    pub fn is_data(&self) -> bool {
        self.code().starts_with("22")
    }

    /// Something else depends on what would be dropped or replaced.
    pub fn is_dependency(&self) -> bool {
        self.code() == "2BP01"
    }

    /// A transaction is where it must not be, or is missing (class 25).
    pub fn is_transaction(&self) -> bool {
        self.code().starts_with("25")
    }

    /// Tables and views would hold more than they may (see [`EngineConfig::memory`](crate::EngineConfig)).
    pub fn is_out_of_memory(&self) -> bool {
        self.code() == "53200"
    }

    /// A file could not be read or written.
    pub fn is_io(&self) -> bool {
        self.code().starts_with("58")
    }

    /// The engine itself has failed, because a worker stopped: open a new one.
    pub fn is_engine_failed(&self) -> bool {
        self.code() == "XX000"
    }
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Error {
        Error(Box::new(Inner { diagnostics: vec![diagnostic], source: None, row: None }))
    }
}

impl From<Diagnostics> for Error {
    fn from(diagnostics: Diagnostics) -> Error {
        let mut all = diagnostics.0;
        if all.is_empty() {
            let message = "the statement is wrong".to_string();
            all.push(Diagnostic { code: "42601", message, span: None, help: None });
        }
        Error(Box::new(Inner { diagnostics: all, source: None, row: None }))
    }
}

impl From<deltaq_circuit::Error> for Error {
    fn from(error: deltaq_circuit::Error) -> Error {
        let code = if error.is_environment() { "58000" } else { "XX000" };
        Error::new(code, error.to_string()).caused_by(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (index, diagnostic) in self.0.diagnostics.iter().enumerate() {
            write!(f, "{}{}", if index > 0 { "\n" } else { "" }, diagnostic.message)?;
            if let Some(help) = &diagnostic.help {
                write!(f, " ({help})")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {self}", self.code())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|s| &**s as _)
    }
}
