//! Expressions: every form that SQL has for them becomes a column, a constant or a call.

use deltaq_operators::functions::{self, Function, Syntax};
use deltaq_operators::types::TEXT;
use deltaq_operators::{Expr, Scalar, SqlType};
use sqlparser::ast::{
    self, BinaryOperator, CeilFloorKind, DataType, DateTimeField, ExactNumberInfo, UnaryOperator, Value,
};

use super::coerce::{arg, is_untyped};
use super::compare::comparison;
use super::digits::Digits;
use super::precedence::reordered;
use super::rows::symmetric;
use super::{Binder, Bound, all};

/// A bound argument, and where it comes from.
pub(super) type Argument<'e> = (Expr, &'e ast::Expr);

impl Binder<'_> {
    /// Binds an expression in the clause of the query at hand.
    pub fn expr(&mut self, e: &ast::Expr) -> Bound<Expr> {
        self.deeper(|b| b.span(e), |b| b.form(bare(e)))
    }

    /// Binds a condition.
    pub fn condition(&mut self, e: &ast::Expr) -> Bound<Expr> {
        let bound = self.expr(e)?;
        self.boolean(bound, e, "a condition")
    }

    fn boolean(&mut self, bound: Expr, e: &ast::Expr, what: &str) -> Bound<Expr> {
        if bound.ty() == SqlType::Boolean {
            return Ok(bound);
        }
        let span = self.span(e);
        if is_untyped(&bound) {
            return self.coerce(bound, SqlType::Boolean, span);
        }
        self.report("42804", format!("{what} must be BOOLEAN, not {}", bound.ty()), span)
    }

    fn form(&mut self, e: &ast::Expr) -> Bound<Expr> {
        use ast::Expr as E;
        if let Some(reordered) = reordered(e) {
            return self.expr(&reordered);
        }
        match e {
            E::Identifier(name) => {
                let span = self.span(e);
                self.column(std::slice::from_ref(name), span)
            }
            E::CompoundIdentifier(parts) => {
                let span = self.span(e);
                self.column(parts, span)
            }
            E::Value(value) => {
                let span = self.source.span_at(value.span);
                self.literal(&value.value, span)
            }
            E::TypedString(typed) => {
                let span = self.span(e);
                let ty = self.sql_type(&typed.data_type, span)?;
                match typed.value.clone().into_string() {
                    Some(text) => {
                        let digits = Digits::of_type(&typed.data_type);
                        let value = self.typed_literal(&digits.complete(&text), ty, span)?;
                        self.limited(value, digits, e)
                    }
                    None => self.unsupported("this literal is", span, ""),
                }
            }
            E::Interval(interval) => {
                let span = self.span(e);
                let value = self.interval(interval, span)?;
                self.limited(value, Digits::of_literal(interval), e)
            }
            E::BinaryOp { left, op, right } => self.binary(left, op, right, e),
            E::UnaryOp { op, expr } => self.unary(op, expr, e),
            E::IsNull(x) => self.null_test("is_null", x, e),
            E::IsNotNull(x) => self.null_test("is_not_null", x, e),
            E::IsTrue(x) => self.truth("is_true", x, e),
            E::IsFalse(x) => self.truth("is_false", x, e),
            E::IsNotTrue(x) => self.truth("is_not_true", x, e),
            E::IsNotFalse(x) => self.truth("is_not_false", x, e),
            E::IsUnknown(x) => {
                let condition = self.condition(x)?;
                self.apply("is_null", vec![(condition, x)], e)
            }
            E::IsNotUnknown(x) => {
                let condition = self.condition(x)?;
                self.apply("is_not_null", vec![(condition, x)], e)
            }
            E::IsDistinctFrom(a, b) => self.compare("distinct_from", a, b, e),
            E::IsNotDistinctFrom(a, b) => self.compare("not_distinct_from", a, b, e),
            E::InList { expr, list, negated } => self.in_list(expr, list, *negated, e),
            E::Between { expr, negated, low, high } => {
                let between = match symmetric(low) {
                    Some(low) => self.between_either(expr, &low, high, e)?,
                    None => self.call_of("between", &[expr, low, high], e)?,
                };
                self.negate_if(*negated, between, e)
            }
            E::Like { negated, any: false, expr, pattern, escape_char } => {
                self.like("like", expr, pattern, escape_char.as_deref(), *negated, e)
            }
            E::ILike { negated, any: false, expr, pattern, escape_char } => {
                self.like("ilike", expr, pattern, escape_char.as_deref(), *negated, e)
            }
            E::SimilarTo { negated, expr, pattern, escape_char } => {
                self.like("similar_to", expr, pattern, escape_char.as_deref(), *negated, e)
            }
            E::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), e)
            }
            E::Cast { kind, expr, data_type, format, .. } => self.cast(kind, expr, data_type, format.is_some(), e),
            E::AtTimeZone { timestamp, time_zone } => self.at_time_zone(timestamp, time_zone, e),
            E::Extract { field, expr, .. } => {
                let field = text(&unit(field));
                let source = self.expr(expr)?;
                self.apply("extract", vec![(field, expr), (source, expr)], e)
            }
            E::Ceil { expr, field } => self.round("ceil", expr, field, e),
            E::Floor { expr, field } => self.round("floor", expr, field, e),
            E::Position { expr, r#in } => self.call_of("position", &[expr, r#in], e),
            E::Substring { expr, substring_from: None, substring_for: None, .. } => {
                let span = self.source.call_of(ast::Spanned::span(&**expr));
                self.report("42883", "substring takes 2 to 3 arguments, got 1", span)
            }
            E::Substring { expr, substring_from, substring_for, .. } => {
                let mut args = vec![(self.expr(expr)?, &**expr)];
                match substring_from {
                    Some(from) => args.push((self.expr(from)?, from)),
                    None => args.push((Expr::literal(Scalar::Int(1), SqlType::Int), expr)),
                }
                if let Some(length) = substring_for {
                    args.push((self.expr(length)?, length));
                }
                self.apply("substring", args, e)
            }
            E::Trim { trim_where, trim_what, expr, trim_characters } => {
                let name = match trim_where {
                    None | Some(ast::TrimWhereField::Both) => "btrim",
                    Some(ast::TrimWhereField::Leading) => "ltrim",
                    Some(ast::TrimWhereField::Trailing) => "rtrim",
                };
                let mut args = vec![&**expr];
                args.extend(trim_what.as_deref());
                args.extend(trim_characters.iter().flatten());
                self.call_of(name, &args, e)
            }
            E::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                let mut args = vec![&**expr, overlay_what, overlay_from];
                args.extend(overlay_for.as_deref());
                self.call_of("overlay", &args, e)
            }
            E::Function(function) => self.function(function, e),
            E::Exists { subquery, negated } => {
                let exists = self.exists(subquery)?;
                self.negate_if(*negated, exists, e)
            }
            E::Subquery(query) => self.scalar_subquery(query),
            E::InSubquery { expr, subquery, negated } => {
                let found = self.in_subquery(expr, subquery)?;
                self.negate_if(*negated, found, e)
            }
            E::AnyOp { left, compare_op, right, .. } => self.quantified(left, compare_op, right, false, e),
            E::AllOp { left, compare_op, right } => self.quantified(left, compare_op, right, true, e),
            E::Tuple(_) => {
                let span = self.span(e);
                self.unsupported("a row as a value is", span, "rows can be compared: (a, b) = (1, 2), (a, b) IN (…)")
            }
            E::Collate { expr, collation } => {
                let name = collation.0.last().and_then(|part| part.as_ident()).map(|name| name.value.to_lowercase());
                if matches!(name.as_deref(), Some("c" | "posix" | "ucs_basic")) {
                    return self.expr(expr);
                }
                let span = self.span(e);
                self.unsupported("another collation than \"C\" is", span, "text is compared byte by byte")
            }
            E::Array(_) | E::CompoundFieldAccess { .. } | E::InUnnest { .. } => {
                let span = self.span(e);
                self.unsupported("an array is", span, "")
            }
            E::Wildcard(_) | E::QualifiedWildcard(..) => {
                let span = self.span(e);
                self.report("42601", "* stands only in SELECT and COUNT(*)", span)
            }
            _ => {
                let span = self.span(e);
                self.unsupported("this expression is", span, "")
            }
        }
    }

    /// Calls the function of this name: its argument types are resolved, casts put in.
    pub fn apply(&mut self, name: &str, args: Vec<Argument>, e: &ast::Expr) -> Bound<Expr> {
        match functions::lookup(name) {
            Some(function) => self.apply_function(function, args, e),
            None => {
                let span = self.span(e);
                self.unsupported(&format!("{} is", name.to_uppercase()), span, "")
            }
        }
    }

    /// Calls `function`.
    pub fn apply_function(&mut self, function: &'static Function, args: Vec<Argument>, e: &ast::Expr) -> Bound<Expr> {
        let known: Vec<_> = args.iter().map(|(a, _)| arg(a)).collect();
        let signature = match (function.resolve)(&known) {
            Ok(signature) => signature,
            Err(message) => {
                let span = self.span(e);
                let message = match message.split(' ').next() {
                    Some("takes" | "is" | "needs") => format!("{} {message}", function.name),
                    _ => message,
                };
                if let (Syntax::Infix(symbol), [_, _], true) =
                    (function.syntax, args.as_slice(), message.starts_with("operator does not exist"))
                {
                    // Comparisons are resolved alike.
                    let message = message.replace(" = ", &format!(" {symbol} "));
                    return self.report_help(
                        "42883",
                        message,
                        span,
                        "CAST one side to a type that goes with the other",
                    );
                }
                return self.report(code_of(function, &known, &message), message, span);
            }
        };
        assert_eq!(signature.params.len(), args.len(), "{} has one parameter an argument", function.name);
        let args = all(args.into_iter().zip(signature.params).map(|((arg, from), to)| {
            let span = if is_untyped(&arg) { self.span(from) } else { None };
            self.coerce(arg, to, span)
        }))?;
        Ok(Expr::Call { function, args, ty: signature.result })
    }

    /// Binds the arguments and calls the function of this name.
    pub fn call_of(&mut self, name: &str, args: &[&ast::Expr], e: &ast::Expr) -> Bound<Expr> {
        let args = all(args.iter().map(|a| self.expr(a).map(|bound| (bound, *a))))?;
        self.apply(name, args, e)
    }

    fn truth(&mut self, name: &str, x: &ast::Expr, e: &ast::Expr) -> Bound<Expr> {
        let condition = self.condition(x)?;
        self.apply(name, vec![(condition, x)], e)
    }

    pub fn negate_if(&mut self, negated: bool, condition: Expr, e: &ast::Expr) -> Bound<Expr> {
        if negated { self.apply("not", vec![(condition, e)], e) } else { Ok(condition) }
    }

    fn binary(&mut self, left: &ast::Expr, op: &BinaryOperator, right: &ast::Expr, e: &ast::Expr) -> Bound<Expr> {
        use BinaryOperator as B;
        if let Some(name) = comparison(op) {
            return self.compare(name, left, right, e);
        }
        let name = match op {
            B::And | B::Or => return self.logic(op, e),
            B::Spaceship => return self.compare("not_distinct_from", left, right, e),
            B::Plus => return self.chain("add", op, e),
            B::Minus => return self.chain("sub", op, e),
            B::Multiply => return self.chain("mul", op, e),
            B::StringConcat => return self.chain("concat_op", op, e),
            B::Divide => "quotient",
            B::Modulo => "mod",
            B::Overlaps => return self.overlaps(left, right, e),
            B::PGLikeMatch => return self.like("like", left, right, None, false, e),
            B::PGILikeMatch => return self.like("ilike", left, right, None, false, e),
            B::PGNotLikeMatch => return self.like("like", left, right, None, true, e),
            B::PGNotILikeMatch => return self.like("ilike", left, right, None, true, e),
            other => {
                let symbol = other.to_string();
                return match functions::all().find(|f| matches!(f.syntax, Syntax::Infix(s) if s == symbol)) {
                    Some(function) => self.call_of(function.name, &[left, right], e),
                    None => {
                        let span = self.span(e);
                        self.unsupported(&format!("the operator {symbol} is"), span, "")
                    }
                };
            }
        };
        self.call_of(name, &[left, right], e)
    }

    /// A chain of AND or of OR: one call, however long.
    fn logic(&mut self, op: &BinaryOperator, e: &ast::Expr) -> Bound<Expr> {
        let operands = operands(e, op);
        let name = if *op == BinaryOperator::And { "and" } else { "or" };
        let what = if *op == BinaryOperator::And { "what AND joins" } else { "what OR joins" };
        let args = all(operands.iter().map(|x| {
            let bound = self.expr(x)?;
            Ok((self.boolean(bound, x, what)?, *x))
        }))?;
        self.apply(name, args, e)
    }

    fn unary(&mut self, op: &UnaryOperator, x: &ast::Expr, e: &ast::Expr) -> Bound<Expr> {
        match op {
            UnaryOperator::Minus => {
                if let ast::Expr::Value(value) = x
                    && let Value::Number(digits, _) = &value.value
                {
                    let span = self.span(e);
                    return self.number(&format!("-{digits}"), span);
                }
                self.call_of("neg", &[x], e)
            }
            UnaryOperator::Plus => self.expr(x),
            UnaryOperator::Not => {
                let condition = self.condition(x)?;
                self.apply("not", vec![(condition, x)], e)
            }
            other => {
                let symbol = other.to_string();
                match functions::all().find(|f| matches!(f.syntax, Syntax::Prefix(s) if s == symbol)) {
                    Some(function) => self.call_of(function.name, &[x], e),
                    None => {
                        let span = self.span(e);
                        self.unsupported(&format!("the operator {symbol} is"), span, "")
                    }
                }
            }
        }
    }

    fn case(
        &mut self,
        operand: Option<&ast::Expr>,
        conditions: &[ast::CaseWhen],
        otherwise: Option<&ast::Expr>,
        e: &ast::Expr,
    ) -> Bound<Expr> {
        let operand = operand.map(|x| self.expr(x).map(|bound| (bound, x))).transpose();
        let mut args = Vec::with_capacity(conditions.len() * 2 + 1);
        for when in conditions {
            args.push(match &operand {
                Ok(None) => self.condition(&when.condition).map(|c| (c, &when.condition)),
                Ok(Some((x, from))) => self.expr(&when.condition).and_then(|value| {
                    let test = self.apply("eq", vec![(x.clone(), *from), (value, &when.condition)], &when.condition)?;
                    Ok((test, &when.condition))
                }),
                Err(reported) => Err(*reported),
            });
            args.push(self.expr(&when.result).map(|r| (r, &when.result)));
        }
        args.push(match otherwise {
            Some(x) => self.expr(x).map(|bound| (bound, x)),
            None => Ok((Expr::literal(Scalar::Null, SqlType::Null), e)),
        });
        let args = all(args.into_iter())?;
        self.apply("case", args, e)
    }

    fn cast(&mut self, kind: &ast::CastKind, x: &ast::Expr, to: &DataType, format: bool, e: &ast::Expr) -> Bound<Expr> {
        let span = match kind {
            ast::CastKind::DoubleColon => self.span(x),
            _ => self.source.call_of(ast::Spanned::span(x)),
        };
        if format || matches!(kind, ast::CastKind::TryCast | ast::CastKind::SafeCast) {
            return self.unsupported("this form of CAST is", span, "CAST(x AS type)");
        }
        let (x, ty) = (self.expr(x), self.sql_type(to, span));
        let (x, mut ty) = (x?, ty?);
        if matches!(
            to,
            DataType::Numeric(ExactNumberInfo::None)
                | DataType::Decimal(ExactNumberInfo::None)
                | DataType::Dec(ExactNumberInfo::None)
        ) && let Some((precision, scale)) = x.ty().as_decimal()
        {
            ty = SqlType::Decimal(precision, scale);
        }
        let digits = Digits::of_type(to);
        let x = match x {
            Expr::Literal { value: Scalar::Text(text), ty } => Expr::literal(Scalar::Text(digits.complete(&text)), ty),
            other => other,
        };
        let cast = self.explicit_cast(x, ty, span)?;
        self.limited(cast, digits, e)
    }

    /// `x AT TIME ZONE 'Europe/Berlin'`: from a time of day to the moment, and back. Moments are kept in UTC.
    fn at_time_zone(&mut self, x: &ast::Expr, zone: &ast::Expr, e: &ast::Expr) -> Bound<Expr> {
        let span = self.span(e);
        let name = match bare(zone) {
            ast::Expr::Value(value) => value.value.clone().into_string().unwrap_or_default().to_lowercase(),
            _ => String::new(),
        };
        let bound = self.expr(x)?;
        if !matches!(name.as_str(), "utc" | "gmt" | "z" | "etc/utc" | "zulu") {
            let bound_zone = self.expr(zone)?;
            if let Expr::Literal { value: Scalar::Text(name), .. } = &bound_zone
                && let Err(error) = functions::zones::lookup(name)
            {
                let span = self.span(zone);
                return self.report(error.code, error.message, span);
            }
            return self.apply("at_time_zone", vec![(bound, x), (bound_zone, zone)], e);
        }
        let to = match bound.ty() {
            SqlType::TimestampTz => SqlType::Timestamp,
            SqlType::Timestamp | SqlType::Date => SqlType::TimestampTz,
            _ if is_untyped(&bound) => {
                return self
                    .coerce(bound, SqlType::TimestampTz, span)
                    .and_then(|b| self.explicit_cast(b, SqlType::Timestamp, span));
            }
            other => return self.report("42883", format!("AT TIME ZONE takes a timestamp, not {other}"), span),
        };
        self.explicit_cast(bound, to, span)
    }

    /// `CEIL(x)`, `FLOOR(x)`, `FLOOR(x TO DAY)`.
    fn round(&mut self, name: &str, x: &ast::Expr, field: &CeilFloorKind, e: &ast::Expr) -> Bound<Expr> {
        match field {
            CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => self.call_of(name, &[x], e),
            CeilFloorKind::DateTimeField(field) if name == "floor" => {
                let source = self.expr(x)?;
                self.apply("date_trunc", vec![(text(&unit(field)), x), (source, x)], e)
            }
            _ => {
                let span = self.source.call_of(ast::Spanned::span(x));
                self.unsupported("this form of CEIL and FLOOR is", span, "use ROUND or DATE_TRUNC")
            }
        }
    }
}

/// The SQLSTATE of what `resolve` says is wrong.
fn code_of(function: &Function, args: &[functions::Arg], message: &str) -> &'static str {
    use SqlType::{Date, Null, Time, Timestamp, TimestampTz};
    let is_temporal = |a: &functions::Arg| {
        a.literal.is_some_and(|_| a.ty.is_text()) || matches!(a.ty, Date | Null | Time | Timestamp | TimestampTz)
    };
    match message {
        _ if message.starts_with("invalid regular expression") => {
            if message.contains("not supported") {
                "0A000"
            } else {
                "2201B"
            }
        }
        _ if message.starts_with("unit ") && message.contains("not recognized") => "22023",
        _ if message.starts_with("unit ") => "0A000",
        _ if message.ends_with("cannot be matched") && function.name != "in" => {
            if args.iter().all(is_temporal) {
                "42846"
            } else {
                "42804"
            }
        }
        _ => "42883",
    }
}

/// `e` without parentheses.
pub(super) fn bare(mut e: &ast::Expr) -> &ast::Expr {
    while let ast::Expr::Nested(inner) = e {
        e = inner;
    }
    e
}

/// What `op` joins in `e`, in order, through all parentheses.
pub(super) fn operands<'e>(e: &'e ast::Expr, op: &BinaryOperator) -> Vec<&'e ast::Expr> {
    let mut operands = Vec::new();
    let mut stack = vec![e];
    while let Some(e) = stack.pop() {
        match bare(e) {
            ast::Expr::BinaryOp { left, op: other, right } if other == op => {
                stack.push(right);
                stack.push(left);
            }
            _ => operands.push(e),
        }
    }
    operands
}

fn text(value: &str) -> Expr {
    Expr::literal(Scalar::Text(value.into()), TEXT)
}

/// The name of a field of a date.
fn unit(field: &DateTimeField) -> String {
    match field {
        DateTimeField::Custom(ident) => ident.value.to_lowercase(),
        other => other.to_string().to_lowercase(),
    }
}
