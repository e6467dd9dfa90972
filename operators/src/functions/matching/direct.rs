//! Patterns that need no automaton: found by their first literal, looked for in all of a column at once, and matched by one pass
//! that never has to go back.
//!
//! ```text
//!   (&|^)channel_id=([^&]*)
//!   head │ literal  │ steps      head: at most one byte, or the start of the text
//!                                steps: literals, runs of a class, the end of the text; groups around them
//! ```
//!
//! A run takes as much as it can. That is what the pattern means if what may follow the run begins with nothing that the run would take:
//! a shorter run then leaves a byte that cannot follow. Patterns of other forms are left to the crate `regex`; so are columns with
//! bytes beyond ASCII where bytes and characters are not the same to a class.

use arrow_array::{Array, StringArray};
use memchr::memmem::Finder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// A pattern of this form.
pub struct Direct {
    start: Start,
    steps: Vec<Step>,
    /// One more than the last group.
    groups: usize,
    /// Whether it holds for texts in ASCII only.
    ascii_only: bool,
}

/// Where a match may start.
enum Start {
    /// At the start of the text.
    OfText,
    /// Where a literal stands behind a head; places that are noted before the head, and between it and the literal.
    Literal { head: Head, finder: Box<Finder<'static>>, before: Vec<usize>, between: Vec<usize> },
}

/// What stands before the literal: one of these, the byte first if there is one.
struct Head {
    byte: Option<Box<Bytes>>,
    start_of_text: bool,
    nothing: bool,
}

enum Step {
    /// Notes the place: start (even) or end (odd) of a group.
    Save(usize),
    Literal(Box<[u8]>),
    /// As many as there are, up to `max`; at least `min`.
    Run {
        bytes: Box<Bytes>,
        min: usize,
        max: usize,
    },
    EndOfText,
}

/// A set of bytes.
#[derive(Clone, PartialEq)]
struct Bytes([bool; 256]);

impl Bytes {
    fn none() -> Bytes {
        Bytes([false; 256])
    }

    fn meets(&self, other: &Bytes) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| *a && *b)
    }
}

/// A group of a match: first byte and one past the last, in the column's buffer.
type Found = (usize, usize);

impl Direct {
    /// The pattern, if it is of this form.
    pub fn new(pattern: &Hir) -> Option<Direct> {
        let mut parts = Parts::default();
        parts.add(pattern)?;
        let Parts { parts, groups, ascii_only } = parts;
        let mut parts = parts.into_iter().peekable();
        let saves = |parts: &mut std::iter::Peekable<std::vec::IntoIter<Part>>| {
            let mut saves = Vec::new();
            while let Some(Part::Step(Step::Save(place))) = parts.next_if(|p| matches!(p, Part::Step(Step::Save(_)))) {
                saves.push(place);
            }
            saves
        };
        let before = saves(&mut parts);
        let one_byte = |part: &Part| matches!(part, Part::Step(Step::Run { min: 1, max: 1, .. }));
        let head = match parts.next_if(|part| matches!(part, Part::Head(_)) || one_byte(part)) {
            Some(Part::Head(head)) => head,
            Some(Part::Step(Step::Run { bytes, .. })) => {
                Head { byte: Some(bytes), start_of_text: false, nothing: false }
            }
            _ => Head { byte: None, start_of_text: false, nothing: true },
        };
        let between = saves(&mut parts);
        let at_start = head.byte.is_none() && head.start_of_text && !head.nothing;
        let mut steps: Vec<Step> = Vec::new();
        let start = if at_start {
            steps.extend(before.into_iter().chain(between).map(Step::Save));
            Start::OfText
        } else {
            let Some(Part::Step(Step::Literal(literal))) = parts.next() else { return None };
            // Two matches that start at the same byte, one with a head and one without, would have to be told apart.
            let with_and_without = head.start_of_text || head.nothing;
            if with_and_without && head.byte.as_ref().is_some_and(|bytes| bytes.0[literal[0] as usize]) {
                return None;
            }
            let finder = Box::new(Finder::new(&literal).into_owned());
            Start::Literal { head, finder, before, between }
        };
        for part in parts {
            let Part::Step(step) = part else { return None };
            steps.push(step);
        }
        never_goes_back(&steps).then_some(Direct { start, steps, groups, ascii_only })
    }

    /// Whether it may be used for these texts.
    pub fn suits(&self, texts: &StringArray) -> bool {
        let offsets = texts.value_offsets();
        !self.ascii_only || texts.value_data()[offsets[0] as usize..offsets[texts.len()] as usize].is_ascii()
    }

    /// Calls `f` for each text in turn with the given group of its first match, if there is one; group 0 is all of it. What is
    /// found in place of a NULL is arbitrary.
    ///
    /// Cost: one search through the column, and one pass over each match.
    #[inline]
    pub fn each(&self, texts: &StringArray, group: usize, mut f: impl FnMut(Option<Found>)) {
        let offsets = texts.value_offsets();
        let data = &texts.value_data()[..offsets[texts.len()] as usize];
        if group >= self.groups {
            (0..texts.len()).for_each(|_| f(None));
            return;
        }
        let ends = offsets.windows(2).map(|ends| (ends[0] as usize, ends[1] as usize));
        match &self.start {
            Start::OfText => ends.for_each(|(start, end)| {
                let mut found = (start, start);
                f(self.steps(data, start, end, group, &mut found).then_some(found));
            }),
            Start::Literal { head, finder, before, between } => {
                let length = finder.needle().len();
                let find = |from: usize| finder.find(&data[from..]).map_or(usize::MAX, |at| from + at);
                let mut hit = find(offsets[0] as usize);
                ends.for_each(|(start, end)| {
                    let mut found = None;
                    // A hit may also lie across the end of the text: then it is none.
                    while hit < end {
                        if hit + length <= end
                            && let Some(first) = head.start(data, start, hit)
                        {
                            let mut places = (first, first);
                            before.iter().for_each(|place| note(&mut places, *place, group, first));
                            between.iter().for_each(|place| note(&mut places, *place, group, hit));
                            if self.steps(data, hit + length, end, group, &mut places) {
                                found = Some(places);
                                hit = find(end);
                                break;
                            }
                        }
                        hit = find(hit + 1);
                    }
                    f(found);
                });
            }
        }
    }

    /// Goes through the steps from byte `at` of a text that ends at `end`; whether they match.
    #[inline]
    fn steps(&self, data: &[u8], mut at: usize, end: usize, group: usize, found: &mut Found) -> bool {
        for step in &self.steps {
            match step {
                Step::Save(place) => note(found, *place, group, at),
                Step::Literal(literal) => {
                    if !data[at..end].starts_with(literal) {
                        return false;
                    }
                    at += literal.len();
                }
                Step::Run { bytes, min, max } => {
                    let rest = &data[at..end];
                    let rest = &rest[..rest.len().min(*max)];
                    let length = rest.iter().position(|byte| !bytes.0[*byte as usize]).unwrap_or(rest.len());
                    if length < *min {
                        return false;
                    }
                    at += length;
                }
                Step::EndOfText => {
                    if at != end {
                        return false;
                    }
                }
            }
        }
        true
    }
}

#[inline]
fn note(found: &mut Found, place: usize, group: usize, at: usize) {
    if place == 2 * group {
        found.0 = at;
    } else if place == 2 * group + 1 {
        found.1 = at;
    }
}

impl Head {
    /// Where the match starts whose literal is at `hit`, in a text from `start` on. The first possible place is meant.
    #[inline]
    fn start(&self, data: &[u8], start: usize, hit: usize) -> Option<usize> {
        if let Some(bytes) = &self.byte
            && hit > start
            && bytes.0[data[hit - 1] as usize]
        {
            return Some(hit - 1);
        }
        (self.nothing || (self.start_of_text && hit == start)).then_some(hit)
    }
}

/// Whether no run takes a byte that what follows it could begin with.
fn never_goes_back(steps: &[Step]) -> bool {
    // The bytes that the steps from here to the end may begin with.
    let mut first = Bytes::none();
    for step in steps.iter().rev() {
        match step {
            Step::Save(_) | Step::EndOfText => {}
            Step::Literal(literal) => {
                first = Bytes::none();
                first.0[literal[0] as usize] = true;
            }
            Step::Run { bytes, min, max } => {
                if min != max && bytes.meets(&first) {
                    return false;
                }
                if *min > 0 {
                    first = (**bytes).clone();
                } else {
                    first.0.iter_mut().zip(&bytes.0).for_each(|(first, own)| *first |= own);
                }
            }
        }
    }
    true
}

/// A pattern as a list.
#[derive(Default)]
struct Parts {
    parts: Vec<Part>,
    groups: usize,
    ascii_only: bool,
}

enum Part {
    Step(Step),
    /// Alternatives of a byte or less, or the start of the text.
    Head(Head),
}

impl Parts {
    /// Group 0, and all within.
    fn add(&mut self, pattern: &Hir) -> Option<()> {
        self.group(0, pattern)
    }

    fn group(&mut self, index: usize, inner: &Hir) -> Option<()> {
        self.groups = self.groups.max(index + 1);
        self.parts.push(Part::Step(Step::Save(2 * index)));
        self.part(inner)?;
        self.parts.push(Part::Step(Step::Save(2 * index + 1)));
        Some(())
    }

    fn part(&mut self, part: &Hir) -> Option<()> {
        let step = match part.kind() {
            HirKind::Empty => return Some(()),
            HirKind::Concat(parts) => return parts.iter().try_for_each(|part| self.part(part)),
            HirKind::Capture(capture) => return self.group(capture.index as usize, &capture.sub),
            HirKind::Literal(literal) => Step::Literal(literal.0.clone()),
            HirKind::Look(Look::End) => Step::EndOfText,
            HirKind::Look(Look::Start) => {
                self.parts.push(Part::Head(Head { byte: None, start_of_text: true, nothing: false }));
                return Some(());
            }
            HirKind::Look(_) => return None,
            HirKind::Class(class) => Step::Run { bytes: self.bytes(class, true)?, min: 1, max: 1 },
            HirKind::Repetition(repetition) => {
                if !repetition.greedy {
                    return None;
                }
                let (min, max) = (repetition.min as usize, repetition.max.map_or(usize::MAX, |max| max as usize));
                let counted = min > 1 || max != usize::MAX;
                Step::Run { bytes: self.one(&repetition.sub, counted)?, min, max }
            }
            HirKind::Alternation(alternatives) => {
                let mut head = Head { byte: None, start_of_text: false, nothing: false };
                for alternative in alternatives {
                    match alternative.kind() {
                        HirKind::Look(Look::Start) => head.start_of_text = true,
                        HirKind::Empty => head.nothing = true,
                        _ => {
                            let more = self.one(alternative, true)?;
                            let bytes = head.byte.get_or_insert_with(|| Box::new(Bytes::none()));
                            bytes.0.iter_mut().zip(&more.0).for_each(|(byte, more)| *byte |= more);
                        }
                    }
                }
                self.parts.push(Part::Head(head));
                return Some(());
            }
        };
        self.parts.push(Part::Step(step));
        Some(())
    }

    /// A class, or a literal of one byte of ASCII.
    fn one(&mut self, part: &Hir, counted: bool) -> Option<Box<Bytes>> {
        match part.kind() {
            HirKind::Class(class) => self.bytes(class, counted),
            HirKind::Literal(literal) => {
                let [byte @ 0..=127] = *literal.0 else { return None };
                let mut bytes = Box::new(Bytes::none());
                bytes.0[byte as usize] = true;
                Some(bytes)
            }
            _ => None,
        }
    }

    /// A class as a set of bytes. `counted`: it matters how many characters there are.
    fn bytes(&mut self, class: &Class, counted: bool) -> Option<Box<Bytes>> {
        let mut bytes = Box::new(Bytes::none());
        match class {
            Class::Unicode(class) => {
                for range in class.iter() {
                    (range.start()..=range.end()).take_while(char::is_ascii).for_each(|c| bytes.0[c as usize] = true);
                }
                let beyond: Vec<(char, char)> = (class.iter().filter(|range| !range.end().is_ascii()))
                    .map(|range| (range.start(), range.end()))
                    .collect();
                match beyond.as_slice() {
                    [] => {}
                    [(start, char::MAX)] if *start <= '\u{80}' && !counted => bytes.0[128..].fill(true),
                    _ => self.ascii_only = true,
                }
            }
            Class::Bytes(class) => {
                for range in class.iter() {
                    (range.start()..=range.end()).for_each(|byte| bytes.0[byte as usize] = true);
                }
                if bytes.0[128..].contains(&true) {
                    return None;
                }
            }
        }
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    fn direct(pattern: &str) -> Option<Direct> {
        let mut parser = regex_syntax::ParserBuilder::new().dot_matches_new_line(true).build();
        Direct::new(&parser.parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}")))
    }

    /// Every group of every text as the crate `regex` finds it.
    fn check(pattern: &str, texts: &StringArray) {
        let Some(direct) = direct(pattern).filter(|direct| direct.suits(texts)) else { return };
        let regex = Regex::new(&format!("(?s){pattern}")).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        for group in 0..regex.captures_len() + 1 {
            let mut row = 0;
            direct.each(texts, group, |found| {
                let text = texts.value(row);
                let start = texts.value_offsets()[row] as usize;
                let expected = regex.captures(text).and_then(|c| c.get(group)).map(|m| (m.start(), m.end()));
                let found = found.map(|(from, to)| (from - start, to - start));
                assert_eq!(found, expected, "group {group} of {pattern} in {text:?}");
                row += 1;
            });
            assert_eq!(row, texts.len());
        }
    }

    fn patterns() -> impl Strategy<Value = String> {
        let head = prop::sample::select(vec![
            "",
            "^",
            "(&|^)",
            "[ab&]",
            "(?:^|[&x])",
            "(?:|&)",
            "(x)",
            "[^a]",
            "\\s",
            "(?:^|)",
        ]);
        let literal = prop::sample::select(vec!["a", "ab", "aba", "id=", "=", "é", "(ab)", ""]);
        let step = prop::sample::select(vec![
            "([^&]*)",
            "(\\d+)",
            "b*",
            "[a-c]?",
            "x",
            "=",
            "(\\w+)",
            "[0-9]{2,3}",
            "$",
            "(a(b*))",
            "(.*)",
            "\\D",
            "[^=]+",
            "é*",
            "a{2}",
            "(?:ab)+",
            "b*?",
            "(^|&)",
            "()",
        ]);
        (head, literal, prop::collection::vec(step, 0..5))
            .prop_map(|(head, literal, steps)| format!("{head}{literal}{}", steps.concat()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn matches_are_those_of_an_automaton(
            pattern in patterns(),
            texts in prop::collection::vec("[aab&=1x]{0,9}|[ab&=id1xé \n]{0,12}", 1..12),
            skip in 0..3usize,
        ) {
            let texts = StringArray::from(texts);
            check(&pattern, &texts.slice(skip.min(texts.len()), texts.len().saturating_sub(skip)));
        }
    }

    #[test]
    fn common_patterns_are_direct() {
        for pattern in [
            "(&|^)channel_id=([^&]*)",
            "id=(\\d+)",
            "^(\\w+)://([^/]+)/",
            "user=([^ ]+) ",
            "error",
            "^GET ",
            "\\.html$",
            "\"name\":\"([^\"]*)\"",
        ] {
            assert!(direct(pattern).is_some(), "{pattern}");
        }
        for pattern in ["(a|b)*c", "a.*b", "a*?", "(?i)abc", "\\bword", "(?:|a)ab", "a|bc"] {
            assert!(direct(pattern).is_none(), "{pattern}");
        }
    }
}
