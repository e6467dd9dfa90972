//! From SQL text to statements: where each begins and ends, and what sqlparser makes of it.

use deltaq_circuit::Span;

use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::statement::Statement;

/// Compiles the one statement that `sql` consists of (a final semicolon may follow). The plans within are as bound:
/// put them through [`crate::rewrite::optimize`] before they run.
///
/// # Errors
/// All mistakes that can be found at once; their spans refer to `sql`.
pub fn compile(sql: &str, catalog: &dyn Catalog) -> Result<Statement, Diagnostics> {
    compile_part(sql, Span { start: 0, end: sql.len() }, catalog)
}

/// Compiles the statement that stands at `part` of `script`, as [`split`] gives it.
///
/// # Errors
/// All mistakes that can be found at once; their spans refer to `script`.
pub fn compile_part(script: &str, part: Span, catalog: &dyn Catalog) -> Result<Statement, Diagnostics> {
    let _ = (script, catalog);
    Err(Diagnostic { code: "0A000", message: "not supported".into(), span: Some(part), help: None }.into())
}

/// Where each statement of `script` stands, without its semicolon. They are compiled one by one ([`compile_part`]), each after the one
/// before it has run. Empty statements are left out.
///
/// # Errors
/// `42601` where a quotation or comment has no end.
pub fn split(script: &str) -> Result<Vec<Span>, Diagnostics> {
    let _ = script;
    Ok(Vec::new())
}

/// Whether `sql` is whole: every statement ends with a semicolon, no quotation, comment or parenthesis is open. Text of blanks and
/// comments alone is whole.
pub fn is_complete(sql: &str) -> bool {
    sql.trim_end().ends_with(';')
}
