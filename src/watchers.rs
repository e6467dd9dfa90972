//! Who waits for the deltas of which table or view.

use std::collections::{BTreeMap, HashMap, VecDeque};

use deltaq_circuit::{Batch, NodeId};

use crate::error::{Error, Result};
use crate::interior::Interior;
use crate::rows::{Change, Columns};

/// All subscriptions.
#[derive(Default)]
pub(crate) struct Watchers {
    all: BTreeMap<u64, Watcher>,
    /// Who waits for a node's deltas: those that have not ended.
    of_node: HashMap<NodeId, Vec<u64>>,
    next: u64,
}

/// How an epoch's change is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changes {
    /// As one.
    Whole,
    /// As the workers have made it.
    InParts,
}

/// A subscription.
struct Watcher {
    /// The table or view. Two of them may be one node.
    relation: String,
    node: NodeId,
    columns: Columns,
    /// Deltas, of which a row is in one part only, with the commit they belong to.
    queue: VecDeque<(u64, Vec<Batch>)>,
    ended: Option<String>,
}

impl Watchers {
    /// Hands out what `node` yielded for the commit `tag`.
    pub(crate) fn take(&mut self, node: NodeId, tag: u64, parts: Vec<Batch>) {
        for id in self.of_node.get(&node).into_iter().flatten() {
            if let Some(watcher) = self.all.get_mut(id) {
                watcher.queue.push_back((tag, parts.clone()));
            }
        }
    }

    /// Adds up what came after the commit `last`: of a transaction that was rolled back nothing stays.
    pub(crate) fn add_up(&mut self, last: u64) {
        for watcher in self.all.values_mut() {
            let from = watcher.queue.partition_point(|(tag, _)| *tag <= last);
            let parts: Vec<Batch> = watcher.queue.drain(from..).flat_map(|(_, parts)| parts).collect();
            let sum = Batch::concat(&parts).consolidate();
            if !sum.is_empty() {
                watcher.queue.push_back((last + 1, vec![sum]));
            }
        }
    }

    /// Whether somebody is subscribed to `relation`.
    pub(crate) fn watches(&self, relation: &str) -> bool {
        self.all.values().any(|w| w.relation == relation && w.ended.is_none())
    }

    fn of(&mut self, relation: &str) -> Vec<u64> {
        let waiting = self.all.iter().filter(|(_, w)| w.relation == relation && w.ended.is_none());
        waiting.map(|(id, _)| *id).collect()
    }

    /// The nodes whose deltas somebody waits for.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.of_node.keys().copied()
    }

    fn need(&self, node: NodeId) -> bool {
        self.of_node.contains_key(&node)
    }

    fn join(&mut self, id: u64, node: NodeId) {
        self.of_node.entry(node).or_default().push(id);
    }

    fn leave(&mut self, id: u64, node: NodeId) {
        if let Some(waiting) = self.of_node.get_mut(&node) {
            waiting.retain(|other| *other != id);
            if waiting.is_empty() {
                self.of_node.remove(&node);
            }
        }
    }
}

impl Interior {
    /// Begins to gather the deltas of the relation `name`; its content is the first.
    pub(crate) fn subscribe(&mut self, name: &str) -> Result<(u64, Columns)> {
        if self.begun().is_some() {
            let error = Error::new("25001", "a subscription cannot begin inside a transaction");
            return Err(error.help("subscribe before BEGIN or after COMMIT"));
        }
        let (node, columns) = self.catalog.node(name)?;
        self.settle()?;
        let contents = self.contents_of(node)?;
        if !self.watchers.need(node) {
            self.watch(node)?;
        }
        let id = self.watchers.next;
        self.watchers.next += 1;
        let queue = VecDeque::from([(self.epoch(), vec![contents])]);
        let watcher = Watcher { relation: name.to_string(), node, columns: columns.clone(), queue, ended: None };
        self.watchers.all.insert(id, watcher);
        self.watchers.join(id, node);
        Ok((id, columns))
    }

    /// Ends a subscription.
    pub(crate) fn unsubscribe(&mut self, id: u64) {
        let Some(watcher) = self.watchers.all.remove(&id) else { return };
        if watcher.ended.is_none() {
            // A runtime that has failed says so to whoever calls it next.
            let _ = self.unwatch(id, watcher.node);
        }
    }

    /// Ends all subscriptions to `relation`. Its node is there still.
    pub(crate) fn end_subscriptions(&mut self, relation: &str, why: &str) -> Result<()> {
        for id in self.watchers.of(relation) {
            if let Some(watcher) = self.watchers.all.get_mut(&id) {
                watcher.ended = Some(why.to_string());
                let node = watcher.node;
                self.unwatch(id, node)?;
            }
        }
        Ok(())
    }

    /// What has been committed, and finished by the workers, since the last call.
    pub(crate) fn poll(&mut self, id: u64, how: Changes) -> Result<Vec<Change>> {
        let finished = self.finished();
        let Some(watcher) = self.watchers.all.get_mut(&id) else {
            return Err(Error::new("42P01", "the subscription has ended"));
        };
        let mut changes = Vec::new();
        while let Some((tag, mut parts)) = watcher.queue.pop_front_if(|(tag, _)| *tag <= finished) {
            if watcher.queue.front().is_some_and(|(next, _)| *next == tag) {
                while let Some((_, more)) = watcher.queue.pop_front_if(|(next, _)| *next == tag) {
                    parts.extend(more);
                }
                parts = vec![Batch::concat(&parts)];
            } else if parts.len() > 1 && how == Changes::Whole {
                parts = vec![Batch::concat(&parts).assume_consolidated()];
            }
            for part in parts.iter().map(Batch::consolidate).filter(|part| !part.is_empty()) {
                changes.push(Change::new(tag, &watcher.columns, &part)?);
            }
        }
        match &watcher.ended {
            Some(why) if changes.is_empty() => Err(Error::new("42P01", why.clone())),
            _ => Ok(changes),
        }
    }

    /// Lets the subscriptions to `relation` follow the node `new`, which takes the place of `old`: `difference` is new content less old.
    pub(crate) fn move_watchers(&mut self, relation: &str, old: NodeId, new: NodeId, difference: &Batch) -> Result<()> {
        let tag = self.epoch() + 1;
        for id in self.watchers.of(relation) {
            let Some(watcher) = self.watchers.all.get_mut(&id).filter(|w| w.node == old) else { continue };
            watcher.node = new;
            watcher.queue.push_back((tag, vec![difference.clone()]));
            if old != new {
                self.unwatch(id, old)?;
                if !self.watchers.need(new) {
                    self.watch(new)?;
                }
                self.watchers.join(id, new);
            }
        }
        Ok(())
    }

    /// The subscription `id` waits for `node` no longer.
    fn unwatch(&mut self, id: u64, node: NodeId) -> Result<()> {
        self.watchers.leave(id, node);
        if self.watchers.need(node) { Ok(()) } else { Ok(self.runtime.watch(node, false)?) }
    }

    fn watch(&mut self, node: NodeId) -> Result<()> {
        if self.circuit.is_apart(node) {
            self.runtime.apart(node);
        }
        Ok(self.runtime.watch(node, true)?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::Int32Array;

    use super::*;
    use crate::config::EngineConfig;

    fn interior() -> Interior {
        let mut interior = Interior::start(EngineConfig::default()).expect("an engine starts");
        let script = "CREATE TABLE t(v INT); INSERT INTO t VALUES (1);
                      CREATE VIEW one AS SELECT v, COUNT(*) FROM t GROUP BY v;
                      CREATE VIEW two AS SELECT v, COUNT(*) FROM t GROUP BY v";
        interior.execute(script).expect("views");
        interior
    }

    #[test]
    fn nothing_is_kept_of_what_was_rolled_back() {
        let mut interior = interior();
        let (id, _) = interior.subscribe("one").expect("a view");
        interior.poll(id, Changes::Whole).expect("its content");
        for _ in 0..10 {
            let tried = "BEGIN; INSERT INTO t VALUES (1), (2); SELECT * FROM one;
                         CREATE OR REPLACE VIEW one AS SELECT v, COUNT(*) + 1 FROM t GROUP BY v; ROLLBACK";
            interior.execute(tried).expect("a rollback");
        }
        assert_eq!(interior.watchers.all[&id].queue.len(), 0);
    }

    #[test]
    fn a_node_is_watched_as_long_as_somebody_waits_for_it() {
        let mut interior = interior();
        interior.execute("CREATE VIEW three AS SELECT v, COUNT(*) FROM t GROUP BY v").expect("a view");
        let ids = ["one", "two"].map(|view| interior.subscribe(view).expect("a view").0);
        let source = interior.catalog.table("t").expect("a table").source();
        let outputs = |interior: &mut Interior, drop: &str| {
            interior.execute(drop).expect("a drop");
            let row = Batch::ones(vec![Arc::new(Int32Array::from(vec![1]))]);
            let (_, step) = interior.runtime.step(vec![(source, row)], Vec::new()).expect("a step");
            step.outputs.len()
        };
        assert_eq!(outputs(&mut interior, "DROP VIEW one"), 1);
        assert_eq!(outputs(&mut interior, "DROP VIEW two"), 0);
        assert!(ids.iter().all(|id| interior.poll(*id, Changes::Whole).is_ok_and(|changes| changes.len() == 1)));
    }
}
