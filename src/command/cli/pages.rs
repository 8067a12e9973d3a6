//! "For building pages": what helps to develop a site, and to serve a finished one.
//!
//! ```text
//! --spa              paths that do not exist get index.html
//! --cors=ORIGIN      pages of that origin may read answers
//! --header NAME:..   every answer has this field
//! --reload           open pages are reloaded when files change
//! ```

use super::compress::CompressOption;
use crate::command::values::{parse_file_name, yes_or_no};
use crate::glass::reload::Ignore;
use crate::http::host::Host;
use crate::http::response::ExtraFields;
use crate::site::cors::Origins;
use crate::site::{Codings, Cors};

/// The options below "For building pages".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For building pages")]
pub(crate) struct PageOptions {
    /// For single-page applications: who asks for a page that is not there gets FILE (alias: --single)
    /// [default: 404; FILE: index.html]
    #[arg(long, alias = "single", value_name = "FILE", num_args = 0..=1, require_equals = true,
          default_missing_value = "index.html", value_parser = parse_file_name, env = "GLASSHTTP_SPA",
          hide_env = true)]
    pub(super) spa: Option<String>,

    /// Let /about name about.html
    #[arg(long, env = "GLASSHTTP_CLEAN_URLS", value_parser = yes_or_no, hide_env = true)]
    pub(super) clean_urls: bool,

    /// Send app.js.br, .zst or .gz in place of app.js, if it is there and the client takes it
    #[arg(long, env = "GLASSHTTP_PRECOMPRESSED", value_parser = yes_or_no, hide_env = true)]
    precompressed: bool,

    #[command(flatten)]
    compress: CompressOption,

    /// Let pages of other origins read what is served: of all, or of ORIGIN alone (https://*.NAME: all
    /// below it), repeatable [default: of none]
    #[arg(long, value_name = "ORIGIN", num_args = 0..=1, require_equals = true, default_missing_value = "*",
          value_delimiter = ',', value_parser = parse_origin, env = "GLASSHTTP_CORS", hide_env = true)]
    cors: Vec<String>,

    /// A header for every answer, repeatable; it replaces ours of the same name
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = parse_header)]
    headers: Vec<(String, String)>,

    /// Isolate pages (COOP and COEP), so that they may use SharedArrayBuffer and wasm threads
    #[arg(long, env = "GLASSHTTP_ISOLATE", value_parser = yes_or_no, hide_env = true)]
    isolate: bool,

    /// Reload pages in the browser when files change, and swap style sheets without; all ages of --cache are
    /// then no-cache. HOW is poll where nobody tells that files change (auto knows NFS, SMB, FUSE and more)
    /// [default: off; HOW: auto]
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "auto",
          value_parser = parse_reload, env = "GLASSHTTP_RELOAD", hide_env = true)]
    reload: Option<ReloadHow>,

    /// Files that may change without a reload, repeatable: *.log at any depth, data/** from the folder
    #[arg(long, value_name = "GLOB", requires = "reload", value_parser = Ignore::parse,
          env = "GLASSHTTP_RELOAD_IGNORE", hide_env = true)]
    reload_ignore: Vec<Ignore>,
}

/// A value of `--reload`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReloadHow {
    /// The environment can say so, as by `GLASSHTTP_RELOAD=0`.
    Off,
    Auto,
    Poll,
}

/// How the server notices that files change.
#[derive(Debug, Clone)]
pub struct Reloading {
    /// Whether it looks at the files again and again, even where the system could notify it.
    pub poll: bool,
    /// The files whose changes do not matter.
    pub ignore: Vec<Ignore>,
}

impl PageOptions {
    /// Whether pages are reloaded when files change.
    pub(super) fn reloads(&self) -> bool {
        self.reload.is_some_and(|how| how != ReloadHow::Off)
    }

    /// How the server notices that files change.
    pub(super) fn reloading(self) -> Reloading {
        Reloading { poll: self.reload == Some(ReloadHow::Poll), ignore: self.reload_ignore }
    }

    /// The content codings in which files may be sent.
    pub(super) fn codings(&self) -> Codings {
        Codings { precompressed: self.precompressed, compress: self.compress.is_given() }
    }

    /// The fields that every response has.
    pub(super) fn own_fields(&self) -> ExtraFields {
        let mut fields = ExtraFields::default();
        let isolation: &[_] = &[
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Embedder-Policy", "require-corp"),
        ];
        let isolation = if self.isolate { isolation } else { &[] };
        let own = || self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let is_replaced = |name: &str| own().any(|(own, _)| own.eq_ignore_ascii_case(name));
        let isolation = isolation.iter().copied().filter(|(name, _)| !is_replaced(name));
        for (name, value) in isolation.chain(own()) {
            fields.push(name, value).expect("parse_header has tried the same");
        }
        fields
    }

    /// The other origins whose pages may read answers.
    pub(super) fn cors(&self) -> Cors {
        match self.cors.as_slice() {
            [] => Cors::Nobody,
            origins if origins.iter().any(|origin| origin == "*") => Cors::Everybody,
            origins => Cors::Origins(Origins::new(origins.to_vec(), self.own_fields().names())),
        }
    }
}

/// Reads a value of `--reload`, or of its variable, which can also say yes or no.
fn parse_reload(text: &str) -> Result<ReloadHow, String> {
    match text.to_ascii_lowercase().as_str() {
        "auto" => Ok(ReloadHow::Auto),
        "poll" => Ok(ReloadHow::Poll),
        "" => Ok(ReloadHow::Off),
        text => match yes_or_no(text) {
            Ok(true) => Ok(ReloadHow::Auto),
            Ok(false) => Ok(ReloadHow::Off),
            Err(_) => Err("it must be auto or poll".to_owned()),
        },
    }
}

/// Reads an origin, and gives it as browsers write it in the Origin field: scheme and host in lower case, the port
/// unless it is the scheme's default, and nothing after them. `*` stands for all origins, and `*.` before a host for
/// all below it.
fn parse_origin(text: &str) -> Result<String, String> {
    if text == "*" {
        return Ok(text.to_owned());
    }
    let must = "it must be an origin, such as http://localhost:5173";
    let lower = text.to_ascii_lowercase();
    let parts = [("http://", 80), ("https://", 443)]
        .iter()
        .find_map(|(scheme, port)| Some((*scheme, *port, lower.strip_prefix(scheme)?)));
    let Some((scheme, default_port, rest)) = parts else { return Err(must.to_owned()) };
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (below, host) = match authority.strip_prefix("*.").or_else(|| authority.strip_prefix('.')) {
        Some(host) => ("*.", host),
        None => ("", authority),
    };
    if host.contains('*') {
        return Err(
            "a star can only stand for all hosts below one, as in https://*.example.com, or alone for \
                    all origins"
                .to_owned(),
        );
    }
    let parsed =
        Host::parse(host.as_bytes()).filter(|host| !host.name.is_empty() && !host.name.starts_with(b"."));
    let Some(host) = parsed else { return Err(must.to_owned()) };
    let name = host.written_as_browsers_do();
    let port = host.port.filter(|&port| port != default_port);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let origin = format!("{scheme}{below}{name}{port}");
    if behind.is_empty() { Ok(origin) } else { Err(format!("{must}, without anything behind it: {origin}")) }
}

/// Reads a field line of `--header`.
fn parse_header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("it must be a name, a colon and a value, such as \"X-Robots-Tag: noindex\"")?;
    let value = value.trim_matches([' ', '\t']);
    ExtraFields::default().push(name, value)?;
    Ok((name.to_owned(), value.to_owned()))
}
