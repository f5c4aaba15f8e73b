// Discord's markdown, turned into elements. Nothing here builds markup from text: every piece becomes a node.

import { codeBlock, h, link, spoiler } from "./dom.js";
import { timestamp } from "./times.js";

const LIST_ITEM = /^(\s*)([-*]|\d{1,9}\.)\s+(.*)$/;

/**
 * The nodes of a whole text: headings, lists, quotes, code blocks and paragraphs.
 * `names` says what mentions are called: person(id), role(id), channel(id), openChannel(id); and, where a text can ping,
 * which roles it did: rings(id).
 */
export function markdown(text, names) {
  const nodes = [];
  const rest = String(text).replace(/\r\n?/g, "\n").trimEnd();
  let at = 0;
  for (const fence of rest.matchAll(/```(?:([\w+.-]+)\n)?\n?([\s\S]*?)\n?```/g)) {
    if (!fence[2].trim()) continue;
    nodes.push(...blocks(rest.slice(at, fence.index).replace(/\n$/, ""), names));
    nodes.push(codeBlock(fence[2]));
    at = fence.index + fence[0].length;
    if (rest[at] === "\n") at += 1;
  }
  nodes.push(...blocks(rest.slice(at), names));
  return nodes;
}

function blocks(text, names) {
  if (!text) return [];
  const nodes = [];
  const lines = text.split("\n");
  let plain = [];
  const flush = () => {
    // An empty line before a block stays an empty line.
    if (plain.length)
      nodes.push(h("div", { class: "md-text" }, inline(plain.join("\n") + (plain.at(-1) ? "" : "\n"), names)));
    plain = [];
  };
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at];
    const heading = /^(#{1,3})\s+(.+)$/.exec(line);
    const small = /^-#\s+(.+)$/.exec(line);
    if (line.startsWith(">>> ")) {
      flush();
      const quoted = [line.slice(4), ...lines.slice(at + 1)].join("\n");
      nodes.push(h("blockquote", {}, blocks(quoted, names)));
      return nodes;
    }
    if (line.startsWith("> ")) {
      flush();
      const quoted = [];
      while (at < lines.length && /^>( |$)/.test(lines[at])) quoted.push(lines[at++].slice(2));
      at -= 1;
      nodes.push(h("blockquote", {}, blocks(quoted.join("\n"), names)));
    } else if (heading) {
      flush();
      nodes.push(h(`h${heading[1].length + 2}`, { class: `md-h${heading[1].length}` }, inline(heading[2], names)));
    } else if (small) {
      flush();
      nodes.push(h("small", { class: "md-small" }, inline(small[1], names)));
    } else if (LIST_ITEM.test(line)) {
      flush();
      const items = [];
      while (at < lines.length && (LIST_ITEM.test(lines[at]) || (/^\s{2,}\S/.test(lines[at]) && items.length))) {
        const found = LIST_ITEM.exec(lines[at++]);
        if (found) items.push({ depth: found[1].length, mark: found[2], text: found[3] });
        else items.at(-1).text += `\n${lines[at - 1].trim()}`;
      }
      at -= 1;
      nodes.push(list(items, names));
    } else plain.push(line);
  }
  flush();
  return nodes;
}

function list(items, names) {
  const numbered = /\d/.test(items[0].mark);
  const root = h(numbered ? "ol" : "ul", numbered ? { start: parseInt(items[0].mark, 10) } : {});
  for (let at = 0; at < items.length;) {
    const item = h("li", {}, inline(items[at].text, names));
    let deeper = at + 1;
    while (deeper < items.length && items[deeper].depth > items[0].depth) deeper += 1;
    if (deeper > at + 1) item.append(list(items.slice(at + 1, deeper), names));
    root.append(item);
    at = deeper;
  }
  return root;
}

const address = String.raw`https?:\/\/[^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*`;

/** Each rule: a pattern for the text from here on, and what it becomes (null: it is not one after all). */
const RULES = [
  [/^\\([^A-Za-z0-9\s])/, ([, sign]) => sign],
  [/^(`+)([\s\S]*?[^`])\1(?!`)/, ([, , code]) => h("code", { class: "code", text: code.trim() || code })],
  [/^<t:(-?\d{1,13})(?::([tTdDfFRsS]))?>/, ([, unix, style]) => timestamp(unix, style)],
  [/^<@!?(\d+)>/, ([, id], names) => h("span", { class: "mention", text: `@${names.person(id)}` })],
  [
    /^<@&(\d+)>/,
    ([, id], names) =>
      h("span", {
        class: `mention ${names.rings?.(id) ? "rings" : "quiet"}`,
        title: names.rings?.(id) ? "Pings everyone with this role" : "Names this role; nobody is pinged",
        text: `@${names.role(id)}`,
      }),
  ],
  [
    /^<#(\d+)>/,
    ([, id], names) =>
      h("button", {
        type: "button",
        class: "mention",
        text: `#${names.channel(id)}`,
        on: { click: () => names.openChannel(id) },
      }),
  ],
  [/^<\/([-_\w ]+):\d+>/, ([, command]) => h("span", { class: "mention", text: `/${command}` })],
  [/^<a?:(\w+):\d+>/, ([, name]) => h("span", { text: `:${name}:` })],
  [/^<(https?:\/\/[^\s>]+)>/, ([, url]) => link(url, { text: url })],
  [
    new RegExp(String.raw`^\[((?:\\.|\[[^\]]*\]|[^\[\]\\])+)\]\(<?(${address})>?(?:\s+"[^"]*")?\)`),
    ([, label, url], names) => link(url, { title: url }, inline(label, names)),
  ],
  [/^https?:\/\/[^\s<]+[^<.,:;!?"'\])\s*_~|]/, ([url]) => link(url, { text: url })],
  [/^@(everyone|here)\b/, ([text]) => h("span", { class: "mention", text })],
  [/^\*\*\*((?:\\[\s\S]|[^\\*])+?)\*\*\*/, ([, text], names) => h("strong", {}, h("em", {}, inline(text, names)))],
  [/^\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)/, ([, text], names) => h("strong", {}, inline(text, names))],
  [/^__((?:\\[\s\S]|[^\\])+?)__(?!_)/, ([, text], names) => h("u", {}, inline(text, names))],
  [/^~~((?:\\[\s\S]|[^\\])+?)~~/, ([, text], names) => h("s", {}, inline(text, names))],
  [/^\|\|((?:\\[\s\S]|[^\\])+?)\|\|/, ([, text], names) => spoiler(inline(text, names))],
  [
    /^\*(?=\S)((?:\\[\s\S]|\*\*|[^\\*])+?)\*(?!\*)/,
    ([, text], names) => (/\s$/.test(text) ? null : h("em", {}, inline(text, names))),
  ],
  [
    /^_((?:\\[\s\S]|__|[^\\_])+?)_(?!\w)/,
    ([, text], names, before) => (/\w$/.test(before) ? null : h("em", {}, inline(text, names))),
  ],
];

/** The nodes of a text inside one block: bold, italics, links, mentions, times. */
export function inline(text, names) {
  const nodes = [];
  let plain = "";
  let rest = text;
  while (rest) {
    let used = 0;
    if (/^[\\`<[h@*_~|]/.test(rest)) {
      for (const [pattern, make] of RULES) {
        const found = pattern.exec(rest);
        const made = found && make(found, names, text.slice(0, text.length - rest.length));
        if (!made) continue;
        if (typeof made === "string") plain += made;
        else {
          if (plain) nodes.push(plain);
          plain = "";
          nodes.push(made);
        }
        used = found[0].length;
        break;
      }
    }
    if (!used) {
      plain += rest[0];
      used = 1;
    }
    rest = rest.slice(used);
  }
  if (plain) nodes.push(plain);
  return nodes;
}
