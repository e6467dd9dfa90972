//! Merging of equal rows before they are sent to another worker.

use arrow_schema::DataType;
use deltaq_circuit::{Batch, Class, Output, Partition, Query};

/// Its input, each step's delta consolidated: the first phase of a two-phase count. Where a key is frequent, one row travels
/// for many. Linear; keeps no state.
#[derive(Clone, Debug)]
pub struct Combine(pub Vec<DataType>);

impl Query for Combine {
    fn name(&self) -> &'static str {
        "combine"
    }

    fn describe(&self) -> String {
        "equal rows".into()
    }

    fn types(&self) -> Vec<DataType> {
        self.0.clone()
    }

    fn class(&self) -> Class {
        Class::Linear
    }

    fn partition(&self, _input: usize) -> Partition {
        Partition::Any
    }

    fn apply(&self, inputs: &[Batch]) -> Output {
        inputs[0].consolidate().into()
    }
}
