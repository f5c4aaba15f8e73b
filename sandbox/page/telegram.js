// The Telegram pane: chats and topics, bubbles with inline keyboards, the pinned bar, deep links, the bot's menu.

import {
  avatar,
  Choices,
  EditedAbove,
  h,
  icon,
  keepPlace,
  link,
  personaSwitch,
  plainName,
  reconcile,
  safeUrl,
  show,
} from "./dom.js";
import { entities } from "./telegram_entities.js";
import { Rights } from "./rights.js";
import { clock, day, fullTime, sameDay } from "./times.js";

// What the bot can be short of, in the words of Telegram's settings.
const IN_GROUP = {
  can_send_messages: "Send messages",
  administrator: "Is an administrator",
  can_pin_messages: "Pin messages",
};
const IN_CHANNEL = { can_post_messages: "Post messages", can_edit_messages: "Edit messages of others, and pin" };
const date = (message) => new Date(message.date * 1000);

export class TelegramPane {
  /** `act(name, arguments)` asks the server to do something as the chosen person. */
  constructor(root, act) {
    this.act = act;
    this.read = new Map(); // person and place → the newest message seen there
    this.pinAt = new Map();
    this.fresh = true;
    this.unwanted = new Set(); // forced replies that a person put away
    this.strip = h("div", { class: "strip" });
    this.side = h("nav", { class: "t-side", "aria-label": "Telegram chats" });
    this.title = h("div", { class: "t-title" });
    this.pinned = h("div", { class: "t-pinned", hidden: true });
    this.list = h("div", { class: "t-list", role: "log", "aria-label": "Telegram messages", "aria-live": "polite" });
    this.scroller = h("div", { class: "t-scroll", tabindex: "0", "aria-label": "Messages in this chat" }, this.list);
    this.jump = h(
      "button",
      {
        type: "button",
        class: "t-jump",
        hidden: true,
        "aria-label": "To the newest message",
        on: { click: () => this.toBottom() },
      },
      icon("chevron", 22),
    );
    this.scroller.addEventListener("scroll", () => this.atBottom() && (this.jump.hidden = true));
    this.edited = new EditedAbove(this.scroller);
    this.toast = h("div", { class: "t-toast", role: "status", hidden: true, "data-testid": "telegram-toast" });
    this.alertWords = h("p");
    this.alertOk = h("button", {
      type: "button",
      class: "t-alert-ok",
      text: "OK",
      on: { click: () => this.closeAlert() },
    });
    this.alert = h(
      "div",
      {
        class: "t-shade",
        hidden: true,
        on: {
          keydown: (event) =>
            event.key === "Escape" ? this.closeAlert() : event.key === "Tab" && event.preventDefault(),
        },
      },
      h(
        "div",
        { class: "t-alert", role: "alertdialog", "aria-label": "The bot says", "data-testid": "telegram-alert" },
        this.alertWords,
        this.alertOk,
      ),
    );
    this.buildFoot();
    this.rights = new Rights(
      "telegram",
      () => this.standing(),
      (right, given) => this.act("telegram.right", { chat: Number(this.place.chat.id), right, given }),
      (here) => this.act("telegram.bot", { chat: Number(this.place.chat.id), here }),
    );
    root.append(
      this.strip,
      h(
        "div",
        { class: "t-body" },
        this.side,
        h(
          "div",
          { class: "t-chat" },
          h("header", { class: "t-head" }, this.title, this.rights.button, this.rights.list),
          this.pinned,
          h("div", { class: "t-middle" }, this.scroller, this.edited.button, this.jump, this.toast),
          this.foot,
        ),
      ),
      this.alert,
    );
    this.acts = { open: (url) => this.deepLink(url), command: (text) => this.say(text) };
  }

  // What is seen, and by whom

  get bot() {
    return this.view.bot;
  }
  get person() {
    return this.view.people.find((person) => String(person.id) === String(this.persona));
  }
  /** Chats and, under a forum, its topics, as rows of the list. The private chat is there before anything was said in it. */
  get places() {
    const chats = this.view.chats.filter(
      (chat) => chat.type !== "private" || String(chat.person ?? chat.id) === String(this.persona),
    );
    if (!chats.some((chat) => chat.type === "private"))
      chats.push({ id: this.persona, type: "private", person: this.persona });
    return chats.flatMap((chat) => {
      const place = { key: String(chat.id), chat, title: this.titleOf(chat) };
      return chat.is_forum
        ? [
            place,
            ...this.topics(chat).map((topic) => ({
              key: `${chat.id}/${topic.id}`,
              chat,
              topic: topic.id,
              title: topic.name,
            })),
          ]
        : [place];
    });
  }
  get place() {
    const places = this.places;
    return (
      places.find((place) => place.key === this.at) ??
      places.find((place) => place.chat.id === this.previous) ??
      places[0]
    );
  }
  titleOf(chat) {
    return chat.type === "private" ? this.bot.first_name : chat.title;
  }
  topics(chat) {
    const listed = chat.topics ?? this.view.topics?.[chat.id];
    if (listed) return listed.map((topic) => ({ id: topic.message_thread_id ?? topic.id, name: topic.name }));
    return (this.view.messages[chat.id] ?? [])
      .filter((message) => message.forum_topic_created)
      .map((message) => ({ id: message.message_thread_id, name: message.forum_topic_created.name }));
  }
  messages({ chat, topic }) {
    const all = this.view.messages[chat.id] ?? [];
    return chat.is_forum
      ? all.filter((message) => (message.is_topic_message ? message.message_thread_id : undefined) === topic)
      : all;
  }

  /** What the bot may do in the chat that is shown, for the list of rights. */
  standing() {
    const { chat, title } = this.place;
    const words = chat.type === "private" ? {} : chat.type === "channel" ? IN_CHANNEL : IN_GROUP;
    const may = [...(chat.bot?.may ?? []), ...(chat.bot?.membership === "administrator" ? ["administrator"] : [])];
    return {
      place: chat.type === "private" ? "your private chat" : title,
      moderator: chat.type === "private" || this.person.moderator,
      here: chat.type === "private" ? !chat.blocked : !["left", "kicked"].includes(chat.bot?.membership),
      away: chat.type === "private" ? "Block the bot" : `Remove the bot from the ${chat.type === "channel" ? "channel" : "group"}`,
      back: chat.type === "private" ? "Unblock the bot" : "Take the bot in again",
      rights: Object.entries(words).map(([name, said]) => ({ name, words: said, given: may.includes(name) })),
    };
  }

  show(view) {
    this.view = view;
    this.persona ??= view.people[0].id;
    this.at ??= this.places[0].key;
    this.goWhereItHappens();
    this.draw();
  }

  /** Until someone chooses a chat, the page shows one in which something was said. */
  goWhereItHappens() {
    const spoken = (place) => this.messages(place).some((message) => !isService(message));
    if (this.chosen || this.form.contains(document.activeElement) || spoken(this.place)) return;
    const place = this.places.find(spoken);
    if (!place) return;
    this.at = place.key;
    this.fresh = true;
  }

  choosePersona(id) {
    const wasPrivate = this.place.chat.type === "private";
    this.persona = id;
    if (wasPrivate) this.at = this.places.find((place) => place.chat.type === "private").key;
    this.fresh = true;
    this.draw();
  }

  open(key) {
    this.chosen = true;
    this.at = key;
    this.fresh = true;
    this.input.value = "";
    this.hideMenu();
    this.draw();
  }

  openPrivate() {
    this.open(this.places.find((place) => place.chat.type === "private").key);
  }

  // Drawing

  draw(force = false) {
    const fresh = this.fresh;
    this.fresh = false;
    const { place } = this;
    this.at = place.key;
    this.previous = place.chat.id;
    reconcile(this.strip, [0], {
      key: () => "strip",
      quiet: true,
      signature: () => JSON.stringify([this.view.people, this.persona]),
      build: () =>
        h(
          "div",
          { class: "strip-row" },
          h("h2", { class: "strip-name" }, "Telegram"),
          personaSwitch("telegram", this.view.people, this.persona, (id) => this.choosePersona(id)),
        ),
    });
    this.drawHead(place);
    const rows = this.rows(place);
    const news = this.messages(place).at(-1)?.message_id ?? 0;
    const known = this.read.get(`${this.persona} ${place.key}`) ?? 0;
    let changed = [];
    const atBottom = keepPlace(
      this.scroller,
      () => {
        changed = reconcile(this.list, rows, {
          key: (row) => row.key,
          signature: (row) => signature(row),
          build: (row) => this.row(row),
          fresh,
        });
        // These take their room from the messages.
        this.drawPinned(place);
        this.drawFoot(place);
      },
      { card: () => this.rowOf(newestCard(this.messages(place), this.bot.id)), fresh, force },
    );
    if (fresh) this.edited.hide();
    this.edited.notice(changed);
    if (!atBottom && news > known) this.jump.hidden = false;
    if (atBottom) this.jump.hidden = true;
    this.read.set(`${this.persona} ${place.key}`, news);
    this.drawSide(place);
    this.rights.draw();
  }

  drawSide(here) {
    const rows = this.places.map((place) => {
      const all = this.messages(place);
      const key = `${this.persona} ${place.key}`;
      if (!this.read.has(key)) this.read.set(key, all.at(-1)?.message_id ?? 0);
      const unread = all.filter(
        (message) => message.message_id > this.read.get(key) && String(message.from?.id) !== String(this.persona),
      ).length;
      return { place, last: all.at(-1), unread, here: place.key === here.key };
    });
    reconcile(this.side, rows, {
      key: (row) => row.place.key,
      quiet: true,
      signature: (row) => JSON.stringify([row, this.view.connected]),
      build: ({ place, last, unread, here: current }) => {
        const { chat, topic } = place;
        const button = h(
          "button",
          {
            type: "button",
            class: `t-place ${current ? "here" : ""} ${topic ? "topic" : ""}`,
            "data-testid": `telegram-chat-${place.key}`,
            "data-focus": place.key,
            "aria-current": current ? "page" : null,
            title: place.title,
            on: { click: () => this.open(place.key) },
          },
          topic
            ? h("span", { class: "t-topic-icon" }, icon("topics", 17))
            : avatar(
                place.title,
                chat.type === "private" ? this.bot.id : chat.id,
                chat.type === "private" ? "bot" : "two",
              ),
          h(
            "span",
            { class: "t-place-words" },
            h(
              "span",
              { class: "t-place-top" },
              h("b", { text: place.title }),
              last && h("time", { text: clock(date(last)) }),
            ),
            h(
              "span",
              { class: "t-place-last" },
              h("span", {
                text: last ? this.preview(last) : chat.type === "private" ? "Tap to start" : "No messages yet",
              }),
              unread > 0 && h("span", { class: "t-unread", "aria-label": `${unread} unread`, text: unread }),
            ),
          ),
        );
        return button;
      },
    });
  }

  preview(message) {
    if (isService(message)) return this.serviceWords(message);
    const words = (message.text ?? message.caption ?? "Message").split("\n")[0];
    if (message.chat?.type === "private" || message.chat?.type === "channel") return words;
    return `${this.senderName(message)}: ${words}`;
  }

  drawHead({ chat, topic, title }) {
    const below = topic
      ? this.titleOf(chat)
      : chat.type === "private"
        ? "bot"
        : chat.type === "channel"
          ? "channel"
          : chat.is_forum
            ? "group with topics"
            : `group · ${this.view.people.map(plainName).join(", ")}, ${this.bot.first_name}`;
    const sign = JSON.stringify([chat.id, topic, title, below]);
    if (this.headSign === sign) return;
    this.headSign = sign;
    this.title.replaceChildren(
      topic
        ? h("span", { class: "t-topic-icon" }, icon("topics", 18))
        : avatar(
            title,
            chat.type === "private" ? this.bot.id : chat.id,
            chat.type === "private" ? "bot mid" : "two mid",
          ),
      h("div", {}, h("h3", { text: title }), h("small", { text: below })),
    );
  }

  drawPinned(place) {
    const ids = (this.view.pins[place.chat.id] ?? []).map(Number);
    const found = this.messages(place).filter((message) => ids.includes(message.message_id));
    const at = Math.min(this.pinAt.get(place.key) ?? 0, Math.max(found.length - 1, 0));
    const message = found[found.length - 1 - at];
    const sign = JSON.stringify([place.key, found.length, at, message]);
    if (this.pinnedSign === sign) return;
    this.pinnedSign = sign;
    this.pinned.hidden = !message;
    if (!message) return;
    this.pinned.replaceChildren(
      h(
        "button",
        {
          type: "button",
          class: "t-pinned-button",
          "data-testid": "telegram-pinned",
          "aria-label": "Show the pinned message",
          on: {
            click: () => {
              this.jumpTo(message.message_id);
              this.pinAt.set(place.key, (at + 1) % found.length);
              this.drawPinned(place);
            },
          },
        },
        h("span", { class: "t-pinned-bar", "aria-hidden": "true" }),
        h(
          "span",
          { class: "t-pinned-words" },
          h("b", { text: found.length > 1 ? `Pinned message #${found.length - at}` : "Pinned message" }),
          h("span", { text: (message.text ?? message.caption ?? "Message").replace(/\s+/g, " ") }),
        ),
        icon("pin", 18),
      ),
    );
  }

  // Rows

  rows(place) {
    const all = this.messages(place);
    const rows = [];
    for (const [index, message] of all.entries()) {
      const before = all[index - 1];
      const after = all[index + 1];
      if (!before || !sameDay(date(before), date(message)))
        rows.push({ key: `day-${date(message).toDateString()}`, day: day(date(message)) });
      const joins = (one, other) =>
        one &&
        other &&
        !isService(one) &&
        !isService(other) &&
        senderId(one) === senderId(other) &&
        other.date - one.date < 900 &&
        sameDay(date(one), date(other));
      rows.push({
        key: `message-${message.message_id}`,
        message,
        first: !joins(before, message),
        last: !joins(message, after),
        mine: this.mine(message),
        chat: place.chat.type,
      });
    }
    if (!all.length) rows.push({ key: "empty", empty: place.chat.type, about: this.bot.description ?? "" });
    return rows;
  }

  mine(message) {
    return !message.sender_chat && String(message.from?.id) === String(this.persona);
  }

  row(row) {
    if (row.day) return h("div", { class: "t-service" }, h("span", { text: row.day }));
    if (row.empty) return this.emptyRow(row);
    const { message } = row;
    if (isService(message))
      return h(
        "div",
        { class: "t-service", "data-testid": "telegram-service", data: { message: message.message_id } },
        this.serviceNode(message),
      );
    const name = this.senderName(message);
    const faced = !row.mine && row.chat !== "private" && row.chat !== "channel";
    const buttons = message.reply_markup?.inline_keyboard;
    return h(
      "div",
      {
        class: `t-row ${row.mine ? "mine" : ""} ${row.first ? "first" : ""} ${row.last ? "last" : ""} ${faced ? "faced" : ""} ${row.chat}`,
        data: { message: message.message_id },
      },
      faced &&
        (row.last
          ? avatar(name, senderId(message), message.from?.is_bot ? "bot mid" : "mid")
          : h("span", { class: "t-no-face" })),
      h(
        "div",
        { class: `t-stack ${buttons ? "keyed" : ""}` },
        h(
          "article",
          {
            class: `t-bubble ${buttons ? "keyed" : ""}`,
            "data-testid": "telegram-message",
            "aria-label": `Message from ${name}`,
          },
          (faced || row.chat === "channel") &&
            row.first &&
            h("div", { class: `t-name hue-text-${hue(senderId(message))}`, text: name }),
          message.via_bot && h("div", { class: "t-via", text: `via @${message.via_bot.username}` }),
          message.reply_to_message &&
            !message.reply_to_message.forum_topic_created &&
            this.quoted(message.reply_to_message),
          h("div", { class: "t-text" }, this.content(message), this.meta(message)),
          h(
            "button",
            {
              type: "button",
              class: "t-reply",
              title: "Reply",
              "aria-label": `Reply to ${name}`,
              "data-focus": `reply ${message.message_id}`,
              on: { click: () => this.replyTo(message) },
            },
            icon("reply", 15),
          ),
        ),
        buttons &&
          h(
            "div",
            { class: "t-keys" },
            buttons.map((line) =>
              h(
                "div",
                { class: "t-keys-row" },
                line.map((key) => this.key(key, message)),
              ),
            ),
          ),
      ),
    );
  }

  content(message) {
    if (message.text !== undefined) return entities(message.text, message.entities, this.acts);
    return [
      h(
        "span",
        { class: "t-file" },
        icon("picture", 18),
        message.photo ? "Photo" : (message.document?.file_name ?? "Message of a kind the sandbox does not draw"),
      ),
      message.caption ? entities(message.caption, message.caption_entities, this.acts) : "",
    ];
  }

  meta(message) {
    return h(
      "span",
      { class: "t-meta" },
      message.author_signature && `${message.author_signature}, `,
      message.edit_date &&
        h("span", {
          class: "t-edited",
          title: `Edited ${fullTime(new Date(message.edit_date * 1000))}`,
          text: "edited",
        }),
      " ",
      h("time", { datetime: date(message).toISOString(), title: fullTime(date(message)), text: clock(date(message)) }),
    );
  }

  quoted(message) {
    return h(
      "button",
      {
        type: "button",
        class: `t-quoted hue-text-${hue(senderId(message))}`,
        on: { click: () => this.jumpTo(message.message_id) },
      },
      h("b", { text: this.senderName(message) }),
      h("span", { text: (message.text ?? message.caption ?? "Message").split("\n")[0] }),
    );
  }

  emptyRow(row) {
    if (row.empty !== "private") return h("div", { class: "t-service" }, h("span", { text: "No messages here yet" }));
    return h(
      "div",
      { class: "t-about" },
      avatar(this.bot.first_name, this.bot.id, "large bot"),
      h("b", { text: "What can this bot do?" }),
      h("p", { text: row.about || `${this.bot.first_name} answers once you press Start.` }),
    );
  }

  senderName(message) {
    if (message.sender_chat) return message.sender_chat.title;
    if (!message.from) return message.chat?.title ?? "";
    return [message.from.first_name, message.from.last_name].filter(Boolean).join(" ") || message.from.username;
  }

  serviceNode(message) {
    if (!message.pinned_message) return h("span", { text: this.serviceWords(message) });
    const pinned = message.pinned_message;
    return h(
      "button",
      { type: "button", on: { click: () => this.jumpTo(pinned.message_id) } },
      `${this.senderName(message)} pinned “${shorten(pinned.text ?? pinned.caption ?? "a message")}”`,
    );
  }

  serviceWords(message) {
    const who = this.senderName(message);
    const people = (list) => list.map((one) => one.first_name).join(", ");
    if (message.pinned_message)
      return `${who} pinned “${shorten(message.pinned_message.text ?? message.pinned_message.caption ?? "a message")}”`;
    if (message.new_chat_members)
      return message.new_chat_members.some((one) => one.id === message.from?.id)
        ? `${who} joined the group`
        : `${who} added ${people(message.new_chat_members)}`;
    if (message.left_chat_member)
      return message.left_chat_member.id === message.from?.id
        ? `${who} left the group`
        : `${who} removed ${message.left_chat_member.first_name}`;
    if (message.forum_topic_created) return `${who} created the topic “${message.forum_topic_created.name}”`;
    if (message.new_chat_title) return `${who} changed the name to “${message.new_chat_title}”`;
    if (message.migrate_to_chat_id) return "The group became a supergroup";
    if (message.migrate_from_chat_id) return "This group was made from a smaller one";
    if (message.group_chat_created || message.supergroup_chat_created) return "Group created";
    return message.channel_chat_created ? "Channel created" : "Service message";
  }

  jumpTo(id) {
    const node = this.rowOf(id);
    if (node) show(node);
  }

  rowOf(id) {
    return [...this.list.children].find((row) => row.dataset.message === String(id));
  }

  toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.jump.hidden = true;
  }

  atBottom() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < 48;
  }

  // Buttons and links

  key(key, message) {
    const focus = `${key.text} ${key.callback_data ?? key.url ?? ""}`;
    if (key.url) {
      const node = link(
        key.url,
        { class: "t-key", "data-testid": "telegram-button", "data-focus": focus },
        h("span", { text: key.text }),
        h("span", { class: "t-key-corner" }, icon("external", 11)),
      );
      node.addEventListener("click", (event) => this.deepLink(key.url) && event.preventDefault());
      return node;
    }
    const node = h(
      "button",
      { type: "button", class: "t-key", "data-testid": "telegram-button", "data-focus": focus },
      h("span", { text: key.text }),
      key.copy_text && h("span", { class: "t-key-corner" }, icon("copy", 11)),
    );
    node.addEventListener("click", () =>
      key.callback_data !== undefined
        ? this.press(node, message, key.callback_data)
        : key.copy_text
          ? this.copy(key.copy_text.text)
          : this.sayToast("This kind of button does nothing in the sandbox."),
    );
    return node;
  }

  async press(node, message, data) {
    if (node.classList.contains("busy")) return;
    node.classList.add("busy");
    node.setAttribute("aria-busy", "true");
    try {
      const answer = await this.act("telegram.click", {
        person: this.persona,
        message: { message_id: message.message_id, chat: { id: message.chat?.id ?? this.place.chat.id } },
        data,
      });
      if (answer.text && (answer.alert ?? answer.show_alert)) this.sayAlert(answer.text);
      else if (answer.text) this.sayToast(answer.text);
      if (answer.url && !this.deepLink(answer.url)) this.sayToast(`The bot answers with a link: ${answer.url}`);
    } catch (error) {
      this.sayToast(error.message);
    } finally {
      node.classList.remove("busy");
      node.removeAttribute("aria-busy");
    }
  }

  async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      this.sayToast("Copied to the clipboard");
    } catch {
      this.sayToast(`The browser does not let this page copy: ${text}`);
    }
  }

  /** Takes over links that Telegram itself opens: the bot's private chat, or a message in one of these chats. */
  deepLink(address) {
    const href = safeUrl(address);
    const url = href && new URL(href);
    if (!url || !["t.me", "telegram.me"].includes(url.host)) return false;
    const [name, ...rest] = url.pathname.split("/").filter(Boolean);
    if (name?.toLowerCase() === this.bot.username.toLowerCase() && !rest.length) {
      if (url.searchParams.has("startgroup")) {
        this.sayToast("Choose a group: the sandbox’s bot is in all of them already.");
        return true;
      }
      this.openPrivate();
      if (url.searchParams.has("start")) this.start(url.searchParams.get("start"));
      return true;
    }
    const place = this.places.find(
      ({ chat, topic }) =>
        !topic &&
        (name === "c"
          ? String(chat.id) === `-100${rest[0]}`
          : chat.username && chat.username.toLowerCase() === name?.toLowerCase()),
    );
    if (!place) return false;
    const wanted = Number(rest.at(-1));
    const holds = this.places.find(
      (one) => one.chat.id === place.chat.id && this.messages(one).some((message) => message.message_id === wanted),
    );
    this.open((holds ?? place).key);
    if (holds) this.jumpTo(wanted);
    return true;
  }

  async start(payload) {
    try {
      await this.act("telegram.open", { person: this.persona, payload });
    } catch (error) {
      this.sayToast(error.message);
    }
  }

  sayToast(text) {
    this.toast.textContent = text;
    this.toast.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => (this.toast.hidden = true), 2500 + text.length * 45);
  }

  sayAlert(text) {
    this.alertWords.textContent = text;
    this.alert.hidden = false;
    this.beforeAlert = document.activeElement;
    this.alertOk.focus();
  }

  closeAlert() {
    this.alert.hidden = true;
    this.beforeAlert?.focus();
  }

  // The composer

  buildFoot() {
    this.picker = h("div", {
      class: "t-picker",
      role: "listbox",
      id: "telegram-picker",
      hidden: true,
      "aria-label": "Bot commands",
    });
    this.menu = h(
      "button",
      {
        type: "button",
        class: "t-menu",
        "data-testid": "telegram-menu",
        "aria-expanded": "false",
        on: { mousedown: (event) => event.preventDefault(), click: () => this.toggleMenu() },
      },
      icon("menu", 18),
      h("span", { text: "Menu" }),
    );
    this.input = h("textarea", {
      rows: 1,
      class: "t-input",
      placeholder: "Write a message…",
      "aria-label": "Write a message",
      "data-testid": "telegram-composer",
      role: "combobox",
      "aria-controls": "telegram-picker",
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      autocomplete: "off",
      maxlength: 4096,
      on: { input: () => this.typed(), keydown: (event) => this.keyed(event), blur: () => this.hideMenu() },
    });
    this.send = h("button", { type: "submit", class: "t-send", "aria-label": "Send" }, icon("send", 22));
    this.choices = new Choices(this.picker, this.input, (option, key) => option.pick(key));
    this.replying = h("div", { class: "t-replying", hidden: true, "data-testid": "telegram-replying" });
    this.form = h(
      "form",
      {
        class: "t-form",
        on: {
          submit: (event) => {
            event.preventDefault();
            this.submit();
          },
        },
      },
      this.menu,
      this.input,
      this.send,
    );
    this.startButton = h("button", {
      type: "button",
      class: "t-start",
      "data-testid": "telegram-start",
      text: "START",
      hidden: true,
      on: { click: () => this.start("") },
    });
    this.closed = h("div", { class: "t-closed", text: "Only administrators can post in this channel", hidden: true });
    this.foot = h(
      "footer",
      { class: "t-foot" },
      this.picker,
      this.replying,
      this.form,
      this.startButton,
      this.closed,
    );
  }

  drawFoot(place) {
    const { chat } = place;
    const first = chat.type === "private" && (!this.messages(place).length || chat.blocked);
    const shut = chat.type === "channel" && !this.person.moderator;
    this.startButton.hidden = !first;
    this.startButton.textContent = chat.blocked ? "RESTART" : "START";
    this.closed.hidden = !shut;
    this.form.hidden = first || shut;
    this.menu.hidden = chat.type === "channel" || !this.commands().length;
    this.menu.classList.toggle("small", chat.type !== "private");
    this.menu.setAttribute("aria-label", "Bot commands");
    this.drawReplying(place, first || shut);
    this.input.placeholder =
      this.answered?.forced?.placeholder || (chat.type === "channel" ? "Broadcast a message…" : "Write a message…");
  }

  // Replying

  /** The message that what is written next answers: one that was chosen, or the newest that forces a reply. */
  answeredIn(place) {
    const all = this.messages(place);
    const chosen = this.chosenReply?.place === place.key && this.chosenReply.person === String(this.persona);
    if (chosen) return all.find((message) => message.message_id === this.chosenReply.id);
    const forced = all.findLast((message) => message.forced);
    const meant = forced && (!forced.forced.people || forced.forced.people.map(String).includes(String(this.persona)));
    const done = (message) =>
      message.message_id > forced.message_id && String(message.from?.id) === String(this.persona);
    if (!meant || this.unwanted.has(`${this.persona} ${place.key} ${forced.message_id}`) || all.some(done)) return null;
    return forced;
  }

  drawReplying(place, shut) {
    const before = this.answered?.message_id;
    this.answered = shut ? null : this.answeredIn(place);
    const { answered } = this;
    const sign = JSON.stringify([place.key, answered]);
    this.replying.hidden = !answered;
    if (!answered || this.replyingSign === sign) return;
    this.replyingSign = sign;
    this.replying.replaceChildren(
      icon("reply", 20),
      h(
        "div",
        { class: "t-replying-words" },
        h("b", { text: `Reply to ${this.senderName(answered)}` }),
        h("span", { text: (answered.text ?? answered.caption ?? "Message").split("\n")[0] }),
      ),
      h(
        "button",
        { type: "button", "aria-label": "Do not reply", on: { click: () => this.leaveReply() } },
        icon("close", 18),
      ),
    );
    // It takes the keyboard, as Telegram does, but not from someone who types in the other pane.
    const free = document.activeElement === document.body || this.foot.parentElement.contains(document.activeElement);
    if (before !== answered.message_id && free) this.input.focus();
  }

  replyTo(message) {
    this.chosenReply = { place: this.place.key, person: String(this.persona), id: message.message_id };
    this.draw();
    this.input.focus();
  }

  leaveReply() {
    if (this.answered?.forced)
      this.unwanted.add(`${this.persona} ${this.place.key} ${this.answered.message_id}`);
    this.chosenReply = null;
    this.draw();
    this.input.focus();
  }

  commands() {
    return this.view.commands_of?.[this.persona]?.[this.place.chat.id] ?? this.view.commands ?? [];
  }

  offerCommands(wanted) {
    const found = this.commands().filter((one) => one.command.startsWith(wanted));
    this.choices.show(
      found.map((one) => {
        const row = h(
          "div",
          { class: "t-choice", role: "option", "data-testid": `command-option-${one.command}` },
          avatar(this.bot.first_name, this.bot.id, "small bot"),
          h("b", { text: `/${one.command}` }),
          h("span", { text: one.description }),
        );
        row.pick = (key) => {
          const text = `/${one.command}${this.place.chat.type === "private" ? "" : `@${this.bot.username}`}`;
          this.hideMenu();
          this.input.value = key === "Tab" ? `${text} ` : "";
          if (key === "Tab") this.input.focus();
          else this.say(text);
        };
        return row;
      }),
    );
    this.menu.setAttribute("aria-expanded", String(this.choices.open));
  }

  toggleMenu() {
    if (this.choices.open) this.hideMenu();
    else {
      this.input.focus();
      this.offerCommands("");
    }
  }

  hideMenu() {
    this.choices.hide();
    this.menu.setAttribute("aria-expanded", "false");
  }

  /** What the bot offers to who types its name and some words: each result can be sent here. */
  async offerInline(query) {
    const asked = (this.asked = (this.asked ?? 0) + 1);
    await new Promise((done) => setTimeout(done, 250)); // each letter is not a question
    if (asked !== this.asked) return;
    const { chat, topic } = this.place;
    const person = this.persona;
    try {
      const { offer, results, button } = await this.act("telegram.inline", { person, query });
      if (asked !== this.asked) return;
      const rows = results.map((result) =>
        this.inlineRow(result.title, result.description, () =>
          this.act("telegram.choose", { person, chat: chat.id, offer, result: result.id, topic: topic ?? null }),
        ),
      );
      if (button)
        rows.unshift(
          this.inlineRow(button.text, "", async () => {
            this.openPrivate();
            await this.start(button.start_parameter);
          }),
        );
      this.choices.show(rows);
    } catch (error) {
      this.sayToast(error.message);
    }
  }

  inlineRow(title, description, act) {
    const row = h(
      "div",
      { class: "t-choice inline", role: "option", "data-testid": "inline-result" },
      h("div", {}, h("b", { text: title }), description && h("span", { text: description })),
    );
    row.pick = async () => {
      this.input.value = "";
      this.hideMenu();
      try {
        await act();
        this.toBottom();
      } catch (error) {
        this.sayToast(error.message);
      }
    };
    return row;
  }

  typed() {
    const found = /^\/([a-z0-9_]*)$/i.exec(this.input.value);
    const [, name, query] = /^@(\w+) (.*)$/.exec(this.input.value) ?? [];
    this.asked = (this.asked ?? 0) + 1; // what was asked for before counts no more
    if (name?.toLowerCase() === this.bot.username.toLowerCase()) return void this.offerInline(query.trim());
    if (found && this.place.chat.type !== "channel") this.offerCommands(found[1].toLowerCase());
    else this.hideMenu();
  }

  keyed(event) {
    if (this.choices.key(event)) return;
    if (event.key === "Escape" && this.answered) this.leaveReply();
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault(); // with Shift it is a new line
      this.submit();
    }
  }

  submit() {
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.hideMenu();
    this.say(text);
  }

  async say(text) {
    const { chat, topic } = this.place;
    const reply_to = this.answered?.message_id ?? null;
    try {
      await this.act("telegram.say", { person: this.persona, chat: chat.id, text, topic: topic ?? null, reply_to });
      this.chosenReply = null;
      this.draw();
      this.toBottom();
    } catch (error) {
      this.input.value ||= text;
      this.sayToast(error.message);
    }
  }
}

const SERVICE = [
  "pinned_message",
  "new_chat_members",
  "left_chat_member",
  "new_chat_title",
  "new_chat_photo",
  "delete_chat_photo",
  "group_chat_created",
  "supergroup_chat_created",
  "channel_chat_created",
  "migrate_to_chat_id",
  "migrate_from_chat_id",
  "forum_topic_created",
  "forum_topic_edited",
  "forum_topic_closed",
  "forum_topic_reopened",
  "message_auto_delete_timer_changed",
];
// An edit of what a message answers or pins is no news of the message itself: only the words shown of it count.
const signature = (row) =>
  JSON.stringify(row, (key, value) =>
    key === "reply_to_message" || key === "pinned_message"
      ? [value.message_id, (value.text ?? "").split("\n")[0]]
      : value,
  );
/** The newest card of the bot, when only its replies and notices stand below it; else nothing. */
function newestCard(messages, bot) {
  for (const message of [...messages].reverse()) {
    if (isService(message)) continue;
    const said = message.from ? message.from.id === bot : Boolean(message.sender_chat);
    if (said && message.reply_markup && !message.reply_to_message) return message.message_id;
    if (!said || !message.reply_to_message) return null;
  }
  return null;
}
const isService = (message) => SERVICE.some((name) => message[name] !== undefined);
const senderId = (message) => message.sender_chat?.id ?? message.from?.id ?? message.chat?.id;
const hue = (id) => [...String(id)].reduce((sum, sign) => (sum * 31 + sign.codePointAt(0)) % 997, 7) % 7;
const shorten = (text) => (text.length > 38 ? `${text.slice(0, 36).trimEnd()}…` : text).split("\n")[0];
