//! q16: by channel and day, the last minute with a bid, and how many bids, bidders and auctions, in all and by range of price.

use deltaq_nexmark::RowText;
use hashbrown::HashTable;

use crate::columns::{Column, DAY_US, Step, Text};
use crate::days::day_text;
use crate::hash::{Map, text_and_number};
use crate::program::Program;
use crate::tally::Tally;

const MINUTE_US: i64 = 60_000_000;

#[derive(Default)]
struct Groups {
    channel: Text,
    day: Vec<i64>,
    /// Of the day.
    minute: Vec<i64>,
    tally: Vec<Tally>,
    /// The number of the step of the last change.
    changed: Vec<u64>,
}

#[derive(Default)]
struct Out {
    channel: Text,
    day: Text,
    minute: Text,
    tally: Vec<Tally>,
    weight: Vec<i64>,
}

#[derive(Default)]
pub struct Q16 {
    groups: Groups,
    group_of: HashTable<u32>,
    bidders: Map<(u32, i64), u8>,
    auctions: Map<(u32, i64), u8>,
    changed: Vec<u32>,
    number: u64,
    day: (i64, String),
    out: Out,
}

impl Q16 {
    fn emit(&mut self, group: usize, weight: i64) {
        let (groups, out) = (&self.groups, &mut self.out);
        if self.day.1.is_empty() || self.day.0 != groups.day[group] {
            self.day = (groups.day[group], day_text(groups.day[group]));
        }
        out.channel.push_from(&groups.channel, group);
        out.day.push(&self.day.1);
        let (hour, minute) = ((groups.minute[group] / 60) as u8, (groups.minute[group] % 60) as u8);
        let digits = [hour / 10 + b'0', hour % 10 + b'0', b':', minute / 10 + b'0', minute % 10 + b'0'];
        out.minute.push(str::from_utf8(&digits).unwrap_or_else(|_| panic!("digits are ASCII")));
        out.tally.push(groups.tally[group]);
        out.weight.push(weight);
    }

    fn group(&mut self, channel: &str, day: i64) -> u32 {
        let groups = &mut self.groups;
        let hash = text_and_number(channel, day);
        let found = self
            .group_of
            .find(hash, |group| groups.day[*group as usize] == day && groups.channel.get(*group as usize) == channel);
        if let Some(group) = found {
            return *group;
        }
        let group = groups.day.len() as u32;
        groups.channel.push(channel);
        groups.day.push(day);
        groups.minute.push(0);
        groups.tally.push(Tally::default());
        groups.changed.push(0);
        self.group_of.insert_unique(hash, group, |group| {
            text_and_number(groups.channel.get(*group as usize), groups.day[*group as usize])
        });
        group
    }
}

impl Program for Q16 {
    fn step(&mut self, step: &Step) -> usize {
        self.number += 1;
        self.changed.clear();
        for column in [&mut self.out.channel, &mut self.out.day, &mut self.out.minute] {
            column.clear();
        }
        self.out.tally.clear();
        self.out.weight.clear();
        let bids = &step.events.bids;
        for row in step.bids.clone() {
            let time = bids.date_time[row];
            let group = self.group(bids.channel.get(row), time.div_euclid(DAY_US));
            let at = group as usize;
            if self.groups.changed[at] != self.number {
                self.groups.changed[at] = self.number;
                self.changed.push(group);
                if self.groups.tally[at].bids() > 0 {
                    self.emit(at, -1);
                }
            }
            let bidder = self.bidders.entry((group, bids.bidder[row])).or_default();
            let auction = self.auctions.entry((group, bids.auction[row])).or_default();
            self.groups.tally[at].add(bids.price[row], bidder, auction);
            self.groups.minute[at] = self.groups.minute[at].max(time.rem_euclid(DAY_US) / MINUTE_US);
        }
        let changed = std::mem::take(&mut self.changed);
        changed.iter().for_each(|group| self.emit(*group as usize, 1));
        self.changed = changed;
        self.out.weight.len()
    }

    fn row(&self, row: usize, text: &mut RowText) -> i64 {
        let Out { channel, day, minute, tally, weight } = &self.out;
        tally[row].write(text.string(channel.get(row)).string(day.get(row)).string(minute.get(row)));
        weight[row]
    }
}
