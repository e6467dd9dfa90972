//! A view's changes as they are committed.

use std::sync::{Arc, Mutex};

use deltaq_operators::Schema;

use crate::engine::locked;
use crate::error::Result;
use crate::interior::Interior;
use crate::rows::{Change, Columns};
use crate::watchers::Changes;

/// What is handed on of a view: its content when it was subscribed to, then the change of every epoch that changes it.
///
/// Independent of the [`Engine`](crate::Engine) value: it may be polled on another thread, and keeps what was not polled.
/// Dropping it ends the subscription.
///
/// ```
/// # let mut db = deltaq::Engine::open_in_memory()?;
/// db.execute("CREATE TABLE t(v INT); INSERT INTO t VALUES (1); CREATE VIEW big AS SELECT v FROM t WHERE v > 0")?;
/// let sub = db.subscribe("big")?;
/// db.execute("INSERT INTO t VALUES (-1), (2)")?;
/// let changes = sub.poll()?;
/// assert_eq!(changes[0].rows::<(i32,)>()?, [((1,), 1)]);
/// assert_eq!(changes[1].rows::<(i32,)>()?, [((2,), 1)]);
/// assert!(sub.poll()?.is_empty());
/// # Ok::<(), deltaq::Error>(())
/// ```
pub struct Subscription {
    interior: Arc<Mutex<Interior>>,
    id: u64,
    columns: Columns,
}

impl Subscription {
    pub(crate) fn new(interior: Arc<Mutex<Interior>>, id: u64, columns: Columns) -> Subscription {
        Subscription { interior, id, columns }
    }

    /// The changes since the last call, in order of their epochs, after all that was committed has taken effect. The first call
    /// begins with the view's content when it was subscribed to, as inserts, unless it was empty.
    ///
    /// # Errors
    /// `42P01` if the view was dropped, once what it did before is polled; `XX000` if a worker has stopped.
    pub fn poll(&self) -> Result<Vec<Change>> {
        locked(&self.interior, |interior| {
            interior.wait()?;
            interior.poll(self.id, Changes::Whole)
        })
    }

    /// The changes that are there by now, without waiting for the workers: whole epochs, in order. Called between commits it lets workers go on
    /// with one epoch while the output of those before is consumed.
    ///
    /// ```
    /// # let mut db = deltaq::Engine::open_in_memory()?;
    /// # db.execute("CREATE TABLE t(v INT); CREATE VIEW total AS SELECT SUM(v) FROM t")?;
    /// let sub = db.subscribe("total")?;
    /// let mut changes = Vec::new();
    /// for v in 0..100 {
    ///     db.execute(&format!("INSERT INTO t VALUES ({v})"))?;
    ///     changes.extend(sub.try_poll()?);
    /// }
    /// changes.extend(sub.poll()?);
    /// assert_eq!(changes.len(), 101);
    /// # Ok::<(), deltaq::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Subscription::poll`].
    pub fn try_poll(&self) -> Result<Vec<Change>> {
        locked(&self.interior, |interior| {
            interior.catch_up()?;
            interior.poll(self.id, Changes::Whole)
        })
    }

    /// As [`Subscription::try_poll`], but what several workers have computed is not put together: a large change may come in parts, changes
    /// of the same epoch one behind the other, each row in one of them. A row's old form and its new one may lie in different parts, in
    /// either order: for those who add up weights, or wait for the epoch's end.
    ///
    /// # Errors
    /// As [`Subscription::poll`].
    pub fn try_poll_parts(&self) -> Result<Vec<Change>> {
        locked(&self.interior, |interior| {
            interior.catch_up()?;
            interior.poll(self.id, Changes::InParts)
        })
    }

    /// Names and types of the view's columns.
    pub fn schema(&self) -> &Schema {
        &self.columns.schema
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // Of an engine that has failed there is nothing to end.
        let _ = locked(&self.interior, |interior| {
            interior.unsubscribe(self.id);
            Ok(())
        });
    }
}
