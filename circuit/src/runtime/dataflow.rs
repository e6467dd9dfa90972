//! The one operator of a worker's dataflow: it hosts the executor and carries its messages.
//!
//! ```text
//!          ┌───────────── exchange by target ─────────────┐
//!          │                                              │  time of a message: (its epoch, the stratum that sent it),
//!          ▼  input                               output  │  compared part by part. From input to output the stratum
//!   ┌─────────────────────────────────────────────────┐   │  grows by 1: a message sent in one may cause one in the next.
//!   │ commands ──▶  Host { executor, capabilities }   ├───┘
//!   └─────────────────────────────────────────────────┘
//! ```
//!
//! Each epoch under way has a capability at the first stratum in which this worker may still send. With nothing to do in the
//! later strata it lets go of it at once; a message that arrives brings a capability for the stratum after its own. So an
//! epoch costs as many rounds between workers as messages need hops, not one for each stratum. As the order of times is
//! partial, a stratum of one epoch does not wait for later strata of the epochs before.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::mpsc::Sender;

use timely::container::Accountable;
use timely::dataflow::channels::pact::DistributorPact;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::order::Product;
use timely::progress::Antichain;
use timely::progress::frontier::MutableAntichain;
use timely::scheduling::Activator;
use timely::worker::Worker;

use super::parcel::{Parcel, Router};
use super::worker::{Answer, Command, Reply};
use crate::executor::{Executor, Frame, Message};

/// Epoch and stratum, partially ordered; the unit in front is what timely has a dataflow's times refine.
type Time = Product<(), Product<u64, u64>>;

fn time(epoch: u64, stratum: u64) -> Time {
    Product::new((), Product::new(epoch, stratum))
}

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

    /// The next command that `admitted` lets through.
    fn take(&self, admitted: impl FnOnce(&Command) -> bool) -> Option<Command> {
        self.0.borrow_mut().commands.pop_front_if(|command| admitted(command))
    }

    fn wait(&self, waiting: bool) {
        self.0.borrow_mut().waiting = waiting;
    }

    /// Whether an epoch is under way that needs something from other workers.
    pub(super) fn is_waiting(&self) -> bool {
        self.0.borrow().waiting
    }
}

/// Builds the dataflow; activate what is returned to have commands carried out.
pub(super) fn build(worker: &mut Worker, desk: Desk, replies: Sender<Reply>) -> Activator {
    let (index, peers) = (worker.index(), worker.peers());
    worker.dataflow_named::<Time, _, _>("circuit", |scope| {
        let mut builder = OperatorBuilder::new("executor".to_owned(), scope);
        let (mut output, messages) = builder.new_output();
        let next = [(0, Antichain::from_elem(time(0, 1)))];
        let mut input = builder.new_input_connection(messages, DistributorPact(|_peers| Router), next);
        let activator = scope.activator_for(builder.operator_info().address);
        builder.build(move |mut capabilities| {
            let to_begin = capabilities.pop().unwrap_or_else(|| panic!("one output has one capability"));
            let mut host = Host {
                index,
                executor: Executor::new(index, peers),
                to_begin,
                arrived: BTreeMap::new(),
                under_way: VecDeque::new(),
                desk,
                replies,
            };
            move |frontiers: &[MutableAntichain<Time>]| {
                input.for_each(|capability, parcel: &mut Parcel| {
                    let Product { outer: epoch, inner: stratum } = capability.time().inner;
                    host.arrive(epoch, stratum + 1, parcel, |time| capability.delayed(time, 0));
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
    /// At stratum 0 of the first epoch that has not begun.
    to_begin: Capability<Time>,
    /// Messages by epoch and the stratum they are for.
    arrived: BTreeMap<(u64, u64), Vec<Message>>,
    /// Epochs that have begun and not finished, in order.
    under_way: VecDeque<UnderWay>,
    desk: Desk,
    replies: Sender<Reply>,
}

struct UnderWay {
    epoch: u64,
    frame: Frame,
    /// The first stratum that has work even if no message arrives for it.
    own: Option<u64>,
    /// At the first stratum that has work, its own or a message's.
    capability: Option<Capability<Time>>,
}

/// All strata: more than any epoch has.
const ALL: u64 = u64::MAX;

impl Host {
    fn arrive(
        &mut self,
        epoch: u64,
        stratum: u64,
        parcel: &mut Parcel,
        capability: impl FnOnce(&Time) -> Capability<Time>,
    ) {
        self.arrived.entry((epoch, stratum)).or_default().append(&mut parcel.0);
        // For an epoch that has not begun here, `to_begin` stands for it.
        if let Some(under) = self.under_way.iter_mut().find(|u| u.epoch == epoch) {
            let earlier = |held: &Capability<Time>| held.time().inner.inner <= stratum;
            if !under.capability.as_ref().is_some_and(earlier) {
                under.capability = Some(capability(&time(epoch, stratum)));
            }
        }
    }

    /// Carries out commands until there is none, or all wait for other workers.
    fn work(&mut self, frontier: &MutableAntichain<Time>, send: &mut impl FnMut(&Capability<Time>, Vec<Message>)) {
        loop {
            let over = self.advance_all(frontier, send);
            let alone = self.under_way.is_empty();
            let starting = self.executor.is_starting();
            let open = self.executor.hold(0) as u64;
            let admitted = |command: &Command| match command {
                Command::Epoch { .. } if !alone => !starting && open < over,
                _ => alone,
            };
            let Some(command) = self.desk.take(admitted) else {
                self.desk.wait(!alone);
                return;
            };
            self.carry_out(command);
        }
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Epoch { epoch, inputs, snapshots } => {
                let mut frame = self.executor.begin(epoch, inputs, snapshots);
                if self.executor.strata() == 1 {
                    self.executor.run(&mut frame, 0, Vec::new());
                    let step = self.executor.finish(&mut frame);
                    // The caller may go on while state takes in what it has been told.
                    self.answer(Answer::Step(step));
                    self.executor.settle(&mut frame, 0);
                    self.executor.put_back(frame);
                } else {
                    let epoch = epoch.0;
                    let capability = Some(self.to_begin.delayed(&time(epoch, 0)));
                    self.to_begin.downgrade(&time(epoch + 1, 0));
                    self.under_way.push_back(UnderWay { epoch, frame, own: Some(0), capability });
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

    /// Runs what can be run of the epochs under way, the oldest first, and answers those that are finished. Returns how many
    /// strata are over in all of them.
    fn advance_all(
        &mut self,
        frontier: &MutableAntichain<Time>,
        send: &mut impl FnMut(&Capability<Time>, Vec<Message>),
    ) -> u64 {
        let mut over = ALL;
        for place in 0..self.under_way.len() {
            over = self.advance(place, over, frontier, send);
        }
        while let Some(under) = self.under_way.front()
            && self.next(under).is_none()
            && heard(frontier, under.epoch) == ALL
        {
            if let Some(mut done) = self.under_way.pop_front() {
                let step = self.executor.finish(&mut done.frame);
                self.answer(Answer::Step(step));
                self.executor.put_back(done.frame);
            }
        }
        over
    }

    /// Runs what strata of an epoch can be run when `limit` strata of the epochs before are over. Returns how many
    /// strata are over now, in it and those before.
    fn advance(
        &mut self,
        place: usize,
        limit: u64,
        frontier: &MutableAntichain<Time>,
        send: &mut impl FnMut(&Capability<Time>, Vec<Message>),
    ) -> u64 {
        let heard = heard(frontier, self.under_way[place].epoch);
        loop {
            let Some(stratum) = self.next(&self.under_way[place]) else { return limit.min(heard) };
            if stratum >= heard || self.executor.hold(stratum as usize) as u64 >= limit {
                return limit.min(heard).min(stratum);
            }
            self.run(place, stratum, send);
        }
    }

    /// The first stratum that has work.
    fn next(&self, under: &UnderWay) -> Option<u64> {
        let woken = self.arrived.range((under.epoch, 0)..(under.epoch + 1, 0)).next().map(|((_, stratum), _)| *stratum);
        under.own.into_iter().chain(woken).min()
    }

    /// Runs one stratum, sends what it sends, and lets the capability follow.
    fn run(&mut self, place: usize, stratum: u64, send: &mut impl FnMut(&Capability<Time>, Vec<Message>)) {
        let under = &mut self.under_way[place];
        let received = self.arrived.remove(&(under.epoch, stratum)).unwrap_or_default();
        let mut messages = self.executor.run(&mut under.frame, stratum as usize, received);
        messages.retain(|m| !m.rows.is_empty());
        if !messages.is_empty() {
            let capability =
                under.capability.as_mut().unwrap_or_else(|| panic!("a stratum with work has a capability"));
            capability.downgrade(&time(under.epoch, stratum));
            send(capability, messages);
        }
        self.executor.settle(&mut under.frame, stratum as usize);
        under.own = self.executor.pending(&under.frame, stratum as usize).map(|s| s as u64);
        let next = self.next(&self.under_way[place]);
        let under = &mut self.under_way[place];
        match (next, &mut under.capability) {
            (Some(next), Some(capability)) => capability.downgrade(&time(under.epoch, next)),
            _ => under.capability = None,
        }
    }

    fn answer(&self, answer: Answer) {
        // The coordinator may be gone; then the loop is about to end.
        let _ = self.replies.send(Reply { worker: self.index, answer });
    }
}

/// How many strata of an epoch all messages have arrived for.
fn heard(frontier: &MutableAntichain<Time>, epoch: u64) -> u64 {
    let frontier = frontier.frontier();
    let earlier = frontier.iter().map(|time| time.inner).filter(|time| time.outer <= epoch);
    earlier.map(|time| time.inner + 1).min().unwrap_or(ALL)
}
