//! Plans into circuit nodes: one growing circuit an engine, in which equal parts of queries are one node.
//!
//! ```text
//!   Project(Filter(Join(a, b)))      source a ─ project key ─ [exchange] ─ arrange ─┐
//!                                                                                    ├─ join ─ filter-project
//!                                    source b ─ project key ─ [exchange] ─ arrange ─┘
//! ```
//!
//! Exchanges (in brackets) are there only with several workers, and only where rows are not already where they must be.
//! Outer, semi and anti joins are made of inner joins, DISTINCT and subtraction:
//!
//! ```text
//!   L ⋉ R = L ⋈ distinct(keys of R)      L ▷ R = L − L ⋉ R      L ⟕ R = L ⋈ R + pad(L ▷ R)
//! ```
//!
//! and with a residual condition L ⋉ R = L ⋈ distinct(columns of L in L ⋈ R), on whole rows.

use std::collections::HashMap;
use std::sync::Arc;

use deltaq_circuit::{Batch, Class, Graph, Kind, Node, NodeId, Partition, Query, Span, Weights};
use deltaq_operators::aggregate::{Aggregate, Call, Column};
use deltaq_operators::combine::Combine;
use deltaq_operators::counted::{Counted, Rule};
use deltaq_operators::flat_map::{FlatMap, TableFunction};
use deltaq_operators::functions;
use deltaq_operators::join::{Join, Side};
use deltaq_operators::map::Map;
use deltaq_operators::topk::{OrderBy, TopK};
use deltaq_operators::types::{Schema, arrow_types};
use deltaq_operators::{Expr, Scalar, SqlType};

use crate::intervals;
use crate::plan::{Equality, JoinKind, Plan, SetKind, SortKey};

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
    /// On the first worker.
    One,
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
        let root = Lowering { circuit: self, relation, span: None }.plan(&plan);
        Lowered { root, nodes: std::mem::take(&mut self.fresh) }
    }

    /// Removes all nodes that none of `roots` needs (sources among them), and returns them.
    pub fn retain(&mut self, roots: &[NodeId]) -> Vec<NodeId> {
        let mut needed: Vec<NodeId> = Vec::new();
        let mut open = roots.to_vec();
        while let Some(id) = open.pop() {
            if !needed.contains(&id) {
                needed.push(id);
                open.extend(self.graph.get(id).map(|n| n.inputs.clone()).unwrap_or_default());
            }
        }
        let gone: Vec<NodeId> = self.graph.nodes().iter().map(|n| n.id).filter(|id| !needed.contains(id)).collect();
        for id in &gone {
            self.graph.remove(*id);
            if let Some(key) = self.known.remove(id).and_then(|known| known.key) {
                self.shared.remove(&key);
            }
        }
        gone
    }

    /// The nodes that `root` needs, itself included, inputs first.
    pub fn below(&self, root: NodeId) -> Vec<&Node> {
        let mut needed = vec![root];
        let mut at = 0;
        while at < needed.len() {
            let inputs = self.graph.get(needed[at]).map(|n| n.inputs.clone()).unwrap_or_default();
            needed.extend(inputs.into_iter().filter(|i| !needed.contains(i)).collect::<Vec<_>>());
            at += 1;
        }
        self.graph.nodes().iter().filter(|n| needed.contains(&n.id)).collect()
    }

    /// Whether nothing is ever retracted from what `node` yields.
    pub fn insert_only(&self, node: NodeId) -> bool {
        self.known.get(&node).is_some_and(|k| k.insert_only)
    }

    /// Whether no two workers ever yield equal rows of `node`: where they lie follows from their columns.
    pub fn is_apart(&self, node: NodeId) -> bool {
        self.known.get(&node).is_some_and(|k| matches!(k.placement, Placement::Key(_) | Placement::One))
    }

    /// How the work of the view at `root` spreads over workers.
    pub fn spread(&self, root: NodeId) -> Spread {
        let mut spread = Spread::Passthrough;
        for node in self.below(root) {
            let Kind::Query(query) = &node.kind else { continue };
            for input in 0..node.inputs.len() {
                match query.partition(input) {
                    Partition::One if two_phase(query.as_ref()) => spread = Spread::TwoPhase,
                    Partition::One => return Spread::Central,
                    Partition::Key(_) if two_phase(query.as_ref()) => spread = Spread::TwoPhase,
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
        let inputs: Vec<(NodeId, Partition)> = inputs
            .into_iter()
            .map(|(id, partition)| if self.is_placed(id, &partition) { (id, Partition::Any) } else { (id, partition) })
            .collect();
        let key = format!("{} ← {inputs:?}", kind.fingerprint());
        if let Some(&same) = self.shared.get(&key) {
            return same;
        }
        let inputs = inputs.into_iter().map(|(id, partition)| self.exchange(id, partition, span)).collect();
        self.push(kind, inputs, Known { key: Some(key), ..known }, span)
    }

    fn is_placed(&self, id: NodeId, partition: &Partition) -> bool {
        match partition {
            _ if self.workers == 1 => true,
            Partition::Any => true,
            Partition::One => self.known[&id].placement == Placement::One,
            Partition::Key(key) => self.known[&id].placement == Placement::Key(key.clone()),
        }
    }

    fn exchange(&mut self, id: NodeId, partition: Partition, span: Option<Span>) -> NodeId {
        let placement = match &partition {
            Partition::Any => return id,
            Partition::One => Placement::One,
            Partition::Key(key) => Placement::Key(key.clone()),
        };
        let known = Known { placement, insert_only: self.insert_only(id), key: None };
        self.push(Kind::Exchange(partition), vec![id], known, span)
    }
}

/// Whether rows are merged before they are sent to this query: counts of rows take weights as they come.
fn two_phase(query: &dyn Query) -> bool {
    query.name() == "aggregate" && query.describe().split(" by ").next().is_some_and(|calls| calls == "count(*)")
}

struct Lowering<'a> {
    circuit: &'a mut Circuit,
    relation: &'a dyn Fn(&str) -> NodeId,
    span: Option<Span>,
}

/// A filter and expressions over a plan: a chain of Filter and Project nodes, composed.
struct Chain<'p> {
    base: &'p Plan,
    filter: Option<Expr>,
    exprs: Vec<Expr>,
}

impl Lowering<'_> {
    fn plan(&mut self, plan: &Plan) -> NodeId {
        match plan {
            Plan::Scan { relation, span, .. } => {
                self.span = *span;
                (self.relation)(relation)
            }
            Plan::Values { rows, schema } => self.values(rows, schema),
            Plan::Project { .. } | Plan::Filter { .. } => self.chain(plan),
            Plan::Join { .. } => {
                let all: Vec<usize> = (0..plan.schema().len()).collect();
                self.join(plan, &all)
            }
            Plan::Aggregate { input, keys, calls, .. } => self.aggregate(input, keys, calls),
            Plan::Distinct { input } => {
                let node = self.plan(input);
                self.distinct(node, &input.schema())
            }
            Plan::Union { inputs } => {
                let nodes: Vec<NodeId> = inputs.iter().map(|i| self.plan(i)).collect();
                self.plus(nodes)
            }
            Plan::Set { left, right, kind } => {
                let (l, r) = (self.plan(left), self.plan(right));
                let rule = match kind {
                    SetKind::Except => Rule::Except,
                    SetKind::Intersect => Rule::Intersect,
                };
                self.counted(rule, &[l, r], &left.schema())
            }
            Plan::TopK { input, partition, order, offset, limit, number } => {
                self.top(input, partition, order, *offset, *limit, number.is_some())
            }
            Plan::FlatMap { input, function, args, .. } => {
                let node = self.plan(input);
                let function = TableFunction::lookup(function)
                    .unwrap_or_else(|| panic!("the binder admitted the table function {function}"));
                let query = FlatMap::new(arrow_types(&input.schema()), function, args.clone());
                let known = self.passes_on(node, None);
                self.query(query, vec![(node, Partition::Any)], known)
            }
        }
    }

    fn query(&mut self, query: impl Query, inputs: Vec<(NodeId, Partition)>, known: Known) -> NodeId {
        self.circuit.node(Kind::Query(Arc::new(query)), inputs, known, self.span)
    }

    fn values(&mut self, rows: &[Vec<Scalar>], schema: &Schema) -> NodeId {
        let column = |(index, field): (usize, &deltaq_operators::Field)| {
            Scalar::to_column(rows.iter().map(|row| &row[index]), field.ty)
        };
        let batch = match rows.len() {
            0 => Batch::none(),
            len => Batch::with_len(schema.iter().enumerate().map(column).collect(), Weights::Ones, len).consolidate(),
        };
        let known = Known { placement: Placement::Anywhere, insert_only: true, key: None };
        self.circuit.node(Kind::Constant(batch, arrow_types(schema)), Vec::new(), known, self.span)
    }

    /// What is known of a stateless node over `node` whose output columns are `exprs` (None: those of the input).
    fn passes_on(&self, node: NodeId, exprs: Option<&[Expr]>) -> Known {
        let known = &self.circuit.known[&node];
        let place = |column: &usize| {
            exprs.map_or(Some(*column), |exprs| {
                exprs.iter().position(|e| matches!(e, Expr::Column { index, .. } if index == column))
            })
        };
        let placement = match &known.placement {
            Placement::Key(key) => {
                key.iter().map(place).collect::<Option<Vec<_>>>().map_or(Placement::Anywhere, Placement::Key)
            }
            other => other.clone(),
        };
        Known { placement, insert_only: known.insert_only, key: None }
    }

    fn chain(&mut self, plan: &Plan) -> NodeId {
        let Chain { base, filter, exprs } = compose(plan);
        let width = base.schema().len();
        if let Plan::Join { kind: JoinKind::Inner, .. } = base {
            // Only the columns that are read are made.
            let mut used = Vec::new();
            exprs.iter().chain(&filter).for_each(|e| e.columns(&mut |c| used.push(c)));
            used.sort_unstable();
            used.dedup();
            let node = self.join(base, &used);
            let moved = |e: &Expr| {
                e.map_columns(&mut |index, ty, nullable| Expr::Column {
                    index: used.partition_point(|u| *u < index),
                    ty,
                    nullable,
                })
            };
            return self.map(node, used.len(), filter.as_ref().map(moved), exprs.iter().map(moved).collect());
        }
        let node = self.plan(base);
        self.map(node, width, filter, exprs)
    }

    /// A filter and projection over `node`, which yields `width` columns; `node` itself where that changes nothing.
    fn map(&mut self, node: NodeId, width: usize, filter: Option<Expr>, exprs: Vec<Expr>) -> NodeId {
        let same = exprs.len() == width
            && exprs.iter().enumerate().all(|(i, e)| matches!(e, Expr::Column { index, .. } if *index == i));
        if filter.is_none() && same {
            return node;
        }
        let known = self.passes_on(node, Some(&exprs));
        self.query(Map::new(filter, exprs, width), vec![(node, Partition::Any)], known)
    }

    fn plus(&mut self, nodes: Vec<NodeId>) -> NodeId {
        if let [one] = nodes[..] {
            return one;
        }
        let placements: Vec<&Placement> = nodes.iter().map(|n| &self.circuit.known[n].placement).collect();
        let same = placements.iter().all(|p| *p == placements[0]);
        let placement = if same { placements[0].clone() } else { Placement::Anywhere };
        let known = Known { placement, insert_only: self.circuit.insert_only_all(&nodes), key: None };
        let inputs = nodes.into_iter().map(|n| (n, Partition::Any)).collect();
        self.circuit.node(Kind::Plus, inputs, known, self.span)
    }

    fn minus(&mut self, left: NodeId, right: NodeId) -> NodeId {
        let known = Known { insert_only: false, ..self.passes_on(right, None) };
        let negated = self.circuit.node(Kind::Negate, vec![(right, Partition::Any)], known, self.span);
        self.plus(vec![left, negated])
    }

    fn counted(&mut self, rule: Rule, inputs: &[NodeId], schema: &Schema) -> NodeId {
        let query = Counted::new(rule, arrow_types(schema));
        let insert_only = rule == Rule::Distinct && self.circuit.insert_only_all(inputs);
        let placement = placed(&query.partition(0));
        let inputs = inputs.iter().enumerate().map(|(i, node)| (*node, query.partition(i))).collect();
        self.query(query, inputs, Known { placement, insert_only, key: None })
    }

    fn distinct(&mut self, node: NodeId, schema: &Schema) -> NodeId {
        self.counted(Rule::Distinct, &[node], schema)
    }

    fn aggregate(&mut self, input: &Plan, keys: &[Expr], calls: &[Call]) -> NodeId {
        // One column a key, then one a distinct argument or filter, computed below; a filtered argument is computed only
        // where the filter holds.
        let mut exprs: Vec<Expr> = keys.to_vec();
        let mut column = |expr: Expr| {
            let found = exprs[keys.len()..].iter().position(|e| *e == expr).map(|at| at + keys.len());
            found.unwrap_or_else(|| {
                exprs.push(expr);
                exprs.len() - 1
            })
        };
        let columns: Vec<Column> = calls
            .iter()
            .map(|call| {
                let mut placed = |arg: Expr| {
                    let arg = match &call.filter {
                        Some(filter) if !matches!(arg, Expr::Column { .. } | Expr::Literal { .. }) => {
                            guarded(filter, &arg)
                        }
                        _ => arg,
                    };
                    let ty = arg.ty();
                    (column(arg), ty)
                };
                let arg = call.arg.clone().map(&mut placed);
                let rest = call.rest.clone().map(&mut placed);
                Column {
                    function: call.function,
                    arg,
                    rest,
                    distinct: call.distinct,
                    filter: call.filter.clone().map(&mut column),
                    ty: call.ty,
                }
            })
            .collect();
        let node = if let Plan::Project { .. } | Plan::Filter { .. } = input {
            // Composed with what is below, so that only what is read is computed.
            let schema = keys_schema(&exprs);
            self.chain(&Plan::Project { input: Box::new(input.clone()), exprs: exprs.clone(), schema })
        } else if let Plan::Join { kind: JoinKind::Inner, .. } = input {
            let schema = keys_schema(&exprs);
            self.chain(&Plan::Project { input: Box::new(input.clone()), exprs: exprs.clone(), schema })
        } else {
            let node = self.plan(input);
            self.map(node, input.schema().len(), None, exprs.clone())
        };
        let insert_only = self.circuit.insert_only(node);
        let key_types = keys.iter().map(|k| k.ty().arrow()).collect();
        let query = Aggregate::new((0..keys.len()).collect(), key_types, columns, insert_only);
        let partition = query.partition(0);
        let placement = placed(&partition);
        let node = if two_phase(&query) && !self.circuit.is_placed(node, &partition) {
            let known = self.passes_on(node, None);
            let types = exprs.iter().map(|e| e.ty().arrow()).collect();
            self.query(Combine(types), vec![(node, Partition::Any)], known)
        } else {
            node
        };
        self.query(query, vec![(node, partition)], Known { placement, insert_only: false, key: None })
    }

    fn top(
        &mut self,
        input: &Plan,
        partition: &[Expr],
        order: &[SortKey],
        offset: u64,
        limit: Option<u64>,
        number: bool,
    ) -> NodeId {
        let schema = input.schema();
        let mut exprs: Vec<Expr> = columns(&schema);
        let mut column = |expr: &Expr| match expr {
            Expr::Column { index, .. } => *index,
            _ => {
                exprs.push(expr.clone());
                exprs.len() - 1
            }
        };
        let partition: Vec<usize> = partition.iter().map(&mut column).collect();
        let order: Vec<OrderBy> = order
            .iter()
            .map(|key| {
                let column = column(&key.expr);
                OrderBy { column, descending: key.descending, nulls_first: key.nulls_first }
            })
            .collect();
        let node = self.plan(input);
        let node = self.map(node, schema.len(), None, exprs.clone());
        let types = exprs.iter().map(|e| e.ty().arrow()).collect();
        let insert_only = self.circuit.insert_only(node);
        let query = TopK::new(types, partition, order, offset, limit, number).insert_only(insert_only);
        let partition = query.partition(0);
        let known = Known { placement: placed(&partition), insert_only: false, key: None };
        let node = self.query(query, vec![(node, partition)], known);
        // The columns that were added to sort by go again; the number stands last.
        let width = exprs.len() + usize::from(number);
        let mut kept = columns(&schema);
        if number {
            kept.push(Expr::Column { index: exprs.len(), ty: SqlType::BigInt, nullable: false });
        }
        self.map(node, width, None, kept)
    }

    /// Columns `output` of a join (of left ++ right, or of left alone for semi and anti joins).
    fn join(&mut self, plan: &Plan, output: &[usize]) -> NodeId {
        let Plan::Join { left, right, kind, on, residual } = plan else { panic!("not a join") };
        let (l, r) = (self.plan(left), self.plan(right));
        let pair = Pair { left: (l, left.schema()), right: (r, right.schema()), on, residual };
        if *kind == JoinKind::Inner {
            return self.inner(&pair, output);
        }
        let (left_width, right_width) = (pair.left.1.len(), pair.right.1.len());
        let all: Vec<usize> = (0..left_width + right_width).collect();
        let node = match kind {
            JoinKind::Inner => unreachable!("inner joins were made above"),
            JoinKind::Semi => self.semi(&pair),
            JoinKind::Anti => {
                let semi = self.semi(&pair);
                self.minus(l, semi)
            }
            JoinKind::Left | JoinKind::Right | JoinKind::Full => {
                let mut parts = vec![self.inner(&pair, &all)];
                if *kind != JoinKind::Right {
                    let semi = self.semi(&pair);
                    let alone = self.minus(l, semi);
                    let exprs = columns(&pair.left.1).into_iter().chain(nulls(&pair.right.1)).collect();
                    parts.push(self.map(alone, left_width, None, exprs));
                }
                if *kind != JoinKind::Left {
                    let (flipped_on, flipped_residual) = flip(&pair);
                    let flipped = Pair {
                        left: pair.right.clone(),
                        right: pair.left.clone(),
                        on: &flipped_on,
                        residual: &flipped_residual,
                    };
                    let semi = self.semi(&flipped);
                    let alone = self.minus(r, semi);
                    let shifted = nulls(&pair.left.1).into_iter().chain(columns(&pair.right.1)).collect();
                    parts.push(self.map(alone, right_width, None, shifted));
                }
                self.plus(parts)
            }
        };
        let schema = plan.schema();
        let exprs = output.iter().map(|&c| Expr::Column { index: c, ty: schema[c].ty, nullable: schema[c].nullable });
        self.map(node, schema.len(), None, exprs.collect())
    }

    /// An arrangement of `node`'s rows by `keys`; computed keys are appended as columns. Returns the side it makes.
    fn arrange(&mut self, node: NodeId, schema: &Schema, keys: &[&Expr], nulls: bool) -> (NodeId, Side) {
        let mut exprs = columns(schema);
        let key: Vec<usize> = keys
            .iter()
            .map(|key| match key {
                Expr::Column { index, .. } => *index,
                computed => {
                    exprs.push((*computed).clone());
                    exprs.len() - 1
                }
            })
            .collect();
        // A column twice in a key adds nothing: each is encoded where it stands, so keep the computed copy apart.
        let mut distinct = Vec::new();
        let key: Vec<usize> = key
            .into_iter()
            .map(|column| {
                let column = if distinct.contains(&column) {
                    exprs.push(exprs[column].clone());
                    exprs.len() - 1
                } else {
                    column
                };
                distinct.push(column);
                column
            })
            .collect();
        let node = self.map(node, schema.len(), None, exprs.clone());
        let types = exprs.iter().map(|e| e.ty().arrow()).collect();
        let partition = if key.is_empty() { Partition::One } else { Partition::Key(key.clone()) };
        let known = Known { placement: placed(&partition), insert_only: self.circuit.insert_only(node), key: None };
        let kind = Kind::Arrange { key: key.clone(), nulls };
        let node = self.circuit.node(kind, vec![(node, partition)], known, self.span);
        (node, Side { types, key })
    }

    fn inner(&mut self, pair: &Pair, output: &[usize]) -> NodeId {
        // Either all equalities let NULL match NULL, or those that do not are checked again on the pairs.
        let nulls = pair.on.iter().any(|e| e.nulls);
        let lefts: Vec<&Expr> = pair.on.iter().map(|e| &e.left).collect();
        let rights: Vec<&Expr> = pair.on.iter().map(|e| &e.right).collect();
        let (left, left_side) = self.arrange(pair.left.0, &pair.left.1, &lefts, nulls);
        let (right, right_side) = self.arrange(pair.right.0, &pair.right.1, &rights, nulls);
        let left_width = pair.left.1.len();
        // Pairs consist of the arrangements' columns: computed keys stand after the left's own.
        let shift = left_side.types.len() - left_width;
        let place = |column: usize| if column < left_width { column } else { column + shift };
        let moved =
            |e: &Expr| e.map_columns(&mut |index, ty, nullable| Expr::Column { index: place(index), ty, nullable });
        let mut residual = pair.residual.as_ref().map(moved);
        if nulls {
            for equality in pair.on.iter().filter(|e| !e.nulls) {
                let right = equality.right.map_columns(&mut |index, ty, nullable| Expr::Column {
                    index: index + left_width,
                    ty,
                    nullable,
                });
                let equal = call("eq", vec![equality.left.clone(), right]);
                let equal = moved(&equal);
                residual = Some(residual.map_or(equal.clone(), |r| call("and", vec![equal, r])));
            }
        }
        let types: Vec<SqlType> = pair.left.1.iter().chain(&pair.right.1).map(|f| f.ty).collect();
        let output: Vec<(usize, SqlType)> = output.iter().map(|&c| (place(c), types[c])).collect();
        let insert_only = self.circuit.insert_only_all(&[left, right]);
        let key: Option<Vec<usize>> =
            left_side.key.iter().map(|k| output.iter().position(|(column, _)| column == k)).collect();
        let placement = match key {
            Some(key) if !key.is_empty() => Placement::Key(key),
            _ if left_side.key.is_empty() => Placement::One,
            _ => Placement::Anywhere,
        };
        let query = Join::new(left_side, right_side, nulls, residual, output);
        let inputs = vec![(left, Partition::Any), (right, Partition::Any)];
        self.query(query, inputs, Known { placement, insert_only, key: None })
    }

    /// Rows of the left that have a partner, each as often as it stands.
    fn semi(&mut self, pair: &Pair) -> NodeId {
        let (left, schema) = &pair.left;
        let left_columns: Vec<usize> = (0..schema.len()).collect();
        if pair.residual.is_none() && !pair.on.is_empty() {
            let keys: Vec<Expr> = pair.on.iter().map(|e| e.right.clone()).collect();
            let key_schema = keys_schema(&keys);
            let node = self.map(pair.right.0, pair.right.1.len(), None, keys);
            let keys = self.distinct(node, &key_schema);
            let on: Vec<Equality> = pair
                .on
                .iter()
                .enumerate()
                .map(|(index, e)| {
                    let right = Expr::column(index, e.right.ty());
                    Equality { left: e.left.clone(), right, nulls: e.nulls }
                })
                .collect();
            let matching = Pair { left: pair.left.clone(), right: (keys, key_schema), on: &on, residual: &None };
            return self.inner(&matching, &left_columns);
        }
        let pairs = self.inner(pair, &left_columns);
        let matched = self.distinct(pairs, schema);
        let on: Vec<Equality> = columns(schema)
            .into_iter()
            .map(|column| Equality { left: column.clone(), right: column, nulls: true })
            .collect();
        let whole = Pair { left: (*left, schema.clone()), right: (matched, schema.clone()), on: &on, residual: &None };
        self.inner(&whole, &left_columns)
    }
}

/// The two sides of a join and its conditions.
struct Pair<'a> {
    left: (NodeId, Schema),
    right: (NodeId, Schema),
    on: &'a [Equality],
    residual: &'a Option<Expr>,
}

fn flip(pair: &Pair) -> (Vec<Equality>, Option<Expr>) {
    let on = pair.on.iter().map(|e| Equality { left: e.right.clone(), right: e.left.clone(), nulls: e.nulls });
    let (left, right) = (pair.left.1.len(), pair.right.1.len());
    let residual = pair.residual.as_ref().map(|r| {
        r.map_columns(&mut |index, ty, nullable| {
            let index = if index < left { index + right } else { index - left };
            Expr::Column { index, ty, nullable }
        })
    });
    (on.collect(), residual)
}

fn placed(partition: &Partition) -> Placement {
    match partition {
        Partition::Any => Placement::Anywhere,
        Partition::One => Placement::One,
        Partition::Key(key) => Placement::Key(key.clone()),
    }
}

fn columns(schema: &Schema) -> Vec<Expr> {
    schema.iter().enumerate().map(|(index, f)| Expr::Column { index, ty: f.ty, nullable: f.nullable }).collect()
}

fn nulls(schema: &Schema) -> Vec<Expr> {
    schema.iter().map(|f| Expr::literal(Scalar::Null, f.ty)).collect()
}

fn keys_schema(exprs: &[Expr]) -> Schema {
    exprs
        .iter()
        .enumerate()
        .map(|(i, e)| deltaq_operators::Field { name: format!("key{i}"), ty: e.ty(), nullable: e.nullable() })
        .collect()
}

fn call(name: &str, args: Vec<Expr>) -> Expr {
    Expr::Call { function: functions::get(name), args, ty: SqlType::Boolean }
}

/// `CASE WHEN condition THEN value END`: `value` only where `condition` is true.
fn guarded(condition: &Expr, value: &Expr) -> Expr {
    let ty = value.ty();
    let args = vec![condition.clone(), value.clone(), Expr::literal(Scalar::Null, ty)];
    Expr::Call { function: functions::get("case"), args, ty }
}

/// Composes the Filters and Projects at the top of `plan` into one filter and one list of expressions over what is below.
fn compose(plan: &Plan) -> Chain<'_> {
    match plan {
        Plan::Filter { input, predicate } => {
            let Chain { base, filter, exprs } = compose(input);
            let predicate = predicate.map_columns(&mut |index, _, _| exprs[index].clone());
            if size(&predicate) > COMPOSED_MAX {
                return alone(plan);
            }
            // The inner filter first: the outer predicate is not looked at where the inner one fails.
            let filter = match filter {
                None => predicate,
                Some(inner) => {
                    let no = Expr::literal(Scalar::Boolean(false), SqlType::Boolean);
                    Expr::Call {
                        function: functions::get("case"),
                        args: vec![inner, predicate, no],
                        ty: SqlType::Boolean,
                    }
                }
            };
            Chain { base, filter: Some(filter), exprs }
        }
        Plan::Project { input, exprs: outer, .. } => {
            let Chain { base, filter, exprs } = compose(input);
            let exprs: Vec<Expr> =
                outer.iter().map(|e| e.map_columns(&mut |index, _, _| exprs[index].clone())).collect();
            if exprs.iter().map(size).sum::<usize>() > COMPOSED_MAX {
                return alone(plan);
            }
            Chain { base, filter, exprs }
        }
        base => Chain { base, filter: None, exprs: columns(&base.schema()) },
    }
}

/// Calls in a composed expression at most: composing repeats what a lower projection computes once.
const COMPOSED_MAX: usize = 400;

/// The topmost Filter or Project over the rest as it is.
fn alone(plan: &Plan) -> Chain<'_> {
    match plan {
        Plan::Filter { input, predicate } => {
            Chain { base: input, filter: Some(predicate.clone()), exprs: columns(&input.schema()) }
        }
        Plan::Project { input, exprs, .. } => Chain { base: input, filter: None, exprs: exprs.clone() },
        base => Chain { base, filter: None, exprs: columns(&base.schema()) },
    }
}

fn size(expr: &Expr) -> usize {
    match expr {
        Expr::Call { args, .. } => 1 + args.iter().map(size).sum::<usize>(),
        _ => 1,
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
