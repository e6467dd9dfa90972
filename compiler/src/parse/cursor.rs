//! Statements that are ours alone, read token by token: EXPLAIN and COPY.

use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::mistake::{parse_error, shown, syntax, with_help};
use super::{CopySyntax, CopyWhat, NESTING_MAX, Parsed, text_of, word};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dialect::Sql;
use crate::source::Source;
use crate::statement::ExplainFormat;

/// A place among the tokens of a statement.
pub(super) struct Cursor<'s, 't> {
    pub(super) source: &'s Source<'t>,
    pub(super) at: usize,
    pub(super) end: usize,
}

impl Cursor<'_, '_> {
    fn token(&self) -> Option<&Token> {
        (self.at < self.end).then(|| &self.source.tokens()[self.at].token)
    }

    fn word_after(&self, n: usize) -> String {
        if self.at + n < self.end { word(&self.source.tokens()[self.at + n]) } else { String::new() }
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = self.word_after(0) == keyword;
        self.at += usize::from(found);
        found
    }

    fn unexpected(&self, expected: &str) -> Diagnostics {
        let message = format!("expected {expected}, found {}", shown(self.source, self.at.min(self.end)));
        syntax(&message, Some(self.source.span(self.at, self.at + 1))).into()
    }

    fn parser(&self) -> Parser<'static> {
        let tokens = self.source.tokens()[self.at..self.end].to_vec();
        Parser::new(&Sql).with_recursion_limit(NESTING_MAX).with_tokens_with_locations(tokens)
    }

    /// Moves past what `parser` has read.
    fn follow(&mut self, parser: &Parser) {
        let next = parser.peek_token_ref();
        self.at = if next.token == Token::EOF { self.end } else { self.source.token_at(next.span.start) };
    }

    /// `(key value, key = value, key, …)`
    fn options(&mut self) -> Result<Vec<(String, String)>, Diagnostics> {
        let mut options = Vec::new();
        self.at += 1;
        loop {
            if self.token() == Some(&Token::RParen) {
                self.at += 1;
                return Ok(options);
            }
            let Some(key) = self.token().and_then(plain) else { return Err(self.unexpected("an option")) };
            self.at += 1;
            if self.token() == Some(&Token::Eq) {
                self.at += 1;
            }
            let mut value = "true".to_string();
            if !matches!(self.token(), Some(Token::Comma | Token::RParen)) {
                let Some(text) = self.token().and_then(plain) else {
                    return Err(self.unexpected("the option's value"));
                };
                value = text;
                self.at += 1;
            }
            options.push((key.to_ascii_lowercase(), value));
            match self.token() {
                Some(Token::Comma) => self.at += 1,
                Some(Token::RParen) => {}
                _ => return Err(self.unexpected("a comma or parenthesis")),
            }
        }
    }

    /// `EXPLAIN [ANALYZE] [VERBOSE] [(FORMAT dot)] …`, from the token after EXPLAIN.
    pub(super) fn explain(mut self) -> Result<Parsed, Diagnostics> {
        let from = self.at;
        let mut format = ExplainFormat::Text;
        while self.keyword("VERBOSE") || self.keyword("PLAN") || self.keyword("FOR") {}
        if self.token() == Some(&Token::LParen) && self.word_after(1) != "SELECT" && self.word_after(1) != "WITH" {
            for (key, value) in self.options()? {
                let span = self.source.span(from, self.at);
                format = match (key.as_str(), value.to_ascii_lowercase().as_str()) {
                    ("format", "text") => ExplainFormat::Text,
                    ("format", "dot" | "graphviz") => ExplainFormat::Dot,
                    ("format", _) => {
                        return Err(with_help(
                            syntax(&format!("EXPLAIN has no format {value}"), Some(span)),
                            "text or dot",
                        )
                        .into());
                    }
                    _ => {
                        return Err(with_help(
                            syntax(&format!("EXPLAIN has no option {key}"), Some(span)),
                            "(FORMAT dot)",
                        )
                        .into());
                    }
                };
            }
        }
        if self.keyword("ANALYZE") {
            let span = self.source.span(self.at - 1, self.at);
            let message = "EXPLAIN ANALYZE is not supported";
            return Err(Diagnostic {
                code: "0A000",
                help: Some("EXPLAIN shows the state of a running view: EXPLAIN name".into()),
                ..syntax(message, Some(span))
            }
            .into());
        }
        let named = self.keyword("VIEW");
        if named || self.at + 1 == self.end {
            let mut parser = self.parser();
            let name = parser.parse_identifier().map_err(|e| parse_error(self.source, self.end, e))?;
            return Ok(Parsed::ExplainView { name, format });
        }
        if self.at >= self.end {
            return Err(with_help(
                syntax("EXPLAIN of what?", Some(self.source.span(self.end, self.end))),
                "a SELECT, a CREATE VIEW, or the name of a view",
            )
            .into());
        }
        Ok(Parsed::Explain { inner: Box::new(Parsed::new(self.source, self.at, self.end)?), format })
    }

    /// `COPY …`, from the token after COPY.
    pub(super) fn copy(mut self) -> Result<Parsed, Diagnostics> {
        let error = |e| parse_error(self.source, self.end, e);
        let mut parser = self.parser();
        let relation = if self.token() == Some(&Token::LParen) {
            parser.next_token();
            let query = parser.parse_query().map_err(error)?;
            parser.expect_token(&Token::RParen).map_err(error)?;
            CopyWhat::Query(query)
        } else {
            let name = parser.parse_object_name(false).map_err(error)?;
            let columns = parser
                .parse_parenthesized_column_list(sqlparser::parser::IsOptional::Optional, false)
                .map_err(error)?;
            CopyWhat::Relation { name, columns }
        };
        self.follow(&parser);
        let to = match self.word_after(0).as_str() {
            "TO" => true,
            "FROM" => false,
            _ => return Err(self.unexpected("TO or FROM")),
        };
        self.at += 1;
        let Some(path) = text_of(self.source.tokens()[..self.end].get(self.at)).map(str::to_string) else {
            let mut found = self.unexpected("the file's name in quotes");
            if matches!(self.word_after(0).as_str(), "STDIN" | "STDOUT") {
                found.0[0].help = Some("'-' is standard input or output".into());
            }
            return Err(found);
        };
        let span = self.source.span(self.at, self.at + 1);
        self.at += 1;
        self.keyword("WITH");
        let mut options = Vec::new();
        while self.at < self.end {
            if self.token() == Some(&Token::LParen) {
                options.extend(self.options()?);
                continue;
            }
            let key = self.word_after(0);
            self.at += 1;
            match key.as_str() {
                "CSV" | "JSONL" | "PARQUET" => options.push(("format".into(), key.to_ascii_lowercase())),
                "HEADER" => options.push(("header".into(), "true".into())),
                "FORMAT" | "DELIMITER" | "NULL" | "QUOTE" => {
                    self.keyword("AS");
                    let Some(value) = self.token().and_then(plain) else {
                        return Err(self.unexpected("the option's value"));
                    };
                    options.push((key.to_ascii_lowercase(), value));
                    self.at += 1;
                }
                _ => {
                    self.at -= 1;
                    return Err(self.unexpected("an option"));
                }
            }
        }
        Ok(Parsed::Copy(CopySyntax { relation, to, path, span, options }))
    }
}

/// A word or quotation or number as it stands in an option.
fn plain(token: &Token) -> Option<String> {
    match token {
        Token::Word(w) => Some(w.value.clone()),
        Token::SingleQuotedString(s) | Token::EscapedStringLiteral(s) => Some(s.clone()),
        Token::Number(n, _) => Some(n.clone()),
        _ => None,
    }
}
