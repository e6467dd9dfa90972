//! COPY.

use indexmap::IndexMap;

use super::{Binder, Bound};
use crate::catalog::RelationKind;
use crate::parse::{CopySyntax, CopyWhat};
use crate::statement::{Copy, CopyRelation, Statement};

impl Binder<'_> {
    /// `COPY relation TO 'file'`, `COPY (SELECT …) TO 'file'`, `COPY table FROM 'file'`
    pub fn copy(&mut self, copy: &CopySyntax) -> Bound<Statement> {
        let relation = match &copy.relation {
            CopyWhat::Relation { name, columns } => {
                let span = self.span(name);
                let name = self.relation_name(name)?;
                let relation = self.relation(&name, span)?;
                if !columns.is_empty() {
                    return self.unsupported("COPY of some columns is", span, "COPY (SELECT a, b FROM …) TO …");
                }
                if !copy.to && matches!(relation.kind, RelationKind::View(_)) {
                    return self.report_help(
                        "42809",
                        format!("\"{name}\" is a view"),
                        span,
                        "COPY into the tables it reads",
                    );
                }
                CopyRelation::Name(name)
            }
            CopyWhat::Query(query) => {
                let span = self.span(&**query);
                if !copy.to {
                    return self.report("42601", "COPY FROM takes a table", span);
                }
                CopyRelation::Query(self.shown(query)?)
            }
        };
        let options: IndexMap<String, String> = copy.options.iter().cloned().collect();
        Ok(Statement::Copy(Copy { relation, to: copy.to, path: copy.path.clone(), options, span: Some(copy.span) }))
    }
}
