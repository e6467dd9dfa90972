//! What a shell is in the middle of: an engine, how rows are shown, and queries whose changes are shown as they come.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use deltaq::{Engine, EngineConfig, Outcome};

use crate::arguments::{Emit, EngineArguments};
use crate::failure::{Failure, Origin, render};
use crate::interrupt;
use crate::output::{self, ChangeStream, Limits, Mode, Sheet, thousands};
use crate::progress::Progress;
use crate::script::{self, Item};

mod commands;
mod describe;
mod standing;

pub use commands::{COMMANDS, Script};
use standing::Standing;

/// Result of what the shell does.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Whether to go on after an item of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// With the next one.
    Continue,
    /// `.quit`
    Quit,
}

/// How a session begins.
pub struct Setup {
    /// How the engine is laid out.
    pub engine: EngineArguments,
    /// A person types, and reads along.
    pub interactive: bool,
    /// How rows are shown; None: in boxes, changes that do not go to a terminal as JSON lines.
    pub mode: Option<Mode>,
    /// Where rows go; None: standard output.
    pub output: Option<Box<dyn Write>>,
    /// How SELECT emits, whatever it says itself.
    pub emit: Option<Emit>,
    /// No progress bar and no summary.
    pub quiet: bool,
    /// Whether SQL may read standard input: the statements do not come from there.
    pub standard_input: bool,
}

/// See the module.
pub struct Session {
    /// The engine.
    pub engine: Engine,
    out: Box<dyn Write>,
    terminal: bool,
    interactive: bool,
    mode: Mode,
    /// How changes of a SELECT … EMIT CHANGES are shown; those of a watched view are shown in `mode`.
    stream_mode: Mode,
    timer: bool,
    changes: bool,
    rows_max: Option<usize>,
    emit: Option<Emit>,
    standing: Vec<Standing>,
    stream: ChangeStream,
    /// Whether changes are said to be of which view.
    named: bool,
    queries: usize,
    progress: Progress,
    rows_changed: u64,
    /// Files being read, the innermost last.
    files: Vec<PathBuf>,
}

/// What the engine says of the statement `sql`.
fn failure(error: &deltaq::Error, sql: &str, origin: Origin) -> Failure {
    let mut text = render(error, Some(origin));
    // `FROM t⏎.tables` reads as a table of a schema t, and there are no schemas.
    if (error.is_sql() || error.code() == "3F000") && commands::follows(sql) {
        text += "\n\nhelp: a statement ends with ; before a dot command";
    }
    Failure::Sql(text)
}

impl Session {
    /// Opens an engine.
    pub fn new(setup: Setup) -> Result<Session> {
        let standard_input = setup.standard_input;
        let config = EngineConfig { standard_input, ..setup.engine.config() };
        let engine = Engine::open(config)?;
        let terminal = setup.output.is_none() && io::stdout().is_terminal();
        let mode = setup.mode.unwrap_or(Mode::Box);
        let stream_mode = setup.mode.unwrap_or(if terminal || setup.interactive { Mode::Box } else { Mode::Jsonlines });
        Ok(Session {
            engine,
            out: setup.output.unwrap_or_else(|| Box::new(io::BufWriter::new(io::stdout()))),
            terminal,
            interactive: setup.interactive,
            mode,
            stream_mode,
            timer: false,
            changes: true,
            rows_max: setup.interactive.then_some(40),
            emit: setup.emit,
            standing: Vec::new(),
            stream: ChangeStream::default(),
            named: setup.interactive,
            queries: 0,
            progress: Progress::new(!setup.quiet),
            rows_changed: 0,
            files: Vec::new(),
        })
    }

    /// Runs all that stands in `text`; stops at the first failure. `path` is the file it was read from.
    pub fn script(&mut self, text: &str, path: Option<&str>, first_line: usize) -> Result<Flow> {
        for item in script::items(text) {
            let flow = match item {
                Item::Statement(range) => {
                    let start = range.start;
                    let origin = Origin { path, text, start, skip: 0, first_line };
                    self.statement(&text[range], origin).map(|()| Flow::Continue)
                }
                Item::Command(range) => {
                    let line = first_line + text[..range.start].matches('\n').count();
                    self.command(&text[range]).map_err(|failure| match path {
                        Some(path) => failure.at(path, line),
                        None => failure,
                    })
                }
            };
            // What was said before a failure stands before it.
            self.out.flush()?;
            if flow? == Flow::Quit {
                return Ok(Flow::Quit);
            }
        }
        Ok(Flow::Continue)
    }

    /// Names unnamed queries in what they emit if there are several in `text`.
    pub fn name_queries(&mut self, text: &str) {
        let standing = |item: &Item| match item {
            Item::Statement(range) => self.emission(&text[range.clone()]) == Some(Emit::Changes),
            Item::Command(_) => false,
        };
        self.named = script::items(text).iter().filter(|item| standing(item)).count() > 1;
    }

    /// How a statement emits; None if it is no query.
    fn emission(&self, sql: &str) -> Option<Emit> {
        let written = script::emit_changes(sql).map_or(Emit::Final, |_| Emit::Changes);
        script::is_query(sql).then(|| self.emit.unwrap_or(written))
    }

    fn statement(&mut self, sql: &str, origin: Origin) -> Result<()> {
        let started = Instant::now();
        let body = script::emit_changes(sql).map_or(sql, |words| &sql[..words.start]);
        match self.emission(sql) {
            Some(Emit::Changes) => self.stand(body, origin)?,
            emission => {
                if script::touches_rows(sql) {
                    self.load()?;
                }
                let sql = if emission.is_some() { body } else { sql };
                let outcomes = self.engine.execute(sql);
                for rejected in self.engine.rejections()? {
                    self.progress.reject(&rejected);
                }
                let outcomes = outcomes.map_err(|e| failure(&e, sql, origin))?;
                outcomes.into_iter().try_for_each(|outcome| self.show(outcome))?;
            }
        }
        self.show_changes()?;
        if self.interactive {
            // What was just connected is read while the user watches.
            match self.load_since(started) {
                Err(Failure::Interrupted) => eprintln!("Loading stopped; it goes on with the next query."),
                result => result?,
            }
        }
        if self.timer {
            self.out.flush()?;
            let time = started.elapsed().as_secs_f64();
            eprintln!("Time: {}", if time < 1.0 { format!("{:.3} ms", time * 1e3) } else { format!("{time:.3} s") });
        }
        Ok(())
    }

    fn show(&mut self, outcome: Outcome) -> Result<()> {
        match outcome {
            Outcome::Rows(rows) => {
                let sheet = Sheet { fields: rows.schema(), batches: rows.batches(), weights: None };
                let limits = self.limits();
                output::write(&mut self.out, self.mode, sheet, limits)?;
            }
            Outcome::Changed { tag, rows } => {
                self.rows_changed += rows;
                if self.interactive {
                    writeln!(self.out, "{tag} {rows}")?;
                }
            }
            Outcome::Done { tag } if self.interactive => writeln!(self.out, "{tag}")?,
            Outcome::Done { .. } => {}
            Outcome::Text(text) => writeln!(self.out, "{}", text.trim_end())?,
        }
        Ok(())
    }

    /// What fits where the rows go.
    fn limits(&self) -> Limits {
        if !self.terminal {
            return Limits { rows: self.rows_max, ..Limits::NONE };
        }
        let width = console::Term::stdout().size_checked().map(|(_, columns)| columns.into());
        Limits { rows: self.rows_max, width, color: std::env::var_os("NO_COLOR").is_none() }
    }

    /// Reads all sources to their ends, and shows what changes meanwhile.
    pub fn load(&mut self) -> Result<()> {
        self.load_since(Instant::now())
    }

    /// The same; they have been read since the time given.
    fn load_since(&mut self, since: Instant) -> Result<()> {
        if self.engine.loading().is_empty() {
            return Ok(());
        }
        let listening = interrupt::listen();
        self.progress.start(since);
        let result = loop {
            if listening.asked() {
                break Err(Failure::Interrupted);
            }
            match self.engine.load(Some(Duration::from_millis(100))) {
                Ok(Some(loaded)) => {
                    self.progress.add(&loaded);
                    if let Err(failure) = self.show_changes() {
                        break Err(failure);
                    }
                }
                Ok(None) if self.engine.loading().is_empty() => break Ok(()),
                Ok(None) => {}
                Err(error) => break Err(error.into()),
            }
        };
        let loaded = self.progress.stop();
        if self.interactive && loaded.rows > 0 {
            let (rows, time) = (output::counted(loaded.rows, "row"), output::seconds(loaded.elapsed));
            let left_out = match loaded.rejected {
                0 => String::new(),
                rejected => format!(", {}", output::counted(rejected, "bad row")),
            };
            writeln!(self.out, "{rows} loaded in {time}{left_out}")?;
        }
        result
    }

    /// Warns of rows that errors keep out of views.
    pub fn warn_of_errors(&mut self) -> Result<()> {
        for view in self.views() {
            let errors = self.engine.errors(&view)?;
            let Some(first) = errors.first() else { continue };
            let rows = errors.iter().map(|error| error.weight.unsigned_abs()).sum();
            let others = if errors.iter().any(|error| error.message != first.message) { ", and others" } else { "" };
            let (rows, reason) = (output::counted(rows, "row"), &first.message);
            eprintln!("warning: {rows} kept out of view \"{view}\" by errors: {reason}{others}");
        }
        Ok(())
    }

    /// What a run did, in one line.
    pub fn summary(&mut self) -> Result<String> {
        let state = self.engine.state()?;
        let (rows, bytes) = state.iter().fold((0, 0), |(rows, bytes), s| (rows + s.rows, bytes + s.bytes));
        let loaded = self.progress.total();
        let mut text = output::counted(loaded.rows + self.rows_changed, "row");
        if loaded.rows > 0 {
            if self.rows_changed > 0 {
                text += &format!(", {} of them", thousands(loaded.rows));
            }
            text += &format!(" loaded in {}", output::seconds(loaded.elapsed));
            // Of less time there is no rate to speak of.
            if loaded.elapsed >= Duration::from_millis(10) {
                text += &format!(" ({} rows/s)", thousands((loaded.rows as f64 / loaded.elapsed.as_secs_f64()) as u64));
            }
        }
        if loaded.rejected > 0 {
            text += &format!(", {}", output::counted(loaded.rejected, "bad row"));
        }
        text += &format!("; {}", output::counted(self.engine.epoch(), "epoch"));
        text += &format!("; state: {} in {}", output::counted(rows, "row"), output::bytes(bytes));
        Ok(text)
    }

    /// Makes everything written so far visible.
    pub fn flush(&mut self) -> Result<()> {
        Ok(self.out.flush()?)
    }
}
