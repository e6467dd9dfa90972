//! The registry as Markdown: what `docs/sql.md` says of functions is generated here.

use std::fmt::Write;

use crate::functions::{Function, Syntax, all};

/// Families in the order of the manual, with their headings.
const CHAPTERS: &[(&str, &str)] = &[
    ("logic", "Logic"),
    ("comparison", "Comparison"),
    ("conditional", "Conditional"),
    ("math", "Numbers"),
    ("text", "Text"),
    ("datetime", "Dates and times"),
    ("cast", "Casts"),
];

/// All functions, a table a family.
pub fn render() -> String {
    let mut out = String::new();
    for (family, heading) in CHAPTERS {
        line(&mut out, format_args!("### {heading}\n"));
        line(&mut out, format_args!("| | | Examples |\n|---|---|---|"));
        for function in all().filter(|f| f.family == *family) {
            row(&mut out, function);
        }
        out.push('\n');
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments) {
    writeln!(out, "{text}").unwrap_or_else(|_| panic!("a String takes any text"));
}

fn row(out: &mut String, function: &Function) {
    let usage: Vec<String> = split(function.usage).iter().map(|u| format!("`{}`", cell(u))).collect();
    let mut doc = cell(function.doc);
    if !function.aliases.is_empty() && matches!(function.syntax, Syntax::Call) {
        let names: Vec<String> = function.aliases.iter().map(|a| format!("`{a}`")).collect();
        doc = format!("{doc} Also {}.", names.join(", "));
    }
    let examples: Vec<String> =
        function.examples.iter().map(|(sql, result)| format!("`{}` → `{}`", cell(sql), cell(result))).collect();
    line(out, format_args!("| {} | {doc} | {} |", usage.join("<br>"), examples.join("<br>")));
}

/// Signatures of a usage: parted by commas that stand in no parentheses and follow a result.
fn split(usage: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut result) = (Vec::new(), 0, 0, false);
    for (at, c) in usage.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '→' => result = true,
            ',' if depth == 0 && result => {
                parts.push(usage[start..at].trim());
                (start, result) = (at + 1, false);
            }
            _ => {}
        }
    }
    parts.push(usage[start..].trim());
    parts
}

/// Text as it stands in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_function_is_in_the_manual_once() {
        let manual = render();
        let mut names = BTreeSet::new();
        for function in all() {
            assert!(
                CHAPTERS.iter().any(|(family, _)| *family == function.family),
                "{}: {}",
                function.name,
                function.family
            );
            for name in function.aliases.iter().chain([&function.name]) {
                assert!(names.insert(*name), "{name} names two functions");
                assert_eq!(name.to_ascii_lowercase(), *name);
            }
            assert!(!function.doc.is_empty() && !function.usage.is_empty(), "{} is undocumented", function.name);
            let internal = matches!(function.name, "assign" | "only_row");
            assert!(!function.examples.is_empty() || internal, "{} has no example", function.name);
            assert!(manual.contains(&cell(split(function.usage)[0])), "{} is missing", function.name);
        }
    }

    #[test]
    fn signatures_are_parted_where_results_end() {
        assert_eq!(split("f(a, b) → c, g(a [, b]) → d"), ["f(a, b) → c", "g(a [, b]) → d"]);
        assert_eq!(split("CAST(x AS type), x::type"), ["CAST(x AS type), x::type"]);
    }
}
