//! Days and minutes as text. The last one is remembered: neighbours mostly share it, and text is shared.

use std::cell::RefCell;

use crate::tables::Text;

/// A number's text, made once as long as the number stays the same.
#[derive(Clone)]
pub struct Remembered {
    last: RefCell<Option<(i64, Text)>>,
    make: fn(i64) -> String,
}

impl Remembered {
    /// `YYYY-MM-DD` of a day since 1970.
    pub fn day() -> Remembered {
        Remembered { last: RefCell::default(), make: day }
    }

    /// `HH:mm` of a minute of a day.
    pub fn minute() -> Remembered {
        Remembered { last: RefCell::default(), make: |minute| format!("{:02}:{:02}", minute / 60, minute % 60) }
    }

    /// The text of a number.
    pub fn text(&self, number: i64) -> Text {
        let mut last = self.last.borrow_mut();
        match &*last {
            Some((known, text)) if *known == number => text.clone(),
            _ => {
                let text = Text::from((self.make)(number).as_str());
                *last = Some((number, text.clone()));
                text
            }
        }
    }
}

fn day(day: i64) -> String {
    // Days since 0000-03-01; an era is 400 years, a year begins in March.
    let days = day + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    format!("{:04}-{month:02}-{of_month:02}", year + era * 400 + i64::from(month <= 2))
}
