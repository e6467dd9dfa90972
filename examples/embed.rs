//! The engine inside a program: Arrow columns in, weighted changes out. `cargo run --example embed`

use std::sync::Arc;

use deltaq::arrow_array::cast::AsArray;
use deltaq::arrow_array::types::Int64Type;
use deltaq::arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use deltaq::arrow_schema::ArrowError;
use deltaq::{Engine, Subscription};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut db = Engine::open_in_memory()?;
    db.execute(
        "CREATE TABLE readings(station TEXT, celsius DOUBLE);
         CREATE VIEW stations AS
             SELECT station, COUNT(*) AS readings, MAX(celsius) AS warmest FROM readings GROUP BY station",
    )?;
    let stations = db.subscribe("stations")?;

    println!("three readings arrive as Arrow columns, in one epoch:");
    let mut tx = db.begin()?;
    tx.append("readings", readings(&[("Oslo", -3.5), ("Oslo", 1.0), ("Rome", 14.0)])?)?;
    tx.commit()?;
    print_changes(&stations)?;

    println!("one is retracted and another arrives, with weights of our own:");
    let mut tx = db.begin()?;
    tx.push("readings", readings(&[("Oslo", 1.0), ("Rome", 15.5)])?, &[-1, 1])?;
    tx.commit()?;
    print_changes(&stations)?;

    println!("what if it froze in Rome? A transaction sees its own changes, and can be taken back:");
    let mut tx = db.begin()?;
    tx.append("readings", readings(&[("Rome", -20.0)])?)?;
    let rows = tx.query("SELECT SUM(readings) AS readings FROM stations")?;
    println!("    {} readings inside the transaction", rows.cell(0, 0).unwrap_or_default());
    tx.rollback()?;
    print_changes(&stations)?;
    let rows = db.query("SELECT SUM(readings) AS readings FROM stations")?;
    println!("    {} readings after it", rows.cell(0, 0).unwrap_or_default());
    Ok(())
}

fn readings(rows: &[(&str, f64)]) -> Result<RecordBatch, ArrowError> {
    let station: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|(station, _)| station)));
    let celsius: ArrayRef = Arc::new(Float64Array::from_iter_values(rows.iter().map(|(_, celsius)| *celsius)));
    RecordBatch::try_from_iter([("station", station), ("celsius", celsius)])
}

/// Prints what the view emitted since the last time: a row that went with −1, the one that took its place with +1.
fn print_changes(view: &Subscription) -> deltaq::Result<()> {
    for change in view.poll()? {
        let readings = change.rows.column(1).as_primitive::<Int64Type>();
        for row in 0..change.len() {
            let (station, warmest) = (change.cell(row, 0), change.cell(row, 2));
            println!(
                "    epoch {} {:+}  {}: {} read, warmest {}",
                change.epoch,
                change.weights[row],
                station.unwrap_or_default(),
                readings.value(row),
                warmest.unwrap_or_default(),
            );
        }
    }
    Ok(())
}
