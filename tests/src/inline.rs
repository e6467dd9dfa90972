//! The circuit without an engine: some executors, side by side in one thread, with messages carried by hand.
//!
//! What an engine does on workers of its own happens here in a fixed order, so that a failing case fails again.

use std::collections::BTreeMap;

use deltaq_circuit::executor::{Executor, Message};
use deltaq_circuit::{Batch, Epoch, Graph, Kind, Node, NodeId, Size, arrays};
use deltaq_compiler::{Circuit, Diagnostics, Plan, rewrite};
use deltaq_operators::Schema;

use crate::generate::{Step, Table};
use crate::rows::{Bag, Row, row_of, to_columns};
use crate::tables::Tables;

/// How plans become circuits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As bound.
    Bound,
    /// Through all rewrites.
    Optimized,
    /// Through all rewrites but the one of this name.
    Without(&'static str),
    /// With the views it reads in place of their names, then through all rewrites.
    Inlined,
}

/// Tables, views and the circuit that keeps the views.
pub struct Inline {
    /// The tables as they are now, and the views' plans.
    pub tables: Tables,
    shape: Shape,
    circuit: Circuit,
    executors: Vec<Executor>,
    sources: Vec<(Table, NodeId)>,
    views: Vec<View>,
    errors: BTreeMap<NodeId, BTreeMap<String, i64>>,
    epoch: u64,
}

/// A view as its deltas tell it.
#[derive(Clone, Debug)]
pub struct View {
    /// Its name.
    pub name: String,
    /// The node whose output it is.
    pub root: NodeId,
    /// Its columns.
    pub schema: Schema,
    /// The sum of its deltas.
    pub contents: Bag,
    /// The sum of the errors of its nodes, by code.
    pub errors: BTreeMap<String, i64>,
    /// What the last epoch added.
    pub delta: Bag,
}

impl Inline {
    /// An empty circuit on so many workers.
    pub fn new(workers: usize, shape: Shape) -> Inline {
        Inline {
            tables: Tables::default(),
            shape,
            circuit: Circuit::new(workers),
            executors: (0..workers).map(|worker| Executor::new(worker, workers)).collect(),
            sources: Vec::new(),
            views: Vec::new(),
            errors: BTreeMap::new(),
            epoch: 0,
        }
    }

    /// Adds an empty table.
    pub fn create_table(&mut self, table: &Table) {
        self.tables.create_table(table);
        let node = self.circuit.source(&table.name, &table.schema(), false);
        self.sources.push((table.clone(), node.id));
        self.executors.iter_mut().for_each(|e| e.install(vec![node.clone()]));
    }

    /// Adds a view, and runs an epoch in which it starts.
    ///
    /// # Errors
    /// What is wrong with the SQL.
    pub fn create_view(&mut self, name: &str, sql: &str) -> Result<(), Diagnostics> {
        self.tables.create_view(sql)?;
        let plan = match self.shape {
            Shape::Bound => self.tables.plan(name).clone(),
            Shape::Optimized => rewrite::optimize(self.tables.plan(name).clone(), &self.tables),
            Shape::Without(name_of_pass) => rewrite::PASSES
                .iter()
                .filter(|pass| pass.name != name_of_pass)
                .fold(self.tables.plan(name).clone(), |plan, pass| (pass.run)(plan, &self.tables)),
            Shape::Inlined => rewrite::optimize(self.inlined(self.tables.plan(name)), &self.tables),
        };
        let schema = plan.schema();
        let node_of = |relation: &str| {
            let source = self.sources.iter().find(|(t, _)| t.name == relation).map(|(_, id)| *id);
            let view = || self.views.iter().find(|v| v.name == relation).map(|v| v.root);
            source.or_else(view).unwrap_or_else(|| panic!("{relation} is there"))
        };
        let lowered = self.circuit.lower(&plan, &node_of);
        self.circuit.graph().validate().unwrap_or_else(|fault| panic!("{fault}\n{}", self.circuit.graph().text()));
        for executor in &mut self.executors {
            executor.install(lowered.nodes.clone());
            executor.watch(lowered.root, true);
        }
        self.views.push(View {
            name: name.to_string(),
            root: lowered.root,
            schema,
            contents: Bag::new(),
            errors: BTreeMap::new(),
            delta: Bag::new(),
        });
        let fresh: Vec<NodeId> = lowered.nodes.iter().map(|n| n.id).collect();
        if fresh.contains(&lowered.root) {
            self.run(&Step::new(), true);
        } else {
            // Another view has this very node: the view begins with its contents.
            let twin = self.views.iter().find(|v| v.root == lowered.root && v.name != name).cloned();
            let contents = twin.map_or_else(|| self.contents(lowered.root), |twin| twin.contents);
            self.views.last_mut().unwrap_or_else(|| panic!("a view was just added")).contents = contents;
            self.sum_errors();
        }
        Ok(())
    }

    fn inlined(&self, plan: &Plan) -> Plan {
        let mut plan = plan.clone();
        self.inline(&mut plan);
        plan
    }

    fn inline(&self, plan: &mut Plan) {
        if let Plan::Scan { relation, schema, .. } = plan
            && self.views.iter().any(|v| v.name == *relation)
        {
            // The names of the columns as the reader knows them.
            let inner = self.inlined(self.tables.plan(relation));
            let exprs = schema
                .iter()
                .enumerate()
                .map(|(index, f)| deltaq_operators::Expr::Column { index, ty: f.ty, nullable: f.nullable })
                .collect();
            *plan = Plan::Project { input: Box::new(inner), exprs, schema: schema.clone() };
            return;
        }
        match plan {
            Plan::Scan { .. } | Plan::Values { .. } => {}
            Plan::Project { input, .. }
            | Plan::Filter { input, .. }
            | Plan::Aggregate { input, .. }
            | Plan::Distinct { input }
            | Plan::TopK { input, .. }
            | Plan::FlatMap { input, .. } => self.inline(input),
            Plan::Join { left, right, .. } | Plan::Set { left, right, .. } => {
                self.inline(left);
                self.inline(right);
            }
            Plan::Union { inputs } => inputs.iter_mut().for_each(|i| self.inline(i)),
        }
    }

    /// One epoch of changes.
    pub fn step(&mut self, step: &Step) {
        self.run(step, false);
        for (table, rows) in step {
            rows.iter().for_each(|(row, weight)| self.tables.rows_mut(*table).add(row.clone(), *weight));
        }
    }

    fn run(&mut self, step: &Step, starting: bool) {
        self.epoch += 1;
        let workers = self.executors.len();
        let mut frames = Vec::new();
        for (worker, executor) in self.executors.iter_mut().enumerate() {
            // Rows enter anywhere, by turns.
            let share = |rows: Vec<(Row, i64)>| -> Vec<(Row, i64)> {
                rows.into_iter().enumerate().filter(|(place, _)| place % workers == worker).map(|(_, r)| r).collect()
            };
            let graph = self.circuit.graph();
            let mut inputs = Vec::new();
            for (table, rows) in step {
                let (table, node) = &self.sources[*table];
                inputs.push((*node, batch(&share(rows.clone()), &table.schema())));
                inputs.extend(everywhere(graph, *node).map(|all| (all, batch(rows, &table.schema()))));
            }
            let mut snapshots = Vec::new();
            if starting {
                for (index, (table, node)) in self.sources.iter().enumerate() {
                    let rows: Vec<_> =
                        self.tables.rows(index).iter().map(|(row, weight)| (row.clone(), weight)).collect();
                    snapshots.extend(everywhere(graph, *node).map(|all| (all, batch(&rows, &table.schema()))));
                    snapshots.push((*node, batch(&share(rows), &table.schema())));
                }
            }
            frames.push(executor.begin(Epoch(self.epoch), inputs, snapshots));
        }
        let strata = self.executors[0].strata();
        let mut messages: Vec<Message> = Vec::new();
        for stratum in 0..strata {
            let mut next = Vec::new();
            for (worker, (executor, frame)) in self.executors.iter_mut().zip(&mut frames).enumerate() {
                let received = messages.iter().filter(|m| m.target == worker).cloned().collect();
                next.extend(executor.run(frame, stratum, received));
                executor.settle(frame, stratum);
            }
            messages = next;
        }
        let steps: Vec<_> = self.executors.iter_mut().zip(&mut frames).map(|(e, frame)| e.finish(frame)).collect();
        for view in &mut self.views {
            view.delta = Bag::new();
            for step in &steps {
                for (_, batch) in step.outputs.iter().filter(|(node, _)| *node == view.root) {
                    add(&mut view.delta, batch, &view.schema);
                }
            }
            view.contents.add_bag(&view.delta, 1);
        }
        for (node, error) in steps.iter().flat_map(|s| &s.errors) {
            *self.errors.entry(*node).or_default().entry(error.code.to_string()).or_default() += error.weight;
        }
        self.sum_errors();
    }

    /// The errors of a view are those of all nodes it needs.
    fn sum_errors(&mut self) {
        for view in &mut self.views {
            view.errors.clear();
            for node in self.circuit.erring(view.root) {
                for (code, weight) in self.errors.get(&node.id).into_iter().flatten() {
                    *view.errors.entry(code.clone()).or_default() += weight;
                }
            }
            view.errors.retain(|_, weight| *weight != 0);
        }
    }

    /// The views, in the order they were created.
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// What the state of the operators holds of a node.
    pub fn contents(&self, node: NodeId) -> Bag {
        let mut bag = Bag::new();
        let schema = &self.views.iter().find(|v| v.root == node).unwrap_or_else(|| panic!("a view's node")).schema;
        let workers = self.executors.len();
        for (worker, executor) in self.executors.iter().enumerate() {
            let snapshots: Vec<(NodeId, Batch)> = self
                .sources
                .iter()
                .enumerate()
                .flat_map(|(index, (table, node))| {
                    let rows = || self.tables.rows(index).iter().map(|(row, weight)| (row.clone(), weight));
                    let share: Vec<_> =
                        rows().enumerate().filter(|(p, _)| p % workers == worker).map(|(_, r)| r).collect();
                    let all = everywhere(self.circuit.graph(), *node);
                    let all = all.map(|all| (all, batch(&rows().collect::<Vec<_>>(), &table.schema())));
                    [(*node, batch(&share, &table.schema()))].into_iter().chain(all)
                })
                .collect();
            add(&mut bag, &executor.contents(node, &snapshots), schema);
        }
        bag
    }

    /// All state, all workers together.
    pub fn size(&self) -> Size {
        self.executors.iter().flat_map(Executor::sizes).map(|(_, size)| size).sum()
    }

    /// State by node, all workers together.
    pub fn sizes(&self) -> BTreeMap<u32, Size> {
        let mut sizes: BTreeMap<u32, Size> = BTreeMap::new();
        for (node, size) in self.executors.iter().flat_map(Executor::sizes) {
            let sum = sizes.entry(node.0).or_default();
            *sum = *sum + size;
        }
        sizes
    }

    /// Whether a node is a trace that others search.
    pub fn is_arrangement(&self, node: u32) -> bool {
        self.circuit.graph().get(NodeId(node)).is_some_and(|n| matches!(n.kind, Kind::Arrange { .. }))
    }

    /// The circuit, for people.
    pub fn text(&self) -> String {
        self.circuit.graph().text()
    }

    /// Saves all state and loads it into new executors, which go on in place of the old.
    pub fn restart(&mut self) {
        let workers = self.executors.len();
        let nodes = self.circuit.graph().nodes().to_vec();
        for worker in 0..workers {
            let state = self.executors[worker].save();
            let mut fresh = Executor::new(worker, workers);
            fresh.install(nodes.clone());
            fresh.load(state);
            self.views.iter().for_each(|v| fresh.watch(v.root, true));
            self.executors[worker] = fresh;
        }
    }
}

/// The node that has the rows of a source on every worker, if there is one.
fn everywhere(graph: &Graph, source: NodeId) -> Option<NodeId> {
    let reads = |node: &&Node| matches!(node.kind, Kind::Everywhere) && node.inputs == [source];
    graph.nodes().iter().find(reads).map(|node| node.id)
}

/// Rows with weights as a batch, as the door hands them on: with one zero.
pub(crate) fn batch(rows: &[(Row, i64)], schema: &Schema) -> Batch {
    if rows.is_empty() {
        return Batch::none();
    }
    let values: Vec<Row> = rows.iter().map(|(row, _)| row.clone()).collect();
    let weights: Vec<i64> = rows.iter().map(|(_, weight)| *weight).collect();
    let columns = to_columns(&values, schema).into_iter().map(arrays::one_zero).collect();
    if weights.iter().all(|w| *w == 1) { Batch::ones(columns) } else { Batch::weighted(columns, weights) }
}

/// Adds the rows of a batch to a bag.
pub(crate) fn add(bag: &mut Bag, batch: &Batch, schema: &Schema) {
    if batch.is_empty() {
        return;
    }
    let fields: Vec<arrow_schema::Field> =
        schema.iter().map(|f| arrow_schema::Field::new(&f.name, f.ty.arrow(), true)).collect();
    let columns = batch.columns()[..schema.len()].to_vec();
    let records = arrow_array::RecordBatch::try_new(std::sync::Arc::new(arrow_schema::Schema::new(fields)), columns)
        .unwrap_or_else(|error| panic!("a node yields columns other than its schema says: {error}"));
    for row in 0..batch.len() {
        bag.add(row_of(&records, schema, row), batch.weight(row));
    }
}
