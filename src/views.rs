//! Tables and views come, change and go while the circuit runs.

use std::sync::Arc;

use deltaq_circuit::{Batch, Node, NodeId};
use deltaq_compiler::circuit::Lowered;
use deltaq_compiler::rewrite::optimize;
use deltaq_compiler::statement::{Column, Query};
use deltaq_compiler::{Plan, Statement};
use deltaq_operators::{Expr, Schema};

use crate::catalog::{Relation, View};
use crate::door::Table;
use crate::error::{Error, Result};
use crate::interior::Interior;
use crate::query::contained;
use crate::rows::Columns;
use crate::undo::Undo;

/// A view to be made.
pub(crate) struct NewView {
    pub(crate) name: String,
    pub(crate) query: Query,
    pub(crate) sql: String,
}

impl Interior {
    /// Adds an empty table. The name must be free.
    pub(crate) fn create_table(
        &mut self,
        name: String,
        columns: Vec<Column>,
        primary_key: Vec<usize>,
        append_only: bool,
    ) -> Result<()> {
        let (mut schema, defaults): (Schema, Vec<_>) = columns.into_iter().map(|c| (c.field, c.default)).unzip();
        for &key in &primary_key {
            schema[key].nullable = false;
        }
        let node = self.circuit.source(&name, &schema, append_only);
        let source = node.id;
        self.install(vec![node])?;
        let table = Table::new(name.clone(), schema, primary_key, append_only, defaults, source);
        self.catalog.insert(name.clone(), Relation::Table(Box::new(table)));
        self.note(Undo::Created(name));
        Ok(())
    }

    /// Adds a column to a table: its default in all rows there are. Views that run keep to the columns they were made from.
    pub(crate) fn add_column(&mut self, table: &str, column: Column) -> Result<()> {
        self.settle()?;
        let there = self.catalog.table(table)?;
        let is_empty = there.contents().is_empty();
        if !column.field.nullable && column.default == deltaq_operators::Scalar::Null && !is_empty {
            let message = format!(
                "column \"{}\" is NOT NULL, and the rows of \"{table}\" have no value for it",
                column.field.name
            );
            return Err(Error::new("23502", message).help("give it a DEFAULT"));
        }
        let mut schema = there.schema().clone();
        schema.push(column.field.clone());
        let append_only = there.append_only;
        let node = self.circuit.source(table, &schema, append_only);
        let source = node.id;
        self.install(vec![node])?;
        let there = self.catalog.table(table)?;
        let wide = there.widened(column.field, column.default, source);
        let narrow = std::mem::replace(there, wide);
        self.note(Undo::Widened(Box::new(narrow)));
        Ok(())
    }

    /// Adds a view and starts it from what is stored. The name must be free.
    pub(crate) fn create_view(&mut self, new: NewView) -> Result<()> {
        self.settle()?;
        let view = self.build_view(new)?;
        let name = view.name.clone();
        self.catalog.insert(name.clone(), Relation::View(Arc::new(view)));
        self.note(Undo::Created(name));
        Ok(())
    }

    fn build_view(&mut self, new: NewView) -> Result<View> {
        let plan = visible(new.query.plan, &new.query.schema);
        let optimized = optimize(plan.clone(), &self.catalog);
        let lowered = self.lower(&optimized);
        let root = lowered.root;
        self.install(lowered.nodes)?;
        Ok(View { name: new.name, sql: new.sql, plan, optimized, columns: Columns::new(new.query.schema), root })
    }

    /// Puts a view in the place of one with this name. Views that read it follow, if its columns stay.
    pub(crate) fn replace_view(&mut self, new: NewView) -> Result<()> {
        let old = self.catalog.view(&new.name)?;
        let dependents = self.catalog.dependents(&old.name);
        let reads = new.query.plan.relations();
        if reads.contains(&old.name.as_str()) || dependents.iter().any(|d| reads.contains(&d.name.as_str())) {
            return Err(Error::new("42P17", format!("view \"{}\" would read itself", old.name)));
        }
        let same = same_columns(&old.columns.schema, &new.query.schema);
        if !same && !dependents.is_empty() {
            let names: Vec<String> = dependents.iter().map(|d| format!("\"{}\"", d.name)).collect();
            let read = if names.len() == 1 { "reads" } else { "read" };
            let message = format!("view \"{}\" cannot get other columns: {} {read} it", old.name, names.join(", "));
            return Err(Error::new("2BP01", message).help("drop them first, with DROP VIEW … CASCADE"));
        }
        self.settle()?;
        let view = Arc::new(self.build_view(new)?);
        self.put_view(view)?;
        self.note(Undo::Replaced { old, same });
        for old in dependents {
            // Bound anew: what was known of the view's rows may hold no more.
            let query = self.bound(&old)?;
            let view = self.build_view(NewView { name: old.name.clone(), query, sql: old.sql.clone() })?;
            if !same_columns(&old.columns.schema, &view.columns.schema) {
                let message = format!("view \"{}\", which reads it, would get other columns", old.name);
                return Err(Error::new("2BP01", message).help("drop it first"));
            }
            self.put_view(Arc::new(view))?;
            self.note(Undo::Replaced { old, same: true });
        }
        Ok(())
    }

    /// The query of a view, bound to the relations as they are now.
    fn bound(&self, view: &View) -> Result<Query> {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let columns: Vec<String> = view.columns.schema.iter().map(|field| quoted(&field.name)).collect();
        let sql = format!("CREATE OR REPLACE VIEW {} ({}) AS {}", quoted(&view.name), columns.join(", "), view.sql);
        let parts = contained(|| deltaq_compiler::split(&sql))??;
        let whole = parts.first().unwrap_or_else(|| panic!("no statement: {sql}"));
        match self.compile(&sql, *whole)? {
            Statement::CreateView { query, .. } => Ok(query),
            other => panic!("{sql} is {other:?}"),
        }
    }

    /// Puts a view that runs in the place of the one of its name. Subscriptions follow, if it has the same columns.
    pub(crate) fn put_view(&mut self, view: Arc<View>) -> Result<()> {
        let old = self.catalog.view(&view.name)?;
        self.catalog.insert(view.name.clone(), Relation::View(Arc::clone(&view)));
        if !same_columns(&old.columns.schema, &view.columns.schema) || !self.watchers.watches(&view.name) {
            return Ok(());
        }
        self.wait()?;
        let was = self.contents_of(old.root)?;
        let difference = Batch::concat(&[self.contents_of(view.root)?, was.negate()]).consolidate();
        if let Some(open) = &mut self.open {
            open.seen |= !difference.is_empty();
        }
        self.move_watchers(&view.name, old.root, view.root, &difference)
    }

    /// Drops tables or views, and with `cascade` the views that read them. Names that do not exist are left out if `if_exists`.
    pub(crate) fn drop_relations(
        &mut self,
        view: bool,
        names: &[String],
        if_exists: bool,
        cascade: bool,
    ) -> Result<()> {
        let mut going: Vec<String> = Vec::new();
        for name in names {
            match (self.catalog.get(name), view) {
                (None, _) if if_exists => continue,
                (None, _) => return Err(self.catalog.unknown(name)),
                (Some(Relation::Table(_)), true) => {
                    let error = Error::new("42809", format!("\"{name}\" is a table, not a view"));
                    return Err(error.help("use DROP TABLE"));
                }
                (Some(Relation::View(_)), false) => {
                    let error = Error::new("42809", format!("\"{name}\" is a view, not a table"));
                    return Err(error.help("use DROP VIEW"));
                }
                _ => {}
            }
            if !going.contains(name) {
                going.push(name.clone());
            }
        }
        let mut dependents: Vec<(String, String)> = Vec::new();
        for name in &going {
            for view in self.catalog.dependents(name) {
                if !going.contains(&view.name) && !dependents.iter().any(|(other, _)| *other == view.name) {
                    dependents.push((view.name.clone(), name.clone()));
                }
            }
        }
        if let (Some((_, needed)), false) = (dependents.first(), cascade) {
            let names: Vec<String> = dependents.iter().map(|(name, _)| format!("view \"{name}\"")).collect();
            let message = format!(
                "\"{needed}\" cannot be dropped: {} {}",
                names.join(", "),
                if names.len() == 1 { "reads it" } else { "read it" }
            );
            return Err(Error::new("2BP01", message).help("drop these too with CASCADE"));
        }
        going.extend(dependents.into_iter().map(|(name, _)| name));
        for name in &going {
            if let Some((at, name, relation)) = self.catalog.remove(name) {
                self.loads.forget(&name);
                self.note(Undo::Dropped(at, name, relation));
            }
        }
        Ok(())
    }

    // ---- nodes ----

    fn lower(&mut self, plan: &Plan) -> Lowered {
        let catalog = &self.catalog;
        self.circuit.lower(plan, &|name| match catalog.node(name) {
            Ok((node, _)) => node,
            Err(error) => panic!("a bound plan names what there is: {error}"),
        })
    }

    /// Sets new nodes to work, from the contents of the older ones that they read.
    fn install(&mut self, nodes: Vec<Node>) -> Result<()> {
        if nodes.is_empty() {
            return Ok(());
        }
        let graph = self.circuit.graph();
        graph
            .validate_from(nodes[0].id)
            .map_err(|fault| Error::new("XX000", format!("the circuit is not valid: {fault}")))?;
        let mut sources: Vec<NodeId> = Vec::new();
        for input in nodes.iter().flat_map(|node| &node.inputs) {
            if !nodes.iter().any(|n| n.id == *input) {
                sources.extend(graph.snapshots(*input));
            }
        }
        let snapshots = self.snapshots(&sources);
        self.runtime.install(nodes)?;
        self.submit(Vec::new(), snapshots, self.epoch() + 1)
    }

    /// Frees the nodes that nothing needs any more: no table or view, no subscription, nothing that the open transaction may undo.
    pub(crate) fn sweep(&mut self) -> Result<()> {
        let mut roots: Vec<NodeId> = self.catalog.iter().map(|(_, relation)| relation.node()).collect();
        roots.extend(self.watchers.nodes());
        roots.extend(self.open.iter().flat_map(|open| &open.undo).flat_map(Undo::nodes));
        let gone = self.circuit.retain(&roots);
        if gone.is_empty() {
            return Ok(());
        }
        self.wait()?;
        let kept = self.open.iter_mut().flat_map(|open| &mut open.undo).filter_map(Undo::table);
        for table in self.catalog.tables_mut().chain(kept) {
            table.sources.retain(|(node, _)| !gone.contains(node));
        }
        self.forget(&gone);
        Ok(self.runtime.remove(&gone)?)
    }

    /// `plan` with each table read in full width, where columns were added since it was bound.
    pub(crate) fn widened(&self, plan: &Plan) -> Plan {
        match plan {
            Plan::Scan { relation, schema, span } => match self.catalog.node(relation) {
                Ok((_, columns)) if columns.schema.len() > schema.len() => {
                    let scan = Plan::Scan { relation: relation.clone(), schema: columns.schema.to_vec(), span: *span };
                    visible(scan, schema)
                }
                _ => plan.clone(),
            },
            _ => plan.clone().map_inputs(&mut |input| self.widened(&input)),
        }
    }
}

fn same_columns(a: &Schema, b: &Schema) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name == b.name && a.ty == b.ty)
}

/// `plan` without the columns behind those of `schema`, which it yields for sorting alone.
pub(crate) fn visible(plan: Plan, schema: &Schema) -> Plan {
    let yielded = plan.schema();
    if yielded.len() == schema.len() {
        return plan;
    }
    let column = |(index, field): (usize, &deltaq_operators::Field)| Expr::Column {
        index,
        ty: field.ty,
        nullable: field.nullable,
    };
    let exprs = yielded.iter().enumerate().take(schema.len()).map(column).collect();
    Plan::Project { input: Box::new(plan), exprs, schema: schema.clone() }
}
