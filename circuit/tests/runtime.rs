//! The runtime: the same results for any number of workers, whatever is installed, removed or dropped meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array};
use arrow_schema::DataType;
use deltaq_circuit::executor::Step;
use deltaq_circuit::operator::Input;
use deltaq_circuit::{
    Batch, Class, Context, Error, Kind, Node, NodeId, Operator, Output, Partition, Query, Runtime, RuntimeConfig,
};
use proptest::prelude::*;

const TABLE: NodeId = NodeId(0);
/// The table's rows, each on the worker of its first column.
const SPREAD: NodeId = NodeId(1);
/// (key, count) by first column.
const COUNTS: NodeId = NodeId(2);
/// The counts and the table itself: fed from two strata.
const BOTH: NodeId = NodeId(3);
const BOTH_SPREAD: NodeId = NodeId(4);
/// (second column, count) of the above.
const BY_SECOND: NodeId = NodeId(5);
/// Counts again, installed late over the exchange that is there.
const LATE: NodeId = NodeId(6);
/// The same over a node behind that exchange that remembers nothing.
const NEGATED: NodeId = NodeId(7);
const LATE_NEGATED: NodeId = NodeId(8);

type Row = (i64, i64);
type Zset = BTreeMap<Row, i64>;

/// Rows (k, v) to (k of `column`, how many), as a stateful operator.
#[derive(Clone, Debug)]
struct CountBy {
    column: usize,
    rule: Rule,
}

/// What happens beside counting.
#[derive(Clone, Debug)]
enum Rule {
    Nothing,
    PanicAt(i64),
    Slow(Arc<AtomicUsize>),
}

#[derive(Default)]
struct Counts {
    column: usize,
    rule: Option<Rule>,
    counts: BTreeMap<i64, i64>,
}

impl Query for CountBy {
    fn name(&self) -> &'static str {
        "count"
    }
    fn describe(&self) -> String {
        format!("by {}", self.column)
    }
    fn types(&self) -> Vec<DataType> {
        vec![DataType::Int64; 2]
    }
    fn class(&self) -> Class {
        Class::General
    }
    fn partition(&self, _input: usize) -> Partition {
        Partition::Key(vec![self.column])
    }
    fn apply(&self, inputs: &[Batch]) -> Output {
        let mut counts = Counts { column: self.column, ..Counts::default() };
        counts.add(&inputs[0])
    }
    fn operator(&self) -> Option<Box<dyn Operator>> {
        Some(Box::new(Counts { column: self.column, rule: Some(self.rule.clone()), counts: BTreeMap::new() }))
    }
}

impl Counts {
    fn add(&mut self, delta: &Batch) -> Output {
        let mut changed = BTreeMap::new();
        for ((k, v), weight) in rows(delta) {
            *changed.entry(if self.column == 0 { k } else { v }).or_insert(0) += weight;
        }
        let mut out = Vec::new();
        for (key, change) in changed {
            let count = self.counts.entry(key).or_insert(0);
            out.extend([((key, *count), -i64::from(*count != 0))]);
            *count += change;
            out.extend([((key, *count), i64::from(*count != 0))]);
        }
        self.counts.retain(|_, count| *count != 0);
        batch(&out).consolidate().into()
    }
}

impl Operator for Counts {
    fn step(&mut self, _context: &Context, inputs: &[Input]) -> Output {
        let delta = inputs[0].delta;
        match &self.rule {
            Some(Rule::PanicAt(value)) if rows(delta).iter().any(|(row, _)| row.0 == *value) => {
                panic!("met {value}")
            }
            Some(Rule::Slow(steps)) => {
                steps.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(20));
            }
            _ => {}
        }
        self.add(delta)
    }
    fn contents(&self) -> Option<Batch> {
        Some(batch(&self.counts.iter().map(|(k, n)| ((*k, *n), 1)).collect::<Vec<_>>()))
    }
    fn save(&self) -> Vec<Batch> {
        self.contents().into_iter().collect()
    }
    fn load(&mut self, state: Vec<Batch>) {
        self.counts = state.iter().flat_map(rows).map(|(row, _)| row).collect();
    }
}

fn batch(rows: &[(Row, i64)]) -> Batch {
    let rows: Vec<_> = rows.iter().filter(|(_, weight)| *weight != 0).collect();
    let column = |f: fn(&Row) -> i64| Arc::new(rows.iter().map(|(r, _)| f(r)).collect::<Int64Array>()) as ArrayRef;
    Batch::weighted(vec![column(|r| r.0), column(|r| r.1)], rows.iter().map(|(_, w)| *w).collect::<Vec<_>>())
}

fn rows(batch: &Batch) -> Vec<(Row, i64)> {
    if batch.is_empty() {
        return Vec::new();
    }
    let column = |i: usize| batch.column(i).as_primitive::<Int64Type>().values();
    (0..batch.len()).map(|row| ((column(0)[row], column(1)[row]), batch.weight(row))).collect()
}

fn add(zset: &mut Zset, batch: &Batch) {
    for (row, weight) in rows(batch) {
        *zset.entry(row).or_insert(0) += weight;
    }
    zset.retain(|_, weight| *weight != 0);
}

fn count_by(zset: &Zset, column: usize) -> Zset {
    let rows: Vec<_> = zset.iter().map(|(r, w)| (*r, *w)).collect();
    let mut counted = Zset::new();
    add(&mut counted, &CountBy { column, rule: Rule::Nothing }.apply(&[batch(&rows)]).rows);
    counted
}

fn table() -> Node {
    Node {
        id: TABLE,
        kind: Kind::Source { name: "t".into(), types: vec![DataType::Int64; 2] },
        inputs: vec![],
        span: None,
    }
}

fn exchange(id: NodeId, input: NodeId, column: usize) -> Node {
    Node { id, kind: Kind::Exchange(Partition::Key(vec![column])), inputs: vec![input], span: None }
}

fn count(id: NodeId, input: NodeId, column: usize, rule: Rule) -> Node {
    Node { id, kind: Kind::Query(Arc::new(CountBy { column, rule })), inputs: vec![input], span: None }
}

/// ```text
///   TABLE ─ exchange ─ COUNTS ─┬─ plus BOTH ─ exchange ─ BY_SECOND
///     └────────────────────────┘
/// ```
fn nodes() -> Vec<Node> {
    vec![
        table(),
        exchange(SPREAD, TABLE, 0),
        count(COUNTS, SPREAD, 0, Rule::Nothing),
        Node { id: BOTH, kind: Kind::Plus, inputs: vec![COUNTS, TABLE], span: None },
        exchange(BOTH_SPREAD, BOTH, 1),
        count(BY_SECOND, BOTH_SPREAD, 1, Rule::Nothing),
    ]
}

fn configs() -> Vec<RuntimeConfig> {
    [(1, false), (1, true), (2, false), (2, true), (3, false), (3, true)]
        .map(|(workers, serialize)| RuntimeConfig { workers, serialize, epochs_in_flight: 4 })
        .into()
}

fn start(config: RuntimeConfig) -> Runtime {
    Runtime::start(config).unwrap_or_else(|error| panic!("{error}"))
}

fn collect(steps: &[Step], node: NodeId) -> Zset {
    let mut zset = Zset::new();
    steps.iter().flat_map(|s| &s.outputs).filter(|(id, _)| *id == node).for_each(|(_, batch)| add(&mut zset, batch));
    zset
}

fn check_views(table: &Zset, counts: &Zset, by_second: &Zset, what: &str) {
    let expected = count_by(table, 0);
    assert_eq!(*counts, expected, "counts, {what}");
    let mut both = table.clone();
    expected.iter().for_each(|(row, weight)| *both.entry(*row).or_insert(0) += weight);
    assert_eq!(*by_second, count_by(&both, 1), "by second, {what}");
}

/// `epochs` on `config`, all in flight as they may.
fn run(config: &RuntimeConfig, epochs: &[Vec<(Row, i64)>]) -> Result<Vec<Step>, Error> {
    let mut runtime = Runtime::start(config.clone())?;
    runtime.install(nodes())?;
    runtime.watch(COUNTS, true)?;
    runtime.watch(BY_SECOND, true)?;
    for (index, rows) in epochs.iter().enumerate() {
        // A table's rows may come in several batches.
        let (some, others) = rows.split_at(rows.len() / (1 + index % 3));
        let epoch = runtime.submit(vec![(TABLE, batch(some)), (TABLE, batch(others))], vec![])?;
        assert_eq!(epoch.0, index as u64 + 1);
    }
    let steps = runtime.drain()?;
    assert!(steps.iter().map(|(epoch, _)| epoch.0).eq(1..=epochs.len() as u64), "epochs come in order");
    Ok(steps.into_iter().map(|(_, step)| step).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_number_of_workers_gives_the_same(
        epochs in prop::collection::vec(prop::collection::vec(((0..6i64, -3..3i64), -2..3i64), 0..12), 1..12),
    ) {
        let mut all = Zset::new();
        epochs.iter().for_each(|rows| add(&mut all, &batch(rows)));
        for config in configs() {
            let steps = run(&config, &epochs).unwrap_or_else(|error| panic!("{error}"));
            check_views(&all, &collect(&steps, COUNTS), &collect(&steps, BY_SECOND), &format!("{config:?}"));
        }
    }
}

#[test]
fn large_batches_are_shared_out() -> Result<(), Error> {
    let epochs: Vec<Vec<(Row, i64)>> =
        (0..3).map(|e| (0..20_000).map(|i| ((i % 1_000, (i + e) % 17), 1)).collect()).collect();
    let mut all = Zset::new();
    epochs.iter().for_each(|rows| add(&mut all, &batch(rows)));
    for config in configs() {
        let steps = run(&config, &epochs)?;
        check_views(&all, &collect(&steps, COUNTS), &collect(&steps, BY_SECOND), &format!("{config:?}"));
    }
    Ok(())
}

/// What is sent on from an arrangement may arrive at other workers alone.
#[test]
fn an_arrangement_that_is_sent_on_keeps_its_rows() -> Result<(), Error> {
    const ARRANGED: NodeId = NodeId(2);
    for config in configs() {
        let what = format!("{config:?}");
        let mut runtime = start(config);
        let kind = Kind::Arrange { key: vec![0], nulls: true };
        runtime.install(vec![
            table(),
            exchange(SPREAD, TABLE, 0),
            Node { id: ARRANGED, kind, inputs: vec![SPREAD], span: None },
            exchange(BOTH_SPREAD, ARRANGED, 1),
            count(BY_SECOND, BOTH_SPREAD, 1, Rule::Nothing),
        ])?;
        let mut all = Zset::new();
        for epoch in 0..10 {
            let rows: Vec<(Row, i64)> = (0..20).map(|i| ((i, epoch % 2), 1)).collect();
            add(&mut all, &batch(&rows));
            runtime.submit(vec![(TABLE, batch(&rows))], vec![])?;
        }
        runtime.drain()?;
        let mut held = Zset::new();
        runtime.contents(ARRANGED, vec![])?.iter().for_each(|b| add(&mut held, b));
        assert_eq!(held, all, "{what}");
    }
    Ok(())
}

#[test]
fn nodes_come_and_go_while_epochs_flow() -> Result<(), Error> {
    for config in configs() {
        let what = format!("{config:?}");
        let mut runtime = Runtime::start(config)?;
        let mut base = nodes();
        let mut late = base.split_off(3);
        base.push(Node { id: NEGATED, kind: Kind::Negate, inputs: vec![SPREAD], span: None });
        late.push(count(LATE, SPREAD, 0, Rule::Nothing));
        late.push(count(LATE_NEGATED, NEGATED, 0, Rule::Nothing));
        runtime.install(base)?;
        runtime.watch(COUNTS, true)?;
        let mut all = Zset::new();
        let mut submit = |runtime: &mut Runtime, epoch: i64, with_snapshot: bool| {
            let rows: Vec<_> = (0..40).map(|i| ((i % 7, epoch % 5), 1 - 2 * i64::from(i % 3 == 0))).collect();
            let before: Vec<_> = all.iter().map(|(row, weight)| (*row, *weight)).collect();
            let snapshots = if with_snapshot { vec![(TABLE, batch(&before))] } else { vec![] };
            add(&mut all, &batch(&rows));
            runtime.submit(vec![(TABLE, batch(&rows))], snapshots).map(|_| all.clone())
        };
        for epoch in 0..10 {
            submit(&mut runtime, epoch, false)?;
        }
        runtime.install(late.clone())?;
        runtime.watch(BY_SECOND, true)?;
        runtime.watch(LATE, true)?;
        runtime.watch(LATE_NEGATED, true)?;
        submit(&mut runtime, 10, true)?;
        for epoch in 11..20 {
            submit(&mut runtime, epoch, false)?;
        }
        let snapshot = submit(&mut runtime, 20, false)?;
        let steps: Vec<Step> = runtime.drain()?.into_iter().map(|(_, step)| step).collect();
        assert_eq!(steps.len(), 21);
        check_views(&snapshot, &collect(&steps, COUNTS), &collect(&steps, BY_SECOND), &what);
        assert_eq!(collect(&steps, LATE), collect(&steps, COUNTS), "a late reader of an exchange, {what}");
        let negated = snapshot.iter().map(|(row, weight)| (*row, -weight)).collect();
        assert_eq!(collect(&steps, LATE_NEGATED), count_by(&negated, 0), "a late reader behind an exchange, {what}");

        let mut contents = Zset::new();
        runtime.contents(BY_SECOND, vec![])?.iter().for_each(|b| add(&mut contents, b));
        assert_eq!(contents, collect(&steps, BY_SECOND), "contents, {what}");
        let mut contents = Zset::new();
        let tables = snapshot.iter().map(|(row, weight)| (*row, *weight)).collect::<Vec<_>>();
        runtime.contents(SPREAD, vec![(TABLE, batch(&tables))])?.iter().for_each(|b| add(&mut contents, b));
        assert_eq!(contents, snapshot, "contents of an exchange, {what}");

        runtime.remove(&late.iter().map(|n| n.id).collect::<Vec<_>>())?;
        submit(&mut runtime, 21, false)?;
        let all = submit(&mut runtime, 22, false)?;
        let more: Vec<Step> = runtime.drain()?.into_iter().map(|(_, step)| step).collect();
        assert!(collect(&more, BY_SECOND).is_empty(), "a removed node is silent, {what}");
        let steps: Vec<Step> = steps.into_iter().chain(more).collect();
        assert_eq!(collect(&steps, COUNTS), count_by(&all, 0), "{what}");
    }
    Ok(())
}

/// ```text
///   TABLE ─ everywhere ─ negate ─ own ─ count
/// ```
fn all_and_own(first: u32) -> (Vec<Node>, NodeId, NodeId) {
    let [all, negated, own, counted] = [0, 1, 2, 3].map(|nth| NodeId(first + nth));
    let node = |id, kind, input| Node { id, kind, inputs: vec![input], span: None };
    let nodes = vec![
        node(all, Kind::Everywhere, TABLE),
        node(negated, Kind::Negate, all),
        node(own, Kind::Own(Partition::Key(vec![0])), negated),
        count(counted, own, 0, Rule::Nothing),
    ];
    (nodes, own, counted)
}

#[test]
fn of_rows_that_all_workers_have_each_keeps_its_own() -> Result<(), Error> {
    for config in configs().into_iter().filter(|config| config.workers > 1) {
        let what = format!("{config:?}");
        let mut runtime = start(config);
        let (mut all, mut seen) = (Zset::new(), Zset::new());
        let rows = |zset: &Zset, sign: i64| zset.iter().map(|(row, weight)| (*row, sign * weight)).collect::<Vec<_>>();
        let mut submit = |runtime: &mut Runtime, epoch: i64, starts: bool| {
            let delta: Vec<_> = (0..[5, 900][epoch as usize % 2]).map(|i| ((i % 7, epoch), 1 - epoch % 3)).collect();
            let snapshots = if starts { vec![(TABLE, batch(&rows(&all, 1)))] } else { vec![] };
            add(&mut all, &batch(&delta));
            runtime.submit(vec![(TABLE, batch(&delta))], snapshots).map(|_| all.clone())
        };
        runtime.install(vec![table()])?;
        submit(&mut runtime, 0, false)?;
        runtime.drain()?;
        for round in 0..3 {
            let (nodes, own, counted) = all_and_own(10 + 4 * round);
            runtime.install(nodes.clone())?;
            runtime.watch(counted, true)?;
            // The table itself is read meanwhile, or nobody does.
            runtime.watch(TABLE, round == 1)?;
            let mut now = Zset::new();
            for epoch in 1..6 {
                now = submit(&mut runtime, i64::from(round * 5 + epoch), epoch == 1)?;
            }
            let steps: Vec<Step> = runtime.drain()?.into_iter().map(|(_, step)| step).collect();
            let negated: Zset = rows(&now, -1).into_iter().collect();
            assert_eq!(collect(&steps, counted), count_by(&negated, 0), "round {round}, {what}");
            steps
                .iter()
                .flat_map(|s| &s.outputs)
                .filter(|(id, _)| *id == TABLE)
                .for_each(|(_, rows)| add(&mut seen, rows));
            let table = batch(&rows(&now, 1));
            for (node, expected) in [(own, &negated), (TABLE, &now), (counted, &count_by(&negated, 0))] {
                let mut contents = Zset::new();
                runtime.contents(node, vec![(TABLE, table.clone())])?.iter().for_each(|rows| add(&mut contents, rows));
                assert_eq!(contents, *expected, "contents of {}, round {round}, {what}", node.0);
            }
            runtime.remove(&nodes.iter().map(|node| node.id).collect::<Vec<_>>())?;
            runtime.watch(TABLE, false)?;
            submit(&mut runtime, 102 + 3 * i64::from(round), false)?;
            runtime.drain()?;
        }
        let watched: Zset =
            all.iter().filter(|((_, epoch), _)| (6..11).contains(epoch)).map(|(r, w)| (*r, *w)).collect();
        assert_eq!(seen, watched, "{what}");
    }
    Ok(())
}

#[test]
fn state_moves_from_one_runtime_to_another() -> Result<(), Error> {
    for config in configs() {
        let what = format!("{config:?}");
        let rows: Vec<(Row, i64)> = (0..50).map(|i| ((i % 7, i % 3), 1)).collect();
        let mut first = start(config.clone());
        first.install(nodes())?;
        first.step(vec![(TABLE, batch(&rows))], vec![])?;
        let saved = first.save()?;
        let mut second = start(config);
        second.install(nodes())?;
        second.load(saved.clone())?;
        let mut outputs = Vec::new();
        for runtime in [&mut first, &mut second] {
            runtime.watch(BY_SECOND, true)?;
            let (epoch, step) = runtime.step(vec![(TABLE, batch(&rows[..9]))], vec![])?;
            assert_eq!(epoch.0, 2, "{what}");
            outputs.push(collect(&[step], BY_SECOND));
        }
        assert_eq!(outputs[0], outputs[1], "{what}");
        let error = second.load(saved).err().map(|e| e.is_mismatch());
        assert_eq!(error, Some(true), "state of an earlier epoch");
    }
    Ok(())
}

#[test]
fn a_panic_ends_the_runtime_and_hangs_nobody() -> Result<(), Error> {
    for config in configs() {
        let what = format!("{config:?}");
        let mut runtime = start(config);
        let rule = Rule::PanicAt(13);
        runtime.install(vec![table(), exchange(SPREAD, TABLE, 0), count(COUNTS, SPREAD, 0, rule)])?;
        runtime.step(vec![(TABLE, batch(&[((1, 1), 1)]))], vec![])?;
        let error = (0..20).find_map(|_| runtime.submit(vec![(TABLE, batch(&[((13, 1), 1)]))], vec![]).err());
        let error = error.or_else(|| runtime.drain().err()).unwrap_or_else(|| panic!("no error, {what}"));
        assert!(error.is_worker_panicked() && error.to_string().contains("met 13"), "{error}, {what}");
        assert!(runtime.submit(vec![], vec![]).is_err_and(|e| e.is_worker_panicked()));
        assert!(runtime.wait().is_err_and(|e| e.is_worker_panicked()));
        assert!(runtime.poll().is_err_and(|e| e.is_worker_panicked()));
        assert!(runtime.sizes().is_err_and(|e| e.is_worker_panicked()));
        assert!(runtime.install(vec![]).is_err_and(|e| e.is_worker_panicked()));
    }
    Ok(())
}

#[test]
fn dropping_the_runtime_abandons_epochs_in_flight() -> Result<(), Error> {
    for config in configs() {
        let steps = Arc::new(AtomicUsize::new(0));
        let workers = config.workers;
        let mut runtime = start(RuntimeConfig { epochs_in_flight: 1_000, ..config });
        let rule = Rule::Slow(Arc::clone(&steps));
        runtime.install(vec![table(), exchange(SPREAD, TABLE, 0), count(COUNTS, SPREAD, 0, rule)])?;
        for epoch in 0..500 {
            let rows: Vec<_> = (0..20).map(|i| ((i, epoch), 1)).collect();
            runtime.submit(vec![(TABLE, batch(&rows))], vec![])?;
        }
        let since = Instant::now();
        drop(runtime);
        assert!(since.elapsed() < Duration::from_secs(60), "a drop took {:?}", since.elapsed());
        assert!(steps.load(Ordering::SeqCst) < 400 * workers, "epochs not begun are given up");
    }
    Ok(())
}

#[test]
fn submit_blocks_when_enough_epochs_are_in_flight() -> Result<(), Error> {
    let steps = Arc::new(AtomicUsize::new(0));
    let mut runtime = start(RuntimeConfig { epochs_in_flight: 2, ..RuntimeConfig::default() });
    runtime.install(vec![table(), count(COUNTS, TABLE, 0, Rule::Slow(Arc::clone(&steps)))])?;
    for epoch in 0..6 {
        runtime.submit(vec![(TABLE, batch(&[((1, 1), 1)]))], vec![])?;
        assert!(steps.load(Ordering::SeqCst) + 2 >= epoch, "epoch {epoch} was submitted too early");
    }
    assert_eq!(runtime.drain()?.len(), 6);
    assert_eq!(runtime.drain()?.len(), 0);
    assert!(runtime.wait()?.is_none());
    Ok(())
}

#[test]
fn the_runtime_can_change_threads() {
    fn is_send<T: Send>() {}
    is_send::<Runtime>();
    is_send::<Error>();
}
