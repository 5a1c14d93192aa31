// The chat page's own events. Links under a turn, and a transcript that follows what is written if the reader is there.
const ASKING = new Set(["retry", "on", "repair"]);
document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest?.("#finished .turn-actions a");
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    const [, verb, at] = link.getAttribute("href").match(/#turn-([a-z]+)-(\d+)$/) || [];
    if (verb) trigger(ASKING.has(verb) ? "submit" : "click", { verb, at: Number(at) });
  },
  true,
);

const follow = (scroller) => {
  let follows = true;
  let asked = false;
  scroller.addEventListener("scroll", () => {
    follows = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
  });
  const boxes = ["finished", "running"];
  new MutationObserver(() => {
    for (const box of boxes) scroller.toggleAttribute(`data-${box}`, Boolean(scroller.querySelector(`#${box} .message-row`)));
    // A question is the reader's own act, who wants to see it answered.
    const asks = Boolean(document.querySelector("#running .user-row"));
    if (asks && !asked) follows = true;
    asked = asks;
    if (follows) scroller.scrollTop = scroller.scrollHeight;
  }).observe(scroller, { childList: true, subtree: true, characterData: true });
};
// What stands above the page has no fixed height: it wraps, and a budget may be in it.
const fit = (chat) => {
  const measure = () => {
    const above = chat.getBoundingClientRect().top + document.documentElement.scrollTop;
    if (above > 0) chat.style.setProperty("--above", `${Math.round(above)}px`);
  };
  new ResizeObserver(measure).observe(document.querySelector(".head"));
  new ResizeObserver(measure).observe(chat);
};
// Components are put into the page in no promised order.
const wait = setInterval(() => {
  const [scroller, chat, preset] = ["#conversation", "#chat", "#preset input"].map((one) => document.querySelector(one));
  if (!scroller || !chat || !preset) return;
  clearInterval(wait);
  preset.placeholder = "Choose one, or write below"; // Gradio's own has none
  follow(scroller);
  fit(chat);
}, 50);
// On a narrow page the two sides are drawers over the transcript: what opens takes the focus, and gives it back.
const DRAWERS = { "shows-list": ".chat-list", "shows-side": ".chat-side" };
const shut = (chat) => {
  const open = Object.keys(DRAWERS).find((drawer) => chat.classList.contains(drawer));
  if (!open) return;
  chat.classList.remove(open);
  document.querySelector(`[data-drawer="${open}"]`)?.focus();
};
document.addEventListener("click", (event) => {
  const chat = document.getElementById("chat");
  const wanted = event.target.closest?.("[data-drawer]")?.dataset.drawer;
  if (!chat || (!wanted && event.target !== chat)) return;
  shut(chat);
  if (!wanted) return;
  chat.classList.add(wanted);
  chat.querySelector(`${DRAWERS[wanted]} button`)?.focus();
});
document.addEventListener("keydown", (event) => {
  const chat = document.getElementById("chat");
  if (event.key === "Escape" && chat) shut(chat);
});
