//! Which of some rows have the same key.

use deltaq_circuit::trace::HashedKeys;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// The first row whose key stands before it already.
pub(super) fn repeated(keys: &HashedKeys) -> Option<usize> {
    if keys.len() < 2 {
        return None;
    }
    let mut seen = Seen::new(keys);
    (0..keys.len() as u32).find(|row| seen.row(*row) != row).map(|row| row as usize)
}

/// The first row of each key, in order.
pub(super) fn first_of_each(keys: &HashedKeys) -> Vec<u32> {
    let mut seen = Seen::new(keys);
    (0..keys.len() as u32).filter(|row| seen.row(*row) == row).collect()
}

/// The last row of each key, in order; None where each key stands once.
pub(super) fn last_of_each(keys: &HashedKeys) -> Option<Vec<u32>> {
    repeated(keys)?;
    let mut seen = Seen::new(keys);
    for row in 0..keys.len() as u32 {
        *seen.row(row) = row;
    }
    let mut last: Vec<u32> = seen.table.into_iter().collect();
    last.sort_unstable();
    Some(last)
}

/// A row for each key that was met.
struct Seen<'a> {
    keys: &'a HashedKeys,
    table: HashTable<u32>,
}

impl Seen<'_> {
    fn new(keys: &HashedKeys) -> Seen<'_> {
        Seen { keys, table: HashTable::with_capacity(keys.len()) }
    }

    /// The row noted for the key of `row`: `row` itself where the key is new.
    fn row(&mut self, row: u32) -> &mut u32 {
        let keys = self.keys;
        let same = |&other: &u32| keys.same(other as usize, row as usize);
        match self.table.entry(keys.hash(row as usize), same, |&other| keys.hash(other as usize)) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(row).into_mut(),
        }
    }
}
