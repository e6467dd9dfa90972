//! `deltaq pipe`: docs/formats/pipe.md.

mod support;

use std::path::Path;

use support::Talk;

fn start() -> Talk {
    Talk::start(Path::new("."), &["pipe"])
}

#[track_caller]
fn check(talk: &mut Talk, request: &str, reply: &str) {
    assert_eq!(talk.ask(request), reply, "{request}");
}

#[track_caller]
fn check_error(talk: &mut Talk, request: &str, code: &str, position: &str) {
    let reply = talk.ask(request);
    assert!(reply.starts_with(&format!("{{\"error\":{{\"code\":\"{code}\",\"message\":\"")), "{request}: {reply}");
    assert!(reply.contains(&format!("\"position\":{position}")), "{request}: {reply}");
}

/// The session that the manual shows.
#[test]
fn the_manual() {
    let page = include_str!("../../docs/formats/pipe.md");
    let session = page.split("```").find(|block| block.starts_with("session\n")).expect("a session in the manual");
    let mut talk = start();
    let (mut asked, mut replies) = (String::new(), 0);
    for line in session.lines().skip(1) {
        if let Some(request) = line.strip_prefix("> ") {
            asked = request.to_string();
            talk.say(request);
        } else if let Some(reply) = line.strip_prefix("< ") {
            assert_eq!(talk.hear(), reply, "{asked}");
            replies += 1;
        }
    }
    assert!(replies > 8, "{replies} replies in the manual");
    assert_eq!(talk.end().0, 0);
}

#[test]
fn every_type_there_and_back() {
    let mut talk = start();
    let types = "b BOOLEAN, s SMALLINT, i INT, l BIGINT, r REAL, f DOUBLE, d DECIMAL(38,2), t TEXT, v VARCHAR(5), c CHAR(5), y BYTEA, \
                 da DATE, ti TIME, ts TIMESTAMP, tz TIMESTAMPTZ, iv INTERVAL, u UUID";
    check(
        &mut talk,
        &format!("{{\"execute\": \"CREATE TABLE t({types})\"}}"),
        r#"{"ok":true,"results":[{"tag":"CREATE TABLE"}]}"#,
    );
    talk.ask(r#"{"watch": ["t"]}"#);
    let rows = [
        r#"[true,-32768,2147483647,9223372036854775807,0.1,0.1,"123456789012345678901234567890.12","ü\n\"","abcde","ab","\\x00ff","2013-01-01","05:00:00.5","2013-01-01 05:00:00.5","2013-01-01 05:00:00+00","1 day 02:00:00","a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]"#,
        r#"[false,0,0,-9007199254740993,"NaN","-Infinity","-0.01","","","","\\x","0001-01-01","00:00:00","1969-12-31 23:59:59.999999","1970-01-01 00:00:00+00","00:00:00","00000000-0000-0000-0000-000000000000"]"#,
        "[null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null]",
    ];
    for (index, row) in rows.iter().enumerate() {
        let step = format!("{{\"step\": {{\"t\": [{{\"weight\": 1, \"row\": {row}}}]}}}}");
        let change =
            format!("{{\"ok\":true,\"epoch\":{},\"changes\":{{\"t\":[{{\"weight\":1,\"row\":{row}}}]}}}}", index + 1);
        check(&mut talk, &step, &change);
    }
    let reply = talk.ask(r#"{"execute": "SELECT * FROM t WHERE b"}"#);
    assert!(reply.contains(&format!("\"rows\":[{}]", rows[0])), "{reply}");
    assert!(reply.contains(r#"{"name":"d","type":"DECIMAL(38,2)"}"#), "{reply}");
    assert_eq!(talk.end().0, 0);
}

#[test]
fn what_else_is_taken() {
    let mut talk = start();
    talk.ask(r#"{"execute": "CREATE TABLE t(l BIGINT, d DECIMAL(20,3), f DOUBLE)"}"#);
    talk.ask(r#"{"watch": ["t"]}"#);
    let step = r#"{"step": {"t": [{"weight": 2, "row": ["9007199254740993", 12345678901234567.125, 1]}]}}"#;
    check(
        &mut talk,
        step,
        r#"{"ok":true,"epoch":1,"changes":{"t":[{"weight":2,"row":[9007199254740993,"12345678901234567.125",1]}]}}"#,
    );
    check(
        &mut talk,
        r#"{"execute": "SELECT l FROM t"}"#,
        r#"{"ok":true,"results":[{"columns":[{"name":"l","type":"BIGINT"}],"rows":[[9007199254740993],[9007199254740993]]}],"epoch":1,"changes":{}}"#,
    );
}

#[test]
fn a_step_that_fails_changes_nothing() {
    let mut talk = start();
    talk.ask(r#"{"execute": "CREATE TABLE t(id INT PRIMARY KEY, n INT NOT NULL); CREATE TABLE u(a TEXT); INSERT INTO t VALUES (1, 1)"}"#);
    talk.ask(r#"{"watch": ["t", "u"]}"#);
    let good = r#""u": [{"weight": 1, "row": ["x"]}]"#;
    for (bad, code) in [
        (r#""t": [{"weight": 1, "row": [1, 2]}]"#, "23505"),
        (r#""t": [{"weight": -1, "row": [2, 2]}]"#, "P0002"),
        (r#""t": [{"weight": 1, "row": [3, null]}]"#, "23502"),
        (r#""t": [{"weight": 1, "row": [3, "x"]}]"#, "22P02"),
        (r#""t": [{"weight": 1, "row": [3, 99999999999]}]"#, "22003"),
        (r#""t": [{"weight": 1, "row": [3]}]"#, "42601"),
        (r#""t": [{"weight": 1, "row": [3, [4]]}]"#, "42804"),
        (r#""nothing": []"#, "42P01"),
    ] {
        check_error(&mut talk, &format!("{{\"step\": {{{good}, {bad}}}}}"), code, "null");
    }
    check(
        &mut talk,
        &format!(
            "{{\"step\": {{{good}, \"t\": [{{\"weight\": -1, \"row\": [1, 1]}}, {{\"weight\": 1, \"row\": [1, 2]}}]}}}}"
        ),
        r#"{"ok":true,"epoch":2,"changes":{"t":[{"weight":-1,"row":[1,1]},{"weight":1,"row":[1,2]}],"u":[{"weight":1,"row":["x"]}]}}"#,
    );
}

#[test]
fn files_from_the_pipe() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("x.csv"), "a\n1\ntwo\n").expect("a file");
    let mut talk = Talk::start(directory.path(), &["pipe"]);
    check(
        &mut talk,
        r#"{"execute": "CREATE TABLE t(a INT); COPY t FROM 'x.csv' WITH (on_error = 'skip')"}"#,
        r#"{"ok":true,"results":[{"tag":"CREATE TABLE"},{"tag":"COPY","count":1}],"rejected":[{"table":"t","rows":1,"reasons":["x.csv:3: column a: invalid input syntax for type integer: \"two\""]}]}"#,
    );
    check_error(&mut talk, r#"{"execute": "COPY t FROM '-'"}"#, "55006", "13");
    check_error(&mut talk, r#"{"execute": "COPY t TO '-'"}"#, "55006", "11");
    check_error(&mut talk, r#"{"execute": "CREATE TABLE u FROM '-'"}"#, "55006", "1");
}

#[test]
fn emit_changes_is_refused() {
    let mut talk = start();
    let request = r#"{"execute": "CREATE TABLE t(a INT); SELECT 'ü', a FROM t EMIT CHANGES; CREATE TABLE u(a INT)"}"#;
    check_error(&mut talk, request, "0A000", "45");
    assert!(talk.ask(request.replace("CREATE TABLE t(a INT); ", "").as_str()).contains(r#"{\"watch\": [\"v\"]}"#));
    // The statements before it stand, those behind it do not.
    check_error(&mut talk, r#"{"execute": "SELECT * FROM t; SELECT * FROM u"}"#, "42P01", "32");
}

#[test]
fn what_is_no_request() {
    let mut talk = start();
    check_error(&mut talk, "nonsense", "22032", "1");
    check_error(&mut talk, "{\"execute\": \"SELECT 1\"", "22032", "22");
    check_error(&mut talk, "{\"do\": 1}", "08P01", "5");
    check_error(&mut talk, "{\"execute\": \"SELECT 'ü', x\"}", "42703", "13");
    check_error(&mut talk, "{\"watch\": [\"nothing\"]}", "42P01", "null");
    check_error(&mut talk, "{\"unwatch\": [\"nothing\"]}", "42P01", "null");
    talk.say("");
    check(&mut talk, r#"{"execute": ""}"#, r#"{"ok":true,"results":[]}"#);
    assert_eq!(talk.end(), (0, String::new()));
}

#[test]
fn statements_before_a_failure_stand() {
    let mut talk = start();
    talk.ask(r#"{"execute": "CREATE TABLE t(a INT); CREATE VIEW n AS SELECT COUNT(*) AS n FROM t"}"#);
    check(&mut talk, r#"{"watch": ["n"]}"#, r#"{"ok":true,"epoch":0,"changes":{"n":[{"weight":1,"row":[0]}]}}"#);
    let reply = talk.ask(r#"{"execute": "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1 / 0)"}"#);
    assert!(reply.starts_with(r#"{"error":{"code":"22012","#), "{reply}");
    assert!(
        reply.ends_with(r#","epoch":1,"changes":{"n":[{"weight":-1,"row":[0]},{"weight":1,"row":[1]}]}}"#),
        "{reply}"
    );
    // Two epochs, one sum.
    check(
        &mut talk,
        r#"{"execute": "INSERT INTO t VALUES (2); INSERT INTO t VALUES (3)"}"#,
        r#"{"ok":true,"results":[{"tag":"INSERT","count":1},{"tag":"INSERT","count":1}],"epoch":3,"changes":{"n":[{"weight":-1,"row":[1]},{"weight":1,"row":[3]}]}}"#,
    );
    check(&mut talk, r#"{"unwatch": ["n"]}"#, r#"{"ok":true}"#);
    check(&mut talk, r#"{"step": {"t": [{"weight": 1, "row": [9]}]}}"#, r#"{"ok":true,"epoch":4,"changes":{}}"#);
}
