//! Operators on the bits of integers: `& | # ~ << >>`.
//!
//! As in PostgreSQL: SMALLINT with INT gives INT and so on; nothing overflows; a shift looks at the low bits of its count alone
//! (five for SMALLINT and INT, six for BIGINT), and `>>` keeps the sign.

use arrow_array::types::{ArrowPrimitiveType, Int16Type, Int32Type, Int64Type};

use crate::expr::Expr;
use crate::functions::kernel::{column, map, map2, nulls, side, strict};
use crate::functions::resolve::{any_nullable, count, is_unknown, names, signature, widen};
use crate::functions::{Arg, Function, Kernel, Signature, Syntax};
use crate::types::SqlType;

const fn entry(
    name: &'static str,
    syntax: &'static str,
    usage: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    resolve: fn(&[Arg]) -> Result<Signature, String>,
    prepare: fn(&[Expr], SqlType) -> Kernel,
) -> Function {
    Function {
        name,
        aliases: &[],
        syntax: Syntax::Infix(syntax),
        family: "math",
        usage,
        doc,
        examples,
        resolve,
        nullable: any_nullable,
        prepare,
    }
}

/// The operators.
pub const FUNCTIONS: &[Function] = &[
    entry(
        "bit_and_op",
        "&",
        "integer & integer → integer",
        "The bits that both have.",
        &[("91 & 15", "11"), ("-1 & 255", "255"), ("1 + 2 & 1", "1")],
        |args| alike("&", args),
        |_, ty| combine(Op::And, ty),
    ),
    entry(
        "bit_or_op",
        "|",
        "integer | integer → integer",
        "The bits that either has.",
        &[("32 | 3", "35"), ("1 | 2 = 3", "true")],
        |args| alike("|", args),
        |_, ty| combine(Op::Or, ty),
    ),
    entry(
        "bit_xor_op",
        "#",
        "integer # integer → integer",
        "The bits that one has and the other has not.",
        &[("17 # 5", "20")],
        |args| alike("#", args),
        |_, ty| combine(Op::Xor, ty),
    ),
    Function {
        name: "bit_not_op",
        aliases: &[],
        syntax: Syntax::Prefix("~"),
        family: "math",
        usage: "~ integer → integer",
        doc: "All bits turned over.",
        examples: &[("~1", "-2"), ("~(-1)", "0")],
        resolve: |args| {
            count(args, 1, 1)?;
            let ty = if is_unknown(&args[0]) { SqlType::Int } else { args[0].ty };
            if ty.is_integer() {
                signature([ty], ty)
            } else {
                Err(format!("operator does not exist: ~ {}", names(args)))
            }
        },
        nullable: any_nullable,
        prepare: |_, ty| match ty {
            SqlType::SmallInt => unary::<Int16Type>(ty, |v| !v),
            SqlType::Int => unary::<Int32Type>(ty, |v| !v),
            _ => unary::<Int64Type>(ty, |v| !v),
        },
    },
    entry(
        "shift_left_op",
        "<<",
        "integer << integer → type of the first",
        "Bits moved up; those that leave are lost. The count is taken modulo 32, of a BIGINT modulo 64.",
        &[("1 << 4", "16"), ("1 << 31", "-2147483648"), ("1 << 33", "2")],
        |args| shift("<<", args),
        |_, ty| match ty {
            // As PostgreSQL does it: in 32 bits, then cut.
            SqlType::SmallInt => shifted::<Int16Type>(ty, |v, by| (v as i32).wrapping_shl(by as u32) as i16),
            SqlType::Int => shifted::<Int32Type>(ty, |v, by| v.wrapping_shl(by as u32)),
            _ => shifted::<Int64Type>(ty, |v, by| v.wrapping_shl(by as u32)),
        },
    ),
    entry(
        "shift_right_op",
        ">>",
        "integer >> integer → type of the first",
        "Bits moved down, the sign kept. The count is taken modulo 32, of a BIGINT modulo 64.",
        &[("16 >> 2", "4"), ("-16 >> 2", "-4"), ("1 >> 33", "0")],
        |args| shift(">>", args),
        |_, ty| match ty {
            SqlType::SmallInt => shifted::<Int16Type>(ty, |v, by| (v as i32).wrapping_shr(by as u32) as i16),
            SqlType::Int => shifted::<Int32Type>(ty, |v, by| v.wrapping_shr(by as u32)),
            _ => shifted::<Int64Type>(ty, |v, by| v.wrapping_shr(by as u32)),
        },
    ),
];

#[derive(Clone, Copy)]
enum Op {
    And,
    Or,
    Xor,
}

fn mismatch(symbol: &str, args: &[Arg]) -> String {
    format!("operator does not exist: {}", names(args).replace(", ", &format!(" {symbol} ")))
}

/// Both of the wider type.
fn alike(symbol: &str, args: &[Arg]) -> Result<Signature, String> {
    count(args, 2, 2)?;
    let (a, b) = match (is_unknown(&args[0]), is_unknown(&args[1])) {
        (true, true) => (SqlType::Int, SqlType::Int),
        (true, false) => (args[1].ty, args[1].ty),
        (false, true) => (args[0].ty, args[0].ty),
        (false, false) => (args[0].ty, args[1].ty),
    };
    match a.common(b) {
        Some(ty) if a.is_integer() && b.is_integer() => signature([ty, ty], ty),
        _ => Err(mismatch(symbol, args)),
    }
}

/// The count is an INT.
fn shift(symbol: &str, args: &[Arg]) -> Result<Signature, String> {
    count(args, 2, 2)?;
    let ty = if is_unknown(&args[0]) { SqlType::Int } else { args[0].ty };
    match widen(&args[1], SqlType::Int) {
        Some(by) if ty.is_integer() => signature([ty, by], ty),
        _ => Err(mismatch(symbol, args)),
    }
}

fn combine(op: Op, ty: SqlType) -> Kernel {
    macro_rules! run {
        ($t:ty) => {
            match op {
                Op::And => binary::<$t>(ty, |a, b| a & b),
                Op::Or => binary::<$t>(ty, |a, b| a | b),
                Op::Xor => binary::<$t>(ty, |a, b| a ^ b),
            }
        };
    }
    match ty {
        SqlType::SmallInt => run!(Int16Type),
        SqlType::Int => run!(Int32Type),
        _ => run!(Int64Type),
    }
}

fn unary<T: ArrowPrimitiveType>(
    ty: SqlType,
    f: impl Fn(T::Native) -> T::Native + Copy + Send + Sync + 'static,
) -> Kernel {
    strict(ty, move |args, _, _| column::<T>(map(side::<T>(&args[0]), f), nulls(args), &T::DATA_TYPE))
}

fn binary<T: ArrowPrimitiveType>(
    ty: SqlType,
    f: impl Fn(T::Native, T::Native) -> T::Native + Copy + Send + Sync + 'static,
) -> Kernel {
    strict(ty, move |args, _, _| {
        column::<T>(map2(side::<T>(&args[0]), side::<T>(&args[1]), f), nulls(args), &T::DATA_TYPE)
    })
}

fn shifted<T: ArrowPrimitiveType>(
    ty: SqlType,
    f: impl Fn(T::Native, i32) -> T::Native + Copy + Send + Sync + 'static,
) -> Kernel {
    strict(ty, move |args, _, _| {
        column::<T>(map2(side::<T>(&args[0]), side::<Int32Type>(&args[1]), f), nulls(args), &T::DATA_TYPE)
    })
}
