//! The entries of one group in order.

use std::cmp::Ordering;
use std::mem;

/// Entries in order: one sorted run while they are few, and from then on a list of runs, so that a change moves few entries.
#[derive(Clone, Debug)]
pub(crate) enum List<E> {
    Few(Vec<E>),
    Many(Box<Runs<E>>),
}

#[derive(Clone, Debug)]
pub(crate) struct Runs<E> {
    len: usize,
    /// None is empty.
    runs: Vec<Vec<E>>,
}

/// Where an entry is, or belongs: a run, and a place in it.
pub(crate) type Place = (usize, usize);

impl<E> Default for List<E> {
    fn default() -> List<E> {
        List::Few(Vec::new())
    }
}

impl<E> List<E> {
    /// Entries of one run; 4 KiB of them.
    const RUN_MAX: usize = 4096 / size_of::<E>();

    /// A list of entries that are in order.
    pub(crate) fn of_sorted(entries: Vec<E>) -> List<E> {
        if entries.len() <= Self::RUN_MAX {
            return List::Few(entries);
        }
        let len = entries.len();
        let mut entries = entries.into_iter();
        let mut runs = Vec::with_capacity(len.div_ceil(Self::RUN_MAX * 3 / 4));
        while entries.len() > 0 {
            runs.push(entries.by_ref().take(Self::RUN_MAX * 3 / 4).collect());
        }
        List::Many(Box::new(Runs { len, runs }))
    }

    /// The entries in order.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = E> {
        let runs = match self {
            List::Few(run) => vec![run],
            List::Many(many) => many.runs,
        };
        runs.into_iter().flatten()
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            List::Few(run) => run.len(),
            List::Many(many) => many.len,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn last(&self) -> Option<&E> {
        self.runs().last().and_then(|run| run.last())
    }

    fn runs(&self) -> &[Vec<E>] {
        match self {
            List::Few(run) => std::slice::from_ref(run),
            List::Many(many) => &many.runs,
        }
    }

    fn runs_mut(&mut self) -> &mut [Vec<E>] {
        match self {
            List::Few(run) => std::slice::from_mut(run),
            List::Many(many) => &mut many.runs,
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &E> {
        self.runs().iter().flatten()
    }

    /// For changes that leave the order as it is.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut E> {
        self.runs_mut().iter_mut().flatten()
    }

    /// The entry at a place that `search` found.
    pub(crate) fn get_mut(&mut self, (run, at): Place) -> &mut E {
        &mut self.runs_mut()[run][at]
    }

    /// Where the entry is that `compare` finds equal, or would be. Cost: O(log n) comparisons.
    #[inline]
    pub(crate) fn search(&self, compare: impl Fn(&E) -> Ordering) -> Result<Place, Place> {
        let within = |run: usize, entries: &[E]| match entries.binary_search_by(&compare) {
            Ok(at) => Ok((run, at)),
            Err(at) => Err((run, at)),
        };
        match self {
            List::Few(entries) => within(0, entries),
            List::Many(many) => {
                // The first run that does not end before the entry.
                let before = |run: &Vec<E>| run.last().is_some_and(|last| compare(last) == Ordering::Less);
                let run = many.runs.partition_point(before).min(many.runs.len() - 1);
                within(run, &many.runs[run])
            }
        }
    }

    /// Puts `entry` in its place. If an equal one is there, by `compare(held, entry)`, nothing changes, and it is returned.
    pub(crate) fn insert(&mut self, entry: E, compare: impl Fn(&E, &E) -> Ordering) -> Option<&E> {
        match self.search(|held| compare(held, &entry)) {
            Ok(place) => Some(self.get_mut(place)),
            Err(place) => {
                self.insert_at(place, entry);
                None
            }
        }
    }

    /// Puts `entry` where `search` says that it would be.
    pub(crate) fn insert_at(&mut self, (run, at): Place, entry: E) {
        let entries = &mut self.runs_mut()[run];
        if entries.len() == entries.capacity() {
            // Most groups of a large table hold few entries: room is made as it is needed.
            entries.reserve_exact((entries.len() / 2).clamp(1, Self::RUN_MAX / 4));
        }
        entries.insert(at, entry);
        let back = (entries.len() > Self::RUN_MAX).then(|| entries.split_off(Self::RUN_MAX / 2));
        match (self, back) {
            (List::Few(_), None) => {}
            (list @ List::Few(_), Some(back)) => {
                let runs = vec![mem::take(&mut list.runs_mut()[0]), back];
                *list = List::Many(Box::new(Runs { len: Self::RUN_MAX + 1, runs }));
            }
            (List::Many(many), back) => {
                many.len += 1;
                if let Some(back) = back {
                    many.runs.insert(run + 1, back);
                }
            }
        }
    }

    /// Takes the entry that `compare` finds equal.
    pub(crate) fn remove(&mut self, compare: impl Fn(&E) -> Ordering) -> Option<E> {
        self.search(compare).ok().map(|place| self.remove_at(place))
    }

    /// Takes the last entry.
    pub(crate) fn pop(&mut self) -> Option<E> {
        let run = self.runs().len() - 1;
        let at = self.runs()[run].len().checked_sub(1)?;
        Some(self.remove_at((run, at)))
    }

    /// Takes the entry at a place that `search` found.
    pub(crate) fn remove_at(&mut self, (run, at): Place) -> E {
        let entries = &mut self.runs_mut()[run];
        let entry = entries.remove(at);
        if entries.capacity() > 8 && entries.len() <= entries.capacity() / 4 {
            entries.shrink_to(entries.len() * 2);
        }
        if let List::Many(many) = self {
            many.gone(run);
            if many.runs.len() == 1 {
                *self = List::Few(many.runs.pop().unwrap_or_default());
            }
        }
        entry
    }

    /// Bytes allocated.
    pub(crate) fn bytes(&self) -> usize {
        let entries = self.runs().iter().map(|run| run.capacity() * size_of::<E>()).sum::<usize>();
        match self {
            List::Few(_) => entries,
            List::Many(many) => size_of::<Runs<E>>() + many.runs.capacity() * size_of::<Vec<E>>() + entries,
        }
    }
}

impl<E> Runs<E> {
    /// Notes that an entry of `run` went. A run that has become small joins the one behind it, or the one before.
    fn gone(&mut self, run: usize) {
        self.len -= 1;
        if self.runs[run].len() > List::<E>::RUN_MAX / 4 || self.runs.len() == 1 {
            return;
        }
        let (front, back) = if run + 1 < self.runs.len() { (run, run + 1) } else { (run - 1, run) };
        let together = self.runs[front].len() + self.runs[back].len();
        if together <= List::<E>::RUN_MAX / 2 || self.runs[run].is_empty() {
            let entries = self.runs.remove(back);
            self.runs[front].extend(entries);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    type Entry = (u64, u32);

    fn by_key(a: &Entry, b: &Entry) -> Ordering {
        a.0.cmp(&b.0)
    }

    proptest! {
        #[test]
        fn a_list_is_a_sorted_set(changes in prop::collection::vec((0..3u8, 0..700u64), 0..3000)) {
            let mut list = List::default();
            let mut known = BTreeMap::new();
            for (number, (kind, key)) in changes.into_iter().enumerate() {
                let entry = (key, number as u32);
                match kind {
                    0 if key % 8 == 0 => prop_assert_eq!(list.pop(), known.pop_last().map(|(_, entry)| entry)),
                    0 => prop_assert_eq!(list.remove(|held| by_key(held, &entry)), known.remove(&key)),
                    _ => {
                        let there = list.insert(entry, by_key).copied();
                        prop_assert_eq!(there, known.get(&key).copied());
                        known.entry(key).or_insert(entry);
                    }
                }
                prop_assert_eq!(list.len(), known.len());
            }
            prop_assert_eq!(list.iter().copied().collect::<Vec<_>>(), known.values().copied().collect::<Vec<_>>());
            prop_assert_eq!(list.last(), known.last_key_value().map(|(_, entry)| entry));
        }
    }

    #[test]
    fn memory_follows_the_entries() {
        let mut list = List::default();
        let size = |list: &List<Entry>| list.bytes() / size_of::<Entry>();
        list.insert((1, 0), by_key);
        assert_eq!(size(&list), 1);
        (2..=3).for_each(|key| assert!(list.insert((key, 0), by_key).is_none()));
        assert_eq!(size(&list), 3);
        for key in 0..100_000 {
            list.insert((key * 7919 % 100_003, 0), by_key);
        }
        assert!((99_000..220_000).contains(&size(&list)), "{}", size(&list));
        while list.len() > 2 {
            list.pop();
        }
        assert!(size(&list) <= 8, "{}", size(&list));
    }
}
