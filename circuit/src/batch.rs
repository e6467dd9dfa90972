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

/// Weights of batches that are all ones, for those who ask for a buffer.
static ONES: LazyLock<ScalarBuffer<Weight>> = LazyLock::new(|| vec![1; 1 << 14].into());

/// A Z-set in columns. Immutable and cheap to clone: columns are shared.
///
/// Rows may repeat until the batch is [consolidated](Batch::consolidate). A batch of no rows may carry no
/// columns, whatever its schema: test [`Batch::is_empty`] before touching columns.
#[derive(Clone, Debug)]
pub struct Batch {
    columns: Vec<ArrayRef>,
    weights: Weights,
    len: usize,
    consolidated: bool,
}

impl Batch {
    /// The batch of no rows, of any schema.
    pub fn none() -> Batch {
        Batch { columns: Vec::new(), weights: Weights::Ones, len: 0, consolidated: true }
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
        Batch { columns, weights, len, consolidated: len == 0 }
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
        &self.columns
    }

    /// Column `index`.
    pub fn column(&self, index: usize) -> &ArrayRef {
        &self.columns[index]
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
        self.columns.iter().map(seen).sum::<usize>() + weights
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
        Batch::with_len(self.columns.clone(), weights, self.len)
    }

    /// Columns `indices`, in that order. No value is copied.
    pub fn project(&self, indices: &[usize]) -> Batch {
        if self.is_empty() {
            return Batch::none();
        }
        let columns = indices.iter().map(|&i| Arc::clone(&self.columns[i])).collect();
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
        let columns = self.columns.iter().map(|c| c.slice(offset, len)).collect();
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
        let columns = self.columns.iter().map(|c| arrays::take(c, indices)).collect();
        let weights = match &self.weights {
            Weights::Ones => Weights::Ones,
            Weights::Each(each) => Weights::Each(indices.values().iter().map(|&i| each[i as usize]).collect()),
        };
        Batch { columns, weights, len: indices.len(), consolidated: false }
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
        let predicate = arrow_select::filter::FilterBuilder::new(kept);
        let predicate = if self.columns.len() > 1 { predicate.optimize().build() } else { predicate.build() };
        let columns = self
            .columns
            .iter()
            .map(|c| predicate.filter(c).unwrap_or_else(|error| panic!("filter of a checked length: {error}")))
            .collect();
        let weights = match &self.weights {
            Weights::Ones => Weights::Ones,
            Weights::Each(each) => Weights::Each(kept.values().set_indices().map(|i| each[i]).collect()),
        };
        Batch { columns, weights, len: count, consolidated: self.consolidated }
    }

    /// All rows of `batches`, one after the other. The sum of the Z-sets.
    pub fn concat(batches: &[Batch]) -> Batch {
        let some: Vec<&Batch> = batches.iter().filter(|b| !b.is_empty()).collect();
        match some.as_slice() {
            [] => Batch::none(),
            [one] => (*one).clone(),
            many => {
                let len = many.iter().map(|b| b.len).sum();
                let columns = (0..many[0].columns.len())
                    .map(|i| arrays::concat(&many.iter().map(|b| b.columns[i].as_ref()).collect::<Vec<_>>()))
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
                Batch { columns, weights, len, consolidated: false }
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
        KeyLayout::new(&indices.iter().map(|&i| self.columns[i].data_type().clone()).collect::<Vec<DataType>>())
    }
}
