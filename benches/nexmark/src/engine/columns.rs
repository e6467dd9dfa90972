//! Events as Arrow columns, a record batch for each kind.

use std::ops::Range;
use std::sync::Arc;

use arrow_select::interleave::interleave_record_batch;
use deltaq::arrow_array::builder::{Int64Builder, StringBuilder, TimestampMicrosecondBuilder};
use deltaq::arrow_array::{ArrayRef, RecordBatch};

use crate::events::{Event, events};

/// Events of one round: a person, three auctions, 46 bids, in this order.
const ROUND: usize = 50;

/// Events whose rows lie in batches of their own, as a stream would bring them.
const CHUNK: usize = 10_000;

/// Events number 0 to some number, as rows of the three tables.
///
/// They lie in chunks of 10,000 events, a record batch for each table. The events of a range are slices of these, since which kind an event
/// is follows from its number.
#[derive(Clone, Debug)]
pub struct Columns {
    chunks: Vec<[RecordBatch; 3]>,
    len: usize,
}

/// Rows by table.
pub type Part = Vec<(&'static str, RecordBatch)>;

impl Columns {
    /// The names of the tables.
    pub const TABLES: [&'static str; 3] = ["person", "auction", "bid"];

    /// Makes the first `len` events.
    pub fn new(len: usize) -> Columns {
        let chunk = |start: usize| {
            let end = (start + CHUNK).min(len);
            let [persons, auctions, bids] = rows_between(start, end);
            let mut tables = (Persons::new(persons), Auctions::new(auctions), Bids::new(bids));
            for event in events(start..end) {
                match event {
                    Event::Person(person) => tables.0.push(&person),
                    Event::Auction(auction) => tables.1.push(&auction),
                    Event::Bid(bid) => tables.2.push(&bid),
                }
            }
            let tables = [tables.0.finish(), tables.1.finish(), tables.2.finish()];
            let made = tables.each_ref().map(RecordBatch::num_rows);
            assert_eq!(made, [persons, auctions, bids], "persons, auctions and bids among events {start} to {end}");
            tables
        };
        Columns { chunks: (0..len).step_by(CHUNK).map(chunk).collect(), len }
    }

    /// How many events.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The rows of the events of a range, in their order. Nothing is copied.
    pub fn part(&self, range: Range<usize>) -> Part {
        assert!(range.end <= self.len, "events up to {} of {}", range.end, self.len);
        let mut part = Part::new();
        let mut at = range.start;
        while at < range.end {
            let start = at - at % CHUNK;
            let end = range.end.min(start + CHUNK);
            let (from, rows) = (rows_between(start, at), rows_between(at, end));
            for (table, name) in Columns::TABLES.into_iter().enumerate().filter(|(table, _)| rows[*table] > 0) {
                part.push((name, self.chunks[start / CHUNK][table].slice(from[table], rows[table])));
            }
            at = end;
        }
        part
    }

    /// The rows of some events, in any order. They are copied.
    pub fn pick(&self, events: &[usize]) -> Part {
        let mut places: [Vec<(usize, usize)>; 3] = Default::default();
        for event in events {
            let (table, row) = place(*event);
            places[table].push((event / CHUNK, row));
        }
        let tables = Columns::TABLES.into_iter().enumerate().filter(|(table, _)| !places[*table].is_empty());
        let rows = |(table, name): (usize, &'static str)| {
            let chunks: Vec<&RecordBatch> = self.chunks.iter().map(|chunk: &[RecordBatch; 3]| &chunk[table]).collect();
            let picked = interleave_record_batch(&chunks, places[table].as_slice());
            (name, picked.unwrap_or_else(|error| panic!("rows of the table: {error}")))
        };
        tables.map(rows).collect()
    }
}

/// The table of an event, its place in [`Columns::TABLES`], and the row in its chunk.
fn place(event: usize) -> (usize, usize) {
    let table = match event % ROUND {
        0 => 0,
        1..4 => 1,
        _ => 2,
    };
    (table, rows_between(event - event % CHUNK, event)[table])
}

/// How many persons, auctions and bids are among the events before `event`.
fn rows_before(event: usize) -> [usize; 3] {
    let (rounds, rest) = (event / ROUND, event % ROUND);
    [rounds + rest.min(1), rounds * 3 + rest.saturating_sub(1).min(3), rounds * 46 + rest.saturating_sub(4)]
}

/// How many persons, auctions and bids are among the events from `start` to before `end`.
fn rows_between(start: usize, end: usize) -> [usize; 3] {
    let (before, after) = (rows_before(start), rows_before(end));
    std::array::from_fn(|table| after[table] - before[table])
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
    use arrow_select::concat::concat_batches;

    use super::*;

    /// The rows of each table, one after the other.
    fn rows(part: Part) -> [RecordBatch; 3] {
        std::array::from_fn(|table| {
            let name = Columns::TABLES[table];
            let of: Vec<&RecordBatch> = part.iter().filter(|(n, _)| *n == name).map(|(_, rows)| rows).collect();
            let schema = of.first().map_or_else(|| Columns::new(1).chunks[0][table].schema(), |rows| rows.schema());
            concat_batches(&schema, of).unwrap()
        })
    }

    #[test]
    fn parts_are_the_whole_in_order() {
        let columns = Columns::new(21_234);
        let parts: Part =
            (0..21_234).step_by(977).flat_map(|from| columns.part(from..(from + 977).min(21_234))).collect();
        assert_eq!(rows(parts), rows(columns.part(0..21_234)));
        assert_eq!(rows(columns.part(0..21_234)).each_ref().map(RecordBatch::num_rows), rows_before(21_234));
    }

    #[test]
    fn an_event_has_its_place() {
        let columns = Columns::new(20_500);
        for number in (0..20_500).step_by(7) {
            let part = columns.part(number..number + 1);
            assert_eq!(part.len(), 1);
            assert_eq!(part[0].0, Columns::TABLES[place(number).0]);
            assert_eq!(part, columns.pick(&[number]));
        }
    }
}
