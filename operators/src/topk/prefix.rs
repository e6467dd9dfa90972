//! The first column of an order as one word a row, so that most comparisons look at nothing else.

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use deltaq_circuit::arrays::{Values, View, interval_length, ordered_f32, ordered_f64, var};

use super::OrderBy;

/// For each row a word; rows with a smaller one stand before others by `order`. Rows of equal words may be in any order.
pub(super) fn prefixes(column: &ArrayRef, order: &OrderBy, rows: usize) -> Vec<u64> {
    let view = View::of(column);
    let mut words = ascending(&view, column.data_type(), rows);
    if order.descending {
        words.iter_mut().for_each(|word| *word = !*word);
    }
    if let Some(nulls) = view.nulls {
        let null = if order.nulls_first { 0 } else { u64::MAX };
        words.iter_mut().enumerate().filter(|(row, _)| nulls.is_null(*row)).for_each(|(_, word)| *word = null);
    }
    words
}

fn ascending(view: &View, data_type: &DataType, rows: usize) -> Vec<u64> {
    const SIGN: u64 = 1 << 63;
    let narrow = |wide: i128| wide.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as u64 ^ SIGN;
    match view.values {
        Values::Bit(bits) => (0..rows).map(|row| u64::from(bits.value(row))).collect(),
        Values::W2(values) => values.iter().map(|v| i64::from(*v as i16) as u64 ^ SIGN).collect(),
        Values::W4(values) if view.float => values.iter().map(|v| u64::from(ordered_f32(*v))).collect(),
        Values::W4(values) => values.iter().map(|v| i64::from(*v as i32) as u64 ^ SIGN).collect(),
        Values::W8(values) if view.float => values.iter().map(|v| ordered_f64(*v)).collect(),
        Values::W8(values) => values.iter().map(|v| v ^ SIGN).collect(),
        Values::W16(values) => match data_type {
            DataType::Interval(_) => {
                // In milliseconds, so that all of them fit but the very longest.
                values.iter().map(|v| narrow(interval_length(i128::from_le_bytes(*v)).div_euclid(1_000_000))).collect()
            }
            DataType::FixedSizeBinary(_) => values.iter().map(|v| head(v)).collect(),
            _ => values.iter().map(|v| narrow(i128::from_le_bytes(*v))).collect(),
        },
        Values::Var(offsets, data) => (0..rows).map(|row| head(var(offsets, data, row))).collect(),
    }
}

/// The first eight bytes, zeros where there are fewer.
fn head(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    let len = bytes.len().min(8);
    word[..len].copy_from_slice(&bytes[..len]);
    u64::from_be_bytes(word)
}
