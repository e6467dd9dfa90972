//! Times cut to what a pattern shows of them: those that it writes alike become equal, and no others.

use super::{Pattern, What};
use crate::functions::calendar::{DAY, HOUR, MINUTE, SECOND, civil, days, month_len};

/// What a pattern shows of a time: its date, its time of day down to some unit, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    date: bool,
    /// In microseconds; a day where it shows nothing of the time of day.
    unit: i64,
    ordered: bool,
}

/// A field, by what it is a part of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Fraction(u32),
}

impl Pattern {
    /// What it shows, if it writes each field once, in as many digits for every time (the year aside), and leaves out none before
    /// the finest.
    pub fn cut(&self) -> Option<Cut> {
        let mut fields = Vec::new();
        for part in &self.0 {
            let field = match part.what {
                What::Text(_) => continue,
                What::Year(4) => Field::Year,
                What::Month => Field::Month,
                What::Day => Field::Day,
                What::Hour24 => Field::Hour,
                What::Minute => Field::Minute,
                What::Second => Field::Second,
                What::Fraction(digits) => Field::Fraction(digits),
                _ => return None,
            };
            // All others have one length; so each stands where the length of the whole says.
            let fixed = part.width >= 2 || matches!(field, Field::Year | Field::Fraction(_));
            if !fixed || part.ordinal.is_some() {
                return None;
            }
            fields.push(field);
        }
        let in_order = fields.is_sorted();
        fields.sort_unstable();
        let date = fields.starts_with(&[Field::Year, Field::Month, Field::Day]);
        let unit = match if date { &fields[3..] } else { &fields[..] } {
            [] if date => DAY,
            [Field::Hour] => HOUR,
            [Field::Hour, Field::Minute] => MINUTE,
            [Field::Hour, Field::Minute, Field::Second] => SECOND,
            [Field::Hour, Field::Minute, Field::Second, Field::Fraction(digits)] => SECOND / 10i64.pow(*digits),
            _ => return None,
        };
        Some(Cut { date, unit, ordered: in_order && !date })
    }
}

impl Cut {
    /// Whether nothing of the time of day is shown.
    pub fn is_date(&self) -> bool {
        self.unit == DAY
    }

    /// Whether of two times, once cut, the one whose text is less is the earlier. Years have too many lengths for that.
    pub fn is_ordered(&self) -> bool {
        self.ordered
    }

    /// A time that is written as `micros` is, the same for all that are; of 1970-01-01 where no date is shown.
    #[inline]
    pub fn of(&self, micros: i64) -> i64 {
        let time = micros.rem_euclid(DAY);
        let day = if self.date { day(micros.div_euclid(DAY)) } else { 0 };
        day * DAY + (time - time % self.unit)
    }

    /// The day of [`Cut::of`].
    #[inline]
    pub fn day(&self, micros: i64) -> i32 {
        day(micros.div_euclid(DAY)) as i32
    }
}

/// A year BC is written as the same year AD is: such a day becomes the one AD, if there is one (not for all 29th of February).
#[inline]
fn day(day: i64) -> i64 {
    const FIRST_AD: i64 = -719_162;
    if day >= FIRST_AD { day } else { after_christ(day) }
}

#[cold]
fn after_christ(day: i64) -> i64 {
    let (year, month, of_month) = civil(day);
    let shown = 1 - year;
    if of_month <= month_len(shown, month) { days(shown, month, of_month) } else { day }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::functions::calendar::MICROS;
    use crate::functions::pattern::Moment;

    /// With whether texts are in the order of times.
    const CUTS: &[(&str, bool)] = &[
        ("yyyy-MM-dd", false),
        ("ddMMyyyy", false),
        ("MM/dd y 'of' HH", false),
        ("yyyyMMddHHmmss", false),
        ("HH", true),
        ("HH:mm", true),
        ("HHmmss.SSS", true),
        ("HH:mm:ss.SSSSSS", true),
        ("mm:HH", false),
    ];

    fn pattern(text: &str) -> Pattern {
        Pattern::java(text).unwrap_or_else(|e| panic!("{text}: {}", e.message))
    }

    #[test]
    fn patterns_that_lose_or_add_something_have_none() {
        for text in [
            "",
            "-",
            "yyyy-MM",
            "yy-MM-dd",
            "yyyy-M-d",
            "yyyyMd",
            "HH:m",
            "hh:mm",
            "mm",
            "yyyy-MM-dd mm",
            "HH HH",
            "MM-dd HH",
        ] {
            assert_eq!(pattern(text).cut(), None, "{text}");
        }
        assert_eq!(Pattern::postgres("YYYY-MM-DDth").cut(), None);
        assert_eq!(Pattern::postgres("FMMM-DD YYYY").cut(), None);
        assert_eq!(Pattern::postgres("YYYY-MM-DD HH:MI").cut(), None);
        assert_eq!(Pattern::postgres("YYYY-MM-DD").cut(), pattern("yyyy-MM-dd").cut());
        assert_eq!(Pattern::postgres("HH24:MI").cut(), pattern("HH:mm").cut());
    }

    /// Times near one another, near the turn of eras mirrored, and anywhere.
    fn pair() -> impl Strategy<Value = (i64, i64)> {
        let near = 719_162 * DAY;
        let time = prop_oneof![MICROS, -2 * near..near, -near - 1500 * DAY..-near + 1500 * DAY];
        let other = prop_oneof![
            Just(1),
            Just(SECOND),
            Just(MINUTE),
            Just(HOUR),
            Just(DAY),
            Just(366 * DAY),
            Just(10_000 * 365 * DAY)
        ];
        let mirrored = |micros: i64| {
            let (year, month, of_month) = civil(micros.div_euclid(DAY));
            days(1 - year, month, of_month.min(month_len(1 - year, month))) * DAY + micros.rem_euclid(DAY)
        };
        (time, other, -3..=3i64, any::<bool>()).prop_map(move |(a, unit, times, mirror)| {
            let b = if mirror && (-1_000 * 365 * DAY..DAY).contains(&a.saturating_add(near)) { mirrored(a) } else { a };
            (a, b.saturating_add(unit * times).clamp(*MICROS.start(), *MICROS.end()))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn times_are_equal_once_cut_where_their_texts_are((a, b) in pair()) {
            for &(text, ordered) in CUTS {
                let pattern = pattern(text);
                let cut = pattern.cut().unwrap_or_else(|| panic!("{text} is a cut"));
                let write = |micros: i64| {
                    let mut out = Vec::new();
                    pattern.write(&mut out, &Moment::of(micros));
                    out
                };
                prop_assert_eq!(write(a), write(cut.of(a)), "{} of {}", text, a);
                prop_assert_eq!(write(a) == write(b), cut.of(a) == cut.of(b), "{} of {} and {}", text, a, b);
                prop_assert_eq!(cut.is_ordered(), ordered);
                if ordered {
                    prop_assert_eq!(write(a).cmp(&write(b)), cut.of(a).cmp(&cut.of(b)), "{} of {} and {}", text, a, b);
                }
                if cut.is_date() {
                    prop_assert_eq!(i64::from(cut.day(a)) * DAY, cut.of(a));
                }
            }
        }
    }
}
