//! The first rows of each group by an order, with ties and retractions.
//!
//! Each group is an ordered multiset of its rows. A step looks at the window of a touched group before and after, so its
//! cost is O(log group) a changed row and O(offset + limit) a touched group.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array};
use arrow_row::{RowConverter, SortField};
use arrow_schema::{DataType, SortOptions};
use deltaq_circuit::keys::KeyLayout;
use deltaq_circuit::operator::Input;
use deltaq_circuit::trace::Groups;
use deltaq_circuit::{Batch, Class, Context, Operator, Output, Partition, Query, Size, Weight, Weights};

use crate::order;

/// A column to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderBy {
    /// Which.
    pub column: usize,
    /// Largest first.
    pub descending: bool,
    /// NULLs before all values.
    pub nulls_first: bool,
}

/// Rows `offset .. offset + limit` of each group of equal `partition` columns, by `order`; ties are broken by all columns in
/// turn, so the result is determined. Duplicates count as often as they stand.
///
/// State: all rows of the input, ordered. (A row past the window comes back when one before it goes.)
#[derive(Clone)]
pub struct TopK {
    types: Vec<DataType>,
    partition: Vec<usize>,
    order: Vec<OrderBy>,
    offset: u64,
    limit: Option<u64>,
    number: bool,
}

impl TopK {
    /// Over rows of `types`. `number`: appends each row's number within its group, from 1.
    pub fn new(
        types: Vec<DataType>,
        partition: Vec<usize>,
        order: Vec<OrderBy>,
        offset: u64,
        limit: Option<u64>,
        number: bool,
    ) -> TopK {
        TopK { types, partition, order, offset, limit, number }
    }

    /// The rows of a group that are in the window.
    fn window(&self, ordered: &Ordered) -> Window {
        let (mut skip, mut left) = (self.offset as i64, self.limit.map_or(i64::MAX, |l| l.min(i64::MAX as u64) as i64));
        let mut number = 0;
        let mut window = Vec::new();
        for (row, &weight) in ordered {
            if left == 0 {
                break;
            }
            let weight = weight.max(0);
            let skipped = weight.min(skip);
            skip -= skipped;
            number += skipped;
            let taken = (weight - skipped).min(left);
            left -= taken;
            if self.number {
                window.extend((1..=taken).map(|n| (row.clone(), number + n, 1)));
            } else if taken > 0 {
                window.push((row.clone(), 0, taken));
            }
            number += taken;
        }
        window
    }
}

impl fmt::Debug for TopK {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "TopK({:?} {})", self.types, self.describe())
    }
}

impl Query for TopK {
    fn name(&self) -> &'static str {
        "top"
    }

    fn describe(&self) -> String {
        let limit = self.limit.map_or("all".to_string(), |l| l.to_string());
        let order: Vec<String> = self
            .order
            .iter()
            .map(|o| {
                let direction = if o.descending { " desc" } else { "" };
                let nulls = if o.nulls_first == o.descending {
                    ""
                } else if o.nulls_first {
                    " nulls first"
                } else {
                    " nulls last"
                };
                format!("${}{direction}{nulls}", o.column)
            })
            .collect();
        let partition: Vec<String> = self.partition.iter().map(|p| format!("${p}")).collect();
        let per = if partition.is_empty() { String::new() } else { format!(" per {}", partition.join(", ")) };
        let offset = if self.offset > 0 { format!(" after {}", self.offset) } else { String::new() };
        let number = if self.number { ", numbered" } else { "" };
        format!("{limit}{offset}{per} by {}{number}", order.join(", "))
    }

    fn types(&self) -> Vec<DataType> {
        self.types.iter().cloned().chain(self.number.then_some(DataType::Int64)).collect()
    }

    fn class(&self) -> Class {
        Class::General
    }

    fn partition(&self, _input: usize) -> Partition {
        if self.partition.is_empty() { Partition::One } else { Partition::Key(self.partition.clone()) }
    }

    fn apply(&self, inputs: &[Batch]) -> Output {
        let mut ranked = Ranked::new(self);
        ranked.add(&inputs[0], |_, _| {});
        ranked.current().into()
    }

    fn operator(&self) -> Option<Box<dyn Operator>> {
        Some(Box::new(Ranked::new(self)))
    }
}

/// A group's rows in order: encoded as order columns, then all columns; with how often each stands.
type Ordered = BTreeMap<Box<[u8]>, Weight>;

/// Rows of a window: encoded row, its number (0 where rows are not numbered), how often.
type Window = Vec<(Box<[u8]>, i64, Weight)>;

struct Ranked {
    query: Arc<TopK>,
    converter: RowConverter,
    groups: Groups,
    rows: Vec<Ordered>,
    entries: usize,
    heap: usize,
}

impl Ranked {
    fn new(query: &TopK) -> Ranked {
        let mut fields: Vec<SortField> = query
            .order
            .iter()
            .map(|o| {
                let options = SortOptions { descending: o.descending, nulls_first: o.nulls_first };
                SortField::new_with_options(order::sort_type(&query.types[o.column]), options)
            })
            .collect();
        // Ties: every column in turn, as `ORDER BY` has it by itself.
        let options = SortOptions { descending: false, nulls_first: false };
        fields.extend(query.types.iter().map(|t| SortField::new_with_options(t.clone(), options)));
        let converter = RowConverter::new(fields).unwrap_or_else(|e| panic!("a stored type cannot be sorted: {e}"));
        let layout = KeyLayout::new(&query.partition.iter().map(|&p| query.types[p].clone()).collect::<Vec<_>>());
        Ranked {
            query: Arc::new(query.clone()),
            converter,
            groups: Groups::new(layout),
            rows: Vec::new(),
            entries: 0,
            heap: 0,
        }
    }

    /// Adds a delta; calls `before` with each group it touches, once, before the group changes. Returns the touched groups.
    fn add(&mut self, delta: &Batch, mut before: impl FnMut(u32, &Ordered)) -> Vec<u32> {
        if delta.is_empty() {
            return Vec::new();
        }
        let partition: Vec<ArrayRef> = self.query.partition.iter().map(|&p| delta.column(p).clone()).collect();
        let groups = self.groups.assign(&self.groups.layout().encode(&partition, delta.len()));
        self.rows.resize_with(self.groups.capacity(), Ordered::new);
        let mut columns: Vec<ArrayRef> =
            self.query.order.iter().map(|o| order::sort_column(delta.column(o.column))).collect();
        columns.extend(delta.columns().iter().map(order::normal));
        let encoded =
            self.converter.convert_columns(&columns).unwrap_or_else(|e| panic!("rows of the declared types: {e}"));
        let mut touched = Vec::new();
        let mut seen = HashSet::new();
        for (row, &group) in groups.iter().enumerate() {
            let ordered = &mut self.rows[group as usize];
            if seen.insert(group) {
                before(group, ordered);
                touched.push(group);
            }
            let key: Box<[u8]> = encoded.row(row).as_ref().into();
            let bytes = key.len();
            match ordered.entry(key) {
                Entry::Occupied(mut entry) => {
                    *entry.get_mut() += delta.weight(row);
                    if *entry.get() == 0 {
                        entry.remove();
                        self.entries -= 1;
                        self.heap -= bytes;
                    }
                }
                Entry::Vacant(entry) => {
                    entry.insert(delta.weight(row));
                    self.entries += 1;
                    self.heap += bytes;
                }
            }
        }
        touched
    }

    fn batch(&self, rows: &[(Box<[u8]>, i64, Weight)]) -> Batch {
        if rows.is_empty() {
            return Batch::none();
        }
        let parser = self.converter.parser();
        let columns = self.converter.convert_rows(rows.iter().map(|(row, _, _)| parser.parse(row)));
        let mut columns =
            columns.unwrap_or_else(|e| panic!("rows this operator encoded: {e}")).split_off(self.query.order.len());
        if self.query.number {
            columns.push(Arc::new(Int64Array::from(rows.iter().map(|(_, n, _)| *n).collect::<Vec<_>>())));
        }
        let weights: Vec<Weight> = rows.iter().map(|(_, _, w)| *w).collect();
        let weights = if weights.iter().all(|w| *w == 1) { Weights::Ones } else { Weights::Each(weights.into()) };
        Batch::with_len(columns, weights, rows.len()).assume_consolidated()
    }

    fn current(&self) -> Batch {
        let rows: Window = self.groups.live().iter().flat_map(|g| self.query.window(&self.rows[*g as usize])).collect();
        self.batch(&rows)
    }
}

/// `new − old`: both hold each (row, number) once.
fn difference(old: Window, new: Window, into: &mut Window) {
    let mut changes: BTreeMap<(Box<[u8]>, i64), Weight> = BTreeMap::new();
    for (row, number, weight) in old {
        *changes.entry((row, number)).or_default() -= weight;
    }
    for (row, number, weight) in new {
        *changes.entry((row, number)).or_default() += weight;
    }
    into.extend(changes.into_iter().filter(|(_, w)| *w != 0).map(|((row, number), weight)| (row, number, weight)));
}

impl Operator for Ranked {
    fn step(&mut self, _context: &Context, inputs: &[Input]) -> Output {
        let mut old: HashMap<u32, Window> = HashMap::new();
        let query = Arc::clone(&self.query);
        let touched = self.add(inputs[0].delta, |group, ordered| {
            old.insert(group, query.window(ordered));
        });
        let mut changes = Window::new();
        for &group in &touched {
            difference(old.remove(&group).unwrap_or_default(), query.window(&self.rows[group as usize]), &mut changes);
        }
        let output = self.batch(&changes);
        for group in touched {
            if self.rows[group as usize].is_empty() {
                self.groups.release(group);
            }
        }
        if self.groups.shrink() {
            self.rows = Vec::new();
        }
        output.into()
    }

    fn contents(&self) -> Option<Batch> {
        Some(self.current())
    }

    fn size(&self) -> Size {
        let entry = size_of::<(Box<[u8]>, Weight)>() + 8;
        let bytes =
            self.groups.bytes() + self.rows.capacity() * size_of::<Ordered>() + self.entries * entry + self.heap;
        Size { rows: self.entries, bytes }
    }

    fn save(&self) -> Vec<Batch> {
        let all = self.groups.live().into_iter().flat_map(|g| self.rows[g as usize].iter());
        let rows: Window = all.map(|(row, weight)| (row.clone(), 0, *weight)).collect();
        let unnumbered = Ranked::new(&TopK { number: false, ..TopK::clone(&self.query) });
        if rows.is_empty() { Vec::new() } else { vec![unnumbered.batch(&rows)] }
    }

    fn load(&mut self, state: Vec<Batch>) {
        for batch in state {
            self.add(&batch, |_, _| {});
        }
    }
}
