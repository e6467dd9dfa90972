//! From SQL text to statements: where each begins and ends, and what sqlparser makes of it.

use deltaq_circuit::Span;
use sqlparser::ast;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::bind;
use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dialect::Sql;
use crate::source::{Source, nesting};
use crate::statement::{Emit, ExplainFormat, Statement};

mod cursor;
mod mistake;

use cursor::Cursor;
pub(crate) use mistake::too_complex;
use mistake::{is_deep, misspelt, parse_error, shown, syntax};

/// How deep expressions and subqueries may be nested, as sqlparser counts: a parenthesis is one level, a subquery some.
const NESTING_MAX: usize = 1_200;
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
            ("EXPLAIN", _) => Cursor { source, at: from + 1, end }.explain(),
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
        if is_deep(source, end) {
            return Err(too_complex(Some(source.span(0, end))).into());
        }
        let at = source.token_at(next.span.start);
        let message = format!("syntax error at {}", shown(source, at));
        return Err(Diagnostic { help: misspelt(source, at), ..syntax(&message, Some(source.span(at, at + 1))) }.into());
    }
    Ok(Parsed::Sql { statement: Box::new(statement), emit, file, body })
}

/// The unquoted word of a token in upper case, else nothing.
pub(crate) fn word(token: &TokenWithSpan) -> String {
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
pub(crate) fn at_top(tokens: &[TokenWithSpan], want: impl Fn(usize) -> bool) -> Option<usize> {
    let mut depth = 0;
    (0..tokens.len()).find(|i| {
        depth += nesting(&tokens[*i].token);
        depth == 0 && want(*i)
    })
}
