//! The one operator of a worker's dataflow: it hosts the executor and carries its messages.
//!
//! ```text
//!          ┌───────────── exchange by target ─────────────┐
//!          │                                              │  time t of a message: epoch · STRATA + the stratum
//!          ▼  input                               output  │  that sent it. From input to output time grows by 1,
//!   ┌─────────────────────────────────────────────────┐   │  so a message sent at t may cause one at t + 1.
//!   │ commands ──▶  Host { executor, capability }     ├───┘
//!   └─────────────────────────────────────────────────┘
//! ```
//!
//! The capability stands at the earliest time at which this worker may still send. A worker with nothing to do in the
//! later strata steps over them at once, to the epoch's end; a message that arrives brings its own capability, at its
//! time + 1. So an epoch costs as many rounds between workers as messages need hops, not one for each stratum.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::mpsc::Sender;

use timely::container::Accountable;
use timely::dataflow::channels::pact::DistributorPact;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::progress::Antichain;
use timely::progress::frontier::MutableAntichain;
use timely::scheduling::Activator;
use timely::worker::Worker;

use super::parcel::{Parcel, Router};
use super::worker::{Answer, Command, Reply};
use crate::batch::{Batch, Epoch};
use crate::executor::{Executor, Message};
use crate::graph::NodeId;

/// Strata an epoch may have.
const STRATA: u64 = 1 << 16;

/// What the worker's loop shares with its operator.
#[derive(Clone, Default)]
pub(super) struct Desk(Rc<RefCell<Papers>>);

#[derive(Default)]
struct Papers {
    commands: VecDeque<Command>,
    waiting: bool,
}

impl Desk {
    /// Puts a command behind those not yet carried out.
    pub(super) fn put(&self, command: Command) {
        self.0.borrow_mut().commands.push_back(command);
    }

    /// The next command, if it is an epoch that starts no node.
    fn next_epoch(&self) -> Option<(Epoch, Vec<(NodeId, Batch)>)> {
        let mut papers = self.0.borrow_mut();
        match papers.commands.pop_front()? {
            Command::Epoch { epoch, inputs, snapshots } if snapshots.is_empty() => Some((epoch, inputs)),
            other => {
                papers.commands.push_front(other);
                None
            }
        }
    }

    /// Whether an epoch is under way that needs something from other workers.
    pub(super) fn is_waiting(&self) -> bool {
        self.0.borrow().waiting
    }
}

/// Builds the dataflow; activate what is returned to have commands carried out.
pub(super) fn build(worker: &mut Worker, desk: Desk, replies: Sender<Reply>) -> Activator {
    let (index, peers) = (worker.index(), worker.peers());
    worker.dataflow_named::<u64, _, _>("circuit", |scope| {
        let mut builder = OperatorBuilder::new("executor".to_owned(), scope);
        let (mut output, messages) = builder.new_output();
        let next = [(0, Antichain::from_elem(1))];
        let mut input = builder.new_input_connection(messages, DistributorPact(|_peers| Router), next);
        let activator = scope.activator_for(builder.operator_info().address);
        builder.build(move |mut capabilities| {
            let capability = capabilities.pop().unwrap_or_else(|| panic!("one output has one capability"));
            let mut host = Host {
                index,
                executor: Executor::new(index, peers),
                capability,
                arrived: BTreeMap::new(),
                running: None,
                ahead: None,
                desk,
                replies,
            };
            move |frontiers: &[MutableAntichain<u64>]| {
                input.for_each(|capability, parcel: &mut Parcel| {
                    let next = *capability.time() + 1;
                    if next < *host.capability.time() {
                        host.capability = capability.delayed(&next, 0);
                    }
                    host.arrived.entry(next - 1).or_default().append(&mut parcel.0);
                });
                let mut output = output.activate();
                host.work(&frontiers[0], &mut |capability, messages| {
                    let mut parcel = Parcel(messages);
                    if !parcel.is_empty() {
                        output.give(capability, &mut parcel);
                    }
                });
            }
        });
        activator
    })
}

struct Host {
    index: usize,
    executor: Executor,
    capability: Capability<u64>,
    /// Messages by the time they were sent at.
    arrived: BTreeMap<u64, Vec<Message>>,
    /// The epoch under way.
    running: Option<Running>,
    /// The epoch after it, if its stratum 0 has run.
    ahead: Option<Epoch>,
    desk: Desk,
    replies: Sender<Reply>,
}

#[derive(Clone, Copy)]
struct Running {
    epoch: Epoch,
    /// The first stratum that has work even if no message arrives for it.
    stratum: Option<usize>,
}

impl Host {
    /// Carries out commands until there is none, or one waits for other workers.
    fn work(&mut self, frontier: &MutableAntichain<u64>, send: &mut impl FnMut(&Capability<u64>, Vec<Message>)) {
        loop {
            if let Some(running) = self.running {
                let Some(step) = self.advance(running, frontier, send) else {
                    self.run_ahead(running.epoch, send);
                    self.desk.0.borrow_mut().waiting = true;
                    return;
                };
                self.answer(step);
            }
            if let Some(epoch) = self.ahead.take() {
                self.executor.catch_up(epoch);
                self.ran(epoch, 0);
                continue;
            }
            let command = {
                let mut papers = self.desk.0.borrow_mut();
                papers.waiting = false;
                papers.commands.pop_front()
            };
            let Some(command) = command else { return };
            self.carry_out(command, send);
        }
    }

    fn carry_out(&mut self, command: Command, send: &mut impl FnMut(&Capability<u64>, Vec<Message>)) {
        match command {
            Command::Epoch { epoch, inputs, snapshots } => {
                self.executor.begin(epoch, inputs, snapshots);
                if self.executor.strata() == 1 {
                    self.executor.run(0, Vec::new());
                    let step = self.executor.finish();
                    self.answer(Answer::Step(step));
                } else {
                    self.capability.downgrade(&(epoch.0 * STRATA));
                    self.run(epoch, 0, Vec::new(), send);
                }
            }
            Command::Install(nodes) => self.executor.install(nodes),
            Command::Remove(nodes) => self.executor.remove(&nodes),
            Command::Watch(node, on) => self.executor.watch(node, on),
            Command::Load(state) => self.executor.load(state),
            Command::Contents(node, snapshots) => {
                let contents = self.executor.contents(node, &snapshots);
                self.answer(Answer::Contents(contents));
            }
            Command::Sizes => self.answer(Answer::Sizes(self.executor.sizes())),
            Command::Save => self.answer(Answer::Saved(self.executor.save())),
        }
    }

    /// While epoch `current` waits for others: what can be done of the next one, and sent.
    fn run_ahead(&mut self, current: Epoch, send: &mut impl FnMut(&Capability<u64>, Vec<Message>)) {
        if self.ahead.is_some() || !self.executor.may_run_ahead() {
            return;
        }
        let Some((epoch, inputs)) = self.desk.next_epoch() else { return };
        assert!(epoch > current, "epochs come in order");
        let mut messages = self.executor.run_ahead(inputs);
        messages.retain(|m| !m.batch.is_empty());
        if !messages.is_empty() {
            send(&self.capability.delayed(&(epoch.0 * STRATA)), messages);
        }
        self.ahead = Some(epoch);
    }

    /// Runs what strata of the epoch can run; its result once no message of it can arrive any more.
    fn advance(
        &mut self,
        running: Running,
        frontier: &MutableAntichain<u64>,
        send: &mut impl FnMut(&Capability<u64>, Vec<Message>),
    ) -> Option<Answer> {
        let start = running.epoch.0 * STRATA;
        let end = start + STRATA;
        let mut own = running.stratum;
        loop {
            let woken = self.arrived.range(start..end).next().map(|(time, _)| (time - start) as usize + 1);
            let next = own.into_iter().chain(woken).min();
            // Stratum s runs when no message of stratum s - 1 or earlier can arrive.
            let before = next.map_or(end, |stratum| start + stratum as u64);
            if frontier.less_than(&before) {
                return None;
            }
            let Some(stratum) = next else {
                self.running = None;
                return Some(Answer::Step(self.executor.finish()));
            };
            let received = self.arrived.remove(&(before - 1)).unwrap_or_default();
            own = self.run(running.epoch, stratum, received, send);
        }
    }

    /// Runs one stratum and sends what it sends. Returns the next stratum with work.
    fn run(
        &mut self,
        epoch: Epoch,
        stratum: usize,
        received: Vec<Message>,
        send: &mut impl FnMut(&Capability<u64>, Vec<Message>),
    ) -> Option<usize> {
        let start = epoch.0 * STRATA;
        let time = start + stratum as u64;
        let mut messages = self.executor.run(stratum, received);
        messages.retain(|m| !m.batch.is_empty());
        if !messages.is_empty() {
            self.capability.downgrade(&time);
            send(&self.capability, messages);
        }
        self.ran(epoch, stratum)
    }

    /// Lets the capability follow after a stratum has run. Returns the next stratum with work.
    fn ran(&mut self, epoch: Epoch, stratum: usize) -> Option<usize> {
        let start = epoch.0 * STRATA;
        let time = start + stratum as u64;
        let own = self.executor.pending(stratum);
        let woken = self.arrived.range(time..start + STRATA).next().map(|(time, _)| time + 1);
        let next = own.map(|s| start + s as u64).into_iter().chain(woken).min();
        self.capability.downgrade(&next.unwrap_or(start + STRATA));
        self.running = Some(Running { epoch, stratum: own });
        own
    }

    fn answer(&self, answer: Answer) {
        // The coordinator may be gone; then the loop is about to end.
        let _ = self.replies.send(Reply { worker: self.index, answer });
    }
}
