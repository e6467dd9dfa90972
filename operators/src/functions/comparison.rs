//! Comparisons: `=` `<>` `<` `<=` `>` `>=`, `IS [NOT] DISTINCT FROM`, `BETWEEN`.
//!
//! −0.0 equals 0.0, NaN equals NaN and is greater than any number; text and bytes compare byte by byte (collation "C");
//! an interval counts a month as 30 days; trailing blanks of CHAR do not count.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_buffer::{BooleanBuffer, IntervalMonthDayNano, NullBuffer};

use crate::expr::Expr;
use crate::functions::kernel::{Side, booleans, inherited, lenient, nulls, pack2, side, strict};
use crate::functions::numbers::{POW10, name};
use crate::functions::resolve::{any_nullable, as_is, is_unknown, never_nullable, quoted, signature};
use crate::functions::same_text::{Constant, equal_any};
use crate::functions::{Arg, Function, Kernel, Signature, Syntax, interval, logic};
use crate::types::{SqlType, TEXT};
use crate::value::Value;

const FAMILY: &str = "comparison";

/// The entry of one comparison.
const fn entry(
    name: &'static str,
    syntax: &'static str,
    usage: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    prepare: fn(&[Expr], SqlType) -> Kernel,
) -> Function {
    Function {
        name,
        aliases: &[],
        syntax: Syntax::Infix(syntax),
        family: FAMILY,
        usage,
        doc,
        examples,
        resolve,
        nullable: any_nullable,
        prepare,
    }
}

/// The comparisons.
pub const FUNCTIONS: &[Function] = &[
    entry(
        "eq",
        "=",
        "a = b → boolean",
        "Whether both are equal. NULL if either is.",
        &[("1 = 1.0", "true"), ("NULL = NULL", "NULL"), ("'NaN'::double precision = 'NaN'::double precision", "true")],
        |args, _| comparison(args, Op::Eq),
    ),
    entry(
        "ne",
        "<>",
        "a <> b → boolean, a != b → boolean",
        "Whether they differ. NULL if either is.",
        &[("'a' <> 'b'", "true")],
        |args, _| comparison(args, Op::Ne),
    ),
    entry(
        "lt",
        "<",
        "a < b → boolean",
        "Whether `a` comes before `b`.",
        &[("2 < 10", "true"), ("'2' < '10'", "false")],
        |args, _| comparison(args, Op::Lt),
    ),
    entry(
        "le",
        "<=",
        "a <= b → boolean",
        "Whether `a` does not come after `b`.",
        &[("2 <= 2", "true")],
        |args, _| comparison(args, Op::Le),
    ),
    entry(
        "gt",
        ">",
        "a > b → boolean",
        "Whether `a` comes after `b`.",
        &[("DATE '2013-02-01' > DATE '2013-01-31'", "true")],
        |args, _| comparison(args, Op::Gt),
    ),
    entry(
        "ge",
        ">=",
        "a >= b → boolean",
        "Whether `a` does not come before `b`.",
        &[("INTERVAL '1 month' >= INTERVAL '30 days'", "true")],
        |args, _| comparison(args, Op::Ge),
    ),
    Function {
        name: "distinct_from",
        aliases: &[],
        syntax: Syntax::Infix("IS DISTINCT FROM"),
        family: FAMILY,
        usage: "a IS DISTINCT FROM b → boolean",
        doc: "Whether they differ, NULL being a value like others. Never NULL.",
        examples: &[("1 IS DISTINCT FROM NULL", "true"), ("NULL IS DISTINCT FROM NULL", "false")],
        resolve,
        nullable: never_nullable,
        prepare: |args, _| distinct(args, false),
    },
    Function {
        name: "not_distinct_from",
        aliases: &[],
        syntax: Syntax::Infix("IS NOT DISTINCT FROM"),
        family: FAMILY,
        usage: "a IS NOT DISTINCT FROM b → boolean",
        doc: "Whether they are equal or both NULL. Never NULL.",
        examples: &[("NULL IS NOT DISTINCT FROM NULL", "true"), ("1 IS NOT DISTINCT FROM 1", "true")],
        resolve,
        nullable: never_nullable,
        prepare: |args, _| distinct(args, true),
    },
    Function {
        name: "between",
        aliases: &[],
        syntax: Syntax::Special,
        family: FAMILY,
        usage: "x BETWEEN low AND high → boolean",
        doc: "`x >= low AND x <= high`.",
        examples: &[
            ("5 BETWEEN 1 AND 5", "true"),
            ("5 BETWEEN 6 AND NULL", "false"),
            ("5 NOT BETWEEN 1 AND 3", "true"),
        ],
        resolve: |args| {
            let [x, low, high] = args else { return Err(format!("takes 3 arguments, got {}", args.len())) };
            let ty = |other: &Arg| resolve(&[*x, *other]).map(|s| s.params);
            let (first, second) = (ty(low)?, ty(high)?);
            if first[0] == second[0] {
                return signature([first[0], first[1], second[1]], SqlType::Boolean);
            }
            let common = crate::functions::resolve::common(args, "BETWEEN")?;
            signature([common; 3], SqlType::Boolean)
        },
        nullable: any_nullable,
        prepare: |args, _| {
            let least = comparison(&[args[0].clone(), args[1].clone()], Op::Ge);
            let most = comparison(&[args[0].clone(), args[2].clone()], Op::Le);
            Box::new(move |args, rows| {
                let low = least(&[args[0].clone(), args[1].clone()], rows);
                let high = most(&[args[0].clone(), args[2].clone()], rows);
                logic::conjunction(&[low, high], rows)
            })
        },
    },
];

/// Which comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

fn resolve(args: &[Arg]) -> Result<Signature, String> {
    let [a, b] = args else { return Err(format!("takes 2 arguments, got {}", args.len())) };
    let params = match (is_unknown(a), is_unknown(b)) {
        (true, true) => [TEXT, TEXT],
        (true, false) => [quoted(a, b.ty), b.ty],
        (false, true) => [a.ty, quoted(b, a.ty)],
        (false, false) => {
            let mismatch = || format!("operator does not exist: {} = {}", name(a.ty), name(b.ty));
            match (a.ty, b.ty) {
                (s, t) if s.is_text() && t.is_text() => [s, t],
                // Compared as they are: whatever the scales, nothing overflows.
                (SqlType::Decimal(..), SqlType::Decimal(..)) => [a.ty, b.ty],
                (SqlType::Decimal(..), t) if t.is_integer() => [a.ty, integer(b).ok_or_else(mismatch)?],
                (t, SqlType::Decimal(..)) if t.is_integer() => [integer(a).ok_or_else(mismatch)?, b.ty],
                (s, t) if s != t && s.is_numeric() && t.is_numeric() && (s.is_float() || t.is_float()) => {
                    [SqlType::Double; 2]
                }
                (s, t) => [s.common(t).ok_or_else(mismatch)?; 2],
            }
        }
    };
    signature(params, SqlType::Boolean)
}

/// The decimal that an integer argument is cast to beside a decimal.
fn integer(arg: &Arg) -> Option<SqlType> {
    let (precision, _) = arg.ty.as_decimal()?;
    Some(as_is(arg, SqlType::Decimal(precision, 0)))
}

/// Bits of a comparison of two columns or constants, both of the type of the arguments.
type Bits = fn(Op, &Value, &Value, usize) -> BooleanBuffer;

/// The kernel of comparison `op` of arguments of these types.
pub fn comparison(args: &[Expr], op: Op) -> Kernel {
    let (a, b) = (args[0].ty(), args[1].ty());
    if let Some((up_a, up_b)) = decimal_scales(a, b) {
        return strict(SqlType::Boolean, move |args, _, _| {
            let (a, b) = (side::<Decimal128Type>(&args[0]), side::<Decimal128Type>(&args[1]));
            booleans(pack_decimals(op, a, b, up_a, up_b), nulls(args))
        });
    }
    let bits = bits_of(a);
    strict(SqlType::Boolean, move |args, rows, _| booleans(bits(op, &args[0], &args[1], rows), nulls(args)))
}

/// By what powers of ten two decimals of different scales are multiplied to compare them.
fn decimal_scales(a: SqlType, b: SqlType) -> Option<(i128, i128)> {
    match (a, b) {
        (SqlType::Decimal(_, s), SqlType::Decimal(_, t)) if s != t => {
            let scale = s.max(t);
            Some((POW10[(scale - s) as usize], POW10[(scale - t) as usize]))
        }
        _ => None,
    }
}

fn pack_decimals(op: Op, a: Side<i128>, b: Side<i128>, up_a: i128, up_b: i128) -> BooleanBuffer {
    // Only one factor is not 1; where the product overflows, that side is further from zero than the other can be.
    let scaled = |x: i128, up: i128| x.checked_mul(up).unwrap_or(if x < 0 { i128::MIN } else { i128::MAX });
    match (a, b) {
        (Side::One(x), b) if up_b == 1 => return ordered_sides(op, Side::One(scaled(x, up_a)), b),
        (a, Side::One(y)) if up_a == 1 => return ordered_sides(op, a, Side::One(scaled(y, up_b))),
        _ => {}
    }
    match op {
        Op::Eq => pack2(a, b, |x, y| scaled(x, up_a) == scaled(y, up_b)),
        Op::Ne => pack2(a, b, |x, y| scaled(x, up_a) != scaled(y, up_b)),
        Op::Lt => pack2(a, b, |x, y| scaled(x, up_a) < scaled(y, up_b)),
        Op::Le => pack2(a, b, |x, y| scaled(x, up_a) <= scaled(y, up_b)),
        Op::Gt => pack2(a, b, |x, y| scaled(x, up_a) > scaled(y, up_b)),
        Op::Ge => pack2(a, b, |x, y| scaled(x, up_a) >= scaled(y, up_b)),
    }
}

fn bits_of(ty: SqlType) -> Bits {
    match ty {
        SqlType::Boolean => |op, a, b, rows| {
            let (x, y) = (a.array.as_boolean().values(), b.array.as_boolean().values());
            ordered(op, rows, |row| (x.value(a.at(row)), y.value(b.at(row))))
        },
        SqlType::SmallInt => primitive::<Int16Type>,
        SqlType::Int => primitive::<Int32Type>,
        SqlType::BigInt => primitive::<Int64Type>,
        SqlType::Real => primitive::<Float32Type>,
        SqlType::Double => primitive::<Float64Type>,
        SqlType::Decimal(..) => primitive::<Decimal128Type>,
        SqlType::Date => primitive::<Date32Type>,
        SqlType::Time => primitive::<Time64MicrosecondType>,
        SqlType::Timestamp | SqlType::TimestampTz => primitive::<TimestampMicrosecondType>,
        SqlType::Interval => primitive::<IntervalMonthDayNanoType>,
        SqlType::Null | SqlType::Text { .. } => |op, a, b, rows| {
            let (x, y) = (a.array.as_string::<i32>(), b.array.as_string::<i32>());
            if b.constant {
                let y = y.value(0).as_bytes();
                if matches!(op, Op::Eq | Op::Ne) && !a.constant {
                    let equal = equal_any(x.value_offsets(), x.value_data(), &[Constant::new(y)]);
                    return if op == Op::Eq { equal } else { !&equal };
                }
                return ordered(op, rows, |row| (x.value(a.at(row)).as_bytes(), y));
            }
            ordered(op, rows, |row| (x.value(a.at(row)).as_bytes(), y.value(b.at(row)).as_bytes()))
        },
        SqlType::Bytea => |op, a, b, rows| {
            let (x, y) = (a.array.as_binary::<i32>(), b.array.as_binary::<i32>());
            ordered(op, rows, |row| (x.value(a.at(row)), y.value(b.at(row))))
        },
        SqlType::Uuid => |op, a, b, rows| {
            let (x, y) = (a.array.as_fixed_size_binary(), b.array.as_fixed_size_binary());
            ordered(op, rows, |row| (x.value(a.at(row)), y.value(b.at(row))))
        },
    }
}

#[inline]
fn ordered<T: Ord>(op: Op, rows: usize, pair: impl Fn(usize) -> (T, T)) -> BooleanBuffer {
    let bits = |test: fn(&T, &T) -> bool| {
        BooleanBuffer::collect_bool(rows, |row| {
            let (a, b) = pair(row);
            test(&a, &b)
        })
    };
    match op {
        Op::Eq => BooleanBuffer::collect_bool(rows, |row| {
            let (a, b) = pair(row);
            a == b
        }),
        Op::Ne => bits(|a, b| a != b),
        Op::Lt => bits(|a, b| a < b),
        Op::Le => bits(|a, b| a <= b),
        Op::Gt => bits(|a, b| a > b),
        Op::Ge => bits(|a, b| a >= b),
    }
}

/// SQL's order of a native type.
pub trait Order: Copy {
    /// Whether they are equal.
    fn same(self, other: Self) -> bool;
    /// Whether `self` comes first.
    fn before(self, other: Self) -> bool;
}

macro_rules! order_of_integers {
    ($($t:ty),*) => {$(
        impl Order for $t {
            #[inline(always)]
            fn same(self, other: $t) -> bool {
                self == other
            }
            #[inline(always)]
            fn before(self, other: $t) -> bool {
                self < other
            }
        }
    )*};
}
order_of_integers!(i16, i32, i64, i128);

macro_rules! order_of_floats {
    ($($t:ty),*) => {$(
        impl Order for $t {
            #[inline(always)]
            fn same(self, other: $t) -> bool {
                (self == other) | (self.is_nan() & other.is_nan())
            }
            #[inline(always)]
            fn before(self, other: $t) -> bool {
                (self < other) | (other.is_nan() & !self.is_nan())
            }
        }
    )*};
}
order_of_floats!(f32, f64);

impl Order for IntervalMonthDayNano {
    fn same(self, other: Self) -> bool {
        interval::length(self) == interval::length(other)
    }
    fn before(self, other: Self) -> bool {
        interval::length(self) < interval::length(other)
    }
}

fn primitive<T: ArrowPrimitiveType<Native: Order>>(op: Op, a: &Value, b: &Value, _: usize) -> BooleanBuffer {
    ordered_sides(op, side::<T>(a), side::<T>(b))
}

fn ordered_sides<T: Order>(op: Op, a: Side<T>, b: Side<T>) -> BooleanBuffer {
    match op {
        Op::Eq => pack2(a, b, |x, y| x.same(y)),
        Op::Ne => pack2(a, b, |x, y| !x.same(y)),
        Op::Lt => pack2(a, b, |x, y| x.before(y)),
        Op::Le => pack2(a, b, |x, y| !y.before(x)),
        Op::Gt => pack2(a, b, |x, y| y.before(x)),
        Op::Ge => pack2(a, b, |x, y| !x.before(y)),
    }
}

/// `IS DISTINCT FROM`, or its opposite where `same`.
fn distinct(args: &[Expr], same: bool) -> Kernel {
    let scales = decimal_scales(args[0].ty(), args[1].ty());
    let bits = bits_of(args[0].ty());
    lenient(move |args, rows| {
        let (a, b) = (&args[0], &args[1]);
        let equal = match scales {
            Some((up_a, up_b)) => {
                pack_decimals(Op::Eq, side::<Decimal128Type>(a), side::<Decimal128Type>(b), up_a, up_b)
            }
            None => bits(Op::Eq, a, b, rows),
        };
        let valid = |v: &Value| match v.array.logical_nulls() {
            None => BooleanBuffer::new_set(rows),
            Some(nulls) if v.constant => {
                NullBuffer::new(BooleanBuffer::collect_bool(rows, |_| nulls.is_valid(0))).into_inner()
            }
            Some(nulls) => nulls.into_inner(),
        };
        let (in_a, in_b) = (valid(a), valid(b));
        // Equal: both there and equal, or neither there.
        let alike = &(&(&in_a & &in_b) & &equal) | &!&(&in_a | &in_b);
        (booleans(if same { alike } else { !&alike }, None), inherited(args, rows))
    })
}
