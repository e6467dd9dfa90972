//! Calls of aggregate functions.

use deltaq_circuit::Span;
use deltaq_operators::aggregate::{By, Call, Function, Rest, Shape};
use deltaq_operators::types::TEXT;
use deltaq_operators::{Expr, Scalar, SqlType};
use sqlparser::ast::{
    self, DuplicateTreatment, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments,
};

use super::call::sort_key;
use super::coerce::is_untyped;
use super::place::{Place, is_correlated};
use super::scope::Clause;
use super::{Binder, Bound, all};
use crate::constant;

/// A call as it is written, its parts told apart.
struct Written<'e> {
    arg: Option<&'e ast::Expr>,
    /// The separator, the second variable.
    others: Vec<&'e ast::Expr>,
    fraction: Option<&'e ast::Expr>,
    order: &'e [ast::OrderByExpr],
    distinct: bool,
    filter: Option<&'e ast::Expr>,
}

/// The parts once they are bound.
struct Parts {
    arg: Option<Expr>,
    others: Vec<Expr>,
    fraction: Option<Expr>,
    order: Vec<By<Expr>>,
    filter: Option<Expr>,
}

impl Binder<'_> {
    /// A call of `function`: where it stands, its value is read.
    pub(super) fn aggregate(&mut self, function: Function, call: &ast::Function) -> Bound<Expr> {
        let span = self.source.call_at(ast::Spanned::span(&call.name));
        let clause = self.level().clause;
        if clause == Clause::Aggregate {
            return self.report("42803", "an aggregate cannot stand inside another", span);
        }
        if !clause.allows_aggregates() {
            let message = format!("an aggregate cannot stand in {}", clause.name());
            return match clause {
                Clause::Where => self.report_help("42803", message, span, "write it in HAVING"),
                _ => self.report("42803", message, span),
            };
        }
        let written = self.written(function, call, span)?;
        let parts = self.in_clause(Clause::Aggregate, |b| b.parts(&written))?;
        let Parts { arg, others, fraction, mut order, filter } = parts;
        let (mut arg, others) = self.variables(function, arg, others, span)?;
        if let (Shape::Within | Shape::WithinAt, Some(arg), [by]) = (function.shape(), &arg, order.as_mut_slice()) {
            // What it is ordered by is its argument, of which NULLs do not count.
            *by = By { key: arg.clone(), descending: by.descending, nulls_first: by.descending };
        }
        let fraction = fraction.map(|f| self.fraction(function, f, span)).transpose()?;
        let all_read = arg.iter().chain(&others).chain(order.iter().map(|by| &by.key)).chain(&filter);
        if all_read.into_iter().any(is_correlated) {
            let help = "compute it in the query around";
            return self.unsupported("an aggregate over columns of the query around is", span, help);
        }
        let ty = match function.result(arg.as_ref().map(Expr::ty)) {
            Ok(ty) => ty,
            Err(message) => return self.report("42883", message, span),
        };
        let distinct = written.distinct && !function.is_idempotent();
        if distinct && function == Function::StringAgg {
            let constant = matches!(others[0], Expr::Literal { .. });
            if order.iter().any(|by| Some(&by.key) != arg.as_ref()) {
                let help = "a value that stands once has one place: order it by itself";
                return self.report_help("42P10", "DISTINCT values are ordered by something else", span, help);
            }
            if !constant {
                return self.unsupported("DISTINCT with separators that differ is", span, "");
            }
        }
        if distinct && function.shape() == Shape::Pair {
            return self.unsupported(
                &format!("{}(DISTINCT …) is", function.name()),
                span,
                "SELECT DISTINCT y, x first",
            );
        }
        // COUNT of what is never NULL counts rows.
        if function == Function::Count
            && !distinct
            && arg.as_ref().is_some_and(|a| !a.nullable() && matches!(a, Expr::Literal { .. } | Expr::Column { .. }))
        {
            arg = None;
        }
        let rest = Rest { args: others, order, fraction };
        let call = Call { function, arg, rest, distinct, filter, ty };
        let calls = &mut self.level().aggregates;
        let index = calls.iter().position(|c| *c == call).unwrap_or_else(|| {
            calls.push(call);
            calls.len() - 1
        });
        Ok(Expr::Column { index: Place::Aggregate(index).index(), ty, nullable: !function.counts() })
    }

    /// Tells the parts of a call apart, by the shape of its function.
    fn written<'e>(&mut self, function: Function, call: &'e ast::Function, span: Option<Span>) -> Bound<Written<'e>> {
        let name = function.name();
        let FunctionArguments::List(list) = &call.args else {
            return self.report("42883", format!("{name} takes one argument"), span);
        };
        let mut order: &[ast::OrderByExpr] = &[];
        for clause in &list.clauses {
            match clause {
                FunctionArgumentClause::OrderBy(by) => order = by,
                _ => return self.unsupported("this form of an aggregate is", span, ""),
            }
        }
        let shape = function.shape();
        let within = matches!(shape, Shape::Within | Shape::WithinAt);
        if call.null_treatment.is_some() {
            return self.unsupported("this form of an aggregate is", span, "");
        }
        if within == call.within_group.is_empty() {
            let message = match within {
                true => format!("{name} needs WITHIN GROUP (ORDER BY …)"),
                false => format!("{name} takes no WITHIN GROUP"),
            };
            return self.report("42883", message, span);
        }
        let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        if within && (distinct || !order.is_empty()) {
            return self.report(
                "42601",
                format!("{name} takes neither DISTINCT nor ORDER BY before WITHIN GROUP"),
                span,
            );
        }
        let star = matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]);
        let filter = call.filter.as_deref();
        if star && function == Function::Count && !distinct {
            let (arg, others, fraction) = (None, Vec::new(), None);
            return Ok(Written { arg, others, fraction, order: &[], distinct, filter });
        }
        if list.args.is_empty() && function == Function::Count {
            return self.report_help("42809", "count takes an argument", span, "write COUNT(*)");
        }
        if shape == Shape::One && list.args.len() > 1 && distinct {
            let what = format!("{name}(DISTINCT a, b) is");
            return self.unsupported(&what, span, "COUNT(*) over SELECT DISTINCT a, b");
        }
        let args = if star { Vec::new() } else { self.arguments(&list.args, span)? };
        let expected = match shape {
            Shape::One | Shape::WithinAt => 1,
            Shape::Pair | Shape::Joined => 2,
            Shape::Within => 0,
        };
        if args.len() != expected {
            let number = ["no argument", "one argument", "two arguments"][expected];
            return self.report("42883", format!("{name} takes {number}"), span);
        }
        if within {
            let [by] = call.within_group.as_slice() else {
                return self.report("42883", format!("{name} orders by one value"), span);
            };
            let (order, others) = (call.within_group.as_slice(), Vec::new());
            let fraction = args.first().copied();
            return Ok(Written { arg: Some(&by.expr), others, fraction, order, distinct, filter });
        }
        // The order of its input makes no difference to any other.
        let order = if shape == Shape::Joined { order } else { &[] };
        let (arg, others) = (args.first().copied(), args.into_iter().skip(1).collect());
        Ok(Written { arg, others, fraction: None, order, distinct, filter })
    }

    fn parts(&mut self, written: &Written) -> Bound<Parts> {
        let arg = written.arg.map(|a| self.expr(a)).transpose();
        let others = all(written.others.iter().map(|other| self.expr(other)));
        let fraction = written.fraction.map(|f| self.expr(f)).transpose();
        let order = all(written.order.iter().map(|o| {
            let expr = self.expr(&o.expr)?;
            let key = if is_untyped(&expr) { self.coerce(expr, TEXT, None)? } else { expr };
            let by = sort_key(key, o);
            Ok(By { key: by.expr, descending: by.descending, nulls_first: by.nulls_first })
        }));
        let filter = written.filter.map(|f| self.condition(f)).transpose();
        Ok(Parts { arg: arg?, others: others?, fraction: fraction?, order: order?, filter: filter? })
    }

    /// The arguments in the types that the function takes.
    fn variables(
        &mut self,
        function: Function,
        arg: Option<Expr>,
        others: Vec<Expr>,
        span: Option<Span>,
    ) -> Bound<(Option<Expr>, Vec<Expr>)> {
        let name = function.name();
        let takes_floats = function.shape() == Shape::Pair || function == Function::PercentileCont;
        if function == Function::PercentileCont && arg.as_ref().is_some_and(|a| a.ty() == SqlType::Interval) {
            return self.unsupported("percentile_cont of an interval is", span, "of EXTRACT(EPOCH FROM …)");
        }
        let like = match &arg {
            Some(arg) if function == Function::StringAgg && arg.ty() == SqlType::Bytea => SqlType::Bytea,
            _ => TEXT,
        };
        let mut typed = |expr: Expr| {
            if takes_floats {
                if !is_untyped(&expr) && !expr.ty().is_numeric() {
                    return self.report("42883", format!("{name}({}) does not exist", expr.ty()), span);
                }
                return self.coerce(expr, SqlType::Double, span);
            }
            if function == Function::StringAgg && !is_untyped(&expr) && expr.ty().is_text() != (like == TEXT) {
                let message = format!("{name}({}) does not exist", expr.ty());
                return self.report_help("42883", message, span, "CAST it to TEXT");
            }
            if is_untyped(&expr) { self.coerce(expr, like, span) } else { Ok(expr) }
        };
        let arg = arg.map(&mut typed).transpose();
        let others = all(others.into_iter().map(typed));
        Ok((arg?, others?))
    }

    /// The share of the values that the text says, from 0 to 1; NaN stands for NULL.
    fn fraction(&mut self, function: Function, expr: Expr, span: Option<Span>) -> Bound<f64> {
        let expr = self.coerce(expr, SqlType::Double, span)?;
        match constant::is_constant(&expr).then(|| constant::evaluate(&expr)) {
            Some(Ok(Scalar::Null)) => Ok(f64::NAN),
            Some(Ok(Scalar::Double(share))) if (0.0..=1.0).contains(&share) => Ok(share),
            Some(Ok(_)) => self.report("22003", "a percentile is between 0 and 1", span),
            Some(Err(error)) => self.report(error.code, error.message, span),
            None => {
                let help = "write it as a number";
                self.unsupported(&format!("{} of a share that is computed is", function.name()), span, help)
            }
        }
    }
}
