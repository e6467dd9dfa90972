//! The text of a statement as tokens, and the way back from sqlparser's lines and columns to bytes.

use deltaq_circuit::Span;
use sqlparser::ast::Spanned;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use crate::diagnostic::Diagnostic;
use crate::dialect::Sql;

/// A text in tokens, without blanks and comments.
pub(crate) struct Source<'a> {
    text: &'a str,
    /// Where `text` begins in the script that spans refer to.
    base: usize,
    tokens: Vec<TokenWithSpan>,
    /// First byte of each token, one past its last.
    bytes: Vec<(usize, usize)>,
}

impl<'a> Source<'a> {
    /// Reads `text`, which stands at byte `base` of a script.
    pub fn new(text: &'a str, base: usize) -> Result<Source<'a>, Diagnostic> {
        let all = Tokenizer::new(&Sql, text).tokenize_with_location().map_err(|error| {
            let start = base + locate(text, error.location);
            let end = base + text.len();
            Diagnostic {
                code: "42601",
                message: lower_first(&error.message),
                span: Some(Span { start, end }),
                help: None,
            }
        })?;
        let mut walk = Walk::new(text);
        let mut tokens = Vec::with_capacity(all.len());
        let mut bytes = Vec::with_capacity(all.len());
        for token in all {
            if !matches!(token.token, Token::Whitespace(_)) {
                let (start, end) = (walk.to(token.span.start), walk.to(token.span.end));
                if let (Some(Token::Number(..)), Token::Word(_), Some((from, to))) =
                    (tokens.last().map(|last: &TokenWithSpan| &last.token), &token.token, bytes.last())
                    && *to == start
                {
                    return Err(Diagnostic {
                        code: "42601",
                        message: format!("\"{}\" is neither a number nor a name", &text[*from..end]),
                        span: Some(Span { start: base + from, end: base + end }),
                        help: None,
                    });
                }
                bytes.push((start, end));
                tokens.push(token);
            }
        }
        Ok(Source { text, base, tokens, bytes })
    }

    /// The tokens.
    pub fn tokens(&self) -> &[TokenWithSpan] {
        &self.tokens
    }

    /// Where tokens `from .. to` stand; the end of the text if there are none.
    pub fn span(&self, from: usize, to: usize) -> Span {
        if from >= to || from >= self.tokens.len() {
            let end = self.bytes.last().map_or(0, |b| b.1);
            let at = self.bytes.get(from).map_or(end, |b| b.0);
            return Span { start: self.base + at, end: self.base + at };
        }
        Span { start: self.base + self.bytes[from].0, end: self.base + self.bytes[to - 1].1 }
    }

    /// The text at a span.
    pub fn text(&self, span: Span) -> &'a str {
        &self.text[span.start - self.base..span.end - self.base]
    }

    /// The token that begins at `location` or is the first after it.
    pub fn token_at(&self, location: Location) -> usize {
        self.tokens.partition_point(|t| t.span.start < location)
    }

    /// Where a part of sqlparser's tree stands, parentheses made whole.
    pub fn span_of(&self, part: &impl Spanned) -> Option<Span> {
        self.span_at(part.span())
    }

    /// Where a span of sqlparser's stands, parentheses made whole.
    pub fn span_at(&self, span: sqlparser::tokenizer::Span) -> Option<Span> {
        if span.start.line == 0 {
            return None;
        }
        let mut from = self.token_at(span.start);
        let mut to = self.tokens.partition_point(|t| t.span.start < span.end).max(from + 1).min(self.tokens.len());
        let mut depth = 0i64;
        let mut missing = 0i64;
        for token in self.tokens.get(from..to)? {
            depth += nesting(&token.token);
            missing = missing.min(depth);
        }
        while missing < 0 && from > 0 {
            from -= 1;
            let change = nesting(&self.tokens[from].token);
            missing += change;
            depth += change;
        }
        while depth > 0 && to < self.tokens.len() {
            depth += nesting(&self.tokens[to].token);
            to += 1;
        }
        Some(self.span(from, to))
    }

    /// Where a call stands whose name is at `name`: with its arguments, and with FILTER and OVER.
    pub fn call_at(&self, name: sqlparser::tokenizer::Span) -> Option<Span> {
        if name.start.line == 0 {
            return None;
        }
        let from = self.token_at(name.start);
        let mut to = self.tokens.partition_point(|t| t.span.start < name.end);
        loop {
            let follows = |i: usize| self.tokens.get(i).map(|t| &t.token);
            let clause =
                matches!(follows(to), Some(Token::Word(w)) if matches!(w.keyword, Keyword::FILTER | Keyword::OVER));
            let open = to + usize::from(clause);
            if !matches!(follows(open), Some(Token::LParen))
                || (!clause && to > from + 1 && self.tokens[to - 1].token == Token::RParen)
            {
                return Some(self.span(from, to));
            }
            let mut depth = 0;
            to = open;
            while to < self.tokens.len() {
                depth += nesting(&self.tokens[to].token);
                to += 1;
                if depth == 0 {
                    break;
                }
            }
        }
    }

    /// Where the call stands whose argument begins at `span`: the name and parenthesis before it, the parenthesis after it.
    pub fn call_of(&self, argument: sqlparser::tokenizer::Span) -> Option<Span> {
        let mut from = self.token_at(argument.start);
        while from > 0 && nesting(&self.tokens[from - 1].token) != 1 {
            from -= 1;
        }
        let open = from.checked_sub(1)?;
        let name = open.checked_sub(1)?;
        let mut depth = 1;
        let mut to = from;
        while depth > 0 && to < self.tokens.len() {
            depth += nesting(&self.tokens[to].token);
            to += 1;
        }
        Some(self.span(name, to))
    }

    /// How deep the tree of this text can be at most: the tokens since the last comma, of each open parenthesis.
    pub fn depth(&self) -> usize {
        let (mut open, mut level, mut below, mut deepest) = (Vec::new(), 0, 0, 0);
        for token in &self.tokens {
            match token.token {
                Token::LParen | Token::LBracket => {
                    open.push(level);
                    below += level + 1;
                    level = 0;
                }
                Token::RParen | Token::RBracket => {
                    if let Some(outer) = open.pop() {
                        below -= outer + 1;
                        level = outer + 1;
                    }
                }
                Token::Comma | Token::SemiColon => level = 0,
                _ => level += 1,
            }
            deepest = deepest.max(below + level);
        }
        deepest
    }
}

/// +1 for an opening parenthesis, −1 for a closing one.
pub(crate) fn nesting(token: &Token) -> i64 {
    match token {
        Token::LParen | Token::LBracket => 1,
        Token::RParen | Token::RBracket => -1,
        _ => 0,
    }
}

/// `message` with its first letter small.
pub(crate) fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

/// The byte at a line and column of `text`.
fn locate(text: &str, location: Location) -> usize {
    Walk::new(text).to(location)
}

/// Goes once through a text, from line and column to byte.
struct Walk<'a> {
    chars: std::str::CharIndices<'a>,
    byte: usize,
    at: Location,
}

impl<'a> Walk<'a> {
    fn new(text: &'a str) -> Walk<'a> {
        Walk { chars: text.char_indices(), byte: 0, at: Location::new(1, 1) }
    }

    fn to(&mut self, location: Location) -> usize {
        while self.at < location {
            let Some((_, c)) = self.chars.next() else { break };
            self.byte = self.chars.offset();
            if c == '\n' {
                self.at = Location::new(self.at.line + 1, 1);
            } else {
                self.at.column += 1;
            }
        }
        self.byte
    }
}
