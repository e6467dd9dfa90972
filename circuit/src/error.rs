//! What can go wrong around a circuit: a worker that panicked, bytes that are no batch, the environment.

use std::fmt;
use std::io;

/// An error of this crate.
#[derive(Debug)]
pub struct Error(Box<Reason>);

#[derive(Debug)]
enum Reason {
    Panicked { worker: usize, message: String },
    Corrupt(String),
    Mismatch(String),
    Environment { doing: &'static str, source: io::Error },
}

impl Error {
    pub(crate) fn panicked(worker: usize, message: impl Into<String>) -> Error {
        Error(Box::new(Reason::Panicked { worker, message: message.into() }))
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Error {
        Error(Box::new(Reason::Corrupt(what.into())))
    }

    pub(crate) fn mismatch(what: impl Into<String>) -> Error {
        Error(Box::new(Reason::Mismatch(what.into())))
    }

    pub(crate) fn environment(doing: &'static str, source: io::Error) -> Error {
        Error(Box::new(Reason::Environment { doing, source }))
    }

    /// Whether a worker panicked. The runtime it belonged to answers every later call with this error.
    pub fn is_worker_panicked(&self) -> bool {
        matches!(*self.0, Reason::Panicked { .. })
    }

    /// Whether bytes that should hold a batch do not.
    pub fn is_corrupt(&self) -> bool {
        matches!(*self.0, Reason::Corrupt(_))
    }

    /// Whether saved state does not fit the runtime it was given to.
    pub fn is_mismatch(&self) -> bool {
        matches!(*self.0, Reason::Mismatch(_))
    }

    /// Whether the operating system refused something; the [source](std::error::Error::source) says what.
    pub fn is_environment(&self) -> bool {
        matches!(*self.0, Reason::Environment { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::Panicked { worker, message } => write!(f, "worker {worker} panicked: {message}"),
            Reason::Corrupt(what) => write!(f, "not a valid batch: {what}"),
            Reason::Mismatch(what) => write!(f, "saved state does not fit: {what}"),
            Reason::Environment { doing, .. } => write!(f, "{doing} failed"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            Reason::Environment { source, .. } => Some(source),
            _ => None,
        }
    }
}
