//! SQL test files: a driver that plays each file against the engine in several ways, and one that asks PostgreSQL.
//!
//! However a file's changes are cut into epochs, and whatever came and went in between, its answers are the same.

mod noise;
mod postgres;
mod split;

use std::collections::HashMap;
use std::fmt;

use deltaq::{Engine, EngineConfig, Outcome, Rows, SqlType};
use sqllogictest::{DB, DBOutput, DefaultColumnType};

use crate::oracle::postgres::is_query;
use noise::Noise;

pub use postgres::Postgres;

/// How a file's changes are cut into epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Changes that follow each other are one epoch.
    Batch,
    /// Each row of an INSERT is an epoch, after the statement was tried as a whole and rolled back.
    Rows,
    /// As the file has them, while foreign rows are inserted all the time and retracted before anyone looks.
    Noise,
    /// As the file has them, on three workers.
    Workers,
}

/// A failed statement.
#[derive(Debug)]
pub struct Failure {
    code: String,
    message: String,
}

impl Failure {
    fn new(code: impl Into<String>, message: impl Into<String>) -> Failure {
        Failure { code: code.into(), message: message.into() }
    }
}

impl From<deltaq::Error> for Failure {
    fn from(error: deltaq::Error) -> Failure {
        Failure::new(error.code(), error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {}", self.code, self.message)
    }
}

impl std::error::Error for Failure {}

/// Plays a file against the engine.
///
/// Every query of the file also stands as a view, created as soon as what it reads exists; where the query is asked, the view must
/// show the same rows, or be in error where the query fails.
pub struct Player {
    db: Engine,
    mode: Mode,
    noise: Noise,
    /// An epoch of ours is open (Batch).
    gathering: bool,
    /// The file has begun a transaction.
    in_transaction: bool,
    /// The file's queries, how many columns each has, and whether its view is there.
    shadows: Vec<Shadow>,
    places: HashMap<String, usize>,
}

struct Shadow {
    sql: String,
    columns: usize,
    present: bool,
}

impl Player {
    /// A player of a file whose queries are `queries`, with the number of their columns.
    pub fn new(mode: Mode, queries: &[(String, usize)]) -> Player {
        let workers = if mode == Mode::Workers { 3 } else { 1 };
        let db = Engine::open(EngineConfig { workers, ..EngineConfig::default() })
            .unwrap_or_else(|error| panic!("an engine opens: {error}"));
        let mut shadows: Vec<Shadow> = Vec::new();
        let mut places = HashMap::new();
        for (sql, columns) in queries {
            places.entry(sql.clone()).or_insert_with(|| {
                shadows.push(Shadow { sql: sql.clone(), columns: *columns, present: false });
                shadows.len() - 1
            });
        }
        let mut player =
            Player { db, mode, noise: Noise::default(), gathering: false, in_transaction: false, shadows, places };
        player.create_shadows();
        player
    }

    fn statement(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Failure> {
        let word = sql.split_whitespace().next().unwrap_or("").to_ascii_uppercase();
        let changes = matches!(word.as_str(), "INSERT" | "UPDATE" | "DELETE");
        if self.gathering && !changes {
            self.db.execute("COMMIT")?;
            self.gathering = false;
        }
        // Foreign rows may be there while rows of the file are inserted and views created, not when anyone looks or chooses rows.
        if !matches!(word.as_str(), "INSERT" | "CREATE") || sql.to_ascii_uppercase().contains("SELECT") {
            self.noise.retract(&mut self.db)?;
        }
        let output = match word.as_str() {
            _ if is_query(sql) => return self.query(sql),
            "BEGIN" | "START" => {
                self.in_transaction = true;
                self.run(sql)
            }
            "COMMIT" | "ROLLBACK" | "END" => {
                self.in_transaction = false;
                self.run(sql)
            }
            "CREATE" if !sql.to_ascii_uppercase().contains("REPLACE") => {
                let output = self.run(sql);
                self.create_shadows();
                output
            }
            "CREATE" | "DROP" | "ALTER" => {
                self.drop_shadows()?;
                let output = self.run(sql);
                self.create_shadows();
                output
            }
            _ if changes && self.mode == Mode::Batch && !self.in_transaction => {
                if !self.gathering {
                    self.db.execute("BEGIN")?;
                    self.gathering = true;
                }
                self.run(sql)
            }
            "INSERT" if self.mode == Mode::Rows && !self.in_transaction => self.insert_row_by_row(sql),
            _ => self.run(sql),
        };
        if self.mode == Mode::Noise && !self.in_transaction {
            self.noise.insert(&mut self.db)?;
        }
        output
    }

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Failure> {
        let mut count = 0;
        for outcome in self.db.execute(sql)? {
            match outcome {
                Outcome::Rows(rows) => return Ok(output(&rows)),
                Outcome::Changed { rows, .. } => count += rows,
                Outcome::Done { .. } | Outcome::Text(_) => {}
            }
        }
        Ok(DBOutput::StatementComplete(count))
    }

    fn insert_row_by_row(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Failure> {
        let Some(single) = split::rows_of_insert(sql).filter(|rows| rows.len() > 1) else { return self.run(sql) };
        // As a whole first, so that a failure of any row leaves none behind.
        self.db.execute("BEGIN")?;
        let whole = self.run(sql);
        self.db.execute("ROLLBACK")?;
        whole?;
        let mut count = 0;
        for sql in single {
            if let DBOutput::StatementComplete(rows) = self.run(&sql)? {
                count += rows;
            }
        }
        Ok(DBOutput::StatementComplete(count))
    }

    fn query(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Failure> {
        let answer = self.db.query(sql);
        if let Some(place) = self.places.get(sql).copied().filter(|p| self.shadows[*p].present) {
            let view = self.db.query(&format!("SELECT * FROM shadow_{place}"))?;
            let failed = !self.db.errors(&format!("shadow_{place}"))?.is_empty();
            match &answer {
                Ok(rows) => {
                    let sorted = |rows: &Rows| {
                        let mut texts = texts(rows);
                        texts.sort();
                        texts
                    };
                    let (view, asked) = (sorted(&view), sorted(rows));
                    if view != asked || failed {
                        return Err(Failure::new(
                            "XXXXX",
                            format!(
                                "the view of this query shows other rows than the query (its errors: {failed})\nview:  {view:?}\nquery: {asked:?}"
                            ),
                        ));
                    }
                }
                Err(error) if error.is_data() && !failed => {
                    return Err(Failure::new("XXXXX", format!("the query fails ({error}), its view has no error")));
                }
                Err(_) => {}
            }
        }
        Ok(output(&answer?))
    }

    /// Creates the views of queries that can be understood now. Those that cannot wait for more tables, or are wrong on purpose.
    fn create_shadows(&mut self) {
        for (place, shadow) in self.shadows.iter_mut().enumerate().filter(|(_, s)| !s.present) {
            let names: Vec<String> = (0..shadow.columns).map(|c| format!("c{c}")).collect();
            let sql = format!("CREATE VIEW shadow_{place} ({}) AS {}", names.join(", "), shadow.sql);
            shadow.present = self.db.execute(&sql).is_ok();
        }
    }

    fn drop_shadows(&mut self) -> Result<(), Failure> {
        for (place, shadow) in self.shadows.iter_mut().enumerate().filter(|(_, s)| s.present) {
            self.db.execute(&format!("DROP VIEW shadow_{place}"))?;
            shadow.present = false;
        }
        Ok(())
    }
}

impl DB for Player {
    type Error = Failure;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Failure> {
        self.statement(sql)
    }

    fn engine_name(&self) -> &str {
        "deltaq"
    }

    fn error_sql_state(error: &Failure) -> Option<String> {
        Some(error.code.clone())
    }
}

fn output(rows: &Rows) -> DBOutput<DefaultColumnType> {
    let letter = |ty: SqlType| match ty {
        ty if ty.is_integer() => DefaultColumnType::Integer,
        ty if ty.is_numeric() => DefaultColumnType::FloatingPoint,
        _ => DefaultColumnType::Text,
    };
    DBOutput::Rows { types: rows.schema().iter().map(|f| letter(f.ty)).collect(), rows: texts(rows) }
}

/// Values as the files write them: PostgreSQL's text, NULL, and `(empty)`.
fn texts(rows: &Rows) -> Vec<Vec<String>> {
    let cell = |row: usize, column: usize| match rows.cell(row, column) {
        None => "NULL".to_string(),
        Some(text) if rows.schema()[column].ty == SqlType::Boolean => text[..1].to_string(),
        Some(text) => visible(text),
    };
    (0..rows.len()).map(|row| (0..rows.schema().len()).map(|column| cell(row, column)).collect()).collect()
}

fn visible(text: String) -> String {
    if text.trim().is_empty() { "(empty)".into() } else { text }
}

/// Whether the rows of an answer are those that the file expects.
pub fn agree(_: sqllogictest::Normalizer, actual: &[Vec<String>], expected: &[String]) -> bool {
    actual.iter().map(|row| normalize(&row.join(" "))).eq(expected.iter().map(|line| normalize(line)))
}

/// Makes text comparable: blanks are one space, and of numbers with many digits after the point ten count, because a
/// quotient's digits are not told by the standard.
fn normalize(text: &str) -> String {
    let number = |word: &str| match (word.split_once('.'), word.parse::<f64>()) {
        (Some((_, fraction)), Ok(_)) if fraction.len() > 7 && fraction.bytes().all(|b| b.is_ascii_digit()) => {
            let cut = &word[..word.len() - fraction.len().saturating_sub(10)];
            cut.trim_end_matches('0').trim_end_matches('.').to_string()
        }
        _ => word.to_string(),
    };
    text.split_ascii_whitespace().map(number).collect::<Vec<_>>().join(" ")
}
