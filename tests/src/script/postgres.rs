//! Plays a file against PostgreSQL, which says whether the file's expectations are right.

use sqllogictest::{DB, DBOutput, DefaultColumnType};

use super::{Failure, visible};
use crate::oracle::postgres::{Session, is_query};

/// Plays a file against a session of PostgreSQL.
pub struct Postgres(pub Session);

impl DB for Postgres {
    type Error = Failure;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Failure> {
        let answer = self.0.run(sql).map_err(|code| Failure::new(code, "as PostgreSQL says"))?;
        if !is_query(sql) {
            return Ok(DBOutput::StatementComplete(answer.count));
        }
        let columns = answer.rows.first().map_or(0, Vec::len);
        let rows = answer.rows.into_iter().map(|row| row.into_iter().map(visible).collect()).collect();
        Ok(DBOutput::Rows { types: vec![DefaultColumnType::Any; columns], rows })
    }

    fn engine_name(&self) -> &str {
        "postgres"
    }

    fn error_sql_state(error: &Failure) -> Option<String> {
        Some(error.code.clone())
    }
}
