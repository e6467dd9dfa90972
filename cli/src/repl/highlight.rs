//! SQL in colours.

use crate::keywords::KEYWORDS;
use crate::lexer::{Kind, tokens};

/// `line` with keywords, numbers, texts and comments in colours of their own; as wide as before.
pub fn highlight(line: &str) -> String {
    let mut out = String::with_capacity(line.len() * 2);
    if line.trim_start().starts_with('.') {
        return line.to_string();
    }
    for token in tokens(line) {
        let text = &line[token.range];
        let color = match token.kind {
            Kind::Word if KEYWORDS.binary_search(&text.to_ascii_uppercase().as_str()).is_ok() => "34",
            Kind::Text => "32",
            Kind::Number => "35",
            Kind::Comment => "2",
            _ => {
                out.push_str(text);
                continue;
            }
        };
        // A colour ends with its line: the editor writes line by line.
        for (index, part) in text.split('\n').enumerate() {
            if index > 0 {
                out.push('\n');
            }
            out.push_str(&format!("\x1b[{color}m{part}\x1b[0m"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::highlight;

    #[test]
    fn colours() {
        let found = highlight("select x, 'a\nb' -- c");
        assert_eq!(found.replace('\x1b', "^"), "^[34mselect^[0m x, ^[32m'a^[0m\n^[32mb'^[0m ^[2m-- c^[0m");
        assert_eq!(highlight(".mode csv"), ".mode csv");
    }
}
