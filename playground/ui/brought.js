// A link's settings, the tab's keys and who votes come a moment after the page: what is sent before waits for them, unless
// they got lost on their way.
(() => {
  const PATIENCE_MS = 10_000;
  const BROUGHT = ["link", "keys", "voter"].map((what) => `brought-${what}`);
  let lost = false;
  const isHere = () => lost || BROUGHT.every((what) => document.documentElement.classList.contains(what));
  let pressed = null; // finds the button that waits
  const wait = (event, area, find) => {
    event.preventDefault();
    event.stopPropagation();
    const waits = pressed !== null;
    pressed = find;
    if (waits) return;
    area.setAttribute("aria-busy", "true");
    const until = Date.now() + PATIENCE_MS;
    const look = setInterval(() => {
      lost ||= Date.now() > until;
      if (pressed && !isHere()) return;
      clearInterval(look);
      area.removeAttribute("aria-busy");
      const button = pressed?.();
      pressed = null;
      button?.click();
    }, 50);
  };
  document.addEventListener(
    "click",
    (event) => {
      const button = !isHere() && event.target.closest?.(".composer .submit-button, .suggestion");
      if (button) wait(event, button.closest(".composer, .suggestions"), () => button);
    },
    true,
  );
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Escape") pressed = null;
      // 229: Safari's way to say that a word is being composed, when it says no longer that one is.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229 || isHere()) return;
      const composer = event.target.closest?.(".composer textarea")?.closest(".composer");
      if (composer) wait(event, composer, () => composer.querySelector(".submit-button"));
    },
    true,
  );
})();
