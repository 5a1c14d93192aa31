// The meter is read after a pause, once for all that changed before it: what it reads goes along as it stands then.
// `trigger` and `props` come with the component.
let pause = 0;
document.addEventListener("meter-is-old", () => {
  clearTimeout(pause);
  pause = setTimeout(() => trigger("input"), props.pause_ms);
});
