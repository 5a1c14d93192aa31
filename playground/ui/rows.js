// Marks each row of a transcript by what it holds (data-holds: notes, links, picture, or a text without a mark), for the
// style sheet. Its own :has() would have the browser look through every old row again at each new token.
(() => {
  const KINDS = { notes: ".thought-group", links: ".turn-actions", picture: ".image-frame" };
  const mark = (row) => {
    const kind = Object.keys(KINDS).find((one) => row.querySelector(KINDS[one]));
    if (!kind) delete row.dataset.holds;
    else if (row.dataset.holds !== kind) row.dataset.holds = kind;
  };
  new MutationObserver((changes) => {
    const rows = new Set();
    for (const { target, addedNodes } of changes) {
      const row = target.closest(".message-row");
      if (row) rows.add(row);
      else for (const node of addedNodes) {
        if (node.matches?.(".message-row")) rows.add(node);
        else node.querySelectorAll?.(".message-row").forEach((one) => rows.add(one));
      }
    }
    rows.forEach(mark);
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
