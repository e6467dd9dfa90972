//! Functions of text. Positions count characters from 1; what a character is says Unicode's scalar value.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, BinaryArray, StringArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer};

use crate::expr::Expr;
use crate::functions::conditional::with_nulls;
use crate::functions::kernel::{Side, Texts, at, column, inherited, lenient, nulls, side, strict, texts};
use crate::functions::resolve::{any_nullable, as_is, count, exactly, is_unknown, names, never_nullable, signature};
use crate::functions::{Arg, Function, Kernel, Signature, Syntax, text};
use crate::types::{SqlType, TEXT};
use crate::value::{Errors, EvalError, Value};

const FAMILY: &str = "text";
const INT: SqlType = SqlType::Int;

pub(super) const fn entry(
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
        in_case(<[u8]>::to_ascii_lowercase, |text, out| out.extend_from_slice(text.to_lowercase().as_bytes()))
    }),
    entry(
        "upper",
        &["ucase"],
        "upper(text) → text",
        "In upper case, letter by letter.",
        &[("upper('abc')", "ABC"), ("upper('äß')", "Äß")],
        one,
        |_, _| {
            in_case(<[u8]>::to_ascii_uppercase, |text, out| {
                for c in text.chars() {
                    let mut upper = c.to_uppercase();
                    // A letter whose capital is two (ß) stays.
                    let c = if upper.len() == 1 { upper.next().unwrap_or(c) } else { c };
                    push(out, c);
                }
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

pub(super) fn text_or_bytes(args: &[Arg], result: SqlType) -> Result<Signature, String> {
    let ty = if args.first().is_some_and(|a| a.ty == SqlType::Bytea) { SqlType::Bytea } else { TEXT };
    exactly(args, &[ty], result)
}

pub(super) fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Where character `n` (from 0) of a text begins, or where it ends.
pub(super) fn offset(text: &str, n: usize) -> usize {
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

/// Integer argument `index` in `row`.
pub(super) type Number<'a> = &'a dyn Fn(usize, usize) -> i32;

/// The texts and integers of a call's arguments. What is no text stands among the texts as an empty one.
pub(super) fn arguments<'a>(args: &'a [Value], empty: &'a Value) -> (Vec<Texts<'a>>, Vec<Side<'a, i32>>) {
    let is_text = |a: &Value| a.array.data_type() == &arrow_schema::DataType::Utf8;
    let of_text = args.iter().map(|a| texts(if is_text(a) { a } else { empty })).collect();
    let of_ints = args.iter().map(|a| if is_text(a) { Side::One(0) } else { side::<Int32Type>(a) }).collect();
    (of_text, of_ints)
}

pub(super) fn empty() -> Value {
    Value::constant(Arc::new(StringArray::from(vec![""])))
}

/// A function of texts and integers that appends its result, a text.
pub(super) fn each(
    f: impl Fn(&[Texts], Number, usize, &mut Vec<u8>) -> Result<(), EvalError> + Send + Sync + 'static,
) -> Kernel {
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

/// A number of each text or each bytes.
pub(super) fn counted(ty: SqlType, bytes: bool, of_text: fn(&str) -> i32, of_bytes: fn(&[u8]) -> i32) -> Kernel {
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

fn concatenation(_: &[Expr], ty: SqlType) -> Kernel {
    if ty == SqlType::Bytea {
        return strict(ty, |args, rows, _| {
            let one = |row: usize| {
                args.iter()
                    .flat_map(|arg| arg.array.as_binary::<i32>().value(arg.at(row)))
                    .copied()
                    .collect::<Vec<u8>>()
            };
            let array: ArrayRef = Arc::new(BinaryArray::from_iter_values((0..rows).map(one)));
            with_nulls(&array, nulls(args))
        });
    }
    each(|args, _, row, out| {
        args.iter().for_each(|arg| out.extend_from_slice(arg.get(row).as_bytes()));
        Ok(())
    })
}

/// Any arguments; booleans are written as `t` and `f` here, other types as casts do.
pub(super) fn joined_args(args: &[Arg], least: usize) -> Result<Signature, String> {
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
pub(super) fn letters(value: &Value) -> Cow<'_, Value> {
    let Some(booleans) = value.array.as_boolean_opt() else { return Cow::Borrowed(value) };
    let texts: StringArray = booleans.iter().map(|b| b.map(|b| if b { "t" } else { "f" })).collect();
    Cow::Owned(Value { array: Arc::new(texts), ..value.clone() })
}

/// Texts in another case: `ascii` of a whole column, if it is in ASCII, else what `any` appends for each text.
fn in_case(ascii: fn(&[u8]) -> Vec<u8>, any: fn(&str, &mut Vec<u8>)) -> Kernel {
    strict(TEXT, move |args, rows, errors| {
        let texts = args[0].array.as_string::<i32>();
        let offsets = texts.offsets();
        let (start, end) = (offsets[0], offsets[texts.len()]);
        let bytes = &texts.value_data()[start as usize..end as usize];
        if bytes.is_ascii() {
            let offsets = match start {
                0 => offsets.clone(),
                start => OffsetBuffer::new(offsets.iter().map(|offset| offset - start).collect()),
            };
            return Arc::new(StringArray::new(offsets, Buffer::from_vec(ascii(bytes)), nulls(args)));
        }
        let nulls = nulls(args);
        Arc::new(text::build_checked(rows, nulls, errors, |out, row| any(texts.value(row), out)))
    })
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
