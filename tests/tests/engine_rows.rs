//! Rows in and out of the engine: appends, upserts, deletes and raw weights, typed rows, and what each refuses.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int32Array, Int64Array, LargeStringArray, RecordBatch, StringArray};
use deltaq::{Engine, Error, Outcome};
use serde::{Deserialize, Serialize};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

fn ints(values: &[i32]) -> ArrayRef {
    Arc::new(Int32Array::from(values.to_vec()))
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// All rows of a query, as text, sorted.
fn all(db: &mut Engine, sql: &str) -> Vec<String> {
    let rows = db.query(sql).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    let columns = rows.schema().len();
    let cell = |row: usize, column| rows.cell(row, column).unwrap_or_else(|| "NULL".into());
    let mut all: Vec<String> =
        (0..rows.len()).map(|row| (0..columns).map(|c| cell(row, c)).collect::<Vec<_>>().join(" ")).collect();
    all.sort();
    all
}

fn people() -> Engine {
    let mut db = Engine::open_in_memory().expect("an engine");
    db.execute(
        "CREATE TABLE people(id INT PRIMARY KEY, name VARCHAR(5) NOT NULL DEFAULT 'anon', age INT);
         CREATE VIEW names AS SELECT name, COUNT(*) AS n FROM people GROUP BY name",
    )
    .expect("tables and views");
    db
}

#[test]
fn columns_are_matched_by_name_then_by_place() -> Result<(), Error> {
    let mut db = people();
    let mut tx = db.begin()?;
    tx.append("people", batch(vec![("name", texts(&["Ada"])), ("ID", ints(&[1]))]))?;
    tx.append("people", batch(vec![("a", ints(&[2])), ("b", texts(&["Bob"])), ("c", ints(&[20]))]))?;
    tx.append("people", batch(vec![("id", ints(&[3]))]))?;
    tx.commit()?;
    assert_eq!(all(&mut db, "SELECT * FROM people"), ["1 Ada NULL", "2 Bob 20", "3 anon NULL"]);
    let mut tx = db.begin()?;
    let error = tx.append("people", batch(vec![("id", ints(&[4])), ("nome", texts(&["x"]))])).unwrap_err();
    assert_eq!(error.code(), "42703");
    assert!(error.to_string().contains("nome"), "{error}");
    assert_eq!(tx.append("nobody", batch(vec![("id", ints(&[4]))])).unwrap_err().code(), "42P01");
    assert_eq!(tx.append("names", batch(vec![("id", ints(&[4]))])).unwrap_err().code(), "42809");
    tx.rollback()
}

#[test]
fn columns_are_cast() -> Result<(), Error> {
    let mut db = people();
    let mut tx = db.begin()?;
    let id: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let name: ArrayRef = Arc::new(LargeStringArray::from(vec!["Ada", "Bob"]));
    tx.append("people", batch(vec![("id", id), ("name", name)]))?;
    tx.append("people", batch(vec![("id", texts(&["3"])), ("name", texts(&["C"])), ("age", texts(&["33"]))]))?;
    let far: ArrayRef = Arc::new(Int64Array::from(vec![1 << 40]));
    assert_eq!(tx.append("people", batch(vec![("id", far)])).unwrap_err().code(), "22003");
    assert!(tx.append("people", batch(vec![("id", texts(&["x"]))])).unwrap_err().is_data());
    tx.commit()?;
    assert_eq!(all(&mut db, "SELECT * FROM people"), ["1 Ada NULL", "2 Bob NULL", "3 C 33"]);
    Ok(())
}

#[test]
fn a_call_that_fails_changes_nothing() -> Result<(), Error> {
    let mut db = people();
    db.execute("INSERT INTO people VALUES (1, 'Ada', 36)")?;
    let mut tx = db.begin()?;
    tx.append("people", batch(vec![("id", ints(&[2])), ("name", texts(&["Bob"]))]))?;
    for (rows, code) in [
        (batch(vec![("id", ints(&[3, 1])), ("name", texts(&["C", "D"]))]), "23505"),
        (batch(vec![("id", ints(&[3, 2])), ("name", texts(&["C", "D"]))]), "23505"),
        (batch(vec![("id", ints(&[3, 3])), ("name", texts(&["C", "D"]))]), "23505"),
        (batch(vec![("id", ints(&[3, 4])), ("name", Arc::new(StringArray::from(vec![Some("C"), None])))]), "23502"),
        (batch(vec![("id", ints(&[3, 4])), ("name", texts(&["C", "Dagobert"]))]), "22001"),
    ] {
        assert_eq!(tx.append("people", rows).unwrap_err().code(), code);
    }
    assert_eq!(tx.delete("people", batch(vec![("id", ints(&[1, 9]))])).unwrap_err().code(), "P0002");
    tx.commit()?;
    assert_eq!(all(&mut db, "SELECT * FROM names"), ["Ada 1", "Bob 1"]);
    Ok(())
}

#[test]
fn upserts_and_deletes_become_weights() -> Result<(), Error> {
    let mut db = people();
    db.execute("INSERT INTO people VALUES (1, 'Ada', 36), (2, 'Bob', 20)")?;
    let sub = db.subscribe("people")?;
    sub.poll()?;
    let mut tx = db.begin()?;
    let rows =
        batch(vec![("id", ints(&[1, 2, 3])), ("name", texts(&["Ada", "Bo", "Cy"])), ("age", ints(&[36, 20, 1]))]);
    assert_eq!(tx.upsert("people", rows)?, 3);
    tx.commit()?;
    let changes = sub.poll()?;
    assert_eq!(changes.len(), 1);
    type Typed = (i32, String, Option<i32>);
    let mut rows: Vec<(Typed, i64)> = changes[0].rows()?;
    rows.sort();
    let row = |id, name: &str, age| (id, name.to_string(), Some(age));
    assert_eq!(rows, [(row(2, "Bo", 20), 1), (row(2, "Bob", 20), -1), (row(3, "Cy", 1), 1)]);
    let mut tx = db.begin()?;
    tx.delete("people", batch(vec![("id", ints(&[1, 2]))]))?;
    tx.delete("people", batch(vec![("id", ints(&[3])), ("name", texts(&["Cy"])), ("age", ints(&[1]))]))?;
    tx.commit()?;
    assert!(db.query("SELECT * FROM people")?.is_empty());
    let mut tx = db.begin()?;
    let epoch = tx.upsert("people", batch(vec![("id", ints(&[])), ("name", texts(&[])), ("age", ints(&[]))]))?;
    assert_eq!(epoch, 0);
    assert_eq!(tx.commit()?.epoch, 3, "nothing happened, so there is no new epoch");
    Ok(())
}

#[test]
fn weights_are_pushed_as_they_are() -> Result<(), Error> {
    let mut db = Engine::open_in_memory()?;
    db.execute("CREATE TABLE bag(v INT); CREATE VIEW s AS SELECT SUM(v) AS s, COUNT(*) AS n FROM bag")?;
    let mut tx = db.begin()?;
    tx.push("bag", batch(vec![("v", ints(&[1, 2, 2, 3]))]), &[3, 1, 1, 0])?;
    assert_eq!(tx.push("bag", batch(vec![("v", ints(&[1, 1]))]), &[1]).unwrap_err().code(), "22023");
    let error = tx.push("bag", batch(vec![("v", ints(&[1, 2]))]), &[1, -3]).unwrap_err();
    assert!(error.is_absent_row(), "{error}");
    tx.push("bag", batch(vec![("v", ints(&[1]))]), &[-2])?;
    tx.commit()?;
    assert_eq!(all(&mut db, "SELECT * FROM s"), ["5 3"]);
    assert_eq!(all(&mut db, "SELECT * FROM bag"), ["1", "2", "2"]);
    Ok(())
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Order {
    id: i64,
    at: String,
    amount: f64,
    note: Option<String>,
    paid: bool,
}

#[test]
fn typed_rows_go_in_and_come_out() -> Result<(), Error> {
    let mut db = Engine::open_in_memory()?;
    db.execute(
        "CREATE TABLE orders(id BIGINT PRIMARY KEY, at TEXT, amount DOUBLE PRECISION, note TEXT, paid BOOLEAN)",
    )?;
    let order = |id, note: Option<&str>| Order {
        id,
        at: "2013-01-01".into(),
        amount: 1.5,
        note: note.map(String::from),
        paid: id % 2 == 0,
    };
    let orders = [order(1, None), order(2, Some("x"))];
    let mut tx = db.begin()?;
    assert_eq!(tx.append_rows("orders", &orders)?, 2);
    assert_eq!(tx.append_rows("orders", &[(3, "2013-01-02", 2.5, None::<String>, true)])?, 1);
    assert_eq!(tx.append_rows("orders", &[1, 2]).unwrap_err().code(), "22000");
    tx.commit()?;
    let back: Vec<Order> = db.query("SELECT * FROM orders WHERE id < 3 ORDER BY id")?.to_rows()?;
    assert_eq!(back, orders);
    assert!(db.query("SELECT id FROM orders")?.to_rows::<Order>().is_err());
    Ok(())
}

#[test]
fn typed_rows_are_cast_where_serde_knows_no_such_type() -> Result<(), Error> {
    let mut db = Engine::open_in_memory()?;
    db.execute("CREATE TABLE t(d DATE, ts TIMESTAMP, p DECIMAL(10,2), q DECIMAL(6,1), i INTERVAL, u UUID, x TIME)")?;
    let uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
    let mut tx = db.begin()?;
    tx.append_rows("t", &[("2013-01-01", "2013-01-01 05:00:00", "12.5", 7.5, "1 day", uuid, "05:00:00")])?;
    tx.commit()?;
    let row = format!("2013-01-01 2013-01-01 05:00:00 12.50 7.5 1 day {uuid} 05:00:00");
    assert_eq!(all(&mut db, "SELECT * FROM t"), [row]);
    Ok(())
}

#[test]
fn typed_numbers_become_decimals_as_a_cast_makes_them() -> Result<(), Error> {
    #[derive(Serialize)]
    struct Item {
        price: f64,
        rate: f64,
        pieces: i64,
    }
    let mut db = Engine::open_in_memory()?;
    db.execute("CREATE TABLE items(price DECIMAL(10,2), rate REAL, pieces DECIMAL(5,1))")?;
    let mut tx = db.begin()?;
    let item = |price| Item { price, rate: 0.5, pieces: 3 };
    // 0.29 · 100 is 28.999… in floating point.
    tx.append_rows("items", &[0.29, 1.255, -1.255, 2.349, 1e3].map(item))?;
    let large = Item { price: 1e8, ..item(0.0) };
    assert_eq!(tx.append_rows("items", &[large]).unwrap_err().code(), "22003");
    let large = Item { rate: 1e300, ..item(0.0) };
    assert_eq!(tx.append_rows("items", &[large]).unwrap_err().code(), "22003");
    tx.commit()?;
    let prices = all(&mut db, "SELECT price FROM items");
    assert_eq!(prices, ["-1.26", "0.29", "1.26", "1000.00", "2.35"]);
    assert_eq!(all(&mut db, "SELECT DISTINCT rate, pieces FROM items"), ["0.5 3.0"]);
    Ok(())
}

#[test]
fn weights_that_could_overflow_are_refused() -> Result<(), Error> {
    let mut db = Engine::open_in_memory()?;
    db.execute("CREATE TABLE t(v INT); CREATE VIEW n AS SELECT COUNT(*) AS n FROM t")?;
    let rows = || batch(vec![("v", ints(&[7, 7]))]);
    let mut tx = db.begin()?;
    for weight in [i64::MAX, i64::MIN, 1 << 31] {
        let error = tx.push("t", rows(), &[1, weight]).unwrap_err();
        assert_eq!(error.code(), "22003", "{weight}: {error}");
    }
    let most = i64::from(i32::MAX);
    assert_eq!(tx.push("t", rows(), &[most, most])?, 2 * most as u64);
    tx.commit()?;
    assert_eq!(all(&mut db, "SELECT * FROM n"), [(2 * most).to_string()]);
    Ok(())
}

#[test]
fn an_append_only_table_retracts_nothing() -> Result<(), Error> {
    let mut db = Engine::open_in_memory()?;
    db.execute(
        "CREATE TABLE log(v INT) WITH (append_only = true);
         CREATE VIEW m AS SELECT MAX(v) AS m FROM log;
         CREATE VIEW m2 AS SELECT m, 36 / (v - 9) AS q FROM m, log;
         INSERT INTO log VALUES (1), (5)",
    )?;
    assert_eq!(db.execute("DELETE FROM log WHERE v = 5").unwrap_err().code(), "42809");
    assert_eq!(db.execute("UPDATE log SET v = 6 WHERE v = 5").unwrap_err().code(), "42809");
    let mut tx = db.begin()?;
    assert_eq!(tx.push("log", batch(vec![("v", ints(&[5]))]), &[-1]).unwrap_err().code(), "55000");
    tx.append("log", batch(vec![("v", ints(&[9]))]))?;
    assert_eq!(tx.query("SELECT v FROM log")?.len(), 3, "the table itself can be read");
    // Views are computed from the tables: what they keep cannot be taken back.
    assert_eq!(tx.query("SELECT * FROM m")?.to_rows::<(i32,)>()?, [(9,)]);
    assert_eq!(tx.query("SELECT q FROM m2 ORDER BY q")?.to_rows::<(i32,)>()?, [(-9,), (-4,)]);
    tx.rollback()?;
    assert_eq!(all(&mut db, "SELECT m, q FROM m2 ORDER BY q"), ["5 -4", "5 -9"]);
    db.execute("BEGIN; INSERT INTO log VALUES (9)")?;
    assert_eq!(db.check("m").unwrap_err().code(), "25000");
    assert_eq!(db.errors("m2").unwrap_err().code(), "25000");
    assert!(db.state().is_ok() && db.explain("m2", deltaq::ExplainFormat::Text).is_ok());
    db.execute("ROLLBACK")?;
    assert_eq!(all(&mut db, "SELECT * FROM m"), ["5"]);
    Ok(())
}

#[test]
fn insert_on_conflict() -> Result<(), Error> {
    let mut db = people();
    db.execute("INSERT INTO people VALUES (1, 'Ada', 36)")?;
    db.execute("INSERT INTO people VALUES (1, 'X', 1), (2, 'Bob', 2), (2, 'Y', 3) ON CONFLICT DO NOTHING")?;
    assert_eq!(all(&mut db, "SELECT * FROM people"), ["1 Ada 36", "2 Bob 2"]);
    db.execute(
        "INSERT INTO people VALUES (1, 'Eve', 4), (3, 'Cy', 5)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, age = people.age + excluded.age",
    )?;
    assert_eq!(all(&mut db, "SELECT * FROM people"), ["1 Eve 40", "2 Bob 2", "3 Cy 5"]);
    // Rows for which the condition does not hold stay as they are, and do not count.
    let mut count = |rows: &str| -> Result<u64, Error> {
        let update = "ON CONFLICT (id) DO UPDATE SET age = excluded.age WHERE people.age < excluded.age";
        match db.execute(&format!("INSERT INTO people VALUES {rows} {update}"))?.as_slice() {
            [Outcome::Changed { rows, .. }] => Ok(*rows),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(count("(1, 'no', 39), (2, 'no', NULL)")?, 0);
    assert_eq!(count("(1, 'no', 1), (2, 'no', 3), (4, 'Di', 1)")?, 2);
    assert_eq!(count("(1, 'no', 1), (5, 'Ed', 1)")?, 1);
    assert_eq!(all(&mut db, "SELECT * FROM people"), ["1 Eve 40", "2 Bob 3", "3 Cy 5", "4 Di 1", "5 Ed 1"]);
    Ok(())
}

#[test]
fn floats_and_their_sums_come_back_exactly() -> Result<(), Error> {
    let mut db = Engine::open_in_memory()?;
    db.execute("CREATE TABLE f(v DOUBLE PRECISION); CREATE VIEW s AS SELECT SUM(v) AS s FROM f")?;
    let values: ArrayRef = Arc::new(Float64Array::from(vec![0.1, 0.2, 0.3]));
    let mut tx = db.begin()?;
    tx.append("f", batch(vec![("v", values)]))?;
    tx.commit()?;
    let before = all(&mut db, "SELECT s FROM s");
    let wild: ArrayRef = Arc::new(Float64Array::from(vec![1e300, -1e-300, f64::NAN]));
    let mut tx = db.begin()?;
    tx.append("f", batch(vec![("v", wild)]))?;
    assert_eq!(tx.query("SELECT s FROM s")?.cell(0, 0).as_deref(), Some("NaN"));
    tx.rollback()?;
    assert_eq!(all(&mut db, "SELECT s FROM s"), before);
    Ok(())
}

#[test]
fn a_field_that_is_no_column_is_told() -> Result<(), Error> {
    #[derive(Serialize)]
    struct Misspelt {
        id: i32,
        nmae: &'static str,
    }
    #[derive(Serialize)]
    struct Shouted {
        #[serde(rename = "ID")]
        id: i32,
        #[serde(rename = "Name")]
        name: &'static str,
    }
    let mut db = Engine::open_in_memory()?;
    db.execute("CREATE TABLE people(id INT, name TEXT DEFAULT 'nobody', age INT)")?;
    let mut tx = db.begin()?;
    let error = tx.append_rows("people", &[Misspelt { id: 1, nmae: "Ada" }]).unwrap_err();
    assert_eq!(error.code(), "42703");
    assert!(error.to_string().contains("nmae"), "{error}");
    tx.append_rows("people", &[Shouted { id: 2, name: "Bob" }])?;
    tx.append_rows("people", &[(3, "Cy", 30)])?;
    tx.commit()?;
    assert_eq!(all(&mut db, "SELECT id, name, age FROM people"), ["2 Bob NULL", "3 Cy 30"]);
    Ok(())
}
