//! What the process has used so far, from `/proc/self`.

use std::fs;

/// What this process has used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// The most memory it held at once, in bytes; since [`reset_peak`] where the system allows that.
    pub peak_bytes: u64,
    /// The memory it holds now, in bytes.
    pub resident_bytes: u64,
    /// Processor time of all its threads, those that ended included, in seconds. The system counts in hundredths.
    pub cpu_seconds: f64,
}

impl Usage {
    /// What has been used until now. Zeros where the system has no `/proc/self`.
    pub fn now() -> Usage {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let kilobytes = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.trim_start_matches(':').split_whitespace().next()?.parse().ok()).unwrap_or(0)
        };
        Usage {
            peak_bytes: kilobytes("VmHWM") * 1024,
            resident_bytes: kilobytes("VmRSS") * 1024,
            cpu_seconds: cpu_seconds().unwrap_or(0.0),
        }
    }
}

/// Lets the peak of memory begin anew, at what is held now. Returns whether the system did so; where not, the peak is that of the
/// whole life of the process.
pub fn reset_peak() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// Processor time of this thread so far, in seconds, to the nanosecond. 0 where the system does not say.
pub fn thread_cpu_seconds() -> f64 {
    let times = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok()).map_or(0.0, |nanos| nanos / 1e9)
}

/// Takes so much memory, writes to it and lets it go. Some systems need microseconds to hand out a page for the first time: a program
/// that touches memory before the clock starts, with an allocator that keeps it, is timed at its own work.
pub fn touch(mebibytes: usize) {
    let blocks: Vec<Vec<u8>> = (0..mebibytes).map(|_| vec![1; 1 << 20]).collect();
    std::hint::black_box(&blocks);
}

fn cpu_seconds() -> Option<f64> {
    /// Clock ticks a second of `/proc`: 100 on every Linux.
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses and may hold anything; user and system time are the 14th and 15th.
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn memory_and_time_are_counted() {
        let before = Usage::now();
        assert!(before.resident_bytes > 100_000);
        assert!(before.peak_bytes >= before.resident_bytes);
        // Tests beside this one take and drop memory, too.
        let block = std::hint::black_box(vec![1u8; 256 << 20]);
        let during = Usage::now();
        assert!(during.resident_bytes >= before.resident_bytes + (128 << 20));
        drop(block);
        let start = std::time::Instant::now();
        let mut sum = 0u64;
        while start.elapsed().as_millis() < 200 {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(Usage::now().cpu_seconds >= before.cpu_seconds + 0.05);
    }
}
