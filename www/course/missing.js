// The one page for all addresses at which there is nothing speaks both languages. Of those below /zh/, whoever asks reads
// Chinese; without this script both parts are there.
"use strict";

const isChinese = location.pathname.startsWith("/zh/") || location.pathname === "/zh";
const [english, chinese] = document.querySelectorAll("main > section");
(isChinese ? english : chinese).remove();
if (isChinese) {
  document.documentElement.lang = "zh-Hans";
  document.title = "404 没有找到 · glasshttp";
  document.querySelector(".brand").href = "/zh/";
}
