//! The site as a function: requests in, responses out, over a real folder and no socket.

// What only some of the tests use, which are for systems with links and modes.
#![cfg_attr(windows, allow(unused_imports, dead_code))]

use super::facts::Facts;
use super::root::Opened;
use super::*;
use crate::answer::{Body, Next, Source};
use crate::base::platform::link::symlink;
use crate::base::platform::names::why_impossible;
use crate::http::base_path::BasePath;
use crate::http::target::encode_segment;
use crate::site::method::READING;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn options() -> Options {
    Options {
        index: vec!["index.html".into(), "index.htm".into()],
        listing: true,
        hidden: false,
        cache_control: "no-cache".into(),
        hosts: Hosts::LoopbackAnd(Vec::new()),
        cache_size: 1_000_000,
        ..Options::default()
    }
}

/// A folder `site` inside of a temporary one, beside a file that must never be served.
pub(super) fn folder() -> (TempDir, std::path::PathBuf) {
    let outside = TempDir::new().expect("a temporary folder");
    let root = outside.path().join("site");
    fs::create_dir(&root).expect("created");
    write(outside.path(), "secret.txt", "SECRET");
    write(&root, "a.txt", "hello");
    write(&root, "with-index/index.htm", "index");
    write(&root, "list/b.txt", "b");
    write(&root, ".env", "SECRET");
    write(&root, ".well-known/ok", "public");
    symlink("a.txt", root.join("link-inside")).expect("linked");
    symlink(root.join("list"), root.join("absolute-link-inside")).expect("linked");
    symlink("../secret.txt", root.join("link-out")).expect("linked");
    symlink(outside.path(), root.join("absolute-link-out")).expect("linked");
    symlink("nowhere", root.join("broken")).expect("linked");
    symlink("loop", root.join("loop")).expect("linked");
    (outside, root)
}

/// Whether `folder` has made these. On Windows they take a right that a test cannot count on.
const HAS_LINKS: bool = cfg!(unix);
const LINKS: [&str; 6] =
    ["absolute-link-inside", "absolute-link-out", "link-inside", "link-out", "broken", "loop"];

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("created");
    fs::write(path, text).expect("written");
}

pub(super) fn site(root: &Path) -> Site {
    Site::new(Root::open_path(root, false).expect("it can be read"), options())
}

fn ask(site: &Site, line: &str, fields: &str) -> Response {
    let head = format!("{line} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
    site.respond(&Request::parse(head.as_bytes()).expect("a good head"), Instant::now())
}

pub(super) fn get(site: &Site, target: &str) -> (u16, String) {
    let response = ask(site, &format!("GET {target}"), "");
    (response.status.code(), text(response.body))
}

fn text(body: Body) -> String {
    match body {
        Body::Empty => String::new(),
        Body::Bytes(bytes) => String::from_utf8(bytes).expect("text"),
        Body::File(part) => {
            let mut bytes = vec![0; usize::try_from(part.length()).expect("small")];
            match &part.source {
                Source::Disk(file) => {
                    crate::base::platform::open::read_exact_at(file, &mut bytes, part.range.start)
                        .expect("it is there");
                }
                Source::Memory(all) => {
                    let start = usize::try_from(part.range.start).expect("small");
                    bytes = all[start..start + bytes.len()].to_vec();
                }
            }
            String::from_utf8(bytes).expect("text")
        }
        Body::Stream(mut stream) => {
            let mut bytes = Vec::new();
            loop {
                match stream.next() {
                    Next::Piece(piece) => bytes.extend(piece),
                    Next::Busy => {}
                    Next::End => return String::from_utf8(bytes).expect("text"),
                    other => panic!("it stops: {other:?}"),
                }
            }
        }
        Body::Pieces(_) => panic!("not asked for"),
    }
}

#[test]
fn targets_name_what_is_in_the_folder_and_nothing_else() {
    let (_outside, root) = folder();
    let site = site(&root);
    let table = [
        ("/a.txt", 200),
        ("//a.txt", 200),
        ("/%61.txt", 200),
        ("/a.txt?x", 200),
        ("/with-index/", 200),
        ("/with-index", 301),
        ("/list/", 200),
        ("/link-inside", 200),
        ("/absolute-link-inside/b.txt", 200),
        ("/absolute-link-inside/", 200),
        ("/.well-known/ok", 200),
        ("/a.txt/", 404),
        ("/a.txt/b", 404),
        ("/nowhere", 404),
        ("/broken", 404),
        ("/loop", 404),
        ("/.env", 404),
        ("/%2eenv", 404),
        ("/./.env", 404),
        ("/link-out", 403),
        ("/absolute-link-out/secret.txt", 403),
        ("/absolute-link-out/site/a.txt", 200),
        ("/list%2fb.txt", 200),
        ("/list%2F", 301),
        ("/list/../a.txt", 200),
        ("/list/%2e%2e/a.txt", 200),
        ("/list%2f..%2fa.txt", 200),
        ("/nowhere/../a.txt", 200),
        ("/list/..", 301),
        ("/list/b.txt/../", 200),
        // Dot segments are words in a path: a link on the way has no part in them.
        ("/absolute-link-inside/../a.txt", 200),
        ("/absolute-link-out/../a.txt", 200),
        ("/list/../.env", 404),
        ("/list%2f..%2f.env", 404),
        ("/.git/../.env", 404),
        ("/.git/../a.txt", 200),
        ("/list/../link-out", 403),
        ("/absolute-link-out%2fsecret.txt", 403),
        ("/list/..%2fabsolute-link-out%2fsecret.txt", 403),
        ("/../secret.txt", 400),
        ("/../site/a.txt", 400),
        ("/list/../../secret.txt", 400),
        ("/%2e%2e/secret.txt", 400),
        ("/..%2fsecret.txt", 400),
        ("/list%2f..%2f..%2fsecret.txt", 400),
        ("/list/..%5c..%5csecret.txt", 404),
        ("/..\\secret.txt", 404),
        ("/a.txt%00", 400),
        ("/%zz", 404),
        ("/%252e%252e/secret.txt", 404),
    ];
    for (target, expected) in table {
        if !HAS_LINKS && LINKS.iter().any(|link| target.contains(link)) {
            continue;
        }
        let (status, body) = get(&site, target);
        assert_eq!(status, expected, "{target}");
        assert!(!body.contains("SECRET"), "{target}");
    }
    let long = format!("/{}", "a".repeat(300));
    assert_eq!(get(&site, &long).0, 404);
}

#[test]
fn a_refusal_names_no_path_of_this_machine() {
    let (outside, root) = folder();
    let site = site(&root);
    let path = outside.path().to_str().expect("text");
    for target in ["/nowhere", "/link-out", "/absolute-link-out/", "/a.txt/", "/list/", "/"] {
        for accept in ["", "Accept: text/html\r\n"] {
            let body = text(ask(&site, &format!("GET {target}"), accept).body);
            assert!(!body.contains(path), "{target}: {body}");
        }
    }
}

#[test]
fn a_directory_without_its_slash_is_redirected_on_this_host_with_its_query() {
    let (_outside, root) = folder();
    write(&root, "a b/ü#%/x", "x");
    #[cfg(unix)]
    write(&root, "a b/ü#?%\"/x", "x");
    let site = site(&root);
    let table = [
        ("/list", "/list/"),
        ("/list?q=1&r", "/list/?q=1&r"),
        ("//list", "/list/"),
        ("/a%20b", "/a%20b/"),
        ("/x/../list", "/list/"),
        ("/a%20b/..%2flist?q", "/list/?q"),
        ("/x/..//list", "/list/"),
        ("/list/../%2f/list", "/list/"),
        ("/a%20b/%C3%BC%23%25", "/a%20b/%C3%BC%23%25/"),
        #[cfg(unix)]
        ("/a%20b/%C3%BC%23%3F%25%22", "/a%20b/%C3%BC%23%3F%25%22/"),
    ];
    for (target, location) in table {
        let response = ask(&site, &format!("GET {target}"), "");
        assert_eq!(response.status, Status::MOVED_PERMANENTLY, "{target}");
        assert_eq!(response.headers.get("location"), Some(location), "{target}");
    }
}

#[test]
fn methods_are_answered_or_refused() {
    let (_outside, root) = folder();
    let site = site(&root);
    let table = [
        ("GET /a.txt", 200, None),
        ("HEAD /a.txt", 200, None),
        ("OPTIONS /a.txt", 204, Some(READING)),
        ("OPTIONS *", 204, Some(READING)),
        ("POST /a.txt", 405, Some(READING)),
        ("DELETE /nowhere", 405, Some(READING)),
        ("TRACE /", 405, Some(READING)),
        ("CONNECT localhost:80", 405, Some(READING)),
        ("BREW /", 501, None),
        ("get /", 501, None),
    ];
    for (line, status, allow) in table {
        let response = ask(&site, line, "");
        assert_eq!((response.status.code(), response.headers.get("allow")), (status, allow), "{line}");
    }
}

#[test]
fn a_changed_folder_is_served_as_it_is_now() {
    let (_outside, root) = folder();
    let site = site(&root);
    assert_eq!(get(&site, "/a.txt"), (200, "hello".into()));
    write(&root, "a.txt", "hello again");
    assert_eq!(get(&site, "/a.txt"), (200, "hello again".into()));
    // Another folder comes in its place, as when a site is deployed.
    let old = root.with_file_name("old");
    fs::rename(&root, &old).expect("renamed");
    assert_eq!(get(&site, "/a.txt").0, 404);
    write(&root, "a.txt", "new");
    assert_eq!(get(&site, "/a.txt"), (200, "new".into()));
}

#[cfg(unix)]
#[test]
fn a_link_as_the_folder_is_followed_where_it_leads_now() {
    let (outside, root) = folder();
    let current = outside.path().join("current");
    symlink(&root, &current).expect("linked");
    let site = site(&current);
    assert_eq!(get(&site, "/a.txt"), (200, "hello".into()));
    write(outside.path(), "release-2/a.txt", "second");
    fs::remove_file(&current).expect("removed");
    symlink("release-2", &current).expect("linked");
    assert_eq!(get(&site, "/a.txt"), (200, "second".into()));
}

#[test]
fn a_single_file_is_the_whole_site() {
    let (_outside, root) = folder();
    let hidden = site(&root.join(".env"));
    assert_eq!((get(&hidden, "/").0, get(&hidden, "/.env").0), (200, 200));
    if HAS_LINKS {
        let link = site(&root.join("link-out"));
        let found = ["/", "/link-out", "/secret.txt"].map(|target| get(&link, target).0);
        assert_eq!(found, [200, 200, 404]);
    }
    let site = site(&root.join("a.txt"));
    let table =
        [("/", 200), ("/a.txt", 200), ("/?x", 200), ("/list/b.txt", 404), ("/.env", 404), ("/a.txt/", 404)];
    for (target, expected) in table {
        assert_eq!(get(&site, target).0, expected, "{target}");
    }
    // What takes the file's place is not served, least of all the folder around it.
    write(&root, "index.html", "INDEX");
    fs::remove_file(root.join("a.txt")).expect("removed");
    fs::create_dir(root.join("a.txt")).expect("created");
    assert_eq!((get(&site, "/").0, get(&site, "/a.txt").0), (404, 404));
}

#[test]
fn options_open_and_close_what_they_name() {
    let (_outside, root) = folder();
    let with = |follow, change: fn(&mut Options)| {
        let mut options = options();
        change(&mut options);
        Site::new(Root::open_path(&root, follow).expect("it can be read"), options)
    };
    if HAS_LINKS {
        assert_eq!(get(&with(true, |_| ()), "/link-out"), (200, "SECRET".into()));
    }
    assert_eq!(get(&with(false, |options| options.hidden = true), "/.env"), (200, "SECRET".into()));
    assert_eq!(get(&with(false, |options| options.listing = false), "/list/").0, 403);
    let by_name = with(false, |options| options.index = vec!["none".into(), "b.txt".into()]);
    assert_eq!(get(&by_name, "/list/"), (200, "b".into()));
}

#[cfg(unix)]
#[test]
fn an_index_that_leads_out_is_refused_and_not_replaced_by_a_listing() {
    let (_outside, root) = folder();
    symlink("../../secret.txt", root.join("list/index.html")).expect("linked");
    assert_eq!(get(&site(&root), "/list/").0, 403);
}

#[cfg(unix)]
#[test]
fn what_is_not_found_gets_the_folders_own_page() {
    let (_outside, root) = folder();
    write(&root, "404.html", "<p>lost");
    let site = site(&root);
    assert_eq!(get(&site, "/nowhere"), (404, "<p>lost".into()));
    let response = ask(&site, "GET /nowhere", "Accept: application/json\r\n");
    assert_eq!(response.headers.get("content-type"), Some("text/plain; charset=utf-8"));
    // And one that leads out is no page.
    fs::remove_file(root.join("404.html")).expect("removed");
    symlink("../secret.txt", root.join("404.html")).expect("linked");
    let (status, body) = get(&site, "/nowhere");
    assert!(status == 404 && !body.contains("SECRET"));
}

#[test]
fn listings_show_what_would_be_served_and_link_to_it() {
    let (_outside, root) = folder();
    let site = site(&root);
    let listing = text(ask(&site, "GET /?format=json", "").body);
    let listing: serde_json::Value = serde_json::from_str(&listing).expect("JSON");
    let entries = listing["entries"].as_array().expect("a list");
    let kinds: Vec<_> = entries
        .iter()
        .map(|entry| (entry["name"].as_str().unwrap_or_default(), entry["type"].as_str().unwrap_or_default()))
        .collect();
    let expected = [
        ("absolute-link-inside", "directory"),
        ("list", "directory"),
        ("with-index", "directory"),
        ("a.txt", "file"),
        ("absolute-link-out", "other"),
        ("broken", "other"),
        ("link-inside", "file"),
        ("link-out", "other"),
        ("loop", "other"),
    ];
    let expected = expected.into_iter().filter(|(name, _)| HAS_LINKS || !LINKS.contains(name));
    assert_eq!(kinds, expected.collect::<Vec<_>>());
    for entry in entries {
        let href = entry["href"].as_str().map(|href| href.replacen("./", "/", 1));
        assert_eq!(href.is_some(), entry["type"] != "other");
        if let Some(href) = href {
            assert_eq!(get(&site, &href).0, 200, "{href}");
        }
    }
}

#[test]
fn listings_sort_by_each_column_with_folders_first() {
    let (_outside, root) = folder();
    for (name, size, day) in [("s/B", 1, 3), ("s/a", 3, 2), ("s/c", 2, 1)] {
        write(&root, name, &"x".repeat(size));
        let file = fs::File::options().write(true).open(root.join(name)).expect("opened");
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(day * 86400);
        file.set_modified(time).expect("set");
    }
    fs::create_dir(root.join("s/z")).expect("created");
    let site = site(&root);
    let table = [
        ("", "zaBc"),
        ("&sort=name&order=desc", "zcBa"),
        ("&sort=size", "zBca"),
        ("&sort=size&order=desc", "zacB"),
        ("&sort=modified", "zcaB"),
        ("&sort=modified&order=desc", "zBac"),
        ("&sort=nonsense&order=nonsense", "zaBc"),
    ];
    for (query, expected) in table {
        let listing = text(ask(&site, &format!("GET /s/?format=json{query}"), "").body);
        let listing: serde_json::Value = serde_json::from_str(&listing).expect("JSON");
        let names = listing["entries"].as_array().expect("a list").iter();
        let names: String = names.map(|entry| entry["name"].as_str().expect("a name")).collect();
        assert_eq!(names, expected, "{query}");
    }
}

#[test]
fn names_in_a_listing_are_escaped_and_their_links_lead_to_them() {
    let (_outside, root) = folder();
    let names = [
        "<b>&\"'.txt",
        "a b",
        "100%",
        "%2e%2e",
        "#",
        "?q=1",
        "javascript:alert(1)",
        "new\nline",
        "中文",
        "x\\y",
        "..\\..\\a",
    ];
    let is_possible = |name: &&str| why_impossible(name.as_bytes()).is_none();
    let names: Vec<_> = names.into_iter().filter(is_possible).collect();
    for name in &names {
        write(&root, &format!("odd/{name}"), name);
    }
    let page = text(ask(&site(&root), "GET /odd/", "Accept: text/html\r\n").body);
    for (name, shown) in [
        ("<b>&\"'.txt", "&lt;b&gt;&amp;&quot;'.txt"),
        ("new\nline", "new␊line"),
        ("x\\y", "x\\y"),
        ("#", "\">#<"),
    ] {
        assert_eq!(page.contains(shown), names.contains(&name), "{shown}: {page}");
    }
    assert!(!page.contains("<b>") && !page.contains("href=\"javascript"), "{page}");
    let site = site(&root);
    let hrefs = page.split("href=\"./").skip(1).map(|rest| rest.split('"').next().expect("it ends"));
    let served: Vec<_> = hrefs.map(|href| get(&site, &format!("/odd/{href}")).1).collect();
    let hidden = names.iter().filter(|name| name.starts_with('.')).count();
    assert_eq!(served.len(), names.len() - hidden);
    assert!(served.iter().all(|body| names.contains(&body.as_str())), "{served:?}");
}

#[test]
fn a_gallery_is_a_button_that_works_without_scripts_where_there_are_pictures() {
    let (_outside, root) = folder();
    let (strange, its_link) =
        if cfg!(unix) { ("p/\"><b>.png", "./%22%3E%3Cb%3E.png") } else { ("p/&ü.png", "./%26%C3%BC.png") };
    for name in ["p/a.JPG", "p/b.txt", strange, "p/c.jpg/d.txt", "t/b.txt", "p/no.jpg.txt"] {
        write(&root, name, name);
    }
    let large = fs::File::create(root.join("p/large.png")).expect("created");
    large.set_len(20_000_001).expect("made long");
    let site = site(&root);
    let page = |target: &str| text(ask(&site, &format!("GET {target}"), "Accept: text/html\r\n").body);
    let pictures = |page: &str| -> Vec<String> {
        let parts = page.split("<img alt=\"\" loading=\"lazy\" decoding=\"async\" src=\"").skip(1);
        parts.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
    };
    let order = "<input type=\"hidden\" name=\"sort\" value=\"size\">\
                 <input type=\"hidden\" name=\"order\" value=\"desc\">";
    let list_button = "<button name=\"view\" value=\"list\" aria-current=\"true\">List</button>";
    let button = "<button name=\"view\" value=\"gallery\">Gallery</button></form>";
    let views = format!("<form aria-label=\"View\">{order}{list_button}{button}");
    let (list, gallery) = (page("/p/?sort=size&order=desc"), page("/p/?sort=size&order=desc&view=gallery"));
    assert!(list.contains(&views) && list.contains("<main>") && pictures(&list).is_empty(), "{list}");
    assert!(gallery.contains("<main class=\"gallery\">"), "{gallery}");
    let mut found = pictures(&gallery);
    found.sort();
    assert_eq!(found, [its_link, "./a.JPG"]);
    let by_name = "<input type=\"hidden\" name=\"view\" value=\"gallery\"><button>Name</button>";
    assert!(gallery.contains(by_name), "{gallery}");
    let without = page("/t/?view=gallery");
    assert!(!without.contains("Gallery</button>") && without.contains("<main>"), "{without}");
}

/// The targets of all links in a page, and of all else that a program could take for one.
fn links(page: &str) -> Vec<&str> {
    let attributes = ["href=\"", "src=\"", "action=\"", "href='", "url("].iter();
    let targets = attributes.flat_map(|start| {
        let behind = page.split(start).skip(1);
        behind.map(|rest| rest.split(['"', '\'', ')']).next().unwrap_or_default())
    });
    targets.collect()
}

#[cfg(unix)]
#[test]
fn a_program_gets_the_children_and_the_way_up_and_nothing_else_to_follow() {
    let (_outside, root) = folder();
    for name in ["p/b &\"'<.txt", "p/javascript:alert(1)", "p/http.txt", "p/c/d.txt", "p/README", "p/a.png"] {
        write(&root, name, "x");
    }
    symlink("nowhere", root.join("p/broken")).expect("linked");
    let options = Options { script: true, ..options() };
    let site = Site::new(Root::open_path(&root, false).expect("it can be read"), options);
    let expected =
        ["../", "c/", "a.png", "b%20%26%22%27%3C.txt", "./http.txt", "javascript%3Aalert%281%29", "README"];
    for accept in [
        "",
        "Accept: */*\r\n",
        "Accept: text/*\r\n",
        "Accept: image/png\r\n",
        "Accept: text/html;q=0, */*\r\n",
    ] {
        for query in ["", "?sort=name", "?view=gallery"] {
            let response = ask(&site, &format!("GET /p/{query}"), accept);
            assert_eq!(response.headers.get("vary"), Some("Accept"));
            let page = text(response.body);
            assert_eq!(links(&page), expected, "{accept:?}: {page}");
            assert!(
                !page.contains("<script") && !page.contains("<form") && !page.contains("<style"),
                "{page}"
            );
        }
    }
    let page = text(ask(&site, "GET /", "").body);
    assert!(!links(&page).contains(&"../"), "above the root is nothing: {page}");
    assert!(page.contains("<a href=\"a.txt\">a.txt</a>"), "{page}");
    for target in links(&page) {
        assert_eq!(ask(&site, &format!("GET /{target}"), "").status, Status::OK, "{target}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_marked_and_what_is_not_served_says_why_in_every_order() {
    let (outside, root) = folder();
    write(&root, "p/a.txt", "x");
    write(&root, "p/in/b.txt", "x");
    for (to, from) in [("a.txt", "to-a"), ("in", "to-in"), ("nowhere", "broken")] {
        symlink(to, root.join("p").join(from)).expect("linked");
    }
    symlink(outside.path(), root.join("p/out")).expect("linked");
    let site = site(&root);
    for query in ["", "?sort=size", "?sort=modified&order=desc", "?view=gallery", "?pick"] {
        let page = text(ask(&site, &format!("GET /p/{query}"), "Accept: text/html\r\n").body);
        for (name, mark) in [
            ("a.txt</a>", "<td>"),
            ("in/</a>", "<td>"),
            ("to-a</a>", "<i>link</i><td>"),
            ("to-in/</a>", "<i>link</i><td>"),
            ("broken</span>", "<i>not served: a link that leads nowhere, or out of this folder</i><td>"),
            ("out</span>", "<i>not served: a link that leads nowhere, or out of this folder</i><td>"),
        ] {
            assert!(page.contains(&format!(">{name}{mark}")), "{query}: {name}");
        }
    }
}

#[test]
fn on_the_page_for_people_only_what_is_there_can_be_followed() {
    let (_outside, root) = folder();
    for name in ["p/q/a.png", "p/q/b/c.txt", "p/q/README.md", "p/q/many.txt"] {
        write(&root, name, "x");
    }
    let site = site(&root);
    for query in ["", "?sort=size&order=desc", "?view=gallery", "?format=html"] {
        let page = text(ask(&site, &format!("GET /p/q/{query}"), "Accept: text/html,*/*;q=0.8\r\n").body);
        // A README has a style sheet of its own behind the head.
        let (_, body) = page.split_once("</head>").expect("a head");
        let mut found = links(body);
        found.sort_unstable();
        found.dedup();
        // A place in the page itself is nothing to follow.
        let expected = ["#end", "../", "./README.md", "./a.png", "./b/", "./many.txt", "/"];
        assert_eq!(found, expected, "{query}: {page}");
    }
    // `?format=` counts, whatever Accept says.
    let page = text(ask(&site, "GET /p/q/?format=html", "").body);
    assert!(page.contains("<button name=\"archive\" value=\"zip\">"), "{page}");
}

#[test]
fn a_large_listing_is_made_in_short_steps_and_to_head_not_at_all() {
    let (_outside, root) = folder();
    fs::create_dir(root.join("many")).expect("created");
    // Names that would be in another order by their bytes.
    for number in 0..3000 {
        write(&root, &format!("many/n{number}"), "x");
    }
    let site = Site::new(
        Root::open_path(&root, false).expect("it can be read"),
        Options { script: true, ..options() },
    );
    let forms = [
        ("text/html", "<tr><td><a href=\"./n"),
        ("*/*", "\n<a href=\"n"),
        ("application/json", "{\"name\":\"n"),
    ];
    for (accept, row) in forms {
        let Body::Stream(mut stream) = ask(&site, "GET /many/", &format!("Accept: {accept}\r\n")).body else {
            panic!("{accept}: it is all there at once");
        };
        let (mut steps, mut bytes) = (0, Vec::new());
        loop {
            steps += 1;
            match stream.next() {
                Next::Busy => {}
                Next::Piece(piece) => {
                    let rows = memchr::memmem::find_iter(&piece, row).count();
                    assert!(
                        piece.len() < 100_000 && rows <= 128,
                        "{accept}: {} bytes, {rows} rows",
                        piece.len()
                    );
                    bytes.extend(piece);
                }
                Next::End => break,
                other => panic!("{other:?}"),
            }
        }
        // At most 128 rows are made in a step.
        assert!(steps > 3000 / 128, "{accept}: {steps}");
        let page = String::from_utf8(bytes).expect("text");
        let at = |name: &str| page.find(name).unwrap_or_else(|| panic!("{name} in {page}"));
        assert!(at("n2\"") < at("n10\"") && at("n10\"") < at("n2999\""), "{accept}");
        assert_eq!(page.matches("n1234\"").count(), if accept == "application/json" { 2 } else { 1 });
        assert_eq!(page.contains(".glass/reload.js"), accept == "text/html", "{accept}");
        if accept == "application/json" {
            let listing: serde_json::Value = serde_json::from_str(&page).expect("JSON");
            assert_eq!(listing["entries"].as_array().expect("a list").len(), 3000);
        }
    }
    // The stream that HEAD gets is dropped before it has done anything; its length is as unknown as to GET.
    assert_eq!(ask(&site, "HEAD /many/", "").body.length(), None);
}

#[test]
fn names_stand_as_people_count_and_spell_in_every_form() {
    let (_outside, root) = folder();
    let names = ["Affe", "Ämter", "emil", "émile", "file1", "file2", "file10", "Zebra"];
    for name in names {
        write(&root, &format!("s/{name}"), "");
    }
    let site = site(&root);
    for accept in ["text/html", "*/*", "application/json"] {
        let page = text(ask(&site, "GET /s/", &format!("Accept: {accept}\r\n")).body);
        let places: Vec<_> = names
            .iter()
            .map(|name| {
                page.rfind(&format!("/{}\"", encode_segment(name.as_bytes())))
                    .or_else(|| page.rfind(&format!("\"{}\"", encode_segment(name.as_bytes()))))
            })
            .collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{accept}: {places:?} {page}");
    }
}

#[test]
fn without_a_script_a_gallery_has_only_so_many_pictures() {
    let (_outside, root) = folder();
    for number in 0..600 {
        write(&root, &format!("many/{number}.png"), "");
    }
    let page = text(ask(&site(&root), "GET /many/?view=gallery", "Accept: text/html\r\n").body);
    assert_eq!(page.matches("<img ").count(), 500);
}

#[cfg(unix)]
#[test]
fn a_readme_stands_below_the_listing_rendered_if_it_is_markdown() {
    let (_outside, root) = folder();
    write(&root, "r/Readme.MD", "\n# A\n<script>alert(1)</script> & </pre>\n\n<img src=x onerror=alert(1)>");
    write(&root, "r/readme.txt", "\n<script>alert(1)</script> & </pre>");
    let site = site(&root);
    let page = text(ask(&site, "GET /r/", "Accept: text/html\r\n").body);
    let expected = "<p><a href=\"./Readme.MD\">Readme.MD as text</a></p></header><article id=\"md\">\
                    <h3 id=\"md-a\">A</h3>\n<pre>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;/pre&gt;\n</pre>\n\
                    <pre>&lt;img src=x onerror=alert(1)&gt;</pre>\n</article></section>";
    assert!(page.contains(expected) && !page.contains("readme.txt</h2>"), "{page}");
    let json = text(ask(&site, "GET /r/?format=json", "").body);
    assert!(!json.contains("script"), "{json}");
    // A link that leads out is none of them, whatever its name.
    fs::remove_file(root.join("r/Readme.MD")).expect("removed");
    symlink("../../secret.txt", root.join("r/README")).expect("linked");
    let page = text(ask(&site, "GET /r/", "Accept: text/html\r\n").body);
    let expected = "<h2 id=\"readme\">readme.txt</h2><pre>\n\n&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;/pre&gt;</pre>";
    assert!(page.contains(expected) && !page.contains("SECRET"), "{page}");
}

#[test]
fn each_address_has_its_qr_code_and_nothing_in_it_is_markup() {
    let (_outside, root) = folder();
    write(&root, "d/a&b's.txt", "a");
    let site = site(&root);
    let path = ask(&site, "GET /d/a%26b%27s.txt?qr", "");
    let policy = path.headers.get("content-security-policy").expect("one").to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    let table = [
        (
            "/d/a%26b%27s.txt?qr",
            "</a>a&amp;b's.txt</h1>",
            "<a href=\"./a%26b%27s.txt\">http://localhost/d/a%26b%27s.txt</a>",
        ),
        ("/d/?qr", "</a>d</h1>", "<a href=\"./\">http://localhost/d/</a>"),
        ("/?qr", "</a>/</h1>", "<a href=\"./\">http://localhost/</a>"),
    ];
    for (target, heading, link) in table {
        let (status, page) = get(&site, target);
        assert!(status == 200 && page.contains(heading) && page.contains(link), "{target}: {page}");
        assert!(
            page.contains("<svg role=\"img\"") && page.contains("Start the server with --lan"),
            "{target}"
        );
    }
    let to = |host: &str, target: &str| {
        let head = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let any = Options { hosts: Hosts::Any, ..options() };
        let site = Site::new(Root::open_path(&root, false).expect("it can be read"), any);
        text(site.respond(&Request::parse(head.as_bytes()).expect("a good head"), Instant::now()).body)
    };
    let page = to("a'&b:81", "/d/?qr");
    assert!(page.contains(">http://a'&amp;b:81/d/</a>") && !page.contains("--lan"), "{page}");
    // An index may have queries of its own, and what is not there has no address.
    assert_eq!(get(&site, "/with-index/?qr"), (200, "index".to_owned()));
    assert_eq!(get(&site, "/none?qr").0, 404);
    assert_eq!(get(&site, "/list?qr").0, 301);
}

#[test]
fn markdown_is_a_page_if_the_query_asks_for_that_alone() {
    let (_outside, root) = folder();
    write(&root, "d/a&b.md", "# A\n[c](c.md) ![d](d.png)");
    write(&root, "d/index.md", "# Index");
    write(&root, "d/bytes.md", "a\0b");
    write(&root, "d/long.md", &"a\n\n".repeat(100_000));
    write(&root, "d/.hidden.md", "hidden");
    let site = site(&root);
    let page = text(ask(&site, "GET /d/a%26b.md?markdown", "").body);
    let expected = "</a>a&amp;b.md</h1><p><a href=\"./a%26b.md\">As text</a> · <a href=\"./\">Its folder</a></p>\
                    </header><article id=\"md\"><h2 id=\"md-a\">A</h2>\n<p><a href=\"./c.md?markdown\">c</a> \
                    <img src=\"./d.png\" alt=\"d\" loading=\"lazy\"></p>\n</article></main>";
    assert!(page.contains(expected), "{page}");
    let response = ask(&site, "GET /d/a%26b.md?markdown", "");
    let policy = response.headers.get("content-security-policy").expect("one");
    assert!(policy.starts_with("default-src 'none'; img-src data: 'self'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("script-src"), "{policy}");
    let page = text(ask(&site, "GET /d/long.md?markdown", "").body);
    assert!(page.contains("This is the beginning. <a href=\"./long.md\">All of it as text</a>"));
    let table = [
        ("/d/a%26b.md?markdown=1", 200, "# A"),
        ("/d/a%26b.md?v=1&markdown", 200, "# A"),
        ("/d/a%26b.md?Markdown", 200, "# A"),
        ("/d/bytes.md?markdown", 200, "a\0b"),
        ("/a.txt?markdown", 200, "hello"),
        ("/d/?markdown", 200, "<!DOCTYPE html>"),
        ("/d/none.md?markdown", 404, "404"),
        ("/d/.hidden.md?markdown", 404, "404"),
    ];
    for (target, status, start) in table {
        let (found, body) = get(&site, target);
        assert!(found == status && body.starts_with(start), "{target}: {found} {body}");
    }
    let off = Site::new(
        Root::open_path(&root, false).expect("it can be read"),
        Options { listing: false, ..options() },
    );
    assert!(get(&off, "/d/a%26b.md?markdown").1.starts_with("# A"));
}

/// What is offered where something is not there, as a line names it.
fn offered(site: &Site, target: &str) -> Vec<String> {
    let (status, line) = get(site, target);
    assert_eq!(status, 404, "{target}");
    let offered = line.trim_end().split_once(", but there is ").map_or("", |(_, offered)| offered);
    offered.split(", ").filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Files in many folders, and pages that stand for theirs.
fn folder_with_near_names() -> (TempDir, std::path::PathBuf) {
    let (outside, root) = folder();
    for name in [
        "Photos/IMG_1.jpg",
        "Photos/2024/Deep.txt",
        "caf\u{e9}.txt",
        "report.pdf",
        "report.tar.gz",
        "report.txt",
        "report.zip",
        "page/index.html",
        "page/Secret.pdf",
        "page/inner/Shown.txt",
        ".Hidden/Name.txt",
        "with/.Env",
        "with/<b>'&.txt",
        "new\nLine",
        "wit\u{df}/x",
    ] {
        write(&root, name, "");
    }
    symlink("../secret.txt", root.join("Out.txt")).expect("linked");
    (outside, root)
}

#[cfg(unix)]
#[test]
fn where_nothing_is_the_answer_offers_what_is_near() {
    let (_outside, root) = folder_with_near_names();
    let site = || site(&root);
    let table: &[(&str, &[&str])] = &[
        ("/photos/img_1.JPG", &["/Photos/IMG_1.jpg"]),
        ("/PHOTOS/", &["/Photos/"]),
        ("/photos", &["/Photos/"]),
        ("/photos/2024/deep", &["/Photos/2024/Deep.txt"]),
        ("/cafe%CC%81.txt", &["/caf%C3%A9.txt"]),
        ("/caf%C3%89", &["/caf%C3%A9.txt"]),
        ("/WITSS/X", &["/wit%C3%9F/x"]),
        // Not more than so many.
        ("/Report", &["/report.pdf", "/report.tar.gz", "/report.txt"]),
        ("/report.TXT?x=1", &["/report.txt"]),
        ("/A.txt/", &["/a.txt"]),
        ("/a.txt/", &[]),
        ("/with/%3CB%3E'&.txt", &["/with/%3Cb%3E%27%26.txt"]),
        ("/NEW%0ALINE", &["/new%0ALine"]),
        ("/x/../photos/./img_1", &["/Photos/IMG_1.jpg"]),
        ("/nothing", &[]),
        ("/photos/nothing", &[]),
        ("/photos/img_1.jpg/more", &[]),
        ("/report.pdf/more", &[]),
        // What no listing would show.
        ("/.hidden/name.txt", &[]),
        ("/.HIDDEN", &[]),
        ("/with/.env", &[]),
        ("/out.txt", &[]),
        ("/page/secret.pdf", &[]),
        ("/page/secret", &[]),
        ("/PAGE/secret", &[]),
        ("/page/inner/shown", &["/page/inner/Shown.txt"]),
    ];
    for (target, expected) in table {
        assert_eq!(offered(&site(), target), *expected, "{target}");
    }
    let page = text(ask(&site(), "GET /with/%3CB%3E'&.TXT", "Accept: text/html\r\n").body);
    let link = "<p>Did you mean: <a href=\"/with/%3Cb%3E%27%26.txt\">/with/&lt;b&gt;'&amp;.txt</a></p>";
    assert!(page.contains(link), "{page}");
    let page = text(ask(&site(), "GET /new%0aLINE", "Accept: text/html\r\n").body);
    assert!(page.contains("<a href=\"/new%0ALine\">/new\u{240a}Line</a>"), "{page}");
    // HEAD is told as much as GET.
    let head = ask(&site(), "HEAD /photos", "");
    assert!(text(head.body).contains("/Photos/"));
}

#[cfg(unix)]
#[test]
fn what_is_near_is_offered_as_far_as_options_go() {
    let (_outside, root) = folder_with_near_names();
    let with = |path: &Path, change: fn(&mut Options)| {
        let mut options = options();
        change(&mut options);
        Site::new(Root::open_path(path, false).expect("it can be read"), options)
    };
    let hidden = |options: &mut Options| options.hidden = true;
    assert_eq!(offered(&with(&root, hidden), "/.hidden/name.TXT"), ["/.Hidden/Name.txt"]);
    let below = |options: &mut Options| options.base = BasePath::parse("/files").expect("a base path");
    assert_eq!(offered(&with(&root, below), "/files/photos"), ["/files/Photos/"]);
    assert_eq!(offered(&with(&root, below), "/Files/photos"), [""; 0]);
    let no_listing = |options: &mut Options| options.listing = false;
    assert_eq!(offered(&with(&root, no_listing), "/photos"), [""; 0]);
    assert_eq!(offered(&with(&root.join("a.txt"), |_| ()), "/A.TXT"), [""; 0]);
    // The folder's own page is as it is.
    write(&root, "404.html", "<p>lost");
    assert_eq!(get(&with(&root, |_| ()), "/photos"), (404, "<p>lost".into()));
    let (_, steps) = trace::record(|| get(&with(&root, |_| ()), "/photos"));
    assert!(steps.iter().any(|step| step.name == "near name" && step.text.contains("Photos/")), "{steps:?}");
}

#[cfg(unix)]
#[test]
fn in_large_folders_and_for_many_requests_nothing_is_looked_for() {
    let (_outside, root) = folder();
    for number in 0..1000 {
        write(&root, &format!("large/{number}"), "");
        write(&root, &format!("small/{}", number % 900), "");
    }
    write(&root, "large/A", "");
    write(&root, "small/A", "");
    let one = site(&root);
    assert_eq!((offered(&one, "/small/a").len(), offered(&one, "/large/a").len()), (1, 0));
    let one = site(&root);
    let (begin, mut served) = (Instant::now(), 0);
    for _ in 0..200 {
        served += offered(&one, "/small/a").len();
    }
    let seconds = usize::try_from(begin.elapsed().as_secs()).expect("not for ever");
    assert!((20..=20 * (seconds + 2)).contains(&served), "{served} in {seconds} seconds");
}

#[cfg(unix)]
#[test]
fn a_clean_url_with_a_slash_at_its_end_leads_to_the_page() {
    let (_outside, root) = folder();
    for name in ["about.html", "both.html", "both/x", "deep/a b.html", ".env.html"] {
        write(&root, name, name);
    }
    symlink("../secret.txt", root.join("out.html")).expect("linked");
    let with = |base: &str, clean_urls| {
        let options = Options { base: BasePath::parse(base).expect("a base path"), clean_urls, ..options() };
        Site::new(Root::open_path(&root, false).expect("it can be read"), options)
    };
    let table = [
        ("/about/", 308, Some("/about")),
        ("/about/?a=b&c", 308, Some("/about?a=b&c")),
        ("//about//", 308, Some("/about")),
        ("/about%2f", 308, Some("/about")),
        ("/about/.", 308, Some("/about")),
        ("/deep/a%20b/", 308, Some("/deep/a%20b")),
        ("/about", 200, None),
        ("/about.html", 200, None),
        ("/about.html/", 404, None),
        // A folder of that name is a folder.
        ("/both/", 200, None),
        ("/nothing/", 404, None),
        ("/.env/", 404, None),
        ("/out/", 403, None),
    ];
    for (target, status, location) in table {
        for (base, site) in [("", with("/", true)), ("/files", with("/files", true))] {
            let response = ask(&site, &format!("GET {base}{target}"), "");
            let expected = location.map(|location| format!("{base}{location}"));
            let seen = (response.status.code(), response.headers.get("location"));
            assert_eq!(seen, (status, expected.as_deref()), "{base}{target}");
        }
    }
    assert_eq!(get(&with("/", false), "/about/").0, 404);
}

#[cfg(unix)]
#[test]
fn a_visible_link_shows_what_is_hidden_behind_it() {
    let (_outside, root) = folder();
    write(&root, ".releases/42/index.html", "release 42");
    write(&root, ".releases/42/.env", "SECRET");
    write(&root, ".page.html", "page");
    symlink(".releases/42", root.join("current")).expect("linked");
    symlink(root.join(".page.html"), root.join("page.html")).expect("linked");
    let site = site(&root);
    assert_eq!(get(&site, "/current/"), (200, "release 42".into()));
    assert_eq!(get(&site, "/current/index.html"), (200, "release 42".into()));
    assert_eq!(get(&site, "/page.html"), (200, "page".into()));
    for target in ["/.releases/42/", "/.page.html", "/current/.env", "/current/../.page.html"] {
        assert_eq!(get(&site, target).0, 404, "{target}");
    }
    let listing = get(&site, "/?format=json").1;
    assert!(listing.contains("./current/") && listing.contains("./page.html"), "{listing}");
}

#[test]
fn programs_get_one_line_and_browsers_a_page() {
    let (_outside, root) = folder();
    let site = site(&root);
    let (status, line) = get(&site, "/nowhere");
    assert_eq!((status, line.as_str()), (404, "404 Not Found: there is nothing here\n"));
    let page = ask(&site, "GET /nowhere", "Accept: text/html,*/*;q=0.8\r\n");
    assert!(page.headers.get("content-security-policy").is_some());
    assert!(text(page.body).contains("There is nothing here."));
}

#[test]
fn a_change_that_hides_behind_the_same_size_and_time_is_seen_while_the_file_is_young() {
    let (_outside, root) = folder();
    let site = site(&root);
    let time = fs::metadata(root.join("a.txt")).and_then(|metadata| metadata.modified()).expect("a time");
    let tag = ask(&site, "GET /a.txt", "").headers.get("etag").expect("a tag").to_owned();
    let again = |site: &Site| ask(site, "GET /a.txt", &format!("If-None-Match: {tag}\r\n")).status;
    for content in ["HELLO", "HeLLo", "hEllO"] {
        write(&root, "a.txt", content);
        let file = fs::File::options().write(true).open(root.join("a.txt")).expect("opened");
        file.set_modified(time).expect("set");
        assert_eq!(again(&site), Status::OK, "at once, though the clock may not have moved on");
        assert_eq!(text(ask(&site, "GET /a.txt", "").body), content);
    }
}

#[test]
fn a_file_from_the_future_was_last_modified_now() {
    let (_outside, root) = folder();
    let file = fs::File::options().write(true).open(root.join("a.txt")).expect("opened");
    file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(9999)).expect("set");
    let response = ask(&site(&root), "GET /a.txt", "");
    let date = crate::http::date::parse(response.headers.get("last-modified").expect("a date").as_bytes());
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    assert!(date.expect("a date") <= now);
}

#[cfg(unix)]
#[test]
fn a_trail_leads_to_its_file_as_long_as_it_stays_inside() {
    let (outside, root_path) = folder();
    write(&root_path, "d/e/f.txt", "f");
    symlink("d", root_path.join("link")).expect("linked");
    let root = Root::open_path(&root_path, false).expect("it can be read");
    let facts = |relative: &str| match root.open(relative.as_bytes()) {
        Ok(Opened::File(file)) => file.facts,
        other => panic!("{relative}: {other:?}"),
    };
    for relative in ["a.txt", "d/e/f.txt", "link/e/f.txt", "link-inside", "absolute-link-inside/b.txt"] {
        let (trail, then) = (root.trail(relative.as_bytes()).expect("no NUL"), facts(relative));
        assert!(root.still_leads_to(&trail, &then), "{relative}");
        assert!(!root.still_leads_to(&trail, &Facts { length: then.length + 1, ..then }), "{relative}");
    }
    let (trail, then) = (root.trail(b"d/e/f.txt").expect("no NUL"), facts("d/e/f.txt"));
    let (linked, behind) = (root.trail(b"link/e/f.txt").expect("no NUL"), facts("link/e/f.txt"));
    // The very same file, but outside, and links where the folders were.
    fs::rename(root_path.join("d"), outside.path().join("d")).expect("renamed");
    assert!(!root.still_leads_to(&trail, &then) && !root.still_leads_to(&linked, &behind));
    symlink("../d", root_path.join("d")).expect("linked");
    assert!(!root.still_leads_to(&trail, &then) && !root.still_leads_to(&linked, &behind));
    // And back.
    fs::remove_file(root_path.join("d")).expect("removed");
    fs::rename(outside.path().join("d"), root_path.join("d")).expect("renamed");
    assert!(root.still_leads_to(&trail, &then) && root.still_leads_to(&linked, &behind));
}

#[test]
fn many_ascending_parts_are_sent_as_long_as_they_are_less_than_the_whole() {
    let (_outside, root) = folder();
    fs::write(root.join("large"), vec![b'x'; 1_000_000]).expect("written");
    let site = site(&root);
    let set = |count: usize, step: usize, length: usize| {
        let specs: Vec<_> = (0..count).map(|n| format!("{}-{}", n * step, n * step + length - 1)).collect();
        format!("Range: bytes={}\r\n", specs.join(","))
    };
    let table = [
        ("20 apart", set(20, 10_000, 100), 206),
        ("2000 apart", set(2000, 200, 100), 206),
        ("17 that touch", set(17, 100, 100), 206),
        ("with their heads more than the whole", set(1000, 1000, 900), 200),
    ];
    for (name, fields, status) in table {
        let response = ask(&site, "GET /large", &fields);
        assert_eq!(response.status.code(), status, "{name}");
        let length = response.body.length().expect("it is known");
        assert!(length <= 1_000_000, "{name}: {length}");
        assert!(response.body.memory() < 32 * 32 * 1024, "{name}: {}", response.body.memory());
        let parts = if let Body::Pieces(pieces) = &response.body { pieces.len() / 2 } else { 1 };
        let expected = if name.ends_with("apart") { fields.split(',').count() } else { 1 };
        assert_eq!(parts, expected, "{name}");
    }
}
