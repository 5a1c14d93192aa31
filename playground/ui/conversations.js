// The list of conversations, and what the server tells of the one in view; conversation_stores.js and
// conversation_room.js come before it.
// `element`, `trigger`, `props` and `watch` come with the component. Names and key are fixed, so that they outlast updates.
const UNDO_MS = 8000;
const STOP_MS = 3000;
const $ = (selector) => element.querySelector(selector);
let store = inMemory();
let heads = [];
let current = null; // the record of what the page shows, as far as it was told
let opening = null; // the record that the server was asked to show
let found = null; // ids whose text holds what is searched for, null without a search
const rescued = inMemory(); // what could not be kept, for as long as the page is open
const known = new Set(); // ids that were in the store at some time: one that is there no more was deleted
const deleted = new Map(); // ids that were deleted here, with what was still written to them
const names = new Map(); // what conversations were renamed to while they were in view, by id
const foreign = new Map(); // how many turns of a conversation this page has not seen, by id

const say = (text, label = "", act = null) => {
  const note = $(".convs-note");
  note.hidden = !text;
  note.textContent = text;
  if (!act) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.onclick = () => (say(""), act());
  note.append(" ", button);
};

const download = (name, text) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};

const draw = () => {
  const list = $(".convs-list");
  const held = list.contains(document.activeElement) ? document.activeElement : null;
  if (held?.tagName === "INPUT") return; // a name is being written; its end draws the list
  const [heldId, heldAct] = [held?.closest("li").dataset.id, held?.dataset.do];
  const shown = heads.filter(({ id }) => !found || found.has(id)).sort((a, b) => b.updated - a.updated);
  $(".convs-none").hidden = heads.length > 0;
  list.replaceChildren(
    ...shown.map(({ id, name }) => {
      const item = document.createElement("li");
      item.dataset.id = id;
      if (id === current?.id) item.setAttribute("aria-current", "true");
      const button = (act, text, title) => {
        const one = document.createElement("button");
        Object.assign(one, { type: "button", textContent: text, title });
        one.dataset.do = act;
        one.setAttribute("aria-label", act === "open" ? text : `${title}: ${name}`);
        return one;
      };
      item.append(button("open", name, name), button("rename", "✎", "Rename"), button("delete", "×", "Delete"));
      return item;
    }),
  );
  if (held) list.querySelector(`[data-id="${heldId}"] [data-do="${heldAct}"]`)?.focus();
};

const refresh = async () => {
  try {
    const stored = await store.heads();
    for (const { id } of stored) known.add(id);
    heads = [...stored, ...(await rescued.heads())];
  } catch (error) {
    say(`The conversations cannot be read: ${error.message}`);
  }
  draw();
};

// Whether it is kept; not if it was deleted meanwhile, which takes this page's reader to undo.
const stored = (record, renamed) =>
  alone(async () => {
    const there = await store.get(record.id);
    if (!there && known.has(record.id)) return false;
    const whole = there ? united(there, record) : record;
    await store.put(within(there && !renamed ? { ...whole, title: there.title, name: there.name } : whole, props.room));
    known.add(record.id);
    const more = whole.turns.length - record.turns.length;
    if (more > (foreign.get(record.id) || 0)) say("Another tab has written to this conversation too: open it again to see both.");
    foreign.set(record.id, more);
    return true;
  });

// A file that can be imported again.
const exportIt = (record) => download(`${record.id}.json`, JSON.stringify(within(record, props.room)));

const keep = async (record, renamed = false) => {
  try {
    if (await stored(record, renamed)) return await rescued.remove(record.id);
    await rescued.put(record);
    say(`Another tab has deleted “${record.name}”: it is kept only while this page is open.`, "Keep it", async () => {
      known.delete(record.id);
      await keep(await rescued.get(record.id));
      await refresh();
    });
  } catch (error) {
    await rescued.put(record);
    const why = error?.name === "QuotaExceededError" ? "This browser's storage is full" : error?.message || "It could not be saved";
    say(`${why}. “${record.name}” is kept only while this page is open.`, "Export it", () => exportIt(record));
  }
};

// A page tells what has changed: the head, and the turns from a place on. Turns are only ever added.
// They are counted as the page counts them: what is stored may hold another tab's turns as well.
const merge = async ({ from, ...told }) => {
  // An answer that was being written when its conversation was renamed ends under the old name.
  const title = names.get(told.id);
  const record = title ? { ...told, title, name: title } : told;
  if (title && told.title !== title) trigger("input", { title });
  const before = [current, opening].find((one) => one?.id === record.id && one.turns.length >= from);
  if (from > 0 && !before) return void (deleted.has(record.id) || trigger("apply"));
  const whole = { ...record, turns: [...(before?.turns.slice(0, from) || []), ...record.turns] };
  if (deleted.has(record.id)) return void deleted.set(record.id, whole);
  current = whole;
  await keep(whole, before?.title !== record.title);
};

const open = async (id) => {
  try {
    const record = (await rescued.get(id)) || (await store.get(id));
    if (!record) {
      await refresh();
      return say("This conversation is no longer there: another tab has deleted it.");
    }
    const sent = within(record, props.room);
    const size = bytes(JSON.stringify(sent));
    if (size > props.room.file) {
      const much = `“${record.name}” has grown to ${megabytes(size)}, and at most ${megabytes(props.room.file)} can be opened`;
      return say(`${much}. It stays stored as it is.`, "Export it", () => exportIt(record));
    }
    opening = sent;
    names.delete(id);
    trigger("select", { record: JSON.stringify(sent) });
    document.getElementById("chat")?.classList.remove("shows-list");
  } catch (error) {
    say(error.message);
  }
};

// What is being written is stopped, and the page has taken up what had arrived.
const stopped = async () => {
  const button = () => document.querySelector("#composer .stop-button");
  button()?.click();
  for (const until = Date.now() + STOP_MS; button() && Date.now() < until; ) await new Promise((go) => setTimeout(go, 50));
};

const remove = async (id) => {
  if (current?.id === id) await stopped();
  await telling;
  deleted.set(id, null); // first, because what is still told of it must find this
  let record;
  try {
    record = (await rescued.get(id)) || (await store.get(id));
    await store.remove(id);
  } catch (error) {
    deleted.delete(id);
    throw error;
  }
  await rescued.remove(id);
  if (current?.id === id) trigger("delete", { id });
  await refresh();
  if (!record) return;
  say(`“${record.name}” is deleted.`, "Undo", async () => {
    const later = deleted.get(id);
    deleted.delete(id);
    known.delete(id);
    await keep(later ? united(record, later) : record);
    await refresh();
  });
  setTimeout(() => $(".convs-note").textContent.includes("is deleted") && say(""), UNDO_MS);
};

const rename = (item) => {
  const { id } = item.dataset;
  const input = document.createElement("input");
  input.value = heads.find((one) => one.id === id).name;
  input.setAttribute("aria-label", "New name");
  item.replaceChildren(input);
  input.select();
  let over = false;
  const end = async (takes) => {
    if (over) return;
    over = true;
    const byKeys = document.activeElement === input;
    input.blur();
    const title = input.value.trim().slice(0, 200);
    if (takes && title) {
      const record = (await rescued.get(id)) || (await store.get(id));
      await keep({ ...record, title, name: title }, true);
      if (current?.id === id) {
        names.set(id, title);
        current = { ...current, title, name: title };
        trigger("input", { title });
      }
    }
    await refresh();
    if (byKeys) $(`.convs-list [data-id="${id}"] [data-do="rename"]`)?.focus();
  };
  input.onblur = () => end(true);
  input.onkeydown = (event) => {
    event.stopPropagation();
    if (event.key === "Enter") end(true);
    if (event.key === "Escape") end(false);
  };
};

const take = async (file) => {
  if (!file) return;
  const most = props.room.file;
  const tooLarge = `The file is larger than ${megabytes(most)}, which no conversation is: choose another one.`;
  if (file.size > most) return say(tooLarge);
  const text = await file.text();
  if (bytes(text) > most) return say(tooLarge);
  trigger("upload", { text });
};

let asking = 0;
const search = async (text) => {
  const mine = ++asking;
  const wanted = text.trim().toLowerCase();
  if (!wanted) found = null;
  else {
    const holds = (one) => one.toLowerCase().includes(wanted);
    const records = [...(await store.records()), ...(await rescued.records())];
    const hits = records.filter(({ name, turns }) => holds(name) || turns.some(({ content }) => holds(content)));
    if (mine !== asking) return;
    found = new Set(hits.map(({ id }) => id));
  }
  draw();
};

element.addEventListener("click", (event) => {
  const act = event.target.closest("[data-do]")?.dataset.do;
  const item = event.target.closest("li");
  if (act === "open") open(item.dataset.id);
  else if (act === "rename") rename(item);
  else if (act === "delete") remove(item.dataset.id).catch((error) => say(`Not deleted. ${error.message}`));
  else if (act === "new") {
    trigger("clear");
    document.getElementById("chat")?.classList.remove("shows-list");
  } else if (act === "share") trigger("copy");
  else if (act) trigger("download", { form: act });
});
element.addEventListener("input", (event) => event.target.matches(".convs-search") && search(event.target.value).catch((error) => say(error.message)));
element.addEventListener("change", (event) => {
  if (event.target.type !== "file") return;
  take(event.target.files[0]);
  event.target.value = "";
});

// What the server tells, in the order in which it came.
let telling = Promise.resolve();
const hear = async ({ saves = [], shown, file, link, note }) => {
  for (const save of saves) await merge(save);
  if (saves.length || shown !== current?.id) {
    if (shown === null) current = null;
    await refresh();
  }
  // An answer that was settling while its conversation was deleted has brought it back into view.
  if (deleted.has(shown)) trigger("delete", { id: shown });
  if (file) download(file.name, file.text);
  if (link !== undefined) {
    const url = new URL(location.href);
    url.search = link;
    url.hash = "";
    history.replaceState(null, "", url);
    const copied = await navigator.clipboard?.writeText(url.href).then(() => true, () => false);
    note = `${copied ? "The link is copied." : "The link is in the address bar: copy it from there."} ${note || ""}`.trim();
  }
  if (note) say(note);
};
watch("value", () => {
  if (!props.value) return;
  const told = JSON.parse(props.value);
  telling = telling.then(() => hear(told)).catch((error) => say(error.message));
});

telling = (async () => {
  try {
    store = props.kept === "server" ? onServer() : await inBrowser();
  } catch {
    say("This browser stores nothing: export what you want to keep.");
  }
  await refresh();
})();
