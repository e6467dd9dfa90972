//! One query run twice on the same events: once for the clock, its changes taken as they come, and once to add them up.

use std::ops::Range;
use std::time::{Duration, Instant};
use std::{fmt, io};

use deltaq::{Change, Engine};

use crate::checksum::Checksum;
use crate::engine::columns::Columns;
use crate::engine::contents::checksum;
use crate::engine::open::{Tables, open, push, retract};
use crate::report::{Latencies, Report};
use crate::usage::{Usage, reset_peak, thread_cpu_seconds};

/// How to run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Worker threads.
    pub workers: usize,
    /// Events to begin with.
    pub events: usize,
    /// Events of one step of them, and of one step of retractions.
    pub step: usize,
    /// Steps timed one by one, after those.
    pub timed: Vec<Timed>,
    /// What is said of the tables.
    pub tables: Tables,
    /// Which events are retracted in the end.
    pub deletes: Deletes,
}

/// Some steps of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timed {
    /// Events of one step.
    pub step: usize,
    /// How many.
    pub steps: usize,
}

impl Settings {
    /// How many events are needed.
    pub fn total(&self) -> usize {
        self.events + self.timed.iter().map(|timed| timed.step * timed.steps).sum::<usize>()
    }

    /// The events to begin with, by steps.
    fn loading(&self) -> impl Iterator<Item = Range<usize>> {
        let step = self.step.max(1);
        (0..self.events).step_by(step).map(move |from| from..(from + step).min(self.events))
    }

    /// The steps timed one by one.
    fn steps(&self) -> impl Iterator<Item = (Timed, impl Iterator<Item = Range<usize>>)> {
        let mut total = self.events;
        self.timed.iter().map(move |timed| {
            let (from, step) = (total, timed.step);
            total += step * timed.steps;
            (*timed, (0..timed.steps).map(move |nth| from + nth * step..from + (nth + 1) * step))
        })
    }

    /// The events that are retracted in the end, in no order.
    fn doomed(&self) -> Vec<usize> {
        let mut doomed: Vec<usize> = (0..self.total()).filter(|event| self.deletes.takes(*event)).collect();
        doomed.sort_by_key(|event| scatter(*event));
        doomed
    }
}

/// Which events are retracted, once all are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deletes {
    /// None.
    #[default]
    None,
    /// Half of them, whichever chance says; in no order.
    Half,
}

impl Deletes {
    /// Whether this event is retracted. Depends on nothing else.
    pub fn takes(self, event: usize) -> bool {
        self == Deletes::Half && scatter(event) >> 63 == 1
    }
}

/// A number that looks like chance; the finalizer of SplitMix64.
fn scatter(event: usize) -> u64 {
    let mut state = (event as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Run {
    /// The figures that all peers report, the last of `latencies` among them. The checksum is that of the contents in the end.
    pub report: Report,
    /// The times of steps, in the order of [`Settings::timed`].
    pub latencies: Vec<(Timed, Latencies)>,
    /// What the view's operators remember, in bytes.
    pub state_bytes: u64,
    /// What the tables keep, in bytes.
    pub table_bytes: u64,
    /// How many events were retracted, and the time that took.
    pub retracted: Option<(usize, Duration)>,
}

/// Why there are no figures.
#[derive(Debug)]
pub enum Failure {
    /// The engine refused.
    Engine(deltaq::Error),
    /// Rows that the view could not compute: no query has such.
    Errors(String),
    /// The two runs handed out different changes: rows, and the sum of their weights.
    Differs((u64, i64), (u64, i64)),
    /// What was asked for is not there.
    Usage(String),
    /// The figures could not be written.
    Output(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Failure::Engine(error) => write!(f, "the engine failed: {error}"),
            Failure::Errors(first) => write!(f, "rows are missing from the view: {first}"),
            Failure::Differs(timed, checked) => {
                let rows = "rows and the sum of their weights";
                write!(f, "the run that was timed handed out {timed:?} ({rows}), the one that was checked {checked:?}")
            }
            Failure::Usage(what) => f.write_str(what),
            Failure::Output(error) => write!(f, "the figures could not be written: {error}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<deltaq::Error> for Failure {
    fn from(error: deltaq::Error) -> Failure {
        Failure::Engine(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

/// Runs a query on the first events of `columns`. What is timed begins with the first `begin` and ends when the last change has been polled;
/// changes are polled after each step, and each of their weights looked at. A second run, with nothing timed, adds them up.
///
/// # Errors
/// Where the engine fails, or the view has errors.
pub fn run(query: &str, columns: &Columns, settings: &Settings) -> Result<Run, Failure> {
    let (mut run, taken) = timed(query, columns, settings)?;
    let (summed, sum) = checked(query, columns, settings)?;
    if (taken.rows, taken.copies) != (summed.rows, summed.copies) {
        return Err(Failure::Differs((taken.rows, taken.copies), (summed.rows, summed.copies)));
    }
    run.report.checksum = sum;
    Ok(run)
}

/// Changes that were handed out.
#[derive(Default)]
struct Taken {
    rows: u64,
    copies: i64,
}

impl Taken {
    fn take(&mut self, changes: &[Change]) {
        for change in changes {
            self.rows += change.len() as u64;
            self.copies += change.weights.iter().sum::<i64>();
        }
    }
}

fn timed(query: &str, columns: &Columns, settings: &Settings) -> Result<(Run, Taken), Failure> {
    reset_peak();
    let held = Usage::now().resident_bytes;
    let mut db = open(settings.workers, settings.tables, &[query])?;
    let changes = db.subscribe(query)?;
    let mut taken = Taken::default();
    taken.take(&changes.poll()?);

    let (started, cpu, caller) = (Instant::now(), Usage::now().cpu_seconds, thread_cpu_seconds());
    for part in settings.loading() {
        push(&mut db, columns.part(part))?;
        taken.take(&changes.try_poll_parts()?);
    }
    taken.take(&changes.poll()?);
    let (seconds, caller_seconds) = (started.elapsed().as_secs_f64(), thread_cpu_seconds() - caller);
    let cpu_seconds = Usage::now().cpu_seconds - cpu;

    let mut latencies = Vec::new();
    for (timed, parts) in settings.steps() {
        let mut times = Vec::with_capacity(timed.steps);
        for part in parts {
            let part = columns.part(part);
            let started = Instant::now();
            push(&mut db, part)?;
            taken.take(&changes.poll()?);
            times.push(started.elapsed());
        }
        latencies.extend(Latencies::of(times).map(|quantiles| (timed, quantiles)));
    }
    let memory = Usage::now().peak_bytes.saturating_sub(held);
    let (state_bytes, table_bytes) = state_bytes(&mut db)?;

    let doomed = settings.doomed();
    let mut retracting = Duration::ZERO;
    for chunk in doomed.chunks(settings.step.max(1)) {
        let part = columns.pick(chunk);
        let started = Instant::now();
        retract(&mut db, part)?;
        taken.take(&changes.poll()?);
        retracting += started.elapsed();
    }
    let report = Report {
        peer: "deltaq".to_string(),
        query: query.to_string(),
        workers: settings.workers,
        events: settings.total(),
        step: settings.timed.last().map_or(settings.step, |timed| timed.step),
        seconds,
        timed_events: settings.events,
        cpu_seconds,
        memory_above_events_bytes: memory,
        rows_out: taken.rows,
        checksum: Checksum::default(),
        latencies: latencies.last().map(|(_, quantiles)| *quantiles),
        more: vec![
            ("state_bytes", state_bytes as f64),
            ("table_bytes", table_bytes as f64),
            ("caller_seconds", caller_seconds),
        ],
    };
    let retracted = (settings.deletes != Deletes::None).then_some((doomed.len(), retracting));
    Ok((Run { report, latencies, state_bytes, table_bytes, retracted }, taken))
}

/// The same once more: the sum of all changes.
fn checked(query: &str, columns: &Columns, settings: &Settings) -> Result<(Taken, Checksum), Failure> {
    let mut db = open(settings.workers, settings.tables, &[query])?;
    let changes = db.subscribe(query)?;
    let (mut taken, mut sum) = (Taken::default(), Checksum::default());
    let mut add = |changes: Vec<Change>| {
        taken.take(&changes);
        changes.iter().for_each(|change| checksum(&mut sum, &change.rows, Some(&change.weights)));
    };
    for part in settings.loading().chain(settings.steps().flat_map(|(_, parts)| parts)) {
        push(&mut db, columns.part(part))?;
        add(changes.try_poll_parts()?);
    }
    for chunk in settings.doomed().chunks(settings.step.max(1)) {
        retract(&mut db, columns.pick(chunk))?;
        add(changes.try_poll_parts()?);
    }
    add(changes.poll()?);
    match db.errors(query)?.first() {
        Some(error) => Err(Failure::Errors(format!("{query}: {} {}", error.code, error.message))),
        None => Ok((taken, sum)),
    }
}

/// What views' operators remember, and what tables keep, in bytes. q13's side table is left out.
///
/// # Errors
/// As [`Engine::state`].
pub fn state_bytes(db: &mut Engine) -> deltaq::Result<(u64, u64)> {
    let mut bytes = (0, 0);
    for row in db.state()? {
        if Columns::TABLES.contains(&row.view.as_str()) {
            bytes.1 += row.bytes;
        } else if row.view != "side_input" {
            bytes.0 += row.bytes;
        }
    }
    Ok(bytes)
}
