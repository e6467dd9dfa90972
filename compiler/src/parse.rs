//! From SQL text to statements: where each begins and ends, and what sqlparser makes of it.

use deltaq_circuit::Span;
use sqlparser::ast;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use crate::bind;
use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dialect::Sql;
use crate::source::{Source, lower_first, nesting};
use crate::statement::{Emit, ExplainFormat, Statement};

/// How deep expressions and subqueries may be nested.
const NESTING_MAX: usize = 300;
/// How many tokens may stand in one chain; far beyond what people and generators write.
const CHAIN_TOKENS_MAX: usize = 400_000;
/// Stack that parsing, binding and dropping sqlparser's tree take, at most, in bytes.
const STACK_BASE_BYTES: usize = 1 << 20;
/// And for each level of the tree.
const STACK_LEVEL_BYTES: usize = 1 << 11;

/// Compiles the one statement that `sql` consists of (a final semicolon may follow). The plans within are as bound:
/// put them through [`crate::rewrite::optimize`] before they run.
///
/// # Errors
/// All mistakes that can be found at once; their spans refer to `sql`.
pub fn compile(sql: &str, catalog: &dyn Catalog) -> Result<Statement, Diagnostics> {
    compile_part(sql, Span { start: 0, end: sql.len() }, catalog)
}

/// Compiles the statement that stands at `part` of `script`, as [`split`] gives it.
///
/// # Errors
/// All mistakes that can be found at once; their spans refer to `script`.
pub fn compile_part(script: &str, part: Span, catalog: &dyn Catalog) -> Result<Statement, Diagnostics> {
    let source = Source::new(&script[part.start..part.end], part.start)?;
    let depth = source.depth();
    if depth > CHAIN_TOKENS_MAX {
        return Err(too_complex(Some(part)).into());
    }
    let stack_bytes = STACK_BASE_BYTES + depth * STACK_LEVEL_BYTES;
    stacker::maybe_grow(stack_bytes, stack_bytes, || {
        let parsed = Parsed::new(&source, 0, end_of_statement(&source)?)?;
        bind::statement(&source, &parsed, catalog)
    })
}

/// Where each statement of `script` stands, without its semicolon. They are compiled one by one ([`compile_part`]), each after the
/// one before it has run. Empty statements are left out.
///
/// # Errors
/// `42601` where a quotation or comment has no end.
pub fn split(script: &str) -> Result<Vec<Span>, Diagnostics> {
    let source = Source::new(script, 0)?;
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, token) in source.tokens().iter().enumerate() {
        if token.token == Token::SemiColon {
            if from < at {
                parts.push(source.span(from, at));
            }
            from = at + 1;
        }
    }
    if from < source.tokens().len() {
        parts.push(source.span(from, source.tokens().len()));
    }
    Ok(parts)
}

/// Whether `sql` is whole: every statement ends with a semicolon, no quotation, comment or parenthesis is open. Text of blanks and
/// comments alone is whole.
pub fn is_complete(sql: &str) -> bool {
    let Ok(source) = Source::new(sql, 0) else { return false };
    let open: i64 = source.tokens().iter().map(|t| nesting(&t.token)).sum();
    open <= 0 && source.tokens().last().is_none_or(|last| last.token == Token::SemiColon)
}

/// A statement as sqlparser or, where it is ours alone, this module reads it.
pub(crate) enum Parsed {
    /// Anything of sqlparser's.
    Sql {
        statement: Box<ast::Statement>,
        /// A trailing `EMIT …`.
        emit: Option<Emit>,
        /// `CREATE TABLE … FROM 'path'`.
        file: Option<String>,
        /// `CREATE VIEW … AS` this.
        body: Option<Span>,
    },
    Explain {
        inner: Box<Parsed>,
        format: ExplainFormat,
    },
    ExplainView {
        name: ast::Ident,
        format: ExplainFormat,
    },
    Show {
        views: bool,
    },
    Copy(CopySyntax),
}

/// `COPY`.
pub(crate) struct CopySyntax {
    pub relation: CopyWhat,
    pub to: bool,
    pub path: String,
    /// Where the path stands.
    pub span: Span,
    pub options: Vec<(String, String)>,
}

/// What is copied.
pub(crate) enum CopyWhat {
    Relation { name: ast::ObjectName, columns: Vec<ast::Ident> },
    Query(Box<ast::Query>),
}

/// The statement's tokens, without the semicolon; a second statement is an error.
fn end_of_statement(source: &Source) -> Result<usize, Diagnostics> {
    let tokens = source.tokens();
    let end = tokens.iter().position(|t| t.token == Token::SemiColon).unwrap_or(tokens.len());
    if let Some(more) = (end..tokens.len()).find(|i| tokens[*i].token != Token::SemiColon) {
        return Err(syntax("one statement was expected", Some(source.span(more, tokens.len()))).into());
    }
    if end == 0 {
        return Err(syntax("there is no statement", Some(source.span(0, 0))).into());
    }
    Ok(end)
}

impl Parsed {
    /// Reads the statement of tokens `from .. end`.
    fn new(source: &Source, from: usize, end: usize) -> Result<Parsed, Diagnostics> {
        let head = |n: usize| if from + n < end { word(&source.tokens()[from + n]) } else { String::new() };
        match (head(0).as_str(), head(1).as_str()) {
            ("EXPLAIN", _) => explain(source, from + 1, end),
            ("SHOW", what @ ("TABLES" | "VIEWS")) if from + 2 == end => Ok(Parsed::Show { views: what == "VIEWS" }),
            ("COPY", _) => Cursor { source, at: from + 1, end }.copy(),
            _ => sql(source, from, end),
        }
    }
}

fn sql(source: &Source, from: usize, end: usize) -> Result<Parsed, Diagnostics> {
    let mut tokens = source.tokens()[from..end].to_vec();
    let words: Vec<String> = tokens.iter().map(word).collect();
    let starts = |list: &[&str]| list.iter().zip(&words).all(|(a, b)| a == b);
    let mut end = end;

    // sqlparser knows no BETWEEN SYMMETRIC: an operator that PostgreSQL has given up marks it, for the binder to take away.
    for at in 1..tokens.len() {
        if words[at - 1] != "BETWEEN" {
            continue;
        }
        match words[at].as_str() {
            "SYMMETRIC" => tokens[at].token = Token::DoubleExclamationMark,
            // As the default; a sign that says nothing.
            "ASYMMETRIC" => tokens[at].token = Token::Plus,
            _ => continue,
        }
    }

    let mut emit = None;
    if let [.., a, b] = words.as_slice()
        && a == "EMIT"
        && (b == "CHANGES" || b == "FINAL")
        && tokens.len() > 2
    {
        emit = Some(if b == "FINAL" { Emit::Final } else { Emit::Changes });
        tokens.truncate(tokens.len() - 2);
        end -= 2;
    }

    if starts(&["TABLE"]) && tokens.len() > 1 {
        // `TABLE t` is short for `SELECT * FROM t`.
        let at = tokens[0].span;
        let select = [Token::make_keyword("SELECT"), Token::Mul, Token::make_keyword("FROM")];
        tokens.splice(0..1, select.map(|token| TokenWithSpan { token, span: at }));
    }

    let mut file = None;
    if starts(&["CREATE", "TABLE"])
        && let Some(at) = at_top(&tokens, |i| words[i] == "FROM" && text_of(tokens.get(i + 1)).is_some())
    {
        file = text_of(tokens.get(at + 1)).map(str::to_string);
        tokens.drain(at..at + 2);
    }
    if starts(&["CREATE", "TABLE"])
        && let Some(at) =
            (0..words.len()).find(|i| words[*i] == "WATERMARK" && words.get(i + 1).is_some_and(|w| w == "FOR"))
    {
        let to = (at + 1..words.len()).find(|i| tokens[*i].token == Token::Comma).unwrap_or(words.len() - 1);
        return Err(Diagnostic {
            code: "0A000",
            message: "WATERMARK is not supported yet".into(),
            span: Some(source.span(from + at, from + to)),
            help: Some("leave it out: views stay right whatever the order of the rows".into()),
        }
        .into());
    }

    let mut body = None;
    if words.first().is_some_and(|w| w == "CREATE")
        && words.iter().take(5).any(|w| w == "VIEW")
        && let Some(at) = at_top(&tokens, |i| words[i] == "AS")
    {
        body = Some(source.span(from + at + 1, end));
    }

    let mut parser = Parser::new(&Sql).with_recursion_limit(NESTING_MAX).with_tokens_with_locations(tokens);
    let statement = parser.parse_statement().map_err(|e| parse_error(source, end, e))?;
    let next = parser.peek_token();
    if next.token != Token::EOF {
        let at = source.token_at(next.span.start);
        let message = format!("syntax error at {}", shown(source, at));
        return Err(Diagnostic { help: misspelt(source, at), ..syntax(&message, Some(source.span(at, at + 1))) }.into());
    }
    Ok(Parsed::Sql { statement: Box::new(statement), emit, file, body })
}

/// `EXPLAIN [ANALYZE] [VERBOSE] [(FORMAT dot)] …`, from the token after EXPLAIN.
fn explain(source: &Source, from: usize, end: usize) -> Result<Parsed, Diagnostics> {
    let mut cursor = Cursor { source, at: from, end };
    let mut format = ExplainFormat::Text;
    while cursor.keyword("VERBOSE") || cursor.keyword("PLAN") || cursor.keyword("FOR") {}
    if cursor.token() == Some(&Token::LParen) && cursor.word_after(1) != "SELECT" && cursor.word_after(1) != "WITH" {
        for (key, value) in cursor.options()? {
            let span = source.span(from, cursor.at);
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
                    return Err(
                        with_help(syntax(&format!("EXPLAIN has no option {key}"), Some(span)), "(FORMAT dot)").into()
                    );
                }
            };
        }
    }
    if cursor.keyword("ANALYZE") {
        let span = source.span(cursor.at - 1, cursor.at);
        let message = "EXPLAIN ANALYZE is not supported";
        return Err(Diagnostic {
            code: "0A000",
            help: Some("EXPLAIN shows the state of a running view: EXPLAIN name".into()),
            ..syntax(message, Some(span))
        }
        .into());
    }
    let named = cursor.keyword("VIEW");
    if named || cursor.at + 1 == end {
        let mut parser = cursor.parser();
        let name = parser.parse_identifier().map_err(|e| parse_error(source, end, e))?;
        return Ok(Parsed::ExplainView { name, format });
    }
    if cursor.at >= end {
        return Err(with_help(
            syntax("EXPLAIN of what?", Some(source.span(end, end))),
            "a SELECT, a CREATE VIEW, or the name of a view",
        )
        .into());
    }
    Ok(Parsed::Explain { inner: Box::new(Parsed::new(source, cursor.at, end)?), format })
}

/// A place among the tokens of a statement.
struct Cursor<'s, 't> {
    source: &'s Source<'t>,
    at: usize,
    end: usize,
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

    fn copy(mut self) -> Result<Parsed, Diagnostics> {
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
            return Err(self.unexpected("the file's name in quotes"));
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

/// The unquoted word of a token in upper case, else nothing.
fn word(token: &TokenWithSpan) -> String {
    match &token.token {
        Token::Word(w) if w.quote_style.is_none() => w.value.to_ascii_uppercase(),
        _ => String::new(),
    }
}

/// The text of a quotation.
fn text_of(token: Option<&TokenWithSpan>) -> Option<&str> {
    match &token?.token {
        Token::SingleQuotedString(s) | Token::EscapedStringLiteral(s) => Some(s),
        _ => None,
    }
}

/// The first token outside all parentheses for which `want` holds.
fn at_top(tokens: &[TokenWithSpan], want: impl Fn(usize) -> bool) -> Option<usize> {
    let mut depth = 0;
    (0..tokens.len()).find(|i| {
        depth += nesting(&tokens[*i].token);
        depth == 0 && want(*i)
    })
}

/// A token as it is named in a message.
fn shown(source: &Source, at: usize) -> String {
    match source.tokens().get(at).map(|t| &t.token) {
        None | Some(Token::SemiColon) => "the end of the statement".into(),
        Some(_) => format!("\"{}\"", source.text(source.span(at, at + 1))),
    }
}

/// A diagnostic of code `42601`.
pub(crate) fn syntax(message: &str, span: Option<Span>) -> Diagnostic {
    Diagnostic { code: "42601", message: message.into(), span, help: None }
}

fn with_help(diagnostic: Diagnostic, help: &str) -> Diagnostic {
    Diagnostic { help: Some(help.into()), ..diagnostic }
}

/// A statement deeper than the compiler follows.
pub(crate) fn too_complex(span: Option<Span>) -> Diagnostic {
    Diagnostic {
        code: "54001",
        message: "the statement is nested too deeply".into(),
        span,
        help: Some("split it with views or WITH; write long chains of OR as IN (…)".into()),
    }
}

/// sqlparser's error as a diagnostic: `… at Line: 1, Column: 8` becomes a span.
fn parse_error(source: &Source, end: usize, error: ParserError) -> Diagnostics {
    let message = match error {
        ParserError::RecursionLimitExceeded => return too_complex(Some(source.span(0, end))).into(),
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
    };
    let (message, location) = match message.rsplit_once(" at Line: ") {
        Some((before, place)) => {
            let numbers: Vec<u64> = place.split(", Column: ").filter_map(|n| n.trim().parse().ok()).collect();
            (before.to_string(), numbers.first().zip(numbers.get(1)).map(|(l, c)| Location::new(*l, *c)))
        }
        None => (message, None),
    };
    let at = location.map_or(end, |l| source.token_at(l)).min(end);
    let span = source.span(at, (at + 1).min(end));
    let message = match message.strip_prefix("Expected: ").and_then(|m| m.rsplit_once(", found: ")) {
        Some((expected, _)) if at >= end => {
            format!("syntax error: expected {expected}, found the end of the statement")
        }
        Some((expected, _)) => format!("syntax error: expected {expected}, found {}", shown(source, at)),
        None => format!("syntax error: {}", lower_first(&message)),
    };
    // Without a place, but with the word: `SELECT a, FROM t`.
    let (at, span) = match message.rsplit_once(", found: ") {
        Some((_, found)) => match (0..end).rfind(|i| word(&source.tokens()[*i]).eq_ignore_ascii_case(found)) {
            Some(at) => (at, source.span(at, at + 1)),
            None => (at, span),
        },
        None => (at, span),
    };
    Diagnostic { help: misspelt(source, at), ..syntax(&message, Some(span)) }.into()
}

/// What statements and clauses begin with.
const KEYWORDS: &[&str] = &[
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "ALTER",
    "EXPLAIN",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "COPY",
    "SHOW",
    "VALUES",
    "WITH",
    "TABLE",
    "VIEW",
    "FROM",
    "WHERE",
    "GROUP",
    "ORDER",
    "HAVING",
    "LIMIT",
    "OFFSET",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "JOIN",
    "LEFT",
    "RIGHT",
    "INNER",
    "OUTER",
    "FULL",
    "CROSS",
    "USING",
    "INTO",
    "DISTINCT",
];

/// The keyword that the word before which, or at which, parsing ended was perhaps meant to be.
fn misspelt(source: &Source, at: usize) -> Option<String> {
    let near = |at: usize| {
        let word = word(source.tokens().get(at)?);
        if word.len() < 4 || KEYWORDS.contains(&word.as_str()) {
            return None;
        }
        let limit = if word.len() < 6 { 1 } else { 2 };
        let far = |keyword: &str| bind::distance(&word, keyword);
        // Names in the plural are no misspelt keywords.
        let alike = |keyword: &str| {
            let (a, b) = (word.as_bytes(), keyword.as_bytes());
            a[0] == b[0] && (at == 0 || a.last() == b.last()) && far(keyword) <= limit
        };
        KEYWORDS.iter().copied().filter(|k| alike(k)).min_by_key(|k| far(k))
    };
    let found = at.checked_sub(1).and_then(near).or_else(|| near(at))?;
    Some(format!("did you mean {found}?"))
}
