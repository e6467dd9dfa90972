//! The Nexmark queries in the engine `dbsp`, hand-written as its documentation teaches, each giving the full result of our SQL.
//!
//! Its rows, the same events as everybody's, are in [`tables`]; each query is a file in [`queries`], whose header says what differs from
//! the version that the engine's makers have published.

mod days;
mod output;
mod queries;
mod run;
mod tables;
mod tally;

use std::process::{Command, ExitCode};

use clap::Parser;
use dbsp::mimalloc::MiMalloc;
use deltaq_nexmark::{Arguments, Report};

/// The allocator that the engine is made for and that its own benchmarks use.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Runs the queries in dbsp.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    arguments: Arguments,
}

fn main() -> ExitCode {
    let arguments = Options::parse().arguments;
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("deltaq-peer-dbsp: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    if !arguments.json {
        println!("{}", Report::heading());
    }
    match arguments.queries()?.as_slice() {
        [query] => {
            let report = run::measure(query, arguments)?;
            println!("{}", if arguments.json { report.json() } else { report.text() });
        }
        queries => {
            for query in queries {
                println!("{}", in_process_of_its_own(query, arguments)?);
            }
        }
    }
    Ok(())
}

/// Each query has a process to itself, so that none finds memory that another has left.
fn in_process_of_its_own(query: &str, arguments: &Arguments) -> Result<String, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    let Arguments { events, step, steps, workers, .. } = *arguments;
    for (name, value) in [("--events", events), ("--step", step), ("--steps", steps), ("--workers", workers)] {
        command.arg(name).arg(value.to_string());
    }
    command.args(["--query", query]).args(arguments.json.then_some("--json"));
    let output = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    match (output.status.success(), text.lines().last()) {
        (true, Some(line)) => Ok(line.to_string()),
        _ => Err(format!("{query}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}
