// A link's settings, the tab's keys and who votes come a moment after the composers: what is sent before waits for them,
// unless they got lost on their way.
(() => {
  const PATIENCE_MS = 10_000;
  const BROUGHT = ["link", "keys", "voter"].map((what) => `brought-${what}`);
  let lost = false;
  const isHere = () => lost || BROUGHT.every((what) => document.documentElement.classList.contains(what));
  const waiting = new Set(); // composers, by id
  const wait = (event, { id }) => {
    event.preventDefault();
    event.stopPropagation();
    if (waiting.has(id)) return;
    waiting.add(id);
    const until = Date.now() + PATIENCE_MS;
    const look = setInterval(() => {
      lost ||= Date.now() > until;
      if (!isHere()) return;
      clearInterval(look);
      waiting.delete(id);
      document.querySelector(`#${id} .submit-button`)?.click();
    }, 50);
  };
  const send = (event, selector) => {
    const composer = !isHere() && event.target.closest?.(selector)?.closest(".composer");
    if (composer) wait(event, composer);
  };
  document.addEventListener("click", (event) => send(event, ".composer .submit-button"), true);
  document.addEventListener(
    "keydown",
    (event) => event.key === "Enter" && !event.shiftKey && !event.isComposing && send(event, ".composer textarea"),
    true,
  );
})();
