//! Operators that look only at how often each row stands: DISTINCT, EXCEPT ALL, INTERSECT ALL.

use std::sync::Arc;

use arrow_array::Int64Array;
use arrow_schema::DataType;
use deltaq_circuit::arrays::{Values, View};
use deltaq_circuit::keys::KeyLayout;
use deltaq_circuit::operator::Input;
use deltaq_circuit::trace::Groups;
use deltaq_circuit::{Batch, Class, Context, Operator, Output, Partition, Query, Size, Weight, Weights};

/// How often a row stands in the output, given how often it stands in the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Once if it stands at all (one input).
    Distinct,
    /// What the left has more than the right (EXCEPT ALL).
    Except,
    /// The smaller of the two (INTERSECT ALL).
    Intersect,
}

impl Rule {
    fn multiplicity(self, [left, right]: [Weight; 2]) -> Weight {
        match self {
            Rule::Distinct => Weight::from(left > 0),
            Rule::Except => (left.max(0) - right.max(0)).max(0),
            Rule::Intersect => left.min(right).max(0),
        }
    }
}

/// Rows of one or two inputs under a [`Rule`]. State: each row that stands in an input, once, with its counts.
/// Cost of a step: a lookup a row.
#[derive(Clone, Debug)]
pub struct Counted {
    rule: Rule,
    types: Vec<DataType>,
}

impl Counted {
    /// `rule` over inputs whose rows are of `types`.
    pub fn new(rule: Rule, types: Vec<DataType>) -> Counted {
        Counted { rule, types }
    }
}

impl Query for Counted {
    fn name(&self) -> &'static str {
        match self.rule {
            Rule::Distinct => "distinct",
            Rule::Except => "except",
            Rule::Intersect => "intersect",
        }
    }

    fn describe(&self) -> String {
        String::new()
    }

    fn types(&self) -> Vec<DataType> {
        self.types.clone()
    }

    fn class(&self) -> Class {
        Class::General
    }

    fn partition(&self, _input: usize) -> Partition {
        if self.types.is_empty() { Partition::One } else { Partition::Key((0..self.types.len()).collect()) }
    }

    fn apply(&self, inputs: &[Batch]) -> Output {
        let mut counts = Counts::new(self);
        for (side, input) in inputs.iter().enumerate() {
            counts.add(side, input);
        }
        counts.rows().into()
    }

    fn operator(&self) -> Option<Box<dyn Operator>> {
        Some(Box::new(Counts::new(self)))
    }
}

/// The counts of all rows.
struct Counts {
    rule: Rule,
    rows: Groups,
    counts: Vec<[Weight; 2]>,
    touched: Vec<u32>,
    step: u32,
}

impl Counts {
    fn new(query: &Counted) -> Counts {
        let rows = Groups::new(KeyLayout::new(&query.types));
        Counts { rule: query.rule, rows, counts: Vec::new(), touched: Vec::new(), step: 0 }
    }

    /// Adds a delta of input `side`; returns the row numbers.
    fn add(&mut self, side: usize, delta: &Batch) -> Vec<u32> {
        let rows = self.assign(delta);
        rows.iter().enumerate().for_each(|(at, row)| self.counts[*row as usize][side] += delta.weight(at));
        rows
    }

    fn assign(&mut self, delta: &Batch) -> Vec<u32> {
        if delta.is_empty() {
            return Vec::new();
        }
        let all: Vec<usize> = (0..delta.columns().len()).collect();
        let rows = self.rows.assign_rows(delta, &all);
        self.counts.resize(self.rows.capacity(), [0; 2]);
        self.touched.resize(self.rows.capacity(), 0);
        rows
    }

    fn rows(&self) -> Batch {
        self.batch(self.rows.live().into_iter().map(|row| (row, self.rule.multiplicity(self.counts[row as usize]))))
    }

    fn batch(&self, changes: impl Iterator<Item = (u32, Weight)>) -> Batch {
        let (rows, weights): (Vec<u32>, Vec<Weight>) = changes.filter(|(_, weight)| *weight != 0).unzip();
        if rows.is_empty() {
            return Batch::none();
        }
        let ones = weights.iter().all(|w| *w == 1);
        let len = rows.len();
        let weights = if ones { Weights::Ones } else { Weights::Each(weights.into()) };
        Batch::with_len(self.rows.gather(&rows), weights, len).assume_consolidated()
    }
}

impl Operator for Counts {
    fn step(&mut self, _context: &Context, inputs: &[Input]) -> Output {
        self.step = self.step.wrapping_add(1);
        let assigned: Vec<Vec<u32>> = inputs.iter().map(|input| self.assign(input.delta)).collect();
        let mut before: Vec<(u32, Weight)> = Vec::new();
        for (side, rows) in assigned.iter().enumerate() {
            for (at, &row) in rows.iter().enumerate() {
                if self.touched[row as usize] != self.step {
                    self.touched[row as usize] = self.step;
                    before.push((row, self.rule.multiplicity(self.counts[row as usize])));
                }
                self.counts[row as usize][side] += inputs[side].delta.weight(at);
            }
        }
        let change = |&(row, was): &(u32, Weight)| (row, self.rule.multiplicity(self.counts[row as usize]) - was);
        let output = self.batch(before.iter().map(change));
        let gone: Vec<u32> = before.iter().map(|b| b.0).filter(|row| self.counts[*row as usize] == [0; 2]).collect();
        if self.rows.release(&gone) {
            self.counts = Vec::new();
            self.touched = Vec::new();
        }
        output.into()
    }

    fn contents(&self) -> Option<Batch> {
        Some(self.rows())
    }

    fn size(&self) -> Size {
        let bytes = self.rows.bytes() + self.counts.capacity() * 16 + self.touched.capacity() * 4;
        Size { rows: self.rows.len(), bytes }
    }

    fn save(&self) -> Vec<Batch> {
        let live = self.rows.live();
        if live.is_empty() {
            return Vec::new();
        }
        let mut columns = self.rows.gather(&live);
        for side in 0..2 {
            let counts: Vec<Weight> = live.iter().map(|row| self.counts[*row as usize][side]).collect();
            columns.push(Arc::new(Int64Array::from(counts)));
        }
        vec![Batch::ones(columns)]
    }

    fn load(&mut self, state: Vec<Batch>) {
        for batch in state.iter().filter(|b| !b.is_empty()) {
            let width = batch.columns().len() - 2;
            let rows = self.assign(&batch.project(&(0..width).collect::<Vec<_>>()));
            for side in 0..2 {
                let Values::W8(counts) = View::of(batch.column(width + side)).values else {
                    panic!("counts are 64 bits")
                };
                rows.iter().zip(counts).for_each(|(row, count)| self.counts[*row as usize][side] = *count as Weight);
            }
        }
    }
}
