//! What a sink writes, a source reads: every type, every format.

use arrow_array::{Array, ArrayRef};
use deltaq_connectors::{Chunk, Format, Result, Sink, SinkOptions, Source, SourceOptions};
use deltaq_operators::{Field, Scalar, SqlType};
use proptest::prelude::*;

const TEXT: SqlType = SqlType::Text { max: None, padded: false };

const TYPES: &[SqlType] = &[
    SqlType::Boolean,
    SqlType::SmallInt,
    SqlType::Int,
    SqlType::BigInt,
    SqlType::Real,
    SqlType::Double,
    SqlType::Decimal(10, 2),
    SqlType::Decimal(38, 0),
    SqlType::Decimal(38, 38),
    TEXT,
    SqlType::Text { max: Some(5), padded: false },
    SqlType::Bytea,
    SqlType::Date,
    SqlType::Time,
    SqlType::Timestamp,
    SqlType::TimestampTz,
    SqlType::Interval,
    SqlType::Uuid,
];

fn value(ty: SqlType) -> BoxedStrategy<Scalar> {
    const DAY: i64 = 86_400_000_000;
    let value = match ty {
        SqlType::Boolean => any::<bool>().prop_map(Scalar::Boolean).boxed(),
        SqlType::SmallInt => any::<i16>().prop_map(Scalar::SmallInt).boxed(),
        SqlType::Int => any::<i32>().prop_map(Scalar::Int).boxed(),
        SqlType::BigInt => any::<i64>().prop_map(Scalar::BigInt).boxed(),
        SqlType::Real => prop_oneof![any::<f32>(), Just(f32::NAN), Just(f32::NEG_INFINITY), Just(-0.0), Just(1e10)]
            .prop_map(Scalar::Real)
            .boxed(),
        SqlType::Double => {
            prop_oneof![any::<f64>(), Just(f64::NAN), Just(f64::INFINITY), Just(-0.0), Just(0.1), Just(1e20)]
                .prop_map(Scalar::Double)
                .boxed()
        }
        SqlType::Decimal(precision, _) => {
            let limit = 10i128.pow(precision.into()) - 1;
            prop_oneof![Just(0), Just(limit), Just(-limit), -1000i128..1000, -limit..limit]
                .prop_map(Scalar::Decimal)
                .boxed()
        }
        SqlType::Text { max: None, .. } => prop_oneof![
            Just(""),
            Just("NA"),
            Just("null"),
            Just("\\N"),
            Just("a,b"),
            Just("\"x\""),
            Just(" y "),
            Just("1\r\n2"),
            Just("é\u{1}\\")
        ]
        .prop_map(|text| Scalar::Text(text.to_string()))
        .boxed(),
        SqlType::Text { .. } => "[a-z,;\"|\t]{0,5}".prop_map(Scalar::Text).boxed(),
        SqlType::Bytea => prop::collection::vec(any::<u8>(), 0..6).prop_map(Scalar::Bytea).boxed(),
        SqlType::Date => (-800_000i32..1_000_000).prop_map(Scalar::Date).boxed(),
        SqlType::Time => (0..DAY).prop_map(Scalar::Time).boxed(),
        SqlType::Timestamp | SqlType::TimestampTz => {
            prop_oneof![-800_000 * DAY..1_000_000 * DAY, (0..20_000i64).prop_map(|s| s * 1_000_000)]
                .prop_map(Scalar::Timestamp)
                .boxed()
        }
        SqlType::Interval => (-100i32..100, -40i32..40, -DAY..DAY)
            .prop_map(|(months, days, micros)| Scalar::Interval { months, days, nanos: micros * 1000 })
            .boxed(),
        SqlType::Uuid => any::<[u8; 16]>().prop_map(Scalar::Uuid).boxed(),
        SqlType::Null => Just(Scalar::Null).boxed(),
    };
    prop_oneof![1 => Just(Scalar::Null), 5 => value].boxed()
}

/// A few types, and rows of them.
fn table() -> impl Strategy<Value = (Vec<SqlType>, Vec<Vec<Scalar>>)> {
    prop::collection::vec(prop::sample::select(TYPES), 1..6).prop_flat_map(|types| {
        let row: Vec<_> = types.iter().map(|&ty| value(ty)).collect();
        (Just(types), prop::collection::vec(row, 0..12))
    })
}

fn schema(types: &[SqlType]) -> Vec<Field> {
    let field = |(index, &ty): (usize, &SqlType)| Field { name: format!("c{index}"), ty, nullable: true };
    types.iter().enumerate().map(field).collect()
}

/// Each cell a column of one value: two columns of the same cells need not be made alike.
fn cells(columns: &[ArrayRef], types: &[SqlType], rows: usize) -> Vec<Vec<Scalar>> {
    (0..rows).map(|row| columns.iter().zip(types).map(|(c, &ty)| Scalar::from_array(c, ty, row)).collect()).collect()
}

fn write(options: &SinkOptions, schema: &[Field], rows: &[Vec<Scalar>], weights: &[i64]) -> Result<u64> {
    let mut sink = Sink::create(options, schema)?;
    for (row, weight) in rows.iter().zip(weights) {
        let columns: Vec<ArrayRef> = row.iter().zip(schema).map(|(value, field)| value.to_array(field.ty)).collect();
        sink.write(&columns, 1, Some(&[*weight]), 7)?;
    }
    sink.finish()
}

fn read(options: &SourceOptions, schema: &[Field]) -> Result<Vec<Chunk>> {
    Source::open(options, Some(schema))?.collect()
}

fn same(a: &[Vec<Scalar>], b: &[Vec<Scalar>]) -> bool {
    // NaN stands for itself here.
    format!("{a:?}") == format!("{b:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn reads_what_was_written(
        (types, rows) in table(),
        ending in prop::sample::select(&["csv", "csv.gz", "tsv", "jsonl", "ndjson.gz"][..]),
        null in prop::sample::select(&["", "NA", "\\N"][..]),
        delimiter in prop::sample::select(&[None, Some(b';'), Some(b'|')][..]),
        header: bool,
        batch_rows in 1usize..7,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(format!("rows.{ending}")).to_string_lossy().into_owned();
        let schema = schema(&types);
        let mut sink = SinkOptions::new(&path);
        (sink.null, sink.delimiter, sink.header) = (null.to_string(), delimiter, header);
        let written = write(&sink, &schema, &rows, &vec![1; rows.len()]).expect("written");
        prop_assert_eq!(written, rows.len() as u64);

        let mut source = SourceOptions::new(&path);
        (source.nulls, source.delimiter, source.header) = (Some(vec![null.to_string()]), delimiter, Some(header));
        source.batch_rows = batch_rows;
        let chunks = read(&source, &schema).expect("read");
        prop_assert!(chunks.iter().all(|chunk| chunk.rows <= batch_rows));
        let back: Vec<_> = chunks.iter().flat_map(|chunk| cells(&chunk.columns, &types, chunk.rows)).collect();
        prop_assert!(same(&back, &rows), "{}\n{back:?}\n{rows:?}", String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()));
    }

    #[test]
    fn deltas_come_back_with_their_weights((types, rows) in table(), ending in prop::sample::select(&["csv", "jsonl"][..])) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(format!("rows.{ending}")).to_string_lossy().into_owned();
        let schema = schema(&types);
        let mut sink = SinkOptions::new(&path);
        (sink.weights, sink.epochs) = (true, true);
        let weights: Vec<i64> = (0..rows.len() as i64).map(|index| if index % 2 == 0 { index + 1 } else { -index }).collect();
        write(&sink, &schema, &rows, &weights).expect("written");
        let mut source = SourceOptions::new(&path);
        source.weight = Some("weight".to_string());
        source.header = Some(true);
        let chunks = read(&source, &schema).expect("read");
        let back: Vec<i64> = chunks.iter().flat_map(|chunk| chunk.weights.iter().flat_map(|w| w.to_vec())).collect();
        prop_assert_eq!(back, weights);
        let back: Vec<_> = chunks.iter().flat_map(|chunk| cells(&chunk.columns, &types, chunk.rows)).collect();
        prop_assert!(same(&back, &rows));
    }
}

#[cfg(feature = "parquet")]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn parquet_too((types, rows) in table()) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rows.parquet").to_string_lossy().into_owned();
        let schema = schema(&types);
        write(&SinkOptions::new(&path), &schema, &rows, &vec![1; rows.len()]).expect("written");
        let chunks = read(&SourceOptions::new(&path), &schema).expect("read");
        let back: Vec<_> = chunks.iter().flat_map(|chunk| cells(&chunk.columns, &types, chunk.rows)).collect();
        prop_assert!(same(&back, &rows), "{back:?}\n{rows:?}");
    }
}

#[test]
fn rows_stand_as_often_as_they_weigh() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = schema(&[SqlType::Int]);
    for format in [Format::Csv, Format::Jsonl, Format::Parquet] {
        if format == Format::Parquet && !cfg!(feature = "parquet") {
            continue;
        }
        let path = folder.path().join("rows").to_string_lossy().into_owned();
        let mut sink = SinkOptions::new(&path);
        sink.format = Some(format);
        let rows = [vec![Scalar::Int(1)], vec![Scalar::Int(2)], vec![Scalar::Int(3)]];
        assert_eq!(write(&sink, &schema, &rows, &[2, 0, 1]).expect("written"), 3);
        let mut source = SourceOptions::new(&path);
        source.format = Some(format);
        let chunks = read(&source, &schema).expect("read");
        assert_eq!(chunks.iter().map(|c| c.rows).sum::<usize>(), 3, "{format:?}");
        assert!(chunks.iter().all(|c| c.columns[0].null_count() == 0));
        let error = write(&sink, &schema, &rows, &[1, 1, -1]).expect_err("a retraction");
        assert!(error.is_options(), "{error}");
    }
}
