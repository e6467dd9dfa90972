//! Reading and writing again.

use arrow_array::StringArray;

use super::{column_from_text, column_to_text, from_text, to_text};
use crate::types::{SqlType, TEXT};
use crate::value::Errors;

/// Reads and writes again.
fn check(ty: SqlType, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let got = match from_text(text, ty) {
            Ok(value) => to_text(&value, ty),
            Err(error) => format!("error {}", error.code),
        };
        assert_eq!(&got, expected, "{text:?} as {ty}");
        let mut errors = Errors::none();
        let column = column_from_text(&StringArray::from(vec![*text]), ty, &mut errors);
        if !ty.is_text() {
            match errors.get(0) {
                Some(error) => assert_eq!(&format!("error {}", error.code), expected),
                None => assert_eq!(&column_to_text(&column, ty).value(0), expected),
            }
        }
    }
}

// All expectations below were checked with PostgreSQL 15.
#[test]
fn numbers_read_and_write() {
    check(
        SqlType::Boolean,
        &[
            ("  yEs ", "true"),
            ("o", "error 22P02"),
            ("on", "true"),
            ("of", "false"),
            ("2", "error 22P02"),
            ("", "error 22P02"),
        ],
    );
    check(
        SqlType::Int,
        &[
            (" 12 ", "12"),
            ("+5", "5"),
            ("-2147483648", "-2147483648"),
            ("12a", "error 22P02"),
            ("", "error 22P02"),
            ("99999999999", "error 22003"),
            ("1.5", "error 22P02"),
        ],
    );
    check(SqlType::BigInt, &[("-9223372036854775808", "-9223372036854775808"), ("9223372036854775808", "error 22003")]);
    check(SqlType::SmallInt, &[("32767", "32767"), ("32768", "error 22003")]);
    check(
        SqlType::Decimal(10, 2),
        &[
            ("1.5e3", "1500.00"),
            (".5", "0.50"),
            ("5.", "5.00"),
            (".", "error 22P02"),
            ("abc", "error 22P02"),
            ("-0.005", "-0.01"),
            ("0.0049", "0.00"),
            ("99999999.99", "99999999.99"),
            ("100000000", "error 22003"),
            ("1e400", "error 22003"),
            ("0e400", "0.00"),
            ("1e-400", "0.00"),
            ("1e", "error 22P02"),
            ("1.2.3", "error 22P02"),
        ],
    );
    check(
        SqlType::Decimal(38, 0),
        &[
            ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
            ("1e38", "error 22003"),
            ("999999999999999999999999999999999999999999", "error 22003"),
        ],
    );
    check(
        SqlType::Double,
        &[
            ("1e-5", "1e-05"),
            ("1e14", "100000000000000"),
            ("1e15", "1e+15"),
            ("123456789012345678", "1.2345678901234568e+17"),
            ("0.0001", "0.0001"),
            ("0.00001234", "1.234e-05"),
            ("-0", "-0"),
            ("0.1", "0.1"),
            ("-12.5", "-12.5"),
            ("120", "120"),
            ("1e400", "error 22003"),
            ("1e-400", "error 22003"),
            ("inf", "Infinity"),
            ("-Infinity", "-Infinity"),
            ("nan", "NaN"),
            ("abc", "error 22P02"),
            ("", "error 22P02"),
            ("1e20", "1e+20"),
            ("1e100", "1e+100"),
        ],
    );
    check(SqlType::Real, &[("0.1", "0.1"), ("1234567", "1.234567e+06"), ("999999", "999999"), ("1e39", "error 22003")]);
}

#[test]
fn times_read_and_write() {
    check(
        SqlType::Date,
        &[
            ("2013-1-5", "2013-01-05"),
            ("2013-02-30", "error 22008"),
            ("20130105", "2013-01-05"),
            ("abc", "error 22007"),
            ("2013/01/05", "2013-01-05"),
            ("Jan 5 2013", "2013-01-05"),
            ("2013-13-01", "error 22008"),
            ("12345-01-01", "12345-01-01"),
            ("0001-01-01 BC", "0001-01-01 BC"),
            ("2000-02-29", "2000-02-29"),
            ("1900-02-29", "error 22008"),
            ("", "error 22007"),
            ("1969-12-31", "1969-12-31"),
        ],
    );
    check(
        SqlType::Timestamp,
        &[
            ("2013-01-01 05:00:00.5", "2013-01-01 05:00:00.5"),
            ("2013-01-01T05:00:00.5Z", "2013-01-01 05:00:00.5"),
            ("2013-01-01 24:00", "2013-01-02 00:00:00"),
            ("2013-01-01 25:00", "error 22008"),
            ("2013-01-01 05:00:00PM", "2013-01-01 17:00:00"),
            ("2013-01-01 12", "error 22007"),
            ("1969-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999"),
            ("2013-01-01", "2013-01-01 00:00:00"),
        ],
    );
    check(
        SqlType::TimestampTz,
        &[
            ("2013-01-01 05:00:00.5+02", "2013-01-01 03:00:00.5+00"),
            ("2013-01-01 05:00:00 +05:30", "2012-12-31 23:30:00+00"),
            ("2013-01-01 05:00:00 UTC", "2013-01-01 05:00:00+00"),
            ("2013-01-01", "2013-01-01 00:00:00+00"),
        ],
    );
    check(
        SqlType::Time,
        &[
            ("05:00", "05:00:00"),
            ("05:00:00.1234567", "05:00:00.123457"),
            ("24:00", "24:00:00"),
            ("24:00:00.1", "error 22008"),
            ("99:00", "error 22008"),
            ("5 PM", "error 22007"),
        ],
    );
}

#[test]
fn intervals_read_and_write() {
    check(
        SqlType::Interval,
        &[
            ("1 day", "1 day"),
            ("1:2:3", "01:02:03"),
            ("P1Y2M3DT4H5M6S", "1 year 2 mons 3 days 04:05:06"),
            ("1-2", "1 year 2 mons"),
            ("3 4:05:06", "3 days 04:05:06"),
            ("1.5 months", "1 mon 15 days"),
            ("1.5 days", "1 day 12:00:00"),
            ("2 weeks ago", "-14 days"),
            ("abc", "error 22007"),
            ("-12 hours", "-12:00:00"),
            ("1 mon -1 day +02:03:04.5", "1 mon -1 days +02:03:04.5"),
            ("-1-2", "-1 years -2 mons"),
            ("10", "00:00:10"),
            ("1 year 2 months 3 days 4 hours 5 minutes 6.789 seconds", "1 year 2 mons 3 days 04:05:06.789"),
            ("1y 2mon 3d 4h 5m 6s", "1 year 2 mons 3 days 04:05:06"),
            ("0.1 year", "1 mon"),
            ("1.25 week", "8 days 18:00:00"),
            ("-1.5 day", "-1 days -12:00:00"),
            ("100 hours", "100:00:00"),
            ("1:2", "01:02:00"),
            ("P1W", "7 days"),
            ("PT36H", "36:00:00"),
            ("1 day 1", "1 day 00:00:01"),
            ("5 ms", "00:00:00.005"),
            ("5 us", "00:00:00.000005"),
            ("0", "00:00:00"),
            ("", "error 22007"),
        ],
    );
}

#[test]
fn other_types_read_and_write() {
    check(
        SqlType::Bytea,
        &[
            ("\\xDEADBEEF", "\\xdeadbeef"),
            ("abc", "\\x616263"),
            ("a\\000b", "\\x610062"),
            ("\\xZZ", "error 22023"),
            ("a\\", "error 22P02"),
        ],
    );
    check(
        SqlType::Uuid,
        &[
            ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ("{a0eebc999c0b4ef8bb6d6bb9bd380a11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ("a0", "error 22P02"),
        ],
    );
    check(TEXT, &[("", ""), ("ä ", "ä ")]);
    check(SqlType::Text { max: Some(3), padded: false }, &[("äbc", "äbc"), ("abcd", "error 22001"), ("abc  ", "abc")]);
    check(SqlType::Text { max: Some(3), padded: true }, &[("a  ", "a"), ("abcd", "error 22001")]);
}
