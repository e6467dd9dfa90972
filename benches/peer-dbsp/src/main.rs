//! The Nexmark queries in the engine `dbsp`, hand-written as its documentation teaches, each giving the full result of our SQL.
//!
//! Its rows, the same events as everybody's, are in [`tables`]; each query is a file in [`queries`], whose header says what differs from
//! the version that the engine's makers have published.

mod days;
mod order;
mod output;
mod queries;
mod run;
mod tables;
mod tally;

use std::process::{Command, ExitCode};

use clap::Parser;
use dbsp::mimalloc::MiMalloc;
use deltaq_nexmark::{Arguments, Report};

use crate::queries::Wanted;

/// The allocator that the engine is made for and that its own benchmarks use.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Runs the queries in dbsp.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    arguments: Arguments,
    /// Rows only come: queries that gain by it keep no more than they need then.
    #[arg(long)]
    append_only: bool,
    /// Hand in only the events of tables that the query reads.
    #[arg(long)]
    only_read: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("deltaq-peer-dbsp: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let Options { arguments, append_only, only_read } = options;
    if !arguments.json {
        println!("{}", Report::heading());
    }
    match arguments.queries()?.as_slice() {
        [query] => {
            let wanted = Wanted { query, append_only: *append_only, only_read: *only_read };
            let report = run::measure(wanted, arguments)?;
            println!("{}", if arguments.json { report.json() } else { report.text() });
        }
        queries => {
            for query in queries {
                println!("{}", in_process_of_its_own(query, options)?);
            }
        }
    }
    Ok(())
}

/// Each query has a process to itself, so that none finds memory that another has left.
fn in_process_of_its_own(query: &str, options: &Options) -> Result<String, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    let Arguments { events, step, steps, workers, touch, json, .. } = options.arguments;
    let numbers = [("--events", events), ("--step", step), ("--steps", steps), ("--workers", workers), ("--touch", touch)];
    for (name, value) in numbers {
        command.arg(name).arg(value.to_string());
    }
    command.args(["--query", query]);
    for (name, set) in [("--json", json), ("--append-only", options.append_only), ("--only-read", options.only_read)] {
        command.args(set.then_some(name));
    }
    let output = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    match (output.status.success(), text.lines().last()) {
        (true, Some(line)) => Ok(line.to_string()),
        _ => Err(format!("{query}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}
