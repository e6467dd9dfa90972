//! q19, top prices.
//!
//! Published: a fold over all bids of an auction into a vector. Here the engine's operator for just this SQL,
//! `topk_row_number_custom_order`; of rows that only come, `chain_aggregate` keeps the ten.

use std::cmp::{Ordering, Reverse};

use dbsp::CmpFunc;
use dbsp::utils::Tup2;
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::order::Indexed;
use crate::output::Output;
use crate::tables::Bid;

const TOP: usize = 10;

/// A bid and its rank.
type Row = Tup2<Bid, i64>;

pub fn q19(tables: &mut Tables) -> Rows<Row> {
    let by_auction = tables.bids().map_index(|bid| (bid.auction, bid.clone()));
    if tables.append_only { kept(&by_auction) } else { ranked(&by_auction) }
}

fn ranked(by_auction: &Indexed<i64, Bid>) -> Rows<Row> {
    let top = by_auction.topk_row_number_custom_order::<HighestFirst, _, _>(TOP, |rank, bid| Tup2(bid.clone(), rank));
    top.map(|(_, row)| row.clone())
}

struct HighestFirst;

impl CmpFunc<Bid> for HighestFirst {
    fn cmp(left: &Bid, right: &Bid) -> Ordering {
        order(left).cmp(&order(right))
    }
}

/// Which of two bids on one auction comes first: the lesser.
fn order(bid: &Bid) -> impl Ord {
    (Reverse(bid.price), bid.bidder, (&bid.channel, &bid.url, bid.date_time, &bid.extra))
}

fn kept(by_auction: &Indexed<i64, Bid>) -> Rows<Row> {
    let insert = |mut top: Vec<Bid>, bid: &Bid, weight: i64| {
        for _ in 0..weight {
            if top.len() == TOP && top.last().is_some_and(|last| order(last) <= order(bid)) {
                break;
            }
            top.truncate(TOP - 1);
            let place = top.partition_point(|before| order(before) <= order(bid));
            top.insert(place, bid.clone());
        }
        top
    };
    let top = by_auction.chain_aggregate(move |bid, weight| insert(Vec::with_capacity(TOP), bid, weight), insert);
    top.flat_map(|(_, top)| {
        let ranked = top.iter().enumerate().map(|(place, bid)| Tup2(bid.clone(), place as i64 + 1));
        ranked.collect::<Vec<_>>()
    })
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        self.0.write(text);
        text.integer(self.1.into());
    }
}
