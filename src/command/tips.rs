//! Tips for users who know other servers: an error says what does here what they have typed there.
//!
//! ```text
//! $ glasshttp -d site
//! glasshttp: unexpected argument '-d' found; tip: the folder comes without an option: glasshttp FOLDER
//! $ glasshttp 8080
//! glasshttp: cannot serve "8080": no such file or directory; did you mean --port 8080?
//! ```

use clap::Command;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// Options of other servers, and a tip for each about what does the same here. They come from Python's http.server,
/// http-server, serve, sirv, live-server, miniserve, static-web-server, darkhttpd, busybox's httpd, caddy and PHP.
pub(super) const FOREIGN_OPTIONS: &[(&[&str], &str)] = &[
    (
        &["-d", "-r", "--directory", "--dir", "--root", "--document-root", "--mount"],
        "the folder comes without an option: glasshttp FOLDER",
    ),
    (
        &["-l", "-i", "--listen", "--address", "--addr", "--interfaces", "--hostname"],
        "--bind ADDR and --port PORT say where to listen",
    ),
    (
        &[
            "-S",
            "-C",
            "-K",
            "--tls",
            "--ssl",
            "--https",
            "--http2",
            "--cert",
            "--key",
            "--ssl-cert",
            "--ssl-key",
        ],
        "for https there are --tls-cert FILE and --tls-key FILE, or --tls-self-signed for a try",
    ),
    (&["--cgi"], "files are served as they are, and no program is run for a request"),
    (&["--protocol"], "it speaks HTTP/1.1 whatever is said"),
    (
        &["-P", "--proxy", "--proxy-options"],
        "it serves files alone, and passes no request on to another server",
    ),
    (&["-s", "--silent"], "--quiet prints nothing but errors; for an application of one page there is --spa"),
    (&["-c", "--maxage", "--cache-control"], "--cache SECONDS says how long browsers may use a copy"),
    (
        &["-g", "--gzip", "--brotli", "--compression"],
        "--compress does it on the way, --precompressed sends what is beside a file",
    ),
    (&["-u", "--upload-files", "--allow-upload"], "--upload lets others add files"),
    (&["-L", "--symlinks", "--follow-symlinks"], "--follow-links follows links that lead out of the folder"),
    (&["-v", "--verbose", "--debug"], "--explain shows each exchange in full"),
    (&["--no-browser"], "no browser is opened unless --open says so"),
    (&["--watch", "--livereload", "--live-reload"], "--reload reloads pages when files change"),
    (&["--entry-file", "--rewrite", "--page-fallback"], "--spa[=FILE] answers for pages that are not there"),
    (
        &["--username", "--user", "--password", "--basic-auth", "--htpasswd"],
        "--auth USER:PASSWORD or --auth-file FILE asks for a password",
    ),
    (&["--hsts"], "-H 'Strict-Transport-Security: max-age=31536000' is what it does elsewhere"),
    (
        &["--no-dotfiles", "--no-dir-listing", "--no-directory-listing"],
        "dotfiles are not served anyway; --no-listing lists no folders",
    ),
    (
        &["-D", "-w", "--daemon", "--background"],
        "it stays in the foreground; a service manager or a & behind it starts it aside",
    ),
];

/// A tip about an argument that is none of ours. `command` has the options of this build: a tip that names one which
/// was left out would not help.
pub(super) fn for_argument(argument: &str, command: &Command) -> Option<&'static str> {
    if !argument.starts_with('-') {
        return Some("one folder is served, and a port comes with --port PORT");
    }
    let name = argument.split_once('=').map_or(argument, |(name, _)| name);
    let (_, tip) = FOREIGN_OPTIONS.iter().find(|(names, _)| names.contains(&name))?;
    options_in(tip).all(|option| has_option(command, option)).then_some(*tip)
}

/// The options that a tip names.
pub(super) fn options_in(tip: &str) -> impl Iterator<Item = &str> {
    tip.split([' ', '[', ',', ';']).filter(|word| word.starts_with('-'))
}

/// Whether this command has this option, such as `-p`, `--port` or `--host`, which is hidden.
pub(super) fn has_option(command: &Command, name: &str) -> bool {
    command.get_arguments().any(|arg| {
        let is_short = arg.get_short().is_some_and(|short| name == format!("-{short}"));
        let long = name.strip_prefix("--").unwrap_or_default();
        is_short || arg.get_long() == Some(long) || arg.get_all_aliases().unwrap_or_default().contains(&long)
    })
}

/// A tip about a value that this option cannot take.
pub(super) fn for_value(option: &str, value: &str) -> Option<&'static str> {
    let is_place =
        || value == "localhost" || value.parse::<IpAddr>().is_ok() || value.parse::<SocketAddr>().is_ok();
    match option {
        "--auth" if is_place() => Some("an address to listen on comes with --bind ADDR"),
        "--bind" if value.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) => {
            Some("the port comes with --port PORT")
        }
        "--bind" if value.parse::<u16>().is_ok() => Some("a port comes with --port PORT"),
        _ => None,
    }
}

/// A tip about the name of a folder that does not exist, if it follows an option whose value is optional and needs an
/// `=`. After `--reload poll`, for example, `poll` is the folder, and `--reload=poll` may be meant.
pub(super) fn for_value_without_equals_sign(
    command: &Command,
    arguments: &[OsString],
    folder: &Path,
) -> Option<String> {
    let at = arguments.iter().position(|argument| argument == folder.as_os_str())?;
    let (before, value) = (arguments.get(at.checked_sub(1)?)?.to_str()?, folder.to_str()?);
    let option = command.get_arguments().filter(|arg| arg.is_require_equals_set()).find(|arg| {
        let short = arg.get_short().is_some_and(|short| before == format!("-{short}"));
        short || arg.get_long().is_some_and(|long| before == format!("--{long}"))
    })?;
    Some(format!("did you mean --{}={value}?", option.get_long()?))
}

/// A tip about the name of a folder that does not exist, if it looks like a port or an address.
pub(super) fn for_folder(folder: &Path) -> Option<String> {
    let text = folder.to_str()?;
    if let Ok(port) = text.strip_prefix(':').unwrap_or(text).parse::<u16>() {
        return Some(format!("did you mean --port {port}?"));
    }
    let address = text.replacen("localhost", "127.0.0.1", 1).parse::<SocketAddr>().ok()?;
    let host = if text.starts_with("localhost") { "localhost".to_owned() } else { address.ip().to_string() };
    Some(format!("did you mean --bind {host} --port {}?", address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_may_be_meant_as_a_port() {
        let table = [
            ("8000", Some("did you mean --port 8000?")),
            (":8000", Some("did you mean --port 8000?")),
            ("localhost:80", Some("did you mean --bind localhost --port 80?")),
            ("0.0.0.0:80", Some("did you mean --bind 0.0.0.0 --port 80?")),
            ("[::]:80", Some("did you mean --bind :: --port 80?")),
            ("80000", None),
            ("site", None),
            ("site:80", None),
        ];
        for (folder, expected) in table {
            assert_eq!(for_folder(Path::new(folder)).as_deref(), expected, "{folder}");
        }
    }
}
