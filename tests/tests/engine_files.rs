//! Tables from files and COPY.

use std::path::PathBuf;

use deltaq::{Engine, EngineConfig, Error, Outcome};
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file can be written");
    }
    folder
}

fn engine(folder: &TempDir) -> Engine {
    let directories: Vec<PathBuf> = vec![folder.path().into()];
    Engine::open(EngineConfig { directories, ..EngineConfig::default() }).expect("an engine")
}

fn count(db: &mut Engine, table: &str) -> i64 {
    db.query(&format!("SELECT COUNT(*) AS n FROM {table}")).unwrap().to_rows::<(i64,)>().unwrap()[0].0
}

#[test]
fn a_file_enters_piece_by_piece_or_at_once() -> Result<(), Error> {
    let lines: String = (0..2_500).map(|i| format!("{i},{}\n", i % 7)).collect();
    let folder = folder(&[("x.csv", &format!("id,k\n{lines}"))]);
    let create = "CREATE TABLE x WITH (connector = 'file', path = 'x.csv', batch_rows = 1000);
                  CREATE VIEW n AS SELECT k, COUNT(*) AS n FROM x GROUP BY k";
    let mut db = engine(&folder);
    db.execute(create)?;
    let sub = db.subscribe("n")?;
    assert_eq!(db.loading(), ["x"]);
    let mut rows = Vec::new();
    while let Some(loaded) = db.load(None)? {
        assert_eq!(loaded.table, "x");
        rows.push(loaded.rows);
        if loaded.ended {
            assert_eq!(Some(loaded.bytes_read), loaded.bytes_total);
        }
    }
    assert_eq!(rows, [1_000, 1_000, 500, 0]);
    assert!(db.loading().is_empty());
    assert_eq!(sub.poll()?.len(), 3, "an epoch a piece");
    assert_eq!(count(&mut db, "n"), 7);

    let mut db = engine(&folder);
    db.execute(create)?;
    assert_eq!(count(&mut db, "x"), 2_500, "a query waits for the whole file");
    Ok(())
}

#[test]
fn a_bad_row_ends_its_file() -> Result<(), Error> {
    let folder = folder(&[("x.csv", "id\n1\n2\n1\n"), ("y.csv", "id\n1\nx\n")]);
    let mut db = engine(&folder);
    db.execute("CREATE TABLE x(id INT PRIMARY KEY) WITH (connector = 'file', path = 'x.csv', batch_rows = 2)")?;
    assert_eq!(db.query("SELECT * FROM x").unwrap_err().code(), "23505");
    assert_eq!(count(&mut db, "x"), 2, "the piece before stands");
    db.execute("CREATE TABLE y(id INT); CREATE TABLE z(id INT) WITH (connector = 'file', path = 'y.csv')")?;
    assert_eq!(db.execute("INSERT INTO y VALUES (1)").unwrap_err().code(), "22P02");
    db.execute("INSERT INTO y VALUES (1)")?;
    let error = db.execute("COPY y FROM 'nowhere.csv'").unwrap_err();
    assert_eq!(error.code(), "58P01");
    assert!(error.is_io());
    assert_eq!(db.execute("CREATE TABLE w WITH (connector = 'kafka')").unwrap_err().code(), "22023");
    Ok(())
}

#[test]
fn a_repeated_key_is_told_with_its_line() -> Result<(), Error> {
    let (a, b) = ("id,v\n1,\"x\ny\"\n\n2,a\nz,b\n5,e\n1,c\n3,d\n", "{\"id\": 3}\n\n{\"id\": 2}\n");
    let folder = folder(&[("a.csv", a), ("b.jsonl", b), ("c.csv", "id,v,w\n2,a,1\n2,b,1\n")]);
    let mut db = engine(&folder);
    let told = |error: Error| error.to_string().rsplit('/').next().unwrap_or_default().to_string();
    db.execute("CREATE TABLE t(id INT PRIMARY KEY, v TEXT)")?;
    let error = db.execute("COPY t FROM 'a.csv' WITH (on_error = 'skip')").unwrap_err();
    assert_eq!(
        told(error),
        "a.csv:8: duplicate primary key in table \"t\": (id) = (1) stands twice among the new rows"
    );
    db.execute("INSERT INTO t VALUES (2, 'b')")?;
    let error = db.execute("COPY t FROM 'b.jsonl'").unwrap_err();
    assert_eq!(told(error), "b.jsonl:3: duplicate primary key in table \"t\": (id) = (2) is there already");
    // Rows with weights are added up first.
    let error = db.execute("COPY t FROM 'c.csv' WITH (weight = 'w')").unwrap_err();
    assert_eq!(told(error), "c.csv: duplicate primary key in table \"t\": (id) = (2) stands twice among the new rows");
    Ok(())
}

#[test]
fn what_is_left_out_is_told() -> Result<(), Error> {
    let folder = folder(&[("x.csv", "id,v\n1,a\ntwo,b\n3,c\n4\n"), ("y.csv", "id,v\nx,y\n")]);
    let mut db = engine(&folder);
    db.execute("CREATE TABLE t(id INT, v TEXT); COPY t FROM 'x.csv' WITH (on_error = 'skip')")?;
    assert_eq!(count(&mut db, "t"), 2);
    let rejected = db.rejections()?;
    assert_eq!(rejected.len(), 1);
    assert_eq!((rejected[0].table.as_str(), rejected[0].rows), ("t", 2));
    let reasons: Vec<&str> = rejected[0].reasons.iter().filter_map(|r| r.split_once("x.csv")).map(|r| r.1).collect();
    assert_eq!(reasons, [":3: column id: invalid input syntax for type integer: \"two\"", ":5: 1 value, expected 2"]);
    assert!(db.rejections()?.is_empty(), "told once");
    // A source that a statement lets in.
    db.execute("CREATE TABLE y(id INT, v TEXT) WITH (connector = 'file', path = 'y.csv', on_error = 'null')")?;
    assert_eq!(db.query("SELECT id, v FROM y")?.to_rows::<(Option<i32>, String)>()?, [(None, "y".to_string())]);
    let rejected = db.rejections()?;
    assert_eq!((rejected[0].table.as_str(), rejected[0].rows, rejected[0].reasons.len()), ("y", 1, 1));
    // Without it, nothing enters.
    assert_eq!(db.execute("COPY t FROM 'x.csv'").unwrap_err().code(), "22P02");
    assert!(db.rejections()?.is_empty());
    Ok(())
}

#[test]
fn a_header_that_is_no_text_is_refused() {
    let folder = folder(&[]);
    std::fs::write(folder.path().join("x.csv"), b"\xff\xfea,b\n1,2\n").expect("a file can be written");
    let error = engine(&folder).execute("CREATE TABLE x FROM 'x.csv'").unwrap_err();
    assert!(error.to_string().contains("x.csv: line 1: not valid UTF-8"), "{error}");
}

#[test]
fn streams_that_are_taken_are_refused() -> Result<(), Error> {
    let mut db =
        Engine::open(EngineConfig { standard_input: false, standard_output: false, ..EngineConfig::default() })?;
    for sql in ["CREATE TABLE t FROM '-'", "CREATE TABLE t(a INT) WITH (connector = 'file', path = '-')"] {
        assert_eq!(db.execute(sql).unwrap_err().code(), "55006", "{sql}");
    }
    db.execute("CREATE TABLE t(a INT)")?;
    for sql in ["COPY t FROM '-'", "COPY t TO '-'", "COPY (SELECT 1) TO '-'"] {
        assert_eq!(db.execute(sql).unwrap_err().code(), "55006", "{sql}");
    }
    Ok(())
}

#[test]
fn copy_is_all_or_nothing() -> Result<(), Error> {
    let good: String = (0..30_000).map(|i| format!("{i},a\n")).collect();
    let bad = format!("{good}0,b\n");
    let folder = folder(&[("good.csv", &format!("id,v\n{good}")), ("bad.csv", &format!("id,v\n{bad}"))]);
    let mut db = engine(&folder);
    db.execute(
        "CREATE TABLE t(id INT PRIMARY KEY, v TEXT); CREATE VIEW n AS SELECT v, COUNT(*) AS n FROM t GROUP BY v",
    )?;
    let sub = db.subscribe("n")?;
    assert_eq!(db.execute("COPY t FROM 'bad.csv'").unwrap_err().code(), "23505");
    assert!(sub.poll()?.is_empty());
    assert_eq!(count(&mut db, "t"), 0);
    let outcomes = db.execute("COPY t FROM 'good.csv'")?;
    assert!(matches!(outcomes[0], Outcome::Changed { tag: "COPY", rows: 30_000 }));
    assert_eq!(sub.poll()?.len(), 1);
    let out = folder.path().join("out.csv");
    db.execute(&format!("COPY n TO '{}'", out.display()))?;
    assert_eq!(std::fs::read_to_string(&out).expect("the file is there"), "v,n\na,30000\n");
    db.execute(&format!(
        "COPY (SELECT id FROM t ORDER BY id DESC LIMIT 2) TO '{}' WITH (header = false)",
        out.display()
    ))?;
    assert_eq!(std::fs::read_to_string(&out).expect("the file is there"), "29999\n29998\n");
    // In a transaction that fails half way, what was copied before stays.
    let mut tx = db.begin()?;
    tx.execute("DELETE FROM t WHERE id > 0")?;
    assert!(tx.execute("COPY t FROM 'good.csv'").is_err());
    assert_eq!(tx.query("SELECT * FROM n")?.to_rows::<(String, i64)>()?, [("a".to_string(), 1)]);
    tx.rollback()?;
    assert_eq!(count(&mut db, "t"), 30_000);
    Ok(())
}
