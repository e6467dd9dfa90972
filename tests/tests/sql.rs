//! The files of `sql/`, each played against the engine as one batch, row by row, with noise and on three workers, and against
//! PostgreSQL where it is installed. All of a mode is tried before failures are told.
//!
//! `DELTAQ_FILE=joins` plays the files whose names contain `joins`.

use std::path::PathBuf;

use deltaq_tests::oracle::postgres::Cluster;
use deltaq_tests::script::{Mode, Player, Postgres, agree};
use sqllogictest::{AsyncDB, DefaultColumnType, QueryExpect, Record, Runner};

fn files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sql");
    let wanted = std::env::var("DELTAQ_FILE").unwrap_or_default();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("tests/sql is there")
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == "slt") && path.to_string_lossy().contains(&wanted))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no file in tests/sql is called {wanted}");
    files
}

/// The queries of a file that do not fail, with the number of their columns.
fn queries(file: &PathBuf) -> Vec<(String, usize)> {
    let records =
        sqllogictest::parse_file::<DefaultColumnType>(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let query = |record| match record {
        Record::Query { sql, expected: QueryExpect::Results { types, .. }, .. } => Some((sql, types.len())),
        _ => None,
    };
    records.into_iter().filter_map(query).collect()
}

fn play<D: AsyncDB<ColumnType = DefaultColumnType> + Send + 'static>(mut open: impl FnMut(&PathBuf) -> D) {
    let mut failures = Vec::new();
    for file in files() {
        let mut db = Some(open(&file));
        let label = db.as_ref().map(|d| d.engine_name().to_string()).unwrap_or_default();
        let mut runner = Runner::new(move || {
            let db = db.take().expect("a file has one connection");
            async move { Ok(db) }
        });
        runner.add_label(&label);
        runner.with_validator(agree);
        let records = sqllogictest::parse_file(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        for record in records {
            if let Err(error) = runner.run(record) {
                failures.push(error.to_string());
            }
        }
    }
    assert!(failures.is_empty(), "{} answers are others than expected:\n\n{}", failures.len(), failures.join("\n"));
}

fn play_engine(mode: Mode) {
    play(|file| Player::new(mode, &queries(file)));
}

#[test]
fn as_one_batch() {
    play_engine(Mode::Batch);
}

#[test]
fn row_by_row() {
    play_engine(Mode::Rows);
}

#[test]
fn with_noise_that_is_retracted() {
    play_engine(Mode::Noise);
}

#[test]
fn on_three_workers() {
    play_engine(Mode::Workers);
}

#[test]
fn postgresql_agrees() {
    match Cluster::start() {
        Some(cluster) => play(|_| Postgres(cluster.session())),
        None => println!("PostgreSQL is not installed here: the files' expectations were not checked against it"),
    }
}
