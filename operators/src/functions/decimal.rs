//! Arithmetic of decimals: 128-bit digits with a scale in the type, and products and quotients through 256 bits.
//!
//! Result types, for DECIMAL(p,s) and DECIMAL(q,r), i = p − s and j = q − r digits before the point:
//!
//! | | scale | precision |
//! |---|---|---|
//! | `+` `-` | max(s, r) | max(i, j) + scale + 1 |
//! | `*` | s + r | p + q |
//! | `/` | max(16, s + q + 1) | i + r + scale |
//! | `%` | max(s, r) | min(i, j) + scale |
//!
//! A precision above 38 becomes 38. Sums keep their scale then. A product keeps the larger of min(scale, 6) and the
//! scale that leaves max(i, j) digits before the point, a quotient the larger of 16 (as PostgreSQL shows) and what its digits before the point
//! leave. Results are rounded half away from zero, and one that does not fit is an error
//! (22003), so a result is PostgreSQL's wherever this many places hold it.

use crate::functions::numbers::POW10;

/// Type of a sum or difference.
pub fn sum_type((p, s): (u8, u8), (q, r): (u8, u8)) -> (u8, u8) {
    let scale = s.max(r);
    (((p - s).max(q - r) + scale + 1).min(38), scale)
}

/// Type of a product.
pub fn product_type((p, s): (u8, u8), (q, r): (u8, u8)) -> (u8, u8) {
    let scale = s + r;
    if p + q <= 38 {
        return (p + q, scale);
    }
    let whole = (p - s).max(q - r);
    (38, scale.min(6).max(scale.min(38 - whole)))
}

/// Type of a quotient.
pub fn quotient_type((p, s): (u8, u8), (q, r): (u8, u8)) -> (u8, u8) {
    let (scale, whole) = ((s + q + 1).max(16), p - s + r);
    if whole + scale <= 38 { (whole + scale, scale) } else { (38, 38u8.saturating_sub(whole).max(16)) }
}

/// Type of a remainder.
pub fn remainder_type((p, s): (u8, u8), (q, r): (u8, u8)) -> (u8, u8) {
    let scale = s.max(r);
    (((p - s).min(q - r) + scale).clamp(1, 38), scale)
}

/// Whether `value` has at most `precision` digits.
#[inline]
pub fn fits(value: i128, precision: u8) -> bool {
    value.unsigned_abs() < POW10[precision as usize].unsigned_abs()
}

/// `a / b`, rounded half away from zero; None if b is 0.
#[inline]
pub fn div_round(a: i128, b: i128) -> Option<i128> {
    if let (Ok(a), Ok(b)) = (i64::try_from(a), i64::try_from(b)) {
        let (quotient, rest) = (a.checked_div(b)?, a.checked_rem(b)?);
        let up = rest.unsigned_abs() >= b.unsigned_abs() - rest.unsigned_abs();
        return Some((quotient + if up { if (a < 0) == (b < 0) { 1 } else { -1 } } else { 0 }) as i128);
    }
    let (quotient, rest) = (a.checked_div(b)?, a.checked_rem(b)?);
    let up = rest.unsigned_abs() >= b.unsigned_abs() - rest.unsigned_abs();
    Some(quotient + if up { if (a < 0) == (b < 0) { 1 } else { -1 } } else { 0 })
}

/// `value` with `from` places as one with `to` places, rounded half away from zero; None if it overflows.
#[inline]
pub fn rescale(value: i128, from: u8, to: u8) -> Option<i128> {
    if to >= from {
        value.checked_mul(POW10[(to - from) as usize])
    } else {
        div_round(value, POW10[(from - to) as usize])
    }
}

/// `a * b / 10^down`, rounded half away from zero; None if it overflows.
pub fn mul_down(a: i128, b: i128, down: u8) -> Option<i128> {
    let power = POW10[down as usize];
    if let Some(product) = a.checked_mul(b) {
        return div_round(product, power);
    }
    let magnitude = divide_wide(multiply_wide(a.unsigned_abs(), b.unsigned_abs()), power.unsigned_abs())?;
    signed(magnitude, (a < 0) != (b < 0))
}

/// `a * 10^up / b`, rounded half away from zero; None if it overflows. `b` is not 0.
pub fn div_up(a: i128, b: i128, up: u8) -> Option<i128> {
    if up <= 38
        && let Some(numerator) = a.checked_mul(POW10[up as usize])
    {
        return div_round(numerator, b);
    }
    // 10^up in factors within 128 bits.
    let (mut numerator, mut left) = (a.unsigned_abs(), up);
    while left > 38 {
        numerator = numerator.checked_mul(10)?;
        left -= 1;
    }
    let magnitude = divide_wide(multiply_wide(numerator, POW10[left as usize].unsigned_abs()), b.unsigned_abs())?;
    signed(magnitude, (a < 0) != (b < 0))
}

fn signed(magnitude: u128, minus: bool) -> Option<i128> {
    let value = i128::try_from(magnitude).ok()?;
    Some(if minus { -value } else { value })
}

/// High and low half of a product.
fn multiply_wide(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let (a1, a0, b1, b0) = (a >> 64, a & LOW, b >> 64, b & LOW);
    let low = a0 * b0;
    let (mid, carry) = (a1 * b0).overflowing_add(a0 * b1);
    let (low, carry_low) = low.overflowing_add(mid << 64);
    (a1 * b1 + (mid >> 64) + ((carry as u128) << 64) + carry_low as u128, low)
}

/// A 256-bit number divided by `by`, rounded half up; None if the quotient takes more than 128 bits.
fn divide_wide((high, low): (u128, u128), by: u128) -> Option<u128> {
    if high >= by {
        return None;
    }
    let (mut rest, mut quotient) = (high, 0u128);
    for bit in (0..128).rev() {
        let carry = rest >> 127 != 0;
        rest = rest << 1 | (low >> bit & 1);
        if carry || rest >= by {
            rest = rest.wrapping_sub(by);
            quotient |= 1 << bit;
        }
    }
    quotient.checked_add((rest >= by - rest) as u128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_products_and_quotients_agree_with_narrow_ones() {
        let mut state = 1u64;
        let mut next = |bits: u32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = (state as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
            value >> (128 - bits)
        };
        for _ in 0..10_000 {
            let (a, b) = (next(60), next(60));
            assert_eq!(multiply_wide(a, b), (0, a * b));
            let (a, b) = (next(127), next(100) | 1);
            let (high, low) = multiply_wide(a, b);
            assert_eq!(divide_wide((high, low), b), Some(a));
            assert_eq!(divide_wide((0, a), b), Some(a / b + (a % b >= b - a % b) as u128));
        }
        assert_eq!(divide_wide((1, 0), 1), None);
    }

    #[test]
    fn rounds_half_away_from_zero() {
        for (a, b, expected) in
            [(5, 2, 3), (-5, 2, -3), (5, -2, -3), (4, 3, 1), (-4, 3, -1), (1, 2, 1), (i128::MAX, 2, i128::MAX / 2 + 1)]
        {
            assert_eq!(div_round(a, b), Some(expected), "{a}/{b}");
        }
        assert_eq!(div_round(1, 0), None);
        assert_eq!(rescale(-125, 2, 1), Some(-13));
        assert_eq!(mul_down(POW10[38] - 1, POW10[38] - 1, 38), Some(POW10[38] - 2));
        assert_eq!(div_up(-(POW10[38] - 1), POW10[37], 10), Some(-99_999_999_999 - 1));
    }
}
