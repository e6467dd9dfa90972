//! The operator at work: rows in slots, and for each group a ranking of them.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::Int64Array;
use deltaq_circuit::keys::KeyLayout;
use deltaq_circuit::operator::Input;
use deltaq_circuit::trace::{Groups, Rows};
use deltaq_circuit::{Batch, Context, Operator, Output, Size, Weight, Weights};

use super::prefix::prefixes;
use super::ranking::{self, Entry, Ranking};
use super::{OrderBy, TopK};

/// A row of a window: its slot, its number (0 where rows are not numbered), how often it stands there.
type Shown = (u32, i64, Weight);

pub(super) struct Ranked {
    query: TopK,
    /// The order of the query; then every other column in turn, as `ORDER BY` has it by itself.
    order: Vec<OrderBy>,
    groups: Groups,
    rankings: Vec<Ranking>,
    /// Rows in front of a ranking, where others may wait behind.
    front: Option<usize>,
    rows: Rows,
    /// The step in which a group was last touched.
    touched: Vec<u32>,
    /// The groups that were touched since the operator last settled.
    looked_at: Vec<u32>,
    step: u32,
    /// Slots that go when the step's output is made.
    gone: Vec<u32>,
}

/// The windows of some groups, one after the other.
#[derive(Default)]
struct Windows {
    shown: Vec<Shown>,
    ends: Vec<usize>,
}

impl Ranked {
    pub(super) fn new(query: &TopK) -> Ranked {
        let ties = (0..query.types.len()).map(|column| OrderBy { column, descending: false, nulls_first: false });
        let mut order = query.order.clone();
        order.extend(ties.filter(|tie| query.order.iter().all(|o| o.column != tie.column)));
        let key_types: Vec<_> = query.partition.iter().map(|&p| query.types[p].clone()).collect();
        Ranked {
            order,
            groups: Groups::new(KeyLayout::new(&key_types)),
            rankings: Vec::new(),
            front: if query.insert_only { None } else { query.window().and_then(ranking::front) },
            rows: Rows::new(&query.types),
            touched: Vec::new(),
            looked_at: Vec::new(),
            step: 0,
            gone: Vec::new(),
            query: query.clone(),
        }
    }

    /// The group of each row of `delta`.
    fn assign(&mut self, delta: &Batch) -> Vec<u32> {
        let groups = self.groups.assign_rows(delta, &self.query.partition);
        if self.rankings.len() < self.groups.capacity() {
            self.rankings.resize_with(self.groups.capacity(), Ranking::default);
            self.touched.resize(self.groups.capacity(), 0);
        }
        groups
    }

    /// Those of `groups`, each once.
    fn touch(&mut self, groups: &[u32]) -> Vec<u32> {
        self.step = self.step.wrapping_add(1);
        let mut fresh = Vec::with_capacity(groups.len());
        for &group in groups {
            if std::mem::replace(&mut self.touched[group as usize], self.step) != self.step {
                fresh.push(group);
            }
        }
        fresh
    }

    /// Adds a delta, whose rows are of `groups`.
    fn add(&mut self, delta: &Batch, groups: &[u32]) {
        let prefixes = match self.query.order.first() {
            Some(first) => prefixes(delta.column(first.column), first, delta.len()),
            None => vec![0; delta.len()],
        };
        let kept = self.query.kept();
        let late = |row: &u32| {
            let ranking = &self.rankings[groups[*row as usize] as usize];
            kept.is_some_and(|kept| ranking.len() >= kept && ranking.is_behind(prefixes[*row as usize]))
        };
        let all: Vec<u32> = (0..delta.len() as u32).filter(|row| !late(row)).collect();
        let slots = self.rows.insert(delta, &all);
        let mut emptied = Vec::new();
        for (&row, &slot) in all.iter().zip(&slots) {
            let (group, weight) = (groups[row as usize], delta.weight(row as usize));
            let entry = Entry { prefix: prefixes[row as usize], slot };
            if let Some(front) = self.front {
                let ranking = &mut self.rankings[group as usize];
                if weight > 0 && ranking.wait(entry, front) {
                    continue;
                }
                if weight <= 0 && ranking.is_waiting() && ranking.is_behind(entry.prefix) {
                    self.settle(group);
                }
            }
            let ranking = &mut self.rankings[group as usize];
            if let Some(held) = ranking.insert(entry, |a, b| compare(&self.rows, &self.order, a, b)) {
                if self.rows.add(held.slot, weight) == 0 {
                    emptied.push((group, held));
                }
                self.rows.free(slot);
            } else if weight == 0 {
                emptied.push((group, entry));
            } else if kept.is_some_and(|kept| ranking.len() > kept) {
                self.gone.extend(ranking.pop().map(|last| last.slot));
            } else if let Some(front) = self.front
                && !ranking.thin_out(front, |slot| self.rows.weight(slot))
            {
                self.settle(group);
            }
        }
        // A row that comes to 0 may come back within the delta, so it goes only now.
        for (group, entry) in emptied {
            if self.rows.weight(entry.slot) == 0 {
                let compare = |held: &Entry| compare(&self.rows, &self.order, held, &entry);
                self.gone.extend(self.rankings[group as usize].remove(compare).map(|gone| gone.slot));
            }
        }
    }

    /// Puts all rows of a group in order.
    fn settle(&mut self, group: u32) {
        let mut equal = Vec::new();
        let compare = |a: &Entry, b: &Entry| compare(&self.rows, &self.order, a, b);
        self.rankings[group as usize].settle(compare, |first, later| equal.push((first.slot, later.slot)));
        for (first, later) in equal {
            self.rows.add(first, self.rows.weight(later));
            self.rows.free(later);
        }
    }

    /// Rows of a group that are in the window; whether they fill it.
    fn show(&self, group: u32, into: &mut Vec<Shown>) -> bool {
        let limit = self.query.limit.map_or(i64::MAX, |l| l.min(i64::MAX as u64) as i64);
        let (mut skip, mut left) = (self.query.offset as i64, limit);
        let mut number = 0;
        for entry in self.rankings[group as usize].iter() {
            if left == 0 {
                break;
            }
            let weight = self.rows.weight(entry.slot).max(0);
            let skipped = weight.min(skip);
            skip -= skipped;
            number += skipped;
            let taken = (weight - skipped).min(left);
            left -= taken;
            if self.query.number {
                into.extend((1..=taken).map(|n| (entry.slot, number + n, 1)));
            } else if taken > 0 {
                into.push((entry.slot, 0, taken));
            }
            number += taken;
        }
        left == 0
    }

    /// The windows of `groups`. Rows come forward where they must.
    fn windows(&mut self, groups: &[u32]) -> Windows {
        let mut windows = Windows::default();
        for &group in groups {
            let start = windows.shown.len();
            if !self.show(group, &mut windows.shown) && self.rankings[group as usize].is_waiting() {
                self.settle(group);
                windows.shown.truncate(start);
                self.show(group, &mut windows.shown);
            }
            windows.ends.push(windows.shown.len());
        }
        windows
    }

    fn batch(&self, shown: &[Shown]) -> Batch {
        if shown.is_empty() {
            return Batch::none();
        }
        let mut columns = self.rows.gather(&shown.iter().map(|s| s.0).collect::<Vec<_>>());
        if self.query.number {
            columns.push(Arc::new(Int64Array::from_iter_values(shown.iter().map(|s| s.1))));
        }
        let weights: Vec<Weight> = shown.iter().map(|s| s.2).collect();
        let weights = if weights.iter().all(|w| *w == 1) { Weights::Ones } else { Weights::Each(weights.into()) };
        Batch::with_len(columns, weights, shown.len()).assume_consolidated()
    }

    pub(super) fn take_in(&mut self, delta: &Batch) {
        if !delta.is_empty() {
            let groups = self.assign(delta);
            self.add(delta, &groups);
            let touched = self.touch(&groups);
            self.windows(&touched);
            self.release(&touched);
        }
    }

    /// What stands in the windows of all groups, which every step leaves in front.
    pub(super) fn current(&self) -> Batch {
        let mut shown = Vec::new();
        self.groups.live().into_iter().for_each(|group| {
            self.show(group, &mut shown);
        });
        self.batch(&shown)
    }

    /// Lets go of what the step left without use.
    fn release(&mut self, groups: &[u32]) {
        let gone = std::mem::take(&mut self.gone);
        gone.into_iter().for_each(|slot| self.rows.free(slot));
        let is_empty = |group: &u32| self.rankings[*group as usize].is_empty();
        let empty: Vec<u32> = groups.iter().copied().filter(is_empty).collect();
        empty.iter().for_each(|group| self.rankings[*group as usize] = Ranking::default());
        if self.groups.release(&empty) {
            self.rankings = Vec::new();
            self.touched = Vec::new();
        }
        if let Some(moved) = self.rows.shrink() {
            let entries = self.rankings.iter_mut().flat_map(Ranking::all_mut);
            entries.for_each(|entry| entry.slot = moved[entry.slot as usize]);
        }
    }
}

/// How two rows of a group stand: by the query's order, then by all columns.
#[inline]
fn compare(rows: &Rows, order: &[OrderBy], a: &Entry, b: &Entry) -> Ordering {
    a.prefix.cmp(&b.prefix).then_with(|| {
        let column = |by: &OrderBy| {
            if by.descending {
                rows.compare(by.column, b.slot, a.slot, !by.nulls_first)
            } else {
                rows.compare(by.column, a.slot, b.slot, by.nulls_first)
            }
        };
        order.iter().map(column).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
    })
}

impl Windows {
    fn range(&self, at: usize) -> Range<usize> {
        at.checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[at]
    }

    /// What changes from these windows to `new`, which are of the same groups: each row and number once.
    fn changes(&mut self, new: &mut Windows) -> Vec<Shown> {
        let mut changes = Vec::new();
        for at in 0..self.ends.len() {
            let (old_range, new_range) = (self.range(at), new.range(at));
            let (mut old, mut new) = (&mut self.shown[old_range], &mut new.shown[new_range]);
            let same = old.iter().zip(new.iter()).take_while(|(old, new)| old == new).count();
            (old, new) = (&mut old[same..], &mut new[same..]);
            old.sort_unstable();
            new.sort_unstable();
            difference(old, new, &mut changes);
        }
        changes
    }
}

/// `new − old`, both sorted by row and number.
fn difference(mut old: &[Shown], mut new: &[Shown], into: &mut Vec<Shown>) {
    loop {
        let order = match (old.first(), new.first()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(o), Some(n)) => (o.0, o.1).cmp(&(n.0, n.1)),
        };
        let (mut shown, mut weight) = ((0, 0), 0);
        if order.is_le() {
            let (slot, number, stood) = old[0];
            (shown, weight) = ((slot, number), -stood);
            old = &old[1..];
        }
        if order.is_ge() {
            let (slot, number, stands) = new[0];
            (shown, weight) = ((slot, number), weight + stands);
            new = &new[1..];
        }
        if weight != 0 {
            into.push((shown.0, shown.1, weight));
        }
    }
}

impl Operator for Ranked {
    fn step(&mut self, _context: &Context, inputs: &[Input]) -> Output {
        let delta = inputs[0].delta;
        if delta.is_empty() {
            return Output::none();
        }
        let groups = self.assign(delta);
        let touched = self.touch(&groups);
        let mut old = self.windows(&touched);
        self.add(delta, &groups);
        let changes = old.changes(&mut self.windows(&touched));
        self.looked_at.extend(touched);
        self.batch(&changes).into()
    }

    fn settle(&mut self) {
        let looked_at = std::mem::take(&mut self.looked_at);
        self.release(&looked_at);
    }

    fn contents(&self) -> Option<Batch> {
        Some(self.current())
    }

    fn size(&self) -> Size {
        let rankings =
            self.rankings.iter().map(Ranking::bytes).sum::<usize>() + self.rankings.capacity() * size_of::<Ranking>();
        let bytes = self.groups.bytes() + rankings + self.touched.capacity() * 4 + self.rows.bytes();
        Size { rows: self.rows.len(), bytes }
    }

    fn save(&self) -> Vec<Batch> {
        let all = self.groups.live().into_iter().flat_map(|group| self.rankings[group as usize].all());
        let slots: Vec<u32> = all.map(|entry| entry.slot).collect();
        if slots.is_empty() {
            return Vec::new();
        }
        let weights: Vec<Weight> = slots.iter().map(|slot| self.rows.weight(*slot)).collect();
        vec![Batch::weighted(self.rows.gather(&slots), weights)]
    }

    fn load(&mut self, state: Vec<Batch>) {
        state.iter().for_each(|batch| self.take_in(batch));
    }
}
