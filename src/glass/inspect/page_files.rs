//! The files of the page, each at `/.glass/inspect/NAME`: the modules of its script, of which `page/main.js` has the map,
//! and its style sheets.

/// Their names, and what is in them.
const FILES: &[(&str, &str)] = &[
    ("actions.js", include_str!("page/actions.js")),
    ("axis.js", include_str!("page/axis.js")),
    ("bars.js", include_str!("page/bars.js")),
    ("body.js", include_str!("page/body.js")),
    ("body_view.js", include_str!("page/body_view.js")),
    ("bytes.js", include_str!("page/bytes.js")),
    ("compare.js", include_str!("page/compare.js")),
    ("compare_view.js", include_str!("page/compare_view.js")),
    ("composer.js", include_str!("page/composer.js")),
    ("controls.js", include_str!("page/controls.js")),
    ("copy.js", include_str!("page/copy.js")),
    ("curl.js", include_str!("page/curl.js")),
    ("detail.js", include_str!("page/detail.js")),
    ("dom.js", include_str!("page/dom.js")),
    ("examples.js", include_str!("page/examples.js")),
    ("export.js", include_str!("page/export.js")),
    ("filter.js", include_str!("page/filter.js")),
    ("frame.js", include_str!("page/frame.js")),
    ("har.js", include_str!("page/har.js")),
    ("inspect.css", include_str!("page/inspect.css")),
    ("lanes.js", include_str!("page/lanes.js")),
    ("loads.js", include_str!("page/loads.js")),
    ("loads_view.js", include_str!("page/loads_view.js")),
    ("main.js", include_str!("page/main.js")),
    ("masthead.js", include_str!("page/masthead.js")),
    ("message.js", include_str!("page/message.js")),
    ("model.js", include_str!("page/model.js")),
    ("notation.js", include_str!("page/notation.js")),
    ("panels.css", include_str!("page/panels.css")),
    ("panels.js", include_str!("page/panels.js")),
    ("parts.js", include_str!("page/parts.js")),
    ("rows.js", include_str!("page/rows.js")),
    ("sentence.js", include_str!("page/sentence.js")),
    ("shown.js", include_str!("page/shown.js")),
    ("steps.js", include_str!("page/steps.js")),
    ("story.js", include_str!("page/story.js")),
    ("stream.js", include_str!("page/stream.js")),
    ("table.js", include_str!("page/table.js")),
    ("text.js", include_str!("page/text.js")),
    ("workers.js", include_str!("page/workers.js")),
];

/// A file, by its name: its media type, and what is in it.
pub(super) fn find(name: &[u8]) -> Option<(&'static str, &'static str)> {
    let (known, text) = FILES.iter().find(|(known, _)| known.as_bytes() == name)?;
    let kind = if known.rsplit('.').next() == Some("css") { "text/css" } else { "text/javascript" };
    Some((kind, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_file_is_served() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/glass/inspect/page");
        let files: BTreeSet<_> = std::fs::read_dir(folder)
            .expect("it is there")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("plain"))
            .collect();
        let served: BTreeSet<_> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(served, files);
    }

    /// The names of the modules, in the order of the map: `//   dom, frame      what they are for`.
    fn map() -> Vec<String> {
        let (_, main) = find(b"main.js").expect("it is there");
        let lines = main.lines().filter_map(|line| line.strip_prefix("//   ")?.split_once("   "));
        lines.flat_map(|(names, _)| names.split(", ")).map(|name| format!("{}.js", name.trim())).collect()
    }

    #[test]
    fn every_module_is_on_the_map_and_imports_what_stands_above_it() {
        let map = map();
        let scripts: BTreeSet<_> =
            FILES.iter().map(|(name, _)| *name).filter(|name| !name.contains(".css")).collect();
        assert_eq!(map.iter().map(String::as_str).collect::<BTreeSet<_>>(), scripts);
        let place = |name: &str| map.iter().position(|known| known == name);
        for (name, text) in FILES {
            for (_, import) in text.lines().filter_map(|line| line.split_once(" from \"./")) {
                let import = import.trim_end_matches("\";");
                assert!(place(import).is_some() && place(import) < place(name), "{name} imports {import}");
            }
        }
    }

    #[test]
    fn every_file_can_be_read_at_one_sitting_and_says_what_it_is_for() {
        for (name, text) in FILES {
            assert!(text.lines().count() < 300, "{name} has {} lines", text.lines().count());
            assert!(text.starts_with("// ") || text.starts_with("/* "), "{name}");
        }
    }
}
