//! Looking in: what the server tells of itself, to people and to programs.
//!
//! - [`access_log`], [`explain`] and [`progress`] write to a terminal or a file;
//! - [`inspect`] (what goes on, live), [`reload`] (pages that reload when files change) and [`metrics`] (numbers for
//!   programs that watch over servers) answer requests below `/.glass/`, the first two by way of [`events`].
//!
//! Here is the one router for these requests: a table of paths, with the methods that each takes and its audience,
//! behind one guard. A page that is not in the table does not exist, and none in it can forget what is asked first.

pub mod access_log;
pub mod events;
pub mod explain;
pub mod inspect;
pub mod metrics;
pub mod progress;
pub mod reload;

use crate::answer::{Arrival, Begin, Response};
use crate::base::trace;
use crate::base::trace::Rfc;
use crate::http::base_path::BasePath;
use crate::http::target::Target;
use crate::http::{Method, Refusal, Request, Status, origin};
use crate::site::{Hosts, TrustedHosts, error_page};
use inspect::Inspector;
use metrics::Metrics;
use reload::Reload;

/// Where all of it is, seen from the base path.
const PREFIX: &[u8] = b".glass/";

/// The server's own pages, as far as they are on.
pub struct Glass {
    /// Where the site is, and these pages with it.
    pub base: BasePath,
    /// Which hosts may be asked for.
    pub hosts: Hosts,
    /// Which ones to look in.
    pub trusted_hosts: TrustedHosts,
    /// `--inspect`
    pub inspector: Option<Inspector>,
    /// `--reload`
    pub reload: Option<Reload>,
    /// `--metrics`
    pub metrics: Option<Metrics>,
}

/// What [`Glass`] says to a request.
#[derive(Debug)]
pub enum Answer {
    /// It is for a page of the server's own, which begins to answer so.
    Own(Begin),
    /// It is for something below `/.glass/` that is no page of ours.
    NotOurs,
    /// It is for something else.
    Elsewhere,
}

/// Who may ask for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// Everybody who may ask for files.
    Everybody,
    /// The pages of this server: others could only take connections away.
    OwnPages,
    /// This machine, and no proxy on it: what is shown holds all that clients send, cookies included. For others the page
    /// does not exist.
    ThisMachine,
}

/// What of the server a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Inspector,
    Reload,
    Metrics,
}

/// A page.
struct Route {
    /// Behind the prefix; a star at its end stands for the rest.
    path: &'static str,
    methods: Methods,
    audience: Audience,
    part: Part,
    page: fn(&Glass, &Asked<'_>) -> Option<Result<Begin, Refusal>>,
}

/// What a page is asked.
struct Asked<'a> {
    /// What the star stands for.
    rest: &'a [u8],
    query: Option<&'a [u8]>,
    arrival: &'a Arrival<'a>,
}

/// Which methods a page takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Methods {
    Read,
    Post,
}

use Audience::{Everybody, OwnPages, ThisMachine};
use Methods::{Post, Read};

/// All pages.
static ROUTES: [Route; 12] = [
    Route::new("health", Read, Everybody, Part::Metrics, |_, _| answer(metrics::health())),
    Route::new("metrics", Read, Everybody, Part::Metrics, |glass, _| {
        answer(glass.metrics.as_ref()?.respond())
    }),
    Route::new("reload.js", Read, OwnPages, Part::Reload, |_, _| answer(reload::script())),
    Route::new("reload", Read, OwnPages, Part::Reload, |glass, _| {
        Some(glass.reload.as_ref()?.listen().map(Begin::Answer))
    }),
    Route::new("", Read, ThisMachine, Part::Inspector, |_, _| answer(inspect::page())),
    Route::new("inspect.css", Read, ThisMachine, Part::Inspector, |_, _| answer(inspect::style())),
    Route::new("inspect.js", Read, ThisMachine, Part::Inspector, |_, _| answer(inspect::script())),
    Route::new("events", Read, ThisMachine, Part::Inspector, |glass, _| {
        Some(glass.inspector.as_ref()?.events().map(Begin::Answer))
    }),
    Route::new("exchange/*", Read, ThisMachine, Part::Inspector, |glass, asked| {
        answer(glass.inspector.as_ref()?.exchange(asked.rest)?)
    }),
    Route::new("live", Read, ThisMachine, Part::Inspector, |glass, asked| {
        answer(glass.inspector.as_ref()?.live(asked.query, asked.arrival.client)?)
    }),
    Route::new("source/*", Read, ThisMachine, Part::Inspector, |_, asked| {
        answer(inspect::source(asked.rest)?)
    }),
    Route::new("send", Post, ThisMachine, Part::Inspector, |glass, asked| {
        Some(Ok(Begin::Receive(glass.inspector.as_ref()?.send(asked.query))))
    }),
];

#[expect(clippy::unnecessary_wraps, reason = "it is what pages give")]
fn answer(response: Response) -> Option<Result<Begin, Refusal>> {
    Some(Ok(Begin::Answer(response)))
}

impl Route {
    const fn new(
        path: &'static str,
        methods: Methods,
        audience: Audience,
        part: Part,
        page: fn(&Glass, &Asked<'_>) -> Option<Result<Begin, Refusal>>,
    ) -> Route {
        Route { path, methods, audience, part, page }
    }

    /// What the star stands for, if this is the page of a path.
    fn rest<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        match self.path.strip_suffix('*') {
            Some(start) => path.strip_prefix(start.as_bytes()),
            None => (path == self.path.as_bytes()).then_some(&[]),
        }
    }
}

impl Methods {
    /// As Allow names them (RFC 9110 section 10.2.1).
    fn allow(self) -> &'static str {
        match self {
            Read => "GET, HEAD",
            Post => "POST",
        }
    }

    fn include(self, method: Method) -> bool {
        match self {
            Read => matches!(method, Method::Get | Method::Head),
            Post => method == Method::Post,
        }
    }
}

impl Glass {
    /// Begins to answer a request, if it is for a page of the server's own.
    pub fn begin(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Answer {
        let Target::Path { path, query } = request.target else { return Answer::Elsewhere };
        let are_on = self.inspector.is_some() || self.metrics.is_some();
        if self.reload.is_none() && !(are_on && may_be_own(path)) {
            return Answer::Elsewhere;
        }
        let Some(decoded) = self.base.below(path) else { return Answer::Elsewhere };
        let text = decoded.text();
        if let Some(own) = text.strip_prefix(PREFIX) {
            return self.find(own).map_or_else(
                // What the inspector does not have nobody has. Else it may be a file, if such names are served.
                || match self.inspector {
                    Some(_) => Answer::Own(Begin::Answer(self.refuse(request, &not_found()))),
                    None => Answer::NotOurs,
                },
                |(route, rest)| {
                    Answer::Own(self.answer(route, request, arrival, &Asked { rest, query, arrival }))
                },
            );
        }
        if *text == *b".glass" && self.has(Part::Inspector) {
            let page = self.guard(ThisMachine, request, arrival);
            let page = page.map(|()| inspect::to_the_page(self.base.start()));
            return Answer::Own(Begin::Answer(page.unwrap_or_else(|refusal| self.refuse(request, &refusal))));
        }
        if let Some(reload) = &self.reload {
            reload.note(&decoded);
        }
        Answer::Elsewhere
    }

    /// The page of a path, if it is on, and what its star stands for.
    fn find<'p>(&self, own: &'p [u8]) -> Option<(&'static Route, &'p [u8])> {
        let mut routes = ROUTES.iter().filter(|route| self.has(route.part));
        routes.find_map(|route| Some((route, route.rest(own)?)))
    }

    /// Asks a page, behind the guard.
    fn answer(
        &self,
        route: &Route,
        request: &Request<'_>,
        arrival: &Arrival<'_>,
        asked: &Asked<'_>,
    ) -> Begin {
        let begin = self.guard(route.audience, request, arrival).and_then(|()| {
            if !route.methods.include(request.method) {
                let why = format!("this page takes {} only", route.methods.allow());
                return Err(Refusal::new(Status::METHOD_NOT_ALLOWED, why));
            }
            (route.page)(self, asked).unwrap_or_else(|| Err(not_found()))
        });
        begin.unwrap_or_else(|refusal| {
            let mut response = self.refuse(request, &refusal);
            if refusal.status == Status::METHOD_NOT_ALLOWED {
                response.headers.push("Allow", route.methods.allow());
            }
            Begin::Answer(response)
        })
    }

    /// Who may ask for pages with this audience?
    fn guard(&self, audience: Audience, request: &Request<'_>, arrival: &Arrival<'_>) -> Result<(), Refusal> {
        match audience {
            Everybody => self.hosts.check(request.host),
            OwnPages => {
                self.hosts.check(request.host)?;
                check_origin(request)
            }
            ThisMachine => {
                if !arrival.client.is_loopback() {
                    trace::step("inspector", None, || {
                        "it is for this machine only, and this client is not on it".to_owned()
                    });
                    return Err(not_found());
                }
                self.trusted_hosts.check(request.host, "the inspector answers")?;
                check_origin(request)?;
                check_that_nobody_passed_it_on(request)
            }
        }
    }

    fn has(&self, part: Part) -> bool {
        match part {
            Part::Inspector => self.inspector.is_some(),
            Part::Reload => self.reload.is_some(),
            Part::Metrics => self.metrics.is_some(),
        }
    }

    fn refuse(&self, request: &Request<'_>, refusal: &Refusal) -> Response {
        error_page::respond(&request.fields, refusal, &self.base)
    }
}

/// Whether a path could be one of ours. Mostly it is not, and that can be seen without decoding: the prefix is neither
/// written there nor encoded.
fn may_be_own(path: &[u8]) -> bool {
    memchr::memchr(b'%', path).is_some() || path.windows(b".glass".len()).any(|part| part == b".glass")
}

/// A page of another origin must not reach in here. It could not read the answers, but sending is
/// bad enough, and so is holding event streams open.
fn check_origin(request: &Request<'_>) -> Result<(), Refusal> {
    if origin::is_own(request) {
        return Ok(());
    }
    let why = "this is for pages of this server, and a page from elsewhere asks";
    Err(Refusal::new(Status::FORBIDDEN, why).by(Rfc(6454, "7")))
}

/// A proxy on this machine makes all its clients look as if they were on it. Most say that they are
/// there.
fn check_that_nobody_passed_it_on(request: &Request<'_>) -> Result<(), Refusal> {
    let signs = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];
    match signs.iter().find(|sign| request.fields.get(sign).is_some()) {
        Some(_) => Err(not_found()),
        None => Ok(()),
    }
}

#[track_caller]
fn not_found() -> Refusal {
    Refusal::new(Status::NOT_FOUND, "there is nothing here")
}

#[cfg(test)]
mod tests;
