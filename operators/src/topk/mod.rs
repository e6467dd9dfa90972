//! The first rows of each group by an order, with ties and retractions.
//!
//! Each group is a ranking of its rows, of which as many are in order as the window needs. A step looks at the window of a touched group
//! before and after, so its cost is O(log group) a changed row, amortised, and O(offset + limit) a touched group.

mod prefix;
mod ranked;
mod ranking;

use std::fmt;

use arrow_schema::DataType;
use deltaq_circuit::{Batch, Class, Operator, Output, Partition, Query};

use ranked::Ranked;

/// A column to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderBy {
    /// Which.
    pub column: usize,
    /// Largest first.
    pub descending: bool,
    /// NULLs before all values.
    pub nulls_first: bool,
}

/// Rows `offset .. offset + limit` of each group of equal `partition` columns, by `order`; ties are broken by all columns in
/// turn, so the result is determined. Duplicates count as often as they stand.
///
/// State: all rows of the input, ordered. (A row past the window comes back when one before it goes.) Of an input that never
/// retracts, only the rows of the windows.
#[derive(Clone)]
pub struct TopK {
    types: Vec<DataType>,
    partition: Vec<usize>,
    order: Vec<OrderBy>,
    offset: u64,
    limit: Option<u64>,
    number: bool,
    insert_only: bool,
}

impl TopK {
    /// Over rows of `types`. `number`: appends each row's number within its group, from 1.
    pub fn new(
        types: Vec<DataType>,
        partition: Vec<usize>,
        order: Vec<OrderBy>,
        offset: u64,
        limit: Option<u64>,
        number: bool,
    ) -> TopK {
        TopK { types, partition, order, offset, limit, number, insert_only: false }
    }

    /// The same, of an input that never retracts: rows that fall out of the window are forgotten.
    pub fn insert_only(mut self, insert_only: bool) -> TopK {
        self.insert_only = insert_only && self.limit.is_some();
        self
    }

    /// How many rows of a group decide its window.
    fn window(&self) -> Option<usize> {
        Some(usize::try_from(self.offset.saturating_add(self.limit?)).unwrap_or(usize::MAX))
    }

    /// How many rows of a group decide its window for ever: all that need be kept where nothing is retracted.
    fn kept(&self) -> Option<usize> {
        self.window().filter(|_| self.insert_only)
    }
}

impl fmt::Debug for TopK {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "TopK({:?} {})", self.types, self.describe())
    }
}

impl Query for TopK {
    fn name(&self) -> &'static str {
        "top"
    }

    fn describe(&self) -> String {
        let limit = self.limit.map_or("all".to_string(), |l| l.to_string());
        let order: Vec<String> = self
            .order
            .iter()
            .map(|o| {
                let direction = if o.descending { " desc" } else { "" };
                let nulls = if o.nulls_first == o.descending {
                    ""
                } else if o.nulls_first {
                    " nulls first"
                } else {
                    " nulls last"
                };
                format!("${}{direction}{nulls}", o.column)
            })
            .collect();
        let partition: Vec<String> = self.partition.iter().map(|p| format!("${p}")).collect();
        let per = if partition.is_empty() { String::new() } else { format!(" per {}", partition.join(", ")) };
        let offset = if self.offset > 0 { format!(" after {}", self.offset) } else { String::new() };
        let number = if self.number { ", numbered" } else { "" };
        let insert_only = if self.insert_only { " [insert-only]" } else { "" };
        format!("{limit}{offset}{per} by {}{number}{insert_only}", order.join(", "))
    }

    fn types(&self) -> Vec<DataType> {
        self.types.iter().cloned().chain(self.number.then_some(DataType::Int64)).collect()
    }

    fn class(&self) -> Class {
        Class::General
    }

    fn partition(&self, _input: usize) -> Partition {
        if self.partition.is_empty() { Partition::One } else { Partition::Key(self.partition.clone()) }
    }

    fn apply(&self, inputs: &[Batch]) -> Output {
        let mut ranked = Ranked::new(self);
        ranked.take_in(&inputs[0]);
        ranked.current().into()
    }

    fn operator(&self) -> Option<Box<dyn Operator>> {
        Some(Box::new(Ranked::new(self)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_array::{Array, Int64Array};
    use deltaq_circuit::operator::Input;
    use deltaq_circuit::{Context, Epoch, Weight};
    use proptest::prelude::*;

    use super::*;

    type Row = (i64, i64, i64);

    fn batch(rows: &[(Row, Weight)]) -> Batch {
        let column = |pick: fn(&Row) -> i64| {
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|(row, _)| pick(row)))) as Arc<dyn Array>
        };
        let weights: Vec<Weight> = rows.iter().map(|(_, weight)| *weight).collect();
        Batch::weighted(vec![column(|r| r.0), column(|r| r.1), column(|r| r.2)], weights)
    }

    fn add(sum: &mut BTreeMap<Row, Weight>, rows: &Batch) {
        let column = |at: usize| rows.column(at).as_primitive::<Int64Type>();
        for row in 0..rows.len() {
            let key = (column(0).value(row), column(1).value(row), column(2).value(row));
            *sum.entry(key).or_default() += rows.weight(row);
        }
        sum.retain(|_, weight| *weight != 0);
    }

    /// The windows by definition: rows sorted by (price descending, id), each as often as it stands.
    fn windows(all: &BTreeMap<Row, Weight>, offset: u64, limit: u64) -> BTreeMap<Row, Weight> {
        let mut shown = BTreeMap::new();
        for group in 0..3 {
            let mut rows: Vec<_> = all.iter().filter(|(row, weight)| row.0 == group && **weight > 0).collect();
            rows.sort_by_key(|(row, _)| (-row.1, row.2));
            let copies = rows.iter().flat_map(|(row, weight)| (0..**weight).map(|_| **row));
            copies.skip(offset as usize).take(limit as usize).for_each(|row| *shown.entry(row).or_default() += 1);
        }
        shown
    }

    proptest! {
        /// Groups large enough that rows wait behind the front: few or many prices, steps that insert only and steps that retract, duplicates,
        /// rows retracted before they come.
        #[test]
        fn windows_are_the_first_rows(
            prices in prop_oneof![Just(3i64), Just(1000)],
            steps in prop::collection::vec(
                (prop::collection::vec((0..3i64, 0..1000i64, 0..4i64, -2..4i64), 0..60), prop::bool::weighted(0.7)),
                1..12,
            ),
            offset in 0..3u64,
            limit in 1..12u64,
        ) {
            let query = TopK::new(
                vec![DataType::Int64; 3],
                vec![0],
                vec![OrderBy { column: 1, descending: true, nulls_first: true }],
                offset,
                Some(limit),
                false,
            );
            let mut operator = Ranked::new(&query);
            let (mut all, mut shown) = (BTreeMap::new(), BTreeMap::new());
            let mut step = |operator: &mut Ranked, rows: Vec<(Row, Weight)>| -> Result<(), TestCaseError> {
                let delta = batch(&rows);
                let context = Context { epoch: Epoch(1), worker: 0, workers: 1, starting: false };
                let output = operator.step(&context, &[Input::of(&delta)]);
                prop_assert_eq!(output.rows.consolidate().len(), output.rows.len());
                add(&mut all, &delta);
                add(&mut shown, &output.rows);
                prop_assert_eq!(&shown, &windows(&all, offset, limit));
                for settled in [false, true] {
                    let mut current = BTreeMap::new();
                    add(&mut current, &operator.current());
                    prop_assert_eq!(&current, &shown, "settled: {}", settled);
                    operator.settle();
                }
                Ok(())
            };
            let mut rest = BTreeMap::new();
            for (rows, inserts) in steps {
                let weight = |weight: i64| if inserts { weight.abs() + 1 } else { weight };
                let rows: Vec<_> = rows.into_iter().map(|(g, p, id, w)| ((g, p % prices, id), weight(w))).collect();
                add(&mut rest, &batch(&rows));
                step(&mut operator, rows)?;
            }
            step(&mut operator, rest.into_iter().map(|(row, weight)| (row, -weight)).collect())?;
            prop_assert_eq!(operator.size().rows, 0);
        }
    }
}
