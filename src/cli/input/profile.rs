//! Channel profiles.

use crate::profile::ChannelProfile;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::read::read;

/// Reads and checks a channel profile.
///
/// # Errors
/// Every problem, in file order.
pub fn read_profile(name: &str, text: &str) -> Result<ChannelProfile, Vec<Diagnostic>> {
    let (profile, document) = read::<ChannelProfile>(name, text)?;
    let problems: Vec<Diagnostic> = profile
        .check()
        .into_iter()
        .map(|problem| {
            let key = problem.pointer.rsplit('/').next().unwrap_or_default();
            let message = format!("`{key}`: {}", problem.message);
            let diagnostic = Diagnostic::error(document.source(), document.value_span(&problem.pointer), message);
            Diagnostic { help: problem.help, ..diagnostic }
        })
        .collect();
    if problems.is_empty() { Ok(profile) } else { Err(problems) }
}
