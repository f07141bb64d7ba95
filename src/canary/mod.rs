//! Whether a release may carry more traffic: judges two releases that were given the same stream.
//!
//! Pure: records in, verdicts out.
