//! Cases as a proptest strategy, and the loop over seeds.

use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::{Case, Taste, smaller};

/// The case of `seed`, which shrinks.
pub fn cases(seed: u64, taste: &Taste) -> impl Strategy<Value = Case> {
    Cases { case: Case::new(seed, taste), shrink: true }
}

#[derive(Debug)]
struct Cases {
    case: Case,
    shrink: bool,
}

impl Strategy for Cases {
    type Tree = Tree;
    type Value = Case;

    fn new_tree(&self, _: &mut TestRunner) -> NewTree<Cases> {
        Ok(Tree { current: self.case.clone(), shrink: self.shrink, failing: None, candidates: Vec::new() })
    }
}

/// A case and the smaller ones still to be tried.
struct Tree {
    current: Case,
    shrink: bool,
    /// The smallest that is known to fail.
    failing: Option<Case>,
    /// Smaller than `failing`; the next to try last.
    candidates: Vec<Case>,
}

impl ValueTree for Tree {
    type Value = Case;

    fn current(&self) -> Case {
        self.current.clone()
    }

    /// The current case fails: try the first that is smaller.
    fn simplify(&mut self) -> bool {
        self.candidates = if self.shrink { smaller(&self.current) } else { Vec::new() };
        self.candidates.reverse();
        self.failing = Some(self.current.clone());
        self.complicate()
    }

    /// The current case holds: try the next that is smaller than the one that fails.
    fn complicate(&mut self) -> bool {
        match (self.candidates.pop(), &self.failing) {
            (Some(candidate), _) => {
                self.current = candidate;
                true
            }
            (None, Some(failing)) => {
                self.current = failing.clone();
                false
            }
            (None, None) => false,
        }
    }
}

/// Runs `law` on `cases` cases (times `DELTAQ_CASES` in percent, if set), or on the one of `DELTAQ_SEED`.
///
/// # Panics
/// With the smallest case found for which the law fails, and the command that shows it again.
pub fn check(name: &str, cases: u64, taste: Taste, law: impl Fn(&Case) -> Result<(), String>) {
    check_made(name, cases, &|seed| Case::new(seed, &taste), true, law);
}

/// As [`check`], for cases made by `make`. Those that would lose their form by shrinking do not shrink.
///
/// # Panics
/// As [`check`].
pub fn check_made(
    name: &str,
    cases: u64,
    make: &dyn Fn(u64) -> Case,
    shrink: bool,
    law: impl Fn(&Case) -> Result<(), String>,
) {
    let one = std::env::var("DELTAQ_SEED").ok().map(|s| s.parse::<u64>().expect("DELTAQ_SEED is a number"));
    let percent =
        std::env::var("DELTAQ_CASES").map_or(100, |s| s.parse::<u64>().expect("DELTAQ_CASES is a percentage"));
    let from = std::env::var("DELTAQ_FROM").map_or(0, |s| s.parse::<u64>().expect("DELTAQ_FROM is a number"));
    let seeds = match one {
        Some(seed) => seed..seed + 1,
        None => from..from + (cases * percent / 100).max(1),
    };
    for seed in seeds {
        let config = Config { cases: 1, failure_persistence: None, max_shrink_iters: 4000, ..Config::default() };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(config, rng);
        let result = runner.run(&Cases { case: make(seed), shrink }, |case| law(&case).map_err(TestCaseError::fail));
        match result {
            Ok(()) => {}
            Err(TestError::Fail(reason, case)) => panic!(
                "{name} does not hold.\nSee it again: DELTAQ_SEED={seed} cargo test -p deltaq-tests {name}\n\n{case}\n{reason}"
            ),
            Err(TestError::Abort(reason)) => panic!("{name}, seed {seed}: {reason}"),
        }
    }
}
