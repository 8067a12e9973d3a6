//! Markdown as HTML: CommonMark with tables, task lists and strikethrough.
//!
//! ```text
//! # Notes            <h3 id="md-notes">Notes</h3>                  below the page's own headings
//! **bold** <b>no</b> <strong>bold</strong> &lt;b&gt;no&lt;/b&gt;   HTML in it is text
//! [more](b.md#x)     <a href="./b.md?markdown#md-x">more</a>       see urls.rs
//! ![a](cat.png)      <img src="./cat.png" alt="a" loading="lazy">
//! ![a](http://x/y)   <a href="http://x/y" rel="...">a</a>          nothing is loaded from elsewhere
//! ```
//!
//! Whoever may put a file into the folder writes it, and everybody who looks at the folder gets it: so it is hostile.
//! `pulldown-cmark` says what each part of the text is, and all HTML is written here: a fixed set of elements, each with
//! the attributes that stand here, and everything else as text. Each element that is opened is closed, however the
//! text ends. The page's Content-Security-Policy is a second barrier behind that.
//!
//! The work is bounded: by the length of the text, which the caller has cut, and of what comes out ([`MAX_HTML`]). What
//! may take longer than a worker's turn, [`takes_long`] says.

#[cfg(test)]
mod flaw;
mod page;
#[cfg(test)]
mod tests;
mod urls;

pub(super) use page::{article, respond};

use maud::Escaper;
use pulldown_cmark::{Alignment, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;
use urls::Url;

/// How long the HTML may be, in bytes. One element more or less, and those that close what is open.
pub const MAX_HTML: usize = 1024 * 1024;

/// How deep elements stand in each other. What is deeper is shown at this depth.
const MAX_DEPTH: usize = 40;

/// How many block quotes and lists a line may begin. The parser goes through all that are open with each line: of 32,000
/// of them, and as many lines, it makes two seconds.
const MAX_MARKERS: usize = 50;

/// How long an id may be, in characters.
const MAX_ID: usize = 80;

/// Up to this length a text takes a few hundred microseconds, unless it has a large table.
const BRIEF: usize = 2 * 1024;
const BRIEF_CELLS: usize = 1000;

/// The style sheet of what is rendered, for the pages that have some.
pub const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/src/site/markdown/markdown.css"));

/// Markdown as HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Balanced, and of known elements and attributes alone.
    pub html: String,
    /// Whether there would be more of it.
    pub is_cut: bool,
}

/// Whether a file of this name is Markdown.
pub fn is_markdown(name: &[u8]) -> bool {
    let extension = name.iter().rposition(|&byte| byte == b'.').map(|dot| &name[dot + 1..]);
    extension.is_some_and(|it| [&b"md"[..], b"markdown"].iter().any(|known| known.eq_ignore_ascii_case(it)))
}

/// Whether to render it may take longer than a worker's turn. Rows of a table that lack cells get them: so a short text
/// can be a large table.
pub fn takes_long(text: &str) -> bool {
    let lines = || text.split('\n');
    let columns = lines().map(|line| memchr::memchr_iter(b'|', line.as_bytes()).count()).max().unwrap_or(0);
    text.len() > BRIEF || columns.saturating_mul(lines().count()) > BRIEF_CELLS
}

/// Renders a text. Its first level of headings is the one below `level`, that of the heading above it on the page.
pub fn render(text: &str, level: usize) -> Rendered {
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
    let text = shallow(text);
    let mut writer = Writer { level, ..Writer::default() };
    let mut is_cut = false;
    for event in Parser::new_ext(&text, options) {
        if writer.html.len() > MAX_HTML {
            is_cut = true;
            break;
        }
        writer.write(event);
    }
    writer.close_all();
    Rendered { html: writer.html, is_cut }
}

/// The text, in which no line begins more than [`MAX_MARKERS`]: what follows is text, by a backslash before it.
fn shallow(text: &str) -> Cow<'_, str> {
    let (mut shallow, mut taken) = (String::new(), 0);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(at) = end_of_markers(line.as_bytes()) {
            shallow.push_str(&text[taken..start + at]);
            shallow.push('\\');
            taken = start + at;
        }
        start += line.len();
    }
    if taken == 0 {
        return text.into();
    }
    shallow.push_str(&text[taken..]);
    shallow.into()
}

/// Where the first marker stands that is one too many: `>`, or a bullet or the end of a number before a space.
fn end_of_markers(line: &[u8]) -> Option<usize> {
    let mut markers = 0;
    for (at, &byte) in line.iter().enumerate() {
        let is_marker = match byte {
            b'>' => true,
            b'-' | b'+' | b'*' | b'.' | b')' => matches!(line.get(at + 1), Some(b' ' | b'\t')),
            b' ' | b'\t' | b'0'..=b'9' => false,
            _ => return None,
        };
        markers += usize::from(is_marker);
        if markers > MAX_MARKERS {
            return Some(at);
        }
    }
    None
}

#[derive(Default)]
struct Writer<'a> {
    html: String,
    /// The level of the heading above the text.
    level: usize,
    /// What closes the elements that are open, innermost last. Nothing stands for one that was not opened.
    open: Vec<&'static str>,
    /// How many of these there are that were opened.
    depth: usize,
    /// The heading that is open: where its id goes, and its text so far.
    heading: Option<(usize, String)>,
    /// The ids that are taken, and up to which number behind each others are.
    ids: HashMap<String, usize>,
    /// The picture whose description is being collected.
    image: Option<Image<'a>>,
    /// The link that is open: its destination, and where its content begins.
    link: Option<(Url, usize)>,
    table: Table,
}

struct Image<'a> {
    destination: CowStr<'a>,
    title: CowStr<'a>,
    description: String,
    /// How many elements are open in the description, which is text alone.
    depth: usize,
}

#[derive(Default)]
struct Table {
    columns: Vec<Alignment>,
    column: usize,
    is_in_head: bool,
}

impl<'a> Writer<'a> {
    fn write(&mut self, event: Event<'a>) {
        if self.image.is_some() {
            return self.describe(event);
        }
        match event {
            Event::Start(Tag::Image { dest_url, title, .. }) => {
                let (description, depth) = (String::new(), 0);
                self.image = Some(Image { destination: dest_url, title, description, depth });
            }
            Event::Start(tag) => self.start(tag),
            Event::End(_) => self.end(),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(text) => {
                self.html.push_str("<code>");
                self.text(&text);
                self.html.push_str("</code>");
            }
            Event::SoftBreak => self.text("\n"),
            Event::HardBreak => self.html.push_str("<br>"),
            Event::Rule => self.html.push_str("<hr>\n"),
            Event::TaskListMarker(is_done) => self.html.push_str(if is_done {
                "<input type=\"checkbox\" disabled checked aria-label=\"done\"> "
            } else {
                "<input type=\"checkbox\" disabled aria-label=\"to do\"> "
            }),
            // Of extensions that are off.
            Event::FootnoteReference(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.text(&text);
            }
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((_, heading)) = &mut self.heading {
            heading.push_str(text);
        }
        push_escaped(&mut self.html, text);
    }

    /// Opens an element, unless too many are open.
    fn open(&mut self, start: &str, end: &'static str) {
        if self.depth >= MAX_DEPTH {
            return self.open.push("");
        }
        self.html.push_str(start);
        self.open.push(end);
        self.depth += 1;
    }

    fn start(&mut self, tag: Tag<'a>) {
        match tag {
            Tag::Paragraph => self.open("<p>", "</p>\n"),
            Tag::Heading { level, .. } => self.start_heading(level),
            Tag::BlockQuote(_) => self.open("<blockquote>\n", "</blockquote>\n"),
            Tag::CodeBlock(_) => self.open("<pre><code>", "</code></pre>\n"),
            Tag::HtmlBlock => self.open("<pre>", "</pre>\n"),
            Tag::List(None) => self.open("<ul>\n", "</ul>\n"),
            Tag::List(Some(1)) => self.open("<ol>\n", "</ol>\n"),
            Tag::List(Some(first)) => self.open(&format!("<ol start=\"{first}\">\n"), "</ol>\n"),
            Tag::Item => self.open("<li>", "</li>\n"),
            // It can be wider than the page, and is then moved by keys, too.
            Tag::Table(columns) => {
                self.table = Table { columns, ..Table::default() };
                self.open(
                    "<div class=\"wide\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table>\n",
                    "</tbody></table></div>\n",
                );
            }
            Tag::TableHead => {
                (self.table.is_in_head, self.table.column) = (true, 0);
                self.open("<thead><tr>", "</tr></thead><tbody>\n");
            }
            Tag::TableRow => {
                (self.table.is_in_head, self.table.column) = (false, 0);
                self.open("<tr>", "</tr>\n");
            }
            Tag::TableCell => self.start_cell(),
            Tag::Emphasis => self.open("<em>", "</em>"),
            Tag::Strong => self.open("<strong>", "</strong>"),
            Tag::Strikethrough => self.open("<del>", "</del>"),
            Tag::Link { link_type: LinkType::Email, dest_url, title, .. } => {
                self.start_link(&format!("mailto:{dest_url}"), &title);
            }
            Tag::Link { dest_url, title, .. } => self.start_link(&dest_url, &title),
            // Of extensions that are off. Pictures are collected before.
            Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_)
            | Tag::Image { .. } => self.open.push(""),
        }
    }

    fn start_heading(&mut self, level: HeadingLevel) {
        let level = (level as usize + self.level).min(6);
        let (start, end) = match level {
            2 => ("<h2 id=\"md-\">", "</h2>\n"),
            3 => ("<h3 id=\"md-\">", "</h3>\n"),
            4 => ("<h4 id=\"md-\">", "</h4>\n"),
            5 => ("<h5 id=\"md-\">", "</h5>\n"),
            _ => ("<h6 id=\"md-\">", "</h6>\n"),
        };
        let depth = self.depth;
        self.open(start, end);
        if self.depth > depth {
            self.heading = Some((self.html.len() - "\">".len(), String::new()));
        }
    }

    fn start_cell(&mut self) {
        let alignment = self.table.columns.get(self.table.column).unwrap_or(&Alignment::None);
        self.table.column += 1;
        let class = match alignment {
            Alignment::Center => " class=\"center\"",
            Alignment::Right => " class=\"right\"",
            Alignment::None | Alignment::Left => "",
        };
        if self.table.is_in_head {
            self.open(&format!("<th scope=\"col\"{class}>"), "</th>");
        } else {
            self.open(&format!("<td{class}>"), "</td>");
        }
    }

    fn start_link(&mut self, destination: &str, title: &str) {
        let Some(url) = Url::of_link(destination) else { return self.open.push("") };
        self.open(&anchor(&url, title), "</a>");
        self.link = Some((url, self.html.len()));
    }

    fn end(&mut self) {
        let end = self.open.pop().unwrap_or_default();
        self.depth -= usize::from(!end.is_empty());
        match end {
            // A link without a text shows where it leads.
            "</a>" => {
                if let Some((url, _)) = self.link.take().filter(|(_, at)| *at == self.html.len()) {
                    push_escaped(&mut self.html, url.as_str());
                }
            }
            _ if end.starts_with("</h") => self.end_heading(),
            _ => {}
        }
        self.html.push_str(end);
    }

    /// Gives the heading that ends its id.
    fn end_heading(&mut self) {
        let Some((at, text)) = self.heading.take() else { return };
        let wanted = urls::id(&text);
        let mut id = wanted.clone();
        while self.ids.contains_key(&id) {
            let count = self.ids.entry(wanted.clone()).or_default();
            *count += 1;
            id = format!("{wanted}-{count}");
        }
        self.html.insert_str(at, &id);
        self.ids.insert(id, 0);
    }

    /// Takes a part of the description of a picture.
    fn describe(&mut self, event: Event<'a>) {
        let Some(image) = &mut self.image else { return };
        match event {
            Event::Start(_) => image.depth += 1,
            Event::End(_) if image.depth == 0 => self.end_image(),
            Event::End(_) => image.depth -= 1,
            Event::SoftBreak | Event::HardBreak | Event::Rule => image.description.push(' '),
            Event::TaskListMarker(_) => {}
            Event::Text(text)
            | Event::Code(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::FootnoteReference(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text) => image.description.push_str(&text),
        }
    }

    /// A picture of this site; or a link to one elsewhere; or, where no link can stand, its description.
    fn end_image(&mut self) {
        let Some(Image { destination, title, description, .. }) = self.image.take() else { return };
        if let Some(url) = Url::of_picture(&destination) {
            self.html.push_str("<img src=\"");
            push_escaped(&mut self.html, url.as_str());
            self.html.push_str("\" alt=\"");
            push_escaped(&mut self.html, &description);
            push_title(&mut self.html, &title);
            self.html.push_str("\" loading=\"lazy\">");
            return;
        }
        let url = Url::of_link(&destination).filter(|_| self.link.is_none());
        let text = match &url {
            Some(url) if description.trim().is_empty() => url.as_str().to_owned(),
            _ => description,
        };
        if let Some(url) = &url {
            self.html.push_str(&anchor(url, &title));
        }
        self.text(&text);
        if url.is_some() {
            self.html.push_str("</a>");
        }
    }

    fn close_all(&mut self) {
        if self.image.is_some() {
            self.end_image();
        }
        while !self.open.is_empty() {
            self.end();
        }
    }
}

/// The start of a link.
fn anchor(url: &Url, title: &str) -> String {
    let mut start = "<a href=\"".to_owned();
    push_escaped(&mut start, url.as_str());
    push_title(&mut start, title);
    start.push_str(if url.is_here() { "\">" } else { "\" rel=\"noreferrer noopener nofollow\">" });
    start
}

/// A title as one more attribute, behind the value of another.
fn push_title(html: &mut String, title: &str) {
    if !title.is_empty() {
        html.push_str("\" title=\"");
        push_escaped(html, title);
    }
}

/// Text, or the value of an attribute in quotes.
fn push_escaped(html: &mut String, text: &str) {
    Escaper::new(html).write_str(text).expect("a String takes all");
}
