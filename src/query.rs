//! Queries that are asked once: a circuit of their own, one worker on the caller's thread, one epoch.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use deltaq_circuit::executor::Executor;
use deltaq_circuit::{Batch, Epoch, Kind, Node, NodeId, RowError, Weight, Weights};
use deltaq_compiler::circuit::Circuit;
use deltaq_compiler::rewrite::optimize;
use deltaq_compiler::{Plan, Query};
use deltaq_operators::{Field, Scalar};

use crate::catalog::Relation;
use crate::error::{Error, Result};
use crate::interior::Interior;
use crate::order;
use crate::rows::{Columns, Rows, expand};
use crate::views::visible;

impl Interior {
    /// The rows of a SELECT, sorted and cut as it says.
    ///
    /// # Errors
    /// That of a row that cannot be computed.
    pub(crate) fn select(&mut self, query: &Query) -> Result<Rows> {
        let rows = self.bag(&query.plan)?;
        let rows = order::present(&rows, query)?;
        let columns = Columns::new(query.schema.clone());
        let batch = columns.record_batch(&rows)?;
        Ok(Rows::new(columns, vec![batch]))
    }

    /// The rows of `plan` as of now, those of the open transaction among them. Each as often as it stands, in no order.
    ///
    /// # Errors
    /// That of a row that cannot be computed.
    pub(crate) fn evaluate(&mut self, plan: &Plan) -> Result<Batch> {
        expand(&self.bag(plan)?)
    }

    /// As [`Interior::evaluate`], each row once, with its weight.
    pub(crate) fn bag(&mut self, plan: &Plan) -> Result<Batch> {
        let plan = optimize(self.widened(plan), &self.catalog);
        match &plan {
            Plan::Scan { relation, .. } => return Ok(self.contents(relation)?.consolidate()),
            Plan::Values { rows, schema } => {
                let column =
                    |(index, field): (usize, &Field)| Scalar::to_column(rows.iter().map(|row| &row[index]), field.ty);
                let columns = schema.iter().enumerate().map(column).collect();
                return Ok(Batch::with_len(columns, Weights::Ones, rows.len()));
            }
            _ => {}
        }
        let (rows, errors) = self.computed(&plan)?;
        fail_on(errors)?;
        Ok(rows)
    }

    /// The rows of `plan` as of now, and the errors of those that cannot be computed.
    fn computed(&mut self, plan: &Plan) -> Result<(Batch, Vec<RowError>)> {
        let (circuit, mut inputs, root) = self.scratch(plan)?;
        let (rows, errors) = contained(|| {
            let mut executor = Executor::new(0, 1);
            executor.install(circuit.graph().nodes().to_vec());
            executor.watch(root, true);
            inputs.retain(|(_, rows)| !rows.is_empty());
            let step = executor.step(Epoch(1), inputs, Vec::new());
            let outputs: Vec<Batch> = step.outputs.into_iter().map(|(_, rows)| rows).collect();
            (Batch::concat(&outputs), step.errors)
        })?;
        // What stands several times with several weights is summed before weights count copies.
        let rows = if matches!(rows.weights(), Weights::Ones) { rows } else { rows.consolidate() };
        Ok((rows, errors.into_iter().map(|(_, error)| error).collect()))
    }

    /// A circuit for `plan` alone, the rows of its sources, and the node whose output the plan is.
    #[allow(clippy::type_complexity)]
    pub(crate) fn scratch(&mut self, plan: &Plan) -> Result<(Circuit, Vec<(NodeId, Batch)>, NodeId)> {
        let mut circuit = Circuit::new(1);
        let mut sources = HashMap::new();
        let mut inputs = Vec::new();
        for name in plan.relations() {
            let (_, columns) = self.catalog.node(name)?;
            let append_only = matches!(self.catalog.get(name), Some(Relation::Table(table)) if table.append_only);
            let source = circuit.source(name, &columns.schema, append_only).id;
            inputs.push((source, self.contents(name)?));
            sources.insert(name.to_string(), source);
        }
        let root = contained(|| circuit.lower(plan, &|name| sources[name]).root)?;
        Ok((circuit, inputs, root))
    }

    /// What the table or view of this name shows now. Not consolidated.
    pub(crate) fn contents(&mut self, name: &str) -> Result<Batch> {
        match self.catalog.get(name) {
            // A table's rows are at the door: the workers need not be waited for.
            Some(Relation::Table(_)) => Ok(self.catalog.table(name)?.contents()),
            Some(Relation::View(view)) => {
                let view = Arc::clone(view);
                if self.held_back().is_some() {
                    // The workers do not know yet what the tables hold: the view is computed from them.
                    let plan = optimize(self.inlined(&view.plan), &self.catalog);
                    return Ok(self.computed(&plan)?.0);
                }
                self.settle()?;
                self.contents_of(view.root)
            }
            None => Err(self.catalog.unknown(name)),
        }
    }

    /// The rows of a view by its definition alone: the plan as bound, views inlined, no node run incrementally.
    pub(crate) fn define(&mut self, plan: &Plan) -> Result<Batch> {
        let plan = self.inlined(plan);
        let (circuit, inputs, root) = self.scratch(&plan)?;
        contained(|| Definition::of(circuit.graph().nodes().iter(), inputs).yields[&root].clone())
    }

    /// The errors of rows that the nodes below `root` have by their definitions. Call [`Interior::settle`] first.
    pub(crate) fn defined_errors(&mut self, root: NodeId) -> Result<BTreeMap<(NodeId, &'static str, String), Weight>> {
        let sources: Vec<NodeId> = self.circuit.below(root).iter().map(|node| node.id).collect();
        let inputs = self.snapshots(&sources);
        let nodes = self.circuit.below(root);
        contained(|| Definition::of(nodes.into_iter(), inputs).errors)
    }

    /// `plan` with the definitions of views in the place of their names.
    fn inlined(&self, plan: &Plan) -> Plan {
        match plan {
            Plan::Scan { relation, schema, .. } => match self.catalog.get(relation) {
                Some(Relation::View(view)) => visible(self.inlined(&view.plan), schema),
                _ => self.widened(plan),
            },
            _ => plan.clone().map_inputs(&mut |input| self.inlined(&input)),
        }
    }
}

/// What nodes yield by their definitions, and the errors of each.
struct Definition {
    yields: HashMap<NodeId, Batch>,
    errors: BTreeMap<(NodeId, &'static str, String), Weight>,
}

impl Definition {
    /// Of `nodes`, inputs first, the sources among them yielding `inputs`; those that are not there yield nothing.
    fn of<'a>(nodes: impl Iterator<Item = &'a Node>, inputs: Vec<(NodeId, Batch)>) -> Definition {
        let mut definition = Definition { yields: inputs.into_iter().collect(), errors: BTreeMap::new() };
        for node in nodes {
            let mut given: Vec<Batch> = node.inputs.iter().map(|i| definition.yields[i].clone()).collect();
            let rows = match &node.kind {
                Kind::Source { .. } => definition.yields.remove(&node.id).unwrap_or_else(Batch::none),
                Kind::Constant(rows, _) => rows.clone(),
                Kind::Query(query) => {
                    let output = query.apply(&given);
                    for error in output.errors {
                        *definition.errors.entry((node.id, error.code, error.message)).or_default() += error.weight;
                    }
                    output.rows
                }
                Kind::Plus => Batch::concat(&given),
                Kind::Negate => given[0].negate(),
                Kind::Arrange { .. } | Kind::Exchange(_) | Kind::Everywhere | Kind::Own(_) => given.swap_remove(0),
            };
            definition.yields.insert(node.id, rows.consolidate());
        }
        definition.errors.retain(|_, weight| *weight != 0);
        definition
    }
}

/// The first error that stands once all are summed, if there is one.
pub(crate) fn fail_on(errors: impl IntoIterator<Item = RowError>) -> Result<()> {
    let mut sums: BTreeMap<(&'static str, String), Weight> = BTreeMap::new();
    for error in errors {
        *sums.entry((error.code, error.message)).or_default() += error.weight;
    }
    match sums.into_iter().find(|(_, weight)| *weight > 0) {
        Some(((code, message), _)) => Err(Error::new(code, message)),
        None => Ok(()),
    }
}

/// Runs `work`; a panic in it, our own bug, becomes an error and leaves the engine as it was.
pub(crate) fn contained<T>(work: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .map(|text| text.to_string())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".into());
        Error::new("XX000", format!("internal error: {message}"))
    })
}
