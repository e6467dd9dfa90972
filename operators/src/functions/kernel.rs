//! What kernels are built of: typed loops over whole columns, null masks, and the one wrapper that passes on errors.
//!
//! A kernel looks at types and constants once, when it is prepared; per batch it picks one of a few monomorphic loops
//! and never decides anything per row that does not differ per row. What stands at the place of a NULL or of an error
//! is arbitrary, so loops compute there too; an overflow there is none.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_schema::DataType;

use crate::arrays;
use crate::expr::Expr;
use crate::functions::Kernel;
use crate::scalar::Scalar;
use crate::types::SqlType;
use crate::value::{Errors, Value};

/// A kernel of a function that is strict: NULL if an argument is, failed where an argument is. `f` gets no constant
/// that is NULL, and yields a column of type `ty` of as many rows as it is told; all arguments constant: one.
pub fn strict(ty: SqlType, f: impl Fn(&[Value], usize, &mut Errors) -> ArrayRef + Send + Sync + 'static) -> Kernel {
    Box::new(move |args, rows| {
        let constant = !args.is_empty() && args.iter().all(|a| a.constant);
        let rows = if constant { 1 } else { rows };
        let mut errors = inherited(args, rows);
        let array = if args.iter().any(|a| a.constant && (a.array.is_null(0) || !a.errors.is_empty())) {
            arrays::nulls(&ty.arrow(), rows)
        } else {
            f(args, rows, &mut errors)
        };
        Value { array, constant, errors }
    })
}

/// The errors of all arguments, the first of a row.
pub fn inherited(args: &[Value], rows: usize) -> Errors {
    let mut errors = Errors::none();
    for arg in args.iter().filter(|a| !a.errors.is_empty()) {
        match (arg.constant, arg.errors.get(0)) {
            (true, Some(error)) => (0..rows).for_each(|row| errors.set(row, error.code, error.message.clone())),
            _ => errors.merge(&arg.errors),
        }
    }
    errors
}

/// A kernel of a function that is not strict: `f` sees arguments as they are. All arguments constant: one row.
pub fn lenient(f: impl Fn(&[Value], usize) -> (ArrayRef, Errors) + Send + Sync + 'static) -> Kernel {
    Box::new(move |args, rows| {
        let constant = !args.is_empty() && args.iter().all(|a| a.constant);
        let (array, errors) = f(args, if constant { 1 } else { rows });
        Value { array, constant, errors }
    })
}

/// Where a result of `args` is NULL: where one of the columns is (constants are not, see [`strict`]).
pub fn nulls(args: &[Value]) -> Option<NullBuffer> {
    let mut nulls: Option<NullBuffer> = None;
    for arg in args.iter().filter(|a| !a.constant) {
        if let Some(own) = arg.array.nulls().filter(|n| n.null_count() > 0) {
            nulls = match nulls {
                None => Some(own.clone()),
                some => NullBuffer::union(some.as_ref(), Some(own)),
            };
        }
    }
    nulls
}

/// One side of a loop.
#[derive(Clone, Copy)]
pub enum Side<'a, T> {
    /// A value a row.
    Each(&'a [T]),
    /// The same value for all.
    One(T),
}

/// The values of an argument whose column is of type `T`.
pub fn side<T: ArrowPrimitiveType>(value: &Value) -> Side<'_, T::Native> {
    let values = value.array.as_primitive::<T>().values();
    if value.constant { Side::One(values[0]) } else { Side::Each(values) }
}

/// The column of `values`, of type `data_type`.
pub fn column<T: ArrowPrimitiveType>(
    values: Vec<T::Native>,
    nulls: Option<NullBuffer>,
    data_type: &DataType,
) -> ArrayRef {
    let array = PrimitiveArray::<T>::new(values.into(), nulls);
    Arc::new(if T::DATA_TYPE == *data_type { array } else { array.with_data_type(data_type.clone()) })
}

/// The column of these booleans.
pub fn booleans(bits: BooleanBuffer, nulls: Option<NullBuffer>) -> ArrayRef {
    Arc::new(BooleanArray::new(bits, nulls))
}

/// Gathers whether any row of a loop failed; loops test it once, at their end.
pub trait Flag: Copy + Default {
    /// Either.
    fn or(self, other: Self) -> Self;
    /// Whether one failed.
    fn is_set(self) -> bool;
}

impl Flag for bool {
    #[inline(always)]
    fn or(self, other: bool) -> bool {
        self | other
    }
    #[inline(always)]
    fn is_set(self) -> bool {
        self
    }
}

/// An integer as a flag: set if negative, as the sign bit of an overflow formula is.
macro_rules! sign_flags {
    ($($t:ty),*) => {$(
        impl Flag for $t {
            #[inline(always)]
            fn or(self, other: $t) -> $t {
                self | other
            }
            #[inline(always)]
            fn is_set(self) -> bool {
                self < 0
            }
        }
    )*};
}
sign_flags!(i16, i32, i64, i128);

/// `f` of each value.
#[inline]
pub fn map<A: Copy, O>(a: Side<A>, f: impl Fn(A) -> O) -> Vec<O> {
    match a {
        Side::Each(a) => a.iter().map(|&x| f(x)).collect(),
        Side::One(a) => vec![f(a)],
    }
}

/// `f` of each pair of values.
#[inline]
pub fn map2<A: Copy, B: Copy, O>(a: Side<A>, b: Side<B>, f: impl Fn(A, B) -> O) -> Vec<O> {
    map2_mut(a, b, f)
}

/// As [`map2`], of a closure that gathers something on the way.
#[inline(always)]
pub fn map2_mut<A: Copy, B: Copy, O>(a: Side<A>, b: Side<B>, mut f: impl FnMut(A, B) -> O) -> Vec<O> {
    match (a, b) {
        (Side::Each(a), Side::Each(b)) => a.iter().zip(b).map(|(&x, &y)| f(x, y)).collect(),
        (Side::Each(a), Side::One(y)) => a.iter().map(|&x| f(x, y)).collect(),
        (Side::One(x), Side::Each(b)) => b.iter().map(|&y| f(x, y)).collect(),
        (Side::One(x), Side::One(y)) => vec![f(x, y)],
    }
}

/// `f` of each value; rows that it flags fail with `error`, unless they are NULL.
#[inline]
pub fn checked<A: Copy, O, F: Flag>(
    a: Side<A>,
    nulls: Option<&NullBuffer>,
    errors: &mut Errors,
    error: (&'static str, &str),
    f: impl Fn(A) -> (O, F),
) -> Vec<O> {
    let mut flag = F::default();
    let out = map_mut(a, |x| {
        let (value, bad) = f(x);
        flag = flag.or(bad);
        value
    });
    if flag.is_set() {
        note(out.len(), nulls, errors, error, |row| f(at(a, row)).1.is_set());
    }
    out
}

#[inline(always)]
fn map_mut<A: Copy, O>(a: Side<A>, mut f: impl FnMut(A) -> O) -> Vec<O> {
    match a {
        Side::Each(a) => a.iter().map(|&x| f(x)).collect(),
        Side::One(a) => vec![f(a)],
    }
}

/// `f` of each pair of values; rows that it flags fail with `error`, unless they are NULL.
#[inline]
pub fn checked2<A: Copy, B: Copy, O, F: Flag>(
    a: Side<A>,
    b: Side<B>,
    nulls: Option<&NullBuffer>,
    errors: &mut Errors,
    error: (&'static str, &str),
    f: impl Fn(A, B) -> (O, F),
) -> Vec<O> {
    let mut flag = F::default();
    let out = map2_mut(a, b, |x, y| {
        let (value, bad) = f(x, y);
        flag = flag.or(bad);
        value
    });
    if flag.is_set() {
        note(out.len(), nulls, errors, error, |row| f(at(a, row), at(b, row)).1.is_set());
    }
    out
}

#[cold]
fn note(
    rows: usize,
    nulls: Option<&NullBuffer>,
    errors: &mut Errors,
    (code, message): (&'static str, &str),
    bad: impl Fn(usize) -> bool,
) {
    for row in 0..rows {
        if bad(row) && nulls.is_none_or(|n| n.is_valid(row)) {
            errors.set(row, code, message);
        }
    }
}

/// The bits of `f` of each value.
#[inline]
pub fn pack<A: Copy>(a: &[A], f: impl Fn(A) -> bool) -> BooleanBuffer {
    let mut words: Vec<u64> = Vec::with_capacity(a.len().div_ceil(64));
    let (chunks, rest) = a.as_chunks::<64>();
    for chunk in chunks {
        let mut bools = [0u8; 64];
        for (to, &x) in bools.iter_mut().zip(chunk) {
            *to = f(x) as u8;
        }
        words.push(squeeze(&bools));
    }
    if !rest.is_empty() {
        words.push(rest.iter().enumerate().fold(0, |word, (i, &x)| word | (f(x) as u64) << i));
    }
    BooleanBuffer::new(Buffer::from_vec(words), 0, a.len())
}

/// The bits of `f` of each pair of values.
#[inline]
pub fn pack2<A: Copy, B: Copy>(a: Side<A>, b: Side<B>, f: impl Fn(A, B) -> bool) -> BooleanBuffer {
    let (a, b) = match (a, b) {
        (Side::Each(a), Side::One(y)) => return pack(a, |x| f(x, y)),
        (Side::One(x), Side::Each(b)) => return pack(b, |y| f(x, y)),
        (Side::One(x), Side::One(y)) => return BooleanBuffer::collect_bool(1, |_| f(x, y)),
        (Side::Each(a), Side::Each(b)) => (a, b),
    };
    let mut words: Vec<u64> = Vec::with_capacity(a.len().div_ceil(64));
    let ((chunks, rest), (others, other_rest)) = (a.as_chunks::<64>(), b.as_chunks::<64>());
    for (chunk, other) in chunks.iter().zip(others) {
        let mut bools = [0u8; 64];
        for ((to, &x), &y) in bools.iter_mut().zip(chunk).zip(other) {
            *to = f(x, y) as u8;
        }
        words.push(squeeze(&bools));
    }
    if !rest.is_empty() {
        let bits = rest.iter().zip(other_rest).enumerate();
        words.push(bits.fold(0, |word, (i, (&x, &y))| word | (f(x, y) as u64) << i));
    }
    BooleanBuffer::new(Buffer::from_vec(words), 0, a.len())
}

/// 64 bytes of 0 or 1 as 64 bits. The multiplication moves the lowest bits of eight bytes into the highest byte.
#[inline(always)]
fn squeeze(bools: &[u8; 64]) -> u64 {
    let mut word = 0;
    for (i, eight) in bools.as_chunks::<8>().0.iter().enumerate() {
        word |= (u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * i);
    }
    word
}

/// The value of a constant argument; None for columns, and for NULL.
pub fn constant(arg: &Expr) -> Option<&Scalar> {
    match arg {
        Expr::Literal { value, .. } if *value != Scalar::Null => Some(value),
        _ => None,
    }
}

/// The text of a constant argument.
pub fn constant_text(arg: &Expr) -> Option<&str> {
    match constant(arg) {
        Some(Scalar::Text(text)) => Some(text),
        _ => None,
    }
}

/// Text values of an argument.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    array: &'a StringArray,
    constant: bool,
}

impl<'a> Texts<'a> {
    /// The text of `row`.
    #[inline]
    pub fn get(&self, row: usize) -> &'a str {
        self.array.value(if self.constant { 0 } else { row })
    }
}

/// The texts of an argument.
pub fn texts(value: &Value) -> Texts<'_> {
    Texts { array: value.array.as_string::<i32>(), constant: value.constant }
}

/// A native value of a row of an argument.
#[inline]
pub fn at<T: Copy>(side: Side<T>, row: usize) -> T {
    match side {
        Side::Each(values) => values[row],
        Side::One(value) => value,
    }
}
