//! Values as bytes whose order is that of an ORDER BY.
//!
//! Numbers lie big-endian with the sign flipped, text with its zero bytes escaped and an end; a byte before each value says whether
//! it is NULL, and what descends is turned over. So no key is the beginning of another.

use deltaq_circuit::Batch;
use deltaq_circuit::arrays::{Values, View, var};

use super::By;
use super::order::{ByInterval, ByUuid, ByWideWord, ByWord, Order};
use crate::types::SqlType;

/// Appends the key of row `row` by `order`.
pub(super) fn encode(batch: &Batch, order: &[By<(usize, SqlType)>], row: usize, into: &mut Vec<u8>) {
    for by in order {
        let (column, ty) = by.key;
        let view = View::of(batch.column(column));
        if view.is_null(row) {
            into.push(if by.nulls_first { 0 } else { 2 });
            continue;
        }
        into.push(1);
        let start = into.len();
        value(&view, ty, row, into);
        if by.descending {
            into[start..].iter_mut().for_each(|byte| *byte = !*byte);
        }
    }
}

fn value(view: &View, ty: SqlType, row: usize, into: &mut Vec<u8>) {
    match (view.values, ty) {
        (Values::Bit(bits), _) => into.push(bits.value(row).into()),
        (Values::Var(offsets, data), _) => {
            for &byte in var(offsets, data, row) {
                into.push(byte);
                if byte == 0 {
                    into.push(1);
                }
            }
            into.extend([0, 0]);
        }
        // Of equal lengths, those of the same parts stand together.
        (Values::W16(_), SqlType::Interval) => {
            let (length, parts) = ByInterval::key(view, row);
            into.extend((length ^ i128::MIN).to_be_bytes());
            into.extend(parts);
        }
        (Values::W16(_), SqlType::Uuid) => into.extend(ByUuid::key(view, row).to_be_bytes()),
        (Values::W16(_), _) => into.extend(ByWideWord::key(view, row).to_be_bytes()),
        _ => into.extend(ByWord::key(view, row).to_be_bytes()),
    }
}
