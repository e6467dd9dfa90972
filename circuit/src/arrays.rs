//! Physical views of Arrow arrays: the few shapes in which any column lies in memory.
//!
//! State, key encoding and gathers work on these shapes, so they need one loop a width and not one a SQL type.

use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, ArrowNativeTypeOp, BinaryArray, BooleanArray, FixedSizeBinaryArray, PrimitiveArray, StringArray,
    UInt32Array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, IntervalUnit, TimeUnit};

/// Values of one column as they lie in memory.
#[derive(Clone, Copy)]
pub enum Values<'a> {
    /// Booleans, a bit each.
    Bit(&'a BooleanBuffer),
    /// 16-bit integers.
    W2(&'a [u16]),
    /// 32-bit integers, floats and dates.
    W4(&'a [u32]),
    /// 64-bit integers, floats, times and timestamps.
    W8(&'a [u64]),
    /// Decimals, intervals and UUIDs, little-endian bytes.
    W16(&'a [[u8; 16]]),
    /// Text and binary: offsets into bytes.
    Var(&'a [i32], &'a [u8]),
}

/// One column: values and which of them are NULL.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The values; what stands at a NULL's place is arbitrary.
    pub values: Values<'a>,
    /// The validity bitmap, absent where no value is NULL.
    pub nulls: Option<&'a NullBuffer>,
    /// Whether values are floats of this width: their keys are normalised.
    pub float: bool,
}

/// Whether `data_type` is one of the column types the engine stores.
pub fn is_supported(data_type: &DataType) -> bool {
    use DataType::*;
    matches!(
        data_type,
        Boolean
            | Int16
            | Int32
            | Int64
            | Float32
            | Float64
            | Date32
            | Utf8
            | Binary
            | Decimal128(_, _)
            | Time64(TimeUnit::Microsecond)
            | Timestamp(TimeUnit::Microsecond, _)
            | Interval(IntervalUnit::MonthDayNano)
            | FixedSizeBinary(16)
    )
}

/// Bytes of one value, for types of fixed width.
pub fn width(data_type: &DataType) -> Option<usize> {
    use DataType::*;
    match data_type {
        Boolean => Some(1),
        Int16 => Some(2),
        Int32 | Float32 | Date32 => Some(4),
        Int64 | Float64 | Time64(_) | Timestamp(_, _) => Some(8),
        Decimal128(_, _) | Interval(_) | FixedSizeBinary(16) => Some(16),
        _ => None,
    }
}

impl<'a> View<'a> {
    /// Looks at `array`. O(1).
    ///
    /// # Panics
    /// If the type is not [supported](is_supported); tables admit no other.
    pub fn of(array: &'a ArrayRef) -> View<'a> {
        fn prim<T: ArrowPrimitiveType>(array: &ArrayRef) -> &Buffer {
            array.as_primitive::<T>().values().inner()
        }
        use DataType::*;
        let mut float = false;
        let values = match array.data_type() {
            Boolean => Values::Bit(array.as_boolean().values()),
            Int16 => Values::W2(prim::<Int16Type>(array).typed_data()),
            Int32 => Values::W4(prim::<Int32Type>(array).typed_data()),
            Date32 => Values::W4(prim::<Date32Type>(array).typed_data()),
            Float32 => {
                float = true;
                Values::W4(prim::<Float32Type>(array).typed_data())
            }
            Int64 => Values::W8(prim::<Int64Type>(array).typed_data()),
            Float64 => {
                float = true;
                Values::W8(prim::<Float64Type>(array).typed_data())
            }
            Time64(_) => Values::W8(prim::<Time64MicrosecondType>(array).typed_data()),
            Timestamp(_, _) => Values::W8(prim::<TimestampMicrosecondType>(array).typed_data()),
            Decimal128(_, _) => Values::W16(prim::<Decimal128Type>(array).as_slice().as_chunks().0),
            Interval(_) => Values::W16(prim::<IntervalMonthDayNanoType>(array).as_slice().as_chunks().0),
            FixedSizeBinary(16) => Values::W16(array.as_fixed_size_binary().value_data().as_chunks().0),
            Utf8 => {
                let text = array.as_string::<i32>();
                Values::Var(text.value_offsets(), text.value_data())
            }
            Binary => {
                let bytes = array.as_binary::<i32>();
                Values::Var(bytes.value_offsets(), bytes.value_data())
            }
            other => panic!("no column of type {other} is stored"),
        };
        View { values, nulls: array.nulls().filter(|n| n.null_count() > 0), float }
    }

    /// Whether the values of two rows, neither NULL, are equal as SQL groups them. Both views must be of one type.
    #[inline]
    pub fn equals(&self, row: usize, other: &View, at: usize) -> bool {
        match (self.values, other.values) {
            (Values::Bit(a), Values::Bit(b)) => a.value(row) == b.value(at),
            (Values::W2(a), Values::W2(b)) => a[row] == b[at],
            (Values::W4(a), Values::W4(b)) if self.float => normal_f32(a[row]) == normal_f32(b[at]),
            (Values::W4(a), Values::W4(b)) => a[row] == b[at],
            (Values::W8(a), Values::W8(b)) if self.float => normal_f64(a[row]) == normal_f64(b[at]),
            (Values::W8(a), Values::W8(b)) => a[row] == b[at],
            (Values::W16(a), Values::W16(b)) => a[row] == b[at],
            (Values::Var(ao, ad), Values::Var(bo, bd)) => var(ao, ad, row) == var(bo, bd, at),
            _ => panic!("columns of two types compared"),
        }
    }

    /// Whether row `row` is NULL.
    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        self.nulls.is_some_and(|n| n.is_null(row))
    }
}

/// Text or bytes of row `row` of a variable-width column.
#[inline]
pub fn var<'a>(offsets: &[i32], data: &'a [u8], row: usize) -> &'a [u8] {
    &data[offsets[row] as usize..offsets[row + 1] as usize]
}

/// The column with 0.0 in the place of −0.0: equal floats in columns are to be the same row. Cost: a look at each float.
pub fn one_zero(column: ArrayRef) -> ArrayRef {
    fn without<T: ArrowPrimitiveType>(column: ArrayRef, negative: T::Native) -> ArrayRef
    where
        T::Native: std::ops::Add<Output = T::Native>,
    {
        let floats = column.as_primitive::<T>();
        // By their bits: −0 is another than 0. All are looked at, whatever the first ones are: that is many at a time.
        let any = floats.values().iter().fold(false, |any, value| any | value.is_eq(negative));
        if any { Arc::new(floats.unary::<_, T>(|value| value + T::Native::default())) } else { column }
    }
    match column.data_type() {
        DataType::Float32 => without::<Float32Type>(column, -0.0),
        DataType::Float64 => without::<Float64Type>(column, -0.0),
        _ => column,
    }
}

/// The same float for all that compare equal: one NaN, and 0.0 for −0.0.
#[inline]
pub fn normal_f64(bits: u64) -> u64 {
    let value = f64::from_bits(bits);
    if value.is_nan() {
        f64::NAN.to_bits()
    } else if value == 0.0 {
        0
    } else {
        bits
    }
}

/// As [`normal_f64`], for 32 bits.
#[inline]
pub fn normal_f32(bits: u32) -> u32 {
    let value = f32::from_bits(bits);
    if value.is_nan() {
        f32::NAN.to_bits()
    } else if value == 0.0 {
        0
    } else {
        bits
    }
}

/// The bits of a float as an integer of the same order, NaN last and −0.0 with 0.0.
#[inline]
pub fn ordered_f64(bits: u64) -> u64 {
    let bits = normal_f64(bits);
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// As [`ordered_f64`], for 32 bits.
#[inline]
pub fn ordered_f32(bits: u32) -> u32 {
    let bits = normal_f32(bits);
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

/// The length in nanoseconds of an interval, given as it lies in memory: a month is 30 days, a day 24 hours, as PostgreSQL compares them.
#[inline]
pub fn interval_length(raw: i128) -> i128 {
    let (months, days, nanos) = (raw as i32, (raw >> 32) as i32, (raw >> 64) as i64);
    (i128::from(months) * 30 + i128::from(days)) * 86_400_000_000_000 + i128::from(nanos)
}

/// An array of `data_type` over the bytes of `buffer`: native values, 2, 4, 8 or 16 bytes wide.
///
/// # Panics
/// If the type is not of such a width.
pub fn fixed(data_type: &DataType, buffer: Buffer, nulls: Option<NullBuffer>) -> ArrayRef {
    fn prim<T: ArrowPrimitiveType>(data_type: &DataType, buffer: Buffer, nulls: Option<NullBuffer>) -> ArrayRef {
        Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(buffer), nulls).with_data_type(data_type.clone()))
    }
    use DataType::*;
    match data_type {
        Int16 => prim::<Int16Type>(data_type, buffer, nulls),
        Int32 => prim::<Int32Type>(data_type, buffer, nulls),
        Date32 => prim::<Date32Type>(data_type, buffer, nulls),
        Float32 => prim::<Float32Type>(data_type, buffer, nulls),
        Int64 => prim::<Int64Type>(data_type, buffer, nulls),
        Float64 => prim::<Float64Type>(data_type, buffer, nulls),
        Time64(_) => prim::<Time64MicrosecondType>(data_type, buffer, nulls),
        Timestamp(_, _) => prim::<TimestampMicrosecondType>(data_type, buffer, nulls),
        Decimal128(_, _) => prim::<Decimal128Type>(data_type, buffer, nulls),
        Interval(_) => prim::<IntervalMonthDayNanoType>(data_type, buffer, nulls),
        FixedSizeBinary(16) => Arc::new(FixedSizeBinaryArray::new(16, buffer, nulls)),
        other => panic!("{other} is not of fixed width"),
    }
}

/// An array of `data_type` (text or binary) over `offsets` and `data`.
///
/// # Panics
/// If the bytes of a text column are not UTF-8, or the type is neither text nor binary.
pub fn variable(data_type: &DataType, offsets: Vec<i32>, data: Vec<u8>, nulls: Option<NullBuffer>) -> ArrayRef {
    let offsets = OffsetBuffer::new(offsets.into());
    match data_type {
        DataType::Utf8 => Arc::new(StringArray::new(offsets, Buffer::from_vec(data), nulls)),
        DataType::Binary => Arc::new(BinaryArray::new(offsets, Buffer::from_vec(data), nulls)),
        other => panic!("{other} is neither text nor binary"),
    }
}

/// The buffer in which the values of a text or binary column lie.
///
/// # Panics
/// If the type is neither.
pub fn text_buffer(array: &ArrayRef) -> &Buffer {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().values(),
        DataType::Binary => array.as_binary::<i32>().values(),
        other => panic!("{other} is neither text nor binary"),
    }
}

/// The array of no rows of `data_type`.
pub fn empty(data_type: &DataType) -> ArrayRef {
    arrow_array::new_empty_array(data_type)
}

/// The values of `array` at `indices`.
pub fn take(array: &ArrayRef, indices: &UInt32Array) -> ArrayRef {
    let view = View::of(array);
    let at = indices.values();
    let nulls =
        view.nulls.map(|n| NullBuffer::new(BooleanBuffer::collect_bool(at.len(), |i| n.is_valid(at[i] as usize))));
    match view.values {
        Values::W2(v) => fixed(array.data_type(), gather(v, at).into(), nulls),
        Values::W4(v) => fixed(array.data_type(), gather(v, at).into(), nulls),
        Values::W8(v) => fixed(array.data_type(), gather(v, at).into(), nulls),
        Values::W16(v) => {
            let values: Vec<i128> = at.iter().map(|&i| i128::from_le_bytes(v[i as usize])).collect();
            fixed(array.data_type(), Buffer::from_vec(values), nulls)
        }
        Values::Bit(v) => {
            Arc::new(BooleanArray::new(BooleanBuffer::collect_bool(at.len(), |i| v.value(at[i] as usize)), nulls))
        }
        Values::Var(_, _) => {
            arrow_select::take::take(array, indices, None).unwrap_or_else(|error| panic!("take within bounds: {error}"))
        }
    }
}

fn gather<T: arrow_buffer::ArrowNativeType>(values: &[T], at: &[u32]) -> Vec<T> {
    at.iter().map(|&i| values[i as usize]).collect()
}

/// All values of `arrays`, which must be of one type.
pub fn concat(arrays: &[&dyn Array]) -> ArrayRef {
    arrow_select::concat::concat(arrays).unwrap_or_else(|error| panic!("concat of one type: {error}"))
}

/// `len` times the only value of `one`.
pub fn repeat(one: &ArrayRef, len: usize) -> ArrayRef {
    if len == 1 {
        return Arc::clone(one);
    }
    take(one, &UInt32Array::from(vec![0; len]))
}

/// A column of `len` NULLs.
pub fn nulls(data_type: &DataType, len: usize) -> ArrayRef {
    arrow_array::new_null_array(data_type, len)
}

/// Bits as a boolean array without NULLs.
pub fn bits(buffer: BooleanBuffer) -> ArrayRef {
    Arc::new(BooleanArray::new(buffer, None))
}

/// A binary column of `values`.
pub fn binary<'a>(values: impl Iterator<Item = &'a [u8]>) -> ArrayRef {
    let mut builder = BinaryBuilder::new();
    values.for_each(|v| builder.append_value(v));
    Arc::new(builder.finish())
}

/// Which rows of `a` and `b`, two columns of one type and length, differ as SQL groups values: NULL equals NULL.
pub fn differ(a: &ArrayRef, b: &ArrayRef, into: &mut [bool]) {
    let (left, right) = (View::of(a), View::of(b));
    fn each<T: PartialEq + Copy>(a: &[T], b: &[T], into: &mut [bool]) {
        into.iter_mut().zip(a.iter().zip(b)).for_each(|(d, (a, b))| *d |= a != b);
    }
    if left.nulls.is_some() || right.nulls.is_some() {
        for (row, differs) in into.iter_mut().enumerate() {
            *differs |= match (left.is_null(row), right.is_null(row)) {
                (false, false) => !left.equals(row, &right, row),
                (a, b) => a != b,
            };
        }
        return;
    }
    match (left.values, right.values) {
        (Values::W2(a), Values::W2(b)) => each(a, b, into),
        (Values::W4(a), Values::W4(b)) if !left.float => each(a, b, into),
        (Values::W8(a), Values::W8(b)) if !left.float => each(a, b, into),
        (Values::W16(a), Values::W16(b)) => each(a, b, into),
        _ => into.iter_mut().enumerate().for_each(|(row, d)| *d |= !left.equals(row, &right, row)),
    }
}

/// Whether all values are the same to the bit, and none is NULL. Looks no further than the first that differs.
pub fn is_constant(array: &ArrayRef) -> bool {
    fn same<T: PartialEq>(values: &[T]) -> bool {
        values.is_empty() || values[1..] == values[..values.len() - 1]
    }
    let View { values, nulls: None, .. } = View::of(array) else { return false };
    match values {
        Values::Bit(bits) => [0, bits.len()].contains(&bits.count_set_bits()),
        Values::W2(values) => same(values),
        Values::W4(values) => same(values),
        Values::W8(values) => same(values),
        Values::W16(values) => same(values),
        Values::Var(offsets, data) => {
            let rows = offsets.len() - 1;
            if rows < 2 {
                return true;
            }
            let first = var(offsets, data, 0);
            // Each text is compared with the one before it, all at once.
            let all = &data[offsets[0] as usize..offsets[rows] as usize];
            first == var(offsets, data, rows - 1)
                && offsets.windows(2).all(|ends| (ends[1] - ends[0]) as usize == first.len())
                && all[first.len()..] == all[..all.len() - first.len()]
        }
    }
}

/// `a` at `rows_a`, then `b` at `rows_b`: two gathers into one column.
pub fn take_both(a: &ArrayRef, rows_a: &[u32], b: &ArrayRef, rows_b: &[u32]) -> ArrayRef {
    fn both<T: arrow_buffer::ArrowNativeType>(a: &[T], ra: &[u32], b: &[T], rb: &[u32]) -> Buffer {
        let mut values: Vec<T> = Vec::with_capacity(ra.len() + rb.len());
        values.extend(ra.iter().map(|&i| a[i as usize]));
        values.extend(rb.iter().map(|&i| b[i as usize]));
        Buffer::from_vec(values)
    }
    let (left, right) = (View::of(a), View::of(b));
    if left.nulls.is_none() && right.nulls.is_none() {
        match (left.values, right.values) {
            (Values::W2(x), Values::W2(y)) => return fixed(a.data_type(), both(x, rows_a, y, rows_b), None),
            (Values::W4(x), Values::W4(y)) => return fixed(a.data_type(), both(x, rows_a, y, rows_b), None),
            (Values::W8(x), Values::W8(y)) => return fixed(a.data_type(), both(x, rows_a, y, rows_b), None),
            _ => {}
        }
    }
    let (a, b) = (take(a, &UInt32Array::from(rows_a.to_vec())), take(b, &UInt32Array::from(rows_b.to_vec())));
    match (a.is_empty(), b.is_empty()) {
        (true, _) => b,
        (_, true) => a,
        _ => concat(&[&a, &b]),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{BooleanArray, Float64Array, Int64Array, StringArray};

    use super::*;

    #[test]
    fn a_column_of_one_value_is_constant() {
        let texts = |texts: &[&str]| Arc::new(StringArray::from(texts.to_vec())) as ArrayRef;
        let constant: [ArrayRef; 8] = [
            Arc::new(Int64Array::from(vec![7; 9])),
            Arc::new(Int64Array::from(vec![1, 7, 7, 2]).slice(1, 2)),
            Arc::new(Float64Array::from(vec![f64::NAN; 3])),
            Arc::new(BooleanArray::from(vec![false; 70])),
            texts(&["2024-01-01"; 50]),
            texts(&["x", "day", "day", "days"]).slice(1, 2),
            texts(&["", "", ""]),
            texts(&[]),
        ];
        constant.iter().for_each(|column| assert!(is_constant(column), "{column:?}"));
        let others: [ArrayRef; 9] = [
            Arc::new(Int64Array::from(vec![7, 7, 8])),
            Arc::new(Int64Array::from(vec![None, None])),
            Arc::new(Int64Array::from(vec![Some(7), None, Some(7)])),
            Arc::new(Float64Array::from(vec![0.0, -0.0])),
            Arc::new(BooleanArray::from(vec![true, false])),
            texts(&["aa", "ab", "aa"]),
            // The same bytes, cut elsewhere.
            texts(&["aa", "a", "aaa", "aa"]),
            texts(&["", "a", ""]),
            texts(&["a", "", "a"]),
        ];
        others.iter().for_each(|column| assert!(!is_constant(column), "{column:?}"));
    }
}
