//! The greatest value of each key, and the orders that it is asked for.

use std::cmp::Ordering;

use dbsp::operator::Max;
use dbsp::{DBData, OrdIndexedZSet, RootCircuit, Stream};

use crate::tables::Text;
use crate::unordered_row;

/// A stream of changes to values by key.
pub type Indexed<K, V> = Stream<RootCircuit, OrdIndexedZSet<K, V>>;

/// The greatest value of each key. Of rows that only come, `chain_aggregate` keeps the greatest alone; else `aggregate(Max)` keeps all.
pub fn greatest<K: DBData, V: DBData>(values: &Indexed<K, V>, append_only: bool) -> Indexed<K, V> {
    if append_only {
        values.chain_aggregate(
            |value, _| value.clone(),
            |greatest, value, _| if *value > greatest { value.clone() } else { greatest },
        )
    } else {
        values.aggregate(Max)
    }
}

unordered_row! {
    /// Text whose order is turned round.
    pub struct Descending {
        pub text: Text,
    }
}

impl Ord for Descending {
    fn cmp(&self, other: &Descending) -> Ordering {
        other.text.cmp(&self.text)
    }
}

impl PartialOrd for Descending {
    fn partial_cmp(&self, other: &Descending) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<&Text> for Descending {
    fn from(text: &Text) -> Descending {
        Descending { text: text.clone() }
    }
}

unordered_row! {
    /// Text that need not be in order: compared by its hash first, which is at hand, and by its letters only where hashes are equal.
    pub struct Hashed {
        pub hash: u64,
        pub text: Text,
    }
}

impl Ord for Hashed {
    fn cmp(&self, other: &Hashed) -> Ordering {
        self.hash.cmp(&other.hash).then_with(|| self.text.cmp(&other.text))
    }
}

impl PartialOrd for Hashed {
    fn partial_cmp(&self, other: &Hashed) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<&Text> for Hashed {
    fn from(text: &Text) -> Hashed {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        let mut last = [0u8; 8];
        last[..rest.len()].copy_from_slice(rest);
        let fold = |hash: u64, word: &[u8; 8]| {
            (hash.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        };
        Hashed { hash: words.iter().chain([&last]).fold(text.len() as u64, fold), text: text.clone() }
    }
}
