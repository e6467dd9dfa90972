//! Other databases that say what the answer should be.

pub mod postgres;
