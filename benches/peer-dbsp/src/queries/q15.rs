//! q15, bidding statistics. Published: eight `distinct`s and eleven outer joins; see [`tally`](crate::tally) for what is here.

use dbsp::utils::Tup2;
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::days::Remembered;
use crate::output::Output;
use crate::tables::{DAY_US, Text};
use crate::tally::{AUCTIONS, BIDDERS, BIDS, Counted, Tally, masks, range, tallies};

type Row = Tup2<Text, Tally>;

pub fn q15(tables: &mut Tables) -> Rows<Row> {
    let bids = tables.bids();
    let day = |time: i64| time.div_euclid(DAY_US);
    let by_day =
        bids.map_index(move |bid| (day(bid.date_time), Counted { what: BIDS, ranges: range(bid.price), minute: 0 }));
    let bidders = bids.map_index(move |bid| (Tup2(bid.bidder, day(bid.date_time)), range(bid.price)));
    let auctions = bids.map_index(move |bid| (Tup2(bid.auction, day(bid.date_time)), range(bid.price)));
    let days = Remembered::day();
    tallies(&by_day, &masks(BIDDERS, &bidders), &masks(AUCTIONS, &auctions))
        .map(move |(day, tally)| Tup2(days.text(*day), tally.clone()))
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        self.1.write(text.string(&self.0));
    }
}
