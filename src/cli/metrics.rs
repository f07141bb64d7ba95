//! Loads as Prometheus sees them: `/metrics` in the `OpenMetrics` text format, from before the first load until the verdict.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};
use tokio::net::TcpListener;

use super::Failure;
use crate::engine::{Clock, Live, LiveView};
use crate::time::{RunOffset, Span};

/// A page for Prometheus, served until the last of its handles is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    serving: Arc<Serving>,
    /// What is said of every load shown by this handle, besides its own labels.
    labels: Vec<(&'static str, String)>,
}

#[derive(Debug)]
struct Serving {
    page: Arc<Mutex<Page>>,
    task: tokio::task::JoinHandle<()>,
}

/// What is shown now.
#[derive(Clone, Debug, Default)]
struct Page {
    loads: Vec<Load>,
    line: Option<Line>,
}

/// A load under way, looked at whenever somebody asks.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) labels: Vec<(&'static str, String)>,
    pub(crate) live: Arc<Live>,
    pub(crate) clock: Clock,
    /// Length of its schedule.
    pub(crate) total: Span,
}

/// How far a search is: the highest rate shown to hold, and the lowest shown to fail.
#[derive(Clone, Debug, Default)]
struct Line {
    labels: Vec<(&'static str, String)>,
    n_steps: u64,
    holds: Option<f64>,
    fails: Option<f64>,
}

impl Metrics {
    /// What `--metrics` asks for: a page without anything on it yet.
    pub(crate) async fn asked(flag: Option<&str>) -> Result<Option<Self>, Failure> {
        let Some(text) = flag else { return Ok(None) };
        let wrong = || Failure::user(format!("--metrics: expected an address such as `127.0.0.1:9464`, got `{text}`"));
        let address: SocketAddr = text.parse().map_err(|_| wrong())?;
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot serve metrics at {address}: choose another address with `--metrics`"))
            .map_err(Failure::World)?;
        let page = Arc::new(Mutex::new(Page::default()));
        let router = Router::new().route("/metrics", get(shown)).with_state(Arc::clone(&page));
        let task = tokio::spawn(async move {
            // A run must not end because nobody can look at it.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Some(Self { serving: Arc::new(Serving { page, task }), labels: Vec::new() }))
    }

    /// A handle whose loads have one label more.
    pub(crate) fn labelled(&self, name: &'static str, value: String) -> Self {
        let mut more = self.clone();
        more.labels.push((name, value));
        more
    }

    /// Shows `loads` in place of those before.
    pub(crate) fn show(&self, loads: Vec<Load>) {
        let labelled = |mut load: Load| {
            load.labels.extend(self.labels.iter().cloned());
            load
        };
        lock(&self.serving.page).loads = loads.into_iter().map(labelled).collect();
    }

    /// Shows how far the search of `scenario` is, with its interval as it stands.
    pub(crate) fn show_line(&self, scenario: &str, n_steps: u64, (holds, fails): (Option<f64>, Option<f64>)) {
        let labels = vec![("scenario", scenario.to_owned())];
        lock(&self.serving.page).line = Some(Line { labels, n_steps, holds, fails });
    }
}

impl Load {
    /// The load of `run` of `scenario`.
    pub(crate) fn of_run((run, scenario): (&str, &str), live: &Arc<Live>, clock: Clock, total: Span) -> Self {
        let labels = vec![("run", run.to_owned()), ("scenario", scenario.to_owned())];
        Self { labels, live: Arc::clone(live), clock, total }
    }

    /// With one label more.
    pub(crate) fn labelled(mut self, name: &'static str, value: &str) -> Self {
        self.labels.push((name, value.to_owned()));
        self
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(page: &Mutex<Page>) -> MutexGuard<'_, Page> {
    page.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn shown(State(page): State<Arc<Mutex<Page>>>) -> Response {
    let page = lock(&page).clone();
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], page.text()).into_response()
}

impl Page {
    /// An empty page is a valid one.
    fn text(self) -> String {
        let mut registry = Registry::with_prefix("plimsoll");
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        // Formatting into memory cannot fail.
        if encode(&mut text, &registry).is_err() {
            "# EOF\n".clone_into(&mut text);
        }
        text
    }
}

/// One metric: name, help, unit, and its value of a load, unless that is not known.
type Gauge = (&'static str, &'static str, Option<Unit>, fn(&Seen<'_>) -> f64);
type Quantiles = fn(&LiveView) -> [(&'static str, Option<Span>); 2];
type Counter = (&'static str, &'static str, fn(&LiveView) -> u64);

/// A load as it is at one moment.
struct Seen<'l> {
    load: &'l Load,
    view: LiveView,
    elapsed: Span,
}

impl Seen<'_> {
    fn of(load: &Load) -> Seen<'_> {
        let now = load.clock.now();
        Seen { load, view: load.live.view(now), elapsed: now.since(RunOffset::ZERO) }
    }
}

const COUNTERS: [Counter; 6] = [
    ("journeys_due", "Journeys due", |view| view.n_due),
    ("journeys_started", "Journeys started", |view| view.n_started),
    ("journeys_ended", "Journeys ended", |view| view.n_ended),
    ("journeys_failed", "Journeys that ended and failed", |view| view.n_failed),
    ("journeys_dropped", "Journeys due and never started, for want of room in flight", |view| view.n_dropped),
    ("events_lost", "Events that could not be recorded: above zero the run will not count", |view| view.n_lost),
];

const GAUGES: [Gauge; 5] = [
    ("journeys_in_flight", "Journeys started and not ended", None, |seen| seen.view.n_in_flight() as f64),
    ("offered_rate", "Journeys due per second, over the last seconds", None, |seen| seen.view.offered_rate),
    ("achieved_rate", "Journeys started per second, over the last seconds", None, |seen| seen.view.achieved_rate),
    ("elapsed", "Since the start of the load", Some(Unit::Seconds), |seen| seen.elapsed.as_secs_f64()),
    ("schedule", "Length of the load's schedule", Some(Unit::Seconds), |seen| seen.load.total.as_secs_f64()),
];

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let seen: Vec<Seen<'_>> = self.loads.iter().map(Seen::of).collect();
        if !seen.is_empty() {
            encode_loads(&seen, &mut encoder)?;
        }
        self.line.as_ref().map_or(Ok(()), |line| line.encode(&mut encoder))
    }
}

fn encode_loads(seen: &[Seen<'_>], encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    for (name, help, value) in COUNTERS {
        let kind = ConstCounter::new(0_u64).metric_type();
        let mut family = encoder.encode_descriptor(name, help, None, kind)?;
        for one in seen {
            ConstCounter::new(value(&one.view)).encode(family.encode_family(&one.load.labels)?)?;
        }
    }
    for (name, help, unit, value) in GAUGES {
        let values = seen.iter().map(|one| (one.load.labels.clone(), value(one)));
        encode_gauge(encoder, (name, help, unit), values)?;
    }
    let quantiles = |of: Quantiles| {
        seen.iter().flat_map(move |one| {
            let known = of(&one.view).into_iter().filter_map(|(q, span)| Some((q, span?)));
            known.map(move |(q, span)| {
                let mut labels = one.load.labels.clone();
                labels.push(("quantile", q.to_owned()));
                (labels, span.as_secs_f64())
            })
        })
    };
    let response = quantiles(|view| [("0.5", view.response_time_p50), ("0.99", view.response_time_p99)]);
    let help = "Answered less due, over the last seconds";
    encode_gauge(encoder, ("response_time", help, Some(Unit::Seconds)), response)?;
    let lag = quantiles(|view| [("0.99", view.lag_p99), ("0.5", None)]);
    encode_gauge(encoder, ("lag", "Sent less due, over the last seconds", Some(Unit::Seconds)), lag)
}

/// One family of gauges: each of `values` with its labels.
fn encode_gauge(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help, unit): (&str, &str, Option<Unit>),
    values: impl Iterator<Item = (Vec<(&'static str, String)>, f64)>,
) -> fmt::Result {
    let kind = ConstGauge::new(0.0).metric_type();
    let mut family = encoder.encode_descriptor(name, help, unit.as_ref(), kind)?;
    for (labels, value) in values {
        ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

impl Line {
    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let kind = ConstCounter::new(0_u64).metric_type();
        let mut family = encoder.encode_descriptor("search_steps", "Steps of the search that ended", None, kind)?;
        ConstCounter::new(self.n_steps).encode(family.encode_family(&self.labels)?)?;
        for (name, help, rate) in [
            ("line_holds", "Highest rate shown to hold, journeys per second", self.holds),
            ("line_fails", "Lowest rate shown to fail, journeys per second", self.fails),
        ] {
            encode_gauge(encoder, (name, help, None), rate.into_iter().map(|rate| (self.labels.clone(), rate)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(run: &str) -> Load {
        let live = Arc::new(Live::default());
        Load::of_run((run, "smoke"), &live, Clock::starting_in(Span::ZERO), Span::from_secs(60))
    }

    #[test]
    fn a_load_is_told_in_the_words_of_prometheus() {
        let text = Page { loads: vec![load("r1")], line: None }.text();
        for line in [
            "# TYPE plimsoll_journeys_due counter",
            "plimsoll_journeys_due_total{run=\"r1\",scenario=\"smoke\"} 0",
            "# TYPE plimsoll_response_time_seconds gauge",
            "# UNIT plimsoll_response_time_seconds seconds",
            "plimsoll_schedule_seconds{run=\"r1\",scenario=\"smoke\"} 60.0",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"), "{text}");
        assert!(!text.contains("quantile") && !text.contains("line_"), "nothing is known yet:\n{text}");
    }

    #[test]
    fn two_loads_are_one_family_and_a_search_tells_its_line() {
        let arms = ["control", "canary"].map(|arm| load(arm).labelled("arm", arm));
        let line = Line { labels: vec![("scenario", "smoke".to_owned())], n_steps: 3, holds: Some(800.0), fails: None };
        let text = Page { loads: arms.into(), line: Some(line) }.text();
        let n = |what: &str| text.lines().filter(|line| line.starts_with(what)).count();
        assert_eq!((n("# TYPE plimsoll_journeys_due "), n("plimsoll_journeys_due_total{")), (1, 2), "{text}");
        for line in [
            "plimsoll_journeys_due_total{run=\"canary\",scenario=\"smoke\",arm=\"canary\"} 0",
            "plimsoll_search_steps_total{scenario=\"smoke\"} 3",
            "plimsoll_line_holds{scenario=\"smoke\"} 800.0",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
        assert_eq!(n("plimsoll_line_fails{"), 0, "{text}");
    }

    #[test]
    fn a_page_with_nothing_on_it_is_a_page() {
        assert_eq!(Page::default().text(), "# EOF\n");
    }
}
