//! Changes of tables that stay meaningful whatever is dropped from the list: rows to delete are named by their place among the
//! live rows.

use deltaq_operators::{Field, Scalar, Schema};

use super::{Dice, Kind};
use crate::rows::{Bag, Row, compare};

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Names, kinds, and whether NULL may be there.
    pub columns: Vec<(String, Kind, bool)>,
    /// Whether the first column is the primary key.
    pub keyed: bool,
}

impl Table {
    /// `CREATE TABLE`
    pub fn sql(&self) -> String {
        let column = |(index, (name, kind, nullable)): (usize, &(String, Kind, bool))| {
            let key = if self.keyed && index == 0 { " PRIMARY KEY" } else { "" };
            let null = if *nullable || self.keyed && index == 0 { "" } else { " NOT NULL" };
            let ty = if *kind == Kind::Double { "DOUBLE PRECISION".to_string() } else { kind.column().to_string() };
            format!("{name} {ty}{key}{null}")
        };
        let columns: Vec<String> = self.columns.iter().enumerate().map(column).collect();
        format!("CREATE TABLE {} ({})", self.name, columns.join(", "))
    }

    /// Its columns as the engine knows them.
    pub fn schema(&self) -> Schema {
        let field = |(name, kind, nullable): &(String, Kind, bool)| Field {
            name: name.clone(),
            ty: kind.column(),
            nullable: *nullable,
        };
        self.columns.iter().map(field).collect()
    }

    /// A row, in SQL.
    pub fn row_sql(&self, row: &Row) -> String {
        let values: Vec<String> =
            row.iter().zip(&self.columns).map(|(value, (_, kind, _))| kind.literal(value)).collect();
        format!("({})", values.join(", "))
    }

    /// A random row.
    pub fn row(&self, dice: &mut Dice, wild: bool) -> Row {
        self.columns.iter().map(|(_, kind, nullable)| kind.value(dice, wild, *nullable)).collect()
    }
}

/// A change of one table. Places are taken modulo the number of rows there are; where there is none, nothing happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Inserts a row, in place of the one with its key if there is one.
    Insert(Row),
    /// Deletes a live row.
    Delete(usize),
    /// Puts another row in place of a live one.
    Update(usize, Row),
    /// Retracts and inserts a live row.
    Same(usize),
    /// Inserts a row and retracts it.
    Flash(Row),
    /// Deletes all rows.
    Wipe,
    /// Inserts a row that was deleted before.
    Again(usize),
}

/// A table's rows while changes are worked out.
#[derive(Clone, Debug, Default)]
pub struct Live {
    rows: Vec<Row>,
    gone: Vec<Row>,
}

/// A row with a weight, as the engine is told.
pub type Weighted = (Row, i64);

impl Live {
    /// What a change means for the table as it is now, in order; applies it.
    pub fn apply(&mut self, table: &Table, change: &Change) -> Vec<Weighted> {
        let mut out = Vec::new();
        match change {
            Change::Insert(row) => self.insert(table, row.clone(), &mut out),
            Change::Delete(place) if !self.rows.is_empty() => self.delete(place % self.rows.len(), &mut out),
            Change::Update(place, row) if !self.rows.is_empty() => {
                self.delete(place % self.rows.len(), &mut out);
                self.insert(table, row.clone(), &mut out);
            }
            Change::Same(place) if !self.rows.is_empty() => {
                let row = self.rows[place % self.rows.len()].clone();
                out.extend([(row.clone(), -1), (row, 1)]);
            }
            Change::Flash(row) => {
                let taken = table.keyed && self.rows.iter().any(|r| compare(&r[0], &row[0]).is_eq());
                if !taken {
                    out.extend([(row.clone(), 1), (row.clone(), -1)]);
                }
            }
            Change::Wipe => (0..self.rows.len()).rev().for_each(|place| self.delete(place, &mut out)),
            Change::Again(place) if !self.gone.is_empty() => {
                let row = self.gone[place % self.gone.len()].clone();
                self.insert(table, row, &mut out);
            }
            Change::Delete(_) | Change::Update(..) | Change::Same(_) | Change::Again(_) => {}
        }
        out
    }

    fn insert(&mut self, table: &Table, row: Row, out: &mut Vec<Weighted>) {
        if table.keyed {
            if row[0] == Scalar::Null {
                return;
            }
            if let Some(place) = self.rows.iter().position(|r| compare(&r[0], &row[0]).is_eq()) {
                self.delete(place, out);
            }
        }
        self.rows.push(row.clone());
        out.push((row, 1));
    }

    fn delete(&mut self, place: usize, out: &mut Vec<Weighted>) {
        let row = self.rows.remove(place);
        self.gone.push(row.clone());
        out.push((row, -1));
    }

    /// The rows that are there.
    pub fn bag(&self) -> Bag {
        self.rows.iter().cloned().collect()
    }
}

/// A random change.
pub fn change(table: &Table, dice: &mut Dice, wild: bool) -> Change {
    match dice.weighted(&[45, 18, 10, 3, 4, 2, 8]) {
        0 => Change::Insert(table.row(dice, wild)),
        1 => Change::Delete(dice.below(64)),
        2 => Change::Update(dice.below(64), table.row(dice, wild)),
        3 => Change::Same(dice.below(64)),
        4 => Change::Flash(table.row(dice, wild)),
        5 => Change::Wipe,
        _ => Change::Again(dice.below(64)),
    }
}
