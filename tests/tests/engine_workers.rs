//! Engines of several workers, told many small and some large changes without waiting: each commit shows what it shows on one.

use std::collections::BTreeMap;

use deltaq::{Engine, EngineConfig, Error, Subscription};
use deltaq_tests::generate::Dice;

const TABLES: &str = "CREATE TABLE a(id INT PRIMARY KEY, k INT, v INT);
                      CREATE TABLE b(k INT, w INT);
                      CREATE TABLE c(x INT, y INT) WITH (append_only)";

/// Each needs rows of several workers several times over.
const VIEWS: [&str; 12] = [
    "SELECT a.k, b.w, COUNT(*) AS n FROM a JOIN b ON a.k = b.k GROUP BY a.k, b.w",
    "SELECT l.v, COUNT(*) AS n, SUM(r.v) AS s FROM a AS l JOIN a AS r ON l.k = r.v GROUP BY l.v",
    "SELECT a.id, a.k, b.w FROM a LEFT JOIN b ON a.v = b.w",
    "SELECT a.k, a.v, b.k AS bk, b.w FROM a FULL JOIN b ON a.k = b.k AND a.v = b.w",
    "SELECT n, COUNT(*) AS groups, MAX(s) AS most FROM (SELECT k, COUNT(*) AS n, SUM(v) AS s FROM a GROUP BY k) AS g GROUP BY n",
    "SELECT DISTINCT l.w, r.k FROM b AS l JOIN a AS r ON l.w = r.k",
    "SELECT * FROM (SELECT k, n, ROW_NUMBER() OVER (PARTITION BY n ORDER BY k DESC) AS place \
     FROM (SELECT k, COUNT(*) AS n FROM a GROUP BY k) AS g) AS h WHERE place <= 2",
    "SELECT k, s FROM (SELECT k, SUM(v) AS s FROM a GROUP BY k) AS g ORDER BY s DESC, k LIMIT 3",
    "SELECT k FROM a EXCEPT SELECT w FROM b",
    "SELECT x, COUNT(DISTINCT y) AS d, MIN(y) AS least, MAX(b.w) AS most FROM c JOIN b ON c.x = b.k GROUP BY x",
    "SELECT k, v FROM a WHERE v > (SELECT AVG(w) FROM b) AND EXISTS (SELECT 1 FROM c WHERE c.x = a.k)",
    "SELECT a.k, 60 / a.v AS q, COUNT(*) AS n FROM a JOIN c ON a.v = c.y GROUP BY a.k, a.v",
];

/// What is done to an engine.
#[derive(Clone, Debug)]
enum Act {
    Sql(String),
    Subscribe(String),
    /// A SELECT of this view inside a transaction: views follow it so far.
    Look(String),
    Poll,
    Unsubscribe(usize),
}

struct Script<'a> {
    dice: &'a mut Dice,
    acts: Vec<Act>,
    views: Vec<usize>,
    next: usize,
}

impl Script<'_> {
    fn sql(&mut self, sql: String) {
        self.acts.push(Act::Sql(sql));
    }

    fn value(&mut self, below: usize) -> String {
        if self.dice.chance(5) { "NULL".into() } else { self.dice.below(below).to_string() }
    }

    fn insert(&mut self, table: &str, rows: usize, spread: usize) {
        let rows: Vec<String> = (0..rows)
            .map(|_| {
                let (k, v) = (self.value(spread), self.value(spread));
                self.next += 1;
                if table == "a" { format!("({}, {k}, {v})", self.next) } else { format!("({k}, {v})") }
            })
            .collect();
        self.sql(format!("INSERT INTO {table} VALUES {}", rows.join(", ")));
    }

    fn change(&mut self, size: usize) {
        let spread = 4 + size / 6;
        match self.dice.weighted(&[40, 25, 12, 10, 10, 5]) {
            0 => self.insert("a", size, spread),
            1 => self.insert("b", size, spread),
            2 => self.insert("c", size, spread),
            3 => {
                let (from, by) = (self.dice.below(self.next + 1), self.dice.between(1, 30));
                self.sql(format!("DELETE FROM a WHERE id BETWEEN {from} AND {}", from + by));
            }
            4 => {
                let (k, by) = (self.dice.below(5), self.dice.between(1, 3));
                self.sql(format!("UPDATE a SET v = (v + {by}) % 7 WHERE k = {k}"));
            }
            _ => {
                let k = self.dice.below(6);
                self.sql(format!("DELETE FROM b WHERE k = {k}"));
            }
        }
    }

    fn transaction(&mut self) {
        self.sql("BEGIN".into());
        for _ in 0..self.dice.between(1, 4) {
            let size = self.dice.between(1, 4);
            self.change(size);
            if self.dice.chance(40) {
                let view = *self.dice.pick(&self.views);
                self.acts.push(Act::Look(format!("v{view}")));
            }
            if self.dice.chance(10) {
                let query = VIEWS[self.dice.below(VIEWS.len())];
                self.sql(format!("CREATE VIEW extra AS {query}"));
            }
            if self.dice.chance(10) {
                self.sql("DROP VIEW IF EXISTS extra".into());
            }
            if self.dice.chance(30) {
                self.acts.push(Act::Poll);
            }
        }
        let end = if self.dice.chance(50) { "COMMIT" } else { "ROLLBACK" };
        self.sql(end.into());
    }

    fn next(&mut self) {
        match self.dice.weighted(&[60, 4, 12, 8, 4, 4, 25]) {
            0 => {
                let size = self.dice.between(1, 3);
                self.change(size);
            }
            1 => {
                let size = self.dice.between(500, 700);
                self.change(size);
            }
            2 => self.transaction(),
            3 => {
                let query = VIEWS[self.dice.below(VIEWS.len())];
                self.sql(format!("CREATE OR REPLACE VIEW extra AS {query}"));
                if self.dice.chance(50) {
                    self.acts.push(Act::Subscribe("extra".into()));
                }
            }
            4 => self.sql("DROP VIEW IF EXISTS extra".into()),
            5 => {
                let which = self.dice.below(8);
                self.acts.push(Act::Unsubscribe(which));
            }
            _ => self.acts.push(Act::Poll),
        }
    }
}

fn script(dice: &mut Dice) -> Vec<Act> {
    let mut script = Script { dice, acts: vec![Act::Sql(TABLES.into())], views: Vec::new(), next: 0 };
    for _ in 0..3 {
        let view = script.dice.below(VIEWS.len());
        if !script.views.contains(&view) {
            script.views.push(view);
            script.sql(format!("CREATE VIEW v{view} AS {}", VIEWS[view]));
            script.acts.push(Act::Subscribe(format!("v{view}")));
        }
    }
    for _ in 0..script.dice.between(10, 60) {
        script.next();
    }
    script.acts
}

/// What a subscription has told: by commit, rows with weights.
#[derive(Default, Debug, PartialEq)]
struct Told {
    commits: BTreeMap<u64, BTreeMap<String, i64>>,
    ended: bool,
}

impl Told {
    /// Polls until nothing comes any more: the end is told after all that came before it.
    fn drain(&mut self, subscription: &Subscription) {
        let mut before = None;
        while !self.ended && before != Some(self.commits.len()) {
            before = Some(self.commits.len());
            self.poll(subscription, true);
        }
    }

    fn poll(&mut self, subscription: &Subscription, wait: bool) {
        let changes = if wait { subscription.poll() } else { subscription.try_poll() };
        let changes = match changes {
            Ok(changes) => changes,
            Err(error) if error.is_unknown_relation() => {
                self.ended = true;
                return;
            }
            Err(error) => panic!("{error:?}"),
        };
        for change in changes {
            let mut rows = BTreeMap::new();
            for (row, weight) in change.weights.iter().enumerate() {
                let slice = change.rows.slice(row, 1);
                let text = slice.columns().iter().map(|c| format!("{c:?}")).collect::<Vec<_>>().join(" ");
                *rows.entry(text).or_insert(0) += weight;
            }
            let last = self.commits.last_key_value().map_or(0, |(epoch, _)| *epoch);
            assert!(last < change.epoch || self.commits.is_empty(), "commit {} comes after {last}", change.epoch);
            assert!(!change.is_empty() && rows.values().all(|weight| *weight != 0), "a change is consolidated");
            self.commits.insert(change.epoch, rows);
        }
    }
}

/// All that is seen of an engine while it does `acts`.
fn seen(config: EngineConfig, acts: &[Act], mut polls: Option<Dice>) -> Result<Vec<String>, Error> {
    let mut db = Engine::open(config)?;
    let mut watched: Vec<(Option<Subscription>, Told)> = Vec::new();
    let mut seen = Vec::new();
    for act in acts {
        match act {
            Act::Sql(sql) => seen.push(match db.execute(sql) {
                Ok(_) => "done".into(),
                Err(error) => error.code().to_string(),
            }),
            Act::Subscribe(name) => match db.subscribe(name) {
                Ok(subscription) => watched.push((Some(subscription), Told::default())),
                Err(error) => seen.push(error.code().to_string()),
            },
            Act::Look(name) => seen.push(match db.query(&format!("SELECT COUNT(*) FROM {name}")) {
                Ok(rows) => format!("{:?}", rows.cell(0, 0)),
                Err(error) => error.code().to_string(),
            }),
            Act::Unsubscribe(which) => {
                if let Some((subscription, told)) = watched.get_mut(*which)
                    && let Some(ending) = subscription.take()
                {
                    told.drain(&ending);
                }
            }
            Act::Poll => {
                for (subscription, told) in &mut watched {
                    let now = polls.as_mut().is_none_or(|dice| dice.chance(50));
                    if let (Some(subscription), true) = (subscription, now) {
                        told.poll(subscription, polls.is_none());
                    }
                }
            }
        }
    }
    for (subscription, told) in &mut watched {
        if let Some(subscription) = subscription {
            told.drain(subscription);
        }
        seen.push(format!("{told:#?}"));
    }
    for relation in db.tables() {
        let mut rows: Vec<String> = Vec::new();
        let all = db.query(&format!("SELECT * FROM {}", relation.name))?;
        for row in 0..all.len() {
            let cells: Vec<_> = (0..all.schema().len()).map(|column| all.cell(row, column)).collect();
            rows.push(format!("{cells:?}"));
        }
        rows.sort();
        seen.push(format!("{} {rows:?}", relation.name));
        if relation.sql.is_some() {
            assert!(db.check(&relation.name)?.is_ok(), "{}", relation.name);
            seen.push(format!("{:?}", db.errors(&relation.name)?));
        }
    }
    Ok(seen)
}

#[test]
fn each_commit_is_told_as_on_one_worker() -> Result<(), Error> {
    let percent: u64 = std::env::var("DELTAQ_CASES").ok().and_then(|s| s.parse().ok()).unwrap_or(100);
    for seed in 0..(12 * percent / 100).max(1) {
        let mut dice = Dice::new(seed);
        let acts = script(&mut dice);
        // Whether a commit whose changes cancel out counts depends on what the workers were given before.
        let alone = EngineConfig { batch_rows: *dice.pick(&[None, Some(1), Some(100)]), ..EngineConfig::default() };
        let expected = seen(alone.clone(), &acts, None)?;
        for workers in [2, 3, 4] {
            let config = EngineConfig { workers, epochs_in_flight: *dice.pick(&[1, 2, 8, 64]), ..alone.clone() };
            let several = seen(config.clone(), &acts, Some(dice.clone()))?;
            for (nth, (one, several)) in expected.iter().zip(&several).enumerate() {
                assert_eq!(one, several, "seed {seed}, {config:?}, {nth}: {acts:#?}");
            }
            assert_eq!(expected.len(), several.len());
        }
    }
    Ok(())
}

#[test]
fn an_error_counts_once_however_many_workers_meet_it() -> Result<(), Error> {
    // The same rows are needed as they come and by key.
    let views = [
        "SELECT t.q, u.w FROM (SELECT 10 / v AS q, k FROM t) AS t LEFT JOIN u ON t.k = u.k",
        "SELECT 10 / v AS q FROM t UNION ALL SELECT DISTINCT 10 / v FROM t",
        "SELECT q, COUNT(*) AS n FROM (SELECT 10 / v AS q FROM t) AS t GROUP BY q",
    ];
    let rows = "INSERT INTO t VALUES (1, 0), (2, 1), (3, 0), (NULL, 0), (4, 5), (NULL, 3); INSERT INTO u VALUES (1, 1), (3, 2)";
    for (view, workers) in views.iter().flat_map(|view| [1, 2, 3].map(|workers| (view, workers))) {
        let mut db = Engine::open(EngineConfig { workers, ..EngineConfig::default() })?;
        db.execute("CREATE TABLE t(k INT, v INT); CREATE TABLE u(k INT, w INT)")?;
        db.execute(&format!("CREATE VIEW early AS {view}; {rows}; CREATE VIEW late AS {view}"))?;
        for (change, failed) in [("DELETE FROM u", 3), ("DELETE FROM t WHERE k = 1 OR v = 5", 2)] {
            db.execute(change)?;
            for name in ["early", "late"] {
                let errors = db.errors(name)?;
                assert_eq!(
                    errors.iter().map(|error| error.weight).sum::<i64>(),
                    failed,
                    "{view}, {workers}: {errors:?}"
                );
                let check = db.check(name)?;
                assert_eq!((check.is_ok(), check.errors), (true, failed as u64), "{view}, {workers}");
            }
        }
    }
    Ok(())
}

/// Rows as text with their weights, by epoch.
type ByEpoch = BTreeMap<u64, BTreeMap<String, i64>>;

/// What a view tells of, as text and by epoch; a row twice in an epoch is an error. And the most changes that an epoch came in.
fn told(workers: usize, view: &str, parts: bool) -> Result<(ByEpoch, usize), Error> {
    let mut db = Engine::open(EngineConfig { workers, ..EngineConfig::default() })?;
    db.execute(
        "CREATE TABLE t(k INT, s TEXT, x DOUBLE PRECISION); CREATE TABLE u(k INT, name TEXT);
         INSERT INTO u SELECT k, CAST(k AS TEXT) FROM generate_series(0, 6) AS g(k); INSERT INTO u VALUES (0, '-0')",
    )?;
    db.execute(&format!("CREATE VIEW v AS {view}"))?;
    let subscription = db.subscribe("v")?;
    let all = "SELECT n / 2, CAST(n % 3000 AS TEXT), CASE n % 3 WHEN 0 THEN 0.0 WHEN 1 THEN -0.0::DOUBLE PRECISION ELSE n / 2 END
               FROM generate_series(1, 9000) AS g(n)";
    db.execute(&format!(
        "INSERT INTO t {all}; DELETE FROM t WHERE k % 4 = 1; UPDATE t SET s = s || 'x' WHERE k % 2 = 0"
    ))?;
    db.state()?;
    let changes = if parts { subscription.try_poll_parts()? } else { subscription.poll()? };
    let most = changes.chunk_by(|a, b| a.epoch == b.epoch).map(|parts| parts.len()).max().unwrap_or(0);
    let mut told: ByEpoch = BTreeMap::new();
    for change in changes {
        let epoch = told.entry(change.epoch).or_default();
        for row in 0..change.len() {
            let cells: Vec<_> = (0..change.rows.num_columns()).map(|column| change.cell(row, column)).collect();
            let before = epoch.insert(format!("{cells:?}"), change.weights[row]);
            assert_eq!(before, None, "{view}: {cells:?} is told twice");
        }
    }
    assert!(db.check("v")?.is_ok(), "{view}");
    Ok((told, most))
}

#[test]
fn a_row_is_in_one_part_of_a_change() -> Result<(), Error> {
    // And whether it may be told in parts.
    let views = [
        ("SELECT k, COUNT(*) AS n FROM t GROUP BY k", true),
        ("SELECT t.k, t.s FROM t JOIN u ON t.k % 7 = u.k", true),
        ("SELECT s FROM t JOIN u ON t.k % 7 = u.k", false),
        // Zero and minus zero are equal rows, but not equal texts.
        ("SELECT x, t.k FROM t JOIN u ON CAST(t.x AS TEXT) = u.name", false),
        // The same rows come by different keys.
        (
            "SELECT t.k, t.s FROM t JOIN u ON t.k % 7 = u.k UNION ALL SELECT t.k, t.s FROM t JOIN u ON t.k % 5 = u.k",
            false,
        ),
    ];
    for (view, may_be_parted) in views {
        let (expected, _) = told(1, view, false)?;
        assert!(expected.values().any(|epoch| epoch.len() > 1_536), "{view}");
        for workers in [2, 3] {
            assert_eq!(told(workers, view, false)?, (expected.clone(), 1), "{view} on {workers} workers");
            let (parts, most) = told(workers, view, true)?;
            assert_eq!(parts, expected, "{view} on {workers} workers");
            assert_eq!(most, if may_be_parted { workers } else { 1 }, "{view}");
        }
    }
    Ok(())
}
