//! The order of a listing: by name, size or time, in either direction, folders first.

use super::entry::{Entry, Kind};
use crate::http::target::parameter;
use crate::site::collation::{self, Key};
use std::cmp::Ordering;

/// How a listing is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) column: Column,
    pub(super) descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Name,
    Size,
    Modified,
}

impl Column {
    /// All, from left to right: the column, its name in a query, and its name on the page.
    pub(super) const ALL: [(Column, &str, &str); 3] = [
        (Column::Name, "name", "Name"),
        (Column::Size, "size", "Size"),
        (Column::Modified, "modified", "Modified (UTC)"),
    ];
}

impl Order {
    /// `?sort=name|size|modified&order=asc|desc`; anything missing or unknown means by name, ascending.
    pub(super) fn from_query(query: Option<&[u8]>) -> Order {
        let sort = parameter(query, "sort");
        let known = Column::ALL.iter().find(|(_, name, _)| sort.as_deref() == Some(name));
        let column = known.map_or(Column::Name, |&(column, ..)| column);
        Order { column, descending: parameter(query, "order").as_deref() == Some("desc") }
    }

    /// Folders come first in every order, and equal entries are ordered by name.
    fn compare(self, a: &Row, b: &Row) -> Ordering {
        let folders_first = (b.entry.kind == Kind::Directory).cmp(&(a.entry.kind == Kind::Directory));
        let by_name = || collation::compare((&a.key, &a.entry.name), (&b.key, &b.entry.name));
        let by_column = match self.column {
            Column::Name => by_name(),
            Column::Size => a.entry.size.cmp(&b.entry.size),
            Column::Modified => a.entry.modified.cmp(&b.entry.modified),
        };
        let by_column = if self.descending { by_column.reverse() } else { by_column };
        folders_first.then(by_column).then_with(by_name)
    }
}

/// An entry that knows its order, so that rows can be compared.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) order: Order,
    pub(super) key: Key,
    pub(super) entry: Entry,
}

impl Ord for Row {
    fn cmp(&self, other: &Row) -> Ordering {
        self.order.compare(self, other)
    }
}

impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Row) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Row) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Row {}
