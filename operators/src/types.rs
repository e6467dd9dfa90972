//! SQL's scalar types and how each lies in memory.

use std::fmt;

use arrow_schema::{DataType, IntervalUnit, TimeUnit};

/// A scalar type of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SqlType {
    /// The type of a bare NULL, until the context decides.
    Null,
    /// `BOOLEAN`
    Boolean,
    /// `SMALLINT`, 16 bits
    SmallInt,
    /// `INT`, 32 bits
    Int,
    /// `BIGINT`, 64 bits
    BigInt,
    /// `REAL`, 32 bits
    Real,
    /// `DOUBLE PRECISION`, 64 bits
    Double,
    /// `DECIMAL(precision, scale)`, precision at most 38, 0 ≤ scale ≤ precision
    Decimal(u8, u8),
    /// `TEXT`, `VARCHAR(max)` or, where `padded`, `CHAR(max)`
    Text {
        /// Characters at most; None: no limit.
        max: Option<u32>,
        /// `CHAR(n)`: trailing blanks do not count. Stored without them.
        padded: bool,
    },
    /// `BYTEA`
    Bytea,
    /// `DATE`, days since 1970-01-01
    Date,
    /// `TIME`, microseconds since midnight
    Time,
    /// `TIMESTAMP`, microseconds since 1970-01-01 00:00:00
    Timestamp,
    /// `TIMESTAMPTZ`, the same in UTC
    TimestampTz,
    /// `INTERVAL`: months, days, nanoseconds (used in whole microseconds)
    Interval,
    /// `UUID`
    Uuid,
}

/// `TEXT`
pub const TEXT: SqlType = SqlType::Text { max: None, padded: false };

impl SqlType {
    /// The Arrow type of its columns. A bare NULL is stored as text.
    pub fn arrow(self) -> DataType {
        match self {
            SqlType::Boolean => DataType::Boolean,
            SqlType::SmallInt => DataType::Int16,
            SqlType::Int => DataType::Int32,
            SqlType::BigInt => DataType::Int64,
            SqlType::Real => DataType::Float32,
            SqlType::Double => DataType::Float64,
            SqlType::Decimal(precision, scale) => DataType::Decimal128(precision, scale as i8),
            SqlType::Null | SqlType::Text { .. } => DataType::Utf8,
            SqlType::Bytea => DataType::Binary,
            SqlType::Date => DataType::Date32,
            SqlType::Time => DataType::Time64(TimeUnit::Microsecond),
            SqlType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            SqlType::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            SqlType::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
            SqlType::Uuid => DataType::FixedSizeBinary(16),
        }
    }

    /// SMALLINT, INT or BIGINT.
    pub fn is_integer(self) -> bool {
        matches!(self, SqlType::SmallInt | SqlType::Int | SqlType::BigInt)
    }

    /// REAL or DOUBLE.
    pub fn is_float(self) -> bool {
        matches!(self, SqlType::Real | SqlType::Double)
    }

    /// Any number.
    pub fn is_numeric(self) -> bool {
        self.is_integer() || self.is_float() || matches!(self, SqlType::Decimal(..))
    }

    /// TEXT, VARCHAR or CHAR.
    pub fn is_text(self) -> bool {
        matches!(self, SqlType::Text { .. })
    }

    /// The decimal that holds every value of an integer type.
    pub fn as_decimal(self) -> Option<(u8, u8)> {
        match self {
            SqlType::SmallInt => Some((5, 0)),
            SqlType::Int => Some((10, 0)),
            SqlType::BigInt => Some((19, 0)),
            SqlType::Decimal(precision, scale) => Some((precision, scale)),
            _ => None,
        }
    }

    /// The type that values of `self` and `other` are both turned into where they meet (CASE, UNION, comparison,
    /// COALESCE), as PostgreSQL resolves it. None where there is none.
    pub fn common(self, other: SqlType) -> Option<SqlType> {
        use SqlType::*;
        if self == other {
            return Some(self);
        }
        let rank = |t| match t {
            SmallInt => Some(0),
            Int => Some(1),
            BigInt => Some(2),
            Decimal(..) => Some(3),
            Real => Some(4),
            Double => Some(5),
            _ => None,
        };
        match (self, other) {
            (Null, t) | (t, Null) => Some(t),
            (Text { .. }, Text { .. }) => Some(TEXT),
            (Date, t @ (Timestamp | TimestampTz)) | (t @ (Timestamp | TimestampTz), Date) => Some(t),
            (Timestamp, TimestampTz) | (TimestampTz, Timestamp) => Some(TimestampTz),
            (Real, Decimal(..)) | (Decimal(..), Real) => Some(Double),
            _ if rank(self)?.max(rank(other)?) == 3 => {
                let (p, s) = self.as_decimal()?;
                let (q, r) = other.as_decimal()?;
                let scale = s.max(r);
                Some(Decimal(((p - s).max(q - r) + scale).min(38), scale))
            }
            _ => Some(if rank(self)? > rank(other)? { self } else { other }),
        }
    }
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            SqlType::Null => f.write_str("NULL"),
            SqlType::Boolean => f.write_str("BOOLEAN"),
            SqlType::SmallInt => f.write_str("SMALLINT"),
            SqlType::Int => f.write_str("INT"),
            SqlType::BigInt => f.write_str("BIGINT"),
            SqlType::Real => f.write_str("REAL"),
            SqlType::Double => f.write_str("DOUBLE"),
            SqlType::Decimal(precision, scale) => write!(f, "DECIMAL({precision},{scale})"),
            SqlType::Text { max: None, .. } => f.write_str("TEXT"),
            SqlType::Text { max: Some(max), padded: false } => write!(f, "VARCHAR({max})"),
            SqlType::Text { max: Some(max), padded: true } => write!(f, "CHAR({max})"),
            SqlType::Bytea => f.write_str("BYTEA"),
            SqlType::Date => f.write_str("DATE"),
            SqlType::Time => f.write_str("TIME"),
            SqlType::Timestamp => f.write_str("TIMESTAMP"),
            SqlType::TimestampTz => f.write_str("TIMESTAMPTZ"),
            SqlType::Interval => f.write_str("INTERVAL"),
            SqlType::Uuid => f.write_str("UUID"),
        }
    }
}

/// A column of a table or view.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: SqlType,
    /// Whether it may hold NULL.
    pub nullable: bool,
}

/// The columns of a table or view, in order.
pub type Schema = Vec<Field>;

/// The Arrow types of `schema`'s columns.
pub fn arrow_types(schema: &[Field]) -> Vec<DataType> {
    schema.iter().map(|f| f.ty.arrow()).collect()
}
