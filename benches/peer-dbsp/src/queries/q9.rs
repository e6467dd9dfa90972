//! q9, winning bids.
//!
//! Published: bids joined with all columns of their auctions, all of those the key of `aggregate(Max)`; of equal prices the higher bidder
//! wins. Here the join takes what decides, of equal prices the earlier bid wins, and the auction's columns come to the winners in a second
//! join. Of rows that only come, `chain_aggregate` takes the place of `aggregate(Max)`.
//!
//! ```text
//! auctions ─┬─ times, by id ────┐
//!           │                   ⋈ valid bids, by auction ── best ──┐
//! bids ─────┼─ by auction ──────┘                                  ⋈ ── output
//!           └─ all columns, by id ─────────────────────────────────┘
//! ```

use dbsp::utils::{Tup2, Tup4};
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::order::{Descending, greatest};
use crate::output::Output;
use crate::tables::Auction;

/// Price, time, bidder, extra: the greater wins, so that time and bidder are negative.
type Winner = Tup4<i64, i64, i64, Descending>;
type Row = Tup2<Auction, Winner>;

pub fn q9(tables: &mut Tables) -> Rows<Row> {
    let auctions = tables.auctions();
    let times = auctions.map_index(|auction| (auction.id, Tup2(auction.date_time, auction.expires)));
    let bids = tables
        .bids()
        .map_index(|bid| (bid.auction, Tup4(bid.price, -bid.date_time, -bid.bidder, Descending::from(&bid.extra))));
    let valid = times.join_index(&bids, |id, Tup2(opens, expires), bid: &Winner| {
        (*opens <= -bid.1 && -bid.1 <= *expires).then(|| (*id, bid.clone()))
    });
    let best = greatest(&valid, tables.append_only);
    let by_id = auctions.map_index(|auction| (auction.id, auction.clone()));
    best.join(&by_id, |_, best, auction| Tup2(auction.clone(), best.clone()))
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        let Tup2(auction, Tup4(price, date_time, bidder, extra)) = self;
        text.integer(auction.id.into()).string(&auction.item_name).string(&auction.description);
        text.integer(auction.initial_bid.into()).integer(auction.reserve.into());
        text.timestamp(auction.date_time).timestamp(auction.expires);
        text.integer(auction.seller.into()).integer(auction.category.into()).string(&auction.extra);
        text.integer(auction.id.into()).integer((-*bidder).into()).integer((*price).into());
        text.timestamp(-*date_time).string(&extra.text);
    }
}
