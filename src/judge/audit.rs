//! The harness doubts itself first: whatever made it late, blind or starved can void a run.

use super::facts::{ChannelFacts, HaltFacts, RunEnd, RunFacts};
use super::verdict_file::AuditPart;
use crate::measure::Measures;
use crate::scenario::model::Scenario;
use crate::time::Span;
use crate::verdict::{Finding, Severity};

/// What the harness found out about itself.
pub(super) struct Audit {
    pub(super) part: AuditPart,
    pub(super) findings: Vec<Finding>,
}

/// Looks at how the harness itself did. A run that never came to its end has no audit, and so is not valid.
pub(super) fn audit(facts: &RunFacts, scenario: &Scenario, measures: &Measures) -> Audit {
    let limits = &scenario.audit;
    let all = measures.journeys.first();
    let end = facts.end.as_ref();
    let channels = end.map_or(&[][..], |end| &end.channels);
    let late_limit_us = micros(limits.channel_late_p99());
    let saturated: Vec<&ChannelFacts> = channels.iter().filter(|c| c.late_us_p99 > late_limit_us).collect();
    let mut part = AuditPart {
        lag_p99_us: all.map_or(0.0, |all| all.lag.p99),
        lag_limit_us: micros(limits.lag_p99()),
        generator_cpu: end.map_or(0.0, |end| end.generator_cpu),
        generator_cpu_limit: limits.generator_cpu(),
        run_queue: end.and_then(|end| end.run_queue),
        run_queue_limit: limits.run_queue(),
        dropped: all.map_or(0.0, |all| all.dropped as f64 / all.due.max(1) as f64),
        dropped_limit: limits.dropped(),
        refused_here: end.map_or(0, |end| end.local_ports_exhausted + end.open_files_exhausted + end.forbidden_here),
        channel_saturated: saturated.iter().map(|c| c.name.clone()).collect(),
        events_lost: end.map_or(0, |end| end.events_lost),
        valid: false,
        channel_late_p99_us: channels.iter().map(|c| (c.name.clone(), c.late_us_p99)).collect(),
        halt: end.and_then(|end| end.halt.clone()),
    };
    let mut findings = of_generator(&part);
    findings.extend(saturated.into_iter().map(|channel| of_channel(channel, late_limit_us)));
    if let Some(end) = end {
        findings.extend(of_end(end));
        let is_silent = |name: &&String| !channels.iter().any(|c| c.name == **name);
        for name in facts.mocks.iter().filter(is_silent) {
            findings.push(
                void(format!("mock channel `{name}` could not be asked whether it kept up"))
                    .see("look into mocks.log of the run directory"),
            );
        }
    }
    part.valid = findings.is_empty() && end.is_some();
    Audit { part, findings }
}

/// Whether the generator was in time, had a core when it needed one, and sent what it was to send.
fn of_generator(part: &AuditPart) -> Vec<Finding> {
    let mut findings = Vec::new();
    if part.lag_p99_us > part.lag_limit_us {
        findings.push(
            void(format!(
                "the load generator ran late: lag p99 was {}, {} is allowed; response times include this lag and do \
                 not describe the target alone",
                time(part.lag_p99_us),
                time(part.lag_limit_us)
            ))
            .see("lower the offered rate, or give the generator more cores"),
        );
    }
    if part.generator_cpu > part.generator_cpu_limit {
        findings.push(
            void(format!(
                "the load generator was starved: it used {:.0} % of its core, {:.0} % is allowed",
                part.generator_cpu * 100.0,
                part.generator_cpu_limit * 100.0
            ))
            .see("lower the offered rate, or spread the load over several workers"),
        );
    }
    if let Some(waited) = part.run_queue.filter(|waited| *waited > part.run_queue_limit) {
        findings.push(
            void(format!(
                "the load generator waited for a core {:.0} % of the time, {:.0} % is allowed; others had it",
                waited * 100.0,
                part.run_queue_limit * 100.0
            ))
            .see(
                "let nothing else run on this machine, give it more cores, or run plimsoll with the right to go first",
            ),
        );
    }
    if let Some(limit) = part.dropped_limit.filter(|limit| part.dropped > *limit) {
        findings.push(
            void(format!(
                "{:.2} % of the journeys due were dropped, {:.2} % may be: the load was not the one asked for",
                part.dropped * 100.0,
                limit * 100.0
            ))
            .see("lower the offered rate, or raise `load.in_flight_limit`"),
        );
    }
    findings.extend(part.halt.as_ref().and_then(of_halt));
    findings
}

fn of_halt(halt: &HaltFacts) -> Option<Finding> {
    let (took, limit) = (halt.sent_for_s(), HaltFacts::LIMIT_S);
    (took > limit).then(|| {
        void(format!("sending went on for {took:.2} s after it was ordered to end, {limit:.0} s is allowed"))
            .see("lower the offered rate, or give the generator more cores")
    })
}

fn of_channel(channel: &ChannelFacts, late_limit_us: f64) -> Finding {
    void(format!(
        "mock channel `{}` was saturated: its answers left {} after the drawn time (p99), {} is allowed; the target \
         waited for our mock, not for a bank",
        channel.name,
        time(channel.late_us_p99),
        time(late_limit_us)
    ))
    .see("lower the offered rate, or serve the mock channels from another machine")
}

/// What was lost or never made.
fn of_end(end: &RunEnd) -> Vec<Finding> {
    let mut findings = Vec::new();
    if end.events_lost > 0 {
        findings.push(
            void(format!("{} events could not be recorded; what they would have shown is unknown", end.events_lost))
                .see("look for a slow or full disk under the run directory"),
        );
    }
    if end.rows_torn > 0 {
        findings.push(
            void(format!("{} rows of the history could not be read back", end.rows_torn))
                .see("look for a full disk under the run directory, and run again"),
        );
    }
    for (n, why, help) in [
        (
            end.local_ports_exhausted,
            "for want of local ports",
            "widen net.ipv4.ip_local_port_range, or let the target keep connections alive",
        ),
        (
            end.open_files_exhausted,
            "for want of open files",
            "allow this process more open files (`ulimit -n`), or lower the rate",
        ),
        (
            end.forbidden_here,
            "because this machine forbade them",
            "look at the firewall's rules for what may leave this machine, and at its memory for sockets",
        ),
    ] {
        if n > 0 {
            let text = format!("{n} connections could not be made {why}; the target never saw these requests");
            findings.push(void(text).see(help));
        }
    }
    findings
}

fn void(text: String) -> Finding {
    Finding::new(Severity::Inconclusive, text)
}

fn micros(span: Span) -> f64 {
    span.as_nanos() as f64 / 1e3
}

fn time(us: f64) -> Span {
    Span::from_secs_f64(us / 1e6)
}
