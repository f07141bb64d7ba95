//! The harness's doubts about itself as a list of checks, the same in every report.

use super::words;
use crate::judge::{AuditPart, HaltFacts};

/// One check of the harness on itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuditCheck {
    /// What was looked at.
    pub(crate) name: &'static str,
    /// What was found, with its limit.
    pub(crate) found: String,
    /// Whether it leaves the run's numbers trustworthy.
    pub(crate) is_sound: bool,
}

/// Every check in the audit, whether it found something or not. Together they are sound exactly if the judge said so:
/// a doubt that no single check explains becomes a check of its own.
pub(crate) fn checks(audit: &AuditPart) -> Vec<AuditCheck> {
    let saturated = &audit.channel_saturated;
    let none_or = |n: u64| if n == 0 { "none".to_owned() } else { words::count(n) };
    let mut checks = vec![
        AuditCheck {
            name: "generator lag",
            found: format!("p99 {}, limit {}", words::micros(audit.lag_p99_us), words::micros(audit.lag_limit_us)),
            // Written so that NaN, nothing measured, is not sound.
            is_sound: audit.lag_p99_us <= audit.lag_limit_us,
        },
        AuditCheck {
            name: "generator CPU",
            found: format!(
                "{} of its core, limit {}",
                words::percent(audit.generator_cpu, 1.0),
                words::percent_whole(audit.generator_cpu_limit)
            ),
            is_sound: audit.generator_cpu <= audit.generator_cpu_limit,
        },
        AuditCheck {
            name: "run queue",
            found: match audit.run_queue {
                Some(waited) => format!(
                    "waited for a core {} of the time, limit {}",
                    words::percent(waited, 1.0),
                    words::percent_whole(audit.run_queue_limit)
                ),
                None => "the kernel does not tell".to_owned(),
            },
            is_sound: audit.run_queue.is_none_or(|waited| waited <= audit.run_queue_limit),
        },
        AuditCheck {
            name: "journeys dropped",
            found: match audit.dropped_limit {
                Some(limit) => {
                    format!("{}, limit {}", words::percent(audit.dropped, 1.0), words::percent_whole(limit))
                }
                None => format!("{}, the scenario sets no limit", words::percent(audit.dropped, 1.0)),
            },
            is_sound: audit.dropped_limit.is_none_or(|limit| audit.dropped <= limit),
        },
        AuditCheck {
            name: "connections refused by this machine",
            found: none_or(audit.refused_here),
            is_sound: audit.refused_here == 0,
        },
        AuditCheck {
            name: "events recorded",
            found: none_or(audit.events_lost) + " lost",
            is_sound: audit.events_lost == 0,
        },
        AuditCheck {
            name: "mock channels",
            found: if saturated.is_empty() {
                "none saturated".to_owned()
            } else {
                format!("saturated: {}", saturated.join(", "))
            },
            is_sound: saturated.is_empty(),
        },
    ];
    checks.extend(audit.halt.as_ref().map(of_halt));
    if !audit.valid && checks.iter().all(|check| check.is_sound) {
        checks.push(AuditCheck {
            name: "run",
            found: "the judge doubts it; see the findings".to_owned(),
            is_sound: false,
        });
    }
    checks
}

fn of_halt(halt: &HaltFacts) -> AuditCheck {
    let seconds = |s: f64| words::micros(s * 1e6);
    let how = if halt.hard { " were given up" } else { " ended" };
    let cut_short = match halt.cut_short {
        0 => String::new(),
        n => format!("; {} cut short", words::counted(n, "journey", "journeys")),
    };
    AuditCheck {
        name: "stop",
        found: format!(
            "sending ended {} after the order, limit {}; {} in flight{how} after {}{cut_short}",
            seconds(halt.sent_for_s()),
            seconds(HaltFacts::LIMIT_S),
            words::counted(halt.in_flight, "journey", "journeys"),
            seconds(halt.ended_s),
        ),
        is_sound: halt.sent_for_s() <= HaltFacts::LIMIT_S,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn doubts(audit: &AuditPart) -> Vec<&'static str> {
        checks(audit).into_iter().filter(|check| !check.is_sound).map(|check| check.name).collect()
    }

    #[test]
    fn a_doubt_of_the_judge_is_never_lost() {
        let mut audit = sample::passed().audit;
        assert_eq!(doubts(&audit), [""; 0]);
        audit.valid = false;
        assert_eq!(doubts(&audit), ["run"]);
        audit.lag_p99_us = f64::NAN;
        assert_eq!(doubts(&audit), ["generator lag"]);
        assert_eq!(doubts(&sample::inconclusive().audit), ["generator lag", "mock channels"]);
    }

    #[test]
    fn how_a_run_stopped_is_told_with_its_limit() {
        let mut audit = sample::passed().audit;
        audit.halt = Some(HaltFacts { hard: true, in_flight: 2_000, sending_s: 0.0, ended_s: 0.044, cut_short: 0 });
        let found = |audit: &AuditPart| checks(audit).pop().map(|check| (check.name, check.found, check.is_sound));
        let text =
            "sending ended 44.0 ms after the order, limit 1.00 s; 2,000 journeys in flight were given up after 44.0 ms";
        assert_eq!(found(&audit), Some(("stop", text.to_owned(), true)));
        audit.halt = Some(HaltFacts { hard: false, in_flight: 1, sending_s: 1.2, ended_s: 3.0, cut_short: 1 });
        let text = "sending ended 1.20 s after the order, limit 1.00 s; 1 journey in flight ended after 3.00 s; 1 journey cut short";
        assert_eq!(found(&audit), Some(("stop", text.to_owned(), false)));
    }
}
