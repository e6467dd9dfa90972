//! Nodes that start: in their first epoch they are fed what the older nodes that they read have yielded before it.

use std::collections::HashMap;

use super::scatter::own;
use super::{Executor, Frame, Role};
use crate::batch::Batch;
use crate::graph::NodeId;

/// What an epoch in which nodes start feeds them on top of the deltas.
pub(super) struct Start {
    before: HashMap<usize, Before>,
    /// The nodes that run though nothing may have changed that they read: those that start, and those replayed for them.
    run: Vec<usize>,
}

/// The contents of a node before this epoch, where somebody asks for them.
enum Before {
    /// They are computed in this epoch's run, as they come through an exchange.
    Replayed(Option<Batch>),
    Known(Batch),
}

impl Start {
    pub(super) fn before(&self, place: usize) -> Option<&Batch> {
        match self.before.get(&place)? {
            Before::Replayed(batch) => batch.as_ref(),
            Before::Known(batch) => Some(batch),
        }
    }

    fn is_replayed(&self, place: usize) -> bool {
        matches!(self.before.get(&place), Some(Before::Replayed(_)))
    }

    /// Takes in what an exchange has carried, if anybody asks for it.
    pub(super) fn receive(&mut self, place: usize, batch: impl FnOnce() -> Batch) {
        if self.is_replayed(place) {
            self.before.insert(place, Before::Replayed(Some(batch())));
        }
    }

    pub(super) fn run(&self) -> impl Iterator<Item = &usize> {
        self.run.iter()
    }

    /// What the exchange at `place` is to carry of `input`.
    pub(super) fn to_send(&self, place: usize, input: usize) -> Option<&Batch> {
        if self.is_replayed(place) { self.before(input) } else { None }
    }
}

impl Executor {
    /// Finds what starting nodes are to be fed.
    pub(super) fn start(&self, frame: &mut Frame, snapshots: Vec<(NodeId, Batch)>) {
        let snapshots: HashMap<NodeId, Batch> = snapshots.into_iter().collect();
        let mut start = Start { before: HashMap::new(), run: self.starting.clone() };
        for &place in &self.starting {
            let cell = &self.cells[place];
            if let (Role::Source, Some(batch)) = (&cell.role, snapshots.get(&cell.node.id)) {
                frame.deltas[place] = batch.clone();
            }
            for &input in cell.inputs.iter().filter(|input| !self.cells[**input].starting) {
                self.recall(&mut start, input, &snapshots);
            }
        }
        start.run.iter().for_each(|place| frame.wake(*place, self.cells[*place].stratum));
        frame.start = Some(start);
    }

    /// Sees to it that what `place` held before is there when its readers run.
    fn recall(&self, start: &mut Start, place: usize, snapshots: &HashMap<NodeId, Batch>) {
        if start.before.contains_key(&place) {
            return;
        }
        if self.workers == 1 || !self.crosses_exchange(place) {
            start.before.insert(place, Before::Known(self.contents_at(place, snapshots)));
            return;
        }
        start.before.insert(place, Before::Replayed(None));
        start.run.push(place);
        for input in &self.cells[place].inputs {
            self.recall(start, *input, snapshots);
        }
    }

    /// Computes what `place` held before from what its inputs did, where that is asked for.
    pub(super) fn replay(&self, frame: &mut Frame, place: usize) {
        let Some(start) = frame.start.as_mut().filter(|start| start.is_replayed(place)) else { return };
        let cell = &self.cells[place];
        let before = |i: &usize| start.before(*i).cloned().unwrap_or_else(Batch::none);
        let replayed = match &cell.role {
            Role::Lift(query) => query.apply(&[before(&cell.inputs[0])]).rows,
            Role::Negate => before(&cell.inputs[0]).negate(),
            _ => Batch::concat(&cell.inputs.iter().map(before).collect::<Vec<_>>()),
        };
        start.before.insert(place, Before::Replayed(Some(replayed)));
    }

    pub(super) fn contents_at(&self, place: usize, snapshots: &HashMap<NodeId, Batch>) -> Batch {
        let cell = &self.cells[place];
        let input = |i: usize| self.contents_at(cell.inputs[i], snapshots);
        match &cell.role {
            Role::Source => snapshots.get(&cell.node.id).cloned().unwrap_or_else(Batch::none),
            Role::Constant(batch) if self.worker == 0 => batch.clone(),
            Role::Constant(_) => Batch::none(),
            Role::Lift(query) => query.apply(&[input(0)]).rows,
            Role::Operator(operator, query) => operator.contents().unwrap_or_else(|| {
                let spread = self.workers > 1 && cell.inputs.iter().any(|i| self.crosses_exchange(*i));
                assert!(!spread, "the inputs of node {} are remembered nowhere", cell.node.id.0);
                let inputs: Vec<Batch> = (0..cell.inputs.len()).map(input).collect();
                query.apply(&inputs).rows
            }),
            Role::Plus => Batch::concat(&(0..cell.inputs.len()).map(input).collect::<Vec<_>>()),
            Role::Negate => input(0).negate(),
            Role::Arrange(trace) => trace.contents(),
            Role::Own(partition) => own(&input(0), partition, self.worker, self.workers),
            // Of all workers together; not yet where the exchange sends them.
            Role::Exchange(_) => input(0),
            Role::Away => panic!("contents of node {} while it runs", cell.node.id.0),
        }
    }

    /// Whether the contents of `place` come through an exchange that nothing after it remembers.
    fn crosses_exchange(&self, place: usize) -> bool {
        let cell = &self.cells[place];
        match &cell.role {
            Role::Exchange(_) => true,
            Role::Lift(_) | Role::Plus | Role::Negate => cell.inputs.iter().any(|i| self.crosses_exchange(*i)),
            _ => false,
        }
    }
}
