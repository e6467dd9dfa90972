//! The benchmark harness: `cargo run --release -p deltaq-bench -- SUITE`. See `docs/benchmarks.md`.
//!
//! Every workload is checked against its known answer before a figure of it is printed.

mod bench;
mod codec;
mod core;
mod data;
mod export;
mod incremental;
mod micro;
mod naive;
mod nexmark;
mod seed;
mod table;
mod yardstick;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use clap::{Parser, ValueEnum};

use crate::bench::{Bench, Options};

/// Measures deltaq. Figures go to standard output, what is under way to standard error.
#[derive(Parser)]
struct Arguments {
    /// What to measure.
    suite: Suite,
    /// Only cases whose name contains this; of nexmark and naive, the queries of these names, separated by commas.
    #[arg(long)]
    query: Option<String>,
    /// Rows of input, where a case can do with any number.
    #[arg(long)]
    events: Option<usize>,
    /// Worker threads.
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// Only steps of so many changes.
    #[arg(long)]
    step: Option<usize>,
    /// One JSON object a line instead of a table.
    #[arg(long)]
    json: bool,
    /// Small sizes, seconds in all: whether everything runs, not how fast.
    #[arg(long)]
    quick: bool,
    /// Retract half of the events in the end (nexmark).
    #[arg(long, conflicts_with = "append_only")]
    deletes: bool,
    /// Declare the tables append-only (nexmark).
    #[arg(long)]
    append_only: bool,
    /// Mebibytes of memory to touch before anything else, so that none is slow to come by while the clock runs.
    #[arg(long, default_value_t = 0)]
    touch: usize,
    /// Write tables and results below this directory, for another database to compute the same (seed, naive).
    #[arg(long, value_name = "DIR")]
    export: Option<std::path::PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Suite {
    /// What the parts of the engine cost, through SQL.
    Micro,
    /// The scenarios that the project started from; incremental against naive.
    Seed,
    /// A batch as bytes and back.
    Codec,
    /// The circuit alone on the calling thread: no SQL, no worker threads, no tables.
    Core,
    /// Queries on the stream of an auction house.
    Nexmark,
    /// The same queries: a step against computing the view again.
    Naive,
    /// The same queries: steps of one size while the tables grow.
    Growth,
}

fn main() {
    let arguments = Arguments::parse();
    let suite = arguments.suite;
    deltaq_nexmark::touch(arguments.touch);
    let options = Options {
        query: arguments.query,
        events: arguments.events,
        workers: arguments.workers,
        step: arguments.step,
        json: arguments.json,
        quick: arguments.quick,
        deletes: arguments.deletes,
        append_only: arguments.append_only,
        export: arguments.export,
    };
    let name = suite.to_possible_value().map_or_else(String::new, |v| v.get_name().to_string());
    let mut bench = Bench::new(name, options);
    let outcome = match suite {
        Suite::Micro => micro::run(&mut bench),
        Suite::Seed => seed::run(&mut bench),
        Suite::Codec => codec::run(&mut bench),
        Suite::Core => core::run(&mut bench),
        Suite::Nexmark => nexmark::run(&mut bench),
        Suite::Naive => naive::run(&mut bench),
        Suite::Growth => nexmark::growth(&mut bench),
    };
    if let Err(error) = outcome {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
