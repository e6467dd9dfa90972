//! Bytes of any length by slot.

/// Bytes by slot, in segments: growing copies nothing. Freed bytes are reclaimed when they outweigh the live ones.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    /// Where a slot's bytes are: the segment in the high half, the place in it in the low one.
    places: Vec<u64>,
    lengths: Vec<u32>,
    segments: Vec<Vec<u8>>,
    /// Bytes in all segments, those of freed slots among them.
    used: usize,
    dead: usize,
}

/// The first segment has so many bytes, every further one twice as many as that before it …
const SEGMENT_MIN: usize = 4 << 10;
/// … up to this.
const SEGMENT_MAX: usize = 1 << 20;

impl Arena {
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    #[inline]
    pub(crate) fn get(&self, slot: usize) -> &[u8] {
        let length = self.lengths[slot] as usize;
        if length == 0 {
            return &[];
        }
        let place = self.places[slot];
        let start = place as u32 as usize;
        &self.segments[(place >> 32) as usize][start..start + length]
    }

    pub(crate) fn resize(&mut self, slots: usize) {
        self.places.resize(slots, 0);
        self.lengths.resize(slots, 0);
    }

    #[inline]
    pub(crate) fn set(&mut self, slot: usize, bytes: &[u8]) {
        self.dead += self.lengths[slot] as usize;
        self.lengths[slot] = bytes.len() as u32;
        self.places[slot] = self.append(bytes);
    }

    /// Puts bytes behind all others; returns their place.
    #[inline]
    fn append(&mut self, bytes: &[u8]) -> u64 {
        if bytes.is_empty() {
            return 0;
        }
        let fits = |segment: &Vec<u8>| segment.capacity() - segment.len() >= bytes.len();
        if !self.segments.last().is_some_and(fits) {
            self.add_segment(bytes.len());
        }
        let last = self.segments.len() - 1;
        let segment = &mut self.segments[last];
        let start = segment.len();
        segment.extend_from_slice(bytes);
        self.used += bytes.len();
        (last as u64) << 32 | start as u64
    }

    #[cold]
    fn add_segment(&mut self, least: usize) {
        let next = self.segments.last().map_or(SEGMENT_MIN, |last| (last.capacity() * 2).min(SEGMENT_MAX));
        self.segments.push(Vec::with_capacity(next.max(least)));
    }

    /// Empties a slot.
    pub(crate) fn free(&mut self, slot: usize) {
        self.dead += self.lengths[slot] as usize;
        self.lengths[slot] = 0;
    }

    /// Writes the live bytes anew where they are outweighed, which costs what was freed since the last time.
    pub(crate) fn reclaim(&mut self) {
        if self.dead < SEGMENT_MIN || self.dead * 2 < self.used {
            return;
        }
        let old = std::mem::take(&mut self.segments);
        (self.used, self.dead) = (0, 0);
        for slot in 0..self.places.len() {
            let (place, length) = (self.places[slot], self.lengths[slot] as usize);
            if length > 0 {
                let start = place as u32 as usize;
                self.places[slot] = self.append(&old[(place >> 32) as usize][start..start + length]);
            }
        }
    }

    /// Looks at where the bytes of `slots` are, so that these places are in the cache.
    pub(crate) fn touch(&self, slots: impl Iterator<Item = usize>) -> u8 {
        slots.fold(0, |all, slot| all ^ self.places[slot] as u8 ^ self.lengths[slot] as u8)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.places.capacity() * 8
            + self.lengths.capacity() * 4
            + self.segments.iter().map(Vec::capacity).sum::<usize>()
            + self.segments.capacity() * size_of::<Vec<u8>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stay_as_slots_are_written_again_and_freed() {
        let mut arena = Arena::default();
        arena.resize(3_000);
        let text = |slot: usize, round: usize| "x".repeat(slot % 700) + &format!("{slot}/{round}");
        for round in 0..5 {
            (0..3_000)
                .filter(|slot| slot % (round + 1) == 0)
                .for_each(|slot| arena.set(slot, text(slot, round).as_bytes()));
            arena.reclaim();
        }
        for slot in 0..3_000 {
            let last = (0..5).rev().find(|round| slot % (round + 1) == 0).unwrap_or(0);
            assert_eq!(arena.get(slot), text(slot, last).as_bytes());
        }
        let full = arena.bytes();
        (0..3_000).filter(|slot| slot % 100 != 0).for_each(|slot| arena.free(slot));
        arena.reclaim();
        assert!(arena.bytes() * 5 < full, "{} of {full} bytes", arena.bytes());
        assert_eq!(arena.get(1), b"");
        assert!(arena.get(100).ends_with(b"100/4"));
        arena.set(1, &vec![7; 3 * SEGMENT_MAX]);
        assert_eq!(arena.get(1).len(), 3 * SEGMENT_MAX);
    }
}
