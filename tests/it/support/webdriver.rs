//! Chromium, driven through chromedriver by the protocol WebDriver. For the tests that need a browser.
//!
//! The protocol is JSON over HTTP, and these tests need a dozen of its commands. The libraries for it (`fantoccini`,
//! `thirtyfour`) bring an asynchronous runtime, which no other test has.

use crate::support::{PATIENCE, Process, V4, folder};
use serde_json::{Value, json};
use std::fmt::Debug;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use tempfile::TempDir;

/// A browser of our own, with a profile that is gone afterwards.
pub(crate) struct Browser {
    driver: SocketAddr,
    session: String,
    process_id: Option<i32>,
    _driver_process: Process,
    _profile: TempDir,
}

impl Browser {
    pub(crate) fn start() -> Browser {
        Browser::start_with(&[])
    }

    /// The same with more arguments.
    pub(crate) fn start_with(more: &[&str]) -> Browser {
        let profile = folder(&[]);
        let (driver_process, driver) = start_driver(profile.path());
        let mut arguments: Vec<_> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-proxy-server",
            "--window-size=1200,900",
        ]
        .map(str::to_owned)
        .into();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        let patience = u64::try_from(PATIENCE.as_millis()).expect("it fits");
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            // A dialog stays, and whatever is asked of the browser after that fails.
            "unhandledPromptBehavior": "ignore",
            "timeouts": {"pageLoad": patience, "script": patience, "implicit": 0},
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": arguments},
        }}});
        let answer = ask(driver, "POST", "/session", &wanted).expect("chromedriver answers");
        let session = answer["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {answer}"));
        Browser {
            driver,
            session: session.to_owned(),
            process_id: answer["capabilities"]["goog:processID"].as_i64().and_then(|id| id.try_into().ok()),
            _driver_process: driver_process,
            _profile: profile,
        }
    }

    /// One command of WebDriver; an error is one that the driver reports.
    pub(crate) fn try_command(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let path = format!("/session/{}{path}", self.session);
        let value = ask(self.driver, method, &path, body).expect("chromedriver answers");
        if value.get("error").is_some() { Err(value) } else { Ok(value) }
    }

    pub(crate) fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let result = self.try_command(method, path, body);
        result.unwrap_or_else(|error| panic!("{path} {body}: {}: {}", error["error"], error["message"]))
    }

    /// Lets downloads go into this folder.
    pub(crate) fn download_to(&self, folder: &std::path::Path) {
        let params = json!({"behavior": "allow", "downloadPath": folder});
        let body = json!({"cmd": "Browser.setDownloadBehavior", "params": params});
        self.command("POST", "/goog/cdp/execute", &body);
    }

    /// Loads a page.
    pub(crate) fn open(&self, url: &str) {
        self.command("POST", "/url", &json!({"url": url}));
    }

    /// Goes back to the page before this one, and waits until it is there.
    pub(crate) fn back_to(&self, place: &str) {
        self.command("POST", "/back", &json!({}));
        let there = format!("return location.pathname + location.search === {}", json!(place));
        self.wait_for(&format!("{there} && document.readyState === 'complete'"));
    }

    /// Runs a function's body in the page.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.command("POST", "/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Runs a script that gives a string.
    pub(crate) fn text(&self, script: &str) -> String {
        self.run(script).as_str().unwrap_or_else(|| panic!("{script} gives no string")).to_owned()
    }

    /// Runs a script that gives an array of strings.
    pub(crate) fn texts(&self, script: &str) -> Vec<String> {
        serde_json::from_value(self.run(script)).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// What the page shows as text, read in the browser.
    pub(crate) fn content(&self) -> String {
        self.text("return document.body.innerText.trim()")
    }

    /// The path, the query and the fragment of where it is, as its address bar has them.
    pub(crate) fn place(&self) -> String {
        self.text("return location.pathname + location.search + location.hash")
    }

    /// Runs a script until it gives `true`. The way to the browser and back is all the rest that it
    /// has in between.
    pub(crate) fn wait_for(&self, script: &str) {
        let until = Instant::now() + PATIENCE;
        // In the middle of a change of pages there may be nothing to run it in.
        let run = || self.try_command("POST", "/execute/sync", &json!({"script": script, "args": []}));
        while run() != Ok(Value::Bool(true)) {
            assert!(Instant::now() < until, "waited in vain for {script} at {}", self.place());
        }
    }

    /// Clicks like a person, with a mouse, on the so many-th of the elements that are selected.
    pub(crate) fn click(&self, selector: &str, index: usize) {
        let using = json!({"using": "css selector", "value": selector});
        let elements = self.command("POST", "/elements", &using);
        let element = elements.get(index).and_then(|element| element.as_object()?.values().next()?.as_str());
        let element = element.unwrap_or_else(|| panic!("there is no {selector} number {index}"));
        self.command("POST", &format!("/element/{element}/click"), &json!({}));
    }

    /// Clicks on a link and waits until the page behind it is there.
    pub(crate) fn follow(&self, selector: &str, index: usize) {
        self.run("window.left = true");
        self.click(selector, index);
        self.wait_for("return window.left === undefined && document.readyState === 'complete'");
    }

    /// Presses keys like a person, whatever has the focus.
    pub(crate) fn press(&self, keys: &str) {
        let event = |kind: &str, key: char| json!({"type": kind, "value": key.to_string()});
        let events: Vec<_> =
            keys.chars().flat_map(|key| [event("keyDown", key), event("keyUp", key)]).collect();
        let keyboard = json!({"type": "key", "id": "keys", "actions": events});
        self.command("POST", "/actions", &json!({"actions": [keyboard]}));
    }

    /// Moves the mouse to the middle of what is selected.
    pub(crate) fn point_at(&self, selector: &str) {
        let using = json!({"using": "css selector", "value": selector});
        let element = self.command("POST", "/element", &using);
        let moves = json!({"type": "pointerMove", "duration": 0, "origin": element, "x": 0, "y": 0});
        let mouse = json!({"type": "pointer", "id": "mouse", "actions": [moves]});
        self.command("POST", "/actions", &json!({"actions": [mouse]}));
    }

    /// Fails if there is a dialog, which nothing but a script can open.
    pub(crate) fn assert_no_dialog(&self, context: &dyn Debug) {
        let answer = self.try_command("GET", "/alert/text", &Value::Null);
        assert_eq!(answer.expect_err("a dialog is open")["error"], "no such alert", "{context:?}");
    }

    /// What the console has shown since it was asked last. Browsers ask for an icon that nobody
    /// has named to them, and complain if there is none; that is left out.
    pub(crate) fn console(&self) -> Vec<String> {
        let entries = self.command("POST", "/se/log", &json!({"type": "browser"}));
        let entry = |entry: &Value| format!("{} {}", entry["level"], entry["message"]);
        let lines = entries.as_array().expect("entries").iter().map(entry);
        lines.filter(|line| !line.contains("/favicon.ico - Failed to load")).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let end = ask(self.driver, "DELETE", &format!("/session/{}", self.session), &Value::Null);
        // The driver ends its browser. Without a driver, we do.
        if let (Err(_), Some(process)) = (end, self.process_id.and_then(rustix::process::Pid::from_raw)) {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
        }
    }
}

/// Starts chromedriver on a free port. What a browser leaves among the temporary files goes where
/// its profile is.
fn start_driver(temporary_files: &Path) -> (Process, SocketAddr) {
    // It picks a port by one address and then wants the same by another, where it may be taken.
    const ATTEMPTS: usize = 10;
    for _ in 0..ATTEMPTS {
        let mut command = Command::new("chromedriver");
        let process = Process::start(command.arg("--port=0").env("TMPDIR", temporary_files));
        let line = process.stdout.line("whether it has a port", |line| {
            line.contains("started successfully on port ") || line.contains("Exiting")
        });
        if let Some((_, port)) = line.split_once("on port ") {
            let port = port.trim_end_matches('.').parse();
            return (process, SocketAddr::new(V4, port.expect("a port")));
        }
    }
    panic!("chromedriver found no port in {ATTEMPTS} attempts");
}

/// One exchange with chromedriver: JSON out, the `value` of the JSON that comes back.
fn ask(driver: SocketAddr, method: &str, path: &str, body: &Value) -> io::Result<Value> {
    let mut stream = TcpStream::connect_timeout(&driver, PATIENCE)?;
    // Its own time limits come first, with an error that says more.
    stream.set_read_timeout(Some(2 * PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    let fields = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    stream.write_all(format!("{head}{fields}\r\n{body}").as_bytes())?;
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer)?;
    let mut answer: Value = serde_json::from_slice(&answer)?;
    Ok(answer["value"].take())
}
