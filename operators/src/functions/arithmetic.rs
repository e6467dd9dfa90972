//! `+ - * / %` and unary minus on numbers; on dates, times and intervals they are in [`temporal`].
//!
//! All are checked: an integer that overflows, a decimal or float out of range is an error 22003, division by zero an
//! error 22012. Integer division cuts towards zero. SMALLINT with INT gives INT and so on; an integer with a decimal gives
//! a decimal (result types: [`decimal`]); REAL with REAL gives REAL; anything else with a float gives DOUBLE.

use arrow_array::ArrayRef;
use arrow_array::types::*;
use arrow_buffer::NullBuffer;

use crate::expr::Expr;
use crate::functions::divisor::Divisor;
use crate::functions::kernel::{Flag, Side, checked, checked2, column, map, map2, map2_mut, nulls, side, strict};
use crate::functions::numbers::{POW10, digits};
use crate::functions::resolve::{any_nullable, count, is_unknown, names, quoted, signature};
use crate::functions::{Arg, Function, Kernel, Signature, Syntax, decimal, temporal};
use crate::scalar::Scalar;
use crate::types::SqlType;
use crate::value::{Errors, Value};

const FAMILY: &str = "math";

/// The arithmetic operators.
pub const FUNCTIONS: &[Function] = &[
    Function {
        name: "add",
        aliases: &[],
        syntax: Syntax::Infix("+"),
        family: FAMILY,
        usage: "number + number → number, date + integer → date, date|time|timestamp + interval → timestamp, interval + interval → interval",
        doc: "Sum. Out of range: error 22003.",
        examples: &[
            ("1 + 2", "3"),
            ("0.1 + 0.25", "0.35"),
            ("2147483647 + 1", "error 22003"),
            ("DATE '2013-01-31' + 1", "2013-02-01"),
        ],
        resolve: |args| resolve(Op::Add, args),
        nullable: any_nullable,
        prepare: |args, ty| prepare(Op::Add, args, ty),
    },
    Function {
        name: "sub",
        aliases: &[],
        syntax: Syntax::Infix("-"),
        family: FAMILY,
        usage: "number - number → number, date - integer → date, date - date → integer, timestamp - timestamp → interval, timestamp - interval → timestamp",
        doc: "Difference. Out of range: error 22003.",
        examples: &[("1 - 2", "-1"), ("DATE '2013-03-01' - DATE '2013-02-01'", "28")],
        resolve: |args| resolve(Op::Sub, args),
        nullable: any_nullable,
        prepare: |args, ty| prepare(Op::Sub, args, ty),
    },
    Function {
        name: "mul",
        aliases: &[],
        syntax: Syntax::Infix("*"),
        family: FAMILY,
        usage: "number * number → number, interval * number → interval",
        doc: "Product. Out of range: error 22003.",
        examples: &[("6 * 7", "42"), ("1.5 * 1.5", "2.25"), ("INTERVAL '1 hour' * 1.5", "01:30:00")],
        resolve: |args| resolve(Op::Mul, args),
        nullable: any_nullable,
        prepare: |args, ty| prepare(Op::Mul, args, ty),
    },
    Function {
        name: "quotient",
        aliases: &[],
        syntax: Syntax::Infix("/"),
        family: FAMILY,
        usage: "number / number → number, interval / number → interval",
        doc: "Quotient; of integers, cut towards zero. By zero: error 22012.",
        examples: &[("7 / 2", "3"), ("-7 / 2", "-3"), ("1.0 / 4", "0.2500000000000000"), ("1 / 0", "error 22012")],
        resolve: |args| resolve(Op::Div, args),
        nullable: any_nullable,
        prepare: |args, ty| prepare(Op::Div, args, ty),
    },
    Function {
        name: "mod",
        aliases: &[],
        syntax: Syntax::Infix("%"),
        family: FAMILY,
        usage: "number % number → number, mod(number, number) → number",
        doc: "Remainder of the division, of the sign of the dividend. By zero: error 22012.",
        examples: &[("7 % 3", "1"), ("-7 % 3", "-1"), ("5.5 % 2", "1.5")],
        resolve: |args| resolve(Op::Mod, args),
        nullable: any_nullable,
        prepare: |args, ty| prepare(Op::Mod, args, ty),
    },
    Function {
        name: "neg",
        aliases: &[],
        syntax: Syntax::Prefix("-"),
        family: FAMILY,
        usage: "- number → number, - interval → interval",
        doc: "The number of the other sign. Out of range: error 22003.",
        examples: &[("- (3)", "-3"), ("- (-2.50)", "2.50")],
        resolve: |args| {
            count(args, 1, 1)?;
            let ty = if is_unknown(&args[0]) { SqlType::Double } else { args[0].ty };
            if !ty.is_numeric() && ty != SqlType::Interval {
                return Err(format!("operator does not exist: - {}", names(args)));
            }
            signature([ty], ty)
        },
        nullable: any_nullable,
        prepare: |_, ty| negation(ty),
    },
];

/// Which operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
}

impl Op {
    /// As written.
    pub fn symbol(self) -> char {
        match self {
            Op::Add => '+',
            Op::Sub => '-',
            Op::Mul => '*',
            Op::Div => '/',
            Op::Mod => '%',
        }
    }
}

fn resolve(op: Op, args: &[Arg]) -> Result<Signature, String> {
    count(args, 2, 2)?;
    let (a, b) = (&args[0], &args[1]);
    let mismatch = || {
        let text = names(args).replace(", ", &format!(" {} ", op.symbol()));
        format!("operator does not exist: {text}")
    };
    if let Some(signature) = temporal::resolve(op, a, b) {
        return Ok(signature);
    }
    let (s, t) = match (is_unknown(a), is_unknown(b)) {
        (true, true) => (SqlType::Double, SqlType::Double),
        (true, false) => (quoted(a, b.ty), b.ty),
        (false, true) => (a.ty, quoted(b, a.ty)),
        (false, false) => (a.ty, b.ty),
    };
    if !s.is_numeric() || !t.is_numeric() {
        return Err(mismatch());
    }
    if s.is_float() || t.is_float() {
        let ty = if s == t { s } else { SqlType::Double };
        return if op == Op::Mod { Err(mismatch()) } else { signature([ty, ty], ty) };
    }
    if s.is_integer() && t.is_integer() {
        let ty = s.common(t).ok_or_else(mismatch)?;
        return signature([ty, ty], ty);
    }
    let (p, q) = (narrow(a, s).ok_or_else(mismatch)?, narrow(b, t).ok_or_else(mismatch)?);
    let (precision, scale) = match op {
        Op::Add | Op::Sub => decimal::sum_type(p, q),
        Op::Mul => decimal::product_type(p, q),
        Op::Div => decimal::quotient_type(p, q),
        Op::Mod => decimal::remainder_type(p, q),
    };
    signature([SqlType::Decimal(p.0, p.1), SqlType::Decimal(q.0, q.1)], SqlType::Decimal(precision, scale))
}

/// The decimal type of an argument: a constant integer has as many digits as are written.
fn narrow(arg: &Arg, ty: SqlType) -> Option<(u8, u8)> {
    let written = match arg.literal {
        Some(Scalar::SmallInt(v)) => Some(*v as i128),
        Some(Scalar::Int(v)) => Some(*v as i128),
        Some(Scalar::BigInt(v)) => Some(*v as i128),
        _ => None,
    };
    match written {
        Some(value) => Some((digits(value), 0)),
        None => ty.as_decimal(),
    }
}

const BY_ZERO: (&str, &str) = ("22012", "division by zero");

fn beyond(ty: SqlType) -> (&'static str, &'static str) {
    let message = match ty {
        SqlType::SmallInt => "smallint out of range",
        SqlType::Int => "integer out of range",
        SqlType::BigInt => "bigint out of range",
        SqlType::Decimal(..) => "numeric field overflow",
        _ => "value out of range: overflow",
    };
    ("22003", message)
}

fn prepare(op: Op, args: &[Expr], ty: SqlType) -> Kernel {
    if args.len() > 2 {
        return chain(op, args, ty);
    }
    let (a, b) = (args[0].ty(), args[1].ty());
    match ty {
        _ if !a.is_numeric() || !b.is_numeric() => temporal::prepare(op, args, ty),
        SqlType::SmallInt => strict(ty, move |args, _, errors| integers::<Int16Type>(op, args, ty, errors)),
        SqlType::Int => strict(ty, move |args, _, errors| integers::<Int32Type>(op, args, ty, errors)),
        SqlType::BigInt => strict(ty, move |args, _, errors| integers::<Int64Type>(op, args, ty, errors)),
        SqlType::Real => strict(ty, move |args, _, errors| floats::<Float32Type>(op, args, ty, errors)),
        SqlType::Decimal(..) => decimals(op, a, b, ty),
        _ => strict(ty, move |args, _, errors| floats::<Float64Type>(op, args, ty, errors)),
    }
}

/// `a + b + c …`: the operator applied to the first two, to what comes out and the third, and so on. All that comes out is of type `ty`.
fn chain(op: Op, args: &[Expr], ty: SqlType) -> Kernel {
    let so_far = Expr::column(0, ty);
    let further = args[2..].iter().map(|arg| prepare(op, &[so_far.clone(), arg.clone()], ty));
    let steps: Vec<Kernel> = std::iter::once(prepare(op, &args[..2], ty)).chain(further).collect();
    Box::new(move |values, rows| {
        let apply = |so_far, (step, value): (&Kernel, &Value)| step(&[so_far, value.clone()], rows);
        steps.iter().zip(&values[1..]).fold(values[0].clone(), apply)
    })
}

/// Checked arithmetic of machine integers: the wrapped result and a flag that it is wrong.
trait Integer: Copy {
    /// A flag that loops of this width gather cheaply.
    type Flag: Flag;
    fn add(self, other: Self) -> (Self, Self::Flag);
    fn sub(self, other: Self) -> (Self, Self::Flag);
    fn mul(self, other: Self) -> (Self, bool);
    fn div(self, other: Self) -> (Self, bool);
    fn rem(self, other: Self) -> (Self, bool);
    fn is_zero(self) -> bool;
    fn wide(self) -> i64;
    /// `wide` or what is nearer to zero.
    fn narrow(wide: i64) -> Self;
}

macro_rules! integers {
    ($($t:ty, $wide:ty);*) => {$(
        impl Integer for $t {
            type Flag = $t;
            #[inline(always)]
            fn add(self, other: $t) -> ($t, $t) {
                let sum = self.wrapping_add(other);
                (sum, (self ^ sum) & (other ^ sum))
            }
            #[inline(always)]
            fn sub(self, other: $t) -> ($t, $t) {
                let difference = self.wrapping_sub(other);
                (difference, (self ^ other) & (self ^ difference))
            }
            #[inline(always)]
            fn mul(self, other: $t) -> ($t, bool) {
                let product = self as $wide * other as $wide;
                (product as $t, product != product as $t as $wide)
            }
            #[inline(always)]
            fn div(self, other: $t) -> ($t, bool) {
                self.checked_div(other).map_or((0, true), |v| (v, false))
            }
            #[inline(always)]
            fn rem(self, other: $t) -> ($t, bool) {
                (if other == 0 { 0 } else { self.wrapping_rem(other) }, other == 0)
            }
            #[inline(always)]
            fn is_zero(self) -> bool {
                self == 0
            }
            #[inline(always)]
            fn wide(self) -> i64 {
                i64::from(self)
            }
            #[inline(always)]
            fn narrow(wide: i64) -> $t {
                wide as $t
            }
        }
    )*};
}
integers!(i16, i32; i32, i64; i64, i128);

fn integers<T: ArrowPrimitiveType<Native: Integer>>(
    op: Op,
    args: &[Value],
    ty: SqlType,
    errors: &mut Errors,
) -> ArrayRef {
    let (a, b, nulls) = (side::<T>(&args[0]), side::<T>(&args[1]), nulls(args));
    let n = nulls.as_ref();
    let divisor = match (op, a, b) {
        (Op::Div | Op::Mod, Side::Each(_), Side::One(by)) => Divisor::new(by.wide()),
        _ => None,
    };
    let values = match op {
        Op::Add => checked2(a, b, n, errors, beyond(ty), |x, y| x.add(y)),
        Op::Sub => checked2(a, b, n, errors, beyond(ty), |x, y| x.sub(y)),
        Op::Mul => checked2(a, b, n, errors, beyond(ty), |x, y| x.mul(y)),
        Op::Div if let Some(by) = divisor => map(a, |x| T::Native::narrow(by.quotient(x.wide()))),
        Op::Mod if let Some(by) = divisor => map(a, |x| T::Native::narrow(by.remainder(x.wide()))),
        Op::Div => {
            zeros(b, a, n, errors, |y| y.is_zero());
            checked2(a, b, n, errors, beyond(ty), |x, y| x.div(y))
        }
        Op::Mod => checked2(a, b, n, errors, BY_ZERO, |x, y| x.rem(y)),
    };
    column::<T>(values, nulls, &ty.arrow())
}

/// Notes a division by zero wherever the divisor is.
fn zeros<T: Copy>(
    b: Side<T>,
    a: Side<T>,
    nulls: Option<&NullBuffer>,
    errors: &mut Errors,
    is_zero: impl Fn(T) -> bool,
) {
    match (b, a) {
        (Side::One(y), Side::Each(a)) if is_zero(y) => {
            checked(Side::Each(a), nulls, errors, BY_ZERO, |_| ((), true));
        }
        (Side::One(y), Side::Each(_)) if !is_zero(y) => {}
        _ => {
            checked(b, nulls, errors, BY_ZERO, |y| ((), is_zero(y)));
        }
    }
}

/// What floats need: PostgreSQL calls a result out of range that is infinite, or zero, where the operands do not say so.
trait Float: Copy + PartialEq {
    fn finite(self) -> bool;
    fn is_nan(self) -> bool;
    fn is_zero(self) -> bool;
    fn apply(op: Op, a: Self, b: Self) -> Self;
}

macro_rules! floats {
    ($($t:ty),*) => {$(
        impl Float for $t {
            #[inline(always)]
            fn finite(self) -> bool {
                self.is_finite()
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                <$t>::is_nan(self)
            }
            #[inline(always)]
            fn is_zero(self) -> bool {
                self == 0.0
            }
            #[inline(always)]
            fn apply(op: Op, a: $t, b: $t) -> $t {
                match op {
                    Op::Add => a + b,
                    Op::Sub => a - b,
                    Op::Mul => a * b,
                    Op::Div => a / b,
                    Op::Mod => a % b,
                }
            }
        }
    )*};
}
floats!(f32, f64);

fn floats<T: ArrowPrimitiveType<Native: Float>>(op: Op, args: &[Value], ty: SqlType, errors: &mut Errors) -> ArrayRef {
    let (a, b, nulls) = (side::<T>(&args[0]), side::<T>(&args[1]), nulls(args));
    let n = nulls.as_ref();
    if op == Op::Div {
        // NaN / 0 is NaN.
        let zero = |x: T::Native, y: T::Native| ((), y.is_zero() & !x.is_nan());
        match b {
            Side::One(y) if !y.is_zero() => {}
            _ => drop(checked2(a, b, n, errors, BY_ZERO, zero)),
        }
    }
    // One loop an operation: `op` is a constant in each. Which way it failed is looked at if any row did.
    macro_rules! run {
        ($op:expr, $underflow:expr) => {{
            let value = |x, y| T::Native::apply($op, x, y);
            let over = |x: T::Native, y: T::Native, r: T::Native| !r.finite() & x.finite() & y.finite();
            let under = |x: T::Native, y: T::Native, r: T::Native| r.is_zero() & $underflow(x, y);
            let mut flag = false;
            let values = map2_mut(a, b, |x, y| {
                let r = value(x, y);
                flag |= over(x, y, r) | under(x, y, r);
                r
            });
            if flag {
                checked2(a, b, n, errors, beyond(ty), |x, y| ((), over(x, y, value(x, y))));
                let underflow = ("22003", "value out of range: underflow");
                checked2(a, b, n, errors, underflow, |x, y| ((), under(x, y, value(x, y))));
            }
            values
        }};
    }
    let values = match op {
        Op::Add => run!(Op::Add, |_, _| false),
        Op::Sub => run!(Op::Sub, |_, _| false),
        Op::Mul => run!(Op::Mul, |x: T::Native, y: T::Native| !x.is_zero() & !y.is_zero()),
        Op::Div => run!(Op::Div, |x: T::Native, y: T::Native| !x.is_zero() & y.finite()),
        Op::Mod => run!(Op::Mod, |_, _| false),
    };
    column::<T>(values, nulls, &ty.arrow())
}

fn decimals(op: Op, a: SqlType, b: SqlType, ty: SqlType) -> Kernel {
    let of = |ty| match ty {
        SqlType::Decimal(p, s) => (p, s),
        other => panic!("a decimal, not {other}"),
    };
    let ((p, s), (q, r), (precision, scale)) = (of(a), of(b), of(ty));
    let out = ty.arrow();
    // Where no operands of these types can leave the result's type, nothing is checked.
    let safe = match op {
        Op::Add | Op::Sub => decimal::sum_type((p, s), (q, r)).0 < 38 && precision < 38,
        Op::Mul => p + q <= 38 && scale == s + r,
        Op::Div | Op::Mod => false,
    };
    let (up_a, up_b) = (POW10[scale.saturating_sub(s) as usize], POW10[scale.saturating_sub(r) as usize]);
    let down = (s + r).saturating_sub(scale);
    // a / 10^s / (b / 10^r) * 10^scale
    let up = scale + r - if op == Op::Div { s } else { scale + r };
    strict(ty, move |args, _, errors| {
        let (a, b, nulls) = (side::<Decimal128Type>(&args[0]), side::<Decimal128Type>(&args[1]), nulls(args));
        let n = nulls.as_ref();
        let check = |v: Option<i128>| match v {
            Some(v) if decimal::fits(v, precision) => (v, false),
            _ => (0, true),
        };
        let add = |x: i128, y: i128| x.wrapping_mul(up_a).wrapping_add(y.wrapping_mul(up_b));
        let sub = |x: i128, y: i128| x.wrapping_mul(up_a).wrapping_sub(y.wrapping_mul(up_b));
        let aligned = |x: i128, y: i128| Some((x.checked_mul(up_a)?, y.checked_mul(up_b)?));
        let values = match op {
            Op::Add if safe && up_a == up_b => map2(a, b, |x, y| x.wrapping_add(y)),
            Op::Sub if safe && up_a == up_b => map2(a, b, |x, y| x.wrapping_sub(y)),
            Op::Add if safe => map2(a, b, add),
            Op::Sub if safe => map2(a, b, sub),
            Op::Mul if safe => map2(a, b, |x: i128, y: i128| x.wrapping_mul(y)),
            Op::Add => {
                checked2(a, b, n, errors, beyond(ty), |x, y| check(aligned(x, y).and_then(|(x, y)| x.checked_add(y))))
            }
            Op::Sub => {
                checked2(a, b, n, errors, beyond(ty), |x, y| check(aligned(x, y).and_then(|(x, y)| x.checked_sub(y))))
            }
            Op::Mul => checked2(a, b, n, errors, beyond(ty), |x, y| check(decimal::mul_down(x, y, down))),
            Op::Div => {
                zeros(b, a, n, errors, |y| y == 0);
                checked2(a, b, n, errors, beyond(ty), |x, y| {
                    if y == 0 { (0, false) } else { check(decimal::div_up(x, y, up)) }
                })
            }
            Op::Mod => {
                zeros(b, a, n, errors, |y| y == 0);
                checked2(a, b, n, errors, beyond(ty), |x, y| match aligned(x, y) {
                    _ if y == 0 => (0, false),
                    Some((x, y)) => (x.wrapping_rem(y), false),
                    None => (0, true),
                })
            }
        };
        column::<Decimal128Type>(values, nulls, &out)
    })
}

fn negation(ty: SqlType) -> Kernel {
    fn run<T: ArrowPrimitiveType, F: Flag>(
        ty: SqlType,
        f: impl Fn(T::Native) -> (T::Native, F) + Copy + Send + Sync + 'static,
    ) -> Kernel {
        let out = ty.arrow();
        strict(ty, move |args, _, errors| {
            let nulls = nulls(args);
            column::<T>(checked(side::<T>(&args[0]), nulls.as_ref(), errors, beyond(ty), f), nulls, &out)
        })
    }
    match ty {
        SqlType::SmallInt => run::<Int16Type, _>(ty, |v| 0.sub(v)),
        SqlType::Int => run::<Int32Type, _>(ty, |v| 0.sub(v)),
        SqlType::BigInt => run::<Int64Type, _>(ty, |v| 0.sub(v)),
        SqlType::Real => run::<Float32Type, _>(ty, |v| (-v, false)),
        SqlType::Decimal(..) => run::<Decimal128Type, _>(ty, |v| (v.wrapping_neg(), false)),
        SqlType::Interval => temporal::negation(),
        _ => run::<Float64Type, _>(ty, |v| (-v, false)),
    }
}
