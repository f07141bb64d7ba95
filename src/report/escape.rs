//! Text from outside made harmless before it stands in HTML or XML.

/// `text` fit for an HTML or XML element or a double-quoted attribute.
///
/// Control characters that XML 1.0 cannot hold, even escaped, become U+FFFD; tabs and line ends stay.
///
/// # Source
/// W3C, *Extensible Markup Language (XML) 1.0*, 5th ed., production 2 (`Char`).
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(c),
            '\u{0}'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_control_characters_lose_their_power() {
        assert_eq!(escape(r#"<b a="1">&'"#), "&lt;b a=&quot;1&quot;&gt;&amp;&#39;");
        assert_eq!(escape("a\u{0}b\u{1b}c\nd\te"), "a\u{fffd}b\u{fffd}c\nd\te");
        assert_eq!(escape("支付 µs"), "支付 µs");
    }
}
