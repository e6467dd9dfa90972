//! The evaluator: expressions made ready once, then run a batch at a time.
//!
//! What several expressions have in common is one node, computed once a batch. What is dear is computed only for the rows that need it:
//! where AND, OR, CASE and COALESCE are decided by what is cheap, the rest sees a *frame* of the rows left open. Since an error is a value
//! that undecided rows alone pass on (see [`crate::value`]), results are the same either way. Calls that look for the same in the same
//! values are computed in one pass.

mod cost;
mod frame;

use std::collections::HashMap;

use arrow_array::ArrayRef;
use indexmap::IndexMap;

use crate::arrays;
use crate::expr::Expr;
use crate::functions::together::{self, Pass};
use crate::functions::{Function, Kernel};
use crate::scalar::Scalar;
use crate::types::SqlType;
use crate::value::Value;
use cost::DEAR;
pub use frame::Frame;

/// Some expressions ready to run over the same rows. Constants are evaluated, patterns compiled, tables of IN lists built.
pub struct Programs {
    nodes: Vec<Node>,
    passes: Vec<SharedPass>,
    roots: Vec<usize>,
    /// Whether each node is needed once, for all rows.
    plain: bool,
    /// One more than the last column that is read.
    width: usize,
}

/// An expression ready to run.
pub struct Program(Programs);

struct Node {
    step: Step,
    /// Read by more than one node, or root.
    shared: bool,
    /// What it costs a row, without and with all below it; see [`cost`].
    own_cost: u32,
    cost: u32,
}

enum Step {
    Column(usize),
    Constant(Value),
    Call {
        kernel: Kernel,
        args: Vec<usize>,
        ty: SqlType,
        needs: Needs,
    },
    /// One of the calls of a pass.
    Part {
        pass: usize,
        ty: SqlType,
    },
}

/// Calls that are computed together, from one argument.
struct SharedPass {
    run: Pass,
    arg: usize,
    /// The nodes that have the results.
    nodes: Vec<usize>,
}

/// Which rows a call needs its arguments for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    /// All.
    All,
    /// AND, OR: those that no other argument decides by this value.
    Undecided(bool),
    /// CASE: a condition for rows that are still open, a value for rows that take it.
    Branches,
    /// COALESCE: those for which all before it were NULL.
    Nulls,
}

impl Program {
    /// Prepares `expr`.
    pub fn new(expr: &Expr) -> Program {
        Program(Programs::new([expr]))
    }

    /// The values of the expression for the `rows` rows of `columns`.
    ///
    /// Cost: one kernel a call; a column or constant costs nothing.
    pub fn eval(&self, columns: &[ArrayRef], rows: usize) -> Value {
        self.0.frame(columns, rows).root(0)
    }
}

impl Programs {
    /// Prepares expressions over the same columns.
    pub fn new<'a>(exprs: impl IntoIterator<Item = &'a Expr>) -> Programs {
        let mut builder = Builder::default();
        let roots: Vec<usize> = exprs.into_iter().map(|expr| builder.node(expr)).collect();
        let passes = builder.passes();
        let mut nodes = builder.nodes;
        let mut uses = vec![0u32; nodes.len()];
        roots.iter().for_each(|root| uses[*root] += 1);
        for node in &nodes {
            if let Step::Call { args, .. } = &node.step {
                args.iter().for_each(|arg| uses[*arg] += 1);
            }
        }
        passes.iter().for_each(|pass| uses[pass.arg] += 1);
        for (node, uses) in nodes.iter_mut().zip(uses) {
            node.shared = match node.step {
                Step::Call { .. } => uses > 1,
                Step::Part { .. } => true,
                Step::Column(_) | Step::Constant(_) => false,
            };
        }
        let lazy = |node: &Node| matches!(&node.step, Step::Call { needs, .. } if *needs != Needs::All);
        let plain = !nodes.iter().any(|node| node.shared || lazy(node));
        let columns = nodes.iter().map(|node| if let Step::Column(column) = node.step { column + 1 } else { 0 });
        let width = columns.max().unwrap_or(0);
        Programs { nodes, passes, roots, plain, width }
    }

    /// Makes ready to run over the `rows` rows of `columns`.
    pub fn frame<'a>(&'a self, columns: &'a [ArrayRef], rows: usize) -> Frame<'a> {
        Frame::new(self, columns, rows)
    }

    /// What all of them cost a row, roughly in nanoseconds.
    pub fn cost(&self) -> u32 {
        self.nodes.iter().fold(0, |sum, node| sum.saturating_add(node.own_cost))
    }

    /// The column that expression `root` merely passes on, if so.
    pub fn as_column(&self, root: usize) -> Option<usize> {
        match self.nodes[self.roots[root]].step {
            Step::Column(column) => Some(column),
            _ => None,
        }
    }
}

/// What makes two nodes the same.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    Column(usize),
    /// As it prints.
    Constant(String),
    Call(&'static str, Vec<usize>, SqlType),
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    known: HashMap<Identity, usize>,
    /// Calls that may be computed together: by function and first argument.
    together: IndexMap<(&'static str, usize), Vec<Candidate>>,
}

/// A call that may be computed together with others.
struct Candidate {
    node: usize,
    function: &'static Function,
    args: Vec<Expr>,
}

impl Builder {
    fn node(&mut self, expr: &Expr) -> usize {
        let (identity, args) = match expr {
            Expr::Column { index, .. } => (Identity::Column(*index), Vec::new()),
            Expr::Literal { value, ty } => (Identity::Constant(format!("{ty:?} {value:?}")), Vec::new()),
            Expr::Call { function, args, ty } => {
                let args: Vec<usize> = args.iter().map(|arg| self.node(arg)).collect();
                (Identity::Call(function.name, args.clone(), *ty), args)
            }
        };
        if let Some(known) = self.known.get(&identity) {
            return *known;
        }
        let (step, own) = match expr {
            Expr::Column { index, .. } => (Step::Column(*index), 0),
            Expr::Literal { value, ty } => (Step::Constant(Value::constant(arrays::one_zero(value.to_array(*ty)))), 0),
            Expr::Call { function, args: exprs, ty } => self.call(function, exprs, args.clone(), *ty),
        };
        let own_cost = own;
        let cost = args.iter().fold(own, |sum: u32, arg| sum.saturating_add(self.nodes[*arg].cost));
        let place = self.nodes.len();
        self.nodes.push(Node { step, shared: false, own_cost, cost });
        if let (Expr::Call { function, args: exprs, .. }, [first, others @ ..]) = (expr, args.as_slice())
            && together::gains(function)
            && matches!(self.nodes[place].step, Step::Call { .. })
            && others.iter().all(|arg| matches!(self.nodes[*arg].step, Step::Constant(_)))
        {
            let args = args.iter().zip(exprs).map(|(arg, expr)| self.fold(*arg, expr)).collect();
            let candidates = self.together.entry((function.name, *first)).or_default();
            candidates.push(Candidate { node: place, function, args });
        }
        self.known.insert(identity, place);
        place
    }

    fn call(&self, function: &'static Function, exprs: &[Expr], args: Vec<usize>, ty: SqlType) -> (Step, u32) {
        let folded: Vec<Expr> = args.iter().zip(exprs).map(|(arg, expr)| self.fold(*arg, expr)).collect();
        let mut kernel = (function.prepare)(&folded, ty);
        if ty.is_float() {
            kernel = Box::new(move |args, rows| {
                let value = kernel(args, rows);
                Value { array: arrays::one_zero(value.array), ..value }
            });
        }
        let constants = args.iter().map(|arg| match &self.nodes[*arg].step {
            Step::Constant(value) => Some(value.clone()),
            _ => None,
        });
        if let Some(constants) = constants.collect::<Option<Vec<Value>>>() {
            return (Step::Constant(Value { constant: true, ..kernel(&constants, 1) }), 0);
        }
        let any_dear = args.iter().any(|arg| self.nodes[*arg].cost >= DEAR);
        let needs = if any_dear { cost::needs(function) } else { Needs::All };
        (Step::Call { kernel, args, ty, needs }, cost::of(function, &folded))
    }

    /// Turns calls that one pass can compute into parts of it.
    fn passes(&mut self) -> Vec<SharedPass> {
        let mut passes = Vec::new();
        for ((_, arg), candidates) in self.together.drain(..).filter(|(_, candidates)| candidates.len() > 1) {
            let function = candidates[0].function;
            let (nodes, args): (Vec<usize>, Vec<Vec<Expr>>) = candidates.into_iter().map(|c| (c.node, c.args)).unzip();
            if let Some(run) = together::pass(function, &args) {
                for node in &nodes {
                    if let Step::Call { ty, .. } = self.nodes[*node].step {
                        self.nodes[*node].step = Step::Part { pass: passes.len(), ty };
                    }
                }
                passes.push(SharedPass { run, arg, nodes });
            }
        }
        passes
    }

    /// An argument as kernels get to see it: what is constant is a literal, unless it failed.
    fn fold(&self, arg: usize, expr: &Expr) -> Expr {
        match &self.nodes[arg].step {
            Step::Constant(value) if value.errors.is_empty() => {
                Expr::Literal { value: Scalar::from_array(&value.array, expr.ty(), 0), ty: expr.ty() }
            }
            _ => expr.clone(),
        }
    }
}
