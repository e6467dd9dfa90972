//! One query measured: from the first row handed in to the last delta consumed; and its result checked over.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dbsp::circuit::CircuitConfig;
use dbsp::utils::Tup2;
use dbsp::{DBData, DBSPHandle, Runtime, ZSetHandle};
use deltaq_nexmark::{Arguments, Checksum, Latencies, Report, Usage, events, reset_peak, thread_cpu_seconds, touch};

use crate::output::Sink;
use crate::queries::{Inputs, Wanted, build};
use crate::tables::Step;

/// The engine with the circuit of one query.
struct Circuit {
    handle: DBSPHandle,
    inputs: Inputs,
}

impl Circuit {
    fn new(wanted: Wanted, workers: usize, sink: Sink) -> Result<Circuit, String> {
        // All input of a step is there before the step begins; the engine may rely on that.
        let config = CircuitConfig::with_workers(workers).with_allow_input_during_commit(false);
        let built = Runtime::init_circuit(config, move |circuit| Ok(build(wanted, circuit, &sink)));
        let (handle, inputs) = built.map_err(|error| error.to_string())?;
        let mut circuit = Circuit { handle, inputs };
        if circuit.inputs.fill_side_input() {
            circuit.step()?;
        }
        Ok(circuit)
    }

    fn step(&mut self) -> Result<(), String> {
        self.handle.transaction().map_err(|error| error.to_string())
    }

    fn end(self) -> Result<(), String> {
        self.handle.kill().map_err(|_| "a worker failed".to_string())
    }
}

/// The rows of one step as the engine takes them, of the tables that the query reads.
struct Ready {
    tables: Vec<Box<dyn FnOnce()>>,
}

impl Ready {
    fn new(inputs: &Inputs, step: &Step) -> Ready {
        fn ready<R: DBData>(tables: &mut Vec<Box<dyn FnOnce()>>, handle: &Option<ZSetHandle<R>>, rows: &[R]) {
            if let Some(handle) = handle.clone() {
                let mut rows: Vec<_> = rows.iter().map(|row| Tup2(row.clone(), 1)).collect();
                tables.push(Box::new(move || handle.append(&mut rows)));
            }
        }
        let mut tables = Vec::new();
        ready(&mut tables, &inputs.persons, &step.persons);
        ready(&mut tables, &inputs.auctions, &step.auctions);
        ready(&mut tables, &inputs.bids, &step.bids);
        Ready { tables }
    }
}

/// A clock that runs only while the engine does.
#[derive(Default)]
struct Clock {
    time: Duration,
    /// Processor seconds of making rows ready, which are no part of the engine's.
    ready_seconds: f64,
}

impl Clock {
    fn step(&mut self, circuit: &mut Circuit, step: &Step) -> Result<Duration, String> {
        let before = thread_cpu_seconds();
        let ready = Ready::new(&circuit.inputs, step);
        self.ready_seconds += thread_cpu_seconds() - before;
        let begin = Instant::now();
        ready.tables.into_iter().for_each(|append| append());
        circuit.step()?;
        let time = begin.elapsed();
        self.time += time;
        Ok(time)
    }
}

/// Runs a query as asked. What is timed counts the deltas' rows; a second run, untimed, sums them up.
///
/// The events are held during the whole run, as rows by step. Before each step its rows are copied, which shares their text, with the
/// clock stopped: the engine takes what it is given, and what it holds shall show beside the events and not in their place.
pub fn measure(wanted: Wanted, arguments: &Arguments) -> Result<Report, String> {
    touch(arguments.touch);
    let (steps, loaded) = steps(arguments);
    reset_peak();
    let before = Usage::now();
    let rows = Arc::new(AtomicU64::new(0));
    let mut circuit = Circuit::new(wanted, arguments.workers, Sink::Count(rows.clone()))?;
    rows.store(0, Ordering::Relaxed);
    let (mut clock, start) = (Clock::default(), Usage::now());
    for step in &steps[..loaded] {
        clock.step(&mut circuit, step)?;
    }
    let cpu_seconds = Usage::now().cpu_seconds - start.cpu_seconds - clock.ready_seconds;
    let mut single = Clock::default();
    let times = steps[loaded..].iter().map(|step| single.step(&mut circuit, step)).collect::<Result<Vec<_>, _>>()?;
    let after = Usage::now();
    circuit.end()?;
    Ok(Report {
        peer: "dbsp".to_string(),
        query: wanted.query.to_string(),
        workers: arguments.workers,
        events: arguments.total(),
        step: arguments.step,
        seconds: clock.time.as_secs_f64(),
        timed_events: arguments.events,
        cpu_seconds: cpu_seconds.max(0.0),
        memory_above_events_bytes: after.peak_bytes.saturating_sub(before.resident_bytes),
        rows_out: rows.load(Ordering::Relaxed),
        checksum: check(wanted, arguments.workers, &steps)?,
        latencies: Latencies::of(times),
        more: Vec::new(),
    })
}

/// What the final result is: the sum of all deltas.
fn check(wanted: Wanted, workers: usize, steps: &[Step]) -> Result<Checksum, String> {
    let sum = Arc::new(Mutex::new(Checksum::default()));
    let mut circuit = Circuit::new(wanted, workers, Sink::Check(sum.clone()))?;
    for step in steps {
        Clock::default().step(&mut circuit, step)?;
    }
    circuit.end()?;
    let sum = sum.lock().map_err(|_| "a worker failed")?;
    Ok(*sum)
}

/// The events by step, and how many steps they take to load.
fn steps(arguments: &Arguments) -> (Vec<Step>, usize) {
    let mut steps = Vec::new();
    let mut push = |from: usize, to: usize, size: usize| {
        for start in (from..to).step_by(size.max(1)) {
            steps.push(Step::of(events(start..(start + size).min(to))));
        }
        steps.len()
    };
    let loaded = push(0, arguments.events, arguments.load_step());
    push(arguments.events, arguments.total(), arguments.step);
    (steps, loaded)
}
