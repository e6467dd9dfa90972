//! Types as the generator reasons about them, and small pools of values that collide.

use deltaq_operators::functions::text;
use deltaq_operators::{Scalar, SqlType};

use super::Dice;

/// A type, as far as it matters for what may be combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `BOOLEAN`
    Boolean,
    /// `INT`
    Int,
    /// `BIGINT`
    BigInt,
    /// `DECIMAL` of some precision and scale
    Decimal,
    /// `DOUBLE PRECISION`
    Double,
    /// `TEXT`
    Text,
    /// `DATE`
    Date,
    /// `TIMESTAMP`
    Timestamp,
}

/// All of them.
pub const KINDS: [Kind; 8] =
    [Kind::Int, Kind::Text, Kind::BigInt, Kind::Decimal, Kind::Double, Kind::Boolean, Kind::Date, Kind::Timestamp];

impl Kind {
    /// The type of a column of this kind.
    pub fn column(self) -> SqlType {
        match self {
            Kind::Boolean => SqlType::Boolean,
            Kind::Int => SqlType::Int,
            Kind::BigInt => SqlType::BigInt,
            Kind::Decimal => SqlType::Decimal(6, 2),
            Kind::Double => SqlType::Double,
            Kind::Text => deltaq_operators::types::TEXT,
            Kind::Date => SqlType::Date,
            Kind::Timestamp => SqlType::Timestamp,
        }
    }

    /// A number?
    pub fn is_number(self) -> bool {
        matches!(self, Kind::Int | Kind::BigInt | Kind::Decimal | Kind::Double)
    }

    /// Values that are not NULL, the simplest first. With `wild`, extremes that make sums overflow and casts fail.
    pub fn pool(self, wild: bool) -> Vec<Scalar> {
        let mut pool = match self {
            Kind::Boolean => vec![Scalar::Boolean(false), Scalar::Boolean(true)],
            Kind::Int => [0, 1, -1, 2, 7].map(Scalar::Int).to_vec(),
            Kind::BigInt => [0, 1, -1, 2, 10].map(Scalar::BigInt).to_vec(),
            Kind::Decimal => [0, 100, -100, 150, 999_999].map(Scalar::Decimal).to_vec(),
            Kind::Double => {
                [0.0, 1.0, -0.0, 0.1, 0.2, -1.5, 1e300, f64::NAN, f64::INFINITY].map(Scalar::Double).to_vec()
            }
            Kind::Text => ["", "a", "b", "ab", "A", "a%", " a"].map(|t| Scalar::Text(t.into())).to_vec(),
            Kind::Date => [0, 1, 15706, -719_162].map(Scalar::Date).to_vec(),
            Kind::Timestamp => [0, 1, 1_356_998_400_000_000, -1].map(Scalar::Timestamp).to_vec(),
        };
        if wild {
            match self {
                Kind::Int => pool.extend([i32::MAX, i32::MIN].map(Scalar::Int)),
                Kind::BigInt => pool.extend([i64::MAX, i64::MIN].map(Scalar::BigInt)),
                Kind::Double => pool.extend([f64::MAX, f64::NEG_INFINITY, 5e-324].map(Scalar::Double)),
                Kind::Text => pool.extend(["1", "-2", "x'y", "ä"].map(|t| Scalar::Text(t.into()))),
                _ => {}
            }
        }
        pool
    }

    /// A value, sometimes NULL.
    pub fn value(self, dice: &mut Dice, wild: bool, nullable: bool) -> Scalar {
        if nullable && dice.chance(20) { Scalar::Null } else { dice.pick(&self.pool(wild)).clone() }
    }

    /// A value as SQL, with a cast where its text alone does not tell the type.
    pub fn literal(self, value: &Scalar) -> String {
        let ty = self.column();
        let name = match self {
            Kind::Double => "DOUBLE PRECISION".to_string(),
            _ => ty.to_string(),
        };
        match (self, value) {
            (_, Scalar::Null) => format!("CAST(NULL AS {name})"),
            (Kind::Boolean, Scalar::Boolean(v)) => v.to_string().to_uppercase(),
            (Kind::Int, Scalar::Int(v)) if *v >= 0 => v.to_string(),
            (Kind::Text, Scalar::Text(v)) => format!("'{}'", v.replace('\'', "''")),
            _ => format!("CAST('{}' AS {name})", text::to_text(value, ty)),
        }
    }
}
