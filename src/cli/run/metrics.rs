//! A run as Prometheus sees it: `/metrics` in the `OpenMetrics` text format, from before the load until the verdict.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

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

use crate::cli::Failure;
use crate::engine::{Clock, Live, LiveView};
use crate::time::{RunOffset, Span};

/// Serves the page until dropped.
pub(super) struct Metrics {
    shown: Arc<OnceLock<Registry>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Metrics {
    /// Serves an empty page at `address` until there is something to show.
    pub(super) async fn serve(address: SocketAddr) -> Result<Self, Failure> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot serve metrics at {address}: choose another address with `--metrics`"))
            .map_err(Failure::World)?;
        let shown = Arc::new(OnceLock::new());
        let router = Router::new().route("/metrics", get(page)).with_state(Arc::clone(&shown));
        let serving = tokio::spawn(async move {
            // A run must not end because nobody can look at it.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { shown, serving })
    }

    /// Shows the load of the run `run` of `scenario`, whose schedule lasts `total`.
    pub(super) fn show(&self, (run, scenario): (&str, &str), load: (Arc<Live>, Clock), total: Span) {
        let label = |name, value: &str| (Cow::Borrowed(name), Cow::Owned(value.to_owned()));
        let labels = [label("run", run), label("scenario", scenario)].into_iter();
        let mut registry = Registry::with_prefix_and_labels("plimsoll", labels);
        let (live, clock) = load;
        registry.register_collector(Box::new(Load { live, clock, total }));
        // A run has one load; a second would be shown by a server of its own.
        let _ = self.shown.set(registry);
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn page(State(shown): State<Arc<OnceLock<Registry>>>) -> Response {
    let mut text = String::new();
    match shown.get().map(|registry| encode(&mut text, registry)) {
        Some(Ok(())) => {}
        // Formatting into memory cannot fail; an empty page is a valid one.
        Some(Err(_)) | None => "# EOF\n".clone_into(&mut text),
    }
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
}

/// A load under way, looked at whenever somebody asks.
#[derive(Debug)]
struct Load {
    live: Arc<Live>,
    clock: Clock,
    total: Span,
}

impl Collector for Load {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let now = self.clock.now();
        let view = self.live.view(now);
        for (name, help, value) in counts(&view) {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        let seconds = |span: Span| span.as_secs_f64();
        let elapsed = seconds(now.since(RunOffset::ZERO));
        for (name, help, unit, value) in [
            ("journeys_in_flight", "Journeys started and not ended", None, view.n_in_flight() as f64),
            ("offered_rate", "Journeys due per second, over the last seconds", None, view.offered_rate),
            ("achieved_rate", "Journeys started per second, over the last seconds", None, view.achieved_rate),
            ("elapsed", "Since the start of the load", Some(Unit::Seconds), elapsed),
            ("schedule", "Length of the load's schedule", Some(Unit::Seconds), seconds(self.total)),
        ] {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, unit.as_ref(), gauge.metric_type())?)?;
        }
        let response = [("0.5", view.response_time_p50), ("0.99", view.response_time_p99)];
        let help = "Answered less due, over the last seconds";
        quantiles(&mut encoder, "response_time", help, &response)?;
        quantiles(&mut encoder, "lag", "Sent less due, over the last seconds", &[("0.99", view.lag_p99)])
    }
}

/// Name, help and value of what is counted from the start.
const fn counts(view: &LiveView) -> [(&'static str, &'static str, u64); 6] {
    [
        ("journeys_due", "Journeys due", view.n_due),
        ("journeys_started", "Journeys started", view.n_started),
        ("journeys_ended", "Journeys ended", view.n_ended),
        ("journeys_failed", "Journeys that ended and failed", view.n_failed),
        ("journeys_dropped", "Journeys due and never started, for want of room in flight", view.n_dropped),
        ("events_lost", "Events that could not be recorded: above zero the run will not count", view.n_lost),
    ]
}

/// Quantiles of recent times, those that are known.
fn quantiles(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    known: &[(&'static str, Option<Span>)],
) -> fmt::Result {
    let kind = ConstGauge::new(0.0).metric_type();
    let mut family = encoder.encode_descriptor(name, help, Some(&Unit::Seconds), kind)?;
    for (q, span) in known.iter().filter_map(|(q, span)| Some((*q, (*span)?))) {
        ConstGauge::new(span.as_secs_f64()).encode(family.encode_family(&[("quantile", q)])?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_is_told_in_the_words_of_prometheus() {
        let live = Arc::new(Live::default());
        let mut registry = Registry::with_prefix_and_labels("plimsoll", [("run".into(), "r1".into())].into_iter());
        let load = Load { live, clock: Clock::starting_in(Span::ZERO), total: Span::from_secs(60) };
        registry.register_collector(Box::new(load));
        let mut text = String::new();
        encode(&mut text, &registry).expect("memory");
        for line in [
            "# TYPE plimsoll_journeys_due counter",
            "plimsoll_journeys_due_total{run=\"r1\"} 0",
            "# TYPE plimsoll_response_time_seconds gauge",
            "# UNIT plimsoll_response_time_seconds seconds",
            "plimsoll_schedule_seconds{run=\"r1\"} 60.0",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"), "{text}");
        assert!(!text.contains("quantile"), "nothing was answered yet:\n{text}");
    }
}
