// Nodes of the page. What clients have sent is shown as text and never becomes markup: nodes are made one by one, and
// only textContent and append put text into them.

export const byId = id => document.getElementById(id);

// Makes an element: its name, its class, its attributes, what is in it.
export function make(name, className, attributes, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  for (const [key, value] of Object.entries(attributes ?? {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Writes only what differs: the browser has less to do, and selections in the text stay.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Puts elements one behind the other, beginning at a place among the children of their parent. What is there already is
// not touched, and keeps the focus.
export function arrange(parent, nodes, place = parent.firstElementChild) {
  for (const node of nodes) {
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
}

// Requests something from the inspector. Without credentials, browsers use a separate connection for it, so that the
// requests of this page do not mix with those that it shows.
export function ask(what, options) {
  return fetch(`./${what}`, { credentials: "omit", ...options });
}

// Why the server gave nothing, for a page that asked it.
export const problemOf = error =>
  make("p", "problem", { role: "alert" }, error instanceof TypeError ? "The server does not answer." : error.message);
