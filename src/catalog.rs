//! What the engine holds under which name.

use std::sync::Arc;

use deltaq_circuit::NodeId;
use deltaq_compiler as compiler;
use deltaq_compiler::Plan;
use deltaq_operators::functions::text;
use deltaq_operators::{Scalar, SqlType};
use indexmap::IndexMap;

use crate::door::Table;
use crate::error::{Error, Result};
use crate::relation::{RelationInfo, RelationKind};
use crate::rows::Columns;

/// All tables and views, in the order they were created.
#[derive(Default)]
pub(crate) struct Catalog {
    relations: IndexMap<String, Relation>,
}

/// A table or view.
pub(crate) enum Relation {
    Table(Box<Table>),
    View(Arc<View>),
}

/// A view that runs.
pub(crate) struct View {
    pub(crate) name: String,
    /// The SELECT as written, its stars spelled out.
    pub(crate) sql: String,
    /// As bound: the definition.
    pub(crate) plan: Plan,
    /// As run.
    pub(crate) optimized: Plan,
    pub(crate) columns: Columns,
    /// The node whose output it is.
    pub(crate) root: NodeId,
}

impl Relation {
    pub(crate) fn as_view(&self) -> Option<&Arc<View>> {
        match self {
            Relation::View(view) => Some(view),
            Relation::Table(_) => None,
        }
    }

    /// The node that yields what it shows.
    pub(crate) fn node(&self) -> NodeId {
        match self {
            Relation::Table(table) => table.source(),
            Relation::View(view) => view.root,
        }
    }
}

impl Catalog {
    pub(crate) fn get(&self, name: &str) -> Option<&Relation> {
        self.relations.get(name)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.relations.contains_key(name)
    }

    pub(crate) fn insert(&mut self, name: String, relation: Relation) {
        self.relations.insert(name, relation);
    }

    /// Takes out the relation of this name, and says where it stood.
    pub(crate) fn remove(&mut self, name: &str) -> Option<(usize, String, Relation)> {
        self.relations.shift_remove_full(name)
    }

    /// Puts back what [`Catalog::remove`] gave.
    pub(crate) fn put_back(&mut self, at: usize, name: String, relation: Relation) {
        self.relations.shift_insert(at.min(self.relations.len()), name, relation);
    }

    /// Where the tables stand that have changes of the open transaction.
    pub(crate) fn changed(&self) -> Vec<usize> {
        let changed = |(_, relation): &(usize, &Relation)| match relation {
            Relation::Table(table) => table.mark() > 0,
            Relation::View(_) => false,
        };
        self.relations.values().enumerate().filter(changed).map(|(at, _)| at).collect()
    }

    /// Whether a table stands at `index`.
    pub(crate) fn is_table(&self, index: usize) -> bool {
        matches!(self.relations.get_index(index), Some((_, Relation::Table(_))))
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&String, &Relation)> {
        self.relations.iter()
    }

    pub(crate) fn tables_mut(&mut self) -> impl Iterator<Item = &mut Table> {
        self.relations.values_mut().filter_map(|r| match r {
            Relation::Table(table) => Some(&mut **table),
            Relation::View(_) => None,
        })
    }

    /// Where the table of this name stands, until relations are added or removed.
    pub(crate) fn table_index(&self, name: &str) -> Result<usize> {
        match self.relations.get_full(name) {
            Some((index, _, Relation::Table(_))) => Ok(index),
            Some((_, _, Relation::View(_))) => {
                let error = Error::new("42809", format!("\"{name}\" is a view: its rows follow from its tables"));
                Err(error.help("change the tables it reads"))
            }
            None => Err(self.unknown(name)),
        }
    }

    pub(crate) fn table_at(&mut self, index: usize) -> &mut Table {
        match &mut self.relations[index] {
            Relation::Table(table) => table,
            Relation::View(view) => panic!("\"{}\" was found to be a table", view.name),
        }
    }

    pub(crate) fn table(&mut self, name: &str) -> Result<&mut Table> {
        let index = self.table_index(name)?;
        Ok(self.table_at(index))
    }

    pub(crate) fn view(&self, name: &str) -> Result<Arc<View>> {
        match self.relations.get(name) {
            Some(Relation::View(view)) => Ok(Arc::clone(view)),
            Some(Relation::Table(_)) => Err(Error::new("42809", format!("\"{name}\" is a table, not a view"))),
            None => Err(self.unknown(name)),
        }
    }

    /// The node that yields what the relation of this name shows, and its columns.
    pub(crate) fn node(&self, name: &str) -> Result<(NodeId, Columns)> {
        match self.relations.get(name) {
            Some(relation) => {
                let columns = match relation {
                    Relation::Table(table) => &table.columns,
                    Relation::View(view) => &view.columns,
                };
                Ok((relation.node(), columns.clone()))
            }
            None => Err(self.unknown(name)),
        }
    }

    pub(crate) fn unknown(&self, name: &str) -> Error {
        let error = Error::new("42P01", format!("there is no table or view \"{name}\""));
        match self.relations.keys().find(|k| k.eq_ignore_ascii_case(name)) {
            Some(other) => error.help(format!("there is \"{other}\"")),
            None => error,
        }
    }

    /// The views that read `name`, directly or through others, each after those it reads.
    pub(crate) fn dependents(&self, name: &str) -> Vec<Arc<View>> {
        let views: Vec<&Arc<View>> = self.relations.values().filter_map(Relation::as_view).collect();
        let mut names = vec![name];
        while let Some(view) = views
            .iter()
            .find(|v| !names.contains(&v.name.as_str()) && v.plan.relations().iter().any(|read| names.contains(read)))
        {
            names.push(&view.name);
        }
        let mut ordered: Vec<Arc<View>> = Vec::new();
        while ordered.len() + 1 < names.len() {
            let waiting = |n: &str| n != name && names.contains(&n) && !ordered.iter().any(|o| o.name == n);
            let next = views.iter().find(|v| waiting(&v.name) && !v.plan.relations().into_iter().any(waiting));
            let next = next.unwrap_or_else(|| panic!("views that read each other: {names:?}"));
            ordered.push(Arc::clone(next));
        }
        ordered
    }

    pub(crate) fn infos(&self) -> Vec<RelationInfo> {
        let info = |(name, relation): (&String, &Relation)| match relation {
            Relation::Table(table) => RelationInfo {
                name: name.clone(),
                kind: RelationKind::Table,
                schema: table.schema().clone(),
                primary_key: table.primary_key.clone(),
                defaults: table
                    .defaults
                    .iter()
                    .zip(table.schema())
                    .map(|(value, field)| default(value, field.ty))
                    .collect(),
                append_only: table.append_only,
                sql: None,
                reads: Vec::new(),
            },
            Relation::View(view) => RelationInfo {
                name: name.clone(),
                kind: RelationKind::View,
                schema: view.columns.schema.to_vec(),
                primary_key: Vec::new(),
                defaults: vec![None; view.columns.schema.len()],
                append_only: false,
                sql: Some(view.sql.clone()),
                reads: view.plan.relations().into_iter().map(str::to_string).collect(),
            },
        };
        self.relations.iter().map(info).collect()
    }
}

fn default(value: &Scalar, ty: SqlType) -> Option<String> {
    (*value != Scalar::Null).then(|| text::to_text(value, ty))
}

impl compiler::Catalog for Catalog {
    fn relation(&self, name: &str) -> Option<compiler::Relation> {
        Some(match self.relations.get(name)? {
            Relation::Table(table) => compiler::Relation {
                schema: table.schema().clone(),
                kind: compiler::RelationKind::Table {
                    primary_key: table.primary_key.clone(),
                    append_only: table.append_only,
                    defaults: table.defaults.clone(),
                },
            },
            Relation::View(view) => compiler::Relation {
                schema: view.columns.schema.to_vec(),
                kind: compiler::RelationKind::View(Box::new(view.plan.clone())),
            },
        })
    }

    fn names(&self) -> Vec<String> {
        self.relations.keys().cloned().collect()
    }
}
