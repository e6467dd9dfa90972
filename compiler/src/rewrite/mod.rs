//! Plans into better plans of the same meaning: a list of passes, each a function.

use crate::plan::Plan;

/// A rewrite of plans that leaves their meaning as it is.
pub struct Pass {
    /// Its name, for EXPLAIN.
    pub name: &'static str,
    /// What it does.
    pub run: fn(Plan) -> Plan,
}

/// All passes, in the order they run.
pub const PASSES: &[Pass] = &[];

/// Puts `plan` through all passes.
pub fn optimize(plan: Plan) -> Plan {
    PASSES.iter().fold(plan, |plan, pass| (pass.run)(plan))
}
