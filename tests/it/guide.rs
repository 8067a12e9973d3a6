//! The pages under `www/`: what they say of the project is so, what they link to is there, and both
//! languages have the same pages.
//!
//! Each failure names a file and a line.

mod lessons;
mod pieces;
mod scanner;

use crate::support::{PATIENCE, Server, files_ending_in};
use scanner::{Document, Element};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The chapters in their order: the file's name, and how the other pages call it in either language.
const CHAPTERS: [(&str, &str, &str); 14] = [
    ("sockets", "1 Sockets", "1 套接字"),
    ("echo", "2 Echo", "2 回声"),
    ("many-clients", "3 Many clients", "3 多个客户端"),
    ("http", "4 HTTP", "4 HTTP"),
    ("files", "5 Files", "5 文件"),
    ("keep-alive", "6.1 Keep-alive", "6.1 长连接"),
    ("sending", "6.2 Sending", "6.2 发送"),
    ("caching", "7 Caching", "7 缓存"),
    ("staying-alive", "8 Staying alive", "8 健壮性"),
    ("measured", "9 Measured", "9 测量"),
    ("source", "The source", "读源码"),
    ("exercises", "Exercises", "练习"),
    ("codes", "Codes and fields", "状态码与字段"),
    ("glossary", "Glossary", "术语表"),
];

/// What the reader of an exercise writes is not there yet, and is named all the same.
const YET_TO_BE_WRITTEN: &str = "exercise_";

/// What the server itself answers for; there are no files of that name.
const BUILT_IN: &str = "/.glass/";

// ---- pages

/// A page, and what is wrong with it.
struct Page {
    /// Its file, from the project's root.
    file: String,
    /// Its path in an URL.
    url: String,
    document: Document,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    English,
    Chinese,
}

/// What was found wrong, each with its file and line.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn add(&mut self, page: &Page, line: usize, fault: impl AsRef<str>) {
        self.0.push(format!("{}:{line}: {}", page.file, fault.as_ref()));
    }

    /// Fails if there are any.
    fn assert_none(&self) {
        assert!(self.0.is_empty(), "{} faults:\n{}", self.0.len(), self.0.join("\n"));
    }
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files under `www/` with this ending, in order.
fn files(ending: &str) -> Vec<PathBuf> {
    files_ending_in(ending, &project().join("www"))
}

fn name_of(path: &Path) -> String {
    path.strip_prefix(project()).expect("it is in the project").to_str().expect("a plain name").to_owned()
}

fn pages() -> Vec<Page> {
    let read = |path: PathBuf| {
        let file = name_of(&path);
        let url = file.strip_prefix("www").expect("it is there");
        let url = url.strip_suffix("index.html").unwrap_or(url).to_owned();
        let document = Document::read(&fs::read_to_string(&path).expect("a page is UTF-8"));
        Page { file, url, document }
    };
    let pages: Vec<Page> = files("html").into_iter().map(read).collect();
    assert!(pages.len() > 3, "these are not all pages");
    pages
}

impl Page {
    fn language(&self) -> Language {
        if self.url.starts_with("/zh/") { Language::Chinese } else { Language::English }
    }

    /// The path of the same page in the other language.
    fn twin(&self) -> String {
        match self.language() {
            Language::English => format!("/zh{}", self.url),
            Language::Chinese => self.url["/zh".len()..].to_owned(),
        }
    }

    /// The chapter that it is, by its place in [`CHAPTERS`].
    fn chapter(&self) -> Option<usize> {
        let url = self.url.strip_prefix("/zh").unwrap_or(&self.url);
        let name = url.strip_prefix("/guide/")?.strip_suffix(".html")?;
        CHAPTERS.iter().position(|(chapter, _, _)| *chapter == name)
    }

    /// The path of a chapter in this page's language.
    fn chapter_url(&self, chapter: usize) -> String {
        let folder = if self.language() == Language::Chinese { "/zh/guide" } else { "/guide" };
        format!("{folder}/{}.html", CHAPTERS[chapter].0)
    }

    fn welcome_url(&self) -> &'static str {
        if self.language() == Language::Chinese { "/zh/" } else { "/" }
    }
}

/// The attributes that hold an address, and whether the browser loads it with the page.
fn addresses(element: &Element) -> Vec<(&str, bool)> {
    let loads = |name: &str| match name {
        "href" | "xlink:href" => {
            let is_passive =
                |rel| ["alternate", "canonical", "prev", "next", "license", "author"].contains(&rel);
            element.name != "a" && !element.get("rel").is_some_and(is_passive)
        }
        _ => true,
    };
    let mut found = Vec::new();
    for (name, value) in &element.attributes {
        match name.as_str() {
            "href" | "xlink:href" | "src" | "poster" | "data" | "action" | "formaction" => {
                found.push((value.as_str(), loads(name)));
            }
            "srcset" => {
                let candidates = value.split(',').filter_map(|one| one.split_ascii_whitespace().next());
                found.extend(candidates.map(|candidate| (candidate, true)));
            }
            _ => {}
        }
    }
    found
}

fn is_external(address: &str) -> bool {
    let scheme = address.split_once(':').map(|(scheme, _)| scheme);
    address.starts_with("//") || scheme.is_some_and(|scheme| !scheme.contains(['/', '#', '?']))
}

/// The path and the fragment of an internal address on the page with this path.
fn resolve(base: &str, address: &str) -> (String, Option<String>) {
    let (address, fragment) = match address.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (address, None),
    };
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let path = address.split('?').next().unwrap_or_default();
    let absolute = if address.is_empty() {
        base.to_owned()
    } else if path.starts_with('/') {
        path.to_owned()
    } else {
        let folder = &base[..=base.rfind('/').expect("a path has a slash")];
        format!("{folder}{path}")
    };
    let mut segments: Vec<&str> = Vec::new();
    for segment in absolute.split('/') {
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    (decode(&segments.join("/")), fragment.map(decode))
}

#[test]
fn addresses_are_resolved_as_a_browser_does() {
    let resolved = |address| {
        let (path, fragment) = resolve("/guide/http.html", address);
        format!("{path}#{}", fragment.unwrap_or_default())
    };
    assert_eq!(resolved("#top"), "/guide/http.html#top");
    assert_eq!(resolved("files.html?x=1#a%20b"), "/guide/files.html#a b");
    assert_eq!(resolved("../zh/./x"), "/zh/x#");
    assert_eq!(resolved("/samples/a%20b.txt"), "/samples/a b.txt#");
    assert!(is_external("//host/x") && is_external("https://host/") && is_external("data:,x"));
    assert!(!is_external("/a:b") && !is_external("#a:b") && !is_external("a.html"));
}

// ---- HTML

#[test]
fn elements_nest() {
    let mut faults = Faults::default();
    for page in pages() {
        for (line, fault) in &page.document.faults {
            faults.add(&page, *line, fault);
        }
        let lines = fs::read_to_string(project().join(&page.file)).expect("a page");
        for (number, line) in lines.lines().enumerate().filter(|(_, line)| line.ends_with([' ', '\t'])) {
            faults.add(&page, number + 1, format!("white space at the end of {line:?}"));
        }
    }
    faults.assert_none();
}

#[test]
fn ids_are_there_and_unique() {
    let mut faults = Faults::default();
    for page in pages() {
        for h2 in page.document.named("h2").filter(|h2| h2.get("id").is_none_or(str::is_empty)) {
            faults.add(&page, h2.line, format!("<h2> without id: {:?}", h2.text));
        }
        let mut seen = BTreeMap::new();
        for element in &page.document.elements {
            let Some(id) = element.get("id") else { continue };
            if let Some(before) = seen.insert(id, element.line) {
                faults.add(&page, element.line, format!("the id {id:?} is on line {before}, too"));
            }
        }
    }
    faults.assert_none();
}

#[test]
fn links_lead_somewhere() {
    let mut faults = Faults::default();
    let pages = pages();
    for page in &pages {
        for element in &page.document.elements {
            for (address, _) in addresses(element) {
                if is_external(address) {
                    if element.name != "a" || !address.starts_with("https://") {
                        faults.add(
                            page,
                            element.line,
                            format!("{address:?}: only a link may lead away, by https"),
                        );
                    }
                    continue;
                }
                let (path, fragment) = resolve(&page.url, address);
                if path.starts_with(BUILT_IN) {
                    continue;
                }
                let on_disk = project().join("www").join(&path[1..]);
                // A folder needs its slash; without an index it is listed.
                if on_disk.is_dir() != path.ends_with('/') || !on_disk.exists() {
                    faults.add(
                        page,
                        element.line,
                        format!("{address:?} leads nowhere: {}", name_of(&on_disk)),
                    );
                } else if let Some(fragment) = fragment {
                    let target = pages.iter().find(|target| target.url == path);
                    if !target.is_some_and(|target| target.document.has_id(&fragment)) {
                        faults.add(page, element.line, format!("{address:?}: {path} has no id {fragment:?}"));
                    }
                }
            }
        }
    }
    faults.assert_none();
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let mut faults = Faults::default();
    for page in pages() {
        for element in &page.document.elements {
            for (address, _) in
                addresses(element).iter().filter(|(address, loads)| *loads && is_external(address))
            {
                faults.add(&page, element.line, format!("<{}> loads {address:?}", element.name));
            }
        }
    }
    // Sentences of a catalogue are shown, and name addresses; nothing loads them.
    let is_catalogue = |path: &Path| path.to_str().is_some_and(|path| path.ends_with(".data.js"));
    for ending in ["css", "js", "svg"] {
        for path in files(ending).into_iter().filter(|path| !is_catalogue(path)) {
            let text = fs::read_to_string(&path).expect("it is UTF-8");
            for (number, line) in text.lines().enumerate() {
                for address in loaded_by(ending, line) {
                    let (file, number) = (name_of(&path), number + 1);
                    if is_external(&address) {
                        faults.0.push(format!("{file}:{number}: loads {address:?}"));
                    } else if ending == "css" {
                        let (target, _) = resolve(file.strip_prefix("www").expect("it is there"), &address);
                        if !project().join("www").join(&target[1..]).is_file() {
                            faults.0.push(format!("{file}:{number}: there is no {target}"));
                        }
                    }
                }
            }
        }
    }
    faults.assert_none();
}

/// What a line of a style sheet, a script or a picture refers to.
fn loaded_by(ending: &str, line: &str) -> Vec<String> {
    let behind = |start: &str, end: &[char]| -> Vec<String> {
        let pieces = line.split(start).skip(1);
        pieces
            .map(|piece| piece.trim_start_matches(['"', '\'']).split(end).next().unwrap_or("").to_owned())
            .collect()
    };
    match ending {
        "css" => [behind("url(", &['"', '\'', ')']), behind("@import ", &['"', '\'', ';'])].concat(),
        "svg" => [behind("href=", &['"', '\'']), behind("src=", &['"', '\''])].concat(),
        _ => {
            // Any address of another host in a string. That of a namespace is a name and not loaded.
            let quoted = line.split(['"', '\'', '`']).skip(1);
            let is_loaded = |text: &&str| {
                ["http://", "https://", "ws://", "wss://"].iter().any(|scheme| text.starts_with(scheme))
                    && !text.starts_with("http://www.w3.org/")
            };
            quoted.filter(is_loaded).map(str::to_owned).collect()
        }
    }
}

#[test]
fn what_style_sheets_scripts_and_pictures_load_is_found() {
    assert_eq!(loaded_by("css", "a { mask: url(/a.svg) url('b.svg'); }"), ["/a.svg", "b.svg"]);
    assert_eq!(loaded_by("css", "@import \"https://x/y.css\";"), ["https://x/y.css"]);
    assert_eq!(loaded_by("svg", "<use href=\"#a\"/><image href='//x/y'/>"), ["#a", "//x/y"]);
    assert_eq!(loaded_by("js", "const SVG = \"http://www.w3.org/2000/svg\";"), [""; 0]);
    assert_eq!(loaded_by("js", "fetch('https://x/y') // http://z"), ["https://x/y"]);
}

#[test]
fn nothing_is_inline_that_a_strict_policy_forbids() {
    let mut faults = Faults::default();
    for page in pages() {
        for element in &page.document.elements {
            let name = &element.name;
            if name == "script" && (element.get("src").is_none() || !element.text.trim().is_empty()) {
                faults.add(&page, element.line, "an inline script");
            }
            if name == "style" {
                faults.add(&page, element.line, "an inline style sheet");
            }
            for (attribute, value) in &element.attributes {
                if attribute.starts_with("on") || attribute == "style" {
                    faults.add(&page, element.line, format!("<{name} {attribute}={value:?}>"));
                }
            }
        }
    }
    faults.assert_none();
}

// ---- the guide's order

#[test]
fn both_languages_have_the_same_pages() {
    let mut faults = Faults::default();
    let pages = pages();
    for page in pages.iter().filter(|page| page.url != "/404.html") {
        let (own, other, label) = match page.language() {
            Language::English => ("en", "zh-Hans", "中文"),
            Language::Chinese => ("zh-Hans", "en", "English"),
        };
        let html = page.document.named("html").next();
        if html.and_then(|html| html.get("lang")) != Some(own) {
            faults.add(page, html.map_or(1, |html| html.line), format!("<html> must have lang={own:?}"));
        }
        let twin = page.twin();
        if !pages.iter().any(|page| page.url == twin) {
            faults.add(page, 1, format!("there is no {twin}"));
            continue;
        }
        let is_twin = |element: &Element| {
            let of = |name| element.get(name).unwrap_or_default();
            of("href") == twin && of("hreflang") == other
        };
        let link = page.document.find(|element| element.name == "a" && element.has_class("twin")).next();
        match link {
            Some(link) if is_twin(link) && link.get("lang") == Some(other) && link.text.trim() == label => {}
            link => faults.add(
                page,
                link.map_or(1, |link| link.line),
                format!(
                    "needs <a class=\"twin\" href={twin:?} hreflang={other:?} lang={other:?}>{label}</a>"
                ),
            ),
        }
        let mut alternates = page.document.find(|element| element.get("rel") == Some("alternate"));
        if !alternates.any(|link| link.name == "link" && is_twin(link)) {
            faults.add(page, 1, format!("needs <link rel=\"alternate\" hreflang={other:?} href={twin:?}>"));
        }
    }
    faults.assert_none();
}

#[test]
fn chapters_follow_one_skeleton() {
    let mut faults = Faults::default();
    let pages = pages();
    for prefix in ["", "/zh"] {
        for (name, _, _) in CHAPTERS {
            let url = format!("{prefix}/guide/{name}.html");
            if !pages.iter().any(|page| page.url == url) {
                faults.0.push(format!("www{url}: is missing"));
            }
        }
    }
    for page in pages.iter().filter(|page| page.url.contains("/guide/")) {
        let Some(chapter) = page.chapter() else {
            faults.add(page, 1, "is no chapter");
            continue;
        };
        check_head(page, &mut faults);
        check_navigation(page, chapter, &mut faults);
        check_order(page, chapter, &mut faults);
        check_blocks(page, &mut faults);
    }
    faults.assert_none();
}

fn check_head(page: &Page, faults: &mut Faults) {
    let document = &page.document;
    let mut needs = |what: &str, is_it: &dyn Fn(&Element) -> bool| {
        if !document.elements.iter().any(is_it) {
            faults.add(page, 1, format!("needs {what}"));
        }
    };
    let has = |element: &Element, name: &str, attribute: &str, value: &str| {
        element.name == name && element.get(attribute) == Some(value)
    };
    needs("<meta charset=\"utf-8\">", &|element| has(element, "meta", "charset", "utf-8"));
    needs("a viewport", &|element| has(element, "meta", "name", "viewport"));
    needs("its colour schemes", &|element| has(element, "meta", "name", "color-scheme"));
    needs("/style.css", &|element| has(element, "link", "href", "/style.css"));
    needs("/guide.css", &|element| has(element, "link", "href", "/guide.css"));
    needs("/course/asks.css", &|element| has(element, "link", "href", "/course/asks.css"));
    needs("/course/lab.css", &|element| has(element, "link", "href", "/course/lab.css"));
    needs("/guide.js, a module", &|element| {
        has(element, "script", "src", "/guide.js") && element.get("type") == Some("module")
    });
    needs("<body class=\"chapter\">", &|element| element.name == "body" && element.has_class("chapter"));
    needs("<main>", &|element| element.name == "main");
    needs("<p class=\"lead\">", &|element| element.name == "p" && element.has_class("lead"));
    needs("the brand, as a link to the welcome page", &|element| {
        element.has_class("brand") && has(element, "a", "href", page.welcome_url())
    });
    let headings: Vec<_> = document.named("h1").collect();
    let title = document.named("title").next().map_or("", |title| title.text.as_str());
    match headings[..] {
        [h1] if title == format!("{} · glasshttp", h1.text) => {}
        [h1] => {
            faults.add(page, h1.line, format!("the title is {title:?}, and not {:?} and glasshttp", h1.text));
        }
        _ => faults.add(page, 1, format!("{} <h1>", headings.len())),
    }
}

fn check_navigation(page: &Page, chapter: usize, faults: &mut Faults) {
    let document = &page.document;
    let Some(nav) = document.named("nav").next() else { return faults.add(page, 1, "has no <nav>") };
    if nav.get("aria-label").is_none_or(str::is_empty) {
        faults.add(page, nav.line, "<nav> needs an aria-label");
    }
    let in_nav = |element: &Element| {
        document.is_inside(element, |above| above.line == nav.line && above.name == "nav")
    };
    let links: Vec<_> = document.named("a").filter(|link| in_nav(link)).collect();
    if links.len() != CHAPTERS.len() {
        faults.add(page, nav.line, format!("<nav> has {} links, not {}", links.len(), CHAPTERS.len()));
    }
    for (number, link) in links.iter().enumerate().take(CHAPTERS.len()) {
        let (_, english, chinese) = CHAPTERS[number];
        let text = if page.language() == Language::Chinese { chinese } else { english };
        let url = page.chapter_url(number);
        if link.get("href") != Some(&url) || link.text != text {
            faults.add(page, link.line, format!("must be <a href={url:?}>{text}</a>"));
        }
        let current = (number == chapter).then_some("page");
        if link.get("aria-current") != current {
            faults.add(page, link.line, format!("aria-current must be {current:?}"));
        }
    }
}

fn check_order(page: &Page, chapter: usize, faults: &mut Faults) {
    let welcome = page.welcome_url().to_owned();
    let before = chapter.checked_sub(1).map_or(welcome.clone(), |before| page.chapter_url(before));
    let after = if chapter + 1 < CHAPTERS.len() { page.chapter_url(chapter + 1) } else { welcome.clone() };
    for (rel, url) in [("prev", before), ("next", after)] {
        let mut links = page.document.find(|element| element.name == "a" && element.get("rel") == Some(rel));
        let found = links.next();
        // Where the way begins or ends there need be no link.
        if found.is_none() && url == welcome {
            continue;
        }
        if found.and_then(|link| link.get("href")) != Some(&url) {
            let line = found.map_or(1, |link| link.line);
            faults.add(page, line, format!("needs <a rel={rel:?} href={url:?}>"));
        }
        if let Some(second) = links.next() {
            faults.add(page, second.line, format!("is the second rel={rel:?}"));
        }
    }
}

fn check_blocks(page: &Page, faults: &mut Faults) {
    for element in &page.document.elements {
        let mut needs = |is_so: bool, what: &str| {
            if !is_so {
                faults.add(page, element.line, format!("<{}> {what}", element.name));
            }
        };
        match element.name.as_str() {
            "pre" => {
                needs(element.get("tabindex") == Some("0"), "needs tabindex=\"0\", to be scrolled by keys");
            }
            "img" => needs(element.get("alt").is_some(), "needs an alt"),
            // A sign beside a word that says the same.
            "svg" if element.get("aria-hidden") == Some("true") => {}
            "svg" => {
                needs(element.get("role") == Some("img"), "needs role=\"img\"");
                needs(
                    element.get("aria-label").is_some_and(|label| !label.is_empty()),
                    "needs an aria-label",
                );
                needs(element.get("viewBox").is_some(), "needs a viewBox");
            }
            "figure" if element.has_class("transcript") => {
                // What depends on options is played by the tests of the pages alone.
                let is_named =
                    element.get("data-transcript").is_some() || element.get("data-recorded").is_some();
                needs(is_named, "needs data-transcript or data-recorded");
            }
            _ => {}
        }
        if element.has_class("live") {
            let known = ["my-request", "my-exchange", "my-connection"];
            let kind = element.get("data-live").unwrap_or_default();
            needs(known.contains(&kind), "has a data-live that nobody fills");
            needs(!element.text.trim().is_empty(), "needs words for when it is not live");
        }
    }
}

// ---- what the guide says of the project

#[test]
fn files_of_the_project_are_there() {
    let mut faults = Faults::default();
    let mut count = 0;
    for page in pages() {
        for file in page.document.find(|element| element.has_class("file")) {
            count += 1;
            let is_safe = !file.text.starts_with('/') && !file.text.contains("..");
            let is_written_later = file.text.starts_with(&format!("examples/{YET_TO_BE_WRITTEN}"));
            if !is_safe || (!project().join(&file.text).exists() && !is_written_later) {
                faults.add(&page, file.line, format!("there is no {:?}", file.text));
            }
        }
    }
    assert!(count > 0, "not one is named");
    faults.assert_none();
}

#[test]
fn transcripts_are_word_for_word() {
    let mut faults = Faults::default();
    let mut count = 0;
    for page in pages() {
        for figure in page.document.find(|element| element.get("data-transcript").is_some()) {
            count += 1;
            let name = figure.get("data-transcript").unwrap_or_default();
            let Ok(transcript) = fs::read_to_string(project().join(format!("tests/wire/{name}.txt"))) else {
                faults.add(&page, figure.line, format!("there is no tests/wire/{name}.txt"));
                continue;
            };
            let Some(shown) = page.document.named("code").find(|code| page.document.is_within(code, figure))
            else {
                faults.add(&page, figure.line, "shows nothing");
                continue;
            };
            if let Err((line, fault)) = is_run_of(&shown.text, &transcript) {
                faults.add(&page, shown.line + line, format!("tests/wire/{name}.txt {fault}"));
            }
        }
    }
    assert!(count > 0, "there is none");
    faults.assert_none();
}

/// Whether a line of a page is this one of a file, with a value in place of each placeholder.
fn is_line_with_values(shown: &str, line: &str) -> bool {
    let Some((before, rest)) = line.split_once('{') else { return shown == line };
    let Some((name, behind)) = rest.split_once('}') else { return shown == line };
    let is_value: fn(&str) -> bool = match name {
        "date" => |value| httpdate::parse_http_date(value).is_ok(),
        "etag" | "etag2" | "etag3" | "etag4" => {
            |value| value.len() > 2 && value.starts_with('"') && value.ends_with('"')
        }
        "boundary" | "any" | "body" => |value| !value.contains('{'),
        // A repetition is written as it is.
        _ => return shown == line,
    };
    let Some(shown) = shown.strip_prefix(before) else { return false };
    (0..=shown.len()).filter(|&at| shown.is_char_boundary(at)).any(|at| {
        let (value, rest) = shown.split_at(at);
        is_value(value) && is_line_with_values(rest, behind)
    })
}

#[test]
fn a_line_with_values_is_told_from_others() {
    let date = "< Date: Sun, 29 Nov 2026 09:30:00 GMT";
    for (shown, line, expected) in [
        ("< a", "< a", true),
        ("< a", "< b", false),
        (date, "< Date: {date}", true),
        ("< Date: soon", "< Date: {date}", false),
        ("< ETag: \"a-1\"", "< ETag: {etag}", true),
        ("< ETag: a-1", "< ETag: {etag}", false),
        ("> If-None-Match: \"x\", \"a-1\"", "> If-None-Match: \"x\", {etag}", true),
        ("< ETag: {etag}", "< ETag: {etag}", false),
        ("> GET /{a*8192} HTTP/1.1", "> GET /{a*8192} HTTP/1.1", true),
        ("< --xyz--", "< --{boundary}--", true),
    ] {
        assert_eq!(is_line_with_values(shown, line), expected, "{shown} {line}");
    }
}

/// Whether `shown` is a run of consecutive lines of a file; else where it goes another way, and how.
fn is_run_of(shown: &str, file: &str) -> Result<(), (usize, String)> {
    let file: Vec<_> = file.lines().collect();
    let shown: Vec<_> = shown.strip_suffix('\n').unwrap_or(shown).lines().collect();
    let agree = |start: usize| {
        shown.iter().zip(&file[start..]).take_while(|(shown, line)| is_line_with_values(shown, line)).count()
    };
    let longest = (0..file.len()).max_by_key(|&start| (agree(start), usize::MAX - start)).unwrap_or_default();
    let agreed = agree(longest);
    match shown.get(agreed) {
        None if shown.is_empty() => Err((0, "is to be shown, and nothing is".to_owned())),
        None => Ok(()),
        Some(line) if agreed == 0 => Err((0, format!("has no line {line:?}"))),
        Some(line) => {
            let expected = file.get(longest + agreed).unwrap_or(&"its end");
            Err((agreed, format!("goes on with {expected:?}, and not with {line:?}")))
        }
    }
}

#[test]
fn a_run_of_lines_is_told_from_others() {
    let file = "# a\n> b\n> c\n\n< b\n< d\n";
    assert_eq!(is_run_of("> b\n> c\n\n< b", file), Ok(()));
    assert_eq!(is_run_of("< d\n", file), Ok(()));
    assert_eq!(
        is_run_of("> b\n< b", file),
        Err((1, "goes on with \"> c\", and not with \"< b\"".to_owned()))
    );
    assert_eq!(
        is_run_of("< d\n< e", file),
        Err((1, "goes on with \"its end\", and not with \"< e\"".to_owned()))
    );
    assert_eq!(is_run_of("> b ", file), Err((0, "has no line \"> b \"".to_owned())));
    assert_eq!(is_run_of("", file), Err((0, "is to be shown, and nothing is".to_owned())));
}

#[test]
fn what_explain_prints_on_a_page_is_what_it_prints() {
    let mut faults = Faults::default();
    let mut count = 0;
    for page in pages() {
        for shown in page.document.find(|element| element.get("data-explain").is_some()) {
            count += 1;
            let name = shown.get("data-explain").unwrap_or_default();
            let recorded = fs::read_to_string(project().join(format!("tests/explain/{name}.txt")));
            let recorded = recorded.unwrap_or_default();
            // What was sent is the reader's.
            let told = |text: &str| -> Vec<String> {
                text.lines().filter(|line| !line.starts_with("  >")).map(without_numbers).collect()
            };
            let (shown_lines, recorded) = (told(&shown.text), told(recorded.trim_end()));
            if shown_lines != recorded {
                let most = shown_lines.len().max(recorded.len());
                let at = (0..most).find(|&at| shown_lines.get(at) != recorded.get(at)).unwrap_or_default();
                let (line, expected) = (shown_lines.get(at), recorded.get(at));
                faults.add(&page, shown.line, format!("{name}: shows {line:?}, and not {expected:?}"));
            }
        }
    }
    assert!(count > 0, "there is none");
    faults.assert_none();
}

/// A line of `--explain` without what differs from run to run: times, dates and numbers of lines.
fn without_numbers(line: &str) -> String {
    let line = line
        .replace("Date: DATE", "Date: ")
        .replace(".rs:LINE", ".rs:")
        .replace("    N ms", "    ms")
        .replace("to worker N", "to worker 0");
    if let Some((before, _)) = line.split_once("Date: ") {
        return format!("{before}Date: ");
    }
    if let Some((before, number)) = line.rsplit_once(".rs:")
        && number.chars().all(|digit| digit.is_ascii_digit())
    {
        return format!("{before}.rs:");
    }
    let is_time = |rest: &str| rest.trim_start().starts_with(|first: char| first.is_ascii_digit());
    match line.strip_prefix("    ").filter(|rest| is_time(rest)).and_then(|rest| rest.split_once(" ms")) {
        Some((_, rest)) => format!("    ms{rest}"),
        None => line,
    }
}

#[test]
fn sections_of_rfcs_are_named_as_they_are_linked() {
    let mut faults = Faults::default();
    for page in pages() {
        for link in page.document.find(|element| element.has_class("rfc")) {
            let address = link.get("href").unwrap_or_default();
            let rest = address.strip_prefix("https://www.rfc-editor.org/rfc/rfc");
            let numbers = rest.map(|rest| rest.split_once("#section-").unwrap_or((rest, "")));
            let digits = |text: &str| {
                let mut words = text.split(|char: char| !char.is_ascii_digit() && char != '.');
                let mut next =
                    || words.by_ref().map(|word| word.trim_matches('.')).find(|word| !word.is_empty());
                (next().unwrap_or_default().to_owned(), next().unwrap_or_default().to_owned())
            };
            let (rfc, section) = digits(&link.text);
            if numbers != Some((&rfc, &section)) {
                faults.add(&page, link.line, format!("{:?} leads to {address:?}", link.text));
            }
        }
    }
    faults.assert_none();
}

// ---- commands

/// The commands of a page, one a line, each with the line on which it stands.
fn commands(page: &Page) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for block in page.document.find(|element| element.name == "pre" && element.has_class("terminal")) {
        let lines = block.text.lines().enumerate();
        found.extend(lines.map(|(number, line)| (block.line + number, line.to_owned())));
    }
    found
}

#[test]
fn commands_name_what_is_there() {
    let mut faults = Faults::default();
    let mut count = 0;
    for page in pages() {
        for (line, command) in commands(&page) {
            count += 1;
            if command.trim() != command || command.is_empty() || command.starts_with("$ ") {
                faults.add(&page, line, format!("is no command as it is typed: {command:?}"));
            }
            let words: Vec<_> = command.split_ascii_whitespace().collect();
            let mut needs = |file: String| {
                if !project().join(&file).exists() {
                    faults.add(&page, line, format!("there is no {file}: {command:?}"));
                }
            };
            if words[..].starts_with(&["cargo"]) {
                for pair in words.windows(2) {
                    match *pair {
                        ["--example", name] if !name.starts_with(YET_TO_BE_WRITTEN) => {
                            needs(format!("examples/{name}.rs"));
                        }
                        ["--test", name] => needs(format!("tests/{name}/main.rs")),
                        ["--bench", name] => needs(format!("benches/{name}.rs")),
                        _ => {}
                    }
                }
            }
            if let ["cp" | "diff", from, _] = words[..] {
                needs(from.to_owned());
            }
            if words.first() == Some(&"rustc") {
                let sources = words.iter().filter(|word| word.starts_with("examples/"));
                sources
                    .filter(|name| !name.contains(YET_TO_BE_WRITTEN))
                    .for_each(|name| needs((*name).to_owned()));
            }
        }
    }
    assert!(count > 0, "there is none");
    faults.assert_none();
}

#[test]
fn curl_understands_each_command() {
    const ADDRESS: &str = "http://localhost:8001";
    let server = Server::start(&project().join("www"), &[]);
    let mut faults = Faults::default();
    let mut count = 0;
    for page in pages() {
        // What one command writes, another may read.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let counts = |command: &str| command.contains(ADDRESS) || command.starts_with("mkdir ");
        for (line, command) in commands(&page).iter().filter(|(_, command)| counts(command)) {
            count += usize::from(command.contains(ADDRESS));
            if let Err(fault) = run_curl(&command.replace(ADDRESS, &server.url("")), folder.path()) {
                faults.add(&page, *line, format!("{fault}: {command}"));
            }
        }
    }
    assert!(count > 0, "there is none");
    faults.assert_none();
}

/// Whether this is the option --fail, by itself or among other letters.
fn is_fail(word: &str) -> bool {
    let letters = word.strip_prefix('-').filter(|letters| letters.chars().all(char::is_alphabetic));
    word == "--fail" || letters.is_some_and(|letters| letters.contains('f'))
}

/// Runs a line of shell; what is wrong if it is not understood, or curl does not get an answer.
fn run_curl(line: &str, folder: &Path) -> Result<(), String> {
    // Without the settings of whoever runs the tests, and bounded in time.
    let curl =
        format!("curl() {{ command curl -q --noproxy '*' --max-time {} \"$@\"; }}", PATIENCE.as_secs());
    let mut bash = Command::new("bash");
    bash.args(["-o", "pipefail", "-c", &format!("{curl}\n{line}")]).current_dir(folder);
    let output = bash.stdin(Stdio::null()).output().map_err(|error| format!("bash: {error}"))?;
    match output.status.code() {
        Some(0) => Ok(()),
        // --fail: the status was an error, and the command was to say so.
        Some(22) if line.split(' ').any(is_fail) => Ok(()),
        // head has seen enough and closes the pipe; whether curl is still writing is chance.
        Some(23 | 141) if line.contains("| head ") => Ok(()),
        // The time that the command itself gives was over.
        Some(28) if line.contains(" -m ") || line.contains(" --max-time ") => Ok(()),
        code => Err(format!("exit code {code:?}, {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

#[test]
fn a_command_that_curl_does_not_understand_is_found() {
    let server = Server::start(&project().join("www"), &[]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = |line: &str| run_curl(&line.replace("URL", &server.url("/")), folder.path());
    assert_eq!(run("curl -s URL | head -1"), Ok(()));
    assert_eq!(run("curl -sf URLnothing"), Ok(()));
    for line in
        ["curl --no-such-option URL", "curl -s --range", "curl -s URL | grep 'not in there'", "curl -s"]
    {
        assert!(run(line).is_err(), "{line}");
    }
}
