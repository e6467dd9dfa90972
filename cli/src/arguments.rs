//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use deltaq::EngineConfig;

use crate::output::Mode;

const AFTER: &str = "\
Without a command: a prompt, or where standard input is not a terminal, the script that stands there.
Exit status: 0 all went well, 1 an error in SQL, data or files, 2 wrong usage, 130 interrupted, 141 the reader of the output has gone.";

/// deltaq: an incremental SQL engine. Views are kept up to date at a cost that follows what changed.
#[derive(Parser, Debug)]
#[command(name = "deltaq", version, after_help = AFTER, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Run this SQL (or dot command) and end; may be given several times
    #[arg(short = 'c', long = "command", value_name = "SQL", allow_hyphen_values = true)]
    pub commands: Vec<String>,

    /// How rows are shown
    #[arg(short, long, value_enum)]
    pub mode: Option<Mode>,

    #[command(flatten)]
    pub engine: EngineArguments,
}

/// How the engine is laid out.
#[derive(Args, Clone, Copy, Debug)]
pub struct EngineArguments {
    /// Worker threads
    #[arg(short, long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub workers: u16,

    /// What tables and views may hold, as 500MB or 2GB; what would go beyond it is refused
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory: Option<u64>,

    /// Rows that bulk loads are cut into
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub batch_rows: Option<u32>,
}

impl EngineArguments {
    /// The engine that these ask for.
    pub fn config(self) -> EngineConfig {
        EngineConfig {
            workers: self.workers.into(),
            memory: self.memory,
            batch_rows: self.batch_rows.map(|rows| rows as usize),
            ..EngineConfig::default()
        }
    }
}

/// A number of bytes: `2GB`, `1.5 GiB`, `500000`.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit: u64 = match text[digits.len()..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "kib" => 1 << 10,
        "m" | "mb" => 1_000_000,
        "mib" => 1 << 20,
        "g" | "gb" => 1_000_000_000,
        "gib" => 1 << 30,
        "t" | "tb" => 1_000_000_000_000,
        "tib" => 1 << 40,
        _ => return Err("a size is a number and a unit, as in 500MB, 2GB or 1.5GiB".into()),
    };
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() && number * unit as f64 >= 1.0 => Ok((number * unit as f64) as u64),
        _ => Err("a size is a number and a unit, as in 500MB, 2GB or 1.5GiB".into()),
    }
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run a script: make its tables and views, read its sources to their end, print what it selects
    Run(RunArguments),
    /// Show plans and circuits of a script's views and queries, without reading any data
    Explain(ExplainArguments),
    /// Serve the engine over standard input and output, one JSON object a line (docs/formats/pipe.md)
    Pipe(EngineArguments),
    /// Measure the engine on this machine (docs/benchmarks.md)
    Bench {
        /// What to measure.
        #[command(subcommand)]
        suite: Suite,
    },
}

/// What can be measured.
#[derive(Subcommand, Debug)]
pub enum Suite {
    /// Queries on the stream of an auction house, each as a view alone
    Nexmark(deltaq_nexmark::engine::Command),
}

/// `deltaq run`
#[derive(Args, Debug)]
pub struct RunArguments {
    /// The script; `-` is standard input
    pub file: PathBuf,

    /// Whether a SELECT prints its rows and then each change, or its rows once all sources have ended; where the script has no
    /// SELECT, its outermost views are printed so. Without it the script decides: EMIT CHANGES, or else the rows as they are at
    /// that point of the script
    #[arg(long, value_enum)]
    pub emit: Option<Emit>,

    /// How rows are written; without it as the name of the output says, or a table (changes that do not go to a terminal: jsonl)
    #[arg(long, value_enum)]
    pub format: Option<Format>,

    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,

    /// No progress bar and no summary
    #[arg(short, long)]
    pub quiet: bool,

    #[command(flatten)]
    pub engine: EngineArguments,
}

/// When rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Emit {
    /// Rows, then each change with its weight, as they come
    Changes,
    /// Rows, once all sources have ended
    Final,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values with a header
    Csv,
    /// Ruled columns
    Table,
}

impl Format {
    /// As a mode of the shell.
    pub fn mode(self) -> Mode {
        match self {
            Format::Jsonl => Mode::Jsonlines,
            Format::Csv => Mode::Csv,
            Format::Table => Mode::Box,
        }
    }
}

/// `deltaq explain`
#[derive(Args, Debug)]
pub struct ExplainArguments {
    /// The script; `-` is standard input
    pub file: PathBuf,

    /// What to print
    #[arg(long, value_enum, default_value = "text")]
    pub format: Picture,

    #[command(flatten)]
    pub engine: EngineArguments,
}

/// What EXPLAIN prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Picture {
    /// For people
    Text,
    /// For Graphviz
    Dot,
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes() {
        let read = |text| size(text).ok();
        assert_eq!(["2GB", "1.5 kb", "64KiB", "700"].map(read), [2_000_000_000, 1_500, 65_536, 700].map(Some));
        assert_eq!(["", "GB", "0", "-1MB", "2 stones", "nanGB", "1e400"].map(read), [None; 7]);
    }
}
