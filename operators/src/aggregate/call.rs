//! A call of an aggregate function: its arguments, its order, which rows count.

use std::fmt;

use super::{Function, Shape};
use crate::expr::Expr;
use crate::types::SqlType;

/// One aggregate call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Which function.
    pub function: Function,
    /// Of what; none for `COUNT(*)`.
    pub arg: Option<Expr>,
    /// What else some functions take.
    pub rest: Rest<Expr>,
    /// Each value once.
    pub distinct: bool,
    /// Only rows for which this is true.
    pub filter: Option<Expr>,
    /// The type of the result, as [`Function::result`] gives it.
    pub ty: SqlType,
}

/// What a call takes beside its first argument, of expressions or of columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Rest<C> {
    /// Further arguments: the separator of STRING_AGG, the second variable of COVAR_POP.
    pub args: Vec<C>,
    /// In which order values are joined, or counted.
    pub order: Vec<By<C>>,
    /// The share of the values that stands before the one that PERCENTILE_CONT yields.
    pub fraction: Option<f64>,
}

/// A key of the order of a call's values.
#[derive(Clone, Debug, PartialEq)]
pub struct By<C> {
    /// What is compared.
    pub key: C,
    /// The largest first.
    pub descending: bool,
    /// NULLs first.
    pub nulls_first: bool,
}

impl<C> Default for Rest<C> {
    fn default() -> Rest<C> {
        Rest { args: Vec::new(), order: Vec::new(), fraction: None }
    }
}

impl<C> Rest<C> {
    /// All that it is made of.
    pub fn each(&self) -> impl Iterator<Item = &C> {
        self.args.iter().chain(self.order.iter().map(|by| &by.key))
    }

    /// The same of what `f` makes of its parts.
    ///
    /// # Errors
    /// The first of `f`.
    pub fn try_map<D, E>(self, mut f: impl FnMut(C) -> Result<D, E>) -> Result<Rest<D>, E> {
        let args = self.args.into_iter().map(&mut f).collect::<Result<_, E>>()?;
        let by = |by: By<C>| Ok(By { key: f(by.key)?, descending: by.descending, nulls_first: by.nulls_first });
        let order = self.order.into_iter().map(by).collect::<Result<_, E>>()?;
        Ok(Rest { args, order, fraction: self.fraction })
    }

    /// The same of what `f` makes of its parts.
    pub fn map<D>(self, mut f: impl FnMut(C) -> D) -> Rest<D> {
        match self.try_map(|part| Ok::<_, std::convert::Infallible>(f(part))) {
            Ok(rest) => rest,
            Err(never) => match never {},
        }
    }

    /// Whether the largest value stands first.
    pub(super) fn descends(&self) -> bool {
        self.order.first().is_some_and(|by| by.descending)
    }
}

impl Call {
    /// Of one argument, or of none.
    pub fn new(function: Function, arg: Option<Expr>, ty: SqlType) -> Call {
        Call { function, arg, rest: Rest::default(), distinct: false, filter: None, ty }
    }

    /// All expressions in it.
    pub fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.arg.iter().chain(self.rest.each()).chain(&self.filter)
    }

    /// The same call over what `f` makes of its expressions.
    ///
    /// # Errors
    /// The first of `f`.
    pub fn try_map<E>(self, mut f: impl FnMut(Expr) -> Result<Expr, E>) -> Result<Call, E> {
        let arg = self.arg.map(&mut f).transpose()?;
        let rest = self.rest.try_map(&mut f)?;
        let filter = self.filter.map(&mut f).transpose()?;
        Ok(Call { arg, rest, filter, ..self })
    }

    /// The same call over what `f` makes of its expressions.
    pub fn map(self, mut f: impl FnMut(Expr) -> Expr) -> Call {
        match self.try_map(|expr| Ok::<_, std::convert::Infallible>(f(expr))) {
            Ok(call) => call,
            Err(never) => match never {},
        }
    }

    /// Writes it as SQL, its expressions as `show` does.
    ///
    /// # Errors
    /// Those of the formatter.
    pub fn write_sql(
        &self,
        f: &mut fmt::Formatter,
        mut show: impl FnMut(&Expr, &mut fmt::Formatter) -> fmt::Result,
    ) -> fmt::Result {
        write!(f, "{}({}", self.function.name(), if self.distinct { "DISTINCT " } else { "" })?;
        let within = matches!(self.function.shape(), Shape::Within | Shape::WithinAt);
        match (&self.arg, within) {
            (_, true) => self.rest.fraction.iter().try_for_each(|fraction| write!(f, "{fraction}"))?,
            (Some(arg), false) => show(arg, f)?,
            (None, false) => f.write_str("*")?,
        }
        for arg in &self.rest.args {
            f.write_str(", ")?;
            show(arg, f)?;
        }
        f.write_str(if within { ") WITHIN GROUP (" } else { "" })?;
        for (at, by) in self.rest.order.iter().enumerate() {
            f.write_str(match (at, within) {
                (0, true) => "ORDER BY ",
                (0, false) => " ORDER BY ",
                _ => ", ",
            })?;
            show(&by.key, f)?;
            f.write_str(match (by.descending, by.nulls_first) {
                (false, false) => "",
                (false, true) => " NULLS FIRST",
                (true, true) => " DESC",
                (true, false) => " DESC NULLS LAST",
            })?;
        }
        f.write_str(")")?;
        if let Some(filter) = &self.filter {
            f.write_str(" FILTER (WHERE ")?;
            show(filter, f)?;
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.write_sql(f, |expr, f| write!(f, "{expr}"))
    }
}
