//! A hash for keys that nobody chose to collide.

use std::hash::{BuildHasherDefault, Hasher};

/// A hash map by it.
pub type Map<K, V> = hashbrown::HashMap<K, V, BuildHasherDefault<Mix>>;

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Words folded by multiplication.
#[derive(Clone, Copy, Default)]
pub struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, word: u64) {
        let wide = u128::from(self.0 ^ word) * u128::from(FACTOR);
        self.0 = (wide as u64) ^ ((wide >> 64) as u64);
    }

    fn write_i64(&mut self, word: i64) {
        self.write_u64(word as u64);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.write_u64(u64::from_le_bytes(*word)));
        let mut last = [0u8; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.write_u64(u64::from_le_bytes(last) ^ ((bytes.len() as u64) << 56));
    }
}

/// The hash of a text and a number.
pub fn text_and_number(text: &str, number: i64) -> u64 {
    let mut hash = Mix(number as u64);
    hash.write(text.as_bytes());
    hash.finish()
}
