//! Functions between text and numbers or bytes: code points, hexadecimal, base64, digests.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{ArrayRef, BinaryArray};

use crate::functions::conditional::with_nulls;
use crate::functions::kernel::{at, nulls, side, strict, texts};
use crate::functions::resolve::exactly;
use crate::functions::strings::{counted, each, entry, push, text_or_bytes};
use crate::functions::{Function, digest, text};
use crate::types::{SqlType, TEXT};
use crate::value::{Errors, EvalError};

const INT: SqlType = SqlType::Int;

/// The functions.
pub const FUNCTIONS: &[Function] = &[
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
