//! Any Accept field has a weight for any type, and spelling does not change it.

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
        // Neither case matters nor white space around members nor members that are empty.
        let upper = field.to_ascii_uppercase();
        assert_eq!(quality(&upper, kind, subtype), weight);
        let members: Vec<_> = field.split(|&byte| byte == b',').collect();
        assert_eq!(quality(&members.join(&b" ,\t, "[..]), kind, subtype), weight);
        // A type that nobody asks for here changes nothing for the others.
        let more = [field, b",audio/ogg;q=0.7"].concat();
        assert_eq!(quality(&more, kind, subtype), weight);
        // A type that is named in its plainest form wins over all wildcards.
        if !names_with_parameters(field, kind, subtype) {
            let named = [field, format!(", {kind}/{subtype};q=0.123").as_bytes()].concat();
            assert_eq!(quality(&named, kind, subtype), 123);
            assert!(names(&named, kind, subtype));
        }
    }
});

/// Whether the type itself occurs in the field, however it goes on.
fn names_with_parameters(field: &[u8], kind: &str, subtype: &str) -> bool {
    let name = format!("{kind}/{subtype}");
    field.to_ascii_lowercase().windows(name.len()).any(|window| window == name.as_bytes())
}
