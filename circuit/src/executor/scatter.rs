//! Which rows of a delta go to which worker.

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
    let columns: Vec<_> = key.iter().map(|&k| Arc::clone(delta.column(k))).collect();
    let hashes = delta.layout(key).encode(&columns, delta.len()).hashes();
    let targets: Vec<u32> = hashes.iter().map(|&hash| keys::part(hash, workers) as u32).collect();
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
