//! Regular expressions of a call, compiled.

use std::borrow::Cow;

use arrow_array::StringArray;
use arrow_array::cast::AsArray;
use arrow_buffer::NullBuffer;
use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;

use super::direct::Direct;
use crate::expr::Expr;
use crate::functions::kernel::{Texts, constant_text, texts};
use crate::value::{Errors, EvalError, Value};

/// How a pattern is meant.
#[derive(Default)]
struct Flags {
    case_insensitive: bool,
    by_line: bool,
    ignore_whitespace: bool,
}

impl Flags {
    fn read(flags: &str) -> Result<Flags, EvalError> {
        let mut read = Flags::default();
        for flag in flags.chars() {
            match flag {
                'i' => read.case_insensitive = true,
                'n' | 'm' => read.by_line = true,
                'x' => read.ignore_whitespace = true,
                'c' | 'g' | 's' => {}
                other => {
                    let message = format!("invalid regular expression option: \"{other}\"");
                    return Err(EvalError { code: "22023", message });
                }
            };
        }
        Ok(read)
    }
}

/// Compiles a pattern of PostgreSQL's.
pub(super) fn compile(pattern: &str, flags: &str) -> Result<Regex, EvalError> {
    let flags = Flags::read(flags)?;
    let regex = RegexBuilder::new(&translate(pattern))
        .case_insensitive(flags.case_insensitive)
        .multi_line(flags.by_line)
        .dot_matches_new_line(!flags.by_line)
        .ignore_whitespace(flags.ignore_whitespace)
        .build();
    regex.map_err(|error| {
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        EvalError { code: "2201B", message: format!("invalid regular expression: {reason}") }
    })
}

/// A pattern that needs no automaton, ready to run.
pub(super) fn direct(pattern: &str, flags: &str) -> Option<Direct> {
    let flags = Flags::read(flags).ok()?;
    let mut parser = ParserBuilder::new()
        .case_insensitive(flags.case_insensitive)
        .multi_line(flags.by_line)
        .dot_matches_new_line(!flags.by_line)
        .ignore_whitespace(flags.ignore_whitespace)
        .build();
    Direct::new(&parser.parse(&translate(pattern)).ok()?)
}

/// PostgreSQL's word boundaries as the crate's.
fn translate(pattern: &str) -> Cow<'_, str> {
    if !pattern.contains('\\') {
        return Cow::Borrowed(pattern);
    }
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('y') => out.push_str("\\b"),
            Some('m') => out.push_str("\\b{start}"),
            Some('M') => out.push_str("\\b{end}"),
            Some('Z') => out.push_str("\\z"),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    Cow::Owned(out)
}

/// The expressions of a call: one, or one a row.
pub(super) struct Regexes {
    pub(super) constant: Option<Result<Regex, EvalError>>,
    /// The one expression, where it needs no automaton.
    direct: Option<Direct>,
    pattern: usize,
    flags: Option<usize>,
    always: &'static str,
}

impl Regexes {
    /// Of a call whose arguments `pattern` and, if it has so many, `flags` say what matches; flags `always` hold too.
    pub(super) fn new(args: &[Expr], pattern: usize, flags: Option<usize>, always: &'static str) -> Regexes {
        let flags = flags.filter(|f| *f < args.len());
        let given = flags.map_or(Some(""), |f| constant_text(&args[f]));
        let given = constant_text(&args[pattern]).zip(given).map(|(p, f)| (p, format!("{f}{always}")));
        let constant = given.as_ref().map(|(pattern, flags)| compile(pattern, flags));
        let direct = given.and_then(|(pattern, flags)| direct(pattern, &flags));
        Regexes { constant, direct, pattern, flags, always }
    }

    /// The column `value` and the one expression, where it needs no automaton for these texts.
    pub(super) fn direct<'a>(&self, value: &'a Value) -> Option<(&Direct, &'a StringArray)> {
        let texts = value.array.as_string_opt::<i32>().filter(|_| !value.constant)?;
        self.direct.as_ref().filter(|direct| direct.suits(texts)).zip(Some(texts))
    }
}

/// `f` of each row that is not NULL, with its expression.
pub(super) fn each<T: Default>(
    args: &[Value],
    regexes: &Regexes,
    rows: usize,
    nulls: Option<&NullBuffer>,
    errors: &mut Errors,
    mut f: impl FnMut(usize, &Regex) -> Result<T, EvalError>,
) -> Vec<T> {
    let pattern: Texts = texts(&args[regexes.pattern]);
    let flags: Option<Texts> = regexes.flags.map(|f| texts(&args[f]));
    let mut last: Option<(&str, &str, Result<Regex, EvalError>)> = None;
    let mut one = |row: usize| -> Result<T, EvalError> {
        if let Some(regex) = &regexes.constant {
            return f(row, regex.as_ref().map_err(EvalError::clone)?);
        }
        let (p, g) = (pattern.get(row), flags.map_or("", |f| f.get(row)));
        if last.as_ref().is_none_or(|(q, h, _)| (*q, *h) != (p, g)) {
            last = Some((p, g, compile(p, &format!("{g}{}", regexes.always))));
        }
        match &last {
            Some((_, _, regex)) => f(row, regex.as_ref().map_err(EvalError::clone)?),
            None => Ok(T::default()),
        }
    };
    (0..rows)
        .map(|row| {
            if nulls.is_some_and(|n| n.is_null(row)) {
                return T::default();
            }
            one(row).unwrap_or_else(|error| {
                errors.set(row, error.code, error.message);
                T::default()
            })
        })
        .collect()
}
