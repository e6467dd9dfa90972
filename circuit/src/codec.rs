//! A batch as bytes: its Arrow buffers one after the other, behind a header. See `docs/formats/batch.md`.
//!
//! Encoding copies each buffer once and writes only the rows of the batch, however large the buffers it is a slice of.
//! Decoding copies nothing: columns point into the given bytes, except where those are not aligned to the column's type.
//! Decoding checks everything that could make a later access fail, so bytes from a disk or a peer yield a batch or an
//! [`Error`], never a panic.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BinaryArray, BooleanArray, StringArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer, ToByteSlice};
use arrow_schema::{DataType, IntervalUnit, TimeUnit};

use crate::arrays::{self, Values, View};
use crate::batch::{Batch, Weights};
use crate::error::Error;

const _: () = assert!(cfg!(target_endian = "little"), "buffers are written as they lie in memory, little-endian");

/// The first four bytes of an encoded batch.
pub const MAGIC: [u8; 4] = *b"dqB\n";

/// The version this code writes and the only one it reads.
pub const VERSION: u16 = 1;

/// Buffers start at multiples of this many bytes from the start of the header.
pub const ALIGNMENT: usize = 16;

const HEADER_BYTES: usize = 32;
const COLUMN_BYTES: usize = 16;
const WEIGHTED: u16 = 1;
const CONSOLIDATED: u16 = 2;
const NULLS: u8 = 1;
const ZONED: u8 = 2;

/// Bytes that [`encode`] writes for `batch`: a multiple of [`ALIGNMENT`]. O(columns).
pub fn encoded_len(batch: &Batch) -> usize {
    let rows = batch.len();
    let columns = batch.columns();
    let zones: usize = columns.iter().map(|c| zone(c.data_type()).len()).sum();
    let weights = if let Weights::Each(_) = batch.weights() { padded(8 * rows) } else { 0 };
    let buffers: usize = columns.iter().map(|c| column_len(c, rows)).sum();
    padded(HEADER_BYTES + COLUMN_BYTES * columns.len() + zones) + weights + buffers
}

fn column_len(column: &ArrayRef, rows: usize) -> usize {
    let view = View::of(column);
    let nulls = view.nulls.map_or(0, |_| padded(rows.div_ceil(8)));
    nulls
        + match view.values {
            Values::Bit(_) => padded(rows.div_ceil(8)),
            Values::W2(_) => padded(2 * rows),
            Values::W4(_) => padded(4 * rows),
            Values::W8(_) => padded(8 * rows),
            Values::W16(_) => padded(16 * rows),
            Values::Var(offsets, _) => padded(4 * (rows + 1)) + padded(text_len(offsets)),
        }
}

/// Writes `batch`, a piece at a time.
///
/// # Panics
/// If a column is of a type that no table [stores](arrays::is_supported).
pub fn encode(batch: &Batch, write: &mut impl FnMut(&[u8])) {
    let rows = batch.len();
    let mut flags = 0;
    if let Weights::Each(_) = batch.weights() {
        flags |= WEIGHTED;
    }
    if batch.is_consolidated() {
        flags |= CONSOLIDATED;
    }
    let mut head = Vec::with_capacity(HEADER_BYTES + COLUMN_BYTES * batch.columns().len());
    head.extend_from_slice(&MAGIC);
    head.extend_from_slice(&VERSION.to_le_bytes());
    head.extend_from_slice(&flags.to_le_bytes());
    head.extend_from_slice(&(rows as u64).to_le_bytes());
    head.extend_from_slice(&(batch.columns().len() as u32).to_le_bytes());
    head.extend_from_slice(&[0; 4]);
    head.extend_from_slice(&(encoded_len(batch) as u64).to_le_bytes());
    for column in batch.columns() {
        let view = View::of(column);
        let (tag, precision, scale) = tag(column.data_type());
        let zoned = if let DataType::Timestamp(_, Some(_)) = column.data_type() { ZONED } else { 0 };
        let text = if let Values::Var(offsets, _) = view.values { text_len(offsets) } else { 0 };
        head.extend_from_slice(&[tag, zoned | if view.nulls.is_some() { NULLS } else { 0 }, precision, scale as u8]);
        head.extend_from_slice(&(zone(column.data_type()).len() as u32).to_le_bytes());
        head.extend_from_slice(&(text as u64).to_le_bytes());
    }
    batch.columns().iter().for_each(|c| head.extend_from_slice(zone(c.data_type()).as_bytes()));
    put(&head, write);
    if let Weights::Each(each) = batch.weights() {
        put(each.inner().as_slice(), write);
    }
    for column in batch.columns() {
        let view = View::of(column);
        if let Some(nulls) = view.nulls {
            put_bits(nulls.inner(), write);
        }
        match view.values {
            Values::Bit(bits) => put_bits(bits, write),
            Values::W2(values) => put(values.to_byte_slice(), write),
            Values::W4(values) => put(values.to_byte_slice(), write),
            Values::W8(values) => put(values.to_byte_slice(), write),
            Values::W16(values) => put(values.as_flattened(), write),
            Values::Var(offsets, data) => {
                let first = offsets[0];
                if first == 0 {
                    put(offsets.to_byte_slice(), write);
                } else {
                    let shifted: Vec<i32> = offsets.iter().map(|o| o - first).collect();
                    put(shifted.to_byte_slice(), write);
                }
                put(&data[first as usize..first as usize + text_len(offsets)], write);
            }
        }
    }
}

/// `batch` as bytes.
pub fn to_bytes(batch: &Batch) -> Vec<u8> {
    let len = encoded_len(batch);
    let mut bytes = Vec::with_capacity(len);
    encode(batch, &mut |piece: &[u8]| bytes.extend_from_slice(piece));
    assert_eq!(bytes.len(), len, "an encoded batch is as long as announced");
    bytes
}

/// The batch that [`encode`] wrote into `bytes`, all of them. Cost: O(columns), and one look at offsets and text.
///
/// Whether the batch counts as consolidated is taken on trust: a container that keeps batches guards them by a checksum.
///
/// # Errors
/// [`Error::is_corrupt`] where `bytes` are not what [`encode`] writes.
pub fn decode(bytes: &Buffer) -> Result<Batch, Error> {
    let mut reader = Reader { bytes, at: 0 };
    if reader.take(4)? != MAGIC {
        return Err(Error::corrupt("it does not begin with the magic number"));
    }
    let version = u16::from_le_bytes(reader.array()?);
    if version != VERSION {
        return Err(Error::corrupt(format!("version {version}, where {VERSION} is known")));
    }
    let flags = u16::from_le_bytes(reader.array()?);
    let rows = reader.length()?;
    let count = u32::from_le_bytes(reader.array()?) as usize;
    reader.take(4)?;
    let length = reader.length()?;
    if length != bytes.len() {
        return Err(Error::corrupt(format!("{} bytes, where the header says {length}", bytes.len())));
    }
    if flags & !(WEIGHTED | CONSOLIDATED) != 0 || rows > i64::MAX as usize {
        return Err(Error::corrupt(format!("flags {flags:#x}, {rows} rows")));
    }
    let descriptors =
        reader.take(count.checked_mul(COLUMN_BYTES).ok_or_else(|| Error::corrupt("too many columns"))?)?;
    let mut columns = Vec::with_capacity(count);
    for d in descriptors.as_chunks::<COLUMN_BYTES>().0 {
        let [tag, flags, precision, scale, z0, z1, z2, z3, text @ ..] = *d;
        let zone = reader.take(u32::from_le_bytes([z0, z1, z2, z3]) as usize)?;
        let zone = std::str::from_utf8(zone).map_err(|_| Error::corrupt("a time zone is not text"))?;
        if flags & !(NULLS | ZONED) != 0 || (flags & ZONED == 0 && !zone.is_empty()) {
            return Err(Error::corrupt(format!("column flags {flags:#x}")));
        }
        let zone = (flags & ZONED != 0).then_some(zone);
        let text = usize::try_from(u64::from_le_bytes(text)).map_err(|_| Error::corrupt("text beyond memory"))?;
        columns.push((data_type(tag, precision, scale as i8, zone)?, flags & NULLS != 0, text));
    }
    reader.pad()?;
    let weights =
        if flags & WEIGHTED != 0 { Weights::Each(ScalarBuffer::from(reader.fixed(rows, 8)?)) } else { Weights::Ones };
    let columns: Result<Vec<ArrayRef>, Error> =
        columns.into_iter().map(|(data_type, nulls, text)| reader.column(&data_type, rows, nulls, text)).collect();
    let columns = columns?;
    if reader.at != length {
        return Err(Error::corrupt(format!("{} bytes follow the last column", length - reader.at)));
    }
    let batch = Batch::with_len(columns, weights, rows);
    Ok(if flags & CONSOLIDATED != 0 { batch.trust_consolidated() } else { batch })
}

/// Takes pieces off encoded bytes, checked against their end.
struct Reader<'a> {
    bytes: &'a Buffer,
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let rest = &self.bytes.as_slice()[self.at..];
        let piece = rest.get(..len).ok_or_else(|| Error::corrupt("it ends too early"))?;
        self.at += len;
        Ok(piece)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn length(&mut self) -> Result<usize, Error> {
        usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| Error::corrupt("a length beyond memory"))
    }

    fn pad(&mut self) -> Result<(), Error> {
        self.take(padded(self.at) - self.at).map(|_| ())
    }

    /// A buffer of `len` bytes and the padding after it. No copy.
    fn buffer(&mut self, len: usize) -> Result<Buffer, Error> {
        let at = self.at;
        self.take(len)?;
        self.pad()?;
        Ok(self.bytes.slice_with_length(at, len))
    }

    /// A buffer of `rows` values of `width` bytes, aligned to them; copied where it does not lie so.
    fn fixed(&mut self, rows: usize, width: usize) -> Result<Buffer, Error> {
        let len = rows.checked_mul(width).ok_or_else(|| Error::corrupt("a length beyond memory"))?;
        let buffer = self.buffer(len)?;
        Ok(if buffer.as_ptr().align_offset(width) == 0 { buffer } else { Buffer::from(buffer.as_slice()) })
    }

    fn bits(&mut self, rows: usize) -> Result<BooleanBuffer, Error> {
        Ok(BooleanBuffer::new(self.buffer(rows.div_ceil(8))?, 0, rows))
    }

    fn column(&mut self, data_type: &DataType, rows: usize, nulls: bool, text: usize) -> Result<ArrayRef, Error> {
        let nulls = if nulls { Some(NullBuffer::new(self.bits(rows)?)) } else { None };
        let nulls = nulls.filter(|n| n.null_count() > 0);
        match (data_type, arrays::width(data_type)) {
            (DataType::Boolean, _) => Ok(Arc::new(BooleanArray::new(self.bits(rows)?, nulls))),
            (_, Some(width)) => {
                let values = self.fixed(rows, width)?;
                Ok(if rows == 0 { arrays::empty(data_type) } else { arrays::fixed(data_type, values, nulls) })
            }
            (_, None) => {
                let count = rows.checked_add(1).ok_or_else(|| Error::corrupt("a length beyond memory"))?;
                let offsets = ScalarBuffer::<i32>::from(self.fixed(count, 4)?);
                let data = self.buffer(text)?;
                let ordered = offsets.first() == Some(&0) && offsets.windows(2).all(|w| w[0] <= w[1]);
                if !ordered || offsets.last().map(|o| *o as usize) != Some(text) {
                    return Err(Error::corrupt("text offsets are not in order or do not end at the text's end"));
                }
                let offsets = OffsetBuffer::new(offsets);
                let array: ArrayRef = if *data_type == DataType::Utf8 {
                    let text = StringArray::try_new(offsets, data, nulls);
                    Arc::new(text.map_err(|error| Error::corrupt(error.to_string()))?)
                } else {
                    let binary = BinaryArray::try_new(offsets, data, nulls);
                    Arc::new(binary.map_err(|error| Error::corrupt(error.to_string()))?)
                };
                Ok(array)
            }
        }
    }
}

/// `len` rounded up to the alignment; saturates, for lengths that were read.
fn padded(len: usize) -> usize {
    len.checked_next_multiple_of(ALIGNMENT).unwrap_or(usize::MAX)
}

fn text_len(offsets: &[i32]) -> usize {
    (offsets[offsets.len() - 1] - offsets[0]) as usize
}

fn put(bytes: &[u8], write: &mut impl FnMut(&[u8])) {
    write(bytes);
    let slack = padded(bytes.len()) - bytes.len();
    if slack > 0 {
        write(&[0; ALIGNMENT][..slack]);
    }
}

/// Bits from a byte boundary on, those beyond the last row 0.
fn put_bits(bits: &BooleanBuffer, write: &mut impl FnMut(&[u8])) {
    let sliced = bits.sliced();
    let bytes = &sliced.as_slice()[..bits.len().div_ceil(8)];
    let Some((last, whole)) = bytes.split_last() else { return };
    let used = bits.len() - 8 * whole.len();
    let mut tail = [0; ALIGNMENT];
    tail[0] = last & (0xFF >> (8 - used));
    write(whole);
    write(&tail[..padded(bytes.len()) - whole.len()]);
}

fn zone(data_type: &DataType) -> &str {
    match data_type {
        DataType::Timestamp(_, Some(zone)) => zone,
        _ => "",
    }
}

/// The number of a type, and a decimal's precision and scale.
fn tag(data_type: &DataType) -> (u8, u8, i8) {
    use DataType::*;
    let plain = |tag| (tag, 0, 0);
    match data_type {
        Boolean => plain(1),
        Int16 => plain(2),
        Int32 => plain(3),
        Int64 => plain(4),
        Float32 => plain(5),
        Float64 => plain(6),
        Date32 => plain(7),
        Utf8 => plain(8),
        Binary => plain(9),
        Decimal128(precision, scale) => (10, *precision, *scale),
        Time64(TimeUnit::Microsecond) => plain(11),
        Timestamp(TimeUnit::Microsecond, _) => plain(12),
        Interval(IntervalUnit::MonthDayNano) => plain(13),
        FixedSizeBinary(16) => plain(14),
        other => panic!("no column of type {other} is stored"),
    }
}

fn data_type(tag: u8, precision: u8, scale: i8, zone: Option<&str>) -> Result<DataType, Error> {
    use DataType::*;
    let data_type = match tag {
        1 => Boolean,
        2 => Int16,
        3 => Int32,
        4 => Int64,
        5 => Float32,
        6 => Float64,
        7 => Date32,
        8 => Utf8,
        9 => Binary,
        10 if (1..=38).contains(&precision) && (-38..=precision as i8).contains(&scale) => Decimal128(precision, scale),
        11 => Time64(TimeUnit::Microsecond),
        12 => return Ok(Timestamp(TimeUnit::Microsecond, zone.map(Arc::from))),
        13 => Interval(IntervalUnit::MonthDayNano),
        14 => FixedSizeBinary(16),
        _ => return Err(Error::corrupt(format!("a column of type {tag}({precision}, {scale})"))),
    };
    match (zone, tag, precision, scale) {
        (None, 10, _, _) | (None, _, 0, 0) => Ok(data_type),
        _ => Err(Error::corrupt(format!("a time zone or a precision on a column of type {tag}"))),
    }
}
