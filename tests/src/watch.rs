//! An engine with all its views watched: what subscriptions say, added up, beside what the reference says.

use deltaq::{Engine, EngineConfig, Subscription};
use deltaq_operators::Schema;

use crate::generate::{Case, Step, Table};
use crate::rows::{Bag, Row, to_batch};
use crate::tables::Tables;

/// An engine under watch.
pub struct Watch {
    /// The engine.
    pub db: Engine,
    /// The tables as they should be, and the views' plans.
    pub tables: Tables,
    sources: Vec<Table>,
    views: Vec<Watched>,
}

struct Watched {
    name: String,
    subscription: Subscription,
    contents: Bag,
    epoch: u64,
}

impl Watch {
    /// An engine with the tables of `case`, `before` pushed, then its views created and subscribed to.
    ///
    /// A view whose SQL has a constant that cannot be computed, and those after it, are left out.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub fn open(case: &Case, workers: usize, before: &[Step]) -> Result<Watch, String> {
        let db = Engine::open(EngineConfig { workers, ..EngineConfig::default() }).map_err(|e| format!("{e:?}"))?;
        let mut watch = Watch { db, tables: Tables::default(), sources: case.tables.clone(), views: Vec::new() };
        for table in &case.tables {
            watch.execute(&table.sql())?;
            watch.tables.create_table(table);
        }
        for step in before {
            watch.push(step)?;
        }
        for index in 0..case.views.len() {
            let (name, sql) = (Case::view_name(index), case.view_sql(index));
            match watch.db.execute(&sql) {
                Err(e) if e.is_data() => break,
                other => other.map_err(|e| format!("{sql}\n{e:?}"))?,
            };
            watch.tables.create_view(&sql).map_err(|e| format!("{sql}\n{e}"))?;
            let subscription = watch.db.subscribe(&name).map_err(|e| format!("{e:?}"))?;
            watch.views.push(Watched { name, subscription, contents: Bag::new(), epoch: 0 });
        }
        Ok(watch)
    }

    /// Runs SQL.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub fn execute(&mut self, sql: &str) -> Result<(), String> {
        self.db.execute(sql).map(|_| ()).map_err(|e| format!("{sql}\n{e:?}"))
    }

    /// Pushes one epoch of weighted rows.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub fn push(&mut self, step: &Step) -> Result<(), String> {
        let mut transaction = self.db.begin().map_err(|e| format!("{e:?}"))?;
        for (table, rows) in step.iter().filter(|(_, rows)| !rows.is_empty()) {
            let table = &self.sources[*table];
            let values: Vec<Row> = rows.iter().map(|(row, _)| row.clone()).collect();
            let weights: Vec<i64> = rows.iter().map(|(_, weight)| *weight).collect();
            transaction
                .push(&table.name, to_batch(&values, &table.schema()), &weights)
                .map_err(|e| format!("push to {}: {e:?}", table.name))?;
        }
        transaction.commit().map_err(|e| format!("{e:?}"))?;
        self.apply(step);
        Ok(())
    }

    /// Notes a step that the engine was told in some other way.
    pub fn apply(&mut self, step: &Step) {
        for (table, rows) in step {
            rows.iter().for_each(|(row, weight)| self.tables.rows_mut(*table).add(row.clone(), *weight));
        }
    }

    /// Takes what the subscriptions hold; how many changes there were.
    ///
    /// # Errors
    /// If a change is not as changes must be: in order, not empty, each row once with a weight.
    pub fn poll(&mut self) -> Result<usize, String> {
        let mut changes = 0;
        for view in &mut self.views {
            let schema: Schema = view.subscription.schema().clone();
            for change in view.subscription.poll().map_err(|e| format!("{e:?}"))? {
                let mut delta = Bag::new();
                delta.add_batch(&change.rows, &schema, Some(&change.weights));
                if delta.distinct() != change.len() || change.is_empty() {
                    let rows = change.len();
                    return Err(format!("a change of {} is not consolidated: {rows} rows make up\n{delta}", view.name));
                }
                if change.epoch < view.epoch || (change.epoch == view.epoch && view.epoch > 0) {
                    return Err(format!("{}: epoch {} comes after {}", view.name, change.epoch, view.epoch));
                }
                view.epoch = change.epoch;
                view.contents.add_bag(&delta, 1);
                changes += 1;
            }
            if let Some(row) = view.contents.negative() {
                return Err(format!("{} holds {row:?} less than no times", view.name));
            }
        }
        Ok(changes)
    }

    /// The views' contents, as their changes add up.
    pub fn contents(&self) -> Vec<(String, Bag)> {
        self.views.iter().map(|v| (v.name.clone(), v.contents.clone())).collect()
    }

    /// Compares each view with the reference, with what a SELECT shows, and with its recomputation by the engine itself.
    ///
    /// # Errors
    /// The first difference.
    pub fn check(&mut self, when: &str) -> Result<(), String> {
        self.poll()?;
        for view in &self.views {
            let name = &view.name;
            let rows = self.db.query(&format!("SELECT * FROM {name}")).map_err(|e| format!("{e:?}"))?;
            let mut shown = Bag::new();
            rows.batches().iter().for_each(|b| shown.add_batch(b, rows.schema(), None));
            same(
                &view.contents,
                &shown,
                &format!("{when}, {name}: a SELECT shows (expected), its changes add up to (found)"),
            )?;
            let errors = self.db.errors(name).map_err(|e| format!("{e:?}"))?;
            let answer = self.tables.answer(name);
            if answer.errors.is_empty() {
                if !errors.is_empty() {
                    return Err(format!("{when}, {name} has errors {errors:?}, the reference none"));
                }
                same(&view.contents, &answer.rows, &format!("{when}, {name}"))?;
                let check = self.db.check(name).map_err(|e| format!("{e:?}"))?;
                if !check.is_ok() {
                    return Err(format!("{when}, {name} is right, but its check says otherwise: {check:?}"));
                }
            }
        }
        Ok(())
    }

    /// Rows of state by view and operator.
    ///
    /// # Errors
    /// If the engine has failed.
    pub fn state_rows(&mut self) -> Result<u64, String> {
        Ok(self.db.state().map_err(|e| format!("{e:?}"))?.iter().map(|s| s.rows).sum())
    }
}

fn same(actual: &Bag, expected: &Bag, what: &str) -> Result<(), String> {
    if actual == expected { Ok(()) } else { Err(format!("{what}\nexpected:\n{expected}found:\n{actual}")) }
}
