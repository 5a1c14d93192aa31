// The model picker: a button, and a list with search. Every entry can be reached by arrow keys, those that cannot be
// chosen too, so that everybody learns why. `element`, `trigger`, `props` and `watch` come with the component.
const $ = (selector) => element.querySelector(selector);
const button = $(".picker-button");
const pop = $(".picker-pop");
const search = $(".picker-search");
const list = $(".picker-list");
let active = -1;

const make = (tag, classes, text = "") => {
  const one = document.createElement(tag);
  one.className = classes;
  one.textContent = text;
  return one;
};
const every = () => (props.groups || []).flatMap(({ models }) => models);
const options = () => [...list.querySelectorAll("[role=option]")];

const FACTS = "Price per million tokens, in / out · context window: the most tokens it can read at once";
const facts = ({ why, note, facts }) => [why || note, facts].filter(Boolean).join(" · ");

const label = () => {
  const chosen = every().find(({ id }) => id === props.value);
  $(".picker-name").textContent = chosen ? chosen.name : props.value || "Choose a model";
  $(".picker-facts").textContent = chosen ? chosen.why || facts(chosen) : "";
  $(".picker-facts").title = chosen ? FACTS : "";
  $(".picker-note").textContent = props.note || "";
};

const option = (model, label) => {
  const one = make("div", "picker-option");
  one.setAttribute("role", "option");
  one.id = `picker-${model.id.replace(/[^A-Za-z0-9]/g, "-")}`;
  one.dataset.id = model.id;
  one.setAttribute("aria-selected", String(model.id === props.value));
  if (model.why) one.setAttribute("aria-disabled", "true");
  const line = make("span", "picker-facts", facts(model));
  line.title = FACTS;
  const badges = make("span", "picker-badges");
  for (const [badge, says] of model.badges) {
    const mark = make("i", "", badge);
    mark.title = says;
    badges.append(mark, " ");
  }
  one.append(make("span", "picker-name", model.name), " ", line, " ", badges);
  return one;
};

const draw = () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = (props.groups || []).map(({ label, models }) => {
    const hit = ({ name, id, badges, why, note }) => {
      const text = `${label} ${name} ${id} ${badges.map(([badge]) => badge).join(" ")} ${why} ${note}`.toLowerCase();
      return words.every((word) => text.includes(word));
    };
    return { label, models: models.filter(hit) };
  });
  list.replaceChildren();
  for (const { label, models } of groups.filter(({ models }) => models.length)) {
    const group = make("div", "picker-group");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", label);
    group.append(make("div", "picker-provider", label), ...models.map((model) => option(model, label)));
    list.append(group);
  }
  if (!options().length) list.append(make("p", "picker-none", "No model matches."));
  const chosen = options().findIndex((one) => one.dataset.id === props.value);
  point(words.length ? 0 : Math.max(chosen, 0));
};

const point = (at) => {
  const all = options();
  active = all.length ? Math.min(Math.max(at, 0), all.length - 1) : -1;
  all.forEach((one, place) => one.classList.toggle("active", place === active));
  search.setAttribute("aria-activedescendant", all[active]?.id || "");
  all[active]?.scrollIntoView({ block: "nearest" });
};

const place = () => {
  const box = button.getBoundingClientRect();
  const width = Math.min(Math.max(box.width, 460), innerWidth - 24);
  pop.style.width = `${width}px`;
  pop.style.left = `${Math.min(Math.max(box.right - width, 12), innerWidth - width - 12)}px`;
  pop.style.top = `${box.bottom + 4}px`;
  list.style.maxHeight = `${Math.max(innerHeight - box.bottom - 120, 160)}px`;
};

const open = () => {
  pop.hidden = false;
  button.setAttribute("aria-expanded", "true");
  search.value = "";
  place();
  draw();
  search.focus();
};

const close = (focuses = true) => {
  if (pop.hidden) return;
  pop.hidden = true;
  button.setAttribute("aria-expanded", "false");
  if (focuses) button.focus();
};

const choose = (one) => {
  if (!one || one.getAttribute("aria-disabled")) return;
  close();
  if (one.dataset.id === props.value) return;
  props.value = one.dataset.id;
  label();
};

button.addEventListener("click", () => (pop.hidden ? open() : close()));
button.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  event.preventDefault();
  open();
});
search.addEventListener("input", draw);
search.addEventListener("keydown", (event) => {
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
  if (event.key in steps) point(active + steps[event.key]);
  else if (event.key === "Enter") choose(options()[active]);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
});
list.addEventListener("click", (event) => choose(event.target.closest("[role=option]")));
$("[data-do=refresh]").addEventListener("click", () => {
  $(".picker-note").textContent = "Asking…";
  trigger("submit");
});
document.addEventListener("pointerdown", (event) => !element.contains(event.target) && close(false));
pop.addEventListener("focusout", (event) => {
  if (event.relatedTarget && !element.contains(event.relatedTarget)) close(false);
});
addEventListener("resize", () => close(false));
watch(["value", "groups", "note"], () => {
  label();
  if (!pop.hidden) draw();
});
label();
