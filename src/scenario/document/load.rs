//! From the parser's events to a [`Document`].

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use saphyr::{Scalar, ScalarStyle};
use saphyr_parser::{Event, Marker, Parser, ScanError, Span};
use serde_json::{Map, Number, Value};

use super::{BYTES_MAX, DEPTH_MAX, Document, NODES_MAX, Place, child, item};
use crate::scenario::diagnostic::{Diagnostic, Source, SourceSpan};

/// A value with its place. Its depth and size count what aliases stand for, and are limited when it is made:
/// whatever holds a node can walk it without fear.
#[derive(Clone)]
struct Node {
    span: SourceSpan,
    alias: Option<SourceSpan>,
    depth: usize,
    size: usize,
    content: Rc<Content>,
}

enum Content {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<(String, SourceSpan, Node)>),
}

/// A collection whose end has not come yet.
struct Open {
    span: SourceSpan,
    anchor: usize,
    content: OpenContent,
}

enum OpenContent {
    List(Vec<Node>),
    Map { entries: Vec<(String, SourceSpan, Node)>, key: Option<Key> },
}

struct Key {
    /// `None` for what cannot be a key: its value is read and left out.
    name: Option<String>,
    span: SourceSpan,
}

struct Loader {
    source: Arc<Source>,
    /// Byte offset of each character, and of the end.
    bytes: Vec<usize>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    problems: Vec<Diagnostic>,
}

/// Nothing more can be read; the problem is already noted.
struct Stop;

pub(super) fn load(source: &Arc<Source>) -> Result<Document, Vec<Diagnostic>> {
    let text = &source.text;
    if text.len() > BYTES_MAX {
        let found = format!("the file is too long: {} bytes, {BYTES_MAX} are allowed", text.len());
        return Err(vec![Diagnostic::of_file(&source.name, found)]);
    }
    let bytes = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut loader = Loader {
        source: Arc::clone(source),
        bytes,
        open: Vec::new(),
        anchors: HashMap::new(),
        root: None,
        problems: Vec::new(),
    };
    // Whether it stopped early shows in its problems.
    let _ = loader.read_all();
    match loader.root {
        Some(root) if loader.problems.is_empty() => {
            let mut places = HashMap::new();
            let value = expand(&root, None, "", &mut places);
            Ok(Document { source: Arc::clone(source), value, places })
        }
        None if loader.problems.is_empty() => Err(vec![Diagnostic::of_file(&source.name, "the file is empty")]),
        _ => Err(loader.problems),
    }
}

impl Loader {
    fn read_all(&mut self) -> Result<(), Stop> {
        let source = Arc::clone(&self.source);
        let mut parser = Parser::new_from_str(&source.text);
        let mut n_documents = 0;
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|e| self.syntax(&e))?;
            if matches!(event, Event::DocumentStart(_)) {
                n_documents += 1;
                if n_documents > 1 {
                    return Err(self.stop(self.span(&span), "a second document begins here", "one file, one document"));
                }
            }
            self.take(event, &span)?;
        }
        Ok(())
    }

    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Stop> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let place = self.span(span);
                let awaits_key =
                    matches!(self.open.last(), Some(Open { content: OpenContent::Map { key: None, .. }, .. }));
                if awaits_key {
                    self.take_key(text.into_owned(), style, place);
                    return Ok(());
                }
                let raw = text.to_string();
                let scalar = Scalar::parse_from_cow_and_metadata(text, style, tag.as_ref());
                let content = Rc::new(Content::Scalar(self.scalar(scalar.as_ref(), &raw, place)));
                self.put(Node { span: place, alias: None, depth: 1, size: 1, content }, anchor);
                Ok(())
            }
            Event::SequenceStart(anchor, _) => self.begin(span, anchor, OpenContent::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.begin(span, anchor, OpenContent::Map { entries: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(id) => {
                let place = self.span(span);
                let Some(node) = self.anchors.get(&id) else {
                    return Err(self.stop(place, "an anchor that contains itself", "the anchor is not complete here"));
                };
                let node = Node { alias: Some(place), ..node.clone() };
                self.put(node, 0);
                Ok(())
            }
        }
    }

    fn take_key(&mut self, name: String, style: ScalarStyle, span: SourceSpan) {
        let is_merge = name == "<<" && style == ScalarStyle::Plain;
        if is_merge {
            self.problems.push(
                Diagnostic::error(&self.source, span, "merge keys are not supported")
                    .label("not part of YAML 1.2")
                    .help("write the keys out, or alias the whole mapping"),
            );
        }
        if let Some(Open { content: OpenContent::Map { entries, key }, .. }) = self.open.last_mut() {
            let first = entries.iter().find(|(known, ..)| *known == name).map(|(_, first, _)| *first);
            if let Some(first) = first {
                let (line, _) = self.source.line_column(first.start);
                self.problems.push(
                    Diagnostic::error(&self.source, span, format!("duplicate key `{name}`"))
                        .label(format!("first given in line {line}"))
                        .help("keep one of the two"),
                );
            }
            *key = Some(Key { name: (first.is_none() && !is_merge).then_some(name), span });
        }
    }

    fn scalar(&mut self, scalar: Option<&Scalar<'_>>, raw: &str, span: SourceSpan) -> Value {
        match scalar {
            Some(Scalar::Null) => Value::Null,
            Some(Scalar::Boolean(b)) => Value::Bool(*b),
            Some(Scalar::Integer(n)) => Value::from(*n),
            Some(Scalar::FloatingPoint(x)) => {
                // Whole numbers beyond i64 come as floating point, which would round them.
                let whole = raw.parse::<u64>().ok().map(Number::from);
                let number = whole.or_else(|| Number::from_f64(x.into_inner()));
                if number.is_none() {
                    let message = format!("`{raw}` is not a finite number");
                    self.problems.push(Diagnostic::error(&self.source, span, message));
                }
                number.map_or(Value::Null, Value::Number)
            }
            Some(Scalar::String(_)) => Value::from(raw),
            None => {
                let message = format!("`{raw}` does not fit the tag before it");
                self.problems.push(Diagnostic::error(&self.source, span, message).help("leave the tag out"));
                Value::Null
            }
        }
    }

    fn begin(&mut self, span: &Span, anchor: usize, content: OpenContent) -> Result<(), Stop> {
        let span = self.span(span);
        if self.open.len() >= DEPTH_MAX {
            return Err(self.too_deep(span));
        }
        self.open.push(Open { span, anchor, content });
        Ok(())
    }

    fn end(&mut self, span: &Span) -> Result<(), Stop> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let start = open.span.start;
        let is_flow = self.source.text[start..].starts_with(['{', '[']);
        let (depth, size, head, content) = match open.content {
            OpenContent::List(items) => {
                let depth = items.iter().map(|n| n.depth).max().unwrap_or(0);
                let size = items.iter().fold(1usize, |sum, n| sum.saturating_add(n.size));
                (depth, size, None, Content::List(items))
            }
            OpenContent::Map { entries, .. } => {
                let depth = entries.iter().map(|(.., n)| n.depth).max().unwrap_or(0);
                let size = entries.iter().fold(1usize, |sum, (.., n)| sum.saturating_add(n.size));
                let head = entries.first().map(|(_, key, _)| *key);
                (depth, size, head, Content::Map(entries))
            }
        };
        let span = match head {
            _ if is_flow => self.one_line(start, self.byte(&span.end)),
            Some(first_key) => first_key,
            None => open.span,
        };
        if size > NODES_MAX {
            let message = format!("too many values: with aliases followed more than the {NODES_MAX} allowed");
            return Err(self.stop(span, message, "grows beyond the limit here"));
        }
        if depth >= DEPTH_MAX {
            return Err(self.too_deep(span));
        }
        self.put(Node { span, alias: None, depth: depth + 1, size, content: Rc::new(content) }, open.anchor);
        Ok(())
    }

    fn put(&mut self, node: Node, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open { content: OpenContent::List(items), .. }) => items.push(node),
            Some(Open { content: OpenContent::Map { entries, key }, .. }) => match key.take() {
                Some(Key { name: Some(name), span }) => entries.push((name, span, node)),
                Some(Key { name: None, .. }) => {}
                None => {
                    // The node itself stands where a key should.
                    let span = node.alias.unwrap_or(node.span);
                    *key = Some(Key { name: None, span });
                    let problem = Diagnostic::error(&self.source, span, "only text can be a key");
                    self.problems.push(problem.help("put quotes round a template: `\"{{order_no}}\"`"));
                }
            },
        }
    }

    fn too_deep(&mut self, span: SourceSpan) -> Stop {
        let message = format!("nested too deeply: more than the {DEPTH_MAX} levels allowed");
        self.stop(span, message, "goes beyond the limit here")
    }

    fn stop(&mut self, span: SourceSpan, message: impl Into<String>, label: &str) -> Stop {
        self.problems.push(Diagnostic::error(&self.source, span, message).label(label));
        Stop
    }

    fn syntax(&mut self, error: &ScanError) -> Stop {
        let at = self.byte(error.marker());
        let text = &self.source.text;
        let line_start = text[..at].rfind('\n').map_or(0, |n| n + 1);
        let indent: &str = &text[line_start..];
        let indent = &indent[..indent.len() - indent.trim_start_matches([' ', '\t']).len()];
        let problem = if let Some(tab) = indent.find('\t') {
            let span = self.one_line(line_start + tab, line_start + tab + 1);
            Diagnostic::error(&self.source, span, "a tab in the indentation")
                .label("a tab, not a space")
                .help("indent with spaces: YAML does not allow tabs there")
        } else {
            let span = self.one_line(at, at + 1);
            let problem = Diagnostic::error(&self.source, span, format!("not valid YAML: {}", error.info()));
            // The fault shows only where the next thing does not fit; what is open says where it began.
            let is_flow = |open: &&Open| text[open.span.start..].starts_with(['{', '[']);
            match self.open.iter().rev().find(is_flow) {
                Some(open) => {
                    let (line, _) = self.source.line_column(open.span.start);
                    let bracket = &text[open.span.start..=open.span.start];
                    problem.help(format!("is the `{bracket}` in line {line} closed?"))
                }
                None => problem,
            }
        };
        self.problems.push(problem);
        Stop
    }

    /// Where a node stands, its anchor and tag left out.
    fn span(&self, span: &Span) -> SourceSpan {
        let mut start = self.byte(&span.start);
        let text = &self.source.text;
        while text[start..].starts_with(['&', '!']) {
            let after = text[start..].find([' ', '\t', '\n', '\r']).map_or(text.len(), |n| start + n);
            let blanks = text[after..].len() - text[after..].trim_start_matches([' ', '\t']).len();
            if blanks == 0 {
                break;
            }
            start = after + blanks;
        }
        self.one_line(start, self.byte(&span.end))
    }

    fn byte(&self, marker: &Marker) -> usize {
        self.bytes.get(marker.index()).copied().unwrap_or(self.source.text.len())
    }

    /// The part of `start..end` on its first line, at least one character long where there is one.
    ///
    /// Never looks beyond `end`: a file may be one long line.
    fn one_line(&self, start: usize, end: usize) -> SourceSpan {
        let text = &self.source.text;
        let start = start.min(text.len());
        let wanted = text.get(start..end).unwrap_or_default();
        let line = wanted.find(['\n', '\r']).map_or(wanted, |length| &wanted[..length]).trim_end();
        let first = text[start..].chars().next().filter(|c| !matches!(c, '\n' | '\r')).map_or(0, char::len_utf8);
        SourceSpan { start, end: start + line.len().max(first) }
    }
}

fn expand(node: &Node, key: Option<SourceSpan>, pointer: &str, places: &mut HashMap<String, Place>) -> Value {
    places.insert(pointer.to_owned(), Place { key, value: node.span, alias: node.alias });
    match node.content.as_ref() {
        Content::Scalar(value) => value.clone(),
        Content::List(items) => {
            items.iter().enumerate().map(|(n, node)| expand(node, None, &item(pointer, n), places)).collect()
        }
        Content::Map(entries) => {
            let pairs = entries
                .iter()
                .map(|(name, span, node)| (name.clone(), expand(node, Some(*span), &child(pointer, name), places)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
    }
}
