//! Calls of functions by name: scalar functions, aggregates, row numbers.

use deltaq_circuit::Span;
use deltaq_operators::aggregate;
use deltaq_operators::functions::{self, Syntax};
use deltaq_operators::types::TEXT;
use deltaq_operators::{Expr, Scalar, SqlType};
use sqlparser::ast::{self, FunctionArg, FunctionArgExpr, FunctionArguments, WindowType};

use super::coerce::is_untyped;
use super::expr::Argument;
use super::place::{Place, mentions};
use super::scope::Clause;
use super::{Binder, Bound, all, closest, fold};
use crate::plan::SortKey;

/// Window functions that there are elsewhere.
const WINDOW_FUNCTIONS: &[&str] = &[
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
];
/// The parameters of `make_interval`.
const MAKE_INTERVAL: &[&str] = &["years", "months", "weeks", "days", "hours", "mins", "secs"];
/// What reads the clock.
const CLOCK: &[&str] =
    &["now", "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "clock_timestamp"];

/// Functions that yield another value each time.
const CHANCE: &[&str] = &["random", "gen_random_uuid", "uuid_generate_v4", "nextval"];

impl Binder<'_> {
    /// A call by name.
    pub fn function(&mut self, call: &ast::Function, e: &ast::Expr) -> Bound<Expr> {
        let name = call.name.0.last().and_then(|p| p.as_ident()).map(fold).unwrap_or_default();
        if call.over.is_some() || name == "row_number" {
            return self.window(&name, call);
        }
        if let Some(function) = aggregate::Function::lookup(&name) {
            return self.aggregate(function, call);
        }
        let span = self.source.call_at(ast::Spanned::span(&call.name));
        if let ("grouping", FunctionArguments::List(list)) = (name.as_str(), &call.args) {
            let args = self.arguments(&list.args, span)?;
            return self.grouping_call(&args, e);
        }
        if call.filter.is_some() || !call.within_group.is_empty() || call.null_treatment.is_some() {
            return self.report("42809", format!("{name} is not an aggregate"), span);
        }
        let args = match &call.args {
            FunctionArguments::None => Vec::new(),
            FunctionArguments::Subquery(_) => {
                return self.unsupported("a query as an argument is", span, "put it in parentheses");
            }
            FunctionArguments::List(list) => {
                if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
                    return self.report("42809", format!("{name} is not an aggregate"), span);
                }
                match name == "make_interval" {
                    true => self.named_arguments(&list.args, MAKE_INTERVAL, span)?,
                    false => self.arguments(&list.args, span)?,
                }
            }
        };
        // `mod` is an operator and a function by name; the names of the other operators are ours alone.
        let callable = |f: &&'static functions::Function| matches!(f.syntax, Syntax::Call) || f.name == "mod";
        let function = functions::lookup(&name).filter(callable);
        // The arguments may hold mistakes of their own.
        let args = all(args.into_iter().enumerate().map(|(index, a)| match a {
            // A unit stands bare: TIMESTAMPDIFF(DAY, a, b).
            ast::Expr::Identifier(unit) if index == 0 && matches!(name.as_str(), "timestampdiff" | "timestampadd") => {
                Ok((Expr::literal(Scalar::Text(unit.value.clone()), TEXT), a))
            }
            _ => self.expr(a).map(|bound| (bound, a)),
        }));
        match (name.as_str(), function) {
            ("timezone" | "date_trunc" | "make_timestamptz", _) if zoned(&name, args.as_ref().map_or(0, Vec::len)) => {
                self.in_zone(&name, args?, e)
            }
            (_, Some(function)) => self.apply_function(function, args?, e),
            (_, None) => self.unknown_function(&name, self.span(&call.name)),
        }
    }

    /// Functions that are others by the clocks of a zone.
    fn in_zone<'e>(&mut self, name: &str, mut args: Vec<Argument<'e>>, e: &'e ast::Expr) -> Bound<Expr> {
        let utc = || (Expr::literal(Scalar::Text("UTC".into()), TEXT), e);
        match name {
            "timezone" => {
                args.reverse();
                self.apply("at_time_zone", args, e)
            }
            "make_timestamptz" => {
                let zone = if args.len() == 7 { args.pop() } else { None };
                let local = self.apply("make_timestamp", args, e)?;
                self.apply("at_time_zone", vec![(local, e), zone.unwrap_or_else(utc)], e)
            }
            _ => {
                let zone = args.pop().unwrap_or_else(utc);
                let instant = args.pop().unwrap_or_else(utc);
                let ty = instant.0.ty();
                if !(matches!(ty, SqlType::Date | SqlType::Timestamp | SqlType::TimestampTz) || is_untyped(&instant.0))
                {
                    let span = self.span(instant.1);
                    let message = format!("{name} by the clocks of a zone takes a timestamp with time zone, got {ty}");
                    return self.report("42883", message, span);
                }
                let instant = (self.coerce(instant.0, SqlType::TimestampTz, None)?, instant.1);
                let local = self.apply("at_time_zone", vec![instant, zone.clone()], e)?;
                args.push((local, e));
                let cut = self.apply(name, args, e)?;
                self.apply("at_time_zone", vec![(cut, e), zone], e)
            }
        }
    }

    fn unknown_function(&mut self, name: &str, span: Option<Span>) -> Bound<Expr> {
        if WINDOW_FUNCTIONS.contains(&name) {
            return self.report_help(
                "42809",
                format!("{name} is a window function"),
                span,
                "only ROW_NUMBER() OVER (…) is supported",
            );
        }
        if name == "generate_series" {
            return self.unsupported(
                "generate_series in this place is",
                span,
                "SELECT … FROM generate_series(1, 10) AS n",
            );
        }
        let message = format!("there is no function \"{name}\"");
        if CLOCK.contains(&name) {
            let help = "the result of a view depends on its tables alone; put the time into a table, and join it";
            return self.report_help("42883", message, span, help);
        }
        if CHANCE.contains(&name) {
            let help = "the result of a view depends on its tables alone; put such values into a table";
            return self.report_help("42883", message, span, help);
        }
        let scalar = functions::all()
            .filter(|f| f.syntax == Syntax::Call)
            .flat_map(|f| f.aliases.iter().copied().chain([f.name]));
        let near = closest(name, scalar.chain(aggregate::Function::ALL.iter().map(|f| f.name())));
        match near {
            Some(near) => self.report_help("42883", message, span, format!("did you mean {near}?")),
            None => self.report("42883", message, span),
        }
    }

    /// The arguments of a call whose parameters have names and are 0 where they are left out: `make_interval(days => 10)`.
    fn named_arguments<'e>(
        &mut self,
        args: &'e [FunctionArg],
        names: &[&str],
        span: Option<Span>,
    ) -> Bound<Vec<&'e ast::Expr>> {
        static ZERO: std::sync::LazyLock<ast::Expr> =
            std::sync::LazyLock::new(|| ast::Expr::Value(ast::Value::Number("0".into(), false).into()));
        let mut each: Vec<&ast::Expr> = Vec::new();
        for (at, arg) in args.iter().enumerate() {
            let (place, expr) = match arg {
                FunctionArg::Named { name, arg: FunctionArgExpr::Expr(expr), .. } => {
                    let name = fold(name);
                    match names.iter().position(|n| *n == name) {
                        Some(place) => (place, expr),
                        None => return self.report("42883", format!("there is no parameter \"{name}\""), span),
                    }
                }
                _ => (at, self.arguments(std::slice::from_ref(arg), span)?[0]),
            };
            while each.len() <= place {
                each.push(&ZERO);
            }
            each[place] = expr;
        }
        Ok(each)
    }

    /// The arguments of a call, none of them named or a star.
    pub(super) fn arguments<'e>(&mut self, args: &'e [FunctionArg], span: Option<Span>) -> Bound<Vec<&'e ast::Expr>> {
        all(args.iter().map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => Ok(e),
            FunctionArg::Unnamed(_) => self.report("42601", "* stands only in SELECT and COUNT(*)", span),
            _ => self.unsupported("a named argument is", span, "give the arguments in order"),
        }))
    }

    /// `ROW_NUMBER() OVER (PARTITION BY … ORDER BY …)`; no other window function.
    fn window(&mut self, name: &str, call: &ast::Function) -> Bound<Expr> {
        let span = self.source.call_at(ast::Spanned::span(&call.name));
        let help =
            "only ROW_NUMBER() OVER (PARTITION BY … ORDER BY …) is, filtered to the first rows in the query around";
        if name != "row_number" {
            return self.unsupported(&format!("{name} OVER is"), span, help);
        }
        if !matches!(&call.args, FunctionArguments::List(list) if list.args.is_empty()) {
            return self.report("42883", "row_number takes no argument", span);
        }
        let clause = self.level().clause;
        if !matches!(clause, Clause::Select | Clause::OrderBy) {
            let message = format!("a row number cannot stand in {}", clause.name());
            return self.report_help("42P20", message, span, "select it in a derived table, and filter that");
        }
        let spec = match &call.over {
            Some(WindowType::WindowSpec(spec)) if spec.window_name.is_none() => spec.clone(),
            Some(WindowType::NamedWindow(window)) => {
                let window = fold(window);
                match self.level().windows.iter().find(|(n, _)| *n == window) {
                    Some((_, spec)) => spec.clone(),
                    None => return self.report("42704", format!("there is no window \"{window}\""), span),
                }
            }
            Some(_) => return self.unsupported("a window made from another is", span, help),
            None => return self.report("42809", "row_number needs OVER (…)", span),
        };
        let partition = all(spec.partition_by.iter().map(|p| self.expr(p)));
        let order = all(spec.order_by.iter().map(|o| {
            let expr = self.expr(&o.expr)?;
            Ok(sort_key(expr, o))
        }));
        let (partition, order) = (partition?, order?);
        let numbered = |p: Place| matches!(p, Place::Number(_));
        if partition.iter().chain(order.iter().map(|o| &o.expr)).any(|x| mentions(x, numbered)) {
            return self.report("42P20", "a row number cannot stand inside another", span);
        }
        let numbers = &mut self.level().numbers;
        let index = numbers.iter().position(|n| *n == (partition.clone(), order.clone())).unwrap_or_else(|| {
            numbers.push((partition, order));
            numbers.len() - 1
        });
        Ok(Expr::Column { index: Place::Number(index).index(), ty: SqlType::BigInt, nullable: false })
    }
}

/// Whether a call of so many arguments is by the clocks of a zone.
fn zoned(name: &str, args: usize) -> bool {
    match name {
        "timezone" => args == 2,
        "date_trunc" => args == 3,
        _ => matches!(args, 6 | 7),
    }
}

/// A key of an order: NULLs come last, and first where the order descends.
pub(super) fn sort_key(expr: Expr, by: &ast::OrderByExpr) -> SortKey {
    let descending = matches!(by.options.sort, Some(ast::OrderBySort::Desc));
    SortKey { expr, descending, nulls_first: by.options.nulls_first.unwrap_or(descending) }
}
