//! A folder as a web site: a [`Request`] in, a [`Response`] out; no sockets.
//!
//! [`Site::respond`] is a plain function of a request and a folder. `Site::answer`, behind it, asks its questions in
//! the order in which RFC 9110 wants them asked, and each is answered in a file of its own:
//!
//! | question | file |
//! |---|---|
//! | does the client know a password, if one is needed? | [`auth`], asked before all others |
//! | may this host be asked for? | [`hosts`] |
//! | may a page of another origin read the answer? | [`cors`] |
//! | is the method allowed? | `method` |
//! | is the file in memory, and unchanged? | [`cache`] |
//! | what does the path name? | `find`; [`root`] opens it |
//! | is the directory wanted as one file, or as a list? | [`archive`], [`listing`] |
//! | is a page about the file wanted? | `views`, [`markdown`], `qr` |
//! | which representation of the file is it? | `select`, by [`coding`], [`media_type`], [`compress`] and [`versions`] |
//! | how long may the client keep it? | [`cache_control`] |
//! | does the client need it, and which part? | [`representation`], by `http::conditional` and `http::range` |
//! | is there another address for it? | `redirect` |
//! | what if the request is refused? | `refused`, [`error_page`], `near` |
//! | what if all that takes long? | `effort`: a helper answers |
//!
//! The plain case, a GET of a file, goes through `answer`, `find`, [`root`], `select` and [`representation`]; the
//! second time through `answer`, [`cache`] and [`representation`].
//!
//! An upload, by PUT or by a form, goes another way: [`upload`] decides before the body arrives, and
//! [`Site::respond`] never sees the request.

pub mod archive;
pub mod auth;
pub mod cache;
pub mod cache_control;
pub mod coding;
pub mod collation;
pub mod compress;
pub mod cors;
mod effort;
pub mod error_page;
pub mod facts;
mod find;
pub mod hosts;
pub mod listing;
pub mod markdown;
pub mod media_type;
mod method;
pub mod names;
mod near;
mod options;
pub mod page;
pub mod places;
mod qr;
mod read_file;
pub mod readme;
mod redirect;
mod refused;
pub mod representation;
pub mod root;
pub mod runs;
pub mod sandbox;
pub mod scandir;
pub mod script;
mod select;
pub mod upload;
pub mod versions;
mod views;

pub use cache_control::CacheControl;
pub use coding::Codings;
pub use cors::Cors;
pub use hosts::{Hosts, TrustedHosts};
pub use options::Options;
pub use qr::Reach;
pub use representation::Etags;
pub use root::Root;
pub use upload::Upload;

use crate::answer::Response;
use crate::base::budget::Budget;
use crate::base::helpers::Helpers;
use crate::base::platform::names::are_as_spelled;
use crate::base::trace::{self, quote};
use crate::http::base_path::Place;
use crate::http::target::{self, DecodedPath, ends_as_a_folder, parameter};
use crate::http::{Refusal, Request, Status};
use cache::Cache;
use coding::Wanted;
use compress::Compressor;
use effort::{Effort, Making, Takes, Unanswered};
use find::Found;
use method::Asked;
use representation::Representation;
use std::fs::File;
use std::sync::Arc;
use std::time::Instant;
use versions::Versions;
use views::View;

/// A folder, and how it is to be served.
#[derive(Debug)]
pub struct Site {
    /// Shared with the answers that go on reading while they are sent.
    root: Arc<Root>,
    cache: Cache,
    versions: Arc<Versions>,
    options: Options,
    /// For how many requests it is looked up what they may have meant.
    near: near::Pace,
    /// The line that pages get for live reload.
    script_tag: Arc<str>,
    listings: listing::Listings,
    archives: archive::Archives,
    /// Those that uploads make.
    folders: Arc<upload::Folders>,
    /// How many more bodies may be compressed while they are sent.
    compressing: Arc<Budget>,
    /// What takes long is left to them. Without them it is done at once.
    helpers: Option<Arc<Helpers>>,
    making: Making,
}

impl Site {
    /// A site of the files under `root`.
    pub fn new(root: Root, options: Options) -> Site {
        let cache = Cache::new(options.cache_size);
        let listings = listing::Listings::new(options.cache_size);
        Site {
            root: Arc::new(root),
            cache: if options.count_cache { cache.counting() } else { cache },
            versions: Arc::default(),
            near: near::Pace::default(),
            script_tag: script::tag(&options.base),
            options,
            listings,
            archives: archive::Archives::default(),
            folders: Arc::default(),
            compressing: Budget::new(compress::MAX_AT_ONCE),
            helpers: None,
            making: Making::default(),
        }
    }

    /// The same with helpers for what takes long.
    #[must_use]
    pub fn with_helpers(self, helpers: Arc<Helpers>) -> Site {
        Site { helpers: Some(helpers), ..self }
    }

    /// The folder.
    pub fn root(&self) -> &Arc<Root> {
        &self.root
    }

    /// How it is served.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// What can be told of the files in memory.
    pub fn cache_figures(&self) -> cache::Figures {
        self.cache.figures()
    }

    /// How much waits for helpers.
    pub fn helper_jobs_waiting(&self) -> usize {
        self.helpers.as_ref().map_or(0, |helpers| helpers.waiting())
    }

    /// The answer to a request that the server itself refuses; `None` stands for what is no request.
    pub fn refuse_for_server(&self, request: Option<&Request<'_>>, refusal: &Refusal) -> Response {
        if let Some(request) = request {
            return error_page::respond(request, refusal, &self.options.base);
        }
        Response::refuse(refusal)
    }

    /// The answer to a request that had arrived at this time. It says what the folder holds at some moment after
    /// that. It never fails: a failure has an answer, too.
    pub fn respond(&self, request: &Request<'_>, arrived: Instant) -> Response {
        self.try_respond(request, arrived, Effort::Full).unwrap_or_else(Takes::whatever)
    }

    /// The same with no more effort than that.
    fn try_respond(
        &self,
        request: &Request<'_>,
        arrived: Instant,
        effort: Effort,
    ) -> Result<Response, Takes> {
        let wanted = self.options.codings.wanted(request);
        let compressor = wanted.compressor;
        let response = match self.answer(request, wanted, arrived, effort) {
            Ok(response) => response,
            Err(Unanswered::Refused(refusal)) => self.refuse(request, &refusal, effort)?,
            Err(Unanswered::Takes(takes)) => return Err(takes),
        };
        Ok(self.complete(request, response, compressor))
    }

    /// The questions, in their order.
    fn answer(
        &self,
        request: &Request<'_>,
        mut wanted: Wanted,
        arrived: Instant,
        effort: Effort,
    ) -> Result<Response, Unanswered> {
        self.options.hosts.check(request.host)?;
        if let Some(preflight) = self.options.cors.preflight(request, self.methods()) {
            return Ok(preflight);
        }
        let (encoded_path, query) = match self.method(request)? {
            Asked::Representation { path, query } => (path, query),
            Asked::Methods => return Ok(self.tell_methods()),
        };
        let view = self.view(query);
        // Most requests are for a file in memory, by a path that need not be decoded.
        let plain_path = self.plain_path(encoded_path);
        if let Some(path) = plain_path.filter(|_| view.is_none()) {
            wanted = wanted.or_loaded(request, path);
            if let Some(representation) = self.in_memory(&wanted, path, arrived) {
                return Ok(self.send(request, &representation, effort)?);
            }
        }
        let Some(path) = self.below_base(encoded_path)? else {
            return Ok(self.redirect_to_directory(None, query));
        };
        let text = path.text();
        let misleads = self.misleads(&path, encoded_path);
        if plain_path.is_none() && !misleads && view.is_none() {
            wanted = wanted.or_loaded(request, &text);
            if let Some(representation) = self.in_memory(&wanted, &text, arrived) {
                return Ok(self.send(request, &representation, effort)?);
            }
        }
        self.check_hidden(&path)?;
        match self.find(&path).or_else(|refusal| self.fall_back(request, &path, refusal))? {
            Found::File { .. } | Found::Directory(_) if misleads => {
                Ok(self.redirect_to_directory(Some(&path), query))
            }
            Found::File { file, relative, for_certain } => {
                if let Some(view) = view
                    && let Some(page) = self.show_file(view, &file, &relative, (request, &path), effort)?
                {
                    return Ok(page);
                }
                let key = wanted.key(&text);
                // Of other spellings there can be any number: none is a key under which to keep the file.
                let is_key = for_certain && are_as_spelled(&file.file, &relative);
                let representation =
                    self.select(file, &relative, is_key.then_some(&*key), &wanted, effort)?;
                Ok(self.send(request, &representation, effort)?)
            }
            Found::Directory(_) if view == Some(View::Qr) => Ok(self.show_address(request, &path, effort)?),
            Found::Directory(directory) => self.show(directory, &path, query, request, effort),
            Found::DirectoryWithoutSlash => Ok(self.redirect_to_directory(Some(&path), query)),
            Found::PageWithSlash => Ok(self.redirect_to_page(path, query)),
        }
    }

    /// Completes an answer that is given before [`Site::respond`] is asked: to a request without a password, or to an
    /// upload.
    fn complete_early(&self, request: &Request<'_>, response: Response) -> Response {
        let compressor = self.options.codings.wanted(request).compressor;
        self.complete(request, response, compressor)
    }

    /// Adds what every answer of the site has. The fields that all answers of the server have are added when the head is
    /// rendered: see [`crate::http::response::Head`].
    fn complete(
        &self,
        request: &Request<'_>,
        mut response: Response,
        compressor: Option<Compressor>,
    ) -> Response {
        if self.options.script {
            script::add_to_own_page(&mut response, &self.script_tag);
        }
        if self.options.codings.compress {
            compress::compress_body(&mut response, compressor, &self.compressing, self.helpers.as_ref());
        }
        self.options.cors.add_to(&mut response.headers, request);
        response
    }

    /// The path of a target as its own cache key, if that can be seen without decoding it.
    fn plain_path<'a>(&self, encoded_path: &'a [u8]) -> Option<&'a [u8]> {
        target::plain_text(encoded_path).filter(|_| self.options.base.start() == "/")
    }

    /// The representation for this path, if it is in memory and still true.
    fn in_memory(&self, wanted: &Wanted, path: &[u8], arrived: Instant) -> Option<Arc<Representation>> {
        self.cache.get(&wanted.key(path), arrived, &self.root)
    }

    /// The path below the base path, decoded; `None` if it is the base path without the slash at its end.
    #[track_caller]
    fn below_base(&self, encoded_path: &[u8]) -> Result<Option<DecodedPath>, Refusal> {
        let path = match self.options.base.place_of(encoded_path)? {
            Place::Below(path) => path,
            Place::WithoutSlash => return Ok(None),
            Place::Outside => return Err(self.outside()),
        };
        if self.options.base.start() != "/" {
            trace::decision("base path", None, || {
                let below = format!("/{}", path.encoded());
                format!("below {} it is {}", self.options.base.start(), quote(below.as_bytes()))
            });
        }
        Ok(Some(path))
    }

    /// The refusal of a target that is not below the base path. It says where the site begins.
    #[track_caller]
    fn outside(&self) -> Refusal {
        let start = self.options.base.start();
        let why = format!("there is nothing here: all that this server has is below {start}");
        Refusal::new(Status::NOT_FOUND, why).because("outside")
    }

    /// Whether relative links on the page of a folder, be it its index, would lead elsewhere from this target than
    /// from the folder: `/a/b/..` names the folder `/a/`, but a link `x` on its page would lead to `/a/b/x`.
    fn misleads(&self, path: &DecodedPath, encoded_path: &[u8]) -> bool {
        path.names_directory && !ends_as_a_folder(encoded_path) && self.root.single_file().is_none()
    }

    /// Refuses a hidden name, unless it is the single file that the user serves on purpose.
    fn check_hidden(&self, path: &DecodedPath) -> Result<(), Refusal> {
        if !path.is_hidden() || self.options.hidden || self.root.single_file().is_some() {
            return Ok(());
        }
        trace::decision("hidden", None, || {
            ("dot", "a name in it starts with a dot, and --hidden is off: as if it were not there".to_owned())
        });
        Err(not_found())
    }

    /// The answer for a directory without an index: an archive of it, or a listing.
    fn show(
        &self,
        directory: File,
        path: &DecodedPath,
        query: Option<&[u8]>,
        request: &Request<'_>,
        effort: Effort,
    ) -> Result<Response, Unanswered> {
        if !self.options.listing {
            let why = "this directory has no index, and listings are off";
            return Err(Refusal::new(Status::FORBIDDEN, why).because("listing off").into());
        }
        if let Some(format) = parameter(query, "archive") {
            let hidden = self.options.hidden;
            return Ok(self.archives.respond_to(&self.root, directory, path, (&format, query), hidden)?);
        }
        let (asked, by) = ((query, &request.fields), (effort, self.helpers.as_ref()));
        self.listings.respond(&self.root, directory, path, asked, &self.options, by)
    }

    /// Sends a representation, or as much of it as the request's preconditions and range ask for.
    fn send(
        &self,
        request: &Request<'_>,
        representation: &Representation,
        effort: Effort,
    ) -> Result<Response, Takes> {
        let most = if effort == Effort::Brief { effort::MAX_BRIEF_PARTS } else { usize::MAX };
        let response = representation.respond_within(request, most).map_err(Takes::parts)?;
        if response.status != Status::RANGE_NOT_SATISFIABLE {
            return Ok(response);
        }
        let length = representation.length();
        let why = format!("the file has {length} bytes, and the range lies behind them");
        let refusal = Refusal::new(response.status, why);
        let mut refused = error_page::respond(request, &refusal, &self.options.base);
        refused.headers.push("Content-Range", format!("bytes */{length}"));
        if let Some(fields) = representation.varies_by() {
            refused.headers.push("Vary", fields);
        }
        Ok(refused)
    }
}

#[track_caller]
fn not_found() -> Refusal {
    Refusal::new(Status::NOT_FOUND, "there is nothing here")
}

#[cfg(test)]
mod spellings;
#[cfg(test)]
mod tests;
