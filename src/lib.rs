//! deltaq
