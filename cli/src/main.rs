//! The command line of deltaq: [`session`] runs SQL and dot commands, [`repl`] reads them from a person, [`pipe`] serves programs.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;

mod arguments;
mod cells;
mod failure;
mod interrupt;
mod keywords;
mod lexer;
mod output;
mod pipe;
mod progress;
mod repl;
mod run;
mod script;
mod session;

/// Steps make and drop batches of many sizes; memory given back to the system between them costs more than all else (docs/adr).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use arguments::{Arguments, Command, Suite};
use failure::Failure;
use session::{Flow, Result, Session, Setup};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match dispatch(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            ExitCode::from(failure.status())
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<()> {
    match arguments.command {
        Some(Command::Run(arguments)) => run::run(arguments),
        Some(Command::Explain(arguments)) => run::explain(arguments),
        Some(Command::Pipe(arguments)) => pipe::pipe(arguments),
        Some(Command::Bench { suite: Suite::Nexmark(command) }) => Ok(command.run(&mut io::stdout().lock())?),
        None => shell(arguments),
    }
}

/// `deltaq`, `deltaq -c …` or `deltaq < script`
fn shell(arguments: Arguments) -> Result<()> {
    let interactive = arguments.commands.is_empty() && io::stdin().is_terminal();
    interrupt::install(interactive);
    let mut session = Session::new(Setup {
        engine: arguments.engine,
        interactive,
        mode: arguments.mode,
        output: None,
        emit: None,
        quiet: false,
        standard_input: !arguments.commands.is_empty(),
    })?;
    if !arguments.commands.is_empty() {
        session.name_queries(&arguments.commands.join("\n;"));
        for text in &arguments.commands {
            if session.script(text, None, 1)? == Flow::Quit {
                break;
            }
        }
        return session.load();
    }
    if interactive {
        return repl::repl(&mut session);
    }
    stream(&mut session)
}

/// Runs statements as they come in on standard input.
fn stream(session: &mut Session) -> Result<()> {
    let (mut text, mut first_line, mut number) = (String::new(), 1, 0);
    let mut input = io::stdin().lock();
    loop {
        number += 1;
        let more = read_line(&mut input, &mut text, number)?;
        if number == 1 {
            text = script::unmarked(text);
        }
        let last = text.trim_end();
        if !more || last.ends_with(';') || last.trim_start().starts_with('.') {
            if more && !script::is_complete(&text) {
                continue;
            }
            if session.script(&text, None, first_line)? == Flow::Quit {
                return Ok(());
            }
            text.clear();
            first_line = number + 1;
        }
        if !more {
            return session.load();
        }
    }
}

/// Appends the line of this number; false at the end.
fn read_line(input: &mut impl io::BufRead, text: &mut String, number: usize) -> Result<bool> {
    let mut bytes = Vec::new();
    let read = input.read_until(b'\n', &mut bytes).map_err(|e| e.to_string());
    let line = read.and_then(|_| script::decode(bytes, number));
    let line = line.map_err(|e| Failure::Message(format!("standard input: {e}")))?;
    text.push_str(&line);
    Ok(!line.is_empty())
}
