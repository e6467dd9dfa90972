//! q15, bidding statistics. Published: eight `distinct`s and eleven outer joins; see [`tally`](crate::tally) for what is here.

use dbsp::utils::Tup2;
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::days::Remembered;
use crate::output::Output;
use crate::tables::{Bid, DAY_US, Text};
use crate::tally::{self, Counted, Id, Tally, masks, range, tallies};

type Row = Tup2<Text, Tally>;

pub fn q15(tables: &mut Tables) -> Rows<Row> {
    let (bids, append_only) = (tables.bids(), tables.append_only);
    let day = |bid: &Bid| bid.date_time.div_euclid(DAY_US);
    let by_day = bids.map_index(move |bid| (day(bid), Counted::bid(bid.price)));
    let bidders = bids.map_index(move |bid| (Tup2(bid.bidder, day(bid)), range(bid.price)));
    let auctions = bids.map_index(move |bid| (Tup2(bid.auction, day(bid)), range(bid.price)));
    let bidders = masks(Id::Bidder, &bidders, append_only);
    let auctions = masks(Id::Auction, &auctions, append_only);
    let days = Remembered::day();
    tallies(&by_day.sum([&bidders, &auctions]), append_only)
        .map(move |(day, tally)| Tup2(days.text(*day), tally.clone()))
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        tally::write(&self.1, text.string(&self.0));
    }
}
