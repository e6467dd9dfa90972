//! Views that come, change and go while the engine runs; transactions; subscriptions; on one, two and three workers.

use deltaq::{Change, Engine, EngineConfig, Error, ExplainFormat, Outcome};

const TABLES: &str = "CREATE TABLE orders(id INT PRIMARY KEY, cust INT, amt DECIMAL(10,2));
                      CREATE TABLE customers(id INT PRIMARY KEY, country TEXT)";

const VIEWS: &str = "CREATE VIEW per_customer AS SELECT cust, SUM(amt) AS s, COUNT(*) AS n FROM orders GROUP BY cust;
                     CREATE VIEW joined AS SELECT o.id, o.amt, c.country FROM orders o JOIN customers c ON o.cust = c.id;
                     CREATE VIEW per_country AS SELECT country, SUM(amt) AS s FROM joined GROUP BY country;
                     CREATE VIEW big AS SELECT cust FROM per_customer WHERE s > 20;
                     CREATE VIEW kinds AS SELECT DISTINCT country FROM customers;
                     CREATE VIEW none AS SELECT c.id FROM customers c LEFT JOIN orders o ON o.cust = c.id WHERE o.id IS NULL;
                     CREATE VIEW plain AS SELECT * FROM orders;
                     CREATE VIEW constant AS SELECT 1 AS one, 'x' AS x UNION ALL SELECT 2, NULL";

const NAMES: [&str; 8] = ["per_customer", "joined", "per_country", "big", "kinds", "none", "plain", "constant"];

const DATA: &str = "INSERT INTO customers VALUES (1, 'CH'), (2, 'CH'), (3, 'FR');
                    INSERT INTO orders SELECT g, g % 2 + 1, g FROM generate_series(1, 20) AS t(g);
                    UPDATE orders SET amt = amt + 0.5 WHERE id % 3 = 0;
                    DELETE FROM orders WHERE id > 15";

fn open(workers: usize) -> Engine {
    Engine::open(EngineConfig { workers, ..EngineConfig::default() }).expect("an engine")
}

fn all(db: &mut Engine, view: &str) -> Vec<String> {
    let rows = db.query(&format!("SELECT * FROM {view}")).unwrap_or_else(|e| panic!("{view}: {e:?}"));
    let cell = |row: usize, column| rows.cell(row, column).unwrap_or_else(|| "NULL".into());
    let line = |row| (0..rows.schema().len()).map(|c| cell(row, c)).collect::<Vec<_>>().join(" ");
    let mut all: Vec<String> = (0..rows.len()).map(line).collect();
    all.sort();
    all
}

fn everything(db: &mut Engine) -> Vec<Vec<String>> {
    NAMES.iter().map(|view| all(db, view)).collect()
}

fn all_hold(db: &mut Engine) {
    for view in NAMES {
        let check = db.check(view).unwrap_or_else(|e| panic!("{view}: {e:?}"));
        assert!(check.is_ok(), "{view}: {} missing, {} extra", check.missing.len(), check.extra.len());
    }
}

#[test]
fn views_before_and_after_the_data_show_the_same_on_any_number_of_workers() -> Result<(), Error> {
    let mut expected = None;
    for workers in [1, 2, 3] {
        let mut before = open(workers);
        before.execute(TABLES)?;
        before.execute(VIEWS)?;
        before.execute(DATA)?;
        let mut after = open(workers);
        after.execute(TABLES)?;
        after.execute(DATA)?;
        after.execute(VIEWS)?;
        let shown = everything(&mut before);
        assert_eq!(shown, everything(&mut after), "{workers} workers");
        assert_eq!(&shown, expected.get_or_insert(shown.clone()), "{workers} workers");
        all_hold(&mut before);
        all_hold(&mut after);
        // They stay alike as they go on.
        let more = "DELETE FROM customers WHERE id = 1; INSERT INTO orders VALUES (100, 3, 7.25)";
        before.execute(more)?;
        after.execute(more)?;
        assert_eq!(everything(&mut before), everything(&mut after), "{workers} workers");
        all_hold(&mut after);
    }
    let shown = expected.expect("views were shown");
    assert_eq!(shown[2], ["CH 122.50"]);
    assert_eq!(shown[5], ["3"]);
    Ok(())
}

#[test]
fn a_rollback_leaves_rows_and_state_as_they_were() -> Result<(), Error> {
    for workers in [1, 2] {
        let mut db = open(workers);
        db.execute(TABLES)?;
        db.execute(VIEWS)?;
        db.execute(DATA)?;
        let (shown, epoch) = (everything(&mut db), db.epoch());
        let rows = |db: &mut Engine| -> Result<Vec<(String, u64)>, Error> {
            Ok(db.state()?.into_iter().map(|s| (format!("{} {}", s.view, s.operator), s.rows)).collect())
        };
        let state = rows(&mut db)?;
        let sub = db.subscribe("per_country")?;
        sub.poll()?;

        let mut tx = db.begin()?;
        tx.execute(
            "UPDATE orders SET cust = 3; DELETE FROM customers WHERE id = 2; INSERT INTO customers VALUES (9, 'JP')",
        )?;
        let inside = tx.query("SELECT s FROM per_country WHERE country = 'FR'")?;
        assert_eq!(inside.cell(0, 0).as_deref(), Some("122.50"));
        tx.execute("INSERT INTO orders VALUES (200, 9, 1.00)")?;
        assert_eq!(tx.query("SELECT * FROM joined WHERE country = 'JP'")?.len(), 1);
        assert!(sub.poll()?.is_empty(), "what is not committed is not told");
        tx.rollback()?;

        assert_eq!(everything(&mut db), shown);
        assert_eq!(rows(&mut db)?, state);
        assert_eq!(db.epoch(), epoch);
        assert!(sub.poll()?.is_empty());
        all_hold(&mut db);

        {
            let mut tx = db.begin()?;
            tx.execute("DELETE FROM orders")?;
            assert!(tx.query("SELECT * FROM joined")?.is_empty());
            // Dropped.
        }
        assert_eq!(everything(&mut db), shown);

        let mut tx = db.begin()?;
        tx.execute("INSERT INTO customers VALUES (9, 'JP')")?;
        tx.query("SELECT * FROM joined")?;
        tx.execute("INSERT INTO orders VALUES (200, 9, 1.00), (201, 9, 2.00)")?;
        assert_eq!(tx.commit()?.epoch, epoch + 1);
        let changes = sub.poll()?;
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].epoch, epoch + 1);
        assert_eq!(changes[0].rows::<(String, String)>()?, [(("JP".into(), "3.00".into()), 1)]);
    }
    Ok(())
}

#[test]
fn transactions_by_sql() -> Result<(), Error> {
    let mut db = open(1);
    db.execute("CREATE TABLE t(v INT); CREATE VIEW n AS SELECT COUNT(*) AS n FROM t")?;
    db.execute("BEGIN; INSERT INTO t VALUES (1)")?;
    assert_eq!(db.execute("BEGIN").unwrap_err().code(), "25001");
    assert_eq!(db.begin().err().map(|e| e.code().to_string()).as_deref(), Some("25001"));
    assert_eq!(db.subscribe("n").err().map(|e| e.code().to_string()).as_deref(), Some("25001"));
    assert!(db.execute("INSERT INTO t VALUES (1 / 0)").is_err());
    assert_eq!(all(&mut db, "n"), ["1"], "the transaction goes on after a statement that failed");
    db.execute("ROLLBACK")?;
    assert_eq!(all(&mut db, "n"), ["0"]);
    db.execute("BEGIN; INSERT INTO t VALUES (1), (2); COMMIT")?;
    assert_eq!((all(&mut db, "n"), db.epoch()), (vec!["2".to_string()], 1));
    assert_eq!(db.execute("COMMIT").unwrap_err().code(), "25P01");
    let mut tx = db.begin()?;
    assert_eq!(tx.execute("COMMIT").unwrap_err().code(), "25000");
    tx.execute("INSERT INTO t VALUES (3)")?;
    tx.commit()?;
    assert_eq!(all(&mut db, "n"), ["3"]);
    Ok(())
}

#[test]
fn a_statement_that_fails_changes_nothing() -> Result<(), Error> {
    let mut db = open(1);
    db.execute("CREATE TABLE t(id INT PRIMARY KEY, v SMALLINT); INSERT INTO t VALUES (1, 10), (2, 20), (3, 30000)")?;
    for (sql, code) in [
        ("INSERT INTO t VALUES (4, 1), (1, 2)", "23505"),
        ("INSERT INTO t SELECT id + 2, v FROM t", "23505"),
        ("UPDATE t SET v = v * 2", "22003"),
        ("UPDATE t SET id = 7", "23505"),
        ("UPDATE t SET id = 1 WHERE id < 3", "23505"),
        ("UPDATE t SET v = 1 / (v - 10)", "22012"),
        ("DELETE FROM t WHERE 1 / (v - 20) > 0", "22012"),
    ] {
        assert_eq!(db.execute(sql).unwrap_err().code(), code, "{sql}");
        assert_eq!(all(&mut db, "t"), ["1 10", "2 20", "3 30000"], "{sql}");
    }
    assert_eq!(db.epoch(), 1);
    let error = db
        .execute("INSERT INTO t VALUES (5, 5); INSERT INTO t VALUES (5, 5); INSERT INTO t VALUES (6, 6)")
        .unwrap_err();
    assert_eq!((error.code(), error.position()), ("23505", Some(29)));
    assert_eq!(all(&mut db, "t").len(), 4, "statements before the one that failed stand");
    db.execute("UPDATE t SET id = id + 1")?;
    assert_eq!(all(&mut db, "t"), ["2 10", "3 20", "4 30000", "6 5"]);
    let outcomes = db.execute("UPDATE t SET v = 1 WHERE id = 3 AND v = 20; UPDATE t SET v = 2 WHERE id = 99; DELETE FROM t WHERE id = 4::BIGINT")?;
    let counts: Vec<u64> =
        outcomes.iter().map(|o| if let Outcome::Changed { rows, .. } = o { *rows } else { 9 }).collect();
    assert_eq!(counts, [1, 0, 1]);
    Ok(())
}

#[test]
fn subscriptions_tell_the_content_and_then_each_commit() -> Result<(), Error> {
    for workers in [1, 2] {
        let mut db = open(workers);
        db.execute(TABLES)?;
        db.execute(VIEWS)?;
        db.execute("INSERT INTO orders VALUES (1, 7, 10), (2, 8, 5)")?;
        let sub = db.subscribe("per_customer")?;
        let other = db.subscribe("per_customer")?;
        db.execute("INSERT INTO orders VALUES (3, 7, 1)")?;
        db.execute("INSERT INTO customers VALUES (1, 'CH')")?;
        db.execute("DELETE FROM orders WHERE id = 3; DELETE FROM orders WHERE id = 1")?;
        let told = |changes: Vec<Change>| -> Result<Vec<String>, Error> {
            let mut told = Vec::new();
            for change in changes {
                let mut rows: Vec<((i32, String, i64), i64)> = change.rows()?;
                rows.sort();
                told.push(format!("{}: {rows:?}", change.epoch));
            }
            Ok(told)
        };
        let expected = [
            r#"1: [((7, "10.00", 1), 1), ((8, "5.00", 1), 1)]"#,
            r#"2: [((7, "10.00", 1), -1), ((7, "11.00", 2), 1)]"#,
            r#"4: [((7, "10.00", 1), 1), ((7, "11.00", 2), -1)]"#,
            r#"5: [((7, "10.00", 1), -1)]"#,
        ];
        assert_eq!(told(sub.poll()?)?, expected);
        assert!(sub.poll()?.is_empty());
        assert_eq!(told(other.poll()?)?, expected, "each subscription has its own place");
        db.execute("DROP VIEW per_customer CASCADE")?;
        assert_eq!(sub.poll().unwrap_err().code(), "42P01");
        drop(other);
    }
    Ok(())
}

#[test]
fn changes_taken_as_they_come_are_whole_epochs_in_order() -> Result<(), Error> {
    for workers in [1, 2, 3] {
        let mut db = open(workers);
        db.execute("CREATE TABLE t(id INT PRIMARY KEY, k INT)")?;
        db.execute("CREATE VIEW counts AS SELECT k, COUNT(*) AS n FROM t GROUP BY k")?;
        db.execute("CREATE VIEW spread AS SELECT n, COUNT(*) AS keys FROM counts GROUP BY n")?;
        let sub = db.subscribe("spread")?;
        let mut changes = Vec::new();
        for epoch in 0..200 {
            db.execute("BEGIN")?;
            db.execute(&format!("INSERT INTO t VALUES ({}, {}), ({}, {epoch})", 2 * epoch, epoch % 7, 2 * epoch + 1))?;
            if epoch % 5 == 0 {
                // Read from inside, a transaction is handed to the workers in two parts.
                db.query("SELECT * FROM spread")?;
            }
            db.execute(&format!("DELETE FROM t WHERE id = {}; COMMIT", epoch))?;
            changes.extend(sub.try_poll()?);
        }
        changes.extend(sub.poll()?);
        assert!(changes.is_sorted_by(|a, b| a.epoch < b.epoch), "an epoch is one change");
        let mut sum = std::collections::BTreeMap::<(i64, i64), i64>::new();
        for change in &changes {
            for (row, weight) in change.rows::<(i64, i64)>()? {
                *sum.entry(row).or_default() += weight;
            }
            sum.retain(|_, weight| *weight != 0);
            assert!(sum.values().all(|w| *w == 1), "after epoch {} the view is {sum:?}", change.epoch);
        }
        let expected: Vec<(i64, i64)> = db.query("SELECT n, keys FROM spread ORDER BY n")?.to_rows()?;
        assert_eq!(sum.into_keys().collect::<Vec<_>>(), expected, "{workers} workers");
    }
    Ok(())
}

#[test]
fn subscriptions_outlive_the_engine_and_move_between_threads() -> Result<(), Error> {
    let mut db = open(1);
    db.execute("CREATE TABLE t(v INT)")?;
    let sub = db.subscribe("t")?;
    db.execute("INSERT INTO t VALUES (1)")?;
    drop(db);
    let rows = std::thread::spawn(move || sub.poll().map(|c| c.len())).join().expect("no panic")?;
    assert_eq!(rows, 1);
    fn is_send<T: Send>() {}
    is_send::<Engine>();
    is_send::<deltaq::Subscription>();
    Ok(())
}

#[test]
fn columns_are_added_and_old_views_keep_theirs() -> Result<(), Error> {
    for workers in [1, 3] {
        let mut db = open(workers);
        db.execute(
            "CREATE TABLE t(id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 10);
             CREATE VIEW old AS SELECT * FROM t; CREATE VIEW s AS SELECT SUM(v) AS s FROM t",
        )?;
        db.execute("ALTER TABLE t ADD COLUMN note TEXT DEFAULT 'none'")?;
        assert_eq!(db.execute("ALTER TABLE t ADD COLUMN note TEXT").unwrap_err().code(), "42701");
        assert_eq!(db.execute("ALTER TABLE t ADD COLUMN must INT NOT NULL").unwrap_err().code(), "23502");
        db.execute("INSERT INTO t VALUES (2, 20, 'two'); INSERT INTO t(id, v) VALUES (3, 30)")?;
        db.execute("CREATE VIEW new AS SELECT * FROM t; UPDATE t SET note = 'x', v = 11 WHERE id = 1")?;
        assert_eq!(all(&mut db, "t"), ["1 11 x", "2 20 two", "3 30 none"]);
        assert_eq!(all(&mut db, "new"), all(&mut db, "t"));
        assert_eq!(all(&mut db, "old"), ["1 11", "2 20", "3 30"]);
        assert_eq!(all(&mut db, "s"), ["61"]);
        for view in ["old", "s", "new"] {
            assert!(db.check(view)?.is_ok(), "{view}");
            assert!(!db.explain(view, ExplainFormat::Text)?.is_empty());
        }
        db.execute("CREATE VIEW over AS SELECT v FROM old WHERE id > 1")?;
        assert_eq!(all(&mut db, "over"), ["20", "30"]);
        db.execute("CREATE OR REPLACE VIEW old AS SELECT id, v FROM t WHERE id < 3")?;
        assert_eq!(all(&mut db, "over"), ["20"]);
    }
    Ok(())
}

#[test]
fn views_are_replaced_and_their_readers_follow() -> Result<(), Error> {
    let mut db = open(2);
    db.execute(
        "CREATE TABLE t(v INT); INSERT INTO t VALUES (1), (2), (3);
         CREATE VIEW a AS SELECT v FROM t WHERE v > 1; CREATE VIEW b AS SELECT COUNT(*) AS n FROM a",
    )?;
    let sub = db.subscribe("b")?;
    assert_eq!(sub.poll()?[0].rows::<(i64,)>()?, [((2,), 1)]);
    assert_eq!(db.execute("CREATE VIEW a AS SELECT v FROM t").unwrap_err().code(), "42P07");
    db.execute("CREATE VIEW IF NOT EXISTS a AS SELECT v FROM t")?;
    db.execute("CREATE OR REPLACE VIEW a AS SELECT v FROM t WHERE v > 2")?;
    let mut rows = sub.poll()?[0].rows::<(i64,)>()?;
    rows.sort();
    assert_eq!(rows, [((1,), 1), ((2,), -1)]);
    db.execute("INSERT INTO t VALUES (9)")?;
    assert_eq!(sub.poll()?.len(), 1);
    let error = db.execute("CREATE OR REPLACE VIEW a AS SELECT v, v AS w FROM t").unwrap_err();
    assert!(error.is_dependency() && error.to_string().contains("\"b\""), "{error}");
    assert_eq!(db.execute("CREATE OR REPLACE VIEW a AS SELECT n::INT AS v FROM b").unwrap_err().code(), "42P17");
    assert_eq!(all(&mut db, "b"), ["2"]);
    assert!(db.check("b")?.is_ok());
    Ok(())
}

#[test]
fn what_is_read_cannot_be_dropped_alone_and_what_is_dropped_is_freed() -> Result<(), Error> {
    let mut db = open(1);
    db.execute(TABLES)?;
    db.execute("INSERT INTO orders VALUES (1, 1, 1)")?;
    let state = db.state()?;
    db.execute(VIEWS)?;
    let error = db.execute("DROP TABLE orders").unwrap_err();
    assert!(error.is_dependency(), "{error:?}");
    assert!(error.to_string().contains("per_customer") && error.to_string().contains("per_country"), "{error}");
    assert!(db.execute("DROP VIEW per_customer").unwrap_err().to_string().contains("big"));
    assert_eq!(db.execute("DROP TABLE kinds").unwrap_err().code(), "42809");
    assert_eq!(db.execute("DROP VIEW nothing").unwrap_err().code(), "42P01");
    db.execute("DROP VIEW IF EXISTS nothing; DROP VIEW big, per_customer; DROP VIEW joined CASCADE; DROP VIEW kinds, none, plain, constant")?;
    assert_eq!(db.tables().len(), 2);
    assert_eq!(db.state()?, state);
    db.execute(VIEWS)?;
    db.execute("DROP TABLE orders, customers CASCADE")?;
    assert_eq!(db.tables().len(), 1, "the constant view reads no table");
    assert_eq!(all(&mut db, "constant"), ["1 x", "2 NULL"]);
    Ok(())
}

#[test]
fn bad_rows_leave_the_view_and_come_back() -> Result<(), Error> {
    for workers in [1, 2] {
        let mut db = open(workers);
        db.execute(
            "CREATE TABLE t(id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 2), (2, 0);
             CREATE VIEW q AS SELECT id, 10 / v AS q FROM t; CREATE VIEW s AS SELECT SUM(q) AS s FROM q",
        )?;
        assert_eq!(all(&mut db, "q"), ["1 5"]);
        for view in ["q", "s"] {
            let errors = db.errors(view)?;
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert_eq!((errors[0].code.as_str(), errors[0].weight), ("22012", 1));
        }
        db.execute("INSERT INTO t VALUES (3, 0)")?;
        assert_eq!(db.errors("q")?[0].weight, 2);
        let mut tx = db.begin()?;
        tx.execute("UPDATE t SET v = 1")?;
        assert_eq!(tx.query("SELECT * FROM s")?.cell(0, 0).as_deref(), Some("30"));
        tx.rollback()?;
        assert_eq!(db.errors("s")?[0].weight, 2);
        db.execute("UPDATE t SET v = 5 WHERE v = 0")?;
        assert!(db.errors("q")?.is_empty());
        assert_eq!(all(&mut db, "s"), ["9"]);
        assert_eq!(db.query("SELECT 1 / (v - 5) FROM t").unwrap_err().code(), "22012");
    }
    Ok(())
}

#[test]
fn callbacks_are_called_before_commit_returns() -> Result<(), Error> {
    use std::sync::{Arc, Mutex};
    let mut db = open(1);
    db.execute("CREATE TABLE t(v INT); INSERT INTO t VALUES (1)")?;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&seen);
    db.on_change("t", move |change| into.lock().expect("no panic").push((change.epoch, change.len())))?;
    assert_eq!(*seen.lock().expect("no panic"), [(1, 1)]);
    let mut tx = db.begin()?;
    tx.append_rows("t", &[(2,), (3,)])?;
    tx.commit()?;
    db.execute("DELETE FROM t WHERE v = 1")?;
    assert_eq!(*seen.lock().expect("no panic"), [(1, 1), (2, 2), (3, 1)]);
    db.execute("DROP TABLE t; CREATE TABLE t(v INT); INSERT INTO t VALUES (1)")?;
    assert_eq!(seen.lock().expect("no panic").len(), 3);
    Ok(())
}

#[test]
fn queries_are_sorted_and_cut() -> Result<(), Error> {
    let mut db = open(2);
    db.execute("CREATE TABLE t(a INT, b DOUBLE PRECISION)")?;
    db.execute("INSERT INTO t VALUES (1, 'NaN'), (2, 1.5), (3, NULL), (4, 'Infinity'), (5, -1), (5, -1)")?;
    let column = |db: &mut Engine, sql: &str| -> Result<Vec<i32>, Error> {
        Ok(db.query(sql)?.to_rows::<(i32,)>()?.into_iter().map(|r| r.0).collect())
    };
    assert_eq!(column(&mut db, "SELECT a FROM t ORDER BY b")?, [5, 5, 2, 4, 1, 3]);
    assert_eq!(column(&mut db, "SELECT a FROM t ORDER BY b DESC")?, [3, 1, 4, 2, 5, 5]);
    assert_eq!(column(&mut db, "SELECT a FROM t ORDER BY b NULLS FIRST, a LIMIT 2 OFFSET 1")?, [5, 5]);
    assert_eq!(column(&mut db, "SELECT a FROM t ORDER BY -a LIMIT 2")?, [5, 5]);
    assert_eq!(column(&mut db, "SELECT a FROM t ORDER BY a OFFSET 9")?, [] as [i32; 0]);
    assert_eq!(db.query("SELECT 1; SELECT 2").unwrap_err().code(), "42601");
    assert_eq!(db.query("DELETE FROM t").unwrap_err().code(), "42601");
    Ok(())
}
