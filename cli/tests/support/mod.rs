//! Runs the binary as a user does.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// What a run printed, and how it ended.
#[derive(Debug)]
pub struct Ended {
    /// Exit status.
    pub status: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ended {
    /// Expects success and this output.
    #[track_caller]
    pub fn prints(self, expected: &str) -> Ended {
        assert_eq!((self.status, self.out.as_str()), (0, expected), "{}", self.err);
        self
    }

    /// Expects this exit status, and each of these in what was said on standard error.
    #[track_caller]
    pub fn fails(self, status: i32, said: &[&str]) -> Ended {
        assert_eq!(self.status, status, "{self:?}");
        for part in said {
            assert!(self.err.contains(part), "{part} is not in:\n{}", self.err);
        }
        self
    }
}

/// The binary.
pub fn deltaq(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deltaq"));
    command.args(arguments).env_remove("NO_COLOR").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it in `directory` with `input`.
pub fn run_in(directory: &Path, arguments: &[&str], input: &str) -> Ended {
    let mut child = deltaq(arguments).current_dir(directory).spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_string();
    let writer = thread::spawn(move || {
        // It may end without reading all.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("the writer ends");
    Ended {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Runs it with `input`.
pub fn run(arguments: &[&str], input: &str) -> Ended {
    run_in(Path::new("."), arguments, input)
}

/// A run that is talked to.
pub struct Talk {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Talk {
    /// Starts it.
    pub fn start(directory: &Path, arguments: &[&str]) -> Talk {
        let mut child = deltaq(arguments).current_dir(directory).spawn().expect("the binary starts");
        let lines = lines(child.stdout.take().expect("a pipe"));
        Talk { stdin: child.stdin.take(), child, lines }
    }

    /// Writes a line.
    pub fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("not closed");
        writeln!(stdin, "{line}").expect("it listens");
        stdin.flush().expect("it listens");
    }

    /// The next line it prints.
    #[track_caller]
    pub fn hear(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(300)).expect("a line in time")
    }

    /// Says and hears.
    #[track_caller]
    pub fn ask(&mut self, line: &str) -> String {
        self.say(line);
        self.hear()
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Closes its input and waits: its exit status, and what it said on standard error.
    pub fn end(mut self) -> (i32, String) {
        self.stdin = None;
        self.wait()
    }

    /// Waits, with its input open.
    pub fn wait(mut self) -> (i32, String) {
        let mut err = String::new();
        self.child.stderr.take().expect("a pipe").read_to_string(&mut err).expect("UTF-8");
        let status = self.child.wait().expect("it ends");
        (status.code().unwrap_or(-1), err)
    }
}

fn lines(out: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(out).lines() {
            if sender.send(line.expect("UTF-8")).is_err() {
                return;
            }
        }
    });
    receiver
}
