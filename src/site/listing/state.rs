//! Whether a folder has changed since its page was made. The page asks, as long as somebody looks at it.
//!
//! ```text
//! GET /photos/                        <script data-state="6748f0a1.1dcd6500" ...>
//! GET /.glass/folder/photos/          6748f0a1.1dcd6500       the same: no name was added or removed
//! GET /.glass/folder/photos/          6748f0b3.00000000       it has changed: the page offers to show it as it is now
//! ```
//!
//! It costs as much as a look at a file. Nobody has to know of it: it is in no log, and the inspector does not show it.

use crate::answer::{Body, Response};
use crate::base::platform::status::FileType;
use crate::http::target::DecodedPath;
use crate::site::Site;
use crate::site::facts::Time;

/// The state of a folder whose names last changed then.
pub(super) fn text((seconds, nanoseconds): Time) -> String {
    format!("{seconds:x}.{nanoseconds:08x}")
}

impl Site {
    /// The state of a folder of this path from the root, if its listing may be seen.
    pub fn state_of_folder(&self, path: &[u8]) -> Option<Response> {
        let path =
            DecodedPath { relative: path.strip_suffix(b"/").unwrap_or(path).to_vec(), names_directory: true };
        self.check_hidden(&path).ok()?;
        let facts = self.root.look(&path.relative).ok()?;
        let is_listed = self.options.listing && facts.file_type == FileType::Directory;
        let text = || Body::Bytes(text(facts.modified).into_bytes());
        is_listed.then(|| Response::no_store("text/plain; charset=utf-8", text()))
    }
}
