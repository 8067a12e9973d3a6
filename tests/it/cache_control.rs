//! `--cache`: how long browsers may use a copy without asking, file by file.

use crate::support::{Server, folder, glasshttp, run};

#[test]
fn each_file_is_kept_as_the_first_pattern_says_and_the_application_stays_fresh() {
    let folder = folder(&[
        ("index.html", "<p>app"),
        ("about.html", "<p>about"),
        ("assets/app.3f2a.js", "1"),
        ("assets/page.html", "<p>"),
        ("logo.png", "png"),
        ("css/site.css", "p {}"),
    ]);
    let options =
        ["--spa", "--cache", "31536000", "--cache", "/assets/**=immutable", "--cache", "*.css=60,immutable"];
    let table = [
        ("/", "no-cache"),
        ("/about.html", "no-cache"),
        ("/user/42", "no-cache"),
        ("/assets/app.3f2a.js", "max-age=31536000, immutable"),
        ("/assets/page.html", "max-age=31536000, immutable"),
        ("/css/site.css", "max-age=60, immutable"),
        ("/logo.png", "max-age=31536000"),
    ];
    let by_option = Server::start(folder.path(), &options);
    let by_variable = Server::start_command(
        glasshttp()
            .args(["--port", "0", "--spa"])
            .env("GLASSHTTP_CACHE", "31536000\n/assets/**=immutable\n*.css=60,immutable")
            .arg(folder.path()),
    );
    for (target, expected) in table {
        for server in [&by_option, &by_variable] {
            // Twice: the second answer is from memory.
            for _ in 0..2 {
                let reply = server.connect().get_with(target, "Accept: text/html\r\n");
                assert_eq!((reply.status, reply.field("cache-control")), (200, Some(expected)), "{target}");
            }
        }
    }
    let without = Server::start(folder.path(), &["--cache", "60"]);
    assert_eq!(without.get("/about.html").field("cache-control"), Some("max-age=60"));
}

#[test]
fn a_rule_that_makes_no_sense_is_one_line_that_says_what_does() {
    for (rule, part) in [("*.css=soon", "immutable"), ("[a=5", "unclosed"), ("../a=5", "without . and ..")] {
        let finished = run(glasshttp().args(["--port", "0", "--cache", rule]));
        assert_eq!((finished.code, finished.stderr.len()), (Some(2), 1), "{rule}: {:?}", finished.stderr);
        assert!(finished.stderr[0].contains(part), "{rule}: {:?}", finished.stderr);
    }
}
