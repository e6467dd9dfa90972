//! Every fault that a law found, as the SQL it shrank to.

use deltaq::Engine;

/// Runs a script, then a query, whose rows are compared as text.
fn shows(script: &str, query: &str, expected: &[&str]) {
    let mut db = Engine::open_in_memory().expect("an engine opens");
    db.execute(script).unwrap_or_else(|e| panic!("{script}\n{e:?}"));
    let rows = db.query(query).unwrap_or_else(|e| panic!("{query}\n{e:?}"));
    let cell = |row, column| rows.cell(row, column).unwrap_or_else(|| "NULL".into());
    let mut found: Vec<String> = (0..rows.len())
        .map(|row| (0..rows.schema().len()).map(|column| cell(row, column)).collect::<Vec<_>>().join(" "))
        .collect();
    found.sort();
    assert_eq!(found, expected, "{query}");
}

/// The binder took a typed NULL for a text.
#[test]
fn an_aggregate_of_a_typed_null_keeps_its_type() {
    shows(
        "CREATE TABLE t(a INT)",
        "SELECT SUM(CAST(NULL AS BIGINT)) + 1, MIN(CAST(NULL AS DATE)) FROM t",
        &["NULL NULL"],
    );
}

/// A trace was handed a delta that had no columns left, all of its rows having cancelled out.
#[test]
fn a_join_takes_rows_that_come_and_go_in_one_epoch() {
    shows(
        "CREATE TABLE t(a INT); CREATE VIEW v AS SELECT x.a FROM t x JOIN t y ON FALSE;
         BEGIN; INSERT INTO t VALUES (1); DELETE FROM t; COMMIT",
        "SELECT * FROM v",
        &[],
    );
}

/// An exact sum overflowed when a negative amount went into a band beside the first.
#[test]
fn a_sum_of_floats_takes_back_a_huge_one() {
    shows(
        "CREATE TABLE t(a DOUBLE PRECISION); CREATE VIEW v AS SELECT SUM(a) FROM t;
         INSERT INTO t VALUES (1); INSERT INTO t VALUES (CAST('1e300' AS DOUBLE PRECISION)); DELETE FROM t WHERE a > 2",
        "SELECT * FROM v",
        &["1"],
    );
}

/// Equal rows with −0.0 and 0.0 were two rows to a top-n.
#[test]
fn a_top_n_takes_minus_zero_for_zero() {
    shows(
        "CREATE TABLE t(a DOUBLE PRECISION); CREATE VIEW v AS SELECT a FROM t ORDER BY a LIMIT 2;
         INSERT INTO t VALUES (CAST('-0' AS DOUBLE PRECISION)), (0), (1); DELETE FROM t WHERE a = 0",
        "SELECT * FROM v",
        &["1"],
    );
}
