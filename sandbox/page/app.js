// The sandbox's page: a Discord and a Telegram side by side, fed by /events, acting through /act.
//
// Hooks for browser tests (data-testid), stable:
//   header              discord-connected, telegram-connected (data-connected="true" | "false")
//   both panes          discord-pane, telegram-pane; discord-persona, telegram-persona (the switches), with one button a
//                       person: discord-persona-mira, discord-persona-sol, telegram-persona-mira, telegram-persona-sol;
//                       discord-composer, telegram-composer; discord-message, telegram-message (the row around each
//                       carries data-message=<id>); discord-button, telegram-button (under messages); discord-rights,
//                       telegram-rights (open what the bot may do: discord-rights-list, telegram-rights-list, with
//                       right-<name> boxes and rights-move, which removes the bot or takes it in again); edited-above
//                       (shown when a message out of view changed); command-option-<name> in the open picker (the
//                       spaces of a subcommand as dashes)
//   Discord             discord-channel-<name>, discord-channel-dm; option-<name> (a chosen command's option field),
//                       add-option-<name>; autocomplete-choice; discord-select, discord-select-option; pins-button,
//                       pins-popover; discord-form (field-<custom_id>, form-submit); discord-notice (what only this
//                       page says, such as a command that went unanswered)
//   Telegram            telegram-chat-<id>, telegram-chat-<id>/<topic>; telegram-service (centred lines);
//                       telegram-pinned (the bar); telegram-menu; telegram-start; telegram-replying (the message that
//                       is being answered); inline-result (what the bot offers to who types its name and words);
//                       telegram-toast, telegram-alert

import { DiscordPane } from "./discord.js";
import { h } from "./dom.js";
import { TelegramPane } from "./telegram.js";
import { tick } from "./times.js";

/** Asks the server to act; raises what it refuses as one sentence. */
async function act(name, fields) {
  let answer;
  try {
    answer = await fetch("/act", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ do: name, ...fields }),
    });
  } catch {
    throw new Error("The sandbox is not there any more: is it still running?");
  }
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

const discord = new DiscordPane(document.querySelector('[data-testid="discord-pane"]'), act);
const telegram = new TelegramPane(document.querySelector('[data-testid="telegram-pane"]'), act);
const lost = document.querySelector("#lost");

function showConnected(name, connected) {
  const node = document.querySelector(`[data-testid="${name}-connected"]`);
  if (node.dataset.connected === String(connected)) return;
  node.dataset.connected = String(connected);
  node.title = connected ? "The bot is connected" : "Waiting for a bot";
  node.replaceChildren(
    h("span", { class: "lamp", "aria-hidden": "true" }),
    name === "discord" ? "Discord" : "Telegram",
    h("b", { text: connected ? "bot connected" : "waiting for a bot" }),
  );
}

const events = new EventSource("/events");
events.addEventListener("message", (event) => {
  const views = JSON.parse(event.data);
  lost.hidden = true;
  document.body.dataset.ready = "true";
  showConnected("discord", views.discord.connected);
  showConnected("telegram", views.telegram.connected);
  discord.show(views.discord);
  telegram.show(views.telegram);
});
events.addEventListener("error", () => (lost.hidden = false));
setInterval(tick, 1000);
