//! The floor: each Nexmark query as a program of its own, plain loops over columns, hash maps and vectors. It does the same job as an
//! engine, step by step with each step's output delta, and shows what the machine allows.
//!
//! Where an engine must be ready for anything, these programs know their query and their stream: rows come and never go, ids of
//! persons and auctions are unique, prices are positive. Read first: [`program`], then any of [`queries`].

mod columns;
mod days;
#[cfg(test)]
mod definition;
mod hash;
mod program;
mod queries;
mod run;
mod tally;

use std::process::{Command, ExitCode};

use clap::Parser;
use deltaq_nexmark::{Arguments, Report};

/// As the other programs: memory stays with the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs the floor programs.
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
            eprintln!("deltaq-floor: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    if arguments.workers != 1 {
        return Err("the floor programs have one worker".to_string());
    }
    if !arguments.json {
        println!("{}", Report::heading());
    }
    match arguments.queries()?.as_slice() {
        [query] => {
            let report = run::measure(query, arguments);
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
    for (name, value) in [
        ("--events", arguments.events),
        ("--step", arguments.step),
        ("--steps", arguments.steps),
        ("--touch", arguments.touch),
    ] {
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
