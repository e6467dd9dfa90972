//! Which statement it is.

use deltaq_circuit::Span;
use sqlparser::ast::{self, Statement as S};

use super::{Binder, Bound, fold};
use crate::catalog::RelationKind;
use crate::parse::Parsed;
use crate::statement::{Emit, Statement};

impl Binder<'_> {
    /// Binds a statement.
    pub fn parsed(&mut self, parsed: &Parsed) -> Bound<Statement> {
        match parsed {
            Parsed::Sql { statement, emit, file, body } => self.sql(statement, *emit, file.as_deref(), *body),
            Parsed::Explain { inner, format } => {
                let statement = self.parsed(inner)?;
                if !matches!(statement, Statement::Query(_) | Statement::CreateView { .. }) {
                    return self.unsupported(
                        "EXPLAIN of this statement is",
                        None,
                        "EXPLAIN SELECT … or EXPLAIN CREATE VIEW …",
                    );
                }
                Ok(Statement::Explain { statement: Box::new(statement), format: *format })
            }
            Parsed::ExplainView { name, format } => {
                let span = self.source.span_at(name.span);
                let name = fold(name);
                let relation = self.relation(&name, span)?;
                if !matches!(relation.kind, RelationKind::View(_)) {
                    return self.report_help(
                        "42809",
                        format!("\"{name}\" is a table"),
                        span,
                        "EXPLAIN shows views and queries",
                    );
                }
                Ok(Statement::ExplainView { name, format: *format })
            }
            Parsed::Show { views } => Ok(Statement::Show { views: *views }),
            Parsed::Copy(copy) => self.copy(copy),
        }
    }

    fn sql(&mut self, statement: &S, emit: Option<Emit>, file: Option<&str>, body: Option<Span>) -> Bound<Statement> {
        if emit.is_some() && !matches!(statement, S::Query(_) | S::CreateView(_)) {
            return self.report("42601", "EMIT belongs to SELECT and CREATE VIEW", None);
        }
        match statement {
            S::Query(query) => {
                let mut query = self.shown(query)?;
                query.emit = emit;
                Ok(Statement::Query(query))
            }
            S::CreateView(view) => self.create_view(view, emit, body),
            S::CreateTable(table) => self.create_table(table, file),
            S::AlterTable(alter) => self.alter_table(alter),
            S::Drop { object_type, if_exists, names, cascade, .. } => {
                self.drop(*object_type, *if_exists, names, *cascade)
            }
            S::Insert(insert) => self.insert(insert),
            S::Update(update) => self.update(update),
            S::Delete(delete) => self.delete(delete),
            S::StartTransaction { statements, .. } if statements.is_empty() => Ok(Statement::Begin),
            S::Commit { .. } => Ok(Statement::Commit),
            S::Rollback { savepoint: None, .. } => Ok(Statement::Rollback),
            S::Rollback { .. } | S::Savepoint { .. } | S::ReleaseSavepoint { .. } => {
                self.unsupported("a savepoint is", None, "BEGIN, COMMIT and ROLLBACK are supported")
            }
            S::Truncate(truncate) => {
                let names: Vec<String> = truncate.table_names.iter().map(|table| table.name.to_string()).collect();
                let help = names.iter().map(|name| format!("DELETE FROM {name}")).collect::<Vec<_>>().join("; ");
                self.unsupported("TRUNCATE is", self.first_token(), &help)
            }
            S::Merge { .. } => self.unsupported("MERGE is", self.first_token(), "INSERT … ON CONFLICT (key) DO UPDATE"),
            S::CreateIndex(_) => self.unsupported(
                "CREATE INDEX is",
                self.first_token(),
                "none is needed: operators index what they keep",
            ),
            S::Explain { .. } | S::ExplainTable { .. } => {
                self.unsupported("this form of EXPLAIN is", self.first_token(), "EXPLAIN SELECT …, or EXPLAIN view")
            }
            _ => self.other_statement(),
        }
    }

    /// Where the statement begins.
    pub fn first_token(&self) -> Option<Span> {
        Some(self.source.span(0, 1))
    }

    fn drop(
        &mut self,
        object: ast::ObjectType,
        if_exists: bool,
        names: &[ast::ObjectName],
        cascade: bool,
    ) -> Bound<Statement> {
        let view = match object {
            ast::ObjectType::Table => false,
            ast::ObjectType::View | ast::ObjectType::MaterializedView => true,
            _ => return self.unsupported("this DROP is", self.first_token(), "DROP TABLE and DROP VIEW are"),
        };
        let names = super::all(names.iter().map(|n| {
            let span = self.span(n);
            let name = self.relation_name(n)?;
            match self.catalog.relation(&name).map(|r| matches!(r.kind, RelationKind::View(_))) {
                None if if_exists => Ok(name),
                None => self.relation(&name, span).map(|_| name),
                Some(is_view) if is_view == view => Ok(name),
                Some(true) => {
                    self.report_help("42809", format!("\"{name}\" is a view"), span, format!("DROP VIEW {name}"))
                }
                Some(false) => {
                    self.report_help("42809", format!("\"{name}\" is a table"), span, format!("DROP TABLE {name}"))
                }
            }
        }))?;
        Ok(Statement::Drop { view, names, if_exists, cascade })
    }
}
