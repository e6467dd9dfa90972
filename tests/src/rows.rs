//! Rows of single values, and bags of them: what the reference evaluator computes on and the laws compare.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use deltaq_circuit::arrays;
use deltaq_operators::functions::text;
use deltaq_operators::{Scalar, Schema, SqlType};

/// The values of one row.
pub type Row = Vec<Scalar>;

/// Rows with weights, none of them 0. A table or view if no weight is negative, else a change.
///
/// Rows are equal as SQL groups them: NULL equals NULL, NaN equals NaN, −0.0 equals 0.0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bag(BTreeMap<Key, i64>);

/// A row as a key of a bag.
#[derive(Clone, Debug)]
struct Key(Row);

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        compare_rows(&self.0, &other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Key {}

impl Bag {
    /// The empty bag.
    pub fn new() -> Bag {
        Bag::default()
    }

    /// Adds `weight` copies of a row.
    pub fn add(&mut self, row: Row, weight: i64) {
        let key = Key(row);
        let sum = self.0.get(&key).copied().unwrap_or(0) + weight;
        if sum == 0 {
            self.0.remove(&key);
        } else {
            self.0.insert(key, sum);
        }
    }

    /// Adds `times` times all rows of `other`.
    pub fn add_bag(&mut self, other: &Bag, times: i64) {
        for (row, weight) in other.iter() {
            self.add(row.clone(), weight * times);
        }
    }

    /// Each row once, with its weight.
    pub fn iter(&self) -> impl Iterator<Item = (&Row, i64)> {
        self.0.iter().map(|(key, weight)| (&key.0, *weight))
    }

    /// Each row as often as it is there.
    ///
    /// # Panics
    /// If a weight is negative.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.iter().flat_map(|(row, weight)| {
            assert!(weight > 0, "{row:?} is there {weight} times");
            std::iter::repeat_n(row, weight as usize)
        })
    }

    /// How often a row is there.
    pub fn weight(&self, row: &Row) -> i64 {
        self.0.get(&Key(row.clone())).copied().unwrap_or(0)
    }

    /// How many different rows there are.
    pub fn distinct(&self) -> usize {
        self.0.len()
    }

    /// The sum of the weights.
    pub fn total(&self) -> i64 {
        self.0.values().sum()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first row that is there less than no times.
    pub fn negative(&self) -> Option<&Row> {
        self.iter().find(|(_, weight)| *weight < 0).map(|(row, _)| row)
    }

    /// What must be added to `self` to get `other`.
    pub fn difference(&self, other: &Bag) -> Bag {
        let mut difference = other.clone();
        difference.add_bag(self, -1);
        difference
    }

    /// Adds the rows of `batch`, all with weight 1 if there are no `weights`.
    pub fn add_batch(&mut self, batch: &RecordBatch, schema: &Schema, weights: Option<&[i64]>) {
        for row in 0..batch.num_rows() {
            self.add(row_of(batch, schema, row), weights.map_or(1, |w| w[row]));
        }
    }
}

impl FromIterator<Row> for Bag {
    fn from_iter<I: IntoIterator<Item = Row>>(rows: I) -> Bag {
        let mut bag = Bag::new();
        rows.into_iter().for_each(|row| bag.add(row, 1));
        bag
    }
}

impl fmt::Display for Bag {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (row, weight) in self.iter() {
            writeln!(f, "  {weight:+} {}", show(row))?;
        }
        if self.is_empty() { f.write_str("  (no rows)\n") } else { Ok(()) }
    }
}

/// A row for people: types are not told, so decimals stand without their point.
pub fn show(row: &Row) -> String {
    let cells: Vec<String> = row.iter().map(show_value).collect();
    format!("({})", cells.join(", "))
}

fn show_value(value: &Scalar) -> String {
    match value {
        Scalar::Null => "NULL".into(),
        Scalar::Text(v) => format!("'{v}'"),
        Scalar::Date(_) => text::to_text(value, SqlType::Date),
        Scalar::Timestamp(_) => text::to_text(value, SqlType::Timestamp),
        Scalar::Decimal(v) => format!("{v}d"),
        Scalar::Double(v) => format!("{v:?}"),
        Scalar::Boolean(v) => v.to_string(),
        Scalar::SmallInt(v) => v.to_string(),
        Scalar::Int(v) => v.to_string(),
        Scalar::BigInt(v) => v.to_string(),
        other => format!("{other:?}"),
    }
}

/// Row `row` of `batch`, whose columns are of `schema`'s types.
pub fn row_of(batch: &RecordBatch, schema: &Schema, row: usize) -> Row {
    assert_eq!(batch.num_columns(), schema.len(), "a batch of {} columns for {schema:?}", batch.num_columns());
    batch.columns().iter().zip(schema).map(|(column, field)| Scalar::from_array(column, field.ty, row)).collect()
}

/// Rows as an Arrow batch.
pub fn to_batch(rows: &[Row], schema: &Schema) -> RecordBatch {
    let fields: Vec<arrow_schema::Field> =
        schema.iter().map(|f| arrow_schema::Field::new(&f.name, f.ty.arrow(), true)).collect();
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(Arc::new(arrow_schema::Schema::new(fields)), to_columns(rows, schema), &options)
        .unwrap_or_else(|error| panic!("rows that do not fit {schema:?}: {error}"))
}

/// Rows as Arrow columns.
pub fn to_columns(rows: &[Row], schema: &Schema) -> Vec<ArrayRef> {
    let column = |index: usize, ty: SqlType| {
        let cells: Vec<ArrayRef> = rows.iter().map(|row| row[index].to_array(ty)).collect();
        let cells: Vec<&dyn arrow_array::Array> = cells.iter().map(|c| c.as_ref()).collect();
        if cells.is_empty() { arrays::empty(&ty.arrow()) } else { arrays::concat(&cells) }
    };
    schema.iter().enumerate().map(|(index, field)| column(index, field.ty)).collect()
}

/// Rows in the order of their values, first column first, NULL last.
pub fn compare_rows(a: &Row, b: &Row) -> Ordering {
    assert_eq!(a.len(), b.len(), "rows of {} and {} values", a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| compare(a, b)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// Two values of one type in SQL's order, NULL after all others and equal to itself.
pub fn compare(a: &Scalar, b: &Scalar) -> Ordering {
    use Scalar::*;
    match (a, b) {
        (Null, Null) => Ordering::Equal,
        (Null, _) => Ordering::Greater,
        (_, Null) => Ordering::Less,
        (Boolean(a), Boolean(b)) => a.cmp(b),
        (SmallInt(a), SmallInt(b)) => a.cmp(b),
        (Int(a), Int(b)) => a.cmp(b),
        (BigInt(a), BigInt(b)) => a.cmp(b),
        (Real(a), Real(b)) => compare_floats(*a as f64, *b as f64),
        (Double(a), Double(b)) => compare_floats(*a, *b),
        (Decimal(a), Decimal(b)) => a.cmp(b),
        (Text(a), Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Bytea(a), Bytea(b)) => a.cmp(b),
        (Date(a), Date(b)) => a.cmp(b),
        (Time(a), Time(b)) | (Timestamp(a), Timestamp(b)) => a.cmp(b),
        (Interval { .. }, Interval { .. }) => interval_length(a).cmp(&interval_length(b)),
        (Uuid(a), Uuid(b)) => a.cmp(b),
        _ => panic!("{a:?} and {b:?} are not of one type"),
    }
}

fn compare_floats(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        // Equal for −0.0 and 0.0.
        (false, false) => a.partial_cmp(&b).unwrap_or_else(|| panic!("two numbers compare")),
    }
}

/// Nanoseconds of an interval where a month has 30 days and a day 24 hours, as PostgreSQL compares them.
fn interval_length(value: &Scalar) -> i128 {
    match value {
        Scalar::Interval { months, days, nanos } => {
            (*months as i128 * 30 + *days as i128) * 86_400_000_000_000 + *nanos as i128
        }
        other => panic!("{other:?} is no interval"),
    }
}
