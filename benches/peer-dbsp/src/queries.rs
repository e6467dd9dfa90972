//! A file a query.

mod q0;
mod q1;
mod q13;
mod q14;
mod q15;
mod q16;
mod q17;
mod q18;
mod q19;
mod q2;
mod q20;
mod q21;
mod q22;
mod q3;
mod q4;
mod q9;

use dbsp::utils::Tup2;
use dbsp::{DBData, OrdZSet, RootCircuit, Stream, ZSetHandle};

use crate::output::Sink;
use crate::tables::{Auction, Bid, Person, Text};

/// A stream of changes to a collection of rows.
type Rows<R> = Stream<RootCircuit, OrdZSet<R>>;

/// Where rows go in: the tables that the query reads.
#[derive(Default)]
pub struct Inputs {
    pub persons: Option<ZSetHandle<Person>>,
    pub auctions: Option<ZSetHandle<Auction>>,
    pub bids: Option<ZSetHandle<Bid>>,
    side_input: Option<ZSetHandle<Tup2<i64, Text>>>,
}

impl Inputs {
    /// Hands in the side table of q13: keys 0 to 9999, the value being the key's text. Returns whether the query reads it.
    pub fn fill_side_input(&self) -> bool {
        let rows = (0..10_000i64).map(|key| Tup2(Tup2(key, Text::from(key.to_string().as_str())), 1));
        self.side_input.as_ref().map(|handle| handle.append(&mut rows.collect())).is_some()
    }
}

/// The tables, to a query's circuit. One that is not asked for is not there and gets no rows.
struct Tables<'a> {
    circuit: &'a RootCircuit,
    inputs: Inputs,
    /// Whether rows only come: then some queries need not keep what cannot return.
    append_only: bool,
}

impl Tables<'_> {
    fn table<R: DBData>(circuit: &RootCircuit, handle: &mut Option<ZSetHandle<R>>) -> Rows<R> {
        let (rows, new) = circuit.add_input_zset();
        *handle = Some(new);
        rows
    }

    fn persons(&mut self) -> Rows<Person> {
        Self::table(self.circuit, &mut self.inputs.persons)
    }

    fn auctions(&mut self) -> Rows<Auction> {
        Self::table(self.circuit, &mut self.inputs.auctions)
    }

    fn bids(&mut self) -> Rows<Bid> {
        Self::table(self.circuit, &mut self.inputs.bids)
    }

    fn side_input(&mut self) -> Rows<Tup2<i64, Text>> {
        Self::table(self.circuit, &mut self.inputs.side_input)
    }
}

/// Which circuit is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The query.
    pub query: &'static str,
    /// Whether rows only come.
    pub append_only: bool,
    /// Whether tables that the query does not read get no rows.
    pub only_read: bool,
}

/// Builds the circuit of a query; its output goes to `sink`.
pub fn build(wanted: Wanted, circuit: &RootCircuit, sink: &Sink) -> Inputs {
    let Wanted { query, append_only, only_read } = wanted;
    let mut tables = Tables { circuit, inputs: Inputs::default(), append_only };
    match query {
        "q0" => sink.consume(&q0::q0(&mut tables)),
        "q1" => sink.consume(&q1::q1(&mut tables)),
        "q2" => sink.consume(&q2::q2(&mut tables)),
        "q3" => sink.consume(&q3::q3(&mut tables)),
        "q4" => sink.consume(&q4::q4(&mut tables)),
        "q9" => sink.consume(&q9::q9(&mut tables)),
        "q13" => sink.consume(&q13::q13(&mut tables)),
        "q14" => sink.consume(&q14::q14(&mut tables)),
        "q15" => sink.consume(&q15::q15(&mut tables)),
        "q16" => sink.consume(&q16::q16(&mut tables)),
        "q17" => sink.consume(&q17::q17(&mut tables)),
        "q18" => sink.consume(&q18::q18(&mut tables)),
        "q19" => sink.consume(&q19::q19(&mut tables)),
        "q20" => sink.consume(&q20::q20(&mut tables)),
        "q21" => sink.consume(&q21::q21(&mut tables)),
        "q22" => sink.consume(&q22::q22(&mut tables)),
        _ => panic!("a circuit for every query: {query}"),
    }
    let Inputs { persons, auctions, bids, .. } = &tables.inputs;
    let [no_persons, no_auctions, no_bids] = [persons.is_none(), auctions.is_none(), bids.is_none()];
    if !only_read {
        let _ = (
            no_persons.then(|| tables.persons()),
            no_auctions.then(|| tables.auctions()),
            no_bids.then(|| tables.bids()),
        );
    }
    tables.inputs
}
