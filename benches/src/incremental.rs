//! Incremental against naive: a loaded view takes a small step; the naive way computes the view again from all rows.
//!
//! Naive is measured twice: as a plain Rust loop over rows in memory (the strongest form), and as the same SELECT run by the engine.

use std::collections::BTreeMap;
use std::time::Duration;

use arrow_array::RecordBatch;
use deltaq::{Engine, Subscription};

use crate::bench::{Bench, Figure, Result, check, median, micros, rate, time};
use crate::data::{Random, ints, texts};
use crate::export::{Exported, export};
use crate::table::{Op, Step, apply, chunks, consume, load, open, record, rows, small_ints, timed, timestamps};
use crate::yardstick::TextCounts;

/// Rows of one epoch while loading.
const EPOCH_ROWS: usize = 10_000;
/// A day in microseconds.
const DAY: i64 = 86_400_000_000;

/// Runs the cases.
pub fn run(bench: &mut Bench) -> Result<()> {
    if bench.wants("50K/1K") {
        values(bench)?;
    }
    for (base, new) in [(10_000, 100), (50_000, 500), (100_000, 1_000)] {
        let case = format!("interactions/{base}+{new}");
        if bench.wants(&case) {
            interactions(bench, &case, base, new)?;
        }
    }
    for (base, changes) in [(5_000, 50), (10_000, 100), (20_000, 200)] {
        let case = format!("cdc/{base}+{changes}");
        if bench.wants(&case) {
            captured(bench, &case, base, changes)?;
        }
    }
    for base in [1_000, 5_000, 10_000] {
        let case = format!("analytics/{base}+100");
        if bench.wants(&case) {
            analytics(bench, &case, base)?;
        }
    }
    if bench.wants("pipeline") {
        pipeline(bench)?;
    }
    if bench.wants("tutorial") {
        tutorial(bench)?;
    }
    Ok(())
}

/// The figures of one case: a step, recomputation as a plain loop and by `queries`, and how many times faster the step is. What is to be
/// reached is said of recomputation by the engine; the plain loop knows nothing but its view, and shows what the machine allows.
fn compare(
    bench: &mut Bench,
    case: &str,
    (db, queries): (&mut Engine, &[&str]),
    mut steps: Vec<Duration>,
    plain: Duration,
    reach: Option<f64>,
) -> Result<()> {
    let workers = bench.options().workers;
    let step = micros(median(&mut steps));
    bench.latencies(case, workers, &mut steps, None);
    let mut selected = Duration::ZERO;
    for query in queries {
        selected += select(bench, db, query)?;
    }
    for (metric, naive, reach) in
        [("naive, plain Rust", micros(plain), None), ("naive, SELECT", micros(selected), reach)]
    {
        bench.figure(&Figure { case, workers, metric, value: naive, unit: "µs", reach: None });
        let metric = &format!("{} / p50", &metric[7..]);
        bench.figure(&Figure { case, workers, metric, value: naive / step, unit: "×", reach });
    }
    export(bench, db, &Exported { case, queries, step_us: step, select_us: micros(selected), prelude: "" })
}

/// The median time of some runs of `work`, whose result must be `known`.
fn naive<T: PartialEq>(bench: &Bench, known: &T, mut work: impl FnMut() -> T) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..bench.size(7, 1) {
        let (duration, result) = time(&mut work);
        check("naive recomputation", &(result == *known), &true)?;
        times.push(duration);
    }
    Ok(median(&mut times))
}

/// The median time of a SELECT.
pub fn select(bench: &Bench, db: &mut Engine, sql: &str) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..bench.size(7, 1) {
        let (duration, rows) = time(|| db.query(sql).map(|rows| rows.len()));
        std::hint::black_box(rows?);
        times.push(duration);
    }
    Ok(median(&mut times))
}

fn sorted<K: Ord, V>(groups: impl IntoIterator<Item = (K, V)>) -> Vec<(K, V)> {
    let mut all: Vec<(K, V)> = groups.into_iter().collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn subscribed(db: &mut Engine, view: &str) -> Result<Subscription> {
    let sub = db.subscribe(view)?;
    consume(&sub)?;
    Ok(sub)
}

fn text_counts(texts: &[String]) -> TextCounts<'_> {
    let mut counts = TextCounts::default();
    texts.iter().for_each(|text| counts.add(text));
    counts
}

/// 50,000 rows of distinct values, 1,000 of them updated a step; how often each value stands.
fn values(bench: &mut Bench) -> Result<()> {
    const QUERY: &str = "SELECT value, COUNT(*) AS n FROM base GROUP BY value";
    let (case, count, changes) = ("50K/1K", bench.size(50_000, 5_000), bench.size(1_000, 100));
    let sql = format!("CREATE TABLE base(id BIGINT PRIMARY KEY, value TEXT); CREATE VIEW counts AS {QUERY}");
    let workers = bench.options().workers;
    let mut random = Random::new(11);
    let mut base: Vec<String> = (1..=count).map(|i| format!("value_{i}")).collect();
    let input = record(vec![("id", ints(1..=count as i64)), ("value", texts(base.iter().cloned()))]);
    let mut step = |base: &mut Vec<String>, number: usize| -> Step {
        let ids: Vec<i64> = random.permutation(count).into_iter().take(changes).collect();
        let values: Vec<String> = (0..changes).map(|k| format!("updated_{}", number * changes + k)).collect();
        for (id, value) in ids.iter().zip(&values) {
            base[*id as usize] = value.clone();
        }
        let rows = record(vec![("id", ints(ids.iter().map(|id| id + 1))), ("value", texts(values.into_iter()))]);
        vec![("base", Op::Upsert(rows))]
    };
    let verify = |db: &mut Engine, base: &[String]| -> Result<()> {
        let known = sorted(text_counts(base).iter().map(|(value, n)| (value.to_string(), n)));
        check("counts", &(rows::<(String, i64)>(db, "SELECT value, n FROM counts")? == known), &true)
    };

    let first = step(&mut base, 0);
    let mut rebuilt = None;
    let (duration, done) = time(|| -> Result<i64> {
        let mut db = open(workers, &sql)?;
        let sub = db.subscribe("counts")?;
        load(&mut db, "base", std::slice::from_ref(&input))?;
        apply(&mut db, first)?;
        let changed = consume(&sub)?;
        rebuilt = Some((db, sub));
        Ok(changed)
    });
    done?;
    let Some((mut db, sub)) = rebuilt else { return Ok(()) };
    verify(&mut db, &base)?;
    let value = micros(duration);
    bench.figure(&Figure { case, workers, metric: "rebuild + add + count", value, unit: "µs", reach: None });

    let steps: Vec<Step> = (1..=bench.size(100, 5)).map(|number| step(&mut base, number)).collect();
    let times = timed(&mut db, &sub, steps)?;
    verify(&mut db, &base)?;
    let plain = naive(bench, &count, || {
        let counts = text_counts(&base);
        let all: Vec<(&str, i64)> = counts.iter().collect();
        all.len()
    })?;
    compare(bench, case, (&mut db, &[QUERY]), times, plain, Some(20.0))
}

/// Interactions of users with videos, counted by video and type.
fn interactions(bench: &mut Bench, case: &str, base: usize, new: usize) -> Result<()> {
    const QUERY: &str = "SELECT video, type, COUNT(*) AS n FROM interactions GROUP BY video, type";
    const TYPES: [&str; 3] = ["view", "like", "share"];
    let sql = format!(
        "CREATE TABLE interactions(user_id BIGINT, video BIGINT, type TEXT, ts TIMESTAMP); CREATE VIEW counts AS {QUERY}"
    );
    let mut random = Random::new(12);
    let mut all: Vec<(i64, usize)> = Vec::new();
    let mut made = |count: usize, all: &mut Vec<(i64, usize)>| -> RecordBatch {
        let start = all.len();
        let users: Vec<i64> = (0..count).map(|_| 1 + random.below(9_999) as i64).collect();
        all.extend((0..count).map(|_| (1 + random.below(4_999) as i64, random.below(3))));
        let fresh = &all[start..];
        record(vec![
            ("user_id", ints(users.into_iter())),
            ("video", ints(fresh.iter().map(|r| r.0))),
            ("type", texts(fresh.iter().map(|r| TYPES[r.1].to_string()))),
            ("ts", timestamps((start..start + count).map(|i| 1_700_000_000_000_000 + i as i64))),
        ])
    };
    let mut db = open(bench.options().workers, &sql)?;
    load(&mut db, "interactions", &chunks(&made(base, &mut all), EPOCH_ROWS))?;
    let sub = subscribed(&mut db, "counts")?;
    let steps = (0..bench.size(50, 5)).map(|_| vec![("interactions", Op::Append(made(new, &mut all)))]).collect();
    let times = timed(&mut db, &sub, steps)?;
    let count_all = || {
        let mut counts: hashbrown::HashMap<(i64, usize), i64, Fast> = hashbrown::HashMap::default();
        all.iter().for_each(|row| *counts.entry(*row).or_insert(0) += 1);
        counts
    };
    let known = count_all();
    let rows: Vec<(i64, String, i64)> = rows(&mut db, "SELECT video, type, n FROM counts")?;
    let mut expected: Vec<(i64, String, i64)> =
        known.iter().map(|((video, kind), n)| (*video, TYPES[*kind].to_string(), *n)).collect();
    expected.sort_unstable();
    check("counts", &(rows == expected), &true)?;
    let plain = naive(bench, &known, count_all)?;
    compare(bench, case, (&mut db, &[QUERY]), times, plain, None)
}

/// Hashing for the plain loops, as fast as the engine's own.
type Fast = std::hash::BuildHasherDefault<crate::yardstick::Fold>;

/// Change data capture: of the changes to keyed rows a fifth deletes, the others update; live rows, and the sum by version.
fn captured(bench: &mut Bench, case: &str, base: usize, changes: usize) -> Result<()> {
    let sql = "CREATE TABLE items(id BIGINT PRIMARY KEY, value INT, version INT);
               CREATE VIEW live AS SELECT COUNT(*) AS n FROM items;
               CREATE VIEW sums AS SELECT version, SUM(value) AS total FROM items GROUP BY version";
    let mut random = Random::new(13);
    let mut items: Vec<(i64, i32, i32)> = (0..base as i64).map(|id| (id, random.below(1_000) as i32, 1)).collect();
    let columns = |items: &[(i64, i32, i32)]| {
        record(vec![
            ("id", ints(items.iter().map(|i| i.0))),
            ("value", small_ints(items.iter().map(|i| i.1))),
            ("version", small_ints(items.iter().map(|i| i.2))),
        ])
    };
    let mut db = open(bench.options().workers, sql)?;
    load(&mut db, "items", &chunks(&columns(&items), EPOCH_ROWS))?;
    let sub = subscribed(&mut db, "sums")?;
    let live = subscribed(&mut db, "live")?;
    let mut steps: Vec<Step> = Vec::new();
    for _ in 0..bench.size(20, 3) {
        let deleted: Vec<i64> = (0..changes / 5)
            .map(|_| {
                let at = random.below(items.len());
                items.swap_remove(at).0
            })
            .collect();
        // Distinct rows: the first of a partial shuffle.
        let mut updated = Vec::new();
        for at in 0..changes - changes / 5 {
            let other = at + random.below(items.len() - at);
            items.swap(at, other);
            items[at] = (items[at].0, random.below(1_000) as i32, items[at].2 + 1);
            updated.push(items[at]);
        }
        let keys = record(vec![("id", ints(deleted.into_iter()))]);
        steps.push(vec![("items", Op::Delete(keys)), ("items", Op::Upsert(columns(&updated)))]);
    }
    let times = timed(&mut db, &sub, steps)?;
    consume(&live)?;
    let sum_all = || {
        let mut sums = BTreeMap::new();
        items.iter().for_each(|item| *sums.entry(item.2).or_insert(0i64) += i64::from(item.1));
        (items.len() as i64, sums)
    };
    let known = sum_all();
    check("live rows", &rows::<(i64,)>(&mut db, "SELECT n FROM live")?, &vec![(known.0,)])?;
    let sums: Vec<(i32, i64)> = known.1.iter().map(|(version, sum)| (*version, *sum)).collect();
    check("sums by version", &rows(&mut db, "SELECT version, total FROM sums")?, &sums)?;
    let plain = naive(bench, &known, sum_all)?;
    let queries = ["SELECT COUNT(*) FROM items", "SELECT version, SUM(value) FROM items GROUP BY version"];
    compare(bench, case, (&mut db, &queries), times, plain, None)
}

/// Orders joined with customers and products; revenue by country and category.
fn analytics(bench: &mut Bench, case: &str, base: usize) -> Result<()> {
    const QUERY: &str = "SELECT c.country, p.category, SUM(o.qty * p.price) AS revenue FROM orders o
                         JOIN customers c ON o.customer = c.id JOIN products p ON o.product = p.id
                         GROUP BY c.country, p.category";
    let sql = format!(
        "CREATE TABLE customers(id BIGINT PRIMARY KEY, country TEXT);
         CREATE TABLE products(id BIGINT PRIMARY KEY, category TEXT, price INT);
         CREATE TABLE orders(id BIGINT PRIMARY KEY, customer BIGINT, product BIGINT, qty INT);
         CREATE VIEW revenue AS {QUERY}"
    );
    let price = |product: i64| 100 + (product * 37 % 900) as i32;
    let country = |customer: i64| format!("country_{}", customer % 5);
    let category = |product: i64| format!("category_{}", product % 4);
    let mut db = open(bench.options().workers, &sql)?;
    let customers = record(vec![("id", ints(0..100)), ("country", texts((0..100).map(country)))]);
    let products = record(vec![
        ("id", ints(0..50)),
        ("category", texts((0..50).map(category))),
        ("price", small_ints((0..50).map(price))),
    ]);
    apply(&mut db, vec![("customers", Op::Append(customers)), ("products", Op::Append(products))])?;
    let mut random = Random::new(14);
    let mut all: Vec<(i64, i64, i32)> = Vec::new();
    let mut made = |count: usize, all: &mut Vec<(i64, i64, i32)>| -> RecordBatch {
        let start = all.len();
        all.extend((0..count).map(|_| (random.below(100) as i64, random.below(50) as i64, 1 + random.below(5) as i32)));
        let fresh = &all[start..];
        record(vec![
            ("id", ints(start as i64..all.len() as i64)),
            ("customer", ints(fresh.iter().map(|o| o.0))),
            ("product", ints(fresh.iter().map(|o| o.1))),
            ("qty", small_ints(fresh.iter().map(|o| o.2))),
        ])
    };
    load(&mut db, "orders", &chunks(&made(base, &mut all), EPOCH_ROWS))?;
    let sub = subscribed(&mut db, "revenue")?;
    let steps = (0..bench.size(50, 5)).map(|_| vec![("orders", Op::Append(made(100, &mut all)))]).collect();
    let times = timed(&mut db, &sub, steps)?;
    let sum_all = || {
        let mut sums: hashbrown::HashMap<(i64, i64), i64, Fast> = hashbrown::HashMap::default();
        for (customer, product, qty) in &all {
            *sums.entry((customer % 5, product % 4)).or_insert(0) += i64::from(*qty) * i64::from(price(*product));
        }
        sums
    };
    let known = sum_all();
    let mut expected: Vec<(String, String, i64)> =
        known.iter().map(|((c, p), sum)| (country(*c), category(*p), *sum)).collect();
    expected.sort_unstable();
    check("revenue", &rows(&mut db, "SELECT country, category, revenue FROM revenue")?, &expected)?;
    let plain = naive(bench, &known, sum_all)?;
    compare(bench, case, (&mut db, &[QUERY]), times, plain, None)
}

/// One order of the large pipeline.
#[derive(Clone, Copy)]
struct Order {
    id: i64,
    customer: i64,
    product: i64,
    qty: i32,
    price: i32,
    ts: i64,
}

fn order_columns(orders: &[Order]) -> RecordBatch {
    record(vec![
        ("id", ints(orders.iter().map(|o| o.id))),
        ("customer", ints(orders.iter().map(|o| o.customer))),
        ("product", ints(orders.iter().map(|o| o.product))),
        ("qty", small_ints(orders.iter().map(|o| o.qty))),
        ("price", small_ints(orders.iter().map(|o| o.price))),
        ("ts", timestamps(orders.iter().map(|o| o.ts))),
    ])
}

/// 1 M orders over 60 days, joined with the classes of products; revenue of the last 30 days by customer and class.
fn pipeline(bench: &mut Bench) -> Result<()> {
    const START: i64 = 1_704_067_200_000_000; // 2024-01-01
    const QUERY: &str = "SELECT o.customer, p.class, SUM(o.qty * o.price) AS revenue FROM orders o
                         JOIN products p ON o.product = p.id WHERE o.ts >= TIMESTAMP '2024-01-31 00:00:00'
                         GROUP BY o.customer, p.class";
    let count = bench.rows(1_000_000, 10_000);
    let workers = bench.options().workers;
    let sql = format!(
        "CREATE TABLE orders(id BIGINT PRIMARY KEY, customer BIGINT, product BIGINT, qty INT, price INT, ts TIMESTAMP);
         CREATE TABLE products(id BIGINT PRIMARY KEY, class BIGINT);
         CREATE VIEW revenue AS {QUERY}"
    );
    let mut random = Random::new(15);
    let mut order = |id: i64| Order {
        id,
        customer: random.below(count / 10) as i64,
        product: random.below(10_000) as i64,
        qty: 1 + random.below(5) as i32,
        price: 100 + random.below(50_000) as i32,
        ts: START + random.below(60 * DAY as usize) as i64,
    };
    let mut orders: Vec<Order> = (0..count as i64).map(&mut order).collect();
    let mut db = open(workers, &sql)?;
    let products = record(vec![("id", ints(0..10_000)), ("class", ints((0..10_000).map(|p| p % 100)))]);
    apply(&mut db, vec![("products", Op::Append(products))])?;
    let epochs = chunks(&order_columns(&orders), EPOCH_ROWS);
    let sub = subscribed(&mut db, "revenue")?;
    let (duration, done) = time(|| crate::table::load_and_consume(&mut db, "orders", &epochs, &sub));
    done?;
    let value = rate(count, duration);
    bench.figure(&Figure { case: "pipeline/load", workers, metric: "consumed", value, unit: "rows/s", reach: None });

    let sum_all = |orders: &[Order]| {
        let mut sums: hashbrown::HashMap<(i64, i64), i64, Fast> = hashbrown::HashMap::default();
        for o in orders.iter().filter(|o| o.ts >= START + 30 * DAY) {
            *sums.entry((o.customer, o.product % 100)).or_insert(0) += i64::from(o.qty) * i64::from(o.price);
        }
        sums
    };
    for size in bench.steps(&[1, 10, 100]) {
        let steps: Vec<Step> = (0..bench.size(500, 10))
            .map(|_| {
                let fresh: Vec<Order> = (0..size).map(|_| order(orders.last().map_or(0, |o| o.id + 1))).collect();
                let fresh: Vec<Order> = fresh.iter().zip(0..).map(|(o, at)| Order { id: o.id + at, ..*o }).collect();
                orders.extend(&fresh);
                vec![("orders", Op::Append(order_columns(&fresh)))]
            })
            .collect();
        let times = timed(&mut db, &sub, steps)?;
        let known = sum_all(&orders);
        let mut expected: Vec<(i64, i64, i64)> = known.iter().map(|((c, p), sum)| (*c, *p, *sum)).collect();
        expected.sort_unstable();
        let right = rows::<(i64, i64, i64)>(&mut db, "SELECT customer, class, revenue FROM revenue")? == expected;
        check("revenue by customer and class", &right, &true)?;
        let plain = naive(bench, &known, || sum_all(&orders))?;
        compare(bench, &format!("pipeline/{size}"), (&mut db, &[QUERY]), times, plain, None)?;
    }
    Ok(())
}

/// 5 M orders of 100 customers, then 60 steps of 100 more; how many orders each customer has.
fn tutorial(bench: &mut Bench) -> Result<()> {
    const QUERY: &str =
        "SELECT c.name, COUNT(*) AS n FROM orders o JOIN customers c ON o.customer = c.id GROUP BY c.name";
    let sql = format!(
        "CREATE TABLE customers(id BIGINT PRIMARY KEY, name TEXT); CREATE TABLE orders(id BIGINT, customer BIGINT);
         CREATE VIEW counts AS {QUERY}"
    );
    let (case, count) = ("tutorial", bench.rows(5_000_000, 20_000));
    let workers = bench.options().workers;
    let mut random = Random::new(16);
    let mut customers: Vec<i64> = (0..count).map(|_| random.below(100) as i64).collect();
    let columns = |start: usize, customers: &[i64]| {
        let ids = start as i64..(start + customers.len()) as i64;
        record(vec![("id", ints(ids)), ("customer", ints(customers.iter().copied()))])
    };
    let mut db = open(workers, &sql)?;
    let names = record(vec![("id", ints(0..100)), ("name", texts((0..100).map(|c| format!("customer_{c:02}"))))]);
    apply(&mut db, vec![("customers", Op::Append(names))])?;
    let epochs = chunks(&columns(0, &customers), EPOCH_ROWS);
    let sub = subscribed(&mut db, "counts")?;
    let (duration, done) = time(|| crate::table::load_and_consume(&mut db, "orders", &epochs, &sub));
    done?;
    let value = rate(count, duration);
    bench.figure(&Figure { case: "tutorial/load", workers, metric: "consumed", value, unit: "rows/s", reach: None });
    let steps = (0..bench.size(60, 5))
        .map(|_| {
            let start = customers.len();
            customers.extend((0..100).map(|_| random.below(100) as i64));
            vec![("orders", Op::Append(columns(start, &customers[start..])))]
        })
        .collect();
    let times = timed(&mut db, &sub, steps)?;
    let count_all = || {
        let mut counts = [0i64; 100];
        customers.iter().for_each(|customer| counts[*customer as usize] += 1);
        counts
    };
    let known = count_all();
    let expected: Vec<(String, i64)> = (0..100).map(|c| (format!("customer_{c:02}"), known[c])).collect();
    check("orders by customer", &rows(&mut db, "SELECT name, n FROM counts")?, &expected)?;
    let plain = naive(bench, &known, count_all)?;
    compare(bench, case, (&mut db, &[QUERY]), times, plain, None)
}
