//! CREATE TABLE, CREATE VIEW, ALTER TABLE.

use deltaq_circuit::Span;
use deltaq_operators::{Field, Scalar, SqlType};
use indexmap::IndexMap;
use sqlparser::ast::{
    self, AlterTableOperation, ColumnOption, CreateTableOptions, SqlOption, TableConstraint, UnaryOperator, Value,
};

use super::query::repeated_name;
use super::scope::{Clause, Level, Scope};
use super::{Binder, Bound, all, closest, fold};
use crate::catalog::RelationKind;
use crate::constant;
use crate::statement::{Column, CreateTable, Emit, Statement};

impl Binder<'_> {
    /// `CREATE VIEW`
    pub fn create_view(&mut self, view: &ast::CreateView, emit: Option<Emit>, body: Option<Span>) -> Bound<Statement> {
        let span = self.span(&view.name);
        let name = self.relation_name(&view.name);
        if !matches!(view.options, CreateTableOptions::None) || !view.cluster_by.is_empty() || view.to.is_some() {
            return self.unsupported("options of a view are", span, "");
        }
        let query = self.shown(&view.query);
        let (name, mut query) = (name?, query?);
        if view.columns.len() > query.schema.len() {
            let message = format!("{} names for {} columns", view.columns.len(), query.schema.len());
            return self.report("42P10", message, span);
        }
        for (field, column) in query.schema.iter_mut().zip(&view.columns) {
            field.name = fold(&column.name);
        }
        if let Some(again) = repeated_name(&query.schema) {
            let message = format!("two columns are named \"{}\"", query.schema[again].name);
            return self.report_help("42701", message, span, "name them with AS");
        }
        if let Some(relation) = self.catalog.relation(&name) {
            let is_view = matches!(relation.kind, RelationKind::View(_));
            if view.or_replace && !is_view {
                return self.report("42809", format!("\"{name}\" is a table"), span);
            }
            if !view.or_replace && !view.if_not_exists {
                let message = format!("\"{name}\" exists already");
                return self.report_help("42P07", message, span, "CREATE OR REPLACE VIEW, or IF NOT EXISTS");
            }
        }
        // The order and limit of a view are part of it.
        if query.offset > 0 || query.limit.is_some() {
            query.plan = crate::plan::Plan::TopK {
                input: Box::new(query.plan),
                partition: Vec::new(),
                order: query.order.clone(),
                offset: query.offset,
                limit: query.limit,
                number: None,
            };
            (query.offset, query.limit) = (0, None);
        }
        let sql = body.map(|b| self.spelled_out(b)).unwrap_or_default();
        let mut names = query.plan.schema();
        if names.len() > query.schema.len() || names.iter().zip(&query.schema).any(|(a, b)| a.name != b.name) {
            names.truncate(query.schema.len());
            let exprs = (0..names.len()).map(|i| super::select::column(&names, i)).collect();
            query.plan =
                crate::plan::Plan::Project { input: Box::new(query.plan), exprs, schema: query.schema.clone() };
        }
        // A view shows its rows in no order.
        query.order = Vec::new();
        query.emit = emit;
        Ok(Statement::CreateView { name, query, or_replace: view.or_replace, if_not_exists: view.if_not_exists, sql })
    }

    /// `CREATE TABLE`
    pub fn create_table(&mut self, table: &ast::CreateTable, file: Option<&str>) -> Bound<Statement> {
        let span = self.span(&table.name);
        let name = self.relation_name(&table.name)?;
        if table.query.is_some() || table.like.is_some() || table.clone.is_some() {
            let help = format!(
                "CREATE VIEW {name} AS … stays up to date; for a copy, CREATE TABLE {name} (…), then INSERT INTO {name} SELECT …"
            );
            return self.unsupported("CREATE TABLE … AS is", span, &help);
        }
        if table.or_replace {
            return self.unsupported("CREATE OR REPLACE TABLE is", span, "DROP TABLE IF EXISTS first");
        }
        if self.catalog.relation(&name).is_some() && !table.if_not_exists {
            return self.report_help(
                "42P07",
                format!("\"{name}\" exists already"),
                span,
                "CREATE TABLE IF NOT EXISTS, or DROP it first",
            );
        }
        let mut primary_key: Option<Vec<usize>> = None;
        let columns = all(table.columns.iter().enumerate().map(|(i, definition)| {
            let (column, key) = self.column_definition(definition)?;
            if key {
                if primary_key.is_some() {
                    let span = self.source.span_at(definition.name.span);
                    let help = "PRIMARY KEY (a, b) after the columns";
                    return self.report_help("42P16", "a table has one primary key", span, help);
                }
                primary_key = Some(vec![i]);
            }
            Ok(column)
        }));
        for constraint in &table.constraints {
            self.table_constraint(constraint, &table.columns, &mut primary_key)?;
        }
        let options = self.options(&table.table_options);
        let (mut columns, mut options) = (columns?, options?);
        let names: Vec<Field> = columns.iter().map(|c| c.field.clone()).collect();
        if let Some(again) = repeated_name(&names) {
            let span = self.source.span_at(table.columns[again].name.span);
            return self.report("42701", format!("column \"{}\" is declared twice", names[again].name), span);
        }
        let primary_key = primary_key.unwrap_or_default();
        for key in &primary_key {
            columns[*key].field.nullable = false;
            if columns[*key].field.ty == SqlType::Interval {
                let span = self.source.span_at(table.columns[*key].name.span);
                let help = "equal intervals are written in several ways; a key of numbers or text has one";
                return self.unsupported("an INTERVAL in a primary key is", span, help);
            }
        }
        if let Some(path) = file {
            options.entry("connector".into()).or_insert_with(|| "file".into());
            options.insert("path".into(), path.into());
        }
        if columns.is_empty() && !options.contains_key("connector") {
            let help =
                "CREATE TABLE t (a INT, …), CREATE TABLE t FROM 'file.csv', or WITH (connector = 'file', path = '…')";
            return self.report_help("42601", "a table needs columns or a file to take them from", span, help);
        }
        if let Some(value) = options.get_mut("append_only") {
            match value.to_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => *value = "true".into(),
                "false" | "no" | "off" | "0" => *value = "false".into(),
                other => {
                    let message = format!("append_only is true or false, not \"{other}\"");
                    return self.report("22023", message, span);
                }
            }
        }
        Ok(Statement::CreateTable(CreateTable {
            name,
            columns,
            primary_key,
            if_not_exists: table.if_not_exists,
            options,
        }))
    }

    fn options(&mut self, options: &CreateTableOptions) -> Bound<IndexMap<String, String>> {
        let list = match options {
            CreateTableOptions::None => return Ok(IndexMap::new()),
            CreateTableOptions::With(list)
            | CreateTableOptions::Options(list)
            | CreateTableOptions::Plain(list)
            | CreateTableOptions::TableProperties(list) => list,
        };
        let pairs = all(list.iter().map(|option| {
            let (key, value) = match option {
                SqlOption::KeyValue { key, value } => (key, Some(value)),
                SqlOption::Ident(key) => (key, None),
                _ => {
                    let span = self.first_token();
                    return self.unsupported("this option is", span, "WITH (key = 'value', …)");
                }
            };
            let text = match value {
                None => "true".to_string(),
                Some(ast::Expr::Value(v)) => match &v.value {
                    Value::Number(n, _) => n.clone(),
                    Value::Boolean(b) => b.to_string(),
                    other => other.clone().into_string().unwrap_or_default(),
                },
                Some(ast::Expr::Identifier(word)) => word.value.clone(),
                Some(ast::Expr::UnaryOp { op: UnaryOperator::Minus, expr }) => format!("-{expr}"),
                Some(other) => {
                    let span = self.span(other);
                    return self.report("42601", "an option's value is a literal", span);
                }
            };
            Ok((key.value.to_lowercase(), text))
        }))?;
        Ok(pairs.into_iter().collect())
    }

    /// A column, and whether it is the primary key.
    fn column_definition(&mut self, definition: &ast::ColumnDef) -> Bound<(Column, bool)> {
        let span = self.source.span_at(definition.name.span);
        let type_span = span.map(|s| self.type_span(s));
        let ty = self.sql_type(&definition.data_type, type_span)?;
        let mut column =
            Column { field: Field { name: fold(&definition.name), ty, nullable: true }, default: Scalar::Null };
        let mut key = false;
        for option in &definition.options {
            match &option.option {
                ColumnOption::Null => {}
                ColumnOption::NotNull => column.field.nullable = false,
                ColumnOption::Comment(_) => {}
                ColumnOption::PrimaryKey(_) => key = true,
                ColumnOption::Default(e) => column.default = self.default(e, ty, &column.field.name)?,
                ColumnOption::Unique(_) => {
                    return self.unsupported("UNIQUE is", span, "only PRIMARY KEY is enforced; leave UNIQUE out");
                }
                ColumnOption::Check(_) => {
                    return self.unsupported("CHECK is", span, "leave it out, and filter in a view");
                }
                ColumnOption::ForeignKey(_) => {
                    return self.unsupported("REFERENCES is", span, "foreign keys are not enforced; leave it out");
                }
                ColumnOption::Generated { .. } | ColumnOption::Identity(_) => {
                    return self.unsupported("a generated column is", span, "compute it in a view");
                }
                _ => return self.unsupported("this option of a column is", span, ""),
            }
        }
        Ok((column, key))
    }

    /// The word after a column's name.
    fn type_span(&self, name: Span) -> Span {
        let tokens = self.source.tokens();
        let at = (0..tokens.len()).find(|i| self.source.span(*i, *i + 1).start >= name.end);
        at.map_or(name, |at| self.source.span(at, at + 1))
    }

    fn default(&mut self, e: &ast::Expr, ty: SqlType, name: &str) -> Bound<Scalar> {
        let span = self.span(e);
        let (_, bound) =
            self.within(Level { closed: true, ..Level::new(Scope::default(), Clause::Constant) }, |b| b.expr(e));
        let value = self.assign(bound?, ty, name, span)?;
        match constant::evaluate(&value) {
            Ok(value) => Ok(value),
            Err(error) => self.report(error.code, error.message, span),
        }
    }

    fn table_constraint(
        &mut self,
        constraint: &TableConstraint,
        columns: &[ast::ColumnDef],
        primary_key: &mut Option<Vec<usize>>,
    ) -> Bound<()> {
        let span = self.span(constraint).or_else(|| self.first_token());
        match constraint {
            TableConstraint::PrimaryKey(key) => {
                let names: Vec<String> = columns.iter().map(|c| fold(&c.name)).collect();
                let indexes = all(key.columns.iter().map(|c| {
                    let span = self.span(&c.column.expr);
                    let ast::Expr::Identifier(name) = &c.column.expr else {
                        return self.report("42601", "a primary key is made of columns", span);
                    };
                    let name = fold(name);
                    match names.iter().position(|n| *n == name) {
                        Some(index) => Ok(index),
                        None => {
                            let message = format!("there is no column \"{name}\"");
                            match closest(&name, names.iter().map(String::as_str)) {
                                Some(near) => {
                                    self.report_help("42703", message, span, format!("did you mean \"{near}\"?"))
                                }
                                None => self.report("42703", message, span),
                            }
                        }
                    }
                }))?;
                if primary_key.is_some() {
                    return self.report("42P16", "a table has one primary key", span);
                }
                *primary_key = Some(indexes);
                Ok(())
            }
            TableConstraint::Unique(_) => {
                self.unsupported("UNIQUE is", span, "only PRIMARY KEY is enforced; leave UNIQUE out")
            }
            TableConstraint::Check(_) => self.unsupported("CHECK is", span, "leave it out, and filter in a view"),
            TableConstraint::ForeignKey(_) => {
                self.unsupported("FOREIGN KEY is", span, "foreign keys are not enforced; leave it out")
            }
            _ => self.unsupported("this constraint is", span, ""),
        }
    }

    /// `ALTER TABLE … ADD COLUMN`
    pub fn alter_table(&mut self, alter: &ast::AlterTable) -> Bound<Statement> {
        let span = self.span(&alter.name);
        let table = self.relation_name(&alter.name)?;
        let relation = self.relation(&table, span)?;
        if !matches!(relation.kind, RelationKind::Table { .. }) {
            return self.report("42809", format!("\"{table}\" is a view"), span);
        }
        let [AlterTableOperation::AddColumn { if_not_exists, column_def, .. }] = alter.operations.as_slice() else {
            return self.unsupported("this change of a table is", span, "ALTER TABLE … ADD COLUMN, one at a time, is");
        };
        let (column, key) = self.column_definition(column_def)?;
        let at = self.source.span_at(column_def.name.span);
        if key {
            return self.unsupported("a primary key added later is", at, "make a new table");
        }
        if relation.schema.iter().any(|f| f.name == column.field.name) && !if_not_exists {
            let message = format!("\"{table}\" has a column \"{}\" already", column.field.name);
            return self.report("42701", message, at);
        }
        if !column.field.nullable && column.default == Scalar::Null {
            let help = "add DEFAULT, for the rows that are there";
            return self.report_help(
                "23502",
                format!("\"{}\" would be NULL in rows that are there", column.field.name),
                at,
                help,
            );
        }
        Ok(Statement::AddColumn { table, column, if_not_exists: *if_not_exists })
    }
}
