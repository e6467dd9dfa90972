//! Laws that every function keeps, whatever it computes: a batch gives what its rows give one by one, a constant what a
//! column of the same value gives; and nothing panics, on values chosen to hurt.

use std::collections::BTreeMap;

use arrow_array::{ArrayRef, UInt32Array};
use proptest::prelude::*;

use crate::arrays;
use crate::eval::Program;
use crate::expr::Expr;
use crate::functions::{Arg, Function, all, call, cast, get, text};
use crate::scalar::Scalar;
use crate::types::{SqlType, TEXT};

const TYPES: &[SqlType] = &[
    SqlType::Boolean,
    SqlType::SmallInt,
    SqlType::Int,
    SqlType::BigInt,
    SqlType::Real,
    SqlType::Double,
    SqlType::Decimal(10, 2),
    SqlType::Decimal(38, 10),
    TEXT,
    SqlType::Text { max: Some(5), padded: true },
    SqlType::Bytea,
    SqlType::Date,
    SqlType::Time,
    SqlType::Timestamp,
    SqlType::TimestampTz,
    SqlType::Interval,
    SqlType::Uuid,
];

/// Values of a type that are likely to go wrong, as texts; NULL besides.
fn pool(ty: SqlType) -> &'static [&'static str] {
    match ty {
        SqlType::Null => &[],
        SqlType::Boolean => &["true", "false"],
        SqlType::SmallInt => &["0", "1", "-1", "7", "32767", "-32768"],
        SqlType::Int => &["0", "1", "-1", "2", "3", "100", "2147483647", "-2147483648"],
        SqlType::BigInt => &["0", "1", "-1", "12", "9223372036854775807", "-9223372036854775808"],
        SqlType::Real => &["0", "-0", "1.5", "-2.5", "3.4e38", "1e-40", "NaN", "Infinity"],
        SqlType::Double => &["0", "-0", "0.5", "2.5", "-3", "1e308", "1e-308", "NaN", "Infinity", "-Infinity"],
        SqlType::Decimal(10, 2) => &["0", "1", "-0.01", "12.50", "99999999.99", "-99999999.99"],
        SqlType::Decimal(..) => &["0", "1", "0.0000000001", "-2.5", "9999999999999999999999999999.9999999999"],
        SqlType::Text { .. } => &[
            "",
            "a",
            "abc",
            "%b%",
            "_b",
            "a\\",
            "(",
            "year",
            "day",
            "hour",
            "12",
            "-1.5",
            "x y",
            "äöü",
            "2013-01-05",
            "1 day",
            "true",
            "YYYY-MM-DD",
            "yyyy-MM-dd",
            "999.9",
            "i",
            "g",
            "hex",
            "utc",
        ],
        SqlType::Bytea => &["\\x", "\\x00", "\\x616263"],
        SqlType::Date => &["1970-01-01", "2013-01-31", "2012-02-29", "0001-01-01 BC", "5874897-12-31", "4713-11-24 BC"],
        SqlType::Time => &["00:00", "12:34:56.789", "24:00"],
        SqlType::Timestamp | SqlType::TimestampTz => &[
            "1970-01-01 00:00:00",
            "2013-01-31 23:59:59.999999",
            "1969-12-31 12:00:00",
            "294246-12-31 23:59:59",
            "4713-11-24 00:00:00 BC",
        ],
        SqlType::Interval => &[
            "0",
            "1 day",
            "-1 month",
            "1 year 2 mons -3 days 04:05:06.7",
            "178000000 years",
            "-2147483648 days",
            "9223372036 seconds",
        ],
        SqlType::Uuid => &["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"],
    }
}

/// Value `choice` of a type's pool, or NULL.
fn value(ty: SqlType, choice: usize) -> Scalar {
    let pool = pool(ty);
    match pool.get(choice % (pool.len() + 1)) {
        None => Scalar::Null,
        Some(text) => text::from_text(if ty.is_text() { text::cut(text, ty) } else { text }, ty)
            .unwrap_or_else(|e| panic!("{text} as {ty}: {}", e.message)),
    }
}

fn column(ty: SqlType, choices: impl Iterator<Item = usize>) -> ArrayRef {
    let ones: Vec<ArrayRef> = choices.map(|c| value(ty, c).to_array(ty)).collect();
    let refs: Vec<&dyn arrow_array::Array> = ones.iter().map(|a| &**a as &dyn arrow_array::Array).collect();
    arrays::concat(&refs)
}

/// A function and types of arguments that it takes.
type Call = (&'static Function, Vec<SqlType>);

/// Every function with the types it takes, up to three arguments (four where it wants as many); casts between all types.
fn calls() -> Vec<Call> {
    let mut calls = BTreeMap::new();
    for function in all().filter(|f| !matches!(f.name, "assign" | "only_row")) {
        let mut lists: Vec<Vec<SqlType>> = vec![Vec::new()];
        for _ in 0..3 {
            lists = lists
                .iter()
                .flat_map(|list| TYPES.iter().map(move |t| list.iter().copied().chain([*t]).collect()))
                .collect();
            for list in &lists {
                note(&mut calls, function, list);
            }
        }
        note(&mut calls, function, &[TEXT, TEXT, TEXT, TEXT]);
        note(&mut calls, function, &[TEXT, TEXT, SqlType::Int, SqlType::Int]);
        note(&mut calls, function, &[SqlType::Double, SqlType::Double, SqlType::Double, SqlType::Int]);
    }
    for &from in TYPES {
        for &to in TYPES.iter().filter(|to| cast::exists(from, **to)) {
            calls.insert(format!("cast {from} {to}"), (get("cast"), vec![from, to]));
        }
    }
    calls.into_values().collect()
}

fn note(calls: &mut BTreeMap<String, Call>, function: &'static Function, types: &[SqlType]) {
    let wanted = wants_constant(function).map(|(at, text)| (at, Scalar::Text(text.into())));
    let literal = |index, ty| wanted.as_ref().filter(|(at, _)| index == *at && ty == TEXT).map(|(_, text)| text);
    let args: Vec<Arg> =
        types.iter().enumerate().map(|(index, ty)| Arg { ty: *ty, literal: literal(index, *ty) }).collect();
    if let Ok(signature) = (function.resolve)(&args) {
        calls.entry(format!("{} {:?}", function.name, signature.params)).or_insert((function, types.to_vec()));
    }
}

/// The argument that must be a constant, such as the name of a field, and one that it may be.
fn wants_constant(function: &Function) -> Option<(usize, &'static str)> {
    match function.name {
        "extract" | "timestampdiff" | "timestampadd" => Some((0, "day")),
        "to_char_key" => Some((1, "YYYYMMDD")),
        "date_format_key" => Some((1, "HH:mm")),
        _ => None,
    }
}

/// The value of each row, as text: NULL, an error's code, or the value.
fn shown(expr: &Expr, columns: &[ArrayRef], rows: usize) -> Vec<String> {
    run(expr, &Program::new(expr), columns, rows)
}

fn run(expr: &Expr, program: &Program, columns: &[ArrayRef], rows: usize) -> Vec<String> {
    let (array, errors) = program.eval(columns, rows).into_column(rows);
    assert_eq!(array.len(), rows, "{expr}");
    assert_eq!(array.data_type(), &expr.ty().arrow(), "{expr}");
    let show = |row| match errors.get(row) {
        Some(error) => format!("error {}", error.code),
        None => match Scalar::from_array(&array, expr.ty(), row) {
            Scalar::Null => "NULL".into(),
            value => text::to_text(&value, expr.ty()),
        },
    };
    (0..rows).map(show).collect()
}

fn rows_of(columns: &[ArrayRef], rows: &[u32]) -> Vec<ArrayRef> {
    columns.iter().map(|c| arrays::take(c, &UInt32Array::from(rows.to_vec()))).collect()
}

/// The call on columns; where `failing` says so, an argument is a cast from text, which fails in some rows.
fn expression((function, types): &Call, failing: u32, constants: u32, choices: &[Vec<usize>]) -> (Expr, Vec<ArrayRef>) {
    let (mut columns, mut args) = (Vec::new(), Vec::new());
    let count = if function.name == "cast" { 1 } else { types.len() };
    for (index, ty) in types.iter().take(count).enumerate() {
        let from = if failing >> index & 1 == 1 { TEXT } else { *ty };
        if let Some((_, text)) = wants_constant(function).filter(|(at, _)| index == *at) {
            args.push(Expr::literal(Scalar::Text(text.into()), TEXT));
        } else if constants >> index & 1 == 1 {
            args.push(cast::to(Expr::literal(value(from, choices[index][0]), from), *ty));
        } else {
            args.push(cast::to(Expr::column(columns.len(), from), *ty));
            columns.push(column(from, choices[index].iter().copied()));
        }
    }
    if function.name == "cast" {
        return (Expr::Call { function, args, ty: types[1] }, columns);
    }
    // A constant that is no regular expression is refused here already; then it is none.
    let expr = call(function, args).unwrap_or_else(|_| Expr::literal(Scalar::Null, TEXT));
    (expr, columns)
}

/// More than a word of bits.
const ROWS: usize = 70;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_batch_gives_what_its_rows_give(
        choices in prop::collection::vec(prop::collection::vec(0usize..1000, ROWS), 4),
        failing in 0u32..16,
        constants in 0u32..16,
    ) {
        for call in calls() {
            for (failing, constants) in [(0, 0), (failing, 0), (0, constants), (failing, constants)] {
                let (expr, columns) = expression(&call, failing, constants, &choices);
                if columns.is_empty() {
                    continue;
                }
                let program = Program::new(&expr);
                let all = run(&expr, &program, &columns, ROWS);
                for (row, expected) in all.iter().enumerate() {
                    let alone = run(&expr, &program, &rows_of(&columns, &[row as u32]), 1);
                    prop_assert_eq!(&alone[0], expected, "{} of row {}: alone, in a batch", expr, row);
                }
                // A slice of the columns is a batch as well.
                let sliced: Vec<ArrayRef> = columns.iter().map(|c| c.slice(3, ROWS - 5)).collect();
                prop_assert_eq!(&shown(&expr, &sliced, ROWS - 5)[..], &all[3..ROWS - 2], "{} sliced", expr);
            }
        }
    }

    #[test]
    fn a_constant_gives_what_a_column_of_it_gives(choices in prop::collection::vec(0usize..1000, 4), failing in 0u32..16) {
        for call in calls() {
            let spread: Vec<Vec<usize>> = choices.iter().map(|c| vec![*c; 3]).collect();
            let (as_columns, columns) = expression(&call, failing, 0, &spread);
            let expected = if columns.is_empty() { continue } else { shown(&as_columns, &columns, 3) };
            for constants in 1..1u32 << call.1.len() {
                let (expr, columns) = expression(&call, failing, constants, &spread);
                if expr.ty() != as_columns.ty() || matches!(expr, Expr::Literal { .. }) {
                    continue; // a constant may have a narrower type, or be refused
                }
                prop_assert_eq!(&shown(&expr, &columns, 3), &expected, "{} as a constant of {}", expr, as_columns);
            }
        }
    }

    #[test]
    fn not_null_means_so(choices in prop::collection::vec(prop::collection::vec(0usize..1000, ROWS), 4)) {
        for call in calls() {
            let (expr, columns) = expression(&call, 0, 0, &choices);
            let expr = expr.map_columns(&mut |index, ty, _| Expr::Column { index, ty, nullable: false });
            let valid: Vec<u32> = (0..ROWS as u32).filter(|r| columns.iter().all(|c| c.is_valid(*r as usize))).collect();
            if !expr.nullable() && !valid.is_empty() {
                let values = shown(&expr, &rows_of(&columns, &valid), valid.len());
                prop_assert!(!values.contains(&"NULL".to_string()), "{} of values is NULL", expr);
            }
        }
    }
}

#[test]
fn calls_are_many() {
    let names: std::collections::BTreeSet<&str> = calls().iter().map(|c| c.0.name).collect();
    let missing: Vec<&str> = all().map(|f| f.name).filter(|n| !names.contains(n)).collect();
    let apart = ["pi", "assign", "only_row", "make_timestamp", "width_bucket", "overlaps"];
    assert!(missing.iter().all(|n| apart.contains(n)), "not reached: {missing:?}");
}
