//! The queries, each from its file in `queries/`.

/// The tables that the queries read.
pub const SCHEMA: &str = include_str!("../queries/schema.sql");

/// Keys of q13's side table: 0 to one less.
pub const SIDE_ROWS: usize = 10_000;

/// The queries by name, in their order. What each asks is said at its beginning.
const FILES: [(&str, &str); 16] = [
    ("q0", include_str!("../queries/q0.sql")),
    ("q1", include_str!("../queries/q1.sql")),
    ("q2", include_str!("../queries/q2.sql")),
    ("q3", include_str!("../queries/q3.sql")),
    ("q4", include_str!("../queries/q4.sql")),
    ("q9", include_str!("../queries/q9.sql")),
    ("q13", include_str!("../queries/q13.sql")),
    ("q14", include_str!("../queries/q14.sql")),
    ("q15", include_str!("../queries/q15.sql")),
    ("q16", include_str!("../queries/q16.sql")),
    ("q17", include_str!("../queries/q17.sql")),
    ("q18", include_str!("../queries/q18.sql")),
    ("q19", include_str!("../queries/q19.sql")),
    ("q20", include_str!("../queries/q20.sql")),
    ("q21", include_str!("../queries/q21.sql")),
    ("q22", include_str!("../queries/q22.sql")),
];

/// The names of the queries, in their order.
pub const QUERIES: [&str; FILES.len()] = {
    let mut names = [""; FILES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = FILES[at].0;
        at += 1;
    }
    names
};

/// The statement that creates a query's view, which is named as the query; `None` if there is no such query.
pub fn view(query: &str) -> Option<&'static str> {
    FILES.iter().find(|(name, _)| *name == query).map(|(_, sql)| *sql)
}

/// The SELECT of a query alone.
pub fn select(query: &str) -> Option<&'static str> {
    let (_, select) = view(query)?.split_once(" AS\nSELECT")?;
    let start = view(query)?.len() - select.len() - "SELECT".len();
    Some(view(query)?[start..].trim_end().trim_end_matches(';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_creates_the_view_of_its_name() {
        for query in QUERIES {
            let sql = view(query).unwrap_or_default();
            assert!(sql.contains(&format!("\nCREATE VIEW {query} AS\n")), "{query}");
            let select = select(query).unwrap_or_default();
            assert!(select.starts_with("SELECT ") && !select.contains(';'), "{query}");
        }
        assert_eq!(view("q99"), None);
    }
}
