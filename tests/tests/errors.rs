//! How mistakes in SQL are told: the statements of `errors/`, with code, sentence, the place underlined, and what helps.
//! `DELTAQ_ACCEPT=1` writes it anew.

use deltaq::{Diagnostic, Engine};
use deltaq_tests::snapshot;

#[test]
fn mistakes_read_as_recorded() {
    snapshot::check("errors", "sql", |file| {
        let mut db = Engine::open_in_memory().expect("an engine opens");
        let (setup, statements) = file.split_once("-- mistakes\n").expect("a file of mistakes says where they begin");
        db.execute(setup).unwrap_or_else(|e| panic!("{setup}: {e:?}"));
        let mut out = String::new();
        for sql in statements.split("\n\n").map(str::trim).filter(|s| !s.is_empty()) {
            out.push_str(sql);
            out.push('\n');
            match db.execute(sql) {
                Ok(_) => out.push_str("  no mistake\n"),
                Err(error) => error.diagnostics().iter().for_each(|d| tell(sql, d, &mut out)),
            }
            out.push('\n');
        }
        out
    });
}

/// A mistake as text: the line of SQL it stands in, underlined.
fn tell(sql: &str, diagnostic: &Diagnostic, out: &mut String) {
    out.push_str(&format!("  {}: {}\n", diagnostic.code, diagnostic.message));
    if let Some(span) = diagnostic.span {
        assert!(sql.is_char_boundary(span.start) && sql.is_char_boundary(span.end), "{span:?} of {sql}");
        let start = sql[..span.start].rfind('\n').map_or(0, |n| n + 1);
        let line = sql[start..].lines().next().unwrap_or("");
        let before = sql[start..span.start].chars().count();
        let width = sql[span.start..span.end.min(start + line.len())].chars().count().max(1);
        out.push_str(&format!("    {line}\n    {}{}\n", " ".repeat(before), "^".repeat(width)));
    }
    if let Some(help) = &diagnostic.help {
        out.push_str(&format!("  help: {help}\n"));
    }
}
