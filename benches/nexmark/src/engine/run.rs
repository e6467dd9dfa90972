//! One query run once: events in, changes out, the clock running only between.

use std::time::{Duration, Instant};
use std::{fmt, io};

use deltaq::{Change, Engine, Subscription};

use crate::checksum::Checksum;
use crate::engine::columns::Columns;
use crate::engine::contents::checksum;
use crate::engine::open::{Tables, open, push};
use crate::report::{Latencies, Report};
use crate::usage::{Usage, reset_peak, thread_cpu_seconds};

/// How many epochs are pushed before their output is taken, so that workers compute while the next is checked at the door …
const EPOCHS_A_POLL: usize = 8;
/// … unless so many events are under way.
const EVENTS_A_POLL: usize = 80_000;

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

/// Runs a query on the first events of `columns`. `see` gets every change of the view, the clock standing still meanwhile.
///
/// # Errors
/// Where the engine fails, or the view has errors.
pub fn run(query: &str, columns: &Columns, settings: &Settings, mut see: impl FnMut(&Change)) -> Result<Run, Failure> {
    let step = settings.step.max(1);
    reset_peak();
    let held = Usage::now().resident_bytes;
    let mut db = open(settings.workers, settings.tables, &[query])?;
    let mut view = View { changes: db.subscribe(query)?, sum: Checksum::default(), rows_out: 0, see: &mut see };
    view.consume(&mut Clock::default())?;

    let mut clock = Clock::default();
    clock.start();
    let mut under_way = (0, 0);
    for from in (0..settings.events).step_by(step) {
        let to = (from + step).min(settings.events);
        push(&mut db, columns.part(from..to))?;
        under_way = (under_way.0 + 1, under_way.1 + to - from);
        if under_way.0 >= EPOCHS_A_POLL || under_way.1 >= EVENTS_A_POLL || to == settings.events {
            view.consume(&mut clock)?;
            under_way = (0, 0);
        }
    }
    clock.stop();

    let mut latencies = Vec::new();
    let mut total = settings.events;
    for timed in &settings.timed {
        let mut times = Vec::with_capacity(timed.steps);
        for _ in 0..timed.steps {
            let part = columns.part(total..total + timed.step);
            total += timed.step;
            let mut clock = Clock::default();
            clock.start();
            push(&mut db, part)?;
            view.consume(&mut clock)?;
            clock.stop();
            times.push(clock.wall);
        }
        latencies.extend(Latencies::of(times).map(|quantiles| (*timed, quantiles)));
    }
    let memory = Usage::now().peak_bytes.saturating_sub(held);
    let (state_bytes, table_bytes) = state_bytes(&mut db)?;
    let retracted = match settings.deletes {
        Deletes::None => None,
        deletes => Some(retract(&mut db, columns, total, step, deletes, &mut view)?),
    };
    if let Some(error) = db.errors(query)?.first() {
        return Err(Failure::Errors(format!("{query}: {} {}", error.code, error.message)));
    }
    let report = Report {
        peer: "deltaq".to_string(),
        query: query.to_string(),
        workers: settings.workers,
        events: total,
        step: settings.timed.last().map_or(step, |timed| timed.step),
        seconds: clock.wall.as_secs_f64(),
        timed_events: settings.events,
        cpu_seconds: clock.cpu_seconds.max(0.0),
        memory_above_events_bytes: memory,
        rows_out: view.rows_out,
        checksum: view.sum,
        latencies: latencies.last().map(|(_, quantiles)| *quantiles),
        more: vec![("state_bytes", state_bytes as f64), ("table_bytes", table_bytes as f64)],
    };
    Ok(Run { report, latencies, state_bytes, table_bytes, retracted })
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

/// Retracts the events that `deletes` takes of the first `total`, in no order, `step` an epoch. Returns how many, and the time.
fn retract(
    db: &mut Engine,
    columns: &Columns,
    total: usize,
    step: usize,
    deletes: Deletes,
    view: &mut View,
) -> Result<(usize, Duration), Failure> {
    let mut doomed: Vec<usize> = (0..total).filter(|event| deletes.takes(*event)).collect();
    doomed.sort_by_key(|event| scatter(*event));
    let mut clock = Clock::default();
    for chunk in doomed.chunks(step) {
        let part = columns.pick(chunk);
        clock.start();
        let mut tx = db.begin()?;
        for (table, rows) in part {
            tx.delete(table, rows)?;
        }
        tx.commit()?;
        view.consume(&mut clock)?;
        clock.stop();
    }
    Ok((doomed.len(), clock.wall))
}

/// What a view has handed on.
struct View<'a> {
    changes: Subscription,
    sum: Checksum,
    rows_out: u64,
    see: &'a mut dyn FnMut(&Change),
}

impl View<'_> {
    /// Takes what there is. The clock stands while what was taken is added up.
    fn consume(&mut self, clock: &mut Clock) -> Result<(), Failure> {
        let changes = self.changes.poll()?;
        // Consumed is what was looked at.
        let mut copies = 0;
        changes.iter().for_each(|change| copies += change.weights.iter().sum::<i64>());
        std::hint::black_box(copies);
        let ran = clock.stop();
        for change in &changes {
            self.rows_out += change.len() as u64;
            checksum(&mut self.sum, &change.rows, Some(&change.weights));
            (self.see)(change);
        }
        drop(changes);
        if ran {
            clock.start();
        }
        Ok(())
    }
}

/// Time as it passes, and the processor time of all threads; while it stands, that of this thread does not count.
#[derive(Default)]
struct Clock {
    wall: Duration,
    cpu_seconds: f64,
    since: Option<Instant>,
    idle_since: Option<f64>,
    first: Option<f64>,
}

impl Clock {
    fn start(&mut self) {
        match self.idle_since.take() {
            // What this thread did meanwhile is taken off what the process will have used.
            Some(since) => self.first = self.first.map(|first| first + thread_cpu_seconds() - since),
            None => self.first = Some(Usage::now().cpu_seconds),
        }
        self.since = Some(Instant::now());
    }

    /// Returns whether it ran.
    fn stop(&mut self) -> bool {
        let Some(since) = self.since.take() else { return false };
        self.wall += since.elapsed();
        self.idle_since = Some(thread_cpu_seconds());
        self.cpu_seconds = Usage::now().cpu_seconds - self.first.unwrap_or(0.0);
        true
    }
}
