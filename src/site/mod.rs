//! A folder as a web site: a [`Request`] in, a [`Response`] out; no sockets.
//!
//! [`Site::respond`] is a plain function of a request and a folder. It asks its questions in the
//! order in which RFC 9110 wants them asked, and each is answered in a file of its own:
//!
//! | question | file |
//! |---|---|
//! | may this host be asked for? | [`hosts`] |
//! | does the client know a password, if one is needed? | `auth`, asked before all others |
//! | may a page of another origin read the answer? | [`cors`] |
//! | is the method one of ours? | here |
//! | what does the target name? | [`root`] opens it; here it becomes a file, an index, a listing |
//! | is the folder wanted as one file? | [`archive`] |
//! | which representation is that? | [`representation`], [`media_type`], [`coding`]; [`cache`] and [`versions`] remember |
//! | how long may it be kept? | [`cache_control`] |
//! | is it needed, and which part? | [`representation`], by [`crate::http::conditional`] and [`crate::http::range`] |
//! | in which order do names stand? | [`collation`], [`runs`] |
//! | does a page get the script for live reload? | [`script`] |
//! | what if it is refused? | [`error_page`]; `near` finds what may have been meant |
//!
//! A PUT, or a form with files, goes another way where uploads are on: [`Site::begin`] gives a receiver
//! before the body comes ([`upload`], [`form`]), and [`Site::respond`] never sees it.

pub mod archive;
pub mod auth;
pub mod cache;
pub mod cache_control;
pub mod coding;
pub mod collation;
#[cfg(feature = "compress")]
pub mod compress;
pub mod cors;
pub mod error_page;
pub mod facts;
pub mod form;
pub mod hosts;
pub mod listing;
pub mod media_type;
mod near;
pub mod new_file;
pub mod page;
pub mod readme;
pub mod representation;
pub mod root;
pub mod runs;
pub mod sandbox;
pub mod script;
pub mod upload;
pub mod versions;

pub use cache_control::CacheControl;
pub use coding::Codings;
pub use cors::Cors;
pub use hosts::{Hosts, TrustedHosts};
pub use representation::Etags;
pub use root::Root;
pub use upload::Upload;

use crate::answer::{Arrival, Begin, Body, Response};
#[cfg(feature = "compress")]
use crate::base::budget::Budget;
use crate::base::platform::status::FileType;
use crate::base::trace::{self, Rfc, quote};
use crate::http::base_path::{BasePath, Place};
use crate::http::target::parameter;
use crate::http::target::{self, DecodedPath, Target, ends_as_a_folder};
use crate::http::{Headers, Method, Refusal, Request, Status};
use cache::{Cache, Grounds};
use coding::Wanted;
use representation::{Form, Found as Read, Representation, Subject, name_of};
use root::{OpenFile, Opened, SingleFile};
use std::sync::Arc;
use std::time::Instant;
use versions::Versions;

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
    /// The places of those who compress something while it is sent.
    #[cfg(feature = "compress")]
    compressing: Arc<Budget>,
}

/// How a folder is served. The defaults of the command line are in [`crate::command::cli`].
#[derive(Debug, Clone)]
pub struct Options {
    /// Where all of the site is.
    pub base: BasePath,
    /// File names that stand for their directory, the first that exists.
    pub index: Vec<String>,
    /// Whether a directory without an index is shown as a list.
    pub listing: bool,
    /// Whether names that start with a dot are served.
    pub hidden: bool,
    /// How long browsers may use files without asking.
    pub cache_control: CacheControl,
    /// What their entity tags are made of.
    pub etags: Etags,
    /// Which hosts may be asked for.
    pub hosts: Hosts,
    /// Which ones to add files, and to look in.
    pub trusted_hosts: TrustedHosts,
    /// How many bytes of small files are kept in memory; 0 for none.
    pub cache_size: usize,
    /// Whether it is counted how often they are of use.
    pub count_cache: bool,
    /// The page that browsers get in place of one that is not there: the application's, which
    /// decides itself what the target means.
    pub fallback: Option<String>,
    /// Whether `/about` names `about.html`.
    pub clean_urls: bool,
    /// Which other origins may read answers.
    pub cors: Cors,
    /// Whether pages get the script for live reload.
    pub script: bool,
    /// Which files may be uploaded, if any may.
    pub upload: Option<Upload>,
    /// In which codings files may go out.
    pub codings: Codings,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            base: BasePath::default(),
            index: vec!["index.html".to_owned()],
            listing: true,
            hidden: false,
            cache_control: "no-cache".into(),
            etags: Etags::default(),
            hosts: Hosts::LoopbackAnd(Vec::new()),
            trusted_hosts: TrustedHosts::with(Vec::new()),
            cache_size: 0,
            count_cache: false,
            fallback: None,
            clean_urls: false,
            cors: Cors::Nobody,
            script: false,
            upload: None,
            codings: Codings::default(),
        }
    }
}

/// What a target turned out to name.
enum Found {
    File {
        file: OpenFile,
        /// Where it is, from the root.
        relative: Vec<u8>,
        /// Whether the target names this file as long as the file is there, whatever else may come.
        for_certain: bool,
    },
    /// A directory that has no index file.
    Directory(std::fs::File),
    /// A directory asked for without the slash at its end.
    DirectoryWithoutSlash,
    /// A page whose ending may be left out (clean URLs), asked for with a slash at its end.
    PageWithSlash,
}

impl Site {
    /// A site of the files under `root`.
    pub fn new(root: Root, options: Options) -> Site {
        let cache = Cache::new(options.cache_size);
        Site {
            root: Arc::new(root),
            cache: if options.count_cache { cache.counting() } else { cache },
            versions: Arc::default(),
            near: near::Pace::default(),
            script_tag: script::tag(&options.base),
            options,
            listings: listing::Listings::default(),
            archives: archive::Archives::default(),
            #[cfg(feature = "compress")]
            compressing: Budget::new(compress::MAX_AT_ONCE),
        }
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

    /// Begins to answer a request: with the answer, or with who takes what is uploaded.
    pub fn begin(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Begin {
        let upload = self.begin_upload(request, arrival.framing.length());
        upload.unwrap_or_else(|| Begin::Answer(self.respond(request, arrival.time)))
    }

    /// The answer to a request that the server itself refuses; `None` stands for what is no request.
    pub fn refuse_for_server(&self, request: Option<&Request<'_>>, refusal: &Refusal) -> Response {
        if let Some(request) = request {
            return error_page::respond(&request.fields, refusal, &self.options.base);
        }
        refusal.record();
        Response::of_refusal(refusal)
    }

    /// The answer to a request that had arrived by then; it tells what the folder is at some moment
    /// after that. It never fails: what goes wrong is an answer, too.
    pub fn respond(&self, request: &Request<'_>, arrived: Instant) -> Response {
        let response = self.answer(request, arrived).unwrap_or_else(|refusal| self.refuse(request, &refusal));
        self.finish(request, response)
    }

    /// Adds what every answer has, whatever it is.
    fn finish(&self, request: &Request<'_>, mut response: Response) -> Response {
        if self.options.script {
            script::add_to_own_page(&mut response, &self.script_tag);
        }
        #[cfg(feature = "compress")]
        if self.options.codings.compress {
            let wanted = self.options.codings.wanted(request);
            compress::compress_made(&mut response, wanted.made, &self.compressing);
        }
        self.options.cors.add_to(&mut response.headers, request);
        response
    }

    /// The methods that files and folders take here.
    fn methods(&self) -> &'static str {
        if self.options.upload.is_some() { Method::ALLOW_WITH_FORMS } else { Method::ALLOW }
    }

    /// What a path names that is still encoded, if it can be seen without decoding.
    fn plain_text<'a>(&self, encoded_path: &'a [u8]) -> Option<&'a [u8]> {
        target::plain_text(encoded_path).filter(|_| self.options.base.start() == "/")
    }

    fn answer(&self, request: &Request<'_>, arrived: Instant) -> Result<Response, Refusal> {
        self.options.hosts.check(request.host)?;
        if let Some(preflight) = self.options.cors.preflight(request, self.methods()) {
            return Ok(preflight);
        }
        let (encoded_path, query) = match (request.method, request.target) {
            (Method::Get | Method::Head, Target::Path { path, query }) => (path, query),
            (Method::Options, _) => {
                trace::step("method", Rfc(9110, "9.3.7"), || "OPTIONS asks what can be asked".to_owned());
                return Ok(allowed_methods(self.methods()));
            }
            (Method::Unknown, _) => {
                return Err(Refusal::new(Status::NOT_IMPLEMENTED, "this server does not know the method"));
            }
            _ => {
                let why = match self.options.upload {
                    Some(_) => "files take GET, HEAD, PUT and OPTIONS only",
                    None if upload::is_upload(request) => {
                        "no files are taken here; start the server with --upload to let people add some"
                    }
                    None => "files take GET, HEAD and OPTIONS only",
                };
                return Err(Refusal::new(Status::METHOD_NOT_ALLOWED, why));
            }
        };
        // Most requests are for what is in memory, by a path that need not be decoded.
        let wanted_by = |text: &[u8]| self.options.codings.wanted(request).or_loaded(request, text);
        let looked_up = self.plain_text(encoded_path).map(|text| (text, wanted_by(text)));
        if let Some((text, wanted)) = &looked_up
            && let Some(representation) = self.cache.get(&wanted.key(text), arrived, &self.root)
        {
            return Ok(self.send(request, &representation));
        }
        let path = match self.options.base.place_of(encoded_path)? {
            Place::Below(path) => path,
            Place::WithoutSlash => return Ok(self.redirect_to_directory(None, query)),
            Place::Outside => return Err(self.outside()),
        };
        if self.options.base.start() != "/" {
            trace::step("base path", None, || {
                let below = format!("/{}", path.encoded());
                format!("below {} it is {}", self.options.base.start(), quote(below.as_bytes()))
            });
        }
        let text = path.text();
        let was_looked_up = looked_up.is_some();
        let wanted = looked_up.map_or_else(|| wanted_by(&text), |(_, wanted)| wanted);
        let key = wanted.key(&text);
        // A page of a folder, be it its index, must be where its links lead from.
        let misleads =
            path.names_directory && !ends_as_a_folder(encoded_path) && self.root.single_file().is_none();
        if !was_looked_up
            && !misleads
            && let Some(representation) = self.cache.get(&key, arrived, &self.root)
        {
            return Ok(self.send(request, &representation));
        }
        // Who serves a single file means it, whatever its name.
        if path.is_hidden() && !self.options.hidden && self.root.single_file().is_none() {
            trace::step("hidden", None, || {
                "a name in it starts with a dot, and --hidden is off: as if it were not there".to_owned()
            });
            return Err(not_found());
        }
        match self.find(&path).or_else(|refusal| self.fall_back(request, &path, refusal))? {
            Found::File { .. } | Found::Directory(_) if misleads => {
                Ok(self.redirect_to_directory(Some(&path), query))
            }
            Found::File { file, relative, for_certain } => {
                let representation = self.represent(file, &relative, for_certain.then_some(&*key), &wanted);
                Ok(self.send(request, &representation))
            }
            Found::DirectoryWithoutSlash => Ok(self.redirect_to_directory(Some(&path), query)),
            Found::PageWithSlash => Ok(self.redirect_to_page(path, query)),
            Found::Directory(_) if !self.options.listing => {
                Err(Refusal::new(Status::FORBIDDEN, "this directory has no index, and listings are off"))
            }
            Found::Directory(directory) => {
                if let Some(format) = parameter(query, "archive") {
                    return self.archives.respond(&self.root, directory, &path, &format, self.options.hidden);
                }
                self.listings.respond(&self.root, directory, &path, query, &request.fields, &self.options)
            }
        }
    }

    /// What the path names: a file, or a directory's index, or the directory.
    fn find(&self, path: &DecodedPath) -> Result<Found, Refusal> {
        if let Some(single) = self.root.single_file() {
            return self.find_single(path, single);
        }
        let relative = &path.relative;
        let directory = match self.root.open(relative) {
            // A file has nothing below it: "/a.txt/" names something that is not there.
            Ok(Opened::File(_)) if path.names_directory => {
                trace::step("slash", None, || {
                    "the target ends in \"/\", and a file has nothing below it".to_owned()
                });
                return Err(not_found());
            }
            Ok(Opened::File(file)) => {
                return Ok(Found::File { file, relative: relative.clone(), for_certain: true });
            }
            Ok(Opened::Directory(directory)) => Ok(directory),
            Err(refusal) if refusal.status == Status::NOT_FOUND => {
                return match self.find_page(path)? {
                    Some(_) if path.names_directory => Ok(Found::PageWithSlash),
                    page => page.ok_or(refusal),
                };
            }
            // It may be entered, though (mode 0711, say): what is in it can be asked for by name, its index too.
            Err(refusal) if self.is_directory(relative) => {
                trace::step("open", None, || {
                    format!(
                        "{} is a directory that the server may not read: only its index is looked for",
                        quote(relative)
                    )
                });
                Err(refusal)
            }
            Err(refusal) => return Err(refusal),
        };
        if !path.names_directory {
            return Ok(self.find_page(path)?.unwrap_or(Found::DirectoryWithoutSlash));
        }
        match self.find_index(path)? {
            Some(index) => Ok(index),
            None => directory.map(Found::Directory),
        }
    }

    /// Whether a directory is there, be it one that cannot be read.
    fn is_directory(&self, relative: &[u8]) -> bool {
        self.root.look(relative).is_ok_and(|facts| facts.file_type == FileType::Directory)
    }

    /// With clean URLs, the page that a path without its `.html` names.
    fn find_page(&self, path: &DecodedPath) -> Result<Option<Found>, Refusal> {
        if !self.options.clean_urls || path.relative.is_empty() {
            return Ok(None);
        }
        let relative = [&path.relative, &b".html"[..]].concat();
        let Some(file) = self.open_if_file(&relative)? else { return Ok(None) };
        trace::step("clean URL", None, || format!("it stands for the page {}", quote(&relative)));
        // A file of the shorter name may still come.
        Ok(Some(Found::File { file, relative, for_certain: false }))
    }

    /// A file, if there is one here. One that is there and cannot be read is an error.
    fn open_if_file(&self, relative: &[u8]) -> Result<Option<OpenFile>, Refusal> {
        match self.root.open(relative) {
            Ok(Opened::File(file)) => Ok(Some(file)),
            Ok(Opened::Directory(_)) => Ok(None),
            Err(refusal) if refusal.status == Status::NOT_FOUND => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// Where a page is not there, the application's own, if there is one: it has addresses that are no
    /// files. Only for who asks for a page: to a script or a picture that is missing, HTML would be a
    /// strange answer, and a browser that takes it for the script hides what is wrong. Who takes anything
    /// (curl, what makes previews of links) gets it for a name that has no ending and so is no file's.
    fn fall_back(
        &self,
        request: &Request<'_>,
        path: &DecodedPath,
        refusal: Refusal,
    ) -> Result<Found, Refusal> {
        let Some(name) = &self.options.fallback else { return Err(refusal) };
        let fields = &request.fields;
        let is_dotted = |segment: &[u8]| segment.contains(&b'.');
        let names_a_file = || {
            path.segments().any(|one| one.starts_with(b".")) || path.segments().last().is_some_and(is_dotted)
        };
        let why = match refusal.status {
            Status::NOT_FOUND if error_page::prefers_html(fields) => "Accept asks for a page",
            Status::NOT_FOUND if error_page::takes_anything(fields) && !names_a_file() => {
                "the client takes anything and the name has no ending"
            }
            _ => return Err(refusal),
        };
        let relative = name.as_bytes().to_vec();
        let Ok(Opened::File(file)) = self.root.open(&relative) else { return Err(refusal) };
        trace::step("fallback", None, || {
            format!("nothing is there, and {why}: {} decides what it means", quote(&relative))
        });
        Ok(Found::File { file, relative, for_certain: false })
    }

    /// A single file is the whole site, at the root and under its name.
    fn find_single(&self, path: &DecodedPath, single: &SingleFile) -> Result<Found, Refusal> {
        let is_named = path.relative == single.name && !path.names_directory;
        if !is_named && !path.relative.is_empty() {
            return Err(not_found());
        }
        match self.root.open(&single.relative)? {
            Opened::File(file) => {
                Ok(Found::File { file, relative: single.relative.clone(), for_certain: true })
            }
            Opened::Directory(_) => Err(not_found()),
        }
    }

    /// The first index file that exists in a directory. One that exists and cannot be read is the
    /// answer, too: to show a listing instead would show what the index was to cover.
    fn find_index(&self, directory: &DecodedPath) -> Result<Option<Found>, Refusal> {
        for (rank, name) in self.options.index.iter().enumerate() {
            let mut relative = directory.relative.clone();
            if !relative.is_empty() {
                relative.push(b'/');
            }
            relative.extend_from_slice(name.as_bytes());
            if let Some(file) = self.open_if_file(&relative)? {
                trace::step("index", None, || format!("{} stands for its directory", quote(name.as_bytes())));
                // The second choice is what is named only as long as the first is not there.
                return Ok(Some(Found::File { file, relative, for_certain: rank == 0 }));
            }
        }
        Ok(None)
    }

    /// The representation of a file that was found. If it may be kept for the next requests it is
    /// read into memory, under `key` if the target names this file for certain.
    fn represent(
        &self,
        file: OpenFile,
        relative: &[u8],
        key: Option<&[u8]>,
        wanted: &Wanted,
    ) -> Arc<Representation> {
        let name = name_of(relative);
        let mut subject = self.subject(&file, relative);
        let form = match (subject.content.coding, media_type::packed(name)) {
            (Some(coding), _) => Some(Form::Named(coding)),
            (None, Some((coding, inner))) => {
                let form = wanted.form_of_packed(coding);
                if form == Form::Loaded(coding) {
                    trace::step("coding", None, || {
                        format!("Sec-Fetch-Dest says that a page loads it: so it is {}, coded", quote(inner))
                    });
                    subject.content = media_type::of(inner, media_type::Look::default());
                }
                Some(form)
            }
            (None, None) => None,
        };
        // Into pages that get the script something is put while they are sent: they go out as they are.
        let gets_script = self.options.script && media_type::is_page(name);
        if form.is_none() && !self.options.codings.are_off() && !gets_script {
            return self.represent_coded(file, subject, key, wanted);
        }
        let may_be_kept = key.is_some() && self.cache.would_keep(&file.facts);
        let trail = if may_be_kept { self.root.trail(relative) } else { None };
        let grounds = trail.map(|trail| Grounds::of(trail, file.facts.clone()));
        self.in_form(file, subject, form.unwrap_or(Form::Plain), key, grounds)
    }

    /// What is known of a file beside its bytes.
    fn subject<'a>(&'a self, file: &OpenFile, relative: &'a [u8]) -> Subject<'a> {
        let name = name_of(relative);
        Subject {
            relative,
            content: self.versions.content(file, name),
            cache_control: self.options.cache_control.value(relative, media_type::is_page(name)),
            etags: self.options.etags,
            versions: &self.versions,
        }
    }

    /// A file's representation in one form, from memory if it can be kept there on these grounds.
    fn in_form(
        &self,
        file: OpenFile,
        subject: Subject<'_>,
        form: Form,
        key: Option<&[u8]>,
        grounds: Option<Grounds>,
    ) -> Arc<Representation> {
        let will_be_kept = key.is_some() && grounds.is_some() && self.cache.would_keep(&file.facts);
        // Of a small file that may still be changing, or was when it was sent before, or whose tag is to be made
        // of its bytes, these are needed.
        let must_be_read = file.facts.length <= cache::MAX_FILE
            && (!file.facts.is_settled()
                || subject.etags == Etags::Content
                || self.versions.young(&file.facts).is_some());
        let cache_control = subject.cache_control;
        let read = match representation::read_to_find_out(&file) {
            Read::AsSaid => (will_be_kept || must_be_read).then(|| representation::read(&file)).flatten(),
            Read::All(bytes) => {
                let look = media_type::Look::at(&bytes, true);
                let subject = subject.seen(look);
                let made = Representation::made_when_read(bytes, subject, form);
                return Arc::new(self.complete(made, cache_control));
            }
            Read::More(start) => {
                let subject = subject.seen(media_type::Look::at(&start, false));
                return Arc::new(Representation::read_to_its_end(file, subject, form));
            }
        };
        let Some(bytes) = read else {
            return Arc::new(self.complete(Representation::on_disk(file, subject, form), cache_control));
        };
        let made = Representation::in_memory(bytes, &file.facts, subject, form);
        let representation = Arc::new(self.complete(made, cache_control));
        if let (Some(key), Some(grounds), true) = (key, grounds, will_be_kept) {
            self.cache.keep(key, grounds, Arc::clone(&representation));
        }
        representation
    }

    /// With all that is added to what the file has.
    fn complete(&self, representation: Representation, cache_control: &str) -> Representation {
        if self.options.script {
            representation.with_script(cache_control, &self.script_tag)
        } else {
            representation
        }
    }

    /// The answer to a request that is refused: the folder's own 404 page, if it has one, or ours.
    fn refuse(&self, request: &Request<'_>, refusal: &Refusal) -> Response {
        refusal.record();
        if refusal.status == Status::NOT_FOUND
            && self.root.single_file().is_none()
            && self.options.base.is_above(request)
            && error_page::takes_html_at_all(&request.fields)
            && let Ok(Opened::File(file)) = self.root.open(b"404.html")
        {
            trace::step("error page", None, || "the folder's own 404.html says so".to_owned());
            // It offers nothing; but whoever asks for explanations is told.
            if trace::is_on() {
                self.find_near(request);
            }
            let subject = self.subject(&file, b"404.html");
            let page = Representation::on_disk(file, subject, Form::Plain);
            return self.complete(page, "no-cache").respond_as_error(refusal.status);
        }
        let near = if refusal.status == Status::NOT_FOUND { self.find_near(request) } else { Vec::new() };
        let mut response = error_page::say_with(&request.fields, refusal, &self.options.base, &near);
        if refusal.status == Status::METHOD_NOT_ALLOWED {
            // RFC 9110 section 15.5.6 wants it.
            response.headers.push("Allow", self.methods());
        }
        response
    }

    /// What a request may have meant that names nothing, as far as a listing would show that.
    fn find_near(&self, request: &Request<'_>) -> Vec<DecodedPath> {
        match (request.method, request.target) {
            (Method::Get | Method::Head, Target::Path { path, .. }) => match self.options.base.below(path) {
                Some(path) if self.options.hidden || !path.is_hidden() => near::find(self, &path),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Sends a representation, or as much of it as the request's preconditions and range ask for.
    fn send(&self, request: &Request<'_>, representation: &Representation) -> Response {
        let response = representation.respond(request);
        if response.status != Status::RANGE_NOT_SATISFIABLE {
            return response;
        }
        let length = representation.length();
        let why = format!("the file has {length} bytes, and the range lies behind them");
        let refusal = Refusal::new(response.status, why);
        let mut refused = error_page::respond(&request.fields, &refusal, &self.options.base);
        refused.headers.push("Content-Range", format!("bytes */{length}"));
        if let Some(fields) = representation.varies_by() {
            refused.headers.push("Vary", fields);
        }
        refused
    }

    /// `/a/b?q` to `/a/b/?q`, so that links in the page count from the directory. The Location is
    /// written anew from the decoded segments: it starts with one slash and so stays on this host,
    /// whatever the client wrote (`//evil.example/..`). Without a path it is the root.
    fn redirect_to_directory(&self, path: Option<&DecodedPath>, query: Option<&[u8]>) -> Response {
        let path = path.map(|path| DecodedPath { names_directory: true, ..path.clone() });
        let location = self.location(path.as_ref(), query);
        trace::step("slash", Rfc(9110, "15.4.2"), || {
            format!("a directory asked for without the \"/\" at its end: off to {}", quote(&location))
        });
        redirect(Status::MOVED_PERMANENTLY, location)
    }

    /// With clean URLs, `/about/?q` to `/about?q`, likewise: links in the page count from there.
    fn redirect_to_page(&self, path: DecodedPath, query: Option<&[u8]>) -> Response {
        let location = self.location(Some(&DecodedPath { names_directory: false, ..path }), query);
        trace::step("slash", Rfc(9110, "15.4.9"), || {
            format!("a page asked for with a \"/\" at its end: off to {}", quote(&location))
        });
        redirect(Status::PERMANENT_REDIRECT, location)
    }

    fn location(&self, path: Option<&DecodedPath>, query: Option<&[u8]>) -> Vec<u8> {
        let mut location = String::from(self.options.base.start()).into_bytes();
        location.extend(path.map(DecodedPath::encoded).unwrap_or_default().into_bytes());
        if let Some(query) = query {
            location.push(b'?');
            location.extend_from_slice(query);
        }
        location
    }

    /// What is asked for is not below the base path. Who sees the answer may wonder where things are.
    #[track_caller]
    fn outside(&self) -> Refusal {
        let start = self.options.base.start();
        let why = format!("there is nothing here: all that this server has is below {start}");
        Refusal::new(Status::NOT_FOUND, why)
    }
}

fn redirect(status: Status, location: Vec<u8>) -> Response {
    let mut headers = Headers::default();
    headers.push("Location", location);
    // Without this a browser may keep it for ever, and a directory may become a file.
    headers.push("Cache-Control", "no-cache");
    Response { status, headers, body: Body::Empty }
}

#[track_caller]
fn not_found() -> Refusal {
    Refusal::new(Status::NOT_FOUND, "there is nothing here")
}

/// RFC 9110 section 9.3.7: what can be asked, of the server as of any file.
fn allowed_methods(methods: &str) -> Response {
    let mut headers = Headers::default();
    headers.push("Allow", methods);
    Response { status: Status::NO_CONTENT, headers, body: Body::Empty }
}

#[cfg(test)]
mod tests;
