//! Integers times powers of two: what sums, differences and products of floats are, exactly.

use num_bigint::{BigInt, BigUint, Sign};

/// `digits`·2^exponent.
#[derive(Clone, Debug)]
pub(super) struct Dyadic {
    digits: BigInt,
    exponent: i32,
}

impl Dyadic {
    pub(super) fn new(digits: BigInt, exponent: i32) -> Dyadic {
        Dyadic { digits, exponent }
    }

    pub(super) fn integer(value: i64) -> Dyadic {
        Dyadic::new(value.into(), 0)
    }

    pub(super) fn is_zero(&self) -> bool {
        self.digits.sign() == Sign::NoSign
    }

    pub(super) fn is_negative(&self) -> bool {
        self.digits.sign() == Sign::Minus
    }

    pub(super) fn times(&self, other: &Dyadic) -> Dyadic {
        Dyadic::new(&self.digits * &other.digits, self.exponent + other.exponent)
    }

    pub(super) fn minus(&self, other: &Dyadic) -> Dyadic {
        let exponent = self.exponent.min(other.exponent);
        let in_units = |of: &Dyadic| &of.digits << (of.exponent - exponent) as usize;
        Dyadic::new(in_units(self) - in_units(other), exponent)
    }

    /// The float nearest to `self / divisor`, ties to even. None if it is out of range.
    ///
    /// # Panics
    /// If the divisor is zero.
    pub(super) fn over(&self, divisor: &Dyadic) -> Option<f64> {
        let (a, b) = (self.digits.magnitude(), divisor.digits.magnitude());
        // 64 bits or more of the quotient, and whether there is more behind them.
        let shift = (b.bits() + 66).saturating_sub(a.bits());
        let scaled = a << shift;
        let (quotient, rest) = (&scaled / b, &scaled % b);
        let mut exponent = self.exponent - divisor.exponent - shift as i32;
        let excess = quotient.bits().saturating_sub(128);
        let kept: BigUint = &quotient >> excess;
        let sticky = rest != BigUint::ZERO || (&kept << excess) != quotient;
        exponent += excess as i32;
        let digits = kept.iter_u64_digits().rev().fold(0u128, |all, digit| all << 64 | u128::from(digit));
        let magnitude = super::float_sum::round(digits, exponent, sticky);
        let negative = self.is_negative() != divisor.is_negative();
        magnitude.is_finite().then_some(if negative && magnitude != 0.0 { -magnitude } else { magnitude })
    }
}
