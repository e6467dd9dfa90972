//! Events as Arrow columns, a record batch for each kind.

use std::ops::Range;
use std::sync::Arc;

use arrow_select::take::take_record_batch;
use deltaq::arrow_array::builder::{Int64Builder, StringBuilder, TimestampMicrosecondBuilder};
use deltaq::arrow_array::{ArrayRef, RecordBatch, UInt32Array};

use crate::events::{Event, events};

/// Events of one round: a person, three auctions, 46 bids, in this order.
const ROUND: usize = 50;

/// Events number 0 to some number, as rows of the three tables.
///
/// The events of a range are a slice of each table, since which kind an event is follows from its number.
#[derive(Clone, Debug)]
pub struct Columns {
    tables: [RecordBatch; 3],
    len: usize,
}

/// The rows of a range of events: at most one batch for each of the tables [`Columns::TABLES`], none where it would be empty.
pub type Part = [Option<RecordBatch>; 3];

impl Columns {
    /// The names of the tables, in the order of a [`Part`].
    pub const TABLES: [&'static str; 3] = ["person", "auction", "bid"];

    /// Makes the first `len` events.
    pub fn new(len: usize) -> Columns {
        let [persons, auctions, bids] = rows_before(len);
        let mut tables = (Persons::new(persons), Auctions::new(auctions), Bids::new(bids));
        for event in events(0..len) {
            match event {
                Event::Person(person) => tables.0.push(&person),
                Event::Auction(auction) => tables.1.push(&auction),
                Event::Bid(bid) => tables.2.push(&bid),
            }
        }
        let tables = [tables.0.finish(), tables.1.finish(), tables.2.finish()];
        let made = tables.each_ref().map(RecordBatch::num_rows);
        assert_eq!(made, [persons, auctions, bids], "persons, auctions and bids among {len} events");
        Columns { tables, len }
    }

    /// How many events.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All rows of the tables [`Columns::TABLES`], in the order of their events.
    pub fn tables(&self) -> &[RecordBatch; 3] {
        &self.tables
    }

    /// The rows of the events of a range. Nothing is copied.
    pub fn part(&self, range: Range<usize>) -> Part {
        assert!(range.end <= self.len, "events up to {} of {}", range.end, self.len);
        let (from, to) = (rows_before(range.start), rows_before(range.end));
        std::array::from_fn(|table| {
            (to[table] > from[table]).then(|| self.tables[table].slice(from[table], to[table] - from[table]))
        })
    }

    /// The rows of some events, in any order. They are copied.
    pub fn pick(&self, events: &[usize]) -> Part {
        let mut rows: [Vec<u32>; 3] = Default::default();
        for (table, row) in events.iter().map(|event| place(*event)) {
            rows[table].push(u32::try_from(row).unwrap_or_else(|_| panic!("row {row} of a table")));
        }
        let mut tables = self.tables.iter();
        rows.map(|rows| {
            let table = tables.next().filter(|_| !rows.is_empty())?;
            let taken = take_record_batch(table, &UInt32Array::from(rows));
            Some(taken.unwrap_or_else(|error| panic!("rows of the table: {error}")))
        })
    }
}

/// The table, its place in [`Columns::TABLES`], and the row in it of an event.
fn place(event: usize) -> (usize, usize) {
    let table = match event % ROUND {
        0 => 0,
        1..4 => 1,
        _ => 2,
    };
    (table, rows_before(event)[table])
}

/// How many persons, auctions and bids are among the events before `event`.
fn rows_before(event: usize) -> [usize; 3] {
    let (rounds, rest) = (event / ROUND, event % ROUND);
    [rounds + rest.min(1), rounds * 3 + rest.saturating_sub(1).min(3), rounds * 46 + rest.saturating_sub(4)]
}

/// A column of text, with room for `rows` texts of `bytes` bytes on average. Room that is not used costs no memory.
fn texts(rows: usize, bytes: usize) -> StringBuilder {
    StringBuilder::with_capacity(rows, rows * bytes)
}

fn integers(rows: usize) -> Int64Builder {
    Int64Builder::with_capacity(rows)
}

fn integer(value: usize) -> i64 {
    i64::try_from(value).unwrap_or_else(|_| panic!("numbers of events are small, {value} is not"))
}

fn micros(millis: u64) -> i64 {
    integer(millis as usize * 1_000)
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap_or_else(|error| panic!("columns of one length: {error}"))
}

struct Persons {
    id: Int64Builder,
    name: StringBuilder,
    email_address: StringBuilder,
    credit_card: StringBuilder,
    city: StringBuilder,
    state: StringBuilder,
    date_time: TimestampMicrosecondBuilder,
    extra: StringBuilder,
}

impl Persons {
    fn new(rows: usize) -> Persons {
        Persons {
            id: integers(rows),
            name: texts(rows, 16),
            email_address: texts(rows, 20),
            credit_card: texts(rows, 20),
            city: texts(rows, 14),
            state: texts(rows, 2),
            date_time: TimestampMicrosecondBuilder::with_capacity(rows),
            extra: texts(rows, 180),
        }
    }

    fn push(&mut self, person: &crate::Person) {
        self.id.append_value(integer(person.id));
        self.name.append_value(&person.name);
        self.email_address.append_value(&person.email_address);
        self.credit_card.append_value(&person.credit_card);
        self.city.append_value(&person.city);
        self.state.append_value(&person.state);
        self.date_time.append_value(micros(person.date_time));
        self.extra.append_value(&person.extra);
    }

    fn finish(mut self) -> RecordBatch {
        batch(vec![
            ("id", Arc::new(self.id.finish())),
            ("name", Arc::new(self.name.finish())),
            ("email_address", Arc::new(self.email_address.finish())),
            ("credit_card", Arc::new(self.credit_card.finish())),
            ("city", Arc::new(self.city.finish())),
            ("state", Arc::new(self.state.finish())),
            ("date_time", Arc::new(self.date_time.finish())),
            ("extra", Arc::new(self.extra.finish())),
        ])
    }
}

struct Auctions {
    id: Int64Builder,
    item_name: StringBuilder,
    description: StringBuilder,
    initial_bid: Int64Builder,
    reserve: Int64Builder,
    date_time: TimestampMicrosecondBuilder,
    expires: TimestampMicrosecondBuilder,
    seller: Int64Builder,
    category: Int64Builder,
    extra: StringBuilder,
}

impl Auctions {
    fn new(rows: usize) -> Auctions {
        Auctions {
            id: integers(rows),
            item_name: texts(rows, 20),
            description: texts(rows, 100),
            initial_bid: integers(rows),
            reserve: integers(rows),
            date_time: TimestampMicrosecondBuilder::with_capacity(rows),
            expires: TimestampMicrosecondBuilder::with_capacity(rows),
            seller: integers(rows),
            category: integers(rows),
            extra: texts(rows, 450),
        }
    }

    fn push(&mut self, auction: &crate::Auction) {
        self.id.append_value(integer(auction.id));
        self.item_name.append_value(&auction.item_name);
        self.description.append_value(&auction.description);
        self.initial_bid.append_value(integer(auction.initial_bid));
        self.reserve.append_value(integer(auction.reserve));
        self.date_time.append_value(micros(auction.date_time));
        self.expires.append_value(micros(auction.expires));
        self.seller.append_value(integer(auction.seller));
        self.category.append_value(integer(auction.category));
        self.extra.append_value(&auction.extra);
    }

    fn finish(mut self) -> RecordBatch {
        batch(vec![
            ("id", Arc::new(self.id.finish())),
            ("item_name", Arc::new(self.item_name.finish())),
            ("description", Arc::new(self.description.finish())),
            ("initial_bid", Arc::new(self.initial_bid.finish())),
            ("reserve", Arc::new(self.reserve.finish())),
            ("date_time", Arc::new(self.date_time.finish())),
            ("expires", Arc::new(self.expires.finish())),
            ("seller", Arc::new(self.seller.finish())),
            ("category", Arc::new(self.category.finish())),
            ("extra", Arc::new(self.extra.finish())),
        ])
    }
}

struct Bids {
    auction: Int64Builder,
    bidder: Int64Builder,
    price: Int64Builder,
    channel: StringBuilder,
    url: StringBuilder,
    date_time: TimestampMicrosecondBuilder,
    extra: StringBuilder,
}

impl Bids {
    fn new(rows: usize) -> Bids {
        Bids {
            auction: integers(rows),
            bidder: integers(rows),
            price: integers(rows),
            channel: texts(rows, 12),
            url: texts(rows, 80),
            date_time: TimestampMicrosecondBuilder::with_capacity(rows),
            extra: texts(rows, 90),
        }
    }

    fn push(&mut self, bid: &crate::Bid) {
        self.auction.append_value(integer(bid.auction));
        self.bidder.append_value(integer(bid.bidder));
        self.price.append_value(integer(bid.price));
        self.channel.append_value(&bid.channel);
        self.url.append_value(&bid.url);
        self.date_time.append_value(micros(bid.date_time));
        self.extra.append_value(&bid.extra);
    }

    fn finish(mut self) -> RecordBatch {
        batch(vec![
            ("auction", Arc::new(self.auction.finish())),
            ("bidder", Arc::new(self.bidder.finish())),
            ("price", Arc::new(self.price.finish())),
            ("channel", Arc::new(self.channel.finish())),
            ("url", Arc::new(self.url.finish())),
            ("date_time", Arc::new(self.date_time.finish())),
            ("extra", Arc::new(self.extra.finish())),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_whole_in_order() {
        let columns = Columns::new(1_234);
        let mut at = [0; 3];
        for start in (0..1_234).step_by(7) {
            for (table, part) in columns.part(start..(start + 7).min(1_234)).into_iter().enumerate() {
                let Some(part) = part else { continue };
                assert_eq!(part, columns.tables()[table].slice(at[table], part.num_rows()));
                at[table] += part.num_rows();
            }
        }
        assert_eq!(at, columns.tables().each_ref().map(RecordBatch::num_rows));
    }

    #[test]
    fn an_event_has_its_place() {
        let columns = Columns::new(500);
        for number in 0..500 {
            let (table, row) = place(number);
            let part = columns.part(number..number + 1);
            assert_eq!(part[table], Some(columns.tables()[table].slice(row, 1)));
            assert_eq!(part.iter().flatten().count(), 1);
            assert_eq!(part, columns.pick(&[number]));
        }
    }
}
