//! Rows as plain Rust structs, in and out by serde; changes by callback. `cargo run --example typed_rows`

use std::sync::mpsc;

use deltaq::Engine;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Order {
    id: i32,
    customer: String,
    amount: f64,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Customer {
    customer: String,
    orders: i64,
    spent: f64,
}

fn main() -> deltaq::Result<()> {
    let mut db = Engine::open_in_memory()?;
    db.execute(
        "CREATE TABLE orders(id INT PRIMARY KEY, customer TEXT, amount DOUBLE);
         CREATE VIEW customers AS
             SELECT customer, COUNT(*) AS orders, SUM(amount) AS spent FROM orders GROUP BY customer;
         CREATE VIEW best AS SELECT * FROM customers WHERE spent >= 100",
    )?;

    // Called before the call that commits returns; so hand changes on rather than work on them here.
    let (sender, changes) = mpsc::channel();
    db.on_change("best", move |change| {
        // Nobody may listen any more.
        let _ = sender.send(change.rows::<Customer>());
    })?;

    let order = |id, customer: &str, amount| Order { id, customer: customer.to_string(), amount };
    let mut tx = db.begin()?;
    tx.append_rows("orders", &[order(1, "Ada", 60.0), order(2, "Grace", 120.0), order(3, "Ada", 55.5)])?;
    tx.commit()?;

    let best: Vec<Customer> = db.query("SELECT * FROM best ORDER BY spent DESC")?.to_rows()?;
    println!("now: {best:#?}");
    assert_eq!(best[0], Customer { customer: "Grace".to_string(), orders: 1, spent: 120.0 });

    db.execute("DELETE FROM orders WHERE id = 3")?;
    let best: Vec<Customer> = db.query("SELECT * FROM best")?.to_rows()?;
    assert_eq!(best.len(), 1);

    // A key that is there already is an error, and the transaction can be given up.
    let mut tx = db.begin()?;
    let error = tx.append_rows("orders", &[order(1, "Eve", 1.0)]).err();
    println!("a second order 1: {}", error.map(|e| e.to_string()).unwrap_or_default());
    tx.rollback()?;

    drop(db);
    for change in changes {
        for (customer, weight) in change? {
            println!("{weight:+} {customer:?}");
        }
    }
    Ok(())
}
