//! A gate asks its question only where the answer means something: on the machine and the scenario of the baseline.

use super::record::SearchFile;
use crate::capacity::Baseline;
use crate::cli::{say, warn};

/// Whether the accepted baseline can be asked about here; says what differs if not.
pub(super) fn is_comparable(accepted: &Baseline, file: &SearchFile) -> bool {
    let mut differs = crate::cli::baseline::differences(&accepted.environment, &file.environment);
    if accepted.scenario_sha256 != file.scenario_sha256 {
        differs.push("the scenario or a file it names".to_owned());
    }
    if differs.is_empty() {
        return true;
    }
    let differs = differs.join("; ");
    say(&format!("INCONCLUSIVE {}: the baseline was made elsewhere; what differs: {differs}", file.scenario));
    warn("help: make and accept a baseline here, with `plimsoll capacity` and `plimsoll baseline accept`");
    false
}
