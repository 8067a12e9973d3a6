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
        // A member that names the type itself, without parameters, takes precedence over all wildcards.
        if !names_with_parameters(field, kind, subtype) {
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
