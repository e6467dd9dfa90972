//! Rows that cannot be read, and how that reads.

use deltaq_connectors::{Error, Format, OnError, Source, SourceOptions};
use deltaq_operators::{Field, Scalar, SqlType};

const TEXT: SqlType = SqlType::Text { max: None, padded: false };

fn schema() -> Vec<Field> {
    let field = |name: &str, ty, nullable| Field { name: name.to_string(), ty, nullable };
    vec![
        field("id", SqlType::Int, false),
        field("name", TEXT, true),
        field("price", SqlType::Decimal(6, 2), true),
        field("day", SqlType::Date, true),
    ]
}

/// Every row as text, and the messages of those left out.
fn read(name: &str, text: &str, on_error: OnError) -> (Vec<String>, Vec<String>, Option<Error>) {
    let mut options = SourceOptions::new(name);
    options.on_error = on_error;
    let schema = schema();
    let reader = std::io::Cursor::new(text.as_bytes().to_vec());
    let mut source = Source::from_reader(reader, &options, Some(&schema)).expect("opens");
    let (mut rows, mut error) = (Vec::new(), None);
    for chunk in source.by_ref() {
        match chunk {
            Ok(chunk) => {
                for row in 0..chunk.rows {
                    let cell = |(column, field): (&_, &Field)| match Scalar::from_array(column, field.ty, row) {
                        Scalar::Null => "-".to_string(),
                        value => deltaq_operators::functions::text::to_text(&value, field.ty),
                    };
                    rows.push(chunk.columns.iter().zip(&schema).map(cell).collect::<Vec<_>>().join(" "));
                }
            }
            Err(failed) => error = Some(failed),
        }
    }
    (rows, source.rejections().iter().map(|r| r.to_string()).collect(), error)
}

/// Bad lines between two good ones: what is said of them.
const BAD_CSV: &[(&str, &str)] = &[
    ("x,b,1,2013-01-01", "t.csv:3: column id: invalid input syntax for type integer: \"x\""),
    (",b,1,2013-01-01", "t.csv:3: column id: NULL in a NOT NULL column"),
    ("3000000000,b,1,", "t.csv:3: column id: value \"3000000000\" is out of range for type integer"),
    ("2,b,12345.67,", "t.csv:3: column price: numeric field overflow"),
    ("2,b,1e,", "t.csv:3: column price: invalid input syntax for type numeric: \"1e\""),
    ("2,b,1,2013-02-30", "t.csv:3: column day: date/time field value out of range: \"2013-02-30\""),
    ("2,b,1,soon", "t.csv:3: column day: invalid input syntax for type date: \"soon\""),
    ("2,b,1", "t.csv:3: 3 values, expected 4"),
    ("2,b,1,2013-01-01,x", "t.csv:3: 5 values, expected 4"),
    ("2,\"b\"c,1,", "t.csv:3: text follows the closing quote of a value"),
    ("2,\"b,1,", "t.csv:3: the quoted value has no end"),
];

const BAD_JSON: &[(&str, &str)] = &[
    ("{\"id\": \"x\"}", "t.jsonl:2: column id: invalid input syntax for type integer: \"x\""),
    ("{\"name\": \"b\"}", "t.jsonl:2: column id: NULL in a NOT NULL column"),
    ("{\"id\": 1.5}", "t.jsonl:2: column id: invalid input syntax for type integer: \"1.5\""),
    ("{\"id\": true}", "t.jsonl:2: column id: expected INT, found a truth value: \"true\""),
    ("{\"id\": [1]}", "t.jsonl:2: column id: expected INT, found an array: \"[1]\""),
    ("{\"id\": 2, \"price\": 12345.67}", "t.jsonl:2: column price: numeric field overflow"),
    ("{\"id\": 2, \"day\": 20130101}", "t.jsonl:2: column day: expected DATE, found a number: \"20130101\""),
    ("[2, \"b\"]", "t.jsonl:2: 2 values, expected 4"),
    ("{\"id\": 2", "t.jsonl:2: not valid JSON at byte 8: EOF while parsing an object"),
    ("{\"id\": 2} x", "t.jsonl:2: not valid JSON at byte 11: trailing characters"),
    (
        "7",
        "t.jsonl:2: not valid JSON at byte 1: invalid type: integer `7`, expected an object of columns or an array of values",
    ),
];

#[test]
fn bad_csv_rows() {
    for (line, message) in BAD_CSV {
        let text = format!("id,name,price,day\n1,a,1.5,2013-01-01\n{line}\n3,c,,\n");
        let (rows, rejections, error) = read("t.csv", &text, OnError::Fail);
        assert_eq!(rows, ["1 a 1.50 2013-01-01"], "{line}");
        assert_eq!(error.expect("fails").to_string(), *message, "{line}");
        assert!(rejections.is_empty());
        let (rows, rejections, error) = read("t.csv", &text, OnError::Skip);
        assert_eq!(rows, ["1 a 1.50 2013-01-01", "3 c - -"], "{line}");
        assert_eq!(rejections, [*message], "{line}");
        assert!(error.is_none());
    }
}

#[test]
fn bad_json_rows() {
    for (line, message) in BAD_JSON {
        let text = format!(
            "{{\"id\": 1, \"price\": 1.50, \"day\": \"2013-01-01\"}}\n{line}\n{{\"id\": 3.0, \"name\": 5, \"more\": {{}}}}\n"
        );
        let (rows, _, error) = read("t.jsonl", &text, OnError::Fail);
        assert_eq!(rows, ["1 - 1.50 2013-01-01"], "{line}");
        assert_eq!(error.expect("fails").to_string(), *message, "{line}");
        let (rows, rejections, _) = read("t.jsonl", &text, OnError::Skip);
        assert_eq!(rows, ["1 - 1.50 2013-01-01", "3 5 - -"], "{line}");
        assert_eq!(rejections, [*message], "{line}");
    }
}

#[test]
fn bad_values_become_null_on_request() {
    let (rows, rejections, error) = read("t.csv", "id,name,price,day\n1,a,x,y\nz,b,1,\n", OnError::Null);
    assert_eq!(rows, ["1 a - -"]);
    assert_eq!(rejections.len(), 3, "{rejections:?}");
    assert!(error.is_none());
}

#[test]
fn an_error_says_where_and_why() {
    let (_, _, error) = read("t.csv", "id,name,price,day\n\n1,\"a\nb\",1,\n2,b,x,\n", OnError::Fail);
    let error = error.expect("fails");
    let rejection = error.rejection().expect("of a row");
    assert_eq!((rejection.line, rejection.column.as_deref()), (5, Some("price")));
    assert_eq!(rejection.record, "2,b,x,");
    assert_eq!(error.code(), "22P02");
    assert!(error.is_row() && !error.is_io());
    assert_eq!(rejection.path, "t.csv");
}

#[test]
fn columns_are_found_by_name() {
    let (rows, ..) = read("t.csv", "\u{feff}Day,more,ID\r\n2013-01-01,x,1\r\n,,2\r\n", OnError::Fail);
    assert_eq!(rows, ["1 - - 2013-01-01", "2 - - -"]);
    // No line of names: in order. A delimiter may end the line.
    let (rows, ..) = read("t.tbl", "1|a|2|2013-01-01|\n2|\"\"|3|\"\"", OnError::Fail);
    assert_eq!(rows, ["1 a 2.00 2013-01-01", "2  3.00 -"]);
    let (_, _, error) = read("t.csv", "name,price,day\nx,1,\n", OnError::Fail);
    let error = error.expect("a NOT NULL column is missing");
    assert_eq!(error.to_string(), "t.csv: the header has no column id; it names name, price, day");
}

#[test]
fn a_delimiter_may_end_every_line() {
    let infer = |name: &str, text: &str| {
        let reader = std::io::Cursor::new(text.as_bytes().to_vec());
        let source = Source::from_reader(reader, &SourceOptions::new(name), None)?;
        let schema: Vec<String> = source.schema().iter().map(|f| format!("{} {}", f.name, f.ty)).collect();
        let rows: usize = source.map(|chunk| Ok(chunk?.rows)).sum::<Result<_, Error>>()?;
        Ok::<_, Error>((schema.join(", "), rows))
    };
    let found = |name, text| infer(name, text).expect("is read");
    assert_eq!(found("t.tbl", "0|AFRICA|x|\n1|ASIA||\n"), ("column1 INT, column2 TEXT, column3 TEXT".to_string(), 2));
    assert_eq!(found("t.tbl", "0|a|\n1|b|c\n"), ("column1 INT, column2 TEXT, column3 TEXT".to_string(), 2));
    assert_eq!(found("t.csv", "a,b,\n1,2,\n"), ("a INT, b INT, column3 TEXT".to_string(), 1));
    // What is no longer blank further down is not passed over.
    let text = format!("{}1|b|c\n", "0|a|\n".repeat(30_000));
    assert_eq!(infer("t.tbl", &text).expect_err("fails").to_string(), "t.tbl:30001: 3 values, expected 2");
}

#[test]
fn another_delimiter_is_told() {
    let (_, _, error) = read("t.csv", "1|a|2|2013-01-01|\n", OnError::Fail);
    assert!(
        error
            .expect("fails")
            .to_string()
            .starts_with("t.csv:1: 1 value, expected 4; delimiter = '|' separates so many")
    );
    let (_, rejections, _) = read("t.csv", "1,a,2,\n2\ta\t2\t2013-01-01\n3\n", OnError::Skip);
    assert_eq!(
        rejections,
        ["t.csv:2: 1 value, expected 4; delimiter = '\\t' separates so many", "t.csv:3: 1 value, expected 4"]
    );
}

#[test]
fn a_header_that_repeats_a_name_is_told() {
    let infer = |text: &str| {
        let reader = std::io::Cursor::new(text.as_bytes().to_vec());
        let source = Source::from_reader(reader, &SourceOptions::new("t.csv"), None)?;
        Ok::<_, Error>(source.schema().iter().map(|f| f.name.clone()).collect::<Vec<_>>().join(", "))
    };
    assert_eq!(
        infer("a,b,A\n1,2,3\n").expect_err("fails").to_string(),
        "t.csv: the first line names columns 1 and 3 \"A\": declare the columns, or say header = true (the later one is \
         then a_2) or header = false (the line is a row)"
    );
    // Words over words are rows.
    assert_eq!(infer("to,be,to\nor,not,be\n").expect("is read"), "column1, column2, column3");
}

#[test]
fn lines_may_end_in_a_carriage_return_alone() {
    let text = "id,name,price,day\r1,\"a\nb\",1.5,2013-01-01\r\r2,c,,\r";
    let (rows, _, error) = read("t.csv", text, OnError::Fail);
    assert_eq!(rows, ["1 a\nb 1.50 2013-01-01", "2 c - -"]);
    assert!(error.is_none());
    // Lines are counted by what ends them; LF is no line end any more.
    let (rows, _, error) = read("t.csv", "id,name,price,day\r1,a,,\r2,b,x,\r", OnError::Fail);
    assert_eq!(rows, ["1 a - -"]);
    assert!(error.expect("fails").to_string().starts_with("t.csv:3: column price"));
    let (_, _, error) = read("t.csv", "id,name,price,day\r1,a,,\n2,b,,\r", OnError::Fail);
    assert_eq!(error.expect("fails").to_string(), "t.csv:2: 7 values, expected 4");
    let (_, _, error) = read("t.csv", "id,name,price,day\r1,a\nb,,\r", OnError::Fail);
    assert_eq!(
        error.expect("fails").to_string(),
        "t.csv:2: a line feed stands outside quotes, and lines end in a carriage return, as the first one does"
    );
    let reader = std::io::Cursor::new(b"a;b\r1;2\r3;4\r".to_vec());
    let source = Source::from_reader(reader, &SourceOptions::new("t.csv"), None).expect("opens");
    assert_eq!(source.schema()[1].name, "b");
    assert_eq!(source.filter_map(Result::ok).map(|chunk| chunk.rows).sum::<usize>(), 2);
}

#[test]
fn a_byte_order_mark_before_json_is_passed_over() {
    let text = "\u{feff}{\"id\": 1}\n{\"id\": 2}\n";
    let (rows, _, error) = read("t.jsonl", text, OnError::Fail);
    assert_eq!(rows, ["1 - - -", "2 - - -"]);
    assert!(error.is_none());
    // Neither the format nor the columns are told.
    let reader = std::io::Cursor::new(text.as_bytes().to_vec());
    let source = Source::from_reader(reader, &SourceOptions::new("-"), None).expect("opens");
    assert_eq!(source.schema()[0].name, "id");
    assert_eq!(source.filter_map(Result::ok).map(|chunk| chunk.rows).sum::<usize>(), 2);
}

#[test]
fn types_are_inferred() {
    let infer = |name: &str, text: &str| {
        let reader = std::io::Cursor::new(text.as_bytes().to_vec());
        let source = Source::from_reader(reader, &SourceOptions::new(name), None).expect("opens");
        let schema: Vec<String> = source.schema().iter().map(|f| format!("{} {}", f.name, f.ty)).collect();
        (schema.join(", "), source.options().clone())
    };
    let (schema, options) = infer("t.csv", "Id;when;x;zip\n1;2013-01-01 05:00:00;NA;01234\n2;NA;2.5;99999\n");
    assert_eq!(schema, "id INT, when TIMESTAMP, x DOUBLE, zip TEXT");
    assert_eq!(options.delimiter, Some(b';'));
    assert_eq!(options.header, Some(true));
    assert_eq!(options.nulls, Some(vec![String::new(), "NA".to_string()]));
    let (schema, options) = infer("t.csv", "1,true,x\n2,false,\n");
    assert_eq!(schema, "column1 INT, column2 BOOLEAN, column3 TEXT");
    assert_eq!(options.header, Some(false));
    let (schema, _) = infer("-", "{\"a\": 1, \"b\": \"2013-01-01\"}\n{\"a\": 1.5, \"c\": {\"d\": 1}, \"b\": null}\n");
    assert_eq!(schema, "a DOUBLE, b DATE, c TEXT");
}

#[test]
fn rows_of_a_pipe_do_not_wait() {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let mut options = SourceOptions::new("-");
    options.format = Some(Format::Jsonl);
    let mut source = Source::from_reader(reader, &options, Some(&schema())).expect("opens");
    for id in 0..3 {
        use std::io::Write;
        writeln!(writer, "{{\"id\": {id}}}").expect("written");
        let chunk = source.next().expect("a chunk").expect("rows");
        assert_eq!(chunk.rows, 1);
    }
    drop(writer);
    assert!(source.next().is_none());
}

#[test]
fn options_are_checked() {
    let parse = |pairs: &[(&str, &str)]| {
        let map = pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        SourceOptions::from_map(&map)
    };
    let options = parse(&[("connector", "file"), ("path", "x"), ("format", "tsv"), ("header", ""), ("null", "NA")])
        .expect("fits");
    assert_eq!((options.delimiter, options.header), (Some(b'\t'), Some(true)));
    for bad in [("header", "maybe"), ("delimiter", "ab"), ("batch_rows", "0"), ("on_error", "cry"), ("colour", "red")] {
        let error = parse(&[("path", "x"), bad]).expect_err("does not fit");
        assert!(error.is_options() && error.to_string().contains(bad.0), "{error}");
    }
    assert!(parse(&[]).is_err());
    let missing = Source::open(&SourceOptions::new("no/such/file.csv"), None).err().expect("missing");
    assert!(missing.is_not_found() && missing.to_string().contains("no/such/file.csv"), "{missing}");
}

#[test]
fn a_first_line_of_other_names_is_explained() {
    let (rows, _, error) = read("t.csv", "number,label,cost,date\n1,a,1,\n", OnError::Fail);
    assert!(rows.is_empty(), "{rows:?}");
    assert_eq!(
        error.expect("it fails").to_string(),
        "t.csv:1: column id: invalid input syntax for type integer: \"number\" (header = true if this line names the columns)"
    );
    let (rows, _, error) = read("t.csv", "1,a,1,\nx,a,1,\n", OnError::Fail);
    assert_eq!(rows, ["1 a 1.00 -"]);
    assert!(error.expect("it fails").to_string().ends_with("\"x\""));
}

#[test]
fn a_json_array_is_no_json_lines() {
    for text in ["[{\"a\": 1}, {\"a\": 2}]\n", "[\n  {\"a\": 1},\n  {\"a\": 2}\n]\n"] {
        let reader = std::io::Cursor::new(text.as_bytes().to_vec());
        let error = Source::from_reader(reader, &SourceOptions::new("t.json"), None).err().expect("it is refused");
        assert!(error.to_string().contains("one object a line (jq"), "{text}: {error}");
    }
}
