//! Values in order, each found at once, with how often it stands.

use deltaq_circuit::Weight;

use crate::list::List;

/// Values in order, with how often each stands. Where only the least and the greatest are asked for, a
/// [`Multiset`](super::multiset::Multiset) is cheaper.
pub(super) struct Tally<K>(pub(super) List<(K, Weight)>);

/// What adding copies of a value does.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Change {
    None,
    /// The value was not there.
    In,
    /// It is not there any more.
    Out,
}

impl<K> Default for Tally<K> {
    fn default() -> Tally<K> {
        Tally(List::default())
    }
}

impl<K: Ord> Tally<K> {
    /// Adds `weight` copies.
    #[inline]
    pub(super) fn add(&mut self, key: K, weight: Weight) -> Change {
        match self.0.search(|(held, _)| held.cmp(&key)) {
            Ok(place) => {
                let stands = &mut self.0.get_mut(place).1;
                *stands += weight;
                if *stands != 0 {
                    return Change::None;
                }
                self.0.remove_at(place);
                Change::Out
            }
            Err(place) => {
                self.0.insert_at(place, (key, weight));
                Change::In
            }
        }
    }
}
