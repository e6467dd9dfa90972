//! Each query by its definition: loops over all rows, written from the SQL, sharing nothing with the programs.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use deltaq_nexmark::{Auction, Bid, Checksum, Event, Person, QUERIES, RowText, events};

use crate::columns::Events;
use crate::run::checksum;

const EVENTS: usize = 6_000;

#[test]
fn programs_have_the_result_of_the_definition() {
    let all: Vec<Event> = events(0..EVENTS).collect();
    for query in QUERIES {
        let expected = defined(query, &all);
        assert!(expected.rows > 0, "{query} has a result");
        for size in [1, 7, 1_000, EVENTS] {
            let mut stream = Events::default();
            all.chunks(size).for_each(|step| stream.push_step(step.iter().cloned()));
            assert_eq!(checksum(query, &stream), expected, "{query} in steps of {size}");
        }
    }
}

#[test]
fn either_side_of_a_join_may_come_first() {
    let mut all: Vec<Event> = events(0..EVENTS).collect();
    let expected: Vec<Checksum> = QUERIES.iter().map(|query| defined(query, &all)).collect();
    all.reverse();
    for (query, expected) in QUERIES.iter().zip(expected) {
        let mut stream = Events::default();
        all.chunks(50).for_each(|step| stream.push_step(step.iter().cloned()));
        assert_eq!(checksum(query, &stream), expected, "{query} backwards");
    }
}

struct Tables<'a> {
    persons: Vec<&'a Person>,
    auctions: Vec<&'a Auction>,
    bids: Vec<&'a Bid>,
}

fn defined(query: &str, events: &[Event]) -> Checksum {
    let mut tables = Tables { persons: Vec::new(), auctions: Vec::new(), bids: Vec::new() };
    for event in events {
        match event {
            Event::Person(person) => tables.persons.push(person),
            Event::Auction(auction) => tables.auctions.push(auction),
            Event::Bid(bid) => tables.bids.push(bid),
        }
    }
    let mut sum = Checksum::default();
    for row in rows(query, &tables) {
        sum.add(row.text(), 1);
    }
    sum
}

fn row(fields: impl FnOnce(&mut RowText)) -> RowText {
    let mut text = RowText::default();
    fields(text.start());
    text
}

fn number(row: &mut RowText, value: usize) -> &mut RowText {
    row.integer(value as i128)
}

fn time(row: &mut RowText, millis: u64) -> &mut RowText {
    row.timestamp(millis as i64 * 1_000)
}

fn day(millis: u64) -> i64 {
    (millis / 86_400_000) as i64
}

fn write_bid(row: &mut RowText, bid: &Bid) {
    number(number(number(row, bid.auction), bid.bidder), bid.price).string(&bid.channel).string(&bid.url);
    time(row, bid.date_time).string(&bid.extra);
}

fn columns(bid: &Bid) -> (usize, usize, &str, &str, u64, &str) {
    (bid.bidder, bid.price, &bid.channel, &bid.url, bid.date_time, &bid.extra)
}

/// The valid bids on each auction.
fn valid<'a>(tables: &Tables<'a>) -> Vec<(&'a Auction, Vec<&'a Bid>)> {
    let bids_on = |auction: &'a Auction| {
        let open = auction.date_time..=auction.expires;
        let valid = |bid: &&&Bid| bid.auction == auction.id && open.contains(&bid.date_time);
        tables.bids.iter().filter(valid).copied().collect::<Vec<_>>()
    };
    let each = tables.auctions.iter().map(|auction| (*auction, bids_on(auction)));
    each.filter(|(_, bids)| !bids.is_empty()).collect()
}

fn groups<'a, K: Ord>(bids: &[&'a Bid], key: impl Fn(&'a Bid) -> K) -> BTreeMap<K, Vec<&'a Bid>> {
    let mut groups: BTreeMap<K, Vec<&Bid>> = BTreeMap::new();
    bids.iter().for_each(|bid| groups.entry(key(bid)).or_default().push(bid));
    groups
}

const RANKS: [fn(usize) -> bool; 4] =
    [|_| true, |price| price < 10_000, |price| (10_000..1_000_000).contains(&price), |price| price >= 1_000_000];

fn tally(row: &mut RowText, bids: &[&Bid]) {
    for of in [None, Some((|bid: &Bid| bid.bidder) as fn(&Bid) -> usize), Some(|bid: &Bid| bid.auction)] {
        for rank in RANKS {
            let of_rank = bids.iter().filter(|bid| rank(bid.price));
            let count = match of {
                None => of_rank.count(),
                Some(column) => of_rank.map(|bid| column(bid)).collect::<BTreeSet<_>>().len(),
            };
            number(row, count);
        }
    }
}

fn rows(query: &str, tables: &Tables) -> Vec<RowText> {
    let bids = &tables.bids;
    let of_bids = |fields: &dyn Fn(&Bid, &mut RowText)| bids.iter().map(|bid| row(|text| fields(bid, text))).collect();
    match query {
        "q0" => of_bids(&|bid, text| {
            number(number(number(text, bid.auction), bid.bidder), bid.price);
            time(text, bid.date_time).string(&bid.extra);
        }),
        "q1" => of_bids(&|bid, text| {
            number(number(text, bid.auction), bid.bidder).decimal(bid.price as i128 * 908, 3);
            time(text, bid.date_time).string(&bid.extra);
        }),
        "q2" => {
            let wanted = bids.iter().filter(|bid| bid.auction % 123 == 0);
            wanted.map(|bid| row(|text| _ = number(number(text, bid.auction), bid.price))).collect()
        }
        "q3" => {
            let mut result = Vec::new();
            for auction in tables.auctions.iter().filter(|auction| auction.category == 10) {
                for person in tables.persons.iter().filter(|person| person.id == auction.seller) {
                    if ["or", "id", "ca"].contains(&person.state.as_str()) {
                        result.push(row(|text| {
                            text.string(&person.name).string(&person.city).string(&person.state);
                            number(text, auction.id);
                        }));
                    }
                }
            }
            result
        }
        "q4" => {
            let mut finals: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
            for (auction, bids) in valid(tables) {
                finals.entry(auction.category).or_default().extend(bids.iter().map(|bid| bid.price).max());
            }
            let average = |prices: &[usize]| prices.iter().sum::<usize>() / prices.len();
            finals
                .iter()
                .map(|(category, prices)| row(|text| _ = number(number(text, *category), average(prices))))
                .collect()
        }
        "q9" => {
            let best = |mut bids: Vec<&Bid>| -> Bid {
                bids.sort_by_key(|bid| (Reverse(bid.price), bid.date_time, bid.bidder, bid.extra.clone()));
                bids[0].clone()
            };
            let write = |text: &mut RowText, auction: &Auction, bid: Bid| {
                number(text, auction.id).string(&auction.item_name).string(&auction.description);
                number(number(text, auction.initial_bid), auction.reserve);
                time(time(text, auction.date_time), auction.expires);
                number(number(text, auction.seller), auction.category).string(&auction.extra);
                number(number(number(text, bid.auction), bid.bidder), bid.price);
                time(text, bid.date_time).string(&bid.extra);
            };
            valid(tables).into_iter().map(|(auction, bids)| row(|text| write(text, auction, best(bids)))).collect()
        }
        "q13" => of_bids(&|bid, text| {
            number(number(number(text, bid.auction), bid.bidder), bid.price);
            number(time(text, bid.date_time), bid.auction % 10_000);
        }),
        "q14" => {
            let wanted = bids.iter().filter(|bid| (1_000_000_001..50_000_000_000).contains(&(bid.price * 908)));
            let write = |text: &mut RowText, bid: &Bid| {
                number(number(text, bid.auction), bid.bidder).decimal(bid.price as i128 * 908, 3);
                let hour = bid.date_time / 3_600_000 % 24;
                text.string(if (8..=18).contains(&hour) {
                    "dayTime"
                } else if hour <= 6 || hour >= 20 {
                    "nightTime"
                } else {
                    "otherTime"
                });
                time(text, bid.date_time).string(&bid.extra);
                number(text, bid.extra.matches('c').count());
            };
            wanted.map(|bid| row(|text| write(text, bid))).collect()
        }
        "q15" => {
            let days = groups(bids, |bid| day(bid.date_time));
            days.iter().map(|(day, bids)| row(|text| tally(text.date(*day), bids))).collect()
        }
        "q16" => {
            let groups = groups(bids, |bid| (bid.channel.clone(), day(bid.date_time)));
            let minute = |bids: &[&Bid]| {
                let last = bids.iter().map(|bid| bid.date_time % 86_400_000 / 60_000).max().unwrap_or(0);
                format!("{:02}:{:02}", last / 60, last % 60)
            };
            let each = groups.iter();
            each.map(|((channel, day), bids)| {
                row(|text| tally(text.string(channel).date(*day).string(&minute(bids)), bids))
            })
            .collect()
        }
        "q17" => {
            let groups = groups(bids, |bid| (bid.auction, day(bid.date_time)));
            let write = |text: &mut RowText, auction: usize, day: i64, bids: &[&Bid]| {
                number(text, auction).date(day);
                for rank in RANKS {
                    number(text, bids.iter().filter(|bid| rank(bid.price)).count());
                }
                let prices = || bids.iter().map(|bid| bid.price);
                number(number(text, prices().min().unwrap_or(0)), prices().max().unwrap_or(0));
                number(number(text, prices().sum::<usize>() / bids.len()), prices().sum());
            };
            groups.iter().map(|((auction, day), bids)| row(|text| write(text, *auction, *day, bids))).collect()
        }
        "q18" => {
            let pairs = groups(bids, |bid| (bid.bidder, bid.auction));
            let last = |bids: &[&Bid]| {
                let mut sorted = bids.to_vec();
                sorted.sort_by_key(|bid| (Reverse(bid.date_time), columns(bid)));
                sorted[0].clone()
            };
            pairs.values().map(|bids| row(|text| write_bid(text, &last(bids)))).collect()
        }
        "q19" => {
            let auctions = groups(bids, |bid| bid.auction);
            let mut result = Vec::new();
            for bids in auctions.values() {
                let mut sorted = bids.clone();
                sorted.sort_by_key(|bid| (Reverse(bid.price), columns(bid)));
                for (place, bid) in sorted.iter().take(10).enumerate() {
                    result.push(row(|text| {
                        write_bid(text, bid);
                        number(text, place + 1);
                    }));
                }
            }
            result
        }
        "q20" => {
            let mut result = Vec::new();
            for bid in bids {
                for auction in
                    tables.auctions.iter().filter(|auction| auction.id == bid.auction && auction.category == 10)
                {
                    result.push(row(|text| {
                        write_bid(text, bid);
                        text.string(&auction.item_name).string(&auction.description);
                        number(number(text, auction.initial_bid), auction.reserve);
                        time(time(text, auction.date_time), auction.expires);
                        number(number(text, auction.seller), auction.category).string(&auction.extra);
                    }));
                }
            }
            result
        }
        "q21" => {
            let id = |bid: &Bid| match bid.channel.to_lowercase().as_str() {
                "apple" => Some("0".to_string()),
                "google" => Some("1".to_string()),
                "facebook" => Some("2".to_string()),
                "baidu" => Some("3".to_string()),
                _ => bid.url.split('&').find_map(|part| part.strip_prefix("channel_id=")).map(str::to_string),
            };
            let write = |text: &mut RowText, bid: &Bid, id: &str| {
                number(number(number(text, bid.auction), bid.bidder), bid.price).string(&bid.channel).string(id);
            };
            bids.iter()
                .filter_map(|bid| {
                    Some(row(|text| write(text, bid, &id(bid).unwrap_or_default()))).filter(|_| id(bid).is_some())
                })
                .collect()
        }
        "q22" => of_bids(&|bid, text| {
            number(number(number(text, bid.auction), bid.bidder), bid.price).string(&bid.channel);
            for place in 3..6 {
                match bid.url.split('/').nth(place) {
                    Some(directory) => text.string(directory),
                    None => text.null(),
                };
            }
        }),
        _ => panic!("a definition for every query: {query}"),
    }
}
