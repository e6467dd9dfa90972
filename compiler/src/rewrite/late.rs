//! What the key of a partition determines is fetched for its first rows alone, by a second join.
//!
//! ```text
//!                                           π
//!                                           ⋈ k = s.k ─────────────┐
//!   top n of each s.k                       top n of each k        │
//!           │                               π  k, columns of o     │
//!           ⋈ s.k = o.k             →       ⋈ s.k = o.k            │        no two rows of s have the same k
//!         ╱     ╲                         ╱     ╲                  │
//!       s         o                     o         s ───────────────┘        one arrangement
//! ```
//!
//! A top-k keeps every row it gets and breaks ties by all columns. All rows of a partition have one row of `s`, so the columns of `s`
//! order nothing in it. Those that nobody reads are left out; the others are, if that pays, fetched later. What is carried still: the
//! keys of the join, and what may fail, which meets the rows that it met before.

use std::ops::Range;

use deltaq_operators::{Expr, Field, Scalar, Schema, SqlType};

use super::{COMPOSED_MAX, calls, map_inputs, may_fail, prune, substitute};
use crate::catalog::Catalog;
use crate::facts::Facts;
use crate::plan::{Equality, JoinKind, Plan, SortKey};

pub(super) fn run(plan: Plan, catalog: &dyn Catalog) -> Plan {
    let all = vec![true; plan.schema().len()];
    walk(plan, &all, catalog)
}

/// `plan`, whose columns that are not in `read` may become anything.
fn walk(plan: Plan, read: &[bool], catalog: &dyn Catalog) -> Plan {
    match plan {
        Plan::Project { input, exprs, schema } => {
            let mut below = vec![false; input.schema().len()];
            exprs.iter().for_each(|e| prune::mark(e, &mut below));
            Plan::Project { input: Box::new(walk(*input, &below, catalog)), exprs, schema }
        }
        Plan::Filter { input, predicate } => {
            let mut below = read.to_vec();
            prune::mark(&predicate, &mut below);
            Plan::Filter { input: Box::new(walk(*input, &below, catalog)), predicate }
        }
        Plan::TopK { input, partition, order, offset, limit, number } => {
            let top = Top { partition, order, offset, limit, number };
            without_unread(top, run(*input, catalog), read, catalog)
        }
        other => map_inputs(other, &mut |input| run(input, catalog)),
    }
}

/// A top-k without the determined columns that nobody reads: they are NULL.
fn without_unread(top: Top, input: Plan, read: &[bool], catalog: &dyn Catalog) -> Plan {
    let Some(determined) = Determined::by(&top.partition, &input, catalog) else { return top.of(input) };
    let top = top.without_constant_order(&determined);
    let needed = top.needed(&determined);
    let kept: Vec<bool> = needed.iter().zip(read).map(|(needed, read)| *needed || *read).collect();
    if kept.iter().all(|kept| *kept) {
        return postponed(top, input, &determined);
    }
    let schema = top.schema(&input);
    let places = places(&kept);
    let (top, input) = (top.moved(&places), prune::exact(input, &kept));
    let plan = match Determined::by(&top.partition, &input, catalog) {
        Some(determined) => postponed(top, input, &determined),
        None => top.of(input),
    };
    let null = |column: usize| Expr::literal(Scalar::Null, schema[column].ty);
    restored(plan, &places, &null, &schema)
}

/// A top-k without determined columns, which a second join fetches, if that pays.
fn postponed(top: Top, input: Plan, determined: &Determined) -> Plan {
    let mut needed = top.needed(determined);
    let Some(keys) = determined.keys(&needed) else { return top.of(input) };
    keys.iter().for_each(|key| needed[*key] = true);
    let fields = input.schema();
    let bytes = |kept: bool| -> u64 {
        fields.iter().zip(&needed).filter(|(_, needed)| **needed == kept).map(|(field, _)| bytes(field.ty)).sum()
    };
    if !pays(bytes(false), bytes(true), &top) {
        return top.of(input);
    }
    let schema = top.schema(&input);
    let places = places(&needed);
    let narrow = Plan::Project {
        exprs: (0..fields.len()).filter(|c| needed[*c]).map(|c| column(c, &fields[c])).collect(),
        schema: fields.iter().zip(&needed).filter(|(_, needed)| **needed).map(|(field, _)| field.clone()).collect(),
        input: Box::new(input),
    };
    let top = top.moved(&places).of(narrow);
    let (top_schema, side_schema) = (top.schema(), determined.side.schema());
    let equality = |(key, (of_side, _, nulls)): (&usize, &(usize, usize, bool))| {
        let (left, right) = (places[*key].unwrap_or_else(|| panic!("keys are kept")), of_side - determined.at.start);
        Equality { left: column(left, &top_schema[left]), right: column(right, &side_schema[right]), nulls: *nulls }
    };
    let on = keys.iter().zip(&determined.on).map(equality).collect();
    let fetched = |column: usize| {
        determined.columns[column].map_columns(&mut |index, ty, nullable| {
            let index = top_schema.len() + index - determined.at.start;
            Expr::Column { index, ty, nullable }
        })
    };
    let right = Box::new(determined.side.clone());
    let join = Plan::Join { left: Box::new(top), right, kind: JoinKind::Inner, on, residual: None };
    restored(join, &places, &fetched, &schema)
}

/// Rows of a partition, as reckoned.
const PARTITION_ROWS: u64 = 8;

/// What an arrangement takes for a row beside its values, as reckoned, in bytes.
const ENTRY_BYTES: u64 = 32;

/// So many bytes less in a row make up for the work of a second join: a text, or some numbers.
const POSTPONED_BYTES_MIN: u64 = 32;

/// Whether it pays to carry `kept` bytes in the place of `postponed` ones more. Each row of a partition is smaller by those in the top-k;
/// each row that it lets pass stands once more, in an arrangement for the second join.
fn pays(postponed: u64, kept: u64, top: &Top) -> bool {
    let passed = top.limit.map_or(PARTITION_ROWS, |limit| limit.saturating_add(top.offset).min(PARTITION_ROWS));
    postponed >= POSTPONED_BYTES_MIN && postponed * PARTITION_ROWS > (kept + ENTRY_BYTES) * passed
}

/// Bytes of a value, as reckoned.
fn bytes(ty: SqlType) -> u64 {
    match ty {
        SqlType::Null => 0,
        SqlType::Boolean => 1,
        SqlType::SmallInt => 2,
        SqlType::Int | SqlType::Real | SqlType::Date => 4,
        SqlType::BigInt | SqlType::Double | SqlType::Time | SqlType::Timestamp | SqlType::TimestampTz => 8,
        SqlType::Decimal(..) | SqlType::Interval | SqlType::Uuid => 16,
        SqlType::Text { .. } | SqlType::Bytea => 32,
    }
}

/// A top-k, whatever its input.
struct Top {
    partition: Vec<Expr>,
    order: Vec<SortKey>,
    offset: u64,
    limit: Option<u64>,
    number: Option<Field>,
}

impl Top {
    fn of(self, input: Plan) -> Plan {
        let Top { partition, order, offset, limit, number } = self;
        Plan::TopK { input: Box::new(input), partition, order, offset, limit, number }
    }

    /// Its columns over `input`.
    fn schema(&self, input: &Plan) -> Schema {
        input.schema().into_iter().chain(self.number.clone()).collect()
    }

    /// The same where the columns of the input lie elsewhere.
    fn moved(self, places: &[Option<usize>]) -> Top {
        let moved = |expr: &Expr| {
            expr.map_columns(&mut |index, ty, nullable| {
                let index = places[index].unwrap_or_else(|| panic!("the top-k reads column {index}, which is gone"));
                Expr::Column { index, ty, nullable }
            })
        };
        let partition = self.partition.iter().map(moved).collect();
        let order = self.order.iter().map(|key| SortKey { expr: moved(&key.expr), ..*key }).collect();
        Top { partition, order, ..self }
    }

    /// The same without keys that are equal for all rows of a partition.
    fn without_constant_order(mut self, determined: &Determined) -> Top {
        self.order.retain(|key| !determined.tells(&substitute(&key.expr, &determined.columns)));
        self
    }

    /// The columns of the input that it reads, and those that are not determined.
    fn needed(&self, determined: &Determined) -> Vec<bool> {
        let mut needed: Vec<bool> = determined.columns.iter().map(|e| !determined.tells(e)).collect();
        let read = self.partition.iter().chain(self.order.iter().map(|key| &key.expr));
        read.for_each(|e| prune::mark(e, &mut needed));
        needed
    }
}

/// A side of a join of which all rows of a partition have the same row.
struct Determined {
    side: Plan,
    /// Where its columns lie in the join's output.
    at: Range<usize>,
    /// The columns of the top-k's input, over the join's output.
    columns: Vec<Expr>,
    /// The join's equalities by columns of its output: that of this side, that of the other, and whether NULL matches NULL.
    on: Vec<(usize, usize, bool)>,
}

impl Determined {
    /// The side of the join below `input` that the `partition` of a top-k over it determines: one of its keys is equal to columns of that.
    fn by(partition: &[Expr], input: &Plan, catalog: &dyn Catalog) -> Option<Determined> {
        let (join, columns) = over_join(input)?;
        let Plan::Join { left, right, on, .. } = join else { return None };
        let (middle, end) = (left.schema().len(), left.schema().len() + right.schema().len());
        let equality = |e: &Equality| match (&e.left, &e.right) {
            (Expr::Column { index: l, .. }, Expr::Column { index: r, .. }) => Some((*l, r + middle, e.nulls)),
            _ => None,
        };
        let on: Vec<(usize, usize, bool)> = on.iter().map(equality).collect::<Option<_>>()?;
        let column = |e: &Expr| match substitute(e, &columns) {
            Expr::Column { index, .. } => Some(index),
            _ => None,
        };
        let fixed: Vec<usize> = partition.iter().filter_map(column).collect();
        let flipped = on.iter().map(|(l, r, nulls)| (*r, *l, *nulls)).collect();
        let sides = [(left, 0..middle, on), (right, middle..end, flipped)];
        let (side, at, on) = sides.into_iter().find(|(side, at, on)| {
            let is_fixed = |(own, other, _): &&(usize, usize, bool)| fixed.contains(own) || fixed.contains(other);
            let key: Vec<usize> = on.iter().filter(is_fixed).map(|(own, ..)| own - at.start).collect();
            !key.is_empty() && Facts::of(side, catalog).is_unique(&key)
        })?;
        Some(Determined { side: (**side).clone(), at, columns, on })
    }

    /// Whether an expression over the join's output is of this side alone, and cannot fail.
    fn tells(&self, expr: &Expr) -> bool {
        let (mut any, mut all) = (false, true);
        expr.columns(&mut |index| {
            any = true;
            all &= self.at.contains(&index);
        });
        any && all && !may_fail(expr)
    }

    /// Columns of the top-k's input that equal this side's in the join's equalities; best those of `needed`.
    fn keys(&self, needed: &[bool]) -> Option<Vec<usize>> {
        let key = |(own, other, _): &(usize, usize, bool)| {
            let is_key =
                |c: &usize| matches!(self.columns[*c], Expr::Column { index, .. } if index == *own || index == *other);
            let all = || (0..needed.len()).filter(is_key);
            all().find(|c| needed[*c]).or_else(|| all().next())
        };
        self.on.iter().map(key).collect()
    }
}

/// The inner join with equalities below filters and projections, and the columns of `plan` over its output.
fn over_join(plan: &Plan) -> Option<(&Plan, Vec<Expr>)> {
    match plan {
        Plan::Join { kind: JoinKind::Inner, .. } => {
            Some((plan, plan.schema().iter().enumerate().map(|(c, field)| column(c, field)).collect()))
        }
        Plan::Filter { input, .. } => over_join(input),
        Plan::Project { input, exprs, .. } => {
            let (join, below) = over_join(input)?;
            let exprs: Vec<Expr> = exprs.iter().map(|e| substitute(e, &below)).collect();
            (exprs.iter().map(calls).sum::<usize>() <= COMPOSED_MAX).then_some((join, exprs))
        }
        _ => None,
    }
}

/// Where each column lies once those not in `kept` are gone.
fn places(kept: &[bool]) -> Vec<Option<usize>> {
    let mut next = 0..;
    kept.iter().map(|kept| kept.then(|| next.next()).flatten()).collect()
}

/// Columns of `schema`, all those of a top-k: of `plan`, where `places` says that they lie there, else as `missing` makes them. A number that
/// the top-k appends is there, after the others.
fn restored(plan: Plan, places: &[Option<usize>], missing: &dyn Fn(usize) -> Expr, schema: &Schema) -> Plan {
    let kept = places.iter().flatten().count();
    let exprs = schema.iter().enumerate().map(|(c, field)| match places.get(c).unwrap_or(&Some(kept)) {
        Some(place) => column(*place, field),
        None => missing(c),
    });
    Plan::Project { exprs: exprs.collect(), input: Box::new(plan), schema: schema.clone() }
}

fn column(index: usize, field: &Field) -> Expr {
    Expr::Column { index, ty: field.ty, nullable: field.nullable }
}
