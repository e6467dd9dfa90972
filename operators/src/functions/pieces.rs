//! Functions that look for a piece of a text, or take one. Positions count characters from 1.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, BinaryArray, StringArray};
use arrow_buffer::BooleanBuffer;

use crate::expr::Expr;
use crate::functions::conditional::with_nulls;
use crate::functions::kernel::{Side, at, booleans, column, constant, constant_text, nulls, pack, side, strict, texts};
use crate::functions::resolve::{always_nullable, count, exactly, is_unknown};
use crate::functions::spans::{NO_SPAN, Span, cut_out};
use crate::functions::strings::{arguments, each, empty, entry, offset};
use crate::functions::together::Pass;
use crate::functions::{Function, Kernel, Syntax, matching};
use crate::scalar::Scalar;
use crate::types::{SqlType, TEXT};
use crate::value::{EvalError, Value};

const INT: SqlType = SqlType::Int;

/// The functions.
pub const FUNCTIONS: &[Function] = &[
    Function {
        nullable: |args| args.iter().any(Expr::nullable) || args.get(1).is_some_and(|a| a.ty().is_text()),
        ..entry(
            "substring",
            &["substr"],
            "substring(text FROM start [FOR length]) → text, substr(text, start [, length]) → text, substring(text, pattern) → text",
            "The characters (or bytes of a BYTEA) from `start` on; or the first match of a regular expression, its first group if it has one. A negative length: error 22011.",
            &[
                ("substring('hello' FROM 2 FOR 3)", "ell"),
                ("substr('hello', 0, 3)", "he"),
                ("substring('foobar', 'o(.)b')", "o"),
            ],
            |args| {
                count(args, 2, 3)?;
                if args[0].ty == SqlType::Bytea {
                    return exactly(args, &[SqlType::Bytea, INT, INT][..args.len()], SqlType::Bytea);
                }
                if args.len() == 2 && (args[1].ty.is_text() || is_unknown(&args[1])) {
                    return exactly(args, &[TEXT, TEXT], TEXT);
                }
                exactly(args, &[TEXT, INT, INT][..args.len()], TEXT)
            },
            substring,
        )
    },
    entry(
        "position",
        &[],
        "position(part IN text) → integer",
        "Where `part` first stands, from 1; 0 if it does not.",
        &[("position('l' IN 'hello')", "3")],
        |args| exactly(args, &[TEXT, TEXT], INT),
        |_, ty| position(ty, 1),
    ),
    entry(
        "strpos",
        &["instr"],
        "strpos(text, part) → integer",
        "Where `part` first stands, from 1; 0 if it does not.",
        &[("strpos('hello', 'l')", "3"), ("strpos('hello', '')", "1")],
        |args| exactly(args, &[TEXT, TEXT], INT),
        |_, ty| position(ty, 0),
    ),
    entry(
        "count_char",
        &[],
        "count_char(text, part) → bigint",
        "How often `part` stands in the text, from left to right, no two of them sharing a character; 0 for an empty part.",
        &[("count_char('abracadabra', 'a')", "5"), ("count_char('aaaa', 'aa')", "2"), ("count_char('äö', '')", "0")],
        |args| exactly(args, &[TEXT, TEXT], SqlType::BigInt),
        |_, ty| {
            let out = ty.arrow();
            strict(ty, move |args, rows, _| {
                let (whole, part) = (texts(&args[0]), texts(&args[1]));
                let values =
                    (0..rows).map(|row| occurrences(whole.get(row).as_bytes(), part.get(row).as_bytes())).collect();
                column::<Int64Type>(values, nulls(args), &out)
            })
        },
    ),
    entry(
        "left",
        &[],
        "left(text, n) → text",
        "The first n characters; without the last −n if n is negative.",
        &[("left('hello', 2)", "he"), ("left('hello', -2)", "hel")],
        |args| exactly(args, &[TEXT, INT], TEXT),
        |_, _| {
            each(|args, n, row, out| {
                let (text, n) = (args[0].get(row), n(1, row));
                let keep =
                    if n >= 0 { n as usize } else { text.chars().count().saturating_sub(n.unsigned_abs() as usize) };
                out.extend_from_slice(&text.as_bytes()[..offset(text, keep)]);
                Ok(())
            })
        },
    ),
    entry(
        "right",
        &[],
        "right(text, n) → text",
        "The last n characters; without the first −n if n is negative.",
        &[("right('hello', 2)", "lo"), ("right('hello', -2)", "llo")],
        |args| exactly(args, &[TEXT, INT], TEXT),
        |_, _| {
            each(|args, n, row, out| {
                let (text, n) = (args[0].get(row), n(1, row));
                let skip =
                    if n >= 0 { text.chars().count().saturating_sub(n as usize) } else { n.unsigned_abs() as usize };
                out.extend_from_slice(&text.as_bytes()[offset(text, skip)..]);
                Ok(())
            })
        },
    ),
    entry(
        "split_part",
        &[],
        "split_part(text, separator, n) → text",
        "The nth part between separators, from the end if n is negative; empty if there is none. n = 0: error 22023.",
        &[
            ("split_part('a,b,c', ',', 2)", "b"),
            ("split_part('a,b,c', ',', -1)", "c"),
            ("split_part('a', ',', 0)", "error 22023"),
        ],
        |args| exactly(args, &[TEXT, TEXT, INT], TEXT),
        |_, _| {
            each(|args, n, row, out| {
                let (text, separator, n) = (args[0].get(row), args[1].get(row), n(2, row));
                let part = match n {
                    0 => return Err(EvalError { code: "22023", message: "field position must not be zero".into() }),
                    _ if separator.is_empty() => (n.abs() == 1).then_some(text),
                    1.. => part(text, separator, n as usize - 1),
                    _ => text.rsplit(separator).nth(n.unsigned_abs() as usize - 1),
                };
                out.extend_from_slice(part.unwrap_or_default().as_bytes());
                Ok(())
            })
        },
    ),
    Function {
        nullable: always_nullable,
        ..entry(
            "split_index",
            &[],
            "split_index(text, separator, n) → text",
            "The part between separators with number n, from 0, as in Flink; NULL if there is none.",
            &[("split_index('a/b/c', '/', 1)", "b"), ("split_index('a/b', '/', 5)", "NULL")],
            |args| exactly(args, &[TEXT, TEXT, INT], TEXT),
            |args, _| splitting(args),
        )
    },
    entry(
        "starts_with",
        &["startswith"],
        "starts_with(text, start) → boolean",
        "Whether the text starts so.",
        &[("starts_with('abc', 'ab')", "true")],
        |args| exactly(args, &[TEXT, TEXT], SqlType::Boolean),
        |_, _| test(|a, b| a.starts_with(b)),
    ),
    Function {
        syntax: Syntax::Infix("^@"),
        ..entry(
            "starts_with_op",
            &[],
            "text ^@ start → boolean",
            "As starts_with.",
            &[("'abc' ^@ 'ab'", "true")],
            |args| exactly(args, &[TEXT, TEXT], SqlType::Boolean),
            |_, _| test(|a, b| a.starts_with(b)),
        )
    },
    entry(
        "ends_with",
        &["endswith"],
        "ends_with(text, end) → boolean",
        "Whether the text ends so.",
        &[("ends_with('abc', 'bc')", "true")],
        |args| exactly(args, &[TEXT, TEXT], SqlType::Boolean),
        |_, _| test(|a, b| a.ends_with(b)),
    ),
    entry(
        "overlay",
        &[],
        "overlay(text PLACING new FROM start [FOR length]) → text",
        "With `length` characters (as many as `new` has) from `start` on replaced. A start below 1: error 22011.",
        &[("overlay('Txxxxas' PLACING 'hom' FROM 2 FOR 4)", "Thomas")],
        |args| {
            count(args, 3, 4)?;
            exactly(args, &[TEXT, TEXT, INT, INT][..args.len()], TEXT)
        },
        |args, _| {
            let has_length = args.len() == 4;
            each(move |args, n, row, out| {
                let (text, new, start) = (args[0].get(row), args[1].get(row), n(2, row) as i64);
                let length = if has_length { n(3, row) as i64 } else { new.chars().count() as i64 };
                if start < 1 {
                    return Err(negative_length());
                }
                let end = (start - 1 + length).max(0) as usize;
                out.extend_from_slice(&text.as_bytes()[..offset(text, start as usize - 1)]);
                out.extend_from_slice(new.as_bytes());
                out.extend_from_slice(&text.as_bytes()[offset(text, end)..]);
                Ok(())
            })
        },
    ),
];

/// Part `n` (from 0) of a text between separators.
fn part<'a>(text: &'a str, separator: &str, n: usize) -> Option<&'a str> {
    let [byte] = separator.as_bytes() else { return text.split(separator).nth(n) };
    let mut ends = memchr::memchr_iter(*byte, text.as_bytes()).chain([text.len()]);
    let start = if n == 0 { 0 } else { ends.nth(n - 1)? + 1 };
    let end = ends.next()?;
    Some(&text[start..end])
}

fn negative_length() -> EvalError {
    EvalError { code: "22011", message: "negative substring length not allowed".into() }
}

fn splitting(args: &[Expr]) -> Kernel {
    let empty = empty();
    let separator = separator(&args[1]);
    strict(TEXT, move |args, rows, _| {
        let (of_text, of_ints) = arguments(args, &empty);
        if let (Some(separator), Side::One(n), false) = (separator, of_ints[2], args[0].constant) {
            let column = args[0].array.as_string::<i32>();
            let [spans] = &split(column, separator, &[usize::try_from(n).ok()])[..] else { panic!("one part a row") };
            return Arc::new(cut_out(column, spans));
        }
        let nulls = nulls(args);
        let one = |row| {
            let n = usize::try_from(at(of_ints[2], row)).ok()?;
            let (text, separator) = (of_text[0].get(row), of_text[1].get(row));
            let there = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) && !separator.is_empty();
            if there { part(text, separator, n) } else { None }
        };
        Arc::new((0..rows).map(one).collect::<StringArray>())
    })
}

/// A constant separator of one byte.
fn separator(arg: &Expr) -> Option<u8> {
    match constant_text(arg)?.as_bytes() {
        [byte] => Some(*byte),
        _ => None,
    }
}

/// Calls of `split_index` over the same texts: separators are looked for once.
pub fn split_together(calls: &[Vec<Expr>]) -> Option<Pass> {
    let byte = separator(&calls[0][1])?;
    let part = |call: &Vec<Expr>| match (separator(&call[1]), constant(&call[2])) {
        (Some(other), Some(Scalar::Int(n))) if other == byte => Some(usize::try_from(*n).ok()),
        _ => None,
    };
    let parts = calls.iter().map(part).collect::<Option<Vec<Option<usize>>>>()?;
    Some(Box::new(move |texts| {
        let column = texts.array.as_string::<i32>();
        let spans = split(column, byte, &parts);
        let value = |spans: &Vec<Span>| Value { array: Arc::new(cut_out(column, spans)), ..texts.clone() };
        spans.iter().map(value).collect()
    }))
}

/// Where the given parts of each text lie, counted from 0, between separators of one byte; a list for each part.
fn split(texts: &StringArray, separator: u8, parts: &[Option<usize>]) -> Vec<Vec<Span>> {
    let offsets = texts.value_offsets();
    let start = offsets[0] as u32;
    let bytes = &texts.value_data()[start as usize..offsets[texts.len()] as usize];
    let separators = places(bytes, separator, start);
    // Where the separators of each text begin among all.
    let mut firsts = Vec::with_capacity(offsets.len());
    let mut next = 0;
    for end in offsets {
        while separators.get(next).is_some_and(|place| *place < *end as u32) {
            next += 1;
        }
        firsts.push(next);
    }
    let spans = |part: usize| -> Vec<Span> {
        let rows = firsts.windows(2).zip(offsets.windows(2));
        let span = |(own, text): (&[usize], &[i32])| {
            let separators = &separators[own[0]..own[1]];
            if part > separators.len() {
                return NO_SPAN;
            }
            let from = if part == 0 { text[0] as u32 } else { separators[part - 1] + 1 };
            (from, separators.get(part).copied().unwrap_or(text[1] as u32))
        };
        rows.map(span).collect()
    };
    let none = || vec![NO_SPAN; texts.len()];
    parts.iter().map(|part| part.map_or_else(none, &spans)).collect()
}

/// Where `byte` stands among `bytes`, counted from `start`.
fn places(bytes: &[u8], byte: u8, start: u32) -> Vec<u32> {
    /// So many are noted of a word without looking how many there are.
    const AT_ONCE: usize = 8;
    let found = pack(bytes, |other| other == byte);
    let count = found.count_set_bits();
    let mut places = vec![0u32; count + u64::BITS as usize];
    let mut end = 0;
    for (index, word) in found.inner().typed_data::<u64>().iter().enumerate() {
        let (mut word, base) = (*word, start + index as u32 * u64::BITS);
        let all = end + word.count_ones() as usize;
        while end < all {
            for place in &mut places[end..end + AT_ONCE] {
                *place = base + word.trailing_zeros();
                word &= word.wrapping_sub(1);
            }
            end += AT_ONCE;
        }
        end = all;
    }
    places.truncate(count);
    places
}

fn test(f: fn(&str, &str) -> bool) -> Kernel {
    strict(SqlType::Boolean, move |args, rows, _| {
        let (a, b) = (texts(&args[0]), texts(&args[1]));
        booleans(BooleanBuffer::collect_bool(rows, |row| f(a.get(row), b.get(row))), nulls(args))
    })
}

/// Where a part stands in a text, which is argument `text`; the part is the other.
fn position(ty: SqlType, text: usize) -> Kernel {
    let out = ty.arrow();
    strict(ty, move |args, rows, _| {
        let (t, p) = (texts(&args[text]), texts(&args[1 - text]));
        let values = (0..rows)
            .map(|row| {
                let (t, p) = (t.get(row), p.get(row));
                t.find(p).map_or(0, |at| t[..at].chars().count() as i32 + 1)
            })
            .collect();
        column::<Int32Type>(values, nulls(args), &out)
    })
}

/// How often `part` stands in `whole`, without overlap.
fn occurrences(whole: &[u8], part: &[u8]) -> i64 {
    match part {
        [] => 0,
        [byte] => memchr::memchr_iter(*byte, whole).count() as i64,
        part => memchr::memmem::find_iter(whole, part).count() as i64,
    }
}

fn substring(args: &[Expr], ty: SqlType) -> Kernel {
    if args[1].ty().is_text() {
        return matching::substring(args);
    }
    // First and one past the last position, from 0.
    let range = |start: i32, length: Option<i32>| -> Result<(usize, usize), EvalError> {
        let start = start as i64 - 1;
        match length {
            Some(length) if length < 0 => Err(negative_length()),
            Some(length) => Ok((start.max(0) as usize, (start + length as i64).max(0) as usize)),
            None => Ok((start.max(0) as usize, usize::MAX)),
        }
    };
    let has_length = args.len() == 3;
    if ty == SqlType::Bytea {
        return strict(ty, move |args, rows, errors| {
            let (bytes, nulls) = (args[0].array.as_binary::<i32>(), nulls(args));
            let (start, length) = (side::<Int32Type>(&args[1]), args.get(2).map(side::<Int32Type>));
            let part = (0..rows).map(|row| -> Cow<[u8]> {
                let bytes = bytes.value(args[0].at(row));
                match range(at(start, row), length.map(|l| at(l, row))) {
                    Ok((from, to)) => {
                        Cow::Borrowed(&bytes[from.min(bytes.len())..to.clamp(from.min(bytes.len()), bytes.len())])
                    }
                    Err(error) => {
                        if nulls.as_ref().is_none_or(|n| n.is_valid(row)) {
                            errors.set(row, error.code, error.message);
                        }
                        Cow::Borrowed(&[])
                    }
                }
            });
            let array: ArrayRef = Arc::new(BinaryArray::from_iter_values(part));
            with_nulls(&array, nulls.clone())
        });
    }
    each(move |args, n, row, out| {
        let text = args[0].get(row);
        let (from, to) = range(n(1, row), has_length.then(|| n(2, row)))?;
        let first = offset(text, from);
        let rest = &text[first..];
        let last = offset(rest, to.saturating_sub(from));
        out.extend_from_slice(&rest.as_bytes()[..last]);
        Ok(())
    })
}
