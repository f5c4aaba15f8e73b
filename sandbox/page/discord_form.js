// A form that a bot opens on Discord (a modal): drawn over the pane, filled in, sent or put away.

import { h } from "./dom.js";
import { select, suggested } from "./discord_components.js";
import { markdown } from "./discord_markdown.js";

// docs.discord.com/developers/components/reference#component-object-component-types
const ACTION_ROW = 1;
const TEXT_INPUT = 4;
const TEXT = 10;
const PARAGRAPH = 2;

/**
 * Opens a form over `root`. `send(values)` hands in what was filled in, by custom_id; when it is refused, the form
 * stays open and says why.
 */
export function openForm(root, modal, { view, names, send }) {
  root.querySelector(".d-shade")?.shut();
  const before = document.activeElement;
  const values = {};
  const checks = [];
  const wrong = h("p", { class: "d-form-wrong", role: "alert", hidden: true });
  const submit = h("button", { type: "submit", class: "d-button primary", "data-testid": "form-submit" }, "Submit");
  const parts = modal.components.map((part) =>
    part.type === TEXT
      ? h("div", { class: "d-text" }, markdown(part.content, names))
      : part.type === ACTION_ROW
        ? field(part.components[0].label, "", part.components[0])
        : field(part.label, part.description, part.component),
  );
  const form = h(
    "form",
    {
      class: "d-form",
      role: "dialog",
      "aria-modal": "true",
      "aria-label": modal.title,
      "data-testid": "discord-form",
      novalidate: true,
      on: { submit: handIn },
    },
    h("h4", { text: modal.title }),
    h("div", { class: "d-form-parts" }, parts),
    wrong,
    h(
      "div",
      { class: "d-form-foot" },
      h("button", { type: "button", class: "d-button secondary", text: "Cancel", on: { click: shut } }),
      submit,
    ),
  );
  const shade = h("div", { class: "d-shade", on: { keydown: keyed } }, form);
  shade.shut = shut;
  root.append(shade);
  (form.querySelector("input, textarea") ?? form.querySelector("button")).focus();

  function field(label, description, part) {
    const complaint = h("small", { class: "d-form-wrong", hidden: true });
    const id = `form-${part.custom_id}`;
    let input;
    if (part.type === TEXT_INPUT) {
      const common = {
        id,
        class: "d-form-input",
        placeholder: part.placeholder,
        maxlength: part.max_length ?? 4000,
        "data-testid": `field-${part.custom_id}`,
        on: { input: () => (complaint.hidden = true) },
      };
      input = part.style === PARAGRAPH ? h("textarea", { ...common, rows: 4 }) : h("input", { ...common, type: "text" });
      input.value = part.value ?? "";
    } else {
      values[part.custom_id] = suggested(part);
      input = select(part, view, (chosen) => ((values[part.custom_id] = chosen), (complaint.hidden = true)));
    }
    checks.push(() => {
      if (part.type === TEXT_INPUT) values[part.custom_id] = input.value;
      const given = values[part.custom_id];
      const short = given.length && given.length < (part.min_length ?? 0);
      complaint.textContent =
        !given.length && part.required !== false ? "This field is required" : `Must be at least ${part.min_length} letters`;
      complaint.hidden = !(short || (!given.length && part.required !== false));
      return complaint.hidden;
    });
    return h(
      "div",
      { class: "d-form-field" },
      h("label", { for: id }, label, part.required !== false && h("span", { class: "d-needed", text: " *" })),
      description && h("small", { text: description }),
      input,
      complaint,
    );
  }

  async function handIn(event) {
    event.preventDefault();
    wrong.hidden = true;
    if (!checks.map((check) => check()).every(Boolean) || submit.disabled) return;
    submit.disabled = true;
    try {
      await send(values);
      shut();
    } catch (error) {
      wrong.textContent = error.message;
      wrong.hidden = false;
    }
    submit.disabled = false;
  }

  function shut() {
    shade.remove();
    before?.focus?.({ preventScroll: true });
  }

  /** Escape puts the form away; Tab goes round in it. */
  function keyed(event) {
    if (event.key === "Escape") return shut();
    if (event.key !== "Tab") return undefined;
    const stops = [...form.querySelectorAll("input, textarea, button:not(:disabled)")];
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (document.activeElement !== edge) return undefined;
    event.preventDefault();
    return stops.at(event.shiftKey ? -1 : 0).focus();
  }
}
