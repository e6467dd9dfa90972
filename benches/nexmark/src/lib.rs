//! Nexmark: an auction house's stream of persons, auctions and bids, and queries on it.
//!
//! What every program needs that is measured on it, deltaq or a peer, stands here: the same [`events`], the same [`Arguments`], the
//! same [`Report`], and a [`Checksum`] that shows that two of them have the same result. It needs the generator's crate and `clap`,
//! no part of deltaq. The feature `engine` adds the program on deltaq.

mod arguments;
mod checksum;
#[cfg(feature = "engine")]
pub mod engine;
mod events;
mod queries;
mod report;
mod usage;

pub use arguments::{Arguments, LOAD_STEP, queries_of};
pub use checksum::{Checksum, RowText};
pub use events::{Auction, BASE_TIME_MS, Bid, Event, Person, events};
pub use queries::{QUERIES, SCHEMA, SIDE_ROWS, select, view};
pub use report::{Latencies, Report};
pub use usage::{Usage, reset_peak, thread_cpu_seconds, touch};
