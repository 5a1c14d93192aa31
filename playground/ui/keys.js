const NAME = "llm-playground-keys";
const remembered = () => {
  try {
    return sessionStorage.getItem(NAME) || "";
  } catch {
    return ""; // a browser that keeps nothing
  }
};
const forget = () => sessionStorage.removeItem(NAME);
const choose = (remembers) => remembers || forget();
const take = (provider, typed, remembers) => {
  const key = (typed || "").trim().replace(/^["']+|["']+$/g, "").trim();
  if (key && remembers) {
    sessionStorage.setItem(NAME, JSON.stringify({ ...JSON.parse(remembered() || "{}"), [provider]: key }));
  }
  return [typed, null, remembers];
};
