//! Tables that take their rows from files and pipes.
//!
//! `CREATE TABLE … WITH (connector = 'file', …)` opens the source and makes the table; a thread of its own reads and decodes it
//! ahead, a few chunks at most. The rows enter, one epoch a chunk, when [`Engine::load`](crate::Engine::load) is called, or
//! at once before the next statement that reads or changes rows. So views made right after their tables see the rows
//! come in epoch by epoch, and a pipe that never ends is read for as long as the caller likes.

/// Rows that entered a table from its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The table.
    pub table: String,
    /// How many rows; 0 where the source has ended.
    pub rows: u64,
    /// Bytes of the source read so far, compressed ones where it is compressed.
    pub bytes_read: u64,
    /// Bytes of the source; None for a pipe.
    pub bytes_total: Option<u64>,
    /// Rows left out so far because they could not be read (`on_error = 'skip'`).
    pub rejected: u64,
    /// Whether the source has ended: nothing more comes from it.
    pub ended: bool,
}
