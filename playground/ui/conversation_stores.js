// Where conversations are kept: in this page's memory, in this browser's database, or on the server if its owner says so;
// and how two tabs that write to one conversation lose nothing. Knows no list and no component.
const NAME = "llm-playground";
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
  const ask = async (path, method = "GET", record = undefined, mayLack = false) => {
    const answer = await fetch(new URL(`conversations${path}`, document.baseURI), {
      method,
      headers: { "X-Browser": word, ...(record && { "Content-Type": "application/json" }) },
      body: record && JSON.stringify(record),
    });
    const told = await answer.json().catch(() => ({})); // a proxy that refuses says it in HTML
    if (mayLack && answer.status === 404) return undefined;
    if (!answer.ok) throw new Error(told.error?.message || told.detail || "The server did not keep it.");
    return told;
  };
  return {
    heads: () => ask(""),
    records: () => ask("?whole=true"),
    get: (id) => ask(`/${id}`, "GET", undefined, true),
    put: (record) => ask(`/${record.id}`, "PUT", record),
    remove: (id) => ask(`/${id}`, "DELETE"),
  };
};

// One tab at a time reads and writes, where the browser can see to that (it cannot over plain HTTP from elsewhere).
const alone = (work) => (navigator.locks ? navigator.locks.request(NAME, work) : work());

// Both records of one conversation as one: what only `mine` has is added to what is `kept`, as branches of one tree.
// Each tab goes on counting turns in its own way, so that saving again finds them where they are and adds nothing twice.
// A turn whose probabilities had no room is still the same turn.
const united = (kept, mine) => {
  const text = ({ parent, lost_tokens, reply, ...turn }, at) => JSON.stringify([at, turn, reply && { ...reply, tokens: null }]);
  const turns = [...kept.turns];
  const free = new Map();
  kept.turns.forEach((turn, at) => {
    const same = text(turn, turn.parent);
    free.set(same, [...(free.get(same) || []), at]);
  });
  const places = [];
  for (const turn of mine.turns) {
    const parent = turn.parent === null ? null : places[turn.parent];
    const place = free.get(text(turn, parent))?.shift() ?? turns.push({ ...turn, parent }) - 1;
    places.push(place);
  }
  return { ...mine, turns, leaf: mine.leaf === null ? null : places[mine.leaf] };
};
