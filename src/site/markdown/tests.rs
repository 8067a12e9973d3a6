//! What Markdown becomes, and what it never becomes.

use super::flaw::flaw;
use super::*;
use proptest::prelude::*;

fn html(text: &str) -> String {
    render(text, 2).html
}

#[test]
fn each_construct_is_an_element() {
    let table = [
        ("# One\n\n## Two", "<h3 id=\"md-one\">One</h3>\n<h4 id=\"md-two\">Two</h4>\n"),
        ("a **b** *c* ~~d~~ `e`", "<p>a <strong>b</strong> <em>c</em> <del>d</del> <code>e</code></p>\n"),
        ("a\nb  \nc", "<p>a\nb<br>c</p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("3. a", "<ol start=\"3\">\n<li>a</li>\n</ol>\n"),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>\n"),
        ("```rust\na < b\n```", "<pre><code>a &lt; b\n</code></pre>\n"),
        ("---", "<hr>\n"),
        (
            "- [x] a\n- [ ] b",
            "<ul>\n<li><input type=\"checkbox\" disabled checked aria-label=\"done\"> a</li>\n\
             <li><input type=\"checkbox\" disabled aria-label=\"to do\"> b</li>\n</ul>\n",
        ),
        (
            "a|b\n-:|:-:\n1|2\n",
            "<div class=\"wide\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table>\n<thead><tr>\
             <th scope=\"col\" class=\"right\">a</th><th scope=\"col\" class=\"center\">b</th></tr></thead><tbody>\n\
             <tr><td class=\"right\">1</td><td class=\"center\">2</td></tr>\n</tbody></table></div>\n",
        ),
        ("[a](b.txt \"c\")", "<p><a href=\"./b.txt\" title=\"c\">a</a></p>\n"),
        ("[](b.txt)", "<p><a href=\"./b.txt\">./b.txt</a></p>\n"),
        (
            "<me@example.org>",
            "<p><a href=\"mailto:me@example.org\" rel=\"noreferrer noopener nofollow\">me@example.org</a></p>\n",
        ),
        ("![a *b*](c.png)", "<p><img src=\"./c.png\" alt=\"a b\" loading=\"lazy\"></p>\n"),
    ];
    for (text, expected) in table {
        assert_eq!(html(text), expected, "{text}");
    }
}

#[test]
fn ids_are_as_other_programs_make_them_each_once_and_links_lead_there() {
    let text = "# Set up!\n# Set up\n# Set up 1\n# Set up\n# \u{4e2d}\u{6587} `x_y`\n# \n[a](#set-up-1) [b](#Set%20up)";
    let html = html(text);
    let ids: Vec<_> = html.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(
        ids,
        ["md-set-up", "md-set-up-1", "md-set-up-1-1", "md-set-up-2", "md-\u{4e2d}\u{6587}-x_y", "md-"]
    );
    assert!(html.contains("<a href=\"#md-set-up-1\">a</a> <a href=\"#md-set-up\">b</a>"), "{html}");
}

#[test]
fn links_lead_to_web_pages_to_mail_and_to_this_site_and_nowhere_else() {
    let table: &[(&str, Option<&str>)] = &[
        ("http://a.example/?b=c#d", Some("http://a.example/?b=c#d")),
        ("HTTPS://a.example/", Some("HTTPS://a.example/")),
        ("mailto:a@b.example", Some("mailto:a@b.example")),
        ("//a.example/b", Some("//a.example/b")),
        ("b.txt", Some("./b.txt")),
        ("../b/?c", Some("./../b/?c")),
        ("/b", Some("/b")),
        ("?archive=zip", Some("?archive=zip")),
        ("a b:c", Some("./a b:c")),
        ("docs/b.MD#Part%20two", Some("./docs/b.MD?markdown#md-part-two")),
        ("b.md?c", Some("./b.md?c")),
        ("b.html#Part", Some("./b.html#Part")),
        ("", Some("")),
        ("\\\\a.example\\b", Some("./%5C%5Ca.example%5Cb")),
        ("/\\a.example", Some("/%5Ca.example")),
        ("javascript:alert(1)", None),
        ("JaVaScRiPt:alert(1)", None),
        ("\u{1}javascript:alert(1)", None),
        (" \t javascript:alert(1)", None),
        ("java\tscript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("/\t/a.example", None),
        ("javascript\u{0}:alert(1)", None),
        ("data:text/html,<script>alert(1)</script>", None),
        ("vbscript:x", None),
        ("file:///etc/passwd", None),
        ("blob:x", None),
        ("ftp://a.example/", None),
        ("view-source:http://a.example/", None),
    ];
    for &(destination, expected) in table {
        let url = Url::of_link(destination);
        assert_eq!(url.as_ref().map(Url::as_str), expected, "{destination:?}");
    }
    assert_eq!(Url::of_link(&"a".repeat(5000)), None);
}

#[test]
fn pictures_are_files_of_this_site_and_others_are_links() {
    let table = [
        ("![a](b.png)", "<img src=\"./b.png\" alt=\"a\" loading=\"lazy\">"),
        ("![a](/b/c.SVG#d)", "<img src=\"/b/c.SVG#d\" alt=\"a\" loading=\"lazy\">"),
        ("![a\"b](c.png \"d\")", "<img src=\"./c.png\" alt=\"a&quot;b\" title=\"d\" loading=\"lazy\">"),
        ("[![a](b.png)](c.txt)", "<a href=\"./c.txt\"><img src=\"./b.png\" alt=\"a\" loading=\"lazy\"></a>"),
        (
            "![a](https://b.example/c.png)",
            "<a href=\"https://b.example/c.png\" rel=\"noreferrer noopener nofollow\">a</a>",
        ),
        (
            "![](//b.example/c.png)",
            "<a href=\"//b.example/c.png\" rel=\"noreferrer noopener nofollow\">//b.example/c.png</a>",
        ),
        ("[![a](https://b.example/c.svg)](d.txt)", "<a href=\"./d.txt\">a</a>"),
        // It would be made for everybody who looks at the page.
        ("![a](?archive=zip)", "<a href=\"?archive=zip\">a</a>"),
        ("![a](b.png?archive=zip)", "<a href=\"./b.png?archive=zip\">a</a>"),
        ("![a](.glass/inspect/events)", "<a href=\"./.glass/inspect/events\">a</a>"),
        ("![a](data:image/png;base64,AAAA)", "a"),
        ("![a](javascript:alert(1))", "a"),
        ("![a ![b](c.png) d](e.png)", "<img src=\"./e.png\" alt=\"a b d\" loading=\"lazy\">"),
    ];
    for (text, expected) in table {
        assert_eq!(html(text), format!("<p>{expected}</p>\n"), "{text}");
    }
}

/// What has been tried elsewhere to get a script into a page by Markdown.
const HOSTILE: [&str; 40] = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "a <script>alert(1)</script> b",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css'</style>",
    "<form action=//evil.example><button>Go</button></form>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?x <script>alert(1)</script>?>",
    "</article></main><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A&#x61;vascript:alert(1))",
    "[x](java&Tab;script:alert(1))",
    "[x](java&NewLine;script:alert(1))",
    "[x](\\javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "[x](http://a\"onmouseover=alert(1)//)",
    "[x](b 'c\" onclick=\"alert(1)')",
    "[x](b \"c&quot; onclick=&quot;alert(1)\")",
    "![x\" onerror=\"alert(1)](b.png)",
    "![x](b.png\"onerror=\"alert(1))",
    "![x](b.png '\"><script>alert(1)</script>')",
    "```\"><script>alert(1)</script>\nx\n```",
    "```\n</code></pre><script>alert(1)</script>",
    "`</code><script>alert(1)</script>`",
    "a|b\n-|-\n</td><script>alert(1)</script>|<img src=x onerror=alert(1)>",
    "# </h3><script>alert(1)</script> \" onclick=\"alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
];

#[test]
fn the_reader_of_html_finds_what_is_wrong() {
    let table = [
        "<script>",
        "<p>",
        "</p>",
        "<p></em>",
        "<p onclick=\"x\"></p>",
        "<a href=\"javascript:x\">x</a>",
        "a > b",
        "<img src=\"//a\">",
        "<img src=\"http",
        "<p style=\"x\"></p>",
        "<a href=\"x\">x</a>",
    ];
    for html in table {
        assert!(flaw(html).is_some(), "{html}");
    }
    assert_eq!(flaw("<p><a href=\"./x\" title=\"&quot;\">x</a><br></p>"), None);
}

#[test]
fn what_is_hostile_is_text() {
    for text in HOSTILE {
        for (before, after) in
            [("", ""), ("> ", ""), ("- ", "\n\n  x"), ("**", "**"), ("[", "](b.txt)"), ("a|b\n-|-\n", "|c")]
        {
            let text = format!("{before}{text}{after}");
            let html = html(&text);
            assert_eq!(flaw(&html), None, "{text}\n{html}");
        }
    }
}

#[test]
fn what_is_large_or_deep_stays_within_its_bounds_and_is_closed() {
    let refs = format!("[a]: /{}\n\n{}", "x".repeat(1900), "[a]".repeat(20_000));
    let cells = format!("{}\n{}\n{}", "a|".repeat(8000), "-|".repeat(8000), "b\n".repeat(16_000));
    let lists: String = (0..350).map(|depth| "  ".repeat(depth) + "* x\n").collect();
    let table = [
        ("a row each", format!("a|b\n-|-\n{}", "1|2\n".repeat(16_000))),
        ("cells that are not there", cells),
        ("one definition", refs),
        ("quotes", ">".repeat(64_000)),
        ("quotes that go on", ">".repeat(32_000) + "a\n" + &"a\n".repeat(16_000)),
        ("lists", "- ".repeat(32_000)),
        ("lists that go on", lists + &"y\n".repeat(20_000)),
        ("emphasis", "*a_ ".repeat(16_000)),
        ("stars", "*".repeat(30_000) + "a" + &"*".repeat(30_000)),
        ("brackets", "[".repeat(64_000)),
        ("pictures in pictures", "![".repeat(9000) + "a" + &"](b.png)".repeat(6000)),
        ("quotation marks", "\"".repeat(250_000)),
        ("headings", "# a\n".repeat(60_000)),
        ("open code", "```\n".to_owned() + &"<".repeat(60_000)),
        ("open comments", "a <!-- ".repeat(9000)),
    ];
    for (what, text) in table {
        let Rendered { html, is_cut } = render(&text, 2);
        assert!(html.len() < 2 * MAX_HTML, "{what}: {} bytes", html.len());
        assert!(is_cut || html.len() <= MAX_HTML, "{what}");
        assert_eq!(flaw(&html), None, "{what}");
        let (mut depth, mut deepest) = (0_usize, 0);
        for tag in html
            .split('<')
            .skip(1)
            .filter(|tag| !["br>", "hr>", "img ", "inpu"].contains(&&tag[..4.min(tag.len())]))
        {
            if tag.starts_with('/') {
                depth -= 1;
            } else {
                depth += 1;
            }
            deepest = deepest.max(depth);
        }
        assert!(deepest <= MAX_DEPTH + 3, "{what}: {deepest} deep");
    }
}

#[test]
fn what_takes_long_is_known_by_its_length_and_its_table() {
    let few = format!("{}\n{}\n{}", "a|".repeat(100), "-|".repeat(100), "b\n".repeat(100));
    for (text, expected) in
        [("# a", false), (&"a ".repeat(BRIEF), true), (&few, true), ("a|b\n-|-\n1|2", false)]
    {
        assert_eq!(takes_long(text), expected);
    }
}

proptest! {
    #[test]
    fn whatever_is_written_the_html_is_balanced_and_of_known_elements(
        parts in proptest::collection::vec(
            prop_oneof![
                proptest::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned),
                proptest::sample::select(vec![
                    "\n", "\n\n", "> ", "- ", "1. ", "# ", "```", "`", "*", "**", "_", "~~", "[", "]", "](", ")", "![",
                    "|", "-|-", "<", ">", "\"", "'", "&", "\\", "    ", "\t", "a", "http:", "[a]: ", "- [ ] ", "<!--",
                ]).prop_map(str::to_owned),
                ".{0,8}",
            ],
            0..40,
        )
    ) {
        let html = html(&parts.concat());
        prop_assert_eq!(flaw(&html), None, "{}", html);
    }
}
