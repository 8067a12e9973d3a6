//! What rendered Markdown must be, for tests and for the fuzzer: a reader of its own, which knows nothing of how the HTML
//! was made.

/// What is wrong with it, if anything is: an element or an attribute that is not known, one that is not closed, or an
/// address that leads where none may.
pub(crate) fn flaw(html: &str) -> Option<String> {
    const PAIRED: [&str; 23] = [
        "p",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "code",
        "ul",
        "ol",
        "li",
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "em",
        "strong",
        "del",
        "a",
    ];
    const ALONE: [&str; 4] = ["br", "hr", "img", "input"];
    const ATTRIBUTES: [&str; 16] = [
        "h2 id",
        "h3 id",
        "h4 id",
        "h5 id",
        "h6 id",
        "ol start",
        "div class",
        "div role",
        "div aria-label",
        "div tabindex",
        "th scope",
        "th class",
        "td class",
        "a href",
        "a title",
        "a rel",
    ];
    const OF_ALONE: [&str; 8] = [
        "img src",
        "img alt",
        "img title",
        "img loading",
        "input type",
        "input disabled",
        "input checked",
        "input aria-label",
    ];
    let mut open = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        if rest[..at].contains('>') {
            return Some(format!("a lone > in {:?}", &rest[..at]));
        }
        let Some(end) = rest[at..].find('>') else { return Some("a tag without an end".to_owned()) };
        let tag = &rest[at + 1..at + end];
        rest = &rest[at + end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Some(format!("</{name}> closes nothing"));
            }
            continue;
        }
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        match () {
            () if PAIRED.contains(&name) => open.push(name),
            () if ALONE.contains(&name) => {}
            () => return Some(format!("<{name}>")),
        }
        while !attributes.is_empty() {
            let ends = attributes.find(['=', ' ']).unwrap_or(attributes.len());
            let attribute = format!("{name} {}", &attributes[..ends]);
            if !ATTRIBUTES.contains(&&*attribute) && !OF_ALONE.contains(&&*attribute) {
                return Some(format!("<{attribute}>"));
            }
            attributes = &attributes[ends..];
            if let Some(value) = attributes.strip_prefix("=\"") {
                let Some((value, behind)) = value.split_once('"') else {
                    return Some("an open value".to_owned());
                };
                let is_address = attribute.ends_with(" href") || attribute.ends_with(" src");
                let is_right = value.is_empty()
                    || ["./", "/", "#", "?", "http:", "https:", "mailto:"]
                        .iter()
                        .any(|start| value.to_ascii_lowercase().starts_with(start));
                if is_address && !is_right || attribute == "img src" && value.starts_with("//") {
                    return Some(format!("{attribute} {value:?}"));
                }
                attributes = behind;
            }
            attributes = attributes.strip_prefix(' ').unwrap_or(attributes);
        }
    }
    (!open.is_empty() || rest.contains('>')).then(|| format!("{open:?} are open, and then {rest:?}"))
}
