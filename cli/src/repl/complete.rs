//! What may follow: keywords, relations, columns, functions, dot commands, files.

use std::collections::BTreeSet;

use rustyline::completion::Pair;

use crate::keywords::KEYWORDS;
use crate::lexer::{Kind, Token, tokens};
use crate::output::Mode;
use crate::script::quoted;
use crate::session::{COMMANDS, Session};
use clap::ValueEnum;

/// What can be named now.
pub struct Words {
    /// Tables and views with their columns.
    relations: Vec<(String, Vec<String>)>,
    functions: Vec<&'static str>,
}

impl Words {
    /// As the engine knows them.
    pub fn new(session: &Session) -> Words {
        let relations = session.engine.tables().into_iter();
        let mut functions: Vec<&str> = deltaq_operators::functions::all()
            .filter(|f| f.syntax == deltaq_operators::functions::Syntax::Call)
            .flat_map(|f| std::iter::once(f.name).chain(f.aliases.iter().copied()))
            .chain(deltaq_operators::aggregate::Function::ALL.iter().map(|f| f.name()))
            .collect();
        functions.sort_unstable();
        functions.dedup();
        Words {
            relations: relations.map(|r| (r.name, r.schema.into_iter().map(|f| f.name).collect())).collect(),
            functions,
        }
    }

    /// Where the word before `pos` begins, and what may stand in its place.
    pub fn complete(&self, line: &str, pos: usize) -> (usize, Vec<Pair>) {
        let before = &line[..pos];
        if before.trim_start().starts_with('.') && !before.contains('\n') {
            return self.complete_command(before);
        }
        let before_tokens: Vec<Token> = tokens(before).collect();
        match before_tokens.last() {
            Some(token) if token.kind == Kind::Text && !token.closed => {
                let start = token.range.start + 1;
                (start, files(&before[start..]))
            }
            Some(token)
                if token.kind == Kind::Comment && (!token.closed || before[token.range.clone()].starts_with("--")) =>
            {
                (pos, Vec::new())
            }
            Some(token) if token.kind == Kind::Word => {
                let (start, prefix) = (token.range.start, &before[token.range.clone()]);
                (start, self.complete_word(line, before, &before_tokens[..before_tokens.len() - 1], prefix))
            }
            _ => (pos, self.complete_word(line, before, &before_tokens, "")),
        }
    }

    fn complete_word(&self, line: &str, before: &str, tokens: &[Token], prefix: &str) -> Vec<Pair> {
        let lower = prefix.to_lowercase();
        let names = |names: &mut dyn Iterator<Item = &String>| -> BTreeSet<String> {
            names.filter(|n| n.to_lowercase().starts_with(&lower)).map(|n| quoted(n)).collect()
        };
        let text = |token: &Token| &before[token.range.clone()];
        let solid: Vec<&Token> = tokens.iter().filter(|t| !matches!(t.kind, Kind::Blank | Kind::Comment)).collect();
        let last = solid.last().map(|t| text(t).to_ascii_uppercase()).unwrap_or_default();
        if last == "." && solid.len() > 1 {
            let qualifier = text(solid[solid.len() - 2]).trim_matches('"').to_lowercase();
            return pairs(names(&mut self.columns_of(line, &qualifier).iter()));
        }
        if matches!(last.as_str(), "FROM" | "JOIN" | "INTO" | "UPDATE" | "VIEW" | "TABLE" | "COPY") {
            let found = names(&mut self.relations.iter().map(|(name, _)| name));
            if !found.is_empty() {
                return pairs(found);
            }
        }
        if prefix.is_empty() && !last.is_empty() && self.relations.is_empty() {
            return Vec::new();
        }
        let named = |name: &str| crate::script::names(line, name);
        let mut columns: Vec<&String> =
            self.relations.iter().filter(|(name, _)| named(name)).flat_map(|(_, columns)| columns).collect();
        if columns.is_empty() {
            columns = self.relations.iter().flat_map(|(_, columns)| columns).collect();
        }
        let relations = self.relations.iter().map(|(name, _)| name);
        let mut found = pairs(names(&mut columns.into_iter().chain(relations)));
        let small = prefix.starts_with(|c: char| c.is_lowercase());
        let keywords = KEYWORDS.iter().filter(|k| k.to_lowercase().starts_with(&lower));
        let keywords = keywords.map(|k| if small { k.to_lowercase() } else { k.to_string() });
        found.extend(keywords.map(|k| Pair { display: k.clone(), replacement: k }));
        if !prefix.is_empty() {
            let functions = self.functions.iter().filter(|f| f.starts_with(&lower));
            found.extend(functions.map(|f| Pair { display: format!("{f}("), replacement: format!("{f}(") }));
        }
        found
    }

    /// The columns of the relation that `qualifier` names in `line`, itself or as an alias.
    fn columns_of(&self, line: &str, qualifier: &str) -> Vec<String> {
        let columns = |name: &str| self.relations.iter().find(|(n, _)| n == name).map(|(_, columns)| columns.clone());
        if let Some(columns) = columns(qualifier) {
            return columns;
        }
        let words: Vec<String> = tokens(line)
            .filter(|t| !matches!(t.kind, Kind::Blank | Kind::Comment))
            .map(|t| line[t.range].trim_matches('"').to_lowercase())
            .filter(|word| word != "as")
            .collect();
        words.windows(2).filter(|pair| pair[1] == qualifier).find_map(|pair| columns(&pair[0])).unwrap_or_default()
    }

    fn complete_command(&self, before: &str) -> (usize, Vec<Pair>) {
        let start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let prefix = &before[start..];
        let Some((command, _)) = before.trim_start().split_once(char::is_whitespace) else {
            let found = COMMANDS.iter().filter(|c| c.name.starts_with(prefix));
            return (start, found.map(|c| pair(c.name, &format!("{} ", c.name))).collect());
        };
        let command = COMMANDS.iter().find(|c| c.name.starts_with(command)).map_or("", |c| c.name);
        let words: Vec<String> = match command {
            ".help" => COMMANDS.iter().map(|c| c.name.to_string()).collect(),
            ".timer" | ".changes" => vec!["on".into(), "off".into()],
            ".maxrows" => vec!["all".into()],
            ".mode" => {
                Mode::value_variants().iter().filter_map(|m| Some(m.to_possible_value()?.get_name().into())).collect()
            }
            ".read" => return (start, files(prefix)),
            ".schema" | ".watch" | ".unwatch" | ".plan" | ".state" | ".errors" | ".check" => {
                self.relations.iter().map(|(name, _)| quoted(name)).collect()
            }
            _ => Vec::new(),
        };
        (start, words.iter().filter(|w| w.starts_with(prefix)).map(|w| pair(w, w)).collect())
    }
}

fn pair(display: &str, replacement: &str) -> Pair {
    Pair { display: display.to_string(), replacement: replacement.to_string() }
}

fn pairs(words: BTreeSet<String>) -> Vec<Pair> {
    words.iter().map(|word| pair(word, word)).collect()
}

/// Files whose path begins with `prefix`.
fn files(prefix: &str) -> Vec<Pair> {
    let (directory, name) = prefix.rfind('/').map_or(("", prefix), |at| prefix.split_at(at + 1));
    let Ok(entries) = std::fs::read_dir(if directory.is_empty() { "." } else { directory }) else { return Vec::new() };
    let mut found: Vec<Pair> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let file = entry.file_name().into_string().ok()?;
            let hidden = file.starts_with('.') && !name.starts_with('.');
            (file.starts_with(name) && !hidden).then(|| {
                let slash = if entry.path().is_dir() { "/" } else { "" };
                pair(&format!("{file}{slash}"), &format!("{directory}{file}{slash}"))
            })
        })
        .collect();
    found.sort_by(|a, b| a.display.cmp(&b.display));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        let relation =
            |name: &str, columns: &[&str]| (name.to_string(), columns.iter().map(|c| c.to_string()).collect());
        Words {
            relations: vec![relation("orders", &["id", "cust", "amt"]), relation("customers", &["id", "Full Name"])],
            functions: vec!["substr", "sum"],
        }
    }

    /// `|` is the cursor.
    fn check(line: &str, start: usize, expected: &[&str]) {
        let pos = line.find('|').unwrap_or_else(|| panic!("no cursor in {line}"));
        let (from, found) = words().complete(&line.replacen('|', "", 1), pos);
        let found: Vec<&str> = found.iter().map(|p| p.replacement.as_str()).collect();
        assert_eq!((from, found.as_slice()), (start, expected), "{line}");
    }

    #[test]
    fn by_place() {
        check("SEL|", 0, &["SELECT"]);
        check("sel|", 0, &["select"]);
        check("SELECT * FROM |", 14, &["customers", "orders"]);
        check("SELECT * FROM o|", 14, &["orders"]);
        check("SELECT o.| FROM orders o", 9, &["amt", "cust", "id"]);
        check("SELECT c.f| FROM orders o JOIN customers AS c", 9, &["\"Full Name\""]);
        check("SELECT su| FROM orders", 7, &["substr(", "sum("]);
        check("SELECT am| FROM customers", 7, &[]);
        check("SELECT am| FROM orders", 7, &["amt"]);
        check("SELECT 1 -- sel|", 15, &[]);
    }

    #[test]
    fn commands() {
        check(".wa|", 0, &[".watch "]);
        check(".watch o|", 7, &["orders"]);
        check(".mode j|", 6, &["jsonlines"]);
        check(".timer o|", 7, &["on", "off"]);
    }
}
