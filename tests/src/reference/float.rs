//! Exact sums of floats: every double is an integer times 2⁻¹⁰⁷⁴, so a sum is a large integer, rounded once at the end.

use num_bigint::{BigInt, Sign};

/// A sum of doubles without rounding.
#[derive(Clone, Debug, Default)]
pub struct ExactSum {
    units: BigInt,
    nans: i64,
    infinities: i64,
    minus_infinities: i64,
}

impl ExactSum {
    /// `a / b`·2^exponent, where `b` is not zero. What lies below 2⁻¹⁰⁷⁴ is cut off, but remembered where it decides a tie.
    pub fn ratio(a: &BigInt, b: &BigInt, exponent: i64) -> ExactSum {
        let shift = exponent + 1074;
        let (a, b) = if shift < 0 { (a.clone(), b << -shift) } else { (a << shift, b.clone()) };
        let (quotient, rest) = (&a / &b, &a % &b);
        let sign = if (a.sign() == Sign::Minus) == (b.sign() == Sign::Minus) { 1 } else { -1 };
        // A digit that is no zero behind 53 others, wherever there are so many.
        let sticky = if rest == BigInt::ZERO || &quotient % 2 != BigInt::ZERO { 0 } else { sign };
        ExactSum { units: quotient + sticky, ..ExactSum::default() }
    }

    /// The sum in units of 2⁻¹⁰⁷⁴. None where a value is not finite.
    pub fn units(&self) -> Option<&BigInt> {
        (self.nans == 0 && self.infinities == 0 && self.minus_infinities == 0).then_some(&self.units)
    }

    /// Adds `times` times `value`.
    pub fn add(&mut self, value: f64, times: i64) {
        if value.is_nan() {
            self.nans += times;
        } else if value == f64::INFINITY {
            self.infinities += times;
        } else if value == f64::NEG_INFINITY {
            self.minus_infinities += times;
        } else {
            let bits = value.to_bits();
            let exponent = (bits >> 52 & 0x7ff) as usize;
            let fraction = bits & ((1 << 52) - 1);
            let (mantissa, shift) = if exponent == 0 { (fraction, 0) } else { (fraction | 1 << 52, exponent - 1) };
            let units = (BigInt::from(mantissa) << shift) * times;
            self.units += if value.is_sign_negative() { -units } else { units };
        }
    }

    /// The double nearest to the sum, ties to even; infinite where it is out of range.
    pub fn round(&self) -> f64 {
        if self.nans > 0 || (self.infinities > 0 && self.minus_infinities > 0) {
            return f64::NAN;
        }
        if self.infinities > 0 {
            return f64::INFINITY;
        }
        if self.minus_infinities > 0 {
            return f64::NEG_INFINITY;
        }
        let magnitude = self.units.magnitude();
        let excess = magnitude.bits().saturating_sub(53);
        let mut mantissa = (magnitude >> excess).iter_u64_digits().next().unwrap_or(0);
        if excess > 0 {
            let rest = magnitude - ((magnitude >> excess) << excess);
            let half = num_bigint::BigUint::from(1u8) << (excess - 1);
            if rest > half || (rest == half && mantissa % 2 == 1) {
                mantissa += 1;
            }
        }
        // mantissa · 2^(excess − 1074), in steps that are each exact until the last, which may overflow to infinity.
        let mut value = mantissa as f64;
        let mut exponent = excess as i64 - 1074;
        while exponent > 0 {
            let step = exponent.min(1000);
            value *= 2f64.powi(step as i32);
            exponent -= step;
        }
        while exponent < 0 {
            // A sum below 2^-1022 has no more than 53 bits above 2^-1074: no step rounds.
            let step = (-exponent).min(500);
            value /= 2f64.powi(step as i32);
            exponent += step;
        }
        if self.units.sign() == Sign::Minus { -value } else { value }
    }
}

#[cfg(test)]
mod tests {
    use super::ExactSum;

    fn sum(values: &[f64]) -> f64 {
        let mut sum = ExactSum::default();
        values.iter().for_each(|v| sum.add(*v, 1));
        sum.round()
    }

    #[test]
    fn sums_are_rounded_once() {
        assert_eq!(sum(&[0.1, 0.2]), 0.1 + 0.2);
        assert_eq!(sum(&[1e300, 1.0, -1e300]), 1.0);
        assert_eq!(sum(&[1e16, 1.0, 1.0]), 1e16 + 2.0);
        assert_eq!(sum(&[9007199254740992.0, 1.0]), 9007199254740992.0);
        assert_eq!(sum(&[9007199254740992.0, 1.0, 1e-300]), 9007199254740994.0);
        assert_eq!(sum(&[f64::MIN_POSITIVE, -5e-324]), f64::MIN_POSITIVE - 5e-324);
        assert_eq!(sum(&[f64::MAX, f64::MAX]), f64::INFINITY);
        assert_eq!(sum(&[5e-324, 5e-324]), 1e-323);
        assert_eq!(sum(&[-1.5, 0.25]), -1.25);
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
    }

    #[test]
    fn what_is_taken_away_leaves_nothing() {
        let mut sum = ExactSum::default();
        for (value, times) in [(0.1, 3), (1e300, 1), (f64::NAN, 1), (1e300, -1), (0.1, -3), (f64::NAN, -1)] {
            sum.add(value, times);
        }
        assert_eq!(sum.round().to_bits(), 0);
    }
}
