//! An engine with the tables of Nexmark, and the views asked for.

use deltaq::arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use deltaq::{Engine, EngineConfig, Result};
use std::sync::Arc;

use crate::engine::columns::Part;
use crate::queries::{SCHEMA, SIDE_ROWS, view};

/// What is said of the stream's tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tables {
    /// Nothing: any row may be retracted at any time. What the peers allow, too.
    #[default]
    Plain,
    /// Nothing is ever retracted from them.
    AppendOnly,
    /// No two persons have one id, and no two auctions.
    Keyed,
}

/// An engine with the tables, the side table filled, and the views of `queries`.
///
/// # Errors
/// As [`Engine::execute`].
pub fn open(workers: usize, tables: Tables, queries: &[&str]) -> Result<Engine> {
    let mut db = Engine::open(EngineConfig { workers, ..EngineConfig::default() })?;
    match tables {
        Tables::Plain => db.execute(SCHEMA)?,
        // The side table is declared on one line, and stays as it is.
        Tables::AppendOnly => db.execute(&SCHEMA.replace("\n);", "\n) WITH (append_only = true);"))?,
        Tables::Keyed => db.execute(&SCHEMA.replace("\n    id BIGINT,", "\n    id BIGINT PRIMARY KEY,"))?,
    };
    let mut tx = db.begin()?;
    tx.append("side_input", side_input())?;
    tx.commit()?;
    for query in queries {
        db.execute(view(query).unwrap_or_else(|| panic!("{query} is one of the queries")))?;
    }
    Ok(db)
}

/// Inserts the rows of some events, as one epoch.
///
/// # Errors
/// As [`deltaq::Transaction::append`].
pub fn push(db: &mut Engine, part: Part) -> Result<()> {
    let mut tx = db.begin()?;
    for (table, rows) in part {
        tx.append(table, rows)?;
    }
    tx.commit()?;
    Ok(())
}

/// Deletes the rows of some events, as one epoch.
///
/// # Errors
/// As [`deltaq::Transaction::delete`].
pub fn retract(db: &mut Engine, part: Part) -> Result<()> {
    let mut tx = db.begin()?;
    for (table, rows) in part {
        tx.delete(table, rows)?;
    }
    tx.commit()?;
    Ok(())
}

/// The rows of the side table.
fn side_input() -> RecordBatch {
    let keys: ArrayRef = Arc::new(Int64Array::from_iter_values(0..SIDE_ROWS as i64));
    let values: ArrayRef = Arc::new(StringArray::from_iter_values((0..SIDE_ROWS).map(|key| key.to_string())));
    RecordBatch::try_from_iter([("key", keys), ("value", values)])
        .unwrap_or_else(|error| panic!("columns of one length: {error}"))
}
