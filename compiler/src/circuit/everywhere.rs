//! Exchanges for which nothing moves: rows that every worker has, of which each keeps its own.
//!
//! ```text
//!   source ─ everywhere ─ filter-project ─ own by key ─ …      in the place of      source ─ filter-project ─ exchange by key ─ …
//! ```
//!
//! Workers share memory, so that giving all of a table's rows to each of them costs nothing; what stands before the choice is computed by every
//! worker for all rows. In return nothing is sent, and no worker waits for another: where there is no other exchange, each runs through
//! its epochs by itself.

use deltaq_circuit::{Class, Kind, Node, NodeId, Partition};

use super::{Circuit, Known, Placement};

/// What it costs to send a row to another worker, in nanoseconds, as reckoned from the queries of Nexmark: its place among the rows that
/// go there, a copy of its values there, and its part of what workers tell each other about an epoch.
const SEND_COST: u32 = 40;

/// What it costs to find out whether a row belongs to a worker.
const CHOICE_COST: u32 = 3;

impl Circuit {
    /// Whether a query that reads nothing else and needs the rows of `id` by `partition` has them sent.
    pub(super) fn is_sent(&self, id: NodeId, partition: &Partition) -> bool {
        !self.meet(id, partition) && !self.is_owned(id, partition)
    }

    /// Whether computing `id` on every worker costs less than sending its rows. To one worker they are sent, since the others have better to do.
    fn is_owned(&self, id: NodeId, partition: &Partition) -> bool {
        let others = u32::try_from(self.workers - 1).unwrap_or(u32::MAX);
        let allowed = SEND_COST.checked_div(others).and_then(|most| most.checked_sub(CHOICE_COST));
        matches!(partition, Partition::Key(_)) && allowed.is_some_and(|allowed| self.rest(id, allowed).is_some())
    }

    /// Of the rows of `id`, on each worker those that `partition` assigns to it, if that is cheaper than an exchange.
    pub(super) fn own(&mut self, id: NodeId, partition: &Partition) -> Option<NodeId> {
        if !self.is_owned(id, partition) {
            return None;
        }
        let insert_only = self.insert_only(id);
        let span = self.graph.get(id)?.span;
        let all = self.everywhere(id)?;
        let known = Known { placement: super::placed(partition), insert_only, key: None };
        Some(self.node(Kind::Own(partition.clone()), vec![(all, Partition::Any)], known, span))
    }

    /// What is left of `allowed`, a cost in nanoseconds, when a row of `id` is computed from tables alone, without state. None where it costs more,
    /// needs state, or nobody knows.
    fn rest(&self, id: NodeId, allowed: u32) -> Option<u32> {
        let Node { kind, inputs, .. } = self.graph.get(id)?;
        let own = match kind {
            Kind::Source { .. } => 0,
            Kind::Plus | Kind::Negate => 1,
            Kind::Query(query) if query.class() == Class::Linear => query.row_cost()?,
            _ => return None,
        };
        inputs.iter().try_fold(allowed.checked_sub(own)?, |left, input| self.rest(*input, left))
    }

    /// The node that does to each worker's share of the rows what `id` does to all of them everywhere, if both are there.
    pub(super) fn elsewhere(&self, id: NodeId) -> Option<NodeId> {
        let node = self.graph.get(id).filter(|_| self.known[&id].placement == Placement::Everywhere)?;
        if let Kind::Everywhere = node.kind {
            return node.inputs.first().copied();
        }
        let inputs = node.inputs.iter().map(|input| Some((self.elsewhere(*input)?, Partition::Any)));
        self.shared.get(&super::key(&node.kind, &inputs.collect::<Option<Vec<_>>>()?)).copied()
    }

    /// The same rows as those of `id`, on every worker.
    fn everywhere(&mut self, id: NodeId) -> Option<NodeId> {
        let Node { kind, inputs, span, .. } = self.graph.get(id)?.clone();
        let known = Known { placement: Placement::Everywhere, insert_only: self.insert_only(id), key: None };
        if let Kind::Source { .. } = kind {
            return Some(self.node(Kind::Everywhere, vec![(id, Partition::Any)], known, span));
        }
        let inputs = inputs.into_iter().map(|input| Some((self.everywhere(input)?, Partition::Any)));
        let inputs = inputs.collect::<Option<Vec<_>>>()?;
        Some(self.node(kind, inputs, known, span))
    }
}
