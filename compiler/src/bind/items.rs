//! The SELECT list, and the clauses that name its columns: GROUP BY, ORDER BY.

use deltaq_operators::Expr;
use sqlparser::ast::{self, GroupByExpr, SelectItem, SelectItemQualifiedWildcardKind, Value};

use super::expr::bare;
use super::grouping::Grouping;
use super::place::{Place, is_correlated, mentions};
use super::{Binder, Bound, Reported, fold};

/// A column of the SELECT list.
pub(super) struct Item {
    pub expr: Expr,
    pub name: String,
}

/// What ORDER BY or DISTINCT ON names.
pub(super) enum Chosen {
    /// A column of the SELECT list.
    Item(usize),
    /// Something else.
    Expr(Expr),
}

impl Binder<'_> {
    /// The SELECT list, stars spelled out.
    pub fn items(&mut self, projection: &[SelectItem]) -> Bound<Vec<Item>> {
        let mut items = Vec::new();
        let mut failed = false;
        for item in projection {
            match self.item(item) {
                Ok(found) => items.extend(found),
                Err(Reported) => failed = true,
            }
        }
        if failed { Err(Reported) } else { Ok(items) }
    }

    fn item(&mut self, item: &SelectItem) -> Bound<Vec<Item>> {
        match item {
            SelectItem::UnnamedExpr(e) => Ok(vec![Item { expr: self.expr(e)?, name: name_of(e) }]),
            SelectItem::ExprWithAlias { expr, alias } => {
                if alias.quote_style == Some('\'') {
                    let span = self.source.span_at(alias.span);
                    let help = "a name stands in double quotes; || joins texts";
                    return self.report_help("42601", "a name cannot stand in single quotes", span, help);
                }
                Ok(vec![Item { expr: self.expr(expr)?, name: fold(alias) }])
            }
            SelectItem::ExprWithAliases { expr, .. } => {
                let span = self.span(expr);
                self.unsupported("several names for one column are", span, "")
            }
            SelectItem::Wildcard(options) => {
                let span = self.source.span_at(options.wildcard_token.0.span);
                self.star(None, options, span)
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                let span = self.span(name);
                let table = name.0.last().and_then(|p| p.as_ident()).map(fold).unwrap_or_default();
                self.star(Some(&table), options, span)
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(e), _) => {
                let span = self.span(e);
                self.unsupported("a star after an expression is", span, "")
            }
        }
    }

    pub fn group_by(&mut self, group_by: &GroupByExpr, items: &[Item]) -> Bound<Grouping> {
        let exprs = match group_by {
            GroupByExpr::Expressions(exprs, modifiers) if modifiers.is_empty() => exprs,
            GroupByExpr::Expressions(exprs, _) => {
                let span = exprs.first().and_then(|e| self.span(e));
                return self.unsupported("GROUP BY WITH ROLLUP is", span, "UNION ALL one GROUP BY a level");
            }
            GroupByExpr::All(_) => {
                let aggregate = |p: Place| matches!(p, Place::Aggregate(_));
                let keys = items.iter().map(|i| i.expr.clone()).filter(|e| !mentions(e, aggregate)).collect();
                return Ok(Grouping { keys, sets: None });
            }
        };
        self.grouping(exprs, items)
    }

    /// A key of GROUP BY: the number or name of a selected column, else an expression.
    pub(super) fn group_key(&mut self, e: &ast::Expr, items: &[Item]) -> Bound<Expr> {
        let key = match bare(e) {
            ast::Expr::Identifier(name) => {
                let name = fold(name);
                let level = self.level();
                let known = level.scope.columns.iter().any(|c| c.bare && c.name == name);
                match items.iter().find(|i| i.name == name) {
                    Some(item) if !known => item.expr.clone(),
                    _ => self.expr(e)?,
                }
            }
            _ => match self.ordinal(e, items.len(), "GROUP BY")? {
                Some(index) => items[index].expr.clone(),
                None => self.expr(e)?,
            },
        };
        if mentions(&key, |p| matches!(p, Place::Aggregate(_) | Place::Number(_) | Place::Grouping(_))) {
            let span = self.span(e);
            return self.report("42803", "an aggregate cannot stand in GROUP BY", span);
        }
        if is_correlated(&key) {
            let span = self.span(e);
            return self.unsupported("GROUP BY a column of the query around is", span, "");
        }
        Ok(key)
    }

    /// `2`: the second column of the SELECT list.
    pub fn ordinal(&mut self, e: &ast::Expr, count: usize, clause: &str) -> Bound<Option<usize>> {
        let ast::Expr::Value(value) = bare(e) else { return Ok(None) };
        let Value::Number(digits, _) = &value.value else { return Ok(None) };
        match digits.parse::<usize>() {
            Ok(n) if (1..=count).contains(&n) => Ok(Some(n - 1)),
            _ => {
                let span = self.span(e);
                self.report("42P10", format!("{clause} {digits} is not the number of a selected column"), span)
            }
        }
    }

    /// What a key of ORDER BY is: the number or name of a selected column, else an expression.
    pub fn chosen(&mut self, e: &ast::Expr, items: Option<&[Item]>, clause: &str) -> Bound<Chosen> {
        let Some(items) = items else {
            // The SELECT list has mistakes; a name may be one of its.
            return match bare(e) {
                ast::Expr::Identifier(_) | ast::Expr::Value(_) => Err(Reported),
                _ => Ok(Chosen::Expr(self.expr(e)?)),
            };
        };
        if let Some(index) = self.ordinal(e, items.len(), clause)? {
            return Ok(Chosen::Item(index));
        }
        if let ast::Expr::Identifier(name) = bare(e) {
            let name = fold(name);
            let named: Vec<usize> = (0..items.len()).filter(|i| items[*i].name == name).collect();
            if let Some(first) = named.first() {
                if named.iter().any(|i| items[*i].expr != items[*first].expr) {
                    let span = self.span(e);
                    return self.report("42702", format!("{clause} \"{name}\" is ambiguous"), span);
                }
                return Ok(Chosen::Item(*first));
            }
        }
        let expr = self.expr(e)?;
        Ok(match items.iter().position(|i| i.expr == expr) {
            Some(index) => Chosen::Item(index),
            None => Chosen::Expr(expr),
        })
    }
}

/// The name of a column without alias, as PostgreSQL gives it.
fn name_of(e: &ast::Expr) -> String {
    match bare(e) {
        ast::Expr::Identifier(name) => fold(name),
        ast::Expr::CompoundIdentifier(parts) => parts.last().map(fold).unwrap_or_default(),
        ast::Expr::Function(f) => f.name.0.last().and_then(|p| p.as_ident()).map(fold).unwrap_or_default(),
        ast::Expr::Cast { expr, data_type, .. } => match name_of(expr) {
            name if name == "?column?" => data_type.to_string().split('(').next().unwrap_or_default().to_lowercase(),
            name => name,
        },
        ast::Expr::Case { else_result, .. } => match else_result.as_deref().map(name_of) {
            Some(name) if name != "?column?" => name,
            _ => "case".into(),
        },
        ast::Expr::Extract { .. } => "extract".into(),
        ast::Expr::Exists { .. } => "exists".into(),
        ast::Expr::Substring { .. } => "substring".into(),
        ast::Expr::Trim { .. } => "btrim".into(),
        ast::Expr::Position { .. } => "position".into(),
        ast::Expr::Overlay { .. } => "overlay".into(),
        ast::Expr::Ceil { .. } => "ceil".into(),
        ast::Expr::Floor { .. } => "floor".into(),
        ast::Expr::Interval(_) => "interval".into(),
        ast::Expr::AtTimeZone { .. } => "timezone".into(),
        ast::Expr::TypedString(t) => t.data_type.to_string().to_lowercase(),
        ast::Expr::Subquery(query) => match &*query.body {
            ast::SetExpr::Select(select) => match select.projection.as_slice() {
                [SelectItem::ExprWithAlias { alias, .. }] => fold(alias),
                [SelectItem::UnnamedExpr(e)] => name_of(e),
                _ => "?column?".into(),
            },
            _ => "?column?".into(),
        },
        _ => "?column?".into(),
    }
}
