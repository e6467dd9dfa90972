//! Epochs that overlap on several workers, each told as one worker tells it that does one after the other.

use deltaq_circuit::RuntimeConfig;
use deltaq_tests::flight::{Flight, Told};
use deltaq_tests::generate::{Case, Dice, Step, Taste, check};

/// Changes in many epochs, most of one row.
fn tiny(steps: &[Step], dice: &mut Dice) -> Vec<Step> {
    let mut out: Vec<Step> = Vec::new();
    for step in steps {
        if dice.chance(30) {
            out.push(step.clone());
            continue;
        }
        out.extend(step.iter().flat_map(|(table, rows)| rows.iter().map(|row| vec![(*table, vec![row.clone()])])));
        if dice.chance(20) {
            out.push(Step::new());
        }
    }
    out
}

/// Submits everything; views come before the first epoch or while epochs are under way, and the last may go.
fn fly(case: &Case, steps: &[Step], config: RuntimeConfig, mut dice: Dice, polls: u64) -> (Vec<Vec<Told>>, String) {
    let mut flight = Flight::new(case, config);
    let mut waiting = case.views.len();
    let mut polls = Dice::new(polls);
    for step in steps {
        while waiting > 0 && dice.chance(60) {
            flight.create_view(case);
            waiting -= 1;
        }
        flight.step(step);
        if waiting == 0 && dice.chance(5) {
            flight.drop_view();
        }
        if polls.chance(20) {
            flight.poll();
        }
    }
    flight.land()
}

fn overlaps(case: &Case, workers: &[usize]) -> Result<(), String> {
    let mut dice = Dice::new(case.epochs.len() as u64);
    let steps = tiny(&case.steps(), &mut dice);
    let alone = RuntimeConfig { workers: 1, epochs_in_flight: 1, serialize: false };
    let (expected, _) = fly(case, &steps, alone, dice.clone(), 0);
    for (nth, &workers) in workers.iter().enumerate() {
        let config =
            RuntimeConfig { workers, epochs_in_flight: [3, 16, 64][nth % 3], serialize: (workers + nth) % 2 == 0 };
        let (told, circuit) = fly(case, &steps, config.clone(), dice.clone(), nth as u64);
        if let Some(epoch) = (0..expected.len().max(told.len())).find(|e| expected.get(*e) != told.get(*e)) {
            let (expected, told) = (expected.get(epoch), told.get(epoch));
            return Err(format!("{config:?}, epoch {}:\n{expected:#?}\n{told:#?}\n{circuit}", epoch + 1));
        }
    }
    Ok(())
}

#[test]
fn each_epoch_is_told_alike() {
    check("each_epoch_is_told_alike", 60, Taste::tame(), |case| overlaps(case, &[2, 3, 4]));
}

#[test]
fn each_epoch_is_told_alike_where_rows_fail() {
    check("each_epoch_is_told_alike_where_rows_fail", 40, Taste::wild(), |case| overlaps(case, &[2, 3]));
}
