//! Views on workers of their own, epochs submitted without waiting for those before.

use std::collections::BTreeMap;

use deltaq_circuit::executor::Step as Yield;
use deltaq_circuit::{Batch, Node, NodeId, Runtime, RuntimeConfig};
use deltaq_compiler::{Circuit, rewrite};
use deltaq_operators::Schema;

use crate::generate::{Case, Step, Table};
use crate::inline::{add, batch};
use crate::rows::Bag;
use crate::tables::Tables;

/// What an epoch told of a view.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Its delta.
    pub delta: Bag,
    /// The sum of its errors by then, by code.
    pub errors: BTreeMap<String, i64>,
}

/// Views on a runtime.
pub struct Flight {
    tables: Tables,
    circuit: Circuit,
    runtime: Runtime,
    sources: Vec<(Table, NodeId)>,
    views: Vec<View>,
    /// Errors by node and code.
    errors: BTreeMap<NodeId, BTreeMap<String, i64>>,
    /// What each epoch told of each view, in order.
    told: Vec<Vec<Told>>,
}

struct View {
    root: NodeId,
    schema: Schema,
    below: Vec<NodeId>,
    /// The epochs it is there in.
    from: u64,
    until: u64,
}

impl Flight {
    /// A runtime with the tables of `case`.
    pub fn new(case: &Case, config: RuntimeConfig) -> Flight {
        let mut flight = Flight {
            tables: Tables::default(),
            circuit: Circuit::new(config.workers),
            runtime: Runtime::start(config).unwrap_or_else(|error| panic!("{error}")),
            sources: Vec::new(),
            views: Vec::new(),
            errors: BTreeMap::new(),
            told: Vec::new(),
        };
        for table in &case.tables {
            flight.tables.create_table(table);
            let node = flight.circuit.source(&table.name, &table.schema(), false);
            flight.sources.push((table.clone(), node.id));
            flight.install(vec![node]);
        }
        flight
    }

    fn install(&mut self, nodes: Vec<Node>) {
        self.runtime.install(nodes).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Adds the next view of `case` and submits the epoch in which it starts. Nothing happens if its SQL cannot be computed.
    pub fn create_view(&mut self, case: &Case) {
        let name = Case::view_name(self.views.len());
        let sql = case.view_sql(self.views.len());
        if self.tables.create_view(&sql).is_err() {
            return;
        }
        let plan = rewrite::optimize(self.tables.plan(&name).clone(), &self.tables);
        let schema = plan.schema();
        let node_of = |relation: &str| {
            let source = self.sources.iter().find(|(t, _)| t.name == relation).map(|(_, id)| *id);
            let place = || relation.trim_start_matches('v').parse::<usize>().ok().map(|place| self.views[place].root);
            source.or_else(place).unwrap_or_else(|| panic!("{relation} is there"))
        };
        let lowered = self.circuit.lower(&plan, &node_of);
        self.circuit.graph().validate().unwrap_or_else(|fault| panic!("{fault}\n{}", self.circuit.graph().text()));
        self.install(lowered.nodes);
        self.runtime.watch(lowered.root, true).unwrap_or_else(|error| panic!("{error}"));
        let below = self.circuit.erring(lowered.root).into_iter().map(|node| node.id).collect();
        let from = self.runtime.epoch().0 + 1;
        self.views.push(View { root: lowered.root, schema, below, from, until: u64::MAX });
        let rows = |(index, (table, node)): (usize, &(Table, NodeId))| {
            let rows: Vec<_> = self.tables.rows(index).iter().map(|(row, weight)| (row.clone(), weight)).collect();
            (*node, batch(&rows, &table.schema()))
        };
        let snapshots = self.sources.iter().enumerate().map(rows).collect();
        self.submit(Vec::new(), snapshots);
    }

    /// Removes the last view, with what it alone needs.
    pub fn drop_view(&mut self) {
        let now = self.runtime.epoch().0;
        if let Some(last) = self.views.last_mut() {
            last.until = last.until.min(now);
        }
        let mut roots: Vec<NodeId> = self.views.iter().filter(|v| v.until == u64::MAX).map(|v| v.root).collect();
        roots.extend(self.sources.iter().map(|(_, node)| *node));
        let gone = self.circuit.retain(&roots);
        self.runtime.remove(&gone).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Submits one epoch of changes.
    pub fn step(&mut self, step: &Step) {
        let mut inputs = Vec::new();
        for (table, rows) in step {
            let (source, node) = &self.sources[*table];
            inputs.push((*node, batch(rows, &source.schema())));
            rows.iter().for_each(|(row, weight)| self.tables.rows_mut(*table).add(row.clone(), *weight));
        }
        self.submit(inputs, Vec::new());
    }

    fn submit(&mut self, inputs: Vec<(NodeId, Batch)>, snapshots: Vec<(NodeId, Batch)>) {
        self.runtime.submit(inputs, snapshots).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Takes the epochs that are finished.
    pub fn poll(&mut self) {
        while let Some((epoch, step)) = self.runtime.poll().unwrap_or_else(|error| panic!("{error}")) {
            self.take(epoch.0, &step);
        }
    }

    fn take(&mut self, epoch: u64, step: &Yield) {
        assert_eq!(epoch, self.told.len() as u64 + 1, "epochs come in order");
        for (node, error) in &step.errors {
            *self.errors.entry(*node).or_default().entry(error.code.to_string()).or_default() += error.weight;
        }
        let mut told = Vec::new();
        for view in self.views.iter().filter(|view| (view.from..=view.until).contains(&epoch)) {
            let mut now = Told::default();
            for (_, batch) in step.outputs.iter().filter(|(node, _)| *node == view.root) {
                add(&mut now.delta, batch, &view.schema);
            }
            for (code, weight) in view.below.iter().filter_map(|node| self.errors.get(node)).flatten() {
                *now.errors.entry(code.clone()).or_default() += weight;
            }
            now.errors.retain(|_, weight| *weight != 0);
            told.push(now);
        }
        self.told.push(told);
    }

    /// Waits for all epochs; what each told of each view.
    pub fn land(mut self) -> (Vec<Vec<Told>>, String) {
        for (epoch, step) in self.runtime.drain().unwrap_or_else(|error| panic!("{error}")) {
            self.take(epoch.0, &step);
        }
        (self.told, self.circuit.graph().text())
    }
}
