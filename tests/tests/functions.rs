//! The examples of every function, as the manual prints them, through the whole engine.

use deltaq::Engine;
use deltaq_operators::functions;

/// The text of a result, `NULL`, or `error CODE`.
fn shown(engine: &mut Engine, sql: &str) -> String {
    match engine.query(sql) {
        Ok(rows) => rows.cell(0, 0).unwrap_or_else(|| "NULL".into()),
        Err(error) => format!("error {}", error.code()),
    }
}

#[test]
fn examples_give_what_the_manual_says() {
    let mut engine = Engine::open_in_memory().unwrap();
    let mut wrong = Vec::new();
    for function in functions::all() {
        for (sql, expected) in function.examples {
            let got = shown(&mut engine, &format!("SELECT {sql}"));
            if got != *expected {
                let why = engine.query(&format!("SELECT {sql}")).err().map(|e| e.to_string()).unwrap_or_default();
                wrong.push(format!("{}: {sql} gives {got}, not {expected} {why}", function.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
