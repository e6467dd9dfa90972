//! The rows of one group: the front in order, and what is far behind the window in none.
//!
//! ```text
//!   front, in order: window and as much again │ back, as it came: every prefix greater than those in front
//! ```
//!
//! Most rows never come near the window, so they are not put in order until one of them might: when something behind the front is
//! retracted, or the front has become shorter than the window. From then on the group is kept in order as a whole, so that each row is
//! sorted once.

use std::cmp::Ordering;

use deltaq_circuit::Weight;

use crate::list::List;

/// A row in the order of its group.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// Says most of the order: of two rows the one with the smaller prefix stands first. Of equal prefixes it says nothing.
    pub(super) prefix: u64,
    /// Where the row lies.
    pub(super) slot: u32,
}

/// The rows of one group.
#[derive(Default)]
pub(super) struct Ranking {
    front: List<Entry>,
    back: Back,
}

#[derive(Default)]
enum Back {
    #[default]
    Empty,
    /// Rows that stand more than zero times.
    Waiting(Vec<Entry>),
    /// Nothing waits any more.
    Never,
}

/// At least so many rows are kept in front.
const FRONT_MIN: usize = 8;

/// Windows of so many rows are kept in order with all that is behind them.
const WINDOW_MAX: usize = 64;

/// How many rows are kept in front for a window of so many, if any may wait.
pub(super) fn front(window: usize) -> Option<usize> {
    (window <= WINDOW_MAX).then(|| window.max(FRONT_MIN))
}

impl Ranking {
    /// Rows in front.
    pub(super) fn len(&self) -> usize {
        self.front.len()
    }

    /// Whether there is no row.
    pub(super) fn is_empty(&self) -> bool {
        self.front.is_empty() && !self.is_waiting()
    }

    /// Whether there are rows behind the front.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.back, Back::Waiting(_))
    }

    /// Whether a row of this prefix is behind all in front.
    pub(super) fn is_behind(&self, prefix: u64) -> bool {
        self.front.last().is_none_or(|last| last.prefix < prefix)
    }

    /// Lets a row wait that need not be in front; whether it does. It must stand more than zero times.
    #[inline]
    pub(super) fn wait(&mut self, entry: Entry, front: usize) -> bool {
        if !self.is_behind(entry.prefix) {
            return false;
        }
        match &mut self.back {
            Back::Waiting(entries) => entries.push(entry),
            Back::Empty if self.front.len() >= front => self.back = Back::Waiting(vec![entry]),
            Back::Empty | Back::Never => return false,
        }
        true
    }

    /// Puts a row in its place in front. If an equal one is there, nothing changes, and it is returned.
    #[inline]
    pub(super) fn insert(&mut self, entry: Entry, compare: impl Fn(&Entry, &Entry) -> Ordering) -> Option<Entry> {
        self.front.insert(entry, compare).copied()
    }

    /// Takes the row in front that `compare` finds equal.
    pub(super) fn remove(&mut self, compare: impl Fn(&Entry) -> Ordering) -> Option<Entry> {
        self.front.remove(compare)
    }

    /// Takes the last row in front.
    pub(super) fn pop(&mut self) -> Option<Entry> {
        self.front.pop()
    }

    /// Lets rows of a front that has grown to twice `front` wait. False if they must not, and the ranking is to be settled: only a look at
    /// their columns tells them from those that stay, or they may be about to go.
    pub(super) fn thin_out(&mut self, front: usize, weight: impl Fn(u32) -> Weight) -> bool {
        if self.front.len() <= 2 * front || matches!(self.back, Back::Never) {
            return true;
        }
        let prefix = |place: usize| self.front.iter().nth(place).map(|entry| entry.prefix);
        let apart = prefix(front - 1) < prefix(front);
        if !apart || self.front.iter().skip(front).any(|entry| weight(entry.slot) <= 0) {
            return false;
        }
        let mut moved: Vec<Entry> = Vec::with_capacity(front + 1);
        while self.front.len() > front {
            moved.extend(self.front.pop());
        }
        match &mut self.back {
            Back::Waiting(entries) => entries.append(&mut moved),
            back => *back = Back::Waiting(moved),
        }
        true
    }

    /// Puts all rows in order. `same` is told of a row that equals one before it, which stays.
    pub(super) fn settle(&mut self, compare: impl Fn(&Entry, &Entry) -> Ordering, mut same: impl FnMut(Entry, Entry)) {
        let Back::Waiting(mut entries) = std::mem::replace(&mut self.back, Back::Never) else { return };
        // Stable: of equal rows the one that was in front, and may have been shown, comes first.
        entries.sort_by(&compare);
        entries.dedup_by(|later, first| {
            let equal = compare(first, later).is_eq();
            if equal {
                same(*first, *later);
            }
            equal
        });
        let front = std::mem::take(&mut self.front);
        self.front = List::of_sorted(front.into_entries().chain(entries).collect());
    }

    /// The rows in front, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.front.iter()
    }

    /// All rows, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Entry> {
        let back = if let Back::Waiting(entries) = &self.back { &entries[..] } else { &[] };
        self.front.iter().chain(back)
    }

    /// All rows, for changes that leave the order as it is.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        let back = if let Back::Waiting(entries) = &mut self.back { &mut entries[..] } else { &mut [] };
        self.front.iter_mut().chain(back)
    }

    /// Bytes allocated.
    pub(super) fn bytes(&self) -> usize {
        let back = match &self.back {
            Back::Waiting(entries) => entries.capacity() * size_of::<Entry>(),
            Back::Empty | Back::Never => 0,
        };
        self.front.bytes() + back
    }
}
