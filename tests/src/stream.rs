//! One operator alone, on a random stream of changes, against its definition.

use std::collections::BTreeMap;
use std::sync::Arc;

use deltaq_circuit::executor::Executor;
use deltaq_circuit::{Batch, Epoch, Kind as NodeKind, Node, NodeId, Query, Size};
use deltaq_operators::{Field, Schema, SqlType};

use crate::generate::{Dice, Kind};
use crate::rows::{Bag, Row, row_of, to_columns};

/// An operator and what it is fed.
pub struct Stream {
    /// The operator's meaning.
    pub query: Arc<dyn Query>,
    /// The columns of each input.
    pub inputs: Vec<Vec<Kind>>,
    /// For each input, the key by which it is arranged, and whether NULL is one; none: as a plain stream.
    pub arranged: Vec<Option<(Vec<usize>, bool)>>,
    /// The types it yields.
    pub output: Vec<SqlType>,
    /// Nothing is ever retracted.
    pub insert_only: bool,
}

impl Stream {
    /// Feeds the operator epochs made from `seed`; after each, its output so far must be what the definition yields on its inputs
    /// so far. Now and then it is saved and loaded anew. In the end everything is retracted, and its state with it.
    ///
    /// # Errors
    /// What differs.
    pub fn law(&self, seed: u64) -> Result<(), String> {
        let mut dice = Dice::new(seed);
        let root = NodeId(self.nodes().last().unwrap_or_else(|| panic!("there is a node")).id.0);
        let mut executor = self.executor();
        let mut inputs = vec![Bag::new(); self.inputs.len()];
        let mut output = Bag::new();
        let mut errors: BTreeMap<String, i64> = BTreeMap::new();
        let mut fresh = Size::default();
        let epochs = dice.between(2, 8);
        for epoch in 0..=epochs {
            let deltas: Vec<Vec<(Row, i64)>> = (0..self.inputs.len())
                .map(|input| match epoch {
                    0 => Vec::new(),
                    last if last == epochs && !self.insert_only => {
                        inputs[input].iter().map(|(row, weight)| (row.clone(), -weight)).collect()
                    }
                    _ => self.delta(input, &inputs[input], &mut dice),
                })
                .collect();
            if dice.chance(25) {
                let state = executor.save();
                executor = self.executor();
                if epoch > 0 {
                    executor.load(state);
                }
            }
            let batches = deltas.iter().enumerate().map(|(i, rows)| (NodeId(i as u32), self.batch(i, rows))).collect();
            let step = executor.step(Epoch(epoch as u64), batches, Vec::new());
            for (bag, rows) in inputs.iter_mut().zip(&deltas) {
                rows.iter().for_each(|(row, weight)| bag.add(row.clone(), *weight));
            }
            step.outputs.iter().filter(|(node, _)| *node == root).for_each(|(_, b)| self.add(&mut output, b));
            for (_, error) in step.errors {
                *errors.entry(error.code.to_string()).or_default() += error.weight;
            }
            errors.retain(|_, weight| *weight != 0);
            let whole: Vec<Batch> = inputs
                .iter()
                .enumerate()
                .map(|(i, bag)| {
                    self.batch(i, &bag.iter().map(|(row, weight)| (row.clone(), weight)).collect::<Vec<_>>())
                })
                .collect();
            let definition = self.query.apply(&whole);
            let mut expected = Bag::new();
            self.add(&mut expected, &definition.rows);
            let mut expected_errors: BTreeMap<String, i64> = BTreeMap::new();
            for error in definition.errors {
                *expected_errors.entry(error.code.to_string()).or_default() += error.weight;
            }
            expected_errors.retain(|_, weight| *weight != 0);
            if output != expected || errors != expected_errors {
                return Err(format!(
                    "{} {}, epoch {epoch}, after the deltas {deltas:?}\nby definition:\n{expected}{expected_errors:?}\nstep by step:\n{output}{errors:?}",
                    self.query.name(),
                    self.query.describe()
                ));
            }
            let size: Size = executor.sizes().into_iter().map(|(_, size)| size).sum();
            if epoch == 0 {
                fresh = size;
            } else if epoch == epochs && !self.insert_only && size.rows != fresh.rows {
                let name = self.query.name();
                return Err(format!(
                    "{name}: {} rows of state are left of {:?}, at first {}",
                    size.rows, deltas, fresh.rows
                ));
            }
        }
        Ok(())
    }

    fn nodes(&self) -> Vec<Node> {
        let mut nodes: Vec<Node> = Vec::new();
        for (input, kinds) in self.inputs.iter().enumerate() {
            let types = kinds.iter().map(|k| k.column().arrow()).collect();
            let kind = NodeKind::Source { name: format!("input{input}"), types };
            nodes.push(Node { id: NodeId(input as u32), kind, inputs: Vec::new(), span: None });
        }
        let mut reads = Vec::new();
        for (input, arranged) in self.arranged.iter().enumerate() {
            let source = NodeId(input as u32);
            match arranged {
                None => reads.push(source),
                Some((key, nulls)) => {
                    let id = NodeId(nodes.len() as u32);
                    let kind = NodeKind::Arrange { key: key.clone(), nulls: *nulls };
                    nodes.push(Node { id, kind, inputs: vec![source], span: None });
                    reads.push(id);
                }
            }
        }
        let id = NodeId(nodes.len() as u32);
        nodes.push(Node { id, kind: NodeKind::Query(Arc::clone(&self.query)), inputs: reads, span: None });
        nodes
    }

    fn executor(&self) -> Executor {
        let mut executor = Executor::new(0, 1);
        let nodes = self.nodes();
        let root = nodes.len() - 1;
        executor.install(nodes);
        executor.watch(NodeId(root as u32), true);
        executor
    }

    fn delta(&self, input: usize, bag: &Bag, dice: &mut Dice) -> Vec<(Row, i64)> {
        let live: Vec<Row> = bag.iter().map(|(row, _)| row.clone()).collect();
        let mut left = bag.clone();
        let mut rows = Vec::new();
        for _ in 0..dice.weighted(&[1, 4, 4, 3, 2, 1, 1, 1]) {
            if !self.insert_only && !live.is_empty() && dice.chance(40) {
                let row = dice.pick(&live).clone();
                let there = left.weight(&row);
                if there > 0 {
                    let weight = -(dice.between(1, there as usize) as i64);
                    left.add(row.clone(), weight);
                    rows.push((row, weight));
                }
            } else {
                let row: Row = self.inputs[input].iter().map(|kind| kind.value(dice, false, true)).collect();
                let weight = if dice.chance(80) { 1 } else { 3 };
                left.add(row.clone(), weight);
                rows.push((row, weight));
            }
        }
        rows
    }

    fn batch(&self, input: usize, rows: &[(Row, i64)]) -> Batch {
        if rows.is_empty() {
            return Batch::none();
        }
        let types: Vec<SqlType> = self.inputs[input].iter().map(|k| k.column()).collect();
        let values: Vec<Row> = rows.iter().map(|(row, _)| row.clone()).collect();
        Batch::weighted(
            to_columns(&values, &schema(&types)),
            rows.iter().map(|(_, weight)| *weight).collect::<Vec<_>>(),
        )
    }

    fn add(&self, bag: &mut Bag, batch: &Batch) {
        if batch.is_empty() {
            return;
        }
        let schema = schema(&self.output);
        let fields: Vec<arrow_schema::Field> =
            schema.iter().map(|f| arrow_schema::Field::new(&f.name, f.ty.arrow(), true)).collect();
        let fields = Arc::new(arrow_schema::Schema::new(fields));
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.len()));
        let records = arrow_array::RecordBatch::try_new_with_options(fields, batch.columns().to_vec(), &options)
            .unwrap_or_else(|error| {
                panic!("{} yields other columns than {:?}: {error}", self.query.name(), self.output)
            });
        (0..batch.len()).for_each(|row| bag.add(row_of(&records, &schema, row), batch.weight(row)));
    }
}

fn schema(types: &[SqlType]) -> Schema {
    types.iter().enumerate().map(|(i, ty)| Field { name: format!("c{i}"), ty: *ty, nullable: true }).collect()
}
