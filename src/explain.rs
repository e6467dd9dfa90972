//! What runs, told to people: plans, circuits, state, errors, and whether a view shows what its definition says.

use std::collections::HashMap;
use std::fmt::Write as _;

use deltaq_circuit::operator::Size;
use deltaq_circuit::{Batch, Graph, Node, NodeId, Weight};
use deltaq_compiler::circuit::{Circuit, keeps_state};
use deltaq_compiler::explain::with_facts;
use deltaq_compiler::rewrite::optimize;
use deltaq_compiler::statement::ExplainFormat;
use deltaq_compiler::{Plan, Query, Statement};

use crate::catalog::{Catalog, Relation};
use crate::error::{Error, Result};
use crate::interior::Interior;
use crate::query::contained;
use crate::relation::{Check, ErrorRow, StateRow};
use crate::rows::{Rows, expand};
use crate::views::visible;

impl Interior {
    /// Explains a view by its name, or a statement.
    pub(crate) fn explain(&mut self, sql_or_view: &str, format: ExplainFormat) -> Result<String> {
        let name = sql_or_view.trim();
        if self.catalog.contains(name) {
            return self.explain_view(name, format);
        }
        let parts = contained(|| deltaq_compiler::split(sql_or_view))??;
        let [part] = parts.as_slice() else {
            return Err(Error::new("42601", "one view or statement is expected"));
        };
        match self.compile(sql_or_view, *part)? {
            Statement::Explain { statement, .. } => self.explain_statement(&statement, format),
            Statement::ExplainView { name, .. } => self.explain_view(&name, format),
            statement => self.explain_statement(&statement, format),
        }
    }

    /// Explains what a statement would run.
    pub(crate) fn explain_statement(&mut self, statement: &Statement, format: ExplainFormat) -> Result<String> {
        let query: &Query = match statement {
            Statement::Query(query) | Statement::CreateView { query, .. } | Statement::Insert { query, .. } => query,
            Statement::ExplainView { name, .. } => return self.explain_view(name, format),
            _ => {
                let error = Error::new("0A000", "only a SELECT, CREATE VIEW or INSERT can be explained");
                return Err(error.help("EXPLAIN name explains a view that runs"));
            }
        };
        let plan = optimize(visible(query.plan.clone(), &query.schema), &self.catalog);
        // Views that run are sources here: what is below them is theirs to explain.
        let mut circuit = Circuit::new(self.config.workers);
        let mut sources = HashMap::new();
        for name in plan.relations() {
            let (_, columns) = self.catalog.node(name)?;
            let append_only = matches!(self.catalog.get(name), Some(Relation::Table(table)) if table.append_only);
            sources.insert(name.to_string(), circuit.source(name, &columns.schema, append_only).id);
        }
        let root = contained(|| circuit.lower(&plan, &|name| sources[name]).root)?;
        Ok(match format {
            ExplainFormat::Dot => circuit.graph().dot(),
            ExplainFormat::Text => told(&plan, &self.catalog, &circuit, root, &HashMap::new()),
        })
    }

    /// Explains a view that runs, or a table.
    pub(crate) fn explain_view(&mut self, name: &str, format: ExplainFormat) -> Result<String> {
        let (root, plan) = match self.catalog.get(name) {
            Some(Relation::View(view)) => (view.root, view.optimized.clone()),
            Some(Relation::Table(table)) => {
                let schema = table.schema().clone();
                (table.source(), Plan::Scan { relation: name.to_string(), schema, span: None })
            }
            None => return Err(self.catalog.unknown(name)),
        };
        if format == ExplainFormat::Dot {
            let mut graph = Graph::default();
            self.circuit.below(root).into_iter().for_each(|node| graph.push(node.clone()));
            return Ok(graph.dot());
        }
        self.settle_what_can_be()?;
        let sizes = self.runtime.sizes()?.into_iter().collect();
        Ok(told(&plan, &self.catalog, &self.circuit, root, &sizes))
    }

    /// What tables and the operators of views remember.
    pub(crate) fn state_rows(&mut self) -> Result<Vec<StateRow>> {
        self.settle_what_can_be()?;
        let mut sizes: HashMap<NodeId, Size> = self.runtime.sizes()?.into_iter().collect();
        let mut rows = Vec::new();
        let row = |view: &str, operator: String, size: Size| StateRow {
            view: view.to_string(),
            operator,
            rows: size.rows as u64,
            bytes: size.bytes as u64,
        };
        for table in self.catalog.tables_mut() {
            let size = table.size();
            rows.push(row(&table.name, "table".into(), size));
        }
        for view in self.catalog.iter().filter_map(|(_, relation)| relation.as_view()) {
            for node in self.circuit.below(view.root) {
                // An operator that several views share is counted once, with the oldest of them.
                if let Some(size) = sizes.remove(&node.id) {
                    rows.push(row(&view.name, operator(node), size));
                }
            }
        }
        Ok(rows)
    }

    /// The errors that keep rows out of a view, those of the views it reads among them.
    pub(crate) fn error_rows(&mut self, view: &str) -> Result<Vec<ErrorRow>> {
        let (root, _) = self.catalog.node(view)?;
        self.settle()?;
        let mut rows = Vec::new();
        for node in self.circuit.erring(root) {
            rows.extend(self.errors_of(node.id).map(|(code, message, weight)| ErrorRow {
                code: code.to_string(),
                message: message.to_string(),
                operator: operator(node),
                weight,
            }));
        }
        Ok(rows)
    }

    /// Recomputes a view by its definition and compares.
    pub(crate) fn check(&mut self, name: &str) -> Result<Check> {
        let view = self.catalog.view(name)?;
        self.settle()?;
        let defined = self.define(&view.plan)?;
        let shown = self.contents_of(view.root)?;
        let difference = Batch::concat(&[defined.clone(), shown.negate()]).consolidate();
        let rows = |batch: Batch| -> Result<Rows> {
            Ok(Rows::new(view.columns.clone(), vec![view.columns.record_batch(&expand(&batch)?)?]))
        };
        let extra = rows(difference.negate())?;
        let missing = rows(difference)?;
        let errors = self.defined_errors(view.root)?;
        let mut differences = errors.clone();
        for node in self.circuit.below(view.root) {
            for (code, message, weight) in self.errors_of(node.id) {
                *differences.entry((node.id, code, message.to_string())).or_default() -= weight;
            }
        }
        let (mut missing_errors, mut extra_errors) = (Vec::new(), Vec::new());
        for ((node, code, message), weight) in differences.into_iter().filter(|(_, weight)| *weight != 0) {
            let operator = self.circuit.graph().get(node).map(operator).unwrap_or_default();
            let into = if weight > 0 { &mut missing_errors } else { &mut extra_errors };
            into.push(ErrorRow { code: code.to_string(), message, operator, weight: weight.abs() });
        }
        let rows = defined.total_weight().max(0) as u64;
        let erring: Vec<NodeId> = self.circuit.erring(view.root).iter().map(|node| node.id).collect();
        let counted = errors.iter().filter(|((node, ..), _)| erring.contains(node));
        let errors = counted.map(|(_, weight)| weight).sum::<Weight>().max(0) as u64;
        Ok(Check { rows, missing, extra, errors, missing_errors, extra_errors })
    }
}

fn operator(node: &Node) -> String {
    format!("#{} {}", node.id.0, node.kind.describe())
}

/// A plan and the circuit that runs it, in words.
fn told(plan: &Plan, catalog: &Catalog, circuit: &Circuit, root: NodeId, sizes: &HashMap<NodeId, Size>) -> String {
    let mut text = format!("plan\n{}", indented(&with_facts(plan, catalog)));
    let _ = writeln!(text, "circuit ({})", circuit.spread(root));
    for node in circuit.below(root) {
        let inputs: Vec<String> = node.inputs.iter().map(|i| format!("#{}", i.0)).collect();
        let _ = write!(text, "  {}", operator(node));
        if !inputs.is_empty() {
            let _ = write!(text, "  ← {}", inputs.join(", "));
        }
        let mut facts = Vec::new();
        if circuit.insert_only(node.id) {
            facts.push("insert-only".to_string());
        }
        match sizes.get(&node.id) {
            Some(size) => facts.push(format!("{} rows, {} bytes", size.rows, size.bytes)),
            None if keeps_state(&node.kind) => facts.push("keeps state".into()),
            None => {}
        }
        if !facts.is_empty() {
            let _ = write!(text, "  [{}]", facts.join("; "));
        }
        text.push('\n');
    }
    text
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
