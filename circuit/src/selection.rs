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

    /// All columns.
    pub(crate) fn columns(&self) -> &[ArrayRef] {
        self.all.get_or_init(|| (0..self.base.len()).map(|index| self.column(index).clone()).collect())
    }

    /// The selected rows at `indices`, of the columns at `columns`.
    pub(crate) fn narrowed(&self, columns: &[usize], indices: impl Iterator<Item = usize>) -> Selection {
        let base = columns.iter().map(|column| self.base[*column].clone()).collect();
        Selection::new(base, indices.map(|index| self.rows.value(index)).collect(), self.parts)
    }

    /// Bytes of a column's values, about: copied or not.
    pub(crate) fn bytes(&self, index: usize) -> usize {
        let base = &self.base[index];
        let all = base.to_data().get_slice_memory_size().unwrap_or_default();
        all * self.rows.len() / base.len().max(1)
    }
}
