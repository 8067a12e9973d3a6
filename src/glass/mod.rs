//! Looking in: what the server shows of itself, to people and to programs.
//!
//! - [`access_log`], [`explain`] and [`progress`] write to a terminal or a file.
//! - [`sentence`] is what two of them say of an exchange: what happened and why, in one line.
//! - [`inspect`] (a live view of all exchanges), [`reload`] (pages that reload when files change) and [`metrics`]
//!   (numbers for monitoring) answer requests below `/.glass/`; the first two send server-sent [`events`]. What the
//!   pages of listings load on demand is there, too, and the [`laboratory`] of the course.
//!
//! ```text
//! Request ──▶ Glass::begin ──▶ Elsewhere                         not below /.glass/: the site answers it
//!                          ──▶ NotOurs                           below it, and no page of ours: the same
//!                          ──▶ ROUTES ──▶ guard ──▶ the page
//! ```
//!
//! This file is the router for these requests: a table of paths, each with its methods and its audience, behind one
//! guard. A page that is not in the table does not exist, and no page in it can forget a check.

pub mod access_log;
mod deciding;
pub mod events;
pub mod explain;
pub mod inspect;
pub mod laboratory;
pub mod metrics;
pub mod progress;
pub mod reload;
pub mod sentence;
mod written;

use crate::answer::{Arrival, Begin, Response};
use crate::base::trace;
use crate::http::base_path::BasePath;
use crate::http::target::Target;
use crate::http::{Method, Refusal, Request, Status, origin};
use crate::server::Exchange;
use crate::site::Site;
use crate::site::listing::scripts;
use crate::site::{Hosts, TrustedHosts, error_page};
use inspect::Inspector;
use laboratory::Laboratory;
use metrics::Metrics;
use reload::Reload;
use std::sync::Arc;

/// Where these pages are, relative to the base path.
const PREFIX: &[u8] = b".glass/";

/// The server's own pages, as far as they are enabled.
pub struct Glass {
    /// The base path of the site, which is that of these pages, too.
    pub base: BasePath,
    /// The hosts that a request may name.
    pub hosts: Hosts,
    /// The hosts that a request for the inspector may name.
    pub trusted_hosts: TrustedHosts,
    /// `--inspect`
    pub inspector: Option<Inspector>,
    /// `--reload`
    pub reload: Option<Reload>,
    /// `--metrics`
    pub metrics: Option<Metrics>,
    /// `--course`
    pub laboratory: Option<Laboratory>,
    /// The site, if folders are listed, as they are unless `--no-listing` is given.
    pub listing: Option<Arc<Site>>,
}

/// What [`Glass`] says to a request.
#[derive(Debug)]
pub enum Answer {
    /// The request is for a page of the server's own, and this is how its answer begins.
    Own(Begin),
    /// The request is for something below `/.glass/` that is not a page of the server.
    NotOurs,
    /// The request is for something else.
    Elsewhere,
}

/// Which clients may request a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// All clients that may request files.
    Everybody,
    /// Pages of this server, in any browser. Pages of other origins would only use up its connections.
    OwnPages,
    /// Clients on this machine that are not proxies, since the page shows all that clients send, cookies included. For
    /// other clients it does not exist.
    ThisMachine,
}

/// Which option enables a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Inspector,
    Reload,
    Metrics,
    Listing,
    Laboratory,
    LaboratoryOrInspector,
}

/// A page.
struct Route {
    /// Its path below the prefix. A star at the end matches any rest.
    path: &'static str,
    methods: Methods,
    audience: Audience,
    part: Part,
    page: fn(&Glass, &PageRequest<'_>) -> Option<Result<Begin, Refusal>>,
}

/// What a page has to know of a request.
struct PageRequest<'a> {
    /// What the star matches.
    rest: &'a [u8],
    query: Option<&'a [u8]>,
    arrival: &'a Arrival<'a>,
}

/// Which methods a page supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Methods {
    Read,
    Post,
}

use Audience::{Everybody, OwnPages, ThisMachine};
use Methods::{Post, Read};

/// All pages.
static ROUTES: [Route; 15] = [
    Route::new("health", Read, Everybody, Part::Metrics, |_, _| answer(metrics::health())),
    Route::new("metrics", Read, Everybody, Part::Metrics, |glass, _| {
        answer(glass.metrics.as_ref()?.respond())
    }),
    Route::new("reload.js", Read, OwnPages, Part::Reload, |_, _| answer(reload::script())),
    Route::new("reload", Read, OwnPages, Part::Reload, |glass, _| {
        Some(glass.reload.as_ref()?.listen().map(Begin::Answer))
    }),
    Route::new("page/*", Read, Everybody, Part::Listing, |_, asked| {
        answer(scripts::respond(asked.rest, asked.query)?)
    }),
    Route::new("folder/*", Read, Everybody, Part::Listing, |glass, asked| {
        answer(glass.listing.as_ref()?.state_of_folder(asked.rest)?)
    }),
    // Pages of the course ask for it, and are told by a server with the inspector that there is none: a 404 would stand in
    // the browser's console as an error.
    Route::new("laboratory/", Read, ThisMachine, Part::LaboratoryOrInspector, |glass, _| {
        answer(laboratory::about(glass.laboratory.is_some()))
    }),
    Route::new("laboratory/play", Post, ThisMachine, Part::Laboratory, |glass, _| {
        Some(Ok(Begin::Receive(glass.laboratory.as_ref()?.play())))
    }),
    Route::new("", Read, ThisMachine, Part::Inspector, |_, _| answer(inspect::page())),
    Route::new("inspect/*", Read, ThisMachine, Part::Inspector, |_, asked| {
        answer(inspect::file(asked.rest)?)
    }),
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
        Some(inspect::source(asked.rest).map(Begin::Answer))
    }),
    Route::new("send", Post, ThisMachine, Part::Inspector, |glass, asked| {
        Some(Ok(Begin::Receive(glass.inspector.as_ref()?.send(asked.query))))
    }),
];

#[expect(clippy::unnecessary_wraps, reason = "it is what pages return")]
fn answer(response: Response) -> Option<Result<Begin, Refusal>> {
    Some(Ok(Begin::Answer(response)))
}

impl Route {
    const fn new(
        path: &'static str,
        methods: Methods,
        audience: Audience,
        part: Part,
        page: fn(&Glass, &PageRequest<'_>) -> Option<Result<Begin, Refusal>>,
    ) -> Route {
        Route { path, methods, audience, part, page }
    }

    /// What the star matches, if this route matches a path.
    fn rest<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        match self.path.strip_suffix('*') {
            Some(start) => path.strip_prefix(start.as_bytes()),
            None => (path == self.path.as_bytes()).then_some(&[]),
        }
    }
}

impl Methods {
    /// The value of Allow (RFC 9110 section 10.2.1).
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
    /// What a site without options has of the server's own pages.
    pub fn of(site: &Arc<Site>) -> Glass {
        let options = site.options();
        Glass {
            base: options.base.clone(),
            hosts: options.hosts.clone(),
            trusted_hosts: options.trusted_hosts.clone(),
            inspector: None,
            reload: None,
            metrics: None,
            laboratory: None,
            listing: options.listing.then(|| Arc::clone(site)),
        }
    }

    /// Begins to answer a request, if it is for a page of the server's own.
    pub fn begin(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Answer {
        let Target::Path { path, query } = request.target else { return Answer::Elsewhere };
        let are_on = self.inspector.is_some() || self.metrics.is_some() || self.laboratory.is_some();
        let may_be_own = self.reload.is_some()
            || (are_on && may_be_own(path))
            || (self.listing.is_some() && self.is_as_pages_write_it(path));
        if !may_be_own {
            return Answer::Elsewhere;
        }
        let Some(decoded) = self.base.below(path) else { return Answer::Elsewhere };
        let text = decoded.text();
        if let Some(own) = text.strip_prefix(PREFIX) {
            return self.find(own).map_or_else(
                // With the inspector, all of `/.glass/` is its own. Without it this may be a file, if such names are
                // served.
                || match self.inspector {
                    Some(_) => Answer::Own(Begin::Answer(self.refuse(request, &not_found()))),
                    None => Answer::NotOurs,
                },
                |(route, rest)| {
                    Answer::Own(self.answer(route, request, &PageRequest { rest, query, arrival }))
                },
            );
        }
        if *text == *b".glass" && self.has(Part::Inspector) {
            let page = self.guard(ThisMachine, Part::Inspector, request, arrival);
            let page = page.map(|()| inspect::redirect_to_page(self.base.start()));
            return Answer::Own(Begin::Answer(page.unwrap_or_else(|refusal| self.refuse(request, &refusal))));
        }
        if let Some(reload) = &self.reload {
            reload.note(&decoded);
        }
        Answer::Elsewhere
    }

    /// Whether a request is for what shows what clients send: the inspector.
    pub fn is_private(&self, request: &Request<'_>) -> bool {
        let Target::Path { path, .. } = request.target else { return false };
        if (self.inspector.is_none() && self.laboratory.is_none()) || !may_be_own(path) {
            return false;
        }
        let Some(decoded) = trace::silently(|| self.base.below(path)) else { return false };
        let text = decoded.text();
        match text.strip_prefix(PREFIX) {
            Some(own) => self.find(own).is_none_or(|(route, _)| route.audience == ThisMachine),
            None => *text == *b".glass",
        }
    }

    /// The route that matches a path, if its page is enabled, and what its star matches.
    fn find<'p>(&self, own: &'p [u8]) -> Option<(&'static Route, &'p [u8])> {
        let mut routes = ROUTES.iter().filter(|route| self.has(route.part));
        routes.find_map(|route| Some((route, route.rest(own)?)))
    }

    /// Asks a page, if the guard lets the request pass.
    fn answer(&self, route: &Route, request: &Request<'_>, asked: &PageRequest<'_>) -> Begin {
        let begin = self.guard(route.audience, route.part, request, asked.arrival).and_then(|()| {
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

    /// Refuses requests from outside this audience.
    fn guard(
        &self,
        audience: Audience,
        part: Part,
        request: &Request<'_>,
        arrival: &Arrival<'_>,
    ) -> Result<(), Refusal> {
        match audience {
            Everybody => self.hosts.check(request.host),
            OwnPages => {
                self.hosts.check(request.host)?;
                check_origin(request)
            }
            ThisMachine => {
                let (name, answers) = match part {
                    Part::Laboratory | Part::LaboratoryOrInspector => {
                        ("laboratory", "the laboratory answers")
                    }
                    _ => ("inspector", "the inspector answers"),
                };
                if !arrival.client.is_loopback() {
                    trace::decision(name, None, || {
                        "it is for this machine only, and this client is not on it".to_owned()
                    });
                    return Err(not_found());
                }
                self.trusted_hosts.check(request.host, answers)?;
                check_origin(request)?;
                check_not_forwarded(request)
            }
        }
    }

    /// Whether a path begins as it does in the pages of listings. They are all that names what is for them, so no other
    /// way of writing it counts; and nearly each request is for something else.
    fn is_as_pages_write_it(&self, path: &[u8]) -> bool {
        path.strip_prefix(self.base.start().as_bytes()).is_some_and(|rest| rest.starts_with(PREFIX))
    }

    fn has(&self, part: Part) -> bool {
        match part {
            Part::Listing => self.listing.is_some(),
            Part::Inspector => self.inspector.is_some(),
            Part::Reload => self.reload.is_some(),
            Part::Metrics => self.metrics.is_some(),
            Part::Laboratory => self.laboratory.is_some(),
            Part::LaboratoryOrInspector => self.laboratory.is_some() || self.inspector.is_some(),
        }
    }

    fn refuse(&self, request: &Request<'_>, refusal: &Refusal) -> Response {
        error_page::respond(request, refusal, &self.base)
    }
}

/// Whether a request asked what pages of listings ask all the time: whether their folder has changed. It is no visit, and
/// in no log.
pub fn is_only_a_question(exchange: &Exchange) -> bool {
    exchange.is_internal && memchr::memmem::find(&exchange.request_line, b"/.glass/folder/").is_some()
}

/// Whether a path could be that of a page. Mostly it is not, and this shows without decoding it: it has neither the
/// prefix nor anything percent-encoded.
fn may_be_own(path: &[u8]) -> bool {
    memchr::memchr(b'%', path).is_some() || path.windows(b".glass".len()).any(|part| part == b".glass")
}

/// Refuses requests from pages of another origin (RFC 6454). Such a page could not read the responses, but it could
/// send bytes through the composer, and hold event streams open.
fn check_origin(request: &Request<'_>) -> Result<(), Refusal> {
    origin::check(request, "this is for pages of this server, and a page from elsewhere asks")
}

/// Refuses requests that a proxy has forwarded. A proxy on this machine makes all its clients look as if they were on
/// it; most proxies add one of these fields.
fn check_not_forwarded(request: &Request<'_>) -> Result<(), Refusal> {
    let signs = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];
    match signs.iter().find(|sign| request.fields.get(sign).is_some()) {
        Some(_) => Err(not_found()),
        None => Ok(()),
    }
}

/// Bytes as JSON can hold them: each byte becomes the character with its number (ISO 8859-1).
fn as_characters(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

#[track_caller]
fn not_found() -> Refusal {
    Refusal::new(Status::NOT_FOUND, "there is nothing here")
}

#[cfg(test)]
mod tests;
