//! Chains of one operator: `a + b + c …`, however long.
//!
//! A long chain is one call of many arguments, as chains of AND and OR always are: everything that walks an expression recurses, and
//! thousands of calls inside each other would be too many. Short ones stay nested calls of two, which expressions can have in common.

use deltaq_operators::Expr;
use sqlparser::ast::{self, BinaryOperator};

use super::expr::bare;
use super::precedence::reordered;
use super::{Binder, Bound, DEPTH_MAX, all};

/// How many operands make a short chain, at most.
const SHORT_MAX: usize = 32;

impl Binder<'_> {
    /// What `op` joins in `e`, from the left; `name` is the operator's function.
    pub fn chain(&mut self, name: &str, op: &BinaryOperator, e: &ast::Expr) -> Bound<Expr> {
        let (first, links) = links(e, op);
        let long = links.len() >= SHORT_MAX;
        let operands = std::iter::once(first).chain(links.iter().map(|link| link.right));
        let mut bound = all(operands.map(|operand| self.expr(operand)))?.into_iter();
        let mut so_far = bound.next().unwrap_or_else(|| panic!("a chain has a first operand"));
        let (mut from, mut levels) = (first, 0);
        for (link, right) in links.iter().zip(bound) {
            let call = self.apply(name, vec![(so_far, from), (right, link.right)], link.whole)?;
            let (call, joined) = if long { flatten(call) } else { (call, false) };
            (so_far, from) = (call, link.whole);
            levels += usize::from(!joined);
            if self.depth + levels > DEPTH_MAX {
                let span = self.span(e);
                return self.too_complex(span);
            }
        }
        Ok(so_far)
    }
}

/// What joins an operand to those before it.
struct Link<'e> {
    /// All up to this operand.
    whole: &'e ast::Expr,
    right: &'e ast::Expr,
}

/// The first operand of a chain, and what joins each of the others, from the left. Parentheses around a beginning say what holds
/// anyway.
fn links<'e>(e: &'e ast::Expr, op: &BinaryOperator) -> (&'e ast::Expr, Vec<Link<'e>>) {
    let (mut first, mut links) = (e, Vec::new());
    while let ast::Expr::BinaryOp { left, op: other, right } = bare(first)
        && other == op
        && (!matches!(first, ast::Expr::Nested(_)) || reordered(bare(first)).is_none())
    {
        links.push(Link { whole: first, right });
        first = left;
    }
    links.reverse();
    (first, links)
}

/// `f(f(a, b), c)` as `f(a, b, c)`, if that is the same. Says whether it is.
fn flatten(call: Expr) -> (Expr, bool) {
    let Expr::Call { function, mut args, ty } = call else { return (call, false) };
    let same = |inner: &Expr| matches!(inner, Expr::Call { function: f, ty: t, .. } if *f == function && *t == ty);
    if !function.is_chained() || !args.first().is_some_and(same) {
        return (Expr::Call { function, args, ty }, false);
    }
    let others = args.split_off(1);
    let Some(Expr::Call { mut args, .. }) = args.pop() else { panic!("a call was there") };
    args.extend(others);
    (Expr::Call { function, args, ty }, true)
}
