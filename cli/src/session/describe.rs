//! Tables and views as the SQL that makes them.

use deltaq::{RelationInfo, RelationKind};
use deltaq_operators::SqlType;

use crate::script::quoted;

/// `CREATE TABLE …` or `CREATE VIEW …`
pub fn definition(relation: &RelationInfo) -> String {
    let name = quoted(&relation.name);
    match relation.kind {
        RelationKind::View => {
            let sql = relation.sql.as_deref().unwrap_or_default().trim();
            let fields = relation.schema.iter();
            let names: Vec<String> = fields.clone().map(|f| quoted(&f.name)).collect();
            let columns: Vec<String> = fields.map(|f| format!("{} {}", quoted(&f.name), f.ty)).collect();
            format!("CREATE VIEW {name} ({}) AS {sql};\n-- columns: {}", names.join(", "), columns.join(", "))
        }
        RelationKind::Table => {
            let columns = relation.schema.iter().zip(&relation.defaults).map(|(field, default)| {
                let null = if field.nullable { "" } else { " NOT NULL" };
                let default = default.as_ref().map(|value| format!(" DEFAULT {}", literal(value, field.ty)));
                format!("  {} {}{null}{}", quoted(&field.name), field.ty, default.unwrap_or_default())
            });
            let mut lines: Vec<String> = columns.collect();
            if !relation.primary_key.is_empty() {
                let key: Vec<String> =
                    relation.primary_key.iter().map(|index| quoted(&relation.schema[*index].name)).collect();
                lines.push(format!("  PRIMARY KEY ({})", key.join(", ")));
            }
            let options = if relation.append_only { " WITH (append_only = true)" } else { "" };
            format!("CREATE TABLE {name} (\n{}\n){options};", lines.join(",\n"))
        }
    }
}

/// A value as SQL has it.
fn literal(value: &str, ty: SqlType) -> String {
    let is_plain = ty == SqlType::Boolean || (ty.is_numeric() && value.ends_with(|c: char| c.is_ascii_digit()));
    if is_plain { value.to_string() } else { format!("'{}'", value.replace('\'', "''")) }
}
