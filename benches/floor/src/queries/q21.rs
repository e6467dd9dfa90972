//! q21: bids whose channel has an id, known by its name or named in the address.

use std::borrow::Cow;

use deltaq_nexmark::RowText;
use memchr::memmem::Finder;

use crate::columns::{Column, Step, Text};
use crate::program::Program;

const KNOWN: [(&str, &str); 4] = [("apple", "0"), ("google", "1"), ("facebook", "2"), ("baidu", "3")];
const PARAMETER: &str = "channel_id=";

pub struct Q21 {
    parameter: Finder<'static>,
    auction: Vec<i64>,
    bidder: Vec<i64>,
    price: Vec<i64>,
    channel: Text,
    channel_id: Text,
}

impl Default for Q21 {
    fn default() -> Q21 {
        let (auction, bidder, price) = (Vec::new(), Vec::new(), Vec::new());
        let (channel, channel_id) = (Text::default(), Text::default());
        Q21 { parameter: Finder::new(PARAMETER), auction, bidder, price, channel, channel_id }
    }
}

impl Q21 {
    /// What stands behind the first parameter of that name in an address: `(&|^)channel_id=([^&]*)`.
    fn named<'a>(&self, url: &'a str) -> Option<&'a str> {
        let mut places = self.parameter.find_iter(url.as_bytes());
        let place = places.find(|place| *place == 0 || url.as_bytes()[place - 1] == b'&')?;
        let value = &url[place + PARAMETER.len()..];
        Some(&value[..memchr::memchr(b'&', value.as_bytes()).unwrap_or(value.len())])
    }
}

fn known(channel: &str) -> Option<&'static str> {
    let lower = if channel.is_ascii() { Cow::Borrowed(channel) } else { Cow::Owned(channel.to_lowercase()) };
    KNOWN.iter().find(|(name, _)| lower.eq_ignore_ascii_case(name)).map(|(_, id)| *id)
}

impl Program for Q21 {
    fn step(&mut self, step: &Step) -> usize {
        for column in [&mut self.auction, &mut self.bidder, &mut self.price] {
            column.clear();
        }
        self.channel.clear();
        self.channel_id.clear();
        let bids = &step.events.bids;
        for row in step.bids.clone() {
            let channel = bids.channel.get(row);
            let Some(id) = known(channel).or_else(|| self.named(bids.url.get(row))) else {
                continue;
            };
            self.auction.push(bids.auction[row]);
            self.bidder.push(bids.bidder[row]);
            self.price.push(bids.price[row]);
            self.channel.push(channel);
            self.channel_id.push(id);
        }
        self.auction.len()
    }

    fn row(&self, row: usize, text: &mut RowText) -> i64 {
        text.integer(self.auction[row].into()).integer(self.bidder[row].into()).integer(self.price[row].into());
        text.string(self.channel.get(row)).string(self.channel_id.get(row));
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_parameter_of_that_name_counts() {
        let query = Q21::default();
        assert_eq!(query.named("https://a/b?query=1&channel_id=12&channel_id=3"), Some("12"));
        assert_eq!(query.named("channel_id="), Some(""));
        assert_eq!(query.named("https://a/b?channel_id=1&no_channel_id=2&channel_id=3"), Some("3"));
        assert_eq!(query.named("https://a/b?channel_id=1"), None);
    }

    #[test]
    fn names_are_known_in_any_case() {
        assert_eq!(known("BaIdU"), Some("3"));
        assert_eq!(known("faceboo\u{212a}"), Some("2"));
        assert_eq!(known("channel-3"), None);
    }
}
