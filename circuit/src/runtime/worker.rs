//! A worker's thread: takes commands, drives timely, and parks when there is nothing to do.

use std::any::Any;
use std::hint;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::sync::{Mutex, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use timely::WorkerConfig;
use timely::communication::Allocator;
use timely::worker::Worker;

use super::dataflow::{self, Desk};
use crate::batch::{Batch, Epoch};
use crate::executor::Step;
use crate::graph::{Node, NodeId};
use crate::operator::Size;

/// What the coordinator asks of every worker, in one order.
pub(super) enum Command {
    Install(Vec<Node>),
    Remove(Vec<NodeId>),
    Watch(NodeId, bool),
    Epoch { epoch: Epoch, inputs: Vec<(NodeId, Batch)>, snapshots: Vec<(NodeId, Batch)> },
    Contents(NodeId, Vec<(NodeId, Batch)>),
    Sizes,
    Save,
    Load(Vec<(NodeId, Vec<Batch>)>),
}

/// What a worker says.
pub(super) struct Reply {
    pub worker: usize,
    pub answer: Answer,
}

pub(super) enum Answer {
    /// The dataflow is built.
    Ready,
    Step(Step),
    Contents(Batch),
    Sizes(Vec<(NodeId, Size)>),
    Saved(Vec<(NodeId, Vec<Batch>)>),
    /// The worker is gone, and the others go too.
    Panicked(String),
}

/// What all threads of a runtime share: whether to stop, and whom to wake for it.
#[derive(Default)]
pub(super) struct Bell {
    stopping: AtomicBool,
    threads: Mutex<Vec<Thread>>,
}

impl Bell {
    /// Every worker leaves its loop as soon as the node it is at returns.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(Thread::unpark);
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn join(&self) {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(std::thread::current());
    }
}

/// What one worker thread is given.
pub(super) struct Post {
    pub commands: Receiver<Command>,
    pub replies: Sender<Reply>,
}

/// The whole life of a worker thread. Never panics.
pub(super) fn live(allocator: Allocator, post: Post, bell: &Bell, mut spin: Spin) {
    let index = allocator.index();
    bell.join();
    // The worker outlives the panic: dropped while unwinding, timely's queues would make its peers panic too.
    let mut worker = Worker::new(WorkerConfig::default(), allocator, Some(Instant::now()));
    let outcome = catch_unwind(AssertUnwindSafe(|| serve(&mut worker, &post, bell, &mut spin)));
    if let Err(panic) = outcome {
        let _ = post.replies.send(Reply { worker: index, answer: Answer::Panicked(message(&*panic)) });
        bell.stop();
    }
    // State that a panic left half changed may panic again as it goes.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(worker)));
}

fn serve(worker: &mut Worker, post: &Post, bell: &Bell, spin: &mut Spin) {
    let desk = Desk::default();
    let activator = dataflow::build(worker, desk.clone(), post.replies.clone());
    let _ = post.replies.send(Reply { worker: worker.index(), answer: Answer::Ready });
    let alone = worker.peers() == 1;
    while !bell.is_stopping() {
        let mut fresh = false;
        loop {
            match post.commands.try_recv() {
                Ok(command) => desk.put(command),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
            fresh = true;
        }
        if fresh {
            activator.activate();
            worker.step();
            spin.reset();
        } else if spin.goes_on() {
            // Peers send data and progress at any time; nobody else feeds a worker that is alone.
            if !alone || desk.is_waiting() {
                worker.step();
            }
            spin.pause();
        } else {
            worker.step_or_park(None);
            spin.reset();
        }
    }
}

/// How often a thread looks without offering its core to others; some microseconds.
const GREEDY_ROUNDS: u32 = 64;

/// A bounded wait in motion.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spin {
    patience: Duration,
    /// Threads outnumber cores: one that spins gives way to the one it waits for.
    crowded: bool,
    rounds: u32,
    since: Option<Instant>,
}

impl Spin {
    pub(super) fn new(patience: Duration, crowded: bool) -> Spin {
        Spin { patience, crowded, rounds: 0, since: None }
    }

    pub(super) fn reset(&mut self) {
        self.rounds = 0;
        self.since = None;
    }

    /// Whether to look once more. The clock is read every few rounds.
    pub(super) fn goes_on(&mut self) -> bool {
        self.rounds = self.rounds.wrapping_add(1);
        if !self.rounds.is_multiple_of(16) {
            return true;
        }
        let now = Instant::now();
        now.duration_since(*self.since.get_or_insert(now)) < self.patience
    }

    /// Between two looks. After a few the thread offers its core: the one it waits for may have been woken on it.
    pub(super) fn pause(&self) {
        if self.crowded || self.rounds > GREEDY_ROUNDS { std::thread::yield_now() } else { hint::spin_loop() }
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_string()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a message".to_string()
    }
}
