//! q4, average price of a category.
//!
//! Published: the same, from a stream of all events. Of rows that only come, `chain_aggregate` takes the place of `aggregate(Max)`.
//!
//! ```text
//! auctions ── by id ──────┐
//!                         ⋈ valid bids, by auction ── highest price ── by category ── average ── output
//! bids ────── by auction ─┘
//! ```

use dbsp::utils::{Tup2, Tup3};
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::order::greatest;
use crate::output::Output;
use crate::row;

row! {
    /// A category and what its auctions bring on average.
    pub struct Row {
        category: i64,
        average: i64,
    }
}

pub fn q4(tables: &mut Tables) -> Rows<Row> {
    let auctions =
        tables.auctions().map_index(|auction| (auction.id, Tup3(auction.category, auction.date_time, auction.expires)));
    let bids = tables.bids().map_index(|bid| (bid.auction, Tup2(bid.price, bid.date_time)));
    let valid = auctions.join_index(&bids, |id, Tup3(category, opens, expires), Tup2(price, date_time)| {
        (opens <= date_time && date_time <= expires).then_some((Tup2(*id, *category), *price))
    });
    let highest = greatest(&valid, tables.append_only);
    let by_category = highest.map_index(|(Tup2(_, category), price)| (*category, *price));
    by_category.average(|price| *price).map(|(category, average)| Row { category: *category, average: *average })
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        text.integer(self.category.into()).integer(self.average.into());
    }
}
