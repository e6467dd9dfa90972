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

/// A −0 in a table was the same row as 0, but not the same text: views kept rows that no table had.
#[test]
fn there_is_one_zero() -> Result<(), deltaq::Error> {
    let scripts = [
        "CREATE TABLE s(x DOUBLE PRECISION); CREATE VIEW v AS SELECT x::TEXT AS t, COUNT(*) AS n FROM s GROUP BY 1;
         INSERT INTO s VALUES (0); INSERT INTO s VALUES ('-0'), (0); DELETE FROM s WHERE x = 0; INSERT INTO s VALUES ('-0')",
        "CREATE TABLE a(x REAL, k INT); CREATE TABLE b(y REAL, t TEXT);
         CREATE VIEW v AS SELECT a.k, b.t, a.x::TEXT AS x, b.y::TEXT AS y FROM a JOIN b ON a.x = b.y;
         INSERT INTO b VALUES (0, 'zero'), ('-0', 'minus'); INSERT INTO a VALUES ('-0', 1), (0, 1); INSERT INTO a VALUES (0, 1);
         DELETE FROM a WHERE k = 1; UPDATE b SET y = -y; INSERT INTO a VALUES (-(0::REAL), 2)",
        "CREATE TABLE a(k INT); CREATE VIEW z AS SELECT k::DOUBLE PRECISION * -1 AS z, round(-0.4::DOUBLE PRECISION * k) AS r FROM a;
         CREATE VIEW u AS SELECT z FROM z UNION ALL SELECT r FROM z UNION ALL SELECT 0::DOUBLE PRECISION FROM a;
         CREATE VIEW v AS SELECT z::TEXT AS t, COUNT(*) AS n FROM u GROUP BY 1; INSERT INTO a VALUES (0), (1)",
    ];
    for (script, workers) in scripts.into_iter().flat_map(|script| [(script, 1), (script, 3)]) {
        let mut db = Engine::open(deltaq::EngineConfig { workers, ..Default::default() })?;
        db.execute(script)?;
        let check = db.check("v")?;
        assert!(check.is_ok(), "{script}: {check:?}");
        let rows = db.query("SELECT * FROM v")?;
        let cells = (0..rows.len()).flat_map(|row| (0..rows.schema().len()).map(move |column| (row, column)));
        let shown: Vec<String> = cells.filter_map(|(row, column)| rows.cell(row, column)).collect();
        assert!(!shown.is_empty() && shown.iter().all(|cell| cell != "-0"), "{script}: {shown:?}");
    }
    Ok(())
}

/// Copies were written out before they were counted, and the engine died of it.
#[test]
fn copies_beyond_memory_are_counted_and_cut() -> Result<(), deltaq::Error> {
    let mut db = Engine::open_in_memory()?;
    db.execute("CREATE TABLE t(a INT, b TEXT); INSERT INTO t VALUES (2, 'y'), (3, 'z')")?;
    let rows = db.query("SELECT 1 AS a, 'x' AS b")?.batches()[0].clone();
    let mut tx = db.begin()?;
    tx.push("t", rows, &[i64::from(i32::MAX)])?;
    tx.commit()?;
    let refused = db.query("SELECT * FROM t").err();
    assert_eq!(refused.map(|error| error.code().to_string()).as_deref(), Some("54000"));
    for (query, expected) in [
        ("SELECT a FROM t WHERE a = 1 LIMIT 3", "1 1 1"),
        ("SELECT a FROM t ORDER BY a DESC LIMIT 3", "3 2 1"),
        ("SELECT a FROM t ORDER BY a OFFSET 2147483646", "1 2 3"),
        ("SELECT COUNT(*) FROM (SELECT DISTINCT a FROM t) AS d", "3"),
    ] {
        let rows = db.query(query)?;
        let found: Vec<String> = (0..rows.len()).filter_map(|row| rows.cell(row, 0)).collect();
        assert_eq!(found.join(" "), expected, "{query}");
    }
    Ok(())
}

/// These ended in a panic within the engine.
#[test]
fn what_makes_no_sense_is_refused_in_words() {
    let mut db = Engine::open_in_memory().expect("an engine opens");
    db.execute("CREATE TABLE d(id INT); INSERT INTO d VALUES (1)").expect("a table");
    for (query, code) in [
        ("SELECT d.id, l.m FROM d, LATERAL (VALUES (d.id), (d.id + 1)) AS l(m)", "0A000"),
        ("SELECT id FROM d WHERE EXISTS (VALUES (d.id))", "0A000"),
        ("SELECT id FROM d LIMIT INTERVAL '1 day'", "42804"),
        ("SELECT date_trunc('day', id, 'UTC') FROM d", "42883"),
    ] {
        let error = db.query(query).err().unwrap_or_else(|| panic!("{query} passes"));
        assert_eq!(error.code(), code, "{query}: {error}");
    }
}

/// What was bound when the rows of a view could not repeat stayed as it was when they could.
#[test]
fn a_view_is_bound_anew_when_one_it_reads_is_replaced() {
    shows(
        "CREATE TABLE t(a INT, b INT NOT NULL);
         CREATE VIEW v AS SELECT DISTINCT b FROM t; CREATE VIEW w AS SELECT DISTINCT b, b IS NULL AS none FROM v;
         CREATE VIEW x AS SELECT w.b FROM w WHERE none OR b > 1;
         INSERT INTO t VALUES (NULL, 1), (NULL, 2), (3, 2);
         CREATE OR REPLACE VIEW v AS SELECT a AS b FROM t",
        "SELECT w.b AS a, none, x.b AS b FROM w LEFT JOIN x ON w.b IS NOT DISTINCT FROM x.b",
        &["3 false 3", "NULL true NULL"],
    );
}
