// Keys that no component has: digits vote, Escape stops what streams, Ctrl or Command with Enter sends.
(() => {
  const visible = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.offsetParent !== null);
  const press = (button) => {
    if (!button || button.disabled) return false;
    button.click();
    return true;
  };
  // A prompt that is written while both answer stays in its box: sent, it would be dropped.
  document.addEventListener(
    "keydown",
    (event) => {
      const box = event.target.closest?.("#arena-composer");
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || !box?.querySelector(".stop-button")) return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
  const isWriting = (element) => element.closest("textarea, input:not([type=radio]), select, [contenteditable=true]");
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.repeat) return;
    const chord = event.ctrlKey || event.metaKey;
    let done = false;
    if (event.key === "Escape") done = press(visible(".composer .stop-button")[0]);
    else if (chord && event.key === "Enter" && event.target.closest(".composer"))
      done = press(visible(".composer .submit-button")[0]);
    else if (!chord && /^[1-9]$/.test(event.key) && !isWriting(event.target))
      done = press(visible(".votes button")[event.key - 1]);
    if (done) event.preventDefault();
  });
})();
