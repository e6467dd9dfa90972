//! q20, bids with their auction. Published: the same, from a stream of all events.

use dbsp::utils::Tup2;
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::output::Output;
use crate::tables::{Auction, Bid};

type Row = Tup2<Bid, Auction>;

pub fn q20(tables: &mut Tables) -> Rows<Row> {
    let bids = tables.bids().map_index(|bid| (bid.auction, bid.clone()));
    let auctions =
        tables.auctions().flat_map_index(|auction| (auction.category == 10).then(|| (auction.id, auction.clone())));
    bids.join(&auctions, |_, bid, auction| Tup2(bid.clone(), auction.clone()))
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        let auction = &self.1;
        self.0.write(text);
        text.string(&auction.item_name).string(&auction.description);
        text.integer(auction.initial_bid.into()).integer(auction.reserve.into());
        text.timestamp(auction.date_time).timestamp(auction.expires);
        text.integer(auction.seller.into()).integer(auction.category.into()).string(&auction.extra);
    }
}
