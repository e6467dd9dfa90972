//! Days as text.

/// `YYYY-MM-DD` of a day since 1970.
pub fn day_text(day: i64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        assert_eq!(day_text(16_631), "2015-07-15");
        assert_eq!(day_text(0), "1970-01-01");
        assert_eq!(day_text(11_016), "2000-02-29");
    }
}
