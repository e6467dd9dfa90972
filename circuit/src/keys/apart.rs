//! Which rows may be equal to others, told from what is cheap to look at.

use crate::arrays::{Values, View, normal_f32, normal_f64};
use crate::batch::Batch;
use crate::keys::fold;

const MULTIPLE: u64 = 0x9fb2_1c65_1e98_df25;

/// The rows, in order, that may be equal to another: all others surely differ from each other and from these, by their columns of fixed
/// width. None if there is no such column.
///
/// Cost: a multiplication a value, a look at a table a row. Nothing is copied, and text is not read.
pub(crate) fn suspects(batch: &Batch) -> Option<Vec<u32>> {
    let fixed = |view: &View| !matches!(view.values, Values::Var(..) | Values::Bit(_));
    let views: Vec<View> = batch.columns().iter().map(View::of).filter(fixed).collect();
    if views.is_empty() {
        return None;
    }
    let mut hashes = vec![0u64; batch.len()];
    views.iter().for_each(|view| mix(view, &mut hashes));
    // Rows are equal only if their hashes are. A place of the table holds the number of a row, from 1.
    let places = (batch.len() * 2).next_power_of_two().max(2);
    let shift = 64 - places.trailing_zeros();
    let mut table = vec![0u32; places];
    let mut doubtful = vec![false; batch.len()];
    let mut any = false;
    for (row, hash) in hashes.iter().enumerate() {
        let mut place = (fold(*hash, MULTIPLE) >> shift) as usize;
        loop {
            let there = table[place];
            if there == 0 {
                table[place] = row as u32 + 1;
                break;
            }
            let other = there as usize - 1;
            if hashes[other] == *hash {
                (doubtful[other], doubtful[row], any) = (true, true, true);
                break;
            }
            place = (place + 1) & (places - 1);
        }
    }
    Some(if any { (0..batch.len() as u32).filter(|row| doubtful[*row as usize]).collect() } else { Vec::new() })
}

fn mix(view: &View, hashes: &mut [u64]) {
    fn each(hashes: &mut [u64], words: impl Iterator<Item = u64>) {
        hashes
            .iter_mut()
            .zip(words)
            .for_each(|(hash, word)| *hash = fold(*hash ^ word, MULTIPLE) ^ word.rotate_left(32));
    }
    if let Some(nulls) = view.nulls {
        // What stands in the place of a NULL is arbitrary: such columns tell by being NULL or not, alone.
        return each(hashes, nulls.iter().map(u64::from));
    }
    match view.values {
        Values::W2(v) => each(hashes, v.iter().map(|v| u64::from(*v))),
        Values::W4(v) if view.float => each(hashes, v.iter().map(|v| u64::from(normal_f32(*v)))),
        Values::W4(v) => each(hashes, v.iter().map(|v| u64::from(*v))),
        Values::W8(v) if view.float => each(hashes, v.iter().map(|v| normal_f64(*v))),
        Values::W8(v) => each(hashes, v.iter().copied()),
        Values::W16(v) => each(
            hashes,
            v.iter().map(|v| {
                let word = u128::from_le_bytes(*v);
                word as u64 ^ ((word >> 64) as u64).rotate_left(17)
            }),
        ),
        Values::Bit(_) | Values::Var(..) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Decimal128Array, Float64Array, Int32Array, StringArray};

    use super::*;

    #[test]
    fn equal_rows_are_never_told_apart() {
        let numbers = Int32Array::from(vec![Some(1), Some(2), None, Some(1)]);
        let floats = Float64Array::from(vec![0.0, 1.0, f64::NAN, -0.0]);
        let texts = StringArray::from(vec!["a", "a", "a", "a"]);
        let batch = Batch::ones(vec![Arc::new(numbers), Arc::new(floats), Arc::new(texts)]);
        assert_eq!(suspects(&batch), Some(vec![0, 3]));
        assert_eq!(suspects(&batch.slice(0, 3)), Some(vec![]));
        assert_eq!(suspects(&batch.project(&[2])), None);
    }

    #[test]
    fn many_rows_that_differ_are_seen_to() {
        let decimals = Decimal128Array::from_iter_values((0..50_000).map(|i| i128::from(i) << 40));
        assert_eq!(suspects(&Batch::ones(vec![Arc::new(decimals)])), Some(vec![]));
        let halves = Int32Array::from_iter_values((0..50_000).map(|i| i / 250));
        let others = Int32Array::from_iter_values((0..50_000).map(|i| i % 250));
        let batch = Batch::ones(vec![Arc::new(halves), Arc::new(others)]);
        assert_eq!(suspects(&batch), Some(vec![]));
        assert_eq!(suspects(&batch.project(&[0])).map(|all| all.len()), Some(50_000));
    }
}
