// What the laboratory says, in both languages.

import { inLanguage } from "./dom.js";

const bytes = (count) => `${count.toLocaleString("en")} ${count === 1 ? "byte" : "bytes"}`;
const lines = (count) => `${count} ${count === 1 ? "line" : "lines"}`;
const zhBytes = (count) => `${count.toLocaleString("en")} 字节`;

export const words = inLanguage({
  en: {
    laboratory: "Laboratory",
    first: "First say what you expect, then send it.",
    engine: "It is played against an engine of its own, on a port of its own:",
    folders: {
      lab: "The folder is that of the tests: hello.txt, numbers.txt, empty.txt, sub/, list/ and more.",
      course: "The folder is the course itself, with samples/hello.txt and its neighbours.",
    },

    // The bytes
    toSend: "What you send",
    connection: (number) => `Connection ${number}`,
    later: (ms) => `${ms} ms after the first`,
    next: "When the answer has come, on the same connection:",
    line: (number) => `Line ${number}`,
    lineEnd: (number) => `End of line ${number}`,
    ends: { crlf: "CR LF", lf: "LF", none: "none" },
    bytes,
    total: (count, of) => `${bytes(count)} in ${lines(of)}`,
    each: (total) => `Each byte: ${total}`,
    moreBytes: (count) => `… and ${bytes(count)} more`,
    halfClose: "Then say that no more will come (half-close)",
    add: "Add a line",
    remove: "Remove the line",
    book: "Back to the bytes of the book",
    notation: "How to write any byte",
    notationText: [
      ["Enter", "a new line; Backspace at the beginning of a line joins it to the one before"],
      ["\\r \\n \\0 \\\\", "carriage return, line feed, zero and a backslash"],
      ["\\xE9", "the byte with this hexadecimal number"],
      ["{a*9000}", "9000 times the letter a"],
      ["é", "any other letter becomes its bytes in UTF-8"],
      ["Ctrl+Enter", "send"],
    ],
    malformed: (part) => `“${part}” is no byte. A backslash is written \\\\, any byte as \\xE9.`,
    tooLong: (most) => `That is more than ${bytes(most)}, which the laboratory takes from one client. Make it shorter.`,
    nothing: "There is nothing to send. Write a line, or go back to the bytes of the book.",
    added: (number) => `Line ${number} added.`,
    removed: (number) => `Line ${number} removed.`,
    restored: "These are the bytes of the book again.",

    // Sending
    how: "How to send it",
    ways: {
      whole: "as a whole",
      bytes: "byte by byte",
      halves: "in two pieces",
      twice: "twice, at the same time",
      half: "the first half, then wait",
    },
    send: "Send",
    stop: "Stop",
    running: "Sent. Waiting for the answer.",
    waiting: (seconds) => `${seconds} s`,
    tags: "The entity tag of the book is that of another machine. The file’s own tag stands in its place now.",

    // The answer
    answer: "What came back",
    answers: (number) => `What came back on connection ${number}`,
    answersLater: (number, ms) => `What came back on connection ${number}, ${ms} ms after the first`,
    ms: (value) => `${value} ms`,
    engineAt: (port, threads) => `an engine with ${threads} ${threads === 1 ? "thread" : "threads"} listens on port ${port}`,
    connected: (port) => port ? `connected, from port ${port}` : "connected",
    refused: (why) => `no connection: ${why}`,
    sent: (count, pieces) => pieces === 1 ? `${bytes(count)} sent` : `${bytes(count)} sent in ${pieces} pieces`,
    halfClosed: "said that no more will come",
    fates: {
      closed: "the server closed the connection",
      reset: "the server reset the connection (RST)",
      quiet: "the connection stays open; we close our side",
      time: "the time for one run is over; we close the connection",
      full: "more has come than is shown; we close the connection",
      stopped: "the run was stopped",
    },
    nothingCame: "Not one byte came back.",
    moreCame: (count) => `… and ${bytes(count)} more, not shown`,
    notInTheBook: "not in the book",
    inTheBook: "in the book",

    // The comparison
    same: "The same as in the book, byte for byte.",
    sameBut: (kinds) => `The same as in the book, but for ${list(kinds, "and")}.`,
    kinds: { date: "the date", modified: "the date of the last change", tag: "the entity tag", boundary: "the boundary" },
    differs: (count) => count ? `Not as in the book: ${lines(count)} of one or the other ${count === 1 ? "differs" : "differ"}.` : "Not as in the book.",
    bookFate: { open: "In the book the connection stays open.", closed: "In the book the server closes the connection.", reset: "In the book the connection is reset." },
    changed: "You changed what is sent, so the answer may differ.",
    overSame: "Over. The same as in the book.",
    overDiffers: "Over. Not as in the book.",
    stopped: "You stopped it. What had come until then is below.",

    // What went wrong
    bound: "A bound of the laboratory was met",
    boundOn: "What had come until then is below. Change what is sent, or send it again.",
    busy: "Others are playing, and the laboratory runs only a few at once. Wait a moment, then send again.",
    refusedRun: "The laboratory did not play this",
    refusedOn: "Change what is sent, or go back to the bytes of the book.",
    lost: "No answer came from the server that gave you this page. Is it still running? Start it again, then send again.",

    // Decisions
    why: (number, status) => status ? `Why ${status}` : `What the server decided`,
    whyOf: (number, status) => status ? `Exchange ${number}: why ${status}` : `Exchange ${number}: what the server decided`,
    decided: "This decided",
    others: (count) => count === 1 ? "The other decision" : `The other ${count} decisions, in their order`,
    allOf: (count) => count === 1 ? "The decision" : `All ${count} decisions, in their order`,
    condition: "the condition",
    wholeFile: "The whole file",
    said: "The server says",

    // The recorded exchange
    recorded: "The command for a terminal, and the exchange as it was recorded",
    recordedOnly: "The exchange as it was recorded",
  },
  zh: {
    laboratory: "实验台",
    first: "先说说你预计会怎样，再发送。",
    engine: "这里另起一个引擎，用它自己的端口：",
    folders: {
      lab: "文件夹是测试用的那一个：hello.txt、numbers.txt、empty.txt、sub/、list/ 等。",
      course: "文件夹就是课程本身，里面有 samples/hello.txt 等文件。",
    },

    toSend: "要发送的字节",
    connection: (number) => `连接 ${number}`,
    later: (ms) => `比第一条晚 ${ms} 毫秒`,
    next: "收到响应以后，在同一条连接上接着发：",
    line: (number) => `第 ${number} 行`,
    lineEnd: (number) => `第 ${number} 行的行尾`,
    ends: { crlf: "CR LF", lf: "LF", none: "无" },
    bytes: zhBytes,
    total: (count, of) => `共 ${of} 行，${zhBytes(count)}`,
    each: (total) => `逐字节查看：${total}`,
    moreBytes: (count) => `……还有 ${zhBytes(count)}`,
    halfClose: "发完后声明不再发送（半关闭）",
    add: "加一行",
    remove: "删掉这一行",
    book: "恢复书中的字节",
    notation: "怎样写出任意一个字节",
    notationText: [
      ["Enter", "另起一行；在行首按退格键，与上一行合并"],
      ["\\r \\n \\0 \\\\", "回车、换行、零字节和反斜杠"],
      ["\\xE9", "以十六进制写出的一个字节"],
      ["{a*9000}", "9000 个字母 a"],
      ["é", "其他文字按 UTF-8 编码成字节"],
      ["Ctrl+Enter", "发送"],
    ],
    malformed: (part) => `“${part}”不是字节。反斜杠要写成 \\\\，任意字节写成 \\xE9 这样。`,
    tooLong: (most) => `超过了 ${zhBytes(most)}，这是实验台一个客户端最多能发的。请改短一些。`,
    nothing: "没有要发送的内容。请写一行，或者恢复书中的字节。",
    added: (number) => `加了第 ${number} 行。`,
    removed: (number) => `删了第 ${number} 行。`,
    restored: "已恢复书中的字节。",

    how: "怎样发送",
    ways: {
      whole: "一次发完",
      bytes: "逐字节发送",
      halves: "分两段发送",
      twice: "同时发两份",
      half: "只发前一半，然后等待",
    },
    send: "发送",
    stop: "停止",
    running: "已发送，正在等响应。",
    waiting: (seconds) => `${seconds} 秒`,
    tags: "书中的实体标签来自另一台机器，现已换成这台机器上该文件的标签。",

    answer: "收到的响应",
    answers: (number) => `连接 ${number} 收到的响应`,
    answersLater: (number, ms) => `连接 ${number} 收到的响应（比第一条晚 ${ms} 毫秒）`,
    ms: (value) => `${value} 毫秒`,
    engineAt: (port, threads) => `引擎有 ${threads} 个线程，监听端口 ${port}`,
    connected: (port) => port ? `连接已建立，本端端口 ${port}` : "连接已建立",
    refused: (why) => `连接失败：${why}`,
    sent: (count, pieces) => pieces === 1 ? `发出 ${zhBytes(count)}` : `分 ${pieces} 次发出 ${zhBytes(count)}`,
    halfClosed: "声明不再发送",
    fates: {
      closed: "服务器关闭了连接",
      reset: "服务器重置了连接（RST）",
      quiet: "连接仍然打开，是我们这边先断开的",
      time: "一次实验的时间已到，我们这边断开了连接",
      full: "收到的太多，显示不下，我们这边断开了连接",
      stopped: "实验被停止",
    },
    nothingCame: "一个字节也没有收到。",
    moreCame: (count) => `……还有 ${zhBytes(count)}，这里不显示`,
    notInTheBook: "书中没有",
    inTheBook: "书中是",

    same: "与书中逐字节相同。",
    sameBut: (kinds) => `与书中相同，只有${list(kinds, "和")}不同。`,
    kinds: { date: "日期", modified: "最后修改时间", tag: "实体标签", boundary: "分界符" },
    differs: (count) => count ? `与书中不同：两边合计有 ${count} 行对不上。` : "与书中不同。",
    bookFate: { open: "书中的连接保持打开。", closed: "书中的连接由服务器关闭。", reset: "书中的连接被重置。" },
    changed: "你改过发送的内容，响应自然可能不同。",
    overSame: "结束。与书中相同。",
    overDiffers: "结束。与书中不同。",
    stopped: "你停止了实验，停止前收到的内容在下面。",

    bound: "碰到了实验台的一项限制",
    boundOn: "此前收到的内容在下面。可以改一改要发送的内容，或者再发送一次。",
    busy: "别处也在做实验，而实验台一次只运行几个。请稍等片刻再发送。",
    refusedRun: "实验台没有执行",
    refusedOn: "请改一改要发送的内容，或者恢复书中的字节。",
    lost: "提供本页的服务器没有响应。它还在运行吗？请重新启动它，再发送。",

    why: (number, status) => status ? `为什么是 ${status}` : "服务器作出的决定",
    whyOf: (number, status) => status ? `第 ${number} 次交换：为什么是 ${status}` : `第 ${number} 次交换：服务器作出的决定`,
    decided: "起决定作用的是",
    others: (count) => `其余 ${count} 项决定，按先后顺序`,
    allOf: (count) => `全部 ${count} 项决定，按先后顺序`,
    condition: "判断条件",
    wholeFile: "整个文件",
    said: "服务器的原话",

    recorded: "终端里的命令，和书中记录的交换",
    recordedOnly: "书中记录的交换",
  },
});

function list(all, and) {
  const isEnglish = and === "and";
  if (all.length < 2) return all.join("");
  return isEnglish ? `${all.slice(0, -1).join(", ")} ${and} ${all.at(-1)}` : `${all.slice(0, -1).join("、")}${and}${all.at(-1)}`;
}
