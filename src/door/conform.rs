//! What a table says of its columns, and that there is one zero.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Decimal128Type;
use arrow_array::{Array, ArrayRef, StringArray};
use deltaq_circuit::arrays;
use deltaq_operators::SqlType;

use super::Table;
use crate::error::{Error, Result};

impl Table {
    /// Checks what the table says of its columns, strips the blanks that do not count in `CHAR(n)`, and makes −0 a 0.
    pub(crate) fn conform(&self, columns: &mut [ArrayRef]) -> Result<()> {
        for (index, (field, column)) in self.schema().iter().zip(columns).enumerate() {
            let never_null = !field.nullable || self.primary_key.contains(&index);
            if never_null && column.null_count() > 0 {
                let message =
                    format!("NULL in column \"{}\" of table \"{}\", which is NOT NULL", field.name, self.name);
                return Err(Error::new("23502", message));
            }
            match field.ty {
                SqlType::Text { max: Some(max), padded } => {
                    if padded {
                        strip(column);
                    }
                    let texts = column.as_string::<i32>();
                    if let Some(text) = texts.iter().flatten().find(|t| is_longer(t, max)) {
                        let shown: String = text.chars().take(40).collect();
                        let message =
                            format!("value too long for column \"{}\" of type {}: '{shown}…'", field.name, field.ty);
                        return Err(Error::new("22001", message));
                    }
                }
                SqlType::Real | SqlType::Double => *column = arrays::one_zero(column.clone()),
                SqlType::Decimal(precision, _) if precision < 38 => {
                    if let Err(error) = column.as_primitive::<Decimal128Type>().validate_decimal_precision(precision) {
                        let message = format!("value out of range for column \"{}\" of type {}", field.name, field.ty);
                        return Err(Error::new("22003", message).caused_by(error));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn is_longer(text: &str, max: u32) -> bool {
    text.len() > max as usize && text.chars().count() > max as usize
}

fn strip(column: &mut ArrayRef) {
    let texts = column.as_string::<i32>();
    if texts.iter().flatten().any(|t| t.ends_with(' ')) {
        let stripped: StringArray = texts.iter().map(|t| t.map(|t| t.trim_end_matches(' '))).collect();
        *column = Arc::new(stripped);
    }
}
