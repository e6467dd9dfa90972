//! What a query is made of besides SELECT: UNION, EXCEPT, INTERSECT, VALUES.

use deltaq_operators::functions::resolve::quoted;
use deltaq_operators::types::Schema;
use deltaq_operators::{Expr, Field, Scalar, SqlType};
use sqlparser::ast::{self, SetExpr, SetOperator, SetQuantifier};

use super::coerce::{arg, cast, is_untyped};
use super::query::{Purpose, Rows};
use super::scope::{Clause, Level, Scope};
use super::select::{column, settled};
use super::{Binder, Bound, all};
use crate::constant;
use crate::facts::Facts;
use crate::plan::{Plan, SetKind};

impl Binder<'_> {
    /// A SELECT, a set operation, VALUES or a query in parentheses.
    pub fn set_expr(&mut self, body: &SetExpr, purpose: Purpose) -> Bound<Rows> {
        match body {
            SetExpr::Select(select) => self.deeper(|b| b.span(&**select), |b| b.select(select, &[], purpose)),
            SetExpr::Query(query) => self.query(query, purpose),
            SetExpr::SetOperation { op, set_quantifier, left, right } => {
                self.deeper(|b| b.span(body), |b| b.set_operation(*op, *set_quantifier, left, right, body))
            }
            SetExpr::Values(values) => self.values(values, None),
            SetExpr::Table(table) => {
                let name = table.table_name.as_deref().unwrap_or_default().to_lowercase();
                let relation = self.relation(&name, None)?;
                self.grow(1, None)?;
                self.note_table(&name, &relation.schema);
                let schema = relation.schema.clone();
                Ok(Rows::of(Plan::Scan { relation: name, schema: relation.schema, span: None }, schema))
            }
            other => {
                let span = self.span(other);
                self.unsupported("a change inside a query is", span, "make it a statement of its own")
            }
        }
    }

    fn set_operation(
        &mut self,
        op: SetOperator,
        quantifier: SetQuantifier,
        left: &SetExpr,
        right: &SetExpr,
        whole: &SetExpr,
    ) -> Bound<Rows> {
        let keep_all = match quantifier {
            SetQuantifier::All => true,
            SetQuantifier::None | SetQuantifier::Distinct => false,
            _ => {
                let span = self.span(whole);
                return self.unsupported("BY NAME is", span, "name the columns in order");
            }
        };
        // A chain of the same operation is one, however long.
        let mut parts = vec![right];
        let mut rest = left;
        while let SetExpr::SetOperation { op: SetOperator::Union, set_quantifier, left, right } = rest
            && op == SetOperator::Union
            && *set_quantifier == quantifier
        {
            parts.push(right);
            rest = left;
        }
        parts.push(rest);
        parts.reverse();
        let bound = all(parts.iter().map(|p| {
            let rows = self.set_expr(p, Purpose::Rows)?;
            if !rows.keys.is_empty() || !rows.residual.is_empty() {
                let span = self.span(*p);
                return self.unsupported(
                    "UNION, EXCEPT or INTERSECT of subqueries that depend on the query around is",
                    span,
                    "write a subquery each",
                );
            }
            Ok((rows.visible(), *p))
        }))?;
        let (inputs, schema) = self.unify(bound, op)?;
        self.grow(inputs.len(), None)?;
        let plan = match op {
            SetOperator::Union if keep_all => Plan::Union { inputs },
            SetOperator::Union => self.distinct(Plan::Union { inputs }),
            SetOperator::Except | SetOperator::Minus | SetOperator::Intersect => {
                let kind = if op == SetOperator::Intersect { SetKind::Intersect } else { SetKind::Except };
                let mut inputs = inputs.into_iter().map(|p| if keep_all { p } else { self.distinct(p) });
                let (Some(left), Some(right)) = (inputs.next(), inputs.next()) else { panic!("two inputs") };
                // Inputs of distinct rows yield distinct rows.
                Plan::Set { left: Box::new(left), right: Box::new(right), kind }
            }
        };
        Ok(Rows::of(plan, schema))
    }

    /// Brings the columns of all inputs to common types.
    fn unify(&mut self, inputs: Vec<((Plan, Schema), &SetExpr)>, op: SetOperator) -> Bound<(Vec<Plan>, Schema)> {
        let mut schema = inputs[0].0.1.clone();
        let mut types: Vec<SqlType> = vec![SqlType::Null; schema.len()];
        let untyped = |plan: &Plan, i: usize| matches!(plan, Plan::Project { exprs, .. } if is_untyped(&exprs[i]));
        for ((plan, columns), from) in &inputs {
            if columns.len() != types.len() {
                let span = self.span(*from);
                let message = format!("{op} of {} and {} columns", types.len(), columns.len());
                return self.report("42601", message, span);
            }
            for (i, column) in columns.iter().enumerate() {
                if untyped(plan, i) {
                    continue;
                }
                match types[i].common(column.ty) {
                    Some(common) => types[i] = common,
                    None => {
                        let span = self.span(*from);
                        let message =
                            format!("{op} cannot match {} and {} (column \"{}\")", types[i], column.ty, schema[i].name);
                        let help = format!("CAST one of them to {}", types[i]);
                        return self.report_help("42804", message, span, help);
                    }
                }
            }
        }
        for ((plan, columns), _) in &inputs {
            for (i, column) in columns.iter().enumerate() {
                schema[i].nullable |= column.nullable;
                if let Plan::Project { exprs, .. } = plan
                    && is_untyped(&exprs[i])
                {
                    types[i] = quoted(&arg(&exprs[i]), types[i]);
                }
            }
        }
        for (field, ty) in schema.iter_mut().zip(&types) {
            field.ty = settled(*ty);
        }
        let plans = all(inputs.into_iter().map(|((plan, columns), from)| {
            if columns.iter().zip(&schema).all(|(c, f)| c.ty == f.ty) {
                return Ok(plan);
            }
            if let Plan::Project { input, exprs, schema: mut own } = plan {
                let span = self.span(from);
                let exprs = all(exprs.into_iter().zip(&schema).map(|(e, f)| self.coerce(e, f.ty, span)))?;
                for (field, to) in own.iter_mut().zip(&schema) {
                    field.ty = to.ty;
                }
                return Ok(Plan::Project { input, exprs, schema: own });
            }
            let exprs = (0..columns.len()).map(|i| cast(column(&columns, i), schema[i].ty)).collect();
            let cast = columns.iter().zip(&schema).map(|(c, f)| Field { ty: f.ty, ..c.clone() }).collect();
            Ok(Plan::Project { input: Box::new(plan), exprs, schema: cast })
        }))?;
        Ok((plans, schema))
    }

    /// Each row once; nothing to do where no row can repeat.
    pub fn distinct(&self, plan: Plan) -> Plan {
        let columns: Vec<usize> = (0..plan.schema().len()).collect();
        if Facts::of(&plan, self.catalog).is_unique(&columns) { plan } else { Plan::Distinct { input: Box::new(plan) } }
    }

    /// `VALUES (…), (…)`; `into`: the columns the rows are stored in, by name and type, with what DEFAULT stands for.
    pub fn values(&mut self, values: &ast::Values, into: Option<&[(Field, Scalar)]>) -> Bound<Rows> {
        let width = values.rows.first().map_or(0, |r| r.content.len());
        let (_, rows) = self.within(Level::new(Scope::default(), Clause::Where), |b| {
            all(values.rows.iter().map(|row| {
                let row = &row.content;
                if row.len() != width {
                    let span = row.first().and_then(|e| b.span(e));
                    let message = format!("VALUES of rows of {width} and of {} columns", row.len());
                    return b.report("42601", message, span);
                }
                all(row.iter().enumerate().map(|(i, e)| b.cell(e, into.and_then(|columns| columns.get(i)))))
            }))
        });
        let mut rows = rows?;
        let mut types = vec![SqlType::Null; width];
        if into.is_none() {
            for (row, from) in rows.iter().zip(&values.rows) {
                for (i, cell) in row.iter().enumerate() {
                    if is_untyped(cell) {
                        continue;
                    }
                    match types[i].common(cell.ty()) {
                        Some(common) => types[i] = common,
                        None => {
                            let span = self.span(&from.content[i]);
                            return self.report(
                                "42804",
                                format!("VALUES cannot match {} and {}", types[i], cell.ty()),
                                span,
                            );
                        }
                    }
                }
            }
            for row in &rows {
                for (ty, cell) in types.iter_mut().zip(row).filter(|(_, cell)| is_untyped(cell)) {
                    *ty = quoted(&arg(cell), *ty);
                }
            }
            for (row, from) in rows.iter_mut().zip(&values.rows) {
                for (i, cell) in row.iter_mut().enumerate() {
                    let span = self.span(&from.content[i]);
                    *cell = self.coerce(cell.clone(), settled(types[i]), span)?;
                }
            }
        } else if let Some(first) = rows.first() {
            types = first.iter().map(Expr::ty).collect();
        }
        let schema: Schema = (0..width)
            .map(|i| Field {
                name: format!("column{}", i + 1),
                ty: settled(types[i]),
                nullable: rows.iter().any(|r| r[i].nullable()),
            })
            .collect();
        let plan = self.constant_rows(rows, &schema)?;
        Ok(Rows::of(plan, schema))
    }

    fn cell(&mut self, e: &ast::Expr, into: Option<&(Field, Scalar)>) -> Bound<Expr> {
        if let ast::Expr::Identifier(name) = e
            && name.quote_style.is_none()
            && name.value.eq_ignore_ascii_case("default")
        {
            let Some((field, default)) = into else {
                let span = self.span(e);
                return self.report("42601", "DEFAULT stands only in INSERT", span);
            };
            return Ok(Expr::literal(default.clone(), field.ty));
        }
        let bound = self.expr(e)?;
        let span = self.span(e);
        if self.level().subqueries.iter().any(Option::is_some) {
            self.level().subqueries.clear();
            return self.unsupported("a subquery in VALUES is", span, "INSERT INTO … SELECT");
        }
        if !constant::is_constant(&bound) {
            return self.unsupported("a column of the query around in VALUES is", span, "");
        }
        match into {
            Some((field, _)) => self.assign(bound, field.ty, &field.name, span),
            None => Ok(bound),
        }
    }

    /// Rows of constants; where one fails, it does so when it runs.
    fn constant_rows(&mut self, rows: Vec<Vec<Expr>>, schema: &Schema) -> Bound<Plan> {
        let constants: Option<Vec<Vec<Scalar>>> =
            rows.iter().map(|row| row.iter().map(|e| constant::evaluate(e).ok()).collect()).collect();
        self.grow(1, None)?;
        if let Some(rows) = constants {
            return Ok(Plan::Values { rows, schema: schema.clone() });
        }
        self.grow(rows.len(), None)?;
        let one = || Box::new(Plan::Values { rows: vec![Vec::new()], schema: Vec::new() });
        let inputs =
            rows.into_iter().map(|exprs| Plan::Project { input: one(), exprs, schema: schema.clone() }).collect();
        Ok(Plan::Union { inputs })
    }
}
