//! Abomonation behind a safe face: the only unsafe code of the project, in a program that measures it and nothing else.
//!
//! See `docs/adr/0006-yardsticks-of-the-codec.md` for why it is here, and only here.

#![allow(unsafe_code)]

/// Rows as abomonation lays them out: the vector's header, then its memory as it is.
pub struct Entombed {
    /// 64-bit words, so that rows are aligned wherever the allocator puts the bytes.
    words: Vec<u64>,
}

impl Entombed {
    /// Encodes `rows`.
    pub fn new(rows: &Vec<(i64, f64)>) -> Entombed {
        let mut words = vec![0u64; abomonation::measure(rows).div_ceil(8)];
        let mut writer = bytes_of(&mut words);
        // SAFETY: rows of an i64 and an f64 have no padding, so every byte that is read is initialised.
        let written = unsafe { abomonation::encode(rows, &mut writer) };
        written.unwrap_or_else(|error| panic!("a buffer of the measured length is full: {error}"));
        Entombed { words }
    }

    /// Bytes.
    pub fn len(&self) -> usize {
        self.words.len() * 8
    }

    /// The rows, in place.
    pub fn rows(&mut self) -> &[(i64, f64)] {
        let bytes = bytes_of(&mut self.words);
        // SAFETY: the bytes are those that `new` wrote for the same type, aligned to 8, and any bits are an i64 and an f64.
        let decoded = unsafe { abomonation::decode::<Vec<(i64, f64)>>(bytes) };
        decoded.unwrap_or_else(|| panic!("bytes just encoded are whole")).0
    }
}

fn bytes_of(words: &mut [u64]) -> &mut [u8] {
    // SAFETY: any eight bytes are a u64, and any u64 is eight bytes.
    let (_, bytes, _) = unsafe { words.align_to_mut::<u8>() };
    bytes
}
