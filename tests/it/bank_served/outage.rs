//! A merchant that is down for the whole schedule of callbacks, an hour pressed into ten seconds.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::client::{Client, RUN};
use super::endpoint::Down;
use super::journal::{OfOrder, by_order, read};
use super::pass;
use crate::program::{Served, machine, wait_until};

/// Waits of 1, 5, 10, 15 and 29 minutes, 360 times as fast.
const PROFILE: &str = r#"
name: bank
merchant_no: "88"
signature: { hmac_sha256: { key: k } }
answer: { synchronous: { after: { constant: 0ms } } }
callback: { after: { constant: 1ms }, retries: [1m, 5m, 10m, 15m, 29m], time_scale: 360 }
"#;

/// By hand: minutes in microseconds over 360, rounded down.
const WAITS_US: [i64; 5] = [166_666, 833_333, 1_666_666, 2_500_000, 4_833_333];

/// Orders whose merchant is down; as many more have nobody to be told.
const ORDERS: usize = 20_000;

/// Sets the number of orders for a longer look, such as 500000.
const ORDERS_VARIABLE: &str = "PLIMSOLL_OUTAGE_ORDERS";

/// Connections that pay.
const CONNECTIONS: usize = 4;

/// Pays `n` orders, the `i`-th to be told to `url(i)`.
fn pay_all(address: &str, tag: char, n: usize, url: impl Fn(usize) -> Option<String> + Sync) {
    std::thread::scope(|scope| {
        for first in 0..CONNECTIONS {
            let url = &url;
            scope.spawn(move || {
                let mut client = Client::connect(address, "bank").expect("connects");
                for i in (first..n).step_by(CONNECTIONS) {
                    let (status, answer) = client.pay(&order(tag, i), 500, url(i).as_deref()).expect("an answer");
                    assert_eq!((status, &answer["code"]), (200, &"00".into()));
                }
            });
        }
    });
}

/// The merchants of the last quarter of `n` orders come back, so that their schedules are not over by then.
fn comes_back(i: usize, n: usize) -> bool {
    i >= n - n / 4
}

fn order(tag: char, i: usize) -> String {
    format!("{RUN}-{tag}{i:07}")
}

/// Resident memory of a process, KiB.
fn resident_kib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a running process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("resident memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[expect(clippy::disallowed_methods, reason = "compared with what a bank's own clock says")]
fn unix_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_micros()).expect("not for long")
}

/// What memory did, KiB.
struct Memory {
    /// More for the orders that have nobody to be told.
    of_orders: f64,
    /// More for as many whose merchant is down: the most there was at any time.
    of_outage: f64,
    /// The most in the second half of the outage over the most in the first.
    growth: f64,
}

/// Aim: a merchant that is down costs disk, not memory, and every outcome is told exactly as the schedule says.
/// Method: 20,000 outcomes that nobody hears, for some of whose merchants the endpoint comes up again after some seconds.
/// In the journal each order must have the attempts of the schedule, none early; those of merchants that stayed down all of
/// them, those of merchants that came back until the first attempt after that. Memory is compared with that of as many
/// orders of which nobody is told.
#[expect(clippy::await_holding_lock, reason = "one load at a time has the machine, and nothing here waits for another")]
#[tokio::test(flavor = "multi_thread")]
async fn an_hour_of_outage_costs_disk_and_every_callback_keeps_its_schedule() {
    let _machine = machine();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let n = std::env::var(ORDERS_VARIABLE).map_or(ORDERS, |n| n.parse().expect("a number of orders"));
    let at = |name: &str| scratch.path().join(name).display().to_string();
    std::fs::write(at("bank.yaml"), PROFILE).expect("written");
    let (profile, dir) = (at("bank.yaml"), at("journal"));
    let served = Served::start(&["mock", "serve", &profile, "--journal", &dir], &[]);
    let (dead, back) = (Down::new(), Down::new());
    let (dead_url, back_url) = (dead.url.clone(), back.url.clone());

    let (address, pid) = (served.address.clone(), served.child.id());
    let before = tokio::task::spawn_blocking(move || {
        pay_all(&address, 'w', n / 10, |_| None);
        let start_kib = resident_kib(pid);
        pay_all(&address, 'n', n, |_| None);
        let of_orders = resident_kib(pid) - start_kib;
        pay_all(&address, 'd', n, |i| Some(if comes_back(i, n) { back_url.clone() } else { dead_url.clone() }));
        (start_kib, of_orders)
    });
    let (start_kib, of_orders) = before.await.expect("all are paid");

    let address = served.address.clone();
    let watching = tokio::task::spawn_blocking(move || watch(&address, pid));
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    let up_from_us = unix_us();
    let seen = back.come_up(|_| true);
    let up_to_us = unix_us();
    let samples = watching.await.expect("it was watched");
    let half = samples.len() / 2;
    let most = |samples: &[f64]| samples.iter().copied().fold(0.0, f64::max);
    let memory = Memory {
        of_orders,
        of_outage: most(&samples) - start_kib - of_orders,
        growth: most(&samples[half..]) / most(&samples[..half]),
    };
    drop((served, dead));

    let (late_us, n_acknowledged) = compare(Path::new(&dir), n, up_from_us, up_to_us);
    println!(
        "{n} orders of merchants that were down: attempts {} us late at the median, {} at p99; \
         memory {:.0} KiB for {n} orders alone, {:.0} KiB for these",
        late_us[late_us.len() / 2],
        late_us[late_us.len() * 99 / 100],
        memory.of_orders,
        memory.of_outage
    );
    assert_eq!(seen.lock().expect("no panic").len(), n_acknowledged, "each was told once after it came back");
    assert!(n_acknowledged > n / 8, "too few merchants came back in time to show anything: {n_acknowledged}");
    // Half of that was measured, orders, queue and what the allocator keeps at hand included (two cores, a debug build).
    let most = n as f64;
    assert!(memory.of_outage <= most, "{} KiB, at most {most}", memory.of_outage);
    // What the allocator gives back and takes again is within it.
    assert!(memory.growth <= 1.25, "memory grew in the outage: {}", memory.growth);
}

/// Looks at resident memory, KiB, until every outcome is told or given up.
fn watch(address: &str, pid: u32) -> Vec<f64> {
    let mut client = Client::connect(address, "bank").expect("connects");
    let mut samples = Vec::new();
    wait_until(Duration::from_mins(10), || {
        samples.push(resident_kib(pid));
        (client.health().1["callbacks_open"] == 0).then_some(())
    });
    // The last records are handed to the kernel.
    pass(Duration::from_millis(200));
    samples
}

/// Lays the journal beside the schedule, order by order; gives how late attempts were, microseconds, ascending, and how many
/// outcomes were acknowledged.
fn compare(dir: &Path, n: usize, up_from_us: i64, up_to_us: i64) -> (Vec<i64>, usize) {
    let records = read(dir, "bank");
    let orders = by_order(&records);
    let (mut late_us, mut n_acknowledged) = (Vec::new(), 0);
    for i in 0..n {
        let number = order('d', i);
        let OfOrder { effects, callbacks, .. } = &orders[number.as_str()];
        let [effect] = effects[..] else { panic!("one effect of {number}: {effects:?}") };
        let mut due_us = effect.at_us + 1_000;
        for (k, attempt) in callbacks.iter().enumerate() {
            assert_eq!(usize::try_from(attempt.attempt), Ok(k + 1), "{number}");
            assert!(attempt.at_us >= due_us, "{number}: attempt {} was early", attempt.attempt);
            late_us.push(attempt.at_us - due_us);
            // It began when it was due or later, and was over when it says.
            if comes_back(i, n) && due_us > up_to_us {
                assert!(attempt.acknowledged, "{number}: attempt {} after its merchant came back", attempt.attempt);
            }
            if !comes_back(i, n) || attempt.at_us < up_from_us {
                assert!(!attempt.acknowledged, "{number}: attempt {} of a merchant that was down", attempt.attempt);
            }
            if let Some(wait_us) = WAITS_US.get(k) {
                due_us = attempt.at_us + wait_us;
            }
        }
        let is_acknowledged = callbacks.last().is_some_and(|last| last.acknowledged);
        if is_acknowledged {
            n_acknowledged += 1;
            assert_eq!(callbacks.iter().filter(|c| c.acknowledged).count(), 1, "{number}");
        } else {
            assert_eq!(callbacks.len(), 1 + WAITS_US.len(), "{number}: told to the end of the schedule");
        }
        let nobody = order('n', i);
        assert!(orders[nobody.as_str()].callbacks.is_empty(), "{nobody}");
    }
    late_us.sort_unstable();
    (late_us, n_acknowledged)
}
