//! Dot commands.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use deltaq::{ErrorRow, ExplainFormat, RelationKind};

use super::describe::definition;
use super::{Flow, Result, Session};
use crate::failure::Failure;
use crate::output::{self, Mode, Sheet};

/// A dot command.
pub struct Command {
    /// Its name, with the dot.
    pub name: &'static str,
    /// What follows it.
    pub arguments: &'static str,
    /// What it does.
    pub help: &'static str,
    run: fn(&mut Session, &str) -> Result<Flow>,
}

/// A script in a file.
pub struct Script {
    pub path: PathBuf,
    pub text: String,
    /// The name that errors give it.
    pub shown: String,
}

/// All dot commands, in the order of the help. A command may be shortened as long as it is the first here to begin so.
pub const COMMANDS: &[Command] = &[
    Command { name: ".help", arguments: "[COMMAND]", help: "This list, or what one command does", run: help },
    Command { name: ".tables", arguments: "", help: "Tables and views with their columns", run: tables },
    Command { name: ".schema", arguments: "[NAME]", help: "The SQL that makes a table or view, or all", run: schema },
    Command {
        name: ".watch",
        arguments: "[VIEW …]",
        help: "Show each change of these views (or tables) from now on; alone: which",
        run: watch,
    },
    Command {
        name: ".unwatch",
        arguments: "[VIEW …]",
        help: "Show changes of these no longer; alone: of none",
        run: unwatch,
    },
    Command { name: ".changes", arguments: "on|off", help: "Whether changes of watched views are shown", run: changes },
    Command { name: ".plan", arguments: "VIEW | SELECT …", help: "How a view or query is computed", run: plan },
    Command { name: ".state", arguments: "[NAME]", help: "What tables and views keep in memory", run: state },
    Command { name: ".errors", arguments: "VIEW", help: "Bad data that keeps rows out of a view", run: errors },
    Command { name: ".check", arguments: "[VIEW …]", help: "Recompute views by definition and compare", run: check },
    Command {
        name: ".mode",
        arguments: "[box|table|csv|jsonlines]",
        help: "How rows are shown; alone: which",
        run: mode,
    },
    Command { name: ".maxrows", arguments: "N|all", help: "Rows shown at most in a box or table", run: maxrows },
    Command { name: ".timer", arguments: "on|off", help: "Whether to say how long a statement took", run: timer },
    Command { name: ".read", arguments: "FILE", help: "Run a script", run: read },
    Command { name: ".quit", arguments: "", help: "End (also .exit, Ctrl-D)", run: quit },
];

/// Whether a line of `sql` behind the first begins with a command: the semicolon before it may be missing.
pub(super) fn follows(sql: &str) -> bool {
    let is_command = |line: &str| {
        let name = line.trim_start().split(|c: char| c.is_whitespace() || c == ';').next().unwrap_or_default();
        name == ".exit" || COMMANDS.iter().any(|command| command.name == name)
    };
    sql.lines().skip(1).any(is_command)
}

/// The command that a line begins with, and what follows it; else the name that no command has.
fn parsed(line: &str) -> Result<(&'static Command, &str), String> {
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let name = name.trim_end_matches(';').to_lowercase();
    let name = if name == ".exit" { ".quit".to_string() } else { name };
    let command = COMMANDS.iter().find(|c| name.len() > 1 && c.name.starts_with(&name)).ok_or(name)?;
    Ok((command, rest.trim().trim_end_matches(';').trim_end()))
}

fn failure<T>(text: impl Into<String>) -> Result<T> {
    Err(Failure::Message(text.into()))
}

impl Session {
    /// Runs a dot command.
    pub(super) fn command(&mut self, line: &str) -> Result<Flow> {
        match parsed(line) {
            Ok((command, rest)) => (command.run)(self, rest),
            Err(name) => failure(format!("there is no command {name}; .help lists them")),
        }
    }

    fn write_text(&mut self, names: &[&str], rows: &[Vec<String>]) -> Result<()> {
        let limits = self.limits();
        Ok(output::write_text(&mut self.out, self.mode, names, rows, limits)?)
    }

    fn write_errors(&mut self, errors: Vec<ErrorRow>) -> Result<()> {
        let line = |e: ErrorRow| vec![e.weight.to_string(), e.code, e.message, e.operator];
        let lines: Vec<Vec<String>> = errors.into_iter().map(line).collect();
        self.write_text(&["rows", "code", "message", "operator"], &lines)
    }

    /// The relation that `name` means, as in SQL: folded to lower case unless in double quotes.
    fn relation(&self, name: &str) -> Result<deltaq::RelationInfo> {
        let quoted = name.strip_prefix('"').and_then(|n| n.strip_suffix('"')).map(|n| n.replace("\"\"", "\""));
        let wanted = quoted.unwrap_or_else(|| name.to_lowercase());
        let relations = self.engine.tables();
        if let Some(found) = relations.iter().find(|r| r.name == wanted || r.name == name) {
            return Ok(found.clone());
        }
        let names: Vec<String> = relations.into_iter().map(|r| r.name).collect();
        match names.as_slice() {
            [] => failure(format!("there is no table or view {name}, nor any other")),
            _ => failure(format!("there is no table or view {name}; there are: {}", names.join(", "))),
        }
    }

    /// The names of the relations in a list, if all are there.
    fn relations(&self, list: &str) -> Result<Vec<String>> {
        names(list).into_iter().map(|name| Ok(self.relation(name)?.name)).collect()
    }

    pub(super) fn views(&self) -> Vec<String> {
        let views = self.engine.tables().into_iter().filter(|r| r.kind == RelationKind::View);
        views.map(|r| r.name).collect()
    }
}

/// The names in a list: apart by blanks or commas, each in double quotes where it has such.
fn names(list: &str) -> Vec<&str> {
    let mut quoted = false;
    let apart = |c: char| {
        quoted ^= c == '"';
        !quoted && (c.is_whitespace() || c == ',')
    };
    list.split(apart).filter(|name| !name.is_empty()).collect()
}

fn on_off(word: &str, before: bool) -> Result<bool> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        "" => Ok(!before),
        _ => failure(format!("{word}: expected on or off")),
    }
}

fn help(session: &mut Session, name: &str) -> Result<Flow> {
    let wanted = name.trim_start_matches('.');
    let found: Vec<&Command> = COMMANDS.iter().filter(|c| c.name[1..].starts_with(wanted)).collect();
    if found.is_empty() {
        return failure(format!("there is no command {name}"));
    }
    let width = COMMANDS.iter().map(|c| c.name.len() + 1 + c.arguments.chars().count()).max().unwrap_or(0);
    for command in found {
        let usage = format!("{} {}", command.name, command.arguments);
        let pad = " ".repeat(width - usage.chars().count());
        writeln!(session.out, "{usage}{pad}  {}", command.help)?;
    }
    if wanted.is_empty() {
        writeln!(
            session.out,
            "\nSQL statements end with a semicolon; .tables lists what there is.\n\
             CREATE VIEW v AS SELECT … makes a view, which is kept up to date.\n\
             SELECT * FROM v shows its rows; .watch v each change: +1 is a row that came.\n\
             SELECT … EMIT CHANGES does both for a query: its rows now, then each change.\n\
             Tab completes, Up recalls, Ctrl-C cancels the line, Ctrl-D quits."
        )?;
    }
    Ok(Flow::Continue)
}

fn tables(session: &mut Session, _: &str) -> Result<Flow> {
    let rows: Vec<Vec<String>> = session
        .engine
        .tables()
        .into_iter()
        .map(|relation| {
            let kind = if relation.kind == RelationKind::View { "view" } else { "table" };
            let columns: Vec<String> = relation.schema.iter().map(|f| format!("{} {}", f.name, f.ty)).collect();
            vec![relation.name, kind.to_string(), columns.join(", ")]
        })
        .collect();
    session.write_text(&["name", "kind", "columns"], &rows)?;
    Ok(Flow::Continue)
}

fn schema(session: &mut Session, name: &str) -> Result<Flow> {
    let relations = if name.is_empty() { session.engine.tables() } else { vec![session.relation(name)?] };
    for relation in relations {
        writeln!(session.out, "{}", definition(&relation))?;
    }
    Ok(Flow::Continue)
}

fn watch(session: &mut Session, list: &str) -> Result<Flow> {
    if list.is_empty() {
        let rows: Vec<Vec<String>> = session.watched().into_iter().map(|view| vec![view]).collect();
        session.write_text(&["watched"], &rows)?;
    }
    let views = session.relations(list)?;
    views.iter().try_for_each(|view| session.watch(view, false, true))?;
    Ok(Flow::Continue)
}

fn unwatch(session: &mut Session, list: &str) -> Result<Flow> {
    let views = if list.is_empty() { session.watched() } else { session.relations(list)? };
    views.iter().try_for_each(|view| session.unwatch(view))?;
    Ok(Flow::Continue)
}

fn changes(session: &mut Session, word: &str) -> Result<Flow> {
    session.changes = on_off(word, session.changes)?;
    Ok(Flow::Continue)
}

fn plan(session: &mut Session, what: &str) -> Result<Flow> {
    if what.is_empty() {
        return failure(".plan of what? A view, or a SELECT");
    }
    let what = if let [one] = names(what)[..] { session.relation(one)?.name } else { what.to_string() };
    let text = session.engine.explain(&what, ExplainFormat::Text)?;
    writeln!(session.out, "{}", text.trim_end())?;
    Ok(Flow::Continue)
}

fn state(session: &mut Session, name: &str) -> Result<Flow> {
    let mut all = session.engine.state()?;
    if !name.is_empty() {
        let name = session.relation(name)?.name;
        all.retain(|row| row.view == name);
    }
    let (rows, bytes) = all.iter().fold((0, 0), |(rows, bytes), s| (rows + s.rows, bytes + s.bytes));
    let mut lines: Vec<Vec<String>> =
        all.into_iter().map(|s| vec![s.view, s.operator, output::thousands(s.rows), output::bytes(s.bytes)]).collect();
    let total = match session.engine.config().memory {
        Some(limit) if name.is_empty() => format!("{} of {}", output::bytes(bytes), output::bytes(limit)),
        _ => output::bytes(bytes),
    };
    lines.push(vec!["total".into(), String::new(), output::thousands(rows), total]);
    session.write_text(&["name", "operator", "rows", "memory"], &lines)?;
    Ok(Flow::Continue)
}

fn errors(session: &mut Session, name: &str) -> Result<Flow> {
    if name.is_empty() {
        return failure(".errors of which view?");
    }
    let view = session.relation(name)?.name;
    let found = session.engine.errors(&view)?;
    session.write_errors(found)?;
    Ok(Flow::Continue)
}

fn check(session: &mut Session, list: &str) -> Result<Flow> {
    session.load()?;
    let views = if list.is_empty() { session.views() } else { session.relations(list)? };
    if views.is_empty() {
        writeln!(session.out, "there are no views")?;
    }
    let mut wrong = Vec::new();
    for view in views {
        let check = session.engine.check(&view)?;
        let mut gives = output::counted(check.rows, "row");
        if check.errors > 0 {
            gives += &format!(", {}", output::counted(check.errors, "error"));
        }
        if check.is_ok() {
            writeln!(session.out, "{view}: as its definition says, {gives}")?;
            continue;
        }
        writeln!(session.out, "{view}: differs from its definition, which gives {gives}")?;
        for (what, rows) in [("missing", &check.missing), ("too many", &check.extra)] {
            if !rows.is_empty() {
                writeln!(session.out, "{what}:")?;
                let sheet = Sheet { fields: rows.schema(), batches: rows.batches(), weights: None };
                let limits = session.limits();
                output::write(&mut session.out, session.mode, sheet, limits)?;
            }
        }
        for (what, errors) in [("missing", check.missing_errors), ("too many", check.extra_errors)] {
            if !errors.is_empty() {
                writeln!(session.out, "errors {what}:")?;
                session.write_errors(errors)?;
            }
        }
        wrong.push(view);
    }
    match wrong.as_slice() {
        [] => Ok(Flow::Continue),
        views => failure(format!("not as defined: {}", views.join(", "))),
    }
}

fn mode(session: &mut Session, word: &str) -> Result<Flow> {
    if word.is_empty() {
        let mode = session.mode.to_possible_value();
        writeln!(session.out, "{}", mode.as_ref().map_or("box", |m| m.get_name()))?;
        return Ok(Flow::Continue);
    }
    let Ok(mode) = Mode::from_str(word, true) else {
        return failure(format!("mode {word}: expected box, table, csv or jsonlines"));
    };
    session.mode = mode;
    session.stream_mode = mode;
    Ok(Flow::Continue)
}

fn maxrows(session: &mut Session, word: &str) -> Result<Flow> {
    session.rows_max = match (word, word.parse::<usize>()) {
        ("all", _) => None,
        (_, Ok(rows)) if rows > 0 => Some(rows),
        _ => return failure(format!("{word}: expected a number of rows, or all")),
    };
    Ok(Flow::Continue)
}

fn timer(session: &mut Session, word: &str) -> Result<Flow> {
    session.timer = on_off(word, session.timer)?;
    Ok(Flow::Continue)
}

fn read(session: &mut Session, name: &str) -> Result<Flow> {
    let Script { path, text, shown } = session.script_in(name)?;
    session.text(&text, &path, &shown)
}

fn quit(_: &mut Session, _: &str) -> Result<Flow> {
    Ok(Flow::Quit)
}

impl Session {
    /// Runs `text`, which stands in the file `path`.
    pub fn text(&mut self, text: &str, path: &Path, shown: &str) -> Result<Flow> {
        let result = self.within(path, |session| session.script(text, Some(shown), 1));
        // .quit in a script that is read ends that script alone, unless nobody reads it.
        match result {
            Ok(Flow::Quit) if !self.files.is_empty() || self.interactive => Ok(Flow::Continue),
            result => result,
        }
    }

    /// The script that a dot command reads, if it reads one.
    pub fn read_by(&self, line: &str) -> Result<Option<Script>> {
        match parsed(line) {
            Ok((command, file)) if command.name == ".read" => self.script_in(file).map(Some),
            _ => Ok(None),
        }
    }

    fn script_in(&self, file: &str) -> Result<Script> {
        if file.is_empty() {
            return failure(".read which file?");
        }
        let path = self.find(file);
        let shown = path.display().to_string();
        match crate::script::read(&path) {
            Ok(text) => Ok(Script { path, text, shown }),
            Err(e) => failure(format!("{shown}: {e}")),
        }
    }

    /// Does what a script in the file `path` asks for: files are looked for beside it.
    pub fn within<T>(&mut self, path: &Path, run: impl FnOnce(&mut Session) -> Result<T>) -> Result<T> {
        /// Scripts in scripts; a script that reads itself ends here.
        const DEPTH_MAX: usize = 50;
        if self.files.len() >= DEPTH_MAX {
            return failure(format!("{}: scripts read each other {DEPTH_MAX} deep", path.display()));
        }
        self.files.push(path.to_path_buf());
        self.look_beside_files();
        let result = run(self);
        self.files.pop();
        self.look_beside_files();
        result
    }

    /// Lets SQL find files beside the scripts that are being read.
    fn look_beside_files(&mut self) {
        let directories = self.files.iter().rev().filter_map(|file| file.parent()).map(Path::to_path_buf).collect();
        self.engine.look_in(directories);
    }

    /// A file named in a script, in quotes or not: as seen from the current directory, else from the script.
    fn find(&self, name: &str) -> PathBuf {
        let name = match name.as_bytes() {
            [b'\'', .., b'\''] | [b'"', .., b'"'] if name.len() > 1 => &name[1..name.len() - 1],
            _ => name,
        };
        let beside = self.files.last().and_then(|file| file.parent()).map(|directory| directory.join(name));
        match beside {
            Some(beside) if !Path::new(name).exists() && beside.exists() => beside,
            _ => PathBuf::from(name),
        }
    }
}
