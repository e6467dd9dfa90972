//! Values to text and back, as PostgreSQL writes and reads them.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{column_from_text, cut, fit, from_text};
pub use write::{BYTES_MAX, build, build_checked, column_to_text, to_text, write_hex};
