//! The reference evaluator against PostgreSQL, on generated queries: binder and reference mean what SQL means.

use deltaq_tests::generate::{Case, Taste, check};
use deltaq_tests::oracle::postgres::{Cluster, comparable};
use deltaq_tests::tables::Tables;

#[test]
fn the_reference_agrees_with_postgresql() {
    let Some(cluster) = Cluster::start() else {
        println!("PostgreSQL is not installed here: the reference was not checked against it");
        return;
    };
    let session = std::cell::RefCell::new(cluster.session());
    check("the_reference_agrees_with_postgresql", 150, Taste::portable(), |case: &Case| {
        let mut session = session.borrow_mut();
        let mut run = |sql: &str| session.run(sql).map_err(|code| format!("PostgreSQL says {code} to {sql}"));
        let mut tables = Tables::default();
        // What a failed case left open.
        run("ROLLBACK")?;
        run("BEGIN")?;
        for table in &case.tables {
            tables.create_table(table);
            run(&table.sql())?;
        }
        for step in case.steps() {
            for (table, rows) in step {
                rows.into_iter().for_each(|(row, weight)| tables.rows_mut(table).add(row, weight));
            }
        }
        for (index, table) in case.tables.iter().enumerate() {
            for row in tables.rows(index).rows() {
                run(&format!("INSERT INTO {} VALUES {}", table.name, table.row_sql(row)))?;
            }
        }
        let mut disagreement = Ok(());
        for index in 0..case.views.len() {
            let sql = case.view_sql(index);
            run(&sql)?;
            if let Err(e) = tables.create_view(&sql) {
                if e.to_string().contains("no function") {
                    break;
                }
                return Err(format!("{sql}\ndeltaq says {e}"));
            }
            let name = Case::view_name(index);
            let answer = tables.answer(&name);
            let theirs = run(&format!("SELECT * FROM {name}"));
            if !answer.errors.is_empty() {
                break;
            }
            // There, some joins without equality are not supported.
            if theirs.as_ref().is_err_and(|e| e.contains("0A000")) {
                break;
            }
            let theirs = comparable(theirs?.rows);
            let schema = tables.plan(&name).schema();
            let ours =
                comparable(answer.rows.rows().map(|row| deltaq_tests::reference::row_text(row, &schema)).collect());
            if ours != theirs {
                disagreement = Err(format!("{sql}\nthe reference: {ours:#?}\nPostgreSQL: {theirs:#?}"));
            }
        }
        run("ROLLBACK")?;
        disagreement
    });
}
