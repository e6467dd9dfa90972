//! Rows that are inserted into every table and retracted again.

use deltaq::{Engine, RelationKind, Scalar, SqlType};

use super::Failure;
use crate::rows::{Row, to_batch};

/// The foreign rows that are in the tables now.
#[derive(Default)]
pub struct Noise {
    present: Vec<(String, Vec<Row>)>,
    /// Counts up, so that keys do not repeat.
    number: i32,
}

impl Noise {
    /// Inserts three rows into each table, unless there are some.
    pub fn insert(&mut self, db: &mut Engine) -> Result<(), Failure> {
        if self.present.is_empty() {
            for table in db.tables().iter().filter(|r| r.kind == RelationKind::Table) {
                let rows = (0..3).map(|_| self.row(&table.schema, &table.primary_key)).collect();
                self.present.push((table.name.clone(), rows));
            }
            self.push(db, 1)?;
        }
        Ok(())
    }

    /// Takes them out again.
    pub fn retract(&mut self, db: &mut Engine) -> Result<(), Failure> {
        self.push(db, -1)?;
        self.present.clear();
        Ok(())
    }

    fn push(&self, db: &mut Engine, weight: i64) -> Result<(), Failure> {
        if self.present.is_empty() {
            return Ok(());
        }
        let schemas: Vec<_> = db.tables();
        let mut transaction = db.begin()?;
        for (name, rows) in &self.present {
            let table = schemas.iter().find(|t| t.name == *name).unwrap_or_else(|| panic!("the table {name} is there"));
            transaction.push(name, to_batch(rows, &table.schema), &vec![weight; rows.len()])?;
        }
        transaction.commit()?;
        Ok(())
    }

    fn row(&mut self, schema: &deltaq::Schema, key: &[usize]) -> Row {
        self.number += 1;
        let n = self.number;
        schema
            .iter()
            .enumerate()
            .map(|(index, field)| match (key.contains(&index), n % 4) {
                (true, _) => value(field.ty, 1_000_000 + n),
                (false, 0) if field.nullable => Scalar::Null,
                (false, choice) => value(field.ty, choice * 10 % 30),
            })
            .collect()
    }
}

/// Some value of a type; the small numbers are such that they occur in the files too, and 0 is among them.
fn value(ty: SqlType, n: i32) -> Scalar {
    match ty {
        SqlType::Boolean => Scalar::Boolean(n % 20 == 0),
        SqlType::SmallInt => Scalar::SmallInt((n % 30_000) as i16),
        SqlType::Int => Scalar::Int(n),
        SqlType::BigInt => Scalar::BigInt(n.into()),
        SqlType::Real => Scalar::Real(n as f32),
        SqlType::Double => Scalar::Double(n as f64 * 1e290),
        SqlType::Decimal(precision, _) => Scalar::Decimal(n as i128 % 10i128.pow(precision.into())),
        SqlType::Null => Scalar::Null,
        SqlType::Text { max, .. } => {
            let text = if n < 30 { ["x", "a", ""][n as usize / 10].to_string() } else { format!("noise{n}") };
            Scalar::Text(text.chars().take(max.map_or(99, |m| m as usize)).collect())
        }
        SqlType::Bytea => Scalar::Bytea(n.to_be_bytes().to_vec()),
        SqlType::Date => Scalar::Date(n),
        SqlType::Time => Scalar::Time(n.into()),
        SqlType::Timestamp | SqlType::TimestampTz => Scalar::Timestamp(n.into()),
        SqlType::Interval => Scalar::Interval { months: 0, days: n, nanos: 0 },
        SqlType::Uuid => Scalar::Uuid((n as u128).to_be_bytes()),
    }
}
