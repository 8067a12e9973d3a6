//! Searching below a folder, from outside: what stands in the answer, and who gets one.

use crate::support::{Server, as_text, folder, wait_until};
use std::fs;
use std::process::Command;

/// The head and the body of an answer, as curl prints them.
fn curl(server: &Server, path: &str, options: &[&str]) -> String {
    let mut command = Command::new("curl");
    command.args(["-q", "-sS", "-i", "--noproxy", "*", "--max-time", "60"]).args(options);
    let end = command.arg(server.url(path)).output().expect("these tests need curl");
    assert!(end.status.success(), "{}", as_text(&end.stderr));
    as_text(&end.stdout)
}

#[test]
fn what_is_below_a_folder_is_found_by_its_name_and_its_links_lead_there() {
    let site = folder(&[("a/b/Ämter 2024.txt", "found"), ("a/b/c/other.txt", ""), ("Ämter 2024.md", "")]);
    let server = Server::start(site.path(), &["--base-path", "/base"]);
    let reply = curl(&server, "/base/a/?search=amter+2024&format=json", &[]);
    let (_, body) = reply.split_once("\r\n\r\n").expect("a head");
    let json: serde_json::Value = serde_json::from_str(body).expect("it is JSON");
    assert_eq!((&json["path"], &json["search"]), (&"/base/a/".into(), &"amter 2024".into()));
    let entries = json["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), 1, "{json}");
    let link = entries[0]["href"].as_str().and_then(|link| link.strip_prefix("./")).expect("a link");
    assert_eq!(server.get(&format!("/base/a/{link}")).text(), "found");
    let page = curl(&server, "/base/a/?search=amter+2024", &["-H", "Accept: text/html"]);
    for part in
        ["\r\nVary: Accept\r\n", "href=\"./b/%C3%84mter%202024.txt\"", "<p>1 found. 4 names looked at.</p>"]
    {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[test]
fn where_nothing_is_listed_nothing_is_searched() {
    let site = folder(&[("a/secret.txt", ""), ("i/index.html", "index"), ("i/secret.txt", "")]);
    let server = Server::start(site.path(), &["--no-listing"]);
    assert_eq!(server.get("/a/?search=secret").status, 403);
    let server = Server::start(site.path(), &[]);
    assert_eq!(server.get("/i/?search=secret").text(), "index", "a folder with an index is that");
    assert_eq!(server.get("/a/secret.txt?search=x").text(), "");
}

#[test]
fn a_search_ends_with_its_client_and_holds_nobody_up() {
    let site = folder(&[]);
    for folder in 0..20 {
        let at = site.path().join(folder.to_string());
        fs::create_dir(&at).expect("made");
        fs::write(at.join("0"), "").expect("written");
        (1..500).for_each(|name| fs::hard_link(at.join("0"), at.join(name.to_string())).expect("linked"));
    }
    let server = Server::start(site.path(), &["--threads", "1"]);
    // Sockets, and what is open in the folder.
    let open = || {
        let all = fs::read_dir(format!("/proc/{}/fd", server.process.id())).expect("it runs");
        let links = all.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
        links.filter(|to| to.starts_with(site.path()) || to.to_string_lossy().starts_with("socket:")).count()
    };
    let mut other = server.connect();
    // When it has answered, all is open that stays open.
    assert_eq!(other.get("/0/0").status, 200);
    let before = open();
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let mut client = server.connect();
            client.send("GET /?search=nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
            client
        })
        .collect();
    assert_eq!(other.get("/1/0").status, 200);
    drop(clients);
    wait_until("all to be closed", || (open() <= before).then_some(()));
}
