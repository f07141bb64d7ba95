//! Records of fixed width: where every field stands.

use super::super::face::fixed_width::{ANSWER, CALL, CALLBACK};
use crate::profile::{ChannelProfile, Face};

/// Where the fields of calls, answers and callbacks stand, as Markdown; nothing if the bank writes otherwise.
pub(super) fn explain_records(text: &mut String, profile: &ChannelProfile) {
    if profile.face != Face::FixedWidth {
        return;
    }
    text.push_str(&about());
    if profile.callback.is_some() {
        text.push_str(&CALLBACK.table("callback"));
    }
}

/// The same of calls and answers.
fn about() -> String {
    format!(
        "\nA body is one record in GBK, in which a Chinese character takes two bytes, and CR LF: {} bytes and CR LF of a call, \
         {} of an answer, {} of a callback. Texts stand to the left and are filled with spaces, digits are filled with zeros; \
         a field of spaces alone is not there. Positions count bytes from 1.\n\n\
         | Record | Bytes | Value |\n|---|---|---|\n{}{}",
        CALL.bytes(),
        ANSWER.bytes(),
        CALLBACK.bytes(),
        CALL.table("call"),
        ANSWER.table("answer"),
    )
}

/// The body of a worked example, on one line.
pub(super) fn shown(face: Face, body: &str) -> String {
    match face {
        Face::FixedWidth => {
            format!("`{}`\n(each `·` is a space, and CR LF follows)", body.trim_end_matches("\r\n").replace(' ', "·"))
        }
        Face::Json | Face::Form | Face::Xml => format!("`{body}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The manual has the same places, so that neither can be wrong alone.
    #[test]
    fn the_manual_has_every_place() {
        let readme = include_str!("../../../mocks/README.md");
        for table in [CALL.table("call"), ANSWER.table("answer"), CALLBACK.table("callback")] {
            assert!(readme.contains(&table), "mocks/README.md lacks:\n{table}");
        }
    }

    #[test]
    fn a_record_is_shown_with_its_spaces() {
        assert_eq!(shown(Face::FixedWidth, "Ca  \r\n"), "`Ca··`\n(each `·` is a space, and CR LF follows)");
        assert_eq!(shown(Face::Form, "a=1"), "`a=1`");
    }
}
