//! `SELECT *`: the columns that it means, and a view's text with these columns in its place.
//!
//! A view keeps the columns it was made with while its tables get more. Read again later, its text would mean those, too.

use deltaq_circuit::Span;
use deltaq_operators::Expr;
use deltaq_operators::functions::format::quoted;
use deltaq_operators::types::Schema;
use sqlparser::ast;
use sqlparser::tokenizer::Token;

use super::items::Item;
use super::scope::{Column, Scope};
use super::{Binder, Bound};
use crate::parse::word;

/// A part of the text that stands for columns without naming them.
pub(super) struct Star {
    span: Span,
    /// What names them.
    names: String,
}

impl Binder<'_> {
    /// The columns of `*`, or of `table.*`, whose table is written at `span`.
    pub fn star(
        &mut self,
        table: Option<&str>,
        options: &ast::WildcardAdditionalOptions,
        span: Option<Span>,
    ) -> Bound<Vec<Item>> {
        if options.opt_exclude.is_some()
            || options.opt_except.is_some()
            || options.opt_replace.is_some()
            || options.opt_rename.is_some()
            || options.opt_ilike.is_some()
        {
            return self.unsupported("a star with exceptions is", span, "name the columns");
        }
        let scope = &self.level().scope;
        if scope.tables.is_empty() && table.is_none() {
            return self.report("42601", "SELECT * needs a FROM", span);
        }
        let meant = |c: &&Column| match table {
            None => c.bare,
            Some(table) => c.table.is_some_and(|t| scope.tables[t].name == table),
        };
        let columns: Vec<&Column> = scope.columns.iter().filter(meant).collect();
        let names: Vec<String> = columns.iter().map(|column| name(scope, column)).collect();
        let items: Vec<Item> = columns.iter().map(|c| Item { expr: c.expr.clone(), name: c.name.clone() }).collect();
        if let Some(table) = table
            && !scope.tables.iter().any(|t| t.name == table)
        {
            return self.report("42P01", format!("there is no \"{table}\" in FROM"), span);
        }
        if let Some(span) = span {
            let level = self.level();
            for item in &items {
                if let Expr::Column { index, .. } = item.expr {
                    level.spans.entry(index).or_insert(span);
                }
            }
            let end = self.source.span_at(options.wildcard_token.0.span).map_or(span.end, |star| star.end);
            // Columns of one name cannot be named.
            if (1..names.len()).all(|later| !names[..later].contains(&names[later])) {
                self.note_star(Span { start: span.start, end }, names.join(", "));
            }
        }
        Ok(items)
    }

    /// Notes the columns that `TABLE name` means.
    pub fn note_table(&mut self, table: &str, schema: &Schema) {
        let tokens = self.source.tokens();
        let noted = |span: Span| self.stars.iter().any(|star| star.span == span);
        let spans = (1..tokens.len()).filter(|at| {
            let named = matches!(&tokens[*at].token, Token::Word(w) if w.value.to_lowercase() == table);
            named && word(&tokens[at - 1]) == "TABLE"
        });
        if let Some(span) = spans.map(|at| self.source.span(at - 1, at + 1)).find(|span| !noted(*span)) {
            let names: Vec<_> = schema.iter().map(|field| quoted(&field.name)).collect();
            self.note_star(span, format!("SELECT {} FROM {}", names.join(", "), quoted(table)));
        }
    }

    fn note_star(&mut self, span: Span, names: String) {
        // What is bound more than once means the same each time.
        if !self.stars.iter().any(|star| star.span == span) {
            self.stars.push(Star { span, names });
        }
    }

    /// The text at `span` with the columns in the place of its stars.
    pub fn spelled_out(&mut self, span: Span) -> String {
        self.stars.sort_by_key(|star| star.span.start);
        let (mut text, mut from) = (String::new(), span.start);
        for star in self.stars.iter().filter(|star| span.start <= star.span.start && star.span.end <= span.end) {
            text += self.source.text(Span { start: from, end: star.span.start });
            text += &star.names;
            from = star.span.end;
        }
        text + self.source.text(Span { start: from, end: span.end })
    }
}

/// What refers to a column: its name, behind that of its table where there are several.
fn name(scope: &Scope, column: &Column) -> String {
    match column.table {
        Some(table) if scope.tables.len() > 1 && !scope.tables[table].name.is_empty() => {
            format!("{}.{}", quoted(&scope.tables[table].name), quoted(&column.name))
        }
        _ => quoted(&column.name).into_owned(),
    }
}
