//! Three-valued logic: AND, OR, NOT, IS NULL, IS TRUE …

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_buffer::{BooleanBuffer, NullBuffer};

use crate::expr::Expr;
use crate::functions::kernel::{booleans, inherited, lenient, nulls, strict};
use crate::functions::numbers::name;
use crate::functions::resolve::{any_nullable, count, is_unknown, never_nullable, signature};
use crate::functions::{Arg, Function, Kernel, Signature, Syntax};
use crate::types::SqlType;
use crate::value::{Errors, Value};

const FAMILY: &str = "logic";

/// The logical functions.
pub const FUNCTIONS: &[Function] = &[
    Function {
        name: "and",
        aliases: &[],
        syntax: Syntax::Infix("AND"),
        family: FAMILY,
        usage: "a AND b → boolean",
        doc: "False if one is false, whatever the other is, even NULL or an error, in either order.",
        examples: &[
            ("true AND NULL", "NULL"),
            ("NULL AND false", "false"),
            ("1 / 0 > 1 AND false", "false"),
            ("true AND 1 / 0 > 1", "error 22012"),
        ],
        resolve: |args| booleans_only("AND", args, 2),
        nullable: any_nullable,
        prepare: |_, _| Box::new(conjunction),
    },
    Function {
        name: "or",
        aliases: &[],
        syntax: Syntax::Infix("OR"),
        family: FAMILY,
        usage: "a OR b → boolean",
        doc: "True if one is true, whatever the other is, even NULL or an error, in either order.",
        examples: &[("false OR NULL", "NULL"), ("NULL OR true", "true"), ("1 / 0 > 1 OR true", "true")],
        resolve: |args| booleans_only("OR", args, 2),
        nullable: any_nullable,
        prepare: |_, _| Box::new(|args, rows| connect(args, rows, true)),
    },
    Function {
        name: "not",
        aliases: &[],
        syntax: Syntax::Prefix("NOT"),
        family: FAMILY,
        usage: "NOT a → boolean",
        doc: "The opposite; NULL of NULL.",
        examples: &[("NOT true", "false"), ("NOT NULL", "NULL")],
        resolve: |args| booleans_only("NOT", args, 1),
        nullable: any_nullable,
        prepare: |_, _| {
            strict(SqlType::Boolean, |args, _, _| booleans(!args[0].array.as_boolean().values(), nulls(args)))
        },
    },
    Function {
        name: "is_null",
        aliases: &[],
        syntax: Syntax::Postfix("IS NULL"),
        family: FAMILY,
        usage: "x IS NULL → boolean",
        doc: "Whether there is no value.",
        examples: &[("NULL IS NULL", "true"), ("1 IS NULL", "false")],
        resolve: |args| anything(args),
        nullable: never_nullable,
        prepare: |_, _| nullness(true),
    },
    Function {
        name: "is_not_null",
        aliases: &[],
        syntax: Syntax::Postfix("IS NOT NULL"),
        family: FAMILY,
        usage: "x IS NOT NULL → boolean",
        doc: "Whether there is a value.",
        examples: &[("NULL IS NOT NULL", "false"), ("'' IS NOT NULL", "true")],
        resolve: |args| anything(args),
        nullable: never_nullable,
        prepare: |_, _| nullness(false),
    },
    test(
        "is_true",
        "IS TRUE",
        "a IS TRUE → boolean",
        &[("NULL IS TRUE", "false"), ("true IS TRUE", "true")],
        |_, _| truth(true, false),
    ),
    test(
        "is_false",
        "IS FALSE",
        "a IS FALSE → boolean",
        &[("NULL IS FALSE", "false"), ("false IS FALSE", "true")],
        |_, _| truth(false, false),
    ),
    test(
        "is_not_true",
        "IS NOT TRUE",
        "a IS NOT TRUE → boolean",
        &[("NULL IS NOT TRUE", "true"), ("true IS NOT TRUE", "false")],
        |_, _| truth(true, true),
    ),
    test("is_not_false", "IS NOT FALSE", "a IS NOT FALSE → boolean", &[("NULL IS NOT FALSE", "true")], |_, _| {
        truth(false, true)
    }),
    test(
        "is_unknown",
        "IS UNKNOWN",
        "a IS UNKNOWN → boolean",
        &[("NULL IS UNKNOWN", "true"), ("false IS UNKNOWN", "false")],
        |_, _| nullness(true),
    ),
    test(
        "is_not_unknown",
        "IS NOT UNKNOWN",
        "a IS NOT UNKNOWN → boolean",
        &[("NULL IS NOT UNKNOWN", "false")],
        |_, _| nullness(false),
    ),
];

const fn test(
    name: &'static str,
    syntax: &'static str,
    usage: &'static str,
    examples: &'static [(&'static str, &'static str)],
    prepare: fn(&[Expr], SqlType) -> Kernel,
) -> Function {
    Function {
        name,
        aliases: &[],
        syntax: Syntax::Postfix(syntax),
        family: FAMILY,
        usage,
        doc: "A test of a boolean that is never NULL.",
        examples,
        resolve: |args| booleans_only("IS", args, 1),
        nullable: never_nullable,
        prepare,
    }
}

fn booleans_only(what: &str, args: &[Arg], least: usize) -> Result<Signature, String> {
    count(args, least, if least == 1 { 1 } else { usize::MAX })?;
    match args.iter().find(|a| a.ty != SqlType::Boolean && !is_unknown(a)) {
        None => signature(vec![SqlType::Boolean; args.len()], SqlType::Boolean),
        Some(arg) => Err(format!("argument of {what} must be type boolean, not type {}", name(arg.ty))),
    }
}

fn anything(args: &[Arg]) -> Result<Signature, String> {
    count(args, 1, 1)?;
    signature([args[0].ty], SqlType::Boolean)
}

/// AND of two or more booleans.
pub fn conjunction(args: &[Value], rows: usize) -> Value {
    connect(args, rows, false)
}

/// Values and validity of one argument; rows that failed count as NULL.
fn parts(arg: &Value, rows: usize) -> (BooleanBuffer, Option<BooleanBuffer>) {
    let array = arg.array.as_boolean();
    if arg.constant {
        let (value, valid) = (array.value(0), array.is_valid(0) && arg.errors.is_empty());
        let fill = |set| if set { BooleanBuffer::new_set(rows) } else { BooleanBuffer::new_unset(rows) };
        return (fill(value && valid), (!valid).then(|| fill(false)));
    }
    let mut valid = array.nulls().filter(|n| n.null_count() > 0).map(|n| n.inner().clone());
    if !arg.errors.is_empty() {
        let before = valid.take();
        let is_valid = |row| arg.errors.get(row).is_none() && before.as_ref().is_none_or(|v| v.value(row));
        valid = Some(BooleanBuffer::collect_bool(rows, is_valid));
    }
    (array.values().clone(), valid)
}

/// AND, or OR where `decisive` is true: the value that decides alone.
fn connect(args: &[Value], rows: usize, decisive: bool) -> Value {
    let constant = args.iter().all(|a| a.constant);
    let rows = if constant { 1 } else { rows };
    let plain = |a: &Value| !a.constant && a.errors.is_empty() && a.array.null_count() == 0;
    if let [first, others @ ..] = args
        && args.iter().all(plain)
    {
        let mut values = first.array.as_boolean().values().clone();
        for other in others {
            let other = other.array.as_boolean().values();
            values = if decisive { &values | other } else { &values & other };
        }
        return Value::column(booleans(values, None));
    }
    // Whether one argument decides, and whether all are known.
    let mut decided: Option<BooleanBuffer> = None;
    let mut known: Option<BooleanBuffer> = None;
    for arg in args {
        let (values, valid) = parts(arg, rows);
        let mut decides = if decisive { values } else { !&values };
        if let Some(valid) = valid {
            decides = &decides & &valid;
            known = Some(known.map_or_else(|| valid.clone(), |k| &k & &valid));
        }
        decided = Some(decided.map_or_else(|| decides.clone(), |d| &d | &decides));
    }
    let decided = decided.unwrap_or_else(|| BooleanBuffer::new_unset(rows));
    let mut errors = Errors::none();
    if args.iter().any(|a| !a.errors.is_empty()) {
        errors = inherited(args, rows);
        errors.retain(|row| !decided.value(row));
    }
    let nulls = known.map(|known| NullBuffer::new(&known | &decided)).filter(|n| n.null_count() > 0);
    let values = if decisive { decided } else { !&decided };
    Value { array: booleans(values, nulls), constant, errors }
}

fn nullness(null: bool) -> Kernel {
    lenient(move |args, rows| {
        let bits = match args[0].array.nulls() {
            Some(nulls) => {
                if null {
                    !nulls.inner()
                } else {
                    nulls.inner().clone()
                }
            }
            None if null => BooleanBuffer::new_unset(rows),
            None => BooleanBuffer::new_set(rows),
        };
        (booleans(bits, None), inherited(args, rows))
    })
}

/// IS TRUE, IS FALSE, or their opposites where `not`.
fn truth(wanted: bool, not: bool) -> Kernel {
    lenient(move |args, rows| {
        let array = args[0].array.as_boolean();
        let mut bits = if wanted { array.values().clone() } else { !array.values() };
        if let Some(nulls) = array.nulls() {
            bits = &bits & nulls.inner();
        }
        (booleans(if not { !&bits } else { bits }, None), inherited(args, rows))
    })
}
