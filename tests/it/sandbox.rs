//! The sandbox: what can be done inside, tried from inside; and that the server's threads are.
//!
//! Where the kernel has no Landlock there is nothing to try, and these tests pass.

#![cfg(target_os = "linux")]

use crate::support::{Server, V4, folder, wait_until, write};
use glasshttp::base::platform::sandbox::{Extent, Rules};
use glasshttp::site::sandbox::{Sandbox, Who};
use std::fs::{self, File};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A folder to serve, and what lies beside it.
fn house() -> tempfile::TempDir {
    let outer = folder(&[("site/a.txt", "aaaaa"), ("site/sub/b.txt", "b"), ("secret", "secret")]);
    symlink("../secret", outer.path().join("site/link")).expect("linked");
    outer
}

fn rules(may_read_anywhere: bool, may_add: bool) -> Rules {
    Rules { may_read_anywhere, may_add }
}

/// Whether the kernel of this machine has it.
fn is_there() -> bool {
    let outer = house();
    inside(outer.path(), rules(false, false), |extent| !matches!(extent, Extent::None(_)))
}

/// Does this on a thread that is inside.
fn inside<T: Send + 'static>(
    house: &Path,
    rules: Rules,
    act: impl FnOnce(&Extent) -> T + Send + 'static,
) -> T {
    let site = File::open(house.join("site")).expect("it is there");
    std::thread::spawn(move || act(&rules.enforce(&site))).join().expect("no panic")
}

/// Whether it could be done, and if not, that the kernel did not let us.
fn may<T>(done: io::Result<T>) -> bool {
    match done {
        Ok(_) => true,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn from_inside_only_what_the_rules_allow_can_be_opened_made_or_removed() {
    if !is_there() {
        return;
    }
    let append = |path: &Path| File::options().append(true).open(path);
    type Try = (&'static str, fn(&Path) -> bool, [bool; 4]);
    // For: nothing more; may_add; may_read_anywhere; both.
    let table: &[Try] = &[
        ("a file of the folder", |at| may(File::open(at.join("site/a.txt"))), [true; 4]),
        ("a file below it", |at| may(File::open(at.join("site/sub/b.txt"))), [true; 4]),
        ("the folder's names", |at| may(fs::read_dir(at.join("site"))), [true; 4]),
        ("a file beside it", |at| may(File::open(at.join("secret"))), [false, false, true, true]),
        ("a link to that", |at| may(File::open(at.join("site/link"))), [false, false, true, true]),
        ("..", |at| may(File::open(at.join("site/../secret"))), [false, false, true, true]),
        ("the names beside it", |at| may(fs::read_dir(at)), [false, false, true, true]),
        ("the users", |_| may(File::open("/etc/passwd")), [false, false, true, true]),
        ("this process", |_| may(File::open("/proc/self/environ")), [false, false, true, true]),
        ("a new file", |at| may(File::create_new(at.join("site/new"))), [false, true, false, true]),
        (
            "its name",
            |at| may(fs::rename(at.join("site/a.txt"), at.join("site/c"))),
            [false, true, false, true],
        ),
        ("its removal", |at| may(fs::remove_file(at.join("site/sub/b.txt"))), [false, true, false, true]),
        ("a new file beside it", |at| may(File::create_new(at.join("new"))), [false; 4]),
        ("a folder", |at| may(fs::create_dir(at.join("site/folder"))), [false, true, false, true]),
        ("a folder beside it", |at| may(fs::create_dir(at.join("folder"))), [false; 4]),
        ("a link", |at| may(symlink("secret", at.join("site/new-link"))), [false; 4]),
        (
            "the removal of a folder",
            |at| may(fs::remove_dir(at.join("site/empty"))),
            [false, true, false, true],
        ),
        ("a program", |_| may(std::process::Command::new("/bin/sh").arg("-c").arg("").status()), [false; 4]),
    ];
    for (name, try_it, expected) in table {
        for (case, expected) in expected.iter().enumerate() {
            let outer = house();
            fs::create_dir(outer.path().join("site/empty")).expect("made");
            let (at, try_it) = (outer.path().to_owned(), *try_it);
            let rules = rules(case >= 2, case % 2 == 1);
            // What is inside starts others, which are inside as well.
            let did = inside(outer.path(), rules, move |_| {
                std::thread::spawn(move || try_it(&at)).join().expect("no panic")
            });
            assert_eq!(did, *expected, "{name}, with {rules:?}");
        }
    }
    let outer = house();
    let at = outer.path().to_owned();
    let writes = inside(outer.path(), rules(true, false), move |_| may(append(&at.join("secret"))));
    assert!(!writes, "what may be read may not be written");
}

#[test]
fn from_inside_nobody_can_be_connected_to_and_no_port_be_opened() {
    let outer = house();
    let listener = TcpListener::bind((V4, 0)).expect("a port");
    let address = listener.local_addr().expect("bound");
    for may_read_anywhere in [false, true] {
        let did = inside(outer.path(), rules(may_read_anywhere, true), move |extent| {
            // Older kernels do not know these rules.
            (*extent == Extent::Full)
                .then(|| (may(TcpStream::connect(address)), may(TcpListener::bind((V4, 0)))))
        });
        assert!(did.is_none_or(|did| did == (false, false)), "{did:?}");
    }
}

#[test]
fn when_the_folder_is_another_one_an_opener_opens_what_is_in_it_and_nothing_else() {
    if !is_there() {
        return;
    }
    let outer = house();
    let at = outer.path();
    let (site, secret) = (at.join("site"), at.join("secret"));
    let sandbox = Sandbox::new(site.clone(), rules(false, false));
    let openers = sandbox.openers();
    let opener = || {
        let now = fs::metadata(at.join("site")).expect("it is there");
        openers.of((now.dev(), now.ino()))
    };
    let ask = |path: &Path| {
        let path = path.to_owned();
        match opener() {
            Who::Opener(opener) => opener.run(move || may(fs::read(path))),
            Who::Ourselves | Who::Nobody => None,
        }
    };
    let open = |path: &Path| may(fs::read(path));
    let (site, secret) = (&site, &secret);
    let replace = || {
        fs::rename(site, at.join("before")).expect("moved");
        write(site, "a.txt", "new");
    };
    // It is replaced from outside: inside nobody could.
    let (order, orders) = std::sync::mpsc::channel::<()>();
    let (report, done) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for () in orders {
                replace();
                let _ = fs::remove_dir_all(at.join("before"));
                report.send(()).expect("it waits");
            }
        });
        let ran = sandbox.run(move |line| {
            assert!(line.contains("no others"), "{line}");
            assert_eq!((open(&site.join("a.txt")), open(secret)), (true, false));
            assert_eq!(ask(&site.join("a.txt")), None, "there is no need");
            for _ in 0..3 {
                order.send(()).expect("it listens");
                done.recv().expect("it is replaced");
                assert!(!open(&site.join("a.txt")));
                assert_eq!((ask(&site.join("a.txt")), ask(secret)), (Some(true), Some(false)));
                let Who::Opener(opener) = opener() else { panic!("there is none") };
                assert_eq!(opener.run(|| panic!("it is caught")), None::<()>);
                assert_eq!(ask(&site.join("a.txt")), Some(true), "a panic costs nobody else anything");
            }
        });
        ran.expect("it was started");
    });
}

// ---- the server

/// Whether each of a process's threads is inside, by its name: to go in, it has to give up new privileges.
fn threads(server: &Server) -> Vec<(String, bool)> {
    let process = format!("/proc/{}/task", server.process.id());
    let read = |path: std::path::PathBuf| fs::read_to_string(path).unwrap_or_default();
    let threads = fs::read_dir(process).expect("it runs").map(|thread| thread.expect("it runs").path());
    let inside = |status: String| status.lines().any(|line| line == "NoNewPrivs:\t1");
    threads
        .map(|thread| (read(thread.join("comm")).trim().to_owned(), inside(read(thread.join("status")))))
        .collect()
}

#[test]
fn all_threads_that_face_clients_are_inside_unless_that_is_not_wanted() {
    if !is_there() {
        return;
    }
    let outer = house();
    let options = ["--threads", "3", "--log", "common", "--inspect"];
    for (more, expected) in [(&[][..], true), (&["--no-sandbox"], false)] {
        let server = Server::start(&outer.path().join("site"), &[&options, more].concat());
        assert_eq!(server.get("/a.txt").text(), "aaaaa");
        let workers = wait_until("all workers", || {
            let threads = threads(&server);
            let workers: Vec<_> =
                threads.into_iter().filter(|(name, _)| name.starts_with("worker-")).collect();
            (workers.len() == 3).then_some(workers)
        });
        assert!(workers.iter().all(|(_, is_inside)| *is_inside == expected), "{workers:?}");
        if expected {
            let inside = |name: &str| threads(&server).iter().filter(|thread| thread.0 == name).count();
            // A thread has the name of the one that began it until it gives itself another.
            wait_until("each to have a name of its own", || {
                ((inside("server"), inside("log")) == (1, 1)).then_some(())
            });
            let outside: Vec<_> = threads(&server).into_iter().filter(|(_, is_inside)| !is_inside).collect();
            let names: Vec<_> = outside.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["glasshttp", "signals"], "they take nothing from clients");
        }
        let end = server.stop();
        assert_eq!((end.code, end.stderr), (Some(0), vec![]));
    }
}

#[test]
fn the_explanation_says_at_the_start_what_the_sandbox_is() {
    if !is_there() {
        return;
    }
    let outer = house();
    let table: &[(&[&str], &str)] = &[
        (&[], "those of the folder can be read and no others, and none be written"),
        (&["--upload"], "can be read or added and no others"),
        (&["--follow-links"], "no file can be written; for --follow-links"),
        (&["--no-sandbox"], "Sandbox: none, as --no-sandbox says"),
    ];
    for (options, part) in table {
        let server = Server::start(&outer.path().join("site"), &[&["--explain"], *options].concat());
        assert_eq!(server.get("/a.txt").text(), "aaaaa");
        let lines = server.stop().stdout;
        assert!(lines[1].starts_with("Sandbox: ") && lines[1].contains(part), "{options:?}: {lines:?}");
    }
}

#[test]
fn a_folder_that_is_removed_and_made_anew_is_served_and_added_to_as_before() {
    let outer = house();
    let site = outer.path().join("site");
    let options = ["--explain", "--upload", "--overwrite", "--precompressed", "--threads", "1"];
    let server = Server::start(&site, &options);
    let mut client = server.connect();
    assert_eq!(client.get("/a.txt").text(), "aaaaa");
    // Several times: the system is quick to use a number again that is free.
    for _ in 0..4 {
        fs::remove_dir_all(&site).expect("removed");
        assert_eq!(client.get("/a.txt").status, 404);
        write(&site, "a.txt", "newer");
        assert_eq!(client.get("/a.txt").text(), "newer");
    }
    fs::remove_dir_all(&site).expect("removed");
    write(&site, "a.txt", "new");
    write(&site, "a.txt.gz", "packed");
    write(&site, "sub/c.txt", "c");
    symlink("../secret", site.join("link")).expect("linked");
    for _ in 0..2 {
        assert_eq!(client.get("/a.txt").text(), "new");
        assert_eq!(client.get_with("/a.txt", "Accept-Encoding: gzip\r\n").text(), "packed");
        assert!(client.get("/").text().contains("sub/"));
        assert_eq!((client.get("/link").status, client.get("/gone").status), (403, 404));
    }
    let put = |name: &str, content: &str| {
        format!(
            "PUT {name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{content}",
            content.len()
        )
    };
    for (name, status) in [("/sub/new.txt", 201), ("/a.txt", 204)] {
        client.send(put(name, "sent"));
        assert_eq!(client.reply().status, status, "{name}");
        assert_eq!(client.get(name).text(), "sent");
    }
    // A client that goes away leaves nothing behind.
    let mut leaver = server.connect();
    leaver.send("PUT /half HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
    assert_eq!(leaver.head().status, 100);
    drop(leaver);
    let mut expected = vec!["a.txt", "a.txt.gz", "link", "sub"];
    expected.sort_unstable();
    wait_until("the rest of it to be removed", || {
        let names = fs::read_dir(&site).expect("it is there").map(|name| name.expect("named").file_name());
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        (names == expected).then_some(())
    });
    drop(client);
    let end = server.stop();
    let asked = end.stdout.iter().any(|line| line.contains("? sandbox"));
    assert_eq!(asked, is_there(), "{:?}", end.stdout);
    assert_eq!(end.code, Some(0));
}

#[test]
fn an_opener_is_for_the_folder_that_it_went_to_and_for_no_other() {
    if !is_there() {
        return;
    }
    let outer = folder(&[("site/a", ""), ("other/a", "")]);
    let identity = |name: &str| {
        let metadata = fs::metadata(outer.path().join(name)).expect("it is there");
        (metadata.dev(), metadata.ino())
    };
    let (first, other) = (identity("site"), identity("other"));
    let sandbox = Sandbox::new(outer.path().join("site"), rules(false, false));
    let openers = sandbox.openers();
    let ran = sandbox.run(move |_| {
        assert!(matches!(openers.of(first), Who::Ourselves));
        // By the time that somebody could go there, the path leads to the first one again.
        assert!(matches!(openers.of(other), Who::Nobody));
    });
    ran.expect("it was started");
}

#[test]
fn while_the_folder_is_replaced_again_and_again_it_is_served_or_not_there_and_never_forbidden() {
    let outer = folder(&[]);
    let (site, next, before) =
        (outer.path().join("site"), outer.path().join("next"), outer.path().join("before"));
    let make = |at: &Path| {
        write(at, "a.txt", "aaaaa");
        write(at, "sub/index.html", "index");
        symlink(site.join("a.txt"), at.join("link")).expect("linked");
    };
    make(&site);
    let server = Server::start(&site, &["--threads", "2", "--log", "off"]);
    let (done, replaced) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                if replaced.fetch_add(1, Ordering::Relaxed) % 2 == 0 {
                    fs::remove_dir_all(&site).expect("removed");
                    make(&site);
                } else {
                    make(&next);
                    fs::rename(&site, &before).expect("moved");
                    fs::rename(&next, &site).expect("moved");
                    fs::remove_dir_all(&before).expect("removed");
                }
            }
        });
        let clients: Vec<_> = (0..3)
            .map(|_| {
                let mut client = server.connect();
                scope.spawn(move || {
                    let targets = ["/a.txt", "/sub/", "/link", "/?format=json", "/nothing"];
                    let ask = |target: &str| (target.to_owned(), client.get(target).status);
                    targets.into_iter().cycle().take(1500).map(ask).collect::<Vec<_>>()
                })
            })
            .collect();
        let answers: Vec<_> = clients.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        for (target, status) in answers.into_iter().flat_map(|answers| answers.expect("it is answered")) {
            assert!(matches!(status, 200 | 404), "{target}: {status}");
        }
    });
    assert!(replaced.into_inner() > 1);
    assert_eq!((server.get("/a.txt").text().as_str(), server.get("/link").status), ("aaaaa", 200));
    assert_eq!(server.stop().stderr, Vec::<String>::new());
}

#[test]
fn an_upload_ends_in_the_folder_where_it_began_whichever_takes_its_place_meanwhile() {
    let outer = folder(&[("1/a", "1"), ("2/a", "2"), ("3/a", "3")]);
    let at = |name: &str| outer.path().join(name);
    let deploy = |release: &str| {
        symlink(release, at("next")).expect("linked");
        fs::rename(at("next"), at("current")).expect("moved");
    };
    let names = |release: &str| {
        let names =
            fs::read_dir(at(release)).expect("it is there").map(|name| name.expect("named").file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().expect("UTF-8")).collect();
        names.sort_unstable();
        names
    };
    deploy("1");
    let server = Server::start(&at("current"), &["--upload", "--threads", "1"]);
    // From the first, in which the server is, and back to it; and between others.
    for (name, before, after) in [("x", "1", "2"), ("x", "2", "3"), ("x", "3", "1"), ("y", "1", "3")] {
        deploy(before);
        let (mut stays, mut leaves) = (server.connect(), server.connect());
        for (client, name) in [(&mut stays, name), (&mut leaves, "left")] {
            client.send(format!(
                "PUT /{name} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
            ));
            assert_eq!(client.head().status, 100, "{before} to {after}");
        }
        deploy(after);
        stays.send("sent");
        assert_eq!(stays.reply().status, 201, "{before} to {after}");
        drop(leaves);
        assert_eq!(fs::read_to_string(at(before).join(name)).expect("it is there"), "sent");
        wait_until("the rest of it to be removed", || {
            names(before).iter().all(|name| !name.starts_with('.')).then_some(())
        });
    }
    let names = ["1", "2", "3"].map(|release| names(release).join(" "));
    assert_eq!(names, ["a x y", "a x", "a x"]);
    assert_eq!(server.stop().code, Some(0));
}
