//! Text in GBK, as older banks write it.

use encoding_rs::GBK;

/// `text` as bytes; a character that GBK has not becomes `?`.
pub(super) fn gbk(text: &str) -> Vec<u8> {
    let (bytes, _, has_unmappable) = GBK.encode(text);
    if !has_unmappable {
        return bytes.into_owned();
    }
    // The encoder would write `&#128512;`, which is longer than the field it is for.
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        push(&mut bytes, character);
    }
    bytes
}

fn push(bytes: &mut Vec<u8>, character: char) {
    let mut buffer = [0; 4];
    let (one, _, is_unmappable) = GBK.encode(character.encode_utf8(&mut buffer));
    bytes.extend_from_slice(if is_unmappable { b"?" } else { &one });
}

/// Bytes of `text` in GBK; never more than in UTF-8.
pub(super) fn gbk_len(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { gbk(text).len() }
}

/// `text` in exactly `width` bytes: filled with spaces, or cut behind the last whole character that has room.
pub(super) fn gbk_field(text: &str, width: usize) -> Vec<u8> {
    let mut bytes = gbk(text);
    if bytes.len() > width {
        bytes.clear();
        for character in text.chars() {
            let before = bytes.len();
            push(&mut bytes, character);
            if bytes.len() > width {
                bytes.truncate(before);
                break;
            }
        }
    }
    bytes.resize(width, b' ');
    bytes
}

/// What `bytes` say in GBK; `None` if they are something else.
pub(super) fn of_gbk(bytes: &[u8]) -> Option<String> {
    GBK.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 退款 is CDCB BFEE in GB 2312 (rows 45 and 31), of which GBK is a superset.
    #[test]
    fn text_is_written_in_gbk_and_what_it_has_not_as_a_question_mark() {
        assert_eq!(gbk("退款A"), b"\xcd\xcb\xbf\xeeA");
        assert_eq!(gbk("a😀退"), b"a?\xcd\xcb");
        assert_eq!([gbk_len("退款A"), gbk_len("a😀退"), gbk_len("abc")], [5, 4, 3]);
        assert_eq!(of_gbk(b"\xcd\xcb\xbf\xeeA").as_deref(), Some("退款A"));
        assert_eq!(of_gbk(b"\xcd"), None, "half a character");
    }

    #[test]
    fn a_field_has_its_width_and_whole_characters() {
        assert_eq!(gbk_field("退款", 6), b"\xcd\xcb\xbf\xee  ");
        assert_eq!(gbk_field("退款", 3), b"\xcd\xcb ");
        assert_eq!(gbk_field("abc", 2), b"ab");
        assert_eq!(gbk_field("a😀退", 3), b"a? ");
    }
}
