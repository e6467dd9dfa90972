//! Laws of the circuit on generated queries: whatever the changes, the workers and the moment a view is created, a view shows
//! what its query yields on the tables as they are.

use std::cell::Cell;

use deltaq_circuit::Size;
use deltaq_compiler::{Plan, rewrite};
use deltaq_tests::generate::{Case, Step, Taste, check, check_made};
use deltaq_tests::inline::{Inline, Shape};
use deltaq_tests::rows::Bag;

/// A circuit with the tables and views of a case.
fn open(case: &Case, workers: usize, shape: Shape, before_views: &[Step]) -> Result<Inline, String> {
    let mut inline = Inline::new(workers, shape);
    case.tables.iter().for_each(|t| inline.create_table(t));
    before_views.iter().for_each(|s| inline.step(s));
    for index in 0..case.views.len() {
        let sql = case.view_sql(index);
        if let Err(diagnostics) = inline.create_view(&Case::view_name(index), &sql) {
            // A constant that cannot be computed is a mistake in the SQL: the case ends before it.
            if diagnostics.0.iter().all(|d| d.code.starts_with("22")) {
                break;
            }
            return Err(format!("{sql}\n{diagnostics}"));
        }
    }
    Ok(inline)
}

/// Compares all views with the reference; those whose reference meets an error are left out.
fn check_views(inline: &Inline, when: &str) -> Result<(), String> {
    for view in inline.views() {
        if let Some(row) = view.contents.negative() {
            return Err(format!("{when}, {} holds {row:?} less than no times\n{}", view.name, inline.text()));
        }
        let answer = inline.tables.answer(&view.name);
        if !answer.errors.is_empty() {
            continue;
        }
        if !view.errors.is_empty() {
            return Err(format!("{when}, {} has errors {:?}, the reference none", view.name, view.errors));
        }
        same(&view.contents, &answer.rows, &format!("{when}, {}", view.name), inline)?;
    }
    Ok(())
}

fn same(actual: &Bag, expected: &Bag, what: &str, inline: &Inline) -> Result<(), String> {
    if actual == expected {
        return Ok(());
    }
    Err(format!("{what}\nexpected:\n{expected}found:\n{actual}\n{}", inline.text()))
}

fn incremental(case: &Case, workers: usize, shape: Shape) -> Result<(), String> {
    let mut inline = open(case, workers, shape, &[])?;
    check_views(&inline, "at first")?;
    for (epoch, step) in case.steps().iter().enumerate() {
        inline.step(step);
        check_views(&inline, &format!("after epoch {}", epoch + 1))?;
    }
    Ok(())
}

#[test]
fn every_view_shows_its_query() {
    check("every_view_shows_its_query", 200, Taste::tame(), |case| incremental(case, 1, Shape::Bound));
}

#[test]
fn rewrites_change_nothing() {
    check("rewrites_change_nothing", 100, Taste::tame(), |case| incremental(case, 1, Shape::Optimized));
}

#[test]
fn inlined_views_change_nothing() {
    check("inlined_views_change_nothing", 60, Taste::tame(), |case| incremental(case, 1, Shape::Inlined));
}

#[test]
fn two_and_three_workers_change_nothing() {
    check("two_and_three_workers_change_nothing", 60, Taste::tame(), |case| {
        incremental(case, 2, Shape::Optimized)?;
        incremental(case, 3, Shape::Optimized)
    });
}

#[test]
fn views_may_come_after_the_data() {
    check("views_may_come_after_the_data", 60, Taste::tame(), |case| {
        let steps = case.steps();
        for (workers, early) in [(1, steps.len()), (1, steps.len() / 2), (2, steps.len() / 2)] {
            let (before, after) = steps.split_at(early);
            let mut inline = open(case, workers, Shape::Optimized, before)?;
            check_views(&inline, &format!("created after {early} epochs"))?;
            for (epoch, step) in after.iter().enumerate() {
                inline.step(step);
                check_views(&inline, &format!("created after {early} epochs, {} epochs later", epoch + 1))?;
            }
        }
        Ok(())
    });
}

#[test]
fn a_restart_from_saved_state_changes_nothing() {
    check("a_restart_from_saved_state_changes_nothing", 60, Taste::tame(), |case| {
        let mut inline = open(case, 1, Shape::Optimized, &[])?;
        for (epoch, step) in case.steps().iter().enumerate() {
            inline.restart();
            inline.step(step);
            check_views(&inline, &format!("restarted before epoch {}", epoch + 1))?;
        }
        Ok(())
    });
}

#[test]
fn state_holds_what_the_deltas_say() {
    check("state_holds_what_the_deltas_say", 60, Taste::tame(), |case| {
        let mut inline = open(case, 1, Shape::Optimized, &[])?;
        for (epoch, step) in case.steps().iter().enumerate() {
            inline.step(step);
            for view in inline.views() {
                let contents = inline.contents(view.root);
                same(&contents, &view.contents, &format!("epoch {}: the state of {}", epoch + 1, view.name), &inline)?;
            }
        }
        Ok(())
    });
}

#[test]
fn what_is_undone_leaves_no_trace() {
    check("what_is_undone_leaves_no_trace", 100, Taste::tame(), |case| {
        let mut inline = open(case, 1, Shape::Optimized, &[])?;
        for (epoch, step) in case.steps().iter().enumerate() {
            let before: Vec<Bag> = inline.views().iter().map(|v| v.contents.clone()).collect();
            let sizes = inline.sizes();
            inline.step(step);
            let inverse: Step = step
                .iter()
                .map(|(table, rows)| (*table, rows.iter().rev().map(|(row, weight)| (row.clone(), -weight)).collect()))
                .collect();
            inline.step(&inverse);
            for (view, before) in inline.views().iter().zip(&before) {
                same(&view.contents, before, &format!("epoch {} undone, {}", epoch + 1, view.name), &inline)?;
            }
            // An arrangement may keep equal rows of different epochs apart; what it holds in the end is checked below.
            for (node, size) in inline.sizes().into_iter().filter(|(node, _)| !inline.is_arrangement(*node)) {
                let before = sizes.get(&node).copied().unwrap_or_default();
                if before.rows != size.rows {
                    let what = format!("node {node} held {} rows and holds {}", before.rows, size.rows);
                    return Err(format!("epoch {} undone: {what}\n{}", epoch + 1, inline.text()));
                }
            }
            inline.step(step);
        }
        // Everything goes.
        let wipe: Step = (0..case.tables.len())
            .map(|table| {
                (table, inline.tables.rows(table).iter().map(|(row, weight)| (row.clone(), -weight)).collect())
            })
            .collect();
        let fresh = open(case, 1, Shape::Optimized, &[])?;
        inline.step(&wipe);
        for (view, fresh) in inline.views().iter().zip(fresh.views()) {
            same(&view.contents, &fresh.contents, &format!("all gone, {}", view.name), &inline)?;
        }
        let rows = |size: Size| size.rows;
        if rows(inline.size()) != rows(fresh.size()) {
            return Err(format!(
                "all gone, and the state is {:?}, at first it was {:?}\n{:?}\n{}",
                inline.size(),
                fresh.size(),
                inline.sizes(),
                inline.text()
            ));
        }
        Ok(())
    });
}

/// Q = Q where p ⊎ Q where NOT p ⊎ Q where p IS NULL.
#[test]
fn a_ternary_partition_adds_up() {
    let make = |seed| Case::partition(seed, &Taste::tame());
    check_made("a_ternary_partition_adds_up", 100, &make, false, |case| {
        let mut inline = open(case, 1, Shape::Optimized, &[])?;
        for (epoch, step) in case.steps().iter().enumerate() {
            inline.step(step);
            let [whole, parts @ ..] = inline.views() else { return Ok(()) };
            if inline.views().iter().any(|v| !v.errors.is_empty()) {
                continue;
            }
            let mut sum = Bag::new();
            parts.iter().for_each(|p| sum.add_bag(&p.contents, 1));
            same(&sum, &whole.contents, &format!("the parts in epoch {}", epoch + 1), &inline)?;
        }
        Ok(())
    });
}

/// Where each row stands for itself, rows and errors are those of the definition, and go with what caused them.
#[test]
fn errors_come_and_go_with_their_rows() {
    check("errors_come_and_go_with_their_rows", 300, Taste::flat(), |case| {
        for shape in [Shape::Bound, Shape::Optimized] {
            let mut inline = open(case, 1, shape, &[])?;
            for (epoch, step) in case.steps().iter().enumerate() {
                inline.step(step);
                for view in inline.views() {
                    let answer = inline.tables.answer(&view.name);
                    let what = format!("epoch {}, {}", epoch + 1, view.name);
                    same(&view.contents, &answer.rows, &what, &inline)?;
                    let errors: Vec<_> = view.errors.iter().map(|(code, weight)| (code.as_str(), *weight)).collect();
                    let expected: Vec<_> = answer.errors.into_iter().collect();
                    if errors != expected {
                        return Err(format!("{what}: errors {errors:?}, expected {expected:?}\n{}", inline.text()));
                    }
                }
            }
        }
        Ok(())
    });
}

/// With failures anywhere, the deltas still add up the same whatever the workers and the moment of creation, and undoing undoes.
#[test]
fn failing_rows_do_not_break_the_laws() {
    check("failing_rows_do_not_break_the_laws", 150, Taste::wild(), |case| {
        let steps = case.steps();
        let mut one = open(case, 1, Shape::Optimized, &[])?;
        let mut three = open(case, 3, Shape::Optimized, &[])?;
        for (epoch, step) in steps.iter().enumerate() {
            one.step(step);
            three.step(step);
            for (a, b) in one.views().iter().zip(three.views()) {
                same(
                    &b.contents,
                    &a.contents,
                    &format!("epoch {}, {} on 3 workers and on 1", epoch + 1, a.name),
                    &three,
                )?;
                if a.errors != b.errors {
                    return Err(format!(
                        "epoch {}, {}: errors {:?} and {:?}\n{}",
                        epoch + 1,
                        a.name,
                        a.errors,
                        b.errors,
                        one.text()
                    ));
                }
            }
        }
        let late = open(case, 1, Shape::Optimized, &steps)?;
        for (a, b) in one.views().iter().zip(late.views()) {
            same(&b.contents, &a.contents, &format!("{} created late", a.name), &late)?;
            if a.errors != b.errors {
                return Err(format!(
                    "{} created late: errors {:?}, should be {:?}\n{}",
                    a.name,
                    b.errors,
                    a.errors,
                    late.text()
                ));
            }
        }
        Ok(())
    });
}

/// The first rows of partitions, of which columns are fetched late, are those of the reference; errors are those of the plan that
/// carries all columns.
#[test]
fn what_is_fetched_late_is_what_was_carried() {
    const PASS: &str = "fetch late what a partition determines";
    let (views, late) = (Cell::new(0), Cell::new(0));
    let tame = |seed| Case::ranked(seed, &Taste::tame());
    check_made("what_is_fetched_late_is_what_was_carried", 120, &tame, true, |case| {
        let inline = open(case, 1, Shape::Optimized, &[])?;
        for view in inline.views() {
            let plan = inline.tables.plan(&view.name).clone();
            let joins = |plan: Plan| plan.to_string().matches("Join on").count();
            views.set(views.get() + 1);
            let fetches = joins(rewrite::optimize(plan.clone(), &inline.tables)) > joins(plan);
            late.set(late.get() + usize::from(fetches));
        }
        for (workers, shape) in
            [(1, Shape::Optimized), (1, Shape::Inlined), (2, Shape::Optimized), (3, Shape::Optimized)]
        {
            incremental(case, workers, shape)?;
        }
        Ok(())
    });
    assert!(views.get() < 40 || late.get() * 3 > views.get(), "{} of {} views fetch late", late.get(), views.get());
    let wild = |seed| Case::ranked(seed, &Taste::wild());
    check_made("what_is_fetched_late_is_what_was_carried", 80, &wild, true, |case| {
        let mut carried = open(case, 1, Shape::Without(PASS), &[])?;
        let mut fetched = [1, 3].map(|workers| open(case, workers, Shape::Optimized, &[]));
        for (epoch, step) in case.steps().iter().enumerate() {
            carried.step(step);
            for fetched in &mut fetched {
                let fetched = fetched.as_mut().map_err(|error| error.clone())?;
                fetched.step(step);
                for (a, b) in carried.views().iter().zip(fetched.views()) {
                    let what = format!("epoch {}, {}", epoch + 1, a.name);
                    same(&b.contents, &a.contents, &what, fetched)?;
                    if a.errors != b.errors {
                        let text = fetched.text();
                        return Err(format!("{what}: errors {:?}, carried {:?}\n{text}", b.errors, a.errors));
                    }
                }
            }
        }
        Ok(())
    });
}
