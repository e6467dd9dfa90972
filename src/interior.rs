//! What an engine and its subscriptions share: the tables, the circuit at work, and the epochs between them.
//!
//! ```text
//!   statements ──▶ door (tables) ──deltas──▶ Runtime ──▶ steps ──▶ watchers ──▶ Subscription::poll
//!                    │ contents                  │ errors
//!                    └──▶ ad-hoc queries         └──▶ errors by node
//! ```
//!
//! The runtime counts its own epochs: one for each time that deltas are handed to it. What the user sees as an epoch is a commit. Each of
//! the runtime's epochs is tagged with the commit that it is, or would be, part of: a transaction that is read from inside hands
//! its deltas over early. One that is rolled back hands over their inverse, which cancels under whatever tag comes to bear it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use deltaq_circuit::executor::Step;
use deltaq_circuit::{Batch, NodeId, Runtime, RuntimeConfig, Weight};
use deltaq_compiler::circuit::Circuit;

use crate::catalog::Catalog;
use crate::config::EngineConfig;
use crate::error::{Error, Result};
use crate::load::Loads;
use crate::rows::{Change, Columns};

/// Rows after which a transaction's deltas are handed to the workers before it ends, so that they work meanwhile.
const EARLY_ROWS: usize = 1 << 16;

/// What an engine and its subscriptions share.
pub(crate) struct Interior {
    pub(crate) config: EngineConfig,
    pub(crate) catalog: Catalog,
    pub(crate) circuit: Circuit,
    pub(crate) runtime: Runtime,
    epoch: u64,
    /// The commits that the runtime's unfinished epochs belong to, oldest first.
    tags: VecDeque<u64>,
    open: Option<Open>,
    /// Tables that the open transaction has changed, by their place in the catalog.
    changed: Vec<usize>,
    watchers: Vec<Watcher>,
    next_watcher: u64,
    errors: HashMap<NodeId, BTreeMap<(&'static str, String), Weight>>,
    pub(crate) loads: Loads,
}

/// The transaction that is open.
struct Open {
    /// Who has begun it.
    by: Begun,
    /// Whether the runtime has been given some of its deltas.
    submitted: bool,
}

/// How a transaction was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// By SQL's BEGIN: ended by COMMIT or ROLLBACK.
    Sql,
    /// By `Engine::begin`: ended by its guard.
    Guard,
    /// For one statement.
    Statement,
}

/// Who waits for the deltas of a node.
struct Watcher {
    id: u64,
    node: NodeId,
    columns: Columns,
    /// Deltas with the commit they belong to.
    queue: VecDeque<(u64, Batch)>,
    ended: Option<String>,
}

impl Interior {
    pub(crate) fn start(config: EngineConfig) -> Result<Interior> {
        if config.workers == 0 || config.epochs_in_flight == 0 {
            return Err(Error::new("22023", "an engine needs at least one worker and one epoch in flight"));
        }
        let runtime = Runtime::start(RuntimeConfig {
            workers: config.workers,
            epochs_in_flight: config.epochs_in_flight,
            ..RuntimeConfig::default()
        })?;
        Ok(Interior {
            circuit: Circuit::new(config.workers),
            config,
            catalog: Catalog::default(),
            runtime,
            epoch: 0,
            tags: VecDeque::new(),
            open: None,
            changed: Vec::new(),
            watchers: Vec::new(),
            next_watcher: 0,
            errors: HashMap::new(),
            loads: Loads::default(),
        })
    }

    /// The last commit.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    // ---- transactions ----

    pub(crate) fn begun(&self) -> Option<Begun> {
        self.open.as_ref().map(|o| o.by)
    }

    pub(crate) fn begin(&mut self, by: Begun) -> Result<()> {
        if self.open.is_some() {
            return Err(Error::new("25001", "a transaction is open already").help("commit it or roll it back first"));
        }
        self.open = Some(Open { by, submitted: false });
        Ok(())
    }

    /// Runs `statement` in the open transaction, or, where none is open, in one of its own.
    pub(crate) fn within<T>(&mut self, statement: impl FnOnce(&mut Interior) -> Result<T>) -> Result<T> {
        if self.open.is_some() {
            return statement(self);
        }
        self.begin(Begun::Statement)?;
        match statement(self) {
            Ok(value) => {
                self.commit()?;
                Ok(value)
            }
            Err(error) => {
                self.rollback()?;
                Err(error)
            }
        }
    }

    /// Notes that the table at `index` was changed by a statement.
    pub(crate) fn touch(&mut self, index: usize) -> Result<()> {
        if !self.changed.contains(&index) {
            self.changed.push(index);
        }
        if self.catalog.table_at(index).unsubmitted_rows() >= EARLY_ROWS && self.held_back().is_none() {
            self.flush()?;
        }
        Ok(())
    }

    /// Undoes what the open transaction has done to a table since `mark`.
    pub(crate) fn undo(&mut self, index: usize, mark: usize) -> Result<()> {
        let table = self.catalog.table_at(index);
        let inverse = table.undo(mark);
        let mut inputs = Vec::new();
        table.feed(inverse, &mut inputs);
        if inputs.is_empty() { Ok(()) } else { self.submit(inputs, Vec::new(), self.epoch + 1) }
    }

    /// A table whose changes cannot be handed over early: views rely on it that nothing is ever retracted, not even by a rollback.
    pub(crate) fn held_back(&mut self) -> Option<&str> {
        let index = self.changed.iter().copied().find(|&index| {
            let table = self.catalog.table_at(index);
            table.append_only && table.unsubmitted_rows() > 0
        })?;
        Some(&self.catalog.table_at(index).name)
    }

    /// Hands to the workers what the open transaction has done so far.
    ///
    /// # Errors
    /// `25000` where an append-only table is among what it has changed.
    pub(crate) fn flush(&mut self) -> Result<()> {
        if let Some(table) = self.held_back() {
            let message =
                format!("views do not follow a transaction that has changed the append-only table \"{table}\"");
            return Err(Error::new("25000", message).help("commit first; SELECT computes them from the tables"));
        }
        let inputs = self.inputs();
        if inputs.is_empty() {
            return Ok(());
        }
        if let Some(open) = &mut self.open {
            open.submitted = true;
        }
        self.submit(inputs, Vec::new(), self.epoch + 1)
    }

    fn inputs(&mut self) -> Vec<(NodeId, Batch)> {
        let mut inputs = Vec::with_capacity(self.changed.len());
        for &index in &self.changed {
            let table = self.catalog.table_at(index);
            let delta = table.submit();
            table.feed(delta, &mut inputs);
        }
        inputs
    }

    /// Ends the open transaction; its changes stand. Returns the epoch that they make up.
    pub(crate) fn commit(&mut self) -> Result<u64> {
        let Some(open) = self.open.take() else {
            return Err(Error::new("25P01", "no transaction is open"));
        };
        let inputs = self.inputs();
        if open.submitted || !inputs.is_empty() {
            self.epoch += 1;
        }
        if !inputs.is_empty() {
            self.submit(inputs, Vec::new(), self.epoch)?;
        }
        for index in self.changed.drain(..) {
            self.catalog.table_at(index).commit();
        }
        Ok(self.epoch)
    }

    /// Ends the open transaction; its changes are undone.
    pub(crate) fn rollback(&mut self) -> Result<()> {
        if self.open.take().is_none() {
            return Err(Error::new("25P01", "no transaction is open"));
        }
        let mut inputs = Vec::new();
        for index in self.changed.drain(..) {
            let table = self.catalog.table_at(index);
            let inverse = table.undo(0);
            table.feed(inverse, &mut inputs);
        }
        if !inputs.is_empty() {
            self.submit(inputs, Vec::new(), self.epoch + 1)?;
        }
        Ok(())
    }

    // ---- the runtime ----

    /// Hands an epoch to the runtime.
    pub(crate) fn submit(
        &mut self,
        inputs: Vec<(NodeId, Batch)>,
        snapshots: Vec<(NodeId, Batch)>,
        tag: u64,
    ) -> Result<()> {
        self.runtime.submit(inputs, snapshots)?;
        self.tags.push_back(tag);
        self.catch_up()
    }

    /// Takes what the workers have done by now.
    pub(crate) fn catch_up(&mut self) -> Result<()> {
        while let Some((_, step)) = self.runtime.poll()? {
            self.take(step);
        }
        Ok(())
    }

    /// Waits until the workers have done all that was submitted.
    pub(crate) fn wait(&mut self) -> Result<()> {
        while let Some((_, step)) = self.runtime.wait()? {
            self.take(step);
        }
        Ok(())
    }

    /// Hands over what is open, and waits: after this, all that can be read is up to date.
    pub(crate) fn settle(&mut self) -> Result<()> {
        self.flush()?;
        self.wait()
    }

    /// As [`Interior::settle`]; but what cannot be handed over early is left where it is.
    pub(crate) fn settle_what_can_be(&mut self) -> Result<()> {
        match self.held_back() {
            Some(_) => self.wait(),
            None => self.settle(),
        }
    }

    fn take(&mut self, step: Step) {
        let tag = self.tags.pop_front().unwrap_or_else(|| panic!("an epoch was finished that was not submitted"));
        for (node, delta) in step.outputs {
            for watcher in self.watchers.iter_mut().filter(|w| w.node == node) {
                watcher.queue.push_back((tag, delta.clone()));
            }
        }
        for (node, error) in step.errors {
            let errors = self.errors.entry(node).or_default();
            let weight = errors.entry((error.code, error.message.clone())).or_default();
            *weight += error.weight;
            if *weight == 0 {
                errors.remove(&(error.code, error.message));
            }
        }
    }

    /// The errors that `node` has met and that stand.
    pub(crate) fn errors_of(&self, node: NodeId) -> impl Iterator<Item = (&'static str, &str, Weight)> {
        self.errors.get(&node).into_iter().flatten().map(|((code, message), weight)| (*code, message.as_str(), *weight))
    }

    /// What `node` has yielded up to now. Not consolidated. Call [`Interior::settle`] first.
    pub(crate) fn contents_of(&mut self, node: NodeId) -> Result<Batch> {
        let sources = self.circuit.graph().snapshots(node);
        let mut snapshots = self.snapshots(&sources);
        if sources == [node] {
            return Ok(snapshots.pop().map_or_else(Batch::none, |(_, rows)| rows));
        }
        Ok(Batch::concat(&self.runtime.contents(node, snapshots)?))
    }

    /// The rows that each of these sources has yielded up to now.
    pub(crate) fn snapshots(&mut self, sources: &[NodeId]) -> Vec<(NodeId, Batch)> {
        let mut snapshots = Vec::new();
        for table in self.catalog.tables_mut() {
            if table.sources.iter().any(|(node, _)| sources.contains(node)) {
                let rows = table.contents();
                let mut all = Vec::new();
                table.feed(rows, &mut all);
                snapshots.extend(all.into_iter().filter(|(node, _)| sources.contains(node)));
            }
        }
        snapshots
    }

    /// Forgets nodes that the runtime has removed.
    pub(crate) fn forget(&mut self, nodes: &[NodeId]) {
        for node in nodes {
            self.errors.remove(node);
        }
    }

    // ---- subscriptions ----

    /// Begins to gather the deltas of the relation `name`; its content is the first.
    pub(crate) fn subscribe(&mut self, name: &str) -> Result<(u64, Columns)> {
        if self.open.is_some() {
            let error = Error::new("25001", "a subscription cannot begin inside a transaction");
            return Err(error.help("subscribe before BEGIN or after COMMIT"));
        }
        let (node, columns) = self.catalog.node(name)?;
        self.settle()?;
        let contents = self.contents_of(node)?;
        if !self.watchers.iter().any(|w| w.node == node) {
            self.watch(node)?;
        }
        let id = self.next_watcher;
        self.next_watcher += 1;
        let queue = VecDeque::from([(self.epoch, contents)]);
        self.watchers.push(Watcher { id, node, columns: columns.clone(), queue, ended: None });
        Ok((id, columns))
    }

    /// Ends a subscription.
    pub(crate) fn unsubscribe(&mut self, id: u64) {
        let Some(at) = self.watchers.iter().position(|w| w.id == id) else { return };
        let watcher = self.watchers.swap_remove(at);
        if watcher.ended.is_none() && !self.watchers.iter().any(|w| w.node == watcher.node && w.ended.is_none()) {
            // A runtime that has failed says so to whoever calls it next.
            let _ = self.runtime.watch(watcher.node, false);
        }
    }

    /// What has been committed, and finished by the workers, since the last call.
    pub(crate) fn poll(&mut self, id: u64) -> Result<Vec<Change>> {
        // A commit may be several epochs of the runtime: its changes are handed out when all of them are there.
        let finished = self.tags.front().map_or(self.epoch, |under_way| self.epoch.min(under_way - 1));
        let Some(watcher) = self.watchers.iter_mut().find(|w| w.id == id) else {
            return Err(Error::new("42P01", "the subscription has ended"));
        };
        let mut changes = Vec::new();
        while let Some((tag, first)) = watcher.queue.pop_front_if(|(tag, _)| *tag <= finished) {
            let mut delta = first;
            if watcher.queue.front().is_some_and(|(next, _)| *next == tag) {
                let mut parts = vec![delta];
                while let Some((_, part)) = watcher.queue.pop_front_if(|(next, _)| *next == tag) {
                    parts.push(part);
                }
                delta = Batch::concat(&parts);
            }
            let delta = delta.consolidate();
            if !delta.is_empty() {
                changes.push(Change::new(tag, &watcher.columns, &delta)?);
            }
        }
        match &watcher.ended {
            Some(why) if changes.is_empty() => Err(Error::new("42P01", why.clone())),
            _ => Ok(changes),
        }
    }

    /// Ends all subscriptions to `node`, which goes.
    pub(crate) fn end_watchers(&mut self, node: NodeId, why: &str) {
        for watcher in self.watchers.iter_mut().filter(|w| w.node == node && w.ended.is_none()) {
            watcher.ended = Some(why.to_string());
        }
    }

    /// Lets the subscriptions to `old` follow `new`, which takes its place: `difference` is new content less old.
    pub(crate) fn move_watchers(&mut self, old: NodeId, new: NodeId, difference: &Batch) -> Result<()> {
        let mut moved = false;
        for watcher in self.watchers.iter_mut().filter(|w| w.node == old && w.ended.is_none()) {
            watcher.node = new;
            watcher.queue.push_back((self.epoch + 1, difference.clone()));
            moved = true;
        }
        if moved && old != new {
            self.runtime.watch(old, false)?;
            self.watch(new)?;
        }
        Ok(())
    }

    fn watch(&mut self, node: NodeId) -> Result<()> {
        if self.circuit.is_apart(node) {
            self.runtime.apart(node);
        }
        Ok(self.runtime.watch(node, true)?)
    }

    /// Whether somebody is subscribed to `node`.
    pub(crate) fn is_watched(&self, node: NodeId) -> bool {
        self.watchers.iter().any(|w| w.node == node && w.ended.is_none())
    }

    /// Counts a commit that no table took part in: a view was replaced.
    pub(crate) fn bump(&mut self) {
        self.epoch += 1;
    }
}
