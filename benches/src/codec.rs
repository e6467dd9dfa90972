//! Suite `codec`: a plain batch (BIGINT, DOUBLE) as bytes and back: by the engine's codec, by bincode, by abomonation.
//!
//! All three get their rows in the shape they like best: columns for the engine's codec, a vector of rows for the others.

mod entombed;

use std::hint::black_box;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_buffer::Buffer;
use deltaq_circuit::{Batch, codec};

use crate::bench::{Bench, Figure, Result, check, median, time};
use crate::data::{Random, floats, ints};

type Row = (i64, f64);

/// Runs the suite.
pub fn run(bench: &mut Bench) -> Result<()> {
    for count in [1, 100, bench.rows(10_000, 10_000)] {
        let case = format!("{count} rows");
        if bench.wants(&case) {
            measure(bench, &case, count)?;
        }
    }
    Ok(())
}

fn measure(bench: &mut Bench, case: &str, count: usize) -> Result<()> {
    let mut random = Random::new(17);
    let rows: Vec<Row> = (0..count).map(|_| (random.next() as i64, random.below(1_000_000) as f64 / 8.0)).collect();
    let batch = Batch::ones(vec![ints(rows.iter().map(|r| r.0)), floats(rows.iter().map(|r| r.1))]);
    let known = sum(rows.iter().copied());

    let bytes = Buffer::from_vec(codec::to_bytes(&batch));
    let ours = [
        spent(bench, || codec::to_bytes(black_box(&batch))),
        spent(bench, || decoded(black_box(&bytes))),
        spent(bench, || decoded_sum(black_box(&bytes))),
    ];
    check("rows decoded by the engine's codec", &decoded_sum(&bytes), &known)?;
    figures(bench, case, "engine", bytes.len(), count, ours);

    let bytes = serialized(&rows);
    let bincode = [
        spent(bench, || serialized(black_box(&rows))),
        spent(bench, || deserialized(black_box(&bytes))),
        spent(bench, || sum(deserialized(black_box(&bytes)).into_iter())),
    ];
    check("rows decoded by bincode", &sum(deserialized(&bytes).into_iter()), &known)?;
    figures(bench, case, "bincode", bytes.len(), count, bincode);

    let mut entombed = entombed::Entombed::new(&rows);
    let length = entombed.len();
    let abomonation = [
        spent(bench, || entombed::Entombed::new(black_box(&rows))),
        spent(bench, || black_box(&mut entombed).rows().len()),
        spent(bench, || sum(black_box(&mut entombed).rows().iter().copied())),
    ];
    check("rows decoded by abomonation", &sum(entombed.rows().iter().copied()), &known)?;
    figures(bench, case, "abomonation", length, count, abomonation);
    Ok(())
}

fn figures(bench: &mut Bench, case: &str, codec: &str, bytes: usize, rows: usize, times: [f64; 3]) {
    let case = &format!("{case}/{codec}");
    for (metric, nanos) in ["encode", "decode", "decode and read"].into_iter().zip(times) {
        bench.figure(&Figure { case, workers: 1, metric, value: nanos, unit: "ns", reach: None });
    }
    bench.figure(&Figure {
        case,
        workers: 1,
        metric: "size",
        value: bytes as f64 / rows as f64,
        unit: "B/row",
        reach: None,
    });
}

/// The time of one call in nanoseconds: the median over some hundreds of calls, or of batches of calls where one is short.
fn spent<T>(bench: &Bench, mut work: impl FnMut() -> T) -> f64 {
    let (once, _) = time(&mut work);
    let calls = (Duration::from_micros(20).as_nanos() / once.as_nanos().max(1)).clamp(1, 1_000) as u32;
    let mut times: Vec<Duration> = (0..bench.size(500, 5))
        .map(|_| {
            time(|| {
                for _ in 0..calls {
                    black_box(work());
                }
            })
            .0
        })
        .collect();
    median(&mut times).as_nanos() as f64 / f64::from(calls)
}

fn sum(rows: impl Iterator<Item = Row>) -> (i64, f64) {
    rows.fold((0, 0.0), |(a, b), (x, y)| (a ^ x, b + y))
}

fn decoded(bytes: &Buffer) -> Batch {
    codec::decode(bytes).unwrap_or_else(|error| panic!("bytes just encoded: {error}"))
}

fn decoded_sum(bytes: &Buffer) -> (i64, f64) {
    let batch = decoded(bytes);
    let (a, b) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_primitive::<Float64Type>());
    sum(a.values().iter().copied().zip(b.values().iter().copied()))
}

fn serialized(rows: &Vec<Row>) -> Vec<u8> {
    bincode::serialize(rows).unwrap_or_else(|error| panic!("plain rows: {error}"))
}

fn deserialized(bytes: &[u8]) -> Vec<Row> {
    bincode::deserialize(bytes).unwrap_or_else(|error| panic!("bytes just encoded: {error}"))
}
