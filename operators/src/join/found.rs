//! Pairs that were found, and the columns that they make.
//!
//! Pairs name rows: of deltas, and of state. What they make of them is copied as late as may be:
//!
//! - Where one side of all pairs is of its delta, its columns lie there, and the numbers of the rows are enough.
//! - Where few rows of a side stand in many pairs, each of these rows is copied once.
//! - Else a value is copied for each pair.

use arrow_array::{Array, ArrayRef, UInt32Array};
use deltaq_circuit::picked::Picked;
use deltaq_circuit::selection::{Places, Selection, firsts};
use deltaq_circuit::trace::{HashedKeys, Matches, Trace};
use deltaq_circuit::{Batch, Weight, Weights, arrays};

use crate::SqlType;

/// Of fewer pairs all columns are copied. Debug builds go the other way with few, so that tests do.
const LYING_MIN: usize = if cfg!(debug_assertions) { 2 } else { 256 };

/// Pairs: rows of a delta, which is the left side or the right, with rows of the other side.
pub(super) struct Found<'a> {
    delta: &'a Batch,
    delta_is_left: bool,
    other: Other<'a>,
    matches: Matches,
    /// The delta's keys where they repeat and each meets one row at most.
    keys: Option<&'a HashedKeys>,
    /// Where the matches of the delta, and of another delta, lie.
    places: [Places; 2],
}

/// What a delta meets.
#[derive(Clone, Copy)]
enum Other<'a> {
    Trace(&'a Trace),
    Batch(&'a Batch),
}

/// Where one side of pairs is.
enum Whereabouts<'a> {
    Delta(&'a Batch, &'a [u32]),
    Trace(&'a Trace, &'a [u32]),
}

impl<'a> Found<'a> {
    /// The pairs of a delta with what is held.
    pub(super) fn held(delta_is_left: bool, delta: &'a Batch, keys: &'a HashedKeys, trace: &'a Trace) -> Found<'a> {
        let matches = trace.find_hashed(keys);
        let keys = (keys.repeat() && trace.has_each_key_once()).then_some(keys);
        Found { delta, delta_is_left, other: Other::Trace(trace), matches, keys, places: Default::default() }
    }

    /// The pairs of two deltas: the smaller one is indexed, the larger one looked up.
    pub(super) fn between(left: (&'a Batch, &HashedKeys), right: (&'a Batch, &HashedKeys)) -> Found<'a> {
        let delta_is_left = left.0.len() >= right.0.len();
        let (delta, other) = if delta_is_left { (left, right) } else { (right, left) };
        let matches = Matches::between(delta.1, other.1);
        let (delta, other) = (delta.0, Other::Batch(other.0));
        Found { delta, delta_is_left, other, matches, keys: None, places: Default::default() }
    }

    /// How many pairs.
    pub(super) fn len(&self) -> usize {
        self.matches.rows.len()
    }

    /// Leaves the pairs at `kept`.
    pub(super) fn keep(&mut self, kept: &[u32]) {
        *self = self.with(kept);
    }

    /// The weight of a pair: the product of its rows' weights.
    pub(super) fn weight(&self, pair: usize) -> Weight {
        let other = match self.other {
            Other::Trace(trace) => trace.weight(self.matches.slots[pair]),
            Other::Batch(batch) => batch.weight(self.matches.slots[pair] as usize),
        };
        self.delta.weight(self.matches.rows[pair] as usize) * other
    }

    /// Whether every pair stands once because every row does.
    fn is_of_single_rows(&self) -> bool {
        let ones = |batch: &Batch| matches!(batch.weights(), Weights::Ones);
        ones(self.delta)
            && match self.other {
                Other::Trace(trace) => trace.has_single_rows(),
                Other::Batch(batch) => ones(batch),
            }
    }

    fn side(&self, left: bool) -> Whereabouts<'_> {
        let Matches { rows, slots } = &self.matches;
        match self.other {
            _ if left == self.delta_is_left => Whereabouts::Delta(self.delta, rows),
            Other::Batch(batch) => Whereabouts::Delta(batch, slots),
            Other::Trace(trace) => Whereabouts::Trace(trace, slots),
        }
    }

    fn places(&self, left: bool) -> &Places {
        &self.places[usize::from(left != self.delta_is_left)]
    }

    /// Column `column` of one side.
    pub(super) fn column(&self, left: bool, column: usize) -> ArrayRef {
        match self.side(left) {
            Whereabouts::Delta(batch, rows) => {
                let (base, at) = self.places(left).of(batch, column, rows);
                if is_whole(at, base.len()) { base.clone() } else { arrays::take(base, &at.to_vec().into()) }
            }
            Whereabouts::Trace(trace, slots) => trace.gather(&[column], slots).remove(0),
        }
    }

    /// Adds column `column` of one side to `into`.
    fn pick(&self, left: bool, column: usize, into: &mut Picked) {
        match self.side(left) {
            Whereabouts::Delta(batch, rows) => {
                let (base, at) = self.places(left).of(batch, column, rows);
                into.push(base, at);
            }
            Whereabouts::Trace(trace, slots) => trace.pick(column, slots, into),
        }
    }

    /// The same delta and state, with the pairs at `kept`.
    fn with(&self, kept: &[u32]) -> Found<'a> {
        let pick = |from: &[u32]| kept.iter().map(|pair| from[*pair as usize]).collect();
        let matches = Matches { rows: pick(&self.matches.rows), slots: pick(&self.matches.slots) };
        Found { matches, places: Default::default(), ..*self }
    }

    /// The first pair of each row of one side, and by pair the number of its row among those. None where that is not easily told.
    fn firsts(&self, left: bool) -> Option<(Vec<u32>, Vec<u32>)> {
        match self.side(left) {
            Whereabouts::Delta(batch, rows) => Some(firsts(batch.len(), rows.iter().map(|row| *row as usize))),
            Whereabouts::Trace(..) => {
                let keys = self.keys?;
                let rows = self.matches.rows.iter();
                Some(firsts(keys.count(), rows.map(|row| keys.number(*row as usize))))
            }
        }
    }
}

/// Whether `rows` are all of `len`, in order.
fn is_whole(rows: &[u32], len: usize) -> bool {
    rows.len() == len && rows.iter().zip(0..).all(|(row, nth)| *row == nth)
}

/// The weights of all pairs.
fn weights(found: &[Found]) -> Weights {
    if found.iter().all(Found::is_of_single_rows) {
        return Weights::Ones;
    }
    let weights = |found: &Found| (0..found.len()).map(|pair| found.weight(pair)).collect::<Vec<_>>();
    let weights: Vec<Weight> = found.iter().flat_map(weights).collect();
    if weights.iter().all(|w| *w == 1) { Weights::Ones } else { Weights::Each(weights.into()) }
}

/// The rows that pairs make: columns `output` of left ++ right, of which `split` are the left side's.
pub(super) fn rows(found: &[Found], split: usize, output: &[(usize, SqlType)]) -> Batch {
    let len = found.iter().map(Found::len).sum();
    let place = |column: usize| if column < split { (true, column) } else { (false, column - split) };
    let mut groups = Vec::new();
    let sides = [true, false].map(|left| {
        let wanted = output.iter().any(|(column, _)| place(*column).0 == left);
        if wanted && len >= LYING_MIN { Side::of(found, left, len, &mut groups) } else { Side::Each }
    });
    let columns = output.iter().map(|(column, ty)| {
        let (left, column) = place(*column);
        match &sides[usize::from(!left)] {
            Side::Delta(batch, of) => {
                let selection = batch.selection();
                let base = selection.map_or_else(|| batch.column(column), |selection| selection.base(column));
                let group = selection.and_then(|selection| selection.group(column));
                (base.clone(), of.iter().find(|(of, _)| *of == group).and_then(|(_, group)| *group))
            }
            Side::Few(few, group) => (copied(few, left, column, ty), Some(*group)),
            Side::Each => (copied(found, left, column, ty), None),
        }
    });
    let columns: Vec<(ArrayRef, Option<usize>)> = columns.collect();
    if columns.iter().all(|(_, group)| group.is_none()) {
        return Batch::with_len(columns.into_iter().map(|(column, _)| column).collect(), weights(found), len);
    }
    Batch::lying(Selection::new(columns, groups, len), weights(found), len)
}

/// One column of one side of all pairs.
fn copied(found: &[Found], left: bool, column: usize, ty: &SqlType) -> ArrayRef {
    if let [one] = found {
        return one.column(left, column);
    }
    let mut picked = Picked::new(&ty.arrow(), found.iter().map(Found::len).sum());
    found.iter().for_each(|found| found.pick(left, column, &mut picked));
    picked.finish()
}

/// How one side of all pairs comes to its columns.
enum Side<'f, 'a> {
    /// They lie in the columns of its delta: by group of the delta's selection, the group that they are of, if it is not all rows in order.
    Delta(&'f Batch, Vec<(Option<usize>, Option<usize>)>),
    /// They repeat those of few pairs: the group says which.
    Few(Vec<Found<'a>>, usize),
    /// A value is copied for each pair.
    Each,
}

impl<'f, 'a> Side<'f, 'a> {
    fn of(found: &'f [Found<'a>], left: bool, len: usize, groups: &mut Vec<UInt32Array>) -> Side<'f, 'a> {
        Side::of_delta(found, left, len, groups)
            .or_else(|| Side::of_few(found, left, len, groups))
            .unwrap_or(Side::Each)
    }

    /// Where all pairs are of the side's delta, and of half its rows or more, so that not much else is held with them.
    fn of_delta(found: &'f [Found<'a>], left: bool, len: usize, groups: &mut Vec<UInt32Array>) -> Option<Side<'f, 'a>> {
        let of_delta = |found: &'f Found<'a>| match found.side(left) {
            Whereabouts::Delta(batch, rows) => Some((batch, rows)),
            Whereabouts::Trace(..) => None,
        };
        let parts = found.iter().map(of_delta).collect::<Option<Vec<_>>>()?;
        let (batch, _) = *parts.first()?;
        if batch.len() > 2 * len {
            return None;
        }
        let rows: Vec<u32> = parts.iter().flat_map(|(_, rows)| rows.iter().copied()).collect();
        let mut of = Vec::new();
        let places = Places::default();
        for column in 0..batch.selection().map_or(1, Selection::width) {
            let group = batch.selection().and_then(|selection| selection.group(column));
            if of.iter().all(|(known, _)| *known != group) {
                let (base, at) = places.of(batch, column, &rows);
                let all = is_whole(at, base.len());
                of.push((group, (!all).then_some(groups.len())));
                groups.extend((!all).then(|| UInt32Array::from(at.to_vec())));
            }
        }
        Some(Side::Delta(batch, of))
    }

    /// Where each row is in two pairs or more on average.
    fn of_few(found: &[Found<'a>], left: bool, len: usize, groups: &mut Vec<UInt32Array>) -> Option<Side<'f, 'a>> {
        let (mut few, mut count, mut all) = (Vec::new(), 0, Vec::with_capacity(len));
        for found in found {
            let (firsts, of) = found.firsts(left)?;
            all.extend(of.into_iter().map(|number| number + count));
            count += firsts.len() as u32;
            few.push(found.with(&firsts));
        }
        if count as usize * 2 > len {
            return None;
        }
        groups.push(all.into());
        Some(Side::Few(few, groups.len() - 1))
    }
}
