//! STRING_AGG: a group's texts in order, each with its separator before it.

use std::cmp::Ordering;

use arrow_array::ArrayRef;
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;
use deltaq_circuit::Weight;
use deltaq_circuit::arrays::{self, Values, View, var};

use super::accumulator::{Accumulator, Rows};
use super::operator::Column;
use super::tally::{Change, Tally};
use super::{By, Function, sort_key, take};
use crate::types::SqlType;
use crate::value::Errors;

/// The most bytes that a result may have.
const BYTES_MAX: usize = 256 << 20;

/// A text of a group: its key in the order, the text, the separator, one behind the other.
struct Entry {
    bytes: Box<[u8]>,
    order_bytes: u32,
    text_bytes: u32,
}

impl Entry {
    fn parts(&self) -> (&[u8], &[u8], &[u8]) {
        let (order, rest) = self.bytes.split_at(self.order_bytes as usize);
        let (text, separator) = rest.split_at(self.text_bytes as usize);
        (order, text, separator)
    }
}

/// By the order; what that leaves open, by the text and then the separator.
impl Ord for Entry {
    fn cmp(&self, other: &Entry) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}

/// The texts of all groups.
pub(super) struct Joined {
    groups: Vec<Tally<Entry>>,
    data_type: DataType,
    separator: usize,
    order: Vec<By<(usize, SqlType)>>,
    /// Bytes that entries take beside the lists.
    heap: usize,
}

impl Joined {
    pub(super) fn new(column: &Column) -> Joined {
        let separator = column.rest.args[0].0;
        let order = column.rest.order.clone();
        Joined { groups: Vec::new(), data_type: column.ty.arrow(), separator, order, heap: 0 }
    }

    fn add(&mut self, group: usize, entry: Entry, weight: Weight) {
        let bytes = entry.bytes.len();
        match self.groups[group].add(entry, weight) {
            Change::None => {}
            Change::In => self.heap += bytes,
            Change::Out => self.heap -= bytes,
        }
    }
}

impl Accumulator for Joined {
    fn resize(&mut self, groups: usize) {
        self.groups.resize_with(groups, Tally::default);
    }

    fn update(&mut self, rows: &Rows, arg: &ArrayRef) {
        let separators = View::of(rows.batch.column(self.separator));
        let texts = View::of(arg);
        let bytes_of = |view: &View, row: usize| match view.values {
            Values::Var(offsets, data) if !view.is_null(row) => var(offsets, data, row).to_vec(),
            _ => Vec::new(),
        };
        let mut entries = Vec::with_capacity(rows.rows.len());
        rows.each(&texts, |group, row, weight| {
            let mut bytes = Vec::new();
            sort_key::encode(rows.batch, &self.order, row, &mut bytes);
            let (order_bytes, text) = (bytes.len() as u32, bytes_of(&texts, row));
            bytes.extend_from_slice(&text);
            bytes.extend(bytes_of(&separators, row));
            let entry = Entry { bytes: bytes.into(), order_bytes, text_bytes: text.len() as u32 };
            entries.push((group, entry, weight));
        });
        entries.into_iter().for_each(|(group, entry, weight)| self.add(group, entry, weight));
    }

    fn results(&self, _: Function, groups: &[u32]) -> (ArrayRef, Errors) {
        let mut errors = Errors::none();
        let (mut data, mut offsets) = (Vec::new(), vec![0]);
        for (at, group) in groups.iter().enumerate() {
            let start = data.len();
            let entries = self.groups[*group as usize].0.iter().filter(|(_, weight)| *weight > 0);
            let mut first = true;
            'entries: for (entry, weight) in entries {
                let (_, text, separator) = entry.parts();
                for _ in 0..*weight {
                    let separator = if std::mem::take(&mut first) { &[] } else { separator };
                    if data.len() - start + separator.len() + text.len() > BYTES_MAX
                        || data.len() + separator.len() + text.len() > i32::MAX as usize
                    {
                        errors.set(at, "54000", format!("string_agg yields more than {BYTES_MAX} bytes"));
                        data.truncate(start);
                        break 'entries;
                    }
                    data.extend_from_slice(separator);
                    data.extend_from_slice(text);
                }
            }
            offsets.push(data.len() as i32);
        }
        let is = |at: usize| self.groups[groups[at] as usize].0.iter().any(|(_, weight)| *weight > 0);
        let valid = BooleanBuffer::collect_bool(groups.len(), is);
        let nulls = (valid.count_set_bits() < groups.len()).then(|| NullBuffer::new(valid));
        (arrays::variable(&self.data_type, offsets, data, nulls), errors)
    }

    fn clear(&mut self, group: usize) {
        let gone = std::mem::take(&mut self.groups[group]);
        self.heap -= gone.0.iter().map(|(entry, _)| entry.bytes.len()).sum::<usize>();
    }

    fn bytes(&self) -> usize {
        let lists: usize = self.groups.iter().map(|set| set.0.bytes()).sum();
        self.groups.capacity() * size_of::<Tally<Entry>>() + lists + self.heap
    }

    fn write(&self, group: usize, bytes: &mut Vec<u8>) {
        let list = &self.groups[group].0;
        bytes.extend_from_slice(&(list.len() as u64).to_le_bytes());
        for (entry, weight) in list.iter() {
            for length in [entry.order_bytes, entry.text_bytes, entry.bytes.len() as u32] {
                bytes.extend_from_slice(&length.to_le_bytes());
            }
            bytes.extend_from_slice(&entry.bytes);
            bytes.extend_from_slice(&weight.to_le_bytes());
        }
    }

    fn read(&mut self, group: usize, bytes: &mut &[u8]) -> Option<()> {
        for _ in 0..u64::from_le_bytes(take(bytes)?) {
            let mut length = || take(bytes).map(u32::from_le_bytes);
            let (order_bytes, text_bytes, all) = (length()?, length()?, length()?);
            if u64::from(order_bytes) + u64::from(text_bytes) > u64::from(all) {
                return None;
            }
            let (head, tail) = bytes.split_at_checked(all as usize)?;
            *bytes = tail;
            let entry = Entry { bytes: head.into(), order_bytes, text_bytes };
            self.add(group, entry, Weight::from_le_bytes(take(bytes)?));
        }
        Some(())
    }
}
