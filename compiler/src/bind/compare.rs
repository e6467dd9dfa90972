//! Comparisons: of values, of rows, with a list, with a pattern.

use deltaq_operators::Expr;
use sqlparser::ast::{self, BinaryOperator};

use super::expr::Argument;
use super::rows::parts;
use super::{Binder, Bound, all};

/// The function of an operator that compares.
pub fn comparison(op: &BinaryOperator) -> Option<&'static str> {
    use BinaryOperator as B;
    match op {
        B::Eq => Some("eq"),
        B::NotEq => Some("ne"),
        B::Lt => Some("lt"),
        B::LtEq => Some("le"),
        B::Gt => Some("gt"),
        B::GtEq => Some("ge"),
        _ => None,
    }
}

impl Binder<'_> {
    /// A comparison, of values or of rows.
    pub fn compare(&mut self, name: &str, left: &ast::Expr, right: &ast::Expr, e: &ast::Expr) -> Bound<Expr> {
        let (Some(a), Some(b)) = (parts(left), parts(right)) else {
            return self.call_of(name, &[left, right], e);
        };
        if a.len() != b.len() || a.is_empty() {
            let span = self.span(e);
            return self.report("42601", format!("a row of {} is compared with a row of {}", a.len(), b.len()), span);
        }
        let pairs = all(a.iter().zip(b).map(|(x, y)| {
            let (x, y) = (self.expr(x), self.expr(y));
            Ok((x?, y?))
        }))?;
        self.compare_rows(name, &pairs, e)
    }

    /// `(a, b) op (c, d)`: equality of all, or the first difference decides.
    pub fn compare_rows(&mut self, name: &str, pairs: &[(Expr, Expr)], e: &ast::Expr) -> Bound<Expr> {
        let mut test =
            |name: &str, pair: &(Expr, Expr)| self.apply(name, vec![(pair.0.clone(), e), (pair.1.clone(), e)], e);
        match (name, pairs) {
            (_, [pair]) => test(name, pair),
            ("eq" | "not_distinct_from" | "ne" | "distinct_from", _) => {
                let tests = all(pairs.iter().map(|p| test(name, p)))?;
                let join = if matches!(name, "eq" | "not_distinct_from") { "and" } else { "or" };
                self.apply(join, tests.into_iter().map(|t| (t, e)).collect(), e)
            }
            (_, [first, rest @ ..]) => {
                let strictly = test(&name.replace("le", "lt").replace("ge", "gt"), first)?;
                let equal = test("eq", first)?;
                let then = self.compare_rows(name, rest, e)?;
                let both = self.apply("and", vec![(equal, e), (then, e)], e)?;
                self.apply("or", vec![(strictly, e), (both, e)], e)
            }
            (_, []) => panic!("a comparison of empty rows"),
        }
    }

    pub fn in_list(&mut self, x: &ast::Expr, list: &[ast::Expr], negated: bool, e: &ast::Expr) -> Bound<Expr> {
        let found = if parts(x).is_some() {
            self.with_each("eq", x, list, "or", e)?
        } else {
            let args: Vec<&ast::Expr> = std::iter::once(x).chain(list).collect();
            self.call_of("in", &args, e)?
        };
        self.negate_if(negated, found, e)
    }

    /// The comparison of `x` with each of a list that is not empty, joined by `join`: AND or OR.
    pub fn with_each(
        &mut self,
        name: &str,
        x: &ast::Expr,
        list: &[ast::Expr],
        join: &str,
        e: &ast::Expr,
    ) -> Bound<Expr> {
        let tests = all(list.iter().map(|y| Ok((self.compare(name, x, y, e)?, e))))?;
        match <[Argument; 1]>::try_from(tests) {
            Ok([(test, _)]) => Ok(test),
            Err(tests) => self.apply(join, tests, e),
        }
    }

    pub fn like(
        &mut self,
        name: &str,
        x: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ast::Expr>,
        negated: bool,
        e: &ast::Expr,
    ) -> Bound<Expr> {
        let args: Vec<&ast::Expr> = [x, pattern].into_iter().chain(escape).collect();
        let like = self.call_of(name, &args, e)?;
        self.negate_if(negated, like, e)
    }
}
