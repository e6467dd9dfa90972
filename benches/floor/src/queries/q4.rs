//! q4: by category, the average of the best price of each auction, among bids while it was open.
//!
//! An auction keeps its best price, a category the sum of best prices and their number. Bids on auctions not known yet wait.

use deltaq_nexmark::RowText;

use crate::columns::Step;
use crate::hash::Map;
use crate::program::Program;

struct Auction {
    opens: i64,
    expires: i64,
    /// 0 before the first bid: prices are positive.
    best: i64,
    category: u32,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Prices {
    sum: i64,
    count: i64,
}

struct Category {
    id: i64,
    shown: Prices,
    now: Prices,
}

#[derive(Default)]
pub struct Q4 {
    auctions: Map<i64, Auction>,
    waiting: Map<i64, Vec<(i64, i64)>>,
    /// There are few: searched from the first.
    categories: Vec<Category>,
    out: Vec<(i64, i64, i64)>,
}

fn bid(auction: &mut Auction, categories: &mut [Category], price: i64, date_time: i64) {
    if price > auction.best && auction.opens <= date_time && date_time <= auction.expires {
        let prices = &mut categories[auction.category as usize].now;
        prices.sum += price - auction.best;
        prices.count += i64::from(auction.best == 0);
        auction.best = price;
    }
}

impl Program for Q4 {
    fn step(&mut self, step: &Step) -> usize {
        let from = &step.events.auctions;
        for row in step.auctions.clone() {
            let id = from.category[row];
            let category = self.categories.iter().position(|category| category.id == id).unwrap_or_else(|| {
                self.categories.push(Category { id, shown: Prices::default(), now: Prices::default() });
                self.categories.len() - 1
            });
            let mut auction =
                Auction { opens: from.date_time[row], expires: from.expires[row], best: 0, category: category as u32 };
            for (price, date_time) in self.waiting.remove(&from.id[row]).into_iter().flatten() {
                bid(&mut auction, &mut self.categories, price, date_time);
            }
            self.auctions.insert(from.id[row], auction);
        }
        let bids = &step.events.bids;
        let (prices, times) = (&bids.price[step.bids.clone()], &bids.date_time[step.bids.clone()]);
        for ((id, price), date_time) in bids.auction[step.bids.clone()].iter().zip(prices).zip(times) {
            match self.auctions.get_mut(id) {
                Some(auction) => bid(auction, &mut self.categories, *price, *date_time),
                None => self.waiting.entry(*id).or_default().push((*price, *date_time)),
            }
        }
        self.out.clear();
        for category in &mut self.categories {
            let (before, now) = (category.shown, category.now);
            if before == now {
                continue;
            }
            category.shown = now;
            let now = now.sum / now.count;
            if before.count > 0 {
                let before = before.sum / before.count;
                if before == now {
                    continue;
                }
                self.out.push((category.id, before, -1));
            }
            self.out.push((category.id, now, 1));
        }
        self.out.len()
    }

    fn row(&self, row: usize, text: &mut RowText) -> i64 {
        let (category, average, weight) = self.out[row];
        text.integer(category.into()).integer(average.into());
        weight
    }
}
