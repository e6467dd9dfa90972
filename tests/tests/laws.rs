//! Laws of the engine as its user sees it.

use deltaq::Engine;
use deltaq_tests::generate::{Case, Dice, Step, Taste, check, check_made};
use deltaq_tests::watch::Watch;

/// All changes of a case in another split into epochs; changes keep their order.
fn split_anew(steps: &[Step], dice: &mut Dice) -> Vec<Step> {
    let mut out: Vec<Step> = vec![Step::new()];
    for (table, row) in steps.iter().flatten().flat_map(|(table, rows)| rows.iter().map(move |row| (*table, row))) {
        if dice.chance(40) {
            out.push(Step::new());
        }
        let step = out.last_mut().unwrap_or_else(|| panic!("there is a step"));
        match step.last_mut() {
            Some((last, rows)) if *last == table => rows.push(row.clone()),
            _ => step.push((table, vec![row.clone()])),
        }
    }
    out
}

#[test]
fn changes_add_up_to_what_queries_show() {
    check("changes_add_up_to_what_queries_show", 60, Taste::tame(), |case| {
        let mut watch = Watch::open(case, 1, &[])?;
        watch.check("at first")?;
        for (epoch, step) in case.steps().iter().enumerate() {
            watch.push(step)?;
            watch.check(&format!("after epoch {}", epoch + 1))?;
        }
        Ok(())
    });
}

#[test]
fn any_split_on_any_number_of_workers_is_the_same() {
    check("any_split_on_any_number_of_workers_is_the_same", 25, Taste::tame(), |case| {
        let mut dice = Dice::new(case.epochs.len() as u64);
        for workers in [1, 2, 3] {
            let mut watch = Watch::open(case, workers, &[])?;
            for step in split_anew(&case.steps(), &mut dice) {
                watch.push(&step)?;
            }
            watch.check(&format!("{workers} workers"))?;
        }
        Ok(())
    });
}

#[test]
fn first_rows_of_a_join_are_those_of_the_reference() {
    let make = |seed| Case::ranked(seed, &Taste::tame());
    check_made("first_rows_of_a_join_are_those_of_the_reference", 12, &make, true, |case| {
        let steps = case.steps();
        for workers in [1, 2, 3] {
            let early = workers.min(steps.len()).saturating_sub(1);
            let mut watch = Watch::open(case, workers, &steps[..early])?;
            for (epoch, step) in steps[early..].iter().enumerate() {
                watch.push(step)?;
                watch.check(&format!("{workers} workers, after {} epochs more", epoch + 1))?;
            }
        }
        Ok(())
    });
}

#[test]
fn views_may_be_created_at_any_time() {
    check("views_may_be_created_at_any_time", 25, Taste::tame(), |case| {
        let steps = case.steps();
        for (workers, early) in [(1, steps.len()), (2, steps.len() / 2)] {
            let mut watch = Watch::open(case, workers, &steps[..early])?;
            watch.check(&format!("created after {early} epochs"))?;
            for step in &steps[early..] {
                watch.push(step)?;
                watch.check(&format!("created after {early} epochs, later"))?;
            }
        }
        Ok(())
    });
}

#[test]
fn a_rollback_leaves_everything_as_it_was() {
    check("a_rollback_leaves_everything_as_it_was", 40, Taste::tame(), |case| {
        let mut watch = Watch::open(case, 1, &[])?;
        for (epoch, step) in case.steps().iter().enumerate() {
            let tables = watch.tables.clone();
            watch.poll()?;
            watch.execute("BEGIN")?;
            in_sql(&mut watch, case, step)?;
            watch.execute("ROLLBACK")?;
            if watch.poll()? > 0 {
                return Err(format!("epoch {}: a subscription heard of what was rolled back", epoch + 1));
            }
            watch.tables = tables;
            watch.check(&format!("epoch {} rolled back", epoch + 1))?;
            watch.push(step)?;
            watch.check(&format!("epoch {} for good", epoch + 1))?;
        }
        Ok(())
    });
}

/// Tells the engine a step by INSERT and DELETE. Where equal rows stand several times, DELETE takes them all and INSERT brings the
/// others back.
fn in_sql(watch: &mut Watch, case: &Case, step: &Step) -> Result<(), String> {
    for (place, rows) in step {
        let table = &case.tables[*place];
        for (row, weight) in rows {
            if *weight > 0 {
                watch.execute(&format!("INSERT INTO {} VALUES {}", table.name, table.row_sql(row)))?;
            } else {
                let equal = |(value, (name, kind, _)): (_, &(String, _, bool))| {
                    let kind: &deltaq_tests::generate::Kind = kind;
                    format!("{name} IS NOT DISTINCT FROM {}", kind.literal(value))
                };
                let condition: Vec<String> = row.iter().zip(&table.columns).map(equal).collect();
                watch.execute(&format!("DELETE FROM {} WHERE {}", table.name, condition.join(" AND ")))?;
                for _ in 1..watch.tables.rows(*place).weight(row) {
                    watch.execute(&format!("INSERT INTO {} VALUES {}", table.name, table.row_sql(row)))?;
                }
            }
            watch.apply(&vec![(*place, vec![(row.clone(), *weight)])]);
        }
    }
    Ok(())
}

#[test]
fn changes_by_sql_are_changes() {
    check("changes_by_sql_are_changes", 40, Taste::tame(), |case| {
        let mut watch = Watch::open(case, 1, &[])?;
        for (epoch, step) in case.steps().iter().enumerate() {
            watch.execute("BEGIN")?;
            in_sql(&mut watch, case, step)?;
            watch.execute("COMMIT")?;
            watch.check(&format!("after epoch {}", epoch + 1))?;
        }
        Ok(())
    });
}

#[test]
fn what_changes_nothing_is_not_heard_of() {
    check("what_changes_nothing_is_not_heard_of", 40, Taste::tame(), |case| {
        let mut watch = Watch::open(case, 1, &[])?;
        for (epoch, step) in case.steps().iter().enumerate() {
            watch.push(step)?;
            watch.poll()?;
            // Each row of the tables is retracted and inserted again.
            let nothing: Step = (0..case.tables.len())
                .map(|table| {
                    let rows = watch.tables.rows(table).iter();
                    (table, rows.flat_map(|(row, _)| [(row.clone(), -1), (row.clone(), 1)]).collect())
                })
                .collect();
            watch.push(&nothing)?;
            if watch.poll()? > 0 {
                return Err(format!("after epoch {}, a step without effect was heard of", epoch + 1));
            }
        }
        Ok(())
    });
}

#[test]
fn state_goes_with_the_rows() {
    check("state_goes_with_the_rows", 40, Taste::tame(), |case| {
        let mut watch = Watch::open(case, 1, &[])?;
        let fresh = watch.state_rows()?;
        for step in case.steps() {
            watch.push(&step)?;
        }
        let wipe: Step = (0..case.tables.len())
            .map(|table| (table, watch.tables.rows(table).iter().map(|(row, weight)| (row.clone(), -weight)).collect()))
            .collect();
        watch.push(&wipe)?;
        watch.check("all gone")?;
        match watch.state_rows()? {
            rows if rows == fresh => Ok(()),
            rows => Err(format!(
                "all gone, and the state has {rows} rows; at first it had {fresh}: {:#?}",
                watch.db.state()
            )),
        }
    });
}

#[test]
fn nothing_panics_on_failing_rows() {
    check("nothing_panics_on_failing_rows", 40, Taste::wild(), |case| {
        let mut watch = Watch::open(case, 2, &[])?;
        for (epoch, step) in case.steps().iter().enumerate() {
            watch.push(step)?;
            watch.check(&format!("after epoch {}", epoch + 1))?;
        }
        Ok(())
    });
}

/// A text joined to another is no key that a rewrite knows: it shows what groups of texts are.
#[test]
fn groups_of_texts_are_groups_of_what_they_tell() {
    let patterns = ["yyyy-MM-dd", "ddMMyyyy HH", "HH:mm", "yyyyMMddHHmmss", "MM-yyyy"];
    let shown = |by: &str, text: &str| {
        let keys = [
            format!("DATE_FORMAT(at, '{by}'){text}"),
            format!("CAST(n AS TEXT){text}"),
            format!("CAST(n > 1 AS TEXT){text}"),
        ];
        let minute = format!("DATE_FORMAT(at, 'HH:mm'){text}");
        format!(
            "SELECT {} AS a, {} AS b, {} AS c, COUNT(*) AS d, COUNT({minute}) AS e, \
             COUNT(DISTINCT TO_CHAR(at, 'YYYYMMDD'){text}) AS f, MIN({minute}) AS g, MAX({minute}) AS h, MIN(n) AS i, \
             MAX(n) AS j, MAX(n) FILTER (WHERE n > 0) AS k FROM times GROUP BY {}",
            keys[0],
            keys[1],
            keys[2],
            keys.join(", ")
        )
    };
    let mut engine = Engine::open_in_memory().expect("an engine opens");
    engine.execute("CREATE TABLE times (id BIGINT, at TIMESTAMP, n INT)").expect("a table");
    for (index, pattern) in patterns.iter().enumerate() {
        for (view, text) in [("plain", ""), ("joined", " || ''")] {
            engine.execute(&format!("CREATE VIEW {view}{index} AS {}", shown(pattern, text))).expect("a view");
        }
    }
    let mut dice = Dice::new(17);
    for round in 0..8 {
        let rows: Vec<String> = (0..60)
            .map(|row| {
                // Years around the turn of eras, and around where they get a fifth digit.
                let (year, era) = *dice.pick(&[(4, " BC"), (5, " BC"), (4, ""), (2013, ""), (9999, ""), (10_000, "")]);
                let (day, hour, second) = (dice.between(26, 28), dice.below(3), dice.below(60));
                let at = match dice.chance(90) {
                    true => format!("TIMESTAMP '{year:04}-02-{day} {hour:02}:01:{second:02}{era}'"),
                    false => "NULL".into(),
                };
                format!("({}, {at}, {})", round * 60 + row, dice.pick(&["0", "1", "2", "NULL"]))
            })
            .collect();
        engine.execute(&format!("INSERT INTO times VALUES {}", rows.join(", "))).expect("rows");
        engine.execute(&format!("DELETE FROM times WHERE id % 3 = {}", dice.below(3))).expect("fewer rows");
        for index in 0..patterns.len() {
            for (more, less) in [("plain", "joined"), ("joined", "plain")] {
                let sql = format!("SELECT * FROM {more}{index} EXCEPT ALL SELECT * FROM {less}{index}");
                assert_eq!(engine.query(&sql).expect("a result").len(), 0, "round {round}: {sql}");
            }
        }
    }
}
