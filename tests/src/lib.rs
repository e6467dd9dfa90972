//! Laws, oracles and SQL test files.
