//! The stream algebra of \[DBSP\] as definitions that run: for tests, for reading, and for nothing that must be fast.
//!
//! A [`Zset`] is a map from rows to weights. A [`Stream`] is the prefix of an infinite one: its first values. Every operator
//! here is causal, so a prefix of its inputs determines the prefix of its output.
//!
//! ```text
//!   integrate I                      differentiate D                incremental Q: D ∘ ↑Q ∘ I
//!
//!   s ──▶(+)──┬──▶ I(s)              s ──┬──▶(+)──▶ D(s)            Δ ──▶ I ──▶ ↑Q ──▶ D ──▶ ΔQ
//!         ▲   │                          │    ▲
//!         └z⁻¹┘                          └z⁻¹─┘ −
//! ```
//!
//! Source: Budiu et al., *DBSP*, PVLDB 16(7), 2023, on streams over abelian groups, incremental view maintenance,
//! Z-sets, and nested streams. The laws are in `circuit/tests/algebra.rs`.

use std::collections::BTreeMap;

use crate::batch::Weight;

/// An abelian group: what streams must be made of to be integrated and differentiated.
pub trait Group: Clone {
    /// The zero of the group that `self` is of. It takes a witness because the zero of streams is as long as they are.
    fn zero(&self) -> Self;
    /// The sum.
    fn plus(&self, other: &Self) -> Self;
    /// The inverse.
    fn negate(&self) -> Self;
    /// `self` plus the inverse of `other`.
    fn minus(&self, other: &Self) -> Self {
        self.plus(&other.negate())
    }
}

/// A finite map from rows to weights other than 0. Equal Z-sets compare equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zset<R: Ord>(BTreeMap<R, Weight>);

impl<R: Ord> Default for Zset<R> {
    fn default() -> Zset<R> {
        Zset(BTreeMap::new())
    }
}

/// The sum of weighted rows; rows may repeat.
impl<R: Ord> FromIterator<(R, Weight)> for Zset<R> {
    fn from_iter<I: IntoIterator<Item = (R, Weight)>>(rows: I) -> Zset<R> {
        let mut zset = BTreeMap::new();
        for (row, weight) in rows {
            *zset.entry(row).or_insert(0) += weight;
        }
        zset.retain(|_, weight| *weight != 0);
        Zset(zset)
    }
}

impl<R: Ord + Clone> Group for Zset<R> {
    fn zero(&self) -> Zset<R> {
        Zset::default()
    }
    fn plus(&self, other: &Zset<R>) -> Zset<R> {
        self.iter().chain(other.iter()).map(|(row, weight)| (row.clone(), weight)).collect()
    }
    fn negate(&self) -> Zset<R> {
        self.iter().map(|(row, weight)| (row.clone(), -weight)).collect()
    }
}

impl<R: Ord + Clone> Zset<R> {
    /// The rows with their weights, in the order of rows.
    pub fn iter(&self) -> impl Iterator<Item = (&R, Weight)> {
        self.0.iter().map(|(row, weight)| (row, *weight))
    }

    /// The weight of `row`; 0 where it is absent.
    pub fn weight(&self, row: &R) -> Weight {
        self.0.get(row).copied().unwrap_or(0)
    }

    /// Projection, and any other function of one row. Linear.
    pub fn map<S: Ord>(&self, f: impl Fn(&R) -> S) -> Zset<S> {
        self.iter().map(|(row, weight)| (f(row), weight)).collect()
    }

    /// The rows for which `keep` holds. Linear.
    pub fn filter(&self, keep: impl Fn(&R) -> bool) -> Zset<R> {
        self.iter().filter(|(row, _)| keep(row)).map(|(row, weight)| (row.clone(), weight)).collect()
    }

    /// What `pair` makes of each pair of rows, weights multiplied: the join, and the product. Bilinear.
    pub fn join<S: Ord + Clone, T: Ord>(&self, other: &Zset<S>, pair: impl Fn(&R, &S) -> Option<T>) -> Zset<T> {
        let pairs = self.iter().flat_map(|left| other.iter().map(move |right| (left, right)));
        pairs.filter_map(|((r, v), (s, w))| Some((pair(r, s)?, v * w))).collect()
    }

    /// Each row of positive weight once: the set that a bag stands for. Not linear.
    pub fn distinct(&self) -> Zset<R> {
        self.iter().filter(|(_, weight)| *weight > 0).map(|(row, _)| (row.clone(), 1)).collect()
    }
}

/// The first values of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream<A>(pub Vec<A>);

/// Streams add pointwise, so streams of streams can be integrated and differentiated too.
impl<A: Group> Group for Stream<A> {
    fn zero(&self) -> Stream<A> {
        self.lift(A::zero)
    }
    fn plus(&self, other: &Stream<A>) -> Stream<A> {
        self.lift2(other, A::plus)
    }
    fn negate(&self) -> Stream<A> {
        self.lift(A::negate)
    }
}

impl<A> Stream<A> {
    /// ↑f: `f` at every time.
    pub fn lift<B>(&self, f: impl Fn(&A) -> B) -> Stream<B> {
        Stream(self.0.iter().map(f).collect())
    }

    /// ↑f for a function of two values.
    ///
    /// # Panics
    /// If the prefixes are not of one length.
    pub fn lift2<B, C>(&self, other: &Stream<B>, f: impl Fn(&A, &B) -> C) -> Stream<C> {
        assert_eq!(self.0.len(), other.0.len(), "prefixes of {} and {} values", self.0.len(), other.0.len());
        Stream(self.0.iter().zip(&other.0).map(|(a, b)| f(a, b)).collect())
    }
}

impl<A: Group> Stream<A> {
    /// z⁻¹: zero, then what was one step earlier.
    pub fn delay(&self) -> Stream<A> {
        let Some((_, earlier)) = self.0.split_last() else { return self.clone() };
        Stream(self.0.first().map(A::zero).into_iter().chain(earlier.iter().cloned()).collect())
    }

    /// I: the sum up to each time. Turns changes into contents.
    pub fn integrate(&self) -> Stream<A> {
        let mut sum = self.0.first().map(A::zero);
        Stream(
            self.0
                .iter()
                .filter_map(|value| {
                    sum = sum.as_ref().map(|sum| sum.plus(value));
                    sum.clone()
                })
                .collect(),
        )
    }

    /// D: the difference from the time before. Turns contents into changes; the inverse of I.
    pub fn differentiate(&self) -> Stream<A> {
        self.minus(&self.delay())
    }

    /// δ₀: `value` at time 0, zero in the `len - 1` steps after it.
    pub fn introduce(value: &A, len: usize) -> Stream<A> {
        Stream((0..len).map(|time| if time == 0 { value.clone() } else { value.zero() }).collect())
    }

    /// ∫: the sum of all values, for a stream that is zero from some time within the prefix on. None of an empty prefix.
    pub fn eliminate(&self) -> Option<A> {
        self.integrate().0.pop()
    }
}

/// D ∘ ↑Q ∘ I: the incremental version of `query` applied to a stream of changes.
pub fn incremental<A: Group, B: Group>(changes: &Stream<A>, query: impl Fn(&A) -> B) -> Stream<B> {
    changes.integrate().lift(query).differentiate()
}

/// The incremental version of a query of two inputs.
pub fn incremental2<A: Group, B: Group, C: Group>(
    left: &Stream<A>,
    right: &Stream<B>,
    query: impl Fn(&A, &B) -> C,
) -> Stream<C> {
    left.integrate().lift2(&right.integrate(), query).differentiate()
}

/// The incremental version of a bilinear query, without the query on whole contents:
/// (a × b)^Δ = a × b + z⁻¹(I(a)) × b + a × z⁻¹(I(b)).
pub fn bilinear<A: Group, B: Group, C: Group>(
    left: &Stream<A>,
    right: &Stream<B>,
    product: impl Fn(&A, &B) -> C,
) -> Stream<C> {
    let both = left.lift2(right, &product);
    let old_left = left.integrate().delay().lift2(right, &product);
    let old_right = left.lift2(&right.integrate().delay(), &product);
    both.plus(&old_left).plus(&old_right)
}
