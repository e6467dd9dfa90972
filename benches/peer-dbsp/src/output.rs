//! What becomes of a query's output: its deltas are consumed where they appear, in the worker, as the engine's own benchmark does it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use dbsp::{DBData, IndexedZSetReader, NumEntries, OrdZSet, RootCircuit, Stream};
use deltaq_nexmark::{Checksum, RowText};

/// A row of a result.
pub trait Output: DBData {
    /// Writes its fields, in the order of the SQL.
    fn write(&self, text: &mut RowText);
}

/// Where a query's output goes.
#[derive(Clone)]
pub enum Sink {
    /// The rows of the deltas are counted.
    Count(Arc<AtomicU64>),
    /// All rows are read and summed up.
    Check(Arc<Mutex<Checksum>>),
}

impl Sink {
    /// Consumes a stream.
    pub fn consume<R: Output>(&self, stream: &Stream<RootCircuit, OrdZSet<R>>) {
        match self.clone() {
            Sink::Count(rows) => {
                stream.inspect(move |delta| _ = rows.fetch_add(delta.num_entries_deep() as u64, Ordering::Relaxed));
            }
            Sink::Check(sum) => {
                let mut text = RowText::default();
                stream.inspect(move |delta| {
                    let mut delta_sum = Checksum::default();
                    for (row, (), weight) in delta.iter() {
                        row.write(text.start());
                        delta_sum.add(text.text(), weight);
                    }
                    sum.lock().unwrap_or_else(|_| panic!("no worker has failed")).merge(delta_sum);
                });
            }
        }
    }
}
