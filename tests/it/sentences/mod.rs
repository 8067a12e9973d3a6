//! The catalogue of sentences: each of its rows, from a real exchange with a real server.
//!
//! The server runs in this process, so that the name of the row can be seen, and not only what it says. What cannot be
//! brought about here (a full disk, say) is said by an application that answers as the site would.

mod cases;

use crate::explain::repeated;
use crate::support::{Client, PATIENCE, folder, let_settle, make_fifo, write, write_sparse};
use cases::CASES;
use glasshttp::answer::{Arrival, Response};
use glasshttp::glass::inspect::Inspector;
use glasshttp::glass::metrics::Metrics;
use glasshttp::glass::sentence::{self, Copies, Facts, Sentence};
use glasshttp::glass::{Answer, Glass};
use glasshttp::http::base_path::BasePath;
use glasshttp::http::{Refusal, Request};
use glasshttp::server::{self, Application, Begun, Event, Exchange, Interests, Observer, Server};
use glasshttp::site::auth::{Admission, Auth, For, Login, Plain};
use glasshttp::site::{self, Cors, Hosts, Root, Site, TrustedHosts, Upload, cors::Origins};
use std::collections::BTreeSet;
use std::net::{IpAddr, TcpListener};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How a row is reached.
struct Case {
    row: &'static str,
    /// What differs from a server without options.
    setup: fn(&mut Setup),
    /// What is sent on one connection. Each piece but the last is sent when the exchange before it is over.
    pieces: &'static [&'static str],
    says: &'static str,
}

struct Setup {
    site: site::Options,
    server: server::Options,
    /// The user that a password is asked of.
    login: Option<&'static str>,
    /// Answers in place of the site.
    stub: Option<fn() -> Response>,
    /// Where clients seem to be.
    client: Option<[u8; 4]>,
    /// Happens in the folder before the last piece is sent.
    before_last: fn(&Path),
    /// The client reads so many bytes, and is gone then.
    leaves_after: Option<usize>,
    /// Changes what the server has told of the exchange: its times, say.
    tweak: fn(&mut Exchange),
}

impl Setup {
    fn new() -> Setup {
        let site = site::Options { cache_size: 1_000_000, ..site::Options::default() };
        let server = server::Options {
            head_timeout: PATIENCE,
            idle_timeout: PATIENCE,
            send_timeout: PATIENCE,
            ..server::Options::default()
        };
        let (login, stub, client, leaves_after) = (None, None, None, None);
        Setup { site, server, login, stub, client, before_last: |_| {}, leaves_after, tweak: |_| {} }
    }

    fn upload(&mut self, overwrite: bool) {
        self.site.upload = Some(Upload { overwrite, most: 1000, asks_alone: false });
    }

    fn cors_for(&mut self, origin: &str) {
        self.site.cors = Cors::Origins(Origins::new(vec![origin.to_owned()], []));
    }
}

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let outer = folder(&[
        ("secret", "secret"),
        ("served/a.txt", "hello"),
        ("served/changing.txt", "before"),
        ("served/there.txt", "here"),
        ("served/page.html", "<!DOCTYPE html><title>Page</title><p>Text</p>"),
        ("served/App.css", "p {}"),
        ("served/app.js.gz", "packed"),
        ("served/site/index.html", "<!DOCTYPE html>"),
        ("served/folder/a.txt", "a"),
        ("served/folder/notes.md", "# Notes"),
        ("served/few.js", "let few;"),
        ("served/coded.js", "let coded = 1;"),
        ("served/old.js", "let old;"),
        ("served/big/empty", ""),
    ]);
    let served = outer.path().join("served");
    write(&served, "text.txt", "some text\n".repeat(2000));
    write(&served, "short.txt", "x".repeat(200));
    write(&served, "coded.js.gz", "x".repeat(400));
    write(&served, "noise.txt", noise(1500));
    write_sparse(&served, "large", 64 << 20);
    write_sparse(&served, "big/large", 64 << 20);
    std::fs::write(served.join("old.js.gz"), "old").expect("written");
    let old = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(500_000_000);
    let file = std::fs::File::options().append(true).open(served.join("old.js.gz")).expect("it is there");
    file.set_modified(old).expect("its time is set");
    symlink("../secret", served.join("outside")).expect("a link");
    make_fifo(&served.join("pipe"));
    let_settle();
    outer
});

/// Bytes that no coding makes shorter.
fn noise(count: usize) -> Vec<u8> {
    let mut random = crate::support::Random::new(7);
    // Text, so that compressing it is tried.
    (0..count).map(|_| u8::try_from(random.below(256)).expect("a byte")).collect()
}

/// Login, then the server's own pages, then the site, as in the program.
struct App {
    login: Option<Login>,
    glass: Glass,
    site: Arc<Site>,
    stub: Option<fn() -> Response>,
    client: Option<[u8; 4]>,
}

impl Application for App {
    fn begin(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Begun {
        if let Some(stub) = self.stub {
            return stub().into();
        }
        let client = self.client.map_or(arrival.client, |client| IpAddr::from(client).into());
        let arrival = Arrival { client, ..*arrival };
        if let Some(login) = &self.login
            && let Admission::Refused(response) =
                login.admit(request, &arrival, || self.glass.is_private(request))
        {
            return response.into();
        }
        match self.glass.begin(request, &arrival) {
            Answer::Own(begin) => Begun { begin, user: None, is_internal: true },
            Answer::NotOurs | Answer::Elsewhere => self.site.begin(request, &arrival).into(),
        }
    }

    fn refuse(&self, request: Option<&Request<'_>>, refusal: &Refusal) -> Response {
        self.site.refuse_for_server(request, refusal)
    }
}

/// Passes on all exchanges.
struct Listener(Sender<Exchange>);

impl Observer for Listener {
    fn interests(&self) -> Interests {
        Interests { connections: true, text: true, capture: true, ..Interests::default() }
    }

    fn notice(&mut self, event: &Event<'_>, _now: Instant) {
        if let Event::Ended(exchange) = event {
            let _ = self.0.send((*exchange).clone());
        }
    }
}

/// The sentence on the last exchange of a case, and the decision that it turned on.
fn sentence_of(case: &Case) -> (Sentence, Option<&'static str>) {
    let mut setup = Setup::new();
    (case.setup)(&mut setup);
    let root = FOLDER.path().join("served");
    let site = Arc::new(Site::new(Root::open_path(&root, false).expect("it is there"), setup.site));
    let inspector = Inspector::new(&setup.server, Arc::new(|| Err(std::io::ErrorKind::NotConnected.into())));
    let users =
        setup.login.map(|user| Auth::new(&[Plain::parse(user).expect("a user")], None).expect("good"));
    let app = App {
        login: users.map(|users| Login::new(Arc::clone(&site), users, For::Everything)),
        glass: Glass {
            base: BasePath::default(),
            hosts: Hosts::LoopbackAnd(Vec::new()),
            trusted_hosts: TrustedHosts::with(Vec::new()),
            listing: Some(Arc::clone(&site)),
            inspector: Some(inspector),
            reload: None,
            laboratory: None,
            metrics: Some(Metrics::new(Arc::clone(&site), 1)),
        },
        site,
        stub: setup.stub,
        client: setup.client,
    };
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let server = Server::new(vec![listener.into()], setup.server).expect("a server");
    let (address, stopper) = (server.addresses()[0], server.stopper());
    let (ended, exchanges) = channel();
    let run = move || {
        let observers = || vec![Box::new(Listener(ended.clone())) as _];
        server.run(&app, &observers).expect("it runs until it is stopped");
    };
    let running = std::thread::spawn(run);
    let copies = Copies::default();
    let mut said = None;
    let mut client = Client::connect(address).expect("it listens");
    for (index, piece) in case.pieces.iter().enumerate() {
        let is_last = index + 1 == case.pieces.len();
        if is_last {
            (setup.before_last)(&root);
        }
        client.send(repeated(piece));
        if let Some(count) = setup.leaves_after {
            client.bytes(count);
            client.reset();
            client = Client::connect(address).expect("it listens");
        }
        let mut exchange: Exchange = exchanges.recv_timeout(PATIENCE).expect("it is told of");
        take_no_time(&mut exchange);
        (setup.tweak)(&mut exchange);
        let facts = copies.note(Facts::new(&exchange).expect("it is captured"));
        let sentence = sentence::of(&facts);
        let step = sentence.deciding.map(|index| facts.decisions()[index].name);
        said = Some((sentence, step));
    }
    drop(client);
    stopper.stop();
    running.join().expect("it ends");
    said.expect("something was sent")
}

/// On a busy machine anything can take a second, and a sentence says so.
fn take_no_time(exchange: &mut Exchange) {
    let capture = exchange.capture.as_mut().expect("it is captured");
    let began = capture.began;
    (capture.arrived, capture.decided, capture.ended) = (began, began, began);
}

/// Rows that a build without that feature does not come to.
const ABOUT_COMPRESSING: [&str; 4] = ["compressed", "too few to compress", "no smaller", "compression off"];

#[test]
fn each_row_says_its_sentence_about_a_real_exchange() {
    let mut wrong = Vec::new();
    let can_be = |case: &&Case| cfg!(feature = "compress") || !ABOUT_COMPRESSING.contains(&case.row);
    for case in CASES.iter().filter(can_be) {
        let (sentence, _) = sentence_of(case);
        // Tags and random words differ from run to run.
        let fits = match case.says.split_once("...") {
            Some((start, end)) => sentence.text.starts_with(start) && sentence.text.ends_with(end),
            None => sentence.text == case.says,
        };
        if sentence.row != case.row || !fits {
            wrong.push(format!(
                "{}\n  row  {}\n  says {}\n  not  {}",
                case.row, sentence.row, sentence.text, case.says
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_is_reached_and_no_two_have_one_name() {
    let names: Vec<_> = sentence::ROWS.iter().copied().flatten().map(|row| row.name).collect();
    let all: BTreeSet<_> = names.iter().copied().collect();
    assert_eq!(all.len(), names.len(), "two rows have one name");
    let reached: BTreeSet<_> = CASES.iter().map(|case| case.row).collect();
    let missing: Vec<_> = all.difference(&reached).collect();
    assert!(missing.is_empty(), "no case reaches {missing:?}");
}

#[test]
fn the_decision_that_an_exchange_turned_on_is_named() {
    for (row, expected) in [
        ("your copy, by tag", Some("precondition")),
        ("uploads off", Some("refused")),
        ("near name", Some("near name")),
        ("CORS off", Some("cors")),
        ("from memory", Some("cache")),
        ("broken off", None),
    ] {
        let case = CASES.iter().find(|case| case.row == row).expect("there is one");
        assert_eq!(sentence_of(case).1, expected, "{row}");
    }
}

#[test]
fn what_a_client_sends_is_harmless_in_a_sentence_and_never_in_a_command() {
    let case = Case {
        row: "",
        setup: |_| {},
        pieces: &["GET /\u{202e}x HTTP/1.1\r\nHost: localhost\r\nOrigin: http://`rm -rf ~`\u{9b}31m\r\n\r\n"],
        says: "",
    };
    let (sentence, _) = sentence_of(&case);
    assert!(sentence.text.ends_with("start with `--cors=ORIGIN`"), "{}", sentence.text);
    assert!(!sentence.text.contains(['\u{202e}', '\u{9b}']), "{:?}", sentence.text);
}
