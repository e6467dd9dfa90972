//! q17: by auction and day, how many bids in all and by range of price, and minimum, maximum, average and sum of prices.

use deltaq_nexmark::RowText;

use crate::columns::{Column, DAY_US, Step, Text};
use crate::days::day_text;
use crate::hash::Map;
use crate::program::Program;
use crate::tally::rank;

#[derive(Clone, Copy)]
struct Group {
    auction: i64,
    day: i64,
    bids: i64,
    ranks: [i64; 3],
    least: i64,
    most: i64,
    sum: i64,
    /// Cut to a whole number, when the group is shown.
    average: i64,
    /// The number of the step of the last change.
    changed: u64,
}

#[derive(Default)]
pub struct Q17 {
    groups: Vec<Group>,
    group_of: Map<(i64, i64), u32>,
    changed: Vec<u32>,
    number: u64,
    day: (i64, String),
    out: Vec<(Group, i64)>,
    out_day: Text,
}

fn emit(out: &mut Vec<(Group, i64)>, days: &mut Text, day: &mut (i64, String), group: &Group, weight: i64) {
    if day.1.is_empty() || day.0 != group.day {
        *day = (group.day, day_text(group.day));
    }
    days.push(&day.1);
    out.push((*group, weight));
}

impl Program for Q17 {
    fn step(&mut self, step: &Step) -> usize {
        self.number += 1;
        self.changed.clear();
        self.out.clear();
        self.out_day.clear();
        let bids = &step.events.bids;
        for row in step.bids.clone() {
            let (auction, day, price) = (bids.auction[row], bids.date_time[row].div_euclid(DAY_US), bids.price[row]);
            let number = *self.group_of.entry((auction, day)).or_insert_with(|| {
                let (least, most) = (i64::MAX, i64::MIN);
                self.groups.push(Group {
                    auction,
                    day,
                    bids: 0,
                    ranks: [0; 3],
                    least,
                    most,
                    sum: 0,
                    average: 0,
                    changed: 0,
                });
                self.groups.len() as u32 - 1
            });
            let group = &mut self.groups[number as usize];
            if group.changed != self.number {
                if group.bids > 0 {
                    emit(&mut self.out, &mut self.out_day, &mut self.day, group, -1);
                }
                group.changed = self.number;
                self.changed.push(number);
            }
            group.bids += 1;
            group.ranks[rank(price)] += 1;
            group.least = group.least.min(price);
            group.most = group.most.max(price);
            group.sum += price;
        }
        for number in &self.changed {
            let group = &mut self.groups[*number as usize];
            group.average = group.sum / group.bids;
            emit(&mut self.out, &mut self.out_day, &mut self.day, group, 1);
        }
        self.out.len()
    }

    fn row(&self, row: usize, text: &mut RowText) -> i64 {
        let (group, weight) = &self.out[row];
        text.integer(group.auction.into()).string(self.out_day.get(row)).integer(group.bids.into());
        for number in group.ranks.into_iter().chain([group.least, group.most, group.average, group.sum]) {
            text.integer(number.into());
        }
        *weight
    }
}
