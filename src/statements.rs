//! What each statement does.

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BooleanArray, UInt32Array};
use deltaq_circuit::{Batch, Span, Weights};
use deltaq_compiler::statement::{Conflict, CreateTable};
use deltaq_compiler::{Plan, Query, Statement};
use deltaq_operators::eval::Program;
use deltaq_operators::{Expr, Scalar};

use crate::engine::Outcome;
use crate::epochs::Begun;
use crate::error::{Error, Result};
use crate::interior::Interior;
use crate::lookup;
use crate::query::contained;
use crate::views::NewView;

impl Interior {
    /// Runs the statements of `script`, one after the other, until one fails.
    pub(crate) fn execute(&mut self, script: &str) -> Result<Vec<Outcome>> {
        let parts = contained(|| deltaq_compiler::split(script))??;
        let mut outcomes = Vec::with_capacity(parts.len());
        for part in parts {
            let statement = self.compile(script, part)?;
            outcomes.push(self.run(statement).map_err(|e| e.at(part))?);
        }
        Ok(outcomes)
    }

    /// Runs the one SELECT that `sql` consists of.
    pub(crate) fn query(&mut self, sql: &str) -> Result<crate::rows::Rows> {
        let parts = contained(|| deltaq_compiler::split(sql))??;
        let [part] = parts.as_slice() else {
            return Err(Error::new("42601", format!("one SELECT is expected, not {} statements", parts.len())));
        };
        match self.compile(sql, *part)? {
            Statement::Query(query) => {
                self.load_all()?;
                self.select(&query).map_err(|e| e.at(*part))
            }
            _ => Err(Error::new("42601", "a SELECT is expected").help("use execute for other statements").at(*part)),
        }
    }

    pub(crate) fn compile(&self, script: &str, part: Span) -> Result<Statement> {
        Ok(contained(|| deltaq_compiler::compile_part(script, part, &self.catalog))??)
    }

    fn run(&mut self, statement: Statement) -> Result<Outcome> {
        let done = |tag| Ok(Outcome::Done { tag });
        let changed = |tag, rows| Ok(Outcome::Changed { tag, rows });
        use Statement::{Copy, Delete, Insert, Query, Update};
        if let Insert { .. } | Update { .. } | Delete { .. } | Query(_) | Copy(_) = &statement {
            self.load_all()?;
        }
        match statement {
            Statement::CreateTable(create) => self.run_create_table(create),
            Statement::CreateView { name, query, or_replace, if_not_exists, sql } => {
                let there = self.catalog.contains(&name);
                if there && if_not_exists {
                    return done("CREATE VIEW");
                }
                let new = NewView { name, query, sql };
                if there && or_replace {
                    self.make(|this| this.replace_view(new))?;
                } else {
                    self.name_is_free(&new.name)?;
                    self.make(|this| this.create_view(new))?;
                }
                done("CREATE VIEW")
            }
            Statement::Drop { view, names, if_exists, cascade } => {
                let tag = if view { "DROP VIEW" } else { "DROP TABLE" };
                self.within(|this| this.drop_relations(view, &names, if_exists, cascade))?;
                done(tag)
            }
            Statement::AddColumn { table, column, if_not_exists } => {
                let there = self.catalog.table(&table)?.schema().iter().any(|f| f.name == column.field.name);
                match (there, if_not_exists) {
                    (true, true) => {}
                    (true, false) => {
                        let message = format!("table \"{table}\" has a column \"{}\" already", column.field.name);
                        return Err(Error::new("42701", message));
                    }
                    (false, _) => self.make(|this| this.add_column(&table, column))?,
                }
                done("ALTER TABLE")
            }
            Statement::Insert { table, query, conflict } => {
                let rows = self.within(|this| this.insert(&table, &query, &conflict))?;
                changed("INSERT", rows)
            }
            Statement::Update { table, exprs, predicate, rows } => {
                let rows = self.within(|this| this.update(&table, &exprs, predicate.as_ref(), rows.as_ref()))?;
                changed("UPDATE", rows)
            }
            Statement::Delete { table, predicate, rows } => {
                let rows = self.within(|this| this.delete(&table, predicate.as_ref(), rows.as_ref()))?;
                changed("DELETE", rows)
            }
            Statement::Query(query) => Ok(Outcome::Rows(self.select(&query)?)),
            Statement::Copy(copy) => self.copy(copy),
            Statement::Explain { statement, format } => Ok(Outcome::Text(self.explain_statement(&statement, format)?)),
            Statement::ExplainView { name, format } => Ok(Outcome::Text(self.explain_view(&name, format)?)),
            Statement::Show { views } => self.show(views),
            Statement::Begin => {
                self.begin(Begun::Sql)?;
                done("BEGIN")
            }
            Statement::Commit => {
                self.ended_by_sql("Transaction::commit")?;
                self.commit()?;
                done("COMMIT")
            }
            Statement::Rollback => {
                self.ended_by_sql("Transaction::rollback")?;
                self.rollback()?;
                done("ROLLBACK")
            }
        }
    }

    fn ended_by_sql(&self, instead: &str) -> Result<()> {
        match self.begun() {
            Some(Begun::Guard) => {
                let error = Error::new("25000", "the transaction was begun by Engine::begin, and ends with its guard");
                Err(error.help(format!("call {instead}")))
            }
            _ => Ok(()),
        }
    }

    fn name_is_free(&self, name: &str) -> Result<()> {
        if !self.catalog.contains(name) {
            return Ok(());
        }
        let kind = if self.catalog.view(name).is_ok() { "view" } else { "table" };
        let error = Error::new("42P07", format!("there is a {kind} \"{name}\" already"));
        Err(error.help(if kind == "view" { "use CREATE OR REPLACE VIEW, or drop it first" } else { "drop it first" }))
    }

    fn run_create_table(&mut self, create: CreateTable) -> Result<Outcome> {
        let done = Ok(Outcome::Done { tag: "CREATE TABLE" });
        if create.if_not_exists && self.catalog.contains(&create.name) {
            return done;
        }
        self.name_is_free(&create.name)?;
        let append_only = match create.options.get("append_only").map(String::as_str) {
            None | Some("false" | "off" | "0") => false,
            Some("true" | "on" | "1" | "") => true,
            Some(other) => return Err(Error::new("22023", format!("append_only is true or false, not '{other}'"))),
        };
        if create.options.contains_key("connector") {
            self.within(|this| this.create_table_from(create, append_only))?;
            return done;
        }
        if let Some(option) = create.options.keys().find(|k| *k != "append_only") {
            let error = Error::new("22023", format!("there is no option \"{option}\" for a table without a connector"));
            return Err(error.help("append_only, or connector = 'file'"));
        }
        self.within(|this| this.create_table(create.name, create.columns, create.primary_key, append_only))?;
        done
    }

    // ---- rows ----

    fn insert(&mut self, table: &str, query: &Query, conflict: &Conflict) -> Result<u64> {
        let index = self.catalog.table_index(table)?;
        let rows = self.bag(&query.plan)?;
        if rows.is_empty() {
            return Ok(0);
        }
        let rows = crate::order::present(&rows, query)?;
        let table = self.catalog.table_at(index);
        let mut columns = rows.columns().to_vec();
        table.conform(&mut columns)?;
        let rows = Batch::with_len(columns, Weights::Ones, rows.len());
        let count = match conflict {
            Conflict::Error => table.insert(rows)?,
            Conflict::Nothing => table.insert_absent(rows)?,
            Conflict::Update(exprs, condition) => {
                let (fresh, conflicting, there) = table.split_conflicts(rows)?;
                let both = there.columns().iter().chain(conflicting.columns()).cloned().collect();
                let both = Batch::with_len(both, Weights::Ones, there.len());
                let both = condition.as_ref().map_or(Ok(both.clone()), |condition| filter(&both, condition))?;
                match (fresh.is_empty(), both.is_empty()) {
                    (true, true) => 0,
                    (false, true) => table.insert(fresh)?,
                    _ => {
                        let mut columns = compute(exprs, both.columns(), both.len())?;
                        table.conform(&mut columns)?;
                        let new = both.with_columns(columns, false);
                        let old = both.project(&(0..new.columns().len()).collect::<Vec<_>>());
                        let count = (fresh.len() + new.len()) as u64;
                        table.replace(old, Batch::concat(&[fresh, new]))?;
                        count
                    }
                }
            }
        };
        self.touch(index)?;
        Ok(count)
    }

    fn update(&mut self, table: &str, exprs: &[Expr], predicate: Option<&Expr>, rows: Option<&Plan>) -> Result<u64> {
        let index = self.catalog.table_index(table)?;
        let old = self.chosen(index, predicate, rows)?;
        if old.is_empty() {
            return Ok(0);
        }
        let mut columns = compute(exprs, old.columns(), old.len())?;
        let table = self.catalog.table_at(index);
        table.conform(&mut columns)?;
        let old = old.project(&(0..columns.len()).collect::<Vec<_>>());
        let new = old.with_columns(columns, false);
        let count = old.total_weight() as u64;
        table.replace(old, new)?;
        self.touch(index)?;
        Ok(count)
    }

    /// The rows of a table that a statement changes.
    fn chosen(&mut self, table: usize, predicate: Option<&Expr>, rows: Option<&Plan>) -> Result<Batch> {
        match rows {
            Some(plan) => self.evaluate(plan),
            None => lookup::matching(self.catalog.table_at(table), predicate),
        }
    }

    fn delete(&mut self, table: &str, predicate: Option<&Expr>, rows: Option<&Plan>) -> Result<u64> {
        let index = self.catalog.table_index(table)?;
        let old = self.chosen(index, predicate, rows)?;
        if old.is_empty() {
            return Ok(0);
        }
        let table = self.catalog.table_at(index);
        let count = old.total_weight() as u64;
        table.replace(old, Batch::none())?;
        self.touch(index)?;
        Ok(count)
    }

    /// `SHOW TABLES`, `SHOW VIEWS`: name and kind.
    fn show(&mut self, views: bool) -> Result<Outcome> {
        let text = |name: &str| deltaq_operators::Field {
            name: name.into(),
            ty: deltaq_operators::types::TEXT,
            nullable: false,
        };
        let schema = vec![text("name"), text("kind")];
        let row = |info: crate::relation::RelationInfo| {
            let kind = if info.sql.is_some() { "view" } else { "table" };
            vec![Scalar::Text(info.name), Scalar::Text(kind.into())]
        };
        let shown = self.catalog.infos().into_iter().filter(|info| !views || info.sql.is_some());
        let rows = shown.map(row).collect();
        let plan = Plan::Values { rows, schema: schema.clone() };
        let query = Query { plan, schema, order: Vec::new(), offset: 0, limit: None, emit: None };
        Ok(Outcome::Rows(self.select(&query)?))
    }
}

/// One column an expression.
///
/// # Errors
/// That of the first row that has no value.
pub(crate) fn compute(exprs: &[Expr], columns: &[ArrayRef], rows: usize) -> Result<Vec<ArrayRef>> {
    let mut computed = Vec::with_capacity(exprs.len());
    for expr in exprs {
        let (column, errors) = Program::new(expr).eval(columns, rows).into_column(rows);
        if let Some((_, error)) = errors.iter().next() {
            return Err(Error::new(error.code, error.message.clone()));
        }
        computed.push(column);
    }
    Ok(computed)
}

/// The rows of `rows` for which `predicate` is true.
pub(crate) fn filter(rows: &Batch, predicate: &Expr) -> Result<Batch> {
    if rows.is_empty() {
        return Ok(Batch::none());
    }
    let mask = compute(std::slice::from_ref(predicate), rows.columns(), rows.len())?;
    let mask: &BooleanArray = mask[0].as_boolean();
    Ok(rows.filter(mask))
}

/// The rows at `places`.
pub(crate) fn pick(rows: &Batch, places: Vec<u32>) -> Batch {
    if places.len() == rows.len() && places.is_sorted() { rows.clone() } else { rows.take(&UInt32Array::from(places)) }
}
