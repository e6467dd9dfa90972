//! An engine under measurement: opened, loaded, stepped, its output consumed.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, RecordBatch};
use deltaq::{Engine, EngineConfig, Subscription};

use crate::bench::Result;
use crate::data::Change;

/// Rows of one epoch while loading.
pub const EPOCH_ROWS: usize = 10_000;

/// One change to one table.
pub enum Op {
    /// Rows that are new.
    Append(RecordBatch),
    /// Rows that replace those of their primary key.
    Upsert(RecordBatch),
    /// Primary keys, or whole rows, that go.
    Delete(RecordBatch),
    /// Rows with weights.
    Push(RecordBatch, Vec<i64>),
}

/// What one epoch does.
pub type Step = Vec<(&'static str, Op)>;

/// An engine on which `sql` has run.
pub fn open(workers: usize, sql: &str) -> Result<Engine> {
    let mut db = Engine::open(EngineConfig { workers, ..EngineConfig::default() })?;
    db.execute(sql)?;
    Ok(db)
}

/// Columns by name.
pub fn record(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap_or_else(|error| panic!("columns of one length: {error}"))
}

/// `batch`, `rows` rows at a time.
pub fn chunks(batch: &RecordBatch, rows: usize) -> Vec<RecordBatch> {
    (0..batch.num_rows()).step_by(rows).map(|at| batch.slice(at, rows.min(batch.num_rows() - at))).collect()
}

/// A change of rows of two columns named `names`.
pub fn pushed(names: [&str; 2], change: Change) -> Op {
    Op::Push(record(names.into_iter().zip(change.columns).collect()), change.weights)
}

/// One epoch.
pub fn apply(db: &mut Engine, step: Step) -> Result<()> {
    let mut tx = db.begin()?;
    for (table, op) in step {
        match op {
            Op::Append(rows) => tx.append(table, rows)?,
            Op::Upsert(rows) => tx.upsert(table, rows)?,
            Op::Delete(rows) => tx.delete(table, rows)?,
            Op::Push(rows, weights) => tx.push(table, rows, &weights)?,
        };
    }
    tx.commit()?;
    Ok(())
}

/// Appends `batches`, an epoch each.
pub fn load(db: &mut Engine, table: &str, batches: &[RecordBatch]) -> Result<()> {
    for batch in batches {
        let mut tx = db.begin()?;
        tx.append(table, batch.clone())?;
        tx.commit()?;
    }
    Ok(())
}

/// As [`load`], output taken as it comes, while later epochs are under way, and all of it in the end. Returns how many rows
/// came, less those that went.
pub fn load_and_consume(db: &mut Engine, table: &str, batches: &[RecordBatch], sub: &Subscription) -> Result<i64> {
    let mut changed = 0;
    for batch in batches {
        let mut tx = db.begin()?;
        tx.append(table, batch.clone())?;
        tx.commit()?;
        changed += look_at(&sub.try_poll_parts()?);
    }
    Ok(changed + consume(sub)?)
}

/// Takes what a subscription has, and looks at every weight. Returns how many rows came, less those that went.
pub fn consume(sub: &Subscription) -> Result<i64> {
    Ok(look_at(&sub.poll()?))
}

fn look_at(changes: &[deltaq::Change]) -> i64 {
    black_box(changes.iter().map(|change| change.weights.iter().sum::<i64>()).sum())
}

/// The time of each step, from the beginning of its transaction until its output is consumed.
pub fn timed(db: &mut Engine, sub: &Subscription, steps: Vec<Step>) -> Result<Vec<Duration>> {
    consume(sub)?;
    let mut times = Vec::with_capacity(steps.len());
    for step in steps {
        let start = Instant::now();
        apply(db, step)?;
        consume(sub)?;
        times.push(start.elapsed());
    }
    Ok(times)
}

/// The rows of a query, sorted.
pub fn rows<T: serde::de::DeserializeOwned + Ord>(db: &mut Engine, sql: &str) -> Result<Vec<T>> {
    let mut rows = db.query(sql)?.to_rows::<T>()?;
    rows.sort_unstable();
    Ok(rows)
}

/// A column of timestamps, in microseconds.
pub fn timestamps(micros: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(arrow_array::TimestampMicrosecondArray::from_iter_values(micros))
}

/// A column of 32-bit integers.
pub fn small_ints(values: impl Iterator<Item = i32>) -> ArrayRef {
    Arc::new(arrow_array::Int32Array::from_iter_values(values))
}
