//! The order of a listing: by name, size or time, in either direction, folders first.

use super::entry::{Entry, Kind};
use crate::http::target::parameter;

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

    /// The sort key of the entry that has this number in the order of names: folders come first in every order, and
    /// equal entries are ordered by name.
    pub(super) fn push_key(self, entry: &Entry<'_>, number: u64, key: &mut Vec<u8>) {
        let value = match self.column {
            Column::Name => number,
            Column::Size => entry.size,
            // With the sign turned round, what is before 1970 comes before what is after.
            Column::Modified => entry.modified.cast_unsigned() ^ (1 << 63),
        };
        key.push(u8::from(entry.kind != Kind::Directory));
        key.extend(if self.descending { !value } else { value }.to_be_bytes());
        key.extend(number.to_be_bytes());
    }
}
