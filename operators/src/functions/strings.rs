//! Functions of text. Positions count characters from 1; what a character is says Unicode's scalar value.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, BinaryArray, StringArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};

use crate::expr::Expr;
use crate::functions::conditional::with_nulls;
use crate::functions::kernel::{Side, Texts, at, booleans, column, inherited, lenient, nulls, side, strict, texts};
use crate::functions::resolve::{
    always_nullable, any_nullable, as_is, count, exactly, is_unknown, names, never_nullable, signature,
};
use crate::functions::{Arg, Function, Kernel, Signature, Syntax, digest, matching, text};
use crate::types::{SqlType, TEXT};
use crate::value::{Errors, EvalError, Value};

const FAMILY: &str = "text";
const INT: SqlType = SqlType::Int;
const BIGINT: SqlType = SqlType::BigInt;

const fn entry(
    name: &'static str,
    aliases: &'static [&'static str],
    usage: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    resolve: fn(&[Arg]) -> Result<Signature, String>,
    prepare: fn(&[Expr], SqlType) -> Kernel,
) -> Function {
    Function {
        name,
        aliases,
        syntax: Syntax::Call,
        family: FAMILY,
        usage,
        doc,
        examples,
        resolve,
        nullable: any_nullable,
        prepare,
    }
}

/// The functions of text.
pub const FUNCTIONS: &[Function] = &[
    Function {
        syntax: Syntax::Infix("||"),
        ..entry(
            "concat_op",
            &[],
            "a || b → text, bytea || bytea → bytea",
            "Both one after the other; a side that is no text is written as one. NULL if either is.",
            &[("'a' || 'b'", "ab"), ("'n' || 1.50", "n1.50"), ("'a' || NULL", "NULL")],
            |args| {
                count(args, 2, 2)?;
                if args.iter().any(|a| a.ty == SqlType::Bytea)
                    && args.iter().all(|a| a.ty == SqlType::Bytea || is_unknown(a))
                {
                    return signature([SqlType::Bytea; 2], SqlType::Bytea);
                }
                if !args.iter().any(|a| a.ty.is_text() || is_unknown(a)) {
                    return Err(format!("operator does not exist: {}", names(args).replace(", ", " || ")));
                }
                signature(args.iter().map(|a| as_is(a, TEXT)).collect::<Vec<_>>(), TEXT)
            },
            concatenation,
        )
    },
    Function {
        nullable: never_nullable,
        ..entry(
            "concat",
            &[],
            "concat(a, b, …) → text",
            "All arguments as texts (booleans as t and f), one after the other; NULLs are left out.",
            &[("concat('a', NULL, 1, true)", "a1t"), ("concat(NULL)", "")],
            |args| joined_args(args, 1),
            |_, _| joined(false),
        )
    },
    entry(
        "concat_ws",
        &[],
        "concat_ws(separator, a, b, …) → text",
        "All further arguments as texts with the separator between them; NULLs are left out.",
        &[("concat_ws(',', 'a', NULL, 'b')", "a,b"), ("concat_ws(NULL, 'a')", "NULL")],
        |args| joined_args(args, 2),
        |_, _| joined(true),
    ),
    entry(
        "length",
        &["char_length", "character_length"],
        "length(text) → integer, length(bytea) → integer",
        "How many characters, or bytes.",
        &[("length('äöü')", "3"), ("length('')", "0")],
        |args| text_or_bytes(args, INT),
        |args, ty| {
            if args[0].ty() == SqlType::Bytea {
                return counted(ty, true, |_| 0, |b| b.len() as i32);
            }
            let out = ty.arrow();
            strict(ty, move |args, _, _| {
                let array = args[0].array.as_string::<i32>();
                let (first, last) = (array.value_offsets()[0] as usize, array.value_offsets()[array.len()] as usize);
                let values = if array.value_data()[first..last].is_ascii() {
                    array.value_offsets().windows(2).map(|ends| ends[1] - ends[0]).collect()
                } else {
                    (0..array.len()).map(|row| array.value(row).chars().count() as i32).collect()
                };
                column::<Int32Type>(values, nulls(args), &out)
            })
        },
    ),
    entry(
        "octet_length",
        &[],
        "octet_length(text) → integer, octet_length(bytea) → integer",
        "How many bytes.",
        &[("octet_length('äöü')", "6")],
        |args| text_or_bytes(args, INT),
        |args, ty| counted(ty, args[0].ty() == SqlType::Bytea, |t| t.len() as i32, |b| b.len() as i32),
    ),
    entry(
        "bit_length",
        &[],
        "bit_length(text) → integer, bit_length(bytea) → integer",
        "How many bits.",
        &[("bit_length('a')", "8")],
        |args| text_or_bytes(args, INT),
        |args, ty| counted(ty, args[0].ty() == SqlType::Bytea, |t| 8 * t.len() as i32, |b| 8 * b.len() as i32),
    ),
    entry("lower", &["lcase"], "lower(text) → text", "In lower case.", &[("lower('ÄB')", "äb")], one, |_, _| {
        each(|args, _, row, out| {
            let t = args[0].get(row);
            if t.is_ascii() {
                let start = out.len();
                out.extend_from_slice(t.as_bytes());
                out[start..].make_ascii_lowercase();
            } else {
                out.extend_from_slice(t.to_lowercase().as_bytes());
            }
            Ok(())
        })
    }),
    entry(
        "upper",
        &["ucase"],
        "upper(text) → text",
        "In upper case, letter by letter.",
        &[("upper('abc')", "ABC")],
        one,
        |_, _| {
            each(|args, _, row, out| {
                for c in args[0].get(row).chars() {
                    let mut upper = c.to_uppercase();
                    // A letter whose capital is two (ß) stays.
                    let c = if upper.len() == 1 { upper.next().unwrap_or(c) } else { c };
                    push(out, c);
                }
                Ok(())
            })
        },
    ),
    entry(
        "initcap",
        &[],
        "initcap(text) → text",
        "Each word with a capital first and small letters after; words are of letters and digits.",
        &[("initcap('hello wORLD-foo')", "Hello World-Foo")],
        one,
        |_, _| {
            each(|args, _, row, out| {
                let mut inside = false;
                for c in args[0].get(row).chars() {
                    let turned: String = if inside { c.to_lowercase().collect() } else { c.to_uppercase().collect() };
                    out.extend_from_slice(turned.as_bytes());
                    inside = c.is_alphanumeric();
                }
                Ok(())
            })
        },
    ),
    entry(
        "btrim",
        &["trim"],
        "trim([BOTH] [characters FROM] text) → text, btrim(text [, characters]) → text",
        "Without these characters (blanks) at both ends.",
        &[("trim('  a ')", "a"), ("btrim('xxhixx', 'x')", "hi")],
        one_or_two,
        |_, _| trimming(true, true),
    ),
    entry(
        "ltrim",
        &[],
        "trim(LEADING [characters] FROM text) → text, ltrim(text [, characters]) → text",
        "Without these characters (blanks) at the start.",
        &[("ltrim('xya', 'yx')", "a")],
        one_or_two,
        |_, _| trimming(true, false),
    ),
    entry(
        "rtrim",
        &[],
        "trim(TRAILING [characters] FROM text) → text, rtrim(text [, characters]) → text",
        "Without these characters (blanks) at the end.",
        &[("rtrim('a  ')", "a")],
        one_or_two,
        |_, _| trimming(false, true),
    ),
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
        |args| exactly(args, &[TEXT, TEXT], BIGINT),
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
        "replace",
        &[],
        "replace(text, from, to) → text",
        "With every `from` replaced.",
        &[("replace('aXbX', 'X', '')", "ab")],
        |args| exactly(args, &[TEXT, TEXT, TEXT], TEXT),
        |_, _| {
            each(|args, _, row, out| {
                let (text, from, to) = (args[0].get(row), args[1].get(row), args[2].get(row));
                if from.is_empty() {
                    out.extend_from_slice(text.as_bytes());
                    return Ok(());
                }
                let mut pieces = text.split(from);
                out.extend_from_slice(pieces.next().unwrap_or_default().as_bytes());
                for piece in pieces {
                    limit(out.len() + to.len())?;
                    out.extend_from_slice(to.as_bytes());
                    out.extend_from_slice(piece.as_bytes());
                }
                Ok(())
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
        "lpad",
        &[],
        "lpad(text, length [, fill]) → text",
        "Filled in front (with blanks) to this length; cut if longer.",
        &[("lpad('hi', 5, 'xy')", "xyxhi"), ("lpad('hello', 2)", "he")],
        padded_args,
        |_, _| padding(true),
    ),
    entry(
        "rpad",
        &[],
        "rpad(text, length [, fill]) → text",
        "Filled behind (with blanks) to this length; cut if longer.",
        &[("rpad('hi', 5, 'xy')", "hixyx")],
        padded_args,
        |_, _| padding(false),
    ),
    entry(
        "repeat",
        &[],
        "repeat(text, n) → text",
        "n times. Too long: error 54000.",
        &[("repeat('ab', 3)", "ababab"), ("repeat('ab', -1)", "")],
        |args| exactly(args, &[TEXT, INT], TEXT),
        |_, _| {
            each(|args, n, row, out| {
                let (text, n) = (args[0].get(row), n(1, row).max(0) as usize);
                limit(text.len().saturating_mul(n))?;
                (0..n).for_each(|_| out.extend_from_slice(text.as_bytes()));
                Ok(())
            })
        },
    ),
    entry("reverse", &[], "reverse(text) → text", "Backwards.", &[("reverse('äb')", "bä")], one, |_, _| {
        each(|args, _, row, out| {
            args[0].get(row).chars().rev().for_each(|c| push(out, c));
            Ok(())
        })
    }),
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
            |_, _| {
                optional(|args, n, row| {
                    let n = usize::try_from(n(2, row)).ok()?;
                    let (text, separator) = (args[0].get(row), args[1].get(row));
                    if separator.is_empty() { None } else { part(text, separator, n) }
                })
            },
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
        "ascii",
        &[],
        "ascii(text) → integer",
        "The code point of the first character; 0 of an empty text.",
        &[("ascii('a')", "97")],
        |args| exactly(args, &[TEXT], INT),
        |_, ty| counted(ty, false, |t| t.chars().next().map_or(0, |c| c as i32), |_| 0),
    ),
    entry(
        "chr",
        &[],
        "chr(integer) → text",
        "The character of this code point. 0: error 54000, none such: 22023.",
        &[("chr(228)", "ä"), ("chr(0)", "error 54000")],
        |args| exactly(args, &[INT], TEXT),
        |_, _| {
            each(|_, n, row, out| {
                let n = n(0, row);
                let c = match n {
                    0 => return Err(EvalError { code: "54000", message: "null character not permitted".into() }),
                    ..0 => {
                        return Err(EvalError { code: "22023", message: "character number must be positive".into() });
                    }
                    _ => char::from_u32(n as u32).ok_or_else(|| EvalError {
                        code: "54000",
                        message: format!("requested character too large for encoding: {n}"),
                    })?,
                };
                push(out, c);
                Ok(())
            })
        },
    ),
    entry(
        "translate",
        &[],
        "translate(text, from, to) → text",
        "Each character of `from` replaced by the one at its place in `to`, or dropped if there is none.",
        &[("translate('12345', '143', 'ax')", "a2x5")],
        |args| exactly(args, &[TEXT, TEXT, TEXT], TEXT),
        |_, _| {
            each(|args, _, row, out| {
                for c in args[0].get(row).chars() {
                    match args[1].get(row).chars().position(|f| f == c) {
                        None => push(out, c),
                        Some(place) => args[2].get(row).chars().nth(place).into_iter().for_each(|c| push(out, c)),
                    }
                }
                Ok(())
            })
        },
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
    entry(
        "md5",
        &[],
        "md5(text|bytea) → text",
        "The MD5 digest in hexadecimal.",
        &[("md5('abc')", "900150983cd24fb0d6963f7d28e17f72")],
        |args| text_or_bytes(args, TEXT),
        |args, _| {
            let bytes = args[0].ty() == SqlType::Bytea;
            strict(TEXT, move |args, rows, _| {
                Arc::new(text::build(rows, nulls(args), |out, row| {
                    let of = if bytes {
                        args[0].array.as_binary::<i32>().value(row)
                    } else {
                        args[0].array.as_string::<i32>().value(row).as_bytes()
                    };
                    text::write_hex(out, &digest::md5(of));
                }))
            })
        },
    ),
    entry(
        "to_hex",
        &[],
        "to_hex(integer) → text",
        "In hexadecimal, of negative numbers the two's complement.",
        &[("to_hex(255)", "ff"), ("to_hex(-1)", "ffffffff")],
        |args| {
            let ty = if args.first().is_some_and(|a| a.ty == SqlType::BigInt) { SqlType::BigInt } else { INT };
            exactly(args, &[ty], TEXT)
        },
        |args, _| {
            let wide = args[0].ty() == SqlType::BigInt;
            strict(TEXT, move |args, rows, _| {
                Arc::new(text::build(rows, nulls(args), |out, row| {
                    let hex = if wide {
                        format!("{:x}", at(side::<Int64Type>(&args[0]), row))
                    } else {
                        format!("{:x}", at(side::<Int32Type>(&args[0]), row))
                    };
                    out.extend_from_slice(hex.as_bytes());
                }))
            })
        },
    ),
    entry(
        "encode",
        &[],
        "encode(bytea, 'hex'|'base64') → text",
        "Bytes as text. Another encoding: error 22023.",
        &[("encode('abc', 'hex')", "616263"), ("encode('abc', 'base64')", "YWJj")],
        |args| exactly(args, &[SqlType::Bytea, TEXT], TEXT),
        |_, _| {
            strict(TEXT, |args, rows, errors| {
                let (bytes, encoding, nulls) = (args[0].array.as_binary::<i32>(), texts(&args[1]), nulls(args));
                let mut failed = Errors::none();
                let array = text::build_checked(rows, nulls, errors, |out, row| {
                    let bytes = bytes.value(args[0].at(row));
                    match encoding.get(row) {
                        "hex" => text::write_hex(out, bytes),
                        "base64" => digest::write_base64(out, bytes),
                        other => failed.set(row, "22023", format!("unrecognized encoding: \"{other}\"")),
                    }
                });
                errors.merge(&failed);
                Arc::new(array)
            })
        },
    ),
    entry(
        "decode",
        &[],
        "decode(text, 'hex'|'base64') → bytea",
        "Bytes from text. Not such a text, or another encoding: error 22023.",
        &[("decode('616263', 'hex')", "\\x616263")],
        |args| exactly(args, &[TEXT, TEXT], SqlType::Bytea),
        |_, _| {
            strict(SqlType::Bytea, |args, rows, errors| {
                let (text, encoding, nulls) = (texts(&args[0]), texts(&args[1]), nulls(args));
                let decoded = (0..rows).map(|row| {
                    if nulls.as_ref().is_some_and(|n| n.is_null(row)) {
                        return Vec::new();
                    }
                    let result = match encoding.get(row) {
                        "hex" => digest::read_hex(text.get(row)),
                        "base64" => digest::read_base64(text.get(row)),
                        other => {
                            Err(EvalError { code: "22023", message: format!("unrecognized encoding: \"{other}\"") })
                        }
                    };
                    result.unwrap_or_else(|error| {
                        errors.set(row, error.code, error.message);
                        Vec::new()
                    })
                });
                let array: ArrayRef = Arc::new(BinaryArray::from_iter_values(decoded));
                with_nulls(&array, nulls.clone())
            })
        },
    ),
];

fn one(args: &[Arg]) -> Result<Signature, String> {
    exactly(args, &[TEXT], TEXT)
}

fn one_or_two(args: &[Arg]) -> Result<Signature, String> {
    count(args, 1, 2)?;
    exactly(args, &[TEXT, TEXT][..args.len()], TEXT)
}

fn padded_args(args: &[Arg]) -> Result<Signature, String> {
    count(args, 2, 3)?;
    exactly(args, &[TEXT, INT, TEXT][..args.len()], TEXT)
}

fn text_or_bytes(args: &[Arg], result: SqlType) -> Result<Signature, String> {
    let ty = if args.first().is_some_and(|a| a.ty == SqlType::Bytea) { SqlType::Bytea } else { TEXT };
    exactly(args, &[ty], result)
}

fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Part `n` (from 0) of a text between separators.
fn part<'a>(text: &'a str, separator: &str, n: usize) -> Option<&'a str> {
    let [byte] = separator.as_bytes() else { return text.split(separator).nth(n) };
    let mut ends = memchr::memchr_iter(*byte, text.as_bytes()).chain([text.len()]);
    let start = if n == 0 { 0 } else { ends.nth(n - 1)? + 1 };
    let end = ends.next()?;
    Some(&text[start..end])
}

/// Where character `n` (from 0) of a text begins, or where it ends.
fn offset(text: &str, n: usize) -> usize {
    if text.is_ascii() {
        return n.min(text.len());
    }
    text.char_indices().nth(n).map_or(text.len(), |(at, _)| at)
}

/// Refuses a text of more bytes than a value may have.
fn limit(bytes: usize) -> Result<(), EvalError> {
    const MAX: usize = 256 << 20;
    if bytes <= MAX {
        return Ok(());
    }
    Err(EvalError { code: "54000", message: "requested length too large".into() })
}

fn negative_length() -> EvalError {
    EvalError { code: "22011", message: "negative substring length not allowed".into() }
}

/// Integer argument `index` in `row`.
type Number<'a> = &'a dyn Fn(usize, usize) -> i32;

/// The texts and integers of a call's arguments. What is no text stands among the texts as an empty one.
fn arguments<'a>(args: &'a [Value], empty: &'a Value) -> (Vec<Texts<'a>>, Vec<Side<'a, i32>>) {
    let is_text = |a: &Value| a.array.data_type() == &arrow_schema::DataType::Utf8;
    let of_text = args.iter().map(|a| texts(if is_text(a) { a } else { empty })).collect();
    let of_ints = args.iter().map(|a| if is_text(a) { Side::One(0) } else { side::<Int32Type>(a) }).collect();
    (of_text, of_ints)
}

fn empty() -> Value {
    Value::constant(Arc::new(StringArray::from(vec![""])))
}

/// A function of texts and integers that appends its result, a text.
fn each(f: impl Fn(&[Texts], Number, usize, &mut Vec<u8>) -> Result<(), EvalError> + Send + Sync + 'static) -> Kernel {
    let empty = empty();
    strict(TEXT, move |args, rows, errors| {
        let (of_text, of_ints) = arguments(args, &empty);
        let number = |index: usize, row: usize| at(of_ints[index], row);
        let mut failed = Errors::none();
        let array = text::build_checked(rows, nulls(args), errors, |out, row| {
            if let Err(error) = f(&of_text, &number, row, out) {
                failed.set(row, error.code, error.message);
            }
        });
        errors.merge(&failed);
        Arc::new(array)
    })
}

/// As [`each`], where a row may have no result.
fn optional(f: impl for<'a> Fn(&[Texts<'a>], Number, usize) -> Option<&'a str> + Send + Sync + 'static) -> Kernel {
    let empty = empty();
    strict(TEXT, move |args, rows, _| {
        let nulls = nulls(args);
        let (of_text, of_ints) = arguments(args, &empty);
        let number = |index: usize, row: usize| at(of_ints[index], row);
        let one = |row| if nulls.as_ref().is_some_and(|n| n.is_null(row)) { None } else { f(&of_text, &number, row) };
        Arc::new((0..rows).map(one).collect::<StringArray>())
    })
}

/// A number of each text or each bytes.
fn counted(ty: SqlType, bytes: bool, of_text: fn(&str) -> i32, of_bytes: fn(&[u8]) -> i32) -> Kernel {
    let out = ty.arrow();
    strict(ty, move |args, rows, _| {
        let values = if bytes {
            let array = args[0].array.as_binary::<i32>();
            (0..rows).map(|row| of_bytes(array.value(row))).collect()
        } else {
            let array = args[0].array.as_string::<i32>();
            (0..rows).map(|row| of_text(array.value(row))).collect()
        };
        column::<Int32Type>(values, nulls(args), &out)
    })
}

fn test(f: fn(&str, &str) -> bool) -> Kernel {
    strict(SqlType::Boolean, move |args, rows, _| {
        let (a, b) = (texts(&args[0]), texts(&args[1]));
        booleans(BooleanBuffer::collect_bool(rows, |row| f(a.get(row), b.get(row))), nulls(args))
    })
}

fn concatenation(_: &[Expr], ty: SqlType) -> Kernel {
    if ty == SqlType::Bytea {
        return strict(ty, |args, rows, _| {
            let (a, b) = (args[0].array.as_binary::<i32>(), args[1].array.as_binary::<i32>());
            let both = (0..rows).map(|row| [a.value(args[0].at(row)), b.value(args[1].at(row))].concat());
            let array: ArrayRef = Arc::new(BinaryArray::from_iter_values(both));
            with_nulls(&array, nulls(args))
        });
    }
    each(|args, _, row, out| {
        out.extend_from_slice(args[0].get(row).as_bytes());
        out.extend_from_slice(args[1].get(row).as_bytes());
        Ok(())
    })
}

/// Any arguments; booleans are written as `t` and `f` here, other types as casts do.
fn joined_args(args: &[Arg], least: usize) -> Result<Signature, String> {
    count(args, least, usize::MAX)?;
    let param = |a: &Arg| if a.ty == SqlType::Boolean { a.ty } else { as_is(a, TEXT) };
    signature(args.iter().map(param).collect::<Vec<_>>(), TEXT)
}

/// `concat`, or `concat_ws` where the first argument stands between the others.
fn joined(separated: bool) -> Kernel {
    lenient(move |args, rows| {
        let mut errors = inherited(args, rows);
        let valid = |v: &Value, row: usize| v.array.is_valid(v.at(row));
        let nulls = (separated && args[0].array.null_count() > 0)
            .then(|| NullBuffer::new(BooleanBuffer::collect_bool(rows, |row| valid(&args[0], row))));
        let args: Vec<Cow<Value>> = args.iter().map(letters).collect();
        let of_text: Vec<Texts> = args.iter().map(|a| texts(a)).collect();
        let array = text::build_checked(rows, nulls, &mut errors, |out, row| {
            let mut first = true;
            for (index, arg) in args.iter().enumerate().skip(separated as usize) {
                if valid(arg, row) {
                    if separated && !first {
                        out.extend_from_slice(of_text[0].get(row).as_bytes());
                    }
                    first = false;
                    out.extend_from_slice(of_text[index].get(row).as_bytes());
                }
            }
        });
        (Arc::new(array), errors)
    })
}

/// Booleans as `t` and `f`; texts as they are.
fn letters(value: &Value) -> Cow<'_, Value> {
    let Some(booleans) = value.array.as_boolean_opt() else { return Cow::Borrowed(value) };
    let texts: StringArray = booleans.iter().map(|b| b.map(|b| if b { "t" } else { "f" })).collect();
    Cow::Owned(Value { array: Arc::new(texts), ..value.clone() })
}

fn trimming(front: bool, back: bool) -> Kernel {
    each(move |args, _, row, out| {
        let characters = args.get(1).map_or(" ", |c| c.get(row));
        let mut text = args[0].get(row);
        if front {
            text = text.trim_start_matches(|c| characters.contains(c));
        }
        if back {
            text = text.trim_end_matches(|c| characters.contains(c));
        }
        out.extend_from_slice(text.as_bytes());
        Ok(())
    })
}

fn padding(front: bool) -> Kernel {
    each(move |args, n, row, out| {
        let (text, wanted) = (args[0].get(row), n(1, row).max(0) as usize);
        let fill = args.get(2).map_or(" ", |f| f.get(row));
        let len = text.chars().count();
        if len >= wanted {
            out.extend_from_slice(&text.as_bytes()[..offset(text, wanted)]);
            return Ok(());
        }
        limit(wanted.saturating_mul(if fill.is_ascii() { 1 } else { 4 }))?;
        if !front {
            out.extend_from_slice(text.as_bytes());
        }
        fill.chars().cycle().take(wanted - len).for_each(|c| push(out, c));
        if front {
            out.extend_from_slice(text.as_bytes());
        }
        Ok(())
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
