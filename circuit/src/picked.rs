//! A column made of values picked from several places, each value copied once.

use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_schema::DataType;

use crate::arrays::{self, Values, View};

/// A column that grows by values of arrays and of state.
#[derive(Debug)]
pub struct Picked {
    data_type: DataType,
    len: usize,
    pub(crate) values: PickedValues,
    /// Which values are NULL; absent while none is.
    nulls: Option<Vec<bool>>,
}

#[derive(Debug)]
pub(crate) enum PickedValues {
    W1(Vec<bool>),
    W2(Vec<u16>),
    W4(Vec<u32>),
    W8(Vec<u64>),
    W16(Vec<i128>),
    Var { ends: Vec<i32>, data: Vec<u8> },
}

impl Picked {
    /// An empty column with room for `rows` values.
    pub fn new(data_type: &DataType, rows: usize) -> Picked {
        let values = match arrays::width(data_type) {
            Some(1) => PickedValues::W1(Vec::with_capacity(rows)),
            Some(2) => PickedValues::W2(Vec::with_capacity(rows)),
            Some(4) => PickedValues::W4(Vec::with_capacity(rows)),
            Some(8) => PickedValues::W8(Vec::with_capacity(rows)),
            Some(_) => PickedValues::W16(Vec::with_capacity(rows)),
            None => {
                let mut ends = Vec::with_capacity(rows + 1);
                ends.push(0);
                PickedValues::Var { ends, data: Vec::new() }
            }
        };
        Picked { data_type: data_type.clone(), len: 0, values, nulls: None }
    }

    /// Adds the values of `array` at `rows`.
    pub fn push(&mut self, array: &ArrayRef, rows: &[u32]) {
        let view = View::of(array);
        let at = || rows.iter().map(|row| *row as usize);
        match (&mut self.values, view.values) {
            (PickedValues::W1(to), Values::Bit(from)) => to.extend(at().map(|row| from.value(row))),
            (PickedValues::W2(to), Values::W2(from)) => to.extend(at().map(|row| from[row])),
            (PickedValues::W4(to), Values::W4(from)) => to.extend(at().map(|row| from[row])),
            (PickedValues::W8(to), Values::W8(from)) => to.extend(at().map(|row| from[row])),
            (PickedValues::W16(to), Values::W16(from)) => to.extend(at().map(|row| i128::from_le_bytes(from[row]))),
            (PickedValues::Var { ends, data }, Values::Var(offsets, bytes)) => {
                let value = |row: usize| if view.is_null(row) { &[] } else { arrays::var(offsets, bytes, row) };
                extend(ends, data, at().map(value));
            }
            _ => panic!("values of {} into a column of {}", array.data_type(), self.data_type),
        }
        self.grew(rows.len(), |nth| view.is_null(rows[nth] as usize));
    }

    /// Adds all values of `array`.
    pub fn push_all(&mut self, array: &ArrayRef) {
        let view = View::of(array);
        let len = array.len();
        match (&mut self.values, view.values) {
            (PickedValues::W1(to), Values::Bit(from)) => to.extend(from),
            (PickedValues::W2(to), Values::W2(from)) => to.extend_from_slice(from),
            (PickedValues::W4(to), Values::W4(from)) => to.extend_from_slice(from),
            (PickedValues::W8(to), Values::W8(from)) => to.extend_from_slice(from),
            (PickedValues::W16(to), Values::W16(from)) => to.extend(from.iter().map(|v| i128::from_le_bytes(*v))),
            (PickedValues::Var { ends, data }, Values::Var(offsets, bytes)) => {
                let bytes = &bytes[offsets[0] as usize..offsets[len] as usize];
                let end = i32::try_from(data.len() + bytes.len()).unwrap_or_else(|_| panic!("{TOO_LONG}"));
                let shift = end - offsets[len];
                ends.extend(offsets[1..].iter().map(|end| end + shift));
                data.extend_from_slice(bytes);
            }
            _ => panic!("values of {} into a column of {}", array.data_type(), self.data_type),
        }
        self.grew(len, |row| view.is_null(row));
    }

    /// Notes that `count` values came, and which of them are NULL.
    pub(crate) fn grew(&mut self, count: usize, is_null: impl Fn(usize) -> bool) {
        let before = self.len;
        self.len += count;
        if let Some(nulls) = &mut self.nulls {
            nulls.extend((0..count).map(&is_null));
        } else if (0..count).any(&is_null) {
            let mut nulls = vec![false; before];
            nulls.extend((0..count).map(&is_null));
            self.nulls = Some(nulls);
        }
    }

    /// The column.
    pub fn finish(self) -> ArrayRef {
        let nulls = self.nulls.map(|nulls| NullBuffer::new(BooleanBuffer::collect_bool(self.len, |row| !nulls[row])));
        match self.values {
            PickedValues::W1(v) => std::sync::Arc::new(BooleanArray::new(v.into(), nulls)),
            PickedValues::W2(v) => arrays::fixed(&self.data_type, Buffer::from_vec(v), nulls),
            PickedValues::W4(v) => arrays::fixed(&self.data_type, Buffer::from_vec(v), nulls),
            PickedValues::W8(v) => arrays::fixed(&self.data_type, Buffer::from_vec(v), nulls),
            PickedValues::W16(v) => arrays::fixed(&self.data_type, Buffer::from_vec(v), nulls),
            PickedValues::Var { ends, data } => arrays::variable(&self.data_type, ends, data, nulls),
        }
    }
}

const TOO_LONG: &str = "a column of more than 2 GiB of text in one step";

/// Appends values of any length. Room is made once.
pub(crate) fn extend<'a>(ends: &mut Vec<i32>, data: &mut Vec<u8>, values: impl Iterator<Item = &'a [u8]> + Clone) {
    data.reserve(values.clone().map(<[u8]>::len).sum());
    for value in values {
        data.extend_from_slice(value);
        ends.push(i32::try_from(data.len()).unwrap_or_else(|_| panic!("{TOO_LONG}")));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{BooleanArray, Int32Array, StringArray};

    use super::*;

    #[test]
    fn values_stand_in_the_order_they_were_picked() {
        let first: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("ccc")]));
        let second: ArrayRef = Arc::new(StringArray::from(vec!["d", "ee"]));
        let mut picked = Picked::new(&DataType::Utf8, 4);
        picked.push(&second, &[1, 1]);
        picked.push(&first, &[2, 1]);
        let expected: ArrayRef = Arc::new(StringArray::from(vec![Some("ee"), Some("ee"), Some("ccc"), None]));
        assert_eq!(&picked.finish(), &expected);

        let numbers: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
        let mut picked = Picked::new(&DataType::Int32, 0);
        picked.push(&numbers, &[1]);
        picked.push(&numbers, &[0, 0]);
        let expected: ArrayRef = Arc::new(Int32Array::from(vec![None, Some(1), Some(1)]));
        assert_eq!(&picked.finish(), &expected);

        let bits: ArrayRef = Arc::new(BooleanArray::from(vec![true, false]));
        let mut picked = Picked::new(&DataType::Boolean, 1);
        picked.push(&bits, &[1, 0, 0]);
        let expected: ArrayRef = Arc::new(BooleanArray::from(vec![false, true, true]));
        assert_eq!(&picked.finish(), &expected);
        assert!(Picked::new(&DataType::Int64, 3).finish().is_empty());
    }
}
