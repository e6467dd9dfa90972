//! How MIN and MAX order values of each type, and what they keep of them.

use arrow_array::ArrayRef;
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_schema::DataType;
use deltaq_circuit::Weight;
use deltaq_circuit::arrays::{self, Values, View, normal_f32, normal_f64, var};

use super::take;

/// How values of some types are ordered and stored.
pub(super) trait Order: Send + 'static {
    type Key: Ord + Clone + Send;

    fn key(view: &View, row: usize) -> Self::Key;

    /// A column of `keys`, NULL where there is none.
    fn array(data_type: &DataType, keys: &[Option<&Self::Key>]) -> ArrayRef;

    fn heap_bytes(_key: &Self::Key) -> usize {
        0
    }

    fn write(key: &Self::Key, bytes: &mut Vec<u8>);

    fn read(bytes: &mut &[u8]) -> Option<Self::Key>;
}

/// Appends values with how often each stands: how many, then each value and its weight.
pub(super) fn write_counted<'a, O: Order>(
    len: usize,
    entries: impl Iterator<Item = &'a (O::Key, Weight)>,
    bytes: &mut Vec<u8>,
) {
    bytes.extend_from_slice(&(len as u64).to_le_bytes());
    for (key, weight) in entries {
        O::write(key, bytes);
        bytes.extend_from_slice(&weight.to_le_bytes());
    }
}

/// Hands what [`write_counted`] has written to `add`. None where the bytes are no such values.
pub(super) fn read_counted<O: Order>(bytes: &mut &[u8], mut add: impl FnMut(O::Key, Weight)) -> Option<()> {
    for _ in 0..u64::from_le_bytes(take(bytes)?) {
        let key = O::read(bytes)?;
        add(key, Weight::from_le_bytes(take(bytes)?));
    }
    Some(())
}

fn validity<K>(keys: &[Option<&K>]) -> Option<NullBuffer> {
    let any = keys.iter().any(Option::is_none);
    any.then(|| NullBuffer::new(BooleanBuffer::collect_bool(keys.len(), |i| keys[i].is_some())))
}

/// Values of at most 8 bytes as words whose order is that of the values: the sign bit flipped, floats mapped so that
/// negative ones come in reverse and NaN last.
pub(super) struct ByWord;

impl Order for ByWord {
    type Key = u64;

    #[inline]
    fn key(view: &View, row: usize) -> u64 {
        match view.values {
            Values::W2(v) => u64::from(v[row] ^ 1 << 15),
            Values::W4(v) if view.float => {
                let bits = normal_f32(v[row]);
                u64::from(if bits >> 31 == 1 { !bits } else { bits | 1 << 31 })
            }
            Values::W4(v) => u64::from(v[row] ^ 1 << 31),
            Values::W8(v) if view.float => {
                let bits = normal_f64(v[row]);
                if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
            }
            Values::W8(v) => v[row] ^ 1 << 63,
            Values::W16(_) | Values::Bit(_) | Values::Var(..) => panic!("not a value of 2, 4 or 8 bytes"),
        }
    }

    fn array(data_type: &DataType, keys: &[Option<&u64>]) -> ArrayRef {
        let words = keys.iter().map(|k| k.copied().unwrap_or(0));
        let nulls = validity(keys);
        let buffer = match (data_type, arrays::width(data_type)) {
            (_, Some(2)) => Buffer::from_vec(words.map(|w| w as u16 ^ 1 << 15).collect::<Vec<_>>()),
            (DataType::Float32, _) => {
                let unmap = |w: u32| if w >> 31 == 1 { w & !(1 << 31) } else { !w };
                Buffer::from_vec(words.map(|w| unmap(w as u32)).collect::<Vec<_>>())
            }
            (_, Some(4)) => Buffer::from_vec(words.map(|w| w as u32 ^ 1 << 31).collect::<Vec<_>>()),
            (DataType::Float64, _) => {
                let unmap = |w: u64| if w >> 63 == 1 { w & !(1 << 63) } else { !w };
                Buffer::from_vec(words.map(unmap).collect::<Vec<_>>())
            }
            _ => Buffer::from_vec(words.map(|w| w ^ 1 << 63).collect::<Vec<_>>()),
        };
        arrays::fixed(data_type, buffer, nulls)
    }

    fn write(key: &u64, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&key.to_le_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<u64> {
        take(bytes).map(u64::from_le_bytes)
    }
}

/// Decimals, the sign bit flipped.
pub(super) struct ByWideWord;

impl Order for ByWideWord {
    type Key = u128;

    #[inline]
    fn key(view: &View, row: usize) -> u128 {
        let Values::W16(values) = view.values else { panic!("not a decimal") };
        u128::from_le_bytes(values[row]) ^ 1 << 127
    }

    fn array(data_type: &DataType, keys: &[Option<&u128>]) -> ArrayRef {
        let values: Vec<i128> = keys.iter().map(|k| k.map_or(0, |k| (k ^ 1 << 127) as i128)).collect();
        arrays::fixed(data_type, Buffer::from_vec(values), validity(keys))
    }

    fn write(key: &u128, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&key.to_le_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<u128> {
        take(bytes).map(u128::from_le_bytes)
    }
}

/// UUIDs, by their bytes.
pub(super) struct ByUuid;

impl Order for ByUuid {
    type Key = u128;

    #[inline]
    fn key(view: &View, row: usize) -> u128 {
        let Values::W16(values) = view.values else { panic!("not a UUID") };
        u128::from_be_bytes(values[row])
    }

    fn array(data_type: &DataType, keys: &[Option<&u128>]) -> ArrayRef {
        let bytes: Vec<u8> = keys.iter().flat_map(|k| k.copied().unwrap_or(0).to_be_bytes()).collect();
        arrays::fixed(data_type, Buffer::from_vec(bytes), validity(keys))
    }

    fn write(key: &u128, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&key.to_le_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<u128> {
        take(bytes).map(u128::from_le_bytes)
    }
}

/// Text and bytes, by their bytes (the C collation).
pub(super) struct ByBytes;

impl Order for ByBytes {
    type Key = Box<[u8]>;

    fn key(view: &View, row: usize) -> Box<[u8]> {
        match view.values {
            Values::Var(offsets, data) => var(offsets, data, row).into(),
            _ => panic!("a fixed value as bytes"),
        }
    }

    fn array(data_type: &DataType, keys: &[Option<&Box<[u8]>>]) -> ArrayRef {
        let mut offsets = vec![0];
        let mut data = Vec::new();
        for key in keys {
            data.extend_from_slice(key.map_or(&[][..], |k| k));
            offsets.push(data.len() as i32);
        }
        arrays::variable(data_type, offsets, data, validity(keys))
    }

    fn heap_bytes(key: &Box<[u8]>) -> usize {
        key.len()
    }

    fn write(key: &Box<[u8]>, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&(key.len() as u32).to_le_bytes());
        bytes.extend_from_slice(key);
    }

    fn read(bytes: &mut &[u8]) -> Option<Box<[u8]>> {
        let length = u32::from_le_bytes(take(bytes)?) as usize;
        let (head, tail) = bytes.split_at_checked(length)?;
        *bytes = tail;
        Some(head.into())
    }
}

/// Intervals by their length, a month taken as 30 days (as PostgreSQL compares them); equal lengths by their parts.
pub(super) struct ByInterval;

impl Order for ByInterval {
    type Key = (i128, [u8; 16]);

    fn key(view: &View, row: usize) -> (i128, [u8; 16]) {
        let Values::W16(values) = view.values else { panic!("not an interval") };
        let raw = i128::from_le_bytes(values[row]);
        let (months, days, nanos) = (raw as i32, (raw >> 32) as i32, (raw >> 64) as i64);
        let length = (i128::from(months) * 30 + i128::from(days)) * 86_400_000_000_000 + i128::from(nanos);
        (length, values[row])
    }

    fn array(data_type: &DataType, keys: &[Option<&(i128, [u8; 16])>]) -> ArrayRef {
        let values: Vec<i128> = keys.iter().map(|k| k.map_or(0, |k| i128::from_le_bytes(k.1))).collect();
        arrays::fixed(data_type, Buffer::from_vec(values), validity(keys))
    }

    fn write(key: &(i128, [u8; 16]), bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&key.0.to_le_bytes());
        bytes.extend_from_slice(&key.1);
    }

    fn read(bytes: &mut &[u8]) -> Option<(i128, [u8; 16])> {
        Some((i128::from_le_bytes(take(bytes)?), take(bytes)?))
    }
}
