//! What is wrong with a text that cannot be read, and what was perhaps meant.

use deltaq_circuit::Span;
use sqlparser::parser::ParserError;
use sqlparser::tokenizer::{Location, Token};

use super::{NESTING_MAX, word};
use crate::bind;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Source, lower_first, nesting};

/// A token as it is named in a message.
pub(super) fn shown(source: &Source, at: usize) -> String {
    match source.tokens().get(at).map(|t| &t.token) {
        None | Some(Token::SemiColon) => "the end of the statement".into(),
        Some(_) => format!("\"{}\"", source.text(source.span(at, at + 1))),
    }
}

/// A diagnostic of code `42601`.
pub(super) fn syntax(message: &str, span: Option<Span>) -> Diagnostic {
    Diagnostic { code: "42601", message: message.into(), span, help: None }
}

/// The same, with what to do about it.
pub(super) fn with_help(diagnostic: Diagnostic, help: &str) -> Diagnostic {
    Diagnostic { help: Some(help.into()), ..diagnostic }
}

/// A statement deeper than the compiler follows.
pub(crate) fn too_complex(span: Option<Span>) -> Diagnostic {
    Diagnostic {
        code: "54001",
        message: "the statement is nested too deeply".into(),
        span,
        help: Some("split it with views or WITH; write long chains of OR as IN (…)".into()),
    }
}

/// sqlparser's error as a diagnostic: `… at Line: 1, Column: 8` becomes a span.
pub(super) fn parse_error(source: &Source, end: usize, error: ParserError) -> Diagnostics {
    let message = match error {
        ParserError::RecursionLimitExceeded => return too_complex(Some(source.span(0, end))).into(),
        // Where sqlparser tries one reading after the other it does not say that it gave up.
        _ if is_deep(source, end) => return too_complex(Some(source.span(0, end))).into(),
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
    };
    let (message, location) = match message.rsplit_once(" at Line: ") {
        Some((before, place)) => {
            let numbers: Vec<u64> = place.split(", Column: ").filter_map(|n| n.trim().parse().ok()).collect();
            (before.to_string(), numbers.first().zip(numbers.get(1)).map(|(l, c)| Location::new(*l, *c)))
        }
        None => (message, None),
    };
    let at = location.map_or(end, |l| source.token_at(l)).min(end);
    let span = source.span(at, (at + 1).min(end));
    let message = match message.strip_prefix("Expected: ").and_then(|m| m.rsplit_once(", found: ")) {
        Some((expected, _)) if at >= end => {
            format!("syntax error: expected {expected}, found the end of the statement")
        }
        Some((expected, _)) => format!("syntax error: expected {expected}, found {}", shown(source, at)),
        None => format!("syntax error: {}", lower_first(&message)),
    };
    // Without a place, but with the word: `SELECT a, FROM t`.
    let (at, span) = match message.rsplit_once(", found: ") {
        Some((_, found)) => match (0..end).rfind(|i| word(&source.tokens()[*i]).eq_ignore_ascii_case(found)) {
            Some(at) => (at, source.span(at, at + 1)),
            None => (at, span),
        },
        None => (at, span),
    };
    Diagnostic { help: misspelt(source, at), ..syntax(&message, Some(span)) }.into()
}

/// Whether parentheses, CASE and NOT are nested deeper than sqlparser may have followed.
pub(super) fn is_deep(source: &Source, end: usize) -> bool {
    let (mut depth, mut nots) = (0i64, 0);
    let depths = source.tokens()[..end].iter().map(|token| {
        let word = word(token);
        depth += match word.as_str() {
            "CASE" => 1,
            "END" => -1,
            _ => nesting(&token.token),
        };
        nots = if word == "NOT" { nots + 1 } else { 0 };
        depth + nots
    });
    depths.max().unwrap_or(0) > NESTING_MAX as i64 / 2
}

/// What statements and clauses begin with.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "EXPLAIN", "BEGIN", "COMMIT",
    "ROLLBACK", "COPY", "SHOW", "VALUES", "WITH", "TABLE", "VIEW", "FROM", "WHERE", "GROUP",
    "ORDER", "HAVING", "LIMIT", "OFFSET", "UNION", "EXCEPT", "INTERSECT", "JOIN", "LEFT", "RIGHT",
    "INNER", "OUTER", "FULL", "CROSS", "USING", "INTO", "DISTINCT",
];

/// The keyword that the word before which, or at which, parsing ended was perhaps meant to be.
pub(super) fn misspelt(source: &Source, at: usize) -> Option<String> {
    let near = |at: usize| {
        let word = word(source.tokens().get(at)?);
        if word.len() < 4 || KEYWORDS.contains(&word.as_str()) {
            return None;
        }
        let limit = if word.len() < 6 { 1 } else { 2 };
        let far = |keyword: &str| bind::distance(&word, keyword);
        // Names in the plural are no misspelt keywords.
        let alike = |keyword: &str| {
            let (a, b) = (word.as_bytes(), keyword.as_bytes());
            a[0] == b[0] && (at == 0 || a.last() == b.last()) && far(keyword) <= limit
        };
        KEYWORDS.iter().copied().filter(|k| alike(k)).min_by_key(|k| far(k))
    };
    let found = at.checked_sub(1).and_then(near).or_else(|| near(at))?;
    Some(format!("did you mean {found}?"))
}
