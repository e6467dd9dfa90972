//! Names of types.

use deltaq_circuit::Span;
use deltaq_operators::SqlType;
use deltaq_operators::types::TEXT;
use sqlparser::ast::{CharacterLength, DataType, ExactNumberInfo, TimezoneInfo};

use super::{Binder, Bound, closest};

/// `NUMERIC` without precision.
pub(super) const BARE_NUMERIC: SqlType = SqlType::Decimal(38, 10);

/// Names of types that people write, for "did you mean".
const NAMES: &[&str] = &[
    "boolean",
    "smallint",
    "int",
    "integer",
    "bigint",
    "real",
    "double",
    "float",
    "decimal",
    "numeric",
    "text",
    "varchar",
    "char",
    "bytea",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "interval",
    "uuid",
    "string",
];

impl Binder<'_> {
    /// The type that `name` names. NUMERIC alone is DECIMAL(38,10).
    pub fn sql_type(&mut self, name: &DataType, span: Option<Span>) -> Bound<SqlType> {
        use SqlType::*;
        Ok(match name {
            DataType::Bool | DataType::Boolean => Boolean,
            DataType::TinyInt(_) | DataType::Int2(_) | DataType::SmallInt(_) | DataType::Int16 => SmallInt,
            DataType::Int(_) | DataType::Int4(_) | DataType::Integer(_) | DataType::Int32 | DataType::MediumInt(_) => {
                Int
            }
            DataType::BigInt(_) | DataType::Int8(_) | DataType::Int64 => BigInt,
            DataType::Real | DataType::Float4 | DataType::Float32 => Real,
            DataType::Double(_) | DataType::DoublePrecision | DataType::Float8 | DataType::Float64 => Double,
            DataType::Float(ExactNumberInfo::Precision(n)) if *n <= 24 => Real,
            DataType::Float(_) => Double,
            DataType::Numeric(info) | DataType::Decimal(info) | DataType::Dec(info) => return self.decimal(info, span),
            DataType::Text
            | DataType::TinyText
            | DataType::MediumText
            | DataType::LongText
            | DataType::String(_)
            | DataType::Clob(_) => TEXT,
            DataType::Varchar(n) | DataType::CharacterVarying(n) | DataType::CharVarying(n) | DataType::Nvarchar(n) => {
                Text { max: self.length(n, None, span)?, padded: false }
            }
            DataType::Char(n) | DataType::Character(n) => Text { max: self.length(n, Some(1), span)?, padded: true },
            DataType::Bytea | DataType::Bytes(_) | DataType::Blob(_) | DataType::Binary(_) | DataType::Varbinary(_) => {
                Bytea
            }
            DataType::Date => Date,
            DataType::Time(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => Time,
            DataType::Timestamp(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone)
            | DataType::TimestampNtz(_)
            | DataType::Datetime(_) => Timestamp,
            DataType::Timestamp(..) => TimestampTz,
            DataType::Interval { .. } => Interval,
            DataType::Uuid => Uuid,
            DataType::Custom(name, modifiers) => {
                let text = name.to_string().to_lowercase();
                match (text.as_str(), modifiers.len()) {
                    ("timestamp_ltz", _) => TimestampTz,
                    ("int1", 0) => SmallInt,
                    ("serial" | "bigserial" | "smallserial", 0) => {
                        let help = "declare it BIGINT and insert the numbers yourself";
                        return self.unsupported("SERIAL is", span, help);
                    }
                    _ => {
                        let message = format!("there is no type \"{text}\"");
                        return match closest(&text, NAMES.iter().copied()) {
                            Some(near) => self.report_help("42704", message, span, format!("did you mean {near}?")),
                            None => self.report("42704", message, span),
                        };
                    }
                }
            }
            other => return self.unsupported(&format!("type {other} is"), span, ""),
        })
    }

    fn decimal(&mut self, info: &ExactNumberInfo, span: Option<Span>) -> Bound<SqlType> {
        let (precision, scale) = match info {
            ExactNumberInfo::None => return Ok(BARE_NUMERIC),
            ExactNumberInfo::Precision(p) => (*p, 0),
            ExactNumberInfo::PrecisionAndScale(p, s) => (*p, *s),
        };
        if !(1..=38).contains(&precision) || scale < 0 || scale as u64 > precision {
            let message = format!("there is no DECIMAL({precision},{scale})");
            return self.report_help("22023", message, span, "the precision is 1 to 38, the scale 0 to the precision");
        }
        Ok(SqlType::Decimal(precision as u8, scale as u8))
    }

    fn length(&mut self, n: &Option<CharacterLength>, default: Option<u32>, span: Option<Span>) -> Bound<Option<u32>> {
        match n {
            None => Ok(default),
            Some(CharacterLength::Max) => Ok(None),
            Some(CharacterLength::IntegerLength { length, .. }) => match u32::try_from(*length) {
                Ok(n) if n > 0 => Ok(Some(n)),
                _ => self.report("22023", format!("a text cannot have length {length}"), span),
            },
        }
    }
}
