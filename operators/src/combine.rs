//! Merging of equal rows before they are sent to another worker.

use arrow_schema::DataType;
use deltaq_circuit::{Batch, Class, Output, Partition, Query};

/// Its input, equal rows of a step added up if there seem to be many: the first phase of a two-phase count. Where a key is frequent,
/// one row travels for many. Linear; keeps no state.
#[derive(Clone, Debug)]
pub struct Combine(pub Vec<DataType>);

impl Combine {
    /// Its name as a query.
    pub const NAME: &str = "combine";
}

impl Query for Combine {
    fn name(&self) -> &'static str {
        Combine::NAME
    }

    fn describe(&self) -> String {
        "equal rows".into()
    }

    fn types(&self) -> Vec<DataType> {
        self.0.clone()
    }

    fn class(&self) -> Class {
        Class::Linear
    }

    fn partition(&self, _input: usize) -> Partition {
        Partition::Any
    }

    fn apply(&self, inputs: &[Batch]) -> Output {
        if repeats(&inputs[0]) { inputs[0].consolidate().into() } else { inputs[0].clone().into() }
    }
}

/// Rows that are looked at to judge a delta.
const SAMPLE_ROWS: usize = 1024;

/// Whether a fifth or more of the rows seem to repeat others, by a sample. Where all differ, adding up costs as much as it could save.
fn repeats(batch: &Batch) -> bool {
    if batch.is_consolidated() || batch.columns().is_empty() {
        return !batch.is_consolidated();
    }
    let sample = batch.slice(0, batch.len().min(SAMPLE_ROWS));
    let all: Vec<usize> = (0..sample.columns().len()).collect();
    let hashes = sample.layout(&all).hashes(sample.columns(), sample.len());
    let mut seen = [0u64; 256];
    for hash in hashes {
        let bit = (hash >> 50) as usize;
        seen[bit / 64] |= 1 << (bit % 64);
    }
    let distinct: u32 = seen.iter().map(|word| word.count_ones()).sum();
    distinct as usize * 5 <= sample.len() * 4
}
