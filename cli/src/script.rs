//! A script: SQL statements, ended by semicolons, and dot commands, each on a line of its own.

use std::ops::Range;
use std::path::Path;

use crate::lexer::{Kind, tokens};

/// One thing to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A SQL statement without its semicolon.
    Statement(Range<usize>),
    /// A line that begins with a dot.
    Command(Range<usize>),
}

/// What stands in `text`, in order. A last statement without a semicolon counts.
pub fn items(text: &str) -> Vec<Item> {
    split(text).0
}

/// Whether a reader at a prompt has finished: every statement has its semicolon, no quotation or comment is open.
pub fn is_complete(text: &str) -> bool {
    split(text).1
}

fn split(text: &str) -> (Vec<Item>, bool) {
    let (mut items, mut at) = (Vec::new(), 0);
    loop {
        let rest = &text[at..];
        let blank = rest.len() - rest.trim_start().len();
        at += blank;
        let rest = &text[at..];
        if rest.is_empty() {
            return (items, true);
        }
        let line_end = at + rest.find('\n').unwrap_or(rest.len());
        if rest.starts_with('.') {
            items.push(Item::Command(at..at + text[at..line_end].trim_end().len()));
            at = line_end;
            continue;
        }
        let (mut start, mut last, mut next, mut open) = (None, at, None, false);
        for token in tokens(rest) {
            let (from, to) = (at + token.range.start, at + token.range.end);
            open |= !token.closed;
            match token.kind {
                Kind::Symbol if &text[from..to] == ";" => {
                    next = Some(to);
                    break;
                }
                // A comment before a statement may be followed by a dot command.
                Kind::Comment if start.is_none() && token.closed => {
                    next = Some(to);
                    break;
                }
                Kind::Blank | Kind::Comment if token.closed => {}
                _ => {
                    start.get_or_insert(from);
                    last = to;
                }
            }
        }
        if let Some(start) = start {
            items.push(Item::Statement(start..last));
        }
        match next {
            Some(next) => at = next,
            None => return (items, start.is_none() && !open),
        }
    }
}

/// Where a statement ends with `EMIT CHANGES`: the range of these words.
pub fn emit_changes(statement: &str) -> Option<Range<usize>> {
    let words: Vec<_> = tokens(statement).filter(|t| !matches!(t.kind, Kind::Blank | Kind::Comment)).collect();
    let [.., emit, changes] = words.as_slice() else { return None };
    let is = |range: &Range<usize>, word: &str| statement[range.clone()].eq_ignore_ascii_case(word);
    (is(&emit.range, "emit") && is(&changes.range, "changes")).then_some(emit.range.start..changes.range.end)
}

/// The statement's first word in upper case, past comments and parentheses.
pub fn verb(statement: &str) -> String {
    let first = tokens(statement).find(|t| t.kind == Kind::Word);
    first.map(|t| statement[t.range].to_ascii_uppercase()).unwrap_or_default()
}

/// Whether a statement is a query.
pub fn is_query(statement: &str) -> bool {
    matches!(verb(statement).as_str(), "SELECT" | "WITH" | "VALUES" | "TABLE")
}

/// Whether a statement reads or changes rows, so that sources have to be read before it runs.
pub fn touches_rows(statement: &str) -> bool {
    !matches!(verb(statement).as_str(), "CREATE" | "DROP" | "EXPLAIN" | "SHOW")
}

/// The script in a file, without a byte order mark, or why it cannot be read.
pub fn read(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    decode(bytes, 1).map(unmarked)
}

/// `bytes` as text, or which line of it is at fault; `first_line` is the number of the first.
pub fn decode(bytes: Vec<u8>, first_line: usize) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|e| {
        let before = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let line = first_line + before.iter().filter(|byte| **byte == b'\n').count();
        format!("line {line} is not UTF-8")
    })
}

/// `text` without the byte order mark that some editors put before it.
pub fn unmarked(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_string(),
        None => text,
    }
}

/// Whether `sql` names a relation (or anything else) `name`.
pub fn names(sql: &str, name: &str) -> bool {
    tokens(sql).any(|token| match token.kind {
        Kind::Word => sql[token.range].to_lowercase() == name,
        Kind::Name => {
            let quoted = sql[token.range].strip_prefix('"').and_then(|n| n.strip_suffix('"'));
            quoted.is_some_and(|quoted| quoted.replace("\"\"", "\"") == name)
        }
        _ => false,
    })
}

/// `name` as SQL refers to it: in double quotes where it needs them.
pub fn quoted(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && crate::keywords::KEYWORDS.binary_search(&name.to_ascii_uppercase().as_str()).is_err();
    if plain { name.to_string() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str], complete: bool) {
        let found: Vec<_> = items(text)
            .into_iter()
            .map(|item| match item {
                Item::Statement(range) => text[range].to_string(),
                Item::Command(range) => format!("[{}]", &text[range]),
            })
            .collect();
        assert_eq!(found, expected, "{text}");
        assert_eq!(is_complete(text), complete, "{text}");
    }

    #[test]
    fn text_that_is_no_text() {
        assert_eq!(decode("a\nü".into(), 1), Ok("a\nü".to_string()));
        assert_eq!(decode(b"a\nb\xff\n".into(), 1), Err("line 2 is not UTF-8".to_string()));
        assert_eq!(decode(b"\xff".into(), 7), Err("line 7 is not UTF-8".to_string()));
    }

    #[test]
    fn statements_and_commands() {
        check("", &[], true);
        check("  -- nothing\n", &[], true);
        check("SELECT 1", &["SELECT 1"], false);
        check("SELECT 1; ", &["SELECT 1"], true);
        check(";;SELECT 1;;", &["SELECT 1"], true);
        check("SELECT ';' -- ;\n, 2 ; SELECT 3", &["SELECT ';' -- ;\n, 2", "SELECT 3"], false);
        check(
            ".mode csv\nSELECT 1;\n-- look\n.read it's.sql  \n",
            &["[.mode csv]", "SELECT 1", "[.read it's.sql]"],
            true,
        );
        check("SELECT 1\n.5;", &["SELECT 1\n.5"], true);
        check("SELECT 'x", &["SELECT 'x"], false);
        check("/* x", &["/* x"], false);
    }

    #[test]
    fn emit() {
        assert_eq!(emit_changes("SELECT 1 emit /* x */ Changes -- y"), Some(9..29));
        assert_eq!(emit_changes("SELECT 1 AS changes"), None);
        assert_eq!(verb("/* SELECT */ (insert into"), "INSERT");
        assert!(is_query("((select 1))"));
        assert!(!touches_rows("create view v as select 1"));
    }

    #[test]
    fn naming() {
        assert_eq!(quoted("top"), "top");
        assert_eq!(quoted("order"), "\"order\"");
        assert_eq!(quoted("Top 1\""), "\"Top 1\"\"\"");
        assert!(names("SELECT * FROM Top -- other", "top"));
        assert!(names("SELECT * FROM \"Top 1\"\"\"", "Top 1\""));
        assert!(!names("SELECT 'top' -- top", "top"));
    }
}
