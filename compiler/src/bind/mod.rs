//! From sqlparser's tree to bound statements and plans: names to columns, literals to values, casts put in, subqueries turned into joins.
//!
//! Read [`scope`] first: what names refer to. [`select`] shows the order of things in a query; [`expr`] binds expressions,
//! [`place`] says what their columns may stand for until the query is put together, [`subquery`] makes joins of subqueries.
//! Every mistake is noted as a diagnostic and answered with [`Reported`], so that binding goes on elsewhere.

use deltaq_circuit::Span;
use deltaq_operators::types::Schema;
use sqlparser::ast;

use crate::catalog::{Catalog, Relation};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::parse::{Parsed, too_complex};
use crate::plan::Plan;
use crate::source::Source;
use crate::statement::Statement;

mod aggregate;
mod call;
mod chain;
mod coerce;
mod compare;
mod copy;
mod create;
mod digits;
mod expr;
mod from;
mod group;
mod grouping;
mod items;
mod lateral;
mod literal;
mod number;
mod place;
mod precedence;
mod query;
mod refused;
mod rows;
mod scope;
mod select;
mod semijoin;
mod sets;
mod star;
mod statement;
mod subquery;
mod types;
mod unnest;
mod write;

pub(crate) use from::equality;
use scope::Level;
use star::Star;
pub(crate) use subquery::{call, conjunction};

/// How many levels a bound expression or plan may have: everything that walks them recurses.
const DEPTH_MAX: usize = 400;
/// How many operators a plan may have; WITH queries named several times are copied.
const PLAN_NODES_MAX: usize = 20_000;
/// How many joins a statement may have, those of its subqueries among them.
const JOINS_MAX: usize = 1_000;
/// How many tables may stand in one FROM.
const TABLES_MAX: usize = 300;
/// How many mistakes are told at once.
const DIAGNOSTICS_MAX: usize = 50;

/// A mistake has been noted.
#[derive(Clone, Copy, Debug)]
struct Reported;

type Bound<T> = Result<T, Reported>;

/// Binds one statement.
pub(crate) fn statement(source: &Source, parsed: &Parsed, catalog: &dyn Catalog) -> Result<Statement, Diagnostics> {
    let mut binder = Binder {
        source,
        catalog,
        diagnostics: Vec::new(),
        withs: Vec::new(),
        levels: Vec::new(),
        depth: 0,
        plan_nodes: 0,
        joins: 0,
        stars: Vec::new(),
    };
    let bound = binder.parsed(parsed);
    match bound {
        Ok(statement) if binder.diagnostics.is_empty() => Ok(statement),
        Ok(_) | Err(Reported) => {
            assert!(!binder.diagnostics.is_empty(), "a statement failed without a diagnostic");
            binder.diagnostics.sort_by_key(|d| d.span.map(|s| s.start));
            binder.diagnostics.dedup();
            binder.diagnostics.truncate(DIAGNOSTICS_MAX);
            Err(Diagnostics(binder.diagnostics))
        }
    }
}

struct Binder<'a> {
    source: &'a Source<'a>,
    catalog: &'a dyn Catalog,
    diagnostics: Vec<Diagnostic>,
    /// The WITH queries in sight, later ones first in line.
    withs: Vec<With>,
    /// The queries around the one being bound, and itself.
    levels: Vec<Level>,
    /// How deep the expression or query being bound is nested.
    depth: usize,
    /// Operators made so far.
    plan_nodes: usize,
    /// Joins among them.
    joins: usize,
    /// What stands in the text for columns that it does not name.
    stars: Vec<Star>,
}

/// A WITH query.
struct With {
    name: String,
    /// None: it has a mistake, which has been noted.
    query: Option<(Plan, Schema)>,
}

impl Binder<'_> {
    /// Notes a mistake.
    fn report<T>(&mut self, code: &'static str, message: impl Into<String>, span: Option<Span>) -> Bound<T> {
        self.diagnostics.push(Diagnostic { code, message: message.into(), span, help: None });
        Err(Reported)
    }

    /// Notes a mistake, and what to do about it.
    fn report_help<T>(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        span: Option<Span>,
        help: impl Into<String>,
    ) -> Bound<T> {
        self.diagnostics.push(Diagnostic { code, message: message.into(), span, help: Some(help.into()) });
        Err(Reported)
    }

    /// Notes that something is not supported.
    fn unsupported<T>(&mut self, what: &str, span: Option<Span>, help: &str) -> Bound<T> {
        let help = (!help.is_empty()).then(|| help.to_string());
        let message = format!("{what} not supported");
        self.diagnostics.push(Diagnostic { code: "0A000", message, span, help });
        Err(Reported)
    }

    fn span(&self, part: &impl ast::Spanned) -> Option<Span> {
        self.source.span_of(part)
    }

    /// Notes, once, that the statement is more than the compiler takes.
    fn too_complex<T>(&mut self, span: Option<Span>) -> Bound<T> {
        if !self.diagnostics.iter().any(|d| d.code == "54001") {
            self.diagnostics.push(too_complex(span));
        }
        Err(Reported)
    }

    /// Runs `inner` one level deeper.
    fn deeper<T>(
        &mut self,
        span: impl FnOnce(&Self) -> Option<Span>,
        inner: impl FnOnce(&mut Self) -> Bound<T>,
    ) -> Bound<T> {
        if self.depth >= DEPTH_MAX {
            let span = span(self);
            return self.too_complex(span);
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Counts a join that is about to be made.
    fn count_join(&mut self, span: Option<Span>) -> Bound<()> {
        self.joins += 1;
        if self.joins > JOINS_MAX { self.too_complex(span) } else { self.grow(1, span) }
    }

    /// Counts operators that are about to be made.
    fn grow(&mut self, nodes: usize, span: Option<Span>) -> Bound<()> {
        self.plan_nodes += nodes;
        if self.plan_nodes > PLAN_NODES_MAX {
            if !self.diagnostics.iter().any(|d| d.code == "54001") {
                self.diagnostics.push(Diagnostic {
                    message: "the statement is too large".into(),
                    help: Some("a WITH query is copied each time it is named: make it a view".into()),
                    ..too_complex(span)
                });
            }
            return Err(Reported);
        }
        Ok(())
    }

    /// A relation of the catalog, or a mistake that names the one that was meant.
    fn relation(&mut self, name: &str, span: Option<Span>) -> Bound<Relation> {
        if let Some(relation) = self.catalog.relation(name) {
            return Ok(relation);
        }
        let names: Vec<String> = self.withs.iter().map(|w| w.name.clone()).chain(self.catalog.names()).collect();
        let message = format!("there is no table or view \"{name}\"");
        if name.contains(['/', '.']) {
            let help = format!("CREATE TABLE name FROM '{name}' reads a file");
            return self.report_help("42P01", message, span, help);
        }
        match closest(name, names.iter().map(String::as_str)) {
            Some(near) => self.report_help("42P01", message, span, format!("did you mean \"{near}\"?")),
            None => self.report("42P01", message, span),
        }
    }

    /// The name of a relation: the last part; a schema before it may only be the default one.
    fn relation_name(&mut self, name: &ast::ObjectName) -> Bound<String> {
        let parts: Vec<&ast::Ident> = name.0.iter().filter_map(|p| p.as_ident()).collect();
        let Some((last, before)) = parts.split_last().filter(|_| parts.len() == name.0.len()) else {
            let span = self.span(name);
            return self.report("42601", "this is not a name", span);
        };
        if let Some(schema) =
            before.iter().map(|p| fold(p)).find(|s| !matches!(s.as_str(), "public" | "main" | "default"))
        {
            let span = self.span(name);
            return self.report_help(
                "3F000",
                format!("there is no schema \"{schema}\""),
                span,
                "names have no schema here",
            );
        }
        Ok(fold(last))
    }
}

/// Collects what is bound; a mistake in one does not keep the others from being looked at.
fn all<T>(results: impl Iterator<Item = Bound<T>>) -> Bound<Vec<T>> {
    let mut items = Vec::with_capacity(results.size_hint().0);
    let mut failed = false;
    for result in results {
        match result {
            Ok(item) => items.push(item),
            Err(Reported) => failed = true,
        }
    }
    if failed { Err(Reported) } else { Ok(items) }
}

/// How many operators lie one above the other.
fn height(plan: &Plan) -> usize {
    1 + plan.inputs().into_iter().map(height).max().unwrap_or(0)
}

/// An identifier as it is stored: in lower case unless quoted.
fn fold(ident: &ast::Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

/// The name nearest to `name`, if one is near enough to have been meant.
fn closest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let limit = match name.chars().count() {
        0..=1 => 0,
        2..=3 => 1,
        4..=5 => 2,
        _ => 3,
    };
    names.map(|n| (distance(name, n), n)).filter(|(d, _)| *d <= limit).min().map(|(_, n)| n)
}

/// How many letters must be put in, left out, changed or swapped with the next to make `b` of `a`; case is free.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
