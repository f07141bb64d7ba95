//! By what a comparison is judged, from the flags.

use super::args::CanaryArgs;
use crate::canary::CanarySettings;
use crate::cli::{Failure, warn};

/// The metrics whose margins can be set.
const METRICS: &str = "failed, declined, response_p50, response_tail, settled_p50";

/// The standard settings with what the flags change.
pub(super) fn of(args: &CanaryArgs) -> Result<CanarySettings, Failure> {
    let mut settings = CanarySettings { exposure_budget: args.exposure, ..CanarySettings::default() };
    if !(0.0 < args.alpha && args.alpha < 1.0) {
        return Err(Failure::user(format!("--alpha: expected a share above 0 and below 1, got `{}`", args.alpha)));
    }
    settings.alpha = args.alpha;
    for text in &args.margin {
        margin(&mut settings, text)?;
    }
    settings.check().map_err(|e| Failure::user(e.to_string()))?;
    if u64::from(args.blocks) < settings.min_blocks as u64 {
        warn(&format!(
            "warning: nothing passes with fewer than {} pairs of blocks, and --blocks is {}",
            settings.min_blocks, args.blocks
        ));
    }
    Ok(settings)
}

/// `response_tail=1.3`.
fn margin(settings: &mut CanarySettings, text: &str) -> Result<(), Failure> {
    let wrong = |what: &str| Failure::user(format!("--margin: {what}, got `{text}`"));
    let Some((name, ratio)) = text.split_once('=') else {
        return Err(wrong("expected a metric and a ratio such as `failed=1.5`"));
    };
    let margins = &mut settings.margins;
    let place = match name.trim() {
        "failed" => &mut margins.failed.ratio,
        "declined" => &mut margins.declined.ratio,
        "response_p50" => &mut margins.response_p50.ratio,
        "response_tail" => &mut margins.response_tail.ratio,
        "settled_p50" => &mut margins.settled_p50.ratio,
        _ => return Err(wrong(&format!("expected one of {METRICS}"))),
    };
    match ratio.trim().parse::<f64>() {
        Ok(ratio) if ratio.is_finite() && ratio >= 1.0 => *place = ratio,
        _ => return Err(wrong("expected a ratio of 1 or more")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<CanarySettings, String> {
        let mut settings = CanarySettings::default();
        match margin(&mut settings, text) {
            Ok(()) => Ok(settings),
            Err(Failure::User { message, .. }) => Err(message),
            Err(_) => Err("another kind of failure".to_owned()),
        }
    }

    #[test]
    fn a_margin_changes_one_metric() {
        let mut wanted = CanarySettings::default();
        wanted.margins.response_tail.ratio = 1.3;
        assert_eq!(read("response_tail=1.3"), Ok(wanted));
    }

    #[test]
    fn wrong_margins_say_what_was_expected() {
        let problem = |text| read(text).expect_err("wrong");
        assert_eq!(problem("failed"), "--margin: expected a metric and a ratio such as `failed=1.5`, got `failed`");
        assert_eq!(problem("failed=0.9"), "--margin: expected a ratio of 1 or more, got `failed=0.9`");
        assert_eq!(problem("failed=nan"), "--margin: expected a ratio of 1 or more, got `failed=nan`");
        assert_eq!(
            problem("speed=2"),
            "--margin: expected one of failed, declined, response_p50, response_tail, settled_p50, got `speed=2`"
        );
    }
}
