//! Reads HTML strictly enough to check our own pages: elements that nest, attributes in quotes,
//! references that are known. A browser would take much more, and guess.

use std::fmt::Write as _;

/// Elements that have no end tag.
const VOID: [&str; 10] = ["area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source"];

/// Elements whose content is no HTML.
const RAW: [&str; 2] = ["script", "style"];

/// An element.
#[derive(Debug)]
pub(crate) struct Element {
    /// Its name.
    pub(crate) name: String,
    /// Its attributes, decoded.
    pub(crate) attributes: Vec<(String, String)>,
    /// The line of its start tag.
    pub(crate) line: usize,
    /// The element around it, by its place in the document.
    pub(crate) parent: Option<usize>,
    /// All text inside it, decoded.
    pub(crate) text: String,
}

impl Element {
    /// The value of an attribute; an empty one if it has none.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Whether this is one of its classes.
    pub(crate) fn has_class(&self, class: &str) -> bool {
        self.get("class").is_some_and(|classes| classes.split_ascii_whitespace().any(|found| found == class))
    }
}

/// A document: its elements in the order of their start tags, and what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// The elements.
    pub(crate) elements: Vec<Element>,
    /// What is wrong, by line.
    pub(crate) faults: Vec<(usize, String)>,
}

impl Document {
    /// Reads a document. It always gives one; what is wrong is in [`Document::faults`].
    pub(crate) fn read(html: &str) -> Document {
        let mut document = Document::default();
        let mut open: Vec<usize> = Vec::new();
        let mut rest = html;
        let (mut line, mut counted) = (1, html);
        while let Some(first) = rest.chars().next() {
            line += counted[..counted.len() - rest.len()].matches('\n').count();
            counted = rest;
            let behind_first = &rest[first.len_utf8()..];
            if let Some(behind) = rest.strip_prefix("<!--") {
                rest = behind.split_once("-->").map_or_else(
                    || {
                        document.faults.push((line, "a comment without end".to_owned()));
                        ""
                    },
                    |(_, behind)| behind,
                );
            } else if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) {
                if line != 1 || !rest.starts_with("<!DOCTYPE html>\n") {
                    document.faults.push((line, "the first line must be <!DOCTYPE html>".to_owned()));
                }
                rest = rest.split_once('>').map_or("", |(_, behind)| behind);
            } else if let Some(behind) = rest.strip_prefix("</") {
                let (name, behind) = behind.split_once('>').unwrap_or((behind, ""));
                document.close(&mut open, name.trim_end(), line);
                rest = behind;
            } else if first == '<' && behind_first.starts_with(|char: char| char.is_ascii_alphabetic()) {
                rest = document.start_tag(&mut open, rest, line);
            } else {
                let end = behind_first.find('<').map_or(rest.len(), |at| first.len_utf8() + at);
                if first == '<' {
                    document.faults.push((line, "a \"<\" that begins no tag: write &lt;".to_owned()));
                }
                let text = document.decode(&rest[..end], line);
                for &element in &open {
                    document.elements[element].text.push_str(&text);
                }
                if open.is_empty() && !text.trim().is_empty() {
                    document.faults.push((line, "text outside of all elements".to_owned()));
                }
                rest = &rest[end..];
            }
        }
        for element in open {
            let Element { name, line, .. } = &document.elements[element];
            document.faults.push((*line, format!("<{name}> is never closed")));
        }
        document
    }

    fn close(&mut self, open: &mut Vec<usize>, name: &str, line: usize) {
        let innermost = open.last().map(|&element| &self.elements[element]);
        if innermost.is_some_and(|element| element.name == name) {
            open.pop();
            return;
        }
        let inside = innermost.map_or("outside of all elements".to_owned(), |element| {
            format!("while <{}> of line {} is open", element.name, element.line)
        });
        self.faults.push((line, format!("</{name}> {inside}")));
        // Go on as the author may have meant it, so that one slip gives one fault.
        if let Some(at) = open.iter().rposition(|&element| self.elements[element].name == name) {
            open.truncate(at);
        }
    }

    /// Reads a start tag, and the content of a raw element. Gives what follows.
    fn start_tag<'a>(&mut self, open: &mut Vec<usize>, tag: &'a str, line: usize) -> &'a str {
        let mut rest = &tag[1..];
        let end =
            rest.find(|char: char| char.is_ascii_whitespace() || "/>".contains(char)).unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        rest = &rest[end..];
        let mut attributes: Vec<(String, String)> = Vec::new();
        let closed = loop {
            rest = rest.trim_ascii_start();
            if let Some(behind) = rest.strip_prefix('>') {
                rest = behind;
                break false;
            }
            if let Some(behind) = rest.strip_prefix("/>") {
                rest = behind;
                break true;
            }
            let end = rest.find(|char: char| char.is_ascii_whitespace() || "=/>".contains(char));
            let Some(end) = end.filter(|&end| end > 0) else {
                self.faults.push((line, format!("the tag <{name} is malformed")));
                return rest.split_once('>').map_or("", |(_, behind)| behind);
            };
            let attribute = rest[..end].to_owned();
            rest = &rest[end..];
            let mut value = String::new();
            if let Some(behind) = rest.strip_prefix('=') {
                let Some((quoted, behind)) =
                    behind.strip_prefix('"').and_then(|behind| behind.split_once('"'))
                else {
                    self.faults
                        .push((line, format!("<{name} {attribute}=: the value must be in double quotes")));
                    return behind.split_once('>').map_or("", |(_, behind)| behind);
                };
                value = self.decode(quoted, line);
                rest = behind;
            }
            if attributes.iter().any(|(found, _)| *found == attribute) {
                self.faults.push((line, format!("<{name}> has {attribute} twice")));
            }
            attributes.push((attribute, value));
        };
        let in_svg = name == "svg" || open.iter().any(|&element| self.elements[element].name == "svg");
        if closed && !in_svg && !VOID.contains(&name.as_str()) {
            self.faults.push((line, format!("<{name}/> is no way to close <{name}> in HTML")));
        }
        if !in_svg && name.contains(|char: char| char.is_ascii_uppercase()) {
            self.faults.push((line, format!("<{name}> is not in lower case")));
        }
        let is_void = VOID.contains(&name.as_str());
        let is_raw = RAW.contains(&name.as_str());
        let parent = open.last().copied();
        let mut text = String::new();
        if is_raw && !closed {
            let end = format!("</{name}>");
            match rest.split_once(&end) {
                Some((content, behind)) => {
                    text.push_str(content);
                    rest = behind;
                }
                None => self.faults.push((line, format!("<{name}> is never closed"))),
            }
        } else if !is_void && !closed {
            open.push(self.elements.len());
        }
        self.elements.push(Element { name, attributes, line, parent, text });
        rest
    }

    /// Replaces character references.
    fn decode(&mut self, text: &str, line: usize) -> String {
        let mut decoded = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('&') {
            decoded.push_str(before);
            let line = line + text[..text.len() - behind.len()].matches('\n').count();
            let name = behind.split_once(';').map(|(name, _)| name).filter(|name| name.len() < 10);
            let char = name.and_then(|name| match name {
                "lt" => Some('<'),
                "gt" => Some('>'),
                "amp" => Some('&'),
                "quot" => Some('"'),
                "nbsp" => Some('\u{a0}'),
                _ => char::from_u32(name.strip_prefix('#')?.parse().ok()?),
            });
            if let (Some(name), Some(char)) = (name, char) {
                decoded.push(char);
                rest = &behind[name.len() + 1..];
            } else {
                let shown: String = behind.chars().take(10).collect();
                self.faults.push((line, format!("\"&{shown}\" is no reference that we use: write &amp;")));
                decoded.push('&');
                rest = behind;
            }
        }
        decoded.push_str(rest);
        decoded
    }

    /// The elements that `is_it`.
    pub(crate) fn find(&self, is_it: impl Fn(&Element) -> bool) -> impl Iterator<Item = &Element> {
        self.elements.iter().filter(move |element| is_it(element))
    }

    /// The elements of this name.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.find(move |element| element.name == name)
    }

    /// Whether one of the elements around it `is_it`.
    pub(crate) fn is_inside(&self, element: &Element, is_it: impl Fn(&Element) -> bool) -> bool {
        let above = std::iter::successors(element.parent, |&above| self.elements[above].parent);
        above.into_iter().any(|above| is_it(&self.elements[above]))
    }

    /// Whether this very element is one of those around it.
    pub(crate) fn is_within(&self, element: &Element, around: &Element) -> bool {
        self.is_inside(element, |above| std::ptr::eq(above, around))
    }

    /// Whether an element has this id.
    pub(crate) fn has_id(&self, id: &str) -> bool {
        self.elements.iter().any(|element| element.get("id") == Some(id))
    }
}

// ---- the scanner itself

fn faults(html: &str) -> String {
    Document::read(html).faults.iter().fold(String::new(), |mut text, (line, fault)| {
        let _ = write!(text, "{line}: {fault}; ");
        text
    })
}

#[test]
fn elements_attributes_and_text_are_read() {
    let document = Document::read(
        "<!DOCTYPE html>\n<div id=\"a&amp;b\" hidden>\n one <br> <b class=\"x y\">t&lt;o</b> &#8364;\n</div>\n\
         <!-- <p> --><script src=\"/s.js\">if (1 < 2 && 3) {}</script><svg><path d=\"M0 0\"/></svg>\n",
    );
    assert_eq!(document.faults, []);
    let names: Vec<_> = document.elements.iter().map(|element| element.name.as_str()).collect();
    assert_eq!(names, ["div", "br", "b", "script", "svg", "path"]);
    let div = &document.elements[0];
    assert_eq!((div.line, div.get("id"), div.get("hidden")), (2, Some("a&b"), Some("")));
    assert_eq!(div.text, "\n one  t<o €\n");
    let b = &document.elements[2];
    assert!(b.line == 3 && b.has_class("y") && !b.has_class("x y"));
    assert!(document.is_inside(b, |element| element.name == "div"));
    assert!(!document.is_inside(b, |element| element.name == "svg"));
    assert_eq!(document.elements[3].text, "if (1 < 2 && 3) {}");
}

#[test]
fn faults_are_found_on_their_lines() {
    for (html, expected) in [
        ("<p>\n<b></p>", "2: </p> while <b> of line 2 is open; "),
        ("<p>\n<b>", "1: <p> is never closed; 2: <b> is never closed; "),
        ("</p>", "1: </p> outside of all elements; "),
        ("<p/>", "1: <p/> is no way to close <p> in HTML; "),
        ("<p a=b></p>", "1: <p a=: the value must be in double quotes; 1: </p> outside of all elements; "),
        ("<p a=\"1\" a=\"2\"></p>", "1: <p> has a twice; "),
        ("<p>\n\nx & y</p>", "3: \"& y\" is no reference that we use: write &amp;; "),
        ("<p>1 < 2</p>", "1: a \"<\" that begins no tag: write &lt;; "),
        ("text", "1: text outside of all elements; "),
        ("<!-- ", "1: a comment without end; "),
        ("\n<!DOCTYPE html>\n", "2: the first line must be <!DOCTYPE html>; "),
        ("<script>x", "1: <script> is never closed; 1: text outside of all elements; "),
    ] {
        assert_eq!(faults(html), expected, "{html}");
    }
}
