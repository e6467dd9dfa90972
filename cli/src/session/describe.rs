//! Tables and views as the SQL that makes them.

use deltaq::{RelationInfo, RelationKind};

use crate::script::quoted;

/// `CREATE TABLE …` or `CREATE VIEW …`
pub fn definition(relation: &RelationInfo) -> String {
    let name = quoted(&relation.name);
    match relation.kind {
        RelationKind::View => {
            let sql = relation.sql.as_deref().unwrap_or_default().trim();
            let columns: Vec<String> =
                relation.schema.iter().map(|f| format!("{} {}", quoted(&f.name), f.ty)).collect();
            format!("CREATE VIEW {name} AS {sql};\n-- columns: {}", columns.join(", "))
        }
        RelationKind::Table => {
            let mut lines: Vec<String> = relation
                .schema
                .iter()
                .map(|f| format!("  {} {}{}", quoted(&f.name), f.ty, if f.nullable { "" } else { " NOT NULL" }))
                .collect();
            if !relation.primary_key.is_empty() {
                let key: Vec<String> =
                    relation.primary_key.iter().map(|index| quoted(&relation.schema[*index].name)).collect();
                lines.push(format!("  PRIMARY KEY ({})", key.join(", ")));
            }
            format!("CREATE TABLE {name} (\n{}\n);", lines.join(",\n"))
        }
    }
}
