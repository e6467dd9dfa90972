//! How fast files are decoded: `cargo run --release -p deltaq-connectors --example decode FILE [RUNS]`.

use std::time::Instant;

use deltaq_connectors::{Error, Sink, SinkOptions, Source, SourceOptions};

fn main() -> Result<(), Error> {
    let mut args = std::env::args().skip(1);
    let Some(path) = args.next() else {
        println!("usage: decode FILE [RUNS]");
        return Ok(());
    };
    let runs: usize = args.next().and_then(|text| text.parse().ok()).unwrap_or(3);
    let schema = Source::open(&SourceOptions::new(&path), None)?.schema().to_vec();
    for _ in 0..runs {
        let options = Source::open(&SourceOptions::new(&path), None)?.options().clone();
        let begun = Instant::now();
        let mut source = Source::open(&options, Some(&schema))?;
        let (mut rows, mut chunks) = (0, Vec::new());
        for chunk in source.by_ref() {
            let chunk = chunk?;
            rows += chunk.rows;
            chunks.push(chunk);
        }
        let seconds = begun.elapsed().as_secs_f64();
        let megabytes = source.bytes_read() as f64 / 1e6;
        print!(
            "{rows} rows read in {seconds:.3} s: {:.2} M rows/s, {:.0} MB/s",
            rows as f64 / seconds / 1e6,
            megabytes / seconds
        );
        for format in ["csv", "jsonl"] {
            let begun = Instant::now();
            let mut sink = SinkOptions::new("-");
            sink.format = Some(format.parse()?);
            let mut sink = Sink::to_writer(Box::new(std::io::sink()), &sink, &schema)?;
            chunks.iter().try_for_each(|chunk| sink.write(&chunk.columns, chunk.rows, None, 0))?;
            sink.finish()?;
            print!("; written as {format} at {:.2} M rows/s", rows as f64 / begun.elapsed().as_secs_f64() / 1e6);
        }
        println!();
    }
    Ok(())
}
