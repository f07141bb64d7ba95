//! The one integration binary: the real program, real processes, real sockets on free ports.

mod bank_alone;
mod check;
mod defects;
mod program;
mod run;
mod tidy;
mod weather;
