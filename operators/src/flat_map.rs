//! Table functions: each input row followed by each element the function yields for it.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array, UInt32Array};
use arrow_schema::DataType;
use deltaq_circuit::{Batch, Class, Output, Partition, Query, RowError};

use crate::SqlType;
use crate::expr::Expr;
use crate::map::Map;

/// A table function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFunction {
    /// `generate_series(start, stop [, step])` over BIGINT
    GenerateSeries,
}

impl TableFunction {
    /// The table function of this name (any case).
    pub fn lookup(name: &str) -> Option<TableFunction> {
        name.eq_ignore_ascii_case("generate_series").then_some(TableFunction::GenerateSeries)
    }
}

/// Elements a row may yield at most: a mistyped bound must not fill the memory.
const ELEMENTS_MAX: i64 = 10_000_000;

/// Each input row, once for each element of `function(args)`, followed by the element. Linear; keeps no state.
#[derive(Debug)]
pub struct FlatMap {
    types: Vec<DataType>,
    args: Map,
}

impl FlatMap {
    /// Over rows of `types`; `args` are BIGINT expressions over them.
    pub fn new(types: Vec<DataType>, _function: TableFunction, args: Vec<Expr>) -> FlatMap {
        let columns = (0..types.len()).map(|i| (i, &types[i]));
        // The columns themselves and then the arguments; types of passed columns do not matter to Map.
        let exprs = columns.map(|(i, t)| Expr::column(i, sql_type(t))).chain(args).collect();
        FlatMap { args: Map::new(None, exprs, types.len()), types }
    }
}

/// Some SQL type that lies in memory as `data_type` does.
fn sql_type(data_type: &DataType) -> SqlType {
    let all = [
        SqlType::Boolean,
        SqlType::SmallInt,
        SqlType::Int,
        SqlType::BigInt,
        SqlType::Real,
        SqlType::Double,
        crate::types::TEXT,
        SqlType::Bytea,
        SqlType::Date,
        SqlType::Time,
        SqlType::Timestamp,
        SqlType::TimestampTz,
        SqlType::Interval,
        SqlType::Uuid,
    ];
    match data_type {
        DataType::Decimal128(precision, scale) => SqlType::Decimal(*precision, *scale as u8),
        other => all.into_iter().find(|t| t.arrow() == *other).unwrap_or_else(|| panic!("{other} is no column type")),
    }
}

impl Query for FlatMap {
    fn name(&self) -> &'static str {
        "flat-map"
    }

    fn describe(&self) -> String {
        let args: Vec<String> = self.args.exprs()[self.types.len()..].iter().map(Expr::to_string).collect();
        format!("generate_series({})", args.join(", "))
    }

    fn types(&self) -> Vec<DataType> {
        self.types.iter().cloned().chain([DataType::Int64]).collect()
    }

    fn class(&self) -> Class {
        Class::Linear
    }

    fn partition(&self, _input: usize) -> Partition {
        Partition::Any
    }

    fn apply(&self, inputs: &[Batch]) -> Output {
        let Output { rows: input, mut errors } = self.args.apply(inputs);
        if input.is_empty() {
            return Output { rows: Batch::none(), errors };
        }
        let width = self.types.len();
        let args: Vec<&arrow_array::PrimitiveArray<Int64Type>> =
            input.columns()[width..].iter().map(|c| c.as_primitive::<Int64Type>()).collect();
        let (mut rows, mut elements) = (Vec::new(), Vec::new());
        for row in 0..input.len() {
            if args.iter().any(|a| a.is_null(row)) {
                continue;
            }
            let (start, stop) = (args[0].value(row), args[1].value(row));
            let step = args.get(2).map_or(1, |a| a.value(row));
            let mut fail = |code, message: String| errors.push(RowError { code, message, weight: input.weight(row) });
            if step == 0 {
                fail("22023", "step size cannot equal zero".into());
                continue;
            }
            let span =
                if step > 0 { i128::from(stop) - i128::from(start) } else { i128::from(start) - i128::from(stop) };
            if span / i128::from(step).abs() >= i128::from(ELEMENTS_MAX) {
                fail("54000", format!("generate_series({start}, {stop}, {step}) yields more than {ELEMENTS_MAX} rows"));
                continue;
            }
            let mut element = Some(start);
            while let Some(e) = element.filter(|e| if step > 0 { *e <= stop } else { *e >= stop }) {
                rows.push(row as u32);
                elements.push(e);
                element = e.checked_add(step);
            }
        }
        let picked = input.project(&(0..width).collect::<Vec<_>>()).take(&UInt32Array::from(rows));
        if elements.is_empty() {
            return Output { rows: Batch::none(), errors };
        }
        let mut columns = picked.columns().to_vec();
        columns.push(Arc::new(Int64Array::from(elements)) as ArrayRef);
        Output { rows: picked.with_columns(columns, false), errors }
    }
}
