//! Bytes of any length by slot. Slots that hold the same may have their bytes in one place.

use std::collections::HashMap;

use arrow_buffer::Buffer;

/// Bytes by slot, in segments: growing copies nothing, and where much of a batch's text is to be kept, the batch's own buffer becomes a
/// segment. Freed bytes are reclaimed when they outweigh the live ones.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    /// Where a slot's bytes are: the segment in the high half, the place in it in the low one.
    places: Vec<u64>,
    lengths: Vec<u32>,
    segments: Vec<Segment>,
    /// The segment that is written to, if there is one.
    open: Option<usize>,
    /// Bytes that slots were given, and of those the bytes of slots that were freed. Bytes in one place count for each slot that has them.
    used: usize,
    dead: usize,
    /// Whether slots have their bytes in one place.
    repeats: bool,
}

#[derive(Debug)]
enum Segment {
    Own(Vec<u8>),
    /// A batch's, and among how many arenas its rows were dealt out.
    Shared(Buffer, usize),
}

impl Segment {
    #[inline]
    fn bytes(&self) -> &[u8] {
        match self {
            Segment::Own(bytes) => bytes,
            Segment::Shared(buffer, _) => buffer,
        }
    }

    /// Bytes allocated for it; of a batch's its part, so that all arenas together count them once.
    fn capacity(&self) -> usize {
        match self {
            Segment::Own(bytes) => bytes.capacity(),
            Segment::Shared(buffer, parts) => buffer.capacity() / parts,
        }
    }
}

/// Less text than this is copied: a segment for every few rows would be one to look through.
const SHARED_MIN: usize = 16 << 10;

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
        &self.segments[(place >> 32) as usize].bytes()[start..start + length]
    }

    /// Whether `bytes` bytes of `buffer`, in this arena and in others that are dealt rows of the same batch, are better kept where they are: at
    /// least half of it, and not few. So what is held for live bytes is at most four times as much.
    pub(crate) fn may_share(buffer: &Buffer, bytes: usize) -> bool {
        bytes >= SHARED_MIN && bytes * 2 >= buffer.capacity()
    }

    /// Makes `buffer`, of which this arena is one of `parts` that are dealt rows, a segment; slots may [`refer`](Arena::refer) to it.
    pub(crate) fn share(&mut self, buffer: &Buffer, parts: usize) -> usize {
        self.segments.push(Segment::Shared(buffer.clone(), parts));
        self.segments.len() - 1
    }

    /// Lets `slot` hold `length` bytes of a segment, from `start`.
    #[inline]
    pub(crate) fn refer(&mut self, slot: usize, segment: usize, start: usize, length: usize) {
        self.dead += self.lengths[slot] as usize;
        self.used += length;
        self.lengths[slot] = length as u32;
        self.places[slot] = (segment as u64) << 32 | start as u64;
    }

    /// Lets `slot` hold what `other` holds, without a copy.
    #[inline]
    pub(crate) fn repeat(&mut self, slot: usize, other: usize) {
        let length = self.lengths[other];
        self.dead += self.lengths[slot] as usize;
        self.used += length as usize;
        self.lengths[slot] = length;
        self.places[slot] = self.places[other];
        self.repeats = true;
    }

    /// Makes room for `slots`, of which those that are not there follow the last, in their order.
    pub(crate) fn reach(&mut self, slots: &[u32]) {
        let end = slots.last().map_or(0, |last| *last as usize + 1);
        self.resize(end.max(self.len()));
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
        let room = match self.open.map(|open| &self.segments[open]) {
            Some(Segment::Own(segment)) => segment.capacity() - segment.len(),
            _ => 0,
        };
        if room < bytes.len() {
            self.add_segment(bytes.len());
        }
        self.used += bytes.len();
        match self.open.map(|open| (open, &mut self.segments[open])) {
            Some((open, Segment::Own(segment))) => {
                let start = segment.len();
                segment.extend_from_slice(bytes);
                (open as u64) << 32 | start as u64
            }
            _ => panic!("a segment was just opened"),
        }
    }

    #[cold]
    fn add_segment(&mut self, least: usize) {
        let last = self.open.map_or(SEGMENT_MIN / 2, |open| self.segments[open].capacity());
        let next = (last * 2).min(SEGMENT_MAX);
        self.open = Some(self.segments.len());
        self.segments.push(Segment::Own(Vec::with_capacity(next.max(least))));
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
        let repeats = std::mem::take(&mut self.repeats);
        (self.used, self.dead, self.open) = (0, 0, None);
        // Where slots had their bytes in one place, they have them in one place again: by the old place the slot that has moved.
        let mut moved: HashMap<u64, usize> = HashMap::new();
        for slot in 0..self.places.len() {
            let (place, length) = (self.places[slot], self.lengths[slot] as usize);
            if length == 0 {
                continue;
            }
            let first = if repeats { *moved.entry(place).or_insert(slot) } else { slot };
            if first == slot {
                let start = place as u32 as usize;
                self.places[slot] = self.append(&old[(place >> 32) as usize].bytes()[start..start + length]);
            } else {
                self.lengths[slot] = 0;
                self.repeat(slot, first);
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
            + self.segments.iter().map(Segment::capacity).sum::<usize>()
            + self.segments.capacity() * size_of::<Segment>()
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

    #[test]
    fn repeated_bytes_lie_once_before_and_after_they_are_reclaimed() {
        let mut arena = Arena::default();
        arena.resize(3_000);
        for text in 0..3usize {
            arena.set(text, &vec![text as u8; 10_000]);
            (text + 3..3_000).step_by(3).for_each(|slot| arena.repeat(slot, text));
        }
        let holds = |arena: &Arena, mut slots: std::ops::Range<usize>| {
            slots.all(|slot| arena.get(slot) == vec![(slot % 3) as u8; 10_000])
        };
        assert!(holds(&arena, 0..3_000) && arena.bytes() < 200 << 10, "{}", arena.bytes());
        (0..2_400).for_each(|slot| arena.free(slot));
        arena.reclaim();
        assert!(holds(&arena, 2_400..3_000) && arena.bytes() < 200 << 10, "{}", arena.bytes());
        assert_eq!((arena.used, arena.dead), (600 * 10_000, 0));
        (2_400..3_000).for_each(|slot| arena.free(slot));
        arena.reclaim();
        assert!(arena.segments.is_empty() && arena.used == 0);
    }

    #[test]
    fn a_shared_buffer_goes_with_its_last_bytes() {
        let buffer = Buffer::from_vec((0..64 << 10).map(|i| (i / 1024) as u8).collect::<Vec<u8>>());
        assert!(Arena::may_share(&buffer, 40 << 10));
        assert!(!Arena::may_share(&buffer, 20 << 10));
        let mut arena = Arena::default();
        arena.resize(65);
        arena.set(64, b"own");
        let segment = arena.share(&buffer, 1);
        (0..64).for_each(|slot| arena.refer(slot, segment, slot * 1024, 1024));
        assert!((0..64).all(|slot| arena.get(slot) == vec![slot as u8; 1024]));
        assert!(arena.bytes() >= 64 << 10);
        (1..64).for_each(|slot| arena.free(slot));
        arena.reclaim();
        assert_eq!((arena.get(0), arena.get(64)), (&vec![0; 1024][..], &b"own"[..]));
        assert!(arena.bytes() < 16 << 10, "{} bytes", arena.bytes());
        assert_eq!(buffer.strong_count(), 1);
    }
}
