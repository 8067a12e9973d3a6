//! What every coding has to keep, whoever made it.

use super::{ask, fields, get, varies, with_all_three};

const ALL_THREE: [&str; 3] = ["/once.txt", "/as-it-goes.txt", "/beside.txt"];

#[test]
fn each_coding_has_a_strong_tag_of_its_own_that_is_good_for_304_and_412() {
    let (_folder, server) = with_all_three();
    for target in ALL_THREE {
        let codings = ["", "gzip", "br"];
        let tags =
            codings.map(|accept| get(&server, target, accept).field("etag").expect("a tag").to_owned());
        assert!(tags.iter().all(|tag| tag.starts_with('"')), "{target} {tags:?}");
        assert!(tags[0] != tags[1] && tags[0] != tags[2] && tags[1] != tags[2], "{target} {tags:?}");
        for (accept, own) in codings.iter().zip(&tags) {
            for tag in &tags {
                let ask = |field: &str| {
                    ask(
                        &server,
                        &format!("GET {target}"),
                        &format!("Accept-Encoding: {accept}\r\n{field}: {tag}\r\n"),
                    )
                };
                let (none, some) = (ask("If-None-Match"), ask("If-Match"));
                let expected = if tag == own { (304, 200) } else { (200, 412) };
                assert_eq!((none.status, some.status), expected, "{target} {accept:?} {tag}");
                for reply in [none, some] {
                    assert!(varies(&reply), "{target} {accept:?}: {}", reply.head);
                    assert_eq!(reply.field("etag"), Some(&**own), "{target} {accept:?}");
                }
            }
        }
    }
}

#[test]
fn head_has_the_fields_of_get() {
    let (_folder, server) = with_all_three();
    for target in ALL_THREE {
        for accept in ["", "gzip", "br", "br;q=0, *", "identity;q=0"] {
            for more in ["", "Range: bytes=0-\r\n"] {
                let lines = format!("Accept-Encoding: {accept}\r\n{more}");
                let (get, head) = (
                    ask(&server, &format!("GET {target}"), &lines),
                    ask(&server, &format!("HEAD {target}"), &lines),
                );
                assert!(head.body.is_empty(), "{target} {accept} {more}");
                if more.is_empty() {
                    assert_eq!(fields(&get), fields(&head), "{target} {accept}");
                } else {
                    // Ranges are for GET alone, but which representation it is does not depend on that.
                    assert_eq!((get.status, head.status), (206, 200), "{target} {accept}");
                    assert_eq!(get.field("etag"), head.field("etag"), "{target} {accept}");
                }
            }
        }
    }
    for target in ["/", "/nowhere"] {
        let accept = "Accept-Encoding: br\r\nAccept: text/html\r\n";
        let get = ask(&server, &format!("GET {target}"), accept);
        let head = ask(&server, &format!("HEAD {target}"), accept);
        assert_eq!(fields(&get), fields(&head), "{target}");
    }
}
