//! `format`, and texts as they stand in SQL: `quote_ident`, `quote_literal`, `quote_nullable`.

use std::borrow::Cow;

use arrow_array::Array;

use crate::functions::kernel::{Texts, inherited, lenient, texts};
use crate::functions::resolve::{as_is, count, exactly, never_nullable, signature};
use crate::functions::strings::{each, entry, joined_args, letters};
use crate::functions::{Function, Kernel, text};
use crate::types::TEXT;
use crate::value::{EvalError, Value};

/// The functions.
pub const FUNCTIONS: &[Function] = &[
    entry(
        "format",
        &[],
        "format(pattern, a, b, …) → text",
        "The pattern with `%s` replaced by the next argument as text, `%I` as an identifier, `%L` as a literal, `%%` by a percent sign; `%2$s` takes the second argument, `%-5s` fills to five characters. A pattern that is none: error 22023.",
        &[
            ("format('%s is %L', 'x', 'O''Reilly')", "x is 'O''Reilly'"),
            ("format('%2$s|%1$5s|', 'a', 'b')", "b|    a|"),
            ("format('%I', 'a b')", "\"a b\""),
            ("format('%s')", "error 22023"),
        ],
        |args| joined_args(args, 1),
        |_, _| format(),
    ),
    entry(
        "quote_ident",
        &[],
        "quote_ident(text) → text",
        "The text as an identifier, in double quotes where it needs them.",
        &[("quote_ident('a b')", "\"a b\""), ("quote_ident('abc')", "abc"), ("quote_ident('select')", "\"select\"")],
        |args| exactly(args, &[TEXT], TEXT),
        |_, _| {
            each(|args, _, row, out| {
                identifier(out, args[0].get(row));
                Ok(())
            })
        },
    ),
    entry(
        "quote_literal",
        &[],
        "quote_literal(any) → text",
        "The value as a quoted literal; NULL of NULL.",
        &[("quote_literal('O''R')", "'O''R'"), ("quote_literal(42)", "'42'")],
        |args| {
            count(args, 1, 1)?;
            signature([as_is(&args[0], TEXT)], TEXT)
        },
        |_, _| {
            each(|args, _, row, out| {
                literal(out, args[0].get(row));
                Ok(())
            })
        },
    ),
    Function {
        nullable: never_nullable,
        ..entry(
            "quote_nullable",
            &[],
            "quote_nullable(any) → text",
            "As quote_literal; the text NULL of NULL.",
            &[("quote_nullable(NULL)", "NULL"), ("quote_nullable('a')", "'a'")],
            |args| {
                count(args, 1, 1)?;
                signature([as_is(&args[0], TEXT)], TEXT)
            },
            |_, _| {
                lenient(|args, rows| {
                    let mut errors = inherited(args, rows);
                    let of_text = texts(&args[0]);
                    let array = text::build_checked(rows, None, &mut errors, |out, row| {
                        match args[0].array.is_valid(args[0].at(row)) {
                            true => literal(out, of_text.get(row)),
                            false => out.extend_from_slice(b"NULL"),
                        }
                    });
                    (std::sync::Arc::new(array), errors)
                })
            },
        )
    },
];

/// Words that must be quoted to be names.
const RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

/// `name` as SQL refers to it: in double quotes where it needs them.
pub fn quoted(name: &str) -> Cow<'_, str> {
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if begins && name.chars().all(plain) && !RESERVED.contains(&name) {
        return name.into();
    }
    format!("\"{}\"", name.replace('"', "\"\"")).into()
}

fn identifier(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(quoted(name).as_bytes());
}

fn literal(out: &mut Vec<u8>, value: &str) {
    let escaped = value.contains('\\');
    out.extend_from_slice(if escaped { b"E'" } else { b"'" });
    let value = value.replace('\'', "''");
    out.extend_from_slice(if escaped { value.replace('\\', "\\\\") } else { value }.as_bytes());
    out.push(b'\'');
}

fn bad(message: impl Into<String>) -> EvalError {
    EvalError { code: "22023", message: message.into() }
}

fn format() -> Kernel {
    lenient(|args, rows| {
        let mut errors = inherited(args, rows);
        let nulls = (args[0].array.null_count() > 0).then(|| {
            let valid = |row: usize| args[0].array.is_valid(args[0].at(row));
            arrow_buffer::NullBuffer::from((0..rows).map(valid).collect::<Vec<_>>())
        });
        let args: Vec<Cow<Value>> = args.iter().map(letters).collect();
        let of_text: Vec<Texts> = args.iter().map(|a| texts(a)).collect();
        let mut failed = crate::value::Errors::none();
        let array = text::build_checked(rows, nulls, &mut errors, |out, row| {
            let value = |index: usize| {
                let arg = args.get(index)?;
                Some(arg.array.is_valid(arg.at(row)).then(|| of_text[index].get(row)))
            };
            if let Err(error) = formatted(out, of_text[0].get(row), value) {
                failed.set(row, error.code, error.message);
            }
        });
        errors.merge(&failed);
        (std::sync::Arc::new(array), errors)
    })
}

/// Appends `pattern` filled in; `value(n)` is the nth argument, None if there is none, and None within that for NULL.
fn formatted<'v>(
    out: &mut Vec<u8>,
    pattern: &str,
    value: impl Fn(usize) -> Option<Option<&'v str>>,
) -> Result<(), EvalError> {
    let few = || bad("too few arguments for format()");
    let mut rest = pattern;
    let mut next = 1;
    while let Some(at) = rest.find('%') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push(b'%');
            rest = after;
            continue;
        }
        let mut position = None;
        if let Some((n, after)) = position_of(rest)? {
            (position, rest) = (Some(n), after);
        }
        let mut left = false;
        while let Some(after) = rest.strip_prefix('-') {
            (left, rest) = (true, after);
        }
        let mut width = 0i64;
        if let Some(after) = rest.strip_prefix('*') {
            let (index, after) = match position_of(after)? {
                Some((n, after)) => (n, after),
                None => (next, after),
            };
            (next, rest) = (index + 1, after);
            width = match value(index).ok_or_else(few)? {
                Some(text) => text.trim().parse().map_err(|_| bad("the width of a format specifier is a number"))?,
                None => 0,
            };
            left |= width < 0;
        } else {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            if digits > 0 {
                width = rest[..digits].parse().map_err(|_| bad("number is out of range"))?;
                rest = &rest[digits..];
            }
        }
        let Some(kind) = rest.chars().next() else { return Err(bad("unterminated format() type specifier")) };
        rest = &rest[kind.len_utf8()..];
        if !matches!(kind, 's' | 'I' | 'L') {
            return Err(bad(format!("unrecognized format() type specifier \"{kind}\"")));
        }
        let index = position.unwrap_or(next);
        next = index + 1;
        let mut piece = Vec::new();
        match (kind, value(index).ok_or_else(few)?) {
            ('s', value) => piece.extend_from_slice(value.unwrap_or_default().as_bytes()),
            ('I', None) => {
                let message = "null values cannot be formatted as an SQL identifier".into();
                return Err(EvalError { code: "22004", message });
            }
            ('I', Some(value)) => identifier(&mut piece, value),
            (_, None) => piece.extend_from_slice(b"NULL"),
            (_, Some(value)) => literal(&mut piece, value),
        }
        let len = String::from_utf8_lossy(&piece).chars().count();
        let fill = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX).saturating_sub(len);
        if fill > text::BYTES_MAX {
            return Err(EvalError { code: "54000", message: "requested length too large".into() });
        }
        let blanks = vec![b' '; fill];
        let (first, second) = if left { (piece, blanks) } else { (blanks, piece) };
        out.extend(first);
        out.extend(second);
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(())
}

/// `2$`: a number of an argument, and what follows.
fn position_of(text: &str) -> Result<Option<(usize, &str)>, EvalError> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let Some(after) = text[digits..].strip_prefix('$').filter(|_| digits > 0) else { return Ok(None) };
    match text[..digits].parse() {
        Ok(0) => Err(bad("format specifies argument 0, but arguments are numbered from 1")),
        Ok(n) => Ok(Some((n, after))),
        Err(_) => Err(bad("number is out of range")),
    }
}
