//! A catalog made by SQL, and the two ways to check what becomes of a statement.
#![allow(dead_code)]

use deltaq_compiler::rewrite::optimize;
use deltaq_compiler::{Catalog, Diagnostics, Plan, Relation, RelationKind, Statement, compile, compile_part, split};

/// Tables and views by name.
#[derive(Default)]
pub struct Tables(Vec<(String, Relation)>);

impl Catalog for Tables {
    fn relation(&self, name: &str) -> Option<Relation> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, r)| r.clone())
    }

    fn names(&self) -> Vec<String> {
        self.0.iter().map(|(n, _)| n.clone()).collect()
    }
}

impl Tables {
    /// The relations that `script` creates.
    pub fn new(script: &str) -> Tables {
        let mut tables = Tables::default();
        for part in split(script).expect("a script of whole statements") {
            let statement = compile_part(script, part, &tables).unwrap_or_else(|e| panic!("{e}"));
            match statement {
                Statement::CreateTable(table) => {
                    let kind = RelationKind::Table {
                        primary_key: table.primary_key,
                        append_only: table.options.get("append_only").is_some_and(|v| v == "true"),
                        defaults: table.columns.iter().map(|c| c.default.clone()).collect(),
                    };
                    let schema = table.columns.into_iter().map(|c| c.field).collect();
                    tables.0.push((table.name, Relation { schema, kind }));
                }
                Statement::CreateView { name, query, .. } => {
                    let kind = RelationKind::View(Box::new(query.plan));
                    tables.0.push((name, Relation { schema: query.schema, kind }));
                }
                other => panic!("{other:?} makes no relation"),
            }
        }
        tables
    }
}

/// The relations that most tests use.
pub fn shop() -> Tables {
    Tables::new(
        "CREATE TABLE orders(id INT PRIMARY KEY, cust INT, amt DECIMAL(10,2), day DATE, note TEXT);
         CREATE TABLE customers(id INT PRIMARY KEY, name TEXT NOT NULL, region VARCHAR(10));
         CREATE TABLE items(order_id INT NOT NULL, sku TEXT, qty INT, price DOUBLE PRECISION);
         CREATE TABLE events(at TIMESTAMP, kind TEXT, n BIGINT) WITH (append_only = true);
         CREATE VIEW spent AS SELECT cust, SUM(amt) AS total FROM orders GROUP BY cust;",
    )
}

/// The plan of a query or view, as bound.
pub fn plan(sql: &str, tables: &Tables) -> Plan {
    match compile(sql, tables).unwrap_or_else(|e| panic!("{sql}\n{e:?}")) {
        Statement::Query(query) | Statement::CreateView { query, .. } => query.plan,
        other => panic!("{other:?} has no plan"),
    }
}

/// What `sql` is bound to.
pub fn check(sql: &str, expected: &str) {
    same(sql, &plan(sql, &shop()).to_string(), expected);
}

/// What `sql` is rewritten to.
pub fn check_optimized(sql: &str, expected: &str) {
    same(sql, &optimize(plan(sql, &shop()), &shop()).to_string(), expected);
}

fn same(sql: &str, found: &str, expected: &str) {
    let lines: Vec<&str> = expected.lines().filter(|l| !l.trim().is_empty()).collect();
    let indent = lines.iter().map(|l| l.len() - l.trim_start().len()).min().unwrap_or(0);
    let expected: Vec<&str> = lines.iter().map(|l| l[indent..].trim_end()).collect();
    let expected = expected.join("\n");
    assert!(found == expected, "{sql}\n--- expected\n{expected}\n--- found\n{found}");
}

/// Whether `sql` is refused with `code`, underlining `underlined`, saying `part`.
pub fn check_error(sql: &str, code: &str, underlined: &str, part: &str) {
    let found = errors(sql);
    let fits = found.0.iter().any(|d| {
        d.code == code
            && d.span.map_or("", |s| &sql[s.start..s.end]) == underlined
            && format!("{} {}", d.message, d.help.as_deref().unwrap_or_default()).contains(part)
    });
    let shown: Vec<String> = found
        .0
        .iter()
        .map(|d| format!("{} «{}» {} ({:?})", d.code, d.span.map_or("", |s| &sql[s.start..s.end]), d.message, d.help))
        .collect();
    assert!(fits, "{sql}\n--- expected\n{code} «{underlined}» {part}\n--- found\n{}", shown.join("\n"));
}

/// The mistakes of `sql`.
pub fn errors(sql: &str) -> Diagnostics {
    match compile(sql, &shop()) {
        Err(diagnostics) => diagnostics,
        Ok(statement) => panic!("{sql}\nis accepted: {statement:?}"),
    }
}
