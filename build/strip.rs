//! Takes out of scripts and style sheets what only readers of the source need. They stand in pages as they are here, in
//! each page anew.
//!
//! ```text
//! // Why it is so.
//! const a = 'b c';                    ──▶   const a='b c';if(a){f(a);}
//!
//! if (a) {
//!   f(a);
//! }
//!
//! /* Why it is so. */
//! td a { color: red; margin: 0 1em; } ──▶   td a{color:red;margin:0 1em}
//! ```
//!
//! It knows as much of both languages as the files here use, and no more: in a script, a comment has lines of its own
//! or spaces around its slashes, no string goes over several lines, and a regular expression has `\s` for a space.
//! Names stay as they are.

/// A script without comments and indents, and with no space that says nothing.
pub(crate) fn script(source: &str) -> String {
    let lines = source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    let mut out = String::new();
    for line in lines {
        // Anywhere else a line may end what would go on without it.
        if !(out.is_empty()
            || out.ends_with(['{', '(', '[', ',', ';'])
            || line.starts_with(['}', ')', ']', '.']))
        {
            out.push('\n');
        }
        push_line(&mut out, line);
    }
    out
}

/// Appends a line of a script without the spaces beside what is neither a word nor a string.
fn push_line(out: &mut String, line: &str) {
    let mut string = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        let next = letters.clone().next().unwrap_or(' ');
        let is_sign = |letter| "=+-*/%<>!&|?:;,(){}[]".contains(letter);
        match string {
            None if "'\"`".contains(letter) => string = Some(letter),
            Some(_) if letter == '\\' => {
                out.push(letter);
                out.extend(letters.next());
                continue;
            }
            Some(end) if letter == end => string = None,
            None if letter == ' ' && letters.as_str().starts_with("// ") => return,
            None if letter == ' ' => {
                // `a + +b` is not `a ++b`.
                let is_between_signs = out.ends_with(['+', '-']) && out.ends_with(next);
                if !is_between_signs && (out.ends_with(is_sign) || is_sign(next)) {
                    continue;
                }
            }
            _ => {}
        }
        out.push(letter);
    }
}

/// A style sheet without comments, and with no space that says nothing.
pub(crate) fn style(source: &str) -> String {
    let (mut out, mut rest) = (String::new(), source);
    while let Some(next) = rest.chars().next() {
        let length = if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if next == '"' {
            let length = rest[1..].find('"').map_or(rest.len(), |at| at + 2);
            out.push_str(&rest[..length]);
            length
        } else if next.is_whitespace() {
            let after = rest.trim_start();
            // A space before a colon counts: `a :hover` is not `a:hover`.
            let says_nothing = out.is_empty()
                || out.ends_with(['{', '}', ';', ',', ':', ' '])
                || after.starts_with(['{', '}', ';', ',']);
            if !says_nothing && !after.starts_with("/*") {
                out.push(' ');
            }
            rest.len() - after.len()
        } else {
            if next == '}' && out.ends_with(';') {
                out.pop();
            }
            out.push(next);
            next.len_utf8()
        };
        rest = &rest[length..];
    }
    out
}
