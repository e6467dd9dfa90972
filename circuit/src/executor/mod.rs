//! One worker's copy of the circuit, run epoch by epoch.
//!
//! Nodes between two exchanges run back to back, by direct calls: a *stratum*. What an epoch's nodes yield is in a [`Frame`]:
//!
//! ```text
//!   begin(inputs) → frame
//!   run(frame, 0) ─ messages, settle(frame, 0) → run(frame, 1) ─ messages, settle(frame, 1) → … → finish(frame) → outputs
//! ```
//!
//! With one worker there is no exchange and a step is one stratum. With several, [`crate::runtime`] carries messages between
//! them, and epochs overlap: stratum s of an epoch may run as soon as stratum [`hold(s)`](Executor::hold) of the epoch before is
//! over, which mostly is s itself.
//!
//! An arrangement takes its delta in when the last stratum that reads it has run: until then every reader, in whatever
//! stratum, sees the same content.

mod frame;
mod portion;
mod scatter;
mod starting;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::batch::{Batch, Epoch};
use crate::definition::ByDefinition;
use crate::graph::{Kind, Node, NodeId};
use crate::operator::{Class, Context, Input, Operator, Output, Partition, Query, RowError, Size};
use crate::trace::Trace;

pub use frame::Frame;
pub use portion::Portion;
use scatter::{own, scatter};

/// Rows on their way to another worker's copy of an exchange node.
#[derive(Clone, Debug)]
pub struct Message {
    /// The worker it goes to.
    pub target: usize,
    /// The exchange node it arrives at.
    pub node: NodeId,
    /// The rows.
    pub rows: Portion,
    /// Whether the rows are from before the epoch: for readers of the exchange that start in it.
    pub before: bool,
}

/// What one epoch yielded on this worker.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// The deltas of the watched nodes, where not empty; consolidated, but not across workers.
    pub outputs: Vec<(NodeId, Batch)>,
    /// Errors by the node that met them.
    pub errors: Vec<(NodeId, RowError)>,
}

/// One worker's copy of the circuit.
pub struct Executor {
    worker: usize,
    workers: usize,
    cells: Vec<Cell>,
    places: HashMap<NodeId, usize>,
    /// By stratum: the last one that reads what it reads.
    holds: Vec<usize>,
    /// The nodes that start in the next epoch.
    starting: Vec<usize>,
    /// Frames of finished epochs, to be used again.
    spare: Vec<Frame>,
}

/// A node at work.
struct Cell {
    node: Node,
    inputs: Vec<usize>,
    /// The nodes that read it, all of them further on.
    readers: Vec<usize>,
    stratum: usize,
    /// The last stratum in which its delta is read.
    last_read: usize,
    watched: bool,
    /// Every worker computes all of it.
    everywhere: bool,
    /// Not yet run: its first epoch feeds it the contents of older inputs.
    starting: bool,
    role: Role,
}

enum Role {
    /// Its deltas come with the epoch: a source, or a source's rows everywhere.
    Source,
    Constant(Batch),
    Lift(Arc<dyn Query>),
    Operator(Box<dyn Operator>, Arc<dyn Query>),
    Plus,
    Negate,
    Arrange(Box<Trace>),
    Exchange(Partition),
    Own(Partition),
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
            cells: Vec::new(),
            places: HashMap::new(),
            holds: Vec::new(),
            starting: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Adds nodes, which read each other or nodes that are here. In the epoch that follows they start: they are fed
    /// the contents of the older nodes that they read.
    pub fn install(&mut self, nodes: Vec<Node>) {
        for node in nodes {
            let inputs = self.fed_by(&node);
            let types = || self.types(inputs[0]);
            let role = match &node.kind {
                Kind::Source { .. } | Kind::Everywhere => Role::Source,
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
                Kind::Arrange { key, nulls } => Role::Arrange(Box::new(Trace::lazy(types(), key.clone(), *nulls))),
                Kind::Exchange(partition) => Role::Exchange(partition.clone()),
                Kind::Own(partition) => Role::Own(partition.clone()),
            };
            let everywhere = match node.kind {
                Kind::Everywhere => true,
                Kind::Own(_) => false,
                _ => inputs.iter().any(|input| self.cells[*input].everywhere),
            };
            let below = inputs.iter().map(|i| self.cells[*i].stratum).max().unwrap_or(0);
            let stratum = below + usize::from(matches!(role, Role::Exchange(_)));
            let cell = Cell {
                node,
                inputs,
                readers: Vec::new(),
                stratum,
                last_read: stratum,
                watched: false,
                everywhere,
                starting: true,
                role,
            };
            self.starting.push(self.cells.len());
            self.put(cell);
        }
        self.find_holds();
    }

    /// Removes nodes, which no remaining node may read, and their state.
    pub fn remove(&mut self, nodes: &[NodeId]) {
        let nodes: HashSet<NodeId> = nodes.iter().copied().collect();
        let cells = std::mem::take(&mut self.cells);
        self.places.clear();
        for cell in cells.into_iter().filter(|c| !nodes.contains(&c.node.id)) {
            let inputs = self.fed_by(&cell.node);
            self.put(Cell { inputs, readers: Vec::new(), last_read: cell.stratum, ..cell });
        }
        self.starting = (0..self.cells.len()).filter(|place| self.cells[*place].starting).collect();
        self.find_holds();
    }

    /// The places of the nodes whose deltas a node is fed.
    fn fed_by(&self, node: &Node) -> Vec<usize> {
        match node.kind {
            // Its deltas come with the epoch.
            Kind::Everywhere => Vec::new(),
            _ => node.inputs.iter().map(|input| self.place(*input)).collect(),
        }
    }

    /// Puts a node behind all others.
    fn put(&mut self, cell: Cell) {
        let place = self.cells.len();
        self.places.insert(cell.node.id, place);
        for &input in &cell.inputs {
            let read = &mut self.cells[input];
            if read.readers.last() != Some(&place) {
                read.readers.push(place);
            }
            // What an exchange reads is sent off in the stratum before its own, which may not come if nothing arrives.
            if !matches!(cell.role, Role::Exchange(_)) {
                read.last_read = read.last_read.max(cell.stratum);
            }
        }
        self.cells.push(cell);
    }

    /// Finds until when the arrangements that each stratum reads are read.
    fn find_holds(&mut self) {
        let strata = self.cells.iter().map(|cell| cell.stratum + 1).max().unwrap_or(0);
        self.holds = (0..strata).collect();
        for cell in self.cells.iter().filter(|_| strata > 1) {
            for input in cell.inputs.iter().map(|i| &self.cells[*i]) {
                if matches!(input.role, Role::Arrange(_)) {
                    self.holds[cell.stratum] = self.holds[cell.stratum].max(input.last_read);
                }
            }
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
            Kind::Everywhere => self.types(self.place(cell.node.inputs[0])),
            _ => self.types(cell.inputs[0]),
        }
    }

    /// Begins an epoch with the deltas of source nodes: this worker's share, or, at nodes of [`Kind::Everywhere`], all of it.
    /// `snapshots`: where nodes start, likewise of the rows that
    /// the tables below them held before this epoch (see [`crate::graph::Graph::snapshots`]). An epoch in which nodes
    /// [start](Executor::is_starting) is under way alone.
    pub fn begin(&mut self, epoch: Epoch, inputs: Vec<(NodeId, Batch)>, snapshots: Vec<(NodeId, Batch)>) -> Frame {
        let mut frame = self.spare.pop().unwrap_or_default();
        frame.begin(epoch, self.cells.len(), self.strata());
        if self.is_starting() {
            self.start(&mut frame, snapshots);
        }
        for (node, batch) in inputs {
            let place = self.place(node);
            let delta = std::mem::replace(&mut frame.deltas[place], Batch::none());
            frame.deltas[place] = if delta.is_empty() { batch } else { Batch::concat(&[delta, batch]) };
            self.wake_readers(&mut frame, place);
        }
        frame
    }

    /// Whether nodes start in the epoch that begins next.
    pub fn is_starting(&self) -> bool {
        !self.starting.is_empty()
    }

    /// The last stratum of the epoch before that must be over when `stratum` runs.
    pub fn hold(&self, stratum: usize) -> usize {
        self.holds.get(stratum).copied().unwrap_or(stratum)
    }

    /// Runs the nodes of stratum `stratum`, given all messages for it; returns messages for the next,
    /// those to this worker itself among them. [`Executor::settle`] it once they are sent.
    pub fn run(&mut self, frame: &mut Frame, stratum: usize, received: Vec<Message>) -> Vec<Message> {
        let mut arrived: HashMap<(NodeId, bool), Vec<Portion>> = HashMap::new();
        for message in received {
            arrived.entry((message.node, message.before)).or_default().push(message.rows);
        }
        arrived.keys().for_each(|(node, _)| frame.wake(self.place(*node), stratum));
        while let Some(place) = frame.next(stratum) {
            if let Role::Exchange(_) = self.cells[place].role {
                let id = self.cells[place].node.id;
                let mut take = |before| Portion::gather(&arrived.remove(&(id, before)).unwrap_or_default());
                frame.deltas[place] = take(false);
                if let Some(start) = &mut frame.start {
                    start.receive(place, || take(true));
                }
            } else {
                self.replay(frame, place);
                self.run_cell(frame, place);
            }
            self.wake_readers(frame, place);
        }
        self.messages(frame, stratum + 1)
    }

    /// Lets the readers of a node run that has yielded something.
    fn wake_readers(&self, frame: &mut Frame, place: usize) {
        if !frame.deltas[place].is_empty() {
            frame.wake_readers(&self.cells, place);
        }
    }

    /// What the exchanges that stratum `stratum` begins with are to carry.
    fn messages(&self, frame: &mut Frame, stratum: usize) -> Vec<Message> {
        let mut sending = std::mem::take(&mut frame.sending);
        if let Some(start) = &frame.start {
            let exchange = |place: &&usize| {
                let cell = &self.cells[**place];
                cell.stratum == stratum && matches!(cell.role, Role::Exchange(_))
            };
            sending.extend(start.run().filter(exchange));
        }
        sending.sort_unstable();
        sending.dedup();
        let mut messages = Vec::new();
        for &place in &sending {
            let cell = &self.cells[place];
            if let Role::Exchange(partition) = &cell.role {
                let mut send = |batch: &Batch, before| {
                    for (target, rows) in scatter(batch, partition, self.worker, self.workers) {
                        messages.push(Message { target, node: cell.node.id, rows, before });
                    }
                };
                send(&frame.fed(cell, cell.inputs[0]), false);
                if let Some(before) = frame.start.as_ref().and_then(|start| start.to_send(place, cell.inputs[0])) {
                    send(before, true);
                }
            }
        }
        sending.clear();
        frame.sending = sending;
        messages
    }

    /// After a stratum has run: its operators let go of what they need no longer, arrangements that no later stratum reads take in their
    /// deltas.
    pub fn settle(&mut self, frame: &mut Frame, stratum: usize) {
        for place in frame.ran.drain(..) {
            if let Role::Operator(operator, _) = &mut self.cells[place].role {
                operator.settle();
            }
        }
        for &place in &frame.changed {
            let cell = &mut self.cells[place];
            if let (Role::Arrange(trace), true) = (&mut cell.role, cell.last_read == stratum) {
                trace.update_hashed(&frame.deltas[place], frame.hashed[place].get());
            }
        }
    }

    /// The first stratum after `stratum`, which has run, with something to do even if no message arrives for it.
    pub fn pending(&self, frame: &Frame, stratum: usize) -> Option<usize> {
        if frame.start.is_some() {
            return Some(stratum + 1).filter(|s| *s < self.strata());
        }
        frame.next_stratum(stratum)
    }

    fn run_cell(&mut self, frame: &mut Frame, place: usize) {
        let starting = self.cells[place].starting;
        let idle = self.cells[place].inputs.iter().all(|i| !frame.feeds(starting, *i));
        if idle && !starting {
            return;
        }
        self.index_for(frame, place);
        let context = Context { epoch: frame.epoch, worker: self.worker, workers: self.workers, starting };
        let mut role = std::mem::replace(&mut self.cells[place].role, Role::Away);
        let cell = &self.cells[place];
        let skip = idle && !matches!(role, Role::Source | Role::Constant(_) | Role::Operator(..));
        let output = match &mut role {
            _ if skip => Output::none(),
            Role::Source | Role::Exchange(_) => frame.deltas[place].clone().into(),
            Role::Constant(batch) if starting && self.worker == 0 => batch.clone().into(),
            Role::Constant(_) => Output::none(),
            Role::Lift(query) => query.apply(&[frame.fed(cell, cell.inputs[0])]),
            Role::Plus => {
                let deltas: Vec<Batch> = cell.inputs.iter().map(|i| frame.fed(cell, *i)).collect();
                Batch::concat(&deltas).into()
            }
            Role::Negate => frame.fed(cell, cell.inputs[0]).negate().into(),
            Role::Arrange(_) => frame.fed(cell, cell.inputs[0]).into(),
            Role::Own(partition) => own(&frame.fed(cell, cell.inputs[0]), partition, self.worker, self.workers).into(),
            Role::Operator(operator, _) => {
                // An arrangement that was there before its reader: all of it is in the delta, so the reader sees none as old.
                let fed_before = |i: &usize| frame.before(starting, *i).is_some().then(|| frame.fed(cell, *i));
                let fed: Vec<Option<Batch>> = cell.inputs.iter().map(fed_before).collect();
                let mut inputs = Vec::with_capacity(cell.inputs.len());
                for (place, fed) in cell.inputs.iter().zip(&fed) {
                    let trace = match &self.cells[*place].role {
                        Role::Arrange(trace) if fed.is_none() => Some(&**trace),
                        _ => None,
                    };
                    let hashed = trace.map(|_| &frame.hashed[*place]);
                    inputs.push(Input { delta: fed.as_ref().unwrap_or(&frame.deltas[*place]), trace, hashed });
                }
                frame.ran.push(place);
                operator.step(&context, &inputs)
            }
            Role::Away => panic!("node {} runs inside itself", cell.node.id.0),
        };
        let id = cell.node.id;
        // What every worker meets the first one tells.
        if !cell.everywhere || self.worker == 0 {
            frame.errors.extend(output.errors.into_iter().filter(|e| e.weight != 0).map(|e| (id, e)));
        }
        frame.deltas[place] = output.rows;
        self.cells[place].role = role;
    }

    /// Before `place` runs: an arrangement in which rows of its other inputs are looked up is indexed, from the first time on. Until
    /// then it keeps what is inserted as it came: of facts joined with a table that does not change, no index is needed.
    fn index_for(&mut self, frame: &Frame, place: usize) {
        if !matches!(self.cells[place].role, Role::Operator(..)) {
            return;
        }
        let starting = self.cells[place].starting;
        for nth in 0..self.cells[place].inputs.len() {
            let inputs = &self.cells[place].inputs;
            let others = inputs.iter().enumerate().filter(|(other, _)| *other != nth);
            let looked_up = inputs.len() == 1 || others.into_iter().any(|(_, i)| frame.feeds(starting, *i));
            let input = inputs[nth];
            match &mut self.cells[input].role {
                Role::Arrange(trace) if looked_up && !trace.is_empty() => trace.keep_indexed(),
                _ => {}
            }
        }
    }

    /// How many strata there are.
    pub fn strata(&self) -> usize {
        self.holds.len().max(1)
    }

    /// What the epoch yielded, all its strata having run.
    pub fn finish(&mut self, frame: &mut Frame) -> Step {
        if frame.start.take().is_some() {
            self.all_have_started();
        }
        let mut watched: Vec<usize> =
            frame.changed.iter().copied().filter(|place| self.cells[*place].watched).collect();
        watched.sort_unstable();
        watched.dedup();
        let consolidated =
            watched.into_iter().map(|at| (self.cells[at].node.id, frame.deltas[at].consolidate().gathered()));
        let outputs = consolidated.filter(|(_, delta)| !delta.is_empty()).collect();
        Step { outputs, errors: std::mem::take(&mut frame.errors) }
    }

    /// Takes the frame of an epoch that is finished and settled, for one to come.
    pub fn put_back(&mut self, mut frame: Frame) {
        frame.clear();
        self.spare.push(frame);
    }

    /// One whole epoch, for a single worker.
    pub fn step(&mut self, epoch: Epoch, inputs: Vec<(NodeId, Batch)>, snapshots: Vec<(NodeId, Batch)>) -> Step {
        let mut frame = self.begin(epoch, inputs, snapshots);
        let mut messages = Vec::new();
        for stratum in 0..self.strata() {
            messages = self.run(&mut frame, stratum, messages);
            self.settle(&mut frame, stratum);
        }
        let step = self.finish(&mut frame);
        self.put_back(frame);
        step
    }

    /// This worker's share of everything `node` has yielded so far. `snapshots` as for [`Executor::begin`].
    /// Not consolidated.
    pub fn contents(&self, node: NodeId, snapshots: &[(NodeId, Batch)]) -> Batch {
        self.contents_at(self.place(node), &snapshots.iter().cloned().collect())
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
        self.all_have_started();
    }

    fn all_have_started(&mut self) {
        self.starting.drain(..).for_each(|place| self.cells[place].starting = false);
    }
}
