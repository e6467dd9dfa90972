//! A batch: rows in Arrow columns, each with a weight. Deltas and tables alike travel as batches.
//!
//! ```text
//!   columns ─┬─ Int64 [1, 1, 2]          weights ── Ones            every row +1, nothing stored
//!            └─ Utf8  [a, a, b]                  or  Each [1, 1, -1]
//! ```

use std::sync::{Arc, LazyLock};

use arrow_array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow_buffer::ScalarBuffer;
use arrow_schema::DataType;

use crate::arrays;
use crate::keys::KeyLayout;
use crate::selection::Selection;

/// How many copies of a row: negative in a delta means retraction.
pub type Weight = i64;

/// One atomic step of the circuit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// The weights of a batch's rows.
#[derive(Clone, Debug)]
pub enum Weights {
    /// Every row has weight +1; nothing is stored. Insert-only input is the common case.
    Ones,
    /// One weight a row.
    Each(ScalarBuffer<Weight>),
}

/// Where the columns of a batch are.
#[derive(Clone, Debug)]
enum Columns {
    Here(Vec<ArrayRef>),
    Selected(Arc<Selection>),
}

/// Weights of batches that are all ones, for those who ask for a buffer.
static ONES: LazyLock<ScalarBuffer<Weight>> = LazyLock::new(|| vec![1; 1 << 14].into());

/// A Z-set in columns. Immutable and cheap to clone: columns are shared.
///
/// Rows may repeat until the batch is [consolidated](Batch::consolidate). A batch of no rows may carry no
/// columns, whatever its schema: test [`Batch::is_empty`] before touching columns. A batch may be a [`Selection`] of the rows of
/// other columns; then a column is copied when it is first asked for.
#[derive(Clone, Debug)]
pub struct Batch {
    columns: Columns,
    weights: Weights,
    len: usize,
    consolidated: bool,
}

impl Batch {
    /// The batch of no rows, of any schema.
    pub fn none() -> Batch {
        Batch { columns: Columns::Here(Vec::new()), weights: Weights::Ones, len: 0, consolidated: true }
    }

    /// Rows of `columns`, each with weight +1.
    ///
    /// # Panics
    /// If there is no column (use [`Batch::with_len`]) or the lengths differ.
    pub fn ones(columns: Vec<ArrayRef>) -> Batch {
        let len = columns[0].len();
        Batch::with_len(columns, Weights::Ones, len)
    }

    /// Rows of `columns` with one weight each.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn weighted(columns: Vec<ArrayRef>, weights: impl Into<ScalarBuffer<Weight>>) -> Batch {
        let weights = weights.into();
        let len = weights.len();
        Batch::with_len(columns, Weights::Each(weights), len)
    }

    /// Rows of `columns`; `len` says how many, which matters where there is no column.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn with_len(columns: Vec<ArrayRef>, weights: Weights, len: usize) -> Batch {
        for (index, column) in columns.iter().enumerate() {
            assert_eq!(column.len(), len, "column {index} has {} rows, the batch {len}", column.len());
        }
        if let Weights::Each(each) = &weights {
            assert_eq!(each.len(), len, "{} weights for {len} rows", each.len());
        }
        Batch { columns: Columns::Here(columns), weights, len, consolidated: len == 0 }
    }

    /// The rows at `indices`, in that order, each at most once; a column is copied when it is first asked for. `parts`: among how many such
    /// selections the rows of this batch are dealt out.
    pub fn select(&self, indices: UInt32Array, parts: usize) -> Batch {
        if indices.is_empty() {
            return Batch::none();
        }
        let (weights, len) = (self.weights_at(indices.values()), indices.len());
        let selection = match &self.columns {
            Columns::Here(columns) => Selection::dealt(columns, indices, parts),
            Columns::Selected(selection) => selection.narrowed(indices.values()),
        };
        Batch { columns: Columns::Selected(Arc::new(selection)), weights, len, consolidated: self.consolidated }
    }

    /// Columns that lie elsewhere, each row with the weight given. `len`: as of [`Batch::with_len`].
    pub fn lying(selection: Selection, weights: Weights, len: usize) -> Batch {
        if let Weights::Each(each) = &weights {
            assert_eq!(each.len(), len, "{} weights for {len} rows", each.len());
        }
        Batch { columns: Columns::Selected(Arc::new(selection)), weights, len, consolidated: len == 0 }
    }

    /// The same with all columns here: nothing else is held for it.
    pub fn gathered(self) -> Batch {
        match &self.columns {
            Columns::Here(_) => self,
            Columns::Selected(selection) => Batch { columns: Columns::Here(selection.columns().to_vec()), ..self },
        }
    }

    fn weights_at(&self, rows: &[u32]) -> Weights {
        match &self.weights {
            Weights::Ones => Weights::Ones,
            Weights::Each(each) => Weights::Each(rows.iter().map(|&i| each[i as usize]).collect()),
        }
    }

    /// Declares that each row stands once and no weight is 0. The caller knows; debug builds check.
    pub fn assume_consolidated(mut self) -> Batch {
        self.consolidated = true;
        #[cfg(debug_assertions)]
        if self.len > 0 && self.len <= 64 {
            let mut plain = self.clone();
            plain.consolidated = false;
            assert_eq!(
                plain.consolidate().len,
                self.len,
                "a batch declared consolidated repeats a row or holds weight 0"
            );
        }
        self
    }

    /// As [`Batch::assume_consolidated`], unchecked: for batches that were consolidated before they were encoded.
    pub(crate) fn trust_consolidated(mut self) -> Batch {
        self.consolidated = true;
        self
    }

    /// Rows stored, whatever their weights.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The columns, in schema order.
    pub fn columns(&self) -> &[ArrayRef] {
        match &self.columns {
            Columns::Here(columns) => columns,
            Columns::Selected(selection) => selection.columns(),
        }
    }

    /// What the batch is a selection of, if it is one: for those who need not have its columns copied.
    pub fn selection(&self) -> Option<&Selection> {
        match &self.columns {
            Columns::Here(_) => None,
            Columns::Selected(selection) => Some(selection),
        }
    }

    /// Column `index`.
    pub fn column(&self, index: usize) -> &ArrayRef {
        match &self.columns {
            Columns::Here(columns) => &columns[index],
            Columns::Selected(selection) => selection.column(index),
        }
    }

    /// The type of column `index`.
    pub fn data_type(&self, index: usize) -> &DataType {
        match &self.columns {
            Columns::Here(columns) => columns[index].data_type(),
            Columns::Selected(selection) => selection.base(index).data_type(),
        }
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        match &self.columns {
            Columns::Here(columns) => columns.len(),
            Columns::Selected(selection) => selection.width(),
        }
    }

    /// Among how many batches the rows of its columns are dealt out: 1, unless it is a [`Selection`].
    pub fn parts(&self) -> usize {
        self.selection().map_or(1, Selection::parts)
    }

    /// The weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The weight of row `row`.
    #[inline]
    pub fn weight(&self, row: usize) -> Weight {
        match &self.weights {
            Weights::Ones => 1,
            Weights::Each(each) => each[row],
        }
    }

    /// Whether each row is known to stand once with a weight other than 0.
    pub fn is_consolidated(&self) -> bool {
        self.consolidated
    }

    /// The sum of all weights: how many rows a bag holds. O(1) when all weights are one.
    pub fn total_weight(&self) -> Weight {
        match &self.weights {
            Weights::Ones => self.len as Weight,
            Weights::Each(each) => each.iter().sum(),
        }
    }

    /// Bytes of the columns' values and the weights. Of a buffer that is shared, what is seen of it here.
    pub fn bytes(&self) -> usize {
        let weights = match &self.weights {
            Weights::Ones => 0,
            Weights::Each(each) => each.len() * 8,
        };
        let seen = |column: &ArrayRef| column.to_data().get_slice_memory_size().unwrap_or_default();
        let columns: usize = match &self.columns {
            Columns::Here(columns) => columns.iter().map(seen).sum(),
            Columns::Selected(selection) => (0..selection.width()).map(|index| selection.bytes(index)).sum(),
        };
        columns + weights
    }

    /// Weights as a buffer, made where they are all one: of a batch that is not very long it is there already.
    pub fn weights_buffer(&self) -> ScalarBuffer<Weight> {
        match &self.weights {
            Weights::Ones if self.len <= ONES.len() => ONES.slice(0, self.len),
            Weights::Ones => vec![1; self.len].into(),
            Weights::Each(each) => each.clone(),
        }
    }

    /// The inverse: every weight negated.
    pub fn negate(&self) -> Batch {
        let weights = match &self.weights {
            Weights::Ones => vec![-1; self.len],
            Weights::Each(each) => each.iter().map(|w| -w).collect(),
        };
        Batch { weights: Weights::Each(weights.into()), ..self.clone() }
    }

    /// The same rows and weights under other columns; `columns` must be as long as the batch.
    /// The result counts as consolidated only if `keeps_rows_distinct`.
    pub fn with_columns(&self, columns: Vec<ArrayRef>, keeps_rows_distinct: bool) -> Batch {
        let mut batch = Batch::with_len(columns, self.weights.clone(), self.len);
        batch.consolidated = self.len == 0 || (self.consolidated && keeps_rows_distinct);
        batch
    }

    /// The same rows under other weights.
    pub fn with_weights(&self, weights: Weights) -> Batch {
        if let Weights::Each(each) = &weights {
            assert_eq!(each.len(), self.len, "{} weights for {} rows", each.len(), self.len);
        }
        Batch { columns: self.columns.clone(), weights, len: self.len, consolidated: self.len == 0 }
    }

    /// Columns `indices`, in that order. No value is copied.
    pub fn project(&self, indices: &[usize]) -> Batch {
        if self.is_empty() {
            return Batch::none();
        }
        if let Columns::Selected(selection) = &self.columns {
            let columns = Columns::Selected(Arc::new(selection.project(indices)));
            return Batch { columns, weights: self.weights.clone(), len: self.len, consolidated: false };
        }
        let columns = indices.iter().map(|&i| Arc::clone(self.column(i))).collect();
        self.with_columns(columns, false)
    }

    /// Rows `offset .. offset + len`, without a copy.
    pub fn slice(&self, offset: usize, len: usize) -> Batch {
        if len == self.len {
            return self.clone();
        }
        if len == 0 {
            return Batch::none();
        }
        let columns = match &self.columns {
            Columns::Here(columns) => Columns::Here(columns.iter().map(|c| c.slice(offset, len)).collect()),
            Columns::Selected(selection) => {
                let rows: Vec<u32> = (offset as u32..(offset + len) as u32).collect();
                Columns::Selected(Arc::new(selection.narrowed(&rows)))
            }
        };
        let weights = match &self.weights {
            Weights::Ones => Weights::Ones,
            Weights::Each(each) => Weights::Each(each.slice(offset, len)),
        };
        Batch { columns, weights, len, consolidated: self.consolidated }
    }

    /// The rows at `indices`, in that order; rows may repeat.
    pub fn take(&self, indices: &UInt32Array) -> Batch {
        if indices.is_empty() {
            return Batch::none();
        }
        let columns = match &self.columns {
            Columns::Here(columns) => columns.iter().map(|c| arrays::take(c, indices)).collect(),
            Columns::Selected(selection) => selection.narrowed(indices.values()).columns().to_vec(),
        };
        let weights = self.weights_at(indices.values());
        Batch { columns: Columns::Here(columns), weights, len: indices.len(), consolidated: false }
    }

    /// The rows where `mask` is true (NULL counts as false).
    pub fn filter(&self, mask: &BooleanArray) -> Batch {
        assert_eq!(mask.len(), self.len, "a mask of {} for {} rows", mask.len(), self.len);
        let kept = if mask.null_count() > 0 { &arrow_select::filter::prep_null_mask_filter(mask) } else { mask };
        let count = kept.true_count();
        if count == self.len {
            return self.clone();
        }
        if count == 0 {
            return Batch::none();
        }
        if let Columns::Selected(selection) = &self.columns {
            let rows: UInt32Array = kept.values().set_indices_u32().collect();
            // Few rows are copied, so that they do not hold all of the others.
            return if count * 2 < self.len {
                Batch { consolidated: self.consolidated, ..self.take(&rows) }
            } else {
                self.select(rows, selection.parts())
            };
        }
        let predicate = arrow_select::filter::FilterBuilder::new(kept);
        let predicate = if self.columns().len() > 1 { predicate.optimize().build() } else { predicate.build() };
        let columns = self
            .columns()
            .iter()
            .map(|c| predicate.filter(c).unwrap_or_else(|error| panic!("filter of a checked length: {error}")))
            .collect();
        let weights = match &self.weights {
            Weights::Ones => Weights::Ones,
            Weights::Each(each) => Weights::Each(kept.values().set_indices().map(|i| each[i]).collect()),
        };
        Batch { columns: Columns::Here(columns), weights, len: count, consolidated: self.consolidated }
    }

    /// All rows of `batches`, one after the other. The sum of the Z-sets.
    pub fn concat(batches: &[Batch]) -> Batch {
        let some: Vec<&Batch> = batches.iter().filter(|b| !b.is_empty()).collect();
        match some.as_slice() {
            [] => Batch::none(),
            [one] => (*one).clone(),
            many => {
                let len = many.iter().map(|b| b.len).sum();
                // What a selection is asked for here, it need not keep.
                let column = |batch: &Batch, index: usize| match &batch.columns {
                    Columns::Here(columns) => Arc::clone(&columns[index]),
                    Columns::Selected(selection) => selection.taken(index),
                };
                let columns = (0..many[0].width())
                    .map(|i| {
                        let parts: Vec<ArrayRef> = many.iter().map(|b| column(b, i)).collect();
                        arrays::concat(&parts.iter().map(ArrayRef::as_ref).collect::<Vec<_>>())
                    })
                    .collect();
                let weights = if many.iter().all(|b| matches!(b.weights, Weights::Ones)) {
                    Weights::Ones
                } else {
                    let mut all = Vec::with_capacity(len);
                    for batch in many {
                        match &batch.weights {
                            Weights::Ones => all.resize(all.len() + batch.len, 1),
                            Weights::Each(each) => all.extend_from_slice(each),
                        }
                    }
                    Weights::Each(all.into())
                };
                Batch { columns: Columns::Here(columns), weights, len, consolidated: false }
            }
        }
    }

    /// Each row once with the sum of its weights, rows of weight 0 dropped; first occurrence keeps its place.
    ///
    /// Rows are equal as SQL groups them: NULL equals NULL, NaN equals NaN, −0.0 equals 0.0.
    /// Cost: one pass of hashing, O(rows). Nothing is copied where the batch is consolidated already.
    pub fn consolidate(&self) -> Batch {
        if self.consolidated {
            return self.clone();
        }
        if self.len == 1 {
            if self.weight(0) == 0 {
                return Batch::none();
            }
            return Batch { consolidated: true, ..self.clone() };
        }
        let mut batch = crate::keys::consolidate(self);
        batch.consolidated = true;
        batch
    }

    /// How rows of these columns are encoded as keys.
    pub fn layout(&self, indices: &[usize]) -> KeyLayout {
        KeyLayout::new(&indices.iter().map(|&i| self.data_type(i).clone()).collect::<Vec<DataType>>())
    }
}
