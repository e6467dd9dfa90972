//! Plans into nodes, from the top down; joins and chains of filters and projections have files of their own.

use std::sync::Arc;

use deltaq_circuit::{Batch, Kind, NodeId, Partition, Query, Span, Weights, arrays};
use deltaq_operators::aggregate::{Aggregate, Call, Column};
use deltaq_operators::combine::Combine;
use deltaq_operators::counted::{Counted, Rule};
use deltaq_operators::flat_map::{FlatMap, TableFunction};
use deltaq_operators::map::Map;
use deltaq_operators::topk::{OrderBy, TopK};
use deltaq_operators::types::{Schema, arrow_types};
use deltaq_operators::{Expr, Scalar, SqlType};

use super::exprs::{columns, guarded, keys_schema};
use super::phases::Phased;
use super::{Circuit, Known, Placement, placed, two_phase};
use crate::plan::{JoinKind, Plan, SetKind, SortKey};

/// A plan on its way into a circuit.
pub(super) struct Lowering<'a> {
    pub(super) circuit: &'a mut Circuit,
    relation: &'a dyn Fn(&str) -> NodeId,
    /// The place in the SQL text of what is being lowered.
    pub(super) span: Option<Span>,
}

impl<'a> Lowering<'a> {
    /// Into `circuit`; `relation` gives the node of each table or view.
    pub(super) fn new(circuit: &'a mut Circuit, relation: &'a dyn Fn(&str) -> NodeId) -> Lowering<'a> {
        Lowering { circuit, relation, span: None }
    }

    /// The node that yields what `plan` does.
    pub(super) fn plan(&mut self, plan: &Plan) -> NodeId {
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
                let known = self.passes_on(node, None, &[]);
                self.query(query, vec![(node, Partition::Any)], known)
            }
        }
    }

    pub(super) fn query(&mut self, query: impl Query, inputs: Vec<(NodeId, Partition)>, known: Known) -> NodeId {
        self.circuit.node(Kind::Query(Arc::new(query)), inputs, known, self.span)
    }

    fn values(&mut self, rows: &[Vec<Scalar>], schema: &Schema) -> NodeId {
        let column = |(index, field): (usize, &deltaq_operators::Field)| {
            arrays::one_zero(Scalar::to_column(rows.iter().map(|row| &row[index]), field.ty))
        };
        let batch = match rows.len() {
            0 => Batch::none(),
            len => Batch::with_len(schema.iter().enumerate().map(column).collect(), Weights::Ones, len).consolidate(),
        };
        let known = Known { placement: Placement::Anywhere, insert_only: true, key: None };
        self.circuit.node(Kind::Constant(batch, arrow_types(schema)), Vec::new(), known, self.span)
    }

    /// What is known of a stateless node over `node` whose output columns are `exprs` (None: those of the input), of which some tell
    /// a column of the input.
    pub(super) fn passes_on(&self, node: NodeId, exprs: Option<&[Expr]>, told: &[Option<usize>]) -> Known {
        let known = &self.circuit.known[&node];
        let place = |column: &usize| {
            exprs.map_or(Some(*column), |exprs| {
                exprs.iter().position(|e| matches!(e, Expr::Column { index, .. } if index == column))
            })
        };
        let told = |column: &usize| place(column).or_else(|| told.iter().position(|told| *told == Some(*column)));
        let places = |columns: &[usize], place: &dyn Fn(&usize) -> Option<usize>| -> Option<Vec<usize>> {
            columns.iter().map(place).collect()
        };
        let by = |columns: &[usize]| places(columns, &told).map_or(Placement::Anywhere, Placement::By);
        let placement = match &known.placement {
            Placement::Key(key) => places(key, &place).map_or_else(|| by(key), Placement::Key),
            Placement::By(columns) => by(columns),
            other => other.clone(),
        };
        Known { placement, insert_only: known.insert_only, key: None }
    }

    /// A filter and projection over `node`, which yields `width` columns; `node` itself where that changes nothing.
    pub(super) fn map(&mut self, node: NodeId, width: usize, filter: Option<Expr>, exprs: Vec<Expr>) -> NodeId {
        self.map_telling(node, width, filter, exprs, &[])
    }

    /// The same, where some of `exprs` tell a column of the input: each of its values makes another one.
    pub(super) fn map_telling(
        &mut self,
        node: NodeId,
        width: usize,
        filter: Option<Expr>,
        exprs: Vec<Expr>,
        told: &[Option<usize>],
    ) -> NodeId {
        let same = exprs.len() == width
            && exprs.iter().enumerate().all(|(i, e)| matches!(e, Expr::Column { index, .. } if *index == i));
        if filter.is_none() && same {
            return node;
        }
        let known = self.passes_on(node, Some(&exprs), told);
        let map = Map::new(filter, exprs, width).telling(told.iter().copied().flatten());
        self.query(map, vec![(node, Partition::Any)], known)
    }

    pub(super) fn plus(&mut self, nodes: Vec<NodeId>) -> NodeId {
        if let [one] = nodes[..] {
            return one;
        }
        let placements: Vec<&Placement> = nodes.iter().map(|n| &self.circuit.known[n].placement).collect();
        // Of two functions of a column each may place rows elsewhere.
        let same = placements.iter().all(|p| *p == placements[0] && !matches!(p, Placement::By(_)));
        let placement = if same { placements[0].clone() } else { Placement::Anywhere };
        let known = Known { placement, insert_only: self.circuit.insert_only_all(&nodes), key: None };
        let inputs = nodes.into_iter().map(|n| (n, Partition::Any)).collect();
        self.circuit.node(Kind::Plus, inputs, known, self.span)
    }

    pub(super) fn minus(&mut self, left: NodeId, right: NodeId) -> NodeId {
        let known = Known { insert_only: false, ..self.passes_on(right, None, &[]) };
        let negated = self.circuit.node(Kind::Negate, vec![(right, Partition::Any)], known, self.span);
        self.plus(vec![left, negated])
    }

    fn counted(&mut self, rule: Rule, inputs: &[NodeId], schema: &Schema) -> NodeId {
        let query = Counted::new(rule, arrow_types(schema));
        let insert_only = rule == Rule::Distinct && self.circuit.insert_only_all(inputs);
        let placement = match inputs {
            [one] => self.circuit.met(*one, &query.partition(0)),
            _ => placed(&query.partition(0)),
        };
        let inputs = inputs.iter().enumerate().map(|(i, node)| (*node, query.partition(i))).collect();
        self.query(query, inputs, Known { placement, insert_only, key: None })
    }

    pub(super) fn distinct(&mut self, node: NodeId, schema: &Schema) -> NodeId {
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
        let node = if let Plan::Project { .. } | Plan::Filter { .. } | Plan::Join { kind: JoinKind::Inner, .. } = input
        {
            // Composed with what is below, so that only what is read is computed.
            let schema = keys_schema(&exprs);
            self.chain(&Plan::Project { input: Box::new(input.clone()), exprs: exprs.clone(), schema })
        } else {
            let node = self.plan(input);
            self.map(node, input.schema().len(), None, exprs.clone())
        };
        let insert_only = self.circuit.insert_only(node);
        let key_types = keys.iter().map(|k| k.ty().arrow()).collect();
        let query = Aggregate::new((0..keys.len()).collect(), key_types, columns.clone(), insert_only);
        let partition = query.partition(0);
        if !two_phase(&query)
            && let Some(phased) =
                self.phased(&Phased { node, width: exprs.len(), keys, columns: &columns, partition: &partition })
        {
            return phased;
        }
        let node = if two_phase(&query) && self.circuit.is_sent(node, &partition) {
            let known = self.passes_on(node, None, &[]);
            let types = exprs.iter().map(|e| e.ty().arrow()).collect();
            self.query(Combine(types), vec![(node, Partition::Any)], known)
        } else {
            node
        };
        let placement = self.circuit.met(node, &partition);
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
        let known = Known { placement: self.circuit.met(node, &partition), insert_only: false, key: None };
        let node = self.query(query, vec![(node, partition)], known);
        // The columns that were added to sort by go again; the number stands last.
        let width = exprs.len() + usize::from(number);
        let mut kept = columns(&schema);
        if number {
            kept.push(Expr::Column { index: exprs.len(), ty: SqlType::BigInt, nullable: false });
        }
        self.map(node, width, None, kept)
    }
}
