//! Why a row may not come in, or cannot go.

use arrow_array::ArrayRef;
use deltaq_circuit::{Batch, Weight};
use deltaq_operators::Scalar;
use deltaq_operators::functions::text;

use super::Table;
use crate::error::Error;

impl Table {
    pub(super) fn duplicate(&self, key: &[ArrayRef], row: usize, what: &str) -> Error {
        let message = format!("duplicate primary key in table \"{}\": {} {what}", self.name, self.show_key(key, row));
        Error::new("23505", message)
    }

    pub(super) fn absent_key(&self, key: &[ArrayRef], row: usize) -> Error {
        let message = format!("no row with primary key {} in table \"{}\"", self.show_key(key, row), self.name);
        Error::new("P0002", message)
    }

    pub(super) fn absent_row(&self, rows: &Batch, row: usize, held: Weight) -> Error {
        let all: Vec<usize> = (0..self.schema().len()).collect();
        let shown = self.show(&all, rows.columns(), row);
        let wanted = -rows.weight(row);
        let held = match (held, wanted) {
            (0, _) => "is not there".to_string(),
            (held, wanted) => format!("is there {held} times, not {wanted}"),
        };
        Error::new("P0002", format!("a row to be retracted from table \"{}\" {held}: {shown}", self.name))
    }

    pub(super) fn show_key(&self, key: &[ArrayRef], row: usize) -> String {
        self.show(&self.primary_key, key, row)
    }

    /// `(id, name) = (1, 'a')`
    fn show(&self, indexes: &[usize], columns: &[ArrayRef], row: usize) -> String {
        let names: Vec<&str> = indexes.iter().map(|&i| self.schema()[i].name.as_str()).collect();
        let value = |(&i, column): (&usize, &ArrayRef)| {
            let ty = self.schema()[i].ty;
            match Scalar::from_array(column, ty, row) {
                Scalar::Null => "NULL".to_string(),
                Scalar::Text(text) => format!("'{text}'"),
                value => text::to_text(&value, ty),
            }
        };
        let values: Vec<String> = indexes.iter().zip(columns).map(value).collect();
        format!("({}) = ({})", names.join(", "), values.join(", "))
    }
}
