//! What stands before the rows of a listing for people: its path, its tools, and the head of the table.

use super::{GALLERY_STYLE, PICK_STYLE, STYLE, UPLOAD_STYLE, View, Wanted, upload};
use crate::http::base_path::BasePath;
use crate::http::target::DecodedPath;
use crate::site::listing::order::{Column, Order};
use crate::site::listing::read::{Folder, Outline};
use crate::site::listing::text::{joined, shown, title};
use crate::site::page;
use maud::{Markup, PreEscaped, Render, html};

/// Appends all up to the first row.
pub(super) fn push(onto: &mut String, folder: &Folder, outline: Outline, wanted: Wanted) {
    let Wanted { view, uploads, picks, .. } = wanted;
    let title = title(folder);
    let styles = [
        Some(page::STYLE),
        Some(STYLE),
        (view == View::Gallery).then_some(GALLERY_STYLE),
        uploads.map(|_| UPLOAD_STYLE),
        picks.then_some(PICK_STYLE),
    ];
    page::head(&title, styles.into_iter().flatten()).render_to(onto);
    let order = folder.order;
    let main = html! {
        h1 { (page::mark(folder.base.start())) (breadcrumb(&folder.base, &folder.path)) }
        (tools(order, outline, view, picks))
        @if let Some(upload) = uploads { (upload::place(upload)) }
        a.skip href="#end" { "Skip the list" }
    };
    onto.push_str(match (view, picks) {
        (View::List, false) => "<body><main>",
        (View::List, true) => "<body><main class=\"picks\">",
        (View::Gallery, false) => "<body><main class=\"gallery\">",
        (View::Gallery, true) => "<body><main class=\"gallery picks\">",
    });
    main.render_to(onto);
    let head = html! {
        thead {
            tr { @for (column, _, label) in Column::ALL { (column_head(column, label, order, view)) } }
        }
    };
    html! { "\n" (PreEscaped("<table aria-label=\"")) (title) (PreEscaped("\">")) (head) }.render_to(onto);
    onto.push_str("<tbody>\n");
    if !folder.path.relative.is_empty() {
        onto.push_str("<tr><td><a class=\"up\" href=\"../\">Parent directory</a><td><td>\n");
    }
    if outline.is_empty {
        onto.push_str("<tr><td class=\"empty\" colspan=\"3\">This directory is empty.\n");
    }
}

/// The filter, and buttons for all that can be done with the folder.
fn tools(order: Order, outline: Outline, view: View, picks: bool) -> Markup {
    html! {
        div class="tools" {
            // With the script it filters this folder while one types; the button looks into those below as well.
            form role="search" {
                input id="filter" type="search" name="search" required placeholder="Part of a name"
                    aria-label="Part of a name" aria-keyshortcuts="/" autocomplete="off" autocapitalize="off"
                    spellcheck="false" enterkeyhint="go";
                button { "Search below" }
            }
            span id="shown" role="status" {}
            @if outline.has_pictures {
                form aria-label="View" {
                    (order_fields(order))
                    @for (one, name, label) in View::ALL {
                        button name="view" value=(name)
                            aria-current=[(one == view).then_some("true")] { (label) }
                    }
                }
            }
            @if !outline.is_empty && !picks {
                form { (order_fields(order)) button name="pick" { "Pick" } }
            }
            form {
                span { "Download all: " }
                button name="archive" value="zip" { "zip" }
                button name="archive" value="tar.gz" { "tar.gz" }
                button name="format" value="json" { "JSON" }
            }
            @if picks {
                form id="pick" {
                    span { "Download what is ticked: " }
                    button name="archive" value="zip" { "as zip" }
                    button name="archive" value="tar.gz" { "as tar.gz" }
                }
            }
        }
    }
}

/// The head of a column: a button for an order by it. First come the names in their order, the largest files, the
/// latest; a second click reverses that.
fn column_head(column: Column, label: &str, order: Order, view: View) -> Markup {
    let is_present = order.column == column;
    let descending = if is_present { !order.descending } else { column != Column::Name };
    let sort = is_present.then_some(if order.descending { "descending" } else { "ascending" });
    html! {
        th scope="col" aria-sort=[sort] {
            form autocomplete="off" {
                (order_fields(Order { column, descending }))
                @if view == View::Gallery { input type="hidden" name="view" value="gallery"; }
                button { (label) }
            }
        }
    }
}

/// The fields by which a form asks for an order; none for that which every listing has that is not asked for one.
fn order_fields(order: Order) -> Markup {
    let name = Column::ALL.iter().find(|(one, ..)| *one == order.column).map_or("name", |&(_, name, _)| name);
    html! {
        @if order.column != Column::Name { input type="hidden" name="sort" value=(name); }
        @if order.descending { input type="hidden" name="order" value="desc"; }
    }
}

/// The path as links to each directory above.
fn breadcrumb(base: &BasePath, path: &DecodedPath) -> Markup {
    let segments: Vec<_> = path.segments().collect();
    let root = joined(base.segments(), shown);
    html! {
        @if segments.is_empty() { span { "Index of " (root) } }
        @else { "Index of " a href=(base.start()) aria-label="root" { (root) } }
        @for (depth, segment) in segments.iter().enumerate() {
            @let levels_up = segments.len() - 1 - depth;
            @if depth > 0 { span.sep { " / " } }
            @if levels_up == 0 { span aria-current="page" { (shown(segment)) } }
            @else { a href=("../".repeat(levels_up)) { (shown(segment)) } }
        }
    }
}
