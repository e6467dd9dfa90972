//! What the program of a query has to do.

use deltaq_nexmark::RowText;

use crate::columns::Step;

/// One query: it takes in a step's events and builds what changes in the result, in vectors that it uses again.
pub trait Program {
    /// Takes in a step and builds its output delta; returns how many rows that has, retractions counted too.
    ///
    /// The step is gone afterwards: what the program still needs of it, it has copied.
    fn step(&mut self, step: &Step) -> usize;

    /// A row of the delta of the last step: writes its fields into `text` and returns its weight.
    fn row(&self, row: usize, text: &mut RowText) -> i64;
}
