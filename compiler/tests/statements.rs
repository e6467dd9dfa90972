//! Statements that are no queries, and texts of several statements.

mod common;

use common::{plan, shop};
use deltaq_compiler::explain;
use deltaq_compiler::statement::{Conflict, CopyRelation, CreateTable, Emit, ExplainFormat};
use deltaq_compiler::{Statement, compile, is_complete, split};
use deltaq_operators::{Scalar, SqlType};

fn statement(sql: &str) -> Statement {
    compile(sql, &shop()).unwrap_or_else(|e| panic!("{sql}\n{e:#?}"))
}

fn table(sql: &str) -> CreateTable {
    match statement(sql) {
        Statement::CreateTable(table) => table,
        other => panic!("{other:?}"),
    }
}

#[test]
fn scripts_are_split_where_statements_end() {
    let script = "CREATE TABLE a(x TEXT DEFAULT ';'); -- ; no\n;; SELECT $$;$$, \";\" /* ; /* ; */ */ ;\n select 1";
    let parts: Vec<&str> = split(script).expect("whole").into_iter().map(|s| &script[s.start..s.end]).collect();
    assert_eq!(parts, ["CREATE TABLE a(x TEXT DEFAULT ';')", "SELECT $$;$$, \";\"", "select 1"]);
    assert!(split("SELECT 'open").is_err());
    assert!(split(" -- nothing\n").expect("whole").is_empty());
}

#[test]
fn a_shell_knows_when_to_wait() {
    for whole in ["", "  -- note\n", "SELECT 1;", "SELECT ';' ;", "SELECT 1; -- done"] {
        assert!(is_complete(whole), "{whole}");
    }
    for open in ["SELECT 1", "SELECT ';", "SELECT (1;", "SELECT 1; SELECT", "/* SELECT 1;", "SELECT \"a;"] {
        assert!(!is_complete(open), "{open}");
    }
}

#[test]
fn types_of_columns() {
    let sql = "CREATE TABLE t (a BOOL, b INT2, c INTEGER, d INT8, e FLOAT, f FLOAT(20), g DOUBLE, h NUMERIC(5), i DECIMAL(5,2), j NUMERIC,
        k STRING, l VARCHAR(9), m CHAR, n CHARACTER(3), o BYTEA, p TIME, q TIMESTAMP(3), r TIMESTAMP WITH TIME ZONE, s TIMESTAMPTZ,
        t DATETIME, u INTERVAL, v UUID, w TINYINT, x CHARACTER VARYING(4), y REAL, z DATE)";
    let types: Vec<String> = table(sql).columns.iter().map(|c| c.field.ty.to_string()).collect();
    assert_eq!(
        types.join(" "),
        "BOOLEAN SMALLINT INT BIGINT DOUBLE REAL DOUBLE DECIMAL(5,0) DECIMAL(5,2) DECIMAL(38,10) TEXT VARCHAR(9) CHAR(1) CHAR(3) BYTEA \
         TIME TIMESTAMP TIMESTAMPTZ TIMESTAMPTZ TIMESTAMP INTERVAL UUID SMALLINT VARCHAR(4) REAL DATE"
    );
}

#[test]
fn tables() {
    let t = table(
        "CREATE TABLE IF NOT EXISTS t (\"Big\" INT DEFAULT -5, b TEXT NOT NULL DEFAULT 'x', PRIMARY KEY (b, \"Big\") NOT ENFORCED)",
    );
    assert_eq!((t.name.as_str(), t.if_not_exists, t.primary_key.as_slice()), ("t", true, &[1, 0][..]));
    assert_eq!(t.columns[0].field.name, "Big");
    assert!(!t.columns[0].field.nullable, "a column of the primary key");
    assert_eq!((&t.columns[0].default, &t.columns[1].default), (&Scalar::Int(-5), &Scalar::Text("x".into())));

    let t = table("CREATE TABLE t FROM 'x.csv'");
    assert_eq!((t.columns.len(), t.options["connector"].as_str(), t.options["path"].as_str()), (0, "file", "x.csv"));
    let t = table("CREATE TABLE t (a INT) FROM 'x.csv' WITH (header = false)");
    assert_eq!((t.columns.len(), t.options["header"].as_str()), (1, "false"));
    let t =
        table("CREATE TABLE t WITH ('connector' = 'file', path = 'a b.jsonl', Format = 'jsonl', append_only = true)");
    let options: Vec<String> = t.options.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(options.join(" "), "connector=file path=a b.jsonl format=jsonl append_only=true");
}

#[test]
fn views() {
    let Statement::CreateView { name, query, or_replace, if_not_exists, sql } = statement(
        "CREATE OR REPLACE VIEW v(a, n) AS\n  SELECT cust, COUNT(*) FROM orders GROUP BY cust ORDER BY 2 DESC LIMIT 3 EMIT CHANGES;",
    ) else {
        panic!("a view");
    };
    assert_eq!((name.as_str(), or_replace, if_not_exists, query.emit), ("v", true, false, Some(Emit::Changes)));
    assert_eq!(sql, "SELECT cust, COUNT(*) FROM orders GROUP BY cust ORDER BY 2 DESC LIMIT 3");
    let names: Vec<String> = query.plan.schema().into_iter().map(|f| f.name).collect();
    assert_eq!(names, ["a", "n"]);
    assert!(query.plan.to_string().contains("Top 3 by count DESC"), "{}", query.plan);
    assert!(query.order.is_empty() && query.limit.is_none(), "they are part of the plan");
    assert!(matches!(
        statement("CREATE MATERIALIZED VIEW IF NOT EXISTS spent AS SELECT 1 AS x"),
        Statement::CreateView { if_not_exists: true, .. }
    ));
}

#[test]
fn inserts() {
    let Statement::Insert { table, query, conflict } =
        statement("INSERT INTO orders (cust, id) VALUES (2, 1), (NULL, 2.0)")
    else {
        panic!("an insert");
    };
    assert_eq!((table.as_str(), &conflict), ("orders", &Conflict::Error));
    assert_eq!(query.plan.to_string(), "Values (1, 2, NULL, NULL, NULL), (2, NULL, NULL, NULL, NULL)");
    assert_eq!(query.plan.schema().len(), 5);

    let Statement::Insert { query, conflict, .. } = statement(
        "INSERT INTO orders SELECT order_id, qty FROM items ON CONFLICT (id) DO UPDATE SET amt = orders.amt + 1, day = excluded.day WHERE excluded.cust > 1",
    ) else {
        panic!("an insert");
    };
    assert!(query.plan.to_string().starts_with("Project order_id AS id, qty AS cust, NULL AS amt"), "{}", query.plan);
    let Conflict::Update(exprs, Some(condition)) = conflict else { panic!("an update where") };
    assert!(condition.to_string().contains("$6"), "{condition}");
    assert_eq!(exprs.len(), 5);
    assert_eq!(exprs[0].to_string(), "$0");
    assert!(exprs[3].to_string().contains("$8"), "{}", exprs[3]);

    let Statement::Insert { query, .. } = statement("INSERT INTO orders VALUES (1, 2, 1.239, '2013-01-05', DEFAULT)")
    else {
        panic!("an insert");
    };
    assert_eq!(query.plan.to_string(), "Values (1, 2, 1.24, DATE '2013-01-05', NULL)");
}

#[test]
fn updates_and_deletes() {
    let Statement::Update { exprs, predicate, rows, .. } =
        statement("UPDATE orders o SET amt = o.amt * 2, note = DEFAULT WHERE id = 1 + 2")
    else {
        panic!("an update");
    };
    assert_eq!(exprs.len(), 5);
    assert_eq!(predicate.expect("a condition").to_string(), "($0 = 3)");
    assert!(rows.is_none());
    let Statement::Delete { predicate, rows, .. } =
        statement("DELETE FROM orders WHERE cust IN (SELECT id FROM customers) AND id > 3")
    else {
        panic!("a delete");
    };
    assert!(predicate.is_none());
    let rows = rows.expect("a plan");
    assert_eq!(rows.schema().len(), 5);
    assert!(rows.to_string().starts_with("Semi join on cust = customers.id"), "{rows}");
    assert!(matches!(statement("DELETE FROM orders"), Statement::Delete { predicate: None, rows: None, .. }));
}

#[test]
fn other_statements() {
    assert!(matches!(statement("BEGIN"), Statement::Begin));
    assert!(matches!(statement("START TRANSACTION"), Statement::Begin));
    assert!(matches!(statement("COMMIT"), Statement::Commit));
    assert!(matches!(statement("ROLLBACK"), Statement::Rollback));
    assert!(matches!(statement("show tables"), Statement::Show { views: false }));
    assert!(matches!(statement("SHOW VIEWS"), Statement::Show { views: true }));
    assert!(matches!(
        statement("DROP VIEW IF EXISTS a, spent CASCADE"),
        Statement::Drop { view: true, if_exists: true, cascade: true, .. }
    ));
    let Statement::AddColumn { column, .. } = statement("ALTER TABLE orders ADD COLUMN z INT DEFAULT 3 + 4") else {
        panic!("a column")
    };
    assert_eq!((column.field.ty, column.default), (SqlType::Int, Scalar::Int(7)));
    let Statement::Copy(copy) = statement("COPY spent TO 'out.csv' WITH (FORMAT csv, HEADER, DELIMITER ';')") else {
        panic!("a copy")
    };
    assert_eq!((copy.relation, copy.to, copy.path.as_str()), (CopyRelation::Name("spent".into()), true, "out.csv"));
    let options: Vec<String> = copy.options.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(options.join(" "), "format=csv header=true delimiter=;");
    assert!(matches!(statement("COPY orders FROM 'in.jsonl'"), Statement::Copy(c) if !c.to));
    assert!(
        matches!(statement("COPY (SELECT id FROM orders ORDER BY id) TO 'x.parquet'"), Statement::Copy(c) if matches!(c.relation, CopyRelation::Query(_)))
    );
    assert!(matches!(
        statement("EXPLAIN (FORMAT dot) SELECT 1"),
        Statement::Explain { format: ExplainFormat::Dot, .. }
    ));
    assert!(matches!(statement("EXPLAIN CREATE VIEW v AS SELECT 1 AS x"), Statement::Explain { .. }));
    assert!(matches!(statement("EXPLAIN spent"), Statement::ExplainView { .. }));
    assert!(matches!(statement("EXPLAIN VIEW spent"), Statement::ExplainView { .. }));
    assert!(
        matches!(statement("SELECT id FROM orders EMIT FINAL"), Statement::Query(q) if q.emit == Some(Emit::Final))
    );
}

#[test]
fn order_and_limit_of_a_query_stand_beside_its_plan() {
    let Statement::Query(query) =
        statement("SELECT id AS x FROM orders ORDER BY amt DESC NULLS LAST, x LIMIT 1 + 2 OFFSET 1")
    else {
        panic!("a query");
    };
    assert_eq!((query.limit, query.offset, query.schema.len(), query.plan.schema().len()), (Some(3), 1, 1, 2));
    let order: Vec<(String, bool, bool)> =
        query.order.iter().map(|k| (k.expr.to_string(), k.descending, k.nulls_first)).collect();
    assert_eq!(order, [("$1".to_string(), true, false), ("$0".to_string(), false, false)]);
}

#[test]
fn facts_are_derived() {
    let shown = |sql: &str| {
        let text = explain::with_facts(&plan(sql, &shop()), &shop());
        text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        shown("SELECT kind, n FROM events WHERE n > 1"),
        "Project kind, n -- insert-only\nFilter (n > 1) -- insert-only\nScan events -- insert-only"
    );
    assert_eq!(
        shown("SELECT o.id, c.name FROM orders o JOIN customers c ON o.cust = c.id"),
        "Project orders.id, name -- key (id); not null\n\
         Join on cust = customers.id -- key (orders.id); not null (orders.id, customers.id, name)\n\
         Scan orders -- key (id); not null (id)\n\
         Scan customers -- key (id); not null (id, name)"
    );
    assert_eq!(
        shown("SELECT * FROM spent WHERE cust = 3"),
        "Project cust, total -- one row\nFilter (cust = 3) -- one row\nScan spent -- key (cust)"
    );
}
