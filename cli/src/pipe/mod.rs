//! `deltaq pipe`: the engine for any language, one JSON object a line in and out (`docs/formats/pipe.md`).

use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Field as ArrowField, Schema as ArrowSchema};
use deltaq::{Change, Engine, EngineConfig, Error, Outcome, Rejected, Rows, Subscription};
use deltaq_connectors::Cells;
use deltaq_operators::types::Field;

use crate::arguments::EngineArguments;
use crate::cells;
use crate::failure::Failure;
use crate::script::{self, Item};

mod request;

use request::{Request, Wrong};

/// Serves until standard input ends.
pub fn pipe(arguments: EngineArguments) -> Result<(), Failure> {
    let config = EngineConfig { standard_input: false, standard_output: false, ..arguments.config() };
    let mut server = Server { engine: Engine::open(config)?, watched: Vec::new() };
    let mut input = io::stdin().lock();
    let mut out = io::stdout().lock();
    let (mut line, mut reply) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        match input.read_until(b'\n', &mut line) {
            Ok(0) => return Ok(()),
            Ok(_) if line.trim_ascii().is_empty() => continue,
            Ok(_) => {}
            Err(e) => return Err(Failure::Message(format!("standard input: {e}"))),
        }
        reply.clear();
        server.answer(&line, &mut reply);
        reply.push(b'\n');
        out.write_all(&reply)?;
        out.flush()?;
    }
}

struct Server {
    engine: Engine,
    /// Watched views by name, in the order they were watched.
    watched: Vec<(String, Subscription)>,
}

impl Server {
    /// Writes the reply to one request.
    fn answer(&mut self, line: &[u8], reply: &mut Vec<u8>) {
        match Request::parse(line).and_then(|request| self.run(request, reply)) {
            Ok(()) => {}
            Err(wrong) => {
                reply.clear();
                reply.extend_from_slice(b"{\"error\":");
                wrong.write(reply);
                write_rejections(reply, &self.engine.rejections().unwrap_or_default());
                // What stands in spite of the failure: statements before the one that failed.
                let mut changes = Vec::new();
                if self.write_changes(&mut changes).is_ok_and(|any| any) {
                    reply.extend_from_slice(&changes);
                }
                reply.push(b'}');
            }
        }
    }

    fn run(&mut self, request: Request, reply: &mut Vec<u8>) -> Result<(), Wrong> {
        reply.extend_from_slice(b"{\"ok\":true");
        match request {
            Request::Execute(sql) => {
                let emission = emission(&sql);
                let until = emission.as_ref().map_or(sql.len(), |(statement, _)| *statement);
                let outcomes = self.engine.execute(&sql[..until]).map_err(|e| Wrong::in_sql(&e, &sql))?;
                if let Some((_, words)) = emission {
                    return Err(Wrong::emission(&sql, words));
                }
                reply.extend_from_slice(b",\"results\":[");
                for (index, outcome) in outcomes.iter().enumerate() {
                    separate(reply, index);
                    write_outcome(reply, outcome);
                }
                reply.push(b']');
                write_rejections(reply, &self.engine.rejections()?);
                if !self.watched.is_empty() {
                    self.write_changes(reply)?;
                }
            }
            Request::Step(step) => {
                self.step(step.tables)?;
                self.write_changes(reply)?;
            }
            Request::Watch(views) => {
                // All or none.
                let mut new = Vec::new();
                for view in views {
                    if !self.watched.iter().chain(&new).any(|(name, _)| *name == view) {
                        let changes = self.engine.subscribe(&view)?;
                        new.push((view, changes));
                    }
                }
                self.watched.append(&mut new);
                self.write_changes(reply)?;
            }
            Request::Unwatch(views) => {
                if let Some(view) = views.iter().find(|view| !self.watched.iter().any(|(name, _)| name == *view)) {
                    return Err(Wrong::new("42P01", format!("{view} is not watched")));
                }
                self.watched.retain(|(name, _)| !views.contains(name));
            }
        }
        reply.push(b'}');
        Ok(())
    }

    /// One epoch of weighted rows.
    fn step(&mut self, tables: Vec<(String, Vec<request::WeightedRow>)>) -> Result<(), Wrong> {
        let relations = self.engine.tables();
        let mut inputs = Vec::new();
        for (table, rows) in tables {
            let Some(relation) = relations.iter().find(|r| r.name == table && r.sql.is_none()) else {
                let what = if relations.iter().any(|r| r.name == table) { "is a view" } else { "does not exist" };
                return Err(Wrong::new("42P01", format!("table \"{table}\" {what}")));
            };
            let weights: Vec<i64> = rows.iter().map(|row| row.weight).collect();
            inputs.push((columns(&table, &relation.schema, rows)?, weights, table));
        }
        let mut transaction = self.engine.begin()?;
        for (rows, weights, table) in inputs {
            transaction.push(&table, rows, &weights)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Writes `,"epoch":…,"changes":{…}`; whether there is any change.
    fn write_changes(&mut self, reply: &mut Vec<u8>) -> Result<bool, Wrong> {
        let mut views = Vec::new();
        let mut dropped = Vec::new();
        for (name, subscription) in &self.watched {
            match subscription.poll() {
                Ok(changes) if changes.is_empty() => {}
                Ok(changes) => views.push((name, sum(&changes, subscription.schema()))),
                Err(e) if e.is_unknown_relation() => dropped.push(name.clone()),
                Err(e) => return Err(e.into()),
            }
        }
        views.retain(|(_, rows)| !rows.is_empty());
        reply.extend_from_slice(format!(",\"epoch\":{},\"changes\":{{", self.engine.epoch()).as_bytes());
        for (index, (name, rows)) in views.iter().enumerate() {
            separate(reply, index);
            cells::append(reply, name.as_str());
            reply.extend_from_slice(b":[");
            for (index, (row, weight)) in rows.iter().enumerate() {
                separate(reply, index);
                reply.extend_from_slice(format!("{{\"weight\":{weight},\"row\":").as_bytes());
                reply.extend_from_slice(row);
                reply.push(b'}');
            }
            reply.push(b']');
        }
        reply.push(b'}');
        let any = !views.is_empty();
        self.watched.retain(|(name, _)| !dropped.contains(name));
        Ok(any)
    }
}

/// The changes of several epochs as one: rows as JSON with their weights, none of them 0.
fn sum(changes: &[Change], fields: &[Field]) -> Vec<(Vec<u8>, i64)> {
    let rows = changes.iter().flat_map(|change| {
        let cells = cells_of(change.rows.columns(), fields);
        (0..change.len()).map(move |row| {
            let mut json = Vec::new();
            write_row(&mut json, &cells, row);
            (json, change.weights[row])
        })
    });
    if changes.len() == 1 {
        return rows.collect();
    }
    let (mut all, mut places) = (Vec::<(Vec<u8>, i64)>::new(), HashMap::new());
    for (json, weight) in rows {
        let place = *places.entry(json.clone()).or_insert(all.len());
        match all.get_mut(place) {
            Some((_, sum)) => *sum += weight,
            None => all.push((json, weight)),
        }
    }
    all.retain(|(_, weight)| *weight != 0);
    all
}

/// The first query of `sql` that says EMIT CHANGES: where it begins, and where these words stand.
fn emission(sql: &str) -> Option<(usize, usize)> {
    script::items(sql).into_iter().find_map(|item| {
        let Item::Statement(range) = item else { return None };
        let statement = &sql[range.clone()];
        let words = script::emit_changes(statement).filter(|_| script::is_query(statement))?;
        Some((range.start, range.start + words.start))
    })
}

fn separate(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}

fn write_row(out: &mut Vec<u8>, cells: &[Cells], row: usize) {
    out.push(b'[');
    for (index, cell) in cells.iter().enumerate() {
        separate(out, index);
        cell.write_json(row, out);
    }
    out.push(b']');
}

fn cells_of<'a>(columns: &'a [ArrayRef], fields: &[Field]) -> Vec<Cells<'a>> {
    columns.iter().zip(fields).map(|(column, field)| Cells::new(column, field.ty)).collect()
}

fn write_outcome(out: &mut Vec<u8>, outcome: &Outcome) {
    match outcome {
        Outcome::Rows(rows) => write_rows(out, rows),
        Outcome::Changed { tag, rows } => {
            out.extend_from_slice(b"{\"tag\":");
            cells::append(out, tag);
            out.extend_from_slice(format!(",\"count\":{rows}}}").as_bytes());
        }
        Outcome::Done { tag } => {
            out.extend_from_slice(b"{\"tag\":");
            cells::append(out, tag);
            out.push(b'}');
        }
        Outcome::Text(text) => {
            out.extend_from_slice(b"{\"text\":");
            cells::append(out, text);
            out.push(b'}');
        }
    }
}

/// `,"rejected":[…]`: rows of files that were not read as they are, if there are any.
fn write_rejections(out: &mut Vec<u8>, rejections: &[Rejected]) {
    /// Reasons told of a table.
    const REASONS_MAX: usize = 10;
    if rejections.is_empty() {
        return;
    }
    out.extend_from_slice(b",\"rejected\":[");
    for (index, rejected) in rejections.iter().enumerate() {
        separate(out, index);
        out.extend_from_slice(b"{\"table\":");
        cells::append(out, &rejected.table);
        out.extend_from_slice(format!(",\"rows\":{},\"reasons\":[", rejected.rows).as_bytes());
        for (index, reason) in rejected.reasons.iter().take(REASONS_MAX).enumerate() {
            separate(out, index);
            cells::append(out, reason);
        }
        out.extend_from_slice(b"]}");
    }
    out.push(b']');
}

fn write_rows(out: &mut Vec<u8>, rows: &Rows) {
    out.extend_from_slice(b"{\"columns\":[");
    for (index, field) in rows.schema().iter().enumerate() {
        separate(out, index);
        out.extend_from_slice(b"{\"name\":");
        cells::append(out, &field.name);
        out.extend_from_slice(b",\"type\":");
        cells::append(out, &field.ty.to_string());
        out.push(b'}');
    }
    out.extend_from_slice(b"],\"rows\":[");
    let mut first = true;
    for batch in rows.batches() {
        let cells = cells_of(batch.columns(), rows.schema());
        for row in 0..batch.num_rows() {
            separate(out, usize::from(!first));
            first = false;
            write_row(out, &cells, row);
        }
    }
    out.extend_from_slice(b"]}");
}

/// The rows of a step as columns of the table.
fn columns(table: &str, fields: &[Field], rows: Vec<request::WeightedRow>) -> Result<RecordBatch, Wrong> {
    let mut builders: Vec<cells::Builder> =
        fields.iter().map(|field| cells::Builder::new(field.ty, rows.len())).collect();
    for (number, row) in rows.iter().enumerate() {
        if row.row.len() != fields.len() {
            let message = format!("row {} of {table} has {} values, not {}", number + 1, row.row.len(), fields.len());
            return Err(Wrong::new("42601", message));
        }
        for ((value, field), builder) in row.row.iter().zip(fields).zip(&mut builders) {
            let value = cells::from_json(value, field.ty);
            let value = value.map_err(|e| {
                let place = format!("row {} of {table}, column {}", number + 1, field.name);
                Wrong::new(e.code, format!("{place}: {}", e.message))
            })?;
            builder.append(value);
        }
    }
    let schema: Vec<_> = fields.iter().map(|f| ArrowField::new(&f.name, f.ty.arrow(), true)).collect();
    let arrays = builders.into_iter().map(cells::Builder::finish).collect();
    let batch = RecordBatch::try_new(Arc::new(ArrowSchema::new(schema)), arrays);
    Ok(batch.unwrap_or_else(|e| panic!("columns built for a table of these types: {e}")))
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Wrong {
        Wrong::in_sql(&error, "")
    }
}
