//! An epoch under way: what nodes have yielded in it, and which have yet to run.

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::starting::Start;
use super::{Cell, Role};
use crate::batch::{Batch, Epoch};
use crate::graph::NodeId;
use crate::operator::RowError;
use crate::trace::HashedKeys;

/// An epoch under way. A frame knows which nodes have something to do, so that an epoch costs what its changes reach, however many
/// nodes there are. It is used again for later epochs.
#[derive(Default)]
pub struct Frame {
    pub(super) epoch: Epoch,
    /// Each node's delta, by its place.
    pub(super) deltas: Vec<Batch>,
    /// The keys of arrangements' deltas, by place, where somebody has asked for them.
    pub(super) hashed: Vec<OnceCell<HashedKeys>>,
    /// The places whose delta is not empty; sources may come twice.
    pub(super) changed: Vec<usize>,
    /// The places of operators that have run.
    pub(super) ran: Vec<usize>,
    /// By stratum: the nodes to run in it, the first on top.
    ready: Vec<BinaryHeap<Reverse<usize>>>,
    /// By place: whether it is in `ready`.
    is_ready: Vec<bool>,
    /// Exchanges of the stratum to come that have something to carry.
    pub(super) sending: Vec<usize>,
    /// There where nodes start in this epoch.
    pub(super) start: Option<Start>,
    pub(super) errors: Vec<(NodeId, RowError)>,
}

impl Frame {
    /// For an epoch of so many nodes in so many strata.
    pub(super) fn begin(&mut self, epoch: Epoch, cells: usize, strata: usize) {
        self.epoch = epoch;
        self.deltas.resize_with(cells, Batch::none);
        self.hashed.resize_with(cells, OnceCell::new);
        self.is_ready.resize(cells, false);
        self.ready.resize_with(strata, BinaryHeap::new);
    }

    /// Lets the node at `place` run in its stratum.
    pub(super) fn wake(&mut self, place: usize, stratum: usize) {
        if !std::mem::replace(&mut self.is_ready[place], true) {
            self.ready[stratum].push(Reverse(place));
        }
    }

    /// Lets those run that read the node at `place`, which has yielded something.
    pub(super) fn wake_readers(&mut self, cells: &[Cell], place: usize) {
        self.changed.push(place);
        for &reader in &cells[place].readers {
            match cells[reader].role {
                Role::Exchange(_) => self.sending.push(reader),
                _ => self.wake(reader, cells[reader].stratum),
            }
        }
    }

    /// The next node of a stratum: those that it reads have run.
    pub(super) fn next(&mut self, stratum: usize) -> Option<usize> {
        let Reverse(place) = self.ready.get_mut(stratum)?.pop()?;
        self.is_ready[place] = false;
        Some(place)
    }

    /// The first stratum after `stratum` in which a node is ready.
    pub(super) fn next_stratum(&self, stratum: usize) -> Option<usize> {
        (stratum + 1..self.ready.len()).find(|later| !self.ready[*later].is_empty())
    }

    /// Lets go of what the epoch yielded.
    pub(super) fn clear(&mut self) {
        for place in self.ready.iter_mut().flat_map(BinaryHeap::drain) {
            debug_assert!(false, "the node at {} is ready and has not run", place.0);
            self.is_ready[place.0] = false;
        }
        for place in self.changed.drain(..) {
            self.deltas[place] = Batch::none();
            self.hashed[place].take();
        }
        self.ran.clear();
        self.sending.clear();
    }

    /// What `reader` gets of input `place` in this epoch.
    pub(super) fn fed(&self, reader: &Cell, place: usize) -> Batch {
        match self.before(reader.starting, place) {
            Some(before) => Batch::concat(&[before.clone(), self.deltas[place].clone()]),
            None => self.deltas[place].clone(),
        }
    }

    /// What a reader gets of `place` on top of its delta, if it starts.
    pub(super) fn before(&self, starting: bool, place: usize) -> Option<&Batch> {
        self.start.as_ref().filter(|_| starting)?.before(place)
    }

    /// Whether a reader gets anything of `place`.
    pub(super) fn feeds(&self, starting: bool, place: usize) -> bool {
        !self.deltas[place].is_empty() || self.before(starting, place).is_some()
    }
}
