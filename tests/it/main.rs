//! The one integration binary: the real program, real processes, real sockets on free ports.

mod bank_alone;
mod bank_served;
mod canary;
mod capacity;
mod chaos;
mod check;
mod contract;
mod defects;
mod elsewhere;
mod fuzz;
mod gates;
mod metrics;
mod mock_session;
mod program;
mod run;
mod secure;
mod signed_channel;
mod stubborn;
mod tidy;
mod users;
mod weather;
