//! XML as values, texts that go into it, and paths into it: `/pay/return_code`, `/list/item[2]/@id`.
//!
//! A document becomes a JSON value, so that all that carries an answer's body on carries either. Names are taken
//! without their prefix; entities of a document's own are not read.

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::path::BadPath;

/// The most nodes a document may have.
const NODES_MAX: u32 = 100_000;
/// The deepest nesting of elements.
const DEPTH_MAX: u32 = 64;

/// The most attributes one element may have. The parser compares each with all of its element.
const ATTRIBUTES_MAX: usize = 256;
/// The most namespaces a document may declare. The parser looks each up in each element that declares one.
const NAMESPACES_MAX: usize = 256;

/// Why a text is not XML that can be looked into.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum XmlError {
    /// It is not well-formed, has more than 100,000 nodes, or declares entities; in words of the parser.
    #[error("{0}")]
    Malformed(String),
    /// More than 64 elements stand in one another.
    #[error("more than {most} elements stand in one another", most = DEPTH_MAX)]
    TooDeep,
    /// An element has more than 256 attributes, or the document declares more than 256 namespaces.
    #[error("too many attributes or namespaces")]
    TooMany,
}

/// `text` as a value in which [`XmlPath`]s find their way.
///
/// # Errors
/// [`XmlError`] if it is not well-formed, or larger or deeper than is looked into.
pub fn parse_xml(text: &str) -> Result<Value, XmlError> {
    if has_too_many(text) {
        return Err(XmlError::TooMany);
    }
    let options = ParsingOptions { nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document =
        Document::parse_with_options(text, options).map_err(|error| XmlError::Malformed(error.to_string()))?;
    element(document.root_element(), DEPTH_MAX)
}

/// Whether a start tag has more attributes, or all of them together more namespaces, than are looked into: with many of
/// them the parser would take minutes for a text of a megabyte. Of what is not well-formed anything may be said, as the
/// parser refuses it where that begins.
fn has_too_many(text: &str) -> bool {
    let mut n_namespaces = 0;
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        rest = &rest[open..];
        let skipped = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
        if let Some((start, end)) = skipped.into_iter().find(|(start, _)| rest.starts_with(start)) {
            let Some(closed) = rest[start.len()..].find(end) else { return false };
            rest = &rest[start.len() + closed..];
            continue;
        }
        let mut n_attributes = 0;
        let mut quote = None;
        let mut end = rest.len();
        for (at, byte) in rest.bytes().enumerate() {
            match (byte, quote) {
                (b'"' | b'\'', None) => {
                    quote = Some(byte);
                    n_attributes += 1;
                }
                (_, Some(open)) if byte == open => quote = None,
                (b'>', None) => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        n_namespaces += rest[..end].matches("xmlns").count();
        if n_attributes > ATTRIBUTES_MAX || n_namespaces > NAMESPACES_MAX {
            return true;
        }
        rest = &rest[end..];
    }
    false
}

fn element(node: Node<'_, '_>, depth: u32) -> Result<Value, XmlError> {
    let depth = depth.checked_sub(1).ok_or(XmlError::TooDeep)?;
    let text: String = node.children().filter(Node::is_text).filter_map(|part| part.text()).collect();
    let attributes: Map<String, Value> =
        node.attributes().map(|a| (a.name().to_owned(), Value::from(a.value()))).collect();
    let children = node.children().filter(Node::is_element).map(|child| element(child, depth));
    Ok(json!({
        "name": node.tag_name().name(),
        "text": text.trim(),
        "attributes": attributes,
        "children": children.collect::<Result<Vec<_>, _>>()?,
    }))
}

/// Appends `text` so that it stays text, in an element as in an attribute (XML 1.0, sections 2.2 and 2.4).
pub fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // Written as they are they would become spaces or be lost.
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            // XML has no way to write these.
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

/// A path from the root of an XML document to one text in it.
///
/// A subset of `XPath`: `/` and the name of an element for each step, from the root on; `[n]`, from 1, for another than
/// the first of that name; and at the end `/@name` for an attribute. `/text()` at the end may be written, as the text
/// directly in the element is what a path without it leads to. White space around a text does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlPath {
    steps: Vec<Step>,
    attribute: Option<Box<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    name: Box<str>,
    /// Which of those of this name, from 0.
    index: usize,
}

impl XmlPath {
    /// Parses a path.
    ///
    /// # Errors
    /// [`BadPath`] with the text.
    pub fn parse(text: &str) -> Result<Self, BadPath> {
        let bad =
            || BadPath { text: text.to_owned(), expected: "a path of XML such as `/pay/code` or `/list/item[2]/@id`" };
        let parts = text.strip_prefix('/').ok_or_else(bad)?;
        let parts = parts.strip_suffix("/text()").unwrap_or(parts);
        let (parts, attribute) = match parts.rsplit_once("/@") {
            Some((parts, name)) if is_name(name) => (parts, Some(name.into())),
            Some(_) => return Err(bad()),
            None => (parts, None),
        };
        let steps = parts.split('/').map(|part| {
            let (name, index) = match part.strip_suffix(']').map(|part| part.split_once('[')) {
                None => (part, 0),
                Some(Some((name, nth))) => {
                    let nth: usize = nth.parse().map_err(|_| bad())?;
                    (name, nth.checked_sub(1).ok_or_else(bad)?)
                }
                Some(None) => return Err(bad()),
            };
            if is_name(name) { Ok(Step { name: name.into(), index }) } else { Err(bad()) }
        });
        Ok(Self { steps: steps.collect::<Result<_, _>>()?, attribute })
    }

    /// The text at this path of a document that [`parse_xml`] gave, if there is one.
    pub fn find<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        let (first, rest) = self.steps.split_first()?;
        let start = Some(root).filter(|root| first.index == 0 && is_named(root, &first.name))?;
        let end = rest.iter().try_fold(start, |at, step| {
            let children = at.get("children")?.as_array()?;
            children.iter().filter(|child| is_named(child, &step.name)).nth(step.index)
        })?;
        match &self.attribute {
            Some(name) => end.get("attributes")?.get(name.as_ref()),
            None => end.get("text"),
        }
    }
}

fn is_named(element: &Value, name: &str) -> bool {
    element.get("name").and_then(Value::as_str) == Some(name)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
        <b:answer xmlns:b="urn:bank"><code kind="final"> 00 </code><message><![CDATA[a < b]]> &amp; c</message>
            <list><item id="7">one</item><item id="8">two<more/></item></list><empty/></b:answer>"#;

    fn check(path: &str, expected: Option<&str>) {
        let root = parse_xml(ANSWER).expect("well-formed");
        let path = XmlPath::parse(path).expect("a path");
        assert_eq!(path.find(&root).map(|v| v.as_str().expect("a text")), expected, "{path:?}");
    }

    #[test]
    fn a_path_leads_to_its_text_or_to_nothing() {
        check("/answer/code", Some("00"));
        check("/answer/code/text()", Some("00"));
        check("/answer/code/@kind", Some("final"));
        check("/answer/message", Some("a < b & c"));
        check("/answer/list/item", Some("one"));
        check("/answer/list/item[2]", Some("two"));
        check("/answer[1]/list[1]/item[2]/@id", Some("8"));
        check("/answer/empty", Some(""));
        check("/answer/list/item[3]", None);
        check("/answer[2]/code", None);
        check("/other/code", None);
        check("/answer/code/@other", None);
        check("/answer/none/code", None);
    }

    #[test]
    fn what_is_not_a_path_is_refused() {
        for text in
            ["", "answer", "/", "//a", "/a/", "/a[0]", "/a[x]", "/a[1", "/a]", "/@id", "/a/@", "/a/@b/c", "/a b", "/1"]
        {
            assert!(XmlPath::parse(text).is_err(), "{text}");
        }
    }

    /// The parser compares attributes with one another, and namespaces: a megabyte of them would take minutes.
    #[test]
    fn attributes_and_namespaces_have_a_limit_and_their_look_alikes_have_none() {
        let attributes = |n: usize| (0..n).map(|k| format!(" a{k}='>'")).collect::<Vec<_>>().concat();
        let namespaces = |n: usize| (0..n).map(|k| format!("<b xmlns:n{k}=\"u\"/>")).collect::<Vec<_>>().concat();
        assert!(parse_xml(&format!("<a{}/>", attributes(256))).is_ok());
        assert_eq!(parse_xml(&format!("<a{}/>", attributes(257))), Err(XmlError::TooMany));
        assert!(parse_xml(&format!("<a>{}</a>", namespaces(256))).is_ok());
        assert_eq!(parse_xml(&format!("<a>{}</a>", namespaces(257))), Err(XmlError::TooMany));
        let quotes = "\"".repeat(999);
        assert!(parse_xml(&format!("<a><!-- {quotes} --><?p {quotes}?><![CDATA[<x {quotes}]]>{quotes}</a>")).is_ok());
    }

    #[test]
    fn what_is_not_xml_or_would_grow_is_refused() {
        for text in ["", "<a>", "<a></b>", "text", "<a/><b/>", "<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>"] {
            assert!(matches!(parse_xml(text), Err(XmlError::Malformed(_))), "{text}");
        }
        let deep = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
        assert!(parse_xml(&deep(64)).is_ok());
        assert_eq!(parse_xml(&deep(65)), Err(XmlError::TooDeep));
        assert!(parse_xml(&deep(90_000)).is_err(), "and the stack stands it");
    }
}
