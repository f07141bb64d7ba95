//! The harness's doubts about itself as a list of checks, the same in every report.

use super::words;
use crate::judge::AuditPart;

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
    let mut checks = vec![
        AuditCheck {
            name: "generator lag",
            found: format!("p99 {}, limit {}", words::micros(audit.lag_p99_us), words::micros(audit.lag_limit_us)),
            // Written so that NaN, nothing measured, is not sound.
            is_sound: audit.lag_p99_us <= audit.lag_limit_us,
        },
        AuditCheck {
            name: "events recorded",
            found: match audit.events_lost {
                0 => "none lost".to_owned(),
                n => format!("{} lost", words::count(n)),
            },
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
    if !audit.valid && checks.iter().all(|check| check.is_sound) {
        checks.push(AuditCheck {
            name: "run",
            found: "the judge doubts it; see the findings".to_owned(),
            is_sound: false,
        });
    }
    checks
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
}
