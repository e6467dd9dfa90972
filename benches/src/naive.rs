//! Suite `naive`: the queries of Nexmark, a step on a loaded view against computing the view again from the tables.

use deltaq_nexmark::engine::{Columns, Tables, checksum, open, push};
use deltaq_nexmark::{Checksum, select};

use crate::bench::{Bench, Figure, Result, check, median, micros, time};
use crate::export::{Exported, export, export_tables};
use crate::incremental;
use crate::nexmark::queries;
use crate::table::EPOCH_ROWS;

/// The name of the directory that holds the tables of all queries.
const TABLES: &str = "nexmark";

/// Runs the queries.
pub fn run(bench: &mut Bench) -> Result<()> {
    let (events, workers) = (bench.rows(1_000_000, 20_000), bench.options().workers);
    let (step, steps) = (bench.options().step.unwrap_or(1_000), bench.size(50, 5));
    let columns = Columns::new(events + step * steps);
    for (number, query) in queries(bench)?.into_iter().enumerate() {
        eprintln!("naive {query} …");
        let mut db = open(workers, Tables::Plain, &[query])?;
        let view = db.subscribe(query)?;
        let mut sum = Checksum::default();
        for from in (0..events).step_by(EPOCH_ROWS) {
            push(&mut db, columns.part(from..(from + EPOCH_ROWS).min(events)))?;
        }
        view.poll()?.iter().for_each(|change| checksum(&mut sum, &change.rows, Some(&change.weights)));
        let mut times = Vec::with_capacity(steps);
        for from in (events..columns.len()).step_by(step) {
            let part = columns.part(from..from + step);
            let (duration, changes) = time(|| -> Result<_> {
                push(&mut db, part)?;
                Ok(view.poll()?)
            });
            times.push(duration);
            changes?.iter().for_each(|change| checksum(&mut sum, &change.rows, Some(&change.weights)));
        }
        let sql = select(query).unwrap_or_else(|| panic!("{query} is one of the queries"));
        let mut selected = Checksum::default();
        db.query(sql)?.batches().iter().for_each(|rows| checksum(&mut selected, rows, None));
        check(query, &sum, &selected)?;
        let select_us = micros(incremental::select(bench, &mut db, sql)?);
        let step_us = micros(median(&mut times));
        bench.latencies(query, workers, &mut times, None);
        let figure = |metric, value, unit, reach| Figure { case: query, workers, metric, value, unit, reach };
        bench.figure(&figure("naive, SELECT", select_us, "µs", None));
        bench.figure(&figure("SELECT / p50", select_us / step_us, "×", Some(50.0)));
        if let (0, Some(directory)) = (number, &bench.options().export) {
            export_tables(&mut db, &directory.join(TABLES))?;
        }
        export(bench, &mut db, &Exported { case: query, queries: &[sql], step_us, select_us, prelude: TABLES })?;
    }
    Ok(())
}
