// The reader's choice of light or dark: kept in this browser, and stronger than what the system says.
(() => {
  const KEY = "llm-playground-theme";
  let chosen = null;
  try {
    chosen = localStorage.getItem(KEY);
  } catch {} // a browser that keeps nothing forgets it with the page
  const isDark = () => document.body.classList.contains("dark");
  const apply = () => {
    if (chosen && isDark() !== (chosen === "dark")) document.body.classList.toggle("dark");
  };
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("#light-or-dark")) return;
    chosen = isDark() ? "light" : "dark";
    try {
      localStorage.setItem(KEY, chosen);
    } catch {}
    apply();
  });
  // Gradio sets the class when its page begins, and again whenever the system changes.
  apply();
  new MutationObserver(apply).observe(document.body, { attributes: true, attributeFilter: ["class"] });
})();
