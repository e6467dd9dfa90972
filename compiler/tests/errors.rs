//! Mistakes in SQL: their codes, what is underlined, and what is said.

mod common;

use common::{check_error, errors, shop};
use deltaq_compiler::{compile, compile_part, split};

#[test]
fn names() {
    check_error("SELECT * FROM custmers", "42P01", "custmers", "did you mean \"customers\"?");
    check_error("SELECT nme FROM customers", "42703", "nme", "did you mean \"name\"?");
    check_error("SELECT c.nme FROM customers c", "42703", "c.nme", "\"c\" has no column \"nme\"");
    check_error("SELECT d.name FROM customers c", "42P01", "d.name", "there is no \"d\" in FROM");
    check_error("SELECT orders.id FROM customers c", "42P01", "orders.id", "add orders to FROM");
    check_error("SELECT \"ID\" FROM orders", "42703", "\"ID\"", "did you mean \"id\"?");
    check_error("SELECT id FROM orders o JOIN customers c ON o.cust = c.id", "42702", "id", "write o.id or c.id");
    check_error("SELECT lowr(note) FROM orders", "42883", "lowr", "did you mean lower?");
    check_error("SELECT 1 FROM orders, orders", "42712", "orders", "alias");
    check_error("SELECT now() FROM orders", "42883", "now", "put the time into a table");
    check_error("CREATE TABLE t (a INTT)", "42704", "INTT", "did you mean int");
}

#[test]
fn all_mistakes_at_once() {
    let found = errors(
        "SELECT nme, foo(1), lower(id, 2) FROM customers c WHERE c.nam = 'x' AND id GROUP BY regin ORDER BY idd + 1",
    );
    let codes: Vec<&str> = found.0.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["42703", "42883", "42883", "42703", "42804", "42703", "42703"], "{found:#?}");
    check_error("SELECT x FROM nothing1 UNION SELECT y FROM nothing2", "42P01", "nothing2", "");
    check_error("WITH a AS (SELECT x FROM orders) SELECT b FROM a, customers WHERE nme = 1", "42703", "x", "");
}

#[test]
fn spans_count_bytes_whatever_the_letters() {
    check_error("SELECT 'Überfluß 日本', nme\nFROM customers", "42703", "nme", "");
    check_error("SELECT id, -- näher\r\n  nme FROM customers", "42703", "nme", "");
    check_error("SELECT SUM(amt * (id + 1)) FROM orders WHERE MAX((amt)) > 1", "42803", "MAX((amt))", "HAVING");
    let script = "SELECT 'ä';\nSELECT 'é', nme FROM customers;";
    let parts = split(script).expect("two statements");
    let found = compile_part(script, parts[1], &shop()).expect_err("no such column");
    let span = found.0[0].span.expect("a place");
    assert_eq!(&script[span.start..span.end], "nme");
}

#[test]
fn syntax() {
    check_error("SELECT id FROM orders WHERE", "42601", "", "the end of the statement");
    check_error("SELEC id FROM orders", "42601", "SELEC", "");
    check_error("SELECT id id2 id3 FROM orders", "42601", "id3", "");
    check_error("SELECT 'open", "42601", "'open", "");
    check_error("SELECT 1; SELECT 2", "42601", "SELECT 2", "one statement");
    check_error("   ", "42601", "", "no statement");
    check_error("EXPLAIN (FORMAT svg) SELECT 1", "42601", "(FORMAT svg)", "text or dot");
    check_error("COPY orders INTO 'x'", "42601", "INTO", "TO or FROM");
    check_error("CREATE TABLE t (a INT, WATERMARK FOR a AS a - 5)", "0A000", "WATERMARK FOR a AS a - 5", "");
}

#[test]
fn types() {
    check_error("SELECT id FROM orders WHERE cust", "42804", "cust", "must be BOOLEAN, not INT");
    check_error("SELECT id FROM orders WHERE day > 'yesterday'", "22007", "'yesterday'", "date");
    check_error("SELECT id FROM orders WHERE id = 'seven'", "22P02", "'seven'", "");
    check_error("SELECT day + amt FROM orders", "42883", "day + amt", "");
    check_error("SELECT SUM(note) FROM orders", "42883", "SUM(note)", "");
    check_error("SELECT CAST(day AS INT) FROM orders", "42846", "CAST(day AS INT)", "no cast from DATE to INT");
    check_error(
        "SELECT id FROM orders UNION SELECT day FROM orders",
        "42804",
        "SELECT day FROM orders",
        "UNION cannot match INT and DATE",
    );
    check_error(
        "SELECT id FROM orders UNION SELECT id, day FROM orders",
        "42601",
        "SELECT id, day FROM orders",
        "1 and 2 columns",
    );
    check_error("VALUES (1), (2, 3)", "42601", "2", "VALUES of rows of 1 and of 2 columns");
    check_error("CREATE TABLE t (a DECIMAL(50, 2))", "22023", "DECIMAL", "1 to 38");
    check_error("SELECT DATE '2013-02-30'", "22008", "'2013-02-30'", "");
}

#[test]
fn groups() {
    check_error("SELECT name, COUNT(*) FROM customers", "42803", "name", "add GROUP BY name");
    check_error("SELECT cust, amt FROM orders GROUP BY cust", "42803", "amt", "add amt to GROUP BY");
    check_error("SELECT cust FROM orders GROUP BY cust HAVING amt > 1", "42803", "amt", "");
    check_error("SELECT cust FROM orders GROUP BY cust ORDER BY amt", "42803", "amt", "");
    check_error("SELECT SUM(COUNT(*)) FROM orders", "42803", "COUNT(*)", "inside another");
    check_error("SELECT id FROM orders GROUP BY SUM(amt)", "42803", "SUM(amt)", "");
    check_error("SELECT id FROM orders GROUP BY 3", "42P10", "3", "GROUP BY 3");
    check_error("SELECT DISTINCT cust FROM orders ORDER BY amt", "42P10", "amt", "select it, too");
    check_error("SELECT COUNT() FROM orders", "42809", "COUNT()", "COUNT(*)");
}

#[test]
fn what_is_not_supported_says_what_is() {
    check_error("WITH RECURSIVE r AS (SELECT 1) SELECT * FROM r", "0A000", "WITH", "RECURSIVE");
    check_error("SELECT rank() OVER (ORDER BY id) FROM orders", "0A000", "rank() OVER (ORDER BY id)", "ROW_NUMBER()");
    check_error(
        "SELECT id FROM orders WHERE ROW_NUMBER() OVER (ORDER BY id) < 3",
        "42P20",
        "ROW_NUMBER() OVER (ORDER BY id)",
        "derived table",
    );
    check_error(
        "SELECT id, (SELECT id, cust FROM orders) FROM orders",
        "42601",
        "SELECT id, cust FROM orders",
        "one column",
    );
    check_error(
        "SELECT 1 FROM orders o JOIN customers c ON o.id IN (SELECT 1)",
        "0A000",
        "SELECT 1",
        "move it to WHERE",
    );
    check_error("CREATE TABLE t (a INT UNIQUE)", "0A000", "a", "PRIMARY KEY");
    check_error("CREATE TABLE t (a INT, CHECK (a > 0))", "0A000", "a > 0", "CHECK");
    check_error("CREATE TABLE t (a INT REFERENCES orders(id))", "0A000", "a", "not enforced");
    check_error("CREATE TABLE t AS SELECT 1 AS a", "0A000", "t", "CREATE VIEW t AS");
    check_error("TRUNCATE orders", "0A000", "TRUNCATE", "DELETE FROM orders");
    check_error(
        "UPDATE orders SET amt = c.id FROM customers c WHERE c.id = cust",
        "0A000",
        "FROM",
        "UPDATE orders SET amt = (SELECT c.id FROM customers c WHERE c.id = cust) \
         WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = cust)",
    );
    check_error(
        "DELETE FROM orders o USING customers c WHERE c.id = o.cust",
        "0A000",
        "USING",
        "DELETE FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = o.cust)",
    );
    check_error("DELETE FROM orders RETURNING id", "0A000", "RETURNING", "SELECT the rows");
    check_error("UPDATE orders SET amt = 1 LIMIT 1", "0A000", "LIMIT", "LIMIT …)");
}

#[test]
fn relations() {
    check_error("CREATE TABLE orders (a INT)", "42P07", "orders", "exists already");
    check_error("CREATE VIEW spent AS SELECT 1 AS a", "42P07", "spent", "OR REPLACE");
    check_error("CREATE OR REPLACE VIEW orders AS SELECT 1 AS a", "42809", "orders", "is a table");
    check_error("CREATE VIEW v AS SELECT id, id FROM orders", "42701", "v", "AS");
    check_error("CREATE VIEW v(a, b) AS SELECT 1 AS x", "42P10", "v", "2 names for 1 columns");
    check_error("DROP VIEW orders", "42809", "orders", "DROP TABLE orders");
    check_error("DROP TABLE order", "42P01", "order", "did you mean \"orders\"?");
    check_error("INSERT INTO spent VALUES (1, 2)", "42809", "spent", "change the tables");
    check_error("CREATE TABLE t (a INT PRIMARY KEY, b INT PRIMARY KEY)", "42P16", "b", "one primary key");
    check_error("CREATE TABLE t (a INT, PRIMARY KEY (c))", "42703", "c", "");
    check_error("CREATE TABLE t (a INT, a TEXT)", "42701", "a", "declared twice");
    check_error("ALTER TABLE orders ADD COLUMN amt INT", "42701", "amt", "already");
    check_error("ALTER TABLE orders ADD COLUMN z INT NOT NULL", "23502", "z", "DEFAULT");
    check_error("ALTER TABLE orders DROP COLUMN amt", "0A000", "orders", "ADD COLUMN");
    check_error("EXPLAIN orders", "42809", "orders", "is a table");
}

#[test]
fn changes() {
    check_error("INSERT INTO orders (id, nothing) VALUES (1, 2)", "42703", "nothing", "");
    check_error("INSERT INTO orders (id, cust) VALUES (1, 2, 3)", "42601", "orders", "3 values for 2 columns");
    check_error("INSERT INTO orders VALUES (1, 'x')", "22P02", "'x'", "integer");
    check_error("INSERT INTO orders (id, day) SELECT id, amt FROM orders", "42804", "orders", "CAST");
    check_error("INSERT INTO orders VALUES (99999999999, 1)", "22003", "99999999999", "");
    check_error("UPDATE orders SET amt = 1, amt = 2", "42601", "amt", "twice");
    check_error("UPDATE orders SET amnt = 1 WHERE nothing = 2", "42703", "amnt", "did you mean \"amt\"?");
    check_error("UPDATE events SET n = 1", "42809", "events", "append-only");
    check_error("DELETE FROM orders WHERE SUM(amt) > 1", "42803", "SUM(amt)", "");
    check_error("INSERT INTO items VALUES (1) ON CONFLICT (order_id) DO NOTHING", "42P10", "INSERT", "no primary key");
    check_error("INSERT INTO orders VALUES (1) ON CONFLICT (cust) DO NOTHING", "42P10", "cust", "ON CONFLICT (id)");
}

#[test]
fn far_too_much_is_refused_and_not_followed() {
    let deep = |open: &str, close: &str| format!("SELECT {}1{}", open.repeat(10_000), close.repeat(10_000));
    for sql in [
        deep("(", ")"),
        deep("coalesce(", ")"),
        deep("CASE WHEN TRUE THEN ", " END"),
        deep("- ", ""),
        format!("SELECT * FROM {}orders{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!(
            "SELECT id FROM orders WHERE {}true{}",
            "EXISTS (SELECT 1 FROM orders WHERE ".repeat(10_000),
            ")".repeat(10_000)
        ),
        format!("SELECT {}1{}", "(1 + ".repeat(10_000), ")".repeat(10_000)),
        format!("SELECT {}1{}", "(SELECT ".repeat(10_000), ")".repeat(10_000)),
        format!("SELECT id{} FROM orders", "+id-id".repeat(5_000)),
        format!("SELECT id{} FROM orders", "::int".repeat(5_000)),
        format!("SELECT 1{}", " UNION ALL SELECT 1 UNION SELECT 2".repeat(5_000)),
        format!("SELECT 1 FROM orders o{}", (0..5_000).map(|i| format!(", orders o{i}")).collect::<String>()),
    ] {
        let found = compile(&sql, &shop()).expect_err("too much");
        assert_eq!(found.0[0].code, "54001", "{}", found.0[0].message);
    }
}

#[test]
fn much_is_followed() {
    for sql in [
        format!("SELECT {}1{}", "(".repeat(1_000), ")".repeat(1_000)),
        format!("SELECT {}id{} FROM orders", "(".repeat(1_000), " + 1)".repeat(1_000)),
        format!("SELECT {}id = 0{} FROM orders", "(".repeat(1_000), " OR id = 1)".repeat(1_000)),
        format!("SELECT {}1{}", "(1 + ".repeat(300), ")".repeat(300)),
        format!("SELECT id FROM orders WHERE id = 0{}", " OR id = 1".repeat(9_000)),
        format!("SELECT id FROM orders WHERE id = 0{}", " AND id <> 1".repeat(9_000)),
        format!("SELECT id FROM orders WHERE id IN (0{})", ", 1".repeat(30_000)),
        format!("SELECT id{} FROM orders", ", id + 1".repeat(10_000)),
        format!("SELECT id{} FROM orders", " + id".repeat(10_000)),
        format!("SELECT amt{} FROM orders", " - amt".repeat(10_000)),
        format!("SELECT note{} FROM orders", " || note".repeat(10_000)),
        format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(2_000)),
        format!("INSERT INTO orders VALUES (0, 1){}", ", (0, 1)".repeat(10_000)),
    ] {
        let statement = compile(&sql, &shop()).unwrap_or_else(|e| panic!("{e}"));
        if let deltaq_compiler::Statement::Query(query) = statement {
            let best = deltaq_compiler::rewrite::optimize(query.plan, &shop());
            assert!(!best.to_string().is_empty());
        }
    }
}
