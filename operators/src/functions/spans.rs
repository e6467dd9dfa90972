//! Parts of the texts of a column, by where they lie in its buffer.

use arrow_array::{Array, StringArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer};

/// First byte of a part in the column's buffer, and one past its last.
pub type Span = (u32, u32);

/// The span of a row that has no part.
pub const NO_SPAN: Span = (u32::MAX, u32::MAX);

/// A part of this many bytes or less is copied as so many bytes, without a call.
const SHORT_BYTES: usize = 16;

/// The parts of `texts` at `spans`, one a row; NULL where there is none, or the text is NULL.
pub fn cut_out(texts: &StringArray, spans: &[Span]) -> StringArray {
    assert_eq!(texts.len(), spans.len(), "a span for each of {} texts", texts.len());
    let bytes = texts.value_data();
    let given = texts.nulls().filter(|nulls| nulls.null_count() > 0);
    let mut offsets = Vec::with_capacity(spans.len() + 1);
    offsets.push(0i32);
    let mut end = 0;
    let mut any_none = false;
    for (from, to) in spans {
        any_none |= *from == NO_SPAN.0;
        end += (to - from) as i32;
        offsets.push(end);
    }
    let mut data = room(end as usize);
    for ((from, to), at) in spans.iter().zip(&offsets) {
        copy(bytes, *from as usize, (to - from) as usize, &mut data, *at as usize);
    }
    data.truncate(end as usize);
    let found = || BooleanBuffer::collect_bool(spans.len(), |row| spans[row].0 != NO_SPAN.0);
    let nulls = match given {
        None if !any_none => None,
        None => Some(NullBuffer::new(found())),
        Some(nulls) => Some(NullBuffer::new(nulls.inner() & &found())),
    };
    StringArray::new(OffsetBuffer::new(offsets.into()), Buffer::from_vec(data), nulls)
}

/// One of several columns of texts that rows are taken from.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// Where texts end; that of the one text of a constant.
    pub offsets: &'a [i32],
    /// The texts.
    pub bytes: &'a [u8],
    /// Texts from one row to the next: 0 for a constant.
    pub stride: usize,
}

/// Offsets and bytes of a column whose row `i` is that of `parts[choice[i]]`, or empty where there is no such part.
pub fn chosen(parts: &[Part], choice: &[u32]) -> (Vec<i32>, Vec<u8>) {
    let mut offsets = Vec::with_capacity(choice.len() + 1);
    offsets.push(0i32);
    let mut end = 0usize;
    for (row, index) in choice.iter().enumerate() {
        if let Some(part) = parts.get(*index as usize) {
            let at = row * part.stride;
            end += (part.offsets[at + 1] - part.offsets[at]) as usize;
        }
        offsets.push(i32::try_from(end).unwrap_or_else(|_| panic!("a column of text of 2 GiB or more")));
    }
    let mut data = room(end);
    for (row, (index, to)) in choice.iter().zip(&offsets).enumerate() {
        if let Some(part) = parts.get(*index as usize) {
            let at = row * part.stride;
            let (from, length) = (part.offsets[at] as usize, (part.offsets[at + 1] - part.offsets[at]) as usize);
            copy(part.bytes, from, length, &mut data, *to as usize);
        }
    }
    data.truncate(end);
    (offsets, data)
}

/// Room for so many bytes, and for what [`copy`] writes behind the last.
fn room(bytes: usize) -> Vec<u8> {
    vec![0; bytes + SHORT_BYTES]
}

/// Copies `length` bytes; of a short text also what stands behind it, to be written over by the next.
#[inline(always)]
fn copy(bytes: &[u8], from: usize, length: usize, data: &mut [u8], at: usize) {
    if length <= SHORT_BYTES
        && let Some(source) = bytes.get(from..).and_then(|rest| rest.first_chunk::<SHORT_BYTES>())
        && let Some(target) = data.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<SHORT_BYTES>())
    {
        *target = *source;
    } else if length > 0 {
        data[at..at + length].copy_from_slice(&bytes[from..from + length]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_are_those_of_the_texts(
            rows in prop::collection::vec(prop::option::of(("[a-zé]{0,40}", 0..50usize, 0..50usize)), 0..40),
            skip in 0..3usize,
        ) {
            let texts: StringArray = rows.iter().map(|row| row.as_ref().map(|(text, ..)| text.as_str())).collect();
            let skip = skip.min(rows.len());
            let texts = texts.slice(skip, rows.len() - skip);
            let mut expected = Vec::new();
            let mut spans = Vec::new();
            for (row, given) in rows.iter().skip(skip).enumerate() {
                let place = |text: &str, at: usize| text.char_indices().nth(at).map_or(text.len(), |(at, _)| at);
                let part = given.as_ref().filter(|(_, from, to)| from <= to && *from < 45);
                let start = texts.value_offsets()[row] as u32;
                match part.map(|(text, from, to)| (text, place(text, *from), place(text, *to))) {
                    Some((text, from, to)) => {
                        expected.push(Some(&text[from..to]));
                        spans.push((start + from as u32, start + to as u32));
                    }
                    None => {
                        expected.push(None);
                        spans.push(NO_SPAN);
                    }
                }
            }
            let parts = cut_out(&texts, &spans);
            prop_assert_eq!(parts.iter().collect::<Vec<_>>(), expected);
        }
    }
}
