// Elements and words for the scripts of the course.
//
// What comes from a server or from a reader is put into the page as text and never as markup: nodes are made one by
// one, and only `append` puts text into them.

export const isChinese = document.documentElement.lang.startsWith("zh");

// All tables of words, for the test that both languages have the same.
export const tables = [];

// Of words in both languages, those of this page. One that is missing in Chinese is English.
export function inLanguage(table) {
  tables.push(table);
  const { en, zh = en } = table;
  if (!isChinese) return en;
  return zh.constructor === Object ? { ...en, ...zh } : zh;
}

export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function button(className, text, act) {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

// Words for those who cannot see what a colour or a place says.
export const unseen = (text) => element("span", "unseen", text);

// A link to a section of an RFC; none if the address leads elsewhere.
export function rfcLink(name, url) {
  if (!name || !/^https:\/\/www\.rfc-editor\.org\//.test(url)) return null;
  const link = element("a", "rfc", isChinese ? name.replace(/ section ([\d.]+)$/, " 第 $1 节") : name);
  link.href = url;
  return link;
}
