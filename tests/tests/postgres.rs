//! The queries of `queries/`, asked of the engine and of PostgreSQL: the same rows, or the same SQLSTATE. There is nothing that says what
//! is right but PostgreSQL; where it is not installed, nothing is compared.
//!
//! `DELTAQ_QUERIES=/path/to/file.sql` compares the statements of any other file, one a line.

use std::path::PathBuf;

use deltaq::{Engine, Rows, SqlType};
use deltaq_tests::oracle::postgres::{Cluster, Session, comparable, is_query};

/// A folder's files, or the one that is asked for.
fn files() -> Vec<PathBuf> {
    if let Ok(file) = std::env::var("DELTAQ_QUERIES") {
        return vec![file.into()];
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("queries");
    let entries = std::fs::read_dir(folder).expect("tests/queries is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder can be listed").path()).collect();
    files.sort();
    files
}

/// Rows or a SQLSTATE, as both are compared.
type Answer = Result<Vec<Vec<String>>, String>;

fn ours(engine: &mut Engine, sql: &str) -> (Answer, String) {
    let shown = |rows: Rows| {
        let types: Vec<SqlType> = rows.schema().iter().map(|field| field.ty).collect();
        let cell = |row: usize, column: usize| match (rows.cell(row, column), types[column]) {
            (None, _) => "NULL".to_string(),
            (Some(text), SqlType::Boolean) => text[..1].to_string(),
            (Some(text), _) => text,
        };
        (0..rows.len()).map(|row| (0..types.len()).map(|column| cell(row, column)).collect()).collect()
    };
    let answer = if is_query(sql) { engine.query(sql).map(shown) } else { engine.execute(sql).map(|_| Vec::new()) };
    match answer {
        Ok(rows) => (Ok(comparable(rows)), String::new()),
        Err(error) => (Err(error.code().to_string()), error.to_string()),
    }
}

fn theirs(session: &mut Session, sql: &str) -> Answer {
    session.run(sql).map(|answer| comparable(answer.rows))
}

#[test]
fn queries_have_the_same_answers() {
    let Some(cluster) = Cluster::start() else {
        println!("PostgreSQL is not installed here: queries/ was not compared with it");
        return;
    };
    let (mut asked, mut wrong) = (0, Vec::new());
    for file in files() {
        let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut engine = Engine::open_in_memory().expect("an engine opens");
        let mut session = cluster.session();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let statements = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("--"));
        for sql in statements {
            asked += 1;
            let (ours, message) = ours(&mut engine, sql);
            let theirs = theirs(&mut session, sql);
            if ours != theirs {
                wrong.push(format!("{name}: {sql}\n    ours   {ours:?} {message}\n    theirs {theirs:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked} statements have other answers:\n{}", wrong.len(), wrong.join("\n"));
}
