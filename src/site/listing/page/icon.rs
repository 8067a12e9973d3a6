//! What a file is, by the end of its name: a class for each kind, for the style sheet (its icon) and the scripts (what
//! can be shown in place).

/// How long the endings are, at most.
const LONGEST: usize = 6;

/// The start of the link to a file of this name, with its class.
pub(super) fn start_of_link(name: &[u8]) -> &'static str {
    let Some(dot) = name.iter().rev().take(LONGEST + 1).position(|&byte| byte == b'.') else {
        return "<a href=\"";
    };
    let mut ending = [0; LONGEST];
    let found = &name[name.len() - dot..];
    ending[..found.len()].copy_from_slice(found);
    ending.make_ascii_lowercase();
    match &ending[..found.len()] {
        b"txt" | b"md" | b"log" | b"rst" | b"doc" | b"docx" | b"odt" | b"rtf" | b"epub" => {
            "<a class=\"t\" href=\""
        }
        b"apng" | b"avif" | b"bmp" | b"gif" | b"ico" | b"jpeg" | b"jpg" | b"png" | b"svg" | b"webp" => {
            "<a class=\"p\" href=\""
        }
        b"avi" | b"m4v" | b"mkv" | b"mov" | b"mp4" | b"mpeg" | b"mpg" | b"ogv" | b"webm" => {
            "<a class=\"v\" href=\""
        }
        b"aac" | b"flac" | b"m4a" | b"mid" | b"mp3" | b"oga" | b"ogg" | b"opus" | b"wav" => {
            "<a class=\"s\" href=\""
        }
        b"c" | b"cc" | b"cpp" | b"cs" | b"css" | b"go" | b"h" | b"htm" | b"html" | b"java" | b"js"
        | b"json" | b"jsx" | b"kt" | b"lua" | b"mjs" | b"php" | b"pl" | b"py" | b"rb" | b"rs" | b"scss"
        | b"sh" | b"sql" | b"swift" | b"toml" | b"ts" | b"tsx" | b"vue" | b"wasm" | b"xml" | b"yaml"
        | b"yml" => "<a class=\"c\" href=\"",
        b"csv" | b"db" | b"ods" | b"sqlite" | b"tsv" | b"xls" | b"xlsx" => "<a class=\"x\" href=\"",
        b"7z" | b"bz2" | b"deb" | b"dmg" | b"gz" | b"img" | b"iso" | b"jar" | b"rar" | b"rpm" | b"tar"
        | b"tgz" | b"xz" | b"zip" | b"zst" => "<a class=\"z\" href=\"",
        b"pdf" => "<a class=\"a\" href=\"",
        _ => "<a href=\"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::listing::entry::PICTURES;

    #[test]
    fn a_name_has_the_class_of_its_ending() {
        let table: &[(&[u8], &str)] = &[
            (b"a.txt", " class=\"t\""),
            (b"a.b.TAR", " class=\"z\""),
            (b".gz", " class=\"z\""),
            (b"a.sqlite", " class=\"x\""),
            (b"a", ""),
            (b"", ""),
            (b"txt", ""),
            (b"a.", ""),
            (b"a.longtxt", ""),
            (b"a.t\xffxt", ""),
            (b"a.txt ", ""),
        ];
        for (name, class) in table {
            assert_eq!(start_of_link(name), format!("<a{class} href=\""), "{name:?}");
        }
        for picture in PICTURES {
            assert_eq!(start_of_link(format!("a.{picture}").as_bytes()), "<a class=\"p\" href=\"");
        }
    }
}
