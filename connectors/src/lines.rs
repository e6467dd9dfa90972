//! Where the rows of a chunk stand in their file.

/// The line that each row begins at; of a Parquet file the row's number. Rows on lines that follow each other take no room.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// The first row of each run of rows on consecutive lines, with its line.
    runs: Vec<(usize, u64)>,
    /// The line that would go on with the last run; 0 before the first.
    next: u64,
}

impl Lines {
    /// Notes that `row`, the one after those noted before, begins at `line`, counted from 1.
    #[inline]
    pub(crate) fn note(&mut self, row: usize, line: u64) {
        if line != self.next {
            self.runs.push((row, line));
        }
        self.next = line + 1;
    }

    /// The line that `row` begins at. None where nothing was noted.
    pub fn of(&self, row: usize) -> Option<u64> {
        let run = self.runs.partition_point(|(first, _)| *first <= row).checked_sub(1)?;
        let (first, line) = self.runs[run];
        Some(line + (row - first) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_again() {
        let mut lines = Lines::default();
        assert_eq!(lines.of(0), None);
        let at = [2, 3, 4, 7, 9, 10];
        at.iter().enumerate().for_each(|(row, line)| lines.note(row, *line));
        assert_eq!((0..6).map(|row| lines.of(row)).collect::<Vec<_>>(), at.map(Some));
        assert_eq!(lines.runs.len(), 3);
    }
}
