//! Packs the files that the program carries with it: its own source, which the inspector shows, and the course, which
//! `--course` serves. `src/base/embedded.rs` unpacks them.
//!
//! ```text
//! www/**         ──┐                  ┌──▶ OUT_DIR/course.rs     [Block { contents: "1079 www/404.html\n..", .. }, ..]
//! src/**/*.rs      ├──▶ blocks of some ──▶ OUT_DIR/course.0, ..  the files of a block, one behind the other, deflated
//! examples/*.rs    │    files each    └──▶ the same for "source"
//! what www/ names ─┘
//! ```
//!
//! The same files give the same bytes: they are sorted, and neither times nor paths of this machine go in.
//!
//! And it prepares the scripts and style sheets of the site's own pages, which stand in each page anew: what only readers
//! of the source need is taken out of them.
//!
//! ```text
//! src/site/page.css ──▶ OUT_DIR/src/site/page.css     to be included
//!                       SHA256_OF_SITE_PAGE_CSS       what a Content-Security-Policy names it by
//! all of them       ──▶ VERSION_OF_PAGES              for the addresses of those that are loaded
//! ```

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use minifier::{css, js};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// From how many bytes on a block is full. One is unpacked to get a file out of it, which takes a fraction of a
/// millisecond at this size. Larger ones would be packed 2 % better at most.
const BLOCK: usize = 128 * 1024;

fn main() {
    let course: BTreeSet<String> =
        files_below("www").into_iter().filter(|path| is_of_the_course(path)).collect();
    let mut source = files_below("src");
    source.extend(files_below("examples"));
    source.retain(|path| is_source(path));
    source.extend(course.iter().flat_map(|page| named_by(page)));
    // A file that is new is a part of it, too. Those are left out in which a lesson makes files.
    let folders = course.iter().filter_map(|page| page.rsplit_once('/')).map(|(folder, _)| folder);
    for folder in folders.filter(|folder| *folder != "www" && !is_sample(folder)).collect::<BTreeSet<_>>() {
        println!("cargo:rerun-if-changed={folder}");
    }
    pack("course", &course);
    pack("source", &source);
    prepare_pages();
}

/// Writes what the pages of the site include.
fn prepare_pages() {
    let out = std::env::var("OUT_DIR").expect("cargo says where to write");
    println!("cargo:rerun-if-changed=src/site");
    let mut all = Sha256::new();
    for path in files_below("src/site") {
        let text = || String::from_utf8(read(&path)).unwrap_or_else(|_| panic!("{path} is not UTF-8"));
        let small = match ending(&path) {
            "js" => js::minify(&text()).map(|small| small.to_string()),
            "css" => css::minify(&text()).map(|small| small.to_string()),
            _ => continue,
        };
        let small = small.unwrap_or_else(|why| panic!("{path}: {why}"));
        println!("cargo:rerun-if-changed={path}");
        let to = Path::new(&out).join(&path);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder to write to");
        fs::write(&to, &small).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
        let name = path.trim_start_matches("src/").to_uppercase().replace(['/', '.', '-'], "_");
        let hash = BASE64_STANDARD.encode(Sha256::digest(&small));
        println!("cargo:rustc-env=SHA256_OF_{name}='sha256-{hash}'");
        all.update(&small);
    }
    let version = BASE64_URL_SAFE_NO_PAD.encode(&all.finalize()[..9]);
    println!("cargo:rustc-env=VERSION_OF_PAGES={version}");
}

/// Pages and samples. A lesson puts large files and links into `www/` for a while, which are no part of it.
fn is_of_the_course(path: &str) -> bool {
    is_sample(path) || ["html", "css", "js", "svg"].contains(&ending(path))
}

fn is_sample(path: &str) -> bool {
    path.starts_with("www/samples")
}

fn ending(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// Files that are compiled into the program, and the stages. What a reader writes for an exercise is neither.
fn is_source(path: &str) -> bool {
    ending(path) == "rs" && !path.ends_with("/tests.rs") && !is_the_readers(path)
}

fn is_the_readers(path: &str) -> bool {
    path.starts_with("examples/exercise_")
}

/// The files that a page names, as far as they are there: the package has no tests.
fn named_by(page: &str) -> Vec<String> {
    let text = if ending(page) == "html" { read(page) } else { Vec::new() };
    let text = String::from_utf8(text).unwrap_or_else(|_| panic!("{page} is not UTF-8"));
    let names =
        text.split("<code class=\"file\">").skip(1).filter_map(|rest| Some(rest.split_once("</code>")?.0));
    names.filter(|name| Path::new(name).is_file() && !is_the_readers(name)).map(str::to_owned).collect()
}

/// The files in a folder and all below it, links apart.
fn files_below(folder: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder}: {error}")) {
        let entry = entry.unwrap_or_else(|error| panic!("{folder}: {error}"));
        let kind = entry.file_type().unwrap_or_else(|error| panic!("{folder}: {error}"));
        // A name that is not UTF-8 is none of ours.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{folder}/{name}");
        if kind.is_dir() {
            found.extend(files_below(&path));
        } else if kind.is_file() {
            found.insert(path);
        }
    }
    found
}

fn read(path: &str) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Writes the blocks of these files, and the table of them.
fn pack(name: &str, paths: &BTreeSet<String>) {
    let folder = std::env::var("OUT_DIR").expect("cargo says where to write");
    let write = |name: &str, bytes: &[u8]| {
        fs::write(Path::new(&folder).join(name), bytes)
            .unwrap_or_else(|error| panic!("{folder}/{name}: {error}"));
    };
    // Whoever changes the source compiles often, and this runs each time: then less well packed is good enough.
    let level = if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") { 9 } else { 1 };
    let (mut table, mut count, mut paths) = (String::from("[\n"), 0, paths.iter().peekable());
    while paths.peek().is_some() {
        let (mut contents, mut block) = (String::new(), Vec::new());
        while block.len() < BLOCK
            && let Some(path) = paths.next()
        {
            let file = read(path);
            let _ = writeln!(contents, "{} {path}", file.len());
            block.extend(file);
            // To touch a sample is a lesson, too, and no reason to build all anew.
            if !is_sample(path) {
                println!("cargo:rerun-if-changed={path}");
            }
        }
        write(&format!("{name}.{count}"), &miniz_oxide::deflate::compress_to_vec(&block, level));
        let deflated = format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.{count}\"))");
        let _ = writeln!(table, "Block {{ contents: {contents:?}, deflated: {deflated} }},");
        count += 1;
    }
    write(&format!("{name}.rs"), (table + "]\n").as_bytes());
}
