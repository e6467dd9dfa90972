//! Plans into circuit nodes: one growing circuit an engine, in which equal parts of queries are one node.
//!
//! ```text
//!   Project(Filter(Join(a, b)))      source a ─ project key ─ [exchange] ─ arrange ─┐
//!                                                                                    ├─ join ─ filter-project
//!                                    source b ─ project key ─ [exchange] ─ arrange ─┘
//! ```
//!
//! Exchanges (in brackets) are there only with several workers, and only where rows are not already where they must be. What is computed
//! from tables at little cost is not exchanged: every worker computes all of it and keeps its own (`everywhere.rs`).
//! Outer, semi and anti joins are made of inner joins, DISTINCT and subtraction:
//!
//! ```text
//!   L ⋉ R = L ⋈ distinct(keys of R)      L ▷ R = L − L ⋉ R      L ⟕ R = L ⋈ R + pad(L ▷ R)
//! ```
//!
//! and with a residual condition L ⋉ R = L ⋈ distinct(columns of L in L ⋈ R), on whole rows.

use std::collections::{HashMap, HashSet};

use deltaq_circuit::{Class, Graph, Kind, Node, NodeId, Partition, Query, Span};
use deltaq_operators::aggregate::Aggregate;
use deltaq_operators::combine::Combine;
use deltaq_operators::types::{Schema, arrow_types};

use crate::intervals;
use crate::plan::Plan;

mod chain;
mod everywhere;
mod exprs;
mod join;
mod lowering;
mod phases;

use lowering::Lowering;

/// The circuit of an engine: all nodes of all views, with what is known of each.
#[derive(Debug)]
pub struct Circuit {
    graph: Graph,
    workers: usize,
    next: u32,
    known: HashMap<NodeId, Known>,
    /// Nodes by what they do to what: the key by which equal ones are found.
    shared: HashMap<String, NodeId>,
    fresh: Vec<Node>,
}

/// What is known of a node's rows.
#[derive(Clone, Debug)]
struct Known {
    /// Where rows lie.
    placement: Placement,
    /// Nothing is ever retracted.
    insert_only: bool,
    /// The key under which it is shared, if it is.
    key: Option<String>,
}

/// Where the rows of a node lie when there are several workers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Placement {
    Anywhere,
    /// By the hash of these columns.
    Key(Vec<usize>),
    /// By a function of these columns: rows that are equal in them lie together.
    By(Vec<usize>),
    /// On the first worker.
    One,
    /// All of them on every worker. Only nodes that keep their own read them.
    Everywhere,
}

/// A view's part of the circuit.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The node whose output the plan is.
    pub root: NodeId,
    /// Nodes that are new, to be installed; inputs first.
    pub nodes: Vec<Node>,
}

/// How the work of a view spreads over workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// No row needs to meet another.
    Passthrough,
    /// Rows meet by key: each worker has its share of the keys.
    Partitioned,
    /// Equal rows are merged where they arise before they are sent to where they meet.
    TwoPhase,
    /// Some part of the work runs on one worker.
    Central,
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(match self {
            Spread::Passthrough => "passthrough",
            Spread::Partitioned => "fully partitionable",
            Spread::TwoPhase => "two-phase",
            Spread::Central => "central",
        })
    }
}

impl Circuit {
    /// The empty circuit for so many workers.
    pub fn new(workers: usize) -> Circuit {
        Circuit {
            graph: Graph::default(),
            workers,
            next: 0,
            known: HashMap::new(),
            shared: HashMap::new(),
            fresh: Vec::new(),
        }
    }

    /// All nodes.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// A new source of rows of `schema`. Install the returned node.
    pub fn source(&mut self, name: &str, schema: &Schema, append_only: bool) -> Node {
        let kind = Kind::Source { name: name.to_string(), types: arrow_types(schema) };
        let known = Known { placement: Placement::Anywhere, insert_only: append_only, key: None };
        self.push(kind, Vec::new(), known, None);
        self.fresh.pop().unwrap_or_else(|| panic!("a node was just pushed"))
    }

    /// Adds the nodes of `plan`. `relation` gives the node of each table or view it scans. Nodes that other views have
    /// already are used again.
    pub fn lower(&mut self, plan: &Plan, relation: &dyn Fn(&str) -> NodeId) -> Lowered {
        let plan = intervals::by_length(plan);
        let root = Lowering::new(self, relation).plan(&plan);
        self.drop_unread(root);
        Lowered { root, nodes: std::mem::take(&mut self.fresh) }
    }

    /// Drops the new nodes that `root` does not need: those that are computed everywhere instead.
    fn drop_unread(&mut self, root: NodeId) {
        let mut needed = HashSet::from([root]);
        let mut unread = HashSet::new();
        // Readers first.
        for node in self.fresh.iter().rev() {
            if needed.contains(&node.id) {
                needed.extend(&node.inputs);
            } else {
                unread.insert(node.id);
            }
        }
        self.fresh.retain(|node| !unread.contains(&node.id));
        self.forget(&unread);
    }

    /// Removes all nodes that none of `roots` needs (sources among them), and returns them.
    pub fn retain(&mut self, roots: &[NodeId]) -> Vec<NodeId> {
        let needed = self.needed(roots);
        let gone: Vec<NodeId> = self.graph.nodes().iter().map(|n| n.id).filter(|id| !needed.contains(id)).collect();
        self.forget(&gone.iter().copied().collect());
        gone
    }

    /// Forgets nodes, which no others read.
    fn forget(&mut self, gone: &HashSet<NodeId>) {
        if gone.is_empty() {
            return;
        }
        self.graph.remove(gone);
        for id in gone {
            if let Some(key) = self.known.remove(id).and_then(|known| known.key) {
                self.shared.remove(&key);
            }
        }
    }

    /// The nodes that `root` needs, itself included, inputs first.
    pub fn below(&self, root: NodeId) -> Vec<&Node> {
        let needed = self.needed(&[root]);
        self.graph.nodes().iter().filter(|n| needed.contains(&n.id)).collect()
    }

    /// The nodes below `root` whose errors are those of its rows, inputs first: of a node and the same everywhere only the first, since
    /// both meet every error.
    pub fn erring(&self, root: NodeId) -> Vec<&Node> {
        let below = self.below(root);
        let ids: HashSet<NodeId> = below.iter().map(|node| node.id).collect();
        let is_met = |node: &Node| self.elsewhere(node.id).is_some_and(|same| ids.contains(&same));
        below.into_iter().filter(|node| !is_met(node)).collect()
    }

    /// `roots` and all that stands below them.
    fn needed(&self, roots: &[NodeId]) -> HashSet<NodeId> {
        let mut needed = HashSet::new();
        let mut open = roots.to_vec();
        while let Some(id) = open.pop() {
            if needed.insert(id) {
                open.extend(self.graph.get(id).map(|n| n.inputs.clone()).unwrap_or_default());
            }
        }
        needed
    }

    /// Whether nothing is ever retracted from what `node` yields.
    pub fn insert_only(&self, node: NodeId) -> bool {
        self.known.get(&node).is_some_and(|k| k.insert_only)
    }

    /// Whether no two workers ever yield equal rows of `node`: where they lie follows from their columns.
    pub fn is_apart(&self, node: NodeId) -> bool {
        self.known.get(&node).is_some_and(|k| !matches!(k.placement, Placement::Anywhere))
    }

    /// How the work of the view at `root` spreads over workers.
    pub fn spread(&self, root: NodeId) -> Spread {
        let below = self.below(root);
        let queries =
            || below.iter().filter_map(|node| if let Kind::Query(query) = &node.kind { Some(query) } else { None });
        let merged = queries().any(|query| [Combine::NAME, Aggregate::OF_EACH_WORKER].contains(&query.name()));
        let mut spread = if merged { Spread::TwoPhase } else { Spread::Passthrough };
        for node in &below {
            let Kind::Query(query) = &node.kind else { continue };
            for input in 0..node.inputs.len() {
                match query.partition(input) {
                    Partition::One if two_phase(query.as_ref()) => spread = Spread::TwoPhase,
                    Partition::One if merged && query.name() == Aggregate::NAME => {}
                    Partition::One => return Spread::Central,
                    Partition::Key(_) if spread == Spread::Passthrough => spread = Spread::Partitioned,
                    Partition::Key(_) | Partition::Any => {}
                }
            }
        }
        spread
    }

    fn push(&mut self, kind: Kind, inputs: Vec<NodeId>, known: Known, span: Option<Span>) -> NodeId {
        let id = NodeId(self.next);
        self.next += 1;
        let node = Node { id, kind, inputs, span };
        self.graph.push(node.clone());
        self.fresh.push(node);
        if let Some(key) = &known.key {
            self.shared.insert(key.clone(), id);
        }
        self.known.insert(id, known);
        id
    }

    fn insert_only_all(&self, inputs: &[NodeId]) -> bool {
        inputs.iter().all(|i| self.insert_only(*i))
    }

    /// A node of `kind` over `inputs`, each first sent to where it is needed; an equal one if there is one.
    fn node(&mut self, kind: Kind, inputs: Vec<(NodeId, Partition)>, known: Known, span: Option<Span>) -> NodeId {
        let alone = matches!(kind, Kind::Query(_)) && inputs.len() == 1;
        let inputs: Vec<(NodeId, Partition)> = inputs
            .into_iter()
            .map(|(id, partition)| match partition {
                _ if alone && self.meet(id, &partition) => (id, Partition::Any),
                _ => self.placed_input(id, partition),
            })
            .collect();
        let key = key(&kind, &inputs);
        if let Some(&same) = self.shared.get(&key) {
            return same;
        }
        let inputs = inputs.into_iter().map(|(id, partition)| self.exchange(id, partition, span)).collect();
        self.push(kind, inputs, Known { key: Some(key), ..known }, span)
    }

    /// What a node that needs the rows of `id` by `partition` is to read, and how that is still to be sent.
    fn placed_input(&mut self, id: NodeId, partition: Partition) -> (NodeId, Partition) {
        if self.is_placed(id, &partition) {
            return (id, Partition::Any);
        }
        match self.own(id, &partition) {
            Some(own) => (own, Partition::Any),
            None => (id, partition),
        }
    }

    /// Whether rows of `id` that must meet by `partition` lie together, wherever that is: enough for a query that reads nothing else.
    fn meet(&self, id: NodeId, partition: &Partition) -> bool {
        let fewer = match (partition, &self.known[&id].placement) {
            (Partition::Key(key), Placement::Key(columns) | Placement::By(columns)) => {
                !columns.is_empty() && columns.iter().all(|column| key.contains(column))
            }
            _ => false,
        };
        fewer || self.is_placed(id, partition)
    }

    /// Where rows of `id` lie for a query that reads nothing else and needs them by `partition`, and the rows that it makes of them if these have
    /// the same columns of the key, in the same places.
    fn met(&self, id: NodeId, partition: &Partition) -> Placement {
        if self.meet(id, partition) { self.known[&id].placement.clone() } else { placed(partition) }
    }

    fn is_placed(&self, id: NodeId, partition: &Partition) -> bool {
        match partition {
            _ if self.workers == 1 => true,
            Partition::Any => true,
            _ => self.known[&id].placement == placed(partition),
        }
    }

    fn exchange(&mut self, id: NodeId, partition: Partition, span: Option<Span>) -> NodeId {
        if partition == Partition::Any {
            return id;
        }
        let placement = placed(&partition);
        let known = Known { placement, insert_only: self.insert_only(id), key: None };
        self.push(Kind::Exchange(partition), vec![id], known, span)
    }
}

/// The key under which a node of `kind` over `inputs` is shared.
fn key(kind: &Kind, inputs: &[(NodeId, Partition)]) -> String {
    format!("{} ← {inputs:?}", kind.fingerprint())
}

/// Whether rows are merged before they are sent to this query: counts of rows take weights as they come.
fn two_phase(query: &dyn Query) -> bool {
    query.name() == Aggregate::NAME && query.describe().split(" by ").next().is_some_and(|calls| calls == "count(*)")
}

/// Where rows lie that were sent so.
fn placed(partition: &Partition) -> Placement {
    match partition {
        Partition::Any => Placement::Anywhere,
        Partition::One => Placement::One,
        Partition::Key(key) => Placement::Key(key.clone()),
    }
}

/// Whether a node of this kind keeps state.
pub fn keeps_state(kind: &Kind) -> bool {
    match kind {
        Kind::Arrange { .. } => true,
        Kind::Query(query) => query.class() == Class::General,
        _ => false,
    }
}
