//! The command line of deltaq.

mod cells;
mod lexer;
mod output;
mod script;

fn main() {}
