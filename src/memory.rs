//! The limit on what tables and views hold.
//!
//! State is counted, not guessed: operators and tables know how many bytes they have allocated. Counting takes a question to the
//! workers, which is too much for a step of a few microseconds. So it is done when the rows that came in since the last
//! count might matter: when they take a quarter of the room that is left, or as much as tables held. Far from the limit that is seldom;
//! near it, it is at every change. What has then become too much is undone, as by a rollback. What is counted is allocated: rows
//! that take the places of others that were deleted add nothing, and are let in even where too much is held.

use crate::door::Table;
use crate::error::{Error, Result};
use crate::interior::Interior;

/// How full the engine is.
#[derive(Clone, Copy)]
pub(crate) struct Gauge {
    limit: u64,
    /// What was held when it was last counted.
    held: Held,
    /// Bytes of rows that came in since.
    since: u64,
}

/// Bytes held.
#[derive(Clone, Copy, Default)]
struct Held {
    tables: u64,
    views: u64,
}

/// Rows that come to less are not worth a count while there is room for them four times.
const SMALL: u64 = 1 << 20;

impl Gauge {
    /// Nothing is held yet.
    pub(crate) fn new(limit: u64) -> Gauge {
        Gauge { limit, held: Held::default(), since: 0 }
    }

    /// Whether what came in since the last count fits, whatever views make of it (within reason).
    fn fits_surely(&self) -> bool {
        let room = self.limit.saturating_sub(self.held.all());
        self.since <= self.held.tables.max(SMALL) && self.held.expected(self.since) <= room / 4
    }
}

impl Held {
    fn all(self) -> u64 {
        self.tables + self.views
    }

    /// By how much state will grow if rows of so many bytes come in, and views take as much of them as so far.
    fn expected(self, bytes: u64) -> u64 {
        let views = u128::from(bytes) * u128::from(self.views) / u128::from(self.tables.max(1));
        bytes.saturating_add(u64::try_from(views).unwrap_or(u64::MAX))
    }
}

impl Interior {
    /// Lets the last change of the table at `index` pass if it only retracts, or if there is room for what it brings; undoes it otherwise.
    ///
    /// # Errors
    /// `53200`
    pub(crate) fn admit(&mut self, index: usize) -> Result<()> {
        let table = self.catalog.table_at(index);
        let bytes = table.unadmitted_bytes();
        if let (Some(gauge), true) = (&mut self.gauge, bytes > 0) {
            gauge.since += bytes;
            if !gauge.fits_surely()
                && let Some((held, wanted)) = self.excess(index, bytes)?
            {
                let mark = self.catalog.table_at(index).admitted();
                self.undo(index, mark)?;
                return Err(self.full(held, wanted));
            }
        }
        self.catalog.table_at(index).admit();
        Ok(())
    }

    /// Makes something of the stored rows, a view or a wider table, in the open transaction or one of its own, if there is room for it.
    ///
    /// # Errors
    /// `53200`; those of `make`.
    pub(crate) fn make(&mut self, make: impl FnOnce(&mut Interior) -> Result<()>) -> Result<()> {
        self.within(|this| {
            let before = this.count()?;
            make(this)?;
            let after = this.count()?;
            if this.is_too_much(before, after) { Err(this.full(before, after)) } else { Ok(()) }
        })
    }

    /// What is held without and with the last change of the table at `index`, which brings `bytes` of rows, if that is too much.
    fn excess(&mut self, index: usize, bytes: u64) -> Result<Option<(u64, u64)>> {
        let before = self.count()?;
        let Some(Gauge { limit, held, .. }) = self.gauge else { return Ok(None) };
        // Some rows may take the places of others that are gone; a change that is far beyond the room there is is not worked in at all.
        if bytes > limit.saturating_sub(before) + limit / 4 {
            return Ok(Some((before, before + bytes)));
        }
        if self.held_back().is_some() {
            // Views get to know of these rows when they are committed, and then nothing can be undone.
            let wanted = before + held.expected(self.catalog.table_at(index).unsubmitted_bytes());
            return Ok((wanted > limit).then_some((before, wanted)));
        }
        self.flush()?;
        let after = self.count_with(Table::bytes)?;
        Ok(self.is_too_much(before, after).then_some((before, after)))
    }

    /// Whether that is beyond the limit, and not because it was so before.
    fn is_too_much(&self, before: u64, after: u64) -> bool {
        after > before && self.gauge.as_ref().is_some_and(|gauge| after > gauge.limit)
    }

    /// How much is held, if there is a limit.
    fn count(&mut self) -> Result<u64> {
        self.count_with(|table| table.settled_bytes())
    }

    fn count_with(&mut self, bytes: fn(&mut Table) -> u64) -> Result<u64> {
        if self.gauge.is_none() {
            return Ok(0);
        }
        let views = self.runtime.sizes()?.iter().map(|(_, size)| size.bytes as u64).sum();
        let tables = self.catalog.tables_mut().map(bytes).sum();
        if let Some(gauge) = &mut self.gauge {
            gauge.held = Held { tables, views };
            gauge.since = 0;
        }
        Ok(tables + views)
    }

    /// Why a change is refused: `held` without it, `wanted` with it.
    fn full(&mut self, held: u64, wanted: u64) -> Error {
        let limit = self.gauge.as_ref().map_or(0, |gauge| gauge.limit);
        let mut state = match self.state_rows() {
            Ok(state) => state,
            Err(failed) => return failed,
        };
        state.sort_by_key(|row| std::cmp::Reverse(row.bytes));
        let largest = state.iter().take(3).filter(|row| row.bytes > 0);
        let largest = largest.map(|row| format!("{} {} {}", row.view, row.operator, shown(row.bytes)));
        let largest = largest.collect::<Vec<_>>().join(", ");
        let (limit, held, wanted) = (shown(limit), shown(held), shown(wanted));
        let mut message = format!(
            "out of memory: tables and views may hold {limit}; they hold {held}, and would hold {wanted} with this change"
        );
        if !largest.is_empty() {
            message += &format!("; the most is held by {largest}");
        }
        let help = "delete rows, drop views, or allow more (EngineConfig::memory, deltaq --memory)";
        Error::new("53200", message).help(help)
    }
}

/// `1.5 MB`
fn shown(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "KB", "MB", "GB"] {
        if size < 1000.0 {
            return format!("{size:.*} {unit}", usize::from(unit != "B"));
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}
