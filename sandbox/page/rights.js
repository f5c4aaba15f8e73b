// What the bot may do in the chat that is shown, and taking it away: the trouble a moderator can make.

import { h, icon } from "./dom.js";

/** A button and the list that it opens. */
export class Rights {
  /**
   * `look()`: {place, moderator, here, away, back, rights: [{name, words, given, extra}]}; `away` and `back` say what
   * removing the bot and taking it in again are called there, and an `extra` right is not missed where it is not given.
   * `change(name, given)` and `move(here)` do it.
   */
  constructor(pane, look, change, move) {
    Object.assign(this, { pane, look, change, move });
    this.button = h(
      "button",
      {
        type: "button",
        class: "rights-button",
        "data-testid": `${pane}-rights`,
        "aria-expanded": "false",
        "aria-haspopup": "dialog",
        title: "What the bot may do here",
        "aria-label": "What the bot may do here",
        on: { click: () => this.toggle() },
      },
      icon("shield", 20),
    );
    this.list = h("div", {
      class: "rights",
      role: "dialog",
      "aria-label": "What the bot may do here",
      hidden: true,
      tabindex: "-1",
      "data-testid": `${pane}-rights-list`,
      on: { keydown: (event) => event.key === "Escape" && (this.toggle(false), this.button.focus()) },
    });
    document.addEventListener(
      "click",
      (event) =>
        !this.list.hidden &&
        !event.composedPath().some((node) => node === this.list || node === this.button) &&
        this.toggle(false),
    );
  }

  toggle(open = this.list.hidden) {
    this.list.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    this.sign = null;
    this.draw();
    this.list.focus();
  }

  draw() {
    const seen = this.look();
    const lacks = !seen.here || seen.rights.some((right) => !right.given && !right.extra);
    this.button.classList.toggle("lacking", lacks);
    const sign = JSON.stringify(seen);
    if (this.list.hidden || this.sign === sign) return;
    this.sign = sign;
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    const barred = !seen.moderator;
    this.wrong = h("p", { class: "rights-wrong", role: "alert", hidden: true });
    const parts = [
      h("h4", { text: `The bot in ${seen.place}` }),
      barred && h("p", { text: "Only a moderator changes this: switch to Sol above." }),
      h(
        "div",
        { class: "rights-all" },
        seen.here &&
          seen.rights.map((right) =>
            h(
              "label",
              {},
              h("input", {
                type: "checkbox",
                checked: right.given,
                disabled: barred,
                "data-focus": right.name,
                "data-testid": `right-${right.name}`,
                on: { change: (event) => this.try(() => this.change(right.name, event.target.checked)) },
              }),
              h("span", { text: right.words }),
            ),
          ),
      ),
      h("button", {
        type: "button",
        class: `rights-move ${seen.here ? "away" : ""}`,
        disabled: barred,
        text: seen.here ? seen.away : seen.back,
        "data-focus": "move",
        "data-testid": "rights-move",
        on: { click: () => this.try(() => this.move(!seen.here)) },
      }),
      this.wrong,
    ];
    this.list.replaceChildren(...parts.filter(Boolean));
    this.list.querySelector(`[data-focus="${focused}"]`)?.focus();
  }

  async try(act) {
    try {
      await act();
    } catch (error) {
      this.sign = null;
      this.draw();
      this.wrong.textContent = error.message;
      this.wrong.hidden = false;
    }
  }
}
