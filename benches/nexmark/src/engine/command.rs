//! The queries from the command line.

use std::io::Write;

use clap::Args;

use crate::arguments::Arguments;
use crate::engine::columns::Columns;
use crate::engine::open::Tables;
use crate::engine::run::{Deletes, Failure, Settings, Timed, run};
use crate::report::Report;
use crate::usage::touch;

/// What to run on deltaq, and how.
#[derive(Args, Clone, Debug)]
pub struct Command {
    /// What all peers are told.
    #[command(flatten)]
    pub arguments: Arguments,
    /// Retract half of the events in the end, in no order.
    #[arg(long, conflicts_with = "append_only")]
    pub deletes: bool,
    /// Declare the tables append-only: views keep less, and nothing can be retracted.
    #[arg(long)]
    pub append_only: bool,
    /// Declare the ids of persons and auctions primary keys: each new one is looked up, and views may rely on it.
    #[arg(long, conflicts_with = "append_only")]
    pub keys: bool,
}

impl Command {
    /// How to run each query.
    pub fn settings(&self) -> Settings {
        let Arguments { workers, events, step, steps, .. } = self.arguments;
        Settings {
            workers,
            events,
            step: self.arguments.load_step(),
            timed: if steps > 0 { vec![Timed { step, steps }] } else { Vec::new() },
            tables: match (self.append_only, self.keys) {
                (true, _) => Tables::AppendOnly,
                (false, true) => Tables::Keyed,
                (false, false) => Tables::Plain,
            },
            deletes: if self.deletes { Deletes::Half } else { Deletes::None },
        }
    }

    /// Runs the queries and writes a line of each.
    ///
    /// # Errors
    /// Where there is no such query, one fails, or the lines cannot be written.
    pub fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let queries = self.arguments.queries().map_err(Failure::Usage)?;
        let settings = self.settings();
        touch(self.arguments.touch);
        let columns = Columns::new(settings.total());
        if !self.arguments.json {
            writeln!(out, "{}", Report::heading())?;
        }
        for query in queries {
            let mut run = run(query, &columns, &settings)?;
            if let Some((events, time)) = run.retracted {
                run.report.more.push(("retracted_events_per_second", (events as f64 / time.as_secs_f64()).round()));
            }
            writeln!(out, "{}", if self.arguments.json { run.report.json() } else { run.report.text() })?;
        }
        Ok(())
    }
}
