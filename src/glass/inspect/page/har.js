// Exchanges as HAR 1.2, which the network panels of browsers open: http://www.softwareishard.com/blog/har-12-spec/
//
//   { log: { version, creator, pages, entries: [{ startedDateTime, time, request, response, cache, timings, .. }] } }
//
// What is not known is -1 there, and what was not kept is said in a comment.

import { asText } from "./body.js";
import { fieldOf, readHead } from "./message.js";

// `exchanges` are what GET ./exchange/N gives, or what events tell, of those that are no longer kept. `at` gives the
// time of day of a moment of the server, in milliseconds. `pageOf` gives the id of the page that an exchange belongs to.
export function harOf(exchanges, { origin, version, at, pages = [], pageOf = () => null }) {
  const iso = moment => new Date(at(moment)).toISOString();
  return {
    log: {
      version: "1.2",
      creator: { name: "glasshttp", version: version || "0" },
      pages: pages.map(page => ({
        startedDateTime: iso(page.began), id: page.id, title: page.title, pageTimings: { onContentLoad: -1, onLoad: -1 },
      })),
      entries: exchanges.toSorted((a, b) => a.began - b.began).map(exchange => {
        const page = pageOf(exchange);
        return { ...page === null ? {} : { pageref: page }, ...entryOf(exchange, origin, iso(exchange.began)) };
      }),
    },
  };
}

const milliseconds = (from, to) => Math.max(0, to - from) / 1000;

function entryOf(exchange, origin, startedDateTime) {
  const { began, arrived, decided, ended, connection, sentence } = exchange;
  return {
    startedDateTime,
    time: milliseconds(began, ended),
    request: requestOf(exchange, origin),
    response: responseOf(exchange),
    cache: {},
    timings: {
      blocked: -1, dns: -1, connect: -1, ssl: -1,
      send: milliseconds(began, arrived), wait: milliseconds(arrived, decided), receive: milliseconds(decided, ended),
    },
    connection: String(connection),
    ...sentence ? { comment: sentence } : {},
  };
}

const pairs = fields => fields.map(([name, value]) => ({ name, value }));

function requestOf(exchange, origin) {
  const { request = "", requestBody = "", requestBodyCut, method, target } = exchange;
  const { line, fields } = readHead(request);
  const [, scheme] = /^(https?):/.exec(origin) ?? ["", "http"];
  const host = fieldOf(fields, "host");
  const url = /^https?:\/\//i.test(target) ? target : (host ? `${scheme}://${host}` : origin) + (target.startsWith("/") ? target : `/${target}`);
  const type = fieldOf(fields, "content-type");
  return {
    method: method || "GET",
    url,
    httpVersion: / (HTTP\/\S+)$/.exec(line)?.[1] ?? "HTTP/1.1",
    cookies: fields.filter(([name]) => name.toLowerCase() === "cookie").flatMap(([, value]) => cookiesOf(value)),
    headers: pairs(fields),
    queryString: queryOf(target),
    headersSize: request === "" ? -1 : request.length,
    bodySize: exchange.received ?? requestBody.length,
    ...requestBody === "" ? {} : { postData: postDataOf(requestBody, type, requestBodyCut) },
  };
}

function postDataOf(bytes, mimeType, isCut) {
  const text = asText(bytes, isCut);
  const comment = [isCut ? "the beginning of a longer body" : "", text === null ? "each character is a byte" : ""]
    .filter(Boolean).join("; ");
  return { mimeType, text: text ?? bytes, ...comment ? { comment } : {} };
}

function responseOf(exchange) {
  const { response = "", status, phrase, sent } = exchange;
  const { fields } = readHead(response);
  return {
    status,
    statusText: phrase ?? "",
    httpVersion: /^(HTTP\/\S+)/.exec(response)?.[1] ?? "HTTP/1.1",
    cookies: fields.filter(([name]) => name.toLowerCase() === "set-cookie").map(([, value]) => cookiesOf(value)[0]).filter(Boolean),
    headers: pairs(fields),
    content: contentOf(exchange, fields),
    redirectURL: fieldOf(fields, "location"),
    headersSize: response === "" ? -1 : response.length,
    bodySize: sent,
  };
}

function contentOf(exchange, fields) {
  const { body = "", sent, full, coding, type } = exchange;
  const size = full ?? sent;
  const mimeType = fieldOf(fields, "content-type") || type || "";
  const about = { size, mimeType, ...full > sent ? { compression: full - sent } : {} };
  const isCoded = coding || fieldOf(fields, "content-encoding");
  if (sent === 0) return { ...about, text: "" };
  if (isCoded || body.length < sent) return { ...about, comment: isCoded ? "the body was compressed, and is left out" : "of the body, the beginning alone was kept; it is left out" };
  const text = asText(body);
  return text === null ? { ...about, text: btoa(body), encoding: "base64" } : { ...about, text };
}

function cookiesOf(value) {
  return value.split(/;\s*/).filter(pair => pair.includes("=")).map(pair => {
    const at = pair.indexOf("=");
    return { name: pair.slice(0, at), value: pair.slice(at + 1) };
  });
}

function queryOf(target) {
  const at = target.indexOf("?");
  return at < 0 ? [] : [...new URLSearchParams(target.slice(at + 1))].map(([name, value]) => ({ name, value }));
}
