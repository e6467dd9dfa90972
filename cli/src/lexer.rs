//! The tokens of SQL text, as far as the shell needs them: to know where a statement ends, to colour and to complete.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A number.
    Number,
    /// Text in single quotes or between `$$`.
    Text,
    /// A name in double quotes.
    Name,
    /// A comment.
    Comment,
    /// Blanks and line ends.
    Blank,
    /// Anything else, a character at a time.
    Symbol,
}

/// A piece of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its bytes.
    pub range: Range<usize>,
    /// Whether it ends; false for a quotation or comment that is still open at the end of the text.
    pub closed: bool,
}

/// The tokens of `sql`, without gaps.
pub fn tokens(sql: &str) -> Lexer<'_> {
    Lexer { sql, at: 0 }
}

/// See [`tokens`].
pub struct Lexer<'a> {
    sql: &'a str,
    at: usize,
}

impl Lexer<'_> {
    /// Bytes from the current one on for which `matches` holds.
    fn run(&self, matches: impl Fn(char) -> bool) -> usize {
        let rest = &self.sql[self.at..];
        rest.find(|c| !matches(c)).unwrap_or(rest.len())
    }

    /// The length of a quotation that begins with `open` bytes and ends with `quote`; a doubled quote (and, with
    /// `escapes`, a backslash) does not end it.
    fn quotation(&self, open: usize, quote: char, escapes: bool) -> (usize, bool) {
        let rest = &self.sql[self.at..];
        let mut chars = rest[open..].char_indices().peekable();
        while let Some((index, c)) = chars.next() {
            if c == '\\' && escapes {
                chars.next();
            } else if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
                return (open + index + 1, true);
            }
        }
        (rest.len(), false)
    }

    fn block_comment(&self) -> (usize, bool) {
        let bytes = &self.sql.as_bytes()[self.at..];
        let (mut depth, mut index) = (0, 0);
        while index + 1 < bytes.len() {
            match &bytes[index..index + 2] {
                b"/*" => (depth, index) = (depth + 1, index + 2),
                b"*/" if depth == 1 => return (index + 2, true),
                b"*/" => (depth, index) = (depth - 1, index + 2),
                _ => index += 1,
            }
        }
        (bytes.len(), false)
    }

    /// `$tag$ … $tag$`, if that is what stands here.
    fn dollar_quotation(&self) -> Option<(usize, bool)> {
        let rest = &self.sql[self.at..];
        let tag = rest[1..].find('$').map(|end| &rest[..end + 2])?;
        let name = &tag[1..tag.len() - 1];
        if name.starts_with(|c: char| c.is_ascii_digit()) || name.contains(|c: char| !(c.is_alphanumeric() || c == '_'))
        {
            return None;
        }
        Some(match rest[tag.len()..].find(tag) {
            Some(end) => (tag.len() + end + tag.len(), true),
            None => (rest.len(), false),
        })
    }

    fn number(&self) -> usize {
        let rest = &self.sql[self.at..];
        let mut end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_')).unwrap_or(rest.len());
        if rest[..end].ends_with(['e', 'E']) && rest[end..].starts_with(['+', '-']) {
            let digits = &rest[end + 1..];
            end += 1 + digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        }
        end
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let rest = &self.sql[self.at..];
        let mut chars = rest.chars();
        let (first, second) = (chars.next()?, chars.next());
        let whole = |kind, len| (kind, (len, true));
        let (kind, (len, closed)) = match (first, second) {
            ('\'', _) => (Kind::Text, self.quotation(1, '\'', false)),
            ('e' | 'E', Some('\'')) => (Kind::Text, self.quotation(2, '\'', true)),
            ('"', _) => (Kind::Name, self.quotation(1, '"', false)),
            ('-', Some('-')) => whole(Kind::Comment, self.run(|c| c != '\n')),
            ('/', Some('*')) => (Kind::Comment, self.block_comment()),
            ('$', _) => match self.dollar_quotation() {
                Some(text) => (Kind::Text, text),
                None => whole(Kind::Symbol, 1),
            },
            (c, _) if c.is_whitespace() => whole(Kind::Blank, self.run(char::is_whitespace)),
            (c, _) if c.is_ascii_digit() => whole(Kind::Number, self.number()),
            ('.', Some(c)) if c.is_ascii_digit() => whole(Kind::Number, self.number()),
            (c, _) if c.is_alphabetic() || c == '_' => {
                whole(Kind::Word, self.run(|c| c.is_alphanumeric() || c == '_' || c == '$'))
            }
            (c, _) => whole(Kind::Symbol, c.len_utf8()),
        };
        let range = self.at..self.at + len;
        self.at = range.end;
        Some(Token { kind, range, closed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, expected: &[(Kind, &str)]) {
        let found: Vec<_> = tokens(sql).filter(|t| t.kind != Kind::Blank).map(|t| (t.kind, &sql[t.range])).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn quotations_hide_semicolons() {
        check(
            "a 'x;''y' \"b;\" $$;$$ $t$ $$ $t$ e'\\';' -- ;\n/* /* ; */ */;",
            &[
                (Kind::Word, "a"),
                (Kind::Text, "'x;''y'"),
                (Kind::Name, "\"b;\""),
                (Kind::Text, "$$;$$"),
                (Kind::Text, "$t$ $$ $t$"),
                (Kind::Text, "e'\\';'"),
                (Kind::Comment, "-- ;"),
                (Kind::Comment, "/* /* ; */ */"),
                (Kind::Symbol, ";"),
            ],
        );
    }

    #[test]
    fn numbers() {
        check(
            "1 2.5 .5 1e-3 x1 a.b -7",
            &[
                (Kind::Number, "1"),
                (Kind::Number, "2.5"),
                (Kind::Number, ".5"),
                (Kind::Number, "1e-3"),
                (Kind::Word, "x1"),
                (Kind::Word, "a"),
                (Kind::Symbol, "."),
                (Kind::Word, "b"),
                (Kind::Symbol, "-"),
                (Kind::Number, "7"),
            ],
        );
    }

    #[test]
    fn open_ends() {
        for sql in ["'x", "\"x", "/* x", "/* /* */", "$a$ x $b$", "e'\\'", "'ü", "$", "/*/"] {
            let last = tokens(sql).last().unwrap_or_else(|| panic!("no token in {sql}"));
            assert_eq!(last.closed, sql == "$", "{sql}");
            assert_eq!(last.range.end, sql.len());
        }
    }
}
