//! IN: whether a value is among others.
//!
//! Constants of the list are put in a table once, when the kernel is prepared.

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_buffer::{BooleanBuffer, IntervalMonthDayNano, NullBuffer};
use deltaq_circuit::keys::{hash_bytes, hash_fixed};

use crate::arrays::{Values, View, normal_f32, normal_f64};
use crate::expr::Expr;
use crate::functions::comparison::{Op, comparison};
use crate::functions::kernel::{booleans, nulls, pack, strict};
use crate::functions::resolve::{any_nullable, as_is, common, count, signature};
use crate::functions::same_text::{Constant, equal_any};
use crate::functions::{Function, Kernel, Syntax, get, interval};
use crate::scalar::Scalar;
use crate::types::SqlType;
use crate::value::Value;

/// `IN`.
pub const FUNCTIONS: &[Function] = &[Function {
    name: "in",
    aliases: &[],
    syntax: Syntax::Special,
    family: "comparison",
    usage: "x IN (a, b, …) → boolean, x NOT IN (…)",
    doc: "True if `x` equals one of the list; NULL if it equals none but `x` or one of the list is NULL.",
    examples: &[
        ("2 IN (1, 2, NULL)", "true"),
        ("3 IN (1, 2, NULL)", "NULL"),
        ("3 NOT IN (1, 2)", "true"),
        ("1 IN (1, 1 / 0)", "true"),
    ],
    resolve: |args| {
        count(args, 2, usize::MAX)?;
        let ty = common(args, "IN")?;
        // Blanks at the end of a constant do not count beside CHAR.
        let is_padded = |ty| matches!(ty, SqlType::Text { padded: true, .. });
        let ty = if is_padded(args[0].ty) || is_padded(ty) { SqlType::Text { max: None, padded: true } } else { ty };
        signature(args.iter().map(|a| as_is(a, ty)).collect::<Vec<_>>(), SqlType::Boolean)
    },
    nullable: any_nullable,
    prepare,
}];

fn prepare(args: &[Expr], _: SqlType) -> Kernel {
    let ty = args[0].ty();
    let constants: Vec<&Scalar> =
        args[1..].iter().filter_map(|a| if let Expr::Literal { value, .. } = a { Some(value) } else { None }).collect();
    let has_null = constants.iter().any(|c| **c == Scalar::Null);
    let known: Vec<Scalar> = constants.into_iter().filter(|c| **c != Scalar::Null).cloned().collect();
    let in_table = table(&known, ty, has_null);
    let others: Vec<(usize, Kernel)> = (args.iter().enumerate().skip(1))
        .filter(|(_, a)| !matches!(a, Expr::Literal { .. }))
        .map(|(index, a)| (index, comparison(&[args[0].clone(), a.clone()], Op::Eq)))
        .collect();
    if others.is_empty() {
        return Box::new(move |args, rows| in_table(&args[..1], rows));
    }
    let any: Kernel = (get("or").prepare)(&[], SqlType::Boolean);
    Box::new(move |args, rows| {
        let first = in_table(&args[..1], rows);
        let mut results = vec![first];
        results.extend(others.iter().map(|(index, equal)| equal(&[args[0].clone(), args[*index].clone()], rows)));
        any(&results, rows)
    })
}

/// Up to this many constants are compared one by one.
const FEW: usize = 6;

/// Whether each value of a column is in a set.
type Find = Box<dyn Fn(&Value, usize) -> BooleanBuffer + Send + Sync>;

fn table(constants: &[Scalar], ty: SqlType, has_null: bool) -> Kernel {
    let find = finder(constants, ty);
    strict(SqlType::Boolean, move |args, rows, _| -> ArrayRef {
        let found = find(&args[0], rows);
        let mut nulls = nulls(args);
        if has_null {
            // Not found among the others: perhaps it is the NULL.
            nulls = NullBuffer::union(nulls.as_ref(), Some(&NullBuffer::new(found.clone())));
        }
        booleans(found, nulls)
    })
}

fn finder(constants: &[Scalar], ty: SqlType) -> Find {
    let array_of = |v: &Value| Arc::clone(&v.array);
    macro_rules! numbers {
        ($values:ident, $t:ty) => {{
            let bits = |c: &Scalar| {
                let array = c.to_array(ty);
                match View::of(&array) {
                    View { values: Values::$values(v), float, .. } => normal(v[0], float),
                    _ => panic!("a constant of type {ty}"),
                }
            };
            let list: Vec<$t> = constants.iter().map(bits).collect();
            let set: Set<$t> = list.iter().copied().collect();
            return Box::new(move |v, _| {
                let array = array_of(v);
                match View::of(&array) {
                    View { values: Values::$values(v), float: false, .. } if list.len() <= FEW => {
                        pack(v, |v| list.iter().fold(false, |found, c| found | (*c == v)))
                    }
                    View { values: Values::$values(v), float, .. } => pack(v, |v| set.contains(&normal(v, float))),
                    _ => panic!("a column of type {ty}"),
                }
            });
        }};
    }
    match ty {
        SqlType::SmallInt => numbers!(W2, u16),
        SqlType::Int | SqlType::Date | SqlType::Real => numbers!(W4, u32),
        SqlType::BigInt | SqlType::Time | SqlType::Timestamp | SqlType::TimestampTz | SqlType::Double => {
            numbers!(W8, u64)
        }
        SqlType::Decimal(..) | SqlType::Uuid => numbers!(W16, [u8; 16]),
        SqlType::Boolean => {
            let has = |v| constants.contains(&Scalar::Boolean(v));
            let (yes, no) = (has(true), has(false));
            Box::new(move |v, rows| {
                let values = v.array.as_boolean().values();
                BooleanBuffer::collect_bool(rows, |row| if values.value(row) { yes } else { no })
            })
        }
        SqlType::Interval => {
            let of = |c: &Scalar| match c {
                Scalar::Interval { months, days, nanos } => {
                    interval::length(IntervalMonthDayNano::new(*months, *days, *nanos))
                }
                other => panic!("an interval, not {other:?}"),
            };
            let set: Set<i128> = constants.iter().map(of).collect();
            Box::new(move |v, _| {
                pack(v.array.as_primitive::<IntervalMonthDayNanoType>().values(), |v| {
                    set.contains(&interval::length(v))
                })
            })
        }
        SqlType::Null | SqlType::Text { .. } | SqlType::Bytea => {
            let bytes = |c: &Scalar| match c {
                Scalar::Text(text) => text.clone().into_bytes(),
                Scalar::Bytea(bytes) => bytes.clone(),
                other => panic!("a text, not {other:?}"),
            };
            let list: Vec<Vec<u8>> = constants.iter().map(bytes).collect();
            let set: Set<Vec<u8>> = list.iter().cloned().collect();
            Box::new(move |v, rows| {
                let Values::Var(offsets, data) = View::of(&v.array).values else { panic!("a column of texts") };
                let value = |row| crate::arrays::var(offsets, data, row);
                if list.len() <= FEW {
                    let constants: Vec<Constant> = list.iter().map(|c| Constant::new(c)).collect();
                    return equal_any(offsets, data, &constants);
                }
                BooleanBuffer::collect_bool(rows, |row| set.contains(value(row)))
            })
        }
    }
}

/// The same bits for floats that are equal.
trait Bits: Copy {
    fn normal(self) -> Self;
}

fn normal<T: Bits>(bits: T, float: bool) -> T {
    if float { bits.normal() } else { bits }
}

impl Bits for u16 {
    fn normal(self) -> u16 {
        self
    }
}

impl Bits for u32 {
    fn normal(self) -> u32 {
        normal_f32(self)
    }
}

impl Bits for u64 {
    fn normal(self) -> u64 {
        normal_f64(self)
    }
}

impl Bits for [u8; 16] {
    fn normal(self) -> [u8; 16] {
        self
    }
}

type Set<T> = hashbrown::HashSet<T, BuildHasherDefault<KeyHasher>>;

/// The engine's hash of keys.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= hash_bytes(bytes);
    }
    fn write_u16(&mut self, value: u16) {
        self.0 = hash_fixed(value as u128);
    }
    fn write_u32(&mut self, value: u32) {
        self.0 = hash_fixed(value as u128);
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = hash_fixed(value as u128);
    }
    fn write_u128(&mut self, value: u128) {
        self.0 = hash_fixed(value);
    }
    fn write_usize(&mut self, _: usize) {}
}
