//! MD5 (RFC 1321), Base64 and hexadecimal: how bytes are digested, written and read.

use crate::value::EvalError;

/// The MD5 digest of `bytes`.
pub fn md5(bytes: &[u8]) -> [u8; 16] {
    const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut message = bytes.to_vec();
    message.push(0x80);
    message.resize(message.len().next_multiple_of(64) + if message.len() % 64 > 56 { 64 } else { 0 } - 8, 0);
    message.extend_from_slice(&((bytes.len() as u64).wrapping_mul(8)).to_le_bytes());
    let mut state: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in message.as_chunks::<64>().0 {
        let words: [u32; 16] = std::array::from_fn(|i| u32::from_le_bytes(std::array::from_fn(|j| block[4 * i + j])));
        let [mut a, mut b, mut c, mut d] = state;
        for i in 0..64 {
            let (mixed, word) = match i / 16 {
                0 => (b & c | !b & d, i),
                1 => (d & b | !d & c, (5 * i + 1) % 16),
                2 => (b ^ c ^ d, (3 * i + 5) % 16),
                _ => (c ^ (b | !d), 7 * i % 16),
            };
            // The table of the RFC: |sin(i + 1)| · 2³².
            let sine = (((i + 1) as f64).sin().abs() * 4_294_967_296.0) as u32;
            let sum = a.wrapping_add(mixed).wrapping_add(sine).wrapping_add(words[word]);
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[i / 16][i % 4]));
        }
        for (to, from) in state.iter_mut().zip([a, b, c, d]) {
            *to = to.wrapping_add(from);
        }
    }
    let mut digest = [0; 16];
    digest.as_chunks_mut::<4>().0.iter_mut().zip(state).for_each(|(to, from)| *to = from.to_le_bytes());
    digest
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Appends Base64, in lines of 76 characters as PostgreSQL breaks them.
pub fn write_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    for three in bytes.chunks(3) {
        if (out.len() - start) % 77 == 76 {
            out.push(b'\n');
        }
        let word = three.iter().enumerate().fold(0u32, |w, (i, b)| w | (*b as u32) << (16 - 8 * i));
        for i in 0..4 {
            out.push(if i <= three.len() { BASE64[(word >> (18 - 6 * i) & 63) as usize] } else { b'=' });
        }
    }
}

/// Reads Base64; blanks do not count.
///
/// # Errors
/// `22023` for another character or a wrong length.
pub fn read_base64(text: &str) -> Result<Vec<u8>, EvalError> {
    let bad = |message: String| EvalError { code: "22023", message };
    let (mut out, mut word, mut count) = (Vec::new(), 0u32, 0);
    let mut ended = false;
    for c in text.bytes().filter(|c| !c.is_ascii_whitespace()) {
        if c == b'=' {
            ended = true;
            continue;
        }
        let digit = BASE64.iter().position(|d| *d == c).filter(|_| !ended);
        let digit = digit
            .ok_or_else(|| bad(format!("invalid symbol \"{}\" found while decoding base64 sequence", c as char)))?;
        word = word << 6 | digit as u32;
        count += 1;
        if count == 4 {
            out.extend_from_slice(&word.to_be_bytes()[1..]);
            (word, count) = (0, 0);
        }
    }
    match count {
        0 => {}
        2 => out.push((word >> 4) as u8),
        3 => out.extend_from_slice(&[(word >> 10) as u8, (word >> 2) as u8]),
        _ => return Err(bad("invalid base64 end sequence".into())),
    }
    Ok(out)
}

/// Reads pairs of hexadecimal digits; blanks do not count.
///
/// # Errors
/// `22023` for another character or an odd number of digits.
pub fn read_hex(text: &str) -> Result<Vec<u8>, EvalError> {
    let digit = |c: char| {
        let message = format!("invalid hexadecimal digit: \"{c}\"");
        c.to_digit(16).map(|d| d as u8).ok_or(EvalError { code: "22023", message })
    };
    let digits = text.chars().filter(|c| !c.is_ascii_whitespace()).map(digit).collect::<Result<Vec<u8>, _>>()?;
    if digits.len() % 2 != 0 {
        let message = "invalid hexadecimal data: odd number of digits".into();
        return Err(EvalError { code: "22023", message });
    }
    Ok(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn md5_of_known_texts() {
        for (text, expected) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
        ] {
            let mut hex = Vec::new();
            crate::functions::text::write_hex(&mut hex, &md5(text.as_bytes()));
            assert_eq!(String::from_utf8(hex).unwrap(), expected);
        }
        for len in 50..70 {
            md5(&vec![b'x'; len]);
        }
    }

    #[test]
    fn base64_reads_what_it_writes() {
        for len in 0..200 {
            let bytes: Vec<u8> = (0..len).map(|i| (i * 37) as u8).collect();
            let mut text = Vec::new();
            write_base64(&mut text, &bytes);
            assert_eq!(read_base64(std::str::from_utf8(&text).unwrap()).unwrap(), bytes);
        }
        assert_eq!(read_base64("YQ=").unwrap(), b"a");
        assert!(read_base64("Y").is_err());
        assert!(read_base64("Y$==").is_err());
    }
}
