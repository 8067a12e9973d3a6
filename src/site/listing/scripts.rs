//! Scripts of listings that are loaded on demand: a page has what everybody needs, and these when they are first used.
//!
//! ```text
//! > GET /.glass/page/gallery.js?v=5d41402abc4b HTTP/1.1        somebody has pressed "Gallery"
//!
//! < HTTP/1.1 200 OK
//! < Cache-Control: max-age=31536000, immutable                 what has this version never changes
//! < Content-Type: text/javascript; charset=utf-8
//! <
//! < glass.style(".gallery table{...}");                        its style sheet, gallery.css
//! < ...                                                        gallery.js
//! ```
//!
//! The script of the page loads them with `glass.load("gallery")`, or when something happens that needs one: see the
//! table `NEEDED` in `listing.js`. No file of the folder can be a script of the page: its Content-Security-Policy trusts
//! that script, and what that script itself loads (`'strict-dynamic'`), and no address.
//!
//! They are for everybody who may request files. The router of the server's own pages serves them (`crate::glass`).

use crate::answer::{Body, Response};
use crate::http::target::parameter;
use crate::http::{FieldLines, Status};

/// What the addresses of all of them end in. It is another for other scripts.
pub(super) const VERSION: &str = env!("VERSION_OF_PAGES");

/// A script, and the style sheet that it brings.
struct Script {
    name: &'static str,
    text: &'static str,
    style: Option<&'static str>,
}

/// All of them.
static SCRIPTS: [Script; 9] = [
    Script { name: "gallery.js", text: built!("gallery.js"), style: Some(built!("gallery.css")) },
    Script { name: "list.js", text: built!("list.js"), style: None },
    Script { name: "many.js", text: built!("many.js"), style: Some(built!("many.css")) },
    Script { name: "news.js", text: built!("news.js"), style: Some(built!("news.css")) },
    Script { name: "pick.js", text: built!("pick.js"), style: Some(built!("pick.css")) },
    Script { name: "preview.js", text: built!("preview.js"), style: Some(built!("preview.css")) },
    Script { name: "share.js", text: built!("share.js"), style: None },
    Script { name: "viewer.js", text: built!("viewer.js"), style: Some(built!("viewer.css")) },
    Script { name: "upload.js", text: concat!(built!("upload.js"), "\n", built!("drop.js")), style: None },
];

/// The script that is asked for, if there is one of this name.
pub fn respond(name: &[u8], query: Option<&[u8]>) -> Option<Response> {
    let script = SCRIPTS.iter().find(|script| script.name.as_bytes() == name)?;
    let style = script.style.map(|style| {
        let style = serde_json::to_string(style).unwrap_or_default();
        format!("glass.style({style});\n")
    });
    let text = style.unwrap_or_default() + script.text;
    let is_this_version = parameter(query, "v").as_deref() == Some(VERSION);
    let mut headers = FieldLines::default();
    headers.push("Content-Type", "text/javascript; charset=utf-8");
    // A page that another version of the server has made asks for what that had.
    headers.push("Cache-Control", if is_this_version { "max-age=31536000, immutable" } else { "no-cache" });
    Some(Response { status: Status::OK, headers, body: Body::Bytes(text.into_bytes()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_there_with_its_style_and_is_kept_as_long_as_its_address_says() {
        let version = format!("v={VERSION}");
        for Script { name, text: script, style } in &SCRIPTS {
            for (query, expected) in [
                (Some(version.as_bytes()), "max-age=31536000, immutable"),
                (Some(b"v=0"), "no-cache"),
                (None, "no-cache"),
            ] {
                let response = respond(name.as_bytes(), query).expect("it is there");
                assert_eq!(response.headers.get("cache-control"), Some(expected), "{name}");
                let text = String::from_utf8(response.body.start(usize::MAX)).expect("text");
                assert!(
                    text.ends_with(script) && text.starts_with("glass.style(") == style.is_some(),
                    "{name}"
                );
            }
        }
        assert!(respond(b"listing.js", None).is_none() && respond(b"../gallery.js", None).is_none());
    }
}
