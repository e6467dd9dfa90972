//! Laws of each operator by itself: what it yields step by step is what its definition yields on all it was given.

use std::sync::Arc;

use deltaq_circuit::Query;
use deltaq_operators::aggregate::{Aggregate, By, Column, Function, Rest, Shape};
use deltaq_operators::counted::{Counted, Rule};
use deltaq_operators::flat_map::{FlatMap, TableFunction};
use deltaq_operators::join::{Join, Side};
use deltaq_operators::map::Map;
use deltaq_operators::topk::{OrderBy, TopK};
use deltaq_operators::types::TEXT;
use deltaq_operators::{Expr, Scalar, SqlType, functions};
use deltaq_tests::generate::{KINDS, Kind};
use deltaq_tests::stream::Stream;

/// Seeds a law is tried on.
fn seeds() -> std::ops::Range<u64> {
    if let Ok(seed) = std::env::var("DELTAQ_SEED") {
        let seed = seed.parse().expect("DELTAQ_SEED is a number");
        return seed..seed + 1;
    }
    let percent =
        std::env::var("DELTAQ_CASES").map_or(100, |s| s.parse::<u64>().expect("DELTAQ_CASES is a percentage"));
    0..(20 * percent / 100).max(1)
}

fn check(name: &str, stream: &Stream) {
    for seed in seeds() {
        if let Err(reason) = stream.law(seed) {
            panic!(
                "{name}\nSee it again: DELTAQ_SEED={seed} cargo test -p deltaq-tests --test operators {name}\n\n{reason}"
            );
        }
    }
}

fn arrow(kinds: &[Kind]) -> Vec<arrow_schema::DataType> {
    kinds.iter().map(|k| k.column().arrow()).collect()
}

fn types(kinds: &[Kind]) -> Vec<SqlType> {
    kinds.iter().map(|k| k.column()).collect()
}

fn column(index: usize, kind: Kind) -> Expr {
    Expr::column(index, kind.column())
}

fn call(name: &str, args: Vec<Expr>, ty: SqlType) -> Expr {
    Expr::Call { function: functions::get(name), args, ty }
}

fn plain(query: impl Query, inputs: &[&[Kind]], output: Vec<SqlType>) -> Stream {
    Stream {
        query: Arc::new(query),
        inputs: inputs.iter().map(|k| k.to_vec()).collect(),
        arranged: vec![None; inputs.len()],
        output,
        insert_only: false,
    }
}

#[test]
fn filter_and_projection() {
    let one = Expr::literal(Scalar::Int(1), SqlType::Int);
    let positive = call("ge", vec![column(0, Kind::Int), one.clone()], SqlType::Boolean);
    let quotient = call("quotient", vec![column(0, Kind::Int), column(0, Kind::Int)], SqlType::Int);
    let exprs = vec![column(1, Kind::Text), quotient];
    let output = vec![deltaq_operators::types::TEXT, SqlType::Int];
    let inputs: &[&[Kind]] = &[&[Kind::Int, Kind::Text]];
    check("filter_and_projection", &plain(Map::new(Some(positive), exprs.clone(), 2), inputs, output.clone()));
    // Without the filter, 0 / 0 fails.
    check("filter_and_projection", &plain(Map::new(None, exprs, 2), inputs, output));
}

#[test]
fn distinct_except_intersect() {
    for kinds in [vec![Kind::Int], vec![Kind::Double, Kind::Text], vec![Kind::Boolean, Kind::Decimal, Kind::Date]] {
        let output = types(&kinds);
        check(
            "distinct_except_intersect",
            &plain(Counted::new(Rule::Distinct, arrow(&kinds)), &[&kinds], output.clone()),
        );
        for rule in [Rule::Except, Rule::Intersect] {
            let query = Counted::new(rule, arrow(&kinds));
            check("distinct_except_intersect", &plain(query, &[&kinds, &kinds], output.clone()));
        }
    }
}

#[test]
fn join() {
    let left = [Kind::Int, Kind::Text, Kind::Double];
    let right = [Kind::Text, Kind::Int, Kind::Double];
    let all: Vec<(usize, SqlType)> = types(&left).into_iter().chain(types(&right)).enumerate().collect();
    let below = call("lt", vec![column(0, Kind::Int), column(4, Kind::Int)], SqlType::Boolean);
    for (left_key, right_key) in [(vec![0], vec![1]), (vec![1, 0], vec![0, 1]), (vec![2], vec![2]), (vec![], vec![])] {
        for nulls in [false, true] {
            for residual in [None, Some(below.clone())] {
                for output in [all.clone(), vec![all[4], all[1]]] {
                    let side = |kinds: &[Kind], key: &Vec<usize>| Side { types: arrow(kinds), key: key.clone() };
                    let query = Join::new(
                        side(&left, &left_key),
                        side(&right, &right_key),
                        nulls,
                        residual.clone(),
                        output.clone(),
                    );
                    let stream = Stream {
                        query: Arc::new(query),
                        inputs: vec![left.to_vec(), right.to_vec()],
                        arranged: vec![Some((left_key.clone(), nulls)), Some((right_key.clone(), nulls))],
                        output: output.into_iter().map(|(_, ty)| ty).collect(),
                        insert_only: false,
                    };
                    check("join", &stream);
                }
            }
        }
    }
}

#[test]
fn aggregates() {
    for kind in KINDS {
        for insert_only in [false, true] {
            // Key, argument, filter.
            let inputs = [Kind::Int, kind, Kind::Boolean];
            let mut columns = vec![Column {
                function: Function::Count,
                arg: None,
                distinct: false,
                filter: None,
                ty: SqlType::BigInt,
                rest: Rest::default(),
            }];
            for &function in Function::ALL.iter().filter(|f| !matches!(f.shape(), Shape::Pair | Shape::Joined)) {
                let Ok(ty) = function.result(Some(kind.column())) else { continue };
                let fraction = (function.shape() == Shape::WithinAt).then_some(0.3);
                let rest = Rest { fraction, ..Rest::default() };
                for (distinct, filter) in [(false, None), (true, None), (false, Some(2)), (true, Some(2))] {
                    let (arg, rest) = (Some((1, kind.column())), rest.clone());
                    columns.push(Column { function, arg, rest, distinct, filter, ty });
                }
            }
            for keys in [vec![], vec![0], vec![0, 2]] {
                let key_kinds: Vec<Kind> = keys.iter().map(|k| inputs[*k]).collect();
                let query = Aggregate::new(keys, arrow(&key_kinds), columns.clone(), insert_only);
                let output = types(&key_kinds).into_iter().chain(columns.iter().map(|c| c.ty)).collect();
                check("aggregates", &Stream { insert_only, ..plain(query, &[&inputs], output) });
            }
        }
    }
}

#[test]
fn aggregates_of_several_columns() {
    let by = |key, descending| By { key, descending, nulls_first: descending };
    // Key, two variables, a text, a separator, a filter.
    let inputs = [Kind::Int, Kind::Double, Kind::Double, Kind::Text, Kind::Text, Kind::Boolean];
    for kind in KINDS {
        let inputs: Vec<Kind> = inputs.into_iter().chain([kind]).collect();
        for insert_only in [false, true] {
            let mut columns = Vec::new();
            for &function in Function::ALL.iter().filter(|f| f.shape() == Shape::Pair) {
                let Ok(ty) = function.result(Some(SqlType::Double)) else { continue };
                let arg = Some((1, SqlType::Double));
                for filter in [None, Some(5)] {
                    let rest = Rest { args: vec![(2, SqlType::Double)], ..Rest::default() };
                    columns.push(Column { function, arg, rest, distinct: false, filter, ty });
                }
            }
            let last = (6, kind.column());
            for order in [vec![], vec![by(last, false)], vec![by(last, true), by((1, SqlType::Double), false)]] {
                let rest = Rest { args: vec![(4, TEXT)], order, fraction: None };
                let (function, arg) = (Function::StringAgg, Some((3, TEXT)));
                columns.push(Column { function, arg, rest, distinct: false, filter: Some(5), ty: TEXT });
            }
            for keys in [vec![], vec![0]] {
                let key_kinds: Vec<Kind> = keys.iter().map(|k| inputs[*k]).collect();
                let query = Aggregate::new(keys, arrow(&key_kinds), columns.clone(), insert_only);
                let output = types(&key_kinds).into_iter().chain(columns.iter().map(|c| c.ty)).collect();
                let stream = Stream { insert_only, ..plain(query, &[&inputs], output) };
                check("aggregates_of_several_columns", &stream);
            }
        }
    }
}

#[test]
fn top_rows() {
    let kinds = [Kind::Int, Kind::Double, Kind::Text];
    let order = |column, descending, nulls_first| OrderBy { column, descending, nulls_first };
    for partition in [vec![], vec![0], vec![2, 0]] {
        for keys in [vec![], vec![order(1, false, false)], vec![order(2, true, true), order(1, true, false)]] {
            for (offset, limit) in [(0, Some(1)), (1, Some(3)), (2, None), (0, Some(0))] {
                for (number, insert_only) in [(false, false), (false, true), (true, false), (true, true)] {
                    let query = TopK::new(arrow(&kinds), partition.clone(), keys.clone(), offset, limit, number);
                    let output = types(&kinds).into_iter().chain(number.then_some(SqlType::BigInt)).collect();
                    let query = query.insert_only(insert_only);
                    check("top_rows", &Stream { insert_only, ..plain(query, &[&kinds], output) });
                }
            }
        }
    }
}

#[test]
fn top_rows_by_every_kind() {
    for kind in KINDS {
        for (descending, nulls_first) in [(false, false), (false, true), (true, false), (true, true)] {
            let order = vec![OrderBy { column: 1, descending, nulls_first }];
            let query = TopK::new(arrow(&[Kind::Int, kind]), vec![0], order, 0, Some(2), true);
            let output = vec![SqlType::Int, kind.column(), SqlType::BigInt];
            check("top_rows_by_every_kind", &plain(query, &[&[Kind::Int, kind]], output));
        }
    }
}

#[test]
fn table_functions() {
    // Bounds are BIGINT, as the binder casts them.
    let kinds = [Kind::Int, Kind::Int];
    let function = TableFunction::lookup("generate_series").expect("there is generate_series");
    let bound = |index| call("cast", vec![column(index, Kind::Int)], SqlType::BigInt);
    let query = FlatMap::new(arrow(&kinds), function, vec![bound(0), bound(1)]);
    check("table_functions", &plain(query, &[&kinds], vec![SqlType::Int, SqlType::Int, SqlType::BigInt]));
}
