//! The inspector's page in a real browser, beside requests of several kinds over sockets.
//!
//! `cargo test --test it inspector_browser:: -- --ignored` runs them.

use crate::support::webdriver::Browser;
use crate::support::{LARGE, Server, folder, glasshttp, write_sparse};
use serde_json::json;
use std::path::Path;
use tempfile::TempDir;

const HELLO: &str = "<!DOCTYPE html>\n<title>Hello</title>\n";

fn site() -> TempDir {
    folder(&[("index.html", HELLO), ("a.txt", "hello")])
}

/// A server that is inspected, and the page that does it, when it hears of what happens.
fn open(site: &Path) -> (Server, Browser) {
    open_below("/", site)
}

/// The same below this base path.
fn open_below(base: &str, site: &Path) -> (Server, Browser) {
    let server = Server::start(site, &["--inspect", "--log", "off", "--base-path", base]);
    let browser = Browser::start();
    browser.open(&server.url(&format!("{base}.glass/")));
    browser.wait_for(LIVE);
    (server, browser)
}

const LIVE: &str = "return document.querySelector('#state').innerText.startsWith('Live')";

/// Each row of the table, the newest first: status, method, target, bytes and connection.
const ROWS: &str = "[...document.querySelectorAll('#rows tr[data-id]')]
    .map(row => ['status', 'method', 'target', 'bytes', 'connection']
        .map(name => row.querySelector('.c-' + name).innerText).join(' | '))";

fn rows(browser: &Browser) -> Vec<String> {
    browser.texts(&format!("return {ROWS}"))
}

/// Waits until there are so many rows, and gives them.
fn wait_for_rows(browser: &Browser, count: usize) -> Vec<String> {
    browser.wait_for(&format!("return {ROWS}.length === {count}"));
    rows(browser)
}

/// The words beside a connection's lane.
fn lane(number: u32) -> String {
    format!("document.querySelector('[data-connection=\"{number}\"].lane .label')?.innerText")
}

fn wait_for_lane(browser: &Browser, number: u32, words: &str) {
    browser.wait_for(&format!("return Boolean({}?.includes('{words}'))", lane(number)));
}

/// The number of the connection that the newest row names.
fn newest_connection(browser: &Browser) -> u32 {
    let rows = rows(browser);
    let (_, place) = rows[0].rsplit_once('#').expect("a connection");
    place.split_once(',').and_then(|(number, _)| number.parse().ok()).expect("a number")
}

/// The panel in which an exchange is seen from near, once it shows this one.
fn wait_for_exchange(browser: &Browser, title: &str) -> String {
    let is_open = "!document.querySelector('#exchange').hidden";
    let shown = "document.querySelector('#exchange-title').innerText";
    browser.wait_for(&format!("return {is_open} && {shown} === {}", json!(title)));
    browser.text("return document.querySelector('#exchange-content').innerText")
}

fn type_into(browser: &Browser, selector: &str, text: &str) {
    let (selector, text) = (json!(selector), json!(text));
    browser.run(&format!(
        "const box = document.querySelector({selector}); box.value = {text};
         box.dispatchEvent(new Event('input', {{bubbles: true}}))"
    ));
}

/// Presses a key, as WebDriver names it, and lets it go.
fn press(browser: &Browser, key: &str) {
    let steps = json!([{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]);
    let actions = json!({"actions": [{"type": "key", "id": "keys", "actions": steps}]});
    browser.command("POST", "/actions", &actions);
}

const ESCAPE: &str = "\u{e00c}";
const DOWN: &str = "\u{e015}";
const END: &str = "\u{e010}";
const ENTER: &str = "\u{e007}";

/// Clicks on the button that says this.
fn click_button(browser: &Browser, label: &str) {
    let find =
        format!("[...document.querySelectorAll('button')].find(b => b.textContent === {})", json!(label));
    browser.run(&format!("{find}.click()"));
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn exchanges_of_every_kind_have_a_row_and_connections_a_lane() {
    let site = site();
    let (server, browser) = open(site.path());
    let mut client = server.connect();
    let etag = client.get("/").field("etag").expect("a tag").to_owned();
    client.get_with("/", &format!("If-None-Match: {etag}\r\n"));
    client.get_with("/a.txt", "Range: bytes=1-2\r\n");
    client.get("/nope");
    client.send("HEAD /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.head();
    client.send("GET / HTTP/1.1\r\n\r\n");
    client.rest().expect("it closes");
    let found = wait_for_rows(&browser, 6);
    let number = newest_connection(&browser);
    let expected = [
        ("400", "GET | /", "6th"),
        ("200", "HEAD | /a.txt | 0 B", "5th"),
        ("404", "GET | /nope", "4th"),
        ("206", "GET | /a.txt | 2 B", "3rd"),
        ("304", "GET | / | 0 B", "2nd"),
        ("200", "GET | / | 37 B", "1st"),
    ];
    for (row, (status, start, turn)) in found.iter().zip(expected) {
        assert!(row.starts_with(&format!("{status} | {start}")), "{row}");
        assert!(row.ends_with(&format!("#{number}, {turn}")), "{row}");
    }
    wait_for_lane(&browser, number, "closed");
    wait_for_lane(&browser, number, "6 requests");
    let bars = format!("document.querySelectorAll('[data-connection=\"{number}\"] .exchange-bar').length");
    browser.wait_for(&format!("return {bars} === 6"));

    // Two at once, on a connection that stays.
    let mut pipelined = server.connect();
    let one = "GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
    pipelined.send(one.repeat(2));
    pipelined.reply();
    pipelined.reply();
    wait_for_rows(&browser, 8);
    let second = newest_connection(&browser);
    wait_for_lane(&browser, second, "open");
    wait_for_lane(&browser, second, "2 requests");

    // One that says nothing.
    let _silent = server.connect();
    browser.wait_for(
        "return document.querySelector('.lane.silent')?.innerText.includes('no request yet') === true",
    );
    let workers = browser.text("return document.querySelector('#workers').innerText");
    assert!(workers.contains(&format!("#{second}")), "{workers}");
    assert!(!workers.contains(&format!("#{number}")), "{workers}");
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn an_exchange_opens_with_its_bytes_its_decisions_and_the_source() {
    let site = site();
    let (server, browser) = open(site.path());
    let mut client = server.connect();
    client.get_with("/a.txt", "X-Odd: caf\u{e9}\u{202e}\r\n");
    client.get("/nope");
    wait_for_rows(&browser, 2);
    browser.click("#rows tr[data-id]", 1);
    let text = wait_for_exchange(&browser, "GET /a.txt 200 OK");
    for part in
        ["waiting for bytes", "deciding", "sending", "request line", "status line", "blank line", "hello"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    let bytes = browser.texts(
        "return [...document.querySelectorAll('#exchange .bytes')[0].querySelectorAll('dd')].map(b => b.textContent)",
    );
    // What a text shows and what could play tricks with it.
    let expected = ["GET /a.txt HTTP/1.1␍␊", "Host: localhost␍␊", "X-Odd: café\\xe2\\x80\\xae␍␊", "␍␊"];
    assert_eq!(bytes, expected);
    let parts = browser.texts(
        "return ['method', 'target', 'version'].map(name => document.querySelector(`#exchange dd .${name}`).textContent)",
    );
    assert_eq!(parts, ["GET", "/a.txt", "HTTP/1.1"]);
    let answer = browser.text("return document.querySelectorAll('#exchange .bytes')[1].textContent");
    assert!(answer.contains("HTTP/1.1 200 OK␍␊") && answer.contains("Content-Length: 5␍␊"), "{answer}");

    // Each decision has its place and, where there is one, its rule.
    let links = browser.texts(
        "return [...document.querySelectorAll('#exchange .rfc')].map(a => `${a.href} ${a.target} ${a.rel}`)",
    );
    assert!(!links.is_empty());
    for link in links {
        assert!(link.starts_with("https://www.rfc-editor.org/rfc/rfc"), "{link}");
        assert!(link.contains(" _blank noopener"), "{link}");
    }
    let places =
        browser.texts("return [...document.querySelectorAll('#exchange .place')].map(b => b.textContent)");
    for (index, place) in places.iter().enumerate() {
        let (file, line) = place.split_once(':').expect("file and line");
        let source =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("it exists");
        let line: usize = line.parse().expect("a number");
        let expected = source.lines().nth(line - 1).expect("so many lines");
        browser.click("#exchange .place", index);
        browser.wait_for("return document.querySelector('.source .here') !== null");
        let shown = browser.texts(
            "return [...document.querySelectorAll('.source .here > *')].map(part => part.textContent)",
        );
        assert_eq!(shown, [line.to_string(), expected.to_owned()], "{place}");
        let is_in_sight = "const box = document.querySelector('.source').getBoundingClientRect();
            const line = document.querySelector('.source .here').getBoundingClientRect();
            return line.top >= box.top && line.bottom <= box.bottom";
        assert_eq!(browser.run(is_in_sight), true, "{place}");
        browser.click("#exchange .place", index);
        browser.wait_for("return document.querySelector('.source') === null");
    }
    assert!(places.len() >= 5, "{places:?}");
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn the_keyboard_goes_from_one_exchange_to_the_next() {
    let site = site();
    let (server, browser) = open(site.path());
    let mut client = server.connect();
    for target in ["/1", "/2", "/3"] {
        client.get(target);
    }
    wait_for_rows(&browser, 3);
    let focused = || browser.text("return document.activeElement.textContent");
    press(&browser, DOWN);
    assert_eq!(focused(), "/3");
    press(&browser, DOWN);
    assert_eq!(focused(), "/2");
    press(&browser, ENTER);
    wait_for_exchange(&browser, "GET /2 404 Not Found");
    press(&browser, DOWN);
    wait_for_exchange(&browser, "GET /1 404 Not Found");
    press(&browser, ESCAPE);
    browser.wait_for("return document.querySelector('#exchange').hidden");
    assert_eq!(focused(), "/1");
    let tab_stops = "return document.querySelectorAll('#rows button[tabindex=\"0\"]').length";
    assert_eq!(browser.run(tab_stops), 1);
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn the_filter_takes_words_and_classes_of_status() {
    let site = site();
    let (server, browser) = open(site.path());
    for target in ["/", "/a.txt", "/nope"] {
        server.get(target);
    }
    server.connect().get_with("/a.txt", "Range: bytes=9-\r\n");
    wait_for_rows(&browser, 4);
    for (words, count) in [("a.txt", 2), ("not found", 1), ("get a.txt 41", 1), ("post", 0), ("", 4)] {
        type_into(&browser, "#filter", words);
        let found = wait_for_rows(&browser, count);
        assert_eq!(found.len(), count, "{words}: {found:?}");
    }
    browser.click("[data-class='4']", 0);
    let found = wait_for_rows(&browser, 2);
    assert!(found.iter().all(|row| row.starts_with("200")), "{found:?}");
    // What comes now is filtered, too.
    server.get("/nope");
    server.get("/index.html");
    wait_for_rows(&browser, 3);
    browser.wait_for("return document.querySelector('#count').innerText === '3 of 6 exchanges shown'");
    browser.click("[data-class='4']", 0);
    wait_for_rows(&browser, 6);
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn what_happens_in_a_pause_is_shown_after_it_and_what_is_cleared_is_gone() {
    let site = site();
    let (server, browser) = open(site.path());
    let mut client = server.connect();
    client.get("/before");
    wait_for_rows(&browser, 1);
    browser.click("#pause", 0);
    for target in ["/1", "/2"] {
        client.get(target);
    }
    browser.wait_for("return document.querySelector('#state').innerText === 'Paused · 2 events waiting'");
    assert_eq!(rows(&browser).len(), 1);
    browser.click("#pause", 0);
    let found = wait_for_rows(&browser, 3);
    assert!(found[0].contains("/2") && found[1].contains("/1"), "{found:?}");

    browser.click("#clear", 0);
    wait_for_rows(&browser, 0);
    client.get("/after");
    let found = wait_for_rows(&browser, 1);
    assert!(found[0].contains("/after"), "{found:?}");
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn whatever_is_composed_is_sent_and_its_answer_explained() {
    let site = site();
    let (_server, browser) = open(site.path());
    browser.click("#composer-button", 0);
    click_button(&browser, "Without Host");
    browser.click("#send", 0);
    browser.wait_for("return document.querySelector('.explain') !== null");
    browser.wait_for("return document.querySelector('#answer dd .status-code') !== null");
    let answer = browser.text("return document.querySelector('#answer').innerText");
    for part in ["came back", "the server closed the connection", "400", "Bad Request"] {
        assert!(answer.contains(part), "{part} in {answer}");
    }
    browser.click(".explain", 0);
    let text = wait_for_exchange(&browser, "GET / 400 Bad Request");
    assert!(text.contains("refused") && text.contains("Host"), "{text}");

    // Escapes, line ends and pauses are what the server gets.
    browser.click("#composer-button", 0);
    browser.run("document.querySelector('#bare').click()");
    type_into(&browser, "#raw", "GET /\\x41\\p HTTP/1.1\\r\\nHost: localhost\\r\n\\r\n");
    browser.click("#send", 0);
    browser.wait_for("return document.querySelector('#answer dd .status-code') !== null");
    browser.wait_for("return document.querySelector('.explain') !== null");
    browser.click(".explain", 0);
    wait_for_exchange(&browser, "GET /A 404 Not Found");
    let bytes = browser.texts("return [...document.querySelector('#exchange .bytes').querySelectorAll('dd')].map(b => b.textContent)");
    assert_eq!(bytes, ["GET /A HTTP/1.1␍␊", "Host: localhost␍␊", "␍␊"]);
    let waited = browser.text("return document.querySelector('#exchange .key-wait b').textContent");
    let milliseconds: f64 =
        waited.strip_suffix(" ms").and_then(|time| time.parse().ok()).expect("milliseconds");
    assert!(milliseconds >= 90.0, "{waited}");

    // Two at once have two answers.
    browser.click("#composer-button", 0);
    click_button(&browser, "Two at once");
    browser.click("#send", 0);
    browser.wait_for("return document.querySelectorAll('.explain').length === 2");
    browser.wait_for("return document.querySelectorAll('#answer dd .status-code').length === 2");
    let statuses = browser
        .texts("return [...document.querySelectorAll('#answer dd .status-code')].map(s => s.textContent)");
    assert_eq!(statuses, ["200", "404"]);
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn each_example_of_the_composer_has_the_answer_that_it_is_there_for() {
    let site = site();
    for base in ["/", "/my%20files/"] {
        let (_server, browser) = open_below(base, site.path());
        try_all_examples(&browser);
    }
}

fn try_all_examples(browser: &Browser) {
    browser.click("#composer-button", 0);
    let labels =
        browser.texts("return [...document.querySelectorAll('#examples button')].map(b => b.textContent)");
    let expected = [
        ("A good request", "200"),
        ("Without Host", "400"),
        ("Bare LF", "400"),
        ("HTTP/1.0", "200"),
        ("Two at once", "200 404"),
        ("A range", "206"),
        ("A chunked body", "405"),
        ("Dot segments", "400"),
        ("In pieces", "200"),
        ("Two lengths", "400"),
    ];
    assert_eq!(labels, expected.map(|(label, _)| label));
    for (index, (label, statuses)) in expected.into_iter().enumerate() {
        browser.click("#examples button", index);
        browser.click("#send", 0);
        browser.wait_for("return !document.querySelector('#send').disabled");
        let found =
            "[...document.querySelectorAll('#answer dd .status-code')].map(s => s.textContent).join(' ')";
        assert_eq!(browser.text(&format!("return {found}")), statuses, "{label}");
    }
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn what_the_same_browser_asks_for_in_another_tab_is_seen() {
    let site = site();
    let (server, browser) = open(site.path());
    let handle = browser.command("GET", "/window", &json!(null));
    let other = browser.command("POST", "/window/new", &json!({"type": "tab"}))["handle"].clone();
    browser.command("POST", "/window", &json!({"handle": other}));
    // The browser may use a connection that has carried the inspector's page.
    browser.open(&server.url("/?first"));
    browser.open(&server.url("/?second"));
    browser.command("POST", "/window", &json!({"handle": handle}));
    for target in ["/?first", "/?second"] {
        browser.wait_for(&format!("return {ROWS}.some(row => row.includes('GET | {target} '))"));
    }
    let shown = rows(&browser);
    assert!(shown.iter().all(|row| !row.contains("/.glass/")), "{shown:?}");
    browser.wait_for("return document.querySelectorAll('.exchange-bar').length >= 2");
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn what_clients_send_becomes_text_and_never_markup() {
    let site = site();
    let (server, browser) = open(site.path());
    let attack = "<img/src=x/onerror=alert(1)>";
    let mut client = server.connect();
    client.send(format!(
        "{attack} /{attack} HTTP/1.1\r\nHost: localhost\r\nX: <script>alert(2)</script>\r\n\r\n"
    ));
    client.rest().expect("it closes");
    let found = wait_for_rows(&browser, 1);
    assert!(found[0].contains(attack), "{found:?}");
    browser.click("#rows tr[data-id]", 0);
    browser.wait_for("return document.querySelector('#exchange .steps li') !== null");
    let text = browser.text("return document.querySelector('#exchange').innerText");
    assert!(text.contains("<script>alert(2)</script>"), "{text}");
    assert_eq!(browser.run("return document.querySelectorAll('#main img, #main script').length"), 0);
    browser.assert_no_dialog(&attack);
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_download_under_way_is_seen_and_so_is_its_early_end() {
    let site = site();
    write_sparse(site.path(), "large.bin", LARGE);
    let (server, browser) = open(site.path());
    let mut client = server.connect();
    client.send("GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.head();
    let under_way = "document.querySelector('#under-way tr')";
    browser.wait_for(&format!("return Boolean({under_way}?.innerText.includes('/large.bin'))"));
    let progress = "document.querySelector('#under-way progress')";
    assert_eq!(browser.run(&format!("return {progress}.max === {LARGE}")), true);
    let before = browser.run(&format!("return {progress}.value")).as_f64().expect("a number");
    client.bytes(usize::try_from(LARGE / 2).expect("it fits"));
    browser.wait_for(&format!("return {progress}.value > {before}"));
    client.reset();
    let found = wait_for_rows(&browser, 1);
    assert!(found[0].contains('✗'), "{found:?}");
    assert_eq!(browser.run(&format!("return {under_way} === null")), true);
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_server_that_goes_and_comes_back_is_noticed() {
    let site = site();
    let (server, browser) = open(site.path());
    let port = server.port().to_string();
    server.get("/before");
    wait_for_rows(&browser, 1);
    assert_eq!(browser.run("return document.querySelector('#gone').hidden"), true);
    drop(server);
    browser.wait_for("return !document.querySelector('#gone').hidden");
    // What was seen stays in sight.
    assert_eq!(rows(&browser).len(), 1);
    let mut command = glasshttp();
    command.args(["--inspect", "--log", "off", "--port", &port]).arg(site.path());
    let server = Server::start_command(&mut command);
    browser.wait_for(LIVE);
    wait_for_rows(&browser, 0);
    assert_eq!(browser.run("return document.querySelector('#gone').hidden"), true);
    server.get("/after");
    let found = wait_for_rows(&browser, 1);
    assert!(found[0].contains("/after"), "{found:?}");
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn of_many_exchanges_the_page_draws_those_that_are_seen() {
    let site = site();
    let (server, browser) = open(site.path());
    let mut client = server.connect();
    for number in 0..600 {
        client.get(&format!("/{number}"));
    }
    browser.wait_for(&format!("return {ROWS}[0]?.includes('/599') === true"));
    browser.wait_for("return document.querySelector('#count').innerText === '600 exchanges'");
    assert_eq!(browser.run("return document.querySelectorAll('.exchange-bar').length <= 500"), true);
    assert_eq!(browser.run(&format!("return {ROWS}.length < 100")), true);
    // The others come into sight when the table is scrolled, or when the keyboard goes to them.
    let scroll = "const box = document.querySelector('#exchanges'); box.scrollTop = box.scrollHeight / 2";
    browser.run(scroll);
    browser.wait_for(&format!("return {ROWS}.some(row => row.includes('/300 '))"));
    browser.run("document.querySelector('#rows button[tabindex=\"0\"]').focus()");
    press(&browser, END);
    assert_eq!(browser.text("return document.activeElement.textContent"), "/0");
    // What comes meanwhile does not move what is seen.
    client.get("/more");
    browser.wait_for("return document.querySelector('#count').innerText === '601 exchanges'");
    assert_eq!(browser.text("return document.activeElement.textContent"), "/0");
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn on_a_phone_nothing_is_wider_than_the_screen() {
    let site = site();
    let (server, browser) = open(site.path());
    let phone = json!({"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true});
    let command = json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": phone});
    browser.command("POST", "/goog/cdp/execute", &command);
    server.get(&format!("/{}", "long".repeat(100)));
    wait_for_rows(&browser, 1);
    let overflow = "return document.documentElement.scrollWidth - innerWidth";
    assert_eq!(browser.run(overflow), 0);
    browser.click("#rows tr[data-id]", 0);
    browser.wait_for("return !document.querySelector('#exchange').hidden");
    assert_eq!(
        browser.run(
            "const p = document.querySelector('#exchange .inside'); return p.scrollWidth - p.clientWidth"
        ),
        0
    );
    browser.click("#exchange .close", 0);
    browser.click("#composer-button", 0);
    assert_eq!(
        browser.run(
            "const p = document.querySelector('#composer .inside'); return p.scrollWidth - p.clientWidth"
        ),
        0
    );
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_chapter_of_the_guide_shows_the_readers_own_request_and_leads_to_the_source() {
    let server = Server::start(Path::new("www"), &["--inspect", "--log", "off"]);
    let browser = Browser::start();
    for page in ["/guide/http.html", "/zh/guide/http.html"] {
        browser.open(&server.url(page));
        let live = "document.querySelector('[data-live]').innerText";
        browser.wait_for(&format!("return {live}.includes('GET {page} HTTP/1.1')"));
        let request = browser.text(&format!("return {live}"));
        assert!(request.contains("User-Agent: Mozilla/5.0"), "{request}");
        browser.wait_for("return document.querySelector('.file a[href^=\"/.glass/source/\"]') !== null");
    }
    // What the reader is to write is named, and not there yet.
    browser.open(&server.url("/guide/exercises.html"));
    browser.wait_for("return document.querySelector('.file a[href^=\"/.glass/source/\"]') !== null");
    let links = browser.texts("return [...document.querySelectorAll('.file a')].map((a) => a.textContent)");
    assert!(links.iter().all(|name| !name.contains("exercise")), "{links:?}");
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn without_the_inspector_a_chapter_keeps_its_words_and_says_how_to_start_it() {
    let server = Server::start(Path::new("www"), &["--log", "off"]);
    let browser = Browser::start();
    browser.open(&server.url("/guide/http.html"));
    browser.wait_for("return document.body.innerText.includes('--inspect')");
    assert!(!browser.text("return document.querySelector('[data-live]').innerText").contains("GET /guide"));
}
