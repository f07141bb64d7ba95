//! What the tests of reports share: golden files, and a small check that markup is well-formed.

use std::path::Path;

/// Compares with `golden/<name>`; with `PLIMSOLL_BLESS` set, writes it instead, to be looked at in the diff.
pub(crate) fn check_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/golden").join(name);
    if std::env::var_os("PLIMSOLL_BLESS").is_some() {
        std::fs::write(&path, text).expect("the golden directory is writable");
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == wanted, "{} differs from what was rendered:\n{text}", path.display());
}

/// Fails unless every element is closed in order, every attribute is quoted and no stray `<` stands in the text.
/// Knows the void elements of HTML; comments and CDATA are not written by any report.
pub(crate) fn check_balanced(markup: &str) {
    const VOID: [&str; 5] = ["meta", "link", "br", "hr", "img"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = markup;
    while let Some(start) = rest.find('<') {
        let tail = &rest[start + 1..];
        let end = tag_end(tail).unwrap_or_else(|| panic!("unclosed tag at: {tail:.60}"));
        let tag = &tail[..end];
        rest = &tail[end + 1..];
        let name = tag.trim_start_matches('/').split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or("");
        if tag.starts_with(['?', '!']) {
            continue;
        }
        assert!(name.starts_with(|c: char| c.is_ascii_alphabetic()), "stray `<` at: <{tag:.60}");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closed out of order");
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
        // Style sheets may hold `>`.
        if name == "style" && !tag.starts_with('/') {
            rest = &rest[rest.find("</style").expect("style is closed")..];
        }
    }
    assert_eq!(open, [""; 0], "left open");
}

/// Where the tag ends: the first `>` outside quotes.
fn tag_end(tail: &str) -> Option<usize> {
    let mut is_quoted = false;
    tail.char_indices().find_map(|(at, c)| {
        is_quoted ^= c == '"';
        (c == '>' && !is_quoted).then_some(at)
    })
}

#[test]
#[should_panic(expected = "closed out of order")]
fn markup_closed_out_of_order_is_noticed() {
    check_balanced("<a><b></a></b>");
}

#[test]
#[should_panic(expected = "stray")]
fn an_unescaped_sign_is_noticed() {
    check_balanced("<a>p99 < 3</a>");
}
