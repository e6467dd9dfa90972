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
        std::thread::sleep(Duration::from_millis(20));
        let before = cpu_time();
        std::thread::sleep(Duration::from_millis(200));
        let used = cpu_time() - before;
        assert!(used < Duration::from_millis(4), "{workers} idle workers used {used:?} of CPU time in 200 ms");
        runtime.step(vec![], vec![])?;
    }
    Ok(())
}
