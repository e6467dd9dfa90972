//! q21, channel ids.
//!
//! Published: the regular expression is applied to the channel's name, where it finds nothing, so that only the four known channels get
//! an id. Here it is applied to the address, by a search for its fixed part instead of a regular expression, which is faster.

use arcstr::literal;
use dbsp::utils::Tup5;
use deltaq_nexmark::RowText;
use memchr::memmem::Finder;

use super::{Rows, Tables};
use crate::output::Output;
use crate::tables::Text;

const PARAMETER: &str = "channel_id=";

type Row = Tup5<i64, i64, i64, Text, Text>;

pub fn q21(tables: &mut Tables) -> Rows<Row> {
    let parameter = Finder::new(PARAMETER);
    tables.bids().flat_map(move |bid| {
        let id = known(&bid.channel).or_else(|| named(&parameter, &bid.url));
        id.map(|id| Tup5(bid.auction, bid.bidder, bid.price, bid.channel.clone(), id))
    })
}

fn known(channel: &str) -> Option<Text> {
    let lower;
    let name = if channel.is_ascii() {
        channel
    } else {
        lower = channel.to_lowercase();
        &lower
    };
    let ids =
        [("apple", literal!("0")), ("google", literal!("1")), ("facebook", literal!("2")), ("baidu", literal!("3"))];
    ids.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, id)| Text(id))
}

/// What `(&|^)channel_id=([^&]*)` finds.
fn named(parameter: &Finder, url: &str) -> Option<Text> {
    let mut places = parameter.find_iter(url.as_bytes());
    let place = places.find(|place| *place == 0 || url.as_bytes()[place - 1] == b'&')?;
    let value = &url[place + PARAMETER.len()..];
    Some(Text::from(&value[..memchr::memchr(b'&', value.as_bytes()).unwrap_or(value.len())]))
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        text.integer(self.0.into()).integer(self.1.into()).integer(self.2.into()).string(&self.3).string(&self.4);
    }
}
