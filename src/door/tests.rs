//! The door alone.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, Int32Array, StringArray};
use deltaq_circuit::{Batch, NodeId, Weight, Weights};
use deltaq_operators::types::TEXT;
use deltaq_operators::{Field, Scalar, SqlType};

use super::Table;

fn table(primary_key: &[usize]) -> Table {
    let schema = vec![
        Field { name: "id".into(), ty: SqlType::Int, nullable: true },
        Field { name: "v".into(), ty: TEXT, nullable: true },
    ];
    Table::new("t".into(), schema, primary_key.to_vec(), false, vec![Scalar::Null; 2], NodeId(0))
}

fn rows(rows: &[(i32, &str)]) -> Batch {
    let ids = Int32Array::from(rows.iter().map(|r| r.0).collect::<Vec<_>>());
    let texts = StringArray::from(rows.iter().map(|r| r.1).collect::<Vec<_>>());
    Batch::ones(vec![Arc::new(ids), Arc::new(texts)])
}

fn weighted(rows: &[(i32, &str, Weight)]) -> Batch {
    let plain: Vec<(i32, &str)> = rows.iter().map(|r| (r.0, r.1)).collect();
    let weights: Vec<Weight> = rows.iter().map(|r| r.2).collect();
    self::rows(&plain).with_weights(Weights::Each(weights.into()))
}

/// What the table holds: `(id, text, weight)`, sorted.
fn held(table: &mut Table) -> Vec<(i32, String, Weight)> {
    listed(&table.contents().consolidate())
}

fn listed(batch: &Batch) -> Vec<(i32, String, Weight)> {
    let row = |r: usize| {
        let id = batch.column(0).as_primitive::<arrow_array::types::Int32Type>().value(r);
        (id, batch.column(1).as_string::<i32>().value(r).to_string(), batch.weight(r))
    };
    let mut all: Vec<_> = (0..batch.len()).map(row).collect();
    all.sort();
    all
}

fn ids(values: &[i32]) -> Vec<ArrayRef> {
    vec![Arc::new(Int32Array::from(values.to_vec()))]
}

fn owned(rows: &[(i32, &str, Weight)]) -> Vec<(i32, String, Weight)> {
    rows.iter().map(|r| (r.0, r.1.to_string(), r.2)).collect()
}

#[test]
fn a_key_enters_once() {
    let mut t = table(&[0]);
    t.insert(rows(&[(1, "a"), (2, "b")])).unwrap();
    assert_eq!(t.insert(rows(&[(3, "c"), (2, "x")])).unwrap_err().code(), "23505");
    assert_eq!(t.insert(rows(&[(4, "c"), (4, "d")])).unwrap_err().code(), "23505");
    let error = t.push(weighted(&[(2, "x", 1), (1, "a", -1)])).unwrap_err();
    assert_eq!(error.to_string(), "duplicate primary key in table \"t\": (id) = (2) is there already");
    assert_eq!(t.push(weighted(&[(9, "x", 2)])).unwrap_err().code(), "23505");
    assert_eq!(held(&mut t), owned(&[(1, "a", 1), (2, "b", 1)]));
}

#[test]
fn a_key_may_change_hands_within_a_delta() {
    let mut t = table(&[0]);
    t.insert(rows(&[(1, "a"), (2, "b")])).unwrap();
    t.push(weighted(&[(1, "a", -1), (2, "b", -1), (1, "b", 1), (2, "a", 1)])).unwrap();
    assert_eq!(held(&mut t), owned(&[(1, "b", 1), (2, "a", 1)]));
    // Row (1, b) stays as it is, so its key is not free.
    assert_eq!(t.replace(rows(&[(1, "b"), (2, "a")]), rows(&[(1, "b"), (1, "a")])).unwrap_err().code(), "23505");
}

#[test]
fn upserts_replace_and_equal_rows_change_nothing() {
    let mut t = table(&[0]);
    t.upsert(rows(&[(1, "a"), (1, "b"), (2, "c")])).unwrap();
    t.commit();
    assert_eq!(held(&mut t), owned(&[(1, "b", 1), (2, "c", 1)]));
    t.upsert(rows(&[(1, "b"), (2, "d"), (3, "e")])).unwrap();
    assert_eq!(listed(&t.submit()), owned(&[(2, "c", -1), (2, "d", 1), (3, "e", 1)]));
    t.commit();
    t.upsert(rows(&[(1, "b")])).unwrap();
    assert!(t.submit().is_empty());
}

/// Upserts, whose rows are overwritten where they lie, among inserts, deletes, commits and rollbacks, against a map.
#[test]
fn upserts_in_any_company_are_those_of_a_map() {
    let mut state = 1u64;
    let mut dice = |sides: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % sides
    };
    let mut t = table(&[0]);
    let mut committed = std::collections::BTreeMap::<i32, String>::new();
    let mut open = committed.clone();
    for round in 0..2_000 {
        let mut some: Vec<(i32, String)> = Vec::new();
        for nth in 0..dice(6) {
            some.push((dice(12) as i32, ["", "a", "b"][dice(3) as usize].repeat(nth as usize * 9)));
        }
        let given: Vec<(i32, &str)> = some.iter().map(|(id, text)| (*id, text.as_str())).collect();
        match dice(8) {
            0..4 => {
                t.upsert(rows(&given)).unwrap();
                open.extend(some.iter().cloned());
            }
            4 => {
                let mut gone: Vec<i32> = some.iter().map(|row| row.0).filter(|id| open.contains_key(id)).collect();
                gone.sort_unstable();
                gone.dedup();
                t.delete_keys(&ids(&gone), gone.len()).unwrap();
                gone.iter().for_each(|id| drop(open.remove(id)));
            }
            5 => {
                t.submit();
            }
            6 => {
                t.submit();
                t.commit();
                committed = open.clone();
            }
            _ => {
                t.undo(0);
                open = committed.clone();
            }
        }
        if dice(3) == 0 {
            let known: Vec<_> = open.iter().map(|(id, text)| (*id, text.clone(), 1)).collect();
            assert_eq!(held(&mut t), known, "round {round}");
        }
    }
}

#[test]
fn what_is_overwritten_takes_no_room() {
    let mut t = table(&[0]);
    for round in 0..300 {
        let text = format!("{round:04}").repeat(200 + round % 7);
        let given: Vec<(i32, &str)> = (0..64).map(|id| (id, text.as_str())).collect();
        t.upsert(rows(&given)).unwrap();
        t.commit();
    }
    let size = t.size();
    assert_eq!(size.rows, 64);
    assert!(size.bytes < 8 * 64 * 830, "{} bytes for 64 rows of 828", size.bytes);
}

#[test]
fn what_is_not_there_cannot_go() {
    let mut t = table(&[0]);
    t.insert(rows(&[(1, "a"), (2, "b")])).unwrap();
    assert_eq!(
        t.delete_keys(&ids(&[1, 3]), 2).unwrap_err().to_string(),
        "no row with primary key (id) = (3) in table \"t\""
    );
    assert_eq!(t.delete_keys(&ids(&[1, 1]), 2).unwrap_err().code(), "P0002");
    assert_eq!(t.push(weighted(&[(1, "b", -1)])).unwrap_err().code(), "P0002");
    assert_eq!(held(&mut t).len(), 2);
    assert_eq!(t.delete_keys(&ids(&[1]), 1).unwrap(), 1);
    assert_eq!(held(&mut t), owned(&[(2, "b", 1)]));
}

#[test]
fn a_bag_counts_copies() {
    let mut t = table(&[]);
    t.insert(rows(&[(1, "a"), (1, "a"), (2, "b")])).unwrap();
    t.push(weighted(&[(1, "a", -2), (1, "a", 1)])).unwrap();
    assert_eq!(held(&mut t), owned(&[(1, "a", 1), (2, "b", 1)]));
    let error = t.push(weighted(&[(1, "a", -2)])).unwrap_err();
    assert_eq!(error.to_string(), "a row to be retracted from table \"t\" is there 1 times, not 2: (id, v) = (1, 'a')");
    assert!(t.push(weighted(&[(1, "a", -1), (1, "a", 1)])).is_ok());
}

#[test]
fn undo_brings_back_what_was_there() {
    let mut t = table(&[0]);
    t.insert(rows(&[(1, "a"), (2, "b")])).unwrap();
    t.commit();
    let before = held(&mut t);
    t.upsert(rows(&[(1, "x")])).unwrap();
    let submitted = t.submit();
    t.delete_keys(&ids(&[2]), 1).unwrap();
    t.insert(rows(&[(3, "c")])).unwrap();
    let mark = t.mark();
    t.insert(rows(&[(4, "d")])).unwrap();
    assert!(t.undo(mark).is_empty());
    assert_eq!(held(&mut t).len(), 2);
    let inverse = t.undo(0);
    assert!(Batch::concat(&[submitted, inverse]).consolidate().is_empty());
    assert_eq!(held(&mut t), before);
    assert!(t.submit().is_empty());
}

#[test]
fn large_appends_are_kept_as_they_are_until_looked_into() {
    let mut t = table(&[]);
    let many: Vec<(i32, &str)> = (0..2_000).map(|i| (i, "v")).collect();
    t.insert(rows(&many)).unwrap();
    t.insert(rows(&many)).unwrap();
    t.commit();
    assert_eq!(t.size().rows, 4_000);
    t.push(weighted(&[(7, "v", -2), (8, "v", -1)])).unwrap();
    t.commit();
    assert_eq!(held(&mut t).iter().map(|r| r.2).sum::<Weight>(), 3_997);
}

#[test]
fn columns_are_checked() {
    let mut t = table(&[0]);
    let nulls: ArrayRef = Arc::new(Int32Array::from(vec![None, Some(1)]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    assert_eq!(t.conform(&mut [nulls, texts]).unwrap_err().code(), "23502");
    let schema = vec![
        Field { name: "v".into(), ty: SqlType::Text { max: Some(2), padded: false }, nullable: true },
        Field { name: "c".into(), ty: SqlType::Text { max: Some(2), padded: true }, nullable: true },
    ];
    t = Table::new("t".into(), schema, vec![], false, vec![Scalar::Null; 2], NodeId(0));
    let texts = |v: &[&str]| Arc::new(StringArray::from(v.to_vec())) as ArrayRef;
    let mut fits = [texts(&["üö", "a"]), texts(&["a   ", "bc"])];
    t.conform(&mut fits).unwrap();
    assert_eq!(&fits[1], &texts(&["a", "bc"]));
    assert_eq!(t.conform(&mut [texts(&["abc"]), texts(&["a"])]).unwrap_err().code(), "22001");
}
