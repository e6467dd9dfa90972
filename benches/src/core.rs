//! Suite `core`: circuits made by hand and run on the calling thread, to see what the operators alone cost.

use std::time::{Duration, Instant};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use deltaq_circuit::executor::Executor;
use deltaq_circuit::{Batch, Epoch, NodeId};
use deltaq_compiler::plan::{Equality, JoinKind, Plan};
use deltaq_compiler::{Catalog, Circuit, Relation, rewrite};
use deltaq_operators::aggregate::{Call, Function};
use deltaq_operators::functions;
use deltaq_operators::{Expr, Field, Scalar, Schema, SqlType};

use crate::bench::{Bench, Figure, Result, check, median, rate, time};
use crate::data::{self, Live, Row, random_rows, sides};
use crate::yardstick;

/// Rows of one epoch while loading.
const EPOCH_ROWS: usize = 10_000;

/// Step sizes.
pub const STEPS: [usize; 5] = [1, 10, 100, 1_000, 10_000];

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
    Ok(())
}

fn field(name: &str) -> Field {
    Field { name: name.into(), ty: SqlType::BigInt, nullable: false }
}

fn big(index: usize) -> Expr {
    Expr::Column { index, ty: SqlType::BigInt, nullable: false }
}

fn scan(table: &str) -> Plan {
    Plan::Scan { relation: table.into(), schema: vec![field("k"), field("v")], span: None }
}

/// A catalog that tells nothing of the tables.
struct Unknown;

impl Catalog for Unknown {
    fn relation(&self, _name: &str) -> Option<Relation> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// One view at work, and its tables' nodes.
struct Work {
    executor: Executor,
    tables: Vec<NodeId>,
    root: NodeId,
    epoch: u64,
}

impl Work {
    fn new(plan: &Plan, names: &[&str]) -> Work {
        let mut circuit = Circuit::new(1);
        let mut executor = Executor::new(0, 1);
        let schema: Schema = vec![field("k"), field("v")];
        let sources: Vec<_> = names.iter().map(|name| circuit.source(name, &schema, false)).collect();
        let tables: Vec<NodeId> = sources.iter().map(|s| s.id).collect();
        executor.install(sources);
        let find =
            |name: &str| tables[names.iter().position(|n| *n == name).unwrap_or_else(|| panic!("no table {name}"))];
        let lowered = circuit.lower(&rewrite::optimize(plan.clone(), &Unknown), &find);
        executor.install(lowered.nodes);
        executor.watch(lowered.root, true);
        Work { executor, tables, root: lowered.root, epoch: 0 }
    }

    /// One epoch; its output, consumed by a look at every weight.
    fn step(&mut self, inputs: Vec<(usize, Batch)>) -> Batch {
        self.epoch += 1;
        let inputs = inputs.into_iter().map(|(table, batch)| (self.tables[table], batch)).collect();
        let mut step = self.executor.step(Epoch(self.epoch), inputs, Vec::new());
        let output = step.outputs.pop().map_or_else(Batch::none, |(_, batch)| batch);
        std::hint::black_box(output.total_weight());
        output
    }

    fn contents(&self) -> Batch {
        self.executor.contents(self.root, &[]).consolidate()
    }
}

fn weighted(change: data::Change) -> Batch {
    Batch::weighted(change.columns, change.weights)
}

fn batches(rows: &[Row], size: usize) -> Vec<Batch> {
    rows.chunks(size).map(|chunk| Batch::ones(data::columns(chunk))).collect()
}

fn pairs(batch: &Batch) -> Vec<(i64, i64)> {
    if batch.is_empty() {
        return Vec::new();
    }
    let column = |index: usize| batch.column(index).as_primitive::<Int64Type>().values().iter().copied();
    let mut all: Vec<(i64, i64)> = column(0).zip(column(1)).collect();
    all.sort_unstable();
    all
}

fn counted() -> Plan {
    let call = Call::new(Function::Count, None, SqlType::BigInt);
    let schema = vec![field("k"), field("count")];
    Plan::Aggregate { input: Box::new(scan("t")), keys: vec![big(0)], calls: vec![call], schema }
}

fn count(bench: &mut Bench) -> Result<()> {
    let rows = bench.rows(10_000_000, 100_000);
    let keys = (rows / 100).max(1);
    let input = random_rows(rows, keys, 1);
    let epochs = batches(&input, EPOCH_ROWS);
    let known = yardstick::counts(&input);
    let mut times = Vec::new();
    for _ in 0..bench.runs() {
        let mut work = Work::new(&counted(), &["t"]);
        let (duration, ()) = time(|| {
            for batch in &epochs {
                work.step(vec![(0, batch.clone())]);
            }
        });
        check("counts", &(pairs(&work.contents()) == known), &true)?;
        times.push(duration);
    }
    let value = rate(rows, median(&mut times));
    bench.figure(&Figure { case: "count", workers: 1, metric: "rows", value, unit: "rows/s", reach: Some(12e6) });

    let (duration, ()) = time(|| {
        let mut counts = yardstick::Counts::default();
        let mut output = Vec::new();
        for epoch in input.chunks(EPOCH_ROWS) {
            output.clear();
            for row in epoch {
                output.push((row.0, counts.add(row.0, 1)));
            }
            std::hint::black_box(&output);
        }
    });
    let value = rate(rows, duration);
    bench.figure(&Figure { case: "count/plain loop", workers: 1, metric: "rows", value, unit: "rows/s", reach: None });
    Ok(())
}

/// How many steps of a size are measured.
pub fn repeats(bench: &Bench, step: usize) -> usize {
    bench.size((200_000 / step).clamp(50, 4_000), 10)
}

fn count_steps(bench: &mut Bench) -> Result<()> {
    let rows = bench.rows(1_000_000, 10_000);
    let keys = (rows / 10).max(1);
    let input = random_rows(rows, keys, 2);
    let mut live = Live::new(input.clone(), keys, 3);
    let mut work = Work::new(&counted(), &["t"]);
    for batch in batches(&input, EPOCH_ROWS) {
        work.step(vec![(0, batch)]);
    }
    for step in bench.steps(&STEPS) {
        let steps: Vec<Batch> = (0..repeats(bench, step)).map(|_| weighted(live.step(step))).collect();
        let mut times = timed(steps.into_iter().map(|s| vec![(0, s)]), |inputs| work.step(inputs));
        check("counts", &(pairs(&work.contents()) == yardstick::counts(live.rows())), &true)?;
        bench.latencies(&format!("count-steps/{step}"), 1, &mut times, None);
    }
    Ok(())
}

/// The time of each step.
fn timed<S, T>(steps: impl Iterator<Item = S>, mut step: impl FnMut(S) -> T) -> Vec<Duration> {
    steps
        .map(|inputs| {
            let start = Instant::now();
            let output = step(inputs);
            let took = start.elapsed();
            drop(output);
            took
        })
        .collect()
}

fn joined() -> Plan {
    let on = vec![Equality { left: big(0), right: big(0), nulls: false }];
    let join =
        Plan::Join { left: Box::new(scan("a")), right: Box::new(scan("b")), kind: JoinKind::Inner, on, residual: None };
    let schema = vec![field("k"), field("v"), field("w")];
    Plan::Project { input: Box::new(join), exprs: vec![big(0), big(1), big(3)], schema }
}

fn answer(batch: &Batch) -> (usize, i64) {
    if batch.is_empty() {
        return (0, 0);
    }
    let [v, w] = [1, 2].map(|c| batch.column(c).as_primitive::<Int64Type>().values());
    let sum = v.iter().zip(w).enumerate().map(|(row, (v, w))| (v ^ w).wrapping_mul(batch.weight(row)));
    (batch.total_weight() as usize, sum.fold(0i64, i64::wrapping_add))
}

fn join_load(bench: &mut Bench) -> Result<()> {
    let rows = bench.rows(1_000_000, 10_000);
    let sides = sides(rows);
    let known = yardstick::join(&sides[0], &sides[1]);
    for (name, size) in [("join-load/whole", rows), ("join-load/epochs of 10k", EPOCH_ROWS)] {
        let [a, b] = [0, 1].map(|side| batches(&sides[side], size));
        let mut times = Vec::new();
        for _ in 0..bench.runs() {
            let mut work = Work::new(&joined(), &["a", "b"]);
            let (duration, got) = time(|| {
                let mut got = (0, 0i64);
                let mut take = |output: Batch| {
                    let (pairs, sum) = answer(&output);
                    got = (got.0 + pairs, got.1.wrapping_add(sum));
                };
                for batch in &a {
                    take(work.step(vec![(0, batch.clone())]));
                }
                for batch in &b {
                    take(work.step(vec![(1, batch.clone())]));
                }
                got
            });
            check("joined pairs", &got, &known)?;
            times.push(duration);
        }
        let value = median(&mut times).as_secs_f64();
        bench.figure(&Figure { case: name, workers: 1, metric: "load", value, unit: "s", reach: Some(0.8) });
    }
    let (duration, _) = time(|| yardstick::join(&sides[0], &sides[1]));
    let value = duration.as_secs_f64();
    bench.figure(&Figure { case: "join-load/plain loop", workers: 1, metric: "load", value, unit: "s", reach: None });
    Ok(())
}

fn join_steps(bench: &mut Bench) -> Result<()> {
    let rows = bench.rows(1_000_000, 10_000);
    let sides = sides(rows);
    let mut work = Work::new(&joined(), &["a", "b"]);
    for (side, rows) in sides.iter().enumerate() {
        for batch in batches(rows, EPOCH_ROWS) {
            work.step(vec![(side, batch)]);
        }
    }
    let mut seed = 5;
    let mut live = sides.map(|side| {
        seed += 1;
        Live::new(side, rows, seed)
    });
    for step in bench.steps(&STEPS) {
        let mut turn = 0;
        let steps: Vec<Vec<(usize, Batch)>> = (0..repeats(bench, step))
            .map(|_| {
                // Half the changes to each table; a single change to either in turn.
                turn += 1;
                let left = if step == 1 { turn / 2 % 2 } else { step / 2 };
                let parts = [(0, left), (1, step - left)];
                parts
                    .into_iter()
                    .filter(|(_, n)| *n > 0)
                    .map(|(side, n)| (side, weighted(live[side].step(n))))
                    .collect()
            })
            .collect();
        let mut times = timed(steps.into_iter(), |inputs| work.step(inputs));
        let known = yardstick::join(live[0].rows(), live[1].rows());
        check("joined pairs", &answer(&work.contents()), &known)?;
        bench.latencies(&format!("join-steps/{step}"), 1, &mut times, None);
    }
    Ok(())
}

fn filter_project(bench: &mut Bench) -> Result<()> {
    let rows = bench.rows(10_000_000, 100_000);
    let input = random_rows(rows, 1000, 8);
    let epochs = batches(&input, EPOCH_ROWS);
    let limit = Expr::literal(Scalar::BigInt(500_000), SqlType::BigInt);
    let predicate = Expr::Call { function: functions::get("gt"), args: vec![big(1), limit], ty: SqlType::Boolean };
    let plan = Plan::Project {
        input: Box::new(Plan::Filter { input: Box::new(scan("t")), predicate }),
        exprs: vec![big(1), big(0)],
        schema: vec![field("v"), field("k")],
    };
    let known = input.iter().filter(|row| row.1 > 500_000).count();
    let mut times = Vec::new();
    for _ in 0..bench.runs() {
        let mut work = Work::new(&plan, &["t"]);
        let (duration, got) =
            time(|| epochs.iter().map(|batch| work.step(vec![(0, batch.clone())]).len()).sum::<usize>());
        check("rows passed", &got, &known)?;
        times.push(duration);
    }
    let value = rate(rows, median(&mut times));
    let reach = Some(100e6);
    bench.figure(&Figure { case: "filter-project", workers: 1, metric: "rows", value, unit: "rows/s", reach });
    Ok(())
}
