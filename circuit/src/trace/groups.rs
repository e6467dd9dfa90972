//! The group table: key → group number, with numbers used again when a group goes.

use arrow_array::{Array, ArrayRef, UInt32Array};

use super::NONE;
use super::index::Index;
use super::key_store::KeyStore;
use crate::arrays;
use crate::batch::Batch;
use crate::keys::{KeyLayout, Keys};
use crate::selection::{Selection, firsts};

/// Rows that are looked up together before new groups are made of those that are not found.
const BLOCK_ROWS: usize = 1024;

/// Numbers groups of equal keys. Accumulators lie in columns indexed by the number.
#[derive(Debug)]
pub struct Groups {
    layout: KeyLayout,
    keys: KeyStore,
    index: Index,
    free: Vec<u32>,
    live: Vec<bool>,
}

/// The selection of `rows` and the group of `columns` in it, if they are of one, with a base half as long as the rows or shorter.
fn repeating<'a>(rows: &'a Batch, columns: &[usize]) -> Option<(&'a Selection, usize)> {
    let (selection, first) = (rows.selection()?, *columns.first()?);
    let group = selection.group(first)?;
    let one = columns.iter().all(|column| selection.group(*column) == Some(group));
    (one && selection.base(first).len() * 2 <= rows.len()).then_some((selection, group))
}

impl Groups {
    /// No groups yet, of keys so laid out.
    pub fn new(layout: KeyLayout) -> Groups {
        Groups { keys: KeyStore::new(&layout), layout, index: Index::default(), free: Vec::new(), live: Vec::new() }
    }

    /// How keys are laid out.
    pub fn layout(&self) -> &KeyLayout {
        &self.layout
    }

    /// Numbers are below this; columns of accumulators must be as long.
    pub fn capacity(&self) -> usize {
        self.live.len()
    }

    /// Groups that are there.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The numbers of the groups that are there.
    pub fn live(&self) -> Vec<u32> {
        (0..self.live.len() as u32).filter(|&g| self.live[g as usize]).collect()
    }

    /// The group of each key, made where it is new. Cost: a lookup a key.
    pub fn assign(&mut self, keys: &Keys) -> Vec<u32> {
        let hashes = keys.hashes();
        if let [hash] = *hashes {
            return vec![self.assign_one(keys, hash, 0)];
        }
        let mut groups = Vec::with_capacity(keys.len());
        for block in (0..keys.len()).step_by(BLOCK_ROWS) {
            let block = block..keys.len().min(block + BLOCK_ROWS);
            groups.extend(self.keys.find_all(&self.index, keys, &hashes, block.clone()));
            for row in block {
                if groups[row] == NONE {
                    groups[row] = self.assign_one(keys, hashes[row], row);
                }
            }
        }
        groups
    }

    /// The group of each row of `rows` by columns `columns`, made where it is new. Cost: a lookup a row; where all columns repeat rows of a base
    /// that is half as long or shorter, a lookup a row of that.
    pub fn assign_rows(&mut self, rows: &Batch, columns: &[usize]) -> Vec<u32> {
        let Some((selection, group)) = repeating(rows, columns) else {
            let key: Vec<ArrayRef> = columns.iter().map(|column| rows.column(*column).clone()).collect();
            return self.assign(&self.layout.encode(&key, rows.len()));
        };
        // Rows of the base that stand nowhere are to have no group.
        let of_base = selection.rows(group);
        let (first, of) = firsts(selection.base(columns[0]).len(), of_base.iter().map(|row| *row as usize));
        let used: UInt32Array = first.iter().map(|at| of_base[*at as usize]).collect::<Vec<_>>().into();
        let key: Vec<ArrayRef> = columns.iter().map(|column| arrays::take(selection.base(*column), &used)).collect();
        let groups = self.assign(&self.layout.encode(&key, used.len()));
        of.iter().map(|nth| groups[*nth as usize]).collect()
    }

    fn assign_one(&mut self, keys: &Keys, hash: u64, row: usize) -> u32 {
        let next = self.free.last().copied().unwrap_or(self.live.len() as u32);
        let found = self.index.find_or_insert(hash, next, |g| self.keys.equals(g as usize, keys, row));
        found.unwrap_or_else(|| {
            if self.free.pop().is_none() {
                self.keys.resize(next as usize + 1);
                self.live.push(true);
            }
            self.live[next as usize] = true;
            self.keys.set(next as usize, keys, row);
            next
        })
    }

    /// The group of each key, where there is one.
    pub fn find(&self, keys: &Keys) -> Vec<Option<u32>> {
        let hashes = keys.hashes();
        let find = |row: usize| self.index.find(hashes[row], |g| self.keys.equals(g as usize, keys, row));
        (0..keys.len()).map(find).collect()
    }

    /// Lets groups go, each named once; their numbers will be given again. Returns whether none is left and numbers start anew from 0.
    pub fn release(&mut self, groups: &[u32]) -> bool {
        let hashes: Vec<u64> = groups.iter().map(|group| self.keys.hash(*group as usize)).collect();
        self.index.touch(hashes.iter().copied());
        for (&group, &hash) in groups.iter().zip(&hashes) {
            if let Some(entry) = self.index.find_entry(hash, |g| g == group) {
                entry.remove();
                self.live[group as usize] = false;
                self.keys.free(group as usize);
                self.free.push(group);
            }
        }
        !groups.is_empty() && self.shrink()
    }

    /// Gives memory back after groups went: all of it when none is left.
    fn shrink(&mut self) -> bool {
        self.keys.reclaim();
        self.index.shrink();
        if self.index.is_empty() && self.capacity() > 64 {
            *self = Groups::new(self.layout.clone());
            return true;
        }
        false
    }

    /// The key columns of `groups`.
    pub fn gather(&self, groups: &[u32]) -> Vec<ArrayRef> {
        self.keys.gather(&self.layout, groups)
    }

    /// Bytes allocated.
    pub fn bytes(&self) -> usize {
        self.keys.bytes() + self.index.bytes() + self.free.capacity() * 4 + self.live.capacity()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Int64Array, StringArray};
    use arrow_schema::DataType;

    use super::*;
    use crate::batch::Weights;

    #[test]
    fn rows_that_repeat_have_the_groups_that_copies_have() {
        // Of five base rows two are equal, and one stands nowhere.
        let names: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("nowhere"), Some("a"), Some("b")]));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 1, 2, 1, 1]));
        let of: Vec<u32> = (0..40).map(|row| [4, 0, 1, 3][row % 4]).collect();
        let columns = vec![(numbers, Some(0)), (names, Some(0))];
        let lying = Batch::lying(Selection::new(columns, vec![of.into()], 40), Weights::Ones, 40);
        let (mut repeated, mut plain) = (new(), new());
        let groups = repeated.assign_rows(&lying, &[1, 0]);
        assert_eq!(groups, plain.assign_rows(&lying.clone().gathered(), &[1, 0]));
        assert_eq!((repeated.len(), groups[1], groups[3]), (3, 1, 1));
        assert!(repeated.release(&[0, 1, 2]) || repeated.is_empty());

        fn new() -> Groups {
            Groups::new(KeyLayout::new(&[DataType::Utf8, DataType::Int64]))
        }
    }
}
