// Telegram's text and entities, turned into elements. Offsets count UTF-16 units, as JavaScript's strings do.

import { codeBlock, h, link, spoiler } from "./dom.js";

/**
 * The nodes of `text` with its `entities` (core.telegram.org/bots/api#messageentity).
 * `acts`: open(url) is asked first about every link and may take it over (true); command(text) sends a command.
 */
export function entities(text, list, acts) {
  const sorted = [...(list ?? [])].sort((one, other) => one.offset - other.offset || other.length - one.length);
  return piece(text, 0, text.length, sorted, acts);
}

const BLOCKS = ["pre", "blockquote", "expandable_blockquote"];

function piece(text, from, to, list, acts) {
  const nodes = [];
  let at = from;
  for (let index = 0; index < list.length;) {
    const entity = list[index];
    const start = Math.max(entity.offset, at);
    const end = Math.min(entity.offset + entity.length, to);
    let next = index + 1;
    const inner = [];
    while (next < list.length && list[next].offset < end) inner.push(list[next++]);
    index = next;
    if (end <= start) continue;
    if (start > at)
      nodes.push(BLOCKS.includes(entity.type) ? text.slice(at, start).replace(/\n$/, "") : text.slice(at, start));
    nodes.push(dress(entity, text.slice(start, end), piece(text, start, end, inner, acts), acts));
    at = end;
    // The line break beside a block is the block's own edge, not an empty line.
    if (BLOCKS.includes(entity.type) && text[at] === "\n") at += 1;
  }
  if (at < to) nodes.push(text.slice(at, to));
  return nodes;
}

function dress(entity, text, children, acts) {
  switch (entity.type) {
    case "bold":
      return h("strong", {}, children);
    case "italic":
      return h("em", {}, children);
    case "underline":
      return h("u", {}, children);
    case "strikethrough":
      return h("s", {}, children);
    case "spoiler":
      return spoiler(children);
    case "code":
      return h("code", { class: "code" }, children);
    case "pre":
      return codeBlock(text, children);
    case "blockquote":
      return h("blockquote", {}, children);
    case "expandable_blockquote":
      return expandable(children);
    case "text_link":
      return opening(entity.url, children, acts);
    case "url":
      return opening(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`, children, acts);
    case "bot_command":
      return h("button", { type: "button", class: "text-link", on: { click: () => acts.command(text) } }, children);
    case "mention":
    case "hashtag":
    case "cashtag":
    case "text_mention":
    case "email":
    case "phone_number":
      return h("span", { class: "text-link plain" }, children);
    default:
      return h("span", {}, children);
  }
}

function opening(url, children, acts) {
  const node = link(url, { title: url }, children);
  node.addEventListener("click", (event) => acts.open(url) && event.preventDefault());
  return node;
}

function expandable(children) {
  const body = h("span", { class: "quote-body" }, children);
  const toggle = h("button", { type: "button", class: "quote-toggle", "aria-expanded": "false", text: "Show more" });
  const quote = h("blockquote", { class: "expandable" }, body, toggle);
  toggle.addEventListener("click", () => {
    const open = quote.classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
    toggle.textContent = open ? "Show less" : "Show more";
  });
  return quote;
}
