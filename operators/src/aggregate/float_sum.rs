//! Exact sums of floats: the order of additions and retractions leaves no trace.
//!
//! A float is m·2^e with an integer m of 53 bits. A sum keeps integers: one i128 in units of 2^e₀, where e₀ follows the
//! data, and for values that do not fit beside it a few further ones, each for a band of 64 exponents. The value is
//! rounded once, when it is read. (Kulisch's long accumulator, kept sparse.)

use std::collections::BTreeMap;

use num_bigint::BigInt;

use super::dyadic::Dyadic;

/// Exponents a band spans.
const BAND: i32 = 64;
/// The units in which the first number of a sum is kept lie this far below it, so that smaller ones fit too.
const BELOW: i32 = 24;
/// An accumulator past this is carried into the next band.
const LIMIT: i128 = 1 << 124;

/// A sum of weighted floats, exact.
#[derive(Clone, Debug, Default)]
pub struct FloatSum {
    /// The sum in units of 2^unit.
    main: i128,
    unit: i32,
    rest: Option<Box<Rest>>,
}

#[derive(Clone, Debug, Default)]
struct Rest {
    /// Sums by band, in units of 2^(BAND · band).
    bands: BTreeMap<i32, i128>,
    nans: i64,
    infinities: i64,
    negative_infinities: i64,
}

impl Rest {
    fn is_zero(&self) -> bool {
        self.bands.is_empty() && self.nans == 0 && self.infinities == 0 && self.negative_infinities == 0
    }

    /// Adds `amount`·2^exponent, exactly: split at the band's border, carried upwards where a band is full.
    fn add(&mut self, amount: i128, exponent: i32) {
        let band = exponent.div_euclid(BAND);
        let shift = exponent.rem_euclid(BAND) as u32;
        // amount · 2^shift takes up to three bands. Its parts have its sign, so that the opposite amount cancels each of them.
        let sign = amount.signum();
        let (low, high) = (amount.unsigned_abs() << shift, amount.unsigned_abs().checked_shr(128 - shift).unwrap_or(0));
        for (up, part) in [low as u64, (low >> BAND) as u64, high as u64].into_iter().enumerate() {
            if part != 0 {
                self.carry(band + up as i32, sign * i128::from(part));
            }
        }
    }

    fn carry(&mut self, band: i32, amount: i128) {
        let sum = self.bands.entry(band).or_insert(0);
        *sum += amount;
        let over = if sum.unsigned_abs() >= LIMIT as u128 { *sum >> BAND } else { 0 };
        *sum -= over << BAND;
        if *sum == 0 {
            self.bands.remove(&band);
        }
        if over != 0 {
            self.carry(band + 1, over);
        }
    }
}

impl FloatSum {
    /// Adds `weight` copies of `value`.
    #[inline]
    pub fn add(&mut self, value: f64, weight: i64) {
        let bits = value.to_bits();
        let field = ((bits >> 52) & 0x7FF) as i32;
        let fraction = (bits & ((1 << 52) - 1)) as i128;
        if field == 0x7FF {
            return self.add_special(value, weight);
        }
        let (mantissa, exponent) = if field == 0 { (fraction, -1074) } else { (fraction | 1 << 52, field - 1075) };
        if mantissa == 0 {
            return;
        }
        let amount = mantissa * i128::from(weight) * if value < 0.0 { -1 } else { 1 };
        if self.main == 0 {
            self.unit = exponent - BELOW;
        }
        let shift = exponent - self.unit;
        if (0..=40).contains(&shift) && weight.unsigned_abs() < 1 << 20 {
            let sum = self.main + (amount << shift);
            if sum.unsigned_abs() < LIMIT as u128 {
                self.main = sum;
                return;
            }
        }
        self.add_rest(amount, exponent);
    }

    /// Adds `weight` copies of `a`·`b`, which is not rounded.
    ///
    /// # Panics
    /// If either is not finite.
    pub(super) fn add_product(&mut self, a: f64, b: f64, weight: i64) {
        assert!(a.is_finite() && b.is_finite(), "the product of {a} and {b} is no number");
        let ((a, of_a), (b, of_b)) = (parts(a), parts(b));
        let product = a * b;
        if product == 0 {
            return;
        }
        // The product of two numbers of few bits has few bits. Its parts have its sign, as those of a band.
        let zeros = product.trailing_zeros();
        let (magnitude, exponent) = (product.unsigned_abs() >> zeros, of_a + of_b + zeros as i32);
        let part = |bits: u128| product.signum() * bits as i128;
        let (low, high) = (part(magnitude & ((1 << 53) - 1)), part(magnitude >> 53));
        if self.main == 0 {
            self.unit = exponent - BELOW;
        }
        let shift = exponent - self.unit;
        if high == 0 && (0..=40).contains(&shift) && weight.unsigned_abs() < 1 << 20 {
            let sum = self.main + ((low * i128::from(weight)) << shift);
            if sum.unsigned_abs() < LIMIT as u128 {
                self.main = sum;
                return;
            }
        }
        for (part, exponent) in [(low, exponent), (high, exponent + 53)] {
            if part != 0 {
                self.add_rest(part * i128::from(weight), exponent);
            }
        }
    }

    /// The sum without rounding. None if a value in it is not finite.
    pub(super) fn exact(&self) -> Option<Dyadic> {
        let Some(rest) = &self.rest else { return Some(Dyadic::new(self.main.into(), self.unit)) };
        if rest.nans > 0 || rest.infinities > 0 || rest.negative_infinities > 0 {
            return None;
        }
        let lowest = rest.bands.keys().next().map_or(self.unit, |band| (band * BAND).min(self.unit));
        let of = |sum: i128, exponent: i32| BigInt::from(sum) << (exponent - lowest) as usize;
        let bands = rest.bands.iter().map(|(band, sum)| of(*sum, band * BAND));
        Some(Dyadic::new(bands.fold(of(self.main, self.unit), |a, b| a + b), lowest))
    }

    fn add_special(&mut self, value: f64, weight: i64) {
        let rest = self.rest.get_or_insert_default();
        match value {
            f64::INFINITY => rest.infinities += weight,
            f64::NEG_INFINITY => rest.negative_infinities += weight,
            _ => rest.nans += weight,
        }
        if rest.is_zero() {
            self.rest = None;
        }
    }

    fn add_rest(&mut self, amount: i128, exponent: i32) {
        let rest = self.rest.get_or_insert_default();
        rest.add(amount, exponent);
        if rest.is_zero() {
            self.rest = None;
        }
    }

    /// The sum, rounded to the nearest float (ties to even). Finite values whose sum is not give None: out of range.
    pub fn value(&self) -> Option<f64> {
        let Some(rest) = &self.rest else {
            return finite(round(self.main.unsigned_abs(), self.unit, false), self.main < 0);
        };
        if rest.nans > 0 || (rest.infinities > 0 && rest.negative_infinities > 0) {
            return Some(f64::NAN);
        }
        if rest.infinities > 0 {
            return Some(f64::INFINITY);
        }
        if rest.negative_infinities > 0 {
            return Some(f64::NEG_INFINITY);
        }
        let mut all = rest.clone();
        all.add(self.main, self.unit);
        let (digits, lowest, negative) = digits(&all.bands);
        finite(round_digits(&digits, lowest), negative)
    }

    /// Whether nothing is left of all that was added.
    pub fn is_zero(&self) -> bool {
        self.main == 0 && self.rest.is_none()
    }

    /// Bytes beside the struct itself.
    pub fn extra_bytes(&self) -> usize {
        self.rest.as_ref().map_or(0, |r| size_of::<Rest>() + r.bands.len() * 32)
    }

    /// Appends the state to `bytes`.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.main.to_le_bytes());
        bytes.extend_from_slice(&self.unit.to_le_bytes());
        let empty = Rest::default();
        let rest = self.rest.as_deref().unwrap_or(&empty);
        for count in [rest.nans, rest.infinities, rest.negative_infinities, rest.bands.len() as i64] {
            bytes.extend_from_slice(&count.to_le_bytes());
        }
        for (band, sum) in &rest.bands {
            bytes.extend_from_slice(&band.to_le_bytes());
            bytes.extend_from_slice(&sum.to_le_bytes());
        }
    }

    /// Takes the state that [`FloatSum::write`] appended off the front of `bytes`.
    ///
    /// # Errors
    /// None if `bytes` are too short.
    pub fn read(bytes: &mut &[u8]) -> Option<FloatSum> {
        let main = i128::from_le_bytes(super::take(bytes)?);
        let unit = i32::from_le_bytes(super::take(bytes)?);
        let mut counts = [0i64; 4];
        for count in &mut counts {
            *count = i64::from_le_bytes(super::take(bytes)?);
        }
        let [nans, infinities, negative_infinities, len] = counts;
        let mut rest = Rest { bands: BTreeMap::new(), nans, infinities, negative_infinities };
        for _ in 0..len {
            let band = i32::from_le_bytes(super::take(bytes)?);
            rest.bands.insert(band, i128::from_le_bytes(super::take(bytes)?));
        }
        let rest = (!rest.is_zero()).then(|| Box::new(rest));
        Some(FloatSum { main, unit, rest })
    }
}

fn finite(value: f64, negative: bool) -> Option<f64> {
    value.is_finite().then_some(if negative { -value } else { value })
}

/// The sum of all bands as one number: 64-bit digits from the lowest band up, and its sign.
fn digits(bands: &BTreeMap<i32, i128>) -> (Vec<u64>, i32, bool) {
    let (Some((&lowest, _)), Some((&highest, _))) = (bands.first_key_value(), bands.last_key_value()) else {
        return (Vec::new(), 0, false);
    };
    let mut digits = Vec::new();
    let mut carry = 0i128;
    for band in lowest..=highest + 3 {
        let sum = bands.get(&band).copied().unwrap_or(0) + carry;
        digits.push(sum as u64);
        carry = sum >> 64;
    }
    let negative = carry < 0;
    if negative {
        // two's complement
        let mut one = true;
        for digit in &mut digits {
            let (flipped, over) = (!*digit).overflowing_add(u64::from(one));
            *digit = flipped;
            one = over;
        }
    }
    (digits, lowest, negative)
}

fn round_digits(digits: &[u64], lowest: i32) -> f64 {
    let Some(top) = digits.iter().rposition(|d| *d != 0) else { return 0.0 };
    let high = u128::from(digits[top]) << 64 | if top > 0 { u128::from(digits[top - 1]) } else { 0 };
    let sticky = digits[..top.saturating_sub(1)].iter().any(|d| *d != 0);
    round(high, (lowest + top as i32 - 1) * BAND, sticky)
}

/// A finite float as `mantissa`·2^exponent.
fn parts(value: f64) -> (i128, i32) {
    let bits = value.to_bits();
    let (field, fraction) = (((bits >> 52) & 0x7FF) as i32, (bits & ((1 << 52) - 1)) as i128);
    let (mantissa, exponent) = if field == 0 { (fraction, -1074) } else { (fraction | 1 << 52, field - 1075) };
    (if value < 0.0 { -mantissa } else { mantissa }, exponent)
}

/// `magnitude`·2^unit as the nearest float, ties to even; `sticky`: a little more than that.
pub(super) fn round(magnitude: u128, unit: i32, sticky: bool) -> f64 {
    if magnitude == 0 {
        return 0.0;
    }
    let bits = 128 - magnitude.leading_zeros() as i32;
    // Keep 53 bits, or fewer where the result is subnormal.
    let drop = (bits - 53).max(-1074 - unit);
    let (mut mantissa, exponent) = if drop <= 0 {
        (magnitude, unit)
    } else if drop > 127 {
        (0, unit + drop)
    } else {
        let kept = magnitude >> drop;
        let half = 1u128 << (drop - 1);
        let below = magnitude & ((half << 1) - 1);
        let up = below > half || (below == half && (sticky || kept & 1 == 1));
        (kept + u128::from(up), unit + drop)
    };
    // mantissa ≤ 2^53 from here on where bits were dropped; shift out trailing zeros so that the scaling is exact.
    let mut exponent = exponent;
    while mantissa >= 1 << 53 {
        mantissa >>= 1;
        exponent += 1;
    }
    scale(mantissa as f64, exponent)
}

/// `value`·2^exponent, exact where representable; infinite where too large.
fn scale(mut value: f64, mut exponent: i32) -> f64 {
    while exponent > 1000 && value.is_finite() {
        value *= 2f64.powi(1000);
        exponent -= 1000;
    }
    while exponent < -1000 && value != 0.0 {
        value *= 2f64.powi(-500);
        exponent += 500;
    }
    value * 2f64.powi(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(values: &[f64]) -> FloatSum {
        let mut sum = FloatSum::default();
        values.iter().for_each(|v| sum.add(*v, 1));
        sum
    }

    #[test]
    fn rounds_once() {
        assert_eq!(sum(&[1e16, 1.0, -1e16]).value(), Some(1.0));
        assert_eq!(sum(&[1e308, 1e308, -1e308]).value(), Some(1e308));
        assert_eq!(sum(&[1e308, 1e308]).value(), None);
        assert_eq!(sum(&[5e-324, 5e-324]).value(), Some(1e-323));
        assert_eq!(sum(&[0.1, 0.2, 0.3]).value(), Some(0.6));
        assert_eq!(sum(&[f64::MIN_POSITIVE, -5e-324]).value(), Some(f64::MIN_POSITIVE - 5e-324));
        assert_eq!(sum(&[1e300, 1e-300, -1e300]).value(), Some(1e-300));
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).value().is_some_and(f64::is_nan));
    }

    fn any_float() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<f64>().prop_filter("finite", |v| v.is_finite()),
            -1e3..1e3f64,
            prop::sample::select(vec![0.0, -0.0, 5e-324, f64::MAX / 4.0, 1e16, 0.1, -1.0]),
        ]
    }

    proptest! {
        #[test]
        fn order_and_history_leave_no_trace(
            values in prop::collection::vec((any_float(), 1i64..5), 0..40),
            noise in prop::collection::vec((any_float(), 1i64..5), 0..40),
        ) {
            let mut forward = FloatSum::default();
            values.iter().for_each(|(v, w)| forward.add(*v, *w));
            let mut backward = FloatSum::default();
            noise.iter().for_each(|(v, w)| backward.add(*v, *w));
            values.iter().rev().for_each(|(v, w)| backward.add(*v, *w));
            noise.iter().for_each(|(v, w)| backward.add(*v, -w));
            prop_assert_eq!(forward.value().map(f64::to_bits), backward.value().map(f64::to_bits));
            values.iter().for_each(|(v, w)| backward.add(*v, -w));
            prop_assert_eq!(backward.value(), Some(0.0));
        }

        #[test]
        fn two_numbers_add_as_the_processor_adds_them(a in any_float(), b in any_float()) {
            let exact = sum(&[a, b]).value();
            prop_assert_eq!(exact.unwrap_or(f64::INFINITY).abs(), (a + b).abs());
        }

        #[test]
        fn state_survives_writing(values in prop::collection::vec(any_float(), 0..20)) {
            let before = sum(&values);
            let mut bytes = Vec::new();
            before.write(&mut bytes);
            let after = FloatSum::read(&mut bytes.as_slice());
            prop_assert_eq!(after.and_then(|s| s.value()), before.value());
        }
    }
}
