//! The batch codec: what was written is read back, from wherever it lies; anything else is an error and no panic.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, StringArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_schema::{DataType, IntervalUnit, TimeUnit};
use deltaq_circuit::{Batch, Weights, arrays, codec};
use proptest::prelude::*;

fn types() -> Vec<DataType> {
    use DataType::*;
    vec![
        Boolean,
        Int16,
        Int32,
        Int64,
        Float32,
        Float64,
        Date32,
        Utf8,
        Binary,
        Decimal128(10, 2),
        Decimal128(38, -3),
        Time64(TimeUnit::Microsecond),
        Timestamp(TimeUnit::Microsecond, None),
        Timestamp(TimeUnit::Microsecond, Some("Europe/Zürich".into())),
        Interval(IntervalUnit::MonthDayNano),
        FixedSizeBinary(16),
    ]
}

/// One value of any type: its bytes, and text where it is text.
type Cell = Option<([u8; 16], String)>;

fn column(data_type: &DataType, cells: &[Cell]) -> ArrayRef {
    let valid = BooleanBuffer::from_iter(cells.iter().map(Option::is_some));
    let nulls = Some(NullBuffer::new(valid)).filter(|n| n.null_count() > 0);
    let bytes = |cell: &Cell| cell.as_ref().map_or([0xAA; 16], |c| c.0);
    let text = |cell: &Cell| cell.as_ref().map_or_else(String::new, |c| c.1.clone());
    match arrays::width(data_type) {
        Some(1) => {
            let bits = BooleanBuffer::from_iter(cells.iter().map(|c| bytes(c)[0] & 1 == 1));
            Arc::new(BooleanArray::new(bits, nulls))
        }
        Some(width) => {
            let values: Vec<u8> = cells.iter().flat_map(|c| bytes(c)[..width].to_vec()).collect();
            arrays::fixed(data_type, Buffer::from(values.as_slice()), nulls)
        }
        None => {
            let mut offsets = vec![0];
            let mut data = Vec::new();
            for cell in cells {
                data.extend_from_slice(text(cell).as_bytes());
                offsets.push(data.len() as i32);
            }
            arrays::variable(data_type, offsets, data, nulls)
        }
    }
}

fn cell() -> impl Strategy<Value = Cell> {
    prop::option::weighted(0.8, (any::<[u8; 16]>(), "[a-zäß€🦀 ]{0,12}"))
}

/// A batch of any types, weights and NULLs, often a slice of a larger one.
fn batches() -> impl Strategy<Value = Batch> {
    (0..70usize, 0..6usize).prop_flat_map(|(rows, columns)| {
        let spec = (prop::sample::select(types()), prop::collection::vec(cell(), rows), any::<bool>());
        let weights = prop::option::of(prop::collection::vec(-3..4i64, rows));
        let slice = (0..=rows).prop_flat_map(move |from| (Just(from), 0..=rows - from));
        (prop::collection::vec(spec, columns), weights, slice).prop_map(move |(columns, weights, (from, len))| {
            let columns = columns.into_iter().map(|(data_type, mut cells, dense)| {
                if dense {
                    cells.iter_mut().for_each(|c| _ = c.get_or_insert_with(|| ([1; 16], "dense".into())));
                }
                column(&data_type, &cells)
            });
            let weights = weights.map_or(Weights::Ones, |w| Weights::Each(w.into()));
            let batch = Batch::with_len(columns.collect(), weights, rows);
            if len == 0 { batch } else { batch.slice(from, len) }
        })
    })
}

fn assert_same(read: &Batch, written: &Batch) {
    assert_eq!(read.len(), written.len());
    assert_eq!(read.columns(), written.columns());
    assert_eq!(read.is_consolidated(), written.is_consolidated());
    match (read.weights(), written.weights()) {
        (Weights::Ones, Weights::Ones) => {}
        (Weights::Each(a), Weights::Each(b)) => assert_eq!(a, b),
        (a, b) => panic!("weights {a:?}, written as {b:?}"),
    }
}

/// `bytes`, at `offset` bytes from an aligned address.
fn at_offset(bytes: &[u8], offset: usize) -> Buffer {
    let mut shifted = vec![0xFF; offset];
    shifted.extend_from_slice(bytes);
    shifted.extend_from_slice(&[0xFF; 3]);
    Buffer::from(shifted.as_slice()).slice_with_length(offset, bytes.len())
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(batch in batches(), offset in 0..33usize) {
        let bytes = codec::to_bytes(&batch);
        prop_assert_eq!(bytes.len() % codec::ALIGNMENT, 0);
        let read = codec::decode(&at_offset(&bytes, offset)).unwrap_or_else(|error| panic!("{error}"));
        assert_same(&read, &batch);
        prop_assert_eq!(codec::to_bytes(&read), bytes, "the bytes of a batch are the same wherever it was sliced from");
    }

    #[test]
    fn a_consolidated_batch_stays_so(batch in batches()) {
        let batch = batch.consolidate();
        let read = codec::decode(&at_offset(&codec::to_bytes(&batch), 0)).unwrap_or_else(|error| panic!("{error}"));
        assert_same(&read, &batch);
    }

    #[test]
    fn damaged_bytes_never_panic(
        batch in batches(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        early in any::<bool>(),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut bytes = codec::to_bytes(&batch);
        // Half of the time only the header, where damage does most.
        let reach = if early { bytes.len().min(64) } else { bytes.len() };
        damage.iter().for_each(|(at, value)| bytes[at.index(reach)] = *value);
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        match codec::decode(&at_offset(&bytes, 8)) {
            Err(error) => prop_assert!(error.is_corrupt()),
            Ok(batch) => {
                // Whatever it holds now can be looked at.
                let all: Vec<usize> = (0..batch.columns().len()).collect();
                if !all.is_empty() {
                    batch.layout(&all).encode(batch.columns(), batch.len()).hashes();
                }
                codec::to_bytes(&batch);
                let _ = format!("{:?}", batch.columns());
            }
        }
    }
}

#[test]
fn columns_point_into_the_bytes() -> Result<(), deltaq_circuit::Error> {
    let cells: Vec<Cell> = (0..100u8).map(|i| Some(([i; 16], format!("text {i}")))).collect();
    let batch = Batch::ones(types().iter().map(|t| column(t, &cells)).collect());
    let bytes = at_offset(&codec::to_bytes(&batch), 0);
    let read = codec::decode(&bytes)?;
    let range = bytes.as_slice().as_ptr_range();
    for column in read.columns() {
        for buffer in column.to_data().buffers() {
            assert!(range.contains(&buffer.as_ptr()), "a buffer of {} was copied", column.data_type());
        }
    }
    Ok(())
}

#[test]
fn a_slice_is_written_without_the_rest() {
    let long = "x".repeat(1_000);
    let batch = Batch::ones(vec![Arc::new(StringArray::from_iter_values((0..1_000).map(|_| &long))) as ArrayRef]);
    let bytes = codec::to_bytes(&batch.slice(500, 1));
    assert!(bytes.len() < 1_200, "one row of a large batch took {} bytes", bytes.len());
}

/// The batch of `golden/batch-v1.bin`.
fn golden() -> Batch {
    let cells: Vec<Cell> = (0..5u8)
        .map(|i| (i != 3).then(|| ([i, 1, 0, 0, 0, 0, 0, 0, i, 0, 0, 0, 0, 0, 0, 0], format!("row {i} ß"))))
        .collect();
    let columns: Vec<ArrayRef> = types().iter().map(|t| column(t, &cells)).collect();
    Batch::weighted(columns, vec![1, -1, 2, 5, i64::MIN])
}

/// `DELTAQ_UPDATE=1 cargo test -p deltaq-circuit --test codec` writes the file anew, for a new version.
#[test]
fn the_format_has_not_changed() -> Result<(), Box<dyn std::error::Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/batch-v1.bin");
    if std::env::var_os("DELTAQ_UPDATE").is_some() {
        std::fs::write(path, codec::to_bytes(&golden()))?;
    }
    let bytes = std::fs::read(path)?;
    assert_same(&codec::decode(&Buffer::from(bytes.as_slice()))?, &golden());
    assert_eq!(codec::to_bytes(&golden()), bytes, "a change of the format needs a new version");
    Ok(())
}
