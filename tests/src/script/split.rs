//! `INSERT … VALUES (…), (…)` as one statement a row.

/// The single-row statements that do the same, None where this is no INSERT of VALUES.
pub fn rows_of_insert(sql: &str) -> Option<Vec<String>> {
    let upper = sql.to_ascii_uppercase();
    let at = upper.find("VALUES")?;
    if !upper.starts_with("INSERT") || upper.contains("SELECT") {
        return None;
    }
    let (head, body) = sql.split_at(at + "VALUES".len());
    let mut rows = Vec::new();
    let mut depth = 0;
    let mut quoted = false;
    let mut start = 0;
    let mut end = 0;
    for (index, c) in body.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => {
                if depth == 0 {
                    // Only a comma stands between rows; anything else begins what follows them.
                    if !body[end..index].trim().is_empty() && body[end..index].trim() != "," {
                        break;
                    }
                    start = index;
                }
                depth += 1;
            }
            ')' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    end = index + 1;
                    rows.push(&body[start..end]);
                }
            }
            _ => {}
        }
    }
    let tail = &body[end..];
    Some(rows.into_iter().map(|row| format!("{head} {row}{tail}")).collect())
}

#[cfg(test)]
mod tests {
    use super::rows_of_insert;

    #[test]
    fn each_row_keeps_head_and_tail() {
        assert_eq!(
            rows_of_insert("INSERT INTO t (a) VALUES (1, '),('), (f(2), NULL) ON CONFLICT (a) DO NOTHING"),
            Some(vec![
                "INSERT INTO t (a) VALUES (1, '),(') ON CONFLICT (a) DO NOTHING".to_string(),
                "INSERT INTO t (a) VALUES (f(2), NULL) ON CONFLICT (a) DO NOTHING".to_string(),
            ])
        );
        assert_eq!(rows_of_insert("INSERT INTO t SELECT * FROM u"), None);
        assert_eq!(rows_of_insert("DELETE FROM t"), None);
    }
}
