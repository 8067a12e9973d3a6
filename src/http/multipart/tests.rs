//! Forms in whole, in pieces and broken, and what is read of them.

use super::*;
use proptest::prelude::*;

/// Each part's name, file name and content; `None` while the form is not whole.
type Form = Option<Vec<(String, Option<String>, String)>>;

fn decode_in_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Form, Refusal> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut decoder = Decoder::new(b"multipart/form-data; boundary=x")?;
    let mut parts: Vec<(String, Option<String>, String)> = Vec::new();
    let mut is_open = false;
    for piece in pieces {
        decoder.push(piece);
        while let Some(event) = decoder.next()? {
            match event {
                Event::Part(part) => {
                    assert!(!std::mem::replace(&mut is_open, true));
                    parts.push((text(&part.name), part.file_name.as_deref().map(text), String::new()));
                }
                Event::Data(data) => {
                    assert!(is_open && !data.is_empty());
                    parts.last_mut().expect("one is open").2.push_str(&text(data));
                }
                Event::PartEnd => assert!(std::mem::replace(&mut is_open, false)),
            }
        }
    }
    Ok(decoder.is_whole().then_some(parts))
}

fn decode(form: &str) -> Result<Form, Refusal> {
    let whole = decode_in_pieces([form.as_bytes()]);
    assert_eq!(decode_in_pieces(form.as_bytes().chunks(1)).is_ok(), whole.is_ok(), "{form}");
    whole
}

fn file(name: &str, content: &str) -> (String, Option<String>, String) {
    ("f".to_owned(), Some(name.to_owned()), content.to_owned())
}

const HEAD: &str = "Content-Disposition: form-data; name=\"f\"; filename=\"a\"";

#[test]
fn parts_come_with_their_names_and_exactly_their_content() {
    let field = ("f".to_owned(), None, "v".to_owned());
    let table = [
        (format!("--x\r\n{HEAD}\r\n\r\nhello\r\n--x--\r\n"), vec![file("a", "hello")]),
        (format!("--x\r\n{HEAD}\r\n\r\n\r\n--x--"), vec![file("a", "")]),
        (format!("--x\r\n{HEAD}\r\n\r\n\r\n\r\n\r\n--x--"), vec![file("a", "\r\n\r\n")]),
        (
            format!("--x\r\n{HEAD}\r\n\r\na\n--x\n--x--\r--x\r\n-x\r\n--y\r\n--x--"),
            vec![file("a", "a\n--x\n--x--\r--x\r\n-x\r\n--y")],
        ),
        (
            format!(
                "--x  \t\r\n{HEAD}\r\nContent-Type: text/plain\r\n\r\n1\r\n--x \r\n{HEAD}\r\n\r\n2\r\n--x--"
            ),
            vec![file("a", "1"), file("a", "2")],
        ),
        (
            "--x\r\ncontent-disposition:form-data;name=f\r\n\r\nv\r\n--x--ignored\r\n--x\r\n".into(),
            vec![field],
        ),
        (format!("preamble\r\n--x\r\n{HEAD}\r\n\r\n1\r\n--x--epilogue"), vec![file("a", "1")]),
        ("--x--".into(), vec![]),
    ];
    for (form, expected) in table {
        assert_eq!(decode(&form), Ok(Some(expected)), "{form}");
    }
}

#[test]
fn a_form_without_its_end_is_not_whole() {
    let form = format!("--x\r\n{HEAD}\r\n\r\nhello\r\n--x--");
    for end in 0..form.len() {
        assert_eq!(decode(&form[..end]), Ok(None), "{}", &form[..end]);
    }
}

#[test]
fn what_is_no_form_is_refused_with_the_reason() {
    let part = |head: &str| format!("--x\r\n{head}\r\n\r\nhello\r\n--x--");
    let long = "x".repeat(MAX_HEAD);
    let table = [
        (format!("{long}xxx"), 400, "does not begin"),
        (format!("{long}\r\n--x\r\n{HEAD}\r\n\r\n"), 400, "does not begin"),
        (format!("--y\r\n{HEAD}\r\n\r\n{long}"), 400, "does not begin"),
        (format!("--xy\r\n{HEAD}\r\n\r\nhello"), 400, "on the line of a boundary"),
        (format!("--x\n{HEAD}\n\nhello\n--x--"), 400, "on the line of a boundary"),
        (format!("--x-\r\n{HEAD}\r\n\r\nhello"), 400, "on the line of a boundary"),
        (format!("--x{}\r\n", " ".repeat(MAX_PADDING + 1)), 400, "white space"),
        (part(&format!("{HEAD}\r\nX: {long}")), 400, "too long"),
        (part("Content-Type: text/plain"), 400, "lacks its Content-Disposition"),
        ("--x\r\n\r\nhello\r\n--x--".into(), 400, "lacks its Content-Disposition"),
        (part("Content-Disposition: attachment; name=a; filename=a"), 400, "makes no sense"),
        (part("Content-Disposition: form-data; filename=a"), 400, "makes no sense"),
        (part("Content-Disposition: form-data; name=a; filename=a; filename=b"), 400, "makes no sense"),
        (part("Content-Disposition: form-data; name=a; filename=\"a"), 400, "makes no sense"),
        (part("Content-Disposition: form-data; name=a; filename=\"a\"b\""), 400, "makes no sense"),
        (part("Content-Disposition: form-data; name"), 400, "makes no sense"),
        (part("Content-Disposition: form-data; name=f; filename*=latin1''a"), 400, "makes no sense"),
        (part(&format!("{HEAD}\r\n{HEAD}")), 400, "two fields"),
        (part(&format!("{HEAD}\r\n folded")), 400, "line that makes no sense"),
        (part(&format!("{HEAD}\r\nno colon")), 400, "line that makes no sense"),
        (part("Content-Disposition: form-data; name=f; filename=\"a\nb\""), 400, "line that makes no sense"),
        (part("Content-Disposition: form-data; name=f; filename=\"a\0b\""), 400, "line that makes no sense"),
        (part(&format!("{HEAD}\r\nContent-Transfer-Encoding: base64")), 415, "without any coding"),
        (part(&format!("{HEAD}\r\nContent-Encoding: gzip")), 415, "without any coding"),
        (
            part("Content-Disposition: form-data; name=f\r\nContent-Type: multipart/mixed; boundary=y"),
            415,
            "parts itself",
        ),
        (format!("--x\r\n{HEAD}\r\n\r\n\r\n").repeat(MAX_PARTS + 1), 413, "more than"),
    ];
    for (form, status, why) in table {
        let refusal = decode(&form).expect_err(&form);
        assert_eq!((refusal.status.code(), refusal.why.contains(why)), (status, true), "{form}: {refusal:?}");
    }
    decode(&part(&format!("{HEAD}\r\nContent-Transfer-Encoding: Binary\r\nContent-Encoding: identity")))
        .expect("these change nothing");
}

#[test]
fn names_are_read_as_browsers_write_them() {
    let table: &[(&str, &[u8])] = &[
        (r#"filename="a b.txt""#, b"a b.txt"),
        (r"filename=a.txt", b"a.txt"),
        (r#"filename="""#, b""),
        (r#"filename="a%22b%0D%0A%20%2f%""#, b"a\"b\r\n%20%2f%"),
        (r#"filename="d\e\\f""#, br"d\e\\f"),
        (r#"filename="ends in \""#, br"ends in \"),
        (r#"filename="a\"b\"c""#, br#"a"b"c"#),
        (r#"filename="a;b=c""#, b"a;b=c"),
        (r#"filename="dir/../a""#, b"dir/../a"),
        ("filename=\"n\u{e9}w\u{1}\"", "n\u{e9}w\u{1}".as_bytes()),
        (r#"filename="plain"; filename*=utf-8''n%C3%A9w%20file"#, "n\u{e9}w file".as_bytes()),
        (r#"FileName="a" ; "#, b"a"),
    ];
    for (parameter, expected) in table {
        let head = format!("Content-Disposition: form-data; name=f; {parameter}");
        let part = Part::parse(head.as_bytes()).expect(parameter);
        assert_eq!(part.file_name.as_deref(), Some(*expected), "{parameter}");
    }
}

#[test]
fn boundaries_are_found_in_the_content_type() {
    let long = "x".repeat(MAX_BOUNDARY);
    let table = [
        ("multipart/form-data; boundary=x", true),
        ("Multipart/Form-Data;Boundary=\"a b\"; charset=utf-8", true),
        (&format!("multipart/form-data; boundary={long}"), true),
        (&format!("multipart/form-data; boundary={long}x"), false),
        ("multipart/form-data", false),
        ("multipart/form-data; boundary=", false),
        ("multipart/form-data; boundary=\"\"", false),
        ("multipart/form-data; boundary=\"a \"", false),
        ("multipart/form-data; boundary=a;boundary=b", false),
        ("multipart/form-data; boundary=\u{e9}", false),
    ];
    for (content_type, expected) in table {
        assert_eq!(Decoder::new(content_type.as_bytes()).is_ok(), expected, "{content_type}");
        assert!(is_form(content_type.as_bytes()), "{content_type}");
    }
    for other in
        ["", "multipart/mixed; boundary=x", "multipart/form-data2", "text/plain; multipart/form-data"]
    {
        assert!(!is_form(other.as_bytes()), "{other}");
    }
}

proptest! {
    // Many contents hold the delimiter by chance, and are passed over.
    #![proptest_config(ProptestConfig { max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn content_comes_as_it_was_sent_whatever_pieces_it_comes_in(
        contents in proptest::collection::vec("(\r\n--x|\r\n--|\r\n-|\r|\n|x|-){0,12}", 1..4),
        cuts in proptest::collection::vec(1usize..40, 1..20),
    ) {
        // What holds the delimiter cannot be the content of a part.
        prop_assume!(contents.iter().all(|content| !format!("{content}\r\n--").contains("\r\n--x")));
        let mut form = String::new();
        for content in &contents {
            form.push_str(&format!("--x\r\n{HEAD}\r\n\r\n{content}\r\n"));
        }
        form.push_str("--x--\r\n");
        let (mut pieces, mut rest) = (Vec::new(), form.as_bytes());
        for cut in cuts {
            let (piece, behind) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
        pieces.push(rest);
        let expected: Vec<_> = contents.iter().map(|content| file("a", content)).collect();
        prop_assert_eq!(decode_in_pieces(pieces), Ok(Some(expected)));
    }

    #[test]
    fn no_bytes_make_it_fail_in_a_way_that_it_should_not_or_depend_on_the_pieces(
        bytes in "(--x|\r\n|--|Content-Disposition: form-data; name=f|; filename=\"|\"|:|a| ){0,30}",
        cut in 0usize..300,
    ) {
        let bytes = bytes.as_bytes();
        let whole = decode_in_pieces([bytes]);
        let (one, other) = bytes.split_at(cut.min(bytes.len()));
        prop_assert_eq!(decode_in_pieces([one, other]), whole);
    }
}
