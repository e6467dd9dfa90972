//! What every measured program says, one line a query.

use std::fmt::Write;
use std::time::Duration;

use crate::checksum::Checksum;

/// One query, run once.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Whose figures these are: `deltaq`, `floor`, `dbsp`.
    pub peer: String,
    /// The query.
    pub query: String,
    /// Worker threads.
    pub workers: usize,
    /// Events, those of steps timed one by one included.
    pub events: usize,
    /// Events of one step.
    pub step: usize,
    /// From the first event pushed to the last result consumed; with steps timed one by one, the time of loading.
    pub seconds: f64,
    /// How many events `seconds` stands for.
    pub timed_events: usize,
    /// Processor time in `seconds`, all threads.
    pub cpu_seconds: f64,
    /// Peak of memory, less what was held when the events were made.
    pub memory_above_events_bytes: u64,
    /// Rows of all result deltas, retractions counted too.
    pub rows_out: u64,
    /// The final contents.
    pub checksum: Checksum,
    /// The times of steps, where they were asked for.
    pub latencies: Option<Latencies>,
    /// Figures that not every peer has, by name.
    pub more: Vec<(&'static str, f64)>,
}

/// Quantiles of the times of steps, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Latencies {
    /// Half of the steps took no longer.
    pub p50_us: f64,
    /// 95 % of the steps took no longer.
    pub p95_us: f64,
    /// 99 % of the steps took no longer.
    pub p99_us: f64,
}

impl Latencies {
    /// The quantiles of these times; `None` of none.
    pub fn of(mut times: Vec<Duration>) -> Option<Latencies> {
        times.sort_unstable();
        let last = times.len().checked_sub(1)?;
        let at = |part: f64| {
            let rank = (times.len() as f64 * part).ceil() as usize;
            times[rank.saturating_sub(1).min(last)].as_nanos() as f64 / 1000.0
        };
        Some(Latencies { p50_us: at(0.50), p95_us: at(0.95), p99_us: at(0.99) })
    }
}

impl Report {
    /// Events a second.
    pub fn events_per_second(&self) -> f64 {
        self.timed_events as f64 / self.seconds
    }

    /// Processor seconds of a million events.
    pub fn cpu_seconds_per_million(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.timed_events as f64
    }

    /// One JSON object.
    pub fn json(&self) -> String {
        let mut line = format!(
            "{{\"peer\":\"{}\",\"query\":\"{}\",\"workers\":{},\"events\":{},\"step\":{},\"seconds\":{:.6},\"events_per_second\":{:.0},\
             \"cpu_seconds_per_million\":{:.4},\"memory_above_events_bytes\":{},\"rows_out\":{},\"rows\":{},\"checksum\":\"{}\"",
            self.peer,
            self.query,
            self.workers,
            self.events,
            self.step,
            self.seconds,
            self.events_per_second(),
            self.cpu_seconds_per_million(),
            self.memory_above_events_bytes,
            self.rows_out,
            self.checksum.rows,
            self.checksum,
        );
        if let Some(Latencies { p50_us, p95_us, p99_us }) = self.latencies {
            let _ = write!(line, ",\"p50_us\":{p50_us:.3},\"p95_us\":{p95_us:.3},\"p99_us\":{p99_us:.3}");
        }
        for (name, value) in &self.more {
            let _ = write!(line, ",\"{name}\":{value}");
        }
        line.push('}');
        line
    }

    /// The names of the columns of [`Report::text`].
    pub fn heading() -> String {
        format!(
            "{:<8} {:<5} {:>7} {:>10} {:>7} {:>12} {:>8} {:>9} {:>11} {:>10} {:<16} {:>9} {:>9} {:>9}",
            "peer",
            "query",
            "workers",
            "events",
            "step",
            "events/s",
            "cpu s/M",
            "MB above",
            "rows out",
            "rows",
            "checksum",
            "p50 µs",
            "p95 µs",
            "p99 µs"
        )
    }

    /// One line of a table.
    pub fn text(&self) -> String {
        let micros = |value: Option<f64>| value.map_or_else(|| "-".to_string(), |value| format!("{value:.1}"));
        format!(
            "{:<8} {:<5} {:>7} {:>10} {:>7} {:>12.0} {:>8.3} {:>9.1} {:>11} {:>10} {:<16} {:>9} {:>9} {:>9}",
            self.peer,
            self.query,
            self.workers,
            self.events,
            self.step,
            self.events_per_second(),
            self.cpu_seconds_per_million(),
            self.memory_above_events_bytes as f64 / 1e6,
            self.rows_out,
            self.checksum.rows,
            self.checksum.to_string(),
            micros(self.latencies.map(|l| l.p50_us)),
            micros(self.latencies.map(|l| l.p95_us)),
            micros(self.latencies.map(|l| l.p99_us)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sample() {
        let times = (1..=100).map(Duration::from_micros).collect();
        let quantiles = Latencies::of(times).unwrap_or_default();
        assert_eq!((quantiles.p50_us, quantiles.p95_us, quantiles.p99_us), (50.0, 95.0, 99.0));
        assert!(Latencies::of(Vec::new()).is_none());
    }

    #[test]
    fn a_report_is_one_line() {
        let mut report =
            Report { peer: "floor".into(), query: "q0".into(), seconds: 2.0, timed_events: 1_000, ..Report::default() };
        assert!(report.json().starts_with("{\"peer\":\"floor\",\"query\":\"q0\","));
        assert!(report.json().contains("\"events_per_second\":500,"));
        assert!(!report.json().contains("p50_us"));
        report.latencies = Some(Latencies { p50_us: 1.5, p95_us: 2.0, p99_us: 3.25 });
        assert!(report.json().ends_with("\"p50_us\":1.500,\"p95_us\":2.000,\"p99_us\":3.250}"));
        assert_eq!(report.text().chars().count(), Report::heading().chars().count());
    }
}
