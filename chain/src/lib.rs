//! The reference payment chain.
