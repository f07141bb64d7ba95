//! Whole runs against small targets in this process, over real sockets on free ports.

mod bodies;
mod callbacks;
mod control;
mod fake;
mod journeys;
mod merchant;
mod retries;
mod runs;
mod stops;
mod stored;
mod users;
