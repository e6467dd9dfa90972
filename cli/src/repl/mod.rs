//! The prompt.

use std::path::PathBuf;

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use crate::failure::Failure;
use crate::session::{Flow, Result, Session};
use crate::{interrupt, script};

mod complete;
mod highlight;

use complete::Words;

const PROMPT: &str = "deltaq> ";

/// Reads and runs until `.quit` or the end of input.
pub fn repl(session: &mut Session) -> Result<()> {
    let workers = session.engine.config().workers;
    let plural = if workers == 1 { "" } else { "s" };
    println!("deltaq {}, in memory, {workers} worker{plural}. Type .help for help.", env!("CARGO_PKG_VERSION"));
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .history_ignore_space(true)
        .max_history_size(10_000)
        .map(rustyline::config::Builder::build)
        .map_err(|e| Failure::Message(e.to_string()))?;
    let mut editor = Editor::<Line, FileHistory>::with_config(config).map_err(|e| Failure::Message(e.to_string()))?;
    editor.set_helper(Some(Line { words: Words::new(session) }));
    let history = history();
    if let Some(path) = &history {
        // There is none the first time.
        let _ = editor.load_history(path);
    }
    loop {
        interrupt::forget();
        match editor.readline(PROMPT) {
            Ok(line) => {
                if line.trim().is_empty() {
                    continue;
                }
                let _ = editor.add_history_entry(line.trim_end());
                if let Some(path) = &history {
                    // A shell without memory is still a shell.
                    let _ = editor.append_history(path);
                }
                match run(session, &line) {
                    Ok(Flow::Quit) => return Ok(()),
                    Ok(Flow::Continue) => {}
                    Err(failure @ Failure::Output(_)) => return Err(failure),
                    Err(failure) => failure.report(),
                }
                if let Some(helper) = editor.helper_mut() {
                    helper.words = Words::new(session);
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(Failure::Message(format!("the terminal: {error}"))),
        }
    }
}

fn run(session: &mut Session, line: &str) -> Result<Flow> {
    match bare(line).as_str() {
        "quit" | "exit" => Ok(Flow::Quit),
        "help" => session.script(".help", None, 1),
        other if other.starts_with('\\') => {
            Err(Failure::Message("commands begin with a dot: .tables, .schema NAME, .quit; .help lists them".into()))
        }
        _ => session.script(line, None, 1),
    }
}

/// What may be meant for the shell though it does not begin with a dot: `quit`, `help;`, `\d`.
fn bare(line: &str) -> String {
    line.trim().trim_end_matches(';').to_ascii_lowercase()
}

/// Where lines are remembered: `DELTAQ_HISTORY`, else `.deltaq_history` in the home directory.
fn history() -> Option<PathBuf> {
    let named = std::env::var_os("DELTAQ_HISTORY").map(PathBuf::from);
    named
        .or_else(|| std::env::home_dir().map(|home| home.join(".deltaq_history")))
        .filter(|p| !p.as_os_str().is_empty())
}

/// What the line editor knows of SQL.
struct Line {
    words: Words,
}

impl Helper for Line {}

impl Hinter for Line {
    type Hint = String;
}

impl Completer for Line {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(self.words.complete(line, pos))
    }
}

impl Validator for Line {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        let input = context.input();
        let word = bare(input);
        let whole =
            script::is_complete(input) || matches!(word.as_str(), "quit" | "exit" | "help") || word.starts_with('\\');
        Ok(if whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Highlighter for Line {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> std::borrow::Cow<'l, str> {
        highlight::highlight(line).into()
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> std::borrow::Cow<'b, str> {
        format!("\x1b[1;36m{prompt}\x1b[0m").into()
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        kind != CmdKind::MoveCursor
    }
}
