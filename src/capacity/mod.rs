//! How much the target can carry: judges steps of offered load, steers the search, and compares baselines.
//!
//! Pure: records in, verdicts and next actions out.
