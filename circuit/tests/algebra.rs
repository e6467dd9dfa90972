//! The laws of the stream algebra, on random streams with retractions.

use deltaq_circuit::zset::{Group, Stream, Zset, bilinear, incremental, incremental2};
use proptest::collection::vec;
use proptest::prelude::*;

type Row = (i8, i8);
type Rows = Zset<Row>;

fn zset() -> impl Strategy<Value = Rows> {
    vec(((0..4i8, 0..3i8), -2..3i64), 0..6).prop_map(|rows| rows.into_iter().collect())
}

fn stream() -> impl Strategy<Value = Stream<Rows>> {
    vec(zset(), 0..6).prop_map(Stream)
}

fn two_streams() -> impl Strategy<Value = (Stream<Rows>, Stream<Rows>)> {
    vec((zset(), zset()), 0..6).prop_map(|pairs| {
        let (a, b) = pairs.into_iter().unzip();
        (Stream(a), Stream(b))
    })
}

/// Streams of streams, all inner ones of one length.
fn nested() -> impl Strategy<Value = (Stream<Stream<Rows>>, Stream<Stream<Rows>>)> {
    (1..4usize).prop_flat_map(|inner| {
        let stream = move || vec(zset(), inner).prop_map(Stream);
        vec((stream(), stream()), 1..4).prop_map(|pairs| {
            let (a, b) = pairs.into_iter().unzip();
            (Stream(a), Stream(b))
        })
    })
}

fn linear(rows: &Rows) -> Rows {
    rows.filter(|row| row.0 != 1).map(|row| (row.1, row.0 / 2))
}

fn join(left: &Rows, right: &Rows) -> Rows {
    left.join(right, |l, r| (l.0 == r.0).then_some((l.1, r.1)))
}

/// Grouping and counting: neither linear nor bilinear.
fn general(rows: &Rows) -> Rows {
    let distinct = rows.distinct();
    (0..4i8).map(|key| ((key, distinct.filter(|row| row.0 == key).iter().count() as i8), 1)).collect()
}

proptest! {
    #[test]
    fn zsets_are_an_abelian_group(a in zset(), b in zset(), c in zset()) {
        prop_assert_eq!(a.plus(&b), b.plus(&a));
        prop_assert_eq!(a.plus(&b).plus(&c), a.plus(&b.plus(&c)));
        prop_assert_eq!(a.plus(&a.zero()), a.clone());
        prop_assert_eq!(a.minus(&a), a.zero());
        prop_assert!(a.plus(&b).iter().all(|(_, weight)| weight != 0));
    }

    #[test]
    fn integration_and_differentiation_are_inverse(s in stream()) {
        prop_assert_eq!(s.integrate().differentiate(), s.clone());
        prop_assert_eq!(s.differentiate().integrate(), s);
    }

    #[test]
    fn operators_on_streams_are_linear_and_commute_with_delay((a, b) in two_streams()) {
        let operators = [Stream::delay, Stream::integrate, Stream::differentiate];
        for f in operators {
            prop_assert_eq!(f(&a.plus(&b)), f(&a).plus(&f(&b)), "linear");
            prop_assert_eq!(f(&a.delay()), f(&a).delay(), "time-invariant");
        }
    }

    #[test]
    fn operators_are_causal(s in stream(), len in 0..6usize) {
        let cut = |s: &Stream<Rows>| Stream(s.0.iter().take(len).cloned().collect::<Vec<_>>());
        for f in [Stream::delay, Stream::integrate, Stream::differentiate] {
            prop_assert_eq!(f(&cut(&s)), cut(&f(&s)));
        }
        prop_assert_eq!(incremental(&cut(&s), general), cut(&incremental(&s, general)));
    }

    #[test]
    fn a_linear_query_is_its_own_incremental_version((a, b) in two_streams()) {
        prop_assert_eq!(incremental(&a, linear), a.lift(linear));
        for (a, b) in a.0.iter().zip(&b.0) {
            prop_assert_eq!(linear(&a.plus(b)), linear(a).plus(&linear(b)));
        }
    }

    #[test]
    fn the_product_rule((a, b) in two_streams()) {
        prop_assert_eq!(incremental2(&a, &b, join), bilinear(&a, &b, join));
    }

    #[test]
    fn sums_of_incremental_versions_are_whole_results(s in stream()) {
        prop_assert_eq!(incremental(&s, general).integrate(), s.integrate().lift(general));
    }

    #[test]
    fn incremental_versions_compose(s in stream()) {
        let whole = incremental(&s, |rows| linear(&general(rows)));
        prop_assert_eq!(incremental(&incremental(&s, general), linear), whole);
    }

    #[test]
    fn elimination_undoes_introduction(a in zset(), len in 1..5usize) {
        let stream = Stream::introduce(&a, len);
        prop_assert_eq!(stream.eliminate(), Some(a.clone()));
        prop_assert_eq!(stream.integrate(), Stream(vec![a; len]));
    }

    #[test]
    fn nested_streams_obey_the_same_laws((a, b) in nested()) {
        // On the outer stream, on the inner ones, and in either order.
        prop_assert_eq!(a.integrate().differentiate(), a.clone());
        prop_assert_eq!(a.lift(Stream::integrate).lift(Stream::differentiate), a.clone());
        prop_assert_eq!(a.lift(Stream::integrate).integrate(), a.integrate().lift(Stream::integrate));
        prop_assert_eq!(a.lift(Stream::delay).delay(), a.delay().lift(Stream::delay));

        // A linear operator on inner streams is its own incremental version on the outer one.
        prop_assert_eq!(incremental(&a, Stream::integrate), a.lift(Stream::integrate));
        prop_assert_eq!(incremental(&a, |inner| inner.lift(linear)), a.lift(|inner| inner.lift(linear)));

        // The product rule on the outer stream, of a product of inner streams that is bilinear itself.
        let product = |l: &Stream<Rows>, r: &Stream<Rows>| bilinear(l, r, join);
        prop_assert_eq!(incremental2(&a, &b, product), bilinear(&a, &b, product));
    }
}

/// Transitive closure as a fixed point: the loop runs on an inner stream, the edges change on the outer one.
#[test]
fn a_recursive_query_is_incremental_on_nested_streams() {
    const ROUNDS: usize = 6;
    let step = |edges: &Rows, paths: &Rows| {
        edges.plus(&edges.join(paths, |e, p| (e.1 == p.0).then_some((e.0, p.1)))).distinct()
    };
    // The contents of each round of the loop, from the edges: ↑step around a delay.
    let rounds = |edges: &Rows| {
        let mut paths = vec![edges.zero()];
        (1..ROUNDS).for_each(|round| paths.push(step(edges, &paths[round - 1])));
        Stream(paths)
    };
    let closure = |edges: &Rows| rounds(edges).differentiate().eliminate().unwrap_or_default();

    let changes: Stream<Rows> = Stream(vec![
        [((0, 1), 1), ((1, 2), 1)].into_iter().collect(),
        [((2, 3), 1)].into_iter().collect(),
        [((1, 2), -1)].into_iter().collect(),
    ]);
    let paths = |rows: &[Row]| rows.iter().map(|row| (*row, 1)).collect::<Rows>();
    let contents = incremental(&changes, closure).integrate();
    assert_eq!(contents.0[0], paths(&[(0, 1), (1, 2), (0, 2)]));
    assert_eq!(contents.0[1], paths(&[(0, 1), (1, 2), (2, 3), (0, 2), (1, 3), (0, 3)]));
    assert_eq!(contents.0[2], paths(&[(0, 1), (2, 3)]));

    // Changes of the rounds, nested in changes of the edges: the sum over both is the closure.
    let nested = incremental(&changes, |edges| rounds(edges).differentiate());
    let summed = nested.lift(|inner| inner.eliminate().unwrap_or_default()).integrate();
    assert_eq!(summed, contents);
}
