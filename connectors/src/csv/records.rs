//! Where the values of a CSV record lie in its bytes (RFC 4180).
//!
//! Unlike the usual readers this one keeps apart `""`, an empty text, and nothing at all, which is NULL; and it borrows
//! every value from the input.

/// What separates and surrounds values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
    /// The last byte of a line: LF, before which a CR may stand, or CR.
    pub(crate) line_end: u8,
}

impl Dialect {
    /// Lines that end in LF or CRLF, unless [`line_end`] finds another end.
    pub(crate) fn new(delimiter: u8, quote: u8) -> Dialect {
        Dialect { delimiter, quote, line_end: b'\n' }
    }
}

/// What lines end in, by the first line end outside quotes, as PostgreSQL tells it: CR where no LF follows it, else LF. None where
/// `bytes` do not say, and more follow.
pub(crate) fn line_end(bytes: &[u8], ended: bool, dialect: Dialect) -> Option<u8> {
    let unknown = (ended || bytes.len() > RECORD_BYTES_MAX).then_some(b'\n');
    let (mut at, mut begins) = (0, true);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' => return Some(b'\n'),
            b'\r' => match bytes.get(at + 1) {
                Some(b'\n') => return Some(b'\n'),
                Some(_) => return Some(b'\r'),
                None => return unknown,
            },
            _ if byte == dialect.quote && begins => match closing_quote(bytes, at + 1, byte) {
                Some((close, _)) => at = close,
                None => return unknown,
            },
            _ => {}
        }
        begins = byte == dialect.delimiter;
        at += 1;
    }
    unknown
}

/// A value's place in the bytes of its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    start: usize,
    end: usize,
    /// It stood in quotes (which the place leaves out).
    pub(crate) quoted: bool,
    /// It holds doubled quotes.
    escaped: bool,
}

impl Place {
    /// Whether the value holds `byte` and did not stand in quotes.
    pub(crate) fn has_bare(&self, byte: u8, record: &[u8]) -> bool {
        !self.quoted && memchr::memchr(byte, &record[self.start..self.end]).is_some()
    }

    /// The value; `scratch` holds it where quotes had to be undoubled.
    #[inline]
    pub(crate) fn text<'a>(&self, record: &'a [u8], dialect: Dialect, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        let raw = &record[self.start..self.end];
        if !self.escaped {
            return raw;
        }
        scratch.clear();
        let mut rest = raw;
        while let Some(at) = memchr::memchr(dialect.quote, rest) {
            scratch.extend_from_slice(&rest[..=at]);
            rest = &rest[at + 2..];
        }
        scratch.extend_from_slice(rest);
        scratch
    }
}

/// What [`scan`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// A record, of so many bytes and lines with its line end.
    Record { bytes: usize, lines: u64 },
    /// The record does not end here.
    Incomplete,
    /// No record; what to pass over to reach the next one.
    Broken { bytes: usize, lines: u64, reason: &'static str },
}

/// Longest record. A quote that is never closed would otherwise take the rest of the file for one value.
pub(crate) const RECORD_BYTES_MAX: usize = 16 << 20;

const LOW: u64 = 0x0101_0101_0101_0101;
const SEVEN: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// The high bit of each byte of `word` that equals the byte repeated in `needle`.
#[inline(always)]
fn equal(word: u64, needle: u64) -> u64 {
    let x = word ^ needle;
    !(((x & SEVEN) + SEVEN) | x | SEVEN)
}

/// Finds the values of the record that `bytes` begins with. `ended`: nothing follows `bytes`.
///
/// Eight bytes are looked at at once for delimiters, line ends and quotes.
pub(crate) fn scan(bytes: &[u8], ended: bool, dialect: Dialect, places: &mut Vec<Place>) -> Scan {
    places.clear();
    let Dialect { delimiter, quote, line_end } = dialect;
    let (delimiters, quotes, line_ends) =
        (LOW * u64::from(delimiter), LOW * u64::from(quote), LOW * u64::from(line_end));
    let mut start = 0;
    let mut at = 0;
    let mut lines = 1;
    'words: loop {
        let (word, width) = match bytes.get(at..at + 8) {
            Some(eight) => (u64::from_le_bytes(eight.try_into().unwrap_or_else(|_| panic!("eight bytes"))), 8),
            None => {
                let rest = &bytes[at.min(bytes.len())..];
                if rest.is_empty() {
                    break;
                }
                let mut eight = [0; 8];
                eight[..rest.len()].copy_from_slice(rest);
                (u64::from_le_bytes(eight), rest.len())
            }
        };
        let mut marks = equal(word, delimiters) | equal(word, quotes) | equal(word, line_ends);
        while marks != 0 {
            let offset = marks.trailing_zeros() as usize / 8;
            if offset >= width {
                break;
            }
            let mark = at + offset;
            marks &= marks - 1;
            let byte = bytes[mark];
            if byte == delimiter {
                places.push(Place { start, end: mark, quoted: false, escaped: false });
                start = mark + 1;
            } else if byte == line_end {
                let end = if mark > start && bytes[mark - 1] == b'\r' { mark - 1 } else { mark };
                places.push(Place { start, end, quoted: false, escaped: false });
                return Scan::Record { bytes: mark + 1, lines };
            } else if mark == start {
                let (close, escaped) = match closing_quote(bytes, mark + 1, quote) {
                    Some(found) if found.0 + 1 < bytes.len() || ended => found,
                    None if ended || bytes.len() > RECORD_BYTES_MAX => {
                        return broken(bytes, 0, line_end, "the quoted value has no end");
                    }
                    _ => return Scan::Incomplete,
                };
                lines += memchr::memchr_iter(line_end, &bytes[mark..close]).count() as u64;
                places.push(Place { start: mark + 1, end: close, quoted: true, escaped });
                let after = match bytes[close + 1..] {
                    [] => return Scan::Record { bytes: bytes.len(), lines },
                    [next, ..] if next == line_end => return Scan::Record { bytes: close + 2, lines },
                    [b'\r'] if ended => return Scan::Record { bytes: bytes.len(), lines },
                    [b'\r'] => return Scan::Incomplete,
                    [b'\r', b'\n', ..] => return Scan::Record { bytes: close + 3, lines },
                    [next, ..] if next == delimiter => close + 2,
                    _ if !ended && memchr::memchr(line_end, &bytes[close..]).is_none() => return Scan::Incomplete,
                    _ => {
                        let Scan::Broken { bytes, lines: more, reason } =
                            broken(bytes, close, line_end, "text follows the closing quote of a value")
                        else {
                            return Scan::Incomplete;
                        };
                        return Scan::Broken { bytes, lines: lines - 1 + more, reason };
                    }
                };
                start = after;
                at = after;
                continue 'words;
            }
        }
        at += width;
    }
    if !ended {
        let long = bytes.len() > RECORD_BYTES_MAX;
        return if long { broken(bytes, 0, line_end, "the line is longer than 16 MiB") } else { Scan::Incomplete };
    }
    if bytes.is_empty() {
        return Scan::Incomplete;
    }
    let end = if bytes.len() > start && bytes.ends_with(b"\r") { bytes.len() - 1 } else { bytes.len() };
    places.push(Place { start, end, quoted: false, escaped: false });
    Scan::Record { bytes: bytes.len(), lines }
}

/// Where the quote is that ends a value which begins at `from`, and whether quotes are doubled within.
fn closing_quote(bytes: &[u8], from: usize, quote: u8) -> Option<(usize, bool)> {
    let mut at = from;
    let mut escaped = false;
    loop {
        at += memchr::memchr(quote, &bytes[at..])?;
        if bytes.get(at + 1) != Some(&quote) {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

/// Passes over what is left of the line at `from`.
#[cold]
fn broken(bytes: &[u8], from: usize, line_end: u8, reason: &'static str) -> Scan {
    match memchr::memchr(line_end, &bytes[from..]) {
        Some(end) => Scan::Broken { bytes: from + end + 1, lines: 1, reason },
        None => Scan::Broken { bytes: bytes.len(), lines: 0, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Records of `text`, read with `chunk` bytes more at a time.
    fn records(text: &[u8], chunk: usize) -> Vec<Vec<Vec<u8>>> {
        let (mut from, mut to) = (0, 0);
        let dialect = loop {
            match line_end(&text[..to], to == text.len(), Dialect::new(b',', b'"')) {
                Some(line_end) => break Dialect { line_end, ..Dialect::new(b',', b'"') },
                None => to = text.len().min(to + chunk),
            }
        };
        let (mut places, mut scratch, mut all) = (Vec::new(), Vec::new(), Vec::new());
        while from < text.len() {
            match scan(&text[from..to], to == text.len(), dialect, &mut places) {
                Scan::Incomplete => to = text.len().min(to + chunk),
                Scan::Record { bytes, .. } => {
                    let record = &text[from..from + bytes];
                    all.push(places.iter().map(|p| p.text(record, dialect, &mut scratch).to_vec()).collect());
                    from += bytes;
                }
                Scan::Broken { bytes, .. } => from += bytes,
            }
            to = to.max(from);
        }
        all
    }

    proptest! {
        /// Reads what the crate `csv` writes, whatever the split into blocks.
        #[test]
        fn reads_what_csv_writes(
            rows in prop::collection::vec(prop::collection::vec("[a\",\n\r é|]{0,12}", 2..5), 0..6),
            terminator in prop::sample::select(vec![
                ::csv::Terminator::CRLF,
                ::csv::Terminator::Any(b'\n'),
                ::csv::Terminator::Any(b'\r'),
            ]),
            chunk in 1usize..20,
        ) {
            let mut writer = ::csv::WriterBuilder::new().terminator(terminator).flexible(true).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).expect("writes to memory");
            }
            let text = writer.into_inner().expect("writes to memory");
            let expected: Vec<Vec<Vec<u8>>> =
                rows.iter().map(|row| row.iter().map(|value| value.clone().into_bytes()).collect()).collect();
            prop_assert_eq!(records(&text, chunk), expected);
        }

        /// Any bytes: no panic, and the same whatever the split into blocks.
        #[test]
        fn takes_any_bytes(text in prop::collection::vec(prop::sample::select(b"a,\"\n\r ".to_vec()), 0..60), chunk in 1usize..9) {
            prop_assert_eq!(records(&text, chunk), records(&text, 1000));
        }
    }

    #[test]
    fn line_ends() {
        let found = |text: &str, ended| line_end(text.as_bytes(), ended, Dialect::new(b',', b'"'));
        for (text, expected) in [
            ("a\nb\r", b'\n'),
            ("a\r\nb", b'\n'),
            ("a\rb\n", b'\r'),
            ("\"\r\n\",b\"\r", b'\n'),
            ("\"\n\"\"\"\rb", b'\r'),
            ("a\r", b'\n'),
        ] {
            assert_eq!(found(text, true), Some(expected), "{text:?}");
        }
        for text in ["a", "a\r", "\"a\n", ""] {
            assert_eq!(found(text, false), None, "{text:?}");
        }
    }

    #[test]
    fn quotes() {
        let mut places = Vec::new();
        let dialect = Dialect::new(b',', b'"');
        let scanned = |text: &str, places: &mut Vec<Place>| scan(text.as_bytes(), true, dialect, places);
        assert_eq!(scanned("a,\"b\nc\",\"\",\r\nd", &mut places), Scan::Record { bytes: 13, lines: 2 });
        assert_eq!(places.iter().map(|p| p.quoted).collect::<Vec<_>>(), [false, true, true, false]);
        assert!(matches!(scanned("a,\"b\"c,d\ne", &mut places), Scan::Broken { bytes: 9, lines: 1, .. }));
        assert!(matches!(scanned("a,\"b\nc,d\n", &mut places), Scan::Broken { bytes: 5, lines: 1, .. }));
        assert!(matches!(scanned("a\"b,c\"\n", &mut places), Scan::Record { bytes: 7, .. }));
        assert_eq!(places.len(), 2);
    }
}
