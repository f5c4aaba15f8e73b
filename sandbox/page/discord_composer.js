// Discord's composer: "/" opens the commands, a chosen command shows its options as pills, options complete while typing.

import { avatar, Choices, h, icon, plainName } from "./dom.js";

// Types of options: docs.discord.com/developers/interactions/application-commands
const SUBCOMMAND = 1;
const GROUP = 2;
const INTEGER = 4;
const BOOLEAN = 5;
const USER = 6;
const CHANNEL = 7;
const ROLE = 8;
const NUMBER = 10;
const IN_GUILD = 0;
const IN_BOT_DM = 1;
const WAIT = 180; // ms of quiet before choices are asked for, so that each letter is not a question
// Who may do what in the sandbox's server, as bits: docs.discord.com/developers/topics/permissions
const bits = (...places) => places.reduce((sum, place) => sum | (1n << BigInt(place)), 0n);
const MEMBER = bits(6, 10, 11, 14, 16, 31, 38); // reactions, view, send, embed, history, commands, threads
const MODERATOR = MEMBER | bits(4, 13, 17, 34, 51); // manage channels, messages; mention all; manage threads; pin

/** Every command with its subcommands, as one typable name each: "faq", "rule add". */
export function flatten(commands) {
  const leaves = (command, name, description, options) => {
    const nested = (options ?? []).filter((option) => option.type === SUBCOMMAND || option.type === GROUP);
    return nested.length
      ? nested.flatMap((option) => leaves(command, `${name} ${option.name}`, option.description, option.options))
      : [{ name, description, options: options ?? [], command }];
  };
  return commands
    .filter((command) => (command.type ?? 1) === 1)
    .flatMap((command) => leaves(command, command.name, command.description, command.options));
}

/** True when Discord would offer the command to this person in this channel. */
export function offered(command, person, channel) {
  const contexts = command.contexts ?? (command.dm_permission === false ? [IN_GUILD] : [IN_GUILD, IN_BOT_DM]);
  if (!contexts.includes(channel.kind === "dm" ? IN_BOT_DM : IN_GUILD)) return false;
  if (
    channel.kind === "dm" ||
    command.default_member_permissions === null ||
    command.default_member_permissions === undefined
  )
    return true;
  const needed = BigInt(command.default_member_permissions);
  const held = person.moderator ? MODERATOR : MEMBER;
  return needed !== 0n && (held & needed) === needed;
}

export class Composer {
  constructor(pane) {
    this.pane = pane;
    this.waiting = [];
    this.draft = null;
    this.asked = 0;
    this.list = h("div", {
      class: "d-picker",
      role: "listbox",
      id: "discord-picker",
      hidden: true,
      "aria-label": "Choices",
    });
    this.input = h("input", {
      type: "text",
      class: "d-input",
      "data-testid": "discord-composer",
      role: "combobox",
      "aria-controls": "discord-picker",
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      autocomplete: "off",
      spellcheck: "false",
      maxlength: 2000,
      on: {
        input: () => this.typed(),
        keydown: (event) => this.key(event),
        blur: () => this.list.contains(document.activeElement) || this.choices.hide(),
        focus: () => this.typed(),
      },
    });
    this.pills = h("div", { class: "d-pills", hidden: true });
    this.send = h(
      "button",
      {
        type: "button",
        class: "d-send",
        "aria-label": "Send the command",
        hidden: true,
        on: { click: () => this.submit() },
      },
      icon("send", 20),
    );
    this.hint = h("div", { class: "d-hint", role: "status" });
    this.choices = new Choices(this.list, this.input, (option, key) => option.pick(key));
    this.root = h(
      "div",
      { class: "d-composer" },
      this.list,
      h(
        "div",
        { class: "d-box" },
        h("span", { class: "d-plus", "aria-hidden": "true", text: "+" }),
        this.input,
        this.pills,
        this.send,
      ),
      this.hint,
    );
  }

  draw() {
    const { channel } = this.pane;
    const where = channel.kind === "dm" ? `@${this.pane.view.bot.username}` : `#${channel.name}`;
    this.input.placeholder = `Message ${where}, or / for commands`;
    this.input.setAttribute("aria-label", `Message ${where}`);
  }

  clear() {
    this.draft = null;
    this.input.value = "";
    this.input.hidden = false;
    this.pills.hidden = true;
    this.send.hidden = true;
    this.pills.replaceChildren();
    this.choices.input = this.input;
    this.choices.hide();
    this.say("");
  }

  say(text) {
    this.hint.textContent = text;
  }

  // Choosing the command

  commands() {
    if (this.pane.channel.kind !== "dm" && !this.pane.view.bot_is_here) return [];
    return flatten(this.pane.view.commands.filter((command) => offered(command, this.pane.person, this.pane.channel)));
  }

  typed() {
    this.say("");
    const text = this.input.value;
    if (!text.startsWith("/") || this.draft) return this.choices.hide();
    const wanted = text.slice(1).toLowerCase();
    const commands = this.commands();
    const exact = commands.find((one) => wanted.startsWith(`${one.name} `));
    if (exact && !commands.some((one) => one !== exact && one.name.startsWith(wanted.trim())))
      return this.choose(exact, text.slice(exact.name.length + 2));
    const found = commands
      .filter((one) => one.name.includes(wanted.trim()))
      .sort((one, other) => other.name.startsWith(wanted) - one.name.startsWith(wanted));
    const rows = found.map((one) => {
      const row = h(
        "div",
        { class: "d-choice", role: "option", "data-testid": `command-option-${one.name.replaceAll(" ", "-")}` },
        avatar(this.pane.view.bot.username, this.pane.view.bot.id, "small bot"),
        h(
          "span",
          { class: "d-choice-words" },
          h(
            "span",
            { class: "d-choice-name" },
            `/${one.name}`,
            one.options.map((option) =>
              h("span", { class: `d-choice-option ${option.required ? "required" : ""}`, text: option.name }),
            ),
          ),
          h("small", { text: one.description }),
        ),
        h("span", { class: "d-choice-app", text: this.pane.view.bot.username }),
      );
      row.pick = () => this.choose(one);
      return row;
    });
    this.choices.input = this.input;
    if (rows.length)
      this.choices.show([
        h(
          "div",
          { class: "d-picker-head", text: wanted ? "Commands matching " : "Commands" },
          wanted && h("b", { text: `/${wanted}` }),
        ),
        ...rows,
      ]);
    else this.choices.hide();
    if (!rows.length)
      this.say(
        this.pane.view.commands.length && this.pane.view.bot_is_here
          ? `There is no command /${wanted} here for ${plainName(this.pane.person)}.`
          : this.pane.view.bot_is_here
            ? "The bot has not registered any commands yet."
            : "The bot is not in this server.",
      );
    return undefined;
  }

  async key(event) {
    if (this.choices.key(event)) return;
    const text = this.input.value.trim();
    if (event.key !== "Enter" || !text || event.isComposing) return;
    event.preventDefault();
    if (text.startsWith("/")) return;
    const { pane } = this;
    this.input.value = "";
    try {
      await pane.act("discord.say", { person: pane.persona, channel: pane.place, text });
      pane.toBottom();
    } catch (error) {
      this.input.value ||= text;
      this.say(error.message);
    }
  }

  choose(entry, text = "") {
    this.choices.hide();
    this.input.value = "";
    this.input.hidden = true;
    this.pills.hidden = false;
    this.send.hidden = false;
    const first = entry.options.filter((option) => option.required);
    this.draft = { entry, shown: first.length ? first : entry.options.slice(0, 1), values: new Map() };
    this.drawPills();
    const input = this.focusOn(this.draft.shown[0]?.name);
    if (text && input) {
      input.value = text;
      input.dispatchEvent(new Event("input"));
    }
  }

  // Filling in its options

  drawPills() {
    const { entry, shown } = this.draft;
    const rest = entry.options.filter((option) => !shown.includes(option));
    this.tail = h("input", {
      class: "d-tail",
      readonly: true,
      "aria-label": `Press Enter to send /${entry.name}`,
      on: { keydown: (event) => this.pillKey(event, null) },
    });
    this.pills.replaceChildren(
      h("span", { class: "d-command", text: `/${entry.name}` }),
      ...shown.map((option) => this.pill(option)),
      ...(rest.length
        ? [
            h(
              "span",
              { class: "d-more" },
              rest.map((option) =>
                h(
                  "button",
                  {
                    type: "button",
                    class: "d-more-option",
                    title: option.description,
                    "data-testid": `add-option-${option.name}`,
                    on: { click: () => this.add(option) },
                  },
                  `+ ${option.name}`,
                ),
              ),
            ),
          ]
        : []),
      this.tail,
    );
  }

  add(option) {
    const kept = new Map([...this.pills.querySelectorAll(".d-pill input")].map((input) => [input.name, input.value]));
    this.draft.shown = [...this.draft.shown, option];
    this.drawPills();
    for (const [name, text] of kept) this.fit(Object.assign(this.field(name), { value: text }));
    this.focusOn(option.name);
  }

  field(name) {
    return [...this.pills.querySelectorAll(".d-pill input")].find((input) => input.name === name);
  }

  focusOn(name) {
    const input = this.field(name) ?? this.tail;
    input.focus();
    return input;
  }

  fit(input) {
    input.size = Math.min(Math.max(input.value.length + 1, 4), 46);
  }

  pill(option) {
    const input = h("input", {
      name: option.name,
      type: "text",
      autocomplete: "off",
      spellcheck: "false",
      role: "combobox",
      "aria-controls": "discord-picker",
      "aria-expanded": "false",
      "aria-label": `${option.name}: ${option.description}`,
      "data-testid": `option-${option.name}`,
      maxlength: option.max_length,
      on: {
        input: () => {
          this.draft.values.delete(option.name);
          this.fit(input);
          input.parentElement.classList.remove("wrong");
          this.say("");
          this.suggest(option, input);
        },
        focus: () => {
          this.choices.input = input;
          this.say(`${option.name} — ${option.description}`);
          if (!this.draft.values.has(option.name)) this.suggest(option, input, true);
        },
        blur: () => {
          this.asked += 1;
          this.choices.hide();
        },
        keydown: (event) => this.pillKey(event, option),
      },
    });
    this.fit(input);
    return h("label", { class: "d-pill" }, h("span", { text: option.name }), input);
  }

  pillKey(event, option) {
    const input = event.target;
    if (option && this.choices.key(event)) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape") this.leave();
    else if (event.key === "Backspace" && !input.value) {
      event.preventDefault();
      const { shown } = this.draft;
      const at = option ? shown.indexOf(option) : shown.length;
      if (at <= 0) this.leave(true);
      else this.focusOn(shown[at - 1].name);
    }
  }

  leave(back = false) {
    const name = this.draft.entry.name;
    this.clear();
    if (back) this.input.value = `/${name}`;
    this.input.focus();
    if (back) this.typed();
  }

  /** What can be chosen for an option without asking the bot; null when it is free text or the bot's to complete. */
  fixed(option) {
    const { view } = this.pane;
    if (option.choices?.length) return option.choices;
    if (option.type === BOOLEAN)
      return [
        { name: "True", value: true },
        { name: "False", value: false },
      ];
    if (option.type === CHANNEL)
      return view.channels
        .filter(
          (one) =>
            one.kind !== "dm" &&
            (!option.channel_types?.length || option.channel_types.includes(one.kind === "announcement" ? 5 : 0)),
        )
        .map((one) => ({ name: `#${one.name}`, value: String(one.id) }));
    if (option.type === USER)
      return [
        ...view.people.map((one) => ({ name: plainName(one), value: String(one.id) })),
        { name: view.bot.username, value: String(view.bot.id) },
      ];
    if (option.type === ROLE)
      return (view.guild.roles ?? []).map((one) => ({ name: `@${one.name}`, value: String(one.id) }));
    return null;
  }

  suggest(option, input, now = false) {
    clearTimeout(this.timer);
    const fixed = this.fixed(option);
    const text = input.value.trim().toLowerCase();
    if (fixed)
      return this.offer(
        option,
        input,
        fixed.filter((choice) => choice.name.toLowerCase().replace(/^[#@]/, "").includes(text.replace(/^[#@]/, ""))),
        "No options match your search",
      );
    if (!option.autocomplete) return this.choices.hide();
    const asked = (this.asked += 1);
    if (!this.choices.open) this.choices.show([h("div", { class: "d-picker-head", text: "Loading options…" })]);
    this.timer = setTimeout(
      async () => {
        const { entry } = this.draft ?? {};
        if (!entry || asked !== this.asked) return;
        try {
          const found = await this.pane.act("discord.autocomplete", {
            person: this.pane.persona,
            channel: this.pane.place,
            command: entry.name,
            focused: option.name,
            options: this.filled(option.name, input.value),
          });
          if (asked === this.asked && this.draft) this.offer(option, input, found, "No options match your search");
        } catch (error) {
          if (asked === this.asked && this.draft) {
            this.choices.show([h("div", { class: "d-picker-head bad", text: "Loading options failed" })]);
            this.say(error.message);
          }
        }
      },
      now ? 0 : WAIT,
    );
    return undefined;
  }

  offer(option, input, found, none) {
    if (document.activeElement !== input) return;
    const rows = found.slice(0, 25).map((choice) => {
      const row = h(
        "div",
        { class: "d-choice plain", role: "option", "data-testid": "autocomplete-choice" },
        h("span", { text: choice.name }),
      );
      row.pick = (key) => {
        this.asked += 1;
        input.value = choice.name;
        this.fit(input);
        this.draft.values.set(option.name, choice.value);
        this.choices.hide();
        const { shown } = this.draft;
        const next = shown[shown.indexOf(option) + 1];
        if (next && key === "Tab") this.focusOn(next.name);
        else input.focus();
      };
      return row;
    });
    this.choices.show(
      rows.length
        ? [h("div", { class: "d-picker-head", text: option.description }), ...rows]
        : [h("div", { class: "d-picker-head", text: none })],
    );
  }

  /** What was filled in so far, each value as its option's type wants it; the focused one as it stands. */
  filled(focused = null, text = "") {
    const options = {};
    for (const option of this.draft.shown) {
      const typed = this.field(option.name)?.value.trim() ?? "";
      if (option.name === focused) options[option.name] = text;
      else if (this.draft.values.has(option.name)) options[option.name] = this.draft.values.get(option.name);
      else if (typed) options[option.name] = this.typedValue(option, typed);
    }
    return options;
  }

  typedValue(option, typed) {
    if (option.type === INTEGER && /^-?\d+$/.test(typed)) return Number.parseInt(typed, 10);
    if (option.type === NUMBER && typed !== "" && Number.isFinite(Number(typed))) return Number(typed);
    if (option.type === INTEGER || option.type === NUMBER) throw new Error(`${option.name} wants a number.`);
    const fixed = this.fixed(option);
    if (!fixed) return typed;
    const found = fixed.find(
      (choice) => choice.name.toLowerCase().replace(/^[#@]/, "") === typed.toLowerCase().replace(/^[#@]/, ""),
    );
    if (!found) throw new Error(`${option.name} wants one of the choices.`);
    return found.value;
  }

  async submit() {
    if (!this.draft) return;
    const { entry } = this.draft;
    const missing = entry.options.find((option) => option.required && !this.field(option.name)?.value.trim());
    if (missing) {
      this.field(missing.name)?.parentElement.classList.add("wrong");
      this.focusOn(missing.name);
      this.say("This option is required. Specify a value.");
      return;
    }
    let options;
    try {
      options = this.filled();
    } catch (error) {
      this.say(error.message);
      return;
    }
    const { pane } = this;
    const one = {
      id: `waiting-${Date.now()}`,
      channel: pane.place,
      person: pane.persona,
      command: entry.name,
      known: new Set(pane.messages(pane.place).map((message) => message.id)),
    };
    this.waiting.push(one);
    this.clear();
    this.input.focus();
    pane.draw(true);
    try {
      const answer = await pane.act("discord.slash", {
        person: one.person,
        channel: one.channel,
        command: one.command,
        options,
      });
      if (answer.modal) pane.openForm(answer);
    } catch (error) {
      pane.notice(error.message);
    } finally {
      this.waiting = this.waiting.filter((other) => other !== one);
      pane.draw();
    }
  }
}
