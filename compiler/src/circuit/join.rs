//! Joins, made of arrangements, inner joins, DISTINCT and subtraction (see [`super`]).

use deltaq_circuit::{Kind, NodeId, Partition};
use deltaq_operators::join::{Join, Side};
use deltaq_operators::types::Schema;
use deltaq_operators::{Expr, SqlType};

use super::exprs::{call, columns, keys_schema, moved, nulls};
use super::lowering::Lowering;
use super::{Known, Placement, placed};
use crate::plan::{Equality, JoinKind, Plan};

impl Lowering<'_> {
    /// Columns `output` of a join (of left ++ right, or of left alone for semi and anti joins).
    pub(super) fn join(&mut self, plan: &Plan, output: &[usize]) -> NodeId {
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
        let mut residual = pair.residual.as_ref().map(|e| moved(e, place));
        if nulls {
            for equality in pair.on.iter().filter(|e| !e.nulls) {
                let right = moved(&equality.right, |index| index + left_width);
                let equal = moved(&call("eq", vec![equality.left.clone(), right]), place);
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
            _ => determined(&lefts, &pair.left.1, |column| output.iter().position(|(place, _)| *place == column)),
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
    let place = |index| if index < left { index + right } else { index - left };
    let residual = pair.residual.as_ref().map(|r| moved(r, place));
    (on.collect(), residual)
}

/// Where pairs lie that are placed by `keys` of the left side, of which `place` says where the output has a column: together if they are
/// equal in what the keys are computed from, and that is there. Equal floats may differ in their text, 0 and −0, so a function of them tells
/// nothing; nor does one of intervals, which are compared by length.
fn determined(keys: &[&Expr], schema: &Schema, place: impl Fn(usize) -> Option<usize>) -> Placement {
    let mut columns = Vec::new();
    for key in keys {
        let is_column = matches!(key, Expr::Column { .. });
        let mut there = true;
        key.columns(&mut |index| {
            let exact = is_column || !matches!(schema[index].ty, SqlType::Real | SqlType::Double | SqlType::Interval);
            match place(index) {
                Some(column) if exact => columns.push(column),
                _ => there = false,
            }
        });
        if !there {
            return Placement::Anywhere;
        }
    }
    columns.sort_unstable();
    columns.dedup();
    Placement::By(columns)
}
