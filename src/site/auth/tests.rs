//! Which requests are let in, without a socket and without a thread: each test verifies attempts itself.

use super::passwords::tests::{ARGON2, BCRYPT};
use super::*;
use crate::http::framing::Framing;
use crate::site::{Cors, Hosts, Options, Root};
use base64::Engine;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;
use tempfile::TempDir;

const CLIENT: [u8; 4] = [192, 0, 2, 1];

/// A site with `a.txt` and its users: `pia` and `tom` of `--auth`, `alice` and `bob` of a file.
struct Bench {
    login: Login,
    now: Instant,
    wakes: Arc<Wakes>,
    admissions: Mutex<Vec<Admission>>,
    _folder: TempDir,
}

/// Counts how often it is woken.
#[derive(Debug, Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Bench {
    fn new(plain: &[&str], file: Option<&str>) -> Bench {
        let folder = TempDir::new().expect("a temporary folder");
        std::fs::write(folder.path().join("a.txt"), "hello").expect("written");
        let root = Root::open_path(folder.path(), false).expect("it can be read");
        let options = Options {
            hosts: Hosts::LoopbackAnd(Vec::new()),
            cors: Cors::Origins(crate::site::cors::Origins::new(vec!["http://a.example".to_owned()], [])),
            ..Options::default()
        };
        let plain: Vec<_> = plain.iter().map(|one| Plain::parse(one).expect("name and password")).collect();
        let auth = Auth::new(&plain, file.map(str::as_bytes)).expect("a good file");
        let login = Login::new(Arc::new(Site::new(root, options)), auth, For::Everything);
        Bench {
            login,
            wakes: Arc::default(),
            admissions: Mutex::default(),
            now: Instant::now(),
            _folder: folder,
        }
    }

    fn mixed() -> Bench {
        Bench::new(&["pia:pepper", "tom:a:b"], Some(&format!("alice:{BCRYPT}\nbob:{ARGON2}\n")))
    }

    /// What is said to a request with these lines.
    fn ask_from(&self, client: [u8; 4], lines: &str) -> Admission {
        let head = format!("{}\r\n\r\n", lines.replace('\n', "\r\n"));
        let request = Request::parse(head.as_bytes()).expect("a good head");
        let arrival = Arrival {
            time: self.now,
            client: std::net::IpAddr::from(client).into(),
            forwarded: None,
            framing: Framing::None,
            head: b"",
            wakers: &|| Arc::clone(&self.wakes).into(),
        };
        self.login.admit(&request, &arrival, || false)
    }

    /// What is said to who claims to be this user: a name, "wait" or a status.
    fn say(&self, claim: &str) -> String {
        self.say_from(CLIENT, claim)
    }

    fn say_from(&self, client: [u8; 4], claim: &str) -> String {
        let lines = format!("GET / HTTP/1.1\nHost: localhost\n{}", authorization(claim));
        let admission = self.ask_from(client, &lines);
        let said = shown(&admission);
        // The client goes on waiting, if it is to wait.
        self.admissions.lock().expect("no panic").push(admission);
        said
    }

    /// The same once it is verified, if it has to be.
    fn decide(&self, claim: &str) -> String {
        match &*self.say(claim) {
            "wait" => {
                self.login.auth.verify_next(&mut Memory::default());
                self.say(claim)
            }
            said => said.to_owned(),
        }
    }
}

fn authorization(claim: &str) -> String {
    format!("Authorization: Basic {}", base64::engine::general_purpose::STANDARD.encode(claim))
}

fn shown(admission: &Admission) -> String {
    match admission {
        Admission::Welcome(user) => String::from_utf8_lossy(user).into_owned(),
        Admission::Unasked => "unasked".to_owned(),
        Admission::Later(_) => "wait".to_owned(),
        Admission::Refused(response) => response.status.code().to_string(),
    }
}

#[test]
fn only_the_right_password_of_a_user_lets_in() {
    let bench = Bench::mixed();
    let table = [
        ("pia:pepper", "pia"),
        ("tom:a:b", "tom"),
        ("alice:secret", "alice"),
        ("bob:geheim", "bob"),
        ("bob:geheim", "bob"),
        ("alice:geheim", "401"),
        ("pia:secret", "401"),
        ("carol:secret", "401"),
        (":secret", "401"),
    ];
    for (claim, expected) in table {
        assert_eq!(bench.decide(claim), expected, "{claim}");
    }
    let plain = Bench::new(&["pia:pepper"], None);
    for (claim, expected) in
        [("pia:pepper", "pia"), ("pia:peppe", "401"), ("Pia:pepper", "401"), ("pia:", "401")]
    {
        assert_eq!(plain.say(claim), expected, "{claim}");
    }
}

#[test]
fn every_target_and_method_is_asked_for_a_password_before_anything_else() {
    let bench = Bench::mixed();
    let table = [
        ("GET /a.txt HTTP/1.1\nHost: localhost", "401"),
        ("GET /nothing HTTP/1.1\nHost: localhost", "401"),
        ("GET /.glass/ HTTP/1.1\nHost: localhost", "401"),
        ("GET /%2e%2e/x HTTP/1.1\nHost: localhost", "401"),
        ("HEAD /a.txt HTTP/1.1\nHost: localhost", "401"),
        ("PUT /a.txt HTTP/1.1\nHost: localhost", "401"),
        ("BREW /a.txt HTTP/1.1\nHost: localhost", "401"),
        ("OPTIONS * HTTP/1.1\nHost: localhost", "401"),
        ("OPTIONS / HTTP/1.1\nHost: localhost\nOrigin: http://a.example", "401"),
        ("GET / HTTP/1.0", "401"),
        ("GET / HTTP/1.1\nHost: localhost\nAuthorization: Bearer x", "401"),
        ("GET / HTTP/1.1\nHost: localhost\nAuthorization: Basic %", "401"),
        // These two come before.
        ("GET / HTTP/1.1\nHost: evil.example", "421"),
        (
            "OPTIONS / HTTP/1.1\nHost: localhost\nOrigin: http://a.example\nAccess-Control-Request-Method: GET",
            "204",
        ),
    ];
    for (lines, expected) in table {
        assert_eq!(shown(&bench.ask_from(CLIENT, lines)), expected, "{lines}");
    }
    let twice = format!("GET / HTTP/1.1\nHost: localhost\n{0}\n{0}", authorization("pia:pepper"));
    assert_eq!(shown(&bench.ask_from(CLIENT, &twice)), "401", "which one is meant?");
}

#[test]
fn what_is_turned_away_is_told_what_it_takes_and_kept_by_no_cache() {
    let bench = Bench::new(&["pia:pepper"], None);
    let fields = |claim: &str| {
        let lines = format!("GET / HTTP/1.1\nHost: localhost\nOrigin: http://a.example\n{claim}");
        let Admission::Refused(response) = bench.ask_from(CLIENT, lines.trim_end()) else {
            panic!("it must be turned away")
        };
        let field = |name| response.headers.get(name).map(str::to_owned);
        let read_by = field("access-control-allow-origin");
        assert_eq!(read_by.as_deref(), Some("http://a.example"), "a page that may ask is told why not");
        assert_eq!(field("cache-control").as_deref(), Some("no-cache"));
        (response.status.code(), field("www-authenticate"), field("retry-after"))
    };
    let challenge = Some("Basic realm=\"glasshttp\", charset=\"UTF-8\"".to_owned());
    assert_eq!(fields(""), (401, challenge.clone(), None));
    for number in 0..attempts::MAX_FAILURES {
        let claim = authorization(&format!("pia:{number}"));
        assert_eq!(fields(&claim), (401, challenge.clone(), None));
    }
    assert_eq!(fields(&authorization("pia:next")), (429, None, Some("30".to_owned())));
}

#[test]
fn after_some_wrong_passwords_nothing_is_verified_until_time_has_passed() {
    let mut bench = Bench::mixed();
    assert_eq!(bench.decide("alice:secret"), "alice");
    for number in 0..attempts::MAX_FAILURES {
        assert_eq!(bench.decide(&format!("alice:{number}")), "401");
    }
    bench.now = Instant::now();
    for claim in ["alice:next", "nobody:x", "pia:pepper", "alice:secret"] {
        assert_eq!(bench.say(claim), "429", "{claim}");
    }
    assert_eq!(bench.say_from([192, 0, 2, 2], "alice:secret"), "alice", "others may");
    assert_eq!(bench.say("alice:0"), "401", "that is no news");
    bench.now += Duration::from_secs(31);
    assert_eq!(bench.say("alice:secret"), "alice");
    assert_eq!(bench.decide("alice:more"), "401");
}

#[test]
fn a_request_waits_until_its_password_is_verified_and_others_need_not() {
    let bench = Bench::mixed();
    assert_eq!(bench.say("alice:secret"), "wait");
    assert_eq!(bench.say("alice:secret"), "wait", "a second one does not wait for a second time");
    assert_eq!(bench.say("bob:wrong"), "wait");
    assert_eq!(bench.say("pia:pepper"), "pia");
    bench.login.auth.verify_next(&mut Memory::default());
    assert_eq!((bench.say("alice:secret"), bench.say("bob:wrong")), ("alice".into(), "wait".into()));
    bench.login.auth.verify_next(&mut Memory::default());
    assert_eq!(bench.say("bob:wrong"), "401");
}

#[test]
fn a_name_that_does_not_exist_costs_as_much_as_one_that_does() {
    let bench = Bench::mixed();
    // All of them are verified: none is answered at once.
    for claim in ["alice:no", "nobody:no", "pia:no", "nobody-else:no"] {
        assert_eq!(bench.say(claim), "wait", "{claim}");
    }
    let (auth, file) = (&bench.login.auth, Arc::clone(&bench.login.auth.state().file));
    let stand_in = |name: &str| auth.stand_in(&file, name.as_bytes()).expect("there are users").clone();
    for number in 0..20 {
        let name = format!("nobody-{number}");
        assert_eq!(stand_in(&name), stand_in(&name), "always the same");
    }
    // Not even a password that is right for the one who stands in lets a stranger in.
    let all: std::collections::HashSet<_> = (0..100).map(|number| stand_in(&number.to_string())).collect();
    assert_eq!(all.len(), 2, "each stands in for some");
    for number in 0..10 {
        for password in ["secret", "geheim"] {
            let stranger = Credentials::split(format!("{number}:{password}").as_bytes()).expect("good");
            assert!(!auth.verify(&file, &stranger, &mut Memory::default()), "{number}:{password}");
        }
    }
}

#[test]
fn no_password_is_shown_or_kept() {
    let bench = Bench::new(&["pia:pepper"], None);
    assert_eq!(bench.say("pia:pepper"), "pia");
    let plain = Plain::parse("pia:pepper").expect("good");
    assert_eq!(format!("{plain:?} {:?}", bench.login.auth), "Plain(pia, ...) Auth(1 and 0 users)");
    for wrong in ["pepper", ":pepper", "pepper:", "pep\u{7}:per", ""] {
        let why = Plain::parse(wrong).expect_err("must be refused");
        assert!(!why.contains("pep"), "{why}");
    }
    let (one, other) = (Bench::new(&["pia:pepper"], None), Bench::new(&["pia:pepper"], None));
    assert_ne!(one.login.auth.plain, other.login.auth.plain, "each process has a key of its own");
}

#[test]
fn after_the_file_is_replaced_only_its_passwords_count() {
    let bench = Bench::mixed();
    assert_eq!((bench.decide("alice:secret"), bench.decide("bob:geheim")), ("alice".into(), "bob".into()));
    assert_eq!(bench.decide("carol:geheim"), "401");
    // alice has another password, bob is gone, carol is new.
    let file = format!("alice:{ARGON2}\ncarol:{ARGON2}\n");
    bench.login.auth.replace_file(file.as_bytes()).expect("a good file");
    let table = [
        ("alice:secret", "401"),
        ("bob:geheim", "401"),
        ("alice:geheim", "alice"),
        ("carol:geheim", "carol"),
        ("pia:pepper", "pia"),
    ];
    for (claim, expected) in table {
        assert_eq!(bench.decide(claim), expected, "{claim}");
    }
    assert_eq!(bench.login.auth.replace_file(b"nonsense").expect_err("no good").0, 1);
    assert_eq!(bench.say("alice:geheim"), "alice", "then those from before stay");
    bench.login.auth.replace_file(file.as_bytes()).expect("a good file");
    assert_eq!(bench.say("alice:geheim"), "alice", "the same again is no reason to verify anything again");
}

#[test]
fn who_failed_too_often_is_not_let_off_by_a_new_file() {
    let bench = Bench::mixed();
    for number in 0..attempts::MAX_FAILURES {
        assert_eq!(bench.decide(&format!("alice:{number}")), "401");
    }
    bench.login.auth.replace_file(format!("alice:{ARGON2}\n").as_bytes()).expect("a good file");
    assert_eq!(bench.say("alice:next"), "429");
}

#[test]
fn what_is_being_verified_when_the_file_is_replaced_counts_for_nothing() {
    let bench = Bench::mixed();
    assert_eq!(bench.say("alice:secret"), "wait");
    let auth = &bench.login.auth;
    let attempt = auth.state().attempts.pop().expect("it waits");
    auth.replace_file(format!("alice:{ARGON2}\n").as_bytes()).expect("a good file");
    assert_eq!(bench.say("alice:secret"), "wait", "it is to be verified by the new one");
    assert_eq!(attempt.what.user, b"alice");
    assert_eq!(bench.decide("alice:secret"), "401");
}

#[test]
fn each_connection_that_waits_for_a_password_is_woken_once_it_is_verified() {
    let bench = Bench::mixed();
    for _ in 0..3 {
        assert_eq!(bench.say("alice:secret"), "wait");
    }
    assert_eq!(bench.say("bob:geheim"), "wait");
    let mut memory = Memory::default();
    bench.login.auth().verify_next(&mut memory);
    assert_eq!(bench.wakes.0.load(Ordering::Relaxed), 3);
    bench.login.auth().verify_next(&mut memory);
    assert_eq!(bench.wakes.0.load(Ordering::Relaxed), 4);
    assert_eq!(bench.say("alice:secret"), "alice");
}
