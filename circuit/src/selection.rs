//! Rows of other columns, each column copied no sooner than somebody asks for it.
//!
//! A column lies in a base, of which it has some rows, in any order, each as often as need be. Columns that have the same rows of their bases
//! are of one group: what a join finds has a group for either side.
//!
//! ```text
//!   bids ⋈ auctions        group 0: rows 0 1 2 3 of the bids       group 1: rows 0 0 1 0 of two auctions
//!
//!   price  auction  name        price  auction                          name
//!      10        7  vase           10        7     ← 0                  vase    ← 0
//!      11        7  vase           11        7     ← 1                  lamp    ← 0
//!      90        8  lamp           90        8     ← 2                          ← 1
//!      12        7  vase           12        7     ← 3                          ← 0
//! ```

use std::cell::OnceCell;
use std::sync::OnceLock;

use arrow_array::{Array, ArrayRef, UInt32Array};

use crate::arrays;
use crate::batch::Batch;

/// Columns that consist of some rows of others. Who can do with those and the numbers of the rows copies nothing but what it keeps.
#[derive(Debug)]
pub struct Selection {
    /// For each column its base, and its group; None: all rows of the base, in order.
    columns: Vec<(ArrayRef, Option<usize>)>,
    /// By group: which rows.
    groups: Vec<UInt32Array>,
    len: usize,
    /// Among how many selections the rows of the bases are dealt out.
    parts: usize,
    copied: Vec<OnceLock<ArrayRef>>,
    all: OnceLock<Vec<ArrayRef>>,
}

impl Selection {
    /// Columns of bases, each with its group if it has not all rows of its base, `len` of them; by group the rows.
    ///
    /// # Panics
    /// If a column is not of `len` rows.
    pub fn new(columns: Vec<(ArrayRef, Option<usize>)>, groups: Vec<UInt32Array>, len: usize) -> Selection {
        let fits = |(base, group): &(ArrayRef, Option<usize>)| group.map_or(base.len(), |g| groups[g].len()) == len;
        assert!(columns.iter().all(fits), "a column that is not of {len} rows");
        let copied = columns.iter().map(|_| OnceLock::new()).collect();
        Selection { columns, groups, len, parts: 1, copied, all: OnceLock::new() }
    }

    /// Rows `rows` of `base`; `parts`: among how many selections the rows of `base` are dealt out.
    pub(crate) fn dealt(base: &[ArrayRef], rows: UInt32Array, parts: usize) -> Selection {
        let len = rows.len();
        let columns = base.iter().map(|column| (column.clone(), Some(0))).collect();
        Selection { parts, ..Selection::new(columns, vec![rows], len) }
    }

    /// How many columns.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// What a column has rows of.
    pub fn base(&self, index: usize) -> &ArrayRef {
        &self.columns[index].0
    }

    /// The group of a column; None: it has all rows of its base, in order.
    pub fn group(&self, index: usize) -> Option<usize> {
        self.columns[index].1
    }

    /// The rows of a group.
    pub fn rows(&self, group: usize) -> &[u32] {
        self.groups[group].values()
    }

    /// Among how many selections the rows of the bases are dealt out.
    pub(crate) fn parts(&self) -> usize {
        self.parts
    }

    /// Column `index`, copied the first time.
    pub(crate) fn column(&self, index: usize) -> &ArrayRef {
        self.copied[index].get_or_init(|| self.copy(index))
    }

    /// Column `index`; where it was not copied before, the copy is the caller's alone.
    pub(crate) fn taken(&self, index: usize) -> ArrayRef {
        self.copied[index].get().cloned().unwrap_or_else(|| self.copy(index))
    }

    fn copy(&self, index: usize) -> ArrayRef {
        match &self.columns[index] {
            (base, None) => base.clone(),
            (base, Some(group)) => arrays::take(base, &self.groups[*group]),
        }
    }

    /// All columns.
    pub(crate) fn columns(&self) -> &[ArrayRef] {
        self.all.get_or_init(|| (0..self.width()).map(|index| self.column(index).clone()).collect())
    }

    /// The selected rows at `indices`.
    pub(crate) fn narrowed(&self, indices: &[u32]) -> Selection {
        let whole = self.columns.iter().any(|(_, group)| group.is_none());
        let narrowed = |rows: &UInt32Array| places(rows.values(), indices).into();
        let mut groups: Vec<UInt32Array> = self.groups.iter().map(narrowed).collect();
        if whole {
            groups.push(indices.to_vec().into());
        }
        let last = groups.len() - 1;
        let columns = self.columns.iter().map(|(base, group)| (base.clone(), Some(group.unwrap_or(last)))).collect();
        Selection { parts: self.parts, ..Selection::new(columns, groups, indices.len()) }
    }

    /// The columns at `indices`, in that order.
    pub(crate) fn project(&self, indices: &[usize]) -> Selection {
        let columns = indices.iter().map(|index| self.columns[*index].clone()).collect();
        Selection { parts: self.parts, ..Selection::new(columns, self.groups.clone(), self.len) }
    }

    /// Bytes of a column's values, about: copied or not.
    pub(crate) fn bytes(&self, index: usize) -> usize {
        let base = self.base(index);
        let all = base.to_data().get_slice_memory_size().unwrap_or_default();
        all * self.len / base.len().max(1)
    }
}

/// Which rows of a base some rows of a group are.
fn places(rows: &[u32], indices: &[u32]) -> Vec<u32> {
    indices.iter().map(|index| rows[*index as usize]).collect()
}

/// Of numbers below `below`: where each stands first, and of each which of those it is.
pub fn firsts(below: usize, numbers: impl Iterator<Item = usize>) -> (Vec<u32>, Vec<u32>) {
    let mut known = vec![u32::MAX; below];
    let mut firsts = Vec::new();
    let of = numbers.enumerate().map(|(at, number)| {
        if known[number] == u32::MAX {
            known[number] = firsts.len() as u32;
            firsts.push(at as u32);
        }
        known[number]
    });
    let of = of.collect();
    (firsts, of)
}

/// Where some rows of a batch lie. Nothing is copied but, of a [`Selection`], the numbers, once a group.
#[derive(Debug, Default)]
pub struct Places(OnceCell<Vec<OnceCell<Vec<u32>>>>);

impl Places {
    /// What a column of `batch` lies in, and where in it `rows` of the batch are. All calls must be for the same batch and rows.
    pub fn of<'a>(&'a self, batch: &'a Batch, column: usize, rows: &'a [u32]) -> (&'a ArrayRef, &'a [u32]) {
        let Some(selection) = batch.selection() else { return (batch.column(column), rows) };
        let base = selection.base(column);
        match selection.group(column) {
            None => (base, rows),
            Some(group) => {
                let groups = self.0.get_or_init(|| selection.groups.iter().map(|_| OnceCell::new()).collect());
                (base, groups[group].get_or_init(|| places(selection.rows(group), rows)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{BooleanArray, Int64Array, StringArray};

    use super::*;
    use crate::batch::Batch;

    fn batch(rows: i64) -> Batch {
        let names = StringArray::from_iter((0..rows).map(|i| (i % 3 != 0).then(|| format!("name {i}"))));
        let weights: Vec<i64> = (0..rows).map(|i| 1 - i % 3).collect();
        Batch::weighted(vec![Arc::new(Int64Array::from_iter_values(0..rows)), Arc::new(names)], weights)
    }

    /// Columns and weights, as they print.
    fn shown(batch: &Batch) -> String {
        format!("{} {:?} {:?}", batch.len(), batch.columns(), batch.weights_buffer())
    }

    #[test]
    fn a_selection_is_what_a_copy_is() {
        let rows: UInt32Array = (0..100).step_by(3).chain([1, 2]).collect::<Vec<u32>>().into();
        let (selected, copied) = (batch(100).select(rows.clone(), 3), batch(100).take(&rows));
        let mask =
            |keep: fn(usize) -> bool| BooleanArray::from_iter((0..36).map(|row| (row != 7).then_some(keep(row))));
        let taken: UInt32Array = vec![5, 5, 0, 35].into();
        let each = |rows: &Batch| {
            [
                rows.clone(),
                rows.slice(4, 20),
                rows.slice(4, 20).slice(3, 5),
                rows.project(&[1]).select(vec![3, 30].into(), 2),
                rows.filter(&mask(|row| row % 4 != 0)),
                rows.filter(&mask(|row| row % 9 == 0)),
                rows.filter(&mask(|row| row % 4 != 0)).filter(&BooleanArray::from(vec![false; 26])),
                rows.take(&taken),
                rows.negate(),
                rows.with_weights(crate::batch::Weights::Ones),
                Batch::concat(&[rows.slice(0, 3), batch(2), rows.clone()]),
                rows.consolidate(),
            ]
        };
        for (nth, (a, b)) in each(&selected).iter().zip(&each(&copied)).enumerate() {
            assert_eq!(shown(a), shown(b), "{nth}");
        }
        let none = Batch::with_len(vec![], crate::batch::Weights::Ones, 5).select(vec![4, 1].into(), 2);
        assert_eq!((none.len(), none.columns().len(), Batch::concat(&[none.clone(), none]).len()), (2, 0, 4));
    }

    #[test]
    fn columns_of_several_groups_are_what_copies_are() {
        let (bids, auctions) = (batch(40), batch(3));
        let of_bids: UInt32Array = (0..40).rev().collect::<Vec<u32>>().into();
        let of_auctions: UInt32Array = (0..40).map(|row| row * row % 3).collect::<Vec<u32>>().into();
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(100..140));
        let columns = vec![
            (bids.column(0).clone(), Some(0)),
            (auctions.column(1).clone(), Some(1)),
            (numbers.clone(), None),
            (auctions.column(0).clone(), Some(1)),
        ];
        let selection = Selection::new(columns, vec![of_bids.clone(), of_auctions.clone()], 40);
        let lying = Batch::lying(selection, bids.weights().clone(), 40);
        let copies = vec![
            bids.take(&of_bids).column(0).clone(),
            auctions.take(&of_auctions).column(1).clone(),
            numbers,
            auctions.take(&of_auctions).column(0).clone(),
        ];
        let copied = Batch::with_len(copies, bids.weights().clone(), 40);
        let rows: UInt32Array = vec![39, 0, 7, 7].into();
        let mask = BooleanArray::from_iter((0..40).map(|row| Some(row % 4 != 0)));
        let each = |rows_of: &Batch| {
            [
                rows_of.clone(),
                rows_of.clone().gathered(),
                rows_of.slice(3, 30).slice(2, 9),
                rows_of.project(&[2, 3]),
                rows_of.filter(&mask),
                rows_of.take(&rows),
                rows_of.negate(),
                Batch::concat(&[rows_of.slice(0, 3), rows_of.clone()]),
                rows_of.consolidate(),
            ]
        };
        for (nth, (a, b)) in each(&lying).iter().zip(&each(&copied)).enumerate() {
            assert_eq!(shown(a), shown(b), "{nth}");
        }
        let places = Places::default();
        for column in 0..4 {
            let (base, at) = places.of(&lying, column, &[5, 0, 39]);
            let expected = arrays::take(copied.column(column), &vec![5, 0, 39].into());
            assert_eq!(&arrays::take(base, &at.to_vec().into()), &expected, "{column}");
        }
    }

    #[test]
    fn few_of_the_selected_rows_do_not_hold_all_of_them() {
        for (kept, held) in [(60, true), (20, false)] {
            let all = batch(1000);
            let column = Arc::downgrade(all.column(1));
            let some = all.select((0..100).collect::<Vec<u32>>().into(), 2);
            let few = some.filter(&BooleanArray::from_iter((0..100).map(|row| Some(row < kept))));
            drop((all, some));
            assert_eq!((few.len(), column.strong_count() > 0), (kept, held));
        }
    }

    #[test]
    fn what_is_put_together_is_copied_there_alone() {
        let selected = batch(100).select(vec![1, 2, 3].into(), 2);
        assert_eq!(Batch::concat(&[selected.clone(), batch(1)]).len(), 4);
        let selection = selected.selection().unwrap_or_else(|| panic!("it was selected"));
        assert!(selection.copied.iter().all(|copy| copy.get().is_none()) && selection.all.get().is_none());
    }
}
