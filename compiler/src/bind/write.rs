//! INSERT, UPDATE, DELETE.

use deltaq_operators::types::Schema;
use deltaq_operators::{Expr, Field, Scalar};
use sqlparser::ast::{
    self, AssignmentTarget, ConflictTarget, FromTable, OnConflictAction, OnInsert, SetExpr, TableFactor, TableObject,
};

use super::group::{Stage, reads_subquery};
use super::scope::{Clause, Level, Scope};
use super::select::column;
use super::subquery::{Conjunct, conjunction};
use super::{Binder, Bound, all, closest, fold};
use crate::catalog::RelationKind;
use crate::plan::Plan;
use crate::rewrite::fold_expr;
use crate::statement::{Conflict, Query, Statement};

/// The table that is changed.
struct Target {
    name: String,
    schema: Schema,
    primary_key: Vec<usize>,
    defaults: Vec<Scalar>,
    append_only: bool,
}

impl Target {
    fn scan(&self) -> Plan {
        Plan::Scan { relation: self.name.clone(), schema: self.schema.clone(), span: None }
    }
}

/// What a statement changes.
struct Changed {
    exprs: Vec<Expr>,
    predicate: Option<Expr>,
    rows: Option<Plan>,
}

impl Binder<'_> {
    fn target(&mut self, name: &ast::ObjectName) -> Bound<Target> {
        let span = self.span(name);
        let name = self.relation_name(name)?;
        let relation = self.relation(&name, span)?;
        match relation.kind {
            RelationKind::Table { primary_key, append_only, mut defaults } => {
                defaults.resize(relation.schema.len(), Scalar::Null);
                Ok(Target { name, schema: relation.schema, primary_key, defaults, append_only })
            }
            RelationKind::View(_) => {
                self.report_help("42809", format!("\"{name}\" is a view"), span, "change the tables it reads")
            }
        }
    }

    fn target_column(&mut self, target: &Target, name: &ast::Ident) -> Bound<usize> {
        let span = self.source.span_at(name.span);
        let folded = fold(name);
        match target.schema.iter().position(|f| f.name == folded) {
            Some(index) => Ok(index),
            None => {
                let message = format!("\"{}\" has no column \"{folded}\"", target.name);
                match closest(&folded, target.schema.iter().map(|f| f.name.as_str())) {
                    Some(near) => self.report_help("42703", message, span, format!("did you mean \"{near}\"?")),
                    None => self.report("42703", message, span),
                }
            }
        }
    }

    /// `INSERT`
    pub fn insert(&mut self, insert: &ast::Insert) -> Bound<Statement> {
        let TableObject::TableName(name) = &insert.table else {
            return self.unsupported("INSERT INTO anything but a table is", self.first_token(), "");
        };
        let span = self.span(name);
        let target = self.target(name)?;
        self.no_returning(insert.returning.is_some())?;
        if insert.overwrite
            || insert.partitioned.is_some()
            || insert.or.is_some()
            || insert.replace_into
            || insert.ignore
        {
            return self.unsupported(
                "this form of INSERT is",
                span,
                "INSERT … ON CONFLICT (key) DO UPDATE or DO NOTHING",
            );
        }
        let columns: Vec<usize> = if insert.columns.is_empty() {
            (0..target.schema.len()).collect()
        } else {
            all(insert.columns.iter().map(|c| match c.0.last().and_then(|p| p.as_ident()) {
                Some(name) => self.target_column(&target, name),
                None => self.report("42601", "this is not a column", span),
            }))?
        };
        for (i, column) in columns.iter().enumerate() {
            if columns[..i].contains(column) {
                let message = format!("column \"{}\" is named twice", target.schema[*column].name);
                return self.report("42701", message, span);
            }
        }
        let Some(source) = &insert.source else {
            // DEFAULT VALUES
            let plan = Plan::Values { rows: vec![target.defaults.clone()], schema: target.schema.clone() };
            let conflict = self.conflict(&target, insert.on.as_ref())?;
            return Ok(Statement::Insert { query: plain(plan, &target.schema), table: target.name, conflict });
        };
        let bound = self.inserted(&target, &columns, source, span);
        let conflict = self.conflict(&target, insert.on.as_ref());
        let (query, conflict) = (bound?, conflict?);
        Ok(Statement::Insert { query, table: target.name, conflict })
    }

    /// The rows to insert: all columns of the table, in order.
    fn inserted(
        &mut self,
        target: &Target,
        columns: &[usize],
        source: &ast::Query,
        span: Option<deltaq_circuit::Span>,
    ) -> Bound<Query> {
        let plain_values = source.with.is_none()
            && source.order_by.is_none()
            && source.limit_clause.is_none()
            && source.fetch.is_none();
        let rows = match &*source.body {
            SetExpr::Values(values) if plain_values => {
                let into: Vec<(Field, Scalar)> =
                    columns.iter().map(|c| (target.schema[*c].clone(), target.defaults[*c].clone())).collect();
                let width = values.rows.first().map_or(0, |r| r.content.len());
                // As in PostgreSQL, a shorter row leaves the last columns to their defaults.
                if width > into.len() || (columns.len() != target.schema.len() && width != into.len()) {
                    return self.wrong_width(target, columns.len(), width, span);
                }
                self.values(values, Some(&into))?
            }
            _ => self.free_query(source)?,
        };
        let (plan, schema) = rows.visible();
        if schema.len() > columns.len() || (columns.len() != target.schema.len() && schema.len() != columns.len()) {
            return self.wrong_width(target, columns.len(), schema.len(), span);
        }
        let columns = &columns[..schema.len()];
        if columns.len() == target.schema.len()
            && columns.iter().enumerate().all(|(i, c)| i == *c && schema[i].ty == target.schema[i].ty)
        {
            return Ok(plain(plan, &target.schema));
        }
        if let Plan::Values { rows, schema: own } = &plan
            && own.iter().zip(columns).all(|(f, c)| f.ty == target.schema[*c].ty)
        {
            // Constants take their places at once.
            let rows = rows
                .iter()
                .map(|row| {
                    let mut whole = target.defaults.clone();
                    for (value, c) in row.iter().zip(columns) {
                        whole[*c] = value.clone();
                    }
                    whole
                })
                .collect();
            return Ok(plain(Plan::Values { rows, schema: target.schema.clone() }, &target.schema));
        }
        let exprs =
            all(target.schema.iter().enumerate().map(|(i, field)| match columns.iter().position(|c| *c == i) {
                Some(at) => {
                    // A quoted literal of the SELECT list takes the column's type.
                    let given = match &plan {
                        Plan::Project { exprs, .. } if super::coerce::is_untyped(&exprs[at]) => exprs[at].clone(),
                        _ => column(&schema, at),
                    };
                    self.assign(given, field.ty, &field.name, span)
                }
                None => Ok(Expr::literal(target.defaults[i].clone(), field.ty)),
            }))?;
        let plan = Plan::Project { input: Box::new(plan), exprs, schema: target.schema.clone() };
        Ok(plain(plan, &target.schema))
    }

    fn wrong_width<T>(
        &mut self,
        target: &Target,
        columns: usize,
        values: usize,
        span: Option<deltaq_circuit::Span>,
    ) -> Bound<T> {
        let names: Vec<&str> = target.schema.iter().map(|f| f.name.as_str()).collect();
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let message = format!("{values} value{} for {columns} column{}", plural(values), plural(columns));
        let help = format!("the columns of {} are ({})", target.name, names.join(", "));
        self.report_help("42601", message, span, help)
    }

    fn conflict(&mut self, target: &Target, on: Option<&OnInsert>) -> Bound<Conflict> {
        let Some(on) = on else { return Ok(Conflict::Error) };
        let span = self.first_token();
        let OnInsert::OnConflict(on) = on else {
            return self.unsupported("ON DUPLICATE KEY is", span, "ON CONFLICT (key) DO UPDATE SET …");
        };
        if target.primary_key.is_empty() {
            return self.report("42P10", format!("\"{}\" has no primary key to conflict with", target.name), span);
        }
        match &on.conflict_target {
            None => {}
            Some(ConflictTarget::Columns(names)) => {
                let mut columns = all(names.iter().map(|n| self.target_column(target, n)))?;
                columns.sort_unstable();
                let mut key = target.primary_key.clone();
                key.sort_unstable();
                if columns != key {
                    let span = names.first().and_then(|n| self.source.span_at(n.span));
                    let key: Vec<&str> = target.primary_key.iter().map(|k| target.schema[*k].name.as_str()).collect();
                    let help = format!("ON CONFLICT ({})", key.join(", "));
                    return self.report_help("42P10", "rows can conflict in the primary key alone", span, help);
                }
            }
            Some(ConflictTarget::OnConstraint(_)) => {
                return self.unsupported("ON CONSTRAINT is", span, "name the key's columns");
            }
        }
        let OnConflictAction::DoUpdate(update) = &on.action else { return Ok(Conflict::Nothing) };
        let width = target.schema.len();
        let mut excluded = Scope::of("excluded", &target.schema, 0, &[]);
        excluded.columns.iter_mut().for_each(|c| c.bare = false);
        let scope = Scope::of(&target.name, &target.schema, 0, &[]).join(excluded, width);
        let (_, bound) = self.within(Level::new(scope, Clause::Conflict), |b| {
            let exprs = b.assignments(target, &update.assignments);
            let condition = update.selection.as_ref().map(|c| b.condition(c)).transpose();
            Ok(Conflict::Update(exprs?, condition?))
        });
        bound
    }

    /// One expression a column of the table: what is assigned, else the column itself.
    fn assignments(&mut self, target: &Target, assignments: &[ast::Assignment]) -> Bound<Vec<Expr>> {
        let mut set: Vec<Option<Expr>> = vec![None; target.schema.len()];
        let mut result = Ok(());
        for assignment in assignments {
            if let Err(reported) = self.assignment(target, assignment, &mut set) {
                result = Err(reported);
            }
        }
        result?;
        Ok(set.into_iter().enumerate().map(|(i, e)| e.unwrap_or_else(|| column(&target.schema, i))).collect())
    }

    fn assignment(&mut self, target: &Target, assignment: &ast::Assignment, set: &mut [Option<Expr>]) -> Bound<()> {
        let span = self.span(&assignment.value);
        let (names, values): (Vec<&ast::ObjectName>, Vec<&ast::Expr>) = match (&assignment.target, &assignment.value) {
            (AssignmentTarget::ColumnName(name), value) => (vec![name], vec![value]),
            (AssignmentTarget::Tuple(names), ast::Expr::Tuple(values)) if names.len() == values.len() => {
                (names.iter().collect(), values.iter().collect())
            }
            (AssignmentTarget::Tuple(_), ast::Expr::Subquery(_)) => {
                let help = "one for each column: a = (SELECT …), b = (SELECT …)";
                return self.unsupported("a subquery for several columns is", span, help);
            }
            _ => return self.report("42601", "a list of columns takes as long a list of values", span),
        };
        for (name, value) in names.into_iter().zip(values) {
            let Some(name) = name.0.last().and_then(|p| p.as_ident()) else {
                return self.report("42601", "this is not a column", span);
            };
            let index = self.target_column(target, name);
            let is_default = matches!(value, ast::Expr::Identifier(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case("default"));
            let bound = if is_default { None } else { Some(self.expr(value)) };
            let index = index?;
            let field = &target.schema[index];
            let value_span = self.span(value);
            let bound = match bound {
                None => Expr::literal(target.defaults[index].clone(), field.ty),
                Some(bound) => self.assign(bound?, field.ty, &field.name, value_span)?,
            };
            if set[index].replace(bound).is_some() {
                let span = self.source.span_at(name.span);
                return self.report("42601", format!("column \"{}\" is set twice", field.name), span);
            }
        }
        Ok(())
    }

    /// `UPDATE`
    pub fn update(&mut self, update: &ast::Update) -> Bound<Statement> {
        if let Some(from) = &update.from {
            return self.update_from(update, from);
        }
        if !update.table.joins.is_empty() {
            let help = "SET a = (SELECT … FROM s WHERE s.id = t.id) WHERE id IN (SELECT id FROM s)";
            return self.unsupported("UPDATE of a join is", self.first_token(), help);
        }
        self.no_returning(update.returning.is_some())?;
        self.no_part("UPDATE", !update.order_by.is_empty(), update.limit.is_some())?;
        let (target, scope) = self.changed(&update.table.relation)?;
        let level = Level { plan: Some(target.scan()), ..Level::new(scope, Clause::Change) };
        let (_, bound) = self.within(level, |b| {
            let exprs = b.assignments(&target, &update.assignments);
            let conditions = b.conjuncts(update.selection.as_ref());
            b.changed_rows(&target, exprs?, conditions?)
        });
        let Changed { exprs, predicate, rows } = bound?;
        Ok(Statement::Update { table: target.name, exprs, predicate, rows })
    }

    /// Which rows a statement changes: by a condition on the table's columns, or, with subqueries, by a plan.
    fn changed_rows(&mut self, target: &Target, exprs: Vec<Expr>, conditions: Vec<Conjunct>) -> Bound<Changed> {
        let plain = conditions.iter().all(|c| matches!(c, Conjunct::Plain(e, _) if !reads_subquery(e)));
        if plain && !exprs.iter().any(reads_subquery) {
            let conditions = conditions.into_iter().filter_map(|c| match c {
                Conjunct::Plain(e, _) => Some(fold_expr(e)),
                _ => None,
            });
            let predicate = conjunction(conditions.collect());
            return Ok(Changed { exprs: exprs.into_iter().map(fold_expr).collect(), predicate, rows: None });
        }
        let mut plan = target.scan();
        let stage = Stage::input();
        self.filter(&mut plan, &stage, conditions, false)?;
        let values = self.join_read(&mut plan, &stage, &exprs, Vec::new())?;
        let exprs = all(exprs.iter().map(|e| self.place(&stage, &values, e)))?;
        Ok(Changed { exprs, predicate: None, rows: Some(plan) })
    }

    /// `DELETE`
    pub fn delete(&mut self, delete: &ast::Delete) -> Bound<Statement> {
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        if let Some(using) = &delete.using {
            return self.delete_using(from, using, delete.selection.as_ref());
        }
        self.no_returning(delete.returning.is_some())?;
        self.no_part("DELETE", !delete.order_by.is_empty(), delete.limit.is_some())?;
        let [ast::TableWithJoins { relation, joins }] = from.as_slice() else {
            return self.unsupported(
                "DELETE from several tables is",
                self.first_token(),
                "delete from one after the other",
            );
        };
        if !joins.is_empty() {
            return self.unsupported(
                "DELETE from a join is",
                self.first_token(),
                "delete from one table by its own columns",
            );
        }
        let (target, scope) = self.changed(relation)?;
        let level = Level { plan: Some(target.scan()), ..Level::new(scope, Clause::Change) };
        let (_, bound) = self.within(level, |b| {
            let conditions = b.conjuncts(delete.selection.as_ref())?;
            b.changed_rows(&target, Vec::new(), conditions)
        });
        let Changed { predicate, rows, .. } = bound?;
        Ok(Statement::Delete { table: target.name, predicate, rows })
    }

    fn changed(&mut self, factor: &TableFactor) -> Bound<(Target, Scope)> {
        let TableFactor::Table { name, alias, args: None, .. } = factor else {
            return self.unsupported("a change of anything but a table is", self.first_token(), "");
        };
        let target = self.target(name)?;
        if target.append_only {
            let span = self.span(name);
            let message = format!("\"{}\" is append-only: its rows stay as they are", target.name);
            return self.report_help("42809", message, span, "create it without append_only");
        }
        let shown = alias.as_ref().map_or_else(|| target.name.clone(), |a| fold(&a.name));
        let scope = Scope::of(&shown, &target.schema, 0, &target.primary_key);
        Ok((target, scope))
    }
}

/// A query of this plan, in no order.
fn plain(plan: Plan, schema: &Schema) -> Query {
    Query { plan, schema: schema.clone(), order: Vec::new(), offset: 0, limit: None, emit: None }
}
