//! A trace: the integral z⁻¹(I(s)) of a stream, searchable by key.
//!
//! ```text
//!   index: hash of key → a slot of the key
//!                            │ next      slots:  key │ other columns │ weight
//!                            └──→ another ──→ …   (freed slots are used again)
//! ```
//!
//! Memory follows live rows: slots whose weight comes to 0 are freed and used again, and a trace that has become
//! mostly empty is rewritten. A lookup costs a hash; a retraction finds its row among those of its key, or, where a key
//! has very many rows, by a second index over whole rows that is built when first needed.
//!
//! In a large trace most of the time is spent waiting for memory: an entry of the index, a key, a link, a value for each row. So changes
//! and lookups first look at these places for many rows, each kind in a loop of its own, so that the processor waits for many of them at once.

mod arena;
mod column;
mod groups;
mod hashed;
mod index;
mod key_store;
mod rows;
mod search;

use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_schema::DataType;

use crate::arrays::View;
use crate::batch::{Batch, Weight, Weights};
use crate::keys::{self, KeyLayout};
use crate::operator::Size;
use crate::selection::Places;
use column::Column;
pub use groups::Groups;
pub use hashed::HashedKeys;
pub use index::{Found, Index};
pub use key_store::KeyStore;
pub use rows::Rows;
pub use search::Matches;
use search::row_hash;

const NONE: u32 = u32::MAX;
/// Rows whose places in state are looked at together before they are changed one by one.
const TOUCHED: usize = 256;
/// Keys, and rows, of which the index and the links stay in a cache of some ten megabytes, about.
const CACHED_KEYS: usize = 1 << 17;
const CACHED_ROWS: usize = 1 << 22;
/// Rows of one key that are searched one by one; past these, by the index over whole rows.
const CHAIN_MAX: usize = 24;
/// Insert-only batches of this size are kept as they are until a lookup is made; smaller ones only before the first.
const PENDING_MIN: usize = 512;
/// Of those that are kept as they are, so many that are smaller than this are put together: what a batch takes beside its rows would
/// outweigh them.
const MERGED_MAX: usize = 128;
const MERGED_COUNT: usize = 16;

/// The rows of a Z-set, searchable by the columns of a key.
#[derive(Debug)]
pub struct Trace {
    types: Vec<DataType>,
    key: Vec<usize>,
    rest: Vec<usize>,
    nulls: bool,
    lazy: bool,
    pending: Vec<Batch>,
    layout: KeyLayout,
    keys: KeyStore,
    columns: Vec<Column>,
    links: Vec<Link>,
    free: Vec<u32>,
    index: Index,
    rows: Option<Index>,
    /// Slots of a weight below 0, and of another than 1.
    negatives: usize,
    others: usize,
}

/// What a slot has beside its row; together, since who looks at one needs the others.
#[derive(Clone, Copy, Debug)]
struct Link {
    /// 0: the slot is free.
    weight: Weight,
    /// The slot of the next row of the key.
    next: u32,
    /// The slot of the row before.
    prev: u32,
}

const FREE: Link = Link { weight: 0, next: NONE, prev: NONE };

impl Trace {
    /// A trace of rows of `types`, searchable by columns `key`. Rows with NULL in the key are left out unless `nulls`.
    pub fn new(types: Vec<DataType>, key: Vec<usize>, nulls: bool) -> Trace {
        let rest: Vec<usize> = (0..types.len()).filter(|c| !key.contains(c)).collect();
        let layout = KeyLayout::new(&key.iter().map(|&k| types[k].clone()).collect::<Vec<_>>());
        Trace {
            keys: KeyStore::new(&layout),
            columns: rest.iter().map(|&c| Column::new(&types[c])).collect(),
            types,
            key,
            rest,
            nulls,
            lazy: false,
            pending: Vec::new(),
            layout,
            links: Vec::new(),
            free: Vec::new(),
            index: Index::default(),
            rows: None,
            negatives: 0,
            others: 0,
        }
    }

    /// The same, but insert-only batches are kept as they are, the large ones without a copy, until [`Trace::prepare`] is called
    /// or something is retracted: for a table that is mostly appended to.
    pub fn lazy(types: Vec<DataType>, key: Vec<usize>, nulls: bool) -> Trace {
        Trace { lazy: true, ..Trace::new(types, key, nulls) }
    }

    /// The column types.
    pub fn types(&self) -> &[DataType] {
        &self.types
    }

    /// The key columns.
    pub fn key(&self) -> &[usize] {
        &self.key
    }

    /// Takes in what a lazy trace has set aside, so that lookups see it. O(rows set aside), each row once.
    pub fn prepare(&mut self) {
        for batch in std::mem::take(&mut self.pending) {
            if self.rest.is_empty() { self.absorb(&batch.consolidate(), None) } else { self.absorb(&batch, None) }
        }
    }

    /// As [`Trace::prepare`], and from now on nothing is set aside.
    pub fn keep_indexed(&mut self) {
        self.prepare();
        self.lazy = false;
    }

    /// Adds a delta. Cost: O(|delta|), amortised.
    pub fn update(&mut self, delta: &Batch) {
        self.update_hashed(delta, None);
    }

    /// The same; `hashed`: what [`Trace::hash`] gives for the delta, if somebody has asked for it.
    pub fn update_hashed(&mut self, delta: &Batch, hashed: Option<&HashedKeys>) {
        if delta.is_empty() {
            return;
        }
        let insert_only = matches!(delta.weights(), Weights::Ones);
        let unsearched = self.index.is_empty() || !self.pending.is_empty();
        if self.lazy && insert_only && (unsearched || delta.len() >= PENDING_MIN) {
            return self.set_aside(self.searchable(delta));
        }
        if self.lazy {
            self.prepare();
        }
        if delta.is_consolidated() || matches!(delta.weights(), Weights::Ones) && !self.rest.is_empty() {
            self.absorb(delta, hashed);
        } else {
            self.absorb(&delta.consolidate(), None);
        }
        self.shrink();
    }

    /// Gives the rows at `slots` the values of `rows` at `at`, whose keys they have, each of weight 1. Cost: O(|slots|), amortised; less than retracting
    /// and inserting, since nothing is looked for.
    ///
    /// # Panics
    /// If a lazy trace has set rows aside, or a key has very many rows: such are found by all their columns.
    pub fn overwrite(&mut self, slots: &[u32], rows: &Batch, at: &[u32]) {
        assert!(self.pending.is_empty() && self.rows.is_none(), "only a trace of few rows a key is overwritten");
        debug_assert!(slots.iter().all(|slot| self.weight(*slot) == 1), "a row that stands once is overwritten");
        let places = Places::default();
        for (column, &from) in self.columns.iter_mut().zip(&self.rest) {
            let (values, at) = places.of(rows, from, at);
            column.write(values, at, slots, rows.parts());
        }
        self.columns.iter_mut().for_each(Column::reclaim);
    }

    /// The rows that are not left out.
    fn searchable(&self, rows: &Batch) -> Batch {
        let places = Places::default();
        if self.nulls || self.key.iter().all(|&k| places.of(rows, k, &[]).0.null_count() == 0) {
            return rows.clone();
        }
        let key: Vec<ArrayRef> = self.key.iter().map(|&k| rows.column(k).clone()).collect();
        match keys::any_null(&key) {
            Some(left_out) => rows.filter(&BooleanArray::new(left_out.into_inner(), None)),
            _ => rows.clone(),
        }
    }

    /// Keeps rows as they are. Small batches are put together, some at a time, so that there are few and each row is copied a few times.
    fn set_aside(&mut self, rows: Batch) {
        if rows.is_empty() {
            return;
        }
        self.pending.push(rows);
        let small = self.pending.iter().rev().take(MERGED_COUNT).take_while(|batch| batch.len() < MERGED_MAX).count();
        if small == MERGED_COUNT {
            let merged = self.pending.split_off(self.pending.len() - small);
            self.pending.push(Batch::concat(&merged));
        }
    }

    fn absorb(&mut self, delta: &Batch, hashed: Option<&HashedKeys>) {
        if delta.is_empty() {
            return;
        }
        let fresh = hashed.is_none().then(|| self.hash(delta));
        let Some(hashed) = hashed.or(fresh.as_ref()) else { return };
        // Rows that are only added are compared with none.
        let compared = !matches!(delta.weights(), Weights::Ones) || self.negatives > 0 || self.rows.is_some();
        let columns = self.rest.iter().filter(|_| compared);
        let rest: Vec<View> = columns.map(|&c| View::of(delta.column(c))).collect();
        if matches!(delta.weights(), Weights::Ones) && self.negatives == 0 && !self.rest.is_empty() {
            // Nothing to cancel, nothing to add to.
            let rows: Vec<u32> = (0..delta.len() as u32).filter(|row| !hashed.matches_none(*row as usize)).collect();
            return self.insert(delta, hashed, &rest, &rows, &vec![1; rows.len()]);
        }
        let mut rows = Vec::with_capacity(delta.len());
        let mut weights = Vec::with_capacity(delta.len());
        for row in 0..delta.len() {
            if row % TOUCHED == 0 && self.outgrows_cache() {
                let block = row..delta.len().min(row + TOUCHED);
                let looks = |row: &usize| delta.weight(*row) < 0 || self.rest.is_empty() || self.negatives > 0;
                self.touch(hashed, block.filter(looks).map(|row| hashed.number(row)));
            }
            if hashed.matches_none(row) {
                continue;
            }
            let mut weight = delta.weight(row);
            if self.rest.is_empty() && weight > 0 && self.raise(hashed, row, weight) {
                continue;
            }
            if weight < 0 || self.negatives > 0 {
                weight = self.cancel(hashed, &rest, row, weight);
            }
            if weight != 0 {
                rows.push(row as u32);
                weights.push(weight);
            }
        }
        self.insert(delta, hashed, &rest, &rows, &weights);
    }

    /// Whether lookups wait for memory. What the caches hold is found as fast without looking twice.
    fn outgrows_cache(&self) -> bool {
        self.index.len() >= CACHED_KEYS || self.links.len() >= CACHED_ROWS
    }

    /// Looks at all that changes to rows of these keys will look at, all keys at a time, so that their cache misses overlap.
    fn touch(&self, hashed: &HashedKeys, numbers: impl Iterator<Item = usize> + Clone) {
        self.touch_slots(&self.keys.find_all(&self.index, &hashed.keys, &hashed.hashes, numbers));
    }

    fn touch_slots(&self, slots: &[u32]) {
        let there = || slots.iter().filter(|s| **s != NONE).map(|s| *s as usize);
        std::hint::black_box(there().fold(0, |all, s| all ^ self.links[s].next));
        self.columns.iter().for_each(|c| {
            std::hint::black_box(c.touch(there()));
        });
    }

    /// The slot from which on the rows of a row's key are found.
    fn head(&self, hashed: &HashedKeys, row: usize) -> Option<u32> {
        let number = hashed.number(row);
        self.index.find(hashed.hashes[number], |s| self.keys.equals(s as usize, &hashed.keys, number))
    }

    /// Where the key is the whole row: adds `weight` to the slot that holds it, if there is one with a weight above 0.
    fn raise(&mut self, hashed: &HashedKeys, row: usize, weight: Weight) -> bool {
        let found = self.head(hashed, row);
        let held = found.filter(|s| self.links[*s as usize].weight > 0);
        if let Some(slot) = held {
            self.weigh(slot, self.links[slot as usize].weight + weight);
        }
        held.is_some()
    }

    /// Lets `weight` of row `row` cancel against equal rows of the other sign; returns what is left of it.
    fn cancel(&mut self, hashed: &HashedKeys, rest: &[View], row: usize, mut weight: Weight) -> Weight {
        let Some(head) = self.head(hashed, row) else { return weight };
        let hash = hashed.hashes[hashed.number(row)];
        let mut slot = head;
        let mut seen = 0;
        while slot != NONE && weight != 0 {
            let next = self.links[slot as usize].next;
            if self.links[slot as usize].weight.signum() == -weight.signum() && self.row_equals(slot, rest, row) {
                weight = self.settle(slot, hash, weight);
            }
            seen += 1;
            if seen == CHAIN_MAX && next != NONE {
                return self.cancel_by_row(hashed, rest, row, weight);
            }
            slot = next;
        }
        weight
    }

    fn cancel_by_row(&mut self, hashed: &HashedKeys, rest: &[View], row: usize, mut weight: Weight) -> Weight {
        let number = hashed.number(row);
        let hash = hashed.hashes[number];
        if self.rows.is_none() {
            self.rows = Some(self.index_rows());
        }
        let full = row_hash(hash, rest, row);
        while weight != 0 {
            let Some(index) = &self.rows else { break };
            let found = index.find(full, |s| {
                self.links[s as usize].weight.signum() == -weight.signum()
                    && self.keys.equals(s as usize, &hashed.keys, number)
                    && self.row_equals(s, rest, row)
            });
            let Some(slot) = found else { break };
            weight = self.settle(slot, hash, weight);
        }
        weight
    }

    /// Adds `weight` to a slot of the other sign, as far as it goes; frees the slot at 0. Returns what is left.
    fn settle(&mut self, slot: u32, hash: u64, weight: Weight) -> Weight {
        let there = self.links[slot as usize].weight;
        let sum = there + weight;
        if sum.signum() == there.signum() {
            self.weigh(slot, sum);
            return 0;
        }
        self.free(slot, hash);
        sum
    }

    /// Gives a slot another weight.
    fn weigh(&mut self, slot: u32, weight: Weight) {
        let is = &mut self.links[slot as usize].weight;
        let was = std::mem::replace(is, weight);
        self.negatives = self.negatives + usize::from(weight < 0) - usize::from(was < 0);
        self.others = self.others + usize::from(!matches!(weight, 0 | 1)) - usize::from(!matches!(was, 0 | 1));
    }

    fn free(&mut self, slot: u32, hash: u64) {
        if let Some(rows) = &mut self.rows {
            let at = [slot];
            let columns: Vec<ArrayRef> = self.columns.iter().map(|c| c.gather(&at)).collect();
            let views: Vec<View> = columns.iter().map(View::of).collect();
            if let Some(entry) = rows.find_entry(row_hash(hash, &views, 0), |s| s == slot) {
                entry.remove();
            }
        }
        self.weigh(slot, 0);
        let Link { prev, next, .. } = std::mem::replace(&mut self.links[slot as usize], FREE);
        if next != NONE {
            self.links[next as usize].prev = prev;
        }
        if prev != NONE {
            self.links[prev as usize].next = next;
        } else if let Some(mut entry) = self.index.find_entry(hash, |s| s == slot) {
            if next == NONE { entry.remove() } else { entry.set(next) }
        }
        self.keys.free(slot as usize);
        self.columns.iter_mut().for_each(|c| c.free(slot as usize));
        self.free.push(slot);
    }

    fn row_equals(&self, slot: u32, rest: &[View], row: usize) -> bool {
        self.columns.iter().zip(rest).all(|(c, v)| c.equals(slot as usize, v, row))
    }

    fn insert(&mut self, delta: &Batch, hashed: &HashedKeys, rest: &[View], rows: &[u32], weights: &[Weight]) {
        if rows.is_empty() {
            return;
        }
        let mut slots = Vec::with_capacity(rows.len());
        let reused = self.free.len().min(rows.len());
        slots.extend(self.free.drain(self.free.len() - reused..));
        let len = self.links.len();
        let grown = len + rows.len() - reused;
        assert!(grown < NONE as usize, "a trace of more than 2^32 rows");
        slots.extend(len as u32..grown as u32);
        self.links.reserve(grown - len);
        self.keys.write(&slots, &hashed.keys, rows.iter().map(|row| hashed.number(*row as usize)));
        let places = Places::default();
        for (column, &from) in self.columns.iter_mut().zip(&self.rest) {
            let (values, at) = places.of(delta, from, rows);
            column.write(values, at, &slots, delta.parts());
        }
        self.index.reserve(rows.len().min(hashed.count()));
        // By key that repeats: the first of the new slots, behind which the others are linked.
        let mut heads = vec![NONE; if hashed.repeat() { hashed.count() } else { 0 }];
        for (nth, ((&row, &slot), &weight)) in rows.iter().zip(&slots).zip(weights).enumerate() {
            if nth % TOUCHED == 0 && self.outgrows_cache() {
                let block = &rows[nth..rows.len().min(nth + TOUCHED)];
                self.touch(hashed, block.iter().map(|row| hashed.number(*row as usize)));
            }
            let number = hashed.number(row as usize);
            let hash = hashed.hashes[number];
            let (next, prev) = match heads.get(number) {
                Some(&head) if head != NONE => (std::mem::replace(&mut self.links[head as usize].next, slot), head),
                _ => {
                    let same = |s: u32| self.keys.equals(s as usize, &hashed.keys, number);
                    let next = self.index.replace(hash, slot, same).unwrap_or(NONE);
                    heads.get_mut(number).into_iter().for_each(|head| *head = slot);
                    (next, NONE)
                }
            };
            let link = Link { weight, next, prev };
            match self.links.get_mut(slot as usize) {
                Some(free) => *free = link,
                None => self.links.push(link),
            }
            self.negatives += usize::from(weight < 0);
            self.others += usize::from(weight != 1);
            if next != NONE {
                self.links[next as usize].prev = slot;
            }
            if let Some(index) = &mut self.rows {
                index.insert_unique(row_hash(hash, rest, row as usize), slot);
            }
        }
    }

    fn index_rows(&self) -> Index {
        let mut index = Index::default();
        let live = self.live();
        index.reserve(live.len());
        let keys = self.layout.encode(&self.keys.gather(&self.layout, &live), live.len());
        let columns: Vec<ArrayRef> = self.columns.iter().map(|c| c.gather(&live)).collect();
        let views: Vec<View> = columns.iter().map(View::of).collect();
        for (row, (&slot, hash)) in live.iter().zip(keys.hashes()).enumerate() {
            index.insert_unique(row_hash(hash, &views, row), slot);
        }
        index
    }

    /// Rewrites a trace that is mostly free slots: costs what was freed since it was last rewritten.
    fn shrink(&mut self) {
        let live = self.links.len() - self.free.len();
        if self.links.len() > 256 && live * 4 < self.links.len() {
            let rows = self.gather_live();
            let mut fresh = Trace::new(std::mem::take(&mut self.types), std::mem::take(&mut self.key), self.nulls);
            fresh.lazy = self.lazy;
            fresh.absorb(&rows, None);
            *self = fresh;
        } else if !self.free.is_empty() {
            self.keys.reclaim();
            self.columns.iter_mut().for_each(Column::reclaim);
        }
    }

    fn live(&self) -> Vec<u32> {
        (0..self.links.len() as u32).filter(|&s| self.links[s as usize].weight != 0).collect()
    }

    fn gather_live(&self) -> Batch {
        let live = self.live();
        if live.is_empty() {
            return Batch::none();
        }
        let columns = self.gather(&(0..self.types.len()).collect::<Vec<_>>(), &live);
        if live.iter().all(|&s| self.links[s as usize].weight == 1) {
            Batch::with_len(columns, Weights::Ones, live.len())
        } else {
            Batch::weighted(columns, self.weights(&live))
        }
    }

    /// All rows. Not consolidated: a row inserted twice may stand twice. O(|state|).
    pub fn contents(&self) -> Batch {
        if self.pending.is_empty() {
            return self.gather_live();
        }
        Batch::concat(&self.pending.iter().cloned().chain([self.gather_live()]).collect::<Vec<_>>())
    }

    /// Whether no row is held.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.index.is_empty()
    }

    /// Rows held and bytes allocated.
    pub fn size(&self) -> Size {
        let pending: usize = self.pending.iter().map(Batch::len).sum();
        let pending_bytes: usize = self.pending.iter().map(Batch::bytes).sum();
        let bytes = self.keys.bytes()
            + self.columns.iter().map(Column::bytes).sum::<usize>()
            + self.links.capacity() * size_of::<Link>()
            + self.free.capacity() * 4
            + self.index.bytes()
            + self.rows.as_ref().map_or(0, Index::bytes)
            + pending_bytes;
        Size { rows: self.links.len() - self.free.len() + pending, bytes }
    }
}
