//! What every suite shares: options, the clock, statistics, and figures on their way out.

use std::fmt;
use std::time::{Duration, Instant};

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only cases whose name contains this.
    pub query: Option<String>,
    /// Rows of input.
    pub events: Option<usize>,
    /// Worker threads.
    pub workers: usize,
    /// Only steps of this size.
    pub step: Option<usize>,
    /// Figures as JSON.
    pub json: bool,
    /// Small sizes.
    pub quick: bool,
    /// Whether to retract what was inserted, where a case can.
    pub deletes: bool,
    /// Whether tables are declared append-only, where a case can do with that.
    pub append_only: bool,
    /// Where tables and results are written, if they are.
    pub export: Option<std::path::PathBuf>,
}

/// Why a benchmark gives no figures.
#[derive(Debug)]
pub enum Failure {
    /// The engine refused.
    Engine(deltaq::Error),
    /// The engine's answer is not the known one.
    Wrong(String),
    /// What was asked for is not there.
    Usage(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Failure::Engine(error) => write!(f, "the engine failed: {error}"),
            Failure::Wrong(what) => write!(f, "a wrong answer: {what}"),
            Failure::Usage(what) => f.write_str(what),
        }
    }
}

impl From<deltaq::Error> for Failure {
    fn from(error: deltaq::Error) -> Failure {
        Failure::Engine(error)
    }
}

/// What a suite yields.
pub type Result<T> = std::result::Result<T, Failure>;

/// Compares an answer with the known one.
pub fn check<T: PartialEq + fmt::Debug>(what: &str, got: &T, known: &T) -> Result<()> {
    if got == known { Ok(()) } else { Err(Failure::Wrong(format!("{what}: {got:?}, where {known:?} is right"))) }
}

/// One suite under way.
pub struct Bench {
    suite: String,
    options: Options,
    heading: bool,
}

/// One measured number.
pub struct Figure<'a> {
    /// What was run.
    pub case: &'a str,
    /// Worker threads.
    pub workers: usize,
    /// What was measured.
    pub metric: &'a str,
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: &'a str,
    /// What the project means to reach, if it says so.
    pub reach: Option<f64>,
}

impl Bench {
    /// A suite by name.
    pub fn new(suite: String, options: Options) -> Bench {
        Bench { suite, options, heading: false }
    }

    /// How to run.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Whether a case is asked for.
    pub fn wants(&self, case: &str) -> bool {
        let wanted = self.options.query.as_ref().is_none_or(|q| case.contains(q.as_str()));
        if wanted {
            eprintln!("{} {case} …", self.suite);
        }
        wanted
    }

    /// The number of rows: as asked for, or `full`, or `quick`.
    pub fn rows(&self, full: usize, quick: usize) -> usize {
        self.options.events.unwrap_or(if self.options.quick { quick } else { full })
    }

    /// `full` or `quick`.
    pub fn size<T>(&self, full: T, quick: T) -> T {
        if self.options.quick { quick } else { full }
    }

    /// The step sizes asked for, of `sizes`.
    pub fn steps(&self, sizes: &[usize]) -> Vec<usize> {
        match self.options.step {
            Some(step) => vec![step],
            None => sizes.to_vec(),
        }
    }

    /// How often a whole run is repeated, to take the median.
    pub fn runs(&self) -> usize {
        self.size(3, 1)
    }

    /// Prints a figure.
    pub fn figure(&mut self, figure: &Figure) {
        let Figure { case, workers, metric, value, unit, reach } = figure;
        if self.options.json {
            let mut line = serde_json::json!({
                "suite": self.suite, "case": case, "workers": workers, "metric": metric, "value": value, "unit": unit,
            });
            if let (Some(reach), Some(line)) = (reach, line.as_object_mut()) {
                line.insert("reach".into(), (*reach).into());
            }
            println!("{line}");
            return;
        }
        if !self.heading {
            self.heading = true;
            println!(
                "{:<36} {:>7}  {:<22} {:>14} {:<8} {:>12}",
                "case", "workers", "metric", "value", "unit", "to reach"
            );
        }
        let reach = reach.map(number).unwrap_or_default();
        println!("{case:<36} {workers:>7}  {metric:<22} {:>14} {unit:<8} {reach:>12}", number(*value));
    }

    /// Prints the quantiles of the times of steps, in µs.
    pub fn latencies(&mut self, case: &str, workers: usize, times: &mut [Duration], reach_p50: Option<f64>) {
        times.sort_unstable();
        for (metric, part, reach) in [("p50", 0.50, reach_p50), ("p95", 0.95, None), ("p99", 0.99, None)] {
            let value = micros(quantile(times, part));
            self.figure(&Figure { case, workers, metric, value, unit: "µs", reach });
        }
    }
}

/// The time `work` takes, and what it yields.
pub fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

/// The middle one of some times.
pub fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    quantile(times, 0.5)
}

/// The time that a share `part` of the sorted `times` does not exceed.
fn quantile(times: &[Duration], part: f64) -> Duration {
    assert!(!times.is_empty(), "a quantile of no times");
    times[((times.len() as f64 * part).ceil() as usize).clamp(1, times.len()) - 1]
}

/// `duration` in microseconds.
pub fn micros(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1000.0
}

/// `rows` a second.
pub fn rate(rows: usize, duration: Duration) -> f64 {
    rows as f64 / duration.as_secs_f64()
}

/// Three significant digits at least, thousands apart.
fn number(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 || v == 0.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    };
    let plain = format!("{value:.digits$}");
    let (whole, fraction) = plain.split_once('.').map_or((plain.as_str(), ""), |(w, f)| (w, f));
    let mut grouped = String::new();
    let count = whole.trim_start_matches('-').len();
    for (at, digit) in whole.chars().enumerate() {
        let left = whole.len() - at;
        if at > 0 && left.is_multiple_of(3) && left < count {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    if fraction.is_empty() { grouped } else { format!("{grouped}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(12_345_678.0), "12 345 678");
        assert_eq!(number(123.0), "123");
        assert_eq!(number(-1234.0), "-1 234");
        assert_eq!(number(9.876), "9.88");
        assert_eq!(number(0.1234), "0.123");
    }

    #[test]
    fn quantiles_are_of_the_sample() {
        let times: Vec<Duration> = (1..=100).map(Duration::from_micros).collect();
        assert_eq!(quantile(&times, 0.5), Duration::from_micros(50));
        assert_eq!(quantile(&times, 0.99), Duration::from_micros(99));
        assert_eq!(quantile(&times[..1], 0.99), Duration::from_micros(1));
    }
}
