//! The caller's side: one order of commands for all workers, their replies merged.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};

use timely::CommunicationConfig;
use timely::communication::{WorkerGuards, initialize_from};

use super::RuntimeConfig;
use super::entrance::Entrances;
use super::worker::{self, Answer, Bell, Command, Post, Reply, Spin};
use crate::batch::{Batch, Epoch};
use crate::error::Error;
use crate::executor::Step;
use crate::graph::{Node, NodeId};
use crate::operator::Size;

/// A circuit at work on its own threads. Dropping it stops them, in whatever epoch they are, and waits for them.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::Int64Array;
/// use arrow_schema::DataType;
/// use deltaq_circuit::{Batch, Kind, Node, NodeId, Runtime, RuntimeConfig};
///
/// let mut runtime = Runtime::start(RuntimeConfig::default())?;
/// let table = NodeId(0);
/// let kind = Kind::Source { name: "t".into(), types: vec![DataType::Int64] };
/// runtime.install(vec![Node { id: table, kind, inputs: vec![], span: None }])?;
/// runtime.watch(table, true)?;
/// let rows = Batch::ones(vec![Arc::new(Int64Array::from(vec![1, 2, 3]))]);
/// let (_, step) = runtime.step(vec![(table, rows)], vec![])?;
/// assert_eq!(step.outputs[0].1.len(), 3);
/// # Ok::<(), deltaq_circuit::Error>(())
/// ```
pub struct Runtime {
    config: RuntimeConfig,
    commands: Vec<Sender<Command>>,
    replies: Receiver<Reply>,
    bell: Arc<Bell>,
    guards: Option<WorkerGuards<()>>,
    spin: Spin,
    spin_for_room: Spin,
    /// Replies not yet taken, by worker, oldest first.
    inbox: Vec<VecDeque<Answer>>,
    /// The last epoch submitted.
    epoch: Epoch,
    /// Of epochs submitted, not finished, oldest first: the workers that were told.
    under_way: VecDeque<Range<usize>>,
    /// Whether nodes may start in the next epoch, which they do on every worker.
    starting: bool,
    finished: VecDeque<(Epoch, Step)>,
    panicked: Option<(usize, String)>,
    /// Nodes of which no two workers yield equal rows.
    apart: HashSet<NodeId>,
    entrances: Entrances,
}

/// The state of all workers, for [`Runtime::load`] to take back.
#[derive(Clone, Debug, Default)]
pub struct Saved {
    /// The last epoch it includes.
    pub epoch: Epoch,
    /// By worker: state by node.
    pub workers: Vec<Vec<(NodeId, Vec<Batch>)>>,
}

impl Runtime {
    /// Starts the workers, with no nodes installed.
    ///
    /// # Errors
    /// [`Error::is_environment`] where a thread cannot be started.
    pub fn start(mut config: RuntimeConfig) -> Result<Runtime, Error> {
        config.workers = config.workers.max(1);
        config.epochs_in_flight = config.epochs_in_flight.max(1);
        let workers = config.workers;
        let communication = match (workers, config.serialize) {
            (_, true) => CommunicationConfig::ProcessBinary(workers),
            (1, false) => CommunicationConfig::Thread,
            (_, false) => CommunicationConfig::Process(workers),
        };
        let refused = |why: String| Error::environment("starting the workers", std::io::Error::other(why));
        let (builders, others) = communication.try_build().map_err(refused)?;
        let (reply, replies) = mpsc::channel();
        let mut commands = Vec::new();
        let mut posts = Vec::new();
        for _ in 0..workers {
            let (sender, receiver) = mpsc::channel();
            commands.push(sender);
            posts.push(Some(Post { commands: receiver, replies: reply.clone() }));
        }
        drop(reply);
        let bell = Arc::new(Bell::default());
        let spin = config.spin(workers);
        let (posts, their_bell) = (Mutex::new(posts), Arc::clone(&bell));
        let guards = initialize_from(builders, others, move |allocator| {
            let post = posts.lock().unwrap_or_else(PoisonError::into_inner)[allocator.index()].take();
            let post = post.unwrap_or_else(|| panic!("a worker starts once"));
            worker::live(allocator, post, &their_bell, spin);
        });
        let guards = guards.map_err(refused)?;
        let mut runtime = Runtime {
            spin: config.spin(workers + 1),
            spin_for_room: config.spin_for_room(),
            inbox: (0..workers).map(|_| VecDeque::new()).collect(),
            config,
            commands,
            replies,
            bell,
            guards: Some(guards),
            epoch: Epoch(0),
            under_way: VecDeque::new(),
            starting: false,
            finished: VecDeque::new(),
            panicked: None,
            apart: HashSet::new(),
            entrances: Entrances::default(),
        };
        for answer in runtime.answers()? {
            assert!(matches!(answer, Answer::Ready), "a worker's first reply is that it is ready");
        }
        Ok(runtime)
    }

    /// How it was laid out.
    pub fn config(&self) -> &RuntimeConfig {
        &self.config
    }

    /// The last epoch submitted.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Adds nodes behind what was submitted so far. They start in the next epoch; see [`Executor::install`](crate::executor::Executor::install).
    ///
    /// # Errors
    /// [`Error::is_worker_panicked`], as all calls from the panic on.
    pub fn install(&mut self, nodes: Vec<Node>) -> Result<(), Error> {
        self.entrances.install(&nodes);
        self.starting = true;
        self.tell(|_| Command::Install(nodes.clone()))
    }

    /// Removes nodes, which no remaining node may read, and their state.
    ///
    /// # Errors
    /// [`Error::is_worker_panicked`].
    pub fn remove(&mut self, nodes: &[NodeId]) -> Result<(), Error> {
        nodes.iter().for_each(|node| {
            self.apart.remove(node);
        });
        self.entrances.remove(nodes);
        self.tell(|_| Command::Remove(nodes.to_vec()))
    }

    /// Says whether the deltas of `node` are among the outputs of the epochs that follow.
    ///
    /// # Errors
    /// [`Error::is_worker_panicked`].
    pub fn watch(&mut self, node: NodeId, on: bool) -> Result<(), Error> {
        self.entrances.watch(node, on);
        self.tell(|_| Command::Watch(node, on))
    }

    /// Begins an epoch: the deltas of source nodes, and for nodes that start in it the contents of tables
    /// (see [`Graph::snapshots`](crate::Graph::snapshots)). Returns at once, unless as many epochs as may be are in flight.
    ///
    /// # Errors
    /// [`Error::is_worker_panicked`].
    pub fn submit(&mut self, inputs: Vec<(NodeId, Batch)>, snapshots: Vec<(NodeId, Batch)>) -> Result<Epoch, Error> {
        while self.collect()? {}
        while self.under_way.len() >= self.config.epochs_in_flight {
            self.await_epoch_so(self.spin_for_room)?;
        }
        self.epoch = Epoch(self.epoch.0 + 1);
        let (epoch, workers) = (self.epoch, self.config.workers);
        let turn = self.turn();
        let mut inputs = self.entrances.deal(inputs, workers, turn);
        let mut snapshots = self.entrances.deal(snapshots, workers, turn);
        let busy = |worker: usize| !inputs[worker].is_empty() || !snapshots[worker].is_empty();
        let told = if std::mem::take(&mut self.starting) || !self.entrances.are_apart() {
            0..workers
        } else {
            // A worker that has no rows has nothing to do, and is not woken.
            let first = (0..workers).find(|worker| busy(*worker)).unwrap_or(workers);
            first..(first..workers).rfind(|worker| busy(*worker)).map_or(first, |last| last + 1)
        };
        self.check()?;
        for worker in told.clone() {
            let (inputs, snapshots) = (std::mem::take(&mut inputs[worker]), std::mem::take(&mut snapshots[worker]));
            self.tell_one(worker, Command::Epoch { epoch, inputs, snapshots });
        }
        self.under_way.push_back(told);
        while self.finish_epoch() {}
        Ok(epoch)
    }

    /// The oldest epoch not yet given out, once it is finished; None if there is none. Outputs of all workers: each node once, or,
    /// if no two workers yield equal rows of it, in consolidated parts.
    ///
    /// # Errors
    /// [`Error::is_worker_panicked`].
    pub fn wait(&mut self) -> Result<Option<(Epoch, Step)>, Error> {
        if self.finished.is_empty() && !self.under_way.is_empty() {
            self.await_epoch()?;
        }
        self.check()?;
        Ok(self.finished.pop_front())
    }

    /// As [`Runtime::wait`], but does not wait.
    ///
    /// # Errors
    /// [`Error::is_worker_panicked`].
    pub fn poll(&mut self) -> Result<Option<(Epoch, Step)>, Error> {
        while self.collect()? {}
        Ok(self.finished.pop_front())
    }

    /// All epochs not yet given out, once they are finished, in order.
    ///
    /// # Errors
    /// [`Error::is_worker_panicked`].
    pub fn drain(&mut self) -> Result<Vec<(Epoch, Step)>, Error> {
        while !self.under_way.is_empty() {
            self.await_epoch()?;
        }
        self.check()?;
        Ok(self.finished.drain(..).collect())
    }

    /// Submits an epoch and waits for it. Earlier epochs not yet given out must be taken first.
    ///
    /// # Errors
    /// [`Error::is_worker_panicked`].
    ///
    /// # Panics
    /// If an earlier epoch has not been taken.
    pub fn step(
        &mut self,
        inputs: Vec<(NodeId, Batch)>,
        snapshots: Vec<(NodeId, Batch)>,
    ) -> Result<(Epoch, Step), Error> {
        assert!(self.under_way.is_empty() && self.finished.is_empty(), "epochs before this one are waited for first");
        self.submit(inputs, snapshots)?;
        Ok(self.wait()?.unwrap_or_else(|| panic!("an epoch submitted is outstanding")))
    }

    /// Everything `node` has yielded up to the last epoch submitted, one batch a worker. `snapshots` as for [`Runtime::submit`].
    ///
    /// # Errors
    /// [`Error::is_worker_panicked`].
    pub fn contents(&mut self, node: NodeId, snapshots: Vec<(NodeId, Batch)>) -> Result<Vec<Batch>, Error> {
        if !self.entrances.is_read(node) {
            self.check()?;
            return Ok(snapshots
                .into_iter()
                .filter(|(id, rows)| *id == node && !rows.is_empty())
                .map(|(_, rows)| rows)
                .collect());
        }
        let mut snapshots = self.entrances.deal(snapshots, self.config.workers, 0);
        self.tell(|worker| Command::Contents(node, std::mem::take(&mut snapshots[worker])))?;
        let contents = self.answers()?.into_iter().map(|answer| match answer {
            Answer::Contents(batch) => batch,
            _ => panic!("contents are answered by contents"),
        });
        Ok(contents.filter(|batch| !batch.is_empty()).collect())
    }

    /// State by node, summed over workers, in the order of nodes.
    ///
    /// # Errors
    /// [`Error::is_worker_panicked`].
    pub fn sizes(&mut self) -> Result<Vec<(NodeId, Size)>, Error> {
        self.tell(|_| Command::Sizes)?;
        let mut sizes = std::collections::BTreeMap::<NodeId, Size>::new();
        for answer in self.answers()? {
            let Answer::Sizes(each) = answer else { panic!("sizes are answered by sizes") };
            for (node, size) in each {
                let sum = sizes.entry(node).or_default();
                *sum = *sum + size;
            }
        }
        Ok(sizes.into_iter().collect())
    }

    /// All state, as of the last epoch submitted.
    ///
    /// # Errors
    /// [`Error::is_worker_panicked`].
    pub fn save(&mut self) -> Result<Saved, Error> {
        self.tell(|_| Command::Save)?;
        let workers = self.answers()?.into_iter().map(|answer| match answer {
            Answer::Saved(state) => state,
            _ => panic!("save is answered by state"),
        });
        Ok(Saved { workers: workers.collect(), epoch: self.epoch })
    }

    /// Takes back what [`Runtime::save`] gave, after the same nodes were installed; they do not start anew, and epochs go on from there.
    ///
    /// # Errors
    /// [`Error::is_mismatch`] if it is the state of another number of workers or an earlier epoch; [`Error::is_worker_panicked`].
    pub fn load(&mut self, saved: Saved) -> Result<(), Error> {
        while !self.under_way.is_empty() {
            self.await_epoch()?;
        }
        self.check()?;
        if saved.workers.len() != self.config.workers {
            let (theirs, ours) = (saved.workers.len(), self.config.workers);
            return Err(Error::mismatch(format!("it was saved by {theirs} workers, here are {ours}")));
        }
        if saved.epoch < self.epoch {
            return Err(Error::mismatch(format!("it is of epoch {}, here is epoch {}", saved.epoch.0, self.epoch.0)));
        }
        let mut states = saved.workers;
        self.tell(|worker| Command::Load(std::mem::take(&mut states[worker])))?;
        (self.epoch, self.starting) = (saved.epoch, true);
        Ok(())
    }

    /// The worker that gets what of an epoch is not worth sharing out.
    fn turn(&self) -> usize {
        let workers = self.config.workers;
        if !self.entrances.are_apart() {
            return (self.epoch.0 % workers as u64) as usize;
        }
        // The first that has one epoch to do or none, which is likeliest to be awake, else that with the fewest.
        let before = |worker: &usize| self.under_way.iter().filter(|told| told.contains(worker)).count();
        (0..workers).min_by_key(|worker| before(worker).max(1)).unwrap_or(0)
    }

    /// Says that no two workers ever yield equal rows of `node`: what each of them has consolidated is consolidated together.
    pub fn apart(&mut self, node: NodeId) {
        self.apart.insert(node);
    }

    fn check(&self) -> Result<(), Error> {
        match &self.panicked {
            None => Ok(()),
            Some((worker, message)) => Err(Error::panicked(*worker, message)),
        }
    }

    fn tell(&mut self, mut command: impl FnMut(usize) -> Command) -> Result<(), Error> {
        self.check()?;
        for worker in 0..self.config.workers {
            self.tell_one(worker, command(worker));
        }
        Ok(())
    }

    /// A worker that is gone has said why, or is about to: whoever waits for its answer learns of it.
    fn tell_one(&self, worker: usize, command: Command) {
        let _ = self.commands[worker].send(command);
        if let Some(guards) = &self.guards {
            guards.guards()[worker].thread().unpark();
        }
    }

    /// Each worker's answer to the last command, after all it had to say before.
    fn answers(&mut self) -> Result<Vec<Answer>, Error> {
        while !self.under_way.is_empty() {
            self.await_epoch()?;
        }
        while self.inbox.iter().any(VecDeque::is_empty) {
            self.receive(self.spin)?;
        }
        self.check()?;
        Ok(self.inbox.iter_mut().filter_map(VecDeque::pop_front).collect())
    }

    fn await_epoch(&mut self) -> Result<(), Error> {
        self.await_epoch_so(self.spin)
    }

    fn await_epoch_so(&mut self, spin: Spin) -> Result<(), Error> {
        self.check()?;
        let before = self.under_way.len();
        while self.under_way.len() == before {
            if !self.finish_epoch() {
                self.receive(spin)?;
            }
        }
        Ok(())
    }

    /// Takes what has arrived; whether there may be more.
    fn collect(&mut self) -> Result<bool, Error> {
        self.check()?;
        match self.replies.try_recv() {
            Ok(reply) => self.accept(reply)?,
            Err(TryRecvError::Empty) => return Ok(false),
            Err(TryRecvError::Disconnected) => return Err(self.lost()),
        }
        while self.finish_epoch() {}
        Ok(true)
    }

    /// Waits for one reply, looking for it as `spin` says before the thread parks.
    fn receive(&mut self, mut spin: Spin) -> Result<(), Error> {
        self.check()?;
        spin.reset();
        loop {
            match self.replies.try_recv() {
                Ok(reply) => return self.accept(reply),
                Err(TryRecvError::Disconnected) => return Err(self.lost()),
                Err(TryRecvError::Empty) if spin.goes_on() => spin.pause(),
                Err(TryRecvError::Empty) => break,
            }
        }
        match self.replies.recv() {
            Ok(reply) => self.accept(reply),
            Err(mpsc::RecvError) => Err(self.lost()),
        }
    }

    fn accept(&mut self, reply: Reply) -> Result<(), Error> {
        if let Answer::Panicked(message) = reply.answer {
            self.panicked = Some((reply.worker, message));
            return self.check();
        }
        self.inbox[reply.worker].push_back(reply.answer);
        Ok(())
    }

    fn lost(&mut self) -> Error {
        let (worker, message) = self.panicked.get_or_insert_with(|| (0, "it is gone without a word".into()));
        Error::panicked(*worker, message.as_str())
    }

    /// Merges the oldest epoch under way, if there is one and all workers that were told of it have finished it.
    fn finish_epoch(&mut self) -> bool {
        let Some(told) = self.under_way.front().cloned() else { return false };
        let of = &mut self.inbox[told];
        let done = |answers: &VecDeque<Answer>| matches!(answers.front(), Some(Answer::Step(_)));
        if !of.iter().all(done) {
            return false;
        }
        let mut steps = of.iter_mut().filter_map(|answers| match answers.pop_front() {
            Some(Answer::Step(step)) => Some(step),
            _ => None,
        });
        let first = steps.next().unwrap_or_default();
        let step = steps.fold(first, merge);
        let step = if self.config.workers == 1 { step } else { join(step, &self.apart) };
        let epoch = Epoch(self.epoch.0 + 1 - self.under_way.len() as u64);
        self.under_way.pop_front();
        self.finished.push_back((epoch, step));
        true
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.bell.stop();
        if let Some(guards) = self.guards.take() {
            // Workers catch their own panics; nothing is left to say here.
            let _ = guards.join();
        }
    }
}

fn merge(mut all: Step, more: Step) -> Step {
    all.outputs.extend(more.outputs);
    all.errors.extend(more.errors);
    all
}

/// Deltas of fewer rows a part are put together.
const PART_ROWS_MIN: usize = 512;

/// In the order of nodes. Large deltas that lie apart stay in as many parts as workers have made; of others a node has one.
fn join(mut step: Step, apart: &HashSet<NodeId>) -> Step {
    step.outputs.sort_by_key(|(node, _)| *node);
    let runs = step.outputs.chunk_by(|a, b| a.0 == b.0);
    let outputs = runs.flat_map(|run| {
        let distinct = apart.contains(&run[0].0) && run.iter().all(|(_, batch)| batch.is_consolidated());
        debug_assert!(
            !distinct || is_distinct(run),
            "workers yield equal rows of node {}, which lies apart",
            run[0].0.0
        );
        if distinct && run.iter().map(|(_, batch)| batch.len()).sum::<usize>() >= PART_ROWS_MIN * run.len() {
            return run.to_vec();
        }
        let batches: Vec<Batch> = run.iter().map(|(_, batch)| batch.clone()).collect();
        let all = Batch::concat(&batches);
        vec![(run[0].0, if distinct { all.trust_consolidated() } else { all })]
    });
    step.outputs = outputs.collect();
    step
}

/// Whether no row of some deltas is in two of them.
fn is_distinct(deltas: &[(NodeId, Batch)]) -> bool {
    let all = Batch::concat(&deltas.iter().map(|(_, batch)| batch.clone()).collect::<Vec<_>>());
    all.consolidate().len() == all.len()
}
