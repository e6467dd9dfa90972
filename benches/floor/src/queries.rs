//! A program a query.

mod q0;
mod q1;
mod q13;
mod q14;
mod q15;
mod q16;
mod q17;
mod q18;
mod q19;
mod q2;
mod q20;
mod q21;
mod q22;
mod q3;
mod q4;
mod q9;

use crate::program::Program;

/// The program of a query, before its first step.
///
/// # Panics
///
/// If there is no such query.
pub fn program(query: &str) -> Box<dyn Program> {
    match query {
        "q0" => Box::new(q0::Q0::default()),
        "q1" => Box::new(q1::Q1::default()),
        "q2" => Box::new(q2::Q2::default()),
        "q3" => Box::new(q3::Q3::default()),
        "q4" => Box::new(q4::Q4::default()),
        "q9" => Box::new(q9::Q9::default()),
        "q13" => Box::new(q13::Q13::new()),
        "q14" => Box::new(q14::Q14::default()),
        "q15" => Box::new(q15::Q15::default()),
        "q16" => Box::new(q16::Q16::default()),
        "q17" => Box::new(q17::Q17::default()),
        "q18" => Box::new(q18::Q18::default()),
        "q19" => Box::new(q19::Q19::default()),
        "q20" => Box::new(q20::Q20::default()),
        "q21" => Box::new(q21::Q21::default()),
        "q22" => Box::new(q22::Q22::default()),
        _ => panic!("a program for every query: {query}"),
    }
}
