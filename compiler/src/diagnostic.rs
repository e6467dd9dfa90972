//! Mistakes in SQL, told so that the user can mend them.

use std::fmt;

use deltaq_circuit::Span;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code: PostgreSQL's SQLSTATE where it has one (`42P01` unknown relation, `42703` unknown column …).
    pub code: &'static str,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Where in the SQL text, if anywhere.
    pub span: Option<Span>,
    /// What to do about it: the name that was meant, the rewrite that works.
    pub help: Option<String>,
}

/// All mistakes that could be found in one text; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&diagnostic.message)?;
            if let Some(help) = &diagnostic.help {
                write!(f, " ({help})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Diagnostics {
        Diagnostics(vec![diagnostic])
    }
}
