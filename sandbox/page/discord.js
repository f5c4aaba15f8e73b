// The Discord pane: channels, messages with embeds and components, pins, and the command composer.

import { avatar, EditedAbove, h, icon, keepPlace, personaSwitch, plainName, reconcile, show } from "./dom.js";
import { actionRow, closeMenus, dots } from "./discord_components.js";
import { Composer, offered } from "./discord_composer.js";
import { embedOf } from "./discord_embed.js";
import { openForm } from "./discord_form.js";
import { inline, markdown } from "./discord_markdown.js";
import { Rights } from "./rights.js";
import { clock, day, fullTime, messageTime, sameDay } from "./times.js";

const GROUPED_WITHIN = 7 * 60 * 1000; // Discord leaves out the name again within seven minutes
// Types and flags of messages: docs.discord.com/developers/resources/message#message-object-message-types
const MESSAGE_MENU = 3; // a type of command
const PINNED = 6;
const JOINED = 7;
const THREAD = 18;
const REPLY = 19;
const CROSSPOSTED = 1;
const EPHEMERAL = 64;
const LOADING = 128;
const SILENT = 4096;
const SEEN = CROSSPOSTED | EPHEMERAL | SILENT; // what a message's head shows, so that others do not join it
// What the bot can be short of, in the words of Discord's settings; the last is one it need not have.
const RIGHTS = {
  VIEW_CHANNEL: "View Channel",
  SEND_MESSAGES: "Send Messages",
  EMBED_LINKS: "Embed Links",
  READ_MESSAGE_HISTORY: "Read Message History",
  PIN_MESSAGES: "Pin Messages",
  MENTION_EVERYONE: "Mention @everyone, @here, and All Roles",
};
const KINDS = { announcement: "megaphone", thread: "topics", forum: "topics" };

export class DiscordPane {
  /** `act(name, arguments)` asks the server to do something as the chosen person. */
  constructor(root, act) {
    this.act = act;
    this.dismissed = new Set();
    this.notices = [];
    this.read = new Map(); // channel → the newest message seen there
    this.fresh = true;
    this.strip = h("div", { class: "strip" });
    this.channels = h("div", { class: "d-channels" });
    this.guild = h("div", { class: "d-guild" });
    this.me = h("div", { class: "d-me" });
    this.title = h("div", { class: "d-title" });
    this.pinsButton = h("button", {
      type: "button",
      class: "d-pins-button",
      "data-testid": "pins-button",
      "aria-expanded": "false",
      "aria-haspopup": "dialog",
      on: { click: () => this.togglePins() },
    });
    this.pins = h("div", {
      class: "d-pins",
      role: "dialog",
      "aria-label": "Pinned messages",
      hidden: true,
      "data-testid": "pins-popover",
      tabindex: "-1",
    });
    this.list = h("div", { class: "d-list", role: "log", "aria-label": "Discord messages", "aria-live": "polite" });
    this.scroller = h("div", { class: "d-scroll", tabindex: "0", "aria-label": "Messages in this channel" }, this.list);
    this.jump = h(
      "button",
      { type: "button", class: "d-jump", hidden: true, on: { click: () => this.toBottom() } },
      "New messages ",
      icon("down", 14),
    );
    this.scroller.addEventListener("scroll", () => this.atBottom() && (this.jump.hidden = true));
    this.edited = new EditedAbove(this.scroller);
    this.composer = new Composer(this);
    this.rights = new Rights(
      "discord",
      () => this.standing(),
      (right, given) => this.act("discord.right", { channel: this.place, right, given }),
      (here) => this.act("discord.bot", { here }),
    );
    this.root = root;
    root.append(
      this.strip,
      h(
        "div",
        { class: "d-body" },
        h(
          "div",
          { class: "d-rail", "aria-hidden": "true" },
          h("span", { class: "d-home" }, icon("chat", 22)),
          h("span", { class: "d-rail-line" }),
          (this.railGuild = h("span", { class: "d-rail-guild" })),
        ),
        h("nav", { class: "d-side", "aria-label": "Discord channels" }, this.guild, this.channels, this.me),
        h(
          "div",
          { class: "d-chat" },
          h("header", { class: "d-head" }, this.title, this.rights.button, this.pinsButton, this.pins, this.rights.list),
          h("div", { class: "d-middle" }, this.scroller, this.edited.button, this.jump),
          this.composer.root,
        ),
      ),
    );
    document.addEventListener(
      "click",
      (event) =>
        !this.pins.hidden &&
        !event.composedPath().some((node) => node === this.pins || node === this.pinsButton) &&
        this.togglePins(false),
    );
    this.pins.addEventListener(
      "keydown",
      (event) => event.key === "Escape" && (this.togglePins(false), this.pinsButton.focus()),
    );
    document.addEventListener(
      "click",
      (event) => !event.composedPath().some((node) => node.classList?.contains("d-select")) && closeMenus(),
    );
  }

  // What is seen, and by whom

  get person() {
    return this.view.people.find((person) => String(person.id) === this.persona);
  }
  get channel() {
    return this.places.find((channel) => channel.id === this.place);
  }
  /** The channels this person sees; the direct message is there before anything was said in it. */
  get places() {
    const mine = this.view.channels.filter(
      (channel) => channel.kind !== "dm" || String(channel.person) === this.persona,
    );
    return mine.some((channel) => channel.kind === "dm")
      ? mine
      : [...mine, { id: "dm", name: this.view.bot.username, kind: "dm", person: this.persona }];
  }
  messages(channel) {
    return (this.view.messages[channel] ?? []).filter(
      (message) => !this.dismissed.has(message.id) && (!message.seen_by || String(message.seen_by) === this.persona),
    );
  }
  names = {
    person: (id) =>
      [...this.view.people, { id: this.view.bot.id, name: this.view.bot.username }]
        .filter((one) => String(one.id) === id)
        .map(plainName)[0] ?? "unknown-user",
    role: (id) => (this.view.guild.roles ?? []).find((role) => String(role.id) === id)?.name ?? "deleted-role",
    channel: (id) => this.view.channels.find((channel) => String(channel.id) === id)?.name ?? "unknown",
    openChannel: (id) => this.places.some((channel) => channel.id === id) && this.open(id),
  };

  /** What the bot may do in the channel that is shown, for the list of rights. */
  standing() {
    const { channel } = this;
    const may = channel.bot_may ?? [];
    const dm = channel.kind === "dm";
    return {
      place: dm ? "this conversation" : `#${channel.name}`,
      moderator: this.person.moderator,
      here: this.view.bot_is_here,
      away: "Remove the bot from the server",
      back: "Add the bot to the server again",
      rights: dm
        ? []
        : Object.entries(RIGHTS).map(([name, words]) => ({
            name,
            words,
            given: may.includes(name),
            extra: name === "MENTION_EVERYONE",
          })),
    };
  }

  show(view) {
    this.view = view;
    this.persona ??= String(view.people[0].id);
    if (!this.channel) {
      this.place = this.places[0].id;
      this.fresh = true;
    }
    this.goWhereItHappens();
    this.draw();
  }

  /** Until someone chooses a channel, the page shows one in which something was said. */
  goWhereItHappens() {
    const spoken = (channel) => this.messages(channel.id).length > 0;
    if (this.chosen || this.composer.root.contains(document.activeElement) || spoken(this.channel)) return;
    const channel = this.places.find(spoken);
    if (!channel) return;
    this.place = channel.id;
    this.fresh = true;
  }

  choosePersona(id) {
    const wasDm = this.channel.kind === "dm";
    this.persona = String(id);
    if (wasDm) this.place = this.places.find((channel) => channel.kind === "dm").id;
    this.fresh = true;
    this.composer.clear();
    this.draw();
  }

  /** Shows a channel. A direct message that nobody opened yet is opened first. */
  async open(id) {
    if (id === "dm") {
      try {
        id = await this.act("discord.dm", { person: this.persona });
        if (!this.view.channels.some((channel) => channel.id === id))
          this.view.channels.push({ id, kind: "dm", name: this.view.bot.username, person: this.persona });
      } catch (error) {
        return this.notice(error.message);
      }
    }
    this.chosen = true;
    this.place = String(id);
    this.fresh = true;
    this.togglePins(false);
    this.composer.clear();
    this.draw();
    return undefined;
  }

  notice(text, title = "The application did not respond") {
    this.notices.push({
      id: `notice-${Date.now()}-${this.notices.length}`,
      channel: this.place,
      person: this.persona,
      title,
      text,
    });
    this.draw(true);
  }

  /** Someone who asked sees the answer, wherever they had scrolled to. */
  bringIntoView(id) {
    this.awaited = id;
    this.draw();
  }

  // Drawing

  draw(force = false) {
    const { view } = this;
    const fresh = this.fresh;
    this.fresh = false;
    if (this.messages(this.place).some((message) => message.id === this.awaited)) {
      this.awaited = null;
      force = true;
    }
    reconcile(this.strip, [0], {
      key: () => "strip",
      quiet: true,
      signature: () => JSON.stringify([view.people, this.persona]),
      build: () =>
        h(
          "div",
          { class: "strip-row" },
          h("h2", { class: "strip-name" }, "Discord"),
          personaSwitch("discord", view.people, this.persona, (id) => this.choosePersona(id)),
        ),
    });
    this.guild.textContent = view.guild.name;
    this.railGuild.textContent = view.guild.name
      .split(/\s+/)
      .map((word) => word[0])
      .join("")
      .slice(0, 3);
    this.drawChannels();
    this.drawMe();
    this.drawHead();
    const shown = this.rows();
    const news = shown.at(-1)?.id;
    const known = this.read.get(this.persona + this.place);
    let changed = [];
    const atBottom = keepPlace(
      this.scroller,
      () =>
        (changed = reconcile(this.list, shown, {
          key: (row) => row.id,
          fresh,
          signature: (row, before) => this.signature(row, before),
          build: (row, before) => this.row(row, before),
        })),
      { card: () => this.rowOf(newestCard(shown)), fresh, force },
    );
    if (fresh) this.edited.hide();
    this.edited.notice(changed);
    if (!atBottom && news !== known) this.jump.hidden = false;
    if (atBottom) this.jump.hidden = true;
    this.read.set(this.persona + this.place, this.messages(this.place).at(-1)?.id); // not a notice or the greeting
    this.composer.draw();
    this.rights.draw();
    if (!this.pins.hidden) this.drawPins();
  }

  drawChannels() {
    const places = this.places;
    const rows = [
      { id: "head-text", head: "Channels" },
      ...withThreads(places),
      { id: "head-dm", head: "Direct messages" },
      ...places.filter((one) => one.kind === "dm"),
    ];
    const unread = (channel) => {
      const last = this.messages(channel.id).at(-1)?.id;
      const key = this.persona + channel.id;
      if (!this.read.has(key)) this.read.set(key, last);
      return channel.id !== this.place && last !== undefined && this.read.get(key) !== last;
    };
    const pings = (channel) =>
      unread(channel)
        ? this.messages(channel.id).filter(
            (message) =>
              BigInt(message.id) > BigInt(this.read.get(this.persona + channel.id) ?? 0) && this.pings(message),
          ).length
        : 0;
    reconcile(this.channels, rows, {
      key: (row) => row.id,
      quiet: true,
      signature: (row) =>
        JSON.stringify([
          row,
          row.id === this.place,
          !row.head && unread(row),
          !row.head && pings(row),
          row.kind === "dm" && this.view.connected,
        ]),
      build: (row) =>
        row.head
          ? h("div", { class: "d-category" }, icon("chevron", 10), row.head)
          : h(
              "button",
              {
                type: "button",
                class: `d-channel ${row.kind} ${row.id === this.place ? "here" : ""} ${unread(row) ? "unread" : ""}`,
                "data-focus": row.id,
                "data-testid": `discord-channel-${row.kind === "dm" ? "dm" : row.name}`,
                "aria-current": row.id === this.place ? "page" : null,
                on: { click: () => this.open(row.id) },
              },
              row.kind === "dm"
                ? h(
                    "span",
                    { class: `d-presence ${this.view.connected ? "on" : ""}` },
                    avatar(this.view.bot.username, this.view.bot.id, "small bot"),
                  )
                : icon(KINDS[row.kind] ?? "hash", row.kind === "thread" ? 15 : 18),
              h("span", { class: "d-channel-name", text: row.kind === "dm" ? this.view.bot.username : row.name }),
              unread(row) && h("span", { class: "visually-hidden", text: "unread" }),
              pings(row) > 0 && h("span", { class: "d-pings", "aria-label": `${pings(row)} pings`, text: pings(row) }),
            ),
    });
  }

  drawMe() {
    reconcile(this.me, [this.person], {
      key: (person) => person.id,
      quiet: true,
      signature: (person) => JSON.stringify(person),
      build: (person) =>
        h(
          "div",
          { class: "d-me-row" },
          h("span", { class: "d-presence on" }, avatar(plainName(person), person.id, "mid")),
          h(
            "span",
            {},
            h("b", { text: plainName(person) }),
            h("small", { text: person.moderator ? "Moderator" : "Member" }),
          ),
        ),
    });
  }

  drawHead() {
    const { channel } = this;
    const pins = this.view.pins[channel.id] ?? [];
    const sign = JSON.stringify([channel, pins.length]);
    if (this.headSign === sign) return;
    this.headSign = sign;
    this.title.replaceChildren(
      channel.kind === "dm"
        ? avatar(this.view.bot.username, this.view.bot.id, "small bot")
        : icon(KINDS[channel.kind] ?? "hash", 22),
      h("h3", { text: channel.kind === "dm" ? this.view.bot.username : channel.name }),
      channel.topic ? h("span", { class: "d-topic", text: channel.topic }) : "",
    );
    this.pinsButton.setAttribute("aria-label", `Pinned messages, ${pins.length}`);
    this.pinsButton.replaceChildren(
      icon("pin", 20),
      pins.length ? h("span", { class: "d-count", text: pins.length }) : "",
    );
  }

  // Pins

  togglePins(open = this.pins.hidden) {
    this.pins.hidden = !open;
    this.pinsButton.setAttribute("aria-expanded", String(open));
    if (!open) return;
    this.drawPins();
    this.pins.focus();
  }

  drawPins() {
    const ids = (this.view.pins[this.place] ?? []).map(String);
    const pinned = ids
      .map((id) => (this.view.messages[this.place] ?? []).find((message) => message.id === id))
      .filter(Boolean);
    const sign = JSON.stringify(pinned);
    if (this.pinsSign === sign) return;
    this.pinsSign = sign;
    this.pins.replaceChildren(
      h("h4", {}, icon("pin", 18), "Pinned Messages"),
      h(
        "div",
        { class: "d-pins-list" },
        pinned.length
          ? pinned.map((message) =>
              h(
                "article",
                { class: "d-pinned" },
                h(
                  "div",
                  { class: "d-pinned-top" },
                  this.author(message),
                  h("button", {
                    type: "button",
                    class: "d-jump-to",
                    text: "Jump",
                    on: { click: () => (this.togglePins(false), this.jumpTo(message.id)) },
                  }),
                ),
                this.body(message, { still: true }),
              ),
            )
          : h("p", { class: "d-nothing", text: "This channel doesn’t have any pinned messages… yet." }),
      ),
    );
  }

  jumpTo(id) {
    const node = this.rowOf(id);
    if (node) show(node);
  }

  rowOf(id) {
    return [...this.list.children].find((row) => row.dataset.message === id);
  }

  toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.jump.hidden = true;
  }

  atBottom() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < 48;
  }

  // Rows

  rows() {
    const waiting = this.composer.waiting.filter(
      (one) =>
        one.channel === this.place &&
        one.person === this.persona &&
        !this.messages(this.place).some(
          (message) =>
            !one.known.has(message.id) &&
            String((message.interaction_metadata ?? message.interaction)?.user?.id) === this.persona,
        ),
    );
    return [
      { id: `welcome-${this.place}`, welcome: true },
      ...this.messages(this.place),
      ...waiting.map((one) => ({ ...one, waiting: true })),
      ...this.notices.filter((notice) => notice.channel === this.place && notice.person === this.persona),
    ];
  }

  signature(row, before) {
    // An edit of what a message answers is no news of the message itself: only the words on its reply line count.
    return JSON.stringify(
      [row, row.type === REPLY && replyWords(this.answered(row)), this.joins(row, before), this.newDay(row, before)],
      (key, value) => (key === "referenced_message" ? undefined : value),
    );
  }

  /** True when the row continues the author's last one, so that picture and name are left out. */
  joins(row, before) {
    return Boolean(
      row.author &&
      before?.author &&
      row.author.id === before.author.id &&
      before.type !== PINNED &&
      row.type !== PINNED &&
      row.type !== REPLY &&
      !row.interaction_label &&
      (row.flags & SEEN) === (before.flags & SEEN) &&
      !(row.flags & CROSSPOSTED) &&
      !(before.flags & EPHEMERAL) &&
      !this.newDay(row, before) &&
      new Date(row.timestamp) - new Date(before.timestamp) < GROUPED_WITHIN,
    );
  }

  newDay(row, before) {
    return Boolean(
      row.timestamp && (!before?.timestamp || !sameDay(new Date(row.timestamp), new Date(before.timestamp))),
    );
  }

  row(row, before) {
    if (row.welcome) return this.welcome();
    if (row.waiting) return this.waiting(row);
    if (row.title) return this.noticeRow(row);
    const divider =
      this.newDay(row, before) &&
      h("div", { class: "d-day", role: "separator" }, h("span", { text: day(new Date(row.timestamp)) }));
    return h(
      "div",
      { class: "d-row", data: { message: row.id } },
      divider,
      row.type === PINNED || row.type === THREAD || row.type === JOINED ? this.system(row) : this.message(row, before),
    );
  }

  welcome() {
    const { channel } = this;
    return h(
      "div",
      { class: "d-welcome" },
      channel.kind === "dm"
        ? avatar(this.view.bot.username, this.view.bot.id, "large bot")
        : h("span", { class: "d-welcome-icon" }, icon(KINDS[channel.kind] ?? "hash", 38)),
      h("h3", {
        text:
          channel.kind === "dm"
            ? this.view.bot.username
            : channel.kind === "thread"
              ? channel.name
              : `Welcome to #${channel.name}!`,
      }),
      h("p", {
        text:
          channel.kind === "dm"
            ? `This is the beginning of your direct message history with ${this.view.bot.username}.`
            : channel.kind === "thread"
              ? `This is the start of a thread in #${this.names.channel(channel.parent)}.`
              : `This is the start of the #${channel.name} channel.`,
      }),
    );
  }

  system(message) {
    const words =
      message.type === PINNED
        ? [
            h("b", { text: authorName(message) }),
            " pinned ",
            this.inlineButton("a message", () => this.jumpTo(String(message.message_reference?.message_id))),
            " to this channel. See all ",
            this.inlineButton("pinned messages", (event) => (event.stopPropagation(), this.togglePins(true))),
            ".",
          ]
        : message.type === THREAD
          ? [h("b", { text: authorName(message) }), " started a thread: ", h("b", { text: message.content }), "."]
          : [h("b", { text: authorName(message) }), " joined the server."];
    return h(
      "article",
      { class: "d-message d-system", "data-testid": "discord-message" },
      h(
        "span",
        { class: "d-gutter" },
        icon(message.type === PINNED ? "pin" : message.type === THREAD ? "hash" : "people", 18),
      ),
      h("div", { class: "d-content" }, h("span", { class: "d-system-words" }, words), " ", this.time(message)),
    );
  }

  inlineButton(text, act) {
    return h("button", { type: "button", class: "d-inline-button", text, on: { click: act } });
  }

  message(message, before) {
    const joined = this.joins(message, before);
    const hidden = Boolean(message.flags & EPHEMERAL);
    const mentioned = this.pings(message);
    const top =
      message.type === REPLY ? this.replyLine(message) : message.interaction_label ? this.usedLine(message) : null;
    return h(
      "article",
      {
        class: `d-message ${joined ? "joined" : ""} ${top ? "topped" : ""} ${hidden ? "ephemeral" : ""} ${mentioned ? "mentioned" : ""}`,
        "data-testid": "discord-message",
        "aria-label": `Message from ${authorName(message)}`,
      },
      top,
      h(
        "span",
        { class: "d-gutter" },
        joined
          ? h("time", { class: "d-small-time", datetime: message.timestamp, text: clock(new Date(message.timestamp)) })
          : avatar(authorName(message), message.author.id, message.author.bot ? "bot" : ""),
      ),
      h(
        "div",
        { class: "d-content" },
        joined ? null : this.author(message),
        !hidden && this.apps(message),
        this.body(message),
        hidden &&
          h(
            "div",
            { class: "d-only-you" },
            icon("eye", 14),
            h(
              "span",
              {},
              "Only you can see this · ",
              this.inlineButton("Dismiss message", () => {
                this.dismissed.add(message.id);
                this.draw();
              }),
            ),
          ),
      ),
    );
  }

  /** The menu of a message: what the bot offers to be asked about it. */
  apps(message) {
    const channel = this.channel;
    const offers = this.view.commands.filter((one) => one.type === MESSAGE_MENU && offered(one, this.person, channel));
    if (!offers.length || !message.author.bot) return null;
    return h(
      "details",
      { class: "d-apps" },
      h("summary", { title: "Apps", "aria-label": "What can be asked about this message", text: "⋯" }),
      offers.map((one) =>
        h("button", {
          type: "button",
          text: one.name,
          "data-testid": "message-command",
          on: {
            click: async (event) => {
              event.target.closest("details").open = false;
              try {
                const answer = await this.act("discord.menu", {
                  person: this.persona,
                  message: { id: message.id, channel_id: message.channel_id ?? this.place },
                  command: one.name,
                });
                if (answer.message) this.bringIntoView(answer.message.id);
              } catch (error) {
                this.notice(error.message, "This interaction failed");
              }
            },
          },
        }),
      ),
    );
  }

  /** True when the message pings the person who looks on: by name, by one of their roles, or with everyone. */
  pings(message) {
    return Boolean(
      (message.mentions ?? []).some((one) => String(one.id) === this.persona) ||
      message.mention_everyone ||
      (message.mention_roles ?? []).some((role) => this.person.roles?.includes(String(role))),
    );
  }

  author(message) {
    return h(
      "div",
      { class: "d-author" },
      h("span", { class: `d-name ${message.author.bot ? "" : "human"}`, text: authorName(message) }),
      message.author.bot && h("span", { class: "d-app", text: "APP" }),
      this.time(message),
      Boolean(message.flags & SILENT) &&
        h(
          "span",
          {
            class: "d-silent",
            role: "img",
            title: "This was a silent message: nobody was notified",
            "aria-label": "Silent message",
          },
          icon("bell-off", 14),
        ),
      Boolean(message.flags & CROSSPOSTED) &&
        h(
          "span",
          { class: "d-published", title: "Published to following servers" },
          icon("megaphone", 13),
          "Published",
        ),
    );
  }

  time(message) {
    const date = new Date(message.timestamp);
    return h("time", { class: "d-time", datetime: message.timestamp, title: fullTime(date), text: messageTime(date) });
  }

  usedLine(message) {
    const found = /^(.*?) used (\/?.*)$/.exec(message.interaction_label);
    const person = found ? found[1] : "";
    const shown = person && plainName({ name: person });
    return h(
      "div",
      { class: "d-top" },
      h("span", { class: "d-spine", "aria-hidden": "true" }),
      found
        ? [
            avatar(
              shown,
              (message.interaction_metadata ?? message.interaction)?.user?.id ??
                this.view.people.find((one) => plainName(one) === shown)?.id ??
                person,
              "tiny",
            ),
            h("b", { text: shown }),
            " used ",
            h("span", { class: "d-used" }, icon("slash", 12), found[2].replace(/^\//, "")),
          ]
        : message.interaction_label,
    );
  }

  answered(message) {
    return (
      message.referenced_message ??
      (this.view.messages[this.place] ?? []).find((one) => one.id === String(message.message_reference?.message_id))
    );
  }

  replyLine(message) {
    const to = this.answered(message);
    const spine = h("span", { class: "d-spine", "aria-hidden": "true" });
    if (!to) return h("div", { class: "d-top" }, spine, h("i", { text: "Original message was deleted" }));
    return h(
      "div",
      { class: "d-top" },
      spine,
      avatar(authorName(to), to.author.id, `tiny ${to.author.bot ? "bot" : ""}`),
      to.author.bot && h("span", { class: "d-app", text: "APP" }),
      h("b", { text: authorName(to) }),
      h(
        "button",
        { type: "button", class: "d-reply-text", on: { click: () => this.jumpTo(to.id) } },
        inline(replyWords(to), this.names),
        !to.content && icon("picture", 14),
      ),
    );
  }

  body(message, { still = false } = {}) {
    const edited =
      message.edited_timestamp &&
      !(message.flags & LOADING) &&
      h("span", { class: "d-edited", title: fullTime(new Date(message.edited_timestamp)), text: "(edited)" });
    if (message.flags & LOADING && !message.content && !message.embeds?.length)
      return h("div", { class: "d-text d-thinking" }, dots(), ` ${authorName(message)} is thinking…`);
    // A role may be named without being pinged: only what the message lists has rung.
    const names = { ...this.names, rings: (role) => (message.mention_roles ?? []).includes(role) };
    const text = message.content && h("div", { class: "d-text" }, markdown(message.content, names), edited);
    return [
      text,
      !message.content && edited,
      (message.embeds ?? []).map((embed) => embedOf(embed, this.names)),
      (message.attachments ?? []).map((file) => h("div", { class: "d-file" }, icon("picture", 20), file.filename)),
      !still && (message.components ?? []).map((line) => actionRow(line, message, this)),
    ];
  }

  async click(node, message, custom_id, values) {
    if (node.classList.contains("busy")) return;
    node.classList.add("busy");
    node.setAttribute("aria-busy", "true");
    try {
      const answer = await this.act("discord.click", {
        person: this.persona,
        message: { id: message.id, channel_id: message.channel_id ?? this.place },
        custom_id,
        values,
      });
      if (answer.modal) this.openForm(answer);
      if (answer.message && answer.message.id !== message.id) this.bringIntoView(answer.message.id);
    } catch (error) {
      this.notice(error.message, "This interaction failed");
    } finally {
      node.classList.remove("busy");
      node.removeAttribute("aria-busy");
    }
  }

  /** Shows the form that an answer brought; what comes of it is shown like any answer. */
  openForm({ modal, form }) {
    const { persona, place } = this;
    openForm(this.root, modal, {
      view: this.view,
      names: this.names,
      send: async (values) => {
        const answer = await this.act("discord.submit", { person: persona, channel: place, form, values });
        if (answer.message) this.bringIntoView(answer.message.id);
      },
    });
  }

  // Rows that only this page knows

  waiting(row) {
    return h(
      "div",
      { class: "d-row" },
      h(
        "article",
        { class: "d-message topped d-waiting", "aria-label": "Sending" },
        h(
          "div",
          { class: "d-top" },
          h("span", { class: "d-spine" }),
          avatar(plainName(this.person), this.persona, "tiny"),
          h("b", { text: plainName(this.person) }),
          " used ",
          h("span", { class: "d-used" }, icon("slash", 12), row.command),
        ),
        h("span", { class: "d-gutter" }, avatar(this.view.bot.username, this.view.bot.id, "bot")),
        h(
          "div",
          { class: "d-content" },
          h(
            "div",
            { class: "d-author" },
            h("span", { class: "d-name", text: this.view.bot.username }),
            h("span", { class: "d-app", text: "APP" }),
          ),
          h("div", { class: "d-text d-thinking" }, dots(), " Sending command…"),
        ),
      ),
    );
  }

  noticeRow(row) {
    return h(
      "div",
      { class: "d-row" },
      h(
        "article",
        { class: "d-message ephemeral", role: "alert", "data-testid": "discord-notice" },
        h("span", { class: "d-gutter" }, h("span", { class: "d-warning", "aria-hidden": "true", text: "!" })),
        h(
          "div",
          { class: "d-content" },
          h("div", { class: "d-author" }, h("span", { class: "d-name", text: row.title })),
          row.text.replace(/\.$/, "") !== row.title && h("div", { class: "d-text", text: row.text }),
          h(
            "div",
            { class: "d-only-you" },
            icon("eye", 14),
            h(
              "span",
              {},
              "Only you can see this · ",
              this.inlineButton("Dismiss message", () => {
                this.notices = this.notices.filter((one) => one.id !== row.id);
                this.draw();
              }),
            ),
          ),
        ),
      ),
    );
  }
}

/** The server's channels, each followed by its threads. */
function withThreads(places) {
  const threads = places.filter((place) => place.kind === "thread");
  return places
    .filter((place) => place.kind !== "dm" && place.kind !== "thread")
    .flatMap((place) => [place, ...threads.filter((thread) => thread.parent === place.id)]);
}

/** The newest card of the bot, when only its replies and notices stand below it; else nothing. */
function newestCard(rows) {
  for (const row of [...rows].reverse()) {
    const said = row.author?.bot && !row.interaction_label && !(row.flags & EPHEMERAL);
    if (said && row.type === 0 && row.embeds?.length && row.components?.length) return row.id;
    if (!said || (row.type !== REPLY && row.type !== PINNED)) return null;
  }
  return null;
}

function authorName(message) {
  const name = message.author.global_name ?? message.author.username;
  return message.author.bot ? name : plainName({ name });
}

/** What a reply line shows of the message it answers. */
function replyWords(message) {
  return (
    message &&
    (
      message.content ||
      message.embeds?.[0]?.title ||
      message.embeds?.[0]?.description ||
      "Click to see attachment"
    ).split("\n")[0]
  );
}
