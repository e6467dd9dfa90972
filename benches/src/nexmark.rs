//! The queries of Nexmark, each as a view alone: all events in large steps, then single steps of each size.
//!
//! What the result is compared with: `tests/tests/nexmark.rs` holds it against an oracle, `benches/compare` against the peers.

use deltaq_nexmark::engine::{Columns, Deletes, Failure as Failed, Run, Settings, Tables, Timed, run as run_query};
use deltaq_nexmark::{Latencies, queries_of};

use crate::bench::{Bench, Failure, Figure, Result};

/// Steps timed one by one: events of each, and how many.
const TIMED: [(usize, usize); 6] = [(1, 1_000), (10, 500), (100, 200), (1_000, 100), (10_000, 20), (100_000, 5)];
/// Events of one step of all events.
const STEP: usize = 10_000;

/// Where the growth of state is looked at.
const SIZES: [usize; 5] = [100_000, 300_000, 1_000_000, 3_000_000, 10_000_000];
/// How many steps are timed there.
const STEPS: usize = 200;

/// Suite `growth`: steps of one size, while the tables grow.
pub fn growth(bench: &mut Bench) -> Result<()> {
    let options = bench.options().clone();
    let most = bench.rows(10_000_000, 100_000);
    let step = Timed { step: options.step.unwrap_or(100), steps: bench.size(STEPS, 5) };
    let (mut events, mut timed, mut sizes) = (0, Vec::new(), Vec::new());
    for size in SIZES.into_iter().filter(|size| *size <= most) {
        let missing = size.saturating_sub(events) / STEP;
        timed.extend([Timed { step: STEP, steps: missing }, step]);
        events += missing * STEP + step.step * step.steps;
        sizes.push(size);
    }
    let settings = Settings {
        workers: options.workers,
        events: 0,
        step: STEP,
        timed,
        tables: if options.append_only { Tables::AppendOnly } else { Tables::Plain },
        deletes: Deletes::None,
    };
    let columns = Columns::new(settings.total());
    for query in queries(bench)? {
        eprintln!("growth {query} …");
        let run = measured(query, &columns, &settings)?;
        let steps = run.latencies.iter().filter(|(timed, _)| *timed == step);
        for ((_, quantiles), size) in steps.zip(&sizes) {
            quantiles_of(bench, &format!("{query}/{size}"), *quantiles);
        }
    }
    Ok(())
}

/// Runs the queries.
pub fn run(bench: &mut Bench) -> Result<()> {
    let options = bench.options().clone();
    let wanted = |(step, steps): (usize, usize)| {
        let step = Timed { step, steps: bench.size(steps, 5) };
        (options.step.is_none_or(|only| only == step.step) && (step.step < 10_000 || !options.quick)).then_some(step)
    };
    let mut timed: Vec<Timed> = TIMED.into_iter().filter_map(wanted).collect();
    if let (Some(step), true) = (options.step, timed.is_empty()) {
        timed.push(Timed { step, steps: bench.size((1_000_000 / step.max(1)).clamp(5, 1_000), 5) });
    }
    let settings = Settings {
        workers: options.workers,
        events: bench.rows(2_000_000, 20_000),
        step: STEP,
        timed,
        tables: if options.append_only { Tables::AppendOnly } else { Tables::Plain },
        deletes: if options.deletes { Deletes::Half } else { Deletes::None },
    };
    let columns = Columns::new(settings.total());
    for query in queries(bench)? {
        eprintln!("nexmark {query} …");
        let run = measured(query, &columns, &settings)?;
        let report = &run.report;
        let figure =
            |metric, value, unit| Figure { case: query, workers: report.workers, metric, value, unit, reach: None };
        bench.figure(&figure("consumed", report.events_per_second(), "events/s"));
        bench.figure(&figure("processor time", report.cpu_seconds_per_million(), "s/M"));
        bench.figure(&figure("memory above events", report.memory_above_events_bytes as f64 / 1e6, "MB"));
        bench.figure(&figure("state of the view", run.state_bytes as f64 / 1e6, "MB"));
        bench.figure(&figure("kept by tables", run.table_bytes as f64 / 1e6, "MB"));
        for (timed, quantiles) in &run.latencies {
            quantiles_of(bench, &format!("{query}/{}", timed.step), *quantiles);
        }
        bench.figure(&figure("rows out", report.rows_out as f64, "rows"));
        bench.figure(&figure("rows in the end", report.checksum.rows as f64, "rows"));
        if let Some((events, time)) = run.retracted {
            bench.figure(&figure("retracted", events as f64 / time.as_secs_f64(), "events/s"));
        }
    }
    Ok(())
}

/// The queries asked for.
pub fn queries(bench: &Bench) -> Result<Vec<&'static str>> {
    let names: Vec<String> = bench.options().query.as_deref().unwrap_or("all").split(',').map(str::to_string).collect();
    queries_of(&names).map_err(Failure::Usage)
}

fn measured(query: &str, columns: &Columns, settings: &Settings) -> Result<Run> {
    run_query(query, columns, settings).map_err(|error| match error {
        Failed::Engine(error) => Failure::Engine(error),
        error => Failure::Wrong(error.to_string()),
    })
}

fn quantiles_of(bench: &mut Bench, case: &str, quantiles: Latencies) {
    let workers = bench.options().workers;
    for (metric, value) in [("p50", quantiles.p50_us), ("p95", quantiles.p95_us), ("p99", quantiles.p99_us)] {
        bench.figure(&Figure { case, workers, metric, value, unit: "µs", reach: None });
    }
}
