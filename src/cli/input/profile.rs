//! Channel profiles.

use std::path::Path;

use super::keys::read_place;
use crate::profile::ChannelProfile;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::read::{in_order, read};

/// Reads and checks a channel profile, and the keys it names; their files are found from `folder`.
///
/// # Errors
/// Every problem, in file order.
pub fn read_profile(name: &str, text: &str, folder: &Path) -> Result<ChannelProfile, Vec<Diagnostic>> {
    let (mut profile, document) = read::<ChannelProfile>(name, text)?;
    let unread = profile.read_keys(&|place| read_place(place, folder));
    let mut checked = profile.check();
    // What could not be read is told once.
    checked.retain(|problem| unread.iter().all(|other| other.pointer != problem.pointer));
    let problems: Vec<Diagnostic> = unread
        .into_iter()
        .chain(checked)
        .map(|problem| {
            let key = problem.pointer.rsplit('/').next().unwrap_or_default();
            let message = format!("`{key}`: {}", problem.message);
            let diagnostic = Diagnostic::error(document.source(), document.value_span(&problem.pointer), message);
            Diagnostic { help: problem.help, ..diagnostic }
        })
        .collect();
    if problems.is_empty() { Ok(profile) } else { Err(in_order(problems)) }
}
