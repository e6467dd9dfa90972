//! Queries as trees that know their types, and their SQL.

use std::fmt::Write as _;

use deltaq_operators::Scalar;

use super::Kind;

/// A SELECT, or set operation of such.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `SELECT`
    Select(Box<Select>),
    /// `UNION`, `EXCEPT`, `INTERSECT`, of sides with equal kinds
    Set {
        /// `UNION ALL` …
        word: &'static str,
        /// The left side.
        left: Box<Body>,
        /// The right side.
        right: Box<Body>,
    },
}

/// `SELECT … FROM … WHERE … GROUP BY … HAVING … ORDER BY … LIMIT`
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// `DISTINCT`
    pub distinct: bool,
    /// The columns, named `c0`, `c1` …
    pub items: Vec<Expr>,
    /// What it reads; none: one row.
    pub from: Option<Source>,
    /// `WHERE`
    pub filter: Option<Expr>,
    /// `GROUP BY`; Some without keys: one group of all rows. Items and `having` then refer to keys by [`Expr::Key`].
    pub group: Option<Vec<Expr>>,
    /// `HAVING`
    pub having: Option<Expr>,
    /// `ORDER BY … LIMIT … OFFSET`
    pub top: Option<Top>,
}

/// The first rows of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct Top {
    /// Columns to sort by, each with DESC and NULLS FIRST.
    pub keys: Vec<(usize, bool, bool)>,
    /// Whether all columns follow, so that no tie is left; else the engine breaks ties as it likes, but always alike.
    pub total: bool,
    /// Rows at most.
    pub limit: usize,
    /// Rows skipped.
    pub offset: usize,
}

/// What stands after FROM.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A table or view.
    Named {
        /// Its name.
        name: String,
        /// Its name here.
        alias: String,
        /// Its columns.
        columns: Vec<(String, Kind)>,
    },
    /// A subquery.
    Sub {
        /// The query.
        body: Box<Body>,
        /// Its name here.
        alias: String,
    },
    /// A join.
    Join {
        /// `LEFT JOIN` …
        word: &'static str,
        /// The left side.
        left: Box<Source>,
        /// The right side.
        right: Box<Source>,
        /// The condition; none for CROSS JOIN.
        on: Option<Expr>,
    },
}

/// A typed expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// `alias.name`
    Column {
        /// Of which relation.
        alias: String,
        /// Which.
        name: String,
        /// Its kind.
        kind: Kind,
    },
    /// A constant.
    Literal(Scalar, Kind),
    /// Key `.0` of GROUP BY.
    Key(usize, Kind),
    /// Anything made of expressions: the text with `{}` for each part.
    Form {
        /// Such as `({} + {})`.
        text: &'static str,
        /// The parts.
        parts: Vec<Expr>,
        /// The kind of the result.
        kind: Kind,
    },
    /// An aggregate: `.text` of the argument.
    Aggregate {
        /// Such as `SUM(DISTINCT {})`, or `COUNT(*)`.
        text: &'static str,
        /// The argument, if any.
        arg: Option<Box<Expr>>,
        /// FILTER (WHERE …)
        filter: Option<Box<Expr>>,
        /// The kind of the result.
        kind: Kind,
    },
    /// A subquery in an expression: `text` with `{}` for `arg`, then the query in parentheses.
    Query {
        /// Such as `{} NOT IN`, `EXISTS`, or nothing for a scalar subquery.
        text: &'static str,
        /// What stands before.
        arg: Option<Box<Expr>>,
        /// The query.
        body: Box<Body>,
        /// The kind of the result.
        kind: Kind,
    },
}

impl Expr {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Expr::Column { kind, .. }
            | Expr::Literal(_, kind)
            | Expr::Key(_, kind)
            | Expr::Form { kind, .. }
            | Expr::Aggregate { kind, .. }
            | Expr::Query { kind, .. } => *kind,
        }
    }
}

impl Body {
    /// The kinds of its columns.
    pub fn kinds(&self) -> Vec<Kind> {
        match self {
            Body::Select(select) => select.items.iter().map(Expr::kind).collect(),
            Body::Set { left, .. } => left.kinds(),
        }
    }

    /// Its columns: `c0`, `c1` …
    pub fn columns(&self) -> Vec<(String, Kind)> {
        self.kinds().into_iter().enumerate().map(|(index, kind)| (format!("c{index}"), kind)).collect()
    }

    /// The SQL.
    pub fn sql(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Body::Select(select) => select.write(out),
            Body::Set { word, left, right } => {
                out.push('(');
                left.write(out);
                let _ = write!(out, ") {word} (");
                right.write(out);
                out.push(')');
            }
        }
    }
}

impl Select {
    fn write(&self, out: &mut String) {
        let keys: &[Expr] = self.group.as_deref().unwrap_or(&[]);
        out.push_str(if self.distinct { "SELECT DISTINCT " } else { "SELECT " });
        for (index, item) in self.items.iter().enumerate() {
            out.push_str(if index > 0 { ", " } else { "" });
            item.write(keys, out);
            let _ = write!(out, " AS c{index}");
        }
        if let Some(from) = &self.from {
            out.push_str(" FROM ");
            from.write(out);
        }
        if let Some(filter) = &self.filter {
            out.push_str(" WHERE ");
            filter.write(&[], out);
        }
        for (index, key) in keys.iter().enumerate() {
            out.push_str(if index > 0 { ", " } else { " GROUP BY " });
            key.write(&[], out);
        }
        if let Some(having) = &self.having {
            out.push_str(" HAVING ");
            having.write(keys, out);
        }
        if let Some(top) = &self.top {
            let mut order: Vec<String> = Vec::new();
            for (column, descending, nulls_first) in &top.keys {
                order.push(format!(
                    "{}{} NULLS {}",
                    column + 1,
                    if *descending { " DESC" } else { "" },
                    if *nulls_first { "FIRST" } else { "LAST" }
                ));
            }
            if top.total {
                order.extend((1..=self.items.len()).map(|column| column.to_string()));
            }
            if !order.is_empty() {
                let _ = write!(out, " ORDER BY {}", order.join(", "));
            }
            let _ = write!(out, " LIMIT {}", top.limit);
            if top.offset > 0 {
                let _ = write!(out, " OFFSET {}", top.offset);
            }
        }
    }
}

impl Source {
    fn write(&self, out: &mut String) {
        match self {
            Source::Named { name, alias, .. } => {
                let _ = write!(out, "{name} AS {alias}");
            }
            Source::Sub { body, alias } => {
                out.push('(');
                body.write(out);
                let _ = write!(out, ") AS {alias}");
            }
            Source::Join { word, left, right, on } => {
                left.write(out);
                let _ = write!(out, " {word} ");
                let nested = matches!(**right, Source::Join { .. });
                out.push_str(if nested { "(" } else { "" });
                right.write(out);
                out.push_str(if nested { ")" } else { "" });
                if let Some(on) = on {
                    out.push_str(" ON ");
                    on.write(&[], out);
                }
            }
        }
    }

    /// The relations in it: names and columns.
    pub fn relations(&self) -> Vec<(String, Vec<(String, Kind)>)> {
        match self {
            Source::Named { alias, columns, .. } => vec![(alias.clone(), columns.clone())],
            Source::Sub { body, alias } => vec![(alias.clone(), body.columns())],
            Source::Join { left, right, .. } => left.relations().into_iter().chain(right.relations()).collect(),
        }
    }
}

impl Expr {
    fn write(&self, keys: &[Expr], out: &mut String) {
        match self {
            Expr::Column { alias, name, .. } => {
                let _ = write!(out, "{alias}.{name}");
            }
            Expr::Literal(value, kind) => out.push_str(&kind.literal(value)),
            Expr::Key(index, _) => keys[*index].write(&[], out),
            Expr::Form { text, parts, .. } => fill(text, parts, keys, out),
            Expr::Aggregate { text, arg, filter, .. } => {
                fill(text, arg.as_deref().map_or(&[], std::slice::from_ref), &[], out);
                if let Some(filter) = filter {
                    out.push_str(" FILTER (WHERE ");
                    filter.write(&[], out);
                    out.push(')');
                }
            }
            Expr::Query { text, arg, body, .. } => {
                out.push('(');
                fill(text, arg.as_deref().map_or(&[], std::slice::from_ref), keys, out);
                out.push_str(if text.is_empty() { "" } else { " (" });
                body.write(out);
                out.push_str(if text.is_empty() { ")" } else { "))" });
            }
        }
    }
}

fn fill(text: &str, parts: &[Expr], keys: &[Expr], out: &mut String) {
    let mut pieces = text.split("{}");
    out.push_str(pieces.next().unwrap_or(""));
    let mut parts = parts.iter();
    for piece in pieces {
        parts.next().unwrap_or_else(|| panic!("{text} has more places than parts")).write(keys, out);
        out.push_str(piece);
    }
    assert!(parts.next().is_none(), "{text} has more parts than places");
}
