//! A place for files that are added, above the table. `upload.js` makes more of it.

use crate::site::Upload;
use maud::{Markup, html};

/// The place. The form in it needs no script; a browser sends a folder as it sends files, with paths for names.
pub(super) fn place(upload: Upload) -> Markup {
    html! {
        section id="upload" aria-label="Add files" data-most=(upload.most) data-replaces[upload.overwrite]
            data-asks[upload.asks_alone] {
            form method="post" enctype="multipart/form-data" {
                label { "Add files " input type="file" name="file" multiple; }
                label { "Add a folder " input type="file" name="folder" webkitdirectory; }
                button { "Send" }
                span.drop { "or drop them on this page" }
                small { "or in a terminal: " code { "curl -T FILE" } " and the address of this page" }
            }
        }
    }
}
