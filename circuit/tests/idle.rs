//! An idle runtime costs nothing. Alone in its file: it measures the whole process.
#![cfg(target_os = "linux")]

use std::time::Duration;

use arrow_schema::DataType;
use deltaq_circuit::{Kind, Node, NodeId, Partition, Runtime, RuntimeConfig};

/// CPU time of all threads of this process so far.
fn cpu_time() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap_or_else(|error| panic!("/proc: {error}"));
    let nanos = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

#[test]
fn an_idle_runtime_parks() -> Result<(), deltaq_circuit::Error> {
    for workers in [1, 3] {
        let mut runtime = Runtime::start(RuntimeConfig { workers, ..RuntimeConfig::default() })?;
        let source = Kind::Source { name: "t".into(), types: vec![DataType::Int64] };
        let exchange = Kind::Exchange(Partition::Key(vec![0]));
        runtime.install(vec![
            Node { id: NodeId(0), kind: source, inputs: vec![], span: None },
            Node { id: NodeId(1), kind: exchange, inputs: vec![NodeId(0)], span: None },
        ])?;
        runtime.step(vec![], vec![])?;
        // On a busy machine it may take them a while to come to rest.
        let mut used = Vec::new();
        let is_quiet = (0..20).any(|_| {
            let before = cpu_time();
            std::thread::sleep(Duration::from_millis(200));
            used.push(cpu_time() - before);
            used.last().is_some_and(|used| *used < Duration::from_millis(4))
        });
        assert!(is_quiet, "{workers} idle workers used {used:?} of CPU time in 200 ms each");
        runtime.step(vec![], vec![])?;
    }
    Ok(())
}
