//! LIKE and ILIKE: texts against patterns of `%` and `_`.
//!
//! A constant pattern is compiled once; equality, prefix, suffix and containment have loops of their own.

use arrow_array::cast::AsArray;
use arrow_buffer::BooleanBuffer;
use memchr::memmem::Finder;

use crate::expr::Expr;
use crate::functions::kernel::{booleans, constant_text, nulls, strict, texts};
use crate::functions::resolve::{any_nullable, as_is, count, is_unknown, names, signature};
use crate::functions::{Arg, Function, Kernel, Signature, Syntax};
use crate::types::{SqlType, TEXT};
use crate::value::EvalError;

/// LIKE and ILIKE.
pub const FUNCTIONS: &[Function] = &[
    Function {
        name: "like",
        aliases: &[],
        syntax: Syntax::Infix("LIKE"),
        family: "text",
        usage: "x LIKE pattern [ESCAPE e] → boolean, x NOT LIKE pattern",
        doc: "Whether the whole text matches: `%` stands for any characters, `_` for one; a backslash, or `e`, takes the next as it is.",
        examples: &[
            ("'abc' LIKE 'a%'", "true"),
            ("'abc' LIKE '_b_'", "true"),
            ("'10%' LIKE '10!%' ESCAPE '!'", "true"),
            ("'abc' NOT LIKE 'b%'", "true"),
        ],
        resolve,
        nullable: any_nullable,
        prepare: |args, _| kernel(args, false),
    },
    Function {
        name: "ilike",
        aliases: &[],
        syntax: Syntax::Infix("ILIKE"),
        family: "text",
        usage: "x ILIKE pattern [ESCAPE e] → boolean",
        doc: "As LIKE, upper and lower case being the same.",
        examples: &[("'ABC' ILIKE 'a%'", "true")],
        resolve,
        nullable: any_nullable,
        prepare: |args, _| kernel(args, true),
    },
];

fn resolve(args: &[Arg]) -> Result<Signature, String> {
    count(args, 2, 3)?;
    match args.iter().find(|a| !a.ty.is_text() && !is_unknown(a)) {
        None => signature(args.iter().map(|a| as_is(a, TEXT)).collect::<Vec<_>>(), SqlType::Boolean),
        Some(_) => Err(format!("operator does not exist: {}", names(args).replace(", ", " LIKE "))),
    }
}

fn kernel(args: &[Expr], fold: bool) -> Kernel {
    let escape = args.get(2).map_or(Some("\\"), constant_text);
    if let (Some(pattern), Some(escape)) = (constant_text(&args[1]), escape) {
        return match Pattern::new(pattern, escape, fold) {
            Ok(pattern) => strict(SqlType::Boolean, move |args, rows, _| {
                booleans(pattern.matches_all(args[0].array.as_string(), rows), nulls(args))
            }),
            Err(error) => strict(SqlType::Boolean, move |args, rows, errors| {
                let nulls = nulls(args);
                for row in (0..rows).filter(|row| nulls.as_ref().is_none_or(|n| n.is_valid(*row))) {
                    errors.set(row, error.code, error.message.clone());
                }
                booleans(BooleanBuffer::new_unset(rows), nulls)
            }),
        };
    }
    strict(SqlType::Boolean, move |args, rows, errors| {
        let nulls = nulls(args);
        let (text, pattern, escape) = (texts(&args[0]), texts(&args[1]), args.get(2).map(texts));
        let mut last: Option<(&str, &str, Result<Pattern, EvalError>)> = None;
        let bits: Vec<bool> = (0..rows)
            .map(|row| {
                if nulls.as_ref().is_some_and(|n| n.is_null(row)) {
                    return false;
                }
                let (p, e) = (pattern.get(row), escape.map_or("\\", |e| e.get(row)));
                if last.as_ref().is_none_or(|(q, f, _)| (*q, *f) != (p, e)) {
                    last = Some((p, e, Pattern::new(p, e, fold)));
                }
                match &last {
                    Some((_, _, Ok(pattern))) => pattern.matches(text.get(row)),
                    Some((_, _, Err(error))) => {
                        errors.set(row, error.code, error.message.clone());
                        false
                    }
                    None => false,
                }
            })
            .collect();
        booleans(bits.into(), nulls)
    })
}

/// A compiled pattern.
#[derive(Debug)]
struct Pattern {
    shape: Shape,
    /// Texts are put in lower case first.
    fold: bool,
}

#[derive(Debug)]
enum Shape {
    /// No wildcard.
    Equal(String),
    /// `text%`
    Prefix(String),
    /// `%text`
    Suffix(String),
    /// `%text%`
    Contains(Box<Finder<'static>>),
    /// Pieces between `%`s. Whether a `%` stands in front and behind.
    Pieces { pieces: Vec<Piece>, open_front: bool, open_back: bool },
}

/// What stands between two `%`s.
#[derive(Debug)]
enum Piece {
    /// Characters as they are.
    Text(Box<Finder<'static>>),
    /// With a `_`, which is None, among them.
    Wild(Vec<Option<char>>),
}

impl Piece {
    fn new(characters: Vec<Option<char>>) -> Piece {
        match characters.iter().copied().collect::<Option<String>>() {
            Some(text) => Piece::Text(finder(&text)),
            None => Piece::Wild(characters),
        }
    }

    /// What follows this piece at the start of `text`.
    fn skip<'a>(&self, text: &'a str) -> Option<&'a str> {
        match self {
            Piece::Text(finder) => text.as_bytes().starts_with(finder.needle()).then(|| &text[finder.needle().len()..]),
            Piece::Wild(characters) => skip(text, characters),
        }
    }

    /// What follows this piece where it first stands.
    fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        match self {
            Piece::Text(finder) => finder.find(text.as_bytes()).map(|at| &text[at + finder.needle().len()..]),
            Piece::Wild(characters) => {
                let mut starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
                starts.find_map(|at| skip(&text[at..], characters))
            }
        }
    }

    /// Whether `text` ends so.
    fn ends(&self, text: &str) -> bool {
        match self {
            Piece::Text(finder) => text.as_bytes().ends_with(finder.needle()),
            Piece::Wild(characters) => {
                let Some(start) = text.chars().count().checked_sub(characters.len()) else { return false };
                let at = text.char_indices().nth(start).map_or(text.len(), |(at, _)| at);
                skip(&text[at..], characters).is_some_and(str::is_empty)
            }
        }
    }
}

fn finder(text: &str) -> Box<Finder<'static>> {
    Box::new(Finder::new(text.as_bytes()).into_owned())
}

impl Pattern {
    fn new(pattern: &str, escape: &str, fold: bool) -> Result<Pattern, EvalError> {
        let bad = |message: &str| Err(EvalError { code: "22025", message: message.into() });
        let mut escapes = escape.chars();
        let escape = escapes.next();
        if escapes.next().is_some() {
            return bad("invalid escape string");
        }
        let lower = if fold { pattern.to_lowercase() } else { pattern.to_string() };
        let (mut pieces, mut piece): (Vec<Vec<Option<char>>>, Vec<Option<char>>) = (Vec::new(), Vec::new());
        let (mut open_front, mut open_back, mut first) = (false, false, true);
        let mut chars = lower.chars();
        while let Some(c) = chars.next() {
            open_back = false;
            if Some(c) == escape {
                match chars.next() {
                    Some(next) => piece.push(Some(next)),
                    None => return bad("LIKE pattern must not end with escape character"),
                }
            } else if c == '%' {
                open_front |= first;
                open_back = true;
                if !piece.is_empty() {
                    pieces.push(std::mem::take(&mut piece));
                }
            } else {
                piece.push((c != '_').then_some(c));
            }
            first = false;
        }
        if !piece.is_empty() {
            pieces.push(piece);
        }
        let literal = match pieces.as_slice() {
            [] => Some(String::new()),
            [one] => one.iter().copied().collect::<Option<String>>(),
            _ => None,
        };
        let shape = match (literal, open_front, open_back) {
            (Some(text), false, false) => Shape::Equal(text),
            (Some(text), false, true) => Shape::Prefix(text),
            (Some(text), true, false) => Shape::Suffix(text),
            (Some(text), true, true) => Shape::Contains(finder(&text)),
            (None, ..) => Shape::Pieces { pieces: pieces.into_iter().map(Piece::new).collect(), open_front, open_back },
        };
        Ok(Pattern { shape, fold })
    }

    fn matches_all(&self, texts: &arrow_array::StringArray, rows: usize) -> BooleanBuffer {
        if self.fold {
            return BooleanBuffer::collect_bool(rows, |row| self.matches(texts.value(row)));
        }
        match &self.shape {
            Shape::Equal(p) => BooleanBuffer::collect_bool(rows, |row| texts.value(row) == p),
            Shape::Prefix(p) => {
                BooleanBuffer::collect_bool(rows, |row| texts.value(row).as_bytes().starts_with(p.as_bytes()))
            }
            Shape::Suffix(p) => {
                BooleanBuffer::collect_bool(rows, |row| texts.value(row).as_bytes().ends_with(p.as_bytes()))
            }
            Shape::Contains(finder) => {
                BooleanBuffer::collect_bool(rows, |row| finder.find(texts.value(row).as_bytes()).is_some())
            }
            Shape::Pieces { .. } => BooleanBuffer::collect_bool(rows, |row| self.matches(texts.value(row))),
        }
    }

    fn matches(&self, text: &str) -> bool {
        let lower;
        let text = if self.fold {
            lower = text.to_lowercase();
            &lower
        } else {
            text
        };
        match &self.shape {
            Shape::Equal(p) => text == p,
            Shape::Prefix(p) => text.starts_with(p.as_str()),
            Shape::Suffix(p) => text.ends_with(p.as_str()),
            Shape::Contains(finder) => finder.find(text.as_bytes()).is_some(),
            Shape::Pieces { pieces, open_front, open_back } => match_pieces(text, pieces, *open_front, *open_back),
        }
    }
}

/// Where `text` continues after `piece` at its start.
fn skip<'a>(text: &'a str, piece: &[Option<char>]) -> Option<&'a str> {
    let mut chars = text.chars();
    for expected in piece {
        let c = chars.next()?;
        if expected.is_some_and(|e| e != c) {
            return None;
        }
    }
    Some(chars.as_str())
}

/// Each piece at its leftmost place after the one before; the last one, unless open behind, at the end.
fn match_pieces(text: &str, pieces: &[Piece], open_front: bool, open_back: bool) -> bool {
    let mut rest = text;
    let mut pieces = pieces;
    if let ([first, others @ ..], false) = (pieces, open_front) {
        match first.skip(rest) {
            Some(after) => (rest, pieces) = (after, others),
            None => return false,
        }
        if others.is_empty() {
            return open_back || rest.is_empty();
        }
    }
    let last = if open_back { None } else { pieces.split_last() };
    for piece in last.map_or(pieces, |(_, before)| before) {
        match piece.find(rest) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    last.is_none_or(|(piece, _)| piece.ends(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_postgresql() {
        for (text, pattern, expected) in [
            ("abc", "abc", true),
            ("abc", "a%", true),
            ("abc", "%c", true),
            ("abc", "%b%", true),
            ("abc", "_b_", true),
            ("abc", "_b", false),
            ("", "%", true),
            ("", "_", false),
            ("", "", true),
            ("a_c", "a\\_c", true),
            ("abc", "a\\_c", false),
            ("abcabc", "a%bc", true),
            ("abcab", "a%bc", false),
            ("äöü", "_ö_", true),
            ("aXbXc", "a%X%c", true),
            ("ac", "a%%c", true),
            ("abab", "%ab_", false),
            ("ababc", "%ab_", true),
            ("special requests", "%special%requests%", true),
            ("a", "a%a", false),
            ("100%", "100\\%", true),
            ("a\nb", "a_b", true),
            ("aab", "%a_", true),
            ("xay", "%a", false),
        ] {
            let compiled = Pattern::new(pattern, "\\", false).unwrap();
            assert_eq!(compiled.matches(text), expected, "{text:?} LIKE {pattern:?}: {compiled:?}");
            let all = compiled.matches_all(&vec![text].into(), 1);
            assert_eq!(all.value(0), expected, "{text:?} LIKE {pattern:?}");
        }
        assert!(Pattern::new("STRASSE%", "\\", true).unwrap().matches("strasse 1"));
        assert_eq!(Pattern::new("a\\", "\\", false).unwrap_err().code, "22025");
        assert_eq!(Pattern::new("a", "xy", false).unwrap_err().code, "22025");
        assert!(Pattern::new("a\\b", "", false).unwrap().matches("a\\b"));
    }
}
