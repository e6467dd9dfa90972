//! Rows that expressions are evaluated for, and what is known of them already.

use std::cell::{OnceCell, RefCell};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};

use super::{DEAR, Needs, Programs, Step};
use crate::arrays;
use crate::value::{Errors, Value};

/// The rows of a batch, or some of the rows of another frame. Nodes that are read more than once are computed once.
pub struct Frame<'a> {
    programs: &'a Programs,
    rows: usize,
    given: &'a [ArrayRef],
    /// Columns taken from the outer frame, when first read.
    taken: Vec<OnceCell<ArrayRef>>,
    /// The frame that this one has some rows of, and which.
    outer: Option<(&'a Frame<'a>, UInt32Array)>,
    /// Values of shared nodes, for all rows.
    known: RefCell<Vec<Option<Value>>>,
    /// Values of shared nodes for some rows: the others are arbitrary.
    parts: RefCell<Vec<Part>>,
}

struct Part {
    node: usize,
    value: Value,
    rows: BooleanBuffer,
}

/// Of more rows than this share all are computed: picking them would cost as much.
const OPEN_SHARE_MAX: f64 = 0.75;

impl<'a> Frame<'a> {
    pub(super) fn new(programs: &'a Programs, columns: &'a [ArrayRef], rows: usize) -> Frame<'a> {
        let known = if programs.plain { Vec::new() } else { vec![None; programs.nodes.len()] };
        let (known, parts) = (RefCell::new(known), RefCell::default());
        Frame { programs, rows, given: columns, taken: Vec::new(), outer: None, known, parts }
    }

    /// The rows of this frame where `mask` is true; `columns` are its columns so filtered, which need hold none that is not read.
    pub fn kept(&'a self, columns: &'a [ArrayRef], rows: usize, mask: &BooleanBuffer) -> Frame<'a> {
        let anything_known = !self.programs.plain
            && (self.known.borrow().iter().any(Option::is_some) || !self.parts.borrow().is_empty());
        let outer = anything_known.then(|| (self, indices(mask)));
        Frame { outer, ..Frame::new(self.programs, columns, rows) }
    }

    /// The values of an expression.
    pub fn root(&self, root: usize) -> Value {
        self.value(self.programs.roots[root])
    }

    fn column(&self, column: usize) -> ArrayRef {
        match (&self.outer, self.taken.get(column)) {
            (Some((outer, rows)), Some(taken)) => {
                taken.get_or_init(|| arrays::take(&outer.column(column), rows)).clone()
            }
            _ => self.given[column].clone(),
        }
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
        let Step::Call { ty, .. } = &self.programs.nodes[node].step else { return self.value(node) };
        let count = open.count_set_bits();
        if self.programs.nodes[node].cost < DEAR || count as f64 > self.rows as f64 * OPEN_SHARE_MAX {
            return self.value(node);
        }
        if count == 0 {
            return Value::constant(arrays::nulls(&ty.arrow(), 1));
        }
        if self.programs.nodes[node].shared {
            let parts = self.parts.borrow();
            let covers = |part: &&Part| part.node == node && (open & &!&part.rows).count_set_bits() == 0;
            if let Some(part) = parts.iter().find(covers) {
                return part.value.clone();
            }
        }
        let rows = indices(open);
        let taken = (0..self.programs.width).map(|_| OnceCell::new()).collect();
        let inner = Frame { taken, outer: Some((self, rows.clone())), ..Frame::new(self.programs, &[], count) };
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
        let (outer, rows) = self.outer.as_ref()?;
        let value = outer.recall_at(node, rows)?;
        self.known.borrow_mut()[node] = Some(value.clone());
        Some(value)
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
        let (outer, own) = self.outer.as_ref()?;
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
