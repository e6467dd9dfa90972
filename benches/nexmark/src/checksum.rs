//! Whether two programs have the same result, without holding either: a sum over rows.

use std::fmt;
use std::fmt::Write;

/// What separates the fields of a row's text.
const SEPARATOR: char = '\x1f';

/// The sum over result rows of weight × hash(text of the row), modulo 2^64, and the sum of the weights.
///
/// The order of rows does not matter, and a row that comes and goes leaves nothing; so the checksum of all deltas of a view is that of
/// its final contents. The hash is fixed: the same in every build and on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksum {
    /// The sum of weights: how many rows there are.
    pub rows: i64,
    /// The sum of weight × hash.
    pub sum: u64,
}

impl Checksum {
    /// Adds `weight` copies of a row, given as its text.
    pub fn add(&mut self, text: &str, weight: i64) {
        self.rows += weight;
        self.sum = self.sum.wrapping_add(hash(text.as_bytes()).wrapping_mul(weight as u64));
    }

    /// Adds what another checksum has seen.
    pub fn merge(&mut self, other: Checksum) {
        self.rows += other.rows;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:016x}", self.sum)
    }
}

/// A row as text, field by field. The buffer is used again for the next row.
///
/// Integers in decimal; decimals with all digits of their scale; booleans `true` and `false`; timestamps as integer microseconds since
/// 1970; dates `YYYY-MM-DD`; text as it is; NULL as the character 0. Fields are separated by the character 0x1f.
#[derive(Clone, Debug, Default)]
pub struct RowText {
    text: String,
    started: bool,
}

impl RowText {
    /// Begins a new row.
    pub fn start(&mut self) -> &mut RowText {
        self.text.clear();
        self.started = false;
        self
    }

    /// The row so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A field of text.
    pub fn string(&mut self, value: &str) -> &mut RowText {
        self.field().push_str(value);
        self
    }

    /// A field that is an integer.
    pub fn integer(&mut self, value: i128) -> &mut RowText {
        // Digits by hand: a checksum of millions of rows is made of them.
        let mut digits = [0u8; 40];
        let mut at = digits.len();
        let mut rest = value.unsigned_abs();
        loop {
            at -= 1;
            let (quotient, digit) = match u64::try_from(rest) {
                Ok(small) => (u128::from(small / 10), (small % 10) as u8),
                Err(_) => (rest / 10, (rest % 10) as u8),
            };
            digits[at] = b'0' + digit;
            rest = quotient;
            if rest == 0 {
                break;
            }
        }
        let field = self.field();
        if value < 0 {
            field.push('-');
        }
        field.extend(digits[at..].iter().map(|digit| *digit as char));
        self
    }

    /// A field that is the decimal number `unscaled` / 10^`scale`, with all its digits: 1500 at scale 3 is `1.500`.
    pub fn decimal(&mut self, unscaled: i128, scale: u32) -> &mut RowText {
        if scale == 0 {
            return self.integer(unscaled);
        }
        let one = 10u128.pow(scale);
        let (sign, size) = (if unscaled < 0 { "-" } else { "" }, unscaled.unsigned_abs());
        write(self.field(), format_args!("{sign}{}.{:0width$}", size / one, size % one, width = scale as usize));
        self
    }

    /// A field that is a truth value.
    pub fn boolean(&mut self, value: bool) -> &mut RowText {
        self.string(if value { "true" } else { "false" })
    }

    /// A field that is a point in time, in microseconds since 1970.
    pub fn timestamp(&mut self, micros: i64) -> &mut RowText {
        self.integer(micros.into())
    }

    /// A field that is a date, in days since 1970.
    pub fn date(&mut self, days: i64) -> &mut RowText {
        let (year, month, day) = civil(days);
        write(self.field(), format_args!("{year:04}-{month:02}-{day:02}"));
        self
    }

    /// A field that is NULL.
    pub fn null(&mut self) -> &mut RowText {
        self.string("\0")
    }

    fn field(&mut self) -> &mut String {
        if self.started {
            self.text.push(SEPARATOR);
        }
        self.started = true;
        &mut self.text
    }
}

fn write(text: &mut String, what: fmt::Arguments) {
    text.write_fmt(what).unwrap_or_else(|_| panic!("a String takes all that is written"));
}

/// Year, month and day of a day since 1970, in the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Days since 0000-03-01; an era is 400 years, a year begins in March.
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// A fixed hash of 64 bits: words of 8 bytes folded by multiplication, the end spread by the finalizer of SplitMix64.
fn hash(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |state: u64, word: u64| {
        let wide = u128::from(state ^ word) * u128::from(FACTOR);
        (wide as u64) ^ ((wide >> 64) as u64).rotate_left(23) ^ word.rotate_left(41)
    };
    let mut state = bytes.len() as u64 ^ 0x6a09_e667_f3bc_c908;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state = fold(state, u64::from_le_bytes(*word));
    }
    let mut last = [0u8; 8];
    last[..rest.len()].copy_from_slice(rest);
    state = fold(state, u64::from_le_bytes(last));
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_one_text() {
        let mut row = RowText::default();
        row.start().integer(-120).string("").decimal(-1_005, 3).boolean(true).null().date(16_631).timestamp(0);
        assert_eq!(row.text(), "-120\x1f\x1f-1.005\x1ftrue\x1f\0\x1f2015-07-15\x1f0");
        row.start().integer(i128::MIN).integer(0).decimal(7, 0);
        assert_eq!(row.text(), format!("{}\x1f0\x1f7", i128::MIN));
        assert_eq!(row.start().date(-1).text(), "1969-12-31");
        assert_eq!(row.start().date(11_016).text(), "2000-02-29");
    }

    #[test]
    fn order_does_not_matter_and_what_goes_leaves_nothing() {
        let (mut one, mut other) = (Checksum::default(), Checksum::default());
        one.add("a", 1);
        one.add("b", 2);
        one.add("c", -1);
        other.add("b", 1);
        other.add("a", 1);
        assert_ne!(one, other);
        other.add("c", 1);
        other.add("c", -2);
        other.add("b", 1);
        assert_eq!(one, other);
        assert_eq!(one.rows, 2);
    }

    #[test]
    fn the_hash_is_fixed() {
        let mut sum = Checksum::default();
        sum.add("", 1);
        sum.add("1000\x1fvicky noris", 3);
        assert_eq!(sum.to_string(), "07511de42b5f7bd7");
        let distinct: std::collections::HashSet<u64> =
            (0..100_000).map(|i: i32| hash(i.to_string().as_bytes())).collect();
        assert_eq!(distinct.len(), 100_000);
        assert_ne!(hash(b"a"), hash(b"a\0"));
    }
}
