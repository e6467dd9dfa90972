//! How far loading has come.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use deltaq::Loaded;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::thousands;

/// Rows that came from sources, and a bar on standard error while they come, if that is a terminal.
pub struct Progress {
    bar: Option<ProgressBar>,
    visible: bool,
    sources: Vec<Loaded>,
    /// Rows so far.
    pub rows: u64,
    /// Rows that were left out so far.
    pub rejected: u64,
    /// Time spent loading.
    pub elapsed: Duration,
    since: Option<Instant>,
    warned: usize,
}

/// Rows left out that are spoken of one by one.
const WARNINGS_MAX: usize = 10;

impl Progress {
    /// Nothing was loaded yet; the bar is shown if `visible`.
    pub fn new(visible: bool) -> Progress {
        let visible = visible && std::io::stderr().is_terminal();
        Progress {
            bar: None,
            visible,
            sources: Vec::new(),
            rows: 0,
            rejected: 0,
            elapsed: Duration::ZERO,
            since: None,
            warned: 0,
        }
    }

    /// Loading begins or goes on.
    pub fn start(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    /// Loading has ended, or stops for a while.
    pub fn stop(&mut self) {
        self.elapsed += self.since.take().map_or(Duration::ZERO, |since| since.elapsed());
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Notes what was loaded.
    pub fn add(&mut self, loaded: &Loaded) {
        self.rows += loaded.rows;
        match self.sources.iter_mut().find(|s| s.table == loaded.table) {
            Some(source) => *source = loaded.clone(),
            None => self.sources.push(loaded.clone()),
        }
        for reason in &loaded.rejections {
            self.warned += 1;
            match self.warned {
                ..=WARNINGS_MAX => self.suspend(|| eprintln!("warning: {reason}")),
                n if n == WARNINGS_MAX + 1 => self.suspend(|| eprintln!("warning: further rows are left out")),
                _ => {}
            }
        }
        self.rejected = self.sources.iter().map(|s| s.rejected).sum();
        if self.visible {
            self.show(&loaded.table);
        }
    }

    /// Writes to the terminal without disturbing the bar.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn show(&mut self, table: &str) {
        let elapsed = self.elapsed + self.since.map_or(Duration::ZERO, |since| since.elapsed());
        if self.bar.is_none() && elapsed < Duration::from_millis(200) {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10));
            let style = ProgressStyle::with_template("{msg} [{bar:30}] {percent:>3}%");
            bar.with_style(
                style.unwrap_or_else(|e| panic!("the template of the progress bar: {e}")).progress_chars("=> "),
            )
        });
        let total: u64 = self.sources.iter().filter_map(|s| s.bytes_total).sum();
        let read: u64 = self.sources.iter().filter(|s| s.bytes_total.is_some()).map(|s| s.bytes_read).sum();
        bar.set_length(total.max(1));
        bar.set_position(read);
        let rate = (self.rows as f64 / elapsed.as_secs_f64().max(1e-9)) as u64;
        bar.set_message(format!("{table}: {} rows, {} rows/s", thousands(self.rows), thousands(rate)));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop();
    }
}
