//! Tables and views that are made, changed and dropped inside transactions, which stand or are undone as a whole.

use std::collections::BTreeMap;

use deltaq::{Engine, EngineConfig, Error, Subscription};

const BEGINNING: &str = "CREATE TABLE a(id INT PRIMARY KEY, v INT);
                         CREATE TABLE b(k INT, name TEXT);
                         CREATE VIEW v AS SELECT v, COUNT(*) AS n FROM a GROUP BY v;
                         CREATE VIEW plain AS SELECT * FROM a;
                         CREATE VIEW w AS SELECT v.v, v.n, b.name FROM v JOIN b ON v.n = b.k;
                         INSERT INTO a VALUES (1, 1), (2, 1), (3, 2), (4, 3);
                         INSERT INTO b VALUES (1, 'one'), (2, 'two')";

/// What may happen in a transaction; what does not fit where it stands is refused.
const STATEMENTS: [&str; 22] = [
    "INSERT INTO a(id, v) VALUES (10, 1), (11, 5)",
    "INSERT INTO a(id, v) VALUES (20, 2)",
    "DELETE FROM a WHERE v = 1",
    "UPDATE a SET v = v + 1",
    "INSERT INTO b VALUES (1, 'uno'), (3, 'tre')",
    "DELETE FROM b WHERE k = 1",
    "ALTER TABLE a ADD COLUMN c INT DEFAULT 7",
    "ALTER TABLE b ADD COLUMN d TEXT",
    "CREATE TABLE c(x INT)",
    "INSERT INTO c SELECT v FROM a",
    "DROP TABLE c",
    "DROP TABLE b CASCADE",
    "DROP TABLE a CASCADE",
    "CREATE TABLE b(k INT, name TEXT)",
    "CREATE VIEW u AS SELECT DISTINCT v FROM a",
    "DROP VIEW u",
    "DROP VIEW w",
    "DROP VIEW v CASCADE",
    "CREATE OR REPLACE VIEW v AS SELECT v, COUNT(*) + 1 AS n FROM a WHERE v > 1 GROUP BY v",
    "CREATE OR REPLACE VIEW v AS SELECT v, COUNT(*) AS n FROM a GROUP BY v",
    "CREATE OR REPLACE VIEW w AS SELECT name FROM b",
    "CREATE VIEW w AS SELECT v.v, v.n, b.name FROM v JOIN b ON v.n = b.k",
];

fn open(workers: usize) -> Engine {
    Engine::open(EngineConfig { workers, ..EngineConfig::default() }).expect("an engine")
}

/// Each relation with its columns and rows.
fn everything(db: &mut Engine) -> Vec<String> {
    let mut all = Vec::new();
    for relation in db.tables() {
        let rows = db.query(&format!("SELECT * FROM {}", relation.name)).unwrap_or_else(|e| panic!("{e:?}"));
        let cell = |row: usize, column| rows.cell(row, column).unwrap_or_else(|| "NULL".into());
        let line = |row| (0..rows.schema().len()).map(|c| cell(row, c)).collect::<Vec<_>>().join(" ");
        let mut lines: Vec<String> = (0..rows.len()).map(line).collect();
        lines.sort();
        all.push(format!("{} {:?}: {}", relation.name, relation.schema, lines.join(", ")));
        if relation.sql.is_some() {
            let check = db.check(&relation.name).unwrap_or_else(|e| panic!("{e:?}"));
            assert!(check.is_ok(), "{}: {check:?}", relation.name);
        }
    }
    all
}

/// Rows kept, by what keeps them.
fn state(db: &mut Engine) -> Vec<(String, u64)> {
    let state = db.state().unwrap_or_else(|e| panic!("{e:?}"));
    let mut kept: Vec<(String, u64)> = state.into_iter().map(|row| (row.view, row.rows)).collect();
    kept.sort();
    kept
}

/// A subscription, and the sum of what it has yielded.
struct Watched {
    name: &'static str,
    changes: Subscription,
    sum: BTreeMap<String, i64>,
}

impl Watched {
    fn new(db: &mut Engine, name: &'static str) -> Watched {
        let changes = db.subscribe(name).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        let mut watched = Watched { name, changes, sum: BTreeMap::new() };
        watched.poll();
        watched
    }

    /// How many changes there were; None at the end.
    fn poll(&mut self) -> Option<usize> {
        let changes = match self.changes.poll() {
            Ok(changes) => changes,
            Err(error) if error.is_unknown_relation() => return None,
            Err(error) => panic!("{}: {error:?}", self.name),
        };
        for change in &changes {
            for row in 0..change.len() {
                let slice = change.rows.slice(row, 1);
                let key = slice.columns().iter().map(|c| format!("{c:?}")).collect::<Vec<_>>().join(" ");
                *self.sum.entry(key).or_default() += change.weights[row];
            }
        }
        self.sum.retain(|_, weight| *weight != 0);
        Some(changes.len())
    }
}

/// Some statements, the same for the same seed.
fn chosen(seed: u64) -> Vec<&'static str> {
    let mut at = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut next = || {
        at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (at >> 33) as usize
    };
    let count = 1 + next() % 10;
    (0..count).map(|_| STATEMENTS[next() % STATEMENTS.len()]).collect()
}

#[test]
fn a_rollback_leaves_no_trace() -> Result<(), Error> {
    for seed in 0..150 {
        let mut db = open(1 + seed as usize % 2);
        db.execute(BEGINNING)?;
        let mut watched: Vec<Watched> = ["a", "b", "v", "plain", "w"].map(|name| Watched::new(&mut db, name)).into();
        let (shown, kept) = (everything(&mut db), state(&mut db));
        db.execute("BEGIN")?;
        let statements = chosen(seed);
        for statement in &statements {
            // What is refused changes nothing.
            let _ = db.execute(statement);
        }
        everything(&mut db);
        db.execute("ROLLBACK")?;
        assert_eq!(everything(&mut db), shown, "seed {seed}: {statements:?}");
        assert_eq!(state(&mut db), kept, "seed {seed}: {statements:?}");
        for each in &mut watched {
            assert_eq!(each.poll(), Some(0), "seed {seed}, {}: {statements:?}", each.name);
        }
        // All goes on as if nothing had been.
        db.execute("INSERT INTO a VALUES (30, 9), (31, 1); INSERT INTO b VALUES (3, 'drei')")?;
        everything(&mut db);
        for each in &mut watched {
            each.poll();
            let now = Watched::new(&mut db, each.name);
            assert_eq!(each.sum, now.sum, "seed {seed}, {}: {statements:?}", each.name);
        }
    }
    Ok(())
}

#[test]
fn a_commit_does_what_the_statements_do_alone() -> Result<(), Error> {
    for seed in 1000..1150 {
        let statements = chosen(seed);
        let run = |transaction: bool| -> Result<_, Error> {
            let mut db = open(1 + seed as usize % 2);
            db.execute(BEGINNING)?;
            let mut watched: Vec<Watched> =
                ["a", "b", "v", "plain", "w"].map(|name| Watched::new(&mut db, name)).into();
            let began = if transaction { db.execute("BEGIN").map(|_| ()) } else { Ok(()) };
            began?;
            let outcomes: Vec<bool> = statements.iter().map(|s| db.execute(s).is_ok()).collect();
            if transaction {
                db.execute("COMMIT")?;
            }
            let mut seen = Vec::new();
            for each in &mut watched {
                while each.poll().is_some_and(|changes| changes > 0) {}
                let ended = each.poll().is_none();
                // What a view showed just before it went is nobody's business.
                seen.push((each.name, ended, if ended { BTreeMap::new() } else { each.sum.clone() }));
            }
            Ok((outcomes, everything(&mut db), state(&mut db), seen))
        };
        assert_eq!(run(true)?, run(false)?, "seed {seed}: {statements:?}");
    }
    Ok(())
}

#[test]
fn a_transaction_sees_what_it_has_defined() -> Result<(), Error> {
    let mut db = open(1);
    db.execute(BEGINNING)?;
    let mut tx = db.begin()?;
    tx.execute(
        "INSERT INTO a VALUES (5, 3); CREATE VIEW big AS SELECT id FROM a WHERE v >= 3; INSERT INTO a VALUES (6, 4)",
    )?;
    assert_eq!(tx.query("SELECT id FROM big ORDER BY id")?.to_rows::<(i32,)>()?, [(4,), (5,), (6,)]);
    tx.execute("CREATE TABLE c(x INT); INSERT INTO c SELECT id FROM big; DROP VIEW big")?;
    assert_eq!(tx.query("SELECT SUM(x) FROM c")?.cell(0, 0).as_deref(), Some("15"));
    assert_eq!(tx.query("SELECT * FROM big").unwrap_err().code(), "42P01");
    tx.rollback()?;
    assert_eq!(db.query("SELECT * FROM c").unwrap_err().code(), "42P01");
    assert_eq!(db.query("SELECT COUNT(*) FROM a")?.cell(0, 0).as_deref(), Some("4"));
    Ok(())
}

#[test]
fn views_that_are_one_node_end_alone() -> Result<(), Error> {
    let mut db = open(1);
    db.execute(BEGINNING)?;
    db.execute("CREATE VIEW again AS SELECT * FROM a")?;
    let mut watched: Vec<Watched> = ["a", "plain", "again"].map(|name| Watched::new(&mut db, name)).into();
    db.execute("DROP VIEW plain; INSERT INTO a VALUES (7, 7)")?;
    assert_eq!(watched.iter_mut().map(Watched::poll).collect::<Vec<_>>(), [Some(1), None, Some(1)]);
    db.execute("CREATE OR REPLACE VIEW again AS SELECT * FROM a WHERE v < 3; INSERT INTO a VALUES (8, 8)")?;
    assert_eq!(watched[0].poll(), Some(1));
    assert_eq!(watched[2].poll(), Some(1));
    assert_eq!(watched[2].sum.len(), 3);
    Ok(())
}

#[test]
fn rows_of_sources_outlive_a_rollback() -> Result<(), Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, "id\n1\n2\n").expect("a file");
    let mut db = open(1);
    db.execute(&format!("CREATE TABLE t FROM '{}'; BEGIN; SELECT * FROM t; ROLLBACK", path.display()))?;
    assert_eq!(db.query("SELECT COUNT(*) FROM t")?.cell(0, 0).as_deref(), Some("2"));
    db.execute(&format!("BEGIN; CREATE TABLE u FROM '{}'; SELECT * FROM u; ROLLBACK", path.display()))?;
    assert_eq!(db.query("SELECT * FROM u").unwrap_err().code(), "42P01");
    assert!(db.loading().is_empty());
    Ok(())
}
