//! `deltaq -c` and scripts on standard input.

mod support;

use support::{Talk, run, run_in};

const ORDERS: &str = "CREATE TABLE orders(id INT PRIMARY KEY, cust INT, amt DECIMAL(10,2));
CREATE VIEW top AS SELECT cust, SUM(amt) AS s FROM orders GROUP BY cust;
";

#[test]
fn names_in_quotation_marks() {
    let script = "CREATE TABLE t(a INT); CREATE VIEW \"V x\" AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM t;
.watch \"V x\", w
.watch
.unwatch w
.watch
.check \"V x\" w
.plan \"V x\"
";
    let ended = run(&[], script);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert!(
        ended.out.contains("V x: as its definition says, 0 rows\nw: as its definition says, 0 rows\n"),
        "{}",
        ended.out
    );
    // All of a list or none.
    let ended = run(&[], "CREATE TABLE t(a INT);\n.watch t nosuch\n");
    assert!(ended.err.contains("there is no table or view nosuch"), "{ended:?}");
}

#[test]
fn commands_share_an_engine() {
    run(
        &[
            "-m",
            "csv",
            "-c",
            "CREATE TABLE t(a INT); INSERT INTO t VALUES (1), (2)",
            "-c",
            "SELECT a + 1 AS b FROM t ORDER BY a",
        ],
        "",
    )
    .prints("b\n2\n3\n");
}

#[test]
fn a_command_may_begin_with_a_comment() {
    run(&["-m", "csv", "-c", "-- one row\nSELECT 1 AS a"], "").prints("a\n1\n");
}

#[test]
fn a_script_on_standard_input() {
    let script = format!(
        "{ORDERS}INSERT INTO orders VALUES (1, 7, 10), (2, 7, 5.5), (3, 8, 1);\nSELECT * FROM top ORDER BY cust"
    );
    run(&[], &script).prints(
        "\
┌──────┬───────────────┐
│ cust │             s │
│  INT │ DECIMAL(38,2) │
├──────┼───────────────┤
│    7 │         15.50 │
│    8 │          1.00 │
└──────┴───────────────┘
",
    );
}

#[test]
fn statements_run_as_they_come() {
    let mut talk = Talk::start(".".as_ref(), &["-m", "csv"]);
    assert_eq!(talk.ask("SELECT 1 AS a;"), "a");
    assert_eq!(talk.hear(), "1");
    talk.say("SELECT ';' -- ;");
    assert_eq!(talk.ask(" AS b;"), "b");
    assert_eq!(talk.end().0, 0);
}

#[test]
fn modes() {
    let select = "SELECT 1 AS a, 'x \"y\", z' AS b, NULL AS c, 1.50 AS d;\n";
    run(&["-m", "csv"], select).prints("a,b,c,d\n1,\"x \"\"y\"\", z\",,1.50\n");
    run(&["--mode", "jsonlines"], select).prints("{\"a\":1,\"b\":\"x \\\"y\\\", z\",\"c\":null,\"d\":\"1.50\"}\n");
    run(&[], &format!(".mode table\n{select}")).prints(
        "\
+---+----------+------+------+
| a | b        | c    |    d |
+---+----------+------+------+
| 1 | x \"y\", z | NULL | 1.50 |
+---+----------+------+------+
",
    );
    run(&[], ".mode box\nSELECT 1 AS a WHERE FALSE;").prints("┌─────┐\n│   a │\n│ INT │\n├─────┤\n└─────┘\n(0 rows)\n");
    run(&[".mode"], "").fails(2, &[]);
    run(&[], ".mode nothing").fails(1, &["box, table, csv or jsonlines"]);
}

#[test]
fn mistakes_are_underlined() {
    let script = "CREATE TABLE t(amount INT);\n\nSELECT ünder,\n  amout FROM t;\n";
    let ended = run(&[], script)
        .fails(1, &["error[42703]", "3 | SELECT ünder,\n  |        ^^^^^\n", "4 |   amout FROM t;\n  |   ^^^^^\n"]);
    assert_eq!(ended.out, "");
    run(&["-c", "SELECT 1 +"], "").fails(1, &["error[42601]", "1 | SELECT 1 +\n"]);
    run(&["-c", "SELECT 'x"], "").fails(1, &["error[42601]", "1 | SELECT 'x\n  |        ^^\n"]);
}

#[test]
fn a_failure_ends_a_script() {
    run(&["-m", "csv"], "SELECT 1 AS a;\nSELECT 1 / 0;\nSELECT 2 AS a;\n")
        .fails(1, &["error[22012]", "2 | SELECT 1 / 0"]);
    let ended = run(&["-m", "csv", "-c", "SELECT 1 AS a", "-c", "nonsense", "-c", "SELECT 2 AS a"], "");
    assert_eq!((ended.status, ended.out.as_str()), (1, "a\n1\n"));
}

#[test]
fn wrong_usage() {
    run(&["--nothing"], "").fails(2, &["--nothing"]);
    run(&["-w", "0"], "").fails(2, &["0"]);
    run(&["run"], "").fails(2, &["FILE"]);
    run(&["run", "/no/such/file.sql"], "").fails(1, &["/no/such/file.sql"]);
    let version = run(&["--version"], "");
    assert_eq!(version.out, concat!("deltaq ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn changes_of_watched_views() {
    let script = format!(
        "{ORDERS}.mode csv
.watch top
INSERT INTO orders VALUES (1, 7, 10), (2, 8, 1);
.changes off
INSERT INTO orders VALUES (3, 8, 1);
.changes on
DELETE FROM orders WHERE id = 1;
UPDATE orders SET amt = amt WHERE id = 2;
.unwatch top
DELETE FROM orders;
"
    );
    run(&[], &script).prints("epoch,weight,view,cust,s\n1,1,top,7,10.00\n1,1,top,8,1.00\n3,-1,top,7,10.00\n");
}

#[test]
fn what_is_watched_no_longer_is_told() {
    let script = "CREATE TABLE t(a INT); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM t;
.watch v w
CREATE OR REPLACE VIEW v AS SELECT a, a + 1 AS b FROM t;
DROP VIEW w;
.watch
";
    let ended = run(&[], script);
    assert_eq!(
        ended.err,
        "warning: v is watched no longer: view \"v\" was replaced by one of other columns
warning: w is watched no longer: \"w\" was dropped
"
    );
}

#[test]
fn a_command_behind_a_statement_without_its_semicolon() {
    let help = "help: a statement ends with ; before a dot command";
    run(&[], "SELECT 1\n.tables\n").fails(1, &["error[", help]);
    run(&[], "CREATE TABLE t(a INT);\nSELECT a FROM t\n .quit;\n").fails(1, &["error[3F000]", help]);
    let ended = run(&[], "CREATE TABLE t(a INT);\nSELECT b FROM t\nWHERE a > .5;\n").fails(1, &["error[42703]"]);
    assert!(!ended.err.contains(help), "{}", ended.err);
}

#[test]
fn emit_changes_goes_on() {
    let script = format!(
        "{ORDERS}INSERT INTO orders VALUES (1, 7, 10);
SELECT cust, s FROM top WHERE s > 5 EMIT CHANGES;
INSERT INTO orders VALUES (2, 7, 1), (3, 8, 1);
"
    );
    run(&[], &script).prints(
        "{\"epoch\":1,\"weight\":1,\"cust\":7,\"s\":\"10.00\"}
{\"epoch\":2,\"weight\":-1,\"cust\":7,\"s\":\"10.00\"}
{\"epoch\":2,\"weight\":1,\"cust\":7,\"s\":\"11.00\"}
",
    );
    run(&["-c", "SELECT nothing\nEMIT CHANGES"], "").fails(1, &["1 | SELECT nothing\n  |        ^^^^^^^\n"]);
}

#[test]
fn a_schema_makes_the_same_tables_and_views() {
    let script = "CREATE TABLE \"T t\"(a INT DEFAULT 5, b TEXT DEFAULT 'it''s', c DOUBLE PRECISION DEFAULT '-Infinity',
                      d DATE DEFAULT DATE '2013-01-01', e BOOLEAN NOT NULL DEFAULT true) WITH (append_only = true);
                  CREATE TABLE u(k BIGINT PRIMARY KEY);
                  ALTER TABLE u ADD COLUMN x DECIMAL(6,2) NOT NULL DEFAULT -2.5;
                  CREATE VIEW v(\"A\", b) AS SELECT a + 1, count(*) FROM \"T t\" GROUP BY a;
                  .schema\n";
    let once = run(&[], script);
    assert!(once.out.contains("  x DECIMAL(6,2) NOT NULL DEFAULT -2.50,\n"), "{}", once.out);
    let again = run(&[], &format!("{}.schema\n", once.out));
    assert_eq!((again.status, again.out), (0, once.out), "{}", again.err);
}

#[test]
fn a_schema_keeps_the_columns_that_a_star_meant() {
    let script = "CREATE TABLE t(a INT, \"B b\" INT);
                  CREATE TABLE s(a INT, x INT);
                  CREATE VIEW v AS SELECT * /* all */ FROM t;
                  CREATE VIEW w(p, q, r, u, y) AS SELECT s.*, q.*, 1 AS one FROM t AS q JOIN s ON q.a = s.a;
                  CREATE VIEW k AS SELECT * FROM t JOIN s USING (a);
                  CREATE VIEW i AS SELECT a FROM t WHERE EXISTS (SELECT * FROM s WHERE s.a = t.a) UNION TABLE z;
                  ALTER TABLE t ADD COLUMN c INT;
                  ALTER TABLE s ADD COLUMN c INT;
                  .schema\n";
    let script = format!("CREATE TABLE z(a INT);\n{script}");
    let once = run(&[], &script);
    for line in [
        "CREATE VIEW v (a, \"B b\") AS SELECT a, \"B b\" /* all */ FROM t;",
        "CREATE VIEW w (p, q, r, u, y) AS SELECT s.a, s.x, q.a, q.\"B b\", 1 AS one FROM t AS q JOIN s ON q.a = s.a;",
        "CREATE VIEW k (a, \"B b\", x) AS SELECT a, t.\"B b\", s.x FROM t JOIN s USING (a);",
        "UNION SELECT a FROM z;",
    ] {
        assert!(once.out.contains(line), "{line} is not in:\n{}{}", once.out, once.err);
    }
    let again = run(&[], &format!("{}.schema\n", once.out));
    assert_eq!((again.status, again.out), (0, once.out), "{}", again.err);
}

#[test]
fn a_view_is_outermost_whatever_columns_are_named() {
    let script = "CREATE TABLE t(a INT, n INT);\nINSERT INTO t VALUES (1, 2);\n\
                  CREATE VIEW n AS SELECT a FROM t;\nCREATE VIEW m AS SELECT * FROM t;\n";
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("q.sql"), script).expect("a file");
    run_in(directory.path(), &["run", "-q", "--emit", "final", "--format", "csv", "q.sql"], "")
        .prints("a\n1\na,n\n1,2\n");
}

#[test]
fn looking_around() {
    let script = format!(
        "{ORDERS}.mode csv
.tables
.schema top
.schema ORDERS
INSERT INTO orders VALUES (1, 7, 10);
.check
.check top
.errors top
.plan top
.state top
"
    );
    let ended = run(&[], &script);
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(
        ended.out.starts_with("name,kind,columns\norders,table,\"id INT, cust INT, amt DECIMAL(10,2)\"\ntop,view,"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("CREATE VIEW top (cust, s) AS SELECT cust, SUM(amt) AS s FROM orders GROUP BY cust;\n"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("  amt DECIMAL(10,2),\n  PRIMARY KEY (id)\n);\n"), "{}", ended.out);
    assert!(ended.out.contains("top: as its definition says, 1 row\n"), "{}", ended.out);
    assert!(ended.out.contains("rows,code,message,operator\n"), "{}", ended.out);
    assert!(ended.out.contains("aggregate"), "{}", ended.out);
    assert!(ended.out.contains("name,operator,rows,memory\ntop,"), "{}", ended.out);
    run(&[], ".schema nothing").fails(1, &["nothing"]);
    run(&[], ".nothing").fails(1, &[".nothing", ".help"]);
    let help = run(&[], ".help").out;
    assert!(help.contains("SELECT * FROM v shows its rows; .watch v each change"), "{help}");
    assert!(run(&[], ".help .timer").out.starts_with(".timer on|off"));
}

#[test]
fn bad_data_is_kept_apart() {
    let script = "CREATE TABLE t(v INT); CREATE VIEW inverse AS SELECT 12 / v AS i FROM t;
INSERT INTO t VALUES (3), (0);
.mode csv
.errors inverse
SELECT * FROM inverse;
.check
DELETE FROM t WHERE v = 0;
.errors inverse
";
    let ended = run(&[], script);
    assert_eq!(ended.status, 0, "{}", ended.err);
    let lines: Vec<&str> = ended.out.lines().collect();
    assert_eq!(lines[0], "rows,code,message,operator");
    assert!(lines[1].starts_with("1,22012,division by zero"), "{}", ended.out);
    assert_eq!(lines[2..5], ["i", "4", "inverse: as its definition says, 1 row, 1 error"]);
    assert_eq!(lines[5..], ["rows,code,message,operator"]);
}

#[test]
fn standard_input_is_the_script() {
    for sql in ["CREATE TABLE t FROM '-';\n", "CREATE TABLE t(a INT); COPY t FROM '-';\n"] {
        run(&[], sql).fails(1, &["error[55006]", "standard input is taken", "-c"]);
    }
    run(&["-m", "csv", "-c", "CREATE TABLE t FROM '-'", "-c", "SELECT * FROM t"], "a\n1\n").prints("a\n1\n");
    run(&["-c", "CREATE TABLE t(a INT); INSERT INTO t VALUES (7); COPY t TO '-'"], "").prints("a\n7\n");
}

#[test]
fn what_copy_leaves_out_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let rows: String = (0..30).map(|i| if i % 2 == 0 { format!("{i}\n") } else { format!("x{i}\n") }).collect();
    std::fs::write(directory.path().join("x.csv"), format!("a\n1\ntwo\n{rows}")).expect("a file");
    let script = "CREATE TABLE t(a INT); COPY t FROM 'x.csv' WITH (on_error = 'skip'); SELECT COUNT(*) AS n FROM t;";
    let ended = run_in(directory.path(), &["-m", "csv"], script).prints("n\n16\n");
    assert!(ended.err.starts_with("warning: x.csv:3: column a: invalid input syntax for type integer: \"two\"\n"));
    let last = "warning: 16 bad rows for table \"t\", the first 10 are told\n";
    assert!(ended.err.ends_with(last), "{}", ended.err);
    assert_eq!(ended.err.lines().count(), 11, "{}", ended.err);
}

#[test]
fn scripts_in_scripts() {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).expect("a file");
    std::fs::create_dir(directory.path().join("inner")).expect("a directory");
    write("outer.sql", ".mode csv\n.read inner/one.sql\nSELECT * FROM t;\n");
    write("inner/one.sql", "CREATE TABLE t FROM 'data.csv';\n.read two.sql\n.quit\nSELECT 1;\n");
    write("inner/two.sql", "INSERT INTO t VALUES (2);\n");
    write("inner/data.csv", "a\n1\n");
    run_in(directory.path(), &["run", "-q", "outer.sql"], "").prints("a\n1\n2\n");
    write("self.sql", ".read self.sql\n");
    run_in(directory.path(), &[], ".read self.sql").fails(1, &["50 deep"]);
    run_in(directory.path(), &[], ".read no.sql").fails(1, &["no.sql"]);
}

#[test]
fn the_timer_speaks_on_standard_error() {
    let ended = run(&["-m", "csv"], ".timer on\nSELECT 1 AS a;\n").prints("a\n1\n");
    assert!(ended.err.starts_with("Time: "), "{}", ended.err);
}

#[test]
fn very_long_and_very_deep_sql() {
    let long = format!("SELECT count(*) AS n FROM (VALUES (1)) AS t(a) WHERE a IN ({})", ["1"; 50_000].join(","));
    run(&["-m", "csv"], &format!("{long};")).prints("n\n1\n");
    let chain = format!("SELECT {} AS n", ["1"; 50_000].join("+"));
    run(&["-m", "csv"], &chain).prints("n\n50000\n");
    let nested = |levels: usize| format!("SELECT {}1{} AS n", "(".repeat(levels), ")".repeat(levels));
    run(&["-m", "csv", "-c", &nested(1_000)], "").prints("n\n1\n");
    let ended = run(&[], &nested(100_000)).fails(1, &["error[54001]"]);
    assert!(ended.err.len() < 2_000, "{}", ended.err);
}

#[test]
fn workers() {
    let script = format!(
        "{ORDERS}INSERT INTO orders VALUES (1, 7, 10), (2, 8, 1), (3, 7, 1);\nSELECT * FROM top ORDER BY cust;"
    );
    run(&["-m", "csv", "-w", "3"], &script).prints("cust,s\n7,11.00\n8,1.00\n");
}

#[test]
fn memory_has_a_limit() {
    let script = "CREATE TABLE t(v TEXT); INSERT INTO t VALUES ('a');
                  .state
                  INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 3000) AS n;
                  SELECT 'not reached';";
    let ended = run(&["--memory", "2MB", "--batch-rows", "100"], script)
        .fails(1, &["error[53200]", "tables and views may hold 2.0 MB; they hold", "--memory"]);
    assert!(ended.out.contains(" of 2.0 MB "), "{}", ended.out);
    assert!(!ended.out.contains("not reached"));
    run(&["--memory", "plenty"], "").fails(2, &["500MB, 2GB or 1.5GiB"]);
}

#[test]
fn what_was_said_before_a_failure_stands_before_it() {
    let ended = run(&["-m", "csv"], ".timer on\nSELECT 1 AS a;\nSELECT 1 / 0;\n").fails(1, &["error[22012]"]);
    assert_eq!(ended.out, "a\n1\n");
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    run(&["-m", "csv"], "\u{feff}SELECT 1 AS a;\n").prints("a\n1\n");
}

#[test]
fn changes_cannot_be_emitted_inside_a_transaction() {
    let script = "CREATE TABLE t(a INT); BEGIN; SELECT a FROM t EMIT CHANGES;";
    run(&[], script).fails(1, &["error[25001]", "subscribe before BEGIN"]);
}

#[test]
fn definitions_are_rolled_back() {
    let script = "CREATE TABLE t(a INT); BEGIN; CREATE VIEW v AS SELECT a FROM t; DROP TABLE t CASCADE; ROLLBACK;
                  .tables";
    run(&["-m", "csv"], script).prints("name,kind,columns\nt,table,a INT\n");
}
