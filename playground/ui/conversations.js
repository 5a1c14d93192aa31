// The list of conversations, and where they are kept: in this browser's database, or on the server if its owner says so.
// `element`, `trigger`, `props` and `watch` come with the component. Names and key are fixed, so that they outlast updates.
const NAME = "llm-playground";
const LARGEST_FILE = 4_000_000;
const UNDO_MS = 8000;
const $ = (selector) => element.querySelector(selector);
const head = ({ id, name, updated }) => ({ id, name, updated });

const inMemory = () => {
  const records = new Map();
  return {
    heads: async () => [...records.values()].map(head),
    records: async () => [...records.values()],
    get: async (id) => records.get(id),
    put: async (record) => void records.set(record.id, record),
    remove: async (id) => void records.delete(id),
  };
};

const inBrowser = async () => {
  const asked = (request) =>
    new Promise((good, bad) => {
      request.onsuccess = () => good(request.result);
      request.onerror = () => bad(request.error);
    });
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("heads", { keyPath: "id" });
    opening.result.createObjectStore("records", { keyPath: "id" });
  };
  const database = await asked(opening);
  const read = (store, how) => asked(how(database.transaction(store).objectStore(store)));
  const write = (how) =>
    new Promise((good, bad) => {
      const transaction = database.transaction(["heads", "records"], "readwrite");
      transaction.oncomplete = good;
      transaction.onabort = transaction.onerror = () => bad(transaction.error);
      how(transaction.objectStore("heads"), transaction.objectStore("records"));
    });
  return {
    heads: () => read("heads", (store) => store.getAll()),
    records: () => read("records", (store) => store.getAll()),
    get: (id) => read("records", (store) => store.get(id)),
    put: (record) => write((heads, records) => (heads.put(head(record)), records.put(record))),
    remove: (id) => write((heads, records) => (heads.delete(id), records.delete(id))),
  };
};

const onServer = () => {
  const key = `${NAME}-browser`;
  let word = localStorage.getItem(key);
  if (!word) {
    word = [...crypto.getRandomValues(new Uint8Array(18))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(key, word);
  }
  const ask = async (path, method = "GET", record = undefined) => {
    const answer = await fetch(new URL(`conversations${path}`, document.baseURI), {
      method,
      headers: { "X-Browser": word, ...(record && { "Content-Type": "application/json" }) },
      body: record && JSON.stringify(record),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.error?.message || told.detail || "The server did not keep it.");
    return told;
  };
  return {
    heads: () => ask(""),
    records: () => ask("?whole=true"),
    get: (id) => ask(`/${id}`),
    put: (record) => ask(`/${record.id}`, "PUT", record),
    remove: (id) => ask(`/${id}`, "DELETE"),
  };
};

let store = inMemory();
let heads = [];
let current = null; // the record of what the page shows, as far as it was told
let found = null; // ids whose text holds what is searched for, null without a search
const rescued = inMemory(); // what could not be kept, for as long as the page is open

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
};

const refresh = async () => {
  try {
    heads = [...(await store.heads()), ...(await rescued.heads())];
  } catch (error) {
    say(`The conversations cannot be read: ${error.message}`);
  }
  draw();
};

const keep = async (record) => {
  try {
    await store.put(record);
    await rescued.remove(record.id);
  } catch (error) {
    await rescued.put(record);
    const why = error?.name === "QuotaExceededError" ? "This browser's storage is full" : error?.message || "It failed";
    say(`${why}. “${record.name}” is kept only while this page is open.`, "Export it", () =>
      download(`${record.id}.json`, JSON.stringify(record)),
    );
  }
};

// A page tells what has changed: the head, and the turns from a place on. Turns are only ever added.
const merge = async ({ from, ...record }) => {
  let before = [];
  if (from > 0) {
    const known = current?.id === record.id ? current : await store.get(record.id).catch(() => null);
    if (!known || known.turns.length < from) return void trigger("apply");
    before = known.turns.slice(0, from);
  }
  current = { ...record, turns: [...before, ...record.turns] };
  await keep(current);
};

const open = async (id) => {
  try {
    const record = (await rescued.get(id)) || (await store.get(id));
    if (!record) {
      await refresh();
      return say("This conversation is no longer there: another tab has deleted it.");
    }
    current = record;
    trigger("select", { record: JSON.stringify(record) });
    document.getElementById("chat")?.classList.remove("shows-list");
  } catch (error) {
    say(error.message);
  }
};

const remove = async (id) => {
  const record = (await rescued.get(id)) || (await store.get(id));
  await store.remove(id);
  await rescued.remove(id);
  if (current?.id === id) {
    current = null;
    trigger("clear");
  }
  await refresh();
  say(`“${record.name}” is deleted.`, "Undo", async () => {
    await keep(record);
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
    const title = input.value.trim().slice(0, 200);
    if (takes && title) {
      const record = (await rescued.get(id)) || (await store.get(id));
      await keep({ ...record, title, name: title });
      if (current?.id === id) {
        current = { ...current, title, name: title };
        trigger("input", { title });
      }
    }
    await refresh();
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
  if (file.size > LARGEST_FILE) return say("The file is larger than 4 MB: no conversation is that long.");
  trigger("upload", { text: await file.text() });
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
    current = null;
    draw();
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
  if (file) download(file.name, file.text);
  if (link !== undefined) {
    const url = new URL(location.href);
    url.search = link;
    url.hash = "";
    history.replaceState(null, "", url);
    const copied = await navigator.clipboard?.writeText(url.href).then(() => true, () => false);
    say(copied ? "The link is copied." : "The link stands in the address bar.");
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
    say("This browser keeps nothing: export what you want to have later.");
  }
  await refresh();
})();
