//! What every measured program is told.

use clap::Args;
use clap::builder::RangedU64ValueParser;

use crate::queries::QUERIES;

/// Events of one step while loading for [`Arguments::steps`].
pub const LOAD_STEP: usize = 10_000;

/// What to run, and how.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Queries, separated by commas, in any case, or all.
    #[arg(long, default_value = "all", value_delimiter = ',')]
    pub query: Vec<String>,
    /// Events.
    #[arg(long, default_value_t = 2_000_000)]
    pub events: usize,
    /// Worker threads.
    #[arg(long, default_value_t = 1, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub workers: usize,
    /// Events of one step.
    #[arg(long, default_value_t = 10_000, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub step: usize,
    /// Steps to be timed one by one, after the events have been loaded in large steps. 0: the time of all events.
    #[arg(long, default_value_t = 0)]
    pub steps: usize,
    /// Mebibytes of memory to touch before anything else, see [`touch`](crate::touch). The figure for memory means nothing then.
    #[arg(long, default_value_t = 0)]
    pub touch: usize,
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
}

impl Arguments {
    /// The queries asked for, in their order. Errs with what is no query.
    pub fn queries(&self) -> Result<Vec<&'static str>, String> {
        queries_of(&self.query)
    }

    /// How many events are needed: those loaded, and those of the timed steps.
    pub fn total(&self) -> usize {
        self.events + self.steps * self.step
    }

    /// Events of one step of the first `events`: as asked for, or [`LOAD_STEP`] where what is timed comes after.
    pub fn load_step(&self) -> usize {
        if self.steps > 0 { LOAD_STEP } else { self.step }
    }
}

/// The queries of these names, in any case, in their order; `all` names all. Errs with what is no query.
pub fn queries_of(names: &[String]) -> Result<Vec<&'static str>, String> {
    let is = |name: &String, query: &str| name.eq_ignore_ascii_case("all") || name.eq_ignore_ascii_case(query);
    if let Some(unknown) = names.iter().find(|name| !QUERIES.into_iter().any(|query| is(name, query))) {
        return Err(format!("no query {unknown:?}; there are {}", QUERIES.join(", ")));
    }
    let wanted = |query: &str| names.iter().any(|name| is(name, query));
    Ok(QUERIES.into_iter().filter(|query| wanted(query)).collect())
}
