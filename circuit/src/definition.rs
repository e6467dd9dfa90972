//! Any query made incremental by its definition: D ∘ ↑Q ∘ I. Correct, and as slow as recomputing.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::DataType;

use crate::batch::{Batch, Weight};
use crate::operator::{Context, Input, Operator, Output, Query, RowError, Size};
use crate::trace::Trace;

/// Integrates its inputs, applies the query to all of them, and differentiates the result (\[DBSP\] §3, incrementalisation).
///
/// State: all input rows and all output rows. Cost of a step: that of the query on all of them.
pub struct ByDefinition {
    query: Arc<dyn Query>,
    inputs: Vec<Trace>,
    output: Output,
}

impl ByDefinition {
    /// `query` over inputs of these column types.
    pub fn new(query: Arc<dyn Query>, types: Vec<Vec<DataType>>) -> ByDefinition {
        let inputs = types
            .into_iter()
            .map(|types| {
                let all = (0..types.len()).collect();
                Trace::lazy(types, all, true)
            })
            .collect();
        ByDefinition { query, inputs, output: Output::none() }
    }

    fn recompute(&mut self) -> Output {
        let inputs: Vec<Batch> = self.inputs.iter().map(|t| t.contents().consolidate()).collect();
        let mut output = self.query.apply(&inputs);
        output.rows = output.rows.consolidate();
        std::mem::replace(&mut self.output, output)
    }
}

impl Operator for ByDefinition {
    fn step(&mut self, _context: &Context, inputs: &[Input]) -> Output {
        for (trace, input) in self.inputs.iter_mut().zip(inputs) {
            trace.update(input.delta);
        }
        let old = self.recompute();
        let rows = Batch::concat(&[old.rows.negate(), self.output.rows.clone()]).consolidate();
        Output { rows, errors: difference(&old.errors, &self.output.errors) }
    }

    fn contents(&self) -> Option<Batch> {
        Some(self.output.rows.clone())
    }

    fn size(&self) -> Size {
        let output = Size { rows: self.output.rows.len(), bytes: self.output.rows.bytes() };
        self.inputs.iter().map(Trace::size).sum::<Size>() + output
    }

    fn save(&self) -> Vec<Batch> {
        self.inputs.iter().map(|t| t.contents()).collect()
    }

    fn load(&mut self, state: Vec<Batch>) {
        for (trace, batch) in self.inputs.iter_mut().zip(&state) {
            trace.update(batch);
        }
        self.recompute();
    }
}

/// `new − old` as Z-sets of errors.
pub fn difference(old: &[RowError], new: &[RowError]) -> Vec<RowError> {
    let mut sums: BTreeMap<(&'static str, &str), Weight> = BTreeMap::new();
    for (errors, sign) in [(old, -1), (new, 1)] {
        for error in errors {
            *sums.entry((error.code, &error.message)).or_default() += sign * error.weight;
        }
    }
    let changed = sums.into_iter().filter(|(_, weight)| *weight != 0);
    changed.map(|((code, message), weight)| RowError { code, message: message.to_string(), weight }).collect()
}
