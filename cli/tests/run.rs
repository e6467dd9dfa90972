//! `deltaq run` and `deltaq explain`.

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;

use support::{Talk, deltaq, run_in};
use tempfile::TempDir;

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).expect("a file");
    }
    directory
}

const LOG: &str = "CREATE TABLE log(level TEXT, n INT) WITH (connector = 'file', path = '-', format = 'jsonl');
SELECT level, COUNT(*) AS c, SUM(n) AS s FROM log GROUP BY level EMIT CHANGES;
";

#[test]
fn a_filter_flushes_promptly() {
    let files = directory(&[("q.sql", LOG)]);
    let mut talk = Talk::start(files.path(), &["run", "q.sql"]);
    assert_eq!(talk.ask(r#"{"level":"info","n":1}"#), r#"{"epoch":1,"weight":1,"level":"info","c":1,"s":1}"#);
    assert_eq!(talk.ask(r#"{"level":"info","n":2}"#), r#"{"epoch":2,"weight":-1,"level":"info","c":1,"s":1}"#);
    assert_eq!(talk.hear(), r#"{"epoch":2,"weight":1,"level":"info","c":2,"s":3}"#);
    let (status, err) = talk.end();
    assert_eq!(status, 0, "{err}");
    assert!(err.starts_with("2 rows loaded in "), "{err}");
    assert!(err.contains("; 2 epochs; state: "), "{err}");
}

#[test]
fn an_interrupt_ends_a_filter() {
    let files = directory(&[("q.sql", LOG)]);
    let mut talk = Talk::start(files.path(), &["run", "q.sql"]);
    talk.ask(r#"{"level":"info","n":1}"#);
    let kill = std::process::Command::new("kill").args(["-INT", &talk.id().to_string()]).status().expect("kill runs");
    assert!(kill.success());
    let (status, err) = talk.wait();
    assert_eq!(status, 130, "{err}");
    assert!(err.starts_with("1 row loaded in "), "{err}");
}

#[test]
fn nobody_reads() {
    let numbers = "CREATE TABLE n(a INT) WITH (connector = 'file', path = '-', format = 'csv', header = 'false');
SELECT a FROM n EMIT CHANGES;
";
    let files = directory(&[("q.sql", numbers)]);
    let mut child = deltaq(&["run", "q.sql"]).current_dir(files.path()).spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || {
        use std::io::Write;
        (0..2_000_000).try_for_each(|n| writeln!(stdin, "{n}")).is_ok()
    });
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    drop(out);
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("the writer ends");
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn rows_that_errors_keep_out_are_told() {
    let script = "CREATE TABLE t(a INT); INSERT INTO t VALUES (1), (0), (0);
CREATE VIEW v AS SELECT 10 / a AS q FROM t;
CREATE VIEW w AS SELECT a FROM t;
SELECT q FROM v;
";
    let files = directory(&[("q.sql", script)]);
    let ended = run_in(files.path(), &["run", "-q", "--format", "csv", "q.sql"], "").prints("q\n10\n");
    assert_eq!(ended.err, "warning: 2 rows kept out of view \"v\" by errors: division by zero\n");
}

const SALES: &str = "CREATE TABLE sales(shop TEXT, n INT) WITH (connector = 'file', path = 'sales.csv');
CREATE VIEW totals AS SELECT shop, SUM(n) AS total FROM sales GROUP BY shop;
";

#[test]
fn emit_and_format() {
    let select = format!("{SALES}SELECT * FROM totals ORDER BY shop;\n");
    let files = directory(&[("views.sql", SALES), ("select.sql", &select), ("sales.csv", "shop,n\na,1\nb,2\na,3\n")]);
    let run = |arguments: &[&str]| run_in(files.path(), &[&["run", "-q"], arguments].concat(), "");
    run(&["select.sql", "--format", "csv"]).prints("shop,total\na,4\nb,2\n");
    run(&["select.sql", "--format", "jsonl", "--emit", "final"])
        .prints("{\"shop\":\"a\",\"total\":4}\n{\"shop\":\"b\",\"total\":2}\n");
    run(&["select.sql", "--emit", "changes", "--format", "csv"]).prints("epoch,weight,shop,total\n1,1,a,4\n1,1,b,2\n");
    run(&["views.sql"]).prints("");
    run(&["views.sql", "--emit", "final", "--format", "csv"]).prints("shop,total\na,4\nb,2\n");
    run(&["views.sql", "--emit", "changes"]).prints(
        "{\"epoch\":1,\"weight\":1,\"shop\":\"a\",\"total\":4}\n\
         {\"epoch\":1,\"weight\":1,\"shop\":\"b\",\"total\":2}\n",
    );
    run(&["select.sql", "--output", "out.csv"]).prints("");
    assert_eq!(std::fs::read_to_string(files.path().join("out.csv")).expect("written"), "shop,total\na,4\nb,2\n");
    run(&["select.sql", "--output", "no/out.csv"]).fails(1, &["no/out.csv"]);
    run(&["select.sql", "--workers", "2", "--format", "csv"]).prints("shop,total\na,4\nb,2\n");
}

#[test]
fn several_queries_are_named() {
    let script = "CREATE TABLE t(a INT); SELECT a FROM t EMIT CHANGES; SELECT COUNT(*) AS n FROM t EMIT CHANGES;
INSERT INTO t VALUES (5);\n";
    let files = directory(&[("q.sql", script)]);
    run_in(files.path(), &["run", "-q", "q.sql"], "").prints(
        "{\"epoch\":0,\"weight\":1,\"view\":\"query_2\",\"n\":0}
{\"epoch\":1,\"weight\":1,\"view\":\"query_1\",\"a\":5}
{\"epoch\":1,\"weight\":-1,\"view\":\"query_2\",\"n\":0}
{\"epoch\":1,\"weight\":1,\"view\":\"query_2\",\"n\":1}
",
    );
}

#[test]
fn files_beside_the_script() {
    let select = format!("{SALES}SELECT COUNT(*) AS n FROM sales;");
    let files = directory(&[("q.sql", &select), ("sales.csv", "shop,n\na,1\n")]);
    let script = files.path().join("q.sql");
    let script = script.to_str().expect("UTF-8");
    run_in(Path::new("/"), &["run", "-q", "--format", "csv", script], "").prints("n\n1\n");
    let other = directory(&[("sales.csv", "shop,n\na,1\nb,2\n")]);
    run_in(other.path(), &["run", "-q", "--format", "csv", script], "").prints("n\n2\n");
}

#[test]
fn bad_rows() {
    let select = format!("{SALES}SELECT * FROM totals ORDER BY shop;\n");
    let files = directory(&[("q.sql", &select), ("sales.csv", "shop,n\na,1\nb,many\n")]);
    run_in(files.path(), &["run", "q.sql"], "").fails(1, &["error[22P02]", "sales.csv:3", "column n", "many"]);
    let skip = select.replace("'sales.csv')", "'sales.csv', on_error = 'skip')");
    std::fs::write(files.path().join("q.sql"), skip).expect("a file");
    let ended = run_in(files.path(), &["run", "--format", "csv", "q.sql"], "").prints("shop,total\na,1\n");
    assert!(ended.err.contains("1 bad row"), "{}", ended.err);
}

#[test]
fn mistakes_name_the_file() {
    let files = directory(&[("q.sql", "SELECT 1;\n\nSELECT nothing;\n")]);
    run_in(files.path(), &["run", "q.sql"], "")
        .fails(1, &["error[42703]", "--> q.sql:3:8", "3 | SELECT nothing;\n  |        ^^^^^^^\n"]);
}

#[test]
fn explain() {
    let select = format!("{SALES}SELECT * FROM totals WHERE total > 1;\nINSERT INTO sales VALUES ('c', 1 / 0);\n");
    let files = directory(&[("q.sql", &select), ("sales.csv", "shop,n\na,1\n")]);
    let ended = run_in(files.path(), &["explain", "q.sql"], "");
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(ended.out.starts_with("-- CREATE VIEW totals AS"), "{}", ended.out);
    assert!(ended.out.contains("aggregate"), "{}", ended.out);
    assert!(ended.out.contains("-- SELECT * FROM totals WHERE total > 1\n"), "{}", ended.out);
    let ended = run_in(files.path(), &["explain", "--format", "dot", "q.sql"], "");
    assert!(ended.out.contains("digraph"), "{}", ended.out);
    // Comments of DOT: nothing else stands outside the graphs.
    assert!(ended.out.starts_with("// CREATE VIEW totals AS"), "{}", ended.out);
    assert!(ended.out.contains("// SELECT * FROM totals WHERE total > 1\ndigraph"), "{}", ended.out);
    std::fs::write(files.path().join("q.sql"), "SELECT 1 AS a,\n  2 AS b;\n").expect("a file");
    let ended = run_in(files.path(), &["explain", "--format", "dot", "q.sql"], "");
    assert!(ended.out.starts_with("// SELECT 1 AS a,\n//   2 AS b\ndigraph"), "{}", ended.out);
}

#[test]
fn explain_tells_mistakes_and_reads_scripts() {
    let files = directory(&[("ddl.sql", "CREATE TABLE t(a INT);\nINSERT INTO t VALUES (1);\n"), ("q.sql", "")]);
    let explains = |text: &str| {
        std::fs::write(files.path().join("q.sql"), text).expect("a file");
        run_in(files.path(), &["explain", "q.sql"], "")
    };
    let ended = explains(".read ddl.sql\nSELECT a FROM t;\n.tables\n");
    assert_eq!((ended.status, ended.out.starts_with("-- SELECT a FROM t\n")), (0, true), "{ended:?}");
    explains("SELECT 1;\nselec 1;\n").fails(1, &["error[42601]", "q.sql:2:1"]);
    explains(".read ddl.sql\nDELETE FORM t;\n").fails(1, &["error[42601]", "q.sql:2:13"]);
    explains(".read ddl.sql\nINSERT INTO u VALUES (1);\n").fails(1, &["error[42P01]", "q.sql:2"]);
    explains("SELECT 1;\n.read nothing.sql\n").fails(1, &["nothing.sql"]);
}

#[test]
fn a_command_that_fails_says_where_it_stands() {
    let files = directory(&[
        ("q.sql", "SELECT 1;\n\n.read nothing.sql\n"),
        ("outer.sql", ".read inner.sql\n"),
        ("inner.sql", "\n.mode x"),
    ]);
    run_in(files.path(), &["run", "q.sql"], "").fails(1, &["q.sql:3: nothing.sql: "]);
    run_in(files.path(), &["run", "outer.sql"], "").fails(1, &["inner.sql:2: mode x: expected"]);
    run_in(files.path(), &["run", "-o", "x.tsv", "q.sql"], "").fails(1, &["x.tsv: --output writes csv"]);
}

#[test]
fn a_script_that_is_no_text() {
    let files = directory(&[]);
    std::fs::write(files.path().join("q.sql"), b"SELECT 1;\nSELECT '\xff';\n").expect("a file");
    run_in(files.path(), &["run", "q.sql"], "").fails(1, &["q.sql: line 2 is not UTF-8"]);
    run_in(files.path(), &["-c", ".read q.sql"], "").fails(1, &["q.sql: line 2 is not UTF-8"]);
}

#[test]
fn standard_input_is_read_once() {
    let table =
        |name: &str| format!("CREATE TABLE {name}(a INT) WITH (connector = 'file', path = '-', format = 'csv');\n");
    let files = directory(&[("q.sql", &format!("{}{}", table("t"), table("u")))]);
    run_in(files.path(), &["run", "q.sql"], "a\n1\n")
        .fails(1, &["error[55006]", "cannot read standard input: another table reads it"]);
}

#[test]
fn a_script_from_standard_input() {
    let files = directory(&[]);
    run_in(files.path(), &["run", "-q", "--format", "csv", "-"], "SELECT 1 AS a;").prints("a\n1\n");
}

#[test]
fn the_engine_is_measured() {
    let files = directory(&[]);
    let said = run_in(files.path(), &["bench", "nexmark", "--events", "1000", "--query", "q2,q15", "--json"], "");
    assert_eq!(said.status, 0, "{}", said.err);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), 2, "{}", said.out);
    assert!(lines[1].starts_with(r#"{"peer":"deltaq","query":"q15","workers":1,"events":1000,"#), "{}", lines[1]);
    assert!(lines[1].contains(r#""rows":1,"#), "{}", lines[1]);
    run_in(files.path(), &["bench", "nexmark", "--query", "q99"], "").fails(2, &["no query \"q99\"; there are q0, q1"]);
    let said = run_in(files.path(), &["bench", "nexmark", "--events", "1000", "--query", "Q0"], "");
    assert_eq!((said.status, said.out.lines().count()), (0, 2), "{said:?}");
    run_in(files.path(), &["bench", "nexmark", "--workers", "0"], "").fails(2, &["--workers"]);
    run_in(files.path(), &["bench", "nexmark", "--step", "0"], "").fails(2, &["--step"]);
}

#[test]
fn an_output_is_what_its_name_says() {
    let files = directory(&[("q.sql", "SELECT 1 AS a;")]);
    run_in(files.path(), &["run", "q.sql", "--output", "a.parquet"], "").fails(1, &["a.parquet", "COPY … TO"]);
    run_in(files.path(), &["run", "q.sql", "--quiet", "--output", "a.csv"], "").prints("");
    assert_eq!(std::fs::read_to_string(files.path().join("a.csv")).expect("a file"), "a\n1\n");
}
