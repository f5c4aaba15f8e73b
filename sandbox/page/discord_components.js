// The buttons and menus under a Discord message, drawn.

import { h, icon, link, plainName } from "./dom.js";

// docs.discord.com/developers/components/reference#component-object-component-types
const BUTTON = 2;
const TEXT_SELECT = 3;
const ROLE_SELECT = 6;
const CHANNEL_SELECT = 8;
const NUMBERS = { text: 0, announcement: 5, thread: 11, forum: 15 };
const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger" };

/** One row of components under a message; `pane.click` is told what was pressed or chosen. */
export function actionRow(line, message, pane) {
  return h(
    "div",
    { class: "d-actions" },
    (line.components ?? []).map((part) =>
      part.type === BUTTON
        ? button(part, message, pane)
        : select(part, pane.view, (values, node) => pane.click(node, message, part.custom_id, values)),
    ),
  );
}

function button(part, message, pane) {
  const words = [part.emoji?.name && h("span", { class: "d-emoji", text: part.emoji.name }), part.label];
  if (part.url) {
    const node = link(
      part.url,
      { class: "d-button secondary", "data-testid": "discord-button" },
      words,
      icon("external", 14),
    );
    return node;
  }
  const node = h(
    "button",
    {
      type: "button",
      class: `d-button ${STYLES[part.style] ?? "secondary"}`,
      disabled: part.disabled,
      "data-testid": "discord-button",
      "data-focus": part.custom_id,
      on: { click: () => pane.click(node, message, part.custom_id, []) },
    },
    h("span", { class: "d-button-words" }, words),
    dots(),
  );
  return node;
}

/** The choices of a menu: its own, or people and channels for the kinds that Discord fills in. */
function selectOptions(part, view) {
  if (part.type === TEXT_SELECT) return part.options ?? [];
  if (part.type === CHANNEL_SELECT)
    return view.channels
      .filter((channel) => channel.kind !== "dm" && (part.channel_types?.includes(NUMBERS[channel.kind]) ?? true))
      .map((channel) => ({ label: `#${channel.name}`, value: String(channel.id) }));
  if (part.type === ROLE_SELECT)
    return (view.guild.roles ?? []).map((role) => ({ label: `@${role.name.replace(/^@/, "")}`, value: String(role.id) }));
  return view.people.map((person) => ({ label: plainName(person), value: String(person.id) }));
}

/** What is chosen in a menu before anyone touches it. */
export function suggested(part) {
  const defaults = (part.options ?? []).filter((option) => option.default).map((option) => option.value);
  return [...defaults, ...(part.default_values ?? []).map((one) => String(one.id))];
}

/** A menu. `send(values, node)` is told what was chosen, once one is done choosing. */
export function select(part, view, send) {
  const many = (part.max_values ?? 1) > 1;
  const options = selectOptions(part, view);
  const chosen = new Set(suggested(part));
  const shown = h("span", { class: "d-select-shown" });
  const label = () => {
    const names = options.filter((option) => chosen.has(option.value)).map((option) => option.label);
    shown.textContent = names.join(", ") || part.placeholder || "Make a selection";
    shown.classList.toggle("empty", !names.length);
  };
  const menu = h("div", {
    class: "d-menu",
    role: "listbox",
    hidden: true,
    "aria-multiselectable": String(many),
    "aria-label": part.placeholder ?? "Make a selection",
  });
  const button = h(
    "button",
    {
      type: "button",
      class: "d-select-button",
      disabled: part.disabled,
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "data-testid": "discord-select",
      "data-focus": part.custom_id,
      on: { click: () => open(menu.hidden) },
    },
    shown,
    icon("chevron", 18),
    dots(),
  );
  const tell = () => send([...chosen], button);
  const open = (yes) => {
    closeMenus(menu);
    menu.hidden = !yes;
    button.setAttribute("aria-expanded", String(yes));
    if (yes) {
      (menu.querySelector('[aria-selected="true"]') ?? menu.firstElementChild)?.focus();
      menu.scrollIntoView({ block: "nearest" });
    } else if (many && menu.touched) tell();
    menu.touched = false;
  };
  menu.shut = () => !menu.hidden && open(false);
  const pick = (option, row) => {
    if (many) {
      if (chosen.has(option.value)) chosen.delete(option.value);
      else if (chosen.size < part.max_values) chosen.add(option.value);
      row.setAttribute("aria-selected", String(chosen.has(option.value)));
      menu.touched = true;
      label();
      return;
    }
    const taken = chosen.has(option.value) && part.min_values === 0; // what need not be chosen can be given back
    chosen.clear();
    if (!taken) chosen.add(option.value);
    for (const one of menu.children) one.setAttribute("aria-selected", String(one === row && !taken));
    label();
    open(false);
    button.focus();
    tell();
  };
  for (const option of options) {
    const row = h(
      "div",
      {
        class: "d-option",
        role: "option",
        tabindex: "-1",
        "aria-selected": String(chosen.has(option.value)),
        "data-testid": "discord-select-option",
        on: { click: () => pick(option, row) },
      },
      h(
        "span",
        {},
        h(
          "span",
          { class: "d-option-label" },
          option.emoji?.name && h("span", { class: "d-emoji", text: option.emoji.name }),
          option.label,
        ),
        option.description && h("small", { text: option.description }),
      ),
      icon("check", 18),
    );
    menu.append(row);
  }
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const rows = [...menu.children];
    const at = rows.indexOf(document.activeElement);
    if (step) rows[(at + step + rows.length) % rows.length].focus();
    else if (event.key === "Enter" || event.key === " ") rows[at]?.click();
    else if (event.key === "Escape" || event.key === "Tab") (open(false), button.focus());
    else return;
    event.preventDefault();
  });
  label();
  if (!options.length) menu.append(h("div", { class: "d-nothing", text: "There is nothing to choose." }));
  return h("div", { class: "d-select" }, button, menu);
}

/** Three dots that breathe while something is awaited. */
export const dots = () => h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));

/** Shuts every open menu but one. */
export function closeMenus(except) {
  for (const menu of document.querySelectorAll(".d-menu")) if (menu !== except) menu.shut?.();
}
