//! Plans as text: a line an operator, its inputs below it, columns by name.

use std::fmt::{self, Write};

use deltaq_operators::Expr;
use deltaq_operators::aggregate::Call;
use deltaq_operators::functions::Syntax;

use crate::catalog::Catalog;
use crate::facts::Facts;
use crate::plan::{JoinKind, Plan, SetKind, SortKey};

/// How many rows of VALUES are shown.
const ROWS_SHOWN: usize = 3;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let mut text = String::new();
        write_plan(self, None, 0, &mut text);
        f.write_str(text.trim_end())
    }
}

/// `plan` as text, with what is known of the rows of each operator.
pub fn with_facts(plan: &Plan, catalog: &dyn Catalog) -> String {
    let mut text = String::new();
    write_plan(plan, Some(catalog), 0, &mut text);
    text
}

fn write_plan(plan: &Plan, catalog: Option<&dyn Catalog>, depth: usize, text: &mut String) -> Option<Facts> {
    let line = text.len();
    let _ = write!(text, "{:1$}{2}", "", depth * 2, Operator(plan));
    let mark = text.len();
    text.push('\n');
    let below: Vec<Option<Facts>> =
        plan.inputs().into_iter().map(|p| write_plan(p, catalog, depth + 1, text)).collect();
    let catalog = catalog?;
    let below: Vec<Facts> = below.into_iter().flatten().collect();
    let facts = Facts::step(plan, &below, catalog);
    let shown = facts_text(&facts, &names(plan));
    if !shown.is_empty() {
        text.insert_str(mark, &format!("{:1$}-- {shown}", "", 60usize.saturating_sub(mark - line).max(2)));
    }
    Some(facts)
}

fn facts_text(facts: &Facts, names: &[String]) -> String {
    let list = |columns: &[usize]| columns.iter().map(|c| names[*c].as_str()).collect::<Vec<_>>().join(", ");
    let mut parts = Vec::new();
    if facts.insert_only {
        parts.push("insert-only".to_string());
    }
    for key in &facts.keys {
        parts.push(if key.is_empty() { "one row".into() } else { format!("key ({})", list(key)) });
    }
    if !facts.not_null.is_empty() {
        parts.push(if facts.not_null.len() == names.len() {
            "not null".into()
        } else {
            format!("not null ({})", list(&facts.not_null))
        });
    }
    parts.join("; ")
}

/// A column: the relation it comes from, its name.
type Name = (Option<String>, String);

/// The names of a plan's columns, told apart where they are alike.
pub fn names(plan: &Plan) -> Vec<String> {
    let full = full_names(plan);
    let times = |name: &str| full.iter().filter(|(_, n)| n == name).count();
    let qualified = |(of, name): &Name| match of {
        Some(of) if times(name) > 1 => format!("{of}.{name}"),
        _ => name.clone(),
    };
    let shown: Vec<String> = full.iter().map(qualified).collect();
    let tell = |(i, name): (usize, &String)| {
        if shown.iter().filter(|n| *n == name).count() > 1 { format!("{name}${i}") } else { name.clone() }
    };
    shown.iter().enumerate().map(tell).collect()
}

fn full_names(plan: &Plan) -> Vec<Name> {
    match plan {
        Plan::Scan { relation, schema, .. } => {
            schema.iter().map(|f| (Some(relation.clone()), f.name.clone())).collect()
        }
        Plan::Project { input, exprs, schema } => {
            let below = full_names(input);
            let name = |(e, f): (&Expr, &deltaq_operators::Field)| match e {
                Expr::Column { index, .. } if below[*index].1 == f.name => below[*index].clone(),
                _ => (None, f.name.clone()),
            };
            exprs.iter().zip(schema).map(name).collect()
        }
        Plan::Aggregate { input, keys, schema, .. } => {
            let below = full_names(input);
            let name = |(i, f): (usize, &deltaq_operators::Field)| match keys.get(i) {
                Some(Expr::Column { index, .. }) if below[*index].1 == f.name => below[*index].clone(),
                _ => (None, f.name.clone()),
            };
            schema.iter().enumerate().map(name).collect()
        }
        Plan::Filter { input, .. } | Plan::Distinct { input } => full_names(input),
        Plan::TopK { input, number, .. } => {
            full_names(input).into_iter().chain(number.iter().map(|f| (None, f.name.clone()))).collect()
        }
        Plan::FlatMap { input, column, .. } => {
            full_names(input).into_iter().chain([(None, column.name.clone())]).collect()
        }
        Plan::Join { left, kind: JoinKind::Semi | JoinKind::Anti, .. } => full_names(left),
        Plan::Join { left, right, .. } => full_names(left).into_iter().chain(full_names(right)).collect(),
        Plan::Set { left, .. } => full_names(left),
        Plan::Values { schema, .. } => schema.iter().map(|f| (None, f.name.clone())).collect(),
        Plan::Union { inputs } => full_names(&inputs[0]).into_iter().map(|(_, name)| (None, name)).collect(),
    }
}

/// One operator, on a line.
struct Operator<'p>(&'p Plan);

impl fmt::Display for Operator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.0 {
            Plan::Scan { relation, .. } => write!(f, "Scan {relation}"),
            Plan::Values { rows, schema } => {
                f.write_str("Values ")?;
                for (i, row) in rows.iter().take(ROWS_SHOWN).enumerate() {
                    f.write_str(if i > 0 { ", (" } else { "(" })?;
                    for (j, (value, field)) in row.iter().zip(schema).enumerate() {
                        f.write_str(if j > 0 { ", " } else { "" })?;
                        value.write_sql(field.ty, f)?;
                    }
                    f.write_str(")")?;
                }
                if rows.len() > ROWS_SHOWN {
                    write!(f, ", … {} rows", rows.len())?;
                }
                if rows.is_empty() {
                    f.write_str("of no rows")?;
                }
                Ok(())
            }
            Plan::Project { input, exprs, schema } => {
                let below = names(input);
                f.write_str(if exprs.is_empty() { "Project nothing" } else { "Project " })?;
                for (i, (expr, field)) in exprs.iter().zip(schema).enumerate() {
                    f.write_str(if i > 0 { ", " } else { "" })?;
                    let shown = Named { expr, names: &below }.to_string();
                    f.write_str(&shown)?;
                    if shown != field.name && !shown.ends_with(&format!(".{}", field.name)) {
                        write!(f, " AS {}", field.name)?;
                    }
                }
                Ok(())
            }
            Plan::Filter { input, predicate } => {
                write!(f, "Filter {}", Named { expr: predicate, names: &names(input) })
            }
            Plan::Join { left, right, kind, on, residual } => {
                let (l, r) = (names(left), names(right));
                // Over both sides, as the join yields them.
                let both = names(&Plan::Join {
                    left: left.clone(),
                    right: right.clone(),
                    kind: JoinKind::Inner,
                    on: Vec::new(),
                    residual: None,
                });
                let (l, r) = if both.len() == l.len() + r.len() { both.split_at(l.len()) } else { (&l[..], &r[..]) };
                let name = match kind {
                    JoinKind::Inner if on.is_empty() => "Cross join",
                    JoinKind::Inner => "Join",
                    JoinKind::Left => "Left join",
                    JoinKind::Right => "Right join",
                    JoinKind::Full => "Full join",
                    JoinKind::Semi => "Semi join",
                    JoinKind::Anti => "Anti join",
                };
                f.write_str(name)?;
                for (i, equality) in on.iter().enumerate() {
                    let left = Named { expr: &equality.left, names: l };
                    let right = Named { expr: &equality.right, names: r };
                    let op = if equality.nulls { "IS NOT DISTINCT FROM" } else { "=" };
                    write!(f, "{} {left} {op} {right}", if i > 0 { " and" } else { " on" })?;
                }
                if let Some(residual) = residual {
                    write!(f, " where {}", Named { expr: residual, names: &both })?;
                }
                Ok(())
            }
            Plan::Aggregate { input, keys, calls, .. } => {
                let below = names(input);
                f.write_str("Aggregate")?;
                if !keys.is_empty() {
                    f.write_str(" by ")?;
                    list(f, keys, &below)?;
                }
                for (i, call) in calls.iter().enumerate() {
                    write!(f, "{} {}", if i > 0 { "," } else { ":" }, NamedCall { call, names: &below })?;
                }
                Ok(())
            }
            Plan::Distinct { .. } => f.write_str("Distinct"),
            Plan::Union { .. } => f.write_str("Union all"),
            Plan::Set { kind: SetKind::Except, .. } => f.write_str("Except all"),
            Plan::Set { kind: SetKind::Intersect, .. } => f.write_str("Intersect all"),
            Plan::TopK { input, partition, order, offset, limit, number } => {
                let below = names(input);
                match limit {
                    Some(limit) => write!(f, "Top {limit}")?,
                    None => f.write_str("All rows")?,
                }
                if *offset > 0 {
                    write!(f, " after {offset}")?;
                }
                if !partition.is_empty() {
                    f.write_str(" of each ")?;
                    list(f, partition, &below)?;
                }
                for (i, key) in order.iter().enumerate() {
                    write!(f, "{}{}", if i > 0 { ", " } else { " by " }, NamedKey { key, names: &below })?;
                }
                if let Some(number) = number {
                    write!(f, " numbered {}", number.name)?;
                }
                Ok(())
            }
            Plan::FlatMap { input, function, args, column } => {
                write!(f, "Table function {function}(")?;
                list(f, args, &names(input))?;
                write!(f, ") AS {}", column.name)
            }
        }
    }
}

fn list(f: &mut fmt::Formatter, exprs: &[Expr], names: &[String]) -> fmt::Result {
    for (i, expr) in exprs.iter().enumerate() {
        write!(f, "{}{}", if i > 0 { ", " } else { "" }, Named { expr, names })?;
    }
    Ok(())
}

struct NamedKey<'e> {
    key: &'e SortKey,
    names: &'e [String],
}

impl fmt::Display for NamedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let SortKey { expr, descending, nulls_first } = self.key;
        write!(f, "{}", Named { expr, names: self.names })?;
        f.write_str(match (descending, nulls_first) {
            (false, false) => "",
            (false, true) => " NULLS FIRST",
            (true, true) => " DESC",
            (true, false) => " DESC NULLS LAST",
        })
    }
}

struct NamedCall<'e> {
    call: &'e Call,
    names: &'e [String],
}

impl fmt::Display for NamedCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.call.write_sql(f, |expr, f| write!(f, "{}", Named { expr, names: self.names }))
    }
}

/// An expression with its columns by name, as SQL.
pub struct Named<'e> {
    /// The expression.
    pub expr: &'e Expr,
    /// The names of its input's columns.
    pub names: &'e [String],
}

impl Named<'_> {
    fn of<'e>(&'e self, expr: &'e Expr) -> Named<'e> {
        Named { expr, names: self.names }
    }

    fn list(&self, f: &mut fmt::Formatter, exprs: &[Expr], between: &str) -> fmt::Result {
        for (i, expr) in exprs.iter().enumerate() {
            write!(f, "{}{}", if i > 0 { between } else { "" }, self.of(expr))?;
        }
        Ok(())
    }
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (function, args, ty) = match self.expr {
            Expr::Column { index, .. } => {
                return match self.names.get(*index) {
                    Some(name) => f.write_str(name),
                    None => write!(f, "${index}"),
                };
            }
            Expr::Literal { value, ty } => return value.write_sql(*ty, f),
            Expr::Call { function, args, ty } => (function, args.as_slice(), ty),
        };
        match (function.syntax, args) {
            (Syntax::Infix(op), [_, ..]) if args.len() > 1 => {
                f.write_str("(")?;
                self.list(f, args, &format!(" {op} "))?;
                f.write_str(")")
            }
            (Syntax::Prefix(op), [a]) => write!(f, "({op} {})", self.of(a)),
            (Syntax::Postfix(op), [a]) => write!(f, "({} {op})", self.of(a)),
            _ => match (function.name, args) {
                ("cast" | "assign", [a]) => write!(f, "CAST({} AS {ty})", self.of(a)),
                ("in", [a, list @ ..]) => {
                    write!(f, "({} IN (", self.of(a))?;
                    self.list(f, list, ", ")?;
                    f.write_str("))")
                }
                ("between", [a, low, high]) => {
                    write!(f, "({} BETWEEN {} AND {})", self.of(a), self.of(low), self.of(high))
                }
                ("case", _) => {
                    f.write_str("CASE")?;
                    let mut pairs = args.chunks_exact(2);
                    for pair in pairs.by_ref() {
                        write!(f, " WHEN {} THEN {}", self.of(&pair[0]), self.of(&pair[1]))?;
                    }
                    if let [otherwise] = pairs.remainder() {
                        write!(f, " ELSE {}", self.of(otherwise))?;
                    }
                    f.write_str(" END")
                }
                _ => {
                    write!(f, "{}(", function.name)?;
                    self.list(f, args, ", ")?;
                    f.write_str(")")
                }
            },
        }
    }
}
