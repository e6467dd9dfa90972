//! The aggregate operator: a group table, a count of rows a group, and an accumulator for each call, or for calls that share it.
//!
//! ```text
//!   Δ ─→ group of each row ─→ results of touched groups (old)
//!                          ─→ accumulators take Δ in
//!                          ─→ results of touched groups (new) ─→ −old +new, where they differ
//! ```

use std::collections::HashMap;
use std::fmt;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Int64Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use deltaq_circuit::arrays::{self, View};
use deltaq_circuit::keys::KeyLayout;
use deltaq_circuit::operator::Input;
use deltaq_circuit::selection::Places;
use deltaq_circuit::trace::Groups;
use deltaq_circuit::{Batch, Class, Context, Operator, Output, Partition, Query, RowError, Size, Weight, Weights};

use super::accumulator::{Accumulator, Rows, accumulator, serves};
use super::distinct_values::{Call, DistinctValues};
use super::{Function, Rest};
use crate::types::SqlType;
use crate::value::Errors;

/// One aggregate call over columns.
#[derive(Clone, PartialEq)]
pub struct Column {
    /// Which function.
    pub function: Function,
    /// The argument's column and type; none for COUNT(*).
    pub arg: Option<(usize, SqlType)>,
    /// What else some functions take.
    pub rest: Rest<(usize, SqlType)>,
    /// Each value once.
    pub distinct: bool,
    /// A boolean column: only rows where it is true count.
    pub filter: Option<usize>,
    /// The type of the result.
    pub ty: SqlType,
}

impl Column {
    /// Whether it matters that each value counts once.
    fn looks_at_distinct(&self) -> bool {
        self.distinct && !self.function.is_idempotent()
    }
}

impl fmt::Debug for Column {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}({}", self.function.name(), if self.distinct { "distinct " } else { "" })?;
        match self.arg {
            Some((column, ty)) => write!(f, "${column}: {ty}")?,
            None => f.write_str("*")?,
        }
        self.rest.args.iter().try_for_each(|(column, ty)| write!(f, ", ${column}: {ty}"))?;
        for (at, by) in self.rest.order.iter().enumerate() {
            let nulls = if by.nulls_first { " nulls first" } else { "" };
            let (before, down) = (if at == 0 { " order by " } else { ", " }, if by.descending { " desc" } else { "" });
            write!(f, "{before}${}: {}{down}{nulls}", by.key.0, by.key.1)?;
        }
        self.rest.fraction.iter().try_for_each(|fraction| write!(f, " at {fraction}"))?;
        f.write_str(")")?;
        match self.filter {
            Some(column) => write!(f, " filter ${column}"),
            None => Ok(()),
        }
    }
}

/// Groups of equal keys with aggregates over each: one output row a group, its keys and then its results.
///
/// State: a key, a count and the accumulators for each group. Cost of a step: a lookup a row, the results of the touched
/// groups twice. Without keys there is one group, which is there even when no row is.
#[derive(Debug)]
pub struct Aggregate {
    keys: Vec<usize>,
    key_types: Vec<DataType>,
    columns: Vec<Column>,
    insert_only: bool,
    of_each_worker: bool,
}

impl Aggregate {
    /// Its name as a query.
    pub const NAME: &str = "aggregate";
    /// Its name where it is the first phase of two.
    pub const OF_EACH_WORKER: &str = "pre-aggregate";

    /// Groups by columns `keys` of these types. `insert_only`: the input never retracts.
    pub fn new(keys: Vec<usize>, key_types: Vec<DataType>, columns: Vec<Column>, insert_only: bool) -> Aggregate {
        assert_eq!(keys.len(), key_types.len(), "{} keys of {} types", keys.len(), key_types.len());
        Aggregate { keys, key_types, columns, insert_only, of_each_worker: false }
    }

    /// The same, for each worker over the rows that it has: a group may have a row on each.
    pub fn of_each_worker(mut self) -> Aggregate {
        self.of_each_worker = true;
        self
    }
}

impl Query for Aggregate {
    fn name(&self) -> &'static str {
        if self.of_each_worker { Aggregate::OF_EACH_WORKER } else { Aggregate::NAME }
    }

    fn describe(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(|k| format!("${k}")).collect();
        let calls: Vec<String> = self.columns.iter().map(|c| format!("{c:?}")).collect();
        let by = if keys.is_empty() { String::new() } else { format!(" by {}", keys.join(", ")) };
        format!("{}{by}{}", calls.join(", "), if self.insert_only { " [insert-only]" } else { "" })
    }

    fn types(&self) -> Vec<DataType> {
        self.key_types.iter().cloned().chain(self.columns.iter().map(|c| c.ty.arrow())).collect()
    }

    fn class(&self) -> Class {
        Class::General
    }

    fn partition(&self, _input: usize) -> Partition {
        match self.keys.as_slice() {
            _ if self.of_each_worker => Partition::Any,
            [] => Partition::One,
            keys => Partition::Key(keys.to_vec()),
        }
    }

    /// From an empty table: the definition, since it meets each row once.
    fn apply(&self, inputs: &[Batch]) -> Output {
        let mut fresh = Grouped::new(self);
        fresh.take_in(&inputs[0]);
        fresh.present = true;
        let live = fresh.live();
        let (columns, errors) = fresh.results(&live);
        let mut output = Output::none();
        fresh.emit(&live, &columns, &errors, 1, &mut output);
        output
    }

    fn operator(&self) -> Option<Box<dyn Operator>> {
        Some(Box::new(Grouped::new(self)))
    }
}

/// Where a call's result is found.
#[derive(Clone)]
enum Source {
    /// COUNT(*) without filter: the rows a group.
    Rows,
    /// In an accumulator, by its number; another call may be found there too.
    Accumulator(usize, Function, Rest<(usize, SqlType)>),
}

/// The aggregate at work.
struct Grouped {
    keys: Vec<usize>,
    calls: Vec<Source>,
    groups: Groups,
    /// Rows a group.
    counts: Vec<Weight>,
    accumulators: Vec<Box<dyn Accumulator>>,
    /// By accumulator: the call that it is for, or the first of them.
    columns: Vec<Column>,
    /// What stands between the input and the accumulators of calls over distinct values: one an argument.
    distinct: Vec<DistinctValues>,
    /// The step in which a group was last touched.
    touched: Vec<u32>,
    step: u32,
    /// Groups that the step left without rows.
    gone: Vec<u32>,
    /// There are no keys: one group.
    global: bool,
    /// The one group is here: on the worker that all rows come to, once it has started.
    present: bool,
}

impl Grouped {
    fn new(query: &Aggregate) -> Grouped {
        let mut columns: Vec<Column> = Vec::new();
        let mut accumulators = Vec::new();
        let source = |column: &Column| {
            // COUNT(*) FILTER (WHERE f): f itself is the argument; it is true, so not NULL, wherever it counts.
            let arg = column.arg.or(column.filter.map(|filter| (filter, SqlType::Boolean)));
            let column = Column { arg, ..column.clone() };
            if let Some(at) = columns.iter().position(|other| serves(other, &column, query.insert_only)) {
                return Source::Accumulator(at, column.function, column.rest);
            }
            let Some(accumulator) = accumulator(&column, query.insert_only) else { return Source::Rows };
            accumulators.push(accumulator);
            let (function, rest) = (column.function, column.rest.clone());
            columns.push(column);
            Source::Accumulator(accumulators.len() - 1, function, rest)
        };
        let calls = query.columns.iter().map(source).collect();
        let mut distinct: Vec<DistinctValues> = Vec::new();
        for (at, column) in columns.iter().enumerate().filter(|(_, column)| column.looks_at_distinct()) {
            let (arg, ty) = column.arg.unwrap_or_else(|| panic!("DISTINCT of nothing"));
            let call = Call { accumulator: at, filter: column.filter };
            match distinct.iter_mut().find(|values| values.takes(arg)) {
                Some(values) => values.call(call),
                None => {
                    let mut values = DistinctValues::new(arg, ty);
                    values.call(call);
                    distinct.push(values);
                }
            }
        }
        let mut grouped = Grouped {
            distinct,
            keys: query.keys.clone(),
            calls,
            groups: Groups::new(KeyLayout::new(&query.key_types)),
            counts: Vec::new(),
            accumulators,
            columns,
            touched: Vec::new(),
            step: 0,
            gone: Vec::new(),
            global: query.keys.is_empty(),
            present: false,
        };
        if grouped.global {
            grouped.assign(&[], 1);
        }
        grouped
    }

    fn assign(&mut self, keys: &[ArrayRef], len: usize) -> Vec<u32> {
        let groups = self.groups.assign(&self.groups.layout().encode(keys, len));
        self.resize();
        groups
    }

    fn resize(&mut self) {
        let capacity = self.groups.capacity();
        if capacity != self.counts.len() {
            self.counts.resize(capacity, 0);
            self.touched.resize(capacity, 0);
            self.accumulators.iter_mut().for_each(|a| a.resize(capacity));
        }
    }

    /// The groups of `delta`'s rows, and those touched, each once.
    fn locate(&mut self, delta: &Batch) -> (Vec<u32>, Vec<u32>) {
        if self.global {
            return (vec![0; delta.len()], vec![0]);
        }
        if delta.len() > 1
            && let Some(key) = self.only_key(delta)
        {
            let group = self.assign(&key, 1)[0];
            return (vec![group; delta.len()], vec![group]);
        }
        let groups = self.groups.assign_rows(delta, &self.keys);
        self.resize();
        self.step = self.step.wrapping_add(1);
        let mut touched = Vec::with_capacity(groups.len());
        for &group in &groups {
            let last = &mut self.touched[group as usize];
            if *last != self.step {
                *last = self.step;
                touched.push(group);
            }
        }
        (groups, touched)
    }

    /// The key of all rows, if they have but one, as is likely where it is part of a time.
    fn only_key(&self, delta: &Batch) -> Option<Vec<ArrayRef>> {
        let places = Places::default();
        let value = |key: &usize| {
            let (values, at) = places.of(delta, *key, &[0]);
            arrays::is_constant(values).then(|| values.slice(at[0] as usize, 1))
        };
        self.keys.iter().map(value).collect()
    }

    fn update(&mut self, delta: &Batch, groups: &[u32]) {
        match delta.weights() {
            Weights::Ones => groups.iter().for_each(|g| self.counts[*g as usize] += 1),
            Weights::Each(each) => groups.iter().zip(each.iter()).for_each(|(g, w)| self.counts[*g as usize] += w),
        }
        if self.accumulators.is_empty() {
            return;
        }
        let all: Vec<u32> = (0..delta.len() as u32).collect();
        // Calls with the same filter share the rows that it lets through.
        let mut passed: HashMap<usize, (Vec<u32>, Vec<u32>)> = HashMap::new();
        for (accumulator, column) in self.accumulators.iter_mut().zip(&self.columns) {
            if column.looks_at_distinct() {
                continue;
            }
            let (arg, _) = column.arg.unwrap_or_else(|| panic!("a call of nothing"));
            let (rows, of) = match column.filter {
                None => (&all[..], groups),
                Some(filter) => {
                    let (rows, of) = passed.entry(filter).or_insert_with(|| {
                        let rows: Vec<u32> = passing(delta, filter).set_indices_u32().collect();
                        let of = rows.iter().map(|row| groups[*row as usize]).collect();
                        (rows, of)
                    });
                    (&rows[..], &of[..])
                }
            };
            accumulator.update(&Rows { rows, groups: of, weights: delta.weights(), batch: delta }, delta.column(arg));
        }
        for values in &mut self.distinct {
            values.update(delta, groups, |filter| passing(delta, filter), &mut self.accumulators);
        }
    }

    fn take_in(&mut self, delta: &Batch) {
        if !delta.is_empty() {
            let (groups, _) = self.locate(delta);
            self.update(delta, &groups);
        }
    }

    fn exists(&self, group: u32) -> bool {
        if self.global { self.present } else { self.counts[group as usize] > 0 }
    }

    fn live(&self) -> Vec<u32> {
        self.groups.live().into_iter().filter(|g| self.exists(*g)).collect()
    }

    /// One column a call for `groups`, and the groups that have an error in some column.
    fn results(&self, groups: &[u32]) -> (Vec<ArrayRef>, Errors) {
        let mut errors = Errors::none();
        let columns = self.calls.iter().map(|call| match call {
            Source::Rows => {
                let counts: Vec<i64> = groups.iter().map(|g| self.counts[*g as usize]).collect();
                std::sync::Arc::new(Int64Array::from(counts)) as ArrayRef
            }
            Source::Accumulator(at, function, rest) => {
                let (column, failed) = self.accumulators[*at].results_of(*function, rest, groups);
                errors.merge(&failed);
                arrays::one_zero(column)
            }
        });
        (columns.collect(), errors)
    }

    /// Adds rows of all `groups`, with `weight`, to `output`; errors where groups have those.
    fn emit(&self, groups: &[u32], columns: &[ArrayRef], errors: &Errors, weight: Weight, output: &mut Output) {
        if groups.is_empty() {
            return;
        }
        let columns = self.groups.gather(groups).into_iter().chain(columns.iter().cloned()).collect();
        let weights = if weight == 1 { Weights::Ones } else { Weights::Each(vec![weight; groups.len()].into()) };
        let mut rows = Batch::with_len(columns, weights, groups.len());
        if !errors.is_empty() {
            report(errors, |_| true, weight, &mut output.errors);
            let good: Vec<u32> = (0..groups.len() as u32).filter(|g| errors.get(*g as usize).is_none()).collect();
            rows = rows.take(&good.into());
        }
        output.rows = rows.assume_consolidated();
    }

    fn release(&mut self, groups: &[u32]) {
        for accumulator in &mut self.accumulators {
            groups.iter().for_each(|group| accumulator.clear(*group as usize));
        }
        if self.groups.release(groups) {
            self.counts = Vec::new();
            self.touched = Vec::new();
            self.accumulators.iter_mut().for_each(|a| a.resize(0));
        }
    }
}

/// The rows in which the boolean column `filter` is true.
fn passing(delta: &Batch, filter: usize) -> BooleanBuffer {
    let column = delta.column(filter).as_boolean();
    match column.nulls() {
        Some(nulls) => column.values() & nulls.inner(),
        None => column.values().clone(),
    }
}

/// Adds the errors of those rows that are `there`.
fn report(errors: &Errors, there: impl Fn(usize) -> bool, weight: Weight, into: &mut Vec<RowError>) {
    let errors = errors.iter().filter(|(row, _)| there(*row));
    into.extend(errors.map(|(_, e)| RowError { code: e.code, message: e.message.clone(), weight }));
}

impl Operator for Grouped {
    fn step(&mut self, context: &Context, inputs: &[Input]) -> Output {
        let delta = inputs[0].delta;
        let mut output = Output::none();
        if delta.is_empty() {
            if self.global && context.starting && context.worker == 0 {
                self.present = true;
                let (columns, errors) = self.results(&[0]);
                self.emit(&[0], &columns, &errors, 1, &mut output);
            }
            return output;
        }
        let (groups, touched) = self.locate(delta);
        let was: Vec<bool> = touched.iter().map(|g| self.exists(*g)).collect();
        self.present = true;
        let (old, old_errors) = self.results(&touched);
        self.update(delta, &groups);
        let (new, new_errors) = self.results(&touched);

        let mut differs = vec![false; touched.len()];
        old.iter().zip(&new).for_each(|(old, new)| arrays::differ(old, new, &mut differs));
        let is: Vec<bool> = touched.iter().map(|g| self.exists(*g)).collect();
        let (mut retracted, mut inserted) = (Vec::with_capacity(touched.len()), Vec::with_capacity(touched.len()));
        for (at, differs) in differs.iter().enumerate() {
            let stood = was[at] && old_errors.get(at).is_none();
            let stands = is[at] && new_errors.get(at).is_none();
            let changed = *differs || stood != stands;
            if stood && changed {
                retracted.push(at as u32);
            }
            if stands && changed {
                inserted.push(at as u32);
            }
        }
        if !(old_errors.is_empty() && new_errors.is_empty()) {
            report(&old_errors, |at| was[at], -1, &mut output.errors);
            report(&new_errors, |at| is[at], 1, &mut output.errors);
            output.errors = deltaq_circuit::definition::difference(&[], &output.errors);
        }
        if !retracted.is_empty() || !inserted.is_empty() {
            let rows: Vec<u32> = retracted.iter().chain(&inserted).map(|at| touched[*at as usize]).collect();
            let results = old.iter().zip(&new).map(|(old, new)| arrays::take_both(old, &retracted, new, &inserted));
            let columns: Vec<ArrayRef> = self.groups.gather(&rows).into_iter().chain(results).collect();
            let weights = if retracted.is_empty() {
                Weights::Ones
            } else {
                let mut weights = vec![-1; retracted.len()];
                weights.resize(rows.len(), 1);
                Weights::Each(weights.into())
            };
            output.rows = Batch::with_len(columns, weights, rows.len()).assume_consolidated();
        }
        if !self.global {
            self.gone.extend(touched.into_iter().filter(|group| self.counts[*group as usize] == 0));
        }
        output
    }

    fn settle(&mut self) {
        let gone = std::mem::take(&mut self.gone);
        self.release(&gone);
    }

    fn contents(&self) -> Option<Batch> {
        let live = self.live();
        let (columns, errors) = self.results(&live);
        let mut output = Output::none();
        self.emit(&live, &columns, &errors, 1, &mut output);
        Some(output.rows)
    }

    fn size(&self) -> Size {
        let columns = (self.counts.capacity() * 8) + self.touched.capacity() * 4;
        let accumulators: usize = self.accumulators.iter().map(|a| a.bytes()).sum();
        let distinct: usize = self.distinct.iter().map(DistinctValues::bytes).sum();
        Size { rows: self.groups.len(), bytes: self.groups.bytes() + columns + accumulators + distinct }
    }

    fn save(&self) -> Vec<Batch> {
        let live = self.groups.live();
        if live.is_empty() || (self.global && !self.present) {
            return Vec::new();
        }
        let counts: Vec<Weight> = live.iter().map(|g| self.counts[*g as usize]).collect();
        let mut columns = self.groups.gather(&live);
        columns.push(std::sync::Arc::new(Int64Array::from(counts)));
        for accumulator in &self.accumulators {
            let states = accumulator.save(&live);
            columns.push(arrays::binary(states.iter().map(Vec::as_slice)));
        }
        for values in &self.distinct {
            columns.push(arrays::binary(values.save(&live).iter().map(Vec::as_slice)));
        }
        vec![Batch::ones(columns)]
    }

    fn load(&mut self, state: Vec<Batch>) {
        self.present = !state.is_empty();
        for batch in state.iter().filter(|b| !b.is_empty()) {
            let keys = self.keys.len();
            let groups = self.assign(&batch.columns()[..keys], batch.len());
            let counts = View::of(batch.column(keys));
            let arrays::Values::W8(counts) = counts.values else { panic!("counts are 64 bits") };
            for (group, count) in groups.iter().zip(counts) {
                self.counts[*group as usize] = *count as i64;
            }
            let mut rest = batch.columns()[keys + 1..].iter();
            let mut read = |state: &mut dyn FnMut(u32, &mut &[u8]) -> Option<()>| {
                let states = rest.next().unwrap_or_else(|| panic!("the saved state of an aggregate lacks a call"));
                for (group, mut bytes) in
                    groups.iter().zip(states.as_binary::<i32>().iter().map(Option::unwrap_or_default))
                {
                    let whole = state(*group, &mut bytes).is_some() && bytes.is_empty();
                    assert!(whole, "the saved state of an aggregate is cut short or too long");
                }
            };
            for accumulator in &mut self.accumulators {
                read(&mut |group, bytes| accumulator.read(group as usize, bytes));
            }
            for values in &mut self.distinct {
                read(&mut |group, bytes| values.read(group, bytes));
            }
        }
    }
}
