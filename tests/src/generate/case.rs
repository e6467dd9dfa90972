//! A whole case: tables, views over them, changes in epochs. Made from a seed, shrunk by dropping and simplifying.

use std::fmt;

use super::change::{Change, Live, Table, Weighted, change};
use super::maker::{Maker, Relation, Taste};
use super::query::Body;
use super::{Dice, Kind};

/// Tables, views, changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The tables, `t0` …
    pub tables: Vec<Table>,
    /// The views, `v0` …; each may read the tables and the views before it.
    pub views: Vec<Body>,
    /// Changes by epoch: which table, what.
    pub epochs: Vec<Vec<(usize, Change)>>,
}

/// What one epoch tells the engine: for each table, rows with weights in order.
pub type Step = Vec<(usize, Vec<Weighted>)>;

impl Case {
    /// The case of a seed.
    pub fn new(seed: u64, taste: &Taste) -> Case {
        let mut dice = Dice::new(seed);
        let tables: Vec<Table> =
            (0..dice.weighted(&[0, 4, 5, 2, 1])).map(|index| table(index, &mut dice, taste)).collect();
        let mut relations: Vec<Relation> = tables.iter().map(relation_of_table).collect();
        let mut views = Vec::new();
        for index in 0..dice.weighted(&[0, 5, 3, 2]) {
            let body = Maker::new(&mut dice, taste, &relations).body();
            if !taste.flat {
                relations.push((format!("v{index}"), body.columns()));
            }
            views.push(body);
        }
        let epochs = (0..dice.between(1, 6))
            .map(|_| {
                let changes = dice.weighted(&[1, 6, 4, 3, 2, 1, 1, 1, 1]);
                (0..changes)
                    .map(|_| {
                        let place = dice.below(tables.len());
                        (place, change(&tables[place], &mut dice, taste.wild))
                    })
                    .collect()
            })
            .collect();
        Case { tables, views, epochs }
    }

    /// The case of a seed whose four views are a query and its ternary partition.
    pub fn partition(seed: u64, taste: &Taste) -> Case {
        let case = Case::new(seed, taste);
        let relations: Vec<Relation> = case.tables.iter().map(relation_of_table).collect();
        let views = Maker::new(&mut Dice::new(!seed), taste, &relations).partition().to_vec();
        Case { views, ..case }
    }

    /// The name of view `index`.
    pub fn view_name(index: usize) -> String {
        format!("v{index}")
    }

    /// `CREATE VIEW` for view `index`.
    pub fn view_sql(&self, index: usize) -> String {
        format!("CREATE VIEW v{index} AS {}", self.views[index].sql())
    }

    /// What each epoch tells the engine.
    pub fn steps(&self) -> Vec<Step> {
        let mut live = vec![Live::default(); self.tables.len()];
        let step = |changes: &Vec<(usize, Change)>| {
            let mut step: Step = Vec::new();
            for (place, change) in changes {
                let rows = live[*place].apply(&self.tables[*place], change);
                match step.iter_mut().find(|(table, _)| table == place) {
                    Some((_, all)) => all.extend(rows),
                    None => step.push((*place, rows)),
                }
            }
            step
        };
        self.epochs.iter().map(step).collect()
    }
}

pub(super) fn relation_of_table(table: &Table) -> Relation {
    (table.name.clone(), table.columns.iter().map(|(name, kind, _)| (name.clone(), *kind)).collect())
}

fn table(index: usize, dice: &mut Dice, taste: &Taste) -> Table {
    let mut columns: Vec<(String, Kind, bool)> = (0..dice.between(1, 5))
        .map(|column| (["a", "b", "c", "d", "e"][column].to_string(), *dice.pick(&taste.kinds), !dice.chance(15)))
        .collect();
    // Keys that collide often, and never by −0.0.
    let keyed = dice.chance(35);
    if keyed {
        columns[0].1 = *dice.pick(&[Kind::Int, Kind::Text, Kind::Date]);
        columns[0].2 = false;
    }
    Table { name: format!("t{index}"), columns, keyed }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for table in &self.tables {
            writeln!(f, "{};", table.sql())?;
        }
        for index in 0..self.views.len() {
            writeln!(f, "{};", self.view_sql(index))?;
        }
        for (epoch, step) in self.steps().iter().enumerate() {
            writeln!(f, "-- epoch {}", epoch + 1)?;
            for (place, rows) in step {
                let table = &self.tables[*place];
                for (row, weight) in rows {
                    match weight {
                        1 => writeln!(f, "INSERT INTO {} VALUES {};", table.name, table.row_sql(row))?,
                        _ => writeln!(f, "-- push {weight:+} {} {}", table.name, table.row_sql(row))?,
                    }
                }
            }
        }
        Ok(())
    }
}
