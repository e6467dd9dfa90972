//! The group table: key → group number, with numbers used again when a group goes.

use arrow_array::ArrayRef;

use super::NONE;
use super::index::Index;
use super::key_store::KeyStore;
use crate::keys::{KeyLayout, Keys};

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
