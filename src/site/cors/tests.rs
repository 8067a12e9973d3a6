//! What answers say to pages of other origins, and what is told of it.

use super::*;

fn origin(one: &str) -> Cors {
    Cors::Origins(Origins::new(vec![one.to_owned()], []))
}

fn answer(cors: &Cors, request: &str) -> String {
    let head = format!("{}\r\nHost: a\r\n\r\n", request.replace('\n', "\r\n"));
    let request = Request::parse(head.as_bytes()).expect("a good head");
    let preflight = cors.preflight(&request, "GET, HEAD, OPTIONS");
    let mut headers = preflight.map(|response| response.headers).unwrap_or_default();
    cors.add_to(&mut headers, &request);
    String::from_utf8(headers.parts().concat()).expect("ASCII").replace("\r\n", "\n")
}

#[test]
fn who_may_read_is_said_in_every_answer() {
    let one = origin("http://a.example");
    let ask = |origin: &str| format!("GET / HTTP/1.1{origin}");
    assert_eq!(answer(&Cors::Nobody, &ask("\nOrigin: http://a.example")), "");
    let everybody = "Access-Control-Allow-Origin: *\nAccess-Control-Expose-Headers: *\n";
    assert_eq!(answer(&Cors::Everybody, &ask("")), everybody);
    assert_eq!(answer(&Cors::Everybody, &ask("\nOrigin: http://b.example")), everybody);
    for stranger in ["", "\nOrigin: http://b.example", "\nOrigin: null", "\nOrigin: http://a.example.evil"] {
        assert_eq!(answer(&one, &ask(stranger)), "Vary: Origin\n", "{stranger}");
    }
    let friend = answer(&one, &ask("\nOrigin: http://a.example"));
    assert!(friend.starts_with("Vary: Origin\nAccess-Control-Allow-Origin: http://a.example\n"), "{friend}");
    assert!(friend.contains("Access-Control-Allow-Credentials: true\n"), "{friend}");
}

#[test]
fn pages_of_a_named_origin_see_all_fields_that_are_sent() {
    let own = ["X-Mine", "etag", "x-mine"];
    let cors = Cors::Origins(Origins::new(vec!["http://a.example".to_owned()], own));
    let answer = answer(&cors, "GET / HTTP/1.1\nOrigin: http://a.example");
    let exposed = answer.lines().find_map(|line| line.strip_prefix("Access-Control-Expose-Headers: "));
    let exposed: Vec<_> = exposed.expect("it is there").split(", ").collect();
    for name in ["Accept-Ranges", "Content-Encoding", "Content-Range", "Content-Disposition", "X-Mine"] {
        assert_eq!(exposed.iter().filter(|known| known.eq_ignore_ascii_case(name)).count(), 1, "{name}");
    }
    // With credentials it would be the name of a field.
    assert!(!exposed.contains(&"*"));
}

#[test]
fn a_page_of_another_origin_is_always_told_of_and_one_of_our_own_never_as_another() {
    let one = origin("http://a.example");
    let ask = |cors: &Cors, fields: &str| {
        let head = format!("GET / HTTP/1.1\nHost: a\n{fields}\n\n").replace('\n', "\r\n");
        let ((), decisions) = trace::record(|| {
            let request = trace::silently(|| Request::parse(head.as_bytes())).expect("a good head");
            cors.add_to(&mut FieldLines::default(), &request);
        });
        decisions.iter().find(|step| step.name == "cors").map(|step| step.outcome)
    };
    let b = "Origin: http://b.example";
    for (cors, fields, expected) in [
        (&Cors::Nobody, "X: y", None),
        (&Cors::Nobody, "Origin: http://a", None),
        (&Cors::Nobody, b, Some("off")),
        (&Cors::Nobody, "Origin: null", Some("off")),
        (&Cors::Nobody, &format!("{b}\nSec-Fetch-Mode: cors"), Some("off")),
        (&Cors::Nobody, &format!("{b}\nSec-Fetch-Mode: no-cors"), Some("not read")),
        (&Cors::Nobody, &format!("{b}\nSec-Fetch-Mode: navigate"), Some("not read")),
        (&Cors::Everybody, "Origin: http://a", Some("own")),
        (&Cors::Everybody, b, Some("allowed")),
        (&Cors::Everybody, &format!("{b}\nCookie: a=b"), Some("cookies")),
        (&one, b, Some("others")),
        (&one, "Origin: http://a.example\nCookie: a=b", Some("allowed")),
    ] {
        assert_eq!(ask(cors, fields), expected, "{cors:?} {fields}");
    }
}

#[test]
fn a_star_stands_for_all_hosts_below_one() {
    for (one, origin, expected) in [
        ("https://*.a.example", "https://x.a.example", true),
        ("https://*.a.example", "https://x.y-1.a.example", true),
        ("https://*.a.example", "https://a.example", false),
        ("https://*.a.example", "https://.a.example", false),
        ("https://*.a.example", "https://xa.example", false),
        ("https://*.a.example", "http://x.a.example", false),
        ("https://*.a.example", "https://x.a.example:8443", false),
        ("https://*.a.example", "https://x.a.example.evil", false),
        ("https://*.a.example", "https://evil.example/.a.example", false),
        ("https://*.a.example", "https://evil.example:80.a.example", false),
        ("https://*.a.example", "https://evil.example#x.a.example", false),
        ("https://*.a.example", "null", false),
        ("http://*.a.example:81", "http://x.a.example:81", true),
        ("http://*.a.example:81", "http://x.a.example", false),
    ] {
        let answer = answer(&self::origin(one), &format!("GET / HTTP/1.1\nOrigin: {origin}"));
        let named = format!("Access-Control-Allow-Origin: {origin}\n");
        assert_eq!(answer.contains(&named), expected, "{one} {origin}");
        assert_eq!(answer.contains("Credentials"), expected, "{one} {origin}");
    }
}

#[test]
fn everybody_never_goes_with_credentials() {
    let ask = "OPTIONS / HTTP/1.1\nOrigin: http://b.example\nAccess-Control-Request-Method: PUT";
    assert!(!answer(&Cors::Everybody, ask).contains("Credentials"));
}

#[test]
fn a_preflight_is_told_what_is_welcome() {
    let ask = "OPTIONS /a HTTP/1.1\nOrigin: http://b.example\nAccess-Control-Request-Method: GET\n\
               Access-Control-Request-Headers: x-one,X-Two\nAccess-Control-Request-Private-Network: true";
    let expected = "Allow: GET, HEAD, OPTIONS\nAccess-Control-Allow-Methods: GET, HEAD, OPTIONS\n\
                    Access-Control-Allow-Headers: x-one, X-Two\nAccess-Control-Allow-Private-Network: true\n\
                    Access-Control-Max-Age: 600\nAccess-Control-Allow-Origin: *\n\
                    Access-Control-Expose-Headers: *\n";
    assert_eq!(answer(&Cors::Everybody, ask), expected);
    let stranger = answer(&origin("http://a.example"), ask);
    assert_eq!(stranger, "Allow: GET, HEAD, OPTIONS\nVary: Origin\n");
    assert_eq!(answer(&Cors::Nobody, ask), "");
    let odd = ask.replace("x-one,X-Two", "a b");
    assert!(!answer(&Cors::Everybody, &odd).contains("Allow-Headers"));
}
