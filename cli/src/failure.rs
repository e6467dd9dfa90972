//! What ends a command line, and how it is told: with the SQL underlined where it is at fault.

use std::io::{self, IsTerminal};
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// Why something was not done.
#[derive(Debug)]
pub enum Failure {
    /// The engine said so, and the text with the SQL underlined says why.
    Sql(String),
    /// One sentence.
    Message(String),
    /// The command line makes no sense: one sentence.
    Usage(String),
    /// What is printed could not be written.
    Output(io::Error),
    /// Ctrl-C.
    Interrupted,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

impl From<deltaq::Error> for Failure {
    fn from(error: deltaq::Error) -> Failure {
        Failure::Sql(render(&error, None))
    }
}

impl From<deltaq_nexmark::engine::Failure> for Failure {
    fn from(failure: deltaq_nexmark::engine::Failure) -> Failure {
        match failure {
            deltaq_nexmark::engine::Failure::Engine(error) => error.into(),
            deltaq_nexmark::engine::Failure::Output(error) => Failure::Output(error),
            deltaq_nexmark::engine::Failure::Usage(what) => Failure::Usage(what),
            other => Failure::Message(other.to_string()),
        }
    }
}

impl Failure {
    /// The same, with where in a script it happened. SQL says so itself.
    pub fn at(self, path: &str, line: usize) -> Failure {
        match self {
            Failure::Message(text) => Failure::Message(format!("{path}:{line}: {text}")),
            other => other,
        }
    }

    /// The exit status that goes with it.
    pub fn status(&self) -> u8 {
        match self {
            Failure::Sql(_) | Failure::Message(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Output(e) if e.kind() == io::ErrorKind::BrokenPipe => 141,
            Failure::Output(_) => 1,
            Failure::Interrupted => 130,
        }
    }

    /// Tells the user, on standard error.
    pub fn report(&self) {
        match self {
            Failure::Sql(text) => eprintln!("{text}"),
            Failure::Message(text) | Failure::Usage(text) => {
                eprintln!("{}", Renderer::render(&renderer(), &[title("", text)]))
            }
            Failure::Output(e) if e.kind() == io::ErrorKind::BrokenPipe => {}
            Failure::Output(e) => eprintln!("error: writing the output: {e}"),
            Failure::Interrupted => {}
        }
    }
}

/// The text that a statement stands in.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Its file.
    pub path: Option<&'a str>,
    /// The text.
    pub text: &'a str,
    /// Where in it the statement begins.
    pub start: usize,
    /// Bytes put before the statement that the user did not write.
    pub skip: usize,
    /// The number of the text's first line.
    pub first_line: usize,
}

/// Whether colours show on standard error.
pub fn color() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

fn renderer() -> Renderer {
    let renderer = if color() { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii)
}

fn title<'a>(code: &'a str, message: &'a str) -> annotate_snippets::Group<'a> {
    let title = Level::ERROR.primary_title(message);
    annotate_snippets::Group::with_title(if code.is_empty() { title } else { title.id(code) })
}

/// `error` as it is shown: each mistake with the SQL it is about.
pub fn render(error: &deltaq::Error, origin: Option<Origin>) -> String {
    let mut all = Vec::new();
    for diagnostic in error.diagnostics() {
        let mut group = title(diagnostic.code, &diagnostic.message);
        if let (Some(origin), Some(span)) = (origin, diagnostic.span) {
            let excerpt = Excerpt::new(origin, span.start..span.end);
            let snippet = Snippet::source(excerpt.text)
                .line_start(excerpt.line)
                .annotation(AnnotationKind::Primary.span(excerpt.span));
            group = group.element(match origin.path {
                Some(path) => snippet.path(path),
                None => snippet,
            });
        }
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        all.push(renderer().render(&[group]));
    }
    all.join("\n\n")
}

/// The lines around a span, and of very long lines the part around it.
struct Excerpt {
    text: String,
    line: usize,
    span: Range<usize>,
}

impl Excerpt {
    /// Bytes shown before and after the span at most.
    const CONTEXT: usize = 300;

    fn new(origin: Origin, span: Range<usize>) -> Excerpt {
        let text = origin.text;
        let boundary = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let mut start = boundary(origin.start + span.start.saturating_sub(origin.skip));
        let mut end = boundary(origin.start + span.end.saturating_sub(origin.skip)).max(start);
        if start == end {
            // Where something is missing, the place behind what stands before it, unless a character follows.
            match text[start..].chars().next() {
                Some(next) if next != '\n' => end += next.len_utf8(),
                _ => {
                    let before = text[..start].trim_end();
                    end = before.len();
                    start = before.char_indices().next_back().map_or(0, |(at, _)| at);
                }
            }
        }
        // A mistake of many lines is pointed at by its first ones.
        let third_line = text[start..end].match_indices('\n').nth(2).map(|(at, _)| start + at);
        end = third_line.unwrap_or(end);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
        let from = boundary(line_start.max(start.saturating_sub(Excerpt::CONTEXT)));
        end = boundary(end.min(start + 2 * Excerpt::CONTEXT)).max(start);
        let to = boundary(line_end.min(end + Excerpt::CONTEXT)).max(end);
        Excerpt {
            text: text[from..to].to_string(),
            line: origin.first_line + text[..line_start].matches('\n').count(),
            span: start - from..end - from,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, start: usize, span: Range<usize>, line: usize, underlined: &str) {
        let excerpt = Excerpt::new(Origin { path: None, text, start, skip: 0, first_line: 1 }, span);
        assert_eq!(&excerpt.text[excerpt.span.clone()], underlined);
        assert_eq!(excerpt.line, line);
    }

    #[test]
    fn excerpts() {
        check("SELECT 1;\nSELECT x\nFROM t;", 10, 7..8, 2, "x");
        check("SELECT 1;\nSELECT x\nFROM t;", 10, 14..15, 3, "t");
        check("SELECT 1 +", 0, 10..10, 1, "+");
        check("SELECT 1 +\n", 0, 11..11, 1, "+");
        check("", 0, 0..0, 1, "");
        check("SELECT ü", 0, 8..99, 1, "ü");
        check("a\nb\nc\nd\ne", 0, 0..9, 1, "a\nb\nc");
        let long = format!("SELECT {} x", "1 + ".repeat(30_000));
        let excerpt =
            Excerpt::new(Origin { path: None, text: &long, start: 0, skip: 0, first_line: 1 }, 120_008..120_009);
        assert!(excerpt.text.len() < 1000);
        assert_eq!(&excerpt.text[excerpt.span], "x");
    }
}
