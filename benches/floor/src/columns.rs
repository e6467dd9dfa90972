//! Events, state and output as columns: vectors of numbers, and text behind one another in one buffer.

use std::ops::Range;

use deltaq_nexmark::{Event, RowText};

/// Microseconds of a day.
pub const DAY_US: i64 = 86_400_000_000;

/// What a table is made of.
pub trait Column {
    /// Forgets all rows and keeps the memory.
    fn clear(&mut self);
    /// Appends one row of another column.
    fn push_from(&mut self, from: &Self, row: usize);
    /// Appends rows of another column.
    fn extend_from(&mut self, from: &Self, rows: Range<usize>);
}

impl Column for Vec<i64> {
    fn clear(&mut self) {
        self.clear();
    }

    fn push_from(&mut self, from: &Self, row: usize) {
        self.push(from[row]);
    }

    fn extend_from(&mut self, from: &Self, rows: Range<usize>) {
        self.extend_from_slice(&from[rows]);
    }
}

/// A column of text.
#[derive(Clone, Debug, Default)]
pub struct Text {
    bytes: String,
    ends: Vec<u32>,
}

impl Text {
    /// Appends a row.
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.end());
    }

    /// The text of a row.
    pub fn get(&self, row: usize) -> &str {
        &self.bytes[self.start(row) as usize..self.ends[row] as usize]
    }

    fn start(&self, row: usize) -> u32 {
        if row == 0 { 0 } else { self.ends[row - 1] }
    }

    fn end(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or_else(|_| panic!("a column of text holds less than 4 GiB"))
    }
}

impl Column for Text {
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn push_from(&mut self, from: &Self, row: usize) {
        self.push(from.get(row));
    }

    fn extend_from(&mut self, from: &Self, rows: Range<usize>) {
        if rows.is_empty() {
            return;
        }
        let (first, last) = (from.start(rows.start), from.ends[rows.end - 1]);
        let shift = self.end().wrapping_sub(first);
        self.bytes.push_str(&from.bytes[first as usize..last as usize]);
        self.end();
        self.ends.extend(from.ends[rows].iter().map(|end| end.wrapping_add(shift)));
    }
}

macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($column:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub struct $name {
            $(pub $column: $type,)*
        }

        impl Column for $name {
            fn clear(&mut self) {
                $(Column::clear(&mut self.$column);)*
            }

            fn push_from(&mut self, from: &Self, row: usize) {
                $(self.$column.push_from(&from.$column, row);)*
            }

            fn extend_from(&mut self, from: &Self, rows: Range<usize>) {
                $(self.$column.extend_from(&from.$column, rows.clone());)*
            }
        }
    };
}

table! {
    /// Persons.
    Persons {
        id: Vec<i64>,
        name: Text,
        email_address: Text,
        credit_card: Text,
        city: Text,
        state: Text,
        date_time: Vec<i64>,
        extra: Text,
    }
}

table! {
    /// Auctions.
    Auctions {
        id: Vec<i64>,
        item_name: Text,
        description: Text,
        initial_bid: Vec<i64>,
        reserve: Vec<i64>,
        date_time: Vec<i64>,
        expires: Vec<i64>,
        seller: Vec<i64>,
        category: Vec<i64>,
        extra: Text,
    }
}

table! {
    /// Bids.
    Bids {
        auction: Vec<i64>,
        bidder: Vec<i64>,
        price: Vec<i64>,
        channel: Text,
        url: Text,
        date_time: Vec<i64>,
        extra: Text,
    }
}

impl Bids {
    /// Writes all fields of a row.
    pub fn write(&self, row: usize, text: &mut RowText) {
        text.integer(self.auction[row].into()).integer(self.bidder[row].into()).integer(self.price[row].into());
        text.string(self.channel.get(row)).string(self.url.get(row)).timestamp(self.date_time[row]);
        text.string(self.extra.get(row));
    }
}

/// All events, by table; times in microseconds.
#[derive(Default)]
pub struct Events {
    pub persons: Persons,
    pub auctions: Auctions,
    pub bids: Bids,
    ends: Vec<[usize; 3]>,
}

/// The events of one step: rows of the three tables.
pub struct Step<'a> {
    pub events: &'a Events,
    pub persons: Range<usize>,
    pub auctions: Range<usize>,
    pub bids: Range<usize>,
}

impl Events {
    /// Takes in the events of a step more.
    pub fn push_step(&mut self, events: impl Iterator<Item = Event>) {
        events.for_each(|event| self.push(&event));
        self.ends.push([self.persons.id.len(), self.auctions.id.len(), self.bids.auction.len()]);
    }

    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.ends.len()
    }

    /// The events of a step.
    pub fn step(&self, number: usize) -> Step<'_> {
        let starts = if number == 0 { [0; 3] } else { self.ends[number - 1] };
        let rows = |table: usize| starts[table]..self.ends[number][table];
        Step { events: self, persons: rows(0), auctions: rows(1), bids: rows(2) }
    }

    fn push(&mut self, event: &Event) {
        let number = |n: usize| n as i64;
        let micros = |millis: u64| millis as i64 * 1_000;
        match event {
            Event::Person(person) => {
                let to = &mut self.persons;
                to.id.push(number(person.id));
                to.name.push(&person.name);
                to.email_address.push(&person.email_address);
                to.credit_card.push(&person.credit_card);
                to.city.push(&person.city);
                to.state.push(&person.state);
                to.date_time.push(micros(person.date_time));
                to.extra.push(&person.extra);
            }
            Event::Auction(auction) => {
                let to = &mut self.auctions;
                to.id.push(number(auction.id));
                to.item_name.push(&auction.item_name);
                to.description.push(&auction.description);
                to.initial_bid.push(number(auction.initial_bid));
                to.reserve.push(number(auction.reserve));
                to.date_time.push(micros(auction.date_time));
                to.expires.push(micros(auction.expires));
                to.seller.push(number(auction.seller));
                to.category.push(number(auction.category));
                to.extra.push(&auction.extra);
            }
            Event::Bid(bid) => {
                let to = &mut self.bids;
                to.auction.push(number(bid.auction));
                to.bidder.push(number(bid.bidder));
                to.price.push(number(bid.price));
                to.channel.push(&bid.channel);
                to.url.push(&bid.url);
                to.date_time.push(micros(bid.date_time));
                to.extra.push(&bid.extra);
            }
        }
    }
}
