//! The reference evaluator: what a plan means, row at a time, written straight from the definitions.
//!
//! It shares no code with the operators and kernels it judges: it reads the plan (names of functions, types) and nothing else.
//! Slow and plain on purpose.

mod aggregate;
mod expression;
mod float;
mod function;
mod statistics;
mod temporal;
mod texts;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use deltaq_compiler::Plan;
use deltaq_compiler::plan::{Equality, JoinKind, SetKind, SortKey};
use deltaq_operators::{Expr, Field, Scalar, Schema};

pub use expression::evaluate as value;
pub use float::ExactSum;

use crate::rows::{Bag, Row, compare, compare_rows};

/// Why a value cannot be computed: a SQLSTATE.
pub type Failure = &'static str;

/// What a plan yields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The rows.
    pub rows: Bag,
    /// How many rows failed, by SQLSTATE.
    pub errors: BTreeMap<Failure, i64>,
}

/// Evaluates `plan` over the relations that `contents` gives.
pub fn evaluate(plan: &Plan, contents: &dyn Fn(&str) -> Bag) -> Answer {
    let mut errors = BTreeMap::new();
    let rows = run(plan, contents, &mut errors);
    Answer { rows, errors }
}

/// A row's values as PostgreSQL prints them, NULL as `NULL`.
pub fn row_text(row: &Row, schema: &Schema) -> Vec<String> {
    let text = |(value, field): (&Scalar, &Field)| match value {
        Scalar::Null => "NULL".to_string(),
        Scalar::Boolean(v) => if *v { "t" } else { "f" }.to_string(),
        value => texts::text(&(value.clone(), field.ty)),
    };
    row.iter().zip(schema).map(text).collect()
}

type Errors = BTreeMap<Failure, i64>;

fn run(plan: &Plan, contents: &dyn Fn(&str) -> Bag, errors: &mut Errors) -> Bag {
    let mut out = Bag::new();
    match plan {
        Plan::Scan { relation, .. } => out = contents(relation),
        Plan::Values { rows, .. } => rows.iter().for_each(|row| out.add(row.clone(), 1)),
        Plan::Project { input, exprs, .. } => {
            for (row, weight) in run(input, contents, errors).iter() {
                match values(exprs, row) {
                    Ok(row) => out.add(row, weight),
                    Err(failure) => *errors.entry(failure).or_default() += weight,
                }
            }
        }
        Plan::Filter { input, predicate } => {
            for (row, weight) in run(input, contents, errors).iter() {
                match holds(predicate, row) {
                    Ok(true) => out.add(row.clone(), weight),
                    Ok(false) => {}
                    Err(failure) => *errors.entry(failure).or_default() += weight,
                }
            }
        }
        Plan::Join { left, right, kind, on, residual } => {
            let widths = (left.schema().len(), right.schema().len());
            let left = run(left, contents, errors);
            let right = run(right, contents, errors);
            out = join(&left, &right, widths, *kind, on, residual.as_ref(), errors);
        }
        Plan::Aggregate { input, keys, calls, .. } => {
            let input = run(input, contents, errors);
            out = aggregate::aggregate(&input, keys, calls, errors);
        }
        Plan::Distinct { input } => {
            run(input, contents, errors).iter().for_each(|(row, _)| out.add(row.clone(), 1));
        }
        Plan::Union { inputs } => {
            for input in inputs {
                out.add_bag(&run(input, contents, errors), 1);
            }
        }
        Plan::Set { left, right, kind } => {
            let left = run(left, contents, errors);
            let right = run(right, contents, errors);
            for (row, weight) in left.iter() {
                let other = right.weight(row);
                out.add(
                    row.clone(),
                    match kind {
                        SetKind::Except => (weight - other).max(0),
                        SetKind::Intersect => weight.min(other),
                    },
                );
            }
        }
        Plan::TopK { input, partition, order, offset, limit, number } => {
            let input = run(input, contents, errors);
            out = top(&input, partition, order, *offset, *limit, number.is_some(), errors);
        }
        Plan::FlatMap { input, function, args, .. } => {
            for (row, weight) in run(input, contents, errors).iter() {
                match values(args, row).and_then(|args| function::table_function(function, &args)) {
                    Ok(elements) => {
                        for element in elements {
                            out.add(row.iter().cloned().chain([element]).collect(), weight);
                        }
                    }
                    Err(failure) => *errors.entry(failure).or_default() += weight,
                }
            }
        }
    }
    assert_eq!(out.negative(), None, "the reference yields a row less than no times");
    out
}

fn values(exprs: &[Expr], row: &Row) -> Result<Row, Failure> {
    exprs.iter().map(|e| expression::evaluate(e, row)).collect()
}

fn holds(predicate: &Expr, row: &Row) -> Result<bool, Failure> {
    Ok(expression::evaluate(predicate, row)? == Scalar::Boolean(true))
}

/// Nested loops over distinct rows. A pair whose condition fails to evaluate counts as an error and as no match.
fn join(
    left: &Bag,
    right: &Bag,
    (left_width, right_width): (usize, usize),
    kind: JoinKind,
    on: &[Equality],
    residual: Option<&Expr>,
    errors: &mut Errors,
) -> Bag {
    let mut out = Bag::new();
    let (left, left_keys) = keyed(left, on, |e| &e.left, errors);
    let (right, right_keys) = keyed(right, on, |e| &e.right, errors);
    let mut right_matched = vec![false; right.len()];
    for ((l, l_weight), l_key) in left.iter().zip(&left_keys) {
        let mut left_matched = false;
        for (index, ((r, r_weight), r_key)) in right.iter().zip(&right_keys).enumerate() {
            if !keys_match(l_key, r_key, on) {
                continue;
            }
            let pair: Row = l.iter().chain(r).cloned().collect();
            match residual.map_or(Ok(true), |p| holds(p, &pair)) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(failure) => {
                    *errors.entry(failure).or_default() += l_weight * r_weight;
                    continue;
                }
            }
            left_matched = true;
            right_matched[index] = true;
            if !matches!(kind, JoinKind::Semi | JoinKind::Anti) {
                out.add(pair, l_weight * r_weight);
            }
        }
        match kind {
            JoinKind::Semi if left_matched => out.add(l.clone(), *l_weight),
            JoinKind::Anti if !left_matched => out.add(l.clone(), *l_weight),
            JoinKind::Left | JoinKind::Full if !left_matched => {
                out.add(l.iter().cloned().chain(vec![Scalar::Null; right_width]).collect(), *l_weight);
            }
            _ => {}
        }
    }
    if matches!(kind, JoinKind::Right | JoinKind::Full) {
        for ((r, r_weight), _) in right.iter().zip(right_matched).filter(|(_, matched)| !matched) {
            out.add(vec![Scalar::Null; left_width].into_iter().chain(r.iter().cloned()).collect(), *r_weight);
        }
    }
    out
}

/// The rows of one side with their keys; those whose key fails are errors.
fn keyed(
    side: &Bag,
    on: &[Equality],
    expr: impl Fn(&Equality) -> &Expr,
    errors: &mut Errors,
) -> (Vec<(Row, i64)>, Vec<Row>) {
    let mut rows = Vec::new();
    let mut keys = Vec::new();
    for (row, weight) in side.iter() {
        match on.iter().map(|e| expression::evaluate(expr(e), row)).collect() {
            Ok(key) => {
                rows.push((row.clone(), weight));
                keys.push(key);
            }
            Err(failure) => *errors.entry(failure).or_default() += weight,
        }
    }
    (rows, keys)
}

fn keys_match(left: &Row, right: &Row, on: &[Equality]) -> bool {
    left.iter().zip(right).zip(on).all(|((l, r), equality)| {
        let null = *l == Scalar::Null || *r == Scalar::Null;
        (equality.nulls || !null) && compare(l, r).is_eq()
    })
}

fn top(
    input: &Bag,
    partition: &[Expr],
    order: &[SortKey],
    offset: u64,
    limit: Option<u64>,
    number: bool,
    errors: &mut Errors,
) -> Bag {
    let mut groups: Vec<(Row, Vec<(Row, Row)>)> = Vec::new();
    for (row, weight) in input.iter() {
        let keys = values(partition, row).and_then(|group| {
            Ok((group, order.iter().map(|k| expression::evaluate(&k.expr, row)).collect::<Result<Row, _>>()?))
        });
        match keys {
            Ok((group, sort)) => {
                let rows = match groups.iter().position(|(g, _)| compare_rows(g, &group).is_eq()) {
                    Some(place) => &mut groups[place].1,
                    None => {
                        groups.push((group, Vec::new()));
                        &mut groups.last_mut().unwrap_or_else(|| panic!("just pushed")).1
                    }
                };
                rows.extend((0..weight).map(|_| (sort.clone(), row.clone())));
            }
            Err(failure) => *errors.entry(failure).or_default() += weight,
        }
    }
    let mut out = Bag::new();
    for (_, mut rows) in groups {
        rows.sort_by(|a, b| compare_sorted(&a.0, &b.0, order).then_with(|| compare_rows(&a.1, &b.1)));
        let limit = limit.map_or(usize::MAX, |limit| limit as usize);
        for (place, (_, mut row)) in rows.into_iter().enumerate().skip(offset as usize).take(limit) {
            if number {
                row.push(Scalar::BigInt(place as i64 + 1));
            }
            out.add(row, 1);
        }
    }
    out
}

fn compare_sorted(a: &Row, b: &Row, order: &[SortKey]) -> Ordering {
    for ((a, b), key) in a.iter().zip(b).zip(order) {
        let ordering = match (*a == Scalar::Null, *b == Scalar::Null) {
            (true, true) => Ordering::Equal,
            (true, false) if key.nulls_first => Ordering::Less,
            (true, false) => Ordering::Greater,
            (false, true) if key.nulls_first => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) if key.descending => compare(b, a),
            (false, false) => compare(a, b),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}
