//! Traces.
pub struct Trace;
