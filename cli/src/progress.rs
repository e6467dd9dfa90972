//! How far loading has come.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use deltaq::{Loaded, Rejected};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{counted, thousands};

/// Rows that came from sources, and a bar on standard error while they come, if that is a terminal.
pub struct Progress {
    visible: bool,
    bar: Option<ProgressBar>,
    /// The sources of the loading under way.
    sources: Vec<Loaded>,
    since: Option<Instant>,
    now: Counts,
    before: Counts,
    warned: usize,
}

/// Rows left out that are spoken of one by one.
const WARNINGS_MAX: usize = 10;

/// What was loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows.
    pub rows: u64,
    /// Rows that were left out.
    pub rejected: u64,
    /// Time it took.
    pub elapsed: Duration,
}

impl Progress {
    /// Nothing was loaded yet; the bar is shown if `visible`.
    pub fn new(visible: bool) -> Progress {
        Progress {
            visible: visible && std::io::stderr().is_terminal(),
            bar: None,
            sources: Vec::new(),
            since: None,
            now: Counts::default(),
            before: Counts::default(),
            warned: 0,
        }
    }

    /// Loading begins, or goes on; it is counted from `since`.
    pub fn start(&mut self, since: Instant) {
        self.sources.clear();
        self.now = Counts::default();
        self.since = Some(since);
    }

    /// Loading has ended, or stops for a while: what it was.
    pub fn stop(&mut self) -> Counts {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let Some(since) = self.since.take() else { return Counts::default() };
        self.now.elapsed = since.elapsed();
        if self.warned > WARNINGS_MAX {
            eprintln!("warning: {} in all", counted(self.now.rejected, "bad row"));
            self.warned = 0;
        }
        self.before.rows += self.now.rows;
        self.before.rejected += self.now.rejected;
        self.before.elapsed += self.now.elapsed;
        self.now
    }

    /// All that was loaded so far.
    pub fn total(&self) -> Counts {
        self.before
    }

    /// Notes what was loaded.
    pub fn add(&mut self, loaded: &Loaded) {
        self.now.rows += loaded.rows;
        match self.sources.iter_mut().find(|s| s.table == loaded.table) {
            Some(source) => *source = loaded.clone(),
            None => self.sources.push(loaded.clone()),
        }
        for reason in &loaded.rejections {
            self.warned += 1;
            match self.warned {
                ..=WARNINGS_MAX => self.suspend(|| eprintln!("warning: {reason}")),
                n if n == WARNINGS_MAX + 1 => self.suspend(|| eprintln!("warning: there are further rows like these")),
                _ => {}
            }
        }
        self.now.rejected = self.sources.iter().map(|s| s.rejected).sum();
        if self.visible {
            self.show(&loaded.table);
        }
    }

    /// Says what a statement did not take in.
    pub fn reject(&mut self, rejected: &Rejected) {
        let Rejected { table, rows, reasons } = rejected;
        reasons.iter().take(WARNINGS_MAX).for_each(|reason| eprintln!("warning: {reason}"));
        let told =
            if reasons.len() > WARNINGS_MAX { format!(", the first {WARNINGS_MAX} are told") } else { String::new() };
        eprintln!("warning: {} for table \"{table}\"{told}", counted(*rows, "bad row"));
        self.before.rejected += rows;
    }

    /// Writes to the terminal without disturbing the bar.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn show(&mut self, table: &str) {
        let elapsed = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        if self.bar.is_none() && elapsed < Duration::from_millis(200) {
            return;
        }
        let total: Option<u64> = self.sources.iter().map(|s| s.bytes_total).sum();
        let bar = self
            .bar
            .get_or_insert_with(|| ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10)));
        let template = if total.is_some() { "{msg} [{bar:30}] {percent:>3}%" } else { "{msg}" };
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or_else(|e| panic!("the template of the progress bar: {e}")).progress_chars("=> "));
        if let Some(total) = total {
            bar.set_length(total.max(1));
            bar.set_position(self.sources.iter().map(|s| s.bytes_read).sum());
        }
        let rate = (self.now.rows as f64 / elapsed.as_secs_f64().max(1e-9)) as u64;
        bar.set_message(format!("{table}: {} rows, {} rows/s", thousands(self.now.rows), thousands(rate)));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop();
    }
}
