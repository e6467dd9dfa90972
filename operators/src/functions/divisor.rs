//! Division by a number that stays the same: a multiplication and a shift in place of the processor's division.
//!
//! Source: Granlund and Montgomery, "Division by Invariant Integers using Multiplication" (PLDI 1994), section 5.

/// A divisor other than 0, 1 and −1.
#[derive(Clone, Copy, Debug)]
pub struct Divisor {
    by: i64,
    /// 2^(64 + shift) / |by|, rounded up, with the sign of `by`; modulo 2⁶⁴.
    factor: i64,
    shift: u32,
    /// What makes up for a factor beyond 63 bits: the dividend, times this.
    correction: i64,
}

impl Divisor {
    /// `None` for 0, 1 and −1: the first has no quotients, −1 one that overflows.
    pub fn new(by: i64) -> Option<Divisor> {
        if matches!(by, -1..=1) {
            return None;
        }
        let size = u128::from(by.unsigned_abs());
        // The largest dividend, of the sign that has the larger ones, that leaves the largest remainder.
        let bound = (1u128 << 63) + u128::from(by < 0);
        let hardest = bound - 1 - bound % size;
        let excess = |power: u32| size - (1u128 << power) % size;
        let exact = |power: &u32| 1u128 << power > hardest * excess(*power);
        let power = (64..127).find(exact).unwrap_or_else(|| panic!("63 + log2(|divisor|) + 1 bits are enough"));
        let factor = ((1u128 << power) + excess(power)) / size;
        let factor = if by < 0 { (factor as i64).wrapping_neg() } else { factor as i64 };
        let correction = i64::from(by > 0 && factor < 0) - i64::from(by < 0 && factor > 0);
        Some(Divisor { by, factor, shift: power - 64, correction })
    }

    /// The quotient, rounded towards zero.
    #[inline(always)]
    pub fn quotient(&self, dividend: i64) -> i64 {
        let high = ((i128::from(dividend) * i128::from(self.factor)) >> 64) as i64;
        let shifted = high.wrapping_add(dividend.wrapping_mul(self.correction)) >> self.shift;
        shifted + i64::from(shifted < 0)
    }

    /// What is left, with the sign of the dividend.
    #[inline(always)]
    pub fn remainder(&self, dividend: i64) -> i64 {
        dividend.wrapping_sub(self.quotient(dividend).wrapping_mul(self.by))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edges() -> impl Strategy<Value = i64> {
        let powers = (0u32..64, -2i64..=2).prop_map(|(bit, off)| (1i64 << bit).wrapping_add(off));
        prop_oneof![any::<i64>(), powers, -1000i64..1000, Just(i64::MIN), Just(i64::MAX)]
    }

    proptest! {
        #[test]
        fn as_the_processor_divides(by in edges(), dividend in edges(), near in -2i64..=2) {
            let Some(divisor) = Divisor::new(by) else {
                prop_assert!((-1..=1).contains(&by));
                return Ok(());
            };
            // Dividends beside multiples of the divisor are the hard ones.
            let beside = (dividend - dividend % by).wrapping_add(near);
            for dividend in [dividend, beside, i64::MIN, i64::MAX, 0] {
                prop_assert_eq!(divisor.quotient(dividend), dividend / by, "{} / {}", dividend, by);
                prop_assert_eq!(divisor.remainder(dividend), dividend % by, "{} % {}", dividend, by);
            }
        }
    }
}
