//! The logical plan: what a query means, as a tree of relational operators over bound expressions.
//!
//! Column indexes in an expression refer to the columns of the node's input; in a join, to the left input's columns
//! followed by the right's.

use deltaq_circuit::Span;
use deltaq_operators::aggregate::Call;
use deltaq_operators::functions::cast;
use deltaq_operators::types::{Field, Schema};
use deltaq_operators::{Expr, Scalar, SqlType};

/// A relational operator over its inputs. A bag semantics throughout: duplicates count.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// The rows of a table or view.
    Scan {
        /// Its name in the catalog.
        relation: String,
        /// Its columns.
        schema: Schema,
        /// Where the query names it.
        span: Option<Span>,
    },
    /// Constant rows.
    Values {
        /// One list of constants a row.
        rows: Vec<Vec<Scalar>>,
        /// The columns.
        schema: Schema,
    },
    /// One output column an expression.
    Project {
        /// Of what.
        input: Box<Plan>,
        /// The expressions.
        exprs: Vec<Expr>,
        /// Names and types of the output columns, as many as `exprs`.
        schema: Schema,
    },
    /// The rows for which `predicate` is true.
    Filter {
        /// Of what.
        input: Box<Plan>,
        /// A boolean.
        predicate: Expr,
    },
    /// Pairs of rows.
    Join {
        /// The left input.
        left: Box<Plan>,
        /// The right input.
        right: Box<Plan>,
        /// Which pairs, and what happens to rows without partner.
        kind: JoinKind,
        /// Equalities between the sides: left column expression (over the left's columns), right one (over the right's), of one type.
        on: Vec<Equality>,
        /// What else must be true of a pair (over left ++ right).
        residual: Option<Expr>,
    },
    /// Groups of equal `keys`, one output row a group: the keys, then the calls. Without keys: one row, even for no input.
    Aggregate {
        /// Of what.
        input: Box<Plan>,
        /// The grouping expressions.
        keys: Vec<Expr>,
        /// The aggregate calls; their arguments and filters are expressions over the input.
        calls: Vec<Call>,
        /// Names and types: keys, then calls.
        schema: Schema,
    },
    /// Each row once.
    Distinct {
        /// Of what.
        input: Box<Plan>,
    },
    /// All rows of all inputs (UNION ALL); they have equal types.
    Union {
        /// Of what, one or more.
        inputs: Vec<Plan>,
    },
    /// EXCEPT ALL or INTERSECT ALL; for the DISTINCT forms the binder wraps the inputs and the output in [`Plan::Distinct`].
    Set {
        /// The left input.
        left: Box<Plan>,
        /// The right input.
        right: Box<Plan>,
        /// Which.
        kind: SetKind,
    },
    /// Rows `offset .. offset + limit` of each group of equal `partition`, by `order`.
    TopK {
        /// Of what.
        input: Box<Plan>,
        /// The grouping expressions; none: the whole input is one group.
        partition: Vec<Expr>,
        /// The order; ties are broken by all columns, so that the result is determined.
        order: Vec<SortKey>,
        /// Rows skipped.
        offset: u64,
        /// Rows at most.
        limit: Option<u64>,
        /// Appends the row's number in its group, from 1, as a BIGINT column.
        number: Option<Field>,
    },
    /// Each input row followed by each element that a table function yields for it.
    FlatMap {
        /// Of what.
        input: Box<Plan>,
        /// The table function, such as `generate_series`.
        function: String,
        /// Its arguments, over the input.
        args: Vec<Expr>,
        /// The column it appends.
        column: Field,
    },
}

/// Which rows a join yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// Matching pairs.
    Inner,
    /// And left rows without partner, the right columns NULL.
    Left,
    /// And right rows without partner, the left columns NULL.
    Right,
    /// Both.
    Full,
    /// Left rows that have a partner, once; only left columns.
    Semi,
    /// Left rows that have none; only left columns.
    Anti,
}

/// One equality of a join.
#[derive(Clone, Debug, PartialEq)]
pub struct Equality {
    /// Over the left's columns.
    pub left: Expr,
    /// Over the right's columns.
    pub right: Expr,
    /// Whether NULL matches NULL (`IS NOT DISTINCT FROM`).
    pub nulls: bool,
}

impl Equality {
    /// `left = right`. Joins match keys as they lie in memory, so decimals of two scales are cast to one.
    pub fn of(left: Expr, right: Expr, nulls: bool) -> Equality {
        let (SqlType::Decimal(_, a), SqlType::Decimal(_, b)) = (left.ty(), right.ty()) else {
            return Equality { left, right, nulls };
        };
        match left.ty().common(right.ty()) {
            Some(ty) if a != b => {
                // A side that has the scale already stays: its precision makes no difference.
                let fit = |side: Expr, scale: u8| match ty {
                    SqlType::Decimal(_, of) if of == scale => side,
                    _ => cast::to(side, ty),
                };
                Equality { left: fit(left, a), right: fit(right, b), nulls }
            }
            _ => Equality { left, right, nulls },
        }
    }
}

/// A set operation that keeps duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetKind {
    /// EXCEPT ALL: max(0, left − right) copies.
    Except,
    /// INTERSECT ALL: min(left, right) copies.
    Intersect,
}

/// One key of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// The value to sort by.
    pub expr: Expr,
    /// Largest first.
    pub descending: bool,
    /// NULLs before all values.
    pub nulls_first: bool,
}

impl Plan {
    /// The columns it yields.
    pub fn schema(&self) -> Schema {
        match self {
            Plan::Scan { schema, .. }
            | Plan::Values { schema, .. }
            | Plan::Project { schema, .. }
            | Plan::Aggregate { schema, .. } => schema.clone(),
            Plan::Filter { input, .. } | Plan::Distinct { input } => input.schema(),
            Plan::Set { left, .. } => left.schema(),
            Plan::Union { inputs } => {
                let mut schema = inputs[0].schema();
                for other in &inputs[1..] {
                    for (field, also) in schema.iter_mut().zip(other.schema()) {
                        field.nullable |= also.nullable;
                    }
                }
                schema
            }
            Plan::Join { left, right, kind, .. } => {
                let nullable = |schema: Schema, by: bool| {
                    schema.into_iter().map(move |f| Field { nullable: f.nullable || by, ..f })
                };
                match kind {
                    JoinKind::Semi | JoinKind::Anti => left.schema(),
                    _ => nullable(left.schema(), matches!(kind, JoinKind::Right | JoinKind::Full))
                        .chain(nullable(right.schema(), matches!(kind, JoinKind::Left | JoinKind::Full)))
                        .collect(),
                }
            }
            Plan::TopK { input, number, .. } => input.schema().into_iter().chain(number.clone()).collect(),
            Plan::FlatMap { input, column, .. } => input.schema().into_iter().chain([column.clone()]).collect(),
        }
    }

    /// Its inputs.
    pub fn inputs(&self) -> Vec<&Plan> {
        match self {
            Plan::Scan { .. } | Plan::Values { .. } => Vec::new(),
            Plan::Project { input, .. }
            | Plan::Filter { input, .. }
            | Plan::Aggregate { input, .. }
            | Plan::Distinct { input }
            | Plan::TopK { input, .. }
            | Plan::FlatMap { input, .. } => vec![input],
            Plan::Join { left, right, .. } | Plan::Set { left, right, .. } => vec![left, right],
            Plan::Union { inputs } => inputs.iter().collect(),
        }
    }

    /// The same node over other inputs: each put through `map`.
    pub fn map_inputs(mut self, map: &mut impl FnMut(Plan) -> Plan) -> Plan {
        let mut each = |input: &mut Plan| {
            let taken = std::mem::replace(input, Plan::Values { rows: Vec::new(), schema: Vec::new() });
            *input = map(taken);
        };
        match &mut self {
            Plan::Scan { .. } | Plan::Values { .. } => {}
            Plan::Project { input, .. }
            | Plan::Filter { input, .. }
            | Plan::Aggregate { input, .. }
            | Plan::Distinct { input }
            | Plan::TopK { input, .. }
            | Plan::FlatMap { input, .. } => each(input),
            Plan::Join { left, right, .. } | Plan::Set { left, right, .. } => {
                each(left);
                each(right);
            }
            Plan::Union { inputs } => inputs.iter_mut().for_each(each),
        }
        self
    }

    /// The tables and views it reads, each once.
    pub fn relations(&self) -> Vec<&str> {
        let mut names = Vec::new();
        fn walk<'a>(plan: &'a Plan, names: &mut Vec<&'a str>) {
            if let Plan::Scan { relation, .. } = plan
                && !names.contains(&relation.as_str())
            {
                names.push(relation);
            }
            plan.inputs().into_iter().for_each(|p| walk(p, names));
        }
        walk(self, &mut names);
        names
    }
}
