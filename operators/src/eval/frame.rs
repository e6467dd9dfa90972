//! Rows that expressions are evaluated for, and what is known of them already.

use std::cell::{OnceCell, RefCell};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_select::filter::{FilterBuilder, FilterPredicate};

use super::cost::{DEAR, PICK, TAKE};
use super::{Needs, Node, Programs, Step};
use crate::arrays;
use crate::value::{Errors, Value};

/// The rows of a batch, or some of the rows of another frame. Nodes that are read more than once are computed once.
pub struct Frame<'a> {
    programs: &'a Programs,
    rows: usize,
    source: Source<'a>,
    /// Columns picked from the outer frame, when first read.
    picked: Vec<OnceCell<ArrayRef>>,
    /// Values of shared nodes, for all rows.
    known: RefCell<Vec<Option<Value>>>,
    /// Values of shared nodes for some rows: the others are arbitrary.
    parts: RefCell<Vec<Part>>,
}

/// Where a frame's rows come from.
enum Source<'a> {
    Columns(&'a [ArrayRef]),
    /// Rows of another frame, by number.
    Rows(&'a Frame<'a>, UInt32Array),
    /// Rows of another frame, by a mask; and their numbers, when first asked for.
    Mask(&'a Frame<'a>, Box<FilterPredicate>, BooleanBuffer, OnceCell<UInt32Array>),
}

struct Part {
    node: usize,
    value: Value,
    rows: BooleanBuffer,
}

impl<'a> Frame<'a> {
    pub(super) fn new(programs: &'a Programs, columns: &'a [ArrayRef], rows: usize) -> Frame<'a> {
        Frame::of(programs, Source::Columns(columns), rows)
    }

    fn of(programs: &'a Programs, source: Source<'a>, rows: usize) -> Frame<'a> {
        let known = if programs.plain { Vec::new() } else { vec![None; programs.nodes.len()] };
        let picked = if let Source::Columns(_) = source { 0 } else { programs.width };
        let picked = (0..picked).map(|_| OnceCell::new()).collect();
        Frame { programs, rows, source, picked, known: RefCell::new(known), parts: RefCell::default() }
    }

    /// The `rows` rows of this frame where `mask` is true.
    pub fn kept(&'a self, mask: &BooleanBuffer, rows: usize) -> Frame<'a> {
        let predicate = FilterBuilder::new(&BooleanArray::new(mask.clone(), None)).optimize().build();
        let source = Source::Mask(self, Box::new(predicate), mask.clone(), OnceCell::new());
        Frame::of(self.programs, source, rows)
    }

    /// The values of an expression.
    pub fn root(&self, root: usize) -> Value {
        self.value(self.programs.roots[root])
    }

    fn column(&self, column: usize) -> ArrayRef {
        let picked = |pick: &dyn Fn() -> ArrayRef| self.picked[column].get_or_init(pick).clone();
        match &self.source {
            Source::Columns(columns) => columns[column].clone(),
            Source::Rows(outer, rows) => picked(&|| arrays::take(&outer.column(column), rows)),
            Source::Mask(outer, predicate, ..) => picked(&|| {
                let filtered = predicate.filter(&outer.column(column));
                filtered.unwrap_or_else(|error| panic!("a mask of the frame's length: {error}"))
            }),
        }
    }

    /// The frame that this one has some rows of, and which.
    fn outer(&self) -> Option<(&'a Frame<'a>, &UInt32Array)> {
        match &self.source {
            Source::Columns(_) => None,
            Source::Rows(outer, rows) => Some((outer, rows)),
            Source::Mask(outer, _, mask, rows) => Some((outer, rows.get_or_init(|| indices(mask)))),
        }
    }

    /// Whether a shared node is known here or further out, for some rows at least.
    fn heard_of(&self, node: usize) -> bool {
        let further = match &self.source {
            Source::Columns(_) => false,
            Source::Rows(outer, _) | Source::Mask(outer, ..) => outer.heard_of(node),
        };
        further || self.known.borrow()[node].is_some() || self.parts.borrow().iter().any(|part| part.node == node)
    }

    fn value(&self, node: usize) -> Value {
        let programs = self.programs;
        match &programs.nodes[node].step {
            Step::Column(column) => Value::column(self.column(*column)),
            Step::Constant(value) => value.clone(),
            Step::Call { kernel, args, needs, .. } => {
                if programs.nodes[node].shared
                    && let Some(known) = self.recall(node)
                {
                    return known;
                }
                let value = match (needs, args.as_slice()) {
                    (Needs::All, [a]) => kernel(&[self.value(*a)], self.rows),
                    (Needs::All, [a, b]) => kernel(&[self.value(*a), self.value(*b)], self.rows),
                    (Needs::All, _) => kernel(&args.iter().map(|arg| self.value(*arg)).collect::<Vec<_>>(), self.rows),
                    (Needs::Undecided(by), _) => kernel(&self.undecided(args, *by), self.rows),
                    (Needs::Branches, _) => kernel(&self.branches(args), self.rows),
                    (Needs::Nulls, _) => kernel(&self.until_valid(args), self.rows),
                };
                let expected = if value.constant { 1 } else { self.rows };
                debug_assert_eq!(value.array.len(), expected, "a kernel yields one value a row");
                if programs.nodes[node].shared {
                    self.known.borrow_mut()[node] = Some(value.clone());
                }
                value
            }
            Step::Part { pass, .. } => {
                if let Some(known) = self.recall(node) {
                    return known;
                }
                let pass = &programs.passes[*pass];
                let values = (pass.run)(&self.value(pass.arg));
                assert_eq!(values.len(), pass.nodes.len(), "a value for each call of a pass");
                let own = pass.nodes.iter().position(|of| *of == node).map(|at| values[at].clone());
                let mut known = self.known.borrow_mut();
                pass.nodes.iter().zip(values).for_each(|(node, value)| known[*node] = Some(value));
                own.unwrap_or_else(|| panic!("a part that its pass does not know"))
            }
        }
    }

    /// What the node would cost a row, after what is known.
    fn cost_left(&self, node: usize) -> u32 {
        let Node { step, shared, own_cost, cost } = &self.programs.nodes[node];
        if *cost < DEAR {
            return *cost;
        }
        if *shared && self.known.borrow()[node].is_some() {
            return 0;
        }
        if *shared && self.heard_of(node) {
            return TAKE;
        }
        match step {
            Step::Column(_) | Step::Constant(_) => 0,
            Step::Call { args, .. } => args.iter().fold(*own_cost, |sum, arg| sum.saturating_add(self.cost_left(*arg))),
            Step::Part { pass, .. } => own_cost + self.cost_left(self.programs.passes[*pass].arg),
        }
    }

    /// The arguments of AND and OR, the cheapest first; one decides a row by being `by`.
    fn undecided(&self, args: &[usize], by: bool) -> Vec<Value> {
        let mut order: Vec<usize> = (0..args.len()).collect();
        order.sort_by_key(|at| self.programs.nodes[args[*at]].cost);
        let mut values: Vec<Option<Value>> = vec![None; args.len()];
        let mut open = BooleanBuffer::new_set(self.rows);
        for (nth, at) in order.iter().enumerate() {
            let value = self.value_for(args[*at], &open);
            if nth + 1 < order.len() {
                open = &open & &!&self.is(&value, by);
            }
            values[*at] = Some(value);
        }
        values.into_iter().flatten().collect()
    }

    /// The arguments of CASE: conditions and values in turn, and what stands for ELSE.
    fn branches(&self, args: &[usize]) -> Vec<Value> {
        let mut open = BooleanBuffer::new_set(self.rows);
        let mut values = Vec::with_capacity(args.len());
        for branch in args.chunks(2) {
            let condition = self.value_for(branch[0], &open);
            if let Some(taken) = branch.get(1) {
                let takes = &open & &self.is(&condition, true);
                open = &open & &!&takes;
                let taken = self.value_for(*taken, &takes);
                values.extend([condition, taken]);
            } else {
                values.push(condition);
            }
        }
        values
    }

    /// The arguments of COALESCE.
    fn until_valid(&self, args: &[usize]) -> Vec<Value> {
        let mut open = BooleanBuffer::new_set(self.rows);
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            let value = self.value_for(*arg, &open);
            let valid = match value.array.nulls() {
                _ if value.constant && value.array.is_null(0) => BooleanBuffer::new_unset(self.rows),
                Some(nulls) => nulls.inner().clone(),
                None => BooleanBuffer::new_set(self.rows),
            };
            open = &open & &!&valid;
            values.push(value);
        }
        values
    }

    /// The rows in which a boolean is `wanted`, and has not failed.
    fn is(&self, value: &Value, wanted: bool) -> BooleanBuffer {
        let array = value.array.as_boolean();
        if value.constant {
            let all = array.is_valid(0) && array.value(0) == wanted && value.errors.is_empty();
            return if all { BooleanBuffer::new_set(self.rows) } else { BooleanBuffer::new_unset(self.rows) };
        }
        let mut rows = if wanted { array.values().clone() } else { !array.values() };
        if let Some(nulls) = array.nulls() {
            rows = &rows & nulls.inner();
        }
        if value.errors.is_empty() {
            return rows;
        }
        BooleanBuffer::collect_bool(self.rows, |row| rows.value(row) && value.errors.get(row).is_none())
    }

    /// A value of which only the rows `open` matter.
    fn value_for(&self, node: usize, open: &BooleanBuffer) -> Value {
        let (Step::Call { ty, .. } | Step::Part { ty, .. }) = &self.programs.nodes[node].step else {
            return self.value(node);
        };
        let cost = self.cost_left(node) as usize;
        if cost < DEAR as usize {
            return self.value(node);
        }
        let count = open.count_set_bits();
        if count == 0 {
            return Value::constant(arrays::nulls(&ty.arrow(), 1));
        }
        // Rows that are picked cost more, each.
        if count * (cost + PICK) >= self.rows * cost {
            return self.value(node);
        }
        if self.programs.nodes[node].shared {
            let parts = self.parts.borrow();
            let covers = |part: &&Part| part.node == node && (open & &!&part.rows).count_set_bits() == 0;
            if let Some(part) = parts.iter().find(covers) {
                return part.value.clone();
            }
        }
        let rows = indices(open);
        let inner = Frame::of(self.programs, Source::Rows(self, rows.clone()), count);
        let value = scatter(&inner.value(node), open, &rows);
        for (node, known) in inner.known.take().into_iter().enumerate() {
            if let (Some(known), true) = (known, self.programs.nodes[node].cost >= DEAR) {
                let value = scatter(&known, open, &rows);
                self.parts.borrow_mut().push(Part { node, value, rows: open.clone() });
            }
        }
        value
    }

    /// The value of a shared node, if it is known here or follows from what is known further out.
    fn recall(&self, node: usize) -> Option<Value> {
        if let Some(known) = &self.known.borrow()[node] {
            return Some(known.clone());
        }
        if !self.heard_of(node) {
            return None;
        }
        let value = match &self.source {
            Source::Mask(outer, predicate, ..) => outer.recall_where(node, predicate),
            _ => None,
        };
        let value = match value {
            Some(value) => value,
            None => {
                let (outer, rows) = self.outer()?;
                outer.recall_at(node, rows)?
            }
        };
        self.known.borrow_mut()[node] = Some(value.clone());
        Some(value)
    }

    /// The value of a node that is known for all rows and failed for none, where a mask is true.
    fn recall_where(&self, node: usize, predicate: &FilterPredicate) -> Option<Value> {
        let known = self.known.borrow();
        let known = known[node].as_ref().filter(|known| !known.constant && known.errors.is_empty())?;
        let kept = predicate.filter(&known.array);
        Some(Value::column(kept.unwrap_or_else(|error| panic!("a mask of the frame's length: {error}"))))
    }

    fn recall_at(&self, node: usize, rows: &UInt32Array) -> Option<Value> {
        if let Some(known) = &self.known.borrow()[node] {
            return Some(take(known, rows));
        }
        let has_all =
            |part: &&Part| part.node == node && rows.values().iter().all(|row| part.rows.value(*row as usize));
        if let Some(part) = self.parts.borrow().iter().find(has_all) {
            return Some(take(&part.value, rows));
        }
        let (outer, own) = self.outer()?;
        let further = UInt32Array::from_iter_values(rows.values().iter().map(|row| own.value(*row as usize)));
        outer.recall_at(node, &further)
    }
}

fn indices(mask: &BooleanBuffer) -> UInt32Array {
    UInt32Array::from_iter_values(mask.set_indices_u32())
}

/// A value at `rows`.
fn take(value: &Value, rows: &UInt32Array) -> Value {
    if value.constant {
        return value.clone();
    }
    let mut errors = Errors::none();
    if !value.errors.is_empty() {
        for (at, row) in rows.values().iter().enumerate() {
            if let Some(error) = value.errors.get(*row as usize) {
                errors.set(at, error.code, error.message.clone());
            }
        }
    }
    Value { array: arrays::take(&value.array, rows), constant: false, errors }
}

/// Values of the rows `open`, whose numbers are `rows`, in their places; NULL in the others.
fn scatter(value: &Value, open: &BooleanBuffer, rows: &UInt32Array) -> Value {
    if value.constant {
        return value.clone();
    }
    let mut next = 0;
    let places: Vec<u32> = (0..open.len())
        .map(|row| {
            let place = next;
            next += u32::from(open.value(row));
            if open.value(row) { place } else { 0 }
        })
        .collect();
    let places = UInt32Array::new(places.into(), Some(NullBuffer::new(open.clone())));
    let array = arrow_select::take::take(&value.array, &places, None);
    let mut errors = Errors::none();
    for (at, error) in value.errors.iter() {
        errors.set(rows.value(at) as usize, error.code, error.message.clone());
    }
    Value { array: array.unwrap_or_else(|e| panic!("take within bounds: {e}")), constant: false, errors }
}
