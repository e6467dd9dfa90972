//! A trace against its definition: a map from rows to weights.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array, StringArray};
use arrow_schema::DataType;
use deltaq_circuit::trace::Trace;
use deltaq_circuit::{Batch, Weight};
use proptest::prelude::*;

type Row = (Option<i64>, i64, Option<String>);
type Rows = Vec<(Row, Weight)>;

fn types() -> Vec<DataType> {
    vec![DataType::Int64, DataType::Int64, DataType::Utf8]
}

fn batch(rows: &[(Row, Weight)]) -> Batch {
    if rows.is_empty() {
        return Batch::none();
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|((k, _, _), _)| *k).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|((_, v, _), _)| Some(*v)).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|((_, _, t), _)| t.as_deref()).collect::<StringArray>()),
    ];
    if rows.iter().all(|(_, w)| *w == 1) {
        return Batch::ones(columns);
    }
    Batch::weighted(columns, rows.iter().map(|(_, w)| *w).collect::<Vec<_>>())
}

fn model(batch: &Batch) -> BTreeMap<Row, Weight> {
    let mut model = BTreeMap::new();
    for row in 0..batch.len() {
        let int = |c: usize| {
            let column = batch.column(c).as_primitive::<Int64Type>();
            column.is_valid(row).then(|| column.value(row))
        };
        let text = batch.column(2).as_string::<i32>();
        let text = text.is_valid(row).then(|| text.value(row).to_string());
        *model.entry((int(0), int(1).unwrap_or(0), text)).or_insert(0) += batch.weight(row);
    }
    model.retain(|_, w| *w != 0);
    model
}

fn rows() -> impl Strategy<Value = Rows> {
    let texts = prop::sample::select(vec!["", "a", "long enough to matter", "ü"]);
    let row = (prop::option::of(0i64..4), 0i64..3, prop::option::of(texts.prop_map(String::from)));
    prop::collection::vec((row, prop::sample::select(vec![1, 1, 1, -1, 2, -3])), 0..40)
}

fn is_null(row: &Row, column: usize) -> bool {
    match column {
        0 => row.0.is_none(),
        2 => row.2.is_none(),
        _ => false,
    }
}

fn same(a: &Row, b: &Row, key: &[usize]) -> bool {
    key.iter().all(|column| match column {
        0 => a.0 == b.0,
        1 => a.1 == b.1,
        _ => a.2 == b.2,
    })
}

proptest! {
    #[test]
    fn holds_the_sum_of_its_deltas(
        deltas in prop::collection::vec(rows(), 0..8),
        key in prop::sample::select(vec![vec![0], vec![2], vec![0, 1], vec![2, 0], vec![], vec![0, 1, 2]]),
        nulls: bool,
        lazy: bool,
    ) {
        let new = if lazy { Trace::lazy } else { Trace::new };
        let mut trace = new(types(), key.clone(), nulls);
        let mut expected: BTreeMap<Row, Weight> = BTreeMap::new();
        let probes: Vec<Row> = deltas.iter().flatten().map(|(row, _)| row.clone()).collect();
        let probe = batch(&probes.iter().map(|row| (row.clone(), 1)).collect::<Vec<_>>());
        for delta in &deltas {
            trace.update(&batch(delta));
            for (row, weight) in delta.iter().filter(|(row, _)| nulls || !key.iter().any(|k| is_null(row, *k))) {
                *expected.entry(row.clone()).or_insert(0) += weight;
            }
            expected.retain(|_, w| *w != 0);
            trace.prepare();
            prop_assert_eq!(&model(&trace.contents()), &expected);

            let columns: Vec<ArrayRef> = if probe.is_empty() { continue } else {
                key.iter().map(|k| probe.column(*k).clone()).collect()
            };
            let found = trace.find(&columns, probe.len());
            let rows = Batch::weighted(trace.gather(&[0, 1, 2], &found.slots), trace.weights(&found.slots));
            for (at, probe) in probes.iter().enumerate() {
                let of_probe: Vec<u32> = (0..found.rows.len() as u32).filter(|i| found.rows[*i as usize] as usize == at).collect();
                let counted = model(&rows.take(&of_probe.into()));
                let expected: BTreeMap<Row, Weight> =
                    expected.iter().filter(|(row, _)| same(row, probe, &key)).map(|(row, w)| (row.clone(), *w)).collect();
                prop_assert_eq!(counted, expected);
            }
            for (probe, multiplicity) in probes.iter().zip(trace.multiplicities(&probe)) {
                prop_assert_eq!(multiplicity, expected.get(probe).copied().unwrap_or(0));
            }
        }
        for delta in &deltas {
            trace.update(&batch(delta).negate());
        }
        prop_assert!(trace.is_empty());
        prop_assert_eq!(trace.size().rows, 0);
    }
}

#[test]
fn many_rows_of_one_key_are_retracted_one_by_one() {
    let mut trace = Trace::new(types(), vec![0], true);
    let all: Rows = (0..50_000).map(|v| ((Some(7), v, Some(format!("row {v}"))), 1)).collect();
    trace.update(&batch(&all));
    let start = std::time::Instant::now();
    for row in all.iter().step_by(50) {
        trace.update(&batch(&[(row.0.clone(), -1)]));
    }
    // Searching all rows of the key for each would take minutes.
    assert!(start.elapsed().as_secs() < 30, "1,000 retractions took {:?}", start.elapsed());
    assert_eq!(trace.size().rows, 49_000);
}

#[test]
fn memory_follows_live_rows() {
    let mut trace = Trace::new(types(), vec![0], true);
    let all: Rows = (0..100_000).map(|v| ((Some(v), v, Some("some text".into())), 1)).collect();
    trace.update(&batch(&all[..1_000]));
    let before = trace.size();
    let more = batch(&all[1_000..]);
    trace.update(&more);
    trace.update(&more.negate());
    let after = trace.size();
    assert_eq!(after.rows, before.rows);
    assert!(after.bytes < 4 * before.bytes, "{} bytes after, {} before", after.bytes, before.bytes);
}

#[test]
fn what_is_not_looked_up_is_not_indexed_until_it_is() {
    let rows = |from: i64| {
        let keys = Int64Array::from_iter_values((from..from + 1000).map(|i| i % 10));
        Batch::ones(vec![Arc::new(keys) as ArrayRef, Arc::new(Int64Array::from_iter_values(from..from + 1000))])
    };
    let types = || vec![DataType::Int64, DataType::Int64];
    let (mut lazy, mut eager) = (Trace::lazy(types(), vec![0], false), Trace::new(types(), vec![0], false));
    for from in [0, 1000, 2000] {
        lazy.update(&rows(from));
        eager.update(&rows(from));
    }
    assert!(lazy.size().bytes < eager.size().bytes, "{:?} {:?}", lazy.size(), eager.size());
    lazy.keep_indexed();
    let probe: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(vec![3, 77]))];
    assert_eq!(lazy.find(&probe, 2).rows, [0; 300]);
    lazy.update(&rows(3000));
    assert_eq!(lazy.find(&probe, 2).rows, [0; 400], "nothing is set aside any more");
}

#[test]
fn rows_that_no_lookup_finds_are_not_set_aside() {
    let rows = batch(&[((None, 1, None), 1), ((Some(1), 2, None), 1), ((None, 3, None), 1)]);
    for (nulls, kept) in [(false, 1), (true, 3)] {
        let mut trace = Trace::lazy(types(), vec![0], nulls);
        trace.update(&rows);
        assert_eq!((trace.size().rows, trace.contents().len()), (kept, kept));
        trace.keep_indexed();
        assert_eq!((trace.size().rows, trace.contents().len()), (kept, kept));
    }
    let mut trace = Trace::lazy(types(), vec![0], false);
    trace.update(&batch(&[((None, 1, None), 1)]));
    assert!(trace.is_empty());
}
