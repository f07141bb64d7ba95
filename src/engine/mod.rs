//! Carries a plan out: waits for due times, walks journeys through their steps, records what came of it.
//!
//! One thread keeps time and does all requests; another receives notifications. Neither knows money: they
//! meet the invariants only in the history.

mod awake;
mod bench;
mod body;
mod callback;
mod capture;
mod clock;
mod closed;
mod compile;
mod condition;
mod content;
mod control;
mod ending;
mod glance;
mod guard;
mod halt;
mod journey;
mod live;
mod lookahead;
mod mailbox;
mod mark;
mod merchant;
mod offer;
mod pacer;
mod pages;
mod path;
mod pause;
mod program;
mod recording;
mod render;
mod request;
mod retry;
mod run;
mod signing;
mod stop;
mod turns;
mod users;
mod values;
mod wait;
mod when;
mod xml;

pub use awake::Awake;
pub use callback::Callbacks;
pub use capture::captured;
pub use clock::Clock;
pub use compile::{CompileError, Fault};
pub use guard::AbortLimits;
pub use halt::Halt;
pub use live::{KindView, Live, LiveView};
pub use mailbox::Mailboxes;
pub use mark::mark_of;
pub use merchant::{EndpointError, EndpointReport, MerchantEndpoint, RunningEndpoint, Serving};
pub use pacer::Pacer;
pub use pages::keep_pages_small;
pub use program::Program;
pub use recording::{EventSink, IntentGate};
pub use run::{EngineConfig, EngineError, EngineLimits, EngineReport, LoadEnd, WhenFull, Work, run_load};
pub use signing::{Keys, SecretLookup};
pub use stop::{Stop, StopHandle, StopSignal, stop_signal};
pub use users::keep_ctrl_c;

#[cfg(test)]
mod tests;
