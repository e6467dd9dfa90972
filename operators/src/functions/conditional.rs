//! CASE, COALESCE, NULLIF, GREATEST: which of several values a row takes; how many of them are NULL.
//!
//! All arguments are computed for all rows; the errors of those a row does not take are dropped.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::*;
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_schema::DataType;

use crate::arrays::{self, Values, View};
use crate::expr::Expr;
use crate::functions::comparison::{Op, comparison};
use crate::functions::kernel::{inherited, lenient};
use crate::functions::numbers::name;
use crate::functions::resolve::{
    all_nullable, always_nullable, as_is, common, count, is_unknown, never_nullable, signature,
};
use crate::functions::spans::{Part, chosen};
use crate::functions::{Arg, Function, Kernel, Signature, Syntax, get};
use crate::types::SqlType;
use crate::value::{Errors, Value};

const FAMILY: &str = "conditional";

/// The conditional functions.
pub const FUNCTIONS: &[Function] = &[
    Function {
        name: "case",
        aliases: &[],
        syntax: Syntax::Special,
        family: FAMILY,
        usage: "CASE WHEN condition THEN value … [ELSE value] END, CASE x WHEN y THEN value … END",
        doc: "The value beside the first condition that is true; ELSE's otherwise, or NULL. Branches not taken never fail.",
        examples: &[
            ("CASE WHEN 1 > 2 THEN 'a' WHEN 2 > 1 THEN 'b' END", "b"),
            ("CASE 3 WHEN 1 THEN 'one' ELSE 'many' END", "many"),
            ("CASE WHEN true THEN 1 ELSE 1 / 0 END", "1"),
            ("CASE WHEN NULL THEN 1 END", "NULL"),
        ],
        resolve: |args| {
            count(args, 2, usize::MAX)?;
            let branches = args.len() / 2;
            if let Some(bad) = (0..branches).map(|b| &args[2 * b]).find(|a| a.ty != SqlType::Boolean && !is_unknown(a))
            {
                return Err(format!("argument of CASE/WHEN must be type boolean, not type {}", name(bad.ty)));
            }
            let values: Vec<Arg> =
                args.iter().enumerate().filter(|(i, _)| is_value(*i, args.len())).map(|(_, a)| *a).collect();
            let ty = common(&values, "CASE")?;
            let params: Vec<SqlType> = (args.iter().enumerate())
                .map(|(i, a)| if is_value(i, args.len()) { as_is(a, ty) } else { SqlType::Boolean })
                .collect();
            signature(params, ty)
        },
        nullable: |args| {
            args.len() % 2 == 0 || args.iter().enumerate().any(|(i, a)| is_value(i, args.len()) && a.nullable())
        },
        prepare: |_, ty| {
            let data_type = ty.arrow();
            Box::new(move |args, rows| case(args, rows, &data_type))
        },
    },
    Function {
        name: "coalesce",
        aliases: &["ifnull", "nvl"],
        syntax: Syntax::Call,
        family: FAMILY,
        usage: "coalesce(a, b, …) → the type they have in common",
        doc: "The first argument that is not NULL. Arguments after it never fail.",
        examples: &[("coalesce(NULL, 2, 1 / 0)", "2"), ("coalesce(NULL, NULL)", "NULL")],
        resolve: |args| {
            count(args, 1, usize::MAX)?;
            let ty = common(args, "COALESCE")?;
            signature(args.iter().map(|a| as_is(a, ty)).collect::<Vec<_>>(), ty)
        },
        nullable: all_nullable,
        prepare: |_, ty| {
            let data_type = ty.arrow();
            Box::new(move |args, rows| coalesce(args, rows, &data_type))
        },
    },
    Function {
        name: "nullif",
        aliases: &[],
        syntax: Syntax::Call,
        family: FAMILY,
        usage: "nullif(a, b) → the type of a",
        doc: "NULL if `a = b`, else `a`.",
        examples: &[("nullif(1, 1)", "NULL"), ("nullif(1, 2)", "1"), ("nullif('', '')", "NULL")],
        resolve: |args| {
            let Signature { params, .. } = (get("eq").resolve)(args)?;
            let result = params[0];
            Ok(Signature { params, result })
        },
        nullable: always_nullable,
        prepare: |args, _| {
            let equal = comparison(args, Op::Eq);
            Box::new(move |args, rows| {
                let same = equal(args, rows);
                let rows = if same.constant { 1 } else { rows };
                let equal = same.array.as_boolean();
                let (column, _) = args[0].clone().into_column(rows);
                let differ = match equal.nulls() {
                    None => !equal.values(),
                    Some(nulls) => !&(equal.values() & nulls.inner()),
                };
                let nulls = NullBuffer::union(column.nulls(), Some(&NullBuffer::new(differ)));
                Value { array: with_nulls(&column, nulls), constant: same.constant, errors: same.errors }
            })
        },
    },
    Function {
        name: "only_row",
        aliases: &[],
        syntax: Syntax::Special,
        family: FAMILY,
        usage: "(none: the value of a scalar subquery)",
        doc: "`value`, where `count`, the rows it was taken from, is at most 1. More rows: error 21000.",
        examples: &[],
        resolve: |args| {
            count(args, 2, 2)?;
            signature([args[0].ty, SqlType::BigInt], args[0].ty)
        },
        nullable: always_nullable,
        prepare: |_, _| Box::new(only_row),
    },
    number_of(
        "num_nulls",
        "num_nulls(a, b, …) → integer",
        "How many arguments are NULL.",
        &[("num_nulls(1, NULL, 2)", "1")],
        |_, _| counting(true),
    ),
    number_of(
        "num_nonnulls",
        "num_nonnulls(a, b, …) → integer",
        "How many arguments are not NULL.",
        &[("num_nonnulls(1, NULL, 2)", "2")],
        |_, _| counting(false),
    ),
    extreme(
        "greatest",
        "greatest(a, b, …) → the type they have in common",
        "The largest; NULLs do not count. NULL if all are.",
        &[("greatest(1, 3, 2)", "3"), ("greatest(1, NULL)", "1")],
        |args, ty| extremum(args, ty, Op::Gt),
    ),
    extreme(
        "least",
        "least(a, b, …) → the type they have in common",
        "The smallest; NULLs do not count. NULL if all are.",
        &[("least('b', 'a')", "a")],
        |args, ty| extremum(args, ty, Op::Lt),
    ),
];

/// How many arguments are NULL, or are not.
const fn number_of(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    prepare: fn(&[Expr], SqlType) -> Kernel,
) -> Function {
    Function {
        name,
        aliases: &[],
        syntax: Syntax::Call,
        family: FAMILY,
        usage,
        doc,
        examples,
        resolve: |args| {
            count(args, 1, usize::MAX)?;
            signature(args.iter().map(|a| a.ty).collect::<Vec<_>>(), SqlType::Int)
        },
        nullable: never_nullable,
        prepare,
    }
}

fn counting(nulls: bool) -> Kernel {
    lenient(move |args, rows| {
        let is_counted = |arg: &Value, row: usize| arg.array.is_null(arg.at(row)) == nulls;
        let count = |row: usize| args.iter().filter(|arg| is_counted(arg, row)).count() as i32;
        (Arc::new(Int32Array::from_iter_values((0..rows).map(count))), inherited(args, rows))
    })
}

const fn extreme(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    prepare: fn(&[Expr], SqlType) -> Kernel,
) -> Function {
    Function {
        name,
        aliases: &[],
        syntax: Syntax::Call,
        family: "conditional",
        usage,
        doc,
        examples,
        resolve: |args| {
            count(args, 1, usize::MAX)?;
            let ty = common(args, "GREATEST and LEAST")?;
            signature(vec![ty; args.len()], ty)
        },
        nullable: all_nullable,
        prepare,
    }
}

fn only_row(args: &[Value], rows: usize) -> Value {
    let constant = args.iter().all(|a| a.constant);
    let rows = if constant { 1 } else { rows };
    let mut errors = inherited(args, rows);
    let counts = args[1].array.as_primitive::<arrow_array::types::Int64Type>();
    for row in 0..rows {
        let at = args[1].at(row);
        if counts.is_valid(at) && counts.value(at) > 1 {
            errors.set(row, "21000", "more than one row returned by a subquery used as an expression");
        }
    }
    let array = if constant { Arc::clone(&args[0].array) } else { args[0].clone().into_column(rows).0 };
    Value { array, constant, errors }
}

/// Whether argument `index` of a CASE is a value and not a condition.
fn is_value(index: usize, len: usize) -> bool {
    index % 2 == 1 || index + 1 == len
}

/// The same values with other NULLs.
pub fn with_nulls(array: &ArrayRef, nulls: Option<NullBuffer>) -> ArrayRef {
    let data = array.to_data().into_builder().nulls(nulls).build();
    make_array(data.unwrap_or_else(|error| panic!("NULLs of the same length: {error}")))
}

fn case(args: &[Value], rows: usize, ty: &DataType) -> Value {
    let constant = args.iter().all(|a| a.constant);
    let rows = if constant { 1 } else { rows };
    if rows == 1 {
        return one_case(args, ty, constant);
    }
    let branches = args.len() / 2;
    let otherwise = (args.len() % 2 == 1).then(|| args.len() - 1);
    let mut errors = Errors::none();
    let mut choice = vec![otherwise.map_or(NONE, |o| o as u32); rows];
    let mut undecided = BooleanBuffer::new_set(rows);
    for branch in 0..branches {
        let condition = &args[2 * branch];
        let mut taken = BooleanBuffer::new_unset(rows);
        let value = condition.array.as_boolean();
        if condition.constant {
            if let Some(error) = condition.errors.get(0) {
                undecided.set_indices().for_each(|row| fail(&mut choice, &mut errors, row, error));
                break;
            }
            if value.is_valid(0) && value.value(0) {
                taken = undecided.clone();
            }
        } else {
            taken = &undecided & value.values();
            if let Some(nulls) = value.nulls() {
                taken = &taken & nulls.inner();
            }
            if !condition.errors.is_empty() {
                let open = |row| undecided.value(row) && condition.errors.get(row).is_none();
                let still = BooleanBuffer::collect_bool(rows, open);
                for (row, error) in condition.errors.iter().filter(|(row, _)| undecided.value(*row)) {
                    fail(&mut choice, &mut errors, row, error);
                }
                taken = &taken & &still;
                undecided = still;
            }
        }
        taken.set_indices().for_each(|row| choice[row] = 2 * branch as u32 + 1);
        undecided = &undecided & &!&taken;
        if undecided.count_set_bits() == 0 {
            break;
        }
    }
    Value { array: choose(args, &choice, ty, &mut errors), constant, errors }
}

/// CASE of one row: the value taken is the result as it stands.
fn one_case(args: &[Value], ty: &DataType, constant: bool) -> Value {
    for branch in args.chunks(2) {
        let [condition, value] = branch else { return Value { constant, ..branch[0].clone() } };
        if !condition.errors.is_empty() {
            return Value { array: arrays::nulls(ty, 1), constant, errors: condition.errors.clone() };
        }
        let test = condition.array.as_boolean();
        if test.is_valid(0) && test.value(0) {
            return Value { constant, ..value.clone() };
        }
    }
    Value { array: arrays::nulls(ty, 1), constant, errors: Errors::none() }
}

fn fail(choice: &mut [u32], errors: &mut Errors, row: usize, error: &crate::value::EvalError) {
    errors.set(row, error.code, error.message.clone());
    choice[row] = NONE;
}

fn coalesce(args: &[Value], rows: usize, ty: &DataType) -> Value {
    let constant = args.iter().all(|a| a.constant);
    let rows = if constant { 1 } else { rows };
    if let [first, ..] = args
        && !first.constant
        && first.array.null_count() == 0
        && first.array.data_type() == ty
    {
        // Nothing is left to the others, but where the first failed.
        return first.clone();
    }
    if rows == 1 {
        let takes = |a: &&Value| a.array.is_valid(0) || !a.errors.is_empty();
        let taken = args.iter().find(takes).or(args.last());
        return Value { constant, ..taken.unwrap_or_else(|| panic!("COALESCE of no arguments")).clone() };
    }
    // From the last argument to the first: the first that has a value, or failed, is written last.
    let mut choice = vec![NONE; rows];
    for (index, arg) in args.iter().enumerate().rev() {
        let index = index as u32;
        match arg.array.nulls() {
            _ if arg.constant => {
                if arg.array.is_valid(0) || !arg.errors.is_empty() {
                    choice.fill(index);
                }
            }
            None => choice.fill(index),
            Some(nulls) => {
                nulls.inner().set_indices().for_each(|row| choice[row] = index);
                arg.errors.iter().for_each(|(row, _)| choice[row] = index);
            }
        }
    }
    let mut errors = Errors::none();
    Value { array: choose(args, &choice, ty, &mut errors), constant, errors }
}

/// The choice of no argument: NULL.
pub const NONE: u32 = u32::MAX;

/// A column that takes row `i` of argument `choice[i]`, with its error.
pub fn choose(args: &[Value], choice: &[u32], ty: &DataType, errors: &mut Errors) -> ArrayRef {
    if args.iter().any(|a| !a.errors.is_empty()) {
        let all = inherited_by_arg(args, choice);
        errors.merge(&all);
    }
    let rows = choice.len();
    let taken = |row: usize| (choice[row] != NONE).then(|| &args[choice[row] as usize]);
    let any_null = choice.contains(&NONE) || args.iter().any(|a| a.array.null_count() > 0);
    let nulls = any_null
        .then(|| {
            let nulls: Vec<Option<&NullBuffer>> = args.iter().map(|a| a.array.nulls()).collect();
            let valid = |row: usize, index: u32| match nulls.get(index as usize) {
                Some(Some(nulls)) => nulls.is_valid(args[index as usize].at(row)),
                Some(None) => true,
                None => false,
            };
            NullBuffer::new(BooleanBuffer::collect_bool(rows, |row| valid(row, choice[row])))
        })
        .filter(|n| n.null_count() > 0);
    match ty {
        DataType::Boolean => {
            let values: Vec<Option<&BooleanArray>> = args.iter().map(|a| a.array.as_boolean_opt()).collect();
            let bit = |row: usize| {
                taken(row).is_some_and(|a| values[choice[row] as usize].is_some_and(|v| v.value(a.at(row))))
            };
            Arc::new(BooleanArray::new(BooleanBuffer::collect_bool(rows, bit), nulls))
        }
        DataType::Utf8 | DataType::Binary => {
            fn part(arg: &Value) -> Part<'_> {
                match View::of(&arg.array).values {
                    Values::Var(offsets, bytes) => Part { offsets, bytes, stride: usize::from(!arg.constant) },
                    // A condition: it is never chosen.
                    _ => Part { offsets: &[], bytes: &[], stride: 0 },
                }
            }
            let parts: Vec<Part> = args.iter().map(part).collect();
            let (offsets, data) = chosen(&parts, choice);
            arrays::variable(ty, offsets, data, nulls)
        }
        _ => {
            // Conditions stand among the values too: they are bits, and never chosen.
            let buffer: Buffer = match arrays::width(ty) {
                Some(2) => pick(args, choice, |v| if let Values::W2(v) = v { v } else { &[] }).into(),
                Some(4) => pick(args, choice, |v| if let Values::W4(v) = v { v } else { &[] }).into(),
                Some(8) => pick(args, choice, |v| if let Values::W8(v) = v { v } else { &[] }).into(),
                _ => {
                    let values = pick(args, choice, |v| if let Values::W16(v) = v { v } else { &[] });
                    Buffer::from_vec(values.into_iter().map(i128::from_le_bytes).collect::<Vec<i128>>())
                }
            };
            arrays::fixed(ty, buffer, nulls)
        }
    }
}

fn pick<T: Copy + Default>(args: &[Value], choice: &[u32], slice: impl Fn(Values) -> &[T]) -> Vec<T> {
    let sources: Vec<(&[T], usize)> =
        args.iter().map(|a| (slice(View::of(&a.array).values), if a.constant { 0 } else { 1 })).collect();
    let value = |(row, &index): (usize, &u32)| match sources.get(index as usize) {
        Some((values, stride)) => values[row * stride],
        None => T::default(),
    };
    choice.iter().enumerate().map(value).collect()
}

/// The errors of the arguments that rows take.
fn inherited_by_arg(args: &[Value], choice: &[u32]) -> Errors {
    let mut errors = Errors::none();
    for (index, arg) in args.iter().enumerate().filter(|(_, a)| !a.errors.is_empty()) {
        let mut own = inherited(std::slice::from_ref(arg), choice.len());
        own.retain(|row| choice[row] == index as u32);
        errors.merge(&own);
    }
    errors
}

/// The argument for which `op` holds against all others; NULLs do not take part.
fn extremum(args: &[Expr], ty: SqlType, op: Op) -> Kernel {
    let better = comparison(&[args[0].clone(), args[0].clone()], op);
    let data_type = ty.arrow();
    Box::new(move |args, rows| {
        let constant = args.iter().all(|a| a.constant);
        let rows = if constant { 1 } else { rows };
        let errors = inherited(args, rows);
        let plain = |v: &Value| Value { errors: Errors::none(), ..v.clone() };
        let mut best = plain(&args[0]);
        for next in &args[1..] {
            let pair = [plain(next), best];
            let wins = better(&pair, rows);
            let wins_at = wins.array.as_boolean();
            let valid = |v: &Value, row: usize| v.array.is_valid(v.at(row));
            let choice: Vec<u32> = (0..rows)
                .map(|row| match (valid(&pair[0], row), valid(&pair[1], row)) {
                    (true, true) => !wins_at.value(wins.at(row)) as u32,
                    (true, false) => 0,
                    (false, true) => 1,
                    (false, false) => NONE,
                })
                .collect();
            let array: ArrayRef = choose(&pair, &choice, &data_type, &mut Errors::none());
            best = Value { array, constant, errors: Errors::none() };
        }
        Value { errors, ..best }
    })
}
