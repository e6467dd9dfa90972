//! The rows of one group in order.

use std::cmp::Ordering;
use std::mem;

/// A row in the order of its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Says most of the order: of two rows the one with the smaller prefix stands first. Of equal prefixes it says nothing.
    pub(super) prefix: u64,
    /// Where the row lies.
    pub(super) slot: u32,
}

/// Entries in order: one sorted run while they are few, and from then on a list of runs, so that a change moves few entries.
#[derive(Debug)]
pub(super) enum List {
    Few(Vec<Entry>),
    Many(Box<Runs>),
}

#[derive(Debug)]
pub(super) struct Runs {
    len: usize,
    /// None is empty.
    runs: Vec<Vec<Entry>>,
}

/// Entries of one run; 4 KiB of them.
const RUN_MAX: usize = 256;

/// Where an entry is, or belongs: a run, and a place in it.
type Place = (usize, usize);

impl Default for List {
    fn default() -> List {
        List::Few(Vec::new())
    }
}

impl List {
    pub(super) fn len(&self) -> usize {
        match self {
            List::Few(run) => run.len(),
            List::Many(many) => many.len,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn last(&self) -> Option<&Entry> {
        match self {
            List::Few(run) => run.last(),
            List::Many(many) => many.runs.last().and_then(|run| run.last()),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        let runs = match self {
            List::Few(run) => std::slice::from_ref(run),
            List::Many(many) => &many.runs[..],
        };
        runs.iter().flatten()
    }

    /// Puts `entry` in its place. If an equal one is there, by `compare(held, entry)`, nothing changes, and it is returned.
    /// Cost: O(log n) comparisons.
    pub(super) fn insert(&mut self, entry: Entry, compare: impl Fn(&Entry, &Entry) -> Ordering) -> Option<Entry> {
        let (run, at) = match self.search(|held| compare(held, &entry)) {
            Ok(place) => return Some(self.get(place)),
            Err(place) => place,
        };
        match self {
            List::Few(entries) => {
                if entries.capacity() == 0 {
                    entries.reserve_exact(1); // Most groups of a large table hold one row.
                }
                entries.insert(at, entry);
                if entries.len() > RUN_MAX {
                    let back = entries.split_off(RUN_MAX / 2);
                    let runs = vec![mem::take(entries), back];
                    *self = List::Many(Box::new(Runs { len: RUN_MAX + 1, runs }));
                }
            }
            List::Many(many) => {
                many.len += 1;
                let entries = &mut many.runs[run];
                entries.insert(at, entry);
                if entries.len() > RUN_MAX {
                    let back = entries.split_off(RUN_MAX / 2);
                    many.runs.insert(run + 1, back);
                }
            }
        }
        None
    }

    /// Takes the entry that `compare` finds equal.
    pub(super) fn remove(&mut self, compare: impl Fn(&Entry) -> Ordering) -> Option<Entry> {
        let (run, at) = self.search(compare).ok()?;
        match self {
            List::Few(entries) => Some(entries.remove(at)),
            List::Many(many) => {
                let entry = many.runs[run].remove(at);
                many.gone(run);
                self.collapse();
                Some(entry)
            }
        }
    }

    /// Takes the last entry.
    pub(super) fn pop(&mut self) -> Option<Entry> {
        match self {
            List::Few(entries) => entries.pop(),
            List::Many(many) => {
                let entry = many.runs.last_mut()?.pop();
                many.gone(many.runs.len() - 1);
                self.collapse();
                entry
            }
        }
    }

    fn collapse(&mut self) {
        if let List::Many(many) = self
            && many.runs.len() == 1
        {
            *self = List::Few(many.runs.pop().unwrap_or_default());
        }
    }

    /// Gives every entry's row its new slot.
    pub(super) fn renumber(&mut self, moved: &[u32]) {
        let runs = match self {
            List::Few(run) => std::slice::from_mut(run),
            List::Many(many) => &mut many.runs[..],
        };
        runs.iter_mut().flatten().for_each(|entry| entry.slot = moved[entry.slot as usize]);
    }

    pub(super) fn bytes(&self) -> usize {
        let run = |entries: &Vec<Entry>| entries.capacity() * size_of::<Entry>();
        match self {
            List::Few(entries) => run(entries),
            List::Many(many) => {
                size_of::<Runs>()
                    + many.runs.capacity() * size_of::<Vec<Entry>>()
                    + many.runs.iter().map(run).sum::<usize>()
            }
        }
    }

    fn get(&self, (run, at): Place) -> Entry {
        match self {
            List::Few(entries) => entries[at],
            List::Many(many) => many.runs[run][at],
        }
    }

    fn search(&self, compare: impl Fn(&Entry) -> Ordering) -> Result<Place, Place> {
        let within = |run: usize, entries: &[Entry]| match entries.binary_search_by(&compare) {
            Ok(at) => Ok((run, at)),
            Err(at) => Err((run, at)),
        };
        match self {
            List::Few(entries) => within(0, entries),
            List::Many(many) => {
                // The first run that does not end before the entry.
                let before = |run: &Vec<Entry>| run.last().is_some_and(|last| compare(last) == Ordering::Less);
                let run = many.runs.partition_point(before).min(many.runs.len() - 1);
                within(run, &many.runs[run])
            }
        }
    }
}

impl Runs {
    /// Notes that an entry of `run` went. A run that has become small joins the one behind it, or the one before.
    fn gone(&mut self, run: usize) {
        self.len -= 1;
        if self.runs[run].len() > RUN_MAX / 4 || self.runs.len() == 1 {
            return;
        }
        let (front, back) = if run + 1 < self.runs.len() { (run, run + 1) } else { (run - 1, run) };
        if self.runs[front].len() + self.runs[back].len() <= RUN_MAX / 2 || self.runs[run].is_empty() {
            let entries = self.runs.remove(back);
            self.runs[front].extend(entries);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_prefix(a: &Entry, b: &Entry) -> Ordering {
        a.prefix.cmp(&b.prefix)
    }

    proptest! {
        #[test]
        fn a_list_is_a_sorted_set(changes in prop::collection::vec((0..3u8, 0..700u64), 0..3000)) {
            let mut list = List::default();
            let mut known = std::collections::BTreeMap::new();
            for (slot, (kind, prefix)) in changes.into_iter().enumerate() {
                let entry = Entry { prefix, slot: slot as u32 };
                match kind {
                    0 if prefix % 8 == 0 => prop_assert_eq!(list.pop(), known.pop_last().map(|(_, entry)| entry)),
                    0 => prop_assert_eq!(list.remove(|held| by_prefix(held, &entry)), known.remove(&prefix)),
                    _ => {
                        let there = list.insert(entry, by_prefix);
                        prop_assert_eq!(there, known.get(&prefix).copied());
                        known.entry(prefix).or_insert(entry);
                    }
                }
                prop_assert_eq!(list.len(), known.len());
            }
            prop_assert_eq!(list.iter().copied().collect::<Vec<_>>(), known.values().copied().collect::<Vec<_>>());
            prop_assert_eq!(list.last(), known.last_key_value().map(|(_, entry)| entry));
        }
    }
}
