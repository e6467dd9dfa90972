//! The events: made by the crate `nexmark`, each from its number alone.

use std::ops::Range;

use nexmark::EventGenerator;
use nexmark::config::NexmarkConfig;

pub use nexmark::event::{Auction, Bid, Event, Person};

/// When event 0 happens: 2015-07-15 00:00:00 UTC, in milliseconds since 1970, as in the original benchmark. 10,000 events follow a second.
pub const BASE_TIME_MS: u64 = 1_436_918_400_000;

/// The events of these numbers, in order. Of 50 events one is a person, three are auctions, 46 are bids.
///
/// An event depends on nothing but its number, so any split of a range gives the same events.
pub fn events(range: Range<usize>) -> impl Iterator<Item = Event> {
    let config = NexmarkConfig { base_time: BASE_TIME_MS, ..NexmarkConfig::default() };
    EventGenerator::new(config).with_offset(range.start as u64).take(range.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_depend_on_their_number_only() {
        let whole: Vec<Event> = events(0..1_000).collect();
        let parts: Vec<Event> = events(0..333).chain(events(333..1_000)).collect();
        assert_eq!(whole, parts);
        let bids = whole.iter().filter(|event| matches!(event, Event::Bid(_))).count();
        assert_eq!(bids, 46 * 20);
        assert_eq!(whole[0].timestamp(), BASE_TIME_MS);
    }
}
