//! What takes long is answered by helpers, with the same answer, and once for all who ask for it.

use super::*;
use crate::answer::Next;
use crate::http::client::Client;
use crate::http::framing::Framing;
use crate::site::{Codings, Hosts, Options, Root};
use std::net::Ipv4Addr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::Wake;
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);
const LARGE: usize = 200_000;
const CLIENT: Client = Client::Ip(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST));

/// Rings when a connection is woken.
struct Bell(Sender<()>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(());
    }
}

struct Bench {
    site: Arc<Site>,
    _folder: TempDir,
}

impl Bench {
    fn new() -> Bench {
        let folder = TempDir::new().expect("a temporary folder");
        let path = folder.path().join("large.js");
        std::fs::write(&path, &"words ".repeat(LARGE).as_bytes()[..LARGE]).expect("written");
        for number in 0..500 {
            std::fs::write(folder.path().join(format!("A{number}.txt")), "").expect("written");
        }
        let readme = format!("# Title\n{}\n\nEND", "word ".repeat(2000));
        for (place, others) in [("few", 1), ("many", 1000)] {
            let place = folder.path().join(place);
            std::fs::create_dir(&place).expect("created");
            std::fs::write(place.join("README.md"), &readme).expect("written");
            (0..others).for_each(|name| std::fs::write(place.join(name.to_string()), "").expect("written"));
        }
        let file = std::fs::File::options().append(true).open(path).expect("it is there");
        file.set_modified(SystemTime::UNIX_EPOCH).expect("its time is set");
        std::thread::sleep(Duration::from_millis(105));
        let options = Options {
            hosts: Hosts::Any,
            listing: true,
            codings: Codings { compress: true, precompressed: false },
            cache_size: 1_000_000,
            ..Options::default()
        };
        let root = Root::open_path(folder.path(), false).expect("it can be read");
        let site = Arc::new(Site::new(root, options).with_helpers(Helpers::new()));
        Bench { site, _folder: folder }
    }

    /// What the site says, and what tells when it is to be asked again.
    fn begin(&self, target: &str) -> (Begin, Receiver<()>) {
        self.begin_with(target, "Accept-Encoding: gzip\r\n")
    }

    /// The same with these fields.
    fn begin_with(&self, target: &str, fields: &str) -> (Begin, Receiver<()>) {
        let (sender, rung) = channel();
        let bell = Arc::new(Bell(sender));
        let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        let request = trace::silently(|| Request::parse(head.as_bytes())).expect("a good head");
        let arrival = Arrival {
            time: Instant::now(),
            client: CLIENT,
            forwarded: None,
            framing: Framing::None,
            head: head.as_bytes(),
            wakers: &|| Arc::clone(&bell).into(),
        };
        (self.site.begin(&request, &arrival), rung)
    }

    /// The answer, and how often it was waited for.
    fn answer(&self, target: &str, (mut begin, mut rung): (Begin, Receiver<()>)) -> (Response, usize) {
        let mut waits = 0;
        loop {
            let mut awaited = match begin {
                Begin::Answer(response) => return (response, waits),
                Begin::Elsewhere(awaited) => awaited,
                other @ Begin::Receive(_) => panic!("{other:?}"),
            };
            waits += 1;
            rung.recv_timeout(PATIENCE).expect("it is woken");
            match awaited.poll() {
                Poll::Ready(Some(response)) => begin = Begin::Answer(response),
                Poll::Ready(None) => (begin, rung) = self.begin(target),
                Poll::Pending => begin = Begin::Elsewhere(awaited),
            }
        }
    }
}

#[test]
fn markdown_that_takes_long_is_rendered_by_a_helper_at_once_or_at_the_end_of_a_long_listing() {
    let bench = Bench::new();
    let page = "Accept: text/html\r\n";
    for (target, heading, waits) in
        [("/few/", "<h3", 1), ("/many/", "<h3", 0), ("/few/README.md?markdown", "<h2", 1)]
    {
        let (response, waited) = bench.answer(target, bench.begin_with(target, page));
        assert_eq!(waited, waits, "{target}");
        let mut bytes = response.body.start(usize::MAX);
        if let Body::Stream(mut stream) = response.body {
            let (sender, rung) = channel();
            stream.wake_with(Arc::new(Bell(sender)).into());
            loop {
                match stream.next() {
                    Next::Piece(piece) => bytes.extend(piece),
                    Next::Busy => {}
                    Next::NotYet => rung.recv_timeout(PATIENCE).expect("it is woken"),
                    Next::End => break,
                    Next::Broken => panic!("{target} stops"),
                }
            }
        }
        let html = String::from_utf8(bytes).expect("text");
        let expected = format!("{heading} id=\"md-title\">Title");
        assert!(html.contains(&expected) && html.contains("<p>END</p>\n</article>"), "{target}: {html}");
    }
}

#[test]
fn an_answer_of_very_many_parts_is_made_by_a_helper() {
    let bench = Bench::new();
    for (count, expected) in [(MAX_BRIEF_PARTS, 0), (MAX_BRIEF_PARTS + 1, 1)] {
        let ranges: Vec<_> = (0..count).map(|part| format!("{0}-{0}", part * 300)).collect();
        let range = format!("Range: bytes={}\r\n", ranges.join(","));
        let (response, waits) = bench.answer("/large.js", bench.begin_with("/large.js", &range));
        assert_eq!((response.status.code(), waits), (206, expected));
        let Body::Pieces(pieces) = response.body else { panic!("it has no parts") };
        assert_eq!(pieces.len(), 2 * count + 1);
    }
}

#[cfg(unix)]
#[test]
fn names_are_looked_through_by_a_helper_where_there_are_many() {
    let bench = Bench::new();
    let (begin, decisions) = trace::record(|| bench.begin("/a7.txt"));
    assert_eq!(decisions.iter().map(|decision| decision.name).collect::<Vec<_>>(), ["helper"]);
    let ((response, waits), decisions) = trace::record(|| bench.answer("/a7.txt", begin));
    assert_eq!((response.status.code(), waits), (404, 1));
    assert!(decisions.iter().any(|one| one.name == "near name" && one.text.contains("A7.txt")));
}

#[cfg(feature = "compress")]
mod compression {
    use super::*;
    use crate::base::helpers::{Job, Progress};

    /// Keeps a helper busy, and all that comes behind it waiting, until the sender is dropped. It says when it begins.
    struct Blocks {
        until: Receiver<()>,
        begun: Sender<()>,
    }

    impl Job for Blocks {
        fn work(&mut self) -> Progress {
            let _ = self.begun.send(());
            let _ = self.until.recv_timeout(PATIENCE);
            Progress::Done
        }
    }

    fn shown(response: &Response) -> String {
        format!("{:?} {:?} {:?}", response.status, response.headers, response.body.start(LARGE).len())
    }

    /// So many jobs of the client's, of which each takes until the sender is dropped.
    fn block(bench: &Bench, jobs: usize) -> Vec<Sender<()>> {
        let helpers = bench.site.helpers.as_ref().expect("it has some");
        let (begun, has_begun) = channel();
        let block = || {
            let (sender, until) = channel();
            let begun = begun.clone();
            helpers.give(CLIENT.owner(), Kind::Long, Blocks { until, begun }).then_some(sender)
        };
        let mut held = vec![block().expect("there is room for one")];
        // It does not wait in the queue any more, and so leaves no room there later.
        has_begun.recv_timeout(PATIENCE).expect("a helper takes it");
        held.extend((1..jobs).map_while(|_| block()));
        held
    }

    #[test]
    fn a_helper_gives_the_answer_that_a_worker_would_give() {
        let (bench, alone) = (Bench::new(), Bench::new());
        let (by_helper, waits) = bench.answer("/large.js", bench.begin("/large.js"));
        assert_eq!((waits, by_helper.headers.get("content-encoding")), (1, Some("gzip")));
        let (from_memory, waits) = bench.answer("/large.js", bench.begin("/large.js"));
        assert_eq!((waits, shown(&from_memory)), (0, shown(&by_helper)));
        let head = b"GET /large.js HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n";
        let request = Request::parse(head).expect("a good head");
        let at_once = alone.site.respond(&request, Instant::now());
        assert_eq!(at_once.body.start(LARGE), by_helper.body.start(LARGE));
        assert_eq!(at_once.body.length(), by_helper.body.length());
    }

    #[test]
    fn what_is_under_way_for_one_is_waited_for_by_others() {
        let bench = Bench::new();
        let held = block(&bench, 8);
        let begun: Vec<_> = (0..3).map(|_| trace::record(|| bench.begin("/large.js"))).collect();
        let why: Vec<_> = begun.iter().map(|(_, decisions)| &*decisions[0].text).collect();
        assert!(why[0].ends_with("a helper answers this request"), "{why:?}");
        assert!(why[1..].iter().all(|why| why.ends_with("this one waits for that")), "{why:?}");
        drop(held);
        for (begin, _) in begun {
            let (response, waits) = bench.answer("/large.js", begin);
            assert_eq!((response.headers.get("content-encoding"), waits), (Some("gzip"), 1));
        }
    }

    #[test]
    fn who_waits_for_what_another_has_given_up_has_it_made() {
        let bench = Bench::new();
        let held = block(&bench, 8);
        let (first, second) = (bench.begin("/large.js"), bench.begin("/large.js"));
        drop(first);
        drop(held);
        let (response, waits) = bench.answer("/large.js", second);
        assert_eq!((response.headers.get("content-encoding"), waits), (Some("gzip"), 2));
    }

    #[test]
    fn where_too_many_wait_the_file_goes_out_as_it_is_and_that_is_not_kept() {
        let bench = Bench::new();
        let held = block(&bench, 10_000);
        let (response, waits) = bench.answer("/large.js", bench.begin("/large.js"));
        assert_eq!((response.headers.get("content-encoding"), waits), (None, 0));
        assert_eq!(response.headers.get("vary"), Some("Accept-Encoding"));
        drop(held);
        let mut tries = 0..1000;
        let coded = std::iter::from_fn(|| {
            tries.next()?;
            let (response, _) = bench.answer("/large.js", bench.begin("/large.js"));
            Some(response.headers.get("content-encoding") == Some("gzip"))
        });
        assert!(coded.into_iter().any(|is_coded| is_coded), "as soon as there is room");
    }
}
