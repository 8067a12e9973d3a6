//! What error pages say, to whom, and in which language.

use crate::answer::Body;
use crate::http::Request;
use crate::site::{Hosts, Options, Root, Site};
use std::fs;
use std::path::Path;
use std::time::Instant;
use tempfile::TempDir;

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for name in ["a/b/c.txt", "Photos/x.jpg", "zh/a.html", ".hidden/x", "site/index.html", "site/in/y"] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("created");
        fs::write(path, "x").expect("written");
    }
    folder
}

/// The answer to a GET with these fields: the part of the page that counts, or the line.
fn ask(folder: &Path, options: Options, target: &str, fields: &str) -> String {
    let site = Site::new(Root::open_path(folder, false).expect("it can be read"), options);
    let fields =
        if fields.contains("Host:") { fields.to_owned() } else { format!("Host: localhost\r\n{fields}") };
    let head = format!("GET {target} HTTP/1.1\r\n{fields}\r\n");
    let response = site.respond(&Request::parse(head.as_bytes()).expect("a good head"), Instant::now());
    let Body::Bytes(bytes) = response.body else { panic!("{target}: {:?}", response.status) };
    let text = String::from_utf8(bytes).expect("text");
    text.split_once("</a><p class=\"code\">").map_or(text.clone(), |(_, page)| page.to_owned())
}

const PAGE: &str = "Accept: text/html\r\n";

#[test]
fn a_404_names_the_path_what_is_near_and_the_folder_above_that_is_there() {
    let folder = folder();
    let table: &[(&str, &[&str])] = &[
        (
            "/a/b/d.txt",
            &["Asked for: <code>/a/b/d.txt</code>", "The folder above: <a href=\"/a/b/\">/a/b/</a>"],
        ),
        ("/a/x/d.txt", &["The folder above: <a href=\"/a/\">/a/</a>"]),
        #[cfg(unix)]
        ("/photos/x.jpg", &["Did you mean: <a href=\"/Photos/x.jpg\">/Photos/x.jpg</a>"]),
        #[cfg(unix)]
        ("/photos/", &["Did you mean: <a href=\"/Photos/\">/Photos/</a>"]),
        #[cfg(unix)]
        ("/PHOTOS", &["Did you mean: <a href=\"/Photos/\">/Photos/</a>"]),
        #[cfg(unix)]
        ("/a/B/C.TXT", &["Did you mean: <a href=\"/a/b/c.txt\">/a/b/c.txt</a>"]),
        ("/%3Cscript%3E%22'&%0A", &["Asked for: <code>/&lt;script&gt;&quot;'&amp;\u{240a}</code>"]),
    ];
    for (target, parts) in table {
        let page = ask(folder.path(), Options::default(), target, PAGE);
        for part in *parts {
            assert!(page.contains(part), "{target}: {part}: {page}");
        }
        assert!(page.contains("<a href=\"/\">Go to the start page</a>"), "{target}: {page}");
    }
    let page = ask(folder.path(), Options::default(), "/.hidden/y", PAGE);
    assert!(!page.contains("The folder above"), "{page}");
    let page = ask(folder.path(), Options::default(), &format!("/{}end", "x".repeat(3000)), PAGE);
    assert!(page.contains('…') && page.contains("xend</code>") && page.len() < 1000, "{page}");
    let page = ask(folder.path(), Options::default(), &format!("/{}d", "a/".repeat(3000)), PAGE);
    assert!(page.contains("The folder above: <a href=\"/a/\">"), "{page}");
}

#[test]
fn where_listings_are_off_only_a_folder_with_a_page_is_led_to() {
    let folder = folder();
    let off = || Options { listing: false, ..Options::default() };
    assert!(!ask(folder.path(), off(), "/a/b/d.txt", PAGE).contains("The folder above"));
    let page = ask(folder.path(), off(), "/site/in/z", PAGE);
    assert!(page.contains("The folder above: <a href=\"/site/\">/site/</a>"), "{page}");
    let page = ask(folder.path(), off(), "/a/", PAGE);
    assert!(page.contains("--no-listing") && page.contains("listings are off."), "{page}");
}

#[test]
fn a_421_names_the_host_and_leads_to_this_machine_and_not_back() {
    let folder = folder();
    let table = [
        (
            "evil.example:8000",
            "<code>evil.example</code>",
            "<a href=\"//localhost:8000/\">localhost:8000/</a>",
        ),
        ("a'&b", "<code>a'&amp;b</code>", "<a href=\"//localhost/\">localhost/</a>"),
    ];
    for (host, name, link) in table {
        let page = ask(folder.path(), Options::default(), "/a/", &format!("Host: {host}\r\n{PAGE}"));
        assert!(page.contains(name) && page.contains(link) && page.contains("--allow-host NAME"), "{page}");
        assert_eq!(page.matches("<a ").count(), 1, "{page}");
    }
    let any = Options { hosts: Hosts::Any, ..Options::default() };
    assert!(ask(folder.path(), any, "/x", &format!("Host: evil.example\r\n{PAGE}")).contains("start page"));
}

#[test]
fn who_prefers_chinese_or_is_below_zh_gets_chinese() {
    let folder = folder();
    let chinese = format!("{PAGE}Accept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n");
    let english = format!("{PAGE}Accept-Language: en\r\n");
    let table = [
        ("/x", &*chinese, true),
        ("/x", &*english, false),
        ("/x", PAGE, false),
        ("/zh/x", PAGE, true),
        ("/zh/x", &*english, true),
        ("/zhx/x", PAGE, false),
    ];
    for (target, fields, is_chinese) in table {
        let page = ask(folder.path(), Options::default(), target, fields);
        assert_eq!(
            page.contains("<h1>找不到</h1><p>这里什么都没有。</p>"),
            is_chinese,
            "{target} {fields}: {page}"
        );
        assert_eq!(page.contains("<h1>Not Found</h1>"), !is_chinese, "{target} {fields}: {page}");
    }
    // What has no translation stays, marked as English.
    let page = ask(folder.path(), Options::default(), "/?archive=rar", &chinese);
    assert!(page.contains("<p lang=\"en\">"), "{page}");
}

#[test]
fn what_a_page_loads_gets_a_line() {
    let folder = folder();
    for (destination, is_page) in
        [("document", true), ("iframe", true), ("image", false), ("script", false), ("empty", false)]
    {
        let fields = format!("{PAGE}Sec-Fetch-Dest: {destination}\r\n");
        let answer = ask(folder.path(), Options::default(), "/none.png", &fields);
        assert_eq!(answer.starts_with("404 Not Found: "), !is_page, "{destination}: {answer}");
    }
}
