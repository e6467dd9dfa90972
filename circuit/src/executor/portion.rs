//! Rows on their way to another worker.

use arrow_array::UInt32Array;

use crate::batch::{Batch, Weights};
use crate::picked::Picked;
use crate::selection::Places;

/// Some rows of a batch. The batch is shared, not copied: who gets portions from several workers copies each value once,
/// to its place.
#[derive(Clone, Debug)]
pub struct Portion {
    batch: Batch,
    /// Which rows; absent where all are meant.
    rows: Option<UInt32Array>,
}

impl Portion {
    /// The rows of `batch` at `rows`.
    pub(super) fn of(batch: Batch, rows: UInt32Array) -> Portion {
        Portion { batch, rows: Some(rows) }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows.as_ref().map_or(self.batch.len(), |rows| rows.values().len())
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows as a batch of their own.
    pub fn gathered(&self) -> Batch {
        match &self.rows {
            None => self.batch.clone(),
            Some(rows) => self.batch.take(rows),
        }
    }

    /// The rows of all `portions`, one after the other.
    pub(super) fn gather(portions: &[Portion]) -> Batch {
        let some: Vec<&Portion> = portions.iter().filter(|portion| !portion.is_empty()).collect();
        match some.as_slice() {
            [] => Batch::none(),
            [one] => one.gathered(),
            many => {
                let len = many.iter().map(|portion| portion.len()).sum();
                let places: Vec<Places> = many.iter().map(|_| Places::default()).collect();
                let columns = (0..many[0].batch.width()).map(|column| {
                    let mut picked = Picked::new(many[0].batch.data_type(column), len);
                    for (portion, places) in many.iter().zip(&places) {
                        match &portion.rows {
                            Some(rows) => {
                                let (base, at) = places.of(&portion.batch, column, rows.values());
                                picked.push(base, at);
                            }
                            None => picked.push_all(portion.batch.column(column)),
                        }
                    }
                    picked.finish()
                });
                Batch::with_len(columns.collect(), weights(many, len), len)
            }
        }
    }
}

impl From<Batch> for Portion {
    fn from(batch: Batch) -> Portion {
        Portion { batch, rows: None }
    }
}

fn weights(portions: &[&Portion], len: usize) -> Weights {
    if portions.iter().all(|portion| matches!(portion.batch.weights(), Weights::Ones)) {
        return Weights::Ones;
    }
    let mut all = Vec::with_capacity(len);
    for portion in portions {
        match (portion.batch.weights(), &portion.rows) {
            (Weights::Ones, _) => all.resize(all.len() + portion.len(), 1),
            (Weights::Each(each), None) => all.extend_from_slice(each),
            (Weights::Each(each), Some(rows)) => all.extend(rows.values().iter().map(|row| each[*row as usize])),
        }
    }
    Weights::Each(all.into())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, BooleanArray, Int64Array, StringArray};

    use super::*;

    fn batch(names: &[Option<&str>], weights: Option<&[i64]>) -> Batch {
        let numbers = names.iter().map(|name| name.map(|n| n.len() as i64));
        let bits = names.iter().map(|name| name.map(|n| n.len() % 2 == 0));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(names.to_vec())),
            Arc::new(numbers.collect::<Int64Array>()),
            Arc::new(bits.collect::<BooleanArray>()),
        ];
        match weights {
            Some(weights) => Batch::weighted(columns, weights.to_vec()),
            None => Batch::ones(columns),
        }
    }

    #[test]
    fn portions_gathered_are_the_parts_put_together() {
        let (a, b) =
            (batch(&[Some("a"), None, Some("ccc"), Some("")], None), batch(&[Some("dd"), Some("e")], Some(&[-1, 2])));
        let empty = UInt32Array::from(Vec::<u32>::new());
        let cases: [Vec<Portion>; 6] = [
            vec![],
            vec![a.clone().into()],
            vec![Portion::of(a.clone(), vec![2, 0].into()), Portion::of(b.clone(), empty.clone())],
            vec![Portion::of(a.clone(), vec![1, 3].into()), b.slice(1, 1).into(), Batch::none().into()],
            vec![
                a.slice(1, 3).into(),
                Portion::of(b.clone(), vec![1].into()),
                Portion::of(a.slice(2, 2), vec![1].into()),
            ],
            vec![a.clone().into(), a.slice(0, 2).into()],
        ];
        for portions in cases {
            let parts: Vec<Batch> = portions.iter().map(Portion::gathered).collect();
            let (whole, known) = (Portion::gather(&portions), Batch::concat(&parts));
            assert_eq!(whole.len(), known.len());
            assert_eq!(whole.columns(), known.columns());
            assert_eq!(whole.weights_buffer(), known.weights_buffer());
        }
    }
}
