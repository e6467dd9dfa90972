//! Rows by number, without an index: what an operator that orders or links rows itself keeps them in.

use std::cmp::Ordering;

use arrow_array::ArrayRef;
use arrow_schema::DataType;

use super::NONE;
use super::column::{Column, put};
use crate::batch::{Batch, Weight};
use crate::selection::Places;

/// Rows with weights in numbered slots. A slot that is freed is used again.
#[derive(Debug)]
pub struct Rows {
    types: Vec<DataType>,
    columns: Vec<Column>,
    weights: Vec<Weight>,
    free: Vec<u32>,
    freed: Vec<bool>,
}

impl Rows {
    /// No rows yet, of columns of these types.
    pub fn new(types: &[DataType]) -> Rows {
        let columns = types.iter().map(Column::new).collect();
        Rows { types: types.to_vec(), columns, weights: Vec::new(), free: Vec::new(), freed: Vec::new() }
    }

    /// Rows held.
    pub fn len(&self) -> usize {
        self.weights.len() - self.free.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes rows `rows` of `batch` in, with their weights; returns their slots.
    pub fn insert(&mut self, batch: &Batch, rows: &[u32]) -> Vec<u32> {
        let reused = self.free.len().min(rows.len());
        let mut slots = self.free.split_off(self.free.len() - reused);
        let len = self.weights.len();
        let grown = len + rows.len() - reused;
        assert!(grown < NONE as usize, "more than 2^32 rows");
        slots.extend(len as u32..grown as u32);
        let places = Places::default();
        for (index, column) in self.columns.iter_mut().enumerate() {
            let (values, at) = places.of(batch, index, rows);
            column.write(values, at, &slots, batch.parts());
        }
        put(&mut self.weights, &slots, rows.iter().map(|row| batch.weight(*row as usize)));
        put(&mut self.freed, &slots, rows.iter().map(|_| false));
        slots
    }

    /// The weight of a row.
    #[inline]
    pub fn weight(&self, slot: u32) -> Weight {
        self.weights[slot as usize]
    }

    /// Adds to the weight of a row; returns the sum. At 0 the row still lies there, until it is freed.
    #[inline]
    pub fn add(&mut self, slot: u32, weight: Weight) -> Weight {
        self.weights[slot as usize] += weight;
        self.weights[slot as usize]
    }

    /// Lets a row go.
    pub fn free(&mut self, slot: u32) {
        self.columns.iter_mut().for_each(|c| c.free(slot as usize));
        self.freed[slot as usize] = true;
        self.free.push(slot);
    }

    /// How two rows compare by a column, ascending; NULL before all values or behind them.
    #[inline]
    pub fn compare(&self, column: usize, a: u32, b: u32, nulls_first: bool) -> Ordering {
        self.columns[column].compare(a as usize, b as usize, nulls_first)
    }

    /// The columns of the rows at `slots`.
    pub fn gather(&self, slots: &[u32]) -> Vec<ArrayRef> {
        self.columns.iter().map(|c| c.gather(slots)).collect()
    }

    /// Gives memory back after rows went. Rewrites what is mostly free slots, which costs what was freed since the last time, and
    /// then returns the new slot of each old one.
    pub fn shrink(&mut self) -> Option<Vec<u32>> {
        let slots = self.weights.len();
        if slots <= 256 || self.len() * 4 >= slots {
            self.columns.iter_mut().for_each(Column::reclaim);
            return None;
        }
        let live: Vec<u32> = (0..slots as u32).filter(|s| !self.freed[*s as usize]).collect();
        let mut moved = vec![NONE; slots];
        live.iter().zip(0..).for_each(|(old, new)| moved[*old as usize] = new);
        let mut fresh = Rows::new(&self.types);
        if !live.is_empty() {
            let weights: Vec<Weight> = live.iter().map(|s| self.weight(*s)).collect();
            let all: Vec<u32> = (0..live.len() as u32).collect();
            fresh.insert(&Batch::weighted(self.gather(&live), weights), &all);
        }
        *self = fresh;
        Some(moved)
    }

    /// Bytes allocated.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(Column::bytes).sum::<usize>()
            + self.weights.capacity() * size_of::<Weight>()
            + self.free.capacity() * 4
            + self.freed.capacity()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Float64Array, Int64Array, StringArray};

    use super::*;

    fn rows(count: i64) -> Batch {
        let names = StringArray::from_iter((0..count).map(|i| (i % 3 != 0).then(|| format!("row {i}"))));
        Batch::ones(vec![Arc::new(Int64Array::from_iter_values((0..count).map(|i| -i))), Arc::new(names)])
    }

    #[test]
    fn slots_are_used_again_and_given_back() {
        let mut held = Rows::new(&[DataType::Int64, DataType::Utf8]);
        let all: Vec<u32> = (0..1000).collect();
        let slots = held.insert(&rows(1000), &all);
        slots[10..].iter().for_each(|s| held.free(*s));
        let again = held.insert(&rows(5), &[3, 4]);
        assert!(again.iter().all(|s| slots.contains(s)), "{again:?}");
        assert_eq!(held.len(), 12);
        let moved = held.shrink().unwrap_or_else(|| panic!("mostly free"));
        let kept: Vec<u32> = slots[..10].iter().chain(&again).map(|s| moved[*s as usize]).collect();
        let expected: Vec<u32> = (0..10).chain([3, 4]).collect();
        assert_eq!(held.gather(&kept), rows(1000).take(&expected.into()).columns());
        kept.iter().for_each(|s| held.free(*s));
        assert!(held.is_empty());
    }

    #[test]
    fn rows_compare_as_sql_orders_them() {
        let mut held = Rows::new(&[DataType::Int64, DataType::Float64, DataType::Utf8]);
        let numbers = Int64Array::from(vec![Some(-1), Some(1), None]);
        let floats = Float64Array::from(vec![-0.0, 0.0, f64::NAN]);
        let texts = StringArray::from(vec!["a", "ab", "b"]);
        let batch = Batch::ones(vec![Arc::new(numbers), Arc::new(floats), Arc::new(texts)]);
        let s = held.insert(&batch, &[0, 1, 2]);
        assert_eq!(held.compare(0, s[0], s[1], true), Ordering::Less);
        assert_eq!(held.compare(0, s[2], s[0], true), Ordering::Less);
        assert_eq!(held.compare(0, s[2], s[0], false), Ordering::Greater);
        assert_eq!(held.compare(0, s[2], s[2], false), Ordering::Equal);
        assert_eq!(held.compare(1, s[0], s[1], true), Ordering::Equal);
        assert_eq!(held.compare(1, s[1], s[2], true), Ordering::Less);
        assert_eq!(held.compare(2, s[0], s[1], true), Ordering::Less);
        assert_eq!(held.compare(2, s[2], s[1], true), Ordering::Greater);
    }
}
