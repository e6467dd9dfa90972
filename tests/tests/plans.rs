//! What EXPLAIN prints for the queries of `plans/`. `DELTAQ_ACCEPT=1` writes it anew.

use deltaq::{Engine, ExplainFormat};
use deltaq_tests::snapshot;

#[test]
fn explain_reads_as_recorded() {
    snapshot::check("plans", "sql", |sql| {
        let mut db = Engine::open_in_memory().expect("an engine opens");
        let (setup, query) = sql.trim().rsplit_once(";\n").unwrap_or(("", sql));
        db.execute(setup).unwrap_or_else(|e| panic!("{setup}: {e:?}"));
        let query = query.trim().trim_end_matches(';');
        db.explain(query, ExplainFormat::Text).unwrap_or_else(|e| panic!("{query}: {e:?}"))
    });
}
