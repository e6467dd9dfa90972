//! One worker's copy of the circuit, run epoch by epoch.
//!
//! Nodes between two exchanges run back to back, by direct calls: a *stratum*. A step is
//!
//! ```text
//!   begin(inputs) → run(0) ─ messages → run(1) ─ messages → … → finish() → outputs
//! ```
//!
//! With one worker there is no exchange and a step is one stratum. [`crate::runtime`] carries messages between workers.

use crate::batch::{Batch, Epoch};
use crate::graph::{Node, NodeId};
use crate::operator::{RowError, Size};

/// A batch on its way to another worker's copy of an exchange node.
#[derive(Clone, Debug)]
pub struct Message {
    /// The worker it goes to.
    pub target: usize,
    /// The exchange node it arrives at.
    pub node: NodeId,
    /// The rows.
    pub batch: Batch,
}

/// What one epoch yielded on this worker.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// The deltas of the watched nodes, where not empty. Not consolidated across workers.
    pub outputs: Vec<(NodeId, Batch)>,
    /// Errors by the node that met them.
    pub errors: Vec<(NodeId, RowError)>,
}

/// One worker's copy of the circuit.
pub struct Executor {}

impl Executor {
    /// An executor of no nodes.
    pub fn new(_worker: usize, _workers: usize) -> Executor {
        todo!()
    }

    /// Adds nodes, which read each other or nodes that are here. In the epoch that follows they start: they are fed
    /// the contents of the older nodes that they read. Start that epoch with the contents of the tables below these.
    pub fn install(&mut self, _nodes: Vec<Node>) {
        todo!()
    }

    /// Removes nodes, which no remaining node may read, and their state.
    pub fn remove(&mut self, _nodes: &[NodeId]) {
        todo!()
    }

    /// Says whether the deltas of `node` are among a step's outputs.
    pub fn watch(&mut self, _node: NodeId, _on: bool) {
        todo!()
    }

    /// Begins an epoch with the deltas of source nodes, and `snapshots`: for newly installed nodes, this worker's share of
    /// the contents (before this epoch's delta) of the sources that [`crate::graph::Graph`] says they need.
    pub fn begin(&mut self, _epoch: Epoch, _inputs: Vec<(NodeId, Batch)>, _snapshots: Vec<(NodeId, Batch)>) {
        todo!()
    }

    /// Runs the nodes of stratum `stratum`, given all messages for it; returns messages for the next.
    /// Messages to this worker itself are returned too.
    pub fn run(&mut self, _stratum: usize, _received: Vec<Message>) -> Vec<Message> {
        todo!()
    }

    /// How many strata there are.
    pub fn strata(&self) -> usize {
        todo!()
    }

    /// Ends the epoch.
    pub fn finish(&mut self) -> Step {
        todo!()
    }

    /// This worker's share of everything `node` has yielded so far. `snapshots` as for [`Executor::begin`].
    pub fn contents(&mut self, _node: NodeId, _snapshots: &[(NodeId, Batch)]) -> Batch {
        todo!()
    }

    /// State by node, where there is any.
    pub fn sizes(&self) -> Vec<(NodeId, Size)> {
        todo!()
    }

    /// All state by node.
    pub fn save(&self) -> Vec<(NodeId, Vec<Batch>)> {
        todo!()
    }

    /// Takes back what [`Executor::save`] gave, after the same nodes were installed; they do not start anew.
    pub fn load(&mut self, _state: Vec<(NodeId, Vec<Batch>)>) {
        todo!()
    }
}
