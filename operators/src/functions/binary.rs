//! Functions of BYTEA: single bytes and bits, texts in UTF-8.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{ArrayRef, BinaryArray};
use arrow_buffer::NullBuffer;

use crate::functions::conditional::with_nulls;
use crate::functions::kernel::{at, column, nulls, side, strict, texts};
use crate::functions::resolve::exactly;
use crate::functions::strings::entry;
use crate::functions::{Function, Kernel, text};
use crate::types::{SqlType, TEXT};
use crate::value::{Errors, EvalError};

const BYTES: SqlType = SqlType::Bytea;
const INT: SqlType = SqlType::Int;
const BIG: SqlType = SqlType::BigInt;

/// The functions.
pub const FUNCTIONS: &[Function] = &[
    entry(
        "get_byte",
        &[],
        "get_byte(bytea, n) → integer",
        "Byte n, from 0. None there: error 2202E.",
        &[("get_byte('\\x1234'::bytea, 1)", "52"), ("get_byte('\\x1234'::bytea, 2)", "error 2202E")],
        |args| exactly(args, &[BYTES, INT], INT),
        |_, ty| {
            let out = ty.arrow();
            strict(ty, move |args, rows, errors| {
                let (bytes, n, nulls) = (args[0].array.as_binary::<i32>(), side::<Int32Type>(&args[1]), nulls(args));
                let one = |row: usize| {
                    let bytes = bytes.value(args[0].at(row));
                    place(i64::from(at(n, row)), bytes.len()).map(|n| i32::from(bytes[n]))
                };
                let values = valid_rows(rows, nulls.as_ref(), |row| kept(one(row), row, errors));
                column::<Int32Type>(values, nulls, &out)
            })
        },
    ),
    entry(
        "get_bit",
        &[],
        "get_bit(bytea, n) → integer",
        "Bit n, from 0, the lowest of a byte first. None there: error 2202E.",
        &[("get_bit('\\x1234'::bytea, 10)", "1")],
        |args| exactly(args, &[BYTES, BIG], INT),
        |_, ty| {
            let out = ty.arrow();
            strict(ty, move |args, rows, errors| {
                let (bytes, n, nulls) = (args[0].array.as_binary::<i32>(), side::<Int64Type>(&args[1]), nulls(args));
                let one = |row: usize| {
                    let bytes = bytes.value(args[0].at(row));
                    place(at(n, row), 8 * bytes.len()).map(|n| i32::from(bytes[n / 8] >> (n % 8) & 1))
                };
                let values = valid_rows(rows, nulls.as_ref(), |row| kept(one(row), row, errors));
                column::<Int32Type>(values, nulls, &out)
            })
        },
    ),
    entry(
        "set_byte",
        &[],
        "set_byte(bytea, n, value) → bytea",
        "With byte n set. None there: error 2202E.",
        &[("set_byte('\\x1234'::bytea, 0, 255)", "\\xff34")],
        |args| exactly(args, &[BYTES, INT, INT], BYTES),
        |_, _| {
            changed(|bytes, args, row| {
                let n = place(i64::from(at(side::<Int32Type>(&args[1]), row)), bytes.len())?;
                bytes[n] = at(side::<Int32Type>(&args[2]), row) as u8;
                Ok(())
            })
        },
    ),
    entry(
        "set_bit",
        &[],
        "set_bit(bytea, n, value) → bytea",
        "With bit n set to 0 or 1. None there: error 2202E; another value: error 22023.",
        &[("set_bit('\\x1234'::bytea, 0, 1)", "\\x1334")],
        |args| exactly(args, &[BYTES, BIG, INT], BYTES),
        |_, _| {
            changed(|bytes, args, row| {
                let n = place(at(side::<Int64Type>(&args[1]), row), 8 * bytes.len())?;
                let bit = 1 << (n % 8);
                match at(side::<Int32Type>(&args[2]), row) {
                    0 => bytes[n / 8] &= !bit,
                    1 => bytes[n / 8] |= bit,
                    _ => return Err(EvalError { code: "22023", message: "new bit must be 0 or 1".into() }),
                }
                Ok(())
            })
        },
    ),
    entry(
        "bit_count",
        &[],
        "bit_count(bytea) → bigint",
        "How many bits are set.",
        &[("bit_count('\\x1234'::bytea)", "5")],
        |args| exactly(args, &[BYTES], BIG),
        |_, ty| {
            let out = ty.arrow();
            strict(ty, move |args, rows, _| {
                let bytes = args[0].array.as_binary::<i32>();
                let ones = |row: usize| bytes.value(row).iter().map(|b| i64::from(b.count_ones())).sum();
                column::<Int64Type>((0..rows).map(ones).collect(), nulls(args), &out)
            })
        },
    ),
    entry(
        "convert_from",
        &[],
        "convert_from(bytea, 'UTF8') → text",
        "The text that these bytes are in UTF-8. None: error 22021; another encoding: error 22023.",
        &[("convert_from('\\x61'::bytea, 'UTF8')", "a"), ("convert_from('\\xff'::bytea, 'UTF8')", "error 22021")],
        |args| exactly(args, &[BYTES, TEXT], TEXT),
        |_, _| {
            strict(TEXT, |args, rows, errors| {
                let (bytes, encoding, nulls) = (args[0].array.as_binary::<i32>(), texts(&args[1]), nulls(args));
                let mut failed = Errors::none();
                let array = text::build_checked(rows, nulls, errors, |out, row| {
                    match (utf8(encoding.get(row)), std::str::from_utf8(bytes.value(args[0].at(row)))) {
                        (Err(error), _) => failed.set(row, error.code, error.message),
                        (_, Ok(text)) if !text.contains('\0') => out.extend_from_slice(text.as_bytes()),
                        _ => failed.set(row, "22021", "invalid byte sequence for encoding \"UTF8\""),
                    }
                });
                errors.merge(&failed);
                Arc::new(array)
            })
        },
    ),
    entry(
        "convert_to",
        &[],
        "convert_to(text, 'UTF8') → bytea",
        "The bytes of a text in UTF-8. Another encoding: error 22023.",
        &[("convert_to('ä', 'UTF8')", "\\xc3a4")],
        |args| exactly(args, &[TEXT, TEXT], BYTES),
        |_, _| {
            strict(BYTES, |args, rows, errors| {
                let (of_text, encoding, nulls) = (texts(&args[0]), texts(&args[1]), nulls(args));
                for row in (0..rows).filter(|row| nulls.as_ref().is_none_or(|n| n.is_valid(*row))) {
                    if let Err(error) = utf8(encoding.get(row)) {
                        errors.set(row, error.code, error.message);
                    }
                }
                let array: ArrayRef =
                    Arc::new(BinaryArray::from_iter_values((0..rows).map(|row| of_text.get(row).as_bytes())));
                with_nulls(&array, nulls)
            })
        },
    ),
];

fn utf8(encoding: &str) -> Result<(), EvalError> {
    if ["utf8", "utf-8", "unicode"].iter().any(|name| encoding.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    Err(EvalError { code: "22023", message: format!("invalid encoding name \"{encoding}\"") })
}

/// `n` as a place among `len`.
fn place(n: i64, len: usize) -> Result<usize, EvalError> {
    usize::try_from(n).ok().filter(|n| *n < len).ok_or_else(|| EvalError {
        code: "2202E",
        message: format!("index {n} out of valid range, 0..{}", len as i64 - 1),
    })
}

/// `f` of each row that is not NULL, 0 elsewhere.
fn valid_rows(rows: usize, nulls: Option<&NullBuffer>, mut f: impl FnMut(usize) -> i32) -> Vec<i32> {
    (0..rows).map(|row| if nulls.is_none_or(|n| n.is_valid(row)) { f(row) } else { 0 }).collect()
}

fn kept(value: Result<i32, EvalError>, row: usize, errors: &mut Errors) -> i32 {
    value.unwrap_or_else(|error| {
        errors.set(row, error.code, error.message);
        0
    })
}

/// The bytes of the first argument as `f` leaves them.
fn changed(
    f: impl Fn(&mut [u8], &[crate::value::Value], usize) -> Result<(), EvalError> + Send + Sync + 'static,
) -> Kernel {
    strict(BYTES, move |args, rows, errors| {
        let (bytes, nulls) = (args[0].array.as_binary::<i32>(), nulls(args));
        let one = |row: usize| {
            let mut bytes = bytes.value(args[0].at(row)).to_vec();
            if nulls.as_ref().is_none_or(|n| n.is_valid(row))
                && let Err(error) = f(&mut bytes, args, row)
            {
                errors.set(row, error.code, error.message);
            }
            bytes
        };
        let array: ArrayRef = Arc::new(BinaryArray::from_iter_values((0..rows).map(one)));
        with_nulls(&array, nulls)
    })
}
