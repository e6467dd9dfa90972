//! q22, directories of an address.
//!
//! Published: the same; older versions have empty text for a directory that is not there.

use dbsp::utils::Tup7;
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::output::Output;
use crate::tables::Text;

type Row = Tup7<i64, i64, i64, Text, Option<Text>, Option<Text>, Option<Text>>;

pub fn q22(tables: &mut Tables) -> Rows<Row> {
    tables.bids().map(|bid| {
        let mut directories = bid.url.split('/').skip(3).map(Text::from);
        let [first, second, third] = [(); 3].map(|()| directories.next());
        Tup7(bid.auction, bid.bidder, bid.price, bid.channel.clone(), first, second, third)
    })
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        let Tup7(auction, bidder, price, channel, first, second, third) = self;
        text.integer((*auction).into()).integer((*bidder).into()).integer((*price).into()).string(channel);
        for directory in [first, second, third] {
            match directory {
                Some(directory) => text.string(directory),
                None => text.null(),
            };
        }
    }
}
