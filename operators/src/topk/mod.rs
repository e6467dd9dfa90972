//! The first rows of each group by an order, with ties and retractions.
//!
//! Each group is a list of its rows in order. A step looks at the window of a touched group before and after, so its
//! cost is O(log group) a changed row and O(offset + limit) a touched group.

mod prefix;
mod ranked;

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

    /// How many rows of a group decide its window, for ever: all that need be kept where nothing is retracted.
    fn kept(&self) -> Option<usize> {
        let limit = self.limit.filter(|_| self.insert_only)?;
        Some(usize::try_from(self.offset.saturating_add(limit)).unwrap_or(usize::MAX))
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
