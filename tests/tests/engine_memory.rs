//! The limit on what tables and views hold, and how bulk loads are cut.

use std::sync::Arc;

use deltaq::arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use deltaq::{Engine, EngineConfig, Error};

const LIMIT: u64 = 4_000_000;

fn open(workers: usize, batch_rows: Option<usize>) -> Engine {
    let config = EngineConfig { workers, memory: Some(LIMIT), batch_rows, ..EngineConfig::default() };
    Engine::open(config).expect("an engine")
}

fn held(db: &mut Engine) -> u64 {
    db.state().unwrap_or_else(|e| panic!("{e:?}")).iter().map(|row| row.bytes).sum()
}

fn count(db: &mut Engine, relation: &str) -> i64 {
    let rows = db.query(&format!("SELECT COUNT(*) FROM {relation}")).unwrap_or_else(|e| panic!("{e:?}"));
    rows.to_rows::<(i64,)>().unwrap_or_else(|e| panic!("{e:?}"))[0].0
}

fn rows(from: i64, to: i64) -> RecordBatch {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(from..to));
    let names: ArrayRef = Arc::new(StringArray::from_iter_values((from..to).map(|id| format!("name {id:040}"))));
    RecordBatch::try_from_iter([("id", ids), ("name", names)]).expect("columns of one length")
}

#[test]
fn a_table_grows_up_to_the_limit_and_no_further() -> Result<(), Error> {
    for workers in [1, 2] {
        for key in ["", " PRIMARY KEY"] {
            let mut db = open(workers, None);
            db.execute(&format!(
                "CREATE TABLE t(id BIGINT{key}, name TEXT); CREATE VIEW n AS SELECT COUNT(*) AS n FROM t"
            ))?;
            let mut fitted = 0;
            let error = loop {
                let mut tx = db.begin()?;
                match tx.append("t", rows(fitted, fitted + 500)) {
                    Ok(_) => tx.commit()?,
                    Err(error) => break error,
                };
                fitted += 500;
                assert!(fitted < 100_000, "the limit holds nothing back");
            };
            assert_eq!(error.code(), "53200");
            assert!(error.is_out_of_memory());
            assert!(error.to_string().contains("may hold 4.0 MB; they hold"), "{error}");
            assert!(error.to_string().contains("most is held by t "), "{error}");
            // Beyond the limit there is nothing but what vectors have allocated ahead.
            let most = if key.is_empty() { LIMIT } else { 2 * LIMIT };
            assert!(held(&mut db) <= most, "{key}: {}", held(&mut db));
            assert!(fitted > 10_000, "{key}: full with {fitted} rows");
            assert_eq!(count(&mut db, "t"), fitted);
            assert_eq!(db.query("SELECT n FROM n")?.to_rows::<(i64,)>()?, [(fitted,)]);
            // Retracting works, and makes room.
            db.execute("DELETE FROM t WHERE id % 2 = 0")?;
            db.execute("DELETE FROM t WHERE id % 4 = 1")?;
            assert_eq!(count(&mut db, "t"), fitted / 4);
            let mut tx = db.begin()?;
            tx.append("t", rows(100_000, 100_500))?;
            tx.commit()?;
            assert!(db.check("n")?.is_ok());
        }
    }
    Ok(())
}

#[test]
fn what_is_too_much_at_once_changes_nothing() -> Result<(), Error> {
    let mut db = open(1, None);
    db.execute("CREATE TABLE t(id BIGINT PRIMARY KEY, name TEXT); CREATE VIEW v AS SELECT name, MIN(id) AS id FROM t GROUP BY name")?;
    let sub = db.subscribe("v")?;
    let mut tx = db.begin()?;
    tx.append("t", rows(0, 1_000))?;
    tx.commit()?;
    assert_eq!(sub.poll()?.len(), 1);
    for too_many in [50_000, 80_000, 400_000] {
        let mut tx = db.begin()?;
        tx.append("t", rows(1_000, 1_010))?;
        assert!(tx.append("t", rows(2_000, too_many)).unwrap_err().is_out_of_memory(), "{too_many}");
        assert_eq!(tx.query("SELECT COUNT(*) FROM v")?.to_rows::<(i64,)>()?, [(1_010,)]);
        tx.rollback()?;
        assert!(held(&mut db) <= LIMIT, "after {too_many}: {:?}", db.state());
        let mut tx = db.begin()?;
        tx.append("t", rows(500_000, 500_100))?;
        tx.rollback()?;
    }
    assert!(sub.poll()?.is_empty());
    assert_eq!(count(&mut db, "t"), 1_000);
    assert!(db.check("v")?.is_ok());
    Ok(())
}

#[test]
fn a_view_that_does_not_fit_is_not_made() -> Result<(), Error> {
    let mut db = open(1, None);
    db.execute("CREATE TABLE t(id BIGINT, name TEXT)")?;
    let mut tx = db.begin()?;
    tx.append("t", rows(0, 10_000))?;
    tx.commit()?;
    let before = (held(&mut db), db.tables());
    let wide = "SELECT a.id, b.id AS other, a.name || b.name AS names FROM t a JOIN t b ON a.id % 1000 = b.id % 1000";
    let error =
        db.execute(&format!("CREATE VIEW pairs AS SELECT DISTINCT id, other, names FROM ({wide}) AS p")).unwrap_err();
    assert!(error.is_out_of_memory(), "{error}");
    assert_eq!((held(&mut db), db.tables()), before);
    db.execute("CREATE VIEW pairs AS SELECT COUNT(*) AS n FROM t")?;
    let replace = format!(
        "CREATE OR REPLACE VIEW pairs AS SELECT COUNT(*) AS n FROM (SELECT DISTINCT names FROM ({wide}) AS p) AS q"
    );
    assert!(db.execute(&replace).unwrap_err().is_out_of_memory());
    assert_eq!(db.query("SELECT n FROM pairs")?.to_rows::<(i64,)>()?, [(10_000,)]);
    Ok(())
}

#[test]
fn text_that_workers_share_counts_once() -> Result<(), Error> {
    let mut all = Vec::new();
    for workers in [1, 8] {
        let mut db = Engine::open(EngineConfig { workers, ..EngineConfig::default() })?;
        db.execute(
            "CREATE TABLE t(id BIGINT, name TEXT); CREATE TABLE u(id BIGINT);
             CREATE VIEW v AS SELECT t.name FROM t JOIN u ON t.id = u.id;
             CREATE VIEW top AS SELECT * FROM (SELECT id, name, ROW_NUMBER() OVER (PARTITION BY id % 100 ORDER BY name) AS n FROM t) AS s
                                WHERE n = 1",
        )?;
        let mut tx = db.begin()?;
        tx.append("t", rows(0, 10_000))?;
        tx.commit()?;
        db.execute("INSERT INTO u VALUES (1)")?;
        all.push(held(&mut db));
    }
    assert!(all[1] < all[0] * 3 / 2, "{all:?}");
    Ok(())
}

#[test]
fn append_only_tables_are_held_to_the_limit_too() -> Result<(), Error> {
    let mut db = open(1, None);
    db.execute(
        "CREATE TABLE t(id BIGINT, name TEXT) WITH (append_only = true);
         CREATE VIEW v AS SELECT DISTINCT id, name FROM t; CREATE VIEW m AS SELECT name, MAX(id) AS id FROM t GROUP BY name",
    )?;
    let mut fitted = 0;
    loop {
        let mut tx = db.begin()?;
        if let Err(error) = tx.append("t", rows(fitted, fitted + 500)) {
            assert!(error.is_out_of_memory(), "{error}");
            break;
        }
        tx.commit()?;
        fitted += 500;
    }
    // What views will make of rows is reckoned from what they have made so far, and they grow by leaps.
    assert!(held(&mut db) <= LIMIT * 2, "{}", held(&mut db));
    assert_eq!(count(&mut db, "v"), fitted);
    Ok(())
}

#[test]
fn the_size_of_batches_does_not_show() -> Result<(), Error> {
    let mut shown = Vec::new();
    for batch_rows in [None, Some(1), Some(7), Some(1_000)] {
        for workers in [1, 2] {
            let mut db = Engine::open(EngineConfig { workers, batch_rows, ..EngineConfig::default() })?;
            db.execute(
                "CREATE TABLE t(id BIGINT PRIMARY KEY, name TEXT);
                 CREATE VIEW v AS SELECT id % 5 AS k, COUNT(*) AS n, MAX(name) AS m FROM t GROUP BY id % 5",
            )?;
            let sub = db.subscribe("v")?;
            let mut tx = db.begin()?;
            tx.append("t", rows(0, 2_003))?;
            tx.commit()?;
            db.execute("INSERT INTO t SELECT id + 5000, name FROM t WHERE id > 10; DELETE FROM t WHERE id % 3 = 0")?;
            let changes = sub.poll()?;
            let changes: Vec<(u64, Vec<_>)> = changes
                .iter()
                .map(|change| {
                    let mut rows = change.rows::<(i64, i64, String)>().unwrap_or_else(|e| panic!("{e:?}"));
                    rows.sort();
                    (change.epoch, rows)
                })
                .collect();
            shown.push(changes);
        }
    }
    assert_eq!(shown[0].len(), 3);
    assert!(shown.iter().all(|each| *each == shown[0]));
    Ok(())
}

#[test]
fn files_are_read_in_batches_of_the_size_that_is_asked_for() -> Result<(), Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.csv");
    let lines: String = (0..1_000).map(|id| format!("{id}\n")).collect();
    std::fs::write(&path, format!("id\n{lines}")).expect("a file");
    let path = path.display();
    let mut db = Engine::open(EngineConfig { batch_rows: Some(300), ..EngineConfig::default() })?;
    db.execute(&format!("CREATE TABLE t FROM '{path}'"))?;
    let mut pieces = Vec::new();
    while let Some(loaded) = db.load(None)? {
        pieces.push(loaded.rows);
    }
    assert_eq!(pieces, [300, 300, 300, 100, 0]);
    db.execute(&format!("CREATE TABLE u FROM '{path}' WITH (batch_rows = 500); SELECT * FROM u"))?;
    assert_eq!(db.epoch(), 6);
    db.execute(&format!("CREATE TABLE c(id INT); COPY c FROM '{path}'"))?;
    assert_eq!(db.epoch(), 7);
    assert!(Engine::open(EngineConfig { batch_rows: Some(0), ..EngineConfig::default() }).is_err());
    Ok(())
}
