//! A catalog of tables and views by themselves, without an engine: enough to bind queries and to ask the reference.

use std::collections::BTreeMap;

use deltaq_compiler::statement::Statement;
use deltaq_compiler::{Catalog, Diagnostics, Plan, Relation, RelationKind};
use deltaq_operators::{Scalar, Schema};

use crate::generate::Table;
use crate::reference::{self, Answer, Failure};
use crate::rows::Bag;

/// Tables with their rows, and views with their plans as bound.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    tables: Vec<(Table, Bag)>,
    views: Vec<(String, Plan)>,
}

impl Tables {
    /// Adds an empty table.
    pub fn create_table(&mut self, table: &Table) {
        self.tables.push((table.clone(), Bag::new()));
    }

    /// Binds `sql`, a CREATE VIEW, and adds the view.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn create_view(&mut self, sql: &str) -> Result<(), Diagnostics> {
        match deltaq_compiler::compile(sql, self)? {
            Statement::CreateView { name, query, .. } => {
                self.views.push((name, query.plan));
                Ok(())
            }
            other => panic!("{sql} is no view but {other:?}"),
        }
    }

    /// The rows of table number `index`.
    pub fn rows_mut(&mut self, index: usize) -> &mut Bag {
        &mut self.tables[index].1
    }

    /// The rows of table number `index`.
    pub fn rows(&self, index: usize) -> &Bag {
        &self.tables[index].1
    }

    /// The plan of a view, as bound.
    ///
    /// # Panics
    /// If there is no such view.
    pub fn plan(&self, view: &str) -> &Plan {
        &self.views.iter().find(|(n, _)| n == view).unwrap_or_else(|| panic!("the view {view} is there")).1
    }

    /// What the reference says that view `view` holds, with the errors of the views below it.
    pub fn answer(&self, view: &str) -> Answer {
        self.evaluate(self.plan(view))
    }

    /// What the reference says that `plan` yields, with the errors of the views below it.
    pub fn evaluate(&self, plan: &Plan) -> Answer {
        let mut below: BTreeMap<String, Answer> = BTreeMap::new();
        for relation in plan.relations() {
            let answer = match self.tables.iter().find(|(t, _)| t.name == relation) {
                Some((_, rows)) => Answer { rows: rows.clone(), errors: BTreeMap::new() },
                None => self.answer(relation),
            };
            below.insert(relation.to_string(), answer);
        }
        let mut answer = reference::evaluate(plan, &|name| below[name].rows.clone());
        for errors in below.into_values().map(|a| a.errors) {
            add_errors(&mut answer.errors, &errors);
        }
        answer
    }
}

fn add_errors(to: &mut BTreeMap<Failure, i64>, errors: &BTreeMap<Failure, i64>) {
    for (code, weight) in errors {
        *to.entry(code).or_default() += weight;
    }
}

impl Catalog for Tables {
    fn relation(&self, name: &str) -> Option<Relation> {
        if let Some((table, _)) = self.tables.iter().find(|(t, _)| t.name == name) {
            let schema: Schema = table.schema();
            let kind = RelationKind::Table {
                primary_key: if table.keyed { vec![0] } else { vec![] },
                append_only: false,
                defaults: vec![Scalar::Null; schema.len()],
            };
            return Some(Relation { schema, kind });
        }
        let (_, plan) = self.views.iter().find(|(n, _)| n == name)?;
        Some(Relation { schema: plan.schema(), kind: RelationKind::View(Box::new(plan.clone())) })
    }

    fn names(&self) -> Vec<String> {
        self.tables.iter().map(|(t, _)| t.name.clone()).chain(self.views.iter().map(|(n, _)| n.clone())).collect()
    }
}
