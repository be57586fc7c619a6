// A till's whole sale through node's `soap`. Reads {wsdl, key, store, card, at, prefix, first, second} as JSON from its standard input:
// two baskets, for one card. Prints what every call answered as one JSON object.

import { readFileSync } from "node:fs";
import soap from "soap";

const asked = JSON.parse(readFileSync(0, "utf8"));
const { store, card, at, prefix } = asked;
const customer = { card };

// The toolkit would make floating-point numbers of amounts and points: they stay the text that came.
const exact = (text) => text;
const client = await soap.createClientAsync(asked.wsdl, { customDeserializer: { Amount: exact, Points: exact, decimal: exact } });
client.setSecurity(new soap.BearerSecurity(asked.key));

async function call(operation, request) {
  const [reply] = await client[`${operation}Async`](request);
  return reply;
}

const cents = (text) => Math.round(Number(text) * 100);
const euros = (amount) => (amount / 100).toFixed(2);
const total = (lines) => euros(lines.reduce((sum, line) => sum + cents(line.gross), 0));

// A basket as it is sold: what the quote gave is taken off its lines.
function sold(lines, quoted) {
  const off = {};
  for (const { shares } of quoted.benefits ?? [])
    for (const { attributes } of shares.share) off[attributes.line] = (off[attributes.line] ?? 0) + cents(attributes.amount);
  return lines.map((line) => {
    const gross = euros(cents(line.gross) - (off[line.line_id] ?? 0));
    return { ...line, gross, net: gross, discount: euros(off[line.line_id] ?? 0) };
  });
}

function document(number, lines, more = {}) {
  const gross = total(lines);
  return {
    source: "till", source_id: `${prefix}${number}`, origin: "hook", kind: "sale", store, issued_at: at, customer, lines, gross, net: gross, ...more,
  };
}

const answers = {};
answers.identified = await call("identify", { store, key: card });

answers.first_quote = await call("quote", { store, at, customer, lines: asked.first });
const first = sold(asked.first, answers.first_quote);
answers.first_sale = await call("commit", { request_id: `${prefix}c1`, document: document("1", first) });

answers.second_quote = await call("quote", { store, at, customer, lines: asked.second, points_to_use: "100" });
answers.held = await call("hold", { request_id: `${prefix}h1`, store, at, customer, points: "100" });
const second = sold(asked.second, answers.second_quote);
const rest = euros(cents(total(second)) - cents(answers.held.amount));
const payments = [
  { method: "points", amount: answers.held.amount, hold: answers.held.hold },
  { method: "cash", amount: rest },
];
answers.second_sale = await call("commit", { request_id: `${prefix}c2`, document: document("2", second, { payments }) });
answers.second_sale_again = await call("commit", { request_id: `${prefix}c2`, document: document("2", second, { payments }) });

const abandoned = await call("hold", { request_id: `${prefix}h2`, store, at, customer, points: "100" });
answers.released = await call("cancel", { request_id: `${prefix}x1`, store, at, hold: abandoned.hold });

const [line] = first;
const back = [{ ...line, reference: { document: `${prefix}1`, line: line.line_id } }];
answers.returned = await call("return", { request_id: `${prefix}r1`, document: document("3", back, { kind: "return" }) });

try {
  await call("hold", { request_id: `${prefix}h3`, store, at, customer, points: "100000" });
} catch (error) {
  answers.refused = error.root?.Envelope?.Body?.Fault ?? { faultcode: "none", faultstring: String(error) };
}
answers.left = await call("identify", { store, key: card });
process.stdout.write(JSON.stringify(answers));
