//! Any Accept field (RFC 9110 section 12.5.1) gives any media type a weight, which does not depend on its spelling.

#![no_main]

use glasshttp::http::accept::{names, quality};
use libfuzzer_sys::fuzz_target;

const TYPES: [(&str, &str); 4] =
    [("text", "html"), ("application", "json"), ("text", "plain"), ("image", "png")];

fuzz_target!(|field: &[u8]| {
    for (kind, subtype) in TYPES {
        let weight = quality(field, kind, subtype);
        assert!(weight <= 1000);
        assert!(!names(field, kind, subtype) || weight > 0);
        // Case, white space around members, and empty members make no difference.
        let upper = field.to_ascii_uppercase();
        assert_eq!(quality(&upper, kind, subtype), weight);
        let members: Vec<_> = field.split(|&byte| byte == b',').collect();
        assert_eq!(quality(&members.join(&b" ,\t, "[..]), kind, subtype), weight);
        // A member for another type does not change the weight of this one.
        let more = [field, b",audio/ogg;q=0.7"].concat();
        assert_eq!(quality(&more, kind, subtype), weight);
        // A member that names the type itself, without parameters, takes precedence over all wildcards. But where a quoted
        // string is not closed, what is added belongs to it.
        if !names_with_parameters(field, kind, subtype) && !ends_within_quotes(field) {
            let named = [field, format!(", {kind}/{subtype};q=0.123").as_bytes()].concat();
            assert_eq!(quality(&named, kind, subtype), 123);
            assert!(names(&named, kind, subtype));
        }
    }
});

/// Whether the type itself occurs in the field, whatever follows it.
fn names_with_parameters(field: &[u8], kind: &str, subtype: &str) -> bool {
    let name = format!("{kind}/{subtype}");
    field.to_ascii_lowercase().windows(name.len()).any(|window| window == name.as_bytes())
}

/// Whether a quoted string (RFC 9110 section 5.6.4) is not closed.
fn ends_within_quotes(field: &[u8]) -> bool {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for &byte in field {
        let was_escaped = std::mem::take(&mut is_escaped);
        match byte {
            b'"' if !was_escaped => is_quoted = !is_quoted,
            b'\\' if is_quoted && !was_escaped => is_escaped = true,
            _ => {}
        }
    }
    is_quoted
}
