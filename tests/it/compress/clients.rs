//! What real clients make of it.

use super::{get, with_all_three};
use crate::support::run;
use std::fs;

#[test]
fn gzip_itself_takes_what_we_compress() {
    let (folder, server) = with_all_three();
    for target in ["/once.txt", "/as-it-goes.txt"] {
        let file = folder.path().join("got.gz");
        fs::write(&file, get(&server, target, "gzip").body).expect("written");
        let end = run(std::process::Command::new("gzip").arg("-t").arg(&file));
        assert_eq!((end.code, end.stderr.len()), (Some(0), 0), "{target}: {end:?}");
    }
}

#[test]
fn curl_gets_the_same_file_with_and_without_compressed() {
    let (folder, server) = with_all_three();
    for target in ["/once.txt", "/as-it-goes.txt"] {
        for options in
            [&["--compressed"][..], &[], &["--compressed", "--http1.0"], &["--compressed", "-r", "5-"]]
        {
            let got = folder.path().join("got");
            let end = run(std::process::Command::new("curl")
                .args(["-sS", "--fail", "-o"])
                .arg(&got)
                .args(options)
                .arg(server.url(target)));
            assert_eq!((end.code, end.stderr.len()), (Some(0), 0), "{target} {options:?}: {end:?}");
            let expected = fs::read(folder.path().join(&target[1..])).expect("readable");
            let skipped = if options.contains(&"-r") { 5 } else { 0 };
            assert!(fs::read(&got).expect("readable") == expected[skipped..], "{target} {options:?}");
        }
    }
}
