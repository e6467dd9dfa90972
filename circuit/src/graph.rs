//! The circuit as a plain value: nodes in topological order, to validate, print and compare.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use arrow_schema::DataType;

use crate::batch::Batch;
use crate::operator::{Class, Partition, Query};

/// A node's number, unique within an engine and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// Where in the SQL text a node came from: bytes `start .. end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// What a node does.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Where a table's deltas enter.
    Source {
        /// The table.
        name: String,
        /// Its column types.
        types: Vec<DataType>,
    },
    /// Rows that are there from the first epoch on and never change.
    Constant(Batch, Vec<DataType>),
    /// A query over its inputs.
    Query(Arc<dyn Query>),
    /// The sum of its inputs.
    Plus,
    /// Its input with weights negated.
    Negate,
    /// Its input, remembered by `key`: a trace that other nodes search. Rows with a NULL in `key` are dropped unless `nulls`.
    Arrange {
        /// The key columns.
        key: Vec<usize>,
        /// Whether NULL is a key like any other.
        nulls: bool,
    },
    /// Its input, each row sent to the worker that `partition` assigns.
    Exchange(Partition),
    /// A source's rows, all of them on every worker: of what is computed from them each worker keeps its [own](Kind::Own), and none needs
    /// to be sent. With one worker there is none of it.
    Everywhere,
    /// Of rows that every worker has, those that `partition` assigns to this one: an exchange for which nothing moves.
    Own(Partition),
}

/// One node of the circuit.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its number.
    pub id: NodeId,
    /// What it does.
    pub kind: Kind,
    /// The nodes it reads, earlier ones all.
    pub inputs: Vec<NodeId>,
    /// The SQL it came from.
    pub span: Option<Span>,
}

/// A circuit: each node after its inputs.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
}

impl Graph {
    /// All nodes, inputs first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Adds a node.
    pub fn push(&mut self, node: Node) {
        self.nodes.push(node);
    }

    /// The node of this number.
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.binary_search_by_key(&id, |n| n.id).ok().map(|i| &self.nodes[i])
    }

    /// Removes nodes, which no others may read.
    pub fn remove(&mut self, gone: &HashSet<NodeId>) {
        self.nodes.retain(|node| !gone.contains(&node.id));
    }

    /// The column types a node yields.
    pub fn types(&self, id: NodeId) -> Vec<DataType> {
        let node = self.get(id).unwrap_or_else(|| panic!("no node {}", id.0));
        match &node.kind {
            Kind::Source { types, .. } | Kind::Constant(_, types) => types.clone(),
            Kind::Query(query) => query.types(),
            Kind::Plus | Kind::Negate | Kind::Arrange { .. } | Kind::Exchange(_) | Kind::Everywhere | Kind::Own(_) => {
                self.types(node.inputs[0])
            }
        }
    }

    /// The sources whose rows are needed to compute the contents of `id` (see [`crate::executor::Executor::contents`]):
    /// those below it that are reached through nodes without state of their own.
    pub fn snapshots(&self, id: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let node = self.get(id).unwrap_or_else(|| panic!("no node {}", id.0));
            match &node.kind {
                Kind::Source { .. } if !found.contains(&id) => found.push(id),
                Kind::Source { .. } | Kind::Constant(..) | Kind::Arrange { .. } => {}
                Kind::Query(query) if query.class() == Class::General => {}
                _ => open.extend(&node.inputs),
            }
        }
        found
    }

    /// Checks that inputs exist and stand before their readers, that arities and types fit.
    ///
    /// # Errors
    /// The first fault, in words that name the node.
    pub fn validate(&self) -> Result<(), String> {
        self.validate_from(NodeId(0))
    }

    /// As [`Graph::validate`], of the nodes from `first` on.
    ///
    /// # Errors
    /// The first fault, in words that name the node.
    pub fn validate_from(&self, first: NodeId) -> Result<(), String> {
        let mut last = None;
        for node in &self.nodes[self.nodes.partition_point(|node| node.id < first)..] {
            let name = format!("node {} ({})", node.id.0, node.kind.name());
            if last >= Some(node.id) {
                return Err(format!("{name} is out of order"));
            }
            last = Some(node.id);
            for input in &node.inputs {
                if *input >= node.id || self.get(*input).is_none() {
                    return Err(format!("{name} reads node {}, which does not stand before it", input.0));
                }
            }
            let arity = node.inputs.len();
            let fits = match &node.kind {
                Kind::Source { .. } | Kind::Constant(..) => arity == 0,
                Kind::Query(_) => arity >= 1,
                Kind::Plus => arity >= 1,
                Kind::Negate | Kind::Arrange { .. } | Kind::Exchange(_) | Kind::Everywhere | Kind::Own(_) => arity == 1,
            };
            if !fits {
                return Err(format!("{name} has {arity} inputs"));
            }
            if let Kind::Plus = node.kind {
                let types = self.types(node.inputs[0]);
                if let Some(other) = node.inputs.iter().find(|i| self.types(**i) != types) {
                    return Err(format!("{name} adds {types:?} and {:?}", self.types(*other)));
                }
            }
            if let Kind::Everywhere = node.kind
                && !self.get(node.inputs[0]).is_some_and(|input| matches!(input.kind, Kind::Source { .. }))
            {
                return Err(format!("{name} reads node {}, which is no source", node.inputs[0].0));
            }
            if let Kind::Arrange { key, .. } | Kind::Exchange(Partition::Key(key)) | Kind::Own(Partition::Key(key)) =
                &node.kind
            {
                let columns = self.types(node.inputs[0]).len();
                if let Some(column) = key.iter().find(|k| **k >= columns) {
                    return Err(format!("{name} has key column {column} of {columns}"));
                }
            }
        }
        Ok(())
    }

    /// One line a node: number, what it does, its inputs.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for node in &self.nodes {
            let inputs: Vec<String> = node.inputs.iter().map(|i| format!("#{}", i.0)).collect();
            let _ = write!(text, "#{:<3} {}", node.id.0, node.kind.describe());
            if !inputs.is_empty() {
                let _ = write!(text, "  ← {}", inputs.join(", "));
            }
            text.push('\n');
        }
        text
    }

    /// The picture, in Graphviz's language.
    pub fn dot(&self) -> String {
        let mut text = String::from("digraph circuit {\n  rankdir=BT;\n  node [shape=box, fontname=\"monospace\"];\n");
        for node in &self.nodes {
            let label = node.kind.describe().replace('\\', "\\\\").replace('"', "\\\"");
            let _ = writeln!(text, "  n{} [label=\"#{} {label}\"];", node.id.0, node.id.0);
            for input in &node.inputs {
                let _ = writeln!(text, "  n{} -> n{};", input.0, node.id.0);
            }
        }
        text.push_str("}\n");
        text
    }

    /// Whether two circuits do the same: equal nodes in equal order, numbers aside.
    pub fn same_as(&self, other: &Graph) -> bool {
        let place = |graph: &Graph, id: NodeId| graph.nodes.iter().position(|n| n.id == id);
        self.nodes.len() == other.nodes.len()
            && self.nodes.iter().zip(&other.nodes).all(|(a, b)| {
                a.kind.fingerprint() == b.kind.fingerprint()
                    && a.inputs.iter().map(|i| place(self, *i)).eq(b.inputs.iter().map(|i| place(other, *i)))
            })
    }
}

impl Kind {
    /// One word for what it does.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Source { .. } => "source",
            Kind::Constant(..) => "constant",
            Kind::Query(query) => query.name(),
            Kind::Plus => "plus",
            Kind::Negate => "negate",
            Kind::Arrange { .. } => "arrange",
            Kind::Exchange(_) => "exchange",
            Kind::Everywhere => "everywhere",
            Kind::Own(_) => "own",
        }
    }

    /// A line for people.
    pub fn describe(&self) -> String {
        match self {
            Kind::Source { name, .. } => format!("source {name}"),
            Kind::Constant(batch, _) => format!("constant {} rows", batch.len()),
            Kind::Query(query) => format!("{} {}", query.name(), query.describe()),
            Kind::Plus | Kind::Negate | Kind::Everywhere => self.name().to_string(),
            Kind::Arrange { key, nulls } => format!("arrange by {key:?}{}", if *nulls { " with nulls" } else { "" }),
            Kind::Exchange(Partition::Key(key)) | Kind::Own(Partition::Key(key)) => {
                format!("{} by {key:?}", self.name())
            }
            Kind::Exchange(Partition::One) => "exchange to one".into(),
            Kind::Exchange(Partition::Any) => "exchange evenly".into(),
            Kind::Own(Partition::One) => "own of the first".into(),
            Kind::Own(Partition::Any) => "own of any".into(),
        }
    }

    /// Text that is equal exactly for kinds that do the same: what node sharing compares.
    pub fn fingerprint(&self) -> String {
        match self {
            Kind::Query(query) => format!("{query:?}"),
            // Arrow prints long columns with a gap in the middle, so every few rows are printed by themselves.
            Kind::Constant(batch, types) => {
                let rows = (0..batch.len()).step_by(16).map(|at| batch.slice(at, 16.min(batch.len() - at)));
                format!("constant {types:?} {:?}", rows.collect::<Vec<_>>())
            }
            other => format!("{other:?}"),
        }
    }
}
