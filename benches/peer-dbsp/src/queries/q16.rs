//! q16, channel statistics. Published: eight `distinct`s, `aggregate(Max)` and twelve outer joins; see [`tally`](crate::tally) for what is
//! here.

use dbsp::utils::{Tup2, Tup4};
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::days::Remembered;
use crate::order::{Hashed, greatest};
use crate::output::Output;
use crate::tables::{Bid, DAY_US, Text};
use crate::tally::{self, Counted, Id, Tally, masks, range, tallies};

const MINUTE_US: i64 = 60_000_000;

/// Channel, day, minute, counts.
type Row = Tup4<Text, Text, Text, Tally>;

pub fn q16(tables: &mut Tables) -> Rows<Row> {
    let (bids, append_only) = (tables.bids(), tables.append_only);
    let group = |bid: &Bid| Tup2(bid.date_time.div_euclid(DAY_US), Hashed::from(&bid.channel));
    let by_group = bids.map_index(move |bid| (group(bid), Counted::bid(bid.price)));
    let minutes = bids.map_index(move |bid| (group(bid), (bid.date_time.rem_euclid(DAY_US) / MINUTE_US) as u16));
    let minutes =
        greatest(&minutes, append_only).map_index(|(group, minute)| (group.clone(), Counted::minute(*minute)));
    // The id stands before the group: comparing numbers mostly settles the order.
    let bidders = bids.map_index(move |bid| (Tup2(bid.bidder, group(bid)), range(bid.price)));
    let auctions = bids.map_index(move |bid| (Tup2(bid.auction, group(bid)), range(bid.price)));
    let bidders = masks(Id::Bidder, &bidders, append_only);
    let auctions = masks(Id::Auction, &auctions, append_only);
    let (days, minute_texts) = (Remembered::day(), Remembered::minute());
    tallies(&by_group.sum([&bidders, &auctions, &minutes]), append_only).map(move |(Tup2(day, channel), tally)| {
        Tup4(channel.text.clone(), days.text(*day), minute_texts.text(tally.3), tally.clone())
    })
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        tally::write(&self.3, text.string(&self.0).string(&self.1).string(&self.2));
    }
}
