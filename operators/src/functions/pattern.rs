//! Patterns by which dates and times are written and read: PostgreSQL's (`YYYY-MM-DD HH24:MI:SS`) and Java's, as in Flink
//! (`yyyy-MM-dd HH:mm:ss`). Both become one list of parts; constant patterns do so once.

use crate::functions::calendar::{DAY, HOUR, MICROS, MINUTE, SECOND, civil, days, month_len};
use crate::functions::fields::iso_week;
use crate::functions::interval::Interval;
use crate::functions::numbers::write_unsigned;
use crate::value::EvalError;

mod cut;

pub use cut::Cut;

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern(Vec<Part>);

/// What a pattern writes: a point in time, or an interval in the same fields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    year: i64,
    month: i64,
    of_month: i64,
    /// Since 1970-01-01.
    day: i64,
    /// Microseconds; more than a day in intervals.
    time: i64,
    /// It is an instant, of the zone UTC.
    zoned: bool,
}

impl Moment {
    /// A point in time.
    pub fn of(micros: i64) -> Moment {
        let day = micros.div_euclid(DAY);
        let (year, month, of_month) = civil(day);
        Moment { year, month: month as i64, of_month: of_month as i64, day, time: micros.rem_euclid(DAY), zoned: false }
    }

    /// An instant, in the session's zone.
    pub fn of_instant(micros: i64) -> Moment {
        Moment { zoned: true, ..Moment::of(micros) }
    }

    /// The fields of an interval.
    pub fn of_interval(v: Interval) -> Moment {
        let (year, month) = ((v.months / 12) as i64, (v.months % 12) as i64);
        Moment { year, month, of_month: v.days as i64, day: v.days as i64, time: v.micros, zoned: false }
    }

    /// Year 0 is 1 BC; in intervals there is no such thing.
    fn before_christ(&self) -> i64 {
        if self.month == 0 || self.of_month == 0 { self.year } else { 1 - self.year }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Part {
    what: What,
    /// Digits or letters at least; 0: no padding.
    width: usize,
    case: Case,
    /// `th` or `TH` behind a number.
    ordinal: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Case {
    Upper,
    Title,
    Lower,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    Text(String),
    /// The last so many digits of the year.
    Year(u32),
    YearComma,
    IsoYear,
    Month,
    MonthName,
    MonthShort,
    Day,
    DayOfYear,
    /// From 1, Sunday.
    DayOfWeek,
    /// From 1, Monday.
    IsoDayOfWeek,
    DayName,
    DayShort,
    WeekOfYear,
    WeekOfMonth,
    IsoWeek,
    Quarter,
    Century,
    Julian,
    Hour24,
    Hour12,
    /// 0 to 11.
    Hour11,
    /// 1 to 24.
    Hour24From1,
    Minute,
    Second,
    SecondOfDay,
    /// So many digits behind the point of the second.
    Fraction(u32),
    /// AM or PM; with points or without.
    HalfDay(bool),
    Zone,
    Offset,
    OffsetMinutes,
    /// BC or AD; with points or without.
    Era(bool),
    MonthRoman,
}

impl What {
    /// A name, which may be written with a capital.
    fn is_name(&self) -> bool {
        matches!(self, What::MonthShort | What::MonthName | What::DayShort | What::DayName)
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const ROMAN: [&str; 12] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// PostgreSQL's keywords, longer ones first; the width without FM.
const KEYWORDS: &[(&str, What, usize)] = &[
    ("Y,YYY", What::YearComma, 5),
    ("SSSSS", What::SecondOfDay, 0),
    ("MONTH", What::MonthName, 9),
    ("YYYY", What::Year(4), 4),
    ("IYYY", What::IsoYear, 4),
    ("SSSS", What::SecondOfDay, 0),
    ("HH24", What::Hour24, 2),
    ("HH12", What::Hour12, 2),
    ("A.M.", What::HalfDay(true), 0),
    ("P.M.", What::HalfDay(true), 0),
    ("B.C.", What::Era(true), 0),
    ("A.D.", What::Era(true), 0),
    ("YYY", What::Year(3), 3),
    ("DDD", What::DayOfYear, 3),
    ("DAY", What::DayName, 9),
    ("MON", What::MonthShort, 0),
    ("FF1", What::Fraction(1), 1),
    ("FF2", What::Fraction(2), 2),
    ("FF3", What::Fraction(3), 3),
    ("FF4", What::Fraction(4), 4),
    ("FF5", What::Fraction(5), 5),
    ("FF6", What::Fraction(6), 6),
    ("YY", What::Year(2), 2),
    ("MM", What::Month, 2),
    ("DD", What::Day, 2),
    ("DY", What::DayShort, 0),
    ("ID", What::IsoDayOfWeek, 1),
    ("IW", What::IsoWeek, 2),
    ("WW", What::WeekOfYear, 2),
    ("CC", What::Century, 2),
    ("HH", What::Hour12, 2),
    ("MI", What::Minute, 2),
    ("SS", What::Second, 2),
    ("MS", What::Fraction(3), 3),
    ("US", What::Fraction(6), 6),
    ("AM", What::HalfDay(false), 0),
    ("PM", What::HalfDay(false), 0),
    ("BC", What::Era(false), 0),
    ("AD", What::Era(false), 0),
    ("RM", What::MonthRoman, 4),
    ("TZH", What::Offset, 0),
    ("TZM", What::OffsetMinutes, 0),
    ("TZ", What::Zone, 0),
    ("OF", What::Offset, 0),
    ("Y", What::Year(1), 1),
    ("D", What::DayOfWeek, 1),
    ("W", What::WeekOfMonth, 1),
    ("Q", What::Quarter, 1),
    ("J", What::Julian, 0),
];

impl Pattern {
    /// Whether a pattern is written as Java's are: `yyyy`, `mm:ss`.
    pub fn looks_java(pattern: &str) -> bool {
        pattern.contains("yyyy") || pattern.contains("mm:ss") || pattern.contains("HH:mm")
    }

    /// A pattern of PostgreSQL's `to_char`. Every text is one.
    pub fn postgres(pattern: &str) -> Pattern {
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = pattern;
        let mut fill = true;
        let mut local = false;
        while !rest.is_empty() {
            if let Some(quoted) = rest.strip_prefix('"') {
                let end = quoted.find('"').unwrap_or(quoted.len());
                literal(&mut parts, &quoted[..end]);
                rest = quoted.get(end + 1..).unwrap_or_default();
                continue;
            }
            if starts(rest, "FM") {
                (fill, rest) = (false, &rest[2..]);
                continue;
            }
            // Names in the language of the session, which is English; they are not filled.
            if starts(rest, "TM") {
                (local, rest) = (true, &rest[2..]);
                continue;
            }
            if starts(rest, "TH")
                && let Some(last) = parts.last_mut()
                && last.ordinal.is_none()
                && !matches!(last.what, What::Text(_))
            {
                (last.ordinal, rest) = (Some(rest.starts_with('T')), &rest[2..]);
                continue;
            }
            let Some((word, what, width)) = KEYWORDS
                .iter()
                .find(|(word, what, _)| starts(rest, word) && (what.is_name() || in_one_case(&rest[..word.len()])))
            else {
                let len = rest.chars().next().map_or(1, char::len_utf8);
                literal(&mut parts, &rest[..len]);
                rest = &rest[len..];
                continue;
            };
            let written = &rest[..word.len()];
            let letters: Vec<u8> = written.bytes().filter(u8::is_ascii_alphabetic).collect();
            let case = match letters.as_slice() {
                [b'a'..=b'z', ..] => Case::Lower,
                [_, b'a'..=b'z', ..] => Case::Title,
                _ => Case::Upper,
            };
            let bare = !fill || (local && what.is_name());
            parts.push(Part { what: what.clone(), width: if bare { 0 } else { *width }, case, ordinal: None });
            (fill, local, rest) = (true, false, &rest[word.len()..]);
        }
        Pattern(parts)
    }

    /// A pattern of Java's `DateTimeFormatter`, as far as dates and times of day go.
    ///
    /// # Errors
    /// `22023` for a letter that means something else, or nothing.
    pub fn java(pattern: &str) -> Result<Pattern, EvalError> {
        let mut parts: Vec<Part> = Vec::new();
        let chars: Vec<char> = pattern.chars().collect();
        let mut at = 0;
        while at < chars.len() {
            let c = chars[at];
            if c == '\'' {
                let end = chars[at + 1..].iter().position(|c| *c == '\'').map_or(chars.len(), |p| at + 1 + p);
                let text: String = chars[at + 1..end].iter().collect();
                literal(&mut parts, if text.is_empty() { "'" } else { &text });
                at = end + 1;
                continue;
            }
            let count = chars[at..].iter().take_while(|d| **d == c).count();
            at += count;
            let what = match (c, count) {
                ('y' | 'u' | 'Y', 2) => What::Year(2),
                ('y' | 'u' | 'Y', _) => What::Year(4),
                ('M' | 'L', 1 | 2) => What::Month,
                ('M' | 'L', 3) => What::MonthShort,
                ('M' | 'L', _) => What::MonthName,
                ('d', _) => What::Day,
                ('D', _) => What::DayOfYear,
                ('E', 1..=3) => What::DayShort,
                ('E', _) => What::DayName,
                ('e', _) => What::IsoDayOfWeek,
                ('Q' | 'q', _) => What::Quarter,
                ('w', _) => What::IsoWeek,
                ('H', _) => What::Hour24,
                ('k', _) => What::Hour24From1,
                ('h', _) => What::Hour12,
                ('K', _) => What::Hour11,
                ('m', _) => What::Minute,
                ('s', _) => What::Second,
                ('S', 1..=6) => What::Fraction(count as u32),
                ('S' | 'n', _) => What::Fraction(6),
                ('a', _) => What::HalfDay(false),
                (c, _) if c.is_ascii_alphabetic() => {
                    let message = format!("pattern letter \"{c}\" is not known");
                    return Err(EvalError { code: "22023", message });
                }
                (c, _) => {
                    literal(&mut parts, &c.to_string().repeat(count));
                    continue;
                }
            };
            let names = what.is_name();
            let case = if names { Case::Title } else { Case::Upper };
            parts.push(Part { what, width: if names { 0 } else { count }, case, ordinal: None });
        }
        Ok(Pattern(parts))
    }

    /// Appends a time, written so.
    pub fn write(&self, out: &mut Vec<u8>, moment: &Moment) {
        let Moment { year, month, of_month, day, time, zoned } = *moment;
        let year_day = day - days(year, 1, 1) + 1;
        let weekday = (day + 4).rem_euclid(7) as usize;
        let shown = if year > 0 { year } else { moment.before_christ() };
        let month_name = MONTHS.get((month as usize).wrapping_sub(1)).copied().unwrap_or("   ");
        for part in &self.0 {
            let mut number = |value: i64, width: usize| {
                if value < 0 {
                    out.push(b'-');
                }
                let start = out.len();
                write_unsigned(out, value.unsigned_abs(), width.max(1));
                if let Some(upper) = part.ordinal {
                    let th = ordinal(&out[start..]);
                    out.extend_from_slice(if upper { th.to_ascii_uppercase() } else { th.to_string() }.as_bytes());
                }
            };
            let width = part.width;
            match &part.what {
                What::Text(text) => out.extend_from_slice(text.as_bytes()),
                What::Year(4) => number(shown, width),
                What::Year(digits) => number(shown % 10i64.pow(*digits), width),
                What::YearComma => {
                    number(shown / 1000, 1);
                    out.push(b',');
                    write_unsigned(out, (shown % 1000) as u64, 3);
                }
                What::IsoYear => number(iso_week(day).0, width),
                What::Month => number(month, width),
                What::Day => number(of_month, width),
                What::DayOfYear => number(year_day, width),
                What::DayOfWeek => number(weekday as i64 + 1, width),
                What::IsoDayOfWeek => number((weekday as i64 + 6) % 7 + 1, width),
                What::WeekOfYear => number((year_day - 1) / 7 + 1, width),
                What::WeekOfMonth => number((of_month - 1) / 7 + 1, width),
                What::IsoWeek => number(iso_week(day).1, width),
                What::Quarter => number((month - 1) / 3 + 1, width),
                What::Century => number((shown + 99) / 100, width),
                What::Julian => number(day + 2_440_588, 1),
                What::Hour24 => number(time / HOUR, width),
                What::Hour12 => number((time / HOUR + 11) % 12 + 1, width),
                What::Hour11 => number(time / HOUR % 12, width),
                What::Hour24From1 => number((time / HOUR + 23) % 24 + 1, width),
                What::Minute => number(time / MINUTE % 60, width),
                What::Second => number(time / SECOND % 60, width),
                What::SecondOfDay => number(time / SECOND, 1),
                What::Fraction(digits) => number(time % SECOND / 10i64.pow(6 - digits), *digits as usize),
                What::MonthName => name(out, month_name, part),
                What::MonthShort => name(out, &month_name[..3], part),
                What::DayName => name(out, WEEKDAYS[weekday], part),
                What::DayShort => name(out, &WEEKDAYS[weekday][..3], part),
                What::HalfDay(points) => {
                    let text = match (time < 12 * HOUR, points) {
                        (true, false) => "AM",
                        (false, false) => "PM",
                        (true, true) => "A.M.",
                        (false, true) => "P.M.",
                    };
                    name(
                        out,
                        text,
                        &Part {
                            case: if part.case == Case::Lower { Case::Lower } else { Case::Upper },
                            ..part.clone()
                        },
                    );
                }
                What::Zone if zoned => name(out, "UTC", part),
                What::Zone => {}
                What::Offset => out.extend_from_slice(b"+00"),
                What::OffsetMinutes => out.extend_from_slice(b"00"),
                What::Era(points) => {
                    let text = match (year <= 0 && month != 0, points) {
                        (true, false) => "BC",
                        (false, false) => "AD",
                        (true, true) => "B.C.",
                        (false, true) => "A.D.",
                    };
                    let case = if part.case == Case::Lower { Case::Lower } else { Case::Upper };
                    name(out, text, &Part { case, ..part.clone() });
                }
                What::MonthRoman => {
                    let numeral = ROMAN.get((month as usize).wrapping_sub(1)).copied().unwrap_or("");
                    name(out, numeral, part);
                }
            }
        }
    }

    /// Reads a text written so, as a timestamp. What the pattern does not say is the first of January, year 1, midnight.
    ///
    /// # Errors
    /// `22007` if the text is not of the pattern, `22008` if a field is out of range.
    pub fn read(&self, text: &str) -> Result<i64, EvalError> {
        let bad = || EvalError { code: "22007", message: format!("invalid value \"{text}\" for this pattern") };
        let range = || EvalError { code: "22008", message: format!("date/time field value out of range: \"{text}\"") };
        let (mut year, mut month, mut of_month, mut year_day) = (1i64, 1i64, 1i64, None);
        let (mut hour, mut minute, mut second, mut fraction) = (0i64, 0i64, 0i64, 0i64);
        let (mut half, mut twelve, mut julian) = (None, false, None);
        let mut rest = text;
        for (index, part) in self.0.iter().enumerate() {
            // Digits follow at once: then a number takes no more than its width.
            let packed = matches!(self.0.get(index + 1), Some(next) if !matches!(next.what, What::Text(_)));
            let mut number = |most: usize| {
                rest = rest.trim_start();
                let most = if packed { most } else { most.max(if most >= 4 { 9 } else { most }) };
                let len = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
                let value = rest[..len].parse::<i64>().map_err(|_| bad());
                rest = &rest[len..];
                value
            };
            match &part.what {
                What::Text(expected) => {
                    for c in expected.chars() {
                        // A separator stands for any other; blanks are optional.
                        let mut chars = rest.chars();
                        match chars.next() {
                            Some(d) if d == c || (!c.is_alphanumeric() && !d.is_alphanumeric()) => {
                                rest = chars.as_str()
                            }
                            _ if c.is_alphanumeric() => return Err(bad()),
                            _ => {}
                        }
                    }
                }
                What::Year(2) => {
                    let two = number(2)?;
                    year = if two < 70 { 2000 + two } else { 1900 + two };
                }
                What::Year(_) | What::IsoYear => year = number(4)?,
                What::Month => month = number(2)?,
                What::Day => of_month = number(2)?,
                What::DayOfYear => year_day = Some(number(3)?),
                What::Hour24 | What::Hour24From1 => hour = number(2)?,
                What::Hour12 | What::Hour11 => (hour, twelve) = (number(2)?, true),
                What::Minute => minute = number(2)?,
                What::Second => second = number(2)?,
                What::SecondOfDay => {
                    let all = number(5)?;
                    (hour, minute, second) = (all / 3600, all / 60 % 60, all % 60);
                }
                What::Fraction(_) => {
                    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                    rest = &rest[digits.len()..];
                    let six: String = digits.chars().chain("000000".chars()).take(6).collect();
                    fraction = six.parse().map_err(|_| bad())?;
                }
                What::Julian => julian = Some(number(9)?),
                What::MonthName | What::MonthShort => {
                    let (index, len) = find(&MONTHS, rest).ok_or_else(bad)?;
                    (month, rest) = (index as i64 + 1, &rest[len..]);
                }
                What::DayName | What::DayShort => {
                    let (_, len) = find(&WEEKDAYS, rest).ok_or_else(bad)?;
                    rest = &rest[len..];
                }
                What::HalfDay(_) => {
                    let letters: String = rest.chars().filter(|c| *c != '.').take(2).collect();
                    half = match letters.to_ascii_lowercase().as_str() {
                        "am" => Some(0),
                        "pm" => Some(12),
                        _ => return Err(bad()),
                    };
                    let len = if rest.as_bytes().get(1) == Some(&b'.') { 4 } else { 2 };
                    rest = rest.get(len..).unwrap_or_default();
                }
                What::DayOfWeek | What::IsoDayOfWeek | What::WeekOfMonth | What::Quarter => {
                    number(1)?;
                }
                What::WeekOfYear | What::IsoWeek | What::Century => {
                    number(2)?;
                }
                What::YearComma | What::Zone | What::Offset | What::OffsetMinutes | What::Era(_) | What::MonthRoman => {
                    let message = "this part of a pattern is for output only".into();
                    return Err(EvalError { code: "0A000", message });
                }
            }
        }
        if let Some(half) = half {
            hour = hour % 12 + half;
        } else if twelve && hour > 12 {
            return Err(range());
        }
        let month = u32::try_from(month).ok().filter(|m| (1..=12).contains(m)).ok_or_else(range)?;
        let most = month_len(year, month);
        let of_month = u32::try_from(of_month).ok().filter(|d| (1..=most).contains(d)).ok_or_else(range)?;
        if hour > 24 || minute > 59 || second > 59 {
            return Err(range());
        }
        let day = match (julian, year_day) {
            (Some(julian), _) => julian - 2_440_588,
            (None, Some(n)) => days(year, 1, 1) + n - 1,
            (None, None) => days(year, month, of_month),
        };
        let micros = day as i128 * DAY as i128 + (hour * HOUR + minute * MINUTE + second * SECOND + fraction) as i128;
        i64::try_from(micros).ok().filter(|m| MICROS.contains(m)).ok_or_else(range)
    }
}

fn starts(text: &str, word: &str) -> bool {
    text.len() >= word.len() && text.as_bytes()[..word.len()].eq_ignore_ascii_case(word.as_bytes())
}

/// Keywords are `YYYY` or `yyyy`, never `Yyyy`.
fn in_one_case(word: &str) -> bool {
    !word.bytes().any(|b| b.is_ascii_lowercase()) || !word.bytes().any(|b| b.is_ascii_uppercase())
}

fn literal(parts: &mut Vec<Part>, text: &str) {
    if let Some(Part { what: What::Text(before), .. }) = parts.last_mut() {
        before.push_str(text);
    } else {
        parts.push(Part { what: What::Text(text.into()), width: 0, case: Case::Upper, ordinal: None });
    }
}

fn name(out: &mut Vec<u8>, name: &str, part: &Part) {
    let start = out.len();
    out.extend_from_slice(name.as_bytes());
    match part.case {
        Case::Upper => out[start..].make_ascii_uppercase(),
        Case::Lower => out[start..].make_ascii_lowercase(),
        Case::Title => {}
    }
    out.resize(out.len().max(start + part.width), b' ');
}

/// `st`, `nd`, `rd` or `th` for a number as written.
fn ordinal(digits: &[u8]) -> &'static str {
    match digits {
        [.., b'1', _] => "th",
        [.., b'1'] => "st",
        [.., b'2'] => "nd",
        [.., b'3'] => "rd",
        _ => "th",
    }
}

/// Which name `text` begins with, in full or its first three letters, and how long that is.
fn find(names: &[&str], text: &str) -> Option<(usize, usize)> {
    let full = names.iter().position(|n| starts(text, n)).map(|i| (i, names[i].len()));
    full.or_else(|| names.iter().position(|n| starts(text, &n[..3])).map(|i| (i, 3)))
}
