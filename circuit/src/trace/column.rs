//! One growing column of state: slots of fixed width, or bytes in an arena.

use arrow_array::ArrayRef;
use arrow_schema::DataType;

use std::cmp::Ordering;

use super::arena::Arena;
use crate::arrays::{self, Values, View, normal_f32, normal_f64, ordered_f32, ordered_f64};
use crate::picked::{self, Picked, PickedValues};

/// A column whose rows are slots: written in any order, overwritten when a slot is used again.
#[derive(Debug)]
pub(crate) struct Column {
    data_type: DataType,
    slots: Slots,
    /// Which slots hold NULL; absent while none does.
    nulls: Option<Vec<bool>>,
}

#[derive(Debug)]
enum Slots {
    W1(Vec<u8>),
    W2(Vec<u16>),
    W4(Vec<u32>),
    W8(Vec<u64>),
    W16(Vec<i128>),
    Var(Arena),
}

/// Writes values into `slots`: first into places that are there, then into those that follow the last, in their order.
pub(super) fn put<T>(to: &mut Vec<T>, slots: &[u32], mut values: impl Iterator<Item = T>) {
    let held = slots.partition_point(|slot| (*slot as usize) < to.len());
    debug_assert!(
        slots[held..].iter().zip(to.len()..).all(|(slot, next)| *slot as usize == next),
        "a place is left out"
    );
    slots[..held].iter().zip(values.by_ref()).for_each(|(slot, value)| to[*slot as usize] = value);
    to.extend(values);
}

/// The same of the values of some rows.
fn put_rows<T: Copy>(to: &mut Vec<T>, slots: &[u32], from: &[T], rows: &[u32]) {
    let follow = |rows: &[u32]| rows.iter().zip(rows[0]..).all(|(row, next)| *row == next);
    if !rows.is_empty() && slots[0] as usize == to.len() && follow(rows) {
        to.extend_from_slice(&from[rows[0] as usize..][..rows.len()]);
    } else {
        put(to, slots, rows.iter().map(|row| from[*row as usize]));
    }
}

impl Column {
    pub(crate) fn new(data_type: &DataType) -> Column {
        let slots = match arrays::width(data_type) {
            Some(1) => Slots::W1(Vec::new()),
            Some(2) => Slots::W2(Vec::new()),
            Some(4) => Slots::W4(Vec::new()),
            Some(8) => Slots::W8(Vec::new()),
            Some(_) => Slots::W16(Vec::new()),
            None => Slots::Var(Arena::default()),
        };
        Column { data_type: data_type.clone(), slots, nulls: None }
    }

    /// Writes row `rows[i]` of `array` into slot `slots[i]`: first into slots that are there, then into those that follow the last, in their order.
    /// `parts`: how many columns take their parts of the array's rows.
    pub(crate) fn write(&mut self, array: &ArrayRef, rows: &[u32], slots: &[u32], parts: usize) {
        let view = View::of(array);
        let pairs = || rows.iter().map(|r| *r as usize).zip(slots.iter().map(|s| *s as usize));
        let len = self.len();
        match (&mut self.slots, view.values) {
            (Slots::W1(to), Values::Bit(from)) => {
                put(to, slots, rows.iter().map(|r| u8::from(from.value(*r as usize))))
            }
            (Slots::W2(to), Values::W2(from)) => put_rows(to, slots, from, rows),
            (Slots::W4(to), Values::W4(from)) => put_rows(to, slots, from, rows),
            (Slots::W8(to), Values::W8(from)) => put_rows(to, slots, from, rows),
            (Slots::W16(to), Values::W16(from)) => {
                put(to, slots, rows.iter().map(|r| i128::from_le_bytes(from[*r as usize])));
            }
            (Slots::Var(arena), Values::Var(offsets, data)) => {
                let length =
                    |row: usize| if view.is_null(row) { 0 } else { (offsets[row + 1] - offsets[row]) as usize };
                let buffer = arrays::text_buffer(array);
                arena.reach(slots);
                if array.len() < rows.len() {
                    // Values that several slots hold are written once.
                    let mut written = vec![None; array.len()];
                    for (row, slot) in pairs() {
                        match written[row] {
                            Some(first) => arena.repeat(slot, first),
                            None => {
                                arena.set(slot, &data[offsets[row] as usize..][..length(row)]);
                                written[row] = Some(slot);
                            }
                        }
                    }
                } else if Arena::may_share(buffer, pairs().map(|(row, _)| length(row)).sum::<usize>() * parts) {
                    let segment = arena.share(buffer, parts);
                    pairs().for_each(|(row, slot)| arena.refer(slot, segment, offsets[row] as usize, length(row)));
                } else {
                    pairs().for_each(|(row, slot)| arena.set(slot, &data[offsets[row] as usize..][..length(row)]));
                }
            }
            _ => panic!("a column of {} into state of {}", array.data_type(), self.data_type),
        }
        if let Some(nulls) = view.nulls {
            let to = self.nulls.get_or_insert_with(|| vec![false; len]);
            put(to, slots, rows.iter().map(|r| nulls.is_null(*r as usize)));
        } else if let Some(to) = &mut self.nulls {
            put(to, slots, rows.iter().map(|_| false));
        }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.slots {
            Slots::W1(v) => v.len(),
            Slots::W2(v) => v.len(),
            Slots::W4(v) => v.len(),
            Slots::W8(v) => v.len(),
            Slots::W16(v) => v.len(),
            Slots::Var(arena) => arena.len(),
        }
    }

    /// Whether slot `slot` and row `row` of `view` are equal as SQL groups them.
    #[inline]
    pub(crate) fn equals(&self, slot: usize, view: &View, row: usize) -> bool {
        let null = self.nulls.as_ref().is_some_and(|n| n[slot]);
        if null || view.is_null(row) {
            return null && view.is_null(row);
        }
        match (&self.slots, view.values) {
            (Slots::W1(a), Values::Bit(b)) => a[slot] == u8::from(b.value(row)),
            (Slots::W2(a), Values::W2(b)) => a[slot] == b[row],
            (Slots::W4(a), Values::W4(b)) if view.float => normal_f32(a[slot]) == normal_f32(b[row]),
            (Slots::W4(a), Values::W4(b)) => a[slot] == b[row],
            (Slots::W8(a), Values::W8(b)) if view.float => normal_f64(a[slot]) == normal_f64(b[row]),
            (Slots::W8(a), Values::W8(b)) => a[slot] == b[row],
            (Slots::W16(a), Values::W16(b)) => a[slot].to_le_bytes() == b[row],
            (Slots::Var(a), Values::Var(offsets, data)) => a.get(slot) == arrays::var(offsets, data, row),
            _ => panic!("a column of another type than the state's {}", self.data_type),
        }
    }

    /// How two slots compare, ascending: numbers by size, NaN last, text and binary by bytes, intervals by length.
    #[inline]
    pub(crate) fn compare(&self, a: usize, b: usize, nulls_first: bool) -> Ordering {
        if let Some(nulls) = &self.nulls
            && (nulls[a] || nulls[b])
        {
            return if nulls_first { nulls[b].cmp(&nulls[a]) } else { nulls[a].cmp(&nulls[b]) };
        }
        match &self.slots {
            Slots::W1(v) => v[a].cmp(&v[b]),
            Slots::W2(v) => (v[a] as i16).cmp(&(v[b] as i16)),
            Slots::W4(v) if self.data_type == DataType::Float32 => ordered_f32(v[a]).cmp(&ordered_f32(v[b])),
            Slots::W4(v) => (v[a] as i32).cmp(&(v[b] as i32)),
            Slots::W8(v) if self.data_type == DataType::Float64 => ordered_f64(v[a]).cmp(&ordered_f64(v[b])),
            Slots::W8(v) => (v[a] as i64).cmp(&(v[b] as i64)),
            Slots::W16(v) => match self.data_type {
                DataType::Interval(_) => arrays::interval_length(v[a]).cmp(&arrays::interval_length(v[b])),
                DataType::FixedSizeBinary(_) => v[a].to_le_bytes().cmp(&v[b].to_le_bytes()),
                _ => v[a].cmp(&v[b]),
            },
            Slots::Var(arena) => arena.get(a).cmp(arena.get(b)),
        }
    }

    /// Reads a byte at each of `slots`, so that they are in the cache.
    pub(crate) fn touch(&self, slots: impl Iterator<Item = usize>) -> u8 {
        match &self.slots {
            Slots::W1(v) => slots.fold(0, |all, s| all ^ v[s]),
            Slots::W2(v) => slots.fold(0, |all, s| all ^ v[s] as u8),
            Slots::W4(v) => slots.fold(0, |all, s| all ^ v[s] as u8),
            Slots::W8(v) => slots.fold(0, |all, s| all ^ v[s] as u8),
            Slots::W16(v) => slots.fold(0, |all, s| all ^ v[s] as u8),
            Slots::Var(arena) => arena.touch(slots),
        }
    }

    /// The values at `slots`.
    pub(crate) fn gather(&self, slots: &[u32]) -> ArrayRef {
        let mut picked = Picked::new(&self.data_type, slots.len());
        self.pick(slots, &mut picked);
        picked.finish()
    }

    /// Adds the values at `slots` to a column.
    pub(crate) fn pick(&self, slots: &[u32], into: &mut Picked) {
        let at = || slots.iter().map(|slot| *slot as usize);
        match (&self.slots, &mut into.values) {
            (Slots::W1(v), PickedValues::W1(to)) => to.extend(at().map(|s| v[s] == 1)),
            (Slots::W2(v), PickedValues::W2(to)) => to.extend(at().map(|s| v[s])),
            (Slots::W4(v), PickedValues::W4(to)) => to.extend(at().map(|s| v[s])),
            (Slots::W8(v), PickedValues::W8(to)) => to.extend(at().map(|s| v[s])),
            (Slots::W16(v), PickedValues::W16(to)) => to.extend(at().map(|s| v[s])),
            (Slots::Var(arena), PickedValues::Var { ends, data }) => {
                picked::extend(ends, data, at().map(|s| arena.get(s)));
            }
            _ => panic!("state of {} into a column of another type", self.data_type),
        }
        match &self.nulls {
            Some(nulls) => into.grew(slots.len(), |nth| nulls[slots[nth] as usize]),
            None => into.grew(slots.len(), |_| false),
        }
    }

    /// Notes that a slot is free.
    pub(crate) fn free(&mut self, slot: usize) {
        if let Slots::Var(arena) = &mut self.slots {
            arena.free(slot);
        }
    }

    /// Gives back the bytes of freed slots where they outweigh the live ones.
    pub(crate) fn reclaim(&mut self) {
        if let Slots::Var(arena) = &mut self.slots {
            arena.reclaim();
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.nulls.as_ref().map_or(0, Vec::capacity)
            + match &self.slots {
                Slots::W1(v) => v.capacity(),
                Slots::W2(v) => v.capacity() * 2,
                Slots::W4(v) => v.capacity() * 4,
                Slots::W8(v) => v.capacity() * 8,
                Slots::W16(v) => v.capacity() * 16,
                Slots::Var(arena) => arena.bytes(),
            }
    }
}
