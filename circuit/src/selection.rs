//! Some rows of other columns, each column copied no sooner than somebody asks for it.

use std::sync::OnceLock;

use arrow_array::{Array, ArrayRef, UInt32Array};

use crate::arrays;

/// Columns that consist of some rows of others. Who can do with those and the numbers of the rows copies nothing but what it keeps.
#[derive(Debug)]
pub struct Selection {
    base: Vec<ArrayRef>,
    rows: UInt32Array,
    /// Among how many selections the rows of `base` are dealt out.
    parts: usize,
    copied: Vec<OnceLock<ArrayRef>>,
    all: OnceLock<Vec<ArrayRef>>,
}

impl Selection {
    /// Rows `rows` of `base`; `parts`: among how many selections the rows of `base` are dealt out.
    pub(crate) fn new(base: Vec<ArrayRef>, rows: UInt32Array, parts: usize) -> Selection {
        let copied = base.iter().map(|_| OnceLock::new()).collect();
        Selection { base, rows, parts, copied, all: OnceLock::new() }
    }

    /// The columns that rows are selected of.
    pub fn base(&self) -> &[ArrayRef] {
        &self.base
    }

    /// Which rows of them.
    pub fn rows(&self) -> &[u32] {
        self.rows.values()
    }

    /// Among how many selections the rows of the base are dealt out.
    pub fn parts(&self) -> usize {
        self.parts
    }

    /// Where in the base the selected rows at `indices` lie.
    pub fn places(&self, indices: &[u32]) -> Vec<u32> {
        indices.iter().map(|index| self.rows()[*index as usize]).collect()
    }

    /// Column `index`, copied the first time.
    pub(crate) fn column(&self, index: usize) -> &ArrayRef {
        self.copied[index].get_or_init(|| arrays::take(&self.base[index], &self.rows))
    }

    /// Column `index`; where it was not copied before, the copy is the caller's alone.
    pub(crate) fn taken(&self, index: usize) -> ArrayRef {
        self.copied[index].get().cloned().unwrap_or_else(|| arrays::take(&self.base[index], &self.rows))
    }

    /// All columns.
    pub(crate) fn columns(&self) -> &[ArrayRef] {
        self.all.get_or_init(|| (0..self.base.len()).map(|index| self.column(index).clone()).collect())
    }

    /// The selected rows at `indices`.
    pub(crate) fn narrowed(&self, indices: impl Iterator<Item = usize>) -> Selection {
        let rows = indices.map(|index| self.rows.value(index)).collect();
        Selection::new(self.base.clone(), rows, self.parts)
    }

    /// The columns at `indices`, in that order.
    pub(crate) fn project(&self, indices: &[usize]) -> Selection {
        let base = indices.iter().map(|index| self.base[*index].clone()).collect();
        Selection::new(base, self.rows.clone(), self.parts)
    }

    /// Bytes of a column's values, about: copied or not.
    pub(crate) fn bytes(&self, index: usize) -> usize {
        let base = &self.base[index];
        let all = base.to_data().get_slice_memory_size().unwrap_or_default();
        all * self.rows.len() / base.len().max(1)
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
