//! Live reload in a real browser.
//!
//! `cargo test --test it reload_browser:: -- --ignored` runs them.

use crate::support::webdriver::Browser;
use crate::support::{Server, folder, glasshttp, wait_until};
use serde_json::json;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn site() -> TempDir {
    folder(&[
        (
            "index.html",
            "<!DOCTYPE html><title>t</title><link rel=stylesheet href=a.css>\n<p>one</p></body>\n",
        ),
        ("a.css", "p { font-size: 10px; min-height: 5000px }"),
        (
            "imports.html",
            "<!DOCTYPE html><title>t</title><style>@import url(b.css);</style>\n<p>one</p></body>\n",
        ),
        ("b.css", "p { font-size: 10px }"),
    ])
}

/// A page whose script listens.
fn open(folder: &Path, page: &str) -> (Server, Browser) {
    let server = Server::start(folder, &["--reload", "--log", "off"]);
    let browser = Browser::start();
    browser.open(&server.url(page));
    wait_until_it_listens(&browser);
    (server, browser)
}

/// It has heard of the server, from it or from another page.
fn wait_until_it_listens(browser: &Browser) {
    browser.wait_for(
        "const listens = window => window.document.readyState === 'complete'
            && Boolean(window.glassReload?.known);
         return listens(window) && Array.from(frames).every(listens)",
    );
}

/// How many connections of the browser listen, as the server sees it: of those that may be, as many as
/// are left are taken here.
fn streams(server: &Server) -> usize {
    let mut ours = Vec::new();
    loop {
        let mut client = server.connect();
        client.send("GET /.glass/reload HTTP/1.0\r\n\r\n");
        if client.head().status != 200 {
            return MOST - ours.len();
        }
        ours.push(client);
    }
}

/// How many may listen with these options.
const MOST: usize = 25;
const MAX_CONNECTIONS: &[&str] = &["--max-connections", "100"];

fn start(folder: &Path, options: &[&str]) -> Server {
    Server::start(folder, &[&["--reload", "--log", "off"], MAX_CONNECTIONS, options].concat())
}

fn one_stream(server: &Server) {
    // Those that have gone are noticed a little later.
    wait_until("one stream for all", || (streams(server) == 1).then_some(()));
}

/// Runs this in another window, and comes back.
fn in_another_window(browser: &Browser, kind: &str, run: impl FnOnce()) -> serde_json::Value {
    let here = browser.command("GET", "/window", &json!(null));
    let window = browser.command("POST", "/window/new", &json!({"type": kind}))["handle"].clone();
    go_to(browser, &window);
    run();
    go_to(browser, &here);
    window
}

fn go_to(browser: &Browser, window: &serde_json::Value) {
    browser.command("POST", "/window", &json!({"handle": window}));
}

/// Waits until whoever connects is told of a change as one that was.
fn wait_until_it_is_counted(server: &Server, count: &str) {
    wait_until(count, || {
        let mut client = server.connect();
        client.send("GET /.glass/reload HTTP/1.0\r\n\r\n");
        client.head();
        let mut hello = String::new();
        while !hello.ends_with("\n\n") {
            hello.push(char::from(client.bytes(1)[0]));
        }
        hello.contains(count).then_some(())
    });
}

fn put(folder: &Path, name: &str, content: &str) {
    fs::write(folder.join(name), content).expect("a file is written");
}

fn shows(browser: &Browser, text: &str) {
    let text = json!(text);
    browser.wait_for(&format!("return document.body !== null && document.body.innerText.trim() === {text}"));
}

fn has_size(browser: &Browser, size: &str) {
    browser.wait_for(&format!("return getComputedStyle(document.querySelector('p')).fontSize === '{size}'"));
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_page_that_changes_reloads_itself_again_and_again() {
    let folder = site();
    let (_server, browser) = open(folder.path(), "/");
    for text in ["two", "three", "four"] {
        put(folder.path(), "index.html", &format!("<p>{text}</p>"));
        shows(&browser, text);
    }
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_style_sheet_is_swapped_and_the_page_stays() {
    let folder = site();
    let (_server, browser) = open(folder.path(), "/");
    browser.run("window.stays = true; scrollTo(0, 1000)");
    for size in ["20px", "30px"] {
        put(folder.path(), "a.css", &format!("p {{ font-size: {size}; min-height: 5000px }}"));
        has_size(&browser, size);
    }
    browser.wait_for("return document.querySelectorAll('link').length === 1");
    assert_eq!(browser.run("return [window.stays, scrollY]"), json!([true, 1000]));
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_style_sheet_that_no_link_names_reloads_the_pages_that_have_it() {
    let folder = site();
    let (_server, browser) = open(folder.path(), "/imports.html");
    put(folder.path(), "b.css", "p { font-size: 20px }");
    has_size(&browser, "20px");
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn after_a_restart_of_the_server_the_page_is_back_by_itself() {
    let folder = site();
    let (server, browser) = open(folder.path(), "/");
    let port = server.port().to_string();
    server.stop();
    put(folder.path(), "index.html", "<p>after");
    let mut command = glasshttp();
    let _server =
        Server::start_command(command.args(["--reload", "--log", "off", "--port", &port]).arg(folder.path()));
    shows(&browser, "after");
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_page_that_was_gone_for_a_while_comes_back() {
    let folder = site();
    let (_server, browser) = open(folder.path(), "/");
    fs::remove_file(folder.path().join("index.html")).expect("removed");
    // In its place there is a list of what is left, and that reloads, too.
    browser.wait_for("return document.title !== 't' && document.readyState === 'complete'");
    put(folder.path(), "index.html", "<p>again");
    shows(&browser, "again");
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_page_out_of_sight_holds_no_connection_and_catches_up_when_it_is_seen() {
    let folder = site();
    let (server, browser) = open(folder.path(), "/");
    let hide = |is_hidden: bool| {
        // What a browser does when another tab is shown.
        browser.run(&format!(
            "Object.defineProperty(document, 'hidden', {{ value: {is_hidden}, configurable: true }});
             document.dispatchEvent(new Event('visibilitychange'))"
        ));
    };
    browser.run(
        "window.opened = []; const Real = EventSource; window.EventSource = class extends Real {
            constructor(url) { super(url); opened.push(this); } }; window.stays = true",
    );
    // Away and back makes it connect by the class above, which counts.
    hide(true);
    hide(false);
    browser.wait_for("return opened.length === 1 && opened[0].readyState === 1");
    hide(true);
    assert_eq!(browser.run("return opened[0].readyState"), 2);
    put(folder.path(), "a.css", "p { font-size: 20px }");
    wait_until_it_is_counted(&server, "\"styles\":1");
    hide(false);
    has_size(&browser, "20px");
    assert_eq!(browser.run("return window.stays"), true);
    hide(true);
    put(folder.path(), "index.html", "<p>new");
    wait_until_it_is_counted(&server, "\"reloads\":1");
    hide(false);
    shows(&browser, "new");
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn more_tabs_than_a_browser_has_connections_all_work() {
    let folder = site();
    let (server, browser) = open(folder.path(), "/");
    for _ in 0..8 {
        let window = browser.command("POST", "/window/new", &json!({"type": "tab"}));
        browser.command("POST", "/window", &json!({"handle": window["handle"]}));
        browser.open(&server.url("/"));
        wait_until_it_listens(&browser);
    }
    put(folder.path(), "index.html", "<p>two");
    shows(&browser, "two");
    let windows = browser.command("GET", "/window/handles", &json!(null));
    for window in windows.as_array().expect("handles") {
        browser.command("POST", "/window", &json!({"handle": window}));
        shows(&browser, "two");
    }
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_page_and_its_frames_share_one_stream_and_leave_the_other_connections() {
    let folder = site();
    let frames = "<iframe src=frame.html></iframe>".repeat(8);
    put(folder.path(), "index.html", &format!("<!DOCTYPE html><title>t</title>{frames}<p>one</p>"));
    put(folder.path(), "frame.html", "<!DOCTYPE html><link rel=stylesheet href=a.css><p>frame</p>");
    let server = start(folder.path(), &[]);
    let browser = Browser::start();
    browser.open(&server.url("/"));
    wait_until_it_listens(&browser);
    one_stream(&server);
    browser.run("fetch('/b.css').then(reply => reply.text()).then(text => window.fetched = text)");
    browser.wait_for("return window.fetched === 'p { font-size: 10px }'");
    // A style sheet is swapped in all of them.
    browser.run("window.stays = true; for (const frame of Array.from(frames)) frame.stays = true");
    put(folder.path(), "a.css", "p { font-size: 20px }");
    browser.wait_for(
        "return Array.from(frames).every(frame => frame.stays
            && frame.getComputedStyle(frame.document.querySelector('p')).fontSize === '20px')",
    );
    assert_eq!(browser.run("return window.stays"), true);
    // And they reload, again and again.
    for text in ["two", "three"] {
        put(folder.path(), "frame.html", &format!("<p>{text}</p>"));
        browser.wait_for(&format!(
            "return frames.length === 8
                && Array.from(frames).every(frame => frame.document.body?.innerText.trim() === '{text}')"
        ));
        wait_until_it_listens(&browser);
    }
    one_stream(&server);
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn windows_share_one_stream_and_when_the_one_that_listens_is_closed_another_does() {
    let folder = site();
    let server = start(folder.path(), &[]);
    let browser = Browser::start();
    browser.open(&server.url("/"));
    wait_until_it_listens(&browser);
    let mut windows = vec![browser.command("GET", "/window", &json!(null))];
    for _ in 0..6 {
        windows.push(in_another_window(&browser, "window", || {
            browser.open(&server.url("/"));
            wait_until_it_listens(&browser);
        }));
    }
    one_stream(&server);
    for (number, text) in ["two", "three", "four"].into_iter().enumerate() {
        put(folder.path(), "index.html", &format!("<p>{text}"));
        let mut listens = None;
        for window in &windows {
            go_to(&browser, window);
            shows(&browser, text);
            wait_until_it_listens(&browser);
        }
        for window in &windows {
            go_to(&browser, window);
            if browser.run("return window.glassReload.leads") == true {
                listens = Some(window.clone());
            }
        }
        let listens = listens.unwrap_or_else(|| panic!("none listens at {number}"));
        go_to(&browser, &listens);
        browser.command("DELETE", "/window", &json!(null));
        windows.retain(|window| *window != listens);
        go_to(&browser, &windows[0]);
    }
    one_stream(&server);
}

/// Browsers keep locks and more from what came by plain http from another machine.
#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn windows_share_one_stream_by_plain_http_from_another_machine_as_well() {
    let folder = site();
    let server = start(folder.path(), &["--allow-host", "site.example"]);
    let browser = Browser::start_with(&["--host-resolver-rules=MAP site.example 127.0.0.1"]);
    let url = format!("http://site.example:{}/", server.port());
    let open = || {
        browser.open(&url);
        wait_until_it_listens(&browser);
        assert_eq!(browser.run("return window.isSecureContext"), false);
    };
    open();
    let other = in_another_window(&browser, "window", open);
    one_stream(&server);
    put(folder.path(), "index.html", "<p>two");
    shows(&browser, "two");
    go_to(&browser, &other);
    shows(&browser, "two");
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_page_that_comes_to_others_learns_what_it_has_missed_since_its_own_bytes() {
    let folder = site();
    let server = start(folder.path(), &[]);
    let browser = Browser::start();
    browser.open(&server.url("/"));
    wait_until_it_listens(&browser);
    // A change that is over. Then a page that took its bytes before it says its first word: as by a clock
    // that is behind.
    put(folder.path(), "other.html", "<p>1");
    wait_until_it_is_counted(&server, "\"reloads\":1");
    wait_until_it_listens(&browser);
    put(
        folder.path(),
        "late.html",
        "<p>late<script>
        window.loads = sessionStorage.loads = Number(sessionStorage.loads ?? 0) + 1;
        if (loads === 1) Object.defineProperty(performance, 'timeOrigin', { value: Date.now() - 3600000 })
        </script>",
    );
    wait_until_it_is_counted(&server, "\"reloads\":2");
    wait_until_it_listens(&browser);
    in_another_window(&browser, "window", || {
        browser.open(&server.url("/late.html"));
        browser.wait_for("return window.loads === 2 && window.glassReload?.known?.reloads === 2");
        assert_eq!(browser.run("return window.glassReload.leads"), false);
        assert_eq!(browser.run("return window.loads"), 2);
    });
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_page_that_may_not_connect_hears_from_one_that_may() {
    let folder = site();
    let policy = "<meta http-equiv=Content-Security-Policy content=\"connect-src 'none'\">";
    put(folder.path(), "strict.html", &format!("<!DOCTYPE html>{policy}<title>t</title><p>one</p>"));
    let server = start(folder.path(), &[]);
    let browser = Browser::start();
    browser.open(&server.url("/strict.html"));
    browser.wait_for("return window.glassReload !== undefined");
    in_another_window(&browser, "window", || {
        browser.open(&server.url("/"));
        wait_until_it_listens(&browser);
    });
    wait_until_it_listens(&browser);
    put(folder.path(), "strict.html", "<p>two</p>");
    shows(&browser, "two");
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_page_that_is_held_up_does_not_keep_the_others_from_hearing() {
    let folder = site();
    let server = start(folder.path(), &[]);
    let browser = Browser::start();
    browser.open(&server.url("/"));
    wait_until_it_listens(&browser);
    in_another_window(&browser, "window", || {
        browser.open(&server.url("/"));
        wait_until_it_listens(&browser);
    });
    // As long as somebody reads it, or looks at a page in a debugger.
    browser.run("setTimeout(() => alert('wait'), 0)");
    let windows = browser.command("GET", "/window/handles", &json!(null));
    put(folder.path(), "index.html", "<p>two");
    go_to(&browser, &windows[1]);
    shows(&browser, "two");
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_frame_in_a_sandbox_asks_nothing_and_its_page_reloads_it() {
    let folder = site();
    put(folder.path(), "index.html", "<!DOCTYPE html><iframe sandbox=allow-scripts src=frame.html></iframe>");
    put(folder.path(), "frame.html", "<p>one<script>parent.postMessage(1, '*')</script>");
    let server = start(folder.path(), &[]);
    let browser = Browser::start();
    browser.open(&server.url("/"));
    browser.wait_for("return Boolean(window.glassReload?.known)");
    put(
        folder.path(),
        "index.html",
        "<!DOCTYPE html><script>onmessage = (event) => window.said = event.data</script>
         <iframe sandbox=allow-scripts src=frame.html></iframe>",
    );
    browser.wait_for("return window.said === 1 && Boolean(window.glassReload?.known)");
    put(folder.path(), "frame.html", "<p>one<script>parent.postMessage(2, '*')</script>");
    browser.wait_for("return window.said === 2 && Boolean(window.glassReload?.known)");
    one_stream(&server);
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn pages_below_a_base_path_reload_and_swap_their_styles() {
    let folder = site();
    let server = Server::start(folder.path(), &["--reload", "--log", "off", "--base-path", "/my%20files"]);
    let browser = Browser::start();
    browser.open(&server.url("/my%20files/"));
    wait_until_it_listens(&browser);
    browser.run("window.stays = true");
    put(folder.path(), "a.css", "p { font-size: 31px }");
    has_size(&browser, "31px");
    assert_eq!(browser.run("return window.stays"), true);
    put(folder.path(), "index.html", "<!DOCTYPE html><title>t</title><p>two</p>");
    shows(&browser, "two");
}
