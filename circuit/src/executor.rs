//! One worker's copy of the circuit, run epoch by epoch.
//!
//! Nodes between two exchanges run back to back, by direct calls: a *stratum*. A step is
//!
//! ```text
//!   begin(inputs) → run(0) ─ messages → run(1) ─ messages → … → finish() → outputs
//! ```
//!
//! With one worker there is no exchange and a step is one stratum. [`crate::runtime`] carries messages between workers. While an
//! epoch waits for those, stratum 0 of the next may run ahead, which mostly holds maps and filters and no state.
//!
//! Arrangements change at the end of the epoch: until then every reader, in whatever stratum, sees the same content.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::UInt32Array;

use crate::batch::{Batch, Epoch};
use crate::definition::ByDefinition;
use crate::graph::{Kind, Node, NodeId};
use crate::keys;
use crate::operator::{Class, Context, Input, Operator, Output, Partition, Query, RowError, Size};
use crate::trace::Trace;

/// A batch on its way to another worker's copy of an exchange node.
#[derive(Clone, Debug)]
pub struct Message {
    /// The worker it goes to.
    pub target: usize,
    /// The exchange node it arrives at.
    pub node: NodeId,
    /// The rows.
    pub batch: Batch,
    /// Whether the rows are from before the epoch: for readers of the exchange that start in it.
    pub before: bool,
}

/// What one epoch yielded on this worker.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// The deltas of the watched nodes, where not empty. Neither consolidated nor merged across workers.
    pub outputs: Vec<(NodeId, Batch)>,
    /// Errors by the node that met them.
    pub errors: Vec<(NodeId, RowError)>,
}

/// One worker's copy of the circuit.
pub struct Executor {
    worker: usize,
    workers: usize,
    epoch: Epoch,
    cells: Vec<Cell>,
    places: HashMap<NodeId, usize>,
    strata: Vec<Vec<usize>>,
    errors: Vec<(NodeId, RowError)>,
    any_starting: bool,
    ahead: Option<Ahead>,
}

/// What stratum 0 yielded of the epoch after the one under way.
struct Ahead {
    deltas: Vec<Batch>,
    errors: Vec<(NodeId, RowError)>,
}

/// A node at work.
struct Cell {
    node: Node,
    inputs: Vec<usize>,
    stratum: usize,
    watched: bool,
    /// Not yet run: its first epoch feeds it the contents of older inputs.
    starting: bool,
    role: Role,
    /// This epoch's output.
    delta: Batch,
    /// What a starting reader is fed on top of `delta`: the contents before this epoch.
    before: Option<Batch>,
    /// Whether `before` is computed in this epoch's run, as it comes through an exchange.
    replayed: bool,
}

enum Role {
    Source,
    Constant(Batch),
    Lift(Arc<dyn Query>),
    Operator(Box<dyn Operator>, Arc<dyn Query>),
    Plus,
    Negate,
    Arrange(Box<Trace>),
    Exchange(Partition),
    /// Out of its cell while it runs.
    Away,
}

impl Executor {
    /// An executor of no nodes: worker `worker` of `workers`.
    pub fn new(worker: usize, workers: usize) -> Executor {
        assert!(worker < workers, "worker {worker} of {workers}");
        Executor {
            worker,
            workers,
            epoch: Epoch(0),
            cells: Vec::new(),
            places: HashMap::new(),
            strata: Vec::new(),
            errors: Vec::new(),
            any_starting: false,
            ahead: None,
        }
    }

    /// Adds nodes, which read each other or nodes that are here. In the epoch that follows they start: they are fed
    /// the contents of the older nodes that they read.
    pub fn install(&mut self, nodes: Vec<Node>) {
        for node in nodes {
            let inputs: Vec<usize> = node.inputs.iter().map(|i| self.place(*i)).collect();
            let types = || self.types(inputs[0]);
            let role = match &node.kind {
                Kind::Source { .. } => Role::Source,
                Kind::Constant(batch, _) => Role::Constant(batch.clone()),
                Kind::Query(query) => match query.operator() {
                    Some(operator) => Role::Operator(operator, Arc::clone(query)),
                    None if query.class() == Class::Linear && inputs.len() == 1 => Role::Lift(Arc::clone(query)),
                    None => {
                        let types = inputs.iter().map(|i| self.types(*i)).collect();
                        Role::Operator(Box::new(ByDefinition::new(Arc::clone(query), types)), Arc::clone(query))
                    }
                },
                Kind::Plus => Role::Plus,
                Kind::Negate => Role::Negate,
                Kind::Arrange { key, nulls } => Role::Arrange(Box::new(Trace::new(types(), key.clone(), *nulls))),
                Kind::Exchange(partition) => Role::Exchange(partition.clone()),
            };
            let below = inputs.iter().map(|i| self.cells[*i].stratum).max().unwrap_or(0);
            let stratum = below + usize::from(matches!(role, Role::Exchange(_)));
            let place = self.cells.len();
            self.places.insert(node.id, place);
            self.strata.resize_with(self.strata.len().max(stratum + 1), Vec::new);
            self.strata[stratum].push(place);
            self.cells.push(Cell {
                node,
                inputs,
                stratum,
                watched: false,
                starting: true,
                role,
                delta: Batch::none(),
                before: None,
                replayed: false,
            });
            self.any_starting = true;
        }
    }

    /// Removes nodes, which no remaining node may read, and their state.
    pub fn remove(&mut self, nodes: &[NodeId]) {
        let cells = std::mem::take(&mut self.cells);
        self.places.clear();
        self.strata.clear();
        for cell in cells.into_iter().filter(|c| !nodes.contains(&c.node.id)) {
            let place = self.cells.len();
            let inputs = cell.node.inputs.iter().map(|i| self.place(*i)).collect();
            self.places.insert(cell.node.id, place);
            self.strata.resize_with(self.strata.len().max(cell.stratum + 1), Vec::new);
            self.strata[cell.stratum].push(place);
            self.cells.push(Cell { inputs, ..cell });
        }
    }

    /// Says whether the deltas of `node` are among a step's outputs.
    pub fn watch(&mut self, node: NodeId, on: bool) {
        let place = self.place(node);
        self.cells[place].watched = on;
    }

    fn place(&self, id: NodeId) -> usize {
        *self.places.get(&id).unwrap_or_else(|| panic!("node {} is not installed", id.0))
    }

    fn types(&self, place: usize) -> Vec<arrow_schema::DataType> {
        let cell = &self.cells[place];
        match &cell.node.kind {
            Kind::Source { types, .. } | Kind::Constant(_, types) => types.clone(),
            Kind::Query(query) => query.types(),
            _ => self.types(cell.inputs[0]),
        }
    }

    fn context(&self, starting: bool) -> Context {
        Context { epoch: self.epoch, worker: self.worker, workers: self.workers, starting }
    }

    /// Begins an epoch with the deltas of source nodes. `snapshots`: where nodes start, this worker's share of the rows that
    /// the tables below them held before this epoch (see [`crate::graph::Graph::snapshots`]).
    pub fn begin(&mut self, epoch: Epoch, inputs: Vec<(NodeId, Batch)>, snapshots: Vec<(NodeId, Batch)>) {
        self.epoch = epoch;
        if self.any_starting {
            let snapshots: HashMap<NodeId, Batch> = snapshots.into_iter().collect();
            for place in 0..self.cells.len() {
                let cell = &self.cells[place];
                if cell.starting {
                    if let (Role::Source, Some(batch)) = (&cell.role, snapshots.get(&cell.node.id)) {
                        self.cells[place].delta = batch.clone();
                    }
                    continue;
                }
                let read_by_new = self.cells[place + 1..].iter().any(|c| c.starting && c.inputs.contains(&place));
                if read_by_new {
                    self.recall(place, &snapshots);
                }
            }
        }
        self.feed(inputs);
    }

    fn feed(&mut self, inputs: Vec<(NodeId, Batch)>) {
        for (node, batch) in inputs {
            let place = self.place(node);
            let cell = &mut self.cells[place];
            cell.delta = if cell.delta.is_empty() { batch } else { Batch::concat(&[cell.delta.clone(), batch]) };
        }
    }

    /// Sees to it that `before` of `place` is there when its readers run.
    fn recall(&mut self, place: usize, snapshots: &HashMap<NodeId, Batch>) {
        if self.cells[place].before.is_some() || self.cells[place].replayed {
            return;
        }
        if self.workers == 1 || !self.crosses_exchange(place) {
            self.cells[place].before = Some(self.contents_at(place, snapshots));
            return;
        }
        self.cells[place].replayed = true;
        for input in self.cells[place].inputs.clone() {
            self.recall(input, snapshots);
        }
    }

    /// Computes `before` from that of the inputs.
    fn replay(&mut self, place: usize) {
        let cell = &self.cells[place];
        let before = |i: &usize| self.cells[*i].before.clone().unwrap_or_else(Batch::none);
        let replayed = match &cell.role {
            Role::Lift(query) => query.apply(&[before(&cell.inputs[0])]).rows,
            Role::Negate => before(&cell.inputs[0]).negate(),
            _ => Batch::concat(&cell.inputs.iter().map(before).collect::<Vec<_>>()),
        };
        self.cells[place].before = Some(replayed);
    }

    /// Whether stratum 0 of the next epoch may run before this one has finished: nothing in it remembers anything, and no node starts.
    pub fn may_run_ahead(&self) -> bool {
        let remembers = |place: &usize| matches!(self.cells[*place].role, Role::Operator(..) | Role::Arrange(_));
        self.ahead.is_none() && !self.any_starting && !self.strata.first().is_some_and(|s| s.iter().any(remembers))
    }

    /// Runs stratum 0 of the next epoch while the one under way goes on; returns its messages. [`Executor::catch_up`] begins that epoch.
    ///
    /// # Panics
    /// If it [may not](Executor::may_run_ahead).
    pub fn run_ahead(&mut self, inputs: Vec<(NodeId, Batch)>) -> Vec<Message> {
        assert!(self.may_run_ahead(), "stratum 0 depends on the epoch before");
        let errors = std::mem::take(&mut self.errors);
        let under_way = self.swap_first(Vec::new());
        self.feed(inputs);
        let messages = self.run(0, Vec::new());
        let deltas = self.swap_first(under_way);
        self.ahead = Some(Ahead { deltas, errors: std::mem::replace(&mut self.errors, errors) });
        messages
    }

    /// Begins the epoch of which [`Executor::run_ahead`] has run stratum 0, the one before having finished.
    pub fn catch_up(&mut self, epoch: Epoch) {
        let ahead = self.ahead.take().unwrap_or_else(|| panic!("nothing ran ahead"));
        self.epoch = epoch;
        self.errors = ahead.errors;
        self.swap_first(ahead.deltas);
    }

    /// Gives the nodes of stratum 0 these deltas, empty ones where there are none; returns those they had.
    fn swap_first(&mut self, deltas: Vec<Batch>) -> Vec<Batch> {
        let mut deltas = deltas.into_iter();
        let places = self.strata.first().map_or(&[][..], Vec::as_slice);
        let swap = |place: &usize| {
            let delta = deltas.next().unwrap_or_else(Batch::none);
            std::mem::replace(&mut self.cells[*place].delta, delta)
        };
        places.iter().map(swap).collect()
    }

    /// Runs the nodes of stratum `stratum`, given all messages for it; returns messages for the next,
    /// those to this worker itself among them.
    pub fn run(&mut self, stratum: usize, received: Vec<Message>) -> Vec<Message> {
        let mut arrived: HashMap<(NodeId, bool), Vec<Batch>> = HashMap::new();
        for message in received {
            arrived.entry((message.node, message.before)).or_default().push(message.batch);
        }
        let places = self.strata.get_mut(stratum).map(std::mem::take).unwrap_or_default();
        for &place in &places {
            if let Role::Exchange(_) = self.cells[place].role {
                let id = self.cells[place].node.id;
                let mut take = |before| Batch::concat(&arrived.remove(&(id, before)).unwrap_or_default());
                self.cells[place].delta = take(false);
                if self.cells[place].replayed {
                    self.cells[place].before = Some(take(true));
                }
            } else {
                if self.cells[place].replayed {
                    self.replay(place);
                }
                self.run_cell(place);
            }
        }
        if let Some(slot) = self.strata.get_mut(stratum) {
            *slot = places;
        }
        let mut messages = Vec::new();
        for &place in self.strata.get(stratum + 1).map_or(&[][..], Vec::as_slice) {
            let cell = &self.cells[place];
            if let Role::Exchange(partition) = &cell.role {
                let mut send = |batch: &Batch, before| {
                    for (target, batch) in scatter(batch, partition, self.worker, self.workers) {
                        messages.push(Message { target, node: cell.node.id, batch, before });
                    }
                };
                send(&self.fed(cell, cell.inputs[0]), false);
                if let (true, Some(before)) = (cell.replayed, &self.cells[cell.inputs[0]].before) {
                    send(before, true);
                }
            }
        }
        messages
    }

    /// The first stratum after `stratum`, which has run, with something to do even if no message arrives for it.
    pub fn pending(&self, stratum: usize) -> Option<usize> {
        if self.any_starting {
            return Some(stratum + 1).filter(|s| *s < self.strata());
        }
        let fed = |cell: &&Cell| cell.inputs.iter().any(|i| !self.cells[*i].delta.is_empty());
        let later = self.cells.iter().filter(|c| c.stratum > stratum && !matches!(c.role, Role::Exchange(_)));
        later.filter(fed).map(|c| c.stratum).min()
    }

    /// What `reader` gets of input `place` in this epoch.
    fn fed(&self, reader: &Cell, place: usize) -> Batch {
        let input = &self.cells[place];
        match &input.before {
            Some(before) if reader.starting => Batch::concat(&[before.clone(), input.delta.clone()]),
            _ => input.delta.clone(),
        }
    }

    fn run_cell(&mut self, place: usize) {
        let cell = &self.cells[place];
        let starting = cell.starting;
        let quiet = |i: &usize| self.cells[*i].delta.is_empty() && !(starting && self.cells[*i].before.is_some());
        let idle = cell.inputs.iter().all(quiet);
        if idle && !starting {
            return;
        }
        let context = self.context(starting);
        let mut role = std::mem::replace(&mut self.cells[place].role, Role::Away);
        let cell = &self.cells[place];
        let fed_before = |i: &usize| starting && self.cells[*i].before.is_some();
        let skip = idle && !matches!(role, Role::Source | Role::Constant(_) | Role::Operator(..));
        let output = match &mut role {
            _ if skip => Output::none(),
            Role::Source | Role::Exchange(_) => cell.delta.clone().into(),
            Role::Constant(batch) if starting && self.worker == 0 => batch.clone().into(),
            Role::Constant(_) => Output::none(),
            Role::Lift(query) => query.apply(&[self.fed(cell, cell.inputs[0])]),
            Role::Plus => {
                let deltas: Vec<Batch> = cell.inputs.iter().map(|i| self.fed(cell, *i)).collect();
                Batch::concat(&deltas).into()
            }
            Role::Negate => self.fed(cell, cell.inputs[0]).negate().into(),
            Role::Arrange(_) => self.fed(cell, cell.inputs[0]).into(),
            Role::Operator(operator, _) => {
                let fed: Vec<Option<Batch>> =
                    cell.inputs.iter().map(|i| fed_before(i).then(|| self.fed(cell, *i))).collect();
                let inputs: Vec<Input> = cell
                    .inputs
                    .iter()
                    .zip(&fed)
                    .map(|(i, fed)| {
                        let input = &self.cells[*i];
                        // An arrangement that was there before its reader: all of it is in the delta, so the reader sees none as old.
                        let trace = match &input.role {
                            Role::Arrange(trace) if fed.is_none() => Some(&**trace),
                            _ => None,
                        };
                        Input { delta: fed.as_ref().unwrap_or(&input.delta), trace }
                    })
                    .collect();
                operator.step(&context, &inputs)
            }
            Role::Away => panic!("node {} runs inside itself", cell.node.id.0),
        };
        let id = cell.node.id;
        self.errors.extend(output.errors.into_iter().filter(|e| e.weight != 0).map(|e| (id, e)));
        self.cells[place].delta = output.rows;
        self.cells[place].role = role;
    }

    /// How many strata there are.
    pub fn strata(&self) -> usize {
        self.strata.len().max(1)
    }

    /// Ends the epoch: arrangements take in their deltas, watched nodes give theirs.
    pub fn finish(&mut self) -> Step {
        let mut outputs = Vec::new();
        for cell in &mut self.cells {
            cell.starting = false;
            cell.before = None;
            cell.replayed = false;
            if cell.delta.is_empty() {
                continue;
            }
            let delta = std::mem::replace(&mut cell.delta, Batch::none());
            if let Role::Arrange(trace) = &mut cell.role {
                trace.update(&delta);
            }
            if cell.watched {
                outputs.push((cell.node.id, delta));
            }
        }
        self.any_starting = false;
        Step { outputs, errors: std::mem::take(&mut self.errors) }
    }

    /// One whole epoch, for a single worker.
    pub fn step(&mut self, epoch: Epoch, inputs: Vec<(NodeId, Batch)>, snapshots: Vec<(NodeId, Batch)>) -> Step {
        self.begin(epoch, inputs, snapshots);
        let mut messages = Vec::new();
        for stratum in 0..self.strata() {
            messages = self.run(stratum, messages);
        }
        self.finish()
    }

    /// This worker's share of everything `node` has yielded so far. `snapshots` as for [`Executor::begin`].
    /// Not consolidated.
    pub fn contents(&self, node: NodeId, snapshots: &[(NodeId, Batch)]) -> Batch {
        self.contents_at(self.place(node), &snapshots.iter().cloned().collect())
    }

    fn contents_at(&self, place: usize, snapshots: &HashMap<NodeId, Batch>) -> Batch {
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

    /// State by node, where there is any.
    pub fn sizes(&self) -> Vec<(NodeId, Size)> {
        let size = |cell: &Cell| match &cell.role {
            Role::Operator(operator, _) => Some((cell.node.id, operator.size())),
            Role::Arrange(trace) => Some((cell.node.id, trace.size())),
            _ => None,
        };
        self.cells.iter().filter_map(size).filter(|(_, size)| *size != Size::default()).collect()
    }

    /// All state by node.
    pub fn save(&self) -> Vec<(NodeId, Vec<Batch>)> {
        let save = |cell: &Cell| match &cell.role {
            Role::Operator(operator, _) => Some((cell.node.id, operator.save())),
            Role::Arrange(trace) => Some((cell.node.id, vec![trace.contents()])),
            _ => None,
        };
        self.cells.iter().filter_map(save).collect()
    }

    /// Takes back what [`Executor::save`] gave, after the same nodes were installed; they do not start anew.
    pub fn load(&mut self, state: Vec<(NodeId, Vec<Batch>)>) {
        for (node, batches) in state {
            let place = self.place(node);
            match &mut self.cells[place].role {
                Role::Operator(operator, _) => operator.load(batches),
                Role::Arrange(trace) => batches.iter().for_each(|b| trace.update(b)),
                _ => panic!("state for node {}, which keeps none", node.0),
            }
        }
        self.cells.iter_mut().for_each(|c| c.starting = false);
        self.any_starting = false;
    }
}

/// Splits `delta` by where `partition` sends each row.
fn scatter(delta: &Batch, partition: &Partition, me: usize, workers: usize) -> Vec<(usize, Batch)> {
    if delta.is_empty() {
        return Vec::new();
    }
    let key = match partition {
        Partition::Any => return vec![(me, delta.clone())],
        Partition::One => return vec![(0, delta.clone())],
        Partition::Key(key) => key,
    };
    let columns: Vec<_> = key.iter().map(|&k| Arc::clone(delta.column(k))).collect();
    let hashes = delta.layout(key).encode(&columns, delta.len()).hashes();
    let targets: Vec<u32> = hashes.iter().map(|&hash| keys::part(hash, workers) as u32).collect();
    // The rows of one target after those of another. They are counted first, so that no row costs a branch.
    let mut counts = vec![0; workers];
    targets.iter().for_each(|&target| counts[target as usize] += 1);
    let starts: Vec<usize> = counts.iter().scan(0, |sum, count| Some(std::mem::replace(sum, *sum + count))).collect();
    let mut order = vec![0u32; targets.len()];
    let mut places = starts.clone();
    for (row, &target) in targets.iter().enumerate() {
        let place = &mut places[target as usize];
        order[*place] = row as u32;
        *place += 1;
    }
    let order = UInt32Array::from(order);
    let part = |target: usize| match counts[target] {
        0 => None,
        len if len == delta.len() => Some((target, delta.clone())),
        len => Some((target, delta.take(&order.slice(starts[target], len)))),
    };
    (0..workers).filter_map(part).collect()
}
