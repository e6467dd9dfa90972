//! q16, channel statistics. Published: eight `distinct`s, `aggregate(Max)` and twelve outer joins; see [`tally`](crate::tally) for what is
//! here. The last minute is kept beside the counts.

use dbsp::utils::{Tup2, Tup4};
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::days::Remembered;
use crate::output::Output;
use crate::tables::{Bid, DAY_US, Text};
use crate::tally::{AUCTIONS, BIDDERS, BIDS, Counted, Tally, masks, range, tallies};

const MINUTE_US: i64 = 60_000_000;

/// Channel, day, minute, counts.
type Row = Tup4<Text, Text, Text, Tally>;

pub fn q16(tables: &mut Tables) -> Rows<Row> {
    let bids = tables.bids();
    let group = |bid: &Bid| Tup2(bid.date_time.div_euclid(DAY_US), bid.channel.clone());
    let by_group = bids.map_index(move |bid| {
        let minute = (bid.date_time.rem_euclid(DAY_US) / MINUTE_US) as u16;
        (group(bid), Counted { what: BIDS, ranges: range(bid.price), minute })
    });
    // The id stands before the group: comparing numbers mostly settles the order.
    let bidders = bids.map_index(move |bid| (Tup2(bid.bidder, group(bid)), range(bid.price)));
    let auctions = bids.map_index(move |bid| (Tup2(bid.auction, group(bid)), range(bid.price)));
    let (days, minutes) = (Remembered::day(), Remembered::minute());
    tallies(&by_group, &masks(BIDDERS, &bidders), &masks(AUCTIONS, &auctions)).map(
        move |(Tup2(day, channel), tally)| {
            Tup4(channel.clone(), days.text(*day), minutes.text(tally.minute.into()), tally.clone())
        },
    )
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        self.3.write(text.string(&self.0).string(&self.1).string(&self.2));
    }
}
