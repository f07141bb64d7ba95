//! Virtual users of a closed load: Goose lets them loose one after the other, and keeps each of them asking for its next
//! journey. What a journey is and when it is due is ours to say, and so is all measuring.
//!
//! Goose wants what its users do to be `Send`, and the engine keeps to one thread. So a user only asks over a queue, and
//! waits to be told that its journey has ended.

use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use goose::client::GooseClientBuilder;
use goose::config::GooseConfiguration;
use goose::goose::{GooseUser, Scenario, Transaction};
use goose::{GooseAttack, GooseError};
use tokio::sync::{mpsc, oneshot, watch};

use super::clock::Clock;
use crate::time::{RunOffset, Span};

/// A user is ready for its next journey.
pub(super) struct Wish {
    /// From 0, in the order in which they begin.
    pub(super) user: u32,
    /// Told when the journey has ended; dropped if there is none.
    pub(super) ended: oneshot::Sender<()>,
}

/// Users at large.
pub(super) struct Users {
    over: watch::Sender<bool>,
    gone: oneshot::Receiver<Result<(), String>>,
}

/// Goose insists on an address; nothing is ever sent there.
const NOWHERE: &str = "http://127.0.0.1";

/// How often Goose is told that the load is over: what it was told before it began it has forgotten.
const TELL_EVERY: Span = Span::from_millis(50);

/// How often at most; then Goose is dropped.
const TELL_TIMES: u32 = 60;

/// How long a user for whom there is nothing more rests before Goose may look at it.
const REST: Span = Span::from_millis(20);

/// Goose has one switch for all runs of a process, so there must be one run at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Takes Ctrl-C, and does nothing about it, for the rest of the process: Goose would take it at its start, end the load
/// its own way, and keep it from whoever listens. Who begins to listen after this call hears it.
pub fn keep_ctrl_c() {
    // Whoever has it already keeps it from Goose just as well.
    let _ = ctrlc::set_handler(|| ());
}

impl Users {
    /// Lets `n` users loose, evenly over `ramp` from the start of `clock`. Their wishes come over the queue, which ends when
    /// all of them are gone.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn let_loose(n: u32, ramp: Span, clock: Clock) -> io::Result<(Self, mpsc::Receiver<Wish>)> {
        let (wishes_tx, wishes) = mpsc::channel(n as usize);
        let (over, is_over) = watch::channel(false);
        let (gone_tx, gone) = oneshot::channel();
        thread::Builder::new().name("users".to_owned()).spawn(move || {
            let done = live(n, ramp, clock, wishes_tx, &is_over);
            // An engine that is gone does not ask.
            let _ = gone_tx.send(done);
        })?;
        Ok((Self { over, gone }, wishes))
    }

    /// Sends them home, as soon as each has ended its journey.
    pub(super) fn tell_over(&self) {
        self.over.send_replace(true);
    }

    /// Waits until all are gone.
    ///
    /// # Errors
    /// Why they could not be let loose, or left before they were told to.
    pub(super) async fn gone(self) -> Result<(), String> {
        self.gone.await.unwrap_or_else(|_| Err("their thread panicked".to_owned()))
    }
}

/// The life of all users, on the calling thread.
fn live(
    n: u32,
    ramp: Span,
    clock: Clock,
    wishes: mpsc::Sender<Wish>,
    is_over: &watch::Receiver<bool>,
) -> Result<(), String> {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let attack = attack(n, ramp, wishes, is_over.clone()).map_err(|e| e.to_string())?;
    runtime.block_on(async {
        tokio::time::sleep(clock.until(RunOffset::ZERO).to_std()).await;
        let attack = Box::pin(attack.execute());
        let told = is_over.clone();
        tokio::select! {
            done = attack => match done {
                Ok(_) if *is_over.borrow() => Ok(()),
                Ok(_) => Err("Goose ended before the load did".to_owned()),
                Err(error) => Err(error.to_string()),
            },
            () = tell(told) => Ok(()),
        }
    })
}

/// Tells Goose that the load is over, once it is. Returns if Goose does not listen.
async fn tell(mut is_over: watch::Receiver<bool>) {
    // If the engine is gone, it is over as well.
    let _ = is_over.wait_for(|&is_over| is_over).await;
    for _ in 0..TELL_TIMES {
        goose::trigger_killswitch("the load is over");
        tokio::time::sleep(TELL_EVERY.to_std()).await;
    }
}

/// Users who ask for one journey after the other. Goose measures, prints, writes and listens to nothing.
///
/// How many iterations a user does is not Goose's business: it would print to standard output then.
fn attack(
    n: u32,
    ramp: Span,
    wishes: mpsc::Sender<Wish>,
    is_over: watch::Receiver<bool>,
) -> Result<GooseAttack, GooseError> {
    let (users, rate) = (n.to_string(), format!("{:.6}", launched_per_second(n, ramp)));
    let arguments = ["--host", NOWHERE, "--users", &users, "--increase-rate", &rate];
    let silent = ["--no-metrics", "--no-print-metrics", "--no-telnet", "--quiet"];
    let configuration = GooseConfiguration::parse_args_default(&[&arguments[..], &silent].concat())?;
    let journey = Transaction::new(Arc::new(move |user: &mut GooseUser| {
        let number = u32::try_from(user.weighted_users_index).unwrap_or(u32::MAX);
        let (wishes, is_over) = (wishes.clone(), is_over.clone());
        Box::pin(async move {
            next_journey(number, wishes, is_over).await;
            Ok(())
        })
    }));
    // One client for all of them, which none uses: a client of its own for each takes milliseconds to make.
    Ok(GooseAttack::initialize_with_config(configuration)?
        .set_client_builder_without_cookies(GooseClientBuilder::new().without_cookies())?
        .register_scenario(Scenario::new("journeys").register_transaction(journey)))
}

/// How fast users are launched so that the last one of `n` begins within `ramp`.
fn launched_per_second(n: u32, ramp: Span) -> f64 {
    // Within a millisecond where there is no ramp.
    f64::from(n) / ramp.max(Span::from_millis(1)).as_secs_f64()
}

/// Asks for the next journey of `user` and returns when it has ended.
async fn next_journey(user: u32, wishes: mpsc::Sender<Wish>, mut is_over: watch::Receiver<bool>) {
    let (ended, end) = oneshot::channel();
    if wishes.send(Wish { user, ended }).await.is_ok() && end.await.is_ok() {
        return;
    }
    // There is no further one. Goose asks again until it has been told that the load is over.
    drop(wishes);
    let _ = is_over.wait_for(|&is_over| is_over).await;
    tokio::time::sleep(REST.to_std()).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_launched_within_the_ramp() {
        for (n, ramp, rate) in [(10, Span::from_secs(5), 2.0), (3, Span::ZERO, 3_000.0), (1, Span::from_secs(10), 0.1)]
        {
            let found = launched_per_second(n, ramp);
            assert!((found - rate).abs() < 1e-9, "{n} users within {ramp}: {found}/s");
        }
    }
}
