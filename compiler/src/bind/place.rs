//! What a column of an expression stands for while its query is being put together.
//!
//! Below [`FIRST`] an index is a column of the query's FROM plan. Above lie places that are not there yet: they become columns when the
//! aggregates, row numbers and subqueries of the query have been joined to its plan.

use deltaq_operators::Expr;

const FIRST: usize = 1 << 40;

/// What a column index stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A column of the FROM plan.
    Input(usize),
    /// The result of an aggregate call.
    Aggregate(usize),
    /// A row number.
    Number(usize),
    /// The value of a subquery.
    Subquery(usize),
    /// The number that GROUPING(…) is.
    Grouping(usize),
    /// A column of the query around.
    Outer(usize),
}

impl Place {
    /// What `index` stands for.
    pub fn of(index: usize) -> Place {
        let within = index % FIRST;
        match index / FIRST {
            0 => Place::Input(within),
            1 => Place::Aggregate(within),
            2 => Place::Number(within),
            3 => Place::Subquery(within),
            4 => Place::Grouping(within),
            _ => Place::Outer(within),
        }
    }

    /// The index that stands for it.
    pub fn index(self) -> usize {
        match self {
            Place::Input(i) => i,
            Place::Aggregate(i) => FIRST + i,
            Place::Number(i) => 2 * FIRST + i,
            Place::Subquery(i) => 3 * FIRST + i,
            Place::Grouping(i) => 4 * FIRST + i,
            Place::Outer(i) => 5 * FIRST + i,
        }
    }
}

/// Whether a column of `expr` stands for something of the kind `want` looks for.
pub(super) fn mentions(expr: &Expr, want: impl Fn(Place) -> bool) -> bool {
    let mut found = false;
    expr.columns(&mut |index| found |= want(Place::of(index)));
    found
}

/// Whether `expr` names columns of the query around.
pub(super) fn is_correlated(expr: &Expr) -> bool {
    mentions(expr, |p| matches!(p, Place::Outer(_)))
}

/// `expr`, a part of the query around, as seen from the subquery.
pub(super) fn outward(expr: &Expr) -> Expr {
    expr.map_columns(&mut |index, ty, nullable| Expr::Column { index: Place::Outer(index).index(), ty, nullable })
}

/// `expr` of a subquery that names columns of the query around alone, as seen from there.
pub(super) fn inward(expr: &Expr) -> Expr {
    expr.map_columns(&mut |index, ty, nullable| match Place::of(index) {
        Place::Outer(index) => Expr::Column { index, ty, nullable },
        other => panic!("{other:?} in an expression over the query around"),
    })
}
