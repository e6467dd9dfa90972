//! SQL that is nested deeply: followed, or refused with an error, on any stack.

use deltaq::{Engine, Error};

/// Less than what a thread mostly has for a stack.
const STACK_BYTES: usize = 512 << 10;

/// What the one value of a query is, or the code of its error, on a small stack.
fn outcome(sql: String) -> Result<i64, String> {
    let name = format!("{} bytes of {}", sql.len(), &sql[..40]);
    let run = move || -> Result<i64, Error> {
        let mut db = Engine::open_in_memory()?;
        db.execute("CREATE TABLE t(a BIGINT); INSERT INTO t VALUES (1)")?;
        db.execute(&format!("CREATE VIEW v AS {sql}"))?;
        assert!(db.check("v")?.is_ok());
        Ok(db.query(&sql)?.to_rows::<(i64,)>()?[0].0)
    };
    // A stack that overflows is told with the name of its thread.
    let thread = std::thread::Builder::new().name(name).stack_size(STACK_BYTES);
    let run = move || run().map_err(|e| e.code().to_string());
    thread.spawn(run).expect("a thread").join().expect("no panic")
}

/// `SELECT open … open a close … close`
fn nested(open: &str, close: &str, levels: usize) -> String {
    format!("SELECT {}a{} AS n FROM t", open.repeat(levels), close.repeat(levels))
}

#[test]
fn what_is_followed() {
    for (sql, n) in [
        (nested("(", ")", 1_000), 1),
        (nested("(", " + a)", 1_000), 1_001),
        (nested("", " + a", 10_000), 10_001),
        (nested("", " - a", 10_000), -9_999),
        (nested("(a + ", ")", 390), 391),
        (nested("", " - a + a", 190), 1),
        (nested("coalesce(", ", 0)", 390), 1),
        (format!("SELECT CAST(length({}) AS BIGINT) AS n FROM t", ["a"; 10_000].join(" || ' ' || ")), 19_999),
    ] {
        assert_eq!(outcome(sql.clone()), Ok(n), "{}", &sql[..60]);
    }
}

#[test]
fn what_is_refused() {
    for levels in [1_500, 100_000] {
        for (open, close) in [
            ("(", ")"),
            ("(a + ", ")"),
            ("(", " * a + 1)"),
            ("coalesce(", ", 0)"),
            ("CASE WHEN a = 1 THEN ", " END"),
            ("(SELECT ", ")"),
            ("NOT ", ""),
            ("- ", ""),
            ("", " - a + a"),
            ("", "::bigint"),
        ] {
            let sql = nested(open, close, levels);
            assert_eq!(outcome(sql), Err("54001".to_string()), "{levels} times {open}a{close}");
        }
    }
}

#[test]
fn a_long_chain_computes_what_short_ones_do() -> Result<(), Error> {
    let mut db = Engine::open_in_memory()?;
    db.execute(
        "CREATE TABLE t(i INT, j INT, b BIGINT, d DECIMAL(10,2), f DOUBLE PRECISION, x TEXT, c CHAR(3), y BYTEA, at DATE);
         INSERT INTO t VALUES
             (1, 2, 3, 4.5, 0.1, 'ä', 'c', '\\x01', DATE '2013-01-31'),
             (2147483647, -1, 9223372036854775807, 99999999.99, 1e308, '', '', '\\x', DATE '2013-02-28'),
             (-5, NULL, 0, -1, -0.0, NULL, 'abc', NULL, NULL)",
    )?;
    for (operator, first, others) in [
        ("+", "i", ["j", "i"]),
        ("-", "i", ["i", "j"]),
        ("*", "i", ["j", "1"]),
        ("+", "b", ["i", "j"]),
        ("+", "i", ["b", "d"]),
        ("-", "d", ["d", "0.005"]),
        ("+", "f", ["f", "i"]),
        ("-", "at", ["i", "j"]),
        ("+", "1", ["2", "i"]),
        ("||", "x", ["c", "i"]),
        ("||", "y", ["y", "y"]),
    ] {
        let further =
            |operands: usize| format!(" {operator} {} {operator} {}", others[0], others[1]).repeat(operands / 2);
        db.execute(&format!(
            "CREATE VIEW long AS SELECT {first}{} AS v FROM t;
             CREATE VIEW short AS SELECT p{} AS v FROM (SELECT *, q{} AS p FROM (SELECT *, {first}{} AS q FROM t) AS a) AS b",
            further(60),
            further(20),
            further(20),
            further(20)
        ))?;
        let shown = |db: &mut Engine, view: &str| -> Result<_, Error> {
            let rows =
                db.query(&format!("SELECT CAST(v AS TEXT) FROM {view} ORDER BY 1"))?.to_rows::<(Option<String>,)>()?;
            let errors: Vec<_> = db.errors(view)?.into_iter().map(|e| (e.code, e.message, e.weight)).collect();
            Ok((rows, errors))
        };
        assert_eq!(shown(&mut db, "long")?, shown(&mut db, "short")?, "{first} {operator} {others:?}");
        db.execute("DROP VIEW long; DROP VIEW short")?;
    }
    Ok(())
}
