//! The tables as the engine takes them: full rows, text as its SQL runtime has it.

use arcstr::ArcStr;
use deltaq_nexmark::{Event, RowText};

/// What a row of the engine has to be: ordered, hashable, and able to be written to its storage, which is switched off here.
#[macro_export]
macro_rules! row {
    ($(#[$doc:meta])* $vis:vis struct $name:ident $fields:tt) => {
        $crate::unordered_row! {
            #[derive(Ord, PartialOrd)]
            $(#[$doc])*
            $vis struct $name $fields
        }
    };
}

/// As [`row!`], but its order is yet to be given.
#[macro_export]
macro_rules! unordered_row {
    ($(#[$doc:meta])* $vis:vis struct $name:ident { $($fields:tt)* }) => {
        #[derive(
            Clone, Debug, Default, Eq, Hash, PartialEq,
            size_of::SizeOf, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize, feldera_macros::IsNone,
        )]
        #[archive_attr(derive(Ord, Eq, PartialEq, PartialOrd))]
        $(#[$doc])*
        $vis struct $name { $($fields)* }
    };
}

/// Text: shared, one word wide. As `SqlString` of the engine's SQL runtime, but that storage, which is off, would not get it.
#[derive(
    Clone,
    Debug,
    Default,
    Eq,
    Hash,
    Ord,
    PartialEq,
    PartialOrd,
    size_of::SizeOf,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
    feldera_macros::IsNone,
)]
#[archive_attr(derive(Ord, Eq, PartialEq, PartialOrd))]
pub struct Text(#[with(rkyv::with::Skip)] pub ArcStr);

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text(ArcStr::from(text))
    }
}

impl std::ops::Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

row! {
    /// A person.
    pub struct Person {
        pub id: i64,
        pub name: Text,
        pub email_address: Text,
        pub credit_card: Text,
        pub city: Text,
        pub state: Text,
        pub date_time: i64,
        pub extra: Text,
    }
}

row! {
    /// An auction.
    pub struct Auction {
        pub id: i64,
        pub item_name: Text,
        pub description: Text,
        pub initial_bid: i64,
        pub reserve: i64,
        pub date_time: i64,
        pub expires: i64,
        pub seller: i64,
        pub category: i64,
        pub extra: Text,
    }
}

row! {
    /// A bid.
    pub struct Bid {
        pub auction: i64,
        pub bidder: i64,
        pub price: i64,
        pub channel: Text,
        pub url: Text,
        pub date_time: i64,
        pub extra: Text,
    }
}

impl Bid {
    /// Writes all fields.
    pub fn write(&self, text: &mut RowText) {
        text.integer(self.auction.into()).integer(self.bidder.into()).integer(self.price.into());
        text.string(&self.channel).string(&self.url).timestamp(self.date_time).string(&self.extra);
    }
}

/// Microseconds of a day.
pub const DAY_US: i64 = 86_400_000_000;

/// Rows of a step, by table.
#[derive(Default)]
pub struct Step {
    pub persons: Vec<Person>,
    pub auctions: Vec<Auction>,
    pub bids: Vec<Bid>,
}

impl Step {
    /// The rows of these events; times in microseconds.
    pub fn of(events: impl Iterator<Item = Event>) -> Step {
        let mut step = Step::default();
        let text = |text: String| Text(ArcStr::from(text));
        let (number, micros) = (|n: usize| n as i64, |millis: u64| millis as i64 * 1_000);
        for event in events {
            match event {
                Event::Person(person) => step.persons.push(Person {
                    id: number(person.id),
                    name: text(person.name),
                    email_address: text(person.email_address),
                    credit_card: text(person.credit_card),
                    city: text(person.city),
                    state: text(person.state),
                    date_time: micros(person.date_time),
                    extra: text(person.extra),
                }),
                Event::Auction(auction) => step.auctions.push(Auction {
                    id: number(auction.id),
                    item_name: text(auction.item_name),
                    description: text(auction.description),
                    initial_bid: number(auction.initial_bid),
                    reserve: number(auction.reserve),
                    date_time: micros(auction.date_time),
                    expires: micros(auction.expires),
                    seller: number(auction.seller),
                    category: number(auction.category),
                    extra: text(auction.extra),
                }),
                Event::Bid(bid) => step.bids.push(Bid {
                    auction: number(bid.auction),
                    bidder: number(bid.bidder),
                    price: number(bid.price),
                    channel: text(bid.channel),
                    url: text(bid.url),
                    date_time: micros(bid.date_time),
                    extra: text(bid.extra),
                }),
            }
        }
        step
    }
}
