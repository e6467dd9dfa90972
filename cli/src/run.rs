//! `deltaq run` and `deltaq explain`.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use deltaq::ExplainFormat;

use crate::arguments::{ExplainArguments, Format, Picture, RunArguments};
use crate::failure::{Failure, Origin, render};
use crate::interrupt;
use crate::script::{self, Item};
use crate::session::{Flow, Result, Script, Session, Setup};

/// `deltaq run FILE`
pub fn run(arguments: RunArguments) -> Result<()> {
    interrupt::install(false);
    let (text, shown) = read(&arguments.file)?;
    let format = match (arguments.format, &arguments.output) {
        (None, Some(path)) => format_of(path)?,
        (format, _) => format,
    };
    let mode = format.map(Format::mode);
    let output = match &arguments.output {
        Some(path) => Some(create(path)?),
        None => None,
    };
    let mut session = Session::new(Setup {
        engine: arguments.engine,
        interactive: false,
        mode,
        output,
        emit: arguments.emit,
        quiet: arguments.quiet,
        standard_input: arguments.file != Path::new("-"),
    })?;
    session.name_queries(&text);
    let result = finish(&mut session, &text, &arguments, &shown);
    session.flush()?;
    if result.is_ok() {
        session.warn_of_errors()?;
    }
    if !arguments.quiet && matches!(result, Ok(()) | Err(Failure::Interrupted)) {
        eprintln!("{}", session.summary()?);
    }
    result
}

fn finish(session: &mut Session, text: &str, arguments: &RunArguments, shown: &str) -> Result<()> {
    if session.text(text, &arguments.file, shown)? == Flow::Quit {
        return Ok(());
    }
    let prints = |item: Item| match item {
        Item::Statement(range) => script::is_query(&text[range.clone()]) || script::verb(&text[range]) == "COPY",
        Item::Command(_) => false,
    };
    if let Some(emit) = arguments.emit.filter(|_| !script::items(text).into_iter().any(prints)) {
        session.emit_views(emit)?;
    }
    session.load()
}

/// `deltaq explain FILE`
pub fn explain(arguments: ExplainArguments) -> Result<()> {
    let (text, shown) = read(&arguments.file)?;
    let mut session = Session::new(Setup {
        engine: arguments.engine,
        interactive: false,
        mode: None,
        output: None,
        emit: None,
        quiet: true,
        standard_input: true,
    })?;
    let mut out = BufWriter::new(io::stdout());
    session.within(&arguments.file, |session| picture(session, &text, &shown, arguments.format, &mut out))?;
    Ok(out.flush()?)
}

/// Writes how each view and query of a script is computed. What changes rows is carried out on what there is without sources: of what comes of it
/// only mistakes in the SQL are told.
fn picture(session: &mut Session, text: &str, shown: &str, picture_as: Picture, out: &mut impl Write) -> Result<()> {
    let format = match picture_as {
        Picture::Text => ExplainFormat::Text,
        Picture::Dot => ExplainFormat::Dot,
    };
    for item in script::items(text) {
        let range = match item {
            Item::Statement(range) => range,
            Item::Command(range) => {
                if let Some(Script { path, text, shown }) = session.read_by(&text[range])? {
                    session.within(&path, |session| picture(session, &text, &shown, picture_as, out))?;
                }
                continue;
            }
        };
        let statement = &text[range.clone()];
        let origin = Origin { path: Some(shown), text, start: range.start, skip: 0, first_line: 1 };
        let failure = |e: deltaq::Error| Failure::Sql(render(&e, Some(origin)));
        let engine = &mut session.engine;
        if script::is_query(statement) {
            let body = script::emit_changes(statement).map_or(statement, |words| &statement[..words.start]);
            let text = engine.explain(body, format).map_err(failure)?;
            writeln!(out, "{}{}\n", heading(body, picture_as), text.trim_end())?;
            continue;
        }
        let verb = script::verb(statement);
        if verb != "COPY" {
            let before = engine.tables().len();
            let defines = matches!(verb.as_str(), "CREATE" | "ALTER" | "DROP");
            let mistaken = |e: &deltaq::Error| defines || e.code().starts_with("42") || e.code() == "0A000";
            if let Some(error) = engine.execute(statement).err().filter(mistaken) {
                return Err(failure(error));
            }
            for relation in engine.tables().into_iter().skip(before).filter(|r| r.sql.is_some()) {
                let text = engine.explain(&relation.name, format).map_err(failure)?;
                writeln!(out, "{}{}\n", heading(statement, picture_as), text.trim_end())?;
            }
        }
    }
    Ok(())
}

/// The comment before a picture that says of what it is: its first line, or where a program reads along, all of it.
fn heading(sql: &str, picture: Picture) -> String {
    match picture {
        Picture::Text => format!("-- {}\n", sql.lines().next().unwrap_or_default()),
        Picture::Dot => sql.lines().map(|line| format!("// {line}\n")).collect(),
    }
}

fn read(path: &Path) -> Result<(String, String)> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        let read = io::stdin().read_to_end(&mut bytes).map_err(|e| e.to_string());
        let text = read.and_then(|_| script::decode(bytes, 1));
        let text = text.map_err(|e| Failure::Message(format!("standard input: {e}")))?;
        return Ok((script::unmarked(text), "<stdin>".into()));
    }
    let shown = path.display().to_string();
    let text = script::read(path).map_err(|e| Failure::Message(format!("{shown}: {e}")))?;
    Ok((text, shown))
}

fn create(path: &Path) -> Result<Box<dyn Write>> {
    match File::create(path) {
        Ok(file) => Ok(Box::new(BufWriter::new(file))),
        Err(e) => Err(Failure::Message(format!("{}: {e}", path.display()))),
    }
}

/// The format that the name of the output speaks of.
fn format_of(path: &Path) -> Result<Option<Format>> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    Ok(match extension.as_str() {
        "csv" => Some(Format::Csv),
        "jsonl" | "ndjson" | "json" => Some(Format::Jsonl),
        "txt" => Some(Format::Table),
        "parquet" | "pq" | "gz" | "tsv" => {
            let message = format!("{}: --output writes csv, jsonl and table; COPY … TO writes this", path.display());
            return Err(Failure::Message(message));
        }
        _ => None,
    })
}
