//! The registry: every SQL function and operator, each in one place with its signature, evaluation, documentation and examples.
//!
//! The compiler looks functions up here and nowhere else; `docs/sql.md` and the examples' tests are made from it.

use std::fmt;

use crate::expr::Expr;
use crate::scalar::Scalar;
use crate::types::SqlType;
use crate::value::Value;

pub mod angles;
pub mod arithmetic;
pub mod binary;
pub mod bits;
pub mod calendar;
pub mod cast;
pub mod comparison;
pub mod conditional;
pub mod datetime;
pub mod decimal;
pub mod digest;
mod divisor;
pub mod durations;
pub mod encodings;
pub mod fields;
pub mod format;
pub mod formatted;
pub mod interval;
pub mod kernel;
pub mod like;
pub mod logic;
pub mod manual;
pub mod matching;
pub mod math;
pub mod membership;
pub mod numbers;
pub mod numeric_format;
pub mod pattern;
pub mod pieces;
pub mod powers;
pub mod resolve;
mod same_text;
mod spans;
pub mod stretches;
pub mod strings;
pub mod temporal;
pub mod text;
pub mod to_number;
pub mod together;
pub mod zones;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

/// A prepared function: values of its arguments and the number of rows to its result. Constants were looked at once, when it was prepared.
pub type Kernel = Box<dyn Fn(&[Value], usize) -> Value + Send + Sync>;

/// What the binder knows of an argument.
#[derive(Clone, Copy, Debug)]
pub struct Arg<'a> {
    /// Its type; [`SqlType::Null`] for a bare NULL, and TEXT for a quoted literal (see `literal`).
    pub ty: SqlType,
    /// Its value where it is a constant. A quoted literal takes the type of its context, as in PostgreSQL.
    pub literal: Option<&'a Scalar>,
}

impl Arg<'_> {
    /// What is known of `expr`.
    pub fn of(expr: &Expr) -> Arg<'_> {
        let literal = if let Expr::Literal { value, .. } = expr { Some(value) } else { None };
        Arg { ty: expr.ty(), literal }
    }
}

/// What a call takes and yields, once its arguments are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// The type that each argument is cast to.
    pub params: Vec<SqlType>,
    /// The type of the result.
    pub result: SqlType,
}

/// How a call is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `name(a, b)`
    Call,
    /// `a OP b`
    Infix(&'static str),
    /// `OP a`
    Prefix(&'static str),
    /// `a OP`, such as `a IS NULL`
    Postfix(&'static str),
    /// Its own: CASE, CAST, BETWEEN, IN …; written as a call in plans
    Special,
}

/// A scalar function or operator of SQL.
pub struct Function {
    /// Its name in lower case. Unique.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// How it is written.
    pub syntax: Syntax,
    /// The chapter of the manual it stands in: `math`, `comparison`, `logic`, `text`, `datetime`, `cast`, `conditional` …
    pub family: &'static str,
    /// Signatures, as the manual prints them: `abs(number) → the same type`.
    pub usage: &'static str,
    /// What it computes, in a sentence or two; errors it can raise.
    pub doc: &'static str,
    /// SQL expressions and the text of their results (`NULL`, or `error 22012`): run by the tests, printed in the manual.
    pub examples: &'static [(&'static str, &'static str)],
    /// What it takes and yields for these arguments, or what is wrong with them, in words for the user.
    pub resolve: fn(&[Arg]) -> Result<Signature, String>,
    /// Whether a call may be NULL, given its arguments.
    pub nullable: fn(&[Expr]) -> bool,
    /// Makes a call ready to run: arguments as bound (constants among them), the call's type.
    pub prepare: fn(&[Expr], SqlType) -> Kernel,
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Function {
    /// Whether a call may have more than two arguments and means `a OP b OP c …`, computed from the left. What the calls in such a
    /// chain yield, the first one and those between, is of the type of the whole.
    pub fn is_chained(&self) -> bool {
        matches!(self.name, "and" | "or" | "add" | "sub" | "mul" | "concat_op")
    }

    /// Writes a call as SQL where it can be.
    pub fn write_sql(&self, args: &[Expr], ty: SqlType, f: &mut fmt::Formatter) -> fmt::Result {
        match (self.syntax, args) {
            (Syntax::Infix(op), [first, others @ ..])
                if others.len() == 1 || (others.len() > 1 && self.is_chained()) =>
            {
                write!(f, "({first}")?;
                others.iter().try_for_each(|other| write!(f, " {op} {other}"))?;
                f.write_str(")")
            }
            (Syntax::Prefix(op), [a]) => write!(f, "({op} {a})"),
            (Syntax::Postfix(op), [a]) => write!(f, "({a} {op})"),
            _ if self.name == "cast" => write!(f, "CAST({} AS {ty})", args[0]),
            _ => {
                write!(f, "{}(", self.name)?;
                for (index, arg) in args.iter().enumerate() {
                    write!(f, "{}{arg}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
        }
    }
}

/// The families, in the order of the manual.
pub const FAMILIES: &[&[Function]] = &[
    logic::FUNCTIONS,
    comparison::FUNCTIONS,
    membership::FUNCTIONS,
    conditional::FUNCTIONS,
    arithmetic::FUNCTIONS,
    bits::FUNCTIONS,
    math::FUNCTIONS,
    powers::FUNCTIONS,
    angles::FUNCTIONS,
    cast::FUNCTIONS,
    fields::FUNCTIONS,
    datetime::FUNCTIONS,
    formatted::FUNCTIONS,
    durations::FUNCTIONS,
    stretches::FUNCTIONS,
    like::FUNCTIONS,
    strings::FUNCTIONS,
    pieces::FUNCTIONS,
    format::FUNCTIONS,
    to_number::FUNCTIONS,
    encodings::FUNCTIONS,
    binary::FUNCTIONS,
    matching::FUNCTIONS,
];

/// All functions.
pub fn all() -> impl Iterator<Item = &'static Function> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// The function of this name (any case), or alias.
pub fn lookup(name: &str) -> Option<&'static Function> {
    all().find(|f| f.name.eq_ignore_ascii_case(name) || f.aliases.iter().any(|a| a.eq_ignore_ascii_case(name)))
}

/// A call of `function` with the casts that its arguments need.
///
/// # Errors
/// What is wrong with the arguments, in words for the user.
pub fn call(function: &'static Function, args: Vec<Expr>) -> Result<Expr, String> {
    let known: Vec<Arg> = args.iter().map(Arg::of).collect();
    let Signature { params, result } = (function.resolve)(&known)?;
    let args = args.into_iter().zip(params).map(|(arg, ty)| cast::to(arg, ty)).collect();
    Ok(Expr::Call { function, args, ty: result })
}

/// The function of this name, which the engine itself relies on.
///
/// # Panics
/// If there is none.
pub fn get(name: &str) -> &'static Function {
    lookup(name).unwrap_or_else(|| panic!("no function {name} in the registry"))
}
