//! The harness doubts itself first: whatever made it late, blind or starved can void a run.

use super::facts::{RunEnd, RunFacts};
use super::verdict_file::AuditPart;
use crate::measure::Measures;
use crate::scenario::model::Scenario;
use crate::time::Span;
use crate::verdict::{Finding, Severity};

/// The largest share of its core that the generator may use. Above it the generator has no room to be in time
/// for a burst, even if it was so far.
const CPU_LIMIT: f64 = 0.9;

/// What the harness found out about itself.
pub(super) struct Audit {
    pub(super) part: AuditPart,
    pub(super) findings: Vec<Finding>,
}

/// Looks at how the harness itself did. A run that never came to its end has no audit, and so is not valid.
pub(super) fn audit(facts: &RunFacts, scenario: &Scenario, measures: &Measures) -> Audit {
    let lag = measures.journeys.first().map(|all| all.lag).unwrap_or_default();
    let lag_limit_us = micros(scenario.audit.lag_p99());
    let late_limit_us = micros(scenario.audit.channel_late_p99());
    let channels = facts.end.as_ref().map_or(&[][..], |end| &end.channels);
    let saturated: Vec<_> = channels.iter().filter(|c| c.late_us_p99 > late_limit_us).collect();
    let mut findings = Vec::new();
    if lag.p99 > lag_limit_us {
        findings.push(
            void(format!(
                "the load generator ran late: lag p99 was {}, {} is allowed; response times include this lag and do \
                 not describe the target alone",
                time(lag.p99),
                time(lag_limit_us)
            ))
            .see("lower the offered rate, or give the generator more cores"),
        );
    }
    for channel in &saturated {
        findings.push(
            void(format!(
                "mock channel `{}` was saturated: its answers left {} after the drawn time (p99), {} is allowed; the \
                 target waited for our mock, not for a bank",
                channel.name,
                time(channel.late_us_p99),
                time(late_limit_us)
            ))
            .see("lower the offered rate, or serve the mock channels from another machine"),
        );
    }
    if let Some(end) = &facts.end {
        findings.extend(of_end(end));
        let is_silent = |name: &&String| !channels.iter().any(|c| c.name == **name);
        for name in facts.mocks.iter().filter(is_silent) {
            findings.push(
                void(format!("mock channel `{name}` could not be asked whether it kept up"))
                    .see("look into mocks.log of the run directory"),
            );
        }
    }
    let part = AuditPart {
        lag_p99_us: lag.p99,
        lag_limit_us,
        generator_cpu: facts.end.as_ref().map_or(0.0, |end| end.generator_cpu),
        channel_saturated: saturated.iter().map(|c| c.name.clone()).collect(),
        events_lost: facts.end.as_ref().map_or(0, |end| end.events_lost),
        valid: findings.is_empty() && facts.end.is_some(),
        channel_late_p99_us: channels.iter().map(|c| (c.name.clone(), c.late_us_p99)).collect(),
    };
    Audit { part, findings }
}

fn of_end(end: &RunEnd) -> Vec<Finding> {
    let mut findings = Vec::new();
    if end.generator_cpu > CPU_LIMIT {
        findings.push(
            void(format!(
                "the load generator was starved: it used {:.0} % of its core, {:.0} % is allowed",
                end.generator_cpu * 100.0,
                CPU_LIMIT * 100.0
            ))
            .see("lower the offered rate, or spread the load over several workers"),
        );
    }
    if end.events_lost > 0 {
        findings.push(
            void(format!("{} events could not be recorded; what they would have shown is unknown", end.events_lost))
                .see("look for a slow or full disk under the run directory"),
        );
    }
    if end.rows_torn > 0 {
        findings.push(void(format!("{} rows of the history could not be read back", end.rows_torn)));
    }
    if end.local_ports_exhausted > 0 {
        findings.push(
            void(format!(
                "{} connections could not be made for want of local ports; the target never saw these requests",
                end.local_ports_exhausted
            ))
            .see("widen net.ipv4.ip_local_port_range, or let the target keep connections alive"),
        );
    }
    if end.open_files_exhausted > 0 {
        findings.push(
            void(format!(
                "{} connections could not be made for want of open files; the target never saw these requests",
                end.open_files_exhausted
            ))
            .see("allow this process more open files (`ulimit -n`), or lower the rate"),
        );
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
