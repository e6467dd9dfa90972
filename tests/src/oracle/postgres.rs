//! PostgreSQL as the authority on what SQL means: a private cluster on a unix socket in a temporary folder, spoken to through `psql`.
//!
//! Nothing here runs where `initdb`, `pg_ctl` and `psql` are not installed: [`Cluster::start`] says so by `None`.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running server, stopped and wiped when dropped.
pub struct Cluster {
    folder: tempfile::TempDir,
    account: Option<(u32, u32)>,
}

impl Cluster {
    /// Starts a server. None where PostgreSQL is not installed or refuses to run here.
    pub fn start() -> Option<Cluster> {
        let folder = tempfile::Builder::new().prefix("dqpg").tempdir().ok()?;
        let account = if std::fs::metadata("/proc/self").ok()?.uid() == 0 { Some(unprivileged()?) } else { None };
        if let Some((uid, gid)) = account {
            std::os::unix::fs::chown(folder.path(), Some(uid), Some(gid)).ok()?;
        }
        let cluster = Cluster { folder, account };
        let data = cluster.folder.path().join("data");
        let ready = cluster.run(
            "initdb",
            &[
                "-D",
                path(&data),
                "-U",
                "deltaq",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--lc-collate=C",
                "--lc-ctype=C.UTF-8",
                "--no-sync",
            ],
        ) && cluster.run(
            "pg_ctl",
            &[
                "-D",
                path(&data),
                "-l",
                path(&cluster.folder.path().join("log")),
                "-w",
                "-o",
                &cluster.options(),
                "start",
            ],
        );
        ready.then_some(cluster)
    }

    /// A new session, in an empty schema of its own.
    pub fn session(&self) -> Session {
        let mut child = Command::new(installed("psql"))
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-F",
                FIELD,
                "-R",
                RECORD,
                "-P",
                "null=NULL",
                "-U",
                "deltaq",
                "-d",
                "postgres",
            ])
            .arg("-h")
            .arg(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("psql does not start: {error}"));
        let input = child.stdin.take().unwrap_or_else(|| panic!("psql has no stdin"));
        let output = BufReader::new(child.stdout.take().unwrap_or_else(|| panic!("psql has no stdout")));
        let mut session = Session { child, input, output };
        let schema = format!("s{}", session.child.id());
        for sql in
            [format!("CREATE SCHEMA {schema}"), format!("SET search_path = {schema}"), "SET timezone = 'UTC'".into()]
        {
            session.run(&sql).unwrap_or_else(|code| panic!("{sql}: {code}"));
        }
        session
    }

    fn options(&self) -> String {
        format!(
            "-k {} -c listen_addresses= -c fsync=off -c shared_buffers=16MB -c autovacuum=off -c max_connections=20",
            self.folder.path().display()
        )
    }

    fn run(&self, program: &str, args: &[&str]) -> bool {
        let mut command = Command::new(installed(program));
        command.args(args).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((uid, gid)) = self.account {
            command.uid(uid).gid(gid);
        }
        command.status().is_ok_and(|status| status.success())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run("pg_ctl", &["-D", path(&self.folder.path().join("data")), "-m", "immediate", "stop"]);
    }
}

const FIELD: &str = "\u{1f}";
const RECORD: &str = "\u{1e}";
const MARK: &str = "--done--";

/// One connection.
pub struct Session {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What a statement yielded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The rows, each value as text; NULL is `NULL`.
    pub rows: Vec<Vec<String>>,
    /// Rows shown or changed.
    pub count: u64,
}

impl Session {
    /// Runs one statement.
    ///
    /// # Errors
    /// The SQLSTATE.
    ///
    /// # Panics
    /// If the server is gone.
    pub fn run(&mut self, sql: &str) -> Result<Answer, String> {
        let sql = sql.trim().trim_end_matches(';');
        write!(self.input, "{sql}\n;\n\\echo {MARK} :ERROR :SQLSTATE :ROW_COUNT\n")
            .and_then(|()| self.input.flush())
            .unwrap_or_else(|error| panic!("psql is gone: {error}"));
        let mut text = String::new();
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line).unwrap_or_else(|error| panic!("psql is gone: {error}"));
            assert!(read > 0, "psql ended while running {sql}");
            let Some(status) = line.strip_prefix(MARK) else {
                text.push_str(&line);
                continue;
            };
            let status: Vec<&str> = status.split_whitespace().collect();
            if status[0] == "true" {
                return Err(status[1].to_string());
            }
            let count = status[2].parse().unwrap_or(0);
            let rows = if is_query(sql) && count > 0 {
                let text = text.strip_suffix('\n').unwrap_or(&text);
                text.split(RECORD).map(|row| row.split(FIELD).map(String::from).collect()).collect()
            } else {
                Vec::new()
            };
            return Ok(Answer { rows, count });
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The session is over whether or not psql is still there to hear it.
        let _ = self.input.write_all(b"\\q\n");
        let _ = self.child.wait();
    }
}

/// Whether a statement yields rows.
pub fn is_query(sql: &str) -> bool {
    let word: String = sql.trim_start_matches(['(', ' ', '\n']).chars().take_while(|c| c.is_alphabetic()).collect();
    ["select", "values", "with", "table"].contains(&word.to_ascii_lowercase().as_str())
}

/// Rows of texts in an order of their own, numbers with a point rounded to nine digits after it: how many a quotient has is
/// not told by the standard.
pub fn comparable(rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let number = |text: String| match text.split_once('.') {
        Some((whole, fraction)) if text.parse::<f64>().is_ok() => {
            let digits: i128 = format!("{whole}{:0<10}", &fraction[..fraction.len().min(10)]).parse().unwrap_or(0);
            let negative = whole.starts_with('-');
            let nine = (digits.abs() + 5) / 10;
            format!("{}{}e-9", if negative && nine > 0 { "-" } else { "" }, nine)
        }
        _ => match text.parse::<i128>() {
            // An integer and a decimal of the same value.
            Ok(value) if value.abs() < 10i128.pow(28) => format!("{}e-9", value * 1_000_000_000),
            _ => text,
        },
    };
    let mut rows: Vec<Vec<String>> = rows.into_iter().map(|row| row.into_iter().map(number).collect()).collect();
    rows.sort();
    rows
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap_or_else(|| panic!("a temporary folder whose name is not text"))
}

/// Where a program of PostgreSQL lies: on the PATH, or where Debian keeps those of each version.
fn installed(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = std::env::split_paths(&path).chain(versions.map(|version| version.path().join("bin")));
    folders.map(|folder| folder.join(program)).find(|file| file.is_file()).unwrap_or_else(|| program.into())
}

/// User and group of an account that may run a server where we are root.
fn unprivileged() -> Option<(u32, u32)> {
    let accounts = std::fs::read_to_string(PathBuf::from("/etc/passwd")).ok()?;
    ["postgres", "nobody"].iter().find_map(|name| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let fields: Vec<&str> = line.split(':').collect();
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    })
}
