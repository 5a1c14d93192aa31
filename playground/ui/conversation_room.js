// What of a record there is room for: conversation/room.py does the same with what it writes, and its limits are `most`.
// Knows no list, store and component.
const bytes = (text) => new TextEncoder().encode(JSON.stringify(text)).length; // of a text, as it travels in JSON
const megabytes = (count) => `${(count / 1e6).toFixed(1)} MB`;
const withoutTokens = ({ reply: { tokens, ...reply }, ...turn }) => ({ ...turn, reply });

// The record with the probabilities of the newest answers, as far as there is room: two tabs may have written to one.
const within = (record, most) => {
  const scored = record.turns.filter(({ reply }) => reply?.tokens);
  if (!scored.length) return record;
  const bare = { ...record, turns: record.turns.map((turn) => (turn.reply?.tokens ? withoutTokens(turn) : turn)) };
  let room = Math.min(most.odds, most.bytes - bytes(JSON.stringify(bare)));
  const unkept = new Set();
  for (const turn of scored.reverse()) {
    const isShort = turn.reply.tokens.length <= most.tokens;
    if (isShort) room -= bytes(JSON.stringify(turn.reply.tokens));
    if (!isShort || room < 0) unkept.add(turn);
  }
  const kept = (turn) => (unkept.has(turn) ? { ...withoutTokens(turn), lost_tokens: turn.reply.tokens.length } : turn);
  return { ...record, turns: record.turns.map(kept) };
};
