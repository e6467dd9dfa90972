//! Which rows of a delta belong to which worker.

use std::sync::Arc;

use arrow_array::UInt32Array;

use super::portion::Portion;
use crate::batch::Batch;
use crate::keys;
use crate::operator::Partition;

/// Splits `delta` by where `partition` sends each row.
pub(super) fn scatter(delta: &Batch, partition: &Partition, me: usize, workers: usize) -> Vec<(usize, Portion)> {
    if delta.is_empty() {
        return Vec::new();
    }
    let key = match partition {
        Partition::Any => return vec![(me, delta.clone().into())],
        Partition::One => return vec![(0, delta.clone().into())],
        Partition::Key(key) => key,
    };
    let targets: Vec<u32> = hashes(delta, key).iter().map(|&hash| keys::part(hash, workers) as u32).collect();
    // The rows of one target after those of another. They are counted first, so that no row costs a branch.
    let mut counts = vec![0; workers];
    targets.iter().for_each(|&target| counts[target as usize] += 1);
    let starts: Vec<usize> = counts.iter().scan(0, |sum, count| Some(std::mem::replace(sum, *sum + count))).collect();
    let mut order = vec![0u32; targets.len()];
    let mut places = starts.clone();
    for (row, &target) in targets.iter().enumerate() {
        let place = &mut places[target as usize];
        order[*place] = row as u32;
        *place += 1;
    }
    let order = UInt32Array::from(order);
    let part = |target: usize| match counts[target] {
        0 => None,
        len if len == delta.len() => Some((target, delta.clone().into())),
        len => Some((target, Portion::of(delta.clone(), order.slice(starts[target], len)))),
    };
    (0..workers).filter_map(part).collect()
}

/// Of `delta`, which every worker has, the rows that `partition` assigns to worker `me`: those that [`scatter`] would send to it.
pub(super) fn own(delta: &Batch, partition: &Partition, me: usize, workers: usize) -> Batch {
    let key = match partition {
        Partition::Key(key) if !delta.is_empty() => key,
        _ if me == 0 => return delta.clone(),
        _ => return Batch::none(),
    };
    let hashes = hashes(delta, key);
    let mut rows = vec![0u32; hashes.len()];
    let mut count = 0;
    for (row, &hash) in hashes.iter().enumerate() {
        // No branch on what nobody can foresee.
        rows[count] = row as u32;
        count += usize::from(keys::part(hash, workers) == me);
    }
    rows.truncate(count);
    if count == delta.len() { delta.clone() } else { delta.select(rows.into(), workers) }
}

fn hashes(delta: &Batch, key: &[usize]) -> Vec<u64> {
    let columns: Vec<_> = key.iter().map(|&k| Arc::clone(delta.column(k))).collect();
    delta.layout(key).hashes(&columns, delta.len())
}

#[cfg(test)]
mod tests {
    use arrow_array::{Int64Array, StringArray};

    use super::*;

    #[test]
    fn own_rows_are_those_that_would_be_sent() {
        let ids = Int64Array::from_iter((0..1000).map(|i| (i % 7 != 0).then_some(i / 3)));
        let names = StringArray::from_iter_values((0..1000).map(|i| format!("name {}", i % 50)));
        let weights: Vec<i64> = (0..1000).map(|i| if i % 5 == 0 { -1 } else { 1 }).collect();
        let numbers = Int64Array::from_iter_values((0..1000).map(|i| i / 5 - 50));
        let delta = Batch::weighted(vec![Arc::new(ids), Arc::new(names), Arc::new(numbers)], weights);
        let keys = delta.layout(&[2]).encode(&[delta.column(2).clone()], delta.len());
        assert_eq!(hashes(&delta, &[2]), keys.hashes());
        let partitions = [vec![0], vec![1, 0], vec![2]].map(Partition::Key).into_iter().chain([Partition::One]);
        let partitions: Vec<Partition> = partitions.collect();
        for (partition, workers) in partitions.iter().flat_map(|p| [1, 2, 3, 8].map(|workers| (p, workers))) {
            let mut sent = vec![Batch::none(); workers];
            for (target, portion) in scatter(&delta, partition, 0, workers) {
                sent[target] = portion.gathered();
            }
            for (me, sent) in sent.iter().enumerate() {
                let own = own(&delta, partition, me, workers);
                assert_eq!(own.columns(), sent.columns(), "{partition:?}, worker {me} of {workers}");
                assert_eq!(own.weights_buffer(), sent.weights_buffer());
            }
        }
    }
}
