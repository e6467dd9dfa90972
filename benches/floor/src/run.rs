//! One query measured: from the first event handed in to the last row of the last delta built; and its result checked over.

use std::hint::black_box;
use std::time::Instant;

use deltaq_nexmark::{Arguments, Checksum, Latencies, Report, RowText, Usage, events, reset_peak, touch};

use crate::columns::Events;
use crate::queries::program;

/// Runs a query as asked. What is timed builds the deltas; a second run, untimed, sums them up.
pub fn measure(query: &str, arguments: &Arguments) -> Report {
    touch(arguments.touch);
    let (stream, loaded) = stream(arguments);
    reset_peak();
    let before = Usage::now();
    let mut query_program = program(query);
    let (mut rows_out, mut times) = (0, Vec::with_capacity(arguments.steps));
    let begin = Instant::now();
    for number in 0..loaded {
        rows_out += black_box(query_program.step(&stream.step(number))) as u64;
    }
    let seconds = begin.elapsed().as_secs_f64();
    let cpu_seconds = Usage::now().cpu_seconds - before.cpu_seconds;
    for number in loaded..stream.steps() {
        let begin = Instant::now();
        rows_out += black_box(query_program.step(&stream.step(number))) as u64;
        times.push(begin.elapsed());
    }
    let after = Usage::now();
    drop(query_program);
    Report {
        peer: "floor".to_string(),
        query: query.to_string(),
        workers: 1,
        events: arguments.total(),
        step: arguments.step,
        seconds,
        timed_events: arguments.events,
        cpu_seconds,
        memory_above_events_bytes: after.peak_bytes.saturating_sub(before.resident_bytes),
        rows_out,
        checksum: checksum(query, &stream),
        latencies: Latencies::of(times),
        ..Report::default()
    }
}

/// The events, and how many steps they take to load.
fn stream(arguments: &Arguments) -> (Events, usize) {
    let mut stream = Events::default();
    let mut push = |from: usize, to: usize, size: usize| {
        for start in (from..to).step_by(size.max(1)) {
            stream.push_step(events(start..(start + size).min(to)));
        }
        stream.steps()
    };
    let loaded = push(0, arguments.events, arguments.load_step());
    push(arguments.events, arguments.total(), arguments.step);
    (stream, loaded)
}

/// What the final result is: the sum of all deltas.
pub fn checksum(query: &str, stream: &Events) -> Checksum {
    let (mut program, mut sum, mut text) = (program(query), Checksum::default(), RowText::default());
    for number in 0..stream.steps() {
        for row in 0..program.step(&stream.step(number)) {
            let weight = program.row(row, text.start());
            sum.add(text.text(), weight);
        }
    }
    sum
}
