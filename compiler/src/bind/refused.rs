//! Statements, and clauses of INSERT, UPDATE and DELETE, that are not supported, and what to write instead.

use deltaq_circuit::Span;
use sqlparser::ast::{self, AssignmentTarget, UpdateTableFromKind};

use super::{Binder, Bound};
use crate::parse::{at_top, word};

impl Binder<'_> {
    /// Refuses a statement of a kind that the engine does not know, by its name.
    pub fn other_statement<T>(&mut self) -> Bound<T> {
        let tokens = self.source.tokens();
        let first = tokens.first().map(word).unwrap_or_default();
        let second = tokens.get(1).map(word).unwrap_or_default();
        let name = match first.as_str() {
            "CREATE" | "ALTER" | "DROP" | "SHOW" => format!("{first} {second}"),
            _ => first,
        };
        let help = match name.as_str() {
            "SET" | "RESET" => "the session's settings are fixed: the time zone is UTC; leave it out",
            "ANALYZE" | "VACUUM" => "none is needed: leave it out",
            "GRANT" | "REVOKE" => "there are no users and no rights: leave it out",
            "CREATE SCHEMA" | "DROP SCHEMA" => "all names stand in one place: write a prefix into them",
            "PREPARE" | "EXECUTE" | "DEALLOCATE" => "write the values into the statement",
            "DECLARE" | "FETCH" => "a SELECT gives all of its rows; LIMIT and OFFSET give some",
            "ALTER VIEW" => "CREATE OR REPLACE VIEW",
            _ if name.starts_with("SHOW ") => "SHOW TABLES and SHOW VIEWS are",
            _ => "",
        };
        self.unsupported(&format!("{} is", name.trim_end()), self.first_token(), help)
    }

    /// Refuses RETURNING, which is there if `written`.
    pub fn no_returning(&mut self, written: bool) -> Bound<()> {
        if !written {
            return Ok(());
        }
        let help = "leave it out, and SELECT the rows; who watches the table is told of each row that comes and goes";
        self.unsupported("RETURNING is", self.keyword("RETURNING"), help)
    }

    /// Refuses ORDER BY and LIMIT.
    pub fn no_part(&mut self, statement: &str, ordered: bool, limited: bool) -> Bound<()> {
        let clause = match (ordered, limited) {
            (false, false) => return Ok(()),
            (true, _) => "ORDER",
            (false, true) => "LIMIT",
        };
        let help = "WHERE id IN (SELECT id FROM t ORDER BY … LIMIT …)";
        self.unsupported(&format!("ORDER BY or LIMIT of {statement} is"), self.keyword(clause), help)
    }

    /// Refuses `UPDATE t SET a = … FROM s WHERE …`.
    pub fn update_from<T>(&mut self, update: &ast::Update, from: &UpdateTableFromKind) -> Bound<T> {
        let (UpdateTableFromKind::BeforeSet(tables) | UpdateTableFromKind::AfterSet(tables)) = from;
        let target = self.words(&update.table.relation);
        let rows = self.rows_of(tables, update.selection.as_ref());
        let assigned: Option<Vec<String>> = update
            .assignments
            .iter()
            .map(|assignment| match &assignment.target {
                AssignmentTarget::ColumnName(name) => {
                    let value = self.words(&assignment.value)?;
                    Some(match assignment.value {
                        ast::Expr::Value(_) => format!("{name} = {value}"),
                        _ => format!("{name} = (SELECT {value} {})", rows.as_deref()?),
                    })
                }
                AssignmentTarget::Tuple(_) => None,
            })
            .collect();
        let help = match (target, assigned, &rows) {
            (Some(target), Some(assigned), Some(rows)) => {
                format!("UPDATE {target} SET {} WHERE EXISTS (SELECT 1 {rows})", assigned.join(", "))
            }
            _ => "SET a = (SELECT … FROM s WHERE …) WHERE EXISTS (SELECT 1 FROM s WHERE …)".to_string(),
        };
        self.unsupported("UPDATE … FROM is", self.keyword("FROM"), &help)
    }

    /// Refuses `DELETE FROM t USING s WHERE …`.
    pub fn delete_using<T>(
        &mut self,
        from: &[ast::TableWithJoins],
        using: &[ast::TableWithJoins],
        condition: Option<&ast::Expr>,
    ) -> Bound<T> {
        let target = from.first().and_then(|table| self.words(table));
        let help = match (target, self.rows_of(using, condition)) {
            (Some(target), Some(rows)) => format!("DELETE FROM {target} WHERE EXISTS (SELECT 1 {rows})"),
            _ => "DELETE FROM t WHERE EXISTS (SELECT 1 FROM s WHERE …)".to_string(),
        };
        self.unsupported("DELETE … USING is", self.keyword("USING"), &help)
    }

    /// `FROM s WHERE …`, as the user wrote them.
    fn rows_of(&self, tables: &[ast::TableWithJoins], condition: Option<&ast::Expr>) -> Option<String> {
        let tables: Vec<&str> = tables.iter().map(|table| self.words(table)).collect::<Option<_>>()?;
        let condition = match condition {
            Some(condition) => format!(" WHERE {}", self.words(condition)?),
            None => String::new(),
        };
        Some(format!("FROM {}{condition}", tables.join(", ")))
    }

    /// What the user wrote.
    fn words(&self, part: &impl ast::Spanned) -> Option<&str> {
        self.span(part).map(|span| self.source.text(span))
    }

    /// Where this word first stands outside all parentheses; else where the statement begins.
    fn keyword(&self, keyword: &str) -> Option<Span> {
        let tokens = self.source.tokens();
        let found = at_top(tokens, |token| word(&tokens[token]) == keyword);
        found.map(|token| self.source.span(token, token + 1)).or_else(|| self.first_token())
    }
}
