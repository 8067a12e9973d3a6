//! What fields say of a client, and when that is believed.

use super::*;
use crate::http::Request;
use proptest::prelude::*;

fn proxies(list: &str) -> Proxies {
    Proxies(list.split(',').map(|one| one.parse().expect("a proxy")).collect())
}

fn named(fields: &str, trusted: &str) -> Said {
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n\r\n", fields.replace('\n', "\r\n"));
    for_whom(&Request::parse(head.as_bytes()).expect("a good head").fields, &proxies(trusted))
}

fn check(trusted: &str, table: &[(&str, Result<&str, Why>)]) {
    for &(fields, expected) in table {
        let expected = match expected {
            Ok("") => Said::Nothing,
            Ok(address) => Said::Address(address.parse().expect("an address")),
            Err(why) => Said::Unclear(why),
        };
        assert_eq!(named(fields, trusted), expected, "{fields}");
    }
}

use Why::{Contradiction, Hidden, Malformed};

#[test]
fn the_last_address_that_is_no_trusted_proxys_is_the_clients() {
    check(
        "loopback,10.0.0.0/8",
        &[
            ("Accept: */*", Ok("")),
            ("X-Forwarded-For:", Ok("")),
            ("X-Forwarded-For: ,,", Ok("")),
            ("X-Forwarded-For: 203.0.113.9", Ok("203.0.113.9")),
            ("X-Forwarded-For: 1.2.3.4, 203.0.113.9", Ok("203.0.113.9")),
            ("X-Forwarded-For: 1.2.3.4, 203.0.113.9, 10.0.0.2", Ok("203.0.113.9")),
            ("X-Forwarded-For: 1.2.3.4, 203.0.113.9, 10.0.0.2, 127.0.0.1", Ok("203.0.113.9")),
            ("X-Forwarded-For: 10.1.1.1, 203.0.113.9", Ok("203.0.113.9")),
            ("X-Forwarded-For: 10.1.1.1, 10.0.0.2", Ok("10.1.1.1")),
            ("X-Forwarded-For: 1.2.3.4\nX-Forwarded-For: 203.0.113.9, 10.0.0.2", Ok("203.0.113.9")),
            ("X-Forwarded-For: 203.0.113.9\nX-Forwarded-For: 10.0.0.2", Ok("203.0.113.9")),
            ("X-Forwarded-For: nonsense, 203.0.113.9", Ok("203.0.113.9")),
            ("X-Forwarded-For: 203.0.113.9, nonsense", Err(Malformed)),
            ("X-Forwarded-For: 203.0.113.9, nonsense, 10.0.0.2", Err(Malformed)),
            ("X-Forwarded-For: 203.0.113.9, unknown", Err(Hidden)),
            ("X-Forwarded-For: unknown, 203.0.113.9", Ok("203.0.113.9")),
            ("Forwarded: for=1.2.3.4, for=203.0.113.9", Ok("203.0.113.9")),
            ("Forwarded: for=203.0.113.9\nForwarded: for=10.0.0.2;proto=https", Ok("203.0.113.9")),
            ("Forwarded: for=203.0.113.9, proto=https", Err(Hidden)),
            ("Forwarded: for=203.0.113.9\nX-Forwarded-For: 203.0.113.9, 10.0.0.2", Ok("203.0.113.9")),
            ("Forwarded: for=1.2.3.4\nX-Forwarded-For: 203.0.113.9", Err(Contradiction)),
            ("Forwarded: for=nonsense,\nX-Forwarded-For: 203.0.113.9", Err(Contradiction)),
            ("Forwarded:\nX-Forwarded-For: 203.0.113.9", Ok("203.0.113.9")),
        ],
    );
}

#[test]
fn addresses_are_read_in_every_form_that_proxies_write() {
    check(
        "loopback",
        &[
            ("X-Forwarded-For: 2001:db8::1", Ok("2001:db8::1")),
            ("X-Forwarded-For: [2001:db8::1]", Ok("2001:db8::1")),
            ("X-Forwarded-For: [2001:db8::1]:4711", Ok("2001:db8::1")),
            ("X-Forwarded-For: ::ffff:192.0.2.7", Ok("192.0.2.7")),
            ("X-Forwarded-For: 192.0.2.7:4711", Ok("192.0.2.7")),
            ("X-Forwarded-For: 192.0.2.7:65536", Err(Malformed)),
            ("X-Forwarded-For: 192.0.2.7:", Err(Malformed)),
            ("X-Forwarded-For: 192.0.2.7:+1", Err(Malformed)),
            ("X-Forwarded-For: 192.0.2.07", Err(Malformed)),
            ("X-Forwarded-For: 192.0.2", Err(Malformed)),
            ("X-Forwarded-For: fe80::1%eth0", Err(Malformed)),
            ("X-Forwarded-For: [192.0.2.7]", Err(Malformed)),
            ("X-Forwarded-For: [2001:db8::1", Err(Malformed)),
            ("X-Forwarded-For: [2001:db8::1]4711", Err(Malformed)),
            ("X-Forwarded-For: [2001:db8::1]x:1", Err(Malformed)),
            ("X-Forwarded-For: \"192.0.2.7\"", Err(Malformed)),
            ("X-Forwarded-For: a.example", Err(Malformed)),
            ("X-Forwarded-For: 192.0.2.7\u{fc}", Err(Malformed)),
            ("X-Forwarded-For: _hidden", Err(Hidden)),
            ("Forwarded: for=192.0.2.7", Ok("192.0.2.7")),
            ("Forwarded: FOR=\"192.0.2.7:4711\"", Ok("192.0.2.7")),
            ("Forwarded: for=\"[2001:db8::1]:4711\"", Ok("2001:db8::1")),
            ("Forwarded: for=\"[2001:db8::1]:_port\"", Ok("2001:db8::1")),
            ("Forwarded: for=\"1\\92.0.2.7\"", Ok("192.0.2.7")),
            ("Forwarded: proto=http;for=192.0.2.7;by=203.0.113.43", Ok("192.0.2.7")),
            ("Forwarded: for=192.0.2.7; proto=http ; host=\"a,b;for=1.2.3.4\"", Ok("192.0.2.7")),
            ("Forwarded: ;for=192.0.2.7;, ,;", Ok("192.0.2.7")),
            ("Forwarded: for=_hidden", Err(Hidden)),
            ("Forwarded: for=\"_x:_y\"", Err(Hidden)),
            ("Forwarded: for=Unknown", Err(Hidden)),
            ("Forwarded: for=_", Err(Malformed)),
            ("Forwarded: for=\"2001:db8::1\"", Err(Malformed)),
            ("Forwarded: for=192.0.2.7:4711", Err(Malformed)),
            ("Forwarded: for=[2001:db8::1]", Err(Malformed)),
            ("Forwarded: for = 192.0.2.7", Err(Malformed)),
            ("Forwarded: for=192.0.2.7;for=192.0.2.8", Err(Malformed)),
            ("Forwarded: for=", Err(Malformed)),
            ("Forwarded: for", Err(Malformed)),
            ("Forwarded: for=\"\"", Err(Malformed)),
            ("Forwarded: 192.0.2.7", Err(Malformed)),
            ("Forwarded: for=192.0.2.7 proto=http", Err(Malformed)),
        ],
    );
}

#[test]
fn what_a_client_writes_cannot_swallow_or_outdo_what_a_proxy_adds() {
    // Each begins with what a client might send, and ends with what a proxy adds to it.
    for start in ["for=\"", "for=1.2.3.4;x=\"", "for=1.2.3.4, for=\"", "for=1.2.3.4\\", "for=1.2.3.4;by=\"\\"]
    {
        for added in ["for=203.0.113.9", "for=\"[2001:db8::9]:1\"", "for=203.0.113.9;by=\"_x\";proto=https"] {
            let joined = named(&format!("Forwarded: {start}, {added}"), "loopback");
            assert_eq!(joined, Said::Unclear(Malformed), "{start}, {added}");
            let own_line = named(&format!("Forwarded: {start}\nForwarded: {added}"), "loopback");
            assert!(
                matches!(own_line, Said::Address(ip) if ip.to_string().ends_with('9')),
                "{start} {added}"
            );
        }
    }
}

#[test]
fn proxies_are_addresses_and_networks() {
    let table = [
        ("loopback", "127.9.9.9", true),
        ("loopback", "::1", true),
        ("loopback", "::ffff:127.0.0.1", true),
        ("loopback", "10.0.0.1", false),
        ("10.0.0.1", "10.0.0.1", true),
        ("10.0.0.1", "10.0.0.2", false),
        ("10.0.0.9/8", "10.255.0.1", true),
        ("10.0.0.0/8", "11.0.0.0", false),
        ("10.0.0.0/8", "::ffff:10.1.1.1", true),
        ("10.0.0.0/8", "a00::1", false),
        ("192.0.2.128/25", "192.0.2.127", false),
        ("0.0.0.0/0", "203.0.113.9", true),
        ("0.0.0.0/0", "2001:db8::1", false),
        ("::/0", "2001:db8::1", true),
        ("2001:db8::/32", "2001:db8:ffff::1", true),
        ("2001:db8::/32", "2001:db9::1", false),
        ("2001:db8::1", "2001:db8::2", false),
        ("::ffff:10.0.0.0/104", "10.1.1.1", true),
        ("::ffff:10.0.0.0/104", "11.0.0.0", false),
        ("::ffff:10.0.0.1", "10.0.0.1", true),
    ];
    for (trusted, address, expected) in table {
        let address = address.parse().expect("an address");
        assert_eq!(proxies(trusted).trust(address), expected, "{trusted} {address}");
    }
    let wrong = [
        "",
        "a.example",
        "10.0.0.0/33",
        "10.0.0.0/+8",
        "10.0.0.0/",
        "010.0.0.0/8",
        "10.0.0.0/8/8",
        "10.0.0/8",
        "::/129",
        "::ffff:10.0.0.0/8",
    ];
    for text in wrong {
        assert!(text.parse::<Proxy>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn whatever_comes_before_it_the_line_that_a_proxy_adds_decides(
        forwarded in "[ -~\t]{0,60}|(for|by|=|;|,|\"|\\\\|1\\.2\\.3\\.4|_x| |\\[::2\\]){0,12}",
        older in "[ -~]{0,60}",
    ) {
        for (name, before, added) in [
            ("Forwarded", &forwarded, "for=203.0.113.9"),
            ("X-Forwarded-For", &older, "203.0.113.9"),
        ] {
            let seen = named(&format!("{name}: {before}\n{name}: {added}"), "loopback");
            prop_assert_eq!(seen, Said::Address([203, 0, 113, 9].into()));
            // In the same line it may be spoiled, but never be another.
            let seen = named(&format!("{name}: {before}, {added}"), "loopback");
            prop_assert!(matches!(seen, Said::Address(ip) if ip == IpAddr::from([203, 0, 113, 9]))
                || matches!(seen, Said::Unclear(_)), "{:?}", seen);
        }
    }

    #[test]
    fn a_line_of_any_bytes_has_no_more_elements_than_bytes(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Elements::of(&line).count() <= line.len());
    }
}
