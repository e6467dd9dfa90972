//! How an epoch's rows are dealt to the workers.
//!
//! ```text
//!                        ┌─ share of worker 0 ─→ source          ┐
//!   delta of a table ────┼─ share of worker 1 ─→ source          ├─ for nodes that read the source
//!                        └─ all of it, to each ─→ everywhere     ┘─ for those of which each worker keeps its own
//! ```
//!
//! Batches are shared by reference: what all workers get is not copied.

use std::collections::{HashMap, HashSet};

use crate::batch::Batch;
use crate::graph::{Kind, Node, NodeId};

/// Rows that are worth the trouble of sharing a batch out: fewer go to one worker as they are.
const SHARED_ROWS_MIN: usize = 512;

/// Deltas or contents of nodes.
type Rows = Vec<(NodeId, Batch)>;

/// Where tables enter the circuit.
#[derive(Debug, Default)]
pub(super) struct Entrances {
    by_source: HashMap<NodeId, Entrance>,
    /// The exchange nodes that are installed.
    exchanges: HashSet<NodeId>,
}

/// A source, and who reads it.
#[derive(Debug, Default)]
struct Entrance {
    everywhere: Option<NodeId>,
    /// Other nodes that read the source, and itself while it is watched.
    readers: HashSet<NodeId>,
}

impl Entrances {
    /// Notes nodes that were installed.
    pub(super) fn install(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node.kind {
                Kind::Source { .. } => {
                    self.by_source.entry(node.id).or_default();
                }
                Kind::Exchange(_) => {
                    self.exchanges.insert(node.id);
                }
                _ => {}
            }
            for input in &node.inputs {
                let Some(entrance) = self.by_source.get_mut(input) else { continue };
                match node.kind {
                    Kind::Everywhere => entrance.everywhere = Some(node.id),
                    _ => {
                        entrance.readers.insert(node.id);
                    }
                }
            }
        }
    }

    /// Forgets nodes that were removed.
    pub(super) fn remove(&mut self, nodes: &[NodeId]) {
        for node in nodes {
            self.by_source.remove(node);
            self.exchanges.remove(node);
        }
        for entrance in self.by_source.values_mut() {
            nodes.iter().for_each(|node| {
                entrance.readers.remove(node);
            });
            entrance.everywhere = entrance.everywhere.filter(|node| !nodes.contains(node));
        }
    }

    /// Notes whether `node` is watched.
    pub(super) fn watch(&mut self, node: NodeId, on: bool) {
        if let Some(entrance) = self.by_source.get_mut(&node) {
            if on {
                entrance.readers.insert(node);
            } else {
                entrance.readers.remove(&node);
            }
        }
    }

    /// Whether workers are given the rows of `node`: they are not if it is a source that nobody reads.
    pub(super) fn is_read(&self, node: NodeId) -> bool {
        self.by_source.get(&node).is_none_or(|entrance| !entrance.readers.is_empty())
    }

    /// Whether nothing goes from one worker to another: an epoch is over for those that have no rows of it.
    pub(super) fn are_apart(&self) -> bool {
        self.exchanges.is_empty()
    }

    /// What each of `workers` gets of `rows`. `turn` is the worker that gets what is not worth sharing out.
    pub(super) fn deal(&self, rows: Rows, workers: usize, turn: usize) -> Vec<Rows> {
        if workers == 1 {
            return vec![rows];
        }
        let mut dealt: Vec<Rows> = (0..workers).map(|_| Vec::new()).collect();
        for (node, batch) in rows {
            let entrance = self.by_source.get(&node);
            if let Some(all) = entrance.and_then(|entrance| entrance.everywhere) {
                dealt.iter_mut().for_each(|rows| rows.push((all, batch.clone())));
            }
            if !self.is_read(node) {
                continue;
            }
            // Where no row ever meets another, epochs are what workers share: nothing is to be put together afterwards.
            if self.are_apart() || batch.len() < SHARED_ROWS_MIN {
                dealt[turn].push((node, batch));
                continue;
            }
            let bound = |worker: usize| batch.len() * worker / workers;
            for (worker, rows) in dealt.iter_mut().enumerate() {
                rows.push((node, batch.slice(bound(worker), bound(worker + 1) - bound(worker))));
            }
        }
        dealt
    }
}
