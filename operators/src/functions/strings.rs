//! Functions of text. Positions count characters from 1.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;

use crate::expr::Expr;
use crate::functions::kernel::{nulls, strict, texts};
use crate::functions::resolve::{any_nullable, as_is, count, is_unknown, names, signature};
use crate::functions::{Function, Kernel, Syntax, text};
use crate::types::{SqlType, TEXT};

const FAMILY: &str = "text";

/// The functions of text.
pub const FUNCTIONS: &[Function] = &[Function {
    name: "concat_op",
    aliases: &[],
    syntax: Syntax::Infix("||"),
    family: FAMILY,
    usage: "a || b → text, bytea || bytea → bytea",
    doc: "Both one after the other; a side that is no text is written as one. NULL if either is.",
    examples: &[("'a' || 'b'", "ab"), ("'n' || 1.50", "n1.50"), ("'a' || NULL", "NULL")],
    resolve: |args| {
        count(args, 2, 2)?;
        if args.iter().any(|a| a.ty == SqlType::Bytea) && args.iter().all(|a| a.ty == SqlType::Bytea || is_unknown(a)) {
            return signature([SqlType::Bytea; 2], SqlType::Bytea);
        }
        if !args.iter().any(|a| a.ty.is_text() || is_unknown(a)) {
            return Err(format!("operator does not exist: {}", names(args).replace(", ", " || ")));
        }
        signature(args.iter().map(|a| as_is(a, TEXT)).collect::<Vec<_>>(), TEXT)
    },
    nullable: any_nullable,
    prepare: concatenation,
}];

fn concatenation(_: &[Expr], ty: SqlType) -> Kernel {
    if ty == SqlType::Bytea {
        return strict(ty, |args, rows, _| {
            let (a, b) = (args[0].array.as_binary::<i32>(), args[1].array.as_binary::<i32>());
            let each = (0..rows).map(|row| [a.value(args[0].at(row)), b.value(args[1].at(row))].concat());
            let values: Vec<Vec<u8>> = each.collect();
            let array = arrow_array::BinaryArray::from_iter_values(values);
            crate::functions::conditional::with_nulls(&(Arc::new(array) as ArrayRef), nulls(args))
        });
    }
    strict(ty, |args, rows, errors| {
        let (a, b) = (texts(&args[0]), texts(&args[1]));
        Arc::new(text::build_checked(rows, nulls(args), errors, |out, row| {
            out.extend_from_slice(a.get(row).as_bytes());
            out.extend_from_slice(b.get(row).as_bytes());
        }))
    })
}
