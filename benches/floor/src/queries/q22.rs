//! q22: bids with three directories of their address.

use deltaq_nexmark::RowText;

use crate::columns::{Column, Step, Text};
use crate::program::Program;

/// Pieces between slashes before the first directory: the scheme, nothing, the host.
const BEFORE: usize = 3;

#[derive(Default)]
pub struct Q22 {
    auction: Vec<i64>,
    bidder: Vec<i64>,
    price: Vec<i64>,
    channel: Text,
    directories: [Text; 3],
    /// Of each row, how many directories there are; the others are NULL.
    present: Vec<u8>,
}

impl Program for Q22 {
    fn step(&mut self, step: &Step) -> usize {
        let bids = &step.events.bids;
        for (to, from) in
            [(&mut self.auction, &bids.auction), (&mut self.bidder, &bids.bidder), (&mut self.price, &bids.price)]
        {
            to.clear();
            to.extend_from_slice(&from[step.bids.clone()]);
        }
        self.channel.clear();
        self.channel.extend_from(&bids.channel, step.bids.clone());
        self.directories.iter_mut().for_each(Text::clear);
        self.present.clear();
        for row in step.bids.clone() {
            let url = bids.url.get(row);
            let mut slashes = memchr::memchr_iter(b'/', url.as_bytes()).skip(BEFORE - 1);
            let mut start = slashes.next().map(|slash| slash + 1);
            let mut present = 0;
            for directory in &mut self.directories {
                let Some(from) = start else {
                    directory.push("");
                    continue;
                };
                let end = slashes.next();
                directory.push(&url[from..end.unwrap_or(url.len())]);
                present += 1;
                start = end.map(|slash| slash + 1);
            }
            self.present.push(present);
        }
        step.bids.len()
    }

    fn row(&self, row: usize, text: &mut RowText) -> i64 {
        text.integer(self.auction[row].into()).integer(self.bidder[row].into()).integer(self.price[row].into());
        text.string(self.channel.get(row));
        for (number, directory) in self.directories.iter().enumerate() {
            if number < usize::from(self.present[row]) {
                text.string(directory.get(row));
            } else {
                text.null();
            }
        }
        1
    }
}
