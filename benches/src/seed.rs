//! Suite `seed`: the streaming scenarios that the project started from, as streams of 1,000-row batches, and incremental against naive.

use arrow_array::RecordBatch;

use crate::bench::{Bench, Figure, Result, check, median, rate, time};
use crate::data::{floats, ints, texts};
use crate::incremental;
use crate::table::{chunks, load_and_consume, open, record, rows};

/// Rows of one epoch.
const EPOCH_ROWS: usize = 1_000;

/// Runs the suite.
pub fn run(bench: &mut Bench) -> Result<()> {
    if bench.wants("s0 select") {
        select(bench)?;
    }
    if bench.wants("s2 windowless") {
        windowless(bench)?;
    }
    if bench.wants("partition scaling") {
        scaling(bench)?;
    }
    incremental::run(bench)
}

/// Streams `input` into `table` on a fresh engine; the median rate over some runs. `verify` sees the engine and how many rows came out.
fn stream(
    bench: &Bench,
    workers: usize,
    sql: &str,
    [table, view]: [&str; 2],
    input: &RecordBatch,
    verify: impl Fn(&mut deltaq::Engine, i64) -> Result<()>,
) -> Result<f64> {
    let epochs = chunks(input, EPOCH_ROWS);
    let mut times = Vec::new();
    for _ in 0..bench.runs() {
        let mut db = open(workers, sql)?;
        let sub = db.subscribe(view)?;
        let (duration, changed) = time(|| load_and_consume(&mut db, table, &epochs, &sub));
        verify(&mut db, changed?)?;
        times.push(duration);
    }
    Ok(rate(input.num_rows(), median(&mut times)))
}

fn select(bench: &mut Bench) -> Result<()> {
    let sql = "CREATE TABLE orders(order_id BIGINT, customer_id BIGINT, order_date TEXT, total_amount DOUBLE PRECISION);
               CREATE VIEW large AS SELECT order_id, customer_id, order_date, total_amount FROM orders WHERE total_amount > 100";
    let workers = bench.options().workers;
    // The scenario has 5,000 rows, which is over in a millisecond: the longer stream is the steadier figure.
    for (case, count) in [("s0 select", 5_000), ("s0 select/long", bench.rows(1_000_000, 10_000))] {
        let all = 0..count as i64;
        let input = record(vec![
            ("order_id", ints(all.clone())),
            ("customer_id", ints(all.clone().map(|i| i % 1000))),
            ("order_date", texts(all.clone().map(|_| "2024-01-15".to_string()))),
            ("total_amount", floats(all.map(|i| 150.0 + (i % 100) as f64))),
        ]);
        let value = stream(bench, workers, sql, ["orders", "large"], &input, |db, changed| {
            check("rows that passed", &changed, &(count as i64))?;
            check("rows of the view", &db.query("SELECT order_id FROM large")?.len(), &count)
        })?;
        bench.figure(&Figure { case, workers, metric: "consumed", value, unit: "rows/s", reach: Some(5e6) });
    }
    Ok(())
}

fn windowless(bench: &mut Bench) -> Result<()> {
    let workers = bench.options().workers;
    let query = "SELECT symbol, COUNT(*) AS n, AVG(price) AS mean, MIN(price) AS low, MAX(price) AS high, SUM(quantity) AS quantity
                 FROM market_data GROUP BY symbol";
    let table = "CREATE TABLE market_data(symbol TEXT, price DOUBLE PRECISION, quantity BIGINT)";
    let tables = [("s2 windowless", ""), ("s2 windowless/append-only", " WITH (append_only = true)")];
    let count = 100_000i64;
    for (case, options) in tables {
        let sql = format!("{table}{options}; CREATE VIEW by_symbol AS {query}");
        let input = record(vec![
            ("symbol", texts((0..count).map(|i| format!("SYM{}", i % 200)))),
            ("price", floats((0..count).map(|i| 100.0 + (i % 100) as f64))),
            ("quantity", ints((0..count).map(|i| i % 1000))),
        ]);
        let value = stream(bench, workers, &sql, ["market_data", "by_symbol"], &input, |db, _| {
            let query = "SELECT symbol, n, CAST(mean AS BIGINT), CAST(low AS BIGINT), CAST(high AS BIGINT), CAST(quantity AS BIGINT)
                         FROM by_symbol";
            let mut known: Vec<(String, i64, i64, i64, i64, i64)> = (0..200)
                .map(|j| {
                    let price = 100 + j % 100;
                    (format!("SYM{j}"), 500, price, price, price, 100 * (5 * j + 2_000))
                })
                .collect();
            known.sort_unstable();
            check("symbols", &rows(db, query)?, &known)
        })?;
        bench.figure(&Figure { case, workers, metric: "consumed", value, unit: "rows/s", reach: Some(5e6) });
    }
    Ok(())
}

fn scaling(bench: &mut Bench) -> Result<()> {
    let sql = "CREATE TABLE t(id BIGINT, group_id BIGINT, value INT);
               CREATE VIEW sums AS SELECT group_id, SUM(value) AS total FROM t GROUP BY group_id";
    let many = bench.options().workers.max(2);
    let mut alone = None;
    for (case, count) in
        [("partition scaling", 100_000i64), ("partition scaling/long", bench.rows(2_000_000, 100_000) as i64)]
    {
        let input = record(vec![
            ("id", ints(0..count)),
            ("group_id", ints((0..count).map(|i| i % 10))),
            ("value", crate::table::small_ints((0..count as i32).map(|i| i % 100))),
        ]);
        for workers in [1, many] {
            let value = stream(bench, workers, sql, ["t", "sums"], &input, |db, _| {
                let known: Vec<(i64, i64)> =
                    (0..10).map(|g| (g, (g..count).step_by(10).map(|i| i % 100).sum())).collect();
                check("sums by group", &rows(db, "SELECT group_id, total FROM sums")?, &known)
            })?;
            bench.figure(&Figure { case, workers, metric: "consumed", value, unit: "rows/s", reach: None });
            match alone {
                Some(alone) if workers > 1 => {
                    let value = value / alone;
                    bench.figure(&Figure { case, workers, metric: "speedup", value, unit: "×", reach: None });
                }
                _ => alone = Some(value),
            }
        }
    }
    Ok(())
}
