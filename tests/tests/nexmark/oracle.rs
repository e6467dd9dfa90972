//! What each query of Nexmark means, as plain loops over all events: computed anew each time, sharing nothing with the engine.

use std::collections::{BTreeMap, BTreeSet};

use deltaq_nexmark::{Auction, Bid, Event, Person, RowText, SIDE_ROWS};

/// The rows of a query's result as texts, each with how often it stands.
pub type Rows = BTreeMap<String, i64>;

/// Takes a row from what writes it.
type Row<'a> = &'a mut dyn FnMut(&dyn Fn(&mut RowText));

/// The events by kind.
#[derive(Default)]
pub struct Events {
    persons: Vec<Person>,
    auctions: Vec<Auction>,
    bids: Vec<Bid>,
}

impl Events {
    pub fn new(events: impl Iterator<Item = Event>) -> Events {
        let mut all = Events::default();
        for event in events {
            match event {
                Event::Person(person) => all.persons.push(person),
                Event::Auction(auction) => all.auctions.push(auction),
                Event::Bid(bid) => all.bids.push(bid),
            }
        }
        all
    }

    /// The result of a query.
    pub fn result(&self, query: &str) -> Rows {
        let mut rows = Rows::default();
        let mut text = RowText::default();
        let mut row = |write: &dyn Fn(&mut RowText)| {
            write(text.start());
            *rows.entry(text.text().to_string()).or_insert(0) += 1;
        };
        match query {
            "q0" => self.bids.iter().for_each(|bid| row(&|t| plain(t, bid, |t| _ = t.integer(int(bid.price))))),
            "q1" => self.bids.iter().for_each(|bid| row(&|t| plain(t, bid, |t| _ = t.decimal(euros(bid), 3)))),
            "q2" => {
                for bid in self.bids.iter().filter(|bid| bid.auction % 123 == 0) {
                    row(&|t| _ = t.integer(int(bid.auction)).integer(int(bid.price)));
                }
            }
            "q3" => self.local_items(&mut row),
            "q4" => self.category_averages(&mut row),
            "q9" => self.winning_bids(&mut row),
            "q13" => {
                for bid in &self.bids {
                    let key = bid.auction % 10_000;
                    assert!(key < SIDE_ROWS);
                    row(&|t| {
                        t.integer(int(bid.auction)).integer(int(bid.bidder)).integer(int(bid.price));
                        t.timestamp(micros(bid.date_time)).string(&key.to_string());
                    });
                }
            }
            "q14" => self.calculation(&mut row),
            "q15" => self.statistics(false, &mut row),
            "q16" => self.statistics(true, &mut row),
            "q17" => self.auction_statistics(&mut row),
            "q18" => {
                for bids in by(&self.bids, |bid| (bid.bidder, bid.auction)).values() {
                    let last = bids.iter().min_by_key(|bid| (std::cmp::Reverse(bid.date_time), in_turn(bid)));
                    last.iter().for_each(|bid| row(&|t| whole(t, bid)));
                }
            }
            "q19" => {
                for bids in by(&self.bids, |bid| bid.auction).values_mut() {
                    bids.sort_by_key(|bid| (std::cmp::Reverse(bid.price), in_turn(bid)));
                    for (rank, bid) in bids.iter().take(10).enumerate() {
                        row(&|t| {
                            whole(t, bid);
                            t.integer(int(rank + 1));
                        });
                    }
                }
            }
            "q20" => self.expanded(&mut row),
            "q21" => self.channels(&mut row),
            "q22" => {
                for bid in &self.bids {
                    row(&|t| {
                        t.integer(int(bid.auction))
                            .integer(int(bid.bidder))
                            .integer(int(bid.price))
                            .string(&bid.channel);
                        (3..6).for_each(|part| optional(t, bid.url.split('/').nth(part)));
                    });
                }
            }
            _ => panic!("no oracle for {query}"),
        }
        rows
    }

    fn local_items(&self, row: Row) {
        let sellers = by(&self.auctions, |auction| auction.seller);
        for person in self.persons.iter().filter(|p| ["or", "id", "ca"].contains(&p.state.as_str())) {
            for auction in sellers.get(&person.id).into_iter().flatten().filter(|a| a.category == 10) {
                row(&|t| {
                    _ = t.string(&person.name).string(&person.city).string(&person.state).integer(int(auction.id))
                });
            }
        }
    }

    /// Each auction with its valid bids.
    fn valid(&self) -> impl Iterator<Item = (&Auction, Vec<&Bid>)> {
        let bids = by(&self.bids, |bid| bid.auction);
        self.auctions.iter().map(move |auction| {
            let span = auction.date_time..=auction.expires;
            let all = bids.get(&auction.id).into_iter().flatten().copied();
            (auction, all.filter(|bid| span.contains(&bid.date_time)).collect())
        })
    }

    fn category_averages(&self, row: Row) {
        let mut highest: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (auction, bids) in self.valid() {
            for bid in bids {
                let top = highest.entry((auction.id, auction.category)).or_insert(0);
                *top = (*top).max(bid.price);
            }
        }
        let mut categories: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for ((_, category), price) in highest {
            let (sum, count) = categories.entry(category).or_insert((0, 0));
            (*sum, *count) = (*sum + price, *count + 1);
        }
        for (category, (sum, count)) in categories {
            row(&|t| _ = t.integer(int(category)).integer(int(sum / count)));
        }
    }

    fn winning_bids(&self, row: Row) {
        for (auction, bids) in self.valid() {
            let best = |bid: &&&Bid| (std::cmp::Reverse(bid.price), bid.date_time, bid.bidder, bid.extra.clone());
            let Some(bid) = bids.iter().min_by_key(best) else { continue };
            row(&|t| {
                t.integer(int(auction.id)).string(&auction.item_name).string(&auction.description);
                t.integer(int(auction.initial_bid)).integer(int(auction.reserve));
                t.timestamp(micros(auction.date_time)).timestamp(micros(auction.expires));
                t.integer(int(auction.seller)).integer(int(auction.category)).string(&auction.extra);
                plain(t, bid, |t| _ = t.integer(int(bid.price)));
            });
        }
    }

    fn calculation(&self, row: Row) {
        for bid in &self.bids {
            let price = euros(bid);
            if price <= 1_000_000_000 || price >= 50_000_000_000 {
                continue;
            }
            let part = match bid.date_time / 3_600_000 % 24 {
                8..=18 => "dayTime",
                0..=6 | 20.. => "nightTime",
                _ => "otherTime",
            };
            row(&|t| {
                t.integer(int(bid.auction)).integer(int(bid.bidder)).decimal(price, 3).string(part);
                t.timestamp(micros(bid.date_time)).string(&bid.extra);
                t.integer(int(bid.extra.chars().filter(|c| *c == 'c').count()));
            });
        }
    }

    fn statistics(&self, channels: bool, row: Row) {
        let groups = by(&self.bids, |bid| (if channels { bid.channel.as_str() } else { "" }, day(bid)));
        for ((channel, day), bids) in &groups {
            let last = bids.iter().map(|bid| minute(bid)).max().unwrap_or_default();
            let counts = |what: &dyn Fn(&[&Bid]) -> usize| {
                let ranked = [0..usize::MAX, 0..10_000, 10_000..1_000_000, 1_000_000..usize::MAX];
                ranked.map(|rank| {
                    let bids: Vec<&Bid> = bids.iter().copied().filter(|bid| rank.contains(&bid.price)).collect();
                    what(&bids)
                })
            };
            let distinct = |of: fn(&Bid) -> usize| {
                counts(&|bids: &[&Bid]| bids.iter().map(|bid| of(bid)).collect::<BTreeSet<usize>>().len())
            };
            let all = [counts(&|bids| bids.len()), distinct(|bid| bid.bidder), distinct(|bid| bid.auction)];
            row(&|t| {
                if channels {
                    t.string(channel).string(day).string(&last);
                } else {
                    t.string(day);
                }
                all.iter().flatten().for_each(|count| _ = t.integer(int(*count)));
            });
        }
    }

    fn auction_statistics(&self, row: Row) {
        for ((auction, day), bids) in &by(&self.bids, |bid| (bid.auction, day(bid))) {
            let prices: Vec<usize> = bids.iter().map(|bid| bid.price).collect();
            let ranked = |low: usize, high: usize| prices.iter().filter(|p| (low..high).contains(p)).count();
            let sum: usize = prices.iter().sum();
            row(&|t| {
                t.integer(int(*auction)).string(day).integer(int(prices.len()));
                t.integer(int(ranked(0, 10_000))).integer(int(ranked(10_000, 1_000_000)));
                t.integer(int(ranked(1_000_000, usize::MAX)));
                let ends = [prices.iter().min(), prices.iter().max()];
                ends.into_iter().flatten().for_each(|price| _ = t.integer(int(*price)));
                t.integer(int(sum / prices.len())).integer(int(sum));
            });
        }
    }

    fn expanded(&self, row: Row) {
        let auctions = by(&self.auctions, |auction| auction.id);
        for bid in &self.bids {
            for auction in auctions.get(&bid.auction).into_iter().flatten().filter(|a| a.category == 10) {
                row(&|t| {
                    whole(t, bid);
                    t.string(&auction.item_name).string(&auction.description).integer(int(auction.initial_bid));
                    t.integer(int(auction.reserve)).timestamp(micros(auction.date_time));
                    t.timestamp(micros(auction.expires)).integer(int(auction.seller));
                    t.integer(int(auction.category)).string(&auction.extra);
                });
            }
        }
    }

    fn channels(&self, row: Row) {
        for bid in &self.bids {
            let named = bid.url.split('&').find_map(|part| part.strip_prefix("channel_id="));
            let known = ["apple", "google", "facebook", "baidu"];
            let place = known.iter().position(|channel| *channel == bid.channel.to_lowercase());
            let place = place.map(|place| place.to_string());
            let Some(id) = place.as_deref().or(named) else { continue };
            row(&|t| {
                t.integer(int(bid.auction)).integer(int(bid.bidder)).integer(int(bid.price));
                t.string(&bid.channel).string(id);
            });
        }
    }
}

fn by<'a, T, K: Ord>(all: &'a [T], key: impl Fn(&'a T) -> K) -> BTreeMap<K, Vec<&'a T>> {
    let mut groups: BTreeMap<K, Vec<&'a T>> = BTreeMap::new();
    all.iter().for_each(|one| groups.entry(key(one)).or_default().push(one));
    groups
}

fn int(value: usize) -> i128 {
    value as i128
}

fn micros(millis: u64) -> i64 {
    millis as i64 * 1_000
}

/// A bid's price in thousandths of a euro.
fn euros(bid: &Bid) -> i128 {
    908 * int(bid.price)
}

/// Auction, bidder, price as it is written, time and extra.
fn plain(text: &mut RowText, bid: &Bid, price: impl Fn(&mut RowText)) {
    text.integer(int(bid.auction)).integer(int(bid.bidder));
    price(text);
    text.timestamp(micros(bid.date_time)).string(&bid.extra);
}

/// All columns.
fn whole(text: &mut RowText, bid: &Bid) {
    text.integer(int(bid.auction)).integer(int(bid.bidder)).integer(int(bid.price));
    text.string(&bid.channel).string(&bid.url).timestamp(micros(bid.date_time)).string(&bid.extra);
}

fn optional(text: &mut RowText, value: Option<&str>) {
    match value {
        Some(value) => text.string(value),
        None => text.null(),
    };
}

/// What ties are broken by.
fn in_turn(bid: &Bid) -> (usize, usize, usize, String, String, u64, String) {
    let Bid { auction, bidder, price, channel, url, date_time, extra } = bid.clone();
    (auction, bidder, price, channel, url, date_time, extra)
}

fn day(bid: &Bid) -> String {
    RowText::default().start().date((bid.date_time / 86_400_000) as i64).text().to_string()
}

fn minute(bid: &Bid) -> String {
    let minutes = bid.date_time / 60_000;
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}
