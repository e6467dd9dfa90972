//! A workload as files, so that another database can compute the same and be compared: see `benches/naive`.

use std::fs;
use std::path::Path;

use deltaq::{Engine, RelationKind};

use crate::bench::{Bench, Failure, Result};

/// A workload whose views have been brought up to date by steps.
pub struct Exported<'a> {
    /// Its name.
    pub case: &'a str,
    /// What was computed.
    pub queries: &'a [&'a str],
    /// The median time of a step.
    pub step_us: f64,
    /// The time of the queries, computed by the engine from the tables.
    pub select_us: f64,
    /// Whose tables these queries read, where it is not this workload's own.
    pub prelude: &'a str,
}

/// Writes the tables of `db`, the results of the queries, and what was measured, where that was asked for: `tables/NAME.parquet`,
/// `result-N.parquet` and `case.json` in a directory named as the case.
pub fn export(bench: &Bench, db: &mut Engine, what: &Exported) -> Result<()> {
    let Some(directory) = &bench.options().export else { return Ok(()) };
    let directory = directory.join(what.case.replace('/', "-"));
    let tables = if what.prelude.is_empty() { export_tables(db, &directory)? } else { Vec::new() };
    fs::create_dir_all(&directory).map_err(|error| Failure::Usage(format!("{}: {error}", directory.display())))?;
    for (number, query) in what.queries.iter().enumerate() {
        db.execute(&format!("COPY ({query}) TO '{}/result-{number}.parquet'", directory.display()))?;
    }
    let line = serde_json::json!({
        "case": what.case, "tables_of": what.prelude, "tables": tables, "queries": what.queries,
        "step_us": what.step_us, "select_us": what.select_us, "workers": bench.options().workers,
    });
    let path = directory.join("case.json");
    fs::write(&path, format!("{line:#}\n")).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

/// Writes all tables of `db` to `directory`. Returns their names.
pub fn export_tables(db: &mut Engine, directory: &Path) -> Result<Vec<String>> {
    let tables = directory.join("tables");
    fs::create_dir_all(&tables).map_err(|error| Failure::Usage(format!("{}: {error}", tables.display())))?;
    let names = db.tables().into_iter().filter(|relation| relation.kind == RelationKind::Table).map(|table| table.name);
    let names: Vec<String> = names.collect();
    for name in &names {
        db.execute(&format!("COPY {name} TO '{}/{name}.parquet'", tables.display()))?;
    }
    Ok(names)
}
