//! What the runtime adds to a step: epochs of one row through a circuit that does next to nothing.
//!
//! `cargo run --release -p deltaq-circuit --example step_latency [WORKERS] [EPOCHS] [serialize]`

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::Int64Array;
use arrow_schema::DataType;
use deltaq_circuit::executor::Executor;
use deltaq_circuit::{Batch, Epoch, Error, Kind, Node, NodeId, Partition, Runtime, RuntimeConfig};

const TABLE: NodeId = NodeId(0);

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let workers = arguments.next().and_then(|a| a.parse().ok()).unwrap_or(1);
    let epochs: usize = arguments.next().and_then(|a| a.parse().ok()).unwrap_or(200_000);
    let serialize = arguments.next().is_some();
    let row = || vec![(TABLE, Batch::ones(vec![Arc::new(Int64Array::from(vec![7]))]))];

    let mut executor = Executor::new(0, 1);
    executor.install(nodes(1));
    let mut times = Vec::with_capacity(epochs);
    for epoch in 0..epochs {
        let (input, start) = (row(), Instant::now());
        executor.step(Epoch(epoch as u64 + 1), input, vec![]);
        times.push(start.elapsed());
    }
    report("executor alone, a step", times);

    let config = RuntimeConfig { workers, epochs_in_flight: 64, serialize };
    let mut runtime = Runtime::start(config)?;
    runtime.install(nodes(workers))?;
    runtime.watch(NodeId(workers.min(2) as u32 - 1), true)?;
    let mut times = Vec::with_capacity(epochs);
    for _ in 0..epochs {
        let (input, start) = (row(), Instant::now());
        runtime.step(input, vec![])?;
        times.push(start.elapsed());
    }
    report("submit to result, warm", times);

    let inputs: Vec<_> = (0..epochs).map(|_| row()).collect();
    let start = Instant::now();
    for input in inputs {
        runtime.submit(input, vec![])?;
        while runtime.poll()?.is_some() {}
    }
    runtime.drain()?;
    println!("{:28} {:>9.2} µs each", "pipelined, 64 in flight", start.elapsed().as_secs_f64() * 1e6 / epochs as f64);

    let mut times = Vec::new();
    for _ in 0..300 {
        std::thread::sleep(Duration::from_millis(1));
        let (input, start) = (row(), Instant::now());
        runtime.step(input, vec![])?;
        times.push(start.elapsed());
    }
    report("submit to result, parked", times);
    Ok(())
}

/// A table, and with several workers an exchange behind it.
fn nodes(workers: usize) -> Vec<Node> {
    let source = Kind::Source { name: "t".into(), types: vec![DataType::Int64] };
    let mut nodes = vec![Node { id: TABLE, kind: source, inputs: vec![], span: None }];
    if workers > 1 {
        let kind = Kind::Exchange(Partition::Key(vec![0]));
        nodes.push(Node { id: NodeId(1), kind, inputs: vec![TABLE], span: None });
    }
    nodes
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e6;
    println!("{what:28} p50 {:>7.2} µs   p99 {:>7.2} µs   max {:>9.2} µs", at(0.5), at(0.99), at(1.0));
}
