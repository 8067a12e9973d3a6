//! A real browser against the real server: Chromium, driven through chromedriver.
//!
//! `cargo test --test it browser:: -- --ignored` runs them.

use crate::support::webdriver::Browser;
use crate::support::{self, Server, folder, make_fifo, name, write};
use serde_json::Value;
use std::path::Path;

/// A browser at the start page of a folder.
fn open(folder: &Path) -> (Server, Browser) {
    let server = Server::start(folder, &[]);
    let browser = Browser::start();
    browser.open(&server.url("/"));
    (server, browser)
}

// ---- the guide

fn guide() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("www")
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn the_first_page_works_with_its_style_its_pictures_and_its_script() {
    let (server, browser) = open(&guide());
    assert!(browser.text("return document.title").starts_with("glasshttp"));
    let rules = "return document.styleSheets.length === 2 && document.styleSheets[0].cssRules.length > 10
        && getComputedStyle(document.body).maxWidth !== 'none'";
    assert_eq!(browser.run(rules), true);
    let broken =
        "return [...document.images].filter(image => image.naturalWidth === 0).map(image => image.src)";
    assert_eq!(browser.texts(broken), Vec::<String>::new());
    browser.wait_for("return document.querySelectorAll('#live tbody tr').length > 0");
    let table = browser.text("return document.querySelector('#live table').innerText");
    for part in
        ["GET /", "200 OK", "content-type", "text/html; charset=utf-8", "content-length", "etag", "nosniff"]
    {
        assert!(table.contains(part), "{part} in {table}");
    }
    let origin = browser.text("return document.querySelector('.origin').innerText");
    assert_eq!(origin, server.url("").trim_end_matches('/'));
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn each_button_of_the_first_page_shows_its_answer() {
    let (_server, browser) = open(&guide());
    let table = [
        ("This page", "200 OK"),
        ("Only the head", "200 OK and no body"),
        ("Bytes 0 to 99", "206 Partial Content and a body of 100 bytes"),
        ("Only if changed", "304 Not Modified and no body"),
        ("A missing file", "404 Not Found"),
    ];
    browser.wait_for("return document.querySelectorAll('#live tbody tr').length > 0");
    let labels = browser.texts("return [...document.querySelectorAll('#live button')].map(b => b.innerText)");
    assert_eq!(labels, table.map(|(label, _)| label));
    for (index, (label, caption)) in table.into_iter().enumerate() {
        browser.run("document.querySelector('#live caption').textContent = ''");
        browser.click("#live button", index);
        browser.wait_for("return document.querySelector('#live caption').textContent !== ''");
        let shown = browser.text("return document.querySelector('#live caption').innerText");
        assert!(shown.contains(caption), "{label}: {shown}");
    }
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn the_samples_of_the_guide_are_listed_and_open() {
    let (server, browser) = open(&guide());
    browser.follow("a[href='/samples/']", 0);
    let paths =
        browser.texts(&format!("return [...document.querySelectorAll(\"{LINKS}\")].map(a => a.pathname)"));
    let count = std::fs::read_dir(guide().join("samples")).expect("the samples").count();
    assert_eq!(paths.len(), count);
    for path in paths {
        // A browser saves some of them rather than show them.
        assert_eq!(server.get(&path).status, 200, "{path}");
    }
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn the_guide_has_a_404_page_of_its_own_that_looks_right_at_any_depth() {
    let (server, browser) = open(&guide());
    for path in ["/no-such-page", "/no/such/page/"] {
        browser.open(&server.url(path));
        assert!(browser.text("return document.title").starts_with("404 Not Found"), "{path}");
        assert_eq!(browser.run("return document.styleSheets[0].cssRules.length > 10"), true, "{path}");
        assert_eq!(browser.run("return [...document.images].every(image => image.naturalWidth > 0)"), true);
    }
    browser.follow("main a[href='/']", 0);
    assert_eq!(browser.place(), "/");
}

// ---- listings

/// Names that a careless listing would get wrong, and how it is to show them.
const NAMES: &[(&[u8], &str)] = &[
    (b"a b", "a b"),
    (b"back\\slash", "back\\slash"),
    (b" two  spaces ", " two  spaces "),
    (b"<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
    (b"<svg onload=alert(1)>", "<svg onload=alert(1)>"),
    (b"\" onmouseover=alert(1) x=\"", "\" onmouseover=alert(1) x=\""),
    (b"' onclick=alert(1) x='", "' onclick=alert(1) x='"),
    (b"\"quote'", "\"quote'"),
    (b"&lt;b&gt;&amp;", "&lt;b&gt;&amp;"),
    (b"100%", "100%"),
    (b"%41%2e%2e", "%41%2e%2e"),
    (b"#hash", "#hash"),
    (b"q?x=1", "q?x=1"),
    (b"?format=json", "?format=json"),
    (b"javascript:alert(1)", "javascript:alert(1)"),
    (b"data:text", "data:text"),
    (b"http:evil.example", "http:evil.example"),
    (b"line\nfeed", "line\u{240a}feed"),
    (b"tab\tbell\x07\x7f", "tab\u{2409}bell\u{2407}\u{2421}"),
    (b"\xff\xfe latin", "\u{fffd}\u{fffd} latin"),
    ("\u{4e2d}\u{6587}".as_bytes(), "\u{4e2d}\u{6587}"),
    ("\u{202e}gnp.exe".as_bytes(), "[U+202E]gnp.exe"),
    ("\u{1f980}".as_bytes(), "\u{1f980}"),
];

const LINKS: &str = "td:first-child a:not([href='../'])";

/// Follows each link of the listing that is open; gives what each said and what its page says.
fn follow_each(browser: &Browser) -> Vec<(String, String)> {
    let shown =
        browser.texts(&format!("return [...document.querySelectorAll(\"{LINKS}\")].map(a => a.textContent)"));
    let mut found = Vec::new();
    for (index, name) in shown.into_iter().enumerate() {
        browser.follow(LINKS, index);
        browser.assert_no_dialog(&name);
        found.push((name, browser.content()));
        browser.back_to("/");
    }
    found
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn each_file_of_a_listing_opens_whatever_its_name_is() {
    let folder = folder(&[]);
    make_fifo(&folder.path().join("fifo.txt"));
    for (number, (bytes, _)) in NAMES.iter().enumerate() {
        // A number is no ending: so it is shown as the text that it is, and by the browser itself.
        write(folder.path(), name(&[*bytes, b".1"].concat()), number.to_string());
    }
    let (_server, browser) = open(folder.path());
    let mut expected: Vec<_> = NAMES
        .iter()
        .enumerate()
        .map(|(number, (_, shown))| (format!("{shown}.1"), number.to_string()))
        .collect();
    let mut found = follow_each(&browser);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    // What cannot be asked for is shown, and is no link.
    let others = browser
        .texts("return [...document.querySelectorAll('td:first-child > span')].map(s => s.textContent)");
    assert_eq!(others, ["fifo.txt"]);
    browser.assert_no_dialog(&"at the end");
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn each_folder_of_a_listing_opens_whatever_its_name_is() {
    let folder = folder(&[]);
    for (number, (bytes, _)) in NAMES.iter().enumerate() {
        write(folder.path(), Path::new(name(bytes)).join("index.html"), format!("<p>{number}"));
    }
    let (_server, browser) = open(folder.path());
    let mut expected: Vec<_> = NAMES
        .iter()
        .enumerate()
        .map(|(number, (_, shown))| (format!("{shown}/"), number.to_string()))
        .collect();
    let mut found = follow_each(&browser);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    browser.assert_no_dialog(&"at the end");
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_listing_of_a_folder_with_any_name_shows_it_and_its_links_work() {
    let folder = folder(&[]);
    for (bytes, _) in NAMES {
        write(folder.path(), Path::new(name(bytes)).join("a"), "aaaaa");
    }
    let (_server, browser) = open(folder.path());
    let shown = browser
        .texts("return [...document.querySelectorAll('td:first-child > *')].map(cell => cell.textContent)");
    assert_eq!(shown.len(), NAMES.len());
    for (index, folder) in shown.iter().enumerate() {
        browser.follow(LINKS, index);
        let title = format!("Index of /{folder}");
        // Browsers trim titles and make one space of several.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(&browser.text("return document.title")), words(&title));
        let current = browser.text("return document.querySelector('[aria-current]').textContent");
        assert_eq!(format!("{current}/"), *folder);
        let place = browser.place();
        browser.follow("td:first-child a[href='./a']", 0);
        assert_eq!(browser.content(), "aaaaa", "{folder}");
        browser.back_to(&place);
        browser.assert_no_dialog(folder);
        browser.follow("td:first-child a[href='../']", 0);
        assert_eq!(browser.place(), "/");
    }
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_listing_is_sorted_by_a_click_on_the_head_of_a_column() {
    let folder = folder(&[("a.txt", "333"), ("b.txt", "1"), ("c.txt", "22"), ("z/x", ""), ("y/x", "")]);
    let (_server, browser) = open(folder.path());
    let names = || {
        browser.texts(
            "return [...document.querySelectorAll('td:first-child > *')].map(cell => cell.textContent)",
        )
    };
    let sorted =
        || browser.texts("return [...document.querySelectorAll('th[aria-sort]')].map(h => h.ariaSort)");
    assert_eq!(
        (names(), sorted()),
        (strings(&["y/", "z/", "a.txt", "b.txt", "c.txt"]), strings(&["ascending"]))
    );
    // The largest first: that is what one looks for.
    browser.follow("th:nth-child(2) button", 0);
    assert_eq!(
        (&names()[2..], sorted()),
        (&*strings(&["a.txt", "c.txt", "b.txt"]), strings(&["descending"]))
    );
    browser.follow("th:nth-child(2) button", 0);
    assert_eq!((&names()[2..], sorted()), (&*strings(&["b.txt", "c.txt", "a.txt"]), strings(&["ascending"])));
    // Folders are first in any order.
    assert!(names()[..2].iter().all(|name| name.ends_with('/')), "{:?}", names());
    browser.follow("th:nth-child(1) button", 0);
    assert_eq!(names(), ["y/", "z/", "a.txt", "b.txt", "c.txt"]);
    browser.follow("th:nth-child(1) button", 0);
    assert_eq!(names()[2..], ["c.txt", "b.txt", "a.txt"]);
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn one_gets_down_by_links_and_up_by_the_path_at_the_top() {
    let folder = folder(&[("one #1/two %2/three?/a.txt", "aaaaa")]);
    let (_server, browser) = open(folder.path());
    for _ in 0..3 {
        browser.follow(LINKS, 0);
    }
    let deepest = "/one%20%231/two%20%252/three%3F/";
    assert_eq!(browser.place(), deepest);
    let heading = "return document.querySelector('h1').innerText.replace(/\\s+/g, ' ')";
    let shown = browser.text(heading);
    for part in ["one #1", "two %2", "three?"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let crumbs =
        browser.texts("return [...document.querySelectorAll('h1 a:not(.mark)')].map(a => a.textContent)");
    assert_eq!(crumbs, ["/", "one #1", "two %2"]);
    for (index, place) in ["/", "/one%20%231/", "/one%20%231/two%20%252/"].into_iter().enumerate() {
        browser.follow("h1 a:not(.mark)", index);
        assert_eq!(browser.place(), place);
        browser.back_to(deepest);
    }
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_listing_has_its_style_and_nothing_on_the_console() {
    let folder = folder(&[("a.txt", "aaaaa"), ("sub/b.txt", "")]);
    let (_server, browser) = open(folder.path());
    let style = |selector: &str, property: &str| {
        browser.text(&format!("return getComputedStyle(document.querySelector('{selector}')).{property}"))
    };
    assert_eq!(style("table", "borderCollapse"), "separate");
    assert_eq!(style("td:nth-child(2)", "textAlign"), "right");
    assert_ne!(style("body", "backgroundColor"), "rgba(0, 0, 0, 0)");
    // The pictures beside the names are part of the page.
    let icon = |selector: &str, property: &str| {
        browser.text(&format!(
            "return getComputedStyle(document.querySelector('{selector}'), '::before').{property}"
        ))
    };
    assert!(icon("td a", "backgroundImage").starts_with("url(\"data:image/svg+xml,"));
    assert_ne!(icon("td a.d", "backgroundPosition"), icon("td a[href$=txt]", "backgroundPosition"));
    assert_eq!(browser.console(), Vec::<String>::new());
    browser.follow(".tools button[value=json]", 0);
    assert!(browser.content().contains("\"a.txt\""), "{}", browser.content());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_listing_runs_no_script_and_loads_nothing_but_pictures_whatever_gets_into_it() {
    let folder = folder(&[("a.txt", "aaaaa"), ("evil.js", "window.evil = true"), ("evil.svg", "<svg/>")]);
    let (_server, browser) = open(folder.path());
    let smuggle = "
        // What a script of the page makes is trusted, as the page's own script is. Markup is not.
        document.open();
        document.addEventListener('securitypolicyviolation', event =>
            (window.blocked ??= []).push(event.effectiveDirective));
        document.write('<script>window.evil = true</script><script src=./evil.js></script>'
            + '<p onclick=\"window.evil = true\">');
        document.close();
        document.querySelector('p').click();
        const add = (name, attributes) =>
            document.body.append(Object.assign(document.createElement(name), attributes));
        add('img', {src: 'http://evil.example/evil.svg'});
        add('iframe', {src: 'http://evil.example/'});";
    browser.run(smuggle);
    browser.wait_for("return (window.blocked ?? []).length >= 5");
    let mut blocked = browser.texts("return window.blocked");
    blocked.sort();
    assert_eq!(blocked, ["frame-src", "img-src", "script-src-attr", "script-src-elem", "script-src-elem"]);
    assert_eq!(browser.run("return window.evil === undefined"), true);
}

const ESCAPE: &str = "\u{e00c}";
const UP: &str = "\u{e013}";
const DOWN: &str = "\u{e015}";
const RIGHT: &str = "\u{e014}";
const LEFT: &str = "\u{e012}";
const ENTER: &str = "\u{e007}";
const BACKSPACE: &str = "\u{e003}";

/// A picture.
const SVG: &str =
    "<svg xmlns='http://www.w3.org/2000/svg' width='64' height='64'><rect width='64' height='64'/></svg>";

impl Browser {
    /// The names that a listing shows, but not the way up.
    fn names(&self) -> Vec<String> {
        self.texts(
            "return [...document.querySelectorAll('td:first-child > :is(a, span):not(.up)')].map(cell => cell.textContent)",
        )
    }

    /// The name that has the focus.
    fn focused(&self) -> String {
        self.text("return document.activeElement.textContent.trim()")
    }

    /// Loads the script for uploads, as whoever goes to their place does.
    fn start_uploads(&self) {
        self.run("document.querySelector('#upload input').focus()");
        self.wait_for("return document.querySelector('#upload .said') !== null");
    }

    /// Waits until it is one, or is none any more: the script for that is loaded when it is first used.
    fn wait_for_gallery(&self, is_one: bool) {
        self.wait_for(&format!(
            "return document.querySelector('main').classList.contains('gallery') === {is_one}"
        ));
    }

    fn is_gallery(&self) -> bool {
        self.run("return document.querySelector('main').classList.contains('gallery')") == Value::Bool(true)
    }
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_filter_shows_the_names_that_have_all_its_words_in_them() {
    let folder = folder(&[
        ("One two.txt", ""),
        ("two three.rs", ""),
        ("three/a", ""),
        ("<b>.txt", ""),
        ("\u{c4}rger", ""),
    ]);
    let (_server, browser) = open(folder.path());
    let all = browser.names();
    assert_eq!(all.len(), 5);
    let table: &[(&str, &[&str], &str)] = &[
        ("two", &["One two.txt", "two three.rs"], "2 of 5 shown"),
        ("TWO on", &["One two.txt"], "1 of 5 shown"),
        ("three", &["three/", "two three.rs"], "2 of 5 shown, 1 of them folders"),
        ("<b>", &["<b>.txt"], "1 of 5 shown"),
        ("\u{e4}r", &["\u{c4}rger"], "1 of 5 shown"),
        (".", &["<b>.txt", "One two.txt", "two three.rs"], "3 of 5 shown"),
        ("nowhere", &[], "0 of 5 shown"),
    ];
    let status = || browser.text("return document.querySelector('[role=status]').textContent");
    for &(words, names, count) in table {
        browser.press("/");
        browser.press(words);
        assert_eq!((browser.names(), status()), (strings(names), count.to_owned()), "{words}");
        browser.press(ESCAPE);
        assert_eq!((browser.names(), status()), (all.clone(), String::new()), "{words}");
        // Once more and it has the focus no longer.
        browser.press(ESCAPE);
        assert_eq!(browser.run("return document.activeElement === document.body"), true);
    }
    browser.press("/rs");
    browser.press(ENTER);
    browser.wait_for("return document.querySelector('.viewer[open] h2')?.textContent === 'two three.rs'");
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_listing_can_be_walked_with_the_keys_alone() {
    let folder = folder(&[("sub/a.txt", "aaaaa"), ("sub/b.txt", ""), ("z.txt", "")]);
    let (server, browser) = open(folder.path());
    let goes_to = |keys: &str, place: &str| {
        browser.run("window.left = true");
        browser.press(keys);
        browser.wait_for("return window.left === undefined && document.readyState === 'complete'");
        assert_eq!(browser.place(), place);
    };
    for (keys, name) in [
        (DOWN, "sub/"),
        (DOWN, "z.txt"),
        (DOWN, "z.txt"),
        (UP, "sub/"),
        ("j", "z.txt"),
        ("k", "sub/"),
        ("k", "sub/"),
    ] {
        browser.press(keys);
        // The first loads the script.
        browser.wait_for("return document.activeElement !== document.body");
        assert_eq!(browser.focused(), name, "{keys:?}");
    }
    goes_to(ENTER, "/sub/");
    browser.press(DOWN);
    browser.wait_for("return document.activeElement !== document.body");
    assert_eq!(browser.focused(), "Parent directory");
    goes_to(BACKSPACE, "/");
    // The first key loads the script.
    browser.press("j");
    browser.wait_for("return document.activeElement !== document.body");
    goes_to(ENTER, "/sub/");
    goes_to("u", "/");
    // In the filter these are letters; and from there one gets down to what it shows.
    browser.open(&server.url("/sub/"));
    browser.press("/juk");
    assert_eq!(browser.text("return document.activeElement.value"), "juk");
    browser.press(&BACKSPACE.repeat(3));
    browser.press("b");
    browser.press(&DOWN.repeat(2));
    assert_eq!((browser.focused(), browser.place()), ("b.txt".to_owned(), "/sub/".to_owned()));
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_gallery_shows_the_pictures_and_is_remembered() {
    let folder =
        folder(&[("a.svg", SVG), ("b.SVG", SVG), ("broken.png", "none"), ("c.txt", ""), ("sub/d.txt", "")]);
    let (server, browser) = open(folder.path());
    assert!(!browser.is_gallery());
    let gallery = ".tools button[value=gallery]";
    browser.click(gallery, 0);
    browser.wait_for_gallery(true);
    let shown = "return [...document.querySelectorAll('td img')]
        .filter(image => image.naturalWidth).map(image => image.parentNode.textContent)";
    browser.wait_for(&format!("return (() => {{ {shown} }})().join() === 'a.svg,b.SVG'"));
    // What cannot be shown keeps its icon.
    browser.wait_for("return document.querySelectorAll('td img').length === 2");
    assert_eq!(browser.names(), ["sub/", "a.svg", "b.SVG", "broken.png", "c.txt"]);
    // Side by side, the keys go to the side.
    for (key, name) in [(DOWN, "sub/"), (RIGHT, "a.svg"), (RIGHT, "b.SVG"), (LEFT, "a.svg")] {
        browser.press(key);
        assert_eq!(browser.focused(), name);
    }
    browser.press("/svg");
    assert_eq!(browser.names(), ["a.svg", "b.SVG"]);
    // It is remembered, where there are pictures; and sorting keeps it.
    browser.open(&server.url("/"));
    browser.wait_for_gallery(true);
    browser.follow("th button", 0);
    assert!(browser.is_gallery());
    assert_eq!(browser.names()[1], "c.txt");
    browser.open(&server.url("/sub/"));
    assert!(!browser.is_gallery());
    // An address says which it is, whatever is remembered.
    browser.open(&server.url("/?view=list"));
    assert!(!browser.is_gallery());
    browser.open(&server.url("/"));
    browser.wait_for_gallery(true);
    browser.click(".tools button[value=list]", 0);
    browser.wait_for_gallery(false);
    assert_eq!(browser.run("return document.querySelectorAll('td img').length"), 0);
    browser.open(&server.url("/"));
    assert!(!browser.is_gallery());
    let console = browser.console();
    assert_eq!(console, Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_gallery_has_only_so_many_pictures_at_a_time() {
    let folder = folder(&[]);
    for number in 0..600 {
        write(folder.path(), format!("{number:03}.svg"), SVG);
    }
    let (server, browser) = open(folder.path());
    browser.open(&server.url("/?view=gallery"));
    let seen = "[...document.querySelectorAll('td img')].filter(image => image.naturalWidth)";
    browser.wait_for(&format!("return {seen}.length > 3"));
    browser.wait_for("return document.querySelectorAll('td img').length < 150");
    browser.run("document.querySelector('footer').scrollIntoView()");
    browser.wait_for(&format!("return {seen}.some(image => image.src.endsWith('/599.svg'))"));
    browser.wait_for("return document.querySelectorAll('td img').length < 150");
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_picture_is_shown_beside_the_mouse_that_is_on_its_name() {
    let folder = folder(&[("a.svg", SVG), ("b.txt", "")]);
    let (_server, browser) = open(folder.path());
    if browser.run("return matchMedia('(hover: hover) and (pointer: fine)').matches") == Value::Bool(false) {
        return;
    }
    browser.point_at("td a[href='./a.svg']");
    browser.wait_for("return document.querySelector('.preview:not([hidden]) img')?.naturalWidth === 64");
    browser.point_at("td a[href='./b.txt']");
    browser.wait_for("return document.querySelector('.preview').hidden");
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_readme_is_rendered_below_and_what_is_html_in_it_is_text() {
    let hostile = "\n# Title\n<script>window.evil = 1; alert(1)</script>\n</pre><img src=x onerror=alert(2)>\n\n\
        [a](javascript:alert(3)) &amp; </section><style>body{display:none}</style>\n\x1b[2J\n\n![b](//127.0.0.1:1/c.png)";
    let folder = folder(&[("ReadMe.md", hostile), ("readme.txt", "another")]);
    let (_server, browser) = open(folder.path());
    browser.assert_no_dialog(&"a hostile README");
    assert_eq!(browser.text("return document.querySelector('.readme h2').textContent"), "ReadMe.md");
    assert_eq!(browser.text("return document.querySelector('.readme h3').textContent"), "Title");
    let shown = browser.text("return document.querySelector('.readme pre').textContent");
    assert_eq!(shown, "<script>window.evil = 1; alert(1)</script>\n");
    let text = browser.text("return document.querySelector('.readme article').textContent");
    for part in
        ["<img src=x onerror=alert(2)>", "a & </section><style>body{display:none}</style>", "\u{241b}[2J"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(browser.run("return document.querySelectorAll('.readme :is(script, img, style)').length"), 0);
    assert_eq!(browser.run("return window.evil === undefined && document.scripts.length === 1"), true);
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn names_that_look_like_html_do_no_harm_in_any_view() {
    let folder = folder(&[]);
    for (bytes, _) in NAMES {
        write(folder.path(), name(&[*bytes, b".svg"].concat()), SVG);
    }
    let (_server, browser) = open(folder.path());
    let (count, names) = (NAMES.len(), browser.names());
    browser.click(".tools button[value=gallery]", 0);
    let loaded = "[...document.querySelectorAll('td img')].filter(image => image.naturalWidth === 64).length";
    browser.wait_for(&format!("return {loaded} === {count}"));
    for key in ["/", "a", ESCAPE] {
        browser.press(key);
    }
    let mut after = browser.names();
    assert_eq!(after, names);
    after.sort();
    let mut expected: Vec<_> = NAMES.iter().map(|(_, shown)| format!("{shown}.svg")).collect();
    expected.sort();
    assert_eq!(after, expected);
    browser.assert_no_dialog(&"a gallery");
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_filter_keeps_up_with_the_keys_among_ten_thousand_names() {
    let folder = folder(&[]);
    for number in 0..10_000 {
        write(folder.path(), format!("picture of the day {number:05}.jpg"), "");
    }
    let (_server, browser) = open(folder.path());
    browser.wait_for("return glass.entries.length === 10000");
    let rows =
        || browser.run("return document.querySelectorAll('tbody tr').length").as_u64().expect("a number");
    assert!((10..100).contains(&rows()), "only what is near to what is in sight is in the table: {}", rows());
    browser.press("/");
    // What a key costs: the script, and the layout that it leaves behind.
    let measure = "
        const filter = document.getElementById('filter');
        document.body.getBoundingClientRect();
        const time = text => {
            filter.value = text;
            const start = performance.now();
            filter.dispatchEvent(new Event('input'));
            document.body.getBoundingClientRect();
            return performance.now() - start;
        };
        return ['p', 'pi', 'pi 1', 'pi 12', 'pi 123', 'pi 12', 'pi', '', '9', '99', '']
            .map(text => time(text));";
    let times: Vec<f64> = serde_json::from_value(browser.run(measure)).expect("numbers");
    println!("milliseconds a key: {times:.1?}");
    let mut sorted = times.clone();
    sorted.sort_by(f64::total_cmp);
    // Other processes may want the processor: what counts are the keys that they left alone.
    let limit = f64::from(u32::try_from(support::setting("GLASSHTTP_TEST_KEY_MS", 100)).expect("it fits"));
    assert!(sorted[sorted.len() / 4] < limit, "{times:?}");
    // Scrolled to the end there are the last, and from there the keys go on.
    browser.press(ESCAPE);
    browser.run("document.querySelector('footer').scrollIntoView()");
    browser.wait_for("return document.querySelector('tbody').innerText.includes('day 09999.jpg')");
    assert!((10..100).contains(&rows()), "{}", rows());
    browser.press("/day 099");
    browser.press(&DOWN.repeat(130));
    assert_eq!(browser.focused(), "picture of the day 09999.jpg");
}

// ---- other pages

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn the_servers_own_404_page_is_styled_and_leads_to_the_start() {
    let folder = folder(&[("index.html", "<p>start")]);
    let (server, browser) = open(folder.path());
    browser.console();
    browser.open(&server.url("/no/such/page"));
    assert_eq!(browser.text("return document.title"), "404 Not Found");
    assert_eq!(browser.text("return document.querySelector('h1').innerText"), "Not Found");
    assert_eq!(browser.text("return getComputedStyle(document.querySelector('.code')).fontSize"), "64px");
    // That the page is not there is all that the console has to say.
    let console = browser.console();
    assert!(console.iter().all(|line| line.contains("404 (Not Found)")), "{console:?}");
    browser.follow("main a", 0);
    assert_eq!((browser.place().as_str(), browser.content().as_str()), ("/", "start"));
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_page_that_was_changed_is_seen_changed_at_the_next_visit() {
    let folder = folder(&[("index.html", "<p>0")]);
    let (server, browser) = open(folder.path());
    for number in 0..5 {
        std::fs::write(folder.path().join("index.html"), format!("<p>{number}")).expect("a file is written");
        browser.open(&server.url("/"));
        assert_eq!(browser.content(), number.to_string());
    }
    // What has not changed is asked for and not sent again.
    write(folder.path(), "index.html", "<p>old");
    browser.open(&server.url("/"));
    browser.open(&server.url("/"));
    assert_eq!(browser.content(), "old");
    server.process.stdout.line("a 304", |line| line.contains("\"GET / HTTP/1.1\" 304 "));
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn files_are_added_from_a_listing_and_what_is_refused_is_said() {
    let site =
        folder(&[("folder/there.txt", "before"), ("own/new file.txt", "new"), ("own/there.txt", "other")]);
    let server = Server::start(&site.path().join("folder"), &["--upload", "--log", "off"]);
    let browser = Browser::start();
    browser.open(&server.url("/"));
    browser.start_uploads();
    let choose = |names: &[&str]| {
        let files: Vec<String> = names.iter().map(|name| format!("new File(['{name}'], '{name}')")).collect();
        browser.run(&format!(
            "const box = new DataTransfer(); for (const file of [{}]) box.items.add(file);
             const event = new DragEvent('drop', {{dataTransfer: box, bubbles: true, cancelable: true}});
             document.body.dispatchEvent(event)",
            files.join(", ")
        ));
    };
    // One that is refused keeps the page as it is, so that the reason can be read.
    choose(&["there.txt", "ü & #1.txt"]);
    browser
        .wait_for("return document.querySelector('#upload .said').textContent === '1 added, 1 not added.'");
    let said = browser.text("return document.querySelector('#upload ul').innerText");
    assert!(said.contains("there.txt") && said.contains("A file of that name is there already"), "{said}");
    assert_eq!(std::fs::read(site.path().join("folder/ü & #1.txt")).expect("added"), "ü & #1.txt".as_bytes());
    assert_eq!(std::fs::read(site.path().join("folder/there.txt")).expect("as it was"), b"before");
    // Where all goes well the listing shows what it has now.
    browser.open(&server.url("/"));
    browser.start_uploads();
    choose(&["second.txt"]);
    browser.wait_for("return document.querySelector('tbody').innerText.includes('second.txt')");
    assert_eq!(browser.console().iter().filter(|line| !line.contains("409")).count(), 0);
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn files_of_one_name_that_are_chosen_at_once_are_numbered_and_all_there() {
    let site = folder(&[("folder/image.jpg", "before")]);
    let server = Server::start(&site.path().join("folder"), &["--upload", "--overwrite", "--log", "off"]);
    let browser = Browser::start();
    browser.open(&server.url("/"));
    browser.start_uploads();
    browser.run(
        "const box = new DataTransfer();
         for (const text of ['first', 'second', 'third']) box.items.add(new File([text], 'image.jpg'));
         document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: box, bubbles: true, cancelable: true}))",
    );
    // What was there before is replaced when that is wanted.
    browser
        .wait_for("return document.querySelector('#upload .said').textContent === '2 added, 1 not added.'");
    browser.run(
        "[...document.querySelectorAll('#upload li button')].find(button => button.textContent === 'Replace it').click()",
    );
    browser.wait_for("return document.querySelector('tbody').innerText.includes('image (3).jpg')");
    for (name, content) in [("image.jpg", "first"), ("image (2).jpg", "second"), ("image (3).jpg", "third")] {
        let there = std::fs::read_to_string(site.path().join("folder").join(name)).expect("it is there");
        assert_eq!(there, content, "{name}");
    }
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn the_form_of_a_listing_works_without_its_script_and_leads_back_to_the_folder() {
    let site = folder(&[("folder/photos/there.txt", "before")]);
    let server = Server::start(&site.path().join("folder"), &["--upload", "--log", "off"]);
    let browser = Browser::start();
    browser.open(&server.url("/photos/?view=list"));
    browser.start_uploads();
    // As it was sent: what the script has made of it is put back.
    let submit = "const form = document.querySelector('#upload form');
         form.onsubmit = null;
         const input = form.querySelector('input');
         input.onchange = null;
         const box = new DataTransfer();
         for (const name of FILES) box.items.add(new File([name], name));
         input.files = box.files;
         form.append(document.createElement('button'));
         form.querySelector('button').click();";
    browser.run(&submit.replace("FILES", r#"['ü "&" #1.txt', 'b\\c.txt']"#));
    browser.wait_for("return document.querySelector('tbody').innerText.includes('b\\\\c.txt')");
    assert_eq!(browser.text("return location.pathname + location.search"), "/photos/");
    let at = |name: &str| site.path().join("folder/photos").join(name);
    assert_eq!(std::fs::read_to_string(at("ü \"&\" #1.txt")).expect("it is there"), "ü \"&\" #1.txt");
    assert!(at("b\\c.txt").exists());
    browser.start_uploads();
    browser.run(&submit.replace("FILES", "['there.txt']"));
    browser.wait_for("return document.title === '409 Conflict'");
    assert_eq!(std::fs::read_to_string(at("there.txt")).expect("it is there"), "before");
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn the_progress_of_an_upload_is_shown_while_it_lasts() {
    let site = folder(&[("there.txt", "before")]);
    let server = Server::start(site.path(), &["--upload", "--log", "off"]);
    let browser = Browser::start();
    browser.open(&server.url("/"));
    browser.start_uploads();
    // Each step that the bar makes; one file that is refused keeps the page as it is.
    browser.run(
        "window.steps = [];
         new MutationObserver(all => all.forEach(({target}) => steps.push([target.value, target.max])))
             .observe(document.querySelector('#upload'), {attributes: true, attributeFilter: ['value'], subtree: true});
         const box = new DataTransfer();
         box.items.add(new File([new Uint8Array(30000000)], 'large.bin'));
         box.items.add(new File(['x'], 'there.txt'));
         document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: box, bubbles: true, cancelable: true}))",
    );
    browser
        .wait_for("return document.querySelector('#upload .said').textContent === '1 added, 1 not added.'");
    let steps = browser
        .run("return steps.filter(([value, max]) => max >= 30000000 && value > 0 && value <= max).length");
    assert!(steps.as_u64().is_some_and(|steps| steps > 0), "{steps}");
    assert_eq!(std::fs::metadata(site.path().join("large.bin")).expect("added").len(), 30_000_000);
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_folder_is_downloaded_as_an_archive_from_its_listing() {
    let site = folder(&[("photos/a.txt", "a"), ("photos/in/b.txt", "b")]);
    let (server, downloads) = (Server::start(site.path(), &["--log", "off"]), folder(&[]));
    let browser = Browser::start();
    browser.download_to(downloads.path());
    browser.open(&server.url("/photos/"));
    browser.click(".tools button[value='tar.gz']", 0);
    let archive = downloads.path().join("photos.tar.gz");
    support::wait_until("the download", || archive.exists().then_some(()));
    let listed = std::process::Command::new("tar").arg("tzf").arg(&archive).output().expect("tar is there");
    assert_eq!(support::as_text(&listed.stdout), "photos/\nphotos/a.txt\nphotos/in/\nphotos/in/b.txt\n");
}
