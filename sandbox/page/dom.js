// Building the page: elements from plain text, safe links, small pictures, lists that notice change.

/** An element. `props` are attributes, but: text, class, data (dataset), on (listeners); null and false leave one out. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "class") node.className = value;
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "on") for (const [event, heard] of Object.entries(value)) node.addEventListener(event, heard);
    else if (name === "id" || name === "value") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** The address when it is http or https, else null: nothing else ever becomes a link. */
export function safeUrl(address) {
  try {
    const url = new URL(String(address));
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that opens elsewhere; plain text when the address is not http(s). */
export function link(address, props = {}, ...children) {
  const href = safeUrl(address);
  return href
    ? h("a", { ...props, href, target: "_blank", rel: "noopener noreferrer" }, ...children)
    : h("span", { ...props }, ...children);
}

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  hash: "M9 3 7 21M17 3l-2 18M4 8.5h17M3 15.5h17",
  megaphone: "M3 10v4l12 5V5L3 10Zm12-3c3 .5 5 2 5 5s-2 4.5-5 5M6 15.5V19a2 2 0 0 0 4 .5v-2.5",
  pin: "M9 3h6l-.7 7 3.7 4H6l3.7-4L9 3Zm3 11v7",
  "bell-off": "M4 4l16 16M8 6.5A5 5 0 0 1 17 10c0 3 .6 4.6 1.4 5.6M5 17h11M7 10c0 4-1 5-2 7M10 20a2 2 0 0 0 4 0",
  chevron: "m6 9 6 6 6-6",
  external: "M9 5H5v14h14v-4M13 4h7v7M20 4l-9 9",
  eye: "M2.5 12S6 6 12 6s9.5 6 9.5 6S18 18 12 18s-9.5-6-9.5-6ZM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z",
  picture: "M4 5h16v14H4V5Zm0 11 5-5 4 4 2.5-2.5L20 17M15 9h.01",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-7 9c0-4 3-6 7-6s7 2 7 6M16 4.5a3.5 3.5 0 0 1 0 6M18 14c2.5.8 4 2.8 4 6",
  topics: "M4 5h16v11H10l-5 4v-4H4V5Z",
  send: "M4 11.5 20 4l-5 16-3.5-6.5L4 11.5Zm7.5 2L20 4",
  menu: "M4 7h16M4 12h16M4 17h16",
  check: "m4 13 4 4L18 7",
  copy: "M8 8h11v12H8V8Zm-3 8V4h11",
  slash: "M15 4 9 20",
  up: "M12 20V5m-6 6 6-6 6 6",
  down: "M12 4v15m-6-6 6 6 6-6",
  shield: "M12 3 5 6v5c0 5 3 8.5 7 10 4-1.5 7-5 7-10V6l-7-3Zm-3 9 2.2 2.2L15.5 10",
  reply: "M10 7 4 12l6 5v-3.5c5 0 8 1.5 10 4.5-.5-5-4-8-10-8.5V7Z",
  close: "M6 6l12 12M18 6 6 18",
  chat: "M4 5h16v11H10l-5 4v-4H4V5Z",
};

/** A small line drawing, hidden from screen readers: the words beside it say the same. */
export function icon(name, size = 18) {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = {
    viewBox: "0 0 24 24",
    width: size,
    height: size,
    "aria-hidden": "true",
    class: `icon icon-${name}`,
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Someone's round picture: their first letter (with the kind "two", two of them) on a colour that is always theirs. */
export function avatar(name, key, kind = "") {
  const words = String(name)
    .split(/\s+/)
    .filter(Boolean)
    .slice(0, kind.includes("two") ? 2 : 1);
  const colour = [...String(key)].reduce((sum, sign) => (sum * 31 + sign.codePointAt(0)) % 997, 7) % 7;
  return h("span", {
    class: `avatar hue-${colour} ${kind}`,
    "aria-hidden": "true",
    text: words.map((word) => [...word][0].toUpperCase()).join("") || "?",
  });
}

/** The picture a message names. The page asks nobody but this machine, so it shows where the picture lives. */
export function pictureOf(address, kind) {
  const href = safeUrl(address);
  const host = href ? new URL(href).host : "no address";
  return link(
    address,
    { class: `picture ${kind}`, title: `A picture at ${host}; the sandbox loads nothing from elsewhere` },
    icon("picture", kind === "thumbnail" ? 22 : 34),
    h("span", { text: host }),
  );
}

/** A block of code, and a button that copies it. */
export function codeBlock(text, children = text) {
  const button = h(
    "button",
    { type: "button", class: "copy", title: "Copy", "aria-label": "Copy", "data-testid": "copy" },
    icon("copy", 15),
  );
  const done = (sign, words) => {
    button.replaceChildren(icon(sign, 15));
    button.title = words;
  };
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      done("check", "Copied");
    } catch {
      done("close", "The browser does not let this page copy");
    }
  });
  return h("pre", { class: "code-block" }, h("code", {}, children), button);
}

/** Covered text that a click or Enter uncovers. */
export function spoiler(children) {
  const cover = h(
    "span",
    { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Spoiler", "aria-expanded": "false" },
    h("span", {}, children),
  );
  const open = () => {
    cover.classList.add("open");
    for (const name of ["role", "tabindex", "aria-label", "aria-expanded"]) cover.removeAttribute(name);
  };
  cover.addEventListener("click", open);
  cover.addEventListener(
    "keydown",
    (event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), open()),
  );
  return cover;
}

const wantsNoMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * Keeps `list`'s children equal to `items`, touching only what differs. A row that is new slides in and a row that
 * changed flashes, except on the first showing of a place (`fresh`)
 * or where movement would only distract (`quiet`). The keyboard's place in a changed row is kept by data-focus.
 * Returns the rows that changed.
 */
export function reconcile(list, items, { key, signature, build, fresh = false, quiet = false }) {
  const rows = fresh || !list.rows ? new Map() : list.rows;
  const next = new Map();
  const changed = [];
  let before = null;
  for (const [index, item] of items.entries()) {
    const id = key(item);
    const sign = signature(item, items[index - 1]);
    const old = rows.get(id);
    let node = old?.node;
    if (!old || old.sign !== sign) {
      const focused = old?.node.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
      node = build(item, items[index - 1]);
      if (old) {
        old.node.replaceWith(node);
        if (focused)
          [...node.querySelectorAll("[data-focus]")]
            .find((one) => one.dataset.focus === focused)
            ?.focus({ preventScroll: true });
      }
      if (!fresh && !quiet) mark(node, old ? "changed" : "arrived");
      if (old) changed.push(node);
    }
    next.set(id, { node, sign });
    const place = before ? before.nextSibling : list.firstChild;
    if (place !== node) list.insertBefore(node, place);
    before = node;
  }
  const kept = new Set([...next.values()].map(({ node }) => node));
  for (const child of [...list.children]) if (!kept.has(child)) child.remove();
  list.rows = next;
  return changed;
}

function mark(node, what) {
  if (wantsNoMotion()) {
    // Who wants no motion still sees that something changed.
    node.classList.toggle("changed-still", what === "changed");
    setTimeout(() => node.classList.remove("changed-still"), 1800);
    return;
  }
  node.classList.add(what);
  node.addEventListener("animationend", () => node.classList.remove(what), { once: true });
}

/**
 * Runs `update` and then puts the reader in place: who was at the bottom of `scroller` stays there, and so do all when
 * `force`. Who just came (`fresh`), or has not scrolled since, rests where the row `card()` begins, so that what is
 * said about a card does not push it out of view. Elsewhere nothing moves. True if the reader is at the bottom.
 */
export function keepPlace(scroller, update, { card, fresh = false, force = false }) {
  const below = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  const rests = fresh || Math.abs(scroller.scrollTop - scroller.rest) < 4;
  const atBottom = below() < 48;
  update();
  const row = rests && !force ? card() : null;
  if (row) scroller.scrollTop = scroller.rest = Math.min(row.offsetTop, scroller.scrollHeight - scroller.clientHeight);
  else if (force || rests || atBottom) scroller.scrollTop = scroller.rest = scroller.scrollHeight - scroller.clientHeight;
  return below() < 48;
}

/** A button that says when a message changed above what is in view, and goes there: an edit makes no other sign of itself. */
export class EditedAbove {
  constructor(scroller) {
    this.scroller = scroller;
    this.button = h(
      "button",
      {
        type: "button",
        class: "edited-above",
        "data-testid": "edited-above",
        hidden: true,
        on: { click: () => this.go() },
      },
      icon("up", 14),
      " Edited above",
    );
    scroller.addEventListener("scroll", () => !this.button.hidden && this.inView() && this.hide());
  }
  inView() {
    return this.row.getBoundingClientRect().bottom > this.scroller.getBoundingClientRect().top + 24;
  }
  notice(changed) {
    this.row = changed.at(-1) ?? this.row;
    if (!changed.length || this.inView()) return;
    this.button.hidden = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hide(), 8000);
  }
  hide() {
    this.button.hidden = true;
  }
  go() {
    this.hide();
    show(this.row);
  }
}

/** Brings a row into view and lets it flash. */
export function show(row) {
  row.scrollIntoView({ block: row.offsetHeight > row.parentElement.parentElement.clientHeight ? "start" : "center" });
  row.classList.remove("changed");
  requestAnimationFrame(() => mark(row, "changed"));
}

/** Moves the choice in a listbox; `input` keeps the focus and says which option is active. */
export class Choices {
  constructor(list, input, choose) {
    Object.assign(this, { list, input, choose, at: -1 });
  }
  get open() {
    return !this.list.hidden && this.options.length > 0;
  }
  get options() {
    return [...this.list.querySelectorAll('[role="option"]')];
  }
  get current() {
    return this.options[this.at];
  }
  show(nodes, at = 0) {
    this.list.replaceChildren(...nodes);
    this.list.hidden = nodes.length === 0;
    for (const [index, option] of this.options.entries()) {
      option.id = `${this.list.id}-${index}`;
      option.addEventListener("mousemove", () => this.at !== index && this.select(index, false));
      option.addEventListener("mousedown", (event) => event.preventDefault());
      option.addEventListener("click", () => this.choose(option));
    }
    this.select(at);
  }
  hide() {
    this.show([]);
  }
  select(index, scroll = true) {
    const options = this.options;
    this.at = options.length ? Math.max(-1, Math.min(index, options.length - 1)) : -1;
    for (const [place, option] of options.entries()) option.setAttribute("aria-selected", String(place === this.at));
    this.input?.setAttribute("aria-expanded", String(this.open));
    if (this.current) {
      this.input?.setAttribute("aria-activedescendant", this.current.id);
      if (scroll) this.current.scrollIntoView({ block: "nearest" });
    } else this.input?.removeAttribute("aria-activedescendant");
  }
  /** Handles arrows, Tab, Enter and Escape; true when the key was used. */
  key(event) {
    if (!this.open) return false;
    const count = this.options.length;
    if (event.key === "ArrowDown") this.select((this.at + 1) % count);
    else if (event.key === "ArrowUp") this.select((this.at - 1 + count) % count);
    else if (event.key === "Escape") this.hide();
    else if ((event.key === "Tab" && !event.shiftKey) || event.key === "Enter") {
      if (!this.current) return false;
      this.choose(this.current, event.key);
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}

/** A two-way switch of the person one looks through. */
export function personaSwitch(pane, people, chosen, choose) {
  const buttons = people.map((person) =>
    h(
      "button",
      {
        type: "button",
        role: "radio",
        "aria-checked": String(String(person.id) === String(chosen)),
        tabindex: String(person.id) === String(chosen) ? "0" : "-1",
        "data-testid": `${pane}-persona-${plainName(person).toLowerCase()}`,
        "data-focus": String(person.id),
        title: person.moderator ? "May do more: set up, follow, pin" : "May read and ask",
        on: { click: () => choose(person.id) },
      },
      avatar(plainName(person), person.id, "tiny"),
      h("b", { text: plainName(person) }),
      h("span", { text: person.moderator ? "moderator" : "member" }),
    ),
  );
  const group = h(
    "div",
    { class: "persona", role: "radiogroup", "aria-label": `Viewing ${pane} as`, "data-testid": `${pane}-persona` },
    h("span", { class: "persona-label", text: "You are" }),
    buttons,
  );
  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = people.findIndex((person) => String(person.id) === String(chosen));
    const to = people[(at + step + people.length) % people.length];
    choose(to.id);
    document.querySelector(`[data-testid="${pane}-persona-${plainName(to).toLowerCase()}"]`)?.focus();
  });
  return group;
}

/** A person's name as it is said: "Mira". */
export function plainName(person) {
  const name = String(person.name ?? person.first_name ?? person.username ?? person.id);
  return name.charAt(0).toUpperCase() + name.slice(1);
}
