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
use crate::epochs::Open;
use crate::error::{Error, Result};
use crate::load::Loads;
use crate::memory::Gauge;
use crate::watchers::Watchers;

/// What an engine and its subscriptions share.
pub(crate) struct Interior {
    pub(crate) config: EngineConfig,
    pub(crate) catalog: Catalog,
    pub(crate) circuit: Circuit,
    pub(crate) runtime: Runtime,
    epoch: u64,
    /// The commits that the runtime's unfinished epochs belong to, oldest first.
    tags: VecDeque<u64>,
    pub(crate) open: Option<Open>,
    /// Tables that the open transaction has changed, by their place in the catalog.
    pub(crate) changed: Vec<usize>,
    pub(crate) watchers: Watchers,
    /// None: tables and views may take all memory there is.
    pub(crate) gauge: Option<Gauge>,
    errors: HashMap<NodeId, BTreeMap<(&'static str, String), Weight>>,
    pub(crate) loads: Loads,
}

impl Interior {
    pub(crate) fn start(config: EngineConfig) -> Result<Interior> {
        if config.workers == 0 || config.epochs_in_flight == 0 || config.batch_rows == Some(0) {
            let message = "an engine needs at least one worker, one epoch in flight and one row a batch";
            return Err(Error::new("22023", message));
        }
        let gauge = config.memory.map(Gauge::new);
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
            watchers: Watchers::default(),
            gauge,
            errors: HashMap::new(),
            loads: Loads::default(),
        })
    }

    /// The last commit.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Counts a commit.
    pub(crate) fn bump(&mut self) {
        self.epoch += 1;
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

    /// The last commit of which the workers have done all. It may have been several epochs of the runtime.
    pub(crate) fn finished(&self) -> u64 {
        self.tags.front().map_or(self.epoch, |under_way| self.epoch.min(under_way.saturating_sub(1)))
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
        for parts in step.outputs.chunk_by(|a, b| a.0 == b.0) {
            self.watchers.take(parts[0].0, tag, parts.iter().map(|(_, part)| part.clone()).collect());
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
}
