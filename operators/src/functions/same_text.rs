//! Whether texts equal a constant.

use arrow_buffer::BooleanBuffer;

/// Bytes compared at once.
const WORD_BYTES: usize = 16;

/// A constant, as it is compared with many texts.
pub struct Constant<'a> {
    bytes: &'a [u8],
    /// Its bytes, and which bytes of a word are its own; absent if it is longer than a word.
    word: Option<(u128, u128)>,
}

impl<'a> Constant<'a> {
    /// Of these bytes.
    pub fn new(bytes: &'a [u8]) -> Constant<'a> {
        let word = (bytes.len() <= WORD_BYTES).then(|| {
            let (mut value, mut mask) = ([0; WORD_BYTES], [0; WORD_BYTES]);
            value[..bytes.len()].copy_from_slice(bytes);
            mask[..bytes.len()].fill(0xff);
            (u128::from_le_bytes(value), u128::from_le_bytes(mask))
        });
        Constant { bytes, word }
    }
}

/// Which texts, of `offsets` into `data`, equal one of `constants`.
pub fn equal_any(offsets: &[i32], data: &[u8], constants: &[Constant]) -> BooleanBuffer {
    let short: Option<Vec<(usize, u128, u128)>> =
        constants.iter().map(|c| c.word.map(|(word, mask)| (c.bytes.len(), word, mask))).collect();
    let in_full = |start: usize, end: usize| constants.iter().any(|constant| *constant.bytes == data[start..end]);
    match short.as_deref() {
        Some(&[one]) => each(offsets, |start, end| match word_at(data, start) {
            Some(word) => is(word, end - start, one),
            None => in_full(start, end),
        }),
        // Which it is, is hard to foresee: all are compared, without a branch.
        Some(short) => each(offsets, |start, end| match word_at(data, start) {
            Some(word) => short.iter().fold(false, |found, one| found | is(word, end - start, *one)),
            None => in_full(start, end),
        }),
        None => each(offsets, in_full),
    }
}

#[inline(always)]
fn each(offsets: &[i32], test: impl Fn(usize, usize) -> bool) -> BooleanBuffer {
    BooleanBuffer::collect_bool(offsets.len() - 1, |row| test(offsets[row] as usize, offsets[row + 1] as usize))
}

/// The bytes from `start` on, if there are enough for a word.
#[inline(always)]
fn word_at(data: &[u8], start: usize) -> Option<u128> {
    let bytes = data.get(start..)?.first_chunk::<WORD_BYTES>()?;
    Some(u128::from_le_bytes(*bytes))
}

/// Whether a text of `length` bytes that begins with `word` is this constant.
#[inline(always)]
fn is(word: u128, length: usize, constant: (usize, u128, u128)) -> bool {
    (length == constant.0) & (word & constant.2 == constant.1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_equal_what_they_equal(
            texts in prop::collection::vec("[ab]{0,3}|[ab]{14,18}", 0..30),
            constants in prop::collection::vec("[ab]{0,3}|[ab]{14,18}", 0..4),
        ) {
            // Some of the texts themselves, so that long ones are found as well.
            let constants: Vec<&str> = constants.iter().chain(texts.iter().step_by(5)).map(String::as_str).collect();
            let mut offsets = vec![0];
            texts.iter().for_each(|text| offsets.push(offsets[offsets.len() - 1] + text.len() as i32));
            let prepared: Vec<Constant> = constants.iter().map(|constant| Constant::new(constant.as_bytes())).collect();
            let found = equal_any(&offsets, texts.concat().as_bytes(), &prepared);
            for (row, text) in texts.iter().enumerate() {
                prop_assert_eq!(found.value(row), constants.contains(&text.as_str()));
            }
        }
    }
}
