//! Regular expressions: `~`, SIMILAR TO, `regexp_replace` and its kin.
//!
//! Expressions are those of the crate `regex`, which take time linear in the text; PostgreSQL's `\y`, `\m`, `\M` and `\&`
//! are understood, look-around and back-references inside a pattern are not. `.` matches a newline, `^` and `$` the
//! ends of the whole text. A constant pattern is compiled once; one that is none is an error 2201B.

mod compiled;
mod direct;

use std::sync::Arc;

use arrow_array::types::*;
use regex::{CaptureLocations, Captures, Regex};

use crate::expr::Expr;
use crate::functions::kernel::{at, booleans, column, constant, constant_text, nulls, side, strict, texts};
use crate::functions::resolve::{always_nullable, any_nullable, as_is, count, exactly, is_unknown, names, signature};
use crate::functions::spans::{NO_SPAN, cut_out};
use crate::functions::{Arg, Function, Kernel, Signature, Syntax, text};
use crate::scalar::Scalar;
use crate::types::{SqlType, TEXT};
use crate::value::{EvalError, Value};
use compiled::{Regexes, compile, direct, each};

const FAMILY: &str = "text";

const fn operator(
    name: &'static str,
    aliases: &'static [&'static str],
    usage: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    prepare: fn(&[Expr], SqlType) -> Kernel,
) -> Function {
    Function {
        name,
        aliases,
        syntax: Syntax::Infix(aliases[0]),
        family: FAMILY,
        usage,
        doc,
        examples,
        resolve: |args| {
            good_pattern(args.get(1))?;
            all_texts(args, 2, 2, SqlType::Boolean)
        },
        nullable: any_nullable,
        prepare,
    }
}

const fn entry(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    resolve: fn(&[Arg]) -> Result<Signature, String>,
    nullable: fn(&[Expr]) -> bool,
    prepare: fn(&[Expr], SqlType) -> Kernel,
) -> Function {
    Function {
        name,
        aliases: &[],
        syntax: Syntax::Call,
        family: FAMILY,
        usage,
        doc,
        examples,
        resolve,
        nullable,
        prepare,
    }
}

/// The functions of regular expressions.
pub const FUNCTIONS: &[Function] = &[
    operator(
        "regex_match",
        &["~"],
        "text ~ pattern → boolean",
        "Whether the pattern matches somewhere in the text.",
        &[("'abc' ~ 'b.?'", "true")],
        |args, _| test(args, "", false),
    ),
    operator(
        "regex_imatch",
        &["~*"],
        "text ~* pattern → boolean",
        "As `~`, upper and lower case being the same.",
        &[("'ABC' ~* 'b'", "true")],
        |args, _| test(args, "i", false),
    ),
    operator(
        "regex_not_match",
        &["!~"],
        "text !~ pattern → boolean",
        "Whether the pattern matches nowhere in the text.",
        &[("'abc' !~ '^b'", "true")],
        |args, _| test(args, "", true),
    ),
    operator(
        "regex_not_imatch",
        &["!~*"],
        "text !~* pattern → boolean",
        "As `!~`, upper and lower case being the same.",
        &[("'ABC' !~* 'b'", "false")],
        |args, _| test(args, "i", true),
    ),
    Function {
        name: "similar_to",
        aliases: &[],
        syntax: Syntax::Infix("SIMILAR TO"),
        family: FAMILY,
        usage: "text SIMILAR TO pattern [ESCAPE e] → boolean",
        doc: "Whether the whole text matches SQL's mixture of LIKE and regular expressions.",
        examples: &[("'abc' SIMILAR TO '%(b|d)%'", "true"), ("'abc' SIMILAR TO 'b'", "false")],
        resolve: |args| all_texts(args, 2, 3, SqlType::Boolean),
        nullable: any_nullable,
        prepare: |args, _| similar(args),
    },
    entry(
        "regexp_like",
        "regexp_like(text, pattern [, flags]) → boolean",
        "Whether the pattern matches somewhere. Flags: i (case does not count), n (`.` stops at newlines, `^ $` match at them), x (blanks in the pattern do not count).",
        &[("regexp_like('abc', 'B', 'i')", "true")],
        |args| {
            good_pattern(args.get(1))?;
            all_texts(args, 2, 3, SqlType::Boolean)
        },
        any_nullable,
        |args, _| test(args, "", false),
    ),
    entry(
        "regexp_replace",
        "regexp_replace(text, pattern, replacement [, flags]) → text",
        "The text with the first match replaced, with flag g all of them. In the replacement `\\1` is the first group and `\\&` the match.",
        &[
            ("regexp_replace('abcabc', 'b', 'X')", "aXcabc"),
            ("regexp_replace('abcabc', 'b', 'X', 'g')", "aXcaXc"),
            ("regexp_replace('abc', '(b)(c)', '\\2\\1')", "acb"),
        ],
        |args| {
            good_pattern(args.get(1))?;
            all_texts(args, 3, 4, TEXT)
        },
        any_nullable,
        replace,
    ),
    entry(
        "regexp_count",
        "regexp_count(text, pattern [, start [, flags]]) → integer",
        "How often the pattern matches, from a character on.",
        &[("regexp_count('aXbX', 'X')", "2"), ("regexp_count('aXbX', 'X', 3)", "1")],
        |args| {
            good_pattern(args.get(1))?;
            count(args, 2, 4)?;
            exactly(args, &[TEXT, TEXT, SqlType::Int, TEXT][..args.len()], SqlType::Int)
        },
        any_nullable,
        |args, ty| {
            let (regexes, out) = (Regexes::new(args, 1, Some(3), ""), ty.arrow());
            strict(ty, move |args, rows, errors| {
                let (nulls, text) = (nulls(args), texts(&args[0]));
                let start = args.get(2).map(side::<Int32Type>);
                let values = each(args, &regexes, rows, nulls.as_ref(), errors, |row, regex| {
                    let start = start.map_or(1, |s| at(s, row));
                    if start < 1 {
                        return Err(EvalError {
                            code: "22023",
                            message: format!("invalid value for parameter \"start\": {start}"),
                        });
                    }
                    let text = text.get(row);
                    let from = text.char_indices().nth(start as usize - 1).map(|(at, _)| at);
                    Ok(from.map_or(0, |from| regex.find_iter(&text[from..]).count() as i32))
                });
                column::<Int32Type>(values, nulls, &out)
            })
        },
    ),
    entry(
        "regexp_instr",
        "regexp_instr(text, pattern) → integer",
        "The first character of the first match, from 1; 0 if there is none.",
        &[("regexp_instr('foobar', 'o')", "2")],
        |args| {
            good_pattern(args.get(1))?;
            all_texts(args, 2, 2, SqlType::Int)
        },
        any_nullable,
        |args, ty| {
            let (regexes, out) = (Regexes::new(args, 1, None, ""), ty.arrow());
            strict(ty, move |args, rows, errors| {
                let (nulls, text) = (nulls(args), texts(&args[0]));
                let values = each(args, &regexes, rows, nulls.as_ref(), errors, |row, regex| {
                    let text = text.get(row);
                    Ok(regex.find(text).map_or(0, |m| text[..m.start()].chars().count() as i32 + 1))
                });
                column::<Int32Type>(values, nulls, &out)
            })
        },
    ),
    entry(
        "regexp_substr",
        "regexp_substr(text, pattern) → text",
        "The first match; NULL if there is none.",
        &[("regexp_substr('foobar', 'o+')", "oo"), ("regexp_substr('foobar', 'x')", "NULL")],
        |args| {
            good_pattern(args.get(1))?;
            all_texts(args, 2, 2, TEXT)
        },
        always_nullable,
        |args, _| part(args, Some(0), |_, _| 0),
    ),
    entry(
        "regexp_extract",
        "regexp_extract(text, pattern [, group]) → text",
        "A group of the first match, 0 (the default) being all of it, as in Flink; NULL if there is none.",
        &[("regexp_extract('foothebar', 'foo(.*?)(bar)', 2)", "bar")],
        |args| {
            good_pattern(args.get(1))?;
            count(args, 2, 3)?;
            exactly(args, &[TEXT, TEXT, SqlType::Int][..args.len()], TEXT)
        },
        always_nullable,
        |args, _| {
            let group = match args.get(2).map(constant) {
                None => Some(0),
                Some(Some(Scalar::Int(group))) => Some(*group),
                Some(_) => None,
            };
            part(args, group, |args, row| args.get(2).map_or(0, |group| at(side::<Int32Type>(group), row)))
        },
    ),
];

fn all_texts(args: &[Arg], least: usize, most: usize, result: SqlType) -> Result<Signature, String> {
    count(args, least, most)?;
    match args.iter().find(|a| !a.ty.is_text() && !is_unknown(a)) {
        None => signature(args.iter().map(|a| as_is(a, TEXT)).collect::<Vec<_>>(), result),
        Some(_) => Err(format!("takes texts, got {}", names(args))),
    }
}

/// Refuses a constant pattern that is no regular expression.
fn good_pattern(arg: Option<&Arg>) -> Result<(), String> {
    match arg.and_then(|a| a.literal) {
        Some(Scalar::Text(pattern)) => compile(pattern, "").map(|_| ()).map_err(|e| e.message),
        _ => Ok(()),
    }
}

fn test(args: &[Expr], flags: &'static str, not: bool) -> Kernel {
    let regexes = Regexes::new(args, 1, Some(2), flags);
    strict(SqlType::Boolean, move |args, rows, errors| {
        let nulls = nulls(args);
        if let Some((direct, column)) = regexes.direct(&args[0]) {
            let mut bits = Vec::with_capacity(rows);
            direct.each(column, 0, |found| bits.push(found.is_some() != not));
            return booleans(bits.into(), nulls);
        }
        let text = texts(&args[0]);
        let bits =
            each(args, &regexes, rows, nulls.as_ref(), errors, |row, regex| Ok(regex.is_match(text.get(row)) != not));
        booleans(bits.into(), nulls)
    })
}

/// A replacement: texts and numbers of groups.
fn replacement(text: &str) -> Vec<Result<String, usize>> {
    let mut parts: Vec<Result<String, usize>> = vec![Ok(String::new())];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let next = if c == '\\' { chars.next() } else { None };
        let group = match next {
            Some('&') => Some(0),
            Some(d @ '0'..='9') => d.to_digit(10).map(|d| d as usize),
            _ => None,
        };
        match (group, parts.last_mut()) {
            (Some(group), _) => parts.extend([Err(group), Ok(String::new())]),
            (None, Some(Ok(text))) => match (c, next) {
                ('\\', Some('\\')) | ('\\', None) => text.push('\\'),
                ('\\', Some(other)) => text.extend(['\\', other]),
                _ => text.push(c),
            },
            (None, _) => {}
        }
    }
    parts
}

fn replace(args: &[Expr], ty: SqlType) -> Kernel {
    let regexes = Regexes::new(args, 1, Some(3), "");
    let constant = constant_text(&args[2]).map(replacement);
    strict(ty, move |args, rows, errors| {
        let (nulls, text, by) = (nulls(args), texts(&args[0]), texts(&args[2]));
        let flags = args.get(3).map(texts);
        let results = each(args, &regexes, rows, nulls.as_ref(), errors, |row, regex| {
            let own;
            let parts = match &constant {
                Some(parts) => parts,
                None => {
                    own = replacement(by.get(row));
                    &own
                }
            };
            let insert = |found: &Captures| {
                let piece = |p: &Result<String, usize>| match p {
                    Ok(text) => text.clone(),
                    Err(group) => found.get(*group).map_or_else(String::new, |m| m.as_str().to_string()),
                };
                parts.iter().map(piece).collect::<String>()
            };
            let all = flags.is_some_and(|f| f.get(row).contains('g'));
            Ok(regex.replacen(text.get(row), if all { 0 } else { 1 }, insert).into_owned())
        });
        Arc::new(text::build_checked(rows, nulls, errors, |out, row| out.extend_from_slice(results[row].as_bytes())))
    })
}

/// Where groups of a match lie: room that is used again from row to row where the expression is the same.
struct Places(Option<CaptureLocations>);

impl Places {
    fn new(regexes: &Regexes) -> Places {
        Places(regexes.constant.as_ref().and_then(|regex| regex.as_ref().ok()).map(Regex::capture_locations))
    }

    /// A group of the first match.
    fn group<'t>(&mut self, regex: &Regex, text: &'t str, group: usize) -> Option<&'t str> {
        match &mut self.0 {
            _ if group == 0 => regex.find(text).map(|found| found.as_str()),
            Some(places) => {
                regex.captures_read(places, text)?;
                places.get(group).map(|(start, end)| &text[start..end])
            }
            None => regex.captures(text)?.get(group).map(|found| found.as_str()),
        }
    }
}

/// Whether a call's pattern is a constant that it matches without an automaton; flags aside.
pub fn is_direct(function: &Function, args: &[Expr]) -> bool {
    let may =
        matches!(function.name, "regex_match" | "regex_not_match" | "regexp_like" | "regexp_substr" | "regexp_extract");
    may && args.get(1).and_then(constant_text).is_some_and(|pattern| direct(pattern, "").is_some())
}

/// A group of the first match, or NULL. `groups`: which, by row; `group`: which, if it is the same for all.
fn part(args: &[Expr], group: Option<i32>, groups: fn(&[Value], usize) -> i32) -> Kernel {
    let regexes = Regexes::new(args, 1, None, "");
    strict(TEXT, move |args, rows, errors| {
        if let Some((direct, column)) = regexes.direct(&args[0])
            && let Some(group) = group.and_then(|group| usize::try_from(group).ok())
        {
            let mut spans = Vec::with_capacity(rows);
            direct.each(column, group, |found| {
                spans.push(found.map_or(NO_SPAN, |(from, to)| (from as u32, to as u32)));
            });
            return Arc::new(cut_out(column, &spans));
        }
        let (nulls, text) = (nulls(args), texts(&args[0]));
        let mut places = Places::new(&regexes);
        let found: Vec<Option<&str>> = each(args, &regexes, rows, nulls.as_ref(), errors, |row, regex| {
            let Ok(group) = usize::try_from(groups(args, row)) else { return Ok(None) };
            Ok(places.group(regex, text.get(row), group))
        });
        Arc::new(found.into_iter().collect::<arrow_array::StringArray>())
    })
}

/// `substring(text, pattern)`: the first match, or its first group if the pattern has one.
pub fn substring(args: &[Expr]) -> Kernel {
    let regexes = Regexes::new(args, 1, None, "");
    let of = |regex: &Regex| if regex.captures_len() > 1 { 1 } else { 0 };
    if let Some(Ok(regex)) = &regexes.constant {
        return if of(regex) == 1 { part(args, Some(1), |_, _| 1) } else { part(args, Some(0), |_, _| 0) };
    }
    strict(TEXT, move |args, rows, errors| {
        let (nulls, text) = (nulls(args), texts(&args[0]));
        let mut places = Places::new(&regexes);
        let found: Vec<Option<&str>> = each(args, &regexes, rows, nulls.as_ref(), errors, |row, regex| {
            Ok(places.group(regex, text.get(row), of(regex)))
        });
        Arc::new(found.into_iter().collect::<arrow_array::StringArray>())
    })
}

/// SIMILAR TO, as a regular expression over the whole text.
fn similar_pattern(pattern: &str, escape: &str) -> Result<Regex, EvalError> {
    let mut escapes = escape.chars();
    let escape = escapes.next();
    if escapes.next().is_some() {
        return Err(EvalError { code: "22025", message: "invalid escape string".into() });
    }
    let mut out = String::from("^(?:");
    let mut chars = pattern.chars();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        if Some(c) == escape {
            out.extend(chars.next().map(|c| regex::escape(&c.to_string())));
            continue;
        }
        match c {
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        match c {
            '%' if !in_class => out.push_str(".*"),
            '_' if !in_class => out.push('.'),
            '.' | '^' | '$' | '\\' if !in_class => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out.push_str(")$");
    compile(&out, "")
}

fn similar(args: &[Expr]) -> Kernel {
    let escape = args.get(2).map_or(Some("\\"), constant_text);
    let constant = constant_text(&args[1]).zip(escape).map(|(p, e)| similar_pattern(p, e));
    strict(SqlType::Boolean, move |args, rows, errors| {
        let (nulls, text, pattern) = (nulls(args), texts(&args[0]), texts(&args[1]));
        let escape = args.get(2).map(texts);
        let mut bits = Vec::with_capacity(rows);
        for row in 0..rows {
            if nulls.as_ref().is_some_and(|n| n.is_null(row)) {
                bits.push(false);
                continue;
            }
            let own;
            let regex = match &constant {
                Some(regex) => regex,
                None => {
                    own = similar_pattern(pattern.get(row), escape.map_or("\\", |e| e.get(row)));
                    &own
                }
            };
            bits.push(match regex {
                Ok(regex) => regex.is_match(text.get(row)),
                Err(error) => {
                    errors.set(row, error.code, error.message.clone());
                    false
                }
            });
        }
        booleans(bits.into(), nulls)
    })
}
