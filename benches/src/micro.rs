//! Suite `micro`: what the parts of the engine cost through SQL. Input is Arrow made beforehand.

use arrow_array::RecordBatch;
use deltaq::Engine;

use crate::bench::{Bench, Failure, Figure, Result, check, median, rate, time};
use crate::data::{Live, Row, columns, random_rows, sides};
use crate::table::{EPOCH_ROWS, Op, Step, chunks, consume, load, load_and_consume, open, pushed, record, rows, timed};
use crate::yardstick;

/// Step sizes, with the p50 in µs to reach for the count and for the join.
const STEPS: [(usize, f64, f64); 5] =
    [(1, 10.0, 15.0), (10, 15.0, 25.0), (100, 35.0, 60.0), (1_000, 200.0, 300.0), (10_000, 1_500.0, 2_500.0)];

const COUNT: &str = "CREATE TABLE t(k BIGINT NOT NULL, v BIGINT NOT NULL);
                     CREATE VIEW counts AS SELECT k, COUNT(*) AS n FROM t GROUP BY k";
const JOIN: &str = "CREATE TABLE a(k BIGINT NOT NULL, v BIGINT NOT NULL);
                    CREATE TABLE b(k BIGINT NOT NULL, w BIGINT NOT NULL);
                    CREATE VIEW joined AS SELECT a.k, a.v, b.w FROM a JOIN b ON a.k = b.k";

/// Runs the suite.
pub fn run(bench: &mut Bench) -> Result<()> {
    if bench.wants("count") {
        count(bench)?;
    }
    if bench.wants("count-steps") {
        count_steps(bench)?;
    }
    if bench.wants("join-load") {
        join_load(bench)?;
    }
    if bench.wants("join-steps") {
        join_steps(bench)?;
    }
    if bench.wants("filter-project") {
        filter_project(bench)?;
    }
    if bench.wants("create-view") {
        create_view(bench)?;
    }
    if bench.wants("many-views") {
        many_views(bench)?;
    }
    Ok(())
}

fn batch(names: [&str; 2], rows: &[Row]) -> RecordBatch {
    record(names.into_iter().zip(columns(rows)).collect())
}

/// How many steps of a size are measured.
fn repeats(bench: &Bench, step: usize) -> usize {
    bench.size((200_000 / step).clamp(50, 4_000), 10)
}

fn count(bench: &mut Bench) -> Result<()> {
    let count = bench.rows(10_000_000, 100_000);
    let keys = (count / 100).max(1);
    let input = random_rows(count, keys, 1);
    let epochs: Vec<RecordBatch> = input.chunks(EPOCH_ROWS).map(|chunk| batch(["k", "v"], chunk)).collect();
    let known = yardstick::counts(&input);

    let mut one = None;
    let asked = bench.options().workers;
    let mut workers = vec![asked];
    if asked == 1 {
        workers.push(2);
    }
    for workers in workers {
        let mut times = Vec::new();
        for _ in 0..bench.runs() {
            let mut db = open(workers, COUNT)?;
            let sub = db.subscribe("counts")?;
            let (duration, done) = time(|| load_and_consume(&mut db, "t", &epochs, &sub));
            done?;
            check("counts", &(rows::<Row>(&mut db, "SELECT k, n FROM counts")? == known), &true)?;
            times.push(duration);
        }
        let value = rate(count, median(&mut times));
        let reach = (workers == 1).then_some(12e6);
        bench.figure(&Figure { case: "count", workers, metric: "consumed", value, unit: "rows/s", reach });
        match one {
            None => one = Some(value),
            Some(one) => {
                let value = value / one;
                bench
                    .figure(&Figure { case: "count", workers, metric: "speedup", value, unit: "×", reach: Some(1.6) });
            }
        }
        let mut db = open(workers, COUNT)?;
        let (duration, done) = time(|| {
            load(&mut db, "t", &epochs)?;
            consume(&db.subscribe("counts")?)
        });
        check("groups", &done?, &(known.len() as i64))?;
        let value = rate(count, duration);
        bench.figure(&Figure { case: "count", workers, metric: "not consumed", value, unit: "rows/s", reach: None });
    }

    let (duration, counts) = time(|| {
        let mut counts = yardstick::Counts::default();
        let mut output = Vec::new();
        for epoch in input.chunks(EPOCH_ROWS) {
            output.clear();
            output.extend(epoch.iter().map(|row| (row.0, counts.add(row.0, 1))));
            std::hint::black_box(&output);
        }
        counts
    });
    check("counts of the plain loop", &(counts.sorted() == known), &true)?;
    let value = rate(count, duration);
    bench.figure(&Figure { case: "count/plain loop", workers: 1, metric: "rows", value, unit: "rows/s", reach: None });
    Ok(())
}

fn count_steps(bench: &mut Bench) -> Result<()> {
    let count = bench.rows(1_000_000, 10_000);
    let keys = (count / 10).max(1);
    let input = random_rows(count, keys, 2);
    let workers = bench.options().workers;
    let mut db = open(workers, COUNT)?;
    load(&mut db, "t", &chunks(&batch(["k", "v"], &input), EPOCH_ROWS))?;
    let sub = db.subscribe("counts")?;
    let mut live = Live::new(input, keys, 3);
    // The first retraction indexes the table, once.
    let (duration, first) = time(|| timed(&mut db, &sub, vec![vec![("t", pushed(["k", "v"], live.step(2)))]]));
    first?;
    let value = duration.as_secs_f64() * 1e3;
    bench.figure(&Figure { case: "count-steps/first", workers, metric: "index", value, unit: "ms", reach: None });
    for (step, reach, _) in sizes(bench) {
        let steps: Vec<Step> =
            (0..repeats(bench, step)).map(|_| vec![("t", pushed(["k", "v"], live.step(step)))]).collect();
        let mut times = timed(&mut db, &sub, steps)?;
        let right = rows::<Row>(&mut db, "SELECT k, n FROM counts")? == yardstick::counts(live.rows());
        check("counts after the steps", &right, &true)?;
        bench.latencies(&format!("count-steps/{step}"), workers, &mut times, reach);
    }
    Ok(())
}

/// The step sizes asked for, with what is to be reached where that is known.
fn sizes(bench: &Bench) -> Vec<(usize, Option<f64>, Option<f64>)> {
    let all: Vec<usize> = STEPS.iter().map(|s| s.0).collect();
    let reach = |step: usize| STEPS.iter().find(|s| s.0 == step);
    bench.steps(&all).into_iter().map(|step| (step, reach(step).map(|s| s.1), reach(step).map(|s| s.2))).collect()
}

/// How many pairs, and the sum of all their values.
fn answer(db: &mut Engine) -> Result<(usize, i64)> {
    let pairs: Vec<(i64, i64)> = db.query("SELECT v, w FROM joined")?.to_rows()?;
    Ok((pairs.len(), pairs.iter().fold(0, |sum, (v, w)| sum.wrapping_add(v ^ w))))
}

fn join_load(bench: &mut Bench) -> Result<()> {
    let count = bench.rows(1_000_000, 10_000);
    let sides = sides(count);
    let known = yardstick::join(&sides[0], &sides[1]);
    let workers = bench.options().workers;
    for (case, size) in [("join-load/whole", count), ("join-load/epochs of 10k", EPOCH_ROWS)] {
        let a = chunks(&batch(["k", "v"], &sides[0]), size);
        let b = chunks(&batch(["k", "w"], &sides[1]), size);
        let mut times = Vec::new();
        for _ in 0..bench.runs() {
            let mut db = open(workers, JOIN)?;
            let sub = db.subscribe("joined")?;
            let (duration, changed) = time(|| {
                load_and_consume(&mut db, "a", &a, &sub)?;
                load_and_consume(&mut db, "b", &b, &sub)
            });
            check("joined rows", &changed?, &(known.0 as i64))?;
            check("joined pairs", &answer(&mut db)?, &known)?;
            times.push(duration);
        }
        let value = median(&mut times).as_secs_f64();
        bench.figure(&Figure { case, workers, metric: "load", value, unit: "s", reach: Some(0.8) });
    }
    let (duration, _) = time(|| yardstick::join(&sides[0], &sides[1]));
    let value = duration.as_secs_f64();
    bench.figure(&Figure { case: "join-load/plain loop", workers: 1, metric: "load", value, unit: "s", reach: None });
    Ok(())
}

fn join_steps(bench: &mut Bench) -> Result<()> {
    let count = bench.rows(1_000_000, 10_000);
    let [left, right] = sides(count);
    let workers = bench.options().workers;
    let mut db = open(workers, JOIN)?;
    load(&mut db, "a", &chunks(&batch(["k", "v"], &left), EPOCH_ROWS))?;
    load(&mut db, "b", &chunks(&batch(["k", "w"], &right), EPOCH_ROWS))?;
    let sub = db.subscribe("joined")?;
    let mut live = [Live::new(left, count, 6), Live::new(right, count, 7)];
    let mut turn = 0;
    // Half the changes go to each table; a single change to either in turn, two times each.
    let mut next = |live: &mut [Live; 2], step: usize| -> Step {
        turn += 1;
        let left = if step == 1 { turn / 2 % 2 } else { step / 2 };
        let parts = [("a", "v", 0, left), ("b", "w", 1, step - left)];
        let parts = parts.into_iter().filter(|part| part.3 > 0);
        parts.map(|(table, value, side, n)| (table, pushed(["k", value], live[side].step(n)))).collect()
    };
    let first = vec![next(&mut live, 4)];
    timed(&mut db, &sub, first)?;
    for (step, _, reach) in sizes(bench) {
        let steps: Vec<Step> = (0..repeats(bench, step)).map(|_| next(&mut live, step)).collect();
        let mut times = timed(&mut db, &sub, steps)?;
        check("joined pairs", &answer(&mut db)?, &yardstick::join(live[0].rows(), live[1].rows()))?;
        bench.latencies(&format!("join-steps/{step}"), workers, &mut times, reach);
    }
    Ok(())
}

fn filter_project(bench: &mut Bench) -> Result<()> {
    let count = bench.rows(10_000_000, 100_000);
    let input = random_rows(count, 1000, 8);
    let epochs: Vec<RecordBatch> = input.chunks(EPOCH_ROWS).map(|chunk| batch(["k", "v"], chunk)).collect();
    let known = input.iter().filter(|row| row.1 > 500_000).count() as i64;
    let workers = bench.options().workers;
    let sql =
        "CREATE TABLE t(k BIGINT NOT NULL, v BIGINT NOT NULL); CREATE VIEW high AS SELECT v, k FROM t WHERE v > 500000";
    for consumed in [true, false] {
        let mut times = Vec::new();
        for _ in 0..bench.runs() {
            let mut db = open(workers, sql)?;
            let (duration, changed) = if consumed {
                let sub = db.subscribe("high")?;
                time(|| load_and_consume(&mut db, "t", &epochs, &sub))
            } else {
                let (duration, done) = time(|| {
                    load(&mut db, "t", &epochs)?;
                    // The workers are done when the question after the last epoch is answered.
                    Ok::<_, Failure>(db.state()?)
                });
                done?;
                (duration, consume(&db.subscribe("high")?))
            };
            check("rows passed", &changed?, &known)?;
            times.push(duration);
        }
        let value = rate(count, median(&mut times));
        let metric = if consumed { "consumed" } else { "not consumed" };
        let reach = consumed.then_some(100e6);
        bench.figure(&Figure { case: "filter-project", workers, metric, value, unit: "rows/s", reach });
    }
    Ok(())
}

fn create_view(bench: &mut Bench) -> Result<()> {
    let workers = bench.options().workers;
    let tables = "CREATE TABLE orders(id BIGINT PRIMARY KEY, customer BIGINT, amount DECIMAL(10, 2));
                  CREATE TABLE customers(id BIGINT PRIMARY KEY, country TEXT)";
    let views = [
        ("create-view/count", "CREATE VIEW v AS SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer"),
        (
            "create-view/join",
            "CREATE VIEW v AS SELECT c.country, COUNT(*) AS n, SUM(o.amount) AS total FROM orders o
             JOIN customers c ON o.customer = c.id WHERE o.amount > 10 GROUP BY c.country",
        ),
    ];
    for (case, sql) in views {
        let mut times = Vec::new();
        for _ in 0..bench.size(100, 5) {
            let mut db = open(workers, tables)?;
            let (duration, done) = time(|| {
                db.execute(sql)?;
                consume(&db.subscribe("v")?)
            });
            check("rows of a view over nothing", &done?, &0)?;
            let row = record(vec![
                ("id", crate::data::ints([1].into_iter())),
                ("customer", crate::data::ints([1].into_iter())),
            ]);
            crate::table::apply(&mut db, vec![("orders", Op::Append(row))])?;
            times.push(duration);
        }
        bench.latencies(case, workers, &mut times, Some(5_000.0));
    }
    Ok(())
}

/// Views over one table, and steps of another that none of them reads.
fn many_views(bench: &mut Bench) -> Result<()> {
    let workers = bench.options().workers;
    let mut db = open(workers, COUNT)?;
    db.execute("CREATE TABLE other(k BIGINT NOT NULL, v BIGINT NOT NULL)")?;
    let sub = db.subscribe("counts")?;
    let mut made = 0;
    for views in bench.size([0, 100, 1_000, 10_000], [0, 10, 20, 50]) {
        let sql: Vec<String> = (made..views)
            .map(|n| format!("CREATE VIEW v{n} AS SELECT k, SUM(v) AS s FROM other WHERE v > {n} GROUP BY k"))
            .collect();
        let (duration, done) = time(|| db.execute(&sql.join(";")));
        done?;
        let case = format!("many-views/{views}");
        if views > 0 {
            let value = duration.as_secs_f64() * 1e6 / (views - made) as f64;
            bench.figure(&Figure { case: &case, workers, metric: "create", value, unit: "µs a view", reach: None });
        }
        made = views;
        let repeats = repeats(bench, 1);
        let steps =
            random_rows(repeats, 1_000, 7).into_iter().map(|row| vec![("t", Op::Append(batch(["k", "v"], &[row])))]);
        let mut times = timed(&mut db, &sub, steps.collect())?;
        bench.latencies(&case, workers, &mut times, None);
    }
    let counted: i64 = rows::<Row>(&mut db, "SELECT k, n FROM counts")?.iter().map(|row| row.1).sum();
    check("rows counted", &counted, &(4 * repeats(bench, 1) as i64))
}
