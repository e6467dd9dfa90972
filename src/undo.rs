//! What a transaction has done to the catalog, and how that is undone.
//!
//! Tables and views are made, changed and dropped at once. What was dropped or replaced is kept, its nodes at work, until the
//! transaction is committed; rolled back, the changes are undone, the last one first.

use std::sync::Arc;

use deltaq_circuit::NodeId;

use crate::catalog::{Relation, View};
use crate::door::Table;
use crate::error::Result;
use crate::interior::Interior;

/// A change of the catalog, as what it takes to undo it.
pub(crate) enum Undo {
    /// A table or view of this name was created.
    Created(String),
    /// This was dropped, from this place in the catalog.
    Dropped(usize, String, Relation),
    /// Another view took the place of this one; `same` says whether it has the same columns.
    Replaced { old: Arc<View>, same: bool },
    /// A table got a column: this is the table before.
    Widened(Box<Table>),
}

impl Undo {
    /// The nodes that are kept for it.
    pub(crate) fn nodes(&self) -> Vec<NodeId> {
        match self {
            Undo::Created(_) => Vec::new(),
            Undo::Dropped(_, _, relation) => vec![relation.node()],
            Undo::Replaced { old, .. } => vec![old.root],
            Undo::Widened(table) => vec![table.source()],
        }
    }

    /// The table that is kept for it.
    pub(crate) fn table(&mut self) -> Option<&mut Table> {
        match self {
            Undo::Dropped(_, _, Relation::Table(table)) | Undo::Widened(table) => Some(table),
            _ => None,
        }
    }
}

/// How much is undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What a statement has done to the catalog since there were so many changes of it.
    Statement(usize),
    /// All that the transaction has done, to tables' rows as well.
    Transaction,
}

impl Interior {
    /// Notes a change of the catalog.
    pub(crate) fn note(&mut self, undo: Undo) {
        let open = self.open.as_mut().unwrap_or_else(|| panic!("the catalog is changed in a transaction"));
        open.undo.push(undo);
        // Tables stand elsewhere in it now.
        self.changed = self.catalog.changed();
    }

    /// Changes of the catalog stand: what was kept to undo them goes.
    pub(crate) fn stand(&mut self, undo: Vec<Undo>) -> Result<()> {
        // What happened before still reaches those whose subscriptions end.
        self.wait()?;
        let frees = undo.iter().any(|change| !matches!(change, Undo::Created(_)));
        for change in undo {
            match change {
                Undo::Dropped(_, name, _) => self.end_subscriptions(&name, &format!("\"{name}\" was dropped"))?,
                Undo::Replaced { old, same: false } => {
                    let why = format!("view \"{}\" was replaced by one of other columns", old.name);
                    self.end_subscriptions(&old.name, &why)?;
                }
                Undo::Created(_) | Undo::Widened(_) | Undo::Replaced { same: true, .. } => {}
            }
        }
        if frees { self.sweep() } else { Ok(()) }
    }

    /// Undoes changes of the catalog, the last one first.
    pub(crate) fn revert(&mut self, extent: Extent) -> Result<()> {
        let mark = if let Extent::Statement(mark) = extent { mark } else { 0 };
        let later = |open: &mut crate::epochs::Open| open.undo.split_off(mark.min(open.undo.len()));
        let changes = self.open.as_mut().map(later).unwrap_or_default();
        if changes.is_empty() {
            return Ok(());
        }
        for change in changes.into_iter().rev() {
            let back = match change {
                Undo::Created(name) => {
                    self.catalog.remove(&name);
                    self.loads.forget(&name);
                    None
                }
                Undo::Dropped(at, name, relation) => {
                    self.catalog.put_back(at, name, relation);
                    Some(at)
                }
                Undo::Replaced { old, .. } => {
                    self.put_view(old)?;
                    None
                }
                Undo::Widened(table) => {
                    let name = table.name.clone();
                    self.catalog.insert(name.clone(), Relation::Table(table));
                    Some(self.catalog.table_index(&name)?)
                }
            };
            // The rows that such a table was given before it was dropped or changed.
            if let (Some(at), Extent::Transaction) = (back, extent)
                && self.catalog.is_table(at)
            {
                self.undo(at, 0)?;
            }
        }
        self.changed = self.catalog.changed();
        self.sweep()
    }
}
