//! Keys against rows: equal exactly where SQL groups rows together, and decoded to what they were made of.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array,
    StringArray,
};
use arrow_schema::DataType;
use deltaq_circuit::arrays::View;
use deltaq_circuit::keys::{KeyLayout, Keys};
use deltaq_circuit::trace::Groups;
use proptest::prelude::*;

/// A column of kind `kind` whose rows are numbers of a small pool: 0 is NULL.
fn column(kind: u8, rows: &[u8]) -> ArrayRef {
    let some = |row: &u8| (*row > 0).then_some(*row);
    let float = |n: u8| [0.0, -0.0, f64::NAN, -f64::NAN, 1.5, f64::INFINITY][n as usize % 6];
    match kind {
        0 => Arc::new(rows.iter().map(|r| some(r).map(|n| n % 2 == 0)).collect::<BooleanArray>()),
        1 => Arc::new(rows.iter().map(|r| some(r).map(|n| i16::from(n) - 3)).collect::<Int16Array>()),
        2 => Arc::new(rows.iter().map(|r| some(r).map(|n| i32::from(n) - 3)).collect::<Int32Array>()),
        3 => Arc::new(rows.iter().map(|r| some(r).map(|n| i64::from(n) - 3)).collect::<Int64Array>()),
        4 => Arc::new(rows.iter().map(|r| some(r).map(float)).collect::<Float64Array>()),
        5 => Arc::new(rows.iter().map(|r| some(r).map(|n| float(n) as f32)).collect::<Float32Array>()),
        6 => Arc::new(
            rows.iter()
                .map(|r| some(r).map(|n| i128::from(n) - 3))
                .collect::<Decimal128Array>()
                .with_data_type(DataType::Decimal128(20, 2)),
        ),
        _ => Arc::new(rows.iter().map(|r| some(r).map(|n| "é".repeat(n as usize - 1))).collect::<StringArray>()),
    }
}

/// Column kinds, and as many rows of numbers as columns; narrow, wide and text keys all come up.
fn tables() -> impl Strategy<Value = Vec<ArrayRef>> {
    let kinds = prop_oneof![
        prop::collection::vec(0u8..6, 1..4),
        prop::collection::vec(0u8..7, 1..5),
        prop::collection::vec(0u8..8, 1..10)
    ];
    (kinds, 1usize..30).prop_flat_map(|(kinds, len)| {
        let numbers = prop::collection::vec(prop::collection::vec(0u8..7, len), kinds.len());
        numbers.prop_map(move |n| kinds.iter().zip(&n).map(|(kind, rows)| column(*kind, rows)).collect())
    })
}

fn rows_equal(columns: &[ArrayRef], other: &[ArrayRef], a: usize, b: usize) -> bool {
    columns.iter().zip(other).all(|(x, y)| {
        let (x, y) = (View::of(x), View::of(y));
        match (x.is_null(a), y.is_null(b)) {
            (false, false) => x.equals(a, &y, b),
            (a, b) => a == b,
        }
    })
}

proptest! {
    #[test]
    fn keys_stand_for_rows(columns in tables()) {
        let len = columns[0].len();
        let types: Vec<DataType> = columns.iter().map(|c| c.data_type().clone()).collect();
        for layout in [KeyLayout::new(&types), KeyLayout::of_bytes(&types)] {
            let keys = layout.encode(&columns, len);
            let hashes = keys.hashes();
            for a in 0..len {
                for b in 0..len {
                    let same = keys.same(a, b);
                    prop_assert_eq!(same, rows_equal(&columns, &columns, a, b), "rows {} and {}", a, b);
                    prop_assert!(!same || hashes[a] == hashes[b]);
                }
            }
            let decoded = match &keys {
                Keys::Fixed(keys) => layout.decode_fixed(keys),
                Keys::Wide(keys) => layout.decode_fixed(keys),
                Keys::Bytes(keys) => layout.decode_bytes(&(0..len).map(|row| keys.get(row)).collect::<Vec<_>>()),
            };
            prop_assert!((0..len).all(|row| rows_equal(&columns, &decoded, row, row)));
            let mut groups = Groups::new(layout);
            let numbers = groups.assign(&keys);
            let gathered = groups.gather(&numbers);
            prop_assert!((0..len).all(|row| rows_equal(&columns, &gathered, row, row)));
            prop_assert!((0..len).all(|a| (0..len).all(|b| (numbers[a] == numbers[b]) == keys.same(a, b))));
        }
    }
}

#[test]
fn widths_are_chosen_by_the_columns() {
    use DataType::{Decimal128, Int16, Int32, Int64, Utf8};
    let kind = |types: &[DataType]| match KeyLayout::new(types)
        .encode(&types.iter().map(arrow_array::new_empty_array).collect::<Vec<_>>(), 0)
    {
        Keys::Fixed(_) => "fixed",
        Keys::Wide(_) => "wide",
        Keys::Bytes(_) => "bytes",
    };
    assert_eq!(kind(&[Int64, Int32, Int16]), "fixed");
    assert_eq!(kind(&[Int64, Int64]), "wide");
    assert_eq!(kind(&[Decimal128(10, 2), Int64, Int32]), "wide");
    assert_eq!(kind(&[Decimal128(10, 2), Decimal128(10, 2)]), "bytes");
    assert_eq!(kind(&[Int64, Utf8]), "bytes");
    assert_eq!(kind(&vec![Int16; 9]), "bytes");
}
