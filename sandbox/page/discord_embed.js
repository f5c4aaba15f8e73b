// A Discord embed, drawn.

import { h, link, pictureOf } from "./dom.js";
import { inline, markdown } from "./discord_markdown.js";
import { fullTime, messageTime } from "./times.js";

/** An embed: its colour, words, fields and footer. `names` says what mentions are called. */
export function embedOf(embed, names) {
  const colour =
    embed.color === undefined || embed.color === null ? null : `#${Number(embed.color).toString(16).padStart(6, "0")}`;
  const box = h(
    "div",
    { class: "d-embed" },
    h(
      "div",
      { class: "d-embed-main" },
      h(
        "div",
        { class: "d-embed-text" },
        embed.author && h("div", { class: "d-embed-author" }, link(embed.author.url, { text: embed.author.name })),
        embed.title &&
          h(
            "div",
            { class: "d-embed-title" },
            embed.url ? link(embed.url, {}, inline(embed.title, names)) : inline(embed.title, names),
          ),
        embed.description && h("div", { class: "d-embed-description" }, markdown(embed.description, names)),
        embed.fields?.length > 0 && fieldsOf(embed.fields, names),
      ),
      embed.thumbnail && pictureOf(embed.thumbnail.url, "thumbnail"),
    ),
    embed.image && pictureOf(embed.image.url, "wide"),
    (embed.footer || embed.timestamp) &&
      h(
        "div",
        { class: "d-embed-footer" },
        embed.footer?.text,
        embed.footer && embed.timestamp && h("span", { text: " • " }),
        embed.timestamp &&
          h("time", {
            datetime: embed.timestamp,
            title: fullTime(new Date(embed.timestamp)),
            text: messageTime(new Date(embed.timestamp)),
          }),
      ),
  );
  if (colour) box.style.borderInlineStartColor = colour;
  return box;
}

function fieldsOf(fields, names) {
  const grid = h("div", { class: "d-fields" });
  let run = [];
  const flush = () => {
    for (const cell of run) cell.style.gridColumn = `span ${run.length >= 3 ? 4 : run.length === 2 ? 6 : 12}`;
    run = [];
  };
  for (const field of fields) {
    const cell = h(
      "div",
      { class: "d-field" },
      h("div", { class: "d-field-name" }, inline(field.name, names)),
      h("div", { class: "d-field-value" }, markdown(field.value, names)),
    );
    if (!field.inline || run.length === 3) flush();
    grid.append(cell);
    if (field.inline) run.push(cell);
    else cell.style.gridColumn = "span 12";
  }
  flush();
  return grid;
}
