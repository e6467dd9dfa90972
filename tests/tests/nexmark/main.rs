//! The queries of Nexmark: every view's content is the oracle's, with any number of workers, after half of the events were retracted,
//! and as the benchmark adds it up.

mod oracle;

use std::collections::BTreeMap;

use deltaq::{Engine, Subscription};
use deltaq_nexmark::engine::{self, Columns, Contents, Deletes, Settings, Tables, Timed};
use deltaq_nexmark::{Checksum, QUERIES, events, select};
use oracle::{Events, Rows};

/// As many as the project's claim is about.
const EVENTS: usize = 100_000;

/// All queries at once on one engine, and what each has handed on.
struct Views {
    db: Engine,
    subscriptions: Vec<Subscription>,
    contents: Vec<Contents>,
}

impl Views {
    fn new(workers: usize, tables: Tables) -> Views {
        let mut db = engine::open(workers, tables, &QUERIES).unwrap();
        let subscriptions = QUERIES.iter().map(|query| db.subscribe(query).unwrap()).collect();
        Views { db, subscriptions, contents: vec![Contents::default(); QUERIES.len()] }
    }

    fn consume(&mut self) {
        for (subscription, contents) in self.subscriptions.iter().zip(&mut self.contents) {
            subscription.poll().unwrap().iter().for_each(|change| contents.add(change));
        }
    }

    /// Inserts events in steps of all sizes.
    fn insert(&mut self, columns: &Columns) {
        let (mut from, mut sizes) = (0, [1, 3_000, 50, 2, 20_000, 700].into_iter().cycle());
        while from < columns.len() {
            let to = (from + sizes.next().unwrap_or(1)).min(columns.len());
            engine::push(&mut self.db, columns.part(from..to)).unwrap();
            from = to;
        }
        self.consume();
    }

    /// Retracts a half, backwards.
    fn delete(&mut self, columns: &Columns) {
        let mut sizes = [1, 4_000, 100].into_iter().cycle();
        let mut doomed: Vec<usize> = (0..columns.len()).filter(|event| Deletes::Half.takes(*event)).collect();
        while !doomed.is_empty() {
            let rest = doomed.len().saturating_sub(sizes.next().unwrap_or(1));
            let mut tx = self.db.begin().unwrap();
            for (table, rows) in columns.pick(&doomed.split_off(rest)) {
                tx.delete(table, rows).unwrap();
            }
            tx.commit().unwrap();
        }
        self.consume();
    }

    /// Every view shows what the oracle says, and has no errors.
    fn check(&mut self, oracle: &Events, when: &str) {
        for (query, contents) in QUERIES.into_iter().zip(&self.contents) {
            same(&contents.0, &oracle.result(query), &format!("{query} {when}"));
            assert_eq!(self.db.errors(query).unwrap(), [], "{query} {when}");
        }
    }
}

/// Tells where two results differ, and not all of what they hold.
fn same(got: &Rows, right: &Rows, what: &str) {
    if got == right {
        return;
    }
    let lacks = |one: &Rows, other: &Rows| -> BTreeMap<String, i64> {
        let more = |(row, n): (&String, &i64)| {
            let more = n - other.get(row).unwrap_or(&0);
            (more > 0).then(|| (row.replace('\x1f', " | "), more))
        };
        one.iter().filter_map(more).take(3).collect()
    };
    panic!(
        "{what}: {} rows, {} are right; too many: {:?}; missing: {:?}",
        got.len(),
        right.len(),
        lacks(got, right),
        lacks(right, got)
    );
}

fn whole() -> Events {
    Events::new(events(0..EVENTS))
}

fn kept() -> Events {
    Events::new(events(0..EVENTS).enumerate().filter(|(event, _)| !Deletes::Half.takes(*event)).map(|(_, event)| event))
}

fn agrees(workers: usize, tables: Tables) {
    let columns = Columns::new(EVENTS);
    let mut views = Views::new(workers, tables);
    views.insert(&columns);
    views.check(&whole(), "on all events");
    views.delete(&columns);
    views.check(&kept(), "on the other half");
}

#[test]
fn one_worker_agrees_with_the_oracle() {
    agrees(1, Tables::Plain);
}

#[test]
fn two_workers_agree_with_the_oracle() {
    agrees(2, Tables::Plain);
}

#[test]
fn three_workers_agree_with_the_oracle() {
    agrees(3, Tables::Plain);
}

#[test]
fn append_only_tables_give_the_same() {
    let mut views = Views::new(2, Tables::AppendOnly);
    views.insert(&Columns::new(EVENTS));
    views.check(&whole(), "on append-only tables");
}

#[test]
fn tables_with_keys_give_the_same() {
    agrees(2, Tables::Keyed);
}

/// What the benchmark prints is of the right result, though each query runs alone there; and a SELECT gives the same.
#[test]
fn a_benchmark_reports_the_right_checksum() {
    const EVENTS: usize = 10_000;
    let (columns, timed) = (Columns::new(EVENTS), vec![Timed { step: 100, steps: 10 }]);
    let settings = Settings {
        workers: 1,
        events: EVENTS - 1_000,
        step: 1_500,
        timed,
        tables: Tables::Plain,
        deletes: Deletes::None,
    };
    let halved = Settings { deletes: Deletes::Half, ..settings.clone() };
    let mut db = engine::open(1, Tables::Plain, &[]).unwrap();
    engine::push(&mut db, columns.part(0..EVENTS)).unwrap();
    let all = Events::new(events(0..EVENTS));
    let half = events(0..EVENTS).enumerate().filter(|(event, _)| !Deletes::Half.takes(*event));
    let half = Events::new(half.map(|(_, event)| event));
    let sum = |rows: Rows| Contents(rows).checksum();
    for query in QUERIES {
        let run = engine::run(query, &columns, &settings).unwrap();
        assert_eq!(run.report.checksum, sum(all.result(query)), "{query}");
        let run = engine::run(query, &columns, &halved).unwrap();
        assert_eq!(run.report.checksum, sum(half.result(query)), "{query} on the other half");
        let mut selected = Checksum::default();
        for rows in db.query(select(query).unwrap()).unwrap().batches() {
            engine::checksum(&mut selected, rows, None);
        }
        assert_eq!(selected, sum(all.result(query)), "{query} as a SELECT");
    }
}
