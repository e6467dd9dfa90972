//! Changes of a view, added up: as a checksum, or as the rows themselves.

use std::collections::BTreeMap;

use deltaq::Change;
use deltaq::arrow_array::RecordBatch;
use deltaq::arrow_array::cast::AsArray;
use deltaq::arrow_array::types::{Date32Type, Decimal128Type, Int32Type, Int64Type, TimestampMicrosecondType};
use deltaq::arrow_schema::{DataType, TimeUnit};

use crate::checksum::{Checksum, RowText};

/// The rows that a view shows, as texts, each with how often it stands; kept from its changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents(pub BTreeMap<String, i64>);

impl Contents {
    /// Adds a change.
    pub fn add(&mut self, change: &Change) {
        each_row(&change.rows, |row, text| {
            let weight = self.0.entry(text.to_string()).or_insert(0);
            *weight += change.weights[row];
            if *weight == 0 {
                self.0.remove(text);
            }
        });
    }

    /// The checksum of these rows.
    pub fn checksum(&self) -> Checksum {
        let mut sum = Checksum::default();
        self.0.iter().for_each(|(row, weight)| sum.add(row, *weight));
        sum
    }
}

/// Adds the rows of a batch to a checksum; without weights, each once.
pub fn checksum(sum: &mut Checksum, rows: &RecordBatch, weights: Option<&[i64]>) {
    each_row(rows, |row, text| sum.add(text, weights.map_or(1, |weights| weights[row])));
}

/// Calls `see` with the number and the text of each row.
fn each_row(rows: &RecordBatch, mut see: impl FnMut(usize, &str)) {
    let columns: Vec<Column> = rows.columns().iter().map(Column::of).collect();
    let mut text = RowText::default();
    for row in 0..rows.num_rows() {
        text.start();
        columns.iter().for_each(|column| column.write(row, &mut text));
        see(row, text.text());
    }
}

/// The text of one row, field by field.
pub fn fields(rows: &RecordBatch, row: usize) -> Vec<String> {
    let field = |array| {
        let mut text = RowText::default();
        Column::of(array).write(row, text.start());
        text.text().to_string()
    };
    rows.columns().iter().map(field).collect()
}

/// A column that knows its type.
struct Column<'a> {
    array: &'a dyn deltaq::arrow_array::Array,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Int(&'a [i32]),
    BigInt(&'a [i64]),
    Decimal(&'a [i128], u32),
    Boolean,
    Text(&'a deltaq::arrow_array::StringArray),
    Timestamp(&'a [i64]),
    Date(&'a [i32]),
}

impl<'a> Column<'a> {
    fn of(array: &'a deltaq::arrow_array::ArrayRef) -> Column<'a> {
        let kind = match array.data_type() {
            DataType::Int32 => Kind::Int(array.as_primitive::<Int32Type>().values()),
            DataType::Int64 => Kind::BigInt(array.as_primitive::<Int64Type>().values()),
            DataType::Decimal128(_, scale) => {
                let scale = u32::try_from(*scale).unwrap_or_else(|_| panic!("scales are not negative"));
                Kind::Decimal(array.as_primitive::<Decimal128Type>().values(), scale)
            }
            DataType::Boolean => Kind::Boolean,
            DataType::Utf8 => Kind::Text(array.as_string()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Kind::Timestamp(array.as_primitive::<TimestampMicrosecondType>().values())
            }
            DataType::Date32 => Kind::Date(array.as_primitive::<Date32Type>().values()),
            other => panic!("no query yields a column of type {other}"),
        };
        Column { array, kind }
    }

    fn write(&self, row: usize, text: &mut RowText) {
        if self.array.is_null(row) {
            text.null();
            return;
        }
        match &self.kind {
            Kind::Int(values) => text.integer(values[row].into()),
            Kind::BigInt(values) => text.integer(values[row].into()),
            Kind::Decimal(values, scale) => text.decimal(values[row], *scale),
            Kind::Boolean => text.boolean(self.array.as_boolean().value(row)),
            Kind::Text(array) => text.string(array.value(row)),
            Kind::Timestamp(values) => text.timestamp(values[row]),
            Kind::Date(values) => text.date(values[row].into()),
        };
    }
}
