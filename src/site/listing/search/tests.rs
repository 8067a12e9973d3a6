//! What a search finds, what it never sees, and that it ends.

// What only some of the tests use, which are for systems with links and modes.
#![cfg_attr(windows, allow(unused_imports, dead_code))]

use super::super::Places;
use super::walk::{Hit, MAX_HITS, MAX_NAMES, Stopped};
use super::*;
use crate::answer::{Next, Stream};
use crate::http::Request;
use crate::site::Options;
use crate::site::effort::Effort;
use std::fs::{self, Permissions};
#[cfg(unix)]
use std::os::unix::ffi::OsStrExt;
#[cfg(unix)]
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use tempfile::TempDir;

/// A folder with these files, and what lies beside it.
fn tree(files: &[&str]) -> (TempDir, Arc<Root>) {
    let outer = tempfile::tempdir().expect("a folder");
    fs::create_dir(outer.path().join("site")).expect("made");
    for file in files {
        let path = outer.path().join(file);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, "12345").expect("written");
    }
    let root = Arc::new(Root::open_path(&outer.path().join("site"), false).expect("a folder"));
    (outer, root)
}

fn walk(root: &Arc<Root>, path: &str, term: &str, hidden: bool) -> Walk {
    let directory = crate::base::platform::open::harmlessly(&root.path().join(path)).expect("a folder");
    let path = DecodedPath::decode(format!("/{path}").as_bytes()).expect("a path");
    Walk::new(root, directory, &path, Words::of(term), hidden)
}

/// The paths of what is found, in order.
fn found(mut walk: Walk) -> (Vec<String>, Outcome) {
    let mut paths = Vec::new();
    let mut hit = |hit: &Hit<'_>| {
        let path = [hit.below, hit.entry.name].concat();
        paths.push(String::from_utf8_lossy(&path).into_owned());
    };
    while walk.step(stream::STEP, &mut hit) {}
    (paths, walk.outcome)
}

/// An answer, whole, to a request for this target with these fields.
fn answer(listings: &Listings, root: &Arc<Root>, target: &str, fields: &str) -> (Response, String) {
    let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
    let request = Request::parse(head.as_bytes()).expect("a good one");
    let (path, query) = target.split_once('?').expect("a query");
    let directory = crate::base::platform::open::harmlessly(&root.path().join(&path[1..])).expect("a folder");
    let path = DecodedPath::decode(path.as_bytes()).expect("a path");
    let options = Options::default();
    let query = Some(query.as_bytes());
    let response =
        listings.respond(root, directory, &path, (query, &request.fields), &options, (Effort::Full, None));
    let mut response = response.expect("it is answered");
    let text = match std::mem::take(&mut response.body) {
        Body::Stream(mut stream) => rest(&mut *stream),
        other => String::from_utf8(other.start(usize::MAX)).expect("text"),
    };
    (response, text)
}

fn about() -> About {
    let path = DecodedPath::decode(b"/").expect("a path");
    About { term: "x".to_owned(), path, base: BasePath::default() }
}

fn rest(stream: &mut dyn Stream) -> String {
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

#[test]
fn a_term_is_what_a_form_or_a_program_sends() {
    let long = "ä".repeat(MAX_TERM);
    let table = [
        ("search=holiday+77", Some("holiday 77")),
        ("search=holiday%2077&sort=size", Some("holiday 77")),
        ("format=json&search=a%2Bb", Some("a+b")),
        ("search=+%20+a+", Some("a")),
        ("search=%C3%84mter", Some("Ämter")),
        ("search=%ff", Some("\u{fffd}")),
        ("search=", None),
        ("search=+%09+", None),
        ("search", None),
        ("searching=a", None),
        ("", None),
        (&*format!("search={long}"), Some(&long[..MAX_TERM])),
    ];
    for (query, expected) in table {
        assert_eq!(term(Some(query.as_bytes())).as_deref(), expected, "{query}");
    }
    assert_eq!(term(None), None);
}

#[test]
fn a_name_has_all_words_in_it_in_whatever_letters() {
    let table = [
        ("holi 77", "IMG_77_Holiday.jpg", true),
        ("holi 78", "IMG_77_Holiday.jpg", false),
        ("amter", "Ämter.txt", true),
        ("ÄMTER", "amter.txt", true),
        ("a\u{308}mter", "\u{e4}mter", true),
        ("strasse", "Straße", true),
        ("ЁЛКА", "ёлка.png", true),
        ("中", "中文.md", true),
        (".*", "abc", false),
        ("a a", "a", true),
    ];
    for (term, name, expected) in table {
        assert_eq!(Words::of(term).are_in(name.as_bytes()), expected, "{term} in {name}");
    }
    assert!(Words::of("cafe").are_in(b"caf\xc3\xa9 \xff.txt"), "a name that is not UTF-8 as a whole");
}

#[test]
fn files_and_folders_are_found_in_the_order_of_listings_and_those_above_first() {
    let (_outer, root) = tree(&[
        "site/cat.txt",
        "site/Cats/10.txt",
        "site/Cats/cat2.jpg",
        "site/Cats/cat10.jpg",
        "site/b/deep/er/CAT.png",
        "site/b/other.txt",
        "site/zebra/bobcat",
    ]);
    let (paths, outcome) = found(walk(&root, "", "cat", false));
    let expected =
        ["cat.txt", "Cats", "b/deep/er/CAT.png", "Cats/cat2.jpg", "Cats/cat10.jpg", "zebra/bobcat"];
    assert_eq!(paths, expected);
    assert_eq!((outcome.hits, outcome.looked_at, outcome.stopped), (6, 12, None));
    assert_eq!(found(walk(&root, "b", "cat", false)).0, ["deep/er/CAT.png"]);
    assert_eq!(found(walk(&root, "", "dog", false)).0, [""; 0]);
}

#[cfg(unix)]
#[test]
fn what_is_hidden_or_leads_out_or_is_no_file_is_never_found() {
    let (outer, root) = tree(&[
        "site/x1",
        "site/.x-hidden",
        "site/.git/x2",
        "site/.glass-upload-0123456789abcdef",
        "secret/x3",
        "x-secret",
    ]);
    let site = outer.path().join("site");
    symlink("../secret", site.join("x-out")).expect("linked");
    symlink("../x-secret", site.join("x-file-out")).expect("linked");
    symlink("nowhere", site.join("x-nowhere")).expect("linked");
    symlink("x1", site.join("x-in")).expect("linked");
    let _socket = std::os::unix::net::UnixListener::bind(site.join("x-socket")).expect("bound");
    assert_eq!(found(walk(&root, "", "x", false)).0, ["x-in", "x1"]);
    let hidden = found(walk(&root, "", "x", true)).0;
    assert_eq!(hidden, [".x-hidden", "x-in", "x1", ".git/x2"]);
    assert_eq!(found(walk(&root, "", "glass-upload", true)).0, [""; 0]);
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_end_and_no_folder_is_looked_into_twice() {
    let (outer, root) = tree(&["site/a/b/x", "site/c/x"]);
    let at = |path: &str| outer.path().join("site").join(path);
    for (to, link) in [("..", "a/up"), (".", "a/b/self"), ("../../a", "a/b/around"), ("../c", "a/other")] {
        symlink(to, at(link)).expect("linked");
    }
    symlink(at("a"), at("absolute")).expect("linked");
    let (mut paths, outcome) = found(walk(&root, "", "x", false));
    paths.sort();
    assert_eq!((paths.len(), outcome.hits, outcome.unreadable_count), (2, 2, 0), "{paths:?}");
    // Of the folders around the first none is below it, by whatever link; one beside it is, by that link.
    let (mut below, _) = found(walk(&root, "a", "x", false));
    below.sort();
    assert_eq!(below, ["b/x", "other/x"]);
}

#[cfg(unix)]
#[test]
fn folders_that_cannot_be_looked_into_are_counted_and_named() {
    let (outer, root) = tree(&["site/open/x", "site/shut/x", "site/shut too/x"]);
    let shut: Vec<_> = ["shut", "shut too"].map(|name| outer.path().join("site").join(name)).into();
    for folder in &shut {
        fs::set_permissions(folder, Permissions::from_mode(0o000)).expect("the mode is set");
    }
    // Whoever may do everything can look into it all the same.
    let can_read = fs::read_dir(&shut[0]).is_ok();
    let (paths, outcome) = found(walk(&root, "", "x", false));
    if !can_read {
        assert_eq!(paths, ["open/x"]);
        assert_eq!(outcome.unreadable, [b"shut/".to_vec(), b"shut too/".to_vec()]);
    }
    for folder in &shut {
        fs::set_permissions(folder, Permissions::from_mode(0o700)).expect("the mode is set");
    }
    // Nobody can look into one that lies too deep.
    let deep = "d/".repeat(130);
    fs::create_dir_all(outer.path().join("site").join(&deep)).expect("made");
    let (_, outcome) = found(walk(&root, "", "x", false));
    let about = about();
    let said = forms::said(&about, &outcome).join(" ");
    assert_eq!(outcome.unreadable_count, 1);
    assert!(said.contains("Could not look into: d/d/d/"), "{said}");
    // Not all of very many are named.
    let many = Outcome {
        unreadable: vec![b"a/".to_vec(), b"<b>\x07/".to_vec()],
        unreadable_count: 1236,
        ..Outcome::default()
    };
    let said = forms::said(&about, &many).join(" ");
    assert!(said.ends_with("Could not look into: a/, <b>\u{2407}/ and 1,234 more."), "{said}");
}

#[test]
fn it_stops_at_so_many_hits_or_names_and_says_so() {
    let (outer, root) = tree(&[]);
    let site = outer.path().join("site");
    for number in 0..=MAX_HITS {
        fs::write(site.join(format!("x{number}")), "").expect("written");
    }
    let (paths, outcome) = found(walk(&root, "", "x", false));
    assert_eq!((paths.len(), outcome.stopped), (MAX_HITS, Some(Stopped::Hits)));
    let mut exactly = walk(&root, "", "x", false);
    exactly.outcome.looked_at = MAX_NAMES - 10;
    let (paths, outcome) = found(exactly);
    assert_eq!((paths.len(), outcome.stopped, outcome.looked_at), (10, Some(Stopped::Names), MAX_NAMES));
    fs::remove_file(site.join("x0")).expect("removed");
    let (paths, outcome) = found(walk(&root, "", "x", false));
    assert_eq!((paths.len(), outcome.stopped), (MAX_HITS, None), "these are all");
}

#[cfg(unix)]
#[test]
fn no_step_is_long_whatever_the_tree_is_like() {
    // Many small folders, many names in one, and many links.
    let (outer, root) = tree(&[]);
    let site = outer.path().join("site");
    fs::create_dir(site.join("many")).expect("made");
    for number in 0..5000 {
        fs::write(site.join(format!("many/{number}")), "").expect("written");
    }
    fs::create_dir(site.join("folders")).expect("made");
    for number in 0..500 {
        fs::create_dir(site.join(format!("folders/{number}"))).expect("made");
        symlink("../many/1", site.join(format!("folders/link{number}"))).expect("linked");
    }
    for term in ["7", "no such name"] {
        let mut walk = walk(&root, "", term, false);
        let (mut steps, mut hits, mut most, mut names, mut going) = (0, 0, 0, 0, true);
        while going {
            let before = (walk.outcome.looked_at, hits);
            going = walk.step(stream::STEP, &mut |_| hits += 1);
            steps += 1;
            names = names.max(walk.outcome.looked_at - before.0);
            most = most.max(hits - before.1);
        }
        // One more than the cost can be passed by: by the last name.
        assert!(names <= stream::STEP as u64 + 1, "{term}: {names} names in a step");
        assert!(most <= stream::STEP / 16 + 1, "{term}: {most} hits in a step");
        // 6,002 names are looked at, and read and sorted before that; 501 folders opened, 500 links followed.
        assert!(steps >= 6002 / stream::STEP + 1000 / 5, "{term}: {steps}");
    }
}

#[test]
fn a_hundred_thousand_names_are_searched_within_little_memory() {
    let (outer, root) = tree(&[]);
    let site = outer.path().join("site");
    for folder in 0..50 {
        let folder = site.join(format!("folder{folder}"));
        fs::create_dir(&folder).expect("made");
        fs::write(folder.join("IMG_0000.jpg"), "").expect("written");
        for name in 1..2000 {
            // One more name of a file is made faster than a file.
            fs::hard_link(folder.join("IMG_0000.jpg"), folder.join(format!("IMG_{name:04}.jpg")))
                .expect("linked");
        }
    }
    let mut walk = walk(&root, "", "img 1999", false);
    let (mut hits, mut most) = (0, 0);
    while walk.step(stream::STEP, &mut |_| hits += 1) {
        most = most.max(walk.size());
    }
    assert_eq!((hits, walk.outcome.looked_at), (50, 100_050));
    assert!(most < 1_000_000, "{most}");
}

#[cfg(unix)]
#[test]
fn each_form_says_the_same_in_its_own_way() {
    let hostile = "site/<b>&\"x\u{1}/http:x y.txt";
    let (outer, root) = tree(&["site/a.txt", hostile, "site/x/x"]);
    fs::write(outer.path().join("site").join(Path::new(std::ffi::OsStr::from_bytes(b"x\xff"))), "1")
        .expect("written");
    let listings = Listings::new(0);
    let ask = |target: &str, fields: &str| answer(&listings, &root, target, fields);
    let people = "Accept: text/html\r\n";
    let (response, page) = ask("/?search=%3Cx", people);
    assert!(
        page.contains("value=\"&lt;x\"")
            && page.contains("Nothing below / has &quot;&lt;x&quot; in its name."),
        "{page}"
    );
    assert_eq!(response.headers.get("vary"), Some("Accept"));
    let (_, page) = ask("/?search=x", people);
    for part in [
        "<a href=\"./%3Cb%3E%26%22x%01/http%3Ax%20y.txt\">http:x y.txt</a>",
        "<span>in <a href=\"./%3Cb%3E%26%22x%01/\">&lt;b&gt;&amp;&quot;x\u{2401}</a>/</span>",
        "<a href=\"./x/\">x/</a></td>",
        "<a href=\"./x%FF\">x\u{fffd}</a>",
        "<td>5 B</td>",
        "<p>6 found. 6 names looked at.</p>",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(page.ends_with("</html>"));
    let (_, links) = ask("/?search=x", "");
    for part in ["<a href=\"%3Cb%3E%26%22x%01/http%3Ax%20y.txt\">", "<a href=\"x/x\">x/x</a>", ">x/</a>"] {
        assert!(links.contains(part), "{part} in {links}");
    }
    assert_eq!(links.matches("<a ").count(), 6, "{links}");
    for (target, fields) in
        [("/?search=x&format=json", people), ("/?search=x", "Accept: application/json\r\n")]
    {
        let (response, json) = ask(target, fields);
        assert_eq!(response.headers.get("content-type"), Some("application/json"));
        let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!((&json["search"], &json["looked_at"]), (&"x".into(), &6.into()));
        let entries = json["entries"].as_array().expect("a list");
        let file = entries.iter().find(|entry| entry["name"] == "http:x y.txt").expect("it is found");
        assert_eq!(file["folder"], "<b>&\"x\u{1}/");
        assert_eq!((&file["size"], &file["type"]), (&5.into(), &"file".into()));
        assert!(json["stopped"].is_null() && json["unreadable"] == serde_json::json!([]), "{json}");
    }
    // Without a term it is the folder itself.
    assert!(ask("/?search=+", people).1.contains("Index of"));
}

#[test]
fn so_many_searches_are_made_at_once_and_the_first_words_of_each_come_at_once() {
    let (_outer, root) = tree(&["site/x"]);
    let listings = Listings { searches: Places::new(2, std::time::Duration::MAX), ..Listings::new(0) };
    let begin = || {
        let about = about();
        let mut search =
            Search::new(about, walk(&root, "", "x", false), Box::new(page::Page::new()), &listings);
        assert!(matches!(search.next(), Next::Piece(_)));
        search
    };
    let (mut first, mut second, mut third) = (begin(), begin(), begin());
    assert_eq!([first.next(), second.next(), third.next()], [Next::Busy, Next::Busy, Next::NotYet]);
    assert!(third.wake_at().is_some());
    drop(second);
    assert_eq!(third.next(), Next::Busy);
    let mut fourth = begin();
    fourth.stop();
    assert_eq!(fourth.next(), Next::Broken, "whoever only waits ends with the server");
    assert!(rest(&mut first).contains("1 found"));
}

#[test]
fn while_nothing_is_found_something_is_sent_so_that_it_shows_whether_anybody_reads() {
    let (_outer, root) = tree(&["site/y/y"]);
    let forms: [fn() -> Box<dyn Form>; 3] =
        [|| Box::new(page::Page::new()), || Box::new(forms::Links::new()), || Box::new(forms::Json::new())];
    for (form, expected) in forms.into_iter().zip(["<!-- -->", "<!-- -->", " "]) {
        let listings = Listings::new(0);
        let mut search = Search::new(about(), walk(&root, "", "x", false), form(), &listings);
        assert!(matches!(search.next(), Next::Piece(_)));
        assert_eq!(search.next(), Next::Busy);
        search.sent -= std::time::Duration::from_secs(1);
        assert_eq!(search.next(), Next::Piece(expected.into()));
        assert_eq!(search.next(), Next::Busy, "once for all steps of the next half second");
    }
}

#[test]
fn who_has_no_memory_left_stops_and_says_so() {
    let (_outer, root) = tree(&["site/x"]);
    let listings = Listings { memory: crate::base::budget::Budget::new(0), ..Listings::new(0) };
    let about = about();
    let mut search = Search::new(about, walk(&root, "", "x", false), Box::new(forms::Json::new()), &listings);
    let mut text = String::new();
    for _ in 0..1000 {
        match search.next() {
            Next::Piece(piece) => text.push_str(&String::from_utf8_lossy(&piece)),
            Next::End => break,
            _ => {}
        }
    }
    assert!(text.contains("\"stopped\":\"exhausted\""), "{text}");
}
